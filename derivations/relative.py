"""Which matrices H make p_m^T H p_n a function of m - n: blocks that commute with the rotations, and no others.

Source: Su, kexue.fm/archives/8231, after eq. 14. Waves of different frequencies are linearly independent, already at
the whole positions: F(t + 2) + F(t) - 2 cos(theta_h) F(t + 1) removes the frequency theta_h.
"""

from __future__ import annotations

from derivations.almost_periodic import sine_positive
from derivations.bilinear import A, codes, diagonal, form, h
from derivations.decay import cosine_falls
from derivations.frequencies import frequency
from derivations.sinusoidal import PE_cosine, angle_at, component, cos, negated, sin, theta
from derivations.taylor import bilinear
from derivations.vectors import delta, entry
from symcheck.claims import theorem
from symcheck.prove.lemmas import (
    SEQUENCE,
    all_below,
    sum_add,
    sum_constant,
    sum_delta,
    sum_ext,
    sum_pairs,
    sum_scale,
    total,
)
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import compute
from symcheck.terms import Term, const, eq, forall, implies, lam, le, lt, negation, number, substitute, unfold, var

SU = "Su, kexue.fm/archives/8231, after eq. 14"
ZERO = number(0)
a, b, H = (var(z, SEQUENCE) for z in ("a", "b", "H"))
m_, n_ = var("m"), var("n")
i, j, m, n, t = (var(z, "N") for z in ("i", "j", "m", "n", "t"))


def waves(size: Term, a: Term, b: Term, t: Term) -> Term:
    """sum_{i<size} a_i cos(t theta_i) + b_i sin(t theta_i)."""
    return total(size, lambda i: a(i) * cos(t * theta(i)) + b(i) * sin(t * theta(i)))


def turning(size: Term) -> Term:
    """No frequency is a multiple of pi."""
    return all_below(size, lambda i: negation(eq(sin(theta(i)), 0)))


def distinct(size: Term) -> Term:
    """No two frequencies have one cosine: whole positions tell them apart."""
    return forall(["N", "N"], lambda i, j: implies(lt(i, j), lt(j, size), negation(eq(cos(theta(i)), cos(theta(j))))))


def nothing(size: Term, a: Term, b: Term) -> Term:
    """The waves cancel at t = 0, 1, 2, ..."""
    return forall("N", lambda t: eq(waves(size, a, b, t), 0))


def none(size: Term, a: Term, b: Term) -> Term:
    """All coefficients are 0."""
    return all_below(size, lambda i: const("and", eq(a(i), 0), eq(b(i), 0)))


def independent(size: Term) -> Term:
    """For all coefficients."""
    return implies(turning(size), distinct(size), forall([SEQUENCE, SEQUENCE], lambda a, b: implies(
        nothing(size, a, b), none(size, a, b))))  # fmt: skip


def inverse_of_difference(p: Proof, differ: Line) -> Line:
    """``(x - y)/(x - y) = 1`` from ``x = y -> false``."""
    x, y = differ.concl.args[0].args
    zero = p.assume(eq(x - y, 0))
    return p.axiom("inverse", p.discharge(p.mp(differ, p.ring(eq(x, y), zero)), zero.concl), x=x - y)


def fewer(h: Term, a: Term, b: Term) -> tuple[Term, Term]:
    """The coefficients of F(t + 2) + F(t) - 2 cos(theta_h) F(t + 1), which has no wave h."""
    def factor(i: Term) -> Term:
        return 2 * (cos(theta(i)) - cos(theta(h)))

    return (lam("N", lambda i: factor(i) * (a(i) * cos(theta(i)) + b(i) * sin(theta(i)))),
            lam("N", lambda i: factor(i) * (b(i) * cos(theta(i)) - a(i) * sin(theta(i)))))  # fmt: skip


