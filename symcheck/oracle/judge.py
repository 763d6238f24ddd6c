"""The judge: certifies a stored cos/sin table against the oracle, entry by entry.

For every entry t with exact value x the judge knows |t - x| up to the oracle's bound (2^-76),
in units of the last place (ulp) of the stored format at x.  Entries for which that does not
decide are settled in double-double and, if need be, by balls; so "correctly rounded" in a report
is proved for every entry, and so is "not".

A table is seen as planes: columns that hold the cosines, or the sines, of all pairs in order.
"""

from __future__ import annotations

import copy
import functools
import math
import os
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from .double_double import Array, coordinate
from .formats import FORMATS, Format, round_array
from .frequencies import Exact, Frequencies, ceil_log2, exact, fraction_bounds
from .storage import JudgeInputError, Reader, Stored, numbers, open_stored
from .tables import BLOCK, LARGEST_POSITION, SPAN, Oracle, compiled_available

COS, SIN = 0, 1
KINDS = ("cos", "sin")

#: layout: for each file, its planes (kind, first column, column step), in units of n = dim / 2
#: for blocks ("n") or of single columns; and the number of columns in units of n.
LAYOUTS: dict[str, tuple[tuple[tuple[int, str, int], ...], ...]] = {
    "cos-sin": (((COS, "block", 0), (SIN, "block", 1)),),
    "sin-cos": (((SIN, "block", 0), (COS, "block", 1)),),
    "interleaved": (((SIN, "step", 0), (COS, "step", 1)),),
    "interleaved-cos": (((COS, "step", 0), (SIN, "step", 1)),),
    "cos": (((COS, "block", 0),),),
    "sin": (((SIN, "block", 0),),),
    "cos-duplicated": (((COS, "block", 0), (COS, "block", 1)),),
    "sin-duplicated": (((SIN, "block", 0), (SIN, "block", 1)),),
    "cos-repeated": (((COS, "step", 0), (COS, "step", 1)),),
    "sin-repeated": (((SIN, "step", 0), (SIN, "step", 1)),),
    "separate": (((COS, "block", 0),), ((SIN, "block", 0),)),
    "separate-duplicated": (((COS, "block", 0), (COS, "block", 1)), ((SIN, "block", 0), (SIN, "block", 1))),
    "separate-repeated": (((COS, "step", 0), (COS, "step", 1)), ((SIN, "step", 0), (SIN, "step", 1))),
}

_EXPONENT = 0x7FF0000000000000
_MANTISSA = 0x000FFFFFFFFFFFFF
_MAGNITUDE = 0x7FFFFFFFFFFFFFFF


@dataclass(frozen=True)
class Place:
    """One entry: position, pair, "cos" or "sin", column of file, stored and exact value, error."""

    position: int
    pair: int
    kind: str
    file: int
    column: int
    stored: float
    exact: float
    ulp: float
    absolute: float


@dataclass(frozen=True)
class Computation:
    """A way to compute a table, and whether the table's errors stay within what it allows.

    constant: bound c of the angle's relative error, |angle - p theta| <= c p theta.
    reproduced: the share of sampled entries that equal this computation's result up to one ulp,
    or None where it was not tried.
    """

    name: str
    constant: float
    consistent: bool
    reproduced: float | None


@dataclass(frozen=True)
class JudgeReport:
    """What the judge found.  Errors in ulp are in units of the last place of the exact value.

    verdict: "correctly-rounded"; "faithful" (every error below one ulp); "consistent" with the
    computation named in `computation`; or "inconsistent" with all of them.  ok: the verdict is
    at least what was required.
    """

    sources: list[str]
    format: str
    layout: str
    dim: int
    base: float
    spacing: str
    scaling: dict[str, Any] | None
    amplitude: float
    start: int
    positions: int
    entries: int
    ok: bool
    required: str
    verdict: str
    computation: str | None
    diagnosis: str
    max_ulp: float
    mean_ulp: float
    max_absolute: float
    worst: Place
    worst_absolute: Place
    misrounded: int
    first_misrounded: Place | None
    threshold: float
    first_past_threshold: Place | None
    angle_error: float
    computations: list[Computation]
    distinct_rows: int | None
    settled_apart: int
    oracle_bound: float
    method: str
    seconds: float
    profile: list[tuple[int, float, float]] = field(repr=False)

    def to_json(self, profile: bool = False) -> dict[str, Any]:
        """A JSON object (numbers, strings, lists); profile adds (position, max ulp, max error) rows."""
        out = asdict(self)
        if not profile:
            del out["profile"]
        return {"version": 1, **out}

    def to_text(self) -> str:
        """The report for a reader: a verdict, then a line a figure."""
        f = self
        lines = [
            f"{', '.join(f.sources)}: {f.verdict}" + ("" if f.ok else f", but {f.required} was required"),
            f.diagnosis,
            f"  {f.format}, layout {f.layout}, dim {f.dim}, base {f.base:g}, {f.spacing} spacing, "
            f"positions {f.start} to {f.start + f.positions - 1}",
            f"  largest error    {f.max_ulp:.6g} ulp at {_where(f.worst)}",
            f"  mean error       {f.mean_ulp:.6g} ulp",
            f"  largest absolute {f.max_absolute:.6g} at {_where(f.worst_absolute)}",
            f"  not nearest      {f.misrounded:,} of {f.entries:,} entries"
            + (f", first at {_where(f.first_misrounded)}" if f.first_misrounded else ""),
            f"  past {f.threshold:g} ulp       "
            + (f"first at {_where(f.first_past_threshold)}" if f.first_past_threshold else "nowhere"),
            f"  angle error      {f.angle_error:.3g} (relative)"
            + (f", allowed by: {f.computation}" if f.computation else ", allowed by none of the usual computations"),
        ]
        if f.distinct_rows is not None:
            lines.append(f"  distinct rows    {f.distinct_rows:,} of {f.positions:,}")
        lines.append(f"  reference        {f.method}, error at most {f.oracle_bound:.3g}; {f.seconds:.2f} s")
        wrapped = [textwrap.wrap(line, 80, subsequent_indent=" " * 19, break_long_words=False) for line in lines[2:]]
        first = [lines[0], *textwrap.wrap(lines[1], 80, initial_indent="  ", subsequent_indent="  ")]
        return "\n".join([*first, *(line for part in wrapped for line in part)])


def _where(place: Place) -> str:
    return f"position {place.position}, pair {place.pair}, {place.kind} (column {place.column})"


# ---------------------------------------------------------------------- the sweep of one shard


@dataclass
class _Task:
    """What every shard needs; plain data, so that it travels to other processes."""

    stored: list[Stored]
    planes: list[list[tuple[int, int, int]]]  # per file: (kind, first column, step)
    frequencies: Frequencies
    amplitude: Fraction | None
    start: int
    threshold: float
    distinct: bool
    method: str
    weights: list[Array]


