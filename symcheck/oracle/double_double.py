"""Rotations as pairs of float64, and the error bounds of multiplying them.

A number is kept as an unevaluated sum hi + lo of two float64 with |lo| <= u |hi|, u = 2^-53
(Dekker 1971; Knuth TAOCP 4.2.2 theorem B for two_sum).  A table of rotations holds
cos and sin of many angles that way, pair-major: arrays of shape (pairs, positions).

Every bound here is a Fraction that the code computes from the operation counts written beside
it; docs/oracle.md derives them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

U = Fraction(1, 2**53)  # unit roundoff of float64
SQRT2 = Fraction(1414213562373095049, 10**18)  # rounded up
_SPLITTER = 134217729.0  # 2^27 + 1, Veltkamp


@dataclass(frozen=True)
class Rotations:
    """cos = ch + cl and sin = sh + sl of angles, arrays of shape (pairs, positions).

    error bounds |ch + cl - cos| and |sh + sl - sin| for every entry; amplitude bounds the
    modulus of cos + i sin (1 unless the scaling rule multiplies the table).
    """

    ch: Array
    cl: Array
    sh: Array
    sl: Array
    error: Fraction
    amplitude: Fraction = Fraction(1)

    def map(self, f: Callable[[Array], Array]) -> Rotations:
        """The same rotations with f applied to each array (a choice or a reshaping)."""
        return Rotations(f(self.ch), f(self.cl), f(self.sh), f(self.sl), self.error, self.amplitude)

    @staticmethod
    def none(error: Fraction, amplitude: Fraction = Fraction(1)) -> Rotations:
        """No angles at all, with an error: for computing bounds of products."""
        x = np.zeros((1, 1))
        return Rotations(x, x, x, x, error, amplitude)


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """s + e = a + b exactly, s = fl(a + b)."""
    s = a + b
    v = s - a
    return s, (a - (s - v)) + (b - v)


def two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """p + e = a b exactly, p = fl(a b): without FMA, by Veltkamp's splitting."""
    p = a * b
    t = a * _SPLITTER
    a1 = t - (t - a)
    a2 = a - a1
    t = b * _SPLITTER
    b1 = t - (t - b)
    b2 = b - b1
    return p, a2 * b2 - (((p - a1 * b1) - a2 * b1) - a1 * b2)


@functools.lru_cache(maxsize=256)
def product_error(left: Fraction, right: Fraction, amplitude: Fraction = Fraction(1)) -> Fraction:
    """Bound of an entry of `rotate` (and of the compiled kernel) from those of its factors.

    With X = |cos a cos b|, Y = |sin a sin b| (or the cross terms), X + Y <= amplitude by Cauchy.
    The four products h*l, each at most u X or u Y, and their sum:

    - in NumPy four products, 2 u^2 together, two sums of two of them, at most 2 u X and 2 u Y, 2 u^2,
      and their difference, at most 2 u, 2 u^2: 6 u^2;
    - compiled, with FMA one after the other: sums of at most u Y, 2 u Y, 2 u Y + u X and 2 u:
      u^2 (5 Y + X + 2), at most                                  7 u^2

    The rest:

    - the difference of the two product errors, at most u:            u^2
    - adding the error of the main sum, at most 2 u together:       2 u^2
    - adding all, at most 4 u:                                      4 u^2
    - the products l*l, left out:                                     u^2

    15 u^2 in all, and 2^-50 of that for moduli not exactly 1 and for u^3 terms.  The compiled kernel ends
    with a fast two-sum, exact unless |s| < |lo|.  Then the main sum s cancels: it is exact (Sterbenz),
    its error 0 needs no adding (2 u^2 saved), all is at most 3 u (u^2 saved), and hi - s rounds by at most
    u |lo| <= 3 u^2: the same bound.  The factors' own errors reach the result through |cos| + |sin| <= sqrt 2.
    """
    rounding = 15 * U * U * amplitude * (1 + Fraction(1, 2**50))
    return rounding + SQRT2 * (left + amplitude * right) * (1 + Fraction(1, 2**50)) + 2 * left * right


def _combine(
    ah: Array, al: Array, bh: Array, bl: Array, ch: Array, cl: Array, dh: Array, dl: Array, sign: float
) -> tuple[Array, Array]:
    """(ah + al)(bh + bl) + sign (ch + cl)(dh + dl)."""
    p1, e1 = two_product(ah, bh)
    p2, e2 = two_product(ch, dh)
    s, t = two_sum(p1, sign * p2)
    cross = (ah * bl + al * bh) + sign * (ch * dl + cl * dh)
    return two_sum(s, (t + (e1 + sign * e2)) + cross)


def rotate(a: Rotations, b: Rotations) -> Rotations:
    """Angle addition, elementwise with broadcasting: cos, sin of the sums of angles."""
    ch, cl = _combine(a.ch, a.cl, b.ch, b.cl, a.sh, a.sl, b.sh, b.sl, -1.0)
    sh, sl = _combine(a.sh, a.sl, b.ch, b.cl, a.ch, a.cl, b.sh, b.sl, 1.0)
    amplitude = a.amplitude * b.amplitude
    return Rotations(ch, cl, sh, sl, product_error(a.error, b.error, amplitude), amplitude)


def coordinate(a: Rotations, b: Rotations, sine: Array) -> tuple[Array, Array, Fraction]:
    """hi, lo and their error: the sine of the sums of angles where `sine`, elsewhere the cosine, as `rotate` gives."""
    hi, lo = _combine(
        np.where(sine, a.sh, a.ch),
        np.where(sine, a.sl, a.cl),
        b.ch,
        b.cl,
        np.where(sine, a.ch, -a.sh),
        np.where(sine, a.cl, -a.sl),
        b.sh,
        b.sl,
        1.0,
    )
    return hi, lo, product_error(a.error, b.error, a.amplitude * b.amplitude)


def outer(a: Rotations, b: Rotations) -> Rotations:
    """All sums of an angle of `a` and one of `b`: (n, A) and (n, B) give (n, A * B), b fastest."""
    n, count = a.ch.shape[0], a.ch.shape[1] * b.ch.shape[1]

    def spread(r: Rotations, axis: int) -> Rotations:
        return r.map(lambda x: np.expand_dims(x, axis))

    return rotate(spread(a, 2), spread(b, 1)).map(lambda x: x.reshape(n, count))
