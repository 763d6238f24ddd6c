"""Long-distance behaviour of positional inner products, with enclosures.

For the frequencies base^(-2i/d) the inner product of two encodings at offset t is

    g(t) = sum over i < d/2 of cos(t base^(-2i/d)),

and g(t) / (d/2) is a left Riemann sum of the kernel

    K(x) = integral over 0..1 of cos(x base^-s) ds = (Ci(x) - Ci(x / base)) / log base

(substitute y = x base^-s; Ci is the cosine integral).  All values are balls or come with a bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from flint import arb

from .double_double import Array
from .frequencies import Exact, Frequencies, ball_of, exact, fraction_bounds, precision
from .tables import BLOCK, SPAN, Oracle


def _base(base: Exact) -> arb:
    value = exact(base, "base")
    if value <= 1:
        raise ValueError(f"base must be greater than 1, not {base}")
    return ball_of(value)


def _point(x: Exact | arb) -> arb:
    return x if isinstance(x, arb) else ball_of(exact(x, "x"))


def kernel(x: Exact | arb, base: Exact = 10000, bits: int = 128) -> arb:
    """Ball of K(x) = (Ci(x) - Ci(x/base)) / log base for x > 0; K(0) = 1.

    x may be a ball; the result then encloses K on all of it.  ValueError for x not >= 0.
    """
    with precision(bits):
        b, point = _base(base), _point(x)
        if point == 0:
            return arb(1)
        if not point > 0:
            raise ValueError("x must be positive, or exactly 0")
        return (point.ci() - (point / b).ci()) / b.log()


def kernel_slope(x: Exact | arb, base: Exact = 10000, bits: int = 128) -> arb:
    """Ball of K'(x) = (cos x - cos(x/base)) / (x log base), x > 0 (Ci' = cos x / x)."""
    with precision(bits):
        b, point = _base(base), _point(x)
        if not point > 0:
            raise ValueError("x must be positive")
        return (point.cos() - (point / b).cos()) / (point * b.log())


def decay_constant(base: Exact = 10000, bits: int = 128) -> arb:
    """C = 2 base / log base, with |K(x)| <= C / x for every x > 0.

    K(x) log base is the integral of cos(y)/y over x/base .. x; 1/y decreases, so that by the
    second mean value theorem it is (base/x) times an integral of cos, which is at most 2.
    """
    with precision(bits):
        b = _base(base)
        return 2 * b / b.log()


@dataclass(frozen=True)
class FirstZero:
    """The first positive zero of K and what proves it.

    zero: a ball that contains exactly one zero; digits: how many decimal digits it fixes.
    steps: intervals of the proof that K > 0 on [0, monotone_from]; on [monotone_from, end of
    the ball] K' < 0, proved on `pieces` balls that cover it, so that K has one zero there.
    """

    base: float
    zero: arb
    digits: int
    steps: int
    monotone_from: float
    pieces: int


def first_zero(base: Exact = 10000, digits: int = 30) -> FirstZero:
    """Isolates the first positive zero of K to `digits` significant digits, with a proof.

    K > 0 from 0 on: |K'| <= min(1, 2/x) / log base, from the definition and from the formula for
    K', so that K(x) = k > 0 keeps K positive on the interval of length k log base / min(1, 2/x) after
    x.  The steps shrink where K is small; from there K' < 0 is shown on balls that cover the
    rest up to the zero, which is then unique.
    """
    bits = max(128, int(digits * 3.33) + 64)
    with precision(bits):
        b = _base(base)
        log = b.log()
        # The zero of log(base / x) - gamma, which K is but for what oscillates: a place to look.
        guess = float(b * (-arb.const_euler()).exp())
        low, high = _bracket(base, guess, bits)
        for _ in range(bits):
            middle = (low + high) / 2
            if (high - low).mid() < middle.mid() * arb(10) ** (-digits - 3):
                break
            value = kernel(middle, base, bits)
            if value > 0:
                low = middle
            elif value < 0:
                high = middle
            else:
                break
        zero = low.union(high)
        # From here on K decreases: a little before the zero, so that the steps stay large.
        start, pieces = _monotone_stretch(low, high, base, bits)
        x, steps = arb(0), 0
        while not x >= start:
            value = kernel(x, base, bits)
            if not value > 0:
                raise ArithmeticError(f"K is not positive at {float(x)}; the zero found is not the first")
            slope = 1 / log if not x > 2 else 2 / (x * log)
            further = (x + value * arb("0.99") / slope).lower()
            # Steps that shrink to nothing have run into an earlier zero.
            if not value > arb(2) ** (-bits // 2) or not further > x:
                raise ArithmeticError(f"K is not positive beyond {float(x)}; the zero found is not the first")
            x = further
            steps += 1
        if not (kernel(low, base, bits) > 0 and kernel(high, base, bits) < 0):
            raise ArithmeticError("no change of sign at the ends of the ball")
    return FirstZero(float(exact(base)), zero, digits, steps, float(start), pieces)


def _bracket(base: Exact, guess: float, bits: int) -> tuple[arb, arb]:
    """Points on both sides of a change of sign, near a guess or else from the left."""
    width = guess / 1024
    for _ in range(24):
        low, high = arb(guess - width), arb(guess + width)
        if low > 0 and kernel(low, base, bits) > 0 and kernel(high, base, bits) < 0:
            return low, high
        width *= 1.5
        if width >= guess:
            break
    step = arb(guess) / 4096
    low = step
    while kernel(low + step, base, bits) > 0:
        low += step
    return low, low + step


def _monotone_stretch(low: arb, high: arb, base: Exact, bits: int) -> tuple[arb, int]:
    """(start, pieces): K' < 0 on [start, high], proved on that many balls, start below low."""
    stretch = arb(1) / 4
    while True:
        start = (low - stretch).lower()
        count = 16
        edges = [start + (high - start) * k / count for k in range(count + 1)]
        balls = [p.union(q) for p, q in pairwise(edges)]
        if start > 0 and all(kernel_slope(ball, base, bits) < 0 for ball in balls):
            return start, count
        stretch /= 2
        if stretch < arb(2) ** (-bits // 2):
            raise ArithmeticError("K' changes sign at the zero")


# ---------------------------------------------------------------------- finite d


@dataclass(frozen=True)
class InnerProduct:
    """g(t) = sum of cos(t theta_i) over whole offsets 0 <= t < offsets, each with error <= bound.

    first_rise: the smallest t with g(t + 1) > g(t); first_negative: the smallest t with g(t) < 0;
    None where there is none.  returns: (t, g(t) / pairs) of the largest local maxima after
    first_negative (after first_rise, if g stays positive), largest first: the near returns.
    settled: comparisons decided by balls because the bound did not.
    """

    dim: int
    base: float
    offsets: int
    bound: float
    first_rise: int | None
    first_negative: int | None
    returns: list[tuple[int, float]]
    settled: int


def inner_product_values(
    frequencies: Frequencies, start: int, count: int, oracle: Oracle | None = None
) -> tuple[Array, float]:
    """(g(t) for t = start .. start + count - 1, bound of the absolute error).

    Bound: n terms, each off by the oracle's bound and by one rounding to float64 (2^-53), and a sum of
    n terms of size at most 1 in any order, off by at most gamma_(n-1) n (Higham 4.4).
    """
    oracle = oracle or Oracle(frequencies=frequencies, method="numpy")
    n = frequencies.pairs
    out = np.empty(count)
    done = 0
    while done < count:
        span, offset = divmod(start + done, SPAN)
        a, skip = divmod(offset, BLOCK)
        rows = min(2 * BLOCK - skip, SPAN - offset, count - done)
        total = np.zeros(-(-(skip + rows) // BLOCK) * BLOCK)
        for i in range(0, n, 16):
            pairs = slice(i, min(i + 16, n))
            hi, lo = oracle.pair_major(span, a, len(total) // BLOCK, 0, pairs)
            hi += lo
            total += hi.reshape(pairs.stop - pairs.start, -1).sum(axis=0)
        out[done : done + rows] = total[skip : skip + rows]
        done += rows
    u = 2.0**-53
    sizes = n * max(1.0, float(oracle.modulus))
    bound = n * (oracle.bound + 2 * u * float(oracle.modulus)) + (n * u / (1 - n * u)) * sizes * (1 + 2.0**-20)
    return out, bound * (1 + 2.0**-40)


def inner_product_ball(frequencies: Frequencies, t: int, bits: int = 128) -> arb:
    """Ball of g(t)."""
    with precision(bits + 64):
        total = arb(0)
        for theta in frequencies.balls(bits + 64):
            total += (theta * t).cos()
        return total


def inner_product(
    dim: int, base: Exact = 10000, offsets: int = 2**20, spacing: str = "paper", returns: int = 5
) -> InnerProduct:
    """Sweeps g over 0 <= t < offsets: where it first rises, first turns negative, nearly returns.

    Every comparison that the bound leaves open is decided by balls; a tie that 2,000 bits do not
    break counts as equal.
    """
    if offsets < 2:
        raise ValueError(f"offsets must be at least 2, not {offsets}")
    known = Frequencies.of(dim, base, spacing)
    oracle = Oracle(frequencies=known, method="numpy")
    g, bound = inner_product_values(known, 0, offsets, oracle)
    settled = 0

    def sign(p: int, q: int | None = None) -> int:
        """Sign of g(p) - g(q), or of g(p)."""
        nonlocal settled
        settled += 1
        bits = 96
        while bits < 2000:
            value = inner_product_ball(known, p, bits)
            if q is not None:
                value = value - inner_product_ball(known, q, bits)
            if value > 0 or value < 0:
                return 1 if value > 0 else -1
            bits *= 2
        return 0

    first_rise = None
    steps = np.diff(g)
    for t in np.flatnonzero(steps > -2 * bound):
        if steps[t] > 2 * bound or sign(int(t) + 1, int(t)) > 0:
            first_rise = int(t)
            break
    first_negative = None
    for t in np.flatnonzero(g < bound):
        if g[t] < -bound or sign(int(t)) < 0:
            first_negative = int(t)
            break
    found: list[tuple[int, float]] = []
    if first_rise is not None and returns > 0:
        inner = np.arange(max(first_rise, first_negative or 0, 1), offsets - 1)
        peaks = inner[(g[inner] >= g[inner - 1]) & (g[inner] >= g[inner + 1])]
        order = peaks[np.argsort(-g[peaks], kind="stable")][: returns + 8].tolist()
        # Neighbours in the order whose values are closer than the bound are compared by balls.
        for k in range(1, len(order)):
            j = k
            while j and g[order[j]] >= g[order[j - 1]] - 2 * bound and sign(order[j], order[j - 1]) > 0:
                order[j - 1], order[j] = order[j], order[j - 1]
                j -= 1
        found = [(int(t), float(g[t]) / known.pairs) for t in order[:returns]]
    return InnerProduct(known.dim, float(known.base), offsets, bound, first_rise, first_negative, found, settled)


@dataclass(frozen=True)
class RiemannError:
    """g(t)/n - K(t): the error of reading the inner product as its integral, and a bound of it."""

    error: arb
    bound: arb


def riemann_error(t: int, dim: int, base: Exact = 10000, bits: int = 128) -> RiemannError:
    """The error of g(t)/n as a left Riemann sum of K(t), n = dim/2, and the bound V/n.

    A left sum with n equal cells is off by at most V/n, V the total variation of the integrand.
    Here that is the variation of cos over t/base .. t, at most t (1 - 1/base), and at most
    2 (t (1 - 1/base) / pi + 1), two for each half-turn.
    """
    if t < 0:
        raise ValueError(f"t must not be negative: {t}")
    known = Frequencies.of(dim, base)
    with precision(bits):
        error = inner_product_ball(known, t, bits) / known.pairs - kernel(t, base, bits)
        turn = t * (1 - 1 / _base(base))
        variation = turn.min(2 * (turn / arb.pi() + 1)) if t else arb(0)
        return RiemannError(error, variation / known.pairs)


def curve(dim: int, base: Exact = 10000, offsets: int = 4096) -> dict[str, Any]:
    """Data of the decay plot: offsets t, g(t)/n, enclosure of K(t), and the bound C/t.

    K is given as arrays low, high (float64, rounded outwards) at up to 512 offsets, spaced
    geometrically.
    """
    known = Frequencies.of(dim, base)
    g, bound = inner_product_values(known, 0, offsets)
    points = np.unique(np.geomspace(1, offsets - 1, 512).astype(int))
    lows, highs = [], []
    for t in points:
        low, high = fraction_bounds(kernel(int(t), base, 96))
        lows.append(math.nextafter(float(low), -math.inf))
        highs.append(math.nextafter(float(high), math.inf))
    constant = float(fraction_bounds(decay_constant(base))[1])
    return {
        "offsets": np.arange(offsets),
        "mean": g / known.pairs,
        "bound": bound / known.pairs,
        "points": points,
        "low": np.array(lows),
        "high": np.array(highs),
        "decay": constant / points,
    }
