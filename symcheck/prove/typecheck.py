"""Shapes, scopes and softmax axes of printed matrix formulas: what does not fit is refused, with a reason.

Sizes are symbols (``d``, ``d_k``, ``n``) or numbers; two symbols are different sizes unless they are given equal
values. A vector is a row or a column: the orientation belongs to its name, so that a formula, or several
together, can be tried in every orientation (:func:`orientations`). An index is free where nothing binds it; the
two sides of a formula must have the same free indices.

    x, p, q = (vector(s, size, "m") for s, size in (("x", "d"), ("p", "d"), ("q", "d_k")))
    judge(q == (x + p) @ array("W_Q", "d", "d_k"), {"x": "row", "p": "row", "q": "row"})
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Size = str | int
Shape = tuple[Size, Size]
Orientation = Mapping[str, str]  # name of a vector -> "row" or "column"
SCALAR: Shape = (1, 1)


class Refused(ValueError):
    """The formula does not fit; the message says where and why."""


@dataclass(frozen=True, eq=False)
class Expression:
    """A printed expression. ``+``, ``@``, ``/``, ``.T`` and ``==`` build larger ones."""

    def __add__(self, other: Expression) -> Expression:
        return Added(self, other)

    def __matmul__(self, other: Expression) -> Expression:
        return Product(self, other)

    def __truediv__(self, other: Expression) -> Expression:
        return Quotient(self, other)

    def __eq__(self, other: object) -> Relation:  # type: ignore[override]
        assert isinstance(other, Expression)
        return Relation(self, "=", other)

    __hash__ = object.__hash__

    @property
    def T(self) -> Expression:
        return Transposed(self)


@dataclass(frozen=True, eq=False)
class Array(Expression):
    """A matrix, or a family of matrices, of known shape; a number is 1 x 1."""

    name: str
    rows: Size
    columns: Size
    indices: tuple[str, ...] = ()

    def __str__(self) -> str:
        return _indexed(self.name, self.indices)


@dataclass(frozen=True, eq=False)
class Vector(Expression):
    """A vector, or a family of vectors: a row or a column, by its name."""

    name: str
    size: Size
    indices: tuple[str, ...] = ()

    def __str__(self) -> str:
        return _indexed(self.name, self.indices)


@dataclass(frozen=True, eq=False)
class Transposed(Expression):
    of: Expression

    def __str__(self) -> str:
        return f"{_atom(self.of)}ᵀ"


@dataclass(frozen=True, eq=False)
class Added(Expression):
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} + {self.right}"


@dataclass(frozen=True, eq=False)
class Product(Expression):
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{_atom(self.left)} {_atom(self.right)}"


@dataclass(frozen=True, eq=False)
class Quotient(Expression):
    """Division by a number."""

    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{_atom(self.left)} / {_atom(self.right)}"


@dataclass(frozen=True, eq=False)
class Function(Expression):
    """A real function of numbers."""

    name: str
    arguments: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True, eq=False)
class Entries(Expression):
    """A vector given by its entries, which are numbers, as a row."""

    entries: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.entries))}]"


@dataclass(frozen=True, eq=False)
class Softmax(Expression):
    """Softmax of a family of numbers over one of its indices, or of a matrix by rows."""

    of: Expression
    axis: str | None = None

    def __str__(self) -> str:
        return f"softmax{'_' + self.axis if self.axis else ''}({self.of})"


@dataclass(frozen=True, eq=False)
class Sum(Expression):
    """The sum over an index, which it binds."""

    index: str
    of: Expression

    def __str__(self) -> str:
        return f"Σ_{self.index} {_atom(self.of)}"


@dataclass(frozen=True)
class Relation:
    """``left = right``, or another relation that asks for equal shapes, such as ``∋`` for "contains the term"."""

    left: Expression
    symbol: str
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} {self.symbol} {self.right}"


def array(name: str, rows: Size, columns: Size, *indices: str) -> Array:
    return Array(name, rows, columns, indices)


def vector(name: str, size: Size, *indices: str) -> Vector:
    return Vector(name, size, indices)


def number(name: str, *indices: str) -> Array:
    """A number, or an entry such as a_ij of a family of numbers."""
    return Array(name, 1, 1, indices)


def _indexed(name: str, indices: Sequence[str]) -> str:
    inner = "".join(indices) if all(len(i) == 1 for i in indices) else ", ".join(indices)
    return name + (f"_{inner}" if len(inner) == 1 else f"_{{{inner}}}" if inner else "")


def _atom(e: Expression) -> str:
    return f"({e})" if isinstance(e, Added | Quotient) else str(e)


def shown(shape: Shape) -> str:
    return "a number" if shape == SCALAR else f"{shape[0]} × {shape[1]}"


@dataclass
class Judgement:
    """What the checker saw: the shape and the free indices of every part, in order; a refusal if there is one."""

    formula: str
    orientation: Orientation
    sizes: Mapping[str, int] = field(default_factory=dict)
    trace: list[str] = field(default_factory=list)
    refusal: str = ""

    @property
    def fits(self) -> bool:
        return not self.refusal

    def __str__(self) -> str:
        groups = {o: [k for k, v in self.orientation.items() if v == o] for o in ("row", "column")}
        chosen = "; ".join(f"{o}{'s' * (len(g) > 1)} {', '.join(g)}" for o, g in groups.items() if g)
        at = ", ".join(f"{k} = {v}" for k, v in self.sizes.items())
        return f"{self.formula}" + (f" [{'; '.join(filter(None, (chosen, at)))}]" if chosen or at else "") + (
            f": {self.refusal}" if self.refusal else ": fits")  # fmt: skip


def judge(formula: Relation | Expression, orientation: Orientation | None = None,
          sizes: Mapping[str, int] | None = None) -> Judgement:  # fmt: skip
    """Check one formula with the vectors oriented so, and with sizes given where they are to be numbers."""
    out = Judgement(str(formula), dict(orientation or {}), dict(sizes or {}))
    try:
        if isinstance(formula, Relation):
            left, free_left = _infer(formula.left, out)
            right, free_right = _infer(formula.right, out)
            if left != right:
                raise Refused(f"the left side is {shown(left)}, the right side {shown(right)}")
            if free_left != free_right and formula.symbol == "=":
                only = sorted(free_left ^ free_right)
                side = "right" if free_right - free_left else "left"
                raise Refused(f"the index {', '.join(only)} is free on the {side} side only")
        else:
            _infer(formula, out)
    except Refused as e:
        out.refusal = str(e)
    return out


def _infer(e: Expression, out: Judgement) -> tuple[Shape, frozenset[str]]:
    """Shape and free indices of an expression. Raises Refused."""
    found = _rules(e, out)
    out.trace.append(f"{e}: {shown(found[0])}" + (f", for every {', '.join(sorted(found[1]))}" if found[1] else ""))
    return found


def _rules(e: Expression, out: Judgement) -> tuple[Shape, frozenset[str]]:
    def size(s: Size) -> Size:
        return out.sizes.get(s, s) if isinstance(s, str) else s

    def scalar(part: Expression, role: str) -> frozenset[str]:
        shape, free = _infer(part, out)
        if shape != SCALAR:
            raise Refused(f"{role} {part} is {shown(shape)}, not a number")
        return free

    match e:
        case Array():
            return (size(e.rows), size(e.columns)), _letters(e.indices)
        case Vector():
            match out.orientation.get(e.name):
                case "row":
                    return (1, size(e.size)), _letters(e.indices)
                case "column":
                    return (size(e.size), 1), _letters(e.indices)
            raise Refused(f"is {e.name} a row or a column?")
        case Transposed():
            (a, b), free = _infer(e.of, out)
            return (b, a), free
        case Added():
            (left, f), (right, g) = _infer(e.left, out), _infer(e.right, out)
            if left != right:
                raise Refused(f"{e.left} is {shown(left)}, {e.right} is {shown(right)}: they cannot be added")
            return left, f | g
        case Product():
            (left, f), (right, g) = _infer(e.left, out), _infer(e.right, out)
            if SCALAR in (left, right):  # a number times anything
                return (right if left == SCALAR else left), f | g
            if left[1] != right[0]:
                raise Refused(f"{e.left} is {shown(left)}, {e.right} is {shown(right)}: they cannot be multiplied")
            return (left[0], right[1]), f | g
        case Quotient():
            (left, f), g = _infer(e.left, out), scalar(e.right, "the divisor")
            return left, f | g
        case Function():
            return SCALAR, frozenset().union(*(scalar(a, "the argument") for a in e.arguments))
        case Entries():
            return (1, len(e.entries)), frozenset().union(*(scalar(a, "the entry") for a in e.entries))
        case Sum():
            shape, free = _infer(e.of, out)
            if e.index not in free:
                raise Refused(f"nothing in {e.of} depends on the index {e.index} of the sum")
            return shape, free - {e.index}
        case Softmax():
            shape, free = _infer(e.of, out)
            if shape != SCALAR:
                return shape, free  # a matrix, by rows
            if not free:
                raise Refused(f"the softmax is taken of the one number {e.of}: no index is left to normalise over")
            if e.axis is None:
                raise Refused(f"the softmax of {e.of} does not say whether it runs over "
                              f"{' or '.join(sorted(free, reverse=True))}")  # fmt: skip
            if e.axis not in free:
                raise Refused(f"{e.of} does not depend on {e.axis}, over which the softmax runs")
            return shape, free
    raise Refused(f"no rule for {e}")


def _letters(indices: Iterable[str]) -> frozenset[str]:
    """The indices that are variables: a numeral is no free index."""
    return frozenset(i for i in indices if not i.isdigit())


def vectors(*formulas: Relation | Expression) -> list[str]:
    """The names of the vectors in the formulas."""
    out: dict[str, None] = {}

    def visit(e: object) -> None:
        if isinstance(e, Vector):
            out[e.name] = None
        for part in vars(e).values() if isinstance(e, Expression | Relation) else e if isinstance(e, tuple) else ():
            visit(part)

    for f in formulas:
        visit(f)
    return list(out)


def orientations(*formulas: Relation | Expression, together: Sequence[Sequence[str]] = (),
                 sizes: Mapping[str, int] | None = None) -> list[list[Judgement]]:  # fmt: skip
    """The formulas judged in every orientation of their vectors; names listed ``together`` share theirs."""
    names = vectors(*formulas)
    groups = [list(g) for g in together] + [[v] for v in names if not any(v in g for g in together)]
    out = []
    for choice in itertools.product(("row", "column"), repeat=len(groups)):
        orientation = {v: o for g, o in zip(groups, choice, strict=True) for v in g if v in names}
        out.append([judge(f, orientation, sizes) for f in formulas])
    return out


def no_orientation(*formulas: Relation | Expression, together: Sequence[Sequence[str]] = ()) -> tuple[bool, str]:
    """Does no orientation of the vectors make all formulas fit? With the first refusal of each, and the smallest
    sizes at which that is still so."""
    tried = orientations(*formulas, together=together)
    seen = "; ".join(str(next(j for j in js if not j.fits)) for js in tried if not all(j.fits for j in js))
    if any(all(j.fits for j in js) for js in tried):
        return False, "an orientation fits all formulas"
    found = smallest(*formulas, together=together)
    at = ", ".join(f"{k} = {v}" for k, v in found.items()) if found else "none found"
    return True, f"{seen}. Smallest sizes: {at}"


def smallest(*formulas: Relation | Expression, together: Sequence[Sequence[str]] = ()) -> dict[str, int] | None:
    """The smallest sizes (by their sum) at which no orientation makes all formulas fit."""
    names = sorted(_sizes(formulas))
    for values in sorted(itertools.product(range(1, 4), repeat=len(names)), key=lambda v: (sum(v), v)):
        sizes = dict(zip(names, values, strict=True))
        if not any(all(j.fits for j in js) for js in orientations(*formulas, together=together, sizes=sizes)):
            return sizes
    return None


def _sizes(parts: Iterable[object]) -> set[str]:
    out: set[str] = set()
    for e in parts:
        if isinstance(e, Array):
            out |= {s for s in (e.rows, e.columns) if isinstance(s, str)}
        elif isinstance(e, Vector):
            out |= {e.size} if isinstance(e.size, str) else set()
        elif isinstance(e, Expression | Relation):
            out |= _sizes(vars(e).values())
        elif isinstance(e, tuple):
            out |= _sizes(e)
    return out


def refused(formula: Relation | Expression, orientation: Orientation | None = None) -> tuple[bool, str]:
    """Is the formula refused? For evidence of the kind ``ill_typed``: what was seen comes with it."""
    found = judge(formula, orientation)
    return not found.fits, str(found)
