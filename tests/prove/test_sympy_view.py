"""The generated SymPy form: what it looks like, that nothing is rewritten away, that it means the same."""

from __future__ import annotations

import random

import mpmath
import pytest
import sympy
from hypothesis import given, reject, settings
from random_terms import terms

from symcheck import numerics
from symcheck.prove import sympy_view
from symcheck.prove.sympy_view import agrees, halved, parts, random_value, to_sympy, value, without
from symcheck.terms import (
    const,
    defined,
    eq,
    exists,
    forall,
    implies,
    lam,
    le,
    lt,
    negation,
    number,
    var,
)

n, h, i, j, m = (var(s, "N") for s in ("n", "h", "i", "j", "m"))
x, y, t = (var(s) for s in "xyt")
a, b = (var(s, ("N", "R")) for s in "ab")
M, s, g = var("M", ("N", "N", "R")), var("s", ("N", "N")), var("g", ("R", "R"))
F = var("F", (("N", "R"), "R"))
dot = defined("dot", ["N", ("N", "R"), ("N", "R")],
              lambda n, u, v: const("sum", n, lam("N", lambda i: u(i) * v(i))))  # fmt: skip


def total(n, f):
    return const("sum", n, lam("N", f))


@pytest.mark.parametrize(
    ("term", "printed"),
    [
        (const("cos", -x), "cos(-x)"),
        (x / x, "x/x"),
        (x - x, "-x + x"),
        (const("sqrt", x) ** 2, "(sqrt(x))**2"),
        (const("abs", number(-1)), "Abs(-1)"),
        (const("exp", const("log", x)), "exp(log(x))"),
        (const("sin", const("pi")), "sin(pi)"),
        (const("delta", i, i), "KroneckerDelta(i, i)"),
        (total(n, lambda i: a(i) * b(i)), "Sum(a[i]*b[i], (i, 0, n - 1))"),
        (total(2 * h, lambda k: total(k, lambda l: M(k, l))), "Sum(Sum(M[i, j], (j, 0, i - 1)), (i, 0, 2*h - 1))"),
        (total(n, lambda k: a(s(k))), "Sum(a[s(i)], (i, 0, n - 1))"),
        (total(n, lambda k: a(i)), "Sum(a[i], (j, 0, n - 1))"),
        (g(x) + F(a), "g(x) + F(Lambda(i, a[i]))"),
        (const("weave", a, b, 2 * i), "a[i]"),
        (const("weave", a, b, 2 * i + 1), "b[i]"),
        (const("weave", a, b, i + i + 5), "b[i + 2]"),
        (const("weave", a, b, 4 * (2 * i + 1) + 2 * j), "a[4*i + j + 2]"),
        (const("weave", a, b, i), "Piecewise((a[i/2], Eq(Mod(i, 2), 0)), (b[i/2 - 1/2], True))"),
        (const("stack", h, a, b, i), "Piecewise((a[i], i < h), (b[-h + i], True))"),
        (const("stack", h, a, b, i + h), "b[i]"),
        (const("stack", 3, a, b, 2), "a[2]"),
        (const("stack", 3, a, b, 4), "b[1]"),
        (const("case", i + 1, x, a), "a[i]"),
        (const("case", 0, x, a), "x"),
        (const("case", n, x, a), "Piecewise((x, Eq(n, 0)), (a[n - 1], True))"),
        (eq(x, x), "Eq(x, x)"),
        (eq(const("cos", -x), const("cos", x)), "Eq(cos(-x), cos(x))"),
        (implies(lt(x, y), le(x, y)), "Implies(x < y, x <= y)"),
        (negation(eq(x, 0)), "Ne(x, 0)"),
        (forall("R", lambda u: exists("N", lambda k: lt(u, k))), "ForAll(t, Exists(i, t < i))"),
        (forall([("N", "R"), ("R", "R")], lambda u, f: eq(f(u(0)), 0)), "ForAll(a, ForAll(f, Eq(f(a[0]), 0)))"),
        (const("has_deriv", g, t, 2 * t), "Eq(Derivative(g(t), t), 2*t)"),
        (const("has_deriv", g, 0, 1), "Eq(Subs(Derivative(g(t), t), t, 0), 1)"),
        (const("has_deriv", lam("R", lambda u: u * t), t, t), "Eq(Subs(Derivative(s*t, s), s, t), t)"),
        (lam("N", lambda k: a(k) + 1), "Lambda(i, a[i] + 1)"),
        (const("integral", lam("R", lambda u: u * t), 0, x), "Integral(s*t, (s, 0, x))"),
        (const("Ci", x) + 1, "Ci(x) + 1"),
    ],
)
def test_form(term, printed):
    assert str(to_sympy(term)) == printed


