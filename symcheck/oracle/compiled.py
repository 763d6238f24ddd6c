"""The compiled path (numba): angle addition in double-double with FMA.

Importing this module imports numba, so only the functions that use it do so.  Compiled code is
cached beside this file, or in numba's own cache where that place cannot be written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

Array = np.ndarray[Any, np.dtype[Any]]


@intrinsic  # type: ignore[untyped-decorator]
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c with one rounding: llvm.fma, which is exact with or without FMA in hardware."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def bits_of(typingctx: Any, x: Any) -> Any:
    """The 64 bits of a float64 as an int64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def float_of(typingctx: Any, x: Any) -> Any:
    """The float64 that has the 64 bits of an int64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), codegen


@njit(inline="always")  # type: ignore[untyped-decorator]
def combine(ah, al, bh, bl, ch, cl, dh, dl):  # type: ignore[no-untyped-def]
    """(ah + al)(bh + bl) + (ch + cl)(dh + dl) as hi + lo; the error is double_double.product_error."""
    p1 = ah * bh
    e1 = fma(ah, bh, -p1)
    p2 = ch * dh
    e2 = fma(ch, dh, -p2)
    s = p1 + p2
    v = s - p1
    t = (p1 - (s - v)) + (p2 - v)
    cross = fma(ah, bl, al * bh) + fma(ch, dl, cl * dh)
    lo = (t + (e1 + e2)) + cross
    hi = s + lo
    v = hi - s
    return hi, (s - (hi - v)) + (lo - v)


#: Rows of the tables that the inner loops walk: small enough to stay in a core's cache.
FILL_BITS = 8
COMPARE_BITS = 6


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def fill(coarse, steps, low, offset, count, cos_hi, cos_lo, sin_hi, sin_lo):  # type: ignore[no-untyped-def]
    """Rows offset .. offset + count - 1 of a span into four (count, pairs) arrays.

    coarse (64, 4, pairs): rotations by multiples of 2^14 from the span's start; steps (64, 4,
    pairs): by multiples of 256; low (256, 4, pairs): by 0 .. 255.  Rows of 4: cos hi, cos lo, sin
    hi, sin lo.  A row coarse * step serves 256 positions.
    """
    pairs = low.shape[2]
    x = np.empty((4, pairs + 8))
    mask = (1 << FILL_BITS) - 1
    for row in range(count):
        at = offset + row
        if row == 0 or at & mask == 0:
            a, b = coarse[at >> 14], steps[(at >> FILL_BITS) & 63]
            for i in range(pairs):
                x[0, i], x[1, i] = combine(a[0, i], a[1, i], b[0, i], b[1, i], -a[2, i], -a[3, i], b[2, i], b[3, i])
                x[2, i], x[3, i] = combine(a[2, i], a[3, i], b[0, i], b[1, i], a[0, i], a[1, i], b[2, i], b[3, i])
        y = low[at & mask]
        for i in range(pairs):
            h, l = combine(x[0, i], x[1, i], y[0, i], y[1, i], -x[2, i], -x[3, i], y[2, i], y[3, i])
            cos_hi[row, i] = h
            cos_lo[row, i] = l
            h, l = combine(x[2, i], x[3, i], y[0, i], y[1, i], x[0, i], x[1, i], y[2, i], y[3, i])
            sin_hi[row, i] = h
            sin_lo[row, i] = l


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def fill_doubles(coarse, steps, low, offset, count, cos, sin):  # type: ignore[no-untyped-def]
    """As `fill`, but keeps only the high parts, which are the sums rounded to float64."""
    pairs = low.shape[2]
    x = np.empty((4, pairs + 8))
    mask = (1 << FILL_BITS) - 1
    for row in range(count):
        at = offset + row
        if row == 0 or at & mask == 0:
            a, b = coarse[at >> 14], steps[(at >> FILL_BITS) & 63]
            for i in range(pairs):
                x[0, i], x[1, i] = combine(a[0, i], a[1, i], b[0, i], b[1, i], -a[2, i], -a[3, i], b[2, i], b[3, i])
                x[2, i], x[3, i] = combine(a[2, i], a[3, i], b[0, i], b[1, i], a[0, i], a[1, i], b[2, i], b[3, i])
        y = low[at & mask]
        for i in range(pairs):
            cos[row, i] = combine(x[0, i], x[1, i], y[0, i], y[1, i], -x[2, i], -x[3, i], y[2, i], y[3, i])[0]
            sin[row, i] = combine(x[2, i], x[3, i], y[0, i], y[1, i], x[0, i], x[1, i], y[2, i], y[3, i])[0]


@njit(inline="always")  # type: ignore[untyped-decorator]
def compare_entry(x, y, i, stored, mantissa, floor_bits, constant):  # type: ignore[no-untyped-def]
    """|stored - exact|, 1/ulp of the exact value, and whether that value is a power of two or zero.

    x: h and r of one factor (cosine, sine with its sign); y: h and r of the other, as in the NumPy
    method: hi is exact, and lo holds what has an r in it.
    """
    hc, hs, rc, rs = y[0, i], y[1, i], y[2, i], y[3, i]
    hi = fma(x[0, i], hc, x[2, i] * hs)
    lo = fma(x[0, i], rc, fma(x[1, i], hc + rc, fma(x[2, i], rs, x[3, i] * (hs + rs))))
    error = abs((stored - hi) - lo)
    bits = bits_of(hi + lo)
    inverse = float_of(constant - max(bits & np.int64(0x7FF0000000000000), floor_bits))
    return error, inverse, (bits & mantissa) == 0


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def compare_rows(
    high,
    middle,
    fine,
    kind,
    magic,
    offset,
    stored,
    column,  # type: ignore[no-untyped-def]
    mantissa,
    floor_bits,
    constant,
    limits,
    scales,
    sums,
    needs,
    doubtful,
    found,
):
    """Compares one plane of a chunk, stored[:, column : column + pairs], with the exact values.

    high (1024, 4, pairs): rotations by multiples of 1024 from the span's start, middle (16, 4,
    pairs): by multiples of 64, both double-double; fine (64, 4, pairs): by 0 .. 63, split into
    h and r on the grid.  kind: 0 for cosines, 1 for sines.  magic: 1.5 * 2^52 times the grid.

    The steps and the names are those of the judge's NumPy path.  Adds to sums, per pair, the
    errors in ulp; raises needs, per pair, to the angle error that a row needs; doubtful
    (capacity, 2) takes rows and pairs left to finer means.  found returns: their number (possibly
    past the capacity), the count of wrong roundings, the first row with one, the first row past
    the threshold (or -1), and the bits of the largest ratio and of the largest error.

    One loop without branches over the pairs does nearly all the work, so that it becomes vector
    code; others look at the few rows that have something to report.
    """
    pairs = high.shape[2]
    reliable, margin, slack, threshold, rounding = limits[0], limits[1], limits[2], limits[3], limits[4]
    unsure_count, wrong_count, first_wrong, first_past = 0, 0, -1, -1
    top = np.int64(0)
    big = np.int64(0)
    # Positive floats are ordered as their bits are, and integer maxima become vector code.
    half_bits = bits_of(0.5 - margin - slack * reliable)
    threshold_bits, rounding_bits = bits_of(threshold), bits_of(rounding)
    x = np.empty((4, pairs + 8))
    mask = (1 << COMPARE_BITS) - 1
    for row in range(stored.shape[0]):
        at = offset + row
        if row == 0 or at & mask == 0:
            a, b = high[at >> 10], middle[(at & 1023) >> COMPARE_BITS]
            for i in range(pairs):
                ch, cl = combine(a[0, i], a[1, i], b[0, i], b[1, i], -a[2, i], -a[3, i], b[2, i], b[3, i])
                sh, sl = combine(a[2, i], a[3, i], b[0, i], b[1, i], a[0, i], a[1, i], b[2, i], b[3, i])
                hc = (ch + magic) - magic
                hs = (sh + magic) - magic
                rc = (ch - hc) + cl
                rs = (sh - hs) + sl
                x[0, i] = hc if kind == 0 else hs
                x[1, i] = rc if kind == 0 else rs
                x[2, i] = -hs if kind == 0 else hc
                x[3, i] = -rs if kind == 0 else rc
        y = fine[at & mask]
        line = stored[row, column : column + pairs]
        odd = 0
        row_top = np.int64(0)
        row_big = np.int64(0)
        for i in range(pairs):
            error, inverse, power = compare_entry(x, y, i, np.float64(line[i]), mantissa, floor_bits, constant)
            vague = (inverse > reliable) | power
            ratio = 0.0 if vague else error * inverse
            odd += vague
            sums[i] += ratio
            row_top = max(row_top, bits_of(ratio))
            row_big = max(row_big, bits_of(error))
        top = max(top, row_top)
        big = max(big, row_big)
        if row_top > threshold_bits and first_past < 0:
            first_past = row
        if row_big > rounding_bits:
            scale = scales[row]
            for i in range(pairs):
                error, inverse, power = compare_entry(x, y, i, np.float64(line[i]), mantissa, floor_bits, constant)
                need = (error - rounding) * scale
                needs[i] = need if need > needs[i] else needs[i]
        if odd or row_top >= half_bits:
            for i in range(pairs):
                error, inverse, power = compare_entry(x, y, i, np.float64(line[i]), mantissa, floor_bits, constant)
                half = error * inverse - 0.5
                near = margin + slack * inverse
                if inverse > reliable or power or abs(half) <= near:
                    if unsure_count < doubtful.shape[0]:
                        doubtful[unsure_count, 0] = row
                        doubtful[unsure_count, 1] = i
                    unsure_count += 1
                elif half > near:
                    wrong_count += 1
                    if first_wrong < 0:
                        first_wrong = row
    found[0] = unsure_count
    found[1] = wrong_count
    found[2] = first_wrong
    found[3] = first_past
    found[4] = top
    found[5] = big


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def row_hashes(words, weights, out):  # type: ignore[no-untyped-def]
    """out[row] += sum of words[row, j] * weights[j] modulo 2^64."""
    for row in range(words.shape[0]):
        total = np.uint64(0)
        for j in range(words.shape[1]):
            total += np.uint64(words[row, j]) * weights[j]
        out[row] += total
