"""Every mutant of the zoo fails the property it must break, and the diagnosis names its cause."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from symcheck.conformance import Report, conform

from .reports import mutant_report
from .zoo import MUTANTS, Mutant, default_mutants

ZOO = Path(__file__).parent / "zoo.py"


def check(mutant: Mutant, report: Report) -> None:
    rows = [
        row for row in report.failures if row.id == mutant.breaks and (mutant.dtype is None or row.dtype == mutant.dtype)
    ]
    assert rows, f"{mutant.breaks} does not fail:\n{report.to_text()}"
    assert mutant.diagnosis in (rows[0].diagnosis or ""), report.to_text()


@pytest.mark.parametrize("mutant", default_mutants(), ids=lambda m: m.function)
def test_mutant_fails_with_its_cause(mutant: Mutant) -> None:
    check(mutant, mutant_report(mutant.function))


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.function)
def test_mutant_fails_in_the_full_suite(mutant: Mutant) -> None:
    check(mutant, mutant_report(mutant.function))
    check(mutant, conform(f"{ZOO}:{mutant.function}", mutant.spec, **dict(mutant.options)))


def test_a_backward_pass_that_does_not_transpose() -> None:
    """Dao-AILab/flash-attention#569: the gradient must be multiplied by R^T."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    target = f"{Path(__file__).parent / 'backends.py'}:torch_wrong_backward"
    report = conform(target, "rope", quick=True, dtypes=["float32"], timeout=120)
    (row,) = report.failures
    assert row.id == "rope.gradient"
    assert "not by its transpose" in row.diagnosis
