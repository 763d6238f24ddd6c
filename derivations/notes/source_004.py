"""Claims of source 004: Hongbo Mao, "Position Encoding", a web page in Chinese.

Conventions of the document: tokens are rows, x_i W^Q is a query, and a key is transposed where it meets a query,
except in the first display on absolute codes. R^n there stands for rows of n numbers.
"""

from __future__ import annotations

from collections.abc import Callable

import derivations.onehot  # noqa: F401 - its theorems are cited by identifier
from derivations.attention import attention, project, score, softmax
from derivations.clip import absolute, clip, maximum, minimum
from derivations.frequencies import thetas
from derivations.logits import form
from derivations.shaw import (
    W_K,
    W_Q,
    W_V,
    XP,
    A,
    B,
    P,
    X,
    c,
    d,
    d_k,
    i,
    j,
    looked_up,
    n,
    offset,
    projected,
    shaw_attention,
    shaw_score,
    token,
    w,
)  # fmt: skip
from derivations.sinusoidal import PE
from derivations.taylor import added
from derivations.vectors import dot, entry, vecmat
from symcheck.claims import Source, claim
from symcheck.evidence import convention, ill_typed, not_mathematical, proved, refuted, refutes
from symcheck.prove.lemmas import total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import matrix
from symcheck.prove.typecheck import Softmax, array, refused, vector
from symcheck.prove.typecheck import number as entry_of
from symcheck.terms import Term, TermError, Type, Var, const, defined, eq, lam, le, number, var

SOURCE = Source(file="004_07872364c3f151c2.txt", key="S004", title="Position Encoding", author="Hongbo Mao",
                language="zh")  # fmt: skip

k, x, pos = var("k"), var("x"), var("pos")
row = var("k", "N")


def unfolds(left: Term, right: Term, *names: str,
            first: tuple[Var, ...] = ()) -> tuple[Statement, Callable[[Proof, Statement], Line]]:  # fmt: skip
    """A definition as printed: the two sides agree after unfolding."""
    return Statement((), eq(left, right), first), lambda p, goal: p.by_definition(goal.concl, *names)


def unbound(types: list[Type], printed: Callable[..., Term],
            reading: Callable[..., Term]) -> Callable[[], tuple[bool, str]]:  # fmt: skip
    """A check that a printed definition is refused, because of a variable that its left side does not bind, while
    the well-typed reading is accepted."""
    def check() -> tuple[bool, str]:
        defined("printed", types, reading)
        try:
            defined("printed", types, printed)
        except TermError:
            free = sorted(z.name for z in lam(types, printed).free)
            return True, f"not a definition: {', '.join(free)} on the right is not bound on the left"
        return False, "the printed definition is closed"

    return check


# Absolute codes -------------------------------------------------------------------------------------------
claim("S004-001", SOURCE, "absolute codes", r"p_k = x_k + p_k",
      "The input with the one-hot vector of its position.",
      refuted(refutes(Statement((), eq(P(row, c), X(row, c) + P(row, c))), {"X": matrix([[1]]), "P": matrix([[0]]),
                                                                            "k": 0, "c": 0}),
              "onehot.embedding",
              note="As an equation it says x_k = 0: one name stands for the one-hot vector that is added and for the sum. "
                   "Read as an assignment, x_k + e_k before the embedding, it would add row k of W_E, which is the vector "
                   "of a word; it is [x_k; e_k], with e_k appended, that adds p_k after it."),
      ["onehot.embedding", "onehot.row"])  # fmt: skip

claim("S004-002", SOURCE, "absolute codes",
      r"x_k W_E + e_k P = [\,x_k;\ e_k\,]\begin{bmatrix}W_E\\P\end{bmatrix}",
      "Adding the code p_k after the embedding amounts to giving the one-hot position to the input before it.",
      proved("onehot.embedding", "onehot.row", note="With the one-hot position appended to the input."),
      ["onehot.embedding", "onehot.row"], reconstructed=True)  # fmt: skip

