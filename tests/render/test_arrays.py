"""Arrays at some of their indices, and arguments that a notation leaves out: read back, they are what was printed."""

from __future__ import annotations

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.numerics import MP, evaluate
from symcheck.render import notation
from symcheck.render.definitions import definition_lines
from symcheck.render.notation import Printer, register
from symcheck.render.tex import tex
from symcheck.render.text import text
from symcheck.terms import Term, const, defined, eq, forall, lam, number, var

from .reading import Hidden, Unreadable, from_tex, read, read_proposition

SEQUENCE, MATRIX = ("N", "R"), ("N", "N", "R")
mix = defined("mix", ["N", MATRIX, MATRIX, "N", "N"],
              lambda n, W, X, i, c: const("sum", n, lam("N", lambda k: X(i, k) * W(k, c))))  # fmt: skip
pair = defined("pair", ["N", SEQUENCE, SEQUENCE], lambda n, u, v: const("sum", n, lam("N", lambda k: u(k) * v(k))))
dot = defined("dot", ["N", SEQUENCE, SEQUENCE], lambda n, u, v: pair(n, u, v))
n, m, i, c = (var(v, "N") for v in ("n", "m", "i", "c"))
W, V, X, Y = (var(v, MATRIX) for v in "WVXY")
a, b = var("a", SEQUENCE), var("b", SEQUENCE)
ONES = lam(["N", "N"], lambda r, s: number(1))


def matrix_value(start, step):
    return lambda r, s: mpmath.mpf((start + step * int(r) + 3 * int(s)) % 11 - 4) / 4


VALUES = {"n": 3, "m": 2, "i": 1, "c": 2, "W": matrix_value(1, 2), "V": matrix_value(5, 4), "X": matrix_value(2, 7),
          "Y": matrix_value(3, 5), "a": lambda k: mpmath.mpf(int(k) % 5 - 2),
          "b": lambda k: mpmath.mpf(1 + int(k) % 3)}  # fmt: skip


def mix_of(n, W):
    return lambda X: lambda r, s: sum((X(r, k) * W(k, s) for k in range(int(n))), mpmath.mpf(0))


def pair_of(n):
    return lambda u, v: sum((u(k) * v(k) for k in range(int(n))), mpmath.mpf(0))


SCOPE = {**VALUES, "M": Hidden(("n", "W"), mix_of), "K": Hidden(("n",), pair_of)}


@pytest.fixture(autouse=True)
def displays(monkeypatch):
    monkeypatch.setattr(notation, "_displays", {"perm": notation._displays["perm"]})
    register("mix", function_tex="M(<2>)", function_text="M(<2>)", indices=(3, 4), parameters=("n", "W", "X", "i", "c"))
    register("dot", tex=r"\langle <1>, <2> \rangle", text="⟨<1>, <2>⟩", parameters=("dim", "u", "v"))
    register("pair", tex="K(<1>, <2>)", text="K(<1>, <2>)", parameters=("n", "u", "v"))


def row(n, W, X, i):
    return lam("N", lambda s: mix(n, W, X, i, s))


def column(n, W, X, c):
    return lam("N", lambda r: mix(n, W, X, r, c))


