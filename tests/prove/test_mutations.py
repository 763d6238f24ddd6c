"""Mutation gate: no false neighbour of a theorem is proved, and nearly all get an exact, checked witness."""

from __future__ import annotations

from collections import Counter

import pytest

from prove.gate import accepted_by_the_script, false_mutants, witnessed
from prove.smooth_examples import polynomials
from symcheck.prove.mutate import Mutant, failure, mutants
from symcheck.prove.proof import Proof, Statement
from symcheck.prove.search import EXAMPLES, find_refutation
from symcheck.terms import const, eq, lam, le, lt, number, var

SHARE = {"attention": 12, "sinusoidal": 10, "rope": 10, "taylor": 4}  # false mutants a theorem in the default run
KINDS = {"sign", "index", "coefficient", "operand order", "function", "variable", "factor dropped", "term dropped",
         "transposition", "hypothesis dropped"}  # fmt: skip


def gate(core, lemmas, share: dict[str, int], seed: int) -> tuple[Counter, list[Mutant]]:
    count: Counter = Counter()
    missing = []
    for entry in core.values():
        for mutant in false_mutants(entry, share[entry.family], seed):
            assert not accepted_by_the_script(entry, mutant, lemmas), (entry.id, mutant)
            found = witnessed(mutant.statement, lemmas)
            count["false"] += 1
            count["witnessed"] += found
            count[mutant.change] += 1
            count["in a definition"] += mutant.definition is not None
            if not found:
                missing.append(mutant)
    return count, missing


def test_no_false_mutant_is_proved_and_most_are_refuted(core, lemmas):
    count, missing = gate(core, lemmas, SHARE, seed=1)
    print(dict(count), [(m.change, m.definition) for m in missing])
    assert count["false"] >= 300
    assert count["witnessed"] >= 0.95 * count["false"], missing
    assert all(count[kind] for kind in KINDS)
    assert count["in a definition"] >= 50


@pytest.mark.slow
def test_no_false_mutant_is_proved_in_a_long_sweep(core, lemmas):
    count, missing = gate(core, lemmas, {"attention": 90, "sinusoidal": 75, "rope": 75, "taylor": 60}, seed=2)
    print(dict(count), [(m.change, m.definition) for m in missing])
    assert count["false"] >= 2_000
    assert count["witnessed"] >= 0.95 * count["false"], missing


def test_no_theorem_counts_as_false(core):
    """The numbers do not call a proved statement false: the gate would then ask for the impossible."""
    for entry in core.values():
        assert failure(entry.statement, tries=5) is None, entry.id


def test_dropped_hypotheses(core, lemmas):
    """A theorem without one of its hypotheses is false, is not proved, and gets a witness; else it is listed."""
    true_without = []
    for entry in core.values():
        for mutant in (m for m in mutants(entry.statement) if m.change == "hypothesis dropped"):
            assert not accepted_by_the_script(entry, mutant, lemmas), entry.id
            if not witnessed(mutant.statement, lemmas):
                true_without.append((entry.id, len(mutant.statement.hyps)))
    assert true_without == []


# ---------------------------------------------------------------- the parts of the gate


def test_the_gate_would_see_a_proved_mutant(core, lemmas):
    """The theorem itself in the place of a mutant counts as accepted: the gate does not just swallow errors."""
    for name in ("attention.equivariance", "sinusoidal.gram", "rope.relative", "taylor.lagrange"):
        assert accepted_by_the_script(core[name], Mutant(core[name].statement, "none"), lemmas)


x, y, n, i = var("x"), var("y"), var("n", "N"), var("i", "N")
a = var("a", ("N", "R"))
A = var("A", ("N", "N", "R"))


def kinds(statement: Statement) -> Counter:
    return Counter(m.change for m in mutants(statement))


def test_mutants_are_of_every_kind_and_differ():
    statement = Statement((lt(i, n),), eq(2 * const("sin", x) + y * A(i, n), a(i)))
    found = list(mutants(statement))
    assert set(kinds(statement)) >= KINDS - {"operand order"}
    assert len({(m.statement.hyps, m.statement.concl) for m in found}) == len(found)
    assert all((m.statement.hyps, m.statement.concl) != (statement.hyps, statement.concl) for m in found)


def test_failure_sees_what_fails_and_only_that():
    assert failure(Statement((), eq(const("sin", x) * const("sin", x), 1 - const("cos", x) * const("cos", x)))) is None
    assert failure(Statement((), eq(const("sin", x), const("cos", x)))) is not None
    assert failure(Statement((le(0, x),), le(0, x * y))) is not None
    assert failure(Statement((le(0, x), le(0, y)), le(0, x * y))) is None
    assert failure(Statement((), eq(x, x + number(10) ** 0 * const("inv", number(10) ** 30)))) is None  # no margin


@pytest.mark.parametrize("statement", [
    Statement((), eq(const("sin", x), const("cos", x))),
    Statement((), eq(const("sum", n, a), const("sum", n + 1, a))),
    Statement((lt(i, n),), eq(a(i), a(n))),
    Statement((), eq(A(i, n), A(n, i))),
    Statement((le(0, x),), lt(0, x)),
    Statement((), le(const("abs", x), x)),
    Statement((), const("and", eq(x, x), eq(x, y))),
    Statement((), eq(i, n)),
    Statement((lt(i, n),), lt(n, i + 2)),
    Statement((), const("has_deriv", lam("R", lambda t: const("sin", x * t)), y, x * const("sin", x * y))),
    Statement((le(0, x),), const("and", eq(x, x), const("has_deriv", lam("R", lambda t: x * t * t), y, x * y))),
])  # fmt: skip
def test_false_statements_get_witnesses(statement, lemmas):
    assert witnessed(statement, lemmas)


@pytest.mark.parametrize("statement", [
    Statement((), eq(const("sum", n + 1, a), const("sum", n, a) + a(n))),
    Statement((lt(i, n), lt(n, i)), eq(x, y)),
    Statement((), le(0, x * x)),
    Statement((), const("has_deriv", lam("R", lambda t: const("sin", x * t)), y, x * const("cos", x * y))),
])  # fmt: skip
def test_true_statements_get_none(statement, lemmas):
    assert find_refutation(statement, tries=60, library=lemmas) is None


def test_witnesses_are_simple(lemmas):
    values = find_refutation(Statement((), eq(const("sum", n, a), 2 * const("sum", n, a))), library=lemmas).values
    assert values["n"] == number(1, "N")
    assert values["a"] == lam("N", lambda i: number(1))


def test_examples_satisfy_their_hypothesis(lemmas):
    assert "C2" in EXAMPLES
    for example in polynomials():
        line = example.prove(Proof(library=lemmas))
        assert line.concl.head.name == "C2" and not line.hyps and not line.concl.free
