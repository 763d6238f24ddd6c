"""Second-order Taylor expansion in two vector slots: 1/2 on the pure terms, 1 on the mixed one.

Source of the mathematics: Rudin, Principles of Mathematical Analysis (1976), theorems 5.15 and 9.41; of its
use for position codes: Su, kexue.fm/archives/8231, eq. 4. ``C2`` says that f is twice continuously
differentiable on R^d x R^d with gradient blocks f_m, f_n and Hessian blocks f_mm, f_mn, f_nn, by what these
words mean along lines: the derivative of f, and of the gradient, in a direction (p, q).
"""

from __future__ import annotations

from fractions import Fraction

from derivations.vectors import dot, entry
from symcheck.claims import theorem
from symcheck.prove.calculus import derivative_is, derivative_of_sum, has_derivative, taylor_lagrange
from symcheck.prove.lemmas import SEQUENCE, sum_exchange, sum_ext, sum_scale, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import compute, denial
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
    number,
    unfold,
    var,
)

RUDIN, SU = "Rudin 1976, 5.15 and 9.41", "Su, kexue.fm/archives/8231, eq. 4"
SCALAR, GRADIENT, HESSIAN = (SEQUENCE, SEQUENCE, "R"), (SEQUENCE, SEQUENCE, "N", "R"), (SEQUENCE, SEQUENCE, "N", "N", "R")
HALF = Fraction(1, 2)

#: p^T A q for d components.
bilinear = defined("bilinear", ["N", SEQUENCE, ("N", "N", "R"), SEQUENCE],
                   lambda d, p, A, q: total(d, lambda a: p(a) * total(d, lambda b: A(a, b) * q(b))))  # fmt: skip


def at(blocks: Term, x: Term, y: Term) -> Term:
    """A gradient or Hessian block at the point (x, y), as a vector or a matrix."""
    return entry(blocks, x, y)


def along(x: Term, t: Term, p: Term) -> Term:
    """The point x + t p."""
    return lam("N", lambda a: x(a) + t * p(a))


#: The second derivative of f at a point in the direction (p, q).
curvature = defined("curvature", ["N", HESSIAN, HESSIAN, HESSIAN, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE],
    lambda d, f_mm, f_mn, f_nn, x, y, p, q: bilinear(d, p, at(f_mm, x, y), p) + 2 * bilinear(d, p, at(f_mn, x, y), q)
    + bilinear(d, q, at(f_nn, x, y), q))  # fmt: skip
#: |x' - x|^2 over d components.
distance2 = defined("distance2", ["N", SEQUENCE, SEQUENCE], lambda d, u, v: total(
    d, lambda a: (u(a) - v(a)) * (u(a) - v(a))))  # fmt: skip


def _c2(d: Term, f: Term, f_m: Term, f_n: Term, f_mm: Term, f_mn: Term, f_nn: Term) -> Term:
    def slope(g: Term, value: object) -> Term:
        """Along every line, the function of a point has this derivative."""
        return forall([SEQUENCE] * 4 + ["R"], lambda x, y, p, q, t: has_derivative(
            lam("R", lambda s: g(along(x, s, p), along(y, s, q))), t,
            value(along(x, t, p), along(y, t, q), p, q)))  # type: ignore[operator] # fmt: skip

    def component(g: Term, value: object) -> Term:
        return forall(["N"] + [SEQUENCE] * 4 + ["R"], lambda a, x, y, p, q, t: has_derivative(
            lam("R", lambda s: g(along(x, s, p), along(y, s, q), a)), t,
            value(a, along(x, t, p), along(y, t, q), p, q)))  # type: ignore[operator] # fmt: skip

    first = slope(f, lambda x, y, p, q: dot(d, p, at(f_m, x, y)) + dot(d, q, at(f_n, x, y)))
    second_m = component(f_m, lambda a, x, y, p, q: total(d, lambda b: f_mm(x, y, a, b) * p(b))
                         + total(d, lambda b: f_mn(x, y, a, b) * q(b)))  # fmt: skip
    second_n = component(f_n, lambda a, x, y, p, q: total(d, lambda b: f_mn(x, y, b, a) * p(b))
                         + total(d, lambda b: f_nn(x, y, a, b) * q(b)))  # fmt: skip
    continuous = forall([SEQUENCE, SEQUENCE, "R"], lambda x, y, e: implies(lt(0, e), exists("R", lambda r: const(
        "and", lt(0, r), forall([SEQUENCE] * 4, lambda u, v, p, q: implies(
            le(distance2(d, u, x) + distance2(d, v, y), r),
            le(const("abs", curvature(d, f_mm, f_mn, f_nn, u, v, p, q) - curvature(d, f_mm, f_mn, f_nn, x, y, p, q)),
               e * (dot(d, p, p) + dot(d, q, q)))))))))  # fmt: skip
    return const("and", first, const("and", second_m, const("and", second_n, continuous)))


