"""Two tokens change places: what attention under the causal mask, and three products with codes, make of it.

Source: Su, kexue.fm/archives/8231, comments of 2021-09-25. With tokens x and y in this order the rows of the
output are (u, v), in the other order (m, n). Under the causal mask the first row is the value of the first token.
"""

from __future__ import annotations

from fractions import Fraction

from derivations.attention import (
    SWAP,
    WEIGHTS,
    X,
    c,
    causal,
    d,
    d_k,
    encoded,
    exp,
    masked_attention,
    permuted,
    project,
    score,
)
from derivations.breaking import square_positive
from derivations.readout import products
from derivations.vectors import entry
from symcheck.claims import theorem
from symcheck.prove.lemmas import MATRIX, all_below, inverse_of
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import compute, contradict, matrix, naturals
from symcheck.terms import Term, const, eq, lt, negation, number, substitute, var

SU = "Su, kexue.fm/archives/8231, comments of 2021-09-25"
W_Q, W_K, W_V = WEIGHTS
ONE, HALF = number(1), Fraction(1, 2)
#: The tokens in the other order.
YX = entry(permuted, SWAP, X)


def row(x: Term, i: int) -> Term:
    """Component c of row i of causal attention to two tokens."""
    return masked_attention(2, d, d_k, entry(causal), x, *WEIGHTS, i, c)


def value(i: int | Term, x: Term = X) -> Term:
    """Component c of the value of token i: x_i W_V."""
    return project(d, x, W_V, i, c)


def rows(p: Proof, x: Term) -> list[Line]:
    """``row 0 = V_0`` and ``row 1 = (E_0 V_0 + E_1 V_1)/(E_0 + E_1)`` with E_l = exp(score of token 1 towards l)."""
    def prove(p: Proof) -> Line:
        first = compute(p, exp(score(d, d_k, X, W_Q, W_K, 0, 0))).rhs
        alone = inverse_of(p, p.axiom("exp_positive", x=first.args[0]))
        lines = []
        for i, aim in ((0, value(0)), (1, mean(X))):
            lines.append(p.ring(eq(row(X, i), aim), compute(p, row(X, i)), compute(p, aim), alone))
        return p.both(*lines)

    return p.parts(p.at(p.lemma("the rows of causal attention to two tokens", prove), X=x))


def weights(x: Term) -> list[Term]:
    """The exponentials of the scores of the second token."""
    return [exp(score(d, d_k, x, W_Q, W_K, 1, i)) for i in (0, 1)]


def mean(x: Term) -> Term:
    """The second row: the mean of the two values with these weights."""
    e, f = weights(x)
    return (e * value(0, x) + f * value(1, x)) / (e + f)


def swapped_values(p: Proof) -> list[Line]:
    """``V_0 = V_1`` and ``V_1 = V_0``, those of the exchanged tokens on the left."""
    out = []
    for i in (0, 1):
        there = compute(p, SWAP(i))
        line = p.by_definition(eq(value(i, YX), value(SWAP(i))), "project", "permuted")
        out.append(p.rewrite(there, line, lambda z, line=line: eq(line.lhs, value(z))))
    return out


#: x W_V and y W_V differ in the component c.
VALUES_DIFFER = negation(eq(value(0), value(1)))


def not_equal(p: Proof, left: Term, right: Term, differ: Line, gap: Line, positive: Line) -> Line:
    """``left = right -> false`` from left - right = factor (V_0 - V_1) and 0 < factor."""
    same = p.assume(eq(left, right))
    product = p.ring(eq(positive.rhs * (value(0) - value(1)), 0), gap, same)
    level = p.ring(eq(value(0), value(1)), product, inverse_of(p, positive))
    return p.discharge(p.mp(differ, level), same.concl)


def shares(p: Proof, x: Term) -> tuple[list[Term], list[Line], Line]:
    """The two softmax weights of the second row, that both are positive, and that they add up to 1."""
    e, f = weights(x)
    sizes = [p.axiom("exp_positive", x=w.args[0]) for w in (e, f)]
    both = p.pos(lt(0, e + f), *sizes)
    over, whole = p.axiom("inverse_positive", both, x=e + f), inverse_of(p, both)
    parts = [w / (e + f) for w in (e, f)]
    above = [p.rule("pos", lt(0, w), [size, over], [(Fraction(1), [0, 1], ONE)], [], [])
             for w, size in zip(parts, sizes, strict=True)]  # fmt: skip
    return parts, above, p.ring(eq(parts[0] + parts[1], 1), whole)


def values_differ(p: Proof) -> list[Line]:
    """An instance: tokens 1 and 0, the weight 1."""
    at = {"X": matrix([[1], [0]]), "W_V": matrix([[1]]), "d": number(1, "N"), "c": number(0, "N")}
    premise = substitute(VALUES_DIFFER.args[0], {v: at[v.name] for v in VALUES_DIFFER.free})
    return [p.discharge(contradict(p, p.assume(premise), []), premise)]


NAMES = (d.head, d_k.head)


@theorem("exchange.causal_rows", Statement((VALUES_DIFFER,), const(
    "and", negation(eq(row(YX, 0), row(X, 1))), negation(eq(row(YX, 1), row(X, 0)))), NAMES),
    "Under the causal mask an exchange of two tokens is no exchange of the outputs: where x W_V and y W_V differ, "
    "m is not v and n is not u", references=(SU,), instance=values_differ)  # fmt: skip