def one_wave_less(p: Proof, h: Term, a: Term, b: Term, every: Line) -> Line:
    """``nothing(h, fewer)`` from ``nothing(h + 1, a, b)``."""
    q = cos(theta(h))

    def of(t: Term) -> Term:
        return lam("N", lambda i: a(i) * cos(t * theta(i)) + b(i) * sin(t * theta(i)))

    left, right = fewer(h, a, b)
    target = lam("N", lambda i: left(i) * cos(t * theta(i)) + right(i) * sin(t * theta(i)))
    parts = [of(t + 2), of(t), lam("N", lambda i: -2 * q * of(t + 1)(i))]
    outer = lam("N", lambda i: parts[1](i) + parts[2](i))

    def each(i: Term, _: Line) -> Line:
        y, base = theta(i), t * number(1)
        once = angle_at(p, (t + 1) * y, base * y, y)
        twice = angle_at(p, (t + 2) * y, (base + 1) * y, y)
        same = [p.convert(p.refl(f((t + 1) * y)), eq(f((t + 1) * y), f((base + 1) * y))) for f in (cos, sin)]
        return p.ring(eq(target(i), parts[0](i) + outer(i)), *twice, *same, *once, p.axiom("pythagoras", x=y))

    size = h + 1
    joined = sum_ext(p, size, target, lam("N", lambda i: parts[0](i) + outer(i)), each)
    zeros = [p.convert(p.specialise(every, z), eq(total(size, of(z)), 0)) for z in (t + 2, t, t + 1)]
    scaled = p.ring(eq(total(size, parts[2]), 0), p.at(sum_scale(p), n=size, c=-2 * q, f=of(t + 1)), zeros[2])
    rest = p.ring(eq(total(size, outer), 0), p.at(sum_add(p), n=size, f=parts[1], g=parts[2]), zeros[1], scaled)
    whole = p.ring(eq(total(size, target), 0), joined, p.at(sum_add(p), n=size, f=parts[0], g=outer), zeros[0], rest)
    line = p.ring(eq(total(h, target), 0), whole, p.axiom("sum_successor", n=h, f=target))
    return p.generalise(p.convert(line, eq(waves(h, left, right, t), 0)), t)


def next_wave(p: Proof, h: Term, hypothesis: Line) -> Line:
    """From h frequencies to h + 1."""
    turns, apart = p.assume(turning(h + 1)), p.assume(distinct(h + 1))
    every = p.assume(nothing(h + 1, a, b))
    below, first, inside = p.assume(lt(i, h)), p.assume(lt(i, j)), p.assume(lt(j, h))
    before = p.generalise(p.discharge(p.mp(p.specialise(turns, i), p.pos(lt(i, h + 1), below)), below.concl), i)
    pair = p.mp(p.specialise(apart, i, j), first, p.pos(lt(j, h + 1), inside))
    before_apart = p.generalise(p.discharge(pair, first.concl, inside.concl), i, j)
    smaller = p.mp(hypothesis, before, before_apart)
    gone = p.mp(p.specialise(smaller, *fewer(h, a, b)), one_wave_less(p, h, a, b, every))
    values = p.parts(p.mp(p.specialise(gone, i), below))
    size = inverse_of_difference(p, p.mp(p.specialise(apart, i, h), below, p.pos(lt(h, h + 1))))
    c, s = cos(theta(i)), sin(theta(i))
    sides = a(i) * c + b(i) * s, b(i) * c - a(i) * s
    turned = [p.ring(eq(z, 0), line, size) for z, line in zip(sides, values, strict=True)]
    circle = p.axiom("pythagoras", x=theta(i))
    early = p.both(*(p.ring(eq(z(i), 0), *turned, circle) for z in (a, b)))
    early = p.generalise(p.discharge(early, below.concl), i)

    def last(t: Term) -> Line:
        """a_h cos(t theta_h) + b_h sin(t theta_h) = 0."""
        f = lam("N", lambda i: a(i) * cos(t * theta(i)) + b(i) * sin(t * theta(i)))
        rest = sum_ext(p, h, f, lam("N", lambda _: ZERO), lambda i, inside: p.ring(
            eq(f(i), 0), *p.parts(p.mp(p.specialise(early, i), inside))))  # fmt: skip
        whole = p.convert(p.specialise(every, t), eq(total(h + 1, f), 0))
        return p.ring(eq(f(h), 0), whole, p.axiom("sum_successor", n=h, f=f), rest, p.at(sum_constant(p), n=h, c=0))

    start, one = last(number(0, "N")), last(number(1, "N"))
    start = p.convert(start, eq(a(h) * cos(ZERO) + b(h) * sin(ZERO), 0))
    one = p.convert(one, eq(a(h) * cos(theta(h)) + b(h) * sin(theta(h)), 0))
    none_ = p.ring(eq(a(h), 0), start, p.axiom("cos_zero"), p.axiom("sin_zero"))
    inverse = p.axiom("inverse", p.mp(p.specialise(turns, h), p.pos(lt(h, h + 1))), x=sin(theta(h)))
    final = p.both(none_, p.ring(eq(b(h), 0), one, none_, inverse))
    here = p.assume(lt(i, h + 1))

    def late(line: Line) -> Line:  # h < i + 1 and i < h + 1
        same = p.axiom("nat_antisymmetry", line, here, m=h, n=i)
        return p.rewrite(same, final, lambda z: const("and", eq(a(z), 0), eq(b(z), 0)))

    done = p.cases(p.axiom("nat_less_or_not", m=i, n=h), lambda line: p.mp(p.specialise(early, i), line), late)
    result = p.generalise(p.discharge(done, here.concl), i)
    result = p.generalise(p.discharge(result, every.concl), a, b)
    return p.discharge(result, turns.concl, apart.concl)


