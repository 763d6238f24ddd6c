"""How far a correct implementation can be from the exact value, as arrays over positions and pairs.

The bounds are those of `symcheck.kernels.bounds`; this module adds the one thing that other people's code
does differently from our kernels, the way to a frequency, and evaluates the bounds on whole grids.

**The way to a frequency.** Our kernels round a 50-digit value once. Elsewhere theta = base^(-2i/d) is
computed in the angle's format, with unit roundoff u and L = abs(log theta), along one of two routes:

- 1 / base^(2i/d): the exponent is rounded (a relative error u of the exponent is L u of the power), pow errs
  by at most 4 ulp, that is 8u (the loosest figure that NumPy, SLEEF or libm documents), and the reciprocal
  by u: (L + 9) u;
- exp(-log(base) 2i/d): the logarithm errs by at most 4 ulp (8u), the quotient and the two products by u
  each, all relative to the exponent, and exp by 8u: (11 L + 8) u.

Both are within (11 L + 9) u to first order; second-order terms are below one more u for L u < 2^-10. A
scaling (linear, NTK, YaRN, llama3) adds at most 12 roundings. Frequency 1 is exact on either route, since
pow(b, 0) and exp(0) are exactly 1 (IEEE 754-2019, 9.2.1), and so is its product with a representable
position.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from symcheck.kernels import bounds as kernel_bounds
from symcheck.kernels.formats import format_of

#: Roundings that a scaling rule adds to a frequency: ramp, blend, quotient.
SCALING_ROUNDINGS = 12

# Larger than any angle that a position can make, and a value of every format's significand: there the
# angle's error is capped by the diameter of the circle.
_BEYOND = 2.0**60


def frequency_error(theta: float, angle_dtype: str, *, scaled: bool = False) -> float:
    """Relative error of a frequency (radians per token) computed in `angle_dtype` by either route."""
    if theta == 1.0 and not scaled:
        return 0.0
    u = format_of(angle_dtype).unit_roundoff
    length = abs(math.log(theta)) if theta > 0 else 0.0
    return (11 * length + 10 + (SCALING_ROUNDINGS if scaled else 0)) * u


def angle_tolerances(positions: np.ndarray, thetas: np.ndarray, angle_dtype: str, *, scaled: bool) -> np.ndarray:
    """What two correct computations of cos and sin in `angle_dtype` may differ by, [n, pairs].

    The error of `rotation_bounds` before any rounding to the output, to first order and doubled: frequency,
    product, and functions of 4 ulp each. Used to compare an output with the prediction of a known cause.
    """
    u = format_of(angle_dtype).unit_roundoff
    thetas = np.abs(np.asarray(thetas, dtype=np.float64))
    lengths = np.abs(np.log(np.where(thetas > 0, thetas, 1.0)))
    relative = (11 * lengths + 11 + (SCALING_ROUNDINGS if scaled else 0)) * u
    relative = np.where((thetas == 0) | ((thetas == 1) & (not scaled)), 0.0, relative)
    distance = np.abs(np.asarray(positions, dtype=np.float64))[:, None]
    return 2 * np.minimum(distance * thetas * relative, 1.0) + 32 * u


def rotation_bounds(
    positions: np.ndarray,
    thetas: np.ndarray,
    dtype: str,
    *,
    angle_dtype: str,
    scale: float = 1.0,
    scaled: bool = False,
) -> np.ndarray:
    """Bounds [n, pairs] of a rotated pair of Euclidean norm 1, for positions [n] and thetas [pairs].

    The arithmetic may be in `dtype` itself. `positions` are integers below 2^24 in absolute value, so that
    every angle format in question holds them exactly; the bound of `rope_bound` is then min(p a, 2) b + c
    in the position p, and a, b, c are read off three of its values.
    """
    nothing, token, half_cap = _coefficients(
        tuple(np.asarray(thetas, dtype=np.float64).tolist()), dtype, angle_dtype, scale, scaled
    )
    distance = np.abs(np.asarray(positions, dtype=np.float64))
    return nothing + np.minimum(distance[:, None] * token, 2.0) * half_cap


@lru_cache(maxsize=256)
def _coefficients(
    thetas: tuple[float, ...], dtype: str, angle_dtype: str, scale: float, scaled: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """c, a and b of the bound min(p a, 2) b + c, each [pairs]."""
    nothing, token, half_cap = (np.empty(len(thetas)) for _ in range(3))
    for i, theta in enumerate(thetas):
        error = frequency_error(theta, angle_dtype, scaled=scaled) if theta else 0.0

        def at(position: float, theta: float = theta, error: float = error) -> float:
            return kernel_bounds.rope_bound(
                position,
                theta,
                1.0,
                dtype,
                angle_dtype=angle_dtype,
                compute_dtype=dtype,
                scale=scale,
                frequency_error=error,
            )

        nothing[i] = at(0.0)
        half_cap[i] = (at(_BEYOND) - nothing[i]) / 2.0
        # One token turns by little: its share of the bound is linear, and measured without cancellation.
        exact_product = theta in (0.0, 1.0) and not scaled
        token[i] = 0.0 if exact_product else kernel_bounds.angle_bound(1.0, theta, angle_dtype, frequency_error=error)
    if 0.0 in thetas or 1.0 in thetas:
        # The cap of a frequency whose angle is exact cannot be read off a position that is not reached.
        half_cap = np.where(token > 0, half_cap, half_cap.max())
    return nothing, token, half_cap


def score_bounds(
    query_bound: np.ndarray, key_bound: np.ndarray, query_norm: np.ndarray, key_norm: np.ndarray, dim: int
) -> np.ndarray:
    """Error of the score of two rotated vectors, summed in float64.

    `query_bound` and `key_bound` are the bounds of one pair of norm 1, the largest over the pairs, so that a
    vector errs by its norm times that; then abs(q'.k' - q.k) <= e_q N_k + N_q e_k + e_q e_k, and the sum of
    dim products adds gamma_dim of the product of the norms.
    """
    e_q, e_k = query_bound * query_norm, key_bound * key_norm
    product = (query_norm + e_q) * (key_norm + e_k)
    rounding = kernel_bounds.gamma(dim, "float64")
    return e_q * key_norm + query_norm * e_k + e_q * e_k + rounding * product


def pair_score_bounds(
    query_norms: np.ndarray, key_norms: np.ndarray, query_bounds: np.ndarray, key_bounds: np.ndarray
) -> np.ndarray:
    """[n]: error of a score, coordinate by coordinate.

    `*_norms` [n, d] give for each coordinate the norm of the pair that it belongs to, `*_bounds` [n or 1, d]
    the error of a pair of norm 1. Each pair contributes abs(q'.k' - q.k) <= (e_q + e_k + e_q e_k) |q| |k|,
    and counting it for both of its coordinates covers the summation's rounding as well.
    """
    product = query_norms * key_norms
    error = (query_bounds + key_bounds + query_bounds * key_bounds) * product
    rounding = kernel_bounds.gamma(query_norms.shape[1], "float64")
    return (error + rounding * (product + error)).sum(axis=1)


def unit_roundoff(dtype: str) -> float:
    """u of a dtype: half an ulp at magnitude 1."""
    return format_of(dtype).unit_roundoff


def ulp(dtype: str) -> float:
    """The spacing of the dtype's numbers just below 1: the unit in which table errors are reported."""
    return format_of(dtype).unit_roundoff
