"""Runs a target in a process of its own, with limits on time and memory.

The user's code is never imported here. A `Session` starts one worker, speaks to it over two pipes (see
`protocol`), and turns whatever goes wrong there - an exception, a crash, a hang, too much memory, a reply
that is none - into a `TargetError` with one line of text.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from symcheck.conformance.adapters import find, names
from symcheck.conformance.protocol import Deadline, ProtocolError, read_message, write_message
from symcheck.conformance.report import ConformInputError

#: Seconds that one call of the target may take, its import included.
DEFAULT_TIMEOUT = 30.0
#: Address space of the worker in bytes. PyTorch's and JAX's libraries alone map 3 to 5 GiB.
DEFAULT_MEMORY = 12 << 30
#: Libraries of built-in adapters can take long to import on a cold disk; they are not under suspicion.
ADAPTER_LOAD_TIMEOUT = 300.0

RESTARTS = 3
NOISE_LIMIT = 1 << 16
#: Bytes that a pipe holds, where the system lets us say: fewer changes of process on large arrays.
PIPE_SIZE = 1 << 20


class TargetError(Exception):
    """A call of the target gave no result.

    `kind` is "raised" (an exception), "returned" (something that is no array), "died" (the process ended),
    "timeout", "memory", "protocol", or "unsupported" (the target has no such operation).
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Target:
    """What to load: a built-in adapter, a function of a file, or a function of a module."""

    text: str
    kind: str  # "adapter", "file" or "module"
    place: str  # adapter name, path or module name
    function: str = ""

    @property
    def import_lines(self) -> str:
        """Python that imports the function, for snippets."""
        head, _, last = self.function.rpartition(".")
        name = head.partition(".")[0] or last
        if self.kind == "file":
            path = Path(self.place)
            folder = str(path.parent)
            lines = "" if folder in ("", ".") else f"import sys; sys.path.insert(0, {folder!r})\n"
            return f"{lines}from {path.stem} import {name}"
        if self.kind == "module":
            return f"from {self.place} import {name}"
        return f"from symcheck.conformance.adapters import find\ntarget = find({self.place!r}).make()"

    @property
    def call_name(self) -> str:
        return self.function if self.kind != "adapter" else "target"


_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*", re.ASCII)


def parse_target(text: str) -> Target:
    """The target that `text` names.

    Raises ConformInputError, with near matches, for text of no known form, for a file that does not exist,
    and for an unknown built-in name.
    """
    if not isinstance(text, str) or not text.strip() or "\0" in text or "\n" in text:
        raise ConformInputError(
            f"target {text!r}: give a built-in name, path/to/file.py:function or package.module:function"
        )
    if ":" not in text:
        if text in names():
            return Target(text, "adapter", text)
        if text.endswith(".py") or os.sep in text:
            raise ConformInputError(f"target {text!r}: name the function too, as in {text}:function")
        raise ConformInputError(f"target {text!r}: no built-in target has this name{near(text, names())}")
    place, _, function = text.rpartition(":")
    if not _DOTTED.fullmatch(function):
        raise ConformInputError(f"target {text!r}: {function!r} is no function name")
    if place.endswith(".py") or os.sep in place:
        path = Path(place)
        if not path.exists():
            siblings = [str(p) for p in path.parent.glob("*.py")] if path.parent.is_dir() else []
            raise ConformInputError(f"target {text!r}: there is no file {place}{near(place, siblings)}")
        if not path.is_file() or path.suffix != ".py":
            raise ConformInputError(f"target {text!r}: {place} is no Python file")
        return Target(text, "file", place, function)
    if not _DOTTED.fullmatch(place):
        raise ConformInputError(f"target {text!r}: {place!r} is neither a .py file nor a module name")
    return Target(text, "module", place, function)


def near(word: str, known: Sequence[str]) -> str:
    """A clause that lists near matches, or all names when they are few, or nothing."""
    close = difflib.get_close_matches(word, known, n=5, cutoff=0.5)
    if not close:
        tail = word.rpartition(".")[2]
        close = [name for name in known if tail and tail in name][:5]
    if close:
        return f"; near matches: {', '.join(close)}"
    return f"; there are: {', '.join(sorted(known))}" if 0 < len(known) <= 12 else ""


