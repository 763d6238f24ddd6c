"""Finitely many frequencies: the inner product of sinusoidal codes is almost periodic and does not tend to 0.

Source: Bohr, Fastperiodische Funktionen (1932); the argument here is elementary: the recurrence
cos((n+2)y) + cos(ny) = 2 cos(y) cos((n+1)y) removes one frequency after the other.
"""

from __future__ import annotations

from fractions import Fraction

from derivations.decay import between, conjunction, cosine_falls, mean_value_of, on_interval
from derivations.frequencies import frequency
from derivations.sinusoidal import angle_at, cos, kernel, sin, theta
from symcheck.claims import theorem
from symcheck.prove.lemmas import SEQUENCE, sum_add, sum_ext, sum_scale, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import decide
from symcheck.render.notation import register
from symcheck.terms import (
    Term,
    const,
    defined,
    eq,
    exists,
    forall,
    implies,
    lam,
    le,
    lt,
    negation,
    number,
    var,
)  # fmt: skip

BOHR = "Bohr 1932, Fastperiodische Funktionen; Katznelson 2004, VI.5"
SU = "Su, kexue.fm/archives/8231"
ONE, ZERO = number(1), number(0, "N")
b = var("b")
h, n, i = (var(s, "N") for s in ("h", "n", "i"))
a = var("a", SEQUENCE)


def wave(size: Term, a: Term, n: Term) -> Term:
    """sum_{i<size} a_i cos(n theta_i)."""
    return total(size, lambda i: a(i) * cos(n * theta(i)))


def tends_to_zero(F: object) -> Term:
    """F(n) tends to 0, in epsilon and N."""
    return forall("R", lambda e: implies(lt(0, e), exists("N", lambda m: forall("N", lambda n: implies(
        lt(m, n), lt(const("abs", F(n)), e))))))  # type: ignore[operator] # fmt: skip


def apart(size: Term) -> Term:
    """No later frequency below the size has the cosine of the first."""
    return forall("N", lambda i: implies(lt(i, size), negation(eq(cos(theta(i + 1)), cos(theta(ZERO))))))


def persists(size: Term) -> Term:
    """With size + 1 frequencies and a_0 not 0 the sum does not tend to 0."""
    return forall(SEQUENCE, lambda a: implies(apart(size), negation(eq(a(ZERO), 0)), negation(
        tends_to_zero(lambda n: wave(size + 1, a, n)))))  # fmt: skip


def small_beyond(p: Proof, vanishing: Line, size: Term, positive: Line) -> Line:
    """``exists m. forall n > m: |F(n)| < size``."""
    return p.mp(p.specialise(vanishing, size), positive)


