"""Theorems about formats, tried on every code or every position that they speak of."""

from __future__ import annotations

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from symcheck.oracle.formats import (
    FORMATS,
    angle_constant,
    angle_error_bound,
    cast_errors,
    cast_frequency_bound,
    cast_table_bound,
    computed_angle,
    contexts,
    contexts_markdown,
    distinct_positions,
    first_collision,
    holds_integer,
    largest_consecutive_integer,
    proved_context,
    round_array,
    rounded_frequencies,
    swept_context,
)

NATIVE = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float8_e5m2": ml_dtypes.float8_e5m2,
    "float8_e4m3fn": ml_dtypes.float8_e4m3fn,
}
SMALL = ["float16", "bfloat16", "float8_e5m2", "float8_e4m3fn"]


def all_codes(name: str) -> np.ndarray:
    """Every finite number of a small format, from ml-dtypes or NumPy, sorted."""
    kind = np.dtype(NATIVE[name])
    with np.errstate(invalid="ignore"):  # the codes of NaN
        codes = np.arange(2 ** (8 * kind.itemsize), dtype=f"u{kind.itemsize}").view(kind).astype(np.float64)
    return np.unique(codes[np.isfinite(codes)])


@pytest.mark.parametrize("name", SMALL)
def test_the_numbers_of_a_format_are_all_its_codes(name: str) -> None:
    fmt, codes = FORMATS[name], all_codes(name)
    assert codes.max() == float(fmt.largest) and codes[codes > 0].min() == float(fmt.smallest)
    assert np.array_equal(round_array(codes, fmt), codes)
    assert all(fmt.holds(Fraction(float(c))) for c in codes[:: max(1, len(codes) // 2000)])


@pytest.mark.parametrize("name", SMALL)
def test_rounding_between_all_neighbours(name: str) -> None:
    """Just below, at and just above the middle of every two neighbours."""
    fmt, codes = FORMATS[name], all_codes(name)
    low, high = codes[:-1], codes[1:]
    middle = low + (high - low) / 2
    assert np.array_equal(round_array(np.nextafter(middle, -np.inf), fmt), low)
    assert np.array_equal(round_array(np.nextafter(middle, np.inf), fmt), high)
    tie = round_array(middle, fmt)
    assert np.isin(tie, [low, high]).all()
    for k in range(0, len(middle), max(1, len(middle) // 1500)):
        assert fmt.round(Fraction(float(middle[k]))) == Fraction(float(tie[k]))
        step = fmt.ulp(Fraction(float(tie[k])))
        assert (Fraction(float(tie[k])) / step) % 2 == 0  # the even one


def test_bfloat16_is_not_rounded_twice() -> None:
    """1 + 2^-8 + 2^-40: float32 drops the last bit and makes a tie of it; one rounding goes up."""
    x = np.array([1 + 2.0**-8 + 2.0**-40])
    assert round_array(x, FORMATS["bfloat16"])[0] == 1 + 2.0**-7
    assert x.astype(np.float32).astype(ml_dtypes.bfloat16).astype(float)[0] == 1.0


@pytest.mark.parametrize("name", [*SMALL, "tf32"])
def test_integers_held_exhaustively(name: str) -> None:
    fmt = FORMATS[name]
    limit = min(int(fmt.largest), 200000)
    n = np.arange(limit + 1)
    held = round_array(n.astype(float), fmt) == n
    assert np.array_equal(held, [holds_integer(fmt, int(k)) for k in n])
    top = largest_consecutive_integer(fmt)
    assert held[: top + 1].all() and (top + 1 > limit or not held[top + 1])
    assert not holds_integer(fmt, int(fmt.largest) + 1) and holds_integer(fmt, -top)


@pytest.mark.parametrize(
    ("name", "pair"),
    [("bfloat16", 256), ("float16", 2048), ("tf32", 2048), ("float8_e4m3fn", 16), ("float8_e5m2", 8)],
)
def test_first_two_positions_that_share_a_code(name: str, pair: int) -> None:
    codes = round_array(np.arange(pair + 2, dtype=float), FORMATS[name])
    assert first_collision(FORMATS[name]) == (pair, pair + 1)
    assert codes[pair] == codes[pair + 1]
    assert len(np.unique(codes[: pair + 1])) == pair + 1
    if name in NATIVE:
        native = np.array([pair, pair + 1], dtype=np.float64).astype(NATIVE[name])
        assert native[0] == native[1]


def test_float32_and_float64_collide_where_they_should() -> None:
    assert first_collision(FORMATS["float32"]) == (2**24, 2**24 + 1)
    assert np.float32(2**24) == np.float32(2**24 + 1)
    assert float(2**53) == float(2**53 + 1) and float(2**53 - 1) != float(2**53)
    every = np.arange(2**24 + 1, dtype=np.int32)
    assert np.array_equal(every.astype(np.float32).astype(np.int32), every)


@pytest.mark.parametrize("name", ["bfloat16", "float16", "tf32", "float8_e5m2"])
def test_distinct_positions_exhaustively(name: str) -> None:
    fmt = FORMATS[name]
    limit = min(40000, int(fmt.largest))
    codes = round_array(np.arange(limit, dtype=float), fmt)
    counts = np.cumsum(np.concatenate([[1], np.diff(codes) != 0]))
    assert [distinct_positions(fmt, k) for k in range(1, limit + 1)] == counts.tolist()


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_angle_bound_over_many_frequencies_and_all_positions(name: str) -> None:
    """|fl(fl(theta) m) - theta m| <= 2u theta m, and the constant is not far from attained."""
    fmt = FORMATS[name]
    p = fmt.precision
    worst = Fraction(0)
    for k in range(40):  # around the middles of neighbours, where rounding theta costs most
        theta = Fraction(1, 2) + Fraction(2 * k + 1, 2 ** (p + 1)) + Fraction(k % 7 - 3, 2 ** (p + 9))
        for m in range(1, 257):
            error = abs(computed_angle(fmt, theta, m) - theta * m)
            assert error <= angle_error_bound(fmt, theta, m)
            worst = max(worst, error / (theta * m))
    assert Fraction(17, 10) * fmt.unit_roundoff < worst <= angle_constant(fmt)
    collided = first_collision(fmt)[1]
    assert angle_error_bound(fmt, Fraction(1), collided) == 3 * fmt.unit_roundoff * collided
    with pytest.raises(ValueError, match="normal range"):
        angle_error_bound(fmt, fmt.largest, 3)


def test_casting_frequencies_against_casting_the_table() -> None:
    for name in ("bfloat16", "float16"):
        errors = cast_errors(name, 32, 10000, 3000)
        assert errors.table <= errors.table_bound == float(cast_table_bound(FORMATS[name]))
        assert errors.table > 0.99 * errors.table_bound
        assert errors.table < errors.frequency <= errors.frequency_bound
    u = FORMATS["float16"].unit_roundoff
    assert cast_frequency_bound(FORMATS["float16"], Fraction(1, 2), 1) == u / 2
    assert cast_frequency_bound(FORMATS["float16"], Fraction(1), 10**9) == 2


def test_contexts_proved_and_swept() -> None:
    rows = contexts(dims=(64,), bases=(10000,), limit=2**15)
    assert len(rows) == 9
    for row in rows:
        assert row.proved >= 1
        if row.swept is not None:
            assert row.proved <= row.swept
    by_name = {(r.format, r.tolerance): r for r in rows}
    assert by_name["float16", 2.0**-6].swept == 77
    assert by_name["float32", 2.0**-10].proved == by_name["float32", 2.0**-10].swept == 21849
    assert contexts_markdown(rows).count("\n") == 10


def test_swept_context_is_where_the_identity_breaks() -> None:
    """Every two positions below the context are fine; the next position is not: by brute force."""
    fmt, tolerance = FORMATS["float16"], Fraction(1, 2**8)
    thetas = rounded_frequencies(fmt, 16, 10000)
    found = swept_context(fmt, thetas, tolerance, 2**12)
    assert found is not None and proved_context(fmt, thetas, tolerance) <= found

    def worst(count: int) -> Fraction:
        out = Fraction(0)
        for t in thetas:
            errors = [fmt.round(t * m) - t * m for m in range(count)]
            out = max(out, max(errors) - min(errors))
        return out

    assert worst(found) <= tolerance < worst(found + 1)
    with pytest.raises(ValueError, match="exact only"):
        swept_context(FORMATS["float64"], thetas, tolerance, 100)


def test_rounding_past_the_largest() -> None:
    fmt = FORMATS["float16"]
    with pytest.raises(OverflowError):
        fmt.round(Fraction(70000))
    assert np.isinf(round_array(np.array([70000.0, -1e300]), fmt)).all()
    assert np.isinf(round_array(np.array(3.5e38), FORMATS["bfloat16"]))
