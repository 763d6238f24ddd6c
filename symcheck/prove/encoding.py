"""Writes a proof as a certificate. Not trusted: the checker's ``decode`` accepts it or does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..checker.certificate import FORMAT
from ..checker.rules import RULES, Theorem
from ..terms import Bound, Const, Num, Term, Var, eta


def encode(steps: Sequence[tuple[str, tuple]], last: int, result: Theorem) -> dict:
    """The certificate of step number ``last``: the steps that it needs, the terms in order of first use."""
    terms: list = []
    places: dict[Term, int] = {}
    out: list[list] = []
    numbers: dict[int, int] = {}

    def place(t: Term) -> int:
        if t not in places:
            refs, h = [place(a) for a in t.args], t.head
            match h:
                case Bound():
                    head = ["b", h.index, _listed(h.type)]
                case Num():
                    head = ["n", str(h.value), h.type]
                case Const(body=Term() as body):
                    head = ["d", h.name, place(body)]
                case _:
                    head = ["v" if isinstance(h, Var) else "c", h.name, _listed(h.type)]
            places[t] = len(terms)
            terms.append([[_listed(b) for b in t.binders], head, refs])
        return places[t]

    def put(kind: str, value: Any) -> Any:
        match kind:
            case "step":
                return numbers[value]
            case "term":
                return place(value)
            case "variable":
                return place(eta(value))
            case "steps" | "terms":
                return [put(kind[:-1], v) for v in value]
            case "values":
                pairs = sorted(value.items(), key=lambda e: (e[0].name, repr(e[0].type)))
                return [[place(eta(k)), place(v)] for k, v in pairs]
            case "products":
                return [[str(c), list(ks), place(sq)] for c, ks, sq in value]
        return list(value) if kind == "names" else value

    needed, todo = {last}, [last]
    while todo:
        rule, args = steps[todo.pop()]
        for kind, value in zip(RULES[rule][1], args, strict=True):
            for k in [value] if kind == "step" else value if kind == "steps" else []:
                if k not in needed:
                    needed.add(k)
                    todo.append(k)
    for k in sorted(needed):
        rule, args = steps[k]
        out.append([rule, *(put(kind, a) for kind, a in zip(RULES[rule][1], args, strict=True))])
        numbers[k] = len(out) - 1
    hyps = sorted(result.hyps, key=lambda p: p.digest)
    statement = [[place(p) for p in hyps], place(result.concl)]
    return {"format": FORMAT, "terms": terms, "steps": out, "statement": statement}


def _listed(t: Any) -> Any:
    return t if isinstance(t, str) else [_listed(a) for a in t]