def no_waves(p: Proof) -> Line:
    """With no frequency there is no coefficient."""
    zero = number(0, "N")
    below = p.assume(lt(i, zero))
    bad = p.pos(const("false"), below, p.axiom("nat_nonneg", n=i))
    line = p.axiom("false_elim", bad, p=const("and", eq(a(i), 0), eq(b(i), 0)))
    line = p.generalise(p.discharge(line, below.concl), i)
    line = p.generalise(p.discharge(line, nothing(zero, a, b)), a, b)
    return p.discharge(line, turning(zero), distinct(zero))


@theorem("relative.independence", Statement((turning(h), distinct(h), nothing(h, a, b), lt(i, h)), const(
    "and", eq(a(i), 0), eq(b(i), 0)), (h.head, a.head, b.head)),
    "Waves of different frequencies are linearly independent at the whole positions: where a sum of them is 0 at "
    "0, 1, 2, ..., all coefficients are 0", references=("Katznelson 2004, VI.5",),
    instance=lambda p: one_wave(p))  # fmt: skip
def independence(p: Proof, goal: Statement) -> Line:
    every = p.induction(independent, no_waves(p), lambda h, hypothesis: next_wave(p, h, hypothesis), name="h")
    turns, apart, zero, below = (p.assume(z) for z in goal.hyps)
    line = p.mp(p.at(every, h=h), turns, apart)
    return p.mp(p.specialise(p.mp(p.specialise(line, a, b), zero), i), below)


def one_wave(p: Proof) -> list[Line]:
    """One frequency 1 and the coefficients 0."""
    one, below = number(1, "N"), p.assume(lt(i, number(1, "N")))
    flat = p.assume(eq(sin(number(1)), 0))
    turns = p.discharge(p.pos(const("false"), p.ball(lt(0, sin(number(1)))), flat), flat.concl)
    turns = p.generalise(p.discharge(turns, below.concl), i)
    first, inside = p.assume(lt(i, j)), p.assume(lt(j, one))
    bad = p.pos(const("false"), first, inside, p.axiom("nat_nonneg", n=i))
    apart = p.axiom("false_elim", bad, p=negation(eq(cos(number(1)), cos(number(1)))))
    apart = p.generalise(p.discharge(apart, first.concl, inside.concl), i, j)
    f = lam("N", lambda i: ZERO * cos(t * number(1)) + ZERO * sin(t * number(1)))
    rest = sum_ext(p, one, f, lam("N", lambda _: ZERO), lambda i, _: p.ring(eq(f(i), 0)))
    none_ = p.ring(eq(total(one, f), 0), rest, p.at(sum_constant(p), n=one, c=0))
    return [turns, apart, p.generalise(none_, t), p.ball(lt(number(0, "N"), one))]


