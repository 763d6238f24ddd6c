"""The language of statements: immutable, simply typed lambda terms.

This file is trusted: it imports the standard library only. A term is kept in beta-normal, eta-long form
with de Bruijn indices, so that equality up to renaming of bound variables is structural equality and
capture of a variable cannot be expressed. Base sorts are ``N`` (naturals with 0), ``R`` (reals) and ``P``
(propositions); ``("N", "R")`` is the type of a sequence, ``("N", "N", "R")`` of a matrix. A defined
constant carries its definition: two constants of one name with different bodies are different terms.

Notation reads like mathematics: ``cos(t * (m - n)) == ...`` is written ``eq(cos(t * (m - n)), ...)``.
Source of the normal form: Harper, Honsell, Plotkin, "A framework for defining logics", JACM 40 (1993);
hereditary substitution: Watkins et al., CMU-CS-02-101 (2002).
"""

from __future__ import annotations

import hashlib
import itertools
import operator
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

Type = str | tuple  # "N", "R", "P", or (argument types ..., base sort)
MAX_SIZE, MAX_DEPTH, MAX_KNOWN = 60_000, 220, 50_000  # nodes of a term as a tree; nesting; terms in the table


class TermError(ValueError):
    """A term, a type or a definition is not well formed; or a limit was passed."""


class Budget:
    """Work left. Every node that is built and every product of monomials is charged before it is made."""

    def __init__(self, units: int) -> None:
        self.left = units


budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


def charge(units: int) -> None:
    """Charge work to the budget in force, if there is one (the prover runs without)."""
    if (b := budget.get()) is not None:
        b.left -= units
        if b.left < 0:
            raise TermError("the work budget is used up")


def check_type(t: Type, depth: int = 0) -> Type:
    """Return ``t`` if it is a type, else raise TermError."""
    if t in ("N", "R", "P"):
        return t
    if depth < 6 and isinstance(t, tuple) and 2 <= len(t) <= 12 and t[-1] in ("N", "R", "P"):
        for a in t[:-1]:
            check_type(a, depth + 1)
        return t
    raise TermError(f"not a type: {t!r:.80}")


def arguments(t: Type) -> tuple:
    """Argument types of a type: ``()`` for a base sort."""
    return () if isinstance(t, str) else t[:-1]


def sort(t: Type) -> str:
    """Base sort of a type."""
    return t if isinstance(t, str) else t[-1]


@dataclass(frozen=True, slots=True)
class Bound:
    index: int
    type: Type


@dataclass(frozen=True, slots=True)
class Var:
    name: str
    type: Type = field(hash=False)

    def __post_init__(self) -> None:
        check_type(self.type)


@dataclass(frozen=True, slots=True)
class Num:
    value: Fraction
    type: str

    def __post_init__(self) -> None:
        if self.type == "N" and (self.value < 0 or self.value.denominator != 1):
            raise TermError(f"not a natural number: {self.value}")


@dataclass(frozen=True, slots=True)
class Const:
    """A primitive of the signature (no body), or a constant defined by a closed term."""

    name: str
    type: Type = field(hash=False)
    body: Term | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        if self.body is None:
            if PRIMITIVES.get(self.name) != self.type and not is_quantifier(self.name, self.type):
                raise TermError(f"not a primitive constant of that type: {self.name}")
        elif self.name in PRIMITIVES or self.name in QUANTIFIERS:
            raise TermError(f"a primitive constant cannot be defined: {self.name}")
        elif self.body.loose or self.body.free or self.body.type != self.type or not self.body.digest:
            # the digest is asked for, so that it is made now: no chain of definitions has to be followed later
            raise TermError(f"the definition of {self.name} is not closed, or not of its type")


