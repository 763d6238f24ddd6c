"""LaTeX articles of theorems and claims, and their PDF.

The document compiles with pdflatex and with xelatex. Text is plain text and is escaped, whatever is in it; a
piece of LaTeX is given as ``Tex``. Formulas are terms, sequents, or LaTeX for mathematics mode. A formula as
printed in a source is outside LaTeX: it is set as mathematics when every command in it is a known one, and
shown as it was typed otherwise. Long formulas are broken into lines, and what is still too wide is scaled.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from ..terms import Term
from .notation import GREEK, Said, Sequent
from .tex import SPECIAL, display, display_statement

PACKAGES = "texlive-latex-recommended texlive-fonts-recommended texlive-xetex lmodern"
WIDTH = 74  # of a displayed formula, in characters of ordinary text


class TexMissing(RuntimeError):
    """No TeX, or not all of it, is installed; the message says what to install."""


class TexFailed(RuntimeError):
    """TeX stopped at an error or took too long; the message has the lines of the log that say why."""


class Tex(str):
    """Text that is LaTeX already and is not escaped."""


Formula = Term | Sequent | str


@dataclass(frozen=True)
class Step:
    """A line of a proof: its formula (None for words alone), the reason, the numbers of the lines it uses."""

    formula: Formula | None
    reason: str
    uses: tuple[int, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A theorem or claim. ``statement``, ``definitions`` and ``correction`` are formulas, ``printed`` is LaTeX
    from outside, the rest is text; ``citations`` are keys of the bibliography. Text of a source that is to
    be printed as mathematics is ``Tex``. ``said`` is what the definitions say of arguments that notations leave
    out (see ``notation.explain``)."""

    id: str
    heading: str
    verdict: str
    kind: str = "theorem"  # or "claim"
    printed: str | None = None
    where: str = ""
    statement: Formula | None = None
    statement_label: str = ""
    definitions: tuple[Formula, ...] = ()
    conditions: tuple[str, ...] = ()
    explanation: str = ""
    proof: tuple[Step, ...] = ()
    witness: str | None = None
    correction: Formula | None = None
    further: tuple[tuple[str, Formula, str], ...] = ()  # label, formula, and text behind it
    axioms: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()  # further lines: label and text
    said: Said = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    title: str
    entries: tuple[Entry, ...] = ()
    text: str = ""
    definitions: tuple[Formula, ...] = ()


@dataclass(frozen=True)
class Reference:
    key: str
    text: str
    address: str | None = None


@dataclass(frozen=True)
class Document:
    title: str
    sections: tuple[Section, ...]
    introduction: str = ""
    bibliography: tuple[Reference, ...] = ()
    author: str = ""


# ---------------------------------------------------------------- text

_LETTERS = {**{c: f"\\{name}" for name, c in GREEK.items()}, "ε": r"\varepsilon", "φ": r"\varphi", "ο": "o",
            "π": r"\pi", "Π": r"\Pi"}  # fmt: skip
