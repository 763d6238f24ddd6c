"""The frequencies theta_i = base^(-2i/d): their size, order and wavelengths, and what follows for the codes.

Source: Vaswani et al., "Attention is all you need" (2017), section 3.5. A real power is written with the
exponential, b^x = exp(x log b), as listings compute it; ``frequencies.is_the_power`` says that this is the
d-th root of b^(2i). Pairs are counted from i = 0; d is the number of components.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derivations.blocks import halved, woven
from derivations.rope import rope, rotated_pair
from derivations.sinusoidal import PE, PE_cosine, absolute_le, angle_at, code, component, cos, kernel, shift, sin
from derivations.sinusoidal import theta as theta_
from derivations.vectors import dot, entry, matvec
from symcheck.claims import theorem
from symcheck.evidence import countertheorem
from symcheck.prove.calculus import derivative, derivative_is, inside
from symcheck.prove.lemmas import MATRIX, SEQUENCE, by_parity, lam_over, sum_constant, sum_ext, sum_le, sum_split, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import compute, matrix
from symcheck.render.notation import POWER, register
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

VASWANI = "Vaswani et al. 2017, arXiv:1706.03762, section 3.5"
LAMBERT_1768 = "Lambert 1768 (pi is irrational), Mém. Acad. Berlin 17; with the zeros of sine, Rudin 1976, 8.7"


def exp(x: Term) -> Term:
    return const("exp", x)


def log(x: Term) -> Term:
    return const("log", x)


pi = const("pi")
#: A real power of a positive number.
rpow = defined("rpow", ["R", "R"], lambda b, x: exp(x * log(b)))
#: theta_i = 1 / base^(2i/d).
frequency = defined("frequency", ["R", "N", "N"], lambda b, d, i: 1 / rpow(b, 2 * i * const("inv", d)))
#: The wavelength of pair i, in positions.
wavelength = defined("wavelength", ["R", "N", "N"], lambda b, d, i: 2 * pi / frequency(b, d, i))
register("rpow", tex=r"<0:atom>^{<1>}", text="<0:atom>^(<1>)", precedence=POWER, parameters=("b", "x"))
register("frequency", tex=r"\theta_{<2>}", text="θ_<2:atom>", function_tex=r"\theta", function_text="θ",
         parameters=("b", "d", "i"))  # fmt: skip
register("wavelength", tex=r"\lambda_{<2>}", text="λ_<2:atom>", parameters=("b", "d", "i"))

b, pos, k, m, n, t, x, y = (var(v) for v in ("b", "pos", "k", "m", "n", "t", "x", "y"))
d, h, i, j, L, M, N = (var(v, "N") for v in ("d", "h", "i", "j", "L", "m", "n"))


def exponent(i: Term) -> Term:
    """2i/d."""
    return 2 * i * const("inv", d)


def thetas(base: Term | int = b, size: Term | int = d) -> Term:
    """The frequencies as a sequence."""
    return lam("N", lambda i: frequency(base, size, i))


def reciprocal(p: Proof, x: Term) -> Line:
    """``exp(-x) = 1/exp(x)``."""
    product = p.axiom("exp_add", x=x, y=-x)
    one = p.convert(p.axiom("exp_zero"), eq(product.lhs, 1))
    nonzero = p.assume(eq(exp(x), 0))
    inverse = p.axiom("inverse", p.discharge(p.pos(const("false"), p.axiom("exp_positive", x=x), nonzero),
                                             nonzero.concl), x=exp(x))  # fmt: skip
    return p.ring(eq(exp(-x), 1 / exp(x)), product, one, inverse)


def as_exponential(p: Proof, i: Term) -> Line:
    """``theta_i = exp(-(2i/d log b))``."""
    start = p.by_definition(eq(frequency(b, d, i), 1 / exp(exponent(i) * log(b))), "frequency", "rpow")
    return p.trans(start, p.symm(reciprocal(p, exponent(i) * log(b))))


def log_positive(p: Proof, above_one: Line) -> Line:
    """``0 < log b`` from 1 < b."""
    value = p.axiom("exp_log", p.pos(lt(0, b), above_one), x=b)
    zero = p.axiom("exp_zero")
    goal = lt(0, log(b))

    def not_positive(line: Line) -> Line:
        def negative(less: Line) -> Line:
            down = p.axiom("exp_increasing", less, x=log(b), y=number(0))
            return p.axiom("false_elim", p.pos(const("false"), down, value, zero, above_one), p=goal)

        def none(more: Line) -> Line:
            same = p.axiom("le_antisymmetry", line, more, x=log(b), y=number(0))
            flat = p.rewrite(same, value, lambda z: eq(exp(z), b))
            return p.axiom("false_elim", p.pos(const("false"), flat, zero, above_one), p=goal)

        return p.cases(p.axiom("trichotomy", x=log(b), y=number(0)), negative, none)

    return p.cases(p.axiom("trichotomy", x=number(0), y=log(b)), lambda line: line, not_positive)


def inverse_of_size(p: Proof, positive: Line) -> Line:
    """``0 < 1/d`` from 0 < d."""
    return p.axiom("inverse_positive", p.pos(lt(number(0), number(0) + d), positive), x=number(0) + d)


@theorem("frequencies.exp_log", Statement((), eq(
    exp(2 * i * -(log(b) / d)), frequency(b, d, i)), (b.head, d.head)),
    "Listings' exp(2i * -(log base / d)) is 1/base^(2i/d)", references=(VASWANI,))  # fmt: skip
def exp_log(p: Proof, goal: Statement) -> Line:
    line = p.symm(as_exponential(p, i))
    return p.convert(line, goal.concl)


@theorem("frequencies.is_the_power", Statement((lt(0, b), lt(0, d)), eq(rpow(b, exponent(i)) ** d, b ** (2 * i)),
                                               (b.head, d.head)),
         "The power base^(2i/d) is a d-th root of base^(2i)", references=("Rudin 1976, exercise 1.6",),
         instance=lambda p: [p.ball(lt(number(0), number(2))), p.ball(lt(number(0, "N"), number(2, "N")))])  # fmt: skip
def is_the_power(p: Proof, goal: Statement) -> Line:
    positive, size = (p.assume(g) for g in goal.hyps)

    def repeated(p: Proof) -> Line:  # exp(n x) = exp(x)^n
        base = p.ring(eq(exp(x) ** number(0, "N"), 1), p.axiom("power_zero", x=exp(x)))
        zero = p.convert(p.axiom("exp_zero"), eq(exp(number(0, "N") * x), 1))

        def step(N: Term, hypothesis: Line) -> Line:
            more = p.axiom("exp_add", x=N * x, y=x)
            opened = p.convert(more, eq(exp((N + 1) * x), more.rhs))
            return p.ring(eq(exp((N + 1) * x), exp(x) ** (N + 1)), opened, hypothesis,
                          p.axiom("power_successor", x=exp(x), n=N))  # fmt: skip

        return p.induction(lambda N: eq(exp(N * x), exp(x) ** N), p.trans(zero, p.symm(base)), step)

    multiple = p.lemma("the exponential of a multiple is a power", repeated)
    left = p.at(multiple, n=d, x=exponent(i) * log(b))
    right = p.at(multiple, n=2 * i, x=log(b))
    nonzero = p.assume(eq(d * number(1), 0))
    inverse = p.axiom("inverse", p.discharge(p.pos(const("false"), size, nonzero), nonzero.concl), x=d * number(1))
    same = p.ring(eq(left.lhs.args[0], right.lhs.args[0]), inverse)
    moved = p.rewrite(same, left, lambda z: eq(exp(z), left.rhs))
    value = p.axiom("exp_log", positive, x=b)
    powers = p.rewrite(value, right, lambda z: eq(right.lhs, z ** (2 * i)))
    start = p.by_definition(eq(goal.concl.args[0], left.rhs), "rpow")
    return p.trans(start, p.symm(moved), powers)


@theorem("frequencies.first", Statement((), eq(frequency(b, d, number(0, "N")), 1), (b.head, d.head)),
         "The first frequency is 1, whatever base and d: one radian per position", references=(VASWANI,))  # fmt: skip
def first(p: Proof, goal: Statement) -> Line:
    line = as_exponential(p, number(0, "N"))
    return p.trans(line, p.convert(p.axiom("exp_zero"), eq(line.rhs, 1)))


DECREASING = Statement((lt(1, b), lt(0, d), lt(i, j)), lt(frequency(b, d, j), frequency(b, d, i)), (b.head, d.head))


def _example(p: Proof) -> list[Line]:
    return [p.ball(lt(number(1), number(2))), p.ball(lt(number(0, "N"), number(2, "N"))),
            p.ball(lt(number(0, "N"), number(1, "N")))]  # fmt: skip


@theorem("frequencies.decreasing", DECREASING, "Frequencies fall with the index: the pair i = 0 is the fastest",
         references=(VASWANI,), instance=_example)  # fmt: skip
def decreasing(p: Proof, goal: Statement) -> Line:
    above, size, order = (p.assume(g) for g in goal.hyps)
    left, right = as_exponential(p, j), as_exponential(p, i)
    inverse = p.convert(inverse_of_size(p, size), lt(0, const("inv", d)))
    less = p.pos(lt(left.rhs.args[0], right.rhs.args[0]), log_positive(p, above), inverse, order, degree=3)
    up = p.axiom("exp_increasing", less, x=left.rhs.args[0], y=right.rhs.args[0])
    return p.pos(goal.concl, up, left, right)


@theorem("frequencies.positive", Statement((), lt(0, frequency(b, d, i)), (b.head, d.head)),
         "Every frequency is positive", references=(VASWANI,))  # fmt: skip
def positive(p: Proof, goal: Statement) -> Line:
    line = as_exponential(p, i)
    return p.pos(goal.concl, p.axiom("exp_positive", x=line.rhs.args[0]), line)


@theorem("frequencies.bounds", Statement((lt(1, b), lt(2 * i, d)), const("and", lt(1 / b, frequency(b, d, i)),
                                                                         le(frequency(b, d, i), 1)), (b.head, d.head)),
         "The frequencies lie above 1/base and reach at most 1", references=(VASWANI,),
         instance=lambda p: [p.ball(lt(number(1), number(2))),
                             p.ball(lt(2 * number(0, "N"), number(2, "N")))])  # fmt: skip
def bounds(p: Proof, goal: Statement) -> Line:
    above, inside = (p.assume(g) for g in goal.hyps)
    size = p.pos(lt(number(0, "N"), d), inside, p.axiom("nat_nonneg", n=i))
    inverse = p.convert(inverse_of_size(p, size), lt(0, const("inv", d)))
    nonzero = p.assume(eq(d * number(1), 0))
    unit = p.axiom("inverse", p.discharge(p.pos(const("false"), size, nonzero), nonzero.concl), x=d * number(1))
    unit = p.convert(unit, eq(d * const("inv", d), 1))
    line, slope = as_exponential(p, i), log_positive(p, above)
    value = p.axiom("exp_log", p.pos(lt(0, b), above), x=b)
    least = p.rewrite(value, reciprocal(p, log(b)), lambda z: eq(exp(-log(b)), 1 / z))
    share = p.pos(lt(exponent(i), 1), inside, inverse, unit, degree=2)  # 2i/d < 1
    less = p.pos(lt(-log(b), line.rhs.args[0]), share, slope, degree=2)
    low = p.pos(goal.concl.args[0], p.axiom("exp_increasing", less, x=-log(b), y=line.rhs.args[0]), least, line)
    top = goal.concl.args[1]

    def later(bound: Line) -> Line:  # 0 < i
        down = p.theorem("frequencies.decreasing", above, size, bound, b=b, d=d, i=number(0, "N"), j=i)
        return p.pos(top, down, p.theorem("frequencies.first", b=b, d=d))

    def start(bound: Line) -> Line:  # i < 1
        zero = p.axiom("nat_antisymmetry", p.pos(lt(number(0, "N"), i + 1), p.axiom("nat_nonneg", n=i)), bound,
                       m=number(0, "N"), n=i)  # fmt: skip
        one = p.theorem("frequencies.first", b=b, d=d)
        here = p.rewrite(zero, one, lambda z: eq(frequency(b, d, z), 1))
        return p.pos(top, here)

    high = p.cases(p.axiom("nat_less_or_not", m=number(0, "N"), n=i), later, start)
    return p.both(low, high)


@theorem("frequencies.definition", Statement((), const("and",
    eq(PE(thetas(), pos, 2 * i), sin(pos / rpow(b, exponent(i)))),
    eq(PE(thetas(), pos, 2 * i + 1), cos(pos / rpow(b, exponent(i))))), (b.head, d.head)),
    "The sinusoidal code as printed: sin(pos/base^(2i/d)) and cos(pos/base^(2i/d))",
    references=(VASWANI,))  # fmt: skip
def definition(p: Proof, goal: Statement) -> Line:
    pair = [p.at(component(p, PE, pos, a), theta=thetas()) for a in (2 * i, 2 * i + 1)]
    return p.both(*(p.convert(line, part, "frequency") for line, part in zip(pair, goal.concl.args, strict=True)))


@theorem("frequencies.columns", Statement((lt(j, 2 * h),), const("or",
    exists("N", lambda i: const("and", lt(i, h), eq(j, 2 * i))),
    exists("N", lambda i: const("and", lt(i, h), eq(j, 2 * i + 1))))),
    "Every column below 2h is the even or the odd one of a pair below h: sines and cosines fill the table",
    references=(VASWANI,), instance=lambda p: [p.ball(lt(number(1, "N"), 2 * number(1, "N")))])  # fmt: skip
def columns(p: Proof, goal: Statement) -> Line:
    inside_ = p.assume(goal.hyps[0])
    left, right = goal.concl.args

    def side(odd: bool) -> Callable[[Line], Line]:
        def use(a: Term, equation: Line) -> Line:
            below = p.pos(lt(2 * a + 1 if odd else 2 * a, 2 * h), inside_, equation)
            found = p.witness(right if odd else left, a, p.both(halved(p, a, h, below), equation))
            return p.axiom("or_right" if odd else "or_left", found, p=left, q=right)

        return lambda line: p.obtain(line, use, name="b" if odd else "a")

    return p.cases(p.axiom("parity", n=j), side(False), side(True))


@theorem("frequencies.unit_circle", Statement((), eq(
    PE(theta_, pos, 2 * i) ** 2 + PE(theta_, pos, 2 * i + 1) ** 2, 1)),
    "Each pair of every code lies on the unit circle", references=(VASWANI,))  # fmt: skip
def unit_circle(p: Proof, goal: Statement) -> Line:
    return p.ring(goal.concl, *(component(p, PE, pos, a) for a in (2 * i, 2 * i + 1)),
                  p.axiom("pythagoras", x=pos * theta_(i)))  # fmt: skip


# Wavelengths --------------------------------------------------------------------------------------------
def full_turn(p: Proof, x: Term) -> list[Line]:
    """cos(x + 2 pi) = cos x and sin(x + 2 pi) = sin x, from the values at pi/2."""
    def prove(p: Proof) -> Line:
        x = var("x")
        half = pi * Fraction(1, 2)
        quarter = [p.axiom("cos_pi_half"), p.axiom("sin_pi_half")]
        straight = [p.ring(eq(f(pi), v), *angle_at(p, pi, half, half), *quarter) for f, v in ((cos, -1), (sin, 0))]
        whole = [p.ring(eq(f(2 * pi), v), *angle_at(p, 2 * pi, pi, pi), *straight) for f, v in ((cos, 1), (sin, 0))]
        sums = angle_at(p, x + 2 * pi, x, 2 * pi)
        return p.both(*(p.ring(eq(f(x + 2 * pi), f(x)), *sums, *whole) for f in (cos, sin)))

    return p.parts(p.at(p.lemma("sine and cosine have the period 2 pi", prove), x=x))


def unit_of(p: Proof, i: Term) -> Line:
    """``theta_i * (1/theta_i) = 1``."""
    value = frequency(b, d, i)
    nonzero = p.assume(eq(value, 0))
    above = p.theorem("frequencies.positive", b=b, d=d, i=i)
    return p.axiom("inverse", p.discharge(p.pos(const("false"), above, nonzero), nonzero.concl), x=value)


@theorem("frequencies.wavelength", Statement((), const("and",
    eq(PE(thetas(), pos + wavelength(b, d, i), 2 * i), PE(thetas(), pos, 2 * i)),
    eq(PE(thetas(), pos + wavelength(b, d, i), 2 * i + 1), PE(thetas(), pos, 2 * i + 1))), (b.head, d.head)),
    "The pair i returns after the wavelength 2 pi base^(2i/d)", references=(VASWANI,))  # fmt: skip
def wavelengths(p: Proof, goal: Statement) -> Line:
    opened = p.by_definition(eq(wavelength(b, d, i), 2 * pi / frequency(b, d, i)), "wavelength")
    f = thetas()
    angle = p.ring(eq((pos + wavelength(b, d, i)) * f(i), pos * f(i) + 2 * pi), opened, unit_of(p, i))
    out = []
    for back, index, g in zip(full_turn(p, pos * f(i)), (2 * i + 1, 2 * i), (cos, sin), strict=True):
        there, here = (p.at(p.at(component(p, PE, t, index), t=z), theta=f) for z in (pos + wavelength(b, d, i), pos))
        turned = p.rewrite(p.symm(angle), back, lambda z, g=g, back=back: eq(g(z), back.rhs))
        out.append(p.trans(there, turned, p.symm(here)))
    return p.both(*reversed(out))


@theorem("frequencies.wavelength_power", Statement((), eq(wavelength(b, d, i), 2 * pi * rpow(b, exponent(i))),
                                                   (b.head, d.head)),
         "The wavelength of pair i is 2 pi base^(2i/d): from 2 pi, growing with i", references=(VASWANI,))  # fmt: skip
def wavelength_power(p: Proof, goal: Statement) -> Line:
    power = rpow(b, exponent(i))
    opened = p.by_definition(eq(wavelength(b, d, i), 2 * pi / frequency(b, d, i)), "wavelength")
    value = p.by_definition(eq(frequency(b, d, i), 1 / power), "frequency")
    nonzero = p.assume(eq(power, 0))
    above = p.convert(p.axiom("exp_positive", x=exponent(i) * log(b)), lt(0, power), "rpow")
    unit = p.axiom("inverse", p.discharge(p.pos(const("false"), above, nonzero), nonzero.concl), x=power)
    return p.ring(goal.concl, opened, value, unit, unit_of(p, i))


@theorem("frequencies.wavelength_increasing", Statement((lt(1, b), lt(0, d), lt(i, j)), lt(
    wavelength(b, d, i), wavelength(b, d, j)), (b.head, d.head)),
    "Wavelengths grow with the index: large i is the slow end", references=(VASWANI,), instance=_example)  # fmt: skip
def wavelength_increasing(p: Proof, goal: Statement) -> Line:
    known = [p.assume(g) for g in goal.hyps]
    down = p.theorem("frequencies.decreasing", *known, b=b, d=d, i=i, j=j)
    opened = [p.by_definition(eq(wavelength(b, d, a), 2 * pi / frequency(b, d, a)), "wavelength") for a in (i, j)]
    units = [unit_of(p, a) for a in (i, j)]
    inverses = [p.axiom("inverse_positive", p.theorem("frequencies.positive", b=b, d=d, i=a), x=frequency(b, d, a))
                for a in (i, j)]  # fmt: skip
    # 1/x - 1/y = (y - x) / (x y)
    x, y = (frequency(b, d, a) for a in (i, j))
    gap = p.ring(eq(1 / y - 1 / x, (x - y) * (1 / x) * (1 / y)), *units)
    above = p.pos(lt(0, (x - y) * (1 / x) * (1 / y)), down, *inverses, degree=3)
    return p.pos(goal.concl, p.pos(lt(0, 1 / y - 1 / x), above, gap), p.ball(lt(number(0), pi)), *opened, degree=2)


@theorem("frequencies.rate", Statement((), const("and",
    const("has_deriv", lam("R", lambda s: sin(s * theta_(i))), pos, cos(pos * theta_(i)) * theta_(i)),
    const("has_deriv", lam("R", lambda s: cos(s * theta_(i))), pos, -(sin(pos * theta_(i)) * theta_(i))))),
    "The rate of change of a pair with the position is its frequency", references=("Rudin 1976, 8.7",))  # fmt: skip
def rate(p: Proof, goal: Statement) -> Line:
    out = []
    for part in goal.concl.args:
        g, _, value = part.args
        line = derivative(p, g, pos)
        same = p.ring(eq(line.concl.args[2], value))
        out.append(p.rewrite(same, line, lambda z, g=g: const("has_deriv", g, pos, z)))
    return p.both(*out)


@theorem("frequencies.speed", Statement((), eq(
    (cos(pos * theta_(i)) * theta_(i)) ** 2 + (-(sin(pos * theta_(i)) * theta_(i))) ** 2, theta_(i) ** 2)),
    "A pair moves along its circle at the constant speed theta_i", references=(VASWANI,))  # fmt: skip
def speed(p: Proof, goal: Statement) -> Line:
    return p.ring(goal.concl, p.axiom("pythagoras", x=pos * theta_(i)))


@theorem("frequencies.last_of_512", Statement((), const("and",
    lt(Fraction(103, 10**6), frequency(number(10**4), number(512, "N"), number(255, "N"))),
    lt(frequency(number(10**4), number(512, "N"), number(255, "N")), Fraction(104, 10**6)))),
    "For base 10000 and d = 512 the last frequency lies between 0.000103 and 0.000104",
    references=(VASWANI,))  # fmt: skip
def last_of_512(p: Proof, goal: Statement) -> Line:
    return p.both(*(p.ball(part, 128) for part in goal.concl.args))


# Rounded angles -----------------------------------------------------------------------------------------
def bounded_slope(p: Proof, f: Term, slope: Term, goal: Term) -> Line:
    """``|f(x) - f(y)| <= |x - y|`` for f = sin or cos with its derivative, from Rolle's theorem."""
    change, length = f(x) - f(y), const("abs", x - y)
    w = lam("R", lambda s: f(y + s * (x - y)) - s * change)
    w1 = lam("R", lambda s: slope(y + s * (x - y)) * (x - y) - change)
    ends = p.ring(eq(w(number(0)), w(number(1))), *(
        p.convert(p.refl(f(z)), eq(f(u), f(z))) for u, z in ((y + 0 * (x - y), y), (y + 1 * (x - y), x))))
    flat = p.axiom("rolle", inside(p, derivative_is(p, w, w1)), ends, g=w, g1=w1)

    def use(s: Term, line: Line) -> Line:
        mean = p.parts(line)[-1]  # change = c (x - y)
        c, unit = slope(y + s * (x - y)), p.axiom("pythagoras", x=y + s * (x - y))
        other = (cos if slope == lam("R", lambda s: -sin(s)) else sin)(y + s * (x - y))
        up = p.pos(le(c, 1), unit, squares=[other, c - 1])
        down = p.pos(le(-1, c), unit, squares=[other, c + 1])

        def product(left: Term, right: Term, *facts: Line) -> Line:
            return p.rule("pos", le(left, right), list(facts), [(Fraction(1), [0, 1], number(1))], [], [])

        def side(order: Line, size: Line, above: Line, below: Line) -> Line:
            high = product(c * (x - y), size.rhs, above, order)
            low = product(-size.rhs, c * (x - y), below, order)
            return absolute_le(p, goal, p.pos(le(change, length), mean, size, high),
                               p.pos(le(-length, change), mean, size, low))  # fmt: skip

        def negative(less: Line) -> Line:
            order = p.pos(le(x - y, 0), less)
            return side(order, p.axiom("abs_nonpos", order, x=x - y), down, up)

        def positive(order: Line) -> Line:
            return side(order, p.axiom("abs_nonneg", order, x=x - y), up, down)

        return p.cases(p.axiom("trichotomy", x=x - y, y=number(0)), negative, positive)

    return p.obtain(flat, use, name="s")


