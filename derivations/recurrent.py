"""Recurrent networks: the state after two inputs depends on their order, for the steps that do not forget it.

Source: Elman 1990, "Finding structure in time". A step takes the state h and an input x to the next state.
"""

from __future__ import annotations

from symcheck.claims import theorem
from symcheck.evidence import countertheorem
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.terms import Term, eq, lam, var

ELMAN = "Elman 1990, Cognitive Science 14"
STEP = ("R", "R", "R")

f = var("f", STEP)
h, x, y, a, b = (var(s) for s in ("h", "x", "y", "a", "b"))


def linear(h: Term, x: Term) -> Term:
    """a h + b x."""
    return a * h + b * x


countertheorem("recurrent.sees_order", "Some recurrent steps give another state for the other order of two inputs",
               Statement((), eq(f(f(h, x), y), f(f(h, y), x)), (f.head, h.head, x.head, y.head)),
               {"f": lam(["R", "R"], lambda h, x: 2 * h + x), "h": 0, "x": 1, "y": 0}, references=(ELMAN,))  # fmt: skip


@theorem("recurrent.linear", Statement((), eq(linear(linear(h, x), y) - linear(linear(h, y), x), b * (a - 1) * (x - y))),
         "With the step a h + b x the two orders differ by b (a - 1)(x - y): only a = 1 or b = 0 forgets the order",
         references=(ELMAN,))  # fmt: skip
def linear_step(p: Proof, goal: Statement) -> Line:
    return p.ring(goal.concl)


if __name__ == "__main__":
    from symcheck.standalone import run

    run(__file__)
