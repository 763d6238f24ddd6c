"""Claims of source 000: "LLM notes (3): position encodings (1)", a web page in Chinese.

Conventions of the document: tokens are rows of X; in section 2 the vectors q_i, k_j stand to the right of the
matrix R_(theta,i), that is, they are columns there.
"""

from __future__ import annotations

from fractions import Fraction

from derivations.attention import LOOKING, PX, P_pos, X, attend, c, d, encoded, i, n, permuted, s
from derivations.rope import h, k, q, turned
from derivations.taylor import PRINTED, quadratic, refute_coefficients
from derivations.vectors import dot, entry
from symcheck.checker import perm
from symcheck.claims import Piece, Source, claim
from symcheck.evidence import convention, refuted, refutes
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import HALF_PI, contradict, decide, denial, matrix, table
from symcheck.terms import Term, eq, forall, lam, negation, number, var

SOURCE = Source(
    file="000_1b8935e5a154affa.txt", key="S000", title="LLM筆記(三)位置編碼(1)",
    address="http://www.pswp.cn/news/905803.shtml", language="zh",
)  # fmt: skip

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

claim("S000-049", SOURCE, "section 1.5", r"\text{Attention}(PX) = P \cdot \text{Attention}(X)",
      "The identity is given as what permutation invariance means.", NOTIONS, SYMMETRY)  # fmt: skip

# 1.2.1: which object is permuted ------------------------------------------------------------------------
X_new = entry(encoded, X, P_pos)
#: Two tokens 1 and 0 with the codes 0 and 2, and their exchange.
EXAMPLE = {**LOOKING, "X": matrix([[1], [0]]), "P_pos": matrix([[0], [2]])}

claim("S000-010", SOURCE, "section 1.2.1, first formula", r"X_{new}' = P X_{new} = P(X + P_{pos})",
      "Reordering the tokens is modelled by permuting the encoded input, codes included.",
      refuted(refutes(Statement((perm(n, s),), eq(encoded(PX, P_pos, i, c), permuted(s, X_new, i, c)), (n.head,)),
                      EXAMPLE),
              "attention.reordering",
              note="A token that moves takes its content along and finds the code of its new slot: the input becomes "
                   "PX + P_pos. P(X + P_pos) moves the codes along with the tokens."),
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
    (perm(n, s),), negation(same_rows(attended(moved), entry(permuted, s, attended(X_new)))), (n.head, d.head))  # fmt: skip


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


claim("S000-011", SOURCE, "section 1.2.1", r"X_{new}' \neq X_{new}",
      "The codes are reordered too, so the permuted input differs from the original: this breaks the symmetry.",
      refuted(denied_by_equivariance(DIFFERENCE_BREAKS), "attention.positions_break_equivariance",
              note="P X_new may well differ from X_new; attention is equivariant all the same. What breaks the "
                   "symmetry is that the codes stay where they are: PX + P_pos."),
      ["attention.equivariance", "attention.positions_break_equivariance"])  # fmt: skip

claim("S000-012", SOURCE, "section 1.2.1, last sentence", None,
      "After X'_new = P X_new the attention result is more than a rearrangement of the rows.",
      refuted(denied_by_equivariance(NOT_A_REARRANGEMENT), "attention.positions_break_equivariance",
              note="For P X_new it is exactly a rearrangement; for PX + P_pos it is not."),
      ["attention.equivariance", "attention.positions_break_equivariance"])  # fmt: skip

# 1.3: Taylor --------------------------------------------------------------------------------------------
claim("S000-021", SOURCE, "section 1.3, display",
      r"\tilde f(X+P_{pos}) \approx f(X) + p_m^T \frac{\partial f}{\partial x_m} + p_n^T \frac{\partial f}{\partial x_n}"
      r" + p_m^T \frac{\partial^2 f}{\partial x_m^2} p_m + p_n^T \frac{\partial^2 f}{\partial x_n^2} p_n"
      r" + p_m^T \frac{\partial^2 f}{\partial x_m \partial x_n} p_n",
      "Second-order expansion in the codes, with coefficient 1 on the pure second-order terms.",
      refuted(Piece("refutation", denial(PRINTED), lambda p, _: refute_coefficients(p, PRINTED, quadratic(1, 0, 0), 1, 0),
                    "taylor.half_is_needed", "d = 1, f(x_m, x_n) = x_m^2 at 0: f(p) = p^2, the right side 2 p^2", PRINTED),
              "taylor.second_order", note="The factor 1/2 is missing on the two pure second-order terms."),
      ["taylor.second_order", "taylor.half_is_needed"])  # fmt: skip

# 2.2.2 and 2.3: the direction of the relative rotation ----------------------------------------------------
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

claim("S000-062", SOURCE, "section 2.3.2",
      r"a_{20} = q_2 \cdot R_{\theta,2} k_0,\ a_{21} = q_2 \cdot R_{\theta,1} k_1",
      "The scores of token 2 towards the earlier tokens 0 and 1 use R_2 and R_1.",
      refuted(turns_back(2, 0, 2), "rope.relative", convention=ROWS, reading="rope.relative_rows", note=COLUMNS,
              more=[turns_back(2, 1, 1)]), FAMILY)  # fmt: skip

claim("S000-064", SOURCE, "section 2.3.2",
      r"a_{23} = q_2 \cdot R_{\theta,-1} k_3,\ a_{24} = q_2 \cdot R_{\theta,-2} k_4",
      "The scores of token 2 towards the later tokens 3 and 4 use R_(-1) and R_(-2).",
      refuted(turns_back(2, 3, -1), "rope.relative", convention=ROWS, reading="rope.relative_rows", note=COLUMNS,
              more=[turns_back(2, 4, -2)]), FAMILY)  # fmt: skip
