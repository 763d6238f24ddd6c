"""Whatever a target does becomes a row or one line, never a traceback; and the caller's output stays clean."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from symcheck.conformance import ConformInputError, conform
from symcheck.conformance.runner import parse_target

HERE = Path(__file__).parent
HOSTILE = HERE / "hostile.py"
PLAIN = f"{HERE / 'plain.py'}:rotate"


def failures(function: str, **options: object) -> list:
    report = conform(f"{HOSTILE}:{function}", "rope", quick=True, **options)
    assert not report.ok
    json.dumps(report.to_json(), allow_nan=False)
    return report.failures


@pytest.mark.parametrize(
    ("function", "row", "verdict", "words"),
    [
        ("crashes", "rope.call", "error", "SIGSEGV"),
        ("leaves", "rope.call", "error", "status 3"),
        ("exits", "rope.call", "error", "SystemExit"),
        ("raises", "rope.call", "error", "KeyError: 'q_proj' (hostile.py, line"),
        ("gives_nan", "rope.finite", "fails", "NaN"),
        ("wrong_shape", "rope.shape", "fails", "shape (3, 63)"),
        ("gives_nothing", "rope.output", "fails", "None"),
        ("gives_text", "rope.output", "fails", "str"),
        ("gives_integers", "rope.output", "fails", "int64"),
        ("gives_objects", "rope.output", "fails", "object"),
        ("does_nothing", "rope.layout", "fails", "nothing is rotated"),
        ("writes_on_every_pipe", "rope.call", "error", "reply"),
        ("recurses", "rope.call", "error", "RecursionError"),
    ],
)
def test_misbehaviour_is_a_row(function: str, row: str, verdict: str, words: str) -> None:
    found = failures(function)
    assert (found[0].id, found[0].verdict) == (row, verdict)
    assert words in found[0].message


def test_a_hang_ends_at_the_time_limit() -> None:
    (row,) = failures("hangs", timeout=1.0)
    assert row.verdict == "error"
    assert "no answer within 1 s" in row.message


def test_memory_is_limited() -> None:
    (row,) = failures("takes_all_memory", memory=1 << 31)
    assert row.verdict == "error"
    assert "ran out of memory (limit 2 GiB)" in row.message


def test_nan_from_a_position_on_is_found() -> None:
    rows = [row for row in failures("nan_from_3001") if row.id == "rope.phase"]
    assert rows[0].first_failure == 3001


def test_a_narrower_result_fails_and_is_named() -> None:
    rows = {row.id: row for row in failures("narrows")}
    assert "converted to float16" in rows["rope.output"].diagnosis


def test_noise_is_kept_apart(capfd: pytest.CaptureFixture[str]) -> None:
    report = conform(f"{HOSTILE}:noisy", "rope", quick=True)
    assert report.ok
    assert capfd.readouterr().out == ""
    (row,) = [row for row in report.rows if row.id == "rope.stdout"]
    assert "standard output" in row.message


@pytest.mark.parametrize(
    ("text", "words"),
    [("import nosuchmodule", "ModuleNotFoundError"), ("def f(:", "SyntaxError"), ("1/0", "ZeroDivisionError")],
)
def test_what_cannot_be_imported_is_a_row(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "broken.py").write_text(text)
    report = conform(f"{tmp_path / 'broken.py'}:f", "rope")
    assert not report.ok
    assert report.rows[0].id == "rope.import"
    assert words in report.rows[0].message


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nofile.py:f", "no file"),
        (f"{HOSTILE}:hang", "near matches: hangs"),
        (f"{HOSTILE}", "name the function too"),
        (f"{HOSTILE}:", "no function name"),
        (f"{HOSTILE}:1x", "no function name"),
        (f"{HOSTILE}:NUMBER", "not callable"),
        ("rotary-embedding-torc", "near matches: rotary-embedding-torch"),
        ("no.such.module:f", "no module"),
        ("math:nothing", "there is no 'nothing'"),
        ("", "give a built-in name"),
        ("a b:c", "neither a .py file nor a module name"),
        ("\0", "give a built-in name"),
        (f"{HERE}:f", "no Python file"),
    ],
)
def test_an_unusable_target_is_one_line(target: str, words: str) -> None:
    with pytest.raises(ConformInputError) as caught:
        conform(target, "rope")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"spec": "rop"},
        {"dtypes": ["float8"]},
        {"dtypes": []},
        {"dim": 7},
        {"dim": 0},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"memory": 1},
        {"backend": "tensorflow"},
        {"base": 0.5},
        {"max_position": 1 << 30},
        {"scaling": {"rope_type": "nothing"}},
        {"layout": "diagonal"},
        {"frequencies": "mel"},
    ],
)
def test_an_unusable_option_is_one_line(options: dict) -> None:
    with pytest.raises(ConformInputError) as caught:
        conform(PLAIN, **{"spec": "rope", **options})
    assert "\n" not in str(caught.value)


def test_the_spec_is_found_from_the_function() -> None:
    assert conform(PLAIN, quick=True).spec == "rope"


def test_a_module_target() -> None:
    report = conform("tests.conformance.plain:rotate", quick=True)
    assert report.ok, report.to_text()


def test_a_file_of_a_package_may_import_relatively(tmp_path: Path) -> None:
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "kernel.py").write_text((HERE / "plain.py").read_text())
    (package / "use.py").write_text("from .kernel import rotate\n")
    assert conform(f"{package / 'use.py'}:rotate", "rope", quick=True).ok


def test_a_file_named_like_an_installed_module(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text((HERE / "plain.py").read_text())
    assert conform(f"{tmp_path / 'json.py'}:rotate", "rope", quick=True).ok


def test_a_method_of_a_class_can_be_named() -> None:
    target = parse_target(f"{HERE / 'plain.py'}:Rotary.apply")
    assert (target.kind, target.function) == ("file", "Rotary.apply")


def test_the_worker_does_not_import_the_suite() -> None:
    code = "import symcheck.conformance.worker, sys; print([m for m in sys.modules if 'suite' in m or 'flint' in m])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_the_report_has_the_promised_form() -> None:
    made = conform(PLAIN, "rope", quick=True).to_json()
    assert list(made) == ["version", "target", "spec", "ok", "measured", "properties"]
    assert {"layout", "sign", "frequencies", "scale", "angle_dtype", "output_dtype"} <= set(made["measured"])
    for row in made["properties"]:
        promised = {"id", "verdict", "dtype", "worst", "bound", "first_failure", "diagnosis"}
        assert promised <= set(row)
        assert row["verdict"] in ("holds", "fails", "not-applicable", "error")
        if row["worst"] is not None:
            assert set(row["worst"]) == {"position", "pair", "error", "ulp"}


def test_the_snippet_runs_and_shows_the_difference(tmp_path: Path) -> None:
    report = conform(f"{HERE / 'zoo.py'}:one_based_frequencies", "rope", quick=True)
    (row,) = [r for r in report.rows if r.id == "rope.phase" and r.dtype == "float64"]
    code = row.snippet.split("#")[0] + "\n"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE.parents[1]
    ).stdout
    seen = [float(word) for word in out.split()]
    wanted = [float(word) for word in row.snippet.split("expected")[1].split(":")[0].split()]
    assert abs(seen[0] - wanted[0]) + abs(seen[1] - wanted[1]) > row.bound
