"""Citations with a permanent identifier: the entry's name, the version, and a digest of what it states."""

from __future__ import annotations

import hashlib
from typing import Any

from .. import __version__
from ..claims import Claim, TheoremEntry, pieces_of
from ..terms import Term

HOME = "symcheck"


def statement_digest(entry: TheoremEntry | Claim) -> str:
    """SHA-256 over the statements of the entry's pieces, definitions included: it names what is proved."""
    h = hashlib.sha256(entry.id.encode())
    for piece in pieces_of(entry):
        terms: tuple[Term, ...] = (*piece.statement.hyps, piece.statement.concl)
        for t in terms:
            h.update(t.digest)
    return h.hexdigest()[:16]


def citation(entry: TheoremEntry | Claim) -> dict[str, Any]:
    """``id``, ``identifier``, ``text`` and ``bibtex`` of an entry."""
    identifier = f"{HOME}:{entry.id}@{statement_digest(entry)}"
    if isinstance(entry, TheoremEntry):
        title, about = entry.title, "theorem"
    else:
        author = f"{entry.source.author}, " if entry.source.author else ""
        title = f"On {entry.id}: {entry.paraphrase}"
        about = f"claim in {author}{entry.source.title}, {entry.where}"
    key = entry.id.replace(".", "_").replace("-", "_").lower()
    text = f"{title} ({about}). symcheck {__version__}, {identifier}."
    bibtex = "\n".join([
        f"@misc{{symcheck_{key},", "  author = {{The symcheck developers}},",
        f"  title = {{{_braced(title)}}},", f"  howpublished = {{symcheck {__version__}, {_braced(about)}}},",
        f"  note = {{Permanent identifier \\texttt{{{_braced(identifier)}}}}},", "}",
    ])  # fmt: skip
    return {"id": entry.id, "identifier": identifier, "text": text, "bibtex": bibtex}


def _braced(s: str) -> str:
    out = s
    for c in "\\{}":
        out = out.replace(c, "")
    for c in "&%$#_":
        out = out.replace(c, "\\" + c)
    return out.replace("^", r"\^{}").replace("~", r"\~{}")
