"""SymPy at work on polynomials: cofactors of equations and coefficients of positivity certificates.

Not trusted: the rules ``ring`` and ``pos`` of the checker re-check what is found here.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

from flint import fmpq

from ..checker.polynomial import Polynomial, atom, constant, polynomial
from ..checker.polynomial import add as _add
from ..terms import Num, Term, coerce, const, number

Atoms = dict[bytes, Term]


def atoms(t: Term, found: Atoms) -> None:
    """Collect the atoms of a term's polynomial, by the digest that the polynomial uses."""
    if isinstance(t.head, Num):
        return
    if t.is_const("add", "addN", "mul", "mulN", "real"):
        for a in t.args:
            atoms(a, found)
    elif t.is_const("pow") and constant(polynomial(t.args[1])) is not None:
        atoms(t.args[0], found)
    elif not (t.is_const("inv") and constant(polynomial(t.args[0]))):
        found.setdefault(atom(t), coerce(t, "R"))


def gap(p: Term) -> Polynomial:
    """Left minus right of an equation; right minus left of an inequality."""
    a, b = p.args
    return _add(polynomial(a), polynomial(b), -1) if p.is_const("eq", "eqN") else \
        _add(polynomial(b), polynomial(a), -1)  # fmt: skip


def to_term(p: Polynomial, names: Atoms) -> Term:
    """A term with a given polynomial, as a balanced sum."""
    parts = []
    for m, c in sorted(p.items(), key=lambda e: repr(e[0])):
        out: Term | None = None
        for name, e in m:
            for _ in range(e):
                out = names[name] if out is None else const("mul", out, names[name])
        k = Fraction(int(c.p), int(c.q))
        parts.append(number(k) if out is None else out if k == 1 else const("mul", number(k), out))
    while len(parts) > 1:
        parts = [const("add", *parts[i:i + 2]) if i + 1 < len(parts) else parts[i]
                 for i in range(0, len(parts), 2)]  # fmt: skip
    return parts[0] if parts else number(0)


def _leading_first(target: Polynomial, divisors: list[Polynomial], hints: list[bytes]) -> list[bytes]:
    every = {a for p in (target, *divisors) for m in p for a, _ in m}
    return [*dict.fromkeys(h for h in hints if h in every), *sorted(every - set(hints))]


def _in_ring(order: list[bytes], kind: str, polynomials: list[Polynomial]) -> tuple[Any, list[Any]]:
    from sympy import QQ
    from sympy.polys.rings import ring

    r = ring([f"a{i}" for i in range(len(order))], QQ, kind)[0] if order else None
    place = {a: i for i, a in enumerate(order)}
    out = []
    for p in polynomials:
        data = {}
        for m, c in p.items():
            powers = [0] * len(order)
            for a, e in m:
                powers[place[a]] = e
            data[tuple(powers)] = QQ(int(c.p), int(c.q))
        out.append(r.from_dict(data) if r is not None else data)
    return r, out


def _back(p: Any, order: list[bytes]) -> Polynomial:
    return {tuple(sorted((order[i], e) for i, e in enumerate(m) if e)): fmpq(int(c.numerator), int(c.denominator))
            for m, c in p.to_dict().items()}  # fmt: skip


def cofactors(goal: Term, equations: list[Term]) -> list[Term | None] | None:
    """Terms c_k with goal = sum c_k * equation_k identically, None for those not needed; or None.

    Division with the left sides of the equations leading, then with other orders, then a linear search.
    """
    target, divisors = gap(goal), [gap(e) for e in equations]
    if not target:
        return [None] * len(equations)
    names: Atoms = {}
    for t in (goal, *equations):
        for a in t.args:
            atoms(a, names)
    useful = [k for k, d in enumerate(divisors) if d]
    if not useful:
        return None
    hints: list[bytes] = []
    for e in equations:
        here: Atoms = {}
        atoms(e.args[0], here)
        hints += here
    for leading, kind, choice in ((hints, "lex", useful), (hints[::-1], "lex", useful), (hints, "grevlex", useful),
                                  (hints, "lex", useful[::-1])):  # fmt: skip
        order = _leading_first(target, divisors, leading)
        if not order:
            return None
        _, (t, *ds) = _in_ring(order, kind, [target, *(divisors[k] for k in choice)])
        quotients, rest = t.div(ds)
        if not rest:
            out: list[Term | None] = [None] * len(equations)
            for k, q in zip(choice, quotients, strict=True):
                if q:
                    out[k] = to_term(_back(q, order), names)
            return out
    return _linear(target, divisors, useful, names)


