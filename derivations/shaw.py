"""Relative position vectors of Shaw et al. beside absolute codes: projections, scores and outputs.

Source: Shaw, Uszkoreit, Vaswani, "Self-attention with relative position representations" (2018), eq. 1 to 5.
Tokens are rows. The relative vectors of a pair (i, j) are a^K_(i,j) and a^V_(i,j), looked up in tables of
vectors by the clipped offset clip(j - i, k).
"""

from __future__ import annotations

from derivations.attention import attention, encoded, permuted, project, score, softmax
from derivations.clip import clip
from derivations.logits import form
from derivations.vectors import display, dot, entry, vecmat
from symcheck.checker import perm
from symcheck.claims import theorem
from symcheck.evidence import countertheorem
from symcheck.prove.lemmas import MATRIX, sum_add, sum_ext, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import matrix, naturals
from symcheck.render.notation import register
from symcheck.terms import Term, const, defined, eq, forall, lam, le, number, var

SHAW, VASWANI = "Shaw et al. 2018, arXiv:1803.02155", "Vaswani et al. 2017, arXiv:1706.03762"
RELATIVE, LOOKUP = ("N", "N", "N", "R"), ("R", "N", "R")


def offset(i: Term, j: Term) -> Term:
    """j - i, a real number."""
    return const("real", j) - const("real", i)



#: Score of token i towards token j with the relative vector a_(i,j) added to the key.
shaw_score = defined("shaw_score", ["N", "N", MATRIX, MATRIX, MATRIX, RELATIVE, "N", "N"],
    lambda d, d_k, X, W_Q, W_K, A, i, j: dot(d_k, lam("N", lambda b: project(d, X, W_Q, i, b)), lam(
        "N", lambda b: project(d, X, W_K, j, b) + A(i, j, b))) / const("sqrt", d_k))  # fmt: skip
#: Output: the values with the relative vector a^V_(i,j) added, weighted by the softmax of the scores.
shaw_attention = defined(
    "shaw_attention", ["N", "N", "N", MATRIX, MATRIX, MATRIX, MATRIX, RELATIVE, RELATIVE, "N", "N"],
    lambda n, d, d_k, X, W_Q, W_K, W_V, A, B, i, c: total(n, lambda j: softmax(
        n, lam("N", lambda l: shaw_score(d, d_k, X, W_Q, W_K, A, i, l)), j)
        * (project(d, X, W_V, j, c) + B(i, j, c))))  # fmt: skip
#: The vector of a pair of positions, from the table w: w_(clip(j - i, k)).
looked_up = defined("looked_up", [LOOKUP, "R", "N", "N", "N"], lambda w, k, i, j, b: w(
    clip(offset(i, j), k), b))  # fmt: skip
display("shaw_score", r"S^{<5>}(<2>)", "S^<5>(<2>)", 6, 7, parameters=("d", "d_k", "X", "W_Q", "W_K", "A", "i", "j"))
display("shaw_attention", r"\operatorname{Attention}^{<7>, <8>}(<3>)", "Attention^{<7>, <8>}(<3>)", 9, 10,
        parameters=("n", "d", "d_k", "X", "W_Q", "W_K", "W_V", "A", "B", "i", "c"))  # fmt: skip
register("looked_up", tex=r"\bigl(<0>_{\operatorname{clip}(<3:term> - <2:factor>, <1>)}\bigr)_{<4>}",
         text="(<0>_clip(<3:term> - <2:factor>, <1>))[<4>]", function_tex=r"a", function_text="a")  # fmt: skip

n, d, d_k, i, j, c, t = (var(v, "N") for v in ("n", "d", "d_k", "i", "j", "c", "t"))
X, P, W, W_Q, W_K, W_V, alpha = (var(v, MATRIX) for v in ("X", "P", "W", "W_Q", "W_K", "W_V", "alpha"))
A, B = var("A", RELATIVE), var("B", RELATIVE)
w, k, s = var("w", LOOKUP), var("k"), var("s", ("N", "N"))
XP = entry(encoded, X, P)


def token(of: Term, i: Term) -> Term:
    """Row i of a matrix."""
    return lam("N", lambda b: of(i, b))


def projected(of: Term, by: Term, i: Term) -> Term:
    """Row i of ``of`` times ``by``, as a vector."""
    return entry(vecmat, d, token(of, i), by)


@theorem("shaw.projection", Statement((), eq(project(d, XP, W, i, c), project(d, X, W, i, c) + project(d, P, W, i, c))),
         "The projection of an encoded token is that of the token plus that of its code: (x + p)W = xW + pW",
         references=(VASWANI,))  # fmt: skip
def projection(p: Proof, goal: Statement) -> Line:
    f, g = (lam("N", lambda b, M=M: M(i, b) * W(b, c)) for M in (X, P))
    both = lam("N", lambda b: f(b) + g(b))
    start = p.by_definition(eq(goal.concl.args[0], total(d, both)), "project", "encoded")
    ends = [p.by_definition(eq(project(d, M, W, i, c), total(d, h)), "project") for M, h in ((X, f), (P, g))]
    return p.ring(goal.concl, start, p.at(sum_add(p), n=d, f=f, g=g), *ends)


