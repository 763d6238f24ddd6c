"""Clipped offsets: clip(x, k) = max(-k, min(k, x)), by which Shaw et al. look up their relative vectors.

Source: Shaw, Uszkoreit, Vaswani, "Self-attention with relative position representations" (2018), section 3.2.
Maximum and minimum are written by the absolute value, max(a, b) = (a + b + |a - b|)/2.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symcheck.claims import theorem
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.render.notation import register
from symcheck.terms import Term, const, defined, eq, le, number, unfold, var

SHAW = "Shaw et al. 2018, arXiv:1803.02155, section 3.2"
HALF = Fraction(1, 2)


def absolute(x: Term) -> Term:
    return const("abs", x)


maximum = defined("max", ["R", "R"], lambda a, b: HALF * (a + b + absolute(a - b)))
minimum = defined("min", ["R", "R"], lambda a, b: HALF * (a + b - absolute(a - b)))
#: The offset x cut off at -k and k.
clip = defined("clip", ["R", "R"], lambda x, k: maximum(-k, minimum(k, x)))
for name in ("max", "min"):
    register(name, tex=rf"\{name}(<0>, <1>)", text=f"{name}(<0>, <1>)")
register("clip", tex=r"\operatorname{clip}(<0>, <1>)", text="clip(<0>, <1>)", parameters=("x", "k"))

a, b, k, x = (var(s) for s in ("a", "b", "k", "x"))


def halves(p: Proof) -> list[Line]:
    """max(a, b) and min(a, b) by |a - b|."""
    return [p.by_definition(eq(f(a, b), unfold(f(a, b), [name])), name)
            for f, name in ((maximum, "max"), (minimum, "min"))]  # fmt: skip


@theorem("clip.maximum", Statement((le(b, a),), const("and", eq(maximum(a, b), a), eq(minimum(a, b), b))),
         "The larger and the smaller of two numbers", references=("Rudin 1976, 1.12",),
         instance=lambda p: [p.pos(le(number(0), number(1)))])  # fmt: skip
def larger(p: Proof, goal: Statement) -> Line:
    order = p.assume(goal.hyps[0])
    length = p.axiom("abs_nonneg", p.pos(le(0, a - b), order), x=a - b)
    return p.both(*(p.ring(part, line, length) for part, line in zip(goal.concl.args, halves(p), strict=True)))


@theorem("clip.minimum", Statement((le(a, b),), const("and", eq(maximum(a, b), b), eq(minimum(a, b), a))),
         "The same in the other order", references=("Rudin 1976, 1.12",),
         instance=lambda p: [p.pos(le(number(0), number(1)))])  # fmt: skip
def smaller(p: Proof, goal: Statement) -> Line:
    order = p.assume(goal.hyps[0])
    length = p.axiom("abs_nonpos", p.pos(le(a - b, 0), order), x=a - b)
    return p.both(*(p.ring(part, line, length) for part, line in zip(goal.concl.args, halves(p), strict=True)))


def opened(p: Proof) -> Line:
    """``clip(x, k) = max(-k, min(k, x))``."""
    return p.by_definition(eq(clip(x, k), maximum(-k, minimum(k, x))), "clip")


def value(p: Proof, inner: Line, outer: Line, result: Term) -> Line:
    """``clip(x, k) = result`` from min(k, x) = y and max(-k, y) = result."""
    start = opened(p)
    moved = p.rewrite(inner, start, lambda z: eq(start.lhs, maximum(-k, z)))
    return p.trans(moved, p.convert(outer, eq(maximum(-k, inner.rhs), result)))


def an_offset(p: Proof, at: int, bound: int) -> list[Line]:
    """An instance: the numbers themselves, compared."""
    return [p.pos(le(number(at), number(bound)))]


@theorem("clip.above", Statement((le(0, k), le(k, x)), eq(clip(x, k), k)),
         "Offsets above k are recorded as k", references=(SHAW,),
         instance=lambda p: [*an_offset(p, 0, 1), *an_offset(p, 1, 2)])  # fmt: skip
def at_or_above(p: Proof, goal: Statement) -> Line:
    positive, far = (p.assume(g) for g in goal.hyps)
    inner = p.parts(p.theorem("clip.minimum", far, a=k, b=x))[1]
    outer = p.parts(p.theorem("clip.minimum", p.pos(le(-k, k), positive), a=-k, b=k))[0]
    return value(p, inner, outer, k)


@theorem("clip.below", Statement((le(0, k), le(x, -k)), eq(clip(x, k), -k)),
         "Offsets below -k are recorded as -k", references=(SHAW,),
         instance=lambda p: [*an_offset(p, 0, 1), *an_offset(p, -2, -1)])  # fmt: skip
def at_or_below(p: Proof, goal: Statement) -> Line:
    positive, far = (p.assume(g) for g in goal.hyps)
    inner = p.parts(p.theorem("clip.maximum", p.pos(le(x, k), far, positive), a=k, b=x))[1]
    outer = p.parts(p.theorem("clip.maximum", far, a=-k, b=x))[0]
    return value(p, inner, outer, -k)


@theorem("clip.inside", Statement((le(-k, x), le(x, k)), eq(clip(x, k), x)),
         "Offsets between -k and k are kept", references=(SHAW,),
         instance=lambda p: [*an_offset(p, -1, 0), *an_offset(p, 0, 1)])  # fmt: skip
def between(p: Proof, goal: Statement) -> Line:
    low, high = (p.assume(g) for g in goal.hyps)
    inner = p.parts(p.theorem("clip.maximum", high, a=k, b=x))[1]
    outer = p.parts(p.theorem("clip.minimum", low, a=-k, b=x))[0]
    return value(p, inner, outer, x)


def by_place(p: Proof, positive: Line, use: Callable[..., Line]) -> Line:
    """What follows from the value of clip(x, k) in each of the three places of x, for k >= 0.

    ``use`` gets that value and the bounds on x.
    """
    def not_below(more: Line) -> Line:  # -k <= x
        def within(less: Line) -> Line:
            high = p.pos(le(x, k), less)
            return use(p.theorem("clip.inside", more, high, x=x, k=k), more, high)

        return p.cases(p.axiom("trichotomy", x=x, y=k), within,
                       lambda far: use(p.theorem("clip.above", positive, far, x=x, k=k), far))  # fmt: skip

    def low(less: Line) -> Line:
        far = p.pos(le(x, -k), less)
        return use(p.theorem("clip.below", positive, far, x=x, k=k), far)

    return p.cases(p.axiom("trichotomy", x=x, y=-k), low, not_below)


@theorem("clip.range", Statement((le(0, k),), const("and", le(-k, clip(x, k)), le(clip(x, k), k))),
         "Clipped offsets lie in [-k, k]", references=(SHAW,), instance=lambda p: an_offset(p, 0, 1))  # fmt: skip
def within(p: Proof, goal: Statement) -> Line:
    positive = p.assume(goal.hyps[0])
    return by_place(p, positive, lambda at, *bounds: p.both(*(
        p.pos(part, at, positive, *bounds) for part in goal.concl.args)))  # fmt: skip


@theorem("clip.odd", Statement((le(0, k),), eq(clip(-x, k), -clip(x, k))),
         "Clipping keeps the side: clip(-x, k) = -clip(x, k)", references=(SHAW,),
         instance=lambda p: an_offset(p, 0, 1))  # fmt: skip
def odd(p: Proof, goal: Statement) -> Line:
    positive = p.assume(goal.hyps[0])

    def mirrored(here: Line, *bounds: Line) -> Line:
        names = {2: "clip.inside"}.get(len(bounds), "clip.below" if here.rhs == k else "clip.above")
        sides = {"clip.inside": [le(-k, -x), le(-x, k)], "clip.below": [le(0, k), le(-x, -k)],
                 "clip.above": [le(0, k), le(k, -x)]}[names]  # fmt: skip
        facts = [p.pos(side, positive, *bounds) for side in sides]
        return p.ring(goal.concl, here, p.theorem(names, *facts, x=-x, k=k))

    return by_place(p, positive, mirrored)


@theorem("clip.far_distance", Statement((le(0, k), le(k, absolute(x))), eq(absolute(clip(x, k)), k)),
         "Of a far offset the recorded distance is k; on which side it lies is kept", references=(SHAW,),
         instance=lambda p: [*an_offset(p, 0, 1), p.pos(le(number(1), absolute(number(2))), p.axiom(
             "abs_nonneg", p.pos(le(number(0), number(2))), x=number(2)))])  # fmt: skip
def far_distance(p: Proof, goal: Statement) -> Line:
    positive, far = (p.assume(g) for g in goal.hyps)

    def use(at: Line, size: Line) -> Line:
        return p.ring(goal.concl, p.rewrite(p.symm(at), size, lambda z: eq(absolute(z), size.rhs)))

    def left(less: Line) -> Line:
        length = p.axiom("abs_nonpos", p.pos(le(x, 0), less), x=x)
        at = p.theorem("clip.below", positive, p.pos(le(x, -k), far, length), x=x, k=k)
        return use(at, p.axiom("abs_nonpos", p.pos(le(-k, 0), positive), x=-k))

    def right(more: Line) -> Line:
        length = p.axiom("abs_nonneg", more, x=x)
        at = p.theorem("clip.above", positive, p.pos(le(k, x), far, length), x=x, k=k)
        return use(at, p.axiom("abs_nonneg", positive, x=k))

    return p.cases(p.axiom("trichotomy", x=x, y=number(0)), left, right)
