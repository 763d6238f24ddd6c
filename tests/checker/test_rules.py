"""Each rule proves what it should and nothing else; attempts to prove ``false`` fail."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symcheck.checker import AXIOMS, RuleError, Theorem, decode
from symcheck.checker.polynomial import constant, normal, polynomial
from symcheck.checker.rules import (
    assume,
    axiom,
    ball,
    cite,
    convert,
    cut,
    discharge,
    generalise,
    instantiate,
    modus_ponens,
    pos,
    replace,
    ring,
    specialise,
)
from symcheck.prove.proof import Statement
from symcheck.terms import (
    Bound,
    Budget,
    Const,
    Term,
    TermError,
    Var,
    budget,
    const,
    defined,
    eq,
    exists,
    false,
    forall,
    implies,
    lam,
    le,
    lt,
    negation,
    number,
    var,
)

x, y, z = var("x"), var("y"), var("z")
m, n, i = var("m", "N"), var("n", "N"), var("i", "N")
a = var("a", ("N", "R"))
p, q = var("p", "P"), var("q", "P")
f = var("f", ("R", "R"))
one, half = number(1), Fraction(1, 2)
inv = lambda t: const("inv", t)  # noqa: E731
REFUSED = (RuleError, TermError)


def refused(rule, *args) -> str:
    with pytest.raises(REFUSED) as e:
        rule(*args)
    return str(e.value)


# ---------------------------------------------------------------- logic


def test_a_theorem_comes_from_a_rule_only():
    refused(Theorem, None, frozenset(), false())
    refused(Theorem, object(), frozenset(), false())
    th = assume(p)
    with pytest.raises(AttributeError):
        th.concl = false()
    with pytest.raises(AttributeError):
        th.hyps = frozenset()


def test_axiom_by_name_only():
    assert axiom("cos_zero").concl == AXIOMS["cos_zero"].concl
    for name in ("", "COS_ZERO", "cos_zero ", None, 3):
        refused(axiom, name)


def test_assume_takes_closed_propositions():
    assert assume(p).hyps == {p} and assume(p).concl == p
    for t in (x, n, lam("R", lambda t: eq(t, t), "P"), Term((), Bound(0, "P"))):
        refused(assume, t)


def test_instantiate_is_simultaneous_and_typed():
    th = assume(lt(x, y))
    swapped = instantiate(th, {x.head: y, y.head: x})
    assert swapped.concl == lt(y, x) and swapped.hyps == {lt(y, x)}
    refused(instantiate, th, {x.head: n})
    refused(instantiate, th, {x.head: Term((), Bound(0, "R"))})


def test_instantiate_does_not_capture():
    claim = assume(exists("R", lambda t: lt(x, t)))
    moved = instantiate(claim, {x.head: y}).concl
    assert moved == exists("R", lambda t: lt(y, t))
    inside = instantiate(assume(forall("N", lambda i: eq(a(i), x))), {a.head: lam("N", lambda j: const("real", i) + j)})
    assert inside.concl == forall("N", lambda j: eq(const("real", i) + j, x))


def test_discharge_and_modus_ponens():
    th = discharge(assume(p), p)
    assert th.concl == implies(p, p) and not th.hyps
    assert discharge(assume(p), q).hyps == {p}
    back = modus_ponens(th, assume(p))
    assert back.concl == p and back.hyps == {p}
    refused(modus_ponens, th, assume(q))
    refused(modus_ponens, assume(p), assume(p))
    refused(discharge, th, x)
    refused(discharge, th, Term((), Bound(3, "P")))


def test_cut_needs_the_premise_among_the_hypotheses():
    th = assume(p)
    assert cut(assume(p), th).hyps == {p}
    refused(cut, assume(q), th)


def test_generalise_refuses_a_variable_free_in_a_hypothesis():
    th = assume(lt(0, x))
    assert "free in a hypothesis" in refused(generalise, th, x.head)
    assert generalise(th, y.head).concl == forall("R", lambda t: lt(0, x))
    named = generalise(th, Var("x", "N"))  # another variable: its type differs
    assert named.concl == forall("N", lambda t: lt(0, x))


def test_specialise():
    th = generalise(ring(eq(x * x, x**2), [], []), x.head)
    assert specialise(th, y + 1).concl == eq((y + 1) * (y + 1), (y + 1) ** 2)
    refused(specialise, th, n)
    refused(specialise, assume(p), x)
    refused(specialise, assume(exists("R", lambda t: lt(t, x))), x)
    refused(specialise, th, Term((), Bound(0, "R")))


def test_replace_respects_binders_and_sorts():
    equation = assume(eq(x, y))
    th = assume(exists("R", lambda t: lt(x, t)))
    moved = replace(equation, th, lam("R", lambda v: exists("R", lambda t: lt(v, t)), "P"))
    assert moved.concl == exists("R", lambda t: lt(y, t)) and moved.hyps == equation.hyps | th.hyps
    refused(replace, equation, th, lam("R", lambda v: exists("R", lambda t: lt(t, v)), "P"))
    refused(replace, equation, th, lam("N", lambda v: p, "P"))
    refused(replace, assume(lt(x, y)), th, lam("R", lambda v: exists("R", lambda t: lt(v, t)), "P"))
    inner = assume(forall("R", lambda t: eq(f(t), t)))  # an equation under a binder is none to rewrite with
    refused(replace, inner, inner, lam("R", lambda v: p, "P"))


def test_replace_context_cannot_smuggle_a_loose_index():
    equation = assume(eq(x, y))
    context = Term(("R",), Const("eq", ("R", "R", "P")), [Term((), Bound(0, "R")), Term((), Bound(1, "R"))])
    refused(replace, equation, assume(eq(x, x)), context)


def test_cite_needs_an_accepted_certificate():
    refused(cite, "0" * 64)


# ---------------------------------------------------------------- definitions

double = defined("double", ["R"], lambda t: t + t)
other_double = defined("double", ["R"], lambda t: 3 * t)


def test_convert_unfolds_by_body_not_by_name():
    th = ring(eq(double(x), double(x)), [], [])
    assert convert(th, eq(double(x), 2 * x), ["double"]).concl == eq(double(x), 2 * x)
    refused(convert, th, eq(double(x), 2 * x), [])
    refused(convert, th, eq(double(x), other_double(x)), ["double"])
    refused(convert, th, eq(double(x), other_double(x)), [])
    refused(ring, eq(double(x), other_double(x)), [], [])
    assert convert(ring(eq(other_double(x), other_double(x)), [], []), eq(other_double(x), 3 * x), ["double"])


def test_convert_goes_under_binders_but_does_not_evaluate():
    th = assume(forall("R", lambda t: eq(f(t + 0), 2 * t)))
    assert convert(th, forall("R", lambda t: eq(f(t), t + t)), []).concl == forall("R", lambda t: eq(f(t), t + t))
    refused(convert, th, forall("R", lambda t: eq(f(t), t)), [])
    refused(convert, th, exists("R", lambda t: eq(f(t), t + t)), [])
    refused(convert, assume(forall("N", lambda k: eq(a(k), x))), forall("R", lambda t: eq(a(n), x)), [])
    refused(convert, assume(eq(x, y)), eq(y, x), [])
    refused(convert, assume(lt(x, y)), le(x, y), [])


def test_a_definition_is_closed_typed_and_new():
    body = lam("R", lambda t: t + 1)
    for name, t, inside in [("add", ("R", "R"), body), ("forall", ("R", "R"), body), ("g", ("N", "R"), body),
                            ("g", ("R", "R"), lam("R", lambda t: t + x)), ("g", "R", Term((), Bound(0, "R")))]:  # fmt: skip
        with pytest.raises(TermError):
            Const(name, t, inside)


def test_a_definition_cannot_stand_for_itself():
    """No certificate can refer to a body that comes later: terms refer backwards."""
    with pytest.raises(ValueError, match="term"):
        decode({"format": "symcheck-certificate-1", "terms": [[[], ["d", "c", 0], []]], "steps": [["assume", 0]],
                "statement": [[0], 0]})  # fmt: skip


# ---------------------------------------------------------------- ring


def test_ring_by_identity_and_by_equations():
    assert ring(eq((x + y) ** 2, x**2 + 2 * x * y + y**2), [], [])
    known = assume(eq(x, y + 1))
    th = ring(eq(x * x, x * y + x), [known], [x])
    assert th.hyps == {eq(x, y + 1)}
    refused(ring, eq(x * x, x * y + x), [known], [y])
    refused(ring, eq(x * x, x * y + x), [], [])
    refused(ring, eq(x, y), [known], [one, one])
    refused(ring, eq(x, y), [known], [])
    refused(ring, lt(x, y), [], [])
    refused(ring, eq(x, x + 1), [], [])
    refused(ring, eq(x, y), [assume(lt(x, y))], [one])
    refused(ring, eq(x, y), [assume(eq(m, n))], [n])


@pytest.mark.parametrize("wrong", [
    eq(x * inv(x), 1), eq(inv(number(0)) * 0, 1), eq(x * x * inv(x), 2 * x), eq(inv(x * y), inv(x) + inv(y)),
    eq(inv(number(0)), 0), eq(inv(inv(x)), x + 1), eq(x / x, 1), eq(inv(-x), inv(x)), eq(x**n, x * x),
    eq(const("cos", x + y), const("cos", x) + const("cos", y)), eq(const("cos", -x), const("cos", x)),
    eq(const("sqrt", x) ** 2, x), eq(const("abs", -x), const("abs", x)), eq(a(0), a(1)),
    eq(const("sum", number(2, "N"), a), a(0) + a(1)), eq(const("delta", n, n), 1), eq(x ** number(65, "N"), x),
    eq(const("real", n), x), eq(const("exp", number(0)), 1), eq(a(m + n), a(m) + a(n)),
])  # fmt: skip
def test_ring_does_not_prove(wrong):
    refused(ring, wrong, [], [])


def test_zero_inverse_is_an_unknown_number_of_its_own():
    assert ring(eq(inv(number(0)), inv(x - x)), [], [])
    refused(ring, eq(inv(number(0)), inv(number(1))), [], [])
    assert ring(eq(inv(number(2)), number(half)), [], [])
    assert constant(polynomial(inv(number(0)))) is None


def test_powers():
    assert ring(eq(x**0, 1), [], []) and ring(eq(number(0) ** 0, 1), [], [])
    assert ring(eq(x ** (n + 1 + 0), x ** (1 + n)), [], [])
    refused(ring, eq(x ** (n + 1), x * x**n), [], [])  # an axiom, not an identity here
    assert ring(eq(x ** (n * 0 + 2), x * x), [], [])
    big = number(10**9, "N")
    assert ring(eq(x**big, x**big), [], [])
    refused(ring, eq(x**big, 0), [], [])


def test_naturals_and_reals_are_kept_apart():
    assert ring(eq(const("real", m + n), const("real", n) + m), [], [])
    assert normal(number(1, "N")) == normal(number(1))  # as numbers; the sorts of arguments tell them apart
    assert normal(a(n)) != normal(var("a", ("R", "R"))(const("real", n)))
    assert normal(var("n", "N")) != normal(var("n"))
    assert normal(eq(m, n)) != normal(const("eq", m, n))
    refused(convert, assume(const("eq", m, n)), eq(m, n), [])
    assert normal(lam("N", lambda k: 1)) != normal(lam("R", lambda k: 1))
    assert normal(lam("N", lambda k: 1)) != normal(number(1))


def test_naturals_have_no_subtraction():
    with pytest.raises(TermError):
        number(-1, "N")
    with pytest.raises(TermError):
        number(half, "N")
    assert (n - m).type == "R" and (n / 2).type == "R"
    refused(ring, eq(const("sum", number(1, "N"), a), const("sum", number(2, "N"), a) - 1), [], [])


def test_atoms_at_different_binders_do_not_mix():
    inner = lam("N", lambda i: const("sum", i, lam("N", lambda j: a(i) - a(j))))
    assert normal(inner) != normal(lam("N", lambda i: const("sum", i, lam("N", lambda j: a(j) - a(i)))))
    assert normal(inner) != normal(lam("N", lambda i: const("sum", i, lam("N", lambda j: number(0)))))


# ---------------------------------------------------------------- pos

positive, small = assume(lt(0, x)), assume(le(0, y))


def test_pos_adds_up():
    assert pos(lt(0, 2 * x + y), [positive, small], [(Fraction(2), [0], one), (Fraction(1), [1], one)], [], [])
    assert pos(le(0, x * x), [], [(Fraction(1), [], x)], [], [])
    assert pos(lt(0, x * x), [positive], [(Fraction(1), [0, 0], one)], [], [])
    assert pos(false(), [assume(lt(x, x))], [(Fraction(1), [0], one)], [], []).hyps == {lt(x, x)}
    assert pos(lt(0, one), [], [(Fraction(1), [], one)], [], [])


@pytest.mark.parametrize(("goal", "products"), [
    (lt(0, -x), [(Fraction(-1), [0], one)]),  # a negative coefficient
    (lt(0, number(0)), [(Fraction(0), [], one)]),  # a zero coefficient
    (lt(0, number(0)), []),  # nothing is not positive
    (false(), []),
    (false(), [(Fraction(1), [1], one)]),
    (lt(0, y), [(Fraction(1), [1], one)]),  # 0 <= y is not 0 < y
    (lt(0, x * x), [(Fraction(1), [], x)]),  # a square may be 0
    (lt(0, x * y), [(Fraction(1), [0, 1], one)]),  # one factor may be 0
    (lt(0, x * y * y), [(Fraction(1), [0], y)]),
    (le(x, 0), [(Fraction(1), [0], one)]),
    (le(0, x), [(Fraction(1), [2], one)]),  # no such fact
    (le(0, x), [(Fraction(1), [0], n)]),  # a square of a natural term
    (eq(x, y), []), (p, []), (negation(p), []), (le(0, y * y), [(Fraction(1), [1], one)]),
])  # fmt: skip
def test_pos_does_not_prove(goal, products):
    refused(pos, goal, [positive, small], products, [], [])


def test_pos_takes_inequalities_as_facts_and_equations_as_equations():
    refused(pos, le(0, x), [assume(eq(x, 1))], [(Fraction(1), [0], one)], [], [])
    refused(pos, le(0, x), [assume(implies(p, le(0, x)))], [(Fraction(1), [0], one)], [], [])
    assert pos(le(x, y), [], [], [assume(eq(x, y))], [number(-1)])
    refused(pos, le(x, y), [], [], [assume(eq(x, y))], [])
    refused(pos, lt(x, y), [], [], [assume(eq(x, y))], [number(-1)])
    refused(pos, le(x, y), [], [], [assume(le(x, y))], [number(-1)])


def test_less_on_naturals_is_a_gap_of_one():
    fact = assume(lt(m, n))
    assert pos(lt(m + 1, n + 1), [fact], [(Fraction(1), [0], one)], [], [])
    assert pos(lt(m, n + 1), [fact], [(Fraction(1), [0], one), (Fraction(1), [], one)], [], [])
    refused(pos, lt(m + 1, n), [fact], [(Fraction(1), [0], one)], [], [])
    assert pos(le(m + 1, n), [fact], [(Fraction(1), [0], one)], [], [])
    assert pos(lt(const("real", m), n), [fact], [(Fraction(1), [0], one), (Fraction(1), [], one)], [], [])
    refused(pos, lt(m, n), [assume(const("lt", m, n))], [(Fraction(1), [0], one)], [], [])  # half a gap says nothing


# ---------------------------------------------------------------- ball

PI = const("pi")


def between(lo, hi, left, right):
    return forall("R", lambda t: implies(le(lo, t), le(t, hi), lt(left(t), right(t))))


@pytest.mark.parametrize("goal", [
    lt(number(3), PI), lt(PI, number(Fraction(22, 7))), lt(const("cos", one), const("sin", one)),
    lt(number(1, "N"), number(2, "N")), lt(const("exp", number(-1000)), number(Fraction(1, 10**400))),
    lt(const("sum", number(100, "N"), lam("N", lambda k: inv(k + 1))), number(6)),
    between(number(0), number(1), lambda t: const("sin", t), lambda t: t + number(Fraction(1, 100))),
    between(PI, PI * 2, lambda t: const("sin", t), lambda t: number(Fraction(1, 10))),
    between(number(2), number(1), lambda t: t, lambda t: number(3)),
])  # fmt: skip
def test_ball_decides(goal):
    assert ball(goal, 128, 20).concl == goal


@pytest.mark.parametrize("goal", [
    lt(PI, number(3)), lt(one, one), lt(one, const("exp", number(0))), le(number(0), one), eq(one, one),
    lt(number(2, "N"), number(2, "N")), lt(inv(number(0)), one), lt(number(-1), inv(number(0))),
    lt(const("log", number(0)), one), lt(const("log", number(-1)), one), lt(const("sqrt", number(-1)), one),
    lt(const("sqrt", number(-1)) * 0, one), lt(inv(number(0)) * 0, one), lt(const("abs", inv(number(0))), one),
    lt(inv(const("sin", PI)), one), lt(x, x + 1), lt(number(0), Term((), Bound(0, "R"))), false(), p,
    between(number(0), number(1), lambda t: const("sin", t), lambda t: t),  # equal at 0
    between(number(-1), number(1), lambda t: inv(t), lambda t: number(10)),
    between(number(0), number(1), lambda t: number(0), lambda t: t),
    forall("R", lambda t: implies(le(t, t), le(t, one), lt(t, number(2)))),  # the bound mentions t
    forall("R", lambda t: implies(le(number(0), t), le(t, t + 1), lt(number(-1), t))),
    forall("R", lambda t: implies(le(number(0), t), lt(number(-1), t))),
    forall("R", lambda t: implies(le(t, number(0)), le(number(1), t), lt(t, number(2)))),
    forall("N", lambda t: implies(le(number(0), t), le(t, one), lt(number(-1), t))),
    forall("R", lambda t: implies(le(number(0), t + 1), le(t, one), lt(number(-1), t))),
    forall("R", lambda t: implies(lt(number(0), t), le(t, one), lt(number(-1), t))),
    const("has_deriv", lam("R", lambda t: t), one, one),
    lt(const("sum", number(10**8, "N"), lam("N", lambda k: number(0))), one),
    lt(const("integral", lam("R", lambda t: const("abs", t)), number(-1), one), number(5)),
    lt(const("integral", lam("R", inv), number(-1), one), number(5)),
    lt(const("Ci", number(-1)), number(5)),
])  # fmt: skip
def test_ball_does_not_decide(goal):
    for precision in (2, 64):
        refused(ball, goal, precision, 8)


@pytest.mark.parametrize(("precision", "splits"), [(1, 0), (4_001, 0), (64, 41), (0, 0), (-5, 0)])
def test_ball_limits(precision, splits):
    refused(ball, lt(one, number(2)), precision, splits)


@pytest.mark.parametrize("precision", [2, 3, 10, 53])
def test_a_low_precision_is_no_excuse(precision):
    refused(ball, lt(number(Fraction(10**12 + 1, 10**12)), one), precision, 0)
    refused(ball, lt(number(Fraction(1, 3)), number(Fraction(333_333, 10**6))), precision, 0)
    refused(ball, lt(const("real", number(2**70 + 1, "N")), number(2**70)), precision, 0)


def test_interval_is_covered_whole():
    """A peak that misses every coarse sample point; loose bounds are widened, not narrowed."""
    peak = between(number(0), number(1), lambda t: inv(1 + number(10**6) * (t - number(Fraction(1, 3))) ** 2),
                   lambda t: number(Fraction(1, 2)))  # fmt: skip
    refused(ball, peak, 64, 18)
    ends = between(number(0), PI, lambda t: t, lambda t: number(Fraction(355, 113)))
    assert ball(ends, 64, 4)
    refused(ball, between(number(0), PI, lambda t: t, lambda t: PI), 64, 4)


# ---------------------------------------------------------------- attempts on false


def test_comprehension_has_no_liar():
    """A predicate variable may be instantiated by anything; the diagonal term has no type."""
    with pytest.raises(TermError):
        lam(("P",), lambda r: r)
    predicate = Var("w", ("P", "P"))
    with pytest.raises(TermError):
        Term((), predicate, [lam("P", lambda r: r, "P")])


def test_every_quantified_type_is_inhabited():
    """forall over any type and its negation do not meet."""
    for t in ("N", "R", "P", ("N", "R"), (("R", "R"), "R"), ("N", "P")):
        line = assume(forall(t, lambda v: false()))
        assert specialise(line, var("w", t)).hyps == {forall(t, lambda v: false())}


def test_quantifier_constants_have_quantifier_types():
    for t in (("P", "P"), (("R", "R"), "P"), ((("R", "P"), "P"), "R"), "P", ((("R", "N", "P"),), "P")):
        with pytest.raises(TermError):
            Const("forall", t)


def test_bound_head_of_a_wrong_type():
    with pytest.raises(TermError):
        Term(("R",), Bound(0, "N"))
    with pytest.raises(TermError):
        Term(("N",), Const("sum", ("N", ("N", "R"), "R")), [Term((), Bound(0, "N")), Term(("N",), Bound(1, "R"))])
    inner = Term(("R",), Bound(1, "N"))  # loose here, caught where it is bound
    with pytest.raises(TermError):
        Term(("R",), Const("caseN", ("N", "N", ("N", "N"), "N")), [number(0, "N"), number(0, "N"), inner])


def test_negation_of_a_schematic_hypothesis_is_no_contradiction():
    th = assume(p)  # p |- p; instantiating p changes both sides
    for value in (false(), negation(p), eq(one, number(0))):
        assert instantiate(th, {p.head: value}).hyps == {value}


def test_memo_of_normal_forms_is_kept_by_structure():
    first = lam("N", lambda k: a(k) + 0)
    second = lam("N", lambda k: a(k))
    assert normal(first) == normal(second)
    loose = Term((), Const("add", ("R", "R", "R")), [Term((), Bound(0, "R")), number(0)])
    assert normal(loose) == normal(Term((), Bound(0, "R"))) != normal(Term((), Bound(1, "R")))
    assert normal(lam("R", lambda t: t)) != normal(lam("R", lambda t: x))


def test_work_is_bounded_in_the_rules_themselves():
    token = budget.set(Budget(20_000))
    try:
        refused(ring, eq((x + y + z + n + 1) ** 40, x), [], [])
    finally:
        budget.reset(token)


def test_a_statement_is_proved_by_its_own_theorem_only():
    statement = Statement((lt(0, x),), le(0, x))
    proof = pos(le(0, x), [positive], [(Fraction(1), [0], one)], [], [])
    assert statement.is_proved_by(proof)
    assert not statement.is_proved_by(assume(le(0, x)))
    assert not Statement((), le(0, x)).is_proved_by(proof)
    assert not Statement((lt(0, x),), le(0, y)).is_proved_by(proof)


@pytest.mark.parametrize("name", ["abs", "log", "sqrt", "Ci"])
def test_an_integrand_that_is_not_holomorphic_is_refused(name):
    """The quadrature evaluates on complex balls and is right for holomorphic integrands only."""
    def over_one_to_two(f):
        return lt(const("integral", lam("R", f), 1, 2), 5)

    refused(ball, over_one_to_two(lambda u: const(name, u)), 64, 0)
    refused(ball, over_one_to_two(lambda u: const("cos", u) + const(name, u * u + 1)), 64, 0)
    assert ball(over_one_to_two(lambda u: const("cos", u)), 64, 0)
    assert ball(lt(const(name, 2), 5), 64, 0)  # outside an integral it has its value