#: f is C^2 on R^d x R^d with these gradient and Hessian blocks.
C2 = defined("C2", ["N", SCALAR, GRADIENT, GRADIENT, HESSIAN, HESSIAN, HESSIAN], _c2, "P")


register("bilinear", tex=r"<1:atom>^\top\, <2:atom>\, <3:atom>", text="<1:atom>ᵀ <2:atom> <3:atom>",
         parameters=("dim", "p", "A", "q"))  # fmt: skip
register("curvature", tex=r"\mathrm{D}^2 f(<4>, <5>)[(<6>, <7>)^2]", text="D²f(<4>, <5>)[(<6>, <7>)²]")
register("distance2", tex=r"\lVert <1:term> - <2:factor> \rVert^2", text="‖<1:term> - <2:factor>‖²")
register("C2", tex=r"<1> \in C^2(\mathbb{R}^{<0>} \times \mathbb{R}^{<0>})", text="<1> ∈ C²(ℝ^<0:atom> × ℝ^<0:atom>)",
         precedence=4)

d = var("d", "N")
f, f_m, f_n = var("f", SCALAR), var("f_m", GRADIENT), var("f_n", GRADIENT)
f_mm, f_mn, f_nn = (var(v, HESSIAN) for v in ("f_mm", "f_mn", "f_nn"))
BLOCKS = (f, f_m, f_n, f_mm, f_mn, f_nn)
x, y, p_m, p_n = (var(v, SEQUENCE) for v in ("x_m", "x_n", "p_m", "p_n"))
smooth = C2(d, *BLOCKS)
ORDER = tuple(v.head for v in (d, f, f_m, f_n, f_mm, f_mn, f_nn, x, y, p_m, p_n))


def added(u: Term, v: Term) -> Term:
    """u + v as a vector."""
    return lam("N", lambda a: u(a) + v(a))


def expansion(p: Term, q: Term, u: Term, v: Term, pure: object = HALF, mixed: object = 1) -> Term:
    """f + first-order terms at (x_m, x_n) + second-order terms with the Hessian at (u, v)."""
    return (f(x, y) + dot(d, p, at(f_m, x, y)) + dot(d, q, at(f_n, x, y)) + pure * bilinear(d, p, at(f_mm, u, v), p)
            + pure * bilinear(d, q, at(f_nn, u, v), q) + mixed * bilinear(d, p, at(f_mn, u, v), q))  # type: ignore[operator] # fmt: skip


#: F(p, q) = o(|p|^2 + |q|^2) as (p, q) tends to 0, in epsilon and delta.
small_o = defined("small_o", ["N", SCALAR], lambda d, F: forall("R", lambda e: implies(lt(0, e), exists(
    "R", lambda r: const("and", lt(0, r), forall([SEQUENCE, SEQUENCE], lambda p, q: implies(
        le(dot(d, p, p) + dot(d, q, q), r),
        le(const("abs", F(p, q)), e * (dot(d, p, p) + dot(d, q, q))))))))), "P")  # fmt: skip
register("small_o", tex=r"<1:body> = o\bigl(\lVert (<1:bound>) \rVert^2\bigr)",
         text="<1:body> = o(‖(<1:bound>)‖²)", precedence=4)


def second_order(pure: object = HALF, mixed: object = 1) -> Statement:
    """The remainder of the expansion with these coefficients is o(|p_m|^2 + |p_n|^2)."""
    return Statement((smooth,), small_o(d, lam([SEQUENCE, SEQUENCE], lambda p, q: (
        f(added(x, p), added(y, q)) - expansion(p, q, x, y, pure, mixed)))), ORDER)  # fmt: skip


def conditions(p: Proof, line: Line) -> list[Line]:
    """The four conditions inside C2."""
    return p.parts(p.unfolded(line, "C2"))


