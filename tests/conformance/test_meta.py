"""The suite's own suite: a property that cannot fail is a failing test; helpers are tested by themselves."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from symcheck.conformance import conform, identities, list_specs, list_targets
from symcheck.conformance.bounds import frequency_error, rotation_bounds
from symcheck.conformance.diagnosis import arange_in, round_to
from symcheck.conformance.measure import measure_rotation, permutation_of
from symcheck.conformance.reference import Spectrum, conventions, paper
from symcheck.conformance.report import Report, Row, Worst
from symcheck.conformance.run import sample_positions
from symcheck.kernels.bounds import rope_bound
from symcheck.kernels.rope import rotation_matrix

from . import variants
from .reports import mutant_report, variant_report
from .zoo import MUTANTS, default_mutants

#: Properties that tell what a target does outside of the theorems' domain, and never judge it.
TOLD = ("domain", "stdout")


def test_every_property_can_fail() -> None:
    reports = [mutant_report(m.function) for m in default_mutants()]
    reports += [variant_report(name) for name in variants.NAMES[::4]]
    held = {row.id for report in reports for row in report.rows if row.verdict == "holds"}
    broken = {row.id for report in reports for row in report.rows if row.verdict == "fails"}
    judged = {id for id in held if not any(word in id for word in TOLD)}
    assert judged - broken == set()


#: Failures that are shown by two calls, or by a row beside them.
WITHOUT_SNIPPET = {"rope.shared", "rope.output", "rope-scaling.reuse", "rope-scaling.identity"}


def snippets() -> dict[str, tuple[str, str]]:
    """For each property, a mutant that breaks it and the snippet that the row carries."""
    found: dict[str, tuple[str, str]] = {}
    for mutant in default_mutants():
        for row in mutant_report(mutant.function).failures:
            if row.id == mutant.breaks and row.verdict == "fails":
                found.setdefault(row.id, (mutant.function, row.snippet or ""))
    return found


def test_every_failure_comes_with_a_snippet() -> None:
    assert {id for id, (_, snippet) in snippets().items() if not snippet} <= WITHOUT_SNIPPET


@pytest.mark.slow
def test_every_snippet_runs_and_prints() -> None:
    folder = Path(__file__).parent
    for id, (function, snippet) in snippets().items():
        if snippet:
            done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, cwd=folder, check=False)
            assert done.returncode == 0, (id, function, snippet, done.stderr)
            assert done.stdout.strip(), (id, function)


def test_every_spec_has_a_mutant_and_every_mutant_a_spec() -> None:
    assert {m.spec for m in MUTANTS} == set(list_specs())


def test_a_report_of_the_wild_for_each_row_that_a_kernel_can_show() -> None:
    reports = {m.report for m in MUTANTS if m.report != "catalogue"}
    assert len(reports) >= 30


def test_the_table_of_the_zoo_is_the_zoo() -> None:
    text = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")
    table = [line.split("|")[1:4] for line in text.splitlines() if line.startswith("|") and "#" in line.split("|")[1]]
    shown = {(report.strip(), name) for report, names, _ in table for name in re.findall(r"`(\w+)`", names)}
    made = {(m.report, m.function) for m in MUTANTS if m.report != "catalogue"}
    assert shown == made | {("Dao-AILab/flash-attention#569", "torch_wrong_backward")}
    rows = {name: fails for _, names, fails in table for name in re.findall(r"`(\w+)`", names)}
    for m in MUTANTS:
        assert m.report == "catalogue" or f"`{m.breaks}`" in rows[m.function]


def test_the_theorems_of_the_documentation_are_registered() -> None:
    text = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")
    table = text.split("| row | theorem |")[1].split("The other rows")[0]
    for family, name in re.findall(r"`(rope|sinusoidal|attention|shaw|logits)\.(\w+)`", table):
        identities.sides(f"{family}.{name}")


@pytest.mark.parametrize(
    ("spec", "target", "theorem", "other", "row"),
    [
        ("rope", "plain.py:rotate", "rope.relative", "rope.isometry", "rope.relative"),
        ("rope", "plain.py:rotate", "rope.composition", "rope.transpose_product", "rope.composition"),
        ("sinusoidal", "variants.py:sine_block_first", "sinusoidal.gram", "sinusoidal.gram_zero", "sinusoidal.gram"),
    ],
)
def test_a_row_is_what_its_theorem_states(
    monkeypatch: pytest.MonkeyPatch, spec: str, target: str, theorem: str, other: str, row: str
) -> None:
    """With a false statement in the theorem's place, a correct kernel fails the row."""
    honest = identities.sides

    def exchanged(name: str, indices: tuple[str, ...] = (), part: int = 0) -> tuple:
        left, right = honest(name, indices, part)
        return (left, honest(other, indices)[1]) if name == theorem else (left, right)

    path = f"{Path(__file__).parent}/{target}"
    assert {r.verdict for r in conform(path, spec, quick=True, dtypes=["float64"]).rows if r.id == row} == {"holds"}
    monkeypatch.setattr(identities, "sides", exchanged)
    assert {r.verdict for r in conform(path, spec, quick=True, dtypes=["float64"]).rows if r.id == row} == {"fails"}


def test_listing_targets_imports_none_of_their_libraries() -> None:
    names = [entry["name"] for entry in list_targets()]
    assert len(names) >= 50
    assert {entry["spec"] for entry in list_targets()} <= set(list_specs())


