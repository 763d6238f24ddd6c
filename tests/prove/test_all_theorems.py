"""Mutation gate over every registered theorem: a really false mutant is not proved by the theorem's own script.

The core families have a gate of their own, which also asks for witnesses. Here witnesses are counted and not
asked for: their search knows no functions with derivatives but those of the core, and finds no witness for a
statement that quantifies over functions or over all reals.
"""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from functools import partial

import pytest

from prove import smooth_examples  # noqa: F401
from prove.format_examples import is_even, is_held, is_nearest, is_rounded, one_nearest, one_rounded
from prove.gate import TookTooLong, accepted_by_the_script, false_mutants, limit, proved_at_large, witnessed
from symcheck.claims import THEOREMS, TheoremEntry, library, load_derivations
from symcheck.numerics import FLOAT, MP, Undecided
from symcheck.prove.mutate import failure, known_properties, mutants, settles, truth
from symcheck.prove.proof import Statement
from symcheck.terms import const, eq, exists, forall, implies, lam, le, lt, var

WANTED = 16  # false mutants of a theorem
AT_LARGE = 4  # of these, how many are given to the portfolio of provers too
SECONDS = 1.0  # processor time for one script, one search for a witness, one judgement by numbers


def undecided(entry: TheoremEntry) -> str:
    """Why numbers decide no mutant of a theorem."""
    if entry.denies is not None:
        return "it says that a closed statement fails: a mutant is false where that holds for all values"
    known = known_properties(entry.statement)
    if not all(settles(h, True, known) for h in entry.statement.hyps):
        return "a hypothesis quantifies over all reals, functions or naturals"
    if not settles(entry.statement.concl, False, known):
        return "the conclusion fails only for all reals, functions or naturals"
    return "no point was found at which the hypotheses hold and a mutant fails"


def attempt(check: partial[bool], slow: Counter[str]) -> bool:
    """What the check gives; a check that takes too long gives nothing and is counted."""
    try:
        with limit(SECONDS):
            return check()
    except TookTooLong:
        slow[check.func.__name__] += 1
        return False


@pytest.mark.slow
def test_no_false_mutant_of_any_theorem_is_proved(capsys):
    load_derivations()
    lemmas = library()
    for name in THEOREMS:
        lemmas.theorem(name)
    false, found, slow, kinds = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    none: dict[str, str] = {}
    proved = []
    for entry in list(THEOREMS.values()):
        chosen = list(false_mutants(entry, WANTED, seed=3, seconds=3 * SECONDS, each=SECONDS))
        if not chosen:
            none[entry.id] = undecided(entry)
        for k, mutant in enumerate(chosen):
            false[entry.family] += 1
            kinds[mutant.change] += 1
            checks = [partial(accepted_by_the_script, entry, mutant, lemmas)]
            if k < AT_LARGE:
                checks.append(partial(proved_at_large, mutant, lemmas))
            proved += [(entry.id, mutant) for check in checks if attempt(check, slow)]
            found[entry.family] += attempt(partial(witnessed, mutant.statement, lemmas, tries=40), slow)
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
    assert not settles(forall("N", lambda i: implies(lt(0, i), lt(i, n))), True)
    assert not truth(every, {"x": 1}, FLOAT, Fraction(0)) and truth(some, {"x": -1}, FLOAT, Fraction(0))
    for undecidable in (exists("R", lambda x: lt(x * x, 0)), forall("R", lambda x: le(0, x * x))):
        with pytest.raises(Undecided):
            truth(undecidable, {}, FLOAT, Fraction(0))
    square = lam("R", lambda t: t * t)
    assert truth(const("has_deriv", square, 3, 6), {}, MP(50), Fraction(0))
    assert not truth(const("has_deriv", square, 3, 5), {}, MP(50), Fraction(0))
    assert failure(Statement((lt(i, n),), exists("N", lambda k: eq(k, i)))) is None


def test_formats_are_decided_as_they_are_defined():
    """Against all m 2^e with m below 2^bits and e between -4 and 4."""
    places = [Fraction(k, 8) for k in range(-50, 51)]
    for bits in range(4):
        numbers = {s * m * Fraction(2) ** e for m in range(2**bits) for e in range(-4, 5) for s in (1, -1)}
        even = {s * m * Fraction(2) ** e for m in range(0, 2**bits, 2) for e in range(-4, 5) for s in (1, -1)}
        for x in places:
            assert is_held(bits, x) == (x in numbers)
            assert is_even(bits, x) == (x in even)
            best = min(abs(z - x) for z in numbers)
            near = {z for z in numbers if abs(z - x) == best}
            for y in {*near, *numbers & {x, x + 1, x - Fraction(1, 4)}}:
                assert is_nearest(bits, x, y) == (y in near)
                assert is_rounded(bits, x, y) == (y in near and (len(near) == 1 or y in even))
            assert one_nearest(random.Random(1), bits, x) in near
            assert bits < 2 or is_rounded(bits, x, one_rounded(random.Random(1), bits, x))


def test_a_changed_definition_is_not_decided_as_the_old_one():
    entry = (load_derivations(), THEOREMS["formats.exact"])[1]
    assert set(known_properties(entry.statement)) == {"held", "nearest", "rounded", "even_significand"}
    changed = [m for m in mutants(entry.statement) if m.definition == "held"]
    assert changed and all("held" not in known_properties(m.statement) for m in changed)


def test_a_limit_stops_what_takes_long():
    with pytest.raises(TookTooLong), limit(0.05):
        while True:
            pass
