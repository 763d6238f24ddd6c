"""Rotary position embedding: scores of rotated queries and keys depend on the offset only.

Source: Su et al., "RoFormer" (2021), arXiv:2104.09864, equations 13 to 16 and 34. The conventions: vectors
are columns, R_m turns the pair (x_(2i), x_(2i+1)) counter-clockwise by m theta_i, and R_m^T R_n = R_(n-m).
Row vectors multiplied from the right turn the other way, which is where R_(m-n) is right.
"""

from __future__ import annotations

from derivations.blocks import blocks, weave, woven
from derivations.sinusoidal import (
    angle_at,
    block_product,
    cos,
    negated,
    of_blocks,
    orthogonal,
    rotation,
    sin,  # fmt: skip
    theta,
    transposed_product,
)
from derivations.vectors import delta, display, dot, entry, matmul, matvec, transpose, vecmat
from symcheck.claims import theorem
from symcheck.prove.lemmas import SEQUENCE, by_parity, sum_add, sum_ext, sum_pairs, sum_split, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.render.notation import register
from symcheck.terms import Term, const, defined, eq, lam, lt, number, var

ROFORMER = "Su et al. 2021, arXiv:2104.09864"

#: Component j of R_m x, interleaved layout: the pairs are (2i, 2i + 1). RoFormer eq. 34.
rope = defined("rope", [SEQUENCE, "R", SEQUENCE, "N"], lambda theta, m, x, j: weave(
    lam("N", lambda i: cos(m * theta(i)) * x(2 * i) - sin(m * theta(i)) * x(2 * i + 1)),
    lam("N", lambda i: sin(m * theta(i)) * x(2 * i) + cos(m * theta(i)) * x(2 * i + 1)), j))  # fmt: skip
#: The same, half-split layout: the pairs are (i, h + i) of a vector of 2h components.
rope_half = defined("rope_half", ["N", SEQUENCE, "R", SEQUENCE, "N"], lambda h, theta, m, x, j: const("stack", h,
    lam("N", lambda i: cos(m * theta(i)) * x(i) - sin(m * theta(i)) * x(h + i)),
    lam("N", lambda i: sin(m * theta(i)) * x(i) + cos(m * theta(i)) * x(h + i)), j))  # fmt: skip
#: From half-split to interleaved: component 2i is x_i, component 2i + 1 is x_(h+i).
interleave = defined("interleave", ["N", SEQUENCE, "N"], lambda h, x, j: weave(
    lam("N", lambda i: x(i)), lam("N", lambda i: x(h + i)), j))  # fmt: skip
#: Real and imaginary part of (a + ib)(c + id).
re_mul = defined("re_mul", ["R"] * 4, lambda a, b, c, d: a * c - b * d)
im_mul = defined("im_mul", ["R"] * 4, lambda a, b, c, d: a * d + b * c)


display("rope", r"R_{<1>}\,<2:atom>", "R_{<1>} <2:atom>", 3)
display("rope_half", r"R^{\mathrm{half}}_{<2>}\,<3:atom>", "Rhalf_{<2>} <3:atom>", 4)
display("interleave", r"P\,<1:atom>", "P <1:atom>", 2)
register("re_mul",
         tex=r"\operatorname{Re}\bigl[(<0:term> + \mathrm{i}\,<1:factor>)(<2:term> + \mathrm{i}\,<3:factor>)\bigr]",
         text="Re[(<0:term> + i·<1:factor>)·(<2:term> + i·<3:factor>)]")
register("im_mul",
         tex=r"\operatorname{Im}\bigl[(<0:term> + \mathrm{i}\,<1:factor>)(<2:term> + \mathrm{i}\,<3:factor>)\bigr]",
         text="Im[(<0:term> + i·<1:factor>)·(<2:term> + i·<3:factor>)]")

q, k = var("q", SEQUENCE), var("k", SEQUENCE)
m, n, x = var("m"), var("n"), var("x", SEQUENCE)
h, i, j, r, s = (var(v, "N") for v in ("h", "i", "j", "r", "s"))


def turned(angle: Term, of: Term) -> Term:
    """R_angle applied to a vector, as a vector."""
    return entry(rope, theta, angle, of)


def turned_half(angle: Term, of: Term) -> Term:
    """The same in the half-split layout."""
    return entry(rope_half, h, theta, angle, of)


