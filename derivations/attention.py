"""Self-attention commutes with permutations of the tokens: equivariance, with and without a mask.

Source: Vaswani et al. (2017), section 3.2.1. Tokens are rows. ``P`` is the permutation matrix of a bijection
s of {0 .. n-1}: row i of PX is row s(i) of X, so (P S P^T)_(i,j) = S_(s(i), s(j)). A mask is a matrix of
weights B that multiply exp(score): 1 keeps, 0 hides, exp(M) is an additive mask M.
"""

from __future__ import annotations

from derivations.vectors import display, dot, entry
from symcheck.checker import perm
from symcheck.claims import theorem
from symcheck.evidence import countertheorem
from symcheck.prove.lemmas import MATRIX, SEQUENCE, sum_ext, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import decide, matrix, naturals
from symcheck.terms import Term, const, defined, eq, forall, implies, lam, lt, number, unfold, var

VASWANI = "Vaswani et al. 2017, arXiv:1706.03762, eq. 1"
INDEX = ("N", "N")


def exp(x: Term) -> Term:
    return const("exp", x)


#: Component j of the softmax of n scores.
softmax = defined("softmax", ["N", SEQUENCE, "N"], lambda n, a, j: exp(a(j)) / total(n, lambda l: exp(a(l))))
#: The same with weights b_j: 1 keeps a score, 0 hides it.
masked_softmax = defined("masked_softmax", ["N", SEQUENCE, SEQUENCE, "N"],
                         lambda n, b, a, j: b(j) * exp(a(j)) / total(n, lambda l: b(l) * exp(a(l))))  # fmt: skip
#: Entry c of row i of X W, with d input features.
project = defined("project", ["N", MATRIX, MATRIX, "N", "N"],
                  lambda d, X, W, i, c: total(d, lambda b: X(i, b) * W(b, c)))  # fmt: skip
#: Score of token i towards token j: <q_i, k_j> / sqrt(d_k).
score = defined("score", ["N", "N", MATRIX, MATRIX, MATRIX, "N", "N"], lambda d, d_k, X, W_Q, W_K, i, j: dot(
    d_k, lam("N", lambda a: project(d, X, W_Q, i, a)), lam("N", lambda a: project(d, X, W_K, j, a)))
    / const("sqrt", d_k))  # fmt: skip
#: Entry (i, c) of softmax(Q K^T / sqrt(d_k)) V, softmax by rows.
attention = defined("attention", ["N", "N", "N", MATRIX, MATRIX, MATRIX, MATRIX, "N", "N"],
                    lambda n, d, d_k, X, W_Q, W_K, W_V, i, c: total(n, lambda j: softmax(
                        n, lam("N", lambda l: score(d, d_k, X, W_Q, W_K, i, l)), j) * project(d, X, W_V, j, c)))  # fmt: skip
#: The same with mask weights B.
masked_attention = defined("masked_attention", ["N", "N", "N", MATRIX, MATRIX, MATRIX, MATRIX, MATRIX, "N", "N"],
                           lambda n, d, d_k, B, X, W_Q, W_K, W_V, i, c: total(n, lambda j: masked_softmax(
                               n, lam("N", lambda l: B(i, l)), lam("N", lambda l: score(d, d_k, X, W_Q, W_K, i, l)), j)
                               * project(d, X, W_V, j, c)))  # fmt: skip
#: Row i of PX is row s(i) of X.
permuted = defined("permuted", [INDEX, MATRIX, "N", "N"], lambda s, X, i, c: X(s(i), c))
#: The causal mask: token i sees the tokens j <= i.
causal = defined("causal", ["N", "N"], lambda i, j: total(i + 1, lambda l: const("delta", j, l)))


display("softmax", r"\operatorname{softmax}_{<1:bound>}(<1:body>)", "softmax_<1:bound>(<1:body>)", 2,
        parameters=("n", "a", "j"))  # fmt: skip