def _linear(target: Polynomial, divisors: list[Polynomial], useful: list[int], names: Atoms) -> list[Term | None] | None:
    """Cofactors with the monomials that could matter, their coefficients by linear algebra over Q."""
    from flint import fmpq_mat

    def quotient(m: tuple, n: tuple) -> tuple | None:
        powers = dict(m)
        for a, e in n:
            if powers.get(a, 0) < e:
                return None
            powers[a] -= e
        return tuple(sorted((a, e) for a, e in powers.items() if e))

    columns: list[tuple[int, tuple, Polynomial]] = []
    seen: set[tuple[int, tuple]] = set()
    frontier = set(target)
    for _ in range(3):
        fresh: set[tuple] = set()
        for k in useful:
            for m, n in itertools.product(frontier, divisors[k]):
                q = quotient(m, n)
                if q is not None and (k, q) not in seen and len(seen) < 600:
                    seen.add((k, q))
                    p = _multiply(divisors[k], q)
                    columns.append((k, q, p))
                    fresh |= set(p)
        frontier |= fresh
    if not columns:
        return None
    rows = {m: i for i, m in enumerate(sorted(frontier | set(target), key=repr))}
    matrix = fmpq_mat(len(rows), len(columns) + 1)
    for j, (_, _, p) in enumerate(columns):
        for m, c in p.items():
            matrix[rows[m], j] = c
    for m, c in target.items():
        matrix[rows[m], len(columns)] = c
    reduced, rank = matrix.rref()
    parts: list[Polynomial] = [{} for _ in divisors]
    for i in range(rank):
        lead = next(j for j in range(len(columns) + 1) if reduced[i, j] != 0)
        if lead == len(columns):
            return None
        if reduced[i, len(columns)] != 0:
            k, q, _ = columns[lead]
            parts[k][q] = reduced[i, len(columns)]
    return [to_term(p, names) if p else None for p in parts]


def _multiply(p: Polynomial, m: tuple) -> Polynomial:
    out = {}
    for n, c in p.items():
        powers = dict(n)
        for a, e in m:
            powers[a] = powers.get(a, 0) + e
        out[tuple(sorted(powers.items()))] = c
    return out


def positivity(goal: Term, facts: list[Term], equations: list[Term], squares: list[Term], degree: int,
               ) -> tuple[list[tuple[Fraction, list[int], Term]], list[Term | None]] | None:  # fmt: skip
    """Coefficients c > 0 of products of facts and squares (and cofactors) that add up to the goal; or None.

    A linear program over the candidates, solved exactly; equations are used with constant cofactors and
    with the squares' and facts' monomials.
    """
    from ..checker.polynomial import multiply

    one: Polynomial = {(): fmpq(1)}
    gaps = [_add(gap(f), one, -1) if f.is_const("ltN") else gap(f) for f in facts]
    target = {} if goal.is_const("false") else gap(goal)
    strict = goal.is_const("lt", "false")
    if goal.is_const("ltN"):
        target = _add(target, one, -1)
    names: Atoms = {}
    for p in (goal, *facts, *equations):
        for a in p.args:
            atoms(a, names)
    for s in squares:
        atoms(s, names)
    candidates: list[tuple[list[int], Term, Polynomial, bool]] = [([], number(1), one, True)]
    for size in range(1, degree + 1):
        for ks in itertools.combinations_with_replacement(range(len(gaps)), size):
            product = one
            for k in ks:
                product = multiply(product, gaps[k])
            candidates.append((list(ks), number(1), product, all(facts[k].is_const("lt") for k in ks)))
    for s in squares:
        square = multiply(polynomial(s), polynomial(s))
        candidates.append(([], s, square, False))
        candidates += [([k], s, multiply(square, gaps[k]), False) for k in range(len(gaps))] if degree > 1 else []
    shifts: list[Polynomial] = [one, *({m: fmpq(1)} for m in sorted({m for p in (target, *(c[2] for c in candidates))
                                                                     for m in p}, key=repr)[:40])]  # fmt: skip
    free = [(k, m, multiply(gap(e), m)) for k, e in enumerate(equations) for m in shifts]
    solution = _program(target, [c[2] for c in candidates], [c[3] for c in candidates], [f[2] for f in free], strict)
    if solution is None:
        return None
    weights, multipliers = solution
    products = [(w, c[0], c[1]) for w, c in zip(weights, candidates, strict=True) if w]
    parts: list[Polynomial] = [{} for _ in equations]
    for value, (k, m, _) in zip(multipliers, free, strict=True):
        if value:
            parts[k] = _add(parts[k], m, fmpq(value.numerator, value.denominator))
    return products, [to_term(p, names) if p else None for p in parts]


