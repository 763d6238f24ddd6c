"""Mutants of a statement: one sign, index, coefficient, operand order, function or variable changed, one
factor or hypothesis dropped, in the statement itself or in one use of a definition.

A statement that its own neighbours satisfy as well would say nothing: each mutant that is false must be
refuted, and no script may prove it. :func:`failure` decides by numbers of 50 digits whether a mutant is
really false; it shares nothing with the search for exact witnesses.
"""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from types import MappingProxyType
from typing import Any

import mpmath

from ..numerics import FLOAT, MP, Undecided, Undefined, evaluate, residual
from ..terms import (
    Bound,
    Const,
    Num,
    Term,
    TermError,
    Type,
    Var,
    apply,
    arguments,
    const,
    eta,
    number,
    sort,  # fmt: skip
)
from .proof import Statement

Scope = tuple[Type, ...]  # types of the bound variables, the innermost last
SWAPPED = {"sin": "cos", "cos": "sin", "weave_even": "weave_odd"}


@dataclass(frozen=True)
class Mutant:
    """A changed statement, what kind of change it is, and the definition in which it was made, if in one."""

    statement: Statement
    change: str
    definition: str | None = None


def mutants(statement: Statement, rng: random.Random | None = None) -> Iterator[Mutant]:
    """All mutants of a statement, each once; in random order if a generator is given."""
    parts = (*statement.hyps, statement.concl)
    changes = [(k, change) for k, part in enumerate(parts) if not _analytic(part) or k == len(statement.hyps)
               for change in _changes(part, (), statement.variables)]  # fmt: skip
    dropped: list[tuple[int, Any]] = [(k, None) for k in range(len(statement.hyps))]
    every = dropped + changes
    if rng is not None:
        rng.shuffle(every)
    seen = {tuple(parts)}
    for k, change in every:
        if change is None:
            new = (*parts[:k], *parts[k + 1:])
            kind, definition = "hypothesis dropped", None
        else:
            kind, definition, path, put = change
            try:
                new = (*parts[:k], _rebuilt(parts[k], path, put), *parts[k + 1:])
            except TermError:
                continue
        if new not in seen:
            seen.add(new)
            yield Mutant(Statement(new[:-1], new[-1], statement.variables), kind, definition)


def _analytic(t: Term) -> bool:
    """Does a hypothesis speak of derivatives? It is dropped, not changed: no number tells whether it holds."""
    body = t.head.body if isinstance(t.head, Const) else None
    return t.is_const("has_deriv") or (body is not None and _analytic(body)) or any(map(_analytic, t.args))


def _changes(t: Term, scope: Scope, free: Sequence[Var], path: tuple = (), definition: str | None = None,
             ) -> Iterator[tuple[str, str | None, tuple, Term]]:  # fmt: skip
    """Kind, definition, path and new subterm (without its binders) of every change below a term."""
    scope = (*scope, *t.binders)
    body = Term((), t.head, t.args)
    for kind, new in _local(body, scope, free):
        yield kind, definition, path, new
    if isinstance(t.head, Const) and t.head.body is not None:
        yield from _changes(t.head.body, (), (), (*path, "body"), t.head.name)
    for k, a in enumerate(t.args):
        yield from _changes(a, scope, free, (*path, k), definition)


def _rebuilt(t: Term, path: tuple, new: Term) -> Term:
    if not path:
        return Term(t.binders, new.head, new.args)
    first, *rest = path
    if first == "body":
        assert isinstance(t.head, Const) and t.head.body is not None
        changed = _rebuilt(t.head.body, tuple(rest), new)
        return Term(t.binders, Const(t.head.name, t.head.type, changed), t.args)
    args = list(t.args)
    args[first] = _rebuilt(args[first], tuple(rest), new)
    return Term(t.binders, t.head, args)


