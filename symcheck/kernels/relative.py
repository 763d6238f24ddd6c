"""Relative position schemes that act on scores: Shaw, Transformer-XL, and a bias from a table."""

from __future__ import annotations

import math

from .attention import softmax
from .formats import Array, DType, Namespace, cast, format_of, namespace_of, require_floating, widened


def relative_positions(query_positions: Array, key_positions: Array) -> Array:
    """j - i for query positions i [Tq] and key positions j [Tk]: an array [Tq, Tk], in tokens.

    The sign is Shaw's and T5's: keys after the query are positive. Transformer-XL counts the
    other way, i - j. Raises ValueError unless both are vectors of one library.
    """
    namespace_of(query_positions, key_positions)
    if query_positions.ndim != 1 or key_positions.ndim != 1:
        raise ValueError(
            f"positions: given shapes {tuple(query_positions.shape)} and {tuple(key_positions.shape)}, "
            "expected vectors [Tq] and [Tk]"
        )
    return key_positions[None, :] - query_positions[:, None]


def require_integers(array: Array, name: str) -> Namespace:
    """The namespace of a signed integer array; ValueError that names the argument otherwise."""
    xp = namespace_of(array)
    if not xp.isdtype(array.dtype, "signed integer"):
        raise ValueError(f"{name}: given dtype {array.dtype}, expected signed integers")
    return xp


def clipped_index(relative: Array, max_distance: int) -> Array:
    """Row of a table of 2 max_distance + 1 entries: clip(j - i, -k, k) + k, same shape and dtype.

    Source: Shaw, Uszkoreit and Vaswani 2018, arXiv:1803.02155, section 3.2. Raises ValueError
    for a negative max_distance or relative positions that are not integers.
    """
    xp = require_integers(relative, "relative")
    if isinstance(max_distance, bool) or not isinstance(max_distance, int) or max_distance < 0:
        raise ValueError(f"max_distance: given {max_distance!r}, expected an integer of at least 0")
    return xp.clip(relative, -max_distance, max_distance) + max_distance


def table_rows(table: Array, index: Array) -> Array:
    """table[index]: table [N, ...] and integers [Tq, Tk] give [Tq, Tk, ...].

    Every index must lie in 0 .. N - 1; a negative one is not wrapped around on every backend.
    Raises ValueError for an index that is not an integer array.
    """
    xp = require_integers(index, "index")
    rows = xp.take(table, xp.reshape(index, (-1,)), axis=0)
    return xp.reshape(rows, (*index.shape, *table.shape[1:]))


def table_bias(table: Array, index: Array) -> Array:
    """Additive bias [heads, Tq, Tk] from a table [N, heads] and indices [Tq, Tk] into it.

    With :func:`symcheck.kernels.t5.relative_position_bucket` it is T5's bias (Raffel et al. 2019,
    arXiv:1910.10683, section 2.1), with :func:`clipped_index` one learned scalar an offset.
    Raises ValueError when the table has not two axes or the index is not an integer matrix.
    """
    xp = namespace_of(table, index)
    if table.ndim != 2 or index.ndim != 2:
        raise ValueError(
            f"table, index: given shapes {tuple(table.shape)} and {tuple(index.shape)}, "
            "expected [N, heads] and [Tq, Tk]"
        )
    return xp.permute_dims(table_rows(table, index), (2, 0, 1))


def _computed_in(array: Array, name: str, compute_dtype: DType | None) -> DType:
    own = require_floating(array, name)
    return format_of(widened(own) if compute_dtype is None else compute_dtype)