display("masked_softmax", r"\operatorname{softmax}_{<2:bound>}(<2:body> \mid <1>)", "softmax_<2:bound>(<2:body> | <1>)", 3,
        parameters=("n", "b", "a", "j"))  # fmt: skip
display("project", r"<1:atom>\,<2:atom>", "<1:atom> <2:atom>", 3, 4, parameters=("d", "X", "W", "i", "c"))
display("score", r"S(<2>)", "S(<2>)", 5, 6, parameters=("d", "d_k", "X", "W_Q", "W_K", "i", "j"))
display("attention", r"\operatorname{Attention}(<3>)", "Attention(<3>)", 7, 8,
        parameters=("n", "d", "d_k", "X", "W_Q", "W_K", "W_V", "i", "c"))  # fmt: skip
display("masked_attention", r"\operatorname{Attention}_{<3>}(<4>)", "Attention_<3>(<4>)", 8, 9,
        parameters=("n", "d", "d_k", "B", "X", "W_Q", "W_K", "W_V", "i", "c"))  # fmt: skip
display("permuted", r"P\,<1:atom>", "P <1:atom>", 2, 3, parameters=("s", "X", "i", "c"))
display("causal", r"B^{\mathrm{causal}}", "Bcausal", 0, 1, parameters=("i", "j"))

n, d, d_k, i, j, c = (var(v, "N") for v in ("n", "d", "d_k", "i", "j", "c"))
s = var("s", INDEX)
X, W_Q, W_K, W_V, S, B, P_pos = (var(v, MATRIX) for v in ("X", "W_Q", "W_K", "W_V", "S", "B", "P_pos"))
WEIGHTS = (W_Q, W_K, W_V)
PX = entry(permuted, s, X)


def attend(x: Term, row: Term, column: Term) -> Term:
    """Entry (row, column) of Attention(x)."""
    return attention(n, d, d_k, x, *WEIGHTS, row, column)


@theorem("attention.softmax_permutation", Statement((perm(n, s),), eq(
    softmax(n, lam("N", lambda l: S(s(i), s(l))), j), softmax(n, lam("N", lambda l: S(s(i), l)), s(j))), (n.head,)),
    "Row-wise softmax is conjugated by a permutation: softmax(P S P^T) = P softmax(S) P^T",
    references=(VASWANI,))  # fmt: skip
def softmax_permutation(p: Proof, goal: Statement) -> Line:
    f = lam("N", lambda l: exp(S(s(i), l)))
    moved = p.axiom("sum_permutation", p.assume(goal.hyps[0]), n=n, s=s, f=f)
    left, right = (unfold(a, ["softmax"]) for a in goal.concl.args)
    numerator = exp(S(s(i), s(j)))
    opened = p.by_definition(eq(goal.concl.args[0], left), "softmax")
    same = p.rewrite(moved, p.refl(left), lambda z: eq(left, numerator / z))
    return p.trans(opened, p.because(same, "a finite sum does not change when its terms are permuted"),
                   p.by_definition(eq(right, goal.concl.args[1]), "softmax"))  # fmt: skip


@theorem("attention.equivariance", Statement((perm(n, s),), eq(attend(PX, i, c), attend(X, s(i), c)), (n.head, d.head)),
         "Self-attention is permutation equivariant: Attention(PX) = P Attention(X)",
         references=(VASWANI,), instance=lambda p: [decide(p, perm(2, naturals([1, 0])))])  # fmt: skip
