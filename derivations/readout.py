"""Scalars read off attention: which of them are symmetric in the tokens; and what layouts do to inner products.

Source: Su, kexue.fm/archives/8231, eq. 2 to 4 and the comments below it. An order of tokens is a bijection s of
{0 .. n-1}, as in the attention family; two tokens are exchanged by s = (1, 0).
"""

from __future__ import annotations

from derivations.attention import (
    INDEX,
    LOOKING,
    PX,
    SWAP,
    TWO,
    WEIGHTS,
    X,
    attention,
    c,
    causal,
    d,
    d_k,
    i,
    masked_attention,
    n,
    permuted,
    s,
)  # fmt: skip
from derivations.blocks import weave
from derivations.complex_plane import at_values, held
from derivations.vectors import dot, entry
from symcheck.checker import perm
from symcheck.claims import theorem
from symcheck.evidence import countertheorem
from symcheck.prove.lemmas import MATRIX, SEQUENCE, sum_ext, sum_split, total
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import compute, contradict, decide, matrix
from symcheck.render.notation import register
from symcheck.terms import (
    Term,
    apply,
    const,
    defined,
    eq,
    forall,
    implies,
    lam,
    lt,
    negation,
    number,
    unfold,
    var,
)  # fmt: skip

SU = "Su, kexue.fm/archives/8231"
ZERO, ONE = number(0, "N"), number(1, "N")

# Attention without softmax: Q K^T V ---------------------------------------------------------------------
#: Entry (i, c) of Q K^T V for Q = K = V = X, d features: sum_j <x_i, x_j> x_j.
products = defined("products", ["N", "N", MATRIX, "N", "N"], lambda n, d, X, i, c: total(n, lambda j: dot(
    d, lam("N", lambda a: X(i, a)), lam("N", lambda a: X(j, a))) * X(j, c)))  # fmt: skip
register("products", tex=r"\bigl(<2:atom> <2:atom>^\top <2:atom>\bigr)_{<3>, <4>}",
         text="(<2:atom> <2:atom>ᵀ <2:atom>)[<3>, <4>]",
         parameters=("n", "d", "X", "i", "c"))  # fmt: skip


def row(x: Term, i: Term | int) -> Term:
    """Row i of x as a vector."""
    return lam("N", lambda a: x(i, a))


@theorem("readout.products", Statement((), eq(products(3, d, X, i, c), (
    dot(d, row(X, i), row(X, 0)) * X(0, c) + dot(d, row(X, i), row(X, 1)) * X(1, c)
    + dot(d, row(X, i), row(X, 2)) * X(2, c))), (d.head, X.head)),
    "Three tokens: row i of X X^T X is <x_i, x_1> x_1 + <x_i, x_2> x_2 + <x_i, x_3> x_3", references=(SU,))  # fmt: skip
def three_products(p: Proof, goal: Statement) -> Line:
    opened = unfold(goal.concl.args[0], ["products"])
    start = p.by_definition(eq(goal.concl.args[0], opened), "products")
    f = opened.args[1]
    sums = [p.axiom("sum_zero", f=f)]
    for k in range(3):
        line = p.axiom("sum_successor", n=k, f=f)
        sums.append(p.convert(line, eq(total(k + 1, f), total(k, f) + f(number(k, "N")))))
    return p.ring(goal.concl, start, *sums)


@theorem("readout.products_equivariance", Statement((perm(n, s),), eq(
    products(n, d, PX, i, c), products(n, d, X, s(i), c)), (n.head, d.head)),
         "X X^T X commutes with permutations of the tokens: each token keeps its row", references=(SU,),
         instance=lambda p: [decide(p, perm(2, SWAP))])  # fmt: skip
def products_equivariance(p: Proof, goal: Statement) -> Line:
    names = ["products", "permuted"]
    left, right = (unfold(t, names) for t in goal.concl.args)
    moved = p.axiom("sum_permutation", p.assume(goal.hyps[0]), n=n, s=s, f=right.args[1])
    return p.trans(p.by_definition(eq(goal.concl.args[0], left), *names), p.convert(moved, eq(left, right)),
                   p.by_definition(eq(right, goal.concl.args[1]), *names))  # fmt: skip


# Scalars ------------------------------------------------------------------------------------------------
w0, w1 = var("w_0"), var("w_1")


def swapped(x: Term) -> Term:
    """The two tokens exchanged."""
    return entry(permuted, SWAP, x)


def output(x: Term, row: int) -> Term:
    """Entry (row, c) of the attention output for two tokens."""
    return attention(2, d, d_k, x, *WEIGHTS, row, c)


