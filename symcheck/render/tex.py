"""Terms as LaTeX (amsmath, amssymb)."""

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
    Display,
    Printed,
    Printer,
    Said,
    Sequent,
    Template,
    explain,
    split_name,
)

SPECIAL = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
           "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
           ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}"}  # fmt: skip
MARK = "\x01"  # before an operator at which a line may be broken


def escape(s: str) -> str:
    """Text from outside as LaTeX text: every special character is printed as it is."""
    return "".join(SPECIAL.get(c, c) for c in s)


def _symbol(name: str) -> str:
    if name in GREEK:
        return {"epsilon": r"\varepsilon"}.get(name, f"\\{name}" if name != "omicron" else "o")
    return name if len(name) == 1 else rf"\mathit{{{name}}}"


class TeX(Printer):
    relation: ClassVar[dict[str, str]] = {"eq": "=", "eqN": "=", "le": r"\le", "lt": "<", "ltN": "<"}
    negated: ClassVar[dict[str, str]] = {"eq": r"\ne", "eqN": r"\ne"}
    connective: ClassVar[dict[str, str]] = {
        "and": r"\land", "or": r"\lor", "imp": r"\Rightarrow", "not": r"\lnot ",
    }  # fmt: skip
    false, pi, dot, comma = r"\bot", r"\pi", r"\cdot", r",\, "
    separator = rf",\, {MARK};"
    quantifier: ClassVar[dict[str, str]] = {"forall": r"\forall", "exists": r"\exists"}
    types: ClassVar[dict[str, str]] = {"N": r"\mathbb{N}", "R": r"\mathbb{R}", "P": r"\mathbb{B}"}

    def template(self, display: Display, whole: bool) -> Template | None:
        return display.tex if whole else display.function_tex

    def name(self, name: str) -> str:
        plain = name.rstrip("'")
        primes = name[len(plain) :]
        if not re.fullmatch(r"[A-Za-z]+(_?\d+|_[A-Za-z0-9]+)?", plain):
            return rf"\mathtt{{{escape(plain) or '?'}}}{primes}"
        symbol, sub = split_name(plain)
        inner = _symbol(sub) if sub in GREEK or len(sub) == 1 or sub.isdigit() else rf"\mathit{{{sub}}}"
        if sub.isdigit():
            inner = sub
        return _symbol(symbol) + primes + (f"_{{{inner}}}" if sub else "")

    def constant(self, name: str) -> str:
        if name in ("sin", "cos", "exp", "log"):
            return f"\\{name}"
        return rf"\operatorname{{{escape(name)}}}"

    def indexed(self, symbol: str, indices: Sequence[str], compound: bool) -> str:
        if compound:
            symbol = f"({symbol})"
        return f"{symbol}_{{{','.join(indices)}}}"

    def entry(self, array: str, indices: Sequence[str], compound: bool) -> str:
        return f"{self.paren(array) if compound else array}_{{{', '.join(indices)}}}"

    def paren(self, s: str) -> str:
        if r"\begin{" in s:
            return rf"\left({s}\right)"
        size = "Big" if r"\sum" in s or r"\int_" in s else "big" if r"\frac" in s else ""
        return rf"\{size}l({s}\{size}r)" if size else f"({s})"

    def rational(self, p: int, q: int) -> Printed:
        sign = "-" if p < 0 else ""
        return Printed(rf"{sign}\frac{{{abs(p)}}}{{{q}}}", PRODUCT - 2 if sign else PRODUCT)

    def fraction(self, above: Sequence[Printed], below: Sequence[Printed]) -> Printed:
        top = self.product(above).text if above else "1"
        return Printed(rf"\frac{{{top}}}{{{self.product(below).text}}}", PRODUCT)

    def power(self, base: Printed, exponent: Printed) -> str:
        return f"{self.at(base, ATOM)}^{{{exponent.text}}}"

    def elementary_power(self, name: str, x: str, exponent: str) -> str | None:
        return rf"\{name}^{{{exponent}}}{self.paren(x)}"

    def root(self, x: Printed) -> Printed:
        return Printed(rf"\sqrt{{{x.text}}}", ATOM)

    def absolute(self, x: Printed) -> str:
        size = "Big" if r"\sum" in x.text else "big" if r"\frac" in x.text or "(" in x.text else ""
        return rf"\{size}l|{x.text}\{size}r|" if size else rf"\lvert {x.text} \rvert"

    def summation(self, index: str, limit: Term, scope: tuple[str, ...], body: str) -> str:
        if (last := self.predecessor(limit)) is not None:
            upper = self.fold(last, scope).text
        else:
            p = self.fold(limit, scope)
            upper = p.text + "-1"
            if r"\begin{" in p.text or p.text == "0":
                return rf"\sum_{{{index}<{p.text}}} {body}"
        return rf"\sum_{{{index}=0}}^{{{upper}}} {body}"

    def integration(self, variable: str, low: str, high: str, body: str) -> str:
        return rf"\int_{{{low}}}^{{{high}}} {body} \, d{variable}"

    def cases(self, rows: Sequence[tuple[str, str]]) -> Printed:
        body = r" \\ ".join(f"{value} & {condition}" for value, condition in rows)
        return Printed(rf"\begin{{cases}} {body} \end{{cases}}", PRODUCT - 3)

    def delta(self, i: str, j: str) -> str:
        separator = "" if len(i) == len(j) == 1 and (i + j).isalpha() else ","
        return rf"\delta_{{{i}{separator}{j}}}"

    def derivative(self, variable: str, body: Printed, at: str | None, value: Printed) -> str:
        d = rf"\frac{{d}}{{d{variable}}} {self.at(body, ATOM - 1)}"
        if at is not None:
            d = rf"\left. {d} \right|_{{{variable} = {at}}}"
        return d + self.breakable("=") + self.at(value, PRODUCT - 3)

    def mapsto(self, names: Sequence[str], body: str) -> str:
        left = names[0] if len(names) == 1 else f"({', '.join(names)})"
        return rf"({left} \mapsto {body})"

    def domain(self, t: Type) -> str:
        if isinstance(t, str):
            return rf"\in {self.types[t]}"
        if set(t[:-1]) == {"N"} and t[-1] == "R":
            indices = r" \times ".join([self.types["N"]] * (len(t) - 1))
            return rf"\in \mathbb{{R}}^{{{indices}}}"
        return rf"\colon {self._type(t)}"

    def _type(self, t: Type) -> str:
        if isinstance(t, str):
            return self.types[t]
        parts = [self._type(a) if isinstance(a, str) else f"({self._type(a)})" for a in t[:-1]]
        return r" \times ".join(parts) + rf" \to {self.types[t[-1]]}"

    def juxtaposed(self, factors: Sequence[str]) -> str:
        out = factors[0]
        for previous, f in pairwise(factors):
            opens = f.startswith(("(", r"\bigl(", r"\Bigl(", r"\left("))
            if f[0].isdigit() or (opens and not previous.endswith(")") and not previous.isdigit()) \
                    or (previous[-1:].isdigit() and f.startswith(r"\frac")):  # fmt: skip
                out += rf" \cdot {f}"
            else:
                out += (r" \, " if "(" in previous or "(" in f or r"\frac" in previous + f else " ") + f
        return out

    def breakable(self, operator: str) -> str:
        return f" {MARK}{operator} "

    def quantified(self, sign: str, heads: Sequence[str], body: str) -> str:
        variables = r",\ ".join(heads)
        return rf"{sign} {variables}\colon\ {MARK}:{body}"


