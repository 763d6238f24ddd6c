"""Each mutant and each variant is run once a session; several tests look at the report."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from symcheck.conformance import Report, conform

from . import variants
from .zoo import MUTANTS

HERE = Path(__file__).parent
DTYPES = ("float64", "float32", "bfloat16", "float16")


def shared(kind: str, name: str, run: Callable[[], Report]) -> Report:
    """The report that another process of the same test run (pytest-xdist) has left, else a new one."""
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if not session:
        return run()
    folder = Path(tempfile.gettempdir()) / f"symcheck-reports-{session}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{kind}-{name}.pickle"
    if not path.exists():
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(pickle.dumps(run()))
        partial.replace(path)
    return pickle.loads(path.read_bytes())


@cache
def mutant_report(function: str) -> Report:
    """The quick report of a mutant, in the dtype in which it must fail (float64 where it says none)."""
    (mutant,) = [m for m in MUTANTS if m.function == function]
    options = dict(mutant.options)
    if mutant.breaks != "rope.reuse.precision":
        options.setdefault("dtypes", (mutant.dtype or "float64",))
    target = f"{HERE / 'zoo.py'}:{function}"
    return shared("mutant", function, lambda: conform(target, mutant.spec, quick=True, **options))


@cache
def variant_report(name: str) -> Report:
    """The quick report of a correct variant in four dtypes."""
    options = variants.OPTIONS[name.split("_")[1]]
    target = f"{HERE / 'variants.py'}:{name}"
    return shared("variant", name, lambda: conform(target, "rope", quick=True, dtypes=DTYPES, **options))