def one_frequency(p: Proof) -> Line:
    """One frequency: from |a cos(ny)| and |a cos(2ny)| below |a|/4 follows a^2 < a^2."""
    none, nonzero = p.assume(apart(ZERO)), p.assume(negation(eq(a(ZERO), 0)))
    vanishing = p.assume(tends_to_zero(lambda n: wave(ZERO + 1, a, n)))
    first = a(ZERO)

    def value(n: Term) -> Line:
        f = lam("N", lambda i: a(i) * cos(n * theta(i)))
        line = p.axiom("sum_successor", n=ZERO, f=f)
        return p.ring(eq(wave(ZERO + 1, a, n), first * cos(n * theta(ZERO))), line, p.axiom("sum_zero", f=f))

    def with_sign(sign: int, positive: Line) -> Line:  # 0 < sign * a_0
        size = sign * first * Fraction(1, 4)
        near = small_beyond(p, vanishing, size, p.pos(lt(0, size), positive))

        def use(m: Term, line: Line) -> Line:
            k = m + 1
            low = p.mp(p.specialise(line, k), p.pos(lt(m, k)))
            high = p.mp(p.specialise(line, 2 * k), p.pos(lt(m, 2 * k), p.axiom("nat_nonneg", n=m)))
            y = k * theta(ZERO)
            double = angle_at(p, (2 * k) * theta(ZERO), y, y)
            unit = p.axiom("pythagoras", x=y)
            near_, far = first * cos(y), first * cos((2 * k) * theta(ZERO))
            same = p.ring(eq(first * far, 2 * near_ * near_ - first * first), *double, unit)
            bounds = []
            for part, at in ((low, value(k)), (high, value(2 * k))):
                at = p.rewrite(at, part, lambda z, part=part: lt(const("abs", z), part.rhs))
                bounds += between(p, at)
            # a^2 = 2 F1^2 - a F2 with F1^2 < (a/4)^2 and |F2| < |a|/4
            return p.rule("pos", const("false"), [*bounds, positive],
                          [(Fraction(2), [0, 1], ONE), (Fraction(1), [2 if sign > 0 else 3, 4], ONE),
                           (Fraction(5, 8), [4, 4], ONE)], [same], [-ONE])  # fmt: skip

        return p.obtain(near, use, name="m")

    def zero(line: Line) -> Line:  # not 0 < a_0
        def negative(less: Line) -> Line:
            return with_sign(-1, p.pos(lt(0, -first), less))

        def none_(more: Line) -> Line:
            return p.mp(nonzero, p.axiom("le_antisymmetry", line, more, x=first, y=number(0)))

        return p.cases(p.axiom("trichotomy", x=first, y=number(0)), negative, none_)

    absurd = p.cases(p.axiom("trichotomy", x=number(0), y=first), lambda less: with_sign(1, less), zero)
    return p.generalise(p.discharge(absurd, none.concl, nonzero.concl, vanishing.concl), a)