GOLDEN = [
    (pair(n, row(n, W, X, i), a), "K(M(X)[i, ·], a)", r"K(M(X)_{i, \cdot}, a)"),
    (pair(n, column(n, W, X, c), a), "K(M(X)[·, c], a)", r"K(M(X)_{\cdot, c}, a)"),
    (mix(n, W, lam(["N", "N"], lambda r, s: mix(n, W, X, r, s)), i, c), "M(M(X))[i, c]", "M(M(X))_{i, c}"),
    (mix(n, W, lam(["N", "N"], lambda r, s: mix(n, W, X, s, r)), i, c), "M((j, k ↦ M(X)[k, j]))[i, c]",
     r"M(((j, k) \mapsto M(X)_{k, j}))_{i, c}"),
    (mix(n, W, lam(["N", "N"], lambda r, s: X(s, r)), i, c), "M((j, k ↦ X_{k,j}))[i, c]",
     r"M(((j, k) \mapsto X_{k,j}))_{i, c}"),
    (mix(n, W, lam(["N", "N"], lambda r, s: mix(n, W, X, i, s)), i, c), "M((j, k ↦ M(X)[i, k]))[i, c]",
     r"M(((j, k) \mapsto M(X)_{i, k}))_{i, c}"),
    (pair(n, lam("N", lambda r: mix(n, W, X, r, r)), a), "K((i ↦ M(X)[i, i]), a)", r"K((i \mapsto M(X)_{i, i}), a)"),
    (pair(n, lam("N", lambda r: X(r, r)), a), "K((i ↦ X_{i,i}), a)", r"K((i \mapsto X_{i,i}), a)"),
    (pair(n, lam("N", lambda r: mix(n, W, X, i, r + 1)), a), "K((j ↦ M(X)[i, j + 1]), a)",
     r"K((j \mapsto M(X)_{i, j + 1}), a)"),
    (pair(n, lam("N", lambda r: mix(n, W, X, i, r) + 2 * a(r)), b), "K(M(X)[i, ·] + 2a, b)",
     r"K(M(X)_{i, \cdot} + 2 a, b)"),
    (pair(n, lam("N", lambda r: 0), a), "K(0, a)", "K(0, a)"),
    (mix(2, W, X, i, c), "M(X)[i, c], where n = 2", r"M(X)_{i, c},\ \text{where } n = 2"),
    (mix(2, ONES, X, i, c), "M(X)[i, c], where n = 2, W = (j, k ↦ 1)",
     r"M(X)_{i, c},\ \text{where } n = 2,\ W = ((j, k) \mapsto 1)"),
    (mix(n, V, X, i, c), "M(X)_{W=V}[i, c]", "(M(X)_{W=V})_{i, c}"),
    (mix(2, W, X, i, c) + number(1) * n, "M(X)_{n=2}[i, c] + n", "(M(X)_{n=2})_{i, c} + n"),
    (mix(n, W, X, i, c) - mix(m, W, X, i, c), "M(X)_{n=n}[i, c] - M(X)_{n=m}[i, c]",
     "(M(X)_{n=n})_{i, c} - (M(X)_{n=m})_{i, c}"),
    (pair(n + m, a, b) - pair(m, a, b), "K(a, b)_{n=n+m} - K(a, b)_{n=m}", "K(a, b)_{n=n + m} - K(a, b)_{n=m}"),
    (pair(2 * m, a, b), "K(a, b), where n = 2m", r"K(a, b),\ \text{where } n = 2 m"),
    (dot(2 * m, a, b), "⟨a, b⟩", r"\langle a, b \rangle"),  # the length of vectors goes without saying
    (dot(2, a, b), "⟨a, b⟩, where dim = 2", r"\langle a, b \rangle,\ \text{where } \mathit{dim} = 2"),
    (dot(n + m, a, b) - dot(m, a, b), "⟨a, b⟩_{dim=n+m} - ⟨a, b⟩_{dim=m}",
     r"\langle a, b \rangle_{\mathit{dim}=n + m} - \langle a, b \rangle_{\mathit{dim}=m}"),
    (const("sum", 3, lam("N", lambda r: mix(2, lam(["N", "N"], lambda s, t: W(r, t)), X, r, c))),
     "Σ_{i<3} M(X)_{W=(j, k ↦ W_{i,k})}[i, c], where n = 2",
     r"\sum_{i=0}^{2} (M(X)_{W=((j, k) \mapsto W_{i,k})})_{i, c},\ \text{where } n = 2"),
    (mix(2, ONES, X, i, c) - const("sum", 3, lam("N", lambda r: mix(2, ONES, X, r, c))),  # one value at two depths
     "M(X)[i, c] - Σ_{j<3} M(X)[j, c], where n = 2, W = (j, k ↦ 1)",
     r"M(X)_{i, c} - \sum_{j=0}^{2} M(X)_{j, c},\ \text{where } n = 2,\ W = ((j, k) \mapsto 1)"),
    (number(1) * a(0) * number(1), "a_0", "a_{0}"),
    (number(1) * number(1), "1", "1"),
    (eq(number(1) * a(0), a(0)), "1a_0 = a_0", "1 a_{0} = a_{0}"),
]  # fmt: skip


