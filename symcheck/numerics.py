"""Numbers: folds that evaluate a term in floats, in mpmath, in rationals, or over an array namespace.

``evaluate`` is the scalar fold and ``evaluate_array`` the array fold; the two give the same numbers. The
values of the free variables come from the caller, and so may the definitions: ``implementations`` replaces
a defined constant by a Python function, which turns a theorem into a property of that function. Nothing
here is trusted by the checker, and nothing imports SymPy.
"""

from __future__ import annotations

import contextlib
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from .terms import Bound, Const, Num, Term, Type, Var, arguments, sort

Environment = Mapping[Any, Any]  # Var, variable as a term, or name -> number, sequence, array or callable
MAX_RANGE = 1_000_000  # longest sum or bounded quantifier


class Undefined(ValueError):
    """The term has no value here: a variable without a value, an argument outside a domain, an overflow."""


class Undecided(ValueError):
    """A proposition that no finite evaluation settles: an unbounded quantifier, or a derivative."""


# ---------------------------------------------------------------- arithmetics


@dataclass(frozen=True)
class Arithmetic:
    """Scalars of one kind: ``real`` converts to it, ``functions`` are sin, cos, exp, log, sqrt and Ci."""

    name: str
    real: Callable[[Any], Any]
    functions: Mapping[str, Callable[[Any], Any]]
    pi: Callable[[], Any]
    context: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext


def _no_exact_pi() -> Any:
    raise Undefined("pi has no value in exact rational arithmetic; use FLOAT or MP(digits)")


_FUNCTIONS = ("sin", "cos", "exp", "log", "sqrt")


def _cosine_integral(x: float) -> float:
    import mpmath

    return float(mpmath.ci(x))


FLOAT = Arithmetic("float", float, {**{name: getattr(math, name) for name in _FUNCTIONS}, "Ci": _cosine_integral},
                   lambda: math.pi)  # fmt: skip
#: Rationals: every term without pi and without transcendental functions has its exact value.
EXACT = Arithmetic("exact", Fraction, {}, _no_exact_pi)


def MP(digits: int) -> Arithmetic:
    """mpmath with that many decimal digits, in force during the evaluation, for callables as well."""
    import mpmath

    def real(x: Any) -> Any:
        if isinstance(x, Fraction):
            return mpmath.mpf(x.numerator) / x.denominator
        return mpmath.mpf(x if isinstance(x, int | float | mpmath.mpf) else float(x))

    functions = {**{name: getattr(mpmath, name) for name in _FUNCTIONS}, "Ci": mpmath.ci}
    return Arithmetic(f"mpmath, {digits} digits", real, functions, lambda: +mpmath.pi,
                      lambda: mpmath.workdps(digits))  # fmt: skip


# ---------------------------------------------------------------- values


class Function:
    """A value of a function type: called with all its arguments. Equal keys mean equal functions."""

    __slots__ = ("call", "key")

    def __init__(self, key: Any, call: Callable[..., Any]) -> None:
        self.key, self.call = key, call

    def __call__(self, *args: Any) -> Any:
        return self.call(*args)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Function) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def table(self, *sizes: int) -> list:
        """The values at all indices below ``sizes``, as nested lists: ``x.table(d)`` is a vector."""
        first, *rest = sizes
        if not rest:
            return [self.call(i) for i in range(first)]
        rows = (Function((self.key, i), lambda *js, i=i: self.call(i, *js)) for i in range(first))
        return [row.table(*rest) for row in rows]


@dataclass(frozen=True, slots=True)
class Indexed:
    """An implementation that returns whole arrays: it takes the arguments before the last ``indices`` ones,
    and its result (sequence or array, nested) is indexed by those. It is called once for equal arguments.

    ``Indexed(lambda m, x: rotate(x.table(d), m))`` implements a constant of type ("R", ("N","R"), "N", "R").
    """

    function: Callable[..., Any]
    indices: int = 1


Implementations = Mapping[str, Callable[..., Any] | Indexed]


def _natural(x: Any, what: str) -> int:
    try:
        n = operator.index(x)
    except TypeError:
        raise Undefined(f"{what}: {x!r:.60} is not a natural number") from None
    if n < 0:
        raise Undefined(f"{what}: {n} is not a natural number")
    return n


def _lookup(env: Mapping[Any, Any], v: Var) -> Any:
    for key in (v, v.name):
        if key in env:
            return env[key]
    raise Undefined(f"no value is given for {v.name} of type {v.type}")


