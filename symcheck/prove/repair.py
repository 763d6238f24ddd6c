"""Repair: the nearest true statement to one that is false, with its proof.

Coefficients are unknowns and are solved for, exactly, from the values of the terms at many points; terms that
are missing come from an ansatz. Other slips are found by trying small edits, one and then two at a time. Numbers
at random points only sort candidates out: what is returned has a certificate that the checker accepted.
"""

from __future__ import annotations

import bisect
import itertools
import math
import random
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from ..checker import Rejected, decode
from ..checker.polynomial import normal
from ..claims import CLAIMS, THEOREMS, Claim, Evidence, definitions_of, library, load_derivations
from ..numerics import EXACT, FLOAT, MP, Arithmetic, Undecided, Undefined, _Fold, evaluate
from ..terms import Budget as Work
from ..terms import (
    Const,
    Num,
    Term,
    TermError,
    Type,
    Var,
    abstract,
    apply,
    arguments,
    budget,
    const,  # fmt: skip
    eq,
    eta,
    implies,
    number,
    quantify,
    sort,
    substitute,
)
from .auto import auto
from .edits import Edit, Pool, addends, ansatz, edits, exchanges
from .matching import match
from .proof import Line, Proof, ProofError, Statement

TOLERANCE = 1e-9
Values = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """Bounds on one call: wall clock, candidates looked at, proofs tried, work of one proof."""

    seconds: float = 10.0
    candidates: int = 40_000
    proofs: int = 12
    work: int = 3_000_000


@dataclass(frozen=True)
class Repair:
    """A true statement near a false one: what was changed, how far it is, and its proof."""

    statement: Statement
    edits: tuple[str, ...]
    distance: float
    prove: Callable[[Proof, Statement], Line] = field(compare=False)
    certificate: dict = field(compare=False)
    theorem: str | None = None  # the registered theorem of which it is an instance


@dataclass(frozen=True)
class Unrepaired:
    """Nothing was found: why, how many candidates were looked at, and those true at all points but not proved."""

    reason: str
    tried: int = 0
    unproved: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A changed conclusion, with what it costs and the edits in words."""

    concl: Term
    cost: float
    words: Callable[[], tuple[str, ...]]


# Values -------------------------------------------------------------------------------------------------
def _rational(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(-250, 250), 120)


def _value(t: Type, rng: random.Random) -> Any:
    """A random value of a type. Functions of reals are polynomials, so that all have exact values."""
    if t == "N":
        return rng.choice((1, 2, 2, 3, 0))
    if t == "R":
        return _rational(rng)
    args = arguments(t)
    if sort(t) == "N":
        order = rng.sample(range(3), 3)
        return lambda *i: order[i[0]] if i[0] < 3 else i[0]
    if any(isinstance(a, tuple) for a in args):
        raise Undefined(f"no values of type {t}")
    table: dict[tuple, list[Fraction]] = {}

    def f(*xs: Any) -> Any:
        whole = tuple(x for x, a in zip(xs, args, strict=True) if a == "N")
        if (c := table.get(whole)) is None:
            c = table[whole] = [_rational(rng) for _ in range(4 * len(args) + 1)]
        out: Any = c[-1]
        for k, (x, a) in enumerate(zip(xs, args, strict=True)):
            if a == "R":
                out = out + (x * (_as(c[4 * k], x) + x * (_as(c[4 * k + 1], x) + x * _as(c[4 * k + 2], x))))
        return out

    return f


def _as(c: Fraction, x: Any) -> Any:
    return c if isinstance(x, Fraction) else type(x)(c.numerator) / c.denominator


def _permutations(p: Term, values: Values, rng: random.Random) -> None:
    """Where a hypothesis asks for a permutation of {0 .. n-1}, take one."""
    if isinstance(p.head, Const) and p.head.name == "perm" and isinstance(p.args[1].head, Var):
        n = p.args[0].head
        size = values.get(n.name, 2) if isinstance(n, Var) else int(n.value) if isinstance(n, Num) else 2
        order = rng.sample(range(size), size)
        values[p.args[1].head.name] = lambda i: order[i] if i < size else i


def _sampled(p: Term) -> Term:
    """Unbounded quantifiers over naturals replaced by their first cases: for looking at, not for proving."""
    if p.is_const("forall", "exists") and p.args[0].binders == ("N",):
        parts = [_sampled(apply(p.args[0], [number(k, "N")])) for k in range(3)]
        name = "and" if p.is_const("forall") else "or"
        return const(name, parts[0], const(name, parts[1], parts[2]))
    if p.is_const("and", "or", "imp"):
        return Term((), p.head, [_sampled(a) for a in p.args])
    return p


def truth(p: Term, at: Fold) -> bool | None:
    """Is a proposition true at these values, in floats? None where no number tells."""
    for q in (p, _sampled(p)):
        try:
            return bool(at.value(q))
        except Undecided:
            continue
        except (Undefined, IndexError, OverflowError, ZeroDivisionError, TermError):
            return None
    return None


def points(statement: Statement, count: int, seed: int = 0, tries: int = 400) -> list[Values]:
    """Random values at which the hypotheses hold; fewer than ``count`` where they are hard to meet."""
    rng = random.Random(seed)
    out: list[Values] = []
    for _ in range(tries):
        if len(out) >= count:
            break
        try:
            values = {v.name: _value(v.type, rng) for v in statement.variables}
        except Undefined:
            return []
        for h in statement.hyps:
            _permutations(h, values, rng)
        at = Fold(values)
        if all(truth(h, at) for h in statement.hyps):
            out.append(values)
    return out


class Fold:
    """Values in floats at one point, shared by many terms: what they have in common is computed once."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.fold = _Fold(values, FLOAT, TOLERANCE * 10, None)

    def size(self) -> int:
        """Sum of the naturals: how long the sums are."""
        return sum(x for x in self.values.values() if isinstance(x, int))

    def value(self, t: Term) -> Any:
        if len(self.fold.memo) > 100_000:
            self.fold.memo.clear()
        return self.fold.value(t)


