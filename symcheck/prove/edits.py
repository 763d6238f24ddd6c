"""Small edits of a term: what a slip of the pen changes, with a cost for each.

One sign, one number, one variable, the order of two operands, an index, one function for another, a term or a
factor too many, and an operator (a permutation, a rotation) put at another place. Edits of two terms at a time,
and terms that are missing, are :mod:`repair`'s business.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ..checker.polynomial import normal
from ..terms import Bound, Const, Num, Term, TermError, Type, Var, apply, arguments, const, eta, number, substitute

Scope = tuple[Type, ...]  # types of the bound variables, the innermost last
UNARY = ("inv", "sqrt", "abs", "exp", "log")
EXCHANGED = {"sin": "cos", "cos": "sin"}


@dataclass(frozen=True)
class Edit:
    """A changed term, what it costs, the kind of change, and the subterm before and after."""

    term: Term
    cost: float
    kind: str
    old: Term | None = None
    new: Term | None = None
    scope: Scope = ()

    @property
    def words(self) -> str:
        """The edit in words."""
        if self.old is None or self.new is None:
            return self.kind
        if self.kind == "negation dropped":
            return self.kind
        if self.kind == "a missing term":
            return f"{self.kind}: {_shown(self.new.args[1], self.scope)}"
        before, after = (_shown(t, self.scope) for t in (self.old, self.new))
        return f"{self.kind}, in {before}" if before == after else f"{self.kind}: {before} becomes {after}"


def _shown(t: Term, scope: Scope) -> str:
    from ..render.text import text

    if t.loose:
        taken = {v.name for v in t.free}
        names = (n for n in (*"ijlabce", *(f"i{k}" for k in range(50))) if n not in taken)
        values = [eta(Var(next(names), s)) for s in scope]
        t = apply(Term(scope, t.head, t.args), values) if not t.binders else t
    return text(t)


@dataclass(frozen=True)
class Operator:
    """A function of indices that is made from another one of its type: P X, R_m q, a transpose."""

    head: Const
    leading: tuple[Term, ...]
    place: int

    def at(self, f: Term, indices: tuple[Term, ...]) -> Term:
        """The operator on another function, at indices."""
        return Term((), self.head, [*self.leading[: self.place], f, *self.leading[self.place + 1 :], *indices])


@dataclass
class Pool:
    """What edits may put in: the variables and operators of a statement, and other definitions."""

    variables: tuple[Var, ...] = ()
    operators: list[Operator] = field(default_factory=list)
    definitions: dict[Type, list[Const]] = field(default_factory=dict)

    @classmethod
    def of(cls, terms: tuple[Term, ...], variables: tuple[Var, ...], definitions: dict[Type, list[Const]]) -> Pool:
        """Collect from the terms of a statement."""
        found: dict[tuple, Operator] = {}
        todo = list(terms)
        while todo:
            t = todo.pop()
            todo += t.args
            for leading, indices in _splits(t):
                if any(a.loose for a in leading):
                    continue
                wanted = (*(i.type for i in indices), "R")
                for k, a in enumerate(leading):
                    if a.type == wanted and isinstance(t.head, Const):
                        rest = tuple(b for j, b in enumerate(leading) if j != k)
                        found.setdefault((t.head, k, rest), Operator(t.head, leading, k))
        return cls(variables, list(found.values()), definitions)


def _splits(t: Term) -> Iterator[tuple[tuple[Term, ...], tuple[Term, ...]]]:
    """Leading arguments and trailing indices of a defined constant that takes functions of so many indices."""
    if isinstance(t.head, Const) and t.head.body is not None:
        for k in (1, 2):
            if len(t.args) > k and all(a.type == "N" for a in t.args[-k:]):
                yield t.args[:-k], t.args[-k:]


def edits(t: Term, pool: Pool, addend: bool = True, scope: Scope = ()) -> Iterator[Edit]:
    """Every single edit of a term; ``addend`` says that it stands alone or as a term of a sum."""
    inside = (*scope, *t.binders)
    body = Term((), t.head, t.args)
    for cost, kind, new in _local(body, pool, addend, inside):
        if new != body:
            yield Edit(Term(t.binders, new.head, new.args), cost, kind, body, new, inside)
    arithmetic = body.is_const("mul", "mulN", "addN", "real")
    if body.is_const("add") and addend:
        parts = addends(body)
        for term in ansatz([s for _, s in parts]):
            new = const("add", body, term)
            yield Edit(Term(t.binders, new.head, new.args), 2.0, "a missing term", body, new, inside)
    indices = _own_indices(t)
    for k, a in enumerate(t.args):
        if k >= len(t.args) - indices:
            continue
        for e in edits(a, pool, not arithmetic and not (body.is_const("add") and a.is_const("add")), inside):
            try:
                whole = Term(t.binders, t.head, (*t.args[:k], e.term, *t.args[k + 1 :]))
            except TermError:
                continue
            yield replace(e, term=whole)


def addends(t: Term) -> list[tuple[Fraction, Term]]:
    """The terms of a sum with their rational coefficients."""
    if t.is_const("add"):
        return [*addends(t.args[0]), *addends(t.args[1])]
    if t.is_const("mul"):
        a, b = t.args
        for x, y in ((a, b), (b, a)):
            if isinstance(x.head, Num):
                return [(x.head.value * c, s) for c, s in addends(y)]
    return [(Fraction(1), t)]


def ansatz(terms: Sequence[Term], limit: int = 12) -> list[Term]:
    """Terms that pair the factors of those that occur: from f(a, b) and f(c, d) also f(a, d) and f(c, b)."""
    out: dict[bytes, Term] = {}
    for head in dict.fromkeys(t.head for t in terms if isinstance(t.head, Const) and not t.is_const("mul")):
        same = [t for t in terms if t.head == head]
        choices = [list(dict.fromkeys(column)) for column in zip(*(t.args for t in same), strict=True)]
        if len(same) > 1 and math.prod(map(len, choices)) <= 64:
            for args in itertools.product(*choices):
                t = Term((), head, args)
                out.setdefault(normal(t), t)
    products = [_factors(t) for t in terms if t.is_const("mul")]
    for size in {len(f) for f in products}:
        same_size = [f for f in products if len(f) == size]
        choices = [list(dict.fromkeys(column)) for column in zip(*same_size, strict=True)]
        if len(same_size) > 1 and math.prod(map(len, choices)) <= 64:
            for factors in itertools.product(*choices):
                t = factors[0]
                for f in factors[1:]:
                    t = const("mul", t, f)
                out.setdefault(normal(t), t)
    known = {normal(t) for t in terms}
    return [t for k, t in out.items() if k not in known][:limit]


def _factors(t: Term) -> list[Term]:
    return [f for a in t.args for f in _factors(a)] if t.is_const("mul") else [t]


def _own_indices(t: Term) -> int:
    """How many of the last arguments are the term's own bound variables, in order: those say nothing."""
    k = len(t.binders)
    own = all(a == eta(Bound(k - 1 - j, s)) for j, (a, s) in enumerate(zip(t.args[-k:], t.binders, strict=False)))
    return k if k and len(t.args) >= k and own else 0


