"""The axioms: everything that is assumed and not proved. Trusted; each has a reference and a numerical test.

Additivity, scaling, exchange, splitting, pairing, extensionality and monotonicity of sums, and Taylor's
theorem, are not here: certificates prove them from these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from ..terms import Term, const, defined, eq, exists, forall, implies, lam, le, lt, negation, var


@dataclass(frozen=True, slots=True)
class Axiom:
    """``hyps |- concl`` with schematic free variables, and where it is found in the literature."""

    hyps: tuple[Term, ...]
    concl: Term
    reference: str


i, j, k, m, n, h = (var(s, "N") for s in "ijkmnh")
t, u, v, x, y = (var(s) for s in "tuvxy")
a, b, f = (var(s, ("N", "R")) for s in "abf")
s, fN = var("s", ("N", "N")), var("f", ("N", "N"))
g, g1, w = (var(s_, ("R", "R")) for s_ in ("g", "g1", "w"))
p, q, r = (var(s_, "P") for s_ in "pqr")
on_naturals, on_reals = var("p", ("N", "P")), var("p", ("R", "P"))
cos, sin, exp, log, sqrt, absolute, pi = (
    lambda *z, name=name: const(name, *z) for name in ("cos", "sin", "exp", "log", "sqrt", "abs", "pi"))
either, both, deriv, total = (lambda *z, name=name: const(name, *z) for name in ("or", "and", "has_deriv", "sum"))
#: s maps {0 .. n-1} into itself and is injective there: a permutation of the first n indices.
perm = defined("perm", ["N", ("N", "N")], lambda n, s: both(
    forall("N", lambda i: implies(lt(i, n), lt(s(i), n))),
    forall(["N", "N"], lambda i, j: implies(lt(i, n), lt(j, n), eq(s(i), s(j)), eq(i, j)))), "P")  # fmt: skip

LOGIC, PEANO, FIELD = "Church 1940, simple theory of types", "Peano 1889; Landau 1930, ch. 1", "Rudin 1976, 1.12-1.18"
SUMS, TRIG, POWERS = "Knuth, TAOCP 1, 1.2.3", "DLMF 4.21, 4.14", "Rudin 1976, 8.6"
CASES, DERIV, INTEGRAL = "definition by cases", "Rudin 1976, 5.3-5.5 and 8.6-8.7", "Rudin 1976, 6.20"


def within(p: Callable[[Term], Term]) -> Term:
    """For all t of the closed interval from 0 to 1."""
    return forall("R", lambda t: implies(le(0, t), le(t, 1), p(t)))


def _ax(reference: str, *sequent: Term) -> Axiom:
    return Axiom(sequent[:-1], sequent[-1], reference)


AXIOMS: dict[str, Axiom] = {
    "and_intro": _ax(LOGIC, p, q, both(p, q)),
    "and_left": _ax(LOGIC, both(p, q), p),
    "and_right": _ax(LOGIC, both(p, q), q),
    "or_left": _ax(LOGIC, p, either(p, q)),
    "or_right": _ax(LOGIC, q, either(p, q)),
    "or_elim": _ax(LOGIC, either(p, q), implies(p, r), implies(q, r), r),
    "false_elim": _ax(LOGIC, const("false"), p),
    "excluded_middle": _ax(LOGIC, either(p, negation(p))),
    "exists_intro": _ax(LOGIC, on_reals(x), exists("R", on_reals)),
    "exists_elim": _ax(LOGIC, exists("R", on_reals), forall("R", lambda x: implies(on_reals(x), q)), q),
    "exists_intro_N": _ax(LOGIC, on_naturals(n), exists("N", on_naturals)),
    "exists_elim_N": _ax(LOGIC, exists("N", on_naturals), forall("N", lambda n: implies(on_naturals(n), q)), q),
    "induction": _ax(PEANO, on_naturals(0), forall("N", lambda n: implies(on_naturals(n), on_naturals(n + 1))),
                     on_naturals(n)),
    "nat_nonneg": _ax(PEANO, le(0, n)),
    "nat_less_or_not": _ax(PEANO, either(lt(m, n), lt(n, m + 1))),
    "nat_antisymmetry": _ax(PEANO, lt(m, n + 1), lt(n, m + 1), eq(m, n)),
    "nat_difference": _ax(PEANO, lt(m, n + 1), exists("N", lambda k: eq(n, m + k))),
    "nat_zero_or_successor": _ax(PEANO, either(eq(n, 0), exists("N", lambda k: eq(n, k + 1)))),
    "nat_embedding": _ax(PEANO, const("eq", m, n), eq(m, n)),
    "nat_order": _ax(PEANO, const("lt", m, n), lt(m, n)),
    "parity": _ax(PEANO, either(exists("N", lambda i: eq(n, 2 * i)), exists("N", lambda i: eq(n, 2 * i + 1)))),
    "trichotomy": _ax(FIELD, either(lt(x, y), le(y, x))),
    "le_antisymmetry": _ax(FIELD, le(x, y), le(y, x), eq(x, y)),
    "inverse": _ax(FIELD, negation(eq(x, 0)), eq(x * const("inv", x), 1)),
    "inverse_positive": _ax(FIELD, lt(0, x), lt(0, const("inv", x))),
    "power_zero": _ax(FIELD, eq(x**0, 1)),
    "power_successor": _ax(FIELD, eq(x ** (n + 1), x * x**n)),
    "square_root": _ax(FIELD, le(0, x), eq(sqrt(x) * sqrt(x), x)),
    "square_root_nonneg": _ax(FIELD, le(0, x), le(0, sqrt(x))),
    "abs_nonneg": _ax(FIELD, le(0, x), eq(absolute(x), x)),
    "abs_nonpos": _ax(FIELD, le(x, 0), eq(absolute(x), -x)),
    "sum_zero": _ax(SUMS, eq(total(0, f), 0)),
    "sum_successor": _ax(SUMS, eq(total(n + 1, f), total(n, f) + f(n))),
    "sum_permutation": _ax(SUMS, perm(n, s), eq(total(n, lam("N", lambda i: f(s(i)))), total(n, f))),
    "cos_add": _ax(TRIG, eq(cos(x + y), cos(x) * cos(y) - sin(x) * sin(y))),
    "sin_add": _ax(TRIG, eq(sin(x + y), sin(x) * cos(y) + cos(x) * sin(y))),
    "pythagoras": _ax(TRIG, eq(cos(x) * cos(x) + sin(x) * sin(x), 1)),
    "cos_zero": _ax(TRIG, eq(cos(0), 1)),
    "sin_zero": _ax(TRIG, eq(sin(0), 0)),
    "cos_even": _ax(TRIG, eq(cos(-x), cos(x))),
    "sin_odd": _ax(TRIG, eq(sin(-x), -sin(x))),
    "cos_pi_half": _ax(TRIG, eq(cos(pi() * Fraction(1, 2)), 0)),
    "sin_pi_half": _ax(TRIG, eq(sin(pi() * Fraction(1, 2)), 1)),
    "exp_add": _ax(POWERS, eq(exp(x + y), exp(x) * exp(y))),
    "exp_zero": _ax(POWERS, eq(exp(0), 1)),
    "exp_positive": _ax(POWERS, lt(0, exp(x))),
    "exp_increasing": _ax(POWERS, lt(x, y), lt(exp(x), exp(y))),
    "exp_log": _ax(POWERS, lt(0, x), eq(exp(log(x)), x)),
    "log_exp": _ax(POWERS, eq(log(exp(x)), x)),
    "delta_same": _ax("Kronecker 1868", eq(const("delta", i, i), 1)),
    "delta_other": _ax("Kronecker 1868", negation(eq(i, j)), eq(const("delta", i, j), 0)),
    "weave_even": _ax(CASES, eq(const("weave", a, b, 2 * i), a(i))),
    "weave_odd": _ax(CASES, eq(const("weave", a, b, 2 * i + 1), b(i))),
    "stack_low": _ax(CASES, lt(i, h), eq(const("stack", h, a, b, i), a(i))),
    "stack_high": _ax(CASES, eq(const("stack", h, a, b, h + i), b(i))),
    "case_zero": _ax(CASES, eq(const("case", 0, x, f), x)),
    "case_successor": _ax(CASES, eq(const("case", n + 1, x, f), f(n))),
    "caseN_zero": _ax(CASES, eq(const("caseN", 0, k, fN), k)),
    "caseN_successor": _ax(CASES, eq(const("caseN", n + 1, k, fN), fN(n))),
    "deriv_constant": _ax(DERIV, deriv(lam("R", lambda _: x), t, 0)),
    "deriv_identity": _ax(DERIV, deriv(lam("R", lambda t: t), t, 1)),
    "deriv_add": _ax(DERIV, deriv(g, t, u), deriv(w, t, v), deriv(lam("R", lambda t: g(t) + w(t)), t, u + v)),
    "deriv_mul": _ax(DERIV, deriv(g, t, u), deriv(w, t, v),
                     deriv(lam("R", lambda t: g(t) * w(t)), t, u * w(t) + g(t) * v)),
    "deriv_sin": _ax(DERIV, deriv(g, t, u), deriv(lam("R", lambda t: sin(g(t))), t, cos(g(t)) * u)),
    "deriv_cos": _ax(DERIV, deriv(g, t, u), deriv(lam("R", lambda t: cos(g(t))), t, -(sin(g(t)) * u))),
    "deriv_exp": _ax(DERIV, deriv(g, t, u), deriv(lam("R", lambda t: exp(g(t))), t, exp(g(t)) * u)),
    "deriv_extensional": _ax(DERIV, deriv(g, t, u), forall("R", lambda t: eq(g(t), w(t))), deriv(w, t, u)),
    "deriv_unique": _ax(DERIV, deriv(g, t, u), deriv(g, t, v), eq(u, v)),
    "deriv_chain": _ax(DERIV, deriv(g, w(t), u), deriv(w, t, v), deriv(lam("R", lambda t: g(w(t))), t, u * v)),
    "deriv_inverse": _ax(DERIV, negation(eq(t, 0)), deriv(const("inv"), t, -(const("inv", t) * const("inv", t)))),
    "deriv_Ci": _ax("DLMF 6.2.11", lt(0, t), deriv(const("Ci"), t, cos(t) * const("inv", t))),
    "rolle": _ax("Rolle 1691; Rudin 1976, 5.10", within(lambda t: deriv(g, t, g1(t))), eq(g(0), g(1)),
                 exists("R", lambda t: both(lt(0, t), both(lt(t, 1), eq(g1(t), 0))))),
    "intermediate_value": _ax("Bolzano 1817; Rudin 1976, 4.23", within(lambda t: deriv(g, t, g1(t))), lt(0, g(0)),
                              lt(g(1), 0), exists("R", lambda t: both(lt(0, t), both(lt(t, 1), eq(g(t), 0))))),
    "integral_empty": _ax(INTEGRAL, eq(const("integral", g, x, x), 0)),
    "integral_derivative": _ax(INTEGRAL, forall("R", lambda t: exists("R", lambda u: deriv(g, t, u))),
                               deriv(lam("R", lambda t: const("integral", g, x, t)), t, g(t))),
}  # fmt: skip