Head = Bound | Var | Const | Num
PRIMITIVES: dict[str, Type] = {
    "add": ("R", "R", "R"), "mul": ("R", "R", "R"), "inv": ("R", "R"), "pow": ("R", "N", "R"), "pi": "R",
    "sin": ("R", "R"), "cos": ("R", "R"), "exp": ("R", "R"), "log": ("R", "R"), "sqrt": ("R", "R"),
    "abs": ("R", "R"), "addN": ("N", "N", "N"), "mulN": ("N", "N", "N"), "real": ("N", "R"), "sum": ("N", ("N", "R"), "R"),
    "weave": (("N", "R"), ("N", "R"), "N", "R"), "stack": ("N", ("N", "R"), ("N", "R"), "N", "R"),
    "case": ("N", "R", ("N", "R"), "R"), "caseN": ("N", "N", ("N", "N"), "N"), "delta": ("N", "N", "R"), "false": "P",
    "has_deriv": (("R", "R"), "R", "R", "P"), "integral": (("R", "R"), "R", "R", "R"), "Ci": ("R", "R"),
    "eq": ("R", "R", "P"), "eqN": ("N", "N", "P"), "le": ("R", "R", "P"), "lt": ("R", "R", "P"),
    "ltN": ("N", "N", "P"), "imp": ("P", "P", "P"), "and": ("P", "P", "P"), "or": ("P", "P", "P"),
}  # fmt: skip
QUANTIFIERS = ("forall", "exists")


def is_quantifier(name: str, t: Type) -> bool:
    """Is ``name : ((T) -> P) -> P`` one of the two quantifiers at some type T?"""
    return (name in QUANTIFIERS and isinstance(t, tuple) and len(t) == 2 and t[1] == "P"
            and isinstance(t[0], tuple) and len(t[0]) == 2 and t[0][1] == "P")  # fmt: skip


# Terms by their whole structure, so that equal ones are mostly one object. A head and the arguments are named by
# their ids, which stay theirs while the term is in the table, since it holds them. Equal heads are one object, found
# by an equal one or, with binders, by the text that a certificate has for them.
_known: dict[tuple, Term] = {}
_heads: dict[Head | str, Any] = {}


@lru_cache(4096)
def node(head: Head, binders: tuple = ()) -> bytes:
    """A digest of a node without its arguments, of fixed length; a definition enters with its body."""
    body = head.body.digest if isinstance(head, Const) and head.body is not None else b""
    parts = [type(head).__name__, *(getattr(head, k, None) for k in ("name", "index", "value", "type")), binders]
    return hashlib.sha256(repr(parts).encode() + body).digest()


_NOTHING: frozenset = frozenset()


class _Open:
    """The slots of a term while it is made."""

    args: tuple[Term, ...]
    binders: tuple
    head: Head
    free: frozenset[Var]
    loose: frozenset[tuple[int, Type]]
    reach: int
    defined: frozenset[str]
    digest: bytes
    key: int
    size: int
    depth: int
    type: Any
    memo: Any
    normal: bytes | None
    __slots__ = tuple(__annotations__)


