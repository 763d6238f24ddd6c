"""Attention with linear biases (ALiBi): slopes for any number of heads, and the bias."""

from __future__ import annotations

import math

from .formats import (
    Array,
    Device,
    DType,
    Namespace,
    cast,
    format_of,
    namespace_of,
    require_floating,
    standard_namespace,
    table_from,
)
from .frequencies import exact_power
from .relative import relative_positions


def alibi_slopes(
    heads: int,
    *,
    max_bias: float = 8.0,
    xp: Namespace | None = None,
    dtype: DType = "float32",
    device: Device | None = None,
) -> Array:
    """Slopes [heads], positive, per token of distance.

    For heads = n a power of two: 2^(-max_bias k/n), k = 1 .. n. Otherwise, with n the next lower
    power of two: those n slopes, followed by the first heads - n of 2^(-max_bias (2k - 1)/(2n)),
    which are every other slope of 2n heads. Each is correctly rounded to float64, then to dtype.

    Source: Press, Smith and Lewis 2021, arXiv:2108.12409, section 3 (powers of two, max_bias = 8),
    and the authors' ``get_slopes`` for other numbers. Raises ValueError unless heads is a
    positive integer and max_bias a positive finite number.
    """
    if isinstance(heads, bool) or not isinstance(heads, int) or heads <= 0:
        raise ValueError(f"heads: given {heads!r}, expected a positive integer")
    if not 0 < max_bias < math.inf:
        raise ValueError(f"max_bias: given {max_bias!r}, expected a positive finite number")
    power = 2 ** (heads.bit_length() - 1)
    top, bottom = max_bias.as_integer_ratio()
    exponents = [(k, power) for k in range(1, power + 1)]
    exponents += [(2 * k - 1, 2 * power) for k in range(1, heads - power + 1)]
    slopes = [float(exact_power(2, -top * k, bottom * n)) for k, n in exponents]
    return table_from(slopes, standard_namespace(xp), dtype, device)


def alibi_bias(
    slopes: Array,
    query_positions: Array,
    key_positions: Array,
    *,
    symmetric: bool = False,
    dtype: DType | None = None,
) -> Array:
    """Bias [heads, Tq, Tk] = slope (j - i) for query position i [Tq] and key position j [Tk].

    It is 0 for the query's own position, negative before it; keys after it would be
    favoured and are for the causal mask to exclude. ``symmetric`` gives -slope abs(j - i), for
    encoders. The distance is taken in the positions' own dtype, then rounded to ``dtype`` (by
    default that of the slopes) and multiplied in it. The scores of the paper are not scaled
    again: the bias is added after 1/sqrt(d).

    Source: Press, Smith and Lewis 2021, arXiv:2108.12409, section 3. Raises ValueError when slopes
    or positions are not vectors, or the slopes not floating-point.
    """
    xp = namespace_of(slopes, query_positions, key_positions)
    format_ = require_floating(slopes, "slopes") if dtype is None else format_of(dtype)
    if slopes.ndim != 1:
        raise ValueError(f"slopes: given shape {tuple(slopes.shape)}, expected [heads]")
    distance = relative_positions(query_positions, key_positions)
    distance = cast(-xp.abs(distance) if symmetric else distance, format_)
    return cast(slopes, format_)[:, None, None] * distance
