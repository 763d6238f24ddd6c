"""Runs one derivation script alone: its theorems, their SymPy form beside the proof, and the verdicts."""

from __future__ import annotations

import sys
from pathlib import Path


def run(script: str) -> None:
    """Settle and print the theorems that a script states; exit status 1 if one does not settle."""
    from . import claims
    from .prove.sympy_view import agrees, to_sympy
    from .render.outline import outline
    from .render.text import text, text_statement

    claims.load_derivations()
    name = "derivations." + Path(script).stem
    entries = [e for e in claims.THEOREMS.values() if stated_in(e) == name]
    lemmas, failed = claims.library(), 0
    for entry in entries:
        result = claims.settle(entry, lemmas)
        print(f"{entry.id}  {result.verdict}  ({result.steps} steps, checker: {result.checker})")
        print(f"  {entry.title}")
        statement = entry.denies or entry.statement
        print(f"  {'not for all: ' if entry.denies else ''}{text_statement(statement)}")
        try:
            print(f"  SymPy: {to_sympy(statement.concl, unfolded=False)}")
            difference = agrees(statement.concl)
            print(f"  SymPy's form and the term differ by {float(difference):.1e} at random points")
        except (ValueError, NotImplementedError) as e:
            print(f"  SymPy: {e}")
        for step in outline(result.certificates[0][1], lemmas) if result.certificates else []:
            uses = f", from {', '.join(f'({n})' for n in step.uses)}" if step.uses else ""
            print(f"    ({step.number}) {text(step.statement)}\n        {step.reason}{uses}")
        if not result.ok:
            failed += 1
            print(f"  problem: {result.problem}")
        print()
    print(f"{len(entries)} theorems, {failed} failed")
    sys.exit(1 if failed else 0)


def stated_in(entry: object) -> str:
    """The module of the script that states a theorem."""
    return entry.module if entry.module != "__main__" else ""  # type: ignore[attr-defined]
