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


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def fill(high, low, offset, count, cos_hi, cos_lo, sin_hi, sin_lo):  # type: ignore[no-untyped-def]
    """Rows offset .. offset + count - 1 of a span into four (count, pairs) arrays.

    high, low: (1024, 4, pairs) arrays of cos hi, cos lo, sin hi, sin lo.
    """
    pairs = high.shape[2]
    for row in range(count):
        a, b = high[(offset + row) >> 10], low[(offset + row) & 1023]
        for i in range(pairs):
            h, l = combine(a[0, i], a[1, i], b[0, i], b[1, i], -a[2, i], -a[3, i], b[2, i], b[3, i])
            cos_hi[row, i] = h
            cos_lo[row, i] = l
            h, l = combine(a[2, i], a[3, i], b[0, i], b[1, i], a[0, i], a[1, i], b[2, i], b[3, i])
            sin_hi[row, i] = h
            sin_lo[row, i] = l


@njit(inline="always")  # type: ignore[untyped-decorator]
def split_value(x, y, i):  # type: ignore[no-untyped-def]
    """The numpy method's hi and lo at pair i, from rows of Oracle.split_rows; hi is exact."""
    hi = fma(x[0, i], y[0, i], x[2, i] * y[1, i])
    lo = fma(x[0, i], y[2, i], fma(x[1, i], y[3, i], fma(x[2, i], y[4, i], x[3, i] * y[5, i])))
    return hi, lo


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def compare_rows(left, right, offset, stored, column, step, mantissa, floor_bits,  # type: ignore[no-untyped-def]
                 constant, limits, scales, sums, tops, top_rows, largest, largest_rows, needs, wrong,
                 doubtful):
    """Compares one plane of a chunk, stored[:, column::step], with the exact values.

    The steps and the names are those of judge._compare_numpy.  Fills, per pair: sums of errors in
    ulp, the largest with its row, the largest absolute error with its row, the angle error that
    it needs, the count of wrong roundings.  doubtful (capacity, 2) takes rows and pairs left to
    finer means.  Returns how many there are (possibly past the capacity) and the first row past
    the threshold, or -1.
    """
    pairs = left.shape[2]
    reliable, margin, slack, threshold, rounding = limits[0], limits[1], limits[2], limits[3], limits[4]
    ratios = np.empty(pairs)
    errors = np.empty(pairs)
    inverses = np.empty(pairs)
    values = np.empty(pairs)
    bits = values.view(np.int64)
    inverse_bits = inverses.view(np.int64)
    found = 0
    first = -1
    for row in range(stored.shape[0]):
        x = left[(offset + row) >> 10]
        y = right[(offset + row) & 1023]
        line = stored[row, column::step]
        scale = scales[row]
        for i in range(pairs):
            hi, lo = split_value(x, y, i)
            values[i] = hi + lo
            errors[i] = abs((np.float64(line[i]) - hi) - lo)
        for i in range(pairs):
            inverse_bits[i] = constant - max(bits[i] & np.int64(0x7FF0000000000000), floor_bits)
        odd = 0
        past = 0
        for i in range(pairs):
            inverse = inverses[i]
            ratio = errors[i] * inverse
            vague = (inverse > reliable) | ((bits[i] & mantissa) == 0)
            half = ratio - 0.5
            near = margin + slack * inverse
            odd += vague | (abs(half) <= near)
            ratio = 0.0 if vague else ratio
            half = -1.0 if vague else half
            wrong[i] += half > near
            past += ratio > threshold
            sums[i] += ratio
            ratios[i] = ratio
        for i in range(pairs):
            # selects, element by element, so that the loop stays a vector loop
            ratio = ratios[i]
            better = ratio > tops[i]
            tops[i] = ratio if better else tops[i]
            top_rows[i] = row if better else top_rows[i]
            error = errors[i]
            better = error > largest[i]
            largest[i] = error if better else largest[i]
            largest_rows[i] = row if better else largest_rows[i]
            need = (error - rounding) * scale
            needs[i] = need if need > needs[i] else needs[i]
        if past and first < 0:
            first = row
        if odd:
            for i in range(pairs):
                half = abs(errors[i] * inverses[i] - 0.5)
                if (inverses[i] > reliable or (bits[i] & mantissa) == 0
                        or half <= margin + slack * inverses[i]):
                    if found < doubtful.shape[0]:
                        doubtful[found, 0] = row
                        doubtful[found, 1] = i
                    found += 1
    return found, first


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def row_hashes(words, weights, out):  # type: ignore[no-untyped-def]
    """out[row] += sum of words[row, j] * weights[j] modulo 2^64."""
    for row in range(words.shape[0]):
        total = np.uint64(0)
        for j in range(words.shape[1]):
            total += np.uint64(words[row, j]) * weights[j]
        out[row] += total