def tex(term: Term, free: Iterable[Var] = (), names: Iterable[str] = (), said: Said | None = None) -> str:
    """A term as LaTeX for mathematics mode, on one line.

    The names of the variables in ``free`` are taken; ``names`` are for the quantified variables, in order.
    ``said`` is what the definitions beside it say of arguments that are left out (see ``notation.explain``).
    """
    return _unmarked(_marked(term, free, names, said))


def _marked(term: Term, free: Iterable[Var] = (), names: Iterable[str] = (),
            said: Said | None = None, definition: bool = False, whole: bool = False) -> str:  # fmt: skip
    """The same with the marks at which it may be broken."""
    out, general, given = explain(TeX, term, free, names, said, whole)
    if general and not definition:
        out += rf",{MARK}\ \text{{for all }} " + r",\ ".join(general)
    values = r",\ ".join(" = ".join([*names, value]) for names, value in given)
    return rf"{out},{MARK}\ \text{{where }} {values}" if given else out


def equation(left: Term, right: Term, said: Said | None = None) -> str:
    """``left := right`` with the marks at which ``display`` may break it; see ``notation.explain`` for ``said``."""
    return f"{TeX(left).print(left)} {MARK}:= {_marked(right, left.free, said=said, definition=True)}"


def tex_statement(statement: Sequent, said: Said | None = None) -> str:
    """``hypotheses => conclusion`` on one line."""
    return _unmarked(_marked(implies(*statement.hyps, statement.concl), statement.variables, said=said, whole=True))


def display_statement(statement: Sequent, width: float = 80, said: Said | None = None) -> str:
    """``hypotheses => conclusion`` for a displayed formula, broken as ``display`` does."""
    term = implies(*statement.hyps, statement.concl)
    return display(_marked(term, statement.variables, said=said, whole=True), width)


def pmatrix(rows: Sequence[Sequence[object]]) -> str:
    """A matrix of printed entries, for templates."""
    body = r" \\ ".join(" & ".join(map(str, row)) for row in rows)
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


def _unmarked(s: str) -> str:
    return re.sub(f"{MARK}(;|:(?!=))?", "", s)


