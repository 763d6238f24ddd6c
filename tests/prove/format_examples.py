"""Numbers of a binary format and rounding to nearest, in exact arithmetic: how the definitions of
``derivations.formats`` are decided at values, which their own quantifiers do not allow."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import mpmath

from derivations.formats import even, held, in_binade, nearest, rounded
from symcheck.prove.mutate import register_property


def exact(x: Any) -> Fraction:
    """A float or an mpmath number as the rational that it is."""
    if isinstance(x, mpmath.mpf):
        sign, man, exp, _ = x._mpf_
        return Fraction(-man if sign else man) * Fraction(2) ** exp
    return Fraction(x)


def neighbours(bits: int, x: Fraction) -> tuple[Fraction, Fraction]:
    """The numbers of the format next to x: the largest one up to it and the smallest one from it on."""
    if bits == 0 or x == 0:
        return Fraction(0), Fraction(0)
    size = abs(x)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    exponent -= size < Fraction(2) ** exponent  # 2^exponent <= |x| < 2^(exponent + 1)
    step = Fraction(2) ** (exponent - bits + 1)
    return x // step * step, -(-x // step) * step


def is_held(bits: int, x: Any) -> bool:
    low, high = neighbours(bits, exact(x))
    return low == exact(x) == high


def is_nearest(bits: int, x: Any, y: Any) -> bool:
    x, y = exact(x), exact(y)
    return is_held(bits, y) and abs(y - x) == min(abs(z - x) for z in neighbours(bits, x))


def is_even(bits: int, y: Any) -> bool:
    """Held with one bit less: with no bits, or one, only 0 has an even significand below 2^bits."""
    return is_held(max(bits - 1, 0), y)


def is_rounded(bits: int, x: Any, y: Any) -> bool:
    low, high = neighbours(bits, exact(x))
    tie = low != high and exact(x) - low == high - exact(x)
    return is_nearest(bits, x, y) and (not tie or is_even(bits, y))


def one_held(rng: random.Random, bits: int) -> Fraction:
    return Fraction(rng.randint(1 - 2**bits, 2**bits - 1)) * Fraction(2) ** rng.randint(-4, 6)


def one_nearest(rng: random.Random, bits: int, x: Any) -> Fraction:
    x = exact(x)
    best = sorted(neighbours(bits, x), key=lambda z: abs(z - x))
    return best[0] if abs(best[0] - x) < abs(best[1] - x) else rng.choice(best)


def one_rounded(rng: random.Random, bits: int, x: Any) -> Fraction:
    x = exact(x)
    return min(neighbours(bits, x), key=lambda z: (abs(z - x), not is_even(bits, z)))


register_property(held, is_held, one_held)
register_property(nearest, is_nearest, one_nearest)
register_property(rounded, is_rounded, one_rounded)
register_property(even, is_even)
register_property(in_binade, lambda x: x != 0)
