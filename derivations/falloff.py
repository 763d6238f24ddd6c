"""How the oscillatory integrals fall: the integral of theta_t = b^(-t) like a logarithm, those of powers like powers.

Source: Su, kexue.fm/archives/8231, after eq. 11; DLMF 6.6.6 and 6.12 (cosine integral), 7.5 (Fresnel integrals). Every
function is followed along x = e^s, where it has a derivative for all s; bounds come from functions that grow.
Euler's constant enters by its first seven digits, 0.5772156...
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

from derivations.almost_periodic import strictly_below
from derivations.decay import (
    REAL,
    absolute,
    area,
    at_most_one,
    between,
    by_balls,
    conjunction,
    cosine_integral,
    decay,
    decimal,
    decimal_of,
    enclosure,
    every_slope,
    fundamental_theorem,
    has_slope,
    increases,
    integral,
    log_positive,
    mean_value_of,
    on_interval,
    power,
    real,
    share_form,
)  # fmt: skip
from derivations.frequencies import exp, frequency, log
from derivations.sinusoidal import absolute_le, cos, kernel, sin
from symcheck.claims import theorem
from symcheck.prove.calculus import derivative, has_derivative
from symcheck.prove.lemmas import inverse_of, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.terms import Term, abstract, const, eq, exists, forall, implies, lam, le, lt, number, var

SU = "Su, kexue.fm/archives/8231"
ONE, ZERO, HALF = number(1), number(0), Fraction(1, 2)
b, x, s, u, v, z = (var(name) for name in ("b", "x", "s", "u", "v", "z"))
h, i = var("h", "N"), var("i", "N")
F, F1 = var("F", REAL), var("F1", REAL)
#: Euler's constant lies between these.
LOW, HIGH = decimal(5772156, 7), decimal(5772157, 7)


# Tools --------------------------------------------------------------------------------------------------
def growing(p: Proof) -> Line:
    """``F' = F1 everywhere, 0 <= F1 everywhere -> u <= v -> F(u) <= F(v)``."""
    def prove(p: Proof) -> Line:
        known = p.assume(forall("R", lambda t: has_derivative(lam("R", lambda q: F(q)), t, F1(t))))
        sign = p.assume(forall("R", lambda t: le(0, F1(t))))
        order = p.assume(le(u, v))
        place = lam("R", lambda q: u + q * (v - u))
        function, slope = lam("R", lambda q: F(place(q))), lam("R", lambda q: F1(place(q)) * (v - u))
        t = var("t")
        inner = derivative(p, place, t)
        outer = p.specialise(known, place(t))
        chain = p.axiom("deriv_chain", outer, inner, g=lam("R", lambda q: F(q)), w=place, t=t, u=F1(place(t)),
                        v=inner.concl.args[2])  # fmt: skip
        along = on_interval(p, function, slope, lambda lo, hi: [chain])

        def steep(t: Term, left: Line, right: Line) -> Line:
            return p.rule("pos", le(0, slope(t)), [p.specialise(sign, place(t)), order],
                          [(Fraction(1), [0, 1], ONE)], [], [])  # fmt: skip

        line = increases(p, function, slope, along, steep)
        ends = [p.convert(p.refl(function(q)), eq(function(q), F(w))) for q, w in ((0, u), (1, v))]
        return p.discharge(p.pos(le(F(u), F(v)), line, *ends), known.concl, sign.concl, order.concl)

    return p.lemma("a function with a slope that is nowhere negative grows", prove)


def grows(p: Proof, function: Term, slope: Term, facts: list[Line], known: list[Line], sign: Callable[[], Line]) -> Line:
    """``forall u v. u <= v -> f(u) <= f(v)``; ``sign`` proves 0 <= slope(s) for the variable s."""
    line = derivative(p, function, s, known)
    same = p.ring(eq(line.concl.args[2], slope(s)), *facts)
    every = p.generalise(p.rewrite(same, line, lambda y: has_derivative(function, s, y)), s)
    positive = p.generalise(sign(), s)
    at = p.mp(p.at(growing(p), F=function, F1=slope), every, positive)
    return p.generalise(at, u, v)


def at_ends(p: Proof, line: Line, low: Term | Fraction | int, high: Term | Fraction | int, order: Line) -> Line:
    """``f(low) <= f(high)``."""
    return p.mp(p.specialise(line, low, high), order)


def inverse_exponential(p: Proof, at: Term = s) -> Line:
    """``e^s e^(-s) = 1``."""
    product = p.axiom("exp_add", x=at, y=-at)
    return p.trans(p.symm(product), p.convert(p.axiom("exp_zero"), eq(product.lhs, 1)))


def unit_bounds(p: Proof, angle: Term) -> dict[str, Line]:
    """Cosine and sine lie between -1 and 1."""
    c_, s_ = cos(angle), sin(angle)
    unit = p.axiom("pythagoras", x=angle)
    out = {}
    for name, f, g in (("cos", c_, s_), ("sin", s_, c_)):
        squares = [f + 1, f - 1, g]
        out["-" + name] = p.pos(le(-1, f), unit, squares=squares)
        out[name] = p.pos(le(f, 1), unit, squares=squares)
    return out


def exponential_of_log(p: Proof, positive: Line) -> Line:
    """``e^(log x) = x``."""
    return p.axiom("exp_log", positive, x=positive.rhs)


# The cosine integral ------------------------------------------------------------------------------------
E, I = exp(s), exp(-s)


def cosine_integral_slope(p: Proof, place: Term = E) -> Line:
    """The derivative of Ci(e^s): it is cos(e^s) after ``e^s e^(-s) = 1``; the place is a positive function of s."""
    f = lam_s(place)
    inner = derivative(p, f, s)
    there = positive_power(p, place)
    return p.axiom("deriv_chain", p.axiom("deriv_Ci", there, t=place), inner, g=const("Ci"), w=f, t=s,
                   u=cos(place) * const("inv", place), v=inner.concl.args[2])  # fmt: skip


def lam_s(t: Term) -> Term:
    """The term as a function of s."""
    return abstract([s.head], t)  # type: ignore[list-item]


def positive_power(p: Proof, place: Term) -> Line:
    """``0 < e^s ... e^s / b`` for a product of exponentials."""
    size = p.axiom("exp_positive", x=s)
    if place == E:
        return size
    factors = place.args if place.is_const("mul") else ()
    sides = [positive_power(p, f) if s.head in f.free else p.ball(lt(0, f)) for f in factors]
    return p.rule("pos", lt(0, place), sides, [(Fraction(1), [0, 1], ONE)], [], [])


SMALL = Fraction(1, 10**10)


def cosine_integral_size(p: Proof) -> Line:
    """``|Ci(e^s)| <= e^(-s) + 2 e^(-2s) + 10^(-10)`` as two inequalities."""
    def prove(p: Proof) -> Line:
        main = cosine_integral(E) - sin(E) * I + cos(E) * (I * I)
        facts = [inverse_exponential(p), inverse_of(p, p.axiom("exp_positive", x=s))]
        known = [cosine_integral_slope(p)]
        bounds = unit_bounds(p, E)
        over = p.axiom("exp_positive", x=-s)

        def wave(sign: int) -> tuple[Term, Line]:
            """main - e^(-2s) grows, main + e^(-2s) falls."""
            function = lam_s(sign * (main - sign * (I * I)))
            slope = lam_s(2 * (1 - sign * cos(E)) * (I * I))
            fact = bounds["cos" if sign > 0 else "-cos"]
            return function, grows(p, function, slope, facts, known, lambda: p.rule(
                "pos", le(0, slope(s)), [fact, over], [(Fraction(2), [0, 1, 1], ONE)], [], []))

        (up, rising), (down, falling) = wave(1), wave(-1)  # down is -(main + e^(-2s))
        far = number(12)
        values = [p.ball(lt(f(far), SMALL), 128) for f in (up, down)] + [p.ball(lt(-SMALL, f(far)), 128) for f in (up, down)]

        def near(line: Line) -> Line:  # s <= 12
            parts = [at_ends(p, f, s, far, line) for f in (rising, falling)]
            return p.both(p.pos(le(up(s), SMALL), parts[0], values[0]), p.pos(le(down(s), SMALL), parts[1], values[1]))

        def beyond(line: Line) -> Line:  # 12 <= s
            parts = [at_ends(p, f, far, s, line) for f in (rising, falling)]
            square = p.rule("pos", le(0, I * I), [over], [(Fraction(1), [0, 0], ONE)], [], [])
            return p.both(p.pos(le(up(s), SMALL), parts[1], values[3], square),
                          p.pos(le(down(s), SMALL), parts[0], values[2], square))  # fmt: skip

        small = p.parts(p.cases(p.axiom("trichotomy", x=s, y=far), lambda less: near(p.pos(le(s, far), less)), beyond))
        out = []
        size = I + 2 * (I * I) + SMALL
        for sign, line in zip((1, -1), small, strict=True):
            parts = [bounds["sin" if sign > 0 else "-sin"], bounds["-cos" if sign > 0 else "cos"]]
            aim = le(sign * cosine_integral(E), size)
            out.append(p.rule("pos", aim, [line, parts[0], parts[1], over],
                              [(Fraction(1), [0], ONE), (Fraction(1), [1, 3], ONE), (Fraction(1), [2, 3, 3], ONE)], [], []))
        return p.both(*out)

    return p.lemma("the cosine integral is at most 1/x + 2/x^2, up to 10^(-10)", prove)


