"""A pytest plugin: the conformance suite inside another project's own tests.

    @pytest.mark.symcheck(spec="rope", dtypes=["float32", "bfloat16"], max_positions=[4096, 131072])
    def test_rotary(symcheck):
        symcheck(rotate)

The marker's lists become parameters of the test; `shapes=N` lets Hypothesis draw N shapes for each. The
`symcheck` fixture runs the suite on a function, a file or a built-in target, and fails with the property, the
bound, the first failing position, the cause and a snippet that reproduces it.

`--symcheck-xfails FILE` names failures that are known upstream. A line is

    kernel.py:rotate  rope.phase[bfloat16]  # huggingface/transformers#29285

that is the end of a target, a property with its dtype (or "[*]"), and after "#" the report that it cites,
without which the line is refused. A test whose only failures are listed is an expected failure; a listed
property that holds fails the test, so that the list shrinks when upstream is fixed.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from symcheck.conformance.report import Report, Row

MARKER = (
    "symcheck(spec, dtypes=, dims=, max_positions=, shapes=, **options): parametrise the `symcheck` fixture "
    "by dtype, dim and longest position; options are those of symcheck.conformance.conform"
)
#: Lists of the marker, and the option of `conform` that each entry becomes.
AXES = {"dtypes": "dtypes", "dims": "dim", "max_positions": "max_position"}


@dataclass(frozen=True)
class Expected:
    """One line of a file of expected failures."""

    target: str
    property: str
    dtype: str
    report: str
    line: int

    def covers(self, target: str, row: Row) -> bool:
        return (
            (target == self.target or target.endswith("/" + self.target))
            and row.id == self.property
            and self.dtype in ("*", row.dtype or "-")
        )


_LINE = re.compile(r"(?P<target>\S+)\s+(?P<property>[\w.-]+)\[(?P<dtype>[\w*-]+)\]\s*(?:#\s*(?P<report>.*\S))?\s*")


def read_expected(text: str, name: str) -> list[Expected]:
    """The expected failures of a file; pytest.UsageError for a line without a property or a report."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise pytest.UsageError(f"{name}:{number}: expected 'target property[dtype]  # report', not {line!r}")
        if not match["report"]:
            raise pytest.UsageError(f"{name}:{number}: no upstream report is cited after '#'")
        found.append(Expected(match["target"], match["property"], match["dtype"], match["report"], number))
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("symcheck")
    group.addoption("--symcheck-xfails", metavar="FILE", help="failures known upstream, a line each, citing the report")
    group.addoption("--symcheck-full", action="store_true", help="run the full suite, not the quick one")


_EXPECTED = pytest.StashKey[list[Expected]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    name = config.getoption("--symcheck-xfails")
    expected: list[Expected] = []
    if name:
        path = Path(name)
        if not path.is_file():
            raise pytest.UsageError(f"--symcheck-xfails: there is no file {name}")
        expected = read_expected(path.read_text(encoding="utf-8"), name)
    config.stash[_EXPECTED] = expected


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("symcheck")
    if marker is None or "symcheck" not in metafunc.fixturenames:
        return
    if marker.args:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: name the arguments of the symcheck marker")
    axes = {axis: list(marker.kwargs[axis]) for axis in AXES if axis in marker.kwargs}
    cases = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    if axes:
        names = ["-".join(str(value) for value in case.values()) for case in cases]
        metafunc.parametrize("symcheck", cases, ids=names, indirect=True)


@pytest.fixture
def symcheck(request: pytest.FixtureRequest) -> Conformance:
    """Runs the suite on a target with the options of the test's marker; see the module's description."""
    marker = request.node.get_closest_marker("symcheck")
    options = {k: v for k, v in (marker.kwargs if marker else {}).items() if k not in AXES}
    for axis, value in getattr(request, "param", {}).items():
        options[AXES[axis]] = [value] if axis == "dtypes" else value
    options.setdefault("quick", not request.config.getoption("--symcheck-full"))
    return Conformance(options, request.config.stash.get(_EXPECTED, []))


def target_of(function: str | Callable[..., Any]) -> str:
    """The target string of a function that a module or file defines at its top level, or of a string.

    Raises TypeError for a function without a name or file of its own, which another process cannot import.
    """
    if isinstance(function, str):
        return function
    name = getattr(function, "__qualname__", "")
    try:
        path = inspect.getsourcefile(function)
    except TypeError:
        path = None
    if not name or "<" in name or path is None:
        raise TypeError(f"{function!r} is not defined at the top level of a file: another process cannot import it")
    return f"{path}:{name}"


@dataclass
class Conformance:
    """The `symcheck` fixture."""

    options: Mapping[str, Any]
    expected: list[Expected] = field(default_factory=list)

    def __call__(self, function: str | Callable[..., Any], **options: Any) -> Report:
        """Run the suite; fails the test with what is wrong, or returns the report.

        `options` are those of `symcheck.conformance.conform` and add to the marker's.
        """
        given = {**self.options, **options}
        shapes = given.pop("shapes", 0)
        target = target_of(function)
        report = self._run(target, given)
        for extra in _drawn(shapes) if shapes else ():
            extra(lambda **shape: self._run(target, {**given, **shape}))
        return report

    def _run(self, target: str, options: Mapping[str, Any]) -> Report:
        from symcheck.conformance import conform

        __tracebackhide__ = True
        report = conform(target, **options)
        known = [e for e in self.expected if any(e.covers(report.target, row) for row in report.rows)]
        listed = [row for row in report.failures if any(e.covers(report.target, row) for e in known)]
        others = [row for row in report.failures if row not in listed]
        cured = [e for e in known if not any(e.covers(report.target, row) for row in report.failures) and e.dtype != "*"]
        if others:
            pytest.fail(message_of(report, others), pytrace=False)
        if cured:
            lines = "\n".join(f"  line {e.line}: {e.property}[{e.dtype}]  # {e.report}" for e in cured)
            pytest.fail(f"{report.target}: expected failures that hold; remove them:\n{lines}", pytrace=False)
        if listed:
            reports = sorted({e.report for e in known})
            pytest.xfail(f"{len(listed)} properties fail as reported upstream: {', '.join(reports)}")
        if not report.ok:
            pytest.fail(f"{report.target}: nothing could be tested\n{report.to_text()}", pytrace=False)
        return report


def message_of(report: Report, rows: list[Row]) -> str:
    """What a failed test prints: the rows, their causes, and a snippet for the first that has one."""
    from symcheck.conformance.report import HEADER, row_lines

    lines = [f"{report.target} does not conform to {report.spec}:", HEADER]
    for row in rows:
        lines += row_lines(row)
    snippet = next((row.snippet for row in rows if row.snippet), None)
    if snippet:
        lines += ["", "to reproduce:", "", *("    " + line for line in snippet.splitlines())]
    return "\n".join(lines)


def _drawn(count: int) -> Iterator[Callable[[Callable[..., Any]], None]]:
    """One Hypothesis run of `count` shapes; a failing shape is shrunk to the smallest that still fails."""
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    def run(check: Callable[..., Any]) -> None:
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(half=st.integers(2, 80), longest=st.integers(8, 8192))
        def shapes(half: int, longest: int) -> None:
            check(dim=2 * half, max_position=longest)

        shapes()

    yield run
