"""Built-in targets: other people's libraries, each brought into the normal form of its specification.

An adapter is an entry: a name, the specification, the distributions it needs, and a function that builds a
fresh callable in the normal form (see `docs/conformance.md`). The library is imported by that function
only, which runs in the worker; listing the adapters imports none of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: One module a library; each registers its adapters when it is imported.
MODULES: tuple[str, ...] = (
    "hf_transformers",
    "keras_jax_onnx",
    "rotary_embedding_torch",
    "torch_libraries",
    "vision",
)


@dataclass(frozen=True)
class Adapter:
    """A built-in target.

    `expects` are the options of the specification that the library's own documentation promises (its base,
    its scaling, the width of a partial rotation), so that a deviation from them is a failure and not a
    convention. `source` says which object of the library is called.
    """

    name: str
    spec: str
    distributions: tuple[str, ...]
    backend: str
    source: str
    make: Callable[[], Any]
    expects: Mapping[str, Any] = field(default_factory=dict)


_REGISTRY: dict[str, Adapter] = {}


def adapter(
    name: str,
    spec: str,
    *distributions: str,
    backend: str = "torch",
    source: str = "",
    **expects: Any,
) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register the decorated function as the maker of a built-in target."""

    def register(make: Callable[[], Any]) -> Callable[[], Any]:
        if name in _REGISTRY:
            raise ValueError(f"adapter {name} is entered twice")
        _REGISTRY[name] = Adapter(name, spec, distributions, backend, source or name, make, expects)
        return make

    return register


def _load() -> dict[str, Adapter]:
    for module in MODULES:
        importlib.import_module(f"{__name__}.{module}")
    return _REGISTRY


def names() -> list[str]:
    """The names of all built-in targets, sorted, installed or not."""
    return sorted(_load())


def find(name: str) -> Adapter:
    """The adapter called `name`; KeyError when there is none."""
    return _load()[name]