@dataclass
class _Tally:
    """What a shard found; `merge` is associative."""

    total: float = 0.0
    # (value, position, pair, kind, file, column), the first position winning ties
    worst: tuple[float, int, int, int, int, int] | None = None
    largest: tuple[float, int, int, int, int, int] | None = None
    needs: Array | None = None
    wrong: int = 0
    first_wrong: tuple[int, int, int, int, int] | None = None
    first_past: tuple[int, int, int, int, int] | None = None
    apart: int = 0
    hashes: Array | None = None
    profile: list[tuple[int, float, float]] = field(default_factory=list)

    def merge(self, later: _Tally) -> None:
        self.total += later.total
        for name in ("worst", "largest"):
            mine, other = getattr(self, name), getattr(later, name)
            if mine is None or (other is not None and other[0] > mine[0]):
                setattr(self, name, other)
        if self.needs is None:
            self.needs = later.needs
        elif later.needs is not None:
            self.needs = np.maximum(self.needs, later.needs)
        self.wrong += later.wrong
        for name in ("first_wrong", "first_past"):
            found = [x for x in (getattr(self, name), getattr(later, name)) if x is not None]
            setattr(self, name, min(found) if found else None)
        self.apart += later.apart
        self.profile += later.profile


@functools.lru_cache(maxsize=8)
def _oracle(frequencies: Frequencies, amplitude: Fraction | None) -> Oracle:
    return Oracle(frequencies=frequencies, amplitude=amplitude, method="numpy")


@dataclass(frozen=True)
class _FirstLook:
    """Constants of the first look, which compares with one float64 product a value.

    An entry passes when its error in ulp stays below a half by 2^-15; that product is off by at most 2^-16
    ulp where the exact value is at least `floor`, so such an entry is the nearest number.  Errors are
    scaled by 2^scale: then 1/ulp overflows just below `floor`, and the ratio is infinite, NaN or negative
    there, which one comparison of bits as unsigned numbers tells from a small positive ratio.
    """

    #: how far below a half an error must stay, in ulp
    MARGIN = 2.0**-15
    #: relative resolution of an error kept as float32, with room
    RESOLUTION = 2.0**-20

    bound: float
    floor: float
    scale: int
    #: 1/ulp by subtracting the bits of 2^e from this: float32's, and float64's
    single: np.uint32
    double: int
    scale_double: int

    @staticmethod
    def of(fmt: Format, oracle: Oracle) -> _FirstLook | None:
        """None where float32 cannot hold an error well enough: float64 tables, and far-off amplitudes."""
        p, top = fmt.precision, ceil_log2(oracle.modulus)
        if p > 24 or abs(top) > 8:
            return None
        depth = min(-16 - (p - 1) - ceil_log2(Fraction(oracle.float64_bound) / oracle.modulus), top - fmt.emin)
        single, double = 381 + top - depth, 3069 + top - depth
        return _FirstLook(
            bound=oracle.float64_bound,
            floor=2.0 ** (top - depth),
            scale=single - 254 - (p - 1),
            single=np.uint32((single << 23) % 2**32),
            double=(double << 52) - 2**64,
            scale_double=double - 2046 - (p - 1),
        )


class _Measure:
    """Constants of comparing with one format, for given oracle."""

    def __init__(self, fmt: Format, oracle: Oracle) -> None:
        p = fmt.precision
        self.format = fmt
        # 1/ulp as a power of two by exponent arithmetic: 2^(p-1) / 2^e, e at least emin.
        self.floor = max(fmt.emin + 1023, 64) << 52
        self.smallest = 2.0 ** ((self.floor >> 52) - 1023)
        # The constant exceeds 2^63; 64-bit subtraction wraps around to the right bits.
        self.constant = ((2046 + p - 1) << 52) - 2**64
        self.slack = 2 * oracle.split_bound
        # Beyond this 1/ulp the oracle's bound is too coarse for statistics of this format.
        self.reliable = (2.0**-10 if p == 53 else 2.0**-21) / self.slack
        # Exponent bits of exact values up to which 1/ulp may exceed that.
        self.unreliable_bits = (2046 + p - (math.frexp(self.reliable)[1] + 1022)) << 52
        # A float64 value hi + lo rounded up to a power of two hides the smaller ulp below it, and with
        # it a neighbour whose ratio then seems to be a half less at most 2^(p - 54).  For the short
        # formats the margin covers that; float64 is checked.
        self.margin = 2.0**-40 if p == 53 else 2.0**-28
        self.mantissa = _MANTISSA if p == 53 else -1
        # What cos in the stored format, and multiplying by the amplitude, may add: below an ulp of
        # the top binade each.
        self.rounding = 2.0 ** (1 - p) * float(oracle.modulus)
        # Below this ratio an entry is certainly nearest.
        self.safe = 0.5 - self.margin - self.slack * self.reliable
        self.limits = np.array([self.reliable, self.margin, self.slack, self.rounding, self.safe])
        self.first_look = _FirstLook.of(fmt, oracle)

    def inverse(self, x: Array) -> tuple[Array, Array]:
        """1/ulp at x, and where x is a power of two or zero in the sense that `mantissa` gives."""
        bits = np.ascontiguousarray(x).view(np.int64)
        field = np.maximum(bits & _EXPONENT, self.floor)
        return (self.constant - field).view(np.float64), (bits & (self.mantissa & _MAGNITUDE)) == 0


class _Columns:
    """The columns of one file: which pair and kind each holds, and its exact values, block by block.

    A row of values is a row of the low table turned by a multiple of `height` positions: A c + B s, column
    by column.  Rows of the low table lie side by side in `fold`s, so that NumPy's inner loops are long.
    """

    BLOCKS = 32  # blocks for which left factors are made at once: with 64 rows a block, 2 * BLOCK positions

    def __init__(self, oracle: Oracle, planes: list[tuple[int, int, int]]) -> None:
        self.oracle, n = oracle, oracle.pairs
        self.width = n * len(planes)
        self.pair, self.kind = np.zeros(self.width, np.int64), np.zeros(self.width, np.int64)
        for kind, column, step in planes:
            self.pair[column::step][:n], self.kind[column::step][:n] = np.arange(n), kind
        height = BLOCK
        while height > 64 and height * self.width > _Shard.ENTRIES:
            height //= 2
        #: positions a block
        self.height = height
        self._fold = next(k for k in (1, 2, 4, 8, 16, 32, 64) if k == 64 or k * self.width >= 1024)
        self._low: list[Array] = []
        self._stretch = -1
        self._left = np.empty(0)

    def _factors(self, block: int) -> tuple[Array, list[Array]]:
        """Left factors h, r, f of the cosine, then of the sine, and the low table's; f is h + r rounded."""
        stretch, index = divmod(block, self.BLOCKS)
        if not self._low:
            (h, r), rows = self.oracle.low_factors(), slice(self.height)
            for part in (h[:, 0], r[:, 0], r[:, 1], h[:, 1], r[:, 2], r[:, 3]):
                self._low.append(np.ascontiguousarray(part[self.pair, rows].T).reshape(-1, self._fold * self.width))
        if self._stretch != stretch:
            positions = self.BLOCKS * self.height
            left = self.oracle.left_factors(stretch * positions, positions, self.height)
            self._left = np.tile(left[:, :, self.kind, self.pair], self._fold).transpose(1, 0, 2)
            self._stretch = stretch
        return self._left[index], self._low

    def values(self, position: int, rows: int, out: Array, space: Array) -> Array:
        """Values of rows that lie in one block, in float64 within the oracle's float64_bound."""
        (left, low), part, within = self._part(position, rows)
        out, space = (x.reshape(low[0].shape)[part] for x in (out, space))
        np.multiply(low[2][part], left[2], out=out)
        np.multiply(low[5][part], left[5], out=space)
        out += space
        return out.reshape(-1, self.width)[within]

    def exact(self, position: int, rows: int, hi: Array, lo: Array, space: Array) -> tuple[Array, Array]:
        """hi + lo of rows that lie in one block, as in the NumPy method: hi is exact, lo what has an r in it."""
        (left, low), part, within = self._part(position, rows)
        hi, lo, space = (x.reshape(low[0].shape)[part] for x in (hi, lo, space))
        np.multiply(low[0][part], left[0], out=hi)
        np.multiply(low[3][part], left[3], out=space)
        hi += space
        np.multiply(low[1][part], left[0], out=lo)
        for k, j in ((2, 1), (4, 3), (5, 4)):
            np.multiply(low[k][part], left[j], out=space)
            lo += space
        return hi.reshape(-1, self.width)[within], lo.reshape(-1, self.width)[within]

    def _part(self, position: int, rows: int) -> tuple[tuple[Array, list[Array]], slice, slice]:
        """Factors, the folds that hold these rows, and where the rows stand among those of the folds."""
        block, skip = divmod(position, self.height)
        first, last = skip // self._fold, -(-(skip + rows) // self._fold)
        skip -= first * self._fold
        return self._factors(block), slice(first, last), slice(skip, skip + rows)


