"""Finds exact values at which a statement fails, and the proof script that refutes it there.

Random values find a failure of an equation at once, where small ones may hide it behind a symmetry; the
failure is then made as simple as possible, variable by variable: sizes 1 and 2, constant vectors, Kronecker
deltas, angles 0 and pi/2. A remainder that should be o(|p|^2) is tried on the examples that are registered
for its hypothesis (quadratic functions), along simple directions. Floats and rationals guide the search;
what it finds is proved by the checker's rules.
"""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..numerics import FLOAT, Undecided, Undefined, evaluate
from ..terms import (
    Const,
    Term,
    TermError,
    Type,
    Var,
    abstract,
    apply,
    arguments,
    const,
    eq,
    eta,
    false,
    lam,
    le,
    lt,
    number,
    sort,
    substitute,
)
from .calculus import derivative
from .proof import Library, Line, Proof, ProofError, Statement
from .refute import HALF_PI, compute, contradict, decide, matrix, naturals, table

Script = Callable[[Proof, Statement], Line]
Values = dict[str, Term]
MARGIN = 1e-6  # a failure in floats counts from here on
ONCE, BOTH = [(Fraction(1), [0], number(1))], [(Fraction(1), [0], number(1)), (Fraction(1), [1], number(1))]
MAX_PROOFS = 6  # proofs that are tried before the search gives up


@dataclass(frozen=True)
class Example:
    """Values of some variables at which a hypothesis holds, and its proof there."""

    values: Mapping[str, Term]
    prove: Callable[[Proof], Line]


#: Examples of the hypotheses that computing does not decide, by the name of the defined constant.
EXAMPLES: dict[str, Callable[[], Iterable[Example]]] = {}


def register_examples(name: str, examples: Callable[[], Iterable[Example]]) -> None:
    """Give the search examples that satisfy the hypotheses headed by a defined constant."""
    EXAMPLES[name] = examples


@dataclass(frozen=True)
class Refutation:
    """Values of the variables at which a statement fails, and a certificate of :func:`refute.denial`."""

    values: Values
    certificate: dict[str, Any]


def find_refutation(statement: Statement, tries: int = 400, seed: int = 0, library: Library | None = None,
                    ) -> Refutation | None:  # fmt: skip
    """A refutation, or None where nothing was found; ``library`` keeps the lemmas on which it rests."""
    rng, library = random.Random(seed), library or Library()
    for example in _examples(statement):
        concl = _opened(statement.concl)
        if concl.is_const("forall") and concl.args[0].binders == ("R",):
            found = _remainder(statement, example, library)
        elif concl.is_const("exists") and concl.args[0].binders == ("R",):
            found = _point_between(statement, example, library)
        elif any(part.is_const("has_deriv") for part in _conjuncts(concl)):
            found = _wrong_slope(statement, example, library)
        else:
            found = _failure(statement, example, library, tries, rng)
        if found is not None:
            return found
    return None


def _examples(statement: Statement) -> Iterator[Example | None]:
    for h in statement.hyps:
        if isinstance(h.head, Const) and h.head.name in EXAMPLES:
            yield from EXAMPLES[h.head.name]()
            return
    yield None


def denied(statement: Statement, values: Mapping[str, Term], example: Example | None,
           finish: Callable[[Proof, Line], Line]) -> Script:  # fmt: skip
    """The script: claim, at these values, with its hypotheses proved; ``finish`` derives false from the rest."""

    def prove(p: Proof, _: Statement) -> Line:
        claim = p.assume(statement.closed())
        line = p.specialise(claim, *(values[v.name] for v in statement.variables))
        for h in statement.hyps:
            premise = line.concl.args[0]
            given = example is not None and isinstance(h.head, Const) and h.head.name in EXAMPLES
            line = p.mp(line, example.prove(p) if given and example else decide(p, premise))
        return p.discharge(finish(p, line), claim.concl)

    return prove


def _opened(p: Term) -> Term:
    """A proposition with the definitions at its head unfolded."""
    while isinstance(p.head, Const) and p.head.body is not None:
        p = apply(p.head.body, list(p.args))
    return p


def _at_head(p: Proof, line: Line) -> Line:
    while isinstance(line.concl.head, Const) and line.concl.head.body is not None:
        line = p.convert(line, apply(line.concl.head.body, list(line.concl.args)), line.concl.head.name)
    return line


