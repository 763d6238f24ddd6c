"""Enclosures of the kernel and of finite sums, against quadrature, brute force and printed digits."""

from __future__ import annotations

from pathlib import Path

import mpmath
import numpy as np
import pytest
from flint import arb

from symcheck.oracle import analysis
from symcheck.oracle.analysis import (
    curve,
    decay_constant,
    first_zero,
    inner_product,
    inner_product_ball,
    inner_product_values,
    kernel,
    kernel_slope,
    riemann_error,
)
from symcheck.oracle.frequencies import Frequencies, fraction_bounds, precision
from symcheck.oracle.judge import judge
from symcheck.oracle.tables import Oracle


@pytest.mark.parametrize(("x", "base"), [(0.5, 10000), (7, 10000), (100, 10000), (30, 2), (617, 1000)])
def test_kernel_contains_the_integral(x: float, base: int) -> None:
    edges = [0, 0.1, 0.25, 0.5, 0.75, 1]
    with mpmath.workdps(30):
        integral = mpmath.quad(lambda s: mpmath.cos(x * mpmath.mpf(base) ** (-s)), edges, maxdegree=12)
    ball = kernel(x, base)
    with precision(128):
        assert abs(float(ball - arb(str(integral)))) < 1e-15
    assert ball.rel_accuracy_bits() > 90


def test_kernel_on_a_ball_contains_its_points() -> None:
    with precision(128):
        wide = arb("50 +/- 0.01")
    enclosure = kernel(wide, 10000)
    low, high = fraction_bounds(enclosure)
    for x in ("49.995", "50", "50.009"):
        a, b = fraction_bounds(kernel(x, 10000))
        assert low <= a <= b <= high
    assert kernel(0) == 1
    with pytest.raises(ValueError, match="positive"):
        kernel(-1)
    with pytest.raises(ValueError, match="base"):
        kernel(1, base=1)


def test_slope_is_the_derivative() -> None:
    for x in (0.7, 30, 6000):
        h = 1e-6
        difference = float(kernel(x + h, 10000) - kernel(x - h, 10000)) / (2 * h)
        assert difference == pytest.approx(float(kernel_slope(x, 10000)), rel=1e-4, abs=1e-12)


@pytest.mark.parametrize(
    ("base", "digits"),
    [(10000, "6166.02848472874863836603938109"), (1000, "617.661568406083485799539530008")],
)
def test_first_zero_to_thirty_digits(base: int, digits: str) -> None:
    found = first_zero(base, 30)
    low, high = fraction_bounds(found.zero)
    assert high - low < low / 10**30
    with precision(160):
        assert abs(found.zero - arb(digits)) < arb(10) ** -26
    with mpmath.workdps(40):
        root = mpmath.findroot(lambda x: mpmath.ci(x) - mpmath.ci(x / base), float(digits[:8]))
        assert abs(root - mpmath.mpf(digits)) < mpmath.mpf(10) ** -25
    assert found.steps > 5 and found.monotone_from < float(low)


def test_no_earlier_zero_on_a_fine_grid() -> None:
    """The proof by intervals, against a plain look at 3,000 points."""
    for x in np.linspace(0.1, 617.6, 3000):
        assert kernel(float(x), 1000, 64) > 0


def test_a_zero_that_is_not_the_first_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    falls = [x for x in np.arange(1, 60, 0.25) if kernel(float(x), 2) > 0 and kernel(float(x) + 0.25, 2) < 0]
    assert len(falls) > 3
    assert falls[0] < float(first_zero(2, 20).zero) < falls[0] + 0.25
    later = arb(float(falls[2]))
    monkeypatch.setattr(analysis, "_bracket", lambda *a: (later, later + arb(0.25)))
    with pytest.raises(ArithmeticError, match="not the first"):
        first_zero(2, 20)


@pytest.mark.parametrize("base", [2, 1000, 10000])
def test_decay_bound(base: int) -> None:
    constant = decay_constant(base)
    for x in np.geomspace(0.01, 1e7, 200):
        assert abs(kernel(float(x), base)) <= constant / float(x)


