"""Which reorderings attention with position codes can follow: those that leave the codes as they are.

Slots keep their codes when the tokens move, so the reordered input is PX + P_pos (Vaswani et al. 2017, section 3.5;
Yun et al. 2020, arXiv:1912.10077, claim 1, is the case without codes). To *follow* a reordering is to reorder the
outputs, for all weights and all tokens. For n tokens, d features and d_k > 0 components of a query:

* absolute codes: what is followed leaves every code, P_pos(s(i), c) = P_pos(i, c); with codes of their own for the
  slots nothing but the identity is followed;
* relative codes (Shaw et al. 2018, arXiv:1803.02155): what is followed leaves the code of every pair,
  R_(s(i) - s(j)) = R_(i - j). The converse is ``symmetry.relative_equivariance``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from derivations.attention import (
    PX,
    SWAP,
    W_K,
    W_Q,
    W_V,
    P_pos,
    X,
    attend,
    attention,
    c,
    d,
    d_k,
    encoded,
    exp,
    i,
    j,
    n,
    permuted,
    project,
    s,
    score,
)
from derivations.frequencies import LAMBERT, LAMBERT_1768
from derivations.logits import exp_sum_positive
from derivations.rope import ROFORMER, rope, rotated_pair
from derivations.rope_attention import absolute_score, rope_attention, token
from derivations.sinusoidal import PE, angle_at, cos, h, negated, sin, theta
from derivations.symmetry import R, relative_attention, relative_score
from derivations.vectors import delta, dot, entry
from symcheck.checker import perm
from symcheck.claims import theorem
from symcheck.prove.lemmas import (
    MATRIX,
    SEQUENCE,
    inverse_of,
    sum_add,
    sum_constant,
    sum_delta,
    sum_ext,
    sum_le,
    sum_scale,
    total,
)
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import compute, decide
from symcheck.terms import (
    Term,
    apply,
    const,
    eq,
    forall,
    implies,
    lam,
    le,
    lt,
    negation,
    number,
    substitute,
    unfold,
    var,
)

VASWANI, SHAW = "Vaswani et al. 2017, arXiv:1706.03762", "Shaw et al. 2018, arXiv:1803.02155"
YUN = "Yun et al. 2020, arXiv:1912.10077, claim 1"
ZERO, TWO = number(0, "N"), number(2, "N")


def everywhere(claim: Callable[..., Term]) -> Term:
    """The claim for all weights W_Q, W_K, W_V, all tokens X, every row i < n and every column c."""
    return forall([MATRIX] * 4 + ["N", "N"], lambda W_Q, W_K, W_V, X, i, c: implies(
        lt(i, n), claim(W_Q, W_K, W_V, X, i, c)))  # fmt: skip


#: Attention with the codes P_pos follows the reordering s.
FOLLOWED = everywhere(lambda W_Q, W_K, W_V, X, i, c: eq(
    attention(n, d, d_k, entry(encoded, entry(permuted, s, X), P_pos), W_Q, W_K, W_V, i, c),
    attention(n, d, d_k, entry(encoded, X, P_pos), W_Q, W_K, W_V, s(i), c)))  # fmt: skip
#: The same with the relative codes R.
FOLLOWED_RELATIVE = everywhere(lambda W_Q, W_K, W_V, X, i, c: eq(
    relative_attention(n, d, d_k, R, entry(permuted, s, X), W_Q, W_K, W_V, i, c),
    relative_attention(n, d, d_k, R, X, W_Q, W_K, W_V, s(i), c)))  # fmt: skip


# Sums ---------------------------------------------------------------------------------------------------
def combination(p: Proof, size: Term, parts: Sequence[tuple[Term, Term]]) -> Line:
    """``sum_j (c_1 f_1(j) + c_2 f_2(j) + ...) = c_1 sum f_1 + c_2 sum f_2 + ...``."""
    (factor, f), *rest = parts
    scaled = lam("N", lambda l: factor * f(l))
    line = p.at(sum_scale(p), n=size, c=factor, f=f)
    if not rest:
        return line
    others = combination(p, size, rest)
    return p.trans(p.at(sum_add(p), n=size, f=scaled, g=others.lhs.args[1]),
                   p.ring(eq(line.lhs + others.lhs, line.rhs + others.rhs), line, others))  # fmt: skip


def some_positive(p: Proof, size: Term, f: Term, k: Term, inside: Line, each: Callable[[Term, Line], Line],
                  positive: Line) -> Line:  # fmt: skip
    """``0 < sum_{j<n} f(j)`` from 0 < f(k), k < n, where ``each(j, j < n |- )`` proves 0 <= f(j)."""
    N, F, K = var("n", "N"), var("f", SEQUENCE), var("k", "N")
    nonneg = forall("N", lambda l: implies(lt(l, N), le(0, F(l))))

    def prove(p: Proof) -> Line:
        l = var("l", "N")
        here, known, below = p.assume(lt(K, N)), p.assume(nonneg), p.assume(lt(l, N))
        term = p.mp(p.specialise(known, l), below)
        goal = le(delta(K, l) * F(l), F(l))

        def equal(line: Line) -> Line:
            same = p.pos(le(delta(K, K) * F(K), F(K)), p.ring(eq(delta(K, K) * F(K), F(K)), p.axiom("delta_same", i=K)))
            return p.rewrite(line, same, lambda z: le(delta(K, z) * F(z), F(z)))

        def other(line: Line) -> Line:
            none = p.axiom("delta_other", line, i=K, j=l)
            return p.pos(goal, term, p.ring(eq(delta(K, l) * F(l), 0), none))

        at = p.cases(p.axiom("excluded_middle", p=eq(K, l)), equal, other)
        whole = p.mp(p.at(sum_le(p), n=N, f=lam("N", lambda l: delta(K, l) * F(l)), g=F),
                     p.generalise(p.discharge(at, below.concl), l))  # fmt: skip
        picked = p.mp(p.at(sum_delta(p), n=N, j=K, f=F), here)
        done = p.pos(le(F(K), total(N, F)), whole, picked)
        return p.discharge(done, here.concl, known.concl)

    line = p.at(p.lemma("a sum of terms that are not negative is at least each of them", prove), n=size, f=f, k=k)
    l = var("l", "N")
    below = p.assume(lt(l, size))
    every = p.generalise(p.discharge(p.convert(each(l, below), le(0, f(l))), below.concl), l)
    return p.pos(lt(0, total(size, f)), p.mp(line, inside, every), positive)


# Weights that grow with the values ----------------------------------------------------------------------
def together(p: Proof, a: Term, b: Term) -> Line:
    """``a = b or 0 < (exp a - exp b)(a - b)``."""
    A, B = var("a"), var("b")
    gap = (exp(A) - exp(B)) * (A - B)
    goal = const("or", eq(A, B), lt(0, gap))

    def prove(p: Proof) -> Line:
        def apart(x: Term, y: Term) -> Callable[[Line], Line]:
            def use(less: Line) -> Line:
                more = p.axiom("exp_increasing", less, x=x, y=y)
                product = p.pos(lt(0, gap), less, more, degree=2)
                return p.axiom("or_right", product, p=goal.args[0], q=goal.args[1])
            return use

        def above(line: Line) -> Line:
            def equal(other: Line) -> Line:
                same = p.axiom("le_antisymmetry", other, line, x=A, y=B)
                return p.axiom("or_left", same, p=goal.args[0], q=goal.args[1])
            return p.cases(p.axiom("trichotomy", x=B, y=A), apart(B, A), equal)

        return p.cases(p.axiom("trichotomy", x=A, y=B), apart(A, B), above)

    return p.at(p.lemma("exp grows: numbers and their exponentials are in the same order", prove), a=a, b=b)


def more_than_the_mean(p: Proof, size: Term, z: Term, factor: Term, *premises: Line, k: Term, l: Term,
                       mean: Term) -> Line:  # fmt: skip
    """``false`` where the weights exp(h z_j) give the plain mean m of the values z_j: from k < n, l < n, z_l = 0,
    0 < h z_k, sum z = n m, and sum_j exp(h z_j)/(sum exp(h z)) z_j = m."""
    N, Z, H, K, L, M = var("n", "N"), var("z", SEQUENCE), var("h"), var("k", "N"), var("l", "N"), var("m")
    E = lam("N", lambda a: exp(H * Z(a)))
    hyps = (lt(K, N), lt(L, N), eq(Z(L), 0), lt(0, H * Z(K)), eq(total(N, Z), N * M),
            eq(total(N, lambda a: E(a) / total(N, E) * Z(a)), M))  # fmt: skip

    def prove(p: Proof) -> Line:
        first, last, none, positive, mean, claimed = (p.assume(h) for h in hyps)
        some = p.pos(lt(ZERO, N), first, p.axiom("nat_nonneg", n=K))
        whole = exp_sum_positive(p, N, lam("N", lambda a: H * Z(a)), some)
        product = lam("N", lambda a: E(a) * Z(a))
        share = const("inv", total(N, E))
        pulled = p.at(sum_scale(p), n=N, c=share, f=product)
        weighted = p.ring(eq(total(N, product), M * total(N, E)), p.convert(claimed, eq(pulled.lhs, M)), pulled,
                          inverse_of(p, whole))  # fmt: skip
        top = exp(H * M)
        gap = lam("N", lambda a: (E(a) - top) * (H * Z(a) - H * M))
        one = lam("N", lambda a: number(1))
        split = combination(p, N, [(H, product), (-(H * M), E), (-(top * H), Z), (top * H * M, one)])
        nothing = p.ring(eq(split.lhs, 0), split, weighted, mean, p.at(sum_constant(p), n=N, c=1))
        nothing = p.convert(nothing, eq(total(N, gap), 0))

        def nonneg(a: Term, _: Line) -> Line:
            return p.cases(together(p, H * Z(a), H * M), lambda line: p.pos(le(0, gap(a)), p.ring(
                eq(gap(a), 0), line)), lambda line: p.pos(le(0, gap(a)), line))  # fmt: skip

        def absurd(at: Term, inside: Line, more: Line) -> Line:
            return p.pos(const("false"), some_positive(p, N, gap, at, inside, nonneg, more), nothing)

        def equal(line: Line) -> Line:  # then the mean is not 0, and z_l is
            def again(same: Line) -> Line:
                return p.pos(const("false"), positive, p.ring(eq(H * Z(K), 0), line, same, none))
            return p.cases(together(p, H * Z(L), H * M), again, lambda more: absurd(L, last, more))

        out = p.cases(together(p, H * Z(K), H * M), equal, lambda more: absurd(K, first, more))
        return p.discharge(out, *hyps)

    line = p.lemma("weights that grow with the values give more than the plain mean", prove)
    return p.mp(p.at(line, n=size, z=z, h=factor, k=k, l=l, m=mean), *premises)


# Attention opened ---------------------------------------------------------------------------------------
def opened(p: Proof, output: Term, scores: Term, values: Term, at: Term, read: Term,
           score_is: Callable[[Term, Line], Line], value_is: Callable[[Term, Line], Line]) -> Line:  # fmt: skip
    """``output = sum_l softmax_l(at) read_l``, where the scores of the row and its values are proved to be
    ``at`` and ``read`` (functions of the token l)."""
    names = [output.head.name, "softmax"]  # type: ignore[union-attr]
    left = unfold(output, names)

    def weight(l: Term, below: Line) -> Line:
        return p.rewrite(score_is(l, below), p.refl(exp(scores(l))), lambda z: eq(exp(scores(l)), exp(z)))

    whole = sum_ext(p, n, lam("N", lambda l: exp(scores(l))), lam("N", lambda l: exp(at(l))), weight)

    def each(l: Term, below: Line) -> Line:
        start = left.args[1](l)
        step = p.rewrite(whole, p.refl(start), lambda z: eq(start, exp(scores(l)) / z * values(l)))
        return p.ring(eq(start, exp(at(l)) / whole.rhs * read(l)), step, weight(l, below), value_is(l, below))

    right = lam("N", lambda l: exp(at(l)) / whole.rhs * read(l))
    return p.trans(p.by_definition(eq(output, left), *names), sum_ext(p, n, left.args[1], right, each))


def reader(feature: Term, components: Term) -> Term:
    """The weights that read one feature of a token and multiply it by the given components."""
    return lam(["N", "N"], lambda b, a: delta(feature, b) * components(a))


def feature_read(p: Proof, x: Term, l: Term, feature: Term, components: Term, a: Term, inside: Line) -> Line:
    """Component a of token l, read by ``reader``: x(l, feature) times that component."""
    picked = p.mp(p.at(sum_delta(p), n=d, j=feature, f=lam("N", lambda b: x(l, b) * components(a))), inside)
    start = project(d, x, reader(feature, components), l, a)
    return p.trans(p.by_definition(eq(start, picked.lhs), "project"), picked)


FIRST = lam("N", lambda a: delta(ZERO, a))
ALL = lam("N", lambda a: number(1))


def square_positive(p: Proof, differ: Line) -> Line:
    """``0 < (a - b)^2`` from ``a = b -> false``."""
    x, y = differ.concl.args[0].args
    goal = lt(0, (x - y) * (x - y))

    def square(less: Line) -> Line:
        return p.convert(p.rule("pos", goal, [less], [(Fraction(1), [0, 0], number(1))], [], []), goal)

    def above(line: Line) -> Line:
        def equal(other: Line) -> Line:
            same = p.axiom("le_antisymmetry", other, line, x=x, y=y)
            return p.axiom("false_elim", p.mp(differ, same), p=goal)
        return p.cases(p.axiom("trichotomy", x=y, y=x), square, equal)

    return p.cases(p.axiom("trichotomy", x=x, y=y), square, above)


def root_positive(p: Proof, wide: Line, size: Term) -> Line:
    """``0 < sqrt(size)`` from 0 < size."""
    root = const("sqrt", size)
    known = p.pos(le(0, root.args[0]), wide)
    square, low = p.axiom("square_root", known, x=root.args[0]), p.axiom("square_root_nonneg", known, x=root.args[0])

    def none(line: Line) -> Line:
        zero = p.axiom("le_antisymmetry", line, low, x=root, y=0)
        absurd = p.pos(const("false"), wide, p.ring(eq(root.args[0], 0), square, zero))
        return p.axiom("false_elim", absurd, p=lt(0, root))

    return p.cases(p.axiom("trichotomy", x=0, y=root), lambda line: line, none)


# Absolute codes -----------------------------------------------------------------------------------------
CHANGED = negation(eq(P_pos(s(i), c), P_pos(i, c)))


def swapped_codes(p: Proof) -> list[Line]:
    """Two slots with the codes 0 and 1, exchanged; d = d_k = 1."""
    one, zero = number(1), number(0)
    return [decide(p, perm(2, SWAP)), decide(p, lt(ZERO, 1)), decide(p, lt(ZERO, TWO)), decide(p, lt(ZERO, 1)),
            p.discharge(p.pos(const("false"), p.assume(eq(one, zero))), eq(one, zero))]  # fmt: skip


@theorem("breaking.codes", Statement((perm(n, s), lt(0, d_k), lt(i, n), lt(c, d), CHANGED), negation(FOLLOWED),
                                     (n.head, d.head)),
         "Attention with absolute codes does not follow a reordering that changes the code of some slot",
         references=(VASWANI, YUN), instance=swapped_codes)  # fmt: skip
def codes(p: Proof, goal: Statement) -> Line:
    """Every token is -P_pos(s(i), c): the tokens are all equal, so the reordering leaves X, and the slot s(i) has the
    input 0. Its output is the plain mean; that of slot i, whose query is not 0, is not."""
    known, wide, inside, feature, differ = (p.assume(hyp) for hyp in goal.hyps)
    follow = p.assume(FOLLOWED)
    there = s(i)
    z = lam("N", lambda l: P_pos(l, c) - P_pos(there, c))
    x = lam(["N", "N"], lambda l, b: P_pos(l, b) - P_pos(there, c))
    tokens = lam(["N", "N"], lambda l, b: -P_pos(there, c))
    queries, keys = reader(c, FIRST), reader(c, ALL)
    line = p.mp(p.specialise(follow, queries, keys, keys, tokens, i, 0), inside)
    sides = [attention(n, d, d_k, x, queries, keys, keys, at, 0) for at in (i, there)]
    line = p.convert(line, eq(*sides), "encoded", "permuted")
    scale = const("inv", const("sqrt", d_k))
    steep = p.axiom("inverse_positive", root_positive(p, wide, d_k), x=const("sqrt", d_k))

    def score_of(at: Term, l: Term) -> Line:
        """The score of slot ``at`` towards slot l: z_at z_l / sqrt(d_k)."""
        product = z(at) * z(l)
        term = lam("N", lambda a: project(d, x, queries, at, a) * project(d, x, keys, l, a))
        parts = sum_ext(p, d_k, term, lam("N", lambda a: delta(ZERO, a) * product), lambda a, _: p.ring(
            eq(term(a), delta(ZERO, a) * product), feature_read(p, x, at, c, FIRST, a, feature),
            feature_read(p, x, l, c, ALL, a, feature)))  # fmt: skip
        picked = p.mp(p.at(sum_delta(p), n=d_k, j=ZERO, f=lam("N", lambda a: product)), wide)
        whole = score(d, d_k, x, queries, keys, at, l)
        return p.ring(eq(whole, scale * product), p.by_definition(eq(whole, parts.lhs * scale), "score", "dot"), parts,
                      picked)  # fmt: skip

    def output(at: Term, side: Term, weights: Term, score_is: Callable[[Term, Line], Line]) -> Line:
        return opened(p, side, lam("N", lambda l: score(d, d_k, x, queries, keys, at, l)),
                      lam("N", lambda l: project(d, x, keys, l, ZERO)), weights, z, score_is,
                      lambda l, _: p.ring(eq(project(d, x, keys, l, ZERO), z(l)),
                                          feature_read(p, x, l, c, ALL, ZERO, feature)))  # fmt: skip

    factor = scale * z(i)
    looking = output(i, sides[0], lam("N", lambda l: factor * z(l)),
                     lambda l, _: p.convert(score_of(i, l), eq(score(d, d_k, x, queries, keys, i, l), factor * z(l))))
    flat = output(there, sides[1], lam("N", lambda l: number(0)),
                  lambda l, _: p.ring(eq(score(d, d_k, x, queries, keys, there, l), 0), score_of(there, l)))
    # The mean: n m = sum z
    some = p.pos(lt(ZERO, n), inside, p.axiom("nat_nonneg", n=i))
    equal = exp_sum_positive(p, n, lam("N", lambda l: number(0)), some)
    share = const("inv", equal.rhs)
    pulled = p.at(sum_scale(p), n=n, c=exp(number(0)) * share, f=z)
    level = p.ring(eq(flat.lhs, pulled.rhs), flat, p.convert(pulled, eq(flat.rhs, pulled.rhs)))
    total_is = p.ring(eq(total(n, z), n * flat.lhs), level, inverse_of(p, equal), p.axiom("exp_zero"),
                      p.convert(p.at(sum_constant(p), n=n, c=exp(number(0))), eq(equal.rhs, n * exp(number(0)))))
    zero = p.ring(eq(z(there), 0))
    square = p.convert(square_positive(p, differ), lt(0, z(i) * z(i)))
    more = p.pos(lt(0, factor * z(i)), steep, square, degree=2)
    same = p.trans(p.symm(looking), line)
    into = p.mp(p.specialise(p.parts(p.unfolded(known, "perm"))[0], i), inside)
    absurd = more_than_the_mean(p, n, z, factor, inside, into, zero, more, total_is, same, k=i, l=there,
                                mean=flat.lhs)
    return p.discharge(absurd, FOLLOWED)


#: The slots have codes of their own: slots whose codes agree in all d features are the same.
LABELS = forall(["N", "N"], lambda a, b: implies(
    lt(a, n), lt(b, n), forall("N", lambda e: implies(lt(e, d), eq(P_pos(a, e), P_pos(b, e)))), eq(a, b)))  # fmt: skip
MOVED = negation(eq(s(i), i))


def swapped_labels(p: Proof) -> list[Line]:
    """Two slots with the codes 0 and 1, exchanged; d = d_k = 1."""
    a, b = var("a", "N"), var("b", "N")
    known = p.assume(forall("N", lambda z: implies(lt(z, number(1, "N")), eq(a * number(1), b * number(1)))))
    same = p.axiom("nat_embedding", p.convert(p.mp(p.specialise(known, 0), decide(p, lt(ZERO, 1))), const(
        "eq", a * number(1), b * number(1))), m=a, n=b)  # fmt: skip
    every = p.generalise(p.discharge(same, lt(a, TWO), lt(b, TWO), known.concl), a, b)
    one = eq(number(1, "N"), ZERO)
    return [decide(p, perm(2, SWAP)), decide(p, lt(ZERO, 1)), every, decide(p, lt(ZERO, TWO)),
            p.discharge(p.pos(const("false"), p.assume(one)), one)]  # fmt: skip


@theorem("breaking.labels", Statement((perm(n, s), lt(0, d_k), LABELS, lt(i, n), MOVED), negation(FOLLOWED),
                                      (n.head, d.head)),
         "With a code of its own for each slot attention follows no reordering that moves a token",
         references=(VASWANI, YUN), instance=swapped_labels)  # fmt: skip
def labels(p: Proof, goal: Statement) -> Line:
    known, wide, apart, inside, moves = (p.assume(hyp) for hyp in goal.hyps)
    follow = p.assume(FOLLOWED)
    below = p.assume(lt(c, d))
    same = eq(P_pos(s(i), c), P_pos(i, c))

    def other(line: Line) -> Line:
        breaks = p.theorem("breaking.codes", known, wide, inside, below, line, n=n, s=s, d=d, d_k=d_k, i=i, c=c,
                           P_pos=P_pos)  # fmt: skip
        return p.axiom("false_elim", p.mp(breaks, follow), p=same)

    at = p.cases(p.axiom("excluded_middle", p=same), lambda line: line, other)
    into = p.mp(p.specialise(p.parts(p.unfolded(known, "perm"))[0], i), inside)
    every = p.generalise(p.discharge(at, below.concl), c)
    stays = p.mp(p.specialise(apart, s(i), i), into, inside, every)
    return p.discharge(p.mp(moves, stays), FOLLOWED)


KEPT = forall(["N", "N"], lambda a, b: implies(lt(a, n), lt(b, d), eq(P_pos(s(a), b), P_pos(a, b))))


@theorem("breaking.kept_codes", Statement((perm(n, s), KEPT, lt(i, n)), eq(
    attend(entry(encoded, PX, P_pos), i, c), attend(entry(encoded, X, P_pos), s(i), c)), (n.head, d.head)),
    "Attention with absolute codes follows the reorderings that leave the code of every slot as it is",
    references=(VASWANI,), instance=lambda p: [decide(p, perm(2, SWAP)), same_codes(p), decide(p, lt(ZERO, TWO))])
def kept_codes(p: Proof, goal: Statement) -> Line:
    known, kept, inside = (p.assume(hyp) for hyp in goal.hyps)
    whole = entry(encoded, X, P_pos)
    x, x2 = entry(encoded, PX, P_pos), entry(permuted, s, whole)

    def projected(l: Term, W: Term, a: Term, below: Line) -> Line:
        """Component a of token l times W is the same for PX + P_pos and for P(X + P_pos)."""
        f, g = (lam("N", lambda b, z=z: z(l, b) * W(b, a)) for z in (x, x2))
        same = sum_ext(p, d, f, g, lambda b, feature: p.ring(
            eq(f(b), g(b)), p.mp(p.specialise(kept, l, b), below, feature),
            p.by_definition(eq(x(l, b), X(s(l), b) + P_pos(l, b)), "encoded", "permuted"),
            p.by_definition(eq(x2(l, b), X(s(l), b) + P_pos(s(l), b)), "encoded", "permuted")))  # fmt: skip
        sides = [project(d, z, W, l, a) for z in (x, x2)]
        return p.trans(p.by_definition(eq(sides[0], same.lhs), "project"), same,
                       p.by_definition(eq(same.rhs, sides[1]), "project"))  # fmt: skip

    def scores(of: Term) -> Term:
        return lam("N", lambda l: score(d, d_k, of, W_Q, W_K, i, l))

    def score_is(l: Term, below: Line) -> Line:
        f, g = (lam("N", lambda a, z=z: project(d, z, W_Q, i, a) * project(d, z, W_K, l, a)) for z in (x, x2))
        same = sum_ext(p, d_k, f, g, lambda a, _: p.ring(
            eq(f(a), g(a)), projected(i, W_Q, a, inside), projected(l, W_K, a, below)))  # fmt: skip
        root = const("inv", const("sqrt", d_k))
        start, end = (p.by_definition(eq(scores(z)(l), total_ * root), "score", "dot")
                      for z, total_ in ((x, same.lhs), (x2, same.rhs)))  # fmt: skip
        return p.ring(eq(scores(x)(l), scores(x2)(l)), start, end, same)

    read = lam("N", lambda l: project(d, x2, W_V, l, c))
    line = opened(p, goal.concl.args[0], scores(x), lam("N", lambda l: project(d, x, W_V, l, c)), scores(x2), read,
                  score_is, lambda l, below: projected(l, W_V, c, below))  # fmt: skip
    at = p.theorem("attention.equivariance", known, n=n, d=d, d_k=d_k, s=s, X=whole, W_Q=W_Q, W_K=W_K, W_V=W_V, c=c,
                   i=i)  # fmt: skip
    return p.trans(line, p.by_definition(eq(line.rhs, at.lhs), "attention", "softmax"), at)


def same_codes(p: Proof) -> Line:
    """The hypothesis of ``breaking.kept_codes`` for two slots of one feature with the code 0."""
    a, b = var("a", "N"), var("b", "N")
    return p.generalise(p.discharge(p.refl(number(0)), lt(a, TWO), lt(b, number(1, "N"))), a, b)


CODES_OF_SINES = lam(["N", "N"], lambda a, b: PE(theta, a, b))


@theorem("breaking.sinusoidal", Statement(
    (LAMBERT, eq(theta(ZERO), 1), lt(number(1, "N"), d), perm(n, s), lt(0, d_k), lt(i, n), MOVED),
    negation(substitute(FOLLOWED, {P_pos.head: CODES_OF_SINES})), (n.head, d.head)),
    "With sinusoidal codes attention follows no reordering that moves a token, because pi is irrational",
    references=(VASWANI, LAMBERT_1768))  # fmt: skip
def sinusoidal(p: Proof, goal: Statement) -> Line:
    irrational, one, pair, known, wide, inside, moves = (p.assume(hyp) for hyp in goal.hyps)
    a, b = var("a", "N"), var("b", "N")
    at = substitute(LABELS, {P_pos.head: CODES_OF_SINES})
    claim = apply(apply(at.args[0], [a]).args[0], [b])
    low = [p.assume(claim.args[0]), p.assume(claim.args[1].args[0])]
    same = p.assume(claim.args[1].args[1].args[0])
    first = [p.mp(p.specialise(same, k), p.pos(lt(number(k, "N"), d), pair)) for k in (0, 1)]

    def ordered(x: Term, y: Term, less: Line, lines: list[Line]) -> Line:
        line = p.theorem("frequencies.distinct", irrational, one, less, theta=theta, m=x, n=y)
        return p.mp(line, p.both(*lines))

    goal_ = eq(a, b)

    def below(less: Line) -> Line:
        return p.axiom("false_elim", ordered(a, b, less, first), p=goal_)

    def more(line: Line) -> Line:
        def equal(other: Line) -> Line:
            return p.axiom("nat_antisymmetry", other, line, m=a, n=b)
        return p.cases(p.axiom("nat_less_or_not", m=b, n=a), lambda less: p.axiom(
            "false_elim", ordered(b, a, less, [p.symm(z) for z in first]), p=goal_), equal)  # fmt: skip

    out = p.cases(p.axiom("nat_less_or_not", m=a, n=b), below, more)
    labels_ = p.generalise(p.discharge(out, low[0].concl, low[1].concl, same.concl), a, b)
    return p.theorem("breaking.labels", known, wide, labels_, inside, moves, n=n, s=s, d=d, d_k=d_k, i=i,
                     P_pos=CODES_OF_SINES)  # fmt: skip


# Relative codes -----------------------------------------------------------------------------------------
PAIR_CHANGED = negation(eq(R(s(i) - s(j), c), R(i - j, c)))


def swapped_offsets(p: Proof) -> list[Line]:
    """Two slots with the code R_t = t, exchanged: 1 - 0 differs from 0 - 1."""
    same = eq(number(1) - number(0), number(0) - number(1))
    return [decide(p, perm(2, SWAP)), decide(p, lt(ZERO, 1)), decide(p, lt(ZERO, TWO)), decide(p, lt(number(1, "N"), TWO)),
            decide(p, lt(ZERO, 1)), p.discharge(p.pos(const("false"), p.assume(same)), same)]  # fmt: skip


def injective_delta(p: Proof, known: Line, a: Term, b: Term, *inside: Line) -> Line:
    """``delta(s(a), s(b)) = delta(a, b)`` from perm(n, s), a < n and b < n."""
    goal = eq(delta(s(a), s(b)), delta(a, b))
    apart = p.mp(p.specialise(p.parts(p.unfolded(known, "perm"))[1], a, b), *inside)

    def equal(line: Line) -> Line:
        ones = p.ring(eq(delta(s(a), s(a)), delta(a, a)), p.axiom("delta_same", i=a), p.axiom("delta_same", i=s(a)))
        return p.rewrite(line, ones, lambda z: eq(delta(s(a), s(z)), delta(a, z)))

    def other(line: Line) -> Line:
        moved = p.assume(eq(s(a), s(b)))
        differ = p.discharge(p.mp(line, p.mp(apart, moved)), moved.concl)
        return p.ring(goal, p.axiom("delta_other", line, i=a, j=b), p.axiom("delta_other", differ, i=s(a), j=s(b)))

    return p.cases(p.axiom("excluded_middle", p=eq(a, b)), equal, other)


class Follower:
    """Attention with scores f(i - l) that follows a reordering: f agrees at the offsets of each pair, before and after.

    ``output(x, at, one, read, read_is)`` proves that the output of slot ``at``, for the tokens that ``tokens(x)``
    gives, is the softmax of f(at - l) against ``read``; ``one`` is the line x(at) = 1, and ``read_is`` proves
    x(l) = read(l). ``weights`` are those that ``follow`` is used at.
    """

    def __init__(
        self, p: Proof, lines: tuple[Line, Line, Line, Line], weights: tuple[Term, Term, Term],
        tokens: Callable[[Term], Term], output: Callable[..., Line], f: Callable[[Term], Term],
    ) -> None:  # fmt: skip
        self.p, self.weights, self.tokens, self.output, self.f = p, weights, tokens, output, f
        self.known, row, column, self.follow = lines
        self.low = {i: row, j: column}

    def agrees(self) -> Line:
        """``f(s(i) - s(j)) = f(i - j)``. With the tokens 1 at s(i) and 0 elsewhere the outputs are the weights of i on
        itself; with 1 at s(j) too, the weights on i and j."""
        return self.p.cases(self.p.axiom("excluded_middle", p=eq(i, j)), self._alone, self._pair)

    def _share(self, at: Term) -> Term:
        return const("inv", total(n, lambda l: exp(self.f(at - l))))

    def _outputs(self, slots: list[Term], one: Line) -> Line:
        """The equation of the outputs for the tokens 1 at s(slot), for each of the slots, and 0 elsewhere."""
        p, low = self.p, self.low

        def summed(terms: list[Term]) -> Term:
            return terms[0] if len(terms) == 1 else terms[0] + terms[1]

        x = lam("N", lambda l: summed([delta(s(k), l) for k in slots]))
        moved = lam("N", lambda l: x(s(l)))
        read = lam("N", lambda l: summed([delta(k, l) for k in slots]))
        left = self.output(moved, i, one, read, lambda l, below: p.ring(eq(moved(l), read(l)), *(
            injective_delta(p, self.known, k, l, low[k], below) for k in slots)))
        right = self.output(x, s(i), one, x, lambda l, _: p.refl(x(l)))
        line = p.mp(p.specialise(self.follow, *self.weights, self.tokens(x), i, 0), low[i])
        same = p.trans(p.symm(left), p.convert(line, eq(left.lhs, right.lhs), "permuted"), right)
        into = p.parts(p.unfolded(self.known, "perm"))[0]
        picked = []
        for side, at, to in ((same.lhs, i, lambda z: z), (same.rhs, s(i), s)):
            f = lam("N", lambda l, at=at: exp(self.f(at - l)))
            parts = [(self._share(at), lam("N", lambda l, k=k, f=f, to=to: delta(to(k), l) * f(l))) for k in slots]
            split = combination(p, n, parts)
            inside = [low[k] if to is not s else p.mp(p.specialise(into, k), low[k]) for k in slots]
            picks = [p.mp(p.at(sum_delta(p), n=n, j=to(k), f=f), line) for k, line in zip(slots, inside, strict=True)]
            picked.append(p.ring(eq(side, summed([self._share(at) * f(to(k)) for k in slots])),
                                 p.convert(split, eq(side, split.rhs)), *picks))  # fmt: skip
        return p.ring(eq(picked[0].rhs, picked[1].rhs), same, *picked)

    def _pair(self, apart: Line) -> Line:
        p, f = self.p, self.f
        itself = p.axiom("delta_same", i=s(i))
        first = self._outputs([i], itself)
        back = p.assume(eq(j, i))
        other = p.axiom("delta_other", p.discharge(p.mp(apart, p.symm(back)), back.concl), i=j, j=i)
        both = self._outputs([i, j], p.ring(eq(delta(s(i), s(i)) + delta(s(j), s(i)), 1), itself, other, injective_delta(
            p, self.known, j, i, self.low[j], self.low[i])))  # fmt: skip
        some = p.pos(lt(ZERO, n), self.low[i], p.axiom("nat_nonneg", n=i))
        middle = exp(f(number(0)))
        unit = inverse_of(p, p.axiom("exp_positive", x=f(number(0))))
        sums = [exp_sum_positive(p, n, lam("N", lambda l, at=at: f(at - l)), some) for at in (i, s(i))]
        shares = [const("inv", z.rhs) for z in sums]
        same = p.ring(eq(*shares), p.convert(first, eq(shares[0] * middle, shares[1] * middle)), unit)
        E, E2 = exp(f(i - j)), exp(f(s(i) - s(j)))
        sides = eq(shares[0] * middle + shares[0] * E, shares[1] * middle + shares[1] * E2)
        equal = p.ring(eq(E2, E), p.convert(both, sides), same, *(inverse_of(p, z) for z in sums))
        logs = [p.axiom("log_exp", x=z.args[0]) for z in (E2, E)]
        heights = p.rewrite(equal, p.refl(const("log", E2)), lambda z: eq(const("log", E2), const("log", z)))
        return p.ring(eq(f(s(i) - s(j)), f(i - j)), heights, *logs)

    def _alone(self, line: Line) -> Line:
        """Where i = j both offsets are 0."""
        same = self.p.convert(self.p.refl(self.f(number(0))), eq(self.f(s(i) - s(i)), self.f(i - i)))
        return self.p.rewrite(line, same, lambda z: eq(self.f(s(i) - s(z)), self.f(i - z)))


@theorem("breaking.relative_codes", Statement(
    (perm(n, s), lt(0, d), lt(i, n), lt(j, n), lt(c, d_k), PAIR_CHANGED), negation(FOLLOWED_RELATIVE),
    (n.head, d.head, d_k.head)),
    "Attention with relative codes does not follow a reordering that changes the code of some pair",
    references=(SHAW,), instance=swapped_offsets)  # fmt: skip
def relative_codes(p: Proof, goal: Statement) -> Line:
    """Keys are 0 and the query of token s(i) reads component c of the codes, so the scores of slot i are R_(i - l, c)
    before the reordering is followed and R_(s(i) - s(l), c) after."""
    known, wide, row, column, component, differ = (p.assume(hyp) for hyp in goal.hyps)
    follow = p.assume(FOLLOWED_RELATIVE)
    reads, nothing = lam("N", lambda a: delta(c, a)), lam("N", lambda a: number(0))
    queries, keys, values = reader(ZERO, reads), reader(ZERO, nothing), reader(ZERO, ALL)

    def tokens(x: Term) -> Term:
        return lam(["N", "N"], lambda l, b: x(l))

    def output(x: Term, at: Term, one: Line, read: Term, read_is: Callable[[Term, Line], Line]) -> Line:
        X = tokens(x)

        def score_is(l: Term, _: Line) -> Line:
            query, key = (lam("N", lambda a, w=w, k=k: project(d, X, w, k, a)) for w, k in ((queries, at), (keys, l)))
            code = lam("N", lambda a: R(at - l, a))

            def against(other: Term, picked: Term, by: Callable[[Term], list[Line]]) -> Line:
                """<query, other>, where ``other`` times the query's x(at) is ``picked``, by the given equations."""
                term = lam("N", lambda a: query(a) * other(a))
                parts = sum_ext(p, d_k, term, lam("N", lambda a: delta(c, a) * picked(a)), lambda a, _: p.ring(
                    eq(term(a), delta(c, a) * picked(a)), feature_read(p, X, at, ZERO, reads, a, wide), *by(a)))
                start = p.by_definition(eq(dot(d_k, query, other), parts.lhs), "dot")
                return p.trans(start, parts, p.mp(p.at(sum_delta(p), n=d_k, j=c, f=picked), component))

            none = against(key, nothing, lambda a: [feature_read(p, X, l, ZERO, nothing, a, wide)])
            offset = against(code, lam("N", lambda a: x(at) * R(at - l, a)), lambda a: [])
            whole = relative_score(d, d_k, R, X, queries, keys, at, l)
            split = p.by_definition(eq(whole, none.lhs + offset.lhs), "relative_score")
            return p.ring(eq(whole, R(at - l, c)), split, none, offset, one)

        return opened(
            p, relative_attention(n, d, d_k, R, X, queries, keys, values, at, 0),
            lam("N", lambda l: relative_score(d, d_k, R, X, queries, keys, at, l)),
            lam("N", lambda l: project(d, X, values, l, ZERO)), lam("N", lambda l: R(at - l, c)), read, score_is,
            lambda l, below: p.trans(p.convert(feature_read(p, X, l, ZERO, ALL, ZERO, wide), eq(
                project(d, X, values, l, ZERO), x(l))), read_is(l, below)))  # fmt: skip

    follower = Follower(p, (known, row, column, follow), (queries, keys, values), tokens, output, lambda z: R(z, c))
    return p.discharge(p.mp(differ, follower.agrees()), FOLLOWED_RELATIVE)