# The form -----------------------------------------------------------------------------------------------
def relative(size: Term, of: Term = theta) -> Term:
    """p_(m+n)^T H p_n is p_m^T H p_0 for m, n = 0, 1, 2, ..."""
    def code_of(m: Term) -> Term:
        return entry(PE_cosine, of, m)

    return forall(["N", "N"], lambda m, n: eq(bilinear(2 * size, code_of(real(m + n)), A, code_of(real(n))),
                                              bilinear(2 * size, code_of(real(m)), A, code_of(ZERO))))  # fmt: skip


def real(n: Term) -> Term:
    """A natural number as a real one."""
    return const("real", n)


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


def matched(p: Proof, facts: list[Line], known: Line) -> list[Line]:
    """``row 2i = cos(n theta_i) a - sin(n theta_i) b and row 2i + 1 = sin a + cos b`` for i < h and every n, where a and b
    are these rows at n = 0: by independence in m."""
    now, start = rows_of(h, real(n)), rows_of(h, ZERO)
    first = lam("N", lambda i: cos(n * theta(i)) * now[0](i) + sin(n * theta(i)) * now[1](i) - start[0](i))
    second = lam("N", lambda i: cos(n * theta(i)) * now[1](i) - sin(n * theta(i)) * now[0](i) - start[1](i))
    left = lam("N", lambda i: now[0](i) * cos((m + n) * theta(i)) + now[1](i) * sin((m + n) * theta(i)))
    inner = lam("N", lambda i: start[0](i) * cos(m * theta(i)) + start[1](i) * sin(m * theta(i)))
    right = lam("N", lambda i: -1 * inner(i))
    target = lam("N", lambda i: first(i) * cos(m * theta(i)) + second(i) * sin(m * theta(i)))

    def each(i: Term, _: Line) -> Line:
        return p.ring(eq(target(i), left(i) + right(i)), *angle_at(p, (m + n) * theta(i), m * theta(i), n * theta(i)))

    joined = sum_ext(p, h, target, lam("N", lambda i: left(i) + right(i)), each)
    parts = [p.at(sum_add(p), n=h, f=left, g=right), p.at(sum_scale(p), n=h, c=-1, f=inner)]
    sides = [form_as_waves(p, real(m + n), real(n)), form_as_waves(p, real(m), ZERO)]
    sides = [p.convert(line, eq(line.lhs, total(h, f))) for line, f in zip(sides, (left, inner), strict=True)]
    equal = p.ring(eq(sides[0].rhs, sides[1].rhs), p.specialise(known, m, n), *sides)
    gone = p.ring(eq(total(h, target), 0), joined, *parts, equal)
    zero = p.generalise(p.convert(gone, eq(waves(h, first, second, m), 0)), m)
    lines = p.parts(p.theorem("relative.independence", *facts, zero, p.assume(lt(i, h)), h=h, a=first, b=second, i=i))
    c, s, x, y = cos(n * theta(i)), sin(n * theta(i)), start[0](i), start[1](i)
    circle = p.axiom("pythagoras", x=n * theta(i))
    return [p.ring(eq(now[0](i), c * x - s * y), *lines, circle), p.ring(eq(now[1](i), s * x + c * y), *lines, circle)]


