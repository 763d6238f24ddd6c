"""What holds for every test."""

from __future__ import annotations

import mpmath
import pytest


@pytest.fixture(autouse=True)
def the_working_precision_is_left_alone():
    """mpmath's precision belongs to the process: a test that changes it would change what runs after it."""
    before = mpmath.mp.prec
    yield
    after, mpmath.mp.prec = mpmath.mp.prec, before
    assert after == before
