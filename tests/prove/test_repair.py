"""Repair: what is found without help, what is refused, and that every repair has an accepted proof."""

from __future__ import annotations

import importlib
import random
from fractions import Fraction
from itertools import islice

import mpmath
import pytest

from symcheck.checker import replay
from symcheck.checker.polynomial import normal
from symcheck.claims import THEOREMS, library
from symcheck.prove import repair as repairing
from symcheck.prove.auto import auto
from symcheck.prove.edits import Pool, addends, ansatz, edits, negative
from symcheck.prove.matching import half_of, match
from symcheck.prove.mutate import failure, mutants
from symcheck.prove.proof import Proof, ProofError, Statement
from symcheck.prove.repair import Limits, Repair, Unrepaired, coefficients, repair
from symcheck.render.text import text
from symcheck.terms import const, defined, eq, lam, le, lt, number, unfold, var

FAMILIES = ("attention", "sinusoidal", "rope", "taylor", "logits")
LIMITS = Limits(seconds=30)


@pytest.fixture(scope="module", autouse=True)
def families():
    """The core families, without the claims of the documents."""
    for family in FAMILIES:
        importlib.import_module(f"derivations.{family}")
    known = repairing.load_derivations
    repairing.load_derivations = lambda: None
    yield
    repairing.load_derivations = known


def replayed(found: Repair) -> bool:
    """Replay the certificate and those it cites in a fresh checker, and compare what it proves."""
    needed = repairing._shared_library().needed_by(found.certificate)
    cites = {name: [s[1] for s in c["steps"] if s[0] == "cite"] for name, c in needed.items()}
    digests = {name: repairing._shared_library().digests[name] for name in needed}
    order: list[str] = []

    def visit(name: str) -> None:
        for other in needed:
            if other != name and digests[other] in cites[name]:
                visit(other)
        if name not in order:
            order.append(name)

    for name in needed:
        visit(name)
    out = replay({**{name: needed[name] for name in order}, "repaired": found.certificate})["repaired"]
    return not isinstance(out, Exception) and found.statement.is_proved_by(out)


def test_the_half_of_taylors_formula_is_found():
    from derivations.taylor import PRINTED, second_order

    found = coefficients(PRINTED)
    assert found is not None and found.theorem == "taylor.second_order" and replayed(found)
    assert normal(found.statement.concl) == normal(second_order().concl)
    assert len(found.edits) == 2 and all("1 becomes 1/2" in e for e in found.edits)


@pytest.mark.parametrize(("pure", "mixed"), [(Fraction(1, 2), 2), (Fraction(-1, 3), 1), (1, Fraction(1, 2)), (3, 5)])
def test_other_coefficients_of_taylors_formula_are_mended_too(pure, mixed):
    from derivations.taylor import second_order

    found = repair(second_order(pure, mixed), limits=LIMITS)
    assert isinstance(found, Repair) and normal(found.statement.concl) == normal(second_order().concl)


def test_the_expansion_with_derivatives_at_the_wrong_point():
    from derivations.taylor import BLOCKS, HALF, ORDER, added, at, bilinear, small_o, smooth, x, y
    from derivations.taylor import d as size
    from derivations.vectors import dot
    from symcheck.prove.lemmas import SEQUENCE

    f, f_m, f_n, f_mm, f_mn, f_nn = BLOCKS

    def remainder(p, q):
        u, v = added(x, p), added(y, q)
        return f(u, v) - (f(x, y) + dot(size, p, at(f_m, u, v)) + dot(size, q, at(f_n, u, v))
                          + HALF * bilinear(size, p, at(f_mm, u, v), p) + HALF * bilinear(size, q, at(f_nn, u, v), q)
                          + bilinear(size, p, at(f_mn, u, v), q))  # fmt: skip

    printed = Statement((smooth,), small_o(size, lam([SEQUENCE, SEQUENCE], remainder)), ORDER)
    found = repair(printed, limits=LIMITS)
    assert isinstance(found, Repair) and found.theorem == "taylor.second_order" and replayed(found)


