"""Attention logits: what a position code adds to the score of a query and a key, and what the softmax keeps of it.

Absolute codes are added to the tokens and give four terms (Vaswani et al. 2017; He et al. 2021, section 3.1);
Shaw et al. (2018) and Transformer-XL (Dai et al. 2019) put terms in their place that depend on i - j. A token is
a vector x of d components; in the row convention its query is x W_Q, in the column convention W_Q^T x.
Relative codes are functions of a real offset, of which the differences of positions are some.
"""

from __future__ import annotations

from fractions import Fraction

from derivations.attention import exp, project, softmax
from derivations.blocks import blocks
from derivations.rope import rotated_pair, turned
from derivations.sinusoidal import PE_cosine, code, component, cos, negated, sin, theta
from derivations.taylor import added, bilinear
from derivations.vectors import delta, dot, entry, matmul, matvec, transpose, vecmat
from symcheck.claims import theorem
from symcheck.evidence import countertheorem
from symcheck.prove.lemmas import (
    MATRIX,
    SEQUENCE,
    inverse_of,
    sum_add,
    sum_constant,
    sum_delta,
    sum_exchange,
    sum_ext,
    sum_le,
    sum_pairs,
    sum_scale,
    total,
)
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import decide, matrix, table
from symcheck.render.notation import register
from symcheck.terms import Term, const, defined, eq, forall, implies, lam, le, lt, number, unfold, var

VASWANI, SHAW = "Vaswani et al. 2017, arXiv:1706.03762", "Shaw et al. 2018, arXiv:1803.02155, eq. 4 and 5"
XL = "Dai et al. 2019, arXiv:1901.02860, section 3.3"
FOUR = "He et al. 2021, arXiv:2006.03654, eq. 2"
ROFORMER = "Su et al. 2021, arXiv:2104.09864"
RELATIVE = ("R", "N", "R")

d, d_k, n, h, i, j, r = (var(v, "N") for v in ("d", "d_k", "n", "h", "i", "j", "r"))
x, y, p_m, p_n, q, k, a, u, v, w = (var(s, SEQUENCE) for s in ("x", "y", "p_m", "p_n", "q", "k", "a", "u", "v", "w"))
W_Q, W_K, W_E, W_R, H = (var(s, MATRIX) for s in ("W_Q", "W_K", "W_E", "W_R", "H"))
R = var("R", RELATIVE)
c, lo, hi = (var(s) for s in ("c", "lo", "hi"))
m_, n_ = var("m"), var("n")


def row(of: Term, W: Term) -> Term:
    """x W as a vector."""
    return entry(vecmat, d, of, W)


def column(W: Term, of: Term) -> Term:
    """W^T x as a vector."""
    return entry(matvec, d, entry(transpose, W), of)


def relative(offset: Term) -> Term:
    """The relative code of an offset as a vector."""
    return lam("N", lambda b: R(offset, b))


#: W_Q W_K^T.
INNER = entry(matmul, d_k, W_Q, entry(transpose, W_K))


def form(left: Term, right: Term) -> Term:
    """left^T W_Q W_K^T right."""
    return bilinear(d, left, INNER, right)


def product_of_sums(p: Proof, f: Term, g: Term, size: Term, other: Term) -> Line:
    """``sum_c f(c) sum_b g(b, c) = sum_b sum_c f(c) g(b, c)``, c < size and b < other."""
    F, G, N, M = var("f", SEQUENCE), var("g", MATRIX), var("n", "N"), var("m", "N")

    def prove(p: Proof) -> Line:
        start = lam("N", lambda z: F(z) * total(M, lambda b: G(b, z)))
        inside = lam("N", lambda z: total(M, lambda b: F(z) * G(b, z)))
        each = sum_ext(p, N, start, inside, lambda z, _: p.symm(
            p.at(sum_scale(p), n=M, c=F(z), f=lam("N", lambda b: G(b, z)))))  # fmt: skip
        return p.trans(each, p.at(sum_exchange(p), n=N, m=M, x=lam(["N", "N"], lambda b, z: F(z) * G(b, z))))

    return p.at(p.lemma("a sum of products with inner sums is exchanged", prove), f=f, g=g, n=size, m=other)


