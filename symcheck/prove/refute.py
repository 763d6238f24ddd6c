"""Refutations: ``|- (closed claim) -> false`` from exact values at which the claim fails, and their search.

A witness is checked by the same rules as a proof: the values are put into the claim, its hypotheses are
proved at them, and balls show that the two sides differ.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from ..checker import balls
from ..checker.polynomial import constant, polynomial
from ..terms import (
    Bound,
    Const,
    Num,
    Term,
    TermError,
    Type,
    Var,
    abstract,
    apply,
    arguments,
    const,
    eq,
    eta,
    false,  # fmt: skip
    implies,
    lam,
    le,
    lt,
    number,
    sort,
    substitute,
)
from .proof import Line, Proof, ProofError, Statement


def denial(statement: Statement) -> Statement:
    """The statement that a refutation proves: the closed claim implies false."""
    return Statement((), implies(statement.closed(), false()))


def refutation(statement: Statement, values: Mapping[str, Term | int | Fraction],
               *inner: Term | int | Fraction, hypotheses: Mapping[int, Callable[[Proof, Term], Line]] | None = None,
               ) -> Callable[[Proof, Statement], Line]:  # fmt: skip
    """The proof script that refutes a statement at ``values`` of its variables.

    ``inner`` are the values for quantifiers inside the conclusion, in order; ``hypotheses`` gives a proof
    script for a hypothesis by number, where :func:`decide` does not find one.
    """

    def prove(p: Proof, _: Statement) -> Line:
        claim = p.assume(statement.closed())
        line = p.specialise(claim, *(values[v.name] for v in statement.variables))
        for k in range(len(statement.hyps)):
            premise = line.concl.args[0]
            given = (hypotheses or {}).get(k)
            line = p.mp(line, given(p, premise) if given else decide(p, premise))
        return p.discharge(contradict(p, line, list(inner)), claim.concl)

    prove.values = values  # type: ignore[attr-defined]  # for the printed sides of the witness
    return prove


def contradict(p: Proof, line: Line, inner: list[Term | int | Fraction]) -> Line:
    """``false`` from a closed line that is not so."""
    c = line.concl
    if c.is_const("forall"):
        return contradict(p, p.specialise(line, inner[0]), inner[1:])
    if c.is_const("imp"):
        return contradict(p, p.mp(line, decide(p, c.args[0])), inner)
    if c.is_const("false"):
        return line
    if c.is_const("and"):
        for part in p.parts(line):
            try:
                return contradict(p, part, inner)
            except ProofError:
                continue
        raise ProofError("no part of the conjunction fails at these values")
    if not c.is_const("eq", "eqN", "lt", "le", "ltN"):
        raise ProofError(f"no way to contradict {c!r:.200}")
    a, b = c.args
    sides = [(a, b), (b, a)] if c.is_const("eq", "eqN") else [(b, a)]
    for x, y in sides:
        try:
            return p.pos(false(), p.ball(lt(x, y), 128), line)
        except ProofError:
            continue
    if c.is_const("lt"):  # a < a: the sides may be equal
        return p.pos(false(), line, compute(p, a), compute(p, b))
    raise ProofError("the two sides do not differ at these values")


def decide(p: Proof, goal: Term) -> Line:
    """Prove a closed proposition without real quantifiers by computing it. Raises ProofError."""
    if goal.is_const("and"):
        return p.both(decide(p, goal.args[0]), decide(p, goal.args[1]))
    if goal.is_const("lt", "ltN"):
        return p.ball(goal, 128)
    if goal.is_const("le"):
        try:
            return p.pos(goal, p.ball(lt(*goal.args), 128))
        except ProofError:
            return p.pos(goal, compute(p, goal.args[0]), compute(p, goal.args[1]))
    if goal.is_const("eq", "eqN"):
        return p.ring(goal, compute(p, goal.args[0]), compute(p, goal.args[1]))
    if goal.is_const("or"):
        for name, part in zip(("or_left", "or_right"), goal.args, strict=True):
            try:
                return p.axiom(name, decide(p, part), p=goal.args[0], q=goal.args[1])
            except ProofError:
                continue
    if goal.is_const("imp"):
        try:
            return p.discharge(decide(p, goal.args[1]), goal.args[0])
        except ProofError:
            absurd = contradict(p, p.assume(goal.args[0]), [])
            return p.discharge(p.axiom("false_elim", absurd, p=goal.args[1]), goal.args[0])
    if goal.is_const("forall") and goal.args[0].binders == ("N",):
        return _bounded(p, goal)
    if isinstance(goal.head, Const) and goal.head.body is not None:
        from ..terms import unfold

        inside = unfold(goal, [goal.head.name])
        return p.convert(decide(p, inside), goal, goal.head.name)
    raise ProofError(f"not decided by computing: {goal!r:.200}")


def _bounded(p: Proof, goal: Term) -> Line:
    """``forall i. i < k -> q(i)`` for a number k, case by case; also where a further forall comes first."""
    i = eta(Var(_unused(p, "i"), "N"))
    inside = apply(goal.args[0], [i])
    if inside.is_const("forall"):  # forall i j. i < n -> j < n -> ...: bring i < n forward
        j = eta(Var(_unused(p, "j", i), "N"))
        body = apply(inside.args[0], [j])
        if not body.is_const("imp"):
            raise ProofError("no bound on the index")
        moved = implies(body.args[0], Term((), inside.head, [abstract([j.head], body.args[1])]))  # type: ignore[list-item]
        first = p.specialise(_bounded(p, _forall(i, moved)), i)
        inner = p.assume(body.args[0])
        return p.generalise(p.discharge(p.specialise(p.mp(first, inner), j), inner.concl), i, j)
    if not (inside.is_const("imp") and inside.args[0].is_const("ltN") and inside.args[0].args[0] == i):
        raise ProofError(f"no bound on the index in {goal!r:.200}")
    size = constant(polynomial(inside.args[0].args[1]))
    if size is None or size > 64:
        raise ProofError("the bound is not a small number")
    property_ = abstract([i.head], inside.args[1])  # type: ignore[list-item]

    def below(k: int, less: Line) -> Line:  # q(i) from i < k
        if k == 0:
            return p.axiom("false_elim", p.pos(false(), less, p.axiom("nat_nonneg", n=i)), p=apply(property_, [i]))

        def last(other: Line) -> Line:  # k - 1 < i + 1 and i < k
            same = p.axiom("nat_antisymmetry", other, less, m=k - 1, n=i)
            at = decide(p, apply(property_, [number(k - 1, "N")]))
            return p.rule("replace", same, at, property_)

        return p.cases(p.axiom("nat_less_or_not", m=i, n=k - 1), lambda line: below(k - 1, line), last)

    start = p.assume(inside.args[0])
    bound = p.convert(start, lt(i, number(int(size), "N")))
    return p.generalise(p.discharge(below(int(size), bound), start.concl), i)


def _forall(v: Term, body: Term) -> Term:
    from ..terms import quantify

    return quantify("forall", [v.head], body)  # type: ignore[list-item]


def _unused(p: Proof, name: str, *others: Term) -> str:
    taken = {v.name for rule, args in p.steps if rule == "assume" for v in args[0].free}
    taken |= {v.name for o in others for v in o.free}
    while name in taken:
        name += "'"
    return name


def compute(p: Proof, t: Term) -> Line:
    """``t = value``: sums with numbers as bounds, cases, deltas and special values worked out, by axioms.

    Sums and products are left to polynomial identity; only what stands inside an atom is rewritten in it.
    """
    if t.binders or isinstance(t.head, Num | Var | Bound):
        return p.refl(t)
    if t.is_const("add", "mul", "addN", "mulN", "real") or (t.is_const("pow") and _value(t.args[1]) is not None):
        parts = [compute(p, a) for a in t.args]
        return p.ring(eq(t, Term((), t.head, [q.rhs for q in parts])), *parts)
    line = p.refl(t)
    for k, a in enumerate(t.args):
        if not a.binders and (part := compute(p, a)).rhs != a:
            now = line.rhs
            line = p.rewrite(part, line, _with_argument(t, now, k))
    found = _redex(p, line.rhs)
    return line if found is None else p.trans(line, found, compute(p, found.rhs))


def _with_argument(t: Term, now: Term, k: int) -> Callable[[Term], Term]:
    """``t = now`` with argument k of the right side left open."""
    return lambda z: eq(t, Term((), now.head, [z if j == k else b for j, b in enumerate(now.args)]))


def _value(t: Term) -> int | None:
    """The number that a natural term without variables is by ring identities, if it is one."""
    c = constant(polynomial(t))
    return int(c) if c is not None else None


def _redex(p: Proof, t: Term) -> Line | None:
    """An equation that simplifies the term at its head, by an axiom or a definition."""
    h = t.head
    if isinstance(h, Const) and h.body is not None:
        return p.by_definition(eq(t, apply(h.body, list(t.args))), h.name)
    match getattr(h, "name", None):
        case "sum" if (n := _value(t.args[0])) is not None:
            if n == 0:
                return p.convert(p.axiom("sum_zero", f=t.args[1]), eq(t, 0))
            step = p.axiom("sum_successor", n=n - 1, f=t.args[1])
            return p.convert(step, eq(t, step.rhs))
        case "weave" if (n := _value(t.args[2])) is not None:
            line = p.axiom("weave_odd" if n % 2 else "weave_even", a=t.args[0], b=t.args[1], i=n // 2)
            return p.convert(line, eq(t, line.rhs))
        case "stack" if (n := _value(t.args[3])) is not None and (h_ := _value(t.args[0])) is not None:
            if n < h_:
                line = p.axiom("stack_low", p.ball(lt(number(n, "N"), number(h_, "N"))), a=t.args[1], b=t.args[2],
                               i=n, h=h_)  # fmt: skip
            else:
                line = p.axiom("stack_high", a=t.args[1], b=t.args[2], i=n - h_, h=h_)
            return p.convert(line, eq(t, line.rhs))
        case "case" | "caseN" as name if (n := _value(t.args[0])) is not None:
            other = {"case": "x", "caseN": "k"}[name]
            line = p.axiom(f"{name}_successor", n=n - 1, **{other: t.args[1]}, f=t.args[2]) if n else \
                p.axiom(f"{name}_zero", **{other: t.args[1]}, f=t.args[2])  # fmt: skip
            return p.convert(line, eq(t, line.rhs))
        case "delta" if (i := _value(t.args[0])) is not None and (j := _value(t.args[1])) is not None:
            if i == j:
                return p.convert(p.axiom("delta_same", i=i), eq(t, 1))
            same = p.assume(eq(number(i, "N"), number(j, "N")))
            line = p.axiom("delta_other", p.discharge(p.pos(false(), same), same.concl), i=i, j=j)
            return p.convert(line, eq(t, 0))
        case "sin" | "cos" | "exp" as name if constant(polynomial(t.args[0])) == 0:
            line = p.axiom(f"{name}_zero")
            return p.convert(line, eq(t, line.rhs))
        case "sin" | "cos" as name if _is_half_pi(t):
            line = p.axiom(f"{name}_pi_half")
            return p.convert(line, eq(t, line.rhs))
        case "sqrt" if (c := constant(polynomial(t.args[0]))) is not None and _root(c) is not None:
            return _square_root(p, t, _root(c))  # type: ignore[arg-type]
    return None


def _is_half_pi(t: Term) -> bool:
    return polynomial(t.args[0]) == polynomial(const("pi") * Fraction(1, 2))


def _root(c: object) -> Fraction | None:
    from math import isqrt

    p, q = int(c.p), int(c.q)  # type: ignore[attr-defined]
    return Fraction(isqrt(p), isqrt(q)) if p >= 0 and isqrt(p) ** 2 == p and isqrt(q) ** 2 == q else None


def _square_root(p: Proof, t: Term, r: Fraction) -> Line:
    """``sqrt(r^2) = r`` for a rational r >= 0."""
    x = t.args[0]
    nonneg = p.pos(le(0, x))
    square, root = p.axiom("square_root", nonneg, x=x), p.axiom("square_root_nonneg", nonneg, x=x)
    s = root.rhs
    upper = p.cases(p.axiom("trichotomy", x=number(r), y=s),
                    lambda more: p.axiom("false_elim", p.pos(false(), more, square, root, degree=2), p=le(s, number(r))),
                    lambda line: line)  # fmt: skip
    lower = p.cases(p.axiom("trichotomy", x=s, y=number(r)),
                    lambda less: p.axiom("false_elim", p.pos(false(), less, square, root, degree=2), p=le(number(r), s)),
                    lambda line: line)  # fmt: skip
    return p.axiom("le_antisymmetry", upper, lower, x=s, y=number(r))


# Search ------------------------------------------------------------------------------------------------
HALF_PI = const("pi") * Fraction(1, 2)
REALS: tuple[Term, ...] = (number(0), number(1), number(2), HALF_PI, number(-1), number(3), number(Fraction(1, 2)))
NATURALS = (1, 2, 0, 3)


def table(values: Iterable[Term | int | Fraction]) -> Term:
    """The sequence with these first values, then the last one for ever, as a closed term."""
    *first, out = [v if isinstance(v, Term) else number(v) for v in values]
    f = lam("N", lambda i: out)
    for v in reversed(first):
        f = lam("N", lambda i, v=v, f=f: const("case", i, v, f))
    return f


def naturals(values: Iterable[int]) -> Term:
    """The sequence of naturals with these first values, then the last one for ever."""
    *first, out = [number(v, "N") for v in values]
    f = lam("N", lambda i: out, "N")
    for v in reversed(first):
        f = lam("N", lambda i, v=v, f=f: const("caseN", i, v, f), "N")
    return f


def matrix(rows: Iterable[Iterable[Term | int | Fraction]]) -> Term:
    """The array with these first entries, the last row and column repeated."""
    *first, last = [table(r) for r in rows]
    f = lam(["N", "N"], lambda i, j: apply(last, [j]))
    for r in reversed(first):
        f = lam(["N", "N"], lambda i, j, r=r, f=f: const("case", i, apply(r, [j]), lam("N", lambda k: apply(f, [k, j]))))
    return f


def first_entries(f: Term, size: int = 3) -> str | None:
    """A closed sequence or matrix by its first entries, as text; None for other functions."""
    from flint import ctx

    if f.free or not f.binders or any(t != "N" for t in f.binders) or len(f.binders) > 2:
        return None
    old, ctx.prec = ctx.prec, 64
    try:
        value = balls.evaluate(f)

        def show(x: object) -> str:
            return str(x) if isinstance(x, int) else _number(x)

        if len(f.binders) == 1:
            return "(" + ", ".join(show(value(i)) for i in range(size)) + ", ...)"
        return "(" + "; ".join(", ".join(show(value(i, j)) for j in range(2)) for i in range(2)) + "; ...)"
    except (TermError, ArithmeticError, ValueError, TypeError):
        return None
    finally:
        ctx.prec = old


def _number(x: Any) -> str:
    from flint import arb

    for top, name in ((1, ""), (arb.pi(), "π")):
        for q in (1, 2, 3, 4):
            k = (x * q / top).unique_fmpz()
            if k is not None and (x * q - k * top).contains(0):
                f = Fraction(int(k), q)
                if not name:
                    return str(f)
                return (("" if f.numerator == 1 else "-" if f.numerator == -1 else str(f.numerator)) + name
                        + (f"/{f.denominator}" if f.denominator > 1 else ""))  # fmt: skip
    return x.str(6, radius=False)  # type: ignore[attr-defined]


def _candidates(t: Type, rng: random.Random, simple: bool) -> Term:
    """A random closed value of a type: few shared simple values first."""
    if t == "N":
        return number(rng.choice(NATURALS[:3] if simple else NATURALS), "N")
    if t == "R":
        return rng.choice(REALS[:5] if simple else REALS)
    args, base = arguments(t), sort(t)
    if t == ("N", "R"):
        return table(rng.choice(REALS[:5] if simple else REALS) for _ in range(rng.choice((1, 2, 3, 4))))
    if t == ("N", "N"):
        return naturals(rng.choice(([1, 0], [0, 1], [1, 2, 0], [2, 0, 1], [1, 0, 2])))
    if args and all(a == "N" for a in args) and base == "R":
        if len(args) == 2:
            return matrix([rng.choice(REALS[:3] if simple else REALS) for _ in range(rng.choice((1, 2, 3)))]
                          for _ in range(rng.choice((1, 2, 3))))  # fmt: skip
        value = rng.choice(REALS)
        return lam(list(args), lambda *_: value)
    if base == "R":
        value = rng.choice(REALS)
        return lam(list(args), lambda *_: value)
    raise ProofError(f"no values are known for the type {t}")


def assignments(statement: Statement, rng: random.Random) -> Iterator[dict[str, Term]]:
    """Values for the variables: simple ones first, then wider ones, without end."""
    for k in itertools.count():
        yield {v.name: _candidates(v.type, rng, k < 150) for v in statement.variables}


def truth(goal: Term, precision: int = 64) -> bool | None:
    """Is a closed quantifier-free proposition (or one with small bounds) true, false, or not known here?

    Untrusted: a guide for the search. Equality is taken for true where the balls overlap.
    """
    from flint import ctx

    if goal.is_const("and"):
        return _both(truth(goal.args[0]), truth(goal.args[1]))
    if goal.is_const("imp"):
        first = truth(goal.args[0])
        return True if first is False else truth(goal.args[1]) if first else None
    if goal.is_const("false"):
        return False
    if goal.is_const("forall") and goal.args[0].binders == ("N",):
        out: bool | None = True
        for k in range(4):
            out = _both(out, truth(apply(goal.args[0], [number(k, "N")])))
        return out
    if isinstance(goal.head, Const) and goal.head.body is not None:
        return truth(apply(goal.head.body, list(goal.args)))
    if not goal.is_const("eq", "eqN", "lt", "le", "ltN"):
        return None
    old, ctx.prec = ctx.prec, precision
    try:
        a, b = (balls.evaluate(x) for x in goal.args)
    except (TermError, ArithmeticError, ValueError, TypeError, IndexError):
        return None
    finally:
        ctx.prec = old
    if goal.is_const("eqN", "eq"):
        return not (a < b or b < a)
    if a < b:
        return True
    if b < a or goal.is_const("ltN"):
        return False
    return None if goal.is_const("lt") else True


def _both(a: bool | None, b: bool | None) -> bool | None:
    return False if a is False or b is False else None if a is None or b is None else True


def search(statement: Statement, tries: int = 600, seed: int = 0) -> dict[str, Term] | None:
    """Exact values at which the hypotheses hold and the conclusion fails, made as simple as possible; or None."""
    rng = random.Random(seed)

    def fails(values: Mapping[str, Term]) -> bool:
        at = {v: values[v.name] for v in statement.variables}
        try:
            return (truth(substitute(statement.concl, at)) is False
                    and all(truth(substitute(p, at)) for p in statement.hyps))  # fmt: skip
        except TermError:
            return False

    for values in itertools.islice(assignments(statement, rng), tries):
        if fails(values):
            return _simplest(values, fails)
    return None


def _simplest(values: dict[str, Term], fails: Callable[[Mapping[str, Term]], bool]) -> dict[str, Term]:
    """Replace values by simpler ones while the statement still fails."""
    for name, value in list(values.items()):
        t = value.type
        simpler: list[Term] = []
        if t == "N":
            simpler = [number(k, "N") for k in (1, 2)]
        elif t == "R":
            simpler = list(REALS[:4])
        elif sort(t) == "R" and all(a == "N" for a in arguments(t)):
            simpler = [lam(list(arguments(t)), lambda *_, c=c: c) for c in REALS[:4]]
        for s in simpler:
            if s == value:
                break
            if fails({**values, name: s}):
                values = {**values, name: s}
                break
    return values


__all__ = ["Num", "assignments", "compute", "contradict", "decide", "denial", "matrix", "naturals", "refutation",
           "search", "table", "truth"]  # fmt: skip