LIPSCHITZ = Statement((), const("and", le(const("abs", sin(x) - sin(y)), const("abs", x - y)),
                                le(const("abs", cos(x) - cos(y)), const("abs", x - y))))  # fmt: skip


@theorem("frequencies.lipschitz", LIPSCHITZ,
         "An error of the angle moves sine and cosine by no more than itself",
         references=("Rudin 1976, 5.10",))  # fmt: skip
def lipschitz(p: Proof, goal: Statement) -> Line:
    functions = ((lam("R", sin), lam("R", cos)), (lam("R", cos), lam("R", lambda s: -sin(s))))
    return p.both(*(bounded_slope(p, f, slope, part)
                    for (f, slope), part in zip(functions, goal.concl.args, strict=True)))  # fmt: skip


# Offsets ------------------------------------------------------------------------------------------------
offset_code = entry(matvec, 2 * h, entry(shift, theta_, k), code(m))


@theorem("frequencies.offset_selector", Statement((), eq(
    dot(2 * h, code(n), offset_code), kernel(h, theta_, n - (m + k))), (h.head,)),
    "One fixed matrix M_k makes the score of two codes a function of how far n is from m + k; with "
    "sinusoidal.gram_bound it is largest at the offset k", references=(VASWANI,))  # fmt: skip
