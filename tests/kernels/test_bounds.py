import math
from fractions import Fraction

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symcheck.kernels import bounds
from symcheck.kernels.formats import FORMATS

from .bound_ratios import CASES, worst


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("case", CASES)
def test_bounds_hold_and_say_something(backend, case, dtype):
    _, quotient = worst(case, backend, dtype)
    assert quotient <= 1
    # A bound a thousand times the largest error seen would pass a wrong kernel.
    assert quotient >= 1e-3


def test_a_nan_is_an_infinite_quotient(backend, monkeypatch):
    monkeypatch.setitem(CASES, "broken", lambda backend, dtype: iter([(numpy.asarray([0.0, math.nan]), 1.0)]))
    assert worst("broken", backend, "float64") == (math.inf, math.inf)


@pytest.mark.parametrize(
    ("value", "dtype", "held"),
    [
        (256, "bfloat16", True),
        (257, "bfloat16", False),
        (258, "bfloat16", True),
        (2048, "float16", True),
        (2049, "float16", False),
        (2**24, "float32", True),
        (2**24 + 1, "float32", False),
        (2**53 + 1, "float64", False),
        (0.1, "float64", True),
        (0.1, "float32", False),
        (-257, "bfloat16", False),
        (0, "bfloat16", True),
        (0.375, "bfloat16", True),
    ],
)
def test_which_numbers_a_format_holds(value, dtype, held):
    assert bounds.represents(value, dtype) is held


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30))
def test_represents_agrees_with_rounding(value):
    if value == 0 or abs(value) > 1e-30:
        assert bounds.represents(value, "float32") == (float(numpy.float32(value)) == value)


@given(st.integers(0, 10**6), st.sampled_from(["float64", "float32"]))
def test_gamma_is_not_below_its_rational_value(n, dtype):
    u = Fraction(FORMATS[dtype].unit_roundoff)
    exact = n * u / (1 - n * u)
    assert exact <= Fraction(bounds.gamma(n, dtype)) <= exact * (1 + Fraction(1, 10**11))


def test_angle_bound_is_the_stated_formula():
    u = Fraction(1, 2**53)
    m, theta = 1000, Fraction(0.1)
    stated = m * theta * (2 * u + u * u)
    assert stated <= Fraction(bounds.angle_bound(m, 0.1, "float64")) <= stated * (1 + Fraction(1, 10**10))


def test_bounds_grow_with_what_is_lost():
    assert bounds.sinusoidal_bound(257, 1.0, "bfloat16", angle_dtype="bfloat16") > 1
    assert bounds.sinusoidal_bound(257, 1.0, "bfloat16") < 0.0021
    assert bounds.rope_bound(10**5, 1.0, 1.0, "float32") > 1e-3
    assert bounds.rope_bound(10**5, 1.0, 1.0, "float64") < 1e-10
    assert bounds.rope_bound(1, 1.0, 1.0, "float32", scale=3.0) > bounds.rope_bound(1, 1.0, 1.0, "float32")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bounds.gamma(256, "bfloat16"), r"^n: given 256, expected 0 <= n < 256 in this dtype$"),
        (lambda: bounds.gamma(-1, "float32"), r"^n: given -1, expected"),
        (lambda: bounds.dot_bound(4, -1.0, "float32"), r"^magnitude: given -1.0, expected a number of at"),
        (lambda: bounds.dot_bound(4, math.nan, "float32"), r"^magnitude: given nan"),
        (lambda: bounds.rope_bound(1, 1.0, -2.0, "float32"), r"^x_norm: given -2.0"),
        (lambda: bounds.softmax_bound(4, 1e9, 1.0, "float32"), r"^score_error: the scores are off by 1e\+09"),
        (lambda: bounds.softmax_bound(200, 0.0, 1.0, "bfloat16"), r"^n: given 200, expected fewer than 128"),
        (lambda: bounds.softmax_bound(2, 0.0, 1.0, "bfloat16", exp_ulps=200), r"^exp_ulps: given 200"),
        (lambda: bounds.angle_bound(65536, 1.0, "float16"), r"^position: given 65536 with theta 1, expected"),
        (
            lambda: bounds.xpos_bound(5000, 1.0, 0.0024468, 1.0, "float16"),
            r"^position: given 5000 from centre 0, expected a factor below 65504, not e\^12.23$",
        ),
        (lambda: bounds.angle_bound(1, 1.0, "int8"), r"^dtype: given 'int8', expected one of"),
    ],
)
def test_no_bound_where_none_exists(call, message):
    with pytest.raises(ValueError, match=message):
        call()
