"""Claims of source 000: "LLM notes (3): position encodings (1)", a web page in Chinese.

Conventions of the document: tokens are rows of X; in section 2 the vectors q_i, k_j stand to the right of the
matrix R_(theta,i), that is, they are columns there; in section 1.3.3 both occur in one formula.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import derivations.almost_periodic
import derivations.bilinear
import derivations.congruence
import derivations.shifts  # noqa: F401  their theorems are cited by name
from derivations.attention import (
    LOOKING,
    PX,
    SWAP,
    W_V,
    P_pos,
    S,
    X,
    attend,
    c,
    d,
    d_k,
    encoded,
    i,
    j,
    n,
    permuted,
    project,
    s,
    score,
    softmax,
)
from derivations.breaking import FIRST as FIRST_ONLY
from derivations.breaking import FOLLOWED_RELATIVE, LABELS, MOVED, combination, reader
from derivations.directions import NONE, vanishing_sum
from derivations.frequencies import LAMBERT_1768, thetas
from derivations.logits import (
    INNER,
    W_K,
    W_Q,
    W_R,
    R,
    form,
    p_m,
    p_n,
    relative,
    v,
    x,
    y,
)
from derivations.logits import (
    row as as_row,
)
from derivations.rope import h, k, q, turned
from derivations.sinusoidal import PE, code, component, cos, kernel, rotation, sin, t, theta
from derivations.taylor import (
    HALF,
    ORDER,
    PRINTED,
    added,
    at,
    bilinear,
    f_m,
    f_mm,
    f_mn,
    f_n,
    f_nn,
    quadratic,
    quadratic_is_smooth,
    refute_coefficients,
    small_o,
    smooth,
)
from derivations.vectors import delta, dot, entry, matvec, transpose, vecmat
from symcheck.checker import perm
from symcheck.claims import Evidence, Piece, Source, claim
from symcheck.evidence import (
    by_theorem,
    convention,
    ill_typed,
    not_mathematical,
    proved,
    proved_under,
    refuted,
    refutes,
)
from symcheck.prove import typecheck as types
from symcheck.prove.calculus import has_derivative
from symcheck.prove.lemmas import MATRIX, SEQUENCE, inverse_of, sum_delta, sum_ext, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import HALF_PI, contradict, decide, denial, matrix, table
from symcheck.render.notation import register
from symcheck.terms import (
    Term,
    apply,
    const,
    defined,
    eq,
    exists,
    forall,
    implies,
    lam,
    le,
    lt,
    negation,
    number,
    unfold,
    var,
)

SOURCE = Source(
    file="000_1b8935e5a154affa.txt", key="S000", title="LLM筆記(三)位置編碼(1)",
    address="http://www.pswp.cn/news/905803.shtml", language="zh",
)  # fmt: skip

Proved = tuple[Statement, Callable[[Proof, Statement], Line]]
ZERO, ONE, TWO = (number(z, "N") for z in (0, 1, 2))


def unfolds(*sequent: Term) -> Proved:
    """A statement that says what the definitions say: hypotheses, then an equation."""
    return Statement(sequent[:-1], sequent[-1]), lambda p, goal: p.by_definition(goal.concl)


def also(evidence: Evidence, *theorems: str) -> Evidence:
    """The same evidence with further theorems among its certificates."""
    return replace(evidence, pieces=(*evidence.pieces, *(by_theorem(t) for t in theorems)))


def further(evidence: Evidence, *pieces: Proved) -> Evidence:
    """The same evidence with further statements among its certificates."""
    return replace(evidence, pieces=(*evidence.pieces, *(Piece("proof", *p) for p in pieces)))


def typed(evidence: Evidence, check: Callable[[], tuple[bool, str]]) -> Evidence:
    """The same evidence with what the shape checker sees in the printed formulas."""
    return replace(evidence, check=check)


# 1.1 and 1.5: invariance or equivariance ----------------------------------------------------------------
NOTIONS = convention(
    "attention.equivariance", "attention.not_invariant", "attention.pooled_invariance",
    readings=("equivariance, Attention(PX) = P Attention(X)", "invariance, Attention(PX) = Attention(X)"),
    note="The text calls invariance what its formulas show to be equivariance; a sum over the rows turns one "
         "into the other.")  # fmt: skip
SYMMETRY = ("attention.equivariance", "attention.not_invariant", "attention.pooled_invariance")

claim("S000-001", SOURCE, "section 1, introduction", None,
      "Self-attention is permutation invariant: a reordering changes nothing, or only the order of the rows.",
      NOTIONS, SYMMETRY)  # fmt: skip


# 1.1: attention without codes ---------------------------------------------------------------------------
WEIGHTS = (W_Q, W_K, W_V)


def query(of: Term, a: Term, W: Term = W_Q) -> Term:
    """Row a of X W, as a vector."""
    return entry(project, d, of, W, a)


claim("S000-002", SOURCE, "section 1.1, bullet 1",
      r"X=[x_1,x_2,\dots,x_n],\ x_i\in\mathbb R^d,\ Q=XW_Q,\ K=XW_K,\ V=XW_V",
      "Queries, keys and values are linear images of the tokens, which are the rows of X.",
      proved("logits.row_of_projection", note="The products fit for tokens as rows only; with columns X is d x n."),
      ["logits.row_of_projection"])  # fmt: skip

claim("S000-003", SOURCE, "section 1.1, bullet 1",
      r"A=\text{softmax}\left(\frac{QK^T}{\sqrt{d_k}}\right),\ \text{Attention}(Q,K,V)=AV",
      "Scaled dot-product attention, softmax by rows.",
      proved(unfolds(eq(attend(X, i, c), total(n, lambda b: softmax(n, lam("N", lambda l: (
          dot(d_k, query(X, i), query(X, l, W_K)) / const("sqrt", d_k))), b) * project(d, X, W_V, b, c))))),
      ["attention.equivariance"])  # fmt: skip

claim("S000-004", SOURCE, "section 1.1, bullet 2", "X'=PX", "A permutation matrix on the left reorders the rows.",
      proved("symmetry.permutation_matrix"), ["symmetry.permutation_matrix"])  # fmt: skip

claim("S000-005", SOURCE, "section 1.1, bullet 2", "Q'=PQ,\\ K'=PK,\\ V'=PV",
      "Projections commute with a reordering of the rows.",
      proved(unfolds(eq(project(d, PX, W_Q, i, c), permuted(s, entry(project, d, X, W_Q), i, c)))))  # fmt: skip


def weight(of: Term, a: Term, b: Term) -> Term:
    """Entry (a, b) of softmax(Q K^T / sqrt(d_k))."""
    return softmax(n, lam("N", lambda l: score(d, d_k, of, W_Q, W_K, a, l)), b)


def conjugated_weights(p: Proof, goal: Statement) -> Line:
    scores = lam(["N", "N"], lambda a, b: score(d, d_k, X, W_Q, W_K, a, b))
    at = p.theorem("attention.softmax_permutation", p.assume(goal.hyps[0]), n=n, s=s, S=scores, i=i, j=j)
    return p.convert(at, goal.concl, "permuted", "score", "project")


claim("S000-006", SOURCE, "section 1.1, bullet 2",
      r"A'=\text{softmax}\left(\frac{Q'(K')^T}{\sqrt{d_k}}\right)"
      r"=\text{softmax}\left(\frac{PQK^TP^T}{\sqrt{d_k}}\right)=PAP^T",
      "The attention weights of the reordered input are the reordered weights.",
      proved((Statement((perm(n, s),), eq(weight(PX, i, j), weight(X, s(i), s(j))), (n.head, d.head)),
              conjugated_weights),
             unfolds(eq(score(d, d_k, PX, W_Q, W_K, i, j), score(d, d_k, X, W_Q, W_K, s(i), s(j))))),
      ["attention.softmax_permutation"])  # fmt: skip

claim("S000-007", SOURCE, "section 1.1, bullet 2", r"\text{Attention}(Q',K',V')=A'V'=PAP^TPV=PAV",
      "The output for the reordered input is the reordered output, because P^T P = I.",
      proved("attention.equivariance", "symmetry.permutation_orthogonal"),
      ["attention.equivariance", "symmetry.permutation_orthogonal"])  # fmt: skip

claim("S000-008", SOURCE, "section 1.1, last bullet", None,
      "Attention cannot tell in which order X and X' are; it depends on the content of the tokens alone.",
      proved("symmetry.same_outputs", "attention.equivariance",
             note="Attention as defined there, without a mask: a causal mask alone already breaks the symmetry "
                  "(attention.causal_breaks_equivariance)."),
      ["symmetry.same_outputs", "attention.equivariance"])  # fmt: skip

# 1.2.1: absolute codes ----------------------------------------------------------------------------------
claim("S000-009", SOURCE, "section 1.2.1, principle", r"x_m'=x_m+p_m,\ X_{new}=[x_1+p_1,x_2+p_2,\dots,x_n+p_n]",
      "The code of its slot is added to each token.",
      proved(unfolds(eq(encoded(X, P_pos, i, c), X(i, c) + P_pos(i, c)))))  # fmt: skip

# 1.2.1: which object is permuted ------------------------------------------------------------------------
X_new = entry(encoded, X, P_pos)
#: Two tokens 1 and 0 with the codes 0 and 2, and their exchange.
EXAMPLE = {**LOOKING, "X": matrix([[1], [0]]), "P_pos": matrix([[0], [2]])}

claim("S000-010", SOURCE, "section 1.2.1, first formula", r"X_{new}' = P X_{new} = P(X + P_{pos})",
      "Reordering the tokens is modelled by permuting the encoded input, codes included.",
      refuted(refutes(Statement((perm(n, s),), eq(encoded(PX, P_pos, i, c), permuted(s, X_new, i, c)), (n.head,)),
                      EXAMPLE),
              "attention.reordering",
              note="As a definition of P X_new there is nothing to object. But a token that moves takes its content "
                   "along and finds the code of its new slot: when the tokens are reordered, X' = PX as in section 1.1, "
                   "the input becomes PX + P_pos. P(X + P_pos) moves the codes along with the tokens."),
      ["attention.reordering"])  # fmt: skip


def same_rows(x: Term, y: Term) -> Term:
    """x and y agree in every entry (i, c)."""
    return forall(["N", "N"], lambda a, b: eq(x(a, b), y(a, b)))


def attended(x: Term) -> Term:
    """Attention(x) as a matrix."""
    return lam(["N", "N"], lambda a, b: attend(x, a, b))


moved = entry(permuted, s, X_new)
#: P X_new differs from X_new, therefore Attention(P X_new) is no rearrangement of Attention(X_new).
DIFFERENCE_BREAKS = Statement(
    (perm(n, s), negation(same_rows(moved, X_new))),
    negation(same_rows(attended(moved), entry(permuted, s, attended(X_new)))), (n.head, d.head))  # fmt: skip
NOT_A_REARRANGEMENT = Statement(
    (perm(n, s),), negation(same_rows(attended(moved), entry(permuted, s, attended(X_new)))),
    (n.head, d.head))  # fmt: skip


def denied_by_equivariance(statement: Statement) -> Piece:
    """At the example the premises hold, yet the output is a rearrangement: equivariance says so."""

    def prove(p: Proof, _: Statement) -> Line:
        closed = p.assume(statement.closed())
        line = p.specialise(closed, *(EXAMPLE[v.name] for v in statement.variables))
        line = p.mp(line, decide(p, line.concl.args[0]))
        if len(statement.hyps) > 1:
            line = p.mp(line, _differ(p, line.concl.args[0].args[0]))
        a, b = var("a", "N"), var("b", "N")
        values = {v.name: EXAMPLE[v.name] for v in statement.variables if v.name not in ("X", "P_pos", "i", "c")}
        x = entry(encoded, EXAMPLE["X"], EXAMPLE["P_pos"])
        at = p.theorem("attention.equivariance", decide(p, perm(2, EXAMPLE["s"])), X=x, i=a, c=b, **values)
        target = p.specialise(p.assume(line.concl.args[0]), a, b).concl
        every = p.generalise(p.convert(at, target, "permuted"), a, b)
        return p.discharge(p.mp(line, every), closed.concl)

    return Piece("refutation", denial(statement), prove, None,
                 "two tokens 1 and 0 with codes 0 and 2, exchanged: P X_new differs from X_new, and the output is "
                 "the exchanged output", statement)  # fmt: skip


def _differ(p: Proof, same: Term) -> Line:
    """``(for all i, c: x = y) -> false`` for closed matrices that differ at (0, 0)."""
    line = p.specialise(p.assume(same), 0, 0)
    return p.discharge(contradict(p, line, []), same)


REARRANGED = Statement((perm(n, s),), eq(attend(moved, i, c), attend(X_new, s(i), c)), (n.head, d.head))


def rearranged(p: Proof, goal: Statement) -> Line:
    return p.theorem("attention.equivariance", p.assume(goal.hyps[0]), n=n, d=d, d_k=d_k, s=s, X=X_new, W_Q=W_Q, W_K=W_K,
                     W_V=W_V, c=c, i=i)  # fmt: skip


#: With codes of their own for the slots, P X_new still need not differ from X_new.
INPUT_DIFFERS = Statement((perm(n, s), LABELS, lt(i, n), MOVED), negation(same_rows(moved, X_new)), (n.head, d.head))
#: The tokens 0 and -2 with the codes 0 and 2: both inputs are 0.
HIDDEN = {"n": 2, "d": 1, "s": SWAP, "i": 0, "X": lam(["N", "N"], lambda a, b: -2 * (a * number(1))),
          "P_pos": lam(["N", "N"], lambda a, b: 2 * (a * number(1)))}  # fmt: skip


def two_labels(p: Proof, goal: Term) -> Line:
    """The codes 2a of the slots a < 2 differ."""
    a, b = var("a", "N"), var("b", "N")
    claimed = apply(apply(goal.args[0], [a]).args[0], [b])
    low, high, same = claimed.args[0], claimed.args[1].args[0], claimed.args[1].args[1].args[0]
    first = p.mp(p.specialise(p.assume(same), 0), decide(p, lt(ZERO, ONE)))
    equal = p.axiom("nat_embedding", p.ring(const("eq", a * number(1), b * number(1)), first), m=a, n=b)
    return p.generalise(p.discharge(equal, low, high, same), a, b)


def refute_difference(p: Proof, _: Statement) -> Line:
    claimed = p.assume(INPUT_DIFFERS.closed())
    line = p.specialise(claimed, *(HIDDEN[z.name] for z in INPUT_DIFFERS.variables))
    for prove in (decide, two_labels, decide, decide):
        line = p.mp(line, prove(p, line.concl.args[0]))
    a, b = var("a", "N"), var("b", "N")
    at = apply(apply(line.concl.args[0].args[0], [a]).args[0], [b])
    same = p.by_definition(at, "encoded", "permuted")
    return p.discharge(p.mp(line, p.generalise(same, a, b)), claimed.concl)


claim("S000-011", SOURCE, "section 1.2.1", r"X_{new}' \neq X_{new}",
      "The codes are reordered too, so the permuted input differs from the original: this breaks the symmetry.",
      refuted(denied_by_equivariance(DIFFERENCE_BREAKS), (REARRANGED, rearranged),
              more=[Piece("refutation", denial(INPUT_DIFFERS), refute_difference, None,
                          "the tokens 0 and -2 with the codes 0 and 2, exchanged: X_new = 0 = P X_new", INPUT_DIFFERS),
                    by_theorem("breaking.labels")],
              note="What falls is the inference. P X_new differs from X_new (unless codes and tokens cancel), and "
                   "attention is equivariant all the same. What breaks the symmetry is that the codes stay where they "
                   "are: PX + P_pos (breaking.labels)."),
      ["attention.equivariance", "breaking.labels", "attention.positions_break_equivariance"])  # fmt: skip

claim("S000-012", SOURCE, "section 1.2.1, last sentence", None,
      "After X'_new = P X_new the attention result is more than a rearrangement of the rows.",
      refuted(denied_by_equivariance(NOT_A_REARRANGEMENT), (REARRANGED, rearranged), more=[by_theorem("breaking.labels")],
              note="For P X_new it is exactly a rearrangement; for PX + P_pos it is not (breaking.labels)."),
      ["attention.equivariance", "breaking.labels", "attention.positions_break_equivariance"])  # fmt: skip


claim("S000-013", SOURCE, "section 1.2.1, example",
      r"PE(pos,2i)=\sin\left(\frac{pos}{10000^{2i/d}}\right),\ PE(pos,2i+1)=\cos\left(\frac{pos}{10000^{2i/d}}\right)",
      "The sinusoidal code: sines at even indices from 0, cosines at odd ones.",
      proved("frequencies.definition"), ["frequencies.definition"])  # fmt: skip

claim("S000-014", SOURCE, "section 1.2.1, example", None,
      "The codes of different positions are different patterns.",
      proved("frequencies.distinct", cited=(LAMBERT_1768,),
             note="All positions have the same frequencies; what differs is the phases. Whole positions differ because "
                  "pi is irrational; real ones need not (frequencies.wavelength, d = 2)."),
      ["frequencies.distinct"])  # fmt: skip

claim("S000-015", SOURCE, "section 1.2.1, effect", None,
      "A label for every position breaks the symmetry under permutations.",
      proved("breaking.labels", "breaking.codes",
             note="The section asks for a code of its own for each position; a reordering that leaves all codes is "
                  "followed (breaking.kept_codes). Proved is that the symmetry fails for some weights and tokens: with "
                  "W_V = 0 nothing can break it."),
      ["breaking.labels", "breaking.codes", "breaking.kept_codes"])  # fmt: skip

claim("S000-076", SOURCE, "section 1.2.1, first formula", r"P_{pos}=[p_1,p_2,\dots,p_n]",
      "The matrix whose rows are the codes; the encoded input is X + P_pos.",
      proved(unfolds(eq(encoded(X, P_pos, i, c) - X(i, c), P_pos(i, c)))))  # fmt: skip

# 1.2.2: relative codes ----------------------------------------------------------------------------------
left, right, by = var("m"), var("n"), var("c")  # positions of a pair, and a common shift
claim("S000-016", SOURCE, "section 1.2.2", "a_{ij}=q_i^Tk_j+q_i^TR_{i-j}",
      "A relative code adds a term to the score that depends on i - j.",
      proved("logits.shaw", "logits.relative_shift",
             note="The score before it is scaled: the factor 1/sqrt(d_k) of section 1.1 is left out."),
      ["logits.shaw", "logits.relative_shift"])  # fmt: skip


def followed_anyway(statement: Statement, values: dict[str, Term | int], outputs: Callable[..., Line],
                    note: str) -> Piece:  # fmt: skip
    """"Attention does not follow the reordering" fails at ``values``: ``outputs(p, W_Q, W_K, W_V, X, i, c, i < n)``
    proves the equation of the outputs, for all weights and tokens."""

    def prove(p: Proof, _: Statement) -> Line:
        claimed = p.assume(statement.closed())
        line = p.specialise(claimed, *(values[z.name] for z in statement.variables))
        while not line.concl.args[0].is_const("forall"):
            line = p.mp(line, decide(p, line.concl.args[0]))
        at = [*(var(z, MATRIX) for z in ("W_Q", "W_K", "W_V", "X")), var("e", "N"), var("f", "N")]
        inside = line.concl.args[0]
        for z in at:
            inside = apply(inside.args[0], [z])
        below = p.assume(inside.args[0])
        same = p.convert(outputs(p, *at, below), inside.args[1], "encoded", "permuted")
        return p.discharge(p.mp(line, p.generalise(p.discharge(same, below.concl), *at)), claimed.concl)

    return Piece("refutation", denial(statement), prove, None, note, statement)


EXCHANGE: dict[str, Term | int] = {"n": 2, "d": 1, "d_k": 1, "s": SWAP, "i": 0}
FLAT = lam(["R", "N"], lambda z, b: number(1))


def same_relative(p: Proof, W_Q: Term, W_K: Term, W_V: Term, X: Term, e: Term, f: Term, below: Line) -> Line:
    a, b, r = (var(z, "N") for z in ("a", "b", "r"))
    kept = p.generalise(p.discharge(p.refl(number(1)), lt(a, TWO), lt(b, TWO), lt(r, ONE)), a, b, r)
    return p.theorem("symmetry.relative_equivariance", decide(p, perm(2, SWAP)), kept, below, n=2, d=1, d_k=1, s=SWAP,
                     R=FLAT, X=X, W_Q=W_Q, W_K=W_K, W_V=W_V, i=e, c=f)  # fmt: skip


SAME_RELATIVE = followed_anyway(
    Statement((perm(n, s), lt(0, d), lt(0, d_k), lt(i, n), MOVED), negation(FOLLOWED_RELATIVE),
              (n.head, d.head, d_k.head)),
    {**EXCHANGE, "R": FLAT}, same_relative,
    "two tokens exchanged, R = 1 at every offset: the outputs are exchanged, whatever the weights and tokens")  # fmt: skip
PAIRS_CHANGE = "the reordering changes the code of some pair: R_(s(i)-s(j)) differs from R_(i-j), row i holding token s(i)"
claim("S000-017", SOURCE, "section 1.2.2", None,
      "A reordering changes i - j, hence the weights, and the output is more than a rearrangement.",
      also(proved_under([PAIRS_CHANGE], "breaking.relative_codes", SAME_RELATIVE,
                        note="Every reordering but the identity changes the offset of some pair; whether the output "
                             "notices depends on R, and the condition is exact: where no pair changes its code, "
                             "attention follows (symmetry.relative_equivariance). A code of the distance |i - j| does "
                             "not notice a reversal."),
           "symmetry.offsets_fix_the_order", "symmetry.reversal"),
      ["breaking.relative_codes", "symmetry.offsets_fix_the_order", "symmetry.reversal",
       "symmetry.relative_equivariance"])  # fmt: skip

IDENTITY = lam(["N", "N"], lambda a, b: delta(a, b))


def identity_projects(p: Proof, goal: Statement) -> Line:
    r = var("r", "N")
    picked = p.mp(p.at(sum_delta(p), n=d, j=r, f=x), p.assume(goal.hyps[0]))
    return p.trans(p.by_definition(eq(goal.concl.args[0], picked.lhs), "matvec"), picked)


claim("S000-018", SOURCE, "section 1.2.2, example", "a_{ij}=q_i^Tk_j+q_i^TR_{i-j}+u^Tk_j+v^TR_{i-j}",
      "The four terms of the score of Transformer-XL.",
      convention("logits.transformer_xl_projected", "logits.transformer_xl_needs_projection",
                 (Statement((lt(var("r", "N"), d),), eq(matvec(d, IDENTITY, x, var("r", "N")), x(var("r", "N")))),
                  identity_projects),
                 readings=("R stands for the projected code W_(k,R) R_(i-j), as k_j does for W_(k,E) x_j",
                           "R is the sinusoid itself, without a projection"),
                 note="Transformer-XL has key projections of its own for contents and for relative codes; the printed "
                      "form leaves W_(k,R) out, and the text says no more than that R is made of sines and cosines. "
                      "Both readings agree for W_(k,R) = I, which asks for d = d_k. The scale 1/sqrt(d_k) is left "
                      "out."),
      ["logits.transformer_xl_projected", "logits.transformer_xl_needs_projection",
       "logits.transformer_xl"])  # fmt: skip

component_ = var("r", "N")


def distance_is_offset(of: Callable[[Term], Term]) -> Proved:
    """For n <= m: a function of |m - n| is that function of m - n."""

    def prove(p: Proof, goal: Statement) -> Line:
        size = p.axiom("abs_nonneg", p.pos(le(0, left - right), p.assume(goal.hyps[0])), x=left - right)
        return p.rewrite(size, p.refl(of(size.lhs)), lambda z: eq(of(size.lhs), of(z)))

    return Statement((le(right, left),), eq(of(const("abs", left - right)), of(left - right))), prove


def wave(at_offset: Term) -> Term:
    """A component of the sinusoid at an offset."""
    return PE(theta, at_offset, component_)


claim("S000-019", SOURCE, "section 1.2.2, example", None,
      "R_(i-j) is made of sines and cosines and depends on the relative distance.",
      convention(unfolds(eq(wave((left + by) - (right + by)), wave(left - right))),
                 refutes(Statement((), eq(wave(left - right), wave(const("abs", left - right)))),
                         {"theta": table([HALF_PI]), "m": 0, "n": 1, "r": 0}, role="other reading"),
                 distance_is_offset(wave),
                 readings=("distance means the signed offset i - j", "distance means |i - j|"),
                 note="Section 2.4.1 writes the distance as i - j, with its sign: the first reading. The sines change "
                      "sign with the offset; under a causal mask only i >= j occurs, and both readings agree."),
      ["logits.relative_shift"])  # fmt: skip

left2, right2 = var("m'"), var("n'")


def same_scores(a: Term, b: Term, a2: Term, b2: Term) -> Term:
    """Shaw's score of the positions a, b is that of a2, b2, for all queries and keys."""
    def score_at(q: Term, k: Term, offset: Term) -> Term:
        return dot(d_k, q, k) + dot(d_k, q, relative(offset))
    return forall([SEQUENCE, SEQUENCE], lambda q, k: eq(score_at(q, k, a - b), score_at(q, k, a2 - b2)))