def test_symbols_have_their_domains():
    form = to_sympy(x + n + a(i))
    by_name = {str(s): s for s in form.free_symbols}
    assert by_name["x"].is_real and by_name["n"].is_integer and by_name["n"].is_nonnegative
    assert by_name["a[i]"].is_real


def test_definitions_are_unfolded_or_named():
    term = dot(n, a, lam("N", lambda k: b(k) + 1))
    assert str(to_sympy(term)) == "Sum((b[i] + 1)*a[i], (i, 0, n - 1))"
    named = "dot(n, Lambda(i, a[i]), Lambda(i, b[i] + 1))"
    assert str(to_sympy(term, unfolded=False)) == str(to_sympy(term, unfolded=["other"])) == named
    assert to_sympy(term, unfolded=["dot"]) == to_sympy(term)
    assert agrees(term) < 1e-25 and agrees(term, unfolded=False) < 1e-25


def test_what_sympy_would_lose():
    """The claims that SymPy settles by rewriting are still claims in the form."""
    for claim in (eq(const("cos", -x), const("cos", x)), eq(x / x, 1), eq(const("abs", x * x), x * x)):
        form = to_sympy(claim)
        assert isinstance(form, sympy.Eq) and form not in (sympy.true, sympy.false)


def test_a_condition_on_an_inner_index_stays_inside():
    """sympy.Sum pulls a Piecewise out of a nested sum with its condition on the inner index, which is wrong."""
    term = total(n, lambda k: total(n, lambda l: const("weave", a, b, l) * const("stack", h, a, b, k)))
    assert agrees(term) < 1e-25
    form = to_sympy(term)
    assert len(form.limits) == 1 and form.free_symbols >= {sympy.Symbol("n", integer=True, nonnegative=True)}


def test_integrals_agree():
    term = const("integral", lam("R", lambda u: const("cos", u * x) * total(n, lambda k: u**k)), y, const("abs", x))
    assert agrees(term + const("Ci", const("exp", x))) < 1e-20


def test_halved_and_without():
    assert halved(2 * i + 3) == (i + 1, 1) and halved(3 * i) is None and halved(number(0, "N")) == (number(0, "N"), 0)
    assert without(h + i, h) == i and without(i, h) is None and without(2 * h, h) == h
    assert without(number(4, "N"), number(1, "N")) == number(3, "N")


@settings(max_examples=50, deadline=None)
@given(terms("R", 4))
def test_random_terms_agree(term):
    try:
        assert agrees(term, 0, trials=2) < 1e-20, to_sympy(term)
        assert agrees(term, 1, trials=1, unfolded=False) < 1e-20
    except numerics.Undefined:
        reject()


@settings(max_examples=25, deadline=None)
@given(terms("P", 4))
def test_random_propositions_agree(term):
    try:
        to_sympy(term)
        assert agrees(term, 0, trials=2) < 1e-20
    except numerics.Undefined:
        reject()


@pytest.mark.parametrize(
    ("name", "replacement", "term"),
    [
        ("sin", sympy.cos, const("sin", x)),
        ("exp", sympy.sin, total(n, lambda k: const("exp", a(k)))),
        ("abs", sympy.sign, forall("R", lambda u: eq(const("abs", u), u))),
    ],
)
def test_a_wrong_form_is_noticed(monkeypatch, name, replacement, term):
    assert agrees(term) < 1e-25
    monkeypatch.setitem(sympy_view._FUNCTIONS, name, replacement)
    monkeypatch.setattr(sympy_view, "value", lambda form, scope: value(
        form.replace(sympy.sign, lambda u: u), scope))  # fmt: skip
    assert agrees(term) > 1e-3


def test_swapped_branches_are_noticed(monkeypatch):
    term = total(4, lambda k: const("weave", a, b, k) * k)
    assert agrees(term) < 1e-25
    swapped = to_sympy(total(4, lambda k: const("weave", b, a, k) * k))
    monkeypatch.setattr(sympy_view, "to_sympy", lambda term, unfolded: swapped)
    assert agrees(term) > 1e-3


def test_no_value_anywhere_is_said():
    with pytest.raises(numerics.Undefined, match="no value at"):
        agrees(const("log", -(x * x)))


def test_parts_of_a_proposition():
    claim = forall("R", lambda u: implies(lt(0, u), const("has_deriv", const("log"), u, 1 / u)))
    assert len(list(parts(claim))) == 5  # 0, u, and log(u), u, 1/u
    assert agrees(claim) < 1e-25


def test_random_values_are_functions():
    rng = random.Random(3)
    f = random_value(("N", "N", "R"), rng)
    assert f(1, 2) == f(1, 2) != f(2, 1)
    functional = random_value((("N", "R"), "R"), rng)
    assert functional(lambda k: mpmath.mpf(k)) == functional(lambda k: mpmath.mpf(k))
    assert all(random_value("N", rng) in (1, 2, 3, 4) for _ in range(20))