claim("S004-003", SOURCE, "absolute codes",
      r"q_i = (x_i + p_i)W^Q,\ k_j = (x_j + p_j)W^K,\ v_j = (x_j + p_j)W^V",
      "Queries, keys and values of encoded tokens.",
      proved(unfolds(project(d, XP, W_Q, i, c), total(d, lambda b: (X(i, b) + P(i, b)) * W_Q(b, c)),
                     "project", "encoded", first=(d.head,)), "shaw.projection"), ["shaw.projection"])  # fmt: skip

x_i, x_j = vector("x", "d", "i"), vector("x", "d", "j")
p_i, p_j = vector("p", "d", "i"), vector("p", "d", "j")
Q_, K_ = array("W^Q", "d", "d_k"), array("W^K", "d", "d_k")
ROWS = {"x": "row", "p": "row"}


def no_transpose() -> tuple[bool, str]:
    """The printed product of two rows, and the same with the key transposed."""
    query, key = (x_i + p_i) @ Q_, (x_j + p_j) @ K_
    bad, seen = refused(entry_of("alpha", "i", "j") == Softmax(query @ key, "j"), ROWS)
    still, good = refused(entry_of("alpha", "i", "j") == Softmax(query @ key.T, "j"), ROWS)
    return bad and not still, f"{seen}; transposed, {good}"


claim("S004-004", SOURCE, "absolute codes, first line of the display",
      r"\alpha_{ij} = softmax\{(x_i+p_i)W^Q((x_j+p_j)W^K)\}", "The weights of attention with absolute codes.",
      ill_typed(no_transpose, "shaw.absolute_score",
                note="Two rows of d_k numbers have no product for d_k > 1: the key is to be transposed, as the second "
                     "line of the display has it. The factor 1/sqrt(d_k) is missing too, and the softmax runs over j."),
      ["shaw.absolute_score"])  # fmt: skip

def row_times(of: Term, by: Term) -> Term:
    """A row times a matrix, as a vector."""
    return entry(vecmat, d, of, by)


THREE_TERMS = Statement((), eq(
    softmax(n, lam("N", lambda l: dot(d_k, row_times(added(token(X, i), token(P, i)), W_Q), row_times(
        added(token(X, l), token(P, l)), W_K))), j),
    softmax(n, lam("N", lambda l: form(token(X, i), token(X, l)) + form(token(X, i), token(P, l))
                   + form(token(P, i), token(P, l))), j)), (n.head, d.head, d_k.head))  # fmt: skip
claim("S004-005", SOURCE, "absolute codes, second line of the display",
      r"softmax\{x_iW^Q(W^K)^Tx_j^T + x_iW^Q(W^K)^Tp_j^T + p_iW^Q(W^K)^Tp_j^T\}",
      "The score expanded into content-content, content-position and position-position terms.",
      refuted(refutes(THREE_TERMS, {"n": 2, "d": 1, "d_k": 1, "X": matrix([[0], [1]]), "P": matrix([[1], [0]]),
                                    "W_Q": matrix([[1]]), "W_K": matrix([[1]]), "i": 0, "j": 0}),
              "shaw.absolute_score",
              note="The fourth term, p_i W^Q (W^K)^T x_j^T, is missing; it depends on j, so the softmax does not "
                   "forget it. The factor 1/sqrt(d_k) is missing as well."),
      ["shaw.absolute_score", "logits.four_terms"])  # fmt: skip

claim("S004-006", SOURCE, "absolute codes", r"z_i = \sum_{j=1}^n \alpha_{ij}(x_jW^V + p_jW^V)",
      "The output of attention with absolute codes.",
      proved("shaw.absolute_output"), ["shaw.absolute_output"])  # fmt: skip

claim("S004-007", SOURCE, "absolute codes", r"p_iW^Q,\ (p_jW^K)^T,\ p_jW^V",
      "Absolute codes put these three terms into self-attention.",
      proved("shaw.projection", "shaw.absolute_score", "shaw.absolute_output",
             note="One added term in each of query, key and value; four terms in the score."),
      ["shaw.projection", "shaw.absolute_score", "shaw.absolute_output"])  # fmt: skip