def cosine_falls_at_most(p: Proof) -> Line:
    """``1 - z^2/2 <= cos z``."""
    def prove(p: Proof) -> Line:
        y = z * HALF
        line = p.parts(p.theorem("frequencies.lipschitz", x=y, y=0))[0]
        start = p.axiom("sin_zero")
        line = p.convert(line, le(absolute(sin(y) - sin(ZERO)), absolute(y)))
        line = p.rewrite(start, line, lambda q: le(absolute(sin(y) - q), absolute(y)))
        line = p.convert(line, le(absolute(sin(y)), absolute(y)))
        product = p.rule("pos", le(0, (absolute(y) - sin(y)) * (absolute(y) + sin(y))), between(p, line),
                         [(Fraction(1), [0, 1], ONE)], [], [])  # fmt: skip

        def squared(size: Line) -> Line:
            return p.pos(le(sin(y) * sin(y), y * y), product, p.ring(eq(absolute(y) * absolute(y), y * y), size))

        less = p.cases(p.axiom("trichotomy", x=y, y=ZERO),
                       lambda q: squared(p.axiom("abs_nonpos", p.pos(le(y, 0), q), x=y)),
                       lambda q: squared(p.axiom("abs_nonneg", q, x=y)))  # fmt: skip
        double = p.convert(p.axiom("cos_add", x=y, y=y), eq(cos(z), cos(y) * cos(y) - sin(y) * sin(y)))
        return p.pos(le(1 - z * z * HALF, cos(z)), less, double, p.axiom("pythagoras", x=y))

    return p.lemma("1 - z^2/2 <= cos z", prove)


def near_zero(p: Proof) -> Line:
    """``Ci(e^s) - s`` lies between 0.57721561 - e^(2s)/4 and 0.57721569."""
    def prove(p: Proof) -> Line:
        facts = [inverse_exponential(p), inverse_of(p, p.axiom("exp_positive", x=s))]
        known = [cosine_integral_slope(p)]
        bounds = unit_bounds(p, E)
        rest = cosine_integral(E) - s
        first, first_slope = lam_s(-rest), lam_s(1 - cos(E))
        second, second_slope = lam_s(rest + E * E * Fraction(1, 4)), lam_s(cos(E) - 1 + E * E * HALF)
        up = grows(p, first, first_slope, facts, known, lambda: p.pos(le(0, first_slope(s)), bounds["cos"]))
        down = grows(p, second, second_slope, facts, known, lambda: p.pos(
            le(0, second_slope(s)), p.at(cosine_falls_at_most(p), z=E)))
        start = number(-9)
        low, high = Fraction(57721561, 10**8), Fraction(57721569, 10**8)
        values = [p.ball(lt(-first(start) * 1, high), 128), p.ball(lt(second(start), high), 128),
                  p.ball(lt(low, -first(start) * 1), 128), p.ball(lt(low, second(start)), 128)]
        square = p.rule("pos", le(0, E * E), [p.axiom("exp_positive", x=s)], [(Fraction(1), [0, 0], ONE)], [], [])
        aims = le(rest, high), le(low - E * E * Fraction(1, 4), rest)

        def left(line: Line) -> Line:  # s <= -9
            parts = [at_ends(p, f, s, start, line) for f in (up, down)]
            return p.both(p.pos(aims[0], parts[1], values[1], square), p.pos(aims[1], parts[0], values[2], square))

        def right(line: Line) -> Line:
            parts = [at_ends(p, f, start, s, line) for f in (up, down)]
            return p.both(p.pos(aims[0], parts[0], values[0]), p.pos(aims[1], parts[1], values[3]))

        return p.cases(p.axiom("trichotomy", x=s, y=start), lambda less: left(p.pos(le(s, start), less)), right)

    return p.lemma("the cosine integral near 0", prove)


# The integral for theta_t = b^(-t) -----------------------------------------------------------------------
REST = 1 / x + 2 / x**2
LOWER = 1 - (log(x) + HIGH + REST) / log(b)
UPPER = 1 - (log(x) + LOW - REST - x**2 / (4 * b**2)) / log(b)


def positives(p: Proof) -> list[Line]:
    """1 < 2 and 0 < 1."""
    return [p.ball(lt(number(1), number(2))), p.ball(lt(number(0), number(1)))]


@theorem("falloff.logarithm", Statement((lt(1, b), lt(0, x)), const("and", le(LOWER, decay(b, x)), le(decay(b, x), UPPER))),
         "The integral falls like a logarithm: 1 - (ln x + 0.57721...)/ln b up to (1/x + 2/x^2 + x^2/(4b^2))/ln b",
         references=("DLMF 6.6.6, 6.12.4", SU + ", eq. 11"), instance=positives)  # fmt: skip
def logarithm(p: Proof, goal: Statement) -> Line:
    above, positive = (p.assume(y) for y in goal.hyps)
    size = log_positive(p, above)
    closed = p.theorem("decay.closed_form", above, positive, b=b, x=x)
    base = p.pos(lt(0, b), above)
    e_x, e_b = exponential_of_log(p, positive), exponential_of_log(p, base)
    far = p.parts(p.at(cosine_integral_size(p), s=log(x)))
    turned = p.axiom("exp_add", x=log(x), y=-log(x))
    one = p.trans(p.symm(turned), p.convert(p.axiom("exp_zero"), eq(turned.lhs, 1)))
    unit_x, unit_b = inverse_of(p, positive), inverse_of(p, base)
    share = p.ring(eq(exp(-log(x)), 1 / x), one, e_x, unit_x)
    square = inverse_of(p, p.rule("pos", lt(0, x * x), [positive], [(Fraction(1), [0, 0], ONE)], [], []))
    quarter = inverse_of(p, p.rule("pos", lt(0, 4 * (b * b)), [base], [(Fraction(4), [0, 0], ONE)], [], []))
    y = log(x) - log(b)
    near = p.parts(p.at(near_zero(p), s=y))
    spread = p.convert(p.axiom("exp_add", x=log(x), y=-log(b)), eq(exp(y), exp(log(x)) * exp(-log(b))))
    back = p.axiom("exp_add", x=log(b), y=-log(b))
    one_b = p.trans(p.symm(back), p.convert(p.axiom("exp_zero"), eq(back.lhs, 1)))
    place = p.ring(eq(exp(y), x / b), spread, one_b, e_x, e_b, unit_b)
    far = [p.replace(e_x, line) for line in far]
    near = [p.replace(place, line) for line in near]
    ratio = x / b
    rest = p.ring(eq(exp(-log(x)) + 2 * (exp(-log(x)) * exp(-log(x))), REST), share, square, unit_x)
    quad = p.ring(eq(ratio * ratio * Fraction(1, 4), x * x / (4 * (b * b))), quarter, unit_b)
    over, unit = p.axiom("inverse_positive", size, x=log(b)), inverse_of(p, size)
    digits = [p.convert(p.refl(w), eq(w, number(f)), "decimal") for w, f in (
        (LOW, Fraction(5772156, 10**7)), (HIGH, Fraction(5772157, 10**7)))]
    inside = cosine_integral(x) - cosine_integral(ratio)
    low = p.pos(le(log(b) - log(x) - HIGH - REST, inside), far[1], near[0], rest, *digits)
    high = p.pos(le(inside, log(b) - log(x) - LOW + REST + x * x / (4 * (b * b))), far[0], near[1], rest, quad, *digits)
    out = []
    for line, aim, sign in ((low, goal.concl.args[0], 1), (high, goal.concl.args[1], -1)):
        out.append(p.rule("pos", aim, [line, over], [(Fraction(1), [0, 1], ONE)], [closed, unit], [number(sign)] * 2))
    return p.both(*out)



