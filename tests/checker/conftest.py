"""The certificates of all registered theorems and of the lemmas that they cite, found once a session."""

from __future__ import annotations

import pytest

from symcheck.claims import THEOREMS, library, load_derivations


@pytest.fixture(scope="session")
def proved():
    """A library in which every registered theorem is proved."""
    load_derivations()
    lemmas = library()
    for name in THEOREMS:
        lemmas.theorem(name)
    return lemmas
