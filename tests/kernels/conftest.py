"""Every kernel test runs on every array library that is installed; the others are skipped by name."""

from __future__ import annotations

import pytest

from .backends import NAMES, Backend, load


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=pytest.mark.cuda) if name == "cupy" else name for name in NAMES],
)
def backend(request: pytest.FixtureRequest) -> Backend:
    try:
        return load(request.param)
    except ImportError as error:
        pytest.skip(f"backend {request.param}: {error}")


@pytest.fixture(autouse=True)
def _only_dtypes_that_exist(request: pytest.FixtureRequest) -> None:
    if "backend" not in request.fixturenames:
        return
    dtype = request.node.callspec.params.get("dtype", "float64")
    backend = request.getfixturevalue("backend")
    if not backend.has(dtype):
        pytest.skip(f"backend {backend.name}: has no {dtype}")
