import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.kernels.bounds import xpos_bound
from symcheck.kernels.formats import FORMATS
from symcheck.kernels.frequencies import inverse_frequencies
from symcheck.kernels.rope import rotate
from symcheck.kernels.xpos import rotate_xpos, xpos_log_rates

from . import reference
from .reference import MP, assert_within

DIM = 8
POSITIONS = [0, 1, 2, 255, 257, 2049, 4000]


def sample(seed, *shape):
    return numpy.random.default_rng(seed).standard_normal(shape)


def zeta(i, pairs, gamma):
    return (MP.mpf(i) / pairs + gamma) / (1 + gamma)


def xpos_reference(x, positions, layout, sign, gamma=0.4, unit=512, centre=0):
    """zeta^(sign (m - centre)/unit) R(m) x; gamma as the double that the kernel is given."""
    out = reference.rotated(x, positions, reference.frequencies(x.shape[1]), layout)
    pairs = x.shape[1] // 2
    for t, m in enumerate(positions):
        for i, pair in enumerate(reference.pair_indices(x.shape[1], layout)):
            factor = zeta(i, pairs, MP.mpf(gamma)) ** (sign * MP.mpf(m - centre) / unit)
            for coordinate in pair:
                out[t, coordinate] *= factor
    return out


def bounds(x, positions, layout, sign, dtype, centre=0):
    out = numpy.zeros(x.shape)
    rates = xpos_log_rates(x.shape[1] // 2)
    thetas = reference.frequencies(x.shape[1])
    for t, m in enumerate(positions):
        for i, (a, b) in enumerate(reference.pair_indices(x.shape[1], layout)):
            norm = math.hypot(x[t, a], x[t, b]) * (1 + 1e-12)
            limit = xpos_bound(m, float(thetas[i]), sign * rates[i], norm, dtype, centre=centre)
            out[t, a] = out[t, b] = limit
    return out


@pytest.mark.parametrize("layout", ["interleaved", "half"])
@pytest.mark.parametrize("key", [False, True])
@pytest.mark.parametrize("dtype", FORMATS)
def test_against_reference(backend, layout, key, dtype):
    x = backend.array(sample(1, len(POSITIONS), DIM), dtype)
    frequencies = inverse_frequencies(DIM, xp=backend.xp)
    made = rotate_xpos(x, backend.array(POSITIONS, "int32"), frequencies, key=key, layout=layout)
    stored, sign = backend.exact(x), -1 if key else 1
    expected = xpos_reference(stored, POSITIONS, layout, sign)
    assert made.dtype == x.dtype
    assert_within(backend.exact(made), expected, bounds(stored, POSITIONS, layout, sign, dtype))


def test_rates_of_the_authors():
    # torchscale: scale = (arange(0, d, 2) + 0.4 d)/(1.4 d), here for d = 4, from 512 tokens.
    rates = xpos_log_rates(2)
    assert abs(math.exp(512 * rates[0]) - 0.4 / 1.4) < 1e-15
    assert abs(math.exp(512 * rates[1]) - 0.9 / 1.4) < 1e-15


def test_no_factor_at_the_centre(backend):
    x = backend.array(sample(2, 1, DIM), "float32")
    position = backend.array([100], "int32")
    frequencies = inverse_frequencies(DIM, xp=backend.xp)
    made = rotate_xpos(x, position, frequencies, key=False, layout="half", centre=100)
    plain = rotate(x, position, frequencies, layout="half")
    assert (backend.exact(made) == backend.exact(plain)).all()


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_centre_keeps_keys_in_range(backend):
    x = backend.array(numpy.ones((1, DIM)), "float16")
    positions = backend.array([5000], "int32")
    frequencies = inverse_frequencies(DIM, xp=backend.xp)
    far = rotate_xpos(x, positions, frequencies, key=True, layout="half")
    assert numpy.isinf(backend.exact(far)).any()
    near = rotate_xpos(x, positions, frequencies, key=True, layout="half", centre=2500)
    expected = xpos_reference(backend.exact(x), [5000], "half", -1, centre=2500)
    limit = bounds(backend.exact(x), [5000], "half", -1, "float16", centre=2500)
    assert_within(backend.exact(near), expected, limit)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 3000))
def test_scores_depend_on_the_offset_alone(seed, m, n, shift):
    q, k = sample(seed, 2, 1, DIM)
    frequencies = inverse_frequencies(DIM)

    def score(a, b):
        left = rotate_xpos(q, numpy.asarray([a]), frequencies, key=False, layout="half")
        return left, rotate_xpos(k, numpy.asarray([b]), frequencies, key=True, layout="half")

    for a, b in ((m, n), (m + shift, n + shift)):
        left, right = score(a, b)
        exact_left = xpos_reference(q, [a], "half", 1)
        exact_right = xpos_reference(k, [b], "half", -1)
        relative = MP.fdot(xpos_reference(q, [m - n], "half", 1)[0], reference.exact(k)[0])
        # The exact scores agree, and the computed ones are as close as their vectors.
        assert abs(MP.fdot(exact_left[0], exact_right[0]) - relative) < MP.mpf(10) ** -35
        e_q = numpy.linalg.norm(bounds(q, [a], "half", 1, "float64"))
        e_k = numpy.linalg.norm(bounds(k, [b], "half", -1, "float64"))
        n_q, n_k = numpy.linalg.norm(left), numpy.linalg.norm(right)
        limit = e_q * n_k + n_q * e_k + e_q * e_k + DIM * 2**-52 * n_q * n_k
        assert_within(left @ right.T, [[relative]], limit * (1 + 1e-9))


@pytest.mark.parametrize(
    "options",
    [{"sign": -1}, {"gamma": 0.5}, {"unit": 1024}, {"centre": 1}],
    ids=["query and key exchanged", "other gamma", "other scale base", "centre off by one"],
)
def test_mutants_are_rejected(options):
    x = sample(3, len(POSITIONS), DIM)
    mutant = xpos_reference(x, POSITIONS, "half", **{"sign": 1, **options}).astype(float)
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(
            mutant, xpos_reference(x, POSITIONS, "half", 1), bounds(x, POSITIONS, "half", 1, "float64")
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": 0.0}, r"^gamma: given 0.0, expected a positive finite number$"),
        ({"gamma": -1.0}, r"^gamma: given -1.0"),
        ({"scale_base": 0}, r"^scale_base: given 0, expected a positive finite number$"),
        ({"scale_base": math.nan}, r"^scale_base: given nan"),
        ({"layout": "neox"}, r"^layout: given 'neox'"),
    ],
)
def test_bad_input(options, message):
    arguments = {"key": False, "layout": "half", **options}
    with pytest.raises(ValueError, match=message):
        rotate_xpos(sample(4, 2, DIM), numpy.arange(2), inverse_frequencies(DIM), **arguments)
    with pytest.raises(ValueError, match=r"^pairs: given 0, expected a positive integer$"):
        xpos_log_rates(0)
