import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.kernels.attention import attention, attention_weights, causal_mask, softmax
from symcheck.kernels.bounds import attention_bound, rope_score_bound, softmax_bound
from symcheck.kernels.formats import FORMATS
from symcheck.kernels.frequencies import inverse_frequencies
from symcheck.kernels.rope import rotate

from . import reference
from .reference import MP, assert_within


def sample(seed, *shape, spread=1.0):
    return numpy.random.default_rng(seed).standard_normal(shape) * spread


def stored(backend, values, dtype):
    array = backend.array(values, dtype)
    return array, backend.exact(array)


def bound(q, k, v, dtype, bias=None, mask=None, **options):
    """The bound of one attention over matrices of exact values."""
    magnitude = float((numpy.abs(q) @ numpy.abs(k).T).max()) * (1 + 1e-12)
    bias_magnitude = 0.0 if bias is None else float(numpy.abs(bias[numpy.isfinite(bias)]).max())
    return attention_bound(
        len(k),
        q.shape[1],
        magnitude,
        float(numpy.abs(v).max()),
        dtype,
        bias_magnitude=bias_magnitude,
        **options,
    )


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("kind", ["plain", "mask", "bias", "both"])
def test_against_reference(backend, dtype, kind):
    q, exact_q = stored(backend, sample(1, 5, 8), dtype)
    k, exact_k = stored(backend, sample(2, 7, 8), dtype)
    v, exact_v = stored(backend, sample(3, 7, 3), dtype)
    mask = numpy.tril(numpy.ones((5, 7), dtype=bool), 1) if kind in ("mask", "both") else None
    bias = exact_bias = None
    if kind in ("bias", "both"):
        values = sample(4, 5, 7)
        values[:, 2] = -math.inf
        bias, exact_bias = stored(backend, values, dtype)
    made = attention(q, k, v, bias=bias, mask=None if mask is None else backend.xp.asarray(mask.tolist()))
    expected = reference.attention(exact_q, exact_k, exact_v, exact_bias, mask)
    assert made.dtype == q.dtype
    assert_within(backend.exact(made), expected, bound(exact_q, exact_k, exact_v, dtype, exact_bias))


@pytest.mark.parametrize("dtype", FORMATS)
def test_softmax_against_reference(backend, dtype):
    scores, exact_scores = stored(backend, sample(5, 6, 9, spread=4.0), dtype)
    made = backend.exact(softmax(scores))
    for row, values in zip(made, exact_scores, strict=True):
        expected = numpy.asarray(reference.softmax([MP.mpf(s) for s in values]))
        assert_within(row, expected, softmax_bound(9, 0.0, float(numpy.ptp(values)), dtype))


def test_hand_computed(backend):
    # Scores log 1, log 2, log 5 give weights 1/8, 2/8, 5/8.
    scores = backend.array([[0.0, math.log(2), math.log(5)]], "float64")
    assert numpy.abs(backend.exact(softmax(scores)) - [[0.125, 0.25, 0.625]]).max() < 1e-15


@pytest.mark.parametrize("dtype", FORMATS)
def test_large_scores_do_not_overflow(backend, dtype):
    scores = backend.array([[30000.0, 30000.0, -30000.0]], dtype)
    assert backend.exact(softmax(scores)).tolist() == [[0.5, 0.5, 0.0]]


def test_rows_without_keys_are_zero(backend):
    q, k, v = (backend.array(sample(seed, 2, 4), "float32") for seed in (6, 7, 8))
    mask = backend.xp.asarray([[False, False], [True, False]])
    made = backend.exact(attention(q, k, v, mask=mask))
    assert made[0].tolist() == [0.0] * 4
    assert made[1].tolist() == backend.exact(v)[0].tolist()
    bias = backend.array([[-math.inf, -math.inf], [0.0, -math.inf]], "float32")
    assert (backend.exact(attention(q, k, v, bias=bias)) == made).all()
    assert backend.exact(attention_weights(q, k, mask=mask)).sum(axis=-1).tolist() == [0.0, 1.0]


def test_nan_is_not_hidden(backend):
    assert numpy.isnan(backend.exact(softmax(backend.array([[0.0, math.nan]], "float32")))).all()


def test_causal_mask_aligns_the_last_query_with_the_last_key(backend):
    assert backend.xp.all(causal_mask(3, xp=backend.xp) == backend.xp.asarray(numpy.tri(3) > 0))
    assert numpy.asarray(causal_mask(2, 4)).tolist() == [[True] * 3 + [False], [True] * 4]
    assert numpy.asarray(causal_mask(3, 1)).tolist() == [[False], [False], [True]]