# Rows and columns ---------------------------------------------------------------------------------------
@theorem("logits.rows_and_columns", Statement((), eq(vecmat(d, x, W_Q, r), matvec(d, entry(transpose, W_Q), x, r))),
         "The two conventions name the same vector: (x W)^T = W^T x^T", references=(VASWANI,))  # fmt: skip
def rows_and_columns(p: Proof, goal: Statement) -> Line:
    return p.by_definition(goal.concl)


@theorem("logits.row_of_projection", Statement((), eq(
    project(d, H, W_Q, i, r), vecmat(d, lam("N", lambda b: H(i, b)), W_Q, r))),
         "Row i of X W is x_i W", references=(VASWANI,))  # fmt: skip
def row_of_projection(p: Proof, goal: Statement) -> Line:
    return p.by_definition(goal.concl)


@theorem("logits.bilinear_form", Statement((), eq(dot(d_k, row(x, W_Q), row(y, W_K)), form(x, y)), (d.head, d_k.head)),
         "The score is a bilinear form of the tokens: (x W_Q)(y W_K)^T = x W_Q W_K^T y^T",
         references=(VASWANI, FOUR))  # fmt: skip
def bilinear_form(p: Proof, goal: Statement) -> Line:
    keys = lam("N", lambda z: total(d, lambda b: y(b) * W_K(b, z)))
    left = lam("N", lambda z: keys(z) * total(d, lambda b: x(b) * W_Q(b, z)))
    start = p.by_definition(eq(goal.concl.args[0], total(d_k, left)), "dot", "vecmat")
    outer = product_of_sums(p, keys, lam(["N", "N"], lambda b, z: x(b) * W_Q(b, z)), d_k, d)

    def each(b: Term, _: Line) -> Line:
        f = lam("N", lambda z: W_Q(b, z) * keys(z))
        scaled = p.at(sum_scale(p), n=d_k, c=x(b), f=f)
        turned_ = sum_ext(p, d_k, lam("N", lambda z: keys(z) * (x(b) * W_Q(b, z))), lam("N", lambda z: x(b) * f(z)),
                          lambda z, _: p.ring(eq(keys(z) * (x(b) * W_Q(b, z)), x(b) * f(z))))  # fmt: skip
        weighted = lam(["N", "N"], lambda e, z: y(e) * W_K(e, z))
        inner = product_of_sums(p, lam("N", lambda z: W_Q(b, z)), weighted, d_k, d)
        g = lam("N", lambda e: total(d_k, lambda z: W_Q(b, z) * (y(e) * W_K(e, z))))
        out = lam("N", lambda e: INNER(b, e) * y(e))

        def entry_(e: Term, _: Line) -> Line:
            f2 = lam("N", lambda z: W_Q(b, z) * W_K(e, z))
            pulled = p.at(sum_scale(p), n=d_k, c=y(e), f=f2)
            same = sum_ext(p, d_k, lam("N", lambda z: W_Q(b, z) * (y(e) * W_K(e, z))), lam("N", lambda z: y(e) * f2(z)),
                           lambda z, _: p.ring(eq(W_Q(b, z) * (y(e) * W_K(e, z)), y(e) * f2(z))))  # fmt: skip
            return p.ring(eq(g(e), out(e)), same, pulled,
                          p.by_definition(eq(INNER(b, e), total(d_k, f2)), "matmul", "transpose"))  # fmt: skip

        forms = sum_ext(p, d, g, out, entry_)
        return p.ring(eq(outer.rhs.args[1](b), x(b) * total(d, out)), turned_, scaled, inner, forms)

    rows = sum_ext(p, d, outer.rhs.args[1], lam("N", lambda b: x(b) * total(d, lambda e: INNER(b, e) * y(e))), each)
    return p.trans(start, outer, rows, p.by_definition(eq(rows.rhs, goal.concl.args[1]), "bilinear"))


@theorem("logits.columns", Statement((), eq(dot(d_k, column(W_Q, x), column(W_K, y)), form(x, y)), (d.head, d_k.head)),
         "The same with columns, as printed in many notes: (W_Q^T x)^T (W_K^T y) = x^T W_Q W_K^T y",
         references=(VASWANI, FOUR))  # fmt: skip
def columns(p: Proof, goal: Statement) -> Line:
    rows = p.theorem("logits.bilinear_form", d=d, d_k=d_k, x=x, y=y, W_Q=W_Q, W_K=W_K)
    return p.trans(p.by_definition(eq(goal.concl.args[0], rows.lhs)), rows)