@theorem("taylor.lagrange", Statement((smooth,), exists("R", lambda t: const("and", lt(0, t), const("and", lt(t, 1), eq(
    f(added(x, p_m), added(y, p_n)), expansion(p_m, p_n, along(x, t, p_m), along(y, t, p_n)))))), ORDER),
    "Second-order expansion with the Hessian at an intermediate point (Lagrange)",
    references=(RUDIN,), instance=lambda p: [square_is_smooth(p)])  # fmt: skip
def lagrange(p: Proof, goal: Statement) -> Line:
    first, second_m, second_n, _ = conditions(p, p.assume(smooth))
    u, v = (lambda t: along(x, t, p_m)), (lambda t: along(y, t, p_n))
    g = lam("R", lambda t: f(u(t), v(t)))
    g1 = lam("R", lambda t: dot(d, p_m, at(f_m, u(t), v(t))) + dot(d, p_n, at(f_n, u(t), v(t))))
    g2 = lam("R", lambda t: curvature(d, f_mm, f_mn, f_nn, u(t), v(t), p_m, p_n))
    t = var("t")
    slope = p.generalise(p.specialise(first, x, y, p_m, p_n, t), t)
    parts = []
    for block, second, code in ((f_m, second_m, p_m), (f_n, second_n, p_n)):
        a = var("a", "N")
        gradient = p.generalise(p.specialise(second, a, x, y, p_m, p_n, t), t)
        inner = gradient.concl.args[0]  # the forall over t
        h = lam("R", lambda s, block=block, code=code, a=a: code(a) * block(u(s), v(s), a))
        value = lam("R", lambda s, inner=inner, code=code, a=a: code(a) * apply(inner, [s]).args[2])
        scaled = derivative_is(p, h, value, [gradient])
        F = lam(["N", "R"], lambda a, s, block=block, code=code: code(a) * block(u(s), v(s), a))
        G = _over(a, value)
        whole = p.mp(p.at(derivative_of_sum(p), F=F, G=G, n=d), p.generalise(scaled, a))
        parts.append(whole)
    t = var("t")
    joined = p.axiom("deriv_add", *parts, g=parts[0].concl.args[0], w=parts[1].concl.args[0], t=t,
                     u=parts[0].concl.args[2], v=parts[1].concl.args[2])  # fmt: skip
    turned = p.convert(joined, has_derivative(g1, t, joined.concl.args[2]), "dot")
    value = p.ring(eq(joined.concl.args[2], g2(t)), *_second_derivative(p, u(t), v(t), joined.concl.args[2], g2(t)))
    curved = p.generalise(p.rewrite(value, turned, lambda z: has_derivative(g1, t, z)), t)
    found = p.mp(p.at(taylor_lagrange(p), g=g, g1=g1, g2=g2), slope, curved)

    def use(t: Term, line: Line) -> Line:
        left, right, value = p.parts(line)
        wanted = eq(f(added(x, p_m), added(y, p_n)), expansion(p_m, p_n, along(x, t, p_m), along(y, t, p_n)))
        opened = p.by_definition(eq(g2(t), unfold(g2(t), ["curvature"])), "curvature")
        plain = p.convert(value, eq(wanted.args[0], f(x, y) + dot(d, p_m, at(f_m, x, y)) + dot(d, p_n, at(f_n, x, y))
                                    + HALF * g2(t)))  # fmt: skip
        return p.witness(goal.concl, t, p.both(left, right, p.ring(wanted, plain, opened)))

    return p.obtain(found, use, name="t")


def _over(a: Term, value: Term) -> Term:
    """``value``, which mentions the index a, as a function of (a, t)."""
    from symcheck.terms import abstract, substitute

    del substitute
    t = var("#t")
    return abstract([a.head, t.head], value(t))  # type: ignore[list-item]