FOUR = form(token(X, i), token(X, j)) + form(token(X, i), token(P, j)) + form(token(P, i), token(X, j)) \
    + form(token(P, i), token(P, j))


@theorem("shaw.absolute_score", Statement((), eq(score(d, d_k, XP, W_Q, W_K, i, j), FOUR / const("sqrt", d_k)),
                                          (d.head, d_k.head)),
         "The score of encoded tokens: four terms, over sqrt(d_k)", references=(VASWANI,))  # fmt: skip
def absolute_score(p: Proof, goal: Statement) -> Line:
    at = p.theorem("logits.four_terms", d=d, d_k=d_k, x=token(X, i), y=token(X, j), p_m=token(P, i), p_n=token(P, j),
                   W_Q=W_Q, W_K=W_K)  # fmt: skip
    names = ("score", "project", "encoded")
    start = p.by_definition(eq(goal.concl.args[0], at.lhs / const("sqrt", d_k)), *names, "vecmat", "dot", "added")
    return p.ring(goal.concl, start, at)


@theorem("shaw.absolute_output", Statement((), eq(
    attention(n, d, d_k, XP, W_Q, W_K, W_V, i, c),
    total(n, lambda j: softmax(n, lam("N", lambda l: score(d, d_k, XP, W_Q, W_K, i, l)), j)
          * (project(d, X, W_V, j, c) + project(d, P, W_V, j, c)))), (n.head, d.head)),
    "The output of attention on encoded tokens weighs x_j W_V + p_j W_V", references=(VASWANI,))  # fmt: skip
def absolute_output(p: Proof, goal: Statement) -> Line:
    g = goal.concl.args[1].args[1]
    weight = lam("N", lambda j: softmax(n, lam("N", lambda l: score(d, d_k, XP, W_Q, W_K, i, l)), j))
    f = lam("N", lambda j: weight(j) * project(d, XP, W_V, j, c))

    def each(l: Term, _: Line) -> Line:
        at = p.rule("instantiate", p.theorem("shaw.projection", d=d, X=X, P=P, W=W_V, c=c), {i.head: l})
        return p.ring(eq(f(l), g(l)), at)

    start = p.by_definition(eq(goal.concl.args[0], total(n, f)), "attention")
    return p.trans(start, sum_ext(p, n, f, g, each))


@theorem("shaw.score", Statement((), eq(shaw_score(d, d_k, X, W_Q, W_K, A, i, j), (
    dot(d_k, projected(X, W_Q, i), projected(X, W_K, j))
    + dot(d_k, projected(X, W_Q, i), lam("N", lambda b: A(i, j, b)))) / const("sqrt", d_k)), (d.head, d_k.head)),
    "Shaw's score is the plain score plus q_i . a_(i,j), over sqrt(d_k)",
    references=(SHAW + ", eq. 4 and 5",))  # fmt: skip
def shaw_terms(p: Proof, goal: Statement) -> Line:
    q, key, a = projected(X, W_Q, i), projected(X, W_K, j), lam("N", lambda b: A(i, j, b))
    whole = dot(d_k, q, lam("N", lambda b: key(b) + a(b)))
    f, g = (lam("N", lambda b, z=z: q(b) * z(b)) for z in (key, a))
    both, joined = lam("N", lambda b: f(b) + g(b)), lam("N", lambda b: q(b) * (key(b) + a(b)))
    each = sum_ext(p, d_k, joined, both, lambda b, _: p.ring(eq(joined(b), both(b))))
    parts = [p.by_definition(eq(dot(d_k, q, z), total(d_k, h)), "dot") for z, h in ((key, f), (a, g))]
    start = p.by_definition(eq(whole, total(d_k, joined)), "dot")
    outer = p.by_definition(eq(goal.concl.args[0], whole / const("sqrt", d_k)), "shaw_score", "project", "vecmat")
    return p.ring(goal.concl, outer, start, each, p.at(sum_add(p), n=d_k, f=f, g=g), *parts)


def no_features(p: Proof, of: Term) -> Line:
    """``for all b: (P of)_(i, b) = 0`` for tokens without components."""
    b, f = var("b", "N"), lam("N", lambda r: P(i, r) * of(r, var("b", "N")))
    start = p.by_definition(eq(project(number(0, "N"), P, of, i, b), total(0, f)), "project")
    return p.generalise(p.trans(start, p.axiom("sum_zero", f=f)), b)


@theorem("shaw.from_absolute", Statement(
    (forall("N", lambda b: eq(project(d, P, W_Q, i, b), 0)),
     forall("N", lambda b: eq(project(d, P, W_K, j, b), A(i, j, b)))),
    eq(score(d, d_k, XP, W_Q, W_K, i, j), shaw_score(d, d_k, X, W_Q, W_K, A, i, j)), (d.head, d_k.head)),
    "From absolute codes to Shaw's: leave p_i W_Q out and put a_(i,j) for p_j W_K", references=(SHAW,),
    instance=lambda p: [no_features(p, M) for M in (W_Q, W_K)])  # fmt: skip