def exchanges(t: Term, pool: Pool) -> Iterator[Edit]:
    """Two variables of one type exchanged everywhere in a term."""
    for u, v in itertools.combinations(pool.variables, 2):
        if u.type == v.type and (u in t.free or v in t.free):
            new = substitute(t, {u: eta(v), v: eta(u)})
            yield Edit(new, 1.3, "exchange of two variables", t, new)


def negative(t: Term) -> Term:
    """-t, with signs that cancel cancelled."""
    if isinstance(t.head, Num):
        return number(-t.head.value)
    if t.is_const("mul") and isinstance(t.args[0].head, Num):
        c = -t.args[0].head.value
        return t.args[1] if c == 1 else const("mul", number(c), t.args[1])
    if t.is_const("add"):  # a - b becomes b - a
        a, b = t.args
        return const("add", negative(b), negative(a)) if _minus(b) else const("add", negative(a), negative(b))
    return -t


def _minus(t: Term) -> bool:
    return t.is_const("mul") and isinstance(t.args[0].head, Num) and t.args[0].head.value < 0


def _local(t: Term, pool: Pool, addend: bool, scope: Scope) -> Iterator[tuple[float, str, Term]]:
    h = t.head
    if t.type == "P":
        if t.is_const("imp") and t.args[1].is_const("false"):
            yield 1.0, "negation dropped", t.args[0]
        if t.is_const("lt", "le"):
            yield 1.0, "direction of the inequality", Term((), h, t.args[::-1])
            yield 1.2, "strictness", const("le" if t.is_const("lt") else "lt", *t.args)
        return
    if isinstance(h, Num):
        yield from _numbers(h)
        for v in pool.variables:
            if v.type == t.type:
                yield 1.3, "variable", eta(v)
        return
    if t.type == "R" and addend:
        yield 1.0, "sign", negative(t)
        for c in (Fraction(1, 2), Fraction(2)):
            yield 1.2, "coefficient", const("mul", number(c), t)
        for v in pool.variables:
            if v.type == "N" and v not in {w for s in t.args for w in s.free if s.type == "N" and s.is_const("real")}:
                n = const("real", eta(v))
                root = const("sqrt", n)
                for factor in (n, const("inv", n), root, const("inv", root)):
                    yield 1.6, "missing factor", const("mul", factor, t)
    if t.is_const("add", "mul", "addN", "mulN"):
        kind = "a term too many" if t.is_const("add", "addN") else "a factor too many"
        for a in t.args:
            yield 1.4, kind, a
        return
    if isinstance(h, Const) and h.name in EXCHANGED:
        yield 1.0, "sine and cosine", const(EXCHANGED[h.name], *t.args)
        return
    if t.is_const(*UNARY):
        yield 1.4, f"{h.name} too many", t.args[0]  # type: ignore[union-attr]
        if t.is_const("inv"):
            yield 1.4, "a missing root", const("inv", const("sqrt", t.args[0]))
        return
    if isinstance(h, Var | Bound):
        others: list[Var | Bound] = [*pool.variables, *(Bound(len(scope) - 1 - k, s) for k, s in enumerate(scope))]
        for other in others:
            if other != h and other.type == h.type:
                yield 1.0, "variable", Term((), other, t.args)
        if t.type == "N" and not t.args:
            yield 1.2, "index", const("addN", t, 1)
    if isinstance(h, Const) and h.body is not None:
        for other_const in pool.definitions.get(h.type, []):
            alike = other_const.body is not None and other_const.body.head == h.body.head
            if other_const != h and (alike or other_const.name == h.name):
                same = other_const.name == h.name
                kind = f"the registered definition of {h.name}" if same else f"{other_const.name} for {h.name}"
                yield 1.0 if same else 1.6, kind, Term((), other_const, t.args)
    if t.is_const("sum", "delta", "eq", "eqN", "case", "caseN", "weave", "stack"):
        return
    yield from _orders(t)
    yield from _operators(t, pool)


