"""The oscillatory integral behind the decay of sinusoidal inner products: closed form, bounds, limits, zeros.

Source: Su, kexue.fm/archives/8231, eq. 11 and 14; Stein, Harmonic Analysis (1993), chapter VIII.1. The frequencies
theta_t are a function of t in [0, 1]; theta_t = b^(-t) is the sinusoidal choice. A limit is stated with epsilon
and N. Integrals are those of functions that have a derivative everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from derivations.frequencies import as_exponential, exp, frequency, log, rpow
from derivations.sinusoidal import absolute_le, angle_at, cos, kernel, sin
from symcheck.claims import theorem
from symcheck.prove.calculus import derivative, derivative_is, has_derivative, taylor_lagrange
from symcheck.prove.lemmas import inverse_of, sum_ext, sum_scale, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.render.notation import register
from symcheck.terms import (
    Num,
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
    number,
    unfold,
    var,
)  # fmt: skip

SU, STEIN = "Su, kexue.fm/archives/8231", "Stein 1993, Harmonic Analysis, VIII.1.1"
REAL = ("R", "R")
HALF = Fraction(1, 2)
ZERO, ONE = number(0), number(1)


def integral(f: Callable[[Term], Term], lo: Term | int = 0, hi: Term | int = 1) -> Term:
    """The integral of f from lo to hi, by default over [0, 1]."""
    return const("integral", lam("R", f), lo, hi)


def absolute(x: Term) -> Term:
    return const("abs", x)


def real(n: Term) -> Term:
    """A natural number as a real one."""
    return const("real", n)


def within(p: Callable[[Term], Term]) -> Term:
    """For all t of [0, 1]."""
    return forall("R", lambda t: implies(le(0, t), le(t, 1), p(t)))


b, x, c, e, t, y, M = (var(s) for s in ("b", "x", "c", "e", "t", "y", "M"))
n, h, d, i = (var(s, "N") for s in ("n", "h", "d", "i"))
g, g1, G, H = (var(s, REAL) for s in ("g", "g1", "G", "H"))
theta_, theta1, theta2, w, w1, f, f1, v, v1 = (
    var(s, REAL) for s in ("theta", "theta1", "theta2", "h", "h1", "f", "f1", "v", "v1"))
#: int_0^1 cos(x b^(-t)) dt, the kernel of infinitely many frequencies.
decay = defined("decay", ["R", "R"], lambda b, x: integral(lambda t: cos(x * rpow(b, -t))))
register("decay", tex=r"K_{<0>}(<1>)", text="K_<0:atom>(<1>)", parameters=("b", "x"))


# The mean value theorem and the fundamental theorem -------------------------------------------------------
def mean_value(p: Proof) -> Line:
    """``G' = g on [0, 1] |- exists t in (0, 1): G(1) - G(0) = g(t)``."""
    goal = exists("R", lambda t: const("and", lt(0, t), const("and", lt(t, 1), eq(G(1) - G(0), g(t)))))

    def prove(p: Proof) -> Line:
        known = p.assume(within(lambda t: has_derivative(G, t, g(t))))
        change = G(1) - G(0)
        flat = lam("R", lambda s: G(s) - s * change)
        slope = lam("R", lambda s: g(s) - change)
        bounds = p.assume(le(0, t)), p.assume(le(t, 1))
        at = p.mp(p.specialise(known, t), *bounds)
        line = derivative(p, flat, t, [at])
        same = p.ring(eq(line.concl.args[2], slope(t)))
        moved = p.rewrite(same, line, lambda z: has_derivative(flat, t, z))
        every = p.generalise(p.discharge(moved, le(0, t), le(t, 1)), t)
        rolle = p.axiom("rolle", every, p.ring(eq(flat(0), flat(1))), g=flat, g1=slope)

        def use(t: Term, line: Line) -> Line:
            left, right, level = p.parts(line)
            return p.witness(goal, t, p.both(left, right, p.ring(eq(change, g(t)), level)))

        return p.discharge(p.obtain(rolle, use, name="t"), known.concl)

    return p.lemma("the mean value theorem on [0, 1]", prove)


def mean_value_of(p: Proof, function: Term, slope: Term, known: Line) -> Line:
    """exists t in (0, 1): G(1) - G(0) = G'(t), for a function with its derivative on [0, 1]."""
    return p.mp(p.at(mean_value(p), G=function, g=slope), known)


def on_interval(p: Proof, function: Term, slope: Term, known: Callable[[Line, Line], Sequence[Line]],
                facts: Callable[[Line, Line], Sequence[Line]] = lambda lo, hi: []) -> Line:  # fmt: skip
    """``G' = g on [0, 1]`` by the rules; ``known`` and ``facts`` get the lines 0 <= t and t <= 1."""
    lo, hi = p.assume(le(0, t)), p.assume(le(t, 1))
    line = derivative(p, function, t, known(lo, hi))
    same = p.ring(eq(line.concl.args[2], slope(t)), *facts(lo, hi))
    moved = p.rewrite(same, line, lambda z: has_derivative(function, t, z))
    return p.generalise(p.discharge(moved, lo.concl, hi.concl), t)


def increases(p: Proof, function: Term, slope: Term, known: Line, sign: Callable[[Term, Line, Line], Line]) -> Line:
    """``G(0) <= G(1)`` where ``sign(t, 0 < t, t < 1)`` proves 0 <= G'(t)."""
    def use(t: Term, line: Line) -> Line:
        left, right, change = p.parts(line)
        return p.pos(le(function(0), function(1)), change, sign(t, left, right))

    return p.obtain(mean_value_of(p, function, slope, known), use, name="t")


def has_slope(p: Proof, line: Line) -> Line:
    """``forall t. exists u. has_deriv(g, t, u)`` from a derivative at a free t."""
    function, at, value = line.concl.args
    goal = exists("R", lambda u: has_derivative(function, at, u))
    return p.generalise(p.witness(goal, value, line), at)


def area(p: Proof, integrand: Term, smooth: Line, at: Term) -> Line:
    """The area function from 0 has the integrand as its derivative at a point."""
    return p.axiom("integral_derivative", smooth, g=integrand, x=ZERO, t=at)


def fundamental_theorem(p: Proof) -> Line:
    """``G' = g everywhere, g has a derivative everywhere |- int_0^1 g = G(1) - G(0)``."""
    def prove(p: Proof) -> Line:
        known = p.assume(forall("R", lambda t: has_derivative(G, t, g(t))))
        smooth = p.assume(forall("R", lambda t: exists("R", lambda u: has_derivative(g, t, u))))
        whole = lam("R", lambda s: const("integral", g, 0, s))
        rest = lam("R", lambda s: whole(s) - G(s))
        level = on_interval(p, rest, lam("R", lambda s: ZERO),
                            lambda lo, hi: [area(p, g, smooth, t), p.specialise(known, t)])  # fmt: skip

        def use(t: Term, line: Line) -> Line:
            change = p.parts(line)[2]
            return p.ring(eq(const("integral", g, 0, 1), G(1) - G(0)), change, p.axiom("integral_empty", g=g, x=ZERO))

        done = p.obtain(mean_value_of(p, rest, lam("R", lambda s: ZERO), level), use, name="t")
        return p.discharge(done, known.concl, smooth.concl)

    return p.lemma("the fundamental theorem of calculus on [0, 1]", prove)


# Decay --------------------------------------------------------------------------------------------------
everywhere = [forall("R", lambda t, F=F, F1=F1: has_derivative(lam("R", lambda s: F(s)), t, F1(t)))
              for F, F1 in ((theta_, theta1), (w, w1))]  # fmt: skip
parts = within(lambda t: const("and", has_derivative(f, t, f1(t)), const("and", has_derivative(v, t, v1(t)), const(
    "and", eq(w(t), f(t) * theta1(t)), const("and", le(-v1(t), f1(t)), le(f1(t), v1(t)))))))  # fmt: skip
wave = integral(lambda t: w(t) * cos(x * theta_(t) + c))
ORDER = tuple(z.head for z in (theta_, theta1, w, w1, f, f1, v, v1, x, c))


@theorem("decay.oscillatory", Statement((*everywhere, parts, lt(0, x)), le(
    absolute(wave), (absolute(f(0)) + absolute(f(1)) + v(1) - v(0)) / x), ORDER),
    "An oscillatory integral is O(1/x): with f = h/theta', it is at most (|f(0)| + |f(1)| + variation of f)/x",
    references=(STEIN, "van der Corput 1921"),
    instance=lambda p: [*smooth_instance(p)[:2], plain_parts(p), p.pos(lt(0, 1))])  # fmt: skip
def oscillatory(p: Proof, goal: Statement) -> Line:
    frequency_, weight, interval, positive = (p.assume(z) for z in goal.hyps)
    integrand = wave.args[0]
    line = derivative(p, integrand, t, [frequency_, weight])
    smooth = has_slope(p, line)
    whole = lam("R", lambda s: const("integral", integrand, 0, s))
    angle = lam("R", lambda s: x * theta_(s) + c)
    rest = lam("R", lambda s: x * whole(s) - f(s) * sin(angle(s)))  # its derivative is -f' sin
    sizes = []
    for sign in (1, -1):
        total_ = lam("R", lambda s, sign=sign: v(s) + sign * rest(s))
        slope = lam("R", lambda s, sign=sign: v1(s) - sign * f1(s) * sin(angle(s)))

        def at(lo: Line, hi: Line) -> list[Line]:
            return p.parts(p.mp(p.specialise(interval, t), lo, hi))

        def known(lo: Line, hi: Line) -> list[Line]:
            first, second = at(lo, hi)[:2]
            return [area(p, integrand, smooth, t), first, second, frequency_]

        known_ = on_interval(p, total_, slope, known, lambda lo, hi: [at(lo, hi)[2]])

        def nonneg(t: Term, left: Line, right: Line, slope: Term = slope, sign: int = sign) -> Line:
            low, high = (p.pos(le(*z.concl.args), z) for z in (left, right))
            below, above = p.parts(p.mp(p.specialise(interval, t), low, high))[3:]
            unit = p.axiom("pythagoras", x=angle(t))
            s, q = sin(angle(t)), cos(angle(t))
            squares = [s + 1, s - 1, q]
            bounds = [p.pos(le(-1, s), unit, squares=squares), p.pos(le(s, 1), unit, squares=squares)]
            first, second = bounds if sign > 0 else bounds[::-1]
            one = number(1)
            return p.rule("pos", le(0, slope(t)), [below, above, first, second],
                          [(HALF, [1, 2], one), (HALF, [0, 3], one)], [], [])  # fmt: skip

        sizes.append(increases(p, total_, slope, known_, nonneg))
    empty = p.axiom("integral_empty", g=integrand, x=ZERO)
    empty = p.ring(eq(x * empty.lhs, 0), empty)
    ends = []
    for z in (0, 1):
        ends += product_bounds(p, f(z), sin(angle(z)), angle(z))
    inverse = inverse_of(p, positive)
    top = absolute(f(0)) + absolute(f(1)) + v(1) - v(0)
    high = p.pos(le(x * wave, top), *sizes, empty, *ends)
    low = p.pos(le(-top, x * wave), *sizes, empty, *ends)
    above = p.axiom("inverse_positive", positive, x=x)
    out = []
    for line, aim in ((high, le(wave, top / x)), (low, le(-(top / x), wave))):
        out.append(p.rule("pos", aim, [line, above], [(Fraction(1), [0, 1], number(1))], [inverse],
                          [wave if aim.args[0] == wave else -wave]))  # fmt: skip
    return absolute_le(p, goal.concl, *out)