claim("S004-008", SOURCE, "absolute codes", None,
      "Relative codes put vectors in the place of these terms that depend on the relative position of i and j.",
      not_mathematical("it says what relative codes are; what the vectors depend on is S004-017 and S004-020"),
      ["shaw.from_absolute"])  # fmt: skip

f = thetas(number(10**4), number(512, "N"))
claim("S004-009", SOURCE, "sinusoidal code",
      r"PE_{(pos,2i)} = \sin(pos/10000^{2i/d}),\ PE_{(pos,2i+1)} = \cos(pos/10000^{2i/d})",
      "The sinusoidal code.", proved("frequencies.definition"), ["frequencies.definition"])  # fmt: skip

claim("S004-010", SOURCE, "sinusoidal code", None,
      "These are the components 2i and 2i + 1 of the code of the position k.",
      ill_typed(unbound(["R", "N"], lambda k, i: PE(f, pos, 2 * i), lambda k, i: PE(f, k, 2 * i)),
                "frequencies.definition",
                note="The position is called pos in the formula and k in the sentence. With one name for it the "
                     "sentence holds."), ["frequencies.definition"])  # fmt: skip

# Relative codes -------------------------------------------------------------------------------------------
SHAW_OUTPUT = total(n, lambda l: softmax(n, lam("N", lambda m: shaw_score(d, d_k, X, W_Q, W_K, A, i, m)), l)
                    * (project(d, X, W_V, l, c) + B(i, l, c)))  # fmt: skip
WITH_VALUES = unfolds(shaw_attention(n, d, d_k, X, W_Q, W_K, W_V, A, B, i, c), SHAW_OUTPUT, "shaw_attention",
                      first=(n.head, d.head, d_k.head))  # fmt: skip
claim("S004-011", SOURCE, "relative codes", None,
      "Shaw's scheme leaves p_i W^Q out and puts relative vectors in the place of p_j W^K and p_j W^V.",
      proved("shaw.from_absolute", "shaw.absolute_output", WITH_VALUES,
             note="The relative vectors are called R in this sentence and a in the formulas below."),
      ["shaw.from_absolute"])  # fmt: skip

claim("S004-012", SOURCE, "relative codes, plain attention", r"e_{i,j} = \frac{(x_iW^Q)(x_jW^K)^T}{\sqrt{d_z}}",
      "The score of plain attention.",
      proved(unfolds(score(d, d_k, X, W_Q, W_K, i, j), dot(d_k, projected(X, W_Q, i), projected(X, W_K, j))
                     / const("sqrt", d_k), "score", "project", "vecmat", first=(d.head, d_k.head)),
             note="d_z is the number of components of queries and keys."))  # fmt: skip

e = var("e", ("N", "N", "R"))
claim("S004-013", SOURCE, "relative codes, plain attention",
      r"\alpha_{i,j} = \frac{exp(e_{i,j})}{\sum_{k=1}^n exp(e_{i,k})}", "The softmax of a row of scores.",
      proved(unfolds(softmax(n, token(e, i), j), const("exp", e(i, j)) / total(n, lambda l: const("exp", e(i, l))),
                     "softmax", first=(n.head,)), "logits.softmax_sum", "logits.softmax_positive"),
      ["logits.softmax_sum", "logits.softmax_positive"])  # fmt: skip

OUTPUT = total(n, lambda l: softmax(n, lam("N", lambda m: score(d, d_k, X, W_Q, W_K, i, m)), l)
               * project(d, X, W_V, l, c))  # fmt: skip
claim("S004-014", SOURCE, "relative codes, plain attention", r"z_i = \sum_{j=1}^n \alpha_{i,j}(x_jW^V)",
      "The output of plain attention.",
      proved(unfolds(attention(n, d, d_k, X, W_Q, W_K, W_V, i, c), OUTPUT, "attention",
                     first=(n.head, d.head, d_k.head))))  # fmt: skip

