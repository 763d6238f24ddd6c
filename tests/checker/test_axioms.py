"""Every axiom holds at random instances, and the same test catches wrong versions of it.

Each instance counts only where all hypotheses hold. A wrong axiom is the likeliest unsoundness: no mutation
of a statement and no replay sees it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import mpmath
import pytest

from checker import analysis_axioms
from checker.model import DIGITS, Model
from symcheck.checker.axioms import (
    AXIOMS,
    Axiom,
    absolute,
    both,
    cos,
    deriv,
    either,
    exp,
    log,
    perm,
    pi,
    sin,
    sqrt,
    total,
)
from symcheck.terms import Term, arguments, const, eq, exists, forall, implies, lam, le, lt, negation, var

WANTED, TRIES = 50, 4_000
HALVES = [mpmath.mpf(k) / 2 for k in range(-6, 7)]


@pytest.fixture(autouse=True)
def digits():
    with mpmath.workdps(DIGITS):
        yield


# ---------------------------------------------------------------- instances


def smooth(rng: random.Random) -> tuple[Callable, Callable]:
    """A differentiable function and its derivative."""
    a, b, c = (mpmath.mpf(rng.randint(-3, 3)) / 2 for _ in range(3))
    return rng.choice(
        [
            (lambda t: a, lambda t: mpmath.mpf(0)),
            (lambda t: t, lambda t: mpmath.mpf(1)),
            (lambda t: a + b * t + c * t * t, lambda t: b + 2 * c * t),
            (lambda t: mpmath.sin(a * t + b), lambda t: a * mpmath.cos(a * t + b)),
            (lambda t: c * mpmath.exp(t / 2), lambda t: c / 2 * mpmath.exp(t / 2)),
            (lambda t: t * mpmath.cos(t), lambda t: mpmath.cos(t) - t * mpmath.sin(t)),
        ]
    )


def value(t: Any, rng: random.Random) -> Any:
    """A random value of a type; values meet each other and the special points often."""
    if t == "N":
        return rng.randint(0, 4)
    if t == "R":
        return rng.choice(HALVES)
    if t == "P":
        return rng.random() < 0.5
    if t == ("R", "R"):
        return smooth(rng)[0]
    if t == ("N", "P"):
        k, bits = rng.randint(0, 4), [rng.random() < 0.7 for _ in range(5)]
        return rng.choice(
            [
                lambda n: True,
                lambda n: n >= k,
                lambda n: n < k,
                lambda n: n % 2 == k % 2,
                lambda n: bits[n % 5],
            ]
        )
    if t == ("R", "P"):
        c = rng.choice(HALVES)
        return rng.choice(
            [lambda x: True, lambda x: False, lambda x: x > c, lambda x: x <= c, lambda x: x == c]
        )
    if t == ("N", "N"):
        order = rng.sample(range(5), 5) if rng.random() < 0.7 else [rng.randint(0, 4) for _ in range(5)]
        return lambda i: order[i] if i < 5 else i
    assert t == ("N", "R"), t
    table = [rng.choice(HALVES) for _ in range(7)]
    return lambda i: table[i % 7]


def permuting(values: dict, reals: list, rng: random.Random) -> None:
    n = values["n"]
    order = rng.sample(range(n), n)
    if rng.random() < 0.8:
        values["s"] = lambda i: order[i] if i < n else values["m"](i)
    values.setdefault("m", lambda i: i)


def differentiable(values: dict, reals: list, rng: random.Random) -> None:
    for name, slope in (("g", "u"), ("w", "v")):
        f, f1 = smooth(rng)
        values.update({name: f, slope: f1(values["t"])})
    if rng.random() < 0.3:
        values["v"] = values["u"]


def same_functions(values: dict, reals: list, rng: random.Random) -> None:
    differentiable(values, reals, rng)
    g = values["g"]
    values["w"] = lambda t: g(t) + 0 * t


def between_zero_and_one(values: dict, reals: list, rng: random.Random) -> None:
    """g(0) = g(1) by construction; the sample gets a zero of g' in (0, 1), found by bisection."""
    f, f1 = smooth(rng)
    lift = f(mpmath.mpf(0)) - f(mpmath.mpf(1)) if rng.random() < 0.8 else mpmath.mpf(1)
    values["g"], values["g1"] = lambda t: f(t) + lift * t, lambda t: f1(t) + lift
    if rng.random() < 0.2:
        values["g1"] = f1
    grid = [mpmath.mpf(k) / 16 for k in range(1, 16)]
    slopes = [f1(t) + lift for t in grid]
    for k in range(len(grid)):
        if abs(slopes[k]) < mpmath.mpf(10) ** -30:
            reals.append(grid[k])
        elif k and slopes[k - 1] * slopes[k] < 0:
            reals.append(mpmath.findroot(lambda t: f1(t) + lift, (grid[k - 1], grid[k]), solver="anderson"))
    del reals[:-6]


