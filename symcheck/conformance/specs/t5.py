"""The `t5` specification: bucket(relative[N], bidirectional, buckets, max_distance) -> int[N]."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from symcheck.conformance.diagnosis import NONE_KNOWN
from symcheck.conformance.report import Worst
from symcheck.conformance.run import Run, Stop, only_array
from symcheck.conformance.runner import Instance, TargetError
from symcheck.kernels.t5 import relative_position_bucket

#: (bidirectional, buckets, max_distance): T5's own two first.
SETTINGS = (
    (True, 32, 128),
    (False, 32, 128),
    (True, 64, 256),
    (False, 16, 100),
    (True, 16, 50),
    (False, 64, 1000),
)


@dataclass(frozen=True)
class Wrong:
    """Buckets with one mistake; the fields are the places where it can be made."""

    clamp: bool = True
    halve: bool = True
    exact_share: int = 2
    rounding: Callable[[np.ndarray], np.ndarray] = np.floor
    base: float | None = None
    strict: bool = True
    shift: int = 0
    absolute: bool = True
    swap: bool = False
    grow: float = 1.0

    def __call__(self, relative: np.ndarray, bidirectional: bool, buckets: int, distance: int) -> np.ndarray:
        out = np.zeros(len(relative), dtype=np.int64)
        n = -relative
        if bidirectional:
            if self.halve:
                buckets //= 2
            ahead = n > 0 if self.swap else n < 0
            out += ahead * buckets
            n = np.abs(n) if self.absolute else np.maximum(n, 0)
        else:
            n = np.abs(n) if not self.absolute else np.maximum(n, 0)
        exact = buckets // self.exact_share
        span = math.log(self.base) if self.base else math.log(distance / exact)
        with np.errstate(divide="ignore"):
            log = np.log(np.maximum(n, 1) / exact) / span * (buckets - exact) * self.grow
        large = exact + self.rounding(log).astype(np.int64) + self.shift
        if self.clamp:
            large = np.minimum(large, buckets - 1)
        small = n < exact if self.strict else n <= exact
        return out + np.where(small, n, large)


def causes() -> Iterator[tuple[str, Wrong]]:
    """The catalogue of mistakes in a bucket function."""
    yield "the clamp to the last bucket is missing", Wrong(clamp=False)
    yield "the number of buckets is not halved for the two directions", Wrong(halve=False)
    yield "the logarithmic part is rounded, not floored", Wrong(rounding=np.rint)
    yield "the logarithmic part is rounded up, not floored", Wrong(rounding=np.ceil)
    yield "a quarter of the buckets is exact, not half", Wrong(exact_share=4)
    yield "the logarithm is not divided by log(max_distance / exact)", Wrong(base=math.e)
    yield "the logarithm is taken to base 2", Wrong(base=2.0)
    yield "the boundary of the exact buckets is <=, not <", Wrong(strict=False)
    yield "the logarithmic buckets begin one too late", Wrong(shift=1)
    yield "the logarithmic buckets begin one too early", Wrong(shift=-1)
    yield "keys after the query are not told apart by distance", Wrong(absolute=False)
    yield "the two directions are exchanged", Wrong(swap=True)
    yield "the logarithmic part is stretched by 2", Wrong(grow=2.0)


def run(run: Run) -> None:
    """All properties of a bucket function."""
    instance = run.fresh()
    span = 600 if run.options.quick else 3000
    relative = np.concatenate([np.arange(-span, span + 1), [10**4, 10**5, 10**6, -(10**4), -(10**5), -(10**6)]])
    settings: tuple[tuple[bool, int, int], ...] = SETTINGS[:2] if run.options.quick else SETTINGS
    only = run.expects("setting")
    if only is not None:
        settings = (tuple(only),)
    found: dict[tuple[bool, int, int], np.ndarray] = {}
    for setting in settings:
        try:
            found[setting] = _buckets(instance, relative, setting)
        except TargetError as error:
            if error.kind in ("timeout", "died", "memory", "protocol") or not found:
                run.row("t5.call", "error", message=f"{_name(setting)}: {error}")
                raise Stop from None
            run.row("t5.domain.setting", "not-applicable", message=f"{_name(setting)}: {error}")
    sign = _sign(relative, found)
    run.describe(next(iter(found.values())).dtype.name, sign=sign)
    for setting, buckets in found.items():
        _judge(run, relative, setting, buckets, sign, found)


def _name(setting: tuple[bool, int, int]) -> str:
    direction = "bidirectional" if setting[0] else "causal"
    return f"{direction}, {setting[1]} buckets, max_distance {setting[2]}"


def _buckets(instance: Instance, relative: np.ndarray, setting: tuple[bool, int, int]) -> np.ndarray:
    out = only_array(instance(relative, *setting))
    if out.shape != relative.shape:
        raise TargetError("shape", f"returned shape {out.shape} for {relative.shape}")
    if out.dtype.kind not in "iu" and not np.array_equal(out, np.rint(out.astype(np.float64))):
        raise TargetError("dtype", f"returned {out.dtype.name} that are no whole numbers")
    return out


def _exact(relative: np.ndarray, setting: tuple[bool, int, int], sign: int) -> np.ndarray:
    bidirectional, buckets, distance = setting
    made = relative_position_bucket(sign * relative, bidirectional=bidirectional, buckets=buckets, max_distance=distance)
    return np.asarray(made)


def _sign(relative: np.ndarray, found: dict[tuple[bool, int, int], np.ndarray]) -> int:
    """1 when the argument is key minus query, -1 when it is query minus key: what fits better."""
    misses = {sign: sum(int((b != _exact(relative, s, sign)).sum()) for s, b in found.items()) for sign in (1, -1)}
    return -1 if misses[-1] < misses[1] else 1


def _ties(relative: np.ndarray, setting: tuple[bool, int, int]) -> np.ndarray:
    """Where the real-valued logarithm is a whole number, so that floating point may fall on either side."""
    bidirectional, buckets, distance = setting
    each = buckets // 2 if bidirectional else buckets
    exact = each // 2
    wide = each - exact
    n = np.abs(relative)
    tie = np.zeros(len(relative), dtype=bool)
    for index in np.flatnonzero((n > exact) & (n <= distance)):
        left = int(n[index]) ** wide
        tie[index] = any(left * exact**t == distance**t * exact**wide for t in range(1, wide + 1))
    return tie


def _judge(
    run: Run,
    relative: np.ndarray,
    setting: tuple[bool, int, int],
    buckets: np.ndarray,
    sign: int,
    found: dict[tuple[bool, int, int], np.ndarray],
) -> None:
    exact = _exact(relative, setting, sign)
    values = buckets.astype(np.int64)
    error = np.abs(values - exact)
    tie = _ties(relative, setting)
    bound = np.where(tie, 1, 0)
    bad = error > bound
    off = int((error[tie] > 0).sum())
    notes = [_name(setting)]
    if sign == -1:
        notes.append("the argument is query minus key: a convention")
    if off:
        distances = sorted({int(abs(r)) for r in relative[tie & (error > 0)]})
        notes.append(f"float rounding puts distance {', '.join(map(str, distances))} one bucket off: an exact tie")
    worst = int(np.argmax(error - bound))
    first = relative[bad][np.argmin(np.abs(relative[bad]))] if bad.any() else None
    run.row(
        f"t5.{'bidirectional' if setting[0] else 'causal'}",
        "fails" if bad.any() else "holds",
        None,
        worst=Worst(int(relative[worst]), int(exact[worst]), float(error[worst])),
        bound=float(bound[worst]),
        first_failure=None if first is None else int(first),
        diagnosis=_cause(relative, found, sign) if bad.any() else None,
        message="; ".join(notes),
        snippet=None if first is None else _snippet(run, setting, int(first), sign),
    )
    outside = (values < 0) | (values >= setting[1])
    at = int(np.argmax(outside))
    run.row(
        "t5.range",
        "fails" if outside.any() else "holds",
        None,
        worst=Worst(int(relative[at]), None, float(max(values.max() - setting[1] + 1, -values.min(), 0))),
        bound=0.0,
        first_failure=int(relative[outside][np.argmin(np.abs(relative[outside]))]) if outside.any() else None,
        diagnosis=_cause(relative, found, sign) if outside.any() else None,
        message=f"{_name(setting)}: buckets 0 to {setting[1] - 1}",
        snippet=_snippet(run, setting, int(relative[at]), sign) if outside.any() else None,
    )


def _cause(relative: np.ndarray, found: dict[tuple[bool, int, int], np.ndarray], sign: int) -> str:
    """The mistake that gives every bucket of every setting, ties aside."""
    for name, wrong in causes():
        if all(
            np.array_equal(wrong(sign * relative, *setting)[~_ties(relative, setting)], buckets[~_ties(relative, setting)])
            for setting, buckets in found.items()
        ):
            return name
    return NONE_KNOWN


def _snippet(run: Run, setting: tuple[bool, int, int], relative: int, sign: int) -> str:
    target = run.session.target
    exact = int(_exact(np.array([relative]), setting, sign)[0])
    array = f"np.array([{relative}])"
    head = "import numpy as np"
    if run.session.backend == "torch":
        array, head = f"torch.tensor([{relative}])", "import torch"
    arguments = ", ".join(map(str, setting))
    return f"{head}\n{target.import_lines}\nprint({target.call_name}({array}, {arguments}))  # expected {exact}"