class Session:
    """A worker that holds one target. Use as a context manager; `start` loads the target."""

    def __init__(
        self,
        target: Target,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        memory: int = DEFAULT_MEMORY,
        backend: str = "auto",
        python: str | None = None,
    ) -> None:
        self.target = target
        self.timeout = timeout
        self.memory = memory
        self.backend = backend
        #: Whether the caller leaves the array library to be found: then others than the first may be tried.
        self.backend_is_open = backend == "auto"
        self.python = python or sys.executable
        self.parameters: list[dict[str, Any]] | None = None
        self.backends: list[str] = ["numpy"]
        self.versions: dict[str, str] = {}
        self.calls = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._pipes: tuple[int, int] | None = None
        self._noise = {"stdout": bytearray(), "stderr": bytearray()}
        self._readers: list[threading.Thread] = []
        self._starts = 0
        self._alone: tempfile.TemporaryDirectory[str] | None = None
        self._stopped_because: TargetError | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def printed(self) -> str:
        """What the target wrote on standard output, as far as it was kept."""
        self._join_readers()
        return bytes(self._noise["stdout"]).decode("utf-8", "replace")

    def launch(self) -> None:
        """Start the worker's process, which imports what it needs while the caller does other things."""
        if self._starts > RESTARTS and self._stopped_because is not None:
            raise self._stopped_because
        self._starts += 1
        self._spawn()

    def start(self) -> None:
        """Load the target in the worker, which is started if `launch` was not called.

        Raises ConformInputError when the module, the function or the library does not exist, TargetError
        when the target cannot be imported.
        """
        if self._process is None:
            self.launch()
        request = {
            "op": "load",
            "kind": self.target.kind,
            "backend": self.backend,
            "adapter": self.target.place,
            "path": self.target.place,
            "module": self.target.place,
            "function": self.target.function,
        }
        limit = self.timeout if self.target.kind != "adapter" else max(self.timeout, ADAPTER_LOAD_TIMEOUT)
        try:
            header, _ = self._exchange(request, (), limit)
        except TargetError as error:
            self.close()
            raise TargetError(error.kind, f"cannot be imported: {error}") from None
        self.parameters = header.get("parameters")
        self.backends = [str(name) for name in header.get("backends", ["numpy"])]
        self.backend = str(header.get("backend", "numpy"))
        self.versions = {str(k): str(v) for k, v in header.get("versions", {}).items()}

    def fresh(self) -> Instance:
        """A fresh instance of the target: no state of earlier calls is left in it."""
        header, _ = self._request({"op": "new"}, ())
        return Instance(self, int(header["instance"]), self._starts)

    def close(self) -> None:
        """End the worker and all that it started."""
        process, self._process = self._process, None
        pipes, self._pipes = self._pipes, None
        for fd in pipes or ():
            os.close(fd)
        if process is None:
            return
        # The whole session of the child: user code may have started processes of its own.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._join_readers()

    # The exchange itself.

    def _spawn(self) -> None:
        self.close()
        request_read, request_write = os.pipe()
        reply_read, reply_write = os.pipe()
        root = self._package_folder()
        inherited = os.environ.get("PYTHONPATH")
        environment = {
            **os.environ,
            "PYTHONPATH": root + (os.pathsep + inherited if inherited else ""),
            # One thread: results do not depend on the machine, and thread stacks do not eat the limit.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
            "JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", "cpu"),
            "HF_HUB_OFFLINE": "1",
            "PYTHONIOENCODING": "utf-8",
        }
        command = [self.python, "-P", "-m", "symcheck.conformance.worker"]
        command += [str(request_read), str(reply_write), str(self.memory)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(request_read, reply_write),
                start_new_session=True,
                env=environment,
            )
        except OSError as error:
            for fd in (request_write, reply_read):
                os.close(fd)
            raise ConformInputError(f"cannot start {self.python}: {error.strerror}") from None
        finally:
            os.close(request_read)
            os.close(reply_write)
        # A child that stops reading must not block the runner.
        os.set_blocking(request_write, False)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            for fd in (request_write, reply_read):
                with contextlib.suppress(OSError):  # beyond what this user may have
                    fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        self._pipes = (request_write, reply_read)
        self._readers = []
        for name in ("stdout", "stderr"):
            stream = getattr(self._process, name)
            thread = threading.Thread(target=self._drain, args=(stream, name), daemon=True)
            thread.start()
            self._readers.append(thread)

    def _package_folder(self) -> str:
        """A folder from which the worker's interpreter can import symcheck, and none of our other packages."""
        root = Path(__file__).resolve().parents[2]
        if self.python == sys.executable or root.name not in ("site-packages", "dist-packages"):
            return str(root)
        if self._alone is None:
            self._alone = tempfile.TemporaryDirectory(prefix="symcheck-")
            (Path(self._alone.name) / "symcheck").symlink_to(root / "symcheck")
        return self._alone.name

    def _drain(self, stream: IO[bytes], name: str) -> None:
        kept = self._noise[name]
        with stream:
            while chunk := os.read(stream.fileno(), 1 << 16):
                kept += chunk[: max(0, NOISE_LIMIT - len(kept))]

    def _join_readers(self) -> None:
        for thread in self._readers:
            thread.join(timeout=0.5)

    def _request(self, header: dict[str, Any], arrays: Sequence[np.ndarray]) -> tuple[dict[str, Any], list[np.ndarray]]:
        if self._process is None:
            self.start()
        return self._exchange(header, arrays, self.timeout)

    def _exchange(
        self, header: dict[str, Any], arrays: Sequence[np.ndarray], limit: float
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        assert self._pipes is not None
        deadline = time.monotonic() + limit
        try:
            write_message(self._pipes[0], header, arrays, deadline=deadline)
            reply, results = read_message(self._pipes[1], deadline=deadline)
        except Deadline:
            raise self._broken("timeout", f"gave no answer within {limit:g} s") from None
        except (EOFError, BrokenPipeError):
            raise self._broken("died", "the process ended") from None
        except ProtocolError as error:
            raise self._broken("protocol", str(error)) from None
        if reply.get("ok") is True:
            return reply, results
        kind, message = str(reply.get("kind", "raised")), str(reply.get("message", "no reason given"))
        listed = reply.get("names")
        known = [str(name) for name in listed] if isinstance(listed, list) else []
        if kind == "no-function":
            close = near(self.target.function, known)
            raise ConformInputError(f"target {self.target.text!r}: {message} in {self.target.place}{close}")
        if kind == "no-module":
            raise ConformInputError(f"target {self.target.text!r}: {message}")
        if kind == "memory":
            message = f"{message} (limit {self.memory / 2**30:.3g} GiB)"
        raise TargetError(kind, message)

    def _broken(self, kind: str, message: str) -> TargetError:
        """Close the worker, find out how it ended, and remember why."""
        process = self._process
        if process is not None and kind in ("died", "protocol"):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=2)
            code = process.returncode
            if code is not None and code < 0:
                name = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
                message += f" by {name}"
            elif code is not None and kind == "died":
                message += f" with status {code}"
        self.close()
        last = [line for line in bytes(self._noise["stderr"]).decode("utf-8", "replace").splitlines() if line]
        if kind == "died" and last:
            message += f"; last on standard error: {last[-1][:200]}"
        self._stopped_because = TargetError(kind, message)
        return self._stopped_because