def product_bounds(p: Proof, a: Term, s: Term, angle: Term) -> list[Line]:
    """``-|a| <= a sin <= |a|``."""
    def prove(p: Proof) -> Line:
        a, z = var("a"), var("z")
        s, q = sin(z), cos(z)
        unit = p.axiom("pythagoras", x=z)
        squares = [s + 1, s - 1, q]
        low, high = p.pos(le(-1, s), unit, squares=squares), p.pos(le(s, 1), unit, squares=squares)

        def side(line: Line) -> Line:
            sign = p.pos(le(a, 0), line) if line.concl.is_const("lt") else line
            size = p.axiom("abs_nonpos" if line.concl.is_const("lt") else "abs_nonneg", sign, x=a)
            return p.both(p.pos(le(-absolute(a), a * s), sign, low, high, size, degree=2),
                          p.pos(le(a * s, absolute(a)), sign, low, high, size, degree=2))  # fmt: skip

        return p.cases(p.axiom("trichotomy", x=a, y=ZERO), side, side)

    del s
    return p.parts(p.at(p.lemma("|a sin z| <= |a|", prove), a=a, z=angle))


# theta_t = b^(-t) ---------------------------------------------------------------------------------------
phased = integral(lambda t: cos(x * rpow(b, -t) + c))
above_one = lt(1, b)


def powers(p: Proof, t: Term) -> Line:
    """``b^t b^(-t) = 1``, with the exponentials written out."""
    product = p.axiom("exp_add", x=t * log(b), y=-t * log(b))
    return p.trans(p.symm(product), p.convert(p.axiom("exp_zero"), eq(product.lhs, 1)))


def log_positive(p: Proof, above: Line) -> Line:
    """``0 < log b`` from 1 < b."""
    from derivations.frequencies import log_positive as proof

    return p.mp(p.lemma("log b > 0", lambda p: p.discharge(proof(p, p.assume(above_one)), above_one)), above)


def every_slope(p: Proof, function: Term, value: Term, *facts: Line) -> Line:
    """``forall t. has_deriv(function, t, value(t))`` by the rules."""
    t = var("t")
    line = derivative(p, function, t)
    same = p.ring(eq(line.concl.args[2], value(t)), *facts)
    return p.generalise(p.rewrite(same, line, lambda z: has_derivative(function, t, z)), t)


@theorem("decay.exponential", Statement((above_one, lt(0, x)), le(absolute(phased), 2 * b / (x * log(b)))),
         "For theta_t = b^(-t) the oscillatory integral is at most 2b/(x ln b), in every phase",
         references=(SU + ", eq. 11",),
         instance=lambda p: [p.ball(lt(number(1), number(2))), p.ball(lt(number(0), number(1)))])  # fmt: skip
def exponential(p: Proof, goal: Statement) -> Line:
    above, positive = (p.assume(z) for z in goal.hyps)
    slope = log_positive(p, above)
    size = log(b)
    inv = const("inv", size)
    unit = inverse_of(p, slope)
    down, up = (lam("R", lambda s, k=k: exp(k * s * size)) for k in (-1, 1))
    values = {"theta": down, "theta1": lam("R", lambda s: -size * down(s)), "h": lam("R", lambda s: ONE),
              "h1": lam("R", lambda s: ZERO), "f": lam("R", lambda s: -(up(s) * inv)), "f1": lam("R", lambda s: -up(s)),
              "v": lam("R", lambda s: up(s) * inv), "v1": up, "x": x, "c": c}  # fmt: skip
    first = every_slope(p, down, values["theta1"])
    second = every_slope(p, values["h"], values["h1"])
    lo, hi = le(0, t), le(t, 1)
    pieces = [p.specialise(every_slope(p, values[k], values[k + "1"], unit), t) for k in ("f", "v")]
    balance = p.ring(eq(ONE, values["f"](t) * values["theta1"](t)), powers(p, t), unit)
    over = p.axiom("exp_positive", x=t * size)
    low = p.pos(le(-up(t), -up(t)))
    high = p.pos(le(-up(t), up(t)), over)
    every = p.generalise(p.discharge(p.both(*pieces, balance, low, high), lo, hi), t)
    line = p.theorem("decay.oscillatory", first, second, every, positive, **values)
    base = p.axiom("exp_log", p.pos(lt(0, b), above), x=b)
    start = p.convert(p.axiom("exp_zero"), eq(up(0), 1))
    end = p.convert(base, eq(up(1), b))
    inverse = p.axiom("inverse_positive", slope, x=size)
    sizes = [p.axiom("abs_nonpos", _negative(p, up(z), inverse, z), x=-(up(z) * inv)) for z in (0, 1)]
    bound = p.ring(eq(line.rhs, 2 * b * inv * const("inv", x)), *sizes, start, end)
    both = product_inverse(p, positive, slope)
    whole = p.ring(eq(line.rhs, goal.concl.args[1]), bound, both)
    moved = p.rewrite(whole, line, lambda z: le(line.lhs, z))
    return p.convert(moved, goal.concl, "rpow")


def _negative(p: Proof, power: Term, inverse: Line, z: int) -> Line:
    """``-(b^z / log b) <= 0``."""
    over = p.axiom("exp_positive", x=power.args[0])
    return p.rule("pos", le(-(power * inverse.rhs), 0), [over, inverse], [(Fraction(1), [0, 1], number(1))], [], [])


def product_inverse(p: Proof, *positive: Line) -> Line:
    """``1/(y z) = (1/y) (1/z)`` for positive y and z."""
    (left, right) = (z.rhs for z in positive)
    whole = p.rule("pos", lt(0, left * right), list(positive), [(Fraction(1), [0, 1], number(1))], [], [])
    units = [inverse_of(p, z) for z in (*positive, whole)]
    return p.ring(eq(const("inv", left * right), const("inv", left) * const("inv", right)), *units)


LIMIT = Statement((above_one, lt(0, e)), exists("R", lambda y: forall("R", lambda x: implies(lt(y, x), lt(
    absolute(integral(lambda t: cos(x * rpow(b, -t) + c))), e)))))  # fmt: skip


@theorem("decay.limit", LIMIT, "For theta_t = b^(-t) the oscillatory integral tends to 0, in every phase",
         references=(SU + ", eq. 11",),
         instance=lambda p: [p.ball(lt(number(1), number(2))), p.ball(lt(number(0), number(1)))])  # fmt: skip
def limit(p: Proof, goal: Statement) -> Line:
    above, small = (p.assume(z) for z in goal.hyps)
    slope = log_positive(p, above)
    size = 2 * b / log(b)
    inverse = p.axiom("inverse_positive", slope, x=log(b))
    positive = p.rule("pos", lt(0, size), [p.pos(lt(0, b), above), inverse], [(Fraction(2), [0, 1], number(1))], [], [])
    return tends_to_zero(p, goal.concl, size, positive, small, lambda tall: _over_x(p, above, tall, slope, size))


def _over_x(p: Proof, above: Line, tall: Line, slope: Line, size: Term) -> Line:
    line = p.theorem("decay.exponential", above, tall)
    same = p.ring(eq(line.rhs, size / x), product_inverse(p, tall, slope))
    return p.rewrite(same, line, lambda z: le(line.lhs, z))


def tends_to_zero(p: Proof, goal: Term, size: Term, positive: Line, small: Line, bound: Callable[[Line], Line]) -> Line:
    """``exists y. forall x. y < x -> |F(x)| < e`` from |F(x)| <= size/x for x > 0; y is size/e."""
    border = size / e
    known = p.assume(lt(border, x))
    over, unit = p.axiom("inverse_positive", small, x=e), inverse_of(p, small)
    edge = p.rule("pos", lt(0, border), [positive, over], [(Fraction(1), [0, 1], number(1))], [], [])
    tall = p.pos(lt(0, x), edge, known)
    line = bound(tall)
    more = p.rule("pos", lt(size, e * x), [known, small], [(Fraction(1), [0, 1], number(1))], [unit], [size])
    inverse, full = p.axiom("inverse_positive", tall, x=x), inverse_of(p, tall)
    less = p.rule("pos", lt(size / x, e), [more, inverse], [(Fraction(1), [0, 1], number(1))], [full], [-e])
    done = p.pos(lt(line.lhs, e), line, less)
    every = p.generalise(p.discharge(done, known.concl), x)
    return p.witness(goal, border, every)


def cosine_integral(x: Term) -> Term:
    """Ci(x)."""
    return const("Ci", x)


@theorem("decay.closed_form", Statement((above_one, lt(0, x)), eq(
    decay(b, x), (cosine_integral(x) - cosine_integral(x / b)) / log(b))),
    "The integral in closed form: (Ci(x) - Ci(x/b))/ln b", references=("DLMF 6.2.11", SU + ", eq. 11"),
    instance=lambda p: [p.ball(lt(number(1), number(2))), p.ball(lt(number(0), number(1)))])  # fmt: skip
def closed_form(p: Proof, goal: Statement) -> Line:
    above, positive = (p.assume(z) for z in goal.hyps)
    size = log(b)
    inv = const("inv", size)
    unit = inverse_of(p, log_positive(p, above))
    down = lam("R", lambda s: x * exp(-s * size))
    antiderivative = lam("R", lambda s: -(cosine_integral(down(s)) * inv))
    integrand = lam("R", lambda s: cos(down(s)))
    over = p.axiom("exp_positive", x=-t * size)
    there = p.rule("pos", lt(0, down(t)), [positive, over], [(Fraction(1), [0, 1], number(1))], [], [])
    inner = derivative(p, down, t)
    chain = p.axiom("deriv_chain", p.axiom("deriv_Ci", there, t=down(t)), inner, g=const("Ci"), w=down, t=t,
                    u=cos(down(t)) * const("inv", down(t)), v=inner.concl.args[2])  # fmt: skip
    line = derivative(p, antiderivative, t, [chain])
    same = p.ring(eq(line.concl.args[2], integrand(t)), unit, inverse_of(p, there))
    slope = p.generalise(p.rewrite(same, line, lambda z: has_derivative(antiderivative, t, z)), t)
    smooth = has_slope(p, derivative(p, integrand, t))
    whole = p.mp(p.at(fundamental_theorem(p), G=antiderivative, g=integrand), slope, smooth)
    base = p.axiom("exp_log", p.pos(lt(0, b), above), x=b)
    ends = []
    for z, value in ((0, x), (1, x / b)):
        at = exp(-number(z) * size)
        if z == 0:
            power = p.convert(p.axiom("exp_zero"), eq(at, 1))
        else:
            power = p.ring(eq(at, 1 / b), p.convert(powers(p, ONE), eq(exp(size) * at, 1)), base,
                           inverse_of(p, p.pos(lt(0, b), above)))  # fmt: skip
        same = p.ring(eq(down(z), value), power)
        ends.append(p.rewrite(same, p.refl(cosine_integral(down(z))),
                              lambda y, z=z: eq(cosine_integral(down(z)), cosine_integral(y))))  # fmt: skip
    start = p.by_definition(eq(decay(b, x), whole.lhs), "decay", "rpow")
    return p.ring(goal.concl, start, whole, *ends)


# The finite sum as a Riemann sum ------------------------------------------------------------------------
bounded = within(lambda t: const("and", le(-M, g1(t)), le(g1(t), M)))
smooth_g = forall("R", lambda t: has_derivative(lam("R", lambda s: g(s)), t, g1(t)))
riemann_sum = total(n, lambda i: g(i / real(n))) / real(n)


@theorem("decay.riemann", Statement((smooth_g, bounded, lt(0, n)), le(
    absolute(riemann_sum - const("integral", g, 0, 1)), M / (2 * real(n))), (n.head, g.head, g1.head, M.head)),
    "A left Riemann sum of n terms misses the integral by at most max |g'| / (2n)",
    references=("Davis and Rabinowitz 1984, Methods of Numerical Integration, 2.1",),
    instance=lambda p: [smooth_instance(p)[0], unit_bounds(p), p.ball(lt(number(0, "N"), number(1, "N")))])  # fmt: skip