# Equations and inequalities ---------------------------------------------------------------------------
SMALL = (number(0), number(1), HALF_PI, number(2), number(-1), number(Fraction(1, 2)))


def _failure(statement: Statement, example: Example | None, library: Library, tries: int, rng: random.Random,
             ) -> Refutation | None:  # fmt: skip
    inside = _Inside.of(statement)
    fixed = dict(example.values) if example else {}
    proofs = 0
    for k in range(tries):
        values = {v.name: fixed[v.name] if v.name in fixed else _random(v.type, rng, k) for v in inside.variables}
        _permute(inside, values, fixed, rng, k)
        if not inside.fails(values):
            continue
        for chosen in (_simplest(inside, values, set(fixed)), values):

            def finish(p: Proof, line: Line, chosen: Values = chosen) -> Line:
                return contradict(p, _at_head(p, line), [chosen[v.name] for v in inside.inner])

            script = denied(statement, chosen, example, finish)
            if (certificate := _certificate(statement, script, library)) is not None:
                return Refutation({v.name: chosen[v.name] for v in statement.variables}, certificate)
        proofs += 1
        if proofs >= MAX_PROOFS:
            return None
    return None


def _certificate(statement: Statement, script: Script, library: Library) -> dict[str, Any] | None:
    """The certificate that a script gives, or None where it does not go through."""
    p = Proof(library=library)
    try:
        return p.certificate(script(p, statement))
    except (ProofError, TermError, IndexError):
        return None


@dataclass
class _Inside:
    """A statement with the quantifiers and premises at the head of its conclusion opened."""

    statement: Statement
    inner: list[Var]
    hyps: list[Term]
    concl: Term
    cache: dict[tuple[str, bytes], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, statement: Statement) -> _Inside:
        inner: list[Var] = []
        hyps = [h for h in statement.hyps if not (isinstance(h.head, Const) and h.head.name in EXAMPLES)]
        p = _opened(statement.concl)
        while p.is_const("forall", "imp"):
            if p.is_const("imp"):
                hyps.append(p.args[0])
                p = _opened(p.args[1])
            else:
                v = Var(f"inner{len(inner)}", p.args[0].binders[0])
                inner.append(v)
                p = _opened(apply(p.args[0], [eta(v)]))
        return cls(statement, inner, hyps, p)

    @property
    def variables(self) -> list[Var]:
        return [*self.statement.variables, *self.inner]

    def fails(self, values: Mapping[str, Term]) -> bool:
        """Do the hypotheses hold and does the conclusion fail by a margin, in floats?"""
        env = {}
        for v in self.variables:
            x = values[v.name]
            key = (v.name, x.digest)
            if key not in self.cache:
                self.cache[key] = remembered(evaluate(x))
            env[v] = self.cache[key]
        try:
            return (all(evaluate(h, env, tolerance=1e-12) for h in self.hyps)
                    and not evaluate(self.concl, env, FLOAT, tolerance=0 if self.concl.is_const("lt") else MARGIN))
        except (Undefined, Undecided, IndexError, OverflowError, ZeroDivisionError):
            return False


def remembered(value: Any) -> Any:
    """A function of naturals with the values that were asked for kept; anything else as it is."""
    if not callable(value):
        return value
    known: dict[Any, Any] = {}

    def at(*xs: Any) -> Any:
        if not all(isinstance(x, int) for x in xs):
            return value(*xs)
        if xs not in known:
            known[xs] = value(*xs)
        return known[xs]

    return at


def _permute(inside: _Inside, values: Values, fixed: Mapping[str, Term], rng: random.Random, k: int) -> None:
    """Where a hypothesis asks for a permutation of {0 .. n-1}, draw one; a matrix in a hypothesis is often one
    that every permutation leaves as it is."""
    for h in inside.hyps:
        if isinstance(h.head, Const) and h.head.name == "perm" and isinstance(h.args[1].head, Var):
            n = rng.choice((2, 3))
            if isinstance(h.args[0].head, Var) and h.args[0].head.name not in fixed:
                values[h.args[0].head.name] = number(n, "N")
            values[h.args[1].head.name] = naturals(rng.sample(range(n), n) if k % 4 else [1, 0, 2][:n])
        if k % 3:
            for v in h.free:
                if v.type == ("N", "N", "R") and v.name not in fixed:
                    values[v.name] = rng.choice((_constant(v.type, number(1)), delta_matrix(), delta_matrix(2)))


