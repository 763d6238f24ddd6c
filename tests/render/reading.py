"""Reads printed mathematics back and evaluates it: what a reader takes it to mean, by precedence alone.

The grammar is that of the plain text; LaTeX is first rewritten into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import mpmath

SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
TOKEN = re.compile(rf"\s+|\d+|[{SUPERSCRIPTS}]+|(?:half_turn|[^\W\d_{SUPERSCRIPTS}₀-₉]+)[₀-₉]*|.")
DIGITS = str.maketrans(SUPERSCRIPTS, "0123456789")
FUNCTIONS = {name: getattr(mpmath, name) for name in ("sin", "cos", "exp", "log")}
FUNCTIONS["abs"] = abs
RELATIONS: dict[str, Callable[[Any, Any, Any], bool]] = {
    "=": lambda a, b, e: abs(a - b) <= e, "≠": lambda a, b, e: abs(a - b) > e,
    "≤": lambda a, b, e: a <= b + e, "<": lambda a, b, e: a < b + e,
}  # fmt: skip


class Unreadable(ValueError):
    pass


class Zero(int):
    """The number 0, or the array of zeros: what a 0 among arguments is."""

    def __call__(self, *indices):
        return 0


class Hidden:
    """A function of arguments that its notation leaves out: they have the values that are marked at it, else
    those of the variables with their names."""

    def __init__(self, parameters, function):
        self.parameters, self.function = parameters, function

    def at(self, scope, marks):
        return self.function(*({**scope, **marks}[p] for p in self.parameters))


class Vector:
    """A sequence named in arithmetic: ``x + 2 y`` is read as the sequence of ``x_i + 2 y_i``."""

    def __init__(self, entry):
        self.entry = entry

    def __call__(self, *indices):
        return self.entry(*indices)

    def __add__(self, other):
        return self if isinstance(other, int) else Vector(lambda *i: self(*i) + other(*i))

    __radd__ = __add__

    def __mul__(self, c):
        return Vector(lambda *i: self(*i) * c)

    __rmul__ = __mul__

    def __truediv__(self, c):
        return self * (mpmath.mpf(1) / c)


class Reader:
    """Recursive descent; every method reads a construct and returns a function of the scope."""

    def __init__(self, text: str, tolerance: Any = 0) -> None:
        self.tokens = [t for t in TOKEN.findall(text) if t]
        self.at = 0
        self.tolerance = tolerance

    def peek(self) -> str:
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def adjacent(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        t = self.peek()
        if t != (expected or t) or not t:
            raise Unreadable(f"{expected} expected at {''.join(self.tokens[self.at :])!r:.60}")
        self.at += 1
        return t

    def attempt(self, read: Callable[[], Any]) -> Any:
        start = self.at
        try:
            return read()
        except Unreadable:
            self.at = start
            return None

    # propositions

    def proposition(self):
        if self.peek() in ("∀", "∃"):
            return self.quantified()
        hypotheses = [self.disjunction()]
        while self.peek() == "," and (more := self.attempt(lambda: self.take(",") and self.disjunction())):
            hypotheses.append(more)
        if self.peek() != "⇒":
            if len(hypotheses) > 1:
                raise Unreadable("hypotheses without a conclusion")
            return hypotheses[0]
        self.take("⇒")
        conclusion = self.quantified() if self.peek() in ("∀", "∃") else self.disjunction()
        return lambda s: not all(h(s) for h in hypotheses) or conclusion(s)

    def quantified(self):
        sign, heads, names = self.take(), [], []
        while True:
            names.append(self.take())
            if self.peek() == "<":
                self.take()
                limit = self.sum()
                heads += [(name, limit) for name in names]
                names = []
            if self.peek() == ":":
                break
            self.take(",")
        self.take(":")
        body = self.proposition()

        def value(s, k=0):
            if k == len(heads):
                return body(s)
            name, limit = heads[k]
            return (all if sign == "∀" else any)(value({**s, name: i}, k + 1) for i in range(int(limit(s))))
        return value

    def disjunction(self):
        parts = [self.conjunction()]
        while self.peek() == "∨":
            self.take()
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else lambda s: any(p(s) for p in parts)

    def conjunction(self):
        parts = [self.basic()]
        while self.peek() == "∧":
            self.take()
            parts.append(self.basic())
        return parts[0] if len(parts) == 1 else lambda s: all(p(s) for p in parts)

    def basic(self):
        if self.peek() == "¬":
            self.take()
            p = self.parenthesised()
            return lambda s: not p(s)
        if (p := self.attempt(self.relation)) is not None:
            return p
        return self.parenthesised()

    def parenthesised(self):
        self.take("(")
        p = self.proposition()
        self.take(")")
        return p

    def relation(self):
        a = self.sum()
        if self.peek() not in RELATIONS:
            raise Unreadable("no relation")
        holds = RELATIONS[self.take()]
        b = self.sum()
        return lambda s: holds(a(s), b(s), self.tolerance)

    # arithmetic

    def sum(self):
        terms = []
        sign = 1
        if self.peek() == "-":
            self.take()
            sign = -1
        while True:
            terms.append((sign, self.product()))
            if self.peek() not in ("+", "-"):
                return lambda s: sum(k * t(s) for k, t in terms)
            sign = 1 if self.take() == "+" else -1

    def product(self):
        if self.peek() == "Σ":
            return self.big_sum()
        factors = [(False, self.power())]
        while True:
            t = self.peek()
            if t in ("/", "·"):
                self.take()
            elif t != "Σ" and (t == "if" or not (t in ("(", "{", "√") or t[:1].isalnum())):
                break
            if self.peek() == "Σ":
                factors.append((False, self.big_sum()))
                break
            factors.append((t == "/", self.power()))

        def value(s):
            out = 1
            for below, f in factors:
                out = (out if isinstance(out, Vector) else mpmath.mpf(out)) / f(s) if below else out * f(s)
            return out
        return value

    def big_sum(self):
        self.take("Σ")
        self.take("_")
        self.take("{")
        name = self.take()
        self.take("<")
        limit = self.sum()
        self.take("}")
        body = self.product()
        return lambda s: sum((body({**s, name: i}) for i in range(int(limit(s)))), mpmath.mpf(0))

    def power(self):
        t = self.peek()
        if t in ("sin", "cos") and self.tokens[self.at + 1][0] in SUPERSCRIPTS + "^":
            f = FUNCTIONS[self.take()]
            exponent = self.exponent()
            self.take("(")
            x = self.sum()
            self.take(")")
            return lambda s: f(x(s)) ** int(exponent(s))
        base = self.atom()
        if self.adjacent()[:1] in ("^", *SUPERSCRIPTS):
            exponent = self.exponent()
            return lambda s: base(s) ** int(exponent(s))
        return base

    def exponent(self):
        t = self.take()
        if t != "^":
            n = int(t.translate(DIGITS))
            return lambda s: n
        if self.adjacent() == "(":
            self.take()
            e = self.sum()
            self.take(")")
            return e
        return self.variable(self.take())

    def variable(self, name: str):
        return (lambda s: int(name)) if name.isdigit() else (lambda s: s[name])

    def atom(self):
        t = self.take()
        if t.isdigit():
            return lambda s: int(t)
        if t == "(":
            value = self.sum()
            self.take(")")
            if self.adjacent() not in ("_", "["):
                return value
            indices = self.listed(self.index, "]") if self.take() == "[" else self.indices()
            return lambda s: picked(value(s), indices, s)
        if t == "|":
            value = self.sum()
            self.take("|")
            return lambda s: abs(value(s))
        if t == "√":
            x = self.atom()
            return lambda s: mpmath.sqrt(x(s))
        if t == "{":
            return self.cases()
        if t == "π":
            return lambda s: +mpmath.pi
        if not t[0].isalpha() or t == "where":
            raise Unreadable(t)
        args, indices, marks = [], [], []
        if self.adjacent() == "(":
            self.take()
            args.append(self.argument())
            while self.peek() == ",":
                self.take()
                args.append(self.argument())
            self.take(")")
        while self.adjacent() in ("_", "["):
            if self.take() == "[":
                indices = self.listed(self.index, "]")
            elif (marked := self.attempt(self.marks)) is not None:
                marks = marked
            else:
                indices = self.indices()

        def value(s):
            f = FUNCTIONS.get(t) or s[t]
            f = f.at(s, {name: x(s) for name, x in marks}) if isinstance(f, Hidden) else f
            f = f(*(a(s) for a in args)) if args else f
            if not indices:
                return Vector(f) if callable(f) and not isinstance(f, Zero) else f
            return picked(f, indices, s)
        return value

    def indices(self):
        if self.adjacent() != "{":
            return [self.variable(self.take())]
        self.take("{")
        return self.listed(self.index, "}")

    def listed(self, read, end):
        out = [read()]
        while self.peek() == ",":
            self.take()
            out.append(read())
        self.take(end)
        return out

    def marks(self):
        """``{n=2, W=V}`` at a function: the arguments that its notation leaves out."""
        self.take("{")
        return self.listed(self.assignment, "}")

    def assignment(self):
        name = self.take()
        self.take("=")
        for read in (lambda: self.enclosed(self.arrow), self.sum):
            if (value := self.attempt(read)) is not None and self.peek() in (",", "}", "=", ""):
                return name, value
        raise Unreadable("assignment")

    def explanations(self):
        """``, where n = 2, W = V = (i, j ↦ 1)`` behind a formula."""
        out = []
        if self.peek() == ",":
            self.take()
            self.take("where")
            while True:
                names = [self.take()]
                self.take("=")
                while self.peek() not in ("(", "") and self.tokens[self.at + 1 : self.at + 3] == [" ", "="]:
                    names.append(self.take())
                    self.take("=")
                value = self.attempt(lambda: self.enclosed(self.arrow)) or self.sum()
                out += [(name, value) for name in names]
                if self.peek() != ",":
                    break
                self.take()
        return out

    def index(self):
        """An index; None for the dot that leaves its place open."""
        if self.peek() != "·":
            return self.sum()
        self.take()
        return None

    def argument(self):
        """A number, or a function: by name, as ``i ↦ ...``, by a row, or as a linear combination."""
        for read in (self.arrow, lambda: self.enclosed(self.arrow), self.sum):
            value = self.attempt(read)
            if value is not None and self.peek() in (",", ")"):
                return lambda s: Zero(x) if isinstance(x := value(s), int) and x == 0 else x
        raise Unreadable("argument")

    def enclosed(self, read):
        self.take("(")
        value = read()
        self.take(")")
        return value

    def arrow(self):
        if self.peek() == "(":
            self.take()
            names = self.listed(self.take, ")")
            self.take("↦")
        else:
            names = self.listed(self.take, "↦")
        body = self.sum()
        return lambda s: lambda *i: body({**s, **dict(zip(names, i, strict=True))})

    def cases(self):
        rows = []
        while True:
            value = self.sum()
            self.take("if")
            left = self.sum()
            self.take("=")
            start = self.at
            middle, limit = self.sum(), None
            names = {t for t in self.tokens[start : self.at] if t[0].isalpha()}
            if self.peek() == "<":
                self.take()
                limit = self.sum()
            rows.append((value, left, middle, limit, names))
            if self.take() == "}":
                break

        def result(s):
            for value, left, middle, limit, names in rows:
                unknown = [n for n in names if n not in s]
                assert len(unknown) <= 1, "a case has one new index at most"
                for i in range(300 if unknown else 1):
                    inner = {**s, **dict.fromkeys(unknown, i)}
                    if left(s) == middle(inner) and (limit is None or middle(inner) < limit(inner)):
                        return value(inner)
            raise Unreadable("no case holds")
        return result


def picked(f, indices, scope):
    """An array at its indices, of which those that are None stay open."""
    known = [i and int(i(scope)) for i in indices]
    if None not in known:
        return f(*known)

    def part(*open_):
        rest = iter(open_)
        return f(*(next(rest) if i is None else i for i in known))
    return Vector(part)


def read(text: str, scope: dict, tolerance: Any = 0) -> Any:
    """Value of a printed real or natural term."""
    return _whole(Reader(text, tolerance), Reader.sum, scope)


def _whole(reader: Reader, read: Callable, scope: dict) -> Any:
    value, given = read(reader), reader.explanations()
    if reader.peek():
        raise Unreadable(f"left over: {''.join(reader.tokens[reader.at :])!r}")
    return value({**scope, **{name: x(scope) for name, x in given}})


def read_proposition(text: str, scope: dict, tolerance: Any = 0) -> bool:
    """Truth value of a printed proposition."""
    return _whole(Reader(text, tolerance), Reader.proposition, scope)


# ---------------------------------------------------------------- LaTeX as text

GREEK = {"theta": "θ", "sigma": "σ", "tau": "τ", "rho": "ρ", "delta": "δ", "pi": "π"}
PLAIN = {
    r"\,": " ", r"\ ": " ", r"\cdot": "·", r"\le": "≤", r"\ne": "≠", r"\land": "∧", r"\lor": "∨",
    r"\lnot": "¬", r"\Rightarrow": "⇒", r"\forall": "∀", r"\exists": "∃", r"\mapsto": "↦", r"\colon": ":",
    r"\sin": "sin", r"\cos": "cos", r"\exp": "exp", r"\log": "log",
}  # fmt: skip


def from_tex(s: str) -> str:
    """LaTeX rewritten as plain text. Groups become parentheses, so no precedence is invented or lost."""
    s = re.sub(r"\\(lvert ?|[bB]igl\|)", "abs(", s)
    s = re.sub(r"\\(rvert|[bB]igr\|)", ")", s)
    s = re.sub(r"\\(left|right|[bB]igl|[bB]igr)(?=[()])", "", s)
    out, i = "", 0

    def group(i: int) -> tuple[str, int]:
        assert s[i] == "{", s[i : i + 20]
        depth, j = 0, i
        while True:
            depth += {"{": 1, "}": -1}.get(s[j], 0) if s[j - 1] != "\\" else 0
            j += 1
            if depth == 0:
                return s[i + 1 : j - 1], j

    while i < len(s):
        if s.startswith(r"\frac{", i):
            a, i = group(i + 5)
            b, i = group(i)
            out += f"(({from_tex(a)})/({from_tex(b)}))"
        elif s.startswith(r"\sqrt{", i):
            a, i = group(i + 5)
            out += f"√({from_tex(a)})"
        elif s.startswith(r"\sum_{", i):
            low, i = group(i + 5)
            if "<" in low:
                out += f"Σ_{{{from_tex(low)}}} "
            else:
                high, i = group(i + 1)
                out += f"Σ_{{{low.split('=')[0]}<{from_tex(high)}+1}} "
        elif s.startswith(r"\begin{cases}", i):
            j = s.index(r"\end{cases}", i)
            while s.count(r"\begin{cases}", i, j) > s.count(r"\end{cases}", i, j) + 1:
                j = s.index(r"\end{cases}", j + 1)
            rows = rows_of(s[i + 13 : j])
            out += "{" + "; ".join(f"{from_tex(a)} if {from_tex(b)}" for a, b in rows) + "}"
            i = j + 11
        elif s[i] in "_^" and s[i + 1 : i + 2] == "{":
            a, j = group(i + 1)
            if out.endswith("δ") and re.fullmatch("[a-z][a-z]", a):
                a = ",".join(a)
            out += f"_{{{from_tex(a)}}}" if s[i] == "_" else f"^({from_tex(a)})"
            i = j
        elif s.startswith(r"\text{where }", i):
            out += "where "
            i += len(r"\text{where }")
        elif m := re.match(r"\\(operatorname|mathit)\{(\w*?(?:\\_\w*)*)\}", s[i:]):
            out += m[2].replace("\\_", "_")
            i += m.end()
        elif m := re.match(r"\\([A-Za-z]+|.)", s[i:]):
            out += PLAIN.get(m[0]) or GREEK[m[1]]
            i += m.end()
        else:
            out += s[i]
            i += 1
    return out


def rows_of(body: str) -> list[tuple[str, str]]:
    """Rows and columns of the outermost cases."""
    rows, depth, start, cell = [], 0, 0, []
    for m in re.finditer(r"\\begin\{cases\}|\\end\{cases\}|\\\\|&", body):
        if m[0].startswith(r"\begin"):
            depth += 1
        elif m[0].startswith(r"\end"):
            depth -= 1
        elif depth == 0:
            cell.append(body[start : m.start()])
            start = m.end()
            if m[0] != "&":
                rows.append(tuple(cell))
                cell = []
    return [*rows, (*cell, body[start:])]
