"""Which matrices H make p_m^T H p_n a function of m - n: blocks that commute with the rotations, and no others.

Source: Su, kexue.fm/archives/8231, after eq. 14. Waves of different positive frequencies are linearly independent:
F(t + s) + F(t - s) - 2 cos(s theta_h) F(t) removes the frequency theta_h. Positions are real numbers here.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derivations.almost_periodic import cosine_falls
from derivations.bilinear import A, codes, form, h, m, n
from derivations.sinusoidal import PE_cosine, angle_at, component, cos, negated, sin, theta
from derivations.vectors import delta
from symcheck.claims import theorem
from symcheck.prove.lemmas import SEQUENCE, sum_add, sum_constant, sum_delta, sum_ext, sum_pairs, sum_scale, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import HALF_PI, compute
from symcheck.terms import Term, const, eq, forall, implies, lam, lt, negation, number, substitute, unfold, var

SU = "Su, kexue.fm/archives/8231, after eq. 14"
ZERO = number(0)
a, b = var("a", SEQUENCE), var("b", SEQUENCE)
i, j = var("i", "N"), var("j", "N")
t, s = var("t"), var("s")


def waves(size: Term, a: Term, b: Term, t: Term) -> Term:
    """sum_{i<size} a_i cos(t theta_i) + b_i sin(t theta_i)."""
    return total(size, lambda i: a(i) * cos(t * theta(i)) + b(i) * sin(t * theta(i)))


def all_below(size: Term, p: Callable[[Term], Term]) -> Term:
    """For all indices below the size."""
    return forall("N", lambda i: implies(lt(i, size), p(i)))


def positive(size: Term) -> Term:
    """All frequencies are positive."""
    return all_below(size, lambda i: lt(0, theta(i)))


def distinct(size: Term) -> Term:
    """No two frequencies are equal."""
    return forall(["N", "N"], lambda i, j: implies(lt(i, j), lt(j, size), negation(eq(theta(i), theta(j)))))


def nothing(size: Term, a: Term, b: Term) -> Term:
    """The waves cancel at every t."""
    return forall("R", lambda t: eq(waves(size, a, b, t), 0))


def none(size: Term, a: Term, b: Term) -> Term:
    """All coefficients are 0."""
    return all_below(size, lambda i: const("and", eq(a(i), 0), eq(b(i), 0)))


def independent(size: Term) -> Term:
    """For all coefficients."""
    return implies(positive(size), distinct(size), forall([SEQUENCE, SEQUENCE], lambda a, b: implies(
        nothing(size, a, b), none(size, a, b))))  # fmt: skip


def unit(p: Proof, above: Line) -> Line:
    """``z * (1/z) = 1`` from 0 < z."""
    z = above.rhs
    zero = p.assume(eq(z, 0))
    return p.axiom("inverse", p.discharge(p.pos(const("false"), above, zero), zero.concl), x=z)


def one_wave_less(p: Proof, h: Term, a: Term, b: Term, every: Line) -> Line:
    """``forall s. nothing(h, 2 (cos(s theta_i) - cos(s theta_h)) a_i, the same with b_i)`` from nothing(h + 1, a, b)."""
    q = cos(s * theta(h))

    def of(t: Term) -> Term:
        return lam("N", lambda i: a(i) * cos(t * theta(i)) + b(i) * sin(t * theta(i)))

    left, right = less(h, s, a, b)
    target = lam("N", lambda i: left(i) * cos(t * theta(i)) + right(i) * sin(t * theta(i)))
    parts = [of(t + s), of(t - s), lam("N", lambda i: -2 * q * of(t)(i))]
    outer = lam("N", lambda i: parts[1](i) + parts[2](i))

    def each(i: Term, _: Line) -> Line:
        x, y = t * theta(i), s * theta(i)
        sums = [*angle_at(p, (t + s) * theta(i), x, y), *angle_at(p, (t - s) * theta(i), x, -y), *negated(p, y)]
        return p.ring(eq(target(i), parts[0](i) + outer(i)), *sums)

    size = h + 1
    joined = sum_ext(p, size, target, lam("N", lambda i: parts[0](i) + outer(i)), each)
    sums = [p.at(sum_add(p), n=size, f=parts[0], g=outer), p.at(sum_add(p), n=size, f=parts[1], g=parts[2]),
            p.at(sum_scale(p), n=size, c=-2 * q, f=of(t))]  # fmt: skip
    zeros = [p.convert(p.specialise(every, z), eq(total(size, of(z)), 0)) for z in (t + s, t - s, t)]
    last = p.axiom("sum_successor", n=h, f=target)
    scaled = p.ring(eq(total(size, parts[2]), 0), sums[2], zeros[2])
    rest = p.ring(eq(total(size, outer), 0), sums[1], zeros[1], scaled)
    whole = p.ring(eq(total(size, target), 0), joined, sums[0], zeros[0], rest)
    line = p.ring(eq(total(h, target), 0), whole, last)
    return p.generalise(p.generalise(p.convert(line, eq(waves(h, left, right, t), 0)), t), s)


def less(h: Term, s: Term, a: Term, b: Term) -> tuple[Term, Term]:
    """The coefficients after the frequency theta_h was removed with the step s."""
    left, right = (lam("N", lambda i, z=z: 2 * (cos(s * theta(i)) - cos(s * theta(h))) * z(i)) for z in (a, b))
    return left, right


def cosines_differ(p: Proof, small: Line, great: Line, order: Line) -> tuple[Term, Line]:
    """A step s with ``0 < cos(s u) - cos(s v)`` from 0 < u, 0 < v and u < v: s = 1/v, where cos 1 < cos(u/v)."""
    u, v = small.rhs, great.rhs
    step, over = const("inv", v), p.axiom("inverse_positive", great, x=v)
    low = p.rule("pos", lt(0, step * u), [small, over], [(Fraction(1), [0, 1], number(1))], [], [])
    high = p.rule("pos", lt(step * u, 1), [order, over], [(Fraction(1), [0, 1], number(1))], [unit(p, great)], [number(-1)])
    falls = p.mp(p.at(cosine_falls(p), y=step * u), low, high)
    one = p.ring(eq(step * v, 1), unit(p, great))
    at = p.rewrite(one, p.refl(cos(step * v)), lambda z: eq(cos(step * v), cos(z)))
    return step, p.pos(lt(0, cos(step * u) - cos(step * v)), falls, at)


def vanish(p: Proof, h: Term, i: Term, smaller: Callable[[Term], list[Line]], signs: list[Line], differ: Line) -> Line:
    """``a_i = 0 and b_i = 0``, where ``smaller(s)`` gives (cos(s theta_i) - cos(s theta_h)) a_i = 0 and the like for b."""
    goal = const("and", eq(a(i), 0), eq(b(i), 0))

    def out(step: Term, gap: Line) -> Line:
        size = unit(p, gap)
        return p.both(*(p.ring(eq(z(i), 0), line, size) for z, line in zip((a, b), smaller(step), strict=True)))

    def under(line: Line) -> Line:
        return out(*cosines_differ(p, signs[0], signs[1], line))

    def above(line: Line) -> Line:
        def equal(other: Line) -> Line:
            same = p.axiom("le_antisymmetry", other, line, x=theta(i), y=theta(h))
            return p.axiom("false_elim", p.mp(differ, same), p=goal)

        return p.cases(p.axiom("trichotomy", x=theta(h), y=theta(i)),
                       lambda line: out(*cosines_differ(p, signs[1], signs[0], line)), equal)  # fmt: skip

    return p.cases(p.axiom("trichotomy", x=theta(i), y=theta(h)), under, above)


def next_wave(p: Proof, h: Term, hypothesis: Line) -> Line:
    """From h frequencies to h + 1."""
    signs, apart = p.assume(positive(h + 1)), p.assume(distinct(h + 1))
    every = p.assume(nothing(h + 1, a, b))
    below, first = p.assume(lt(i, h)), p.assume(lt(i, j))
    fewer = p.generalise(p.discharge(p.mp(p.specialise(signs, i), p.pos(lt(i, h + 1), below)), below.concl), i)
    inside = p.assume(lt(j, h))
    pair = p.mp(p.specialise(apart, i, j), first, p.pos(lt(j, h + 1), inside))
    fewer_apart = p.generalise(p.discharge(pair, first.concl, inside.concl), i, j)
    smaller = p.mp(hypothesis, fewer, fewer_apart)
    removed = one_wave_less(p, h, a, b, every)

    def without(step: Term) -> list[Line]:
        left, right = less(h, step, a, b)
        gone = p.mp(p.specialise(smaller, left, right), p.specialise(removed, step))
        return p.parts(p.mp(p.specialise(gone, i), below))

    sizes = [p.mp(p.specialise(signs, z), p.pos(lt(z, h + 1), *([below] if z == i else []))) for z in (i, h)]
    differ = p.mp(p.specialise(apart, i, h), below, p.pos(lt(h, h + 1)))
    one = vanish(p, h, i, without, sizes, differ)
    early = p.generalise(p.discharge(one, below.concl), i)

    def last(t: Term) -> Line:
        """a_h cos(t theta_h) + b_h sin(t theta_h) = 0."""
        f = lam("N", lambda i: a(i) * cos(t * theta(i)) + b(i) * sin(t * theta(i)))
        flat = lam("N", lambda i: ZERO)
        rest = sum_ext(p, h, f, flat, lambda i, inside: p.ring(
            eq(f(i), 0), *p.parts(p.mp(p.specialise(early, i), inside))))  # fmt: skip
        whole = p.convert(p.specialise(every, t), eq(total(h + 1, f), 0))
        return p.ring(eq(f(h), 0), whole, p.axiom("sum_successor", n=h, f=f), rest, p.at(sum_constant(p), n=h, c=0))

    quarter = HALF_PI * const("inv", theta(h))
    turn = p.ring(eq(quarter * theta(h), HALF_PI), unit(p, sizes[1]))
    circle = [p.axiom("cos_pi_half"), p.axiom("sin_pi_half")]
    values = [p.ring(eq(f(turn.lhs), w), p.rewrite(turn, p.refl(f(turn.lhs)), lambda z, f=f: eq(f(turn.lhs), f(z))), line)
              for f, w, line in zip((cos, sin), (0, 1), circle, strict=True)]  # fmt: skip
    starts = [p.convert(p.axiom(name), eq(f(ZERO * theta(h)), w))
              for name, f, w in (("cos_zero", cos, 1), ("sin_zero", sin, 0))]  # fmt: skip
    final = p.both(p.ring(eq(a(h), 0), last(ZERO), *starts), p.ring(eq(b(h), 0), last(quarter), *values))
    here = p.assume(lt(i, h + 1))

    def late(line: Line) -> Line:  # h < i + 1 and i < h + 1
        same = p.axiom("nat_antisymmetry", line, here, m=h, n=i)
        return p.rewrite(same, final, lambda z: const("and", eq(a(z), 0), eq(b(z), 0)))

    done = p.cases(p.axiom("nat_less_or_not", m=i, n=h), lambda line: p.mp(p.specialise(early, i), line), late)
    result = p.generalise(p.discharge(done, here.concl), i)
    result = p.generalise(p.discharge(result, every.concl), a, b)
    return p.discharge(result, signs.concl, apart.concl)


def no_waves(p: Proof) -> Line:
    """With no frequency there is no coefficient."""
    zero = number(0, "N")
    below = p.assume(lt(i, zero))
    bad = p.pos(const("false"), below, p.axiom("nat_nonneg", n=i))
    line = p.axiom("false_elim", bad, p=const("and", eq(a(i), 0), eq(b(i), 0)))
    line = p.generalise(p.discharge(line, below.concl), i)
    line = p.generalise(p.discharge(line, nothing(zero, a, b)), a, b)
    return p.discharge(line, positive(zero), distinct(zero))


@theorem("relative.independence", Statement((positive(h), distinct(h), nothing(h, a, b), lt(i, h)), const(
    "and", eq(a(i), 0), eq(b(i), 0)), (h.head, a.head, b.head)),
    "Waves of different positive frequencies are linearly independent: where a sum of them is 0 at every t, all "
    "coefficients are 0", references=("Katznelson 2004, VI.5",), instance=lambda p: one_instance(p))  # fmt: skip
def independence(p: Proof, goal: Statement) -> Line:
    every = p.induction(independent, no_waves(p), lambda h, hypothesis: next_wave(p, h, hypothesis), name="h")
    signs, apart, zero, below = (p.assume(z) for z in goal.hyps)
    line = p.mp(p.at(every, h=h), signs, apart)
    return p.mp(p.specialise(p.mp(p.specialise(line, a, b), zero), i), below)


def one_instance(p: Proof) -> list[Line]:
    """One frequency 1 and the coefficients 0."""
    one, below = number(1, "N"), p.assume(lt(i, number(1, "N")))
    signs = p.generalise(p.discharge(p.ball(lt(0, number(1))), below.concl), i)
    first, inside = p.assume(lt(i, j)), p.assume(lt(j, one))
    bad = p.pos(const("false"), first, inside, p.axiom("nat_nonneg", n=i))
    apart = p.axiom("false_elim", bad, p=negation(eq(number(1), number(1))))
    apart = p.generalise(p.discharge(apart, first.concl, inside.concl), i, j)
    f = lam("N", lambda i: ZERO * cos(t * number(1)) + ZERO * sin(t * number(1)))
    flat = sum_ext(p, one, f, lam("N", lambda _: ZERO), lambda i, _: p.ring(eq(f(i), 0)))
    none_ = p.ring(eq(total(one, f), 0), flat, p.at(sum_constant(p), n=one, c=0))
    return [signs, apart, p.generalise(none_, t), p.ball(lt(number(0, "N"), one))]


# The form -----------------------------------------------------------------------------------------------
def relative(size: Term) -> Term:
    """p_m^T H p_n is what it is at the offset m - n and position 0, for all m and n."""
    return forall(["R", "R"], lambda m, n: eq(form(A, 2 * size, m, n), form(A, 2 * size, m - n, ZERO)))


def row_of(size: Term, r: Term, n: Term) -> Term:
    """(H p_n)_r."""
    return total(2 * size, lambda s: A(r, s) * codes(n)(s))


def rows_of(size: Term, n: Term) -> tuple[Term, Term]:
    """The rows 2i and the rows 2i + 1 of H p_n."""
    return lam("N", lambda i: row_of(size, 2 * i, n)), lam("N", lambda i: row_of(size, 2 * i + 1, n))


def as_waves(p: Proof, m: Term, f: Term, even: Term, odd: Term) -> Line:
    """``sum_{r<2h} f(r) = waves(h, even, odd, m)`` where f(r) is a coefficient times component r of the code of m."""
    pairs = p.at(sum_pairs(p), h=h, f=f)
    target = lam("N", lambda i: even(i) * cos(m * theta(i)) + odd(i) * sin(m * theta(i)))

    def each(i: Term, _: Line) -> Line:
        parts = [p.at(component(p, PE_cosine, var("m"), r), m=m) for r in (2 * i, 2 * i + 1)]
        return p.ring(eq(pairs.rhs.args[1](i), target(i)), *parts)

    return p.trans(pairs, sum_ext(p, h, pairs.rhs.args[1], target, each))


def form_as_waves(p: Proof, m: Term, n: Term) -> Line:
    """The form as waves in m."""
    left = unfold(form(A, 2 * h, m, n), ["bilinear"])
    start = p.by_definition(eq(form(A, 2 * h, m, n), left), "bilinear")
    return p.trans(start, as_waves(p, m, left.args[1], *rows_of(h, n)))


def row_as_waves(p: Proof, r: Term, n: Term) -> Line:
    """A row of H p_n as waves in n."""
    return as_waves(p, n, row_of(h, r, n).args[1], lam("N", lambda j: A(r, 2 * j)), lam("N", lambda j: A(r, 2 * j + 1)))


def matched(p: Proof, facts: list[Line], known: Line) -> Line:
    """``forall n. i < h -> row 2i = cos(n theta_i) a - sin(n theta_i) b and row 2i + 1 = sin a + cos b`` where a and b are
    these rows at n = 0: by independence in m."""
    now, start = rows_of(h, n), rows_of(h, ZERO)

    def coefficients(i: Term) -> tuple[Term, Term]:
        x = n * theta(i)
        return (now[0](i) - cos(x) * start[0](i) + sin(x) * start[1](i),
                now[1](i) - sin(x) * start[0](i) - cos(x) * start[1](i))  # fmt: skip

    first, second = (lam("N", lambda i, k=k: coefficients(i)[k]) for k in (0, 1))
    left = lam("N", lambda i: now[0](i) * cos(m * theta(i)) + now[1](i) * sin(m * theta(i)))
    right = lam("N", lambda i: -1 * (start[0](i) * cos((m - n) * theta(i)) + start[1](i) * sin((m - n) * theta(i))))
    target = lam("N", lambda i: first(i) * cos(m * theta(i)) + second(i) * sin(m * theta(i)))

    def each(i: Term, _: Line) -> Line:
        x, y = m * theta(i), n * theta(i)
        sums = [*angle_at(p, (m - n) * theta(i), x, -y), *negated(p, y)]
        return p.ring(eq(target(i), left(i) + right(i)), *sums)

    joined = sum_ext(p, h, target, lam("N", lambda i: left(i) + right(i)), each)
    inner = lam("N", lambda i: start[0](i) * cos((m - n) * theta(i)) + start[1](i) * sin((m - n) * theta(i)))
    parts = [p.at(sum_add(p), n=h, f=left, g=right), p.at(sum_scale(p), n=h, c=-1, f=inner)]
    sides = [form_as_waves(p, m, n), form_as_waves(p, m - n, ZERO)]
    equal = p.ring(eq(sides[0].rhs, sides[1].rhs), p.specialise(known, m, n), *sides)
    gone = p.ring(eq(total(h, target), 0), joined, *parts, equal)
    zero = p.generalise(p.convert(gone, eq(waves(h, first, second, m), 0)), m)
    return p.theorem("relative.independence", *facts, zero, p.assume(lt(i, h)), h=h, a=first, b=second, i=i)


def entries(p: Proof, facts: list[Line], r: Term, even: Callable[[Term], Term], odd: Callable[[Term], Term],
            row: Callable[[Term], Line]) -> list[Line]:  # fmt: skip
    """``A(r, 2j) = delta(i, j) even`` and ``A(r, 2j + 1) = delta(i, j) odd`` from a row that is
    even cos(n theta_i) + odd sin(n theta_i) at every n: by independence in n."""
    x, y = even(i), odd(i)
    first = lam("N", lambda j: A(r, 2 * j) - delta(i, j) * x)
    second = lam("N", lambda j: A(r, 2 * j + 1) - delta(i, j) * y)
    target = lam("N", lambda j: first(j) * cos(n * theta(j)) + second(j) * sin(n * theta(j)))
    whole = lam("N", lambda j: A(r, 2 * j) * cos(n * theta(j)) + A(r, 2 * j + 1) * sin(n * theta(j)))
    single = lam("N", lambda j: -1 * (x * cos(n * theta(j)) + y * sin(n * theta(j))))
    picked = lam("N", lambda j: delta(i, j) * single(j))
    joined = sum_ext(p, h, target, lam("N", lambda j: whole(j) + picked(j)),
                     lambda j, _: p.ring(eq(target(j), whole(j) + picked(j))))  # fmt: skip
    added = p.at(sum_add(p), n=h, f=whole, g=picked)
    one = p.mp(p.at(sum_delta(p), n=h, j=i, f=single), p.assume(lt(i, h)))
    shown = row_as_waves(p, r, n)
    gone = p.ring(eq(total(h, target), 0), joined, added, one, shown, row(n))
    zero = p.generalise(p.convert(gone, eq(waves(h, first, second, n), 0)), n)
    return p.parts(p.theorem("relative.independence", *facts, zero, p.assume(lt(j, h)), h=h, a=first, b=second, i=j))


#: Entries of the block of the pairs i and j: [[a, -b], [b, a]], and 0 for two different pairs.
BLOCKS = const("and", eq(A(2 * i, 2 * j), A(2 * i + 1, 2 * j + 1)), const(
    "and", eq(A(2 * i, 2 * j + 1), -A(2 * i + 1, 2 * j)), implies(
        negation(eq(i, j)), const("and", eq(A(2 * i, 2 * j), 0), eq(A(2 * i + 1, 2 * j), 0)))))  # fmt: skip


@theorem("relative.only_blocks", Statement((positive(h), distinct(h), relative(h), lt(i, h), lt(j, h)), BLOCKS,
                                           (h.head, A.head)),
         "Where all frequencies are positive and different, p_m^T H p_n is a function of m - n only for an H of blocks "
         "[[a, -b], [b, a]] on the pairs, with nothing off these blocks", references=(SU,),
         instance=lambda p: zero_matrix(p))  # fmt: skip
def only_blocks(p: Proof, goal: Statement) -> Line:
    signs, apart, known = (p.assume(z) for z in goal.hyps[:3])
    facts = [signs, apart]
    rows = p.parts(matched(p, facts, known))
    start = rows_of(h, ZERO)
    x, y = start[0](i), start[1](i)

    def row(k: int) -> Callable[[Term], Line]:
        def at(n: Term) -> Line:
            z = n * theta(i)
            value = cos(z) * x - sin(z) * y if k == 0 else sin(z) * x + cos(z) * y
            return p.ring(eq(rows_of(h, n)[k](i), value), rows[k])
        return at

    top = entries(p, facts, 2 * i, lambda i: start[0](i), lambda i: -start[1](i), row(0))
    bottom = entries(p, facts, 2 * i + 1, lambda i: start[1](i), lambda i: start[0](i), row(1))
    differ = p.assume(negation(eq(i, j)))
    none_ = p.axiom("delta_other", differ, i=i, j=j)
    first, second, third = goal.concl.args[0], goal.concl.args[1].args[0], goal.concl.args[1].args[1].args[1]
    return p.both(p.ring(first, top[0], bottom[1]), p.ring(second, top[1], bottom[0]), p.discharge(
        p.both(p.ring(third.args[0], top[0], none_), p.ring(third.args[1], bottom[0], none_)), differ.concl))  # fmt: skip


def zero_matrix(p: Proof) -> list[Line]:
    """One frequency 1 and H = 0."""
    signs, apart, _, below = one_instance(p)
    none_, ones = lam(["N", "N"], lambda r, s: ZERO), lam("N", lambda _: number(1))
    size = number(1, "N")
    goal = p.rule("assume", substitute(relative(size), {A.head: none_, theta.head: ones}))
    line = p.specialise(goal, m, n)
    same = p.ring(line.concl, *(compute(p, z) for z in line.concl.args))
    return [signs, apart, p.generalise(same, m, n), below, below]


if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