# RoPE ---------------------------------------------------------------------------------------------------
def projected(of: Term, W: Term) -> Term:
    """X W as a matrix."""
    return entry(project, d, of, W)


def rotary(of: Term, weights: tuple[Term, Term, Term], row: Term, column: Term | int) -> Term:
    """Entry (row, column) of the attention with RoPE, d_k = 2h."""
    return rope_attention(n, h, theta, *(projected(of, W) for W in weights), row, column)


FOLLOWED_ROTARY = everywhere(lambda W_Q, W_K, W_V, X, i, c: eq(
    rotary(entry(permuted, s, X), (W_Q, W_K, W_V), i, c), rotary(X, (W_Q, W_K, W_V), s(i), c)))
OFFSET_CHANGED = negation(eq(i + s(j), j + s(i)))


@theorem("breaking.rotary", Statement(
    (LAMBERT, eq(theta(ZERO), 1), lt(0, h), lt(number(1, "N"), d), perm(n, s), lt(i, n), lt(j, n), OFFSET_CHANGED),
    negation(FOLLOWED_ROTARY), (n.head, h.head, d.head)),
    "Attention with RoPE does not follow a reordering that changes the offset of some pair, because pi is irrational",
    references=(ROFORMER, LAMBERT_1768))  # fmt: skip
