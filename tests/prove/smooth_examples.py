"""Quadratic functions that satisfy the hypothesis C2: what remainders are refuted with."""

from __future__ import annotations

from collections.abc import Iterator

from derivations import taylor
from derivations.taylor import SEQUENCE, quadratic_is_smooth
from symcheck.prove.search import Example, register_examples
from symcheck.terms import Term, const, lam, number


def quadratic(a: int, b: int, c: int) -> dict[str, Term]:
    """f = a x_0^2 + b x_0 y_0 + c y_0^2 on R^1 x R^1; the entries of the blocks beyond the first are 0."""
    pair = [SEQUENCE, SEQUENCE]

    def first(i: Term) -> Term:
        return const("delta", number(0, "N"), i)

    def block(value: int) -> Term:
        return lam([*pair, "N", "N"], lambda x, y, i, j: value * first(i) * first(j))

    return {
        "d": number(1, "N"),
        "f": lam(pair, lambda x, y: a * (x(0) * x(0)) + b * (x(0) * y(0)) + c * (y(0) * y(0))),
        "f_m": lam([*pair, "N"], lambda x, y, i: first(i) * (2 * a * x(0) + b * y(0))),
        "f_n": lam([*pair, "N"], lambda x, y, i: first(i) * (b * x(0) + 2 * c * y(0))),
        "f_mm": block(2 * a), "f_mn": block(b), "f_nn": block(2 * c),
    }  # fmt: skip


def quadratics() -> Iterator[Example]:
    for abc in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)):
        for kind, values in (("", quadratic(*abc)), (" (constant blocks)", taylor.quadratic(*abc))):
            name = "the quadratic function with coefficients {} {} {} is C2".format(*abc) + kind
            yield Example(values, lambda p, values=values, name=name: p.lemma(
                name, lambda p: quadratic_is_smooth(p, values)))  # fmt: skip


register_examples("C2", quadratics)