def offset_selector(p: Proof, goal: Statement) -> Line:
    f = lam("N", lambda c: code(n)(c) * offset_code(c))
    g = lam("N", lambda c: code(n)(c) * code(m + k)(c))

    def each(c: Term, below: Line) -> Line:
        r = var("r", "N")
        moved = p.rule("instantiate", p.theorem("sinusoidal.shift", theta=theta_, h=h, k=k, pos=m), {r.head: c})
        return p.ring(eq(f(c), g(c)), p.cuts(moved, below))

    start = p.by_definition(eq(goal.concl.args[0], total(2 * h, f)), "dot")
    inner = sum_ext(p, 2 * h, f, g, each)
    at = p.theorem("sinusoidal.gram", theta=theta_, h=h, m=n, n=m + k)
    end = p.by_definition(eq(inner.rhs, at.lhs), "dot")
    return p.trans(start, inner, end, at)


@theorem("frequencies.gram_distance", Statement((), eq(
    dot(2 * h, code(m), code(n)), kernel(h, theta_, const("abs", m - n))), (h.head,)),
    "The inner product of two codes is a function of the distance |m - n|", references=(VASWANI,))  # fmt: skip
def gram_distance(p: Proof, goal: Statement) -> Line:
    at = p.theorem("sinusoidal.gram", theta=theta_, h=h, m=m, n=n)

    def negative(less: Line) -> Line:
        length = p.axiom("abs_nonpos", p.pos(le(m - n, 0), less), x=m - n)
        even = p.theorem("sinusoidal.gram_even", theta=theta_, h=h, t=m - n)
        moved = p.rewrite(p.symm(length), even, lambda z: eq(kernel(h, theta_, z), even.rhs))
        return p.trans(at, p.symm(moved))

    def positive(more: Line) -> Line:
        length = p.axiom("abs_nonneg", more, x=m - n)
        return p.rewrite(p.symm(length), at, lambda z: eq(at.lhs, kernel(h, theta_, z)))

    return p.cases(p.axiom("trichotomy", x=m - n, y=number(0)), negative, positive)


