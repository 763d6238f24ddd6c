import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.kernels.bounds import rope_bound, rope_score_bound
from symcheck.kernels.formats import FORMATS, cast
from symcheck.kernels.frequencies import angles, inverse_frequencies
from symcheck.kernels.rope import (
    LAYOUTS,
    cos_sin,
    half_split_permutation,
    pair_coordinates,
    rotate,
    rotate_pairs,
    rotation_matrix,
)

from . import reference
from .reference import MP, assert_within

POSITIONS = [0, 1, 2, 255, 256, 257, 8191, 131071]
DIM = 8


def sample(seed, *shape):
    return numpy.random.default_rng(seed).standard_normal(shape)


def pair_norms(x, rotated_dim, layout):
    """Norm of the pair that each coordinate belongs to; 0 for those that are not rotated."""
    norms = numpy.zeros(x.shape)
    for first, second in reference.pair_indices(rotated_dim, layout):
        norms[..., [first, second]] = numpy.hypot(x[..., first], x[..., second])[..., None] * (1 + 1e-12)
    return norms


def bounds(x, positions, thetas, layout, dtype, **options):
    norms = pair_norms(x, 2 * len(thetas), layout)
    out = numpy.zeros(x.shape)
    for t, position in enumerate(positions):
        for theta, pair in zip(thetas, reference.pair_indices(2 * len(thetas), layout), strict=True):
            for coordinate in pair:
                out[t, coordinate] = rope_bound(
                    position, float(theta), norms[t, coordinate], dtype, **options
                )
    return out


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("inverse", [False, True])
def test_against_reference(backend, layout, dtype, inverse):
    x = backend.array(sample(1, len(POSITIONS), DIM), dtype)
    thetas = reference.frequencies(DIM)
    frequencies = inverse_frequencies(DIM, xp=backend.xp, dtype="float64")
    made = rotate(x, backend.array(POSITIONS, "int32"), frequencies, layout=layout, inverse=inverse)
    stored = backend.exact(x)
    expected = reference.rotated(stored, POSITIONS, thetas, layout, -1 if inverse else 1)
    assert made.dtype == x.dtype
    # Frequencies pass through float64 and are rounded again to the angle dtype.
    assert_within(backend.exact(made), expected, bounds(stored, POSITIONS, thetas, layout, dtype))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("angle_dtype", ["float64", "float32", "same"])
@pytest.mark.parametrize("compute_dtype", ["float32", "same"])
def test_precision_of_angle_and_arithmetic(backend, dtype, angle_dtype, compute_dtype):
    options = {
        "angle_dtype": dtype if angle_dtype == "same" else angle_dtype,
        "compute_dtype": dtype if compute_dtype == "same" else compute_dtype,
    }
    positions = [0, 1, 3, 256, 257, 2049]
    x = backend.array(sample(2, len(positions), DIM), dtype)
    frequencies = inverse_frequencies(DIM, xp=backend.xp)
    made = rotate(x, backend.array(positions, "int32"), frequencies, layout="half", **options)
    thetas = reference.frequencies(DIM)
    stored = backend.exact(x)
    expected = reference.rotated(stored, positions, thetas, "half")
    assert_within(backend.exact(made), expected, bounds(stored, positions, thetas, "half", dtype, **options))


def test_hand_computed(backend):
    # A quarter turn and a half turn of (1, 2), up to the error of pi/2 as a float64.
    x = backend.array([[1.0, 2.0], [1.0, 2.0]], "float64")
    quarter = backend.array([numpy.pi / 2], "float64")
    made = backend.exact(rotate(x, backend.array([1, 2], "int32"), quarter, layout="half"))
    assert numpy.abs(made - [[-2.0, 1.0], [-1.0, -2.0]]).max() < 1e-15


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", FORMATS)
def test_position_zero_is_the_identity(backend, layout, dtype):
    x = backend.array(sample(3, 2, 3, DIM), dtype)
    zero = backend.array([0, 0, 0], "int32")
    made = rotate(x, zero, inverse_frequencies(DIM, xp=backend.xp), layout=layout)
    assert (backend.exact(made) == backend.exact(x)).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_partial_rotation_leaves_the_rest(backend, layout):
    x = backend.array(sample(4, 2, 3, 10), "float32")
    frequencies = inverse_frequencies(6, xp=backend.xp)
    positions = backend.array([5, 6, 7], "int32")
    made = backend.exact(rotate(x, positions, frequencies, layout=layout))
    rotated_alone = backend.exact(rotate(x[..., :6], positions, frequencies, layout=layout))
    assert (made[..., 6:] == backend.exact(x)[..., 6:]).all()
    assert (made[..., :6] == rotated_alone).all()
    assert (rotated_alone != backend.exact(x)[..., :6]).any()