def one_more(p: Proof, h: Term, hypothesis: Line) -> Line:
    """The frequency h + 1 is removed by F(n+2) + F(n) - 2 cos(theta_(h+1)) F(n+1)."""
    none, nonzero = p.assume(apart(h + 1)), p.assume(negation(eq(a(ZERO), 0)))
    vanishing = p.assume(tends_to_zero(lambda n: wave(h + 1 + 1, a, n)))
    last = h + 1
    q = cos(theta(last))
    b_ = lam("N", lambda i: a(i) * (2 * (cos(theta(i)) - q)))
    n = var("n", "N")

    def terms(n: Term) -> Term:
        return lam("N", lambda i: a(i) * cos(n * theta(i)))

    # sum over h + 2 indices of b_i cos((n+1) theta_i), in two ways
    target = lam("N", lambda i: b_(i) * cos((n + 1) * theta(i)))
    middle = lam("N", lambda i: -2 * q * terms(n + 1)(i))
    outer = lam("N", lambda i: terms(n)(i) + middle(i))

    def each(i: Term, _: Line) -> Line:
        y, base = theta(i), n * number(1) + 1
        up, down = angle_at(p, (n + 2) * y, base * y, y), angle_at(p, n * y, base * y, -y)
        turned = [p.axiom("cos_even", x=y), p.axiom("sin_odd", x=y)]
        centre = p.convert(p.refl(cos((n + 1) * y)), eq(cos((n + 1) * y), cos(base * y)))
        return p.ring(eq(target(i), terms(n + 2)(i) + outer(i)), *up, *down, *turned, centre)

    size = h + 1 + 1
    joined = sum_ext(p, size, target, lam("N", lambda i: terms(n + 2)(i) + outer(i)), each)
    added = p.at(sum_add(p), n=size, f=terms(n + 2), g=outer)
    inner = p.at(sum_add(p), n=size, f=terms(n), g=middle)
    scaled = p.at(sum_scale(p), n=size, c=-2 * q, f=terms(n + 1))
    split = p.axiom("sum_successor", n=h + 1, f=target)
    whole = p.ring(eq(wave(h + 1, b_, n + 1), wave(size, a, n + 2) + wave(size, a, n) - 2 * q * wave(size, a, n + 1)),
                   joined, added, inner, scaled, split)  # fmt: skip
    e = var("e")
    positive = p.assume(lt(0, e))
    near = small_beyond(p, vanishing, e * Fraction(1, 4), p.pos(lt(0, e * Fraction(1, 4)), positive))
    goal = exists("N", lambda m: forall("N", lambda n: implies(lt(m, n), lt(const("abs", wave(h + 1, b_, n)), e))))

    def use(m: Term, line: Line) -> Line:
        k = var("k'", "N")
        beyond = p.assume(lt(m + 1, k))

        def predecessor(n_: Term, equation: Line) -> Line:  # k = n + 1
            at = p.rule("instantiate", whole, {n.head: n_})
            later = p.pos(lt(m, n_), beyond, equation)
            values = []
            for index in (n_, n_ + 1, n_ + 2):
                values.append(between(p, p.mp(p.specialise(line, index), p.pos(lt(m, index), later))))
            unit = p.axiom("pythagoras", x=theta(last))
            squares = [q + 1, q - 1, sin(theta(last))]
            low, high = p.pos(le(-1, q), unit, squares=squares), p.pos(le(q, 1), unit, squares=squares)
            z = wave(h + 1, b_, n_ + 1)
            one = Fraction(1)
            # e - z = (e/4 - F2) + (e/4 - F0) + (e/4 - F1)(1 - q) + (e/4 + F1)(1 + q), and the like for e + z
            facts = [*values[0], *values[1], *values[2], low, high]
            above, under = ([(one, chosen, ONE) for chosen in z_] for z_ in (
                ([5], [1], [3, 7], [2, 6]), ([4], [0], [2, 7], [3, 6])))  # fmt: skip
            up = p.rule("pos", lt(z, e), facts, above, [at], [-ONE])
            down = p.rule("pos", lt(-e, z), facts, under, [at], [ONE])
            bound = strictly_below(p, z, e, up, down)
            return p.rewrite(p.symm(equation), bound, lambda y: lt(const("abs", wave(h + 1, b_, y)), e))

        def zero_(equation: Line) -> Line:
            bad = p.pos(const("false"), beyond, equation, p.axiom("nat_nonneg", n=m))
            return p.axiom("false_elim", bad, p=lt(const("abs", wave(h + 1, b_, k)), e))

        split_ = p.axiom("nat_zero_or_successor", n=k)
        done = p.cases(split_, zero_, lambda some: p.obtain(some, predecessor, name="j"))
        every = p.generalise(p.discharge(done, beyond.concl), k)
        return p.witness(goal, m + 1, every)

    smaller = p.generalise(p.discharge(p.obtain(near, use, name="m"), positive.concl), e)
    before = p.assume(lt(i, h))
    fewer = p.generalise(p.discharge(p.mp(p.specialise(none, i), p.pos(lt(i, h + 1), before)), before.concl), i)
    differ = p.mp(p.specialise(none, h), p.pos(lt(h, h + 1)))
    flat = p.assume(eq(b_(ZERO), 0))
    gap = cos(theta(ZERO)) - q
    equal = p.assume(eq(gap, 0))
    unit = p.axiom("inverse", p.discharge(p.mp(differ, p.ring(eq(q, cos(theta(ZERO))), equal)), equal.concl), x=gap)
    kept = p.discharge(p.mp(nonzero, p.ring(eq(a(ZERO), 0), flat, unit)), flat.concl)
    absurd = p.mp(p.specialise(hypothesis, b_), fewer, kept, smaller)
    return p.generalise(p.discharge(absurd, none.concl, nonzero.concl, vanishing.concl), a)


def strictly_below(p: Proof, z: Term, e: Term, up: Line, down: Line) -> Line:
    """``|z| < e`` from z < e and -e < z."""
    goal = lt(const("abs", z), e)
    return p.cases(p.axiom("trichotomy", x=z, y=number(0)),
                   lambda less: p.pos(goal, down, p.axiom("abs_nonpos", p.pos(le(z, 0), less), x=z)),
                   lambda more: p.pos(goal, up, p.axiom("abs_nonneg", more, x=z)))  # fmt: skip


