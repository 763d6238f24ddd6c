"""Facts about finite sums, proved by induction from the two equations that define them.

Each function returns a line of the proof it is given; a lemma is proved once in a proof and used at
values of its free variables. All hold for every natural bound, 0 included (an empty sum is 0).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..terms import Term, Var, apply, const, eq, eta, forall, implies, lam, le, lt, number, var
from .proof import Line, Proof

SEQUENCE = ("N", "R")
MATRIX = ("N", "N", "R")


def total(n: Term | int, body: Callable[[Term], Term] | Term) -> Term:
    """``sum_{i<n} body(i)``."""
    return const("sum", n, body if isinstance(body, Term) else lam("N", body))


def _sum_ext(p: Proof) -> Line:
    f, g, i = var("f", SEQUENCE), var("g", SEQUENCE), var("i", "N")

    def agree(bound: Term | int) -> Term:
        return forall("N", lambda i: implies(lt(i, bound), eq(f(i), g(i))))

    def step(n: Term, hypothesis: Line) -> Line:
        here = p.assume(agree(n + 1))
        below = p.assume(lt(i, n))
        inside = p.mp(p.specialise(here, i), p.less(lt(i, n + 1), below))
        before = p.mp(hypothesis, p.generalise(p.discharge(inside, below.concl), i))
        last = p.mp(p.specialise(here, n), p.less(lt(n, n + 1)))
        sums = p.ring(eq(total(n + 1, f), total(n + 1, g)), p.axiom("sum_successor", n=n, f=f),
                      p.axiom("sum_successor", n=n, f=g), before, last)  # fmt: skip
        return p.discharge(sums, here.concl)

    zero = p.ring(eq(total(0, f), total(0, g)), p.axiom("sum_zero", f=f), p.axiom("sum_zero", f=g))
    base = p.discharge(zero, agree(number(0, "N")))
    return p.induction(lambda n: implies(agree(n), eq(total(n, f), total(n, g))), base, step)


def inverse_of(p: Proof, positive: Line) -> Line:
    """``x inv(x) = 1`` from 0 < x."""
    x = positive.rhs
    zero = p.assume(eq(x, 0))
    return p.axiom("inverse", p.discharge(p.pos(const("false"), positive, zero), zero.concl), x=x)


def all_below(size: Term | int, property: Callable[[Term], Term]) -> Term:
    """The property of all indices below the size."""
    return forall("N", lambda i: implies(lt(i, size), property(i)))


def sum_ext(p: Proof, n: Term, f: Term, g: Term, each: Callable[[Term, Line], Line]) -> Line:
    """``sum(n, f) = sum(n, g)`` where ``each(i, i < n |- )`` proves f(i) = g(i)."""
    i = fresh(p, "i", "N", f, g, n)
    below = p.assume(lt(i, n))
    inside = p.convert(each(i, below), eq(f(i), g(i)))
    every = p.generalise(p.discharge(inside, below.concl), i)
    return p.mp(p.at(p.lemma("extensionality of sums", _sum_ext), n=n, f=f, g=g), every)


def fresh(p: Proof, name: str, t: object, *terms: Term) -> Term:
    """A variable that occurs neither in the terms nor in a hypothesis that was assumed."""
    taken = {v.name for s in terms for v in s.free}
    for (rule, args) in p.steps:
        if rule == "assume":
            taken |= {v.name for v in args[0].free}
    while name in taken:
        name += "'"
    return eta(Var(name, t))  # type: ignore[arg-type]


def _sum_by_induction(p: Proof, left: Callable[[Term | int], Term], right: Callable[[Term | int], Term],
                      *unfolded: Callable[[Term], Sequence[Line]]) -> Line:  # fmt: skip
    """left(n) = right(n) where both sides' sums are opened by the given equations at 0 and at n + 1."""
    zero = number(0, "N")
    base = p.ring(eq(left(zero), right(zero)), *[e for u in unfolded for e in u(zero)])

    def step(n: Term, hypothesis: Line) -> Line:
        return p.ring(eq(left(n + 1), right(n + 1)), hypothesis, *[e for u in unfolded for e in u(n + 1)])

    return p.induction(lambda n: eq(left(n), right(n)), base, step)