def test_the_direction_of_the_relative_rotation():
    from derivations.rope import h, k, q, turned
    from derivations.vectors import dot

    i, j = var("i"), var("j")
    printed = Statement((), eq(dot(2 * h, turned(i, q), turned(j, k)), dot(2 * h, q, turned(i - j, k))), (h.head,))
    found = repair(printed, limits=LIMITS)
    assert isinstance(found, Repair) and found.edits == ("sign: i - j becomes j - i",)
    assert normal(found.statement.concl) == normal(eq(printed.concl.args[0], dot(2 * h, q, turned(j - i, k))))
    assert found.theorem == "rope.relative" and replayed(found)
    numbers = Statement((), eq(dot(2 * h, turned(number(2), q), turned(number(0), k)), dot(2 * h, q, turned(number(2), k))),
                        (h.head,))  # fmt: skip
    found = repair(numbers, limits=LIMITS)
    assert isinstance(found, Repair) and found.edits == ("sign: 2 becomes -2",) and replayed(found)


def test_the_permutation_that_moved_the_codes():
    from derivations.attention import PX, P_pos, X, c, encoded, i, n, permuted, s
    from derivations.vectors import entry
    from symcheck.checker import perm

    printed = Statement((perm(n, s),), eq(encoded(PX, P_pos, i, c), permuted(s, entry(encoded, X, P_pos), i, c)), (n.head,))
    found = repair(printed, limits=LIMITS)
    assert isinstance(found, Repair) and len(found.edits) == 1 and replayed(found)
    assert "P_pos" in found.edits[0]  # P(X + P_pos) = PX + P P_pos
    # the attention of P(X + P_pos) is no counterexample: the negation is dropped
    from derivations.attention import attend
    from symcheck.terms import negation

    inside = entry(permuted, s, entry(encoded, X, P_pos))
    denied = Statement((perm(n, s),), negation(eq(attend(inside, i, c), attend(entry(encoded, X, P_pos), s(i), c))))
    found = repair(denied, limits=LIMITS)
    assert isinstance(found, Repair) and found.theorem == "attention.equivariance" and replayed(found)


def test_the_missing_cross_term():
    from derivations.logits import H, p_m, p_n, x, y
    from derivations.logits import d as size
    from derivations.taylor import added, bilinear

    three = [bilinear(size, a, H, b) for a, b in ((x, y), (x, p_n), (p_m, p_n))]
    whole = bilinear(size, added(x, p_m), H, added(y, p_n))
    printed = Statement((), eq(whole, three[0] + three[1] + three[2]), (size.head,))
    for without in ((), {"logits.additive"}):  # by the theorem, and by canonical forms
        found = repair(printed, limits=LIMITS, without=without)
        assert isinstance(found, Repair) and len(found.edits) == 1 and "missing term" in found.edits[0]
        assert normal(found.statement.concl) == normal(THEOREMS["logits.additive"].statement.concl) and replayed(found)


def test_a_true_statement_is_left_alone():
    for name in ("rope.relative", "sinusoidal.gram", "sinusoidal.shift", "attention.equivariance", "taylor.second_order",
                 "logits.softmax_sum", "sinusoidal.gram_bound", "logits.additive"):  # fmt: skip
        found = repair(THEOREMS[name].statement, limits=LIMITS)
        assert isinstance(found, Unrepaired), (name, found.edits)


def test_what_cannot_be_mended_is_not():
    x, y = var("x"), var("y")
    found = repair(Statement((), eq(const("exp", x), const("log", 2 + y * y))), limits=Limits(seconds=2, proofs=3))
    assert isinstance(found, Unrepaired) and found.reason
    f = var("f", (("N", "R"), "R"))
    found = repair(Statement((), eq(f(lam("N", lambda i: x)), 0)))
    assert found == Unrepaired("no values were found at which it fails")


def test_trivial_equations_are_no_repairs():
    x, y = var("x"), var("y")
    for wrong in (eq(x, y), eq(const("sin", x), 0), eq(x, x + const("exp", y))):
        assert isinstance(repair(Statement((), wrong), limits=Limits(seconds=2, proofs=4)), Unrepaired)


