"""Every registered theorem is proved and accepted, its statement is the pinned one, its hypotheses can be met."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import pins

from symcheck.checker import Rejected, decode
from symcheck.claims import THEOREMS, TheoremEntry, library, load_derivations, settle
from symcheck.prove.proof import Proof, Statement
from symcheck.prove.search import find_instance
from symcheck.terms import const, eq, lam, lt, number, substitute, var

load_derivations()
ROOT = Path(__file__).parents[2]
FAMILIES = ("attention", "sinusoidal", "rope", "taylor")


@pytest.fixture(scope="module")
def lemmas():
    return library()


@pytest.mark.parametrize("name", THEOREMS)
def test_theorem_is_proved_and_its_certificate_accepted(name, lemmas):
    result = settle(THEOREMS[name], lemmas, crosscheck=False)
    assert (result.verdict, result.checker, result.problem) == ("proved", "accepted", "")
    (_, certificate, theorem), = result.certificates
    assert THEOREMS[name].statement.is_proved_by(decode(json.loads(json.dumps(certificate)), lemmas.accepted))
    assert not theorem.hyps - set(THEOREMS[name].statement.hyps)


def test_statements_and_definitions_are_the_pinned_ones():
    """A changed statement is a changed theorem: python tests/theorems/pins.py, and look at the difference."""
    pinned, now = json.loads(pins.FILE.read_text()), pins.pins()
    for kind in ("definitions", "statements"):
        changed = sorted(k for k in pinned[kind].keys() | now[kind].keys() if pinned[kind].get(k) != now[kind].get(k))
        assert not changed, f"{kind} differ from {pins.FILE.name}: run {pins.FILE.with_name('pins.py')}"


def test_a_definition_has_one_body():
    """Two bodies under one name would print alike."""
    assert [name for name, bodies in pins.pins()["definitions"].items() if " " in bodies] == []


def test_pins_see_every_part_of_a_statement():
    x, y, n = var("x"), var("y"), var("n", "N")
    base = Statement((lt(0, x),), eq(x, y), (x.head,))
    others = [Statement((), eq(x, y), (x.head,)), Statement((lt(0, x),), eq(y, x), (x.head,)),
              Statement((lt(x, 0),), eq(x, y), (x.head,)), Statement((lt(0, x),), eq(x, y), (y.head,)),
              Statement((lt(0, x),), eq(x, const("sum", n, lam("N", lambda i: y))))]  # fmt: skip
    assert len({pins.statement_digest(s) for s in (base, *others)}) == 6


@pytest.mark.parametrize("name", [name for name, e in THEOREMS.items() if e.statement.hyps])
def test_hypotheses_can_be_met(name, lemmas):
    """Each theorem with hypotheses has an instance of all of them, given or found, that the checker accepts."""
    entry = THEOREMS[name]
    hyps = entry.statement.hyps
    if entry.instance is not None:
        p = Proof(library=lemmas)
        theorems = [decode(p.certificate(line), lemmas.accepted) for line in entry.instance(p)]
        assert [(th.concl.head.name, len(th.concl.args)) for th in theorems] == [(h.head.name, len(h.args)) for h in hyps]
    elif (found := find_instance(entry.statement, library=lemmas)) is not None:
        values, lines = found
        theorems = [line.theorem for line in lines]
        at = {v: values[v.name] for v in entry.statement.variables if v.name in values}
        assert [th.concl for th in theorems] == [substitute(h, at) for h in hyps]
    else:
        assert entry.family not in FAMILIES, "no instance of its hypotheses"
        pytest.skip(f"no instance of the hypotheses of {name} is given, and none was found")
    assert not any(th.hyps for th in theorems)


def test_a_broken_proof_is_open_and_says_why(lemmas):
    def returns_another_line(p: Proof, goal: Statement):
        return p.refl(number(1))

    false_entry = TheoremEntry("x.false", "0 = 1", Statement((), eq(number(0), 1)), returns_another_line)
    result = settle(false_entry)
    assert result.verdict == "open" and result.problem and result.checker != "accepted"


def test_a_certificate_of_one_theorem_does_not_settle_another(lemmas):
    lemmas.theorem("sinusoidal.gram_zero")
    th = decode(lemmas.certificates["sinusoidal.gram_zero"], lemmas.accepted)
    assert [name for name, e in THEOREMS.items() if e.statement.is_proved_by(th)] == ["sinusoidal.gram_zero"]
    with pytest.raises(Rejected):
        decode({**lemmas.certificates["sinusoidal.gram_zero"], "statement": [[], 0]}, lemmas.accepted)


def test_statements_are_about_all_values():
    """No theorem of the core families is an instance of itself at fixed sizes."""
    for name, e in THEOREMS.items():
        if e.family in FAMILIES and not e.statement.concl.is_const("imp"):
            assert e.statement.variables, name
            v = e.statement.variables[0]
            if v.type == "N":
                assert substitute(e.statement.concl, {v: number(2, "N")}) != e.statement.concl or v not in (
                    e.statement.concl.free)  # fmt: skip


@pytest.mark.parametrize("family", ["rope", *(pytest.param(f, marks=pytest.mark.slow) for f in FAMILIES if f != "rope")])
def test_script_runs_alone(family):
    """``python -m derivations.rope`` prints its theorems, each proved."""
    out = subprocess.run([sys.executable, "-m", f"derivations.{family}"], capture_output=True, text=True, cwd=ROOT,
                         env={**os.environ, "COLUMNS": "200"})  # fmt: skip
    assert out.returncode == 0, out.stderr[-500:]
    own = [name for name, e in THEOREMS.items() if e.prove.__module__ == f"derivations.{family}"]
    assert len(own) > 2 and all(f"{name}  proved" in out.stdout for name in own), out.stdout[:500]


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "derivations" / "notes").glob("source_*.py")))
def test_the_claims_of_a_document_load_by_themselves(name):
    """A script imports the theorems that it cites: it may not rely on another having been loaded before."""
    command = [sys.executable, "-c", f"import derivations.notes.{name}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