def _float(t: Term, at: Fold) -> float:
    try:
        x = float(at.value(t))
    except (Undefined, Undecided, IndexError, OverflowError, ZeroDivisionError, TermError):
        return math.nan
    return x if abs(x) < 1e12 else math.nan


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= TOLERANCE * (1 + abs(a) + abs(b))


# The statement without its quantifiers --------------------------------------------------------------------
@dataclass(frozen=True)
class Peeled:
    """A statement whose leading quantifiers and premises became variables and hypotheses; and the way back."""

    inner: Statement
    wrap: Callable[[Term], Term]


def peel(statement: Statement) -> Peeled:
    """Open ``forall`` and ``imp`` in front of the conclusion (a negation stays as it is)."""
    concl, hyps, variables = statement.concl, list(statement.hyps), list(statement.variables)
    layers: list[Var | Term] = []
    while concl.is_const("forall") or (concl.is_const("imp") and not concl.args[1].is_const("false")):
        if concl.is_const("imp"):
            hyps.append(concl.args[0])
            layers.append(concl.args[0])
            concl = concl.args[1]
        else:
            v = Var(next(n for n in (f"x{k}" for k in itertools.count(1)) if n not in {w.name for w in variables}),
                    concl.args[0].binders[0])  # fmt: skip
            variables.append(v)
            layers.append(v)
            concl = apply(concl.args[0], [eta(v)])

    def wrap(t: Term) -> Term:
        for layer in reversed(layers):
            t = implies(layer, t) if isinstance(layer, Term) else quantify("forall", [layer], t)
        return t

    return Peeled(Statement(tuple(hyps), concl, tuple(variables)), wrap)


# Linear equations for the coefficients --------------------------------------------------------------------
def combination(parts: Iterable[tuple[Fraction, Term]]) -> Term:
    """The sum of the terms with their coefficients, without those that are 0."""
    out: Term | None = None
    for c, t in parts:
        if c:
            s = t if c == 1 else const("mul", number(c), t)
            out = s if out is None else const("add", out, s)
    return number(0) if out is None else out


