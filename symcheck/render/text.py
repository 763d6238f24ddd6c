"""Terms as plain text, for the terminal: ``Σ_{i<h} cos((m - n) θ_i)``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import ClassVar

from ..terms import Term, Type, Var, implies
from .notation import (
    ATOM,
    GREEK,
    PRODUCT,
    Argument,
    Display,
    Printed,
    Printer,
    Said,
    Sequent,
    Template,
    explain,
    split_name,
)

SUPERSCRIPT, SUBSCRIPT = (dict(zip("0123456789", s, strict=True)) for s in ("⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉"))


def _tight(s: str) -> str:
    """Without the spaces around + and -, for subscripts."""
    return re.sub(r" ([+-]) ", r"\1", s)


class Text(Printer):
    types: ClassVar[dict[str, str]] = {"N": "ℕ", "R": "ℝ", "P": "𝔹"}

    def template(self, display: Display, whole: bool) -> Template | None:
        return display.text if whole else display.function_text

    def name(self, name: str) -> str:
        plain = name.rstrip("'")
        symbol, sub = split_name(plain)
        symbol = GREEK.get(symbol, symbol)
        if sub.isdigit():
            sub = "".join(SUBSCRIPT[c] for c in sub)
        elif sub:
            sub = "_" + GREEK.get(sub, sub)
        return symbol + sub + name[len(plain) :]

    def fill(self, template: Template, values: Sequence[Argument | None]) -> str:
        return re.sub(r"_\{(\w)\}", r"_\1", super().fill(template, values))

    def constant(self, name: str) -> str:
        return name

    def indexed(self, symbol: str, indices: Sequence[str], compound: bool) -> str:
        if compound and "_" in symbol:
            symbol = f"({symbol})"
        inner = ",".join(_tight(i) for i in indices)
        return f"{symbol}_{inner}" if re.fullmatch(r"[^\W_]|\d+", inner) else f"{symbol}_{{{inner}}}"

    def entry(self, array: str, indices: Sequence[str], compound: bool) -> str:
        return f"{array}[{', '.join(indices)}]"

    def paren(self, s: str) -> str:
        return f"({s})"

    def rational(self, p: int, q: int) -> Printed:
        return Printed(f"{p}/{q}", PRODUCT if p > 0 else PRODUCT - 2)

    def fraction(self, above: Sequence[Printed], below: Sequence[Printed]) -> Printed:
        top = self.at(self.product(above), PRODUCT) if above else "1"
        bottom = self.product(below)
        return Printed(f"{top}/{self.at(bottom, ATOM - 1)}", PRODUCT)

    def power(self, base: Printed, exponent: Printed) -> str:
        b, e = self.at(base, ATOM), exponent.text
        if e.isdigit():
            return b + "".join(SUPERSCRIPT[c] for c in e)
        b = f"({b})" if "_" in b and not b.endswith(")") else b
        return f"{b}^{e}" if re.fullmatch(r"\w", e) else f"{b}^({e})"

    def elementary_power(self, name: str, x: str, exponent: str) -> str | None:
        return f"{name}{''.join(SUPERSCRIPT[c] for c in exponent)}({x})"

    def root(self, x: Printed) -> Printed:
        return Printed(f"√{x.text}" if re.fullmatch(r"\w", x.text) else f"√({x.text})", ATOM - 1)

    def absolute(self, x: Printed) -> str:
        return f"abs({x.text})" if "|" in x.text else f"|{x.text}|"

    def summation(self, index: str, limit: Term, scope: tuple[str, ...], body: str) -> str:
        return f"Σ_{{{index}<{_tight(self.fold(limit, scope).text)}}} {body}"

    def integration(self, variable: str, low: str, high: str, body: str) -> str:
        return f"∫_{{{_tight(low)}}}^{{{_tight(high)}}} {body} d{variable}"

    def cases(self, rows: Sequence[tuple[str, str]]) -> Printed:
        return Printed("{" + "; ".join(f"{value} if {condition}" for value, condition in rows) + "}", ATOM)

    def delta(self, i: str, j: str) -> str:
        return self.indexed("δ", [i, j], compound=False)

    def derivative(self, variable: str, body: Printed, at: str | None, value: Printed) -> str:
        where = f"[{variable} = {at}]" if at is not None else ""
        return f"d/d{variable}{where} {self.at(body, ATOM - 1)} = {self.at(value, PRODUCT - 3)}"

    def mapsto(self, names: Sequence[str], body: str) -> str:
        return f"({', '.join(names)} ↦ {body})"

    def domain(self, t: Type) -> str:
        if isinstance(t, tuple) and set(t[:-1]) == {"N"} and t[-1] == "R":
            return "∈ ℝ^ℕ" if len(t) == 2 else f"∈ ℝ^({'×'.join('ℕ' * (len(t) - 1))})"
        return f"∈ {self._type(t)}" if isinstance(t, str) else f": {self._type(t)}"

    def _type(self, t: Type) -> str:
        if isinstance(t, str):
            return self.types[t]
        parts = [self._type(a) if isinstance(a, str) else f"({self._type(a)})" for a in t[:-1]]
        return f"{' × '.join(parts)} → {self.types[t[-1]]}"

    def juxtaposed(self, factors: Sequence[str]) -> str:
        out = factors[0]
        for previous, f in pairwise(factors):
            short = previous.isdigit() and re.fullmatch(r"[^\W\d_][₀-₉]*(_(\w|\{[^{}]*\}))?", f)
            opens = f[0] in "({" and previous[-1] not in ")}" and not previous.isdigit()
            if opens or f[0].isdigit() or f[0] == "|" or re.search(r"\d/\d+$", previous):
                out += f" · {f}"
            else:
                out += ("" if short else " ") + f
        return out

    def quantified(self, sign: str, heads: Sequence[str], body: str) -> str:
        return f"{sign} {', '.join(heads)}: {body}"


def text(term: Term, free: Iterable[Var] = (), names: Iterable[str] = (),
         said: Said | None = None, definition: bool = False, whole: bool = False) -> str:  # fmt: skip
    """A term as Unicode text on one line.

    The names of the variables in ``free`` are taken; ``names`` are for the quantified variables, in order.
    ``said`` is what the definitions beside it say of arguments that are left out (see ``notation.explain``);
    in a ``definition`` itself, its variables may have the names of other symbols; of a ``whole`` statement it is said
    which variables are naturals, where that cannot be seen.
    """
    out, general, given = explain(Text, term, free, names, said, whole)
    out += f", for all {', '.join(general)}" if general and not definition else ""
    values = ", ".join(" = ".join([*names, value]) for names, value in given)
    return f"{out}, where {values}" if given else out


def text_statement(statement: Sequent, said: Said | None = None) -> str:
    """``hypotheses ⇒ conclusion`` on one line."""
    return text(implies(*statement.hyps, statement.concl), statement.variables, said=said, whole=True)


def matrix(rows: Sequence[Sequence[object]]) -> str:
    """A matrix of printed entries on one line, ``[a, b; c, d]``, for templates."""
    return "[" + "; ".join(", ".join(map(str, row)) for row in rows) + "]"
