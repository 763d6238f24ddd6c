"""The certificate format: a proof as JSON, and its replay. Trusted.

``{"format": ..., "terms": [...], "steps": [[rule, argument ...], ...], "statement": [[hypothesis ...], conclusion]}``.
A term is ``[binders, head, arguments]``, with references to earlier terms only; the head is ``["b", index,
type]``, ``["v", name, type]``, ``["c", name, type]`` (primitive), ``["d", name, body]`` (defined) or ``["n",
value, sort]``. The form is canonical: a term or step that is not used, or a term out of order, is rejected.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..terms import Bound, Budget, Const, Head, Num, Term, TermError, Var, _heads, budget, check_type, eta
from .rules import RULES, RuleError, Theorem

FORMAT = "symcheck-certificate-1"
MAX_BYTES, MAX_NESTING, MAX_STEPS, MAX_WORK = 8_000_000, 24, 20_000, 3_000_000
MAX_DIGITS, MAX_TYPE = 2_000, 800  # of a numeral; characters of a type
NESTING = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_']{0,60}", re.ASCII)
RATIONAL = re.compile(rf"-?(0|[1-9][0-9]{{0,{MAX_DIGITS}}})(/[1-9][0-9]{{0,{MAX_DIGITS}}})?", re.ASCII)


class Rejected(ValueError):
    """The certificate is not accepted: at which step, by which rule, and why."""


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise TermError(what)


def _natural(x: Any, limit: int, what: str) -> int:
    if type(x) is not int or not 0 <= x < limit:
        raise TermError(f"{what}: expected a number from 0 to {limit - 1}")
    return x


def _name(x: Any) -> str:
    _require(isinstance(x, str) and NAME.fullmatch(x) is not None, f"not a name: {x!r:.60}")
    return x


def _rational(x: Any) -> Fraction:
    _require(isinstance(x, str) and RATIONAL.fullmatch(x) is not None and str(Fraction(x)) == x,
             f"not a rational number in lowest terms: {x!r:.60}")  # fmt: skip
    return Fraction(x)


def _type(x: Any) -> Any:
    if not isinstance(x, list):
        return check_type(x)
    _require(len(repr(x)) <= MAX_TYPE, "a type is too large")
    return check_type(_tuples(x))


def _tuples(x: Any) -> Any:
    return tuple([_tuples(a) for a in x]) if isinstance(x, list) else x


def _list(x: Any, length: int | None = None) -> list:
    if not isinstance(x, list) or length not in (None, len(x)):
        raise TermError(f"expected a list: {x!r:.60}")
    return x


def _term(node: Any, terms: list[Term]) -> Term:
    binders, labels, refs = _list(node, 3)
    if (found := _heads.get(key := repr((binders, labels)))) is None:  # what has the same text was checked before
        head = _head(labels, terms)
        found = _type([*binders, "R"])[:-1] if _list(binders) else (), _heads.setdefault(head, head)
        if labels[0] != "d":  # which refers to a term of this certificate
            _heads[key] = found
    return Term(found[0], found[1], [terms[_natural(a, len(terms), "term")] for a in _list(refs)])


def _head(labels: Any, terms: list[Term]) -> Head:
    kind, label, info = _list(labels, 3)
    match kind:
        case "b":
            return Bound(_natural(label, 64, "index"), _type(info))
        case "n":
            _require(info in ("N", "R"), "a numeral is of sort N or R")
            return Num(_rational(label), info)
        case "d":
            body = terms[_natural(info, len(terms), "term")]
            return Const(_name(label), body.type, body)
        case "v" | "c":
            return (Var if kind == "v" else Const)(_name(label), _type(info))
    raise TermError(f"unknown kind of head: {kind!r:.40}")


def digest(data: Any) -> str:
    """The name by which other certificates cite this one: a SHA-256 of its JSON."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def decode(data: Any, accepted: Mapping[str, Theorem] | None = None, trace: list[Theorem] | None = None) -> Theorem:
    """Replay a certificate and return what it proves, or raise :class:`Rejected`.

    ``accepted`` are the theorems of certificates that were replayed before, by digest; ``cite`` steps may
    refer to them and to nothing else. ``trace`` receives what each step proves.
    """
    where, theorems = "header", trace if trace is not None else []
    token = budget.set(Budget(MAX_WORK))
    try:
        keys = ("format", "terms", "steps", "statement")
        _require(isinstance(data, dict) and sorted(data) == sorted(keys), f"expected an object with the keys {keys}")
        _require(data["format"] == FORMAT, f"the format is not {FORMAT}")
        terms: list[Term] = []
        seen: dict[int, None] = {}  # terms in order of first use
        used: set[int] = set()

        def touch(k: int) -> None:
            if k not in seen:
                head, refs = data["terms"][k][1:]
                for ref in [*refs, head[2]] if head[0] == "d" else refs:
                    touch(ref)
                seen[k] = None

        for k, node in enumerate(_list(data["terms"])):
            where = f"term {k}"
            terms.append(_term(node, terms))

        def get(kind: str, x: Any) -> Any:
            match kind:
                case "step":
                    used.add(_natural(x, len(theorems), "a step refers to earlier steps only"))
                    return theorems[x]
                case "term":
                    touch(_natural(x, len(terms), "term"))
                    return terms[x]
                case "variable":
                    head = get("term", x).head
                    _require(isinstance(head, Var) and eta(head) == get("term", x), "not a variable")
                    return head
                case "steps" | "terms" | "names":
                    return [get(kind[:-1], y) for y in _list(x)]
                case "values":
                    out = [(get("variable", _list(y, 2)[0]), get("term", y[1])) for y in _list(x)]
                    order = [(v.name, repr(v.type)) for v, _ in out]
                    _require(order == sorted(set(order)), "the variables are not in order")
                    return dict(out)
                case "products":
                    return [(_rational(_list(y, 3)[0]), [_natural(z, 10_000, "fact") for z in _list(y[1])],
                             get("term", y[2])) for y in _list(x)]  # fmt: skip
                case "digest":
                    _require(isinstance(x, str) and x in (accepted or {}), f"cites what was not accepted: {x!r:.70}")
                    return (accepted or {})[x]
            return _name(x) if kind == "name" else _natural(x, 10**6, "number")

        _require(0 < len(_list(data["steps"])) <= MAX_STEPS, f"expected 1 to {MAX_STEPS} steps")
        for k, line in enumerate(data["steps"]):
            rule: Any = line[0] if _list(line) else None
            where = f"step {k}, rule {rule!r:.40}"
            _require(isinstance(rule, str) and rule in RULES, "unknown rule")
            apply_rule, kinds = RULES[rule]  # type: Any, tuple[str, ...]
            theorems.append(apply_rule(*[get(kind, x) for kind, x in zip(kinds, _list(line[1:], len(kinds)), strict=True)]))
        where = "end"
        hyps, concl = _list(data["statement"], 2)
        stated = [get("term", x) for x in _list(hyps)], get("term", concl)
        result = theorems[-1]
        _require(stated == (sorted(result.hyps, key=lambda p: p.digest), result.concl), "proves another statement")
        _require(list(seen) == list(range(len(terms))), "not in canonical form: a term is unused, or out of order")
        _require(len(set(terms)) == len(terms), "not in canonical form: a term stands twice")
        _require(used >= set(range(len(theorems) - 1)), "not in canonical form: a step is not used")
        return result
    except (TermError, RuleError, RecursionError) as e:
        raise Rejected(f"{where}: {str(e) or 'nested too deeply'}") from None
    finally:
        budget.reset(token)