def riemann(p: Proof, goal: Statement) -> Line:
    """On each cell, A(t) = int_0^t g is expanded to second order with Lagrange's remainder; the cells are added."""
    slope, limits, some = (p.assume(z) for z in goal.hyps)
    smooth = has_slope(p, p.specialise(slope, t))
    share = const("inv", real(n))
    whole = lam("R", lambda s: const("integral", g, 0, s))
    k = var("k", "N")
    size = p.pos(lt(0, real(n)), some)
    unit, above = inverse_of(p, size), p.axiom("inverse_positive", size, x=real(n))
    place = lam("R", lambda s: (k + s) * share)
    cell = [lam("R", lambda s: whole(place(s))), lam("R", lambda s: g(place(s)) * share),
            lam("R", lambda s: g1(place(s)) * share * share)]  # fmt: skip
    inner = derivative(p, place, t)
    lines = []
    for outer, value, function, final in (
            (area(p, g, smooth, place(t)), g(place(t)), whole, cell[1]),
            (p.specialise(slope, place(t)), g1(place(t)), g, None)):
        line = p.axiom("deriv_chain", outer, inner, g=function, w=place, t=t, u=value, v=inner.concl.args[2])
        if final is None:
            line, final = derivative(p, cell[1], t, [line]), cell[2]
        same = p.ring(eq(line.concl.args[2], final(t)))
        head = line.concl.args[0]
        lines.append(p.generalise(p.rewrite(same, line, lambda z, head=head: has_derivative(head, t, z)), t))
    taylor = p.mp(p.at(taylor_lagrange(p), g=cell[0], g1=cell[1], g2=cell[2]), *lines)
    below = p.assume(lt(k, n))
    error = M * share * share * HALF
    step = whole(place(ONE)) - whole(place(ZERO)) - g(place(ZERO)) * share

    def on_cell(t: Term, line: Line) -> Line:
        left, right, value = p.parts(line)
        order = p.pos(le(real(k) + 1, real(n)), below)
        nonneg = p.convert(p.axiom("nat_nonneg", n=k), le(0, real(k)))
        low = p.rule("pos", le(0, place(t)), [nonneg, left, above],
                     [(Fraction(1), [0, 2], ONE), (Fraction(1), [1, 2], ONE)], [], [])  # fmt: skip
        high = p.rule("pos", le(place(t), 1), [order, right, above],
                      [(Fraction(1), [0, 2], ONE), (Fraction(1), [1, 2], ONE)], [unit], [number(-1)])  # fmt: skip
        bounds = p.parts(p.mp(p.specialise(limits, place(t)), low, high))
        same = p.ring(eq(step, HALF * g1(place(t)) * share * share), value)
        out = []
        for k_, aim in enumerate((le(-error, step), le(step, error))):
            out.append(p.rule("pos", aim, [bounds[k_], above], [(HALF, [0, 1, 1], ONE)], [same],
                              [-ONE if k_ else ONE]))  # fmt: skip
        return p.both(*out)

    one_cell = p.generalise(p.discharge(p.obtain(taylor, on_cell, name="t"), below.concl), k)
    f_ = lam("N", lambda i: g(i * share))

    def claim(k: Term) -> Term:
        rest = whole(k * share) - total(k, f_) * share
        return implies(lt(k, n + 1), const("and", le(-(k * error), rest), le(rest, k * error)))

    zero = number(0, "N")
    empty = p.convert(p.axiom("integral_empty", g=g, x=ZERO), eq(whole(zero * share), 0))
    base_facts = [empty, p.ring(eq(total(zero, f_) * share, 0), p.axiom("sum_zero", f=f_))]
    base = p.discharge(p.both(*(p.pos(part, *base_facts) for part in claim(zero).args[1].args)), lt(zero, n + 1))

    def next_cell(k: Term, hypothesis: Line) -> Line:
        here = p.assume(lt(k + 1, n + 1))
        before = p.parts(p.mp(hypothesis, p.pos(lt(k, n + 1), here)))
        now = p.parts(p.mp(p.specialise(one_cell, k), p.pos(lt(k, n), here)))
        wanted = claim(k + 1).args[1]
        opened = p.axiom("sum_successor", n=k, f=f_)
        scaled = p.ring(eq(total(k + 1, f_) * share, total(k, f_) * share + f_(k) * share), opened)
        return p.discharge(p.both(*(p.pos(part, line, at, scaled) for part, line, at in
                                    zip(wanted.args, before, now, strict=True))), here.concl)  # fmt: skip

    sums = p.induction(claim, base, next_cell, name="k")
    end = p.parts(p.mp(p.at(sums, k=n), p.pos(lt(n, n + 1))))
    edge = p.rewrite(unit, p.refl(whole(real(n) * share)), lambda z: eq(whole(real(n) * share), whole(z)))
    rest = riemann_sum - const("integral", g, 0, 1)
    bound = goal.concl.args[1]
    two = inverse_of(p, p.pos(lt(0, 2 * real(n)), some))
    half = p.ring(eq(const("inv", 2 * real(n)), HALF * share), two, unit)
    total_error = p.ring(eq(n * error, bound), half, unit)
    facts = [edge, total_error, p.convert(p.refl(total(n, f_) * share), eq(total(n, f_) * share, riemann_sum))]
    return absolute_le(p, goal.concl, p.pos(le(rest, bound), *end, *facts), p.pos(le(-bound, rest), *end, *facts))


D = var("H", ("N", "R"))
pair_weights = forall("N", lambda i: implies(lt(i, n), eq(HALF * (D(2 * i) + D(2 * i + 1)), w(i / real(n)))))
weighted_slope = within(lambda t: const(
    "and", le(-M, w1(t) * cos(x * theta_(t)) - w(t) * (sin(x * theta_(t)) * (x * theta1(t)))),
    le(w1(t) * cos(x * theta_(t)) - w(t) * (sin(x * theta_(t)) * (x * theta1(t))), M)))  # fmt: skip
WEIGHTED = (total(n, lambda i: HALF * (D(2 * i) + D(2 * i + 1)) * cos(x * theta_(i / real(n))))
            - real(n) * integral(lambda t: w(t) * cos(x * theta_(t))))  # fmt: skip


@theorem("decay.weighted", Statement((*everywhere, pair_weights, weighted_slope, lt(0, n)), le(
    absolute(WEIGHTED), M * HALF), (n.head, D.head, theta_.head, theta1.head, w.head, w1.head, M.head)),
    "The weighted sum over the pairs is d/2 times the real part of the weighted integral, up to M/2, where M bounds the "
    "slope of the integrand", references=(SU + ", eq. 14",), instance=lambda p: weighted_instance(p))  # fmt: skip
def weighted(p: Proof, goal: Statement) -> Line:
    first, second, weights, slopes, some = (p.assume(z) for z in goal.hyps)
    integrand = lam("R", lambda t: w(t) * cos(x * theta_(t)))
    change = lam("R", lambda t: w1(t) * cos(x * theta_(t))
                 - w(t) * (sin(x * theta_(t)) * (x * theta1(t))))  # fmt: skip
    line = derivative(p, integrand, t, [first, second])
    same = p.ring(eq(line.concl.args[2], change(t)))
    rate = p.generalise(p.rewrite(same, line, lambda z: has_derivative(integrand, t, z)), t)
    at = p.theorem("decay.riemann", rate, slopes, some, g=integrand, g1=change, M=M, n=n)
    f = WEIGHTED.args[0].args[1]
    each = sum_ext(p, n, f, lam("N", lambda i: integrand(i / real(n))), lambda i, below: p.ring(
        eq(f(i), integrand(i / real(n))), p.mp(p.specialise(weights, i), below)))  # fmt: skip
    size = p.pos(lt(0, real(n)), some)
    unit, two = inverse_of(p, size), inverse_of(p, p.pos(lt(0, 2 * real(n)), some))
    bounds = between(p, at)
    half = p.ring(eq(real(n) * at.rhs, M * HALF), unit, two)
    scaled = p.ring(eq(WEIGHTED, real(n) * at.lhs.args[0]), each, unit)
    product = [(Fraction(1), [0, 1], ONE)]
    high = p.rule("pos", le(WEIGHTED, M * HALF), [bounds[1], size], product, [half, scaled], [-ONE, -ONE])
    low = p.rule("pos", le(-(M * HALF), WEIGHTED), [bounds[0], size], product, [half, scaled], [-ONE, ONE])
    return absolute_le(p, goal.concl, high, low)


def weighted_instance(p: Proof) -> list[Line]:
    """One pair, H = I, theta_t = 0, h_t = 1, M = 0."""
    none, one = (lam("R", lambda s, z=z: z) for z in (ZERO, ONE))
    below = p.assume(lt(i, number(1, "N")))
    pair = p.generalise(p.discharge(p.ring(eq(HALF * (ONE + ONE), ONE)), below.concl), i)
    value = ZERO * cos(x * ZERO) - ONE * (sin(x * ZERO) * (x * ZERO))
    flat = p.both(p.pos(le(-ZERO, value)), p.pos(le(value, ZERO)))
    return [every_slope(p, none, none), every_slope(p, one, none), pair,
            p.generalise(p.discharge(flat, le(0, t), le(t, 1)), t), p.ball(lt(number(0, "N"), number(1, "N")))]  # fmt: skip


thetas = lam("N", lambda i: frequency(b, 2 * h, i))
FINITE = (above_one, le(0, x), lt(0, h))


def finite_instance(p: Proof) -> list[Line]:
    """b = 2, x = 0, one pair."""
    return [p.ball(lt(number(1), number(2))), p.pos(le(0, 0)), p.ball(lt(number(0, "N"), number(1, "N")))]


def pair_frequency(p: Proof, i: Term, some: Line) -> Line:
    """``theta_i = exp(-(i/h) log b)`` for d = 2h."""
    line = p.at(p.at(as_exponential(p, i), d=2 * h))
    units = [inverse_of(p, p.pos(lt(0, z), some)) for z in (real(h), real(2 * h))]
    wanted = -(i / real(h)) * log(b)
    same = p.ring(eq(line.rhs.args[0], wanted), *units)
    return p.rewrite(same, line, lambda z: eq(line.lhs, exp(z)))


@theorem("decay.riemann_form", Statement((lt(0, h),), eq(
    kernel(h, thetas, x), real(h) * total(h, lambda i: cos(x * rpow(b, -(i / real(h)))) * (1 / real(h)))),
    (b.head, h.head)),
    "The inner product is d/2 times a left Riemann sum with d/2 terms", references=(SU + ", eq. 11",),
    instance=lambda p: [p.ball(lt(number(0, "N"), number(1, "N")))])  # fmt: skip
def riemann_form(p: Proof, goal: Statement) -> Line:
    some = p.assume(goal.hyps[0])
    unit = inverse_of(p, p.pos(lt(0, real(h)), some))
    share = const("inv", real(h))
    values = lam("N", lambda i: cos(x * exp(-(i / real(h)) * log(b))))
    start = p.by_definition(eq(kernel(h, thetas, x), total(h, lambda i: cos(x * frequency(b, 2 * h, i)))), "kernel")
    each = sum_ext(p, h, start.rhs.args[1], values, lambda i, _: p.rewrite(
        pair_frequency(p, i, some), p.refl(cos(x * frequency(b, 2 * h, i))),
        lambda z, i=i: eq(cos(x * frequency(b, 2 * h, i)), cos(x * z))))  # fmt: skip
    target = goal.concl.args[1].args[1]
    opened = unfold(target, ["rpow"])
    scaled = p.at(sum_scale(p), n=h, c=share, f=values)
    swap = sum_ext(p, h, opened.args[1], scaled.lhs.args[1], lambda i, _: p.ring(
        eq(opened.args[1](i), scaled.lhs.args[1](i))))  # fmt: skip
    return p.ring(goal.concl, start, each, p.by_definition(eq(target, opened), "rpow"), swap, scaled, unit)


def share_form(p: Proof, some: Line, integrand: Term) -> Line:
    """``g(x)/h - K_b(x) = (left Riemann sum) - int_0^1``."""
    form = p.theorem("decay.riemann_form", some, b=b, h=h, x=x)
    opened = unfold(form.rhs, ["rpow"])
    share = const("inv", real(h))
    values = lam("N", lambda i: integrand(i / real(h)))
    scaled = p.at(sum_scale(p), n=h, c=share, f=values)
    inside = opened.args[1].args[1]
    swap = sum_ext(p, h, inside, scaled.lhs.args[1], lambda i, _: p.ring(eq(inside(i), scaled.lhs.args[1](i))))
    whole = p.by_definition(eq(decay(b, x), const("integral", integrand, 0, 1)), "decay", "rpow")
    gap = eq(kernel(h, thetas, x) / real(h) - decay(b, x), total(h, values) / real(h) - whole.rhs)
    return p.ring(gap, form, p.by_definition(eq(form.rhs, opened), "rpow"), swap, scaled,
                  inverse_of(p, p.pos(lt(0, real(h)), some)), whole)  # fmt: skip