def difference(p: Proof, i: Term) -> list[Line]:
    """cos and sin of (n - m) theta_i by those of n theta_i and m theta_i."""
    minus = angle_at(p, (n - m) * theta(i), n * theta(i), -m * theta(i))
    return minus + [p.convert(e, eq((cos if e.lhs.is_const("cos") else sin)(-m * theta(i)), e.rhs))
                    for e in negated(p, m * theta(i))]  # fmt: skip


def rotated_pair(p: Proof, angle: Term, of: Term, i: Term) -> list[Line]:
    """The components 2i and 2i + 1 of R_angle x, written out."""
    from symcheck.terms import unfold

    out = []
    for index in (2 * i, 2 * i + 1):
        one = rope(theta, angle, of, index)
        start = p.by_definition(eq(one, unfold(one, ["rope"])), "rope")
        out.append(p.trans(start, woven(p, start.rhs)))
    return out


@theorem("rope.relative", Statement((), eq(
    dot(2 * h, turned(m, q), turned(n, k)), dot(2 * h, q, turned(n - m, k))), (h.head,)),
    "Scores depend on the offset: <R_m q, R_n k> = <q, R_(n-m) k>",
    references=(ROFORMER + ", eq. 16",))  # fmt: skip
def relative(p: Proof, goal: Statement) -> Line:
    sides = []
    for side in goal.concl.args:
        u, v = side.args[1:]
        f = lam("N", lambda c, u=u, v=v: u(c) * v(c))
        pairs = p.at(sum_pairs(p), h=h, f=f)
        sides.append(p.trans(p.by_definition(eq(side, pairs.lhs), "dot"), pairs))
    f, g = sides[0].rhs.args[1], sides[1].rhs.args[1]
    each = sum_ext(p, h, f, g, lambda i, _: p.ring(
        eq(f(i), g(i)), *rotated_pair(p, m, q, i), *rotated_pair(p, n, k, i), *rotated_pair(p, n - m, k, i),
        *difference(p, i), p.axiom("pythagoras", x=m * theta(i))))  # fmt: skip
    return p.trans(sides[0], each, p.symm(sides[1]))


@theorem("rope.matrix", Statement((lt(r, 2 * h),), eq(
    matvec(2 * h, entry(rotation, theta, m), x, r), rope(theta, m, x, r))),
    "The rotation as a block-diagonal matrix", references=(ROFORMER + ", eq. 15 and 34",))  # fmt: skip
def matrix(p: Proof, goal: Statement) -> Line:
    at = p.theorem("blocks.matvec", p.assume(goal.hyps[0]), h=h, r=r, x=x,
                   **dict(zip("abcd", of_blocks(p, rotation, m), strict=True)))  # fmt: skip
    start = p.by_definition(eq(goal.concl.args[0], at.lhs), "rotation")
    return p.trans(start, at, p.by_definition(eq(at.rhs, goal.concl.args[1]), "rope"))


@theorem("rope.orthogonal", Statement((lt(r, 2 * h),), eq(
    matmul(2 * h, entry(transpose, entry(rotation, theta, m)), entry(rotation, theta, m), r, s), delta(r, s))),
    "R_m is orthogonal", references=(ROFORMER + ", after eq. 16",))  # fmt: skip
def rope_orthogonal(p: Proof, goal: Statement) -> Line:
    return orthogonal(p, goal, rotation, m)


@theorem("rope.transpose_product", Statement((lt(r, 2 * h),), eq(
    matmul(2 * h, entry(transpose, entry(rotation, theta, m)), entry(rotation, theta, n), r, s),
    rotation(theta, n - m, r, s))),
    "R_m^T R_n = R_(n-m)", references=(ROFORMER + ", eq. 16",))  # fmt: skip
def transpose_product(p: Proof, goal: Statement) -> Line:
    a, b, c, d = of_blocks(p, rotation, m)
    flipped = p.theorem("blocks.transpose", a=a, b=b, c=c, d=d)
    whole = transposed_product(p, goal.concl.args[0], flipped, "rotation")
    right = of_blocks(p, rotation, n)
    out = eq(whole.rhs, blocks(*of_blocks(p, rotation, n - m), r, s))
    rest = block_product(p, out, p.assume(goal.hyps[0]), (a, c, b, d), right, [lambda i: difference(p, i)])
    return p.trans(whole, rest, p.by_definition(eq(rest.rhs, goal.concl.args[1]), "rotation"))