def shaw_scores(
    query: Array,
    key: Array,
    key_table: Array,
    relative: Array,
    *,
    scale: float | None = None,
    compute_dtype: DType | None = None,
) -> Array:
    """q_i . (k_j + a_ij) / sqrt(d), a_ij = w_clip(j - i): scores [..., Tq, Tk].

    query [..., Tq, d], key [..., Tk, d], key_table [2k + 1, d] (row r is the offset r - k),
    relative [Tq, Tk] integers (:func:`relative_positions`). k follows from the table.
    In ``compute_dtype``, as :func:`symcheck.kernels.attention.attention_weights`.

    Source: Shaw, Uszkoreit and Vaswani 2018, arXiv:1803.02155, eq. 4 and section 3.2. Raises
    ValueError for shapes that do not fit, or a table with an even number of rows.
    """
    xp = namespace_of(query, key, key_table, relative)
    compute = _computed_in(query, "query", compute_dtype)
    dim = query.shape[-1]
    _require_table(key_table, dim, "key_table")
    if key.shape[-1] != dim or tuple(relative.shape) != (query.shape[-2], key.shape[-2]):
        raise ValueError(
            f"query, key, relative: given shapes {tuple(query.shape)}, {tuple(key.shape)} and "
            f"{tuple(relative.shape)}, expected [..., Tq, d], [..., Tk, d] and [Tq, Tk]"
        )
    q = cast(query, compute)
    offsets = table_rows(cast(key_table, compute), clipped_index(relative, key_table.shape[0] // 2))
    content = cast(xp.matmul(q, xp.matrix_transpose(cast(key, compute))), compute)
    position = cast(xp.matmul(q[..., :, None, :], xp.matrix_transpose(offsets))[..., 0, :], compute)
    return cast((content + position) * (1 / math.sqrt(dim) if scale is None else scale), compute)


def shaw_attention(
    query: Array,
    key: Array,
    value: Array,
    key_table: Array,
    value_table: Array,
    relative: Array,
    *,
    scale: float | None = None,
    mask: Array | None = None,
    compute_dtype: DType | None = None,
) -> Array:
    """sum_j p_ij (v_j + a^V_ij), p the softmax of :func:`shaw_scores`: [..., Tq, dv].

    value [..., Tk, dv], value_table [2k + 1, dv]; mask is boolean, True where a key is seen; a
    query that sees no key gets zeros. In the query's dtype.

    Source: Shaw, Uszkoreit and Vaswani 2018, arXiv:1803.02155, eq. 3 and 4. Raises ValueError as
    :func:`shaw_scores`.
    """
    xp = namespace_of(query, key, value, key_table, value_table, relative)
    _require_table(value_table, value.shape[-1], "value_table")
    scores = shaw_scores(query, key, key_table, relative, scale=scale, compute_dtype=compute_dtype)
    if mask is not None:
        scores = xp.where(mask, scores, xp.full_like(scores, -math.inf))
    weights = softmax(scores)
    offsets = table_rows(cast(value_table, weights.dtype), clipped_index(relative, value_table.shape[0] // 2))
    content = xp.matmul(weights, cast(value, weights.dtype))
    position = xp.matmul(weights[..., :, None, :], offsets)[..., 0, :]
    return cast(content + position, query.dtype)


def _require_table(table: Array, dim: int, name: str) -> None:
    if table.ndim != 2 or table.shape[0] % 2 == 0 or table.shape[1] != dim:
        raise ValueError(f"{name}: given shape {tuple(table.shape)}, expected [2k + 1, {dim}]")


def relative_shift(scores: Array, keys: int, *, fill: float = 0.0) -> Array:
    """Turns scores by distance into scores by key: y[..., i, j] = x[..., i, Tq - 1 - i + j].

    x [..., Tq, L] has in column t the score at distance keys - 1 - t from query to key; y is
    [..., Tq, keys]. The last query stands at the last key. With L = keys (causal) the keys after a
    query have no column and become ``fill``; L = keys + Tq - 1 has a column for every distance.
    Done by reshaping alone, without an index array.

    Source: Dai et al. 2019, arXiv:1901.02860, appendix B. Raises ValueError for fewer than two
    axes, keys < Tq, or L < keys.
    """
    xp = namespace_of(scores)
    if scores.ndim < 2 or not scores.shape[-2] <= keys <= scores.shape[-1]:
        raise ValueError(
            f"scores: given shape {tuple(scores.shape)} for {keys} keys, expected [..., Tq, L] "
            "with Tq <= keys <= L"
        )
    *leading, queries, length = scores.shape
    # One row is `width` long; dropping one element a row moves row i left by i.
    width = max(length, queries + keys - 1, keys + 1)
    padded = scores
    if width > length:
        padding = xp.full_like(scores[..., :1], fill)
        padding = xp.broadcast_to(padding, (*leading, queries, width - length))
        padded = xp.concat([scores, padding], axis=-1)
    flat = xp.reshape(padded, (*leading, queries * width))
    start = max(queries - 1, 0)
    flat = flat[..., start : start + queries * (width - 1)]
    return xp.reshape(flat, (*leading, queries, width - 1))[..., :keys]


def transformer_xl_scores(
    query: Array,
    key: Array,
    distance_table: Array,
    content_bias: Array,
    position_bias: Array,
    *,
    scale: float | None = None,
    compute_dtype: DType | None = None,
) -> Array:
    """((q_i + u) . k_j + (q_i + v) . r_(i - j)) / sqrt(d): scores [..., Tq, Tk].

    query [..., Tq, d] and key [..., Tk, d] with Tk >= Tq, the last query at the last key (the
    Tk - Tq keys before are the memory); content_bias u and position_bias v [..., 1, d] or [d];
    distance_table [..., L, d] holds r already projected (W_kR R), row t for the distance
    i - j = Tk - 1 - t. With L = Tk the distances end at 0, and the keys after a query score -inf;
    with L = Tk + Tq - 1 they end at 1 - Tq and nothing is masked.

    Source: Dai et al. 2019, arXiv:1901.02860, section 3.3 (the four terms of A^rel) and appendix B.
    Raises ValueError for shapes that do not fit.
    """
    xp = namespace_of(query, key, distance_table, content_bias, position_bias)
    compute = _computed_in(query, "query", compute_dtype)
    dim, keys = query.shape[-1], key.shape[-2]
    shapes = [key.shape[-1], distance_table.shape[-1], content_bias.shape[-1], position_bias.shape[-1]]
    if any(size != dim for size in shapes):
        raise ValueError(
            f"query, key, distance_table, content_bias, position_bias: given last axes "
            f"{[dim, *shapes]}, expected all equal to d"
        )
    q = cast(query, compute)
    content = xp.matmul(q + cast(content_bias, compute), xp.matrix_transpose(cast(key, compute)))
    by_distance = xp.matmul(
        q + cast(position_bias, compute), xp.matrix_transpose(cast(distance_table, compute))
    )
    position = relative_shift(cast(by_distance, compute), keys, fill=-math.inf)
    factor = 1 / math.sqrt(dim) if scale is None else scale
    return cast((cast(content, compute) + position) * factor, compute)