def _second_derivative(p: Proof, u: Term, v: Term, raw: Term, curved: Term) -> list[Line]:
    """Equations under which the sums that the chain rule gives are the three bilinear forms."""
    def form(left: Term, block: Term, right: Term) -> tuple[Term, Line]:
        whole = bilinear(d, left, at(block, u, v), right)
        return whole, p.by_definition(eq(whole, unfold(whole, ["bilinear"])), "bilinear")

    out = [p.by_definition(eq(curved, unfold(curved, ["curvature"])), "curvature")]
    mm, mn, nn = (form(*z)[1] for z in ((p_m, f_mm, p_m), (p_m, f_mn, p_n), (p_n, f_nn, p_n)))
    out += [mm, mn, nn]
    m_side, n_side = raw.args

    def split(side: Term, code: Term, one: Term, other: Term) -> Line:
        """sum code_a (A_a + B_a) = sum code_a A_a + sum code_a B_a."""
        from symcheck.prove.lemmas import sum_add

        f1 = lam("N", lambda a: code(a) * one(a))
        f2 = lam("N", lambda a: code(a) * other(a))
        inner = sum_ext(p, d, side.args[1], lam("N", lambda a: f1(a) + f2(a)),
                        lambda a, _: p.ring(eq(side.args[1](a), f1(a) + f2(a))))  # fmt: skip
        return p.trans(inner, p.at(sum_add(p), n=d, f=f1, g=f2))

    out.append(split(m_side, p_m, lam("N", lambda a: total(d, lambda b: f_mm(u, v, a, b) * p_m(b))),
                     lam("N", lambda a: total(d, lambda b: f_mn(u, v, a, b) * p_n(b)))))  # fmt: skip
    across = lam("N", lambda a: total(d, lambda b: f_mn(u, v, b, a) * p_m(b)))
    out.append(split(n_side, p_n, across, lam("N", lambda a: total(d, lambda b: f_nn(u, v, a, b) * p_n(b)))))
    # Schwarz: sum_a q_a sum_b H(b, a) p_b = sum_b p_b sum_a H(b, a) q_a
    outer = lam("N", lambda a: p_n(a) * across(a))
    X = lam(["N", "N"], lambda b, a: p_n(a) * (f_mn(u, v, b, a) * p_m(b)))
    inside = sum_ext(p, d, outer, lam("N", lambda a: total(d, lambda b: X(b, a))), lambda a, _: p.symm(p.at(
        sum_scale(p), n=d, c=p_n(a), f=lam("N", lambda b: f_mn(u, v, b, a) * p_m(b)))))  # fmt: skip
    turned = p.at(sum_exchange(p), n=d, m=d, x=X)
    mixed = lam("N", lambda b: p_m(b) * total(d, lambda a: f_mn(u, v, b, a) * p_n(a)))
    outside = sum_ext(p, d, turned.rhs.args[1], mixed, lambda b, _: p.ring(
        eq(turned.rhs.args[1](b), mixed(b)),
        sum_ext(p, d, lam("N", lambda a: X(b, a)), lam("N", lambda a: p_m(b) * (f_mn(u, v, b, a) * p_n(a))),
                lambda a, _: p.ring(eq(X(b, a), p_m(b) * (f_mn(u, v, b, a) * p_n(a))))),
        p.at(sum_scale(p), n=d, c=p_m(b), f=lam("N", lambda a: f_mn(u, v, b, a) * p_n(a)))))  # fmt: skip
    out.append(p.trans(inside, turned, outside))
    return out


@theorem("taylor.second_order", second_order(),
         "Second-order expansion: 1/2 on the two pure terms, 1 on the mixed one, remainder o(|p|^2)",
         references=(RUDIN, SU), instance=lambda p: [square_is_smooth(p)])  # fmt: skip
def second_order_proof(p: Proof, goal: Statement) -> Line:
    known = p.assume(smooth)
    _, _, _, continuous = conditions(p, known)
    e = var("e")
    positive = p.assume(lt(0, e))
    near = p.mp(p.specialise(continuous, x, y, e), positive)
    lagrange_at = p.cuts(p.theorem("taylor.lagrange"), known)
    opened_goal = unfold(goal.concl, ["small_o"])
    found_goal = opened_goal.args[0]
    target = apply(found_goal, [e]).args[1]

    def with_radius(r: Term, line: Line) -> Line:
        big, close = p.parts(line)
        small = p.assume(le(dot(d, p_m, p_m) + dot(d, p_n, p_n), r))

        def at_point(t: Term, line: Line) -> Line:
            left, right, value = p.parts(line)
            u, v = along(x, t, p_m), along(y, t, p_n)
            sizes = [_moved(p, x, t, p_m), _moved(p, y, t, p_n)]
            inside = p.pos(le(distance2(d, u, x) + distance2(d, v, y), r), *_shrunk(p, t, left, right, sizes, small))
            bound = p.mp(p.specialise(close, u, v, p_m, p_n), inside)
            there, here = (curvature(d, f_mm, f_mn, f_nn, *z, p_m, p_n) for z in ((u, v), (x, y)))
            opened = [p.by_definition(eq(z, unfold(z, ["curvature"])), "curvature") for z in (there, here)]
            rest = f(added(x, p_m), added(y, p_n)) - expansion(p_m, p_n, x, y)
            same = p.ring(eq(rest, HALF * (there - here)), value, *opened)
            halved = half_of_absolute(p, there - here, rest, same)
            wanted = le(const("abs", rest), e * (dot(d, p_m, p_m) + dot(d, p_n, p_n)))
            return p.pos(wanted, bound, halved, nonnegative(p, there - here))

        near_enough = p.obtain(lagrange_at, at_point, name="t")
        every = p.generalise(p.discharge(near_enough, small.concl), p_m, p_n)
        return p.witness(target, r, p.both(big, p.convert(every, apply(target.args[0], [r]).args[1])))

    done = p.obtain(near, with_radius, name="r")
    return p.convert(p.generalise(p.discharge(done, positive.concl), e), goal.concl, "small_o")


