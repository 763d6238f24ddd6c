"""p_m^T H p_n for sinusoidal codes and a matrix H that the shifts leave: a function of m - n alone.

Source: Vaswani et al. (2017), section 3.5: PE(pos + k) = M_k PE(pos). The form sees the offset alone where
M_k^T H M_k = H, that is where H commutes with the orthogonal matrices M_k; the identity does, and so does every
block-diagonal H with blocks [[a, -b], [b, a]] (``bilinear.conformal``).
"""

from __future__ import annotations

from derivations.logits import product_of_sums
from derivations.sinusoidal import VASWANI, code, h, k, m, n, shift, theta
from derivations.taylor import bilinear
from derivations.vectors import delta, entry, matmul, matvec, transpose
from symcheck.claims import theorem
from symcheck.prove.lemmas import MATRIX, SEQUENCE, sum_delta, sum_ext, sum_scale, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.terms import Term, eq, forall, implies, lam, lt, var

d, r, s = (var(v, "N") for v in ("d", "r", "s"))
A, H = var("A", MATRIX), var("H", MATRIX)
x, y = var("x", SEQUENCE), var("y", SEQUENCE)


def inside_out(p: Proof, size: Term, f: Term, B: Term, of: Term) -> Line:
    """``sum_s f(s) sum_b B(s, b) of(b) = sum_b (sum_s f(s) B(s, b)) of(b)``."""
    moved = product_of_sums(p, f, lam(["N", "N"], lambda b, s: B(s, b) * of(b)), size, size)

    def each(b: Term, _: Line) -> Line:
        g = lam("N", lambda s: f(s) * B(s, b))
        pulled = p.at(sum_scale(p), n=size, c=of(b), f=g)
        return p.trans(p.convert(pulled, eq(moved.rhs.args[1](b), pulled.rhs)),
                       p.ring(eq(pulled.rhs, total(size, g) * of(b))))  # fmt: skip

    return p.trans(moved, sum_ext(p, size, moved.rhs.args[1], lam("N", lambda b: total(
        size, lambda s: f(s) * B(s, b)) * of(b)), each))  # fmt: skip


def conjugated(size: Term | int, matrix: Term) -> Term:
    """A^T H A as a matrix."""
    return entry(matmul, size, entry(transpose, matrix), entry(matmul, size, H, matrix))


@theorem("congruence.form", Statement((), eq(
    bilinear(d, entry(matvec, d, A, x), H, entry(matvec, d, A, y)), bilinear(d, x, conjugated(d, A), y)), (d.head,)),
    "A matrix on both vectors is a matrix on the form: (A x)^T H (A y) = x^T (A^T H A) y")  # fmt: skip
def form(p: Proof, goal: Statement) -> Line:
    image = lam("N", lambda b: total(d, lambda c: A(b, c) * y(c)))
    HA = lam(["N", "N"], lambda a, b: total(d, lambda c: H(a, c) * A(c, b)))
    whole = lam("N", lambda a: total(d, lambda b: A(a, b) * x(b)) * total(d, lambda c: H(a, c) * image(c)))
    start = p.by_definition(eq(goal.concl.args[0], total(d, whole)), "bilinear", "matvec")
    right = lam("N", lambda a: total(d, lambda b: HA(a, b) * y(b)))
    f = lam("N", lambda a: right(a) * total(d, lambda b: A(a, b) * x(b)))
    rows = sum_ext(p, d, whole, f, lambda a, _: p.ring(
        eq(whole(a), f(a)), inside_out(p, d, lam("N", lambda c: H(a, c)), A, y)))  # fmt: skip
    outer = inside_out(p, d, right, A, x)  # sum_b (sum_a right(a) A(a, b)) x(b)
    K = conjugated(d, A)
    end = lam("N", lambda b: x(b) * total(d, lambda c: K(b, c) * y(c)))

    def each(b: Term, _: Line) -> Line:
        column = lam("N", lambda a: A(a, b))
        turned = inside_out(p, d, column, HA, y)
        same = p.convert(turned, eq(total(d, lambda a: right(a) * A(a, b)), turned.rhs))
        entries = sum_ext(p, d, turned.rhs.args[1], lam("N", lambda c: K(b, c) * y(c)), lambda c, _: p.by_definition(
            eq(turned.rhs.args[1](c), K(b, c) * y(c)), "matmul", "transpose"))  # fmt: skip
        return p.ring(eq(outer.rhs.args[1](b), end(b)), same, entries)

    return p.trans(start, rows, outer, sum_ext(p, d, outer.rhs.args[1], end, each),
                   p.by_definition(eq(total(d, end), goal.concl.args[1]), "bilinear"))  # fmt: skip