def opened(p: Proof, f: Term) -> Callable[[Term], list[Line]]:
    """The equation that opens sum(n, f) at n = 0 or n = k + 1."""
    def at(n: Term) -> list[Line]:
        return [p.axiom("sum_successor", n=n.args[0], f=f)] if n.is_const("addN") else [p.axiom("sum_zero", f=f)]
    return at


def sum_add(p: Proof) -> Line:
    """``sum(n, f + g) = sum(n, f) + sum(n, g)``."""
    f, g = var("f", SEQUENCE), var("g", SEQUENCE)
    both = lam("N", lambda i: f(i) + g(i))
    return p.lemma("additivity of sums", lambda p: _sum_by_induction(
        p, lambda n: total(n, both), lambda n: total(n, f) + total(n, g),
        opened(p, both), opened(p, f), opened(p, g)))  # fmt: skip


def sum_scale(p: Proof) -> Line:
    """``sum(n, c f) = c sum(n, f)``."""
    f, c = var("f", SEQUENCE), var("c")
    scaled = lam("N", lambda i: c * f(i))
    return p.lemma("a constant factor leaves the sum", lambda p: _sum_by_induction(
        p, lambda n: total(n, scaled), lambda n: c * total(n, f), opened(p, scaled), opened(p, f)))


def sum_constant(p: Proof) -> Line:
    """``sum(n, c) = n c``."""
    c = var("c")
    same = lam("N", lambda i: c)
    return p.lemma("sum of a constant", lambda p: _sum_by_induction(
        p, lambda n: total(n, same), lambda n: n * c if isinstance(n, Term) else c * 0, opened(p, same)))


def sum_exchange(p: Proof) -> Line:
    """``sum_{i<n} sum_{j<m} x(j, i) = sum_{j<m} sum_{i<n} x(j, i)``."""
    x, m = var("x", MATRIX), var("m", "N")

    def prove(p: Proof) -> Line:
        rows = lam("N", lambda i: total(m, lambda j: x(j, i)))  # inner sums over j < m, for the outer bound n

        def columns(n: Term | int) -> Term:
            return total(m, lambda j: total(n, lambda i: x(j, i)))

        zero = number(0, "N")
        inner = sum_ext(p, m, lam("N", lambda j: total(0, lambda i: x(j, i))), lam("N", lambda j: number(0)),
                        lambda j, _: p.axiom("sum_zero", f=lam("N", lambda i: x(j, i))))  # fmt: skip
        none = p.at(sum_constant(p), n=m, c=0)
        base = p.ring(eq(total(zero, rows), columns(zero)), p.axiom("sum_zero", f=rows), inner, none)

        def step(n: Term, hypothesis: Line) -> Line:
            split = sum_ext(p, m, lam("N", lambda j: total(n + 1, lambda i: x(j, i))),
                            lam("N", lambda j: total(n, lambda i: x(j, i)) + x(j, n)),
                            lambda j, _: p.axiom("sum_successor", n=n, f=lam("N", lambda i: x(j, i))))  # fmt: skip
            add = p.at(sum_add(p), n=m, f=lam("N", lambda j: total(n, lambda i: x(j, i))),
                       g=lam("N", lambda j: x(j, n)))  # fmt: skip
            return p.ring(eq(total(n + 1, rows), columns(n + 1)), p.axiom("sum_successor", n=n, f=rows),
                          split, add, hypothesis)  # fmt: skip

        return p.induction(lambda n: eq(total(n, rows), columns(n)), base, step)

    return p.lemma("exchange of sums", prove)


