"""The oracle's values lie within their bound of 200-bit balls, and the comparison can tell."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.oracle import tables
from symcheck.oracle.double_double import U, outer, rotate, two_product, two_sum
from symcheck.oracle.formats import FORMATS
from symcheck.oracle.frequencies import Frequencies, fraction_bounds
from symcheck.oracle.tables import SPAN, Block, Oracle, compiled_available

METHODS = [
    "numpy",
    pytest.param("compiled", marks=pytest.mark.skipif(not compiled_available(), reason="numba is not installed")),
]


@pytest.fixture(scope="module")
def oracles() -> dict[str, Oracle]:
    return {m: Oracle(128, method=m) for m in ("numpy", "compiled") if m == "numpy" or compiled_available()}


def distance(oracle: Oracle, block: Block, row: int, pair: int, position: int | None = None) -> Fraction:
    """Largest possible |hi + lo - exact| of the cosine and sine of one entry."""
    worst = Fraction(0)
    balls = oracle.ball(block.start + row if position is None else position, pair, 200)
    for (hi, lo), ball in zip(((block.cos_hi, block.cos_lo), (block.sin_hi, block.sin_lo)), balls, strict=True):
        value = Fraction(float(hi[row, pair])) + Fraction(float(lo[row, pair]))
        low, high = fraction_bounds(ball)
        worst = max(worst, abs(value - low), abs(value - high))
    return worst


def check(oracle: Oracle, block: Block, entries: list[tuple[int, int]]) -> None:
    for row, pair in entries:
        assert distance(oracle, block, row, pair) <= oracle.exact_bound, (block.start + row, pair)


def random_entries(rng: np.random.Generator, rows: int, pairs: int, count: int) -> list[tuple[int, int]]:
    return list(zip(rng.integers(0, rows, count).tolist(), rng.integers(0, pairs, count).tolist(), strict=True))


def test_bounds_meet_the_promise(oracles: dict[str, Oracle]) -> None:
    assert oracles["numpy"].bound <= 2.0**-76
    if "compiled" in oracles:
        assert oracles["compiled"].bound <= 2.0**-100


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("start", [0, 777, SPAN - 1500, 2**24 - 1500, 2**40 + 12345, 2**53 - 2999])
def test_random_points_against_balls(oracles: dict[str, Oracle], method: str, start: int) -> None:
    oracle = oracles[method]
    block = oracle.block(start, 3000)
    check(oracle, block, random_entries(np.random.default_rng(start), 3000, 64, 400))


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_million_points_against_balls(oracles: dict[str, Oracle], method: str) -> None:
    """A million positions and pairs, a cosine and a sine each; half of them up to 2^24, half just below it.

    Balls straight from arb, of 200 bits after the point; an entry counts only where it is proved to be near.
    """
    rng, oracle, old = np.random.default_rng(7), oracles[method], ctx.prec
    ctx.prec = 256
    try:
        theta = [arb(10000) ** (arb(-i) / 64) for i in range(64)]
        bound = arb(fmpq(oracle.exact_bound.numerator, oracle.exact_bound.denominator))
        points = 0
        for k in range(100):
            block = oracle.block(int(rng.integers(0 if k % 2 else 2**24 - 2**17, 2**24 - 4096)), 4096)
            rows, pairs = rng.integers(0, 4096, 10000), rng.integers(0, 64, 10000)
            values = [x[rows, pairs].tolist() for x in (block.cos_hi, block.cos_lo, block.sin_hi, block.sin_lo)]
            for p, i, ch, cl, sh, sl in zip(rows.tolist(), pairs.tolist(), *values, strict=True):
                sin, cos = (theta[i] * (block.start + p)).sin_cos()
                assert cos.rad() < 2.0**-200 and sin.rad() < 2.0**-200
                assert abs(arb(ch) + cl - cos) < bound and abs(arb(sh) + sl - sin) < bound, (block.start + p, i)
                points += 1
        assert points == 10**6
        # The same comparison refuses a value that is off by little more than the bound.
        assert not abs(arb(ch) + cl - cos + 2 * bound) < bound
    finally:
        ctx.prec = old


@pytest.mark.parametrize("method", METHODS)
def test_smallest_values(oracles: dict[str, Oracle], method: str) -> None:
    """Entries below 2^-14 in size near 2^20: where a relative error would show."""
    oracle = oracles[method]
    block = oracle.block(2**20 - 20000, 20000)
    small = np.argwhere((np.abs(block.cos_hi + block.cos_lo) < 2.0**-14) | (np.abs(block.sin_hi + block.sin_lo) < 2.0**-14))
    assert len(small) > 100
    check(oracle, block, [(int(p), int(i)) for p, i in small[:400]])


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_all_entries_below_2_to_the_minus_20(oracles: dict[str, Oracle], method: str) -> None:
    oracle, seen = oracles[method], 0
    for block in oracle.stream(1, 2**20):
        for hi, lo in ((block.cos_hi, block.cos_lo), (block.sin_hi, block.sin_lo)):
            small = np.argwhere(np.abs(hi + lo) < 2.0**-20)
            seen += len(small)
            check(oracle, block, [(int(p), int(i)) for p, i in small])
    assert seen > 50


@pytest.mark.parametrize("method", METHODS)
def test_the_comparison_rejects_a_damaged_oracle(oracles: dict[str, Oracle], method: str) -> None:
    """A wrong entry of a small table, or a dropped low part, is far outside the bound."""
    oracle = oracles[method]
    block = oracle.block(5000, 64)
    without_low = Block(block.start, block.cos_hi, block.cos_lo * 0, block.sin_hi, block.sin_lo * 0, block.bound)
    rejected = sum(distance(oracle, without_low, r, 3) > oracle.exact_bound for r in range(64))
    assert rejected > 60
    # One entry of the low table, off by little more than the bound: position 5007 uses it.
    column, by = (5007 % 1024, 2.0**-74) if method == "numpy" else (5007 % 256, 2.0**-98)
    broken = Oracle(128, method=method)
    broken.low_table().cl[3, column] += by
    broken.low_table().sl[3, column] += by
    damaged = broken.block(5000, 64)
    assert [distance(oracle, damaged, r, 3) > oracle.exact_bound for r in range(64)].index(True) == 7
    assert distance(oracle, damaged, 7, 2) <= oracle.exact_bound


@pytest.mark.parametrize("method", METHODS)
def test_seeds_within_their_bound(oracles: dict[str, Oracle], method: str) -> None:
    oracle = oracles[method]
    for table, step, origin in ((oracle.low_table(), 1, 0), (oracle.high_table(3), 1024, 3 * SPAN)):
        for k in range(0, 1024, 97):
            block = Block(
                origin + k * step,
                table.ch[:, k : k + 1].T,
                table.cl[:, k : k + 1].T,
                table.sh[:, k : k + 1].T,
                table.sl[:, k : k + 1].T,
                0.0,
            )
            for pair in (0, 1, 31, 63):
                assert distance(oracle, block, 0, pair) <= table.error


def test_methods_agree_on_every_value_of_a_stretch(oracles: dict[str, Oracle]) -> None:
    if "compiled" not in oracles:
        pytest.skip("numba is not installed")
    a, b = (oracles[m].block(SPAN - 5000, 10000) for m in ("numpy", "compiled"))
    difference = np.abs((a.cos_hi - b.cos_hi) + (a.cos_lo - b.cos_lo)).max()
    assert 0 < difference <= a.bound + b.bound + 2.0**-78


@pytest.mark.slow
def test_methods_agree_on_the_standard_problem(oracles: dict[str, Oracle]) -> None:
    """2^27 values: the two methods share seeds but neither products nor their order."""
    if "compiled" not in oracles:
        pytest.skip("numba is not installed")
    worst = 0.0
    for a, b in zip(oracles["numpy"].stream(0, 2**20, 8192), oracles["compiled"].stream(0, 2**20, 8192), strict=True):
        worst = max(worst, np.abs((a.cos_hi - b.cos_hi) + (a.cos_lo - b.cos_lo)).max())
        worst = max(worst, np.abs((a.sin_hi - b.sin_hi) + (a.sin_lo - b.sin_lo)).max())
    assert worst <= oracles["numpy"].bound + oracles["compiled"].bound + 2.0**-78


def test_random_access_matches_balls(oracles: dict[str, Oracle]) -> None:
    oracle = oracles["numpy"]
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.integers(0, 5000, 40), rng.integers(0, 2**53, 6), [0, 2**53, 2**24 - 1]])
    block = oracle.at(points)
    for row, position in enumerate(points.tolist()):
        for pair in (0, 5, 63):
            assert distance(oracle, block, row, pair, position) <= Fraction(block.bound)
    assert block.bound <= 2.0**-100


@pytest.mark.parametrize(
    "options",
    [
        {"dim": 64, "base": 500000},
        {"dim": 128, "spacing": "tensor2tensor"},
        {"dim": 2},
        {"dim": 10, "base": "1.5"},
        {"dim": 64, "base": 1e30},
        {"frequencies": [1, "1/3", 0.1, -0.25, 0, 3.5]},
        {
            "dim": 128,
            "base": 500000,
            "scaling": {
                "rope_type": "llama3",
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 8192,
            },
        },
        {"dim": 64, "scaling": {"type": "linear", "factor": 4}},
        {"dim": 64, "scaling": {"type": "ntk", "factor": 4}},
        {
            "dim": 64,
            "scaling": {"type": "dynamic", "factor": 2, "length": 8192, "original_max_position_embeddings": 4096},
        },
        {"dim": 64, "scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096}},
        {
            "dim": 8,
            "scaling": {
                "type": "longrope",
                "factor": 4,
                "original_max_position_embeddings": 4096,
                "length": 9000,
                "short_factor": [1, 1, 1, 1],
                "long_factor": [1, 1.5, 2, 8],
            },
        },
        {"dim": 6, "amplitude": "3/7"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", METHODS)
def test_other_frequencies_and_amplitudes(method: str, options: dict) -> None:
    oracle = Oracle(method=method, **options)
    block = oracle.block(3000, 1200)
    check(oracle, block, random_entries(np.random.default_rng(1), 1200, oracle.pairs, 60))


def test_frequencies_are_what_numpy_computes_roughly() -> None:
    for spacing, steps in (("paper", np.arange(8) / 8), ("tensor2tensor", np.arange(8) / 7)):
        doubles = Frequencies.of(16, 10000, spacing).doubles()
        assert np.allclose(doubles, 10000.0**-steps, rtol=1e-14)
    linear = Frequencies.of(16, scaling={"type": "linear", "factor": 4}).doubles()
    assert np.allclose(linear, 10000.0 ** -(np.arange(8) / 8) / 4, rtol=1e-14)


def test_yarn_agrees_with_its_formula_in_floats() -> None:
    """Peng et al. 2023, as transformers computes it with truncation."""
    dim, base, factor, trained = 64, 10000.0, 40.0, 4096
    inv = base ** -(np.arange(0, dim, 2) / dim)
    low = np.floor(dim * np.log(trained / (32 * 2 * np.pi)) / (2 * np.log(base)))
    high = np.ceil(dim * np.log(trained / (2 * np.pi)) / (2 * np.log(base)))
    ramp = np.clip((np.arange(dim // 2) - low) / (high - low), 0, 1)
    known = Frequencies.of(dim, 10000, scaling={"type": "yarn", "factor": 40, "original_max_position_embeddings": trained})
    assert np.allclose(known.doubles(), inv / factor * ramp + inv * (1 - ramp), rtol=1e-13)
    assert np.isclose(float(known.amplitude(64)), 0.1 * np.log(40) + 1, rtol=1e-14)


@pytest.mark.parametrize("fmt", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("method", METHODS)
def test_rounded_tables(oracles: dict[str, Oracle], method: str, fmt: str) -> None:
    oracle = oracles[method]
    start, rows = 2**20 - 700, 700
    cos, sin = oracle.rounded(start, rows, fmt)
    assert cos.dtype.name == fmt and cos.shape == (rows, 64)
    rng = np.random.default_rng(5)
    entries = random_entries(rng, rows, 64, 150)
    entries += [(int(p), int(i)) for p, i in np.argwhere(np.abs(cos.astype(float)) < 2.0**-12)[:20]]
    for p, i in entries:
        for kind, table in enumerate((cos, sin)):
            low, high = fraction_bounds(oracle.ball(start + p, i, 300)[kind])
            assert FORMATS[fmt].round(low) == FORMATS[fmt].round(high) == Fraction(float(table[p, i]))


def test_rounded_by_both_methods_is_the_same(oracles: dict[str, Oracle]) -> None:
    if "compiled" not in oracles:
        pytest.skip("numba is not installed")
    for fmt in ("float64", "float32"):
        for a, b in zip(oracles["numpy"].rounded(900, 9000, fmt), oracles["compiled"].rounded(900, 9000, fmt), strict=True):
            assert np.array_equal(a, b)


def test_doubtful_entries_are_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bound widened a million times, balls settle what is then in doubt, and nothing changes."""
    oracle = Oracle(16, method="numpy")
    expected = oracle.rounded(0, 300, "float64")
    asked = []
    nearest = Oracle.nearest
    monkeypatch.setattr(Oracle, "nearest", lambda self, *a: asked.append(a) or nearest(self, *a))
    oracle.bound *= 2.0**18
    found = oracle.rounded(0, 300, "float64")
    assert len(asked) > 20
    assert all(np.array_equal(a, b) for a, b in zip(expected, found, strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_doubles_are_the_rounded_sums(oracles: dict[str, Oracle], method: str) -> None:
    oracle = oracles[method]
    cos, sin = oracle.doubles(SPAN - 300, 900)
    block = oracle.block(SPAN - 300, 900)
    assert np.abs((cos - block.cos_hi) - block.cos_lo).max() <= 2.0**-54 + 2 * oracle.bound
    nearest = oracle.rounded(SPAN - 300, 900)
    assert np.count_nonzero(cos != nearest[0]) + np.count_nonzero(sin != nearest[1]) <= 1
    with pytest.raises(ValueError, match="two writeable float64"):
        oracle.doubles(0, 3, (cos, sin))


def test_stream_covers_the_range_once(oracles: dict[str, Oracle]) -> None:
    oracle = oracles["numpy"]
    parts = list(oracle.stream(100, 5000, 1024))
    assert [p.start for p in parts] == [100, 1024, 2048, 3072, 4096]
    whole = oracle.block(100, 4900)
    assert np.array_equal(np.concatenate([p.cos_hi for p in parts]), whole.cos_hi)
    # BLAS may sum the low parts in another order for another shape: equal within the bound only.
    assert np.abs(np.concatenate([p.sin_lo for p in parts]) - whole.sin_lo).max() <= 2 * oracle.bound
    rounded = [c for _, c, _ in oracle.rounded_stream(100, 5000, "float32", 1024)]
    assert np.array_equal(np.concatenate(rounded), oracle.rounded(100, 4900, "float32")[0])


@pytest.mark.parametrize("method", METHODS)
def test_block_fills_given_arrays(oracles: dict[str, Oracle], method: str) -> None:
    out = [np.full((100, 64), np.nan) for _ in range(4)]
    block = oracles[method].block(1000, 100, out)
    expected = oracles[method].block(1000, 100)
    assert block.cos_hi is out[0]
    assert all(
        np.array_equal(x, y)
        for x, y in zip(out, (expected.cos_hi, expected.cos_lo, expected.sin_hi, expected.sin_lo), strict=True)
    )
    with pytest.raises(ValueError, match="out must be"):
        oracles[method].block(0, 99, out)
    out[3].flags.writeable = False
    with pytest.raises(ValueError, match="writeable"):
        oracles[method].block(0, 100, out)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("past_caches", [0, 2**60])
@pytest.mark.parametrize(("dim", "doubles_off"), [(128, 0), (128, 1), (128, 2), (36, 0), (6, 1), (128, None)])
def test_any_memory_is_filled(
    monkeypatch: pytest.MonkeyPatch, method: str, past_caches: int, dim: int, doubles_off: int | None
) -> None:
    """Stored past the caches or not, at any address, with pairs left over, with rows that are not contiguous."""
    monkeypatch.setattr(tables, "PAST_CACHES", past_caches)
    oracle, rows, pairs = Oracle(dim, 10000.0, method=method), 700, dim // 2
    expected = oracle.block(2**20 - 300, rows)

    def memory() -> np.ndarray:
        if doubles_off is None:
            return np.full((pairs, rows), np.nan).T
        whole = np.full(rows * pairs + 16, np.nan)
        start = -(whole.ctypes.data // 8) % 8 + doubles_off
        return whole[start : start + rows * pairs].reshape(rows, pairs)

    out = [memory() for _ in range(4)]
    oracle.block(2**20 - 300, rows, out)
    for found, value in zip(out, (expected.cos_hi, expected.cos_lo, expected.sin_hi, expected.sin_lo), strict=True):
        assert np.array_equal(found, value)
    twice = [memory() for _ in range(2)]
    oracle.doubles(2**20 - 300, rows, twice)
    assert np.array_equal(twice[0], expected.cos_hi + expected.cos_lo)
    assert np.array_equal(twice[1], expected.sin_hi + expected.sin_lo)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dim": 7}, "even"),
        ({"dim": 0}, "even"),
        ({"dim": 8, "base": 1}, "greater than 1"),
        ({"dim": 8, "base": "x"}, "finite number"),
        ({"dim": 8, "base": float("nan")}, "finite number"),
        ({"dim": 8, "spacing": "log"}, "spacing"),
        ({"dim": 8, "frequencies": [1.0]}, "does not fit"),
        ({"frequencies": []}, "non-empty"),
        ({"frequencies": [1e300]}, "outside"),
        ({"dim": 8, "scaling": {"type": "spiral"}}, "scaling rule"),
        ({"dim": 8, "scaling": {"type": "linear"}}, "factor"),
        ({"dim": 8, "scaling": {"type": "linear", "factor": -1}}, "positive"),
        ({"dim": 8, "method": "magic"}, "method"),
        ({"dim": 8, "amplitude": 0}, "amplitude"),
        ({}, "dim is needed"),
    ],
)
def test_bad_arguments(arguments: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Oracle(**arguments)


def test_positions_out_of_range(oracles: dict[str, Oracle]) -> None:
    oracle = oracles["numpy"]
    for call in (
        lambda: oracle.block(-1, 2),
        lambda: oracle.block(2**53, 2),
        lambda: oracle.at([-1]),
        lambda: oracle.at([0.5]),
        lambda: oracle.ball(2**53 + 1, 0),
        lambda: oracle.ball(0, 64),
    ):
        with pytest.raises(ValueError):
            call()


finite = st.floats(min_value=-(2.0**100), max_value=2.0**100).filter(lambda x: x == 0 or abs(x) > 2.0**-200)


@given(finite, finite)
@settings(max_examples=200, deadline=None)
def test_two_sum_and_two_product_are_exact(a: float, b: float) -> None:
    s, e = two_sum(np.array(a), np.array(b))
    assert Fraction(float(s)) + Fraction(float(e)) == Fraction(a) + Fraction(b)
    p, e = two_product(np.array(a), np.array(b))
    assert Fraction(float(p)) + Fraction(float(e)) == Fraction(a) * Fraction(b)


def test_rotate_stays_within_its_rounding_bound() -> None:
    """Exact inputs, so that only the 14 u^2 of roundings are left; the worst seen is not far below."""
    rng = np.random.default_rng(2)
    oracle = Oracle(2, method="numpy")
    a, b = oracle._seed(range(0, 4000, 100)), oracle._seed(range(1, 40))
    product = outer(a, b)
    worst = Fraction(0)
    for k in rng.integers(0, product.ch.shape[1], 300):
        i, j = divmod(int(k), b.ch.shape[1])
        ca, sa = (Fraction(float(h[0, i])) + Fraction(float(l[0, i])) for h, l in ((a.ch, a.cl), (a.sh, a.sl)))
        cb, sb = (Fraction(float(h[0, j])) + Fraction(float(l[0, j])) for h, l in ((b.ch, b.cl), (b.sh, b.sl)))
        c = Fraction(float(product.ch[0, k])) + Fraction(float(product.cl[0, k]))
        worst = max(worst, abs(c - (ca * cb - sa * sb)))
    assert U * U / 16 < worst <= 14 * U * U
    assert rotate(a.map(lambda x: x[:, :1]), b.map(lambda x: x[:, :1])).error == product.error


def test_import_is_light() -> None:
    """Neither SymPy nor numba nor matplotlib is loaded by importing the package or the judge."""
    code = (
        "import sys, symcheck.oracle, symcheck.oracle.judge, symcheck.oracle.tables\n"
        "print([m for m in ('sympy', 'numba', 'matplotlib', 'joblib') if m in sys.modules])\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
    code = "import sys, symcheck.oracle; print('numpy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
