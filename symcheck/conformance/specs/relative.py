"""The `relative` specification: scores of relative schemes.

Shaw: score(q[n, d], k[n, d], table[2 K + 1, d]) -> [n, n]. Transformer-XL: score(q[n, d], k[m, d], r[m, d],
u[d], v[d]) -> [n, m], r[t] the encoding of distance m - 1 - t, the last query at the last key.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symcheck.conformance import snippets
from symcheck.conformance.bounds import unit_roundoff
from symcheck.conformance.diagnosis import NONE_KNOWN
from symcheck.conformance.identities import BATCH, batch, right_side, sides
from symcheck.conformance.run import FLOATS, Run, Stop, as_float, only_array, rounded
from symcheck.conformance.runner import TargetError
from symcheck.kernels.bounds import score_bound
from symcheck.kernels.relative import relative_positions, shaw_scores, transformer_xl_scores

TOKENS, DIM, REACH = 9, 8, 3
#: What the rows compare with: the right-hand sides of these theorems.
SHAW, LOOKED_UP, TRANSFORMER_XL = "shaw.score", "shaw.relative", "logits.transformer_xl"
for _name in (SHAW, LOOKED_UP, TRANSFORMER_XL):
    sides(_name)


def run(run: Run) -> None:
    """The published scores, clipping or the shift, and dependence on the offset alone."""
    required = [p for p in run.session.parameters or [] if p["kind"] == "plain" and p["required"]]
    kind = "transformer-xl" if len(required) >= 5 else "shaw"
    worked = False
    for dtype in run.dtypes:
        try:
            (_shaw if kind == "shaw" else _xl)(run, dtype)
            worked = True
        except TargetError as error:
            foreign = worked or (dtype == "bfloat16" and run.session.backend == "numpy")
            run.row("relative.call", "not-applicable" if foreign else "error", dtype, message=str(error))
            if error.kind in ("timeout", "died", "memory", "protocol"):
                raise Stop from None
    run.inherit(("relative.shaw", "relative.transformer-xl"))


def _call(run: Run, shape: tuple[int, int], *arguments: np.ndarray) -> np.ndarray:
    out = only_array(run.fresh()(*arguments))
    if out.shape != shape:
        raise TargetError("shape", f"returned shape {out.shape}, expected {shape}")
    if out.dtype.name not in FLOATS:
        raise TargetError("dtype", f"returned {out.dtype.name}")
    return as_float(out)


def _bound(q: np.ndarray, k: np.ndarray, others: list[np.ndarray], dtype: str) -> float:
    """A score is a dot product of d entries for each part, and the sum of the parts."""
    largest = max(float(np.abs(q).sum(axis=-1).max()), 1.0) * max(float(np.abs(a).max()) for a in (k, *others))
    parts = 1 + len(others)
    return parts * score_bound(DIM * parts, parts * largest, dtype) + 2 * unit_roundoff(dtype) * largest


def _judge(
    run: Run,
    dtype: str,
    id: str,
    out: np.ndarray,
    exact: np.ndarray,
    bound: float,
    causes: Iterator[tuple[str, np.ndarray]],
    visible: np.ndarray,
) -> None:
    if "output_dtype" not in run.measured:
        run.describe(dtype)
    # A common factor of all scores is 1 or 1/sqrt(d): a convention.
    scales = {"1/sqrt(d)": 1.0, "1": float(np.sqrt(DIM))}
    chosen = next(
        (n for n, f in scales.items() if (np.abs(out[visible] - f * exact[visible]) <= f * bound).all()),
        "1/sqrt(d)",
    )
    factor = scales[chosen]
    run.measured["scale"] = chosen
    error = np.abs(np.where(visible, out, 0.0) - factor * np.where(visible, exact, 0.0))
    cause = None
    if not (error <= factor * bound).all():
        cause = NONE_KNOWN
        for name, wrong in causes:
            for f in scales.values():
                if (np.abs(out[visible] - f * wrong[visible]) <= f * bound).all():
                    cause = name
                    break
            if cause != NONE_KNOWN:
                break
    run.judge(
        id, dtype, error, factor * bound, positions=np.arange(len(out)), unit=unit_roundoff(dtype),
        diagnosis=cause, message=f"scores scaled by {chosen}",
        snippet=None if cause is None else _snippet(run, dtype, id, factor, factor * bound),
    )  # fmt: skip


def _snippet(run: Run, dtype: str, id: str, factor: float, bound: float) -> str:
    """Scores of random vectors beside those of the kernel."""
    if id == "relative.transformer-xl":
        setup = [
            f"q = g.standard_normal(({TOKENS}, {DIM})); k, r = g.standard_normal((2, {TOKENS + 3}, {DIM}))",
            f"u, v = g.standard_normal((2, {DIM}))",
            "seen = np.isfinite(exact(q, k, r, u, v))",
        ]
        return snippets.compared(
            run.session, dtype, "relative.transformer_xl_scores", setup, "a(q), a(k), a(r), a(u), a(v)",
            f"{factor:.9g} * exact(q, k, r, u, v)[seen]", bound, "b({})[seen]",
        )  # fmt: skip
    setup = [
        f"q, k = g.standard_normal((2, {TOKENS}, {DIM})); w = g.standard_normal(({2 * REACH + 1}, {DIM}))",
        *(["q = k = np.repeat(q[:1], len(q), axis=0)"] if id == "relative.offset" else []),
        f"offset = np.arange({TOKENS}) - np.arange({TOKENS})[:, None]  # key minus query",
    ]
    return snippets.compared(
        run.session, dtype, "relative.shaw_scores", setup, "a(q), a(k), a(w)",
        f"{factor:.9g} * exact(q, k, w, offset)", bound, "b({})",
    )  # fmt: skip


def _shaw(run: Run, dtype: str) -> None:
    q, k = (rounded(run.random.standard_normal((TOKENS, DIM)), dtype) for _ in range(2))
    table = rounded(run.random.standard_normal((2 * REACH + 1, DIM)), dtype)
    out = _call(run, (TOKENS, TOKENS), q, k, table)
    q64, k64, t64 = as_float(q), as_float(k), as_float(table)
    relative = np.asarray(relative_positions(np.arange(TOKENS), np.arange(TOKENS)))

    def scores(moved: np.ndarray) -> np.ndarray:
        return np.asarray(shaw_scores(q64, k64, t64, moved))

    def causes() -> Iterator[tuple[str, np.ndarray]]:
        yield "the offset is query minus key: the table is read backwards", scores(-relative)
        yield "the offset is shifted by one", scores(relative + 1)
        yield "the offset is shifted by one", scores(relative - 1)
        wrapped = (relative + REACH) % (2 * REACH + 1) - REACH
        yield "the offset wraps around instead of being clipped", scores(wrapped)
        yield "the offset is clipped one too early", scores(np.clip(relative, 1 - REACH, REACH - 1))
        yield "the position part is missing", np.asarray(shaw_scores(q64, k64, 0 * t64, relative))
        yield "the content part is missing", np.asarray(shaw_scores(q64, 0 * k64, t64, relative))
        yield "the position part meets the key, not the query", np.asarray(shaw_scores(k64, q64, t64, -relative)).T

    visible = np.ones((TOKENS, TOKENS), dtype=bool)
    bound = _bound(q64, k64, [t64], dtype)
    _judge(run, dtype, "relative.shaw", out, _shaw_by_theorem(q64, k64, t64), bound, causes(), visible)
    # With one and the same token everywhere, scores depend on the clipped offset alone.
    same = np.repeat(q[:1], TOKENS, axis=0)
    level = _call(run, (TOKENS, TOKENS), same, same, table)
    clipped = np.clip(relative, -REACH, REACH)
    spread = np.array([np.ptp(level[clipped == offset]) for offset in range(-REACH, REACH + 1)])
    limit = 2 * np.sqrt(DIM) * _bound(as_float(same), as_float(same), [t64], dtype)
    run.judge(
        "relative.offset", dtype, spread, limit, positions=np.arange(-REACH, REACH + 1),
        message=f"one token everywhere: the score is a function of the offset clipped to {REACH}",
        diagnosis=NONE_KNOWN if (spread > limit).any() else None,
        snippet=_snippet(run, dtype, "relative.offset", 1.0, float(limit)) if (spread > limit).any() else None,
    )  # fmt: skip


def _shaw_by_theorem(q: np.ndarray, k: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The right side of shaw.score, with the vectors that shaw.relative looks up in the table by offset.

    Queries are the first TOKENS rows of X under W_Q = 1 and keys the others: its projections are the identity.
    """
    values = {"k": REACH, "t": 0, "w": lambda offset, c: table[(offset + REACH).astype(int), c]}
    vectors = right_side(LOOKED_UP, values, {"i": TOKENS, "j": TOKENS, "c": DIM})
    # Query i is row i of X, key j row TOKENS + j; only these entries of A are asked for.
    whole = np.zeros((TOKENS, 2 * TOKENS, DIM))
    whole[:, TOKENS:] = vectors
    values = {"d": DIM, "d_k": DIM, "X": np.concatenate([q, k]), "W_Q": np.eye(DIM), "W_K": np.eye(DIM), "A": whole}
    return right_side(SHAW, values, {"i": TOKENS, "j": 2 * TOKENS})[:, TOKENS:]


