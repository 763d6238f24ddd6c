"""Settles many entries, in several processes where asked, and gives records that travel between them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from typing import Any

from . import claims
from .claims import Claim, Result, TheoremEntry

Record = dict[str, Any]


def record(result: Result) -> Record:
    """What the tables need of a result, as plain data."""
    return {"result": result.to_json(), "problem": result.problem or ("" if result.ok else "cross-check failed"),
            "title": getattr(result.entry, "title", "") or getattr(result.entry, "paraphrase", "")}  # fmt: skip


def settle_all(entries: Sequence[TheoremEntry | Claim], *, jobs: int = 1, crosscheck: bool = True) -> Iterator[Record]:
    """Settle entries in their order. With several jobs each process takes whole families or parts of a document,
    because those share lemmas."""
    if jobs == 1 or len(entries) < 4 or "fork" not in multiprocessing.get_all_start_methods():
        yield from _settle_here([e.id for e in entries], crosscheck)
        return
    chunks = _chunks([e.id for e in entries], jobs)
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        done: dict[str, Record] = {}
        waiting = [e.id for e in entries]
        for records in pool.imap_unordered(_settle_chunk, [(c, crosscheck) for c in chunks]):
            done.update((r["result"]["id"], r) for r in records)
            while waiting and waiting[0] in done:
                yield done.pop(waiting.pop(0))


def _settle_here(ids: Sequence[str], crosscheck: bool, lemmas: Any = None) -> Iterator[Record]:
    lemmas = lemmas or claims.library()
    for id in ids:
        entry = claims.THEOREMS.get(id) or claims.CLAIMS[id]
        yield record(claims.settle(entry, lemmas, crosscheck=crosscheck))


_lemmas: list[Any] = []  # of a process of the pool: what it has proved for one chunk, the next one cites


def _settle_chunk(work: tuple[list[str], bool]) -> list[Record]:
    if not _lemmas:
        _lemmas.append(claims.library())
    return list(_settle_here(*work, _lemmas[0]))


def _chunks(ids: Sequence[str], jobs: int) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for id in ids:
        groups.setdefault(id.split(".")[0] if "." in id else id.split("-")[0], []).append(id)
    size = max(8, -(-len(ids) // (3 * jobs)))
    parts = [g[k:k + size] for g in groups.values() for k in range(0, len(g), size)]
    return sorted(parts, key=len, reverse=True)


def certificate_files(entries: Sequence[TheoremEntry | Claim]) -> tuple[dict[str, dict], dict[str, str]]:
    """The certificates of the entries and those that they cite, by file stem; and what failed, by identifier."""
    lemmas = claims.library()
    files: dict[str, dict] = {}
    problems: dict[str, str] = {}
    for entry in entries:
        result = claims.settle(entry, lemmas, crosscheck=False)
        if result.problem:
            problems[entry.id] = result.problem
            continue
        for k, (_, certificate, _) in enumerate(result.certificates):
            files[claims.piece_name(entry, k)] = certificate
        for name, certificate in result.needed.items():
            files[name if name in claims.THEOREMS else "lemma." + slug(name)] = certificate
    return files, problems


def slug(name: str) -> str:
    """A lemma's name as a file stem."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name)[:80].strip("_")
