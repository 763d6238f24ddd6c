"""The judge finds what is planted, says which computation made a table, and refuses bad input."""

from __future__ import annotations

import json
import os
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import ml_dtypes
import mpmath
import numpy as np
import pytest

from symcheck.oracle.formats import FORMATS
from symcheck.oracle.frequencies import fraction_bounds
from symcheck.oracle.judge import LAYOUTS, JudgeReport, _Columns, _prepare, _Shard, angle_constants, judge
from symcheck.oracle.storage import JudgeInputError
from symcheck.oracle.tables import Oracle, compiled_available

METHODS = [
    "numpy",
    pytest.param("compiled", marks=pytest.mark.skipif(not compiled_available(), reason="numba is not installed")),
]
STORAGE = {"float64": np.float64, "float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
DIM = 12
ROWS = 2500


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle(DIM, method="numpy")


@pytest.fixture(scope="module")
def rounded(oracle: Oracle) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {fmt: oracle.rounded(0, ROWS, fmt) for fmt in STORAGE}


def arrange(cos: np.ndarray, sin: np.ndarray, layout: str) -> list[np.ndarray]:
    """The stored arrays of a layout, written here from its description and not from LAYOUTS."""

    def alternate(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.stack([a, b], -1).reshape(len(a), -1)

    return {
        "cos-sin": [np.concatenate([cos, sin], 1)],
        "sin-cos": [np.concatenate([sin, cos], 1)],
        "interleaved": [alternate(sin, cos)],
        "interleaved-cos": [alternate(cos, sin)],
        "cos": [cos.copy()],
        "sin": [sin.copy()],
        "cos-duplicated": [np.concatenate([cos, cos], 1)],
        "sin-duplicated": [np.concatenate([sin, sin], 1)],
        "cos-repeated": [alternate(cos, cos)],
        "sin-repeated": [alternate(sin, sin)],
        "separate": [cos.copy(), sin.copy()],
        "separate-duplicated": [np.concatenate([cos, cos], 1), np.concatenate([sin, sin], 1)],
        "separate-repeated": [alternate(cos, cos), alternate(sin, sin)],
    }[layout]


def neighbour(x: Any, up: bool) -> Any:
    """The next number of x's own format: one step of its code."""
    return np.nextafter(x, x.dtype.type(np.inf if up else -np.inf))


def table_argument(tables: list[np.ndarray]) -> Any:
    return tables[0] if len(tables) == 1 else tuple(tables)


def plant_and_find(
    tables: list[np.ndarray], dim: int, offset: int, layout: str, method: str, trials: int, rng: np.random.Generator
) -> None:
    """One fault of one ulp at a time, anywhere in correctly rounded tables."""
    for _ in range(trials):
        file = int(rng.integers(len(tables)))
        row, column = (int(rng.integers(n)) for n in tables[file].shape)
        before = tables[file][row, column]
        tables[file][row, column] = neighbour(before, bool(rng.integers(2)))
        report = judge(table_argument(tables), dim, layout=layout, start=offset, method=method, distinct=False)
        tables[file][row, column] = before
        place = report.first_misrounded
        assert report.misrounded == 1 and place is not None
        assert (place.position, place.file, place.column) == (offset + row, file, column)
        assert report.verdict != "correctly-rounded"
        assert (report.worst.position, report.worst.column) == (offset + row, column) or report.worst.ulp <= 0.5


def stretch(rounded: dict, fmt: str, rng: np.random.Generator) -> tuple[list[np.ndarray], int]:
    offset = int(rng.integers(0, ROWS - 300))
    return [t[offset : offset + 300] for t in rounded[fmt]], offset


@pytest.mark.parametrize("fmt", STORAGE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_finds_a_planted_ulp(rounded: dict, fmt: str, layout: str) -> None:
    """Two trials a format and layout here, 104 in all; a thousand of each in the slow test."""
    rng = np.random.default_rng(list(map(ord, fmt + layout)))
    values, offset = stretch(rounded, fmt, rng)
    method = "compiled" if compiled_available() else "numpy"
    plant_and_find(arrange(*values, layout), DIM, offset, layout, method, 2, rng)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fmt", STORAGE)
def test_finds_fifty_planted_ulps(rounded: dict, fmt: str, method: str) -> None:
    rng = np.random.default_rng(11)
    values, offset = stretch(rounded, fmt, rng)
    plant_and_find(arrange(*values, "cos-sin"), DIM, offset, "cos-sin", method, 50, rng)


@pytest.mark.slow
@pytest.mark.parametrize("fmt", STORAGE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_finds_a_thousand_planted_ulps(fmt: str, layout: str) -> None:
    """In small tables of random shape and place; both methods take turns."""
    rng = np.random.default_rng(list(map(ord, fmt + layout)))
    methods = ["numpy", "compiled"] if compiled_available() else ["numpy"]
    for part in range(50):
        dim, rows = int(rng.choice([2, 6, 10, 16, 26])), int(rng.integers(2, 80))
        offset = int(rng.choice([0, 1000, 1024, 2**16 - 30, 2**19 + 77]))
        rounded = Oracle(dim, method="numpy").rounded(offset, rows, fmt)
        plant_and_find(arrange(*rounded, layout), dim, offset, layout, methods[part % len(methods)], 20, rng)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fmt", STORAGE)
def test_finds_a_fault_at_one_and_at_zero(rounded: dict, fmt: str, method: str) -> None:
    """Below 1 the spacing halves, and beside 0 it is the smallest subnormal: the delicate places."""
    tables = arrange(*rounded[fmt], "cos-sin")
    for column, up in ((0, False), (0, True), (DIM - 1, True), (DIM - 1, False)):
        before = tables[0][0, column]
        tables[0][0, column] = neighbour(before, up)
        report = judge(tables[0], DIM, layout="cos-sin", method=method)
        tables[0][0, column] = before
        assert report.misrounded == 1 and report.first_misrounded is not None
        assert (report.first_misrounded.position, report.first_misrounded.column) == (0, column)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fmt", STORAGE)
@pytest.mark.parametrize("layout", ["cos-sin", "interleaved", "separate-duplicated"])
def test_accepts_correctly_rounded_tables(rounded: dict, fmt: str, layout: str, method: str) -> None:
    report = judge(table_argument(arrange(*rounded[fmt], layout)), DIM, layout=layout, method=method)
    assert (report.verdict, report.ok, report.misrounded) == ("correctly-rounded", True, 0)
    assert report.max_ulp <= 0.5 and 0.2 < report.mean_ulp < 0.28
    assert report.format == fmt and report.positions == ROWS
    assert report.first_misrounded is None and report.first_past_threshold is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_recognises_the_layout(rounded: dict, layout: str) -> None:
    tables = arrange(*rounded["float32"], layout)
    report = judge(table_argument(tables), DIM, method="numpy", distinct=False)
    assert report.layout == layout and report.verdict == "correctly-rounded"


def exact_statistics(oracle: Oracle, table: np.ndarray, fmt: str, start: int) -> tuple[float, float, int]:
    """Max ulp, mean ulp and wrong roundings by balls and rationals, entry by entry (cos-sin)."""
    f, total, top, wrong = FORMATS[fmt], Fraction(0), Fraction(0), 0
    n = table.shape[1] // 2
    for row in range(len(table)):
        for column in range(2 * n):
            low, _ = fraction_bounds(oracle.ball(start + row, column % n, 300)[column // n])
            stored = Fraction(float(table[row, column]))
            error = abs(stored - low) / f.ulp(low)
            total, top, wrong = total + error, max(top, error), wrong + (f.round(low) != stored)
    return float(top), float(total / table.size), wrong


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fmt", STORAGE)
def test_statistics_agree_with_balls(oracle: Oracle, fmt: str, method: str) -> None:
    """A table of float64 angles: wrong roundings everywhere, compared with a value-by-value judge."""
    start, rows = 40000, 60
    angles = np.arange(start, start + rows)[:, None] * 10000.0 ** -(np.arange(0, DIM, 2) / DIM)
    if fmt != "float64":
        angles = angles.astype(np.float32).astype(np.float64)
    table = np.concatenate([np.cos(angles), np.sin(angles)], 1).astype(STORAGE[fmt])
    report = judge(table, DIM, layout="cos-sin", start=start, method=method)
    top, mean, wrong = exact_statistics(oracle, table, fmt, start)
    assert report.max_ulp == pytest.approx(top, rel=1e-12)
    assert report.mean_ulp == pytest.approx(mean, rel=1e-5)
    assert report.misrounded == wrong > 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fmt", ["float32", "float16", "bfloat16"])
def test_a_neighbour_hardly_farther_is_found(fmt: str, method: str) -> None:
    """The hardest faults: where the exact value lies nearly half-way, the other neighbour is off by just over
    half an ulp, which a first look must not take for the nearest.  Beyond the first chunk, where it looks."""
    start, rows = 3000, 12000
    oracle = Oracle(32, method="numpy")
    table = np.concatenate(oracle.rounded(start, rows, fmt), 1)
    block = oracle.block(start, rows)
    exact_value = np.concatenate([block.cos_hi, block.sin_hi], 1)
    values = table.astype(np.float64)
    other = np.where(values < exact_value, neighbour(table, True), neighbour(table, False))
    near, far = np.abs(values - exact_value), np.abs(other.astype(np.float64) - exact_value)
    spots = np.argwhere((far < near * (1 + 2.0**-9)) & (values != 0))
    assert len(spots) > 20
    table[tuple(spots.T)] = other[tuple(spots.T)]
    report = judge(table, 32, layout="cos-sin", start=start, method=method)
    place = report.first_misrounded
    assert report.misrounded == len(spots) and place is not None
    assert (place.position - start, place.pair) == min((row, column % 16) for row, column in spots)
    assert report.max_ulp > 0.5


@pytest.mark.parametrize("method", METHODS)
def test_small_values_are_not_left_to_the_first_look(method: str) -> None:
    """Sines of 2^-16 to 2^-31, after whole turns, nearly half-way between float32 numbers: float64 is too coarse."""
    start, at, pairs = 1000, 6500, 32
    half = [(2**24 + 2 * k + 1, 40 + k // 2) for k in range(pairs)]  # h / 2^e, between two numbers of 24 bits
    with mpmath.workdps(60):
        angles = [
            2 * mpmath.pi * (900 + 7 * k) + mpmath.ldexp(h, -e) * (1 + mpmath.ldexp(1, -34)) for k, (h, e) in enumerate(half)
        ]
        frequencies = [mpmath.nstr(angle / at, 55) for angle in angles]
    cos, sin = Oracle(frequencies=frequencies, method="numpy").rounded(start, 6000, "float32")
    options: dict[str, Any] = {"frequencies": frequencies, "start": start, "method": method}
    assert judge((cos, sin), layout="separate", **options).misrounded == 0
    sin[at - start] = neighbour(sin[at - start], False)  # the nearest was above, by a little
    report = judge((cos, sin), layout="separate", **options)
    assert report.misrounded == pairs and 0.5 < report.max_ulp < 0.51


@pytest.mark.parametrize("method", METHODS)
def test_a_fault_where_nothing_else_is_off(method: str) -> None:
    """Angles of zero have exact codes: the largest error before the fault is 0, and a fault half an ulp of 1."""
    cos, sin = np.ones((12000, 4), np.float32), np.zeros((12000, 4), np.float32)
    options: dict[str, Any] = {"layout": "separate", "frequencies": [0, 0, 0, 0], "method": method}
    assert judge((cos, sin), **options).max_ulp == 0
    cos[11000, 2] = neighbour(cos[11000, 2], False)
    report = judge((cos, sin), **options)
    assert report.misrounded == 1 and report.worst.position == 11000 and report.max_ulp == 0.5


def test_a_first_look_after_tiny_errors_only() -> None:
    """Where all errors so far are tiny in ulp, none that is not may pass."""
    table = np.concatenate(Oracle(32, method="numpy").rounded(0, 1024, "float32"), 1)
    row, column = 700, 20
    table[row, column] = neighbour(table[row, column], True)
    task, _ = _prepare(table, 32, 10000, "cos-sin", "paper", None, None, None, 0, None, None, 1.0, None, "numpy", False, 1)
    shard = _Shard(task)
    shard.tally.worst, shard.tally.largest = (2.0**-20, 0, 0, 0, 0, 0), (0.5, 0, 0, 0, 0, 0)
    found = shard._glance(table, 0, 0)
    assert found is None or row * 32 + column in found[2]


@pytest.mark.parametrize("scaling", [None, {"type": "yarn", "factor": 4, "original_max_position_embeddings": 2048}])
def test_values_of_the_first_look_stay_within_their_bound(scaling: dict | None) -> None:
    oracle = Oracle(64, scaling=scaling, method="numpy")
    columns = _Columns(oracle, [(0, 0, 1), (1, 32, 1)])
    worst = 0.0
    for position in (0, 5 * 1024, 2**20 + 7 * 1024, 2**24 - 1024):
        space = [np.empty((columns.height, columns.width)) for _ in range(2)]
        got = columns.values(position, columns.height, *space)
        block = oracle.block(position, columns.height)
        error = (got - np.concatenate([block.cos_hi, block.sin_hi], 1)) - np.concatenate([block.cos_lo, block.sin_lo], 1)
        worst = max(worst, float(np.abs(error).max()))
    assert oracle.float64_bound / 8 < worst <= oracle.float64_bound - oracle.bound
    assert oracle.float64_bound <= 2.0**-51 * float(oracle.modulus)


@pytest.mark.parametrize("fmt", ["float32", "float16", "bfloat16"])
def test_the_first_look_decides_nearly_everything(fmt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would be of no use, and the tests above would not try it."""
    table = np.concatenate(Oracle(32, method="numpy").rounded(0, 3 * _Shard.ROWS, fmt), 1)
    passed: list[int] = []
    glance = _Shard._glance

    def counted(self: _Shard, values: np.ndarray, *rest: Any) -> Any:
        found = glance(self, values, *rest)
        passed.append(0 if found is None else values.size - len(found[2]))
        return found

    monkeypatch.setattr(_Shard, "_glance", counted)
    report = judge(table, 32, layout="cos-sin", method="numpy")
    assert report.verdict == "correctly-rounded"
    assert sum(passed) > 0.99 * table[_Shard.ROWS :].size


@pytest.mark.skipif(not compiled_available(), reason="numba is not installed")
def test_methods_report_the_same(rounded: dict) -> None:
    angles = np.float32(np.arange(ROWS))[:, None] * np.float32(10000.0 ** -(np.arange(0, DIM, 2) / DIM))
    table = np.concatenate([np.cos(angles), np.sin(angles)], 1)
    assert table.dtype == np.float32
    a, b = (judge(table, DIM, layout="cos-sin", method=m, threshold=3.0) for m in ("numpy", "compiled"))
    for name in JudgeReport.__dataclass_fields__:
        if name not in ("method", "seconds", "mean_ulp", "profile", "angle_error"):
            assert getattr(a, name) == getattr(b, name), name
    assert a.mean_ulp == pytest.approx(b.mean_ulp, rel=1e-9)
    assert a.angle_error == pytest.approx(b.angle_error, rel=1e-9)
    assert np.allclose(a.profile, b.profile, rtol=1e-9)


def computed_table(name: str, rows: int, dim: int) -> np.ndarray:
    """Tables as libraries compute them; `name` as in angle_constants."""
    inverse = 1.0 / 10000.0 ** (np.arange(0, dim, 2) / dim)
    p = np.arange(rows)
    if name == "angle in float64":
        angles = p[:, None] * inverse
    elif name == "angle in float32":
        angles = p.astype(np.float32)[:, None] * inverse.astype(np.float32)
    elif name.startswith("frequencies cast"):
        kind = np.float16 if "bfloat16" not in name else ml_dtypes.bfloat16
        angles = p.astype(np.float32)[:, None] * inverse.astype(kind).astype(np.float32)
    else:
        kind = np.float16 if name.endswith(" float16") else ml_dtypes.bfloat16
        angles = (p.astype(kind)[:, None] * inverse.astype(kind)).astype(np.float32)
    angles = angles.astype(np.float64)
    return np.concatenate([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


@pytest.mark.parametrize("name", list(angle_constants(Oracle(16, method="numpy").frequencies)))
def test_names_the_computation(name: str) -> None:
    """Each computation stays within its own bound; its sample is reproduced, and by no better one."""
    table = computed_table(name, 60000, 16)
    report = judge(table, 16, layout="cos-sin", method="numpy", distinct=False)
    by_name = {c.name: c for c in report.computations}
    assert by_name[name].consistent
    if report.verdict == "consistent":
        assert by_name[name].reproduced is not None and by_name[name].reproduced > 0.99
        order = list(by_name)
        assert order.index(report.computation or "") <= order.index(name)
        for better in order[: order.index(name)]:
            if by_name[better].reproduced == by_name[name].reproduced:
                continue
            assert (by_name[better].reproduced or 0) < 0.99
    good = name in ("angle in float64", "angle in float32")
    assert report.ok is good
    assert judge(table, 16, layout="cos-sin", method="numpy", distinct=False, require="any").ok


def test_wrong_base_is_inconsistent_with_everything(rounded: dict) -> None:
    tables = arrange(*rounded["float32"], "cos-sin")
    report = judge(tables[0], DIM, base=500, layout="cos-sin")
    assert report.verdict == "inconsistent" and not report.ok and report.computation is None
    assert report.first_past_threshold is not None and report.first_past_threshold.position == 1


def test_requirements(rounded: dict) -> None:
    tables = arrange(*rounded["float32"], "cos-sin")
    tables[0][7, 3] = neighbour(tables[0][7, 3], True)
    assert not judge(tables[0], DIM, require="correctly-rounded").ok
    assert judge(tables[0], DIM, require="float32").ok
    faithful = judge(tables[0], DIM, require="faithful")
    assert faithful.ok == (faithful.worst.ulp < 1)


def test_threshold_gives_the_first_place() -> None:
    table = computed_table("angle in float32", 5000, DIM)
    report = judge(table, DIM, layout="cos-sin", threshold=20.0)
    assert report.first_past_threshold is not None
    earlier = judge(table[: report.first_past_threshold.position], DIM, layout="cos-sin", threshold=20.0)
    assert earlier.first_past_threshold is None
    assert report.first_past_threshold.ulp > 20


def test_distinct_rows() -> None:
    """bfloat16 positions: 0 .. 256 are distinct, then every second one, so the table repeats rows."""
    p = np.arange(600).astype(ml_dtypes.bfloat16).astype(np.float64)
    angles = p[:, None] * 10000.0 ** -(np.arange(0, 64, 2) / 64)
    table = np.concatenate([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    for method in ("numpy", "auto"):
        report = judge(table, 64, layout="cos-sin", method=method)
        assert report.distinct_rows == len(np.unique(table, axis=0)) == len(np.unique(p)) < 600
    pair = judge((table[:, :32].copy(), table[:, 32:].copy()), 64, layout="separate")
    assert pair.distinct_rows == report.distinct_rows


def test_hash_collisions_do_not_merge_rows(rounded: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symcheck.oracle.judge._add_hashes", lambda raw, weights, out, method: None)
    table = arrange(*rounded["float32"], "cos-sin")[0][:500]
    assert judge(table, DIM, layout="cos-sin").distinct_rows == 500


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("options", [{"jobs": 2}, {"jobs": 2, "backend": "threading"}, {"jobs": 2, "backend": "loky"}])
def test_jobs_change_nothing(tmp_path: Path, method: str, options: dict) -> None:
    table = computed_table("angle in float32", 30000, DIM)
    path = tmp_path / "table.npy"
    np.save(path, table)
    calls: list[tuple[int, int]] = []
    one = judge(path, DIM, layout="cos-sin", method=method)
    many = judge(path, DIM, layout="cos-sin", method=method, progress=lambda *a: calls.append(a), **options)
    for name in (
        "verdict",
        "worst",
        "worst_absolute",
        "misrounded",
        "first_misrounded",
        "first_past_threshold",
        "distinct_rows",
        "profile",
        "settled_apart",
    ):
        assert getattr(one, name) == getattr(many, name), name
    assert calls[-1] == (30000, 30000) and len(calls) > 2


def test_dask_cluster(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    table = computed_table("angle in float32", 30000, DIM)
    path = tmp_path / "table.npy"
    np.save(path, table)
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster):
        many = judge(path, DIM, layout="cos-sin", method="numpy", jobs=2, backend="dask")
    one = judge(path, DIM, layout="cos-sin", method="numpy")
    assert many.worst == one.worst and many.misrounded == one.misrounded
    assert many.distinct_rows == one.distinct_rows and many.verdict == one.verdict


def test_files_and_stored_types(tmp_path: Path, rounded: dict) -> None:
    safetensors = pytest.importorskip("safetensors.numpy")
    for fmt, kind in STORAGE.items():
        table = arrange(*rounded[fmt], "cos-sin")[0]
        path = tmp_path / f"{fmt}.npy"
        np.save(path, table)
        assert judge(path, DIM).verdict == "correctly-rounded"
        assert judge(str(path), DIM, layout="cos-sin").format == fmt
        if fmt == "bfloat16":
            np.save(path, table.view(np.uint16))
            assert judge(path, DIM).verdict == "correctly-rounded"
            assert judge(table.view(np.uint16), DIM, format="bfloat16").format == "bfloat16"
        assert table.dtype == kind
    table = arrange(*rounded["float32"], "cos-sin")[0]
    path = tmp_path / "cache.safetensors"
    safetensors.save_file({"cache": table, "other": np.zeros(3, np.float32)}, path)
    assert judge(path, DIM, tensor="cache").verdict == "correctly-rounded"
    with pytest.raises(JudgeInputError, match="2 tensors"):
        judge(path, DIM)
    with pytest.raises(JudgeInputError, match="no tensor 'x'"):
        judge(path, DIM, tensor="x")


def test_leading_axes_pairs_and_complex(rounded: dict) -> None:
    cos, sin = rounded["float32"]
    table = np.concatenate([cos, sin], 1)
    assert judge(table[None, None], DIM).layout == "cos-sin"
    assert judge(np.stack([cos, sin], -1), DIM).layout == "interleaved-cos"
    assert judge(cos + 1j * sin.astype(np.complex64)).layout == "interleaved-cos"
    assert judge((cos + 1j * sin).astype(np.complex64), DIM).verdict == "correctly-rounded"
    assert judge(table[:1], DIM, layout="cos-sin").positions == 1


def test_scaling_amplitude_and_given_frequencies() -> None:
    scaling = {"rope_type": "yarn", "factor": 16, "original_max_position_embeddings": 2048}
    oracle = Oracle(16, scaling=scaling, method="numpy")
    table = np.concatenate(oracle.rounded(0, 500, "float32"), 1)
    report = judge(table, 16, layout="cos-sin", scaling=scaling)
    assert report.verdict == "correctly-rounded" and report.amplitude > 1.2
    assert judge(table, 16, layout="cos-sin").verdict == "inconsistent"
    given = Oracle(frequencies=[1, 0.5, 0], method="numpy")
    table = np.concatenate(given.rounded(0, 3000, "float64"), 1)
    report = judge(table, layout="cos-sin", frequencies=[1, 0.5, 0])
    assert report.verdict == "correctly-rounded" and report.dim == 6
    table[5, 5] = 1e-300
    assert judge(table, layout="cos-sin", frequencies=[1, 0.5, 0]).misrounded == 1


@pytest.mark.parametrize("start", [2**20 - 100, 2**24 + 12345, 2**53 - 3000 + 1])
def test_far_positions(start: int) -> None:
    oracle = Oracle(8, method="numpy")
    table = np.concatenate(oracle.rounded(start, 3000, "float32"), 1)
    for method in ("numpy", "auto"):
        assert judge(table, 8, start=start, layout="cos-sin", method=method).verdict == "correctly-rounded"


def test_json_round_trip(rounded: dict) -> None:
    report = judge(arrange(*rounded["float32"], "cos-sin")[0], DIM, scaling={"type": "linear", "factor": 1})
    text = json.dumps(report.to_json())
    assert json.loads(text)["verdict"] == "correctly-rounded"
    assert "correctly-rounded" in report.to_text() and "reference" in report.to_text()
    assert "profile" not in json.loads(text) and len(report.to_json(profile=True)["profile"]) == 1  # a row a chunk


# ---------------------------------------------------------------------- bad input


def refused(words: str, *args: Any, **kwargs: Any) -> None:
    with pytest.raises(JudgeInputError, match=words) as caught:
        judge(*args, **kwargs)
    assert "\n" not in str(caught.value) and isinstance(caught.value, ValueError)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.npy"
    np.save(path, np.concatenate(Oracle(8, method="numpy").rounded(0, 100, "float32"), 1))
    return path


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("even", {"dim": 7}),
        ("do not fit dim 32", {"dim": 32}),
        ("expected 4", {"dim": 8, "layout": "cos"}),
        ("greater than 1", {"dim": 8, "base": 1}),
        ("greater than 1", {"dim": 8, "base": -3}),
        ("finite number", {"dim": 8, "base": "ten"}),
        ("layout must be", {"dim": 8, "layout": "spiral"}),
        ("needs 2 tables", {"dim": 8, "layout": "separate"}),
        ("must not be negative", {"dim": 8, "start": -1}),
        ("must not exceed 2\\^53", {"dim": 8, "start": 2**53 - 50}),
        ("whole number", {"dim": 8, "start": 0.5}),
        ("whole number", {"dim": 8.5}),
        ("require must be", {"dim": 8, "require": "perfection"}),
        ("threshold", {"dim": 8, "threshold": float("nan")}),
        ("jobs", {"dim": 8, "jobs": 0}),
        ("method", {"dim": 8, "method": "magic"}),
        ("format must be", {"dim": 8, "format": "int8"}),
        ("cannot be read", {"dim": 8, "format": "float64"}),
        ("scaling rule", {"dim": 8, "scaling": {"type": "spiral"}}),
        ("scaling must be a mapping", {"dim": 8, "scaling": [1]}),
        ("base must be a finite number", {"dim": 8, "base": "1e999999999"}),
        ("backend 'nosuch'", {"dim": 8, "jobs": 2, "backend": "nosuch"}),
        ("do not fit", {"frequencies": [1.0, 0.5]}),
        ("spacing", {"dim": 8, "spacing": "log"}),
    ],
)
def test_bad_options(good: Path, words: str, options: dict) -> None:
    refused(words, good, **options)


def test_bad_tables(tmp_path: Path, good: Path) -> None:
    table = np.load(good)
    refused("no such file", tmp_path / "none.npy", 8)
    refused("directory", tmp_path, 8)
    refused("path or a NumPy array", 7, 8)
    refused("expected one table or a pair", (table, table, table), 8)
    refused("does not fit", (table, table[:5]), 8)
    refused("big-endian", table.astype(">f4"), 8)
    refused("Python objects", table.astype(object), 8)
    refused("type int32", table.astype(np.int32), 8)
    refused("records", np.zeros((5, 8), [("x", "f4")]), 8)
    refused("expected \\(positions, columns\\)", table.reshape(-1), 8)
    refused("holds no numbers", table[:0], 8)
    for value, word in ((np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")):
        for method in ("numpy", "auto"):
            broken = table.copy()
            broken[41, 6] = value
            refused(f"{word} at row 41, column 6 \\(position 141\\)", broken, 8, start=100, layout="cos-sin", method=method)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "sprung"),)

    path = tmp_path / "objects.npy"
    np.save(path, np.array([[Trap()]], dtype=object), allow_pickle=True)
    refused("never unpickled", path, 8)
    (tmp_path / "bare.npy").write_bytes(path.read_bytes()[128:])
    refused("neither", tmp_path / "bare.npy", 8)
    assert not (tmp_path / "sprung").exists()


def npy_with_header(path: Path, header: bytes) -> Path:
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 400)
    return path


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (10,",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os').mkdir('sprung'),)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 8)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (True, 8)}",
        b"{'descr': 'nonsense', 'fortran_order': False, 'shape': (10, 8)}",
        b"{'shape': (10, 8)}",
        b"[" * 3000,
        b"",
        b"\xff\xfe\x00",
    ],
)
def test_damaged_npy_headers(tmp_path: Path, header: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refused("damaged .npy header", npy_with_header(tmp_path / "x.npy", header), 8)
    assert not (tmp_path / "sprung").exists()


def test_other_files(tmp_path: Path, good: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.zeros((4, 8)))
    refused("archive", tmp_path / "x.npz", 8)
    np.save(tmp_path / "f.npy", np.asfortranarray(np.load(good)))
    refused("Fortran", tmp_path / "f.npy", 8)
    (tmp_path / "cut.npy").write_bytes(good.read_bytes()[:-1])
    refused("truncated", tmp_path / "cut.npy", 8)
    (tmp_path / "empty.npy").write_bytes(b"")
    refused("neither", tmp_path / "empty.npy", 8)
    npy_with_header(tmp_path / "huge.npy", b"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 8)}")
    refused("truncated", tmp_path / "huge.npy", 8)


@pytest.mark.parametrize(
    ("words", "content"),
    [
        ("header", b"\xff" * 8 + b"{}"),
        ("header", struct.pack("<Q", 0) + b"{}"),
        ("not JSON", struct.pack("<Q", 4) + b"{xx}"),
        ("not JSON", struct.pack("<Q", 100000) + b"[" * 100000),
        ("not an object", struct.pack("<Q", 2) + b"[]"),
        ("0 tensors", struct.pack("<Q", 2) + b"{}"),
    ],
)
def test_damaged_safetensors(tmp_path: Path, words: str, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    refused(words, path, 8)


@pytest.mark.parametrize(
    ("words", "entry"),
    [
        ("damaged safetensors entry", {}),
        ("damaged safetensors entry", 5),
        ("damaged safetensors entry", {"dtype": "F32", "shape": [-1, 8], "data_offsets": [0, 32]}),
        ("damaged safetensors entry", {"dtype": "F32", "shape": ["a"], "data_offsets": [0, 32]}),
        ("of type I64", {"dtype": "I64", "shape": [1, 8], "data_offsets": [0, 64]}),
        ("do not fit shape", {"dtype": "F32", "shape": [2, 8], "data_offsets": [0, 32]}),
        ("truncated", {"dtype": "F32", "shape": [100, 8], "data_offsets": [0, 3200]}),
    ],
)
def test_damaged_safetensors_entries(tmp_path: Path, words: str, entry: Any) -> None:
    head = json.dumps({"t": entry}).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"\0" * 64)
    refused(words, path, 8)


@pytest.mark.parametrize("how", ["truncate", "overwrite", "replace row"])
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, how: str) -> None:
    path = tmp_path / "t.npy"
    np.save(path, np.concatenate(Oracle(8, method="numpy").rounded(0, 9000, "float32"), 1))
    done = []

    def disturb(rows: int, total: int) -> None:
        if not done:
            if how == "truncate":
                os.truncate(path, 5000)
            else:
                with open(path, "r+b") as file:
                    file.seek(200 if how == "overwrite" else 9000 * 32)
                    file.write(b"\0" * 32)
                os.utime(path, ns=(1, 1))
            done.append(rows)

    refused("changed while|cut short", path, 8, layout="cos-sin", progress=disturb)


def test_memory_stays_small(tmp_path: Path) -> None:
    """A table of 64 MB takes a few megabytes more than one of 2 MB."""
    import subprocess
    import sys

    # VmHWM, unlike ru_maxrss, does not inherit the peak of the process that started this one.
    code = (
        "import sys, numpy as np\n"
        "from symcheck.oracle import judge\n"
        "def peak():\n"
        "    return int(next(s.split()[1] for s in open('/proc/self/status') if s.startswith('VmHWM')))\n"
        "judge(np.zeros((4096, 128), np.float32), 128, layout='cos-sin', method='numpy')\n"
        "before = peak()\n"
        "judge(sys.argv[1], 128, layout='cos-sin', method='numpy')\n"
        "print(peak() - before)\n"
    )
    path = tmp_path / "big.npy"
    table = np.lib.format.open_memmap(path, "w+", np.float32, (2**17, 128))
    table[:] = 0.5
    table.flush()
    del table
    out = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert int(out.stdout) < 32 * 1024  # kilobytes; the table has 65,536


def test_text_fits_eighty_columns(tmp_path: Path) -> None:
    path = tmp_path / "table.npy"
    np.save(path, computed_table("angle in float32", 3000, 16))
    lines = judge(path, 16, layout="cos-sin").to_text().split("\n")
    assert len(lines) > 10 and max(map(len, lines[1:])) <= 80