def rotary_codes(p: Proof, goal: Statement) -> Line:
    """Feature 1 of every token is 1. The query of token s(i) is e_0 and all keys are e_0, or all are e_1: the scores
    are the cosine of the offset, or its sine, over sqrt(2h). Both agree at two whole offsets only if these are equal."""
    irrational, first, some, features, known, row, column, differ = (p.assume(hyp) for hyp in goal.hyps)
    follow = p.assume(FOLLOWED_ROTARY)
    wide = p.pos(lt(ZERO, d), features)
    size = p.pos(lt(ZERO, 2 * h), some)
    root = root_positive(p, size, 2 * h)
    scale = const("inv", root.rhs)
    queries, values = reader(ZERO, FIRST), reader(ZERO, ALL)

    def tokens(x: Term) -> Term:
        return lam(["N", "N"], lambda l, b: x(l) + b * number(1) * (1 - x(l)))

    def heights(kind: int) -> Line:
        """The cosines (kind 0) or sines (1) of the two offsets, reversed and over sqrt(2h), agree."""
        only = lam("N", lambda a: delta(number(kind, "N"), a))
        keys = reader(number(1, "N"), only)

        def f(offset: Term) -> Term:
            return scale * cos(-offset) if kind == 0 else -(scale * sin(-offset))

        def output(x: Term, at: Term, one: Line, read: Term, read_is: Callable[[Term, Line], Line]) -> Line:
            X = tokens(x)
            Q, K, V = (projected(X, W) for W in (queries, keys, values))

            def score_is(l: Term, _: Line) -> Line:
                turned = entry(rope, theta, const("real", l) - const("real", at), token(K, l))
                term = lam("N", lambda a: token(Q, at)(a) * turned(a))
                parts = sum_ext(p, 2 * h, term, lam("N", lambda a: delta(ZERO, a) * turned(a)), lambda a, _: p.ring(
                    eq(term(a), delta(ZERO, a) * turned(a)), one,
                    p.convert(feature_read(p, X, at, ZERO, FIRST, a, wide), eq(Q(at, a), x(at) * FIRST(a)))))  # fmt: skip
                picked = p.mp(p.at(sum_delta(p), n=2 * h, j=ZERO, f=turned), size)
                start = p.by_definition(eq(dot(2 * h, token(Q, at), turned), parts.lhs), "dot")
                whole = p.theorem("rope_attention.scores", h=h, theta=theta, Q=Q, K=K, i=at, j=l)
                angle = (l - at) * theta(ZERO)
                pair = rotated_pair(p, l - at, token(K, l), ZERO)[0]
                pair = p.convert(pair, eq(turned(ZERO), cos(angle) * K(l, ZERO) - sin(angle) * K(l, number(1, "N"))))
                ends = [p.convert(feature_read(p, X, l, number(1, "N"), only, number(a, "N"), features),
                                  eq(K(l, number(a, "N")), only(number(a, "N")))) for a in (0, 1)]  # fmt: skip
                deltas = [compute(p, only(number(a, "N"))) for a in (0, 1)]
                straight = p.ring(eq(angle, -(at - l)), first)
                waves = [p.rewrite(straight, p.refl(g(angle)), lambda z, g=g: eq(g(angle), g(z))) for g in (cos, sin)]
                opened_ = p.by_definition(eq(whole.rhs, start.lhs * scale), "rope_relative_score")
                return p.ring(eq(whole.lhs, f(at - l)), whole, opened_, start, parts, picked, pair, *ends, *deltas, *waves)

            return opened(p, rope_attention(n, h, theta, Q, K, V, at, 0),
                          lam("N", lambda l: absolute_score(h, theta, Q, K, at, l)), lam("N", lambda l: V(l, ZERO)),
                          lam("N", lambda l: f(at - l)), read, score_is, lambda l, below: p.trans(p.convert(
                              feature_read(p, X, l, ZERO, ALL, ZERO, wide), eq(V(l, ZERO), x(l))), read_is(l, below)))

        agree = Follower(p, (known, row, column, follow), (queries, keys, values), tokens, output, f).agrees()
        wave = cos if kind == 0 else sin
        return p.ring(eq(wave(-(s(i) - s(j))), wave(-(i - j))), agree, inverse_of(p, root))

    cosines, sines = heights(0), heights(1)
    before, after = i - j, s(i) - s(j)

    # sin(a' - a) = 0 for the offsets a = i - j and a' = s(i) - s(j)
    turn = angle_at(p, before - after, -after, before)[1]
    flipped = [p.convert(line, eq(g(-before), line.rhs)) for line, g in zip(negated(p, before), (cos, sin), strict=True)]
    still = p.ring(eq(sin(before - after), 0), turn, *flipped, cosines, sines)

    def apart(less: tuple[Term, Term], line: Line, sign: int) -> Line:
        """``false`` where less[0] + K = less[1], K > 0; the offsets differ by ``sign`` K."""
        def use(K: Term, gap: Line) -> Line:
            whole = p.ring(eq(before - after, sign * (K * number(1))), gap)
            there = p.rewrite(whole, still, lambda z: eq(sin(z), 0))
            if sign < 0:
                back = p.convert(p.axiom("sin_odd", x=K * number(1)), eq(there.lhs, -sin(K * number(1))))
                there = p.ring(eq(sin(K * number(1)), 0), there, back)
            positive = p.pos(lt(ZERO, K), line, gap)
            at = p.mp(p.specialise(irrational, K), positive)
            return p.mp(at, p.convert(there, eq(sin(K), 0)))
        low, high = less
        return p.obtain(p.axiom("nat_difference", p.pos(lt(low, high + 1), line), m=low, n=high), use, name="K")

    one, other = i + s(j), j + s(i)

    def above(line: Line) -> Line:
        return p.cases(p.axiom("nat_less_or_not", m=other, n=one), lambda less: apart((other, one), less, 1),
                       lambda equal: p.mp(differ, p.axiom("nat_antisymmetry", equal, line, m=one, n=other)))  # fmt: skip

    out = p.cases(p.axiom("nat_less_or_not", m=one, n=other), lambda less: apart((one, other), less, -1), above)
    return p.discharge(out, FOLLOWED_ROTARY)


