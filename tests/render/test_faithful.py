"""A printed formula, read by precedence alone, has the value of the term that it was printed from."""

from __future__ import annotations

import mpmath
import pytest
from hypothesis import assume, example, given, reject, settings
from random_terms import TABLE, VALUES, tables, terms

from symcheck.numerics import MP, Undefined, evaluate
from symcheck.render.tex import tex
from symcheck.render.text import Text, text
from symcheck.terms import const, lam, var

from .reading import Unreadable, from_tex, read, read_proposition

TOLERANCE = mpmath.mpf(10) ** -20


def entry(i):
    return mpmath.mpf(TABLE[int(i) % len(TABLE)])


VALUE_OF = tables(entry)


def delta(i, j):
    return mpmath.mpf(int(i == j))


SCOPE = {
    **{name: v for name, v in VALUE_OF.items() if name != "theta"}, "θ": VALUE_OF["theta"], "δ": delta,
    "half_turn": lambda x: mpmath.pi / 2 - x,
    "mean": lambda n, f: sum(f(i) for i in range(int(n))) / mpmath.mpf(n + 1),
    **{name: mpmath.mpf(v) for name, v in VALUES.items() if isinstance(v, float)},
}  # fmt: skip


def value(term):
    """Value of the term; a random one without a value, or with a proposition on the brink, is passed over."""
    try:
        out = evaluate(term, VALUE_OF, MP(50))
        assume(not isinstance(out, bool) or out == evaluate(term, VALUE_OF, MP(50), tolerance=TOLERANCE))
    except Undefined:
        reject()
    assume(isinstance(out, bool) or abs(out) < 1e15)
    return out


def close(a, b):
    return abs(a - b) <= mpmath.mpf(10) ** -25 * (1 + abs(b))


a, F = var("a", ("N", "R")), var("F", (("N", "R"), "R"))


@settings(max_examples=100, deadline=None)
@given(terms("R", 4))
@example(F(lam("N", lambda i: a(i) / a(0))))  # a sequence divided by a number
def test_text_of_a_real_term(term):
    expected = value(term)
    with mpmath.workdps(50):
        assert close(read(text(term), SCOPE), expected), text(term)


@settings(max_examples=100, deadline=None)
@given(terms("R", 4))
def test_tex_of_a_real_term(term):
    expected = value(term)
    with mpmath.workdps(50):
        assert close(read(from_tex(tex(term)), SCOPE), expected), tex(term)


@settings(max_examples=100, deadline=None)
@given(terms("R", 6, arithmetic=True))
def test_arithmetic(term):
    expected = value(term)
    with mpmath.workdps(50):
        for printed in (text(term), from_tex(tex(term))):
            assert close(read(printed, SCOPE), expected), printed


@settings(max_examples=100, deadline=None)
@given(terms("P", 4))
def test_propositions(term):
    expected = value(term)
    with mpmath.workdps(50):
        for printed in (text(term), from_tex(tex(term))):
            assert read_proposition(printed, SCOPE) == expected, printed


def test_the_reader_sees_missing_parentheses(monkeypatch):
    """The comparison is a real one: without its parentheses the printer is caught on each of these."""
    x, y, t, n = var("x"), var("y"), var("t"), var("n", "N")
    a, total = var("a", ("N", "R")), lambda f: const("sum", n, lam("N", f))
    cases = [x - (y - t), x * (y + t), (x + y) ** 2, (x / y) ** 2, x / (y * t), x / (y / t), (-x) ** 2,
             total(lambda i: a(i) + x), total(lambda i: a(i)) ** 2, -(x + y), x * (-y + t)]  # fmt: skip
    with mpmath.workdps(50):
        values = [evaluate(term, VALUE_OF, MP(50)) for term in cases]
        assert all(close(read(text(term), SCOPE), v) for term, v in zip(cases, values, strict=True))
        monkeypatch.setattr(Text, "paren", lambda self, s: s)
        for term, v in zip(cases, values, strict=True):
            try:
                assert not close(read(text(term), SCOPE), v), text(term)
            except Unreadable:
                continue


@pytest.mark.parametrize("wrong", ["x +", "(x", "x)", "Σ_{i<n}", "a_", "x = y"])
def test_the_reader_refuses_nonsense(wrong):
    with pytest.raises((Unreadable, IndexError)):
        read(wrong, SCOPE)