# Finitely many frequencies --------------------------------------------------------------------------------
g, g1, w, M, n = var("g", REAL), var("g1", REAL), var("u", REAL), var("M"), var("n", "N")
smooth_g = forall("R", lambda t: has_derivative(lam("R", lambda q: g(q)), t, g1(t)))


def change(s: Term, t: Term) -> Term:
    """|g(s) - g(t)| <= M (u(s) - u(t))."""
    return const("and", le(-(M * (w(s) - w(t))), g(s) - g(t)), le(g(s) - g(t), M * (w(s) - w(t))))


varies = forall(["R", "R"], lambda s, t: implies(le(0, s), le(s, t), le(t, 1), change(s, t)))
riemann_sum = total(n, lambda i: g(i / real(n))) / real(n)


@theorem("falloff.variation", Statement((smooth_g, varies, lt(0, n)), le(
    absolute(riemann_sum - const("integral", g, 0, 1)), M * (w(ZERO) - w(ONE)) / real(n)),
    (n.head, g.head, g1.head, w.head, M.head)),
    "A left Riemann sum of n terms misses the integral by at most 1/n of what the integrand varies",
    references=("Davis and Rabinowitz 1984, Methods of Numerical Integration, 2.1",),
    instance=lambda p: constant_instance(p))  # fmt: skip
def variation(p: Proof, goal: Statement) -> Line:
    """On each cell the mean value theorem is used for int g - g(left end) t; the cells are added."""
    t, k = var("t"), var("k", "N")
    slope, bounds, some = (p.assume(y) for y in goal.hyps)
    smooth = has_slope(p, p.specialise(slope, t))
    share = const("inv", real(n))
    whole = lam("R", lambda s: const("integral", g, 0, s))
    size = p.pos(lt(0, real(n)), some)
    unit, above = inverse_of(p, size), p.axiom("inverse_positive", size, x=real(n))
    place = lam("R", lambda s: (k + s) * share)
    start = g(place(ZERO)) * share
    cell = lam("R", lambda s: whole(place(s)) - s * start)
    rate = lam("R", lambda s: g(place(s)) * share - start)
    inner = derivative(p, place, t)
    chain = p.axiom("deriv_chain", area(p, g, smooth, place(t)), inner, g=whole, w=place, t=t, u=g(place(t)),
                    v=inner.concl.args[2])  # fmt: skip
    found = mean_value_of(p, cell, rate, on_interval(p, cell, rate, lambda lo, hi: [chain]))
    below = p.assume(lt(k, n))
    order = p.pos(le(real(k) + 1, real(n)), below)
    nonneg = p.convert(p.axiom("nat_nonneg", n=k), le(0, real(k)))
    step = whole(place(ONE)) - whole(place(ZERO)) - start
    room = M * (w(place(ZERO)) - w(place(ONE))) * share

    def on_cell(t: Term, line: Line) -> Line:
        left, right, value = p.parts(line)
        low = p.rule("pos", le(0, place(ZERO)), [nonneg, above], [(Fraction(1), [0, 1], ONE)], [], [])
        first = p.rule("pos", le(place(ZERO), place(t)), [left, above], [(Fraction(1), [0, 1], ONE)], [], [])
        second = p.rule("pos", le(place(t), place(ONE)), [right, above], [(Fraction(1), [0, 1], ONE)], [], [])
        high = p.rule("pos", le(place(ONE), 1), [order, above], [(Fraction(1), [0, 1], ONE)], [unit], [number(-1)])
        middle = p.pos(le(place(t), 1), second, high)
        near = p.parts(p.mp(p.specialise(bounds, place(ZERO), place(t)), low, first, middle))
        rest = p.parts(p.mp(p.specialise(bounds, place(t), place(ONE)), p.pos(le(0, place(t)), low, first), second, high))
        same = p.ring(eq(step, (g(place(t)) - g(place(ZERO))) * share), value)
        lines = []
        for sign, part, aim in ((1, near[1], le(-room, step)), (-1, near[0], le(step, room))):
            gap = M * (w(place(ZERO)) - w(place(ONE))) + sign * (g(place(t)) - g(place(ZERO)))
            wide = p.pos(le(0, gap), part, *rest)
            lines.append(p.rule("pos", aim, [wide, above], [(Fraction(1), [0, 1], ONE)], [same], [number(sign)]))
        return p.both(*lines)

    one_cell = p.generalise(p.discharge(p.obtain(found, on_cell, name="t"), below.concl), k)
    f_ = lam("N", lambda i: g(i * share))

    def claim(k: Term) -> Term:
        rest = whole(k * share) - total(k, f_) * share
        wide = M * (w(ZERO) - w(k * share)) * share
        return implies(lt(k, n + 1), const("and", le(-wide, rest), le(rest, wide)))

    zero = number(0, "N")
    empty = p.convert(p.axiom("integral_empty", g=g, x=ZERO), eq(whole(zero * share), 0))
    none = p.ring(eq(total(zero, f_) * share, 0), p.axiom("sum_zero", f=f_))
    edge = p.convert(p.refl(w(ZERO)), eq(w(zero * share), w(ZERO)))
    level = p.ring(eq(M * (w(ZERO) - w(zero * share)) * share, 0), edge)
    base = p.discharge(p.both(*(p.pos(part, empty, none, level) for part in claim(zero).args[1].args)), lt(zero, n + 1))

    def next_cell(k: Term, hypothesis: Line) -> Line:
        here = p.assume(lt(k + 1, n + 1))
        before = p.parts(p.mp(hypothesis, p.pos(lt(k, n + 1), here)))
        now = p.parts(p.mp(p.specialise(one_cell, k), p.pos(lt(k, n), here)))
        scaled = p.ring(eq(total(k + 1, f_) * share, total(k, f_) * share + f_(k) * share),
                        p.axiom("sum_successor", n=k, f=f_))  # fmt: skip
        return p.discharge(p.both(*(p.pos(part, line, at, scaled) for part, line, at in zip(
            claim(k + 1).args[1].args, before, now, strict=True))), here.concl)  # fmt: skip

    end = p.parts(p.mp(p.at(p.induction(claim, base, next_cell, name="k"), k=n), p.pos(lt(n, n + 1))))
    last = real(n) * share
    edges = [p.rewrite(unit, p.refl(z(last)), lambda y, z=z: eq(z(last), z(y))) for z in (whole, w)]
    wide = p.ring(eq(M * (w(ZERO) - w(last)) * share, goal.concl.args[1]), edges[1])
    facts = [edges[0], wide, p.convert(p.refl(total(n, f_) * share), eq(total(n, f_) * share, riemann_sum))]
    rest, bound = riemann_sum - const("integral", g, 0, 1), goal.concl.args[1]
    return absolute_le(p, goal.concl, p.pos(le(rest, bound), *end, *facts), p.pos(le(-bound, rest), *end, *facts))


def constant_instance(p: Proof) -> list[Line]:
    """g = u = M = 0, one cell."""
    s_, t_ = var("s"), var("t")
    none = lam("R", lambda q: ZERO)
    flat = p.both(p.pos(le(-(ZERO * (ZERO - ZERO)), ZERO - ZERO)), p.pos(le(ZERO - ZERO, ZERO * (ZERO - ZERO))))
    every = p.generalise(p.discharge(flat, le(0, s_), le(s_, t_), le(t_, 1)), s_, t_)
    return [every_slope(p, none, none), every, p.ball(lt(number(0, "N"), number(1, "N")))]


thetas = lam("N", lambda i: frequency(b, 2 * h, i))
ERROR = x * (1 - 1 / b) / real(h)
SHARE = kernel(h, thetas, x) / real(h)


@theorem("falloff.sum_error", Statement((lt(1, b), le(0, x), lt(0, h)), le(absolute(SHARE - decay(b, x)), ERROR),
                                        (b.head, h.head)),
         "2/d times the inner product misses the integral by at most 2x(1 - 1/b)/d", references=(SU + ", eq. 11",),
         instance=lambda p: [p.ball(lt(number(1), number(2))), p.pos(le(0, 0)), p.ball(
             lt(number(0, "N"), number(1, "N")))])  # fmt: skip
