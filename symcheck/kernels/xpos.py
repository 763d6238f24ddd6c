"""xPos: rotation with an exponential factor that grows for queries and decays for keys."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

from .formats import (
    Array,
    DType,
    cast,
    device_of,
    format_of,
    namespace_of,
    require_floating,
    table_from,
    widened,
)
from .frequencies import DECIMAL, angles
from .rope import cos_sin, rotate_pairs


def xpos_log_rates(pairs: int, *, gamma: float = 0.4, scale_base: float = 512.0) -> list[float]:
    """log(zeta_i)/scale_base per token, zeta_i = (i/pairs + gamma)/(1 + gamma), i = 0 .. pairs - 1.

    All are negative. Correctly rounded from 50 digits. Source: Sun et al. 2022, arXiv:2212.10554,
    algorithm 1 (zeta_i with pairs = d/2); scale_base as in the authors' torchscale, where a
    position counts in units of 512 tokens. Raises ValueError unless pairs >= 1, gamma > 0 and
    scale_base > 0, all finite.
    """
    if isinstance(pairs, bool) or not isinstance(pairs, int) or pairs < 1:
        raise ValueError(f"pairs: given {pairs!r}, expected a positive integer")
    for name, value in (("gamma", gamma), ("scale_base", scale_base)):
        if not 0 < value < math.inf:
            raise ValueError(f"{name}: given {value!r}, expected a positive finite number")
    with localcontext(DECIMAL):
        g, unit = Decimal(gamma), Decimal(scale_base)
        return [float(((Decimal(i) / pairs + g) / (1 + g)).ln() / unit) for i in range(pairs)]


def rotate_xpos(
    x: Array,
    positions: Array,
    frequencies: Array,
    *,
    key: bool,
    layout: str,
    gamma: float = 0.4,
    scale_base: float = 512.0,
    centre: int = 0,
    angle_dtype: DType | None = None,
    compute_dtype: DType | None = None,
) -> Array:
    """zeta^(+-(m - centre)/scale_base) R(m) x, pair by pair; plus for queries, minus for keys.

    Shapes and dtypes as :func:`symcheck.kernels.rope.rotate`; positions in tokens. A score then
    carries zeta_i^((m - n)/scale_base) on pair i: a decay for keys n before the query m, a growth
    after it, where the causal mask must stand. ``centre`` cancels in the scores; it keeps the factors of
    long inputs in range (the authors use half the length): float16 ends at 65,504, which the
    first pair of a key passes 4,532 tokens from the centre. It is subtracted in the positions' own
    dtype; the factor is then exp of a product in ``angle_dtype``.

    Source: Sun et al. 2022, arXiv:2212.10554, algorithm 1. Raises ValueError as ``rotate`` and
    :func:`xpos_log_rates` do.
    """
    xp = namespace_of(x, positions, frequencies)
    inner = format_of(widened(require_floating(x, "x")) if angle_dtype is None else angle_dtype)
    rates = xpos_log_rates(frequencies.shape[-1], gamma=gamma, scale_base=scale_base)
    if key:
        rates = [-rate for rate in rates]
    log_rates = table_from(rates, xp, inner, device_of(x))
    factor = xp.exp(angles(positions - centre, log_rates, dtype=inner))
    cosine, sine = cos_sin(angles(positions, frequencies, dtype=inner))
    cosine, sine = cast(cosine * factor, inner), cast(sine * factor, inner)
    return rotate_pairs(x, cosine, sine, layout=layout, compute_dtype=compute_dtype)
