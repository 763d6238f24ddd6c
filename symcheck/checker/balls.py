"""Ball arithmetic: encloses the value of a closed term. Trusted; python-flint's arb does the arithmetic.

Source: Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", IEEE Trans.
Comput. 66 (2017).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import acb, arb, ctx, fmpq

from ..terms import Bound, Const, Num, Term, TermError, charge

MAX_SUM, MAX_BITS = 100_000, 20_000
#: These take a complex ball too, where an integrand is evaluated.
HOLOMORPHIC: dict[str, Callable[[Any], Any]] = {
    "sin": lambda x: x.sin(), "cos": lambda x: x.cos(), "exp": lambda x: x.exp(), "inv": lambda x: 1 / x}  # fmt: skip
UNARY = {**HOLOMORPHIC, "log": arb.log, "sqrt": arb.sqrt, "abs": arb.__abs__, "Ci": arb.ci}


def evaluate(t: Term, env: tuple = ()) -> Any:
    """Enclosure (arb) of a real term, the int of a natural one; ``env`` binds the loose indices.

    A term with binders becomes a Python function of its arguments.
    """
    charge(1)
    if t.binders:
        body = Term((), t.head, t.args)
        return lambda *xs: evaluate(body, (*reversed(xs), *env))
    h, args = t.head, t.args
    if isinstance(h, Bound):
        return env[h.index](*(evaluate(a, env) for a in args)) if args else env[h.index]
    if isinstance(h, Num):
        return int(h.value) if h.type == "N" else arb(fmpq(h.value.numerator, h.value.denominator))
    if not isinstance(h, Const):
        raise TermError(f"not closed: {t!r:.60}")
    xs = [evaluate(a, env) for a in args]
    if h.body is not None:
        f = evaluate(h.body)
        return f(*xs) if args else f
    match h.name:
        case "add":
            return xs[0] + xs[1]
        case "mul":
            return xs[0] * xs[1]
        case "addN" | "mulN":
            n = xs[0] + xs[1] if h.name == "addN" else xs[0] * xs[1]
            if n.bit_length() > MAX_BITS:
                raise TermError("a natural number is too large")
            return n
        case "pow":
            return xs[0] ** xs[1]
        case "pi":
            return arb.pi()
        case "real":
            return arb(xs[0])
        case "sum":
            if xs[0] > MAX_SUM:
                raise TermError("a sum is too long")
            return sum((xs[1](i) for i in range(xs[0])), arb(0))
        case "integral":
            f, a, b = xs
            if not all(isinstance(x, arb) for x in (a, b, f(a))):
                raise TermError("an integral inside an integrand")
            return acb.integral(lambda z, _: acb(f(z)), a, b).real
        case "delta":
            return arb(int(xs[0] == xs[1]))
        case "weave":
            return xs[xs[2] % 2](xs[2] // 2)
        case "stack":
            return xs[1](xs[3]) if xs[3] < xs[0] else xs[2](xs[3] - xs[0])
        case "case" | "caseN":
            return xs[2](xs[0] - 1) if xs[0] else xs[1]
    if h.name not in (UNARY if isinstance(xs[0], arb) else HOLOMORPHIC):  # arb's methods take any object
        raise TermError(f"no value: {h.name}")
    return UNARY[h.name](xs[0])


def holds(goal: Term, precision: int, splits: int) -> bool:
    """Is a closed ``a < b`` certain? Or ``forall x. lo <= x -> x <= hi -> a(x) < b(x)``, by bisection."""
    old, ctx.prec = ctx.prec, precision
    try:
        if goal.is_const("ltN"):
            return evaluate(goal.args[0]) < evaluate(goal.args[1])
        if goal.is_const("lt"):
            return bool(evaluate(goal.args[0]) < evaluate(goal.args[1]))
        shape = [goal]  # forall, imp, imp
        for name in ("forall", "imp", "imp"):
            if not shape[-1].is_const(name):
                raise TermError("a ball fact is a < b, or the same for all x between two closed bounds")
            shape.append(shape[-1].args[-1])
        lo, hi = shape[1].args[0], shape[2].args[0]  # lo <= x, x <= hi
        if not (lo.is_const("le") and hi.is_const("le") and shape[3].is_const("lt") and shape[1].binders == ("R",)
                and all(isinstance(x.head, Bound) for x in (lo.args[1], hi.args[0]))):  # fmt: skip
            raise TermError("the bounds are not of the form lo <= x and x <= hi")
        todo = [(evaluate(lo.args[0]), evaluate(hi.args[1]), splits)]
        while todo:
            a, b, left = todo.pop()
            charge(1)
            env = (a.union(b),)
            if not evaluate(shape[3].args[0], env) < evaluate(shape[3].args[1], env):
                if left == 0:
                    return False
                middle = ((a + b) / 2).mid()
                todo += [(middle, b, left - 1), (a, middle, left - 1)]
        return True
    finally:
        ctx.prec = old