@pytest.mark.parametrize("dim", [2, 4, 6, 10])
def test_half_split_is_a_permutation_of_interleaved(backend, dim):
    order = list(half_split_permutation(dim))
    x = sample(5, 4, dim)
    positions = backend.array([0, 1, 50, 1000], "int32")
    frequencies = inverse_frequencies(dim, xp=backend.xp)
    interleaved = rotate(backend.array(x, "float32"), positions, frequencies, layout="interleaved")
    half = rotate(backend.array(x[:, order], "float32"), positions, frequencies, layout="half")
    assert (backend.exact(interleaved)[:, order] == backend.exact(half)).all()


def test_pairs_of_both_layouts():
    assert pair_coordinates(6, "interleaved") == ((0, 2, 4), (1, 3, 5))
    assert pair_coordinates(6, "half") == ((0, 1, 2), (3, 4, 5))


def test_batches_of_positions(backend):
    x = backend.array(sample(6, 2, 4, 3, DIM), "float32")  # batch, heads, tokens, dim
    frequencies = inverse_frequencies(DIM, xp=backend.xp)
    rows = [[0, 1, 2], [7, 8, 9]]
    together = backend.exact(
        rotate(x, backend.array([[rows[0]], [rows[1]]], "int32"), frequencies, layout="half")
    )
    for batch, row in enumerate(rows):
        alone = rotate(x[batch, ...], backend.array(row, "int32"), frequencies, layout="half")
        assert (together[batch] == backend.exact(alone)).all()


def test_matrix_rotates_columns_as_rotate_does(backend):
    frequencies = inverse_frequencies(4, xp=backend.xp)
    angle = angles(backend.array([3], "int32"), frequencies)
    for layout in LAYOUTS:
        matrix = backend.exact(rotation_matrix(angle, layout=layout))[0]
        x = sample(7, 1, 4)
        made = rotate(backend.array(x, "float64"), backend.array([3], "int32"), frequencies, layout=layout)
        assert numpy.abs(matrix @ x[0] - backend.exact(made)[0]).max() <= 4 * 2**-53 * 4
        transposed = backend.exact(rotation_matrix(angle, layout=layout, inverse=True))[0]
        assert (transposed == matrix.T).all()
    first = backend.exact(rotation_matrix(backend.array([0.5], "float64"), layout="interleaved"))
    assert first[0, 1] == -first[1, 0] == -numpy.sin(0.5)  # RoFormer, eq. 13: minus sine upper right


def test_attention_scale_multiplies_cosine_and_sine(backend):
    angle = backend.array([[0.0, 1.0]], "float32")
    cosine, sine = cos_sin(angle, scale=1.5, dtype="float64")
    plain_cosine, plain_sine = cos_sin(angle)
    for scaled, plain in ((cosine, plain_cosine), (sine, plain_sine)):
        assert (backend.exact(scaled) == numpy.float32(1.5) * backend.exact(plain).astype("float32")).all()


vectors = st.integers(0, 2**32 - 1)
offsets = st.integers(-(2**17), 2**17)


@settings(max_examples=40, deadline=None)
@given(vectors, offsets, offsets, st.sampled_from(LAYOUTS), st.sampled_from(["float64", "float32"]))
def test_composition(seed, m, n, layout, dtype):
    x = sample(seed, 1, DIM).astype(dtype)
    frequencies = inverse_frequencies(DIM)
    twice = rotate(
        rotate(x, numpy.asarray([n]), frequencies, layout=layout),
        numpy.asarray([m]),
        frequencies,
        layout=layout,
    )
    thetas = reference.frequencies(DIM)
    expected = reference.rotated(x.astype(float), [m + n], thetas, layout)
    first = bounds(x.astype(float), [n], thetas, layout, dtype)
    grown = pair_norms(x.astype(float), DIM, layout) + first
    second = numpy.asarray(
        [
            rope_bound(m, float(thetas[i]), norm, dtype)
            for i, norm in zip(_pair_of_coordinate(layout), grown[0], strict=True)
        ]
    )
    assert_within(twice.astype(float), expected, first + second)