class _Shard:
    """The sweep of rows first .. first + count - 1: reads chunks and fills a tally."""

    #: Rows a chunk.
    ROWS = 4 * BLOCK
    #: Entries a step of the NumPy path: smaller arrays stay nearer to the core, but cost more calls, and threads
    #: wait for one another at each.
    ENTRIES = 2**17

    def __init__(self, task: _Task) -> None:
        self.task = task
        self.oracle = _oracle(task.frequencies, task.amplitude)
        self.tally = _Tally(needs=np.full(self.oracle.pairs, -math.inf))
        self.measures = [_Measure(s.format, self.oracle) for s in task.stored]
        self._columns = [_Columns(self.oracle, planes) for planes in task.planes]
        self._space: dict[tuple[int, int], list[Array]] = {}
        self._doubtful = np.empty((1 << 10, 2), np.int64)
        self._proved: dict[tuple[int, int, int, float, str], tuple[bool, float]] = {}

    def run(self, first: int, count: int, progress: Callable[[int], None] | None = None) -> _Tally:
        task, tally = self.task, self.tally
        if task.distinct:
            tally.hashes = np.zeros(count, np.uint64)
        readers = [s.reader() for s in task.stored]
        try:
            done = 0
            while done < count:
                position = task.start + first + done
                step = min(self.ROWS - position % self.ROWS, count - done)
                top = big = 0.0
                for file, reader in enumerate(readers):
                    reader.check()
                    raw = reader.read(first + done, step)
                    if tally.hashes is not None:
                        _add_hashes(raw, task.weights[file], tally.hashes[done : done + step], task.method)
                    highest, error = self.compare(numbers(raw, task.stored[file].format), position, file)
                    top, big = max(top, highest), max(big, error)
                tally.profile.append((position, top, big))
                done += step
                if progress is not None:
                    progress(step)
            for reader in readers:
                reader.check()
        finally:
            for reader in readers:
                reader.__exit__()
        return tally

    def compare(self, values: Array, position: int, file: int) -> tuple[float, float]:
        """A chunk of one file; returns the largest error in ulp and the largest absolute one."""
        top = big = 0.0
        if self.tally.worst is None and len(values) > 64:  # a few rows give a first look something to compare with
            parts = ((values[:64], position), (values[64:], position + 64))
            (top, big), (highest, error) = (self.compare(part, at, file) for part, at in parts)
            return max(top, highest), max(big, error)
        if self.task.method == "compiled":
            for plane in self.task.planes[file]:
                highest, error = self._compiled(values, position, file, *plane)
                top, big = max(top, highest), max(big, error)
            return top, big
        looks = self.measures[file].first_look is not None and self.task.threshold >= 0.5
        left = [np.empty(0, np.int64)]
        for done, step in self._blocks(position, len(values), file):
            part = values[done : done + step]
            if looks and (seen := self._glance(part, position + done, file)) is not None:
                highest, error, others = seen
                left.append(others + done * values.shape[1])
            else:
                looks = False  # much to report: no use looking again in this chunk
                highest, error = self._numpy(part, position + done, file)
            top, big = max(top, highest), max(big, error)
        rows, columns = np.divmod(np.concatenate(left), values.shape[1])
        if len(rows):
            highest, error = self._settle(values, position, file, rows, columns, np.ones(len(rows), bool))
            top, big = max(top, highest), max(big, error)
        return top, big

    def _blocks(self, position: int, rows: int, file: int) -> Iterator[tuple[int, int]]:
        """(first row, rows) of the parts of a chunk that lie in one block of the columns."""
        height, done = self._columns[file].height, 0
        while done < rows:
            step = min(height - (position + done) % height, rows - done)
            yield done, step
            done += step

    def _arrays(self, file: int) -> list[Array]:
        """Three arrays of a block's shape, reused, at addresses that differ modulo the page size.

        Arrays a multiple of 4096 bytes apart make a core take a store for a later load's.
        """
        columns = self._columns[file]
        shape = (columns.height, columns.width)
        if shape not in self._space:
            size = shape[0] * shape[1]
            memory = np.empty(3 * (size + 520))
            self._space[shape] = [memory[k * (size + 520) :][:size].reshape(shape) for k in range(3)]
        return self._space[shape]

    def _glance(self, values: Array, position: int, file: int) -> tuple[float, float, Array] | None:
        """A first look at a few rows: entries that are certainly nearest are counted, the others returned.

        Returns the largest error in ulp and the largest absolute one among those counted, and the flat
        indices of the others; or None, with nothing counted, where these are many.
        """
        tally, measure, columns = self.tally, self.measures[file], self._columns[file]
        look = measure.first_look
        if look is None or tally.worst is None or tally.largest is None:
            return None
        whole, space, third = self._arrays(file)
        value = columns.values(position, len(values), whole, space)
        size = value.size
        error, inverse = (x.view(np.float32).reshape(-1)[:size].reshape(value.shape) for x in (space, third))
        with np.errstate(invalid="ignore", over="ignore"):
            np.subtract(values, value, out=error, casting="same_kind")
            np.abs(error, out=error)
            bits = value.view(np.int64)
            bits &= _EXPONENT
            np.copyto(inverse, value, casting="same_kind")
            bits = inverse.view(np.uint32)
            np.subtract(look.single, bits, out=bits)
            ratio = np.multiply(error, inverse, out=inverse)
            # What is left out of the comparison with the largest so far stays below it.
            # Not below 0, whose bits are the smallest.
            limit = np.float32(math.ldexp(max(0.0, min(0.5, tally.worst[0]) - look.MARGIN), look.scale))
            mask = bits > limit.view(np.uint32)
            farthest = float(error.max())
            reach = tally.largest[0] * (1 - look.RESOLUTION) - 2 * look.bound
            if not farthest < reach:
                mask |= error >= reach
        others = np.flatnonzero(mask)
        if len(others) > size // 64:
            return None
        if not np.isfinite(values.reshape(-1)[others]).all():
            raise self._not_finite(file, values, position)
        flat = ratio.reshape(-1)
        near = flat[others]
        flat[others] = 0
        tally.total += math.ldexp(float(ratio.sum()), -look.scale)
        # Any of the others that lies past the limit is larger than all that were counted.
        top = float(near[np.isfinite(near)].max(initial=0))
        top = math.ldexp(top if top > limit else float(ratio.max()), -look.scale)
        return top, farthest if farthest < reach else 0.0, others

    def _numpy(self, values: Array, position: int, file: int) -> tuple[float, float]:
        """A few rows of one file by whole-array steps."""
        tally, measure, columns = self.tally, self.measures[file], self._columns[file]
        space = self._arrays(file)
        hi, lo = columns.exact(position, len(values), *space)
        error = space[2][: len(values)]
        exact_value = lo  # the same memory, once lo is not needed
        with np.errstate(invalid="ignore", over="ignore"):
            np.copyto(error, values)
            error -= hi
            error -= lo
            np.abs(error, out=error)
            np.add(hi, lo, out=exact_value)
            bits = exact_value.view(np.int64)
            powers = (bits & measure.mantissa) == 0 if measure.mantissa > 0 else None
            bits &= _EXPONENT
            smallest = int(bits.min())
            if smallest < measure.floor:
                np.maximum(bits, measure.floor, out=bits)
            np.subtract(measure.constant, bits, out=bits)
            inverse = exact_value  # the same memory, now holding 1/ulp
            ratio = np.multiply(error, inverse, out=hi)
            total = float(ratio.sum())
        if not math.isfinite(total) and not np.isfinite(values).all():
            raise self._not_finite(file, values, position)
        vague = inverse > measure.reliable if smallest <= measure.unreliable_bits else None
        if powers is not None and powers.any():
            vague = powers if vague is None else vague | powers
        if vague is not None:
            ratio[vague] = 0.0
            total = float(ratio.sum())
        tally.total += total
        top, big = float(ratio.max()), float(error.max())

        def first(mask: Array) -> tuple[int, int, int, int, int]:
            """The first entry that a mask marks, in order of position and then pair."""
            row = int(np.flatnonzero(mask.any(axis=1))[0])
            return min(self._place(position + row, file, int(c)) for c in np.flatnonzero(mask[row]))

        if tally.worst is None or top > tally.worst[0]:
            tally.worst = (top, *first(ratio == top))
        if tally.largest is None or big > tally.largest[0]:
            tally.largest = (big, *first(error == big))
        if top > self.task.threshold and (tally.first_past is None or tally.first_past[0] >= position):
            found = first(ratio > self.task.threshold)
            tally.first_past = min(tally.first_past or found, found)
        if big > measure.rounding:
            assert tally.needs is not None
            positions = np.arange(position, position + len(error))[:, None]
            np.maximum.at(tally.needs, columns.pair, _needs(error, measure.rounding, positions).max(axis=0))
        unsure = vague
        if top >= measure.safe:
            half = ratio - 0.5
            near = measure.margin + measure.slack * inverse
            wrong, close = half > near, np.abs(half) <= near
            if vague is not None:
                wrong &= ~vague
            amount = int(np.count_nonzero(wrong))
            if amount:
                tally.wrong += amount
                if tally.first_wrong is None or tally.first_wrong[0] >= position:
                    found = first(wrong)
                    tally.first_wrong = min(tally.first_wrong or found, found)
            unsure = close if vague is None else close | vague
        if unsure is not None and unsure.any():
            rows, places = np.nonzero(unsure)
            uncounted = np.zeros(len(rows), bool) if vague is None else vague[rows, places]
            top = max(top, self._settle(values, position, file, rows, places, uncounted)[0])
        return top, big

    def _place(self, position: int, file: int, column: int) -> tuple[int, int, int, int, int]:
        """(position, pair, kind, file, column) of an entry."""
        columns = self._columns[file]
        return position, int(columns.pair[column]), int(columns.kind[column]), file, column

    def _compiled(self, values: Array, position: int, file: int, kind: int, column: int, step: int) -> tuple[float, float]:
        """One plane by the compiled loop; the same results as _numpy."""
        from .compiled import compare_rows

        tally, measure, n, rows = self.tally, self.measures[file], self.oracle.pairs, len(values)
        span, offset = divmod(position, SPAN)
        high, middle, fine, magic, filler = self.oracle.compare_tables(span)
        width = 8 * len(fine)
        plane, at = values, column
        if step != 1 or n != width or not values.flags.c_contiguous:
            plane, at = np.full((rows, width), filler, values.dtype), 0
            plane[:, :n] = values[:, column::step][:, :n]
        look = measure.first_look if self.task.threshold >= 0.5 else None
        quick_limits = np.zeros(4)
        if look is not None:
            worst, largest = (x[0] if x is not None else -math.inf for x in (tally.worst, tally.largest))
            quick_limits[:] = (
                look.floor / 2,
                math.ldexp(min(0.5, worst) - look.MARGIN, look.scale_double),
                largest * (1 - look.RESOLUTION) - 2 * look.bound,
                2.0**-look.scale_double,
            )
        while True:
            sums, needs, tops, found = np.zeros(width), np.full(width, -math.inf), np.zeros(2), np.zeros(6, np.int64)
            compare_rows(
                high,
                middle,
                fine,
                kind,
                magic,
                offset,
                plane,
                at,
                measure.mantissa > 0,
                measure.smallest,
                measure.constant,
                measure.limits,
                self.task.threshold,
                float(position),
                look is not None,
                look.double if look is not None else 0,
                quick_limits,
                sums,
                needs,
                tops,
                self._doubtful,
                found,
            )
            if found[0] <= len(self._doubtful):
                break
            self._doubtful = np.empty((int(found[0]), 2), np.int64)  # full of ties: once more, with room for them
        total = float(sums.sum())
        if not math.isfinite(total) and not np.isfinite(values).all():
            raise self._not_finite(file, values, position)
        tally.total += total
        tally.wrong += int(found[1])
        top, big = (float(x) for x in tops)
        if big > measure.rounding:
            needs[needs > 1e200] = math.inf
            assert tally.needs is not None
            np.maximum(tally.needs, needs[:n], out=tally.needs)
        news = (
            tally.worst is None or top > tally.worst[0],
            tally.largest is None or big > tally.largest[0],
            found[2] >= 0 and (tally.first_wrong is None or tally.first_wrong[0] >= position),
            found[3] >= 0 and (tally.first_past is None or tally.first_past[0] >= position),
        )
        # NumPy finds the places, in the few rows that hold them.
        spots = {(int(found[k]), 64) for k in (4, 5) if news[k - 4]}
        spots |= {(int(found[k]), 1) for k in (2, 3) if news[k]}
        for row, height in spots:
            self._locate(values[row : row + height], position + row, file)
        if found[0]:
            at_rows, pairs = self._doubtful[: found[0]].T
            top = max(top, self._settle(values, position, file, at_rows, column + pairs * step)[0])
        return top, big

    def _locate(self, values: Array, position: int, file: int) -> None:
        """Takes extremes and first faults from a few rows, the counts from nowhere."""
        again = copy.copy(self)
        again.tally = _Tally(needs=np.full(self.oracle.pairs, -math.inf))
        for done, step in self._blocks(position, len(values), file):
            again._numpy(values[done : done + step], position + done, file)
        mine, other = self.tally, again.tally
        for name in ("worst", "largest"):
            best, found = getattr(mine, name), getattr(other, name)
            if best is None or found[0] > best[0]:
                setattr(mine, name, found)
        for name in ("first_wrong", "first_past"):
            both = [x for x in (getattr(mine, name), getattr(other, name)) if x is not None]
            setattr(mine, name, min(both) if both else None)

    def _by_balls(self, position: int, pair: int, kind: int, stored: float, fmt: Format) -> tuple[bool, float]:
        """(wrongly rounded, error in ulp) of one entry, proved by balls."""
        given = self.task.frequencies.given
        if position == 0 or (given is not None and given[pair] == 0):
            position = pair = 0  # an angle of zero, whatever the pair: one exact value
        key = (position, pair, kind, stored, fmt.name)
        if key not in self._proved:
            if len(self._proved) > 10000:
                self._proved.clear()
            wrong = Fraction(stored) != self.oracle.nearest(position, pair, kind, fmt)
            ratio = float(_exact_error(self.oracle, fmt, position, pair, kind, stored)[1])
            self._proved[key] = (wrong, ratio)
        return self._proved[key]

    def _not_finite(self, file: int, values: Array, position: int) -> JudgeInputError:
        row, column = np.argwhere(~np.isfinite(values))[0]
        what = "NaN" if np.isnan(values[row, column]) else "infinity"
        name, at = self.task.stored[file].name, position - self.task.start + row
        return JudgeInputError(f"{name}: {what} at row {at}, column {column} (position {position + row})")

    def _settle(
        self, values: Array, position: int, file: int, rows: Array, columns: Array, uncounted: Array | None = None
    ) -> tuple[float, float]:
        """Entries that the sweep did not decide: in double-double, then by balls.

        Adds to the tally what the sweep left out of it: wrong roundings, extremes, and the errors of
        entries that are `uncounted`; None: of those that the compiled sweep leaves out.
        Returns the largest error in ulp and the largest absolute one.
        """
        tally, measure, oracle = self.tally, self.measures[file], self.oracle
        pairs, kinds = self._columns[file].pair[columns], self._columns[file].kind[columns]
        stored = values[rows, columns].astype(np.float64)
        span, offset = divmod(position, SPAN)
        a, b = (offset + rows) // BLOCK, (offset + rows) % BLOCK
        high, low = oracle.high_table(span), oracle.low_table()
        parts = high.map(lambda x: x[pairs, a]), low.map(lambda x: x[pairs, b])
        hi, lo, bound = coordinate(*parts, kinds == SIN)
        # stored - hi is exact where the two are close, and elsewhere off by far less than the margin.
        error = np.abs((stored - hi) - lo)
        inverse, powers = measure.inverse(hi)
        ratio = error * inverse
        # Entries that the bound of the sweep's exact values leaves in doubt, whatever a first look passed on.
        beyond = (inverse > measure.reliable) | powers
        tally.apart += int(np.count_nonzero(beyond | (np.abs(ratio - 0.5) <= measure.margin + measure.slack * inverse)))
        near = 2.0**-40 + 2 * float(bound) * inverse
        wrong = ratio > 0.5
        for k in np.flatnonzero(powers | (near > 2.0**-10) | (np.abs(ratio - 0.5) <= near)):
            wrong[k], ratio[k] = self._by_balls(
                position + int(rows[k]), int(pairs[k]), int(kinds[k]), float(stored[k]), measure.format
            )
        # hi may be a last place off from the compiled sweep's value, so that an entry at the limit may be
        # counted twice, or not: of no weight.
        tally.total += float(ratio[beyond if uncounted is None else uncounted].sum())

        def first(mask: Array) -> tuple[int, int, int, int, int]:
            row = rows[mask].min()
            return min(self._place(position + int(row), file, int(c)) for c in columns[mask & (rows == row)])

        if wrong.any():
            tally.wrong += int(np.count_nonzero(wrong))
            tally.first_wrong = min(tally.first_wrong or first(wrong), first(wrong))
        past = ratio > self.task.threshold
        if past.any():
            tally.first_past = min(tally.first_past or first(past), first(past))
        top, big = float(ratio.max()), float(error.max())
        if tally.worst is None or top > tally.worst[0]:
            tally.worst = (top, *first(ratio == top))
        if tally.largest is None or big > tally.largest[0]:
            tally.largest = (big, *first(error == big))
        if big > measure.rounding:
            assert tally.needs is not None
            need = _needs(error, measure.rounding, position + rows)
            np.maximum.at(tally.needs, pairs, need)
        return top, big