class Term(_Open):
    """``lambda binders. head(args)``; a term of a base sort has no binders.

    ``args`` are as many as the head's type asks, each of the exact type (functions eta-expanded).
    ``loose`` are the bound variables that point outside and ``reach`` how far (0 for none), ``free`` the free
    variables, ``defined`` the names of defined constants, ``digest`` a SHA-256 of the structure, by which terms
    that are two objects are compared, and ``key`` a hash of it.
    """

    __slots__ = ()

    def __new__(cls, binders: tuple, head: Head, args: Iterable[Term] = ()) -> Term:
        args = tuple(args)
        key = (id(head), binders, *map(id, args))
        if (known := _known.get(key)) is not None:  # the same structure was checked before
            charge(1)
            return known
        if (own := _heads.setdefault(head, head)) is not head:
            return Term(binders, own, args)
        expected, result = (head.type[:-1], head.type[-1]) if isinstance(head.type, tuple) else ((), head.type)
        if tuple([a.type for a in args]) != expected:
            raise TermError(f"{getattr(head, 'name', head)}: arguments do not have the types {expected}")
        size, depth = 1, 0
        free = frozenset([head]) if isinstance(head, Var) else _NOTHING
        loose = frozenset([(head.index, head.type)]) if isinstance(head, Bound) else _NOTHING
        defined = frozenset([head.name]) if isinstance(head, Const) and head.body is not None else _NOTHING
        for a in args:  # a union with the same or the empty set is the common case, and costs nothing
            size += a.size
            depth = max(depth, a.depth)
            free = free if a.free is free or not a.free else free | a.free if free else a.free
            loose = loose if a.loose is loose or not a.loose else loose | a.loose if loose else a.loose
            defined = defined if a.defined is defined or not a.defined else defined | a.defined if defined else a.defined
        if size > MAX_SIZE or depth >= MAX_DEPTH:
            raise TermError(f"term too large: {size} nodes, depth {depth + 1}")
        charge(1 + len(free) + len(loose) + len(defined))
        if binders and loose:
            k = len(binders)
            if any(i < k and binders[k - 1 - i] != t for i, t in loose):
                raise TermError("a bound variable does not have the type of its binder")
            loose = frozenset([(i - k, t) for i, t in loose if i >= k])
        self: Any = object.__new__(_Open)
        self.binders, self.head, self.args, self.size, self.depth = binders, head, args, size, depth + 1
        self.free, self.loose, self.defined, self.memo, self.normal = free, loose, defined, None, None
        self.key = hash((head, binders, *[a.key for a in args]))
        self.reach = max([i for i, _ in loose]) + 1 if loose else 0
        self.type = (*binders, result) if binders else result
        self.__class__ = Term  # from here on it cannot be changed
        if len(_known) >= MAX_KNOWN:
            _known.clear()
            _heads.clear()
        _known[key] = self
        return self

    def __setattr__(self, name: str, value: object) -> None:
        if name not in ("memo", "normal"):  # the polynomial and the normal form, once known; the term alone fixes them
            raise AttributeError("terms are immutable")
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> bytes:
        """Make the digest, which most terms are never asked for."""
        if name != "digest":
            raise AttributeError(name)
        parts = map(operator.attrgetter("digest"), self.args)
        object.__setattr__(self, name, hashlib.sha256(b"".join([node(self.head, self.binders), *parts])).digest())
        return self.digest

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Term) and self.key == other.key and self.digest == other.digest)

    def __hash__(self) -> int:
        return self.key

    def __repr__(self) -> str:
        name = str(getattr(self.head, "name", getattr(self.head, "value", getattr(self.head, "index", ""))))
        inner = name + (f"({', '.join(map(repr, self.args))})" if self.args else "")
        return f"[{len(self.binders)}]{inner}" if self.binders else inner

    def is_const(self, *names: str) -> bool:
        """Is the head a primitive constant with one of these names?"""
        return isinstance(self.head, Const) and self.head.body is None and self.head.name in names

    # Notation. Arithmetic of two naturals stays in N; anything else is lifted to R.
    def __add__(self, o: Term | int | Fraction) -> Term:
        return _arithmetic("add", self, o)

    def __radd__(self, o: int | Fraction) -> Term:
        return _arithmetic("add", o, self)

    def __mul__(self, o: Term | int | Fraction) -> Term:
        return _arithmetic("mul", self, o)

    def __rmul__(self, o: int | Fraction) -> Term:
        return _arithmetic("mul", o, self)

    def __neg__(self) -> Term:
        return const("mul", number(-1), self)

    def __sub__(self, o: Term | int | Fraction) -> Term:
        return const("add", self, const("mul", number(-1), o))

    def __rsub__(self, o: int | Fraction) -> Term:
        return const("add", o, -self)

    def __truediv__(self, o: Term | int) -> Term:
        return const("mul", self, const("inv", o))

    def __rtruediv__(self, o: int | Fraction) -> Term:
        return const("mul", o, const("inv", self))

    def __pow__(self, n: Term | int) -> Term:
        return const("pow", self, n)

    def __call__(self, *args: Term | int | Fraction) -> Term:
        return apply(self, [coerce(a, t) for a, t in zip(args, arguments(self.type), strict=True)])


