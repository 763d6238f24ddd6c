"""One-hot position codes: a learned table is a projection of them, appended to the one-hot words.

Source: the block form of the input layer of Devlin et al., "BERT" (2019), section 3.1; Gehring et al. (2017),
section 3.1. A token with the row vector x of v components at position k enters as [x; e_k], v + n components
long; the layer is the matrix with W_E in its first v rows and the table P in the n rows below.
"""

from __future__ import annotations

from derivations.logits import one_hot
from derivations.vectors import display, entry, vecmat
from symcheck.claims import theorem
from symcheck.prove.lemmas import MATRIX, SEQUENCE, sum_delta, sum_ext, sum_split, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.terms import Term, const, defined, eq, forall, implies, lam, lt, number, var

GEHRING = "Gehring et al. 2017, arXiv:1705.03122, section 3.1"

#: The row vector [x; y]: v components of x, then those of y.
append = defined("append", ["N", SEQUENCE, SEQUENCE, "N"], lambda v, x, y, a: const("stack", v, x, y, a))
#: The matrix with the v rows of A above those of B.
above = defined("above", ["N", MATRIX, MATRIX, "N", "N"], lambda v, A, B, a, c: const(
    "stack", v, lam("N", lambda i: A(i, c)), lam("N", lambda i: B(i, c)), a))  # fmt: skip
display("append", r"[<1>;\, <2>]", "[<1>; <2>]", 3)
display("above", r"\begin{bmatrix} <1> \\ <2> \end{bmatrix}", "[<1>; <2>]", 3, 4)

x = var("x", SEQUENCE)
W_E, P = var("W_E", MATRIX), var("P", MATRIX)
v, n, k, c, i, j = (var(s, "N") for s in "vnkcij")
appended = entry(append, v, x, entry(one_hot, k))


@theorem("onehot.row", Statement((lt(k, n),), eq(vecmat(n, entry(one_hot, k), P, c), P(k, c)), (n.head,)),
         "A one-hot code picks a row of the table: e_k P = p_k", references=(GEHRING,),
         instance=lambda p: [p.ball(lt(number(0, "N"), number(1, "N")))])  # fmt: skip
def picked(p: Proof, goal: Statement) -> Line:
    at = p.mp(p.at(sum_delta(p), n=n, j=k, f=lam("N", lambda i: P(i, c))), p.assume(goal.hyps[0]))
    return p.trans(p.by_definition(eq(goal.concl.args[0], at.lhs), "vecmat", "one_hot"), at)


@theorem("onehot.embedding", Statement((lt(k, n),), eq(
    vecmat(v + n, appended, entry(above, v, W_E, P), c), vecmat(v, x, W_E, c) + P(k, c)), (v.head, n.head)),
    "Appending the one-hot position before the embedding is adding p_k after it: [x; e_k][W_E; P] = x W_E + p_k",
    references=(GEHRING,), instance=lambda p: [p.ball(lt(number(0, "N"), number(1, "N")))])  # fmt: skip
def embedding(p: Proof, goal: Statement) -> Line:
    f = lam("N", lambda a: appended(a) * entry(above, v, W_E, P)(a, c))
    split = p.at(sum_split(p), m=v, n=n, f=f)
    first = lam("N", lambda a: x(a) * W_E(a, c))
    last = lam("N", lambda a: one_hot(k, a) * P(a, c))

    def opened(a: Term, below: Line | None, left: Term, right: Term) -> Line:
        """[x; e_k]_a and [W_E; P]_(a, c) on one side of v."""
        index = a if below is not None else v + a
        out = []
        columns = [lam("N", lambda b, M=M: M(b, c)) for M in (W_E, P)]
        for t, low, high in ((append(v, x, entry(one_hot, k), index), x, entry(one_hot, k)),
                             (above(v, W_E, P, index, c), *columns)):  # fmt: skip
            stack = p.axiom("stack_low", below, i=a, h=v, a=low, b=high) if below is not None else \
                p.axiom("stack_high", i=a, h=v, a=low, b=high)  # fmt: skip
            out.append(p.trans(p.by_definition(eq(t, stack.lhs), "append", "above"), stack))
        return p.ring(eq(left, right), *out)

    top = sum_ext(p, v, f, first, lambda a, below: opened(a, below, f(a), first(a)))
    moved = lam("N", lambda a: f(v + a))
    bottom = sum_ext(p, n, moved, last, lambda a, _: opened(a, None, moved(a), last(a)))
    row = p.theorem("onehot.row", p.assume(goal.hyps[0]), n=n, k=k, P=P, c=c)
    ends = [p.by_definition(eq(vecmat(v, x, W_E, c), total(v, first)), "vecmat"),
            p.by_definition(eq(row.lhs, total(n, last)), "vecmat")]  # fmt: skip
    start = p.by_definition(eq(goal.concl.args[0], split.lhs), "vecmat")
    return p.ring(goal.concl, start, split, top, bottom, row, *ends)


@theorem("onehot.injective", Statement((lt(i, n), forall("N", lambda a: implies(lt(a, n), eq(
    one_hot(i, a), one_hot(j, a))))), eq(i, j), (n.head,)),
    "Different positions below n have different one-hot codes", references=(GEHRING,),
    instance=lambda p: _same_code(p))  # fmt: skip
def injective(p: Proof, goal: Statement) -> Line:
    inside, same = (p.assume(g) for g in goal.hyps)
    at = p.mp(p.specialise(same, i), inside)
    cells = [p.by_definition(eq(one_hot(z, i), const("delta", z, i)), "one_hot") for z in (i, j)]
    one = p.ring(eq(const("delta", j, i), 1), at, *cells, p.axiom("delta_same", i=i))

    def differ(other: Line) -> Line:
        zero = p.assume(eq(j, i))
        back = p.discharge(p.mp(other, p.symm(zero)), zero.concl)
        none = p.axiom("delta_other", back, i=j, j=i)
        return p.axiom("false_elim", p.pos(const("false"), one, none), p=eq(i, j))

    return p.cases(p.axiom("excluded_middle", p=eq(i, j)), lambda line: line, differ)


def _same_code(p: Proof) -> list[Line]:
    a = var("a", "N")
    below = p.assume(lt(a, number(1, "N")))
    cell = one_hot(number(0, "N"), a)
    return [p.ball(lt(number(0, "N"), number(1, "N"))),
            p.generalise(p.discharge(p.refl(cell), below.concl), a)]  # fmt: skip
