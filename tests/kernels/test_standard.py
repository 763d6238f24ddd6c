"""The kernels ask for nothing but the array API standard, and can be traced."""

import numpy
import pytest

from symcheck.kernels import alibi, attention, axial, relative, rope, sinusoidal, t5, xpos
from symcheck.kernels.frequencies import inverse_frequencies

T, D = 5, 8


def sample(seed, *shape):
    return numpy.random.default_rng(seed).standard_normal(shape)


X, TABLE = sample(1, T, D), sample(2, 2 * T - 1, D)
POSITIONS = [0, 1, 2, 300, 301]

# Each takes x [T, D], a table [2T - 1, D] and integer positions [T], all of one library.
KERNELS = {
    "sinusoidal": lambda xp, x, table, p: sinusoidal.sinusoidal(p, D, dtype=x.dtype),
    "cosine first": lambda xp, x, table, p: sinusoidal.sinusoidal(p, D, layout="cosine-first", dtype=x.dtype),
    "rope half": lambda xp, x, table, p: rope.rotate(x, p, inverse_frequencies(D, xp=xp), layout="half"),
    "rope interleaved, partial": lambda xp, x, table, p: rope.rotate(
        x, p, inverse_frequencies(D - 2, xp=xp), layout="interleaved", inverse=True, scale=1.5
    ),
    "rotation matrix": lambda xp, x, table, p: rope.rotation_matrix(x[:, : D // 2], layout="half"),
    "xpos": lambda xp, x, table, p: xpos.rotate_xpos(
        x, p, inverse_frequencies(D, xp=xp), key=True, layout="half", centre=100
    ),
    "several axes": lambda xp, x, table, p: rope.rotate_pairs(
        x,
        *rope.cos_sin(
            axial.multi_axis_angles(
                xp.stack([p, p + 1, p - 1], axis=-1),
                inverse_frequencies(D, xp=xp, dtype=x.dtype),
                axial.interleaved_axes((2, 1, 1)),
            )
        ),
        layout="interleaved",
    ),
    "attention": lambda xp, x, table, p: attention.attention(
        x, x, x, mask=attention.causal_mask(T, xp=xp), bias=x @ x.T
    ),
    "alibi": lambda xp, x, table, p: alibi.alibi_bias(
        alibi.alibi_slopes(6, xp=xp, dtype=x.dtype), p, p, symmetric=True
    ),
    "t5": lambda xp, x, table, p: t5.relative_position_bucket(
        relative.relative_positions(p, p), buckets=8, max_distance=100
    ),
    "table bias": lambda xp, x, table, p: relative.table_bias(
        table, relative.clipped_index(relative.relative_positions(p, p), T - 1)
    ),
    "shaw": lambda xp, x, table, p: relative.shaw_attention(
        x, x, x, table, table, relative.relative_positions(p, p), mask=attention.causal_mask(T, xp=xp)
    ),
    "transformer-xl": lambda xp, x, table, p: relative.transformer_xl_scores(
        x, x, table, table[0, :], table[1, :]
    ),
}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_strict_implementation_of_the_standard(name, dtype):
    strict = pytest.importorskip("array_api_strict")
    arguments = [
        (strict.asarray(values.tolist(), dtype=getattr(strict, dtype)), values.astype(dtype))
        for values in (X, TABLE)
    ]
    arguments.append((strict.asarray(POSITIONS), numpy.asarray(POSITIONS)))
    found = KERNELS[name](strict, *(strict_one for strict_one, _ in arguments))
    expected = KERNELS[name](numpy, *(numpy_one for _, numpy_one in arguments))
    # It runs NumPy underneath: the same operations give the same bits.
    assert (numpy.asarray(found) == expected).all()


@pytest.mark.parametrize("name", KERNELS)
def test_traced_by_jax(backend, name):
    if backend.name != "jax":
        pytest.skip(f"backend {backend.name}: has no jax.jit")
    import jax

    arguments = (
        backend.array(X, "float64"),
        backend.array(TABLE, "float64"),
        backend.array(POSITIONS, "int32"),
    )
    eager = backend.exact(KERNELS[name](backend.xp, *arguments))
    traced = backend.exact(jax.jit(lambda *given: KERNELS[name](backend.xp, *given))(*arguments))
    # Fusion may contract a*b + c; nothing else changes. Each entry is a short sum of O(1) terms,
    # reached from angles of up to 301 radians.
    finite = numpy.isfinite(eager)
    assert (finite == numpy.isfinite(traced)).all()
    assert numpy.abs(eager - traced)[finite].max() <= 64 * D * 2**-53 * max(
        1.0, numpy.abs(eager[finite]).max()
    )