def by_variable(env: Environment) -> dict[Any, Any]:
    """The environment with variables given as terms (``var("x")``) keyed by the variable itself."""
    out: dict[Any, Any] = {}
    for key, value in env.items():
        if isinstance(key, Term):
            if not isinstance(key.head, Var):
                raise Undefined(f"a value is given to {key!r:.60}, which is no variable")
            key = key.head
        if not isinstance(key, Var | str):
            raise Undefined(f"a value is given to {key!r:.60}, which is no variable")
        out[key] = value
    return out


@lru_cache(4096)
def _body(t: Term) -> Term:
    """``b`` of ``lambda x. b``."""
    return Term((), t.head, t.args)


# ---------------------------------------------------------------- the scalar fold


class _Fold:
    """One evaluation; ``scope`` is the tuple of the values of the bound variables, innermost first."""

    def __init__(self, env: Environment | None, arithmetic: Arithmetic, tolerance: Any,
                 implementations: Implementations | None) -> None:  # fmt: skip
        self.env, self.arithmetic = by_variable(env or {}), arithmetic
        self.implementations = implementations or {}
        self.tolerance = tolerance if tolerance == 0 else arithmetic.real(tolerance)
        self.memo: dict[Any, Any] = {}
        self.variables: dict[Var, Any] = {}

    def value(self, t: Term, scope: tuple = ()) -> Any:
        if t.binders:
            body = _body(t)
            return Function((t.digest, *(scope[i] for i, _ in sorted(t.loose))),
                            lambda *xs: self.value(body, (*reversed(xs), *scope)))  # fmt: skip
        h = t.head
        if isinstance(h, Num):
            return int(h.value) if h.type == "N" else self.arithmetic.real(h.value)
        if isinstance(h, Bound):
            f = scope[h.index]
            return f(*(self.value(a, scope) for a in t.args)) if t.args else f
        if isinstance(h, Var):
            f = self.variable(h)
            return f(*(self.value(a, scope) for a in t.args)) if t.args else f
        if h.body is None and h.name != "sum":
            return self.primitive(h, t, scope)
        key = (t.digest, *(_hashable(scope[i]) for i, _ in sorted(t.loose)))
        if key not in self.memo:
            self.memo[key] = self.total(t, scope) if h.body is None else self.defined(h, t, scope)
        return self.memo[key]

    def result(self, x: Any, t: Type, what: str) -> Any:
        """A value from outside, converted to the base sort of a type."""
        match sort(t):
            case "N":
                return _natural(x, what)
            case "R":
                try:
                    return self.arithmetic.real(x)
                except (TypeError, ValueError) as e:
                    raise Undefined(f"{what}: {x!r:.60} is not a real number ({e})") from None
        return bool(x)

    def variable(self, v: Var) -> Any:
        if v not in self.variables:
            x = _lookup(self.env, v)
            convert = self.outside if arguments(v.type) else self.result
            self.variables[v] = convert(x, v.type, v.name)
        return self.variables[v]

    def outside(self, f: Any, t: Type, name: str) -> Function:
        """A callable, sequence or array from outside as a function of type ``t``."""
        if callable(f):
            return Function(("given", name, t), lambda *xs: self.result(f(*xs), t, name))
        if set(arguments(t)) != {"N"}:
            raise Undefined(f"{name} of type {t} must be given as a callable, not as {f!r:.60}")
        return Function(("given", name, t), lambda *xs: self.result(_entry(f, xs, name), t, name))

    def defined(self, h: Const, t: Term, scope: tuple) -> Any:
        args = [self.value(a, scope) for a in t.args]
        if (f := self.implementations.get(h.name)) is None:
            assert h.body is not None
            g = self.value(h.body)
            return g(*args) if args else g
        if isinstance(f, Indexed):
            leading, last = args[: len(args) - f.indices], args[len(args) - f.indices :]
            key = ("implementation", h.name, *map(_hashable, leading))
            if key not in self.memo:
                self.memo[key] = f.function(*leading)
            return self.result(_entry(self.memo[key], last, h.name), h.type, h.name)
        return self.result(f(*args), h.type, h.name)

    def total(self, t: Term, scope: tuple) -> Any:
        n, f = (self.value(a, scope) for a in t.args)
        if n > MAX_RANGE:
            raise Undefined(f"a sum of {n} summands is too long")
        return sum((f(i) for i in range(n)), self.arithmetic.real(0))

    def primitive(self, h: Const, t: Term, scope: tuple) -> Any:
        name, args = h.name, t.args
        match name:
            case "and":
                return self.value(args[0], scope) and self.value(args[1], scope)
            case "or":
                return self.value(args[0], scope) or self.value(args[1], scope)
            case "imp":
                return not self.value(args[0], scope) or self.value(args[1], scope)
            case "false":
                return False
            case "forall" | "exists":
                body = _body(args[0])
                values = (self.value(body, (i, *scope)) for i in range(self.bound(name, args[0], scope)))
                return all(values) if name == "forall" else any(values)
            case "has_deriv":
                raise Undecided("no finite evaluation settles a derivative; see residual")
            case "pi":
                return self.arithmetic.pi()
        return self.operation(name, [self.value(a, scope) for a in args])

    def operation(self, name: str, x: list) -> Any:
        match name:
            case "add" | "addN":
                return x[0] + x[1]
            case "mul" | "mulN":
                return x[0] * x[1]
            case "real":
                return self.arithmetic.real(x[0])
            case "delta":
                return self.arithmetic.real(int(x[0] == x[1]))
            case "weave":
                return x[x[2] % 2](x[2] // 2)
            case "stack":
                return x[1](x[3]) if x[3] < x[0] else x[2](x[3] - x[0])
            case "case" | "caseN":
                return x[2](x[0] - 1) if x[0] else x[1]
            case "abs":
                return abs(x[0])
            case "eq":
                return x[0] == x[1] or abs(x[0] - x[1]) <= self.tolerance
            case "le":
                return x[0] <= x[1] + self.tolerance
            case "lt":
                return x[0] < x[1] + self.tolerance
            case "eqN":
                return x[0] == x[1]
            case "ltN":
                return x[0] < x[1]
        if name == "integral":
            return self.integral(*x)
        if (name, x[0]) == ("inv", 0) or (name in ("log", "Ci") and x[0] <= 0) or (name == "sqrt" and x[0] < 0):
            raise Undefined(f"{name}({x[0]}) has no value")
        try:
            if name == "inv":
                return 1 / x[0]
            return x[0] ** x[1] if name == "pow" else self.arithmetic.functions[name](x[0])
        except KeyError:
            raise Undefined(f"{name} has no value in {self.arithmetic.name} arithmetic") from None
        except OverflowError:
            raise Undefined(f"{name}({', '.join(map(str, x))}) overflows in {self.arithmetic.name}") from None

    def integral(self, f: Function, a: Any, b: Any) -> Any:
        """By tanh-sinh quadrature; refused when its own estimate leaves less than half of the digits."""
        import mpmath

        if self.arithmetic is EXACT:
            raise Undefined("an integral has no value in exact arithmetic")
        # Floats have 15 digits, whatever a caller has set mpmath to.
        with mpmath.workdps(15) if self.arithmetic is FLOAT else contextlib.nullcontext():
            value, error = mpmath.quad(lambda u: f(self.arithmetic.real(u)), mpmath.linspace(a, b, 9), error=True)
            if error > mpmath.mpf(10) ** (-mpmath.mp.dps // 2) * (1 + abs(value)):
                raise Undefined(f"the integral from {a} to {b} is not resolved: error {mpmath.nstr(error, 2)}")
        return self.arithmetic.real(value)

    def bound(self, name: str, predicate: Term, scope: tuple) -> int:
        """Number of values that a quantified natural can take, read off its guards ``i < n``."""
        (t,) = predicate.binders
        if t == "N":
            guards = _guards(name, _body(predicate), 0)
            limits = [self.value(n, (None,) * passed + scope) for n, passed in guards]
            if limits:
                if min(limits) > MAX_RANGE:
                    raise Undecided(f"a quantifier over {min(limits)} values is too long")
                return min(limits)
        raise Undecided(f"{name} over {'naturals without a bound i < n' if t == 'N' else f'type {t}'}: "
                        "give the variable a value instead")  # fmt: skip


def _guards(name: str, t: Term, depth: int) -> Iterator[tuple[Term, int]]:
    """The ``n`` of conditions ``i < n`` on the variable with index ``depth`` that guard all of ``t``, each
    with the number of binders that have been passed. ``forall i j. i < n -> j < n -> p`` guards i as well."""
    if t.is_const(name):
        yield from _guards(name, _body(t.args[0]), depth + 1)
    elif t.is_const("imp") and name == "forall":
        yield from _limits(t.args[0], depth)
        yield from _guards(name, t.args[1], depth)
    elif name == "exists":
        yield from _limits(t, depth)
        if t.is_const("and"):
            for a in t.args:
                yield from _guards(name, a, depth)


def _limits(t: Term, depth: int) -> Iterator[tuple[Term, int]]:
    if t.is_const("and"):
        for a in t.args:
            yield from _limits(a, depth)
    elif t.is_const("ltN"):
        variable, limit = t.args
        if variable.head == Bound(depth, "N") and all(i > depth for i, _ in limit.loose):
            yield limit, depth + 1


def _hashable(x: Any) -> Any:
    """The value as part of a key; one that cannot be hashed (a ball of positive radius) equals nothing."""
    try:
        hash(x)
    except (TypeError, ValueError):
        return object()
    return x


def _entry(values: Any, indices: Any, name: str) -> Any:
    """Entry of a nested sequence or array, or value of a callable; an index out of range is an error."""
    if callable(values):
        return values(*indices)
    for i in indices:
        if not i < len(values):
            raise Undefined(f"{name}: index {i} is asked, and {len(values)} entries are given")
        values = values[i]
    return values


def evaluate(
    term: Term,
    env: Environment | None = None,
    arithmetic: Arithmetic = FLOAT,
    *,
    tolerance: Any = 0,
    implementations: Implementations | None = None,
) -> Any:
    """Value of a term: a number, an int, a bool, or a callable ``Function`` for a function type.

    ``env`` maps variables (Var, variable term or name) to values: numbers, and for function variables
    callables, sequences or arrays (nested, one level an index). ``implementations`` maps names of defined
    constants to what replaces their definitions: a callable of all the arguments (functions come as
    ``Function``), or an ``Indexed`` one. ``x = y`` holds when ``|x - y| <= tolerance``, ``x <= y`` and
    ``x < y`` when they do after ``tolerance`` is added to y, in hypotheses too.

    Raises Undefined where there is no value (1/0, sqrt(-1), an index out of range), Undecided for
    quantifiers over reals, functions, or naturals that no ``i < n`` bounds, and for derivatives.
    """
    fold = _Fold(env, arithmetic, tolerance, implementations)
    with arithmetic.context():
        out = fold.value(term)
    if not term.binders:
        return out

    def within(*xs: Any) -> Any:
        with arithmetic.context():
            converted = [(fold.outside if arguments(t) else fold.result)(x, t, f"argument {j}")
                         for j, (x, t) in enumerate(zip(xs, term.binders, strict=True))]  # fmt: skip
            fold.memo.clear()
            return out(*converted)

    return Function(out.key, within)


def residual(
    conclusion: Term,
    env: Environment | None = None,
    arithmetic: Arithmetic = FLOAT,
    *,
    implementations: Implementations | None = None,
) -> tuple[Any, Any]:
    """Values of the two sides of ``=``, ``<=`` or ``<``; of a derivative, the one computed by central
    differences (in mpmath arithmetic only; about 2/3 of its digits are right) and the one stated.
    """
    if conclusion.is_const("has_deriv"):
        if not arithmetic.name.startswith("mpmath"):
            raise Undecided("a derivative is compared in mpmath arithmetic only")
        import mpmath

        g, at, stated = (
            evaluate(a, env, arithmetic, implementations=implementations) for a in conclusion.args
        )
        with arithmetic.context():
            step = mpmath.mpf(10) ** (-mpmath.mp.dps // 3)
            return (g(at + step) - g(at - step)) / (2 * step), stated
    if not conclusion.is_const("eq", "eqN", "le", "lt", "ltN"):
        raise Undecided(f"not an equation or an inequality: {conclusion!r:.80}")
    fold = _Fold(env, arithmetic, 0, implementations)
    with arithmetic.context():
        return fold.value(conclusion.args[0]), fold.value(conclusion.args[1])


def equations(
    proposition: Term,
    env: Environment | None = None,
    arithmetic: Arithmetic = FLOAT,
    *,
    implementations: Implementations | None = None,
) -> list[tuple[tuple[int, ...], Any, Any]]:
    """Every equation and inequality that a proposition asserts, with its two values.

    Goes through conjunctions, through bounded quantifiers over naturals, whose values come first in the
    tuples (outermost first), and through implications whose hypotheses hold at these values.
    """
    fold = _Fold(env, arithmetic, 0, implementations)

    def instances(t: Term, scope: tuple) -> Iterator[tuple[tuple[int, ...], Any, Any]]:
        if t.is_const("eq", "eqN", "le", "lt", "ltN"):
            yield tuple(reversed(scope)), fold.value(t.args[0], scope), fold.value(t.args[1], scope)
        elif t.is_const("and"):
            for a in t.args:
                yield from instances(a, scope)
        elif t.is_const("imp"):
            if fold.value(t.args[0], scope):
                yield from instances(t.args[1], scope)
        elif t.is_const("forall"):
            for i in range(fold.bound("forall", t.args[0], scope)):
                yield from instances(_body(t.args[0]), (i, *scope))
        else:
            raise Undecided(f"not a conjunction of equations: {t!r:.80}")

    with arithmetic.context():
        return list(instances(proposition, ()))


# ---------------------------------------------------------------- the array fold


class ArrayFunction:
    """A value of a function type in the array fold: called with (integer) arrays that broadcast."""

    __slots__ = ("call", "fold")

    def __init__(self, fold: _ArrayFold, call: Callable[..., Any]) -> None:
        self.fold, self.call = fold, call

    def __call__(self, *args: Any) -> Any:
        return self.call(*args)

    def table(self, *sizes: int) -> Any:
        """The array of shape ``sizes`` of the values at all indices. Raises Undefined when the function
        depends on an index that is running outside."""
        with self.fold.axes(*sizes) as indices:
            out = self.fold.real_array(self.call(*indices))
            below = self.fold.level - len(sizes)
        if below and any(n != 1 for n in tuple(out.shape)[-below:]):
            raise Undefined("a table is asked of a function that depends on a running index")
        if below:
            out = self.fold.xp.reshape(out, tuple(out.shape)[:-below])
        return self.fold.xp.broadcast_to(out, sizes)


class _ArrayFold:
    """One evaluation over an array namespace.

    A running index at level k is an integer array of shape (n, 1, ..., 1) with k ones, so that all alive
    indices broadcast; a sum opens the next level and adds up its axis, which is the first. ``active`` is
    where the value being computed will be used: branches not taken may be out of range.
    """

    def __init__(self, env: Environment | None, xp: Any, dtype: Any, device: Any,
                 implementations: Implementations | None) -> None:  # fmt: skip
        self.env, self.xp, self.dtype = by_variable(env or {}), xp, dtype
        self.implementations = implementations or {}
        self.placed: dict[str, Any] = {} if device is None else {"device": device}
        self.level, self.active = 0, None
        self.variables: dict[Var, Any] = {}

    @contextlib.contextmanager
    def axes(self, *sizes: int) -> Iterator[list]:
        """Open levels for running indices below ``sizes``, the last one on the last axis."""
        below, self.level = self.level, self.level + len(sizes)
        try:
            ranges = [self.xp.arange(n, dtype=self.xp.int64, **self.placed) for n in sizes]
            yield [self.xp.reshape(r, (-1,) + (1,) * (self.level - 1 - j)) for j, r in enumerate(ranges)]
        finally:
            self.level = below

    @contextlib.contextmanager
    def where(self, condition: Any) -> Iterator[None]:
        old = self.active
        self.active = condition if old is None else old & condition
        try:
            yield
        finally:
            self.active = old

    def real_array(self, x: Any) -> Any:
        if isinstance(x, int | float | Fraction):
            return self.xp.asarray(float(x), dtype=self.dtype, **self.placed)
        return self.xp.astype(self.xp.asarray(x, **self.placed), self.dtype)

    def natural(self, x: Any) -> Any:
        """An int where that is known, else an integer array."""
        if not hasattr(x, "shape") or tuple(x.shape) == ():
            return _natural(int(x) if hasattr(x, "shape") else x, "array fold")
        return self.xp.astype(x, self.xp.int64)

    def value(self, t: Term, scope: tuple = ()) -> Any:
        if t.binders:
            body = _body(t)
            return ArrayFunction(self, lambda *xs: self.value(body, (*reversed(xs), *scope)))
        h = t.head
        if isinstance(h, Num):
            return int(h.value) if h.type == "N" else self.real_array(h.value)
        if isinstance(h, Bound | Var):
            f = scope[h.index] if isinstance(h, Bound) else self.variable(h)
            return f(*(self.value(a, scope) for a in t.args)) if t.args else f
        if h.body is not None:
            return self.defined(h, [self.value(a, scope) for a in t.args])
        if h.name == "pi":
            return self.real_array(math.pi)
        if sort(h.type) == "P":
            raise Undecided(f"the array fold evaluates reals and naturals, not the proposition {h.name}")
        return self.operation(h.name, [self.value(a, scope) for a in t.args])

    def variable(self, v: Var) -> Any:
        if v not in self.variables:
            x = _lookup(self.env, v)
            convert = self.natural if sort(v.type) == "N" else self.real_array
            if callable(x):
                out: Any = ArrayFunction(self, lambda *xs: convert(x(*xs)))
            elif arguments(v.type):
                if set(arguments(v.type)) != {"N"}:
                    raise Undefined(f"{v.name} of type {v.type} must be given as a callable")
                out = self.gatherer(v.name, x, v.type)
            else:
                out = convert(x)
            self.variables[v] = out
        return self.variables[v]

    def gatherer(self, name: str, x: Any, t: Type) -> ArrayFunction:
        """An array from outside as a function of its indices."""
        if sort(t) == "N" and not self.xp.isdtype(self.xp.asarray(x).dtype, "integral"):
            raise Undefined(f"{name} of type {t} is given as an array that is not of integers")
        array = self.xp.asarray(x, dtype=self.xp.int64 if sort(t) == "N" else self.dtype, **self.placed)
        if array.ndim != len(arguments(t)):
            raise Undefined(f"{name} of type {t} is given as an array of {array.ndim} axes")
        return ArrayFunction(self, lambda *xs: self.gather(name, array, xs, t))

    def gather(self, name: str, array: Any, indices: tuple, t: Type) -> Any:
        xp, flat = self.xp, 0
        if all(isinstance(i, int) for i in indices) and self.active is None:
            for i, n in zip(indices, array.shape, strict=True):
                if not i < n:
                    raise Undefined(f"{name}: index {i} is asked, and {n} entries are given")
            out = array[indices]
            return int(out) if sort(t) == "N" else out
        for i, n in zip(indices, tuple(array.shape), strict=True):
            j = self.index(i)
            wrong = (j < 0) | (j >= n)
            if bool(xp.any(wrong if self.active is None else wrong & self.active)):
                most = int(xp.max(j))
                raise Undefined(f"{name}: an index up to {most} is asked, and {n} entries are given")
            flat = flat * n + xp.where(wrong, xp.zeros_like(j), j)
        if 0 in array.shape:  # nothing is asked of it
            return self.real_array(0) if sort(t) == "R" else 0
        assert not isinstance(flat, int)
        out = xp.take(xp.reshape(array, (-1,)), xp.reshape(flat, (-1,)), axis=0)
        return xp.reshape(out, tuple(flat.shape))

    def index(self, i: Any) -> Any:
        return self.xp.asarray(i, dtype=self.xp.int64, **self.placed) if isinstance(i, int) else i

    def defined(self, h: Const, args: list) -> Any:
        convert = self.natural if sort(h.type) == "N" else self.real_array
        if (f := self.implementations.get(h.name)) is None:
            assert h.body is not None
            g = self.value(h.body)
            return g(*args) if args else g
        if isinstance(f, Indexed):
            leading, last = args[: len(args) - f.indices], args[len(args) - f.indices :]
            if any(hasattr(x, "shape") and any(n != 1 for n in x.shape) for x in leading):
                raise Undefined(f"the implementation of {h.name} is asked at a running index")
            table = f.function(*leading)
            if callable(table):
                return convert(table(*last))
            return self.gather(h.name, self.real_array(table), tuple(last), h.type)
        return convert(f(*args))

    def choose(self, condition: Any, first: Callable[[], Any], second: Callable[[], Any]) -> Any:
        """``first`` where the condition holds; both are computed only where the condition is an array."""
        if isinstance(condition, bool):
            return first() if condition else second()
        with self.where(condition):
            a = first()
        with self.where(~condition):
            b = second()
        return self.xp.where(condition, *(self.index(x) if isinstance(x, int) else x for x in (a, b)))

    def predecessor(self, n: Any, by: Any = 1) -> Any:
        """``n - by``, or 0 where that is negative (a branch that is not taken)."""
        if isinstance(n, int) and isinstance(by, int):
            return max(n - by, 0)
        d = self.index(n) - by
        return self.xp.where(d < 0, self.xp.zeros_like(d), d)

    def total(self, n: Any, f: Callable[..., Any]) -> Any:
        longest = n if isinstance(n, int) else int(self.xp.max(n))
        if longest > MAX_RANGE:
            raise Undefined(f"a sum of {longest} summands is too long")
        if longest == 0:
            return self.real_array(0)
        with self.axes(longest) as (i,):
            if isinstance(n, int):
                body = f(i)
            else:  # the number of summands depends on a running index
                used = i < n
                with self.where(used):
                    body = self.xp.where(used, f(i), self.real_array(0))
            if body.ndim < self.level:  # the summand does not depend on the index
                return body * self.real_array(longest)
            summed = self.xp.sum(body, axis=0, dtype=self.dtype)
            return summed if body.shape[0] == longest else summed * self.real_array(longest)

    def integral(self, f: Callable[..., Any], a: Any, b: Any) -> Any:
        """By Gauss's rule with 200 nodes, on a new axis: for integrands that are smooth between the bounds."""
        import numpy

        nodes, weights = (self.real_array(v) for v in numpy.polynomial.legendre.leggauss(200))
        with self.axes(len(nodes)) as (i,):
            middle, half = (a + b) / 2, (b - a) / 2
            nodes, weights = (self.xp.reshape(v, tuple(i.shape)) for v in (nodes, weights))
            return self.xp.sum(f(middle + half * nodes) * weights, axis=0, dtype=self.dtype) * half

    def operation(self, name: str, x: list) -> Any:
        xp = self.xp
        match name:
            case "add" | "addN":
                return x[0] + x[1]
            case "mul" | "mulN":
                return x[0] * x[1]
            case "pow":
                return x[0] ** (x[1] if isinstance(x[1], int) else xp.astype(x[1], self.dtype))
            case "inv":
                return self.real_array(1) / x[0]
            case "real":
                return self.real_array(x[0])
            case "delta":
                same = x[0] == x[1]
                return self.real_array(int(same)) if isinstance(same, bool) else xp.astype(same, self.dtype)
            case "weave":
                return self.choose(x[2] % 2 == 0, lambda: x[0](x[2] // 2), lambda: x[1](x[2] // 2))
            case "stack":
                low, high = (lambda: x[1](x[3])), (lambda: x[2](self.predecessor(x[3], x[0])))
                return self.choose(x[3] < x[0], low, high)
            case "case" | "caseN":
                return self.choose(x[0] == 0, lambda: x[1], lambda: x[2](self.predecessor(x[0])))
            case "sum":
                return self.total(*x)
            case "abs":
                return xp.abs(x[0])
            case "integral":
                return self.integral(*x)
            case "Ci":
                flat = [_cosine_integral(float(u)) for u in xp.reshape(x[0], (-1,))]
                return xp.reshape(self.real_array(flat), tuple(x[0].shape))
        return getattr(xp, name)(x[0])


def evaluate_array(
    term: Term,
    env: Environment | None = None,
    xp: Any = None,
    *,
    dtype: Any = None,
    device: Any = None,
    sizes: tuple[int, ...] = (),
    implementations: Implementations | None = None,
) -> Any:
    """Value of a real or natural term as an array of shape ``sizes``, one axis for each binder of the term.

    ``lam(["N", "N"], lambda i, j: ...)`` with ``sizes=(n, d)`` gives an [n, d] array. ``xp`` is a namespace
    of the array API standard (array-api-compat; NumPy by default), ``dtype`` the floating dtype in which
    everything is computed (float64 by default). In ``env``, indexed variables are arrays (or callables that
    take integer arrays), scalar variables numbers. 1/0 and sqrt(-1) give what the namespace gives; an index
    out of range raises Undefined, a proposition Undecided.
    """
    if xp is None:
        import array_api_compat.numpy as xp  # type: ignore[no-redef]
    if any(t != "N" for t in term.binders) or len(sizes) != len(term.binders):
        raise Undefined(f"a size for each of the indices {term.binders} is expected, and {sizes} is given")
    fold = _ArrayFold(env, xp, dtype or xp.float64, device, implementations)
    f = fold.value(term)
    with fold.axes(*sizes) as indices:
        out = f(*indices) if term.binders else f
        out = fold.index(out) if isinstance(out, int) else out
        return xp.broadcast_to(out, sizes)
