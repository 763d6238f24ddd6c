"""The oscillatory integral behind the decay of sinusoidal inner products: closed form, bounds, limits, zeros.

Source: Su, kexue.fm/archives/8231, eq. 11 and 14; Stein, Harmonic Analysis (1993), chapter VIII.1. The frequencies
theta_t are a function of t in [0, 1]; theta_t = b^(-t) is the sinusoidal choice. A limit is stated with epsilon
and N. Integrals are those of functions that have a derivative everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from derivations.frequencies import exp, frequency, log, rpow
from derivations.sinusoidal import PE_cosine, absolute_le, code, cos, kernel, sin, theta
from derivations.taylor import nonnegative
from derivations.vectors import dot
from symcheck.claims import theorem
from symcheck.prove.calculus import derivative, has_derivative, inside, taylor_lagrange
from symcheck.prove.lemmas import sum_ext, sum_scale, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.render.notation import register
from symcheck.terms import (
    Term, const, defined, eq, exists, forall, implies, lam, le, lt, negation, number, unfold, var,
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
    references=(STEIN, "van der Corput 1921"))  # fmt: skip
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
            bounds = [p.pos(le(-1, s), unit, squares=[s + 1, s - 1, q]), p.pos(le(s, 1), unit, squares=[s + 1, s - 1, q])]
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
    inverse = p.axiom("inverse", p.discharge(p.pos(const("false"), positive, zero_ := p.assume(eq(x, 0))), zero_.concl), x=x)
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


def unit_of(p: Proof, positive: Line) -> Line:
    """``z * (1/z) = 1`` from 0 < z."""
    z = positive.rhs
    zero = p.assume(eq(z, 0))
    return p.axiom("inverse", p.discharge(p.pos(const("false"), positive, zero), zero.concl), x=z)


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
    unit = unit_of(p, slope)
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
    units = [unit_of(p, z) for z in (*positive, whole)]
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
    over, unit = p.axiom("inverse_positive", small, x=e), unit_of(p, small)
    edge = p.rule("pos", lt(0, border), [positive, over], [(Fraction(1), [0, 1], number(1))], [], [])
    tall = p.pos(lt(0, x), edge, known)
    line = bound(tall)
    more = p.rule("pos", lt(size, e * x), [known, small], [(Fraction(1), [0, 1], number(1))], [unit], [size])
    inverse, full = p.axiom("inverse_positive", tall, x=x), unit_of(p, tall)
    less = p.rule("pos", lt(size / x, e), [more, inverse], [(Fraction(1), [0, 1], number(1))], [full], [-e])
    done = p.pos(lt(line.lhs, e), line, less)
    every = p.generalise(p.discharge(done, known.concl), x)
    return p.witness(goal, border, every)