# Four terms ---------------------------------------------------------------------------------------------
@theorem("logits.additive", Statement((), eq(
    bilinear(d, added(x, p_m), H, added(y, p_n)),
    bilinear(d, x, H, y) + bilinear(d, x, H, p_n) + bilinear(d, p_m, H, y) + bilinear(d, p_m, H, p_n))),
    "A bilinear form of two encoded tokens has four terms", references=(FOUR,))  # fmt: skip
def additive(p: Proof, goal: Statement) -> Line:
    def inner(b: Term, of: Term) -> Term:
        return total(d, lambda e: H(b, e) * of(e))

    def split(b: Term) -> Line:
        f, g = (lam("N", lambda e, of=of: H(b, e) * of(e)) for of in (y, p_n))
        whole = lam("N", lambda e: H(b, e) * (y(e) + p_n(e)))
        start = sum_ext(p, d, whole, lam("N", lambda e: f(e) + g(e)),
                        lambda e, _: p.ring(eq(whole(e), f(e) + g(e))))  # fmt: skip
        return p.trans(start, p.at(sum_add(p), n=d, f=f, g=g))

    parts = [lam("N", lambda b, s=s, t=t: s(b) * inner(b, t)) for s in (x, p_m) for t in (y, p_n)]
    whole = lam("N", lambda b: (x(b) + p_m(b)) * total(d, lambda e: H(b, e) * (y(e) + p_n(e))))
    pairs = [lam("N", lambda b, f=f, g=g: f(b) + g(b)) for f, g in (parts[:2], parts[2:])]
    both = lam("N", lambda b: pairs[0](b) + pairs[1](b))
    each = sum_ext(p, d, whole, both, lambda b, _: p.ring(eq(whole(b), both(b)), split(b)))
    sums = [p.at(sum_add(p), n=d, f=pairs[0], g=pairs[1]), p.at(sum_add(p), n=d, f=parts[0], g=parts[1]),
            p.at(sum_add(p), n=d, f=parts[2], g=parts[3])]  # fmt: skip
    opened = [p.by_definition(eq(bilinear(d, s, H, t), total(d, f)), "bilinear")
              for (s, t), f in zip([(s, t) for s in (x, p_m) for t in (y, p_n)], parts, strict=True)]
    start = p.by_definition(eq(goal.concl.args[0], each.lhs), "bilinear")
    return p.ring(goal.concl, start, each, *sums, *opened)


@theorem("logits.four_terms", Statement((), eq(
    dot(d_k, row(added(x, p_m), W_Q), row(added(y, p_n), W_K)),
    form(x, y) + form(x, p_n) + form(p_m, y) + form(p_m, p_n)),
    (d.head, d_k.head)),
    "The score of two encoded tokens: content-content, content-position, position-content, position-position",
    references=(FOUR, XL))  # fmt: skip
def four_terms(p: Proof, goal: Statement) -> Line:
    return p.trans(p.theorem("logits.bilinear_form", d=d, d_k=d_k, x=added(x, p_m), y=added(y, p_n), W_Q=W_Q, W_K=W_K),
                   p.theorem("logits.additive", d=d, x=x, y=y, p_m=p_m, p_n=p_n, H=INNER))  # fmt: skip


@theorem("logits.four_terms_columns", Statement((), eq(
    dot(d_k, column(W_Q, added(x, p_m)), column(W_K, added(y, p_n))),
    form(x, y) + form(x, p_n) + form(p_m, y) + form(p_m, p_n)), (d.head, d_k.head)),
    "The four terms with column vectors: q_m = W_Q^T (x_m + p_m)", references=(FOUR, XL))  # fmt: skip
def four_terms_columns(p: Proof, goal: Statement) -> Line:
    return p.trans(p.theorem("logits.columns", d=d, d_k=d_k, x=added(x, p_m), y=added(y, p_n), W_Q=W_Q, W_K=W_K),
                   p.theorem("logits.additive", d=d, x=x, y=y, p_m=p_m, p_n=p_n, H=INNER))  # fmt: skip


# Relative scores ----------------------------------------------------------------------------------------
@theorem("logits.shaw", Statement((), eq(
    dot(d_k, q, added(k, relative(m_ - n_))), dot(d_k, q, k) + dot(d_k, q, relative(m_ - n_))), (d_k.head,)),
    "Shaw's score: a relative code that is added to the key adds q_i . R_(i-j)", references=(SHAW,))  # fmt: skip
