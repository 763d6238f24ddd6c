"""Binary floating-point formats: which positions they hold, and what rounding does to angles and scores.

Source: Higham, Accuracy and Stability of Numerical Algorithms (2002), chapters 2 and 3; IEEE 754-2019, 4.3;
Jeannerod and Rump, Math. Comp. 87 (2018) 803-819. A format of p bits is here the set of all m 2^e with a natural
m < 2^p, a sign, and any integer e: the theorems are about numbers inside the exponent range, where a format
agrees with that set. An integer power of two is written as a quotient of two natural ones.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from derivations.blocks import woven
from derivations.complex_plane import root_of_zero
from derivations.decay import between, mean_value_of, on_interval
from derivations.rope import rope, rotated_pair
from derivations.sinusoidal import absolute_le, cos, sin
from derivations.vectors import dot, entry
from symcheck.claims import theorem
from symcheck.prove.lemmas import SEQUENCE, sum_add, sum_pairs, sum_scale, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.render.notation import RELATION, register
from symcheck.terms import (
    Term,
    apply,
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
    unfold,
    var,
)  # fmt: skip

HIGHAM = "Higham 2002, Accuracy and Stability of Numerical Algorithms"
IEEE = "IEEE 754-2019, 4.3.1"
JEANNEROD = "Jeannerod and Rump 2018, Math. Comp. 87, 803-819"
ONE, ZERO = number(1), number(0, "N")
UNIT = Fraction(1)


def absolute(x: Term) -> Term:
    return const("abs", x)


def two(n: Term | int) -> Term:
    """2^n."""
    return const("pow", number(2), n)


def both(*ps: Term) -> Term:
    out = ps[-1]
    for q in reversed(ps[:-1]):
        out = const("and", q, out)
    return out


#: x is a number of the format of p bits: |x| = m 2^(l - k) with m < 2^p.
held = defined("held", ["N", "R"], lambda p, x: exists(["N", "N", "N"], lambda m, k, l: both(
    lt(m, two(p)), eq(absolute(x) * two(k), m * two(l)))), "P")  # fmt: skip
#: y is a number of the format of p bits, and none is nearer to x.
nearest = defined("nearest", ["N", "R", "R"], lambda p, x, y: both(held(p, y), forall("R", lambda z: implies(
    held(p, z), le(absolute(y - x), absolute(z - x))))), "P")  # fmt: skip
#: y is a number of the format with an even significand.
even = defined("even_significand", ["N", "R"], lambda p, y: exists(["N", "N", "N"], lambda m, k, l: both(
    lt(2 * m, two(p)), eq(absolute(y) * two(k), 2 * m * two(l)))), "P")  # fmt: skip
#: y is x rounded to nearest, ties to even: where another number is as near, the significand of y is even.
rounded = defined("rounded", ["N", "R", "R"], lambda p, x, y: both(nearest(p, x, y), forall("R", lambda z: implies(
    nearest(p, x, z), const("or", eq(z, y), even(p, y))))), "P")  # fmt: skip
#: |x| lies between two consecutive powers of two, as every number but 0 does.
in_binade = defined("in_binade", ["R"], lambda x: exists(["N", "N"], lambda k, l: both(
    le(two(l), absolute(x) * two(k)), le(absolute(x) * two(k), two(l + 1)))), "P")  # fmt: skip
#: The length of a vector of n components.
norm = defined("norm", ["N", SEQUENCE], lambda n, x: const("sqrt", dot(n, x, x)))

register("held", tex=r"<1> \in \mathbb{F}_{<0>}", text="<1> ∈ F_<0:atom>", precedence=RELATION, parameters=("p", "x"))
register("nearest", tex=r"<2> \in \operatorname{nearest}_{<0>}(<1>)", text="<2> ∈ nearest_<0:atom>(<1>)",
         precedence=RELATION, parameters=("p", "x", "y"))  # fmt: skip
register("even_significand", tex=r"<1> \in \mathbb{F}_{<0>}^{\mathrm{even}}", text="<1> ∈ F_<0:atom>^even",
         precedence=RELATION, parameters=("p", "y"))  # fmt: skip
register("rounded", tex=r"<2> = \operatorname{fl}_{<0>}(<1>)", text="<2> = fl_<0:atom>(<1>)", precedence=RELATION,
         parameters=("p", "x", "y"))  # fmt: skip
register("in_binade", tex=r"<0> \in \mathbb{B}", text="<0> ∈ B", precedence=RELATION, parameters=("x",))
register("norm", tex=r"\lVert <1> \rVert", text="‖<1>‖", parameters=("dim", "x"))

x, y, z, m, u, a, b, c, e = (var(s) for s in ("x", "y", "z", "m", "u", "a", "b", "c", "e"))
p, n, j, k, l, h, i = (var(s, "N") for s in ("p", "n", "j", "k", "l", "h", "i"))
fl = var("fl", ("R", "R"))
some_bits, two_bits = lt(ZERO, p), lt(number(1, "N"), p)
corner = two(p) + 1


# Powers of two and floors ---------------------------------------------------------------------------------
def power_sum(p: Proof, first: Term, second: Term) -> Line:
    """``2^(a + b) = 2^a 2^b``."""
    def prove(p: Proof) -> Line:
        def step(n: Term, hypothesis: Line) -> Line:
            more = p.axiom("power_successor", x=2, n=k + n)
            more = p.convert(more, eq(two(k + (n + 1)), more.rhs))
            return p.ring(eq(two(k + (n + 1)), two(k) * two(n + 1)), more, hypothesis,
                          p.axiom("power_successor", x=2, n=n))  # fmt: skip

        start = p.convert(p.refl(two(k)), eq(two(k + ZERO), two(k)))
        base = p.ring(eq(two(k + ZERO), two(k) * two(ZERO)), start, p.axiom("power_zero", x=2))
        return p.induction(lambda n: eq(two(k + n), two(k) * two(n)), base, step)

    return p.at(p.lemma("2^(k+n) = 2^k 2^n", prove), k=first, n=second)


def at_least_one(p: Proof, of: Term) -> Line:
    """``1 <= 2^n``."""
    def prove(p: Proof) -> Line:
        base = p.pos(le(1, two(ZERO)), p.axiom("power_zero", x=2))
        return p.induction(lambda n: le(1, two(n)), base, lambda n, hypothesis: p.pos(
            le(1, two(n + 1)), hypothesis, p.axiom("power_successor", x=2, n=n)))  # fmt: skip

    return p.at(p.lemma("1 <= 2^n", prove), n=of)


def positive_power(p: Proof, of: Term) -> Line:
    """``0 < 2^n``."""
    return p.pos(lt(0, two(of)), at_least_one(p, of))


def as_natural(p: Proof, of: Term, use: Callable[[Term, Line], Line], name: str = "q") -> Line:
    """What follows from ``2^n = q`` with a natural q."""
    def prove(p: Proof) -> Line:
        def some(n: Term) -> Term:
            return exists("N", lambda q: eq(two(n), const("real", q)))

        base = p.witness(some(ZERO), 1, p.axiom("power_zero", x=2))

        def step(n: Term, hypothesis: Line) -> Line:
            return p.obtain(hypothesis, lambda q, line: p.witness(some(n + 1), 2 * q, p.ring(
                eq(two(n + 1), 2 * q), line, p.axiom("power_successor", x=2, n=n))), name="q")  # fmt: skip

        return p.induction(some, base, step)

    return p.obtain(p.at(p.lemma("2^n is a natural number", prove), n=of), use, name=name)


def successor(p: Proof, n: Term) -> Line:
    """``2^(n + 1) = 2 2^n``."""
    return p.axiom("power_successor", x=2, n=n)


def floor(p: Proof) -> Line:
    """``0 <= x -> x < n b -> exists j < n. j b <= x < (j + 1) b``."""
    def found(n: Term) -> Term:
        return exists("N", lambda j: both(lt(j, n), le(j * b, x), lt(x, (j + 1) * b)))

    def prove(p: Proof) -> Line:
        nonneg = p.assume(le(0, x))

        def property_(n: Term) -> Term:
            return implies(lt(x, n * b), found(n))

        none = p.assume(lt(x, ZERO * b))
        base = p.discharge(p.axiom("false_elim", p.pos(false(), none, nonneg), p=found(ZERO)), none.concl)

        def step(n: Term, hypothesis: Line) -> Line:
            below = p.assume(lt(x, (n + 1) * b))

            def earlier(less: Line) -> Line:
                def use(j: Term, line: Line) -> Line:
                    first, *rest = p.parts(line)
                    return p.witness(found(n + 1), j, p.both(p.less(lt(j, n + 1), first), *rest))

                return p.obtain(p.mp(hypothesis, less), use, name="j")

            def here(more: Line) -> Line:
                return p.witness(found(n + 1), n, p.both(p.less(lt(n, n + 1)), more, below))

            return p.discharge(p.cases(p.axiom("trichotomy", x=x, y=n * b), earlier, here), below.concl)

        return p.discharge(p.induction(property_, base, step), nonneg.concl)

    return p.lemma("a number below n b lies between two multiples of b", prove)


def product(p: Proof, left: Line, right: Line, goal: Term, *equations: Line) -> Line:
    """A goal whose gap is the product of the gaps of two inequalities, modulo equations with constant cofactors."""
    if not equations:
        return p.rule("pos", goal, [left, right], [(UNIT, [0, 1], ONE)], [], [])
    return p.pos(goal, left, right, *equations, degree=2)


def inverse_of(p: Proof, positive: Line) -> tuple[Line, Line]:
    """``x (1/x) = 1`` and ``0 < 1/x`` from 0 < x."""
    value = positive.rhs
    zero = p.assume(eq(value, 0))
    nonzero = p.discharge(p.pos(false(), positive, zero), zero.concl)
    return p.axiom("inverse", nonzero, x=value), p.axiom("inverse_positive", positive, x=value)


def predecessor(p: Proof, n: Term, use: Callable[[Term, Line], Line], zero: Callable[[Line], Line]) -> Line:
    """By cases: n = 0, or n = s + 1."""
    return p.cases(p.axiom("nat_zero_or_successor", n=n), zero, lambda some: p.obtain(some, use, name="s"))


def positive_predecessor(p: Proof, positive: Line, goal: Term, use: Callable[[Term, Line], Line]) -> Line:
    """The goal from n = s + 1, where 0 < n."""
    return predecessor(p, positive.rhs, use, lambda zero: p.axiom(
        "false_elim", p.pos(false(), positive, zero), p=goal))  # fmt: skip


# Numbers of a format --------------------------------------------------------------------------------------
def introduce(p: Proof, goal: Term, values: tuple[Term, ...], *parts: Line) -> Line:
    """A defined proposition that says that there are values with these properties."""
    name = goal.head.name  # type: ignore[union-attr]
    levels = [unfold(goal, [name])]
    for value in values:
        levels.append(apply(levels[-1].args[0], [value]))
    line = p.convert(p.both(*parts), levels[-1])
    for value, level in zip(reversed(values), reversed(levels[:-1]), strict=True):
        line = p.witness(level, value, line)
    return p.convert(line, goal, name)


def eliminate(p: Proof, line: Line, names: str, use: Callable[..., Line]) -> Line:
    """What follows from the values that a defined proposition says there are, and from their properties."""
    opened = p.convert(line, unfold(line.concl, [line.concl.head.name]), line.concl.head.name)  # type: ignore[union-attr]
    rest = names.split()

    def deeper(found: tuple[Term, ...], line: Line) -> Line:
        if len(found) == len(rest):
            return use(*found, *p.parts(line))
        return p.obtain(line, lambda v, inner: deeper((*found, v), inner), name=rest[len(found)])

    return deeper((), opened)


def size_of(p: Proof, nonneg: Line) -> Line:
    """``|x| = x`` from 0 <= x."""
    return p.axiom("abs_nonneg", nonneg, x=nonneg.rhs)


@theorem("formats.grid", Statement((some_bits, eq(absolute(y) * two(k), n * two(l)), le(n, two(p))), held(p, y)),
         "A format of p bits holds n 2^e for every natural n up to 2^p", references=(HIGHAM + ", section 2.1",),
         instance=lambda p: [p.ball(lt(ZERO, number(1, "N"))), p.ring(
             eq(absolute(number(1)) * two(ZERO), number(1, "N") * two(ZERO)), size_of(p, p.pos(le(number(0), ONE)))),
             p.pos(le(number(1, "N"), two(number(1, "N"))))])  # fmt: skip
def grid(q: Proof, goal: Statement) -> Line:
    bits, equation, small = (q.assume(g) for g in goal.hyps)

    def below(less: Line) -> Line:
        return introduce(q, goal.concl, (n, k, l), less, equation)

    def top(more: Line) -> Line:  # n = 2^p is 1 * 2^p
        same = q.axiom("le_antisymmetry", small, more, x=n, y=two(p))

        def use(s: Term, line: Line) -> Line:
            value = q.rewrite(q.symm(line), successor(q, s), lambda v: eq(two(v), 2 * two(s)))
            one = number(1, "N")
            less = q.pos(lt(one, two(p)), value, at_least_one(q, s))
            power = power_sum(q, p, l)
            return introduce(q, goal.concl, (one, k, p + l), less, q.ring(
                eq(absolute(y) * two(k), one * two(p + l)), equation, same, power))  # fmt: skip

        return positive_predecessor(q, bits, goal.concl, use)

    return q.cases(q.axiom("trichotomy", x=n, y=two(p)), below, top)


@theorem("formats.integers", Statement((some_bits, le(n, two(p))), both(held(p, const("real", n)), held(p, -n))),
         "A format of p bits holds every integer from -2^p to 2^p", references=(HIGHAM + ", section 2.1", IEEE),
         instance=lambda p: [p.ball(lt(ZERO, number(1, "N"))), p.pos(le(number(2, "N"), two(number(1, "N"))))])  # fmt: skip
def integers(q: Proof, goal: Statement) -> Line:
    bits, small = (q.assume(g) for g in goal.hyps)
    nonneg, unit = q.axiom("nat_nonneg", n=n), q.axiom("power_zero", x=2)
    sizes = size_of(q, nonneg), q.axiom("abs_nonpos", q.pos(le(-n, 0), nonneg), x=-n)
    return q.both(*(q.theorem("formats.grid", bits, q.ring(eq(absolute(v) * two(ZERO), n * two(ZERO)), size, unit), small,
                              p=p, y=v, k=ZERO, n=n, l=ZERO)
                    for v, size in zip((const("real", n), -n), sizes, strict=True)))  # fmt: skip


@theorem("formats.spacing", Statement((held(p, x), lt(two(p + j), x)), le(two(p + j) + two(j + 1), x), (p.head, j.head)),
         "Above 2^(p+j) the numbers of a format of p bits are at least 2^(j+1) apart",
         references=(HIGHAM + ", section 2.1",), instance=lambda p: spaced(p))  # fmt: skip
def spacing(q: Proof, goal: Statement) -> Line:
    known, above = (q.assume(g) for g in goal.hyps)
    lowest = power_sum(q, p, j)
    step = two(j + 1)

    def use(w: Term, k: Term, l: Term, small: Line, equation: Line) -> Line:
        size = size_of(q, q.pos(le(0, x), above, at_least_one(q, p + j)))
        powers = [positive_power(q, v) for v in (p, k, l)]

        def coarse(line: Line) -> Line:  # l <= k + j: then x <= w 2^j < 2^(p+j)
            def gap(d: Term, difference: Line) -> Line:
                whole = q.rewrite(difference, power_sum(q, k, j), lambda v: eq(two(v), two(k) * two(j)))
                more = q.trans(q.symm(whole), power_sum(q, l, d))  # 2^k 2^j = 2^l 2^d
                P, K, L = two(p), two(k), two(l)
                left = product(q, above, powers[1], lt(two(p + j) * K, x * K))
                right = product(q, small, powers[2], lt(w * L, P * L))
                over = q.rule("pos", le(P * L, P * L * two(d)), [powers[0], powers[2], at_least_one(q, d)],
                              [(UNIT, [0, 1, 2], ONE)], [], [])  # fmt: skip
                # 2^p 2^j 2^k < x 2^k = w 2^l < 2^p 2^l <= 2^p 2^l 2^d
                bad = q.rule("pos", false(), [left, right, over], [(UNIT, [i], ONE) for i in range(3)],
                             [equation, size, lowest, more], [-ONE, K, K, P])  # fmt: skip
                return q.axiom("false_elim", bad, p=goal.concl)

            return q.obtain(q.axiom("nat_difference", q.less(lt(l, k + j + 1), line), m=l, n=k + j), gap, name="d")

        def fine(line: Line) -> Line:  # l = (k + (j + 1)) + d: x is a multiple of 2^(j+1)
            def multiple(d: Term, difference: Line) -> Line:
                whole = q.rewrite(difference, q.refl(two(l)), lambda v: eq(two(l), two(v)))
                parts = [power_sum(q, k + (j + 1), d), power_sum(q, k, j + 1)]
                unit, _ = inverse_of(q, powers[1])
                scaled = q.ring(eq(x * two(k), w * two(d) * step * two(k)), q.symm(equation), size, whole, *parts)
                value = q.ring(eq(x, w * two(d) * step), scaled, unit)

                def natural(r: Term, power: Line) -> Line:
                    count = q.ring(eq(x, w * r * step), value, power)

                    def none(zero: Line) -> Line:  # p = 0: w < 1, hence x = 0
                        flat = q.rewrite(zero, small, lambda v: lt(w, two(v)))
                        less = q.axiom("nat_order", q.pos(const("lt", w, number(1, "N")), flat, q.axiom(
                            "power_zero", x=2)), m=w, n=1)  # fmt: skip
                        empty = q.axiom("le_antisymmetry", q.pos(le(w, 0), less), q.axiom("nat_nonneg", n=w), x=w, y=0)
                        bad = q.pos(false(), q.ring(eq(x, 0), count, empty), above, at_least_one(q, p + j))
                        return q.axiom("false_elim", bad, p=goal.concl)

                    def some(s: Term, successor_: Line) -> Line:
                        def whole_bound(t: Term, bound: Line) -> Line:  # 2^(p+j) = t 2^(j+1), t < w r
                            top = q.rewrite(q.symm(successor_), successor(q, s), lambda v: eq(two(v), 2 * two(s)))
                            low = q.ring(eq(two(p + j), t * step), lowest, top, successor(q, j), bound)
                            rise = q.pos(lt(0, step), at_least_one(q, j + 1))

                            def no(line: Line) -> Line:
                                over = product(q, line, q.pos(le(0, step), rise), le(w * r * step, t * step))
                                return q.axiom("false_elim", q.pos(false(), over, above, low, count),
                                               p=lt(const("real", t), w * r))  # fmt: skip

                            less = q.cases(q.axiom("trichotomy", x=t, y=w * r), lambda line: line, no)
                            order = q.axiom("nat_order", q.convert(less, const("lt", t, w * r)), m=t, n=w * r)
                            return q.rule("pos", goal.concl, [order, rise], [(UNIT, [0, 1], ONE)], [low, count],
                                          [-ONE, ONE])  # fmt: skip

                        return as_natural(q, s, whole_bound, name="t")

                    return predecessor(q, p, some, none)

                return as_natural(q, d, natural, name="r")

            return q.obtain(q.axiom("nat_difference", q.less(lt(k + (j + 1), l + 1), line), m=k + (j + 1), n=l),
                            multiple, name="d")  # fmt: skip

        return q.cases(q.axiom("nat_less_or_not", m=l, n=k + (j + 1)), coarse, fine)

    return eliminate(q, known, "w k l", use)


def whole_number(p: Proof, bits: int, value: int) -> Line:
    """An instance: a format holds a number up to 2^p."""
    line = p.theorem("formats.integers", p.ball(lt(ZERO, number(bits, "N"))),
                     p.pos(le(number(value, "N"), two(number(bits, "N")))), p=bits, n=value)  # fmt: skip
    return p.convert(p.parts(line)[0], held(bits, value))


def spaced(p: Proof) -> list[Line]:
    """An instance: with one bit, 2 < 4."""
    four = p.theorem("formats.grid", p.ball(lt(ZERO, number(1, "N"))), p.ring(
        eq(absolute(number(4)) * two(ZERO), number(2, "N") * two(number(1, "N"))),
        size_of(p, p.pos(le(number(0), number(4))))), p.pos(le(number(2, "N"), two(number(1, "N")))),
        p=1, y=4, k=ZERO, n=2, l=1)  # fmt: skip
    return [four, p.pos(lt(two(number(1, "N") + ZERO), number(4)))]


@theorem("formats.first_gap", Statement((), negation(held(p, corner))),
         "A format of p bits does not hold 2^p + 1", references=(HIGHAM + ", section 2.1",))  # fmt: skip
def first_gap(q: Proof, goal: Statement) -> Line:
    known = q.assume(held(p, corner))
    power = q.convert(q.refl(two(p)), eq(two(p + ZERO), two(p)))
    far = q.theorem("formats.spacing", known, q.pos(lt(two(p + ZERO), corner), power), p=p, j=ZERO, x=corner)
    step = q.convert(q.refl(number(2)), eq(two(ZERO + 1), 2))
    return q.discharge(q.pos(false(), far, power, step), known.concl)


# Rounding to nearest --------------------------------------------------------------------------------------
def conjuncts(p: Proof, line: Line) -> list[Line]:
    """The two conjuncts of ``nearest`` or ``rounded``: what holds of the number, and how it compares with others."""
    name = line.concl.head.name  # type: ignore[union-attr]
    line = p.convert(line, unfold(line.concl, [name]), name)
    left, right = line.concl.args
    return [p.axiom("and_left", line, p=left, q=right), p.axiom("and_right", line, p=left, q=right)]


def is_nearest(p: Proof, goal: Term, held_: Line, compare: Callable[[Term, Line], Line]) -> Line:
    """``y in nearest_p(x)`` where ``compare(z, z in F_p)`` proves |y - x| <= |z - x|."""
    other = p.assume(held(goal.args[0], z))
    every = p.generalise(p.discharge(compare(z, other), other.concl), z)
    return p.convert(p.both(held_, every), goal, "nearest")


def is_rounded(p: Proof, goal: Term, nearest_: Line, compare: Callable[[Term, Line], Line]) -> Line:
    """``y = fl_p(x)`` where ``compare(z, z in nearest_p(x))`` proves that z = y or y is even."""
    other = p.assume(nearest(*goal.args[:2], z))
    every = p.generalise(p.discharge(compare(z, other), other.concl), z)
    return p.convert(p.both(nearest_, every), goal, "rounded")


def absolute_nonneg(p: Proof, value: Term) -> Line:
    """``0 <= |x|``."""
    goal = le(0, absolute(value))
    return p.cases(p.axiom("trichotomy", x=value, y=number(0)),
                   lambda less: p.pos(goal, less, p.axiom("abs_nonpos", p.pos(le(value, 0), less), x=value)),
                   lambda more: p.pos(goal, more, p.axiom("abs_nonneg", more, x=value)))  # fmt: skip


def no_distance(p: Proof, value: Term) -> Line:
    """``|x - x| = 0``."""
    return p.axiom("abs_nonneg", p.pos(le(0, value - value)), x=value - value)


@theorem("formats.exact", Statement((held(p, x),), both(rounded(p, x, x), implies(nearest(p, x, y), eq(y, x)))),
         "What a format holds is rounded to itself", references=(HIGHAM + ", section 2.2",),
         instance=lambda p: [whole_number(p, 1, 1)])  # fmt: skip
def exact(q: Proof, goal: Statement) -> Line:
    known = q.assume(goal.hyps[0])
    none = no_distance(q, x)

    def itself(z: Term) -> Line:  # from z in nearest_p(x)
        _, best = conjuncts(q, q.assume(nearest(p, x, z)))
        low, high = between(q, q.pos(le(absolute(z - x), 0), q.mp(q.specialise(best, x), known), none))
        return q.axiom("le_antisymmetry", q.pos(le(z, x), high), q.pos(le(x, z), low), x=z, y=x)

    first = is_nearest(q, nearest(p, x, x), known, lambda z, _: q.pos(
        le(absolute(x - x), absolute(z - x)), none, absolute_nonneg(q, z - x)))  # fmt: skip
    left = is_rounded(q, rounded(p, x, x), first, lambda z, _: q.axiom(
        "or_left", itself(z), p=eq(z, x), q=even(p, x)))  # fmt: skip
    return q.both(left, q.discharge(itself(y), nearest(p, x, y)))


@theorem("formats.distinct", Statement(
    (some_bits, le(n, two(p)), le(k, two(p)), nearest(p, n, y), nearest(p, k, y)), eq(n, k)),
         "No two positions up to 2^p share a code of p bits", references=(HIGHAM + ", section 2.1",),
         instance=lambda p: [p.ball(lt(ZERO, number(1, "N"))), *[p.pos(le(number(1, "N"), two(number(1, "N"))))] * 2,
                             *[one_itself(p)] * 2])  # fmt: skip
def distinct(q: Proof, goal: Statement) -> Line:
    bits, *small, first, second = (q.assume(g) for g in goal.hyps)
    values = []
    for number_, size, line in zip((n, k), small, (first, second), strict=True):
        here = q.parts(q.theorem("formats.integers", bits, size, p=p, n=number_))[0]
        at = q.theorem("formats.exact", here, p=p, x=const("real", number_), y=y)
        alone = q.axiom("and_right", at, p=at.concl.args[0], q=at.concl.args[1])
        values.append(q.mp(alone, line))
    return q.axiom("nat_embedding", q.ring(const("eq", n, k), *values), m=n, n=k)


def one_itself(p: Proof) -> Line:
    """An instance: with one bit, 1 is nearest to 1."""
    at = p.theorem("formats.exact", whole_number(p, 1, 1), p=1, x=1, y=1)
    return conjuncts(p, p.axiom("and_left", at, p=at.concl.args[0], q=at.concl.args[1]))[0]


def beside_corner(p: Proof, here: Line, goal: Term, low: Callable[[Line], Line], high: Callable[[Line], Line]) -> Line:
    """The goal from z <= 2^p and from 2^p + 2 <= z, where the format holds z."""
    value = here.concl.args[1]
    bits = here.concl.args[0]

    def above(less: Line) -> Line:
        power = p.convert(p.refl(two(bits)), eq(two(bits + ZERO), two(bits)))
        far = p.theorem("formats.spacing", here, p.pos(lt(two(bits + ZERO), value), less, power), p=bits, j=ZERO, x=value)
        step = p.convert(p.refl(number(2)), eq(two(ZERO + 1), 2))
        return high(p.pos(le(two(bits) + 2, value), far, power, step))

    return p.convert(p.cases(p.axiom("trichotomy", x=two(bits), y=value), above, low), goal)


TIE = both(nearest(p, corner, two(p)), nearest(p, corner, two(p) + 2),
           implies(nearest(p, corner, y), const("or", eq(y, two(p)), eq(y, two(p) + 2))))  # fmt: skip


@theorem("formats.tie", Statement((some_bits,), TIE),
         "2^p + 1 is rounded to nearest: to 2^p or to 2^p + 2, which are as near as each other",
         references=(HIGHAM + ", section 2.1",), instance=lambda p: [p.ball(lt(ZERO, number(1, "N")))])  # fmt: skip
def tie(q: Proof, goal: Statement) -> Line:
    bits = q.assume(goal.hyps[0])
    low, high = two(p), two(p) + 2
    one = at_least_one(q, p)
    low_held = q.theorem("formats.grid", bits, q.ring(
        eq(absolute(low) * two(ZERO), number(1, "N") * two(p)), size_of(q, q.pos(le(0, low), one)),
        q.axiom("power_zero", x=2)), q.pos(le(number(1, "N"), two(p)), one), p=p, y=low, k=ZERO, n=1, l=p)  # fmt: skip

    def use(s: Term, line: Line) -> Line:  # p = s + 1: 2^p + 2 = (2^s + 1) 2
        power = q.rewrite(q.symm(line), successor(q, s), lambda v: eq(two(v), 2 * two(s)))

        def natural(t: Term, same: Line) -> Line:
            unit, step = q.axiom("power_zero", x=2), q.convert(q.refl(number(2)), eq(two(number(1, "N")), 2))
            return q.theorem("formats.grid", bits, q.ring(
                eq(absolute(high) * two(ZERO), (t + 1) * two(number(1, "N"))), size_of(q, q.pos(le(0, high), one)),
                unit, step, power, same), q.pos(le(t + 1, two(p)), power, same, at_least_one(q, s)),
                p=p, y=high, k=ZERO, n=t + 1, l=1)  # fmt: skip

        return as_natural(q, s, natural, name="t")

    high_held = positive_predecessor(q, bits, held(p, high), use)
    left = q.axiom("abs_nonpos", q.pos(le(low - corner, 0)), x=low - corner)
    right = q.axiom("abs_nonneg", q.pos(le(0, high - corner)), x=high - corner)

    def nearest_to(value: Term, here: Line, size: Line) -> Line:
        def compare(z: Term, other: Line) -> Line:
            part = le(absolute(value - corner), absolute(z - corner))
            return beside_corner(q, other, part, lambda less: q.pos(part, size, less, q.axiom(
                "abs_nonpos", q.pos(le(z - corner, 0), less), x=z - corner)), lambda more: q.pos(
                part, size, more, q.axiom("abs_nonneg", q.pos(le(0, z - corner), more), x=z - corner)))  # fmt: skip

        return is_nearest(q, nearest(p, corner, value), here, compare)

    known = q.assume(nearest(p, corner, y))
    here, best = conjuncts(q, known)
    near = q.mp(q.specialise(best, low), low_held)
    under, over = between(q, q.pos(le(absolute(y - corner), 1), near, left))
    either = const("or", eq(y, low), eq(y, high))
    which = beside_corner(
        q, here, either,
        lambda less: q.axiom("or_left", q.axiom("le_antisymmetry", less, q.pos(le(low, y), under), x=y, y=low),
                             p=eq(y, low), q=eq(y, high)),
        lambda more: q.axiom("or_right", q.axiom("le_antisymmetry", q.pos(le(y, high), over), more, x=y, y=high),
                             p=eq(y, low), q=eq(y, high)))  # fmt: skip
    return q.both(nearest_to(low, low_held, left), nearest_to(high, high_held, right), q.discharge(which, known.concl))


@theorem("formats.ties_to_even", Statement((two_bits,), both(
    rounded(p, corner, two(p)), implies(rounded(p, corner, y), eq(y, two(p))))),
    "Ties to even: 2^p + 1 is rounded to 2^p, and to nothing else", references=(IEEE, HIGHAM + ", section 2.1"),
    instance=lambda p: [p.ball(lt(number(1, "N"), number(2, "N")))])  # fmt: skip
def ties_to_even(q: Proof, goal: Statement) -> Line:
    bits = q.assume(goal.hyps[0])
    low, high = two(p), two(p) + 2
    some = q.theorem("formats.tie", q.pos(some_bits, bits), p=p, y=y)
    at_low, rest = (q.axiom(name, some, p=some.concl.args[0], q=some.concl.args[1]) for name in ("and_left", "and_right"))
    either = q.axiom("and_right", rest, p=rest.concl.args[0], q=rest.concl.args[1])

    def with_half(use: Callable[[Term, Line], Line], wanted: Term) -> Line:
        """``use(s, 2^p = 4 2^s)`` where p = s + 2."""
        def one_less(r: Term, line: Line) -> Line:
            def two_less(s: Term, inner: Line) -> Line:
                power = q.rewrite(q.symm(line), successor(q, r), lambda v: eq(two(v), 2 * two(r)))
                half = q.rewrite(q.symm(inner), successor(q, s), lambda v: eq(two(v), 2 * two(s)))
                return use(s, q.ring(eq(two(p), 4 * two(s)), power, half))

            return positive_predecessor(q, q.pos(lt(ZERO, r), bits, line), wanted, two_less)

        return positive_predecessor(q, q.pos(some_bits, bits), wanted, one_less)

    def even_low(s: Term, power: Line) -> Line:  # 2^p = (2 * 1) 2^(s + 1)
        one = number(1, "N")
        return introduce(q, even(p, low), (one, ZERO, s + 1), q.pos(lt(2 * one, two(p)), power, at_least_one(q, s)), q.ring(
            eq(absolute(low) * two(ZERO), 2 * one * two(s + 1)), size_of(q, q.pos(le(0, low), at_least_one(q, p))),
            q.axiom("power_zero", x=2), successor(q, s), power))  # fmt: skip

    is_even = with_half(even_low, even(p, low))
    first = is_rounded(q, rounded(p, corner, low), at_low, lambda z, _: q.axiom(
        "or_right", is_even, p=eq(z, low), q=even(p, low)))  # fmt: skip

    def odd_high(line: Line) -> Line:  # the significand of 2^p + 2 is odd: 2 w 2^e = 2 (2 t + 1) is false for w < 2 t
        def use(s: Term, power: Line) -> Line:
            def natural(t: Term, same: Line) -> Line:
                def parts(w: Term, k: Term, l: Term, small: Line, equation: Line) -> Line:
                    size = size_of(q, q.pos(le(0, high), at_least_one(q, p)))
                    value = q.ring(eq((2 * t + 1) * two(k), w * two(l)), equation, size, power, same)
                    less = q.pos(lt(w * 1, const("real", 2 * t)), small, power, same)

                    def coarse(order: Line) -> Line:  # l <= k
                        def gap(d: Term, difference: Line) -> Line:
                            whole = q.rewrite(difference, q.refl(two(k)), lambda v: eq(two(k), two(v)))
                            unit, _ = inverse_of(q, positive_power(q, l))
                            scaled = q.ring(eq(w * two(l), (2 * t + 1) * two(d) * two(l)), q.symm(value), whole,
                                            power_sum(q, l, d))  # fmt: skip
                            count = q.ring(eq(w * 1, (2 * t + 1) * two(d)), scaled, unit)
                            more = product(q, q.pos(le(0, 2 * t + 1), q.axiom("nat_nonneg", n=t)), at_least_one(q, d),
                                           le(2 * t + 1, (2 * t + 1) * two(d)))  # fmt: skip
                            return q.pos(false(), less, count, more)

                        return q.obtain(q.axiom("nat_difference", order, m=l, n=k), gap, name="d")

                    def fine(order: Line) -> Line:  # l = (k + 1) + d: 2 t + 1 would be even
                        def gap(d: Term, difference: Line) -> Line:
                            whole = q.rewrite(difference, q.refl(two(l)), lambda v: eq(two(l), two(v)))
                            unit, _ = inverse_of(q, positive_power(q, k))
                            scaled = q.ring(eq((2 * t + 1) * two(k), 2 * w * two(d) * two(k)), value, whole,
                                            power_sum(q, k + 1, d), successor(q, k))  # fmt: skip
                            count = q.ring(eq(2 * t + 1, 2 * w * two(d)), scaled, unit)

                            def power_of(r: Term, line: Line) -> Line:
                                equal = q.ring(const("eq", 2 * t + 1, 2 * (w * r)), count, line)
                                return q.cases(q.axiom("nat_less_or_not", m=t, n=w * r),
                                               lambda line: q.pos(false(), line, equal),
                                               lambda line: q.pos(false(), line, equal))  # fmt: skip

                            return as_natural(q, d, power_of, name="r")

                        return q.obtain(q.axiom("nat_difference", q.less(lt(k + 1, l + 1), order), m=k + 1, n=l), gap,
                                        name="d")  # fmt: skip

                    return q.cases(q.axiom("nat_less_or_not", m=k, n=l), fine, coarse)

                return eliminate(q, line, "w k l", parts)

            return as_natural(q, s, natural, name="t")

        return with_half(use, false())

    known = q.assume(rounded(p, corner, y))
    near, others = conjuncts(q, known)

    def upper(line: Line) -> Line:  # y = 2^p + 2: 2^p is as near, and y is odd
        split = q.mp(q.specialise(others, low), at_low)
        bad = q.cases(split, lambda same: q.pos(false(), q.ring(eq(low, high), same, line)),
                      lambda even_: odd_high(q.rewrite(line, even_, lambda v: even(p, v))))  # fmt: skip
        return q.axiom("false_elim", bad, p=eq(y, low))

    alone = q.cases(q.mp(either, near), lambda line: line, upper)
    return q.both(first, q.discharge(alone, known.concl))


COLLISION = Statement((two_bits, rounded(p, two(p), x), rounded(p, corner, y)), eq(x, y))


def one_for_two(p: Proof) -> list[Line]:
    """An instance: with two bits, 4 and 5 are both rounded to 4."""
    bits = p.ball(lt(number(1, "N"), number(2, "N")))
    return [bits, *(p.convert(line, rounded(2, at, 4)) for at, line in ((4, rounded_corner(p, 2)), (5, rounded_next(p, 2))))]


def rounded_corner(p: Proof, bits: int) -> Line:
    """``fl_p(2^p) = 2^p`` for a number p."""
    at = p.theorem("formats.exact", whole_number(p, bits, 2**bits), p=bits, x=2**bits)
    return p.axiom("and_left", at, p=at.concl.args[0], q=at.concl.args[1])


def rounded_next(p: Proof, bits: int) -> Line:
    """``fl_p(2^p + 1) = 2^p`` for a number p."""
    at = p.theorem("formats.ties_to_even", p.ball(lt(number(1, "N"), number(bits, "N"))), p=bits)
    return p.axiom("and_left", at, p=at.concl.args[0], q=at.concl.args[1])


@theorem("formats.collision", COLLISION, "The positions 2^p and 2^p + 1 share a code: both are rounded to 2^p",
         references=(IEEE, HIGHAM + ", section 2.1"), instance=one_for_two)  # fmt: skip
def collision(q: Proof, goal: Statement) -> Line:
    bits, first, second = (q.assume(g) for g in goal.hyps)
    at = q.theorem("formats.ties_to_even", bits, p=p, y=y)
    right = q.mp(q.axiom("and_right", at, p=at.concl.args[0], q=at.concl.args[1]), second)
    near, _ = conjuncts(q, q.axiom("and_left", at, p=at.concl.args[0], q=at.concl.args[1]))
    here, _ = conjuncts(q, near)
    exact_ = q.theorem("formats.exact", here, p=p, x=two(p), y=x)
    left = q.mp(q.axiom("and_right", exact_, p=exact_.concl.args[0], q=exact_.concl.args[1]), conjuncts(q, first)[0])
    return q.trans(left, q.symm(right))


def shared_code(name: str, bits: int, title: str) -> None:
    """The first two positions that share a code, for one format."""
    top = 2**bits

    def prove(q: Proof, goal: Statement) -> Line:
        at = q.theorem("formats.ties_to_even", q.ball(lt(number(1, "N"), number(bits, "N"))), p=bits)
        there = q.axiom("and_left", at, p=at.concl.args[0], q=at.concl.args[1])
        return q.both(q.convert(rounded_corner(q, bits), goal.concl.args[0]), q.convert(there, goal.concl.args[1]))

    theorem(f"formats.{name}", Statement((), both(rounded(bits, top, top), rounded(bits, top + 1, top))), title,
            references=(IEEE,))(prove)  # fmt: skip


shared_code("bfloat16", 8, "bfloat16 (8 bits): positions 256 and 257 share a code")
shared_code("float16", 11, "float16 and TF32 (11 bits): positions 2048 and 2049 share a code")
shared_code("float32", 24, "float32 (24 bits): positions 16777216 and 16777217 share a code")


# How far rounding is off ----------------------------------------------------------------------------------
def signed(p: Proof, value: Term, goal: Term, prove: Callable[[int, Line, Line], Line]) -> Line:
    """The goal from ``prove(sign, 0 <= sign x, |x| = sign x)`` for both signs."""
    def negative(less: Line) -> Line:
        return prove(-1, p.pos(le(0, -value), less), p.axiom("abs_nonpos", p.pos(le(value, 0), less), x=value))

    return p.convert(p.cases(p.axiom("trichotomy", x=value, y=number(0)), negative,
                             lambda more: prove(1, more, p.axiom("abs_nonneg", more, x=value))), goal)  # fmt: skip


def no_farther(q: Proof, best: Line, bits: Line, count: Term, small: Line, sign: int, k: Term, l: Term) -> Line:
    """``|y - x| <= |sign n 2^l / 2^k - x|`` for a natural n <= 2^p, y being nearest to x."""
    p = bits.rhs
    unit, shrunk = inverse_of(q, positive_power(q, k))
    value = sign * (count * two(l) * const("inv", two(k)))
    span = q.rule("pos", le(0, sign * value), [q.axiom("nat_nonneg", n=count), positive_power(q, l), shrunk],
                  [(UNIT, [0, 1, 2], ONE)], [], [])  # fmt: skip
    size = (size_of(q, q.convert(span, le(0, value))) if sign > 0
            else q.axiom("abs_nonpos", q.pos(le(value, 0), span), x=value))  # fmt: skip
    here = q.theorem("formats.grid", bits, q.ring(eq(absolute(value) * two(k), count * two(l)), size, unit), small,
                     p=p, y=value, k=k, n=count, l=l)  # fmt: skip
    return q.mp(q.specialise(best, value), here)


HALF_ULP = Statement((some_bits, nearest(p, x, y), le(absolute(x) * two(k), two(p + l))),
                     le(two(k + 1) * absolute(y - x), two(l)), (p.head, k.head, l.head))  # fmt: skip


def one_is_small(p: Proof) -> list[Line]:
    """An instance: with one bit, 1 is nearest to 1, and 1 <= 2."""
    return [p.ball(lt(ZERO, number(1, "N"))), one_itself(p), p.pos(
        le(absolute(ONE) * two(ZERO), two(number(1, "N") + ZERO)), size_of(p, p.pos(le(0, ONE))))]  # fmt: skip


@theorem("formats.half_ulp", HALF_ULP, "Where |x| <= 2^p g, with g = 2^(l-k), rounding to nearest is off by at most g/2",
         references=(HIGHAM + ", section 2.1",), instance=one_is_small)  # fmt: skip
def half_ulp(q: Proof, goal: Statement) -> Line:
    bits, known, small = (q.assume(g) for g in goal.hyps)
    _, best = conjuncts(q, known)
    unit, shrunk = inverse_of(q, positive_power(q, k))
    grow, step, power = positive_power(q, l), successor(q, k), power_sum(q, p, l)
    ratio, error = const("inv", two(k)), absolute(y - x)

    def with_sign(sign: int, nonneg: Line, size: Line) -> Line:
        size_k = q.ring(eq(absolute(x) * two(k), sign * x * two(k)), size)

        def natural(t: Term, same: Line) -> Line:  # 2^p = t
            def distance(n: Term, less: Line, side: int, line: Line) -> Line:
                """|y - x| <= side (|x| - n 2^l/2^k), from line: 0 <= side (|x| 2^k - n 2^l)."""
                at = no_farther(q, best, bits, n, less, sign, k, l)
                value = at.rhs.args[0]
                positive = q.rule("pos", le(0, -side * sign * value), [line, shrunk], [(UNIT, [0, 1], ONE)], [unit],
                                  [-side * sign * x])  # fmt: skip
                if side * sign < 0:
                    length = size_of(q, q.convert(positive, le(0, value)))
                else:
                    length = q.axiom("abs_nonpos", q.pos(le(value, 0), positive), x=value)
                return q.pos(le(error, side * (sign * x - n * two(l) * ratio)), at, length)

            def inside(line: Line) -> Line:  # |x| 2^k < t 2^l: between two multiples of the spacing
                lifted = q.rule("pos", le(0, sign * x * two(k)), [nonneg, positive_power(q, k)], [(UNIT, [0, 1], ONE)],
                                [], [])  # fmt: skip
                found = q.mp(q.at(floor(q), x=sign * x * two(k), b=two(l), n=t), lifted, line)

                def use(n: Term, line: Line) -> Line:
                    less, low, high = q.parts(line)
                    first = distance(n, q.pos(le(n, two(p)), less, same), 1, q.pos(
                        le(0, sign * x * two(k) - n * two(l)), low))  # fmt: skip
                    second = distance(n + 1, q.pos(le(n + 1, two(p)), less, same), -1, q.pos(
                        le(0, -1 * (sign * x * two(k) - (n + 1) * two(l))), high))  # fmt: skip
                    twice = q.pos(le(2 * error, two(l) * ratio), first, second)
                    return q.rule("pos", goal.concl, [twice, positive_power(q, k)], [(UNIT, [0, 1], ONE)], [step, unit],
                                  [-error, -two(l)])  # fmt: skip

                return q.obtain(found, use, name="n")

            def top(line: Line) -> Line:  # |x| 2^k = t 2^l: a number of the format
                bound = q.ring(eq(two(p + l), t * two(l)), power, same)
                exact_ = q.pos(le(0, -1 * (sign * x * two(k) - t * two(l))), small, size_k, bound)
                at = distance(t, q.pos(le(t, two(p)), same), -1, exact_)
                none = q.rule("pos", le(error, 0), [at, line, shrunk], [(UNIT, [0], ONE), (UNIT, [1, 2], ONE)], [unit],
                              [-sign * x])  # fmt: skip
                return q.rule("pos", goal.concl, [none, positive_power(q, k), grow],
                              [(Fraction(2), [0, 1], ONE), (UNIT, [2], ONE)], [step], [-error])  # fmt: skip

            return q.cases(q.axiom("trichotomy", x=sign * x * two(k), y=t * two(l)), inside, top)

        return as_natural(q, p, natural, name="t")

    return signed(q, x, goal.concl, with_sign)


@theorem("formats.standard_model", Statement((some_bits, in_binade(x), nearest(p, x, y)), le(
    (two(p) + 1) * absolute(y - x), absolute(x))),
    "Rounding to nearest changes a number by at most u/(1 + u) of itself, u = 2^-p",
    references=(HIGHAM + ", theorem 2.2", JEANNEROD),
    instance=lambda p: [p.ball(lt(ZERO, number(1, "N"))), one_in_binade(p), one_itself(p)])  # fmt: skip
def standard_model(q: Proof, goal: Statement) -> Line:
    bits, place, known = (q.assume(g) for g in goal.hyps)
    _, best = conjuncts(q, known)
    error = absolute(y - x)

    def use(k: Term, l: Term, low: Line, high: Line) -> Line:
        unit, shrunk = inverse_of(q, positive_power(q, k))
        ratio = const("inv", two(k))

        def with_bits(s: Term, line: Line) -> Line:  # p = s + 1
            power = q.rewrite(q.symm(line), successor(q, s), lambda v: eq(two(v), 2 * two(s)))
            lifted = product(q, high, positive_power(q, s), le(absolute(x) * two(k) * two(s), two(l + 1) * two(s)))
            top = q.ring(eq(two(p + l), two(l + 1) * two(s)), power_sum(q, p, l), power, successor(q, l))
            scale = q.ring(eq(absolute(x) * two(k + s), absolute(x) * two(k) * two(s)), power_sum(q, k, s))
            spread = q.pos(le(absolute(x) * two(k + s), two(p + l)), lifted, top, scale)
            half = q.theorem("formats.half_ulp", bits, known, spread, p=p, x=x, y=y, k=k + s, l=l)
            wide = q.ring(eq(two(k + s + 1), two(p) * two(k)), successor(q, k + s), power_sum(q, k, s), power)
            wide = q.ring(eq(two(k + s + 1) * error, two(p) * two(k) * error), wide)
            coarse = q.pos(le(two(p) * two(k) * error, two(l)), half, wide)

            def with_sign(sign: int, _: Line, size: Line) -> Line:  # the power of two below |x| is a candidate
                one = number(1, "N")
                at = no_farther(q, best, bits, one, q.pos(le(one, two(p)), at_least_one(q, p)), sign, k, l)
                value = at.rhs.args[0]
                gap = q.rule("pos", le(0, -sign * value), [low, shrunk], [(UNIT, [0, 1], ONE)], [unit, size],
                             [-absolute(x), -ONE])  # fmt: skip
                length = (q.axiom("abs_nonpos", q.pos(le(value, 0), gap), x=value) if sign > 0
                          else size_of(q, q.convert(gap, le(0, value))))
                near = q.pos(le(error, sign * x - two(l) * ratio), at, length)
                return q.rule("pos", goal.concl, [coarse, shrunk, near], [(UNIT, [0, 1], ONE), (UNIT, [2], ONE)],
                              [unit, size], [two(p) * error, ONE])  # fmt: skip

            return signed(q, x, goal.concl, with_sign)

        return positive_predecessor(q, bits, goal.concl, with_bits)

    return eliminate(q, place, "k l", use)


def one_in_binade(p: Proof) -> Line:
    """An instance: 1 lies between two powers of two."""
    size = size_of(p, p.pos(le(0, ONE)))
    return introduce(p, in_binade(1), (ZERO, ZERO), p.pos(le(two(ZERO), absolute(ONE) * two(ZERO)), size),
                     p.pos(le(absolute(ONE) * two(ZERO), two(ZERO + 1)), size))  # fmt: skip


# Angles ---------------------------------------------------------------------------------------------------
def absolute_sum(p: Proof, first: Term, second: Term) -> Line:
    """``|a + b| <= |a| + |b|``."""
    def prove(p: Proof) -> Line:
        bounds = [side for v in (a, b) for side in between(p, p.pos(le(absolute(v), absolute(v))))]
        goal = le(absolute(a + b), absolute(a) + absolute(b))
        return absolute_le(p, goal, p.pos(le(a + b, goal.args[1]), *bounds), p.pos(le(-goal.args[1], a + b), *bounds))

    return p.at(p.lemma("the triangle inequality", prove), a=first, b=second)


def absolute_product(p: Proof, first: Term, second: Term) -> Line:
    """``|a b| = |a| |b|``."""
    def prove(p: Proof) -> Line:
        goal = eq(absolute(a * b), absolute(a) * absolute(b))

        def inner(sign: int, nonneg: Line, size: Line) -> Line:
            def outer(other: int, nonneg2: Line, size2: Line) -> Line:
                span = product(p, nonneg, nonneg2, le(0, sign * other * (a * b)))
                length = (size_of(p, p.convert(span, le(0, a * b))) if sign * other > 0
                          else p.axiom("abs_nonpos", p.pos(le(a * b, 0), span), x=a * b))
                return p.ring(goal, length, size, size2)

            return signed(p, b, goal, outer)

        return signed(p, a, goal, inner)

    return p.at(p.lemma("the absolute value of a product", prove), a=first, b=second)


v, w, d = var("v"), var("w"), var("d")


def product_error(p: Proof, first: Line, second: Line) -> Line:
    """``|a b - x y| <= (u + v + u v) |x y|`` from |a - x| <= u |x| and |b - y| <= v |y|."""
    def prove(p: Proof) -> Line:
        known = [p.assume(le(absolute(a - x), u * absolute(x))), p.assume(le(absolute(b - y), v * absolute(y)))]
        da, db = a - x, b - y
        size = absolute_product(p, x, y)
        one, both_ = absolute_product(p, da, y), absolute_product(p, da, db)
        other = absolute_product(p, x, db)
        lengths = [absolute_nonneg(p, t) for t in (x, y, da, db)]
        whole = p.convert(absolute_sum(p, da * y + x * db, da * db), le(
            absolute(a * b - x * y), absolute(da * y + x * db) + absolute(da * db)))  # fmt: skip
        part = absolute_sum(p, da * y, x * db)
        X, Y = absolute(x), absolute(y)
        left = product(p, known[0], lengths[1], le(absolute(da) * Y, u * X * Y))
        right = product(p, known[1], lengths[0], le(X * absolute(db), v * X * Y))
        # |da| |db| <= u |x| |db| <= u v |x| |y|
        step = product(p, known[0], lengths[3], le(absolute(da) * absolute(db), u * X * absolute(db)))
        nonneg = p.assume(le(0, u))
        last = p.rule("pos", le(u * X * absolute(db), u * v * X * Y), [known[1], lengths[0], nonneg],
                      [(UNIT, [0, 1, 2], ONE)], [], [])  # fmt: skip
        goal = le(absolute(a * b - x * y), (u + v + u * v) * absolute(x * y))
        scaled = p.ring(eq(goal.args[1], (u + v + u * v) * (X * Y)), size)
        line = p.pos(goal, whole, part, left, right, step, last, one, other, both_, scaled)
        return p.discharge(line, *(k.concl for k in known), nonneg.concl)

    (da, bound), (db, bound2) = (line.concl.args for line in (first, second))
    values: dict[str, Any] = {"a": da.args[0].args[0], "b": db.args[0].args[0], "x": bound.args[1].args[0],
                              "y": bound2.args[1].args[0], "u": bound.args[0], "v": bound2.args[0]}  # fmt: skip
    line = p.at(p.lemma("the relative error of a product", prove), **values)
    return p.mp(line, first, second)


def rounding_error(p: Proof, first: Line, second: Line, nonneg: Line) -> Line:
    """``|c - z| <= (u + w + u w) |z|`` from |c - s| <= u |s| and |s - z| <= w |z|."""
    s, value, close = var("s"), var("z"), var("c")

    def prove(p: Proof) -> Line:
        rounded_, near, size = (p.assume(g) for g in (le(absolute(close - s), u * absolute(s)),
                                                      le(absolute(s - value), w * absolute(value)), le(0, u)))  # fmt: skip
        whole = p.convert(absolute_sum(p, close - s, s - value), le(
            absolute(close - value), absolute(close - s) + absolute(s - value)))  # fmt: skip
        grown = p.convert(absolute_sum(p, value, s - value), le(absolute(s), absolute(value) + absolute(s - value)))
        larger = p.pos(le(absolute(s), (1 + w) * absolute(value)), grown, near)
        scaled = product(p, larger, size, le(u * absolute(s), u * (1 + w) * absolute(value)))
        goal = le(absolute(close - value), (u + w + u * w) * absolute(value))
        return p.discharge(p.pos(goal, whole, rounded_, near, scaled), *(k.concl for k in (rounded_, near, size)))

    (gap, bound), (_, bound2) = (line.concl.args for line in (first, second))
    line = p.at(p.lemma("the relative error of a rounded value", prove), c=gap.args[0].args[0], s=bound.args[1].args[0],
                z=bound2.args[1].args[0], u=bound.args[0], w=bound2.args[0])  # fmt: skip
    return p.mp(line, first, second, nonneg)


theta_, position = var("theta"), var("m")


def angle_error(p: Proof, nonneg: Line, frequency: Line, at: Line | None, result: Line) -> Line:
    """``|c - theta m| <= w |theta m|``, where a is the rounded frequency, b the position and c the rounded a b."""
    if at is None:
        none = p.pos(le(absolute(position - position), 0 * absolute(position)), no_distance(p, position))
        at = p.convert(none, le(absolute(position - position), number(0) * absolute(position)))
    inner = p.mp(product_error(p, frequency, at), nonneg)
    return rounding_error(p, result, inner, nonneg)


def close(x: Term, y: Term) -> Term:
    """x is y up to a relative error u."""
    return le(absolute(x - y), u * absolute(y))


ANGLE = Statement((le(0, u), close(fl(theta_), theta_), close(fl(fl(theta_) * position), fl(theta_) * position)), le(
    absolute(fl(fl(theta_) * position) - theta_ * position), (2 * u + u**2) * absolute(theta_ * position)))  # fmt: skip
ANGLE_POSITION = Statement(
    (le(0, u), close(fl(theta_), theta_), close(fl(position), position),
     close(fl(fl(theta_) * fl(position)), fl(theta_) * fl(position))),
    le(absolute(fl(fl(theta_) * fl(position)) - theta_ * position),
       (3 * u + 3 * u**2 + u**3) * absolute(theta_ * position)))  # fmt: skip
MODEL = HIGHAM + ", section 2.2 and lemma 3.1"


def zeros(count: int) -> Callable[[Proof], list[Line]]:
    """An instance: 0 is rounded to 0, with u = 0."""
    def prove(p: Proof) -> list[Line]:
        none = size_of(p, p.pos(le(0, number(0))))
        gap = p.axiom("abs_nonneg", p.pos(le(0, number(0) - number(0))), x=number(0) - number(0))
        line = p.pos(le(absolute(number(0) - number(0)), number(0) * absolute(number(0))), gap, none)
        return [p.pos(le(0, number(0))), *[line] * count]

    return prove


@theorem("formats.angle", ANGLE, "The angle fl(fl(theta) m) is off by at most (2u + u^2) |theta m|", references=(MODEL,),
         instance=zeros(2))  # fmt: skip
def angle(q: Proof, goal: Statement) -> Line:
    nonneg, frequency, result = (q.assume(g) for g in goal.hyps)
    return q.convert(angle_error(q, nonneg, frequency, None, result), goal.concl)


@theorem("formats.angle_position", ANGLE_POSITION,
         "With the position rounded too the angle is off by at most (3u + 3u^2 + u^3) |theta m|", references=(MODEL,),
         instance=zeros(3))  # fmt: skip
def angle_position(q: Proof, goal: Statement) -> Line:
    nonneg, frequency, at, result = (q.assume(g) for g in goal.hyps)
    return q.convert(angle_error(q, nonneg, frequency, at, result), goal.concl)


def closer(x: Term, y: Term) -> Term:
    """x is y up to a relative error u/(1 + u)."""
    return le((1 + u) * absolute(x - y), u * absolute(y))


def sharper(q: Proof, nonneg: Line, known: list[Line], position_rounded: bool) -> Line:
    """The bounds 2u and 3u from those of the theorems before at u/(1 + u)."""
    unit, positive = inverse_of(q, q.pos(lt(0, 1 + u), nonneg))
    small = const("inv", 1 + u)
    ratio = u * small
    least = product(q, nonneg, positive, le(0, ratio))
    lines = []
    for line in known:
        gap, value = line.lhs.args[1], line.rhs.args[1]
        lines.append(q.rule("pos", le(gap, ratio * value), [line, positive], [(UNIT, [0, 1], ONE)], [unit], [gap]))
    frequency, *at, result = lines
    whole = angle_error(q, least, frequency, at[0] if at else None, result)
    error, bound = whole.concl.args
    size = absolute_nonneg(q, bound.args[1].args[0])
    if position_rounded:
        goal = le(error, 3 * u * bound.args[1])
        rest = q.ring(eq(3 * u - 3 * ratio - 3 * ratio * ratio - ratio * ratio * ratio,
                         (2 * u + 3 * u * u) * (ratio * ratio * small)), unit)  # fmt: skip
        terms = [(Fraction(2), [0, 1, 2], ratio), (Fraction(3), [0, 0, 1, 2], ratio)]
    else:
        goal = le(error, 2 * u * bound.args[1])
        rest = q.ring(eq(2 * u - 2 * ratio - ratio * ratio, ratio * ratio + 2 * u * (ratio * ratio)), unit)
        terms = [(UNIT, [2], ratio), (Fraction(2), [0, 2], ratio)]
    return q.rule("pos", goal, [nonneg, positive, size, whole], [*terms, (UNIT, [3], ONE)], [rest], [bound.args[1]])


SHARP = Statement((le(0, u), closer(fl(theta_), theta_), closer(fl(fl(theta_) * position), fl(theta_) * position)), le(
    absolute(fl(fl(theta_) * position) - theta_ * position), 2 * u * absolute(theta_ * position)))  # fmt: skip
SHARP_POSITION = Statement(
    (le(0, u), closer(fl(theta_), theta_), closer(fl(position), position),
     closer(fl(fl(theta_) * fl(position)), fl(theta_) * fl(position))),
    le(absolute(fl(fl(theta_) * fl(position)) - theta_ * position), 3 * u * absolute(theta_ * position)))  # fmt: skip


@theorem("formats.angle_sharp", SHARP,
         "As every rounding is off by at most u/(1 + u), the angle fl(fl(theta) m) is off by at most 2u |theta m|",
         references=(JEANNEROD, MODEL), instance=lambda p: sharp_zeros(p, 2))  # fmt: skip
def angle_sharp(q: Proof, goal: Statement) -> Line:
    nonneg, *known = (q.assume(g) for g in goal.hyps)
    return q.convert(sharper(q, nonneg, known, False), goal.concl)


@theorem("formats.angle_position_sharp", SHARP_POSITION, "With the position rounded too it is off by at most 3u |theta m|",
         references=(JEANNEROD, MODEL), instance=lambda p: sharp_zeros(p, 3))  # fmt: skip
def angle_position_sharp(q: Proof, goal: Statement) -> Line:
    nonneg, *known = (q.assume(g) for g in goal.hyps)
    return q.convert(sharper(q, nonneg, known, True), goal.concl)


def sharp_zeros(p: Proof, count: int) -> list[Line]:
    """An instance: 0 is rounded to 0, with u = 0."""
    nonneg, line, *_ = zeros(1)(p)
    gap, bound = line.concl.args
    return [nonneg, *[p.pos(le((1 + number(0)) * gap, bound), line)] * count]


def closeness(q: Proof, bits: Line, place: Line, known: Line) -> Line:
    """``(1 + u) |y - x| <= u |x|`` with u = 1/2^p, y being x rounded to the nearest number of p bits."""
    format_, value, result = known.concl.args
    line = q.theorem("formats.standard_model", bits, place, known, p=format_, x=value, y=result)
    unit, positive = inverse_of(q, positive_power(q, format_))
    ratio = const("inv", two(format_))
    goal = le((1 + ratio) * absolute(result - value), ratio * absolute(value))
    return q.rule("pos", goal, [line, positive], [(UNIT, [0, 1], ONE)], [unit], [absolute(result - value)])


ANGLE_BITS = Statement((some_bits, in_binade(theta_), nearest(p, theta_, a), in_binade(a * position),
                        nearest(p, a * position, c)), le(
    two(p) * absolute(c - theta_ * position), 2 * absolute(theta_ * position)))  # fmt: skip
ANGLE_POSITION_BITS = Statement(
    (some_bits, in_binade(theta_), nearest(p, theta_, a), in_binade(position), nearest(p, position, b), in_binade(a * b),
     nearest(p, a * b, c)), le(two(p) * absolute(c - theta_ * position), 3 * absolute(theta_ * position)))  # fmt: skip


def of_bits(q: Proof, goal: Statement, position_rounded: bool) -> Line:
    """The sharp bounds with u = 2^-p, multiplied by 2^p."""
    bits, *known = (q.assume(g) for g in goal.hyps)
    lines = [closeness(q, bits, place, near) for place, near in zip(known[::2], known[1::2], strict=True)]
    unit, positive = inverse_of(q, positive_power(q, p))
    ratio = const("inv", two(p))

    def prove(q: Proof) -> Line:
        hyps = [closer(a, theta_), *([closer(b, position)] if position_rounded else []),
                closer(c, a * (b if position_rounded else position))]  # fmt: skip
        nonneg, *given = (q.assume(g) for g in (le(0, u), *hyps))
        return q.discharge(sharper(q, nonneg, given, position_rounded), le(0, u), *hyps)

    name = "the sharp bound of a rounded angle" + (" at a rounded position" if position_rounded else "")
    line = q.mp(q.at(q.lemma(name, prove), u=ratio), q.pos(le(0, ratio), positive), *lines)
    factor, size = (3 if position_rounded else 2), absolute(theta_ * position)
    return q.rule("pos", goal.concl, [line, positive_power(q, p)], [(UNIT, [0, 1], ONE)], [unit], [-factor * size])


def ones(count: int) -> Callable[[Proof], list[Line]]:
    """An instance: with one bit, 1 is nearest to 1."""
    return lambda p: [p.ball(lt(ZERO, number(1, "N"))), *[one_in_binade(p), one_itself(p)] * count]


@theorem("formats.angle_bits", ANGLE_BITS,
         "An angle from a frequency of p bits and rounded to p bits is off by at most 2u |theta m|, u = 2^-p",
         references=(HIGHAM + ", theorem 2.2", JEANNEROD), instance=ones(2))  # fmt: skip
def angle_bits(q: Proof, goal: Statement) -> Line:
    return of_bits(q, goal, False)


@theorem("formats.angle_position_bits", ANGLE_POSITION_BITS,
         "With the position rounded to p bits as well, as past 2^p, it is off by at most 3u |theta m|",
         references=(HIGHAM + ", theorem 2.2", JEANNEROD), instance=ones(3))  # fmt: skip
def angle_position_bits(q: Proof, goal: Statement) -> Line:
    return of_bits(q, goal, True)


# Tables and frequencies -----------------------------------------------------------------------------------
phase = position * theta_
TABLE = Statement(
    (some_bits, in_binade(theta_), nearest(p, theta_, a), nearest(p, cos(phase), x), nearest(p, sin(phase), y)),
    both(*(le(two(p + 1) * absolute(value - f(phase)), 1) for f, value in ((cos, x), (sin, y))),
         *(le((two(p) + 1) * absolute(f(position * a) - f(phase)), absolute(phase)) for f in (cos, sin))))  # fmt: skip


@theorem("formats.table_or_frequency", TABLE,
         "Casting a finished table moves a cosine or sine by at most u/2, casting the frequency by at most u |theta m|, "
         "u = 2^-p", references=(HIGHAM + ", theorem 2.2", "Rudin 1976, 5.10"),
         instance=lambda p: [p.ball(lt(ZERO, number(1, "N"))), one_in_binade(p), one_itself(p), waved(p, cos, 1),
                             waved(p, sin, 0)])  # fmt: skip
def table_or_frequency(q: Proof, goal: Statement) -> Line:
    bits, place, frequency, *tables = (q.assume(g) for g in goal.hyps)
    out = []
    for f, table, part in zip((cos, sin), tables, parts_of(goal.concl)[:2], strict=True):
        unit = q.axiom("pythagoras", x=phase)
        squares = [f(phase) + 1, f(phase) - 1, (sin if f is cos else cos)(phase)]
        size = absolute_le(q, le(absolute(f(phase)), 1), q.pos(le(f(phase), 1), unit, squares=squares),
                           q.pos(le(number(-1), f(phase)), unit, squares=squares))  # fmt: skip
        power = q.convert(q.refl(two(p)), eq(two(p + ZERO), two(p)))
        spread = q.rule("pos", le(absolute(f(phase)) * two(p), two(p + ZERO)), [size, positive_power(q, p)],
                        [(UNIT, [0, 1], ONE)], [power], [ONE])  # fmt: skip
        spread = q.convert(spread, le(absolute(f(phase)) * two(p), two(p + ZERO)))
        half = q.theorem("formats.half_ulp", bits, table, spread, p=p, x=f(phase), y=table.concl.args[2], k=p, l=ZERO)
        out.append(q.pos(part, half, q.axiom("power_zero", x=2)))
    at = q.theorem("formats.standard_model", bits, place, frequency, p=p, x=theta_, y=a)
    moved = q.convert(absolute_product(q, position, a - theta_), eq(
        absolute(position * a - phase), absolute(position) * absolute(a - theta_)))  # fmt: skip
    size = absolute_product(q, position, theta_)
    m_size = absolute_nonneg(q, position)
    slopes = q.parts(q.theorem("frequencies.lipschitz", x=position * a, y=phase))
    turned_by = product(q, at, m_size, le((two(p) + 1) * absolute(a - theta_) * absolute(position),
                                          absolute(theta_) * absolute(position)))  # fmt: skip
    for slope, part in zip(reversed(slopes), parts_of(goal.concl)[2:], strict=True):
        scaled = q.rule("pos", le((two(p) + 1) * slope.lhs, (two(p) + 1) * slope.rhs), [slope, positive_power(q, p)],
                        [(UNIT, [0, 1], ONE), (UNIT, [0], ONE)], [], [])  # fmt: skip
        out.append(q.rule("pos", part, [scaled, turned_by], [(UNIT, [0], ONE), (UNIT, [1], ONE)], [moved, size],
                          [-(two(p) + 1), ONE]))  # fmt: skip
    return q.both(*out)


def parts_of(t: Term) -> list[Term]:
    """The conjuncts of a proposition."""
    return [t.args[0], *parts_of(t.args[1])] if t.is_const("and") else [t]


def waved(p: Proof, f: Callable[[Term], Term], value: int) -> Line:
    """An instance: with one bit, cos 0 = 1 and sin 0 = 0 are rounded to themselves."""
    here = p.parts(p.theorem("formats.integers", p.ball(lt(ZERO, number(1, "N"))),
                             p.pos(le(number(value, "N"), two(number(1, "N")))), p=1, n=value))[0]  # fmt: skip
    start = p.axiom("cos_zero" if f is cos else "sin_zero")
    line = p.rewrite(p.symm(start), p.convert(here, held(1, value)), lambda z: held(1, z))
    at = p.theorem("formats.exact", line, p=1, x=f(number(0)), y=ONE)
    near, _ = conjuncts(p, p.axiom("and_left", at, p=at.concl.args[0], q=at.concl.args[1]))
    return near


# Scores from rounded angles -------------------------------------------------------------------------------
#: Component j of x with the pair (x_(2i), x_(2i+1)) turned by the angle a_i.
turn_by = defined("turn_by", [SEQUENCE, SEQUENCE, "N"], lambda a, x, j: const("weave",
    lam("N", lambda i: cos(a(i)) * x(2 * i) - sin(a(i)) * x(2 * i + 1)),
    lam("N", lambda i: sin(a(i)) * x(2 * i) + cos(a(i)) * x(2 * i + 1)), j))  # fmt: skip
register("turn_by", tex=r"\bigl(R(<0>)\,<1:atom>\bigr)_{<2>}", text="(R(<0>) <1:atom>)[<2>]",
         function_tex=r"R(<0>)\,<1:atom>", function_text="R(<0>) <1:atom>", parameters=("a", "x", "j"))  # fmt: skip
q0, q1, k0, k1, alpha, beta = (var(s) for s in ("q_0", "q_1", "k_0", "k_1", "alpha", "beta"))
S, T = q0 * k0 + q1 * k1, q1 * k0 - q0 * k1


def length(first: Term, second: Term) -> Term:
    return const("sqrt", first * first + second * second)


PAIR = Statement((), le(absolute(S * cos(alpha) + T * sin(alpha) - (S * cos(beta) + T * sin(beta))),
                        absolute(alpha - beta) * (length(q0, q1) * length(k0, k1))))  # fmt: skip


def bounded_by_square(p: Proof, square: Line, nonneg: Line) -> Line:
    """``|x| <= y`` from x x <= y y and 0 <= y."""
    value, bound = square.lhs.args[0], square.rhs.args[0]

    def side(small: Term) -> Line:  # y < small would give y y < small small
        goal = le(small, bound)

        def absurd(less: Line) -> Line:
            bad = p.rule("pos", false(), [less, nonneg, square], [(UNIT, [0, 0], ONE), (Fraction(2), [0, 1], ONE),
                                                                  (UNIT, [2], ONE)], [], [])  # fmt: skip
            return p.axiom("false_elim", bad, p=goal)

        return p.cases(p.axiom("trichotomy", x=bound, y=small), absurd, lambda line: line)

    return absolute_le(p, le(absolute(value), bound), side(value), p.pos(le(-bound, value), side(-value)))


def root(p: Proof, nonneg: Line) -> tuple[Line, Line]:
    """``sqrt(x) sqrt(x) = x`` and ``0 <= sqrt(x)`` from 0 <= x."""
    return tuple(p.axiom(name, nonneg, x=nonneg.rhs) for name in ("square_root", "square_root_nonneg"))  # type: ignore[return-value]


@theorem("formats.pair", PAIR, "In one pair an error of the angle moves the score by at most that error times the lengths",
         references=("Rudin 1976, 5.10",))  # fmt: skip
def pair(p: Proof, goal: Statement) -> Line:
    change = alpha - beta

    def at(s: Term) -> Term:
        return beta + s * change

    function = lam("R", lambda s: S * cos(at(s)) + T * sin(at(s)))
    slope = lam("R", lambda s: (T * cos(at(s)) - S * sin(at(s))) * change)
    mean = mean_value_of(p, function, slope, on_interval(p, function, slope, lambda lo, hi: []))

    def use(s: Term, line: Line) -> Line:
        difference = p.parts(line)[-1]
        steep = T * cos(at(s)) - S * sin(at(s))
        roots = [root(p, p.pos(le(0, v * v + w * w), squares=[v, w])) for v, w in ((q0, q1), (k0, k1))]
        (first, one), (second, other) = roots
        bound = length(q0, q1) * length(k0, k1)
        unit = p.axiom("pythagoras", x=at(s))
        both_ = p.ring(eq(bound * bound, S * S + T * T), first, second)
        rest = S * cos(at(s)) + T * sin(at(s))
        square = p.rule("pos", le(steep * steep, bound * bound), [], [(UNIT, [], rest)], [both_, unit],
                        [ONE, -(S * S + T * T)])  # fmt: skip
        nonneg = product(p, one, other, le(0, bound))
        small = bounded_by_square(p, square, nonneg)
        size = absolute_product(p, steep, change)
        scaled = product(p, small, absolute_nonneg(p, change), le(
            absolute(steep) * absolute(change), bound * absolute(change)))  # fmt: skip
        whole = p.pos(le(absolute(steep * change), absolute(change) * bound), scaled, size)
        ends = [p.convert(p.refl(f(at(number(e)))), eq(f(at(number(e))), f(v))) for e, v in ((0, beta), (1, alpha))
                for f in (cos, sin)]  # fmt: skip
        same = p.ring(eq(steep * change, goal.concl.args[0].args[0]), p.symm(difference), *ends)
        return p.rewrite(same, whole, lambda z: le(absolute(z), goal.concl.args[1]))

    return p.obtain(mean, use, name="s")


R, T_, D = (var(s, SEQUENCE) for s in ("R", "T", "D"))


def sum_of_pairs(p: Proof) -> Line:
    """``|sum D| <= e sqrt(sum R) sqrt(sum T)`` where |D_i| <= e sqrt(R_i) sqrt(T_i): Cauchy and Schwarz."""
    def root_of(t: Term) -> Term:
        return const("sqrt", t)

    def below(n: Term) -> Term:
        return forall("N", lambda i: implies(lt(i, n), le(absolute(D(i)), e * (root_of(R(i)) * root_of(T_(i))))))

    def claim(n: Term) -> Term:
        return both(le(0, total(n, R)), le(0, total(n, T_)), implies(below(n), le(
            absolute(total(n, D)), e * (root_of(total(n, R)) * root_of(total(n, T_))))))  # fmt: skip

    def prove(p: Proof) -> Line:
        size, *positive = (p.assume(g) for g in (le(0, e), *(forall("N", lambda i, f=f: le(0, f(i))) for f in (R, T_))))

        def opened_(n: Term) -> list[Line]:
            return [p.axiom("sum_successor", n=n.args[0], f=f) if n.is_const("addN") else p.axiom("sum_zero", f=f)
                    for f in (R, T_, D)]  # fmt: skip

        def closed(n: Term, sums: list[Line], bound: Callable[[Line], Line]) -> Line:
            known = p.assume(below(n))
            return p.both(*sums, p.discharge(bound(known), known.concl))

        zero = ZERO
        sums = opened_(zero)
        starts = [p.pos(le(0, total(zero, f)), line) for f, line in zip((R, T_), sums, strict=False)]
        whole = e * (root_of(total(zero, R)) * root_of(total(zero, T_)))
        (_, left), (_, right) = (root(p, line) for line in starts)
        nonneg = p.rule("pos", le(0, whole), [size, left, right], [(UNIT, [0, 1, 2], ONE)], [], [])
        base = closed(zero, starts, lambda _: absolute_le(
            p, le(absolute(total(zero, D)), whole), p.pos(le(total(zero, D), whole), nonneg, sums[2]),
            p.pos(le(-whole, total(zero, D)), nonneg, sums[2])))  # fmt: skip

        def step(n: Term, hypothesis: Line) -> Line:
            nonneg_r, nonneg_t, before = p.parts(hypothesis)
            sums = opened_(n + 1)
            here = [p.specialise(line, n) for line in positive]
            now = [p.pos(le(0, total(n + 1, f)), old, new, line)
                   for f, old, new, line in zip((R, T_), (nonneg_r, nonneg_t), here, sums, strict=False)]  # fmt: skip

            def bound(known: Line) -> Line:
                inside = p.assume(lt(i, n))
                earlier = p.mp(p.specialise(known, i), p.less(lt(i, n + 1), inside))
                old = p.mp(before, p.generalise(p.discharge(earlier, inside.concl), i))
                last = p.mp(p.specialise(known, n), p.less(lt(n, n + 1)))
                (aa, a0), (bb, b0), (rr, r0), (tt, t0), (AA, A0), (BB, B0) = (
                    root(p, line) for line in (nonneg_r, nonneg_t, *here, *now))  # fmt: skip
                a_, b_, r_, t_, A_, B_ = (line.rhs for line in (a0, b0, r0, t0, A0, B0))
                value = p.ring(eq(A_ * B_ * (A_ * B_), (a_ * a_ + r_ * r_) * (b_ * b_ + t_ * t_)), aa, bb, rr, tt, AA, BB,
                               *sums[:2])  # fmt: skip
                square = p.rule("pos", le((a_ * b_ + r_ * t_) * (a_ * b_ + r_ * t_), A_ * B_ * (A_ * B_)), [],
                                [(UNIT, [], a_ * t_ - r_ * b_)], [value], [ONE])  # fmt: skip
                product_ = product(p, A0, B0, le(0, A_ * B_))
                _, high = between(p, bounded_by_square(p, square, product_))
                scaled = product(p, high, size, le(e * (a_ * b_ + r_ * t_), e * (A_ * B_)))
                whole = absolute_sum(p, total(n, D), D(n))
                more = p.pos(le(absolute(total(n, D) + D(n)), e * (A_ * B_)), whole, old, last, scaled)
                return p.rewrite(p.symm(sums[2]), more, lambda z: le(absolute(z), e * (A_ * B_)))

            return closed(n + 1, now, bound)

        line = p.induction(claim, base, step)
        return p.discharge(line, size.concl, *(k.concl for k in positive))

    return p.lemma("Cauchy and Schwarz for the sums of products of roots", prove)


qv, kv, angles, other_angles, theta_seq = (var(s, SEQUENCE) for s in ("q", "k", "a", "b", "theta"))
m_, n_, e_m, e_n = var("m"), var("n"), var("e_m"), var("e_n")


def within_angle(sequence: Term, at: Term, error: Term) -> Term:
    """The angles are within an error of those at a position."""
    return forall("N", lambda i: implies(lt(i, h), le(absolute(sequence(i) - at * theta_seq(i)), error)))


computed = dot(2 * h, entry(turn_by, angles, qv), entry(turn_by, other_angles, kv))
relative_score = dot(2 * h, qv, entry(rope, theta_seq, n_ - m_, kv))
lengths = norm(2 * h, qv) * norm(2 * h, kv)
RELATIVE = Statement((within_angle(angles, m_, e_m), within_angle(other_angles, n_, e_n)), le(
    absolute(computed - relative_score), (e_m + e_n) * lengths))  # fmt: skip


def turned_pair(p: Proof, sequence: Term, of: Term, i: Term) -> list[Line]:
    """Components 2i and 2i + 1 of a vector turned by given angles."""
    out = []
    for index in (2 * i, 2 * i + 1):
        one = turn_by(sequence, of, index)
        start = p.by_definition(eq(one, unfold(one, ["turn_by"])), "turn_by")
        out.append(p.trans(start, woven(p, start.rhs)))
    return out


@theorem("formats.relative", RELATIVE,
         "Scores from rounded angles differ from the relative score by at most the sum of the angles' errors, times the "
         "lengths", references=("Su et al. 2021, arXiv:2104.09864, eq. 16", "Rudin 1976, 1.35 and 5.10"),
         instance=lambda p: [no_error(p)] * 2)  # fmt: skip
def relative(p: Proof, goal: Statement) -> Line:
    near = [p.assume(g) for g in goal.hyps]
    error = e_m + e_n
    f = lam("N", lambda c: turn_by(angles, qv, c) * turn_by(other_angles, kv, c))
    g = lam("N", lambda c: qv(c) * rope(theta_seq, n_ - m_, kv, c))
    summands = {"f": f, "g": g, "q": lam("N", lambda c: qv(c) * qv(c)), "k": lam("N", lambda c: kv(c) * kv(c))}
    sums = {name: p.at(sum_pairs(p), h=h, f=summand) for name, summand in summands.items()}
    F, G, Q, K = (sums[name].rhs.args[1] for name in "fgqk")
    gap = lam("N", lambda i: F(i) + -1 * G(i))

    below = p.assume(lt(i, h))
    exact_angle, used = (n_ - m_) * theta_seq(i), other_angles(i) - angles(i)
    parts = [p.mp(p.specialise(line, i), below) for line in near]
    bounds = [side for line in parts for side in between(p, line)]
    close_ = absolute_le(p, le(absolute(used - exact_angle), error), p.pos(le(used - exact_angle, error), *bounds),
                         p.pos(le(-error, used - exact_angle), *bounds))  # fmt: skip
    values = {"q_0": qv(2 * i), "q_1": qv(2 * i + 1), "k_0": kv(2 * i), "k_1": kv(2 * i + 1)}
    at = p.theorem("formats.pair", alpha=used, beta=exact_angle, **values)
    roots = [root(p, p.pos(le(0, v * v + w * w), squares=[v, w]))[1]
             for v, w in ((values["q_0"], values["q_1"]), (values["k_0"], values["k_1"]))]  # fmt: skip
    bound = roots[0].rhs * roots[1].rhs
    scaled = product(p, close_, product(p, *roots, le(0, bound)), le(absolute(used - exact_angle) * bound, error * bound))
    angle_sums = [p.convert(p.axiom(name, x=other_angles(i), y=-1 * angles(i)), eq(fn(used), p.axiom(
        name, x=other_angles(i), y=-1 * angles(i)).rhs)) for name, fn in (("cos_add", cos), ("sin_add", sin))]  # fmt: skip
    turned = [p.convert(p.axiom("cos_even", x=angles(i)), eq(cos(-1 * angles(i)), cos(angles(i)))),
              p.convert(p.axiom("sin_odd", x=angles(i)), eq(sin(-1 * angles(i)), -sin(angles(i))))]  # fmt: skip
    same = p.ring(eq(at.lhs.args[0], gap(i)), *turned_pair(p, angles, qv, i), *turned_pair(p, other_angles, kv, i),
                  *rotated_pair(p, n_ - m_, kv, i), *angle_sums, *turned)  # fmt: skip
    one = p.pos(le(at.lhs, error * bound), at, scaled)
    one = p.rewrite(same, one, lambda z: le(absolute(z), error * bound))
    each = p.generalise(p.discharge(p.convert(one, le(absolute(gap(i)), error * (
        const("sqrt", Q(i)) * const("sqrt", K(i))))), below.concl), i)  # fmt: skip
    squares = [p.generalise(p.pos(le(0, f_(i)), squares=[v(2 * i), v(2 * i + 1)]), i) for f_, v in ((Q, qv), (K, kv))]

    names = {"dot", "norm"}
    sides = [p.trans(p.by_definition(eq(side, sums[name].lhs), "dot"), sums[name])
             for side, name in ((computed, "f"), (relative_score, "g"))]  # fmt: skip
    for vector, name in ((qv, "q"), (kv, "k")):
        start = p.by_definition(eq(norm(2 * h, vector), const("sqrt", sums[name].lhs)), *names)
        sides.append(p.rewrite(sums[name], start, lambda z, start=start: eq(start.lhs, const("sqrt", z))))
    minus = p.at(sum_scale(p), n=h, c=-1, f=G)
    added = p.at(sum_add(p), n=h, f=F, g=lam("N", lambda i: -1 * G(i)))
    difference_ = p.ring(eq(total(h, gap), computed - relative_score), added, minus, *map(p.symm, sides[:2]))

    def with_errors(nonneg: Line) -> Line:
        sums_ = p.mp(p.at(sum_of_pairs(p), n=h, e=error, R=Q, T=K, D=gap), nonneg, *squares)
        line = p.mp(p.parts(sums_)[2], each)
        line = p.rewrite(difference_, line, lambda z: le(absolute(z), line.rhs))
        return p.pos(goal.concl, line, p.ring(eq(goal.concl.args[1], line.rhs), *sides[2:]))

    def some(s: Term, line: Line) -> Line:  # the errors of the first pair are not negative
        first = p.pos(lt(ZERO, h), line, p.axiom("nat_nonneg", n=s))
        at = [p.mp(p.specialise(bound, ZERO), first) for bound in near]
        return with_errors(p.pos(le(0, error), *at, *(absolute_nonneg(p, bound.lhs.args[0]) for bound in at)))

    def empty(line: Line) -> Line:  # no pairs: all is 0
        none = [p.rewrite(p.symm(line), p.axiom("sum_zero", f=f_), lambda z, f_=f_: eq(total(z, f_), 0))
                for f_ in (gap, Q)]  # fmt: skip
        square, _ = root(p, p.pos(le(0, total(h, Q)), none[1]))
        flat = root_of_zero(p, p.trans(square, none[1]), square.lhs.args[0])
        gone = p.ring(eq(computed - relative_score, 0), p.symm(difference_), none[0])
        value = p.axiom("abs_nonneg", p.pos(le(0, computed - relative_score), gone), x=computed - relative_score)
        return p.pos(goal.concl, value, gone, p.ring(eq(goal.concl.args[1], 0), *sides[2:], flat))

    return predecessor(p, h, some, empty)


def no_error(p: Proof) -> Line:
    """An instance: exact angles, error 0."""
    none = p.pos(le(absolute(theta_seq(i) - 1 * theta_seq(i)), 0), no_distance(p, theta_seq(i)))
    below = lt(i, number(1, "N"))
    return p.at(p.generalise(p.discharge(none, below), i), theta=lam("N", lambda i: ONE))


r, s = var("r", "N"), var("s", "N")


def at_nearest(sequence: Term, at: Term) -> Term:
    """The angles are those at a position, rounded to the nearest numbers of p bits."""
    return forall("N", lambda i: implies(lt(i, h), nearest(p, at * theta_seq(i), sequence(i))))


def not_beyond(at: Term) -> Term:
    """The angles at a position are at most 2^p g, g = 2^(s - r)."""
    return forall("N", lambda i: implies(lt(i, h), le(absolute(at * theta_seq(i)) * two(r), two(p + s))))


CONTEXT = Statement((some_bits, at_nearest(angles, m_), at_nearest(other_angles, n_), not_beyond(m_), not_beyond(n_)), le(
    two(r) * absolute(computed - relative_score), two(s) * lengths), (p.head, r.head, s.head, h.head))  # fmt: skip


@theorem("formats.context", CONTEXT,
         "While angles stay below 2^p g, with g = 2^(s-r), scores from angles of p bits are relative up to g times the "
         "lengths",
         references=(HIGHAM + ", section 2.1",), instance=lambda q: no_context(q))  # fmt: skip
def context(q: Proof, goal: Statement) -> Line:
    bits, *known = (q.assume(g) for g in goal.hyps)
    unit, positive = inverse_of(q, positive_power(q, r))
    error = Fraction(1, 2) * (two(s) * const("inv", two(r)))
    lines = []
    for near, small, sequence, at in ((known[0], known[2], angles, m_), (known[1], known[3], other_angles, n_)):
        below = q.assume(lt(i, h))
        half = q.theorem("formats.half_ulp", bits, q.mp(q.specialise(near, i), below), q.mp(q.specialise(small, i), below),
                         p=p, x=at * theta_seq(i), y=sequence(i), k=r, l=s)  # fmt: skip
        gap = absolute(sequence(i) - at * theta_seq(i))
        twice = q.pos(le(2 * two(r) * gap, two(s)), half, q.ring(eq(half.lhs, 2 * two(r) * gap), successor(q, r)))
        one = q.rule("pos", le(gap, error), [twice, positive], [(Fraction(1, 2), [0, 1], ONE)], [unit], [gap])
        lines.append(q.generalise(q.discharge(one, below.concl), i))
    line = q.theorem("formats.relative", *lines, a=angles, b=other_angles, m=m_, n=n_, theta=theta_seq, q=qv, k=kv, h=h,
                     e_m=error, e_n=error)  # fmt: skip
    return q.rule("pos", goal.concl, [line, positive_power(q, r)], [(UNIT, [0, 1], ONE)], [unit], [-two(s) * lengths])


def no_context(q: Proof) -> list[Line]:
    """An instance: position 0, whose angles 0 are numbers of the format."""
    none = q.parts(q.theorem("formats.integers", q.ball(lt(ZERO, number(1, "N"))),
                             q.pos(le(ZERO, two(number(1, "N")))), p=1, n=0))[0]  # fmt: skip
    at = q.theorem("formats.exact", q.convert(none, held(1, 0)), p=1, x=0, y=0)
    near, _ = conjuncts(q, q.axiom("and_left", at, p=at.concl.args[0], q=at.concl.args[1]))
    zero, one = number(0), number(1, "N")
    size = q.pos(le(absolute(zero) * two(ZERO), two(one + ZERO)), size_of(q, q.pos(le(0, zero))))
    out = [q.ball(lt(ZERO, one))]
    for line, goal in ((near, nearest(1, zero * ONE, 0)), (size, le(absolute(zero * ONE) * two(ZERO), two(one + ZERO)))):
        out += [q.generalise(q.discharge(q.convert(line, goal), lt(i, one)), i)] * 2
    return out


if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
