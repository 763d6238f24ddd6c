"""The `alibi` specification: slopes(heads) -> [heads], or bias(heads, T) -> [heads, T, T]."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from symcheck.conformance.bounds import unit_roundoff
from symcheck.conformance.diagnosis import NONE_KNOWN, round_to
from symcheck.conformance.report import Worst
from symcheck.conformance.run import FLOATS, Run, Stop, as_float, only_array
from symcheck.conformance.runner import Instance, TargetError
from symcheck.kernels.alibi import alibi_slopes

QUICK_HEADS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 20, 24, 32, 40, 56, 64, 71, 96, 112, 128)


def slope_bound(slopes: np.ndarray, dtype: str) -> np.ndarray:
    """What a correct computation in float32, stored in `dtype`, can be off by, for slopes [heads].

    The published code raises a start 2^(-8/n), computed by pow within 4 ulp (8u), to the power k <= n: a
    relative error of 8 k u, one more pow (8u) and one product; then one rounding to the dtype.
    """
    u = unit_roundoff("float32")
    count = len(slopes)
    relative = (8 * np.arange(1, count + 1) + 10) * u
    return slopes * (relative + (unit_roundoff(dtype) if dtype != "float64" else 0.0))


def run(run: Run) -> None:
    """All properties of ALiBi slopes, or of a bias made from them."""
    instance = run.fresh()
    counts = QUICK_HEADS if run.options.quick else (*range(1, 41), 48, 56, 63, 64, 65, 71, 96, 112, 127, 128)
    if run.expects("heads"):
        counts = (int(run.expects("heads")),)
    if _is_bias(run):
        _bias(run, instance, [n for n in counts if n <= 32])
        return
    found: dict[int, np.ndarray] = {}
    refused: dict[int, str] = {}
    for count in counts:
        try:
            found[count] = _slopes(instance, count)
        except TargetError as refusal:
            refused[count] = str(refusal)
            if refusal.kind in ("timeout", "died", "memory", "protocol"):
                break
    if not found:
        run.row("alibi.call", "error", message=next(iter(refused.values())))
        raise Stop
    if refused:
        run.row(
            "alibi.domain.heads",
            "not-applicable",
            message=f"{len(refused)} head counts are refused, the first {min(refused)}: {refused[min(refused)]}",
        )
    _judge(run, found)


def _is_bias(run: Run) -> bool:
    required = [p for p in run.session.parameters or [] if p["kind"] == "plain" and p["required"]]
    return len(required) >= 2


def _slopes(instance: Instance, count: int) -> np.ndarray:
    out = only_array(instance(count))
    if out.size != count:
        raise TargetError("shape", f"returned shape {out.shape} for {count} heads")
    if out.dtype.name not in FLOATS:
        raise TargetError("dtype", f"returned {out.dtype.name}")
    return out.reshape(count)


def _judge(run: Run, found: dict[int, np.ndarray]) -> None:
    dtype = next(iter(found.values())).dtype.name
    largest = max(found)
    signs = set(np.sign(as_float(found[largest])).tolist())
    sign = int(signs.pop()) if len(signs) == 1 else None
    run.describe(dtype, sign=sign, scale=1.0)
    worst: tuple[float, int, int, float, float] = (-1.0, 0, 0, 0.0, 0.0)
    bad: list[int] = []
    for count, slopes in found.items():
        exact = np.asarray(alibi_slopes(count, dtype="float64"))
        error = np.abs(as_float(slopes) * (sign or 1) - exact)
        bound = slope_bound(exact, dtype)
        ratio = np.where(np.isnan(error), np.inf, error / bound)
        head = int(np.argmax(ratio))
        if ratio[head] > worst[0]:
            worst = (float(ratio[head]), count, head, float(error[head]), float(bound[head]))
        if not (error <= bound).all():
            bad.append(count)
    notes = [] if sign == 1 else ["slopes are negative: a convention, if the distance is positive"] if sign else []
    cause = _cause(found, bad, sign or 1) if bad else None
    wrong_head = 0
    if bad:
        exact = np.asarray(alibi_slopes(bad[0], dtype="float64"))
        ratio = np.abs(as_float(found[bad[0]]) * (sign or 1) - exact) / slope_bound(exact, dtype)
        wrong_head = int(np.argmax(np.where(np.isnan(ratio), np.inf, ratio)))
    if bad:
        powers = [n for n in bad if not n & (n - 1)]
        kind = "all" if len(bad) == len(found) else "powers of two among them" if powers else "no power of two"
        notes.append(f"wrong for {len(bad)} of {len(found)} head counts, first {bad[0]} ({kind})")
    _, count, head, error_, bound_ = worst
    run.row(
        "alibi.slopes",
        "fails" if bad or sign is None else "holds",
        dtype,
        worst=Worst(count, head, error_, error_ / unit_roundoff(dtype)),
        bound=bound_,
        first_failure=bad[0] if bad else None,
        diagnosis=cause,
        message="; ".join(notes) or f"{len(found)} head counts, 1 to {largest}",
        snippet=_snippet(run, bad[0], wrong_head) if bad else None,
    )
    # A geometric sequence: for a power of two the ratio of neighbours is one number.
    ratios = {n: as_float(s)[1:] / as_float(s)[:-1] for n, s in found.items() if n > 1 and not n & (n - 1)}
    if ratios:
        spread = np.array([np.ptp(r) for r in ratios.values()])
        limit = np.array(
            [2 * (slope_bound(np.abs(as_float(found[n])), dtype) / np.abs(as_float(found[n]))).max() * 2 for n in ratios]
        )
        run.judge(
            "alibi.geometric", dtype, spread, limit, positions=np.array(list(ratios)),
            message="heads a power of two: neighbouring slopes have one ratio",
            diagnosis=cause if (spread > limit).any() else None,
            snippet=_snippet(run, largest, 1) if (spread > limit).any() else None,
        )  # fmt: skip


def _wrong_slopes() -> Iterator[tuple[str, Callable[[int], np.ndarray]]]:
    """Known mistakes, each a function of the number of heads."""

    def simple(n: int, first: int = 1, bias: float = 8.0) -> np.ndarray:
        return 2.0 ** (-bias * np.arange(first, first + n) / n)

    def lower(n: int) -> int:
        return int(2 ** (n.bit_length() - 1))

    def upper(n: int) -> int:
        return int(2 ** (n - 1).bit_length())

    def completed(n: int, rest: Callable[[int, int], np.ndarray]) -> np.ndarray:
        p = lower(n)
        return np.concatenate([simple(p), rest(p, n - p)]) if n > p else simple(p)

    yield "slopes are shifted by one head: exponents start at 0", lambda n: simple(n, 0)
    yield "slopes are shifted by one head: exponents start at 2", lambda n: simple(n, 2)
    yield (
        "slopes are shifted by one head in each power of two: exponents start at 0",
        lambda n: np.concatenate([simple(lower(n), 0), simple(2 * lower(n), 0)[0::2][: n - lower(n)]]),
    )
    yield "one geometric sequence 2^(-8k/heads) for every number of heads", simple
    yield (
        "the first slopes of the next power of two are taken (no completion)",
        lambda n: simple(upper(n))[:n],
    )
    yield (
        "every other slope of the doubled heads is taken from the second on",
        lambda n: completed(n, lambda p, r: simple(2 * p)[1::2][:r]),
    )
    yield (
        "the doubled heads' slopes are appended without skipping every other one",
        lambda n: completed(n, lambda p, r: simple(2 * p)[:r]),
    )
    yield (
        "the slopes of the lower power of two are repeated",
        lambda n: completed(n, lambda p, r: np.resize(simple(p), r)),
    )
    yield "the exponent is 4, not 8", lambda n: completed(n, lambda p, r: simple(2 * p)[0::2][:r]) ** 0.5
    yield "the exponent is 16, not 8", lambda n: completed(n, lambda p, r: simple(2 * p)[0::2][:r]) ** 2
    yield "slopes are in reversed order", lambda n: completed(n, lambda p, r: simple(2 * p)[0::2][:r])[::-1]
    yield (
        "slopes are sorted, which permutes the heads",
        lambda n: np.sort(completed(n, lambda p, r: simple(2 * p)[0::2][:r]))[::-1],
    )
    yield "the base is e, not 2", lambda n: np.exp(-8.0 * np.arange(1, n + 1) / n)
    yield "a linear sequence, not a geometric one", lambda n: np.arange(1, n + 1) / n


def _cause(found: dict[int, np.ndarray], bad: list[int], sign: int) -> str:
    """The mistake that gives the slopes of every head count that was tried."""
    for name, wrong in _wrong_slopes():
        agrees = True
        for count in found:
            slopes = as_float(found[count]) * sign
            predicted = wrong(count)
            limit = slope_bound(np.abs(predicted), found[count].dtype.name)
            if predicted.shape != slopes.shape or not (np.abs(predicted - slopes) <= limit).all():
                agrees = False
                break
        if agrees:
            return name
    return NONE_KNOWN


def _bias(run: Run, instance: Instance, counts: list[int]) -> None:
    """Differences along the keys under the causal mask: b[h, i, j] - b[h, i, j - 1] = slope_h for j <= i."""
    tokens = 12 if run.options.quick else 40
    rows: list[tuple[int, float, float]] = []
    heads: dict[int, int] = {}  # the worst head of each count
    cause: str | None = None
    dtype = "float32"
    differences: dict[int, np.ndarray] = {}
    last: dict[int, np.ndarray] = {}  # the bias of the last query, [heads, T]
    for count in counts:
        try:
            out = only_array(instance(count, tokens))
        except TargetError as refusal:
            if not rows:
                run.row("alibi.call", "error", message=str(refusal))
                raise Stop from None
            run.row("alibi.domain.heads", "not-applicable", message=f"{count} heads: {refusal}")
            continue
        dtype = out.dtype.name
        if dtype not in FLOATS:
            run.row("alibi.output", "fails", message=f"returned {dtype}")
            raise Stop
        values = as_float(out)
        if values.size == count * tokens:
            # One row of keys for every query: a constant for each row does not matter to the softmax.
            values = np.broadcast_to(values.reshape(count, 1, tokens), (count, tokens, tokens))
        if values.size != count * tokens * tokens:
            run.row("alibi.shape", "fails", message=f"returned shape {out.shape} for {count} heads")
            raise Stop
        values = values.reshape(count, tokens, tokens)
        steps = values[:, :, 1:] - values[:, :, :-1]
        seen = np.tril(np.ones((tokens, tokens), dtype=bool))[:, 1:]
        exact = np.asarray(alibi_slopes(count, dtype="float64"))
        error_ = np.abs(steps - exact[:, None, None])[:, seen]
        # Each entry is a slope times a distance of at most T, rounded; two of them are subtracted.
        magnitude = exact[:, None] * tokens
        bound = slope_bound(exact, dtype)[:, None] * 2 * tokens + 4 * unit_roundoff(dtype) * magnitude
        ratio = error_ / bound
        where = np.unravel_index(int(np.argmax(np.where(np.isnan(ratio), np.inf, ratio))), ratio.shape)
        heads[count] = int(where[0])
        rows.append((count, float(error_[where]), float(np.broadcast_to(bound, ratio.shape)[where])))
        middle = steps[:, -1, tokens // 2]
        differences[count] = middle.astype(np.float32)
        last[count] = values[:, -1, :]
    run.describe(dtype, sign=1, scale=1.0)
    error = np.array([r[1] for r in rows])
    limit = np.array([r[2] for r in rows])
    bad = [r[0] for r in rows if not r[1] <= r[2]]
    if bad:
        cause = _cause(differences, bad, 1)
        if cause == NONE_KNOWN:
            cause = _narrow_bias(last)
        flipped = {n: -d for n, d in differences.items()}
        if all(np.abs(flipped[n] - np.asarray(alibi_slopes(n, dtype="float64"))).max() < 1e-3 for n in flipped):
            cause = "the bias grows with the distance: its sign is changed"
    run.judge(
        "alibi.bias", dtype, error, limit, positions=np.array([r[0] for r in rows]), diagnosis=cause,
        snippet=_bias_snippet(run, bad[0], heads[bad[0]], tokens) if bad else None,
        message="differences along the keys under the causal mask, by number of heads",
    )  # fmt: skip


def _narrow_bias(last: dict[int, np.ndarray]) -> str:
    """Whether slopes and products, rounded to a narrow format, give the last query's bias [heads, T]."""
    for fmt in ("bfloat16", "float16"):
        for counted, origin in (("from the first key", 0), ("from the query", 1)):
            agrees = []
            for count, values in last.items():
                distance = np.arange(values.shape[1]) - origin * (values.shape[1] - 1)
                slopes = round_to(np.asarray(alibi_slopes(count, dtype="float64")), fmt)
                predicted = round_to(slopes[:, None] * distance, fmt)
                agrees.append((np.abs(predicted - values) <= 1e-6 * np.abs(values)).mean() > 0.98)
            if all(agrees):
                return f"the bias is computed in {fmt}, counted {counted}: slopes and products are rounded to it"
    return NONE_KNOWN


def _bias_snippet(run: Run, heads: int, head: int, tokens: int) -> str:
    """The steps along the keys in the last query's row, of one head."""
    target = run.session.target
    values = f"np.asarray({target.call_name}({heads}, {tokens}))"
    if run.session.backend == "torch":
        values = f"{target.call_name}({heads}, {tokens}).double().numpy()"
    exact = float(np.asarray(alibi_slopes(heads, dtype="float64"))[head])
    return "\n".join(
        [
            "import numpy as np",
            target.import_lines,
            f"last = {values}.reshape({heads}, -1, {tokens})[{head}, -1]",
            f"print(np.diff(last))  # expected {exact:.9g} everywhere",
        ]
    )


def _snippet(run: Run, heads: int, head: int) -> str:
    target = run.session.target
    values = f"np.asarray({target.call_name}({heads}), dtype=float)"
    if run.session.backend == "torch":
        values = f"{target.call_name}({heads}).double().numpy()"
    exact = float(np.asarray(alibi_slopes(heads, dtype="float64"))[head])
    return "\n".join(
        [
            "import numpy as np",
            target.import_lines,
            f"print({values}.reshape(-1)[{head}])  # expected {exact:.9g}",
        ]
    )