@theorem("decay.riemann_error", Statement(FINITE, le(
    absolute(kernel(h, thetas, x) / real(h) - decay(b, x)), x * log(b) / (2 * real(h))), (b.head, h.head)),
    "2/d times the inner product misses the integral by at most x ln b / d", references=(SU + ", eq. 11",),
    instance=finite_instance)  # fmt: skip
def riemann_error(p: Proof, goal: Statement) -> Line:
    above, nonneg, some = (p.assume(z) for z in goal.hyps)
    size = log(b)
    slope = log_positive(p, above)
    down = lam("R", lambda s: exp(-s * size))
    integrand = lam("R", lambda s: cos(x * down(s)))
    change = lam("R", lambda s: x * size * (down(s) * sin(x * down(s))))
    rate = every_slope(p, integrand, change)
    # |g'| <= x ln b: b^(-t) lies in (0, 1] and the sine in [-1, 1]
    lo, hi = p.assume(le(0, t)), p.assume(le(t, 1))
    over = p.axiom("exp_positive", x=-t * size)
    under = at_most_one(p, lo, slope)
    unit = p.axiom("pythagoras", x=x * down(t))
    s, q = sin(x * down(t)), cos(x * down(t))
    squares = [s + 1, s - 1, q]
    low, high = p.pos(le(-1, s), unit, squares=squares), p.pos(le(s, 1), unit, squares=squares)
    product = p.rule("pos", le(0, x * size), [nonneg, slope], [(Fraction(1), [0, 1], ONE)], [], [])
    least = p.pos(le(0, down(t)), over)
    bounds = []
    for fact, aim in ((low, le(-(x * size), change(t))), (high, le(change(t), x * size))):
        # x L (1 -+ E s) = x L (1 - E) + x L E (1 -+ s)
        bounds.append(p.rule("pos", aim, [product, under, least, fact],
                             [(Fraction(1), [0, 1], ONE), (Fraction(1), [0, 2, 3], ONE)], [], []))  # fmt: skip
    every = p.generalise(p.discharge(p.both(*bounds), lo.concl, hi.concl), t)
    line = p.theorem("decay.riemann", rate, every, some, g=integrand, g1=change, M=x * size, n=h)
    same = share_form(p, some, integrand)
    start = p.convert(line, le(absolute(same.rhs), goal.concl.args[1]))
    return p.rewrite(p.symm(same), start, lambda z: le(absolute(z), goal.concl.args[1]))


def at_most_one(p: Proof, nonneg: Line, slope: Line) -> Line:
    """``b^(-t) <= 1`` for t >= 0."""
    t, size = nonneg.rhs, slope.rhs
    down = exp(-t * size)
    goal = le(down, 1)

    def bigger(line: Line) -> Line:  # 1 < b^(-t) and 1 <= b^t, yet their product is 1
        product = p.axiom("exp_add", x=t * size, y=-t * size)
        one = p.convert(p.axiom("exp_zero"), eq(product.lhs, 1))
        at_least = p.cases(p.axiom("trichotomy", x=ZERO, y=t * size), lambda less: _grown(p, less),
                           lambda more: _flat(p, more, nonneg, slope))  # fmt: skip
        bad = p.rule("pos", const("false"), [line, at_least, p.axiom("exp_positive", x=t * size)],
                     [(Fraction(1), [0, 2], ONE), (Fraction(1), [1], ONE)],
                     [p.trans(p.symm(product), one)], [-ONE])  # fmt: skip
        return p.axiom("false_elim", bad, p=goal)

    return p.cases(p.axiom("trichotomy", x=ONE, y=down), bigger, lambda line: line)


def _grown(p: Proof, less: Line) -> Line:
    """``1 <= exp(y)`` from 0 < y."""
    return p.pos(le(1, exp(less.rhs)), p.axiom("exp_increasing", less, x=ZERO, y=less.rhs), p.axiom("exp_zero"))


def _flat(p: Proof, more: Line, nonneg: Line, slope: Line) -> Line:
    """``1 <= exp(t L)`` where t L <= 0, that is t L = 0."""
    y = more.lhs
    product = p.rule("pos", le(0, y), [nonneg, slope], [(Fraction(1), [0, 1], ONE)], [], [])
    zero = p.axiom("le_antisymmetry", more, product, x=y, y=ZERO)
    line = p.rewrite(p.symm(zero), p.axiom("exp_zero"), lambda z: eq(exp(z), 1))
    return p.pos(le(1, exp(y)), line)


@theorem("decay.finite_bound", Statement((above_one, lt(0, x), lt(0, h)), le(
    absolute(kernel(h, thetas, x)), real(h) * (2 * b / (x * log(b))) + x * log(b) / 2), (b.head, h.head)),
    "|<p_m, p_n>| is at most (d/2) 2b/(x ln b) + x ln b / 2 at the distance x", references=(SU + ", eq. 11",),
    instance=lambda p: [p.ball(lt(number(1), number(2))), p.ball(lt(number(0), number(1))),
                        p.ball(lt(number(0, "N"), number(1, "N")))])  # fmt: skip
def finite_bound(p: Proof, goal: Statement) -> Line:
    above, positive, some = (p.assume(z) for z in goal.hyps)
    error = p.theorem("decay.riemann_error", above, p.pos(le(0, x), positive), some, b=b, x=x, h=h)
    small = p.theorem("decay.exponential", above, positive, b=b, x=x, c=0)
    whole = p.by_definition(eq(decay(b, x), integral(lambda t: cos(x * rpow(b, -t)))), "decay")
    small = p.convert(small, le(absolute(whole.rhs), small.rhs))
    small = p.rewrite(p.symm(whole), small, lambda z: le(absolute(z), small.rhs))
    size = p.pos(lt(0, real(h)), some)
    unit, two = inverse_of(p, size), inverse_of(p, p.pos(lt(0, 2 * real(h)), some))
    bounds = [*between(p, error), *between(p, small)]
    k, bound = kernel(h, thetas, x), goal.concl.args[1]
    share = const("inv", real(h))
    middle = p.ring(eq(error.rhs, x * log(b) * HALF * share), two, unit)
    out = []
    for aim, pair in ((le(k, bound), (1, 3)), (le(-bound, k), (0, 2))):
        sign = ONE if pair == (1, 3) else -ONE
        out.append(p.rule("pos", aim, [bounds[pair[0]], bounds[pair[1]], size],
                          [(Fraction(1), [0, 2], ONE), (Fraction(1), [1, 2], ONE)],
                          [middle, unit], [-real(h), sign * k - x * log(b) * HALF]))  # fmt: skip
    return absolute_le(p, goal.concl, *out)


def between(p: Proof, line: Line) -> list[Line]:
    """``-c <= z`` and ``z <= c`` from |z| <= c; strictly from |z| < c."""
    z, c = line.lhs.args[0], line.rhs
    relation = lt if line.concl.is_const("lt") else le

    def side(sign: Line) -> Line:
        less = p.pos(le(z, 0), sign) if sign.concl.is_const("lt") else sign
        size = p.axiom("abs_nonpos" if sign.concl.is_const("lt") else "abs_nonneg", less, x=z)
        return p.both(p.pos(relation(-c, z), line, size, less), p.pos(relation(z, c), line, size, less))

    return p.parts(p.cases(p.axiom("trichotomy", x=z, y=ZERO), side, side))


# First zeros --------------------------------------------------------------------------------------------
def first_zero(base: int, digits: str) -> Statement:
    """K_base is positive up to a zero that is known to a unit of the last digit."""
    return Statement((), zero_between(base, *(decimal_of(z, digits) for z in enclosure(digits))))


def zero_between(base: int, lo: Term | Fraction, hi: Term | Fraction) -> Term:
    """K_base is positive up to lo and has a zero between lo and hi."""
    before = forall("R", lambda x: implies(lt(0, x), le(x, lo), lt(0, decay(base, x))))
    zero = exists("R", lambda x: const("and", lt(lo, x), const("and", lt(x, hi), eq(decay(base, x), 0))))
    return const("and", before, zero)


#: m / 10^k, a decimal fraction.
decimal = defined("decimal", ["N", "N"], lambda m, k: m / number(10) ** k)


def _decimal(arguments: Sequence[Any]) -> str:
    """The decimal fraction in digits."""
    heads = [a.term.head for a in arguments]
    if not all(isinstance(z, Num) for z in heads):
        return "{} / 10^{{{}}}".format(*arguments)
    m, k = (int(z.value) for z in heads)
    whole, rest = divmod(m, 10**k)
    return f"{whole}.{rest:0{k}d}"


register("decimal", tex=_decimal, text=_decimal, parameters=("m", "k"))


def decimal_of(value: Fraction, digits: str) -> Term:
    """A number with as many digits after the point as the given one."""
    places = len(digits.split(".")[1])
    return decimal(int(value * 10**places), places)


def enclosure(digits: str) -> tuple[Fraction, Fraction]:
    """The number and the next one with as many digits."""
    places = len(digits.split(".")[1])
    lo = Fraction(digits)
    return lo, lo + Fraction(1, 10**places)


