"""The atlas: every installed built-in target under its specification, as one JSON file and one page.

    python -m symcheck.conformance.atlas docs/atlas.json docs/atlas.md

The page is generated from the JSON alone. A library that is not installed is listed by name.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from symcheck import __version__
from symcheck.conformance.adapters import find, names
from symcheck.conformance.runner import installed
from symcheck.conformance.suite import conform

#: What was found by reading the code of a target that deviates: whether it is a convention, and what its users
#: see. Keyed by target, or by the beginning of its name with a row.
READINGS: dict[str, str] = {
    "rotary-embedding-torch": (
        "`rotate_queries_or_keys` makes its positions with `torch.arange(..., dtype=t.dtype)`. With bfloat16 "
        "queries, positions from 257 on are rounded: neighbours share a rotation, and the relative identity "
        "fails. The angles made then are cached in float32 and serve later float32 calls of the same module. "
        "Casting the module casts `freqs` and that cache as well. Users of float32 activations see nothing."
    ),
    "transformers:rope.cast": (
        "`module.to(torch.bfloat16)` (hence `model.to(...)`, `model.half()`) rounds the buffer `inv_freq`; the "
        "forward pass converts it back to float32, but the rounding stays, also after casting back. Loading with "
        "`dtype=torch.bfloat16` keeps the buffer in float32 and is not affected: the rows without a cast hold. "
        "The same as huggingface/transformers#25681 and #29496."
    ),
    "transformers.falcon": (
        "`build_alibi_tensor` converts the slopes to bfloat16 before the product, whatever dtype is asked for. For "
        "1, 2, 4 and 8 heads the slopes are exact; otherwise biases are off by up to half a unit of bfloat16, "
        "relatively. Bloom's function, from which it is copied, has no such conversion and holds. A model that was "
        "trained with the rounded slopes is served right by it; nothing in the code says so."
    ),
    "litgpt.scaling": (
        "In the YaRN branch of `build_rope_cache` the ramp rises from 0 at high frequencies to 1 at low ones and is "
        "then used as the share of the *unscaled* frequencies; in the paper and in transformers that share is one "
        "minus the ramp. High frequencies are interpolated and low ones extrapolated, the reverse of YaRN. Users "
        "of models with YaRN see wrong positions from the first token on; Llama 3 scaling holds."
    ),
    "equinox.second-model": (
        "The cache `internal_rope_embedding_cache` is keyed by size and dtype, not by `theta`: a second module "
        "with another base in the same process gets the tables of the first. One model in a process sees nothing."
    ),
    "diffusers.ntk": (
        "`ntk_factor` multiplies the base itself. It is documented as the factor of NTK-aware RoPE, whose base "
        "grows by s^(d/(d-2)). A convention if the caller gives s^(d/(d-2)); given s, the lowest frequency is "
        "stretched by less than s."
    ),
    "torchtune": (
        "`cache` (cosines and sines) is a buffer: casting the module rounds it, and casting back does not restore "
        "it. Uncast, and cast once for bfloat16 activations, it stays within its dtype's bound."
    ),
    "x-transformers:rope.cast": (
        "`inv_freq` is a buffer: `module.to(torch.bfloat16)` rounds it, and positions take its dtype in the "
        "product, so that the angle is computed in bfloat16. Under autocast it is protected; uncast rows hold."
    ),
}


def reading(target: str, row: str) -> str | None:
    """What reading the code of a deviating target showed, for one of its rows."""
    for key, text in READINGS.items():
        name, _, wanted = key.partition(":")
        if (target == name or target.startswith(name + ".")) and row.startswith(wanted):
            return text
    return None


def build(*, quick: bool = False, only: Sequence[str] = (), progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Run every installed built-in target (or those of `only`); returns the content of the atlas."""
    entries = []
    absent = []
    for name in names():
        if only and name not in only:
            continue
        missing = installed(name)
        if missing is not None:
            absent.append({"target": name, "missing": missing})
            continue
        if progress:
            progress(name)
        report = conform(name, quick=quick, timeout=180.0)
        entry = report.to_json()
        entry["source"] = find(name).source
        entry["versions"] = dict(sorted(report.versions.items()))
        for row in entry["properties"]:
            if row["verdict"] in ("fails", "error"):
                row["reading"] = reading(name, row["id"])
        entries.append(entry)
    return {
        "version": 1,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "symcheck": __version__,
        "python": platform.python_version(),
        "quick": quick,
        "targets": entries,
        "absent": absent,
    }


