"""The front door: which specifications and targets there are, and `conform`."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from symcheck.conformance.adapters import find, names
from symcheck.conformance.report import ConformInputError, Report, with_diagnosis
from symcheck.conformance.run import FLOATS, Options, Run, Stop
from symcheck.conformance.runner import (
    DEFAULT_MEMORY,
    DEFAULT_TIMEOUT,
    Session,
    TargetError,
    installed,
    near,
    parse_target,
)
from symcheck.conformance.specs import rope as _rope  # noqa: F401

#: Specifications, each with the normal form of a plain function.
SPECS: dict[str, str] = {
    "rope": "rotate(x[T, d], positions[T]) -> [T, d], or rotate(q, k, positions) -> (q', k')",
    "rope-scaling": "inv_freq(config: dict) -> (freqs[d/2], attention_scale)",
    "sinusoidal": "table(T, d) -> [T, d]",
    "alibi": "slopes(heads) -> [heads], or bias(heads, T) -> [heads, T, T]",
    "t5": "bucket(relative[N], bidirectional, buckets, max_distance) -> int[N]",
    "relative": "score(q, k, table[2K + 1, d]) (Shaw) or score(q, k, r, u, v) (Transformer-XL) -> [n, m]",
    "attention": "attention(q[n, d], k[n, d], v[n, dv][, mask[n, n]]) -> [n, dv]",
    "xpos": "rotate(q[T, d], k[T, d], positions[T]) -> (q', k')",
    "axial": "rotate(x[T, d], coordinates[T, A]) -> [T, d]",
    "rope-weights": "permute(weight[n d, columns], heads, kv_heads) -> [n d, columns], n = kv_heads for keys",
}


def _specification(name: str) -> ModuleType:
    """The module that holds a specification: rope's is imported with this one, the others when asked for."""
    return importlib.import_module(f"symcheck.conformance.specs.{name.replace('-', '_')}")


def list_specs() -> dict[str, str]:
    """Name of each specification, and the normal form that it expects of a plain function."""
    return dict(SPECS)


def list_targets() -> list[dict[str, Any]]:
    """The built-in targets: name, spec, what is called, and the distribution that is missing, if one is."""
    return [
        {
            "name": name,
            "spec": find(name).spec,
            "source": find(name).source,
            "distributions": list(find(name).distributions),
            "missing": installed(name),
        }
        for name in names()
    ]


def conform(
    target: str,
    spec: str | None = None,
    *,
    quick: bool = False,
    timeout: float = DEFAULT_TIMEOUT,
    memory: int = DEFAULT_MEMORY,
    dtypes: Sequence[str] | None = None,
    backend: str = "auto",
    dim: int | None = None,
    heads: int | None = None,
    base: float | None = None,
    frequencies: str | None = None,
    scaling: Mapping[str, Any] | None = None,
    width: int | None = None,
    layout: str | None = None,
    assignment: str | None = None,
    axes: int | None = None,
    gamma: float | None = None,
    scale_base: float | None = None,
    max_position: int | None = None,
    python: str | None = None,
) -> Report:
    """Test one implementation against the theorems of one specification.

    `target` is a built-in name (see `list_targets`), `path/to/file.py:function` or
    `package.module:function`; it is imported and called in a process of its own. `spec` is found from the
    target when it is None. `timeout` is in seconds for one call of the target, its import included;
    `memory` in bytes of address space. `dtypes` are input dtypes, of float64, float32, bfloat16, float16.

    `dim` (coordinates of a vector), `heads`, `base`, `frequencies` ("paper", "tensor2tensor", "any"),
    `scaling` (a mapping in the manner of transformers' rope_scaling), `width` (coordinates that a partial
    rotation turns) and `layout` are promises: what is not promised is measured and, when it is a
    convention in use, accepted. `assignment` ("sectioned" or "interleaved") is the same for the axes of
    an axial rotation, of which there are `axes` (2 unless given); `gamma` and `scale_base` are xPos's
    (0.4 and 512 unless given). Positions run up to `max_position` - 1 (131072 positions unless the
    target says less). `python` is the interpreter of the worker, for targets in another environment
    (which must have NumPy, and find this package).

    Raises ConformInputError (a ValueError) for a request that cannot be run: an unknown target, function,
    spec, dtype or backend, a library that is not installed, an option out of its domain. Whatever the
    target itself does becomes a row of the report.
    """
    parsed = parse_target(target)
    expects: Mapping[str, Any] = {}
    if parsed.kind == "adapter":
        adapter = find(parsed.place)
        missing = installed(parsed.place)
        if missing is not None and python is None:
            raise ConformInputError(f"target {target!r} needs {missing}, which is not installed")
        if spec is not None and spec != adapter.spec:
            raise ConformInputError(f"target {target!r} is tested under spec {adapter.spec}, not {spec}")
        spec, expects = adapter.spec, adapter.expects
    if spec is not None and spec not in SPECS:
        raise ConformInputError(f"spec {spec!r}: no such specification{near(spec, list(SPECS))}")
    options = Options(
        quick=quick,
        dtypes=_checked_dtypes(dtypes),
        dim=_positive(dim, "dim"),
        heads=_positive(heads, "heads"),
        base=base,
        frequencies=frequencies,
        scaling=scaling,
        width=_positive(width, "width"),
        layout=layout,
        assignment=assignment,
        axes=_positive(axes, "axes"),
        gamma=gamma,
        scale_base=scale_base,
        max_position=_positive(max_position, "max_position"),
        expects=expects,
    )
    _check_options(options, backend, timeout, memory)
    with Session(parsed, timeout=timeout, memory=memory, backend=backend, python=python) as session:
        report = Report(target, spec or "")
        session.launch()
        # While the worker's interpreter starts.
        _specification(spec or "rope")
        try:
            session.start()
        except TargetError as error:
            report.spec = spec or "rope"
            Run(session, report, options).row(f"{report.spec}.import", "error", message=str(error))
            return report
        report.versions = session.versions
        report.spec = spec or _spec_of(session, target)
        run = Run(session, report, options)
        try:
            _specification(report.spec).run(run)
        except Stop:
            pass
        except TargetError as error:
            run.row(f"{report.spec}.call", "error", message=str(error))
        finally:
            session.close()
        _noise_row(run)
    report.rows = with_diagnosis(report.rows)
    return report