def entries(p: Proof, facts: list[Line], r: Term, x: Term, y: Term, row: Line) -> list[Line]:
    """``A(r, 2j) = delta(i, j) x`` and ``A(r, 2j + 1) = delta(i, j) y`` from a row that is x cos(n theta_i) +
    y sin(n theta_i) at every n: by independence in n."""
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
    shown = row_as_waves(p, r, real(n))
    shown = p.convert(shown, eq(shown.lhs, total(h, whole)))
    gone = p.ring(eq(total(h, target), 0), joined, added, one, shown, row)
    zero = p.generalise(p.convert(gone, eq(waves(h, first, second, n), 0)), n)
    return p.parts(p.theorem("relative.independence", *facts, zero, p.assume(lt(j, h)), h=h, a=first, b=second, i=j))


#: Entries of the block of the pairs i and j: [[a, -b], [b, a]], and 0 for two different pairs.
BLOCKS = const("and", eq(A(2 * i, 2 * j), A(2 * i + 1, 2 * j + 1)), const(
    "and", eq(A(2 * i, 2 * j + 1), -A(2 * i + 1, 2 * j)), implies(
        negation(eq(i, j)), const("and", eq(A(2 * i, 2 * j), 0), eq(A(2 * i + 1, 2 * j), 0)))))  # fmt: skip


@theorem("relative.only_blocks", Statement((turning(h), distinct(h), relative(h), lt(i, h), lt(j, h)), BLOCKS,
                                           (h.head, A.head)),
         "If the form depends on positions by their difference alone, H is made of blocks [[a, -b], [b, a]] on the pairs, "
         "with nothing off these blocks", references=(SU,), instance=lambda p: zero_matrix(p))  # fmt: skip
def only_blocks(p: Proof, goal: Statement) -> Line:
    facts, known = [p.assume(z) for z in goal.hyps[:2]], p.assume(goal.hyps[2])
    rows = matched(p, facts, known)
    start = rows_of(h, ZERO)
    top = entries(p, facts, 2 * i, start[0](i), -start[1](i), rows[0])
    bottom = entries(p, facts, 2 * i + 1, start[1](i), start[0](i), rows[1])
    differ = p.assume(negation(eq(i, j)))
    none_ = p.axiom("delta_other", differ, i=i, j=j)
    first, second, third = goal.concl.args[0], goal.concl.args[1].args[0], goal.concl.args[1].args[1].args[1]
    return p.both(p.ring(first, top[0], bottom[1]), p.ring(second, top[1], bottom[0]), p.discharge(
        p.both(p.ring(third.args[0], top[0], none_), p.ring(third.args[1], bottom[0], none_)), differ.concl))  # fmt: skip


def zero_matrix(p: Proof) -> list[Line]:
    """One frequency 1 and H = 0."""
    turns, apart, _, below = one_wave(p)
    none_, ones = lam(["N", "N"], lambda r, s: ZERO), lam("N", lambda _: number(1))
    goal = p.assume(substitute(relative(number(1, "N")), {A.head: none_, theta.head: ones}))
    line = p.specialise(goal, m, n)
    same = p.ring(line.concl, *(compute(p, z) for z in line.concl.args))
    return [turns, apart, p.generalise(same, m, n), below, below]


base = var("b")
thetas = lam("N", lambda i: frequency(base, 2 * h, i))


@theorem("relative.sinusoidal", Statement((lt(1, base), relative(h, thetas), lt(i, h), lt(j, h)), BLOCKS,
                                          (base.head, h.head, A.head)),
         "With the frequencies of the sinusoidal code p_m^T H p_n is a function of m - n for no other H than blocks "
         "[[a, -b], [b, a]] on the pairs", references=(SU,), instance=lambda p: [
             p.ball(lt(number(1), number(2))), zero_matrix_sinusoidal(p),
             *[p.ball(lt(number(0, "N"), number(1, "N")))] * 2])  # fmt: skip
def sinusoidal(p: Proof, goal: Statement) -> Line:
    above, known, *inside = (p.assume(z) for z in goal.hyps)
    facts = sinusoidal_frequencies(p, above)
    return p.theorem("relative.only_blocks", *facts, known, *inside, h=h, A=A, theta=thetas, i=i, j=j)


