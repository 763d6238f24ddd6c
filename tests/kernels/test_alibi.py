import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symcheck.kernels.alibi import alibi_bias, alibi_slopes
from symcheck.kernels.attention import attention, causal_mask
from symcheck.kernels.bounds import alibi_bound, attention_bound, frequency_bound
from symcheck.kernels.formats import FORMATS

from .reference import MP, assert_within


def slopes_of_the_authors(heads):
    """get_slopes of the paper's code, at 50 digits: recursion on the next lower power of two."""
    if heads & (heads - 1) == 0:
        start = MP.mpf(2) ** -(MP.mpf(2) ** -(int(math.log2(heads)) - 3))
        return [start ** (i + 1) for i in range(heads)]
    closest = 2 ** math.floor(math.log2(heads))
    return slopes_of_the_authors(closest) + slopes_of_the_authors(2 * closest)[0::2][: heads - closest]


def limits(expected, dtype):
    return [float(value) * (1 + 1e-15) * frequency_bound(dtype) for value in expected]


@pytest.mark.parametrize("heads", [*range(1, 34), 40, 56, 71, 112])
def test_any_number_of_heads(heads):
    expected = slopes_of_the_authors(heads)
    assert_within(alibi_slopes(heads, dtype="float64"), expected, limits(expected, "float64"))


@pytest.mark.parametrize("dtype", FORMATS)
def test_backends_and_dtypes(backend, dtype):
    expected = slopes_of_the_authors(12)
    found = backend.exact(alibi_slopes(12, xp=backend.xp, dtype=dtype))
    assert_within(found, expected, limits(expected, dtype))


def test_published_slopes():
    # Press et al., section 3: 8 heads have 1/2^1 .. 1/2^8, 16 heads begin 1/2^0.5, 1/2^1.
    eight = [2.0**-k for k in range(1, 9)]
    assert alibi_slopes(8, dtype="float64").tolist() == eight
    assert alibi_slopes(16, dtype="float64")[:2].tolist() == [2**-0.5, 0.5]
    # 12 heads: those of 8, then every other of 16, 2^-0.5, 2^-1.5, 2^-2.5, 2^-3.5.
    twelve = [*eight, *(float(MP.mpf(2) ** (MP.mpf(-k) / 2)) for k in (1, 3, 5, 7))]
    assert alibi_slopes(12, dtype="float64").tolist() == twelve


def test_other_largest_bias():
    assert alibi_slopes(4, max_bias=16.0, dtype="float64").tolist() == [2.0 ** (-4 * k) for k in range(1, 5)]


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("dtype", FORMATS)
def test_bias_against_reference(backend, dtype, symmetric):
    queries, keys = [0, 5, 4000], [0, 1, 5, 3999]
    slopes = alibi_slopes(6, xp=backend.xp, dtype=dtype)
    made = alibi_bias(
        slopes, backend.array(queries, "int32"), backend.array(keys, "int32"), symmetric=symmetric
    )
    exact_slopes = slopes_of_the_authors(6)
    expected = [
        [[slope * (-abs(j - i) if symmetric else j - i) for j in keys] for i in queries]
        for slope in exact_slopes
    ]
    limit = [[[alibi_bound(j - i, float(s), dtype) for j in keys] for i in queries] for s in exact_slopes]
    assert_within(backend.exact(made), expected, limit)


@pytest.mark.parametrize(
    "wrong",
    [lambda i, j: i - j, lambda i, j: -abs(j - i), lambda i, j: j - i - 1],
    ids=["sign", "symmetric", "distance off by one"],
)
def test_mutants_of_the_bias_are_rejected(wrong):
    queries, keys, slope = [0, 1, 7], [0, 3, 7], 0.5
    expected = [[MP.mpf(slope) * (j - i) for j in keys] for i in queries]
    limit = [[alibi_bound(j - i, slope, "float32") for j in keys] for i in queries]
    made = alibi_bias(numpy.asarray([slope], dtype="float32"), numpy.asarray(queries), numpy.asarray(keys))[0]
    assert_within(made, expected, limit)
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(numpy.asarray([[slope * wrong(i, j) for j in keys] for i in queries]), expected, limit)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_bias_depends_on_the_offset_alone(i, j, shift):
    slopes = alibi_slopes(3)
    here = alibi_bias(slopes, numpy.asarray([i]), numpy.asarray([j]))
    there = alibi_bias(slopes, numpy.asarray([i + shift]), numpy.asarray([j + shift]))
    assert (here == there).all()


def test_one_more_token_of_distance_is_not_seen():
    # vLLM pull request 945: +1 in every distance is a constant per row.
    x = numpy.random.default_rng(1).standard_normal((4, 5, 8))
    slopes = alibi_slopes(4, dtype="float64")
    positions = numpy.arange(5)
    mask = causal_mask(5)
    bias = alibi_bias(slopes, positions, positions)
    shifted = alibi_bias(slopes, positions, positions - 1)
    magnitude = float((numpy.abs(x) @ numpy.swapaxes(numpy.abs(x), 1, 2)).max()) * (1 + 1e-12)
    limit = attention_bound(5, 8, magnitude, float(numpy.abs(x).max()), "float64", bias_magnitude=3.0)
    difference = attention(x, x, x, bias=bias, mask=mask) - attention(x, x, x, bias=shifted, mask=mask)
    assert numpy.abs(difference).max() <= 2 * limit


@pytest.mark.parametrize(
    "wrong",
    [
        lambda n: [2.0 ** (-8 * k / n) for k in range(n)],  # shifted by a head
        lambda n: [2.0 ** (-8 * k / n) for k in range(1, n + 1)],  # the formula of powers of two
        lambda n: [2.0**-k for k in range(1, n + 1)],  # slopes of 8 heads
        lambda n: [2.0 ** (-8 * k / 16) for k in range(1, n + 1)],  # next higher power, cut off
        lambda n: sorted(map(float, slopes_of_the_authors(n)), reverse=True),  # sorted
        lambda n: [-float(s) for s in slopes_of_the_authors(n)],  # sign
    ],
)
def test_mutants_are_rejected(wrong):
    expected = slopes_of_the_authors(12)
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(numpy.asarray(wrong(12)), expected, limits(expected, "float32"))


@pytest.mark.parametrize("heads", [0, -1, 2.0, True, None])
def test_bad_heads(heads):
    with pytest.raises(ValueError, match=r"^heads: given .*, expected a positive integer$"):
        alibi_slopes(heads)


@pytest.mark.parametrize("max_bias", [0, -8.0, math.inf, math.nan])
def test_bad_largest_bias(max_bias):
    with pytest.raises(ValueError, match=r"^max_bias: given .*, expected a positive finite number$"):
        alibi_slopes(8, max_bias=max_bias)


def test_bad_shapes(backend):
    slopes, positions = alibi_slopes(2, xp=backend.xp), backend.array([0, 1], "int32")
    with pytest.raises(ValueError, match=r"^slopes: given shape \(1, 2\), expected \[heads\]$"):
        alibi_bias(slopes[None, :], positions, positions)
    with pytest.raises(ValueError, match=r"^positions: given shapes \(2,\) and \(1, 2\), expected vectors"):
        alibi_bias(slopes, positions, positions[None, :])