def page(atlas: Mapping[str, Any]) -> str:
    """The Markdown page of an atlas."""
    targets = atlas["targets"]
    good = sum(entry["ok"] for entry in targets)
    lines = [
        "# Atlas of implementations",
        "",
        "Generated by `python -m symcheck.conformance.atlas`; do not edit.",
        "",
        f"{atlas['date']}, symcheck {atlas['symcheck']}, Python {atlas['python']}"
        f"{', quick runs' if atlas['quick'] else ''}. {len(targets)} targets, {good} without a deviation. "
        "`holds`, `fails` and so on count rows, one for each property and dtype. What is measured is read off "
        "outputs; conventions (layout, sign, spacing, a scale) are reported here and do not fail.",
        "",
        "| target | spec | holds | fails | error | n/a | layout | sign | frequencies | scale | angles | version |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in targets:
        verdicts = [row["verdict"] for row in entry["properties"]]
        measured = entry["measured"]
        counts = [str(verdicts.count(v)) for v in ("holds", "fails", "error", "not-applicable")]
        shown = [_cell(measured.get(k)) for k in ("layout", "sign", "frequencies", "scale", "angle_dtype")]
        version = ", ".join(f"{k} {v}" for k, v in entry["versions"].items())
        lines.append(f"| `{entry['target']}` | {entry['spec']} | " + " | ".join([*counts, *shown, version]) + " |")
    lines += ["", "## Deviations", ""]
    for entry in targets:
        bad = [row for row in entry["properties"] if row["verdict"] in ("fails", "error")]
        if not bad:
            continue
        lines += [f"### {entry['target']}", "", f"{entry['source']}.", ""]
        for text in dict.fromkeys(row["reading"] for row in bad if row.get("reading")):
            lines += [text, ""]
        lines += ["| property | dtype | error | bound | first fails at | cause |", "|---|---|---|---|---|---|"]
        for row in bad:
            worst = row["worst"] or {}
            cells = [f"`{row['id']}`", row["dtype"], worst.get("error"), row["bound"], row["first_failure"]]
            lines.append("| " + " | ".join(map(_cell, cells)) + f" | {row['diagnosis'] or row['message'] or ''} |")
        lines.append("")
        for row in bad:
            if row["snippet"]:
                label = f"{row['id']}, {row['dtype']}" if row["dtype"] else row["id"]
                lines += [f"{label}:", "", "```python", row["snippet"], "```", ""]
    notes = _outside(targets)
    if notes:
        lines += ["## Outside of the domain", "", "Not judged: what a target does where no theorem says anything.", ""]
        lines += ["| target | row | what it does |", "|---|---|---|", *notes, ""]
    if atlas["absent"]:
        lines += ["## Not installed", ""]
        lines += [f"- `{entry['target']}` needs {entry['missing']}" for entry in atlas["absent"]]
        lines.append("")
    return "\n".join(lines)


def _outside(targets: Iterable[Mapping[str, Any]]) -> list[str]:
    rows = []
    for entry in targets:
        for row in entry["properties"]:
            if row["verdict"] == "not-applicable" and ".domain." in row["id"] and row["message"]:
                text = " ".join(row["message"].split()).replace("|", "\\|")[:160]
                rows.append(f"| `{entry['target']}` | `{row['id']}` | {text} |")
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the atlas, or with --refresh renew the page of an existing one; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m symcheck.conformance.atlas", description=__doc__)
    parser.add_argument("json", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("--quick", action="store_true", help="fewer positions")
    parser.add_argument("--refresh", action="store_true", help="renew readings and page, and run nothing")
    given = parser.parse_args(arguments)
    if given.refresh:
        atlas = json.loads(given.json.read_text(encoding="utf-8"))
        for entry in atlas["targets"]:
            for row in entry["properties"]:
                if "reading" in row:
                    row["reading"] = reading(entry["target"], row["id"])
    else:
        atlas = build(quick=given.quick, progress=lambda name: print(name, file=sys.stderr, flush=True))
    given.json.write_text(json.dumps(atlas, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    given.page.write_text(page(atlas), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