@theorem("frequencies.neighbours_differ", Statement((eq(theta_(number(0, "N")), 1),), lt(
    kernel(h + 1, theta_, number(1)), kernel(h + 1, theta_, number(0))), (h.head,)),
    "A code is closer to itself than to its neighbour: g(1) < g(0)", references=(VASWANI,),
    instance=lambda p: [p.ring(eq(number(1), 1))])  # fmt: skip
def neighbours_differ(p: Proof, goal: Statement) -> Line:
    one = p.assume(goal.hyps[0])
    near, far = (lam("N", lambda q, z=z: cos(number(z) * theta_(q))) for z in (1, 0))
    rest = [lam("N", lambda q, f=f: f(1 + q)) for f in (near, far)]
    q = var("q", "N")
    unit = p.axiom("pythagoras", x=number(1) * theta_(1 + q))
    zero = p.convert(p.axiom("cos_zero"), eq(rest[1](q), 1))
    c = rest[0](q)
    below = p.pos(le(c, rest[1](q)), unit, zero, squares=[sin(number(1) * theta_(1 + q)), c - 1])
    tails = p.mp(p.at(sum_le(p), n=h, f=rest[0], g=rest[1]), p.generalise(p.discharge(below, lt(q, h)), q))
    splits = [p.convert(p.at(sum_split(p), m=number(1, "N"), n=h, f=f),
                        eq(total(h + 1, f), total(number(1, "N"), f) + total(h, r)))
              for f, r in zip((near, far), rest, strict=True)]  # fmt: skip
    heads = []
    for f in (near, far):
        opened = p.axiom("sum_successor", n=number(0, "N"), f=f)
        opened = p.convert(opened, eq(total(number(1, "N"), f), opened.rhs))
        heads += [opened, p.axiom("sum_zero", f=f)]
    first_pair = p.convert(p.refl(near(number(0, "N"))), eq(near(number(0, "N")), cos(theta_(number(0, "N")))))
    value = p.rewrite(one, first_pair, lambda z: eq(near(number(0, "N")), cos(z)))
    full = p.convert(p.axiom("cos_zero"), eq(far(number(0, "N")), 1))
    sums = [p.by_definition(eq(kernel(h + 1, theta_, number(z)), total(h + 1, f)), "kernel")
            for z, f in ((1, near), (0, far))]  # fmt: skip
    left = p.ring(eq(sums[0].lhs, cos(number(1)) + total(h, rest[0])), sums[0], splits[0], *heads[:2], value)
    right = p.ring(eq(sums[1].lhs, 1 + total(h, rest[1])), sums[1], splits[1], *heads[2:], full)
    return p.pos(goal.concl, tails, p.ball(lt(cos(number(1)), number(1))), left, right)