def shaw(p: Proof, goal: Statement) -> Line:
    return distribute(p, goal, d_k)


def distribute(p: Proof, goal: Statement, size: Term) -> Line:
    """An equation between sums of inner products that holds component by component."""
    out = []
    for side in goal.concl.args:
        for t in _dots(side):
            out.append(p.by_definition(eq(t, unfold(t, ["dot"])), "dot"))
            out += _opened_products(p, t, size)
    return p.ring(goal.concl, *out)


def _dots(t: Term) -> list[Term]:
    return [z for b in t.args for z in _dots(b)] if t.is_const("add") else [t]


def _opened_products(p: Proof, t: Term, size: Term) -> list[Line]:
    """``sum (u + u')(v + v')`` as a sum of sums, for an inner product of sums of two vectors."""
    f = unfold(t, ["dot"]).args[1]
    b = var("#b", "N")
    left, right = t.args[1](b), t.args[2](b)

    def summands(z: Term) -> list[Term]:
        return list(z.args) if z.is_const("add") else [z]

    from symcheck.terms import abstract

    products = [abstract([b.head], s * z) for s in summands(left) for z in summands(right)]  # type: ignore[list-item]
    if len(products) == 1:
        return []
    out, rest = [], f
    whole = products[0]
    for g in products[1:]:
        out.append(p.at(sum_add(p), n=size, f=whole, g=g))
        whole = lam("N", lambda e, whole=whole, g=g: whole(e) + g(e))
    out.append(sum_ext(p, size, rest, whole, lambda e, _: p.ring(eq(rest(e), whole(e)))))
    return out


@theorem("logits.transformer_xl", Statement((), eq(
    dot(d_k, q, k) + dot(d_k, q, relative(m_ - n_)) + dot(d_k, u, k) + dot(d_k, v, relative(m_ - n_)),
    dot(d_k, added(q, u), k) + dot(d_k, added(q, v), relative(m_ - n_))), (d_k.head,)),
    "The score of Transformer-XL: two terms with the query, two with the learned vectors u and v",
    references=(XL,))  # fmt: skip
def transformer_xl(p: Proof, goal: Statement) -> Line:
    return distribute(p, goal, d_k)


#: The score of Transformer-XL with its two key projections: W_E for contents, W_R for relative codes.
xl_score = defined("xl_score", ["N", "N", SEQUENCE, SEQUENCE, SEQUENCE, MATRIX, MATRIX, SEQUENCE, SEQUENCE],
    lambda d, d_k, q, u, v, W_E, W_R, x, c: dot(d_k, added(q, u), entry(matvec, d, W_E, x))
    + dot(d_k, added(q, v), entry(matvec, d, W_R, c)))  # fmt: skip
register("xl_score", tex=r"(<2> + <3>)^\top <5> <7:atom> + (<2> + <4>)^\top <6> <8:atom>",
         text="(<2> + <3>)ᵀ <5> <7:atom> + (<2> + <4>)ᵀ <6> <8:atom>", precedence=6,
         parameters=("d", "d_k", "q", "u", "v", "W_E", "W_R", "x", "c"))  # fmt: skip

XL_KEY, XL_CODE = entry(matvec, d, W_E, x), entry(matvec, d, W_R, relative(m_ - n_))
XL_TERMS = (dot(d_k, q, XL_KEY) + dot(d_k, q, XL_CODE) + dot(d_k, u, XL_KEY) + dot(d_k, v, XL_CODE))


@theorem("logits.transformer_xl_projected", Statement((), eq(
    xl_score(d, d_k, q, u, v, W_E, W_R, x, relative(m_ - n_)), XL_TERMS), (d.head, d_k.head)),
    "The four terms of Transformer-XL: keys are W_E x_j, relative codes are projected by W_R",
    references=(XL,))  # fmt: skip
def transformer_xl_projected(p: Proof, goal: Statement) -> Line:
    two = dot(d_k, added(q, u), XL_KEY) + dot(d_k, added(q, v), XL_CODE)
    return p.trans(p.by_definition(eq(goal.concl.args[0], two), "xl_score"),
                   distribute(p, Statement((), eq(two, XL_TERMS)), d_k))  # fmt: skip