def test_batches_and_heads(backend):
    q, k, v = (backend.array(sample(seed, 2, 3, 4, 6), "float32") for seed in (9, 10, 11))
    together = backend.exact(attention(q, k, v))
    for b in range(2):
        for h in range(3):
            alone = backend.exact(attention(q[b, h, ...], k[b, h, ...], v[b, h, ...]))
            # The backend may order the sums of a batched product in another way.
            arrays = [backend.exact(a[b, h, ...]) for a in (q, k, v)]
            assert numpy.abs(together[b, h] - alone).max() <= 2 * bound(*arrays, "float32")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shift", [0, 100_000])
def test_rotary_attention_sees_offsets_alone(backend, dtype, shift):
    positions, thetas = [0, 1, 2, 40, 41], reference.frequencies(8)
    (q, exact_q), (k, exact_k), (v, exact_v) = (
        stored(backend, sample(seed, 5, 8), dtype) for seed in (20, 21, 22)
    )
    frequencies = inverse_frequencies(8, xp=backend.xp)
    shifted = backend.array([m + shift for m in positions], "int32")
    turned = [rotate(x, shifted, frequencies, layout="half") for x in (q, k)]
    made = backend.exact(attention(*turned, v))
    # The expected values are those of the unshifted positions.
    rotated_q, rotated_k = (reference.rotated(x, positions, thetas, "half") for x in (exact_q, exact_k))
    expected = reference.attention(rotated_q, rotated_k, exact_v)
    lengths = [float(numpy.linalg.norm(x, axis=1).max()) * (1 + 1e-12) for x in (exact_q, exact_k)]
    error = rope_score_bound(shift + 41, shift + 41, [float(t) for t in thetas], *lengths, dtype)
    limit = attention_bound(
        5,
        8,
        # Rounded vectors are longer by less than their own error.
        1.01 * lengths[0] * lengths[1],
        float(numpy.abs(exact_v).max()),
        dtype,
        score_error=error / math.sqrt(8),
    )
    assert_within(made, expected, limit)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.permutations(range(6)))
def test_equivariance(seed, order):
    # Attn(PX) = P Attn(X) in the reals; the sums run in another order.
    x = sample(seed, 6, 4)
    permuted = attention(x[order], x[order], x[order])
    assert numpy.abs(permuted - attention(x, x, x)[order]).max() <= 2 * bound(x, x, x, "float64")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-100, 100))
def test_a_constant_per_row_is_not_seen(seed, constant):
    x = sample(seed, 4, 4)
    bias = numpy.full((4, 4), constant)
    shifted = attention(x, x, x, bias=bias)
    assert_within(shifted, reference.attention(x, x, x), bound(x, x, x, "float64", bias))


def _mutant(q, k, v, scale=None, mask=None, axis=-1, late=False):
    scores = q @ k.T * (1 / math.sqrt(q.shape[1]) if scale is None else scale)
    if mask is not None and not late:
        scores = numpy.where(mask, scores, -math.inf)
    weights = numpy.exp(scores)
    weights = weights / weights.sum(axis=axis, keepdims=True)
    if late:
        weights = numpy.where(mask, weights, 0.0)
    return weights @ v


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("not scaled", {"scale": 1.0}),
        ("scaled by 1/d", {"scale": 1 / 8}),
        ("normalised over the queries", {"axis": 0}),
        ("masked after the softmax", {"late": True}),
        ("mask off by one", {"mask": numpy.tri(5, 5, -1, dtype=bool) | numpy.eye(5, k=-2, dtype=bool)}),
        ("mask ignored", {"mask": numpy.ones((5, 5), dtype=bool)}),
    ],
)
def test_mutants_are_rejected(name, options):
    q, k, v = sample(12, 3, 5, 8)
    mask = numpy.tri(5, dtype=bool)
    expected = reference.attention(q, k, v, mask=mask)
    limit = bound(q, k, v, "float64")
    assert_within(_mutant(q, k, v, mask=mask), expected, limit)
    with numpy.errstate(invalid="ignore"), pytest.raises(AssertionError, match="is off by"):
        assert_within(numpy.nan_to_num(_mutant(q, k, v, **{"mask": mask, **options})), expected, limit)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda q: attention(q, q[:, :3], q), r"^query, key: given shapes \(5, 8\) and \(5, 3\), expected"),
        (lambda q: attention(q, q, q[:4, :]), r"^value: given shape \(4, 8\), expected \[..., Tk, dv\]"),
        (lambda q: attention(q[0, :], q, q), r"^query, key: given shapes \(8,\) and"),
        (lambda q: attention_weights(q, q, mask=q[:, :5]), r"^mask: given dtype .*, expected bool"),
        (lambda q: softmax([1.0]), r"^arrays: given list, expected arrays"),
        (lambda q: causal_mask(-1), r"^queries, keys: given -1 and -1, expected at least 0$"),
    ],
)
def test_bad_input(backend, call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call(backend.array(sample(13, 5, 8), "float32"))
    assert "\n" not in str(caught.value)
