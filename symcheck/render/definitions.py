"""The definitions that statements rest on, with the arguments that their notation leaves out filled in.

``<u, v> := sum_(i<2h) u_i v_i`` is printed beside a statement about vectors of length 2h. Where several lengths
occur, the definition has a variable, and each formula says what it is: ``..., where dim = 2h``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..terms import Const, Term, Var, arguments, eta
from .notation import GREEK, Display, Said, Sequent, Template, fresh, registered, size_name
from .tex import TeX, equation
from .text import Text, text


def definitions(statements: Iterable[Sequent]) -> list[tuple[Term, Term]]:
    """Both sides of the definitions of all constants in the statements and in these definitions, each once; a
    constant comes before those that it is defined by. An argument that the notation leaves out has the value
    that it has at every place where the constant stands, or a variable: of fixed values the statement says what
    they are, under the names that they have here. Notations that compute what they print
    (decimal numbers) explain themselves."""
    terms = [t for s in statements for t in (*s.hyps, s.concl)]
    out: list[tuple[Term, Term]] = []
    for h in _constants(terms):
        places = [(t, c.args) for t in (*terms, *(right for _, right in out)) for c in _occurrences(t, h)]
        values = {k: _common([args[k] for _, args in places]) for k in left_out(h)}
        named = len((registered(h.name) or Display()).parameters)
        known = {k: v for k, v in values.items() if v is not None and (v.free or k >= named)}
        if any(callable(x) for x in _templates(h)):
            continue
        args = _arguments(h, known, places)
        assert h.body is not None
        out.append((eta(h)(*args), h.body(*args)) if args else (eta(h), h.body))
    return out


def left_out(h: Const) -> list[int]:
    """The arguments of a constant that neither its text nor its LaTeX shows."""
    return [k for k in Text().roles(h)[1] if k in TeX().roles(h)[1]]


def _templates(h: Const) -> list[Template | None]:
    d = registered(h.name) or Display()
    return [d.tex, d.text, d.function_tex, d.function_text]


def _arguments(h: Const, known: dict[int, Term], places: list[tuple[Term, tuple[Term, ...]]]) -> list[Term]:
    """The arguments of the definition: those known, else variables with the registered names, those of variables
    that stand there, or one by type. The places are formulas with the arguments that are somewhere in them: no
    variable of a formula has a name that would have to be explained there (``where h = h + 1``)."""
    wanted = (registered(h.name) or Display()).parameters
    taken = {v.name for t in known.values() for v in t.free}
    chosen: dict[int, str] = {}
    for k, t in enumerate(arguments(h.type)):
        if k not in known:
            other = [(f, p[k]) for f, p in places if k in left_out(h)]
            stand = [n for f, p in places if (n := _symbol(p[k]))]
            stand = [n for n in stand if all(_symbol(a) == n or n not in _names(f) for f, a in other)]
            named = [n for n in wanted[k : k + 1] if all(_symbol(a) == n or n not in _names(a) for _, a in other)]
            names = [*named, *stand, size_name(h, k, left_out(h))]
            free = [n for n in names if n and n not in {*taken, *chosen.values()}]
            chosen[k] = free[0] if free else fresh(t, {*taken, *chosen.values(), *wanted})
    return [known[k] if k in known else eta(Var(chosen[k], t)) for k, t in enumerate(arguments(h.type))]


def _symbol(a: Term) -> str | None:
    """The name of a variable, or of an array that is printed as a Greek letter."""
    if isinstance(a.head, Var):
        return a.head.name if a == eta(a.head) else None
    known = registered(a.head.name) if isinstance(a.head, Const) and a.binders else None
    return next((n for n, c in GREEK.items() if known is not None and c == known.function_text), None)


def _names(t: Term) -> set[str]:
    return {v.name for v in t.free}


def _occurrences(t: Term, h: Const) -> Iterator[Term]:
    if t.head == h:
        yield t
    for a in t.args:
        yield from _occurrences(a, h)


def _common(values: list[Term]) -> Term | None:
    """The value at all places; None where they differ or depend on what is bound there."""
    first = values[0] if values else None
    return first if first is not None and not first.loose and all(v == first for v in values) else None


def _constants(terms: Iterable[Term]) -> list[Const]:
    """The defined constants in the terms and in their definitions, users before what they use."""
    done: dict[Const, None] = {}

    def visit(t: Term) -> None:
        for a in reversed(t.args):
            visit(a)
        if isinstance(t.head, Const) and t.head.body is not None and t.head not in done:
            visit(t.head.body)
            done[t.head] = None

    for t in reversed([*terms]):
        visit(t)
    return list(reversed(done))


def definition_lines(statements: Iterable[Sequent]) -> list[str]:
    """The definitions as text, one a line."""
    both = definitions(statements)
    beside = filled(both)
    return [f"{Text(left).print(left)} := {text(right, left.free, said=beside, definition=True)}" for left, right in both]


def definition_formulas(statements: Iterable[Sequent]) -> list[str]:
    """The definitions as LaTeX for displayed formulas."""
    both = definitions(statements)
    beside = filled(both)
    return [equation(left, right, beside) for left, right in both]


def said(statements: Iterable[Sequent]) -> Said:
    """What the definitions of the statements have in the places that notations leave out: for the printing of the
    statements beside them, which say it where they have something else there."""
    return filled(definitions(statements))


def filled(both: Iterable[tuple[Term, Term]]) -> Said:
    """What definitions have in the places that notations leave out."""
    return {(h, k): left.args[k] for left, _ in both if isinstance(h := left.head, Const) for k in left_out(h)}
