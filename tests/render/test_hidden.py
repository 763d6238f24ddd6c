"""What notations leave out can be read off the printed entry: off the formula, else off the definition beside it."""

from __future__ import annotations

import re

import pytest

from symcheck.claims import CLAIMS, THEOREMS, find, library, load_derivations, settle
from symcheck.render.article import document
from symcheck.render.definitions import definition_lines, definitions, filled, said
from symcheck.render.document import article
from symcheck.render.entry import entry_text
from symcheck.render.notation import Printer
from symcheck.render.tex import TeX, equation, tex_statement
from symcheck.render.text import Text, text, text_statement


def entries():
    """The statements that are printed together, with the name of the entry."""
    load_derivations()
    for name, e in THEOREMS.items():
        yield name, [e.denies or e.statement]
    for c in CLAIMS.values():
        evidence = c.evidence
        shown = [p.denies or p.statement for p in evidence.pieces]
        yield c.id, shown + ([evidence.correction] if evidence.correction is not None else [])


def sources():
    """The statements of each report, which has one list of definitions."""
    load_derivations()
    for key in dict.fromkeys(c.source.key for c in CLAIMS.values()):
        yield key, [s for name, ss in entries() if name in CLAIMS and CLAIMS[name].source.key == key for s in ss]


LINES = {Text: (text_statement, lambda l, r, s: text(r, l.free, said=s, definition=True), r", where (.*)$"),
         TeX: (tex_statement, lambda l, r, s: unmarked(equation(l, r, s)), r"\\text\{where \} (.*)$")}  # fmt: skip


def unmarked(s: str) -> str:
    """Without the marks at which a line may be broken."""
    return s.replace("\x01", "")


def lost(kind: type[Printer], statements: list) -> list[str]:
    """Values that a reader of the formulas and of their definitions does not find, or takes for others."""
    both = definitions(statements)
    beside, heads = filled(both), {left.head for left, _ in both}
    statement_line, definition_line, pattern = LINES[kind]
    lines = [lambda s=s: statement_line(s, beside) for s in statements]
    lines += [lambda pair=pair: definition_line(*pair, beside) for pair in both]
    found = []
    for printed in lines:
        log, names = [], set()
        with pytest.MonkeyPatch.context() as patch:

            def marked(self, h, hidden, args, scope, p, looseness=11, log=log, names=names, old=kind.marked):
                out = old(self, h, hidden, args, scope, p, looseness)
                at_end = re.search(r"_\{((?:[^{}]|\{[^{}]*\})*)\}$", out.text) if out.text != p.text else None
                mark = unmarked(at_end[1]) if at_end else ""
                log += [(h, k, unmarked(self.function(a, scope if a.loose else ()).text), mark)
                        for k in hidden if (a := args[k]) is not None]  # fmt: skip
                names |= {self.name(n) for n in self.names.values()}
                return out

            def explained(self, log=log, old=kind.explained):
                if self.marks:  # the formula is printed a second time
                    log.clear()
                out = old(self)
                if out[0] and not self.marks:
                    log.clear()
                return out

            patch.setattr(kind, "marked", marked)
            patch.setattr(kind, "explained", explained)
            line = printed()
        where = re.search(pattern, line)
        behind = where[1] if where else ""
        for h, k, value, mark in dict.fromkeys(log):
            if (h, k) not in beside:
                found += [f"{line}: {h.name} {k} is not in a definition"] if h in heads else []
                continue
            formal = unmarked(kind(beside[h, k]).print(beside[h, k]))
            name = rf"(?<![^\s,]){re.escape(formal)} ?= ?"
            if said_here := re.search(rf"(^|,){re.escape(formal)}=(.*)", mark):
                ok = re.sub(r" ([+-]) ", r"\1", said_here[2]).startswith(re.sub(r" ([+-]) ", r"\1", value))
            elif re.search(name, behind):
                ok = formal not in names and re.search(rf"{name}(\S+ = )*{re.escape(value)}($|,)", behind)
            else:
                ok = value == formal
            if not ok:
                found.append(f"{line}: {h.name} has {value}, and its definition {formal}")
    return found