def delta_matrix(more: int = 0) -> Term:
    """The matrix with entries delta(i, j) + more: every permutation leaves it as it is."""
    return lam(["N", "N"], lambda i, j: const("delta", i, j) + more if more else const("delta", i, j))


def _rational(rng: random.Random) -> Term:
    return number(Fraction(rng.choice((-5, -3, -2, -1, 1, 2, 3, 5, 7)), rng.choice((1, 2, 3, 4))))


def _random(t: Type, rng: random.Random, k: int) -> Term:
    if t == "N":
        return number(rng.choice((0, 1, 1, 2, 2, 3)), "N")
    if t == "R":
        return _rational(rng) if k % 3 else rng.choice(SMALL)
    if t == ("N", "R"):
        return table(_rational(rng) for _ in range(5))
    if t == ("N", "N"):
        return naturals(rng.sample(range(3), 3) if k % 2 else rng.choices(range(3), k=3))
    if t == ("N", "N", "R"):
        return matrix([_rational(rng) for _ in range(3)] for _ in range(3))
    args, value = list(arguments(t)), _rational(rng)
    if sort(t) == "R" and args[-1] == "N":
        other = _rational(rng)
        return lam(args, lambda *xs: value * xs[-1] + other)
    if sort(t) == "R" and args[-1] == "R":
        return lam(args, lambda *xs: value * (xs[-1] * xs[-1]) + xs[-1])
    if sort(t) == "R" and args[0] == ("N", "R"):
        return lam(args, lambda *xs: value * xs[0](0) + xs[-1](number(0, "N")) * xs[0](1))
    if sort(t) in "RN":
        return _constant(t, number(1, sort(t)))
    raise ProofError(f"no values are known for the type {t}")


def _constant(t: Type, value: Term) -> Term:
    return lam(list(arguments(t)), lambda *_: value, sort(t))


def _simpler(t: Type) -> Iterator[Term]:
    """Simple values of a type, the simplest first."""
    if t == "N":
        yield from (number(k, "N") for k in (1, 0, 2))
    elif t == "R":
        yield from SMALL
    elif sort(t) == "R" and all(a == "N" for a in arguments(t)):
        yield from (_constant(t, c) for c in SMALL[:4])
        if len(arguments(t)) == 1:
            yield from (table(row) for row in ((1, 0), (0, 1), (0, 1, 0), (1, 2), (0, HALF_PI)))
        elif len(arguments(t)) == 2:
            yield delta_matrix()
            yield from (matrix(rows) for rows in (((1, 0), (0, 0)), ((0, 1), (0, 0)), ((0, 0), (1, 0)), ((1,), (0,)),
                                                  ((1,), (2,)), ((1, 0),)))  # fmt: skip
    elif t == ("N", "N"):
        yield from (naturals(s) for s in ([1, 0], [0, 1, 2], [1, 2, 0]))


def _simplest(inside: _Inside, values: Values, fixed: set[str]) -> Values:
    """Replace value after value by the simplest one with which the statement still fails."""
    for v in inside.variables:
        for simple in () if v.name in fixed else _simpler(v.type):
            if simple == values[v.name]:
                break
            if inside.fails({**values, v.name: simple}):
                values = {**values, v.name: simple}
                break
    return values


def find_instance(statement: Statement, tries: int = 400, seed: int = 0, library: Library | None = None,
                  ) -> tuple[Values, list[Line]] | None:  # fmt: skip
    """Values at which all hypotheses hold, simple ones if it can be, and the lines that prove them; or None."""
    rng = random.Random(seed)
    for example in _examples(statement):
        fixed = dict(example.values) if example else {}
        inside = _Inside.of(Statement(statement.hyps, false(), statement.variables))
        for k in range(tries):
            values = {v.name: fixed[v.name] if v.name in fixed else _random(v.type, rng, k) for v in inside.variables}
            _permute(inside, values, fixed, rng, k)
            if not inside.fails(values):
                continue
            values = _simplest(inside, values, set(fixed))
            p = Proof(library=library or Library())
            at = {v: values[v.name] for v in inside.variables}
            try:
                return values, [example.prove(p) if example and h not in inside.hyps else decide(p, substitute(h, at))
                                for h in statement.hyps]  # fmt: skip
            except (ProofError, TermError):
                continue
    return None