@theorem("frequencies.code_is_rotation", Statement((), eq(
    PE_cosine(theta_, pos, j), rope(theta_, pos, lam("N", lambda c: const("weave", lam("N", lambda _: number(1)),
                                                                          lam("N", lambda _: number(0)), c)), j))),
    "The code in (cos, sin) order is RoPE applied to (1, 0, 1, 0, ...): the complex numbers e^(i pos theta_i)",
    references=("Su et al. 2021, arXiv:2104.09864",))  # fmt: skip
def code_is_rotation(p: Proof, goal: Statement) -> Line:
    start = goal.concl.args[1].args[2]

    def side(parity: int, q: Term, _: Line) -> Line:
        index = 2 * q + 1 if parity else 2 * q
        left = component(p, PE_cosine, pos, index)
        right = p.at(rotated_pair(p, var("m"), var("x", SEQUENCE), q)[parity], m=pos, x=start, theta=theta_)
        ones = [woven(p, start(a)) for a in (2 * q, 2 * q + 1)]
        return p.ring(eq(left.lhs, right.lhs), left, right, *ones)

    return by_parity(p, j, goal.concl, side)


# Periods ------------------------------------------------------------------------------------------------
def _returns(T: Term) -> Term:
    """The codes of all positions come back after T, in the pairs below h."""
    return forall(["R", "N"], lambda pos, i: implies(lt(i, h), const("and",
        eq(PE(theta_, pos + T, 2 * i), PE(theta_, pos, 2 * i)),
        eq(PE(theta_, pos + T, 2 * i + 1), PE(theta_, pos, 2 * i + 1)))))  # fmt: skip