def test_inner_product_values_against_balls() -> None:
    known = Frequencies.of(128, 10000)
    rng = np.random.default_rng(0)
    for start in (0, 2**20 - 1500):
        values, bound = inner_product_values(known, start, 3000)
        assert bound < 1e-11
        for t in rng.integers(0, 3000, 40):
            low, high = fraction_bounds(inner_product_ball(known, start + int(t)))
            assert float(low) - bound <= values[t] <= float(high) + bound
    assert values.shape == (3000,)
    assert inner_product_values(known, 0, 1)[0][0] == 64


@pytest.mark.parametrize(("dim", "base"), [(128, 10000), (64, 1000), (8, 100), (2, 10000)])
def test_inner_product_against_brute_force(dim: int, base: int) -> None:
    offsets = 3000
    theta = float(base) ** -(np.arange(dim // 2) / (dim // 2))
    g = np.cos(np.arange(offsets)[:, None] * theta).sum(axis=1)
    found = inner_product(dim, base, offsets)
    rises = np.flatnonzero(np.diff(g) > 1e-9)
    assert found.first_rise == int(rises[0])
    negative = np.flatnonzero(g < -1e-9)
    assert found.first_negative == (int(negative[0]) if len(negative) else None)
    values = [v for _, v in found.returns]
    assert values == sorted(values, reverse=True) and len(values) == 5
    after = np.arange((found.first_negative or found.first_rise) + 1, offsets - 1)
    peaks = after[(g[after] >= g[after - 1]) & (g[after] > g[after + 1])]
    assert values == pytest.approx(sorted(g[peaks] / (dim // 2), reverse=True)[:5], abs=1e-9)
    for t, v in found.returns:
        assert g[t] / (dim // 2) == pytest.approx(v, abs=1e-9) and g[t] > max(g[t - 1], g[t + 1]) - 1e-9


def test_ties_are_left_to_balls(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the bound blown up, every sign is settled by balls, and the answers stay."""
    plain = inner_product(16, 100, 300)
    values = analysis.inner_product_values
    monkeypatch.setattr(analysis, "inner_product_values", lambda *a: (values(*a)[0], 1e-3))
    vague = inner_product(16, 100, 300)
    assert vague.settled > plain.settled
    assert (vague.first_rise, vague.first_negative) == (plain.first_rise, plain.first_negative)
    assert [t for t, _ in vague.returns] == [t for t, _ in plain.returns]


@pytest.mark.parametrize("t", [0, 1, 10, 500, 6000])
def test_riemann_error_within_its_bound(t: int) -> None:
    for dim in (16, 128):
        found = riemann_error(t, dim)
        assert abs(found.error) <= found.bound
    assert (found.bound == 0) == (t == 0)


def test_curve_encloses() -> None:
    data = curve(64, 10000, 500)
    assert (data["low"] <= data["high"]).all() and (data["high"] - data["low"] < 1e-12).all()
    assert data["mean"][0] == 1


def test_plots_are_written(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from symcheck.oracle.plots import check_file, save_decay, save_errors, save_judge_report, save_ladder

    table = np.concatenate(Oracle(16, method="numpy").rounded(0, 5000, "float32"), 1)
    report = judge(table, 16, layout="cos-sin")
    save_errors({"rounded": report}, tmp_path / "errors.png")
    save_judge_report(report, tmp_path / "report.svg")
    save_decay(tmp_path / "decay.svg", 32, offsets=500)
    save_ladder(tmp_path / "ladder.pdf", {"10^4": Frequencies.of(16)})
    assert (tmp_path / "errors.png").read_bytes()[:4] == b"\x89PNG"
    assert b"<svg" in (tmp_path / "decay.svg").read_bytes()[:1000]
    assert (tmp_path / "ladder.pdf").stat().st_size > 1000 and (tmp_path / "report.svg").exists()
    with pytest.raises(ValueError, match="at least one"):
        save_errors({}, tmp_path / "x.png")
    for name, words in (("x.xyz", "must end in"), ("none/x.png", "no such folder")):
        with pytest.raises(ValueError, match=words):
            check_file(tmp_path / name)
    check_file(tmp_path / "x.svg")
    save_ladder(tmp_path / "again.svg", {"10^4": Frequencies.of(16)})
    first = (tmp_path / "again.svg").read_bytes()
    save_ladder(tmp_path / "again.svg", {"10^4": Frequencies.of(16)})
    assert (tmp_path / "again.svg").read_bytes() == first
