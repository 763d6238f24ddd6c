"""The oracle: cos and sin of p * theta_i for whole tables, with a rigorous error bound.

    PE(aB + b) = R(aB) PE(b)

A table of P positions is every sum of an angle of a small table of multiples of B and an angle
of a small table of 0 .. B-1.  Both come from a few balls (arb) and angle addition in
double-double; each value of the big table then costs one complex product.

Two ways to do the product:

- "numpy": each small-table value is split as h + r, h a multiple of 2^-26.  Products of two h
  are multiples of 2^-52 below 2, so that their sum is exact in float64 in any order, even inside
  a BLAS matrix product; what has r in it is small, so that its rounding does not matter much.
- "compiled": double-double with FMA (numba, the `fast` extra).

Positions run from 0 to 2^53.  Derivation of the bounds: docs/oracle.md.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from operator import itemgetter
from typing import Any

import numpy as np
from flint import arb

from .double_double import SQRT2, Array, Rotations, U, outer, rotate, two_sum
from .formats import FORMATS, Format, round_array
from .frequencies import Exact, Frequencies, ball_of, ceil_log2, exact, fraction_bounds, precision

LARGEST_POSITION = 2**53
BLOCK = 1024  # B: positions in the low table
SPAN = BLOCK * 1024  # positions that one high table serves
PAST_CACHES = 2**26  # bytes from which on a compiled table is stored past the caches: it would not stay in them
_SEEDS = 32  # each table of 1024 is a product of two of 32

# Fixed-point grid of the high parts of the numpy path, and the bits asked of a ball.
_GRID_BITS = 26
_SEED_BITS = 160

METHODS = ("auto", "numpy", "compiled")


@dataclass(frozen=True)
class Block:
    """Values for positions start .. start + rows - 1, each an unevaluated sum hi + lo of float64.

    Arrays have shape (rows, pairs).  Their memory order is the method's own: the numpy method
    fills them pair by pair.  |hi + lo - exact| <= bound for every entry.
    """

    start: int
    cos_hi: Array
    cos_lo: Array
    sin_hi: Array
    sin_lo: Array
    bound: float


def compiled_available() -> bool:
    """Whether numba is importable (it is not imported to find out)."""
    return find_spec("numba") is not None


def round_up(x: Fraction) -> float:
    """The smallest float64 not below x, for 0 < x in range."""
    value = float(x)
    return value if Fraction(value) >= x else math.nextafter(value, math.inf)


class Oracle:
    """Rigorous cos(p theta_i) and sin(p theta_i), times the scaling rule's amplitude.

    dim, base, spacing, frequencies, scaling: see Frequencies.of.  amplitude: an exact factor on
    every value; None takes the rule's own (1 but for YaRN and LongRoPE).  method: "numpy",
    "compiled", or "auto", which is compiled when numba is installed.

    bound is the proved absolute error of every value that `block`, `table`, `stream` and `at`
    give: at most 2^-76 (numpy) or 2^-100 (compiled) times the amplitude rounded up to a power
    of two.

    ValueError: arguments that define no frequencies; ImportError: compiled without numba.
    """

    def __init__(
        self,
        dim: int | None = None,
        base: Exact = 10000,
        *,
        spacing: str = "paper",
        frequencies: Sequence[Exact] | Frequencies | None = None,
        scaling: Mapping[str, Any] | None = None,
        amplitude: Exact | None = None,
        method: str = "auto",
    ) -> None:
        if method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
        if method == "auto":
            method = "compiled" if compiled_available() else "numpy"
        if method == "compiled" and not compiled_available():
            raise ImportError("method 'compiled' needs numba: install the 'fast' extra, or use method='numpy'")
        self.method = method
        if isinstance(frequencies, Frequencies):
            self.frequencies = frequencies
        else:
            self.frequencies = Frequencies.of(dim, base, spacing, frequencies, scaling)
        self.pairs = self.frequencies.pairs
        self._given_amplitude = None if amplitude is None else exact(amplitude, "amplitude")
        if self._given_amplitude is not None and not Fraction(1, 2**100) <= self._given_amplitude <= 2**100:
            raise ValueError(f"amplitude must lie between 2^-100 and 2^100, not {amplitude}")
        upper = fraction_bounds(self._amplitude_ball(_SEED_BITS))[1]
        #: an upper bound of the amplitude, a power of two
        self.modulus = Fraction(2) ** ceil_log2(upper)
        self._steps: Rotations | None = None
        self._low: Rotations | None = None
        self._high: OrderedDict[int, Rotations] = OrderedDict()
        self._split: OrderedDict[int, tuple[Array, Array]] = OrderedDict()
        self._low_split: tuple[Array, Array] | None = None
        self._fill_high: OrderedDict[int, Array] = OrderedDict()
        self._fill_low: tuple[Array, Array] | None = None
        self._compare_high: OrderedDict[int, Array] = OrderedDict()
        self._compare_low: tuple[Array, Array] | None = None
        self._thetas: dict[int, list[arb]] = {}
        seed = self._seed_error()
        unit, high = Rotations.none(seed), Rotations.none(seed * self.modulus, self.modulus)
        #: proved error of an entry of the two small tables
        self.table_error = outer(high, unit).error
        low = outer(unit, unit).error
        self._pair_error = rotate(Rotations.none(self.table_error, self.modulus), Rotations.none(low)).error
        #: proved bound of the numpy method, which the judge uses too
        self.split_bound = round_up(self._split_error(low))
        #: proved bound of one product of rotations in float64, for a first look
        self.float64_bound = round_up(self._float64_error(low))
        self.exact_bound = self._pair_error if method == "compiled" else self._split_error(low)
        #: proved bound of |hi + lo - exact|, rounded up
        self.bound = round_up(self.exact_bound)

    # ------------------------------------------------------------------ bounds

    @staticmethod
    def _seed_error() -> Fraction:
        """A ball of radius below 2^-140, at most 1, cut to hi + lo to nearest.

        |lo| <= 2^-54, which `_seed` asserts; so lo is off by at most half an ulp of that, 2^-108.
        """
        return Fraction(1, 2**108) + Fraction(1, 2**140)

    def _split_error(self, low_error: Fraction) -> Fraction:
        """Bound of the numpy method, in units where the modulus is 1, then scaled.

        With g = 2^-26: |r| <= g/2 = 2^-27, and |h| sums over a cosine and a sine: at most
        sqrt 2 (1 + g).

        - r rounded to float64: half an ulp of a number at most 2^-27: 2^-81, in both factors,
          each reaching the result through |cos| + |sin|;
        - h + r rounded to float64, times r: 2^-54 * 2^-27, for the two such terms;
        - four products, summed in any order: gamma_4 times the sum of their sizes (Higham 3.1);
        - the small tables' own errors, likewise through |cos| + |sin|; the left factor may be a
          product of two (the compiled judge makes its left rows that way).
        """
        g = Fraction(1, 2**_GRID_BITS)
        spread = SQRT2 * (1 + g)
        gamma = 4 * U / (1 - 4 * U)
        r_rounded = 2 * spread * Fraction(1, 2**81)
        f_rounded = 2 * (g / 2) * (U / 2)
        summed = gamma * (g / 2) * 2 * spread
        inherited = spread * (self._pair_error / self.modulus + low_error)
        cross = Fraction(1, 2**160)  # products of two of these errors
        return (r_rounded + f_rounded + summed + inherited + cross) * self.modulus

    def _float64_error(self, low_error: Fraction) -> Fraction:
        """Bound of fl(A c + B s) in float64, fused or not, A and B from the left factors, c and s from the low table.

        Each factor is h + r rounded: off by half an ulp of a number at most 1, and by what r is off; it
        reaches the result through |cos| + |sin|.  Rounding the two products costs at most u (|A c| + |B s|)
        <= u by Cauchy, rounding their sum at most u (1 + u).  In units where the modulus is 1.
        """
        factor = U / 2 + Fraction(1, 2**80)
        inherited = self._pair_error / self.modulus + low_error
        spread = SQRT2 * (1 + factor)
        return (spread * (2 * factor + inherited) + U * (2 + U) * (1 + 4 * factor)) * self.modulus

    # ------------------------------------------------------------------ balls

    def _amplitude_ball(self, bits: int) -> arb:
        if self._given_amplitude is not None:
            with precision(bits + 32):
                return ball_of(self._given_amplitude)
        return self.frequencies.amplitude(bits)

    def _theta_balls(self, bits: int) -> list[arb]:
        if bits not in self._thetas:
            self._thetas[bits] = self.frequencies.balls(bits)
        return self._thetas[bits]

    def _bits_for(self, position: int, bits: int) -> int:
        """Working precision at which position * theta still has `bits` bits after the point."""
        largest = max(float(abs(t.mid())) for t in self._theta_balls(64))
        return bits + max(0, math.ceil(math.log2(largest * max(position, 1) + 1))) + 8

    def ball(self, position: int, pair: int, bits: int = 200) -> tuple[arb, arb]:
        """(cos, sin) of position * theta_pair times the amplitude, as balls of about 2^-bits."""
        _check_positions(position, position + 1)
        if not 0 <= pair < self.pairs:
            raise ValueError(f"pair must lie in 0 .. {self.pairs - 1}, not {pair}")
        work = self._bits_for(position, bits)
        theta, amplitude = self._theta_balls(work)[pair], self._amplitude_ball(work)
        with precision(work + 32):
            s, c = (theta * position).sin_cos()
            return amplitude * c, amplitude * s

    def _seed(self, positions: Sequence[int], with_amplitude: bool = False) -> Rotations:
        """Rotations at the given positions from balls, (pairs, len(positions))."""
        work = self._bits_for(max(positions), _SEED_BITS)
        work = -(-work // 32) * 32  # few distinct precisions, so that the balls of theta are reused
        thetas = self._theta_balls(work)
        amplitude = self._amplitude_ball(work) if with_amplitude else None
        cells: list[float] = []
        with precision(work + 32):
            for theta in thetas:
                for position in positions:
                    s, c = (theta * position).sin_cos()
                    if amplitude is not None:
                        s, c = s * amplitude, c * amplitude
                    ch, sh = float(c), float(s)
                    cells += (ch, float(c - ch), sh, float(s - sh))
        parts = np.array(cells).reshape(len(thetas), len(positions), 4)
        modulus = self.modulus if with_amplitude else Fraction(1)
        if np.abs(parts[..., 1::2]).max() > 2.0**-54 * float(modulus):
            raise ArithmeticError("float(arb) did not round to nearest")
        ch_, cl_, sh_, sl_ = (np.ascontiguousarray(parts[..., k]) for k in range(4))
        return Rotations(ch_, cl_, sh_, sl_, self._seed_error() * modulus, modulus)

    # ------------------------------------------------------------------ the two small tables

    def low_table(self) -> Rotations:
        """Rotations by 0 .. BLOCK - 1 positions, (pairs, BLOCK)."""
        if self._low is None:
            self._low = outer(self._seed(range(0, BLOCK, _SEEDS)), self._seed(range(_SEEDS)))
        return self._low

    def high_table(self, span: int) -> Rotations:
        """Rotations by span * SPAN + a * BLOCK, a = 0 .. 1023, with the amplitude, (pairs, 1024)."""
        if span not in self._high:
            if self._steps is None:
                self._steps = self._seed(range(0, BLOCK * _SEEDS, BLOCK))
            start, stride = span * SPAN, BLOCK * _SEEDS
            coarse = self._seed(range(start, start + SPAN, stride), with_amplitude=True)
            self._high[span] = outer(coarse, self._steps)
            while len(self._high) > 4:
                self._high.popitem(last=False)
        return self._high[span]

    def _on_grid(self, hi: Array, lo: Array, grid: float) -> tuple[Array, Array]:
        h = np.rint(hi / grid) * grid
        return h, (hi - h) + lo

    def low_factors(self) -> tuple[Array, Array]:
        """Right factors of the numpy method: exact parts (n, 2, BLOCK) and the rest (n, 4, BLOCK)."""
        if self._low_split is None:
            t = self.low_table()
            grid = 2.0**-_GRID_BITS
            (hc, rc), (hs, rs) = self._on_grid(t.ch, t.cl, grid), self._on_grid(t.sh, t.sl, grid)
            self._low_split = (
                np.ascontiguousarray(np.stack([hc, hs], 1)),
                np.ascontiguousarray(np.stack([rc, hc + rc, rs, hs + rs], 1)),
            )
        return self._low_split

    def high_factors(self, span: int) -> tuple[Array, Array]:
        """Left factors: rows a, for cosines then sines: (2, n, 1024, 2) and (2, n, 1024, 4)."""
        if span not in self._split:
            t = self.high_table(span)
            grid = 2.0**-_GRID_BITS * float(self.modulus)
            (hc, rc), (hs, rs) = self._on_grid(t.ch, t.cl, grid), self._on_grid(t.sh, t.sl, grid)
            exact_parts = np.stack([np.stack([hc, -hs], -1), np.stack([hs, hc], -1)])
            rest = np.stack([np.stack([hc, rc, -hs, -rs], -1), np.stack([hs, rs, hc, rc], -1)])
            self._split[span] = (np.ascontiguousarray(exact_parts), np.ascontiguousarray(rest))
            while len(self._split) > 4:
                self._split.popitem(last=False)
        return self._split[span]

    def left_factors(self, start: int, count: int, step: int) -> Array:
        """Left factors for start, start + step, ..: (6, rows, 2, pairs), cosines before sines.

        h, r and h + r rounded to float64 of what multiplies the low table's cosine, then the same of what
        multiplies its sine.  start and count are multiples of BLOCK within a span, and step divides BLOCK.
        """
        span, offset = divmod(start, SPAN)
        rows = slice(offset // BLOCK, (offset + count) // BLOCK)
        t = outer(self.high_table(span).map(lambda x: x[:, rows]), self.low_table().map(lambda x: x[:, ::step]))
        grid = 2.0**-_GRID_BITS * float(self.modulus)
        (hc, rc), (hs, rs) = self._on_grid(t.ch.T, t.cl.T, grid), self._on_grid(t.sh.T, t.sl.T, grid)
        fc, fs = hc + rc, hs + rs
        parts = np.array([[hc, hs], [rc, rs], [fc, fs], [-hs, hc], [-rs, rc], [-fs, fc]])
        return parts.transpose(0, 2, 1, 3)

    # ------------------------------------------------------------------ values

    def pair_major(
        self,
        span: int,
        first: int,
        count: int,
        kind: int,
        pairs: slice = slice(None),
        out: tuple[Array, Array] | None = None,
    ) -> tuple[Array, Array]:
        """The numpy method's inner step: hi and lo of shape (pairs, count, BLOCK).

        Rows first .. first + count - 1 of high table `span`; kind 0 gives cosines, 1 sines.
        """
        xh, xl = self.high_factors(span)
        yh, yl = self.low_factors()
        hi = np.matmul(xh[kind, pairs, first : first + count], yh[pairs], out=None if out is None else out[0])
        lo = np.matmul(xl[kind, pairs, first : first + count], yl[pairs], out=None if out is None else out[1])
        return hi, lo

    def block(self, start: int, rows: int, out: Sequence[Array] | None = None) -> Block:
        """Values for positions start .. start + rows - 1, 0 <= start, start + rows <= 2^53 + 1.

        out: four float64 arrays of shape (rows, pairs) to fill and return: cos hi and lo, sin hi and lo.
        """
        _check_positions(start, start + rows)
        self._check_out(out, 4, rows)
        if self.method == "compiled":
            return self._compiled_block(start, rows, out)
        made = np.empty((4, self.pairs, rows)) if out is None else None
        # A few thousand positions of a group of pairs at a time: the working set stays in cache.
        group = max(1, 2**15 // (2 * BLOCK))
        hi, lo = np.empty((group, 2, BLOCK)), np.empty((group, 2, BLOCK))
        for kind in (0, 1):
            for i in range(0, self.pairs, group):
                n = min(group, self.pairs - i)
                a = start // BLOCK
                while a * BLOCK < start + rows:
                    span, row = divmod(a, SPAN // BLOCK)
                    count = min(2, SPAN // BLOCK - row, -(-(start + rows) // BLOCK) - a)
                    space = (hi[:n, :count], lo[:n, :count])
                    self.pair_major(span, row, count, kind, slice(i, i + n), space)
                    first, last = max(start, a * BLOCK), min(start + rows, (a + count) * BLOCK)
                    for part, x in enumerate(space):
                        piece = x.reshape(n, -1)[:, first - a * BLOCK : last - a * BLOCK]
                        if made is not None:
                            made[2 * kind + part, i : i + n, first - start : last - start] = piece
                        elif out is not None:
                            out[2 * kind + part][first - start : last - start, i : i + n] = piece.T
                    a += count
        arrays = [x.T for x in made] if made is not None else list(out or ())
        return Block(start, arrays[0], arrays[1], arrays[2], arrays[3], self.bound)

    def _check_out(self, out: Sequence[Array] | None, count: int, rows: int) -> None:
        """Raises ValueError where `out` is not `count` arrays that values can be stored in."""
        if out is None:
            return
        fits = [x.shape == (rows, self.pairs) and x.dtype == np.float64 and x.flags.writeable for x in out]
        if fits != [True] * count:
            number = {2: "two", 4: "four"}[count]
            raise ValueError(f"out must be {number} writeable float64 arrays of shape ({rows}, {self.pairs})")

    def _compiled_block(self, start: int, rows: int, out: Sequence[Array] | None) -> Block:
        arrays = [np.empty((rows, self.pairs)) for _ in range(4)] if out is None else list(out)
        self._fill(start, rows, arrays)
        return Block(start, arrays[0], arrays[1], arrays[2], arrays[3], self.bound)

    def _fill(self, start: int, rows: int, arrays: Sequence[Array]) -> None:
        """Compiled values into four arrays, those for cos lo and sin lo possibly of no rows."""
        from .compiled import fill

        wanted = [x if x.flags.c_contiguous else np.empty(x.shape) for x in arrays]
        size = sum(x.nbytes for x in wanted)
        past = size >= PAST_CACHES and self.pairs % 2 == 0 and all(x.ctypes.data % 16 == 0 for x in wanted)
        done = 0
        while done < rows:
            span, offset = divmod(start + done, SPAN)
            count = min(SPAN - offset, rows - done)
            inputs = [*self._fill_tables(span), offset, *(x[done : done + count] for x in wanted), past]
            fill(*inputs)
            done += count
        for x, made in zip(arrays, wanted, strict=True):
            if x is not made:
                x[:] = made

    def doubles(self, start: int, rows: int, out: Sequence[Array] | None = None) -> tuple[Array, Array]:
        """(cos, sin) as float64, shape (rows, pairs): hi + lo rounded once.

        Off from the exact value by at most half an ulp and the bound: for all but about one entry in
        2^20 (numpy; 2^46 compiled) that is the nearest float64; `rounded` proves it for every entry.
        out: two float64 arrays to fill and return.
        """
        _check_positions(start, start + rows)
        self._check_out(out, 2, rows)
        cos, sin = (np.empty((rows, self.pairs)) for _ in range(2)) if out is None else out
        if self.method == "numpy":
            for block in self.stream(start, start + rows, 4096):
                at = slice(block.start - start, block.start - start + len(block.cos_hi))
                np.add(block.cos_hi, block.cos_lo, out=cos[at])
                np.add(block.sin_hi, block.sin_lo, out=sin[at])
            return cos, sin
        self._fill(start, rows, (cos, cos[:0], sin, sin[:0]))
        return cos, sin

    def _fill_tables(self, span: int) -> tuple[Array, Array, Array]:
        """coarse, steps and low of compiled.fill."""
        from .compiled import tiles

        zeros = (0.0,) * 4
        if self._fill_low is None:
            low = _rows(self.low_table())[:256]
            self._fill_low = (tiles(_rows(self._seed(range(0, 2**14, 256))), zeros), tiles(low, zeros))
        if span not in self._fill_high:
            start = span * SPAN
            seeds = self._seed(range(start, start + SPAN, 2**14), with_amplitude=True)
            self._fill_high[span] = tiles(_rows(seeds), zeros)
            while len(self._fill_high) > 4:
                self._fill_high.popitem(last=False)
        return (self._fill_high[span], *self._fill_low)

    def compare_tables(self, span: int) -> tuple[Array, Array, Array, float, float]:
        """high, middle, fine, magic and filler of compiled.compare_rows."""
        from .compiled import tiles

        filler = 0.75 * float(self.modulus)  # a value like others: no power of two, and not small
        if self._compare_low is None:
            (h, r), low = self.low_factors(), self.low_table()
            fine = np.stack([h[:, 0], h[:, 1], r[:, 0], r[:, 2], r[:, 1], r[:, 3]])[:, :, :64]
            self._compare_low = (
                tiles(_rows(low)[::64], (1, 0, 0, 0)),
                tiles(fine.transpose(2, 0, 1), (1, 1, 0, 0, 1, 1)),
            )
        if span not in self._compare_high:
            self._compare_high[span] = tiles(_rows(self.high_table(span)), (filler, 0, 0, 0))
            while len(self._compare_high) > 4:
                self._compare_high.popitem(last=False)
        middle, fine = self._compare_low
        magic = 1.5 * 2.0 ** (52 - _GRID_BITS) * float(self.modulus)
        return self._compare_high[span], middle, fine, magic, filler

    def stream(self, start: int, stop: int, rows: int = 16384) -> Iterator[Block]:
        """Blocks of at most `rows` positions from start to stop; memory does not grow with the table."""
        _check_positions(start, stop)
        if rows < 1:
            raise ValueError(f"rows must be positive, not {rows}")
        while start < stop:
            step = min(rows - start % rows, stop - start)
            yield self.block(start, step)
            start += step

    def at(self, positions: Sequence[int] | Array) -> Block:
        """Values at any positions in 0 .. 2^53, in the order given, shape (len(positions), pairs).

        Always in double-double: the bound is that of the compiled method, whatever the method.
        `start` of the result is -1.
        """
        raw = np.asarray(positions)
        if raw.ndim != 1 or (raw.size and raw.dtype.kind not in "iu"):
            raise ValueError("positions must be a vector of whole numbers")
        if raw.size:
            _check_positions(int(raw.min()), int(raw.max()) + 1)
        points = raw.astype(np.int64)
        out = np.empty((4, len(points), self.pairs))
        spans = points // SPAN
        for span in np.unique(spans):
            where = np.flatnonzero(spans == span)
            offset = points[where] - int(span) * SPAN
            if len(where) < 16:  # a high table costs 1024 seeds and its product
                r = self._seed([int(p) for p in points[where]], with_amplitude=True)
            else:
                high, low = self.high_table(int(span)), self.low_table()
                a, b = offset // BLOCK, offset % BLOCK
                r = rotate(high.map(itemgetter((slice(None), a))), low.map(itemgetter((slice(None), b))))
            for k, x in enumerate((r.ch, r.cl, r.sh, r.sl)):
                out[k, where] = x.T
        return Block(-1, out[0], out[1], out[2], out[3], round_up(self._pair_error))

    # ------------------------------------------------------------------ correctly rounded tables

    def rounded(self, start: int, rows: int, fmt: str = "float64") -> tuple[Array, Array]:
        """Correctly rounded (cos, sin), shape (rows, pairs), in float64, float32, float16 or bfloat16.

        Every entry is the number of the format nearest to the exact value, ties to even; entries
        that the bound leaves in doubt are settled by balls.  bfloat16 needs ml-dtypes.
        """
        block = self.block(start, rows)
        out = []
        for kind, (hi, lo) in enumerate(((block.cos_hi, block.cos_lo), (block.sin_hi, block.sin_lo))):
            out.append(self._round_block(block.start, hi, lo, kind, _format(fmt)))
        return out[0], out[1]

    def rounded_stream(
        self, start: int, stop: int, fmt: str = "float64", rows: int = 16384
    ) -> Iterator[tuple[int, Array, Array]]:
        """(start, cos, sin) of correctly rounded chunks: for tables larger than memory."""
        _check_positions(start, stop)
        while start < stop:
            step = min(rows - start % rows, stop - start)
            yield (start, *self.rounded(start, step, fmt))
            start += step

    def _round_block(self, start: int, hi: Array, lo: Array, kind: int, fmt: Format) -> Array:
        s, e = two_sum(np.ascontiguousarray(hi), np.ascontiguousarray(lo))
        if fmt.name == "float64":
            # 5/4 of the bound: adding it to e rounds by far less than a quarter of it.
            margin: Any = 1.25 * self.bound
            below, above = s + (e - margin), s + (e + margin)
        else:
            margin = 2 * self.bound + np.abs(s) * 2.0**-51
            below, above = round_array(s - margin, fmt), round_array(s + margin, fmt)
        for p, i in np.argwhere(below != above):
            below[p, i] = float(self.nearest(start + int(p), int(i), kind, fmt))
        return below.astype(storage_dtype(fmt))

    def nearest(self, position: int, pair: int, kind: int, fmt: Format | str) -> Fraction:
        """The number of `fmt` nearest to the cosine (kind 0) or sine (kind 1), proved by balls."""
        fmt = _format(fmt) if isinstance(fmt, str) else fmt
        bits = 160
        while True:
            low, high = fraction_bounds(self.ball(position, pair, bits)[kind])
            if fmt.round(low) == fmt.round(high):
                return fmt.round(low)
            if bits > 20000:  # only an exact tie, which needs an algebraic value, could come here
                raise ArithmeticError(f"position {position}, pair {pair}: a tie in {fmt.name}")
            bits *= 2


def _rows(t: Rotations) -> Array:
    """(pairs, positions) tables as one array (positions, 4, pairs)."""
    return np.ascontiguousarray(np.stack([t.ch, t.cl, t.sh, t.sl]).transpose(2, 0, 1))


def _format(name: str) -> Format:
    if name not in ("float64", "float32", "float16", "bfloat16"):
        raise ValueError(f"format must be float64, float32, float16 or bfloat16, not {name!r}")
    return FORMATS[name]


def storage_dtype(fmt: Format) -> np.dtype[Any]:
    """NumPy's dtype for a storage format; ml-dtypes supplies bfloat16."""
    if fmt.name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(fmt.name)


def _check_positions(start: int, stop: int) -> None:
    if start < 0:
        raise ValueError(f"positions must not be negative: {start}")
    if stop - 1 > LARGEST_POSITION:
        raise ValueError(f"positions must not exceed 2^53: {stop - 1}")
    if stop < start:
        raise ValueError(f"positions must not run backwards: {start} to {stop}")
