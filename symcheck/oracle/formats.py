"""Binary floating-point formats, exactly, and theorems about what they do to angles.

Part 1 is a format as data (precision, exponent range) and correct rounding into it, both of a
rational and of arrays of float64.  Part 2 states the theorems: which integers a format holds,
from which position on two positions share a code, how wrong a rounded angle can be.

Source of the terms: IEEE 754-2019; Higham, Accuracy and Stability of Numerical Algorithms,
2nd ed., chapters 2 and 3; Open Compute Project, 8-bit Floating Point (OFP8) 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Format:
    """A binary format: numbers k * 2^q with |k| < 2^precision and q >= emin - precision + 1.

    emin, emax: exponents of the smallest normal and of the largest binade.  largest: the
    largest finite number (e4m3 spends its top code on NaN, so the formula does not give it).
    bytes: stored size; 0 where the format is an arithmetic mode and not a storage type (TF32).
    """

    name: str
    precision: int
    emin: int
    emax: int
    largest: Fraction
    bytes: int

    @property
    def unit_roundoff(self) -> Fraction:
        """u = 2^-precision: |fl(x) - x| <= u |x| for x in the normal range, round to nearest."""
        return Fraction(1, 2**self.precision)

    @property
    def smallest(self) -> Fraction:
        """The smallest positive number, a subnormal."""
        return Fraction(2) ** (self.emin - self.precision + 1)

    def ulp(self, x: Fraction) -> Fraction:
        """Spacing of the format's numbers in the binade [2^e, 2^(e+1)) that holds |x|."""
        return Fraction(2) ** (max(_exponent(abs(x)), self.emin) - self.precision + 1) if x else self.smallest

    def round(self, x: Fraction) -> Fraction:
        """The number of the format nearest to x, ties to even.  OverflowError past the largest."""
        step = self.ulp(x)
        rounded = round(x / step) * step  # Python rounds halves to even
        if abs(rounded) > self.largest:
            raise OverflowError(f"{float(x):g} is past the largest {self.name}, {float(self.largest):g}")
        return rounded

    def holds(self, x: Fraction | int) -> bool:
        """Whether x is a number of the format."""
        x = Fraction(x)
        return abs(x) <= self.largest and (x / self.ulp(x)).denominator == 1


def _exponent(x: Fraction) -> int:
    """e with 2^e <= x < 2^(e+1), for x > 0."""
    e = x.numerator.bit_length() - x.denominator.bit_length()
    return e if x >= Fraction(2) ** e else e - 1


def _ieee(name: str, precision: int, emax: int, size: int) -> Format:
    largest = (2 - Fraction(2) ** (1 - precision)) * Fraction(2) ** emax
    return Format(name, precision, 1 - emax, emax, largest, size)


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        _ieee("float64", 53, 1023, 8),
        _ieee("float32", 24, 127, 4),
        _ieee("tf32", 11, 127, 0),
        _ieee("float16", 11, 15, 2),
        _ieee("bfloat16", 8, 127, 2),
        _ieee("float8_e5m2", 3, 15, 1),
        Format("float8_e4m3fn", 4, -6, 8, Fraction(448), 1),
    )
}


def round_array(x: Array, fmt: Format) -> Array:
    """Correctly rounds float64 values into `fmt`, ties to even, as float64 of the same shape.

    One rounding, with subnormals; past the largest number the result is infinite.  A cast
    through float32, as libraries do for bfloat16, would round twice.
    """
    x = np.asarray(x, dtype=np.float64)
    if fmt.name == "float64":
        return x.copy()
    if fmt.name in ("float32", "float16"):
        with np.errstate(over="ignore"):
            return x.astype(fmt.name).astype(np.float64)
    _, e = np.frexp(x)
    step = np.maximum(e - 1, fmt.emin) - fmt.precision + 1
    with np.errstate(invalid="ignore"):
        out: Array = np.ldexp(np.rint(np.ldexp(x, -step)), step)
    out[np.abs(out) > float(fmt.largest)] *= np.inf
    return out