def _orders(t: Term) -> Iterator[tuple[float, str, Term]]:
    types = arguments(t.head.type)
    for i, j in itertools.combinations(range(len(types)), 2):
        if types[i] == types[j] and t.args[i] != t.args[j]:
            args = list(t.args)
            args[i], args[j] = args[j], args[i]
            indices = types[i] == "N" and j == len(types) - 1
            yield 1.0, "transposition" if indices else "order of operands", Term((), t.head, args)


def _operators(t: Term, pool: Pool) -> Iterator[tuple[float, str, Term]]:
    """An operator applied, left out, or moved from the whole to parts of it."""
    for k in (1, 2):
        indices = t.args[len(t.args) - k :]
        if len(t.args) < k or any(a.type != "N" for a in indices):
            continue
        wanted = (*("N",) * k, "R")
        if isinstance(t.head, Num | Bound) or (isinstance(t.head, Var) and t.head.type != wanted):
            continue
        leading = t.args[: len(t.args) - k]
        try:
            f = _function(t.head, leading, k)
        except TermError:
            continue
        for o in pool.operators:
            if o.leading[o.place].type == wanted and not f.loose:
                yield 1.3, "operator applied", o.at(f, indices)
        for j, a in enumerate(leading):
            if a.type != wanted:
                continue
            yield 1.3, "operator left out", apply(a, list(indices))
            if isinstance(t.head, Const) and isinstance(a.head, Const) and a.head.body is not None:
                yield from _pushed(Operator(t.head, leading, j), a, indices)


def _function(head: Var | Const, leading: tuple[Term, ...], k: int) -> Term:
    """``lambda indices. head(leading, indices)``."""
    whole = eta(head)
    if not leading:
        return whole
    variables = [Var(f"#e{j}", a.type) for j, a in enumerate(leading)]
    body = Term(("N",) * k, head, [*(eta(v) for v in variables), *(eta(Bound(k - 1 - j, "N")) for j in range(k))])
    return substitute(body, dict(zip(variables, leading, strict=True)))


def _pushed(o: Operator, a: Term, indices: tuple[Term, ...]) -> Iterator[tuple[float, str, Term]]:
    """P (A + B) as PA + B, A + PB and PA + PB."""
    k = len(indices)
    if a.args[len(a.args) - k :] != tuple(eta(Bound(k - 1 - j, "N")) for j in range(k)):
        return
    parts = a.args[: len(a.args) - k]
    if any(p.loose for p in parts):
        return
    places = [j for j, p in enumerate(parts) if p.type == a.type]
    for size in range(1, len(places) + 1):
        for chosen in itertools.combinations(places, size):
            new = [_function(o.head, (*o.leading[: o.place], p, *o.leading[o.place + 1 :]), k) if j in chosen else p
                   for j, p in enumerate(parts)]  # fmt: skip
            yield 1.2, "operator moved inside", Term((), a.head, [*new, *indices])


def _numbers(h: Num) -> Iterator[tuple[float, str, Term]]:
    v = h.value
    if h.type == "N":
        yield 1.2, "index", number(v + 1, "N")
        if v > 0:
            yield 1.2, "index", number(v - 1, "N")
        return
    if v:
        yield 1.0, "sign", number(-v)
        for c in (2 * v, v / 2):
            yield 1.1, "coefficient", number(c)
    for c in (v + 1, v - 1):
        if c:  # a term that vanishes is a term too many
            yield 1.2, "coefficient", number(c)


