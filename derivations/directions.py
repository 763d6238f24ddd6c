"""The terms of the Taylor expansion in position codes, one by one: directional derivatives, and what couples.

Source: Rudin, Principles of Mathematical Analysis (1976), 9.15-9.19 and 9.41; Su, kexue.fm/archives/8231, eq. 4.
"""

from __future__ import annotations

from derivations.taylor import (
    ORDER,
    RUDIN,
    SU,
    along,
    at,
    bilinear,
    conditions,
    d,
    expansion,
    f,
    f_m,
    f_mm,
    f_mn,
    f_n,
    f_nn,
    p_m,
    p_n,
    smooth,
    square_is_smooth,
    x,
    y,
)
from derivations.vectors import dot
from symcheck.checker.polynomial import constant, polynomial
from symcheck.claims import theorem
from symcheck.prove.calculus import derivative_is, derivative_of_sum, has_derivative
from symcheck.prove.lemmas import sum_constant, sum_ext
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.terms import Term, abstract, apply, eq, lam, number, unfold, var

#: The code 0: a slot that carries no code.
NONE = lam("N", lambda a: number(0))
ZERO = number(0)


def vanishing(p: Proof, t: Term) -> Line:
    """``t = 0`` for an inner product or a bilinear form with a zero vector on one side."""
    names = ["dot", "bilinear"]
    opened = unfold(t, names)
    return p.trans(p.by_definition(eq(t, opened), *names), vanishing_sum(p, opened))


def vanishing_sum(p: Proof, t: Term) -> Line:
    """``t = 0`` for a sum whose terms are 0 by ring identities, or have a factor that is such a sum."""
    size, body = t.args

    def each(b: Term, _: Line) -> Line:
        term = body(b)
        inner = [s for s in (term.args if term.is_const("mul") else ()) if s.is_const("sum")]
        zero = [vanishing_sum(p, s) for s in inner if constant(polynomial(s.args[1](var("#z", "N")))) == 0]
        return p.ring(eq(term, 0), *zero)

    same = sum_ext(p, size, body, NONE, each)
    return p.ring(eq(t, 0), same, p.at(sum_constant(p), n=size, c=0))


@theorem("taylor.directional", Statement((smooth,), has_derivative(
    lam("R", lambda s: f(along(x, s, p_m), y)), ZERO, dot(d, p_m, at(f_m, x, y))), ORDER),
    "The first-order term p_m . df/dx_m is the derivative of f in the direction of the code",
    references=(RUDIN + ", 9.15",), instance=lambda p: [square_is_smooth(p)])  # fmt: skip
def directional(p: Proof, goal: Statement) -> Line:
    line = p.specialise(conditions(p, p.assume(smooth))[0], x, y, p_m, NONE, 0)
    g, _, value = goal.concl.args
    found = line.concl.args[2]
    start = p.convert(line, has_derivative(g, ZERO, found))
    same = p.ring(eq(found, value), vanishing(p, found.args[1]))
    return p.rewrite(same, start, lambda z: has_derivative(g, ZERO, z))


@theorem("taylor.curvature", Statement((smooth,), has_derivative(
    lam("R", lambda s: dot(d, p_m, at(f_m, along(x, s, p_m), y))), ZERO, bilinear(d, p_m, at(f_mm, x, y), p_m)), ORDER),
    "p_m^T d2f/dx_m^2 p_m is the second derivative of f in the direction of the code",
    references=(RUDIN + ", 9.41",), instance=lambda p: [square_is_smooth(p)])  # fmt: skip
def curvature_term(p: Proof, goal: Statement) -> Line:
    second = conditions(p, p.assume(smooth))[1]
    a, t = var("a", "N"), var("t")
    gradient = p.generalise(p.specialise(second, a, x, y, p_m, NONE, t), t)
    inner = gradient.concl.args[0]
    h = lam("R", lambda s: p_m(a) * f_m(along(x, s, p_m), along(y, s, NONE), a))
    value = lam("R", lambda s: p_m(a) * apply(inner, [s]).args[2])
    scaled = derivative_is(p, h, value, [gradient])
    F = lam(["N", "R"], lambda b, s: p_m(b) * f_m(along(x, s, p_m), along(y, s, NONE), b))
    G = abstract([a.head, t.head], value(t))  # type: ignore[list-item]
    whole = p.mp(p.at(derivative_of_sum(p), F=F, G=G, n=d, t=ZERO), p.generalise(scaled, a))
    g, _, wanted = goal.concl.args
    found = whole.concl.args[2]
    start = p.convert(whole, has_derivative(g, ZERO, found), "dot")
    target = unfold(wanted, ["bilinear"])

    def each(b: Term, _: Line) -> Line:
        left, right = found.args[1](b), target.args[1](b)
        return p.ring(eq(left, right), vanishing_sum(p, left.args[1].args[1]))

    same = p.trans(sum_ext(p, d, found.args[1], target.args[1], each), p.by_definition(eq(target, wanted), "bilinear"))
    return p.rewrite(same, start, lambda z: has_derivative(g, ZERO, z))


def apart(u: Term, v: Term) -> Term:
    """The value of the expansion at the codes u and v."""
    return expansion(u, v, x, y)


@theorem("taylor.coupling", Statement((), eq(
    apart(p_m, p_n) - apart(p_m, NONE) - apart(NONE, p_n) + apart(NONE, NONE), bilinear(d, p_m, at(f_mn, x, y), p_n))),
    "Of the terms of the expansion only the mixed one couples the two codes; the others add up to a function of"
    " p_m and a function of p_n", references=(SU,))  # fmt: skip
def coupling(p: Proof, goal: Statement) -> Line:
    none = [vanishing(p, dot(d, NONE, at(g, x, y))) for g in (f_m, f_n)]
    none += [vanishing(p, bilinear(d, u, at(g, x, y), v)) for g, u, v in (
        (f_mm, NONE, NONE), (f_nn, NONE, NONE), (f_mn, p_m, NONE), (f_mn, NONE, p_n), (f_mn, NONE, NONE))]  # fmt: skip
    return p.ring(goal.concl, *none)
