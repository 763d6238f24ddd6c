"""Vectors and matrices as functions of indices from 0, with their sizes as explicit naturals.

A vector of R^n is a sequence of which the first n entries count; a matrix is a two-argument function. These
definitions are part of every statement that uses them, and are printed with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from symcheck.prove.lemmas import MATRIX, SEQUENCE, total
from symcheck.render.notation import register
from symcheck.terms import Term, const, defined, lam

dot = defined("dot", ["N", SEQUENCE, SEQUENCE], lambda n, u, v: total(n, lambda i: u(i) * v(i)))
matvec = defined("matvec", ["N", MATRIX, SEQUENCE, "N"], lambda n, A, x, r: total(n, lambda c: A(r, c) * x(c)))
vecmat = defined("vecmat", ["N", SEQUENCE, MATRIX, "N"], lambda n, x, A, c: total(n, lambda r: x(r) * A(r, c)))
matmul = defined("matmul", ["N", MATRIX, MATRIX, "N", "N"],
                 lambda n, A, B, r, c: total(n, lambda k: A(r, k) * B(k, c)))  # fmt: skip
transpose = defined("transpose", [MATRIX, "N", "N"], lambda A, r, c: A(c, r))


def entry(f: Term, *args: Term) -> Term:
    """A defined array at its leading arguments: what is left, as a function of its indices."""
    rest = f.binders[len(args):]
    return lam(list(rest), lambda *xs: f(*args, *xs))


def delta(i: Term, j: Term) -> Term:
    """Kronecker's delta: the entry (i, j) of the identity matrix."""
    return const("delta", i, j)


def display(name: str, tex: str, text: str, *indices: int, parameters: Iterable[str] = ()) -> None:
    """Register how an array-valued constant is printed by itself, and which of its arguments are its indices."""
    register(name, function_tex=tex, function_text=text, indices=indices, parameters=parameters)


register("dot", tex=r"\langle <1>,\, <2> \rangle", text="⟨<1>, <2>⟩", parameters=("dim", "u", "v"))
display("matvec", r"<1:atom>\,<2:atom>", "<1:atom> <2:atom>", 3, parameters=("dim", "A", "x", "r"))
display("vecmat", r"<1:atom>\,<2:atom>", "<1:atom> <2:atom>", 3, parameters=("dim", "x", "A", "c"))
display("matmul", r"<1:atom>\,<2:atom>", "<1:atom> <2:atom>", 3, 4, parameters=("dim", "A", "B", "r", "c"))
display("transpose", r"<0:atom>^\top", "<0:atom>ᵀ", 1, 2, parameters=("A", "r", "c"))
