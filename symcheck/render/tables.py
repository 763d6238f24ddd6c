"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

STYLES = {"proved": "green", "proved-under": "cyan", "refuted": "red", "convention": "yellow", "ill-typed": "magenta",
          "approximate": "blue", "not-mathematical": "dim", "open": "bold yellow"}  # fmt: skip


def verdict_table(out: Any, records: Sequence[Mapping[str, Any]], summary: Mapping[str, int]) -> None:
    """Identifier, verdict, what shows it (with the checker's answer), and the largest error of the kernels.

    An error within its derived bound stands alone; one past it stands with the bound, in red.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("shown by", no_wrap=True)
    table.add_column("kernels", justify="right", no_wrap=True)
    for r in records:
        x = r["result"]
        check, evidence = x["crosscheck"], x["evidence"]
        mark = {"accepted": "[green]✓[/]", "rejected": "[red]✗[/]", "not-applicable": " "}[evidence["checker"]]
        kernels = "" if check is None else f"{check['max_error']:.0e}"
        if check is not None and not check["ok"]:
            kernels = f"[red]{kernels} > {check['bound']:.0e}[/]"
        table.add_row(x["id"], f"[{STYLES[x['verdict']]}]{x['verdict']}[/]", f"{mark} {evidence['kind']}", kernels)
    out.print(table)
    for r in records:
        if r["problem"]:
            out.print(f"[bold red]{r['result']['id']}[/]: ", end="")
            out.print(r["problem"][:300], markup=False)
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
        out.print(f"  {name:<14} {what}", markup=False, soft_wrap=True)
    out.print("built-in targets", style="bold")
    for t in targets:
        here = "here" if t["missing"] is None else f"needs {t['missing']}"
        out.print(f"  {t['name']:<34} {t['spec']:<13} {here}", markup=False, soft_wrap=True)