def causal_rows(p: Proof, goal: Statement) -> Line:
    differ = p.assume(goal.hyps[0])
    here, there, moved = rows(p, X), rows(p, YX), swapped_values(p)
    out = []
    for x, left, right, sign in ((X, row(YX, 0), row(X, 1), -1), (YX, row(YX, 1), row(X, 0), -1)):
        parts, above, whole = shares(p, x)
        # m - v = -a (V_0 - V_1) with v = a V_0 + (1 - a) V_1; n - u = -a' (V_0 - V_1) with n = a' V_1 + (1 - a') V_0
        gap = p.ring(eq(left - right, sign * parts[0] * (value(0) - value(1))), *here, *there, *moved, whole)
        out.append(not_equal(p, left, right, differ, gap, above[0]))
    return p.both(*out)


@theorem("exchange.causal_first", Statement((VALUES_DIFFER,), negation(eq(row(X, 0), row(YX, 0))), NAMES),
         "Under the causal mask the first row is the first token's own value: attn(x, y) is not attn(y, x) where x W_V "
         "and y W_V differ", references=(SU,), instance=values_differ)  # fmt: skip
def causal_first(p: Proof, goal: Statement) -> Line:
    differ = p.assume(goal.hyps[0])
    gap = p.ring(eq(row(X, 0) - row(YX, 0), ONE * (value(0) - value(1))), *rows(p, X), *rows(p, YX), *swapped_values(p))
    return not_equal(p, row(X, 0), row(YX, 0), differ, gap, p.pos(lt(0, ONE)))


def pooled(x: Term) -> Term:
    """The sum of the two outputs."""
    return row(x, 0) + row(x, 1)


@theorem("exchange.causal_sum", Statement((VALUES_DIFFER,), negation(eq(pooled(X), pooled(YX))), NAMES),
         "Under the causal mask the sum of the outputs is another one for the other order of two tokens whose values "
         "differ", references=(SU,), instance=values_differ)  # fmt: skip
def causal_sum(p: Proof, goal: Statement) -> Line:
    differ = p.assume(goal.hyps[0])
    (here, above, one), (there, over, other) = shares(p, X), shares(p, YX)
    positive = p.pos(lt(0, here[0] + there[0]), above[0], over[0])
    gap = p.ring(eq(pooled(X) - pooled(YX), (here[0] + there[0]) * (value(0) - value(1))), *rows(p, X), *rows(p, YX),
                 *swapped_values(p), one, other)  # fmt: skip
    return not_equal(p, pooled(X), pooled(YX), differ, gap, positive)


# Three tokens, products without softmax, and codes --------------------------------------------------------
P = var("P_pos", MATRIX)
#: The tokens in the order 3, 2, 1.
REVERSED = naturals([2, 1, 0])
FIRST, LAST = number(0, "N"), number(2, "N")


def coded_rows(size: Term | int, column: Term | int) -> Term:
    """The row of the first token's slot in the order 1, 2, 3 is that of its slot in the order 3, 2, 1."""
    orders = entry(encoded, X, P), entry(encoded, entry(permuted, REVERSED, X), P)
    return eq(*(products(3, size, x, slot, column) for x, slot in zip(orders, (FIRST, LAST), strict=True)))


def reversed_rows(p: Proof, line: Line) -> Line:
    """The line with s(0), s(1), s(2) worked out."""
    for k in range(3):
        line = p.replace(compute(p, REVERSED(k)), line)
    return line


CODES_DIFFER = negation(eq(P(FIRST, 0), P(LAST, 0)))
#: The same for vectors of d components that differ in one component at least.
CODED_VECTORS = Statement((negation(all_below(d, lambda e: eq(P(FIRST, e), P(LAST, e)))),),
                          negation(all_below(d, lambda e: coded_rows(d, e))), (d.head, X.head, P.head))  # fmt: skip


@theorem("exchange.coded_products", Statement((CODES_DIFFER,), negation(coded_rows(1, 0)), (X.head, P.head)),
         "Three numbers with codes: the row of the first token in X X^T X is another one in the order 3, 2, 1, if the "
         "codes of the slots 1 and 3 differ", references=(SU,),
         instance=lambda p: [p.discharge(p.pos(const("false"), p.assume(eq(number(0), 1))), eq(number(0), 1))])  # fmt: skip
def coded_products(p: Proof, goal: Statement) -> Line:
    """The difference is (p_1 - p_3) times a sum of squares, one of them half of (p_1 - p_3)^2."""
    differ = p.assume(goal.hyps[0])
    same = p.assume(goal.concl.args[0])
    (x, y, z), (u, v, w) = ([of(number(k, "N"), 0) for k in range(3)] for of in (X, P))
    gap = u - w
    squares = [x - z, x + HALF * (u + w), y + v]
    amount = squares[0] * squares[0] + 2 * squares[1] * squares[1] + squares[2] * squares[2] + HALF * (gap * gap)
    sides = [reversed_rows(p, compute(p, t)) for t in goal.concl.args[0].args]
    positive = p.pos(lt(0, amount), square_positive(p, differ), squares=squares)
    product = p.ring(eq(amount * gap, 0), same, *sides)
    level = p.ring(eq(u, w), product, inverse_of(p, positive))
    return p.discharge(p.mp(differ, level), same.concl)


if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