# Remainders -------------------------------------------------------------------------------------------
DIRECTIONS = ((1, 0, False), (0, 1, False), (1, -1, False), (1, 1, True))  # and does the code grow with its index?
SIZES, SCALES = (Fraction(1, 2), Fraction(1, 32)), (Fraction(1, 4), Fraction(1, 64))
SAMPLES = (Fraction(1, 50), Fraction(1, 3), Fraction(4, 5), Fraction(49, 50))


def _constants(statement: Statement, example: Example | None) -> Iterator[Values]:
    """Values of all variables: those of the example, constant functions for the rest."""
    fixed = dict(example.values) if example else {}
    rest = [v for v in statement.variables if v.name not in fixed]

    def filled(value: Callable[[int, Var], int]) -> Values:
        return {**fixed, **{v.name: number(1, "N") if v.type == "N" else _constant(v.type, number(value(k, v)))
                            for k, v in enumerate(rest)}}  # fmt: skip

    yield filled(lambda k, v: 0)
    yield filled(lambda k, v: k + 1)
    sequences = [(k, v) for k, v in enumerate(rest) if v.type == ("N", "R")]
    for slope in (1, -7) if sequences else ():
        yield {**filled(lambda k, v: k + 1), **{v.name: lam("N", lambda i, k=k, slope=slope: (
            slope ** (k + 1) * const("real", i) + (k + 1))) for k, v in sequences}}  # fmt: skip
    for chosen in rest:
        yield filled(lambda k, v: int(v is chosen))  # noqa: B023
    yield filled(lambda k, v: (-1) ** k * (k + 2))


def _sequence(c: int, u: Term, growing: bool) -> Term:
    """c u, or (c + i) u at index i."""
    value = u if c == 1 else number(c) * u if c else number(0)
    return lam("N", lambda i: (number(c) + const("real", i)) * u if growing else value)


def _remainder(statement: Statement, example: Example | None, library: Library) -> Refutation | None:
    """``forall e > 0. exists r > 0. forall p q. A <= r -> |D| <= S`` fails along p = a u, q = b u, u small."""
    e, r, x, y = Var("#e", "R"), Var("#r", "R"), Var("#p", ("N", "R")), Var("#q", ("N", "R"))
    try:
        inside = apply(_opened(statement.concl).args[0], [eta(e)])
        small = apply(inside.args[1].args[0], [eta(r)])
        claim = apply(apply(small.args[1].args[0], [eta(x)]).args[0], [eta(y)])
        premise, bound = claim.args
    except (IndexError, TermError):
        return None
    tried = 0
    for values in _constants(statement, example):
        env: dict[Any, Any] = {v: remembered(evaluate(values[v.name])) for v in statement.variables}
        for a, b, growing in DIRECTIONS:

            def sides(z: Fraction, size: Fraction, scale: Fraction, env: dict = env, a: int = a, b: int = b,
                      growing: bool = growing) -> tuple[bool, Any, Any]:  # fmt: skip
                at = {**env, e: size, r: z / (1 - z), x: lambda i: (a + i * growing) * scale * z,
                      y: lambda i: (b + i * growing) * scale * z}  # fmt: skip
                left, right = (evaluate(s, at) for s in bound.args)
                return bool(evaluate(premise, at)), left, right + 1e-12

            try:
                if sides(SAMPLES[1], SIZES[-1], SCALES[0])[1] <= 0:
                    continue
                chosen = next((c for c in itertools.product(SIZES, SCALES) if all(
                    holds and left > right for holds, left, right in (sides(z, *c) for z in SAMPLES))), None)
            except (Undefined, Undecided, IndexError, ZeroDivisionError):
                continue
            if chosen is None:
                continue
            size, scale = chosen
            codes = [lambda u, c=c, growing=growing: _sequence(c, u, growing) for c in (a, b)]

            def finish(p: Proof, line: Line, size: Fraction = size, scale: Fraction = scale, codes: list = codes) -> Line:
                return _too_large(p, _at_head(p, line), size, scale, codes)

            script = denied(statement, values, example, finish)
            if (certificate := _certificate(statement, script, library)) is not None:
                return Refutation(values, certificate)
            tried += 1
            if tried >= MAX_PROOFS:
                return None
    return None