def sinusoidal_frequencies(p: Proof, above: Line) -> list[Line]:
    """``turning`` and ``distinct``: the frequencies lie in (0, 1] and fall, so that their sines are positive and their
    cosines grow."""
    def size(k: Term, below: Line) -> tuple[Line, Line]:
        """0 < theta_k <= 1."""
        bounds = p.theorem("frequencies.bounds", above, p.pos(lt(2 * k, 2 * h), below), b=base, d=2 * h, i=k)
        return p.theorem("frequencies.positive", b=base, d=2 * h, i=k), p.parts(bounds)[1]

    below, order = p.assume(lt(i, h)), p.assume(lt(i, j))
    low, high = size(i, below)
    up = p.mp(p.at(sine_positive(p), z=low.rhs), low, high)
    flat = p.assume(eq(sin(low.rhs), 0))
    turns = p.discharge(p.pos(const("false"), up, flat), flat.concl)
    turns = p.generalise(p.discharge(turns, below.concl), i)
    later = p.assume(lt(j, h))
    some = p.pos(lt(number(0, "N"), 2 * h), later, p.axiom("nat_nonneg", n=j))
    least, most = size(j, later)[0], p.pos(lt(i, h), order, later)
    falls = p.theorem("frequencies.decreasing", above, some, order, b=base, d=2 * h, i=i, j=j)
    wide = p.pos(le(low.rhs, const("pi")), size(i, most)[1], p.ball(lt(1, const("pi"))))
    grown = p.mp(p.at(cosine_falls(p), u=least.rhs, z=low.rhs), p.pos(le(0, least.rhs), least), falls, wide)
    same = p.assume(eq(cos(low.rhs), cos(least.rhs)))
    apart = p.discharge(p.pos(const("false"), grown, same), same.concl)
    apart = p.generalise(p.discharge(apart, order.concl, later.concl), i, j)
    return [turns, apart]


def zero_matrix_sinusoidal(p: Proof) -> Line:
    """H = 0, one pair, base 2."""
    none_, size = lam(["N", "N"], lambda r, s: ZERO), number(1, "N")
    goal = p.assume(substitute(relative(h, thetas), {A.head: none_, h.head: size, base.head: number(2)}))
    line = p.specialise(goal, m, n)
    return p.generalise(p.ring(line.concl, *(compute(p, z) for z in line.concl.args)), m, n)


# A diagonal H, and sums of positions ---------------------------------------------------------------------
def diagonal_form(entries: Term, size: Term, of: Term, m: Term, n: Term) -> Term:
    """p_m^T diag(entries) p_n for the frequencies ``of``, cosine first."""
    return bilinear(2 * size, entry(PE_cosine, of, m), entry(diagonal, entries), entry(PE_cosine, of, n))


def only_sums(size: Term, of: Term = theta) -> Term:
    """The form is a function of m + n, at m, n = 0, 1, 2, ..."""
    return forall(["N", "N"], lambda m, n: eq(diagonal_form(H, size, of, real(m), real(n)),
                                              diagonal_form(H, size, of, real(m + n), ZERO)))  # fmt: skip


PAIR_SUM = H(2 * i) + H(2 * i + 1)


@theorem("relative.only_sums", Statement((turning(h), distinct(h), only_sums(h), lt(i, h)), eq(PAIR_SUM, 0),
                                         (h.head, H.head)),
         "If the form of a diagonal H depends on m + n alone, its entries cancel in each pair: there is no part in m - n",
         references=(SU,), instance=lambda p: zero_diagonal(p))  # fmt: skip
