"""Canonical forms of expressions in finite sums and in sines and cosines of sums, each with its proof.

Definitions are unfolded, interleaved and stacked vectors read at their indices, sums split (2h indices into
pairs or halves), multiplied out, freed of constant factors and ordered; angles are added out, and sin^2 is
1 - cos^2. Two expressions with one canonical form are equal. Not trusted: each step is one of the checker's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from flint import fmpq

from ..checker.polynomial import Polynomial, multiply, normal, polynomial
from ..checker.polynomial import add as _add
from ..terms import Const, Term, TermError, Var, abstract, apply, const, eq, lam, lt, substitute, unfold, var
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


class Normaliser:
    """Equations ``t = canonical form of t`` in one proof; ``facts`` are proved inequalities of naturals.

    ``split`` says how a sum over 2h indices is split: "pairs", "halves" or not at all.
    """

    def __init__(self, p: Proof, facts: list[Line], split: str = "", taken: Iterable[str] = ()) -> None:
        self.p, self.facts, self.split = p, list(facts), split
        self.known: dict[Term, Line] = {}
        self.taken, self.count = frozenset(taken), 0

    def index(self) -> Term:
        """A new index variable; numbered, because there are many."""
        self.count += 1
        name = f"z{self.count}"
        return self.index() if name in self.taken else var(name, "N")

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
        names: algebra.Atoms = {}
        algebra.atoms(t, names)
        parts, whole = [], polynomial(t)
        for atom, s in names.items():
            found = self.atom(s)
            if found is not None and polynomial(found.rhs) != {((atom, 1),): fmpq(1)}:
                parts.append((atom, found))
        for atom, found in parts:
            whole = _put(whole, atom, polynomial(found.rhs))
            names.update(_names(found.rhs))
        if len(whole) > MAX_TERMS:
            raise ProofError(f"the canonical form has {len(whole)} terms")
        squares = self.squares(whole, names)
        for sine, cosine, _ in squares:
            whole = _reduce(whole, sine, cosine)
        if not parts and not squares:
            return p.refl(t)
        for _, _, line in squares:
            algebra.atoms(line.lhs, names)
        return p.ring(eq(t, algebra.to_term(whole, names)), *(f for _, f in parts), *(line for *_, line in squares))

    def then(self, *lines: Line) -> Line:
        """``a = c`` from a = b and the canonical form c of b."""
        return self.p.trans(*lines, self.line(lines[-1].rhs))

    def squares(self, q: Polynomial, names: algebra.Atoms) -> list[tuple[bytes, bytes, Line]]:
        """For each sine that occurs with a power: it, its cosine, and c^2 + s^2 = 1."""
        found = {a for m in q for a, e in m if e > 1 and names[a].is_const("sin")}
        out = []
        for a in sorted(found):
            x = names[a].args[0]
            out.append((a, normal(const("cos", x), False), self.p.axiom("pythagoras", x=x)))
        return out

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
            return self.then(p.rewrite(inside, p.refl(t), lambda z: eq(t, const(f, z))))
        x = t.args[0]
        poly, names = polynomial(x), _names(x)
        if not poly:
            line = p.axiom(f"{f}_zero")
            return p.convert(line, eq(t, line.rhs))
        first = min(poly, key=repr)
        c, rest = poly[first], {m: k for m, k in poly.items() if m != first}
        unit = fmpq(1, 2) if first == ((normal(const("pi"), False), 1),) else fmpq(1)
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
        lines, out = self.distributed(n, i, pieces)
        shape = abstract([i.head], _sum_of([o * k.rhs for o, k in pieces]))  # type: ignore[list-item]
        same = p.ring(eq(apply(start.rhs.args[1], [i]), apply(shape, [i])), *(k for _, k in pieces))
        joined = self.extended(n, i, same, start.rhs.args[1], shape)
        whole = p.ring(eq(t, out), start, joined, *lines)
        names_out = _names(out)
        nested = [self.ordered(s) for s in names_out.values() if s.is_const("sum")]
        changed = [e for e in nested if e.lhs != e.rhs]
        if not changed:
            return whole
        last = polynomial(out)
        for e in changed:
            last = _put(last, normal(e.lhs, False), polynomial(e.rhs))
            names_out.update(_names(e.rhs))
        return p.ring(eq(t, algebra.to_term(last, names_out)), whole, *changed)

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

    def distributed(self, n: Term, i: Term, pieces: list[tuple[Term, Line]]) -> tuple[list[Line], Term]:
        """Equations under which ``sum (o_1 k_1(i) + o_2 k_2(i) + ...)`` is ``o_1 sum k_1 + ...``, and that."""
        p, lines, out = self.p, [], []
        functions = []
        for o, k in pieces:
            inner = abstract([i.head], k.rhs)  # type: ignore[list-item]
            scaled = abstract([i.head], o * k.rhs)  # type: ignore[list-item]
            functions.append(scaled)
            if i.head not in k.rhs.free:  # the inner factor is 1
                lines.append(p.at(sum_constant(p), n=n, c=o * k.rhs))
                out.append(n * (o * k.rhs))
                continue
            lines.append(p.at(sum_scale(p), n=n, c=o, f=inner))
            picked = self.picked(n, inner)
            out.append(o * (picked.rhs if picked else total(n, inner)))
            lines += [picked] if picked else []
        f = functions[0]
        for g in functions[1:]:
            lines.append(p.at(sum_add(p), n=n, f=f, g=g))
            f = lam("N", lambda j, f=f, g=g: apply(f, [j]) + apply(g, [j]))
        return lines, _sum_of(out)

    def picked(self, n: Term, inner: Term) -> Line | None:
        """``sum_i delta(j, i) f(i) = f(j)`` where j < n is known."""
        i = self.index()
        body = apply(inner, [i])
        names = _names(body)
        for atom, s in names.items():
            if not s.is_const("delta") or i not in s.args or s.args[0] == s.args[1]:
                continue
            j = s.args[1] if s.args[0] == i else s.args[0]
            poly = polynomial(body)
            if i.head in j.free or len(poly) != 1 or (below := self.less(lt(j, n))) is None:
                continue
            rest = {tuple((a, e) for a, e in m if a != atom): c for m, c in poly.items()}
            f = abstract([i.head], algebra.to_term(rest, names))  # type: ignore[list-item]
            line = self.p.mp(self.p.at(sum_delta(self.p), n=n, j=j, f=f), below)
            if s.args[0] == i:  # the lemma has the running index second
                swapped = self.p.at(delta_symmetric(self.p), m=i, n=j)
                same = self.p.ring(eq(body, apply(line.lhs.args[1], [i])), swapped)
                return self.then(self.p.trans(self.over(n, i, same, inner), line))
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

    def inward(self, factor: Term, s: Term) -> Line:
        """``factor * sum(n, f) = sum(n, ...)`` with the factor at the innermost body, made flat there."""
        p = self.p
        if not s.is_const("sum"):
            product = algebra.to_term(polynomial(factor * s), _names(factor, s))
            return p.trans(p.ring(eq(factor * s, product)), self.flat(product))
        n, f = s.args
        j = self.index()
        inside = self.inward(factor, apply(f, [j]))
        scaled = p.at(sum_scale(p), n=n, c=factor, f=f)
        moved = self.over(n, j, inside, scaled.lhs.args[1])
        return p.ring(eq(factor * s, moved.rhs), scaled, moved)

    def ordered(self, t: Term) -> Line:
        """Nested sums in the order that gives the least term."""
        p = self.p
        variables, bounds, body = [], [], t
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
                line = p.trans(line, step)
                order[at], order[at + 1] = order[at + 1], order[at]
        return line

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


def _sum_of(ts: list[Term]) -> Term:
    out = ts[0]
    for t in ts[1:]:
        out = const("add", out, t)
    return out


def _put(q: Polynomial, atom: bytes, value: Polynomial) -> Polynomial:
    """A polynomial with a polynomial for one atom."""
    out: Polynomial = {}
    for m, c in q.items():
        part: Polynomial = {tuple((a, e) for a, e in m if a != atom): c}
        for _ in range(dict(m).get(atom, 0)):
            part = multiply(part, value)
        out = _add(out, part)
    return out


def _reduce(q: Polynomial, sine: bytes, cosine: bytes) -> Polynomial:
    """sin^2 replaced by 1 - cos^2."""
    square: Polynomial = {(): fmpq(1), ((cosine, 2),): fmpq(-1)}
    out: Polynomial = {}
    for m, c in q.items():
        e = dict(m).get(sine, 0)
        part: Polynomial = {tuple(sorted([(a, k) for a, k in m if a != sine] + ([(sine, 1)] if e % 2 else []))): c}
        for _ in range(e // 2):
            part = multiply(part, square)
        out = _add(out, part)
    return out


def equation(p: Proof, goal: Term, facts: list[Line]) -> Line:
    """An equation of two reals whose sides have one canonical form; ``facts`` are assumed inequalities."""
    opened = [unfold(t, t.defined) for t in goal.args]
    split = "pairs" if any(has_primitive(t, "weave") for t in opened) else \
        "halves" if any(has_primitive(t, "stack") for t in opened) else ""  # fmt: skip
    index = next((s.args[2] for t in opened for s in subterms(t) if s.is_const("weave")
                  and isinstance(s.args[2].head, Var)), None)  # fmt: skip
    if index is not None:
        r = index.head

        def side(parity: int, i: Term, equal: Line) -> Line:
            known = [p.rewrite(equal, f, lambda z, f=f: substitute(f.concl, {r: z})) if r in f.concl.free else f
                     for f in facts]  # fmt: skip
            return equation(p, substitute(goal, {r: 2 * i + 1 if parity else 2 * i}), known)

        return by_parity(p, index, goal, side)
    taken = {v.name for t in (goal, *(f.concl for f in facts)) for v in t.free}
    normaliser = Normaliser(p, facts, split, taken)
    try:
        left, right = (normaliser.line(t) for t in goal.args)
    except (TermError, RecursionError) as e:
        raise ProofError(f"no canonical form: {e}") from e
    return p.ring(goal, left, right)