def _arithmetic(op: str, a: Term | int | Fraction, b: Term | int | Fraction) -> Term:
    sorts = {x.type for x in (a, b) if isinstance(x, Term)}
    natural = sorts == {"N"} and all(isinstance(x, Term) or (x >= 0 and x == int(x)) for x in (a, b))
    return const(op + "N" if natural else op, a, b)


def number(value: int | Fraction, s: str = "R") -> Term:
    """The numeral ``value`` of sort R or N."""
    return Term((), Num(Fraction(value), s))


def coerce(x: Term | int | Fraction, t: Type) -> Term:
    """A Python number as a numeral of sort ``t``; a natural as a real where a real is asked."""
    if not isinstance(x, Term):
        return number(x, sort(t))
    return Term((), Const("real", PRIMITIVES["real"]), [x]) if (x.type, t) == ("N", "R") else x


@lru_cache(4096)
def eta(head: Head) -> Term:
    """The head as a term: eta-expanded to as many binders as its type has arguments."""
    types = arguments(head.type)
    if isinstance(head, Bound):  # it moves under the new binders
        head = Bound(head.index + len(types), head.type)
    return Term(types, head, [eta(Bound(len(types) - 1 - j, t)) for j, t in enumerate(types)])


def var(name: str, t: Type = "R") -> Term:
    """A free variable as a term; a function variable can be called."""
    return eta(Var(name, t))


def const(name: str, *args: Term | int | Fraction) -> Term:
    """A primitive constant applied to its arguments (all of them, or none for the constant itself)."""
    head = Const(name, PRIMITIVES[name])
    if not args:
        return eta(head)
    return Term((), head, [coerce(a, t) for a, t in zip(args, arguments(head.type), strict=True)])


def _rebuild(t: Term, binders: tuple, depth: int, leaf: Callable, skip: Callable, memo: dict) -> Term:
    """``lambda binders.`` the body of ``t``, which stands under ``depth`` binders, but for parts that are to be skipped.

    ``leaf(head, depth)`` gives the new head, or a term to be applied to the arguments.
    """
    if (out := memo.get((id(t), depth))) is None:  # ``t`` is a part of a term that lives: the id stays its own
        args = [a if skip(a, depth) else _rebuild(a, a.binders, depth + len(a.binders), leaf, skip, memo) for a in t.args]
        if isinstance(new := leaf(t.head, depth), Term):
            out = apply(new, args)
            out = Term(binders, out.head, out.args) if binders else out
        else:
            out = Term(binders, new, args)
        memo[id(t), depth] = out
    return out


def _put(values: list[Term], t: Term, binders: tuple, depth: int, by: int) -> Term:
    """Put ``values`` (the last one for the innermost) for loose indices, and raise those beyond by ``by``."""
    def leaf(h: Head, d: int) -> Head | Term:
        if isinstance(h, Bound) and (i := h.index - d) >= 0:
            return shift(values[-1 - i], d) if i < len(values) else Bound(h.index + by, h.type)
        return h
    return _rebuild(t, binders, depth, leaf, lambda s, d: s.reach <= d, {})


def shift(t: Term, by: int) -> Term:
    """Raise the loose indices: ``t`` moves under ``by`` more binders."""
    return _put([], t, t.binders, len(t.binders), by) if by and t.loose else t


def apply(f: Term, args: list[Term]) -> Term:
    """``f`` applied to all its arguments, beta-normal (hereditary substitution)."""
    if not f.binders and not args:
        return f
    if tuple([a.type for a in args]) != f.binders:
        raise TermError(f"applied to {len(args)} arguments that do not have the types {f.binders}")
    return _put(args, f, (), 0, -len(args))


def _replace(t: Term, leaf: Callable, part: str, names: Iterable) -> Term:
    """Rebuild ``t`` where its free variables (or defined constants: ``part``) are among ``names``."""
    get, skip = operator.attrgetter(part), frozenset(names).isdisjoint  # between sets: hashes are known
    return t if skip(get(t)) else _rebuild(t, t.binders, len(t.binders), leaf, lambda s, _: skip(get(s)), {})