def sum_error(p: Proof, goal: Statement) -> Line:
    """|cos(x b^(-s)) - cos(x b^(-t))| <= x (b^(-s) - b^(-t)) for s <= t."""
    above, nonneg, some = (p.assume(y) for y in goal.hyps)
    size = log(b)
    slope = log_positive(p, above)
    down = lam("R", lambda s: exp(-s * size))
    integrand = lam("R", lambda s: cos(x * down(s)))
    rate = lam("R", lambda s: x * size * (down(s) * sin(x * down(s))))
    s_, t_ = var("s"), var("t")
    low, order, high = p.assume(le(0, s_)), p.assume(le(s_, t_)), p.assume(le(t_, 1))
    # b^(-t) = b^(-s) b^(-(t - s)) <= b^(-s)
    less = at_most_one(p, p.pos(le(0, t_ - s_), order), slope)
    product = p.convert(p.axiom("exp_add", x=-s_ * size, y=-(t_ - s_) * size),
                        eq(down(t_), down(s_) * exp(-(t_ - s_) * size)))  # fmt: skip
    falls = p.rule("pos", le(0, down(s_) - down(t_)), [p.axiom("exp_positive", x=-s_ * size), p.convert(
        less, le(exp(-(t_ - s_) * size), 1))], [(Fraction(1), [0, 1], ONE)], [product], [number(-1)])  # fmt: skip
    gap = x * down(s_) - x * down(t_)
    wide = p.rule("pos", le(0, gap), [nonneg, falls], [(Fraction(1), [0, 1], ONE)], [], [])
    close = p.parts(p.theorem("frequencies.lipschitz", x=x * down(s_), y=x * down(t_)))[1]
    close = p.rewrite(p.axiom("abs_nonneg", wide, x=gap), close, lambda z: le(close.lhs, z))
    sides = between(p, close)
    aims = const("and", le(-(x * (down(s_) - down(t_))), integrand(s_) - integrand(t_)),
                 le(integrand(s_) - integrand(t_), x * (down(s_) - down(t_))))  # fmt: skip
    both = p.both(*(p.pos(part, line) for part, line in zip(aims.args, sides, strict=True)))
    every = p.generalise(p.discharge(both, low.concl, order.concl, high.concl), s_, t_)
    slope_ = every_slope(p, integrand, rate)
    line = p.theorem("falloff.variation", slope_, every, some, g=integrand, g1=rate, u=down, M=x, n=h)
    ends = [p.convert(p.axiom("exp_zero"), eq(down(ZERO), 1)), inverse_of_base(p, above)]
    bound = p.ring(eq(line.concl.args[1], ERROR), *ends)
    line = p.rewrite(bound, line, lambda z: le(line.lhs, z))
    return p.rewrite(p.symm(share_form(p, some, integrand)), line, lambda z: le(absolute(z), ERROR))


def inverse_of_base(p: Proof, above: Line) -> Line:
    """``b^(-1) = 1/b`` with the power written by exp and log."""
    positive = p.pos(lt(0, b), above)
    value = p.axiom("exp_log", positive, x=b)
    turned = p.axiom("exp_add", x=log(b), y=-log(b))
    one = p.trans(p.symm(turned), p.convert(p.axiom("exp_zero"), eq(turned.lhs, 1)))
    back = p.ring(eq(exp(-log(b)), 1 / b), one, value, inverse_of(p, positive))
    return p.convert(back, eq(exp(-ONE * log(b)), 1 / b))


@theorem("falloff.finite", Statement((lt(1, b), lt(0, x), lt(0, h)), const(
    "and", le(LOWER - ERROR, SHARE), le(SHARE, UPPER + ERROR)), (b.head, h.head)),
    "2/d times the inner product is 1 - (ln x + 0.57721...)/ln b up to (1/x + 2/x^2 + x^2/(4b^2))/ln b and 2x(1 - 1/b)/d",
    references=("DLMF 6.6.6", SU + ", eq. 11"),
    instance=lambda p: [*positives(p), p.ball(lt(number(0, "N"), number(1, "N")))])  # fmt: skip
def finite(p: Proof, goal: Statement) -> Line:
    above, positive, some = (p.assume(y) for y in goal.hyps)
    error = between(p, p.theorem("falloff.sum_error", above, p.pos(le(0, x), positive), some, b=b, x=x, h=h))
    whole = p.parts(p.theorem("falloff.logarithm", above, positive, b=b, x=x))
    low, high = goal.concl.args
    return p.both(p.pos(low, error[0], whole[0]), p.pos(high, error[1], whole[1]))


# Powers -------------------------------------------------------------------------------------------------
def raised(t: Term, k: int) -> Term:
    """t^k as a product."""
    out = t
    for _ in range(k - 1):
        out = out * t
    return out


def integrand_of(k: int) -> Term:
    """cos(t^k)."""
    return lam("R", lambda t: cos(t**k))


def up_to(k: int, at: Term) -> Term:
    """int_0^y cos(t^k) dt."""
    return const("integral", integrand_of(k), 0, at)


def smooth_of(p: Proof, k: int) -> Line:
    """cos(t^k) has a derivative everywhere."""
    t = var("t")
    line = derivative(p, lam("R", lambda q: cos(raised(q, k))), t)
    return has_slope(p, p.convert(line, has_derivative(integrand_of(k), t, line.concl.args[2])))


def area_slope(p: Proof, k: int) -> Line:
    """The derivative of int_0^(e^s) cos(t^k) dt."""
    f = integrand_of(k)
    inner = derivative(p, lam_s(E), s)
    outer = p.axiom("integral_derivative", smooth_of(p, k), g=f, x=ZERO, t=E)
    return p.axiom("deriv_chain", outer, inner, g=lam("R", lambda y: const("integral", f, 0, y)), w=lam_s(E), t=s,
                   u=f(E), v=inner.concl.args[2])  # fmt: skip


def envelope(k: int, sign: int) -> tuple[Term, Term]:
    """A function of s that grows (sign 1) or falls (-1) to int_0^oo cos(t^k) dt, and its slope.

    It is int_0^y cos(t^k) dt - sin(y^k) y^(1-k)/k + a (cos(y^k) - sign) y^(1-2k) at y = e^s, with a = (k - 1)/k^2.
    """
    a, X = Fraction(k - 1, k * k), raised(E, k)
    function = (up_to(k, E) - sin(X) * raised(I, k - 1) * Fraction(1, k) + a * (cos(X) - sign) * raised(I, 2 * k - 1))
    slope = sign * a * (2 * k - 1) * (1 - sign * cos(X)) * raised(I, 2 * k - 1)
    return lam_s(function), lam_s(slope)


def envelope_grows(p: Proof, k: int, sign: int) -> Line:
    """``forall u v. u <= v -> f(u) <= f(v)`` for sign * envelope."""
    def prove(p: Proof) -> Line:
        function, slope = envelope(k, sign)
        bounds = unit_bounds(p, raised(E, k))
        over = p.axiom("exp_positive", x=-s)
        a = Fraction(k - 1, k * k) * (2 * k - 1)
        f, f1 = lam_s(sign * function(s)), lam_s(sign * slope(s))
        return grows(p, f, f1, [inverse_exponential(p)], [area_slope(p, k)], lambda: p.rule(
            "pos", le(0, f1(s)), [bounds["cos" if sign > 0 else "-cos"], over],
            [(a, [0] + [1] * (2 * k - 1), ONE)], [], []))  # fmt: skip

    return p.lemma(f"int_0^y cos(t^{k}) dt between two functions that {'grow' if sign > 0 else 'fall'}", prove)


def root(p: Proof, positive: Line, k: int) -> Line:
    """``(e^(ln(x)/k))^k = x``."""
    x = positive.rhs
    part = log(x) * Fraction(1, k)
    lines, angle = [], part
    for _ in range(k - 1):
        lines.append(p.axiom("exp_add", x=angle, y=part))
        angle = angle + part
    whole = p.convert(p.refl(exp(angle)), eq(exp(angle), exp(log(x))))
    return p.ring(eq(raised(exp(part), k), x), *lines, whole, exponential_of_log(p, positive))


