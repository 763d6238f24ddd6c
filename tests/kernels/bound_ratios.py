"""Largest observed error against its bound, for each kernel; `python -m tests.kernels.bound_ratios`.

Each case yields (errors, bounds) over random and hard inputs. The largest quotient must not pass
1, and a quotient below 1e-3 would mean a bound that says nothing. The table in docs/kernels.md is
this module's output.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from symcheck.kernels import alibi, attention, bounds, relative, rope, sinusoidal, xpos
from symcheck.kernels.formats import FORMATS, cast, widened
from symcheck.kernels.frequencies import angles, inverse_frequencies

from . import reference
from .backends import NAMES, Backend, load
from .reference import MP, errors

Sample = tuple[Any, Any]


def hard_positions(seed: int, count: int, dtype: str) -> list[int]:
    """Positions around powers of two, near multiples of pi (355/113, 103993/33102), and random ones.

    float16 holds no integer past 65,504.
    """
    largest = 60000 if dtype == "float16" else 2**24
    hard = [0, 1, 2, 3, 22, 256, 257, 355, 2048, 2049, 65535, 103993, 104348, 2**20 - 1, 2**24 - 1]
    drawn = numpy.random.default_rng(seed).integers(0, largest, count)
    return [m for m in hard if m < largest] + [int(m) for m in drawn]


def normal(seed: int, *shape: int) -> numpy.ndarray:
    return numpy.random.default_rng(seed).standard_normal(shape)


def angle_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    positions = hard_positions(1, 60, dtype)
    made = angles(backend.array(positions, "int32"), inverse_frequencies(16, xp=backend.xp, dtype=dtype))
    thetas = reference.frequencies(16)
    yield (
        errors(backend.exact(made), [[m * t for t in thetas] for m in positions]),
        [[bounds.angle_bound(m, float(t), dtype) for t in thetas] for m in positions],
    )


def sinusoidal_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    positions = hard_positions(2, 60, dtype)
    made = sinusoidal.sinusoidal(backend.array(positions, "int32"), 16, dtype=dtype, layout="sine-first")
    thetas = [float(t) for t in reference.frequencies(16)]
    limit = [[bounds.sinusoidal_bound(m, t, dtype) for t in thetas + thetas] for m in positions]
    yield (
        errors(backend.exact(made), reference.sinusoid(positions, 16, 10000.0, "paper", "sine-first")),
        limit,
    )


def table_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    """Angles that are exact, so that only the backend's sine and cosine are seen."""
    quarter_turns = numpy.pi / 2 * numpy.arange(1, 200)
    values = numpy.concatenate([normal(3, 300) * 3, quarter_turns, normal(4, 200) * 1e4])
    angle = backend.array(values, dtype)
    exact_angles = [MP.mpf(float(a)) for a in backend.exact(angle)]
    cosine, sine = rope.cos_sin(angle)
    limit = bounds.table_bound(0.0, dtype, dtype)
    yield errors(backend.exact(cosine), [MP.cos(a) for a in exact_angles]), limit
    yield errors(backend.exact(sine), [MP.sin(a) for a in exact_angles]), limit


def rope_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    positions = hard_positions(5, 60, dtype)
    dim = 16
    x = backend.array(normal(6, len(positions), dim), dtype)
    exact_x = backend.exact(x)
    frequencies = inverse_frequencies(dim, xp=backend.xp)
    thetas = reference.frequencies(dim)
    made = rope.rotate(x, backend.array(positions, "int32"), frequencies, layout="half")
    error = errors(backend.exact(made), reference.rotated(exact_x, positions, thetas, "half"))
    half = dim // 2
    norms = numpy.hypot(exact_x[:, :half], exact_x[:, half:]) * (1 + 1e-12)
    limit = [
        [bounds.rope_bound(m, float(t), norm, dtype) for t, norm in zip(thetas, row, strict=True)]
        for m, row in zip(positions, norms, strict=True)
    ]
    yield numpy.hypot(error[:, :half], error[:, half:]), limit