countertheorem("logits.transformer_xl_needs_projection",
               "With the raw code in the place of W_R R the score is another one than Transformer-XL's",
               Statement((), eq(xl_score(d, d_k, q, u, v, W_E, W_R, x, relative(m_ - n_)),
                                dot(d_k, q, XL_KEY) + dot(d_k, q, relative(m_ - n_)) + dot(d_k, u, XL_KEY)
                                + dot(d_k, v, relative(m_ - n_))), (d.head, d_k.head)),
               {"d": 1, "d_k": 1, "q": table([1]), "u": table([0]), "v": table([0]), "W_E": matrix([[0]]),
                "W_R": matrix([[0]]), "x": table([0]), "R": lam(["R", "N"], lambda t, b: number(1)), "m": 0, "n": 0},
               references=(XL,))  # fmt: skip


@theorem("logits.relative_shift", Statement((), eq(
    dot(d_k, q, relative((m_ + c) - (n_ + c))), dot(d_k, q, relative(m_ - n_))), (d_k.head,)),
    "A relative term does not change when both positions move by the same amount", references=(SHAW, XL))  # fmt: skip
def relative_shift(p: Proof, goal: Statement) -> Line:
    return p.by_definition(goal.concl)


#: One-hot code of a position.
one_hot = defined("one_hot", ["N", "N"], lambda i, a: const("delta", i, a))
register("one_hot", tex=r"(e_{<0>})_{<1>}", text="e_<0>[<1>]", function_tex=r"e_{<0>}", function_text="e_<0>")
TOEPLITZ = lam(["N", "N"], lambda b, e: R(b - e, 0))


@theorem("logits.bias_is_bilinear", Statement((lt(i, n), lt(j, n)), eq(
    bilinear(n, entry(one_hot, i), TOEPLITZ, entry(one_hot, j)), R(i - j, 0))),
    "Every relative bias is a bilinear form of position codes: one-hot codes and the Toeplitz matrix of the bias",
    references=(SHAW,), instance=lambda p: [decide(p, lt(number(0, "N"), number(2, "N"))),
                                            decide(p, lt(number(1, "N"), number(2, "N")))])  # fmt: skip
def bias_is_bilinear(p: Proof, goal: Statement) -> Line:
    known = [p.assume(hyp) for hyp in goal.hyps]
    start = p.by_definition(eq(goal.concl.args[0], total(n, lambda b: delta(i, b) * total(
        n, lambda e: delta(j, e) * TOEPLITZ(b, e)))), "bilinear", "one_hot")  # fmt: skip
    columns_ = lam("N", lambda b: total(n, lambda e: delta(j, e) * TOEPLITZ(b, e)))
    outer = p.mp(p.at(sum_delta(p), n=n, j=i, f=columns_), known[0])
    inner = p.mp(p.at(sum_delta(p), n=n, j=j, f=lam("N", lambda e: TOEPLITZ(i, e))), known[1])
    return p.trans(start, outer, inner)


# RoPE as an interaction of codes ------------------------------------------------------------------------
ALONG = lam("N", lambda i: q(2 * i) * k(2 * i) + q(2 * i + 1) * k(2 * i + 1))
ACROSS = lam("N", lambda i: q(2 * i + 1) * k(2 * i) - q(2 * i) * k(2 * i + 1))
BLOCKS = (ALONG, ACROSS, lam("N", lambda i: -ACROSS(i)), ALONG)
CONTENT = entry(blocks, *BLOCKS)


@theorem("logits.rope_interaction", Statement((), eq(
    dot(2 * h, turned(m_, q), turned(n_, k)), bilinear(2 * h, code(m_, PE_cosine), CONTENT, code(n_, PE_cosine))),
    (h.head,)),
    "The score of RoPE is an interaction term p_m^T H p_n of the sinusoidal codes, where H holds the contents",
    references=(ROFORMER + ", eq. 16",))  # fmt: skip