def no_other(p: Proof) -> Line:
    """With one frequency (h = 0) there is no other that could have its cosine."""
    goal = apart(ZERO)
    below = p.assume(lt(i, ZERO))
    bad = p.pos(const("false"), below, p.axiom("nat_nonneg", n=i))
    inside = p.discharge(p.axiom("false_elim", bad, p=negation(eq(cos(theta(i + 1)), cos(theta(ZERO))))), below.concl)
    return p.convert(p.generalise(inside, i), goal)


PERSISTS = Statement((apart(h),), negation(tends_to_zero(lambda n: kernel(h + 1, theta, n))), (h.head,))


@theorem("almost_periodic.persists", PERSISTS,
         "Finitely many frequencies: the inner product does not tend to 0 as the distance grows",
         references=(BOHR, SU + ", after eq. 11"), instance=lambda p: [no_other(p)])  # fmt: skip
def persists_proof(p: Proof, goal: Statement) -> Line:
    every = p.induction(persists, one_frequency(p), lambda h, hypothesis: one_more(p, h, hypothesis), name="h")
    ones = lam("N", lambda i: ONE)
    known = p.assume(apart(h))
    one = p.assume(eq(ones(ZERO), 0))
    nonzero = p.discharge(p.pos(const("false"), one), one.concl)
    vanishing = p.assume(tends_to_zero(lambda n: kernel(h + 1, theta, n)))
    at = p.mp(p.specialise(every, ones), known, nonzero)
    return p.discharge(p.mp(at, p.convert(vanishing, at.concl.args[0], "kernel")), vanishing.concl)



def sine_positive(p: Proof) -> Line:
    """``0 < z -> z <= 1 -> 0 < sin z``, by the mean value theorem."""
    z = var("z")

    def prove(p: Proof) -> Line:
        low, high = p.assume(lt(0, z)), p.assume(le(z, 1))
        positive = p.ball(forall("R", lambda u: implies(le(0, u), le(u, 1), lt(0, cos(u)))), 64, 40)
        function, slope = lam("R", lambda s: sin(s * z)), lam("R", lambda s: cos(s * z) * z)
        known = on_interval(p, function, slope, lambda lo, hi: [])

        def use(t: Term, line: Line) -> Line:
            left, right, change = p.parts(line)
            under = p.rule("pos", le(0, t * z), [left, low], [(Fraction(1), [0, 1], ONE)], [], [])
            over = p.rule("pos", le(t * z, 1), [right, low, high], [(Fraction(1), [0, 1], ONE), (Fraction(1), [2], ONE)],
                          [], [])  # fmt: skip
            up = p.mp(p.specialise(positive, t * z), under, over)
            steep = p.rule("pos", lt(0, slope(t)), [up, low], [(Fraction(1), [0, 1], ONE)], [], [])
            start = p.convert(p.axiom("sin_zero"), eq(function(0), 0))
            return p.pos(lt(0, sin(z)), steep, change, start, p.convert(p.refl(function(1)), eq(function(1), sin(z))))

        return p.discharge(p.obtain(mean_value_of(p, function, slope, known), use, name="t"), low.concl, high.concl)

    return p.lemma("the sine is positive on (0, 1]", prove)


@theorem("almost_periodic.sinusoidal", Statement((lt(1, b),), negation(tends_to_zero(lambda n: kernel(
    h + 1, lam("N", lambda i: frequency(b, 2 * (h + 1), i)), n))), (b.head, h.head)),
    "For no dimension do the inner products of the sinusoidal code tend to 0", references=(BOHR, SU),
    instance=lambda p: [p.ball(lt(number(1), number(2)))])  # fmt: skip