def _pair_of_coordinate(layout):
    first, second = pair_coordinates(DIM, layout)
    pair = dict.fromkeys(range(DIM), 0)
    for i, (a, b) in enumerate(zip(first, second, strict=True)):
        pair[a] = pair[b] = i
    return [pair[c] for c in range(DIM)]


@settings(max_examples=40, deadline=None)
@given(vectors, offsets, st.sampled_from(LAYOUTS))
def test_orthogonality(seed, m, layout):
    x = sample(seed, 1, DIM)
    frequencies = inverse_frequencies(DIM)
    positions = numpy.asarray([m])
    back = rotate(
        rotate(x, positions, frequencies, layout=layout), positions, frequencies, layout=layout, inverse=True
    )
    thetas = reference.frequencies(DIM)
    limit = bounds(x, [m], thetas, layout, "float64")
    # Angle errors cancel between the two; the bound does not know it.
    assert_within(back, reference.exact(x), 2 * limit * (1 + 1e-9))


@settings(max_examples=40, deadline=None)
@given(vectors, offsets, offsets, st.integers(-(2**16), 2**16), st.sampled_from(["float64", "float32"]))
def test_scores_depend_on_the_offset_alone(seed, m, n, shift, dtype):
    q, k = sample(seed, 2, 1, DIM).astype(dtype)
    frequencies = inverse_frequencies(DIM)
    thetas = reference.frequencies(DIM)
    exact_score = MP.fdot(
        reference.exact(q.astype(float))[0], reference.rotated(k.astype(float), [n - m], thetas, "half")[0]
    )
    norms = [float(numpy.linalg.norm(v.astype(float))) * (1 + 1e-12) for v in (q, k)]
    for a, b in ((m, n), (m + shift, n + shift)):
        score = (
            rotate(q, numpy.asarray([a]), frequencies, layout="half")
            @ rotate(k, numpy.asarray([b]), frequencies, layout="half").T
        )
        limit = rope_score_bound(a, b, [float(t) for t in thetas], *norms, dtype)
        assert_within(score.astype(float), [[exact_score]], limit)


