"""Mutation gate over every registered theorem: a really false mutant is not proved by the theorem's own script.

The core families have a gate of their own, which also asks for witnesses. Here witnesses are counted and not
asked for: their search knows no functions with derivatives but those of the core, and finds no witness for a
statement that quantifies over functions or over all reals.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from prove.gate import TookTooLong, accepted_by_the_script, false_mutants, limit, witnessed
from symcheck.claims import THEOREMS, TheoremEntry, library, load_derivations
from symcheck.numerics import FLOAT, MP, Undecided
from symcheck.prove.mutate import failure, settles, truth
from symcheck.prove.proof import Statement
from symcheck.terms import const, eq, exists, forall, implies, lam, le, lt, var

WANTED = 16  # false mutants of a theorem
SECONDS = 1.5  # processor time for one script, one search for a witness, one judgement by numbers


def undecided(entry: TheoremEntry) -> str:
    """Why numbers decide no mutant of a theorem."""
    if entry.denies is not None or entry.statement.concl.is_const("imp"):
        return "it says that a closed statement fails: a mutant is false where that holds for all values"
    if not all(settles(h, True) for h in entry.statement.hyps):
        return "a hypothesis quantifies over all reals, functions or naturals"
    if not settles(entry.statement.concl, False):
        return "the conclusion fails only for all reals, functions or naturals"
    return "no point was found at which the hypotheses hold and a mutant fails"


@pytest.mark.slow
def test_no_false_mutant_of_any_theorem_is_proved(capsys):
    load_derivations()
    lemmas = library()
    for name in THEOREMS:
        lemmas.theorem(name)
    false, found, slow, kinds, none = Counter[str](), Counter[str](), Counter[str](), Counter[str](), {}
    proved = []
    for entry in list(THEOREMS.values()):
        chosen = list(false_mutants(entry, WANTED, seed=3, seconds=4 * SECONDS, each=SECONDS))
        if not chosen:
            none[entry.id] = undecided(entry)
        for mutant in chosen:
            false[entry.family] += 1
            kinds[mutant.change] += 1
            try:
                with limit(SECONDS):
                    if accepted_by_the_script(entry, mutant, lemmas):
                        proved.append((entry.id, mutant))
            except TookTooLong:
                slow["scripts"] += 1
            try:
                with limit(SECONDS):
                    found[entry.family] += witnessed(mutant.statement, lemmas, tries=40)
            except TookTooLong:
                slow["searches"] += 1
    with capsys.disabled():
        print(f"\n{sum(false.values())} false mutants of {len(THEOREMS) - len(none)} theorems, {sum(found.values())} with a "
              f"witness; past {SECONDS} s: {dict(slow)}; {dict(kinds)}")  # fmt: skip
        for family in sorted(false):
            print(f"  {family}: {found[family]} of {false[family]} have a witness")
        print(f"{len(none)} theorems without a mutant that numbers decide:")
        for name, why in none.items():
            print(f"  {name}: {why}")
    assert proved == []
    assert sum(false.values()) >= 2_000
    assert sum(found.values()) >= 0.6 * sum(false.values())


def test_numbers_settle_what_they_can():
    """No numbers show that something holds for all reals; one shows that it does not."""
    load_derivations()
    x, i, n = var("x"), var("i", "N"), var("n", "N")
    every, some = forall("R", lambda x: le(0, x)), exists("R", lambda x: lt(x, 0))
    assert settles(every, False) and not settles(every, True)
    assert settles(some, True) and not settles(some, False)
    assert settles(implies(every, le(0, x)), True) and not settles(implies(every, le(0, x)), False)
    below = forall("N", lambda i: implies(lt(i, n), lt(i, 3)))
    assert settles(below, True) and settles(below, False)
    assert not truth(every, {"x": 1}, FLOAT, Fraction(0)) and truth(some, {"x": -1}, FLOAT, Fraction(0))
    for undecidable in (exists("R", lambda x: lt(x * x, 0)), forall("R", lambda x: le(0, x * x))):
        with pytest.raises(Undecided):
            truth(undecidable, {}, FLOAT, Fraction(0))
    square = lam("R", lambda t: t * t)
    assert truth(const("has_deriv", square, 3, 6), {}, MP(50), Fraction(0))
    assert not truth(const("has_deriv", square, 3, 5), {}, MP(50), Fraction(0))
    assert failure(Statement((lt(i, n),), exists("N", lambda k: eq(k, i)))) is None


def test_a_limit_stops_what_takes_long():
    with pytest.raises(TookTooLong), limit(0.05):
        while True:
            pass