def rope_interaction(p: Proof, goal: Statement) -> Line:
    x_, y_ = code(m_, PE_cosine), code(n_, PE_cosine)
    sides = []
    u_, v_ = goal.concl.args[0].args[1:]
    f = lam("N", lambda b: u_(b) * v_(b))
    pairs = p.at(sum_pairs(p), h=h, f=f)
    sides.append(p.trans(p.by_definition(eq(goal.concl.args[0], pairs.lhs), "dot"), pairs))
    applied = p.theorem("blocks.matvec", p.assume(lt(r, 2 * h)), h=h, r=r, x=y_,
                        **dict(zip("abcd", BLOCKS, strict=True)))  # fmt: skip
    woven_ = lam("N", lambda b: const("weave", *applied.rhs.args[:2], b))
    g = lam("N", lambda b: x_(b) * woven_(b))
    start = p.by_definition(eq(goal.concl.args[1], total(2 * h, lambda b: x_(b) * matvec(2 * h, CONTENT, y_, b))),
                            "bilinear", "matvec")  # fmt: skip
    each = sum_ext(p, 2 * h, start.rhs.args[1], g, lambda b, below: p.ring(
        eq(start.rhs.args[1](b), g(b)), p.cuts(p.rule("instantiate", applied, {r.head: b}), below)))  # fmt: skip
    pairs = p.at(sum_pairs(p), h=h, f=g)
    sides.append(p.trans(start, each, pairs))
    left, right = sides[0].rhs.args[1], sides[1].rhs.args[1]

    def one(b: Term, _: Line) -> Line:
        from derivations.blocks import woven

        parts = [component(p, PE_cosine, z, e) for z in (m_, n_) for e in (2 * b, 2 * b + 1)]
        return p.ring(eq(left(b), right(b)), *rotated_pair(p, m_, q, b), *rotated_pair(p, n_, k, b), *parts,
                      woven(p, woven_(2 * b)), woven(p, woven_(2 * b + 1)))  # fmt: skip

    return p.trans(sides[0], sum_ext(p, h, left, right, one), p.symm(sides[1]))


@theorem("logits.rope_direction", Statement((), eq(
    dot(2 * h, q, turned(m_, k)) - dot(2 * h, q, turned(-m_, k)),
    2 * total(h, lambda i: ACROSS(i) * sin(m_ * theta(i)))),
    (h.head,)),
    "What RoPE tells between an offset and its opposite: twice the sum of (q_(2i+1) k_(2i) - q_(2i) k_(2i+1)) sin",
    references=(ROFORMER,))  # fmt: skip
def rope_direction(p: Proof, goal: Statement) -> Line:
    sides = []
    for angle in (m_, -m_):
        t = dot(2 * h, q, turned(angle, k))
        pairs = p.at(sum_pairs(p), h=h, f=lam("N", lambda b, angle=angle: q(b) * turned(angle, k)(b)))
        sides.append(p.trans(p.by_definition(eq(t, pairs.lhs), "dot"), pairs))
    f, g = (s.rhs.args[1] for s in sides)
    sines = lam("N", lambda b: ACROSS(b) * sin(m_ * theta(b)))
    twice = lam("N", lambda b: 2 * sines(b))
    rest = lam("N", lambda b: g(b) + twice(b))

    def each(b: Term, _: Line) -> Line:
        flipped = [p.convert(e, eq((cos if e.lhs.is_const("cos") else sin)(-m_ * theta(b)), e.rhs))
                   for e in negated(p, m_ * theta(b))]  # fmt: skip
        return p.ring(eq(f(b), rest(b)), *rotated_pair(p, m_, k, b), *rotated_pair(p, -m_, k, b), *flipped)

    return p.ring(goal.concl, *sides, sum_ext(p, h, f, rest, each), p.at(sum_add(p), n=h, f=g, g=twice),
                  p.at(sum_scale(p), n=h, c=2, f=sines))  # fmt: skip


@theorem("logits.rope_query", Statement((), eq(
    dot(2 * h, turned(m_, q), turned(n_, k)), dot(2 * h, turned(m_ - n_, q), k)), (h.head,)),
    "The relative rotation on the side of the query turns by m - n: <R_m q, R_n k> = <R_(m-n) q, k>",
    references=(ROFORMER + ", eq. 16",))  # fmt: skip