def sum_pairs(p: Proof) -> Line:
    """``sum(2h, f) = sum_{i<h} f(2i) + f(2i+1)``."""
    f = var("f", SEQUENCE)
    paired = lam("N", lambda i: f(2 * i) + f(2 * i + 1))

    def prove(p: Proof) -> Line:
        zero = number(0, "N")
        none = p.convert(p.axiom("sum_zero", f=f), eq(total(2 * zero, f), number(0)))
        base = p.ring(eq(total(2 * zero, f), total(zero, paired)), none, p.axiom("sum_zero", f=paired))

        def step(h: Term, hypothesis: Line) -> Line:
            last = p.axiom("sum_successor", n=2 * h + 1, f=f)
            last = p.convert(last, eq(total(2 * (h + 1), f), last.rhs))
            return p.ring(eq(total(2 * (h + 1), f), total(h + 1, paired)), last, p.axiom("sum_successor", n=2 * h, f=f),
                          p.axiom("sum_successor", n=h, f=paired), hypothesis)  # fmt: skip

        return p.induction(lambda h: eq(total(2 * h, f), total(h, paired)), base, step, name="h")

    return p.lemma("a sum over 2h indices is a sum over h pairs (2i, 2i+1)", prove)


def sum_split(p: Proof) -> Line:
    """``sum(m + n, f) = sum(m, f) + sum_{i<n} f(m + i)``."""
    f, m = var("f", SEQUENCE), var("m", "N")
    tail = lam("N", lambda i: f(m + i))

    def prove(p: Proof) -> Line:
        def left(n: Term | int) -> Term:
            return total(m + n, f)

        zero = number(0, "N")
        start = p.convert(p.refl(total(m, f)), eq(left(zero), total(m, f)))
        base = p.ring(eq(left(zero), total(m, f) + total(zero, tail)), start, p.axiom("sum_zero", f=tail))

        def step(n: Term, hypothesis: Line) -> Line:
            last = p.axiom("sum_successor", n=m + n, f=f)
            last = p.convert(last, eq(left(n + 1), last.rhs))
            return p.ring(eq(left(n + 1), total(m, f) + total(n + 1, tail)), last,
                          p.axiom("sum_successor", n=n, f=tail), hypothesis)  # fmt: skip

        return p.induction(lambda n: eq(left(n), total(m, f) + total(n, tail)), base, step)

    return p.lemma("a sum over m + n indices is split at m", prove)


def sum_delta(p: Proof) -> Line:
    """``j < n |- sum_{i<n} delta(j, i) f(i) = f(j)``, as an implication."""
    f, j = var("f", SEQUENCE), var("j", "N")
    picked = lam("N", lambda i: const("delta", j, i) * f(i))

    def prove(p: Proof) -> Line:
        zero = number(0, "N")

        def beyond(n: Term) -> Term:  # nothing is picked up while j is not reached
            return implies(lt(n, j + 1), eq(total(n, picked), 0))

        def beyond_step(n: Term, hypothesis: Line) -> Line:
            here = p.assume(lt(n + 1, j + 1))
            other = p.axiom("delta_other", unequal(p, j, n, here), i=j, j=n)
            before = p.mp(hypothesis, p.less(lt(n, j + 1), here))
            done = p.ring(eq(total(n + 1, picked), 0), p.axiom("sum_successor", n=n, f=picked), before, other)
            return p.discharge(done, here.concl)

        none = p.axiom("sum_zero", f=picked)
        before = p.induction(beyond, p.discharge(none, lt(zero, j + 1)), beyond_step)

        def reached(n: Term) -> Term:
            return implies(lt(j, n), eq(total(n, picked), f(j)))

        def reached_step(n: Term, hypothesis: Line) -> Line:
            here = p.assume(lt(j, n + 1))
            last = p.axiom("sum_successor", n=n, f=picked)

            def earlier(less: Line) -> Line:
                other = p.axiom("delta_other", unequal(p, j, n, less), i=j, j=n)
                return p.ring(eq(total(n + 1, picked), f(j)), last, other, p.mp(hypothesis, less))

            def now(less: Line) -> Line:  # n < j + 1 and j < n + 1: they are equal
                same = p.axiom("nat_antisymmetry", less, here, m=n, n=j)
                one = p.axiom("delta_same", i=n)
                term = p.ring(eq(const("delta", n, n) * f(n), f(n)), one)
                moved = p.rewrite(same, term, lambda z: eq(const("delta", z, n) * f(n), f(z)))
                return p.ring(eq(total(n + 1, picked), f(j)), last, p.mp(p.at(before, n=n), less), moved)

            done = p.cases(p.axiom("nat_less_or_not", m=j, n=n), earlier, now)
            return p.discharge(done, here.concl)

        below = p.assume(lt(j, zero))
        base = p.discharge(p.axiom("false_elim", p.pos(const("false"), below, p.axiom("nat_nonneg", n=j)),
                                   p=eq(total(zero, picked), f(j))), below.concl)  # fmt: skip
        return p.induction(reached, base, reached_step)

    return p.lemma("a sum against a Kronecker delta picks one term", prove)