SCORES_STAY = same_scores(left, right, left2, right2)
OFFSETS_TOLD = negation(eq(R(left - right, c), R(left2 - right2, c)))


def a_query_notices(p: Proof, goal: Statement) -> Line:
    """The query that reads component c of the codes, and the key 0."""
    inside, differ = (p.assume(hyp) for hyp in goal.hyps)
    stay = p.assume(SCORES_STAY)
    reads = lam("N", lambda a: delta(c, a))
    line = p.specialise(stay, reads, NONE)
    picked = [p.mp(p.at(sum_delta(p), n=d_k, j=c, f=relative(z)), inside) for z in (left - right, left2 - right2)]
    opened = [p.by_definition(eq(dot(d_k, reads, relative(z)), one.lhs), "dot")
              for z, one in zip((left - right, left2 - right2), picked, strict=True)]
    return p.discharge(p.mp(differ, p.ring(differ.concl.args[0], line, *picked, *opened)), stay.concl)


def common_shift_stays(p: Proof, _: Statement) -> Line:
    """The positions 0, 0 and 1, 1: the same offset 0."""
    claimed = p.assume(SHIFTED_SCORES.closed())
    values = {"d_k": 1, "R": lam(["R", "N"], lambda z, b: z), "m": 0, "n": 0, "m'": 1, "n'": 1}
    line = p.specialise(claimed, *(values[z.name] for z in SHIFTED_SCORES.variables))
    line = p.mp(line, p.ball(lt(0, number(1))), p.ball(lt(0, number(1))))
    inside = apply(apply(line.concl.args[0].args[0], [q]).args[0], [k])
    same = p.convert(p.refl(inside.args[0]), inside)
    return p.discharge(p.mp(line, p.generalise(same, q, k)), claimed.concl)