@dataclass
class System:
    """``sum c_k column_k = target``, one equation a row, over the rationals or in numbers of 40 digits."""

    columns: list[list[Any]]
    target: list[Any]
    exact: bool

    def solve(self, free: Sequence[int], fixed: Sequence[Fraction]) -> list[Fraction] | None:
        """The unknowns ``free`` where the others are ``fixed``; None unless there is one solution, and rational."""
        small = self._number(Fraction(0) if self.exact else Fraction(1, 10**25))
        rows = []
        for i, b in enumerate(self.target):
            rest = b - sum(self.columns[k][i] * self._number(c) for k, c in enumerate(fixed) if k not in free and c)
            rows.append([*(self.columns[k][i] for k in free), rest])
        solution = self._eliminate(rows, len(free), small)
        if solution is None:
            return None
        out = list(fixed)
        for k, x in zip(free, solution, strict=True):
            q = x if self.exact else Fraction(str(x)).limit_denominator(64)
            if not self.exact and abs(Fraction(str(x)) - q) > Fraction(1, 10**20):
                return None
            out[k] = q
        return out

    def _number(self, c: Fraction) -> Any:
        import mpmath

        return c if self.exact else mpmath.mpf(c.numerator) / c.denominator

    @staticmethod
    def _eliminate(rows: list[list[Any]], unknowns: int, small: Any) -> list[Any] | None:
        """Gaussian elimination with the largest pivot; None where the solution is not unique or does not exist."""
        rows = [list(r) for r in rows]
        for k in range(unknowns):
            pivot = max(range(k, len(rows)), key=lambda i: abs(rows[i][k]), default=None)
            if pivot is None or abs(rows[pivot][k]) <= small:
                return None
            rows[k], rows[pivot] = rows[pivot], rows[k]
            rows[k] = [x / rows[k][k] for x in rows[k]]
            for i in range(len(rows)):
                if i != k and rows[i][k]:
                    rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
        if any(abs(r[unknowns]) > small for r in rows[unknowns:]):
            return None
        return [rows[k][unknowns] for k in range(unknowns)]


def _column(t: Term, at: Sequence[Values], arithmetic: Arithmetic) -> list[Any]:
    return [evaluate(t, values, arithmetic) for values in at]


def system(terms: Sequence[Term], target: Term | None, at: Sequence[Values]) -> System | None:
    """The equations for the coefficients of ``terms`` at the points, exact where all values are rational."""
    for arithmetic in (EXACT, MP(40)):
        try:
            with arithmetic.context():
                columns = [_column(t, at, arithmetic) for t in terms]
                right = [arithmetic.real(0)] * len(at) if target is None else _column(target, at, arithmetic)
            return System(columns, right, arithmetic is EXACT)
        except (Undefined, Undecided, IndexError, OverflowError, ZeroDivisionError):
            continue
    return None


def _cost(old: Fraction, new: Fraction) -> float:
    if old == new:
        return 0.0
    if old == 0:
        return 1.6 + 0.1 * math.log2(max(abs(new.numerator), new.denominator))
    if new == 0:
        return 1.4
    return 1.0 if new == -old else 1.1 + 0.1 * math.log2(max(abs(new.numerator), new.denominator))


def solutions(equations: System, printed: Sequence[Fraction], most: int = 3, locked: Container[int] = ()) -> Iterator[
        tuple[float, list[Fraction]]]:  # fmt: skip
    """Coefficients that satisfy the equations with few of the printed ones changed, the nearest first."""
    import mpmath

    places = [k for k in range(len(printed)) if k not in locked]
    found: list[tuple[float, list[Fraction]]] = []
    for size in range(most + 1):
        with mpmath.workdps(40):  # left before anything is yielded: a generator that is not run to its end keeps it
            for free in itertools.combinations(places, size):
                c = equations.solve(free, printed)
                if c is not None and any(c):
                    found.append((sum(map(_cost, printed, c)), c))
        if found:
            break
    yield from sorted(found, key=lambda e: e[0])


