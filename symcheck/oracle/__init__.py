"""Rigorous reference values of positional encodings, and the judge of stored tables.

Names are loaded when they are first used: importing this package costs next to nothing.

- Oracle, Block, Frequencies: values with a proved bound, correctly rounded tables.
- judge, JudgeReport, JudgeInputError: certification of a stored cos/sin table.
- formats, analysis, plots: modules of theorems about formats, of enclosures, of figures.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .frequencies import Frequencies
    from .judge import LAYOUTS, JudgeReport, judge
    from .storage import JudgeInputError
    from .tables import Block, Oracle

__all__ = ["LAYOUTS", "Block", "Frequencies", "JudgeInputError", "JudgeReport", "Oracle", "judge"]

_HOMES = {
    "Block": "tables",
    "Frequencies": "frequencies",
    "JudgeInputError": "storage",
    "JudgeReport": "judge",
    "LAYOUTS": "judge",
    "Oracle": "tables",
    "judge": "judge",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
