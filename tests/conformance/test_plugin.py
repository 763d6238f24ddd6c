"""The pytest plugin: parameters, failure message, expected failures; and the example project that uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from symcheck.conformance.plugin import read_expected, target_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "rotary_project"


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest in a project of its own, with the plugin loaded by its entry point or by name."""
    loaded = any(e.value == "symcheck.conformance.plugin" for e in entry_points(group="pytest11"))
    plugin = [] if loaded else ["-p", "symcheck.conformance.plugin"]
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    command += ["-c", os.devnull, *plugin, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parents[1])}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, env=environment, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example project."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__")))


def test_the_example_with_its_expected_failures(project: Path) -> None:
    done = run_pytest(project, "--symcheck-xfails", "xfails.txt")
    assert done.returncode == 0, done.stdout
    assert "XFAIL test_rotary.py::test_narrow[bfloat16]" in done.stdout
    assert "huggingface/transformers#29285" in done.stdout
    assert "PASSED test_rotary.py::test_rotary[bfloat16-131072]" in done.stdout


def test_a_failure_says_what_where_why_and_how_to_see_it_and_what_is_cured_is_told(project: Path) -> None:
    (project / "more.txt").write_text("rotary.py:rotate  rope.phase[float32]  # nobody/nothing#1\n")
    chosen = "narrow and bfloat16 or test_rotary and float32-4096"
    done = run_pytest(project, "-k", chosen, "--symcheck-xfails", "more.txt")
    assert done.returncode == 1
    for words in ("rope.phase", "first fails at", "the angle is computed in bfloat16", "to reproduce:"):
        assert words in done.stdout
    assert "expected failures that hold" in done.stdout
    assert "2 failed" in done.stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("kernel.py:rotate rope.phase[float32]", "no upstream report"),
        ("kernel.py:rotate rope.phase[float32] #  ", "expected 'target property[dtype]"),
        ("kernel.py:rotate rope.phase # report", "expected 'target property[dtype]"),
        ("nonsense", "expected 'target property[dtype]"),
    ],
)
def test_a_line_that_cites_nothing_is_refused(line: str, words: str) -> None:
    with pytest.raises(pytest.UsageError, match=r"f\.txt:2") as caught:
        read_expected(f"# comment\n{line}\n", "f.txt")
    assert words in str(caught.value)


def test_a_missing_file_of_expected_failures(project: Path) -> None:
    done = run_pytest(project, "--symcheck-xfails", "nowhere.txt")
    assert done.returncode == 4
    assert "there is no file nowhere.txt" in done.stderr


def test_a_function_that_no_other_process_can_import() -> None:
    with pytest.raises(TypeError, match="top level"):
        target_of(lambda x, positions: x)
    assert target_of(run_pytest) == f"{__file__}:run_pytest"


@pytest.mark.slow
def test_a_drawn_shape_is_shrunk(project: Path) -> None:
    (project / "wide.py").write_text(
        "from rotary import rotate as right\n"
        "def rotate(x, positions):\n"
        "    return right(x, positions + (x.shape[-1] > 20 and x.shape[-1] != 64))\n"
    )
    (project / "test_wide.py").write_text(
        "import pytest\nfrom wide import rotate\n"
        "@pytest.mark.symcheck(spec='rope', dtypes=['float32'], shapes=6)\n"
        "def test_wide(symcheck):\n    symcheck(rotate)\n"
    )
    done = run_pytest(project, "test_wide.py")
    assert done.returncode == 1
    assert "positions are counted from 1" in done.stdout