def sums_only(p: Proof, goal: Statement) -> Line:
    """F(m, 1) - F(m + 1, 0) = sum_i (H_2i + H_2i+1) sin(theta_i) sin(m theta_i)."""
    turns, apart, known, below = (p.assume(z) for z in goal.hyps)
    none_ = lam("N", lambda j: ZERO)
    weight = lam("N", lambda j: (H(2 * j) + H(2 * j + 1)) * sin(theta(j)))
    ends = []
    for x, y in ((real(m), real(number(1, "N"))), (real(m + 1), ZERO)):
        ends.append(p.theorem("bilinear.product_to_sum", h=h, H=H, theta=theta, m=x, n=y))
    f, g = (line.rhs.args[1] for line in ends)
    target = lam("N", lambda j: none_(j) * cos(m * theta(j)) + weight(j) * sin(m * theta(j)))

    def each(j: Term, _: Line) -> Line:
        y, base = theta(j), m * number(1)
        parts = [line for z, w, v in (((base - 1) * y, base * y, -y), ((base + 1) * y, base * y, y))
                 for line in angle_at(p, z, w, v)]  # fmt: skip
        same = [p.convert(p.refl(u(v)), eq(u(v), u(w))) for u in (cos, sin) for v, w in (
            ((real(m) - real(number(1, "N"))) * y, (base - 1) * y), ((real(m) + real(number(1, "N"))) * y, (base + 1) * y),
            ((real(m + 1) - ZERO) * y, (base + 1) * y), ((real(m + 1) + ZERO) * y, (base + 1) * y))]  # fmt: skip
        return p.ring(eq(target(j), f(j) + -1 * g(j)), *same, *parts, *negated(p, y))

    joined = sum_ext(p, h, target, lam("N", lambda j: f(j) + -1 * g(j)), each)
    minus = p.at(sum_scale(p), n=h, c=-1, f=g)
    split = p.at(sum_add(p), n=h, f=f, g=lam("N", lambda j: -1 * g(j)))
    equal = p.convert(p.specialise(known, m, 1), eq(ends[0].lhs, ends[1].lhs))
    level = p.trans(p.symm(ends[0]), equal, ends[1])
    gone = p.ring(eq(total(h, target), 0), p.trans(joined, split), minus, level)
    zero = p.generalise(p.convert(gone, eq(waves(h, none_, weight, m), 0)), m)
    line = p.parts(p.theorem("relative.independence", turns, apart, zero, below, h=h, a=none_, b=weight, i=i))[1]
    inverse = p.axiom("inverse", p.mp(p.specialise(turns, i), below), x=sin(theta(i)))
    return p.ring(goal.concl, p.convert(line, eq(weight(i), 0)), inverse)


def zero_diagonal(p: Proof) -> list[Line]:
    """One frequency 1 and H = 0."""
    turns, apart, _, below = one_wave(p)
    none_, ones = lam("N", lambda r: ZERO), lam("N", lambda _: number(1))
    goal = p.assume(substitute(only_sums(number(1, "N")), {H.head: none_, theta.head: ones}))
    line = p.specialise(goal, m, n)
    same = p.ring(line.concl, *(compute(p, z) for z in line.concl.args))
    return [turns, apart, p.generalise(same, m, n), below]


@theorem("relative.sinusoidal_sums", Statement((lt(1, base), lt(i, h), negation(eq(PAIR_SUM, 0))),
                                               negation(only_sums(h, thetas)), (base.head, h.head, H.head)),
         "With the frequencies of the sinusoidal code the form of a diagonal H depends on more than m + n, unless the "
         "entries cancel in each pair", references=(SU + ", eq. 13",),
         instance=lambda p: [p.ball(lt(number(1), number(2))), p.ball(lt(number(0, "N"), number(1, "N"))), p.discharge(
             p.pos(const("false"), p.assume(eq(number(1) + 1, 0))), eq(number(1) + 1, 0))])  # fmt: skip
def sinusoidal_sums(p: Proof, goal: Statement) -> Line:
    above, below, differ = (p.assume(z) for z in goal.hyps)
    known = p.assume(only_sums(h, thetas))
    line = p.theorem("relative.only_sums", *sinusoidal_frequencies(p, above), known, below, h=h, H=H, theta=thetas, i=i)
    return p.discharge(p.mp(differ, line), known.concl)