_SIGNS = {
    "×": r"\times", "÷": r"\div", "±": r"\pm", "·": r"\cdot", "−": "-", "≤": r"\le", "≥": r"\ge", "≠": r"\ne",
    "≈": r"\approx", "∞": r"\infty", "→": r"\to", "↦": r"\mapsto", "⇒": r"\Rightarrow", "∈": r"\in",
    "∀": r"\forall", "∃": r"\exists", "∧": r"\land", "∨": r"\lor", "¬": r"\lnot", "⊥": r"\bot", "√": r"\surd",
    "∑": r"\sum", "ℝ": r"\mathbb{R}", "ℕ": r"\mathbb{N}", "⟨": r"\langle", "⟩": r"\rangle", "‖": r"\Vert",
    "∘": r"\circ", "ᵀ": r"^\top", "°": r"^\circ", "²": "^2", "³": "^3", "¹": "^1", "⁰": "^0",
    **{c: f"^{k}" for k, c in enumerate("⁴⁵⁶⁷⁸⁹", 4)}, **{c: f"{{}}_{k}" for k, c in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}  # fmt: skip
_MARKS = {"–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "…": r"\ldots{}", "\u00a0": "~",
          "§": r"\S{}"}  # fmt: skip
_NAMED = {**_MARKS, **{c: f"${tex}$" for c, tex in {**_LETTERS, **_SIGNS}.items()}}
_CJK = (("\u2e80", "\u9fff"), ("\uac00", "\ud7af"), ("\uf900", "\ufaff"), ("\uff00", "\uffef"),
        ("\U00020000", "\U0003ffff"))  # fmt: skip


def _is_latin(c: str) -> bool:
    """Does T1 have the character? ASCII, Latin-1 letters and Latin Extended-A."""
    return c.isascii() or "À" <= c <= "ſ"


def _is_cjk(c: str) -> bool:
    return any(low <= c <= high for low, high in _CJK)


def escape_text(s: str) -> str:
    """Text from outside as LaTeX text, for pdflatex and xelatex alike. ``Tex`` is returned as it is.

    Chinese, Japanese and Korean text is set by xelatex where a font for it is installed; elsewhere its place
    says how many characters are left out.
    """
    if isinstance(s, Tex):
        return s
    out, at, unbroken = "", 0, 0
    while at < len(s):
        c = s[at]
        if _is_cjk(c):
            end = at
            while _is_cjk(s[end : end + 1] or " "):
                end += 1
            out += rf"\cjk{{{s[at:end]}}}{{{end - at}}}"
            at, unbroken = end, 0
            continue
        if c in SPECIAL:
            out += SPECIAL[c]
        elif c in _NAMED:
            out += _NAMED[c]
        elif c in "\n\t" or (_is_latin(c) and c.isprintable()):
            out += c
        else:
            out += f"[U+{ord(c):04X}]"
        if c in "-`'" and s[at + 1 : at + 2] in ("-", "`", "'"):
            out += "{}"  # no ligature
        at += 1
        unbroken = 0 if c.isspace() else unbroken + 1
        if unbroken > 50 or (unbroken > 25 and not c.isalnum()):
            out, unbroken = out + r"\allowbreak{}", 0
    return re.sub(r"\n\s*\n", " ", out)


_SYMBOLS = frozenset(re.findall(r"\w+", """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho
    sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
    sin cos tan exp log ln max min arg det dim gcd lim sup inf sum prod int partial nabla cdot cdots ldots
    dots vdots ddots times div pm mp le leq ge geq ne neq approx equiv sim simeq propto in notin ni subset
    subseteq cup cap to rightarrow leftarrow leftrightarrow Rightarrow Leftrightarrow mapsto infty forall
    exists land lor lnot neg langle rangle lvert rvert lVert rVert vert Vert mid quad qquad top bot circ
    odot otimes oplus prime dagger ast star lfloor rfloor lceil rceil bmod perp parallel because therefore
    """))
_ARGUMENTS = {
    "frac": 2, "dfrac": 2, "tfrac": 2, "binom": 2,
    **dict.fromkeys(("sqrt", "mathbf", "mathbb", "mathcal", "mathit", "mathsf", "mathrm", "boldsymbol", "hat", "bar",
                     "tilde", "vec", "dot", "overline", "underline", "pmod"), 1),
}  # fmt: skip
_WORDS = ("text", "operatorname", "textbf", "textit", "mathrm")  # commands whose argument may be words
_ENVIRONMENTS = ("matrix", "pmatrix", "bmatrix", "vmatrix", "cases", "aligned", "split", "gathered")
_DELIMITER = re.compile(r"[()\[\]|./]|\\[{}|]|\\(?:langle|rangle|[lr]?[vV]ert|[lr]floor|[lr]ceil)\b")


class _Outside:
    """Reads LaTeX mathematics that is not ours; raises ValueError at whatever TeX might stumble over."""

    def __init__(self, s: str) -> None:
        if not s.strip() or len(s) > 2000 or not all(c == "\n" or " " <= c <= "~" for c in s) or "\n\n" in s:
            raise ValueError("empty, too long, or not of printable ASCII characters")
        self.tokens = re.findall(r"\\[A-Za-z]+|\\.|\S", s, re.DOTALL)
        self.s, self.at = s, 0
        self.sequence(None, False)

    def next(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, expected: str | None = None) -> str:
        t = self.next()
        if t is None or t != (expected or t):
            raise ValueError(f"{expected} expected")
        self.at += 1
        return t

    def sequence(self, end: str | None, rows: bool) -> None:
        """Up to ``end``; ``&`` and a new row only where ``rows`` says."""
        scripts = ""  # those that the last symbol has
        while (t := self.next()) != end:
            if t is None:
                raise ValueError(f"{end} is missing")
            if t in ("^", "_"):
                if t in scripts:
                    raise ValueError("two scripts of one kind")
                self.take()
                self.argument()
                scripts += t
                continue
            if t == "'" and "^" in scripts:
                raise ValueError("a prime after a superscript")
            scripts = scripts if t == "'" else ""
            if t in ("&", r"\\") and rows:
                self.take()
            else:
                self.symbol()

    def argument(self) -> None:
        if self.next() == "{":
            self.take()
            self.sequence("}", False)
            self.take("}")
        elif self.next() in ("^", "_", "&", "'", None) or (self.next() or "").lstrip("\\") in (*_ARGUMENTS, *_WORDS):
            raise ValueError("no argument")
        else:
            self.symbol()

    def symbol(self) -> None:
        t = self.take()
        name = t[1:] if t.startswith("\\") else ""
        if t == "{":
            self.sequence("}", False)
            self.take("}")
        elif t in "}$%#~&":
            raise ValueError(f"unexpected {t}")
        elif name == "left":
            self.delimiter()
            self.sequence(r"\right", False)
            self.take(r"\right")
            self.delimiter()
        elif re.fullmatch("[bB]igg?[lr]?", name):
            self.delimiter()
        elif name == "begin":
            environment = self.word()
            if environment not in _ENVIRONMENTS:
                raise ValueError(f"environment {environment}")
            self.sequence(r"\end", True)
            self.take(r"\end")
            if self.word() != environment:
                raise ValueError("environments do not match")
        elif name in _WORDS and (words := re.match(r"\{([\w .,:;()'=+/-]|\\ )*\}", "".join(self.tokens[self.at :]))):
            while words and self.take() != "}":
                continue
        elif name in _ARGUMENTS:
            if name == "sqrt" and self.next() == "[":
                raise ValueError("a root with an index")
            for _ in range(_ARGUMENTS[name]):
                if not re.fullmatch(r"[{A-Za-z0-9]", self.next() or "") and (self.next() or "")[1:] not in _SYMBOLS:
                    raise ValueError(f"an argument of {t} is expected")
                self.argument()
        elif name and name not in _SYMBOLS and name not in ",;:!{}| >":
            raise ValueError(f"unknown command {t}")

    def delimiter(self) -> None:
        if not _DELIMITER.fullmatch(self.take()):
            raise ValueError("a delimiter is expected")

    def word(self) -> str:
        self.take("{")
        out = ""
        while self.next() != "}":
            out += self.take()
        self.take("}")
        return out


def is_plain_mathematics(s: str) -> bool:
    """Is this LaTeX from outside a formula that TeX sets without an error: known commands with their
    arguments, matching braces, delimiters and environments, and nothing else?"""
    try:
        _Outside(s)
    except ValueError:
        return False
    return True


def outside_formula(s: str) -> str:
    """A formula as printed in a source: set as mathematics where that is safe, else as it was typed."""
    bare = re.sub(r"^\s*(\$\$?|\\\[|\\\()|(\$\$?|\\\]|\\\))\s*$", "", s).strip()
    if is_plain_mathematics(bare):
        return _fitted(bare)
    if code := re.fullmatch(r"\\texttt\{(.*)\}", bare, re.DOTALL):
        s = re.sub(r"\\([_{}#$%&])", r"\1", code[1])
    return r"\begin{center}\ttfamily\small\raggedright " + _breakable(escape_text(s)) + r"\end{center}"


def _breakable(s: str) -> str:
    """Typewriter text that may be broken after a closing brace or a backslash's word."""
    return s.replace(r"\}", r"\}\allowbreak{}").replace(r"\textbackslash{}", r"\allowbreak\textbackslash{}")


# ---------------------------------------------------------------- formulas


def formula(f: Formula, width: float = WIDTH, said: Said | None = None) -> str:
    """LaTeX of a formula for a display: over several lines where it is long."""
    return display(f, width, said) if isinstance(f, Term | str) else display_statement(f, width, said)


def _fitted(tex: str) -> str:
    return f"\\[ \\fitted{{{tex}}} \\]"


# ---------------------------------------------------------------- the article

PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \usepackage{textcomp}
  \newcommand{\cjk}[2]{[#2 Chinese characters]}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\fi
\usepackage{amsmath,amssymb,amsthm}
\ifPDFTeX\else
  \usepackage{fontspec}
  \let\cjkfont\relax
  \newcommand{\trycjk}[1]{\ifx\cjkfont\relax\IfFontExistsTF{#1}{\newfontfamily\cjkfont{#1}}{}\fi}
  \trycjk{Noto Serif CJK SC}\trycjk{Noto Sans CJK SC}\trycjk{Source Han Serif SC}
  \trycjk{FandolSong-Regular.otf}\trycjk{WenQuanYi Zen Hei}\trycjk{AR PL UMing CN}
  \trycjk{Droid Sans Fallback}\trycjk{Songti SC}\trycjk{SimSun}
  \ifx\cjkfont\relax
    \newcommand{\cjk}[2]{[#2 Chinese characters]}
  \else
    \newcommand{\cjk}[2]{{\cjkfont\ifXeTeX\XeTeXlinebreaklocale"zh"\XeTeXlinebreakskip=0pt plus 1pt\fi #1}}
  \fi
\fi
\usepackage[a4paper,margin=25mm]{geometry}
\usepackage{graphicx}
\usepackage[unicode,hidelinks]{hyperref}
\newtheoremstyle{entry}{\topsep}{\topsep}{\normalfont}{}{\bfseries}{.}{ }{}
\theoremstyle{entry}
\newtheorem{theorem}{Theorem}
\newtheorem{claim}{Claim}
\newsavebox{\formulabox}
\newcommand{\fitted}[1]{\sbox{\formulabox}{$\displaystyle #1$}%
  \ifdim\wd\formulabox>\linewidth\resizebox{\linewidth}{!}{\usebox{\formulabox}}\else\usebox{\formulabox}\fi}
\newcommand{\entryid}[1]{\texttt{#1}}
\newcommand{\verdict}[1]{\textsc{#1}}
\newcommand{\labelled}[1]{\par\smallskip\noindent\emph{#1}\enspace}
\newcommand{\together}{\interlinepenalty=10000 \clubpenalty=10000 \widowpenalty=10000 }
\allowdisplaybreaks
\setlength{\emergencystretch}{4em}
\sloppy
"""


def article(document: Document) -> str:
    """The whole LaTeX source of a document. Raises ValueError for a citation that the bibliography lacks."""
    keys = {r.key: f"ref{n}" for n, r in enumerate(document.bibliography, 1)}
    lines = [PREAMBLE, rf"\title{{{escape_text(document.title)}}}", r"\date{}",
             rf"\author{{{escape_text(document.author)}}}",
             rf"\hypersetup{{pdftitle={{{_ascii(document.title)}}}}}", r"\begin{document}", r"\maketitle"]  # fmt: skip
    if document.introduction:
        lines += [escape_text(document.introduction), ""]
    for section in document.sections:
        title = rf"\texorpdfstring{{{escape_text(section.title)}}}{{{_ascii(section.title)}}}"
        lines += [rf"\section{{{title}}}"]
        lines += [escape_text(section.text), ""] if section.text else []
        for entry in section.entries:
            lines += [*_entry(entry, keys), ""]
        lines += map(_shown, section.definitions)
    if document.bibliography:
        lines += [r"\begin{thebibliography}{99}\raggedright"]
        for r in document.bibliography:
            address = rf" \url{{{quote(r.address, safe=':/?&=+,;@._~-')}}}" if r.address else ""
            lines += [rf"\bibitem{{{keys[r.key]}}} {escape_text(r.text)}{address}"]
        lines += [r"\end{thebibliography}"]
    return "\n".join([*lines, r"\end{document}", ""])


def _ascii(s: str) -> str:
    """Text for PDF bookmarks and titles: letters, digits and harmless marks."""
    return re.sub(r"[^A-Za-z0-9 .,:;()'+=/-]", "", s)


def _entry(e: Entry, keys: dict[str, str]) -> Iterator[str]:
    if e.kind not in ("theorem", "claim"):
        raise ValueError(f"{e.id}: an entry is a theorem or a claim, not {e.kind!r}")
    unknown = [k for k in e.citations if k not in keys]
    if unknown:
        raise ValueError(f"{e.id} cites {', '.join(unknown)}, which the bibliography lacks")
    cites = rf" \cite{{{','.join(keys[k] for k in e.citations)}}}" if e.citations else ""
    yield rf"\begin{{{e.kind}}}\label{{{_ascii(e.id)}}}\hypertarget{{{_ascii(e.id)}}}{{}}%"
    yield rf"\entryid{{{escape_text(e.id)}}} (\verdict{{{escape_text(e.verdict)}}}){cites}\\"
    yield escape_text(e.heading)
    if e.where:
        yield rf"\labelled{{Where}}{escape_text(e.where)}"
    if e.printed:
        yield rf"\labelled{{Printed}}{outside_formula(e.printed)}"
    if e.statement is not None:
        yield (rf"\labelled{{{escape_text(e.statement_label)}}}" if e.statement_label else "") + _shown(e.statement, e.said)
    condition = "Range" if e.verdict == "approximate" else "Condition"
    yield from (rf"\labelled{{{condition}}}{escape_text(c)}" for c in e.conditions)
    if e.explanation:
        yield rf"\labelled{{Reason}}{escape_text(e.explanation)}"
    if e.witness:
        yield rf"\labelled{{Witness}}{escape_text(e.witness)}"
    if e.correction is not None:
        yield rf"\labelled{{Correct is}}{_shown(e.correction, e.said)}"
    for label, statement, text in e.further:
        yield rf"\labelled{{{escape_text(label)}}}{_shown(statement, e.said)}" + (escape_text(text) if text else "")
    yield from (rf"\labelled{{{escape_text(label)}}}{escape_text(text)}" for label, text in e.notes)
    yield rf"\end{{{e.kind}}}"
    if e.definitions:
        yield r"\labelled{With the definitions}"
        yield from map(_shown, e.definitions)
    if e.proof:
        yield r"\begin{proof}\mbox{}\begin{enumerate}\renewcommand{\labelenumi}{(\theenumi)}\together"
        yield from (_step(s, e.said) for s in e.proof)
        yield r"\qedhere\end{enumerate}\end{proof}"
    rests = [("axioms", e.axioms), ("cited, not proved here", e.cited)]
    listed = "; ".join(f"{label}: {escape_text(', '.join(xs))}" for label, xs in rests if xs)
    if listed:
        yield rf"{{\small\labelled{{Rests on}}{listed}.\par}}"


def _shown(f: Formula, said: Said | None = None) -> str:
    return _fitted(formula(f, said=said))


def _step(s: Step, said: Said) -> str:
    reason = escape_text(s.reason)
    if s.uses:
        reason += " from " + ", ".join(f"({n})" for n in s.uses)
    if s.formula is None:
        return rf"\item {reason}"
    tex = formula(s.formula, WIDTH - 6, said).replace(r"\begin{aligned}", r"\begin{aligned}[t]", 1)
    return rf"\item $\fitted{{{tex}}}$\\*[2pt]{{\small {reason}}}"


# ---------------------------------------------------------------- PDF


def compile_pdf(tex_path: Path | str, engine: str = "pdflatex", time_limit: float = 120) -> Path:
    """Compile a LaTeX file beside itself and return the path of the PDF.

    Runs without shell escape and reads and writes nothing outside the folder and TeX's own trees. The log
    stays beside it. Raises TexMissing when the engine or a package is not installed, TexFailed when TeX
    stops or all runs together take longer than ``time_limit`` seconds.
    """
    path = Path(tex_path)
    program = shutil.which(engine)
    if program is None:
        raise TexMissing(f"{engine} is not installed; on Debian or Ubuntu: apt-get install {PACKAGES}")
    environment = {**os.environ, "openin_any": "p", "openout_any": "p", "max_print_line": "1000"}
    command = [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", path.name]
    log = path.with_suffix(".log")
    until = time.monotonic() + time_limit
    for _ in range(3):
        try:
            run = subprocess.run(command, cwd=path.parent, env=environment, capture_output=True,
                                 timeout=max(until - time.monotonic(), 0.01), stdin=subprocess.DEVNULL)  # fmt: skip
        except subprocess.TimeoutExpired:
            raise TexFailed(f"{engine} took longer than {time_limit:g} s on {path}") from None
        text = log.read_text(errors="replace") if log.exists() else run.stdout.decode(errors="replace")
        if run.returncode != 0:
            missing = re.search(r"File `([^']+)' not found", text)
            if missing:
                raise TexMissing(f"{engine} lacks {missing[1]}; on Debian or Ubuntu: apt-get install {PACKAGES}")
            raise TexFailed(f"{engine} stopped at {path}: {_error(text)}")
        if not re.search(r"Rerun to get|Rerun LaTeX|Label\(s\) may have changed", text):
            break
    return path.with_suffix(".pdf")


def _error(log: str) -> str:
    """The error of a log with the line it is on."""
    lines = log.splitlines()
    at = next((k for k, line in enumerate(lines) if line.startswith("!")), None)
    if at is None:
        return "no error in the log"
    where = next((line for line in lines[at:] if re.match(r"l\.\d+", line)), "")
    return f"{lines[at][2:]} {where}".strip()