def _judge_shard(task: _Task, first: int, count: int, progress: Callable[[int], None] | None = None) -> _Tally:
    """Judges rows first .. first + count - 1 of the table: what a joblib worker runs."""
    return _Shard(task).run(first, count, progress)


def _needs(error: Array, rounding: float, positions: Array) -> Array:
    """(|error| - rounding) / position; at position 0 any excess is infinite, and none needs nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        need = (error - rounding) / positions.astype(np.float64)
    return np.where(positions == 0, np.where(error > rounding, math.inf, -math.inf), need)


def _exact_error(
    oracle: Oracle, fmt: Format, position: int, pair: int, kind: int, stored: float
) -> tuple[float, Fraction, Fraction]:
    """(exact value, error in ulp, absolute error), to more than float64's precision."""
    bits = 200
    t = Fraction(stored)
    while True:
        low, high = fraction_bounds(oracle.ball(position, pair, bits)[kind])
        middle = (low + high) / 2
        if (fmt.ulp(low) == fmt.ulp(high) and (high - low) <= fmt.ulp(middle) / 2**60) or bits > 4000:
            error = abs(t - middle)
            return float(middle), error / fmt.ulp(middle), error
        bits *= 2


# ---------------------------------------------------------------------- distinct rows


def _words(raw: Array) -> Array:
    """Rows as unsigned words, the widest that fit."""
    data = np.ascontiguousarray(raw).view(np.uint8).reshape(len(raw), -1)
    size = next(s for s in (8, 4, 2, 1) if data.shape[1] % s == 0)
    return data.view(f"<u{size}")


