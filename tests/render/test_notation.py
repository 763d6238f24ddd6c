"""What formulas look like, in LaTeX and as text; templates of defined constants; names; broken lines."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given, settings
from random_terms import terms

from symcheck.checker import AXIOMS, perm
from symcheck.render import notation
from symcheck.render.definitions import definition_formulas, definition_lines
from symcheck.render.notation import PRODUCT, fresh, register, split_name
from symcheck.render.tex import (
    TeX,
    display,
    display_statement,
    pmatrix,
    tex,
    tex_statement,
    visible_width,
)
from symcheck.render.text import matrix, text, text_statement
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

n, h, i, j, r = (var(s, "N") for s in ("n", "h", "i", "j", "r"))
x, y, t, m, eps = (var(s) for s in ("x", "y", "t", "m", "eps"))
a, b, th, q = (var(s, ("N", "R")) for s in ("a", "b", "th", "q"))
X, W = var("X", ("N", "N", "R")), var("W_Q", ("N", "N", "R"))
s, g = var("s", ("N", "N")), var("g", ("R", "R"))
f = var("f", (("N", "R"), ("N", "R"), "R"))
grad = var("grad", (("N", "R"), "N", "R"))
HALF = Fraction(1, 2)


def total(n, f):
    return const("sum", n, lam("N", f))


def cos(z):
    return const("cos", z)


GOLDEN = [
    (x + -y, "x - y", "x - y"),
    (x - (y - t), "x - (y - t)", "x - (y - t)"),
    (x + (y + t), "x + y + t", "x + y + t"),
    (-1 * (-x), "-(-x)", "-(-x)"),
    (-2 * x - 3, "-2 x - 3", "-2x - 3"),
    (HALF * x, r"\frac{1}{2} \, x", "1/2 · x"),
    (x * HALF, r"\frac{x}{2}", "x/2"),
    (-HALF * x, r"-\frac{1}{2} \, x", "-1/2 · x"),
    (const("pi") * HALF, r"\frac{\pi}{2}", "π/2"),
    (x * y / (t * m), r"\frac{x y}{t m}", "x y/(t m)"),
    (x / (y / t), r"\frac{x}{\frac{y}{t}}", "x/(y/t)"),
    (const("inv", x), r"\frac{1}{x}", "1/x"),
    (x * (y + t), r"x \cdot (y + t)", "x · (y + t)"),
    ((x + y) * (x - y), r"(x + y) \, (x - y)", "(x + y) (x - y)"),
    (2 * (x + y), r"2 \, (x + y)", "2 (x + y)"),
    (number(2) * 3, r"2 \cdot 3", "2 · 3"),
    ((x + y) ** 2, "(x + y)^{2}", "(x + y)²"),
    ((-x) ** 2, "(-x)^{2}", "(-x)²"),
    (x ** (n + 1), "x^{n + 1}", "x^(n + 1)"),
    (th(i) ** 2, r"\theta_{i}^{2}", "θ_i²"),
    (cos(m * th(i)) ** 2, r"\cos^{2}(m \theta_{i})", "cos²(m θ_i)"),
    (const("exp", x / y), r"\exp\bigl(\frac{x}{y}\bigr)", "exp(x/y)"),
    (const("sqrt", x + 1), r"\sqrt{x + 1}", "√(x + 1)"),
    (const("abs", const("abs", x) - y), r"\lvert \lvert x \rvert - y \rvert", "abs(|x| - y)"),
    (total(n, lambda k: a(k) * b(k)), r"\sum_{i=0}^{n-1} a_{i} b_{i}", "Σ_{i<n} a_i b_i"),
    (total(2 * h, lambda k: a(k)), r"\sum_{i=0}^{2 h-1} a_{i}", "Σ_{i<2h} a_i"),
    (total(n + 1, lambda k: a(k)), r"\sum_{i=0}^{n} a_{i}", "Σ_{i<n+1} a_i"),
    (total(n + 3, lambda k: a(k)), r"\sum_{i=0}^{n + 2} a_{i}", "Σ_{i<n+3} a_i"),
    (total(3, lambda k: a(k)), r"\sum_{i=0}^{2} a_{i}", "Σ_{i<3} a_i"),
    (total(0, lambda k: a(k)), r"\sum_{i<0} a_{i}", "Σ_{i<0} a_i"),
    (total(n, lambda k: a(k) + x), r"\sum_{i=0}^{n-1} (a_{i} + x)", "Σ_{i<n} (a_i + x)"),
    (total(n, lambda k: total(k, lambda l: X(k, l))), r"\sum_{i=0}^{n-1} \sum_{j=0}^{i-1} X_{i,j}",
     "Σ_{i<n} Σ_{j<i} X_{i,j}"),
    (total(n, lambda k: a(k)) * x, r"\Bigl(\sum_{i=0}^{n-1} a_{i}\Bigr) \, x", "(Σ_{i<n} a_i) x"),
    (x * total(n, lambda k: a(k)) + y, r"x \sum_{i=0}^{n-1} a_{i} + y", "x Σ_{i<n} a_i + y"),
    (total(n, lambda k: a(i)), r"\sum_{j=0}^{n-1} a_{i}", "Σ_{j<n} a_i"),
    (2 * i + x, "2 i + x", "2i + x"),
    (q(2 * i + 1), "q_{2 i + 1}", "q_{2i+1}"),
    (W(i, j), "(W_{Q})_{i,j}", "(W_Q)_{i,j}"),
    (a(s(i)), "a_{s(i)}", "a_{s(i)}"),
    (eps + g(t), r"\varepsilon + g(t)", "ε + g(t)"),
    (const("delta", i, j), r"\delta_{ij}", "δ_{i,j}"),
    (const("delta", i, 2 * j), r"\delta_{i,2 j}", "δ_{i,2j}"),
    (f(a, lam("N", lambda k: a(k) + t * b(k))), r"f(a,\, a + t b)", "f(a, a + t b)"),
    (f(a, lam("N", lambda k: a(k) * b(k))), r"f(a,\, (i \mapsto a_{i} b_{i}))", "f(a, (i ↦ a_i b_i))"),
    (f(lam("N", lambda k: X(r, k)), lam("N", lambda k: X(k, r))), r"f(X_{r,\cdot},\, X_{\cdot,r})",
     "f(X_{r,·}, X_{·,r})"),
    (grad(a, i), r"\mathit{grad}(a)_{i}", "grad(a)_i"),
    (f(lam("N", lambda k: grad(a, k)), b), r"f(\mathit{grad}(a),\, b)", "f(grad(a), b)"),
    (const("weave", a, b, r), r"\begin{cases} a_{i} & r = 2 i \\ b_{i} & r = 2 i + 1 \end{cases}",
     "{a_i if r = 2i; b_i if r = 2i + 1}"),
    (const("stack", h, a, b, r), r"\begin{cases} a_{i} & r = i < h \\ b_{i} & r = h + i \end{cases}",
     "{a_i if r = i < h; b_i if r = h + i}"),
    (const("case", n, x, a), r"\begin{cases} x & n = 0 \\ a_{i} & n = i + 1 \end{cases}",
     "{x if n = 0; a_i if n = i + 1}"),
    (eq(x, y), "x = y", "x = y"),
    (negation(eq(x, 0)), r"x \ne 0", "x ≠ 0"),
    (negation(lt(x, y)), r"\lnot (x < y)", "¬(x < y)"),
    (implies(lt(0, x), le(x, y), lt(0, y)), r"0 < x,\, x \le y \Rightarrow 0 < y", "0 < x, x ≤ y ⇒ 0 < y"),
    (implies(implies(lt(0, x), lt(0, y)), lt(0, t)), r"(0 < x \Rightarrow 0 < y) \Rightarrow 0 < t",
     "(0 < x ⇒ 0 < y) ⇒ 0 < t"),
    (const("and", lt(0, x), const("or", lt(x, 1), eq(x, 2))), r"0 < x \land (x < 1 \lor x = 2)",
     "0 < x ∧ (x < 1 ∨ x = 2)"),
    (forall("N", lambda k: implies(lt(k, n), le(0, a(k)))), r"\forall i < n\colon\ 0 \le a_{i}", "∀ i < n: 0 ≤ a_i"),
    (forall(["N", "N"], lambda k, l: implies(lt(k, n), lt(l, k), le(a(l), a(k)))),
     r"\forall i < n,\ j < i\colon\ a_{j} \le a_{i}", "∀ i < n, j < i: a_j ≤ a_i"),
    (forall(["N", "N", "R"], lambda k, l, u: implies(lt(k, n), lt(l, n), lt(u, k))),
     r"\forall i, j < n,\ s \in \mathbb{R}\colon\ s < i".replace("s", "t"), "∀ i, j < n, t ∈ ℝ: t < i"),
    (exists("N", lambda k: const("and", lt(k, n), eq(a(k), 0))),
     r"\exists i < n\colon\ a_{i} = 0", "∃ i < n: a_i = 0"),
    (forall([("N", "R"), ("N", "R"), ("R", "R")], lambda u, v, w: eq(w(u(0)), v(0))),
     r"\forall a, b \in \mathbb{R}^{\mathbb{N}},\ f \colon \mathbb{R} \to \mathbb{R}\colon\ f(a_{0}) = b_{0}",
     "∀ a, b ∈ ℝ^ℕ, f : ℝ → ℝ: f(a_0) = b_0"),
    (const("has_deriv", g, t, x), r"\frac{d}{dt} g(t) = x", "d/dt g(t) = x"),
    (const("has_deriv", lam("R", lambda u: g(u) * t), t, x), r"\left. \frac{d}{ds} (g(s) \, t) \right|_{s = t} = x",
     "d/ds[s = t] (g(s) t) = x"),
    (const("integral", g, 0, x + 1) * y, r"\Bigl(\int_{0}^{x + 1} g(t) \, dt\Bigr) \, y", "(∫_{0}^{x+1} g(t) dt) y"),
    (const("integral", lam("R", lambda u: u + t), 0, 1), r"\int_{0}^{1} (s + t) \, ds", "∫_{0}^{1} (s + t) ds"),
    (const("Ci", x), r"\operatorname{Ci}(x)", "Ci(x)"),
    (perm(n, s), r"s \in S_{n}", "s ∈ S_n"),
    (perm(n + 1, lam("N", lambda k: s(k) + 1, "N")),
     r"(i \mapsto s(i) + 1) \in S_{n + 1}", "(i ↦ s(i) + 1) ∈ S_(n + 1)"),
]  # fmt: skip


@pytest.mark.parametrize(("term", "as_tex", "as_text"), GOLDEN, ids=[repr(t)[:50] for t, _, _ in GOLDEN])
def test_golden(term, as_tex, as_text):
    assert (tex(term), text(term)) == (as_tex, as_text)


@pytest.mark.parametrize(
    ("name", "as_tex", "as_text"),
    [
        ("theta", r"\theta", "θ"), ("th", r"\theta", "θ"), ("theta_1", r"\theta_{1}", "θ₁"), ("x1", "x_{1}", "x₁"),
        ("pos", r"\mathit{pos}", "pos"), ("W_QK", r"W_{\mathit{QK}}", "W_QK"), ("p_m", "p_{m}", "p_m"),
        ("pi", r"\mathit{pi}", "pi"), ("eps", r"\varepsilon", "ε"), ("x'", "x'", "x'"),
        ("x_theta", r"x_{\theta}", "x_θ"),
        (r"\evil{", r"\mathtt{\textbackslash{}evil\{}", r"\evil{"), ("a b", r"\mathtt{a b}", "a b"),
    ],
)  # fmt: skip
def test_names(name, as_tex, as_text):
    assert (tex(var(name)), text(var(name))) == (as_tex, as_text)


def test_two_variables_never_look_the_same():
    clash = var("theta") + var("th") + var("theta", ("N", "R"))(0)
    assert text(clash) == "θ' + θ + θ''_0"
    shown = total(n, lambda k: a(k)) + var("i") + var("j")
    assert text(shown) == "Σ_{k<n} a_k + i + j"
    assert text(const("pi") + var("pi")) == "π + pi"


def test_names_for_quantifiers():
    claim = negation(forall(["N", "R"], lambda k, u: lt(u, k)))
    assert text(claim) == "¬(∀ i ∈ ℕ, t ∈ ℝ: t < i)"
    assert text(claim, names=["n", "x"]) == "¬(∀ n ∈ ℕ, x ∈ ℝ: x < n)"
    assert text(claim, names=["n"]) == "¬(∀ n ∈ ℕ, t ∈ ℝ: t < n)"
    assert text(implies(lt(x, y), claim), names=["x", "y"]).endswith("(∀ i ∈ ℕ, t ∈ ℝ: t < i)")
    assert text(total(n, lambda k: a(k)), free=[i.head]) == "Σ_{j<n} a_j"


# ---------------------------------------------------------------- defined constants


@pytest.fixture
def displays(monkeypatch):
    """A registry of its own for each test."""
    # without what derivation scripts have registered, if an earlier test has loaded them
    monkeypatch.setattr(notation, "_displays", {"perm": notation._displays["perm"]})


rope = defined("rope", [("N", "R"), "R", ("N", "R"), "N"], lambda th, m, x, i: cos(m * th(i)) * x(i))
dot = defined("dot", ["N", ("N", "R"), ("N", "R")], lambda n, u, v: total(n, lambda i: u(i) * v(i)))


def vector(angle, of):
    return lam("N", lambda k: rope(th, angle, of, k))


@pytest.mark.usefixtures("displays")
class TestTemplates:
    def test_without_a_template(self):
        assert text(rope(th, m, q, i)) == "rope(θ, m, q)_i"
        assert tex(rope(th, m, q, i)) == r"\operatorname{rope}(\theta,\, m,\, q)_{i}"
        assert text(dot(n, q, vector(m, q))) == "dot(n, q, rope(θ, m, q))"
        square = defined("square_of", ["R"], lambda x: x * x)
        assert text(square(x + 1) ** 2) == "square_of(x + 1)²"
        assert tex(square(x)) == r"\operatorname{square\_of}(x)"
        assert text(defined("half_pi", [], lambda: const("pi") * HALF)) == "half_pi"

    def test_entry_and_vector(self):
        register("rope", function_tex=r"R_{<1>} <2:atom>", function_text="R_{<1>} <2:atom>")
        register("dot", tex=r"\langle <1>,\, <2> \rangle", text="⟨<1>, <2>⟩")
        assert tex(dot(n, vector(m, q), q)) == r"\langle R_{m} q,\, q \rangle"
        assert text(dot(n, vector(m, vector(t, q)), q)) == "⟨R_m (R_t q), q⟩"
        assert text(rope(th, m, q, i) + 1) == "(R_m q)_i + 1"
        assert tex(rope(th, m - t, q, i)) == "(R_{m - t} q)_{i}"

    def test_whole_template_and_lambda(self):
        register("rope", tex=r"(R_{<1>} <2:atom>)_{<3>}", text="(R[<1>] <2>)[<3>]")
        assert text(rope(th, m, q, 2 * i)) == "(R[m] q)[2i]"
        assert text(dot(n, vector(m, q), q)) == "dot(n, (i ↦ (R[m] q)[i]), q)"

    def test_bound_and_body(self):
        register("dot", tex=r"\sum_{<1:bound>}^{<0>} <1:body>", text="dot[<1:bound>](<1:body>, <2:body>)")
        assert text(dot(n, q, lam("N", lambda k: q(k) + x))) == "dot[i](q_i, q_i + x)"

    def test_precedence(self):
        norm = defined("mix", ["R", "R"], lambda u, v: u + v)
        register("mix", text="<0> ⊕ <1:factor>", tex=r"<0:term> \oplus <1:atom>", precedence=PRODUCT - 2)
        assert text(2 * norm(x, y + t)) == "2 (x ⊕ (y + t))"
        assert tex(norm(x - y, y * t)) == r"x - y \oplus (y t)"

    def test_callable_and_matrix(self):
        block = defined("block", ["R", "N", "N"], lambda t, i, j: cos(t))
        register("block", function_tex=lambda args: pmatrix([[rf"\cos {args[0].at(notation.ATOM)}", 0], [0, 1]]),
                 function_text=lambda args: matrix([[f"cos {args[0]}", 0], [0, 1]]))  # fmt: skip
        assert text(block(x, i, j)) == "[cos x, 0; 0, 1]_{i,j}"
        assert tex(block(x, 0, 1)) == r"\begin{pmatrix} \cos x & 0 \\ 0 & 1 \end{pmatrix}_{0,1}"

    def test_one_constant_one_form(self):
        register("rope", text="R")
        register("rope", text="R")
        with pytest.raises(ValueError, match="another way"):
            register("rope", text="Q")
        register("rope", text="Q", replace=True)
        assert text(rope(th, m, q, i)) == "Q"

    def test_definitions(self):
        statement = Statement((), eq(dot(n, q, q), x))
        assert definition_lines([statement]) == ["dot(n, q, a) := Σ_{i<n} q_i a_i"]
        register("dot", text="⟨<1>, <2>⟩", tex=r"\langle <1>, <2>\rangle", parameters=("n", "u", "v"))
        assert definition_lines([statement]) == ["⟨u, v⟩ := Σ_{i<n} u_i v_i"]
        assert definition_formulas([statement])[0].replace("\x01", "") == (
            r"\langle u, v\rangle := \sum_{i=0}^{n-1} u_{i} v_{i}")  # fmt: skip


# ---------------------------------------------------------------- statements and lines


@dataclass(frozen=True)
class Statement:
    hyps: tuple
    concl: object
    variables: tuple = ()


def test_statements():
    statement = Statement((perm(n, s), lt(i, n)), eq(a(s(i)), total(n, lambda k: b(k))), (j.head,))
    assert text_statement(statement) == "s ∈ S_n, i < n ⇒ a_{s(i)} = Σ_{k<n} b_k"
    assert tex_statement(statement) == display_statement(statement)
    assert display_statement(statement, 25).splitlines()[2] == r"&\quad \Rightarrow a_{s(i)} = \sum_{k=0}^{n-1} b_{k}"


def test_lines_are_broken_between_hypotheses_before_they_are_within_one():
    statement = Statement((perm(n, s), lt(i, n), lt(j, n), lt(i, j)), eq(a(s(i)), b(j)), (n.head,))
    assert display_statement(statement, 16).splitlines()[1:-1] == [
        r"&s \in S_{n},\, i < n,\,  \\", r"&\quad j < n,\, i < j  \\", r"&\quad \Rightarrow a_{s(i)} = b_{j}"]  # fmt: skip


def test_every_axiom_is_printed():
    for axiom in AXIOMS.values():
        for term in (*axiom.hyps, axiom.concl):
            assert tex(term) and text(term) and "?" not in text(term)


def wide(width):
    long = sum((cos((m - k) * th(i)) for k in range(2, 8)), cos(m * th(i)))
    return display(eq(x, long * (x + y) + const("abs", long)), width)


def test_a_long_formula_is_broken_before_operators():
    lines = wide(60).splitlines()
    assert lines[0] == r"\begin{aligned}" and lines[-1] == r"\end{aligned}"
    body = [line.removesuffix(r" \\").lstrip("&").replace(r"\quad ", "").strip() for line in lines[1:-1]]
    assert body[0] == "x" and body[1].startswith("= ") and all(line[0] in "+-=" for line in body[1:])
    assert all(visible_width(line) <= 64 for line in body)
    joined = " ".join(body)
    flat = display(eq(x, x), 1000)
    assert flat == "x = x"
    assert joined.replace(" ", "") == wide(10_000).replace(" ", "")


def test_nothing_is_broken_inside_a_fraction_or_a_narrow_parenthesis():
    long = sum((cos((m - k) * th(i)) for k in range(2, 12)), cos(m * th(i)))
    assert display(x / long, 40) == tex(x / long)
    for line in display(long, 40).splitlines()[1:-1]:
        assert line.count("(") == line.count(")")


@settings(max_examples=80, deadline=None)
@given(terms("P", 5))
def test_printing_never_fails(term):
    one_line = tex(term)
    assert text(term) and "\x01" not in one_line
    assert one_line.count("{") == one_line.count("}")
    broken = display(term, 30)
    assert "\x01" not in broken
    flat = broken.replace("\\begin{aligned}\n", "").replace("\n\\end{aligned}", "").replace(" \\\\\n&", " ")
    assert flat.removeprefix("&").replace(r"\quad", "").replace(" ", "") == one_line.replace(" ", "")


def test_functions_without_arguments():
    assert text(a) == "a" and text(lam("N", lambda k: a(k) + 1)) == "(i ↦ a_i + 1)"
    assert text(const("sin")) == "sin" and text(const("real")) == "(i ↦ i)"
    assert TeX().name("theta") == r"\theta"
    assert split_name("x_12") == ("x", "12") and fresh("N", "ijkl") == "r"