def weighted(x: Term) -> Term:
    """w_0 o_0 + w_1 o_1 over the outputs of two tokens."""
    return w0 * output(x, 0) + w1 * output(x, 1)


@theorem("readout.weighted", Statement((), eq(
    weighted(X) - weighted(swapped(X)), (w0 - w1) * (output(X, 0) - output(X, 1))), (d.head, d_k.head)),
    "An exchange of two tokens changes a weighted readout by (w_0 - w_1)(o_0 - o_1)",
    references=(SU,))  # fmt: skip
def weighted_readout(p: Proof, goal: Statement) -> Line:
    at = {"n": 2, "d": d, "d_k": d_k, "s": SWAP, "c": c}
    rows = []
    for k in (0, 1):
        line = p.theorem("attention.equivariance", decide(p, perm(2, SWAP)), i=k, **at)
        there = compute(p, SWAP(k))
        rows.append(p.rewrite(there, line, lambda z, line=line: eq(line.lhs, attention(2, d, d_k, X, *WEIGHTS, z, c))))
    return p.ring(goal.concl, *rows)


#: Without the condition that the outputs differ.
UNEQUAL_WEIGHTS = Statement((negation(eq(w0, w1)),), negation(eq(weighted(X), weighted(swapped(X)))),
                            (d.head, d_k.head))  # fmt: skip


@theorem("readout.unequal_weights", Statement((negation(eq(w0, w1)), negation(eq(output(X, 0), output(X, 1)))),
                                              negation(eq(weighted(X), weighted(swapped(X)))), (d.head, d_k.head)),
         "Unequal weights of the readout show an exchange of two tokens whose outputs differ",
         references=(SU,), instance=lambda p: looking(p))  # fmt: skip
def unequal_weights(p: Proof, goal: Statement) -> Line:
    weights, outputs = (p.assume(g) for g in goal.hyps)
    same = p.assume(eq(weighted(X), weighted(swapped(X))))
    change = p.theorem("readout.weighted", d=d, d_k=d_k, X=X, c=c, w_0=w0, w_1=w1)
    product = p.ring(eq((w0 - w1) * (output(X, 0) - output(X, 1)), 0), change, same)
    return p.discharge(no_divisors_of_zero(p, product, weights, outputs), same.concl)


A, B, C, Y, Z = (var(z) for z in ("a", "b", "c", "x", "y"))


def plane(x: Term, y: Term) -> Term:
    """a x + b y + c."""
    return A * x + B * y + C


@theorem("readout.hyperplane", Statement((negation(eq(A, B)), negation(eq(Y, Z))),
                                         negation(eq(plane(Y, Z), plane(Z, Y)))),
         "A linear function with unequal coefficients tells (x, y) from (y, x) where x and y differ",
         references=(SU,), instance=lambda p: [decide(p, negation(eq(number(0), 1)))] * 2)  # fmt: skip
def hyperplane(p: Proof, goal: Statement) -> Line:
    coefficients, inputs = (p.assume(g) for g in goal.hyps)
    same = p.assume(goal.concl.args[0])
    product = p.ring(eq((A - B) * (Y - Z), 0), same)
    return p.discharge(no_divisors_of_zero(p, product, coefficients, inputs), same.concl)


def no_divisors_of_zero(p: Proof, product: Line, left: Line, right: Line) -> Line:
    """``false`` from (a - b)(x - y) = 0 where a = b and x = y are denied."""
    def unit(denied: Line) -> Line:
        a, b = denied.concl.args[0].args
        zero = p.assume(eq(a - b, 0))
        return p.axiom("inverse", p.discharge(p.mp(denied, p.ring(eq(a, b), zero)), zero.concl), x=a - b)

    return p.pos(const("false"), p.ring(eq(number(1), 0), product, unit(left), unit(right)))


def looking(p: Proof) -> list[Line]:
    """An instance: weights 1 and 0, tokens 1 and 0, outputs that differ."""
    values = {k: v if isinstance(v, Term) else number(v, "N") for k, v in LOOKING.items()}
    values |= {"X": matrix([[1], [0]]), "w_0": number(1), "w_1": number(0)}
    out = []
    for goal in (eq(w0, w1), eq(output(X, 0), output(X, 1))):
        at = at_values(goal, values)
        out.append(p.discharge(contradict(p, p.assume(at), []), at))
    return out


causal_pooled = Statement((perm(n, s),), eq(
    total(n, lambda a: masked_attention(n, d, d_k, entry(causal), PX, *WEIGHTS, a, c)),
    total(n, lambda a: masked_attention(n, d, d_k, entry(causal), X, *WEIGHTS, a, c))), (n.head, d.head))

