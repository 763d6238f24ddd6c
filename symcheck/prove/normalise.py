"""Canonical forms of expressions in finite sums and in sines and cosines of sums, each with its proof.

Definitions are unfolded, interleaved and stacked vectors read at their indices, sums split (2h indices into
pairs or halves), multiplied out, freed of constant factors and ordered; angles are added out, and sin^2 is
1 - cos^2. Two expressions with one canonical form are equal. Not trusted: each step is one of the checker's.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flint import fmpq

from ..checker.polynomial import Polynomial, atom, multiply, normal, polynomial
from ..checker.polynomial import add as _add
from ..terms import Const, Term, TermError, Var, abstract, apply, const, eq, lam, lt, number, substitute, unfold, var
from . import algebra
from .lemmas import (
    _sum_ext,
    by_parity,
    sum_add,
    sum_constant,
    sum_delta,
    sum_exchange,
    sum_pairs,
    sum_scale,
    sum_split,
    total,
)
from .matching import half_of, subterms, term_of
from .proof import Line, Proof, ProofError

MAX_MULTIPLE, MAX_TERMS, MAX_NEST = 8, 400, 4


def has_primitive(t: Term, *names: str) -> bool:
    """Does one of these primitives occur, at any depth?"""
    return t.is_const(*names) or any(has_primitive(a, *names) for a in t.args)


def _scoped(method: Callable) -> Callable:
    """The index variables that a method takes are free again when it is done."""
    @functools.wraps(method)
    def run(self: Normaliser, *args: Any) -> Any:
        depth = self.depth
        try:
            return method(self, *args)
        finally:
            self.close(depth)

    return run


class Normaliser:
    """Equations ``t = canonical form of t`` in one proof; ``facts`` are proved inequalities of naturals.

    ``split`` says how a sum over 2h indices is split: "pairs", "halves" or not at all.
    """

    def __init__(self, p: Proof, facts: list[Line], split: str = "", taken: Iterable[str] = ()) -> None:
        self.p, self.facts, self.split = p, list(facts), split
        self.known: dict[Term, Line] = {}
        self.prefix = next("z" * k for k in itertools.count(1) if not any(n.startswith("z" * k) for n in taken))
        self.depth = 0
        self.exponents = True

    def index(self) -> Term:
        """A new index variable, named by how deep it stands: both sides of an equation get the same names."""
        self.depth += 1
        return var(f"{self.prefix}{self.depth}", "N")

    def close(self, depth: int) -> None:
        """Forget the indices below this depth, and what is known of terms in which they occur."""
        gone = {Var(f"{self.prefix}{k}", "N") for k in range(depth + 1, self.depth + 1)}
        self.known = {t: line for t, line in self.known.items() if t.free.isdisjoint(gone)}
        self.depth = depth

    def line(self, t: Term) -> Line:
        """``t = t'`` for a real term."""
        if t not in self.known:
            self.known[t] = self._line(t)
        return self.known[t]

    def _line(self, t: Term) -> Line:
        p = self.p
        if t.defined:
            opened = unfold(t, t.defined)
            start = p.by_definition(eq(t, opened), *sorted(t.defined))
            return self.then(start)
        parts = [found for s in _names(t).values() if (found := self.atom(s)) is not None]
        return self.reduced(self.rewritten(t, parts) if parts else p.refl(t))

    def rewritten(self, t: Term, equations: Sequence[Line]) -> Line:
        """``t = t'`` with the left side of each equation, an atom, replaced by its right side, in this order."""
        q, names = polynomial(t), _names(t)
        used, cofactors = [], []
        for e in equations:
            name = atom(e.lhs)
            if polynomial(e.lhs) != {((name, 1),): fmpq(1)}:
                raise ProofError("an equation does not start from an atom")
            names.update(_names(e.lhs, e.rhs))
            q, cofactor = _put(q, name, 1, polynomial(e.rhs))
            if cofactor:
                used.append(e)
                cofactors.append(cofactor)
            if len(q) > MAX_TERMS:
                raise ProofError(f"the canonical form has more than {MAX_TERMS} terms")
        return self.p.rule("ring", eq(t, algebra.to_term(q, names)), used, [algebra.to_term(c, names) for c in cofactors])

    def reduced(self, line: Line) -> Line:
        """``t = t''`` from t = t', with sin^2 replaced by 1 - cos^2."""
        q, names = polynomial(line.rhs), _names(line.rhs)
        used, cofactors = [line], [number(1)]
        for sine in sorted({a for m in q for a, e in m if e > 1 and names[a].is_const("sin")}):
            unit = self.p.axiom("pythagoras", x=names[sine].args[0])
            names.update(_names(unit.lhs))
            cosine = atom(const("cos", names[sine].args[0]))
            q, cofactor = _put(q, sine, 2, {(): fmpq(1), ((cosine, 2),): fmpq(-1)})
            used.append(unit)
            cofactors.append(algebra.to_term(cofactor, names))
        return self.p.rule("ring", eq(line.lhs, algebra.to_term(q, names)), used, cofactors) if len(used) > 1 else line

    def chain(self, *lines: Line) -> Line:
        """``a = z`` from a = b, b = c, ..."""
        return self.p.rule("ring", eq(lines[0].lhs, lines[-1].rhs), list(lines), [number(1)] * len(lines))

    def then(self, *lines: Line) -> Line:
        """``a = c`` from a = b and the canonical form c of b."""
        return self.chain(*lines, self.line(lines[-1].rhs))

    def atom(self, t: Term) -> Line | None:
        """``t = t'`` for a term that is no sum and no product, or None where nothing is known."""
        p, head = self.p, t.head
        if not isinstance(head, Const):
            return None
        match head.name:
            case "sum":
                return self.total(t)
            case "weave" if (found := half_of(t.args[2])) is not None:
                i, odd = found
                line = p.axiom("weave_odd" if odd else "weave_even", a=t.args[0], b=t.args[1], i=i)
                return self.then(p.convert(line, eq(t, line.rhs)))
            case "stack":
                return self.stacked(t)
            case "delta":
                return self.delta(t)
            case "sin" | "cos" | "exp":
                return self.angle(t)
            case "inv" | "sqrt" | "abs" | "log":
                inside = self.line(t.args[0])
                if inside.lhs == inside.rhs:
                    return None
                return p.rewrite(inside, p.refl(t), lambda z: eq(t, const(head.name, z)))
        return None

    def stacked(self, t: Term) -> Line | None:
        h, a, b, i = t.args
        above = term_of(_add(polynomial(i), polynomial(h), -1), _names(i, h), "N")
        if above is not None:
            line = self.p.axiom("stack_high", a=a, b=b, i=above, h=h)
        else:
            below = self.less(lt(i, h))
            if below is None:
                return None
            line = self.p.axiom("stack_low", below, a=a, b=b, i=i, h=h)
        return self.then(self.p.convert(line, eq(t, line.rhs)))

    def delta(self, t: Term) -> Line | None:
        i, j = t.args
        if normal(i) == normal(j):
            line = self.p.axiom("delta_same", i=i)
            return self.p.convert(line, eq(t, 1))
        return None

    def less(self, goal: Term) -> Line | None:
        """A natural inequality that follows from the facts at hand."""
        for f in self.facts:
            if normal(f.concl) == normal(goal):
                return self.p.convert(f, goal)
        if not self.facts:
            return None
        p, (m, n) = self.p, goal.args
        facts = self.facts[-4:]

        def impossible(more: Line) -> Line:  # 2i < 2h gives i < h only because these are whole numbers
            return p.axiom("false_elim", p.pos(const("false"), more, *facts), p=goal)

        try:
            return p.cases(p.axiom("nat_less_or_not", m=m, n=n), lambda line: line, impossible)
        except ProofError:
            return None

    # Angles and exponents -------------------------------------------------------------------------------
    def angle(self, t: Term) -> Line | None:
        p, f = self.p, t.head.name  # type: ignore[union-attr]
        inside = self.line(t.args[0])
        if inside.lhs != inside.rhs:
            moved = p.rewrite(inside, p.refl(t), lambda z: eq(t, const(f, z)))
            return self.then(moved) if f != "exp" or self.exponents else moved
        x = t.args[0]
        if f == "exp" and not self.exponents:
            return None
        poly, names = polynomial(x), _names(x)
        if not poly:
            line = p.axiom(f"{f}_zero")
            return p.convert(line, eq(t, line.rhs))
        first = min(poly, key=repr)
        c, rest = poly[first], {m: k for m, k in poly.items() if m != first}
        unit = fmpq(1, 2) if first == ((atom(const("pi")), 1),) else fmpq(1)
        if not rest:
            if f != "exp" and c < 0:
                y = algebra.to_term({first: -c}, names)
                line = p.axiom(f"{f}_{'even' if f == 'cos' else 'odd'}", x=y)
                return self.then(p.convert(line, eq(t, line.rhs)))
            if unit != 1 and c == unit and f != "exp":
                line = p.axiom(f"{f}_pi_half")
                return p.convert(line, eq(t, line.rhs))
            times = c / unit
            if times.q != 1 or not 1 < abs(times) <= MAX_MULTIPLE:
                return None
            step = unit if c > 0 else -unit
            c, rest = step, {first: c - step}
        a, b = algebra.to_term({first: c}, names), algebra.to_term(rest, names)
        line = p.axiom(f"{f}_add", x=a, y=b)
        return self.then(p.convert(line, eq(t, line.rhs)))

    # Sums -----------------------------------------------------------------------------------------------
    @_scoped
    def total(self, t: Term) -> Line:
        p, (n, f) = self.p, t.args
        if (start := self.opened(t)) is not None:
            return self.then(start)
        i = self.index()
        self.facts.append(p.assume(lt(i, n)))
        inside = self.line(apply(f, [i]))
        self.facts.pop()
        start = self.over(n, i, inside, f)
        poly, names = polynomial(inside.rhs), _names(inside.rhs)
        pieces: list[tuple[Term, Line]] = []  # (outer factor, inner = flat inner)
        for m, c in sorted(poly.items(), key=repr):
            outer = tuple((a, e) for a, e in m if i.head not in names[a].free)
            inner = tuple((a, e) for a, e in m if i.head in names[a].free)
            pieces.append((algebra.to_term({outer: c}, names), self.flat(algebra.to_term({inner: fmpq(1)}, names))))
        if not pieces:
            zero = p.at(sum_constant(p), n=n, c=0)
            return p.ring(eq(t, 0), start, zero)
        lines = self.distributed(n, i, pieces)
        shape = abstract([i.head], _sum_of([_scaled(o, k.rhs) for o, k in pieces]))  # type: ignore[list-item]
        body = apply(start.rhs.args[1], [i])
        same = p.rule("ring", eq(body, apply(shape, [i])), [k for _, k in pieces], [o for o, _ in pieces])
        joined = self.extended(n, i, same, start.rhs.args[1], shape)
        whole = self.rewritten(t, [*([start] if start.lhs != start.rhs else []), *([joined] if shape != start.rhs.args[1]
                                                                                  else []), *lines])  # fmt: skip
        nested = [self.ordered(s) for s in _names(whole.rhs).values() if s.is_const("sum")]
        changed = [e for e in nested if normal(e.lhs) != normal(e.rhs)]
        return self.chain(whole, self.rewritten(whole.rhs, changed)) if changed else whole

    def over(self, n: Term, i: Term, inside: Line, f: Term) -> Line:
        """``sum(n, f) = sum(n, g)`` from f(i) = g(i)."""
        g = abstract([i.head], inside.rhs)  # type: ignore[list-item]
        if g == f:
            return self.p.refl(total(n, f))
        return self.extended(n, i, inside, f, g)

    def extended(self, n: Term, i: Term, inside: Line, f: Term, g: Term) -> Line:
        """``sum(n, f) = sum(n, g)`` from f(i) = g(i), which may have been proved under i < n."""
        every = self.p.generalise(self.p.discharge(inside, lt(i, n)), i)
        return self.p.mp(self.p.at(self.p.lemma("extensionality of sums", _sum_ext), n=n, f=f, g=g), every)

    def opened(self, t: Term) -> Line | None:
        """A sum over 2h indices as one over pairs or halves; the last terms of n + 1 split off."""
        p, (n, f) = self.p, t.args
        poly = polynomial(n)
        last = int(poly.get((), 0))
        if not poly:
            return p.convert(p.axiom("sum_zero", f=f), eq(t, 0))
        if self.split and last == 0 and (found := half_of(n)) is not None:
            h, _ = found
            line = p.at(sum_pairs(p), h=h, f=f) if self.split == "pairs" else p.at(sum_split(p), m=h, n=h, f=f)
            return p.convert(line, eq(t, line.rhs))
        if 0 < last <= 16:
            before = term_of(_add(poly, {(): fmpq(1)}, -1), _names(n), "N")
            if before is not None:
                line = p.axiom("sum_successor", n=before, f=f)
                return p.convert(line, eq(t, line.rhs))
        return None

    def distributed(self, n: Term, i: Term, pieces: list[tuple[Term, Line]]) -> list[Line]:
        """Equations that make ``o_1 sum k_1 + ...`` of ``sum (o_1 k_1(i) + ...)``, in the order of their use."""
        p = self.p
        sums: list[Line] = []
        scales: list[Line] = []
        f: Term | None = None
        for o, k in pieces:
            inner = abstract([i.head], k.rhs)  # type: ignore[list-item]
            scaled = abstract([i.head], _scaled(o, k.rhs))  # type: ignore[list-item]
            if f is None:
                f = scaled
            else:
                sums.append(p.at(sum_add(p), n=n, f=f, g=scaled))
                f = lam("N", lambda j, f=f, g=scaled: apply(f, [j]) + apply(g, [j]))
            if i.head not in k.rhs.free:  # the inner factor is 1
                scales.append(p.at(sum_constant(p), n=n, c=_scaled(o, k.rhs)))
                continue
            if normal(scaled) != normal(inner):
                scales.append(p.at(sum_scale(p), n=n, c=o, f=inner))
            picked = self.picked(n, inner)
            scales += [picked] if picked else []
        return [*reversed(sums), *scales]

    @_scoped
    def picked(self, n: Term, inner: Term) -> Line | None:
        """``sum_i delta(j, i) f(i) = f(j)`` where j < n is known."""
        i = self.index()
        body = apply(inner, [i])
        names = _names(body)
        for name, s in names.items():
            if not s.is_const("delta") or i not in s.args or s.args[0] == s.args[1]:
                continue
            j = s.args[1] if s.args[0] == i else s.args[0]
            poly = polynomial(body)
            if i.head in j.free or len(poly) != 1 or (below := self.less(lt(j, n))) is None:
                continue
            rest = {tuple((a, e) for a, e in m if a != name): c for m, c in poly.items()}
            f = abstract([i.head], algebra.to_term(rest, names))  # type: ignore[list-item]
            line = self.p.mp(self.p.at(sum_delta(self.p), n=n, j=j, f=f), below)
            if s.args[0] == i:  # the lemma has the running index second
                swapped = self.p.at(delta_symmetric(self.p), m=i, n=j)
                same = self.p.ring(eq(body, apply(line.lhs.args[1], [i])), swapped)
                return self.then(self.over(n, i, same, inner), line)
            return self.then(self.p.convert(line, eq(total(n, inner), line.rhs)))
        return None

    def flat(self, t: Term) -> Line:
        """A product with sums as sums of products: ``a sum_j b_j = sum_j a b_j``."""
        p, names = self.p, _names(t)
        (monomial, _), = polynomial(t).items()
        chosen = next((a for a, _ in monomial if names[a].is_const("sum")), None)
        if chosen is None or monomial == ((chosen, 1),):
            return p.refl(t)
        s = names[chosen]
        rest = tuple((a, e - 1) if a == chosen else (a, e) for a, e in monomial if a != chosen or e > 1)
        line = self.inward(algebra.to_term({rest: fmpq(1)}, names), s)
        return p.convert(line, eq(t, line.rhs))

    @_scoped
    def inward(self, factor: Term, s: Term) -> Line:
        """``factor * sum(n, f) = sum(n, ...)`` with the factor at the innermost body, made flat there."""
        p = self.p
        if not s.is_const("sum"):
            product = algebra.to_term(polynomial(factor * s), _names(factor, s))
            return self.chain(p.rule("ring", eq(factor * s, product), [], []), self.flat(product))
        n, f = s.args
        j = self.index()
        inside = self.inward(factor, apply(f, [j]))
        scaled = p.at(sum_scale(p), n=n, c=factor, f=f)
        moved = self.over(n, j, inside, scaled.lhs.args[1])
        return p.rule("ring", eq(factor * s, moved.rhs), [scaled, moved], [number(-1), number(1)])

    @_scoped
    def ordered(self, t: Term) -> Line:
        """Nested sums in the order that gives the least term."""
        p = self.p
        variables: list[Term] = []
        bounds: list[Term] = []
        body = t
        while body.is_const("sum") and len(bounds) < MAX_NEST:
            v = self.index()
            if body.args[0].free & {w.head for w in variables}:
                break
            bounds.append(body.args[0])
            variables.append(v)
            body = apply(body.args[1], [v])
        if len(bounds) < 2:
            return p.refl(t)

        def build(order: list[int]) -> Term:
            out = body
            for k in reversed(order):
                out = total(bounds[k], abstract([variables[k].head], out))  # type: ignore[list-item]
            return out

        best = min((list(o) for o in itertools.permutations(range(len(bounds)))), key=lambda o: normal(build(o)))
        order, line = list(range(len(bounds))), p.refl(t)
        for place, k in enumerate(best):
            for at in range(order.index(k) - 1, place - 1, -1):
                step = self.exchanged(line.rhs, at)
                line = self.chain(line, step)
                order[at], order[at + 1] = order[at + 1], order[at]
        return line

    @_scoped
    def exchanged(self, t: Term, depth: int) -> Line:
        """The sums at this depth of a nest and the next one exchanged."""
        p, (n, f) = self.p, t.args
        i = self.index()
        inner = apply(f, [i])
        if depth:
            return self.over(n, i, self.exchanged(inner, depth - 1), f)
        m, g = inner.args
        j = self.index()
        x = abstract([j.head, i.head], apply(g, [j]))  # type: ignore[list-item]
        return p.at(sum_exchange(p), n=n, m=m, x=x)


