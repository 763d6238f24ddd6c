"""RoPE scaling: from a model's configuration to its frequencies and its attention scale.

The keys are those of transformers' configurations, flat or inside ``rope_parameters`` (or the
older ``rope_scaling``), so that a model's ``config.json`` can be given as it is. Everything is
computed with 50 decimal digits and rounded once; branches (is this wavelength long?) are therefore
decided by the formula and not by rounding.

All methods share: ``head_dim`` (or ``hidden_size`` and ``num_attention_heads``), ``rope_theta``
(10000 if missing), ``partial_rotary_factor`` (1 if missing) and ``rope_type`` (or ``type``;
"default" if missing). d = int(head_dim * partial_rotary_factor), theta_i = rope_theta^(-2i/d).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

from .formats import Array, Device, DType, Namespace, standard_namespace, table_from
from .frequencies import DECIMAL, exact_frequencies, require_base, require_even_dim

Scaled = tuple[list[Decimal], Decimal]

_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


class _Config:
    """A flattened configuration whose look-ups fail with the key and what was expected."""

    def __init__(self, config: Mapping[str, Any]):
        if not isinstance(config, Mapping):
            raise ValueError(f"config: given {type(config).__name__}, expected a mapping")
        self.values: dict[str, Any] = dict(config)
        for nested in ("rope_scaling", "rope_parameters"):
            self.values.update(self.values.pop(nested, None) or {})
        self.type: str = self.values.get("rope_type") or self.values.get("type") or "default"

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def number(self, key: str, default: float | None = None, *, least: float = 0.0) -> Decimal:
        """A number of at least ``least``, exactly as stored; above it when ``least`` is 0."""
        value = self.get(key)
        value = default if value is None else value
        if value is None:
            raise ValueError(f"config: {key!r} is missing, expected a number for rope_type {self.type!r}")
        above = "above 0" if least == 0 else f"of at least {least:g}"
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        if not numeric or not math.isfinite(value) or value < least or value == 0:
            raise ValueError(f"config: {key!r} is {value!r}, expected a finite number {above}")
        return Decimal(value)

    def dim(self) -> int:
        """The number of rotated coordinates."""
        return require_even_dim(int(self.head_dim() * self.fraction()), "config: rotated dim")

    def fraction(self) -> float:
        # A float on purpose: 0.3 of 10 coordinates means 3, though the double is below 0.3.
        fraction = float(self.number("partial_rotary_factor", 1.0))
        if fraction > 1:
            raise ValueError(f"config: 'partial_rotary_factor' is {fraction}, expected at most 1")
        return fraction

    def head_dim(self) -> int:
        head_dim = self.get("head_dim")
        if head_dim is None and self.get("hidden_size") and self.get("num_attention_heads"):
            head_dim = self.get("hidden_size") // self.get("num_attention_heads")
        if head_dim is None:
            raise ValueError(
                "config: 'head_dim' is missing, expected it or 'hidden_size' and 'num_attention_heads'"
            )
        return require_even_dim(head_dim, "config: 'head_dim'")

    def theta(self) -> Decimal:
        value = self.get("rope_theta")
        return Decimal(require_base(10000.0 if value is None else value, "config: 'rope_theta'"))

    def unscaled(self) -> list[Decimal]:
        return exact_frequencies(self.dim(), self.theta())

    def ntk_exponent(self) -> Decimal:
        dim = self.dim()
        if dim < 4:
            raise ValueError(f"config: rotated dim is {dim}, expected at least 4 for d/(d - 2)")
        return Decimal(dim) / Decimal(dim - 2)

    def factors(self, key: str) -> list[Decimal]:
        """A list of d/2 positive numbers."""
        value, half = self.get(key), self.dim() // 2
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != half:
            length = len(value) if isinstance(value, Sequence) else type(value).__name__
            raise ValueError(f"config: {key!r} has {length} entries, expected a list of {half} numbers")
        return [_Config({key: entry}).number(key) for entry in value]


def _default(config: _Config, length: int | None) -> Scaled:
    return config.unscaled(), Decimal(1)


def _linear(config: _Config, length: int | None) -> Scaled:
    factor = config.number("factor", least=1)
    return [theta / factor for theta in config.unscaled()], Decimal(1)


def _ntk(config: _Config, length: int | None) -> Scaled:
    base = config.theta() * config.number("factor", least=1) ** config.ntk_exponent()
    return exact_frequencies(config.dim(), base), Decimal(1)


def _dynamic(config: _Config, length: int | None) -> Scaled:
    factor, trained = config.number("factor", least=1), config.number("max_position_embeddings", least=1)
    current = max(Decimal(length or 0), trained)
    base = config.theta() * (factor * current / trained - (factor - 1)) ** config.ntk_exponent()
    return exact_frequencies(config.dim(), base), Decimal(1)


def _mscale(factor: Decimal, weight: Decimal) -> Decimal:
    return Decimal(1) if factor <= 1 else Decimal("0.1") * weight * factor.ln() + 1


def _extension(config: _Config) -> tuple[Decimal, Decimal]:
    """The factor by which the context grows, and the original context."""
    original = config.get("original_max_position_embeddings")
    key = "max_position_embeddings" if original is None else "original_max_position_embeddings"
    trained = config.number(key, least=1)
    if config.get("factor") is not None:
        return config.number("factor", least=1), trained
    return config.number("max_position_embeddings", least=1) / trained, trained


def _yarn(config: _Config, length: int | None) -> Scaled:
    factor, trained = _extension(config)
    fast, slow = config.number("beta_fast", 32), config.number("beta_slow", 1)
    if slow >= fast:
        raise ValueError(f"config: 'beta_slow' is {slow}, expected less than 'beta_fast', {fast}")
    thetas, dim = config.unscaled(), config.dim()
    ramp = config.get("ramp") or "dimension"
    if ramp == "rotations":
        rotations = [trained * theta / (2 * _PI) for theta in thetas]
        kept = [min(max((r - slow) / (fast - slow), Decimal(0)), Decimal(1)) for r in rotations]
    elif ramp == "dimension":

        def pair_that_turns(times: Decimal) -> Decimal:
            return dim * (trained / (times * 2 * _PI)).ln() / (2 * config.theta().ln())

        low, high = pair_that_turns(fast), pair_that_turns(slow)
        if config.values.get("truncate", True):
            low, high = Decimal(math.floor(low)), Decimal(math.ceil(high))
        low, high = max(low, Decimal(0)), min(high, Decimal(dim - 1))
        # The authors' guard against an empty ramp; its size is part of the published numbers.
        width = high - low if high != low else Decimal("0.001")
        kept = [1 - min(max((i - low) / width, Decimal(0)), Decimal(1)) for i in range(dim // 2)]
    else:
        raise ValueError(f"config: 'ramp' is {ramp!r}, expected 'dimension' or 'rotations'")
    scaled = [(1 - keep) * theta / factor + keep * theta for theta, keep in zip(thetas, kept, strict=True)]
    if config.get("attention_factor") is not None:
        return scaled, config.number("attention_factor")
    # Both or neither, as in transformers: one of the two alone is ignored.
    if config.get("mscale") and config.get("mscale_all_dim"):
        upper, lower = config.number("mscale"), config.number("mscale_all_dim")
        return scaled, _mscale(factor, upper) / _mscale(factor, lower)
    return scaled, _mscale(factor, Decimal(1))


def _longrope(config: _Config, length: int | None) -> Scaled:
    trained = config.number("original_max_position_embeddings", least=2)
    factors = config.factors("long_factor" if length is not None and length > trained else "short_factor")
    scaled = [theta / factor for theta, factor in zip(config.unscaled(), factors, strict=True)]
    if config.get("attention_factor") is not None:
        return scaled, config.number("attention_factor")
    if config.get("factor") is None:
        factor = config.number("max_position_embeddings", least=1) / trained
    else:
        factor = config.number("factor")
    return scaled, Decimal(1) if factor <= 1 else (1 + factor.ln() / trained.ln()).sqrt()


def _llama3(config: _Config, length: int | None) -> Scaled:
    factor = config.number("factor", least=1)
    low, high = config.number("low_freq_factor"), config.number("high_freq_factor")
    if low >= high:
        raise ValueError(f"config: 'low_freq_factor' is {low}, expected less than 'high_freq_factor', {high}")
    trained = config.number("original_max_position_embeddings", least=1)

    def scale(theta: Decimal) -> Decimal:
        wavelength = 2 * _PI / theta
        if wavelength < trained / high:
            return theta
        if wavelength > trained / low:
            return theta / factor
        smooth = (trained / wavelength - low) / (high - low)
        return (1 - smooth) * theta / factor + smooth * theta

    return [scale(theta) for theta in config.unscaled()], Decimal(1)


def _proportional(config: _Config, length: int | None) -> Scaled:
    head_dim = config.head_dim()
    factor = config.number("factor", 1.0, least=1)
    turning = int(config.fraction() * head_dim // 2)
    thetas = exact_frequencies(head_dim, config.theta())
    zeros = [Decimal(0)] * (head_dim // 2 - turning)
    return [theta / factor for theta in thetas[:turning]] + zeros, Decimal(1)


METHODS: dict[str, Callable[[_Config, int | None], Scaled]] = {
    "default": _default,
    "linear": _linear,
    "ntk": _ntk,
    "dynamic": _dynamic,
    "yarn": _yarn,
    "longrope": _longrope,
    "llama3": _llama3,
    "proportional": _proportional,
}


def exact_scaled_frequencies(
    config: Mapping[str, Any], *, sequence_length: int | None = None
) -> tuple[list[Decimal], Decimal]:
    """Frequencies and attention scale to 50 digits; see :func:`scaled_frequencies`."""
    flat = _Config(config)
    if flat.type not in METHODS:
        raise ValueError(f"config: rope_type is {flat.type!r}, expected one of {', '.join(METHODS)}")
    if sequence_length is not None and (not isinstance(sequence_length, int) or sequence_length < 0):
        raise ValueError(f"sequence_length: given {sequence_length!r}, expected an integer of at least 0")
    with localcontext(DECIMAL):
        return METHODS[flat.type](flat, sequence_length)


def scaled_frequencies(
    config: Mapping[str, Any],
    *,
    sequence_length: int | None = None,
    xp: Namespace | None = None,
    dtype: DType = "float64",
    device: Device | None = None,
) -> tuple[Array, float]:
    """Frequencies [d/2] in radians per token, and the scale of cosine and sine (1 if none).

    By ``rope_type``, with s = ``factor``, L = ``original_max_position_embeddings``:

    - ``default``: theta_i (Su et al. 2021, arXiv:2104.09864, section 3.2.2).
    - ``linear``: theta_i / s, position interpolation (Chen et al. 2023, arXiv:2306.15595, eq. 4).
    - ``ntk``: base s^(d/(d-2)) (NTK-aware; Peng et al. 2023, arXiv:2309.00071, section 3.1).
    - ``dynamic``: base (s l/M - (s - 1))^(d/(d-2)), M = ``max_position_embeddings``, l the larger
      of M and ``sequence_length`` (dynamic NTK as in transformers, which scales by the length).
    - ``yarn``: (1 - g_i) theta_i / s + g_i theta_i with a ramp g_i, and the scale 0.1 ln s + 1, or
      ``attention_factor``, or with ``mscale`` = a and ``mscale_all_dim`` = b, both non-zero,
      (0.1 a ln s + 1)/(0.1 b ln s + 1) (Peng et al., sections 3.2 and 3.4; mscale from
      DeepSeek-V2). The ramp of the paper runs in the number of rotations r_i = L theta_i / 2 pi,
      from 0 at ``beta_slow`` = 1 to 1 at ``beta_fast`` = 32 (``"ramp": "rotations"``); the authors'
      code and all that follow it let it run in the index i between the pairs that turn that
      often (``"ramp": "dimension"``, the default), rounded outwards unless ``truncate`` is false.
      The two agree at the ends only.
    - ``longrope``: theta_i / lambda_i, lambda = ``long_factor`` when ``sequence_length`` > L, else
      ``short_factor`` (Ding et al. 2024, arXiv:2402.13753, section 3); scale sqrt(1 + ln s / ln L),
      1 for s <= 1, where s is ``max_position_embeddings`` / L if missing, or ``attention_factor``
      (Phi-3's code).
    - ``llama3``: theta_i for wavelengths below L/``high_freq_factor``, theta_i / s above
      L/``low_freq_factor``, and linear in L theta_i / 2 pi between (Llama 3.1 reference code).
    - ``proportional``: frequencies over the whole head, those past ``partial_rotary_factor`` zero.

    Raises ValueError for an unknown type, a missing or unusable value (named with its key),
    s < 1, an odd d, or lists of the wrong length.
    """
    frequencies, scale = exact_scaled_frequencies(config, sequence_length=sequence_length)
    table = table_from([float(theta) for theta in frequencies], standard_namespace(xp), dtype, device)
    return table, float(scale)