def rope_query(p: Proof, goal: Statement) -> Line:
    one = p.theorem("rope.relative", h=h, theta=theta, m=m_, n=n_, q=q, k=k)
    other = p.theorem("rope.relative", h=h, theta=theta, m=m_ - n_, n=number(0), q=q, k=k)
    still = p.theorem("rope.zero", theta=theta, x=k)
    f, g = (lam("N", lambda b, z=z: turned(m_ - n_, q)(b) * z(b)) for z in (turned(number(0), k), k))
    same = sum_ext(p, 2 * h, f, g, lambda b, _: p.ring(eq(f(b), g(b)), p.at(still, j=b)))
    back = p.trans(p.by_definition(eq(goal.concl.args[1], same.rhs), "dot"), p.symm(same),
                   p.by_definition(eq(same.lhs, other.lhs), "dot"), other)  # fmt: skip
    return p.trans(p.convert(one, eq(one.lhs, other.rhs)), p.symm(back))


# Softmax ------------------------------------------------------------------------------------------------
SOFTMAX_A = softmax(n, a, j)



def exp_sum_positive(p: Proof, size: Term, of: Term, nonempty: Line) -> Line:
    """``0 < sum_{l < size} exp(of_l)`` from 0 < size."""
    N, A = var("n", "N"), var("a", SEQUENCE)

    def prove(p: Proof) -> Line:
        f, zero = lam("N", lambda l: exp(A(l))), lam("N", lambda l: number(0))
        goal = lt(0, total(N, f))
        inside = p.assume(lt(number(0, "N"), N))

        def empty(line: Line) -> Line:
            return p.axiom("false_elim", p.pos(const("false"), inside, line), p=goal)

        def more(line: Line) -> Line:
            def use(b: Term, equation: Line) -> Line:
                l = var("l", "N")
                below = p.assume(lt(l, b))
                one = p.pos(le(zero(l), f(l)), p.axiom("exp_positive", x=A(l)))
                rest = p.mp(p.at(sum_le(p), n=b, f=zero, g=f), p.generalise(p.discharge(one, below.concl), l))
                at = p.pos(lt(0, total(b + 1, f)), rest, p.at(sum_constant(p), n=b, c=0),
                           p.axiom("sum_successor", n=b, f=f), p.axiom("exp_positive", x=A(b)))  # fmt: skip
                return p.rewrite(p.symm(equation), at, lambda z: lt(0, total(z, f)))
            return p.obtain(line, use, name="b")

        done = p.cases(p.axiom("nat_zero_or_successor", n=N), empty, more)
        return p.discharge(done, inside.concl)

    return p.mp(p.at(p.lemma("a sum of exponentials is positive", prove), n=size, a=of), nonempty)


def nonempty(p: Proof) -> list[Line]:
    """An instance of 0 < n."""
    return [decide(p, lt(number(0, "N"), number(2, "N")))]


@theorem("logits.softmax_positive", Statement((lt(0, n),), lt(0, SOFTMAX_A)), "Softmax weights are positive",
         references=(VASWANI,), instance=nonempty)  # fmt: skip
def softmax_positive(p: Proof, goal: Statement) -> Line:
    whole = exp_sum_positive(p, n, a, p.assume(goal.hyps[0]))
    inverse = p.axiom("inverse_positive", whole, x=whole.rhs)
    top = p.axiom("exp_positive", x=a(j))
    product = p.rule("pos", lt(0, top.rhs * inverse.rhs), [top, inverse], [(Fraction(1), [0, 1], number(1))], [], [])
    return p.convert(product, goal.concl, "softmax")


@theorem("logits.softmax_sum", Statement((lt(0, n),), eq(total(n, lambda l: softmax(n, a, l)), 1)),
         "The softmax weights of a row sum to 1", references=(VASWANI,), instance=nonempty)  # fmt: skip
def softmax_sum(p: Proof, goal: Statement) -> Line:
    whole = exp_sum_positive(p, n, a, p.assume(goal.hyps[0]))
    z = const("inv", whole.rhs)
    f = lam("N", lambda l: exp(a(l)))
    scaled = lam("N", lambda l: z * f(l))
    start = p.by_definition(eq(goal.concl.args[0], total(n, scaled)), "softmax")
    return p.ring(goal.concl, start, p.at(sum_scale(p), n=n, c=z, f=f), inverse_of(p, whole))


@theorem("logits.softmax_shift", Statement((lt(0, n),), eq(softmax(n, lam("N", lambda l: a(l) + c), j), SOFTMAX_A)),
         "Softmax does not see what all scores of a row share: softmax(a + c) = softmax(a)",
         references=(VASWANI,), instance=nonempty)  # fmt: skip
