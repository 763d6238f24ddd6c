"""Entries in the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from symcheck.claims import find, library, settle
from symcheck.render.article import document
from symcheck.render.entry import entry_text, wrapped

WORDS = st.lists(st.text(alphabet="ab位置編碼θ⟨", min_size=1, max_size=40), max_size=12)


@given(WORDS, st.integers(24, 60))
def test_lines_fit_in_columns_and_nothing_is_lost(words, width):
    lines = wrapped(" ".join(words), width, "label   ", " " * 8)
    assert all(line.startswith("label   " if k == 0 else " " * 8) for k, line in enumerate(lines))
    wide = {w for w in words if cell_len(w) != len(w)}
    for line in lines:  # only a word of narrow characters may stick out: a formula is not broken
        assert cell_len(line) <= width or not any(c in line for c in "位置編碼") or set(line.split()) - wide
    assert "".join(line[8:] for line in lines).replace(" ", "") == "".join(words)


def test_a_wide_word_is_broken_and_a_formula_is_not():
    assert wrapped("位" * 10, 20, "a ", "  ") == ["a " + "位" * 9, "  位"]
    assert wrapped("x" * 30, 20, "a ", "  ") == ["a " + "x" * 30]
    assert wrapped("", 20, "a ", "  ") == []


def test_a_claim_is_shown_with_the_definitions_that_it_rests_on():
    (claim,) = find(["S003-022"])
    lines = entry_text(settle(claim)).splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("with "))
    assert lines[at : at + 4] == [
        "with         ⟨u, v⟩ := Σ_{i<2h} u_i v_i",
        "             PEcos(m)[i] := {cos(m θ_j) if i = 2j; sin(m θ_j) if i = 2j + 1}",
        "             g(t) := Σ_{i<h} cos(t θ_i)",
        next(line for line in lines if line.startswith("checked")),
    ]


def test_a_report_has_one_list_of_definitions():
    claims = find(["S003-022", "S003-016", "S003-040"])
    lemmas = library()
    section = document([settle(c, lemmas) for c in claims], lemmas).sections[-1]
    assert section.title == "Notation" and section.entries == ()
    lefts = [tex.split(" \x01:=")[0] for tex in section.definitions]
    assert r"\mathrm{PE}^{\cos}(m)_{i}" in lefts and len(lefts) == len(set(lefts))
    assert "g(t)" in lefts or "g(x)" in lefts