SPECIAL: dict[str, Callable[[dict, list, random.Random], None]] = {
    "sum_permutation": permuting,
    "rolle": between_zero_and_one,
    "deriv_extensional": same_functions,
    **dict.fromkeys(
        (
            "deriv_add",
            "deriv_mul",
            "deriv_sin",
            "deriv_cos",
            "deriv_exp",
            "deriv_unique",
            "deriv_identity",
            "deriv_constant",
        ),
        differentiable,
    ),
    **analysis_axioms.SPECIAL,
}


def instance(name: str, ax: Axiom, rng: random.Random) -> Model:
    """Values for the axiom's variables, made so that its hypotheses hold often."""
    free = ax.concl.free.union(*(h.free for h in ax.hyps))
    values = {v.name: value(v.type, rng) for v in sorted(free, key=lambda v: (v.name, repr(v.type)))}
    reals = [*HALVES[::3], *(values[v.name] for v in free if v.type == "R")]
    values.setdefault("t", rng.choice(HALVES))
    if name in SPECIAL:
        SPECIAL[name](values, reals, rng)
    reals += [x for x in (values["t"],) if x not in reals]
    return Model(values, reals)


def counterexample(name: str, ax: Axiom, wanted: int = WANTED) -> tuple[int, Model | None]:
    """How many instances satisfied the hypotheses, and the first where the conclusion then failed."""
    rng, met = random.Random(name), 0
    for _ in range(TRIES):
        model = instance(name, ax, rng)
        if all(model(h) for h in ax.hyps):
            met += 1
            if not model(ax.concl):
                return met, model
            if met >= wanted:
                break
    return met, None


@pytest.mark.parametrize("name", AXIOMS)
def test_axiom_holds_at_random_instances(name):
    ax = AXIOMS[name]
    closed = not ax.concl.free and not ax.hyps
    if name == "false_elim":  # nothing satisfies its hypothesis
        assert counterexample(name, ax) == (0, None)
        return
    met, failed = counterexample(name, ax)
    assert failed is None, failed.values
    assert met >= (1 if closed else WANTED)


@pytest.mark.parametrize("name", AXIOMS)
def test_axiom_is_well_formed(name):
    ax = AXIOMS[name]
    assert all(p.type == "P" and not p.loose for p in (*ax.hyps, ax.concl))
    assert ax.reference


# ---------------------------------------------------------------- wrong versions

i, j, k, m, n, h = (var(s, "N") for s in "ijkmnh")
t, u, v, x, y = (var(s) for s in "tuvxy")
a, b, f = (var(s, ("N", "R")) for s in "abf")
s, fN = var("s", ("N", "N")), var("f", ("N", "N"))
g, g1, w = (var(z, ("R", "R")) for z in ("g", "g1", "w"))
p, q, r = (var(z, "P") for z in "pqr")
on_naturals, on_reals = var("p", ("N", "P")), var("p", ("R", "P"))


def wrong(*sequent: Term) -> Axiom:
    return Axiom(sequent[:-1], sequent[-1], "wrong")


def inside(z: Term) -> Term:
    """0 < z < 1."""
    return both(lt(0, z), lt(z, 1))