def _text(t: Term) -> str:
    from ..render.text import text

    return text(t)


def _coefficient_words(terms: Sequence[Term], old: Sequence[Fraction], new: Sequence[Fraction],
                       say: Callable[[Term], str] = _text) -> tuple[str, ...]:  # fmt: skip
    out = []
    for t, a, b in zip(terms, old, new, strict=True):
        if a == b:
            continue
        out.append(f"a missing term: {b} times {say(t)}" if a == 0 else f"a term too many: {say(t)}" if b == 0
                   else f"coefficient of {say(t)}: {a} becomes {b}")  # fmt: skip
    return tuple(out)


def _of_equation(peeled: Peeled, at: Sequence[Values], with_ansatz: bool) -> Iterator[Candidate]:
    """Other coefficients on either side of an equation, with or without the terms of the ansatz."""
    left, right = peeled.inner.concl.args
    for k, (side, other) in enumerate(((right, left), (left, right))):
        parts = addends(side)
        terms, printed = [t for _, t in parts], [c for c, _ in parts]
        if with_ansatz:
            more = ansatz(terms) or ansatz([*terms, *(t for _, t in addends(other))])
            if not more:
                continue
            terms, printed = [*terms, *more], [*printed, *([Fraction(0)] * len(more))]
        if len(terms) > 16 or len(at) < len(terms) + 2:
            continue
        equations = system(terms, other, at[: len(terms) + 4])
        if equations is None:
            continue
        for cost, c in solutions(equations, printed):
            new = combination(zip(c, terms, strict=True))
            concl = eq(left, new) if k == 0 else eq(new, right)
            if cost:
                yield Candidate(concl, cost + 0.1 * k, partial(_coefficient_words, terms, printed, c))


# Remainders of a Taylor expansion ------------------------------------------------------------------------
def _test_functions() -> list[dict[str, Term]]:
    """Quadratic functions with their derivatives: on them a remainder o(|p|^2) must vanish identically."""
    from derivations.taylor import quadratic

    return [quadratic(*abc) for abc in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 2, -3))]


def _of_remainder(peeled: Peeled) -> Iterator[Candidate]:
    """Corrections of ``F(p, q) = o(|(p, q)|^2)``: for every quadratic f, F must be 0. Coefficients are solved for;
    a point may be another one everywhere. The first term of F, the expanded function itself, is kept.
    """
    concl = peeled.inner.concl
    if not (isinstance(concl.head, Const) and concl.head.name == "small_o"):
        return
    d, F = concl.args
    moving = [Var(f"#p{k}", t) for k, t in enumerate(F.binders)]
    printed_parts = addends(apply(F, [eta(v) for v in moving]))
    rng = random.Random(1)
    at: list[Values] = []
    for values in _test_functions():
        if not set(values) <= {v.name for v in peeled.inner.variables}:
            return
        functions = {name: evaluate(t, {}, EXACT) for name, t in values.items()}
        for _ in range(4):
            others = {v.name: _value(v.type, rng) for v in (*peeled.inner.variables, *moving) if v.name not in values}
            at.append({**functions, **others})
    say = _with_names(moving)
    for change in _simpler([t for _, t in printed_parts[1:]]):
        parts = [printed_parts[0], *((c, _put_everywhere(t, change)) for c, t in printed_parts[1:])]
        terms, printed = [t for _, t in parts], [c for c, _ in parts]
        equations = system(terms, None, at)
        if equations is None:
            continue
        for cost, c in solutions(equations, printed, locked={0}):
            def words(c: list[Fraction] = c, terms: list[Term] = terms, printed: list[Fraction] = printed,
                      change: dict[Term, Term] = change) -> tuple[str, ...]:  # fmt: skip
                moved = tuple(f"{say(a)} becomes {say(b)} everywhere" for a, b in change.items())
                return (*moved, *_coefficient_words(terms, [-x for x in printed], [-x for x in c], say))

            new = abstract(moving, combination(zip(c, terms, strict=True)))
            yield Candidate(Term((), concl.head, [d, new]), cost + 1.5 * len(change), words)


