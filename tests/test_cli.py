"""The command line as its users meet it: JSON shapes, exit codes, messages, and what is written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CORE = ("attention.equivariance", "sinusoidal.shift", "sinusoidal.gram", "rope.relative", "taylor.second_order")
VERDICTS = {"S000-010": "refuted", "S000-011": "refuted", "S000-012": "refuted", "S000-021": "refuted",
            "S000-058": "refuted", "S000-062": "refuted", "S000-064": "refuted", "S000-001": "convention",
            "S000-049": "convention", "S003-005": "proved"}  # fmt: skip


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a user starts it."""
    command = [sys.executable, "-m", "symcheck.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, env=env, check=False)


@pytest.fixture(scope="module")
def verified() -> dict[str, dict]:
    out = run("verify", *CORE, *VERDICTS, "--json")
    assert out.returncode == 0, out.stderr
    data = json.loads(out.stdout)
    assert data["version"] == 1
    return {r["id"]: r for r in data["results"]}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    out = run("export", "rope.relative", "S000-058", "-o", str(folder))
    assert out.returncode == 0, out.stderr
    return folder


@pytest.mark.parametrize("name", CORE)
def test_the_five_are_proved_with_accepted_certificates(verified: dict, name: str) -> None:
    result = verified[name]
    assert (result["verdict"], result["kind"], result["source"]) == ("proved", "theorem", None)
    assert (result["evidence"]["kind"], result["evidence"]["checker"]) == ("certificate", "accepted")
    assert result["evidence"]["steps"] > 0 and result["evidence"]["axioms"] and not result["evidence"]["cited"]


@pytest.mark.parametrize("name", [c for c in CORE if not c.startswith("taylor")])
def test_the_kernels_agree_with_the_theorems(verified: dict, name: str) -> None:
    check = verified[name]["crosscheck"]
    assert check["ok"] and 0 <= check["max_error"] <= check["bound"] and "numpy" in check["backends"]


@pytest.mark.parametrize("name", VERDICTS)
def test_the_named_claims_have_their_verdicts(verified: dict, name: str) -> None:
    result = verified[name]
    assert (result["verdict"], result["kind"]) == (VERDICTS[name], "claim")
    assert result["evidence"]["checker"] == "accepted" and result["theorems"]
    if result["verdict"] == "refuted":
        assert result["evidence"]["kind"] == "witness" and result["correction"]


def test_the_keys_of_a_result_are_the_contract(verified: dict) -> None:
    keys = {"id", "kind", "source", "where", "verdict", "conditions", "theorems", "evidence", "correction",
            "crosscheck", "seconds"}  # fmt: skip
    for result in verified.values():
        assert set(result) == keys
        assert set(result["evidence"]) == {"kind", "checker", "steps", "axioms", "cited"}


def test_help_starts_without_the_heavy_libraries() -> None:
    script = ("import sys; sys.argv = ['symcheck', '--help']\n"
              "from symcheck.cli import main\n"
              "try: main()\nexcept SystemExit: pass\n"
              "print([m for m in ('sympy', 'numpy', 'derivations', 'mpmath', 'flint') if m in sys.modules])")  # fmt: skip
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip().endswith("[]")


def test_a_folder_without_certificates_is_no_success(tmp_path: Path) -> None:
    out = run("recheck", str(tmp_path))
    assert out.returncode == 2 and str(tmp_path) in out.stderr and "no certificates" in out.stderr


def test_an_unknown_id_lists_near_matches() -> None:
    out = run("verify", "rope.relativ")
    assert out.returncode == 2 and out.stdout == ""
    assert "rope.relativ" in out.stderr and "rope.relative" in out.stderr and "Traceback" not in out.stderr
    assert out.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [
    ("show", "rope"), ("show", "nothing.like.this"), ("cite", "S000-058", "--format", "html"),
    ("verify", "--source", "no-such-document.txt"), ("recheck", "no-such-file.json"),
    ("prove", "rope.zero", "--format", "docx"), ("prove", "rope.zero", "--engine", "lualatex"), ("conform",),
    ("conform", "no/such/file.py:rotate"), ("judge", "no-such-table.npy"), ("judge", "x.npy", "--base", "ten"),
])  # fmt: skip
def test_unusable_input_is_one_line_and_exit_2(arguments: tuple[str, ...]) -> None:
    out = run(*arguments)
    assert out.returncode == 2, out.stdout
    assert out.stderr.strip().count("\n") == 0 and "Traceback" not in out.stderr
    assert out.stdout == ""


