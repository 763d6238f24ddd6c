"""Documents: what is escaped, what outside LaTeX is set, and that both engines compile the result."""

from __future__ import annotations

import re
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.render import document
from symcheck.render.document import (
    Document,
    Entry,
    Reference,
    Section,
    Step,
    Tex,
    TexFailed,
    TexMissing,
    article,
    compile_pdf,
    escape_text,
    formula,
    is_plain_mathematics,
    outside_formula,
)
from symcheck.terms import const, defined, eq, implies, lam, lt, var

ENGINES = [pytest.param(e, marks=pytest.mark.skipif(not shutil.which(e), reason=f"{e} is not installed"))
           for e in ("pdflatex", "xelatex")]  # fmt: skip
EVERYTHING = "".join(map(chr, range(32, 127))) + "éüŁß–—‘’“”…§×≤∀θπΩ₀²ᵀ\x07\u200b😀ᚠ"
n, m, i = var("n", "N"), var("m"), var("i", "N")
x, theta = var("x", ("N", "R")), var("theta", ("N", "R"))


def overfull(pdf) -> list[float]:
    """Widths in points by which lines stick out."""
    log = pdf.with_suffix(".log").read_text("utf-8", "replace")
    return [float(w) for w in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("50% of a_b & #1 {x} $y$ ^ ~ \\input", r"50\% of a\_b \& \#1 \{x\} \$y\$ \textasciicircum{} "
         r"\textasciitilde{} \textbackslash{}input"),
        ("θ ≤ π/2", r"$\theta$ $\le$ $\pi$/2"),
        ("--json ''x''", "-{}-json '{}'x'{}'"),
        ("位置编码 of RoPE", r"\cjk{位置编码}{4} of RoPE"),
        ("\x00\x1b", "[U+0000][U+001B]"),
        ("a\n\nb", "a b"),
        (Tex(r"$x_1$"), "$x_1$"),
    ],
)  # fmt: skip
def test_escaping(given_text, expected):
    assert escape_text(given_text) == expected


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_escaped_text_has_no_command_of_its_own(s):
    out = escape_text(s)
    ours = [*document.SPECIAL.values(), *document._NAMED.values(), r"\cjk", r"\allowbreak"]
    known = set(re.findall(r"\\([A-Za-z]+)", " ".join(ours)))
    assert set(re.findall(r"\\([A-Za-z]+)", out)) <= known
    bare = re.sub(r"\\[{}]", "", out)
    assert bare.count("{") == bare.count("}")
    assert "\n\n" not in out


@pytest.mark.parametrize(
    "good",
    [
        r"A'=\text{softmax}\left(\frac{PQK^TP^T}{\sqrt{d_k}}\right)=PAP^T",
        r"\begin{pmatrix} \cos\theta & -\sin\theta \\ \sin\theta & \cos\theta \end{pmatrix}",
        r"\mathbb R^d, \ \hat q_i = R_{\theta,i} q_i,\ \tfrac12 p_m^\top f_{mm} p_m",
        r"x'^2 + \|x\| + \{y\} + \Big( z \Big)",
    ],
)
def test_mathematics_of_a_source_is_set(good):
    assert is_plain_mathematics(good)
    assert outside_formula(f"$${good}$$") == outside_formula(good) == rf"\[ \fitted{{{good}}} \]"


@pytest.mark.parametrize(
    "bad",
    [
        r"\input{/etc/passwd}", r"\write18{ls}", r"\def\x{\x}\x", r"\catcode`\%=12", r"^^5cinput", "x_", "x^2'",
        r"\frac{a}", r"x^\frac{1}{2}", r"\left( x", r"x \right)", "{", "}", "a & b", r"a \\ b", "x^2^3", "x$y$", "",
        r"\begin{pmatrix} a \end{bmatrix}", r"\begin{verbatim}x\end{verbatim}", r"\text{$x$}", r"\text{\input{x}}",
        "x\n\ny", "位置", "x\x00", r"\unknown", "x" * 3000, r"\sqrt[3]{x}", r"\limits", r"\end{document}", "100%", "#1",
    ],
)  # fmt: skip
def test_other_latex_of_a_source_is_shown_as_typed(bad):
    assert not is_plain_mathematics(bad)
    shown = outside_formula(bad)
    assert shown.startswith(r"\begin{center}") and "\\fitted" not in shown