def _moved(p: Proof, x: Term, t: Term, code: Term) -> Line:
    """``|x + t p - x|^2 = t^2 <p, p>``."""
    far = distance2(d, along(x, t, code), x)
    opened = unfold(far, ["distance2"])
    g = lam("N", lambda a: t * t * (code(a) * code(a)))
    inner = sum_ext(p, d, opened.args[1], g, lambda a, _: p.ring(eq(opened.args[1](a), g(a))))
    scaled = p.at(sum_scale(p), n=d, c=t * t, f=lam("N", lambda a: code(a) * code(a)))
    square = p.by_definition(eq(dot(d, code, code), total(d, lambda a: code(a) * code(a))), "dot")
    return p.ring(eq(far, t * t * dot(d, code, code)), p.by_definition(eq(far, opened), "distance2"), inner, scaled, square)


def _shrunk(p: Proof, t: Term, left: Line, right: Line, sizes: list[Line], small: Line) -> list[Line]:
    """``t^2 (|p|^2 + |q|^2) <= |p|^2 + |q|^2``, and what it needs."""
    size = dot(d, p_m, p_m) + dot(d, p_n, p_n)
    nonneg = [squares_nonnegative(p, code) for code in (p_m, p_n)]
    whole = p.pos(le(0, size), *nonneg)
    square = p.pos(le(t * t, 1), left, right, degree=2)
    product = p.rule("pos", le(t * t * size, size), [whole, square], [(Fraction(1), [0, 1], number(1))], [], [])
    return [product, small, *sizes]


def squares_nonnegative(p: Proof, code: Term) -> Line:
    """``0 <= <p, p>``."""
    from symcheck.prove.lemmas import sum_constant, sum_le

    zero, g = lam("N", lambda a: number(0)), lam("N", lambda a: code(a) * code(a))
    a = var("a", "N")
    below = p.assume(lt(a, d))
    one = p.pos(le(zero(a), g(a)), squares=[code(a)])
    line = p.mp(p.at(sum_le(p), n=d, f=zero, g=g), p.generalise(p.discharge(one, below.concl), a))
    return p.pos(le(0, dot(d, code, code)), line, p.at(sum_constant(p), n=d, c=0),
                 p.by_definition(eq(dot(d, code, code), line.rhs), "dot"))  # fmt: skip


def nonnegative(p: Proof, z: Term) -> Line:
    """``0 <= |z|``."""
    return p.cases(p.axiom("trichotomy", x=z, y=number(0)),
                   lambda line: p.pos(le(0, const("abs", z)), line, p.axiom("abs_nonpos", p.pos(le(z, 0), line), x=z)),
                   lambda line: p.pos(le(0, const("abs", z)), line, p.axiom("abs_nonneg", line, x=z)))  # fmt: skip


def half_of_absolute(p: Proof, z: Term, rest: Term, same: Line) -> Line:
    """``|rest| <= |z| / 2`` from rest = z/2."""
    goal = le(const("abs", rest), HALF * const("abs", z))

    def negative(line: Line) -> Line:
        low = p.pos(le(z, 0), line)
        return p.pos(goal, p.axiom("abs_nonpos", low, x=z),
                     p.axiom("abs_nonpos", p.pos(le(rest, 0), low, same), x=rest), same)  # fmt: skip

    def positive(line: Line) -> Line:
        return p.pos(goal, p.axiom("abs_nonneg", line, x=z),
                     p.axiom("abs_nonneg", p.pos(le(0, rest), line, same), x=rest), same)  # fmt: skip

    return p.cases(p.axiom("trichotomy", x=z, y=number(0)), negative, positive)


