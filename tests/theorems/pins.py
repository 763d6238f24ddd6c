"""The digests by which statements and definitions are pinned.

``python tests/theorems/pins.py`` rewrites statements.json from the registered theorems: after it, look at
the difference that version control shows, and commit it with the change that it belongs to.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from symcheck.claims import THEOREMS, definitions_of, load_derivations
from symcheck.prove.proof import Statement

FILE = Path(__file__).with_name("statements.json")


def statement_digest(statement: Statement) -> str:
    """Of the hypotheses in their order, the conclusion (definitions with their bodies) and the variables."""
    parts = [*(h.digest for h in statement.hyps), b"|-", statement.concl.digest]
    names = repr([(v.name, v.type) for v in statement.variables]).encode()
    return hashlib.sha256(b"".join(parts) + names).hexdigest()[:24]


def pins() -> dict[str, dict[str, str]]:
    """Digests of all registered statements, and of the definitions that stand in them, by name."""
    load_derivations()
    definitions: dict[str, set[str]] = {}
    for entry in THEOREMS.values():
        for name, constant in definitions_of(entry.statement).items():
            assert constant.body is not None
            definitions.setdefault(name, set()).add(constant.body.digest.hex()[:24])
    return {"definitions": {name: " ".join(sorted(bodies)) for name, bodies in sorted(definitions.items())},
            "statements": {name: statement_digest(e.statement) for name, e in sorted(THEOREMS.items())}}  # fmt: skip


if __name__ == "__main__":
    FILE.write_text(json.dumps(pins(), indent=1) + "\n")
    print(f"wrote {FILE}")