def substitute(t: Term, values: Mapping[Var, Term]) -> Term:
    """Replace free variables by terms of their types."""
    if any(v.type != x.type for v, x in values.items()):
        raise TermError("a variable is replaced by a term of another type")
    return _replace(t, lambda h, d: shift(values[h], d) if isinstance(h, Var) and h in values else h, "free", values)


def unfold(t: Term, names: Iterable[str]) -> Term:
    """Replace the defined constants with these names by their bodies."""
    wanted, bodies = frozenset(names), {}  # type: frozenset[str], dict[Const, Term]

    def leaf(h: Head, d: int) -> Head | Term:
        if not (isinstance(h, Const) and h.body and h.name in wanted):
            return h
        if h not in bodies:
            bodies[h] = _replace(h.body, leaf, "defined", wanted)
        return bodies[h]
    return _replace(t, leaf, "defined", wanted)


def abstract(variables: Iterable[Var], t: Term) -> Term:
    """``lambda variables. t`` for a term ``t`` of a base sort."""
    if t.binders:
        raise TermError("a function is abstracted; give its arguments as variables too")
    place = {v: i for i, v in enumerate(reversed(list(variables)))}
    body = _replace(shift(t, len(place)), lambda h, d: Bound(place[h] + d, h.type) if h in place else h, "free", place)
    return Term(tuple(v.type for v in reversed(place)), body.head, body.args)


_fresh = itertools.count()


def lam(types: Type | list[Type], body: Callable[..., Term | int | Fraction], result: Type = "R") -> Term:
    """``lam("N", lambda i: x(i) * y(i))``: the function as a term. A list gives several arguments."""
    variables = [Var(f"#{next(_fresh)}", t) for t in (types if isinstance(types, list) else [types])]
    return abstract(variables, coerce(body(*map(eta, variables)), result))


def defined(name: str, types: list[Type], body: Callable[..., Term | int | Fraction], result: str = "R") -> Term:
    """A defined constant, by conservative definition: call it to use it in a statement."""
    term = lam(types, body, result)
    return eta(Const(name, term.type, term))


def forall(t: Type | list[Type], body: Callable[..., Term]) -> Term:
    """For all values of a type (or of a list of types): a proposition."""
    return _quantified("forall", t, body)


def exists(t: Type | list[Type], body: Callable[..., Term]) -> Term:
    """There is a value of a type (or of a list of types): a proposition."""
    return _quantified("exists", t, body)


def _quantified(name: str, t: Type | list[Type], body: Callable[..., Term]) -> Term:
    variables = [Var(f"#{next(_fresh)}", a) for a in (t if isinstance(t, list) else [t])]
    return quantify(name, variables, body(*map(eta, variables)))


def quantify(name: str, variables: Iterable[Var], p: Term) -> Term:
    """Bind free variables of a proposition by ``forall`` or ``exists``, the last one innermost."""
    for v in reversed(list(variables)):
        p = Term((), Const(name, ((v.type, "P"), "P")), [abstract([v], p)])
    return p


def implies(*ps: Term) -> Term:
    """``p1 -> p2 -> ... -> q``."""
    out = ps[-1]
    for p in reversed(ps[:-1]):
        out = const("imp", p, out)
    return out


def eq(a: Term | int | Fraction, b: Term | int | Fraction) -> Term:
    """Equality of two reals, or of two naturals where both are."""
    natural = {x.type for x in (a, b) if isinstance(x, Term)} == {"N"}
    return const("eqN" if natural else "eq", a, b)


def lt(a: Term | int | Fraction, b: Term | int | Fraction) -> Term:
    """Strictly less, of two reals, or of two naturals where both are."""
    natural = {x.type for x in (a, b) if isinstance(x, Term)} == {"N"}
    return const("ltN" if natural else "lt", a, b)


def le(a: Term | int | Fraction, b: Term | int | Fraction) -> Term:
    """Less or equal, of two reals."""
    return const("le", a, b)


def false() -> Term:
    """The false proposition."""
    return const("false")


def negation(p: Term) -> Term:
    """``p -> false``."""
    return const("imp", p, false())
