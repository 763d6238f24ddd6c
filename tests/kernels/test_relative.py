import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.kernels.attention import causal_mask
from symcheck.kernels.bounds import relative_score_bound, softmax_bound, weighted_mean_bound
from symcheck.kernels.formats import FORMATS, widened
from symcheck.kernels.relative import (
    clipped_index,
    relative_positions,
    relative_shift,
    shaw_attention,
    shaw_scores,
    table_bias,
    transformer_xl_scores,
)
from symcheck.kernels.t5 import relative_position_bucket

from . import reference
from .reference import MP, assert_within


def sample(seed, *shape):
    return numpy.random.default_rng(seed).standard_normal(shape)


def stored(backend, dtype, *arrays):
    made = [backend.array(values, dtype) for values in arrays]
    return made, [backend.exact(array) for array in made]


def magnitude(*products):
    """sum abs(x_i y_i) over one or two terms, largest over all rows."""
    return sum(float((numpy.abs(x) @ numpy.abs(y).T).max()) for x, y in products) * (1 + 1e-12)


def shaw_reference(q, k, table, sign=1, clip=True, shift=0):
    """e_ij = q_i . (k_j + w_clip(j - i)) / sqrt(d), entry by entry."""
    q, k, w = reference.exact(q), reference.exact(k), reference.exact(table)
    most = len(w) // 2
    out = numpy.empty((len(q), len(k)), dtype=object)
    for i in range(len(q)):
        for j in range(len(k)):
            offset = sign * (j - i) + shift
            row = max(-most, min(most, offset)) + most if clip else offset % len(w)
            out[i, j] = (MP.fdot(q[i], k[j]) + MP.fdot(q[i], w[row])) / MP.sqrt(q.shape[1])
    return out


def shaw_bound(q, k, table, dtype):
    dim = q.shape[1]
    return relative_score_bound(dim, magnitude((q, k), (q, table)), widened(dtype), scale=1 / math.sqrt(dim))


def index(backend, queries, keys):
    return relative_positions(
        backend.array(list(range(queries)), "int32"), backend.array(list(range(keys)), "int32")
    )


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("clip", [0, 1, 2, 9])
def test_shaw_scores_against_reference(backend, dtype, clip):
    arrays, (q, k, table) = stored(
        backend, dtype, sample(1, 5, 4), sample(2, 6, 4), sample(3, 2 * clip + 1, 4)
    )
    made = shaw_scores(*arrays, index(backend, 5, 6))
    assert_within(backend.exact(made), shaw_reference(q, k, table), shaw_bound(q, k, table, dtype))


@pytest.mark.parametrize("dtype", FORMATS)
def test_shaw_attention_against_reference(backend, dtype):
    arrays, (q, k, v, key_table, value_table) = stored(
        backend, dtype, sample(4, 4, 6), sample(5, 4, 6), sample(6, 4, 3), sample(7, 5, 6), sample(8, 7, 3)
    )
    made = shaw_attention(*arrays, index(backend, 4, 4), mask=causal_mask(4, xp=backend.xp))
    scores = shaw_reference(q, k, key_table)
    values, offsets = reference.exact(v), reference.exact(value_table)
    expected = numpy.empty((4, 3), dtype=object)
    for i in range(4):
        weights = reference.softmax(scores[i, : i + 1])
        for c in range(3):
            expected[i, c] = MP.fdot(weights, [values[j, c] + offsets[j - i + 3, c] for j in range(i + 1)])
    spread = float(max(abs(s) for s in scores.flat)) * 2 * (1 + 1e-12)
    weight_error = softmax_bound(4, shaw_bound(q, k, key_table, dtype), spread, widened(dtype))
    largest = float(numpy.abs(v).max() + numpy.abs(value_table).max()) * (1 + 1e-12)
    limit = weighted_mean_bound(4, weight_error, largest, dtype, terms=2)
    assert made.dtype == arrays[0].dtype
    assert_within(backend.exact(made), expected, limit)