M_k = entry(shift, theta, k)
#: M_k^T H M_k = H, in the components below d = 2h.
LEFT = forall(["N", "N"], lambda r, s: implies(lt(r, 2 * h), lt(s, 2 * h), eq(conjugated(2 * h, M_k)(r, s), H(r, s))))
SHIFTED = eq(bilinear(2 * h, code(m + k), H, code(n + k)), bilinear(2 * h, code(m), H, code(n)))


def identity_left(p: Proof) -> list[Line]:
    """The identity is left by every shift: M_k^T I M_k = M_k^T M_k = I."""
    a, b = var("r", "N"), var("s", "N")
    I = lam(["N", "N"], lambda r, s: delta(r, s))
    low = [p.assume(lt(a, 2 * h)), p.assume(lt(b, 2 * h))]
    known = p.theorem("sinusoidal.shift_orthogonal", low[0], h=h, theta=theta, k=k, r=a, s=b)
    inner, plain = (matmul(2 * h, entry(transpose, M_k), z, a, b) for z in (entry(matmul, 2 * h, I, M_k), M_k))
    f, g = (lam("N", lambda q, z=z: M_k(q, a) * z(q, b)) for z in (entry(matmul, 2 * h, I, M_k), M_k))

    def each(q: Term, below: Line) -> Line:
        picked = p.mp(p.at(sum_delta(p), n=2 * h, j=q, f=lam("N", lambda e: M_k(e, b))), below)
        return p.ring(eq(f(q), g(q)), p.by_definition(eq(matmul(2 * h, I, M_k, q, b), picked.lhs), "matmul"), picked)

    same = p.trans(p.by_definition(eq(inner, total(2 * h, f)), "matmul", "transpose"), sum_ext(p, 2 * h, f, g, each),
                   p.by_definition(eq(total(2 * h, g), plain), "matmul", "transpose"), known)  # fmt: skip
    return [p.generalise(p.discharge(same, *(line.concl for line in low)), a, b)]


@theorem("congruence.shift_invariant", Statement((LEFT,), SHIFTED, (h.head,)),
         "A form that the shift by k leaves, M_k^T H M_k = H, does not change when both positions move by k",
         references=(VASWANI,), instance=identity_left)  # fmt: skip
def shift_invariant(p: Proof, goal: Statement) -> Line:
    known = p.assume(goal.hyps[0])

    def moved(a: Term, z: Term, below: Line) -> Line:
        return p.theorem("sinusoidal.shift", below, h=h, theta=theta, pos=z, k=k, r=a)

    def opened(u: Term, K: Term, v: Term) -> Term:
        return lam("N", lambda a: u(a) * total(2 * h, lambda b: K(a, b) * v(b)))

    codes, images = ([code(m + k), code(n + k)], [entry(matvec, 2 * h, M_k, code(z)) for z in (m, n)])
    f, g = opened(codes[0], H, codes[1]), opened(images[0], H, images[1])

    def each(a: Term, below: Line) -> Line:
        inner, other = f(a).args[1], g(a).args[1]
        columns = sum_ext(p, 2 * h, inner.args[1], other.args[1], lambda b, low: p.ring(
            eq(inner.args[1](b), other.args[1](b)), moved(b, n, low)))  # fmt: skip
        return p.ring(eq(f(a), g(a)), moved(a, m, below), columns)

    turned = p.trans(p.by_definition(eq(goal.concl.args[0], total(2 * h, f)), "bilinear"), sum_ext(p, 2 * h, f, g, each),
                     p.by_definition(eq(total(2 * h, g), bilinear(2 * h, images[0], H, images[1])), "bilinear"))
    whole = p.theorem("congruence.form", d=2 * h, A=M_k, H=H, x=code(m), y=code(n))
    left, right = opened(code(m), conjugated(2 * h, M_k), code(n)), opened(code(m), H, code(n))

    def entries(a: Term, below: Line) -> Line:
        inner, other = left(a).args[1], right(a).args[1]
        columns = sum_ext(p, 2 * h, inner.args[1], other.args[1], lambda b, low: p.ring(
            eq(inner.args[1](b), other.args[1](b)), p.mp(p.specialise(known, a, b), below, low)))  # fmt: skip
        return p.ring(eq(left(a), right(a)), columns)

    return p.trans(turned, whole, p.by_definition(eq(whole.rhs, total(2 * h, left)), "bilinear"),
                   sum_ext(p, 2 * h, left, right, entries),
                   p.by_definition(eq(total(2 * h, right), goal.concl.args[1]), "bilinear"))  # fmt: skip


if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
