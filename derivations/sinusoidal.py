"""The sinusoidal position code: a shift of the position is a rotation, and inner products see offsets only.

Source: Vaswani et al., "Attention is all you need" (2017), section 3.5. All statements hold for every even
dimension d = 2h (h = 0 included: then there is nothing to say) and any frequencies theta_i.
"""

from __future__ import annotations

from derivations.blocks import blocks, identity, weave, woven
from derivations.vectors import delta, display, dot, entry, matmul, matvec, transpose
from symcheck.claims import theorem
from symcheck.prove.lemmas import SEQUENCE, by_parity, sum_constant, sum_ext, sum_le, sum_pairs, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.render.notation import register
from symcheck.terms import Term, const, defined, eq, lam, le, lt, number, var


def cos(x: Term) -> Term:
    return const("cos", x)


def sin(x: Term) -> Term:
    return const("sin", x)


VASWANI = "Vaswani et al. 2017, arXiv:1706.03762, section 3.5"
SU = "Su, kexue.fm/archives/8231"

#: Component j of the code of a position: sin(pos theta_i) at j = 2i, cos(pos theta_i) at j = 2i + 1.
PE = defined("PE", [SEQUENCE, "R", "N"], lambda theta, pos, j: weave(
    lam("N", lambda i: sin(pos * theta(i))), lam("N", lambda i: cos(pos * theta(i))), j))  # fmt: skip
#: The same with the cosine first.
PE_cosine = defined("PE_cosine", [SEQUENCE, "R", "N"], lambda theta, pos, j: weave(
    lam("N", lambda i: cos(pos * theta(i))), lam("N", lambda i: sin(pos * theta(i))), j))  # fmt: skip
#: The rotation of each pair by the angle m theta_i, counter-clockwise: blocks [[cos, -sin], [sin, cos]].
rotation = defined("rotation", [SEQUENCE, "R", "N", "N"], lambda theta, m, r, s: blocks(
    lam("N", lambda i: cos(m * theta(i))), lam("N", lambda i: -sin(m * theta(i))),
    lam("N", lambda i: sin(m * theta(i))), lam("N", lambda i: cos(m * theta(i))), r, s))  # fmt: skip
#: The matrix that shifts the (sin, cos) code by k positions: blocks [[cos, sin], [-sin, cos]].
shift = defined("shift", [SEQUENCE, "R", "N", "N"], lambda theta, k, r, s: blocks(
    lam("N", lambda i: cos(k * theta(i))), lam("N", lambda i: sin(k * theta(i))),
    lam("N", lambda i: -sin(k * theta(i))), lam("N", lambda i: cos(k * theta(i))), r, s))  # fmt: skip
#: The inner product of two codes as a function of the offset: the kernel g.
kernel = defined("kernel", ["N", SEQUENCE, "R"], lambda h, theta, t: total(h, lambda i: cos(t * theta(i))))


display("PE", r"\mathrm{PE}(<1>)", "PE(<1>)", 2)
display("PE_cosine", r"\mathrm{PE}^{\cos}(<1>)", "PEcos(<1>)", 2)
# Bold: the matrix, beside the map that it is (``rope``), which is printed R_m x.
display("rotation", r"\mathbf{R}_{<1>}", "𝐑_{<1>}", 2, 3)
display("shift", r"M_{<1>}", "M_{<1>}", 2, 3)
register("kernel", tex=r"g(<2>)", text="g(<2>)")

theta = var("theta", SEQUENCE)
pos, k, j, m, n, t = (var(s) for s in ("pos", "k", "j", "m", "n", "t"))
h, i, r, s = (var(v, "N") for v in ("h", "i", "r", "s"))


def code(pos: Term, of: Term = PE) -> Term:
    """The code of a position as a vector."""
    return entry(of, theta, pos)


def angle_sums(p: Proof, x: Term, y: Term) -> list[Line]:
    """The addition formulas at x + y."""
    return [p.axiom("cos_add", x=x, y=y), p.axiom("sin_add", x=x, y=y)]


def angle_at(p: Proof, total_angle: Term, x: Term, y: Term) -> list[Line]:
    """The addition formulas with the sum written as ``total_angle``, which is x + y by ring identities."""
    out = []
    for line in angle_sums(p, x, y):
        f = cos if line.lhs.is_const("cos") else sin
        out.append(p.convert(line, eq(f(total_angle), line.rhs)))
    return out