def crossing(p: Proof, goal: Statement, base: int, digits: str) -> Line:
    """Up to 1 the integrand is positive, up to a point before the zero balls decide, from there K decreases."""
    lo, hi = enclosure(digits)
    near = Fraction(int(4 * lo) - 1, 4)
    size = p.ball(lt(0, const("log", base)))
    above = p.ball(lt(1, number(base)))
    y = var("y")

    def difference(x: Term) -> Term:
        return cosine_integral(x) - cosine_integral(x / base)

    def closed(positive: Line) -> Line:
        return p.theorem("decay.closed_form", above, positive, b=base, x=positive.rhs)

    inverse = p.axiom("inverse_positive", size, x=size.rhs)

    def scaled(positive: Line, sign: Line) -> Line:  # 0 < K(x) from Ci(x/b) < Ci(x)
        x = positive.rhs
        line = closed(positive)
        return p.rule("pos", lt(0, decay(base, x)), [sign, inverse], [(Fraction(1), [0, 1], ONE)], [line], [ONE])

    inside_, below = p.assume(lt(0, y)), p.assume(le(y, lo))
    small = p.ball(forall("R", lambda u: implies(le(0, u), le(u, 1), lt(0, cos(u)))), 64, 40)

    def short(line: Line) -> Line:  # y <= 1
        integrand = lam("R", lambda s: cos(y * exp(-s * const("log", base))))
        smooth = has_slope(p, derivative(p, integrand, t))
        whole = lam("R", lambda s: const("integral", integrand, 0, s))
        known = p.generalise(p.discharge(area(p, integrand, smooth, t), le(0, t), le(t, 1)), t)

        def use(t: Term, line_: Line) -> Line:
            left, _, change = p.parts(line_)
            down = exp(-t * size.rhs)
            over, under = p.axiom("exp_positive", x=-t * size.rhs), at_most_one(p, p.pos(le(0, t), left), size)
            low = p.rule("pos", le(0, y * down), [inside_, over], [(Fraction(1), [0, 1], ONE)], [], [])
            high = p.rule("pos", le(y * down, 1), [line, under, inside_, over],
                          [(Fraction(1), [1, 2], ONE), (Fraction(1), [0], ONE)], [], [])  # fmt: skip
            value = p.mp(p.specialise(small, y * down), low, high)
            opened = p.by_definition(eq(decay(base, y), whole(1)), "decay", "rpow")
            return p.pos(lt(0, decay(base, y)), value, change, opened, p.axiom("integral_empty", g=integrand, x=ZERO))

        return p.obtain(mean_value_of(p, whole, integrand, known), use, name="t")

    middle = p.ball(forall("R", lambda x: implies(le(1, x), le(x, near), lt(
        cosine_integral(x / base), cosine_integral(x)))), 53, 40)  # fmt: skip
    falling = p.ball(forall("R", lambda x: implies(le(near, x), le(x, lo), lt(cos(x), cos(x / base)))), 53, 40)
    edge = p.ball(lt(cosine_integral(number(lo) / base), cosine_integral(number(lo))), 300)
    beyond = p.ball(lt(cosine_integral(number(hi)), cosine_integral(number(hi) / base)), 300)

    def slope_at(place: Term, positive: Line, inner: Line) -> Line:
        """The derivative of the difference along a line ``place(t)``."""
        parts_ = []
        for spot in (place, lam("R", lambda s: place(s) / base)):
            there = p.pos(lt(0, spot(t)), positive)
            outer = p.axiom("deriv_Ci", there, t=spot(t))
            line = derivative(p, spot, t, [inner])
            parts_.append(p.axiom("deriv_chain", outer, line, g=const("Ci"), w=spot, t=t,
                                  u=cos(spot(t)) * const("inv", spot(t)), v=line.concl.args[2]))  # fmt: skip
        return derivative(p, lam("R", lambda s: difference(place(s))), t, parts_)

    def along(start: Term, end: Term, positive: Callable[[Line, Line], Line]) -> tuple[Term, Term, Line]:
        """The difference on the way from one point to the other, its slope, and their line on [0, 1]."""
        place = lam("R", lambda s: start + s * (end - start))
        function = lam("R", lambda s: difference(place(s)))
        slope = lam("R", lambda s: (cos(place(s)) - cos(place(s) / base)) * const("inv", place(s)) * (end - start))
        lo_, hi_ = p.assume(le(0, t)), p.assume(le(t, 1))
        there = positive(lo_, hi_)
        line = slope_at(place, there, derivative(p, place, t))
        units = [inverse_of(p, there), inverse_of(p, p.pos(lt(0, place(t) / base), there))]
        same = p.ring(eq(line.concl.args[2], slope(t)), *units)
        moved = p.rewrite(same, p.convert(line, has_derivative(function, t, line.concl.args[2])),
                          lambda z: has_derivative(function, t, z))  # fmt: skip
        return function, slope, p.generalise(p.discharge(moved, lo_.concl, hi_.concl), t)

    def late(line: Line) -> Line:  # near <= y <= lo: from lo back to y the difference grows
        end = number(lo)

        def bounds(t: Term, left: Line, right: Line) -> tuple[Line, Line]:  # near <= place <= lo
            place = end + t * (y - end)
            low = p.rule("pos", le(near, place), [left, right, line],
                         [(lo - near, [1], ONE), (Fraction(1), [0, 2], ONE)], [], [])  # fmt: skip
            high = p.rule("pos", le(place, lo), [left, below], [(Fraction(1), [0, 1], ONE)], [], [])
            return low, high

        def positive(lo_: Line, hi_: Line) -> Line:
            low = bounds(lo_.rhs, lo_, hi_)[0]
            return p.pos(lt(0, low.rhs), low)

        function, slope, known = along(end, y, positive)

        def sign(t: Term, left: Line, right: Line) -> Line:
            place = end + t * (y - end)
            low, high = bounds(t, left, right)
            down = p.mp(p.specialise(falling, place), low, high)
            tall = p.axiom("inverse_positive", p.pos(lt(0, place), low), x=place)
            return p.rule("pos", le(0, slope(t)), [down, tall, below], [(Fraction(1), [0, 1, 2], ONE)], [], [])

        grown = increases(p, function, slope, known, sign)
        first = p.convert(p.refl(function(0)), eq(function(0), difference(end)))
        last = p.convert(p.refl(function(1)), eq(function(1), difference(y)))
        return scaled(inside_, p.pos(lt(cosine_integral(y / base), cosine_integral(y)), grown, first, last, edge))

    def from_one(line: Line) -> Line:  # 1 <= y
        def early(less: Line) -> Line:
            return scaled(inside_, p.mp(p.specialise(middle, y), line, p.pos(le(y, near), less)))
        return p.cases(p.axiom("trichotomy", x=y, y=number(near)), early, late)

    value = p.cases(p.axiom("trichotomy", x=y, y=ONE), lambda less: short(p.pos(le(y, 1), less)), from_one)
    before = p.generalise(p.discharge(value, inside_.concl, below.concl), y)

    start, end = number(lo), number(hi)
    function, slope, known = along(start, end, lambda lo_, hi_: p.pos(lt(0, start + t * (end - start)), lo_))
    signs = [p.pos(lt(0, function(0)), edge, p.convert(p.refl(function(0)), eq(function(0), difference(start)))),
             p.pos(lt(function(1), 0), beyond, p.convert(p.refl(function(1)), eq(function(1), difference(end))))]
    found = p.axiom("intermediate_value", known, *signs, g=function, g1=slope)

    def zero(t: Term, line: Line) -> Line:
        left, right, level = p.parts(line)
        place = start + t * (end - start)
        positive = p.pos(lt(0, place), left)
        at = p.ring(eq(decay(base, place), 0), closed(positive), level)
        return p.witness(zero_between(base, lo, hi).args[1], place,
                         p.both(p.pos(lt(lo, place), left), p.pos(lt(place, hi), right), at))  # fmt: skip

    return p.convert(p.both(before, p.obtain(found, zero, name="t")), goal.concl, "decimal")


FIRST_ZERO = {10_000: "6166.02848472874863836603938108", 1_000: "617.661568406083485799539530007"}
for _base, _digits in FIRST_ZERO.items():
    theorem(f"decay.first_zero_{_base}", first_zero(_base, _digits),
            f"For the base {_base} the integral is positive up to its first zero, {_digits}...",
            references=("DLMF 6.2.11", SU))(
        lambda p, goal, base=_base, digits=_digits: crossing(p, goal, base, digits))  # fmt: skip


# Other frequencies --------------------------------------------------------------------------------------
V, F = var("V"), var("F")
quotient = within(lambda t: const("and", has_derivative(f, t, f1(t)), const("and", eq(w(t), f(t) * theta1(t)), const(
    "and", const("and", le(-V, f1(t)), le(f1(t), V)), const("and", le(-F, f(t)), le(f(t), F))))))  # fmt: skip


def vanishing(integrand: Callable[[Term, Term], Term], e: Term = e) -> Term:
    """The integral over t is below e in size for every x past some point."""
    return exists("R", lambda y: forall("R", lambda x: implies(lt(y, x), lt(
        absolute(integral(lambda t: integrand(x, t))), e))))  # fmt: skip


def smooth_instance(p: Proof) -> list[Line]:
    """theta_t = t with h = f = 1, F = 1, V = 0, e = 1."""
    same, one, none = lam("R", lambda s: s), lam("R", lambda s: ONE), lam("R", lambda s: ZERO)
    lines = [every_slope(p, same, one), every_slope(p, one, none)]
    flat, unit = (p.both(p.pos(le(-z, z)), p.pos(le(z, z))) for z in (ZERO, ONE))
    facts = [p.axiom("deriv_constant", x=ONE, t=t), p.ring(eq(ONE, ONE * ONE)), flat, unit]
    return [*lines, p.generalise(p.discharge(p.both(*facts), le(0, t), le(t, 1)), t), p.pos(lt(0, 1))]


def unit_bounds(p: Proof) -> Line:
    """-1 <= 1 <= 1 for all t of [0, 1]."""
    line = p.both(p.pos(le(-ONE, 1)), p.pos(le(ONE, 1)))
    return p.generalise(p.discharge(line, le(0, t), le(t, 1)), t)


def plain_parts(p: Proof) -> Line:
    """f = 1 and v = 0 for theta_t = t and h = 1."""
    flat = p.both(p.axiom("deriv_constant", x=ONE, t=t), p.axiom("deriv_constant", x=ZERO, t=t),
                  p.ring(eq(ONE, ONE * ONE)), p.pos(le(-ZERO, 0)), p.pos(le(ZERO, 0)))  # fmt: skip
    return p.generalise(p.discharge(flat, le(0, t), le(t, 1)), t)


@theorem("decay.smooth", Statement((*everywhere, quotient, lt(0, e)), vanishing(
    lambda x, t: w(t) * cos(x * theta_(t) + c)), (theta_.head, theta1.head, w.head, w1.head, f.head, f1.head)),
    "With weights h_t and any theta_t for which h/theta' has a bounded derivative the integral tends to 0",
    references=(STEIN, SU + ", eq. 14"), instance=smooth_instance)  # fmt: skip
def smooth(p: Proof, goal: Statement) -> Line:
    first, second, interval, small = (p.assume(z) for z in goal.hyps)
    line_v = lam("R", lambda s: V * s)

    def at(t: Term, lo: Line, hi: Line) -> list[Line]:
        return p.parts(p.mp(p.specialise(interval, t), lo, hi))

    lo, hi = p.assume(le(0, t)), p.assume(le(t, 1))
    parts_ = at(t, lo, hi)
    rate = p.specialise(every_slope(p, line_v, lam("R", lambda s: V)), t)
    every = p.generalise(p.discharge(p.both(parts_[0], rate, parts_[1], parts_[2], parts_[3]), lo.concl, hi.concl), t)
    ends = [at(number(z), p.pos(le(0, z)), p.pos(le(z, 1))) for z in (0, 1)]
    size = 2 * F + V + 1
    positive = p.pos(lt(0, size), *ends[0][2:])
    sizes = [absolute_le(p, le(absolute(f(z)), F), z_[5], z_[4]) for z, z_ in zip((0, 1), ends, strict=True)]

    def bound(tall: Line) -> Line:
        line = p.theorem("decay.oscillatory", first, second, every, tall, theta=theta_, theta1=theta1, h=w, h1=w1,
                         f=f, f1=f1, v=line_v, v1=lam("R", lambda s: V), x=x, c=c)  # fmt: skip
        inverse = p.axiom("inverse_positive", tall, x=x)
        top = line.rhs.args[0]
        less = p.pos(le(top, size), *sizes)
        grown = p.rule("pos", le(line.rhs, size / x), [less, inverse], [(Fraction(1), [0, 1], ONE)], [], [])
        return p.pos(le(line.lhs, size / x), line, grown)

    return tends_to_zero(p, goal.concl, size, positive, small, bound)


@theorem("decay.linear", Statement((lt(0, x),), eq(integral(lambda t: cos(x * t)), sin(x) / x)),
         "For theta_t = t the integral is sin(x)/x", references=(SU,),
         instance=lambda p: [p.pos(lt(0, 1))])  # fmt: skip
def linear(p: Proof, goal: Statement) -> Line:
    positive = p.assume(goal.hyps[0])
    unit = inverse_of(p, positive)
    antiderivative, integrand = lam("R", lambda s: sin(x * s) / x), lam("R", lambda s: cos(x * s))
    slope = every_slope(p, antiderivative, integrand, unit)
    whole = p.mp(p.at(fundamental_theorem(p), G=antiderivative, g=integrand), slope,
                 has_slope(p, derivative(p, integrand, t)))  # fmt: skip
    start = p.convert(p.axiom("sin_zero"), eq(sin(x * number(0)), 0))
    return p.ring(goal.concl, whole, start)


#: A frequency that does not vary: monotone and smooth, but without decay.
CONSTANT_FREQUENCY = Statement((everywhere[0], forall("R", lambda t: le(0, theta1(t)))), vanishing(
    lambda x, t: cos(x * theta_(t)), number(HALF)), (theta_.head, theta1.head))  # fmt: skip


def constant_frequency(p: Proof) -> Line:
    """theta_t = 0 keeps the integral at 1."""
    closed = p.assume(CONSTANT_FREQUENCY.closed())
    none = lam("R", lambda s: ZERO)
    line = p.mp(p.specialise(closed, none, none), every_slope(p, none, none),
                p.generalise(p.pos(le(0, 0)), t))  # fmt: skip

    def use(y: Term, line: Line) -> Line:
        at = p.mp(p.specialise(line, y + 1), p.pos(lt(y, y + 1)))
        flat = p.convert(at, lt(absolute(integral(lambda t: cos(ZERO))), HALF))
        return p.pos(const("false"), flat, p.ball(lt(HALF, flat.lhs)))

    return p.discharge(p.obtain(line, use, name="y"), closed.concl)