def _simpler(terms: Sequence[Term]) -> list[dict[Term, Term]]:
    """What may stand for function-valued subterms that occur more than once: a variable inside of their type."""
    counts: dict[Term, int] = {}
    todo = list(terms)
    while todo:
        t = todo.pop()
        todo += t.args
        if t.binders and not t.loose and not isinstance(t.head, Var):
            counts[t] = counts.get(t, 0) + 1
    choices = [[(t, None), *((t, eta(v)) for v in sorted(t.free, key=lambda v: v.name) if v.type == t.type)]
               for t, n in counts.items() if n > 1]  # fmt: skip
    several = itertools.islice(itertools.product(*choices), 40)
    return sorted(({t: new for t, new in change if new is not None} for change in several), key=len)


def _put_everywhere(t: Term, change: dict[Term, Term]) -> Term:
    if t in change:
        return change[t]
    return Term(t.binders, t.head, [_put_everywhere(a, change) for a in t.args])


def _with_names(moving: Sequence[Var]) -> Callable[[Term], str]:
    """Text of a term with readable names for the moving variables."""
    def say(t: Term) -> str:
        names = (n for n in ("p", "q", "u", "v", "w") if n not in {v.name for v in t.free})
        return _text(substitute(t, {v: eta(Var(next(names), v.type)) for v in moving}))

    return say


# Edits ----------------------------------------------------------------------------------------------------
def _definitions() -> dict[Type, list[Const]]:
    """The defined constants of the registered theorems, by type."""
    found: dict[Term, Const] = {}
    for entry in THEOREMS.values():
        for c in definitions_of(entry.statement).values():
            found.setdefault(eta(c), c)
    out: dict[Type, list[Const]] = {}
    for c in found.values():
        if sort(c.type) == "R" and isinstance(c.type, tuple):
            out.setdefault(c.type, []).append(c)
    return out


@dataclass
class _Side:
    """A side of an equation after some edits, with its values at the points seen so far."""

    term: Term
    cost: float
    made: tuple[Edit, ...]
    values: list[float]


