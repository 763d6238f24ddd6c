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
        out = np.ldexp(np.rint(np.ldexp(x, -step)), step)
        return np.where(np.abs(out) > float(fmt.largest), out * np.inf, out)


# ---------------------------------------------------------------------- integers


def largest_consecutive_integer(fmt: Format) -> int:
    """N such that the format holds every integer from -N to N, but not N + 1: 2^precision.

    Proof: |n| <= 2^p has at most p significant bits, or is 2^p; 2^p + 1 is odd and needs p + 1.
    """
    return 2**fmt.precision


def holds_integer(fmt: Format, n: int) -> bool:
    """Whether the integer n is a number of the format: its odd part has at most p bits, and it is in range.

    Every integer is a multiple of the smallest subnormal in all of FORMATS, so that the exponent
    range matters only at the top.
    """
    n = abs(n)
    if n == 0:
        return True
    return n <= fmt.largest and (n // (n & -n)).bit_length() <= fmt.precision


def first_collision(fmt: Format) -> tuple[int, int]:
    """The smallest consecutive positions that share a code: (2^p, 2^p + 1).

    All up to 2^p are held, hence distinct.  2^p + 1 lies half-way between 2^p and 2^p + 2, whose
    significands are even and odd: the tie goes to 2^p.  bfloat16: 256 and 257; float16 and TF32:
    2048 and 2049; float32: 16,777,216 and 16,777,217.
    """
    p = largest_consecutive_integer(fmt)
    return p, p + 1


def distinct_positions(fmt: Format, count: int) -> int:
    """How many codes the positions 0 .. count - 1 have, rounded to nearest even.

    Rounding is monotone and onto the held integers below the image of the last position; counted
    binade by binade: 2^(p-1) in each one above 2^p.
    """
    if count <= 0:
        return 0
    last = int(fmt.round(Fraction(count - 1)))
    p = fmt.precision
    total = min(last, 2**p) + 1
    low = 2**p
    while low < last:
        step = 2 * low // 2**p
        total += (min(last, 2 * low) - low) // step
        low *= 2
    return total


# ---------------------------------------------------------------------- angles


def angle_constant(fmt: Format, position_rounded: bool = False) -> Fraction:
    """c with |fl(fl(theta) * m) - theta m| <= c theta m: 2u, or 3u when m is rounded as well.

    One rounding to nearest is off by at most u / (1 + u) of the exact value (Jeannerod and Rump
    2018), so two give (1 + u/(1+u))^2 - 1 = (2u + 3u^2) / (1 + u)^2 < 2u, and three less than 3u.
    Holds where theta, m and the product stay in the normal range.
    """
    return (3 if position_rounded else 2) * fmt.unit_roundoff


def angle_error_bound(fmt: Format, theta: Fraction, m: int) -> Fraction:
    """Bound of |fl(fl(theta) * fl(m)) - theta m| in radians; m rounded only where fmt does not hold it.

    ValueError where theta or the angle leaves the normal range, where the bound says nothing.
    """
    theta = abs(theta)
    if m and not (Fraction(2) ** fmt.emin <= theta and theta * m * (1 + 3 * fmt.unit_roundoff) <= fmt.largest):
        raise ValueError(f"theta = {float(theta):g} at position {m} leaves the normal range of {fmt.name}")
    return angle_constant(fmt, not holds_integer(fmt, m)) * theta * abs(m)


def computed_angle(fmt: Format, theta: Fraction, m: int) -> Fraction:
    """fl(fl(theta) * fl(m)), exactly."""
    return fmt.round(fmt.round(theta) * fmt.round(Fraction(m)))


def cast_table_bound(fmt: Format) -> Fraction:
    """Largest error of casting a finished table of cosines and sines: u / 2.

    Half an ulp of the binade [1/2, 1), which is u; below it ulps are smaller, and 1 is exact.
    """
    return fmt.unit_roundoff / 2


def cast_frequency_bound(fmt: Format, theta: Fraction, m: int) -> Fraction:
    """Largest error of a cosine or sine when only the frequency is cast: min(2, u theta m).

    Unlike the cast of the table it grows with the position; past m = 1 / (2 theta) its bound is
    the larger one.
    """
    return min(Fraction(2), fmt.unit_roundoff * abs(theta) * abs(m))


@dataclass(frozen=True)
class CastErrors:
    """Largest errors over positions 0 .. positions - 1 and all pairs, beside their bounds."""

    format: str
    positions: int
    table: float
    table_bound: float
    frequency: float
    frequency_bound: float


def cast_errors(name: str, dim: int, base: Any, positions: int) -> CastErrors:
    """Measures what casting the frequencies does against casting the finished table.

    Both against the oracle: the first as the difference of two oracles, one of them with the
    rounded frequencies, the second as the judge sees it.
    """
    from .tables import Oracle

    fmt = FORMATS[name]
    oracle = Oracle(dim, base, method="numpy")
    rounded = rounded_frequencies(fmt, dim, base)
    cast = Oracle(frequencies=rounded, method="numpy")
    table = frequency = 0.0
    for start in range(0, positions, 8192):
        rows = min(8192, positions - start)
        true, other = oracle.block(start, rows), cast.block(start, rows)
        for a, b in (
            (true.cos_hi + true.cos_lo, other.cos_hi + other.cos_lo),
            (true.sin_hi + true.sin_lo, other.sin_hi + other.sin_lo),
        ):
            table = max(table, float(np.abs(round_array(a, fmt) - a).max()))
            frequency = max(frequency, float(np.abs(a - b).max()))
    worst = max(float(min(Fraction(2), fmt.unit_roundoff * t * (1 + fmt.unit_roundoff) * (positions - 1))) for t in rounded)
    return CastErrors(name, positions, table, float(cast_table_bound(fmt)), frequency, worst)


def rounded_frequencies(fmt: Format, dim: int, base: Any) -> list[Fraction]:
    """base^(-2i/d) correctly rounded to the format, exactly."""
    from .frequencies import Frequencies, fraction_bounds

    known, bits = Frequencies.of(dim, base), 96
    while True:
        bounds = [fraction_bounds(t) for t in known.balls(bits)]
        if all(fmt.round(a) == fmt.round(b) for a, b in bounds):
            return [fmt.round(a) for a, _ in bounds]
        bits *= 2
        if bits > 20000:
            raise ArithmeticError(f"a frequency of dim {dim}, base {base} is a tie in {fmt.name}")


# ---------------------------------------------------------------------- contexts


@dataclass(frozen=True)
class Context:
    """Largest context for which the relative identity holds to a tolerance.

    proved: number of positions for which the bound guarantees it.  swept: the largest number for
    which an exhaustive sweep finds it, or None where the sweep's limit came first.
    """

    format: str
    base: float
    dim: int
    tolerance: float
    proved: int
    swept: int | None


def proved_context(fmt: Format, frequencies: list[Fraction], tolerance: Fraction) -> int:
    """Positions 0 .. M - 1 among which |angle_n - angle_m - (n - m) theta| <= tolerance, by the bound.

    angle_m = fl(theta m) with theta already in the format, so that rounding theta only changes
    which frequency the identity is about.  One product is off by at most half an ulp, a
    difference of two by an ulp, and the rotation by it, in norm, by no more.  Angles below 2^E with
    E = floor(log2 tolerance) + p have ulps of at most the tolerance.  Products by a power of two
    are exact.  Positions past 2^p are not held at all.
    """
    p = fmt.precision
    exponent = p + _exponent(tolerance)
    best = 2**p + 1
    for theta in frequencies:
        if theta and theta.numerator & (theta.numerator - 1):
            best = min(best, -(-(Fraction(2) ** exponent) // theta))
    return max(1, int(best))


def swept_context(fmt: Format, frequencies: list[Fraction], tolerance: Fraction, limit: int) -> int | None:
    """The largest such M by trying every position below `limit`, or None if none fails there.

    Exact: a product of two numbers of at most 24 bits fits float64, and so does its distance from
    its rounding.  ValueError for float64, whose products do not.
    """
    if 2 * fmt.precision > 53:
        raise ValueError(f"the sweep is exact only up to 26 bits; {fmt.name} has {fmt.precision}")
    last = min(limit, 2**fmt.precision + 1)
    bound = float(tolerance)
    lows, highs = np.zeros((len(frequencies), 1)), np.zeros((len(frequencies), 1))
    theta = np.array([float(t) for t in frequencies])[:, None]
    for start in range(0, last, 16384):
        product = theta * np.arange(start, min(last, start + 16384), dtype=np.float64)
        error = round_array(product, fmt) - product
        high = np.maximum(np.maximum.accumulate(error, axis=1), highs)
        low = np.minimum(np.minimum.accumulate(error, axis=1), lows)
        bad = ((high - low) > bound).any(axis=0)
        if bad.any():
            return start + int(np.argmax(bad))
        highs, lows = high[:, -1:], low[:, -1:]
    return last if last < limit else None


def contexts(
    names: tuple[str, ...] = ("bfloat16", "float16", "float32"),
    bases: tuple[int, ...] = (10000, 500000),
    dims: tuple[int, ...] = (64, 128),
    tolerances: tuple[Fraction, ...] = (Fraction(1, 2**6), Fraction(1, 2**10), Fraction(1, 2**14)),
    limit: int = 2**20,
) -> list[Context]:
    """The table of docs/oracle.md: every entry from the bound, confirmed by the sweep."""
    out = []
    for name in names:
        for base in bases:
            for dim in dims:
                thetas = rounded_frequencies(FORMATS[name], dim, base)
                for tolerance in tolerances:
                    proved = proved_context(FORMATS[name], thetas, tolerance)
                    swept = swept_context(FORMATS[name], thetas, tolerance, limit)
                    out.append(Context(name, float(base), dim, float(tolerance), proved, swept))
    return out


def contexts_markdown(rows: list[Context], limit: int = 2**20) -> str:
    """The rows as a Markdown table."""
    lines = ["| format | base | dim | tolerance (rad) | proved | swept |", "|---|---|---|---|---|---|"]
    for r in rows:
        swept = f"over {limit:,}" if r.swept is None else f"{r.swept:,}"
        lines.append(
            f"| {r.format} | {r.base:,.0f} | {r.dim} | 2^{_exponent(Fraction(r.tolerance))} | {r.proved:,} | {swept} |"
        )
    return "\n".join(lines)