def rope_score_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    dim = 16
    thetas = reference.frequencies(dim)
    frequencies = inverse_frequencies(dim, xp=backend.xp)
    xp = backend.xp
    positions = hard_positions(7, 20, dtype)
    for m in positions[::2]:
        n = positions[(positions.index(m) * 7 + 3) % len(positions)]
        q, k = (backend.array(normal(8 + m + s, 1, dim), dtype) for s in (0, 1))
        made = attention_scores(xp, q, k, m, n, frequencies, backend)
        exact_q, exact_k = backend.exact(q), backend.exact(k)
        turned = reference.rotated(exact_k, [n - m], thetas, "interleaved")
        expected = MP.fdot(reference.exact(exact_q)[0], turned[0])
        norms = [float(numpy.linalg.norm(v)) * (1 + 1e-12) for v in (exact_q, exact_k)]
        limit = bounds.rope_score_bound(m, n, [float(t) for t in thetas], *norms, dtype)
        yield errors(backend.exact(made), [[expected]]), limit


def attention_scores(xp: Any, q: Any, k: Any, m: int, n: int, frequencies: Any, backend: Backend) -> Any:
    """The score as an attention kernel forms it: rotate, then multiply in the widened dtype."""
    turned = [
        cast(rope.rotate(x, backend.array([p], "int32"), frequencies, layout="interleaved"), widened(x.dtype))
        for x, p in ((q, m), (k, n))
    ]
    return xp.matmul(turned[0], xp.matrix_transpose(turned[1]))


def dot_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    wide = widened(dtype)
    for n, seed in ((2, 9), (16, 10), (128, 11)):
        x, y = (backend.array(normal(seed + s, 20, n), dtype) for s in (0, 100))
        exact_x, exact_y = backend.exact(x), backend.exact(y)
        a, b = backend.array(exact_x, wide), backend.array(exact_y, wide)
        made = backend.exact(backend.xp.matmul(a[:, None, :], b[:, :, None]))[:, 0, 0]
        rows = zip(reference.exact(exact_x), reference.exact(exact_y), strict=True)
        expected = [MP.fdot(u, v) for u, v in rows]
        magnitudes = (numpy.abs(exact_x) * numpy.abs(exact_y)).sum(axis=1) * (1 + 1e-12)
        yield errors(made, expected), [bounds.dot_bound(n, m, wide) for m in magnitudes]


def softmax_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    for n, spread, seed in ((2, 1.0, 12), (8, 10.0, 13), (64, 3.0, 14)):
        scores = backend.array(normal(seed, 10, n) * spread, dtype)
        made = backend.exact(attention.softmax(scores))
        for row, values in zip(made, backend.exact(scores), strict=True):
            expected = reference.softmax([MP.mpf(s) for s in values])
            relative = bounds.softmax_bound(n, 0.0, float(numpy.ptp(values)), dtype)
            underflow = FORMATS[dtype].underflow
            # The relative part alone, with the absolute one for weights that underflow.
            yield errors(row, expected), [relative * float(p) + 2 * (n + 2) * underflow for p in expected]


def attention_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    for n, dim, spread, seed in ((1, 2, 1.0, 15), (4, 8, 1.0, 16), (16, 16, 3.0, 17)):
        q = backend.array(normal(seed, 4, dim) * spread, dtype)
        k = backend.array(normal(seed + 50, n, dim), dtype)
        v = backend.array(normal(seed + 90, n, 4), dtype)
        exact_q, exact_k, exact_v = (backend.exact(a) for a in (q, k, v))
        made = backend.exact(attention.attention(q, k, v))
        expected = reference.attention(exact_q, exact_k, exact_v)
        magnitudes = (numpy.abs(exact_q) @ numpy.abs(exact_k).T).max(axis=1) * (1 + 1e-12)
        largest = float(numpy.abs(exact_v).max())
        limit = [[bounds.attention_bound(n, dim, m, largest, dtype)] * 4 for m in magnitudes]
        yield errors(made, expected), limit


def xpos_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    """Positions that no exponential factor takes out of range."""
    dim, positions = 16, [m for m in hard_positions(18, 0, dtype) if m < 4000]
    positions += [int(m) for m in numpy.random.default_rng(19).integers(0, 4000, 40)]
    x = backend.array(normal(20, len(positions), dim), dtype)
    exact_x, half = backend.exact(x), dim // 2
    made = xpos.rotate_xpos(
        x,
        backend.array(positions, "int32"),
        inverse_frequencies(dim, xp=backend.xp),
        key=False,
        layout="half",
    )
    thetas = reference.frequencies(dim)
    expected = reference.rotated(exact_x, positions, thetas, "half")
    for t, m in enumerate(positions):
        for i in range(half):
            zeta = (MP.mpf(i) / half + MP.mpf(0.4)) / (1 + MP.mpf(0.4))
            expected[t, [i, half + i]] *= zeta ** (MP.mpf(m) / 512)
    error = errors(backend.exact(made), expected)
    norms = numpy.hypot(exact_x[:, :half], exact_x[:, half:]) * (1 + 1e-12)
    rates = xpos.xpos_log_rates(half)
    limit = [
        [bounds.xpos_bound(m, float(thetas[i]), rates[i], norms[t, i], dtype) for i in range(half)]
        for t, m in enumerate(positions)
    ]
    yield numpy.hypot(error[:, :half], error[:, half:]), limit