def from_absolute(p: Proof, goal: Statement) -> Line:
    none, keys = (p.assume(g) for g in goal.hyps)
    q, key = (lam("N", lambda b, M=M, r=r: project(d, X, M, r, b)) for M, r in ((W_Q, i), (W_K, j)))
    left = lam("N", lambda b: project(d, XP, W_Q, i, b) * project(d, XP, W_K, j, b))
    right = lam("N", lambda b: q(b) * (key(b) + A(i, j, b)))

    def each(b: Term, _: Line) -> Line:
        parts = [p.theorem("shaw.projection", d=d, X=X, P=P, W=M, i=r, c=b) for M, r in ((W_Q, i), (W_K, j))]
        facts = [p.specialise(none, b), p.specialise(keys, b)]
        values = [p.ring(eq(one.lhs, z), one, fact) for one, fact, z in zip(
            parts, facts, (q(b), key(b) + A(i, j, b)), strict=True)]  # fmt: skip
        return p.ring(eq(left(b), right(b)), *values)

    inner = sum_ext(p, d_k, left, right, each)
    start = p.by_definition(eq(goal.concl.args[0], inner.lhs / const("sqrt", d_k)), "score", "dot")
    end = p.by_definition(eq(goal.concl.args[1], inner.rhs / const("sqrt", d_k)), "shaw_score", "dot")
    return p.ring(goal.concl, start, inner, end)


@theorem("shaw.output", Statement((), eq(
    total(n, lambda j: alpha(i, j) * (project(d, X, W_V, j, c) + B(i, j, c))),
    total(n, lambda j: alpha(i, j) * project(d, X, W_V, j, c)) + total(n, lambda j: alpha(i, j) * B(i, j, c))),
    (n.head, d.head)),
    "Shaw's output is the plain output plus the weighted relative vectors", references=(SHAW + ", eq. 3",))  # fmt: skip
def output(p: Proof, goal: Statement) -> Line:
    f = lam("N", lambda j: alpha(i, j) * project(d, X, W_V, j, c))
    g = lam("N", lambda j: alpha(i, j) * B(i, j, c))
    start = p.convert(p.refl(goal.concl.args[0]), eq(goal.concl.args[0], total(n, lambda j: f(j) + g(j))))
    return p.trans(start, p.at(sum_add(p), n=n, f=f, g=g))


@theorem("shaw.relative", Statement((), eq(looked_up(w, k, i + t, j + t, c), looked_up(w, k, i, j, c))),
         "The vectors that are looked up depend on the difference of the positions alone",
         references=(SHAW + ", section 3.2",))  # fmt: skip
def relative(p: Proof, goal: Statement) -> Line:
    return p.by_definition(goal.concl, "looked_up")


@theorem("shaw.far", Statement((le(0, k), le(k, offset(i, j))), eq(looked_up(w, k, i, j, c), w(k, c))),
         "All tokens at least k to the right share the vector w_k", references=(SHAW + ", section 3.2",),
         instance=lambda p: [p.pos(le(number(0), number(1))),
                             p.pos(le(number(1), offset(number(0, "N"), number(2, "N"))))])  # fmt: skip
def far(p: Proof, goal: Statement) -> Line:
    at = p.theorem("clip.above", *(p.assume(g) for g in goal.hyps), x=offset(i, j), k=k)
    start = p.by_definition(eq(goal.concl.args[0], w(at.lhs, c)), "looked_up")
    return p.rewrite(at, start, lambda z: eq(start.lhs, w(z, c)))


@theorem("shaw.few_vectors", Statement((le(0, k),), const("and",
    le(-k, clip(offset(i, j), k)), le(clip(offset(i, j), k), k))),
    "The table is looked up between -k and k: 2k + 1 vectors are enough for whole k",
    references=(SHAW + ", section 3.2",), instance=lambda p: [p.pos(le(number(0), number(1)))])  # fmt: skip
def few_vectors(p: Proof, goal: Statement) -> Line:
    return p.theorem("clip.range", p.assume(goal.hyps[0]), x=offset(i, j), k=k)


#: Two equal keys; the value of the relative vector is the offset j - i.
countertheorem("shaw.breaks_equivariance",
               "Relative vectors tell positions apart: reordering the tokens does more than reorder the outputs",
               Statement((perm(n, s),), eq(
                   shaw_attention(n, d, d_k, entry(permuted, s, X), W_Q, W_K, W_V, A, B, i, c),
                   shaw_attention(n, d, d_k, X, W_Q, W_K, W_V, A, B, s(i), c)), (n.head, d.head)),
               {"n": 2, "d": 1, "d_k": 1, "s": naturals([1, 0]), "X": matrix([[0]]), "W_Q": matrix([[0]]),
                "W_K": matrix([[0]]), "W_V": matrix([[0]]), "A": lam(["N", "N", "N"], lambda i, j, b: number(0)),
                "B": lam(["N", "N", "N"], lambda i, j, b: offset(i, j)), "i": 0, "c": 0},
               references=(SHAW,))  # fmt: skip