def step(body: Callable[[Term], Term]) -> Term:
    return forall("N", body)


def function(z: Callable[[Term], Term]) -> Term:
    return lam("R", z)


WRONG: dict[str, list[Axiom]] = {
    "and_intro": [wrong(p, both(p, q))],
    "and_left": [wrong(either(p, q), p), wrong(both(p, q), negation(p))],
    "and_right": [wrong(either(p, q), q)],
    "or_left": [wrong(p, both(p, q)), wrong(either(p, q))],
    "or_right": [wrong(q, both(p, q)), wrong(p, q)],
    "or_elim": [wrong(either(p, q), implies(p, r), r), wrong(implies(p, r), implies(q, r), r)],
    "false_elim": [wrong(negation(const("false")), p)],
    "excluded_middle": [wrong(both(p, negation(p))), wrong(either(p, p))],
    "exists_intro": [wrong(exists("R", on_reals)), wrong(on_reals(x), forall("R", on_reals))],
    "exists_elim": [
        wrong(exists("R", on_reals), q),
        wrong(forall("R", lambda x: implies(on_reals(x), q)), q),
    ],
    "exists_intro_N": [
        wrong(exists("N", lambda n: negation(on_naturals(n)))),
        wrong(on_naturals(n), forall("N", on_naturals)),
    ],
    "exists_elim_N": [
        wrong(exists("N", on_naturals), q),
        wrong(exists("N", on_naturals), exists("N", lambda n: implies(on_naturals(n), q)), q),
    ],
    "induction": [
        wrong(step(lambda n: implies(on_naturals(n), on_naturals(n + 1))), on_naturals(n)),
        wrong(on_naturals(0), on_naturals(n)),
        wrong(on_naturals(1), step(lambda n: implies(on_naturals(n), on_naturals(n + 1))), on_naturals(n)),
        wrong(on_naturals(0), step(lambda n: implies(on_naturals(n + 1), on_naturals(n))), on_naturals(n)),
    ],
    "nat_nonneg": [wrong(const("lt", 0, n)), wrong(le(n, 0))],
    "nat_less_or_not": [wrong(either(lt(m, n), lt(n, m))), wrong(either(lt(m, n), lt(m, n + 1)))],
    "nat_antisymmetry": [wrong(lt(m, n + 1), eq(m, n)), wrong(lt(m, n + 1), lt(n, m + 2), eq(m, n))],
    "nat_difference": [
        wrong(exists("N", lambda k: eq(n, m + k))),
        wrong(lt(m, n + 1), exists("N", lambda k: eq(n, m + k + 1))),
    ],
    "nat_zero_or_successor": [
        wrong(exists("N", lambda k: eq(n, k + 1))),
        wrong(either(eq(n, 0), exists("N", lambda k: eq(n, k + 2)))),
    ],
    "nat_embedding": [wrong(const("le", m, n), eq(m, n))],
    "nat_order": [wrong(const("le", m, n), lt(m, n)), wrong(const("lt", m, n), lt(n, m))],
    "parity": [
        wrong(either(exists("N", lambda i: eq(n, 2 * i)), exists("N", lambda i: eq(n, 3 * i)))),
        wrong(exists("N", lambda i: eq(n, 2 * i))),
    ],
    "trichotomy": [wrong(either(lt(x, y), lt(y, x))), wrong(either(lt(x, y), le(x, y)))],
    "le_antisymmetry": [wrong(le(x, y), eq(x, y))],
    "inverse": [wrong(eq(x * const("inv", x), 1)), wrong(negation(eq(x, 0)), eq(const("inv", x), x))],
    "inverse_positive": [wrong(le(0, x), lt(0, const("inv", x))), wrong(lt(0, const("inv", x)))],
    "power_zero": [wrong(eq(x**0, 0)), wrong(eq(x**0, x))],
    "power_successor": [wrong(eq(x ** (n + 1), x**n)), wrong(eq(x ** (n + 2), x * x**n))],
    "square_root": [wrong(eq(sqrt(x) * sqrt(x), x)), wrong(le(0, x), eq(sqrt(x), x))],
    "square_root_nonneg": [wrong(le(0, x), lt(0, sqrt(x))), wrong(le(0, x), le(sqrt(x), 0))],
    "abs_nonneg": [wrong(eq(absolute(x), x)), wrong(le(0, x), eq(absolute(x), -x))],
    "abs_nonpos": [wrong(eq(absolute(x), -x)), wrong(le(x, 0), eq(absolute(x), x))],
    "sum_zero": [wrong(eq(total(1, f), 0)), wrong(eq(total(0, f), f(0)))],
    "sum_successor": [
        wrong(eq(total(n + 1, f), total(n, f) + f(n + 1))),
        wrong(eq(total(n + 1, f), total(n, f) - f(n))),
        wrong(eq(total(n, f), total(n + 1, f) + f(n))),
    ],
    "sum_permutation": [
        wrong(eq(total(n, lam("N", lambda i: f(s(i)))), total(n, f))),
        wrong(
            forall("N", lambda i: implies(lt(i, n), lt(s(i), n))),
            eq(total(n, lam("N", lambda i: f(s(i)))), total(n, f)),
        ),
        wrong(perm(n, s), eq(total(n + 1, lam("N", lambda i: f(s(i)))), total(n + 1, f))),
    ],
    "cos_add": [
        wrong(eq(cos(x + y), cos(x) * cos(y) + sin(x) * sin(y))),
        wrong(eq(cos(x + y), cos(x) * sin(y) - sin(x) * cos(y))),
    ],
    "sin_add": [
        wrong(eq(sin(x + y), sin(x) * cos(y) - cos(x) * sin(y))),
        wrong(eq(sin(x + y), sin(x) * sin(y) + cos(x) * cos(y))),
    ],
    "pythagoras": [wrong(eq(cos(x) * cos(x) - sin(x) * sin(x), 1)), wrong(eq(cos(x) + sin(x), 1))],
    "cos_zero": [wrong(eq(cos(0), 0))],
    "sin_zero": [wrong(eq(sin(0), 1))],
    "cos_even": [wrong(eq(cos(-x), -cos(x)))],
    "sin_odd": [wrong(eq(sin(-x), sin(x)))],
    "cos_pi_half": [wrong(eq(cos(pi()), 0)), wrong(eq(cos(pi() / 2), 1))],
    "sin_pi_half": [wrong(eq(sin(pi()), 1)), wrong(eq(sin(pi() / 2), -1))],
    "exp_add": [wrong(eq(exp(x + y), exp(x) + exp(y))), wrong(eq(exp(x - y), exp(x) * exp(y)))],
    "exp_zero": [wrong(eq(exp(0), 0))],
    "exp_positive": [wrong(lt(1, exp(x))), wrong(lt(exp(x), 0))],
    "exp_increasing": [wrong(lt(y, x), lt(exp(x), exp(y))), wrong(le(x, y), lt(exp(x), exp(y)))],
    "exp_log": [wrong(eq(exp(log(x)), x)), wrong(le(0, x), eq(exp(log(x)), x))],
    "log_exp": [wrong(eq(log(exp(x)), -x)), wrong(eq(log(x), exp(x)))],
    "delta_same": [wrong(eq(const("delta", i, i), 0)), wrong(eq(const("delta", i, j), 1))],
    "delta_other": [
        wrong(eq(const("delta", i, j), 0)),
        wrong(negation(eq(i, j)), eq(const("delta", i, j), 1)),
    ],
    "weave_even": [wrong(eq(const("weave", a, b, 2 * i), b(i))), wrong(eq(const("weave", a, b, i), a(i)))],
    "weave_odd": [
        wrong(eq(const("weave", a, b, 2 * i + 1), a(i))),
        wrong(eq(const("weave", a, b, 2 * i + 1), b(i + 1))),
    ],
    "stack_low": [
        wrong(lt(i, h + 1), eq(const("stack", h, a, b, i), a(i))),
        wrong(eq(const("stack", h, a, b, i), a(i))),
    ],
    "stack_high": [
        wrong(eq(const("stack", h, a, b, h + i), b(h + i))),
        wrong(eq(const("stack", h, a, b, i), b(i))),
    ],
    "case_zero": [wrong(eq(const("case", 0, x, f), f(0))), wrong(eq(const("case", 1, x, f), x))],
    "case_successor": [
        wrong(eq(const("case", n + 1, x, f), f(n + 1))),
        wrong(eq(const("case", n, x, f), f(n))),
    ],
    "caseN_zero": [wrong(eq(const("caseN", 0, k, fN), fN(0)))],
    "caseN_successor": [
        wrong(eq(const("caseN", n + 1, k, fN), fN(n + 1))),
        wrong(eq(const("caseN", n + 1, k, fN), k)),
    ],
    "deriv_constant": [wrong(deriv(function(lambda _: x), t, 1)), wrong(deriv(function(lambda _: x), t, x))],
    "deriv_identity": [wrong(deriv(function(lambda t: t), t, 0)), wrong(deriv(function(lambda t: t), t, t))],
    "deriv_add": [
        wrong(deriv(g, t, u), deriv(w, t, v), deriv(function(lambda t: g(t) + w(t)), t, u - v)),
        wrong(deriv(g, t, u), deriv(function(lambda t: g(t) + w(t)), t, u)),
    ],
    "deriv_mul": [
        wrong(deriv(g, t, u), deriv(w, t, v), deriv(function(lambda t: g(t) * w(t)), t, u * v)),
        wrong(deriv(g, t, u), deriv(w, t, v), deriv(function(lambda t: g(t) * w(t)), t, u * w(t) - g(t) * v)),
    ],
    "deriv_sin": [
        wrong(deriv(g, t, u), deriv(function(lambda t: sin(g(t))), t, cos(g(t)))),
        wrong(deriv(g, t, u), deriv(function(lambda t: sin(g(t))), t, -cos(g(t)) * u)),
    ],
    "deriv_cos": [wrong(deriv(g, t, u), deriv(function(lambda t: cos(g(t))), t, sin(g(t)) * u))],
    "deriv_exp": [
        wrong(deriv(g, t, u), deriv(function(lambda t: exp(g(t))), t, exp(g(t)))),
        wrong(deriv(g, t, u), deriv(function(lambda t: exp(g(t))), t, exp(t) * u)),
    ],
    "deriv_extensional": [
        wrong(deriv(g, t, u), forall("R", lambda t: eq(g(t), w(t))), deriv(w, t, -u)),
        wrong(forall("R", lambda t: eq(g(t), w(t))), deriv(w, t, v)),
    ],
    "deriv_unique": [wrong(deriv(g, t, u), deriv(w, t, v), eq(u, v)), wrong(deriv(g, t, u), eq(u, v))],
    "rolle": [
        wrong(
            forall("R", lambda t: deriv(g, t, g1(t))), exists("R", lambda t: both(inside(t), eq(g1(t), 0)))
        ),
        wrong(eq(g(0), g(1)), exists("R", lambda t: both(inside(t), eq(g1(t), 0)))),
        wrong(
            forall("R", lambda t: deriv(g, t, g1(t))),
            eq(g(0), g(1)),
            exists("R", lambda t: both(inside(t), eq(g(t), 0))),
        ),
    ],
    **analysis_axioms.WRONG,
}


def test_every_axiom_has_wrong_versions():
    assert set(WRONG) == set(AXIOMS)
    assert all(WRONG.values())


@pytest.mark.parametrize(
    ("name", "number"), [(name, k) for name, every in WRONG.items() for k in range(len(every))]
)
def test_wrong_version_is_caught(name, number):
    met, failed = counterexample(name, WRONG[name][number], wanted=400)
    assert failed is not None, f"not caught in {met} instances"


def test_every_type_of_the_axioms_has_values():
    types = {v.type for ax in AXIOMS.values() for p in (*ax.hyps, ax.concl) for v in p.free}
    for t in types:
        assert callable(value(t, random.Random(0))) == bool(arguments(t))
