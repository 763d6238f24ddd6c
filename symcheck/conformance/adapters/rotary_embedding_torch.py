"""rotary-embedding-torch (lucidrains): t[B, H, T, d], positions counted from an offset."""

from __future__ import annotations

from typing import Any

from symcheck.conformance.adapters import adapter
from symcheck.conformance.adapters.implicit import Module, placed, window

LIBRARY = "rotary-embedding-torch"


def _rotate(module: Any, x: Any, positions: Any) -> Any:
    start = window(positions)
    if start is not None:
        return module.rotate_queries_or_keys(x, offset=start)
    flat = x.flatten(0, 1)
    rows = [placed(lambda t: module.rotate_queries_or_keys(t[:, None])[:, 0])(row, positions) for row in flat]
    return flat.new_empty(0) if not rows else _stacked(rows).reshape(x.shape)


def _stacked(rows: list[Any]) -> Any:
    import torch

    return torch.stack(rows)


@adapter(
    "rotary-embedding-torch",
    "rope",
    LIBRARY,
    source="RotaryEmbedding.rotate_queries_or_keys",
    max_position=16384,
)
def _plain() -> Any:
    from rotary_embedding_torch import RotaryEmbedding

    return Module(lambda dim: RotaryEmbedding(dim=dim), _rotate)


@adapter(
    "rotary-embedding-torch.interpolated",
    "rope",
    LIBRARY,
    max_position=16384,
    source="RotaryEmbedding(interpolate_factor=4).rotate_queries_or_keys",
    scaling={"rope_type": "linear", "factor": 4.0},
)
def _interpolated() -> Any:
    from rotary_embedding_torch import RotaryEmbedding

    return Module(lambda dim: RotaryEmbedding(dim=dim, interpolate_factor=4.0), _rotate)


@adapter(
    "rotary-embedding-torch.rescaled",
    "rope",
    LIBRARY,
    max_position=16384,
    source="RotaryEmbedding(theta_rescale_factor=4).rotate_queries_or_keys",
    scaling={"rope_type": "ntk", "factor": 4.0},
)
def _rescaled() -> Any:
    from rotary_embedding_torch import RotaryEmbedding

    return Module(lambda dim: RotaryEmbedding(dim=dim, theta_rescale_factor=4.0), _rotate)


def _with_cached_keys(module: Any, x: Any, positions: Any) -> Any:
    start = window(positions)
    if start is None:
        return _rotate(module, x, positions)
    # The queries are the last of as many keys as there are positions up to them.
    keys = x.new_zeros((*x.shape[:-2], start + x.shape[-2], x.shape[-1]))
    return module.rotate_queries_with_cached_keys(x, keys)[0]


@adapter(
    "rotary-embedding-torch.cached-keys",
    "rope",
    LIBRARY,
    source="RotaryEmbedding.rotate_queries_with_cached_keys, the queries",
    max_position=16384,
)
def _cached_keys() -> Any:
    from rotary_embedding_torch import RotaryEmbedding

    return Module(lambda dim: RotaryEmbedding(dim=dim), _with_cached_keys)