class _Search:
    """The candidates of one repair, within its limits."""

    def __init__(self, statement: Statement, limits: Limits, witness: Values | None) -> None:
        self.limits, self.deadline = limits, time.monotonic() + limits.seconds
        self.peeled, self.tried = peel(statement), 0
        inner = self.peeled.inner
        folds = [(f, self.fails(f)) for f in map(Fold, points(inner, 32))]
        self.points = [f.values for f, fails in folds if fails is not None]
        self.failing = [f for f, fails in folds if fails]
        if self.failing:  # most candidates are dropped at the first point: let it be a quick one
            first = min(self.failing, key=Fold.size)
            self.failing = [first, *(f for f in self.failing if f is not first)]
        if witness is not None:
            self.failing.insert(0, Fold(witness))
        rest = [f for f, fails in folds if fails is False]
        self.at = [*self.failing[:3], *rest[:2], *self.failing[3:], *rest[2:]]
        if inner.concl.is_const("eq"):  # two expressions that agree at a few generic points are the same
            self.at = self.at[:6]
        self.pool = Pool.of((*inner.hyps, inner.concl), inner.variables, _definitions())

    def fails(self, at: Fold) -> bool | None:
        """Does the printed conclusion fail here? None where it has no value."""
        concl = self.peeled.inner.concl
        if concl.is_const("eq"):
            a, b = (_float(t, at) for t in concl.args)
            return None if math.isnan(a) or math.isnan(b) else not _close(a, b)
        value = truth(concl, at)
        return None if value is None else not value

    def over(self) -> bool:
        return time.monotonic() > self.deadline or self.tried >= self.limits.candidates

    def stages(self) -> Iterator[list[Candidate]]:
        """Batches of candidates, each true at all points, the near ones first."""
        concl = self.peeled.inner.concl
        yield list(_of_remainder(self.peeled))
        if not self.at:
            return
        if concl.is_const("eq"):
            singles = [*_of_equation(self.peeled, self.points, False), *self.equations(1, 0), *self.equations(0, 1)]
            yield singles
            yield [*_of_equation(self.peeled, self.points, True), *self.equations(1, 1)]
            yield self.equations(0, 2)
            yield self.equations(2, 0)
        else:
            yield self.propositions(1)
            yield self.propositions(2)

    def sides(self, start: Term, depth: int) -> Iterator[_Side]:
        """A side and what ``depth`` edits make of it, each once, the cheap ones first."""
        if depth == 0:
            yield _Side(start, 0.0, (), [])
            return
        made = sorted((e for e in itertools.chain(edits(start, self.pool), exchanges(start, self.pool))),
                      key=lambda e: e.cost)  # fmt: skip
        seen = {normal(start)}
        for e in made:
            if (k := normal(e.term)) in seen:
                continue
            seen.add(k)
            yield _Side(e.term, e.cost, (e,), [])
        if depth == 1:
            return
        first = [_Side(e.term, e.cost, (e,), []) for e in made if normal(e.term) in seen]
        for one in first:
            for e in edits(one.term, self.pool):
                if self.over():
                    return
                if (k := normal(e.term)) not in seen:
                    seen.add(k)
                    yield _Side(e.term, one.cost + e.cost, (*one.made, e), [])

    def value(self, side: _Side, k: int) -> float:
        while len(side.values) <= k:
            self.tried += 1
            side.values.append(_float(side.term, self.at[len(side.values)]))
        return side.values[k]

    def equations(self, left_edits: int, right_edits: int) -> list[Candidate]:
        """Equations with so many edits on either side, true at all points."""
        left, right = self.peeled.inner.concl.args
        rights: list[tuple[float, int, _Side]] = []
        for r in self.sides(right, right_edits):
            if self.over():
                break
            if not math.isnan(x := self.value(r, 0)):
                rights.append((x, len(rights), r))
        rights.sort(key=lambda e: e[:2])
        keys = [x for x, _, _ in rights]
        out = []
        for l in self.sides(left, left_edits):
            if self.over():
                break
            x = self.value(l, 0)
            if math.isnan(x):
                continue
            wide = TOLERANCE * (2 + 4 * abs(x))
            for j in range(bisect.bisect_left(keys, x - wide), bisect.bisect_right(keys, x + wide)):
                r = rights[j][2]
                if self.agree(l, r) and (c := self.candidate(l, r)) is not None:
                    out.append(c)
        return out

    def agree(self, l: _Side, r: _Side) -> bool:
        zero = 0
        for k in range(len(self.at)):
            a, b = self.value(l, k), self.value(r, k)
            if not _close(a, b):  # so is nan
                return False
            zero += abs(a) < TOLERANCE
        return zero < len(self.at) or any(isinstance(t.head, Num) for t in self.peeled.inner.concl.args)

    def candidate(self, l: _Side, r: _Side) -> Candidate | None:
        """An equation with its cost; edits on the left and lost variables make it less near."""
        concl = self.peeled.inner.concl
        if {l.term, r.term} == set(concl.args):
            return None
        new = eq(l.term, r.term)
        lost = len(concl.free - new.free)
        cost = l.cost + r.cost + 0.1 * len(l.made) + lost + 0.01 * max(0, new.size - concl.size)
        return Candidate(new, cost, partial(_words, (*l.made, *r.made)))

    def propositions(self, depth: int) -> list[Candidate]:
        """Other conclusions, with so many edits, that hold at all points."""
        concl = self.peeled.inner.concl
        out = []
        for side in self.sides(concl, depth):
            if self.over():
                break
            self.tried += 1
            if all(truth(side.term, v) for v in self.at):
                cost = side.cost + len(concl.free - side.term.free)
                out.append(Candidate(side.term, cost, partial(_words, side.made)))
        return out


