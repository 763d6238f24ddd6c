"""The folds that evaluate a term: each primitive, each kind of value, and agreement with one another."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction

import mpmath
import numpy
import pytest
from hypothesis import assume, given, settings
from random_terms import TABLE, half_turn, mean, tables, terms

from symcheck import numerics
from symcheck.checker import balls, perm
from symcheck.numerics import (
    EXACT,
    FLOAT,
    MP,
    Indexed,
    Undecided,
    Undefined,
    equations,
    evaluate,
    evaluate_array,
    residual,
)
from symcheck.terms import (
    PRIMITIVES,
    const,
    defined,
    eq,
    eta,
    exists,
    forall,
    implies,
    lam,
    le,
    lt,
    sort,
    var,
)

n, m, h = (var(s, "N") for s in "nmh")
x, y, t = (var(s) for s in "xyt")
a, b, theta = (var(s, ("N", "R")) for s in ("a", "b", "theta"))
M, s, g = var("M", ("N", "N", "R")), var("s", ("N", "N")), var("g", ("R", "R"))
A, B = [10.0, 11.0, 12.0, 13.0], [20.0, 21.0, 22.0, 23.0]


def total(n, f):
    return const("sum", n, lam("N", f))


def turn(theta, m, q, r):
    def c(i):
        return const("cos", m * theta(i))

    def s(i):
        return const("sin", m * theta(i))

    first = lam("N", lambda i: q(2 * i) * c(i) - q(2 * i + 1) * s(i))
    second = lam("N", lambda i: q(2 * i) * s(i) + q(2 * i + 1) * c(i))
    return const("weave", first, second, r)


rotate = defined("rope", [("N", "R"), "R", ("N", "R"), "N"], turn)
p_m, p_n = var("p_m"), var("p_n")
q, k = var("q", ("N", "R")), var("k", ("N", "R"))
relative = eq(total(2 * h, lambda r: rotate(theta, p_m, q, r) * rotate(theta, p_n, k, r)),
              total(2 * h, lambda r: q(r) * rotate(theta, p_n - p_m, k, r)))  # fmt: skip

#: For every primitive of sort R or N: terms, and the values they must have where a = A, b = B.
CASES = {
    "add": [(x + y, 0.5)], "mul": [(x * y, -3.0)], "inv": [(const("inv", x), 0.5)],
    "pow": [(y**3, -3.375), (y**0, 1.0), (const("pow", 0, 0), 1.0)],
    "sin": [(const("sin", x), math.sin(2))], "cos": [(const("cos", x), math.cos(2))],
    "exp": [(const("exp", x), math.exp(2))], "log": [(const("log", x), math.log(2))],
    "sqrt": [(const("sqrt", x), math.sqrt(2)), (const("sqrt", 0), 0.0)], "abs": [(const("abs", y), 1.5)],
    "pi": [(const("pi"), math.pi)], "addN": [(n + 4, 7)], "mulN": [(2 * n, 6)], "real": [(n + x, 5.0)],
    "sum": [(total(n, lambda i: a(i) * a(i)), 365.0), (total(0, lambda i: a(i)), 0.0),
            (total(n, lambda _: x), 6.0),
            (total(n, lambda i: total(i + 1, lambda j: a(j))), 64.0)],
    "delta": [(const("delta", n, 3), 1.0), (const("delta", n, 2), 0.0)],
    "weave": [(const("weave", a, b, 2), 11.0), (const("weave", a, b, 5), 22.0)],
    "stack": [(const("stack", 2, a, b, 1), 11.0), (const("stack", 2, a, b, 2), 20.0),
              (const("stack", 0, a, b, 3), 23.0)],
    "case": [(const("case", 0, x, a), 2.0), (const("case", 2, x, a), 11.0)],
    "integral": [(const("integral", lam("R", lambda u: u * u), 0, 3), 9.0),
                 (const("integral", lam("R", lambda u: const("cos", x * u)), y, x), (math.sin(4) + math.sin(3)) / 2),
                 (const("integral", lam("R", lambda u: u), 2, 0), -2.0)],
    "Ci": [(const("Ci", x), 0.42298082877486499570)],
    "caseN": [(const("caseN", 0, 5, s), 5), (const("caseN", 2, 5, s), 3)],
}  # fmt: skip
ENV = {n: 3, x: 2.0, y: -1.5, a: A, b: B, s: [2, 3, 1, 0]}


def test_every_primitive_with_a_value_is_covered():
    assert set(CASES) == {name for name, t in PRIMITIVES.items() if sort(t) in "RN"}


@pytest.mark.parametrize("name", CASES)
def test_primitive_in_every_arithmetic(name):
    for term, expected in CASES[name]:
        assert evaluate(term, ENV) == pytest.approx(expected, rel=1e-15 if name in ("integral", "Ci") else 0)
        assert abs(evaluate(term, ENV, MP(40)) - expected) < 1e-14
        assert numpy.asarray(evaluate_array(term, ENV)) == pytest.approx(expected, rel=3e-15)
        if name not in ("sin", "cos", "exp", "log", "sqrt", "pi", "integral", "Ci"):
            assert evaluate(term, ENV, EXACT) == Fraction(expected)


@pytest.mark.parametrize("name", ["weave", "stack", "case", "caseN", "delta"])
def test_cases_at_a_running_index(name):
    """Branches that are not taken at an index may be out of range there; those taken must not be."""
    f = {
        "weave": lambda r: const("weave", a, b, r), "stack": lambda r: const("stack", 4, a, b, r),
        "case": lambda r: const("case", r, x, lam("N", lambda i: const("case", i, x, a))),
        "caseN": lambda r: const("real", const("caseN", r, 7, lam("N", lambda i: i + 1, "N"))),
        "delta": lambda r: const("delta", r, 2) + const("delta", r, r),
    }[name]  # fmt: skip
    term = lam("N", f)
    size = 8 if name in ("weave", "stack") else 6
    scalar = evaluate(term, ENV).table(size)
    assert evaluate_array(term, ENV, sizes=(size,)).tolist() == scalar
    if name in ("weave", "stack"):
        for call in (lambda: evaluate(term, ENV).table(9), lambda: evaluate_array(term, ENV, sizes=(9,))):
            with pytest.raises(Undefined, match="4 entries"):
                call()


def test_mpmath_digits_and_precision_of_callables():
    value = evaluate(const("cos", x) - g(x), {x: 1, g: lambda u: mpmath.cos(u)}, MP(60))
    assert value == 0
    with mpmath.workdps(70):
        square = evaluate(const("sqrt", 2), {}, MP(60)) ** 2
        assert mpmath.mpf(10) ** -70 < abs(square - 2) < mpmath.mpf(10) ** -58
        assert abs(evaluate(const("pi") * Fraction(1, 3), {}, MP(60)) - mpmath.pi / 3) < mpmath.mpf(10) ** -59
    assert mpmath.mp.dps == 15


def test_ways_to_give_a_value():
    f = lambda i: 10.0 + i  # noqa: E731
    for given_a in (A, tuple(A), numpy.asarray(A), numpy.asarray(A, dtype=numpy.float32), f):
        for key in (a, a.head, "a"):
            assert evaluate(total(3, lambda i: a(i)), {key: given_a}) == 33.0
            assert evaluate(a, {key: given_a}).table(3) == A[:3]
    matrix = [[1, 2], [3, 4]]
    for given_m in (matrix, numpy.asarray(matrix), lambda i, j: matrix[i][j]):
        assert evaluate(M(1, 0), {M: given_m}) == 3.0
    assert evaluate(M, {M: matrix}).table(2, 2) == matrix
    functional = var("F", (("N", "R"), "R"))
    assert evaluate(functional(lam("N", lambda i: a(i) + 1)), {a: A, "F": lambda f: f(0) * f(1)}) == 132.0
    f2 = evaluate(lam([("N", "R"), "N"], lambda u, i: u(i) + a(i)), {a: A})
    assert (f2([1, 2], 1), f2([3, 4], 1)) == (13.0, 15.0)


@pytest.mark.parametrize(
    ("term", "env", "message"),
    [
        (x + 1, {}, "no value is given for x"),
        (a(4), {a: A}, "index 4 is asked, and 4 entries"),
        (const("inv", x), {x: 0}, "inv"),
        (const("sqrt", x), {x: -1}, "sqrt"),
        (const("log", x), {x: 0}, "log"),
        (const("exp", x), {x: 1e4}, "overflows"),
        (x**1000, {x: 1e4}, "overflows"),
        (const("Ci", x), {x: 0}, "Ci"),
        (const("integral", g, 0, 1),
         {g: lambda u: 1.0 if u > 1 / math.pi else 0.0}, "not resolved"),
        (n + 1, {n: 1.5}, "not a natural number"),
        (n + 1, {n: -1}, "not a natural number"),
        (g(x), {x: 1, g: [1, 2]}, "callable"),
        (a(0), {a: lambda i: "seven"}, "not a real number"),
        (total(n, lambda i: a(i)), {n: 10**9, a: A}, "too long"),
        (x, {3: 4}, "no variable"),
        (x, {x + 1: 4}, "no variable"),
    ],
)
def test_no_value_is_an_error_that_says_why(term, env, message):
    with pytest.raises(Undefined, match=message):
        evaluate(term, env)


def test_exact_arithmetic_refuses_what_it_cannot_do():
    assert evaluate(x / 3 + x / 6, {x: Fraction(1, 7)}, EXACT) == Fraction(1, 14)
    for term in (const("pi"), const("cos", 0), const("sqrt", 4), const("integral", lam("R", lambda u: u), 0, 1)):
        with pytest.raises(Undefined, match="exact"):
            evaluate(term, {}, EXACT)


def test_propositions():
    assert evaluate(perm(n, s), {n: 4, s: [2, 0, 1, 3]})
    assert not evaluate(perm(n, s), {n: 4, s: [2, 0, 1, 1]})
    assert not evaluate(perm(n, s), {n: 3, s: [2, 0, 3]})
    assert evaluate(exists("N", lambda i: const("and", lt(i, 4), eq(a(i), 12))), {a: A})
    assert not evaluate(exists("N", lambda i: const("and", lt(i, 2), eq(a(i), 12))), {a: A})
    assert evaluate(eq(x, y), {x: 1, y: 1 + 1e-9}, tolerance=1e-8)
    assert not evaluate(eq(x, y), {x: 1, y: 1 + 1e-9})
    assert evaluate(le(x, y), {x: 1 + 1e-9, y: 1}, tolerance=1e-8)
    assert not evaluate(le(x, y), {x: 1 + 1e-9, y: 1})
    assert evaluate(implies(lt(x, 0), const("false")), {x: 1}) and not evaluate(const("false"))
    assert evaluate(const("or", const("false"), lt(0, x)), {x: 1})
    assert evaluate(eq(2 * n, n + n), {n: 5}) and not evaluate(eq(n, n + 1), {n: 5})


@pytest.mark.parametrize(
    "proposition",
    [
        forall("R", lambda u: le(0, u * u)),
        forall("N", lambda i: le(0, a(i))),
        forall("N", lambda i: implies(lt(0, i), le(0, a(i)))),
        forall("N", lambda i: implies(lt(i, i + 1), le(0, a(i)))),
        exists("N", lambda i: implies(lt(i, 3), le(0, a(i)))),  # i = 3 would do: not bounded
        forall("N", lambda i: const("and", lt(i, 3), le(0, a(i)))),
        exists("N", lambda i: eq(n, 3 + i)),
        forall([("N", "R")], lambda u: le(0, u(0))),
        const("has_deriv", g, 0, 0),
    ],
)
def test_what_cannot_be_decided_is_not_pretended(proposition):
    with pytest.raises(Undecided):
        evaluate(proposition, {a: A, n: 5, g: lambda u: u})


def test_nested_bounds_of_quantifiers():
    triangle = forall(["N", "N"], lambda i, j: implies(lt(i, n), lt(j, i + 1), le(a(j), a(i))))
    assert evaluate(triangle, {n: 4, a: A})
    assert not evaluate(triangle, {n: 4, a: [1.0, 2.0, 0.0, 3.0]})
    found = equations(triangle, {n: 3, a: A})
    assert [i for i, _, _ in found] == [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]
    assert found[-2] == ((2, 1), 11.0, 12.0)
    assert equations(implies(lt(x, 0), eq(x, y)), {x: 1, y: 2}) == []
    with pytest.raises(Undecided):
        equations(forall("R", lambda u: eq(u, u)), {})


def test_residual_of_a_derivative():
    claim = const("has_deriv", lam("R", lambda u: const("sin", u * u)), t, 2 * t * const("cos", t * t))
    computed, stated = residual(claim, {t: 0.7}, MP(45))
    assert abs(computed - stated) < 1e-25
    wrong = const("has_deriv", lam("R", lambda u: const("sin", u * u)), t, t * const("cos", t * t))
    computed, stated = residual(wrong, {t: 0.7}, MP(45))
    assert abs(computed - stated) > 0.1
    with pytest.raises(Undecided):
        residual(claim, {t: 0.7}, FLOAT)


# ---------------------------------------------------------------- a theorem as a property


def rotated(m, x, sign=1):
    """RoPE of a vector, written apart from the definition above."""
    out = []
    for i in range(2):
        z = complex(x[2 * i], x[2 * i + 1]) * complex(math.cos(m / 10**i), sign * math.sin(m / 10**i))
        out += [z.real, z.imag]
    return out


POINT = {theta: [1.0, 0.1], q: [0.5, -1, 2, 0.25], k: [1, 3, -0.5, 0.75], h: 2, p_m: 5, p_n: 2}


def test_an_implementation_replaces_a_definition():
    left, right = residual(relative, POINT, MP(50))
    assert abs(left - right) < mpmath.mpf(10) ** -45
    good = Indexed(lambda theta, m, x: rotated(m, x.table(4)))
    left_good, right_good = residual(relative, POINT, implementations={"rope": good})
    assert abs(left_good - right_good) < 1e-12 and abs(left_good - left) < 1e-12
    # Rotation the other way is still relative, but it is another function.
    left_other, right_other = residual(relative, POINT, implementations={"rope": Indexed(
        lambda theta, m, x: rotated(m, x.table(4), -1))})  # fmt: skip
    assert abs(left_other - right_other) < 1e-12
    wrong = Indexed(lambda theta, m, x: rotated(m, x.table(4)) if m != 5 else rotated(m + 1e-3, x.table(4)))
    left_wrong, right_wrong = residual(relative, POINT, implementations={"rope": wrong})
    assert abs(left_wrong - right_wrong) > 1e-5
    scalar = {"rope": lambda theta, m, x, r: rotated(m, [x(i) for i in range(4)])[r]}
    assert residual(relative, POINT, implementations=scalar) == (left_good, right_good)


def test_an_indexed_implementation_is_called_once_for_equal_arguments():
    calls = []

    def kernel(theta, m, x):
        calls.append(m)
        return rotated(m, x.table(4))

    residual(relative, POINT, implementations={"rope": Indexed(kernel)})
    assert sorted(calls) == [-3, 2, 5]


def test_an_implementation_in_the_array_fold():
    def kernel(theta, m, x):
        v = x.table(4)
        assert isinstance(v, numpy.ndarray)
        return numpy.asarray(rotated(float(m), v))

    left = relative.args[0]
    got = evaluate_array(left, POINT, implementations={"rope": Indexed(kernel)})
    assert abs(got - evaluate(left, POINT)) < 1e-12
    term = lam("N", lambda i: rotate(theta, const("real", i), q, i))
    with pytest.raises(Undefined, match="running index"):
        evaluate_array(term, POINT, sizes=(4,), implementations={"rope": Indexed(kernel)})


# ---------------------------------------------------------------- the array fold


attention = lam(["N", "N"], lambda i, c: total(n, lambda j: const("exp", M(i, j)) * M(j, c))
                / total(n, lambda j: const("exp", M(i, j))))  # fmt: skip


def test_softmax_attention_with_arrays():
    values = numpy.random.default_rng(1).normal(size=(5, 5))
    exact = evaluate(attention, {n: 5, M: values}, MP(50)).table(5, 5)
    got = evaluate_array(attention, {n: 5, M: values}, sizes=(5, 5))
    assert got.shape == (5, 5)
    assert max(abs(exact[i][c] - float(got[i, c])) for i in range(5) for c in range(5)) < 1e-14
    single = evaluate_array(attention, {n: 5, M: values}, sizes=(5, 5), dtype=numpy.float32)
    assert single.dtype == numpy.float32
    assert 1e-9 < numpy.max(numpy.abs(single - got)) < 1e-5


def test_array_fold_refuses_propositions_and_wrong_arrays():
    with pytest.raises(Undecided):
        evaluate_array(eq(x, y), {x: 1, y: 1})
    with pytest.raises(Undefined, match="size"):
        evaluate_array(a, {a: A})
    with pytest.raises(Undefined, match="axes"):
        evaluate_array(M(0, 0), {M: A})
    with pytest.raises(Undefined, match="integers"):
        evaluate_array(eta(s.head)(0), {s: [0.5]})
    with pytest.raises(Undefined, match="4 entries"):
        evaluate_array(a(4), {a: A})
    with pytest.raises(Undefined, match="4 entries"):
        evaluate_array(lam("N", lambda i: total(i + 1, lambda j: a(j))), {a: A}, sizes=(5,))


def test_ragged_sums_read_nothing_beyond_their_length():
    prefix = lam("N", lambda i: total(i, lambda j: a(j)))
    assert evaluate_array(prefix, {a: A}, sizes=(5,)).tolist() == [0, 10, 21, 33, 46]


def test_summands_that_do_not_depend_on_the_outer_index():
    nested = total(3, lambda i: total(1, lambda j: a(j)) + total(2, lambda j: total(1, lambda k: a(j) * a(k))))
    assert evaluate(nested, ENV) == 660.0 == evaluate_array(nested, ENV)
    row = lam("N", lambda i: total(4, lambda j: total(i, lambda k: total(1, lambda l: a(l)))))
    assert evaluate_array(row, ENV, sizes=(3,)).tolist() == evaluate(row, ENV).table(3) == [0, 40, 80]


def test_integrals_at_a_running_index():
    def wave(i):
        return lam("R", lambda u: const("cos", a(i) * u) * i)

    term = lam("N", lambda i: const("integral", wave(i), 0, total(i, lambda j: a(j))))
    scalar = evaluate(term, {a: [0.5, 1.0, 0.25]}).table(3)
    assert evaluate_array(term, {a: [0.5, 1.0, 0.25]}, sizes=(3,)).tolist() == pytest.approx(scalar, rel=1e-14)
    assert evaluate_array(lam("N", lambda i: const("Ci", i + x)), {x: 1}, sizes=(3,)).shape == (3,)


def test_a_float_integral_does_not_depend_on_the_callers_precision():
    term = const("integral", lam("R", lambda u: const("cos", u)), 0, 3)
    with mpmath.workdps(40):
        assert evaluate(term) == pytest.approx(0.1411200080598672, rel=1e-14)


def test_functions_and_permutations_as_arrays():
    term = lam("N", lambda i: a(s(i)) * g(a(i)))
    env = {a: A, s: [2, 3, 1, 0], g: lambda u: u * u}
    assert evaluate_array(term, env, sizes=(4,)).tolist() == evaluate(term, env).table(4)
    empty = evaluate_array(total(n, lambda i: a(i)), {n: 0, a: []})
    assert float(empty) == 0.0


def test_another_array_library():
    torch = pytest.importorskip("array_api_compat.torch", exc_type=ImportError)
    values = numpy.random.default_rng(2).normal(size=(4, 4))
    got = evaluate_array(attention, {n: 4, M: torch.asarray(values)}, torch, sizes=(4, 4))
    assert numpy.allclose(got.numpy(), evaluate_array(attention, {n: 4, M: values}, sizes=(4, 4)), atol=1e-14)


# ---------------------------------------------------------------- random terms


def scalar_entry(i):
    return TABLE[int(i) % len(TABLE)]


def array_entry(i):
    return numpy.asarray(TABLE)[numpy.asarray(i) % len(TABLE)]


@settings(max_examples=120, deadline=None)
@given(terms("R", 4))
def test_folds_agree_on_random_terms(term):
    try:
        exact = evaluate(term, tables(scalar_entry), MP(50))
        double = evaluate(term, tables(scalar_entry), FLOAT)
    except Undefined:
        assume(False)
    assume(abs(exact) < 1e12)
    assume(abs(double - exact) < 1e-9 * (1 + abs(exact)))  # else the term magnifies its rounding errors
    with numpy.errstate(all="ignore"):
        array = evaluate_array(term, tables(array_entry))
    assert abs(float(array) - exact) < 1e-6 * (1 + abs(exact))


@settings(max_examples=100, deadline=None)
@given(terms("R", 4, free=False))
def test_values_lie_in_the_balls_of_the_checker(term):
    try:
        value = evaluate(term, {}, MP(50))
    except Undefined:
        assume(False)
    assume(abs(value) < 1e12)
    ball = balls.evaluate(term)
    with mpmath.workdps(50):
        middle, radius = mpmath.mpf(ball.mid().str(60, radius=False)), mpmath.mpf(str(float(ball.rad())))
        assert abs(value - middle) <= radius + mpmath.mpf(10) ** -40 * (1 + abs(value))


@settings(max_examples=80, deadline=None)
@given(terms("P", 4))
def test_random_propositions_are_decided(proposition):
    try:
        assert evaluate(proposition, tables(scalar_entry), MP(30)) in (True, False)
    except Undefined:
        assume(False)


def test_defined_constants_are_unfolded():
    assert evaluate(half_turn(x), {x: 1}) == math.pi / 2 - 1
    assert evaluate(mean(3, a), {a: A}) == 33 / 4


def test_a_sum_shared_by_many_terms_is_evaluated_once():
    calls = []
    f = lambda i: calls.append(i) or 1.0  # noqa: E731
    shared = total(4, lambda i: a(i))
    evaluate(total(10, lambda i: const("sin", shared) * x + i), {a: f, x: 1})
    assert calls == [0, 1, 2, 3]


def test_sympy_is_not_imported():
    code = "import sys, symcheck.numerics; assert 'sympy' not in sys.modules, 'sympy'"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert numerics.__doc__
