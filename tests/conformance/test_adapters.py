"""Built-in targets: those whose library is installed give what the atlas says; others are skipped by name."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from symcheck.conformance import ConformInputError, conform, list_targets
from symcheck.conformance.atlas import page, reading

DOCS = Path(__file__).parents[2] / "docs"
ATLAS = json.loads((DOCS / "atlas.json").read_text(encoding="utf-8"))
ENTRIES = {entry["target"]: entry for entry in ATLAS["targets"]}


@pytest.mark.slow
@pytest.mark.parametrize("target", list_targets(), ids=lambda t: t["name"])
def test_the_atlas_is_reproduced(target: dict) -> None:
    if target["missing"]:
        pytest.skip(f"{target['missing']} is not installed")
    entry = ENTRIES[target["name"]]
    report = conform(target["name"], quick=True, timeout=180.0)
    assert not any(row.verdict == "error" for row in report.rows), report.to_text()
    recorded = {name: entry["versions"].get(name) for name in target["distributions"]}
    if recorded != {name: version(name) for name in recorded}:
        pytest.skip(f"the atlas was made with {recorded}")
    wanted = {(row["id"], row["dtype"]) for row in entry["properties"] if row["verdict"] == "fails"}
    found = {(row.id, row.dtype) for row in report.failures}
    # The atlas is of full runs: a quick one sees fewer positions and may miss a consequence, not the deviation.
    assert found <= wanted, report.to_text()
    assert bool(found) == bool(wanted), report.to_text()


def test_the_page_is_generated_from_the_atlas() -> None:
    assert (DOCS / "atlas.md").read_text(encoding="utf-8") == page(ATLAS)


def test_every_target_is_in_the_atlas_or_absent_by_name() -> None:
    absent = {entry["target"] for entry in ATLAS["absent"]}
    assert {entry["name"] for entry in list_targets()} == set(ENTRIES) | absent


def test_every_deviation_has_a_cause_or_says_that_none_is_known() -> None:
    for entry in ATLAS["targets"]:
        for row in entry["properties"]:
            if row["verdict"] == "fails":
                assert row["diagnosis"], (entry["target"], row["id"])
                assert reading(entry["target"], row["id"]), (entry["target"], row["id"])


def test_a_library_that_is_not_installed_is_named() -> None:
    missing = [target for target in list_targets() if target["missing"]]
    if not missing:
        pytest.skip("every library is installed")
    with pytest.raises(ConformInputError, match="which is not installed") as caught:
        conform(missing[0]["name"])
    assert missing[0]["missing"] in str(caught.value)
