"""Rotary position embedding (RoPE) in the interleaved and half-split layouts, whole or partial."""

from __future__ import annotations

import numpy

from .formats import (
    Array,
    DType,
    cast,
    device_of,
    format_of,
    namespace_of,
    require_choice,
    require_floating,
    widened,
)
from .frequencies import angles, require_even_dim

LAYOUTS = ("interleaved", "half")


def pair_coordinates(dim: int, layout: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First and second coordinates of the dim/2 pairs that are rotated together.

    interleaved: (2i, 2i+1); half: (i, i + dim/2). Raises ValueError for odd dim or other layouts.
    """
    require_even_dim(dim)
    require_choice(layout, "layout", LAYOUTS)
    half = dim // 2
    if layout == "interleaved":
        return tuple(range(0, dim, 2)), tuple(range(1, dim, 2))
    return tuple(range(half)), tuple(range(half, dim))


def half_split_permutation(dim: int) -> tuple[int, ...]:
    """Indices p with ``x_half[..., j] = x_interleaved[..., p[j]]``: evens, then odds.

    With P the matrix of this permutation, R_half = P R_interleaved P^T.
    Raises ValueError when dim is not a positive even integer.
    """
    first, second = pair_coordinates(dim, "interleaved")
    return first + second


def cos_sin(angle: Array, *, scale: float = 1.0, dtype: DType | None = None) -> tuple[Array, Array]:
    """Cosine and sine of angles [..., d/2] in radians, times ``scale``, rounded to ``dtype``.

    They are evaluated in the dtype of the angles; ``scale`` is the attention scale of YaRN and
    LongRoPE (see :mod:`symcheck.kernels.scaling`), 1 leaves the values untouched. ``dtype`` is
    by default that of the angles. Raises ValueError when an angle or dtype is not floating-point.
    """
    xp = namespace_of(angle)
    angle_format = require_floating(angle, "angle")
    cosine, sine = xp.cos(angle), xp.sin(angle)
    if scale != 1.0:
        cosine, sine = cast(cosine * scale, angle_format), cast(sine * scale, angle_format)
    out = angle_format if dtype is None else format_of(dtype)
    return cast(cosine, out), cast(sine, out)


def rotate_pairs(
    x: Array,
    cosine: Array,
    sine: Array,
    *,
    layout: str,
    inverse: bool = False,
    compute_dtype: DType | None = None,
) -> Array:
    """Rotates the pairs of x [..., T, D] by given cosines and sines [..., T, r/2], r <= D.

    Pair i = (a, b) becomes (a c_i - b s_i, a s_i + b c_i); with ``inverse`` the rotation is by
    the transposed matrix, the sign of s_i changed, which is also the gradient of the forward
    rotation. Coordinates from r on are returned as they are (partial rotation). The result has
    the shape and dtype of x; the arithmetic is in ``compute_dtype`` (by default x's own for
    float64 and float32, and float32 for the half formats).

    Source: Su et al. 2021, arXiv:2104.09864, eq. 15 (interleaved matrix) and eq. 34 (its
    product with a vector); the half-split layout is that of GPT-NeoX and transformers' Llama.
    Raises ValueError when cosine and sine differ in shape or do not broadcast against x, r > D, or
    the layout is unknown.
    """
    require_choice(layout, "layout", LAYOUTS)
    xp = namespace_of(x, cosine, sine)
    x_format = require_floating(x, "x")
    if tuple(cosine.shape) != tuple(sine.shape) or cosine.ndim == 0:
        raise ValueError(
            f"cosine, sine: given shapes {tuple(cosine.shape)} and {tuple(sine.shape)}, "
            "expected the same shape [..., T, r/2]"
        )
    half = cosine.shape[-1]
    if x.ndim == 0 or 2 * half > x.shape[-1]:
        raise ValueError(
            f"x: given shape {tuple(x.shape)}, expected a last axis of at least {2 * half}, "
            "twice the number of frequencies"
        )
    try:
        numpy.broadcast_shapes(tuple(x.shape[:-1]), tuple(cosine.shape[:-1]))
    except ValueError as error:
        raise ValueError(
            f"cosine, sine: given shape {tuple(cosine.shape)}, expected leading axes that broadcast "
            f"against x of shape {tuple(x.shape)}"
        ) from error
    compute = format_of(widened(x_format) if compute_dtype is None else compute_dtype)
    c, s = cast(cosine, compute), cast(sine, compute)
    if inverse:
        s = -s
    turned = cast(x[..., : 2 * half], compute)
    if layout == "interleaved":
        a, b = turned[..., 0::2], turned[..., 1::2]
    else:
        a, b = turned[..., :half], turned[..., half:]
    new_a, new_b = cast(a * c - b * s, x_format), cast(a * s + b * c, x_format)
    if layout == "interleaved":
        pairs = xp.stack([new_a, new_b], axis=-1)
        parts = [xp.reshape(pairs, (*pairs.shape[:-2], 2 * half))]
    else:
        parts = [new_a, new_b]
    if 2 * half < x.shape[-1]:
        # With a batch of tables the rotated part can have more leading axes than x.
        shape = (*parts[0].shape[:-1], x.shape[-1] - 2 * half)
        parts.append(xp.broadcast_to(x[..., 2 * half :], shape))
    return xp.concat(parts, axis=-1) if len(parts) > 1 else parts[0]


def rotate(
    x: Array,
    positions: Array,
    frequencies: Array,
    *,
    layout: str,
    inverse: bool = False,
    scale: float = 1.0,
    angle_dtype: DType | None = None,
    compute_dtype: DType | None = None,
) -> Array:
    """R(m) x: each vector x [..., T, D] rotated by its position m [T] or [..., T] (in tokens).

    Positions broadcast against [..., T]: with x [batch, heads, T, D] and positions of their own for
    each sequence, give them as [batch, 1, T].

    ``frequencies`` [r/2] are in radians per token, r <= D; coordinates from r on are left alone.
    Angle, cosine and sine are computed in ``angle_dtype`` (by default the widened dtype of x),
    the rotation in ``compute_dtype``; ``scale`` multiplies cosine and sine. ``inverse`` applies
    R(m)^T = R(-m). The layout has no default: the two are equally common and silently different.

    Source: Su et al. 2021, arXiv:2104.09864, eq. 14-16: (R(m) q)^T (R(n) k) = q^T R(n - m) k.
    Raises ValueError for a frequency vector that does not fit, positions that do not broadcast
    against [..., T], an unknown layout, or a dtype that is not floating-point.
    """
    namespace_of(x, positions, frequencies)
    x_format = require_floating(x, "x")
    if x.ndim < 2:
        raise ValueError(f"x: given shape {tuple(x.shape)}, expected [..., T, D]")
    if positions.ndim == 0 or positions.shape[-1] not in (1, x.shape[-2]):
        raise ValueError(
            f"positions: given shape {tuple(positions.shape)}, expected [..., {x.shape[-2]}] "
            f"for x of shape {tuple(x.shape)}"
        )
    phase = angles(positions, frequencies, dtype=widened(x_format) if angle_dtype is None else angle_dtype)
    cosine, sine = cos_sin(phase, scale=scale)
    return rotate_pairs(x, cosine, sine, layout=layout, inverse=inverse, compute_dtype=compute_dtype)


def rotation_matrix(angle: Array, *, layout: str, inverse: bool = False) -> Array:
    """The matrices R of shape [..., d, d] for angles [..., d/2] in radians; y = R x on columns.

    Entries have the dtype of the angles. Source: Su et al. 2021, arXiv:2104.09864, eq. 15.
    Raises ValueError when the angles are a scalar, or for an unknown layout.
    """
    xp = namespace_of(angle)
    format_ = require_floating(angle, "angle")
    if angle.ndim == 0:
        raise ValueError("angle: given a scalar, expected [..., d/2]")
    cosine, sine = cos_sin(angle[..., None, :])
    # Row j of the identity becomes R e_j, which is column j of R.
    identity = cast(xp.eye(2 * angle.shape[-1], device=device_of(angle)), format_)
    rows = rotate_pairs(identity, cosine, sine, layout=layout, inverse=inverse, compute_dtype=format_)
    return xp.matrix_transpose(rows)