# The smallest function that needs the 1/2 -------------------------------------------------------------
def quadratic(a: int, b: int, c: int) -> dict[str, Term]:
    """f = a x_0^2 + b x_0 y_0 + c y_0^2 on R^1 x R^1 with its derivatives."""
    pair = [SEQUENCE, SEQUENCE]
    return {
        "d": number(1, "N"),
        "f": lam(pair, lambda x, y: a * (x(0) * x(0)) + b * (x(0) * y(0)) + c * (y(0) * y(0))),
        "f_m": lam([*pair, "N"], lambda x, y, i: 2 * a * x(0) + b * y(0)),
        "f_n": lam([*pair, "N"], lambda x, y, i: b * x(0) + 2 * c * y(0)),
        "f_mm": lam([*pair, "N", "N"], lambda x, y, i, j: number(2 * a)),
        "f_mn": lam([*pair, "N", "N"], lambda x, y, i, j: number(b)),
        "f_nn": lam([*pair, "N", "N"], lambda x, y, i, j: number(2 * c)),
    }  # fmt: skip


def square_is_smooth(p: Proof) -> Line:
    """C2 holds for f = x_0^2: the instance that shows the hypothesis to be satisfiable."""
    return quadratic_is_smooth(p, quadratic(1, 0, 0))


def quadratic_is_smooth(p: Proof, values: dict[str, Term]) -> Line:
    """C2 for a quadratic function, condition by condition."""
    goal = C2(*(values[v] for v in ("d", "f", "f_m", "f_n", "f_mm", "f_mn", "f_nn")))
    inside = unfold(goal, ["C2"])
    first, rest = inside.args
    second_m, rest = rest.args
    second_n, continuous = rest.args
    lines = [_slope(p, part) for part in (first, second_m, second_n)] + [_constant_hessian(p, continuous)]
    return p.convert(p.both(*lines), goal, "C2")


def _peel(p: Proof, goal: Term) -> tuple[list[Term], Term]:
    """Fresh variables for the leading foralls, and what stands below."""
    names = {}
    out = []
    while goal.is_const("forall"):
        t = goal.args[0].binders[0]
        names[t] = names.get(t, 0) + 1
        v = var(f"z{len(out)}", t)
        out.append(v)
        goal = apply(goal.args[0], [v])
    return out, goal


def _slope(p: Proof, goal: Term) -> Line:
    variables, below = _peel(p, goal)
    g, t, value = below.args
    s = lam("R", lambda z: value)
    del s
    number_of = compute(p, value)
    from symcheck.prove.calculus import derivative

    line = derivative(p, g, t)
    same = p.ring(eq(line.concl.args[2], value), number_of)
    return p.generalise(p.rewrite(same, line, lambda z: has_derivative(g, t, z)), *variables)


def _constant_hessian(p: Proof, goal: Term) -> Line:
    variables, below = _peel(p, goal)
    positive = p.assume(below.args[0])
    target = below.args[1]
    inner = apply(target.args[0], [number(1)])
    more, claim = _peel_named(inner.args[1], "w")
    near = p.assume(claim.args[0])
    bound = claim.args[1]
    inside, right = bound.args
    zero = p.ring(eq(inside.args[0], 0), *(compute(p, part) for part in _curvatures(inside.args[0])))
    none = p.axiom("abs_nonneg", p.pos(le(0, inside.args[0]), zero), x=inside.args[0])
    size = [compute(p, z) for z in (right.args[1].args[0], right.args[1].args[1])]
    e = positive.rhs
    whole = p.pos(le(0, right.args[1]), *size, squares=[more[2](0), more[3](0)])
    product = p.rule("pos", le(0, e * right.args[1]), [positive, whole], [(Fraction(1), [0, 1], number(1))], [], [])
    line = p.pos(bound, none, zero, product)
    every = p.generalise(p.discharge(line, near.concl), *more)
    exists_ = p.witness(target, number(1), p.both(p.ball(lt(0, number(1))), every))
    return p.generalise(p.discharge(exists_, positive.concl), *variables)