def _pairs(pairs: list[tuple[str, Any]]) -> dict:
    _require(len({k for k, _ in pairs}) == len(pairs), "a key stands twice in one object")
    return dict(pairs)


def _refuse(text: str) -> Any:
    raise TermError(f"not a whole number of at most 9 digits: {text[:20]}")


def parse(path: str | Path) -> Any:
    """The JSON of a file. Size and nesting are looked at before anything is parsed."""
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
        _require(len(raw) <= MAX_BYTES, f"larger than {MAX_BYTES} bytes")
        outside = re.sub(rb'(?s)"(?:[^"\\]|\\.?)*+"?', b"", raw)  # without strings; possessive: linear time
        steps = map(NESTING.__getitem__, re.sub(rb"[^][{}]+", b"", outside))
        _require(max(itertools.accumulate(steps), default=0) <= MAX_NESTING, f"nested more than {MAX_NESTING} levels deep")
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_pairs, parse_float=_refuse, parse_constant=_refuse,
                          parse_int=lambda s: int(s) if len(s) < 10 else _refuse(s))  # fmt: skip
    except OSError as e:
        raise Rejected(f"cannot be read: {e.strerror}") from None
    except (ValueError, RecursionError) as e:
        raise Rejected(f"not a certificate: {e!s:.120}") from None


def replay(certificates: Mapping[str, Any], order: Callable[[dict[str, str]], Iterable[str]] = list, digests: Any = None,
           accepted: dict[str, Theorem] | None = None) -> dict[str, Theorem | Rejected]:  # fmt: skip
    """Replay named certificates, each once however many names it has; each may cite those before it.

    ``order`` puts the names in order; it is given the digests by name, which are made here unless the caller did.
    ``accepted`` are those replayed before, as for :func:`decode`; what is accepted here is added.
    """
    digests = digests or {name: digest(data) for name, data in certificates.items()}
    accepted = {} if accepted is None else accepted
    out: dict[str, Theorem | Rejected] = {}
    for name in order(digests):
        try:
            out[name] = accepted[digests[name]] = accepted.get(digests[name]) or decode(certificates[name], accepted)
        except Rejected as e:
            out[name] = e
    return out