def _add_hashes(raw: Array, weights: Array, out: Array, method: str) -> None:
    words = _words(raw)
    if method == "compiled":
        from .compiled import row_hashes

        row_hashes(words, weights, out)
    else:
        out += words.astype(np.uint64, copy=False) @ weights[: words.shape[1]]


def _count_distinct(task: _Task, hashes: Array, progress: Callable[[int], None] | None) -> int:
    """Distinct rows, exactly: rows of equal hash are read again and compared bit by bit."""
    ordered = np.sort(hashes)
    if not (ordered[1:] == ordered[:-1]).any():
        return len(hashes)
    order = np.argsort(hashes, kind="stable")
    repeats = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]]) + 1
    distinct = len(hashes) - len(repeats)
    # Each repeat is compared with its predecessor of the same hash: reading in order of position.
    pairs = np.stack([order[repeats - 1], order[repeats]])
    pairs = pairs[:, np.argsort(pairs[1])]
    readers = [s.reader() for s in task.stored]
    try:
        limit = max(1, 2**19 // max(1, sum(s.columns for s in task.stored)))
        for k in range(0, pairs.shape[1], limit):
            earlier, later = pairs[:, k : k + limit]
            same = np.ones(len(later), bool)
            for reader in readers:
                same &= (_words(_gather(reader, earlier)) == _words(_gather(reader, later))).all(axis=1)
            if not same.all():  # a collision: count the rows themselves
                return _count_by_bytes(readers, len(hashes), limit)
            if progress is not None:
                progress(0)
        for reader in readers:
            reader.check()
    finally:
        for reader in readers:
            reader.__exit__()
    return distinct


def _gather(reader: Reader, rows: Array) -> Array:
    """The given rows; runs of consecutive rows are read at once."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    parts = [reader.read(int(run[0]), len(run)).copy() for run in np.split(rows, breaks) if len(run)]
    return np.concatenate(parts)


def _count_by_bytes(readers: list[Reader], count: int, limit: int) -> int:
    """Counts distinct rows by cryptographic digests of them: only met after a hash collision."""
    import hashlib

    seen: set[bytes] = set()
    for at in range(0, count, limit):
        parts = [r.read(at, min(limit, count - at)) for r in readers]
        for k in range(len(parts[0])):
            seen.add(hashlib.blake2b(b"".join(p[k].tobytes() for p in parts), digest_size=20).digest())
    return len(seen)


# ---------------------------------------------------------------------- verdicts


def angle_constants(frequencies: Frequencies) -> dict[str, float]:
    """Bounds c of |angle - p theta| <= c p theta for the usual computations, smallest first.

    In a format with unit roundoff u: the frequency by exp(-(2i/d) log base) takes roundings of
    log base, of the quotient and of the product, each relative to an exponent of at most
    log base, then one or two of exp; base ** (-2i/d) takes fewer.  Rounding the position, and
    the product with it, adds two.  Together (1 + u)^(3 log base + 5) - 1, plus u^2 terms.
    Casting only the frequency to X adds u_X to computing in float32.
    """
    log = math.log(float(frequencies.base)) if frequencies.given is None else 0.0

    def computed(name: str) -> float:
        u = float(FORMATS[name].unit_roundoff)
        return math.expm1((3 * log + 5) * math.log1p(u)) * (1 + 2.0**-20)

    single = computed("float32")
    out = {
        "angle in float64": computed("float64"),
        "angle in float32": single,
        "frequencies cast to float16, angle in float32": float(FORMATS["float16"].unit_roundoff) * (1 + single) + single,
        "frequencies cast to bfloat16, angle in float32": float(FORMATS["bfloat16"].unit_roundoff) * (1 + single) + single,
        "angle in float16": computed("float16"),
        "angle in bfloat16": computed("bfloat16"),
    }
    return dict(sorted(out.items(), key=lambda item: item[1]))


def _sample(task: _Task, pairs: int, count: int) -> tuple[Array, list[tuple[int, Array]]]:
    """Positions of the first rows and of some others, and for each plane its kind and these rows."""
    rng = np.random.default_rng(20170612)
    rows = np.unique(np.concatenate([np.arange(min(count, 32)), rng.integers(0, count, 96)]))
    held = []
    for file, stored in enumerate(task.stored):
        with stored.reader() as reader:
            lines = numbers(_gather(reader, rows), stored.format)
        for kind, column, step in task.planes[file]:
            held.append((kind, lines[:, column::step][:, :pairs].astype(np.float64)))
    return task.start + rows, held


def _reproduced(
    task: _Task, oracle: Oracle, name: str, positions: Array, held: list[tuple[int, Array]], exact_thetas: Array
) -> float:
    """Share of a sample of entries that the computation gives up to one ulp.

    Libraries differ by a few ulps in the frequency itself, so that for each pair the nearest
    neighbours of the correctly rounded frequency are tried and the best one counts.
    """
    cast, angle = FORMATS[name.split(",")[0].rpartition(" ")[2]], FORMATS[name.rpartition(" ")[2]]
    centre = round_array(exact_thetas, cast)
    _, exponent = np.frexp(centre)
    unit = np.ldexp(1.0, exponent - cast.precision)
    p = round_array(positions.astype(np.float64), angle)[:, None]
    amplitude = float(fraction_bounds(oracle._amplitude_ball(64))[0])
    unit_out = float(2 * task.stored[0].format.unit_roundoff) * amplitude
    angles = round_array(p * (centre + np.arange(-3, 4)[:, None, None] * unit), angle)  # (7, rows, pairs)
    possible = np.isfinite(angles).all(axis=(1, 2))
    hits = np.zeros((len(angles), oracle.pairs))
    for kind, lines in held:
        with np.errstate(invalid="ignore"):
            value = amplitude * (np.cos(angles) if kind == COS else np.sin(angles))
            hits += (np.abs(value - lines) <= unit_out).mean(axis=1) / len(held)
    return float(hits[possible].max(axis=0, initial=0.0).mean())


def _computations(task: _Task, oracle: Oracle, tally: _Tally, count: int, sample: bool) -> tuple[float, list[Computation]]:
    exact_thetas = np.array(task.frequencies.doubles())
    thetas, amplitude = np.abs(exact_thetas), float(oracle.modulus)
    assert tally.needs is not None
    with np.errstate(divide="ignore", invalid="ignore"):
        need = np.where(thetas > 0, tally.needs / (thetas * amplitude), np.where(tally.needs > 0, math.inf, -math.inf))
    angle_error = max(0.0, float(need.max()))
    out = []
    rows = _sample(task, oracle.pairs, count) if sample else None
    for name, constant in angle_constants(task.frequencies).items():
        share = _reproduced(task, oracle, name, *rows, exact_thetas) if rows is not None else None
        out.append(Computation(name, constant, angle_error <= constant, share))
    return angle_error, out


REQUIREMENTS = ("correctly-rounded", "faithful", "float64", "float32", "float16", "bfloat16", "any")


def judge(
    table: Any,
    dim: int | None = None,
    base: Exact = 10000,
    layout: str | None = None,
    *,
    spacing: str = "paper",
    frequencies: Sequence[Exact] | None = None,
    scaling: Mapping[str, Any] | None = None,
    amplitude: Exact | None = None,
    start: int = 0,
    format: str | None = None,
    tensor: str | Sequence[str] | None = None,
    threshold: float = 1.0,
    require: str | None = None,
    method: str = "auto",
    jobs: int = 1,
    backend: str | None = None,
    distinct: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> JudgeReport:
    """Certifies a stored table of cosines and sines.

    table: a path (.npy, .safetensors), an array, or a pair of them, cosines first.  Rows are
    positions start, start + 1, ...; columns follow `layout`, a key of LAYOUTS, which is
    recognised from the first rows when None.  dim defaults to what the columns hold.

    spacing, frequencies, scaling, amplitude: what the table should hold; see Oracle.
    format: "bfloat16" for 16-bit words, which unsigned 16-bit arrays are taken for anyway.
    tensor: the tensor of a safetensors file (a pair of names for two files).
    threshold: in ulp, for `first_past_threshold`.
    require: what `ok` means: "correctly-rounded", "faithful", or the format in which the angle may
    have been computed; by default the stored format.  "any" is always ok.
    method: "numpy", "compiled" (needs numba) or "auto".
    jobs: shards judged at the same time through joblib; backend: a joblib backend ("threading",
    "loky", "dask", "ray"), threads by default.  A caller's joblib.parallel_config wins.
    distinct: whether to count distinct rows (8 bytes of memory a row, twice that while counting).
    progress: called with (rows done, rows in all) now and then.

    Raises JudgeInputError, whose message is one line, for input that cannot be judged.
    """
    began = time.perf_counter()
    try:
        task, given = _prepare(
            table,
            dim,
            base,
            layout,
            spacing,
            frequencies,
            scaling,
            amplitude,
            start,
            format,
            tensor,
            threshold,
            require,
            method,
            distinct,
            jobs,
        )
    except JudgeInputError:
        raise
    except (ValueError, ImportError) as error:
        raise JudgeInputError(str(error)) from None
    oracle = _oracle(task.frequencies, task.amplitude)
    count = task.stored[0].rows
    tally = _sweep(task, count, jobs, backend, progress)
    return _report(task, given, oracle, tally, count, require, began)


def _prepare(
    table: Any,
    dim: int | None,
    base: Exact,
    layout: str | None,
    spacing: str,
    frequencies: Sequence[Exact] | None,
    scaling: Mapping[str, Any] | None,
    amplitude: Exact | None,
    start: int,
    format: str | None,
    tensor: str | Sequence[str] | None,
    threshold: float,
    require: str | None,
    method: str,
    distinct: bool,
    jobs: int,
) -> tuple[_Task, str]:
    """Checks everything that can be checked before the sweep."""
    if method not in ("auto", "numpy", "compiled"):
        raise JudgeInputError(f"method must be auto, numpy or compiled, not {method!r}")
    if method == "compiled" and not compiled_available():
        raise JudgeInputError("method 'compiled' needs numba: install the 'fast' extra, or use method 'numpy'")
    if method == "auto":
        method = "compiled" if compiled_available() else "numpy"
    if require is not None and require not in REQUIREMENTS:
        raise JudgeInputError(f"require must be one of {', '.join(REQUIREMENTS)}, not {require!r}")
    if isinstance(threshold, bool) or not (isinstance(threshold, int | float) and 0 < threshold < math.inf):
        raise JudgeInputError(f"threshold must be a positive number of ulps, not {threshold!r}")
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs == 0:
        raise JudgeInputError(f"jobs must be a whole number other than 0, not {jobs!r}")
    if isinstance(start, bool) or not isinstance(start, int | np.integer):
        raise JudgeInputError(f"start must be a whole number, not {start!r}")
    tables = list(table) if isinstance(table, tuple | list) else [table]
    if len(tables) not in (1, 2):
        raise JudgeInputError(f"expected one table or a pair (cosines, sines), not {len(tables)}")
    names = [tensor] * len(tables) if tensor is None or isinstance(tensor, str) else list(tensor)
    if len(names) != len(tables):
        raise JudgeInputError(f"{len(names)} tensor names for {len(tables)} tables")
    stored = [open_stored(t, name, format) for t, name in zip(tables, names, strict=True)]
    if len(stored) == 2:
        a, b = stored
        if (a.rows, a.columns) != (b.rows, b.columns):
            raise JudgeInputError(f"{b.name}: shape {b.shape} does not fit {a.name}, shape {a.shape}")
        if a.format != b.format:
            raise JudgeInputError(f"{b.name}: {b.format.name}, but {a.name} is {a.format.name}")
    first = stored[0]
    if start < 0:
        raise JudgeInputError(f"positions must not be negative: start {start}")
    if start + first.rows - 1 > LARGEST_POSITION:
        raise JudgeInputError(f"positions must not exceed 2^53: {start} + {first.rows - 1}")
    if any(s.complex for s in stored):
        if layout not in (None, "interleaved-cos"):
            raise JudgeInputError(f"{first.name}: complex numbers are cos + i sin; layout {layout!r} does not apply")
        layout = "interleaved-cos"
    if layout is not None and layout not in LAYOUTS:
        raise JudgeInputError(f"layout must be one of {', '.join(LAYOUTS)}, not {layout!r}")
    if layout is not None and len(LAYOUTS[layout]) != len(stored):
        raise JudgeInputError(f"layout {layout!r} needs {len(LAYOUTS[layout])} tables, not {len(stored)}")
    n = None
    if frequencies is not None:
        n = len(frequencies)
    elif dim is not None:
        n = Frequencies.of(dim, base, spacing).pairs
    fits = []
    for name in [layout] if layout is not None else LAYOUTS:
        files = LAYOUTS[name]
        share = len(files[0])
        if len(files) == len(stored) and first.columns % share == 0 and n in (None, first.columns // share):
            fits.append(name)
    if not fits:
        wanted = "a fitting layout" if n is None else f"dim {2 * n}"
        raise JudgeInputError(
            f"{first.name}: {first.columns} columns do not fit {wanted}"
            + (f" in layout {layout!r}" if layout else "")
            + (f": expected {n * len(LAYOUTS[layout][0])}" if layout and n else "")
        )
    weights = [
        np.random.default_rng(1 + k).integers(1, 2**64, s.columns * s.raw.itemsize, np.uint64) | 1
        for k, s in enumerate(stored)
    ]
    ratio = None if amplitude is None else exact(amplitude, "amplitude")

    def task_for(name: str) -> _Task:
        pairs = first.columns // len(LAYOUTS[name][0])
        known = Frequencies.of(
            2 * pairs if dim is None or frequencies is not None else dim, base, spacing, frequencies, scaling
        )
        planes = [
            [(kind, at * pairs, 1) if how == "block" else (kind, at, 2) for kind, how, at in file] for file in LAYOUTS[name]
        ]
        return _Task(stored, planes, known, ratio, int(start), float(threshold), distinct, method, weights)

    tasks = {name: task_for(name) for name in fits}
    chosen = fits[0] if len(fits) == 1 else min(fits, key=lambda name: _distance(tasks[name]))
    task = tasks[chosen]
    _oracle(task.frequencies, task.amplitude)
    return task, chosen


def _distance(task: _Task) -> float:
    """Mean error of the first rows under a layout: how the layout is recognised."""
    rows = min(16, task.stored[0].rows)
    thetas = np.array(task.frequencies.doubles())
    angles = (task.start + np.arange(rows))[:, None] * thetas
    total, planes = 0.0, 0
    for file, stored in enumerate(task.stored):
        with stored.reader() as reader:
            values = numbers(reader.read(0, rows), stored.format).astype(np.float64)
        for kind, column, step in task.planes[file]:
            plane = values[:, column::step][:, : len(thetas)]
            with np.errstate(invalid="ignore"):
                total += float(np.abs(plane - (np.cos(angles) if kind == COS else np.sin(angles))).mean())
            planes += 1
    return total / planes if math.isfinite(total) else math.inf


def _sweep(task: _Task, count: int, jobs: int, backend: str | None, progress: Callable[[int, int], None] | None) -> _Tally:
    """Judges all shards, in order or through joblib, and merges what they found."""
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        if progress is not None:
            progress(done, count)

    if jobs == 1 and backend is None:
        tally = _judge_shard(task, 0, count, advance)
    else:
        try:
            import joblib
        except ImportError:
            raise JudgeInputError("jobs needs joblib: install the 'cluster' extra, or leave jobs at 1") from None
        workers = jobs if jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + jobs)
        # A few shards a worker even out the load; whole high tables are never computed twice.
        size = max(_Shard.ROWS, min(SPAN, -(-count // (4 * workers))))
        size = -(-size // _Shard.ROWS) * _Shard.ROWS
        shards, at = [], 0
        while at < count:
            step = min(size - (task.start + at) % size, count - at)
            shards.append((at, step))
            at += step
        # parallel_config, unlike Parallel itself, finds the backends that other packages bring.
        try:
            context = joblib.parallel_config(backend=backend) if backend is not None else nullcontext()
        except (ValueError, ImportError) as error:
            raise JudgeInputError(f"backend {backend!r}: {error}") from None
        parts = []
        with context:
            run = joblib.Parallel(n_jobs=jobs, return_as="generator", prefer=None if backend else "threads")
            found = run(joblib.delayed(_judge_shard)(task, a, n) for a, n in shards)
            for (_, step), part in zip(shards, found, strict=True):
                parts.append(part)
                advance(step)
        tally = parts[0]
        hashes = [p.hashes for p in parts]
        for part in parts[1:]:
            tally.merge(part)
        tally.hashes = np.concatenate(hashes) if task.distinct else None  # type: ignore[arg-type]
    return tally


def _place(task: _Task, oracle: Oracle, spot: tuple[int, int, int, int, int]) -> Place:
    position, pair, kind, file, column = spot
    stored = task.stored[file]
    with stored.reader() as reader:
        value = float(numbers(reader.read(position - task.start, 1), stored.format)[0, column])
    true, ulps, error = _exact_error(oracle, stored.format, position, pair, kind, value)
    return Place(position, pair, KINDS[kind], file, column, value, true, float(ulps), float(error))


def _report(
    task: _Task, layout: str, oracle: Oracle, tally: _Tally, count: int, require: str | None, began: float
) -> JudgeReport:
    fmt = task.stored[0].format
    entries = sum(s.rows * s.columns for s in task.stored)
    distinct = None
    if task.distinct and tally.hashes is not None:
        distinct = _count_distinct(task, tally.hashes, None)
    assert tally.worst is not None and tally.largest is not None
    spots = {spot: _place(task, oracle, spot) for spot in {tally.worst[1:], tally.largest[1:]}}
    worst, largest = spots[tally.worst[1:]], spots[tally.largest[1:]]

    def place(spot: tuple[int, int, int, int, int] | None) -> Place | None:
        return None if spot is None else spots[spot] if spot in spots else _place(task, oracle, spot)

    near = tally.wrong == 0 or worst.ulp < 1
    angle_error, computations = _computations(task, oracle, tally, count, sample=not near)
    fitting = next((c for c in computations if c.consistent), None)
    matching = max(computations, key=lambda c: (c.reproduced or 0.0, -c.constant))
    computation = fitting.name if fitting else None
    if tally.wrong == 0:
        verdict = "correctly-rounded"
    elif worst.ulp < 1:
        verdict = "faithful"
    else:
        verdict = "consistent" if fitting else "inconsistent"
    required = require if require is not None else fmt.name
    if required == "any":
        ok = True
    elif required == "correctly-rounded":
        ok = tally.wrong == 0
    elif required == "faithful":
        ok = verdict in ("correctly-rounded", "faithful")
    else:
        limit = angle_constants(task.frequencies)[f"angle in {required}"]
        ok = angle_error <= limit
    diagnosis = _diagnosis(verdict, fmt, tally, worst, fitting, matching, distinct, count)
    amplitude = float(sum(fraction_bounds(oracle._amplitude_ball(64))) / 2)
    f = task.frequencies
    return JudgeReport(
        sources=[s.name for s in task.stored],
        format=fmt.name,
        layout=layout,
        dim=f.dim,
        base=float(f.base),
        spacing="given" if f.given is not None else f.spacing,
        scaling=dict(f.scaling) or None,
        amplitude=amplitude,
        start=task.start,
        positions=count,
        entries=entries,
        ok=ok,
        required=required,
        verdict=verdict,
        computation=computation,
        diagnosis=diagnosis,
        max_ulp=worst.ulp,
        mean_ulp=tally.total / entries,
        max_absolute=largest.absolute,
        worst=worst,
        worst_absolute=largest,
        misrounded=tally.wrong,
        first_misrounded=place(tally.first_wrong),
        threshold=task.threshold,
        first_past_threshold=place(tally.first_past),
        angle_error=angle_error,
        computations=computations,
        distinct_rows=distinct,
        settled_apart=tally.apart,
        oracle_bound=oracle.split_bound,
        method=task.method,
        seconds=time.perf_counter() - began,
        profile=tally.profile,
    )


def _diagnosis(
    verdict: str,
    fmt: Format,
    tally: _Tally,
    worst: Place,
    fitting: Computation | None,
    matching: Computation,
    distinct: int | None,
    count: int,
) -> str:
    where = f"position {worst.position}, pair {worst.pair}, {worst.kind}"
    if verdict == "correctly-rounded":
        text = f"every entry is the {fmt.name} number nearest to the exact value"
    elif verdict == "faithful":
        text = f"every entry is within one ulp of {fmt.name}; {tally.wrong} are not the nearest number"
    elif fitting is not None:
        text = f"errors stay within the bound of computing with the {fitting.name}; worst at {where}"
    else:
        text = f"no usual computation allows the error at {where}: other frequencies, layout or positions?"
    if verdict in ("consistent", "inconsistent") and (matching.reproduced or 0) > 0.99:
        text += f"; a sample is reproduced by: {matching.name}"
    if distinct is not None and distinct < count:
        text += f"; only {distinct} of {count} rows are distinct"
    return text