@pytest.mark.parametrize(("term", "as_text", "as_tex"), GOLDEN, ids=[t for _, t, _ in GOLDEN])
def test_golden(term, as_text, as_tex):
    assert (text(term), tex(term)) == (as_text, as_tex)


def test_rows_of_variables():
    f, G = var("f", (SEQUENCE, "N", "N", "R")), var("G", (SEQUENCE, "N", "R"))
    assert text(pair(n, lam("N", lambda s: f(a, i, s)), lam("N", lambda s: G(a, s)))) == "K(f(a)_{i,·}, G(a))"
    assert text(pair(n, lam("N", lambda s: f(a, s, i)), b)) == "K((j ↦ f(a)_{j,i}), b)"
    grid = defined("grid", [SEQUENCE, "N", "N"], lambda u, r, s: u(r) + u(s))
    assert text(pair(n, lam("N", lambda s: grid(a, i, s)), b)) == "K(grid(a)_{i,·}, b)"
    assert text(pair(n, lam("N", lambda s: grid(a, s, i)), b)) == "K(grid(a)_{·,i}, b)"


def test_sizes_without_names():
    box = defined("box", ["N", "N", SEQUENCE], lambda h, k, u: pair(h, u, u) + pair(k, u, u))
    cut = defined("cut", ["N", SEQUENCE], lambda k, u: pair(k, u, u))
    register("box", text="B(<2>)", tex="B(<2>)")
    register("cut", text="C(<1>)", tex="C(<1>)")
    assert text(box(3, 2, a)) == "B(a), where size₁ = 3, size₂ = 2"
    assert text(box(3, n, a) + box(2, n, b)) == "B(a)_{size₁=3} + B(b)_{size₁=2}"
    assert text(cut(3, a)) == "C(a), where size = 3" and text(cut(2 * n, a)) == "C(a)"
    assert tex(box(3, 2, a)) == r"B(a),\ \text{where } \mathit{size}_{1} = 3,\ \mathit{size}_{2} = 2"


def test_a_constant_without_its_arguments():
    assert text(const("sum", 2, lam("N", lambda r: mix(n, W, lam(["N", "N"], lambda s, t: mix(r, W, X, s, t)), 0, 0)))) \
        == "Σ_{i<2} M(M(X)_{n=i})_{n=n}[0, 0]"  # fmt: skip
    F = var("F", ((*mix.type[:-1], "R"), "R"))
    assert text(F(mix)) == "F(i, A, B, j, k ↦ M(B)_{n=i,W=A}[j, k])"


def test_definitions_are_those_of_the_statement():
    @dataclass_like
    class Statement:
        hyps = ()
        variables = ()

    assert definition_lines([Statement(pair(2 * m, a, row(n, V, X, i)))]) == [
        "K(u, v) := Σ_{i<2m} u_i v_i", "M(X)[i, c] := Σ_{j<n} X_{i,j} V_{j,c}"]  # fmt: skip
    assert definition_lines([Statement(pair(n, a, b)), Statement(pair(2, a, b))]) == ["K(u, v) := Σ_{i<n} u_i v_i"]
    assert definition_lines([Statement(pair(var("u", "N"), a, b))]) == ["K(a, v) := Σ_{i<u} a_i v_i"]


def dataclass_like(cls):
    def make(concl):
        out = cls()
        out.concl = concl
        return out
    return make


# ---------------------------------------------------------------- random formulas


