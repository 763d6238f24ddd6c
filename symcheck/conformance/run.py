"""One run of one specification: options, the target's session, and the rows found so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from symcheck.conformance.protocol import numpy_dtype
from symcheck.conformance.report import Report, Row, Worst
from symcheck.conformance.runner import Instance, Session, TargetError

FLOATS = ("float64", "float32", "bfloat16", "float16")
DEFAULT_DTYPES = ("float64", "float32", "bfloat16")
LARGEST_POSITION = 131072


@dataclass(frozen=True)
class Options:
    """What a caller may ask of a run; None means "measure it", not "anything goes"."""

    quick: bool = False
    dtypes: tuple[str, ...] | None = None
    dim: int | None = None
    heads: int | None = None
    base: float | None = None
    frequencies: str | None = None
    scaling: Mapping[str, Any] | None = None
    width: int | None = None
    layout: str | None = None
    assignment: str | None = None
    axes: int | None = None
    gamma: float | None = None
    scale_base: float | None = None
    max_position: int | None = None
    expects: Mapping[str, Any] = field(default_factory=dict)


class Stop(Exception):
    """Nothing more can be said of this target; the rows say why."""


class Run:
    """Collects the rows of one run; a specification is a function of it."""

    def __init__(self, session: Session, report: Report, options: Options) -> None:
        self.session = session
        self.report = report
        self.options = options
        self.random = np.random.default_rng(20210420)

    @property
    def measured(self) -> dict[str, Any]:
        return self.report.measured

    def describe(self, output_dtype: str | None, **found: Any) -> None:
        """Set what was measured; every report has these entries, null where a specification has no such thing."""
        names = ("layout", "sign", "frequencies", "scale", "angle_dtype")
        self.measured.update({name: found.get(name) for name in names}, output_dtype=output_dtype)

    def expects(self, name: str, default: Any = None) -> Any:
        """An option as the caller gave it, else as the adapter promises it."""
        given = getattr(self.options, name, None)
        return given if given is not None else self.options.expects.get(name, default)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The input dtypes to try, the most precise first."""
        wanted = self.options.dtypes or self.options.expects.get("dtypes") or DEFAULT_DTYPES
        return tuple(name for name in FLOATS if name in wanted)

    def add(self, row: Row) -> Row:
        self.report.rows.append(row)
        return row

    def row(self, id: str, verdict: Any, dtype: str | None = None, **rest: Any) -> Row:
        return self.add(Row(id, verdict, dtype, **rest))

    def fresh(self) -> Instance:
        return self.session.fresh()

    def inherit(self, roots: Sequence[str]) -> None:
        """Give failures without a known cause the cause found for the outputs they were computed from.

        A diagnosis of one of `roots` reproduces the target's outputs in that dtype to their last digits;
        so it reproduces every quantity that is a function of them.
        """
        rows = self.report.rows
        causes: dict[str | None, str] = {}
        for row in rows:
            if row.id in roots and row.verdict == "fails" and row.diagnosis not in (None, "none known"):
                causes.setdefault(row.dtype, str(row.diagnosis))
        for index, row in enumerate(rows):
            if row.verdict == "fails" and row.diagnosis in (None, "none known") and row.dtype in causes:
                rows[index] = replace(row, diagnosis=causes[row.dtype])

    def guarded(self, id: str, dtype: str | None, check: Callable[[], None]) -> None:
        """Run a check; what the target does instead of answering becomes the row `id`.

        Whatever the target's process does is a row. After a hang or a crash, which cost time, nothing
        more is tried: every further check would wait for it again.
        """
        try:
            check()
        except TargetError as error:
            self.row(id, "error", dtype, message=str(error))
            if error.kind in ("timeout", "died", "memory", "protocol"):
                raise Stop from None

    def judge(
        self,
        id: str,
        dtype: str,
        error: np.ndarray,
        bound: np.ndarray | float,
        *,
        positions: np.ndarray | None = None,
        unit: float | None = None,
        message: str | None = None,
        **rest: Any,
    ) -> Row:
        """Compare errors with bounds, entry by entry, and add the row.

        The first axis of `error` runs over `positions`, the second, if any, over pairs. The worst entry is
        the one with the largest ratio to its bound; a NaN is worse than any number.
        """
        error = np.asarray(error, dtype=np.float64)
        limit = np.broadcast_to(np.asarray(bound, dtype=np.float64), error.shape)
        broken = ~(error <= limit)
        ratio = np.where(np.isnan(error), np.inf, error / np.maximum(limit, np.finfo(float).tiny))
        where = np.unravel_index(int(np.argmax(ratio)), error.shape) if error.size else None
        worst = None
        if where is not None:
            position = None if positions is None or not len(where) else int(positions[where[0]])
            pair = int(where[1]) if len(where) > 1 else None
            size = float(error[where])
            worst = Worst(position, pair, size, size / unit if unit else None)
        first = None
        if positions is not None and broken.any():
            rows = broken.reshape(len(error), -1).any(axis=1)
            first = int(np.min(np.asarray(positions)[rows]))
        return self.row(
            id,
            "fails" if broken.any() else "holds",
            dtype,
            worst=worst,
            bound=float(limit[where]) if where is not None else None,
            first_failure=first,
            message=message,
            **rest,
        )


def as_float(array: np.ndarray) -> np.ndarray:
    """The same numbers in float64 (exact for every format up to it)."""
    return np.asarray(array).astype(np.float64)


def rounded(values: np.ndarray, dtype: str) -> np.ndarray:
    """The numbers rounded to a dtype, as an array of that dtype."""
    return np.asarray(values).astype(numpy_dtype(dtype))


def sample_positions(limit: int, *, quick: bool, seed: int = 7) -> np.ndarray:
    """Positions in 0 .. limit - 1 at which an implementation is looked at, sorted.

    Every position of the beginning, the neighbourhoods of the powers of two (where formats lose integers and
    caches grow) and of multiples of 1000, the end, and positions spread evenly and by order of magnitude.
    """
    dense, spread, tail = (300, 120, 8) if quick else (2100, 1400, 300)
    generator = np.random.default_rng(seed)
    chosen = [np.arange(min(dense, limit)), np.arange(max(limit - tail, 0), limit)]
    for power in range(1, 40):
        chosen.append((1 << power) + np.arange(-2, 3))
    step = 10000 if quick else 1000
    chosen.append(np.arange(0, limit, step) + 1)
    chosen.append(np.arange(0, limit, step))
    chosen.append(generator.integers(0, limit, spread))
    chosen.append(np.exp(generator.uniform(0, np.log(max(limit, 2)), spread)).astype(np.int64))
    found = np.unique(np.concatenate(chosen))
    return found[(found >= 0) & (found < limit)]


def random_vectors(generator: np.random.Generator, count: int, dim: int, dtype: str) -> np.ndarray:
    """Standard normal vectors [count, dim], rounded to the dtype, so that they are exact in it."""
    return rounded(generator.standard_normal((count, dim)), dtype)


def only_array(results: Sequence[np.ndarray]) -> np.ndarray:
    """The single array of a result; TargetError when there are more."""
    if len(results) != 1:
        raise TargetError("returned", f"returned a tuple of {len(results)} where one array was expected")
    return results[0]
