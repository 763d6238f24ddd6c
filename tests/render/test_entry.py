"""Entries in the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from symcheck.render.entry import wrapped

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
