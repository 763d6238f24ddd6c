"""Frequencies of a positional encoding, exactly: as balls of any precision, never as rounded floats.

A table is a function of position p and pair i through the angle p * theta_i.  Everything the
oracle proves about an angle rests on theta_i being known to as many bits as asked for, so this
module keeps the *definition* of the frequencies and evaluates it in arb on demand.

Sources: Vaswani et al. 2017 section 3.5 (theta_i = base^(-2i/d)); the tensor2tensor code
(theta_i = base^(-i/(d/2-1))); Su et al. 2021 eq. 15 (RoPE); Chen et al. 2023 (linear position
interpolation); bloc97 2023 and Peng et al. 2023 (NTK-aware, dynamic NTK, YaRN); Ding et al. 2024
(LongRoPE); Dubey et al. 2024 (Llama 3.1's rule), the last five as `transformers` computes them.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

from flint import arb, ctx, fmpq

Exact = int | float | Fraction | str

SPACINGS = ("paper", "tensor2tensor")
SCALINGS = ("none", "linear", "ntk", "dynamic", "yarn", "longrope", "llama3")

#: Nonzero frequencies must lie between these, so that no product in the oracle under- or overflows.
SMALLEST_FREQUENCY = Fraction(1, 2**400)
LARGEST_FREQUENCY = Fraction(2**64)

# flint's working precision is one global number; threads must not change it under each other.
_PRECISION_LOCK = threading.RLock()


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Sets flint's global working precision to `bits` for the block, one thread at a time."""
    with _PRECISION_LOCK:
        before = ctx.prec
        ctx.prec = bits
        try:
            yield
        finally:
            ctx.prec = before


#: Numbers as text: at most 400 digits, and exponents of at most three, lest 1e999999999 take all memory.
_NUMBER = re.compile(r"[+-]?(?=[\d.])[\d_]{0,400}(/[\d_]{1,400}|(\.\d{0,400})?([eE][+-]?\d{1,3})?)", re.ASCII)


