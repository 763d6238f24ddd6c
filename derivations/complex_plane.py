"""Position codes of two components as complex numbers: which of them have inner products that see offsets only.

Source: Su, kexue.fm/archives/8231, eq. 6 to 10. The pair (x, y) is the number x + iy; p_m = r_m e^(i phi_m).
Positions are naturals; a quantity of the offset m - n is a function on the reals at m - n.
"""

from __future__ import annotations

from fractions import Fraction

from derivations.rope import im_mul, re_mul
from derivations.sinusoidal import angle_at, cos, negated, sin
from derivations.vectors import dot
from symcheck.claims import theorem
from symcheck.prove.lemmas import SEQUENCE
from symcheck.prove.proof import Line, Proof, ProofError, Statement, definitions
from symcheck.prove.refute import compute
from symcheck.render.notation import register
from symcheck.terms import (
    Term,
    Var,
    apply,
    const,
    defined,
    eq,
    eta,
    forall,
    lam,
    le,
    lt,
    number,
    substitute,
    unfold,
    var,
)  # fmt: skip

SU = "Su, kexue.fm/archives/8231"
OF_OFFSET = ("R", "R")

#: Two angles are the same modulo 2 pi: their difference turns nothing.
same_angle = defined("same_angle", ["R", "R"], lambda a, b: const("and", eq(cos(a - b), 1), eq(sin(a - b), 0)), "P")
register("same_angle", tex=r"<0:term> \equiv <1:term> \pmod{2\pi}", text="<0:term> ≡ <1:term> (mod 2π)", precedence=4)

a, b, c, d = (var(s) for s in "abcd")
t, x, y, z = (var(s) for s in "txyz")
m, n = var("m", "N"), var("n", "N")
r, phi = var("r", SEQUENCE), var("phi", SEQUENCE)
R, Phi, A, B = (var(s, OF_OFFSET) for s in ("R", "Phi", "A", "B"))
p_, q_ = var("p", SEQUENCE), var("q", SEQUENCE)
theta, k, l = var("theta"), var("k"), var("l")
ZERO, ONE = number(0, "N"), number(1, "N")


ONES, NONE = lam("N", lambda _: number(1)), lam("N", lambda _: number(0))


def CONSTANT(value: int) -> Term:
    """The function of a real that has one value."""
    return lam("R", lambda _: number(value))


def at_values(proposition: Term, values: dict[str, Term]) -> Term:
    """The proposition at these values of its free variables."""
    return substitute(proposition, {w: values[w.name] for w in proposition.free if w.name in values})


def held(p: Proof, goal: Term) -> Line:
    """A proposition that is true by ring identities under its quantifiers: an instance of a hypothesis."""
    if goal.is_const("forall"):
        w = eta(Var(f"w{goal.depth}", goal.args[0].binders[0]))
        return p.generalise(held(p, apply(goal.args[0], [w])), w)
    if goal.is_const("imp"):
        return p.discharge(held(p, goal.args[1]), goal.args[0])
    if goal.is_const("and"):
        return p.both(*(held(p, part) for part in goal.args))
    names = sorted(definitions(goal))
    if names:
        return p.convert(held(p, unfold(goal, names)), goal, *names)
    if not goal.is_const("eq", "eqN", "le", "lt", "ltN"):
        raise ProofError(f"not an equation or inequality: {goal!r:.80}")
    return p.pos(goal) if goal.is_const("le", "lt", "ltN") else p.ring(goal)


def minus(p: Proof, x: Term, y: Term) -> list[Line]:
    """The addition formulas at x - y."""
    out = angle_at(p, x - y, x, -y)
    return out + negated(p, y)


@theorem("complex_plane.inner_product", Statement((), eq(
    dot(2, p_, q_), re_mul(p_(0), p_(1), q_(0), -q_(1)))),
    "The inner product of two plane vectors is the real part of p times the conjugate of q",
    references=(SU + ", eq. 6",))  # fmt: skip
def inner_product(p: Proof, goal: Statement) -> Line:
    left, right = goal.concl.args
    return p.ring(goal.concl, compute(p, left), compute(p, right))


def products(m: Term, n: Term) -> tuple[Term, Term]:
    """Real and imaginary part of p_m conj(p_n), where p_m = r_m e^(i phi_m) is given by its components."""
    first = [f(phi(m)) * r(m) for f in (cos, sin)]
    second = [cos(phi(n)) * r(n), -(sin(phi(n)) * r(n))]
    return re_mul(*first, *second), im_mul(*first, *second)


