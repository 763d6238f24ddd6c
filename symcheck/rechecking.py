"""Replays certificate files with the checker alone; SymPy is never imported here (a test says so)."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .checker import Rejected, Theorem, digest, parse, replay

#: What a replay showed, as plain data: why it was rejected, or the statement as text and by its digests.
Outcome = dict[str, Any]


def recheck_files(paths: Sequence[Path], jobs: int = 1) -> list[dict[str, Any]]:
    """One row a file: accepted or rejected and why, what it proves, and whether that is the statement that is
    registered under the file's name. Files beside them are read where a certificate cites them."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.json"))
            if not inside:  # nothing was checked: not a success
                raise FileNotFoundError(2, "no certificates (*.json) in this folder", str(path))
            files += inside
        elif not path.exists():
            raise FileNotFoundError(2, "no such file", str(path))
        else:
            files.append(path)
    data: dict[str, Any] = {}
    broken: dict[str, str] = {}
    for path in files:
        try:
            data[str(path)] = parse(path)
        except Rejected as e:
            broken[str(path)] = str(e)
    _add_cited(data)
    registered = _registered()  # and with it how its terms are printed
    outcome = outcomes(data, jobs)
    rows = []
    for path in files:
        name = str(path)
        found: Outcome = {"reason": broken[name]} if name in broken else outcome[name]
        row: dict[str, Any] = {"file": name, "checker": "accepted", "reason": None, "steps": 0, "statement": None,
                               "statement_matches": None}  # fmt: skip
        if found["reason"] is not None:
            row.update(checker="rejected", reason=found["reason"])
        else:
            row.update(steps=len(data[name]["steps"]), statement=found["statement"])
            if path.stem in registered:
                wanted = registered[path.stem]
                row["statement_matches"] = (found["concl"] == wanted.concl.digest
                                            and found["hyps"] <= {p.digest for p in wanted.hyps})  # fmt: skip
        rows.append(row)
    return rows


def replay_all(certificates: Mapping[str, Any], digests: dict[str, str] | None = None,
               accepted: dict[str, Theorem] | None = None) -> dict[str, Theorem | Rejected]:  # fmt: skip
    """Replay named certificates, in an order in which each comes after those that it cites."""
    collecting = gc.isenabled()
    gc.disable()  # terms hold no cycles; looking for some among a million objects takes a tenth of the time
    try:
        out = replay(certificates, lambda digests: cited_first(certificates, digests), digests, accepted)
    finally:
        if collecting:
            gc.enable()
    return {name: out[name] for name in certificates}


def outcomes(certificates: Mapping[str, Any], jobs: int = 1, texts: bool = True) -> dict[str, Outcome]:
    """Replay named certificates, in several processes where that is worth it.

    ``texts``: print what is proved, which is no part of checking it.
    """
    if jobs < 2 or len(certificates) < 40 or "fork" not in multiprocessing.get_all_start_methods():
        return _outcomes(certificates, texts)
    names = list(certificates)
    _shared.update(certificates)  # the processes are forks: they find it there
    digests: dict[str, str] = {}
    found: dict[str, Outcome] = {}
    try:
        with multiprocessing.get_context("fork").Pool(jobs) as pool:
            for part in pool.map(_digests, [names[k::jobs] for k in range(jobs)], 1):
                digests.update(part)
            unique = {digests[name]: name for name in reversed(names)}
            unique = {d: unique[d] for d in dict.fromkeys(map(digests.__getitem__, names))}
            shares = _shares({d: certificates[name] for d, name in unique.items()}, SHARES * jobs)
            waiting = [pool.apply_async(_share, ({unique[d]: d for d in s}, texts)) for s in shares]
            for w in waiting:
                found.update(w.get())
    finally:
        _shared.clear()
    return {name: found[digests[name]] for name in names}


#: Shares for each process: more of them even out better what the estimate of the work misses, and repeat more.
SHARES = 2
_shared: dict[str, Any] = {}
_accepted: dict[str, Theorem] = {}  # by a process of a pool, in the shares before
_seen: set[str] = set()


def _digests(names: Sequence[str]) -> dict[str, str]:
    return {name: digest(_shared[name]) for name in names}


def _share(digests: Mapping[str, str], texts: bool) -> dict[str, Outcome]:
    new = {name: d for name, d in digests.items() if d not in _seen}  # what is cited may have come with another share
    _seen.update(new.values())
    found = _outcomes({name: _shared[name] for name in new}, texts, new, _accepted)
    return {new[name]: outcome for name, outcome in found.items()}