SHIFTED_SCORES = Statement((lt(left, left2), lt(right, right2)), negation(SCORES_STAY), (d_k.head,))
claim("S000-020", SOURCE, "section 1.2.2, effect", None,
      "Relative codes make the model sensitive to changes of position.",
      also(proved_under(["the codes of the two offsets differ: R_(m-n) is not R_(m'-n')"],
                        (Statement((lt(c, d_k), OFFSETS_TOLD), negation(SCORES_STAY)), a_query_notices),
                        Piece("refutation", denial(SHIFTED_SCORES), common_shift_stays, None,
                              "R_t = t, the positions 0, 0 and 1, 1: no query and no key see the change",
                              SHIFTED_SCORES),
                        note="Some query then has another score. A common shift of both positions changes nothing: "
                             "that is what makes the code relative. For whole reorderings see S000-017."),
           "breaking.relative_codes", "logits.relative_shift"),
      ["breaking.relative_codes", "logits.shaw", "logits.relative_shift"])  # fmt: skip

# 1.3: Taylor --------------------------------------------------------------------------------------------
claim("S000-021", SOURCE, "section 1.3, display",
      r"\tilde f(X+P_{pos}) \approx f(X) + p_m^T \frac{\partial f}{\partial x_m} "
      r"+ p_n^T \frac{\partial f}{\partial x_n}"
      r" + p_m^T \frac{\partial^2 f}{\partial x_m^2} p_m + p_n^T \frac{\partial^2 f}{\partial x_n^2} p_n"
      r" + p_m^T \frac{\partial^2 f}{\partial x_m \partial x_n} p_n",
      "Second-order expansion in the codes, with coefficient 1 on the pure second-order terms.",
      refuted(Piece("refutation", denial(PRINTED),
                    lambda p, _: refute_coefficients(p, PRINTED, quadratic(1, 0, 0), 1, 0),
                    "taylor.half_is_needed", "d = 1, f(x_m, x_n) = x_m^2 at 0: f(p) = p^2, the right side 2 p^2",
                    PRINTED),
              "taylor.second_order", note="The factor 1/2 is missing on the two pure second-order terms."),
      ["taylor.second_order", "taylor.half_is_needed"])  # fmt: skip


F = var("f", (MATRIX, "R"))
#: The model with codes, as the source of the expansion defines it: f~(X) = f(X + P_pos).
encoded_model = defined("encoded_model", [(MATRIX, "R"), MATRIX, MATRIX], lambda f, P, X: f(entry(encoded, X, P)))
register("encoded_model", tex=r"\tilde f(<2>)", text="f~(<2>)")

claim("S000-022", SOURCE, "section 1.3, display, left side", r"\tilde f(X+P_{pos})",
      "The output of the model after the codes are added.",
      convention(unfolds(eq(encoded_model(F, P_pos, X), F(entry(encoded, X, P_pos)))),
                 refutes(Statement((), eq(encoded_model(F, P_pos, entry(encoded, X, P_pos)),
                                          F(entry(encoded, X, P_pos)))),
                         {"f": lam([MATRIX], lambda z: z(0, 0)), "P_pos": matrix([[1]]), "X": matrix([[0]])},
                         role="other reading"),
                 unfolds(eq(encoded_model(F, P_pos, entry(encoded, X, P_pos)),
                            F(lam(["N", "N"], lambda a, b: X(a, b) + 2 * P_pos(a, b))))),
                 readings=("it names the output for the encoded input, f(X + P_pos), which is f~(X)",
                           "f~ is the model that adds the codes itself: they are then added twice"),
                 note="With f~(X) = f(X + P_pos), as in the source of the expansion, the left side is"
                      " f~(X)."))  # fmt: skip

# Positions other than m and n
SLOPES = var("alpha"), var("beta"), var("gamma")


def missing_code() -> Statement:
    """For a linear model of three tokens, alpha x_m + beta x_n + gamma x_k, with codes u, v, w: the expansion
    with the terms of m and n only has a remainder o(u^2 + v^2 + w^2)."""
    alpha, beta, gamma = SLOPES

    def rest(u: Term, v: Term, w: Term) -> Term:
        return (alpha * u + beta * v + gamma * w) - (alpha * u + beta * v)

    return Statement((), forall("R", lambda e: implies(lt(0, e), exists("R", lambda r: const("and", lt(0, r), forall(
        ["R", "R", "R"], lambda u, v, w: implies(le(u * u + v * v + w * w, r), le(
            const("abs", rest(u, v, w)), e * (u * u + v * v + w * w)))))))), tuple(z.head for z in SLOPES))  # fmt: skip