def test_code_of_a_source():
    assert r"div\_term=\{x\}" in outside_formula(r"\texttt{div\_term=\{x\}}")


def sample(statement) -> Document:
    entry = Entry(
        "rope.relative", "Scores depend on the offset", "proved", statement=statement,
        definitions=(r"g(t) := \sum_{i=0}^{h-1} \cos(t \theta_{i})",), conditions=("0 < n",),
        witness="theta = (π/2, 0)",
        proof=(Step(eq(m, m), "identically"), Step(statement, "by cos_add", (1,)), Step(None, "as claimed", (2,))),
        axioms=("cos_add", "sin_add"), cited=("Lambert 1768",), citations=("su",), notes=(("Kernels", "1e-16"),),
    )  # fmt: skip
    claim = Entry(
        "S000-058", "R_(i-j) beside columns", "refuted", "claim",
        printed=r"\langle R_i q, R_j k\rangle = q^T R_{i-j} k", where="位置编码, section 2", explanation="the sign",
        correction=eq(m, m),
    )  # fmt: skip
    return Document("A title with 100% θ", (Section("Theorems & more", (entry,)), Section("Claims", (claim,), "Text.")),
                    "An introduction.", (Reference("su", "Su et al., RoFormer", "https://arxiv.org/abs/2104.09864"),),
                    "symcheck")  # fmt: skip


def test_article_has_every_part():
    source = article(sample(lt(m, n)))
    parts = [
        r"\title{A title with 100\% $\theta$}", r"\entryid{rope.relative} (\verdict{proved}) \cite{ref1}",
        r"\section{\texorpdfstring{Theorems \& more}", r"\labelled{Condition}0 \textless{} n", "as claimed from (2)",
        r"axioms: cos\_add, sin\_add; cited, not proved here: Lambert 1768", r"\cjk{位置编码}{4}, section 2",
        r"\labelled{Correct is}\[ \fitted{m = m} \]", r"\labelled{Kernels}1e-16", r"\end{document}",
        r"\bibitem{ref1} Su et al., RoFormer \url{https://arxiv.org/abs/2104.09864}",
    ]  # fmt: skip
    assert [p for p in parts if p not in source] == []


def test_errors_of_the_model():
    with pytest.raises(ValueError, match="bibliography lacks"):
        article(Document("t", (Section("s", (Entry("a", "b", "proved", citations=("none",)),)),)))
    with pytest.raises(ValueError, match="theorem or a claim"):
        article(Document("t", (Section("s", (Entry("a", "b", "proved", kind="lemma"),)),)))


def long_statement():
    """A statement of several hundred characters with sums, products, parentheses and cases."""
    f = [var(f"f_{c}", ("N", "R")) for c in "abcdefgh"]

    def cos(t):
        return const("cos", t)

    def sin(t):
        return const("sin", t)

    waves = (f[k](i) * cos((m - k) * theta(i)) * sin((m + k) * theta(i)) for k in range(1, 8))
    term = sum(waves, f[0](i))
    body = lam("N", lambda j: (f[0](j) + f[1](j) - f[2](j)) * (f[3](j) - f[4](j) * f[5](j) + f[6](j) * f[7](j) + x(j)))
    turned = lam("N", lambda j: f[0](j) * cos(m * theta(j)) - f[1](j) * sin(m * theta(j)))
    right = const("weave", turned, x, i) + const("inv", term)
    return implies(lt(i, n), lt(0, m), eq(term + const("sum", n, body), right))


@pytest.mark.parametrize("engine", ENGINES)
def test_documents_compile_without_overfull_lines(engine, tmp_path):
    pdf = compile_pdf(write(tmp_path, sample(long_statement())), engine)
    assert pdf.read_bytes().startswith(b"%PDF")
    assert [w for w in overfull(pdf) if w > 10] == []