#: The diagonal 1, 1, 0, 0, ...: the first pair alone.
FIRST_PAIR = lam("N", lambda j: const("case", j, 1, lam("N", lambda k: const("case", k, 1, lam("N", lambda _: ZERO)))))


@theorem("relative.first_pair", Statement((lt(number(0, "N"), h),), eq(
    diagonal_form(FIRST_PAIR, h, thetas, m_, n_), cos(m_ - n_)), (base.head, h.head)),
    "With the diagonal 1, 1, 0, ..., 0 the form is cos(m - n), for every dimension: it does not decay",
    references=(SU + ", after eq. 13",), instance=lambda p: [p.ball(lt(number(0, "N"), number(1, "N")))])  # fmt: skip
def first_pair(p: Proof, goal: Statement) -> Line:
    some = p.assume(goal.hyps[0])
    zero = number(0, "N")
    at = p.theorem("bilinear.product_to_sum", h=h, H=FIRST_PAIR, theta=thetas, m=m_, n=n_)
    f = at.rhs.args[1]
    wave = lam("N", lambda j: cos((m_ - n_) * thetas(j)))

    def each(j: Term, _: Line) -> Line:
        goal = eq(f(j), delta(zero, j) * wave(j))

        def first(line: Line) -> Line:  # 0 = j
            here = [compute(p, FIRST_PAIR(number(k, "N"))) for k in (0, 1)]
            same = p.convert(p.axiom("delta_same", i=zero), eq(delta(zero, zero), 1))
            start = p.ring(eq(f(zero), delta(zero, zero) * wave(zero)), same, *(
                p.convert(one, eq(FIRST_PAIR(2 * zero + k), one.rhs)) for k, one in enumerate(here)))  # fmt: skip
            return p.rewrite(line, start, lambda z: eq(f(z), delta(zero, z) * wave(z)))

        def later(line: Line) -> Line:
            other = p.axiom("delta_other", line, i=zero, j=j)

            def use(k: Term, equation: Line) -> Line:  # j = k + 1
                gone = []
                for index in (2 * k, 2 * k + 1):  # the components 2j = 2k + 2 and 2j + 1
                    one = p.axiom("case_successor", n=index + 1, x=1, f=lam("N", lambda k: const(
                        "case", k, 1, lam("N", lambda _: ZERO))))  # fmt: skip
                    two = p.axiom("case_successor", n=index, x=1, f=lam("N", lambda _: ZERO))
                    gone.append(p.trans(p.convert(one, eq(FIRST_PAIR(index + 2), one.rhs)), p.convert(two, eq(one.rhs, 0))))
                gone = [p.convert(line, eq(FIRST_PAIR(2 * (k + 1) + e), 0)) for e, line in enumerate(gone)]
                start = p.ring(eq(f(k + 1), 0), *gone)
                return p.rewrite(p.symm(equation), start, lambda z: eq(f(z), 0))

            def never(same: Line) -> Line:
                return p.axiom("false_elim", p.mp(line, p.symm(same)), p=eq(f(j), 0))

            nothing = p.cases(p.axiom("nat_zero_or_successor", n=j), never, lambda found: p.obtain(found, use, name="k"))
            return p.ring(goal, other, nothing)

        return p.cases(p.axiom("excluded_middle", p=eq(zero, j)), first, later)

    picked = p.mp(p.at(sum_delta(p), n=h, j=zero, f=wave), some)
    sums = p.trans(at, sum_ext(p, h, f, picked.lhs.args[1], each), picked)
    one = p.theorem("frequencies.first", b=base, d=2 * h)
    angle = p.ring(eq(wave(zero).args[0], m_ - n_), one)
    last = p.rewrite(angle, p.refl(wave(zero)), lambda z: eq(wave(zero), cos(z)))
    return p.trans(p.convert(sums, eq(goal.concl.args[0], wave(zero))), last)


if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
