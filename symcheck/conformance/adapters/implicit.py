"""Positions for libraries that take none: a row is put where its position is, and taken out again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def placed(apply: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """rotate(x[T, d], positions[T]) from an `apply` on torch tensors [B, L, d] that rotates row l as l.

    Equal positions go to different batch rows; what is not asked for is zero. Raises ValueError for a
    negative position, which cannot be placed.
    """
    import torch

    def rotate(x: Any, positions: Any) -> Any:
        if int(positions.min()) < 0:
            raise ValueError("this library takes no positions: a negative one cannot be given")
        # The place of each row among those of its position.
        order = torch.argsort(positions, stable=True)
        ordered = positions[order]
        starts = torch.searchsorted(ordered, ordered)
        copy = torch.empty_like(positions)
        copy[order] = torch.arange(len(positions)) - starts
        out = torch.empty_like(x)
        for number in range(int(copy.max()) + 1):
            rows = torch.nonzero(copy == number)[:, 0]
            full = torch.zeros((1, int(positions[rows].max()) + 1, x.shape[-1]), dtype=x.dtype)
            full = full.index_put((torch.zeros_like(rows), positions[rows]), x[rows])
            turned = apply(full)[0, positions[rows]]
            out = out.to(turned.dtype).index_put((rows,), turned)
        return out

    return rotate


def window(positions: Any) -> int | None:
    """The first of consecutive ascending positions, else None."""
    start = int(positions[0])
    return start if bool((positions[1:] - positions[:-1] == 1).all()) and start >= 0 else None


class Module:
    """A torch module behind a normal form, so that it can be cast as a user's model is.

    `build(dim)` makes the module, once for each dim; `apply(module, x[B, H, T, d], positions[T])` calls it.
    """

    def __init__(self, build: Callable[[int], Any], apply: Callable[[Any, Any, Any], Any]) -> None:
        self._build = build
        self._apply = apply
        self._modules: dict[int, Any] = {}
        self._casts: list[Any] = []

    def module(self, dim: int) -> Any:
        if dim not in self._modules:
            made = self._build(dim)
            for dtype in self._casts:  # all of them: what the first rounds, the next does not restore
                made = made.to(dtype)
            self._modules[dim] = made
        return self._modules[dim]

    def __call__(self, x: Any, positions: Any) -> Any:
        """rotate(x[T, d], positions[T])."""
        return self._apply(self.module(x.shape[-1]), x[None, None], positions)[0, 0]

    def heads(self, x: Any, positions: Any) -> Any:
        """The same for x[B, H, T, d]."""
        return self._apply(self.module(x.shape[-1]), x, positions)

    def cast(self, dtype: str) -> Any:
        """Cast every module, made or to be made, as `model.to(dtype)` does; returns a token of success."""
        import torch

        self._casts.append(getattr(torch, dtype))
        for dim in self._modules:
            self._modules[dim] = self._modules[dim].to(self._casts[-1])
        return torch.zeros(())