def _local(t: Term, scope: Scope, free: Sequence[Var]) -> Iterator[tuple[str, Term]]:
    """The changes at the root of a term without binders."""
    h, args = t.head, list(t.args)
    if isinstance(h, Num):
        yield from _other_numbers(h)
        return
    if t.is_const("add", "mul", "addN", "mulN"):
        a, b = args
        if t.is_const("add"):
            yield "sign", const("add", a, -b)
            yield "sign", const("add", -a, b)
        elif t.is_const("mul") and a == number(-1):
            yield "sign", b
        kind = "factor dropped" if t.is_const("mul", "mulN") else "term dropped"
        yield kind, a
        yield kind, b
        return
    if isinstance(h, Const) and h.body is None and h.name in SWAPPED:
        yield "function", const(SWAPPED[h.name], *args)
        yield "sign", -t
    if isinstance(h, Var | Bound):
        others: list[Var | Bound] = [*free, *(Bound(len(scope) - 1 - k, s) for k, s in enumerate(scope))]
        for other in others:
            if other != h and other.type == h.type:
                yield "variable", Term((), other, args)
        if t.type == "N":
            yield "index", const("addN", t, 1)
        elif t.type == "R":
            yield "sign", -t
            yield "coefficient", 2 * t
    if t.is_const("eq", "eqN", "add", "and", "or", "forall", "exists"):
        return
    types = arguments(h.type)
    for i, j in combinations(range(len(args)), 2):
        if types[i] == types[j] and args[i] != args[j]:
            swapped = list(args)
            swapped[i], swapped[j] = args[j], args[i]
            yield "operand order" if isinstance(h, Const) else "transposition", Term((), h, swapped)


def _other_numbers(h: Num) -> Iterator[tuple[str, Term]]:
    v = h.value
    if h.type == "N":
        yield "index", number(v + 1, "N")
        if v > 0:
            yield "index", number(v - 1, "N")
        return
    if v:
        yield "sign", number(-v)
        yield "coefficient", number(2 * v)
        yield "coefficient", number(v / 2)
    yield "coefficient", number(v + 1)


# Truth in numbers ---------------------------------------------------------------------------------------
DIGITS = 50
SEPARATION = Fraction(1, 10**20)
ROUGHLY = Fraction(1, 10**7)  # what floats say within this is left to 50 digits
SAMPLES = range(5)  # naturals at which a quantifier without a bound is looked at
INSTANCES = 300
DRAWS = 12  # points that are drawn for one at which the hypotheses hold


@dataclass(frozen=True)
class Property:
    """A defined proposition that numbers decide although its definition quantifies over all numbers.

    ``holds`` takes the values of all arguments; ``solve`` takes a generator and the values of all but the last
    and gives a last one for which it holds.
    """

    holds: Callable[..., bool]
    solve: Callable[..., Any] | None = None


Known = Mapping[str, Property]
NONE: Known = MappingProxyType({})
PROPERTIES: dict[tuple[str, bytes], Property] = {}  # by name and by the definition itself


def register_property(constant: Term, holds: Callable[..., bool], solve: Callable[..., Any] | None = None) -> None:
    """Say how numbers decide a defined proposition, with this very definition; a changed one is another."""
    assert isinstance(constant.head, Const) and constant.head.body is not None
    PROPERTIES[constant.head.name, constant.head.body.digest] = Property(holds, solve)


def known_properties(statement: Statement) -> Known:
    """The registered properties in a statement; a name with two definitions in it is left out."""
    bodies: dict[str, set[bytes]] = {}

    def visit(t: Term) -> None:
        if isinstance(t.head, Const) and t.head.body is not None:
            bodies.setdefault(t.head.name, set()).add(t.head.body.digest)
            visit(t.head.body)
        for a in t.args:
            visit(a)

    for t in (*statement.hyps, statement.concl):
        visit(t)
    only = {name: digests.pop() for name, digests in bodies.items() if len(digests) == 1}
    return {name: PROPERTIES[name, digest] for name, digest in only.items() if (name, digest) in PROPERTIES}