def exact(value: Exact, what: str = "number") -> Fraction:
    """The rational that `value` denotes: a float is its binary value, a string a decimal or "p/q".

    Raises ValueError for what is not a finite number.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
            raise ValueError
        return Fraction(value)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        raise ValueError(f"{what} must be a finite number, not {value!r}") from None


def ball_of(value: Fraction) -> arb:
    """The ball of a rational at the current precision (exact when it fits)."""
    return arb(fmpq(value.numerator, value.denominator))


@dataclass(frozen=True)
class Frequencies:
    """theta_0 .. theta_(n-1), n = dim / 2, by definition.

    dim: even, the number of rotated dimensions.  base > 1.  spacing: "paper" or "tensor2tensor".
    given: exact frequencies that replace the formula (dim and base are then only labels).
    scaling: a mapping in the manner of `transformers`' rope_scaling, its rule under "rope_type"
    or "type"; see SCALINGS.
    """

    dim: int
    base: Fraction = Fraction(10000)
    spacing: str = "paper"
    given: tuple[Fraction, ...] | None = None
    scaling: tuple[tuple[str, Any], ...] = field(default=())

    @staticmethod
    def of(
        dim: int | None = None,
        base: Exact = 10000,
        spacing: str = "paper",
        frequencies: Sequence[Exact] | None = None,
        scaling: Mapping[str, Any] | None = None,
    ) -> Frequencies:
        """Checks the arguments and freezes them.  ValueError says what is wrong, in one line."""
        given = None
        if frequencies is not None:
            values = frequencies.tolist() if hasattr(frequencies, "tolist") else list(frequencies)
            if not isinstance(values, list) or not values:
                raise ValueError("frequencies must be a non-empty vector")
            given = tuple(exact(f, f"frequencies[{i}]") for i, f in enumerate(values))
            for i, f in enumerate(given):
                if f and not SMALLEST_FREQUENCY <= abs(f) <= LARGEST_FREQUENCY:
                    raise ValueError(f"frequencies[{i}] = {float(f):g} is outside 2^-400 .. 2^64")
            if dim is not None and dim != 2 * len(given):
                raise ValueError(f"dim {dim} does not fit {len(given)} frequencies: expected dim {2 * len(given)}")
            dim = 2 * len(given)
        if dim is None:
            raise ValueError("dim is needed unless frequencies are given")
        if isinstance(dim, bool) or int(dim) != dim:
            raise ValueError(f"dim must be a whole number, not {dim!r}")
        dim = int(dim)
        if dim < 2 or dim % 2:
            raise ValueError(f"dim must be even and at least 2, not {dim}")
        exact_base = exact(base, "base")
        if exact_base <= 1:
            raise ValueError(f"base must be greater than 1, not {base}")
        if exact_base > 2**400:
            raise ValueError(f"base must be at most 2^400, not {base}")
        if spacing not in SPACINGS:
            raise ValueError(f"spacing must be one of {', '.join(SPACINGS)}, not {spacing!r}")
        frozen: tuple[tuple[str, Any], ...] = ()
        if scaling is not None:
            if not isinstance(scaling, Mapping):
                raise ValueError(f"scaling must be a mapping of names to values, not {type(scaling).__name__}")
            frozen = tuple(sorted((str(k), tuple(v) if isinstance(v, list | tuple) else v) for k, v in scaling.items()))
        made = Frequencies(dim, exact_base, spacing, given, frozen)
        made.balls(64)  # so that a bad scaling is reported here, not in the middle of a sweep
        return made

    @property
    def pairs(self) -> int:
        """n = dim / 2."""
        return self.dim // 2

    @property
    def rule(self) -> str:
        """The scaling rule's name."""
        options = dict(self.scaling)
        return str(options.get("rope_type", options.get("type", "none"))).replace("default", "none")

    def balls(self, bits: int) -> list[arb]:
        """Balls of all n frequencies, in radians a position, computed with `bits` bits."""
        return list(_evaluated(self, bits)[0])

    def amplitude(self, bits: int) -> arb:
        """Ball of the factor by which the rule multiplies cos and sin (YaRN, LongRoPE; else 1)."""
        return _evaluated(self, bits)[1]

    def doubles(self) -> list[float]:
        """The frequencies rounded to float64, correctly."""
        return list(_rounded(self))

    def _option(self, name: str, default: Exact | None = None) -> Fraction:
        value = dict(self.scaling).get(name, default)
        if value is None:
            raise ValueError(f"scaling {self.rule!r} needs {name!r}")
        number = exact(value, f"scaling {name!r}")
        if number <= 0:
            raise ValueError(f"scaling {name!r} must be positive, not {value}")
        return number

    def _powers(self, base: arb) -> list[arb]:
        n = self.pairs
        if self.spacing == "tensor2tensor":
            steps = [Fraction(i, max(n - 1, 1)) for i in range(n)]
        else:
            steps = [Fraction(i, n) for i in range(n)]
        log = base.log()
        return [(-log * ball_of(e)).exp() for e in steps]

    def _evaluate(self) -> tuple[list[arb], arb]:
        """Frequencies and amplitude at the current precision."""
        one = arb(1)
        rule = self.rule
        base = ball_of(self.base)
        thetas = [ball_of(f) for f in self.given] if self.given is not None else self._powers(base)
        if rule == "none":
            return thetas, one
        if rule not in SCALINGS:
            raise ValueError(f"scaling rule must be one of {', '.join(SCALINGS)}, not {rule!r}")
        if rule == "linear":
            factor = ball_of(self._option("factor"))
            return [t / factor for t in thetas], one
        if self.given is not None:
            raise ValueError(f"scaling {rule!r} is defined on powers of a base, not on given frequencies")
        if rule in ("ntk", "dynamic"):
            return self._ntk(rule), one
        if rule == "llama3":
            return self._llama3(thetas), one
        if rule == "longrope":
            return self._longrope(thetas)
        return self._yarn(thetas)

    def _ntk(self, rule: str) -> list[arb]:
        if self.dim == 2:
            raise ValueError(f"scaling {rule!r} is not defined for dim 2")
        factor = self._option("factor")
        if rule == "dynamic":
            seen, trained = self._option("length"), self._option("original_max_position_embeddings")
            factor = factor * max(seen, trained) / trained - (factor - 1)
        stretch = (ball_of(factor).log() * ball_of(Fraction(self.dim, self.dim - 2))).exp()
        return self._powers(ball_of(self.base) * stretch)

    def _llama3(self, thetas: list[arb]) -> list[arb]:
        factor = ball_of(self._option("factor"))
        low, high = self._option("low_freq_factor", 1), self._option("high_freq_factor", 4)
        trained = self._option("original_max_position_embeddings")
        if high <= low:
            raise ValueError("scaling 'high_freq_factor' must exceed 'low_freq_factor'")
        out = []
        for t in thetas:
            turns = ball_of(trained) * t / (2 * arb.pi())
            if turns < ball_of(low):
                out.append(t / factor)
            elif turns > ball_of(high):
                out.append(t)
            else:  # continuous at both ends, so a ball across an end loses nothing but width
                smooth = (turns - ball_of(low)) / ball_of(high - low)
                out.append((1 - smooth) * t / factor + smooth * t)
        return out

    def _longrope(self, thetas: list[arb]) -> tuple[list[arb], arb]:
        options = dict(self.scaling)
        trained = self._option("original_max_position_embeddings")
        length = self._option("length", trained)
        name = "long_factor" if length > trained else "short_factor"
        factors = options.get(name)
        if not isinstance(factors, tuple) or len(factors) != self.pairs:
            raise ValueError(f"scaling 'longrope' needs {name!r} with {self.pairs} numbers")
        exact_factors = [exact(f, f"scaling {name!r}") for f in factors]
        if min(exact_factors) <= 0:
            raise ValueError(f"scaling {name!r} must be positive")
        amplitude = arb(1)
        if "attention_factor" in options:
            amplitude = ball_of(self._option("attention_factor"))
        elif "factor" in options and self._option("factor") > 1:
            amplitude = (1 + ball_of(self._option("factor")).log() / ball_of(trained).log()).sqrt()
        return [t / ball_of(f) for t, f in zip(thetas, exact_factors, strict=True)], amplitude

    def _yarn(self, thetas: list[arb]) -> tuple[list[arb], arb]:
        factor = self._option("factor")
        trained = self._option("original_max_position_embeddings")
        fast, slow = self._option("beta_fast", 32), self._option("beta_slow", 1)
        truncate = dict(self.scaling).get("truncate", True)
        log = ball_of(self.base).log()

        def pair_turning(turns: Fraction) -> arb:
            ratio = ball_of(trained) / (ball_of(turns) * 2 * arb.pi())
            return self.dim * ratio.log() / (2 * log)

        low, high = pair_turning(fast), pair_turning(slow)
        if truncate:
            low, high = arb(_whole(low.floor())), arb(_whole(high.ceil()))
        low = low if low > 0 else arb(0)
        high = high if high < self.dim - 1 else arb(self.dim - 1)
        if not low < high:
            high = low + ball_of(Fraction(1, 1000))
        out = []
        for i, t in enumerate(thetas):
            ramp = (arb(i) - low) / (high - low)
            ramp = ramp.max(arb(0)).min(arb(1))
            out.append(t / ball_of(factor) * ramp + t * (1 - ramp))
        options = dict(self.scaling)
        amplitude = arb(1)
        if "attention_factor" in options and options["attention_factor"] is not None:
            amplitude = ball_of(self._option("attention_factor"))
        elif factor > 1:
            amplitude = 1 + ball_of(factor).log() / 10
        return out, amplitude