def _xl_by_theorem(q: np.ndarray, k: np.ndarray, r: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The right side of logits.transformer_xl over sqrt(d), where row t of r encodes the distance m - 1 - t.

    The last query stands at the last key, so query i is at position m - n + i; keys after it are not seen.
    """
    tokens, keys = len(q), len(k)
    query, key = np.nonzero(np.tril(np.ones((tokens, keys), dtype=bool), keys - tokens))
    values = batch({"q": q[query], "k": k[key], "m": keys - tokens + query, "n": key})
    values.update(d_k=DIM, u=u, v=v, R=lambda distance, c: r[(keys - 1 - distance).astype(int), c])
    out = np.full((tokens, keys), -np.inf)
    out[query, key] = right_side(TRANSFORMER_XL, values, {BATCH: len(query)}) / np.sqrt(DIM)
    return out


def _xl(run: Run, dtype: str) -> None:
    keys = TOKENS + 3
    q = rounded(run.random.standard_normal((TOKENS, DIM)), dtype)
    k, r = (rounded(run.random.standard_normal((keys, DIM)), dtype) for _ in range(2))
    u, v = (rounded(run.random.standard_normal(DIM), dtype) for _ in range(2))
    out = _call(run, (TOKENS, keys), q, k, r, u, v)
    q64, k64, r64, u64, v64 = (as_float(a) for a in (q, k, r, u, v))

    def scores(**changed: np.ndarray) -> np.ndarray:
        a = {"q": q64, "k": k64, "r": r64, "u": u64, "v": v64, **changed}
        return np.asarray(transformer_xl_scores(a["q"], a["k"], a["r"], a["u"], a["v"]))

    exact = _xl_by_theorem(q64, k64, r64, u64, v64)
    visible = np.isfinite(exact)

    def causes() -> Iterator[tuple[str, np.ndarray]]:
        yield "the table of distances is read backwards", scores(r=r64[::-1])
        yield "u and v are exchanged", scores(u=v64, v=u64)
        yield "the content bias u is missing", scores(u=0 * u64)
        yield "the position bias v is missing", scores(v=0 * v64)
        unshifted = ((q64 + u64) @ k64.T + (q64 + v64) @ r64.T) / np.sqrt(DIM)
        yield "the relative shift is missing", unshifted
        yield "the shift is off by one", scores(r=np.roll(r64, 1, axis=0))
        yield "the shift is off by one", scores(r=np.roll(r64, -1, axis=0))

    bound = _bound(np.abs(q64) + np.abs(u64) + np.abs(v64), k64, [r64], dtype)
    _judge(run, dtype, "relative.transformer-xl", out, exact, bound, causes(), visible)