def failure(statement: Statement, seed: int = 0, tries: int = 60) -> dict[str, Any] | None:
    """Values at which the hypotheses hold and the conclusion clearly fails, by numbers of 50 digits; or None.

    Floats only pass over points at which a hypothesis fails or the conclusion holds. None is no proof of
    anything: the statement may be true, or not to be decided in this way.
    """
    rng = random.Random(seed)
    smooth = [h for h in statement.hyps if isinstance(h.head, Const) and h.head.name == "C2"]
    hyps = [h for h in statement.hyps if h not in smooth]
    known = known_properties(statement)
    shapes = not (statement.concl.is_const("eq", "eqN", "le", "lt", "ltN") or smooth)
    if (shapes and not settles(statement.concl, False, known)) or not all(settles(h, True, known) for h in hyps):
        return None
    left = min(tries, 8) if smooth else tries
    undecided = 0
    for _ in range(left * (DRAWS if hyps else 1)):
        values = point(statement, rng)
        if smooth:
            values.update(smooth_function(rng, values))
        try:
            _solve(hyps, values, known, rng)
            if not all(truth(h, values, FLOAT, ROUGHLY, known) for h in hyps):  # as far as floats tell
                continue
            left -= 1
            if _surely(statement.concl, values, known):
                continue
            with mpmath.workdps(DIGITS):
                if all(_holds(h, values, known) for h in hyps) and _fails(statement.concl, values, rng, known):
                    return values
        except (Undefined, IndexError, OverflowError, ZeroDivisionError):
            continue
        except Undecided:
            undecided += 1
            if undecided > 6:  # it is the statement that is not decided, not this point
                return None
        if left <= 0:
            return None
    return None


def _solve(hyps: Sequence[Term], values: dict[str, Any], known: Known, rng: random.Random) -> None:
    """Choose the variable, or the sequence, that stands last in a known property such that it holds."""
    for h in hyps:
        index: Var | None = None
        if h.is_const("forall") and h.args[0].binders == ("N",):
            index = Var("#i", "N")
            h = apply(h.args[0], [eta(index)])
            h = h.args[1] if h.is_const("imp") else h
        found = known.get(getattr(h.head, "name", "")) if isinstance(h.head, Const) else None
        if found is None or found.solve is None or not isinstance(last := h.args[-1].head, Var):
            continue
        rest = h.args[:-1]

        def at(i: int, rest: Sequence[Term] = rest, solve: Callable = found.solve) -> Any:
            here = {**values, "#i": i}
            return solve(random.Random(i), *(evaluate(a, here, MP(DIGITS)) for a in rest))

        if index is None:
            values[last.name] = found.solve(rng, *(evaluate(a, values, MP(DIGITS)) for a in rest))
        elif h.args[-1].args == (eta(index),):
            values[last.name] = at


def settles(p: Term, value: bool, known: Known = NONE) -> bool:
    """Can numbers ever show that a proposition has this truth value?"""
    p = _opened_head(p, known)
    if p.is_const("and", "or"):
        quantifier = all if p.is_const("and") == value else any
        return quantifier(settles(q, value, known) for q in p.args)
    if p.is_const("imp"):
        parts = (settles(p.args[0], not value, known), settles(p.args[1], value, known))
        return any(parts) if value else all(parts)
    if p.is_const("forall", "exists"):
        inside = Term((), p.args[0].head, p.args[0].args)
        bounded = p.args[0].binders == ("N",) and (_bounds(inside) or inside.is_const("forall", "exists"))
        return (bounded or value == p.is_const("exists")) and settles(inside, value, known)
    return True


def _bounds(t: Term) -> bool:
    """Do the premises of what a quantifier says, or its conjuncts, bound the variable from above?"""
    if t.is_const("ltN"):
        return t.args[0].head == Bound(0, "N")
    if t.is_const("imp"):
        return _bounds(t.args[0]) or (t.args[1].is_const("imp") and _bounds(t.args[1]))
    return t.is_const("and") and any(map(_bounds, t.args))


