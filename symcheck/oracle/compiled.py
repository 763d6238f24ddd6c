"""The compiled path (numba): angle addition in double-double with FMA, eight pairs at a time.

Importing this module imports numba, so only the functions that use it do so.  Compiled code is
cached beside this file, or in numba's own cache where that place cannot be written.

Tables come in tiles of eight pairs, the last one filled up; see `tiles`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit

from .lanes import (
    WIDTH,
    above,
    binade,
    bits_minus,
    fma,
    how_many,
    lane,
    larger,
    load,
    magnitude,
    powers_of_two,
    splat,
    store,
    stream,
    streamed,
    without,
)

Array = np.ndarray[Any, np.dtype[Any]]


@njit(forceinline=True)  # type: ignore[untyped-decorator]
def unrounded(ah, al, bh, bl, ch, cl, dh, dl):  # type: ignore[no-untyped-def]
    """(ah + al)(bh + bl) + (ch + cl)(dh + dl) as a sum of two; the error is double_double.product_error."""
    p1 = ah * bh
    e1 = fma(ah, bh, -p1)
    p2 = ch * dh
    e2 = fma(ch, dh, -p2)
    s = p1 + p2
    v = s - p1
    t = (p1 - (s - v)) + (p2 - v)
    cross = fma(ah, bl, fma(al, bh, fma(ch, dl, cl * dh)))
    return s, (t + (e1 + e2)) + cross


@njit(forceinline=True)  # type: ignore[untyped-decorator]
def normalised(s, lo):  # type: ignore[no-untyped-def]
    """s + lo as hi + lo with hi the sum rounded, by Dekker's fast two-sum, for what `unrounded` gives.

    Where |s| < |lo| that is not exact, but there the products cancel and t is 0: see product_error.
    """
    hi = s + lo
    return hi, lo - (hi - s)


@njit(forceinline=True)  # type: ignore[untyped-decorator]
def rotate_rows(x, i, low, j):  # type: ignore[no-untyped-def]
    """Cosine and sine of the sum of two angles, each an unrounded sum of two.

    Rows of 6 x 8 at x[i:], cos hi, cos lo, sin hi, sin lo and the negatives of the last two, and of 4 x 8 at low[j:].
    """
    ch, cl, sh, sl = load(x, i), load(x, i + WIDTH), load(x, i + 2 * WIDTH), load(x, i + 3 * WIDTH)
    dh, dl, th, tl = load(low, j), load(low, j + WIDTH), load(low, j + 2 * WIDTH), load(low, j + 3 * WIDTH)
    xh, xl = unrounded(ch, cl, dh, dl, load(x, i + 4 * WIDTH), load(x, i + 5 * WIDTH), th, tl)
    yh, yl = unrounded(sh, sl, dh, dl, ch, cl, th, tl)
    return xh, xl, yh, yl


@njit(forceinline=True)  # type: ignore[untyped-decorator]
def rotate_lanes(a, i, b, j):  # type: ignore[no-untyped-def]
    """cos hi, cos lo, sin hi, sin lo of the sum of two angles: rows of 4 x 8 at a[i:] and b[j:]."""
    ch, cl, sh, sl = load(a, i), load(a, i + WIDTH), load(a, i + 2 * WIDTH), load(a, i + 3 * WIDTH)
    dh, dl, th, tl = load(b, j), load(b, j + WIDTH), load(b, j + 2 * WIDTH), load(b, j + 3 * WIDTH)
    xh, xl = unrounded(ch, cl, dh, dl, -sh, -sl, th, tl)
    yh, yl = unrounded(sh, sl, dh, dl, ch, cl, th, tl)
    xh, xl = normalised(xh, xl)
    yh, yl = normalised(yh, yl)
    return xh, xl, yh, yl


#: Rows of the tables that the inner loops walk: small enough to stay in a core's cache.
FILL_BITS = 8
COMPARE_BITS = 6


def tiles(table: Array, filler: Sequence[float]) -> Array:
    """A table (positions, parts, pairs) as (tiles, positions, parts, 8).

    filler: what the parts hold in the pairs past the last.

    At a multiple of 64 bytes: a load of eight that crosses a cache line costs two.
    """
    rows, parts, pairs = table.shape
    count = -(-pairs // WIDTH)
    size = count * rows * parts * WIDTH
    memory = np.empty(size + WIDTH)
    out = memory[-(memory.ctypes.data // 8) % WIDTH :][:size].reshape(count, rows, parts, WIDTH)
    out[-1] = np.array(filler)[:, None]
    for k in range(count):
        piece = table[:, :, k * WIDTH : (k + 1) * WIDTH]
        out[k, :, :, : piece.shape[2]] = piece
    return out


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def fill(coarse, steps, low, offset, cos_hi, cos_lo, sin_hi, sin_lo, past):  # type: ignore[no-untyped-def]
    """Rows of a span, from `offset` on, into four C-contiguous arrays (rows, pairs).

    Tiles of four parts, cos hi, cos lo, sin hi, sin lo: coarse (tiles, 64, 4, 8), rotations by
    multiples of 2^14 from the span's start; steps (tiles, 64, 4, 8), by multiples of 256; low
    (tiles, 256, 4, 8), by 0 .. 255.  A row coarse * step serves 256 positions.

    With cos_lo and sin_lo of no rows, only the high parts are kept, which are the sums rounded to
    float64.  With past, the rows are stored past the caches: only where every row starts at a multiple of
    16 bytes.
    """
    part, wide = 4 * WIDTH, 6 * WIDTH
    pairs, full = cos_hi.shape[1], cos_hi.shape[1] // WIDTH
    x = np.empty(low.shape[0] * wide)
    mask = (1 << FILL_BITS) - 1
    both = len(cos_lo) > 0
    for row in range(len(cos_hi)):
        at = offset + row
        if row == 0 or at & mask == 0:
            for tile in range(low.shape[0]):
                a, b = (tile * 64 + (at >> 14)) * part, (tile * 64 + ((at >> FILL_BITS) & 63)) * part
                ch, cl, sh, sl = rotate_lanes(coarse, a, steps, b)
                store(x, tile * wide, ch)
                store(x, tile * wide + WIDTH, cl)
                store(x, tile * wide + 2 * WIDTH, sh)
                store(x, tile * wide + 3 * WIDTH, sl)
                store(x, tile * wide + 4 * WIDTH, -sh)
                store(x, tile * wide + 5 * WIDTH, -sl)
        i, y, to = 0, (at & mask) * part, row * pairs
        if both:
            for _ in range(full):
                ch, cl, sh, sl = rotate_rows(x, i, low, y)
                ch, cl = normalised(ch, cl)
                sh, sl = normalised(sh, sl)
                if past:
                    stream(cos_hi, to, ch)
                    stream(sin_hi, to, sh)
                    stream(cos_lo, to, cl)
                    stream(sin_lo, to, sl)
                else:
                    store(cos_hi, to, ch)
                    store(sin_hi, to, sh)
                    store(cos_lo, to, cl)
                    store(sin_lo, to, sl)
                i += wide
                y += part << FILL_BITS
                to += WIDTH
        else:
            for _ in range(full):
                ch, cl, sh, sl = rotate_rows(x, i, low, y)
                if past:
                    stream(cos_hi, to, ch + cl)
                    stream(sin_hi, to, sh + sl)
                else:
                    store(cos_hi, to, ch + cl)
                    store(sin_hi, to, sh + sl)
                i += wide
                y += part << FILL_BITS
                to += WIDTH
        if full * WIDTH < pairs:
            ch, cl, sh, sl = rotate_rows(x, i, low, y)
            ch, cl = normalised(ch, cl)
            sh, sl = normalised(sh, sl)
            for k in range(pairs - full * WIDTH):
                cos_hi[row, full * WIDTH + k] = lane(ch, k)
                sin_hi[row, full * WIDTH + k] = lane(sh, k)
                if both:
                    cos_lo[row, full * WIDTH + k] = lane(cl, k)
                    sin_lo[row, full * WIDTH + k] = lane(sl, k)
    if past:
        streamed()


@njit(forceinline=True)  # type: ignore[untyped-decorator]
def left_factors(high, a, middle, b, kind, magic):  # type: ignore[no-untyped-def]
    """h, r of the factor of the fine cosine, then of the fine sine, for cosines (kind 0) or sines."""
    ch, cl, sh, sl = rotate_lanes(high, a, middle, b)
    hc = (ch + magic) - magic
    hs = (sh + magic) - magic
    rc = (ch - hc) + cl
    rs = (sh - hs) + sl
    if kind == 0:
        return hc, rc, -hs, -rs
    return hs, rs, hc, rc


@njit(forceinline=True)  # type: ignore[untyped-decorator]
def compare(x0, x1, x2, x3, fine, y, stored, floor, constant):  # type: ignore[no-untyped-def]
    """|stored - exact|, 1/ulp of the exact value, and that value rounded to float64.

    x: h and r of the left factors; fine[y:]: h of cosine and sine, r of both, h + r of both.  As in
    the NumPy method hi is exact, and lo holds what has an r in it.
    """
    hi = fma(x0, load(fine, y), x2 * load(fine, y + WIDTH))
    lo = fma(x2, load(fine, y + 3 * WIDTH), x3 * load(fine, y + 5 * WIDTH))
    lo = fma(x0, load(fine, y + 2 * WIDTH), fma(x1, load(fine, y + 4 * WIDTH), lo))
    value = hi + lo
    return magnitude((stored - hi) - lo), bits_minus(constant, larger(binade(value), floor)), value


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
    powers,
    floor,
    constant,
    limits,
    bound,
    position,
    quick,
    quick_constant,
    quick_limits,
    sums,
    needs,
    tops,
    doubtful,
    found,
):
    """Compares one plane of a chunk, stored[:, column:], with the exact values.

    Tiles: high (tiles, 1024, 4, 8), rotations by multiples of 1024 from the span's start, and
    middle (tiles, 16, 4, 8), by multiples of 64, both double-double; fine (tiles, 64, 6, 8), by
    0 .. 63, split into h and r on the grid (see `compare`).  kind: 0 for cosines, 1 for sines.  magic:
    1.5 * 2^52 times the grid.  stored is C-contiguous and has 8 columns a tile from `column` on.

    The steps and the names are those of the judge's NumPy path.  powers: whether exact values that
    round to a power of two are left in doubt.  limits: where 1/ulp is too large to rely on, margin and
    slack of a half, the rounding that is allowed, and the ratio below which no entry can be wrong or in
    doubt; bound: the threshold; position: that of the first row.  Adds to sums, per pair, the errors in
    ulp; raises needs, per pair, to the angle error that a row needs; doubtful (capacity, 2) takes rows
    and pairs left to finer means.  Sets tops to the largest ratio and the largest error, and found to:
    the number of doubtful entries (possibly past the capacity), the count of wrong roundings, the first
    row with one and the first row past the threshold (or -1), and the first of the 64 rows that hold
    the largest ratio, and of those that hold the largest error.

    Eight pairs of 64 rows at a time, first a loop that only looks for something to report; nearly
    always there is nothing.  With quick, one before it compares with one product in float64 a value, as
    the judge's first look does.  quick_constant and quick_limits (floor, largest ratio, largest error that
    pass, what scales ratios back) are that look's; 1/ulp is infinite at the floor, and the sum of the
    ratios then infinite or NaN.
    """
    step, rows = stored.shape[1], len(stored)
    size = 1 << COMPARE_BITS
    part, fine_part = 4 * WIDTH, 6 * WIDTH
    reliable, margin, slack = splat(limits[0]), splat(limits[1]), splat(limits[2])
    rounding, safe, threshold = splat(limits[3]), splat(limits[4]), splat(bound)
    shift, bottom, nothing, one_half = splat(magic), splat(floor), splat(0.0), splat(0.5)
    lowest, passing, reach = splat(quick_limits[0]), splat(quick_limits[1]), splat(quick_limits[2])
    back, finite = splat(quick_limits[3]), splat(1.7e308)
    largest, farthest = 0.0, 0.0
    unsure_count, wrong_count, first_wrong, first_past = 0, 0, rows, rows
    row = 0
    while row < rows:
        at = offset + row
        fine_row = at & (size - 1)
        last = min(rows, row + size - fine_row)
        for tile in range(len(fine)):
            pair = tile * WIDTH
            a, b = (tile * 1024 + (at >> 10)) * part, (tile * 16 + ((at & 1023) >> COMPARE_BITS)) * part
            x0, x1, x2, x3 = left_factors(high, a, middle, b, kind, shift)
            total, top, big = nothing, nothing, nothing
            news = 255
            if quick:
                left, right = x0 + x1, x2 + x3
                i, y = row * step + column + pair, (tile * size + fine_row) * fine_part
                for _ in range(row, last):
                    value = fma(left, load(fine, y + 4 * WIDTH), right * load(fine, y + 5 * WIDTH))
                    error = magnitude(load(stored, i) - value)
                    ratio = error * bits_minus(quick_constant, larger(binade(value), lowest))
                    total = total + ratio
                    top, big = larger(ratio, top), larger(error, big)
                    i += step
                    y += fine_part
                news = above(top, passing) | (255 ^ above(finite, total)) | above(big, reach)
                total, top = total * back, top * back
            if news:
                total, top, big, most, special = nothing, nothing, nothing, nothing, 0
                i, y = row * step + column + pair, (tile * size + fine_row) * fine_part
                for _ in range(row, last):
                    error, inverse, value = compare(x0, x1, x2, x3, fine, y, load(stored, i), bottom, constant)
                    ratio = error * inverse
                    total = total + ratio
                    top, big, most = larger(ratio, top), larger(error, big), larger(inverse, most)
                    if powers:
                        special |= powers_of_two(value)
                    i += step
                    y += fine_part
                news = above(top, safe) | above(top, threshold) | above(most, reliable) | special
            if news | above(big, rounding):
                total, top, need = nothing, nothing, load(needs, pair)
                i, y = row * step + column + pair, (tile * size + fine_row) * fine_part
                for r in range(row, last):
                    error, inverse, value = compare(x0, x1, x2, x3, fine, y, load(stored, i), bottom, constant)
                    ratio = error * inverse
                    # At position 0 an error needs an impossible angle error.
                    scale = splat(1 / (position + r) if position + r > 0 else 1e300)
                    need = larger((error - rounding) * scale, need)
                    if news:
                        vague = above(inverse, reliable)
                        if powers:
                            vague |= powers_of_two(value)
                        over = ratio - one_half
                        near = fma(slack, inverse, margin)
                        wrong = above(over, near)
                        doubt = (255 ^ wrong ^ above(-near, over)) | vague
                        wrong &= ~doubt
                        ratio = without(ratio, vague)
                        wrong_count += how_many(wrong)
                        if wrong and r < first_wrong:
                            first_wrong = r
                        if r < first_past and above(ratio, threshold):
                            first_past = r
                        if doubt:
                            for k in range(WIDTH):
                                if doubt >> k & 1:
                                    if unsure_count < len(doubtful):
                                        doubtful[unsure_count, 0] = r
                                        doubtful[unsure_count, 1] = pair + k
                                    unsure_count += 1
                    total = total + ratio
                    top = larger(ratio, top)
                    i += step
                    y += fine_part
                store(needs, pair, need)
            store(sums, pair, load(sums, pair) + total)
            if above(top, splat(largest)):
                found[4] = row
                for k in range(WIDTH):
                    largest = max(largest, lane(top, k))
            if above(big, splat(farthest)):
                found[5] = row
                for k in range(WIDTH):
                    farthest = max(farthest, lane(big, k))
        row = last
    tops[0], tops[1] = largest, farthest
    found[0] = unsure_count
    found[1] = wrong_count
    found[2] = first_wrong if first_wrong < rows else -1
    found[3] = first_past if first_past < rows else -1


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def row_hashes(words, weights, out):  # type: ignore[no-untyped-def]
    """out[row] += sum of words[row, j] * weights[j] modulo 2^64."""
    for row in range(words.shape[0]):
        total = np.uint64(0)
        for j in range(words.shape[1]):
            total += np.uint64(words[row, j]) * weights[j]
        out[row] += total