def negated(p: Proof, x: Term) -> list[Line]:
    """cos(-x) = cos x and sin(-x) = -sin x."""
    return [p.axiom("cos_even", x=x), p.axiom("sin_odd", x=x)]


def shifted(p: Proof, of: Term, by: Term, goal: Statement) -> Line:
    """``code(pos + k) = by(k) code(pos)`` for a code woven of two sequences and a block matrix."""
    from symcheck.terms import unfold

    name, matrix = of.head.name, by.head.name  # type: ignore[union-attr]
    inside = unfold(by(theta, k, r, s), [matrix])
    at = p.theorem("blocks.matvec", p.assume(goal.hyps[0]), h=h, r=r, x=code(pos, of),
                   **dict(zip("abcd", inside.args, strict=False)))  # fmt: skip
    start = p.by_definition(eq(goal.concl.args[1], at.lhs), matrix)
    moved = unfold(goal.concl.args[0], [name])

    def side(parity: int, q: Term, _: Line) -> Line:
        row = 2 * q + 1 if parity else 2 * q
        left, right = weave(*moved.args[:2], row), weave(*at.rhs.args[:2], row)
        even, odd = of(theta, pos, 2 * q), of(theta, pos, 2 * q + 1)
        parts = [woven(p, left), woven(p, right)]
        for one in (even, odd):
            opened = p.by_definition(eq(one, unfold(one, [name])), name)
            parts += [opened, woven(p, opened.rhs)]
        return p.ring(eq(left, right), *parts, *angle_at(p, (pos + k) * theta(q), pos * theta(q), k * theta(q)))

    same = by_parity(p, r, eq(moved, at.rhs), side)
    return p.trans(p.by_definition(eq(goal.concl.args[0], moved), name), same, p.symm(at), p.symm(start))


@theorem("sinusoidal.shift", Statement((lt(r, 2 * h),), eq(
    PE(theta, pos + k, r), matvec(2 * h, entry(shift, theta, k), code(pos), r))),
    "A shift of the position is one matrix, block-diagonal, that does not depend on the position",
    references=(VASWANI,))  # fmt: skip
def shift_is_linear(p: Proof, goal: Statement) -> Line:
    return shifted(p, PE, shift, goal)


@theorem("sinusoidal.shift_cosine_first", Statement((lt(r, 2 * h),), eq(
    PE_cosine(theta, pos + k, r), matvec(2 * h, entry(rotation, theta, k), code(pos, PE_cosine), r))),
    "In the (cos, sin) order a shift by k turns each pair counter-clockwise by k theta_i",
    references=(SU,))  # fmt: skip
def shift_cosine_first(p: Proof, goal: Statement) -> Line:
    return shifted(p, PE_cosine, rotation, goal)


@theorem("sinusoidal.direction", Statement((), eq(shift(theta, k, r, s), rotation(theta, -k, r, s))),
         "In the (sin, cos) order a shift by k turns each pair clockwise: M_k is the rotation by -k theta_i",
         references=(VASWANI,))  # fmt: skip
def direction(p: Proof, goal: Statement) -> Line:
    from derivations.blocks import block_entry

    left, right = entry(shift, theta, k), entry(rotation, theta, -k)

    def row_side(parity: int, a: Term, _: Line) -> Line:
        row = 2 * a + 1 if parity else 2 * a

        def column_side(odd: int, b: Term, _: Line) -> Line:
            col = 2 * b + 1 if odd else 2 * b
            x = block_entry(p, left, row, col, ("shift",))
            y = block_entry(p, right, row, col, ("rotation",))
            turned = [p.convert(e, eq((cos if e.lhs.is_const("cos") else sin)(-k * theta(a)), e.rhs))
                      for e in negated(p, k * theta(a))]  # fmt: skip
            return p.ring(eq(x.lhs, y.lhs), x, y, *turned)

        return by_parity(p, s, eq(left(row, s), right(row, s)), column_side)

    return by_parity(p, r, goal.concl, row_side)


@theorem("sinusoidal.shift_pair", Statement((), const("and",
    eq(PE(theta, pos + k, 2 * i), cos(k * theta(i)) * PE(theta, pos, 2 * i) + sin(k * theta(i)) * PE(theta, pos, 2 * i + 1)),
    eq(PE(theta, pos + k, 2 * i + 1),
       cos(k * theta(i)) * PE(theta, pos, 2 * i + 1) - sin(k * theta(i)) * PE(theta, pos, 2 * i)))),
    "Each pair of the shifted code is a fixed linear combination of the same pair",
    references=(VASWANI,))  # fmt: skip
