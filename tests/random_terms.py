"""Random well-typed terms, and values for their free variables: what the folds are tested on."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from symcheck.terms import Term, Var, abstract, const, defined, eq, eta, le, lt, number, quantify

NATURALS = [Var("n", "N"), Var("h", "N")]
REALS = [Var(s, "R") for s in ("x", "y", "t")]
FUNCTIONS = [Var("a", ("N", "R")), Var("theta", ("N", "R")), Var("M", ("N", "N", "R")),
             Var("s", ("N", "N")), Var("g", ("R", "R")), Var("F", (("N", "R"), "R"))]  # fmt: skip
FREE = [*NATURALS, *REALS, *FUNCTIONS]
TABLE = (0.5, -1.25, 2.0, 0.125, -0.75, 1.5, 1.0)  # exact in every binary format

half_turn = defined("half_turn", ["R"], lambda x: const("pi") * Fraction(1, 2) - x)
mean = defined("mean", ["N", ("N", "R")], lambda n, a: const("sum", n, a) / (n + 1))
DEFINED = [half_turn, mean]

#: Callables that accept scalars and arrays alike; naturals of any size are indices.
VALUES = {
    "n": 3, "h": 2, "x": 0.75, "y": -1.5, "t": 0.375,
    "g": lambda x: x * 0.5 - 1, "F": lambda a: a(0) + a(1) * 2,
}  # fmt: skip


def tables(take) -> dict:
    """Values of all free variables; ``take(i)`` is the entry of TABLE at i modulo its length."""
    return {**VALUES, "a": take, "theta": lambda i: take(i * 3 + 1), "M": lambda i, j: take(i * 2 + j * 5),
            "s": lambda i: (i * 2 + 1) % 5}  # fmt: skip


@st.composite
def terms(draw, sort: str = "R", depth: int = 4, bound: tuple = (), free: bool = True,
          arithmetic: bool = False) -> Term:  # fmt: skip
    """A term of a base sort; ``bound`` are the variables of the binders around it.

    ``free=False`` leaves out the free variables, ``arithmetic=True`` all but +, *, powers, inverse and
    scalar variables.
    """
    scope = [v for v in (*bound, *(FREE if free else ())) if not arithmetic or isinstance(v.type, str)]

    def inner(t) -> Term:
        if isinstance(t, tuple):
            new = [Var(f"b{len(bound)}_{k}", s) for k, s in enumerate(t[:-1])]
            body = draw(terms(t[-1], depth - 1, (*bound, *new), free, arithmetic))
            return abstract(new, body)
        return draw(terms(t, depth - 1, bound, free, arithmetic))

    simple = [v for v in scope if v.type == sort]
    if depth <= 0 or draw(st.integers(0, 9)) == 0:
        if simple and draw(st.booleans()):
            return eta(draw(st.sampled_from(simple)))
        if sort == "N":
            return number(draw(st.integers(0, 3)), "N")
        if sort == "P":
            return eq(number(draw(st.integers(0, 1))), 0)
        return number(draw(st.fractions(-5, 5, max_denominator=4)))
    if sort == "P":
        kinds = ["eq", "le", "lt", "ltN", "eqN", "imp", "and", "or", "forall", "exists"]
        kind = draw(st.sampled_from(kinds))
        if kind in ("forall", "exists"):
            i = Var(f"i{len(bound)}", "N")
            guard = lt(eta(i), number(draw(st.integers(0, 3)), "N"))
            body = draw(terms("P", depth - 2, (*bound, i), free, arithmetic))
            return quantify(kind, [i], const("imp" if kind == "forall" else "and", guard, body))
        if kind in ("imp", "and", "or"):
            return const(kind, inner("P"), inner("P"))
        build = {"eq": eq, "le": le, "lt": lt, "ltN": lt, "eqN": eq}[kind]
        s = "N" if kind[-1] == "N" else "R"
        return build(inner(s), inner(s))
    applicable = [v for v in scope if isinstance(v.type, tuple) and v.type[-1] == sort]
    if applicable and draw(st.integers(0, 3)) == 0:
        v = draw(st.sampled_from(applicable))
        return eta(v)(*[inner(t) for t in v.type[:-1]])
    if sort == "N":
        kind = draw(st.sampled_from(["addN", "mulN"] if arithmetic else ["addN", "mulN", "caseN"]))
        if kind == "caseN":
            return const(kind, inner("N"), inner("N"), inner(("N", "N")))
        return const(kind, number(draw(st.integers(0, 2)), "N"), inner("N"))
    if arithmetic:
        kind = draw(st.sampled_from(["add", "add", "sub", "mul", "mul", "neg", "div", "inv", "pow"]))
    else:
        kinds = ["add", "sub", "mul", "neg", "div", "inv", "pow", "sin", "cos", "exp", "abs", "real", "sum",
                 "delta", "weave", "stack", "case", "half_turn", "mean"]  # fmt: skip
        kind = draw(st.sampled_from(kinds))
    match kind:
        case "add" | "mul":
            return const(kind, inner("R"), inner("R"))
        case "sub":
            return inner("R") - inner("R")
        case "neg":
            return -inner("R")
        case "div":
            return inner("R") / inner("R")
        case "pow":
            return inner("R") ** number(draw(st.integers(0, 3)), "N")
        case "inv" | "sin" | "cos" | "abs":
            return const(kind, inner("R"))
        case "exp":  # of small numbers: the cosine of exp(exp(exp(5))) takes minutes in many digits
            return const(kind, draw(terms("R", 0, bound, free)))
        case "real":
            return const("real", inner("N"))
        case "sum":
            return const("sum", draw(terms("N", 0, bound, free)), inner(("N", "R")))
        case "delta":
            return const("delta", inner("N"), inner("N"))
        case "weave":
            return const("weave", inner(("N", "R")), inner(("N", "R")), inner("N"))
        case "stack":
            half = draw(terms("N", 0, bound, free))
            return const("stack", half, inner(("N", "R")), inner(("N", "R")), inner("N"))
        case "case":
            return const("case", inner("N"), inner("R"), inner(("N", "R")))
        case "half_turn":
            return half_turn(inner("R"))
    return mean(draw(terms("N", 0, bound, free)), inner(("N", "R")))