countertheorem("readout.causal_pooled", "Under the causal mask a pooled scalar already sees the order of the tokens",
               causal_pooled, {**{k: v for k, v in TWO.items() if k != "i"}, "X": matrix([[1], [0]])},
               references=(SU,))  # fmt: skip

# How position codes break the symmetry of a scalar --------------------------------------------------------
PAIR = (SEQUENCE, SEQUENCE, "R")
f = var("f", PAIR)
x, y, u, v, p_m, p_n = (var(z, SEQUENCE) for z in ("x", "y", "u", "v", "p_m", "p_n"))


def plus(x: Term, y: Term, sign: int = 1) -> Term:
    """x + y or x - y as a vector."""
    return lam("N", lambda a: x(a) + sign * y(a))


def symmetric(f: Term) -> Term:
    """f(x, y) = f(y, x) for all x and y."""
    return forall([SEQUENCE, SEQUENCE], lambda x, y: eq(f(x, y), f(y, x)))


def encoded(f: Term) -> Term:
    """f with the codes added in the two slots."""
    return lam([SEQUENCE, SEQUENCE], lambda x, y: f(plus(x, p_m), plus(y, p_n)))


def shift_invariant(f: Term) -> Term:
    """Moving p_m - p_n from one argument to the other changes nothing."""
    change = lam("N", lambda a: p_m(a) - p_n(a))
    return forall([SEQUENCE, SEQUENCE], lambda u, v: eq(f(u, v), f(plus(u, change, -1), plus(v, change))))


@theorem("readout.codes_break", Statement((symmetric(f),), const("and",
    implies(symmetric(encoded(f)), shift_invariant(f)), implies(shift_invariant(f), symmetric(encoded(f)))), (f.head,)),
    "Codes leave a symmetric scalar symmetric exactly if moving p_m - p_n from one input to the other changes nothing",
    references=(SU + ", eq. 3",),
    instance=lambda p: [held(p, forall([SEQUENCE, SEQUENCE], lambda x, y: eq(number(0), number(0))))])  # fmt: skip
def codes_break(p: Proof, goal: Statement) -> Line:
    known = p.assume(goal.hyps[0])
    kept, moved = p.assume(symmetric(encoded(f))), p.assume(shift_invariant(f))
    at = p.specialise(kept, plus(u, p_m, -1), plus(v, p_n, -1))  # f(u, v) = f(v - p_n + p_m, u - p_m + p_n)
    turned = p.specialise(known, *at.rhs.args)
    target = shift_invariant(f)
    one = p.convert(p.trans(at, turned), _at(target, u, v))
    forward = p.discharge(p.generalise(one, u, v), kept.concl)
    there = p.specialise(moved, plus(x, p_m), plus(y, p_n))
    back = p.specialise(known, *there.rhs.args)
    two = p.convert(p.trans(there, back), _at(symmetric(encoded(f)), x, y))
    return p.both(forward, p.discharge(p.generalise(two, x, y), moved.concl))


def _at(proposition: Term, *values: Term) -> Term:
    """The body of a universal proposition at these values."""
    for value in values:
        proposition = apply(proposition.args[0], [value])
    return proposition


#: Every symmetric scalar stays symmetric with the codes.
ALWAYS_SYMMETRIC = forall([PAIR], lambda f: implies(symmetric(f), symmetric(encoded(f))))
component = var("r", "N")


@theorem("readout.codes_tell", Statement((negation(eq(p_m(component), p_n(component))),), negation(ALWAYS_SYMMETRIC)),
         "Codes that differ break the symmetry of some symmetric scalar: that of x_r^2 + y_r^2, where they differ in r",
         references=(SU + ", eq. 3",),
         instance=lambda p: [p.discharge(p.pos(const("false"), p.assume(eq(number(0), 1))), eq(number(0), 1))])  # fmt: skip
def codes_tell(p: Proof, goal: Statement) -> Line:
    """At x = 1 and y = 0: (1 + p_m)^2 + p_n^2 against p_m^2 + (1 + p_n)^2."""
    differ, always = p.assume(goal.hyps[0]), p.assume(ALWAYS_SYMMETRIC)
    squares = lam([SEQUENCE, SEQUENCE], lambda x, y: x(component) ** 2 + y(component) ** 2)
    even = p.generalise(p.ring(eq(squares(x, y), squares(y, x))), x, y)
    kept = p.mp(p.specialise(always, squares), even)
    one, none = (lam("N", lambda _, z=z: number(z)) for z in (1, 0))
    line = p.specialise(kept, one, none)
    return p.discharge(p.mp(differ, p.ring(eq(p_m(component), p_n(component)), line)), always.concl)


