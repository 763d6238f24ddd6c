"""Ball arithmetic: encloses the value of a closed term. Trusted; python-flint's arb does the arithmetic.

Source: Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", IEEE Trans.
Comput. 66 (2017).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from flint import acb, arb, ctx, fmpq

from ..terms import Bound, Const, Num, Term, TermError, charge

MAX_SUM, MAX_BITS = 100_000, 20_000


def _natural(n: int) -> int:
    if n.bit_length() > MAX_BITS:
        raise TermError("a natural number is too large")
    return n


def _sum(n: int, f: Callable[[int], arb]) -> arb:
    if n > MAX_SUM:
        raise TermError("a sum is too long")
    return sum((f(i) for i in range(n)), arb(0))


def _integral(f: Callable[[Any], Any], a: arb, b: arb) -> arb:
    if not all(isinstance(x, arb) for x in (a, b, f(a))):
        raise TermError("an integral inside an integrand")
    return acb.integral(lambda z, _: acb(f(z)), a, b).real


#: Where an integrand is evaluated, the values are complex; what is not holomorphic refuses them: arb(x) raises.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "mul": operator.mul, "addN": lambda m, n: _natural(m + n), "mulN": lambda m, n: _natural(m * n),
    "pow": operator.pow, "real": arb, "sum": _sum, "integral": _integral, "delta": lambda m, n: arb(int(m == n)),
    "weave": lambda f, g, n: (g if n % 2 else f)(n // 2), "stack": lambda n, f, g, i: f(i) if i < n else g(i - n),
    "case": lambda n, a, f: f(n - 1) if n else a, "caseN": lambda n, a, f: f(n - 1) if n else a,
    "sin": lambda x: x.sin(), "cos": lambda x: x.cos(), "exp": lambda x: x.exp(), "inv": lambda x: 1 / x,
    "log": lambda x: arb(x).log(), "sqrt": lambda x: arb(x).sqrt(), "abs": lambda x: abs(arb(x)),
    "Ci": lambda x: arb(x).ci(), "pi": arb.pi}  # fmt: skip


def evaluate(t: Term, env: tuple = ()) -> Any:
    """Enclosure (arb) of a real term, the int of a natural one; ``env`` binds the loose indices.

    A term with binders becomes a Python function of its arguments.
    """
    return enclosure(t)(env)


def enclosure(t: Term) -> Callable[[tuple], Any]:
    """:func:`evaluate` as a function of ``env``, at the precision in force: what is constant is computed once."""
    charge(1)
    if t.binders:
        body, size = enclosure(Term((), t.head, t.args)), t.size

        def function(env: tuple) -> Callable[..., Any]:
            def call(*xs: Any) -> Any:
                charge(size)
                return body((*reversed(xs), *env))
            return call
        return function
    h = t.head
    args = [enclosure(a) for a in t.args]
    if isinstance(h, Bound):
        bound = operator.itemgetter(h.index)
        return (lambda env: bound(env)(*[a(env) for a in args])) if args else bound
    if isinstance(h, Num):
        value = int(h.value) if h.type == "N" else arb(fmpq(h.value.numerator, h.value.denominator))
        return lambda env: value
    if not isinstance(h, Const):
        raise TermError(f"not closed: {t!r:.60}")
    if h.body is not None:
        defined = evaluate(h.body)
        return (lambda env: defined(*[a(env) for a in args])) if args else lambda env: defined
    if h.name not in OPERATIONS:
        raise TermError(f"no value: {h.name}")
    operation = OPERATIONS[h.name]
    few = {1: lambda env: operation(args[0](env)), 2: lambda env: operation(args[0](env), args[1](env))}  # as below, faster
    return few.get(len(args), lambda env: operation(*[a(env) for a in args]))


def holds(goal: Term, precision: int, splits: int) -> bool:
    """Is a closed ``a < b`` certain? Or ``forall x. lo <= x -> x <= hi -> a(x) < b(x)``, by bisection."""
    old, ctx.prec = ctx.prec, precision
    try:
        if goal.is_const("lt", "ltN"):
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
        smaller, larger = (enclosure(x) for x in shape[3].args)
        while todo:
            a, b, left = todo.pop()
            charge(shape[3].size)
            env = (a.union(b),)
            if not smaller(env) < larger(env):
                if left == 0:
                    return False
                middle = ((a + b) / 2).mid()
                todo += [(middle, b, left - 1), (a, middle, left - 1)]
        return True
    finally:
        ctx.prec = old