def _words(made: Iterable[Edit]) -> tuple[str, ...]:
    return tuple(e.words for e in made)


def trivial(concl: Term) -> bool:
    """Does a conclusion say that something is itself: the same terms with the same coefficients on both sides?"""
    body = peel(Statement((), concl)).inner.concl
    if not body.is_const("eq", "eqN", "le", "lt"):
        return False
    left, right = (_collected(side) for side in body.args)
    return left == right or all(normal(side) == normal(number(0)) for side in body.args)


def _collected(t: Term) -> dict[bytes, Fraction]:
    out: dict[bytes, Fraction] = {}
    for c, s in addends(t):
        out[normal(s)] = out.get(normal(s), Fraction(0)) + c
    return {k: c for k, c in out.items() if c}


# Proof ------------------------------------------------------------------------------------------------------
_library: list[Any] = []


def _shared_library() -> Any:
    """One library for all repairs of a process: a theorem is proved once."""
    if not _library:
        _library.append(library())
    return _library[0]


def proved(statement: Statement, without: Container[str] = (), work: int = Limits.work) -> tuple[
        Callable[[Proof, Statement], Line], dict, str | None] | None:  # fmt: skip
    """Proof script, accepted certificate, and the theorem that was cited if it was one; or None."""
    lemmas = _shared_library()

    def prove(p: Proof, s: Statement) -> Line:
        return auto(p, s, without)

    p = Proof(library=lemmas)
    token = budget.set(Work(work))
    try:
        certificate = p.certificate(prove(p, statement))
    except (ProofError, TermError, Rejected, RecursionError):
        return None
    finally:
        budget.reset(token)
    try:
        if not statement.is_proved_by(decode(certificate, lemmas.accepted)):
            return None
    except Rejected:
        return None
    by_digest = {d: n for n, d in lemmas.digests.items()}
    names = {by_digest.get(s[1], "") for s in certificate["steps"] if s[0] == "cite"} & THEOREMS.keys()
    return prove, certificate, names.pop() if len(names) == 1 else None


def _candidates(search: _Search) -> Iterator[tuple[Candidate, Term]]:
    """Candidates with their whole conclusions, stage by stage, each once."""
    seen: set[bytes] = set()
    for stage in search.stages():
        for c in sorted(stage, key=lambda c: c.cost):
            whole = search.peeled.wrap(c.concl)
            if normal(whole) not in seen and not trivial(whole):
                seen.add(normal(whole))
                yield c, whole
        if search.over():
            return


def repair(statement: Statement, evidence: Evidence | None = None, *, limits: Limits = Limits(),
           without: Container[str] = ()) -> Repair | Unrepaired:  # fmt: skip
    """The nearest true statement that is found and proved within the limits.

    ``evidence`` says that the statement is refuted; without it, a statement that fails nowhere that was looked
    at is left alone. Theorems in ``without`` are not cited.
    """
    load_derivations()
    search = _Search(statement, limits, _witness(evidence, statement))
    if not search.failing and not any(c.cost for c in _of_remainder(search.peeled)):
        return Unrepaired("no values were found at which it fails")
    unproved: list[Statement] = []
    for c, concl in _candidates(search):
        new = Statement(statement.hyps, concl, statement.variables)
        if len(unproved) >= limits.proofs or time.monotonic() > search.deadline + limits.seconds:
            break
        found = proved(new, without, limits.work)
        if found is not None:
            return Repair(new, c.words(), round(c.cost, 3), *found)
        unproved.append(new)
    reason = "candidates hold at all points, but none was proved" if unproved else "no candidate holds at all points"
    return Unrepaired(reason, search.tried, tuple(unproved))


