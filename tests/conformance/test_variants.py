"""Correct kernels pass: every layout, scaling, width and angle format, in every dtype and backend."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from symcheck.conformance import conform

from . import variants
from .reports import variant_report

BACKENDS = Path(__file__).parent / "backends.py"


@pytest.mark.parametrize("name", variants.NAMES)
def test_no_false_alarm(name: str) -> None:
    layout, scaling, angles = name.split("_")
    report = variant_report(name)
    assert report.ok, report.to_text()
    assert report.measured["layout"] == {"mirrored": "half"}.get(layout, layout)
    assert report.measured["sign"] == (-1 if layout == "mirrored" else 1)
    assert report.measured["angle_dtype"] == angles
    assert report.measured["frequencies"] == {"plain": "paper", "partial": "paper"}.get(scaling, scaling)


def test_there_are_enough_of_them() -> None:
    rows = {(name, row.dtype) for name in variants.NAMES for row in variant_report(name).rows if row.dtype}
    assert len(rows) >= 60


@pytest.mark.parametrize("layout", ["half", "interleaved"])
@pytest.mark.parametrize("library", ["torch", "jax"])
def test_no_false_alarm_in_another_backend(library: str, layout: str) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    dtypes = ("float64", "float32", "bfloat16", "float16")
    report = conform(f"{BACKENDS}:{library}_{layout}", "rope", quick=True, dtypes=dtypes, timeout=120)
    assert report.ok, report.to_text()
    assert {row.dtype for row in report.rows if row.id == "rope.gradient"} == set(dtypes)


@pytest.mark.parametrize("direction", ["half to interleaved", "interleaved to half"])
def test_weights_permuted_head_by_head(direction: str) -> None:
    function = direction.replace(" ", "_")
    report = conform(f"{variants.__file__}:{function}", "rope-weights")
    assert report.ok, report.to_text()
    assert report.measured["layout"] == direction


@pytest.mark.parametrize(
    ("function", "spec", "measured"),
    [
        ("sine_block_first", "sinusoidal", {"layout": "sine-first", "frequencies": "paper"}),
        ("spacing_of_tensor2tensor", "sinusoidal", {"layout": "sine-first", "frequencies": "tensor2tensor"}),
        ("one_more_in_the_distance", "alibi", {"sign": 1}),
        ("half_plain_float32", "rope", {"layout": "half", "sign": 1}),
        ("mirrored_plain_float32", "rope", {"layout": "half", "sign": -1}),
    ],
)
def test_a_convention_is_reported_and_does_not_fail(function: str, spec: str, measured: dict) -> None:
    report = conform(f"{variants.__file__}:{function}", spec, quick=True, dtypes=["float32"])
    assert report.ok, report.to_text()
    assert {name: report.measured[name] for name in measured} == measured
    notes = " ".join(row.message or "" for row in report.rows)
    assert spec != "rope" or "map to the interleaved layout" in notes
    assert measured.get("sign") != -1 or "a convention when queries and keys share it" in notes


@pytest.mark.slow
@pytest.mark.parametrize("name", variants.ALL)
def test_no_false_alarm_in_the_full_suite(name: str) -> None:
    options = variants.OPTIONS[name.split("_")[1]]
    dtypes = ("float64", "float32", "bfloat16", "float16")
    report = conform(f"{variants.__file__}:{name}", "rope", dtypes=dtypes, **options)
    assert report.ok, report.to_text()


@pytest.mark.parametrize("base", [500000.0, 1000000.0])
def test_a_published_base_needs_no_promise(tmp_path: Path, base: float) -> None:
    text = (Path(__file__).parent / "plain.py").read_text().replace("10000.0", str(base))
    (tmp_path / "kernel.py").write_text(text)
    report = conform(f"{tmp_path / 'kernel.py'}:rotate", "rope", quick=True, dtypes=["float32"])
    assert report.ok, report.to_text()
    assert report.measured["base"] == base
    assert not conform(f"{tmp_path / 'kernel.py'}:rotate", "rope", quick=True, dtypes=["float32"], base=10000.0).ok
