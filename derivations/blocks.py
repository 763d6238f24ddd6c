"""Block-diagonal matrices of 2 x 2 blocks on the pairs (2i, 2i + 1), and how they multiply.

The matrices of a sinusoidal shift and of RoPE are of this form; what holds for one block holds for all.
"""

from __future__ import annotations

from derivations.vectors import delta, display, entry, matmul, matvec, transpose
from symcheck.claims import theorem
from symcheck.prove.lemmas import SEQUENCE, by_parity, sum_delta, sum_ext, sum_pairs, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.terms import Term, const, defined, eq, lam, lt, number, var


def weave(a: Term, b: Term, r: Term) -> Term:
    """The sequence a(0), b(0), a(1), b(1), ... at index r."""
    return const("weave", a, b, r)


def _row(x: Term, y: Term, i: Term, s: Term) -> Term:
    return weave(lam("N", lambda j: delta(i, j) * x(i)), lam("N", lambda j: delta(i, j) * y(i)), s)


#: Entry (r, s) of the block-diagonal matrix with blocks [[a_i, b_i], [c_i, d_i]].
blocks = defined("blocks", [SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, "N", "N"], lambda a, b, c, d, r, s: weave(
    lam("N", lambda i: _row(a, b, i, s)), lam("N", lambda i: _row(c, d, i, s)), r))  # fmt: skip
display("blocks", r"\operatorname{diag}_{<0:bound>}\begin{pmatrix} <0:body> & <1:body> \\ <2:body> & <3:body> \end{pmatrix}",
        "diag_<0:bound> [[<0:body>, <1:body>], [<2:body>, <3:body>]]", 4, 5,
        parameters=("a", "b", "c", "d", "r", "s"))  # fmt: skip

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


def pair_products(w: tuple[Term, Term, Term, Term], v: tuple[Term, Term, Term, Term]) -> list[Term]:
    """The four sequences of the product of two block-diagonal matrices, block by block."""
    (a, b, c, d), (e, f, g, k) = w, v
    return [lam("N", lambda i: a(i) * e(i) + b(i) * g(i)), lam("N", lambda i: a(i) * f(i) + b(i) * k(i)),
            lam("N", lambda i: c(i) * e(i) + d(i) * g(i)), lam("N", lambda i: c(i) * f(i) + d(i) * k(i))]  # fmt: skip


@theorem("blocks.product", Statement((lt(r, 2 * h),), eq(
    matmul(2 * h, entry(blocks, a, b, c, d), entry(blocks, e, f, g, k), r, s),
    blocks(*pair_products((a, b, c, d), (e, f, g, k)), r, s)), (h.head,)),
    "Block-diagonal matrices multiply block by block")  # fmt: skip
def product_by_blocks(p: Proof, goal: Statement) -> Line:
    right = entry(blocks, e, f, g, k)
    column = lam("N", lambda t: right(t, s))
    by_column = p.theorem("blocks.matvec", p.assume(goal.hyps[0]), x=column, h=h, a=a, b=b, c=c, d=d, r=r)
    start = p.by_definition(eq(goal.concl.args[0], by_column.lhs), "matmul", "matvec")
    whole = p.trans(start, by_column)
    product = goal.concl.args[1]

    def row_side(parity: int, i: Term, _: Line) -> Line:
        row = 2 * i + 1 if parity else 2 * i

        def column_side(odd: int, j: Term, _: Line) -> Line:
            col = 2 * j + 1 if odd else 2 * j
            left = weave(*by_column.rhs.args[:2], row)
            opened = woven(p, left)
            opened = _at(p, opened, s, col)
            entries = [block_entry(p, right, 2 * i, col), block_entry(p, right, 2 * i + 1, col)]
            out = block_entry(p, entry(blocks, *product.args[:4]), row, col)
            return p.ring(eq(opened.lhs, out.lhs), opened, *entries, out)

        return by_parity(p, s, eq(weave(*by_column.rhs.args[:2], row), blocks(*product.args[:4], row, s)), column_side)

    same = by_parity(p, r, eq(by_column.rhs, product), row_side)
    return p.trans(whole, same)


def _at(p: Proof, line: Line, v: Term, value: Term) -> Line:
    return p.rule("instantiate", line, {v.head: value})


@theorem("blocks.transpose", Statement((), eq(
    transpose(entry(blocks, a, b, c, d), r, s), blocks(a, c, b, d, r, s))),
    "The transpose of a block-diagonal matrix transposes each block")  # fmt: skip
