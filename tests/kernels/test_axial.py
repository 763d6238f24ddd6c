import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.kernels.axial import interleaved_axes, multi_axis_angles, sectioned_axes
from symcheck.kernels.bounds import rope_bound
from symcheck.kernels.formats import FORMATS
from symcheck.kernels.frequencies import inverse_frequencies
from symcheck.kernels.rope import cos_sin, rotate, rotate_pairs

from . import reference
from .reference import MP, assert_within

# (time, height, width) all different: text-like positions cannot tell the layouts apart.
POSITIONS = [[0, 0, 0], [3, 5, 8], [3, 8, 5], [257, 2, 40]]


def sample(seed, *shape):
    return numpy.random.default_rng(seed).standard_normal(shape)


def multi_axis_reference(x, positions, thetas, axes, layout):
    out = reference.exact(x)
    for t, position in enumerate(positions):
        for (a, b), theta, axis in zip(
            reference.pair_indices(2 * len(thetas), layout), thetas, axes, strict=True
        ):
            turned = MP.mpc(float(x[t, a]), float(x[t, b])) * MP.expj(position[axis] * theta)
            out[t, a], out[t, b] = turned.real, turned.imag
    return out


def bounds(x, positions, thetas, axes, layout, dtype):
    out = numpy.zeros(x.shape)
    for t, position in enumerate(positions):
        for (a, b), theta, axis in zip(
            reference.pair_indices(2 * len(thetas), layout), thetas, axes, strict=True
        ):
            norm = numpy.hypot(x[t, a], x[t, b]) * (1 + 1e-12)
            out[t, a] = out[t, b] = rope_bound(position[axis], float(theta), norm, dtype)
    return out


def multi_axis_rotate(x, positions, frequencies, axes, layout, angle_dtype):
    angle = multi_axis_angles(positions, frequencies, axes, dtype=angle_dtype)
    return rotate_pairs(x, *cos_sin(angle), layout=layout)


@pytest.mark.parametrize("axes", [sectioned_axes((2, 3, 3)), interleaved_axes((4, 2, 2))], ids=str)
@pytest.mark.parametrize("layout", ["interleaved", "half"])
@pytest.mark.parametrize("dtype", FORMATS)
def test_sections_against_reference(backend, axes, layout, dtype):
    x = backend.array(sample(1, 4, 16), dtype)
    frequencies = inverse_frequencies(16, xp=backend.xp)
    wide = "float64" if dtype == "float64" else "float32"
    made = multi_axis_rotate(x, backend.array(POSITIONS, "int32"), frequencies, axes, layout, wide)
    stored, thetas = backend.exact(x), reference.frequencies(16)
    assert_within(
        backend.exact(made),
        multi_axis_reference(stored, POSITIONS, thetas, axes, layout),
        bounds(stored, POSITIONS, thetas, axes, layout, dtype),
    )


def test_axial_two_dimensional(backend):
    # One ladder an axis: the two halves are two ordinary rotations.
    ladder = inverse_frequencies(4, base=100.0, xp=backend.xp)
    frequencies = backend.xp.concat([ladder, ladder])
    grid = backend.array([[row, column] for row in range(3) for column in range(3)], "int32")
    x = backend.array(sample(2, 9, 8), "float64")
    made = multi_axis_rotate(x, grid, frequencies, sectioned_axes((2, 2)), "interleaved", "float64")
    rows = rotate(x[:, :4], grid[:, 0], ladder, layout="interleaved")
    columns = rotate(x[:, 4:], grid[:, 1], ladder, layout="interleaved")
    assert (backend.exact(made) == numpy.hstack([backend.exact(rows), backend.exact(columns)])).all()


def test_published_sections():
    # Qwen2-VL: 16 + 24 + 24 pairs in blocks; Qwen3-VL: 24 + 20 + 20, taking turns.
    assert sectioned_axes((16, 24, 24)) == (0,) * 16 + (1,) * 24 + (2,) * 24
    assert interleaved_axes((24, 20, 20)) == (0, 1, 2) * 20 + (0,) * 4
    assert interleaved_axes((4, 2, 2)) == (0, 1, 2, 0, 1, 2, 0, 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(-1000, 1000))
def test_text_is_ordinary_rotation(third, position):
    # t = h = w: every assignment of axes is the same, which is why such a test finds nothing.
    sections = (third, third, third)
    frequencies = inverse_frequencies(6 * third)
    x = sample(third, 1, 6 * third)
    plain = rotate(x, numpy.asarray([position]), frequencies, layout="half")
    for axes in (sectioned_axes(sections), interleaved_axes(sections)):
        made = multi_axis_rotate(x, numpy.asarray([[position] * 3]), frequencies, axes, "half", "float64")
        assert (made == plain).all()


@given(st.integers(0, 12), st.integers(0, 12))
def test_interleaving_keeps_the_number_of_pairs(more, third):
    sections = (third + more, third, third)
    axes = interleaved_axes(sections)
    assert tuple(axes.count(axis) for axis in range(3)) == sections


@pytest.mark.parametrize(
    "wrong_axes",
    [sectioned_axes((2, 3, 3)), (0, 2, 1, 0, 2, 1, 0, 0), (0,) * 8],
    ids=["blocks for turns", "height and width exchanged", "time alone"],
)
def test_mutants_are_rejected(wrong_axes):
    # MNN issue 4133: sectioned where interleaved was meant.
    axes = interleaved_axes((4, 2, 2))
    x, thetas = sample(3, 4, 16), reference.frequencies(16)
    mutant = multi_axis_rotate(
        x, numpy.asarray(POSITIONS), inverse_frequencies(16), wrong_axes, "half", "float64"
    )
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(
            mutant,
            multi_axis_reference(x, POSITIONS, thetas, axes, "half"),
            bounds(x, POSITIONS, thetas, axes, "half", "float64"),
        )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sectioned_axes(()), r"^sections: given \(\), expected a list of integers of at least 0$"),
        (lambda: sectioned_axes((1, -1)), r"^sections: given \(1, -1\)"),
        (
            lambda: interleaved_axes((1, 5)),
            r"^sections: given \(1, 5\), expected axis 1 to have at most 3 of 6",
        ),
        (
            lambda: multi_axis_angles(numpy.zeros((2, 2)), inverse_frequencies(4), (0,)),
            r"^axes: given 1 for frequencies of shape \(2,\), expected one axis a frequency$",
        ),
        (
            lambda: multi_axis_angles(numpy.zeros((2, 2)), inverse_frequencies(4), (0, 2)),
            r"^axes: given 0 .. 2, expected 0 .. 1 for positions of shape \(2, 2\)$",
        ),
        (
            lambda: multi_axis_angles(numpy.zeros(2), inverse_frequencies(4), (0, 1)),
            r"^positions: given shape \(2,\), expected \[..., T, A\]$",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