def refute_missing_code(p: Proof, _: Statement) -> Line:
    """alpha = beta = 0, gamma = 1 and e = 1: w = r/(1 + r) is allowed, and w <= w^2 fails because w < 1."""
    closed = p.assume(missing_code().closed())
    line = p.specialise(closed, 0, 0, 1, 1)
    line = p.mp(line, p.ball(lt(0, number(1))))

    def use(r: Term, found: Line) -> Line:
        big, every = p.parts(found)
        above = p.pos(lt(0, 1 + r), big)
        inverse = inverse_of(p, above)
        part = p.axiom("inverse_positive", above, x=1 + r)
        w = r * const("inv", 1 + r)
        some = p.rule("pos", lt(0, w), [big, part], [(Fraction(1), [0, 1], number(1))], [], [])
        below = p.pos(lt(w, 1), inverse, part)
        less = p.rule("pos", lt(0, w * (1 - w)), [some, p.pos(lt(0, 1 - w), below)],
                      [(Fraction(1), [0, 1], number(1))], [], [])  # fmt: skip
        # r - w = r^2/(1 + r) >= 0
        square = p.rule("pos", lt(0, r * r * const("inv", 1 + r)), [big, big, part],
                        [(Fraction(1), [0, 1, 2], number(1))], [], [])  # fmt: skip
        split = p.ring(eq(r - w, r * r * const("inv", 1 + r)), inverse)
        bound = p.pos(lt(w, r), square, split)
        at_point = p.specialise(every, 0, 0, w)
        small = p.pos(at_point.concl.args[0], less, bound)
        out = p.mp(at_point, small)
        size = p.axiom("abs_nonneg", p.pos(le(0, out.lhs.args[0]), some), x=out.lhs.args[0])
        return p.pos(const("false"), out, size, less)

    return p.discharge(p.obtain(line, use, name="r"), closed.concl)


claim("S000-023", SOURCE, "section 1.3, display", None,
      "The expansion of f(X + P_pos), with the codes of all positions, has terms with p_m and p_n only.",
      proved_under(["only the slots m and n carry codes; those of the other positions are left out"],
                   "taylor.second_order",
                   Piece("refutation", denial(missing_code()), refute_missing_code, None,
                         "three tokens of one feature, f = x_k with a third slot k: f changes by p_k, the printed "
                         "terms by 0",
                         missing_code()),
                   note="With all codes there is a first-order and a pure term for each position, and a mixed one for "
                        "each pair."),
      ["taylor.second_order"])  # fmt: skip


def moved_centre() -> Statement:
    """The expansion with all derivatives taken at X + P_pos."""
    from derivations.taylor import f, x, y

    def rest(p: Term, q: Term) -> Term:
        a, b = added(x, p), added(y, q)
        return f(a, b) - (f(x, y) + dot(d, p, at(f_m, a, b)) + dot(d, q, at(f_n, a, b)) + HALF * bilinear(
            d, p, at(f_mm, a, b), p) + HALF * bilinear(d, q, at(f_nn, a, b), q) + bilinear(
            d, p, at(f_mn, a, b), q))  # fmt: skip

    return Statement((smooth,), small_o(d, lam([SEQUENCE, SEQUENCE], rest)), ORDER)


MOVED = moved_centre()
claim("S000-024", SOURCE, "section 1.3, text", None,
      "The Taylor expansion is made at the input X + P_pos.",
      refuted(Piece("refutation", denial(MOVED), lambda p, _: refute_coefficients(p, MOVED, quadratic(1, 0, 0), 1, 0),
                    None,
                    "d = 1, f = x_m^2 at 0: f(p) = p^2, the expansion with derivatives at p gives 3 p^2", MOVED),
              "taylor.second_order", convention="expanded about X, and evaluated at X + P_pos",
              note="The displayed series has f(X) as its constant term: it is expanded about X and gives the value at "
                   "X + P_pos."),
      ["taylor.second_order"])  # fmt: skip

BLOCK, MIXED = var("A", MATRIX), var("B", MATRIX)
LAST_TWO = HALF * bilinear(d, p_n, BLOCK, p_n) + bilinear(d, p_m, MIXED, p_n)


def vanishes_without(of: Term) -> Term:
    """The last two terms of the display at p_m = 0."""
    return HALF * bilinear(d, p_n, BLOCK, p_n) + bilinear(d, of, MIXED, p_n)


claim("S000-025", SOURCE, "sections 1.3, 1.3.1 and 1.5", None,
      "The first four terms carry absolute information, the last one relative information.",
      convention("taylor.coupling",
                 refutes(Statement((), eq(vanishes_without(NONE), 0)),
                         {"d": 1, "A": matrix([[1]]), "B": matrix([[0]]), "p_n": table([1])}, role="other reading"),
                 (Statement((), eq(LAST_TWO - bilinear(d, p_m, MIXED, p_n), HALF * bilinear(d, p_n, BLOCK, p_n))),
                  lambda p, goal: p.ring(goal.concl)),
                 readings=("the four terms after f(X), as section 1.3.1 lists them",
                           "the first four of the six terms as displayed, f(X) among them"),
                 note="The list in section 1.3.1 says which four are meant. The display has six terms: counted from f(X), "
                      "the fourth is p_m^T f_mm p_m, and the pure term of p_n is left over, which depends on one code "
                      "alone too."),
      ["taylor.coupling"])  # fmt: skip

claim("S000-026", SOURCE, "section 1.3.1", r"p_m^T\frac{\partial f}{\partial x_m}",
      "The first-order term is the inner product of the code with the gradient: the sensitivity in its direction.",
      proved("taylor.directional"), ["taylor.directional"])  # fmt: skip

claim("S000-077", SOURCE, "section 1.3.1", r"p_m^T\frac{\partial^2f}{\partial x_m^2}p_m",
      "The pure second-order term is the curvature of f in the direction of the code.",
      proved("taylor.curvature", note="In the expansion it enters with the factor 1/2 (S000-021)."),
      ["taylor.curvature"])  # fmt: skip

other_content = var("x_n'", SEQUENCE)
PRODUCT_MODEL = quadratic(0, 1, 0)


def gradient_term(content: Term) -> Term:
    from derivations.taylor import x

    return dot(d, p_m, at(f_m, x, content))


def first_order_alone() -> Statement:
    from derivations.taylor import y

    return Statement((smooth,), eq(gradient_term(y), gradient_term(other_content)), ORDER)


def taken(a: Term, b: Term) -> Term:
    """a - b as a vector."""
    return lam("N", lambda e: a(e) - b(e))


def dot_of_difference(p: Proof, goal: Statement) -> Line:
    """``<u, a> - <u, b> = <u, a - b>``."""
    u, a = goal.concl.args[0].args[0].args[1:]
    b = goal.concl.args[1].args[2]
    f, whole = lam("N", lambda e: u(e) * a(e)), lam("N", lambda e: u(e) * b(e))
    g = lam("N", lambda e: f(e) - whole(e))  # u (a - (a - b)) = u b
    split = combination(p, d, [(number(1), f), (number(-1), g)])
    same = p.convert(split, eq(total(d, whole), split.rhs))
    other = p.ring(eq(total(d, whole), total(d, f) - total(d, g)), same)
    ends = [p.by_definition(eq(dot(d, u, z), total(d, h_)), "dot") for z, h_ in ((a, f), (b, whole))]
    rest = p.by_definition(eq(goal.concl.args[0] - dot(d, u, a), -total(d, g)), "dot")
    return p.ring(goal.concl, other, *ends, rest)


def content_moves_the_gradient() -> Statement:
    from derivations.taylor import x, y

    return Statement((), eq(gradient_term(y) - gradient_term(other_content), dot(d, p_m, taken(
        at(f_m, x, y), at(f_m, x, other_content)))), ORDER)  # fmt: skip


claim("S000-027", SOURCE, "section 1.3.1, features", None,
      "These terms depend on the code of one position and involve no interaction with other positions.",
      convention("taylor.coupling",
                 refutes(first_order_alone(), {**PRODUCT_MODEL, "x_m": table([0]), "x_n": table([0]),
                                               "x_n'": table([1]), "p_m": table([1])}, role="other reading",
                         hypotheses={0: lambda p, _: quadratic_is_smooth(p, PRODUCT_MODEL)},
                         note="d = 1, f = x_m x_n: p_m df/dx_m = p_m x_n"),
                 (content_moves_the_gradient(), dot_of_difference),
                 readings=("the codes of other positions do not enter",
                           "nothing of the other positions enters, their contents included"),
                 note="The gradient at x_m depends on the contents of all tokens, as the cross term of S000-037 does on "
                      "that of n."),
      ["taylor.coupling"])  # fmt: skip

code_1, code_3 = var("p_1", SEQUENCE), var("p_3", SEQUENCE)
c_ = var("c", "N")


def contribution(code: Term, g: Term, curvature: Term) -> Term:
    """p^T g + p^T H p / 2: what a token's code adds, up to second order."""
    return dot(d, code, g) + HALF * bilinear(d, code, curvature, code)


#: No gradient g and no curvature H tells the two codes apart.
ALIKE = forall([SEQUENCE, MATRIX], lambda g, H: eq(contribution(code_1, g, H), contribution(code_3, g, H)))


def a_gradient_tells(p: Proof, goal: Statement) -> Line:
    """The gradient e_c and the curvature 0: the contributions are p_1(c) and p_3(c)."""
    inside, differ = (p.assume(hyp) for hyp in goal.hyps)
    alike = p.assume(ALIKE)
    unit, flat = lam("N", lambda e: delta(c_, e)), lam(["N", "N"], lambda a, b: number(0))
    line = p.specialise(alike, unit, flat)
    ends = []
    for own in (code_1, code_3):
        picked = p.mp(p.at(sum_delta(p), n=d, j=c_, f=own), inside)
        slope = p.by_definition(eq(dot(d, own, unit), picked.lhs), "dot")
        opened = unfold(bilinear(d, own, flat, own), ["bilinear"])
        none = p.trans(p.by_definition(eq(bilinear(d, own, flat, own), opened), "bilinear"), vanishing_sum(p, opened))
        ends.append(p.ring(eq(contribution(own, unit, flat), own(c_)), slope, picked, none))
    return p.discharge(p.mp(differ, p.trans(p.symm(ends[0]), line, ends[1])), alike.concl)


claim("S000-028", SOURCE, "section 1.3.1, example", None,
      "With these terms the model tells a token at position 1 from one at position 3 even where the contents agree.",
      proved((Statement((lt(c_, d), negation(eq(code_1(c_), code_3(c_)))), negation(ALIKE)), a_gradient_tells),
             note="It can: for codes that differ, some gradient g and curvature H, which equal contents share, give "
                  "other contributions p^T g + p^T H p/2 (with the 1/2 of S000-021). A model with g = 0 and H = 0 at "
                  "these contents does not."))  # fmt: skip

# 1.3.2: the mixed term ----------------------------------------------------------------------------------
claim("S000-029", SOURCE, "section 1.3.2", r"p_m^T\frac{\partial^2f}{\partial x_m\partial x_n}p_n",
      "The mixed second-order term couples the codes of the two positions.",
      proved("taylor.coupling"), ["taylor.coupling"])  # fmt: skip

H = var("H", MATRIX)
first, second = var("m"), var("n")


def interaction(inner: Term, a: Term, b: Term) -> Term:
    """p_a^T (inner) p_b for sinusoidal codes."""
    return bilinear(2 * h, code(a), inner, code(b))