def equivariance(p: Proof, goal: Statement) -> Line:
    names = ["attention", "permuted", "score", "project", "softmax", "dot"]
    left, right = (unfold(a, names) for a in goal.concl.args)
    scores = unfold(lam(["N", "N"], lambda a, b: score(d, d_k, X, W_Q, W_K, a, b)), names)
    values = unfold(lam(["N", "N"], lambda a, b: project(d, X, W_V, a, b)), names)
    known = p.assume(goal.hyps[0])
    whole = p.axiom("sum_permutation", known, n=n, s=s, f=lam("N", lambda l: exp(scores(s(i), l))))
    z = whole.rhs
    f = lam("N", lambda l: exp(scores(s(i), l)) / z * values(l, c))
    outer = p.axiom("sum_permutation", known, n=n, s=s, f=f)
    opened = p.by_definition(eq(goal.concl.args[0], left), *names)
    inner = sum_ext(p, n, left.args[1], outer.lhs.args[1], lambda l, _: p.rewrite(
        p.because(whole, "the normaliser does not change"), p.refl(left.args[1](l)),
        lambda y: eq(left.args[1](l), exp(scores(s(i), s(l))) / y * values(s(l), c))))  # fmt: skip
    return p.trans(opened, inner, p.because(outer, "the sum over tokens is reindexed by s"),
                   p.by_definition(eq(right, goal.concl.args[1]), *names))  # fmt: skip


invariant_mask = forall(["N", "N"], lambda a, b: implies(lt(a, n), lt(b, n), eq(B(s(a), s(b)), B(a, b))))


@theorem("attention.masked_equivariance", Statement((perm(n, s), invariant_mask, lt(i, n)), eq(
    masked_attention(n, d, d_k, B, PX, *WEIGHTS, i, c), masked_attention(n, d, d_k, B, X, *WEIGHTS, s(i), c)),
    (n.head, d.head)),
    "Masked attention is equivariant under the permutations that leave the mask as it is: P B P^T = B",
    references=(VASWANI,), instance=lambda p: [
        decide(p, perm(2, naturals([1, 0]))),
        decide(p, forall(["N", "N"], lambda a, b: implies(lt(a, number(2, "N")), lt(b, number(2, "N")), eq(number(1), 1)))),
        decide(p, lt(number(0, "N"), number(2, "N")))])  # fmt: skip
def masked_equivariance(p: Proof, goal: Statement) -> Line:
    names = ["masked_attention", "permuted", "score", "project", "masked_softmax", "dot"]
    left, right = (unfold(a, names) for a in goal.concl.args)
    scores = unfold(lam(["N", "N"], lambda a, b: score(d, d_k, X, W_Q, W_K, a, b)), names)
    values = unfold(lam(["N", "N"], lambda a, b: project(d, X, W_V, a, b)), names)
    known, mask, inside = (p.assume(h) for h in goal.hyps)

    def kept(l: Term, below: Line) -> Line:  # B(i, l) = B(s(i), s(l))
        return p.symm(p.mp(p.specialise(mask, i, l), inside, below))

    def weight(l: Term) -> Term:
        return B(s(i), l) * exp(scores(s(i), l))

    def start(l: Term) -> Term:
        return B(i, l) * exp(scores(s(i), s(l)))

    masks = sum_ext(p, n, lam("N", start), lam("N", lambda l: weight(s(l))),
                    lambda l, below: p.ring(eq(start(l), weight(s(l))), kept(l, below)))  # fmt: skip
    whole = p.trans(masks, p.axiom("sum_permutation", known, n=n, s=s, f=lam("N", weight)))
    f = lam("N", lambda l: weight(l) / whole.rhs * values(l, c))
    outer = p.axiom("sum_permutation", known, n=n, s=s, f=f)

    def each(l: Term, below: Line) -> Line:
        at = left.args[1](l)
        normalised = p.rewrite(whole, p.refl(at), lambda y: eq(at, start(l) / y * values(s(l), c)))
        return p.ring(eq(at, outer.lhs.args[1](l)), normalised, kept(l, below))

    inner = sum_ext(p, n, left.args[1], outer.lhs.args[1], each)
    return p.trans(p.by_definition(eq(goal.concl.args[0], left), *names), inner, outer,
                   p.by_definition(eq(right, goal.concl.args[1]), *names))  # fmt: skip


pooled = Statement((perm(n, s),), eq(
    total(n, lambda a: attend(PX, a, c)), total(n, lambda a: attend(X, a, c))), (n.head, d.head))