def _surely(p: Term, values: dict[str, Any], known: Known) -> bool:
    """Does an equation, an inequality or a conjunction hold here beyond what 50 digits could refute, by floats?"""
    try:
        return _opened_head(p, known).is_const("eq", "eqN", "le", "lt", "ltN", "and") and bool(evaluate(
            p, values, FLOAT, tolerance=Fraction(1, 10**13), implementations=_functions(known)))  # fmt: skip
    except Undecided:
        return False


def _functions(known: Known) -> dict[str, Callable[..., bool]]:
    return {name: p.holds for name, p in known.items()}


def _opened_head(p: Term, known: Known) -> Term:
    """A proposition with the definitions at its head unfolded, but for those that numbers decide."""
    while isinstance(p.head, Const) and p.head.body is not None and p.head.name not in known:
        p = apply(p.head.body, list(p.args))
    return p


def truth(p: Term, values: dict[str, Any], arithmetic: Any, tolerance: Fraction, known: Known = NONE,
          left: list[int] | None = None) -> bool:  # fmt: skip
    """Truth of a proposition at values, where numbers settle it; raises Undecided where they do not.

    A quantifier without a bound is settled by one witness or counterexample among a few values, of which no more
    than INSTANCES are looked at in all; ``left`` counts them.
    """
    left = [INSTANCES] if left is None else left
    try:
        return bool(evaluate(p, values, arithmetic, tolerance=tolerance, implementations=_functions(known)))
    except Undecided:
        p = _opened_head(p, known)

    def at(q: Term) -> bool | None:
        try:
            return truth(q, values, arithmetic, tolerance, known, left)
        except Undecided:
            return None

    if p.is_const("and", "or", "imp"):
        first = at(p.args[0])
        if p.is_const("imp") and first is not None:
            first = not first
        settled = not p.is_const("and")
        if first is settled:
            return settled
        second = at(p.args[1])
        if second is settled:
            return settled
        if first is not None and second is not None:
            return not settled
    elif p.is_const("forall", "exists"):
        settled = p.is_const("exists")
        v = Var(f"#{sum(name[0] == '#' for name in values)}", p.args[0].binders[0])
        inside = apply(p.args[0], [eta(v)])
        for sample in _samples(v.type, values):
            left[0] -= 1
            if left[0] < 0:
                break
            try:
                if truth(inside, {**values, v.name: sample}, arithmetic, tolerance, known, left) is settled:
                    return settled
            except (Undecided, Undefined, ZeroDivisionError, OverflowError):
                continue
    elif p.is_const("has_deriv") and arithmetic is not FLOAT:
        slope, stated = residual(p, values, arithmetic)
        gap = abs(slope - stated) / (1 + abs(stated))
        if gap > 1e-6 or gap < 1e-20:
            return bool(gap < 1e-20)
    raise Undecided(f"not settled by numbers: {p!r:.80}")


def _samples(t: Type, values: dict[str, Any]) -> Iterator[Any]:
    if t == "N":
        yield from SAMPLES
    elif t == "R":
        yield from (Fraction(k, 2) for k in (0, 2, -2, 1, 4, 6, -3))
        yield from (x for x in values.values() if isinstance(x, Fraction))
    elif t != "P":
        rng = random.Random(0)
        for _ in range(3):
            yield _random(t, rng)


def point(statement: Statement, rng: random.Random) -> dict[str, Any]:
    """Random values of the variables, now and then simple ones; a permutation of {0 .. n-1} where one is asked for."""
    values = {v.name: _simple(v.type, rng) if statement.hyps and rng.random() < 0.25 else _random(v.type, rng)
              for v in statement.variables}  # fmt: skip
    for h in statement.hyps:
        if isinstance(h.head, Const) and h.head.name == "perm" and isinstance(h.args[1].head, Var):
            n = values.get(getattr(h.args[0].head, "name", ""), 3)
            order = rng.sample(range(n), n)
            values[h.args[1].head.name] = lambda i, order=order: order[i] if i < len(order) else i
    if rng.random() < 0.6 and Var("B", ("N", "N", "R")) in statement.variables:  # a mask that permutations leave alone
        same, other = _real(rng), _real(rng)
        values["B"] = lambda i, j: same if i == j else other
    return values