# Comparisons --------------------------------------------------------------------------------------------
def power(k: int, x: Term | int) -> Term:
    """int_0^1 cos(x t^k) dt."""
    x = x if isinstance(x, Term) else number(x)
    return integral(lambda t: cos(x * t**k))


def conjunction(*parts: Term) -> Term:
    """All of the propositions."""
    out = parts[-1]
    for part in reversed(parts[:-1]):
        out = const("and", part, out)
    return out


def by_balls(p: Proof, goal: Statement) -> Line:
    """Every part is decided by balls."""
    def decided(t: Term) -> Line:
        return p.both(*map(decided, t.args)) if t.is_const("and") else p.ball(t, 64, 40)
    return decided(goal.concl)


def drop(F: Callable[[int], Term], near: int, far: int) -> Term:
    """How much a function falls from one distance to another."""
    return F(near) - F(far)


PAIRS = [(k, base) for k in (2, 3) for base in (1_000, 10_000)]
theorem("decay.short_distance", Statement((), conjunction(*(
    lt(drop(lambda x, base=base: decay(base, number(x)), 1, 16), drop(lambda x, k=k: power(k, x), 1, 16))
    for k, base in PAIRS))),
    "From distance 1 to 16 the powers t^2 and t^3 fall further than the exponentials with bases 1000 and 10000",
    references=(SU,))(by_balls)  # fmt: skip
theorem("decay.long_distance", Statement((), conjunction(*(
    lt(drop(lambda x, k=k: power(k, x), 16, 128), drop(lambda x, base=base: decay(base, number(x)), 16, 128))
    for k, base in PAIRS))),
    "From distance 16 to 128 the exponentials fall further than the powers t^2 and t^3",
    references=(SU,))(by_balls)  # fmt: skip


def enclosed(x: int, thousandths: int) -> Term:
    """K_10000(x) to three decimals."""
    value = decay(10_000, number(x))
    return const("and", lt(Fraction(thousandths, 1000), value), lt(value, Fraction(thousandths + 1, 1000)))


WINDOW = {1: 973, 4: 771, 16: 634, 64: 487, 128: 411}
theorem("decay.window", Statement((), conjunction(*(enclosed(x, z) for x, z in WINDOW.items()))),
        "Values of the integral for the base 10000 at the distances 1, 4, 16, 64 and 128",
        references=(SU,))(by_balls)  # fmt: skip


def sine_nonnegative(p: Proof) -> Line:
    """``0 <= z -> z <= 1 -> 0 <= sin z``."""
    z = var("z")

    def prove(p: Proof) -> Line:
        low, high = p.assume(le(0, z)), p.assume(le(z, 1))
        positive = p.ball(forall("R", lambda u: implies(le(0, u), le(u, 1), lt(0, cos(u)))), 64, 40)
        function, slope = lam("R", lambda s: sin(s * z)), lam("R", lambda s: cos(s * z) * z)
        known = on_interval(p, function, slope, lambda lo, hi: [])

        def sign(t: Term, left: Line, right: Line) -> Line:
            under = p.rule("pos", le(0, t * z), [left, low], [(Fraction(1), [0, 1], ONE)], [], [])
            over = p.rule("pos", le(t * z, 1), [right, low, high],
                          [(Fraction(1), [0, 1], ONE), (Fraction(1), [2], ONE)], [], [])  # fmt: skip
            up = p.mp(p.specialise(positive, t * z), under, over)
            return p.rule("pos", le(0, slope(t)), [up, low], [(Fraction(1), [0, 1], ONE)], [], [])

        grown = increases(p, function, slope, known, sign)
        start = p.convert(p.axiom("sin_zero"), eq(function(0), 0))
        end = p.convert(p.refl(function(1)), eq(function(1), sin(z)))
        return p.discharge(p.pos(le(0, sin(z)), grown, start, end), low.concl, high.concl)

    return p.lemma("the sine is not negative on [0, 1]", prove)


def cosine_decreases(p: Proof) -> Line:
    """``0 <= u -> u <= z -> z <= 1 -> cos z <= cos u``."""
    return falling_cosine(p, ONE, sine_nonnegative, "the cosine decreases on [0, 1]")


def falling_cosine(p: Proof, top: Term, sine: Callable[[Proof], Line], name: str) -> Line:
    """``0 <= u -> u <= z -> z <= top -> cos z <= cos u`` where the sine is not negative up to the top."""
    u, z = var("u"), var("z")

    def prove(p: Proof) -> Line:
        low, order, high = p.assume(le(0, u)), p.assume(le(u, z)), p.assume(le(z, top))
        place = lam("R", lambda s: u + s * (z - u))
        function, slope = lam("R", lambda s: -cos(place(s))), lam("R", lambda s: sin(place(s)) * (z - u))
        known = on_interval(p, function, slope, lambda lo, hi: [])

        def sign(t: Term, left: Line, right: Line) -> Line:
            under = p.rule("pos", le(0, place(t)), [low, left, order],
                           [(Fraction(1), [0], ONE), (Fraction(1), [1, 2], ONE)], [], [])  # fmt: skip
            over = p.rule("pos", le(place(t), top), [high, right, order],
                          [(Fraction(1), [0], ONE), (Fraction(1), [1, 2], ONE)], [], [])  # fmt: skip
            up = p.mp(p.at(sine(p), z=place(t)), under, over)
            return p.rule("pos", le(0, slope(t)), [up, order], [(Fraction(1), [0, 1], ONE)], [], [])

        grown = increases(p, function, slope, known, sign)
        start = p.convert(p.refl(cos(u)), eq(cos(place(0)), cos(u)))
        end = p.convert(p.refl(cos(z)), eq(cos(place(1)), cos(z)))
        return p.discharge(p.pos(le(cos(z), cos(u)), grown, start, end), low.concl, order.concl, high.concl)

    return p.lemma(name, prove)


def sine_nonnegative_to_pi(p: Proof) -> Line:
    """``0 <= z -> z <= pi -> 0 <= sin z``, from z/4 by doubling the angle twice."""
    z = var("z")
    pi = const("pi")

    def doubled(p: Proof, a: Term, of: Term) -> list[Line]:
        """cos 2a = 2 cos^2 a - 1 and sin 2a = 2 sin a cos a, with 2a written as ``of``."""
        lines = [p.axiom(name, x=a, y=a) for name in ("cos_add", "sin_add")]
        there = [p.convert(line, eq(f(of), line.rhs)) for line, f in zip(lines, (cos, sin), strict=True)]
        return [p.ring(eq(cos(of), 2 * cos(a) * cos(a) - 1), there[0], p.axiom("pythagoras", x=a)),
                p.ring(eq(sin(of), 2 * sin(a) * cos(a)), there[1])]  # fmt: skip

    def prove(p: Proof) -> Line:
        low, high = p.assume(le(0, z)), p.assume(le(z, pi))
        q, top = z * Fraction(1, 4), pi * Fraction(1, 4)
        below, order = p.pos(le(0, q), low), p.pos(le(q, top), high)
        one = p.pos(le(top, 1), p.ball(lt(top, 1)))
        first = p.mp(p.at(sine_nonnegative(p), z=q), below, p.pos(le(q, 1), order, one))
        falls = p.mp(p.at(cosine_decreases(p), u=q, z=top), below, order, one)
        edge = p.ball(lt(0, cos(top)))
        level = p.ring(eq(2 * cos(top) * cos(top), 1), doubled(p, top, pi * HALF)[0], p.axiom("cos_pi_half"))
        half, whole = doubled(p, q, z * HALF), doubled(p, z * HALF, z)
        near = p.pos(le(0, cos(q)), falls, edge)
        cosine = p.rule("pos", le(0, cos(z * HALF)), [falls, near, edge],
                        [(Fraction(2), [0, 1], ONE), (Fraction(2), [0, 2], ONE)], [half[0], level], [ONE, ONE])  # fmt: skip
        sine = p.rule("pos", le(0, sin(z * HALF)), [first, near], [(Fraction(2), [0, 1], ONE)], [half[1]], [ONE])
        done = p.rule("pos", le(0, sin(z)), [sine, cosine], [(Fraction(2), [0, 1], ONE)], [whole[1]], [ONE])
        return p.discharge(done, low.concl, high.concl)

    return p.lemma("the sine is not negative on [0, pi]", prove)


def cosine_decreases_to_pi(p: Proof) -> Line:
    """``0 <= u -> u <= z -> z <= pi -> cos z <= cos u``."""
    return falling_cosine(p, const("pi"), sine_nonnegative_to_pi, "the cosine decreases on [0, pi]")


def cosine_below_one(p: Proof) -> Line:
    """``0 < x -> x <= pi -> cos x < 1``: by Taylor's formula up to 1, and because the cosine falls."""
    x = var("x")

    def prove(p: Proof) -> Line:
        above, top = p.assume(lt(0, x)), p.assume(le(x, const("pi")))
        goal = lt(cos(x), 1)
        positive = p.ball(forall("R", lambda u: implies(le(0, u), le(u, 1), lt(0, cos(u)))), 64, 40)
        g, g1, g2 = (lam("R", lambda s, f=f: f(s)) for f in (
            lambda s: cos(s * x), lambda s: -x * sin(s * x), lambda s: -(x * x) * cos(s * x)))  # fmt: skip
        found = p.mp(p.at(taylor_lagrange(p), g=g, g1=g1, g2=g2), derivative_is(p, g, g1), derivative_is(p, g1, g2))
        zeros = [p.convert(p.axiom("cos_zero"), eq(cos(number(0) * x), 1)),
                 p.convert(p.axiom("sin_zero"), eq(sin(number(0) * x), 0))]  # fmt: skip

        def near(short: Line) -> Line:
            def use(s: Term, line: Line) -> Line:
                low, high, value = p.parts(line)
                turned = p.ring(eq(cos(x), 1 - Fraction(1, 2) * (x * x * cos(s * x))),
                                p.convert(value, eq(cos(x), value.rhs)), *zeros)  # fmt: skip
                under = p.rule("pos", le(0, s * x), [low, above], [(Fraction(1), [0, 1], number(1))], [], [])
                over = p.rule("pos", le(s * x, 1), [high, above, short], [
                    (Fraction(1), [0, 1], number(1)), (Fraction(1), [2], number(1))], [], [])  # fmt: skip
                up = p.mp(p.specialise(positive, s * x), under, over)
                part = p.rule("pos", lt(0, x * x * cos(s * x)), [above, above, up],
                              [(Fraction(1), [0, 1, 2], number(1))], [], [])  # fmt: skip
                return p.pos(goal, turned, part)
            return p.obtain(found, use, name="s")

        def far(line: Line) -> Line:  # 1 < x
            falls = p.mp(p.at(cosine_decreases_to_pi(p), u=1, z=x), p.pos(le(0, number(1))), p.pos(le(1, x), line), top)
            return p.pos(goal, falls, p.ball(lt(cos(number(1)), 1)))

        out = p.cases(p.axiom("trichotomy", x=1, y=x), far, near)
        return p.discharge(out, above.concl, top.concl)

    return p.lemma("the cosine is below 1 on (0, pi]", prove)


