"""What every printed form has in common: precedence, names of variables, and templates of constants.

A ``Printer`` is one fold over a term; its subclasses in ``tex`` and ``text`` say how a fraction or a sum
looks. Parentheses are put where precedence asks for them and nowhere else; sums and products are printed
without regard to how they are grouped, and ``a + (-1) b`` is printed ``a - b``.

The script that defines a constant registers how it is printed:

    register("dot", tex=r"\\langle <1>, <2>\\rangle", text="<<1>, <2>>")
    register("rope", tex=r"(R_{<1>} <2:atom>)_{<3>}", function_tex=r"R_{<1>} <2:atom>")

``<k>`` is argument k as it stands, ``<k:atom>`` the same in parentheses unless it is a single symbol, and,
for arguments of function type, ``<k:bound>`` and ``<k:body>`` are the names of its variables and its value;
``<k>`` of a function is its name where it has one (``x`` for ``i -> x(i)``), else ``i -> ...``.

An array at some of its indices is printed with a dot for each of the others: row i of X W is ``(X W)[i, ·]``.
Arguments that a template leaves out (sizes, weights) are printed where they tell two occurrences apart, or
are no variables: ``..., where n = 2`` behind the formula, or as a subscript where n has another meaning there.
Beside definitions, they are printed wherever they are not what the definition has in their place; and an array that
looks like one of the definitions, and is any, is said to be so: ``..., for all theta``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, NamedTuple, Protocol

from ..terms import Bound, Const, Head, Num, Term, TermError, Type, Var, arguments, eta, number, sort

# Precedence, from what extends furthest to what stands for itself.
# LAMBDA is a function written out, which has its own parentheses.
QUANTIFIER, IMPLICATION, OR, AND, RELATION, CASES = range(6)
SUM_OF_TERMS, BIG_SUM, PRODUCT, POWER, ATOM, LAMBDA = range(6, 12)
LEVELS = {"plain": QUANTIFIER, "term": CASES + 1, "factor": PRODUCT, "atom": ATOM}

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Sigma": "Σ", "Upsilon": "Υ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
ALIASES = {"th": "theta", "eps": "epsilon", "lam": "lambda"}
POOLS: dict[Type, str] = {
    "N": "i j k l r c m n", "R": "t s u v w z x y", "P": "p q r", ("N", "R"): "a b c u v w",
    ("N", "N"): "sigma tau rho", ("N", "N", "R"): "A B C D", ("R", "R"): "f g h", ("N", "P"): "p q r",
    ("R", "P"): "p q r",
}  # fmt: skip

Template = str | Callable[[Sequence["Argument"]], str]
#: Arguments that templates leave out, as the definitions have them that are printed with a formula.
Said = Mapping[tuple[Const, int], Term]


ELEMENTARY = ("sin", "cos", "exp", "log", "Ci")  # functions that have a name of their own


class Sequent(Protocol):
    """Hypotheses and conclusion, for all values of the variables."""

    hyps: tuple[Term, ...]
    concl: Term
    variables: tuple[Var, ...]


class Printed(NamedTuple):
    """A printed term and the precedence of its outermost operation."""

    text: str
    level: int


@dataclass(frozen=True)
class Display:
    """How a defined constant is printed; ``function`` is the form without its last arguments."""

    tex: Template | None = None
    text: Template | None = None
    function_tex: Template | None = None
    function_text: Template | None = None
    precedence: int = ATOM
    function_precedence: int | None = None
    parameters: tuple[str, ...] = ()
    indices: tuple[int, ...] = ()


_displays: dict[str, Display] = {
    "perm": Display(r"<1> \in S_{<0>}", "<1> ∈ S_<0:atom>", precedence=RELATION, parameters=("n", "s")),
}


def register(
    name: str,
    *,
    tex: Template | None = None,
    text: Template | None = None,
    function_tex: Template | None = None,
    function_text: Template | None = None,
    precedence: int = ATOM,
    function_precedence: int | None = None,
    parameters: Iterable[str] = (),
    indices: Iterable[int] = (),
    replace: bool = False,
) -> None:
    """Say how the defined constant ``name`` is printed. A template is a string with ``<k>`` places, or a
    callable that gets the arguments (``Argument``) and returns the printed form.

    ``function_tex`` and ``function_text`` print the constant where its last arguments are left out: the
    vector ``rope(m, q)`` beside its entry ``rope(m, q, i)``, which is printed from it with subscripts when
    it has no template of its own. ``precedence`` is that of the printed form, ``function_precedence`` that of
    the other (by default a product's where the template has a space outside of brackets). ``parameters`` are
    names for the arguments, for printing the definition and arguments that the templates leave out.
    ``indices`` are the places of the arguments that the form of the function lacks; with them it needs no
    ``tex`` and ``text``. By default they are those that only ``tex`` and ``text`` have, else the naturals at
    the end.
    Raises ValueError when the name has another form already, unless ``replace`` is given.
    """
    new = Display(tex, text, function_tex, function_text, precedence, function_precedence, tuple(parameters),
                  tuple(indices))  # fmt: skip
    old = _displays.get(name)
    if old is not None and not replace and _identity(old) != _identity(new):
        raise ValueError(f"the constant {name} is printed in another way already")
    _displays[name] = new


def _identity(d: Display) -> tuple:
    templates = (d.tex, d.text, d.function_tex, d.function_text)
    names = (t if isinstance(t, str | None) else (t.__module__, t.__qualname__) for t in templates)
    return (d.precedence, d.function_precedence, d.parameters, d.indices, *names)


def registered(name: str) -> Display | None:
    """How the constant is printed, if its script has said so."""
    return _displays.get(name)


def parameters(head: Const, taken: Iterable[str] = ()) -> list[str]:
    """Names for the arguments of a constant: those registered, else by type; none that is taken."""
    known = registered(head.name)
    wanted = known.parameters if known else ()
    chosen: list[str] = []
    for k, t in enumerate(arguments(head.type)):
        free = k < len(wanted) and wanted[k] not in taken
        chosen.append(wanted[k] if free else fresh(t, {*taken, *chosen, *wanted}))
    return chosen


def size_name(h: Const, k: int, hidden: Sequence[int]) -> str | None:
    """A name for a natural among the arguments that are left out, where its script gives none: it is some size."""
    named = len((registered(h.name) or Display()).parameters)
    sizes = [j for j in hidden if j >= named and arguments(h.type)[j] == "N"]
    return None if k not in sizes else "size" if len(sizes) == 1 else f"size_{sizes.index(k) + 1}"


def _places(template: Template | None) -> frozenset[int] | None:
    """The arguments that a template prints; None where it cannot be known."""
    if callable(template):
        return None
    return frozenset(int(k) for k in re.findall(r"<(\d+)", template or ""))


def _looseness(template: Template) -> int:
    """Precedence of a template: that of a product where it has a space outside of brackets, or of a sum."""
    if callable(template) or re.fullmatch(r"\\begin\{([bpv]matrix)\}(?!.*\\begin).*\\end\{\1\}", template):
        return ATOM
    template = re.sub(r"\\([lr])(?:angle|Vert)\b", lambda m: "(" if m[1] == "l" else ")", template.strip())
    while template != (template := re.sub(r"[{(\[⟨][^{}()\[\]⟨⟩]*[})\]⟩]", "", template)):
        pass
    if re.search(r" [+-] ", template):
        return SUM_OF_TERMS
    return PRODUCT if re.search(r" |\\[,;:]", template) else ATOM


def fresh(t: Type, taken: Iterable[str]) -> str:
    """A name for a variable of type ``t`` that is not taken."""
    taken, pool = set(taken), POOLS.get(t, "F G H").split()
    n = 0
    while True:
        for name in pool:
            if (candidate := f"{name}{n}" if n else name) not in taken:
                return candidate
        n += 1


def split_name(name: str) -> tuple[str, str]:
    """Symbol and subscript of a variable's name: ``theta`` and ``1`` of ``theta_1`` or ``theta1``."""
    match = re.fullmatch(r"([A-Za-z]+?)_?(\d+)|([A-Za-z]+)_([A-Za-z0-9]+)|([A-Za-z]+)", name)
    if not match:
        return name, ""
    symbol = match[1] or match[3] or match[5]
    return ALIASES.get(symbol, symbol), match[2] or match[4] or ""


class Argument:
    """An argument of a defined constant, for templates."""

    def __init__(self, printer: Printer, term: Term, scope: tuple[str, ...]) -> None:
        self.printer, self.term, self.scope = printer, term, scope

    def __str__(self) -> str:
        return self.at(QUANTIFIER)

    def at(self, level: int) -> str:
        """Printed, in parentheses where its precedence is below ``level`` (ATOM for an index or factor)."""
        return self.printer.at(self.printer.function(self.term, self.scope), level)

    @property
    def bound(self) -> list[str]:
        """Printed names of its variables, for an argument of function type."""
        return [self.printer.name(n) for n in self._names()]

    @property
    def body(self) -> str:
        """Its value at its variables."""
        return self.value(*self._names())

    def value(self, *names: str, level: int = QUANTIFIER) -> str:
        """Its value at variables with these names."""
        body = Term((), self.term.head, self.term.args)
        return self.printer.at(self.printer.fold(body, (*reversed(names), *self.scope)), level)

    def _names(self) -> list[str]:
        return self.printer.fresh_names(self.term.binders, self.scope)


def _place(a: Term, k: int) -> int | None:
    """Index of the bound variable below ``k`` that the argument is, as it stands or eta-expanded."""
    if isinstance(a.head, Bound) and 0 <= (p := a.head.index - len(a.binders)) < k:
        return p if a == eta(Bound(p, a.head.type)) else None
    return None


def _plain(a: Term) -> bool:
    """Is it a variable?"""
    k = len(a.binders)
    head = Bound(a.head.index - k, a.head.type) if isinstance(a.head, Bound) and a.head.index >= k else a.head
    return isinstance(head, Var | Bound) and a == eta(head)


def _negative_coefficient(t: Term) -> Fraction | None:
    """The ``-2`` of ``-2 x``, which is printed with a minus sign."""
    if t.is_const("mul") and isinstance(c := t.args[0].head, Num) and c.value < 0:
        return c.value
    return None


class Printer:
    """One fold over a term; a subclass gives the looks. ``scope`` has the names of the bound variables.

    The names of the variables in ``free`` are taken; ``names`` are for the quantified variables, in the
    order in which they are printed, as far as they reach and are not taken.
    """

    relation: ClassVar[dict[str, str]] = {"eq": "=", "eqN": "=", "le": "≤", "lt": "<", "ltN": "<"}
    negated: ClassVar[dict[str, str]] = {"eq": "≠", "eqN": "≠"}
    connective: ClassVar[dict[str, str]] = {"and": "∧", "or": "∨", "imp": "⇒", "not": "¬"}
    false = "⊥"
    quantifier: ClassVar[dict[str, str]] = {"forall": "∀", "exists": "∃"}
    pi, dot, comma, separator = "π", "·", ", ", ", "  # separator: between hypotheses

    def __init__(self, term: Term | None = None, free: Iterable[Var] = (), names: Iterable[str] = ()) -> None:
        variables = {*free, *(term.free if term is not None else ())}
        self.names: dict[Var, str] = {}
        shown: set[str] = {self.pi}
        for v in sorted(variables, key=lambda v: (v.name, repr(v.type))):
            name = v.name
            while self.name(name) in shown:
                name += "'"
            shown.add(self.name(name))
            self.names[v] = name
        self.wanted = list(names)
        self.vectors: dict[Var, Printed] = {}
        self.units = False  # are factors 1 printed?
        self.used: set[str] = {self.name(n) for n in self.names.values()}  # every name that was printed
        #: Arguments that templates leave out, by what they are (their text where it depends on the place).
        self.unseen: dict[tuple[Const, int], dict[Term | str, tuple[str, Term]]] = {}
        self.said: Said = {}  # what the definitions that are printed along have in these places
        self.marks: frozenset[tuple[Const, int]] = frozenset()  # those of them that are printed as subscripts

    # -- the looks ---------------------------------------------------------------------------

    def name(self, name: str) -> str:
        """A variable's name."""
        raise NotImplementedError

    def constant(self, name: str) -> str:
        """Name of a function or constant, upright."""
        raise NotImplementedError

    def indexed(self, symbol: str, indices: Sequence[str], compound: bool) -> str:
        """A symbol with subscripts; ``compound`` when it has one in its name already."""
        raise NotImplementedError

    def paren(self, s: str) -> str:
        raise NotImplementedError

    def fraction(self, above: Sequence[Printed], below: Sequence[Printed]) -> Printed:
        raise NotImplementedError

    def rational(self, p: int, q: int) -> Printed:
        raise NotImplementedError

    def power(self, base: Printed, exponent: Printed) -> str:
        raise NotImplementedError

    def root(self, x: Printed) -> Printed:
        raise NotImplementedError

    def absolute(self, x: Printed) -> str:
        raise NotImplementedError

    def summation(self, index: str, limit: Term, scope: tuple[str, ...], body: str) -> str:
        raise NotImplementedError

    def integration(self, variable: str, low: str, high: str, body: str) -> str:
        raise NotImplementedError

    def cases(self, rows: Sequence[tuple[str, str]]) -> Printed:
        raise NotImplementedError

    def delta(self, i: str, j: str) -> str:
        raise NotImplementedError

    def derivative(self, variable: str, body: Printed, at: str | None, value: Printed) -> str:
        raise NotImplementedError

    def mapsto(self, names: Sequence[str], body: str) -> str:
        raise NotImplementedError

    def domain(self, t: Type) -> str:
        """``in R`` in a quantifier."""
        raise NotImplementedError

    def juxtaposed(self, factors: Sequence[str]) -> str:
        raise NotImplementedError

    def breakable(self, operator: str) -> str:
        """A binary operator; a long line may be broken before it."""
        return f" {operator} "

    def elementary(self, name: str, x: str) -> str:
        return f"{self.constant(name)}{self.paren(x)}"

    def elementary_power(self, name: str, x: str, exponent: str) -> str | None:
        """``cos^2(x)``, where that is how a power of the function is written."""
        return None

    # -- the fold ----------------------------------------------------------------------------

    def at(self, p: Printed, level: int) -> str:
        """In parentheses if its precedence is lower."""
        return p.text if p.level >= level else self.paren(p.text)

    def taken(self, scope: tuple[str, ...]) -> set[str]:
        """The printed names that are in use."""
        return {self.name(n) for n in (*self.names.values(), *scope)} | {self.pi}

    def fresh_names(self, types: Iterable[Type], scope: tuple[str, ...]) -> list[str]:
        """Names for binders, none of which looks like a free name or one of the enclosing binders."""
        taken = self.taken(scope)
        chosen: list[str] = []
        for t in types:
            blocked: set[str] = set()
            while self.name(name := fresh(t, {*blocked, *chosen})) in taken:
                blocked.add(name)
            chosen.append(name)
        self.used.update(self.name(n) for n in chosen)
        return chosen

    def print(self, t: Term, scope: tuple[str, ...] = ()) -> str:
        return (self.function(t, scope) if t.binders else self.fold(t, scope)).text

    def function(self, t: Term, scope: tuple[str, ...]) -> Printed:
        """A term of any type; one of function type by its name where it has one."""
        if not t.binders:
            return self.fold(t, scope)
        k = len(t.binders)
        places = [_place(a, k) for a in t.args]
        others = [a for a, p in zip(t.args, places, strict=True) if p is None]
        outside = not (isinstance(t.head, Bound) and t.head.index < k)
        if outside and [p for p in places if p is not None] == list(reversed(range(k))) \
                and all(i >= k for a in others for i, _ in a.loose):  # fmt: skip
            inner = (*[""] * k, *scope)
            named = not isinstance(t.head, Const) or t.head.body is not None or t.head.name in ELEMENTARY
            if isinstance(t.head, Const) and t.head.body is not None:
                left_out = [None if p is not None else a for a, p in zip(t.args, places, strict=True)]
                if self.has_form(t.head, left_out):
                    return self.defined(t.head, left_out, inner)
            elif not others and named:
                return self.symbol(t.head, inner)
            elif not isinstance(t.head, Const | Num) and set(arguments(t.head.type)) == {"N"}:
                indices = [self.dot if p is not None else self.print(a, inner)
                           for a, p in zip(t.args, places, strict=True)]  # fmt: skip
                return self.subscripted(t.head, indices, inner)
            elif not isinstance(t.head, Const | Num) and None not in places[-k:] and set(t.binders) == {"N"}:
                return self.applied(t.head, [*t.args[:-k], *[None] * k], inner)
        if set(t.binders) == {"N"} and isinstance(t.head, Num) and t.head == Num(Fraction(0), "R"):
            return self.symbol(t.head, scope)  # the zero vector
        if sort(t.type) == "R" and set(t.binders) == {"N"} and (p := self.pointwise(t, scope)):
            return p
        names = self.fresh_names(t.binders, scope)
        body = self.fold(Term((), t.head, t.args), (*reversed(names), *scope))
        return Printed(self.mapsto([self.name(n) for n in names], body.text), LAMBDA)

    def pointwise(self, t: Term, scope: tuple[str, ...]) -> Printed | None:
        """A linear combination of vectors or matrices as such: ``x + 2 y`` for ``i -> x_i + 2 y_i``."""
        k = len(t.binders)

        def combined(body: Term) -> Term | None:
            """The body with scalar variables in place of the vectors' entries."""
            if body.is_const("add"):
                parts = [combined(a) for a in body.args]
                return Term((), body.head, [p for p in parts if p]) if all(parts) else None
            if body.is_const("mul"):
                scalar = [all(i >= k for i, _ in a.loose) for a in body.args]
                parts = [a if c else combined(a) for a, c in zip(body.args, scalar, strict=True)]
                whole = sum(scalar) == 1 and all(parts)
                return Term((), body.head, [p for p in parts if p]) if whole else None
            vector = Term(t.binders, body.head, body.args)
            if not body.args or vector == t or (p := self.function(vector, scope)).level == LAMBDA:
                return None
            v = Var(f"vector {len(self.vectors)}", "R")
            self.vectors[v] = p
            return eta(v)

        body = combined(Term((), t.head, t.args)) if t.is_const("add", "mul") else None
        return self.fold(body, ("",) * k + scope) if body is not None else None

    def symbol(self, head: object, scope: tuple[str, ...]) -> Printed:
        """A head without arguments, or a function by its name."""
        if isinstance(head, Num):
            p, q = head.value.numerator, head.value.denominator
            return self.rational(p, q) if q != 1 else Printed(str(p), ATOM if p >= 0 else SUM_OF_TERMS)
        if isinstance(head, Const):
            if head.body is not None:
                return self.defined(head, [None] * len(arguments(head.type)), scope)
            named = {"pi": self.pi, "false": self.false}
            return Printed(named.get(head.name) or self.constant(head.name), ATOM)
        if isinstance(head, Var) and head in self.vectors:
            return self.vectors[head]
        return Printed(self.name(self.raw(head, scope)), ATOM)

    def raw(self, head: object, scope: tuple[str, ...]) -> str:
        """Name of a variable, as given."""
        if isinstance(head, Bound):
            return scope[head.index] if head.index < len(scope) else f"?{head.index - len(scope)}"
        assert isinstance(head, Var)
        return self.names.get(head, head.name)

    def subscripted(self, head: object, indices: Sequence[str], scope: tuple[str, ...]) -> Printed:
        name = self.raw(head, scope)
        return Printed(self.indexed(self.name(name), indices, bool(split_name(name)[1])), ATOM)

    def fold(self, t: Term, scope: tuple[str, ...]) -> Printed:
        """A term of a base sort."""
        h, args = t.head, t.args
        if not args:
            return self.symbol(h, scope)
        if not isinstance(h, Const):
            return self.applied(h, args, scope)
        if h.body is not None:
            return self.defined(h, args, scope)
        return getattr(self, f"_{h.name}", self._other)(t, scope)

    def applied(self, h: Head, args: Sequence[Term | None], scope: tuple[str, ...]) -> Printed:
        """A variable at arguments: naturals at the end of those of a real function are subscripts. None is an
        index that is left out, and has a dot if another one is there."""
        types = arguments(h.type)
        n = len(types)
        while n and types[n - 1] == "N" and sort(h.type) == "R":
            n -= 1
        indices = self.indices([None if a is None else self.function(a, scope).text for a in args[n:]])
        if n == 0:
            return self.subscripted(h, indices, scope)
        listed = self.listed([Printed(self.dot, ATOM) if a is None else self.function(a, scope) for a in args[:n]])
        s = self.name(self.raw(h, scope)) + self.paren(listed)
        return Printed(self.indexed(s, indices, compound=False) if indices else s, ATOM)

    def indices(self, printed: Sequence[str | None]) -> list[str]:
        """Indices with a dot for each that is left out; none if all are."""
        return [s or self.dot for s in printed] if any(printed) else []

    def listed(self, printed: Sequence[Printed]) -> str:
        alone = len(printed) == 1
        if alone and printed[0].level == LAMBDA:
            return printed[0].text[1:-1]
        return self.comma.join(p.text if alone else self.at(p, IMPLICATION) for p in printed)

    def roles(self, h: Const) -> tuple[list[int], list[int]]:
        """The arguments of a constant that are indices of its entries, and those that its templates leave out."""
        display, types = registered(h.name) or Display(), arguments(h.type)
        whole, short = self.template(display, True), self.template(display, False)
        shown, kept = _places(whole), _places(short)
        n = len(types)
        while n and types[n - 1] == "N":
            n -= 1
        if display.indices:
            index = {*display.indices}
        elif shown and short is not None and kept is not None:
            index = {*shown} - kept
        elif whole or short:
            index = {*range(n, len(types))} - (kept or frozenset())
        else:
            index = {*range(n, len(types))} if n else set()
        if shown is None or kept is None or not (whole or short):
            return sorted(index), []
        return sorted(index), [k for k in range(len(types)) if k not in {*shown, *kept, *index}]

    def has_form(self, h: Const, args: Sequence[Term | None]) -> bool:
        """Has the constant a printed form where the arguments that are None are left out?"""
        display = registered(h.name) or Display()
        missing = [k for k, a in enumerate(args) if a is None]
        if {*missing} <= {*self.roles(h)[0]}:  # an array, or a part of it such as a row
            return bool(self.template(display, False) or not self.template(display, True))
        named = not (self.template(display, False) or self.template(display, True))
        return named and missing == list(range(missing[0], len(args)))

    def defined(self, h: Const, args: Sequence[Term | None], scope: tuple[str, ...]) -> Printed:
        """A defined constant by its template, else ``name(arguments)`` with indices as subscripts. Arguments
        that are None are left out: all the indices, or some of them, and these have a dot."""
        display = registered(h.name) or Display()
        index, hidden = self.roles(h)
        values = [None if a is None else Argument(self, a, scope) for a in args]
        whole, short = (self.template(display, w) for w in (True, False))
        indices = self.indices([None if values[k] is None else str(values[k]) for k in index])
        if whole and None not in values:
            p = Printed(self.fill(whole, values), display.precedence)
            return self.marked(h, hidden, args, scope, p, _looseness(whole))
        if short:
            kept = [None if k in index else v for k, v in enumerate(values)]
            p = Printed(self.fill(short, kept), self.function_level(display))
            p = self.marked(h, hidden, args, scope, p)
            if not indices:
                return p
            entry = self.entry if whole or display.indices else self.indexed  # with brackets, in text
            array = self.at(p, ATOM)
            return Printed(entry(array, indices, self.compound(array)), ATOM)
        name, rest = self.constant(h.name), [v for k, v in enumerate(values) if k not in index]
        if any(v is not None for v in rest):
            name += self.paren(self.comma.join(self.dot if v is None else v.at(IMPLICATION) for v in rest))
        elif rest and indices:
            name += self.paren(self.comma.join(self.dot for _ in rest))
        return Printed(self.indexed(name, indices, compound=False) if indices else name, ATOM)

    def compound(self, symbol: str) -> bool:
        """Has a printed array a subscript or superscript at its end, so that its indices cannot stand there?"""
        closed = re.search(r"(\)|\]|⟩|‖|\\rangle|\\rVert|\\end\{\w+\})\s*$", symbol)
        return closed is None and re.search(r"[_^]", symbol) is not None

    def entry(self, array: str, indices: Sequence[str], compound: bool) -> str:
        """An array at its indices."""
        raise NotImplementedError

    def parameter(self, h: Const, k: int) -> str:
        """Printed name of an argument that templates leave out."""
        if (said := self.said.get((h, k))) is not None and _plain(said):
            return type(self)(said).print(said)
        return self.name(size_name(h, k, self.roles(h)[1]) or parameters(h)[k])

    def quiet(self, h: Const, k: int, a: Term, value: str) -> bool:
        """Is an argument that templates leave out what the definition says that is printed along?"""
        said = self.said.get((h, k))
        alike = said is not None and (a == said or _plain(said) or (bool(a.binders) and not a.loose))
        return alike and said is not None and type(self)(said).print(said) == value

    def general(self, t: Term) -> list[str]:
        """Names of free arrays that are also the symbols of arrays which the definitions have."""
        symbols = {(self.template(d, False), (*(arguments(h.type)[k] for k in self.roles(h)[0]), sort(h.type)))
                   for h in dict.fromkeys(h for h, _ in self.said) if (d := registered(h.name))}  # fmt: skip
        return [s for v, n in self.names.items() if v in t.free and ((s := self.name(n)), v.type) in symbols]

    def naturals(self, t: Term) -> list[str]:
        """Names of free naturals that nothing shows to be such: they stand in comparisons and where a real number
        could stand, and are no index, no length and no argument of a map of indices."""
        shown: set[Var] = set()
        real: set[Var] = set()

        def visit(t: Term, place: str) -> None:
            if isinstance(t.head, Var) and not t.args and t.type == "N":
                (real if place == "real" else shown if place == "index" else set()).add(t.head)
                return
            if t.is_const("addN", "mulN"):
                inner = place
            else:
                inner = "real" if t.is_const("real") else "compared" if t.is_const("ltN", "eqN") else "index"
            for a in t.args:
                visit(a, inner)

        visit(t, "index")
        found = [self.name(n) for v, n in self.names.items() if v in t.free and v in real - shown]
        return [f"{', '.join(found)} {self.domain('N')}"] if found else []

    def marked(self, h: Const, hidden: Sequence[int], args: Sequence[Term | None], scope: tuple[str, ...],
               p: Printed, looseness: int = ATOM) -> Printed:  # fmt: skip
        """Takes note of arguments that are not in the printed form, and adds those that are marked."""
        found = []
        for k in hidden:
            if (a := args[k]) is not None:
                value = self.function(a, scope if a.loose else ()).text
                self.unseen.setdefault((h, k), {})[value if a.loose else a] = value, a
                if (h, k) in self.marks and not self.quiet(h, k, a, value):
                    found.append(f"{self.parameter(h, k)}={value}")
        if not found:
            return p
        s = self.at(Printed(p.text, min(p.level, looseness)), ATOM)
        return Printed(self.indexed(s, found, self.compound(s)), ATOM)

    def explained(self) -> tuple[frozenset[tuple[Const, int]], dict[str, str]]:
        """Of the arguments that were left out: those to be marked, and the values to be given behind the
        formula. The others are what the definition says that is printed along; without one, they are the same
        everywhere and clear from their names."""
        marks: set[tuple[Const, int]] = set()
        given: dict[str, str] = {}
        for (h, k), values in sorted(self.unseen.items(), key=lambda x: arguments(x[0][0].type)[x[0][1]] != "N"):
            (value, a), name, said = next(iter(values.values())), self.parameter(h, k), (h, k) in self.said
            if all(self.quiet(h, k, a, value) for value, a in values.values()):
                continue
            if len(values) > 1:
                marks.add((h, k))
            elif said or (value != name and not self.clear(h, k, a, value)):
                local = a.loose or any(v.name.endswith(" ") for v in a.free)
                alone = _plain(a) and not (said and a.type == "N")
                if alone or local or name in self.used or given.setdefault(name, value) != value:
                    marks.add((h, k))
        return frozenset(marks), given

    def clear(self, h: Const, k: int, a: Term, value: str) -> bool:
        """Is it clear without being said what the argument is: a variable that has not the name of something
        else, a length in terms of such (the ``2h`` of a scalar product), an array with a symbol of its own?"""
        names = (registered(h.name) or Display()).parameters[k : k + 1]
        if a.type == "N" and names in ((), ("dim",)):
            return bool(a.free or a.loose)
        if _plain(a):
            return not names
        short = self.template(registered(a.head.name) or Display(), False) if isinstance(a.head, Const) else None
        return bool(a.binders) and short == value

    def template(self, display: Display, whole: bool) -> Template | None:
        raise NotImplementedError

    def function_level(self, display: Display) -> int:
        """Precedence of the form without the last arguments."""
        template = self.template(display, False)
        if display.function_precedence is not None:
            return display.function_precedence
        return _looseness(template) if template else ATOM

    def fill(self, template: Template, values: Sequence[Argument | None]) -> str:
        """The template with the arguments in their places."""
        if callable(template):
            return template([v for v in values if v is not None])

        def place(match: re.Match) -> str:
            value, how = values[int(match[1])], match[2] or "plain"
            assert value is not None
            if how == "bound":
                return self.comma.join(value.bound)
            return value.body if how == "body" else value.at(LEVELS[how])
        return re.sub(r"<(\d+)(?::(\w+))?>", place, template)

    # arithmetic

    def _add(self, t: Term, scope: tuple[str, ...]) -> Printed:
        out = ""
        for j, (negative, p) in enumerate(self.summands(t, scope)):
            s = self.at(p, BIG_SUM)
            out += (self.breakable("-" if negative else "+") if j else "-" * negative) + s
        return Printed(out, SUM_OF_TERMS)

    _addN = _add

    def summands(self, t: Term, scope: tuple[str, ...]) -> list[tuple[bool, Printed]]:
        """The terms of a sum with their signs, whatever their grouping."""
        if t.is_const("add", "addN"):
            return [s for a in t.args for s in self.summands(a, scope)]
        if t.is_const("real"):
            return self.summands(t.args[0], scope)
        if isinstance(t.head, Num) and t.head.value < 0:
            return [(True, self.symbol(Num(-t.head.value, "R"), scope))]
        if c := _negative_coefficient(t):
            rest = t.args[1] if c == -1 else Term((), t.head, [number(-c), t.args[1]])
            return [(True, self.fold(rest, scope))]
        return [(False, self.fold(t, scope))]

    def _mul(self, t: Term, scope: tuple[str, ...]) -> Printed:
        if _negative_coefficient(t):
            return self._add(t, scope)
        factors = self.factors(t)
        above, below = [], []
        for j, f in enumerate(factors):
            if f.is_const("inv"):
                below.append(self.fold(f.args[0], scope))
            elif j and isinstance(c := f.head, Num) and c.value.numerator == 1 != c.value.denominator:
                below.append(self.fold(number(c.value.denominator), scope))  # x (1/2) is x/2
            else:
                above.append(self.fold(f, scope))
        if not below:
            return self.product(above)
        if isinstance(c := factors[0].head, Num) and c.value.denominator != 1:  # (1/2) x/y, not (1/2 x)/y
            return self.product([above[0], self.fraction(above[1:], below)])
        return self.fraction(above, below)

    _mulN = _inv = _mul

    def factors(self, t: Term) -> list[Term]:
        """The factors of a product without those that are 1, whatever their grouping; one with a sign of its
        own stays whole."""
        found = self._factors(t)
        if self.units:
            return found
        return [f for f in found if not (isinstance(f.head, Num) and f.head.value == 1)] or found[:1]

    def _factors(self, t: Term) -> list[Term]:
        if t.is_const("real"):
            return self._factors(t.args[0])
        if t.is_const("mul", "mulN") and not _negative_coefficient(t):
            return [f for a in t.args for f in self._factors(a)]
        return [t]

    def product(self, factors: Sequence[Printed]) -> Printed:
        if len(factors) == 1:
            return factors[0]
        last = factors[-1]
        parts = [self.at(f, PRODUCT) for f in factors[:-1]] + [self.at(last, BIG_SUM)]
        return Printed(self.juxtaposed(parts), BIG_SUM if last.level == BIG_SUM else PRODUCT)

    def _real(self, t: Term, scope: tuple[str, ...]) -> Printed:
        return self.fold(t.args[0], scope)

    def _pow(self, t: Term, scope: tuple[str, ...]) -> Printed:
        base, exponent = t.args
        e = self.fold(exponent, scope)
        if base.is_const("sin", "cos") and isinstance(exponent.head, Num):
            assert isinstance(base.head, Const)
            if s := self.elementary_power(base.head.name, self.fold(base.args[0], scope).text, e.text):
                return Printed(s, POWER)
        return Printed(self.power(self.fold(base, scope), e), POWER)

    def _elementary(self, t: Term, scope: tuple[str, ...]) -> Printed:
        assert isinstance(t.head, Const)
        return Printed(self.elementary(t.head.name, self.fold(t.args[0], scope).text), POWER)

    _sin = _cos = _exp = _log = _Ci = _elementary

    def _sqrt(self, t: Term, scope: tuple[str, ...]) -> Printed:
        return self.root(self.fold(t.args[0], scope))

    def _abs(self, t: Term, scope: tuple[str, ...]) -> Printed:
        return Printed(self.absolute(self.fold(t.args[0], scope)), ATOM)

    def _sum(self, t: Term, scope: tuple[str, ...]) -> Printed:
        limit, f = t.args
        (name,) = self.fresh_names(f.binders, scope)
        body = self.at(self.fold(Term((), f.head, f.args), (name, *scope)), BIG_SUM)
        return Printed(self.summation(self.name(name), limit, scope, body), BIG_SUM)

    def _integral(self, t: Term, scope: tuple[str, ...]) -> Printed:
        f, low, high = t.args
        (name,) = self.fresh_names(f.binders, scope)
        body = self.at(self.fold(Term((), f.head, f.args), (name, *scope)), BIG_SUM)
        start, end = (self.fold(a, scope).text for a in (low, high))
        return Printed(self.integration(self.name(name), start, end, body), BIG_SUM)

    def _delta(self, t: Term, scope: tuple[str, ...]) -> Printed:
        return Printed(self.delta(*(self.fold(a, scope).text for a in t.args)), ATOM)

    # definition by cases: an index is split as 2i or 2i + 1, as i or h + i, as 0 or i + 1

    def _branch(self, f: Term, scope: tuple[str, ...], names: Sequence[str]) -> str:
        return self.fold(Term((), f.head, f.args), (*reversed(names), *scope)).text

    def _weave(self, t: Term, scope: tuple[str, ...]) -> Printed:
        even, odd, index = t.args
        names = self.fresh_names(["N"], scope)
        i, r = self.name(names[0]), self.fold(index, scope).text
        twice = self.juxtaposed(["2", i])
        return self.cases([(self._branch(even, scope, names), f"{r} = {twice}"),
                           (self._branch(odd, scope, names), f"{r} = {twice} + 1")])  # fmt: skip

    def _stack(self, t: Term, scope: tuple[str, ...]) -> Printed:
        half, low, high, index = t.args
        names = self.fresh_names(["N"], scope)
        i, r, h = self.name(names[0]), self.fold(index, scope).text, self.fold(half, scope).text
        return self.cases([(self._branch(low, scope, names), f"{r} = {i} < {h}"),
                           (self._branch(high, scope, names), f"{r} = {h} + {i}")])  # fmt: skip

    def _case(self, t: Term, scope: tuple[str, ...]) -> Printed:
        index, zero, successor = t.args
        names = self.fresh_names(["N"], scope)
        i, r = self.name(names[0]), self.fold(index, scope).text
        return self.cases([(self.fold(zero, scope).text, f"{r} = 0"),
                           (self._branch(successor, scope, names), f"{r} = {i} + 1")])  # fmt: skip

    _caseN = _case

    # propositions

    def _has_deriv(self, t: Term, scope: tuple[str, ...]) -> Printed:
        g, at, value = t.args
        h, v = at.head, self.fold(value, scope)
        inside = {*g.free, *(i for i, _ in g.loose)}
        named = isinstance(h, Var | Bound) and not at.args  # d/dt g(t), unless g has another t in it
        if named and (h.index if isinstance(h, Bound) else h) not in inside:
            name, point = self.raw(h, scope), None
        else:
            name, point = self.fresh_names(["R"], scope)[0], self.fold(at, scope).text
        body = self.fold(Term((), g.head, g.args), (name, *scope))
        return Printed(self.derivative(self.name(name), body, point, v), RELATION)

    def _relation(self, t: Term, scope: tuple[str, ...], signs: dict[str, str] | None = None) -> Printed:
        assert isinstance(t.head, Const)
        left, right = (self.fold(a, scope) for a in t.args)
        if left == right and t.args[0] != t.args[1] and not self.units:  # 1 x = x says something
            self.units = True
            left, right = (self.fold(a, scope) for a in t.args)
            self.units = False
        op = self.breakable((signs or self.relation)[t.head.name])
        return Printed(self.at(left, CASES + 1) + op + self.at(right, CASES), RELATION)

    _eq = _eqN = _le = _lt = _ltN = _relation

    def _and(self, t: Term, scope: tuple[str, ...]) -> Printed:
        assert isinstance(t.head, Const)
        name, todo, parts = t.head.name, list(reversed(t.args)), []
        while todo:
            p = todo.pop()
            if p.is_const(name):
                todo += reversed(p.args)
            else:
                parts.append(self.fold(p, scope))
        level = AND if name == "and" else OR
        op = self.breakable(self.connective[name])
        return Printed(op.join(self.at(p, level + 1) for p in parts), level)

    _or = _and

    def _imp(self, t: Term, scope: tuple[str, ...]) -> Printed:
        hypotheses = []
        while t.is_const("imp") and not t.args[1].is_const("false"):
            hypotheses.append(self.fold(t.args[0], scope))
            t = t.args[1]
        if t.is_const("imp"):
            p = t.args[0]
            if p.is_const(*self.negated):
                conclusion = self._relation(p, scope, self.negated)
            else:
                conclusion = Printed(self.connective["not"] + self.at(self.fold(p, scope), ATOM), ATOM - 1)
        else:
            conclusion = self.fold(t, scope)
        if not hypotheses:
            return conclusion
        left = self.separator.join(self.at(p, OR) for p in hypotheses)
        right = conclusion.text if conclusion.level == QUANTIFIER else self.at(conclusion, OR)
        level = QUANTIFIER if conclusion.level == QUANTIFIER else IMPLICATION
        return Printed(left + self.breakable(self.connective["imp"]) + right, level)

    def _forall(self, t: Term, scope: tuple[str, ...]) -> Printed:
        """``forall i < n: p`` where ``i < n`` is among the hypotheses (of an exists: the conjuncts)."""
        assert isinstance(t.head, Const)
        kind, join = t.head.name, "imp" if t.head.name == "forall" else "and"
        variables: list[Var] = []
        while t.is_const(kind):
            wanted = self.wanted.pop(0) if self.wanted else self.role_name(t.args[0])
            if wanted and self.name(wanted) not in self.taken(scope):
                name = wanted
            else:
                (name,) = self.fresh_names(t.args[0].binders, scope)
            v = Var(f"{name} ", t.args[0].binders[0])  # no name that a caller can give has this space
            self.names[v] = name
            self.used.add(self.name(name))
            variables.append(v)
            t = t.args[0](eta(v))
        limits: dict[Var, Term] = {}
        guards, rest = [], t
        while rest.is_const(join):
            guards.append(rest.args[0])
            rest = rest.args[1]
        kept = []
        for g in guards:
            guarded = g.args[0].head if g.is_const("ltN") else None
            later = variables[variables.index(guarded) :] if guarded in variables else []
            if later and guarded not in limits and g.args[1].free.isdisjoint(later):
                limits[later[0]] = g.args[1]
            else:
                kept.append(g)
        for g in reversed(kept):
            rest = Term((), Const(join, ("P", "P", "P")), [g, rest])
        heads: list[tuple[list[str], str]] = []
        for v in variables:
            limit = self.domain(v.type)
            if v in limits:
                limit = f"< {self.at(self.fold(limits[v], scope), CASES + 1)}"
            if not heads or heads[-1][1] != limit:
                heads.append(([], limit))
            heads[-1][0].append(self.name(self.names[v]))
        body = self.fold(rest, scope)
        for v in variables:
            del self.names[v]
        spelled = [f"{', '.join(names)} {limit}" for names, limit in heads]
        return Printed(self.quantified(self.quantifier[kind], spelled, body.text), QUANTIFIER)

    _exists = _forall

    def role_name(self, body: Term) -> str | None:
        """The name that definitions give to the argument that a bound variable is somewhere: of an argument that
        templates leave out, so that it need not be said, else of any that is a function."""
        probe = Var("?", body.binders[0])
        todo, shown = [body(eta(probe))], None
        while todo:
            t = todo.pop()
            todo += reversed(t.args)
            if isinstance(t.head, Const) and t.head.body is not None and eta(probe) in t.args:
                names, hidden = (registered(t.head.name) or Display()).parameters, self.roles(t.head)[1]
                for k, a in enumerate(t.args[: len(names)]):
                    if a == eta(probe) and k in hidden:
                        return names[k]
                    if a == eta(probe) and a.binders:
                        shown = shown or names[k]
        return shown

    def quantified(self, sign: str, heads: Sequence[str], body: str) -> str:
        raise NotImplementedError

    def _other(self, t: Term, scope: tuple[str, ...]) -> Printed:
        raise TermError(f"no printed form: {t!r:.80}")

    # limits of sums

    def predecessor(self, limit: Term) -> Term | None:
        """``n - 1`` as a term, where it is one of the naturals."""
        if isinstance(limit.head, Num):
            return Term((), Num(limit.head.value - 1, "N")) if limit.head.value > 0 else None
        if limit.is_const("addN") and isinstance(k := limit.args[1].head, Num) and k.value > 0:
            return limit.args[0] if k.value == 1 else limit.args[0] + Term((), Num(k.value - 1, "N"))
        return None


def explain(kind: type[Printer], term: Term, free: Iterable[Var], names: Iterable[str], said: Said | None = None,
            whole: bool = False) -> tuple[str, list[str], list[tuple[list[str], str]]]:  # fmt: skip
    """A term printed, the names that are no symbols of the definitions in it though they look the same (and, where
    the term is a ``whole`` statement, those of naturals that do not look it), and the values that are to be given
    behind it: names and what they all are. ``said`` is what the definitions that are printed along have in the
    places that notations leave out: of these arguments each is said that is another one."""
    names = list(names)
    printer = kind(term, free, names)
    printer.said = said or {}
    out = printer.print(term)
    marks, given = printer.explained()
    if marks:
        printer = kind(term, free, names)
        printer.said, printer.marks = said or {}, marks
        out = printer.print(term)
    values: dict[str, list[str]] = {}
    for name, value in given.items():
        values.setdefault(value, []).append(name)
    general = [*printer.general(term), *(printer.naturals(term) if whole else [])]
    return out, general, [(names, value) for value, names in values.items()]
