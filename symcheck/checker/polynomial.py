"""Polynomial normal forms over the rationals, with terms as commuting atoms. Trusted.

A natural is read as the real that it embeds to, so one normal form serves both sorts. Nothing is ever
cancelled: ``x * inv(x)`` stays as it is, because it is 1 only where x is not 0.
"""

from __future__ import annotations

import hashlib

from flint import fmpq

from ..terms import Const, Num, Term, TermError, charge, node, sort

Monomial = tuple  # ((atom, exponent), ...) sorted by atom; an atom is a digest
Polynomial = dict  # Monomial -> fmpq, no zero coefficient
MAX_POWER, MAX_BITS, MAX_KEPT = 64, 20_000, 16


def _small(c: fmpq) -> fmpq:
    if c.height_bits() > MAX_BITS:
        raise TermError("a coefficient is too large")
    return c


def add(p: Polynomial, q: Polynomial, scale: fmpq | int = 1) -> Polynomial:
    """p + scale * q."""
    charge(len(p) + len(q))
    out = dict(p)
    for m, c in q.items():
        out[m] = _small(out.get(m, 0) + scale * c)
        if out[m] == 0:
            del out[m]
    return out


def multiply(p: Polynomial, q: Polynomial) -> Polynomial:
    """p * q, charged before it is made."""
    for one, other in ((p, q), (q, p)):
        if len(one) == 1 and () in one:
            return add({}, other, one[()])
    charge(sum(map(len, p)) * len(q) + len(p) * (len(q) + sum(map(len, q))))
    out: Polynomial = {}
    for m, c in p.items():
        for n, d in q.items():
            powers = dict(m)
            for atom, e in n:
                powers[atom] = powers.get(atom, 0) + e
            key = tuple(sorted(powers.items()))
            out[key] = _small(out.get(key, 0) + c * d)
            if out[key] == 0:
                del out[key]
    return out


def polynomial(t: Term) -> Polynomial:
    """The polynomial of a term of sort R, or of the real that one of sort N embeds to; of a function's body.

    It is kept with the term where it is small, so nobody may change it; what is kept is charged by the term's size.
    """
    charge(1 if t.memo is None else t.size)
    if (out := t.memo) is None and len(out := _polynomial(t)) <= MAX_KEPT:
        t.memo = out
    return out


def _polynomial(t: Term) -> Polynomial:
    h = t.head
    if isinstance(h, Num):
        return {(): fmpq(h.value.numerator, h.value.denominator)} if h.value else {}
    match h.name if isinstance(h, Const) and h.body is None else "":
        case "add" | "addN":
            return add(polynomial(t.args[0]), polynomial(t.args[1]))
        case "mul" | "mulN":
            return multiply(polynomial(t.args[0]), polynomial(t.args[1]))
        case "real":
            return polynomial(t.args[0])
        case "pow":
            if (e := constant(polynomial(t.args[1]))) is not None and e <= MAX_POWER:
                p, out = polynomial(t.args[0]), {(): fmpq(1)}
                for _ in range(int(e)):
                    out = multiply(out, p)
                return out
        case "inv":
            if c := constant(polynomial(t.args[0])):
                return {(): 1 / c}
    return {((atom(t), 1),): fmpq(1)}


def atom(t: Term) -> bytes:
    """The name of a term, or of a function's body, as an atom: one of sort N stands for the real it embeds to."""
    content = [node(t.head, ((), sort(t.type) == "N")), *[normal(a) for a in t.args]]
    return hashlib.sha256(b"".join(content)).digest()


def constant(p: Polynomial) -> fmpq | None:
    """The value of a constant polynomial, else None."""
    return p.get((), fmpq(0)) if set(p) <= {()} else None


def normal(t: Term) -> bytes:
    """A digest that is equal for terms equal by ring identities, at any depth and under binders."""
    if t.normal is None:
        if sort(t.type) == "P":
            content = [node(t.head, (t.binders, None)), *[normal(a) for a in t.args]]
        else:  # exponents and coefficients as text, then the atoms in their order
            p = sorted(polynomial(t).items())
            shape = repr((t.binders, [([e for _, e in m], str(c)) for m, c in p])).encode()
            content = [shape, *[a for m, _ in p for a, _ in m]]
        t.normal = hashlib.sha256(b"".join(content)).digest()
    return t.normal