def _real(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(-300, 300), 128)


def _random(t: Type, rng: random.Random) -> Any:
    if t == "N":
        return rng.randint(1, 3) if rng.random() < 0.7 else rng.randint(0, 4)
    if t == "R":
        return _real(rng)
    if sort(t) == "N":
        order = rng.sample(range(7), 7)
        return lambda *i: order[sum((3 * k + 1) * j for k, j in enumerate(i)) % 7]
    table = _Table(rng.getrandbits(64))
    if all(a == "N" for a in arguments(t)):
        return lambda *i: table[sum((10 * k + 1) * j for k, j in enumerate(i)) % 97]
    if all(a == "R" for a in arguments(t)):
        return lambda *x: sum((table[k] * y + table[k + 9] * y * y for k, y in enumerate(x)), table[20])
    return lambda *x: table[0]


class _Table(dict):
    """Random entries, drawn when they are asked for: most points are given up before most entries are."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __missing__(self, k: int) -> Fraction:
        self[k] = value = _real(random.Random(self.seed + k))
        return value


def _simple(t: Type, rng: random.Random) -> Any:
    """Values at which hypotheses are often met: small or large numbers, constant functions, nearly the identity."""
    if t == "N":
        return rng.randint(0, 2)
    if sort(t) != "R":
        return _random(t, rng)
    value = rng.choice((Fraction(0), Fraction(1), Fraction(-1), Fraction(2), Fraction(1, 2), Fraction(7)))
    if t == "R":
        return value
    if all(a == "R" for a in arguments(t)) and rng.random() < 0.8:
        factor = 1 + Fraction(rng.randint(-9, 9), 64)
        return lambda *x: x[0] * factor
    return lambda *_: value


def _holds(p: Term, values: dict[str, Any], known: Known = NONE) -> bool:
    return truth(p, values, MP(DIGITS), Fraction(1, 10**30), known)


def _fails(p: Term, values: dict[str, Any], rng: random.Random, known: Known) -> bool:
    """Does a proposition fail here by a clear margin?"""
    p = _opened_head(p, known)
    with contextlib.suppress(Undecided):
        if p.is_const("forall") and p.args[0].binders == ("R",):
            return _remainder_is_large(p, values, rng)
        if p.is_const("exists") and p.args[0].binders == ("R",):
            return _no_point_between(p, values)
    return not truth(p, values, MP(DIGITS), SEPARATION, known)


def smooth_function(rng: random.Random, values: dict[str, Any]) -> dict[str, Any]:
    """A random polynomial of degree 3 in x_0, x_1, y_0, y_1 with its gradient and Hessian blocks, d = 1 or 2."""
    d = values["d"] = rng.randint(1, 2)
    c = [[[_real(rng) / 4 for _ in range(2 * d)] for _ in range(2 * d)] for _ in range(2 * d)]
    b = [[_real(rng) for _ in range(2 * d)] for _ in range(2 * d)]
    a = [_real(rng) for _ in range(2 * d)]
    every = range(2 * d)

    def z(x: Callable, y: Callable) -> list:
        return [*(x(i) for i in range(d)), *(y(i) for i in range(d))]

    def f(x: Callable, y: Callable) -> Any:
        w = z(x, y)
        return sum(w[i] * (_mp(a[i]) + sum(w[j] * (_mp(b[i][j]) + sum(_mp(c[i][j][k]) * w[k] for k in every))
                                           for j in every)) for i in every)  # fmt: skip

    def slope(w: list, i: int) -> Any:
        return _mp(a[i]) + sum(w[j] * _mp(b[i][j] + b[j][i]) for j in every) + sum(
            w[j] * w[k] * _mp(c[i][j][k] + c[j][i][k] + c[j][k][i]) for j in every for k in every)

    def second(w: list, i: int, j: int) -> Any:
        return _mp(b[i][j] + b[j][i]) + sum(w[k] * _mp(
            c[i][j][k] + c[j][i][k] + c[i][k][j] + c[j][k][i] + c[k][i][j] + c[k][j][i]) for k in every)

    blocks = {"f_mm": (0, 0), "f_mn": (0, d), "f_nn": (d, d)}
    out: dict[str, Any] = {"d": d, "f": f, "f_m": lambda x, y, i: slope(z(x, y), i % d),
                           "f_n": lambda x, y, i: slope(z(x, y), d + i % d)}  # fmt: skip
    for name, (r, s) in blocks.items():
        out[name] = lambda x, y, i, j, r=r, s=s: second(z(x, y), r + i % d, s + j % d)
    return out


def _mp(x: Fraction) -> Any:
    return mpmath.mpf(x.numerator) / x.denominator


def _opened(p: Term, variables: Sequence[Var]) -> Term:
    for v in variables:
        p = apply(p.args[0], [eta(v)])
    return p


def _remainder_is_large(p: Term, values: dict[str, Any], rng: random.Random) -> bool:
    """``forall e. 0 < e -> exists r. 0 < r and forall p q. A <= r -> L <= e S``: is there an e for which no
    r down to 10^-20 is small enough? Other shapes are Undecided."""
    e, r, x, y = Var("#e", "R"), Var("#r", "R"), Var("#p", ("N", "R")), Var("#q", ("N", "R"))
    try:
        inside = _opened(p, [e])
        small = _opened(inside.args[1], [r])
        claim = _opened(small.args[1], [x, y])
        premise, bound = claim.args
        if not (inside.is_const("imp") and small.is_const("and") and claim.is_const("imp")):
            raise Undecided("another shape")
    except (IndexError, TermError, AttributeError):
        raise Undecided("another shape") from None
    for size in (1, Fraction(1, 16)):
        at = {**values, "#e": size}
        if not _holds(inside.args[0], at):
            continue
        if all(_violated(small.args[0], premise, bound, {**at, "#r": radius}, rng)
               for radius in (1, Fraction(1, 10**6), Fraction(1, 10**13), Fraction(1, 10**20))):  # fmt: skip
            return True
    return False


def _violated(positive: Term, premise: Term, bound: Term, at: dict[str, Any], rng: random.Random) -> bool:
    """Is there a pair of directions inside the radius that breaks the bound?"""
    if not _holds(positive, at):
        return True
    scale = Fraction(math.isqrt(int(at["#r"] * 10**24)), 10**12) / 16
    for _ in range(6):
        u, v = ([scale * Fraction(rng.randint(-8, 8), 8) for _ in range(4)] for _ in range(2))
        if rng.random() < 0.4:
            (u if rng.random() < 0.5 else v)[:] = [Fraction(0)] * 4
        here = {**at, "#p": lambda i, u=u: u[i % 4], "#q": lambda i, v=v: v[i % 4]}
        if _holds(premise, here):
            left, right = (evaluate(s, here, MP(DIGITS)) for s in bound.args)
            if left > right + abs(right) / 8 + mpmath.mpf(10) ** -46:
                return True
    return False


def _no_point_between(p: Term, values: dict[str, Any]) -> bool:
    """``exists t. 0 < t and t < 1 and l = r``: does l - r keep its sign, away from 0, on (0, 1)?"""
    t = Var("#t", "R")
    inside = _opened(p, [t])
    conditions = []
    while inside.is_const("and"):
        conditions.append(inside.args[0])
        inside = inside.args[1]
    if not inside.is_const("eq"):
        raise Undecided("another shape")
    gaps = []
    for k in range(-2, 11):
        at = {**values, "#t": Fraction(2 * k + 1, 16)}
        if all(_holds(c, at) for c in conditions):
            left, right = (evaluate(s, at, MP(DIGITS)) for s in inside.args)
            gaps.append(left - right)
    if not gaps:
        raise Undecided("no point satisfies the conditions")
    return min(gaps) > 1e-6 or max(gaps) < -1e-6