@theorem("attention.pooled_invariance", pooled,
         "What is invariant is what forgets the rows: the sum of the outputs does not change under a permutation",
         references=(VASWANI,), instance=lambda p: [decide(p, perm(2, naturals([1, 0])))])  # fmt: skip
def pooled_invariance(p: Proof, goal: Statement) -> Line:
    known = p.assume(goal.hyps[0])
    a = var("a", "N")
    row = p.theorem("attention.equivariance", n=n, d=d, d_k=d_k, s=s, X=X, W_Q=W_Q, W_K=W_K, W_V=W_V, c=c, i=a)
    f, g = goal.concl.args[0].args[1], goal.concl.args[1].args[1]
    moved = lam("N", lambda b: g(s(b)))
    each = sum_ext(p, n, f, moved, lambda b, _: p.rule("instantiate", row, {a.head: b}))
    return p.trans(each, p.axiom("sum_permutation", known, n=n, s=s, f=g))


SWAP = naturals([1, 0])
#: Two tokens with one feature, 1 and 0; queries and keys do not look; values are the features.
TWO = {"n": 2, "d": 1, "d_k": 1, "s": SWAP, "W_Q": matrix([[0]]), "W_K": matrix([[0]]), "W_V": matrix([[1]]),
       "i": 0, "c": 0}  # fmt: skip
#: The same with keys that look: the output depends on the query's own content.
LOOKING = {**TWO, "W_Q": matrix([[1]]), "W_K": matrix([[1]])}
invariance = Statement((perm(n, s),), eq(attend(PX, i, c), attend(X, i, c)), (n.head, d.head))


countertheorem("attention.not_invariant",
               "Self-attention is not invariant: exchanging two tokens exchanges two different outputs",
               invariance, {**LOOKING, "X": matrix([[1], [0]])}, references=(VASWANI,))  # fmt: skip


#: Input of the encoded tokens: X + P_pos, and PX + P_pos after the tokens were reordered.
encoded = defined("encoded", [MATRIX, MATRIX, "N", "N"], lambda X, P, i, c: X(i, c) + P(i, c))
display("encoded", "<0> + <1>", "<0> + <1>", 2, 3, parameters=("X", "P", "i", "c"))
reordered = entry(encoded, PX, P_pos)


@theorem("attention.reordering", Statement((), eq(
    encoded(PX, P_pos, i, c) - permuted(s, entry(encoded, X, P_pos), i, c), P_pos(i, c) - P_pos(s(i), c))),
    "Reordering the tokens gives PX + P_pos; it differs from P(X + P_pos) by P_pos - P P_pos",
    references=(VASWANI,))  # fmt: skip
def reordering(p: Proof, goal: Statement) -> Line:
    return p.by_definition(goal.concl)


encoded_equivariance = Statement((perm(n, s),), eq(
    attend(reordered, i, c), attend(entry(encoded, X, P_pos), s(i), c)), (n.head, d.head))  # fmt: skip


countertheorem("attention.positions_break_equivariance",
               "With position codes, reordering the tokens does more than reorder the outputs",
               encoded_equivariance, {**LOOKING, "X": matrix([[1], [0]]), "P_pos": matrix([[0], [2]])},
               references=(VASWANI,))  # fmt: skip


causal_equivariance = Statement((perm(n, s), lt(i, n)), eq(
    masked_attention(n, d, d_k, entry(causal), PX, *WEIGHTS, i, c),
    masked_attention(n, d, d_k, entry(causal), X, *WEIGHTS, s(i), c)), (n.head, d.head))  # fmt: skip


countertheorem("attention.causal_breaks_equivariance",
               "The causal mask alone breaks the symmetry: exchanging tokens does more than exchange outputs",
               causal_equivariance, {**TWO, "X": matrix([[1], [0]])}, references=(VASWANI,))  # fmt: skip




if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