def transposed_blocks(p: Proof, goal: Statement) -> Line:
    m, n = entry(blocks, a, b, c, d), entry(blocks, a, c, b, d)

    def row_side(parity: int, i: Term, _: Line) -> Line:
        row = 2 * i + 1 if parity else 2 * i

        def column_side(odd: int, j: Term, _: Line) -> Line:
            col = 2 * j + 1 if odd else 2 * j
            flipped = block_entry(p, m, col, row)
            straight = block_entry(p, n, row, col)
            swap = delta_swap(p, j, i, flipped.rhs.args[1].head)
            start = p.by_definition(eq(transpose(m, row, col), m(col, row)), "transpose")
            return p.ring(eq(start.lhs, straight.lhs), start, flipped, straight, swap)

        return by_parity(p, s, eq(transpose(m, row, s), n(row, s)), column_side)

    return by_parity(p, r, goal.concl, row_side)


def delta_swap(p: Proof, i: Term, j: Term, sequence: object) -> Line:
    """``delta(i, j) f(i) = delta(j, i) f(j)``."""
    from symcheck.terms import eta

    f, m, n = var("f", SEQUENCE), var("m", "N"), var("n", "N")

    def prove(p: Proof) -> Line:
        goal = eq(delta(m, n) * f(m), delta(n, m) * f(n))

        def same(line: Line) -> Line:
            one = p.ring(eq(delta(m, m) * f(m), delta(m, m) * f(m)))
            return p.rewrite(line, one, lambda z: eq(delta(m, z) * f(m), delta(z, m) * f(z)))

        def other(line: Line) -> Line:
            turned = p.assume(eq(n, m))
            back = p.discharge(p.mp(line, p.symm(turned)), turned.concl)
            return p.ring(goal, p.axiom("delta_other", line, i=m, j=n), p.axiom("delta_other", back, i=n, j=m))

        split = p.axiom("excluded_middle", p=eq(m, n))
        return p.cases(split, same, other)

    return p.at(p.lemma("a Kronecker delta lets its indices be exchanged", prove), m=i, n=j, f=eta(sequence))  # type: ignore[arg-type]


one, nothing = lam("N", lambda i: number(1)), lam("N", lambda i: number(0))
identity = (one, nothing, nothing, one)


@theorem("blocks.identity", Statement((), eq(
    blocks(*identity, r, s), delta(r, s))),
    "Identity blocks make the identity matrix")  # fmt: skip
def identity_blocks(p: Proof, goal: Statement) -> Line:
    m = entry(blocks, *goal.concl.args[0].args[:4])

    def row_side(parity: int, i: Term, _: Line) -> Line:
        row = 2 * i + 1 if parity else 2 * i

        def column_side(odd: int, j: Term, _: Line) -> Line:
            col = 2 * j + 1 if odd else 2 * j
            here = block_entry(p, m, row, col)
            kept = delta_pairs(p, parity, odd, i, j)
            return p.ring(eq(here.lhs, kept.lhs), here, kept)

        return by_parity(p, s, eq(m(row, s), delta(row, s)), column_side)

    return by_parity(p, r, goal.concl, row_side)


def delta_pairs(p: Proof, parity: int, odd: int, i: Term, j: Term) -> Line:
    """``delta(2i + a, 2j + b) = delta(i, j)`` if a = b, else 0."""
    m, n = var("m", "N"), var("n", "N")
    row, col = 2 * m + 1 if parity else 2 * m, 2 * n + 1 if odd else 2 * n

    def prove(p: Proof) -> Line:
        if parity != odd:  # 2m + 1 and 2n are never equal
            equal = p.assume(eq(row, col))
            lo, hi = (n, m) if odd else (m, n)  # 2 lo + 1 = 2 hi
            absurd = p.cases(p.axiom("nat_less_or_not", m=lo, n=hi),
                             lambda less: p.pos(const("false"), less, equal),
                             lambda more: p.pos(const("false"), more, equal))  # fmt: skip
            return p.axiom("delta_other", p.discharge(absurd, equal.concl), i=row, j=col)

        goal = eq(delta(row, col), delta(m, n))

        def same(line: Line) -> Line:
            def at(z: Term) -> Term:
                return 2 * z + 1 if parity else 2 * z
            one = p.ring(eq(delta(row, row), delta(m, m)), p.axiom("delta_same", i=row), p.axiom("delta_same", i=m))
            return p.rewrite(line, one, lambda z: eq(delta(row, at(z)), delta(m, z)))

        def other(line: Line) -> Line:
            equal = p.assume(eq(row, col))
            halved_ = p.discharge(p.mp(line, p.ring(eq(m, n), equal)), equal.concl)
            return p.ring(goal, p.axiom("delta_other", halved_, i=row, j=col), p.axiom("delta_other", line, i=m, j=n))

        return p.cases(p.axiom("excluded_middle", p=eq(m, n)), same, other)

    return p.at(p.lemma(f"delta at indices of parities {parity} and {odd}", prove), m=i, n=j)


if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