def cosine_falls(p: Proof) -> Line:
    """``0 <= u -> u < z -> z <= pi -> cos z < cos u``. Where they were equal, so would the cosine between them be,
    and cos(w - e) = cos w = cos(w + e) has no solution for 0 < e <= pi/2."""
    u, z = var("u"), var("z")

    def prove(p: Proof) -> Line:
        low, order, top = p.assume(le(0, u)), p.assume(lt(u, z)), p.assume(le(z, const("pi")))
        goal = lt(cos(z), cos(u))
        half = Fraction(1, 2)
        w, e = (u + z) * half, (z - u) * half
        falls = cosine_decreases_to_pi(p)

        def equal(back: Line) -> Line:  # cos u <= cos z
            steps = [p.mp(p.at(falls, u=a, z=b), under, p.pos(le(a, b), order), over) for a, b, under, over in (
                (u, w, low, p.pos(le(w, const("pi")), order, top)), (w, z, p.pos(le(0, w), low, order), top))]  # fmt: skip
            sides = [p.axiom("le_antisymmetry", p.pos(le(x, y), back, *steps), p.pos(le(y, x), back, *steps), x=x, y=y)
                     for x, y in ((cos(u), cos(w)), (cos(z), cos(w)))]  # fmt: skip
            parts = [*(line for total, sign in ((u, -1), (z, 1)) for line in angle_at(p, total, w, sign * e)),
                     p.axiom("cos_even", x=e), p.axiom("sin_odd", x=e)]  # fmt: skip
            parts = [p.convert(line, eq(cos(-1 * e), cos(e))) if line.lhs == cos(-e) else
                     p.convert(line, eq(sin(-1 * e), -sin(e))) if line.lhs == sin(-e) else line for line in parts]
            some = p.pos(lt(0, e), order)
            small = p.pos(le(e, const("pi") * half), low, top)
            one = p.mp(p.at(cosine_below_one(p), x=e), some, p.pos(le(e, const("pi")), small, p.ball(lt(0, const("pi")))))
            gap = p.pos(lt(0, 1 - cos(e)), one)
            none = p.ring(eq(cos(w) * (1 - cos(e)), 0), *sides, *parts)
            zero = p.ring(eq(cos(w), 0), none, inverse_of(p, gap))
            flat = p.ring(eq(sin(w) * sin(e), 0), *sides, *parts)
            still = p.ring(eq(sin(e), 0), flat, zero, p.axiom("pythagoras", x=w))
            down = p.ring(eq((1 - cos(e)) * (1 + cos(e)), 0), still, p.axiom("pythagoras", x=e))
            least = p.ring(eq(1 + cos(e), 0), down, inverse_of(p, gap))
            right = p.mp(p.at(falls, u=e, z=const("pi") * half), p.pos(le(0, e), some), small,
                         p.pos(le(const("pi") * half, const("pi")), p.ball(lt(0, const("pi")))))  # fmt: skip
            return p.axiom("false_elim", p.pos(const("false"), least, right, p.axiom("cos_pi_half")), p=goal)

        out = p.cases(p.axiom("trichotomy", x=cos(z), y=cos(u)), lambda line: line, equal)
        return p.discharge(out, low.concl, order.concl, top.concl)

    return p.lemma("the cosine falls on [0, pi]", prove)


eta, eta1 = var("eta", REAL), var("eta1", REAL)
two_frequencies = [forall("R", lambda t, F=F, F1=F1: has_derivative(lam("R", lambda s: F(s)), t, F1(t)))
                   for F, F1 in ((theta_, theta1), (eta, eta1))]  # fmt: skip
ordered = within(lambda t: const("and", le(0, theta_(t)), le(theta_(t), eta(t))))
short_range = within(lambda t: le(x * eta(t), const("pi")))
SLOWER = le(integral(lambda t: cos(x * eta(t))), integral(lambda t: cos(x * theta_(t))))
NAMES = tuple(z.head for z in (theta_, theta1, eta, eta1, x))
#: Without the condition on the distance.
ALWAYS_SLOWER = Statement((*two_frequencies, ordered, lt(0, x)), SLOWER, NAMES)


def slower_instance(p: Proof) -> list[Line]:
    """theta = eta = 0 at x = 1."""
    none = lam("R", lambda s: ZERO)
    line = every_slope(p, none, none)
    held_ = [p.both(p.pos(le(0, 0)), p.pos(le(0, 0))), p.pos(le(ONE * ZERO, const("pi")), p.ball(lt(0, const("pi"))))]
    return [line, line, *(p.generalise(p.discharge(z, le(0, t), le(t, 1)), t) for z in held_[:1]), p.pos(lt(0, 1)),
            p.generalise(p.discharge(held_[1], le(0, t), le(t, 1)), t)]  # fmt: skip


@theorem("decay.slower", Statement((*ALWAYS_SLOWER.hyps, short_range), SLOWER, NAMES),
         "Frequencies nearer to 0 fall more slowly, as long as x eta_t <= pi for the larger ones", references=(SU,),
         instance=slower_instance)  # fmt: skip
def slower(p: Proof, goal: Statement) -> Line:
    first, second, order, positive, short = (p.assume(z) for z in goal.hyps)
    lines = []
    for F, known in ((theta_, first), (eta, second)):
        integrand = lam("R", lambda s, F=F: cos(x * F(s)))
        smooth_ = has_slope(p, derivative(p, integrand, t, [known]))
        lines.append((integrand, area(p, integrand, smooth_, t), p.axiom("integral_empty", g=integrand, x=ZERO)))
    (f_, area_f, empty_f), (g_, area_g, empty_g) = lines
    function = lam("R", lambda s: const("integral", f_, 0, s) - const("integral", g_, 0, s))
    slope = lam("R", lambda s: f_(s) - g_(s))
    known = on_interval(p, function, slope, lambda lo, hi: [area_f, area_g])

    def sign(t: Term, left: Line, right: Line) -> Line:
        low, high = p.pos(le(0, t), left), p.pos(le(t, 1), right)
        under, over = p.parts(p.mp(p.specialise(order, t), low, high))
        top = p.mp(p.specialise(short, t), low, high)
        a = p.rule("pos", le(0, x * theta_(t)), [positive, under], [(Fraction(1), [0, 1], ONE)], [], [])
        c_ = p.rule("pos", le(x * theta_(t), x * eta(t)), [positive, over], [(Fraction(1), [0, 1], ONE)], [], [])
        down = p.mp(p.at(cosine_decreases_to_pi(p), u=x * theta_(t), z=x * eta(t)), a, c_, top)
        return p.pos(le(0, slope(t)), down)

    grown = increases(p, function, slope, known, sign)
    return p.pos(goal.concl, grown, empty_f, empty_g)


#: With a bound just above pi.
JUST_ABOVE = Statement((*ALWAYS_SLOWER.hyps, within(lambda t: le(x * eta(t), decimal(31416, 4)))), SLOWER, NAMES)


def just_above(p: Proof) -> Line:
    """theta_t = pi and eta_t = 3.1416 at x = 1: cos(3.1416) is more than cos(pi) = -1."""
    closed = p.assume(JUST_ABOVE.closed())
    pi, border, none = const("pi"), number(Fraction(31416, 10**4)), lam("R", lambda s: ZERO)
    fast, slow = (lam("R", lambda s, z=z: z) for z in (border, pi))
    line = p.specialise(closed, slow, none, fast, none, 1)
    over = p.ball(lt(pi, border))
    facts = [p.both(p.pos(le(0, pi), p.ball(lt(0, pi))), p.pos(le(pi, border), over)),
             p.pos(le(ONE * border, border))]  # fmt: skip
    order, short = (p.generalise(p.discharge(z, le(0, t), le(t, 1)), t) for z in facts)
    line = p.mp(line, every_slope(p, slow, none), every_slope(p, fast, none), order, p.pos(lt(0, 1)),
                p.convert(short, line.concl.args[1].args[1].args[1].args[1].args[0], "decimal"))  # fmt: skip
    return p.discharge(p.pos(const("false"), line, p.ball(lt(line.rhs, line.lhs), 128)), closed.concl)


def half_as_fast(p: Proof) -> Line:
    """theta_t = t/2 and eta_t = t at x = 3 pi: -2/(3 pi) against 0."""
    closed = p.assume(ALWAYS_SLOWER.closed())
    full, half = lam("R", lambda s: s), lam("R", lambda s: HALF * s)
    line = p.specialise(closed, half, lam("R", lambda s: number(HALF)), full, lam("R", lambda s: ONE), 3 * const("pi"))
    lo, hi = p.assume(le(0, t)), p.assume(le(t, 1))
    below = p.both(p.pos(le(0, HALF * t), lo), p.pos(le(HALF * t, t), lo))
    order = p.generalise(p.discharge(below, lo.concl, hi.concl), t)
    line = p.mp(line, every_slope(p, half, lam("R", lambda s: number(HALF))),
                every_slope(p, full, lam("R", lambda s: ONE)), order, p.ball(lt(0, 3 * const("pi"))))  # fmt: skip
    return p.discharge(p.pos(const("false"), line, p.ball(lt(line.rhs, line.lhs), 64)), closed.concl)


# Powers -------------------------------------------------------------------------------------------------
k = var("k", "N")


def power_slope(p: Proof) -> Line:
    """``g' = u at t |- (g^(n+1))' = (n + 1) g^n u``, by induction."""
    u = var("u")

    def at(n: Term) -> Term:
        return has_derivative(lam("R", lambda s: g(s) ** (n + 1)), t, real(n + 1) * g(t) ** n * u)

    def prove(p: Proof) -> Line:
        known = p.assume(has_derivative(lam("R", lambda s: g(s)), t, u))
        s = var("s")
        zero = number(0, "N")

        def rewritten(line: Line, n: Term, old: Term, facts: list[Line], value: list[Line]) -> Line:
            new = at(n).args[0]
            same = p.generalise(p.ring(eq(old(s), new(s)), *facts), s)
            moved = p.axiom("deriv_extensional", line, same, g=old, w=new, t=t, u=line.concl.args[2])
            equal = p.ring(eq(line.concl.args[2], at(n).args[2]), *value)
            return p.rewrite(equal, moved, lambda z: has_derivative(new, t, z))

        first = p.axiom("power_successor", x=g(s), n=zero)
        first = p.convert(first, eq(g(s) ** (zero + 1), first.rhs))
        base = rewritten(known, zero, known.concl.args[0], [first, p.axiom("power_zero", x=g(s))],
                         [p.axiom("power_zero", x=g(t))])  # fmt: skip

        def step(n: Term, hypothesis: Line) -> Line:
            both = p.axiom("deriv_mul", known, hypothesis, g=known.concl.args[0], w=hypothesis.concl.args[0], t=t, u=u,
                           v=hypothesis.concl.args[2])  # fmt: skip
            more = p.axiom("power_successor", x=g(s), n=n + 1)
            return rewritten(both, n + 1, both.concl.args[0], [more], [p.axiom("power_successor", x=g(t), n=n)])

        return p.discharge(p.induction(at, base, step), known.concl)

    return p.lemma("the derivative of a power", prove)


def power_positive(p: Proof) -> Line:
    """``0 < y -> 0 < y^n``."""
    def prove(p: Proof) -> Line:
        known = p.assume(lt(0, y))
        base = p.pos(lt(0, y ** number(0, "N")), p.axiom("power_zero", x=y))

        def step(n: Term, hypothesis: Line) -> Line:
            product = p.rule("pos", lt(0, y * y**n), [known, hypothesis], [(Fraction(1), [0, 1], ONE)], [], [])
            return p.pos(lt(0, y ** (n + 1)), product, p.axiom("power_successor", x=y, n=n))

        return p.discharge(p.induction(lambda n: lt(0, y**n), base, step), known.concl)

    return p.lemma("powers of positive numbers are positive", prove)


lo_part = var("r")
POWER = integral(lambda t: cos(x * t ** (k + 2) + c))
POWER_BOUND = lo_part + 2 / (real(k + 2) * lo_part ** (k + 1)) / x


@theorem("decay.power_bound", Statement((lt(0, lo_part), lt(lo_part, 1), lt(0, x)), le(absolute(POWER), POWER_BOUND),
                                        (k.head, lo_part.head)),
         "For theta_t = t^n with n >= 2, in every phase: what lies before r gives at most r, the rest is O(1/x)",
         references=(STEIN,), instance=lambda p: [
             p.ball(lt(0, number(HALF))), p.ball(lt(number(HALF), 1)), p.ball(lt(0, ONE))])  # fmt: skip
