"""Independent references at 50 digits, and the one comparison that all kernel tests use.

Nothing here is shared with the kernels: the formulas are written again from the papers, scalar
by scalar, in a private mpmath context.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import mpmath
import numpy

MP = mpmath.MPContext()
MP.dps = 50


def exact(array: numpy.ndarray) -> numpy.ndarray:
    """The float64 numbers of an array as mpmath numbers, without rounding; exact ones stay."""
    if array.dtype == object:
        return array.copy()
    out = numpy.empty(array.shape, dtype=object)
    for index in numpy.ndindex(array.shape):
        out[index] = MP.mpf(float(array[index]))
    return out


def errors(actual: numpy.ndarray, expected: Any) -> numpy.ndarray:
    """abs(actual - expected), taken at 50 digits and then rounded to float64."""
    difference = numpy.abs(exact(numpy.asarray(actual, dtype=numpy.float64)) - numpy.asarray(expected))
    return numpy.asarray(difference, dtype=object).astype(numpy.float64)


def assert_within(actual: numpy.ndarray, expected: Any, bound: Any) -> None:
    """AssertionError naming the worst entry unless abs(actual - expected) <= bound everywhere."""
    error = errors(actual, expected)
    limit = numpy.broadcast_to(numpy.asarray(bound, dtype=numpy.float64), error.shape)
    excess = ~(error <= limit)
    if excess.any():
        index = tuple(int(i) for i in numpy.argwhere(excess)[0])
        raise AssertionError(
            f"entry {index}: {actual[index]!r} is off by {error[index]:.3g}, "
            f"expected at most {limit[index]:.3g}; {int(excess.sum())} such entries"
        )


def frequency(i: int, dim: int, base: float = 10000.0, spacing: str = "paper") -> Any:
    exponent = MP.mpf(2 * i) / dim if spacing == "paper" else MP.mpf(i) / max(dim // 2 - 1, 1)
    return 1 / MP.power(MP.mpf(base), exponent)


def frequencies(dim: int, base: float = 10000.0, spacing: str = "paper") -> list[Any]:
    return [frequency(i, dim, base, spacing) for i in range(dim // 2)]


def sinusoid(positions: Sequence[float], dim: int, base: float, spacing: str, layout: str) -> numpy.ndarray:
    thetas = frequencies(dim, base, spacing)
    half = dim // 2
    out = numpy.empty((len(positions), dim), dtype=object)
    for t, position in enumerate(positions):
        for i, theta in enumerate(thetas):
            sine, cosine = MP.sin(position * theta), MP.cos(position * theta)
            at = {
                "interleaved": (2 * i, 2 * i + 1),
                "sine-first": (i, half + i),
                "cosine-first": (half + i, i),
            }[layout]
            out[t, at[0]], out[t, at[1]] = sine, cosine
    return out


def pair_indices(rotated: int, layout: str) -> list[tuple[int, int]]:
    half = rotated // 2
    return [(2 * i, 2 * i + 1) if layout == "interleaved" else (i, half + i) for i in range(half)]


def rotated(
    x: numpy.ndarray, positions: Sequence[float], thetas: Sequence[Any], layout: str, sign: int = 1
) -> numpy.ndarray:
    """R(sign m) x for x [T, D], by complex multiplication (RoFormer, eq. 12)."""
    out = exact(x)
    for t, position in enumerate(positions):
        for theta, (a, b) in zip(thetas, pair_indices(2 * len(thetas), layout), strict=True):
            turned = MP.mpc(float(x[t, a]), float(x[t, b])) * MP.expj(sign * position * theta)
            out[t, a], out[t, b] = turned.real, turned.imag
    return out


def softmax(scores: Sequence[Any]) -> list[Any]:
    """exp(s) / sum exp(s), unshifted; None marks a key that is not seen; zeros if none is."""
    terms = [MP.mpf(0) if s is None else MP.exp(s) for s in scores]
    total = MP.fsum(terms)
    return [term / total if total else term for term in terms]


def attention(
    query: numpy.ndarray,
    key: numpy.ndarray,
    value: numpy.ndarray,
    bias: numpy.ndarray | None = None,
    mask: numpy.ndarray | None = None,
) -> numpy.ndarray:
    """softmax(Q K^T / sqrt(d) + bias) V for matrices; -inf in the bias means not seen."""
    q, k, v = exact(query), exact(key), exact(value)
    root = MP.sqrt(query.shape[1])
    out = numpy.empty((len(q), v.shape[1]), dtype=object)
    for i in range(len(q)):
        scores: list[Any] = []
        for j in range(len(k)):
            added = 0.0 if bias is None else float(bias[i, j])
            seen = (mask is None or bool(mask[i, j])) and added != -math.inf
            scores.append(MP.fdot(q[i], k[j]) / root + added if seen else None)
        weights = softmax(scores)
        for c in range(v.shape[1]):
            out[i, c] = MP.fdot(weights, v[:, c])
    return out