def shift_pair(p: Proof, goal: Statement) -> Line:
    opened = [component(p, PE, x, a) for x in (pos + k, pos) for a in (2 * i, 2 * i + 1)]
    sums = angle_at(p, (pos + k) * theta(i), pos * theta(i), k * theta(i))
    return p.both(*(p.ring(part, *opened, *sums) for part in goal.concl.args))


def component(p: Proof, of: Term, x: Term, index: Term) -> Line:
    """``PE(x)_(2i) = sin(x theta_i)`` and the like, read off the index."""
    from symcheck.terms import unfold

    one = of(theta, x, index)
    start = p.by_definition(eq(one, unfold(one, [of.head.name])), of.head.name)  # type: ignore[union-attr]
    return p.trans(start, woven(p, start.rhs))


def of_blocks(p: Proof, matrix: Term, angle: Term) -> tuple[Term, ...]:
    """The four sequences of a matrix that is defined by blocks."""
    from symcheck.terms import unfold

    return unfold(matrix(theta, angle, r, s), [matrix.head.name]).args[:4]  # type: ignore[union-attr]


def block_product(p: Proof, goal: Term, below: Line, left: tuple[Term, ...], right: tuple[Term, ...],
                  facts: list, *names: str) -> Line:  # fmt: skip
    """``matmul(left, right)_(r, s) = out_(r, s)``, entry by entry of the blocks.

    ``facts(i)`` are equations under which the product of the i-th blocks is the i-th block of ``out``.
    """
    from derivations.blocks import block_entry

    product = p.theorem("blocks.product", below, h=h, r=r, s=s, **dict(zip("abcd", left, strict=True)),
                        **dict(zip("efgk", right, strict=True)))  # fmt: skip
    start = p.by_definition(eq(goal.args[0], product.lhs), *names) if names else p.refl(product.lhs)
    out = goal.args[1]
    made = entry(blocks, *product.rhs.args[:4])
    target = _matrix_of(out)

    def row_side(parity: int, a: Term, _: Line) -> Line:
        row = 2 * a + 1 if parity else 2 * a

        def column_side(odd: int, b: Term, _: Line) -> Line:
            col = 2 * b + 1 if odd else 2 * b
            x = block_entry(p, made, row, col)
            y = block_entry(p, target, row, col, names)
            return p.ring(eq(x.lhs, y.lhs), x, y, *facts[0](a))

        return by_parity(p, s, eq(made(row, s), target(row, s)), column_side)

    same = by_parity(p, r, eq(made(r, s), target(r, s)), row_side)
    return p.trans(start, product, same)


def _matrix_of(t: Term) -> Term:
    return lam(["N", "N"], lambda a, b: Term((), t.head, [*t.args[:-2], a, b]))


def orthogonal(p: Proof, goal: Statement, matrix: Term, m: Term) -> Line:
    """``matrix(m)^T matrix(m) = I``, from c^2 + s^2 = 1 in each block."""
    name = matrix.head.name  # type: ignore[union-attr]
    a, b, c, d = of_blocks(p, matrix, m)
    turned = p.theorem("blocks.transpose", a=a, b=b, c=c, d=d)
    whole = transposed_product(p, goal.concl.args[0], turned, name)
    rest = block_product(p, eq(whole.rhs, blocks(*identity, r, s)), p.assume(goal.hyps[0]), (a, c, b, d), (a, b, c, d),
                         [lambda i: [p.axiom("pythagoras", x=m * theta(i))]])  # fmt: skip
    return p.trans(whole, rest, p.theorem("blocks.identity", r=r, s=s))


def transposed_product(p: Proof, product: Term, turned: Line, *names: str) -> Line:
    """``matmul(A^T, B)_(r,s) = matmul(blocks(a, c, b, d), blocks(...))_(r,s)`` for block matrices A and B."""
    from symcheck.terms import unfold

    n, left, right = product.args[:3]
    new = _matrix_of(turned.rhs)
    opened = _inner(right, names)
    body = lam("N", lambda q: left(r, q) * right(q, s))
    each = sum_ext(p, n, body, lam("N", lambda q: new(r, q) * opened(q, s)), lambda q, _: p.ring(
        eq(left(r, q) * right(q, s), new(r, q) * opened(q, s)),
        _entry_of_transpose(p, left, turned, r, q, names),
        p.by_definition(eq(right(q, s), opened(q, s)), *names)))  # fmt: skip
    start = p.by_definition(eq(product, total(n, body)), "matmul")
    end = p.by_definition(eq(matmul(n, new, opened, r, s), each.rhs), "matmul")
    del unfold
    return p.trans(start, each, p.symm(end))


