"""The parts of the mutation gate: false mutants of a theorem, its script run on them, and witnesses against them."""

from __future__ import annotations

import contextlib
import random
import signal
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from symcheck.checker import Rejected, decode
from symcheck.claims import TheoremEntry
from symcheck.prove.auto import auto
from symcheck.prove.mutate import Mutant, failure, mutants
from symcheck.prove.proof import Proof, ProofError, Statement
from symcheck.prove.refute import denial
from symcheck.prove.search import find_refutation
from symcheck.terms import TermError


class TookTooLong(BaseException):
    """Not an Exception: nothing that a script catches on its way should catch this."""


@contextlib.contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise TookTooLong after so much processor time (not wall time: the machine may be busy)."""
    def stop(*_: object) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def false_mutants(entry: TheoremEntry, wanted: int, seed: int, seconds: float = 60, each: float = 10) -> Iterator[Mutant]:
    """False mutants, a few of every kind of change before more of the frequent ones."""
    rng, met = random.Random(f"{entry.id} {seed}"), Counter[str]()
    ranked = []
    for mutant in islice(mutants(entry.statement, rng), 12 * wanted):
        met[mutant.change] += 1
        ranked.append((met[mutant.change], len(ranked), mutant))
    left = seconds

    def really_false(mutant: Mutant) -> bool:
        nonlocal left
        if left <= 0:
            return False
        try:
            with limit(each):
                return failure(mutant.statement, tries=12) is not None
        except TookTooLong:
            left -= each
            return False

    return islice((m for *_, m in sorted(ranked, key=lambda r: r[:2]) if really_false(m)), wanted)


def accepted_by_the_script(entry: TheoremEntry, mutant: Mutant, lemmas) -> bool:
    """Does the theorem's own script, run on the mutant, give a certificate that proves the mutant?"""
    p = Proof(library=lemmas)
    try:
        line = entry.prove(p, mutant.statement)
        return mutant.statement.is_proved_by(decode(p.certificate(line), lemmas.accepted))
    except (ProofError, TermError, Rejected, IndexError, ValueError, AttributeError, KeyError, StopIteration):
        return False


def proved_at_large(mutant: Mutant, lemmas) -> bool:
    """Does the portfolio of provers, which may cite every registered theorem, prove the mutant?"""
    p = Proof(library=lemmas)
    try:
        line = auto(p, mutant.statement)
        return mutant.statement.is_proved_by(decode(p.certificate(line), lemmas.accepted))
    except (ProofError, TermError, Rejected):
        return False


def witnessed(statement: Statement, lemmas, tries: int = 400) -> bool:
    """Is there a witness whose certificate the checker accepts as a proof of the denial?"""
    found = find_refutation(statement, tries=tries, library=lemmas)
    if found is None:
        return False
    assert denial(statement).is_proved_by(decode(found.certificate, lemmas.accepted))
    return True