def _whole_turns(T: Term) -> Term:
    """T is a whole number of turns of every pair below h: cos(T theta_i) = 1 (and then sin(T theta_i) = 0)."""
    return forall("N", lambda i: implies(lt(i, h), eq(cos(T * theta_(i)), 1)))


PERIOD = Statement((), const("and", implies(_returns(t), _whole_turns(t)), implies(_whole_turns(t), _returns(t))),
                   (h.head,))  # fmt: skip


@theorem("frequencies.common_period", PERIOD,
         "T is a period of the whole code exactly when it is a whole number of turns of every pair",
         references=(VASWANI,))  # fmt: skip
def common_period(p: Proof, goal: Statement) -> Line:
    back, turns = p.assume(_returns(t)), p.assume(_whole_turns(t))
    below = p.assume(lt(i, h))
    zero = number(0)
    odd = p.parts(p.mp(p.specialise(back, zero, i), below))[1]
    ends = [component(p, PE, z, 2 * i + 1) for z in (zero + t, zero)]
    start = p.convert(p.axiom("cos_zero"), eq(ends[1].rhs, 1))
    value = p.convert(ends[0], eq(ends[0].lhs, cos(t * theta_(i))))
    one = p.ring(eq(cos(t * theta_(i)), 1), value, ends[1], odd, start)
    forward = p.discharge(p.generalise(p.discharge(one, below.concl), i), back.concl)
    full = p.mp(p.specialise(turns, i), below)
    still = sine_vanishes(p, full)
    parts = [component(p, PE, z, a) for z in (pos + t, pos) for a in (2 * i, 2 * i + 1)]
    sums = angle_at(p, (pos + t) * theta_(i), pos * theta_(i), t * theta_(i))
    both = p.both(*(p.ring(eq(PE(theta_, pos + t, a), PE(theta_, pos, a)), *parts, *sums, full, still)
                    for a in (2 * i, 2 * i + 1)))  # fmt: skip
    reverse = p.discharge(p.generalise(p.discharge(both, below.concl), pos, i), turns.concl)
    return p.both(forward, reverse)


