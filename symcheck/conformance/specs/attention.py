"""The `attention` specification: attention(q[n, d], k[n, d], v[n, dv][, mask[n, n]]) -> [n, dv].

The mask, where there is one, is boolean, True where a query may see a key.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from symcheck.conformance import snippets
from symcheck.conformance.bounds import unit_roundoff
from symcheck.conformance.diagnosis import NONE_KNOWN
from symcheck.conformance.identities import residual, sides
from symcheck.conformance.run import FLOATS, Run, Stop, as_float, only_array, rounded
from symcheck.conformance.runner import Instance, TargetError
from symcheck.kernels.attention import attention as exact_attention
from symcheck.kernels.attention import causal_mask
from symcheck.kernels.bounds import attention_bound
from symcheck.numerics import Indexed

TOKENS, DIM = 7, 8
#: The theorems that are properties here, each with the constant that the target stands in for.
UNMASKED, MASKED = ("attention.equivariance", "attention"), ("attention.masked_equivariance", "masked_attention")
for _name, _ in (UNMASKED, MASKED):
    sides(_name)


def run(run: Run) -> None:
    """The formula, permutation equivariance, and which masks keep it."""
    instance = run.fresh()
    required = [p for p in run.session.parameters or [] if p["kind"] == "plain"]
    masked = len(required) >= 4
    worked = False
    for dtype in run.dtypes:
        try:
            everything = [np.ones((TOKENS, TOKENS), dtype=bool)] if masked else []
            out = _call(instance, *_inputs(run, dtype), *everything)
        except TargetError as error:
            foreign = worked or (dtype == "bfloat16" and run.session.backend == "numpy")
            run.row("attention.call", "not-applicable" if foreign else "error", dtype, message=str(error))
            if error.kind in ("timeout", "died", "memory", "protocol"):
                raise Stop from None
            continue
        if not worked:
            run.describe(out.dtype.name)
        worked = True
        _formula(run, instance, dtype, masked)
        _equivariance(run, instance, dtype, masked)


def _inputs(run: Run, dtype: str) -> list[np.ndarray]:
    return [rounded(run.random.standard_normal((TOKENS, DIM)), dtype) for _ in range(3)]


def _call(instance: Instance, *arguments: np.ndarray) -> np.ndarray:
    out = only_array(instance(*arguments))
    if out.shape != (arguments[0].shape[0], arguments[2].shape[1]):
        raise TargetError("shape", f"returned shape {out.shape}")
    if out.dtype.name not in FLOATS:
        raise TargetError("dtype", f"returned {out.dtype.name}")
    return out


def _bound(dtype: str, q: np.ndarray, k: np.ndarray, v: np.ndarray) -> float:
    """`attention_bound` with the arithmetic in the input's dtype; infinite where that dtype decides nothing."""
    magnitude = float((np.abs(as_float(q)) @ np.abs(as_float(k)).T).max())
    try:
        return attention_bound(TOKENS, DIM, magnitude, float(np.abs(as_float(v)).max()), dtype, compute_dtype=dtype)
    except ValueError:
        return float("inf")


def _formula(run: Run, instance: Instance, dtype: str, masked: bool) -> None:
    q, k, v = _inputs(run, dtype)
    masks: list[tuple[str, np.ndarray | None]] = [("no mask", None)]
    if masked:
        masks = [
            ("everything seen", np.ones((TOKENS, TOKENS), dtype=bool)),
            ("causal mask", np.asarray(causal_mask(TOKENS))),
        ]
    for name, mask in masks:
        extra = [] if mask is None else [mask]
        out = as_float(_call(instance, q, k, v, *extra))
        exact = np.asarray(exact_attention(as_float(q), as_float(k), as_float(v), mask=mask))
        error = np.abs(out - exact)
        bound = _bound(dtype, q, k, v)
        cause = None
        if not (error <= bound).all():
            cause = _cause(as_float(q), as_float(k), as_float(v), mask, out, bound)
        run.judge(
            "attention.formula", dtype, error, bound, positions=np.arange(TOKENS), message=name,
            unit=unit_roundoff(dtype), diagnosis=cause,
            snippet=None if cause is None else _snippet(run, dtype, mask, bound),
        )  # fmt: skip


def _snippet(run: Run, dtype: str, mask: np.ndarray | None, bound: float, order: np.ndarray | None = None) -> str:
    """The output beside the definition's, or that of exchanged tokens beside the exchanged output."""
    setup = [f"q, k, v = g.standard_normal((3, {TOKENS}, {DIM}))"]
    arguments, known = "a(q), a(k), a(v)", "None"
    if mask is not None:
        setup.append(f"mask = np.array({mask.astype(int).tolist()}, bool)")
        known = "mask"
        arguments += ", torch.tensor(mask)" if run.session.backend == "torch" else ", mask"
    exact = f"exact(q, k, v, mask={known})"
    if order is not None:
        setup.append(f"s = {order.tolist()}")
        moved = arguments.replace("a(q), a(k), a(v)", "a(q[s]), a(k[s]), a(v[s])")
        exact = f"b({run.session.target.call_name}({arguments}))[s]"
        arguments = moved
    return snippets.compared(run.session, dtype, "attention.attention", setup, arguments, exact, bound, "b({})")