PLANE = ("N", "R")
u, v = var("u", PLANE), var("v", PLANE)
of_offset = forall(["N", "N"], lambda m, n: const("and",
    eq(re_mul(u(m), v(m), u(n), -v(n)), A(m * number(1) - n)),
    eq(im_mul(u(m), v(m), u(n), -v(n)), B(m * number(1) - n))))  # fmt: skip


def plane_code(m: Term) -> Term:
    """The vector (u_m, v_m)."""
    return lam("N", lambda j: const("case", j, u(m), lam("N", lambda _: v(m))))


@theorem("complex_plane.sufficient", Statement((of_offset,), eq(
    dot(2, plane_code(m), plane_code(n)), A(m * number(1) - n))),
    "If p_m conj(p_n) is a function of m - n, so is the inner product: its real part",
    references=(SU + ", eq. 7",),
    instance=lambda p: [held(p, at_values(of_offset, {"u": ONES, "v": NONE, "A": CONSTANT(1),
                                                      "B": CONSTANT(0)}))])  # fmt: skip
def sufficient(p: Proof, goal: Statement) -> Line:
    known = p.parts(p.specialise(p.assume(of_offset), m, n))[0]
    at = p.at(p.theorem("complex_plane.inner_product"), p=plane_code(m), q=plane_code(n))
    parts = [compute(p, w(j)) for w in (plane_code(m), plane_code(n)) for j in (ZERO, ONE)]
    opened = p.by_definition(eq(re_mul(u(m), v(m), u(n), -v(n)), u(m) * u(n) + v(m) * v(n)), "re_mul")
    right = p.by_definition(eq(at.rhs, unfold(at.rhs, ["re_mul"])), "re_mul")
    return p.ring(goal.concl, at, right, *parts, opened, known)


# Moduli and arguments -----------------------------------------------------------------------------------
x1, x2, R0, F0 = var("phi_m"), var("phi_n"), var("R"), var("Phi")
r1, r2 = var("r_m"), var("r_n")
POLAR = (eq(r1 * r2 * cos(x1 - x2), R0 * cos(F0)), eq(r1 * r2 * sin(x1 - x2), R0 * sin(F0)), le(0, r1), le(0, r2))
VALUES = tuple(w.head for w in (r1, r2, x1, x2, R0, F0))


@theorem("complex_plane.polar", Statement((*POLAR, lt(0, R0)), const("and", eq(r1 * r2, R0), same_angle(x1 - x2, F0)),
                                          VALUES),
         "Equal complex numbers other than 0 have equal moduli, and equal arguments modulo 2 pi",
         references=("Rudin 1976, 1.33 and 8.7", SU + ", eq. 8"),
         instance=lambda p: [held(p, at_values(z, {"r_m": number(1), "r_n": number(1), "phi_m": number(0),
                                                   "phi_n": number(0), "R": number(1), "Phi": number(0)}))
                             for z in (*POLAR, lt(0, R0))])  # fmt: skip
def polar(p: Proof, goal: Statement) -> Line:
    real, imaginary, first, second, positive = (p.assume(h) for h in goal.hyps)
    product = p.rule("pos", le(0, r1 * r2), [first, second], [(1, [0, 1], number(1))], [], [])
    units = [p.axiom("pythagoras", x=w) for w in (x1 - x2, F0)]
    squares = p.ring(eq(r1 * r2 * (r1 * r2), R0 * R0), real, imaginary, *units)
    modulus = equal_roots(p, squares, product, positive)
    inverse = nonzero_inverse(p, positive)
    same = [p.ring(eq(f(x1 - x2), f(F0)), line, modulus, inverse) for f, line in ((cos, real), (sin, imaginary))]
    turned = minus(p, x1 - x2, F0)
    facts = [*turned, *same, units[1]]
    equal = p.both(p.ring(eq(cos(x1 - x2 - F0), 1), *facts), p.ring(eq(sin(x1 - x2 - F0), 0), *facts))
    return p.both(modulus, p.convert(equal, same_angle(x1 - x2, F0), "same_angle"))


