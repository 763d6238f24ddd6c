"""What a conformance run found: rows, their verdicts, and their JSON and text forms."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Verdict = Literal["holds", "fails", "not-applicable", "error"]

VERSION = 1
#: Columns of the text form.
WIDTH = 80


class ConformInputError(ValueError):
    """The request cannot be run at all: an unknown target, spec, dtype or option; one line says which."""


@dataclass(frozen=True)
class Worst:
    """Where an implementation came closest to its bound, or passed it furthest.

    `position` in tokens, `pair` the index of the coordinate pair (or of the head, the bucket, the entry),
    `error` absolute, `ulp` the error in units in the last place of the output dtype at magnitude 1.
    """

    position: int | None
    pair: int | None
    error: float
    ulp: float | None = None


@dataclass(frozen=True)
class Row:
    """One property in one dtype.

    `bound` is what a correct implementation in these formats cannot exceed; `first_failure` the smallest
    position tried at which the bound is exceeded; `diagnosis` a cause that reproduces the output, or "none
    known" for a failure that no known cause reproduces; `message` one line for people; `snippet` Python
    that shows the failure.
    """

    id: str
    verdict: Verdict
    dtype: str | None = None
    worst: Worst | None = None
    bound: float | None = None
    first_failure: int | None = None
    diagnosis: str | None = None
    message: str | None = None
    snippet: str | None = None

    @property
    def bad(self) -> bool:
        return self.verdict in ("fails", "error")


@dataclass
class Report:
    """The outcome of one target under one spec."""

    target: str
    spec: str
    measured: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether no property fails or errs, and at least one was really tested."""
        return not any(row.bad for row in self.rows) and any(row.verdict == "holds" for row in self.rows)

    @property
    def failures(self) -> list[Row]:
        """The rows that fail or err, in the order in which they were tested."""
        return [row for row in self.rows if row.bad]

    def to_json(self) -> dict[str, Any]:
        """The object that `symcheck conform --json` prints; numbers that are not finite become null."""
        return {
            "version": VERSION,
            "target": self.target,
            "spec": self.spec,
            "ok": self.ok,
            "measured": _plain(self.measured),
            "properties": [_row_json(row) for row in self.rows],
        }

    def to_text(self) -> str:
        """A table for people, 80 columns wide: what was measured, each property, and the reasons of failures."""
        lines = [f"{self.target}  [{self.spec}]  {'ok' if self.ok else 'NOT OK'}"]
        if self.versions:
            lines += _wrapped("  versions: " + ", ".join(f"{k} {v}" for k, v in sorted(self.versions.items())), 12)
        shown = {k: v for k, v in self.measured.items() if v is not None}
        lines += _wrapped("  measured: " + ", ".join(f"{k} {_short(v)}" for k, v in shown.items()), 12)
        lines.append(HEADER)
        told: set[tuple[str, str | None]] = set()
        for row in self.rows:
            lines += row_lines(row, brief=(row.id, row.message) in told)
            told.add((row.id, row.message))
        return "\n".join(lines)


_COLUMNS = "  {:<6} {:<27} {:<9} {:>9} {:>9}  {}"
HEADER = _COLUMNS.format("", "property", "dtype", "error", "bound", "position")


def row_lines(row: Row, *, brief: bool = False) -> list[str]:
    """Verdict, id, dtype, worst error, bound and position (with pair); below it what there is to say.

    `brief` leaves out the message of a row that holds.
    """
    numbers = ["", "", ""]
    if row.worst is not None:
        at = "" if row.worst.position is None else str(row.worst.position)
        at += "" if row.worst.pair is None else f" pair {row.worst.pair}"
        numbers = [f"{row.worst.error:.3g}", "" if row.bound is None else f"{row.bound:.3g}", at.strip()]
    verdict = "n/a" if row.verdict == "not-applicable" else row.verdict
    lines = [_COLUMNS.format(verdict, row.id, row.dtype or "-", *numbers).rstrip()]
    notes = [] if row.first_failure is None else [f"first fails at {row.first_failure}"]
    if row.message and not (brief and row.verdict == "holds"):
        notes.append(row.message)
    if notes:
        lines += _wrapped(" " * 9 + "; ".join(notes), 9)
    if row.diagnosis and row.bad:
        lines += _wrapped(f"         cause: {row.diagnosis}", 16)
    return lines


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False
    )  # fmt: skip


def with_diagnosis(rows: Iterable[Row]) -> list[Row]:
    """The rows, where each failure without a diagnosis says "none known"."""
    return [replace(row, diagnosis="none known") if row.verdict == "fails" and not row.diagnosis else row for row in rows]


def _row_json(row: Row) -> dict[str, Any]:
    worst = None
    if row.worst is not None:
        worst = {
            "position": row.worst.position,
            "pair": row.worst.pair,
            "error": _plain(row.worst.error),
            "ulp": _plain(row.worst.ulp),
        }
    return {
        "id": row.id,
        "verdict": row.verdict,
        "dtype": row.dtype,
        "worst": worst,
        "bound": _plain(row.bound),
        "first_failure": row.first_failure,
        "diagnosis": row.diagnosis,
        "message": row.message,
        "snippet": row.snippet,
    }


def _plain(value: Any) -> Any:
    """JSON values only: NumPy scalars become Python's, numbers that are not finite become None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
