"""What is trusted is small, and leans on the standard library and python-flint alone."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path

import pytest

import symcheck
from symcheck.checker import AXIOMS, RULES

ROOT = Path(symcheck.__file__).parent
TRUSTED = [ROOT / "terms.py", *sorted((ROOT / "checker").glob("*.py"))]
LIMIT, AXIOM_LIMIT = 740, 125  # lines of code; the list of axioms is data and counted apart
NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def imported(source: str, package: list[str]) -> set[str]:
    """Top-level modules that a file of ``package`` imports anywhere in it; ours by their full name."""
    out = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            out |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            out |= {module} if node.module else {f"{module}.{a.name}" for a in node.names}
    return {name if name.startswith("symcheck") else name.split(".")[0] for name in out}


def foreign(source: str, package: list[str]) -> set[str]:
    allowed = sys.stdlib_module_names | {"flint", "symcheck.terms"}
    return {m for m in imported(source, package) if m not in allowed and not m.startswith("symcheck.checker")}


def code_lines(source: str) -> int:
    """Lines with code: no blanks, no comments, no docstrings."""
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                docstrings |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NOT_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


@pytest.mark.parametrize("path", TRUSTED, ids=lambda p: p.name)
def test_trusted_code_imports_the_standard_library_and_flint_only(path):
    package = ["symcheck", "checker"] if path.parent.name == "checker" else ["symcheck"]
    assert foreign(path.read_text(), package) == set()


def test_a_foreign_import_is_seen():
    for line in ("import sympy", "from sympy import sin", "def f():\n    import numpy.linalg",
                 "from ..prove import proof", "from .. import numerics", "from symcheck.claims import THEOREMS",
                 "if 0:\n    from mpmath import mp"):  # fmt: skip
        assert foreign(line, ["symcheck", "checker"]), line
    for line in ("import json", "from flint import arb", "from ..terms import Term", "from .. import terms",
                 "from . import balls", "from .rules import RULES", "import collections.abc"):  # fmt: skip
        assert not foreign(line, ["symcheck", "checker"]), line


def test_nothing_is_executed_that_the_imports_do_not_show():
    names = {"eval", "exec", "__import__", "compile", "importlib", "globals", "setattr"}
    for path in TRUSTED:
        tree = ast.parse(path.read_text())
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        assert not used & names, path


def test_code_lines_are_counted():
    source = '"""Doc\n\nmore"""\n\n# comment\nx = 1  # why\n\n\ndef f():\n    """Doc."""\n    return """a\nb"""\n'
    assert code_lines(source) == 4  # x = 1, def f, and the two lines of the string that is returned


def test_trusted_code_is_small():
    count = {path.name: code_lines(path.read_text()) for path in TRUSTED}
    assert count.pop("axioms.py") <= AXIOM_LIMIT
    assert sum(count.values()) <= LIMIT, count


def test_the_lists_of_rules_and_axioms_are_printable():
    assert all(rule.__doc__ for rule, _ in RULES.values())
    assert all(len(ax.reference) > 3 and repr(ax.concl) for ax in AXIOMS.values())
