"""Matching: values for a theorem's variables that turn one of its terms into a given one, up to ring identities.

Patterns are Miller's (a function variable at distinct bound variables), everything else is left for later and
compared once the values are known. Not trusted: what is found goes through the rule ``instantiate``.
Source: Miller, "A logic programming language with lambda-abstraction", J. Logic Comput. 1 (1991).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from ..checker.polynomial import Polynomial, atom, normal, polynomial
from ..checker.polynomial import add as _add
from ..terms import Const, Num, Term, TermError, Type, Var, abstract, apply, const, eta, number, substitute
from . import algebra

ARITHMETIC = ("add", "addN", "mul", "mulN", "real")
Values = dict[Var, Term]
_names = itertools.count()


def opened(f: Term) -> tuple[list[Var], Term]:
    """Fresh variables for the binders of a function, and its body at them."""
    fresh = [Var(f"#m{next(_names)}", t) for t in f.binders]
    return fresh, apply(f, [eta(v) for v in fresh])


def eta_head(t: Term) -> Var | None:
    """v of ``lambda i. v(i)``: the variable that a term is, if it is one."""
    if not isinstance(t.head, Var):
        return None
    return t.head if t == eta(t.head) else None


def match(pairs: Iterable[tuple[Term, Term]], variables: frozenset[Var], known: Mapping[Var, Term] | None = None,
          ) -> Values | None:  # fmt: skip
    """Values of ``variables`` at which every pattern is the other term of its pair by ring identities; or None.

    A variable that the patterns do not determine gets no value.
    """
    m = _Match(variables, dict(known or {}))
    try:
        return m.values if all(m.term(p, t) for p, t in pairs) and m.settle() else None
    except TermError:
        return None


class _Match:
    def __init__(self, variables: frozenset[Var], known: Values) -> None:
        self.variables, self.values = variables, known
        self.later: list[tuple[Term, Term]] = []
        self.locals: set[Var] = set()

    def unknown(self, t: Term) -> frozenset[Var]:
        return (t.free & self.variables) - self.values.keys()

    def term(self, pattern: Term, t: Term) -> bool:
        if pattern.type != t.type:
            return False
        if not pattern.free & self.variables:
            return pattern == t or normal(pattern) == normal(t)
        h = pattern.head
        if pattern.binders:
            fresh = [Var(f"#m{next(_names)}", b) for b in pattern.binders]
            self.locals.update(fresh)
            args = [eta(v) for v in fresh]
            return self.term(apply(pattern, args), apply(t, args))
        if isinstance(h, Var) and h in self.variables and h not in self.values:
            at = [eta_head(a) for a in pattern.args]
            if all(v in self.locals for v in at) and len(set(at)) == len(at):
                value = abstract([v for v in at if v is not None], t)
                if value.free & self.locals:
                    return False
                self.values[h] = value
                return True
        if (isinstance(h, Var) and h in self.variables) or isinstance(h, Num) or pattern.is_const(*ARITHMETIC):
            self.later.append((pattern, t))
            return True
        if h != t.head:
            return False
        return all(self.term(a, b) for a, b in zip(pattern.args, t.args, strict=True))

    def settle(self) -> bool:
        """Compare what was left for later; solve linear equations for what is still unknown."""
        while self.later:
            ready = [(p, t) for p, t in self.later if not self.unknown(p)]
            self.later = [(p, t) for p, t in self.later if self.unknown(p)]
            if not all(normal(substitute(p, self._used(p))) == normal(t) for p, t in ready):
                return False
            if not self.later or ready:
                continue
            if not any(self.solve(p, t) for p, t in self.later) and not self.decompose():
                return False
        return True

    def _used(self, p: Term) -> Values:
        return {v: self.values[v] for v in p.free if v in self.values}

    def solve(self, pattern: Term, t: Term) -> bool:
        """``c v + rest = t`` for the one unknown variable v of a base sort."""
        unknown = self.unknown(pattern)
        if len(unknown) != 1 or isinstance((v := next(iter(unknown))).type, tuple):
            return False
        name = atom(eta(v))
        p = polynomial(substitute(pattern, self._used(pattern)))
        c = p.get(((name, 1),))
        rest = {m: k for m, k in p.items() if m != ((name, 1),)}
        if c is None or any(name == a for m in rest for a, _ in m):
            return False
        names: algebra.Atoms = {}
        for s in (substitute(pattern, self._used(pattern)), t):
            algebra.atoms(s, names)
        value = _add({}, _add(polynomial(t), rest, -1), 1 / c)
        out = term_of(value, names, v.type)
        if out is None or out.free & self.locals:
            return False
        self.values[v] = out
        return True

    def decompose(self) -> bool:
        """Argument by argument, for the first sum, product or application that has the same shape."""
        for k, (pattern, t) in enumerate(self.later):
            h = pattern.head
            same = isinstance(t.head, Var | Const) and t.head.type == h.type and t.head not in self.locals
            if isinstance(h, Var) and h in self.unknown(pattern) and pattern.args and same:
                del self.later[k]
                self.values[h] = eta(t.head)
                return all(self.term(a, b) for a, b in zip(pattern.args, t.args, strict=True))
            if pattern.is_const(*ARITHMETIC) and pattern.head == t.head:
                del self.later[k]
                return all(self.term(a, b) for a, b in zip(pattern.args, t.args, strict=True))
            if pattern.is_const("real") and t.is_const(*ARITHMETIC):
                inner = term_of(polynomial(t), _atoms_of(t), "N")
                if inner is not None:
                    del self.later[k]
                    return self.term(pattern.args[0], inner)
        return False


def _atoms_of(t: Term) -> algebra.Atoms:
    names: algebra.Atoms = {}
    algebra.atoms(t, names)
    return names


def term_of(p: Polynomial, names: algebra.Atoms, s: Type) -> Term | None:
    """A term of sort R or N with this polynomial; None where a natural would need another coefficient."""
    if s == "R":
        return algebra.to_term(p, names)
    out: Term | None = None
    for m, c in sorted(p.items(), key=lambda e: (e[0] == (), repr(e[0]))):
        if c.q != 1 or c < 0:
            return None
        part: Term | None = None
        for name, e in m:
            t = names[name]
            if not t.is_const("real"):
                return None
            for _ in range(e):
                part = t.args[0] if part is None else const("mulN", part, t.args[0])
        k = number(int(c), "N")
        part = k if part is None else part if c == 1 else const("mulN", k, part)
        out = part if out is None else const("addN", out, part)
    return number(0, "N") if out is None else out


def half_of(t: Term) -> tuple[Term, int] | None:
    """(q, r) with t = 2 q + r and r = 0 or 1, for a natural of which that can be read off; or None."""
    p = polynomial(t)
    if any(c.q != 1 or c < 0 or (m != () and int(c) % 2) for m, c in p.items()):
        return None
    odd = int(p.get((), 0)) % 2
    half = {m: (c - 1) / 2 if m == () and odd else c / 2 for m, c in p.items()}
    q = term_of({m: c for m, c in half.items() if c}, _atoms_of(t), "N")
    return (q, odd) if q is not None else None


def subterms(t: Term) -> Iterable[Term]:
    """The subterms without loose bound variables, the term first; each once."""
    seen: set[Term] = set()
    todo = [t]
    while todo:
        s = todo.pop(0)
        if s in seen:
            continue
        seen.add(s)
        if not s.loose:
            yield s
        todo += s.args

