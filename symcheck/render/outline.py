"""A certificate as a proof to be read: the steps that say something, with their reasons.

Steps of pure logic (instantiation, cut, modus ponens, ...) are passed over; what remains are axioms and
theorems at the values they are used at, definitions unfolded, polynomial identities, inequalities and balls,
each with the lines that it follows from. The numbers of the lines are those printed, not the certificate's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..checker import AXIOMS, Theorem, decode
from ..checker.axioms import LOGIC
from ..checker.rules import RULES
from ..prove.proof import Library
from ..terms import Term

CASES = "definition by cases"
SILENT = (CASES, LOGIC)  # axioms that only read off a definition, or only do logic
PLAIN = ("by polynomial identity", "by rearrangement")
SOFT = ("by definition of", "axiom")
TRANSPARENT = ("instantiate", "cut", "modus_ponens", "discharge", "generalise", "specialise", "assume", "axiom", "cite")


@dataclass(frozen=True)
class OutlineStep:
    """A line of the outline: its number, what it states, why, and the numbers of the lines it uses."""

    number: int
    statement: Term
    reason: str
    uses: tuple[int, ...]


def outline(certificate: Mapping[str, Any], lemmas: Library) -> list[OutlineStep]:
    """The outline of a certificate; ``lemmas`` is the library of those that it cites."""
    theorems: list[Theorem] = []
    decode(certificate, lemmas.accepted, theorems)
    names = {d: n for n, d in lemmas.digests.items()}
    steps = certificate["steps"]
    last = len(steps) - 1
    shown: dict[int, int] = {}  # step -> printed number
    visible: dict[int, tuple[int, ...]] = {}  # step -> printed lines it rests on
    out: list[OutlineStep] = []
    source: dict[int, str] = {}  # steps that are instances of an axiom or a cited theorem
    for k, line in enumerate(steps):
        rule, kinds = line[0], RULES[line[0]][1]
        uses = [a for kind, x in zip(kinds, line[1:], strict=True) if kind in ("step", "steps")
                for a in ([x] if kind == "step" else x)]  # fmt: skip
        below = tuple(dict.fromkeys(n for u in uses for n in visible[u]))
        reason = _reason(rule, line, names, source, uses)
        if rule == "cite" or (rule == "axiom" and AXIOMS[line[1]].reference not in SILENT):
            source[k] = reason
        elif rule == "instantiate" and uses[0] in source:
            source[k] = source[uses[0]]
        statement = theorems[k].concl
        says = k == last or (rule not in TRANSPARENT and not _trivial(statement))
        if rule == "cut" and uses[1] in source:  # an instance with its hypotheses met
            source[k], says = source[uses[1]], True
            reason = source[k]
        if k in source and rule != "cut":  # shown at the value it is used at, where it is used
            says = (not theorems[k].hyps and rule == "instantiate") or k == last
            reason = source[k]
        if says and (k == last or statement not in [s.statement for s in out]):
            number = len(out) + 1
            out.append(OutlineStep(number, statement, reason, below))
            shown[k], visible[k] = number, (number,)
        else:
            same = next((s.number for s in out if s.statement == statement), None)
            visible[k] = (same,) if same is not None and says else below
    return _merged(out)


def _merged(steps: list[OutlineStep]) -> list[OutlineStep]:
    """Fold into a line what serves it alone: the reading of a definition by cases, an instance that is only
    rearranged, an equation that is only turned round."""
    while True:
        users: dict[int, list[OutlineStep]] = {}
        for s in steps:
            for n in s.uses:
                users.setdefault(n, []).append(s)
        for s in steps:
            parts = [t for t in steps if t.number in s.uses]
            alone = 0 < len(parts) <= 2 and all(users[t.number] == [s] for t in parts)
            if alone and s.reason.startswith(PLAIN) and all(t.reason.startswith(SOFT) for t in parts):
                reasons = [t.reason for t in parts]
                uses = tuple(dict.fromkeys(n for t in parts for n in t.uses))
                folded = OutlineStep(s.number, s.statement, " and ".join(dict.fromkeys(reasons)), uses)
                steps = [folded if t is s else t for t in steps if t not in parts]
                break
        else:
            new = {s.number: k for k, s in enumerate(steps, 1)}
            return [OutlineStep(new[s.number], s.statement, s.reason, tuple(new[n] for n in s.uses)) for s in steps]


def _trivial(t: Term) -> bool:
    return t.is_const("eq", "eqN") and t.args[0] == t.args[1]


def _reason(rule: str, line: list, names: Mapping[str, str], source: Mapping[int, str], uses: list[int]) -> str:
    match rule:
        case "axiom":
            return f"axiom {line[1]} ({AXIOMS[line[1]].reference})"
        case "cite":
            return f"by {names.get(line[1], 'a cited certificate')}"
        case "convert":
            unfolded = ", ".join(line[3])
            return f"by definition of {unfolded}" if unfolded else "by rearrangement"
        case "ring":
            return "by polynomial identity" if uses else "identically"
        case "pos":
            return "by positivity"
        case "ball":
            return "by ball arithmetic"
        case "replace":
            return "by substitution"
    return "by logic"