# Layouts ------------------------------------------------------------------------------------------------
a, b = var("a", SEQUENCE), var("b", SEQUENCE)
m, k = var("m", "N"), var("k", "N")
sigma, W = var("s", INDEX), var("W", MATRIX)


def stacked(m: Term, a: Term, b: Term) -> Term:
    """The concatenation [a, b] of a vector of m components with another."""
    return lam("N", lambda j: const("stack", m, a, b, j))


@theorem("readout.concatenation", Statement((), eq(
    dot(m + k, stacked(m, a, b), stacked(m, u, v)), dot(m, a, u) + dot(k, b, v)), (m.head, k.head)),
    "The inner product of concatenations is the sum of the inner products", references=(SU,))  # fmt: skip
def concatenation(p: Proof, goal: Statement) -> Line:
    whole, first, second = (unfold(t, ["dot"]) for t in (goal.concl.args[0], *goal.concl.args[1].args))
    parts = p.at(sum_split(p), m=m, n=k, f=whole.args[1])
    low, high = parts.rhs.args

    def below(j: Term, inside: Line) -> Line:
        return p.ring(eq(low.args[1](j), first.args[1](j)),
                      *(p.axiom("stack_low", inside, h=m, a=z, b=w, i=j) for z, w in ((a, b), (u, v))))  # fmt: skip

    def above(j: Term, _: Line) -> Line:
        return p.ring(eq(high.args[1](j), second.args[1](j)),
                      *(p.axiom("stack_high", h=m, a=z, b=w, i=j) for z, w in ((a, b), (u, v))))  # fmt: skip

    sums = [sum_ext(p, m, low.args[1], first.args[1], below), sum_ext(p, k, high.args[1], second.args[1], above)]
    opened = [p.by_definition(eq(t, unfold(t, ["dot"])), "dot") for t in (goal.concl.args[0], *goal.concl.args[1].args)]
    return p.ring(goal.concl, *opened, parts, *sums)


@theorem("readout.reordered_components", Statement((perm(n, sigma),), eq(
    dot(n, lam("N", lambda j: a(sigma(j))), lam("N", lambda j: b(sigma(j)))), dot(n, a, b)), (n.head,)),
    "A reordering of the components changes no inner product", references=(SU,),
    instance=lambda p: [decide(p, perm(2, SWAP))])  # fmt: skip
def reordered_components(p: Proof, goal: Statement) -> Line:
    left, right = (unfold(t, ["dot"]) for t in goal.concl.args)
    moved = p.axiom("sum_permutation", p.assume(goal.hyps[0]), n=n, s=sigma, f=right.args[1])
    return p.trans(p.by_definition(eq(goal.concl.args[0], left), "dot"), p.convert(moved, eq(left, right)),
                   p.by_definition(eq(right, goal.concl.args[1]), "dot"))  # fmt: skip


@theorem("readout.reordered_inputs", Statement((perm(n, sigma),), eq(
    total(n, lambda j: W(i, sigma(j)) * x(sigma(j))), total(n, lambda j: W(i, j) * x(j))), (n.head, W.head)),
    "A linear layer whose columns are relabelled like its inputs gives the same outputs", references=(SU,),
    instance=lambda p: [decide(p, perm(2, SWAP))])  # fmt: skip
def reordered_inputs(p: Proof, goal: Statement) -> Line:
    return p.axiom("sum_permutation", p.assume(goal.hyps[0]), n=n, s=sigma, f=goal.concl.args[1].args[1])


@theorem("readout.layout_0213", Statement((lt(i, n),), const("and", eq(
    const("stack", n, a, b, i), weave(a, b, 2 * i)), eq(const("stack", n, a, b, n + i), weave(a, b, 2 * i + 1))), (n.head,)),
    "Component i of the layout with all sines before all cosines is 2i of the interleaved one, n + i is 2i + 1; for two "
    "pairs the order is 0, 2, 1, 3", references=(SU,),
    instance=lambda p: [p.ball(lt(number(0, "N"), number(1, "N")))])  # fmt: skip
def layout_0213(p: Proof, goal: Statement) -> Line:
    inside = p.assume(goal.hyps[0])
    low, high = p.axiom("stack_low", inside, h=n, a=a, b=b, i=i), p.axiom("stack_high", h=n, a=a, b=b, i=i)
    pair = p.axiom("weave_even", a=a, b=b, i=i), p.axiom("weave_odd", a=a, b=b, i=i)
    return p.both(*(p.ring(part, x, y) for part, x, y in zip(goal.concl.args, (low, high), pair, strict=True)))