def softmax_shift(p: Proof, goal: Statement) -> Line:
    some = p.assume(goal.hyps[0])
    f = lam("N", lambda l: exp(a(l)))
    moved = lam("N", lambda l: exp(a(l) + c))
    each = sum_ext(p, n, moved, lam("N", lambda l: exp(c) * f(l)),
                   lambda l, _: p.ring(eq(moved(l), exp(c) * f(l)), p.axiom("exp_add", x=a(l), y=c)))  # fmt: skip
    whole = p.trans(each, p.at(sum_scale(p), n=n, c=exp(c), f=f))
    one = inverse_of(p, exp_sum_positive(p, n, a, some))
    other = inverse_of(p, exp_sum_positive(p, n, lam("N", lambda l: a(l) + c), some))
    V, V2 = const("inv", total(n, f)), const("inv", total(n, moved))
    # e^c V' = V: multiply S' = e^c S by V V'
    shrink = p.ring(eq(exp(c) * V2, V), whole, one, other)
    start = p.by_definition(eq(goal.concl.args[0], moved(j) * V2), "softmax")
    end = p.by_definition(eq(goal.concl.args[1], f(j) * V), "softmax")
    return p.ring(goal.concl, start, end, shrink, p.axiom("exp_add", x=a(j), y=c))


def bounded(below: bool) -> Term:
    """For all l < n: lo <= w_l, or w_l <= hi."""
    return forall("N", lambda l: implies(lt(l, n), le(lo, w(l)) if below else le(w(l), hi)))


OUTPUT = total(n, lambda l: softmax(n, a, l) * w(l))


def one_value(p: Proof) -> list[Line]:
    """An instance of the hypotheses of logits.convex: the one value 1 between 0 and 2."""
    one = number(1, "N")
    sides = (le(number(0), number(1)), le(number(1), number(2)))
    return [decide(p, lt(number(0, "N"), one)),
            *(decide(p, forall("N", lambda l, side=side: implies(lt(l, one), side))) for side in sides)]  # fmt: skip


@theorem("logits.convex", Statement((lt(0, n), bounded(True), bounded(False)),
                                    const("and", le(lo, OUTPUT), le(OUTPUT, hi)), (n.head,)),
         "The output is a convex combination of the values: it lies between their bounds",
         references=(VASWANI,), instance=one_value)  # fmt: skip
def convex(p: Proof, goal: Statement) -> Line:
    some, low, high = (p.assume(hyp) for hyp in goal.hyps)
    weight = lam("N", lambda l: softmax(n, a, l))
    values = lam("N", lambda l: weight(l) * w(l))
    one = p.theorem("logits.softmax_sum", some, n=n, a=a)
    out = []
    for bound, side, part in ((lo, low, 0), (hi, high, 1)):
        l = var("l", "N")
        below = p.assume(lt(l, n))
        positive = p.theorem("logits.softmax_positive", some, n=n, a=a, j=l)
        at = p.mp(p.specialise(side, l), below)
        f = lam("N", lambda e, bound=bound: bound * weight(e))
        left, right = (f, values) if part == 0 else (values, f)
        product = p.rule("pos", le(left(l), right(l)), [positive, at], [(Fraction(1), [0, 1], number(1))], [], [])
        whole = p.mp(p.at(sum_le(p), n=n, f=left, g=right), p.generalise(p.discharge(product, below.concl), l))
        scaled = p.at(sum_scale(p), n=n, c=bound, f=weight)
        total_ = p.ring(eq(total(n, f), bound), scaled, one)
        out.append(p.pos(goal.concl.args[part], whole, total_))
    return p.both(*out)


@theorem("logits.softmax_of_one", Statement((), eq(softmax(number(1, "N"), a, number(0, "N")), 1)),
         "The softmax of a single number is 1, whatever the score: it weighs nothing",
         references=(VASWANI,))  # fmt: skip
def softmax_of_one(p: Proof, goal: Statement) -> Line:
    one = p.theorem("logits.softmax_sum", p.ball(lt(number(0, "N"), number(1, "N"))), n=1, a=a)
    f = one.lhs.args[1]
    first = p.axiom("sum_successor", n=0, f=f)
    return p.ring(goal.concl, one, p.convert(first, eq(total(1, f), first.rhs)), p.axiom("sum_zero", f=f))
