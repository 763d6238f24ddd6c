"""Replays certificate files with the checker alone; SymPy is never imported here (a test says so)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .checker import Rejected, Theorem, digest, parse, replay


def recheck_files(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """One row a file: accepted or rejected and why, what it proves, and whether that is the statement that is
    registered under the file's name. Files beside them are read where a certificate cites them."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(path.glob("*.json"))
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
    outcome = replay_all(data)
    registered = _registered()
    rows = []
    for path in files:
        name = str(path)
        result = broken.get(name) or outcome[name]
        row: dict[str, Any] = {"file": name, "checker": "accepted", "reason": None, "steps": 0, "statement": None,
                               "statement_matches": None}  # fmt: skip
        if isinstance(result, str | Rejected):
            row.update(checker="rejected", reason=str(result))
        else:
            from .render.text import text

            row["steps"] = len(data[name]["steps"])
            hyps = ", ".join(sorted(text(p) for p in result.hyps))
            row["statement"] = f"{hyps} ⊢ {text(result.concl)}" if hyps else text(result.concl)
            if path.stem in registered:
                row["statement_matches"] = registered[path.stem].is_proved_by(result)
        rows.append(row)
    return rows


def replay_all(certificates: Mapping[str, Any]) -> dict[str, Theorem | Rejected]:
    """Replay named certificates, in an order in which each comes after those that it cites."""
    out = replay(certificates, lambda digests: cited_first(certificates, digests))
    return {name: out[name] for name in certificates}


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