def test_show_is_worth_quoting() -> None:
    out = run("show", "S000-058")
    assert out.returncode == 0
    for part in ("refuted", "printed", r"q_i \cdot R_{\theta,i-j} k_j", "⟨q, R_{n - m} k⟩", "left 1", "right -1",
                 "rope.relative", "row vectors", "rests on"):  # fmt: skip
        assert part in out.stdout
    assert max(map(len, out.stdout.splitlines())) <= 100
    data = json.loads(run("show", "S000-058", "--json").stdout)
    assert data["id"] == "S000-058" and data["pieces"][0]["denied"]
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"$ symcheck show S000-058\n{out.stdout.strip()}\n```" in readme, "the transcript in the README is out of date"


def test_a_theorem_is_shown_with_its_definitions_and_its_proof() -> None:
    out = run("show", "sinusoidal.gram")
    assert "PE" in out.stdout and ":=" in out.stdout and "axiom cos_add" in out.stdout and "S003" not in out.stderr


def test_certificates_make_the_round_trip_without_sympy(certificates: Path) -> None:
    script = ("import sys; sys.modules['sympy'] = None\n"
              f"sys.argv = ['symcheck', 'recheck', {str(certificates)!r}, '--json']\n"
              "from symcheck.cli import main\nmain()")  # fmt: skip
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert out.returncode == 0, out.stderr
    rows = {Path(r["file"]).stem: r for r in json.loads(out.stdout)["results"]}
    assert rows["rope.relative"]["statement_matches"] and rows["S000-058.refutation"]["statement_matches"]
    assert all(r["checker"] == "accepted" for r in rows.values())


def test_one_file_is_rechecked_with_those_it_cites_beside_it(certificates: Path) -> None:
    assert run("recheck", str(certificates / "rope.relative.json")).returncode == 0


def test_a_certificate_under_another_name_is_no_proof_of_it(certificates: Path, tmp_path: Path) -> None:
    for file in certificates.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "sinusoidal.gram.json").write_bytes((certificates / "rope.relative.json").read_bytes())
    out = run("recheck", str(tmp_path))
    assert out.returncode == 1 and "NOT the statement" in out.stdout


def test_an_edited_certificate_is_rejected_with_step_rule_and_reason(certificates: Path, tmp_path: Path) -> None:
    data = json.loads((certificates / "rope.relative.json").read_text())
    next(s for s in data["steps"] if s == ["axiom", "cos_add"])[1] = "sin_add"
    (tmp_path / "rope.relative.json").write_text(json.dumps(data))
    for file in certificates.glob("lemma.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    out = run("recheck", str(tmp_path / "rope.relative.json"))
    assert out.returncode == 1 and "rejected" in out.stdout and "step" in out.stdout and "rule" in out.stdout


def test_a_citation_names_what_is_proved() -> None:
    text, bibtex = run("cite", "rope.relative").stdout, run("cite", "rope.relative", "--format", "bibtex").stdout
    identifier = next(w for w in text.split() if w.startswith("symcheck:")).rstrip(".")
    assert identifier.startswith("symcheck:rope.relative@") and identifier.split("@")[1] in bibtex
    assert bibtex.startswith("@misc{")


def test_without_tex_the_source_is_written_and_the_message_says_what_to_install(tmp_path: Path) -> None:
    out = run("prove", "rope.zero", "--format", "tex,pdf", "-o", str(tmp_path), env={"PATH": "", "HOME": str(tmp_path)})
    assert out.returncode == 2 and "texlive" in out.stderr
    source = (tmp_path / "proofs.tex").read_text()
    assert r"\begin{document}" in source and "rope.zero" in source and not list(tmp_path.glob(".*part"))


def test_the_report_of_a_document_is_written(tmp_path: Path) -> None:
    out = run("prove", "S003-005", "--source", "S003", "--format", "tex", "-o", str(tmp_path), "--json")
    assert out.returncode == 0, out.stderr
    assert json.loads(out.stdout)["files"] == [str(tmp_path / "S003.tex")]
    assert "S003-005" in (tmp_path / "S003.tex").read_text()


def test_the_package_is_the_command_too():
    """``python -m symcheck`` where the command is not on the path."""
    out = subprocess.run([sys.executable, "-m", "symcheck", "cite", "S000-058"], capture_output=True, text=True, check=False)
    assert out.returncode == 0 and "S000-058" in out.stdout, out.stderr