def _program(target: Polynomial, cone: list[Polynomial], strict: list[bool], free: list[Polynomial],
             need_strict: bool) -> tuple[list[Fraction], list[Fraction]] | None:  # fmt: skip
    """w >= 0 and any v with sum w*cone + v*free = target; some strict w > 0 where that is needed. Exact."""
    rows = sorted({m for p in (target, *cone, *free) for m in p}, key=repr)
    zero = fmpq(0)
    minus: list[Polynomial] = [{m: -c for m, c in p.items()} for p in free]
    columns = [[p.get(m, zero) for m in rows] for p in (*cone, *free, *minus)]
    b = [target.get(m, zero) for m in rows]
    cost = [zero] * len(columns)
    if need_strict:  # z is made as large as possible, where z <= 1 and z <= the sum of the strict weights
        for j, column in enumerate(columns):
            column += [fmpq(int(j < len(cone) and strict[j])), zero]
        for total, one, price in ((-1, 1, -1), (-1, 0, 0), (0, 1, 0)):  # z and the two slacks
            columns.append([zero] * len(rows) + [fmpq(total), fmpq(one)])
            cost.append(fmpq(price))
        b += [zero, fmpq(1)]
    x = simplex(columns, b, cost)
    if x is None or (need_strict and not any(x[j] for j in range(len(cone)) if strict[j])):
        return None
    n, k = len(cone), len(free)
    values = [Fraction(int(v.p), int(v.q)) for v in x]
    return values[:n], [values[n + j] - values[n + k + j] for j in range(k)]


def simplex(columns: list[list[fmpq]], b: list[fmpq], cost: list[fmpq]) -> list[fmpq] | None:
    """x >= 0 with A x = b and least cost, exactly, or None; A is given by its columns.

    Two phases with Bland's rule (Bland 1977). SymPy 1.14's lpmin is not used: with redundant equations it
    returned a point that violates them.
    """
    m, n = len(b), len(columns)
    sign = [-1 if v < 0 else 1 for v in b]
    tableau = [[sign[i] * columns[j][i] for j in range(n)] + [fmpq(int(i == k)) for k in range(m)] + [sign[i] * b[i]]
               for i in range(m)]  # fmt: skip
    basis = list(range(n, n + m))

    def run(costs: list[fmpq], width: int) -> bool:
        reduced = costs[:width]
        for i in range(m):
            if (c := costs[basis[i]]) != 0:
                reduced = [v - c * w if w != 0 else v for v, w in zip(reduced, tableau[i], strict=False)]
        while True:
            enter = next((j for j in range(width) if reduced[j] < 0), None)
            if enter is None:
                return True
            ratios = [(tableau[i][-1] / tableau[i][enter], basis[i], i) for i in range(m) if tableau[i][enter] > 0]
            if not ratios:
                return False
            row, c = min(ratios)[2], reduced[enter]
            _pivot(tableau, basis, row, enter)
            reduced = [v - c * w if w != 0 else v for v, w in zip(reduced, tableau[row], strict=False)]

    run([fmpq(0)] * n + [fmpq(1)] * m, n + m)
    if any(basis[i] >= n and tableau[i][-1] != 0 for i in range(m)):
        return None
    for i in range(m):  # an artificial variable left at zero: pivot it out, or its row is redundant
        if basis[i] >= n and (j := next((j for j in range(n) if tableau[i][j] != 0), None)) is not None:
            _pivot(tableau, basis, i, j)
    if not run(cost + [fmpq(0)] * m, n):
        return None
    x = [fmpq(0)] * n
    for i in range(m):
        if basis[i] < n:
            x[basis[i]] = tableau[i][-1]
    return x


def _pivot(tableau: list[list[fmpq]], basis: list[int], row: int, column: int) -> None:
    scale = 1 / tableau[row][column]
    tableau[row] = [scale * v for v in tableau[row]]
    for i, line in enumerate(tableau):
        if i != row and line[column] != 0:
            f = line[column]
            tableau[i] = [v - f * w if w != 0 else v for v, w in zip(line, tableau[row], strict=True)]
    basis[row] = column