class Instance:
    """One fresh instance of the target inside the worker."""

    def __init__(self, session: Session, number: int, start: int) -> None:
        self.session = session
        self.number = number
        self._start = start

    def __call__(
        self,
        *arguments: Any,
        method: str | None = None,
        keywords: Mapping[str, Any] | None = None,
    ) -> list[np.ndarray]:
        """Call the target; arrays are sent as arrays, anything else must be JSON. Raises TargetError."""
        return self._run("call", arguments, (), {"method": method, "keywords": dict(keywords or {})})

    def gradient(self, *arguments: Any, cotangent: np.ndarray) -> np.ndarray:
        """The cotangent pulled back to the first argument; TargetError "unsupported" where none is."""
        return self._run("gradient", arguments, (cotangent,), {})[0]

    def _run(
        self, operation: str, arguments: Sequence[Any], extra: Sequence[np.ndarray], more: Mapping[str, Any]
    ) -> list[np.ndarray]:
        if self._start != self.session._starts or self.session._process is None:
            # The worker died meanwhile: take a fresh instance of the new one.
            renewed = self.session.fresh()
            self.number, self._start = renewed.number, renewed._start
        arrays: list[np.ndarray] = []
        described: list[dict[str, Any]] = []
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                described.append({"array": len(arrays)})
                arrays.append(argument)
            else:
                described.append({"value": argument})
        self.session.calls += 1
        header = {
            "op": operation,
            "instance": self.number,
            "arguments": described,
            "backend": self.session.backend,
            **more,
        }
        _, results = self.session._request(header, [*arrays, *extra])
        return results


def installed(adapter_name: str) -> str | None:
    """None when the library of a built-in target is installed, else the distribution that is missing."""
    import importlib.metadata

    for distribution in find(adapter_name).distributions:
        try:
            importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            return distribution
    return None