def scaled(p: Proof, k: int, at: Term, same: Line, x: Term) -> Line:
    """``int_0^y cos(t^k) dt = y int_0^1 cos(x t^k) dt`` for y = e^at with y^k = x."""
    y = exp(at)
    t = var("t")
    f = integrand_of(k)
    share = const("inv", y)
    unit = inverse_of(p, p.axiom("exp_positive", x=at))
    place = lam("R", lambda q: y * q)
    inner = derivative(p, place, t)
    outer = p.axiom("integral_derivative", smooth_of(p, k), g=f, x=ZERO, t=place(t))
    chain = p.axiom("deriv_chain", outer, inner, g=lam("R", lambda q: const("integral", f, 0, q)), w=place, t=t,
                    u=f(place(t)), v=inner.concl.args[2])  # fmt: skip
    whole = lam("R", lambda q: const("integral", f, 0, place(q)) * share)
    value = lam("R", lambda q: cos(x * q**k))
    line = derivative(p, whole, t, [chain])
    angle = p.ring(eq(raised(y, k) * t**k, x * t**k), same)
    turned = p.rewrite(angle, p.refl(cos(angle.lhs)), lambda q: eq(cos(angle.lhs), cos(q)))
    turned = p.convert(turned, eq(f(place(t)), value(t)))
    equal = p.ring(eq(line.concl.args[2], value(t)), turned, unit)
    slope = p.generalise(p.rewrite(equal, line, lambda q: has_derivative(whole, t, q)), t)
    plain = derivative(p, lam("R", lambda q: cos(x * raised(q, k))), t)
    smooth = has_slope(p, p.convert(plain, has_derivative(value, t, plain.concl.args[2])))
    total_ = p.mp(p.at(fundamental_theorem(p), G=whole, g=value), slope, smooth)
    ends = [p.convert(p.refl(const("integral", f, 0, place(q))), eq(const("integral", f, 0, place(q)),
                                                                   const("integral", f, 0, w)))
            for q, w in ((ZERO, ZERO), (ONE, y))]  # fmt: skip
    return p.ring(eq(up_to(k, y), y * power(k, x)), total_, *ends, p.axiom("integral_empty", g=f, x=ZERO), unit)


def log_order(p: Proof, order: Line, *values: Line) -> Line:
    """``u <= v`` from x <= y, e^u = x and e^v = y (or e^u < x for u)."""
    low, high = values
    u, v = low.lhs.args[0], high.lhs.args[0]

    def less(line: Line) -> Line:
        bad = p.pos(const("false"), p.axiom("exp_increasing", line, x=v, y=u), low, high, order)
        return p.axiom("false_elim", bad, p=le(u, v))

    return p.cases(p.axiom("trichotomy", x=v, y=u), less, lambda line: line)


def exponentials_grow(p: Proof, order: Line) -> Line:
    """``e^u <= e^v`` from u <= v."""
    line = p.at(p.lemma("the exponential grows", lambda p: grows(
        p, lam_s(E), lam_s(E), [], [], lambda: p.pos(le(0, E), p.axiom("exp_positive", x=s)))))
    return p.mp(p.specialise(line, *order.concl.args), order)


def power_between(p: Proof, positive: Line, k: int, start: Term | Fraction, order: Line, sign: int) -> Line:
    """A bound of int_0^y cos(t^k) dt at y = x^(1/k), from below (sign 1) or above: the envelope at an earlier point
    with the part of the first waves at x."""
    x = positive.rhs
    at = log(x) * Fraction(1, k)
    line = at_ends(p, envelope_grows(p, k, sign), start, at, order)
    y, share = exp(at), exp(-at)
    area = scaled(p, k, at, root(p, positive, k), x)
    line = p.convert(line, le(line.lhs, sign * spread(k, sign, raised(y, k), share, up_to(k, y))))
    line = p.replace(root(p, positive, k), line)
    line = p.convert(line, le(line.lhs, sign * spread(k, sign, x, share, up_to(k, y))))
    moved = p.ring(eq(up_to(k, y), y * power(k, x)), area)
    return p.rewrite(moved, line, lambda q: le(line.lhs, sign * spread(k, sign, x, share, q)))


def spread(k: int, sign: int, x: Term, share: Term, area: Term) -> Term:
    """The envelope in terms of x = y^k, 1/y and the area."""
    a = Fraction(k - 1, k * k)
    return area - sin(x) * raised(share, k - 1) * Fraction(1, k) + a * (cos(x) - sign) * raised(share, 2 * k - 1)


POSITIVE = conjunction(*(lt(0, power(k, x)) for k in (2, 3)))


@theorem("falloff.powers_positive", Statement((lt(0, x),), POSITIVE),
         "For theta_t = t^2 and t^3 the integral is positive at every distance", references=(SU, "DLMF 7.5"),
         instance=lambda p: [p.ball(lt(number(0), number(1)))])  # fmt: skip
def powers_positive(p: Proof, goal: Statement) -> Line:
    """Up to 9/2 by balls; from there on the lower envelope grows, and the wave on it is smaller."""
    positive = p.assume(goal.hyps[0])
    return p.both(*(power_positive(p, positive, k) for k in (2, 3)))


def power_positive(p: Proof, positive: Line, k: int) -> Line:
    """``0 < int_0^1 cos(x t^k) dt``."""
    border = Fraction(9, 2)
    at, aim = log(x) * Fraction(1, k), lt(0, power(k, x))

    def near(line: Line) -> Line:
        small = p.ball(forall("R", lambda y: implies(le(0, y), le(y, border), lt(0, power(k, y)))), 53, 20)
        return p.mp(p.specialise(small, x), p.pos(le(0, x), positive), p.pos(le(x, border), line))

    def far(line: Line) -> Line:
        first = p.ball(lt(0, number(border)))
        order = log_order(p, line, exponential_of_log(p, first), exponential_of_log(p, positive))
        start = log(border) * Fraction(1, k)
        order = p.pos(le(start, at), order)
        bound = power_between(p, positive, k, start, order, 1)
        waves = unit_bounds(p, x)
        y, over = p.axiom("exp_positive", x=at), p.axiom("exp_positive", x=-at)
        least = p.axiom("exp_positive", x=-start)
        falls = exponentials_grow(p, p.pos(le(-at, -start), order))
        # the wave: sin(x) y^(1-k)/k >= -y^(1-k)/k >= -(its value at the border)
        smaller = p.rule("pos", le(raised(exp(-at), k - 1), raised(exp(-start), k - 1)), [falls, over, least],
                         [(Fraction(1), [0, *[1] * j, *[2] * (k - 2 - j)], ONE) for j in range(k - 1)], [], [])  # fmt: skip
        value = p.ball(lt(0, bound.lhs - raised(exp(-start), k - 1) * Fraction(1, k)), 64)
        a = Fraction(k - 1, k * k)
        area = p.rule("pos", lt(0, exp(at) * power(k, x)), [value, bound, smaller, waves["-sin"], waves["cos"], over], [
            (Fraction(1), [0], ONE), (Fraction(1), [1], ONE), (Fraction(1, k), [2], ONE),
            (Fraction(1, k), [3, *[5] * (k - 1)], ONE), (a, [4, *[5] * (2 * k - 1)], ONE)], [], [])  # fmt: skip
        return p.rule("pos", aim, [area, p.axiom("inverse_positive", y, x=exp(at))], [(Fraction(1), [0, 1], ONE)],
                      [inverse_of(p, y)], [-power(k, x)])  # fmt: skip

    return p.cases(p.axiom("trichotomy", x=x, y=number(border)), near, far)


# Powers against exponentials -----------------------------------------------------------------------------
def closed(x: Term, base: int) -> Term:
    """(Ci(x) - Ci(x/b))/ln b."""
    return (cosine_integral(x) - cosine_integral(x / base)) / log(number(base))


def everywhere_between(lo: Term | Fraction | int, hi: Term | Fraction | int, less: Callable[[Term], Term]) -> Term:
    """For all x of the interval."""
    return forall("R", lambda x: implies(le(lo, x), le(x, hi), less(x)))


def in_order(sign: int, left: Term, right: Term) -> Term:
    """left < right for the sign -1, right < left for 1."""
    return lt(left, right) if sign < 0 else lt(right, left)


def compared(p: Proof, k: int, base: int, lo: Fraction, hi: Fraction, sign: int) -> Line:
    """On an interval the power is below the exponential (sign -1, by the upper envelope) or above it (1)."""
    goal = everywhere_between(lo, hi, lambda x: in_order(sign, power(k, x), decay(base, x)))
    inside, below = p.assume(le(lo, x)), p.assume(le(x, hi))
    positive = p.pos(lt(0, x), inside)
    start, at = log(number(lo)) * Fraction(1, k), log(x) * Fraction(1, k)
    ends = [exponential_of_log(p, y) for y in (p.ball(lt(0, number(lo))), positive)]
    bound = power_between(p, positive, k, start, p.pos(le(start, at), log_order(p, inside, *ends)), sign)
    level = rational_below(bound.lhs)
    value = p.ball(lt(level, bound.lhs), 128)
    over, unit = p.axiom("exp_positive", x=-at), inverse_exponential(p, at)

    def rest(x: Term) -> Term:
        share = exp(-(log(x) * Fraction(1, k)))
        return (level - sign * spread(k, sign, x, share, ZERO)) * share

    bounded = p.rule("pos", le(rest(x), sign * power(k, x)), [value, bound, over],
                     [(Fraction(1), [0, 2], ONE), (Fraction(1), [1, 2], ONE)], [unit], [-(sign * power(k, x))])  # fmt: skip
    wanted = everywhere_between(lo, hi, lambda x: lt(sign * closed(x, base), rest(x)))
    fact = p.mp(p.specialise(p.ball(wanted, 64, 40), x), inside, below)
    same = p.theorem("decay.closed_form", p.ball(lt(1, number(base))), positive, b=base, x=x)
    done = p.pos(in_order(sign, power(k, x), decay(base, x)), bounded, fact, same)
    return p.convert(p.generalise(p.discharge(done, inside.concl, below.concl), x), goal)


