"""A small portfolio of provers: registered theorems up to instantiation, definitions, canonical forms.

``auto(p, statement)`` is a proof script for any statement that one of them reaches; it raises ProofError for
the others. A statement that it refuses may well be true.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Container, Iterator
from dataclasses import dataclass

from ..checker.polynomial import normal
from ..claims import THEOREMS, TheoremEntry
from ..terms import Const, Term, TermError, Var, apply, eq, eta, substitute, unfold
from . import algebra
from .matching import ARITHMETIC, Values, match, subterms
from .normalise import equation
from .proof import Line, Proof, ProofError, Statement
from .refute import decide

MAX_INSTANCES = 8


@dataclass(frozen=True)
class Instance:
    """A registered theorem at values of its variables."""

    entry: TheoremEntry
    values: Values
    hyps: tuple[Term, ...]
    concl: Term

    def line(self, p: Proof, facts: list[Line]) -> Line:
        """The theorem cited, its hypotheses proved from the facts."""
        cited = p.because(p.rule("cite", p.library.theorem(self.entry.id)), self.entry.id)
        chosen = {v: t for v, t in self.values.items() if t != eta(v)}
        line = p.rule("instantiate", cited, chosen) if chosen else cited
        for h in self.hyps:
            if h in line.hyps:
                line = p.rule("cut", known(p, h, facts), line)
        return line


def known(p: Proof, goal: Term, facts: list[Line]) -> Line:
    """A hypothesis that is among the facts, follows from them linearly, or is decided by computing."""
    for f in facts:
        if normal(f.concl) == normal(goal):
            return p.convert(f, goal)
    if not goal.free:
        return decide(p, goal)
    if goal.is_const("le", "lt", "ltN"):
        return p.pos(goal, *(f for f in facts if f.concl.is_const("le", "lt", "ltN", "eq", "eqN")))
    raise ProofError(f"a hypothesis is not known: {goal!r:.200}")


def theorems(without: Container[str] = ()) -> Iterator[TheoremEntry]:
    """The registered theorems that say something positive, but for those left out."""
    for entry in THEOREMS.values():
        if entry.id not in without and entry.denies is None:
            yield entry


def _instance(entry: TheoremEntry, values: Values) -> Instance | None:
    if any(v not in values for v in entry.statement.variables):
        return None
    s = entry.statement
    return Instance(entry, values, tuple(substitute(h, values) for h in s.hyps), substitute(s.concl, values))


def whole(goal: Term, facts: list[Term], without: Container[str] = ()) -> Iterator[Instance]:
    """Instances whose conclusion is the goal; hypotheses help to find the values."""
    for entry in theorems(without):
        s = entry.statement
        if s.concl.head != goal.head or not s.concl.defined <= goal.defined:
            continue
        variables = frozenset(s.variables)
        orders = [s.concl.args, s.concl.args[::-1]] if goal.is_const("eq", "eqN") else [s.concl.args]
        for sides in orders:
            pairs = list(zip(sides, goal.args, strict=True))
            values = match(pairs, variables)
            if values is None or any(v not in values for v in variables):  # let the hypotheses say more
                chosen = [[f for f in facts if f.head == h.head] or [h] for h in s.hyps]
                more = (match([*pairs, *((h, f) for h, f in zip(s.hyps, fs, strict=True) if h is not f)], variables)
                        for fs in itertools.islice(itertools.product(*chosen), 8))  # fmt: skip
                values = next((m for m in more if m is not None), None)
                if values is None:
                    here = goal.free.union(*(f.free for f in facts))
                    values = match(pairs, variables, {v: eta(v) for v in variables if v in here})
            if values is not None and (out := _instance(entry, values)) is not None:
                yield out


def instances(goal: Term, without: Container[str] = (), limit: int = MAX_INSTANCES) -> list[Instance]:
    """Equations that are instances of theorems at the subterms of an equation."""
    out: dict[Term, Instance] = {}
    places = [s for s in subterms(goal) if s.type in ("R", "N") and isinstance(s.head, Const) and s.args]
    for entry in theorems(without):
        s = entry.statement
        if not s.concl.is_const("eq"):
            continue
        for k in (0, 1):
            pattern = s.concl.args[k]
            if not isinstance(pattern.head, Const) or pattern.is_const(*ARITHMETIC):
                continue
            for place in places:
                if place.head != pattern.head or len(out) >= limit:
                    continue
                values = match([(pattern, place)], frozenset(s.variables))
                if values is not None and (found := _instance(entry, values)) is not None \
                        and normal(found.concl.args[0]) != normal(found.concl.args[1]):  # fmt: skip
                    out.setdefault(found.concl, found)
    return list(out.values())


def cited(p: Proof, goal: Term, facts: list[Line], without: Container[str] = ()) -> Line:
    """The goal as an instance of a theorem, or an equation as a combination of instances."""
    try:
        return instance_of(p, goal, facts, without)
    except ProofError:
        if not goal.is_const("eq"):
            raise
    for opened in _opened_sides(goal):
        try:
            start = [p.by_definition(eq(a, b), a.head.name)  # type: ignore[union-attr]
                     for a, b in zip(goal.args, opened.args, strict=True) if a != b]  # fmt: skip
            return p.ring(goal, *start, instance_of(p, opened, facts, without))
        except ProofError:
            continue
    found_all = instances(goal, without)
    cofactors = algebra.cofactors(goal, [f.concl for f in found_all]) if found_all else None
    if cofactors is None:
        raise ProofError("no registered theorem is this statement, or gives it by ring identities")
    used = [f for f, c in zip(found_all, cofactors, strict=True) if c is not None]
    return p.ring(goal, *(f.line(p, facts) for f in used))


def _opened_sides(goal: Term) -> Iterator[Term]:
    """The equation with a definition at the head of one side, or of both, unfolded there."""
    sides = [[t, apply(t.head.body, list(t.args))] if isinstance(t.head, Const) and t.head.body is not None and t.args
             else [t] for t in goal.args]  # fmt: skip
    for a, b in itertools.product(*sides):
        if (a, b) != goal.args:
            yield eq(a, b)


def instance_of(p: Proof, goal: Term, facts: list[Line], without: Container[str] = ()) -> Line:
    """The goal as an instance of a registered theorem."""
    for found in whole(goal, [f.concl for f in facts], without):
        try:
            return p.convert(found.line(p, facts), goal) if not goal.is_const("eq", "eqN") else \
                p.ring(goal, found.line(p, facts))  # fmt: skip
        except ProofError:
            continue
    raise ProofError("no registered theorem is this statement")


def auto(p: Proof, statement: Statement, without: Container[str] = ()) -> Line:
    """Prove a statement, or raise ProofError with what was tried. ``without`` are theorems not to be cited."""
    return conclude(p, statement.concl, [p.assume(h) for h in statement.hyps], without)


def conclude(p: Proof, goal: Term, facts: list[Line], without: Container[str] = ()) -> Line:
    """The goal from the facts: quantifiers, implications and conjunctions first, then one atom at a time."""
    try:
        if not goal.is_const("and", "imp", "forall"):
            return _atom(p, goal, facts, without)
        with contextlib.suppress(ProofError):
            return instance_of(p, goal, facts, without)
        if goal.is_const("and"):
            return p.both(*(conclude(p, g, facts, without) for g in goal.args))
        if goal.is_const("imp"):
            here = p.assume(goal.args[0])
            return p.discharge(conclude(p, goal.args[1], [*facts, here], without), here.concl)
        v = _new(goal, facts)
        return p.generalise(conclude(p, apply(goal.args[0], [eta(v)]), facts, without), eta(v))
    except TermError as e:
        raise ProofError(f"too large: {e}") from e


def _new(goal: Term, facts: list[Line]) -> Var:
    taken = {v.name for t in (goal, *(f.concl for f in facts)) for v in t.free}
    name = next(n for n in (f"y{k}" for k in range(1, 1000)) if n not in taken)
    return Var(name, goal.args[0].binders[0])


def _atom(p: Proof, goal: Term, facts: list[Line], without: Container[str]) -> Line:
    equations = [f for f in facts if f.concl.is_const("eq", "eqN")]
    tried: list[str] = []
    ways = {"a registered theorem": lambda: cited(p, goal, facts, without)}
    if goal.is_const("eq", "eqN"):
        ways = {"definitions": lambda: p.by_definition(goal),
                "the hypotheses": lambda: p.ring(goal, *equations), **ways}  # fmt: skip
    if goal.is_const("eq"):
        naturals = [f for f in facts if f.concl.is_const("ltN")]
        ways["canonical forms"] = lambda: equation(p, goal, naturals)
    if goal.is_const("le", "lt", "ltN"):
        ways["linear combination"] = lambda: p.pos(goal, *(
            f for f in facts if f.concl.is_const("le", "lt", "ltN", "eq", "eqN")))
    if isinstance(goal.head, Const) and goal.head.body is not None:
        defined = goal.head.name
        ways["the definition"] = lambda: p.convert(
            conclude(p, unfold(goal, [defined]), facts, without), goal, defined)  # fmt: skip
    for name, way in ways.items():
        try:
            return way()
        except (ProofError, TermError) as e:
            tried.append(f"{name}: {e!s:.80}")
    raise ProofError("; ".join(tried))