step = var("m", "N")


def ahead_as_behind(m: Term) -> Term:
    """<q, R_m k> = <q, R_(-m) k> for all q and k of 2h components."""
    return forall([SEQUENCE, SEQUENCE], lambda q, k: eq(
        dot(2 * h, q, entry(rope, theta, m, k)), dot(2 * h, q, entry(rope, theta, -m, k))))  # fmt: skip


@theorem("breaking.direction", Statement(
    (LAMBERT, eq(theta(ZERO), 1), lt(0, h), lt(0, step)), negation(ahead_as_behind(step * number(1))), (h.head,)),
    "RoPE tells every whole offset from its opposite: some query and key have another score, because pi is irrational",
    references=(ROFORMER, LAMBERT_1768))  # fmt: skip
def direction(p: Proof, goal: Statement) -> Line:
    irrational, first, some, positive = (p.assume(hyp) for hyp in goal.hyps)
    same = p.assume(goal.concl.args[0])
    query, key = FIRST, lam("N", lambda a: delta(number(1, "N"), a))
    line = p.specialise(same, query, key)
    size = p.pos(lt(ZERO, 2 * h), some)
    ends = [compute(p, key(number(a, "N"))) for a in (0, 1)]
    sides = []
    for angle in (step * number(1), -(step * number(1))):
        turned = entry(rope, theta, angle, key)
        picked = p.mp(p.at(sum_delta(p), n=2 * h, j=ZERO, f=turned), size)
        start = p.by_definition(eq(dot(2 * h, query, turned), picked.lhs), "dot")
        pair = rotated_pair(p, angle, key, ZERO)[0]
        pair = p.convert(pair, eq(turned(ZERO), cos(angle * theta(ZERO)) * key(ZERO)
                                  - sin(angle * theta(ZERO)) * key(number(1, "N"))))  # fmt: skip
        straight = p.ring(eq(angle * theta(ZERO), angle), first)
        wave = p.rewrite(straight, p.refl(sin(straight.lhs)), lambda z, x=straight.lhs: eq(sin(x), sin(z)))
        sides.append(p.ring(eq(start.lhs, -sin(angle)), start, picked, pair, *ends, wave))
    odd = p.axiom("sin_odd", x=step * number(1))
    still = p.ring(eq(sin(step * number(1)), 0), line, *sides, odd)
    at = p.mp(p.specialise(irrational, step), positive)
    return p.discharge(p.mp(at, p.convert(still, eq(sin(step), 0))), same.concl)