@pytest.mark.parametrize("layout", ["half", "interleaved"])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("permuted", [False, True])
def test_measuring_a_known_rotation(layout: str, sign: int, permuted: bool) -> None:
    positions = np.arange(3)
    angle = sign * positions[:, None] * paper(16).thetas
    matrices = np.asarray(rotation_matrix(angle, layout=layout)) * 1.25
    order = np.random.default_rng(3).permutation(16)
    if permuted:
        matrices = matrices[:, order, :]
    found = measure_rotation(positions, matrices, 1e-12)
    assert found.layout == ("permuting" if permuted else layout)
    assert found.inner == layout
    assert found.sign == sign
    assert found.scale == pytest.approx(1.25)
    assert found.thetas == pytest.approx(paper(16).thetas)
    assert found.defect < 1e-15


def test_measuring_a_partial_and_a_proportional_rotation() -> None:
    positions = np.arange(3)
    inner = np.asarray(rotation_matrix(positions[:, None] * paper(8).thetas, layout="half"))
    whole = np.tile(np.eye(16), (3, 1, 1))
    whole[:, :8, :8] = inner
    found = measure_rotation(positions, whole, 1e-12)
    assert (found.layout, found.pairs, len(found.fixed)) == ("half", 4, 8)
    thetas = np.concatenate([paper(16).thetas[:3], np.zeros(5)])
    found = measure_rotation(positions, np.asarray(rotation_matrix(positions[:, None] * thetas, layout="half")), 1e-12)
    assert (found.layout, found.pairs) == ("half", 8)
    assert (found.thetas[3:] == 0).all()


def test_what_is_no_rotation_of_pairs() -> None:
    dense = np.random.default_rng(0).standard_normal((2, 6, 6))
    assert measure_rotation(np.arange(2), dense, 1e-12).layout is None
    still = np.tile(np.eye(6), (2, 1, 1))
    found = measure_rotation(np.arange(2), still, 1e-12)
    assert found.reason == "nothing is rotated"
    assert permutation_of(dense[0], 1e-12) is None


def test_the_grid_of_bounds_is_the_kernels_bound() -> None:
    positions, thetas = np.array([0, 1, 257, 131071]), paper(64).thetas
    grid = rotation_bounds(positions, thetas, "bfloat16", angle_dtype="float32")
    for row, position in zip(grid, positions.tolist(), strict=True):
        for value, theta in zip(row[1:], thetas.tolist()[1:], strict=True):
            exact = rope_bound(
                position, theta, 1.0, "bfloat16", angle_dtype="float32", compute_dtype="bfloat16",
                frequency_error=frequency_error(theta, "float32"),
            )  # fmt: skip
            assert value == pytest.approx(exact, rel=1e-6)


def test_the_bound_of_frequency_one_does_not_grow() -> None:
    grid = rotation_bounds(np.array([1, 131071]), np.array([1.0]), "float32", angle_dtype="float32")
    assert grid[0, 0] == grid[1, 0]


@pytest.mark.parametrize("spectrum", [paper(64), Spectrum("tensor2tensor", 64, 10000.0, "tensor2tensor")])
def test_reference_tables_are_those_of_high_precision(spectrum: Spectrum) -> None:
    mpmath = pytest.importorskip("mpmath")
    positions = np.array([0, 1, 5000, 131071])
    cosine, sine = spectrum.table(positions)
    with mpmath.workdps(50):
        for pair in (0, 1, 31):
            divisor = 32 if spectrum.spacing == "paper" else 31
            theta = mpmath.power(10000, -mpmath.mpf(pair) / divisor)
            for row, position in enumerate(positions.tolist()):
                assert abs(cosine[row, pair] - mpmath.cos(position * theta)) < 2**-52
                assert abs(sine[row, pair] - mpmath.sin(position * theta)) < 2**-52


def test_tables_of_runs_and_of_scattered_positions_agree() -> None:
    run = np.arange(1000, 1400)
    whole = paper(32).table(run)
    some = paper(32).table(run[::7])
    assert np.abs(whole[0][::7] - some[0]).max() < 2**-52
    negative = paper(32).table(-run[::7])
    assert np.array_equal(negative[1], -some[1])


def test_roundings() -> None:
    assert round_to(np.array([257.0]), "bfloat16") == 256.0
    assert round_to(np.array([2049.0]), "tf32") == 2048.0
    assert round_to(np.array([2049.0]), "float16") == 2048.0
    assert np.isinf(round_to(np.array([65520.0]), "float16"))
    # PyTorch's arange fills registers: 4113 stands one after 4112, which is 4096 in bfloat16.
    assert arange_in(np.array([4113]), "bfloat16") == 4096.0
    assert round_to(np.array([4113.0]), "bfloat16") == 4128.0


def test_conventions_are_distinct() -> None:
    seen = [tuple(np.round(spectrum.thetas, 12)) for spectrum in conventions(64)]
    assert len(seen) > 50
    assert len(set(seen)) > 0.9 * len(seen)


def test_samples_reach_both_ends_and_every_power_of_two() -> None:
    for quick in (True, False):
        sample = set(sample_positions(131072, quick=quick).tolist())
        assert {0, 1, 131071} <= sample
        assert {(1 << p) + s for p in range(2, 17) for s in (-1, 0, 1)} <= sample
    assert sample_positions(8, quick=True).tolist() == list(range(8))


def test_reports_are_plain_json() -> None:
    report = Report("t", "rope", {"scale": np.float32(1.5), "layout": None})
    report.rows.append(Row("rope.phase", "fails", "float32", Worst(1, 2, float("nan"), float("inf")), np.inf))
    made = report.to_json()
    assert made["measured"] == {"scale": 1.5, "layout": None}
    assert made["properties"][0]["worst"] == {"position": 1, "pair": 2, "error": None, "ulp": None}
    assert not report.ok
    assert not Report("t", "rope").ok  # nothing was tested
