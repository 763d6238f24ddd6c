"""p_m^T H p_n for sinusoidal codes and H the identity, diagonal or general: when it is a function of m - n.

Source: Su, kexue.fm/archives/8231, eq. 12 to 14. Components run from 0 to 2h - 1, pairs (2i, 2i + 1) from
i = 0 to h - 1 with the frequency theta_i; the code has the cosine first.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derivations.blocks import blocks, weave, woven
from derivations.complex_plane import held
from derivations.frequencies import LAMBERT, LAMBERT_1768
from derivations.sinusoidal import PE_cosine, absolute_le, angle_at, code, component, cos, negated, sin, theta
from derivations.taylor import bilinear
from derivations.vectors import delta, dot, entry
from symcheck.claims import theorem
from symcheck.evidence import countertheorem
from symcheck.prove.lemmas import SEQUENCE, by_parity, sum_add, sum_delta, sum_ext, sum_le, sum_pairs, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import HALF_PI, matrix, table
from symcheck.render.notation import register
from symcheck.terms import Term, const, defined, eq, forall, implies, lam, le, lt, negation, number, substitute, unfold, var

SU = "Su, kexue.fm/archives/8231"
HALF = Fraction(1, 2)

#: Entry (r, s) of the diagonal matrix with these entries.
diagonal = defined("diagonal", [SEQUENCE, "N", "N"], lambda a, r, s: delta(r, s) * a(r))
register("diagonal", tex=r"\bigl(\operatorname{diag} <0:atom>\bigr)_{<1>, <2>}", text="(diag <0:atom>)[<1>, <2>]",
         function_tex=r"\operatorname{diag} <0:atom>", function_text="diag <0:atom>")  # fmt: skip

m, n, x, y = (var(s) for s in ("m", "n", "x", "y"))
d, h, i = (var(s, "N") for s in ("d", "h", "i"))
a, b, c, e = (var(s, SEQUENCE) for s in "abce")
u, v = var("u", SEQUENCE), var("v", SEQUENCE)
H = var("H", SEQUENCE)  # the diagonal: H(r) stands for the entry (r, r)


def codes(m: Term) -> Term:
    """The code of a position, cosine first."""
    return code(m, PE_cosine)


def form(H: Term, size: Term | int, m: Term, n: Term) -> Term:
    """p_m^T H p_n."""
    return bilinear(size, codes(m), H, codes(n))


@theorem("bilinear.diagonal_matrix", Statement((), eq(
    bilinear(d, u, entry(diagonal, a), v), total(d, lambda r: a(r) * u(r) * v(r))), (d.head, a.head)),
    "The form of a diagonal matrix is a weighted inner product")  # fmt: skip
def diagonal_matrix(p: Proof, goal: Statement) -> Line:
    left = unfold(goal.concl.args[0], ["bilinear"])
    f, g = left.args[1], goal.concl.args[1].args[1]

    def each(r: Term, below: Line) -> Line:
        inner = f(r).args[1]  # the sum over s
        picked = lam("N", lambda s: a(r) * v(s))
        row = sum_ext(p, d, inner.args[1], lam("N", lambda s: delta(r, s) * picked(s)), lambda s, _: p.ring(
            eq(inner.args[1](s), delta(r, s) * picked(s)),
            p.by_definition(eq(diagonal(a, r, s), delta(r, s) * a(r)), "diagonal")))  # fmt: skip
        one = p.mp(p.at(sum_delta(p), n=d, j=r, f=picked), below)
        return p.ring(eq(f(r), g(r)), row, one)

    return p.trans(p.by_definition(eq(goal.concl.args[0], left), "bilinear"), sum_ext(p, d, f, g, each))


def paired(p: Proof, goal: Statement, terms: Term, facts: Callable[[Term, Line], list[Line]]) -> Line:
    """p_m^T diag(H) p_n as a sum over pairs, each rewritten by the equations ``facts(i)``."""
    at = p.theorem("bilinear.diagonal_matrix", d=2 * h, a=H, u=codes(m), v=codes(n))
    pairs = p.at(sum_pairs(p), h=h, f=at.rhs.args[1])

    def each(i: Term, below: Line) -> Line:
        parts = [component(p, PE_cosine, w, r) for w in (m, n) for r in (2 * i, 2 * i + 1)]
        return p.ring(eq(pairs.rhs.args[1](i), terms(i)), *parts, *facts(i, below))

    inner = sum_ext(p, h, pairs.rhs.args[1], terms, each)
    return p.trans(at, pairs, inner)


PRODUCTS = Statement((), eq(form(entry(diagonal, H), 2 * h, m, n), total(h, lambda i:
    H(2 * i) * (cos(m * theta(i)) * cos(n * theta(i))) + H(2 * i + 1) * (sin(m * theta(i)) * sin(n * theta(i))))),
    (h.head, H.head))  # fmt: skip


@theorem("bilinear.diagonal", PRODUCTS,
         "A diagonal H weights the products of cosines and of sines; the pairs run from i = 0 to d/2 - 1",
         references=(SU + ", eq. 12",))  # fmt: skip
def diagonal_form(p: Proof, goal: Statement) -> Line:
    return paired(p, goal, goal.concl.args[1].args[1], lambda i, _: [])


def sum_and_difference(p: Proof, i: Term) -> list[Line]:
    """The addition formulas at (m - n) theta_i and (m + n) theta_i."""
    x, y = m * theta(i), n * theta(i)
    return [*angle_at(p, (m - n) * theta(i), x, -y), *negated(p, y), *angle_at(p, (m + n) * theta(i), x, y)]


def product_to_sum(i: Term, H: Term = H) -> Term:
    """The i-th term of eq. 13."""
    return (HALF * (H(2 * i) + H(2 * i + 1)) * cos((m - n) * theta(i))
            + HALF * (H(2 * i) - H(2 * i + 1)) * cos((m + n) * theta(i)))  # fmt: skip


@theorem("bilinear.product_to_sum", Statement((), eq(form(entry(diagonal, H), 2 * h, m, n), total(h, product_to_sum)),
                                              (h.head, H.head)),
         "A diagonal H gives a part in m - n and a part in m + n", references=(SU + ", eq. 13",))  # fmt: skip
def product_to_sum_form(p: Proof, goal: Statement) -> Line:
    return paired(p, goal, goal.concl.args[1].args[1], lambda i, _: sum_and_difference(p, i))


equal_pairs = forall("N", lambda i: implies(lt(i, h), eq(H(2 * i), H(2 * i + 1))))


@theorem("bilinear.equal_pairs", Statement((equal_pairs,), eq(
    form(entry(diagonal, H), 2 * h, m, n), total(h, lambda i: H(2 * i) * cos((m - n) * theta(i)))), (h.head, H.head)),
    "Equal entries in each pair remove the part in m + n: what is left is a function of m - n",
    references=(SU + ", after eq. 13",),
    instance=lambda p: [held(p, forall("N", lambda i: implies(lt(i, h), eq(number(1), number(1)))))])  # fmt: skip
def equal_pairs_form(p: Proof, goal: Statement) -> Line:
    known = p.assume(goal.hyps[0])
    return paired(p, goal, goal.concl.args[1].args[1], lambda i, below: [
        *sum_and_difference(p, i), p.mp(p.specialise(known, i), below)])


def offsets_only(H: Term, name: Term) -> Statement:
    """p_m^T H p_n is what it is at the offset m - n and position 0."""
    return Statement((), eq(form(H, 2 * h, m, n), form(H, 2 * h, m - n, number(0))), (h.head, name.head))


countertheorem("bilinear.diagonal_not_relative",
               "A diagonal H whose entries differ within a pair does not give a function of m - n",
               offsets_only(entry(diagonal, H), H),
               {"h": 1, "H": table([0, 1, 0]), "theta": table([HALF_PI]), "m": 1, "n": 1},
               references=(SU + ", eq. 13",))  # fmt: skip

# Not diagonal -------------------------------------------------------------------------------------------
conformal = entry(blocks, a, lam("N", lambda i: -b(i)), b, a)


def turned_pair(i: Term) -> Term:
    """a cos + b sin of (m - n) theta_i."""
    return a(i) * cos((m - n) * theta(i)) + b(i) * sin((m - n) * theta(i))


@theorem("bilinear.conformal", Statement((), eq(form(conformal, 2 * h, m, n), total(h, turned_pair)), (h.head, a.head)),
         "An H that is not diagonal, with blocks [[a, -b], [b, a]], gives a function of m - n too, and sees its sign",
         references=(SU + ", after eq. 14",))  # fmt: skip
def conformal_form(p: Proof, goal: Statement) -> Line:
    names = {"a": a, "b": lam("N", lambda i: -b(i)), "c": b, "d": a}
    left = unfold(goal.concl.args[0], ["bilinear"])
    r = var("r", "N")
    row = p.theorem("blocks.matvec", h=h, r=r, x=codes(n), **names)

    def image(s: Term) -> Term:
        return substitute(row.rhs, {r.head: s})

    def each(s: Term, below: Line) -> Line:
        at = p.cuts(p.rule("instantiate", row, {r.head: s}), below)
        start = p.by_definition(eq(left.args[1](s).args[1], at.lhs), "matvec")
        return p.ring(eq(left.args[1](s), codes(m)(s) * image(s)), start, at)

    rows = sum_ext(p, 2 * h, left.args[1], lam("N", lambda s: codes(m)(s) * image(s)), each)
    pairs = p.at(sum_pairs(p), h=h, f=rows.rhs.args[1])

    def pair(i: Term, _: Line) -> Line:
        opened = [woven(p, weave(*image(s).args[:2], s)) for s in (2 * i, 2 * i + 1)]
        parts = [component(p, PE_cosine, w, s) for w in (m, n) for s in (2 * i, 2 * i + 1)]
        return p.ring(eq(pairs.rhs.args[1](i), turned_pair(i)), *opened, *parts, *sum_and_difference(p, i))

    inner = sum_ext(p, h, pairs.rhs.args[1], goal.concl.args[1].args[1], pair)
    return p.trans(p.by_definition(eq(goal.concl.args[0], left), "bilinear"), rows, pairs, inner)


OFF_DIAGONAL = matrix([[0, 1], [0, 0]])
A = var("A", ("N", "N", "R"))
countertheorem("bilinear.general_not_relative",
               "For a general H the form is not a function of m - n, not even in one pair",
               offsets_only(A, A),
               {"h": 1, "A": OFF_DIAGONAL, "theta": table([HALF_PI * HALF]), "m": 1, "n": 1},
               references=(SU,))  # fmt: skip

# One frequency for all components ------------------------------------------------------------------------
#: The code sin(pos - i/d), component i.
single_wave = defined("single_wave", ["N", "R", "N"], lambda d, pos, i: sin(pos - i * const("inv", d)))
register("single_wave", tex=r"E(<1>)_{<2>}", text="E(<1>)[<2>]", function_tex="E(<1>)", function_text="E(<1>)")


def wave(pos: Term) -> Term:
    """The code sin(pos - i/d) as a vector of d components."""
    return entry(single_wave, d, pos)


@theorem("bilinear.single_wave", Statement((), eq(dot(d, wave(m), wave(n)), total(d, lambda i: HALF * (
    cos(m - n) - cos(m + n - 2 * i * const("inv", d))))), (d.head,)),
    "The inner product of the codes sin(pos - i/d) has a part in m + n",
    references=(SU + ", comment of 2023-09-30",))  # fmt: skip
def single_wave_products(p: Proof, goal: Statement) -> Line:
    left = unfold(goal.concl.args[0], ["dot", "single_wave"])

    def each(i: Term, _: Line) -> Line:
        x, y = m - i * const("inv", d), n - i * const("inv", d)
        sums = [*angle_at(p, m - n, x, -y), *negated(p, y), *angle_at(p, m + n - 2 * i * const("inv", d), x, y)]
        return p.ring(eq(left.args[1](i), goal.concl.args[1].args[1](i)), *sums)

    return p.trans(p.by_definition(eq(goal.concl.args[0], left), "dot", "single_wave"),
                   sum_ext(p, d, left.args[1], goal.concl.args[1].args[1], each))  # fmt: skip


M, N = var("m", "N"), var("n", "N")
SAME_WAVES = forall("N", lambda i: implies(lt(i, d), eq(wave(const("real", M))(i), wave(const("real", N))(i))))


@theorem("bilinear.single_wave_distinct", Statement((LAMBERT, lt(0, d), lt(M, N)), negation(SAME_WAVES), (d.head,)),
         "The codes sin(pos - i/d) of different whole positions differ, in the component i = 0 already, because pi is "
         "irrational", references=(SU + ", comment of 2023-09-30", LAMBERT_1768))  # fmt: skip
def single_wave_distinct(p: Proof, goal: Statement) -> Line:
    """From sin m = sin n: sin(n + m) sin(n - m) = sin^2 n - sin^2 m = 0, and neither factor is 0."""
    irrational, size, order = (p.assume(z) for z in goal.hyps)
    same = p.assume(SAME_WAVES)
    zero = number(0, "N")
    first = p.mp(p.specialise(same, zero), p.convert(size, lt(zero, d)))
    x, y = M * number(1), N * number(1)
    level = p.convert(first, eq(sin(x), sin(y)), "single_wave")

    def use(K: Term, gap: Line) -> Line:  # n = m + K
        far = N + M
        sums = [*angle_at(p, y + x, y, x), *angle_at(p, y - x, y, -x), *negated(p, x)]
        units = [p.axiom("pythagoras", x=z) for z in (x, y)]
        product = p.ring(eq(sin(y + x) * sin(y - x), 0), *sums, *units, level)
        distance = p.ring(eq(y - x, K * number(1)), gap)
        product = p.rewrite(distance, product, lambda z: eq(sin(y + x) * sin(z), 0))
        product = p.convert(product, eq(sin(far * number(1)) * sin(K * number(1)), 0))
        some = p.pos(lt(zero, K), order, gap)
        away = [p.mp(p.specialise(irrational, z), line) for z, line in (
            (K, some), (far, p.pos(lt(zero, far), order, p.axiom("nat_nonneg", n=M))))]  # fmt: skip
        units = [p.axiom("inverse", p.convert(line, negation(eq(sin(z * number(1)), 0))), x=sin(z * number(1)))
                 for z, line in zip((K, far), away, strict=True)]  # fmt: skip
        return p.pos(const("false"), p.ring(eq(number(1), 0), product, *units))

    later = p.axiom("nat_difference", p.pos(lt(M, N + 1), order), m=M, n=N)
    return p.discharge(p.obtain(later, use, name="K"), same.concl)


countertheorem("bilinear.single_wave_not_relative",
               "The inner product of the codes sin(pos - i/d) is no function of the offset",
               Statement((), eq(dot(d, wave(m), wave(n)), dot(d, wave(m - n), wave(number(0)))), (d.head,)),
               {"d": 1, "m": 1, "n": 1}, references=(SU + ", comment of 2023-09-30",))  # fmt: skip

# A dominant diagonal -------------------------------------------------------------------------------------
DIAGONAL = entry(diagonal, lam("N", lambda r: A(r, r)))


def off_diagonal(r: Term, s: Term) -> Term:
    """|H_rs|, 0 for r = s."""
    return const("abs", A(r, s) - delta(r, s) * A(r, r))


def at_most_one(p: Proof, pos: Term, r: Term) -> list[Line]:
    """Every component of a code lies between -1 and 1."""
    def prove(p: Proof) -> Line:
        j, of = var("j", "N"), PE_cosine(theta, m, var("j", "N"))

        def side(parity: int, i: Term, _: Line) -> Line:
            line = component(p, PE_cosine, m, 2 * i + 1 if parity else 2 * i)
            f, g = (sin, cos) if parity else (cos, sin)
            value, other = f(m * theta(i)), g(m * theta(i))
            unit = p.axiom("pythagoras", x=m * theta(i))
            squares = [value + 1, value - 1, other]
            return p.both(*(p.pos(aim, p.pos(bound, unit, squares=squares), line) for aim, bound in (
                (le(-1, line.lhs), le(-1, value)), (le(line.lhs, 1), le(value, 1)))))  # fmt: skip

        return by_parity(p, j, const("and", le(-1, of), le(of, 1)), side)

    return p.parts(p.at(p.lemma("components of codes lie between -1 and 1", prove), m=pos, j=r))


@theorem("bilinear.off_diagonal", Statement((), le(const("abs", form(A, d, m, n) - form(DIAGONAL, d, m, n)), total(
    d, lambda r: total(d, lambda s: off_diagonal(r, s)))), (d.head, A.head)),
    "The entries off the diagonal change the form by no more than the sum of their sizes",
    references=(SU + ", after eq. 14",))  # fmt: skip
def off_diagonal_part(p: Proof, goal: Statement) -> Line:
    """|q_s| <= 1 bounds each term, |p_r| <= 1 each row."""
    r, s = var("r", "N"), var("s", "N")
    left, right = (unfold(t, ["bilinear", "diagonal"]) for t in (form(A, d, m, n), form(DIAGONAL, d, m, n)))
    rows = [t.args[1] for t in (left, right)]
    parts = [lam("N", lambda r, f=f: total(d, f(r).args[1].args[1])) for f in rows]  # the sums over s
    sizes = lam("N", lambda r: total(d, lambda s: off_diagonal(r, s)))

    def compared(f: Term, g: Term, size: Term, index: Term, both: Callable[[Term], list[Line]]) -> list[Line]:
        """``-sum size <= sum f - sum g <= sum size`` from the same for each term."""
        below = p.assume(lt(index, d))
        out = []
        for k, (low, high) in enumerate(((f, g), (g, f))):
            more = lam("N", lambda e, high=high: high(e) + size(e))
            each = p.generalise(p.discharge(p.pos(le(low(index), more(index)), both(index)[k]), below.concl), index)
            out.append(p.pos(le(total(d, low), total(d, high) + total(d, size)),
                             p.mp(p.at(sum_le(p), n=d, f=low, g=more), each), p.at(sum_add(p), n=d, f=high, g=size)))
        return out  # fmt: skip

    def each_term(r: Term) -> Callable[[Term], list[Line]]:
        def both(s: Term) -> list[Line]:
            gap = A(r, s) - delta(r, s) * A(r, r)
            low, high = at_most_one(p, n, s)
            a, e = (f(r).args[1].args[1](s) for f in rows)
            size = const("abs", gap)
            one = Fraction(1)

            def side(line: Line) -> Line:
                negative = line.concl.is_const("lt")
                sign = p.pos(le(gap, 0), line) if negative else line
                same = p.axiom("abs_nonpos" if negative else "abs_nonneg", sign, x=gap)
                first, second = (low, high) if not negative else (high, low)
                # size - gap q = |gap| (1 -+ q), size + gap q = |gap| (1 +- q)
                return p.both(*(p.rule("pos", le(aim, size), [sign, bound], [(one, [0, 1], number(1))], [same], [number(1)])
                                for aim, bound in ((a - e, second), (e - a, first))))  # fmt: skip

            return p.parts(p.cases(p.axiom("trichotomy", x=gap, y=number(0)), side, side))
        return both

    def each_row(r: Term) -> list[Line]:
        inner = compared(rows[0](r).args[1].args[1], rows[1](r).args[1].args[1], lam("N", lambda s: off_diagonal(r, s)), s,
                         each_term(r))  # fmt: skip
        low, high = at_most_one(p, m, r)
        x, y, z = parts[0](r), parts[1](r), sizes(r)
        c = PE_cosine(theta, m, r)
        half = HALF
        # z - c (x - y) = (1 + c)/2 (z - (x - y)) + (1 - c)/2 (z + (x - y))
        out = []
        for sign in (1, -1):
            first, second = (low, high) if sign > 0 else (high, low)
            out.append(p.rule("pos", le(sign * (c * x - c * y), z), [*inner, first, second],
                              [(half, [0, 2], number(1)), (half, [1, 3], number(1))], [], []))  # fmt: skip
        return out

    outer = compared(rows[0], rows[1], sizes, r, each_row)
    opened = [p.by_definition(eq(t, u), "bilinear", "diagonal")
              for t, u in ((form(A, d, m, n), left), (form(DIAGONAL, d, m, n), right))]
    gap, bound = goal.concl.args[0].args[0], goal.concl.args[1]
    return absolute_le(p, goal.concl, p.pos(le(gap, bound), outer[0], *opened), p.pos(le(-bound, gap), outer[1], *opened))