def _rotate_half_by(x, positions, rule, dim=DIM):
    thetas = inverse_frequencies(dim)
    angle = numpy.asarray(positions)[:, None] * thetas
    return rule(x, numpy.cos(angle), numpy.sin(angle), dim // 2)


MUTANTS = {
    "wrong sign": lambda x, c, s, h: numpy.concatenate(
        [x[:, :h] * c + x[:, h:] * s, x[:, h:] * c - x[:, :h] * s], axis=1
    ),
    "both signs minus": lambda x, c, s, h: numpy.concatenate(
        [x[:, :h] * c - x[:, h:] * s, x[:, h:] * c - x[:, :h] * s], axis=1
    ),
    "cosine and sine exchanged": lambda x, c, s, h: numpy.concatenate(
        [x[:, :h] * s - x[:, h:] * c, x[:, h:] * s + x[:, :h] * c], axis=1
    ),
    "interleaved pairs": lambda x, c, s, h: numpy.stack(
        [x[:, ::2] * c - x[:, 1::2] * s, x[:, 1::2] * c + x[:, ::2] * s], axis=-1
    ).reshape(x.shape),
    "half-split turn with interleaved tables": lambda x, c, s, h: (
        x * numpy.repeat(c, 2, axis=1)
        + numpy.concatenate([-x[:, h:], x[:, :h]], axis=1) * numpy.repeat(s, 2, axis=1)
    ),
    "first half only": lambda x, c, s, h: numpy.concatenate([x[:, :h] * c - x[:, h:] * s, x[:, h:]], axis=1),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_are_rejected(name):
    x = sample(8, len(POSITIONS), DIM)
    thetas = reference.frequencies(DIM)
    expected = reference.rotated(x, POSITIONS, thetas, "half")
    limit = bounds(x, POSITIONS, thetas, "half", "float64")
    assert_within(
        rotate(x, numpy.asarray(POSITIONS), inverse_frequencies(DIM), layout="half"), expected, limit
    )
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(_rotate_half_by(x, POSITIONS, MUTANTS[name]), expected, limit)


@pytest.mark.parametrize("change", ["positions from one", "position ignored", "frequencies over head_dim"])
def test_mutants_of_the_arguments_are_rejected(change):
    x = sample(9, len(POSITIONS), DIM + 4)
    positions = numpy.asarray(POSITIONS)
    frequencies = inverse_frequencies(DIM)
    if change == "positions from one":
        positions = positions + 1
    elif change == "position ignored":
        positions = numpy.arange(len(POSITIONS))
    else:
        frequencies = inverse_frequencies(DIM + 4)[: DIM // 2]
    thetas = reference.frequencies(DIM)
    expected = reference.rotated(x, POSITIONS, thetas, "interleaved")
    limit = bounds(x, POSITIONS, thetas, "interleaved", "float64")
    with pytest.raises(AssertionError, match="is off by"):
        assert_within(rotate(x, positions, frequencies, layout="interleaved"), expected, limit)


def test_gradient_is_the_inverse_rotation(backend):
    if backend.name not in ("torch", "jax"):
        pytest.skip(f"backend {backend.name}: has no automatic differentiation")
    x, weight = sample(10, 2, 3, DIM)
    positions = backend.array([1, 5, 300], "int32")
    frequencies = inverse_frequencies(DIM, xp=backend.xp)

    def loss(value):
        return backend.xp.sum(rotate(value, positions, frequencies, layout="half") * w)

    w = backend.array(weight, "float64")
    given = backend.array(x, "float64")
    if backend.name == "torch":
        given.requires_grad_(True)
        loss(given).backward()
        gradient = given.grad
    else:
        import jax

        gradient = jax.jit(jax.grad(loss))(given)
    expected = reference.rotated(weight, [1, 5, 300], reference.frequencies(DIM), "half", sign=-1)
    limit = bounds(weight, [1, 5, 300], reference.frequencies(DIM), "half", "float64")
    assert_within(backend.exact(gradient), expected, limit)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, p, f: rotate(x, p, f, layout="neox"), r"^layout: given 'neox', expected one of"),
        (
            lambda x, p, f: rotate(x[..., :6], p, f, layout="half"),
            r"^x: given shape \(3, 6\), expected a last",
        ),
        (lambda x, p, f: rotate(x, p[:2], f, layout="half"), r"^positions: given shape \(2,\), expected"),
        (lambda x, p, f: rotate(x[0, :], p, f, layout="half"), r"^x: given shape \(8,\), expected \[..., T"),
        (
            lambda x, p, f: rotate(p[:, None], p, f, layout="half"),
            r"^x: given dtype .*int32, expected one of",
        ),
        (lambda x, p, f: rotate(x, p, f[None, :], layout="half"), r"^frequencies: given shape \(1, 4\)"),
        (lambda x, p, f: rotate(x, [0, 1, 2], f, layout="half"), r"^arrays: given .*, list, "),
        (lambda x, p, f: rotate_pairs(x, x[..., :4], x[..., :3], layout="half"), r"^cosine, sine: given"),
        (
            lambda x, p, f: rotate_pairs(x, x[:2, :4], x[:2, :4], layout="half"),
            r"^cosine, sine: given .*broadcast",
        ),
        (lambda x, p, f: half_split_permutation(5), r"^dim: given 5, expected a positive even integer$"),
        (lambda x, p, f: rotation_matrix(cast(f, "float64")[0], layout="half"), r"^angle: given a scalar"),
    ],
)
def test_bad_input(backend, call, message):
    x = backend.array(sample(11, 3, DIM), "float32")
    positions = backend.array([0, 1, 2], "int32")
    with pytest.raises(ValueError, match=message) as caught:
        call(x, positions, inverse_frequencies(DIM, xp=backend.xp))
    assert "\n" not in str(caught.value)
