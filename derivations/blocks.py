"""Block-diagonal matrices of 2 x 2 blocks on the pairs (2i, 2i + 1), and how they multiply.

The matrices of a sinusoidal shift and of RoPE are of this form; what holds for one block holds for all.
"""

from __future__ import annotations

from derivations.vectors import delta, entry, matmul, matvec, transpose
from symcheck.claims import theorem
from symcheck.prove.lemmas import MATRIX, SEQUENCE, by_parity, sum_delta, sum_ext, sum_pairs, total, unequal
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.render.notation import register
from symcheck.terms import Term, const, defined, eq, lam, lt, negation, var


def weave(a: Term, b: Term, r: Term) -> Term:
    """The sequence a(0), b(0), a(1), b(1), ... at index r."""
    return const("weave", a, b, r)


def _row(x: Term, y: Term, i: Term, s: Term) -> Term:
    return weave(lam("N", lambda j: delta(i, j) * x(i)), lam("N", lambda j: delta(i, j) * y(i)), s)


#: Entry (r, s) of the block-diagonal matrix with blocks [[a_i, b_i], [c_i, d_i]].
blocks = defined("blocks", [SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, "N", "N"], lambda a, b, c, d, r, s: weave(
    lam("N", lambda i: _row(a, b, i, s)), lam("N", lambda i: _row(c, d, i, s)), r))  # fmt: skip
register("blocks", tex=r"\operatorname{{diag}}_i\!\begin{{pmatrix}} {0} & {1} \\ {2} & {3} \end{{pmatrix}}_{{{4},{5}}}",
         text="diag_i [[{0}, {1}], [{2}, {3}]][{4},{5}]")

a, b, c, d = (var(s, SEQUENCE) for s in "abcd")
e, f, g, k = (var(s, SEQUENCE) for s in "efgk")
x = var("x", SEQUENCE)
h, r, s = var("h", "N"), var("r", "N"), var("s", "N")


def halved(p: Proof, i: Term, h: Term, below: Line) -> Line:
    """``i < h`` from ``2i < 2h`` or ``2i + 1 < 2h``."""
    def impossible(more: Line) -> Line:
        return p.axiom("false_elim", p.pos(const("false"), below, more), p=lt(i, h))
    return p.cases(p.axiom("nat_less_or_not", m=i, n=h), lambda line: line, impossible)


def woven(p: Proof, w: Term) -> Line:
    """``weave(a, b, 2i) = a(i)``, ``weave(a, b, 2i + 1) = b(i)``, read off the index."""
    u, v, n = w.args
    odd = n.is_const("addN")
    i = (n.args[0] if odd else n).args[1]
    line = p.axiom("weave_odd" if odd else "weave_even", a=u, b=v, i=i)
    return p.convert(line, eq(w, line.rhs))


def block_entry(p: Proof, m: Term, row: Term, column: Term, names: tuple[str, ...] = ()) -> Line:
    """The entry of a block matrix at indices whose parity shows: ``delta(i, j) * (a, b, c or d)(i)``."""
    from symcheck.terms import unfold

    at = m(row, column)
    inside = unfold(at, [*names, "blocks"])
    start = p.by_definition(eq(at, inside), *names, "blocks")
    outer = woven(p, inside)
    inner = woven(p, outer.rhs)
    return p.trans(start, outer, inner)


@theorem("blocks.matvec", Statement((lt(r, 2 * h),), eq(
    matvec(2 * h, entry(blocks, a, b, c, d), x, r),
    weave(lam("N", lambda i: a(i) * x(2 * i) + b(i) * x(2 * i + 1)),
          lam("N", lambda i: c(i) * x(2 * i) + d(i) * x(2 * i + 1)), r)), (h.head, a.head)),
    "A block-diagonal matrix acts on each pair by its block")  # fmt: skip
def matvec_by_pairs(p: Proof, goal: Statement) -> Line:
    m = entry(blocks, a, b, c, d)
    low = goal.hyps[0]

    def side(parity: int, i: Term, equation: Line) -> Line:
        row = 2 * i + 1 if parity else 2 * i
        top, bottom = (c, d) if parity else (a, b)
        below = halved(p, i, h, p.rewrite(equation, p.assume(low), lambda z: lt(z, 2 * h)))
        picked = lam("N", lambda j: top(i) * x(2 * j) + bottom(i) * x(2 * j + 1))
        pairs = p.at(sum_pairs(p), h=h, f=lam("N", lambda j: m(row, j) * x(j)))
        inner = sum_ext(p, h, pairs.rhs.args[1], lam("N", lambda j: delta(i, j) * picked(j)), lambda j, _: p.ring(
            eq(pairs.rhs.args[1](j), delta(i, j) * picked(j)),
            block_entry(p, m, row, 2 * j), block_entry(p, m, row, 2 * j + 1)))  # fmt: skip
        one = p.mp(p.at(sum_delta(p), n=h, j=i, f=picked), below)
        both = weave(goal.concl.args[1].args[0], goal.concl.args[1].args[1], row)
        start = p.by_definition(eq(matvec(2 * h, m, x, row), total(2 * h, lambda j: m(row, j) * x(j))), "matvec")
        return p.ring(eq(start.lhs, both), start, pairs, inner, one, woven(p, both))

    return by_parity(p, r, goal.concl, side)