def delta_symmetric(p: Proof) -> Line:
    """``delta(m, n) = delta(n, m)``."""
    m, n = var("m", "N"), var("n", "N")

    def delta(i: Term, j: Term) -> Term:
        return const("delta", i, j)

    def prove(p: Proof) -> Line:
        def same(line: Line) -> Line:
            return p.rewrite(line, p.refl(delta(m, m)), lambda z: eq(delta(m, z), delta(z, m)))

        def other(line: Line) -> Line:
            turned = p.assume(eq(n, m))
            back = p.discharge(p.mp(line, p.symm(turned)), turned.concl)
            return p.ring(eq(delta(m, n), delta(n, m)), p.axiom("delta_other", line, i=m, j=n),
                          p.axiom("delta_other", back, i=n, j=m))  # fmt: skip

        return p.cases(p.axiom("excluded_middle", p=eq(m, n)), same, other)

    return p.lemma("Kronecker's delta is symmetric", prove)


def _names(*ts: Term) -> algebra.Atoms:
    out: algebra.Atoms = {}
    for t in ts:
        algebra.atoms(t, out)
    return out


def _scaled(c: Term, t: Term) -> Term:
    return t if c == number(1) else c * t


def _sum_of(ts: list[Term]) -> Term:
    out = ts[0]
    for t in ts[1:]:
        out = const("add", out, t)
    return out