def only_offsets(inner: Term) -> Statement:
    """p_m^T (inner) p_n does not change when both positions move by 1."""
    return Statement((), eq(interaction(inner, first, second), interaction(inner, first + 1, second + 1)), (h.head,))


QUARTER_TURN = {"h": 1, "theta": table([HALF_PI]), "m": 0, "n": 0}
RELATIVE_IF = ["the matrix H between the codes is one that the shifts leave, M_k^T H M_k = H for every k, as they leave "
               "the identity"]

claim("S000-030", SOURCE, "sections 1.3.2 and 1.5", None,
      "The mixed term captures the relative position, because it depends on how p_m and p_n are related.",
      also(proved_under(RELATIVE_IF, "congruence.shift_invariant", refutes(only_offsets(H), {
          **QUARTER_TURN, "H": matrix([[1, 0], [0, 0]])}),
          note="For sinusoidal codes, the example of the document. For the identity the form is sum_i cos((m - n) "
               "theta_i); for a general matrix it also depends on m + n (bilinear.general_not_relative)."),
          "sinusoidal.gram", "bilinear.conformal"),
      ["congruence.shift_invariant", "sinusoidal.gram", "bilinear.conformal", "bilinear.general_not_relative"])  # fmt: skip


def scalar_softmax() -> tuple[bool, str]:
    """The printed a_12 is the softmax of one number."""
    q_, k_ = types.vector("q", "d_k", "1"), types.vector("k", "d_k", "2")
    root = types.Function("sqrt", (types.number("d_k"),))
    printed = types.number("a", "1", "2") == types.Softmax(q_.T @ k_ / root)
    return types.refused(printed, {"q": "column", "k": "column"})


claim("S000-031", SOURCE, "section 1.3.2, example", r"a_{12}=\text{softmax}\left(\frac{q_1^Tk_2}{\sqrt{d_k}}\right)",
      "The attention weight of token 1 on token 2 is the softmax of their score.",
      also(ill_typed(scalar_softmax, unfolds(eq(weight(X, i, j), const(
          "exp", score(d, d_k, X, W_Q, W_K, i, j)) / total(n, lambda l: const(
              "exp", score(d, d_k, X, W_Q, W_K, i, l))))),
          note="A softmax needs the scores of token i with all tokens; of one number it is 1, whatever the score. Here "
               "both indices are numbers, so no index is left to run over; where j is free (S000-055) the reader can "
               "supply it."),
          "logits.softmax_of_one"),
      ["logits.softmax_of_one", "logits.softmax_sum"])  # fmt: skip

slot_code = lam("N", lambda b: encoded(PX, P_pos, i, b) - PX(i, b))
UNMOVED = forall("N", lambda b: eq(slot_code(b), P_pos(i, b)))
CODE_CHANGES = Statement((perm(n, s), negation(eq(s(i), i))), negation(UNMOVED), (n.head,))


def code_stays(p: Proof, goal: Statement) -> Line:
    b = var("b", "N")
    return p.generalise(p.by_definition(eq(slot_code(b), P_pos(i, b))), b)


def refute_code_change(p: Proof, _: Statement) -> Line:
    closed = p.assume(CODE_CHANGES.closed())
    line = p.specialise(closed, *(EXAMPLE[z.name] for z in CODE_CHANGES.variables))
    line = p.mp(line, decide(p, line.concl.args[0]))
    line = p.mp(line, decide(p, line.concl.args[0]))
    b = var("b", "N")
    same = p.by_definition(apply(line.concl.args[0].args[0], [b]))
    return p.discharge(p.mp(line, p.generalise(same, b)), closed.concl)


claim("S000-032", SOURCE, "section 1.3.2, example, effect", None,
      "When the words of a sentence change places, the codes p_m and p_n of slots 1 and 2 change.",
      refuted(Piece("refutation", denial(CODE_CHANGES), refute_code_change, None,
                    "two tokens 1 and 0 with codes 0 and 2, exchanged: slot 0 holds the other token and the code 0 as "
                    "before",
                    CODE_CHANGES),
              (Statement((), UNMOVED), code_stays),
              note="What changes is the token in the slot (s(i) is not i, or nothing moves); the code belongs to the "
                   "slot, and so does the offset of slots 1 and 2, which stays -1 as the text says. Codes that "
                   "travelled with their tokens, P(X + P_pos), would change in the slots that get another token, and "
                   "leave attention equivariant."),
      ["attention.reordering"])  # fmt: skip


def bias(offset: Term) -> Term:
    return R(offset, 0)


claim("S000-033", SOURCE, "section 1.3.2, relation", r"a_{mn}\leftarrow a_{mn}+R_{m-n}",
      "A relative bias makes the score depend on the distance of m and n.",
      convention(unfolds(eq(bias((left + by) - (right + by)), bias(left - right))),
                 refutes(Statement((), eq(bias(left - right), bias(const("abs", left - right)))),
                         {"R": lam(["R", "N"], lambda z, b: z), "m": 0, "n": 1}, role="other reading"),
                 distance_is_offset(bias),
                 readings=("distance means the signed offset m - n", "distance means |m - n|"),
                 note="A bias R_(m-n) may differ at 1 and -1; it is one of the distance if R_(-t) = R_t."),
      ["logits.relative_shift", "symmetry.reversal"], reconstructed=True)  # fmt: skip

claim("S000-034", SOURCE, "section 1.3.2, relation", None,
      "A relative bias R_(m-n) has the form of the mixed term p_m^T f_mn p_n.",
      proved("logits.bias_is_bilinear",
             note="With one-hot codes and the matrix R_(i-j). The converse needs a condition: such a form is a relative "
                  "bias where the shifts leave its matrix (S000-030)."),
      ["logits.bias_is_bilinear", "congruence.shift_invariant", "bilinear.general_not_relative"])  # fmt: skip

# 1.3.3: scores of encoded tokens ------------------------------------------------------------------------
ENCODED = entry(encoded, X, P_pos)
rows_sum = lam("N", lambda b: X(i, b) + P_pos(i, b))
claim("S000-035", SOURCE, "section 1.3.3, absolute", "q_m=(x_m+p_m)W_Q", "The query of an encoded token.",
      proved(unfolds(eq(project(d, ENCODED, W_Q, i, c), vecmat(d, rows_sum, W_Q, c)))),
      ["logits.row_of_projection"])  # fmt: skip


def mixed_conventions() -> tuple[bool, str]:
    """q_m = (x_m + p_m) W_Q and the number q_m^T k_n with the term p_m^T W_Q W_K^T x_n: no orientation fits both."""
    x_m, p_m_ = (types.vector(z, "d", "m") for z in ("x", "p"))
    x_n, p_n_ = (types.vector(z, "d", "n") for z in ("x", "p"))
    q_, k_ = types.vector("q", "d_k", "m"), types.vector("k", "d_k", "n")
    W, W2 = types.array("W_Q", "d", "d_k"), types.array("W_K", "d", "d_k")
    return types.no_orientation(
        q_ == (x_m + p_m_) @ W, types.Relation(q_.T @ k_, "∋", p_m_.T @ W @ W2.T @ x_n),
        (q_.T @ k_) == (x_m + p_m_).T @ W @ W2.T @ (x_n + p_n_), together=[["x", "p"], ["q", "k"]])  # fmt: skip


FOUR = form(x, y) + form(x, p_n) + form(p_m, y) + form(p_m, p_n)
OUTER = as_row(added(x, p_m), W_Q)(i) * as_row(added(y, p_n), W_K)(j)
ONE_BY_TWO = {"d": 1, "d_k": 2, "x": table([1]), "y": table([1]), "p_m": table([0]), "p_n": table([0]),
              "W_Q": matrix([[1, 0]]), "W_K": matrix([[1, 0]])}  # fmt: skip
CLASH = typed(convention(
    "logits.four_terms_columns",
    refutes(Statement((lt(i, d_k), lt(j, d_k)), eq(OUTER, FOUR), (d.head, d_k.head)), {**ONE_BY_TWO, "i": 0, "j": 1},
            role="other reading"),
    "logits.rows_and_columns",
    readings=("columns, q_m = W_Q^T (x_m + p_m)",
              "rows, q_m = (x_m + p_m) W_Q as printed just before: q_m^T k_n is then a d_k x d_k matrix"),
    note="In rows the score is q_m k_n^T = (x_m + p_m) W_Q W_K^T (x_n + p_n)^T (logits.four_terms)."),
    mixed_conventions)  # fmt: skip
CLASHES = ("logits.four_terms_columns", "logits.four_terms", "logits.rows_and_columns")

claim("S000-036", SOURCE, "section 1.3.3, absolute", r"q_m^Tk_n,\ p_m^TW_QW_K^Tx_n",
      "The score contains the cross term of the code of m and the content of n.", CLASH, CLASHES)  # fmt: skip

other_token = var("y'", SEQUENCE)


def difference_of_contents(p: Proof, goal: Statement) -> Line:
    """p^T H y = p^T H y' + p^T H (y - y'), by components."""
    whole = p.theorem("logits.additive", d=d, x=p_m, p_m=NONE, y=other_token, p_n=taken(y, other_token), H=INNER)
    from derivations.directions import vanishing

    zeros = [vanishing(p, t) for t in (bilinear(d, NONE, INNER, other_token),
                                       bilinear(d, NONE, INNER, taken(y, other_token)))]
    start = p.convert(whole, eq(form(p_m, y), whole.rhs))
    return p.ring(goal.concl, start, *zeros)


claim("S000-037", SOURCE, "section 1.3.3, absolute", None,
      "The cross term adjusts the contribution of each position independently.",
      convention("logits.four_terms",
                 refutes(Statement((), eq(form(p_m, y), form(p_m, other_token)), (d.head, d_k.head)),
                         {"d": 1, "d_k": 1, "p_m": table([1]), "y": table([0]), "y'": table([1]), "W_Q": matrix([[1]]),
                          "W_K": matrix([[1]])}, role="other reading"),
                 (Statement((), eq(form(p_m, y) - form(p_m, other_token), form(p_m, taken(y, other_token)))),
                  difference_of_contents),
                 readings=("independent of the code p_n", "independent of the other position: its content enters"),
                 note="A term that did not depend on n at all would cancel in the softmax (logits.softmax_shift)."),
      ["logits.four_terms", "logits.softmax_shift"])  # fmt: skip

claim("S000-038", SOURCE, "section 1.3.3, relative", "q_m^Tk_n=(x_m+p_m)^TW_QW_K^T(x_n+p_n)",
      "The score of two encoded tokens as a bilinear form; multiplied out it has four terms.", CLASH,
      CLASHES)  # fmt: skip