def _outcomes(certificates: Mapping[str, Any], texts: bool, digests: dict[str, str] | None = None,
              accepted: dict[str, Theorem] | None = None) -> dict[str, Outcome]:  # fmt: skip
    out: dict[str, Outcome] = {}
    for name, result in replay_all(certificates, digests, accepted).items():
        if isinstance(result, Rejected):
            out[name] = {"reason": str(result)}
        else:
            out[name] = {"reason": None, "concl": result.concl.digest, "hyps": {p.digest for p in result.hyps},
                         "statement": _printed(result) if texts else None}  # fmt: skip
    return out


def _printed(theorem: Theorem) -> str:
    from .render.text import text

    hyps = ", ".join(sorted(text(p) for p in theorem.hyps))
    return f"{hyps} ⊢ {text(theorem.concl)}" if hyps else text(theorem.concl)


def _shares(unique: Mapping[str, Any], count: int) -> list[list[str]]:
    """Certificates, by digest, in shares of about equal work, each with those that it cites."""
    cites = {d: _cited([data]) & unique.keys() for d, data in unique.items()}
    weights = {d: _weight(data) for d, data in unique.items()}
    cited = set().union(*cites.values())

    def with_cited(d: str) -> set[str]:
        out, todo = {d}, [d]
        while todo:
            new = cites[todo.pop()] - out
            out |= new
            todo += new
        return out

    def work(ds: Iterable[str]) -> int:
        return sum(weights[d] for d in ds)

    shares: list[set[str]] = [set()]
    for d in unique:  # in their order: neighbours are of one family, and share definitions and what they cite
        if d not in cited:
            if work(shares[-1]) * count > work(unique) and len(shares) < count:
                shares.append(set())
            shares[-1] |= with_cited(d)
    return [[d for d in unique if d in s] for s in shares]


def _weight(data: Any) -> int:
    """About how long a replay takes, fitted to the certificates of this project; of any data, a certificate or not."""
    parts = [data.get(k) if isinstance(data, dict) else None for k in ("terms", "steps")]
    terms, steps = (x if isinstance(x, list) else [] for x in parts)
    balls = sum(isinstance(s, list) and s[:1] == ["ball"] for s in steps)
    return 1 + 3 * len(terms) + 2 * len(steps) + 60 * balls


def cited_first(certificates: Mapping[str, Any], digests: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The certificates in an order in which each stands after those that it cites."""
    names: dict[str, str] = {}
    for name, data in certificates.items():
        names.setdefault(digests[name] if digests else digest(data), name)
    order: dict[str, Any] = {}
    started: set[str] = set()
    todo = [(name, False) for name in reversed(list(certificates))]
    while todo:
        name, ready = todo.pop()
        if ready:
            order.setdefault(name, certificates[name])
        elif name not in started:
            started.add(name)
            todo.append((name, True))
            todo += [(names[d], False) for d in sorted(_cited([certificates[name]])) if d in names]
    return order


def _add_cited(data: dict[str, Any]) -> None:
    """Read the certificates that are cited and lie beside those that cite them."""
    known = {digest(d) for d in data.values()}
    folders = {Path(p).parent for p in data}
    missing = {d for d in _cited(data.values()) if d not in known}
    if not missing:
        return
    for folder in sorted(folders):
        for path in sorted(folder.glob("*.json")):
            if str(path) in data or not missing:
                continue
            try:
                other = parse(path)
            except Rejected:
                continue
            data[str(path)] = other
    # what nobody cites does no harm: it is replayed, and not reported


def _cited(certificates: Any) -> set[str]:
    out = set()
    for data in certificates:
        steps = data.get("steps") if isinstance(data, dict) else None
        for s in steps if isinstance(steps, list) else []:
            if isinstance(s, list) and len(s) == 2 and s[0] == "cite" and isinstance(s[1], str):
                out.add(s[1])
    return out


def _registered() -> dict[str, Any]:
    """The statement that a file of this stem must prove."""
    from . import claims

    claims.load_derivations()
    out: dict[str, Any] = {}
    entries: list[claims.TheoremEntry | claims.Claim] = [*claims.THEOREMS.values(), *claims.CLAIMS.values()]
    for entry in entries:
        for k, piece in enumerate(claims.pieces_of(entry)):
            out[claims.piece_name(entry, k)] = piece.statement
    return out
