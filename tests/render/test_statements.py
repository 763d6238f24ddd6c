"""What is printed of the registered statements."""

from __future__ import annotations

import pytest

from symcheck.claims import CLAIMS, THEOREMS, load_derivations
from symcheck.render.definitions import definitions
from symcheck.render.notation import Printer, explain
from symcheck.render.tex import TeX, tex, tex_statement
from symcheck.render.text import Text, text, text_statement
from symcheck.terms import Bound, Const, Num, Term, Var, const, defined, eta, implies, number, var
from symcheck.terms import eq as equal

RELATIONS = ("eq", "eqN", "le", "lt", "ltN")


def statements():
    """Everything that is stated, with a name."""
    load_derivations()
    for name, e in THEOREMS.items():
        yield name, e.statement
        if e.denies is not None:
            yield f"{name} denies", e.denies
    for c in CLAIMS.values():
        for p in c.evidence.pieces:
            if p.theorem is None:
                yield f"{c.id} {p.role}", p.statement
                if p.denies is not None:
                    yield f"{c.id} {p.role} denies", p.denies


def alike(t: Term) -> list[str]:
    """Relations whose two sides differ and are printed alike: a reader would take them for tautologies."""
    found = [s for a in t.args for s in alike(a)]
    if t.is_const(*RELATIONS) and t.args[0] != t.args[1]:
        found += [f(t) for f in (text, tex) if f(t.args[0]) == f(t.args[1])]
    return found


def test_no_statement_is_printed_as_a_tautology():
    found = {name: alike(s.concl) for name, s in statements()}
    assert {name: f for name, f in found.items() if f} == {}


def test_equal_prints_of_different_terms_are_seen():
    """Two variables of one name and different types print alike."""
    n, x = var("n", "N"), var("n", "R")
    assert alike(equal(n, x))
    assert not alike(equal(x, x + 1))


# ---------------------------------------------------------------- defined constants at their arguments


def meaning(t: Term | None, scope: tuple, names: dict, depth: int = 0) -> object:
    """A term up to what a printed formula does not show and need not: how sums and products are grouped, factors 1,
    naturals as reals. Bound variables have the names of ``scope``."""
    if t is None:
        return "·"
    depth += len(t.binders)
    inner = (*(f"bound {depth - k}" for k in range(len(t.binders))), *scope)
    h, args = t.head, [meaning(a, inner, names, depth) for a in t.args]
    if isinstance(h, Bound):
        out: object = inner[h.index]
    elif isinstance(h, Num):
        out = h.value
    elif isinstance(h, Var):
        out = names.get(h, h.name)
    elif h.body is None and h.name == "real":
        return args[0]
    elif h.body is None and h.name in ("add", "addN", "mul", "mulN"):
        op = h.name[:3]
        parts = [p for a in args for p in (a[1:] if isinstance(a, tuple) and a[:1] == (op,) else (a,))]
        parts = [p for p in parts if op == "add" or p != 1] or [args[0]]
        return (len(t.binders), parts[0]) if len(parts) == 1 and t.binders else parts[0] if len(parts) == 1 else (op, *parts)
    else:
        out = (h.name, h.body.digest if h.body is not None else None)
    return (len(t.binders), out, *args) if args or t.binders else out


def printed_alike(kind: type[Printer], term: Term) -> list[str]:
    """Prints that two different values of one defined constant share in a formula."""
    last: list[dict[str, set]] = []

    class Recorder(kind):  # type: ignore[valid-type, misc]
        def __init__(self, *args):
            super().__init__(*args)
            self.seen: dict[str, set] = {}
            last.append(self.seen)

        def defined(self, h, args, scope):
            p = super().defined(h, args, scope)
            whole = (h.name, h.body.digest, *(meaning(a, scope, self.names) for a in args))
            self.seen.setdefault(p.text, set()).add(whole)
            return p

    explain(Recorder, term, (), ())
    return [s for s, terms in last[-1].items() if len(terms) > 1]


@pytest.mark.parametrize("kind", [Text, TeX])
def test_different_terms_of_a_statement_are_printed_differently(kind):
    found = {name: printed_alike(kind, implies(*s.hyps, s.concl)) for name, s in statements()}
    assert {name: f for name, f in found.items() if f} == {}


def test_terms_that_lose_an_argument_are_seen(monkeypatch):
    from derivations.attention import W_K, W_Q, X, c, d, entry, i, j, n, project, score
    from derivations.vectors import dot

    rows = equal(dot(d, entry(project, d, X, W_Q, i), entry(project, d, X, W_Q, j)), 0)
    other = equal(score(d, n, X, W_Q, W_K, i, c), score(d, n, X, W_K, W_Q, i, c))
    for kind in (Text, TeX):
        assert [printed_alike(kind, t) for t in (rows, other)] == [[], []]
    with monkeypatch.context() as patch:
        patch.setattr(Printer, "indices", lambda self, printed: [p for p in printed if p] if all(printed) else [])
        assert printed_alike(Text, rows) and printed_alike(TeX, rows)
    with monkeypatch.context() as patch:
        patch.setattr(Printer, "explained", lambda self: (frozenset(), {}))
        assert printed_alike(Text, other) and printed_alike(TeX, other)


def test_grouping_and_units_are_no_difference():
    f = defined("f", ["R"], lambda t: t * t)
    x, y, n = var("x"), var("y"), var("n", "N")
    same = [f(x + (y + n)) + f((x + y) + const("real", n)), f(number(1) * x) + f(x), f(2 * x * y) + f(2 * (x * y))]
    assert not any(printed_alike(Text, t) for t in same)


# ---------------------------------------------------------------- definitions


def test_definitions_are_what_the_constants_are_defined_by():
    """Each left side unfolds to its right side; every constant that occurs is there, once."""
    from symcheck.terms import unfold

    for name, s in statements():
        both = definitions([s])
        for left, right in both:
            assert isinstance(left.head, Const) and left.head.body is not None
            assert unfold(left, [left.head.name]) == unfold(right, [left.head.name]), name
        heads = [left.head for left, _ in both]
        assert len(heads) == len({*heads})
        used = {c for t in (*s.hyps, s.concl, *(r for _, r in both)) for c in t.defined}
        missing = used - {h.name for h in heads}
        assert missing <= {"decimal"}, (name, missing)  # a decimal number explains itself


def test_a_filled_in_argument_is_that_of_every_place():
    load_derivations()
    left, _ = next(b for b in definitions([THEOREMS["sinusoidal.gram"].statement]) if b[0].head.name == "dot")
    assert left.args[0] == 2 * var("h", "N")
    left, _ = next(b for b in definitions([THEOREMS["readout.concatenation"].statement]) if b[0].head.name == "dot")
    assert left.args[0] == eta(Var("dim", "N"))


def test_naturals_that_do_not_look_it_are_said_to_be_such():
    """m < n as positions: for real m and n it would be another statement."""
    load_derivations()
    entry, plain = THEOREMS["frequencies.distinct"].statement, THEOREMS["attention.equivariance"].statement
    assert text_statement(entry).endswith(", for all m, n ∈ ℕ")
    assert tex_statement(entry).endswith(r",\ \text{for all } m, n \in \mathbb{N}")
    assert "for all" not in text_statement(plain) + tex_statement(plain)  # n is a length, i and c are indices
