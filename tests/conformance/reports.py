"""Each mutant and each variant is run once a session; several tests look at the report."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from symcheck.conformance import Report, conform

from . import variants
from .zoo import MUTANTS

HERE = Path(__file__).parent
DTYPES = ("float64", "float32", "bfloat16", "float16")


@cache
def mutant_report(function: str) -> Report:
    """The quick report of a mutant, in the dtype in which it must fail (float64 where it says none)."""
    (mutant,) = [m for m in MUTANTS if m.function == function]
    options = dict(mutant.options)
    if mutant.breaks != "rope.reuse.precision":
        options.setdefault("dtypes", (mutant.dtype or "float64",))
    return conform(f"{HERE / 'zoo.py'}:{function}", mutant.spec, quick=True, **options)


@cache
def variant_report(name: str) -> Report:
    """The quick report of a correct variant in four dtypes."""
    options = variants.OPTIONS[name.split("_")[1]]
    return conform(f"{HERE / 'variants.py'}:{name}", "rope", quick=True, dtypes=DTYPES, **options)
