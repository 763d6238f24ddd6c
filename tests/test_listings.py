"""Listings are run in processes with limits, and never in this one."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from derivations.notes.listings import stored
from symcheck.listings import parse, run, same_lines, undefined_names

posix = pytest.mark.skipif(sys.platform == "win32", reason="limits on memory and output are POSIX ones")


def test_output_and_status() -> None:
    seen = run("print('ü', 1 + 1)")
    assert (seen.ok, seen.status, seen.stdout, seen.exception) == (True, 0, "ü 2\n", None)
    assert seen.summary() == "exit status 0"
    assert run("import sys; sys.exit(3)").status == 3


@pytest.mark.parametrize(("code", "exception", "message"), [
    ("1/0", "ZeroDivisionError", "division by zero"),
    ("def f():\nreturn 1", "IndentationError", "expected an indented block"),
    ("a = 1 ≈ 2", "SyntaxError", "≈"),
    ("1/10000^{2*0/512}", "TypeError", "unsupported operand type(s) for ^: 'float' and 'set'"),
    ("nn.Module", "NameError", "name 'nn' is not defined"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt", ""),
    ("import json\njson.loads('')", "JSONDecodeError", "Expecting value"),
    ("raise ValueError('one\\ntwo')", "ValueError", "one two"),
    ("assert False", "AssertionError", ""),
    ("import missing_module", "ModuleNotFoundError", "missing_module"),
])  # fmt: skip
def test_exceptions(code: str, exception: str, message: str) -> None:
    seen = run(code)
    assert seen.exception == exception
    assert message in seen.message
    assert not seen.ok and not seen.timed_out


def test_a_colon_in_the_output_is_no_exception() -> None:
    assert run("import sys\nprint('Error: none', file=sys.stderr)").exception is None


def test_time_limit() -> None:
    start = time.monotonic()
    seen = run("while True: pass", seconds=1)
    assert seen.timed_out and seen.status is None and not seen.ok
    assert seen.summary() == "stopped: the time limit was reached"
    assert time.monotonic() - start < 15


def test_sleeping_and_waiting_for_input_are_limited() -> None:
    assert run("import time; time.sleep(60)", seconds=1).timed_out
    assert run("input()").exception == "EOFError"


@posix
def test_memory_limit() -> None:
    assert run("x = bytearray(1 << 30)", memory=512 << 20).exception == "MemoryError"


@posix
def test_output_limit() -> None:
    seen = run("print('a' * 10**7)", output=10**4)
    assert not seen.ok
    assert len(seen.stdout) <= 10**4


@posix
def test_children_end_with_the_listing() -> None:
    code = ("import subprocess, sys\n"
            "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\nprint(p.pid)")  # fmt: skip
    pid = int(run(code).stdout)
    for _ in range(50):
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
        if not state or state.startswith("Z"):
            return
        time.sleep(0.1)
    pytest.fail("a process that the listing started outlived it")


def test_it_runs_isolated_in_an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text("print('planted')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SECRET_OF_THE_TEST", "x")
    monkeypatch.chdir(tmp_path)
    assert run("import planted").exception == "ModuleNotFoundError"
    seen = run("import os\nprint(sorted(os.listdir()), 'SECRET_OF_THE_TEST' in os.environ, os.getcwd())")
    assert seen.stdout.startswith("['listing.py', 'stderr', 'stdout'] False ")
    folder = seen.stdout.split(" ", 4)[-1].strip()
    assert folder != str(tmp_path)
    assert not Path(folder).exists()


def test_it_runs_as_main_with_its_own_arguments() -> None:
    assert run("import sys\nprint(__name__, len(sys.argv))").stdout == "__main__ 1\n"


def test_nothing_is_evaluated_here(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    def forbidden(*_: object, **__: object) -> object:
        raise AssertionError("a listing was evaluated in this process")

    monkeypatch.setattr(builtins, "exec", forbidden)
    monkeypatch.setattr(builtins, "eval", forbidden)
    code = "import sys\nsys.modules['symcheck'].marked = True\nraise SystemExit(1)"
    assert parse(code) is None
    assert undefined_names(code) == []
    assert run(code).exception == "KeyError"  # symcheck is not loaded there
    assert not hasattr(sys.modules["symcheck"], "marked")


def test_the_same_listing_runs_once() -> None:
    code = "import time\nprint(time.time_ns())"
    assert run(code) is run(code)
    assert run(code, seconds=19).stdout != run(code).stdout


def test_parse() -> None:
    assert parse("x = 1") is None
    assert "SyntaxError" in str(parse("“”“text”“”"))
    assert str(parse("def f():\npass")).startswith("IndentationError")
    assert parse("x = 1\0") is not None
    assert parse("(" * 5000) is not None
    assert parse("1/10000^{2*0/512}") is None  # it parses; it does not run


def test_undefined_names() -> None:
    code = """
import math, os.path as path
from json import dumps as d
class A(Base):
    def f(self, x, *, y=Z):
        try:
            return [q for q in x] + y + print(math, path, d)
        except OSError as e:
            return e
"""
    assert undefined_names(code) == ["Base", "Z"]


def test_same_lines() -> None:
    assert same_lines("def f():\nreturn 1\n", "def f():\n\n    return 1")
    assert not same_lines("def f():\nreturn 1\n", "def f():\n    return 2")


@pytest.mark.parametrize(("name", "outcome"), [
    ("s001_section_6", "SyntaxError"), ("s001_section_10", "IndentationError"), ("s001_section_10_indented", None),
    ("s002_section_1_3", "SyntaxError"), ("s002_section_1_3_indented", "NameError"), ("torch_standin", None),
])  # fmt: skip
def test_stored_listings(name: str, outcome: str | None) -> None:
    assert run(stored(name)).exception == outcome


def test_the_stand_in_is_single_precision() -> None:
    seen = run(stored("torch_standin") + "\nt = torch.arange(0, 3).unsqueeze(1) * 0.1\n"
               "print(tuple(t.shape), float(t[1, 0]).hex())")  # fmt: skip
    assert seen.stdout == "(3, 1) 0x1.99999a0000000p-4\n"