# ---------------------------------------------------------------- long formulas

NARROW = 25  # the width of a parenthesis within which no line is broken
_PRIORITY = {r"\ ": -1, r"\Rightarrow": 0, ";": 1, ":": 2, r"\land": 3, r"\lor": 3, r"\le": 4, r"\ne": 4, "=": 4, "<": 4}
_OTHER = 5  # + and -
_FILLED = (1, 3, _OTHER)  # of these, as many in a line as there is room for


def display(term: Term | str, width: float = 80, said: Said | None = None) -> str:
    """A term (or marked LaTeX) for a displayed formula: over several lines (``aligned``) when it is wider
    than about ``width`` characters, broken before relations and before + and - of the outermost parentheses.
    """
    s = term if isinstance(term, str) else _marked(term, said=said)
    lines = _lines(_chunks(s), width, 0)
    if len(lines) == 1:
        return _unmarked(s)
    body = " \\\\\n".join("&" + r"\quad " * indent + _unmarked(line) for indent, line in lines)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _chunks(s: str) -> list[tuple[tuple[int, int], str]]:
    """The pieces between the marks where a line can be broken, each with the rank of the mark before it."""
    marks: list[tuple[int, tuple[int, int]]] = []  # position and rank
    groups: list[tuple[int, int]] = []  # where an open parenthesis stands, and how many marks were before it
    braces = 0
    for token in re.finditer(rf"\\left|\\right|\\begin\{{|\\end\{{|\\[A-Za-z]+|\\.|[{{}}()\[\]]|{MARK}", s):
        match token[0]:
            case "{" | r"\left":
                braces += 1
            case "}" | r"\right":
                braces -= 1
            case r"\begin{":
                braces += 2
            case "(" | "[":
                groups.append((token.end(), len(marks)))
            case ")" | "]" if groups:
                start, before = groups.pop()
                if visible_width(s[start : token.start()]) < NARROW:
                    del marks[before:]
            case t if t == MARK and braces == 0:
                operator = s[token.end() :].split(" ")[0]
                kind = next((k for op, k in _PRIORITY.items() if operator.startswith(op)), _OTHER)
                marks.append((token.start(), (len(groups), kind)))
    ends = [at for at, _ in marks] + [len(s)]
    first = ((0, 0), s[: ends[0]])
    return [first, *((rank, s[at:end]) for (at, rank), end in zip(marks, ends[1:], strict=True))]


def _lines(pieces: list[tuple[tuple[int, int], str]], width: float, indent: int) -> list[tuple[int, str]]:
    """Lines with their indentation, broken at the outermost marks first."""
    whole = "".join(s for _, s in pieces)
    if len(pieces) == 1 or visible_width(whole) + 2 * indent <= width:
        return [(indent, whole)]
    lowest = min(rank for rank, _ in pieces[1:])
    groups: list[list[tuple[tuple[int, int], str]]] = [[pieces[0]]]
    for piece in pieces[1:]:
        if piece[0] == lowest:
            groups.append([piece])
        else:
            groups[-1].append(piece)
    out: list[tuple[int, str]] = []
    for j, group in enumerate(groups):
        joined = "".join(s for _, s in group)
        last = out[-1][1] if out else ""
        if out and lowest[1] in _FILLED and visible_width(last) + visible_width(joined) + 2 * out[-1][0] <= width:
            out[-1] = (out[-1][0], last + joined)
        else:
            out += _lines(group, width, indent + (1 if j else 0))
    return out


def visible_width(s: str) -> float:
    """About how many characters of ordinary text a formula is wide."""
    s = _unmarked(s)
    s = re.sub(r"\\(left|right|[bB]igl|[bB]igr|displaystyle|quad)\b|\\begin\{\w+\}|\\end\{\w+\}", "", s)
    s = re.sub(r"\\(operatorname|mathit|mathbb|mathrm|text|mathtt)\b", "", s)
    while (m := re.search(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", s)) or (m := re.search(r"[_^]\{([^{}]*)\}", s)) \
            or (m := re.search(r"\{([^{}]*)\}", s)):  # fmt: skip
        if m[0].startswith(r"\frac"):
            inner = "x" * round(max(visible_width(m[1]), visible_width(m[2])))
        elif m[0][0] in "_^":
            inner = "x" * max(1, round(0.7 * visible_width(m[1])))
        else:
            inner = m[1]
        s = s[: m.start()] + " " + inner + s[m.end() :]
    s = re.sub(r"\\(sin|cos|exp|log)\b", "xxx", s)
    operators = len(re.findall(r"[=<+-]|\\(le|ne|land|lor|Rightarrow|in|mapsto|cdot)\b", s))
    s = re.sub(r"\\(sum|forall|exists)\b", "xx", s)
    s = re.sub(r"\\[A-Za-z]+|\\.", "x", s)
    return len(re.sub(r"\s", "", s)) + 1.5 * operators
