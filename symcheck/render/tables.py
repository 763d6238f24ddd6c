"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

STYLES = {"proved": "green", "proved-under": "cyan", "refuted": "red", "convention": "yellow", "ill-typed": "magenta",
          "approximate": "blue", "not-mathematical": "dim", "open": "bold yellow"}  # fmt: skip


def verdict_table(out: Any, records: Sequence[Mapping[str, Any]], summary: Mapping[str, int]) -> None:
    """Identifier, verdict, what shows it, the checker's answer, and the cross-check against the kernels."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, options in (("id", {"no_wrap": True}), ("verdict", {"no_wrap": True}), ("shown by", {}),
                          ("checker", {}), ("steps", {"justify": "right"}), ("kernels", {"justify": "right"})):  # fmt: skip
        table.add_column(name, **options)
    for r in records:
        x = r["result"]
        verdict = x["verdict"]
        check = x["crosscheck"]
        kernels = "" if check is None else f"{check['max_error']:.0e} ≤ {check['bound']:.0e}" if check["ok"] else \
            f"{check['max_error']:.0e} > {check['bound']:.0e}"  # fmt: skip
        table.add_row(x["id"], f"[{STYLES[verdict]}]{verdict}[/]", x["evidence"]["kind"], x["evidence"]["checker"],
                      str(x["evidence"]["steps"] or ""), kernels)  # fmt: skip
    out.print(table)
    for r in records:
        if r["problem"]:
            out.print(f"[bold red]{r['result']['id']}[/]: {r['problem'][:300]}")
    theorems = sum(r["result"]["kind"] == "theorem" for r in records)
    out.print(f"{len(records)} settled ({theorems} theorems, {len(records) - theorems} claims): "
              + ", ".join(f"{n} {v}" for v, n in summary.items() if n), style="bold")  # fmt: skip


def recheck_table(out: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """One line a certificate: accepted or not, steps, and what it proves or why it is rejected."""
    for row in rows:
        name = Path(row["file"]).name
        if row["checker"] == "accepted":
            match = {True: "the registered statement", False: "NOT the statement registered under this name",
                     None: "a statement not registered under this name"}[row["statement_matches"]]  # fmt: skip
            out.print(f"[green]accepted[/] {name}: {row['steps']} steps, proves {match}")
            if row["statement_matches"] is not True:
                out.print(f"  {row['statement']}", markup=False)
        else:
            out.print(f"[red]rejected[/] {name}: ", end="")
            out.print(row["reason"], markup=False)
    good = sum(r["checker"] == "accepted" for r in rows)
    out.print(f"{good} of {len(rows)} accepted", style="bold")


def targets_table(out: Any, specs: Mapping[str, str], targets: Sequence[Mapping[str, Any]]) -> None:
    """Specifications, then the built-in targets and whether their library is here."""
    out.print("specifications", style="bold")
    for name, what in specs.items():
        out.print(f"  {name:<14} {what}", markup=False)
    out.print("built-in targets", style="bold")
    for t in targets:
        here = f"{t.get('library', '')} {t['version']}" if t.get("installed") else f"needs {t.get('library', t['name'])}"
        out.print(f"  {t['name']:<44} {t.get('spec', ''):<13} {here}", markup=False)