def _cause(q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray | None, out: np.ndarray, bound: float) -> str:
    causal = np.asarray(causal_mask(TOKENS))
    inverted = None if mask is None else ~mask
    candidates: list[tuple[str, dict[str, Any]]] = [
        ("the scale 1/sqrt(d) is missing", {"mask": mask, "scale": 1.0}),
        ("the scale is 1/d, not 1/sqrt(d)", {"mask": mask, "scale": 1.0 / DIM}),
        ("the mask is ignored", {"mask": None}),
        ("the mask is inverted", {"mask": inverted}),
        ("a causal mask is applied although none was given", {"mask": causal}),
        ("the causal mask hides the token itself", {"mask": np.tril(np.ones((TOKENS, TOKENS), bool), -1)}),
        ("the causal mask looks one token ahead", {"mask": np.tril(np.ones((TOKENS, TOKENS), bool), 1)}),
        ("the mask is transposed", {"mask": None if mask is None else mask.T}),
    ]
    for name, options in candidates:
        if (np.abs(np.asarray(exact_attention(q, k, v, **options)) - out) <= bound).all():
            return name
    scores = q @ k.T / np.sqrt(DIM)
    columns = np.exp(scores - scores.max(axis=0)) / np.exp(scores - scores.max(axis=0)).sum(axis=0)
    if mask is None and (np.abs(columns @ v - out) <= bound).all():
        return "the softmax runs over the queries, not over the keys"
    return NONE_KNOWN


def _bias_cause(run: Run, instance: Instance, q: np.ndarray, k: np.ndarray, dtype: str) -> str:
    """Whether the logarithms of the weights differ from the scores by a function of the offset alone."""
    eye = rounded(np.eye(TOKENS), dtype)
    weights = as_float(_call(instance, q, k, eye, np.ones((TOKENS, TOKENS), dtype=bool)))
    if not (weights > 0).all():
        return NONE_KNOWN
    extra = np.log(weights) - as_float(q) @ as_float(k).T / np.sqrt(DIM)
    # A row's constant is invisible to the softmax: compare differences along the keys.
    steps = np.diff(extra, axis=1)
    offsets = np.arange(1, TOKENS)[None, :] - np.arange(TOKENS)[:, None]
    limit = 4 * _bound(dtype, q, k, eye) / weights.min()
    toeplitz = all(np.ptp(steps[offsets == o]) <= limit for o in np.unique(offsets))
    if toeplitz and np.abs(steps).max() > limit:
        return "a bias that depends on the relative position is added to the scores"
    return NONE_KNOWN


def _equivariance(run: Run, instance: Instance, dtype: str, masked: bool) -> None:
    """attention.equivariance and attention.masked_equivariance, with the target in place of the definition."""
    x = rounded(run.random.standard_normal((TOKENS, DIM)), dtype)
    # Weights whose products are exact in every format: signed selections of coordinates.
    weights = [np.eye(DIM)[run.random.permutation(DIM)] * run.random.choice([-1.0, 1.0], DIM) for _ in range(3)]
    seen = [(np.ones((TOKENS, TOKENS), dtype=bool), "everything seen")]
    if masked:
        band = np.abs(np.arange(TOKENS)[:, None] - np.arange(TOKENS)[None, :]) <= 2
        seen += [(np.asarray(causal_mask(TOKENS)), "causal mask"), (band, "band mask")]
    for mask, name in seen:
        for order, label in _permutations(run, mask):
            values = {"n": TOKENS, "d": DIM, "d_k": DIM, "s": order, "X": as_float(x)}
            values.update(zip(("W_Q", "W_K", "W_V"), weights, strict=True))

            def whole(*leading: Any, mask: np.ndarray = mask) -> np.ndarray:
                rows = leading[-4].table(TOKENS, DIM)
                q, k, v = (rounded(np.asarray(rows) @ w, dtype) for w in weights)
                extra = [mask] if masked else []
                return as_float(_call(instance, q, k, v, *extra))

            theorem, constant = MASKED if masked else UNMASKED
            if masked:
                values["B"] = mask.astype(float)
            error = residual(theorem, values, {constant: Indexed(whole, indices=2)}, {"i": TOKENS, "c": DIM})
            q, k, v = (rounded(as_float(x) @ w, dtype) for w in weights)
            bound = 2 * _bound(dtype, q, k, v)
            cause = None
            if not (error <= bound).all():
                cause = NONE_KNOWN
                out = as_float(_call(instance, q, k, v, *([mask] if masked else [])))
                if masked:
                    cause = _bias_cause(run, instance, q, k, dtype)
                else:
                    cause = _cause(as_float(q), as_float(k), as_float(v), None, out, bound)
            run.judge(
                theorem, dtype, error, bound, positions=np.arange(TOKENS), diagnosis=cause,
                message=f"{name}, {label}", unit=unit_roundoff(dtype),
                snippet=None if cause is None else _snippet(run, dtype, mask if masked else None, bound, order),
            )  # fmt: skip
        if masked and not mask.all():
            _witness(run, instance, dtype, mask, name, x)


def _permutations(run: Run, mask: np.ndarray) -> list[tuple[np.ndarray, str]]:
    """Permutations that leave the mask as it is."""
    found = []
    for order, label in (
        (run.random.permutation(TOKENS), "a random permutation"),
        (np.arange(TOKENS)[::-1].copy(), "the reversal"),
        (np.arange(TOKENS), "the identity"),
    ):
        if np.array_equal(mask[np.ix_(order, order)], mask):
            found.append((order, label))
    return found


def _witness(run: Run, instance: Instance, dtype: str, mask: np.ndarray, name: str, x: np.ndarray) -> None:
    """A mask that a permutation changes does break equivariance: the smallest exchange that shows it."""
    whole = as_float(_call(instance, x, x, x, mask))
    for a in range(TOKENS - 1):
        order = np.arange(TOKENS)
        order[[a, a + 1]] = order[[a + 1, a]]
        moved = as_float(_call(instance, x[order], x[order], x[order], mask))
        if np.abs(moved - whole[order]).max() > 2 * _bound(dtype, x, x, x):
            run.row(
                "attention.mask-order",
                "not-applicable",
                dtype,
                message=f"{name}: exchanging tokens {a} and {a + 1} does not commute with it, as P M P^T != M",
            )
            return