def sine_vanishes(p: Proof, full: Line) -> Line:
    """``sin z = 0`` from cos z = 1."""
    z = full.lhs.args[0]
    square = p.ring(eq(sin(z) * sin(z), 0), full, p.axiom("pythagoras", x=z))
    return root_of_zero(p, square, sin(z))


def root_of_zero(p: Proof, square: Line, x: Term) -> Line:
    """``x = 0`` from x * x = 0."""
    def absurd(nonzero: Line) -> Line:
        inverse = p.axiom("inverse", nonzero, x=x)
        return p.axiom("false_elim", p.pos(const("false"), p.ring(eq(number(1), 0), square, inverse)), p=eq(x, 0))

    return p.cases(p.axiom("excluded_middle", p=eq(x, 0)), lambda line: line, absurd)


#: No positive integer is a zero of sine: pi is irrational. Cited, not proved here.
LAMBERT = forall("N", lambda T: implies(lt(0, T), negation(eq(sin(T), 0))))
NO_PERIOD = Statement((LAMBERT, eq(theta_(number(0, "N")), 1), lt(0, h), lt(0, N)), negation(_returns(N)), (h.head,))


@theorem("frequencies.no_integer_period", NO_PERIOD,
         "No whole number of positions is a period of the code, because pi is irrational",
         references=(VASWANI, LAMBERT_1768))  # fmt: skip
def no_integer_period(p: Proof, goal: Statement) -> Line:
    irrational, one, some, size = (p.assume(g) for g in goal.hyps)
    back = p.assume(_returns(N))
    turns = p.mp(p.parts(p.theorem("frequencies.common_period", theta=theta_, h=h, t=N))[0], back)
    full = p.mp(p.specialise(turns, number(0, "N")), some)
    still = sine_vanishes(p, full)
    here = p.rewrite(one, still, lambda z: eq(sin(N * z), 0))
    absurd = p.mp(p.mp(p.specialise(irrational, N), size), p.convert(here, eq(sin(N), 0)))
    return p.discharge(absurd, back.concl)


DISTINCT = Statement((LAMBERT, eq(theta_(number(0, "N")), 1), lt(M, N)), negation(const("and",
    eq(PE(theta_, M, number(0, "N")), PE(theta_, N, number(0, "N"))),
    eq(PE(theta_, M, number(1, "N")), PE(theta_, N, number(1, "N"))))))  # fmt: skip


@theorem("frequencies.distinct", DISTINCT,
         "Different whole positions have different codes, already in the first pair, because pi is irrational",
         references=(VASWANI, LAMBERT_1768))  # fmt: skip