def _too_large(p: Proof, line: Line, size: Fraction, scale: Fraction, codes: list[Callable[[Term], Term]]) -> Line:
    """``false``: with e = size the claim gives a radius r; u = scale * r/(1 + r) lies inside it."""
    line = p.specialise(line, size)
    line = p.mp(line, decide(p, line.concl.args[0]))

    def use(r: Term, found: Line) -> Line:
        big, every = p.parts(found)
        one = 1 + r
        above = p.pos(lt(0, one), big)
        w = const("inv", one)
        shrunk = p.axiom("inverse_positive", above, x=one)
        zero = p.assume(eq(one, 0))
        inverse = p.axiom("inverse", p.discharge(p.pos(false(), above, zero), zero.concl), x=one)
        z = r * w
        ratio = p.rule("pos", lt(0, z), [big, shrunk], [(Fraction(1), [0, 1], number(1))], [], [])
        below = p.pos(lt(z, 1), inverse, shrunk)
        at_most = p.rule("pos", le(z, r), [big, shrunk], [(Fraction(1), [0, 0, 1], number(1))], [inverse], [-r])
        square = p.rule("pos", le(z * z, z), [ratio, below], [(Fraction(1), [0, 1], number(1))], [], [])
        u = scale * z
        claim = p.specialise(every, *(code(u) for code in codes))
        premise = claim.concl.args[0]
        left, right = (compute(p, s) for s in premise.args)
        near = p.pos(le(left.rhs, right.rhs), at_most, square, ratio, below)
        inside = p.rule("pos", premise, [near], ONCE, [left, right], [number(-1), number(1)])
        return _absurd(p, p.mp(claim, inside), _powers(p, z, ratio, below))

    return p.obtain(line, use, name="r")


def _powers(p: Proof, z: Term, positive: Line, below: Line) -> list[Line]:
    """z^j (1 - z)^k > 0 for small j and k, from 0 < z < 1."""
    out = [positive, below]
    for j, k in ((2, 0), (1, 1), (3, 0), (2, 1)):
        goal = lt(0, _product([z] * j + [1 - z] * k))
        out.append(p.rule("pos", goal, [positive, below], [(Fraction(1), [0] * j + [1] * k, number(1))], [], []))
    return out


def _product(factors: Sequence[Term]) -> Term:
    out = factors[0]
    for f in factors[1:]:
        out = out * f
    return out


def _absurd(p: Proof, bound: Line, facts: list[Line]) -> Line:
    """``false`` from |x| <= S, where the computed values D of x and E of S have |D| > E by the facts."""
    left, right = bound.concl.args
    absolute = left.is_const("abs")
    x = left.args[0] if absolute else left
    value, size = compute(p, x), compute(p, right)
    plus, minus = number(1), number(-1)
    try:
        more, sign = p.pos(lt(size.rhs, value.rhs), *facts), 1
    except ProofError:
        more, sign = p.pos(lt(size.rhs, -value.rhs), *facts), -1
    if not absolute:
        return p.rule("pos", false(), [bound, more], BOTH, [value, size], [plus, minus])

    def same(line: Line) -> Line:  # |x| is x or -x, as the sign of D says
        size_of = p.axiom("abs_nonneg", line, x=x) if sign > 0 else p.axiom("abs_nonpos", p.pos(le(x, 0), line), x=x)
        return p.rule("pos", false(), [bound, more], BOTH, [size_of, value, size],
                      [plus, plus if sign > 0 else minus, minus])  # fmt: skip

    def other(line: Line) -> Line:  # x does not have the sign that D has
        strict = p.pos(lt(0, value.rhs) if sign > 0 else lt(value.rhs, 0), *facts)
        return p.rule("pos", false(), [line, strict], BOTH, [value], [plus if sign > 0 else minus])

    split = p.axiom("trichotomy", x=x, y=number(0))
    return p.cases(split, other, same) if sign > 0 else p.cases(split, same, other)


# A point between 0 and 1 --------------------------------------------------------------------------------
def _point_between(statement: Statement, example: Example | None, library: Library) -> Refutation | None:
    """``exists t. 0 < t and t < 1 and l = r`` fails where l - r keeps its sign on (0, 1)."""
    t = Var("#t", "R")
    inside = apply(_opened(statement.concl).args[0], [eta(t)])
    conditions = []
    while inside.is_const("and"):
        conditions.append(inside.args[0])
        inside = inside.args[1]
    tried = 0
    for values in _constants(statement, example):
        env: dict[Any, Any] = {v: remembered(evaluate(values[v.name])) for v in statement.variables}
        try:
            if _changes_sign(conditions, inside, env, t):
                continue
        except (Undefined, Undecided, IndexError, ZeroDivisionError):
            continue

        def finish(p: Proof, line: Line) -> Line:
            return p.obtain(_at_head(p, line), _no_root(p), name="t")

        script = denied(statement, values, example, finish)
        if (certificate := _certificate(statement, script, library)) is not None:
            return Refutation(values, certificate)
        tried += 1
        if tried >= MAX_PROOFS:
            return None
    return None


