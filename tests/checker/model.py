"""The standard model, sampled: truth values of propositions by mpmath, apart from the checker's own balls.

A quantifier over naturals runs over a finite range, one over reals over the sample points of the instance; a
derivative is a central difference in many digits. Where the axioms leave a value open (1/0, the square root
or logarithm of what has none) the model takes an arbitrary number, so that an axiom that relies on it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath

from symcheck.terms import Bound, Const, Num, Term, Var

DIGITS = 40
NATURALS = range(14)
EQUAL, SLOPE = mpmath.mpf(10) ** -25, mpmath.mpf(10) ** -14
ARBITRARY = {"inv": -7, "sqrt": -3, "log": 5, "Ci": 2}


class Model:
    """Values for the free variables, by name, and the sample of the real line."""

    def __init__(self, values: Mapping[str, Any], reals: Sequence[Any] = ()) -> None:
        self.values, self.reals = values, reals

    def __call__(self, t: Term, scope: tuple = ()) -> Any:
        if t.binders:
            body = Term((), t.head, t.args)
            return lambda *xs: self(body, (*reversed(xs), *scope))
        head = t.head
        if isinstance(head, Num):
            return (
                int(head.value)
                if head.type == "N"
                else mpmath.mpf(head.value.numerator) / head.value.denominator
            )
        if isinstance(head, Const) and head.body is None:
            return self.constant(head, t.args, scope)
        if isinstance(head, Bound):
            f = scope[head.index]
        elif isinstance(head, Var):
            f = self.values[head.name]
        else:
            f = self(head.body)
        return f(*(self(a, scope) for a in t.args)) if t.args else f

    def constant(self, head: Const, args: Sequence[Term], scope: tuple) -> Any:
        if head.name in ("forall", "exists"):
            (binder,) = args[0].binders
            domain = {"N": NATURALS, "R": self.reals}[binder]
            f = self(args[0], scope)
            return (all if head.name == "forall" else any)(f(x) for x in domain)
        if head.name == "imp":
            return not self(args[0], scope) or self(args[1], scope)
        if head.name == "and":
            return self(args[0], scope) and self(args[1], scope)
        if head.name == "or":
            return self(args[0], scope) or self(args[1], scope)
        return PRIMITIVE[head.name](*(self(a, scope) for a in args))


def partial(name: str, f: Callable[[Any], Any], defined: Callable[[Any], bool]) -> Callable[[Any], Any]:
    return lambda x: f(x) if defined(x) else mpmath.mpf(ARBITRARY[name])


def slope(g: Callable[[Any], Any], t: Any) -> Any:
    """Derivative of g at t by a central difference."""
    h = mpmath.mpf(10) ** -10
    return (8 * (g(t + h) - g(t - h)) - (g(t + 2 * h) - g(t - 2 * h))) / (12 * h)


PRIMITIVE: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "addN": lambda m, n: m + n,
    "mul": lambda x, y: x * y,
    "mulN": lambda m, n: m * n,
    "inv": partial("inv", lambda x: 1 / x, lambda x: x != 0),
    "pow": lambda x, n: mpmath.fprod([x] * n),
    "real": mpmath.mpf,
    "pi": lambda: +mpmath.pi,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "exp": mpmath.exp,
    "abs": abs,
    "log": partial("log", mpmath.log, lambda x: x > 0),
    "sqrt": partial("sqrt", mpmath.sqrt, lambda x: x >= 0),
    "Ci": partial("Ci", mpmath.ci, lambda x: x > 0),
    "integral": lambda g, x, y: mpmath.quad(g, [x, y]),
    "sum": lambda n, f: mpmath.fsum(f(i) for i in range(n)),
    "delta": lambda i, j: mpmath.mpf(i == j),
    "weave": lambda a, b, r: b(r // 2) if r % 2 else a(r // 2),
    "stack": lambda h, a, b, r: a(r) if r < h else b(r - h),
    "case": lambda n, x, f: f(n - 1) if n else x,
    "caseN": lambda n, k, f: f(n - 1) if n else k,
    "has_deriv": lambda g, t, u: abs(slope(g, t) - u) <= SLOPE * (1 + abs(u)),
    "eq": lambda x, y: abs(x - y) <= EQUAL * (1 + abs(x)),
    "eqN": lambda m, n: m == n,
    "le": lambda x, y: x <= y + EQUAL,
    "lt": lambda x, y: x < y - EQUAL,
    "ltN": lambda m, n: m < n,
    "false": lambda: False,
}