def sinusoidal(p: Proof, goal: Statement) -> Line:
    above = p.assume(goal.hyps[0])
    size = 2 * (h + 1)
    some = p.pos(lt(ZERO, size), p.axiom("nat_nonneg", n=h))
    below = p.assume(lt(i, h))
    first = p.theorem("frequencies.first", b=b, d=size)
    order = p.pos(lt(ZERO, i + 1), p.axiom("nat_nonneg", n=i))
    less = p.theorem("frequencies.decreasing", above, some, order, b=b, d=size, i=ZERO, j=i + 1)
    value = frequency(b, size, i + 1)
    positive = p.theorem("frequencies.positive", b=b, d=size, i=i + 1)
    falls = p.mp(p.at(cosine_falls(p), u=value, z=1), p.pos(le(0, value), positive), p.pos(lt(value, 1), less, first),
                 p.pos(le(ONE, const("pi")), p.ball(lt(ONE, const("pi")))))  # fmt: skip
    same = p.assume(eq(cos(value), cos(frequency(b, size, ZERO))))
    start = p.rewrite(first, p.refl(cos(first.lhs)), lambda z: eq(cos(first.lhs), cos(z)))
    differ = p.discharge(p.pos(const("false"), falls, same, start), same.concl)
    every = p.generalise(p.discharge(differ, below.concl), i)
    return p.theorem("almost_periodic.persists", every, h=h, theta=lam("N", lambda i: frequency(b, size, i)))


# Where the finite sum first rises and first turns negative -----------------------------------------------
#: The inner product of two codes of d = 2h components at a distance.
offset_product = defined("offset_product", ["R", "N", "R"], lambda b, h, x: kernel(
    h, lam("N", lambda i: frequency(b, 2 * h, i)), x))  # fmt: skip
register("offset_product", tex=r"g_{b=<0>,\,h=<1>}(<2>)", text="g_{b=<0>, h=<1>}(<2>)", parameters=("b", "h", "x"))


def at_distance(base: int, d: int, x: Term) -> Term:
    """The inner product at a distance."""
    return offset_product(base, d // 2, x)


def falls_until(base: int, d: int, rise: int) -> Term:
    """From each distance below ``rise`` to the next the inner product falls, from ``rise`` on it grows."""
    falling = forall("N", lambda n: implies(lt(n, number(rise, "N")), lt(
        at_distance(base, d, n + 1), at_distance(base, d, n))))  # fmt: skip
    return const("and", falling, lt(at_distance(base, d, number(rise)), at_distance(base, d, number(rise + 1))))


def positive(base: int, d: int, start: int, count: int) -> Term:
    """Positive at ``count`` distances from ``start`` on."""
    return forall("N", lambda n: implies(lt(n, number(count, "N")), lt(
        0, at_distance(base, d, n + start if start else n))))  # fmt: skip


def negative(base: int, d: int, x: int) -> Term:
    """Negative at a distance."""
    return lt(at_distance(base, d, number(x)), 0)


def by_cases(p: Proof, goal: Statement) -> Line:
    """Each distance by balls."""
    return decide(p, goal.concl)


theorem("almost_periodic.first_rise", Statement((), const(
    "and", falls_until(10_000, 4, 3), const("and", falls_until(10_000, 128, 11), falls_until(10_000, 512, 43)))),
    "Base 10000: the inner product first grows from distance 3 to 4 for d = 4, from 11 to 12 for d = 128, from 43 to 44 "
    "for d = 512",
    references=(SU,))(by_cases)  # fmt: skip
theorem("almost_periodic.first_negative", Statement((), conjunction(
    positive(10_000, 4, 0, 22), negative(10_000, 4, 22), positive(10_000, 16, 0, 64), positive(10_000, 16, 64, 27),
    negative(10_000, 16, 91), negative(10_000, 512, 3284))),
    "Base 10000: the inner product is first negative at distance 22 for d = 4, at 91 for d = 16; for d = 512 it is "
    "negative at 3284",
    references=(SU,))(by_cases)  # fmt: skip
