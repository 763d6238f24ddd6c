"""Which symmetry a position code breaks, and which it leaves: absolute codes, relative codes, identical codes.

Builds on the equivariance of attention (Vaswani et al. 2017, section 3.2.1; Yun et al. 2020, arXiv:1912.10077,
claim 1). Slots keep their codes when the tokens move: the reordered input is PX + P_pos.
"""

from __future__ import annotations

from derivations.attention import (
    PX,
    SWAP,
    W_K,
    W_Q,
    W_V,
    WEIGHTS,
    X,
    attend,
    c,
    d,
    d_k,
    encoded,
    exp,
    i,
    j,
    n,
    project,
    s,
    softmax,
)
from derivations.logits import RELATIVE
from derivations.vectors import delta, display, dot, entry, matmul, transpose
from symcheck.checker import perm
from symcheck.claims import theorem
from symcheck.prove.lemmas import MATRIX, SEQUENCE, sum_delta, sum_ext, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import decide, naturals
from symcheck.terms import Term, const, defined, eq, forall, implies, lam, lt, number, unfold, var

VASWANI, SHAW = "Vaswani et al. 2017, arXiv:1706.03762", "Shaw et al. 2018, arXiv:1803.02155"
YUN = "Yun et al. 2020, arXiv:1912.10077, claim 1"
ZERO, TWO = number(0, "N"), number(2, "N")


def swap_instance(p: Proof) -> list[Line]:
    """The exchange of two tokens: an instance of perm(n, s)."""
    return [decide(p, perm(2, SWAP))]


#: The matrix that puts row s(i) of X into row i.
permutation_matrix = defined("permutation_matrix", [("N", "N"), "N", "N"], lambda s, i, j: const("delta", s(i), j))
display("permutation_matrix", "P", "P", 1, 2, parameters=("s", "i", "j"))
P_s = entry(permutation_matrix, s)


@theorem("symmetry.permutation_matrix", Statement((perm(n, s), lt(i, n)), eq(
    matmul(n, P_s, X, i, c), X(s(i), c)), (n.head,)),
         "A permutation matrix on the left reorders the rows: row i of PX is row s(i) of X",
         references=(VASWANI,), instance=lambda p: [*swap_instance(p), decide(p, lt(ZERO, TWO))])  # fmt: skip
def permutes_rows(p: Proof, goal: Statement) -> Line:
    known, inside = (p.assume(hyp) for hyp in goal.hyps)
    into = p.mp(p.specialise(p.parts(p.unfolded(known, "perm"))[0], i), inside)
    picked = p.mp(p.at(sum_delta(p), n=n, j=s(i), f=lam("N", lambda e: X(e, c))), into)
    return p.trans(p.by_definition(eq(goal.concl.args[0], picked.lhs), "matmul", "permutation_matrix"), picked)


def delta_symmetric(p: Proof, e: Term, f: Term) -> Line:
    """``delta(e, f) = delta(f, e)``."""
    A, B = var("k", "N"), var("l", "N")

    def prove(p: Proof) -> Line:
        goal = eq(delta(A, B), delta(B, A))
        same = eq(A, B)

        def equal(line: Line) -> Line:
            return p.rewrite(line, p.refl(delta(A, A)), lambda z: eq(delta(A, z), delta(z, A)))

        def other(line: Line) -> Line:
            turned = p.assume(eq(B, A))
            back = p.discharge(p.mp(line, p.symm(turned)), turned.concl)
            return p.ring(goal, p.axiom("delta_other", line, i=A, j=B), p.axiom("delta_other", back, i=B, j=A))

        return p.cases(p.axiom("excluded_middle", p=same), equal, other)

    return p.at(p.lemma("Kronecker's delta is symmetric", prove), k=e, l=f)


@theorem("symmetry.permutation_orthogonal", Statement((perm(n, s), lt(i, n)), eq(
    matmul(n, entry(transpose, P_s), P_s, i, j), delta(i, j)), (n.head,)),
    "P^T P = I", references=(VASWANI,), instance=lambda p: [*swap_instance(p), decide(p, lt(ZERO, TWO))])  # fmt: skip
