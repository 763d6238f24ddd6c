"""The theorems of the core families, imported by themselves, and one library that their proofs share."""

from __future__ import annotations

import importlib

import pytest

from symcheck.claims import THEOREMS, library

CORE = ("attention", "sinusoidal", "rope", "taylor")


@pytest.fixture(scope="session")
def core():
    """The core theorems by name, without those that deny a closed claim.

    Theorems of other modules may carry the same family's name; whether they are registered yet depends on which
    tests ran before, so the module decides.
    """
    modules = [f"derivations.{family}" for family in CORE]
    for module in modules:
        importlib.import_module(module)
    return {name: e for name, e in THEOREMS.items() if e.module in modules and not e.statement.concl.is_const("imp")}


@pytest.fixture(scope="session")
def lemmas(core):
    shared = library()
    for name in core:
        shared.theorem(name)
    return shared
