"""What is printed of the registered statements."""

from __future__ import annotations

from symcheck.claims import CLAIMS, THEOREMS, load_derivations
from symcheck.render.tex import tex
from symcheck.render.text import text
from symcheck.terms import Term, var
from symcheck.terms import eq as equal

RELATIONS = ("eq", "eqN", "le", "lt", "ltN")


def alike(t: Term) -> list[str]:
    """Relations whose two sides differ and are printed alike: a reader would take them for tautologies."""
    found = [s for a in t.args for s in alike(a)]
    if t.is_const(*RELATIONS) and t.args[0] != t.args[1]:
        found += [f(t) for f in (text, tex) if f(t.args[0]) == f(t.args[1])]
    return found


def test_no_statement_is_printed_as_a_tautology():
    load_derivations()
    statements = {name: e.statement for name, e in THEOREMS.items()}
    statements |= {f"{c.id} {p.role}": p.statement for c in CLAIMS.values() for p in c.evidence.pieces}
    found = {name: alike(s.concl) for name, s in statements.items()}
    assert {name: f for name, f in found.items() if f} == {}


def test_equal_prints_of_different_terms_are_seen():
    """Two variables of one name and different types print alike."""
    n, x = var("n", "N"), var("n", "R")
    assert alike(equal(n, x))
    assert not alike(equal(x, x + 1))