def _put(q: Polynomial, atom: bytes, power: int, value: Polynomial) -> tuple[Polynomial, Polynomial]:
    """q with ``value`` for atom^power, and c with ``q - result = c (atom^power - value)``."""
    out: Polynomial = {}
    cofactor: Polynomial = {}
    for m, c in q.items():
        times, left = divmod(dict(m).get(atom, 0), power)
        rest: Polynomial = {tuple(sorted([(a, e) for a, e in m if a != atom] + ([(atom, left)] if left else []))): c}
        for j in range(times):  # rest * (a^(p (times - 1 - j)) value^j)
            high = power * (times - 1 - j)
            cofactor = _add(cofactor, multiply(rest, {((atom, high),) if high else (): fmpq(1)}))
            rest = multiply(rest, value)
        out = _add(out, rest)
    return out, cofactor


def _moved(p: Proof, fact: Line, v: Var, equal: Line) -> Line:
    """A fact about v as one about what it is equal to."""
    return p.rewrite(equal, fact, lambda z: substitute(fact.concl, {v: z}))


def equation(p: Proof, goal: Term, facts: list[Line]) -> Line:
    """An equation of two reals whose sides have one canonical form; ``facts`` are assumed inequalities."""
    opened = [unfold(t, t.defined) for t in goal.args]
    split = "pairs" if any(has_primitive(t, "weave") for t in opened) else \
        "halves" if any(has_primitive(t, "stack") for t in opened) else ""  # fmt: skip
    index = next((s.args[2] for t in opened for s in subterms(t) if s.is_const("weave")
                  and isinstance(s.args[2].head, Var)), None)  # fmt: skip
    if index is not None:
        r = index.head
        assert isinstance(r, Var)

        def side(parity: int, i: Term, equal: Line) -> Line:
            known = [_moved(p, f, r, equal) if r in f.concl.free else f for f in facts]
            return equation(p, substitute(goal, {r: 2 * i + 1 if parity else 2 * i}), known)

        return by_parity(p, index, goal, side)
    taken = {v.name for t in (goal, *(f.concl for f in facts)) for v in t.free}
    powers = any(has_primitive(t, "exp") for t in opened)
    for exponents in (False, True) if powers else (True,):
        normaliser = Normaliser(p, facts, split, taken)
        normaliser.exponents = exponents
        try:
            left, right = (normaliser.line(t) for t in goal.args)
            return p.rule("ring", goal, [left, right], [number(1), number(-1)])
        except (TermError, RecursionError) as e:
            raise ProofError(f"no canonical form: {e}") from e
        except ProofError:
            if exponents:
                raise
    raise ProofError("no canonical form")