def coefficients(statement: Statement) -> Repair | None:
    """The nearest rational coefficients of the printed terms that make the statement true, with the proof."""
    load_derivations()
    peeled = peel(statement)
    found = list(_of_remainder(peeled))
    if not found and peeled.inner.concl.is_const("eq"):
        at = points(peeled.inner, 24)
        found = [*_of_equation(peeled, at, False)]
    for c in sorted(found, key=lambda c: c.cost):
        new = Statement(statement.hyps, peeled.wrap(c.concl), statement.variables)
        if c.cost and (proof := proved(new)) is not None:
            return Repair(new, c.words(), round(c.cost, 3), *proof)
    return None


def _witness(evidence: Evidence | None, statement: Statement) -> Values | None:
    """The values of a refutation that denies the statement, as numbers and functions."""
    for piece in evidence.pieces if evidence else ():
        values = getattr(piece.prove, "values", None)
        if piece.denies is not None and piece.denies == statement and values is not None:
            try:
                out = {k: evaluate(v, {}, FLOAT) if isinstance(v, Term) else v for k, v in values.items()}
            except (Undefined, Undecided):
                return None
            peeled = peel(statement).inner
            return out if all(v.name in out for v in peeled.variables) else None
    return None


# The refuted claims -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Outcome:
    """What repair made of one refuted statement of a claim."""

    claim: str
    mended: bool
    edits: tuple[str, ...]
    agrees: bool | None  # with the entry's own correction, up to instantiation; None where nothing was found
    reason: str = ""
    seconds: float = 0.0


def report(ids: Iterable[str] = (), limits: Limits = Limits()) -> list[Outcome]:
    """Repair of every refuted claim (or of those named), one outcome for each statement that it denies."""
    load_derivations()
    wanted = set(ids)
    out = []
    for c in sorted(CLAIMS.values(), key=lambda c: c.id):
        if c.evidence.verdict != "refuted" or (wanted and c.id not in wanted):
            continue
        for piece in c.evidence.pieces:
            if piece.denies is None or piece.role != "refutation":
                continue
            start = time.monotonic()
            found = repair(piece.denies, c.evidence, limits=limits)
            spent = time.monotonic() - start
            if isinstance(found, Repair):
                out.append(Outcome(c.id, True, found.edits, _agrees(found, c), "", spent))
            else:
                out.append(Outcome(c.id, False, (), None, found.reason, spent))
    return out


def _agrees(found: Repair, claim: Claim) -> bool:
    """Is the repair the entry's correction, or an instance of it, or the other way round?"""
    for piece in claim.evidence.pieces:
        if piece.role != "correction" or piece.statement is None:
            continue
        if found.theorem is not None and found.theorem == piece.theorem:
            return True
        for general, special in ((piece.statement, found.statement), (found.statement, piece.statement)):
            a, b = general.concl, special.concl
            orders = [b.args, b.args[::-1]] if b.is_const("eq") else [b.args]
            if a.head == b.head and any(match(zip(a.args, o, strict=True), frozenset(general.variables)) is not None
                                        for o in orders):  # fmt: skip
                return True
    return False


FIGURES = "<!-- figures -->"


def table(outcomes: Sequence[Outcome]) -> str:
    """The report in Markdown."""
    mended = [o for o in outcomes if o.mended]
    out = [f"{len(mended)} of {len(outcomes)} refuted statements are mended without help, "
           f"{sum(bool(o.agrees) for o in mended)} of them as the entry corrects them.", "",
           "| claim | edits, or why there is no repair | the entry's correction | seconds |",
           "|---|---|---|---|"]  # fmt: skip
    for o in outcomes:
        says = "; ".join(o.edits) if o.mended else f"none: {o.reason}"
        same = "" if o.agrees is None else "the same" if o.agrees else "another"
        out.append(f"| {o.claim} | {says.replace('|', chr(92) + '|')} | {same} | {o.seconds:.1f} |")
    return "\n".join(out) + "\n"


def main(arguments: Sequence[str]) -> None:
    """Print the report; or, with a file, put it there below the line that marks the figures."""
    text = table(report())
    if not arguments:
        print(text, end="")
        return
    page = Path(arguments[0])
    page.write_text(page.read_text(encoding="utf-8").split(FIGURES)[0] + FIGURES + "\n\n" + text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
