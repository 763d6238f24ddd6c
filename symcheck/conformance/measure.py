"""What an implementation does, read off its outputs and not off its names.

A rotation is measured as a matrix: its images of the unit vectors at a few positions. From these come the
coordinates that are rotated together, the order and sign of the rotation, a fixed permutation that it may
apply besides, the factor by which it scales, and its frequencies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rotation:
    """The measured structure of a map x[d] -> A(p) x, A(p) = P B(p), P a fixed permutation.

    `layout` is "half", "interleaved", "permuting" (P is not the identity), or None when the pairs have
    neither order; `inner` the layout of B. `first`, `second` are the coordinates [pairs] such that
    B(p) turns (first, second) by sign * p * theta: first' = c first - s second, second' = s first + c second
    with s = sin(p theta) for sign 1. `fixed` are coordinates that B leaves alone. `cosine`, `sine` are
    [positions, pairs], the scale included. `defect` is how far B is from such a form, in any entry.
    """

    layout: str | None
    inner: str | None
    first: np.ndarray
    second: np.ndarray
    fixed: np.ndarray
    permutation: np.ndarray
    positions: np.ndarray
    cosine: np.ndarray
    sine: np.ndarray
    defect: float
    reason: str | None = None

    @property
    def pairs(self) -> int:
        return len(self.first)

    @property
    def scale(self) -> float:
        """The common length of the images: 1 for a rotation, the attention scale where one is applied."""
        lengths = np.hypot(self.cosine, self.sine)
        return float(np.median(lengths)) if lengths.size else 1.0

    @property
    def signs(self) -> np.ndarray:
        """Sign of each pair's rotation at position 1: 1, -1, or 0 where the pair does not turn."""
        return np.sign(self.sine[self._row(1)]).astype(int)

    @property
    def sign(self) -> int | None:
        """The sign that all turning pairs share, else None."""
        found = {int(s) for s in self.signs if s}
        return found.pop() if len(found) == 1 else None

    @property
    def thetas(self) -> np.ndarray:
        """Angle of each pair at position 1, in [0, pi]: its frequency, if that is at most pi."""
        row = self._row(1)
        return np.abs(np.arctan2(self.sine[row], self.cosine[row]))

    def _row(self, position: int) -> int:
        return int(np.flatnonzero(self.positions == position)[0])


def permutation_of(matrix: np.ndarray, tolerance: float) -> tuple[np.ndarray, float] | None:
    """(p, scale) when the matrix maps e_j to scale * e_p[j], else None."""
    size = matrix.shape[0]
    target = np.argmax(np.abs(matrix), axis=0)
    if len(set(target.tolist())) != size:
        return None
    values = matrix[target, np.arange(size)]
    scale = float(np.median(values))
    rest = matrix.copy()
    rest[target, np.arange(size)] -= scale
    if scale <= 0 or np.abs(rest).max() > tolerance * scale:
        return None
    return target, scale


def measure_rotation(positions: np.ndarray, matrices: np.ndarray, tolerance: float) -> Rotation:
    """Structure of the matrices [n, d, d] at positions [n], which must contain 0 and 1.

    `tolerance` is what rounding can make of an entry that is exactly zero or one.
    """
    positions = np.asarray(positions)
    size = matrices.shape[1]
    identity = np.arange(size)
    zero = matrices[int(np.flatnonzero(positions == 0)[0])]
    found = permutation_of(zero, tolerance)
    permutation, reason = identity, None
    if found is None:
        reason = "position 0 is neither left alone nor permuted"
    else:
        permutation = found[0]
    inner = matrices[:, permutation, :]  # B = P^T A: row permutation[j] of A is row j of B
    off = np.abs(inner).max(axis=0)
    off[identity, identity] = 0.0
    # A frequency of 1e-8 still moves an exact zero; rounding dirt only matters where a column has several.
    linked = off > 0
    crowded = linked.sum(axis=0) > 1
    linked[:, crowded] &= off[:, crowded] > tolerance
    partner = np.where(linked.any(axis=0), np.argmax(off, axis=0), -1)
    tangled = bool((linked.sum(axis=0) > 1).any())
    moving = np.flatnonzero(partner >= 0)
    mutual = all(partner[partner[j]] == j for j in moving)
    if tangled or not mutual or not len(moving):
        if reason is None:
            reason = "nothing is rotated" if not len(moving) else "the coordinates are not rotated in pairs of their own"
        empty = np.zeros(0, dtype=int)
        nothing = np.zeros((len(positions), 0))
        return Rotation(None, None, empty, empty, identity, permutation, positions, nothing, nothing, np.inf, reason)
    first = np.array([j for j in moving if partner[j] > j])
    first, second = _with_pairs_at_rest(first, partner[first], size)
    fixed = np.setdiff1d(identity, np.concatenate([first, second]))
    a, b = (inner[:, first, first], inner[:, second, second])
    up, down = inner[:, second, first], inner[:, first, second]
    cosine, sine = (a + b) / 2, (up - down) / 2
    structure = np.zeros_like(off, dtype=bool)
    structure[first, second] = structure[second, first] = True
    structure[identity, identity] = True
    defect = max(
        float(np.abs(a - b).max()) / 2,
        float(np.abs(up + down).max()) / 2,
        float(np.abs(inner[:, ~structure]).max(initial=0.0)),
    )
    kind = _order(first, second, size)
    layout = kind if np.array_equal(permutation, identity) else "permuting"
    return Rotation(layout, kind, first, second, fixed, permutation, positions, cosine, sine, defect, reason)


def _with_pairs_at_rest(first: np.ndarray, second: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Add the pairs of frequency zero that the order of the others implies.

    Half-split pairs at distance size/2 imply all size/2 pairs (the proportional rotary leaves its last ones
    at rest); neighbours imply the neighbours between them.
    """
    apart = set((second - first).tolist())
    if apart == {size // 2} and size % 2 == 0 and size > 2:
        return np.arange(size // 2), np.arange(size // 2, size)
    if apart == {1} and len(first) > 1 and not (first % 2 != first[0] % 2).any():
        start = first[0] % 2  # whatever is before the first one that moves
        every = np.arange(start, first[-1] + 1, 2)
        return every, every + 1
    return first, second


def _order(first: np.ndarray, second: np.ndarray, size: int) -> str | None:
    """The layout of pairs, which may sit anywhere among `size` coordinates."""
    count = len(first)
    if count == 1 and size == 2:
        return "interleaved"  # the two layouts are one
    if np.array_equal(second, first + 1) and np.array_equal(first, first[0] + 2 * np.arange(count)):
        return "interleaved"
    if np.array_equal(first, first[0] + np.arange(count)) and len(set((second - first).tolist())) == 1:
        return "half"
    return None
