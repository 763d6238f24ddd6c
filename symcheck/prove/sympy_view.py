"""The SymPy form of a term: generated from it, one way, for readers and for searching.

SymPy rewrites what it is given (``cos(-x)`` becomes ``cos(x)``, ``x/x`` becomes 1), so everything is built
with ``evaluate=False`` and the term stays the authority: ``agrees`` evaluates the form, node by node, and
compares it with ``symcheck.numerics`` at random points. Nothing that SymPy says about the form is a proof.

A sum is ``Sum(..., (i, 0, n - 1))``; SymPy reads it by its own convention when n is negative
(``Sum(i, (i, 0, -3)).doit()`` is 3), which no natural n is. SymPy's constructor of sums moves a ``Piecewise``
out of an inner sum although its condition has the inner index, so sums are put together without it here; a
form with a ``Piecewise`` under two sums must not be rebuilt (``subs``, ``xreplace``, ``doit``).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import sympy
from sympy.logic.boolalg import Boolean

from .. import numerics
from ..render.notation import fresh
from ..terms import Bound, Const, Num, Term, TermError, Type, Var, arguments, eta, number, sort, unfold


class ForAll(Boolean):
    """``ForAll(variable, proposition)``, unevaluated; the variable is a Symbol, IndexedBase or Function name."""


class Exists(Boolean):
    """``Exists(variable, proposition)``, unevaluated."""


def to_sympy(term: Term, unfolded: bool | Iterable[str] = True) -> Any:
    """The SymPy form of a term.

    Reals and naturals are symbols with ``real=True`` or ``integer=True, nonnegative=True``; indexed reals
    ``IndexedBase(name)[i, j]``; other function variables applications of ``Function(name)``. A function is
    a ``Lambda``. ``weave``, ``stack`` and ``case`` become the branch that their index decides, else a
    ``Piecewise``; ``delta`` is ``KroneckerDelta``. ``eq`` is ``Eq(..., evaluate=False)``, ``->`` is
    ``Implies``, and the quantifiers are ``ForAll`` and ``Exists`` above. Defined constants are unfolded (all,
    or those named in ``unfolded``); the others are applications of a ``Function`` of their name.
    """
    if unfolded is not False:
        names = defined_names(term)
        term = unfold(term, names if unfolded is True else names & set(unfolded))  # type: ignore[arg-type]
    return _View(term).form(term, ())


def defined_names(term: Term) -> set[str]:
    """Names of the defined constants in a term, those inside definitions too."""
    found: set[str] = set()
    seen: set[bytes] = set()
    todo = [term]
    while todo:
        t = todo.pop()
        if t.digest not in seen:
            seen.add(t.digest)
            todo += t.args
            if isinstance(t.head, Const) and t.head.body is not None:
                found.add(t.head.name)
                todo.append(t.head.body)
    return found


def symbol(name: str, t: Type) -> Any:
    """The SymPy object of a variable: a Symbol, an IndexedBase, or a Function."""
    if t == "R":
        return sympy.Symbol(name, real=True)
    if t == "N":
        return sympy.Symbol(name, integer=True, nonnegative=True)
    if t == "P":
        return sympy.Symbol(name)
    if set(arguments(t)) == {"N"} and sort(t) == "R":
        return sympy.IndexedBase(name, real=True)
    return sympy.Function(name)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sin": sympy.sin, "cos": sympy.cos, "exp": sympy.exp, "log": sympy.log, "abs": sympy.Abs, "Ci": sympy.Ci,
}  # fmt: skip
_RELATIONS = {"eq": sympy.Eq, "eqN": sympy.Eq, "le": sympy.Le, "lt": sympy.Lt, "ltN": sympy.Lt}
_OPERATIONS = {"add": sympy.Add, "addN": sympy.Add, "mul": sympy.Mul, "mulN": sympy.Mul, "and": sympy.And,
               "or": sympy.Or, "imp": sympy.Implies}  # fmt: skip


class _View:
    """One fold; the scope holds the symbols of the bound variables with their types, innermost first."""

    def __init__(self, term: Term) -> None:
        self.taken = {v.name for v in term.free}

    def bind(self, types: Iterable[Type], scope: tuple) -> list[tuple[Any, str]]:
        """Symbols for bound variables, none of which has the name of one in sight."""
        names = {*self.taken, *(name for _, name in scope)}
        out = []
        for t in types:
            name = fresh(t, names)
            names.add(name)
            out.append((symbol(name, t), name))
        return out

    def form(self, t: Term, scope: tuple) -> Any:
        if t.binders:
            new = self.bind(t.binders, scope)
            body = self.form(Term((), t.head, t.args), (*reversed(new), *scope))
            return sympy.Lambda(tuple(_as_symbol(s) for s, _ in new), body)
        h, args = t.head, t.args
        if isinstance(h, Num):
            return sympy.Rational(h.value.numerator, h.value.denominator)
        if isinstance(h, Bound | Var):
            s = scope[h.index][0] if isinstance(h, Bound) else symbol(h.name, h.type)
            if not args:
                return s
            if isinstance(s, sympy.IndexedBase):
                return s[tuple(self.index(a, scope) for a in args)]
            return s(*(self.form(a, scope) for a in args))
        if h.body is not None:
            if not args:
                return sympy.Symbol(h.name, real=True)
            return sympy.Function(h.name)(*(self.form(a, scope) for a in args))
        return self.primitive(h.name, t, scope)

    def index(self, t: Term, scope: tuple) -> Any:
        """A natural as an index or limit, where SymPy's own normal form of integers is wanted."""
        form = self.form(t, scope)
        return form if form.has(sympy.Piecewise) else form.doit()

    def apply(self, f: Term, x: Term, scope: tuple) -> Any:
        """A function of one natural, applied."""
        return self.form(f(x), scope)

    def branch(self, f: Term, x: Any, scope: tuple, name: str = "") -> Any:
        """A function of one variable at a SymPy expression, whose symbols are in scope or have that name."""
        return self.form(Term((), f.head, f.args), ((x, name), *scope))

    def primitive(self, name: str, t: Term, scope: tuple) -> Any:
        args = t.args
        match name:
            case "pi":
                return sympy.pi
            case "false":
                return sympy.false
            case "real":
                return self.form(args[0], scope)
            case "inv":
                return sympy.Pow(self.form(args[0], scope), -1, evaluate=False)
            case "sqrt":
                return sympy.Pow(self.form(args[0], scope), sympy.Rational(1, 2), evaluate=False)
            case "pow":
                return sympy.Pow(*(self.form(a, scope) for a in args), evaluate=False)
            case "sum":
                ((s, i),) = self.bind(args[1].binders, scope)
                body = self.form(Term((), args[1].head, args[1].args), ((s, i), *scope))
                return _with_limits(sympy.Sum, body, s, 0, self.index(args[0], scope) - 1)
            case "integral":
                ((s, i),) = self.bind(args[0].binders, scope)
                low, high = (self.form(a, scope) for a in args[1:])
                return _with_limits(sympy.Integral, self.branch(args[0], s, scope, i), s, low, high)
            case "delta":
                return sympy.KroneckerDelta(*(self.index(a, scope) for a in args), evaluate=False)
            case "weave" | "stack" | "case" | "caseN":
                return self.cases(name, t, scope)
            case "forall" | "exists":
                ((s, i),) = self.bind(args[0].binders, scope)
                body = self.form(Term((), args[0].head, args[0].args), ((s, i), *scope))
                return (ForAll if name == "forall" else Exists)(_as_symbol(s), body)
            case "has_deriv":
                return self.derivative(args, scope)
            case "imp" if args[1].is_const("false"):
                if args[0].is_const("eq", "eqN"):
                    return sympy.Ne(*(self.form(a, scope) for a in args[0].args), evaluate=False)
                return sympy.Not(self.form(args[0], scope), evaluate=False)
        build = _RELATIONS.get(name) or _OPERATIONS.get(name) or _FUNCTIONS[name]
        return build(*(self.form(a, scope) for a in args), evaluate=False)

    def cases(self, name: str, t: Term, scope: tuple) -> Any:
        if name == "weave":
            even, odd, at = t.args
            if (half := halved(at)) is not None:
                return self.apply((even, odd)[half[1]], half[0], scope)
            r = self.index(at, scope)
            rows = [(self.branch(even, r / 2, scope), sympy.Eq(sympy.Mod(r, 2), 0, evaluate=False)),
                    (self.branch(odd, (r - 1) / 2, scope), True)]  # fmt: skip
        elif name == "stack":
            h, low, high, at = t.args
            if (rest := without(at, h)) is not None:
                return self.apply(high, rest, scope)
            if isinstance(at.head, Num) and isinstance(h.head, Num):  # at < h, else the difference is there
                return self.apply(low, at, scope)
            r, half_size = self.index(at, scope), self.index(h, scope)
            rows = [(self.branch(low, r, scope), sympy.Lt(r, half_size, evaluate=False)),
                    (self.branch(high, r - half_size, scope), True)]  # fmt: skip
        else:
            at, zero, successor = t.args
            if isinstance(at.head, Num) and at.head.value == 0:
                return self.form(zero, scope)
            if (rest := without(at, number(1, "N"))) is not None:
                return self.apply(successor, rest, scope)
            r = self.index(at, scope)
            rows = [(self.form(zero, scope), sympy.Eq(r, 0, evaluate=False)),
                    (self.branch(successor, r - 1, scope), True)]  # fmt: skip
        pairs = (sympy.Basic.__new__(sympy.functions.elementary.piecewise.ExprCondPair, x, sympy.sympify(c))
                 for x, c in rows)  # fmt: skip
        return sympy.Basic.__new__(sympy.Piecewise, *pairs)  # its constructor fails on some conditions

    def derivative(self, args: tuple[Term, ...], scope: tuple) -> Any:
        g, at, stated = args
        h, point = at.head, self.form(at, scope)
        inside = {*g.free, *(i for i, _ in g.loose)}
        if isinstance(h, Var | Bound) and not at.args and (h if isinstance(h, Var) else h.index) not in inside:
            d: Any = sympy.Derivative(self.branch(g, point, scope), point)
        else:
            ((s, i),) = self.bind(g.binders, scope)
            d = sympy.Subs(sympy.Derivative(self.branch(g, s, scope, i), s), s, point)
        return sympy.Eq(d, self.form(stated, scope), evaluate=False)