@theorem("rope.composition", Statement((lt(r, 2 * h),), eq(
    matmul(2 * h, entry(rotation, theta, m), entry(rotation, theta, n), r, s), rotation(theta, m + n, r, s))),
    "Rotations compose: R_m R_n = R_(m+n)", references=(ROFORMER,))  # fmt: skip
def composition(p: Proof, goal: Statement) -> Line:
    return block_product(p, goal.concl, p.assume(goal.hyps[0]), of_blocks(p, rotation, m), of_blocks(p, rotation, n),
                         [lambda i: angle_at(p, (m + n) * theta(i), m * theta(i), n * theta(i))], "rotation")  # fmt: skip


@theorem("rope.zero", Statement((), eq(rope(theta, number(0), x, j), x(j))),
         "Position 0 is not turned: R_0 = I", references=(ROFORMER,))  # fmt: skip
def zero(p: Proof, goal: Statement) -> Line:
    def side(parity: int, i: Term, _: Line) -> Line:
        index = 2 * i + 1 if parity else 2 * i
        pair = rotated_pair(p, number(0), x, i)[parity]
        at = [p.convert(p.axiom("cos_zero"), eq(cos(number(0) * theta(i)), 1)),
              p.convert(p.axiom("sin_zero"), eq(sin(number(0) * theta(i)), 0))]  # fmt: skip
        return p.ring(eq(rope(theta, number(0), x, index), x(index)), pair, *at)

    return by_parity(p, j, goal.concl, side)


@theorem("rope.isometry", Statement((), eq(dot(2 * h, turned(m, q), turned(m, k)), dot(2 * h, q, k)), (h.head,)),
         "Rotation keeps inner products, hence lengths: <R_m q, R_m k> = <q, k>", references=(ROFORMER,))  # fmt: skip
def isometry(p: Proof, goal: Statement) -> Line:
    at = p.theorem("rope.relative", h=h, m=m, n=m, q=q, k=k, theta=theta)
    unturned = p.theorem("rope.zero", theta=theta, x=k)
    f = lam("N", lambda c: q(c) * rope(theta, m - m, k, c))
    g = lam("N", lambda c: q(c) * k(c))
    each = sum_ext(p, 2 * h, f, g, lambda c, _: p.ring(
        eq(f(c), g(c)), p.convert(p.at(unturned, j=c), eq(rope(theta, m - m, k, c), k(c)))))  # fmt: skip
    return p.trans(at, p.by_definition(eq(at.rhs, each.lhs), "dot"), each,
                   p.by_definition(eq(each.rhs, goal.concl.args[1]), "dot"))  # fmt: skip


@theorem("rope.relative_rows", Statement((), eq(
    dot(2 * h, entry(vecmat, 2 * h, q, entry(rotation, theta, m)), entry(vecmat, 2 * h, k, entry(rotation, theta, n))),
    dot(2 * h, entry(vecmat, 2 * h, q, entry(rotation, theta, m - n)), k)), (h.head,)),
    "Row vectors multiplied from the right: (q R_m)(k R_n)^T = q R_(m-n) k^T",
    references=(ROFORMER,))  # fmt: skip
