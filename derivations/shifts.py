"""How far a pair of a sinusoidal code moves when the position is shifted: the chord, and its bound.

Source: Vaswani et al. (2017), section 3.5. A shift by k turns pair i by the angle k theta_i on the unit circle.
"""

from __future__ import annotations

from fractions import Fraction

from derivations.decay import cosine_falls
from derivations.frequencies import frequency
from derivations.rope import ROFORMER, rope, rotated_pair
from derivations.sinusoidal import PE, VASWANI, angle_at, component, cos, i, k, pos, sin, theta
from symcheck.claims import theorem
from symcheck.prove.calculus import derivative_is, taylor_lagrange
from symcheck.prove.lemmas import SEQUENCE
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import decide
from symcheck.render.notation import register
from symcheck.terms import Term, const, defined, eq, lam, le, lt, number, unfold, var

#: Squared length of the chord of pair i from the position pos to pos + k.
chord2 = defined("chord2", [SEQUENCE, "R", "R", "N"], lambda theta, pos, k, i: (
    (PE(theta, pos + k, 2 * i) - PE(theta, pos, 2 * i)) * (PE(theta, pos + k, 2 * i) - PE(theta, pos, 2 * i))
    + (PE(theta, pos + k, 2 * i + 1) - PE(theta, pos, 2 * i + 1))
    * (PE(theta, pos + k, 2 * i + 1) - PE(theta, pos, 2 * i + 1))))  # fmt: skip
register("chord2", tex=r"\bigl\lVert \mathrm{PE}(<1> + <2>)_{(<3>)} - \mathrm{PE}(<1>)_{(<3>)} \bigr\rVert^2",
         text="‖PE(<1> + <2>)_(<3>) - PE(<1>)_(<3>)‖²", parameters=("theta", "pos", "k", "i"))  # fmt: skip
PI = const("pi")
CHORD = chord2(theta, pos, k, i)


@theorem("shifts.chord", Statement((), eq(CHORD, 2 - 2 * cos(k * theta(i)))),
         "A shift by k moves pair i by a chord of squared length 2 - 2 cos(k theta_i), wherever it starts",
         references=(VASWANI,))  # fmt: skip
def chord(p: Proof, goal: Statement) -> Line:
    parts = [component(p, PE, z, e) for z in (pos + k, pos) for e in (2 * i, 2 * i + 1)]
    opened = p.by_definition(eq(CHORD, unfold(CHORD, ["chord2"])), "chord2")
    return p.ring(goal.concl, opened, *parts, *angle_at(p, (pos + k) * theta(i), pos * theta(i), k * theta(i)),
                  p.axiom("pythagoras", x=pos * theta(i)), p.axiom("pythagoras", x=k * theta(i)))  # fmt: skip


@theorem("shifts.chord_bound", Statement((), le(CHORD, k * theta(i) * (k * theta(i)))),
         "A shift by k moves pair i by at most |k| theta_i: slow pairs answer to large shifts only",
         references=(VASWANI,))  # fmt: skip
def chord_bound(p: Proof, goal: Statement) -> Line:
    x = k * theta(i)
    g, g1, g2 = (lam("R", lambda s, f=f: f(s)) for f in (
        lambda s: cos(s * x), lambda s: -x * sin(s * x), lambda s: -(x * x) * cos(s * x)))  # fmt: skip
    found = p.mp(p.at(taylor_lagrange(p), g=g, g1=g1, g2=g2), derivative_is(p, g, g1), derivative_is(p, g1, g2))
    known = p.theorem("shifts.chord", theta=theta, i=i, pos=pos, k=k)
    zeros = [p.convert(p.axiom("cos_zero"), eq(cos(number(0) * x), 1)),
             p.convert(p.axiom("sin_zero"), eq(sin(number(0) * x), 0))]  # fmt: skip

    def use(s: Term, line: Line) -> Line:
        value = p.parts(line)[2]
        wanted = eq(cos(x), 1 - Fraction(1, 2) * (x * x * cos(s * x)))
        turned = p.ring(wanted, p.convert(value, eq(cos(x), value.rhs)), *zeros)
        # 2 - 2 cos x = x^2 cos(s x) <= x^2, because x^2 (1 - cos(s x)) >= 0
        unit = p.axiom("pythagoras", x=s * x)
        below = p.pos(le(cos(s * x), 1), unit, squares=[cos(s * x) - 1, sin(s * x)])
        square = p.pos(le(0, x * x), squares=[x])
        product = p.rule("pos", le(0, x * x * (1 - cos(s * x))), [square, below],
                         [(Fraction(1), [0, 1], number(1))], [], [])  # fmt: skip
        return p.pos(goal.concl, known, turned, product)

    return p.obtain(found, use, name="s")