@st.composite
def formulas(draw) -> Term:
    size = st.sampled_from([n, m, number(2, "N"), number(3, "N"), n + m, 2 * m])
    weights = st.sampled_from([W, V, ONES, lam(["N", "N"], lambda r, s: W(s, r))])

    def array(depth: int) -> Term:
        kind = draw(st.integers(0, 6 if depth else 1))
        inner = X if kind == 0 else Y if kind == 1 else array(depth - 1)
        if kind < 2:
            return inner
        if kind in (2, 3):
            d, w = draw(size), draw(weights)
            return lam(["N", "N"], lambda r, s: mix(d, w, inner, r, s))
        if kind == 4:
            return lam(["N", "N"], lambda r, s: inner(s, r))
        if kind == 5:
            return lam(["N", "N"], lambda r, s: inner(r, r))
        other = array(depth - 1)
        return lam(["N", "N"], lambda r, s: inner(r, s) + 2 * other(r, s))

    def vector() -> Term:
        f, k = array(2), draw(st.sampled_from([i, c, number(0, "N")]))
        kind = draw(st.integers(0, 4))
        return [lam("N", lambda s: f(k, s)), lam("N", lambda r: f(r, k)), lam("N", lambda r: f(r, r)), a,
                lam("N", lambda r: number(0))][kind]  # fmt: skip

    def scalar() -> Term:
        if draw(st.booleans()):
            return pair(draw(size), vector(), vector())
        return array(2)(draw(st.sampled_from([i, c])), draw(st.sampled_from([i, c])))

    terms = [scalar() for _ in range(draw(st.integers(1, 3)))]
    out = terms[0]
    for t in terms[1:]:
        out = out + t if draw(st.booleans()) else out - t
    return out


def agrees(printed: str, expected) -> bool:
    with mpmath.workdps(40):
        return abs(read(printed, SCOPE) - expected) < mpmath.mpf(10) ** -25 * (1 + abs(expected))


@settings(max_examples=150, deadline=None)
@given(formulas())
def test_read_back(term):
    expected = evaluate(term, VALUES, MP(40))
    for printed in (text(term), from_tex(tex(term))):
        assert agrees(printed, expected), printed


def test_a_statement_is_read_back_with_its_explanation():
    claim = forall("N", lambda r: const("imp", const("ltN", r, 2), eq(mix(2, ONES, X, r, c), mix(2, ONES, X, r, 0))))
    assert text(claim) == "∀ i < 2: M(X)[i, c] = M(X)[i, 0], where n = 2, W = (j, k ↦ 1)"
    for printed in (text(claim), from_tex(tex(claim))):
        assert read_proposition(printed, SCOPE)
        assert not read_proposition(printed.split(", where")[0], SCOPE)


def read_wrongly(term: Term) -> bool:
    try:
        return not agrees(text(term), evaluate(term, VALUES, MP(40)))
    except (Unreadable, TypeError):
        return True


def test_the_reader_sees_what_is_left_out(monkeypatch):
    """Each of the ways in which a formula could lose something is caught."""
    part, first = pair(3, row(n, W, X, i), a), mix(2, V, X, i, c)
    two = mix(n, W, Y, i, c) - mix(m, W, Y, i, c)
    swapped = mix(n, W, lam(["N", "N"], lambda r, s: mix(n, W, X, s, r)), i, c)
    merged = pair(n, lam("N", lambda r: mix(n, W, X, r, r)), a)
    everything = [part, first, two, swapped, merged]
    assert not any(read_wrongly(t) for t in everything)
    with monkeypatch.context() as patch:  # the row is printed as the whole matrix
        patch.setattr(Printer, "indices", lambda self, printed: [p for p in printed if p] if all(printed) else [])
        assert read_wrongly(part)
    with monkeypatch.context() as patch:  # the index that is applied is left open as well
        patch.setattr(Printer, "indices", lambda self, printed: [p or self.dot for p in reversed(printed)])
        assert read_wrongly(part)
    with monkeypatch.context() as patch:  # sizes and weights are not said
        patch.setattr(Printer, "explained", lambda self: (frozenset(), {}))
        assert read_wrongly(first) and read_wrongly(two)
    with monkeypatch.context() as patch:  # two different arguments are taken for one
        patch.setattr(Printer, "explained", lambda self: (frozenset(), {"n": "3"}))
        assert read_wrongly(first) and read_wrongly(two)
    with monkeypatch.context() as patch:  # whatever the indices of an array are, it is taken for the array
        patch.setattr(Printer, "function", blind(Printer.function))
        assert read_wrongly(swapped) and read_wrongly(merged)


def blind(function):
    def printed(self, t, scope):
        if t.binders and t.head == mix.head:
            return self.defined(t.head, [*t.args[:3], None, None], ("",) * len(t.binders) + scope)
        return function(self, t, scope)
    return printed