def relative_rows(p: Proof, goal: Statement) -> Line:
    """A row times R_m is R_m^T on the column, that is R_(-m); then the relative identity."""
    def by_rotation(of: Term, angle: Term) -> Line:  # (x R_angle)_c = (R_(-angle) x)_c for c < 2h
        return p.theorem("rope.row_is_inverse", p.assume(lt(r, 2 * h)), h=h, theta=theta, m=angle, x=of, r=r)

    def sum_with(left: Term, right: Term, goal_side: Term, lines: list[Line]) -> Line:
        f = lam("N", lambda c: goal_side.args[1](c) * goal_side.args[2](c))
        g = lam("N", lambda c: left(c) * right(c))

        def each(c: Term, below: Line) -> Line:
            at = [p.cuts(p.rule("instantiate", e, {r.head: c}), below) for e in lines]
            return p.ring(eq(f(c), g(c)), *at)

        inner = sum_ext(p, 2 * h, f, g, each)
        return p.trans(p.by_definition(eq(goal_side, inner.lhs), "dot"), inner,
                       p.by_definition(eq(inner.rhs, dot(2 * h, left, right)), "dot"))  # fmt: skip

    left = sum_with(turned(-m, q), turned(-n, k), goal.concl.args[0], [by_rotation(q, m), by_rotation(k, n)])
    right = sum_with(turned(-(m - n), q), k, goal.concl.args[1], [by_rotation(q, m - n)])
    one = p.theorem("rope.relative", h=h, theta=theta, m=-m, n=-n, q=q, k=k)
    other = p.theorem("rope.relative", h=h, theta=theta, m=-(m - n), n=number(0), q=q, k=k)
    still = [p.rule("instantiate", p.theorem("rope.zero", theta=theta, x=k), {j.head: r})]
    f, g = (lam("N", lambda c, b=b: turned(-(m - n), q)(c) * b(c)) for b in (turned(number(0), k), k))
    same = sum_ext(p, 2 * h, f, g, lambda c, _: p.ring(
        eq(f(c), g(c)), *(p.rule("instantiate", e, {r.head: c}) for e in still)))  # fmt: skip
    dots = p.trans(p.symm(p.by_definition(eq(other.lhs, same.lhs), "dot")), other)
    back = p.trans(p.by_definition(eq(right.rhs, same.rhs), "dot"), p.symm(same), dots)
    return p.trans(left, p.convert(one, eq(one.lhs, other.rhs)), p.symm(back), p.symm(right))


@theorem("rope.row_is_inverse", Statement((lt(r, 2 * h),), eq(
    vecmat(2 * h, x, entry(rotation, theta, m), r), rope(theta, -m, x, r))),
    "A row vector times R_m is the column turned the other way: (x R_m)^T = R_(-m) x^T",
    references=(ROFORMER,))  # fmt: skip
def row_is_inverse(p: Proof, goal: Statement) -> Line:
    a, b, c, d = of_blocks(p, rotation, m)
    flipped = p.theorem("blocks.transpose", a=a, b=b, c=c, d=d)
    f = lam("N", lambda z: x(z) * rotation(theta, m, z, r))
    new = entry(blocks, a, c, b, d)
    g = lam("N", lambda z: new(r, z) * x(z))

    def each(z: Term, _: Line) -> Line:
        at = p.rule("instantiate", flipped, {r.head: r, s.head: z})
        start = p.by_definition(eq(rotation(theta, m, z, r), at.lhs), "transpose", "rotation")
        return p.ring(eq(f(z), g(z)), start, at)

    inner = sum_ext(p, 2 * h, f, g, each)
    at = p.theorem("blocks.matvec", p.assume(goal.hyps[0]), h=h, r=r, x=x, a=a, b=c, c=b, d=d)
    target = goal.concl.args[1]

    def side(parity: int, i: Term, _: Line) -> Line:
        row = 2 * i + 1 if parity else 2 * i
        left = weave(*at.rhs.args[:2], row)
        pair = rotated_pair(p, -m, x, i)[parity]
        other = [p.convert(e, eq((cos if e.lhs.is_const("cos") else sin)(-m * theta(i)), e.rhs))
                 for e in negated(p, m * theta(i))]  # fmt: skip
        return p.ring(eq(left, rope(theta, -m, x, row)), woven(p, left), pair, *other)

    same = by_parity(p, r, eq(at.rhs, target), side)
    return p.trans(p.by_definition(eq(goal.concl.args[0], inner.lhs), "vecmat"), inner,
                   p.by_definition(eq(inner.rhs, at.lhs), "matvec"), at, same)  # fmt: skip


def stacked(p: Proof, of: Term, angle: Term, i: Term, below: Line) -> list[Line]:
    """The components i and h + i of the half-split rotation, written out."""
    from symcheck.terms import unfold

    out = []
    for index in (i, h + i):
        one = rope_half(h, theta, angle, of, index)
        start = p.by_definition(eq(one, unfold(one, ["rope_half"])), "rope_half")
        low, high = start.rhs.args[1:3]
        out.append(p.trans(start, p.axiom("stack_low", below, i=i, h=h, a=low, b=high) if index is i else
                           p.axiom("stack_high", i=i, h=h, a=low, b=high)))  # fmt: skip
    return out