claim("S000-039", SOURCE, "section 1.3.3, relative", "p_m^TW_QW_K^Tp_n",
      "The position-position term is related to the relative distance.",
      proved_under(RELATIVE_IF, "congruence.shift_invariant",
                   refutes(only_offsets(INNER),
                           {**QUARTER_TURN, "d_k": 1, "W_Q": matrix([[1], [0]]), "W_K": matrix([[1], [0]])}),
                   note="H is W_Q W_K^T here. With W_Q W_K^T = I the term is the sum of cos((m - n) theta_i) "
                        "(sinusoidal.gram); learned matrices need not be so."),
      ["congruence.shift_invariant", "sinusoidal.gram"])  # fmt: skip


def free_index() -> tuple[bool, str]:
    """The right side of the printed p_1 has the free index i, the left side has none."""
    pair = types.Entries(tuple(types.Function(f, (types.number("θ", "i"),)) for f in ("sin", "cos")))
    return types.refused(types.vector("p", 2, "1") == pair, {"p": "row"})


FIRST = number(1)  # the position
PAIR_OF_ONE = ((2 * component_, sin), (2 * component_ + 1, cos))
LADDER = thetas(10000, d)  # 10000^(-2r/d)


def pair_of_one(p: Proof, goal: Statement) -> Line:
    return p.both(*(p.convert(p.at(component(p, PE, FIRST, e), theta=LADDER), part)
                    for (e, _), part in zip(PAIR_OF_ONE, goal.concl.args, strict=True)))


claim("S000-040", SOURCE, "section 1.3.3, example", r"p_1=[\sin(1/10000^{2i/d}),\cos(1/10000^{2i/d})]",
      "The code of position 1, with an index i that nothing binds.",
      ill_typed(free_index, (Statement((), const("and", *(eq(PE(LADDER, FIRST, e), f(LADDER(component_)))
                                                          for e, f in PAIR_OF_ONE))), pair_of_one),
                note="What is printed is the pair i of p_1; p_1 has d components, the pairs for i = 0 to d/2 - 1."),
      ["frequencies.definition"])  # fmt: skip

XL_POSITIONS = dot(d_k, v, entry(matvec, d, W_R, relative(left - right)))
claim("S000-041", SOURCE, "section 1.3.3, example", "p_1^TW_QW_K^Tp_2",
      "In Transformer-XL this term is the effect of the relative position of tokens 1 and 2.",
      refuted(refutes(Statement((), eq(XL_POSITIONS, form(p_m, p_n)), (d.head, d_k.head)),
                      {"d": 1, "d_k": 1, "v": table([0]), "W_R": matrix([[1]]),
                       "R": lam(["R", "N"], lambda z, b: number(1)),
                       "W_Q": matrix([[1]]), "W_K": matrix([[1]]), "p_m": table([1]), "p_n": table([1]), "m": 1,
                       "n": 2}),
              "logits.transformer_xl_projected", convention="attention with absolute codes, where the term does occur",
              reading="logits.four_terms",
              note="Transformer-XL has no absolute codes: in the place of p_i^T W_Q W_K^T p_j it puts v^T W_(k,R) "
                   "R_(i-j), "
                   "with a learned vector v for the query's position."),
      ["logits.transformer_xl_projected", "logits.four_terms"])  # fmt: skip

near, far = var("t"), var("t'")
WEAKENS = Statement((le(1, near), lt(near, far)), lt(kernel(h, thetas(10000, 2 * h), far),
                                                     kernel(h, thetas(10000, 2 * h), near)))
claim("S000-042", SOURCE, "section 1.3.3, example", None,
      "At distance 1 the interaction is strong; the larger the distance, the weaker it is.",
      refuted(refutes(WEAKENS, {"h": 1, "t": 1, "t'": 6}, note="d = 2: cos 1 < cos 6"),
              "sinusoidal.gram_bound", more=[refutes(WEAKENS, {"h": 256, "t": 43, "t'": 44},
                                                     note="d = 512: g(43) < g(44)")],
              note="With W_Q W_K^T = I the term is g(t) = sum_i cos(t theta_i), which falls at first, turns, and "
                   "does not tend to 0 (almost_periodic.sinusoidal); what holds is |g(t)| <= g(0). Learned matrices "
                   "may do anything."),
      ["sinusoidal.gram_bound", "sinusoidal.gram", "almost_periodic.sinusoidal"])  # fmt: skip

# 1.3.4 to 1.5 -------------------------------------------------------------------------------------------
BREAKING = ("breaking.labels", "breaking.kept_codes")

claim("S000-043", SOURCE, "section 1.3.4", None, "Absolute terms break the permutation symmetry at the input.",
      proved("breaking.labels",
             note="With codes of their own for the slots, as asked for there, and tokens reordered to PX + P_pos; for "
                  "some weights and tokens, not for all (W_V = 0)."),
      BREAKING)  # fmt: skip

claim("S000-044", SOURCE, "section 1.3.4", None, "Interaction terms correspond to relative codes such as RoPE.",
      proved("logits.rope_interaction", note="The score of RoPE is p_m^T H p_n with sinusoidal codes p and a matrix H "
                                             "of "
             "the contents q and k, of the form that makes it a function of m - n. Not every interaction term is such "
             "(S000-030)."),
      ["logits.rope_interaction"])  # fmt: skip

claim("S000-045", SOURCE, "section 1.4", None, "All position codes have the aim of breaking the symmetry of attention.",
      not_mathematical("an aim of designers; that codes do break the symmetry is S000-015 and S000-017"))  # fmt: skip

claim("S000-078", SOURCE, "section 1.4, first bullet", None,
      "Sinusoidal codes, trained tables and RoPE all introduce a dependence on the position.",
      proved("breaking.sinusoidal", "breaking.labels", "breaking.rotary_labels", cited=(LAMBERT_1768,),
             note="Each breaks the symmetry under every reordering that moves a token: the sinusoid and RoPE because pi "
                  "is irrational, a trained table if its rows differ, as a code of its own for each position asks for "
                  "(section 1.2.1)."),
      ("breaking.sinusoidal", "breaking.labels", "breaking.rotary_labels", "breaking.kept_codes"))  # fmt: skip

claim("S000-046", SOURCE, "section 1.4 (1)", None,
      "Sinusoidal and relative codes do well beyond the training length.",
      not_mathematical("how well a trained model does on longer inputs is an empirical matter; that a trained table ends "
                       "at its length is S000-079"))  # fmt: skip

claim("S000-079", SOURCE, "section 1.4 (1)", None,
      "A trained table is limited to the length that was set beforehand; the sinusoidal code is not.",
      proved("frequencies.learned_is_free", "sinusoidal.shift",
             note="The rows that were trained say nothing about the next one; the code of any position follows from "
                  "that of one before it."),
      ["frequencies.learned_is_free", "sinusoidal.shift"])  # fmt: skip

claim("S000-047", SOURCE, "section 1.4 (2)", None, "A trained table costs memory; RoPE costs time in the attention.",
      not_mathematical("costs of implementations, without numbers"))  # fmt: skip

claim("S000-048", SOURCE, "section 1.4 (3) to (5)", None,
      "Relative codes suit language, Transformer-XL long ranges, RoPE linear attention; FLOATER is a dynamical system.",
      not_mathematical("judgements of fitness for tasks, without a statement that could be checked"))  # fmt: skip

claim("S000-049", SOURCE, "section 1.5", r"\text{Attention}(PX) = P \cdot \text{Attention}(X)",
      "The identity is given as what permutation invariance means.", NOTIONS, SYMMETRY)  # fmt: skip


claim("S000-050", SOURCE, "section 1.5", None,
      "With position codes the result after a permutation is no longer equivalent.",
      also(proved_under([f"for relative codes, {PAIRS_CHANGE}"], "breaking.relative_codes", SAME_RELATIVE,
                        note="A summary of both kinds. Absolute codes are those of section 1.2.1, one of its own for "
                             "each position, added to the reordered tokens, PX + P_pos: they need no further condition "
                             "(breaking.labels)."),
           "breaking.labels"),
      (*BREAKING, "breaking.relative_codes", "symmetry.relative_equivariance"))  # fmt: skip

# 2.1 and 2.2.1: queries, keys, weights ------------------------------------------------------------------
claim("S000-051", SOURCE, "section 2.1.1", r"q_i=x_iW_Q,\ k_i=x_iW_K,\ v_i=x_iW_V",
      "Projections of one token, as a row.",
      proved("logits.row_of_projection"), ["logits.row_of_projection"])  # fmt: skip

#: Any code, PE(i) at position i.
TABLE = var("PE", MATRIX)
claim("S000-052", SOURCE, "sections 2.1.2 and 2.2.1", r"\tilde x_i=x_i+PE(i)", "The code of position i is added to token i.",
      proved(unfolds(eq(encoded(X, TABLE, i, c), X(i, c) + TABLE(i, c)))))  # fmt: skip

claim("S000-053", SOURCE, "section 2.2.1", r"q_i=\tilde x_iW_Q=(x_i+PE(i))W_Q,\ k_j=\tilde x_jW_K=(x_j+PE(j))W_K",
      "Encoded queries and keys.",
      proved(unfolds(eq(project(d, entry(encoded, X, TABLE), W_Q, i, c),
                        vecmat(d, lam("N", lambda b: X(i, b) + TABLE(i, b)), W_Q, c)))),
      ["logits.row_of_projection"])  # fmt: skip

claim("S000-054", SOURCE, "section 2.2.1", r"a_{ij}=\frac{q_i\cdot k_j}{\sqrt{d_k}}", "The scaled score.",
      proved(unfolds(eq(score(d, d_k, X, W_Q, W_K, i, j),
                        dot(d_k, query(X, i), query(X, j, W_K)) / const("sqrt", d_k)))))  # fmt: skip

def score_of(left: Term, right: Term, W_Q: Term, W_K: Term) -> Term:
    """<left W_Q, right W_K>."""
    return dot(d_k, entry(vecmat, d, left, W_Q), entry(vecmat, d, right, W_K))


#: The codes change no score, whatever the contents and the weights.
UNTOUCHED = forall([SEQUENCE, SEQUENCE, MATRIX, MATRIX], lambda x, y, W_Q, W_K: eq(
    score_of(added(x, p_m), added(y, p_n), W_Q, W_K), score_of(x, y, W_Q, W_K)))  # fmt: skip