def _inner(matrix: Term, names: tuple[str, ...]) -> Term:
    from symcheck.terms import unfold

    return unfold(matrix, names)


def _entry_of_transpose(p: Proof, left: Term, turned: Line, a: Term, b: Term, names: tuple[str, ...]) -> Line:
    at = p.rule("instantiate", turned, {r.head: a, s.head: b})
    return p.trans(p.by_definition(eq(left(a, b), at.lhs), *names), at)


@theorem("sinusoidal.shift_orthogonal", Statement((lt(r, 2 * h),), eq(
    matmul(2 * h, entry(transpose, entry(shift, theta, k)), entry(shift, theta, k), r, s), delta(r, s))),
    "The shift matrix is orthogonal", references=(VASWANI,))  # fmt: skip
def shift_orthogonal(p: Proof, goal: Statement) -> Line:
    return orthogonal(p, goal, shift, k)


@theorem("sinusoidal.shift_composition", Statement((lt(r, 2 * h),), eq(
    matmul(2 * h, entry(shift, theta, j), entry(shift, theta, k), r, s), shift(theta, j + k, r, s))),
    "Shifts compose: M_j M_k = M_(j+k)", references=(VASWANI,))  # fmt: skip
def shift_composition(p: Proof, goal: Statement) -> Line:
    return block_product(p, goal.concl, p.assume(goal.hyps[0]), of_blocks(p, shift, j), of_blocks(p, shift, k),
                         [lambda i: angle_at(p, (j + k) * theta(i), j * theta(i), k * theta(i))], "shift")  # fmt: skip


@theorem("sinusoidal.shift_determinant", Statement((), eq(
    shift(theta, k, 2 * i, 2 * i) * shift(theta, k, 2 * i + 1, 2 * i + 1)
    - shift(theta, k, 2 * i, 2 * i + 1) * shift(theta, k, 2 * i + 1, 2 * i), 1)),
    "Every block of the shift matrix has determinant 1", references=(VASWANI,))  # fmt: skip
def shift_determinant(p: Proof, goal: Statement) -> Line:
    from derivations.blocks import block_entry

    m = entry(shift, theta, k)
    entries = [block_entry(p, m, a, b, ("shift",)) for a in (2 * i, 2 * i + 1) for b in (2 * i, 2 * i + 1)]
    return p.ring(goal.concl, *entries, p.axiom("delta_same", i=i), p.axiom("pythagoras", x=k * theta(i)))


def gram_of(p: Proof, goal: Statement, of: Term) -> Line:
    """``<p_m, p_n> = sum_i cos((m - n) theta_i)``: sum by pairs, then cos(x - y) in each."""
    x, y = code(m, of), code(n, of)
    f = lam("N", lambda q: x(q) * y(q))
    start = p.by_definition(eq(goal.concl.args[0], total(2 * h, f)), "dot")
    pairs = p.at(sum_pairs(p), h=h, f=f)

    def each(q: Term, _: Line) -> Line:
        parts = [component(p, of, a, b) for a in (m, n) for b in (2 * q, 2 * q + 1)]
        minus = angle_at(p, (m - n) * theta(q), m * theta(q), -n * theta(q))
        turned = [p.convert(e, eq((cos if e.lhs.is_const("cos") else sin)(-n * theta(q)), e.rhs))
                  for e in negated(p, n * theta(q))]  # fmt: skip
        return p.ring(eq(pairs.rhs.args[1](q), cos((m - n) * theta(q))), *parts, *minus, *turned)

    inner = sum_ext(p, h, pairs.rhs.args[1], lam("N", lambda q: cos((m - n) * theta(q))), each)
    end = p.by_definition(eq(goal.concl.args[1], inner.rhs), "kernel")
    return p.trans(start, pairs, inner, p.symm(end))


@theorem("sinusoidal.gram", Statement((), eq(dot(2 * h, code(m), code(n)), kernel(h, theta, m - n)), (h.head,)),
         "The inner product of two codes is a function of the offset alone", references=(VASWANI, SU))  # fmt: skip