def test_simple_slips():
    x, y = var("x"), var("y")
    cos, sin = (lambda t, name=name: const(name, t) for name in ("cos", "sin"))
    for wrong, right in (
        (cos(x) * cos(y) + sin(x) * sin(y), cos(x) * cos(y) - sin(x) * sin(y)),
        (cos(x) * sin(y) - sin(x) * sin(y), cos(x) * cos(y) - sin(x) * sin(y)),
    ):
        found = repair(Statement((), eq(cos(x + y), wrong)), limits=LIMITS)
        assert isinstance(found, Repair) and replayed(found)
        assert found.distance < 2 and found.statement.concl.free == right.free
    found = repair(Statement((), eq((x + y) ** 2, x**2 + x * y + y**2)), limits=LIMITS)
    assert isinstance(found, Repair) and found.edits == ("coefficient of x y: 1 becomes 2",)


@pytest.mark.parametrize(("name", "least"), [("rope.relative", 5), ("sinusoidal.gram", 5), ("sinusoidal.shift", 5)])
def test_most_mutants_are_mended(name, least):
    statement = THEOREMS[name].statement
    rng = random.Random(7)
    false = islice((m for m in mutants(statement, rng) if m.definition is None and failure(m.statement) is not None), 6)
    mended = 0
    for m in false:
        found = repair(m.statement, limits=LIMITS)
        if isinstance(found, Repair):
            assert replayed(found) and failure(found.statement, seed=3) is None, text(found.statement.concl)
            mended += 1
    assert mended >= least


def test_no_false_mutant_is_proved_automatically():
    shared = repairing._shared_library()
    for name in ("rope.relative", "sinusoidal.gram", "logits.additive"):
        rng = random.Random(11)
        statement = THEOREMS[name].statement
        for m in islice((m for m in mutants(statement, rng) if failure(m.statement, tries=20) is not None), 8):
            with pytest.raises(ProofError):
                auto(Proof(library=shared), m.statement)


def test_automatic_proofs_without_the_theorem_itself():
    for name in ("rope.relative", "rope.half_relative", "sinusoidal.gram", "sinusoidal.shift", "logits.four_terms"):
        p = Proof(library=library())
        line = auto(p, THEOREMS[name].statement, {name})
        assert THEOREMS[name].statement.is_proved_by(line.theorem)


def test_matching():
    from derivations.rope import h, k, q, turned
    from derivations.vectors import dot

    pattern = THEOREMS["rope.relative"].statement
    i, u = var("i"), var("u", ("N", "R"))
    subject = dot(number(4, "N"), turned(3 * i, u), turned(i, k))
    values = match([(pattern.concl.args[0], subject)], frozenset(pattern.variables))
    assert values is not None and values[h.head] == number(2, "N") and values[q.head] == u
    assert match([(pattern.concl.args[0], dot(3, turned(i, u), turned(i, k)))], frozenset(pattern.variables)) is None
    assert half_of(2 * h + 1) == (h, 1) and half_of(var("n", "N")) is None


def test_edits_and_ansatz():
    x, y, n = var("x"), var("y"), var("n", "N")
    assert negative(x - y) == y - x and negative(-x) == x
    assert [c for c, _ in addends(2 * x - 3 * (x * y) + y)] == [2, -3, 1]
    f = var("f", ("R", "R", "R"))
    pair = defined("pair", ["R", "R"], lambda a, b: a * b)
    missing = ansatz([pair(x, x), pair(x, y), pair(y, y)])
    assert missing == [pair(y, x)]
    pool = Pool.of((f(x, y),), (x.head, y.head, n.head), {})
    found = {normal(e.term) for e in edits(const("cos", x - y), pool)}
    for wanted in (const("cos", y - x), const("sin", x - y), -const("cos", x - y), const("cos", x), const("cos", x + y)):
        assert normal(wanted) in found
    assert all(e.cost > 0 and e.words for e in edits(f(x, y), pool))
    assert unfold(pair(x, y), ["pair"]) == x * y and lt(x, y) != le(x, y)


def test_a_search_that_is_cut_off_leaves_the_working_precision():
    """``solutions`` is a generator: what it sets while it is suspended would hold for everybody."""
    columns = [[mpmath.mpf(1), mpmath.mpf(2)], [mpmath.mpf(1), mpmath.mpf(4)]]
    before = mpmath.mp.dps
    found = repairing.solutions(repairing.System(columns, [mpmath.mpf(2), mpmath.mpf(6)], exact=False),
                                [Fraction(2), Fraction(1)])  # fmt: skip
    assert next(found)[1] == [1, 1]
    assert mpmath.mp.dps == before