def distinct(p: Proof, goal: Statement) -> Line:
    irrational, one, order = (p.assume(g) for g in goal.hyps)
    same = p.assume(goal.concl.args[0])
    zero = number(0, "N")

    def use(K: Term, gap: Line) -> Line:  # N = M + K
        cells = []
        for a in (M, N):
            for index, name in ((2 * zero, 0), (2 * zero + 1, 1)):
                cell = component(p, PE, a * number(1), index)
                at = p.convert(cell, eq(PE(theta_, a, number(name, "N")), cell.rhs))
                f = _function(at.rhs)
                angle = p.ring(eq(at.rhs.args[0], a * number(1)), one)
                cells.append(p.rewrite(angle, at, lambda z, at=at, f=f: eq(at.lhs, f(z))))
        moved = [p.convert(line, eq((cos if line.lhs.is_const("cos") else sin)(M * number(1) + K), line.rhs))
                 for line in angle_at(p, M * number(1) + K, M * number(1), K * number(1))]  # fmt: skip
        end = p.ring(eq(M * number(1) + K, N * number(1)), gap)
        there = [p.rewrite(end, line, lambda z, line=line: eq(_function(line.lhs)(z), line.rhs)) for line in moved]
        x, y = M * number(1), N * number(1)
        equal = [p.ring(eq(f(x), f(y)), *p.parts(same), *cells) for f in (sin, cos)]
        turn = p.ring(eq(sin(K * number(1)), sin(y) * cos(x) - cos(y) * sin(x)), *there, p.axiom("pythagoras", x=x))
        still = p.convert(p.ring(eq(turn.lhs, 0), turn, *equal), eq(sin(K), 0))
        some = p.pos(lt(zero, K), order, gap)
        return p.mp(p.mp(p.specialise(irrational, K), some), still)

    positive = p.axiom("nat_difference", p.pos(lt(M, N + 1), order), m=M, n=N)
    return p.discharge(p.obtain(positive, use, name="K"), same.concl)


def _function(t: Term):  # type: ignore[no-untyped-def]
    return cos if t.is_const("cos") else sin


# Learned tables -----------------------------------------------------------------------------------------
P, Q, A = (var(s, MATRIX) for s in "PQA")

countertheorem("frequencies.learned_is_free",
               "The rows of a learned table below L say nothing about row L",
               Statement((forall(["N", "N"], lambda i, j: implies(lt(i, L), eq(P(i, j), Q(i, j)))),),
                         eq(P(L, j), Q(L, j))),
               {"L": 1, "j": 0, "P": matrix([[0], [0]]), "Q": matrix([[0], [1]])},
               hypotheses={0: lambda p, goal: same_first_row(p, goal)}, references=(VASWANI,))  # fmt: skip


def same_first_row(p: Proof, goal: Term) -> Line:
    """``for all i < 1 and j: P(i, j) = Q(i, j)`` for closed tables whose rows are constant."""
    a, b = var("a", "N"), var("b", "N")
    below = p.assume(lt(a, number(1, "N")))
    zero = p.axiom("nat_antisymmetry", p.pos(lt(number(0, "N"), a + 1), p.axiom("nat_nonneg", n=a)),
                   p.convert(below, lt(a, number(0, "N") + 1)), m=number(0, "N"), n=a)  # fmt: skip
    at = p.specialise(p.assume(goal), a, b).concl.args[1]
    left, right = (lam_over(a, s) for s in at.args)
    values = [compute(p, f(number(0, "N"))) for f in (left, right)]
    start = p.ring(eq(values[0].lhs, values[1].lhs), *values)
    line = p.rewrite(zero, start, lambda z: eq(left(z), right(z)))
    return p.generalise(p.discharge(line, below.concl), a, b)


@theorem("frequencies.learned_has_no_shift", Statement((forall("N", lambda j: eq(P(number(0, "N"), j), 0)), lt(0, d),
    forall("N", lambda r: implies(lt(r, d), eq(P(number(1, "N"), r),
                                               matvec(d, A, lam("N", lambda j: P(number(0, "N"), j)), r))))),
    eq(P(number(1, "N"), number(0, "N")), 0), (d.head,)),
    "No matrix takes row 0 of a table to row 1 where row 0 is zero and row 1 is not: shifts are not built in",
    references=(VASWANI,), instance=lambda p: _zero_table(p))  # fmt: skip
def learned_has_no_shift(p: Proof, goal: Statement) -> Line:
    none, some, linear = (p.assume(g) for g in goal.hyps)
    zero = number(0, "N")
    at = p.mp(p.specialise(linear, zero), some)
    f = lam("N", lambda c: A(zero, c) * P(zero, c))
    inner = sum_ext(p, d, f, lam("N", lambda c: number(0)),
                    lambda c, _: p.ring(eq(f(c), 0), p.specialise(none, c)))  # fmt: skip
    opened = p.by_definition(eq(at.rhs, inner.lhs), "matvec")
    return p.ring(goal.concl, at, opened, inner, p.at(sum_constant(p), n=d, c=0))


def _zero_table(p: Proof) -> list[Line]:
    """Of the table of zeros every row is the image of every other."""
    one, r, none = number(1, "N"), var("r", "N"), lam("N", lambda j: number(0))
    below = p.assume(lt(r, one))
    image = p.symm(compute(p, matvec(one, lam(["N", "N"], lambda r, c: number(0)), none, r)))
    return [p.generalise(p.refl(number(0)), var("j", "N")), p.ball(lt(number(0, "N"), one)),
            p.generalise(p.discharge(p.convert(image, eq(0, image.rhs)), below.concl), r)]  # fmt: skip