def equal_roots(p: Proof, squares: Line, nonneg: Line, positive: Line) -> Line:
    """``x = y`` from x x = y y, 0 <= x and 0 < y."""
    x, y = squares.lhs.args[0], squares.rhs.args[0]
    goal = eq(x, y)

    def absurd(line: Line) -> Line:
        less = line.concl.args
        bad = p.rule("pos", const("false"), *_square_gap(p, line, squares, nonneg, positive, less))
        return p.axiom("false_elim", bad, p=le(less[1], less[0]))

    upper = p.cases(p.axiom("trichotomy", x=y, y=x), absurd, lambda line: line)  # x <= y
    lower = p.cases(p.axiom("trichotomy", x=x, y=y), absurd, lambda line: line)
    return p.convert(p.axiom("le_antisymmetry", upper, lower, x=x, y=y), goal)


def _square_gap(p: Proof, less: Line, squares: Line, nonneg: Line, positive: Line, sides: object) -> tuple:
    """(b - a)(a + b) > 0 against a a = b b, where a < b and one of them is positive, the other not negative."""
    x = squares.lhs.args[0]
    sign = number(1) if less.concl.args[0] == x else number(-1)  # y y - x x or x x - y y
    return [less, nonneg, positive], [(1, [0, 1], number(1)), (1, [0, 2], number(1))], [squares], [sign]


def nonzero_inverse(p: Proof, positive: Line) -> Line:
    """``x * (1/x) = 1`` from 0 < x."""
    x = positive.rhs
    zero = p.assume(eq(x, 0))
    return p.axiom("inverse", p.discharge(p.pos(const("false"), positive, zero), zero.concl), x=x)


@theorem("complex_plane.full_turn", Statement((), const(
    "and", eq(cos(2 * const("pi")), 1), eq(sin(2 * const("pi")), 0))),
         "2 pi is a full turn", references=("DLMF 4.17",))  # fmt: skip
def full_turn(p: Proof, goal: Statement) -> Line:
    pi = const("pi")
    quarter = [p.axiom("cos_pi_half"), p.axiom("sin_pi_half")]
    half = pi * Fraction(1, 2)
    straight = [p.ring(eq(f(pi), w), *angle_at(p, pi, half, half), *quarter) for f, w in ((cos, -1), (sin, 0))]
    sums = angle_at(p, 2 * pi, pi, pi)
    return p.both(*(p.ring(part, *sums, *straight) for part in goal.concl.args))


offset_products = forall(["N", "N"], lambda m, n: eq(r(m) * r(n), R(m * number(1) - n)))
nonneg_radii = forall("N", lambda m: le(0, r(m)))


@theorem("complex_plane.radius", Statement((offset_products, nonneg_radii), const("and",
    eq(r(m) ** 2, R(0)), eq(r(m), r(n)))),
    "Where r_m r_n depends on m - n alone, all radii are equal: r_m^2 = R_0",
    references=(SU + ", after eq. 8",),
    instance=lambda p: [held(p, at_values(z, {"r": ONES, "R": CONSTANT(1)}))
                        for z in (offset_products, nonneg_radii)])  # fmt: skip
def radius(p: Proof, goal: Statement) -> Line:
    known, nonneg = (p.assume(h) for h in goal.hyps)
    square = {}
    for w in (m, n):
        at = p.specialise(known, w, w)
        square[w] = p.convert(at, eq(r(w) * r(w), R(0)))
    same = p.ring(eq(r(m) * r(m), r(n) * r(n)), *square.values())
    first = p.ring(goal.concl.args[0], square[m], *(p.axiom("power_successor", x=r(m), n=e) for e in (0, 1)),
                   p.axiom("power_zero", x=r(m)))  # fmt: skip

    def greater(line: Line) -> Line:  # 0 < r(n)
        return equal_roots(p, same, p.specialise(nonneg, m), line)

    def none(line: Line) -> Line:  # r(n) = 0, hence r(m) = 0
        zero = p.axiom("le_antisymmetry", line, p.specialise(nonneg, n), x=r(n), y=number(0))
        flat = p.ring(eq(r(m) * r(m), 0), same, zero)
        return p.ring(eq(r(m), r(n)), root_of_zero(p, flat, r(m)), zero)

    equal = p.cases(p.axiom("trichotomy", x=number(0), y=r(n)), greater, none)
    return p.both(first, equal)


