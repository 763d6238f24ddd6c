"""The options of `symcheck conform`: promises on the command line, one clean JSON object, 80 columns of text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from symcheck.cli import app

VARIANTS = Path(__file__).parent / "variants.py"
YARN = '{"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 4096}'


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["conform", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("target", "options", "holds"),
    [
        (f"{VARIANTS}:half_yarn_float64", ("--scaling", YARN), True),
        (f"{VARIANTS}:half_yarn_float64", ("--scaling", YARN.replace("4096", "2048")), False),
        (f"{VARIANTS}:half_partial_float32", ("--dim", "64", "--width", "32", "--layout", "half"), True),
        (f"{VARIANTS}:half_partial_float32", ("--dim", "64", "--width", "64"), False),
        (f"{VARIANTS}:half_plain_float32", ("--base", "500000", "--max-position", "64"), False),
        (f"{VARIANTS}:half_plain_float32", ("--layout", "interleaved", "--max-position", "64"), False),
        (f"{VARIANTS}:half_plain_float32", ("--frequencies", "tensor2tensor", "--max-position", "64"), False),
    ],
)
def test_a_promise_binds(target: str, options: tuple[str, ...], holds: bool) -> None:
    code, out, _ = run(target, "--spec", "rope", "--quick", "--dtypes", "float32", "--json", *options)
    made = json.loads(out)
    assert made["ok"] is holds
    assert code == (0 if holds else 1)
    assert {row["dtype"] for row in made["properties"] if row["dtype"]} == {"float32"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--scaling", "{"), "--scaling: not JSON"),
        (("--scaling", "[1]"), "expected a JSON object"),
        (("--scaling", '{"rope_type": "nope"}'), "scaling rule must be one of"),
        (("--width", "3"), "even number"),
        (("--width", "64", "--dim", "32"), "at most dim"),
        (("--dtypes", "float8"), "expected one of float64"),
        (("--max-position", "3"), "expected 8 to"),
        (("--axes", "4"), "expected 2 or 3"),
        (("--scale-base", "-1"), "above 0"),
        (("--backend", "tf"), "expected auto, numpy, torch, jax or cupy"),
        (("--python", "/nonexistent"), "cannot start /nonexistent"),
    ],
)
def test_an_option_out_of_its_domain_is_one_line(options: tuple[str, ...], words: str) -> None:
    code, out, err = run(f"{VARIANTS}:half_plain_float32", "--spec", "rope", *options)
    assert code == 2
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_a_backend_that_is_asked_for_is_not_replaced() -> None:
    code, out, _ = run("tests.conformance.plain:rotate", "--spec", "rope", "--backend", "cupy", "--json")
    assert code == 1
    assert "cupy" in json.loads(out)["properties"][0]["message"]


def test_the_text_is_80_columns_wide() -> None:
    code, out, _ = run(f"{Path(__file__).parent / 'zoo.py'}:yarn_ramp_inverted", "--spec", "rope", "--quick")
    assert code == 1
    lines = out.splitlines()[1:]  # the first names the target
    assert max(map(len, lines)) <= 80
    assert any("first fails at" in line for line in lines)
    assert any("cause:" in line for line in lines)