def permutation_orthogonal(p: Proof, goal: Statement) -> Line:
    known, inside = (p.assume(hyp) for hyp in goal.hyps)
    f = lam("N", lambda e: delta(i, e) * delta(e, j))
    g = lam("N", lambda e: delta(s(e), i) * delta(s(e), j))
    start = p.by_definition(eq(goal.concl.args[0], total(n, g)), "matmul", "transpose", "permutation_matrix")
    each = sum_ext(p, n, g, lam("N", lambda e: f(s(e))),
                   lambda e, _: p.ring(eq(g(e), f(s(e))), delta_symmetric(p, s(e), i)))  # fmt: skip
    moved = p.axiom("sum_permutation", known, n=n, s=s, f=f)
    return p.trans(start, each, moved, p.mp(p.at(sum_delta(p), n=n, j=i, f=lam("N", lambda e: delta(e, j))), inside))


# Without codes: what is left of the order ---------------------------------------------------------------
w, d_v, g = var("w", SEQUENCE), var("d_v", "N"), var("g", ("R", "R"))


def seen(x: Term) -> Term:
    """sum_i g(<w, o_i>) over the outputs o_i: with all w and g, the outputs as a set with multiplicities."""
    return total(n, lambda a: g(dot(d_v, w, lam("N", lambda b: attend(x, a, b)))))


@theorem("symmetry.same_outputs", Statement((perm(n, s),), eq(seen(PX), seen(X)), (n.head, d.head)),
         "Without position codes the outputs are the same set for every order: no statistic of them sees the order",
         references=(VASWANI, YUN), instance=swap_instance)  # fmt: skip
def same_outputs(p: Proof, goal: Statement) -> Line:
    known = p.assume(goal.hyps[0])
    at = p.theorem("attention.equivariance", n=n, d=d, d_k=d_k, s=s, X=X, W_Q=W_Q, W_K=W_K, W_V=W_V, c=c, i=i)
    left, right = (t.args[1] for t in goal.concl.args)
    moved = lam("N", lambda a: right(s(a)))

    def each(a: Term, _: Line) -> Line:
        f, f2 = (lam("N", lambda b, x=x, e=e: w(b) * attend(x, e, b)) for x, e in ((PX, a), (X, s(a))))
        inner = sum_ext(p, d_v, f, f2, lambda b, _: p.ring(
            eq(f(b), f2(b)), p.cuts(p.rule("instantiate", at, {i.head: a, c.head: b}), known)))  # fmt: skip
        whole = p.trans(p.by_definition(eq(left(a).args[0], inner.lhs), "dot"), inner,
                        p.by_definition(eq(inner.rhs, moved(a).args[0]), "dot"))  # fmt: skip
        return p.rewrite(whole, p.refl(left(a)), lambda z: eq(left(a), g(z)))

    return p.trans(sum_ext(p, n, left, moved, each), p.axiom("sum_permutation", known, n=n, s=s, f=right))


# Absolute codes -----------------------------------------------------------------------------------------
same_code = var("p", SEQUENCE)
CONSTANT = lam(["N", "N"], lambda a, b: same_code(b))


@theorem("symmetry.constant_codes", Statement((perm(n, s),), eq(
    attend(entry(encoded, PX, CONSTANT), i, c), attend(entry(encoded, X, CONSTANT), s(i), c)), (n.head, d.head)),
    "Codes that are the same in every slot break nothing: attention stays equivariant",
    references=(VASWANI,), instance=swap_instance)  # fmt: skip
def constant_codes(p: Proof, goal: Statement) -> Line:
    at = p.theorem("attention.equivariance", n=n, d=d, d_k=d_k, s=s, X=entry(encoded, X, CONSTANT), W_Q=W_Q,
                   W_K=W_K, W_V=W_V, c=c, i=i)  # fmt: skip
    return p.convert(at, goal.concl, "encoded", "permuted")


# Relative codes -----------------------------------------------------------------------------------------
R = var("R", RELATIVE)
#: Shaw's score: q_i . k_j + q_i . R_(i-j); without the factor 1/sqrt(d_k), which changes nothing here.
relative_score = defined("relative_score", ["N", "N", RELATIVE, MATRIX, MATRIX, MATRIX, "N", "N"],
    lambda d, d_k, R, X, W_Q, W_K, i, j: dot(d_k, lam("N", lambda a: project(d, X, W_Q, i, a)),
                                             lam("N", lambda a: project(d, X, W_K, j, a)))
    + dot(d_k, lam("N", lambda a: project(d, X, W_Q, i, a)), lam("N", lambda a: R(i - j, a))))  # fmt: skip
