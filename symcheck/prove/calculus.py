"""Derivatives by the rules, Taylor's formula of second order from Rolle's theorem. Not trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from ..terms import (
    Term,
    Var,
    abstract,
    apply,
    const,
    eq,
    eta,
    exists,
    forall,
    lam,
    le,
    lt,
    number,
    var,  # fmt: skip
)
from .lemmas import opened, total
from .proof import Line, Proof, ProofError

FUNCTION = ("R", "R")


def has_derivative(g: Term, t: Term, value: Term | int) -> Term:
    """The proposition that the real function g has this derivative at t."""
    return const("has_deriv", g, t, value)


def derivative(p: Proof, g: Term, t: Term, known: Iterable[Line] = ()) -> Line:
    """``has_deriv(g, t, v)`` for a function built from sums, products, sin, cos, exp and functions whose
    derivatives are ``known`` (lines ``forall t. has_deriv(f, t, f'(t))``, or for this t); v is what the rules
    give."""
    s = eta(Var("#s", "R"))
    body = apply(g, [s])

    def wrap(b: Term) -> Term:
        return abstract([s.head], b)  # type: ignore[list-item]

    def inner(b: Term) -> Line:
        return derivative(p, wrap(b), t, known)

    for line in known:
        at = p.specialise(line, t) if line.concl.is_const("forall") else line
        if at.concl.args[0] == g:
            return at
    if s.head not in body.free:
        return p.axiom("deriv_constant", x=body, t=t)
    if body == s:
        return p.axiom("deriv_identity", t=t)
    if body.is_const("add", "mul"):
        left, right = (inner(b) for b in body.args)
        return p.axiom("deriv_" + str(getattr(body.head, "name", "")), left, right, g=left.concl.args[0],
                       w=right.concl.args[0], t=t, u=left.concl.args[2], v=right.concl.args[2])  # fmt: skip
    if body.is_const("sin", "cos", "exp"):
        line = inner(body.args[0])
        return p.axiom("deriv_" + str(getattr(body.head, "name", "")), line, g=line.concl.args[0], t=t, u=line.concl.args[2])
    raise ProofError(f"no derivative is known for {body!r:.200}")


def derivative_is(p: Proof, g: Term, value: Callable[[Term], Term], known: Iterable[Line] = (),
                  facts: Callable[[Term], list[Line]] = lambda t: []) -> Line:  # fmt: skip
    """``forall t. has_deriv(g, t, value(t))``: the derivative by the rules, rewritten to ``value``."""
    t = var("t")
    line = derivative(p, g, t, known)
    found = line.concl.args[2]
    same = p.ring(eq(found, value(t)), *facts(t))
    moved = p.rewrite(same, line, lambda z: has_derivative(g, t, z))
    return p.generalise(moved, t)


def inside(p: Proof, line: Line) -> Line:
    """``forall t. 0 <= t -> t <= 1 -> p(t)`` from ``forall t. p(t)``."""
    t = var("t")
    return p.generalise(p.discharge(p.specialise(line, t), le(0, t), le(t, 1)), t)


def derivative_of_sum(p: Proof) -> Line:
    """``(for all a, t: F(a, .) has derivative G(a, t)) -> sum_{a<n} F(a, .) has derivative sum G(a, t)``."""
    F, G, t = var("F", ("N", "R", "R")), var("G", ("N", "R", "R")), var("t")
    every = forall(["N", "R"], lambda a, t: has_derivative(lam("R", lambda s: F(a, s)), t, G(a, t)))

    def at(n: Term | int) -> Term:
        return has_derivative(lam("R", lambda s: total(n, lambda a: F(a, s))), t, total(n, lambda a: G(a, t)))

    def prove(p: Proof) -> Line:
        known = p.assume(every)
        zero = number(0, "N")
        s = var("s")

        def as_sum(line: Line, n: Term, old: Callable[[Term], Term]) -> Line:
            """Rewrite function and value, which are opened sums, back to sums."""
            f = lam("N", lambda a: F(a, s))
            whole = p.generalise(p.ring(eq(old(s), total(n, f)), *opened(p, f)(n)), s)
            moved = p.axiom("deriv_extensional", line, whole, g=line.concl.args[0], w=at(n).args[0], t=t,
                            u=line.concl.args[2])  # fmt: skip
            g = lam("N", lambda a: G(a, t))
            value = p.ring(eq(line.concl.args[2], total(n, g)), *opened(p, g)(n))
            return p.rewrite(value, moved, lambda z: has_derivative(at(n).args[0], t, z))

        base = as_sum(p.axiom("deriv_constant", x=number(0), t=t), zero, lambda s: number(0))

        def step(n: Term, hypothesis: Line) -> Line:
            last = p.specialise(known, n, t)
            both = p.axiom("deriv_add", hypothesis, last, g=hypothesis.concl.args[0], w=last.concl.args[0], t=t,
                           u=hypothesis.concl.args[2], v=last.concl.args[2])  # fmt: skip
            return as_sum(both, n + 1, lambda s: total(n, lambda a: F(a, s)) + F(n, s))

        return p.discharge(p.induction(at, base, step), every)

    return p.lemma("the derivative of a finite sum", prove)


def taylor_lagrange(p: Proof) -> Line:
    """``g' = g1, g1' = g2 |- exists t in (0, 1): g(1) = g(0) + g1(0) + g2(t)/2``, from Rolle's theorem."""
    g, g1, g2 = (var(s, FUNCTION) for s in ("g", "g1", "g2"))
    goal = exists("R", lambda t: const("and", lt(0, t), const("and", lt(t, 1), eq(
        g(1), g(0) + g1(0) + Fraction(1, 2) * g2(t)))))  # fmt: skip

    def prove(p: Proof) -> Line:
        known = [p.assume(forall("R", lambda t, f=f, f1=f1: has_derivative(f, t, f1(t))))  # type: ignore[misc]
                 for f, f1 in ((g, g1), (g1, g2))]  # fmt: skip
        K = g(1) - g(0) - g1(0)
        w = lam("R", lambda s: g(1) - g(s) - (1 - s) * g1(s) - K * ((1 - s) * (1 - s)))
        w1 = lam("R", lambda s: (1 - s) * (2 * K - g2(s)))
        slope = derivative_is(p, w, w1, known)
        ends = p.ring(eq(w(number(0)), w(number(1))))
        rolle = p.axiom("rolle", inside(p, slope), ends, g=w, g1=w1)

        def use(t: Term, line: Line) -> Line:
            left, right, flat = p.parts(line)
            u = 1 - t
            nonzero = p.assume(eq(u, 0))
            inverse = p.axiom("inverse", p.discharge(p.pos(const("false"), right, nonzero), nonzero.concl), x=u)
            half = p.ring(eq(g(1), g(0) + g1(0) + Fraction(1, 2) * g2(t)), flat, inverse)
            return p.witness(goal, t, p.both(left, right, half))

        return p.discharge(p.obtain(rolle, use, name="t"), *(k.concl for k in known))

    return p.lemma("Taylor's formula of order 2 with Lagrange's remainder", prove)


