"""Every mutant of the zoo fails the property it must break, and the diagnosis names its cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from symcheck.conformance import conform

from .zoo import MUTANTS, Mutant

ZOO = Path(__file__).parent / "zoo.py"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.function)
def test_mutant_fails_with_its_cause(mutant: Mutant) -> None:
    report = conform(f"{ZOO}:{mutant.function}", mutant.spec, quick=True, **dict(mutant.options))
    rows = [
        row
        for row in report.failures
        if row.id == mutant.breaks and (mutant.dtype is None or row.dtype == mutant.dtype)
    ]
    assert rows, f"{mutant.breaks} does not fail:\n{report.to_text()}"
    assert mutant.diagnosis in (rows[0].diagnosis or ""), report.to_text()
