import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.kernels.bounds import sinusoidal_bound
from symcheck.kernels.formats import FORMATS
from symcheck.kernels.sinusoidal import LAYOUTS, sinusoidal, sinusoidal_table

from . import reference
from .reference import assert_within

POSITIONS = [0, 1, 2, 3, 17, 256, 257, 2049, 65535, 131071]


def bounds(positions, dim, layout, dtype, spacing="paper", angle_dtype=None):
    """The bound of each entry, laid out as the encoding is."""
    rows = []
    for position in positions:
        row = [
            sinusoidal_bound(position, float(theta), dtype, angle_dtype=angle_dtype)
            for theta in reference.frequencies(dim, 10000.0, spacing)
        ]
        rows.append([b for b in row for _ in range(2)] if layout == "interleaved" else row + row)
    return numpy.asarray(rows)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("spacing", ["paper", "tensor2tensor"])
@pytest.mark.parametrize("dtype", FORMATS)
def test_against_reference(backend, layout, spacing, dtype):
    made = sinusoidal(backend.array(POSITIONS, "int32"), 16, spacing=spacing, layout=layout, dtype=dtype)
    expected = reference.sinusoid(POSITIONS, 16, 10000.0, spacing, layout)
    assert_within(backend.exact(made), expected, bounds(POSITIONS, 16, layout, dtype, spacing))


@pytest.mark.slow
@pytest.mark.parametrize("spacing", ["paper", "tensor2tensor"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sweep_of_large_positions(backend, spacing, dtype):
    positions = [int(m) for m in numpy.random.default_rng(1).integers(0, 2**24, 300)]
    positions += [2**k + e for k in range(8, 24) for e in (-1, 0, 1)]
    made = sinusoidal(
        backend.array(positions, "int32"), 128, spacing=spacing, layout="sine-first", dtype=dtype
    )
    expected = reference.sinusoid(positions, 128, 10000.0, spacing, "sine-first")
    assert_within(backend.exact(made), expected, bounds(positions, 128, "sine-first", dtype, spacing))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("angle_dtype", ["float64", "same"])
def test_angle_dtype_is_its_own_parameter(backend, dtype, angle_dtype):
    angle_dtype = dtype if angle_dtype == "same" else angle_dtype
    positions = [0, 1, 100, 256, 257, 2049]
    made = sinusoidal(backend.array(positions, "int32"), 8, dtype=dtype, angle_dtype=angle_dtype)
    expected = reference.sinusoid(positions, 8, 10000.0, "paper", "interleaved")
    limit = bounds(positions, 8, "interleaved", dtype, angle_dtype=angle_dtype)
    assert_within(backend.exact(made), expected, limit)


def test_hand_computed(backend):
    table = backend.exact(sinusoidal_table(2, 4, xp=backend.xp, dtype="float64"))
    assert table[0].tolist() == [0.0, 1.0, 0.0, 1.0]
    # sin 1, cos 1, sin 0.01, cos 0.01 (Abramowitz and Stegun, table 4.6).
    expected = [0.8414709848078965, 0.5403023058681398, 0.009999833334166665, 0.9999500004166653]
    assert numpy.abs(table[1] - expected).max() < 2**-52


def test_table_is_its_positions(backend):
    table = sinusoidal_table(7, 6, xp=backend.xp)
    rows = sinusoidal(backend.array([[6, 0], [3, 2]], "int32"), 6)
    assert tuple(rows.shape) == (2, 2, 6)
    assert (backend.exact(table)[[[6, 0], [3, 2]]] == backend.exact(rows)).all()
    assert tuple(sinusoidal_table(0, 6, xp=backend.xp).shape) == (0, 6)


def test_layouts_are_permutations_of_each_other(backend):
    tables = {
        layout: backend.exact(sinusoidal_table(9, 8, layout=layout, xp=backend.xp)) for layout in LAYOUTS
    }
    interleaved = tables["interleaved"]
    assert (tables["sine-first"] == interleaved[:, [0, 2, 4, 6, 1, 3, 5, 7]]).all()
    assert (tables["cosine-first"] == interleaved[:, [1, 3, 5, 7, 0, 2, 4, 6]]).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(-(2**20), 2**20), st.integers(1, 8))
def test_norm_is_half_the_dimension(position, half):
    row = sinusoidal(numpy.asarray([position]), 2 * half, dtype="float64")[0]
    # Each pair is off from the unit circle by at most twice the function's error per entry.
    slack = half * 2 * 2 * sinusoidal_bound(0, 1.0, "float64")
    assert abs(float(row @ row) - half) <= slack + 4 * half * half * 2**-53


def mutant_table(rule):
    return numpy.asarray([[rule(m, i) for i in range(8)] for m in POSITIONS])


def angle(m, i, dim=8):
    return m * 10000.0 ** (-2 * (i // 2) / dim)


@pytest.mark.parametrize(
    "rule",
    [
        lambda m, i: (numpy.sin, numpy.cos)[i % 2](m * 10000.0 ** (-2 * i / 8)),  # i not halved
        lambda m, i: (numpy.cos, numpy.sin)[i % 2](angle(m, i)),  # sine and cosine exchanged
        lambda m, i: (numpy.sin, numpy.cos)[i % 2](-angle(m, i)),  # wrong sign
        lambda m, i: (numpy.sin, numpy.cos)[i % 2](angle(m + 1, i)),  # positions from one
        lambda m, i: (numpy.sin, numpy.cos)[i % 2](m * 10000.0 ** -((i // 2) / 3)),  # other spacing
        lambda m, i: (numpy.sin, numpy.cos)[i % 2](numpy.float32(angle(m, i))),  # float32 angle
    ],
)
def test_mutants_are_rejected(rule):
    expected = reference.sinusoid(POSITIONS, 8, 10000.0, "paper", "interleaved")
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(mutant_table(rule), expected, bounds(POSITIONS, 8, "interleaved", "float64"))


def test_rounding_the_angle_to_half_before_the_cosine_is_rejected():
    # Megatron-DeepSpeed issue 206: the half-precision table must be a rounded accurate one.
    positions = numpy.asarray(POSITIONS)
    early = sinusoidal(positions, 8, dtype="bfloat16", angle_dtype="bfloat16")
    expected = reference.sinusoid(POSITIONS, 8, 10000.0, "paper", "interleaved")
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(early.astype(numpy.float64), expected, bounds(POSITIONS, 8, "interleaved", "bfloat16"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"length": -1, "dim": 4}, r"^length: given -1, expected an integer of at least 0$"),
        ({"length": 2.5, "dim": 4}, r"^length: given 2.5"),
        ({"length": 2, "dim": 5}, r"^dim: given 5, expected a positive even integer$"),
        ({"length": 2, "dim": 4, "base": 1}, r"^base: given 1, expected a finite number above 1$"),
        ({"length": 2, "dim": 4, "layout": "half"}, r"^layout: given 'half', expected one of interleaved"),
        ({"length": 2, "dim": 4, "spacing": "x"}, r"^spacing: given 'x'"),
        ({"length": 2, "dim": 4, "dtype": "int8"}, r"^dtype: given 'int8'"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        sinusoidal_table(**arguments)
