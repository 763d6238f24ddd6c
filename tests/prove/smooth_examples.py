"""Polynomials of degree 2 and 3 that satisfy the hypothesis C2: what remainders are refuted with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from derivations.taylor import C2, SEQUENCE
from symcheck.prove.calculus import derivative, has_derivative
from symcheck.prove.proof import Line, Proof
from symcheck.prove.refute import compute
from symcheck.prove.search import Example, register_examples
from symcheck.terms import Term, apply, const, eq, false, lam, le, lt, number, unfold, var

Coefficients = Mapping[tuple[int, int], int]  # of x^i y^j
FIRST = number(0, "N")
PAIR = [SEQUENCE, SEQUENCE]


def _derivative(c: Coefficients, r: int, s: int, x: Term, y: Term) -> Term:
    """The derivative of order r in x and s in y of the polynomial, at the first components of x and y."""
    out: Term | None = None
    for (i, j), k in c.items():
        for a in range(r):
            k *= i - a
        for b in range(s):
            k *= j - b
        if k:
            monomial = number(k)
            for z in [x(0)] * (i - r) + [y(0)] * (j - s):
                monomial = monomial * z
            out = monomial if out is None else out + monomial
    return number(0) if out is None else out


def polynomial(c: Coefficients, elsewhere: bool = False) -> dict[str, Term]:
    """A polynomial on R^1 x R^1 with its blocks; their entries beyond the first are 0, or (``elsewhere``) the same."""

    def at(i: Term) -> Term:
        return number(1) if elsewhere else const("delta", FIRST, i)

    def gradient(r: int, s: int) -> Term:
        return lam([*PAIR, "N"], lambda x, y, i: at(i) * _derivative(c, r, s, x, y))

    def hessian(r: int, s: int) -> Term:
        return lam([*PAIR, "N", "N"], lambda x, y, i, j: at(i) * at(j) * _derivative(c, r, s, x, y))

    return {"d": number(1, "N"), "f": lam(PAIR, lambda x, y: _derivative(c, 0, 0, x, y)), "f_m": gradient(1, 0),
            "f_n": gradient(0, 1), "f_mm": hessian(2, 0), "f_mn": hessian(1, 1), "f_nn": hessian(0, 2)}  # fmt: skip


def smooth(p: Proof, values: Mapping[str, Term]) -> Line:
    """C2 of a polynomial of degree at most 3 with small coefficients, condition by condition."""
    goal = C2(*(values[v] for v in ("d", "f", "f_m", "f_n", "f_mm", "f_mn", "f_nn")))
    inside, slopes = unfold(goal, ["C2"]), []
    while inside.is_const("and"):
        slopes.append(_slope(p, inside.args[0]))
        inside = inside.args[1]
    return p.convert(p.both(*slopes, _continuous(p, inside)), goal, "C2")


def _peeled(goal: Term, name: str) -> tuple[list[Term], Term]:
    variables: list[Term] = []
    while goal.is_const("forall"):
        variables.append(var(f"{name}{len(variables)}", goal.args[0].binders[0]))
        goal = apply(goal.args[0], [variables[-1]])
    return variables, goal


def _slope(p: Proof, goal: Term) -> Line:
    variables, below = _peeled(goal, "z")
    g, t, value = below.args
    line = derivative(p, g, t)
    same = p.ring(eq(line.concl.args[2], value), compute(p, value))
    return p.generalise(p.rewrite(same, line, lambda z: has_derivative(g, t, z)), *variables)


ONCE = [(Fraction(1), [0], number(1))]


def _continuous(p: Proof, goal: Term) -> Line:
    """The Hessian is Lipschitz: with s = e/32 and radius s^2, |u - x| <= s and |v - y| <= s suffice."""
    (x, y, e), below = _peeled(goal, "z")
    positive = p.assume(below.args[0])
    s = Fraction(1, 32) * e
    radius = s * s
    (u, v, a, b), claim = _peeled(apply(below.args[1].args[0], [radius]).args[1], "w")
    near = p.assume(claim.args[0])
    distance = compute(p, claim.args[0].args[0])
    close = p.rule("pos", le(distance.rhs, radius), [near], ONCE, [distance], [number(1)])
    above = p.pos(lt(0, s), positive)
    bounds = _bounds(p, s, u(0) - x(0), v(0) - y(0), close, above)
    change, right = claim.args[1].args[0].args[0], claim.args[1].args[1]
    value, size = compute(p, change), compute(p, right)
    squares = [a(0), b(0), a(0) + b(0), a(0) - b(0)]

    def side(sign: int) -> Callable[[Line], Line]:
        bounded = p.pos(le(sign * value.rhs, size.rhs), *bounds, above, squares=squares, degree=2)

        def use(line: Line) -> Line:
            absolute = (p.axiom("abs_nonneg", line, x=change) if sign > 0 else
                        p.axiom("abs_nonpos", p.pos(le(change, 0), line), x=change))  # fmt: skip
            return p.rule("pos", claim.args[1], [bounded], ONCE, [absolute, value, size],
                          [number(-1), number(-sign), number(1)])  # fmt: skip

        return use

    done = p.cases(p.axiom("trichotomy", x=change, y=number(0)), side(-1), side(1))
    every = p.generalise(p.discharge(done, near.concl), u, v, a, b)
    exists = p.rule("pos", lt(0, radius), [above], [(Fraction(1), [0, 0], number(1))], [], [])
    found = p.witness(below.args[1], radius, p.both(exists, every))
    return p.generalise(p.discharge(found, positive.concl), x, y, e)


def _bounds(p: Proof, s: Term, first: Term, second: Term, close: Line, above: Line) -> list[Line]:
    """-s <= first <= s and -s <= second <= s from first^2 + second^2 <= s^2 and 0 < s."""
    out = []
    for z, other in ((first, second), (second, first)):
        for sign in (1, -1):
            w = sign * z

            def absurd(line: Line, w: Term = w, other: Term = other) -> Line:  # s^2 < w^2
                sum_of = [(Fraction(1), [0], number(1)), (Fraction(1), [1, 1], number(1)),
                          (Fraction(2), [1, 2], number(1)), (Fraction(1), [], other)]  # fmt: skip
                none = p.rule("pos", false(), [close, line, above], sum_of, [], [])
                return p.axiom("false_elim", none, p=le(w, s))

            out.append(p.cases(p.axiom("trichotomy", x=s, y=w), absurd, lambda line: line))
    return out


EXAMPLES: list[tuple[Coefficients, bool]] = [
    ({(2, 0): 1}, False), ({(1, 1): 1}, False), ({(0, 2): 1}, False), ({(2, 0): 1, (1, 1): 1, (0, 2): 1}, True),
    ({(3, 0): 1}, False), ({(0, 3): 1}, False), ({(2, 1): 1}, False), ({(1, 2): 1}, False),
    ({(2, 0): 1}, True), ({(1, 1): 1}, True), ({(0, 2): 1}, True),
]  # fmt: skip


def polynomials() -> Iterator[Example]:
    for c, elsewhere in EXAMPLES:
        values = polynomial(c, elsewhere)
        name = f"the polynomial with coefficients {c} is C2" + (" (equal entries)" if elsewhere else "")
        yield Example(values, lambda p, values=values, name=name: p.lemma(name, lambda p: smooth(p, values)))


register_examples("C2", polynomials)