def _with_limits(kind: Any, body: Any, *limits: Any) -> Any:
    """A Sum or an Integral, put together without SymPy's constructor, which rewrites the body."""
    out = sympy.Expr.__new__(kind, body, sympy.Tuple(*limits))
    out.is_commutative = True
    return out


def _as_symbol(s: Any) -> Any:
    """What stands for a variable in the head of a Lambda or quantifier."""
    if isinstance(s, sympy.IndexedBase):
        return s.label
    return sympy.Symbol(s.__name__) if isinstance(s, sympy.core.function.UndefinedFunction) else s


# ---------------------------------------------------------------- naturals


def linear(t: Term) -> tuple[int, dict[Term, int]]:
    """A natural as constant + sum of coefficients times terms."""
    if isinstance(t.head, Num):
        return int(t.head.value), {}
    if t.is_const("addN"):
        (a, xs), (b, ys) = map(linear, t.args)
        return a + b, {x: xs.get(x, 0) + ys.get(x, 0) for x in (*xs, *ys)}
    if t.is_const("mulN"):
        for c, other in (t.args, t.args[::-1]):
            if isinstance(c.head, Num):
                k = int(c.head.value)
                a, xs = linear(other)
                return k * a, {x: k * n for x, n in xs.items() if k}
    return 0, {t: 1}