def test_shaw_hand_computed(backend):
    # q = k = (1, 0), rows (10, 20, 30) of the table along the first axis, d = 2, clip 1.
    q = backend.array([[1.0, 0.0]] * 3, "float64")
    table = backend.array([[10.0, 0.0], [20.0, 0.0], [30.0, 0.0]], "float64")
    made = backend.exact(shaw_scores(q, q, table, index(backend, 3, 3), scale=1.0))
    assert made.tolist() == [[21.0, 31.0, 31.0], [11.0, 21.0, 31.0], [11.0, 11.0, 21.0]]


def test_shaw_batches_and_heads(backend):
    q, k, v = (backend.array(sample(seed, 2, 3, 4, 6), "float32") for seed in (9, 10, 11))
    key_table, value_table = (backend.array(sample(seed, 5, 6), "float32") for seed in (12, 13))
    relative = index(backend, 4, 4)
    together = backend.exact(shaw_attention(q, k, v, key_table, value_table, relative))
    alone = backend.exact(
        shaw_attention(q[1, 2, ...], k[1, 2, ...], v[1, 2, ...], key_table, value_table, relative)
    )
    assert together.shape == (2, 3, 4, 6)
    assert numpy.abs(together[1, 2] - alone).max() <= 64 * 2**-24 * numpy.abs(alone).max()


@pytest.mark.parametrize(
    "wrong", [{"sign": -1}, {"clip": False}, {"shift": 1}], ids=["sign", "no clipping", "row off by one"]
)
def test_shaw_mutants_are_rejected(wrong):
    q, k, table = sample(14, 6, 4), sample(15, 6, 4), sample(16, 5, 4)
    mutant = shaw_reference(q, k, table, **wrong).astype(float)
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(mutant, shaw_reference(q, k, table), shaw_bound(q, k, table, "float64"))


def xl_reference(q, k, r, u, v, sign=1, exchange=False, position_bias=True):
    """The four terms of A^rel; -inf where no row of r holds the distance."""
    q, k, r, u, v = (reference.exact(a) for a in (q, k, r, u, v))
    if exchange:
        u, v = v, u
    queries, keys = len(q), len(k)
    out = numpy.empty((queries, keys), dtype=object)
    for i in range(queries):
        for j in range(keys):
            distance = sign * (keys - queries + i - j)
            row = keys - 1 - distance
            if not 0 <= row < len(r):
                out[i, j] = -MP.inf
                continue
            terms = MP.fdot(q[i], k[j]) + MP.fdot(q[i], r[row]) + MP.fdot(u, k[j])
            terms += MP.fdot(v, r[row]) if position_bias else 0
            out[i, j] = terms / MP.sqrt(q.shape[1])
    return out


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (1, 4), (4, 4), (3, 7)])
@pytest.mark.parametrize("causal", [True, False])
def test_transformer_xl_against_reference(backend, dtype, queries, keys, causal):
    rows = keys if causal else keys + queries - 1
    arrays, (q, k, r, u, v) = stored(
        backend,
        dtype,
        sample(20, queries, 6),
        sample(21, keys, 6),
        sample(22, rows, 6),
        sample(23, 6),
        sample(24, 6),
    )
    made = backend.exact(transformer_xl_scores(*arrays))
    expected = xl_reference(q, k, r, u, v)
    seen = numpy.asarray(causal_mask(queries, keys)) if causal else numpy.ones((queries, keys), dtype=bool)
    assert (numpy.isneginf(made) == ~seen).all()
    limit = relative_score_bound(6, magnitude((q + u, k), (q + v, r)), widened(dtype), scale=1 / math.sqrt(6))
    assert_within(made[seen], expected[seen], limit)


