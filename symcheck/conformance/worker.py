"""The process in which user code is imported and called; started by the runner, never imported by it.

Requests arrive on one pipe and replies leave on another (see `protocol`), so that whatever the user code
writes on standard output or standard error touches neither. The process serves one target.

Operations, each a message whose header has "op":

- ``load``: imports the target; replies with its kind, backend, parameters and library versions.
- ``new``: makes a fresh instance (the module is executed again; an adapter builds its object anew).
- ``call``: calls an instance; array arguments are converted to the target's backend.
- ``gradient``: the vector-Jacobian product of a call with respect to its first argument.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import resource
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from symcheck.conformance.protocol import DTYPES, numpy_dtype, read_message, write_message

MESSAGE_LIMIT = 400


class Refusal(Exception):
    """An answer that is no result; `kind` tells the runner what it means."""

    def __init__(self, kind: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.kind = kind
        self.extra = extra


class Loaded:
    """The target, and a way to make a fresh instance of it."""

    def __init__(self, make: Callable[[], Any], backend: str, versions: dict[str, str]) -> None:
        self.make = make
        self.backend = backend
        self.versions = versions
        self.instances: dict[int, Any] = {}
        self.first: Any = None  # the instance made while loading, handed out first

    def new(self) -> int:
        made, self.first = (self.first, None) if self.first is not None else (self.make(), None)
        number = max(self.instances, default=0) + 1
        self.instances[number] = made
        return number


def load_target(request: dict[str, Any]) -> tuple[Loaded, dict[str, Any]]:
    kind = request["kind"]
    if kind == "adapter":
        return _load_adapter(request)
    execute = _file_executor(request["path"]) if kind == "file" else _module_executor(request["module"])
    module = execute()
    function = _attribute(module, request["function"])
    backend = request["backend"]
    if backend == "auto":
        backend = _backend_of(module)
    loaded = Loaded(lambda: _attribute(execute(), request["function"]), backend, _versions(backend))
    loaded.first = function
    return loaded, {"parameters": _parameters(function), "backends": _imported_backends()}


def _load_adapter(request: dict[str, Any]) -> tuple[Loaded, dict[str, Any]]:
    # Imported here: its parsers cost as much as a short call, and plain functions do not need it.
    import importlib.metadata

    from symcheck.conformance.adapters import find

    adapter = find(request["adapter"])
    versions = {}
    for distribution in adapter.distributions:
        versions[distribution] = importlib.metadata.version(distribution)
    made = adapter.make()
    loaded = Loaded(adapter.make, adapter.backend, versions)
    loaded.first = made
    return loaded, {"parameters": _parameters(made), "backends": [adapter.backend]}


def _file_executor(path_text: str) -> Callable[[], ModuleType]:
    path = Path(path_text).resolve()
    # As for a script: its neighbours can be imported.
    sys.path.insert(0, str(path.parent))
    name, package_root = path.stem, path.parent
    while (package_root / "__init__.py").exists():
        # A file of a package may use relative imports: give it its full name.
        name = f"{package_root.name}.{name}"
        package_root = package_root.parent
    if package_root != path.parent:
        sys.path.insert(0, str(package_root))
    elif name in sys.modules or importlib.util.find_spec(name) is None or not name.isidentifier():
        name = f"symcheck_target_{''.join(c if c.isalnum() else '_' for c in name)}"

    def execute() -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise Refusal("import", f"{path.name} is no Python file")
        if "." in name:
            importlib.import_module(name.rpartition(".")[0])
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    return execute


def _module_executor(name: str) -> Callable[[], ModuleType]:
    sys.path.insert(0, os.getcwd())
    try:
        missing = importlib.util.find_spec(name) is None
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise
        missing = True
    if missing:
        raise Refusal("no-module", f"there is no module {name}")
    first = [importlib.import_module(name)]

    def execute() -> ModuleType:
        if first:
            return first.pop()
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    return execute


def _attribute(module: ModuleType, dotted: str) -> Any:
    found: Any = module
    for part in dotted.split("."):
        if not hasattr(found, part):
            names = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
            raise Refusal("no-function", f"there is no {dotted!r}", names=names[:200])
        found = getattr(found, part)
    if not callable(found):
        names = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        raise Refusal("no-function", f"{dotted!r} is not callable", names=names[:200])
    return found


def _parameters(function: Any) -> list[dict[str, Any]] | None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    kinds: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [
        {
            "name": p.name,
            "required": p.default is inspect.Parameter.empty and p.kind not in kinds,
            "kind": kinds.get(p.kind, "keyword" if p.kind is inspect.Parameter.KEYWORD_ONLY else "plain"),
        }
        for p in signature.parameters.values()
    ][:50]


_BACKENDS = ("torch", "jax", "cupy")


def _imported_backends() -> list[str]:
    return ["numpy", *(name for name in _BACKENDS if name in sys.modules)]


def _backend_of(module: ModuleType) -> str:
    """The array library that a module works with: the one whose names it holds, else NumPy."""
    for name in _BACKENDS:
        if name not in sys.modules:
            continue
        for value in vars(module).values():
            origin = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
            if isinstance(origin, str) and (origin == name or origin.startswith(name + ".")):
                return name
    return "numpy"


def _versions(backend: str) -> dict[str, str]:
    found = {"numpy": np.__version__}
    if backend in sys.modules:
        found[backend] = str(getattr(sys.modules[backend], "__version__", "?"))
    return found


def to_backend(array: np.ndarray, backend: str) -> Any:
    """The array as the backend's own; bfloat16 goes through its bits where NumPy's is not understood."""
    if backend == "torch":
        import torch

        if array.dtype.name == "bfloat16":
            return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
        return torch.from_numpy(array.copy())
    if backend == "jax":
        import jax

        # Without this, float64 silently becomes float32.
        jax.config.update("jax_enable_x64", True)
        return jax.numpy.asarray(array)
    if backend == "cupy":
        import cupy

        return cupy.asarray(array)
    return array.copy()  # the child may write into it; the buffer it came in is read-only


def from_backend(value: Any) -> np.ndarray:
    """A returned value as a NumPy array; Refusal when it is none, or of a type that cannot travel."""
    module = type(value).__module__.partition(".")[0]
    if module == "torch":
        import torch

        value = value.detach().cpu().contiguous()
        if value.dtype == torch.bfloat16:
            array = value.view(torch.int16).numpy().view(numpy_dtype("bfloat16"))
        else:
            array = value.numpy()
    elif module == "cupy":
        array = value.get()
    elif isinstance(value, np.ndarray | np.generic | int | float | list) or hasattr(value, "__array__"):
        try:
            array = np.asarray(value)
        except ValueError:
            raise Refusal("returned", f"returned a {type(value).__name__} that is no array") from None
    else:
        raise Refusal("returned", f"returned {_describe(value)} where an array was expected")
    if array.dtype.name not in DTYPES:
        raise Refusal("returned", f"returned elements of type {array.dtype.name}")
    return array


def _describe(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _arguments(request: dict[str, Any], arrays: list[np.ndarray], backend: str) -> list[Any]:
    built = []
    for entry in request["arguments"]:
        built.append(to_backend(arrays[entry["array"]], backend) if "array" in entry else entry["value"])
    return built


def _results(value: Any) -> list[np.ndarray]:
    if isinstance(value, tuple):
        return [from_backend(part) for part in value]
    return [from_backend(value)]


def call(loaded: Loaded, request: dict[str, Any], arrays: list[np.ndarray]) -> list[np.ndarray]:
    instance = loaded.instances[request["instance"]]
    method = request.get("method")
    if method is not None:
        if not hasattr(instance, method):
            raise Refusal("unsupported", f"has no {method}")
        instance = getattr(instance, method)
    backend = request.get("backend") or loaded.backend
    keywords = request.get("keywords") or {}
    return _results(instance(*_arguments(request, arrays, backend), **keywords))


def gradient(loaded: Loaded, request: dict[str, Any], arrays: list[np.ndarray]) -> list[np.ndarray]:
    """The cotangent (last array) pulled back through a call to its first argument."""
    instance = loaded.instances[request["instance"]]
    backend = request.get("backend") or loaded.backend
    first, *others = _arguments(request, arrays[:-1], backend)
    cotangent = to_backend(arrays[-1], backend)
    if backend == "torch":
        import torch

        first = first.requires_grad_(True)
        with torch.enable_grad():
            out = instance(first, *others)
        if not getattr(out, "requires_grad", False):
            raise Refusal("unsupported", "the result carries no gradient")
        (found,) = torch.autograd.grad(out, first, cotangent.to(out.dtype))
        return [from_backend(found)]
    if backend == "jax":
        import jax

        out, pull = jax.vjp(lambda value: instance(value, *others), first)
        return [from_backend(pull(cotangent.astype(out.dtype))[0])]
    raise Refusal("unsupported", f"{backend} does not differentiate")


def serve(request_fd: int, reply_fd: int) -> None:
    loaded: Loaded | None = None
    while True:
        try:
            request, arrays = read_message(request_fd)
        except EOFError:
            return
        reply: dict[str, Any] = {"ok": True}
        results: list[np.ndarray] = []
        try:
            operation = request["op"]
            if operation == "load":
                loaded, extra = load_target(request)
                reply.update(extra, backend=loaded.backend, versions=loaded.versions)
            else:
                assert loaded is not None, "the runner loads first"
                if operation == "new":
                    reply["instance"] = loaded.new()
                elif operation == "call":
                    results = call(loaded, request, arrays)
                else:
                    results = gradient(loaded, request, arrays)
        except Refusal as refusal:
            reply = {"ok": False, "kind": refusal.kind, "message": str(refusal), **refusal.extra}
        except MemoryError:
            reply = {"ok": False, "kind": "memory", "message": "ran out of memory"}
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the user code's too
            reply = {"ok": False, "kind": "raised", "message": _one_line(error)}
        arrays = []
        write_message(reply_fd, reply, results)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())[:MESSAGE_LIMIT]
    where = ""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    frames = [f for f in frames if not f.filename.startswith("<")]
    if isinstance(error, SyntaxError) and error.filename:
        where = f" ({Path(error.filename).name}, line {error.lineno})"
    elif frames:
        where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})"
    if isinstance(error, SyntaxError):
        text = str(error.msg)
    return f"{type(error).__name__}{': ' + text if text else ''}{where}"


def limit_memory(limit: int) -> None:
    """Cap the address space at `limit` bytes; a system that cannot is left alone."""
    for what, value in ((resource.RLIMIT_AS, limit), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (value, value))
        except (ValueError, OSError):
            continue


if __name__ == "__main__":
    request_pipe, reply_pipe, memory = (int(argument) for argument in sys.argv[1:4])
    # User code must see the arguments of no one else.
    sys.argv = sys.argv[:1]
    limit_memory(memory)
    serve(request_pipe, reply_pipe)
    # Threads of the user code must not keep a served process alive.
    sys.stdout.flush()
    os._exit(0)