def reaches_score(of_query: bool) -> Proved:
    """Where the code of the query (or of the key) is not 0: the other content brings 1, its own nothing."""
    mine, other = (p_m, p_n) if of_query else (p_n, p_m)

    def prove(p: Proof, goal: Statement) -> Line:
        feature, wide, differ = (p.assume(hyp) for hyp in goal.hyps)
        stay = p.assume(UNTOUCHED)
        bare, brought = NONE, lam("N", lambda b: delta(c_, b) - other(b))  # with its code, e_c
        contents = (bare, brought) if of_query else (brought, bare)
        reads = (reader(c_, FIRST_ONLY), reader(c_, lam("N", lambda a: number(1))))
        line = p.specialise(stay, *contents, *reads)

        def read(of: Term, W: Term, components: Term, a: Term) -> Line:
            picked = p.mp(p.at(sum_delta(p), n=d, j=c_, f=lam("N", lambda b: of(b) * components(a))), feature)
            return p.trans(p.by_definition(eq(vecmat(d, of, W, a), picked.lhs), "vecmat"), picked)

        def value(left: Term, right: Term) -> Line:
            product = left(c_) * right(c_)
            one = lam("N", lambda a: number(1))
            term = lam("N", lambda a: vecmat(d, left, reads[0], a) * vecmat(d, right, reads[1], a))
            parts = sum_ext(p, d_k, term, lam("N", lambda a: delta(ZERO, a) * product), lambda a, _: p.ring(
                eq(term(a), delta(ZERO, a) * product), read(left, reads[0], FIRST_ONLY, a), read(right, reads[1], one, a)))
            picked = p.mp(p.at(sum_delta(p), n=d_k, j=ZERO, f=lam("N", lambda a: product)), wide)
            start = p.by_definition(eq(score_of(left, right, *reads), parts.lhs), "dot")
            return p.trans(start, parts, picked)

        with_codes = value(added(contents[0], p_m), added(contents[1], p_n))
        moved = p.ring(eq(with_codes.lhs, mine(c_)), with_codes, p.axiom("delta_same", i=c_))
        return p.discharge(p.mp(differ, p.trans(p.symm(moved), line, p.convert(value(*contents), eq(line.rhs, 0)))),
                           stay.concl)  # fmt: skip

    return Statement((lt(c_, d), lt(0, d_k), negation(eq(mine(c_), 0))), negation(UNTOUCHED), (d.head, d_k.head)), prove


claim("S000-081", SOURCE, "section 2.2.1, last sentence", None,
      "The positions reach queries and keys, and through them the scores.",
      proved(reaches_score(True), reaches_score(False), "logits.four_terms",
             note="A code that is not 0 changes the score for some contents and weights, as the code of the query and as "
                  "that of the key: against the score without codes there are three more terms, those with a code in "
                  "them."),
      ["logits.four_terms"])  # fmt: skip

OVER_COLUMNS = total(n, lambda b: softmax(n, lam("N", lambda a: S(a, b)), i))


def unnamed_axis() -> tuple[bool, str]:
    """softmax(a_ij) does not say over which index it runs."""
    return types.refused(types.number("α", "i", "j") == types.Softmax(types.number("a", "i", "j")))


claim("S000-055", SOURCE, "sections 2.2.1, 2.2.2 and 2.3.2", r"\alpha_{ij}=\text{softmax}(a_{ij})",
      "The weights are the softmax of the scores.",
      typed(convention("logits.softmax_sum",
                       refutes(Statement((lt(0, n),), eq(OVER_COLUMNS, 1)),
                               {"n": 2, "S": matrix([[0, 0], [1, 0]]), "i": 0}, role="other reading"),
                       unfolds(eq(softmax(n, lam("N", lambda a: entry(transpose, S)(j, a)), i),
                                  softmax(n, lam("N", lambda a: S(a, j)), i))),
                       readings=("over j, the keys: the weights of each query sum to 1", "over i, the queries"),
                       note="Taken literally, of the one number a_ij, the softmax is 1. The index over which it runs "
                            "has to be said, softmax_j(a_ij); both i and j are free here, so it can be supplied, other "
                            "than in S000-031."), unnamed_axis),
      ["logits.softmax_sum", "logits.softmax_of_one"])  # fmt: skip

claim("S000-056", SOURCE, "sections 2.2.1, 2.2.2 and 2.3.2", r"o_i=\sum_j\alpha_{ij}v_j",
      "The output is a convex combination of the values.",
      proved("logits.convex", "logits.softmax_sum", "logits.softmax_positive"),
      ["logits.convex", "logits.softmax_sum", "logits.softmax_positive"])  # fmt: skip

# 2.2.2 and 2.3: RoPE ------------------------------------------------------------------------------------
def row_before_matrix() -> tuple[bool, str]:
    """q_i = x_i W_Q makes q_i a row; R q_i asks for a column."""
    x_, q_, turned_ = types.vector("x", "d", "i"), types.vector("q", "d_k", "i"), types.vector("q̂", "d_k", "i")
    W, R_ = types.array("W_Q", "d", "d_k"), types.array("R", "d_k", "d_k", "i")
    return types.no_orientation(q_ == x_ @ W, turned_ == R_ @ q_, together=[["q", "q̂"]])


at_position = var("m")
FROM_THE_RIGHT = vecmat(2 * h, q, entry(rotation, theta, at_position), component_)
ROTATED = typed(convention(
    "rope.matrix",
    refutes(Statement((lt(component_, 2 * h),), eq(FROM_THE_RIGHT, turned(at_position, q)(component_)), (h.head,)),
            {"h": 1, "theta": table([HALF_PI]), "q": table([1, 0]), "m": 1, "r": 1}, role="other reading"),
    unfolds(eq(vecmat(2 * h, q, entry(transpose, entry(rotation, theta, at_position)), component_),
               matvec(2 * h, entry(rotation, theta, at_position), q, component_))),
    readings=("q_i is a column", "q_i = x_i W_Q is a row, as the line before says: only q_i R_i fits, which turns the "
                                 "other way"),
    note="A row has to be multiplied by the transposed matrix, (R_i q_i^T)^T = q_i R_i^T. The same clash is behind the "
         "sign of S000-058."), row_before_matrix)  # fmt: skip
ROTATIONS = ("rope.matrix", "rope.orthogonal", "rope.zero")

claim("S000-057", SOURCE, "section 2.2.2", r"q_i=x_iW_Q,\ \hat q_i=R_{\theta,i}q_i,\ \hat k_j=R_{\theta,j}k_j",
      "RoPE turns queries and keys by rotations that depend on their positions.", also(ROTATED, "rope.orthogonal"),
      ROTATIONS)  # fmt: skip

row, column = var("i"), var("j")
E0, E1 = table([1, 0]), table([0, 1, 0])


def scores(left: Term | int, right: Term | int, relative: Term | int) -> Statement:
    """<R_left q, R_right k> = <q, R_relative k> for column vectors."""
    a, b, r = (x if isinstance(x, Term) else number(x) for x in (left, right, relative))
    return Statement((), eq(dot(2 * h, turned(a, q), turned(b, k)), dot(2 * h, q, turned(r, k))), (h.head,))


def turns_back(left: Term | int, right: Term | int, relative: Term | int, **values: int) -> Piece:
    """The printed direction fails for d = 2, q = (1, 0), k = (0, 1): one side is 1 and the other -1, or so."""
    frequency = HALF_PI if isinstance(left, Term) else HALF_PI * Fraction(1, 2)
    return refutes(scores(left, right, relative), {"h": 1, "theta": table([frequency]), "q": E0, "k": E1, **values})


COLUMNS = ("q_i and k_j stand to the right of the matrix, so they are columns, and R_i^T R_j = R_(j-i): the printed "
           "matrix turns the other way.")  # fmt: skip
ROWS = "row vectors multiplied from the right: (q R_i)(k R_j)^T = q R_(i-j) k^T"
FAMILY = ("rope.relative", "rope.relative_rows", "rope.transpose_product")

claim("S000-058", SOURCE, "section 2.2.2, and the remark below it",
      r"a_{ij} = \hat q_i \cdot \hat k_j = q_i \cdot R_{\theta,i-j} k_j",
      "The score of the rotated vectors is q_i times R_(i-j) k_j.",
      refuted(turns_back(row, column, row - column, i=1, j=0), "rope.relative", convention=ROWS,
              reading="rope.relative_rows", note=COLUMNS), FAMILY)  # fmt: skip


RAW = dot(2 * h, q, k)


def rescaled(p: Proof, goal: Statement) -> Line:
    some = p.assume(goal.hyps[0])
    size = p.pos(lt(number(0), number(1) * (2 * h)), some)
    square = p.axiom("square_root", p.pos(le(0, size.rhs), size), x=size.rhs)
    root = square.lhs.args[0]
    zero = p.assume(eq(root, 0))
    absurd = p.pos(const("false"), size, p.ring(eq(size.rhs, 0), square, zero))
    inverse = p.axiom("inverse", p.discharge(absurd, zero.concl), x=root)
    return p.ring(goal.concl, inverse)


claim("S000-059", SOURCE, "section 2.2.2", r"a_{ij}=\hat q_i\cdot\hat k_j", "The score of RoPE.",
      convention("rope.relative",
                 refutes(Statement((), eq(RAW / const("sqrt", 2 * h), RAW)), {"h": 1, "q": E0, "k": table([1, 0])},
                         role="other reading"),
                 (Statement((lt(0, h),), eq(const("sqrt", 2 * h) * (RAW / const("sqrt", 2 * h)), RAW)), rescaled),
                 readings=("a_ij is the inner product before scaling, as in RoFormer eq. 16",
                           "a_ij is what the softmax takes, as in section 2.2.1 and in the line that follows"),
                 note="Section 2.2.1 divides by sqrt(d_k), section 2.2.2 does not; RoPE leaves the scale as it is."),
      ["rope.relative"])  # fmt: skip


def common_shift(p: Proof, goal: Statement) -> Line:
    m_, n_ = var("m"), var("n")
    one = p.theorem("rope.relative", h=h, m=m_ + by, n=n_ + by, q=q, k=k, theta=theta)
    other = p.theorem("rope.relative", h=h, m=m_, n=n_, q=q, k=k, theta=theta)
    return p.trans(p.convert(one, eq(one.lhs, other.rhs)), p.symm(other))


claim("S000-060", SOURCE, "sections 2.2.2 and 2.4.1", None,
      "The inner product of the rotated vectors depends on i - j alone.",
      proved((Statement((), eq(dot(2 * h, turned(left + by, q), turned(right + by, k)),
                               dot(2 * h, turned(left, q), turned(right, k))), (h.head,)), common_shift),
             "rope.relative"),
      ["rope.relative"])  # fmt: skip

claim("S000-061", SOURCE, "section 2.3.1",
      r"q_0=x_0W_Q,\ k_0=x_0W_K,\ q_1=x_1W_Q,\ k_1=x_1W_K,"
      r"\ \hat q_0=R_{\theta,0}q_0,\ \hat k_0=R_{\theta,0}k_0,\ \hat q_1=R_{\theta,1}q_1,\ \hat k_1=R_{\theta,1}k_1",
      "The rotated queries and keys of the example, positions 0 to 4.", also(ROTATED, "rope.orthogonal", "rope.zero"),
      ROTATIONS)  # fmt: skip

