"""The bounds assume at most 4 ulp of each backend's sin, cos and exp: here that is measured.

References are balls of python-flint at 160 bits, so that a hundred thousand values are quick.
"""

from __future__ import annotations

import numpy
import pytest
from flint import arb, ctx

from symcheck.kernels.formats import FORMATS


def arguments(seed: int, count: int, largest: float) -> numpy.ndarray:
    """Log-uniform and uniform magnitudes, and neighbours of multiples of pi/2, both signs."""
    rng = numpy.random.default_rng(seed)
    magnitudes = numpy.exp(rng.uniform(numpy.log(2.0**-20), numpy.log(largest), count // 2))
    quarters = numpy.pi / 2 * rng.integers(1, int(largest / 2), count // 4)
    values = numpy.concatenate([magnitudes, quarters, rng.uniform(0, largest, count // 4)])
    return values * rng.choice([-1.0, 1.0], values.size)


def largest_error(found, inputs, function, unit) -> float:
    """The largest abs(found - function(input)) / unit(exact value), by balls."""
    worst = 0.0
    precision = ctx.prec
    ctx.prec = 160
    try:
        for value, point in zip(found.tolist(), inputs.tolist(), strict=True):
            exact = function(arb(point))
            worst = max(worst, float(((arb(value) - exact) / unit(exact)).abs_upper()))
    finally:
        ctx.prec = precision
    return worst


def measure(backend, dtype, count) -> dict[str, float]:
    """Errors in units of u for sin and cos (absolute), of 2u relatively for exp: at most `ulps`."""
    u = FORMATS[dtype].unit_roundoff
    angles = backend.array(arguments(1, count, 60000.0 if dtype == "float16" else 2.0**24), dtype)
    # exp is taken of scores minus their maximum, never positive, above underflow.
    least = {"float64": -700.0, "float16": -9.0}.get(dtype, -80.0)
    exponents = backend.array(numpy.random.default_rng(2).uniform(least, 0.0, count), dtype)
    exact_angles, exact_exponents = backend.exact(angles), backend.exact(exponents)
    return {
        "sin": largest_error(backend.exact(backend.xp.sin(angles)), exact_angles, arb.sin, lambda y: u),
        "cos": largest_error(backend.exact(backend.xp.cos(angles)), exact_angles, arb.cos, lambda y: u),
        "exp": largest_error(
            backend.exact(backend.xp.exp(exponents)), exact_exponents, arb.exp, lambda y: y * (2 * u)
        ),
    }


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("count", [2000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_functions_are_within_four_ulps(backend, dtype, count):
    assert max(measure(backend, dtype, count).values()) <= 4.0


def test_five_ulps_would_be_seen():
    inputs = arguments(3, 400, 1000.0)
    off = numpy.sin(inputs) + 5 * 2.0**-53
    assert largest_error(off, inputs, arb.sin, lambda y: 2.0**-53) > 4