@lru_cache(maxsize=256)
def _rounded(frequencies: Frequencies) -> tuple[float, ...]:
    bits = 96
    while True:
        pairs = [(float(a), float(b)) for a, b in map(fraction_bounds, frequencies.balls(bits))]
        if all(low == high for low, high in pairs) or bits > 4096:
            return tuple(low for low, _ in pairs)
        bits *= 2


@lru_cache(maxsize=256)
def _evaluated(frequencies: Frequencies, bits: int) -> tuple[list[arb], arb]:
    with precision(bits + 32):
        return frequencies._evaluate()


def _whole(x: arb) -> int:
    found = x.unique_fmpz()
    if found is None:
        raise ValueError("scaling 'yarn' has a boundary too close to a whole number; set 'truncate' to false")
    return int(found)


def _ratio(x: arb) -> tuple[int, int]:
    """Numerator and denominator of an exact ball (such as x.mid())."""
    man, exp = (int(part) for part in x.man_exp())
    return (man << exp, 1) if exp >= 0 else (man, 1 << -exp)


def fraction_bounds(x: arb) -> tuple[Fraction, Fraction]:
    """Exact rationals between which the ball `x` lies.  ValueError if it is not finite."""
    if not x.is_finite():
        raise ValueError("the ball is not finite")
    # x.lower() would round to the working precision in force here; midpoint and radius are exact.
    middle, radius = Fraction(*_ratio(x.mid())), Fraction(*_ratio(x.rad()))
    return middle - radius, middle + radius


def ceil_log2(x: Fraction) -> int:
    """The smallest k with x <= 2^k, for x > 0."""
    k = math.ceil(math.log2(x.numerator) - math.log2(x.denominator)) - 2
    while x > (Fraction(2) ** k):
        k += 1
    return k
