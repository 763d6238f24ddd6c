"""Listings from documents: run in a process of their own with limits, or parsed without being run.

A listing is data. It is never evaluated in this process: :func:`run` starts ``python -I`` in an empty
temporary directory, with limits on time, memory, output and processes; :func:`parse` reads the syntax only.
The limits contain honest code that goes wrong. They are no sandbox for hostile code: a listing can read what
the user can read.
"""

from __future__ import annotations

import ast
import builtins
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

#: Sets the limits inside the child, then runs the file: no code runs between fork and exec in the parent.
_DRIVER = """\
import runpy, sys
seconds, memory, output = map(int, sys.argv[2:5])
try:
    import resource
except ImportError:
    resource = None
if resource is not None:
    for name, value in (("CPU", seconds + 1), ("AS", memory), ("FSIZE", output), ("CORE", 0)):
        kind = getattr(resource, "RLIMIT_" + name)
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):  # macOS refuses a limit on address space
            pass
path, report = sys.argv[1], sys.argv[5]

def hook(kind, error, trace, show=sys.excepthook):
    show(kind, error, trace)
    with open(report, "w", encoding="utf-8", errors="replace") as file:
        file.write(kind.__name__ + "\\n" + " ".join(str(error).split()))

sys.excepthook = hook
sys.argv[:] = [path]
runpy.run_path(path, run_name="__main__")
"""


@dataclass(frozen=True)
class Run:
    """What a listing did. ``exception`` is the name of the class of the exception that ended it."""

    status: int | None  # None when it was stopped
    exception: str | None
    message: str
    stdout: str
    stderr: str
    timed_out: bool

    @property
    def ok(self) -> bool:
        return self.status == 0

    def summary(self) -> str:
        """One line for people."""
        if self.timed_out:
            return "stopped: the time limit was reached"
        if self.exception:
            return f"{self.exception}: {self.message}" if self.message else self.exception
        return f"exit status {self.status}"


@lru_cache(maxsize=64)
def run(code: str, *, seconds: int = 20, memory: int = 4 << 30, output: int = 1 << 20) -> Run:
    """Run a listing in a subprocess; the same listing with the same limits runs once.

    ``seconds`` of wall-clock time, ``memory`` bytes of address space, ``output`` bytes a file or stream (what is
    longer is cut off, and the listing stopped). Where the platform has no such limits (Windows), the time limit
    alone is kept.
    """
    with tempfile.TemporaryDirectory(prefix="listing-") as folder:
        path, report = Path(folder) / "listing.py", Path(folder) / "exception"
        path.write_text(code, encoding="utf-8")
        # One thread: an address-space limit counts the stacks and arenas of idle threads too.
        environment = {k: os.environ[k] for k in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if k in os.environ}
        environment |= {f"{k}_NUM_THREADS": "1" for k in ("OMP", "OPENBLAS", "MKL")}
        environment |= {"HOME": folder, "TMPDIR": folder}
        command = [sys.executable, "-I", "-B", "-X", "utf8", "-c", _DRIVER, str(path),
                   *(str(v) for v in (seconds, memory, output)), str(report)]  # fmt: skip
        with open(Path(folder) / "stdout", "w+b") as out, open(Path(folder) / "stderr", "w+b") as err:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=err, start_new_session=True)  # fmt: skip
            try:
                status: int | None = process.wait(seconds)
                timed_out = False
            except subprocess.TimeoutExpired:
                status, timed_out = None, True
            finally:
                _stop(process)
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read(output).decode("utf-8", "replace"))
        told = report.read_text(encoding="utf-8") if report.exists() else ""
    if status is not None and -status == getattr(signal, "SIGXCPU", None):
        status, timed_out = None, True  # the limit on processor time
    exception, _, message = told.partition("\n")
    return Run(status, exception or None, message, texts[0], texts[1], timed_out)


def _stop(process: subprocess.Popen) -> None:
    """End the listing and what it started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass  # it ended by itself
    process.wait()


def parse(code: str) -> str | None:
    """None if a listing is syntactically Python, else the exception in one line. Nothing is run."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as e:
        line = f", line {e.lineno}" if isinstance(e, SyntaxError) and e.lineno else ""
        message = e.msg if isinstance(e, SyntaxError) else str(e)
        return f"{type(e).__name__}: {message}{line}"
    return None


def undefined_names(code: str) -> list[str]:
    """Names that a listing reads and nowhere binds, builtins apart, in order of appearance.

    Scopes are not told apart, so a name bound anywhere counts as bound: none is reported wrongly.
    """
    tree = ast.parse(code)
    bound: set[str] = set(dir(builtins))
    read: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                read.append(node.id)
            else:
                bound.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return [name for name in dict.fromkeys(read) if name not in bound]


def same_lines(printed: str, restored: str) -> bool:
    """Does a restored listing have the lines of the printed one, but for indentation and blank lines?"""
    def lines(text: str) -> list[str]:
        return [line.strip() for line in text.splitlines() if line.strip()]

    return lines(printed) == lines(restored)