def rational_below(t: Term) -> Fraction:
    """A rational a little below the value of a closed term: for bisection, which would compute the term each time."""
    from symcheck.checker import balls

    return Fraction(int(float(balls.evaluate(t).mid()) * 10**12) - 2, 10**12)


def joined(p: Proof, *lines: Line) -> Line:
    """A fact on [a, c] from the same on [a, b], [b, c], ..."""
    def bounds(line: Line) -> tuple[Term, Term]:
        inside = line.concl.args[0]
        return inside.args[0].args[0], inside.args[1].args[0].args[1]

    first, *others = lines
    for other in others:
        (lo, middle), hi = bounds(first), bounds(other)[1]
        inside, below = p.assume(le(lo, x)), p.assume(le(x, hi))

        def left(line: Line, first: Line = first, inside: Line = inside, middle: Term = middle) -> Line:
            return p.mp(p.specialise(first, x), inside, p.pos(le(x, middle), line))

        def right(line: Line, other: Line = other, below: Line = below) -> Line:
            return p.mp(p.specialise(other, x), line, below)

        done = p.cases(p.axiom("trichotomy", x=x, y=middle), left, right)
        first = p.generalise(p.discharge(done, inside.concl, below.concl), x)
    return first


def meets(k: int, base: int, lo: Term, hi: Term) -> Term:
    """The two integrals are equal somewhere between."""
    return exists("R", lambda x: const("and", lt(lo, x), const("and", lt(x, hi), eq(power(k, x), decay(base, x)))))


def meeting(p: Proof, k: int, base: int, lo: Fraction, hi: Fraction) -> Line:
    """By the intermediate value theorem along x = y^k, y = e^s."""
    X = raised(E, k)
    inverse = const("inv", log(number(base)))
    gap = lam_s((cosine_integral(X) - cosine_integral(X * Fraction(1, base))) * inverse - up_to(k, E) * I)
    known = [cosine_integral_slope(p, X), cosine_integral_slope(p, X * Fraction(1, base)), area_slope(p, k)]

    def equal(place: Term, x: Term, positive: Line, level: Line) -> Line:
        form = p.theorem("decay.closed_form", p.ball(lt(1, number(base))), positive, b=base, x=x)
        return p.ring(eq(power(k, x), decay(base, x)), scaled(p, k, place, p.refl(x), x), form, level,
                      inverse_exponential(p, place))  # fmt: skip

    return zero_on_the_way(p, meets(k, base, number(lo), number(hi)), k, lo, hi, gap, known, equal)


def zero_on_the_way(p: Proof, goal: Term, k: int, lo: Fraction, hi: Fraction, gap: Term, known: list[Line],
                    equal: Callable[[Term, Term, Line, Line], Line]) -> Line:  # fmt: skip
    """``exists x. lo < x, x < hi, equation`` where the gap, a function of s with x = (e^s)^k, changes its sign."""
    line = derivative(p, gap, s, known)
    ends = [log(number(y)) * Fraction(1, k) for y in (lo, hi)]
    place = lam("R", lambda t: ends[0] + t * (ends[1] - ends[0]))
    t = var("t")
    inner = derivative(p, place, t)
    outer = p.rule("instantiate", line, {s.head: place(t)})
    chain = p.axiom("deriv_chain", outer, inner, g=gap, w=place, t=t, u=outer.concl.args[2], v=inner.concl.args[2])
    function = lam("R", lambda t: gap(place(t)))
    slope = abstract([t.head], chain.concl.args[2])
    every = p.generalise(p.discharge(chain, le(0, t), le(t, 1)), t)
    found = p.axiom("intermediate_value", every, p.ball(lt(0, function(0)), 128), p.ball(lt(function(1), 0), 128),
                    g=function, g1=slope)  # fmt: skip

    def use(t: Term, line: Line) -> Line:
        left, right, level = p.parts(line)
        x = raised(exp(place(t)), k)
        tall = p.axiom("exp_positive", x=place(t))
        positive = p.convert(p.rule("pos", lt(0, x), [tall], [(Fraction(1), [0] * k, ONE)], [], []), lt(0, x))
        length = p.ball(lt(*ends), 128)
        sides = []
        for z, order, aim in ((0, left, lt(lo, x)), (1, right, lt(x, hi))):
            less = p.rule("pos", lt(*((ends[0], place(t)) if z == 0 else (place(t), ends[1]))), [order, length],
                          [(Fraction(1), [0, 1], ONE)], [], [])  # fmt: skip
            grown = p.axiom("exp_increasing", less, x=less.lhs, y=less.rhs)
            same = root(p, p.ball(lt(0, number((lo, hi)[z]))), k)
            # y^k - w^k = (y - w)(y^(k-1) + ... + w^(k-1))
            sides.append(p.rule("pos", aim, [grown, tall, p.axiom("exp_positive", x=ends[z])], [
                (Fraction(1), [0, *[1] * j, *[2] * (k - 1 - j)], ONE) for j in range(k)],
                [same], [number(1 - 2 * z)]))  # fmt: skip
        return p.witness(goal, x, p.both(*sides, equal(place(t), x, positive, level)))

    return p.obtain(found, use, name="t")


#: Where t^k and b^(-t) cross for the first time, and from where on the exponential is the smaller one.
CROSSINGS = {(2, 1_000): ("490.0685", 491), (2, 10_000): ("5617.6733", 5623), (3, 1_000): ("239.9012", 244),
             (3, 10_000): ("3656.4187", 3657)}  # fmt: skip


def crossing_statement(k: int, base: int) -> Statement:
    """Below, equal, above."""
    digits, later = CROSSINGS[k, base]
    lo, hi = (decimal_of(y, digits) for y in enclosure(digits))
    return Statement((), conjunction(
        everywhere_between(1, lo, lambda x: lt(power(k, x), decay(base, x))), meets(k, base, lo, hi),
        everywhere_between(later, 3 * base, lambda x: lt(decay(base, x), power(k, x)))))  # fmt: skip


def crossing(p: Proof, goal: Statement, k: int, base: int) -> Line:
    """On [1, 10] by balls, then by envelopes that start at 10, at 100 and just before the crossing."""
    digits, later = CROSSINGS[k, base]
    lo, hi = enclosure(digits)
    short = p.ball(everywhere_between(1, 10, lambda x: lt(power(k, x), decay(base, x))), 53, 40)
    marks = [Fraction(10), Fraction(100), Fraction(int(lo)), lo]
    parts = [compared(p, k, base, *pair, -1) for pair in pairwise(marks)]
    below = joined(p, short, *parts)
    above = compared(p, k, base, Fraction(later), Fraction(3 * base), 1)
    return p.convert(p.both(below, meeting(p, k, base, lo, hi), above), goal.concl, "decimal")


#: Distances at which the exponential is further below 0 than the power is above.
OVERSHOT = {(2, 1_000): 1_000, (2, 10_000): 10_000, (3, 1_000): 1_500, (3, 10_000): 20_000}
theorem("falloff.overshoot", Statement((), conjunction(*(
    lt(decay(base, number(x)), -power(k, number(x))) for (k, base), x in OVERSHOT.items()))),
    "Past their zeros the exponentials overshoot: at 1000 and 10000 they are larger in size than t^2, at 1500 and 20000 "
    "than t^3", references=(SU,))(by_balls)  # fmt: skip


for _k, _base in CROSSINGS:
    theorem(f"falloff.crossing_{_k}_{_base}", crossing_statement(_k, _base),
            f"t^{_k} against {_base}^(-t): the power is the lower one up to {CROSSINGS[_k, _base][0]}..., where they "
            f"cross, the exponential from {CROSSINGS[_k, _base][1]} to {3 * _base}", references=(SU, "DLMF 6.2.11, 7.5"))(
        lambda p, goal, k=_k, base=_base: crossing(p, goal, k, base))  # fmt: skip