def _changes_sign(conditions: list[Term], equation: Term, env: dict[Any, Any], t: Var) -> bool:
    """Does l - r have both signs, or a zero, at points that satisfy the conditions?"""
    signs = set()
    for k in (4, 12, 8, 3, 13, -3, 18, 0, 5, 6, 7, 9, 10, 11, 1, 14):
        at = {**env, t: Fraction(2 * k - 1, 30)}
        if all(evaluate(c, at) for c in conditions):
            left, right = (evaluate(s, at) for s in equation.args)
            signs.add(0 if abs(left - right) < 1e-9 else 1 if left > right else -1)
            if len(signs) > 1 or 0 in signs:
                return True
    return False


def _no_root(p: Proof) -> Callable[[Term, Line], Line]:
    def use(t: Term, found: Line) -> Line:
        *conditions, equation = p.parts(found)
        facts = [c for c in conditions if c.concl.is_const("lt", "le")]
        computed = [compute(p, s) for s in equation.concl.args]
        try:
            return p.pos(false(), *facts, equation, *computed)
        except ProofError:
            return p.pos(false(), *facts, equation, *computed, squares=[t], degree=2)

    return use


# Derivatives ------------------------------------------------------------------------------------------
STEP = 2.0**-10


def _conjuncts(p: Term) -> list[Term]:
    return [*_conjuncts(p.args[0]), *_conjuncts(p.args[1])] if p.is_const("and") else [p]


def _wrong_slope(statement: Statement, example: Example | None, library: Library) -> Refutation | None:
    """``g'(t) = v``, alone or in a conjunction, fails where the rules give another derivative."""
    inside = _Inside.of(statement)
    if inside.inner:
        return None
    tried = 0
    for values in _constants(statement, example):
        env: dict[Any, Any] = {v: remembered(evaluate(values[v.name])) for v in statement.variables}
        try:
            if not (all(evaluate(h, env, tolerance=1e-12) for h in inside.hyps)
                    and any(_slope_differs(part, env) for part in _conjuncts(inside.concl))):  # fmt: skip
                continue
        except (Undefined, Undecided, IndexError, OverflowError, ZeroDivisionError):
            continue

        def finish(p: Proof, line: Line) -> Line:
            for part in p.parts(_at_head(p, line)):
                with contextlib.suppress(ProofError):
                    return _two_slopes(p, part)
            raise ProofError("no derivative differs from the one that is stated")

        script = denied(statement, values, example, finish)
        if (certificate := _certificate(statement, script, library)) is not None:
            return Refutation(values, certificate)
        tried += 1
        if tried >= MAX_PROOFS:
            return None
    return None


def _slope_differs(part: Term, env: Mapping[Any, Any]) -> bool:
    if not part.is_const("has_deriv"):
        return False
    g, at, stated = (evaluate(a, env) for a in part.args)
    slope = (g(at + STEP) - g(at - STEP)) / (2 * STEP)
    return abs(slope - stated) > 1e-3 * (1 + abs(stated))


def _two_slopes(p: Proof, line: Line) -> Line:
    """``false`` from a stated derivative: the function is worked out, and derivatives are unique."""
    if not line.concl.is_const("has_deriv"):
        raise ProofError("not a derivative")
    g, at, stated = line.concl.args
    s = eta(Var("s", "R"))
    value = compute(p, apply(g, [s]))
    w = abstract([s.head], value.rhs)  # type: ignore[list-item]
    moved = p.axiom("deriv_extensional", line, p.generalise(value, s), g=g, w=w, t=at, u=stated)
    own = derivative(p, w, at)
    return contradict(p, p.axiom("deriv_unique", moved, own, g=w, t=at, u=stated, v=own.concl.args[2]), [])


__all__ = ["EXAMPLES", "Example", "Refutation", "denied", "find_instance", "find_refutation", "register_examples"]