def alibi_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    distances = hard_positions(21, 60, dtype)
    slopes = alibi.alibi_slopes(24, xp=backend.xp, dtype=dtype)
    made = alibi.alibi_bias(slopes, backend.array([0], "int32"), backend.array(distances, "int32"))
    exponents = [MP.mpf(k) / 2 for k in range(1, 17)] + [MP.mpf(2 * k - 1) / 4 for k in range(1, 9)]
    exact_slopes = [MP.mpf(2) ** -exponent for exponent in exponents]
    yield (
        errors(backend.exact(made)[:, 0, :], [[s * m for m in distances] for s in exact_slopes]),
        [[bounds.alibi_bound(m, float(s), dtype) for m in distances] for s in exact_slopes],
    )


def relative_score_case(backend: Backend, dtype: str) -> Iterator[Sample]:
    """Transformer-XL's score, all distances; entry by entry against its own magnitude."""
    wide = widened(dtype)
    for dim, seed in ((2, 22), (16, 23), (64, 24)):
        queries, keys = 3, 5
        shapes = ((queries, dim), (keys, dim), (keys + queries - 1, dim), (dim,), (dim,))
        arrays = [backend.array(normal(seed + 10 * n, *shape), dtype) for n, shape in enumerate(shapes)]
        q, k, r, u, v = (backend.exact(array) for array in arrays)
        made = backend.exact(relative.transformer_xl_scores(*arrays))
        for i in range(queries):
            for j in range(keys):
                row = r[queries - 1 - i + j]
                x, y = reference.exact(q[i]) + reference.exact(u), reference.exact(q[i]) + reference.exact(v)
                total = MP.fdot(x, reference.exact(k[j])) + MP.fdot(y, reference.exact(row))
                size = float(numpy.abs(q[i] + u) @ numpy.abs(k[j]) + numpy.abs(q[i] + v) @ numpy.abs(row))
                limit = bounds.relative_score_bound(dim, size * (1 + 1e-12), wide, scale=dim**-0.5)
                yield errors(made[i, j], total / MP.sqrt(dim)), limit


CASES: dict[str, Callable[[Backend, str], Iterator[Sample]]] = {
    "angle": angle_case,
    "cos, sin": table_case,
    "sinusoidal": sinusoidal_case,
    "rope": rope_case,
    "rope score": rope_score_case,
    "dot": dot_case,
    "softmax": softmax_case,
    "attention": attention_case,
    "xPos": xpos_case,
    "ALiBi": alibi_case,
    "relative score": relative_score_case,
}


def worst(case: str, backend: Backend, dtype: str) -> tuple[float, float]:
    """The largest error, and the largest quotient of an error and its own bound."""
    largest_error = largest_quotient = 0.0
    for error, limit in CASES[case](backend, dtype):
        error, limit = numpy.broadcast_arrays(numpy.asarray(error), numpy.asarray(limit))
        quotients = numpy.divide(error, limit, out=numpy.where(error > 0, numpy.inf, 0.0), where=limit > 0)
        # max() passes over a NaN that is not its first argument: a NaN result must not look exact.
        quotients = numpy.where(numpy.isnan(error), numpy.inf, quotients)
        largest_error = max(largest_error, float(numpy.nan_to_num(error, nan=numpy.inf).max()))
        largest_quotient = max(largest_quotient, float(quotients.max()))
    return largest_error, largest_quotient


def main(names: list[str]) -> None:
    for name in names or list(NAMES):
        try:
            backend = load(name)
        except ImportError as error:
            print(f"{name}: not measured, {error}")
            continue
        print(f"| {name} | " + " | ".join(FORMATS) + " |")
        print("|---" * (len(FORMATS) + 1) + "|")
        for case in CASES:
            figures = (worst(case, backend, dtype) for dtype in FORMATS)
            print(f"| {case} | " + " | ".join(f"{error:.1e} ({part:.2g})" for error, part in figures) + " |")


if __name__ == "__main__":
    main(sys.argv[1:])
