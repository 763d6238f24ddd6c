import decimal
import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symcheck.kernels.bounds import angle_bound, frequency_bound
from symcheck.kernels.formats import FORMATS
from symcheck.kernels.frequencies import angles, inverse_frequencies

from . import reference
from .reference import assert_within


def relative_bounds(expected, dtype):
    return numpy.asarray([float(abs(value)) * (1 + 1e-15) * frequency_bound(dtype) for value in expected])


@pytest.mark.parametrize("spacing", ["paper", "tensor2tensor"])
@pytest.mark.parametrize("dim", [2, 4, 6, 64, 128])
@pytest.mark.parametrize("dtype", FORMATS)
def test_frequencies_are_rounded_once(backend, dim, spacing, dtype):
    expected = reference.frequencies(dim, 10000.0, spacing)
    actual = backend.exact(inverse_frequencies(dim, spacing=spacing, xp=backend.xp, dtype=dtype))
    bound = relative_bounds(expected, dtype) + FORMATS[dtype].underflow
    assert_within(actual, expected, bound)


def test_published_values():
    assert inverse_frequencies(8).tolist() == [1.0, 0.1, 0.01, 0.001]
    # The last timescale of tensor2tensor is the base itself.
    assert inverse_frequencies(4, spacing="tensor2tensor").tolist() == [1.0, 0.0001]
    assert inverse_frequencies(2, spacing="tensor2tensor").tolist() == [1.0]


@given(st.integers(1, 40), st.floats(1.0001, 1e9))
def test_frequencies_fall_from_one(half, base):
    found = inverse_frequencies(2 * half, base)
    assert found[0] == 1.0
    assert (numpy.diff(found) <= 0).all()
    assert found[-1] > 1 / base * (1 - 1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda i, dim, base: base ** (-i / dim),  # exponent halved
        lambda i, dim, base: base ** (-4 * i / dim),  # exponent doubled
        lambda i, dim, base: (2 * i / dim + 1e-9) ** (1 / base),  # x**1e-4 for 1e-4**x
        lambda i, dim, base: base ** (-i / (dim / 2 - 1)),  # the other spacing
        lambda i, dim, base: base ** (-2 * (i + 1) / dim),  # index from one
        lambda i, dim, base: float(numpy.float32(base ** (-2 * i / dim))),  # float32 in between
    ],
)
def test_mutants_are_rejected(wrong):
    expected = reference.frequencies(16)
    mutant = numpy.asarray([wrong(i, 16, 10000.0) for i in range(8)])
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(mutant, expected, relative_bounds(expected, "float64"))


def test_the_callers_decimal_context_is_not_used():
    with decimal.localcontext() as context:
        context.prec = 3
        assert inverse_frequencies(64)[1] == float(reference.frequency(1, 64))
        assert context.prec == 3


@pytest.mark.parametrize("dtype", FORMATS)
def test_angles_within_bound(backend, dtype):
    positions = [0, 1, 2, 255, 256, 257, 2049, 40000]
    thetas = reference.frequencies(16)
    made = angles(backend.array(positions, "int32"), inverse_frequencies(16, xp=backend.xp, dtype=dtype))
    expected = [[m * theta for theta in thetas] for m in positions]
    bound = [[angle_bound(m, float(theta), dtype) for theta in thetas] for m in positions]
    assert_within(backend.exact(made), expected, bound)


@pytest.mark.parametrize("dtype", ["bfloat16"])
def test_bfloat16_angles_do_not_tell_256_from_257(backend, dtype):
    positions = backend.array([256, 257], "int32")
    frequencies = inverse_frequencies(4, xp=backend.xp, dtype="float64")
    low = backend.exact(angles(positions, frequencies, dtype=dtype))
    high = backend.exact(angles(positions, frequencies, dtype="float32"))
    assert low[0].tolist() == low[1].tolist()
    assert high[0].tolist() != high[1].tolist()


@pytest.mark.parametrize("dim", [0, -2, 3, 2.0, True, None])
def test_bad_dim(dim):
    with pytest.raises(ValueError, match=r"^dim: given .*, expected a positive even integer$"):
        inverse_frequencies(dim)


@pytest.mark.parametrize("base", [1, 0, -3.0, math.inf, math.nan, "10000"])
def test_bad_base(base):
    with pytest.raises(ValueError, match=r"^base: given .*, expected a finite number above 1$"):
        inverse_frequencies(8, base)


def test_bad_spacing_and_shape(backend):
    with pytest.raises(ValueError, match=r"^spacing: given 'log', expected one of paper, tensor2tensor$"):
        inverse_frequencies(8, spacing="log")
    with pytest.raises(ValueError, match=r"^frequencies: given shape \(1, 2\), expected a vector"):
        angles(backend.array([1], "int32"), backend.array([[1.0, 2.0]], "float32"))
