"""The checker of shapes, scopes and softmax axes: what fits, what is refused, and the smallest sizes that show it."""

from __future__ import annotations

import pytest

from symcheck.prove import typecheck as types

x, p, x_n = types.vector("x", "d", "m"), types.vector("p", "d", "m"), types.vector("x", "d", "n")
q, k = types.vector("q", "d_k", "m"), types.vector("k", "d_k", "n")
W_Q, W_K = types.array("W_Q", "d", "d_k"), types.array("W_K", "d", "d_k")
TOGETHER = [["x", "p"], ["q", "k"]]
ROWS, COLUMNS = (dict.fromkeys("xpqk", o) for o in ("row", "column"))


@pytest.mark.parametrize("formula, orientation", [
    (q == (x + p) @ W_Q, ROWS), (q == W_Q.T @ (x + p), COLUMNS),
    ((q @ k.T) == (x + p) @ W_Q @ W_K.T @ x_n.T, ROWS), ((q.T @ k) == (x + p).T @ W_Q @ W_K.T @ x_n, COLUMNS),
    (types.number("α", "i", "j") == types.Softmax(types.number("a", "i", "j"), "j"), {}),
    (types.number("o", "i") == types.Sum("j", types.number("α", "i", "j") @ types.number("v", "j")), {}),
])  # fmt: skip
def test_well_typed_formulas_fit(formula, orientation):
    judgement = types.judge(formula, orientation)
    assert judgement.fits, str(judgement)
    assert judgement.trace


@pytest.mark.parametrize("formula, orientation, reason", [
    (q == (x + p) @ W_Q, COLUMNS, "x_m + p_m is d × 1, W_Q is d × d_k: they cannot be multiplied"),
    ((q.T @ k) == types.number("a", "m", "n"), ROWS, "the left side is d_k × d_k, the right side a number"),
    (x + p, {"x": "row", "p": "column"}, "they cannot be added"),
    (x == p, {"x": "row"}, "is p a row or a column?"),
    (types.number("a") == types.Softmax(types.number("b")), {}, "no index is left to normalise over"),
    (types.number("α", "i", "j") == types.Softmax(types.number("a", "i", "j")), {}, "whether it runs over j or i"),
    (types.Softmax(types.number("a", "i"), "j"), {}, "does not depend on j"),
    (types.number("p", "1") == types.Function("sin", (types.number("θ", "i"),)), {}, "i is free on the right"),
    (types.Sum("j", types.number("a", "i")), {}, "depends on the index j"),
    (types.Function("sin", (W_Q,)), {}, "W_Q is d × d_k, not a number"),
])  # fmt: skip
def test_misfits_are_refused_with_the_reason(formula, orientation, reason):
    seen = types.judge(formula, orientation)
    assert not seen.fits
    assert reason in seen.refusal


def test_mixed_conventions_fit_in_no_orientation_and_the_smallest_sizes_are_found():
    score = (q.T @ k) == types.number("a", "m", "n")
    refused, seen = types.no_orientation(q == (x + p) @ W_Q, score, together=TOGETHER)
    assert refused
    assert "d = 1, d_k = 2" in seen
    fits, _ = types.no_orientation(q == W_Q.T @ (x + p), score, together=TOGETHER)
    assert not fits


def test_equal_sizes_can_make_a_formula_fit():
    product = types.array("A", "m", "n") @ types.array("B", "k", "n")
    assert not types.judge(product).fits
    assert types.judge(product, sizes={"n": 3, "k": 3, "m": 2}).fits
