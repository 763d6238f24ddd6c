"""Instances and wrong versions of the axioms on the chain rule, integrals and zeros of functions."""

from __future__ import annotations

import random
from collections.abc import Callable

import mpmath

from symcheck.checker.axioms import Axiom, cos, deriv
from symcheck.terms import Term, const, eq, exists, forall, implies, lam, le, lt, negation, var

t, u, v, x = (var(s) for s in "tuvx")
g, g1, w = (var(z, ("R", "R")) for z in ("g", "g1", "w"))
NAMES = ("deriv_chain", "deriv_inverse", "deriv_Ci", "intermediate_value", "integral_empty", "integral_derivative")


def wrong(*sequent: Term) -> Axiom:
    return Axiom(sequent[:-1], sequent[-1], "wrong")


def composed(values: dict, reals: list, rng: random.Random) -> None:
    """g and w are differentiable, u is the slope of g at w(t) (mostly) and v that of w at t."""
    a, b, c = (mpmath.mpf(rng.randint(-3, 3)) / 2 for _ in range(3))
    values["t"] = mpmath.mpf(rng.randint(-4, 4)) / 2
    values["g"], slope = rng.choice(
        [
            (lambda s: a * s * s + b, lambda s: 2 * a * s),
            (lambda s: mpmath.sin(a * s), lambda s: a * mpmath.cos(a * s)),
        ]
    )
    values["w"], values["v"] = (lambda s: c * s + b), c
    values["u"] = slope(values["w"](values["t"])) if rng.random() < 0.8 else slope(values["t"])


def crossing(values: dict, reals: list, rng: random.Random) -> None:
    """g falls from g(0) > 0 to g(1) < 0 (mostly); its zero joins the sample."""
    a, b = (mpmath.mpf(rng.randint(1, 5)) / 2 for _ in range(2))
    sign = 1 if rng.random() < 0.8 else -1
    values["g"] = lambda s: sign * (a - (a + b) * s * s)
    values["g1"] = lambda s: -2 * sign * (a + b) * s
    if rng.random() < 0.2:  # no zero
        values["g"] = lambda s: sign * (a + b * s)
        values["g1"] = lambda s: sign * b
    reals.append(mpmath.sqrt(a / (a + b)))
    del reals[:-6]


def with_slope(values: dict, reals: list, rng: random.Random) -> None:
    """g has the same slope everywhere, and that slope is in the sample."""
    a, b = (mpmath.mpf(rng.randint(-3, 3)) / 2 for _ in range(2))
    values["g"], values["t"] = (lambda s: a + b * s), mpmath.mpf(rng.randint(-4, 4)) / 2
    reals.append(b)


SPECIAL = {"deriv_chain": composed, "intermediate_value": crossing, "integral_derivative": with_slope}
INVERSE = const("inv", t)


def interval(p: Callable[[Term], Term]) -> Term:
    return forall("R", lambda t: implies(le(0, t), le(t, 1), p(t)))


def zero_inside() -> Term:
    return exists("R", lambda t: const("and", lt(0, t), const("and", lt(t, 1), eq(g(t), 0))))


smooth_within = interval(lambda t: deriv(g, t, g1(t)))
smooth = forall("R", lambda t: exists("R", lambda u: deriv(g, t, u)))
primitive = lam("R", lambda t: const("integral", g, x, t))
WRONG: dict[str, list[Axiom]] = {
    "deriv_chain": [
        wrong(deriv(g, t, u), deriv(w, t, v), deriv(lam("R", lambda t: g(w(t))), t, u * v)),
        wrong(deriv(g, w(t), u), deriv(w, t, v), deriv(lam("R", lambda t: g(w(t))), t, u + v)),
    ],
    "deriv_inverse": [
        wrong(negation(eq(t, 0)), deriv(const("inv"), t, INVERSE * INVERSE)),
        wrong(deriv(const("inv"), t, -(INVERSE * INVERSE))),
    ],
    "deriv_Ci": [
        wrong(lt(0, t), deriv(const("Ci"), t, cos(t))),
        wrong(lt(0, t), deriv(const("Ci"), t, const("sin", t) * INVERSE)),
        wrong(deriv(const("Ci"), t, cos(t) * INVERSE)),
    ],
    "intermediate_value": [
        wrong(smooth_within, lt(0, g(0)), zero_inside()),
        wrong(smooth_within, lt(g(1), 0), zero_inside()),
    ],
    "integral_empty": [wrong(eq(const("integral", g, 0, x), 0)), wrong(eq(const("integral", g, x, x), g(x)))],
    "integral_derivative": [
        wrong(smooth, deriv(primitive, t, -g(t))),
        wrong(smooth, deriv(primitive, t, g(t) - g(x))),
        wrong(smooth, deriv(lam("R", lambda t: const("integral", g, t, x)), t, g(t))),
    ],
}