@pytest.mark.parametrize(
    "wrong",
    [{"sign": -1}, {"exchange": True}, {"position_bias": False}],
    ids=["sign of the distance", "u and v exchanged", "term (d) missing"],
)
def test_transformer_xl_mutants_are_rejected(wrong):
    q, k, r, u, v = sample(25, 4, 6), sample(26, 4, 6), sample(27, 7, 6), sample(28, 6), sample(29, 6)
    limit = relative_score_bound(6, magnitude((q + u, k), (q + v, r)), "float64", scale=1 / math.sqrt(6))
    mutant = xl_reference(q, k, r, u, v, **wrong).astype(float)
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(mutant, xl_reference(q, k, r, u, v), limit)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(0, 5), st.integers(0, 8))
def test_shift_is_its_definition(queries, memory, more):
    keys = queries + memory
    x = numpy.arange(float(2 * queries * (keys + more))).reshape(2, queries, keys + more)
    shifted = relative_shift(x, keys, fill=-1.0)
    for i in range(queries):
        for j in range(keys):
            column = queries - 1 - i + j
            wanted = x[:, i, column] if column < keys + more else -1.0
            assert (shifted[:, i, j] == wanted).all()


@pytest.mark.parametrize("off", [-1, 1])
def test_mutants_of_the_shift_are_rejected(off):
    x = sample(32, 4, 7)
    definition = [[x[i, 3 - i + j] for j in range(4)] for i in range(4)]
    assert_within(relative_shift(x, 4), reference.exact(numpy.asarray(definition)), 0.0)
    wrong = numpy.asarray([[x[i, (3 - i + j + off) % 7] for j in range(4)] for i in range(4)])
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(wrong, reference.exact(numpy.asarray(definition)), 0.0)


def test_shift_of_the_paper(backend):
    # Appendix B: row i moves left by Tq - 1 - i.
    x = backend.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], "float32")
    shifted = backend.exact(relative_shift(x, 3)).tolist()
    assert shifted == [[3.0, 0.0, 0.0], [5.0, 6.0, 0.0], [7.0, 8.0, 9.0]]


def test_relative_positions_and_clipping(backend):
    relative = index(backend, 2, 4)
    assert backend.exact(relative).tolist() == [[0, 1, 2, 3], [-1, 0, 1, 2]]
    assert backend.exact(clipped_index(relative, 1)).tolist() == [[1, 2, 2, 2], [0, 1, 2, 2]]
    assert backend.exact(clipped_index(relative, 0)).tolist() == [[0] * 4] * 2


def test_bias_from_a_table(backend):
    relative = index(backend, 3, 3)
    buckets = relative_position_bucket(relative, buckets=8, max_distance=4)
    table = sample(30, 8, 2)
    made = backend.exact(table_bias(backend.array(table, "float64"), buckets))
    assert made.shape == (2, 3, 3)
    for i in range(3):
        for j in range(3):
            assert (made[:, i, j] == table[int(backend.exact(buckets)[i, j])]).all()
    # Toeplitz: a bias of the offset alone.
    assert (made[:, 1:, 1:] == made[:, :-1, :-1]).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda q, r: clipped_index(r, -1), r"^max_distance: given -1, expected an integer of at least 0$"),
        (lambda q, r: clipped_index(q, 2), r"^relative: given dtype .*float32, expected signed integers$"),
        (lambda q, r: table_bias(q, r[0, :]), r"^table, index: given shapes \(4, 6\) and \(4,\), expected"),
        (lambda q, r: table_bias(q, q), r"^index: given dtype .*float32, expected signed integers$"),
        (lambda q, r: shaw_scores(q, q, q, r), r"^key_table: given shape \(4, 6\), expected \[2k \+ 1, 6\]$"),
        (lambda q, r: shaw_scores(q, q[:3, :], q[:3, :], r), r"^query, key, relative: given shapes"),
        (lambda q, r: relative_shift(q, 7), r"^scores: given shape \(4, 6\) for 7 keys, expected"),
        (lambda q, r: relative_shift(q, 3), r"^scores: given shape \(4, 6\) for 3 keys, expected"),
        (
            lambda q, r: transformer_xl_scores(q, q, q[:, :5], q[0, :], q[0, :]),
            r"^query, key, distance_table",
        ),
        (lambda q, r: relative_positions(r, r), r"^positions: given shapes \(4, 4\) and \(4, 4\), expected"),
    ],
)
def test_bad_input(backend, call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call(backend.array(sample(31, 4, 6), "float32"), index(backend, 4, 4))
    assert "\n" not in str(caught.value)
