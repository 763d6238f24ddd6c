"""Frequencies, and the angles that positions and frequencies make.

A frequency vector is computed with 50 decimal digits and rounded once to float64, so that the
error of an angle is the error of its format and of nothing else. It holds d/2 numbers, so this
costs nothing beside the table made from it.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal

from .formats import (
    Array,
    Device,
    DType,
    Namespace,
    cast,
    format_of,
    namespace_of,
    require_choice,
    standard_namespace,
    table_from,
)

SPACINGS = ("paper", "tensor2tensor")

# A private context: the caller's decimal context is neither read nor changed.
DECIMAL = Context(prec=50)


def require_even_dim(dim: int, name: str = "dim") -> int:
    """The dimension, or ValueError when it is not a positive even integer."""
    if isinstance(dim, bool) or not isinstance(dim, int) or dim <= 0 or dim % 2:
        raise ValueError(f"{name}: given {dim!r}, expected a positive even integer")
    return dim


def require_base(base: float, name: str = "base") -> float:
    """The base, or ValueError when it is not a finite number above 1."""
    if isinstance(base, bool) or not isinstance(base, int | float) or not 1 < base < math.inf:
        raise ValueError(f"{name}: given {base!r}, expected a finite number above 1")
    return base


def exact_power(base: float | Decimal, numerator: int, denominator: int) -> Decimal:
    """base^(numerator/denominator) to 50 digits; base > 0 is taken as the exact value given."""
    exponent = DECIMAL.divide(Decimal(numerator), Decimal(denominator))
    return DECIMAL.power(Decimal(base), exponent)


def exact_frequencies(dim: int, base: float | Decimal, spacing: str = "paper") -> list[Decimal]:
    """The d/2 frequencies to 50 digits; see :func:`inverse_frequencies`."""
    half = dim // 2
    if spacing == "paper":
        return [exact_power(base, -2 * i, dim) for i in range(half)]
    return [exact_power(base, -i, max(half - 1, 1)) for i in range(half)]


def inverse_frequencies(
    dim: int,
    base: float = 10000.0,
    *,
    spacing: str = "paper",
    xp: Namespace | None = None,
    dtype: DType = "float64",
    device: Device | None = None,
) -> Array:
    """Frequencies theta_i in radians per position, shape [dim/2], i = 0 .. dim/2 - 1.

    ``spacing="paper"``: theta_i = base^(-2i/d) (Vaswani et al. 2017, arXiv:1706.03762, section
    3.5; Su et al. 2021, arXiv:2104.09864, eq. 15, where i counts from 1 and the exponent is
    -2(i-1)/d). ``spacing="tensor2tensor"``: theta_i = base^(-i/(d/2 - 1)), so that the last
    frequency is exactly 1/base (``get_timing_signal_1d`` of tensor2tensor); for d = 2 it is 1.

    Each entry is correctly rounded to float64, then rounded to ``dtype``.

    Domain: dim a positive even integer, base finite and above 1. Raises ValueError otherwise,
    and for an unknown spacing or a dtype that the backend lacks.
    """
    require_even_dim(dim)
    require_base(base)
    require_choice(spacing, "spacing", SPACINGS)
    values = [float(theta) for theta in exact_frequencies(dim, base, spacing)]
    return table_from(values, standard_namespace(xp), dtype, device)


def angles(positions: Array, frequencies: Array, *, dtype: DType | None = None) -> Array:
    """Angles m theta_i in radians: positions [..., T] and frequencies [d/2] give [..., T, d/2].

    Both are rounded to ``dtype`` (by default that of the frequencies) and multiplied in it:
    fl(fl(theta) fl(m)), one elementwise product, never a matrix product, whose precision a
    backend may lower (TF32). In bfloat16 the positions 256 and 257 therefore share their
    angles: that is the format, and the reason why this dtype is a parameter of its own.

    Source: Su et al. 2021, arXiv:2104.09864, eq. 14-15. Raises ValueError when frequencies is
    not a vector or a dtype is not a floating-point one that the backend has.
    """
    namespace_of(positions, frequencies)
    if frequencies.ndim != 1:
        raise ValueError(f"frequencies: given shape {tuple(frequencies.shape)}, expected a vector [d/2]")
    format_ = format_of(frequencies.dtype if dtype is None else dtype)
    return cast(positions, format_)[..., None] * cast(frequencies, format_)