#: Attention with these scores.
relative_attention = defined(
    "relative_attention", ["N", "N", "N", RELATIVE, MATRIX, MATRIX, MATRIX, MATRIX, "N", "N"],
    lambda n, d, d_k, R, X, W_Q, W_K, W_V, i, c: total(n, lambda e: softmax(
        n, lam("N", lambda l: relative_score(d, d_k, R, X, W_Q, W_K, i, l)), e)
        * project(d, X, W_V, e, c)))  # fmt: skip
display("relative_score", r"S_{<2>}(<3>)", "S_<2>(<3>)", 6, 7, parameters=("d", "d_k", "R", "X", "W_Q", "W_K", "i", "j"))
display("relative_attention", r"\operatorname{Attention}_{<3>}(<4>)", "Attention_<3>(<4>)", 8, 9,
        parameters=("n", "d", "d_k", "R", "X", "W_Q", "W_K", "W_V", "i", "c"))  # fmt: skip


def attend_relative(x: Term, row: Term, column: Term) -> Term:
    """Entry (row, column) of the attention with relative codes."""
    return relative_attention(n, d, d_k, R, x, *WEIGHTS, row, column)


kept_offsets = forall(["N", "N", "N"], lambda e, f, b: implies(
    lt(e, n), lt(f, n), lt(b, d_k), eq(R(s(e) - s(f), b), R(e - f, b))))  # fmt: skip
RELATIVE_EQUIVARIANCE = eq(attend_relative(PX, i, c), attend_relative(X, s(i), c))
ORDER = (n.head, d.head)


@theorem("symmetry.relative_equivariance",
         Statement((perm(n, s), kept_offsets, lt(i, n)), RELATIVE_EQUIVARIANCE, ORDER),
         "Relative codes leave the permutations that do not change the code of any pair",
         references=(SHAW,), instance=lambda p: [
             *swap_instance(p), _same_everywhere(p), decide(p, lt(ZERO, TWO))])  # fmt: skip
def relative_equivariance(p: Proof, goal: Statement) -> Line:
    names = ["relative_attention", "permuted", "relative_score", "project", "softmax", "dot"]
    left, right = (unfold(t, names) for t in goal.concl.args)
    scores = unfold(lam(["N", "N"], lambda e, f: relative_score(d, d_k, R, X, W_Q, W_K, e, f)), names)
    moved = unfold(lam(["N", "N"], lambda e, f: relative_score(d, d_k, R, PX, W_Q, W_K, e, f)), names)
    values = unfold(lam(["N", "N"], lambda e, f: project(d, X, W_V, e, f)), names)
    known, kept, inside = (p.assume(hyp) for hyp in goal.hyps)

    def same_score(l: Term, below: Line) -> Line:
        """The score of the moved tokens, with R_(i-l), is that of the tokens in their old slots."""
        f, f2 = (z.args[1].args[1] for z in (moved(i, l), scores(s(i), s(l))))
        inner = sum_ext(p, d_k, f, f2, lambda b, low: p.ring(
            eq(f(b), f2(b)), p.mp(p.specialise(kept, i, l, b), inside, below, low)))
        return p.ring(eq(moved(i, l), scores(s(i), s(l))), inner)

    def weight(l: Term) -> Term:
        return exp(scores(s(i), l))

    def start(l: Term) -> Term:
        return exp(moved(i, l))

    def same_weight(l: Term, below: Line) -> Line:
        return p.rewrite(same_score(l, below), p.refl(start(l)), lambda z: eq(start(l), exp(z)))

    rows = sum_ext(p, n, lam("N", start), lam("N", lambda l: weight(s(l))), same_weight)
    whole = p.trans(rows, p.axiom("sum_permutation", known, n=n, s=s, f=lam("N", weight)))
    f = lam("N", lambda l: weight(l) / whole.rhs * values(l, c))
    outer = p.axiom("sum_permutation", known, n=n, s=s, f=f)

    def each(l: Term, below: Line) -> Line:
        at = left.args[1](l)
        normalised = p.rewrite(whole, p.refl(at), lambda z: eq(at, start(l) / z * values(s(l), c)))
        return p.ring(eq(at, outer.lhs.args[1](l)), normalised, same_weight(l, below))

    inner = sum_ext(p, n, left.args[1], outer.lhs.args[1], each)
    return p.trans(p.by_definition(eq(goal.concl.args[0], left), *names), inner, outer,
                   p.by_definition(eq(right, goal.concl.args[1]), *names))  # fmt: skip