def _peel_named(goal: Term, name: str) -> tuple[list[Term], Term]:
    out = []
    while goal.is_const("forall"):
        v = var(f"{name}{len(out)}", goal.args[0].binders[0])
        out.append(v)
        goal = apply(goal.args[0], [v])
    return out, goal


def _curvatures(t: Term) -> list[Term]:
    return [t.args[0], t.args[1].args[1]]


def refute_coefficients(p: Proof, statement: Statement, values: dict[str, Term], a: int, b: int) -> Line:
    """Refute an expansion at a quadratic function, along the direction p_m = a u, p_n = b u for small u > 0.

    With e = 1/2 the claim gives a radius r; u = r/(4 (1 + r)) lies inside it and shows the difference.
    """
    closed = p.assume(statement.closed())
    full = {**values, "x_m": number_sequence(0), "x_n": number_sequence(0)}
    line = p.specialise(closed, *(full[v.name] for v in statement.variables))
    line = p.unfolded(p.mp(line, quadratic_is_smooth(p, values)), "small_o")
    line = p.mp(p.specialise(line, HALF), p.ball(lt(0, number(HALF))))

    def use(r: Term, found: Line) -> Line:
        big, every = p.parts(found)
        one = 1 + r
        above = p.pos(lt(0, one), big)
        inverse_positive = p.axiom("inverse_positive", above, x=one)
        zero = p.assume(eq(one, 0))
        inverse = p.axiom("inverse", p.discharge(p.pos(const("false"), above, zero), zero.concl), x=one)
        w = const("inv", one)
        ratio = p.rule("pos", lt(0, r * w), [big, inverse_positive], [(Fraction(1), [0, 1], number(1))], [], [])
        below_one = p.pos(lt(r * w, 1), inverse, inverse_positive)
        u = Fraction(1, 4) * (r * w)
        code_m, code_n = number_sequence(a * u if a else 0), number_sequence(b * u if b else 0)
        at = p.specialise(every, code_m, code_n)
        size = [compute(p, z) for z in at.concl.args[0].args[0].args]
        # (a^2 + b^2) u^2 <= 2 u^2 <= r: u < 1/4 and u <= r/4
        less_r = p.rule("pos", le(r * w, r), [big, inverse_positive], [(Fraction(1), [0, 0, 1], number(1))],
                        [inverse], [-r])  # fmt: skip
        square = p.rule("pos", le(r * w * (r * w), r * w), [ratio, below_one], [(Fraction(1), [0, 1], number(1))], [], [])
        inside = p.pos(at.concl.args[0], *size, less_r, square, ratio)
        bound = p.mp(at, inside)
        return contradiction(p, bound, ratio)

    return p.discharge(p.obtain(line, use, name="r"), closed.concl)


def number_sequence(value: Term | int) -> Term:
    """The constant sequence."""
    return lam("N", lambda i: value if isinstance(value, Term) else number(value))


def contradiction(p: Proof, bound: Line, ratio: Line) -> Line:
    """``false`` from |c z^2| <= c' z^2 with |c| > c' >= 0 and z > 0."""
    inside, right = bound.concl.args
    z = ratio.rhs
    value, size = compute_parts(p, inside.args[0]), compute_parts(p, right)
    square = p.rule("pos", lt(0, z * z), [ratio], [(Fraction(1), [0, 0], number(1))], [], [])
    x = inside.args[0]

    def side(axiom: str, line: Line) -> Line:
        size_of = p.axiom(axiom, line, x=x)
        return p.pos(const("false"), bound, line, size_of, square, value, size)

    def negative(line: Line) -> Line:
        return side("abs_nonpos", p.pos(le(x, 0), line))

    return p.cases(p.axiom("trichotomy", x=x, y=number(0)), negative, lambda line: side("abs_nonneg", line))


def compute_parts(p: Proof, t: Term) -> Line:
    """``t = value`` with the computable subterms of a sum of products computed one by one."""
    return compute(p, t)


PRINTED = second_order(pure=1)


@theorem("taylor.half_is_needed", denial(PRINTED),
         "Without the 1/2 the expansion is wrong already for f = x^2", references=(RUDIN,), denies=PRINTED,
         witness="d = 1, f(x_m, x_n) = x_m^2 at 0: the two sides are p^2 and 2 p^2")  # fmt: skip
def half_is_needed(p: Proof, goal: Statement) -> Line:
    return refute_coefficients(p, PRINTED, quadratic(1, 0, 0), 1, 0)



if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