@pytest.mark.parametrize("engine", ENGINES)
def test_every_character_and_hostile_formula_compile(engine, tmp_path):
    hostile = r"\input{/etc/passwd}\write18{touch pwned}$#%& 位置 \end{document}"
    entry = Entry("a.b_c", EVERYTHING, EVERYTHING, "claim", printed=hostile, where=EVERYTHING + "位置",
                  explanation=EVERYTHING, witness=EVERYTHING, conditions=(EVERYTHING,), cited=(EVERYTHING,),
                  citations=("k_1%",))  # fmt: skip
    d = Document(EVERYTHING, (Section(EVERYTHING, (entry,), EVERYTHING),), EVERYTHING,
                 (Reference("k_1%", EVERYTHING, "https://example.org/a?b=c%20&d=}{\\#x~y"),), EVERYTHING)  # fmt: skip
    compile_pdf(write(tmp_path, d), engine)
    assert not (tmp_path / "pwned").exists()


def write(folder, d):
    path = folder / "document.tex"
    path.write_text(article(d), encoding="utf-8")
    return path


def test_long_formulas_are_broken_at_their_outermost_operators():
    lines = formula(long_statement()).splitlines()
    assert lines[0] == r"\begin{aligned}" and len(lines) > 4
    assert any(re.match(r"&(\\quad )*\s*=", line) for line in lines)
    inner = [line for line in lines[1:-1] if not line.startswith("&")]
    assert inner == []
    assert formula(eq(m, m)) == "m = m"
    call = defined("f", ["R", "R"], lambda a, b: a)(m, m + 1)
    assert "aligned" not in formula(eq(call, call))


def test_no_tex_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TexMissing, match="apt-get install texlive"):
        compile_pdf(write(tmp_path, sample(lt(m, n))))


@pytest.mark.parametrize("engine", ENGINES[:1])
def test_errors_of_tex(engine, tmp_path):
    path = tmp_path / "wrong.tex"
    path.write_text("\\documentclass{article}\\begin{document}\n$\\wrong$\n\\end{document}")
    with pytest.raises(TexFailed, match=r"Undefined control sequence.*l\.2"):
        compile_pdf(path, engine)
    path.write_text("\\documentclass{article}\\usepackage{no-such-package}\\begin{document}x\\end{document}")
    with pytest.raises(TexMissing, match="no-such-package"):
        compile_pdf(path, engine)
    path.write_text("\\documentclass{article}\\begin{document}\\def\\x{\\x}\\x\\end{document}")
    with pytest.raises(TexFailed, match="longer than 1 s"):
        compile_pdf(path, engine, time_limit=1)
    outside = tmp_path / "secret.tex"
    outside.write_text("secret")
    (tmp_path / "inner").mkdir()
    path = tmp_path / "inner" / "reader.tex"
    path.write_text(f"\\documentclass{{article}}\\begin{{document}}\\input{{{outside}}}\\end{{document}}")
    with pytest.raises((TexFailed, TexMissing)):
        compile_pdf(path, engine)


def test_a_report_shows_every_statement_that_the_verdict_rests_on():
    """A claim's report states the readings, the map between them, and what holds under the condition."""
    from symcheck.claims import CLAIMS, find, library, settle
    from symcheck.render.article import document

    find(["S000-018", "S000-017"])
    lemmas = library()
    results = [settle(CLAIMS[name], lemmas, crosscheck=False) for name in ("S000-018", "S000-017")]
    for result, entry in zip(results, document(results, lemmas).sections[0].entries, strict=True):
        shown = [entry.statement, entry.correction, *(f for _, f, _ in entry.further)]
        assert all((p.denies or p.statement) in shown for p, _, _ in result.certificates)
        assert all(escape_text(label) in article(document(results, lemmas)) for label, _, _ in entry.further)


def test_words_with_an_apostrophe_and_the_range_of_an_approximation():
    assert is_plain_mathematics(r"\to0\ \text{'trend' as}\ x\to\infty")
    for verdict, label in (("approximate", "Range"), ("proved-under", "Condition")):
        entry = Entry("a", "b", verdict, "claim", conditions=("x below 3",))
        assert rf"\labelled{{{label}}}x below 3" in article(Document("t", (Section("s", (entry,)),)))