@pytest.mark.parametrize("kind", [Text, TeX])
def test_every_value_is_read_off_the_entry(kind):
    found = {name: lost(kind, statements) for name, statements in entries()}
    assert {name: f for name, f in found.items() if f} == {}


def test_every_value_is_read_off_the_report():
    found = {name: lost(TeX, statements) for name, statements in sources()}
    assert {name: f for name, f in found.items() if f} == {}


def test_lost_values_are_seen(monkeypatch):
    """Printed without regard to the definitions, or with nothing behind them, statements lose sizes."""
    load_derivations()
    together = dict(entries())
    with monkeypatch.context() as patch:
        patch.setattr(Printer, "explained", lambda self: (frozenset(), {}))
        for kind in (Text, TeX):
            found = {name for name, ss in together.items() if lost(kind, ss)}
            assert "S001-002" in found and len(found) >= 10
    with monkeypatch.context() as patch:
        patch.setitem(LINES, Text, (lambda s, beside: text_statement(s), *LINES[Text][1:]))
        found = {name for name, ss in together.items() if lost(Text, ss)}
        assert "S001-002" in found and len(found) >= 5


def test_one_size_is_in_the_definition_and_two_are_in_the_statements():
    load_derivations()
    both = next(c.evidence.pieces for c in CLAIMS.values() if c.id == "S001-002")
    statements = [p.denies or p.statement for p in both]
    assert definition_lines(statements)[-1] == "g(t) := Σ_{i<size} cos(t θ_i)"
    assert [text_statement(s, said(statements)) for s in statements] == [
        "⟨PE(m), PE(n)⟩ = g(|m - n|), where size = h", "θ_0 = 1 ⇒ g(1) < g(0), where size = h + 1"]  # fmt: skip
    alone = (("⟨PE(m), PE(n)⟩ = g(|m - n|)", "h"), ("θ_0 = 1 ⇒ g(1) < g(0)", "h+1"))
    for s, (line, size) in zip(statements, alone, strict=True):
        assert text_statement(s, said([s])) == line
        assert definition_lines([s])[-1] == f"g(t) := Σ_{{i<{size}}} cos(t θ_i)"


def test_an_array_with_the_symbol_of_a_definition_is_said_to_be_any():
    load_derivations()
    statements = [p.denies or p.statement for p in CLAIMS["S001-023"].evidence.pieces]
    shown = [text_statement(s, said(statements)) for s in statements]
    assert [", for all θ" in line for line in shown] == [False, True, True]
    assert ", for all θ" not in "\n".join(definition_lines(statements))


def test_sizes_of_a_definition_are_said_where_it_is_printed():
    load_derivations()
    lines = definition_lines([p.denies or p.statement for p in CLAIMS["S000-078"].evidence.pieces])
    assert "S(X)[i, j] := ⟨(X W_Q)[i, ·], (X W_K)[j, ·]⟩/√(d_k), where dim = d_k" in lines
    assert "S^RoPE(Q, K)[i, j] := ⟨R_i Q_{i,·}, R_j K_{j,·}⟩/√(2h), where dim = 2h" in lines


def test_the_terminal_and_the_report_print_statements_so():
    find(["S001-002"])
    lemmas = library()
    result = settle(CLAIMS["S001-002"], lemmas, crosscheck=False)
    shown = entry_text(result, 400)
    assert "θ_0 = 1 ⇒ g(1) < g(0), where size = h + 1" in shown and "g(t) := Σ_{i<size} cos(t θ_i)" in shown
    report = article(document([result], lemmas))
    assert r"g(1) < g(0),\ \text{where } \mathit{size} = h + 1" in report
    assert r"g(t) := \sum_{i=0}^{\mathit{size}-1} \cos(t \theta_{i})" in report.replace("  ", " ")
