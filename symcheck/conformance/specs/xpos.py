"""The `xpos` specification: rotate(q[T, d], k[T, d], positions[T]) -> (q', k') with a decay in the scores."""

from __future__ import annotations

import numpy as np

from symcheck.conformance import snippets
from symcheck.conformance.bounds import unit_roundoff
from symcheck.conformance.diagnosis import NONE_KNOWN
from symcheck.conformance.identities import BATCH, batch, right_side, sides
from symcheck.conformance.run import FLOATS, Run, Stop, as_float, random_vectors
from symcheck.conformance.runner import Instance, TargetError
from symcheck.kernels.bounds import xpos_bound
from symcheck.kernels.frequencies import inverse_frequencies
from symcheck.kernels.rope import pair_coordinates
from symcheck.kernels.xpos import rotate_xpos, xpos_log_rates

TOKENS = 48
#: Its right side, at a query whose pairs have decayed by zeta^(n - m), is the score that the rows compare with.
THEOREM = "rope.relative"
sides(THEOREM)


def run(run: Run) -> None:
    """The published scores, dependence on the offset alone, and reciprocal factors of queries and keys."""
    instance = run.fresh()
    dim = int(run.expects("dim", 64))
    worked = False
    for dtype in run.dtypes:
        try:
            _judge(run, instance, dim, dtype)
            worked = True
        except TargetError as error:
            foreign = worked or (dtype == "bfloat16" and run.session.backend == "numpy")
            run.row("xpos.call", "not-applicable" if foreign else "error", dtype, message=str(error))
            if error.kind in ("timeout", "died", "memory", "protocol"):
                raise Stop from None


def _call(instance: Instance, q: np.ndarray, k: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, ...]:
    results = instance(q, k, positions)
    if len(results) != 2:
        raise TargetError("returned", f"returned {len(results)} arrays where (q, k) was expected")
    for out in results:
        if out.shape != q.shape:
            raise TargetError("shape", f"returned shape {out.shape} for {q.shape}")
        if out.dtype.name not in FLOATS:
            raise TargetError("dtype", f"returned {out.dtype.name}")
    return tuple(as_float(out) for out in results)


def _judge(run: Run, instance: Instance, dim: int, dtype: str) -> None:
    q, k = (random_vectors(run.random, TOKENS, dim, dtype) for _ in range(2))
    positions = np.arange(TOKENS)
    q_out, k_out = _call(instance, q, k, positions)
    scores = q_out @ k_out.T
    base = float(run.expects("base", 10000.0))
    thetas = np.asarray(inverse_frequencies(dim, base))
    gamma, unit = float(run.expects("gamma", 0.4)), float(run.expects("scale_base", 512.0))

    def exact(
        layout: str, scale_base: float = unit, query_grows: bool = True, g: float = gamma, alike: bool = False
    ) -> np.ndarray:
        turned = [
            np.asarray(
                rotate_xpos(
                    as_float(x), positions, thetas, key=key, layout=layout, gamma=g, scale_base=scale_base,
                    centre=TOKENS // 2,
                )
            )
            for x, key in ((q, not query_grows), (k, query_grows and not alike))
        ]  # fmt: skip
        return turned[0] @ turned[1].T

    bound = _bound(positions, thetas, q, k, dtype, gamma, unit)
    layouts = ("interleaved", "half")
    by_theorem = {name: _scores(as_float(q), as_float(k), positions, thetas, name, gamma, unit) for name in layouts}
    layout = min(layouts, key=lambda name: np.abs(scores - by_theorem[name]).max())
    error = np.abs(scores - by_theorem[layout])
    cause = None
    if not (error <= bound).all():
        cause = NONE_KNOWN
        for name in layouts:
            for text, wrong in (
                ("queries and keys are scaled the same way round: the decay is a growth", exact(name, unit, False)),
                ("queries and keys are scaled alike, not reciprocally", exact(name, alike=True)),
                ("the factor is missing: plain rotary", exact(name, 1e12)),
                ("the factor is applied per token, not per scale_base tokens", exact(name, 1.0)),
                ("scale_base is 256", exact(name, 256.0)),
                ("scale_base is 1024", exact(name, 1024.0)),
                ("the smallest factor is not (0 + 0.4)/1.4: gamma is 0", exact(name, unit, True, 1e-9)),
            ):
                if cause == NONE_KNOWN and (np.abs(scores - wrong) <= bound).all():
                    cause = text
    if "output_dtype" not in run.measured:
        run.describe(dtype, layout=layout if cause is None else None, sign=1, frequencies="paper")
        run.measured.update(gamma=gamma, scale_base=unit)
    run.judge(
        "xpos.formula", dtype, error, bound, positions=positions, unit=unit_roundoff(dtype), diagnosis=cause,
        message="scores q_m . k_n",
        snippet=None if cause is None else _snippet(run, dtype, dim, layout, base, gamma, unit, float(bound.max())),
    )  # fmt: skip
    # One and the same query and key everywhere: scores are constant along the diagonals.
    same_q, same_k = np.repeat(q[:1], TOKENS, axis=0), np.repeat(k[:1], TOKENS, axis=0)
    a, b = _call(instance, same_q, same_k, positions)
    level = a @ b.T
    spread = np.array([np.ptp(np.diagonal(level, offset)) for offset in range(1 - TOKENS, TOKENS)])
    limit_of = _bound(positions, thetas, same_q, same_k, dtype, gamma, unit)
    limit = np.array([2 * np.diagonal(limit_of, offset).max() for offset in range(1 - TOKENS, TOKENS)])
    run.judge(
        "xpos.relative", dtype, spread, limit, positions=np.arange(1 - TOKENS, TOKENS),
        message="scores depend on the offset only", diagnosis=cause if (spread > limit).any() else None,
        snippet=_snippet(run, dtype, dim, layout, base, gamma, unit, float(bound.max())) if (spread > limit).any() else None,
    )  # fmt: skip