WINDOW = decimal(6176615, 4)
MEETS = conjunction(lt(0, decay(1_000, x)), lt(0, decay(10_000, x)), *(lt(0, power(k, x)) for k in (2, 3)),
                    eq(integral(lambda t: cos(const("pi") * t)), 0))  # fmt: skip


@theorem("falloff.only_linear_vanishes", Statement((lt(0, x), le(x, WINDOW)), MEETS),
         "Up to the distance 617.6615 the integrals for 1000^(-t), 10000^(-t), t^2 and t^3 are positive; that for "
         "theta_t = t vanishes at pi", references=(SU,),
         instance=lambda p: [p.ball(lt(number(0), ONE)), p.pos(le(ONE, WINDOW), p.ball(lt(ONE, WINDOW)))])  # fmt: skip
def only_linear_vanishes(p: Proof, goal: Statement) -> Line:
    positive, inside = (p.assume(y) for y in goal.hyps)
    out = []
    limit = p.convert(p.refl(WINDOW), eq(WINDOW, Fraction(6176615, 10**4)), "decimal")
    for base in (1_000, 10_000):
        before = p.parts(p.theorem(f"decay.first_zero_{base}"))[0]
        far = p.specialise(before, x)
        edge = far.concl.args[1].args[0].args[1]
        least = p.ball(lt(Fraction(6176615, 10**4), edge), 256)
        out.append(p.mp(far, positive, p.pos(le(x, edge), inside, limit, least)))
    out += p.parts(p.theorem("falloff.powers_positive", positive, x=x))
    at = p.theorem("decay.linear", p.ball(lt(0, const("pi"))), x=const("pi"))
    half = const("pi") * HALF
    double = p.axiom("sin_add", x=half, y=half)
    straight = p.convert(double, eq(sin(const("pi")), double.rhs))
    flat = p.ring(eq(sin(const("pi")), 0), straight, p.axiom("cos_pi_half"))
    out.append(p.ring(eq(at.lhs, 0), at, flat))
    return p.convert(p.both(*out), goal.concl)


BASES = ("4553.6607", 1_000, 10_000)


def two_bases(lo: Term, hi: Term) -> Term:
    """1000^(-t) falls faster than 10000^(-t) up to lo, and they cross before hi."""
    fast, slow = BASES[1:]
    return const("and", everywhere_between(1, lo, lambda x: lt(decay(fast, x), decay(slow, x))), exists(
        "R", lambda x: const("and", lt(lo, x), const("and", lt(x, hi), eq(decay(fast, x), decay(slow, x))))))  # fmt: skip


@theorem("falloff.two_bases", Statement((), two_bases(*(decimal_of(y, BASES[0]) for y in enclosure(BASES[0])))),
         "The integral for the base 1000 is below that for 10000 up to the distance 4553.6607..., where they cross",
         references=(SU, "DLMF 6.2.11"))  # fmt: skip
def bases_cross(p: Proof, goal: Statement) -> Line:
    (lo, hi), bases = enclosure(BASES[0]), BASES[1:]
    inside, below = p.assume(le(1, x)), p.assume(le(x, lo))

    def forms(positive: Line) -> list[Line]:
        return [p.theorem("decay.closed_form", p.ball(lt(1, number(b))), positive, b=b, x=positive.rhs) for b in bases]

    fact = p.ball(everywhere_between(1, lo, lambda x: lt(*(closed(x, b) for b in bases))), 64, 40)
    fact = p.mp(p.specialise(fact, x), inside, below)
    less = p.pos(lt(*(decay(b, x) for b in bases)), fact, *forms(p.pos(lt(0, x), inside)))
    first = p.generalise(p.discharge(less, inside.concl, below.concl), x)
    inverses = [const("inv", log(number(b))) for b in bases]
    values = [(cosine_integral(E) - cosine_integral(E * Fraction(1, b))) * y for b, y in zip(bases, inverses, strict=True)]
    known = [cosine_integral_slope(p, E), *(cosine_integral_slope(p, E * Fraction(1, b)) for b in bases)]

    def equal(_: Term, x: Term, positive: Line, level: Line) -> Line:
        return p.ring(eq(*(decay(b, x) for b in bases)), *forms(positive), level)

    wanted = two_bases(number(lo), number(hi))
    second = zero_on_the_way(p, wanted.args[1], 1, lo, hi, lam_s(values[1] - values[0]), known, equal)
    return p.convert(p.both(first, second), goal.concl, "decimal")



# Real powers --------------------------------------------------------------------------------------------
alpha, c, e, R = (var(name) for name in ("alpha", "c", "e", "R"))


def wave_of(x: Term) -> Term:
    """e^(-u) cos(x e^(-alpha u) + c): the integrand cos(x t^alpha + c) dt with t = e^(-u)."""
    return lam("R", lambda u: exp(-u) * cos(x * exp(-(alpha * u)) + c))


def from_one_down(x: Term, R: Term | int) -> Term:
    """The integral of cos(x t^alpha + c) over t from e^(-R) to 1."""
    return const("integral", wave_of(x), 0, R)


FALLS = exists("R", lambda y: forall(["R", "R"], lambda x, R: implies(
    lt(y, x), le(0, R), lt(absolute(from_one_down(x, R)), e))))  # fmt: skip


def tail_size(p: Proof) -> Line:
    """``U <= R -> |W(R) - W(U)| <= e^(-U)`` as two inequalities, W the integral from 0."""
    def prove(p: Proof) -> Line:
        f = wave_of(x)
        smooth = has_slope(p, derivative(p, f, var("t")))
        area = p.axiom("integral_derivative", smooth, g=f, x=ZERO, t=s)
        bounds = unit_bounds(p, x * exp(-(alpha * s)) + c)
        over = p.axiom("exp_positive", x=-s)
        order = p.assume(le(u, v))
        out = []
        for sign, name in ((1, "cos"), (-1, "-cos")):
            function, slope = lam_s(-exp(-s) - sign * from_one_down(x, s)), lam_s(exp(-s) - sign * f(s))
            line = grows(p, function, slope, [], [area], lambda slope=slope, name=name: p.rule(
                "pos", le(0, slope(s)), [bounds[name], over], [(Fraction(1), [0, 1], ONE)], [], []))
            grown = at_ends(p, line, u, v, order)
            out.append(p.pos(le(sign * (from_one_down(x, v) - from_one_down(x, u)), exp(-u)), grown,
                             p.axiom("exp_positive", x=-v)))  # fmt: skip
        return p.discharge(p.both(*out), order.concl)

    return p.lemma("what lies before e^(-u) adds at most e^(-u)", prove)