def root_of_zero(p: Proof, square: Line, x: Term) -> Line:
    """``x = 0`` from x * x = 0."""
    def absurd(nonzero: Line) -> Line:
        inverse = p.axiom("inverse", nonzero, x=x)
        return p.axiom("false_elim", p.pos(const("false"), p.ring(eq(number(1), 0), square, inverse)), p=eq(x, 0))

    return p.cases(p.axiom("excluded_middle", p=eq(x, 0)), lambda line: line, absurd)


offset_phases = forall(["N", "N"], lambda m, n: eq(phi(m) - phi(n), Phi(m * number(1) - n)))


@theorem("complex_plane.phase", Statement((offset_phases,), eq(phi(m) - phi(0), Phi(m))),
         "n = 0: the phase difference to position 0 is Phi_m", references=(SU + ", after eq. 8",),
         instance=lambda p: [held(p, at_values(offset_phases, {"phi": NONE, "Phi": CONSTANT(0)}))])  # fmt: skip
def phase(p: Proof, goal: Statement) -> Line:
    return p.convert(p.specialise(p.assume(offset_phases), m, 0), goal.concl)


@theorem("complex_plane.progression", Statement((offset_phases, eq(phi(0), 0)), const("and",
    eq(phi(m + n) - phi(n), phi(m)), const("and", eq(phi(m + 1) - phi(m), phi(1)), eq(phi(m), m * phi(1))))),
    "With phi_0 = 0 the phases are an arithmetic progression: phi_m = m theta with theta = phi_1",
    references=(SU + ", after eq. 8",),
    instance=lambda p: [held(p, at_values(z, {"phi": NONE, "Phi": CONSTANT(0)}))
                        for z in (offset_phases, eq(phi(0), 0))])  # fmt: skip
def progression(p: Proof, goal: Statement) -> Line:
    known, start = (p.assume(h) for h in goal.hyps)

    def shifted(m: Term, n: Term) -> Line:  # phi(m + n) - phi(n) = phi(m)
        there = p.convert(p.specialise(known, m + n, n), eq(phi(m + n) - phi(n), Phi(m)))
        here = p.convert(p.specialise(known, m, 0), eq(phi(m) - phi(0), Phi(m)))
        return p.ring(eq(phi(m + n) - phi(n), phi(m)), there, here, start)

    def step(m: Term, hypothesis: Line) -> Line:
        one = p.convert(shifted(ONE, m), eq(phi(m + 1) - phi(m), phi(1)))
        return p.ring(eq(phi(m + 1), (m + 1) * phi(1)), hypothesis, one)

    base = p.ring(eq(phi(0), ZERO * phi(1)), start)
    line = p.induction(lambda m: eq(phi(m), m * phi(1)), base, step, name="m")
    one = p.convert(shifted(ONE, m), eq(phi(m + 1) - phi(m), phi(1)))
    return p.both(shifted(m, n), one, line)


@theorem("complex_plane.solution", Statement((), const("and",
    eq(re_mul(cos(k * theta), sin(k * theta), cos(l * theta), -sin(l * theta)), cos((k - l) * theta)),
    eq(im_mul(cos(k * theta), sin(k * theta), cos(l * theta), -sin(l * theta)), sin((k - l) * theta)))),
    "p_m = e^(im theta) is a solution: p_m conj(p_n) = e^(i(m-n) theta)", references=(SU + ", eq. 9",))  # fmt: skip
def solution(p: Proof, goal: Statement) -> Line:
    x, y = k * theta, l * theta
    turned = angle_at(p, (k - l) * theta, x, -y) + negated(p, y)
    return p.both(*(p.ring(part, opened(p, part.args[0]), *turned) for part in goal.concl.args))


def opened(p: Proof, product: Term) -> Line:
    """A real or imaginary part of a product, written out."""
    names = ["re_mul", "im_mul"]
    return p.by_definition(eq(product, unfold(product, names)), *names)


start_angle = var("c")


@theorem("complex_plane.another_solution", Statement((), eq(
    re_mul(cos(k * theta + start_angle), sin(k * theta + start_angle),
           cos(l * theta + start_angle), -sin(l * theta + start_angle)), cos((k - l) * theta))),
    "Any starting phase serves: e^(i(m theta + c)) has the same inner products", references=(SU,))  # fmt: skip
def another_solution(p: Proof, goal: Statement) -> Line:
    x, y = k * theta + start_angle, l * theta + start_angle
    turned = angle_at(p, (k - l) * theta, x, -y) + negated(p, y)
    return p.ring(goal.concl, opened(p, goal.concl.args[0]), *turned)