def gram(p: Proof, goal: Statement) -> Line:
    return gram_of(p, goal, PE)


@theorem("sinusoidal.gram_cosine_first", Statement((), eq(
    dot(2 * h, code(m, PE_cosine), code(n, PE_cosine)), kernel(h, theta, m - n)), (h.head,)),
    "The same in the (cos, sin) order", references=(SU,))  # fmt: skip
def gram_cosine_first(p: Proof, goal: Statement) -> Line:
    return gram_of(p, goal, PE_cosine)


@theorem("sinusoidal.gram_even", Statement((), eq(kernel(h, theta, -t), kernel(h, theta, t)), (h.head,)),
         "The kernel is even: the inner product does not see the sign of the offset", references=(SU,))  # fmt: skip
def gram_even(p: Proof, goal: Statement) -> Line:
    f, g = (lam("N", lambda q, x=x: cos(x * theta(q))) for x in (-t, t))
    each = sum_ext(p, h, f, g, lambda q, _: p.convert(p.axiom("cos_even", x=t * theta(q)), eq(f(q), g(q))))
    return p.trans(p.by_definition(eq(goal.concl.args[0], each.lhs), "kernel"), each,
                   p.by_definition(eq(each.rhs, goal.concl.args[1]), "kernel"))  # fmt: skip


@theorem("sinusoidal.gram_zero", Statement((), eq(kernel(h, theta, number(0)), h), (h.head,)),
         "g(0) = d/2: the squared length of every code", references=(SU,))  # fmt: skip
def gram_zero(p: Proof, goal: Statement) -> Line:
    one = lam("N", lambda q: number(1))
    f = lam("N", lambda q: cos(number(0) * theta(q)))
    each = sum_ext(p, h, f, one, lambda q, _: p.convert(p.axiom("cos_zero"), eq(f(q), one(q))))
    start = p.by_definition(eq(goal.concl.args[0], each.lhs), "kernel")
    return p.ring(goal.concl, start, each, p.at(sum_constant(p), n=h, c=1))


@theorem("sinusoidal.gram_bound",
         Statement((), le(const("abs", kernel(h, theta, t)), kernel(h, theta, number(0))), (h.head,)),
         "|g(t)| <= g(0)", references=(SU,))  # fmt: skip
def gram_bound(p: Proof, goal: Statement) -> Line:
    f = lam("N", lambda q: cos(t * theta(q)))
    one, minus = lam("N", lambda q: number(1)), lam("N", lambda q: number(-1))
    q = var("q", "N")
    below = p.assume(lt(q, h))
    unit = p.axiom("pythagoras", x=t * theta(q))
    c = cos(t * theta(q))
    squares = [c - 1, c + 1, sin(t * theta(q))]
    up = p.mp(p.at(sum_le(p), n=h, f=f, g=one),
              p.generalise(p.discharge(p.pos(le(f(q), one(q)), unit, squares=squares), below.concl), q))  # fmt: skip
    down = p.mp(p.at(sum_le(p), n=h, f=minus, g=f),
                p.generalise(p.discharge(p.pos(le(minus(q), f(q)), unit, squares=squares), below.concl), q))  # fmt: skip
    sizes = [p.at(sum_constant(p), n=h, c=1), p.at(sum_constant(p), n=h, c=-1)]
    start = p.by_definition(eq(kernel(h, theta, t), total(h, f)), "kernel")
    peak = p.theorem("sinusoidal.gram_zero", h=h, theta=theta)
    return absolute_le(p, goal.concl, p.pos(le(start.lhs, peak.lhs), up, start, peak, *sizes),
                       p.pos(le(-peak.lhs, start.lhs), down, start, peak, *sizes))  # fmt: skip


def absolute_le(p: Proof, goal: Term, upper: Line, lower: Line) -> Line:
    """``|x| <= c`` from x <= c and -c <= x."""
    x, c = goal.args[0].args[0], goal.args[1]

    def negative(line: Line) -> Line:
        size = p.axiom("abs_nonpos", p.pos(le(x, 0), line), x=x)
        return p.pos(goal, size, lower)

    def positive(line: Line) -> Line:
        return p.pos(goal, p.axiom("abs_nonneg", line, x=x), upper)

    del c
    return p.cases(p.axiom("trichotomy", x=x, y=number(0)), negative, positive)


if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