def _noise_row(run: Run) -> None:
    """Standard output is the caller's: a target that writes there is told so, and does no harm."""
    printed = run.session.printed
    if printed:
        first = printed.strip().splitlines()[0][:80] if printed.strip() else ""
        run.row(
            f"{run.report.spec}.stdout",
            "not-applicable",
            message=f"the target wrote {len(printed)} characters on standard output, kept apart: {first!r}",
        )


def _checked_dtypes(dtypes: Sequence[str] | None) -> tuple[str, ...] | None:
    if dtypes is None:
        return None
    given = [dtypes] if isinstance(dtypes, str) else list(dtypes)
    for name in given:
        if name not in FLOATS:
            raise ConformInputError(f"dtype {name!r}: expected one of {', '.join(FLOATS)}")
    if not given:
        raise ConformInputError("dtypes: at least one is needed")
    return tuple(given)


def _positive(value: int | None, name: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ConformInputError(f"{name}: given {value!r}, expected a positive whole number")
    return value


def _check_options(options: Options, backend: str, timeout: float, memory: int) -> None:
    if backend not in ("auto", "numpy", "torch", "jax", "cupy"):
        raise ConformInputError(f"backend {backend!r}: expected auto, numpy, torch, jax or cupy")
    if not (isinstance(timeout, int | float) and 0 < timeout < math.inf):
        raise ConformInputError(f"timeout: given {timeout!r}, expected a number of seconds above 0")
    if memory < 1 << 28:
        raise ConformInputError(f"memory: given {memory} bytes, expected at least {1 << 28} (256 MiB)")
    if options.dim is not None and options.dim % 2:
        raise ConformInputError(f"dim: given {options.dim}, expected an even number")
    if options.width is not None and options.width % 2:
        raise ConformInputError(f"width: given {options.width}, expected an even number")
    if options.width is not None and options.dim is not None and options.width > options.dim:
        raise ConformInputError(f"width: given {options.width}, expected at most dim, which is {options.dim}")
    if options.base is not None and not 1 < options.base < math.inf:
        raise ConformInputError(f"base: given {options.base!r}, expected a number above 1")
    if options.frequencies not in (None, "paper", "tensor2tensor", "any"):
        raise ConformInputError(f"frequencies: given {options.frequencies!r}, expected paper, tensor2tensor or any")
    if options.layout not in (None, "half", "interleaved", "permuting"):
        raise ConformInputError(f"layout: given {options.layout!r}, expected half, interleaved or permuting")
    if options.assignment not in (None, "sectioned", "interleaved"):
        raise ConformInputError(f"assignment: given {options.assignment!r}, expected sectioned or interleaved")
    if options.axes not in (None, 2, 3):
        raise ConformInputError(f"axes: given {options.axes}, expected 2 or 3")
    for name, value in (("gamma", options.gamma), ("scale_base", options.scale_base)):
        if value is not None and not 0 < value < math.inf:
            raise ConformInputError(f"{name}: given {value!r}, expected a number above 0")
    if options.max_position is not None and not 8 <= options.max_position <= 1 << 24:
        raise ConformInputError(
            f"max_position: given {options.max_position}, expected 8 to {1 << 24}, up to which float32 counts"
        )
    if options.scaling is not None:
        from symcheck.conformance.reference import declared

        try:
            declared(options.width or options.dim or 128, options.base or 10000.0, "paper", options.scaling)
        except (ValueError, TypeError) as error:
            raise ConformInputError(f"scaling: {error}") from None


def _spec_of(session: Session, target: str) -> str:
    """The specification that a plain function's name and parameters point to."""
    function = session.target.function.rpartition(".")[2].lower()
    parameters = [p["name"].lower() for p in session.parameters or [] if p["kind"] == "plain"]
    hints = (
        ("alibi", ("slope", "alibi")),
        ("t5", ("bucket",)),
        ("rope-scaling", ("inv_freq", "scaling", "rope_init")),
        ("rope-weights", ("permut",)),
        ("sinusoidal", ("sinus", "table", "encoding", "sincos")),
        ("xpos", ("xpos",)),
        ("axial", ("axial", "2d", "mrope")),
        ("relative", ("score", "relative")),
        ("attention", ("attention", "attend")),
        ("rope", ("rot", "rope")),
    )
    for spec, words in hints:
        if spec in SPECS and any(word in function for word in words):
            return spec
    if len(parameters) >= 2 and any(name.startswith("pos") for name in parameters[1:3]):
        return "rope"
    raise ConformInputError(f"target {target!r}: the name does not tell the specification; give one of {', '.join(SPECS)}")