claim("S004-015", SOURCE, "relative codes, Shaw",
      r"e_{i,j} = \frac{(x_iW^Q)(x_jW^K + a_{i,j}^K)^T}{\sqrt{d_z}}", "The score with a relative vector in the key.",
      proved(unfolds(shaw_score(d, d_k, X, W_Q, W_K, A, i, j), dot(d_k, projected(X, W_Q, i), added(
          projected(X, W_K, j), lam("N", lambda b: A(i, j, b)))) / const("sqrt", d_k),
          "shaw_score", "project", "vecmat", "added", first=(d.head, d_k.head)), "shaw.score"),
      ["shaw.score", "logits.shaw"])  # fmt: skip

claim("S004-016", SOURCE, "relative codes, Shaw", r"z_i = \sum_{j=1}^n \alpha_{i,j}(x_jW^V + a_{i,j}^V)",
      "The output with a relative vector in the value.",
      proved(WITH_VALUES, "shaw.output"), ["shaw.output"])  # fmt: skip

claim("S004-017", SOURCE, "relative codes, lookup", r"a_{i,j} = w^K_{clip(j-i,k)} \in R^{d_z}",
      "The relative vectors are looked up by the clipped offset.",
      proved(unfolds(looked_up(w, k, i, j, c), w(clip(offset(i, j), k), c), "looked_up"),
             "shaw.relative", "shaw.few_vectors",
             note="Printed for the keys; the values have a table w^V of their own."),
      ["shaw.relative", "shaw.few_vectors"])  # fmt: skip

claim("S004-018", SOURCE, "relative codes, lookup", r"clip(j-i,k) = max(-k, min(k,x)) \in [-k,k]",
      "The offset is cut off at -k and k.",
      ill_typed(unbound(["R", "R", "R"], lambda i, j, k: maximum(-k, minimum(k, x)),
                        lambda i, j, k: maximum(-k, minimum(k, j - i))), "clip.range",
                note="The right side speaks of x, the left side of j - i. With x = j - i and k >= 0 the value lies in "
                     "[-k, k]."), ["clip.range", "clip.inside"])  # fmt: skip

FAR = Statement((le(0, k), le(k, absolute(x))), eq(clip(x, k), k))
claim("S004-019", SOURCE, "relative codes, lookup", None, "Tokens far apart are all recorded at the distance k.",
      convention("clip.far_distance", refutes(FAR, {"x": -2, "k": 1}, role="other reading"), "clip.odd",
                 readings=("the distance is recorded, |clip(x, k)| = k", "the recorded offset is k"),
                 note="The record keeps the side: far tokens to the left have -k. The map between the two: "
                      "clip(-x, k) = -clip(x, k)."), ["clip.far_distance", "clip.above", "clip.below"])  # fmt: skip

DIFFERENCE = ["shaw.relative", "shaw.few_vectors", "shaw.far"]
claim("S004-020", SOURCE, "relative codes, lookup", None,
      "The relative vector depends on the difference of i and j, which is bounded.",
      proved(*DIFFERENCE), DIFFERENCE)  # fmt: skip

claim("S004-021", SOURCE, "introduction", None,
      "Relative codes change self-attention so that it tells relative positions apart.",
      proved("shaw.breaks_equivariance", "shaw.relative",
             note="For some relative vectors; offsets past the bound k share one vector."),
      ["shaw.breaks_equivariance", "shaw.relative", "shaw.far"])  # fmt: skip

claim("S004-022", SOURCE, "introduction", None,
      "Absolute codes put the position into the input; that amounts to an embedding of the index.",
      proved("onehot.row", "onehot.embedding", note="The code p_k is row k of a table, that is e_k P with the one-hot index "
                                                    "e_k."), ["onehot.row", "onehot.embedding"])  # fmt: skip
