"""Sinusoidal positional encodings in both frequency spacings and the three coordinate orders in use."""

from __future__ import annotations

from .formats import (
    Array,
    Device,
    DType,
    Namespace,
    cast,
    device_of,
    format_of,
    namespace_of,
    require_choice,
    standard_namespace,
    widened,
)
from .frequencies import angles, inverse_frequencies, require_base, require_even_dim

LAYOUTS = ("interleaved", "sine-first", "cosine-first")


def sinusoidal(
    positions: Array,
    dim: int,
    *,
    base: float = 10000.0,
    spacing: str = "paper",
    layout: str = "interleaved",
    dtype: DType = "float32",
    angle_dtype: DType | None = None,
) -> Array:
    """Encodings of positions [..., T] (tokens, any real number) as an array [..., T, dim].

    Pair i holds sin(m theta_i) and cos(m theta_i). ``layout="interleaved"`` puts them at 2i and
    2i+1 (Vaswani et al. 2017, arXiv:1706.03762, section 3.5); ``"sine-first"`` puts all sines
    before all cosines (tensor2tensor), ``"cosine-first"`` the other way round (diffusion
    timesteps). The three differ by a fixed permutation of coordinates. ``spacing`` is that of
    :func:`symcheck.kernels.frequencies.inverse_frequencies`.

    Angle, sine and cosine are computed in ``angle_dtype`` (by default ``dtype`` itself for
    float64 and float32, and float32 for the half formats), then rounded to ``dtype``.

    Raises ValueError for an odd or non-positive dim, base <= 1, or an unknown spacing, layout
    or dtype.
    """
    require_even_dim(dim)
    require_base(base)
    require_choice(layout, "layout", LAYOUTS)
    xp = namespace_of(positions)
    angle_format = format_of(widened(dtype) if angle_dtype is None else angle_dtype)
    frequencies = inverse_frequencies(
        dim, base, spacing=spacing, xp=xp, dtype=angle_format, device=device_of(positions)
    )
    phase = angles(positions, frequencies)
    sine, cosine = cast(xp.sin(phase), dtype), cast(xp.cos(phase), dtype)
    if layout == "interleaved":
        return xp.reshape(xp.stack([sine, cosine], axis=-1), (*positions.shape, dim))
    return xp.concat([sine, cosine] if layout == "sine-first" else [cosine, sine], axis=-1)


def sinusoidal_table(
    length: int,
    dim: int,
    *,
    base: float = 10000.0,
    spacing: str = "paper",
    layout: str = "interleaved",
    xp: Namespace | None = None,
    dtype: DType = "float32",
    angle_dtype: DType | None = None,
    device: Device | None = None,
) -> Array:
    """The table of positions 0 .. length - 1, shape [length, dim]; see :func:`sinusoidal`.

    Raises ValueError for a negative length, and as :func:`sinusoidal` does.
    """
    if isinstance(length, bool) or not isinstance(length, int) or length < 0:
        raise ValueError(f"length: given {length!r}, expected an integer of at least 0")
    positions = standard_namespace(xp).arange(length, device=device)
    return sinusoidal(
        positions, dim, base=base, spacing=spacing, layout=layout, dtype=dtype, angle_dtype=angle_dtype
    )