def _snippet(run: Run, dtype: str, dim: int, layout: str, base: float, gamma: float, unit: float, bound: float) -> str:
    """Scores of random vectors beside those of the kernel."""
    setup = [
        f"q, k = g.standard_normal((2, {TOKENS}, {dim})); p = np.arange({TOKENS})",
        f"thetas = {base:.9g} ** (-np.arange(0, {dim}, 2) / {dim})",
        f"turned = lambda x, key: exact(x, p, thetas, key=key, layout={layout!r}, gamma={gamma:g}, scale_base={unit:g})",
    ]
    positions = "torch.tensor(p)" if run.session.backend == "torch" else "p"
    return snippets.compared(
        run.session, dtype, "xpos.rotate_xpos", setup, f"a(q), a(k), {positions}", "turned(q, False) @ turned(k, True).T",
        bound, "(lambda t: b(t[0]) @ b(t[1]).T)({})",
    )  # fmt: skip


def _scores(
    q: np.ndarray, k: np.ndarray, positions: np.ndarray, thetas: np.ndarray, layout: str, gamma: float, unit: float
) -> np.ndarray:
    """[T, T]: <zeta^(m - n) q_m, R_(n - m) k_n>, the right side of rope.relative, zeta pair by pair.

    A query scaled by zeta^m and a key by zeta^(-n) meet in the factor zeta^(m - n) of each pair.
    """
    count = len(positions)
    order = np.array([list(c) for c in pair_coordinates(q.shape[1], layout)]).T.reshape(-1)
    m, n = (grid.reshape(-1) for grid in np.meshgrid(positions, positions, indexing="ij"))
    rates = np.repeat(np.asarray(xpos_log_rates(len(thetas), gamma=gamma, scale_base=unit)), 2)
    decayed = np.exp(rates * (m - n)[:, None]) * q[:, order].repeat(count, axis=0)
    values = {"h": len(thetas), "theta": thetas}
    values |= batch({"q": decayed, "k": np.tile(k[:, order], (count, 1)), "m": m, "n": n})
    return right_side(THEOREM, values, {BATCH: count * count}).reshape(count, count)


def _bound(
    positions: np.ndarray, thetas: np.ndarray, q: np.ndarray, k: np.ndarray, dtype: str, gamma: float, unit: float
) -> np.ndarray:
    """[T, T]: pair by pair, the errors of the two rotated pairs in the product of their scaled norms."""
    centred = positions - len(positions) // 2
    rates = xpos_log_rates(len(thetas), gamma=gamma, scale_base=unit)
    # The positions are as far from the centre at worst; the factor and its error are monotone in that.
    furthest = float(np.abs(centred).max())
    each = np.array(
        [
            xpos_bound(furthest, t, -abs(r), 1.0, dtype, angle_dtype="float32", compute_dtype=dtype)
            / np.exp(-abs(r) * furthest)
            for t, r in zip(thetas.tolist(), rates, strict=True)
        ]
    )
    # Other code computes zeta and its power in float32 too: pow within 4 ulp twice, and two products.
    each = each + 24 * unit_roundoff("float32") + 4 * unit_roundoff(dtype)
    growth = np.exp(np.abs(np.array(rates)) * 2 * furthest)
    half = len(thetas)
    norms = []
    for x in (as_float(q), as_float(k)):
        both = np.hypot(x[:, 0::2], x[:, 1::2]) if x.shape[1] == 2 * half else np.abs(x)
        other = np.hypot(x[:, :half], x[:, half:])
        norms.append(np.maximum(both.max(axis=0), other.max(axis=0)))
    total = ((2 * each + each**2) * growth * norms[0] * norms[1]).sum()
    return np.full((len(positions), len(positions)), float(total))