def head_size(p: Proof) -> Line:
    """``0 < alpha -> 0 < x -> 0 <= u -> |W(u)| <= 2 e^((alpha + 1) u)/(alpha x)``."""
    def prove(p: Proof) -> Line:
        some, positive, low = p.assume(lt(0, alpha)), p.assume(lt(0, x)), p.assume(le(0, u))
        t = var("t")
        share, unit = const("inv", alpha), inverse_of(p, some)
        inverse = p.axiom("inverse_positive", some, x=alpha)
        down, turn = lam("R", lambda q: exp(-(u * q))), lam("R", lambda q: exp(-(alpha * (u * q))))
        ratio, rise = lam("R", lambda q: exp((alpha - 1) * (u * q))), lam("R", lambda q: exp((alpha + 1) * (u * q)))
        values = {
            "theta": turn, "theta1": lam("R", lambda q: -(alpha * u) * turn(q)), "h": lam("R", lambda q: u * down(q)),
            "h1": lam("R", lambda q: -(u * u) * down(q)), "f": lam("R", lambda q: -(share * ratio(q))),
            "f1": lam("R", lambda q: -(share * ((alpha - 1) * u * ratio(q)))), "v": lam("R", lambda q: share * rise(q)),
            "v1": lam("R", lambda q: share * ((alpha + 1) * u * rise(q))), "x": x, "c": c}  # fmt: skip

        def slope(name: str) -> Line:
            line = derivative(p, values[name], t)
            same = p.ring(eq(line.concl.args[2], values[name + "1"](t)))
            return p.rewrite(same, line, lambda y: has_derivative(values[name], t, y))

        lo, hi = p.assume(le(0, t)), p.assume(le(t, 1))
        product = p.axiom("exp_add", x=(alpha - 1) * (u * t), y=-(alpha * (u * t)))
        product = p.convert(product, eq(down(t), product.rhs))
        balance = p.ring(eq(values["h"](t), values["f"](t) * values["theta1"](t)), product, unit)
        # e^((alpha + 1) u t) >= e^((alpha - 1) u t), and alpha + 1 >= |alpha - 1|
        place = p.rule("pos", le((alpha - 1) * (u * t), (alpha + 1) * (u * t)), [low, lo],
                       [(Fraction(2), [0, 1], ONE)], [], [])  # fmt: skip
        taller = exponentials_grow(p, place)
        over = p.axiom("exp_positive", x=ratio(t).args[0])
        # v' + f' = (u/alpha)((alpha + 1)(rise - ratio) + 2 ratio), v' - f' the same with 2 alpha ratio
        shared = [(Fraction(1), [0, 1, 2, 3], ONE), (Fraction(1), [0, 1, 2], ONE)]
        sides = [p.rule("pos", aim, [inverse, low, taller, some, over], [*shared, (Fraction(2), last, ONE)], [], [])
                 for aim, last in ((le(-values["v1"](t), values["f1"](t)), [0, 1, 4]),
                                   (le(values["f1"](t), values["v1"](t)), [0, 1, 4, 3]))]  # fmt: skip
        whole = p.both(slope("f"), slope("v"), balance, *sides)
        every = p.generalise(p.discharge(whole, lo.concl, hi.concl), t)
        bound = p.theorem("decay.oscillatory", p.generalise(slope("theta"), t), p.generalise(slope("h"), t), every,
                          positive, **values)  # fmt: skip
        # the path u q from 0 to u
        f = wave_of(x)
        area = p.axiom("integral_derivative", has_slope(p, derivative(p, f, t)), g=f, x=ZERO, t=u * t)
        path = lam("R", lambda q: u * q)
        inner = derivative(p, path, t)
        whole_ = lam("R", lambda y: const("integral", f, 0, y))
        chain = p.axiom("deriv_chain", area, inner, g=whole_, w=path, t=t, u=f(u * t), v=inner.concl.args[2])
        integrand = lam("R", lambda q: values["h"](q) * cos(x * turn(q) + c))
        same = p.ring(eq(chain.concl.args[2], integrand(t)))
        function = chain.concl.args[0]
        moved = p.generalise(p.rewrite(same, chain, lambda y: has_derivative(function, t, y)), t)
        smooth = has_slope(p, derivative(p, integrand, t))
        joined_ = p.mp(p.at(fundamental_theorem(p), G=function, g=integrand), moved, smooth)
        ends = [p.convert(p.refl(function(q)), eq(function(q), from_one_down(x, w))) for q, w in ((ZERO, ZERO), (ONE, u))]
        value = p.ring(eq(from_one_down(x, u), joined_.lhs), joined_, *ends, p.axiom("integral_empty", g=f, x=ZERO))
        return finish(p, bound, value, values, some, positive, low)

    def finish(p: Proof, bound: Line, value: Line, values: dict, some: Line, positive: Line, low: Line) -> Line:
        share = const("inv", alpha)
        inverse = p.axiom("inverse_positive", some, x=alpha)
        zero = p.axiom("exp_zero")
        sizes = []
        for q in (ZERO, ONE):
            f = values["f"](q)
            over = p.axiom("exp_positive", x=f.args[1].args[1].args[0])
            sign = p.rule("pos", le(f, 0), [inverse, over], [(Fraction(1), [0, 1], ONE)], [], [])
            sizes.append(p.axiom("abs_nonpos", sign, x=f))
        starts = [p.convert(zero, eq(exp(k * (u * ZERO)), 1)) for k in (alpha - 1, alpha + 1)]
        top = exp((alpha + 1) * u)
        lines = [p.convert(p.refl(exp(k * u)), eq(exp(k * (u * ONE)), exp(k * u))) for k in (alpha - 1, alpha + 1)]
        order = p.rule("pos", le((alpha - 1) * u, (alpha + 1) * u), [low], [(Fraction(2), [0], ONE)], [], [])
        less = exponentials_grow(p, order)
        total_ = p.ring(eq(bound.rhs, share * (exp((alpha - 1) * u) + top) / x), *sizes, *starts, *lines)
        over = p.axiom("inverse_positive", positive, x=x)
        aim = 2 * share * top / x
        line = p.rewrite(total_, bound, lambda y: le(bound.lhs, y))
        line = p.convert(line, le(absolute(value.rhs), total_.rhs))
        line = p.rewrite(p.symm(value), line, lambda y: le(absolute(y), total_.rhs))
        grown = p.rule("pos", le(total_.rhs, aim), [less, inverse, over], [(Fraction(1), [0, 1, 2], ONE)], [], [])
        return p.discharge(p.pos(le(line.lhs, aim), line, grown), some.concl, positive.concl, low.concl)

    return p.lemma("what lies after e^(-u) is O(1/x)", prove)


@theorem("falloff.real_power", Statement((lt(0, alpha), lt(0, e)), FALLS, (alpha.head,)),
         "For theta_t = t^alpha with any alpha > 0 the integral tends to 0, in every phase: with t = e^(-u), over t from "
         "e^(-R) to 1, for all R at once", references=("Stein 1993, Harmonic Analysis, VIII.1.1", SU),
         instance=lambda p: [p.ball(lt(number(0), ONE))] * 2)  # fmt: skip
def real_power(p: Proof, goal: Statement) -> Line:
    """Split at e^(-U) = e/(2 + e) < e/2; past the border 2C/e the part after it is at most C/x < e/2."""
    some, small = (p.assume(y) for y in goal.hyps)
    wide = 1 + 2 / e
    unit_e, over_e = inverse_of(p, small), p.axiom("inverse_positive", small, x=e)
    positive_wide = p.pos(lt(0, wide), over_e)
    U = log(wide)
    top = exponential_of_log(p, positive_wide)
    low = log_order(p, p.pos(le(1, wide), over_e), p.axiom("exp_zero"), top)
    tiny = p.axiom("exp_positive", x=-U)
    product = p.ring(eq(exp(-U) * (e + 2), e), inverse_exponential(p, U), top, unit_e)
    short = p.rule("pos", lt(exp(-U), e * HALF), [small, tiny], [(HALF, [0, 1], ONE)], [product], [number(-HALF)])
    share = p.axiom("inverse_positive", some, x=alpha)
    size = 2 * const("inv", alpha) * exp((alpha + 1) * U)
    high = p.axiom("exp_positive", x=(alpha + 1) * U)
    positive_size = p.rule("pos", lt(0, size), [share, high], [(Fraction(2), [0, 1], ONE)], [], [])
    border = 2 * size / e
    known, inside = p.assume(lt(border, x)), p.assume(le(0, R))
    edge = p.rule("pos", lt(0, border), [positive_size, over_e], [(Fraction(2), [0, 1], ONE)], [], [])
    positive = p.pos(lt(0, x), edge, known)
    far, over = inverse_of(p, positive), p.axiom("inverse_positive", positive, x=x)
    more = p.rule("pos", lt(2 * size, e * x), [known, small], [(Fraction(1), [0, 1], ONE)], [unit_e], [2 * size])
    less = p.rule("pos", lt(size / x, e * HALF), [more, over], [(HALF, [0, 1], ONE)], [far], [-e * HALF])

    def head(at: Term, line: Line) -> Line:
        bound = p.at(head_size(p), u=at)
        return p.convert(p.mp(bound, some, positive, line), le(absolute(from_one_down(x, at)), bound_at(at)))

    def bound_at(at: Term) -> Term:
        return 2 * const("inv", alpha) * exp((alpha + 1) * at) / x

    aim = lt(absolute(from_one_down(x, R)), e)

    def near(line: Line) -> Line:  # R <= U
        order = p.rule("pos", le((alpha + 1) * R, (alpha + 1) * U), [line, some],
                       [(Fraction(1), [0, 1], ONE), (Fraction(1), [0], ONE)], [], [])  # fmt: skip
        grown = exponentials_grow(p, order)
        smaller = p.rule("pos", le(bound_at(R), size / x), [grown, share, over], [(Fraction(2), [0, 1, 2], ONE)], [], [])
        return p.pos(aim, head(R, inside), smaller, less, small)

    def beyond(line: Line) -> Line:
        rest = p.parts(p.mp(p.at(tail_size(p), u=U, v=R), line))
        first = between(p, head(U, low))
        up = p.pos(lt(from_one_down(x, R), e), rest[0], first[1], less, short)
        down = p.pos(lt(-e, from_one_down(x, R)), rest[1], first[0], less, short)
        return strictly_below(p, from_one_down(x, R), e, up, down)

    done = p.cases(p.axiom("trichotomy", x=R, y=U), lambda y: near(p.pos(le(R, U), y)), beyond)
    return p.witness(FALLS, border, p.generalise(p.discharge(done, known.concl, inside.concl), x, R))


if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
