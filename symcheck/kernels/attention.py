"""Scaled dot-product attention with additive and boolean masks, and the softmax that it uses."""

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
    widened,
)


def softmax(scores: Array, *, axis: int = -1) -> Array:
    """exp(s_i - max s) / sum_j exp(s_j - max s) along an axis; same shape and dtype as scores.

    A row in which every score is -inf has no softmax: 0/0. Here it is defined as zeros, so that
    a query that may see no key receives the zero vector and its row sums to 0, not 1; that is
    also what torch's scaled_dot_product_attention returns. A NaN or +inf in a row makes it NaN.

    Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1; the shift by the maximum as in Blanchard,
    Higham and Higham 2021 (IMA J. Numer. Anal. 41, 2311-2330). Raises ValueError when scores are
    not floating-point.
    """
    xp = namespace_of(scores)
    format_ = require_floating(scores, "scores")
    largest = xp.max(scores, axis=axis, keepdims=True)
    nothing_seen = largest == -math.inf
    # -inf - (-inf) would be NaN: such rows are shifted by 0, and divided by 1.
    exponentials = xp.exp(scores - xp.where(nothing_seen, xp.zeros_like(largest), largest))
    total = cast(xp.sum(exponentials, axis=axis, keepdims=True), format_)
    return exponentials / xp.where(nothing_seen, xp.ones_like(total), total)


def attention_weights(
    query: Array,
    key: Array,
    *,
    scale: float | None = None,
    bias: Array | None = None,
    mask: Array | None = None,
    compute_dtype: DType | None = None,
) -> Array:
    """softmax(scale Q K^T + bias) for Q [..., Tq, d] and K [..., Tk, d]: weights [..., Tq, Tk].

    ``scale`` is 1/sqrt(d) by default. ``bias`` is added to the scaled scores and may hold -inf;
    ``mask`` is boolean, True where the query may see the key; both broadcast against
    [..., Tq, Tk]. A row that sees no key is zero (see :func:`softmax`). Scores and softmax are in
    ``compute_dtype`` (by default that of the query, and float32 for the half formats), which is
    also the dtype of the result. On backends with a lower-precision matrix product switched on
    (TF32) the product is only as good as that switch.

    Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1. Raises ValueError when the last axes of
    Q and K differ, either has fewer than two axes, or the mask is not boolean.
    """
    xp = namespace_of(query, key)
    query_format = require_floating(query, "query")
    if query.ndim < 2 or key.ndim < 2 or query.shape[-1] != key.shape[-1] or query.shape[-1] == 0:
        raise ValueError(
            f"query, key: given shapes {tuple(query.shape)} and {tuple(key.shape)}, "
            "expected [..., Tq, d] and [..., Tk, d] with the same d > 0"
        )
    compute = format_of(widened(query_format) if compute_dtype is None else compute_dtype)
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    products = xp.matmul(cast(query, compute), xp.matrix_transpose(cast(key, compute)))
    scores = cast(products * factor, compute)
    if bias is not None:
        scores = scores + cast(bias, compute)
    if mask is not None:
        if mask.dtype != xp.bool:
            raise ValueError(f"mask: given dtype {mask.dtype}, expected bool, True where a key is seen")
        scores = xp.where(mask, scores, xp.full_like(scores, -math.inf))
    return softmax(scores)


def attention(
    query: Array,
    key: Array,
    value: Array,
    *,
    scale: float | None = None,
    bias: Array | None = None,
    mask: Array | None = None,
    compute_dtype: DType | None = None,
) -> Array:
    """softmax(scale Q K^T + bias) V: [..., Tq, dv] for V [..., Tk, dv], in the query's dtype.

    See :func:`attention_weights` for the other arguments. A query that sees no key gets zeros.
    Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1. Raises ValueError as
    :func:`attention_weights` does, and when V has not as many rows as K.
    """
    xp = namespace_of(query, key, value)
    if value.ndim < 2 or key.ndim < 2 or value.shape[-2] != key.shape[-2]:
        raise ValueError(
            f"value: given shape {tuple(value.shape)}, expected [..., Tk, dv] with the Tk of "
            f"key {tuple(key.shape)}"
        )
    weights = attention_weights(query, key, scale=scale, bias=bias, mask=mask, compute_dtype=compute_dtype)
    return cast(xp.matmul(weights, cast(value, weights.dtype)), query.dtype)


def causal_mask(
    queries: int, keys: int | None = None, *, xp: Namespace | None = None, device: Device | None = None
) -> Array:
    """Boolean mask [queries, keys], True where key j is not after query i.

    The last query is aligned with the last key, as with a cache: query i stands at position
    i + keys - queries. ``keys`` is ``queries`` by default. Raises ValueError for negative sizes.
    """
    keys = queries if keys is None else keys
    if min(queries, keys) < 0:
        raise ValueError(f"queries, keys: given {queries} and {keys}, expected at least 0")
    namespace = standard_namespace(xp)
    query_positions = namespace.arange(queries, device=device) + (keys - queries)
    return namespace.arange(keys, device=device)[None, :] <= query_positions[:, None]
