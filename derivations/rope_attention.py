"""Attention with RoPE: rotating by absolute positions is passing relative ones, output and all.

Source: Su et al., "RoFormer" (2021), arXiv:2104.09864, section 3.2. Q, K and V hold queries, keys and values by
rows; token i stands at position i, and the dimension of queries and keys is 2h.
"""

from __future__ import annotations

from derivations.attention import exp, softmax
from derivations.rope import ROFORMER, rope, theta
from derivations.vectors import display, dot, entry
from symcheck.claims import theorem
from symcheck.prove.lemmas import MATRIX, SEQUENCE, sum_ext, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.terms import Term, const, defined, eq, lam, unfold, var


def token(of: Term, i: Term) -> Term:
    """Row i of a matrix."""
    return lam("N", lambda b: of(i, b))


def attention_with(score):  # type: ignore[no-untyped-def]
    """Entry (i, c) of the output for scores given as a function of (h, theta, Q, K, i, j)."""
    return lambda n, h, theta, Q, K, V, i, c: total(n, lambda j: softmax(
        n, lam("N", lambda l: score(h, theta, Q, K, i, l)), j) * V(j, c))  # fmt: skip


#: <R_i q_i, R_j k_j> / sqrt(2h), and <q_i, R_(j-i) k_j> / sqrt(2h).
absolute_score = defined("rope_score", ["N", SEQUENCE, MATRIX, MATRIX, "N", "N"], lambda h, theta, Q, K, i, j: dot(
    2 * h, entry(rope, theta, const("real", i), token(Q, i)), entry(rope, theta, const("real", j), token(K, j)))
    / const("sqrt", 2 * h))  # fmt: skip
relative_score = defined("rope_relative_score", ["N", SEQUENCE, MATRIX, MATRIX, "N", "N"],
    lambda h, theta, Q, K, i, j: dot(2 * h, token(Q, i), entry(
        rope, theta, const("real", j) - const("real", i), token(K, j))) / const("sqrt", 2 * h))  # fmt: skip
ARGUMENTS = ["N", "N", SEQUENCE, MATRIX, MATRIX, MATRIX, "N", "N"]
#: The output with queries and keys turned by their absolute positions.
rope_attention = defined("rope_attention", ARGUMENTS, attention_with(absolute_score))
#: The output with keys turned by their offset from the query.
relative_rope_attention = defined("relative_rope_attention", ARGUMENTS, attention_with(relative_score))
display("rope_score", r"S^{\mathrm{RoPE}}(<2>, <3>)", "S^RoPE(<2>, <3>)", 4, 5,
        parameters=("h", "theta", "Q", "K", "i", "j"))  # fmt: skip
display("rope_relative_score", r"S^{\mathrm{rel}}(<2>, <3>)", "S^rel(<2>, <3>)", 4, 5,
        parameters=("h", "theta", "Q", "K", "i", "j"))  # fmt: skip
for name, mark in (("rope_attention", "RoPE"), ("relative_rope_attention", "rel")):
    display(name, rf"\operatorname{{Attention}}^{{\mathrm{{{mark}}}}}(<3>, <4>, <5>)",
            f"Attention^{mark}(<3>, <4>, <5>)", 6, 7, parameters=("n", "h", "theta", "Q", "K", "V", "i", "c"))  # fmt: skip

n, h, i, j, c = (var(v, "N") for v in ("n", "h", "i", "j", "c"))
Q, K, V = (var(v, MATRIX) for v in "QKV")


@theorem("rope_attention.scores", Statement((), eq(absolute_score(h, theta, Q, K, i, j),
                                                   relative_score(h, theta, Q, K, i, j)), (h.head,)),
         "The scores of RoPE from absolute rotations are those from relative ones", references=(ROFORMER,))  # fmt: skip
def scores(p: Proof, goal: Statement) -> Line:
    at = p.theorem("rope.relative", h=h, theta=theta, m=const("real", i), n=const("real", j), q=token(Q, i),
                   k=token(K, j))  # fmt: skip
    start = p.by_definition(eq(goal.concl.args[0], at.lhs / const("sqrt", 2 * h)), "rope_score")
    end = p.by_definition(eq(goal.concl.args[1], at.rhs / const("sqrt", 2 * h)), "rope_relative_score")
    return p.ring(goal.concl, start, at, end)


@theorem("rope_attention.relative", Statement((), eq(
    rope_attention(n, h, theta, Q, K, V, i, c), relative_rope_attention(n, h, theta, Q, K, V, i, c)),
    (n.head, h.head)),
    "Attention with absolute rotations is attention with relative ones: same scores, weights and outputs",
    references=(ROFORMER + ", section 3.2",))  # fmt: skip
def relative(p: Proof, goal: Statement) -> Line:
    names = ("rope_attention", "relative_rope_attention", "softmax")
    left, right = (unfold(side, names) for side in goal.concl.args)
    f, g = (lam("N", lambda l, s=s: s(h, theta, Q, K, i, l)) for s in (absolute_score, relative_score))

    def same(l: Term) -> Line:  # exp of the two scores
        at = p.rule("instantiate", p.theorem("rope_attention.scores", h=h, theta=theta, Q=Q, K=K, i=i), {j.head: l})
        return p.rewrite(at, p.refl(exp(f(l))), lambda z: eq(exp(f(l)), exp(z)))

    whole = sum_ext(p, n, lam("N", lambda l: exp(f(l))), lam("N", lambda l: exp(g(l))), lambda l, _: same(l))
    a, b = left.args[1], right.args[1]

    def each(l: Term, _: Line) -> Line:
        middle = exp(f(l)) / whole.rhs * V(l, c)
        normalised = p.rewrite(whole, p.refl(a(l)), lambda z: eq(a(l), exp(f(l)) / z * V(l, c)))
        return p.trans(normalised, p.ring(eq(middle, b(l)), same(l)))

    return p.trans(p.by_definition(eq(goal.concl.args[0], left), *names), sum_ext(p, n, a, b, each),
                   p.by_definition(eq(right, goal.concl.args[1]), *names))  # fmt: skip