claim("S000-062", SOURCE, "section 2.3.2",
      r"a_{20} = \hat q_2\cdot\hat k_0 = q_2\cdot R_{\theta,2-0}k_0 = q_2\cdot R_{\theta,2}k_0,"
      r"\ a_{21} = \hat q_2\cdot\hat k_1 = q_2\cdot R_{\theta,2-1}k_1 = q_2\cdot R_{\theta,1}k_1",
      "The scores of token 2 towards the earlier tokens 0 and 1 use R_2 and R_1.",
      refuted(turns_back(2, 0, 2), "rope.relative", convention=ROWS, reading="rope.relative_rows", note=COLUMNS,
              more=[turns_back(2, 1, 1)]), FAMILY)  # fmt: skip


def self_score(p: Proof, goal: Statement) -> Line:
    first_ = goal.concl.args[0]
    one = p.theorem("rope.relative", h=h, m=2, n=2, q=q, k=k, theta=theta)
    other = p.theorem("rope.isometry", h=h, m=2, q=q, k=k, theta=theta)
    start = p.convert(one, first_)
    return p.both(start, p.trans(p.symm(start), p.convert(other, eq(start.lhs, RAW))))


TWO_TURNED = dot(2 * h, turned(number(2), q), turned(number(2), k))
claim("S000-063", SOURCE, "section 2.3.2",
      r"a_{22}=\hat q_2\cdot\hat k_2=q_2\cdot R_{\theta,2-2}k_2=q_2\cdot R_{\theta,0}k_2=q_2\cdot k_2",
      "The score of token 2 with itself has no rotation.",
      proved((Statement((), const("and", eq(TWO_TURNED, dot(2 * h, q, turned(number(0), k))),
                                  eq(dot(2 * h, q, turned(number(0), k)), RAW)), (h.head,)), self_score)),
      ["rope.isometry", "rope.zero"])  # fmt: skip

claim("S000-064", SOURCE, "section 2.3.2",
      r"a_{23} = \hat q_2\cdot\hat k_3 = q_2\cdot R_{\theta,2-3}k_3 = q_2\cdot R_{\theta,-1}k_3,"
      r"\ a_{24} = \hat q_2\cdot\hat k_4 = q_2\cdot R_{\theta,2-4}k_4 = q_2\cdot R_{\theta,-2}k_4",
      "The scores of token 2 towards the later tokens 3 and 4 use R_(-1) and R_(-2).",
      refuted(turns_back(2, 3, -1), "rope.relative", convention=ROWS, reading="rope.relative_rows", note=COLUMNS,
              more=[turns_back(2, 4, -2)]), FAMILY)  # fmt: skip

claim("S000-080", SOURCE, "section 2.3.2", None, "The softmax makes the scores of a query a probability distribution.",
      proved("logits.softmax_positive", "logits.softmax_sum"),
      ["logits.softmax_positive", "logits.softmax_sum"])  # fmt: skip


# 2.3.3 and 2.4: what the rotation tells -----------------------------------------------------------------
def either_side(p: Proof, goal: Statement) -> Line:
    m_, n_ = var("m"), var("n")
    one = p.theorem("rope.relative", h=h, m=m_, n=n_, q=q, k=k, theta=theta)
    other = p.theorem("logits.rope_query", h=h, m=m_, n=n_, q=q, k=k, theta=theta)
    return p.trans(p.symm(other), one)


ON_KEY = replace(turns_back(row, column, row - column, i=1, j=0), role="other reading")
ON_KEY_OF_0 = replace(turns_back(2, 0, 2), role="other reading")
QUERY_AND_KEY = (
    (Statement((), eq(dot(2 * h, turned(left - right, q), k), dot(2 * h, q, turned(right - left, k))), (h.head,)),
     either_side)
)
ON_QUERY_OR_KEY = ("the matrix acts on the query", "the matrix stands before the key, as in section 2.2.2")

claim("S000-065", SOURCE, "section 2.3.3 (1)", None, "The score a_2j depends on 2 - j, by way of R_(2-j).",
      convention("logits.rope_query", ON_KEY_OF_0, QUERY_AND_KEY, readings=ON_QUERY_OR_KEY,
                 note="That the score depends on 2 - j holds either way (S000-060); R_(2-j) acts on the query, on the key "
                      "it is R_(j-2) (S000-062)."),
      ["logits.rope_query", "rope.relative"])  # fmt: skip

claim("S000-066", SOURCE, "section 2.3.3 (2)", r"a_{ii}=q_i\cdot k_i",
      "On the diagonal the rotation R_0 is the identity, and the score the plain inner product.",
      proved("rope.isometry", "rope.zero"), ["rope.isometry", "rope.zero"])  # fmt: skip

EARLIER = implies(lt(j, i), lt(0, i - j))
LATER = implies(lt(i, j), lt(i - j, 0))


def sides_of_zero(p: Proof, goal: Statement) -> Line:
    lines = []
    for part in goal.concl.args:
        below = p.assume(part.args[0])
        lines.append(p.discharge(p.pos(part.args[1], below), below.concl))
    return p.both(*lines)


claim("S000-067", SOURCE, "section 2.3.3 (3)", None,
      "Earlier tokens have positive offsets (+2, +1), later ones negative offsets (-1, -2).",
      proved((Statement((), const("and", EARLIER, LATER)), sides_of_zero),
             note="The offset is i - j, query minus key. The matrix before the key is R_(j-i)"
                  " (S000-062, S000-064)."))  # fmt: skip

claim("S000-068", SOURCE, "sections 2.3.3 (3) and 2.4.2", None,
      "So RoPE tells what comes before from what comes after.",
      proved("breaking.direction", "logits.rope_direction", cited=(LAMBERT_1768,),
             note="For every whole offset m > 0 some query and key have another score at m than at -m; that asks for "
                  "frequencies of which no multiple is a half turn, such as theta_0 = 1. The difference is 2 sum_i "
                  "(q_(2i+1) k_(2i) - q_(2i) k_(2i+1)) sin(m theta_i): queries and keys that are parallel in every pair "
                  "do not see it."),
      ["breaking.direction", "logits.rope_direction"])  # fmt: skip

claim("S000-069", SOURCE, "section 2.4.1", None,
      "The relative rotation lets the model learn a preference for near tokens, and links over long ranges.",
      not_mathematical("what a model can learn in training; that scores depend on i - j alone is S000-060"))  # fmt: skip


claim("S000-070", SOURCE, "section 2.4.2", r"R_{\theta,+(i-j)}\ (i>j),\quad R_{\theta,-(j-i)}\ (i<j)",
      "The relative rotation for earlier and for later tokens.",
      convention("logits.rope_query", ON_KEY, QUERY_AND_KEY, readings=ON_QUERY_OR_KEY,
                 note="The two cases are one formula: R_(-(j-i)) is R_(i-j)."),
      ["logits.rope_query", "rope.relative"])  # fmt: skip

claim("S000-071", SOURCE, "section 2.4.3", None,
      "The first pairs have high frequencies and are sensitive to small shifts.",
      proved("frequencies.decreasing", "shifts.faster_pairs", "shifts.rope_chord",
             note="A shift by k moves the pair i of a rotated vector by a chord of the squared length |x_(i)|^2 "
                  "(2 - 2 cos(k theta_i)), and theta_i falls with i. Small: up to half a turn of the faster pair."),
      ["frequencies.decreasing", "shifts.faster_pairs", "shifts.rope_chord"])  # fmt: skip


def chord(index: int) -> Term:
    """Squared length by which a pair of length 1 moves under a shift by t, for base 10000 and d = 4."""
    return 2 - 2 * cos(t * thetas(10000, number(4, "N"))(index))


claim("S000-072", SOURCE, "section 2.4.3", None,
      "The last pairs have low frequencies and are sensitive to large shifts.",
      also(convention("shifts.rope_bound",
                      refutes(Statement((le(629, t),), le(chord(0), chord(1))), {"t": 631}, role="other reading",
                              note="base 10000, d = 4, past one turn of the last pair (its wavelength is 628.3): at the "
                                   "shift 631 the first pair moves by a squared chord of 3.79, the last by 0.0007"),
                      "shifts.rope_chord",
                      readings=("they answer to large shifts only",
                                "they answer to large shifts more than the first pairs do"),
                      note="A shift by t moves pair i by at most |t| theta_i times its length. The first pairs move under "
                           "large shifts as well, except near multiples of their wavelength; what they lose is the "
                           "number of turns."), "frequencies.decreasing"),
      ["shifts.rope_bound", "shifts.rope_chord", "frequencies.decreasing"])  # fmt: skip

# 2.5 and 2.6 --------------------------------------------------------------------------------------------
CODE = var("e", ("R", "R"))
entry_of_table, content, weight_ = var("w"), var("x"), var("q")
MOVES = Statement((), negation(has_derivative(lam("R", lambda z: CODE(z)), entry_of_table, 0)))


def no_parameter(p: Proof, _: Statement) -> Line:
    closed = p.assume(MOVES.closed())
    line = p.specialise(closed, *({"e": lam("R", lambda z: sin(number(1))),
                                   "w": number(0)}[z.name] for z in MOVES.variables))
    return p.discharge(p.mp(line, p.axiom("deriv_constant", x=sin(number(1)), t=0)), closed.concl)


def table_gradient(p: Proof, goal: Statement) -> Line:
    from symcheck.prove.calculus import derivative

    line = derivative(p, goal.concl.args[0], goal.concl.args[1])
    same = p.ring(eq(line.concl.args[2], goal.concl.args[2]))
    return p.rewrite(same, line, lambda z: has_derivative(goal.concl.args[0], goal.concl.args[1], z))


claim("S000-073", SOURCE, "section 2.5", None,
      "Queries and position codes are not static: both evolve by back-propagation.",
      further(proved_under(["the code has trained parameters: a learned table"],
                   (Statement((), has_derivative(lam("R", lambda z: weight_ * (content + z)), entry_of_table, weight_)),
                    table_gradient),
                   Piece("refutation", denial(MOVES), no_parameter, None,
                         "the code sin(1), a component of the sinusoidal code of position 1, as a function of any "
                         "parameter w: "
                         "its derivative is 0", MOVES),
                   note="Sinusoidal codes and RoPE, on which section 2 is built, have no parameters: they stay as "
                        "they are. "
                        "The gradient of q (x + p) in the table entry p is q; that of a query x W in its weight W is x."),
              (Statement((), has_derivative(lam("R", lambda z: content * z), var("W"), content)), table_gradient)))

claim("S000-074", SOURCE, "sections 2.4 to 2.6, rest", None,
      "Examples from language: word order of adjectives, sentiment, translation.",
      not_mathematical("illustrations from language"))  # fmt: skip

claim("S000-075", SOURCE, "section 2.2, introduction", None,
      "RoPE shows the interaction of positions and queries most directly.",
      not_mathematical("a judgement of presentation"))  # fmt: skip