@theorem("breaking.rotary_labels", Statement(
    (LAMBERT, eq(theta(ZERO), 1), lt(0, h), lt(number(1, "N"), d), perm(n, s), lt(i, n), MOVED),
    negation(FOLLOWED_ROTARY), (n.head, h.head, d.head)),
    "Attention with RoPE follows no reordering that moves a token, because pi is irrational",
    references=(ROFORMER, LAMBERT_1768))  # fmt: skip
def rotary_labels(p: Proof, goal: Statement) -> Line:
    irrational, first, some, features, known, inside, moves = (p.assume(hyp) for hyp in goal.hyps)
    follow = p.assume(FOLLOWED_ROTARY)
    low, high = p.assume(lt(i, n)), p.assume(lt(j, n))
    same = eq(i + s(j), j + s(i))

    def changed(line: Line) -> Line:
        breaks = p.theorem("breaking.rotary", irrational, first, some, features, known, low, high, line, n=n, h=h, d=d, s=s,
                           i=i, j=j, theta=theta)  # fmt: skip
        return p.axiom("false_elim", p.mp(breaks, follow), p=same)

    kept = p.cases(p.axiom("excluded_middle", p=same), lambda line: line, changed)
    turned = p.convert(p.symm(kept), eq(s(i) + j, s(j) + i))
    rigid = p.generalise(p.discharge(turned, low.concl, high.concl), i, j)
    stays = p.theorem("symmetry.offsets_fix_the_order", known, rigid, inside, n=n, s=s, i=i)
    return p.discharge(p.mp(moves, stays), FOLLOWED_ROTARY)


if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
