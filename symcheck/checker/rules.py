"""The rules of inference. Trusted: a :class:`Theorem` comes from a rule and from nothing else.

A theorem is a sequent ``hypotheses |- conclusion``; its free variables are schematic (they stand for any
term of their type). Each rule is one that a proof assistant has as a lemma or a tactic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from flint import fmpq

from .. import terms
from ..terms import Term, Var, apply, const, substitute, unfold
from . import balls
from .polynomial import Polynomial, add, multiply, normal, polynomial


class RuleError(ValueError):
    """A rule does not apply; the message says why."""


class Theorem:
    """A proved sequent. Only the rules of this module make one."""

    __slots__ = ("concl", "hyps")
    hyps: frozenset[Term]
    concl: Term

    def __init__(self, key: object, hyps: frozenset[Term], concl: Term) -> None:
        if key is not _KEY:
            raise RuleError("a theorem is made by a rule")
        object.__setattr__(self, "hyps", hyps)
        object.__setattr__(self, "concl", concl)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("theorems are immutable")


_KEY = object()


def _theorem(hyps: frozenset[Term], concl: Term) -> Theorem:
    terms.charge(len(hyps))
    for p in (*hyps, concl):
        _need(p.type == "P" and not p.loose, "a theorem is made of closed propositions")
    return Theorem(_KEY, hyps, concl)


def _need(condition: bool, reason: str) -> None:
    if not condition:
        raise RuleError(reason)


def axiom(name: str) -> Theorem:
    """An axiom of the printed list, by name."""
    from .axioms import AXIOMS

    _need(name in AXIOMS, f"no axiom is called {name!r:.60}")
    return _theorem(frozenset(AXIOMS[name].hyps), AXIOMS[name].concl)


def assume(p: Term) -> Theorem:
    """``p |- p``."""
    return _theorem(frozenset([p]), p)


def instantiate(th: Theorem, values: Mapping[Var, Term]) -> Theorem:
    """Put terms for free variables, functions and predicates included, in the whole sequent."""
    return _theorem(frozenset(substitute(p, values) for p in th.hyps), substitute(th.concl, values))


def discharge(th: Theorem, p: Term) -> Theorem:
    """From ``H, p |- q``: ``H |- p -> q``."""
    return _theorem(th.hyps - {p}, const("imp", p, th.concl))


def modus_ponens(th: Theorem, premise: Theorem) -> Theorem:
    """From ``G |- p -> q`` and ``H |- p``: ``G, H |- q``."""
    _need(th.concl.is_const("imp") and th.concl.args[0] == premise.concl, "not p -> q and p")
    return _theorem(th.hyps | premise.hyps, th.concl.args[1])


def cut(premise: Theorem, th: Theorem) -> Theorem:
    """From ``G |- p`` and ``H, p |- q``: ``G, H |- q``."""
    _need(premise.concl in th.hyps, "the premise is no hypothesis of the other theorem")
    return _theorem(premise.hyps | (th.hyps - {premise.concl}), th.concl)


def generalise(th: Theorem, v: Var) -> Theorem:
    """From ``H |- p`` with v not free in H: ``H |- forall v. p``."""
    _need(all(v not in p.free for p in th.hyps), f"{v.name} is free in a hypothesis")
    return _theorem(th.hyps, terms.quantify("forall", [v], th.concl))


def specialise(th: Theorem, value: Term) -> Theorem:
    """From ``H |- forall x. p``: ``H |- p[value]``."""
    _need(th.concl.is_const("forall"), "the conclusion is not a forall")
    return _theorem(th.hyps, apply(th.concl.args[0], [value]))


def convert(th: Theorem, goal: Term, names: Sequence[str]) -> Theorem:
    """Replace the conclusion by one equal to it after unfolding ``names`` and by ring identities inside."""
    _need(normal(unfold(th.concl, names)) == normal(unfold(goal, names)), "the two sides are not convertible")
    return _theorem(th.hyps, goal)


def replace(equation: Theorem, th: Theorem, context: Term) -> Theorem:
    """From ``G |- a = b`` and ``H |- context(a)``: ``G, H |- context(b)``."""
    _need(equation.concl.is_const("eq", "eqN") and context.type == (equation.concl.args[0].type, "P"),
          "not an equation and a context of its sort")  # fmt: skip
    a, b = equation.concl.args
    _need(apply(context, [a]) == th.concl, "the conclusion is not the context at the left side")
    return _theorem(equation.hyps | th.hyps, apply(context, [b]))


def _gap(p: Term, reverse: bool = False) -> Polynomial:
    a, b = p.args
    return add(polynomial(a), polynomial(b), -1) if reverse else add(polynomial(b), polynomial(a), -1)


def _combine(target: Polynomial, equations: Sequence[Theorem], cofactors: Sequence[Term]) -> Polynomial:
    _need(len(equations) == len(cofactors), "as many cofactors as equations")
    for e, c in zip(equations, cofactors, strict=True):
        _need(e.concl.is_const("eq", "eqN") and c.type == "R", "a real cofactor for each equation")
        target = add(target, multiply(polynomial(c), _gap(e.concl, True)), -1)
    return target


def ring(goal: Term, equations: Sequence[Theorem], cofactors: Sequence[Term]) -> Theorem:
    """``l = r`` where ``l - r`` is identically the sum of cofactor * (l_k - r_k) over proved equations."""
    _need(goal.is_const("eq", "eqN"), "the goal is not an equation")
    rest = _combine(_gap(goal, True), equations, cofactors)
    _need(not rest, f"the difference is not zero: {len(rest)} terms are left")
    return _theorem(frozenset().union(*(e.hyps for e in equations)), goal)


def pos(goal: Term, facts: Sequence[Theorem], products: Sequence[tuple[Fraction, Sequence[int], Term]],
        equations: Sequence[Theorem], cofactors: Sequence[Term]) -> Theorem:  # fmt: skip
    """An inequality by a Positivstellensatz certificate (Stengle 1974).

    The gap of the goal is identically a sum of c * (facts) * square^2 with rational c > 0, plus cofactor *
    equation. ``a < b`` between naturals is the gap b - a - 1 >= 0; ``false`` is the goal 0 < 0.
    """
    target: Polynomial = {}
    if not goal.is_const("false"):
        _need(goal.is_const("le", "lt", "ltN"), "the goal is not an inequality")
        target = _gap(goal)
    target, strict = _combine(target, equations, cofactors), goal.is_const("le", "ltN")
    one = {(): fmpq(1)}
    gaps = []
    for f in facts:
        _need(f.concl.is_const("le", "lt", "ltN"), "a fact is not an inequality")
        gaps.append(add(_gap(f.concl), one if f.concl.is_const("ltN") else {}, -1))
    for c, chosen, square in products:
        _need(c > 0 and square.type == "R", "a coefficient is not positive")
        s = polynomial(square)
        p = multiply({(): fmpq(c.numerator, c.denominator)}, multiply(s, s))
        for k in chosen:
            _need(k < len(gaps), "no fact has that number")
            p = multiply(p, gaps[k])
        target = add(target, p, -1)
        strict = strict or (s == one and all(facts[k].concl.is_const("lt") for k in chosen))
    if goal.is_const("ltN"):
        target = add(target, one, -1)
    _need(not target and strict, "the certificate does not add up to the goal")
    return _theorem(frozenset().union(*(f.hyps for f in (*facts, *equations))), goal)


def ball(goal: Term, precision: int, splits: int) -> Theorem:
    """A closed strict inequality, alone or for all x of an interval, by ball arithmetic."""
    _need(not goal.free and not goal.loose, "the goal is not closed")
    _need(2 <= precision <= 4000 and splits <= 40, "past the limits of 4000 bits and 40 bisections")
    try:
        _need(balls.holds(goal, precision, splits), f"not certain at {precision} bits")
    except (LookupError, TypeError, ValueError, ArithmeticError) as e:
        raise RuleError(f"no ball decides it: {e!s:.80}") from e
    return _theorem(frozenset(), goal)


def cite(accepted: Theorem) -> Theorem:
    """What an accepted certificate proves; the replay looks it up by its digest."""
    _need(isinstance(accepted, Theorem), f"not what an accepted certificate proves: {accepted!r:.70}")
    return accepted


# The kinds of the arguments, for the certificate format.
RULES = {
    "axiom": (axiom, ("name",)), "assume": (assume, ("term",)), "instantiate": (instantiate, ("step", "values")),
    "discharge": (discharge, ("step", "term")), "modus_ponens": (modus_ponens, ("step", "step")),
    "cut": (cut, ("step", "step")), "generalise": (generalise, ("step", "variable")), "cite": (cite, ("digest",)),
    "specialise": (specialise, ("step", "term")), "convert": (convert, ("step", "term", "names")),
    "replace": (replace, ("step", "step", "term")), "ring": (ring, ("term", "steps", "terms")),
    "pos": (pos, ("term", "steps", "products", "steps", "terms")), "ball": (ball, ("term", "number", "number")),
}  # fmt: skip