def unequal(p: Proof, a: Term, b: Term, less: Line) -> Line:
    """``a = b -> false`` from a < b or b < a (or a gap that says so)."""
    same = p.assume(eq(a, b))
    return p.discharge(p.pos(const("false"), less, same), same.concl)


def sum_le(p: Proof) -> Line:
    """``(for all i < n: f(i) <= g(i)) -> sum(n, f) <= sum(n, g)``."""
    f, g, i = var("f", SEQUENCE), var("g", SEQUENCE), var("i", "N")

    def below(n: Term | int) -> Term:
        return forall("N", lambda i: implies(lt(i, n), le(f(i), g(i))))

    def prove(p: Proof) -> Line:
        zero = number(0, "N")

        def step(n: Term, hypothesis: Line) -> Line:
            here, inside = p.assume(below(n + 1)), p.assume(lt(i, n))
            one = p.mp(p.specialise(here, i), p.less(lt(i, n + 1), inside))
            before = p.mp(hypothesis, p.generalise(p.discharge(one, inside.concl), i))
            last = p.mp(p.specialise(here, n), p.less(lt(n, n + 1)))
            done = p.pos(le(total(n + 1, f), total(n + 1, g)), before, last, p.axiom("sum_successor", n=n, f=f),
                         p.axiom("sum_successor", n=n, f=g))  # fmt: skip
            return p.discharge(done, here.concl)

        none = p.pos(le(total(zero, f), total(zero, g)), p.axiom("sum_zero", f=f), p.axiom("sum_zero", f=g))
        return p.induction(lambda n: implies(below(n), le(total(n, f), total(n, g))),
                           p.discharge(none, below(zero)), step)  # fmt: skip

    return p.lemma("monotonicity of sums", prove)


def by_parity(p: Proof, r: Term, goal: Term, prove: Callable[[int, Term, Line], Line]) -> Line:
    """The goal for every natural r, from the goals at r = 2i and r = 2i + 1.

    ``prove(parity, i, equation)`` proves the goal with r replaced; ``equation`` is ``r = 2i (+ 1)``.
    """
    context = lam_over(r, goal)

    def side(parity: int) -> Callable[[Line], Line]:
        def use(i: Term, equation: Line) -> Line:
            at = prove(parity, i, equation)
            back = p.symm(equation)
            line = p.convert(at, apply(context, [back.lhs]))
            return p.rule("replace", back, line, context)
        return lambda line: p.obtain(line, use, name="a" if parity == 0 else "b")

    return p.cases(p.axiom("parity", n=r), side(0), side(1))


def lam_over(r: Term, goal: Term) -> Term:
    """The goal as a function of the variable r."""
    from ..terms import abstract

    assert isinstance(r.head, Var)
    return abstract([r.head], goal)