def _same_everywhere(p: Proof) -> Line:
    """The hypothesis on offsets for two tokens and a code that is 1 at every offset."""
    e, f, z = (var(v, "N") for v in "efz")
    line = p.discharge(p.refl(number(1)), lt(e, TWO), lt(f, TWO), lt(z, d_k))
    return p.generalise(line, e, f, z)


reverses = forall("N", lambda e: implies(lt(e, n), eq(s(e) + e + 1, n)))
even = forall(["R", "N"], lambda t, b: eq(R(-t, b), R(t, b)))


@theorem("symmetry.reversal", Statement((perm(n, s), reverses, even, lt(i, n)), RELATIVE_EQUIVARIANCE, ORDER),
         "Codes of the distance |i - j| alone cannot tell a sequence from its reversal",
         references=(SHAW,), instance=lambda p: [
             *swap_instance(p), _reversal_of_two(p), p.generalise(p.refl(number(1)), var("t"), var("z", "N")),
             decide(p, lt(ZERO, TWO))])  # fmt: skip
def reversal(p: Proof, goal: Statement) -> Line:
    known, back, symmetric, inside = (p.assume(hyp) for hyp in goal.hyps)
    e, f, z = (var(v, "N") for v in "efz")
    low = [p.assume(lt(v, n)) for v in (e, f)]
    slots = [p.mp(p.specialise(back, v), line) for v, line in zip((e, f), low, strict=True)]
    turned = p.ring(eq(s(e) - s(f), -(e - f)), *slots)
    there = p.rewrite(turned, p.refl(R(s(e) - s(f), z)), lambda t: eq(R(s(e) - s(f), z), R(t, z)))
    same = p.trans(there, p.specialise(symmetric, e - f, z))
    kept = p.generalise(p.discharge(same, *(line.concl for line in low), lt(z, d_k)), e, f, z)
    return p.theorem("symmetry.relative_equivariance", known, kept, inside, n=n, s=s, R=R, i=i, c=c, d=d, d_k=d_k, X=X,
                     W_Q=W_Q, W_K=W_K, W_V=W_V)  # fmt: skip


def _reversal_of_two(p: Proof) -> Line:
    """The exchange of two slots reverses them: s(e) + e + 1 = 2."""
    return decide(p, forall("N", lambda e: implies(lt(e, TWO), eq(SWAP(e) + e + 1, TWO))))


rigid = forall(["N", "N"], lambda e, f: implies(lt(e, n), lt(f, n), eq(s(e) + f, s(f) + e)))


@theorem("symmetry.offsets_fix_the_order", Statement((perm(n, s), rigid, lt(i, n)), eq(s(i), i), (n.head,)),
         "Only the identity keeps every offset i - j: any other reordering changes the offset of some pair",
         references=(SHAW,), instance=lambda p: [
             decide(p, perm(1, naturals([0]))),
             decide(p, forall(["N", "N"], lambda e, f: implies(
                 lt(e, number(1, "N")), lt(f, number(1, "N")), eq(number(0, "N") + f, number(0, "N") + e)))),
             decide(p, lt(ZERO, number(1, "N")))])  # fmt: skip
def offsets_fix_the_order(p: Proof, goal: Statement) -> Line:
    known, same, inside = (p.assume(hyp) for hyp in goal.hyps)
    into = p.parts(p.unfolded(known, "perm"))[0]
    low = p.axiom("nat_nonneg", n=i)
    first = p.pos(lt(ZERO, n), inside, low)

    def empty(line: Line) -> Line:
        return p.axiom("false_elim", p.pos(const("false"), first, line), p=goal.concl)

    def more(line: Line) -> Line:
        def use(k: Term, equation: Line) -> Line:
            last = p.pos(lt(k, n), equation)
            end = p.mp(p.specialise(into, k), last)
            far = p.mp(p.specialise(same, k, ZERO), last, first)
            start = p.pos(lt(s(ZERO), number(1, "N")), end, far, equation)
            zero = p.axiom("nat_antisymmetry", p.convert(start, lt(s(ZERO), ZERO + 1)),
                           p.pos(lt(ZERO, s(ZERO) + 1), p.axiom("nat_nonneg", n=s(ZERO))), m=s(ZERO), n=0)  # fmt: skip
            near = p.mp(p.specialise(same, i, ZERO), inside, first)
            return p.ring(goal.concl, near, zero)
        return p.obtain(line, use, name="k")

    return p.cases(p.axiom("nat_zero_or_successor", n=n), empty, more)