#: The same for a vector that RoPE turns: squared length by which its pair i moves from R_m x to R_(m+k) x.
rope_chord2 = defined("rope_chord2", [SEQUENCE, SEQUENCE, "R", "R", "N"], lambda theta, x, m, k, i: (
    (rope(theta, m + k, x, 2 * i) - rope(theta, m, x, 2 * i)) ** 2
    + (rope(theta, m + k, x, 2 * i + 1) - rope(theta, m, x, 2 * i + 1)) ** 2))  # fmt: skip
register("rope_chord2", tex=r"\bigl\lVert (R_{<2> + <3>}\,<1:atom>)_{(<4>)} - (R_{<2>}\,<1:atom>)_{(<4>)} \bigr\rVert^2",
         text="‖(R_{<2> + <3>} <1:atom>)_(<4>) - (R_{<2>} <1:atom>)_(<4>)‖²",
         parameters=("theta", "x", "m", "k", "i"))  # fmt: skip
x, m = var("x", SEQUENCE), var("m")
TURNED = rope_chord2(theta, x, m, k, i)
SQUARE = x(2 * i) ** 2 + x(2 * i + 1) ** 2


@theorem("shifts.rope_chord", Statement((), eq(TURNED, SQUARE * (2 - 2 * cos(k * theta(i))))),
         "A shift by k moves pair i of a rotated vector by |x_(i)|^2 (2 - 2 cos(k theta_i)), wherever it starts",
         references=(ROFORMER,))  # fmt: skip
def rope_chord(p: Proof, goal: Statement) -> Line:
    parts = [line for z in (m + k, m) for line in rotated_pair(p, z, x, i)]
    opened = p.by_definition(eq(TURNED, unfold(TURNED, ["rope_chord2"])), "rope_chord2")
    return p.ring(goal.concl, opened, *parts, *angle_at(p, (m + k) * theta(i), m * theta(i), k * theta(i)),
                  p.axiom("pythagoras", x=m * theta(i)), p.axiom("pythagoras", x=k * theta(i)))  # fmt: skip


j, d, b = var("j", "N"), var("d", "N"), var("b")


@theorem("shifts.faster_pairs", Statement(
    (lt(1, b), lt(0, d), lt(i, j), lt(0, k), le(k * frequency(b, d, i), PI)),
    lt(2 - 2 * cos(k * frequency(b, d, j)), 2 - 2 * cos(k * frequency(b, d, i))), (b.head, d.head)),
    "Under a shift by k of at most half a turn of pair i, the slower pairs j > i move by a shorter chord",
    references=(VASWANI,), instance=lambda p: [p.ball(lt(number(1), number(2))), decide(p, lt(0, number(1, "N"))), decide(
        p, lt(number(0, "N"), number(1, "N"))), p.ball(lt(number(0), number(1))), p.pos(
            le(frequency(number(2), number(1, "N"), number(0, "N")), PI), p.ball(
                lt(frequency(number(2), number(1, "N"), number(0, "N")), PI)))])  # fmt: skip
def faster_pairs(p: Proof, goal: Statement) -> Line:
    base, size, order, some, half = (p.assume(hyp) for hyp in goal.hyps)
    less = p.theorem("frequencies.decreasing", base, size, order, b=b, d=d, i=i, j=j)
    slow = p.theorem("frequencies.positive", b=b, d=d, i=j)
    below = p.rule("pos", lt(k * less.lhs, k * less.rhs), [some, less], [(Fraction(1), [0, 1], number(1))], [], [])
    above = p.rule("pos", le(0, k * less.lhs), [some, slow], [(Fraction(1), [0, 1], number(1))], [], [])
    falls = p.mp(p.at(cosine_falls(p), u=below.lhs, z=below.rhs), above, below, half)
    return p.pos(goal.concl, falls)


@theorem("shifts.rope_bound", Statement((), le(TURNED, SQUARE * (k * theta(i)) ** 2)),
         "A shift by k moves pair i of a rotated vector by at most |k| theta_i times its length",
         references=(ROFORMER,))  # fmt: skip
def rope_bound(p: Proof, goal: Statement) -> Line:
    known = p.theorem("shifts.rope_chord", theta=theta, x=x, m=m, k=k, i=i)
    plain = p.theorem("shifts.chord", theta=theta, pos=0, k=k, i=i)
    bound = p.theorem("shifts.chord_bound", theta=theta, pos=0, k=k, i=i)
    gap = k * theta(i) * (k * theta(i)) - (2 - 2 * cos(k * theta(i)))
    less = p.pos(le(0, gap), plain, bound)
    square = p.pos(le(0, SQUARE), squares=[x(2 * i), x(2 * i + 1)])
    product = p.rule("pos", le(0, SQUARE * gap), [square, less], [(Fraction(1), [0, 1], number(1))], [], [])
    return p.pos(goal.concl, known, product)
