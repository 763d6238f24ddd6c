"""Builds certificates: every step is done by the checker's own rule, and written down as it is done.

Not trusted. A :class:`Proof` holds the steps; a :class:`Line` is one of them with what it proves. SymPy
looks for cofactors and for the coefficients of inequalities; what it finds goes through the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..checker import certificate
from ..checker.axioms import AXIOMS
from ..checker.rules import RULES, RuleError, Theorem
from ..terms import (
    Const,
    Term,
    TermError,
    Var,
    abstract,
    apply,
    const,
    eq,
    eta,
    implies,
    lam,
    lt,
    number,
    quantify,  # fmt: skip
    substitute,
)
from . import algebra
from .encoding import encode


class ProofError(ValueError):
    """The proof does not go through here; the message says what was left to show."""


@dataclass(frozen=True, eq=False, slots=True)
class Line:
    """A proved step: its number in the proof and the theorem."""

    number: int
    theorem: Theorem

    @property
    def concl(self) -> Term:
        return self.theorem.concl

    @property
    def hyps(self) -> frozenset[Term]:
        return self.theorem.hyps

    @property
    def lhs(self) -> Term:
        return self.concl.args[0]

    @property
    def rhs(self) -> Term:
        return self.concl.args[1]


@dataclass(frozen=True, slots=True)
class Statement:
    """``hyps |- concl``, for all values of the free variables, in the order of ``variables``."""

    hyps: tuple[Term, ...]
    concl: Term
    variables: tuple[Var, ...] = ()

    def __post_init__(self) -> None:
        free = self.concl.free.union(*(p.free for p in self.hyps))
        rest = sorted(free - set(self.variables), key=lambda v: v.name)
        object.__setattr__(self, "variables", (*(v for v in self.variables if v in free), *rest))

    def closed(self) -> Term:
        """The statement as one closed proposition: what a refutation denies."""
        return quantify("forall", self.variables, implies(*self.hyps, self.concl))

    def is_proved_by(self, th: Theorem) -> bool:
        """Does the theorem prove this very statement (it may use fewer hypotheses)?"""
        return th.concl == self.concl and th.hyps <= frozenset(self.hyps)


@dataclass
class Library:
    """Lemmas and theorems that were proved and accepted, for other proofs to cite by digest.

    ``resolve`` finds the statement and the proof script of a theorem by its identifier.
    """

    resolve: Callable[[str], tuple[Statement, Callable[[Proof, Statement], Line]]] | None = None
    certificates: dict[str, dict] = field(default_factory=dict)  # by name
    accepted: dict[str, Theorem] = field(default_factory=dict)  # by digest
    digests: dict[str, str] = field(default_factory=dict)  # by name

    def add(self, name: str, data: dict) -> str:
        """Replay a certificate and keep it; returns its digest. Raises Rejected."""
        theorem = certificate.decode(data, self.accepted)
        key = certificate.digest(data)
        self.certificates[name], self.accepted[key], self.digests[name] = data, theorem, key
        return key

    def lemma(self, name: str, prove: Callable[[Proof], Line]) -> str:
        """The digest of a lemma, proved now if it was not before."""
        if name not in self.digests:
            p = Proof(library=self)
            self.add(name, p.certificate(prove(p)))
        return self.digests[name]

    def theorem(self, id: str) -> str:
        """The digest of a registered theorem, proved now if it was not before."""
        if id not in self.digests:
            if self.resolve is None:
                raise ProofError(f"no theorem {id} is known here")
            statement, prove = self.resolve(id)
            self.lemma(id, lambda p: prove(p, statement))
            if not statement.is_proved_by(self.accepted[self.digests[id]]):
                raise ProofError(f"the script of {id} proves another statement")
        return self.digests[id]

    def needed_by(self, data: dict) -> dict[str, dict]:
        """The certificates that one cites, directly or not, by name."""
        names = {d: n for n, d in self.digests.items()}
        out: dict[str, dict] = {}
        todo = [s[1] for s in data["steps"] if s[0] == "cite"]
        while todo:
            name = names[todo.pop()]
            if name not in out:
                out[name] = self.certificates[name]
                todo += [s[1] for s in out[name]["steps"] if s[0] == "cite"]
        return out


@dataclass
class Proof:
    """A proof under construction."""

    library: Library = field(default_factory=Library)

    steps: list[tuple[str, tuple]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    notes: dict[int, str] = field(default_factory=dict)
    _seen: dict[Any, Line] = field(default_factory=dict)

    def rule(self, name: str, *args: Any) -> Line:
        """Apply a rule of the checker and write the step down; the same step twice is one line."""
        function: Any = RULES[name][0]
        kinds = RULES[name][1]
        if name == "cite":  # by its digest, in the certificate too
            function = self.library.accepted.__getitem__
        stored: tuple[Any, ...] = tuple(a.number if k == "step" else [b.number for b in a] if k == "steps" else a
                       for k, a in zip(kinds, args, strict=True))  # fmt: skip
        key = repr((name, [a.digest if isinstance(a, Term) else
                           [b.digest if isinstance(b, Term) else repr(b) for b in a] if k == "terms" else
                           sorted((v.name, repr(v.type), x.digest) for v, x in a.items()) if k == "values" else
                           [(c, ks, s.digest) for c, ks, s in a] if k == "products" else a
                           for k, a in zip(kinds, stored, strict=True)]))  # fmt: skip
        if key in self._seen:
            return self._seen[key]
        try:
            theorem = function(*(a.theorem if k == "step" else [b.theorem for b in a] if k == "steps" else a
                                 for k, a in zip(kinds, args, strict=True)))  # fmt: skip
        except (RuleError, TermError) as e:
            raise ProofError(f"{name}: {e}") from e
        line = Line(len(self.steps), theorem)
        self.steps.append((name, stored))
        self.lines.append(line)
        self._seen[key] = line
        return line

    def certificate(self, line: Line) -> dict:
        """The certificate of a line, without the steps that it does not need."""
        return encode(self.steps, line.number, line.theorem)

    def because(self, line: Line, reason: str) -> Line:
        """Note a reason for people, printed beside the step in documents."""
        self.notes.setdefault(line.number, reason)
        return line

    # Rules with their arguments found -----------------------------------------------------------------
    def axiom(self, name: str, *premises: Line, **values: Term | int | Fraction) -> Line:
        """An axiom at given values of its variables, its hypotheses cut by the premises in their order."""
        if name not in AXIOMS:
            raise ProofError(f"no axiom is called {name}")
        return self.cuts(self.at(self.rule("axiom", name), **values), *premises,
                         order=[substitute(p, self._values(AXIOMS[name], values)) for p in AXIOMS[name].hyps])

    @staticmethod
    def _values(ax: Any, values: dict[str, Any]) -> dict[Var, Term]:
        free = ax.concl.free.union(*(p.free for p in ax.hyps))
        return {v: _lift(values[v.name], v.type) for v in free if v.name in values}

    def at(self, line: Line, **values: Term | int | Fraction) -> Line:
        """Instantiate free variables by name."""
        free = line.concl.free.union(*(p.free for p in line.hyps))
        chosen = {v: _lift(values[v.name], v.type) for v in free if v.name in values}
        missing = set(values) - {v.name for v in free}
        if missing:
            raise ProofError(f"no such variable: {', '.join(sorted(missing))}")
        chosen = {v: x for v, x in chosen.items() if x != eta(v)}
        return self.rule("instantiate", line, chosen) if chosen else line

    def cuts(self, line: Line, *premises: Line, order: Sequence[Term] = ()) -> Line:
        """Cut hypotheses by premises that are equal to them, up to conversion where ``order`` says to which."""
        done: set[Term] = set()
        for k, p in enumerate(premises):
            if p.concl not in line.hyps and k < len(order):
                p = self.convert(p, order[k])
            if p.concl not in done:  # two hypotheses may have become one
                line = self.rule("cut", p, line)
                done.add(p.concl)
        return line

    def assume(self, p: Term) -> Line:
        return self.rule("assume", p)

    def discharge(self, line: Line, *ps: Term) -> Line:
        """``p1 -> p2 -> ...``: the last one discharged first."""
        for p in reversed(ps):
            line = self.rule("discharge", line, p)
        return line

    def mp(self, line: Line, *premises: Line) -> Line:
        """Modus ponens, repeated; a premise is converted where it has another form."""
        for p in premises:
            if line.concl.args[0] != p.concl:
                p = self.convert(p, line.concl.args[0])
            line = self.rule("modus_ponens", line, p)
        return line

    def generalise(self, line: Line, *variables: Term) -> Line:
        for v in reversed(variables):
            line = self.rule("generalise", line, v.head)
        return line

    def specialise(self, line: Line, *values: Term | int | Fraction) -> Line:
        for x in values:
            line = self.rule("specialise", line, _lift(x, line.concl.args[0].binders[0]))
        return line

    def convert(self, line: Line, goal: Term, *names: str) -> Line:
        """The line in another form: ring identities inside, and the definitions ``names`` unfolded."""
        return line if line.concl == goal else self.rule("convert", line, goal, list(names))

    def unfolded(self, line: Line, *names: str) -> Line:
        """The line with these definitions (or all of them) unfolded."""
        from ..terms import unfold

        names = names or tuple(sorted(definitions(line.concl)))
        return self.convert(line, unfold(line.concl, names), *names)

    def replace(self, equation: Line, line: Line) -> Line:
        """Rewrite every occurrence of the equation's left side in the line (outside binders that bind it)."""
        hole = Var("#hole", equation.lhs.type)
        context = abstract([hole], _replace_term(line.concl, equation.lhs, eta(hole)))
        return self.rule("replace", equation, line, context)

    def rewrite(self, equation: Line, line: Line, context: Callable[[Term], Term]) -> Line:
        """From a = b and context(a): context(b), the context given as a function of a term."""
        return self.rule("replace", equation, line, lam(equation.lhs.type, context, "P"))

    # Equations ----------------------------------------------------------------------------------------
    def refl(self, a: Term) -> Line:
        return self.rule("ring", eq(a, a), [], [])

    def by_definition(self, goal: Term, *names: str) -> Line:
        """An equation whose sides agree after unfolding and by ring identities."""
        return self.convert(self.refl(goal.args[0]), goal, *(names or sorted(definitions(goal))))

    def symm(self, line: Line) -> Line:
        return self.rule("ring", eq(line.rhs, line.lhs), [line], [number(-1)])

    def ring(self, goal: Term, *equations: Line) -> Line:
        """An equation by ring identities from proved ones; the cofactors are found."""
        cofactors = algebra.cofactors(goal, [e.concl for e in equations])
        if cofactors is None:
            raise ProofError(f"no combination of the equations gives {_show(goal)}")
        used = [(e, c) for e, c in zip(equations, cofactors, strict=True) if c is not None]
        return self.rule("ring", goal, [e for e, _ in used], [c for _, c in used])

    def trans(self, *lines: Line) -> Line:
        """``a = b, b = c, ... |- a = z``."""
        return self.ring(eq(lines[0].lhs, lines[-1].rhs), *lines)

    def pos(self, goal: Term, *facts: Line, squares: Iterable[Term] = (), degree: int = 1) -> Line:
        """An inequality from proved inequalities and equations; the coefficients are found."""
        inequalities = [f for f in facts if not f.concl.is_const("eq", "eqN")]
        equations = [f for f in facts if f.concl.is_const("eq", "eqN")]
        found = algebra.positivity(goal, [f.concl for f in inequalities], [e.concl for e in equations],
                                   list(squares), degree)  # fmt: skip
        if found is None:
            raise ProofError(f"no certificate found for {_show(goal)}")
        products, cofactors = found
        used = sorted({k for _, ks, _ in products for k in ks})
        places = {k: j for j, k in enumerate(used)}
        return self.rule("pos", goal, [inequalities[k] for k in used],
                         [(c, [places[k] for k in ks], s) for c, ks, s in products],
                         [e for e, c in zip(equations, cofactors, strict=True) if c is not None],
                         [c for c in cofactors if c is not None])  # fmt: skip

    def ball(self, goal: Term, precision: int = 64, splits: int = 0) -> Line:
        return self.rule("ball", goal, precision, splits)

    # Logic --------------------------------------------------------------------------------------------
    def both(self, *lines: Line) -> Line:
        """The conjunction of lines, nested to the right."""
        out = lines[-1]
        for line in reversed(lines[:-1]):
            out = self.axiom("and_intro", line, out, p=line.concl, q=out.concl)
        return out

    def parts(self, line: Line) -> list[Line]:
        """The conjuncts of a line."""
        if not line.concl.is_const("and"):
            return [line]
        p, q = line.concl.args
        return [*self.parts(self.axiom("and_left", line, p=p, q=q)),
                *self.parts(self.axiom("and_right", line, p=p, q=q))]  # fmt: skip

    def cases(self, split: Line, left: Callable[[Line], Line], right: Callable[[Line], Line]) -> Line:
        """From ``p or q``: what follows in either case."""
        p, q = split.concl.args
        a, b = left(self.assume(p)), right(self.assume(q))
        b = self.convert(b, a.concl)
        return self.axiom("or_elim", split, self.discharge(a, p), self.discharge(b, q), p=p, q=q, r=a.concl)

    def obtain(self, line: Line, use: Callable[[Term, Line], Line], name: str = "k") -> Line:
        """From ``exists x. p(x)``: what follows from p at a fresh x."""
        body = line.concl.args[0]
        taken = {v.name for v in line.concl.free.union(*(p.free for p in line.hyps))}
        while name in taken or any(name in {v.name for v in p.concl.free} for p in self.lines[-40:]):
            name += "'"
        v = eta(Var(name, body.binders[0]))
        p = apply(body, [v])
        out = use(v, self.assume(p))
        each = self.generalise(self.discharge(out, p), v)
        axiom = "exists_elim" if v.type == "R" else "exists_elim_N"
        return self.axiom(axiom, line, each, p=body, q=out.concl)

    def witness(self, goal: Term, value: Term | int, line: Line) -> Line:
        """``exists x. p(x)`` from p at a value."""
        body = goal.args[0]
        value = _lift(value, body.binders[0])
        name = "exists_intro" if body.binders == ("R",) else "exists_intro_N"
        at = self.convert(line, apply(body, [value]))
        return self.axiom(name, at, p=body, **{"x" if body.binders == ("R",) else "n": value})

    def induction(self, predicate: Callable[[Term], Term], base: Line, step: Callable[[Term, Line], Line],
                  name: str = "n") -> Line:  # fmt: skip
        """``p(n)`` for a free natural n, from p(0) and from ``p(n) |- p(n + 1)``."""
        n = eta(Var(name, "N"))
        p = lam("N", predicate, "P")
        hypothesis = self.assume(apply(p, [n]))
        after = self.convert(step(n, hypothesis), apply(p, [n + 1]))
        each = self.generalise(self.discharge(after, hypothesis.concl), n)
        return self.axiom("induction", self.convert(base, apply(p, [number(0, "N")])), each, p=p, n=n)

    def lemma(self, name: str, prove: Callable[[Proof], Line]) -> Line:
        """A lemma, proved once in the library and cited; schematic in its free variables."""
        return self.because(self.rule("cite", self.library.lemma(name, prove)), name)

    def theorem(self, id: str, *premises: Line, **values: Term | int | Fraction) -> Line:
        """A registered theorem at values of its variables, its hypotheses cut by the premises in their order."""
        line = self.because(self.rule("cite", self.library.theorem(id)), id)
        if premises and self.library.resolve is not None:
            hyps = self.library.resolve(id)[0].hyps
            free = line.concl.free.union(*(p.free for p in line.hyps))
            chosen = {v: _lift(values[v.name], v.type) for v in free if v.name in values}
            return self.cuts(self.at(line, **values), *premises, order=[substitute(p, chosen) for p in hyps])
        return self.at(line, **values)

    def less(self, goal: Term, *facts: Line) -> Line:
        """A natural inequality that follows linearly from others."""
        return self.pos(goal, *facts)


def _lift(x: Term | int | Fraction, t: Any) -> Term:
    from ..terms import coerce

    out = coerce(x, t)
    if out.type != t:
        raise ProofError(f"expected a value of type {t}, got {_show(out)}")
    return out


def _show(t: Term) -> str:
    text = repr(t)
    return text if len(text) < 400 else text[:400] + " ..."


def definitions(t: Term) -> dict[str, Const]:
    """The defined constants that occur in a term (not inside other definitions), by name."""
    out: dict[str, Const] = {}
    todo = [t]
    while todo:
        s = todo.pop()
        if isinstance(s.head, Const) and s.head.body is not None:
            out[s.head.name] = s.head
            todo.append(s.head.body)
        todo += s.args
    return out


def _replace_term(t: Term, old: Term, new: Term) -> Term:
    if t == old:
        return new
    if old.size > t.size:
        return t
    return Term(t.binders, t.head, [_replace_term(a, old, new) for a in t.args])


__all__ = ["Line", "Proof", "ProofError", "Statement", "const", "definitions", "lt"]
