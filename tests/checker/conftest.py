"""The certificates of the core families and of what they cite, found once a session."""

from __future__ import annotations

import pytest

from symcheck.claims import THEOREMS, library, load_derivations

CORE = ("attention", "blocks", "sinusoidal", "rope", "taylor")


@pytest.fixture(scope="session")
def proved():
    """A library in which the theorems of the core families are proved."""
    load_derivations()
    lemmas = library()
    for name, entry in THEOREMS.items():
        if entry.family in CORE:
            lemmas.theorem(name)
    return lemmas