@theorem("rope.half_relative", Statement((), eq(
    dot(h + h, turned_half(m, q), turned_half(n, k)), dot(h + h, q, turned_half(n - m, k))), (h.head,)),
    "The relative identity in the half-split layout", references=(ROFORMER,))  # fmt: skip
def half_relative(p: Proof, goal: Statement) -> Line:
    sides = []
    for side in goal.concl.args:
        u, v = side.args[1:]
        f = lam("N", lambda c, u=u, v=v: u(c) * v(c))
        halves = p.at(sum_split(p), m=h, n=h, f=f)
        added = p.at(sum_add(p), n=h, f=f, g=lam("N", lambda c, f=f: f(h + c)))
        sides.append(p.trans(p.by_definition(eq(side, halves.lhs), "dot"), halves, p.symm(added)))
    f, g = sides[0].rhs.args[1], sides[1].rhs.args[1]
    each = sum_ext(p, h, f, g, lambda i, below: p.ring(
        eq(f(i), g(i)), *stacked(p, q, m, i, below), *stacked(p, k, n, i, below), *stacked(p, k, n - m, i, below),
        *difference(p, i), p.axiom("pythagoras", x=m * theta(i))))  # fmt: skip
    return p.trans(sides[0], each, p.symm(sides[1]))


@theorem("rope.layouts", Statement((lt(i, h),), const("and",
    eq(rope(theta, m, entry(interleave, h, x), 2 * i), interleave(h, entry(rope_half, h, theta, m, x), 2 * i)),
    eq(rope(theta, m, entry(interleave, h, x), 2 * i + 1), interleave(h, entry(rope_half, h, theta, m, x), 2 * i + 1)))),
    "The two layouts differ by a fixed permutation P of the components: R_m P = P R_m^half",
    references=(ROFORMER,))  # fmt: skip
def layouts(p: Proof, goal: Statement) -> Line:
    from symcheck.terms import unfold

    below = p.assume(goal.hyps[0])
    permuted = entry(interleave, h, x)
    facts = [*rotated_pair(p, m, permuted, i), *stacked(p, x, m, i, below)]
    for of in (x, turned_half(m, x)):
        for index in (2 * i, 2 * i + 1):
            one = interleave(h, of, index)
            start = p.by_definition(eq(one, unfold(one, ["interleave"])), "interleave")
            facts.append(p.trans(start, woven(p, start.rhs)))
    return p.both(*(p.ring(part, *facts) for part in goal.concl.args))


@theorem("rope.complex", Statement((), eq(
    dot(2 * h, turned(m, q), turned(n, k)),
    total(h, lambda i: re_mul(re_mul(q(2 * i), q(2 * i + 1), k(2 * i), -k(2 * i + 1)),
                              im_mul(q(2 * i), q(2 * i + 1), k(2 * i), -k(2 * i + 1)),
                              cos((m - n) * theta(i)), sin((m - n) * theta(i))))), (h.head,)),
    "The complex form: <R_m q, R_n k> = Re sum_i q_i conj(k_i) e^(i(m-n) theta_i)",
    references=(ROFORMER + ", eq. 12 and 16",))  # fmt: skip
def complex_form(p: Proof, goal: Statement) -> Line:
    u, v = goal.concl.args[0].args[1:]
    pairs = p.at(sum_pairs(p), h=h, f=lam("N", lambda c: u(c) * v(c)))
    start = p.trans(p.by_definition(eq(goal.concl.args[0], pairs.lhs), "dot"), pairs)
    f, g = pairs.rhs.args[1], goal.concl.args[1].args[1]

    def each(i: Term, _: Line) -> Line:
        opened = p.by_definition(eq(g(i), _unfolded(g(i))), "re_mul", "im_mul")
        minus = angle_at(p, (m - n) * theta(i), m * theta(i), -n * theta(i))
        flipped = [p.convert(e, eq((cos if e.lhs.is_const("cos") else sin)(-n * theta(i)), e.rhs))
                   for e in negated(p, n * theta(i))]  # fmt: skip
        return p.ring(eq(f(i), g(i)), *rotated_pair(p, m, q, i), *rotated_pair(p, n, k, i), opened, *minus, *flipped)

    return p.trans(start, sum_ext(p, h, f, g, each))


def _unfolded(t: Term) -> Term:
    from symcheck.terms import unfold

    return unfold(t, ["re_mul", "im_mul"])



if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