def power_bound(p: Proof, goal: Statement) -> Line:
    low, short, positive = (p.assume(z) for z in goal.hyps)
    r, rest = lo_part, 1 - lo_part
    n = k + 2

    def powered(base: Term, t: Term, exponent: Term, line: Line) -> Line:
        """The derivative of base^(exponent + 1) at t."""
        return p.mp(p.at(power_slope(p), g=base, n=exponent, t=t, u=line.concl.args[2]), line)

    identity = lam("R", lambda s: s)
    raw = powered(identity, t, k + 1, p.axiom("deriv_identity", t=t))
    integrand = POWER.args[0]
    raw = p.convert(raw, has_derivative(lam("R", lambda s: s**n), t, raw.concl.args[2]))
    smooth = has_slope(p, derivative(p, integrand, t, [raw]))
    whole = lam("R", lambda s: const("integral", integrand, 0, s))

    def composed(place: Term) -> Line:
        """The derivative of the area function along an affine path."""
        inner = derivative(p, place, t)
        return p.axiom("deriv_chain", area(p, integrand, smooth, place(t)), inner, g=whole, w=place, t=t,
                       u=integrand(place(t)), v=inner.concl.args[2])  # fmt: skip

    # before r: the mean value theorem
    begin = lam("R", lambda s: s * r)
    function, slope = lam("R", lambda s: whole(begin(s))), lam("R", lambda s: integrand(begin(s)) * r)
    known = on_interval(p, function, slope, lambda lo, hi: [composed(begin)])
    aims = [le(-r, whole(r) - whole(ZERO)), le(whole(r) - whole(ZERO), r)]

    def use(t: Term, line: Line) -> Line:
        change = p.parts(line)[2]
        angle = x * begin(t) ** n + c
        unit = p.axiom("pythagoras", x=angle)
        q, s = cos(angle), sin(angle)
        ends = [p.convert(p.refl(function(z)), eq(function(z), whole(v_))) for z, v_ in ((0, ZERO), (1, r))]
        value = p.ring(eq(whole(r) - whole(ZERO), q * r), change, *ends)
        squares = [q + 1, q - 1, s]
        bounds = [p.pos(le(-1, q), unit, squares=squares), p.pos(le(q, 1), unit, squares=squares)]
        return p.both(*(p.rule("pos", aim, [bound, low], [(Fraction(1), [0, 1], ONE)], [value], [-ONE if z else ONE])
                        for z, (aim, bound) in enumerate(zip(aims, bounds, strict=True))))  # fmt: skip

    start = p.parts(p.obtain(mean_value_of(p, function, slope, known), use, name="t"))

    # after r: the oscillatory bound on the path from r to 1
    place = lam("R", lambda s: r + s * rest)
    size = lam("R", lambda s: real(n) * place(s) ** (k + 1))
    steep = lam("R", lambda s: real(n) * (real(k + 1) * place(s) ** k * rest))
    inner = p.rewrite(p.ring(eq(derivative(p, place, t).concl.args[2], rest)), derivative(p, place, t),
                      lambda z: has_derivative(place, t, z))  # fmt: skip
    angle = lam("R", lambda s: place(s) ** n)
    angle_slope = lam("R", lambda s: size(s) * rest)
    top = p.convert(powered(place, t, k + 1, inner), has_derivative(angle, t, angle_slope(t)))
    first = p.generalise(top, t)
    weight = lam("R", lambda s: rest)
    second = every_slope(p, weight, lam("R", lambda s: ZERO))
    lo, hi = p.assume(le(0, t)), p.assume(le(t, 1))
    there = p.rule("pos", lt(0, place(t)), [low, lo, short],
                   [(Fraction(1), [0], ONE), (Fraction(1), [1, 2], ONE)], [], [])  # fmt: skip

    def tall(index: Term) -> Line:
        return p.mp(p.at(power_positive(p), y=place(t), n=index), there)

    count = [p.pos(lt(0, real(z)), p.axiom("nat_nonneg", n=k)) for z in (n, k + 1)]
    dense = p.rule("pos", lt(0, size(t)), [count[0], tall(k + 1)], [(Fraction(1), [0, 1], ONE)], [], [])
    nonzero = p.assume(eq(size(t), 0))
    away = p.discharge(p.pos(const("false"), dense, nonzero), nonzero.concl)
    grown = derivative(p, size, t, [powered(place, t, k, inner)])
    quotient_ = lam("R", lambda s: const("inv", size(s)))
    fall = lam("R", lambda s: -(const("inv", size(s)) * const("inv", size(s))) * steep(s))
    line = p.axiom("deriv_chain", p.axiom("deriv_inverse", away, t=size(t)), grown, g=const("inv"), w=size, t=t,
                   u=-(quotient_(t) * quotient_(t)), v=grown.concl.args[2])  # fmt: skip
    line = p.rewrite(p.ring(eq(line.concl.args[2], fall(t))), line, lambda z: has_derivative(quotient_, t, z))
    minus, rise = lam("R", lambda s: -quotient_(s)), lam("R", lambda s: -fall(s))
    other = derivative(p, minus, t, [line])
    other = p.rewrite(p.ring(eq(other.concl.args[2], rise(t))), other, lambda z: has_derivative(minus, t, z))
    balance = p.ring(eq(rest, quotient_(t) * angle_slope(t)), inverse_of(p, dense))
    up = p.axiom("inverse_positive", dense, x=size(t))
    steepness = p.rule("pos", le(0, steep(t)), [count[0], count[1], tall(k), short],
                       [(Fraction(1), [0, 1, 2, 3], ONE)], [], [])  # fmt: skip
    down = p.rule("pos", le(fall(t), rise(t)), [up, steepness], [(Fraction(2), [0, 0, 1], ONE)], [], [])
    whole_line = p.both(line, other, balance, p.pos(le(-rise(t), fall(t))), down)
    every = p.generalise(p.discharge(whole_line, lo.concl, hi.concl), t)
    values = {"theta": angle, "theta1": angle_slope, "h": weight, "h1": lam("R", lambda s: ZERO), "f": quotient_,
              "f1": fall, "v": minus, "v1": rise, "x": x, "c": c}  # fmt: skip
    bound = p.theorem("decay.oscillatory", first, second, every, positive, **values)
    tail = lam("R", lambda s: rest * cos(x * angle(s) + c))
    bound = p.convert(bound, le(absolute(const("integral", tail, 0, 1)), bound.rhs))
    path = composed(place)
    path = p.generalise(p.rewrite(p.ring(eq(path.concl.args[2], tail(t))), path,
                                  lambda z: has_derivative(path.concl.args[0], t, z)), t)  # fmt: skip
    smooth_tail = has_slope(p, derivative(p, tail, t, [top]))
    joined = p.mp(p.at(fundamental_theorem(p), G=lam("R", lambda s: whole(place(s))), g=tail), path, smooth_tail)
    ends = [p.convert(p.refl(whole(place(z))), eq(whole(place(z)), whole(v_))) for z, v_ in ((ZERO, r), (ONE, ONE))]
    # |f(0)| + |f(1)| + v(1) - v(0) = 2 f(0)
    sizes = []
    for z in (0, 1):
        at = [p.rule("instantiate", p.discharge(up, lo.concl, hi.concl), {t.head: number(z)})]
        high = p.mp(at[0], p.pos(le(0, z)), p.pos(le(z, 1)))
        sizes.append(p.axiom("abs_nonneg", p.pos(le(0, high.rhs), high), x=high.rhs))
    edge = p.convert(p.refl(quotient_(ZERO)), eq(quotient_(ZERO), 1 / (real(n) * r ** (k + 1))))
    final = p.ring(eq(bound.rhs, 2 / (real(n) * r ** (k + 1)) / x), *sizes, edge)
    late = between(p, p.rewrite(final, bound, lambda z: le(bound.lhs, z)))
    empty = p.axiom("integral_empty", g=integrand, x=ZERO)
    facts = [*start, *late, joined, *ends, empty]
    return absolute_le(p, goal.concl, p.pos(le(POWER, POWER_BOUND), *facts), p.pos(le(-POWER_BOUND, POWER), *facts))


@theorem("decay.power", Statement((lt(0, e),), vanishing(lambda x, t: cos(x * t ** (k + 1) + c)), (k.head,)),
         "For theta_t = t^n, n = 1, 2, 3, ..., the integral tends to 0, in every phase", references=(STEIN, SU),
         instance=lambda p: [p.pos(lt(0, 1))])  # fmt: skip
def power_limit(p: Proof, goal: Statement) -> Line:
    def first(line: Line) -> Line:  # k = 0: theta_t = t
        same, one, none = lam("R", lambda s: s), lam("R", lambda s: ONE), lam("R", lambda s: ZERO)
        slopes = [every_slope(p, same, one), every_slope(p, one, none)]
        flat = p.both(p.axiom("deriv_constant", x=ONE, t=t), p.ring(eq(ONE, ONE * ONE)),
                      *(p.both(p.pos(le(-z, z)), p.pos(le(z, z))) for z in (ZERO, ONE)))  # fmt: skip
        inside = p.generalise(p.discharge(flat, le(0, t), le(t, 1)), t)
        at = p.theorem("decay.smooth", *slopes, inside, p.assume(goal.hyps[0]), theta=same, theta1=one, h=one, h1=none,
                       f=one, f1=none, V=0, F=1, c=c, e=e)  # fmt: skip
        zero = number(0, "N")
        at = p.convert(at, vanishing(lambda x, t: cos(x * t ** (zero + 1) + c)))
        return p.rewrite(p.symm(line), at, lambda n: vanishing(lambda x, t: cos(x * t ** (n + 1) + c)))

    def later(line: Line) -> Line:
        def use(m: Term, equation: Line) -> Line:
            at = p.at(p.lemma("the integral for t^n, n >= 2, tends to 0", higher_power), k=m, e=e, c=c)
            at = p.cuts(at, p.assume(goal.hyps[0]))
            at = p.convert(at, vanishing(lambda x, t: cos(x * t ** (m + 1 + 1) + c)))
            return p.rewrite(p.symm(equation), at, lambda n: vanishing(lambda x, t: cos(x * t ** (n + 1) + c)))

        return p.obtain(line, use, name="m")

    return p.cases(p.axiom("nat_zero_or_successor", n=k), first, later)


def higher_power(p: Proof) -> Line:
    """Split at r = e/(2 + e) < e/2; past the border 2C/e the rest C/x is below e/2."""
    small = p.assume(lt(0, e))
    wide = p.pos(lt(0, 2 + e), small)
    share, unit = p.axiom("inverse_positive", wide, x=2 + e), inverse_of(p, wide)
    r = e / (2 + e)
    low = p.rule("pos", lt(0, r), [small, share], [(Fraction(1), [0, 1], ONE)], [], [])
    short = p.rule("pos", lt(r, 1), [share], [(Fraction(2), [0], ONE)], [unit], [-ONE])
    half = p.rule("pos", lt(r, e * HALF), [small, share], [(HALF, [0, 0, 1], ONE)], [unit], [-e * HALF])
    tall = p.mp(p.at(power_positive(p), y=r, n=k + 1), low)
    count = p.pos(lt(0, real(k + 2)), p.axiom("nat_nonneg", n=k))
    dense = p.rule("pos", lt(0, real(k + 2) * r ** (k + 1)), [count, tall], [(Fraction(1), [0, 1], ONE)], [], [])
    size = 4 / dense.rhs
    positive = p.pos(lt(0, size), p.axiom("inverse_positive", dense, x=dense.rhs))
    border = size / e
    known = p.assume(lt(border, x))
    over, unit_e = p.axiom("inverse_positive", small, x=e), inverse_of(p, small)
    edge = p.rule("pos", lt(0, border), [positive, over], [(Fraction(1), [0, 1], ONE)], [], [])
    far = p.pos(lt(0, x), edge, known)
    more = p.rule("pos", lt(size, e * x), [known, small], [(Fraction(1), [0, 1], ONE)], [unit_e], [size])
    inverse, full = p.axiom("inverse_positive", far, x=x), inverse_of(p, far)
    less = p.rule("pos", lt(size / x, e), [more, inverse], [(Fraction(1), [0, 1], ONE)], [full], [-e])
    line = p.theorem("decay.power_bound", low, short, far, k=k, r=r, x=x, c=c)
    done = p.pos(lt(line.lhs, e), line, half, less)
    return p.witness(vanishing(lambda x, t: cos(x * t ** (k + 2) + c)), border,
                     p.generalise(p.discharge(done, known.concl), x))  # fmt: skip