def _natural(constant: int, xs: dict[Term, int]) -> Term:
    parts = [x if n == 1 else n * x for x, n in xs.items() if n]
    parts += [number(constant, "N")] if constant or not parts else []
    out = parts[0]
    for p in parts[1:]:
        out = out + p
    return out


def halved(t: Term) -> tuple[Term, int] | None:
    """``(i, parity)`` of an index 2i or 2i + 1; None where the parity is not decided by its form."""
    constant, xs = linear(t)
    if any(n % 2 for n in xs.values()):
        return None
    return _natural(constant // 2, {x: n // 2 for x, n in xs.items()}), constant % 2


def without(t: Term, part: Term) -> Term | None:
    """``t - part`` where it is seen to be a natural."""
    (a, xs), (b, ys) = linear(t), linear(part)
    rest = {x: xs.get(x, 0) - ys.get(x, 0) for x in (*xs, *ys)}
    return _natural(a - b, rest) if a >= b and all(n >= 0 for n in rest.values()) else None


# ---------------------------------------------------------------- comparison


def value(form: Any, scope: dict[str, Any]) -> Any:
    """Value of a SymPy form in mpmath at the working precision, read node by node: SymPy's own evaluation,
    which may rewrite, has no part in it. ``scope`` gives the values of variables by name."""
    import mpmath

    def at(e: Any, s: dict[str, Any]) -> Any:
        if isinstance(e, sympy.Integer):
            return int(e)
        if isinstance(e, sympy.Rational):
            return mpmath.mpf(int(e.p)) / int(e.q)
        if e is sympy.pi:
            return +mpmath.pi
        if isinstance(e, sympy.Symbol):
            return s[e.name]
        if isinstance(e, sympy.Indexed):
            f = s[e.base.label.name]
            return f(*(_index(at(i, s)) for i in e.indices))
        if isinstance(e, sympy.Lambda):
            names = [v.name for v in e.variables]
            return lambda *xs: at(e.expr, {**s, **dict(zip(names, xs, strict=True))})
        if isinstance(e, sympy.Sum):
            ((i, low, high),) = e.limits
            indices = range(_index(at(low, s)), _index(at(high, s), -1) + 1)
            return sum((at(e.function, {**s, i.name: k}) for k in indices), mpmath.mpf(0))
        if isinstance(e, sympy.Integral):
            ((i, low, high),) = e.limits
            return mpmath.quad(lambda u: at(e.function, {**s, i.name: u}), mpmath.linspace(at(low, s), at(high, s), 9))
        if isinstance(e, sympy.Piecewise):
            return next(at(x, s) for x, c in e.args if at(c, s))
        if isinstance(e, sympy.logic.boolalg.BooleanAtom):
            return e is sympy.true
        if isinstance(e, sympy.Pow):
            base, exponent = at(e.base, s), at(e.exp, s)
            if exponent == -1 and base == 0:
                raise numerics.Undefined("1/0 has no value")
            return mpmath.mpf(base) ** exponent
        xs = [at(a, s) for a in e.args]
        match e:
            case sympy.Add():
                return sum(xs[1:], xs[0])
            case sympy.Mul():
                out = xs[0]
                for x in xs[1:]:
                    out = out * x
                return out
            case sympy.Eq() | sympy.Ne():
                return (xs[0] == xs[1]) == isinstance(e, sympy.Eq)
            case sympy.Lt() | sympy.Ge():
                return (xs[0] < xs[1]) == isinstance(e, sympy.Lt)
            case sympy.Le() | sympy.Gt():
                return (xs[0] <= xs[1]) == isinstance(e, sympy.Le)
            case sympy.And():
                return all(xs)
            case sympy.Or():
                return any(xs)
            case sympy.Not():
                return not xs[0]
            case sympy.ITE():
                return xs[1] if xs[0] else xs[2]
            case sympy.KroneckerDelta():
                return mpmath.mpf(int(xs[0] == xs[1]))
            case sympy.Mod():
                return xs[0] % xs[1]
            case sympy.Abs():
                return abs(xs[0])
        name = e.func.__name__
        if name in ("sin", "cos", "exp", "log", "Ci"):
            return getattr(mpmath, name.lower())(*xs)
        return s[name](*xs)

    return at(form, scope)


def _index(x: Any, least: int = 0) -> int:
    if x != int(x) or x < least:
        raise TermError(f"not an index: {x}")
    return int(x)


def parts(proposition: Term) -> Iterator[Term]:
    """The real and natural terms that a proposition speaks about, its bound variables made free."""
    if sort(proposition.type) != "P":
        yield proposition
        return
    taken = {v.name for v in proposition.free}
    if proposition.binders or proposition.is_const("forall", "exists"):
        f = proposition if proposition.binders else proposition.args[0]
        variables = []
        for t in f.binders:
            variables.append(Var(fresh(t, taken), t))
            taken.add(variables[-1].name)
        yield from parts(f(*map(eta, variables)))
    elif proposition.is_const("has_deriv"):
        g, at, stated = proposition.args
        yield from (g(at), at, stated)
    else:
        for a in proposition.args:
            yield from parts(a)


def agrees(term: Term, rng: random.Random | int = 0, trials: int = 5, digits: int = 30,
           unfolded: bool | Iterable[str] = True) -> Any:  # fmt: skip
    """Largest difference, relative to 1 + |value|, of the SymPy form and the term at random points.

    Sizes are 1 to 4, reals lie in [-2, 2], function variables have random values. A proposition is compared
    in all the terms that it relates. Raises numerics.Undefined when a term has a value at no point tried.
    """
    rng = random.Random(rng) if isinstance(rng, int) else rng
    names = defined_names(term)
    worst: Any = 0
    for part in parts(unfold(term, names) if sort(term.type) == "P" and unfolded is True else term):
        variables = [Var(fresh(t, {v.name for v in part.free}), t) for t in part.binders]
        one = part(*map(eta, variables)) if variables else part
        worst = max(worst, _difference(one, rng, trials, digits, unfolded))
    return worst


def _difference(term: Term, rng: random.Random, trials: int, digits: int, unfolded: bool | Iterable[str]) -> Any:
    form, arithmetic = to_sympy(term, unfolded), numerics.MP(digits)
    constants = {c.name: numerics.evaluate(eta(c), {}, arithmetic) for c in _constants(term) if arguments(c.type)}
    compared, worst, problem = 0, arithmetic.real(0), "no trial"
    for _ in range(20 * trials):
        env = {v: random_value(v.type, rng) for v in sorted(term.free, key=lambda v: (v.name, repr(v.type)))}
        try:
            expected = numerics.evaluate(term, env, arithmetic)
        except numerics.Undefined as e:
            problem = str(e)
            continue
        with arithmetic.context():
            scope = {v.name: arithmetic.real(x) if v.type == "R" else x for v, x in env.items()}
            got = value(form, {**constants, **scope})
            worst = max(worst, abs(got - expected) / (1 + abs(expected)))
        compared += 1
        if compared == trials:
            return worst
    raise numerics.Undefined(f"no value at {20 * trials} random points: {problem}")


def _constants(term: Term) -> set[Const]:
    todo, found, seen = [term], set(), set()
    while todo:
        t = todo.pop()
        if t.digest not in seen:
            seen.add(t.digest)
            todo += t.args
            if isinstance(t.head, Const) and t.head.body is not None:
                found.add(t.head)
    return found


def random_value(t: Type, rng: random.Random) -> Any:
    """A random value for a variable: a number, or a function that keeps the values it has given."""
    import mpmath

    if t == "R":
        return mpmath.mpf(rng.uniform(-2, 2))
    if t == "N":
        return rng.randint(1, 4)
    given: dict[tuple, Any] = {}
    weights = [mpmath.mpf(rng.uniform(-1, 1)) for _ in arguments(t)]

    def function(*xs: Any) -> Any:
        if all(a == "N" for a in arguments(t)):
            if xs not in given:
                given[xs] = rng.randint(0, 4) if sort(t) == "N" else mpmath.mpf(rng.uniform(-2, 2))
            return given[xs]
        flat = [x if isinstance(a, str) else sum(x(*(k + j for j in range(len(arguments(a))))) for k in (0, 1))
                for x, a in zip(xs, arguments(t), strict=True)]  # fmt: skip
        total = sum((w * x for w, x in zip(weights, flat, strict=True)), mpmath.mpf(0.5))
        return int(abs(total)) if sort(t) == "N" else total

    return function
