"""One entry in full, for the terminal and as JSON: what ``symcheck show`` prints."""

from __future__ import annotations

from typing import Any

from ..claims import Claim, Piece, Result, TheoremEntry, cited_in, library, settle
from .definitions import definition_lines, said
from .notation import Said
from .outline import OutlineStep, outline
from .tex import tex_statement
from .text import text, text_statement


def entry_text(result: Result, width: int = 80) -> str:
    """The entry as plain text, wrapped to ``width`` columns."""
    lines = _theorem(result, width) if isinstance(result.entry, TheoremEntry) else _claim(result, width)
    if result.problem:
        lines += ["", *_wrapped("problem", result.problem, width)]
    return "\n".join(lines)


def entry_json(result: Result) -> dict[str, Any]:
    """The same as data: the result of ``verify`` with statements, witness and proof outline beside it."""
    entry = result.entry
    out: dict[str, Any] = {"version": 1, **result.to_json()}
    if isinstance(entry, Claim):
        out.update(printed=entry.printed, paraphrase=entry.paraphrase, reason=entry.evidence.reason or None,
                   witness=entry.evidence.witness or None, convention=entry.evidence.convention or None,
                   observed=result.observed or None)  # fmt: skip
    else:
        out.update(title=entry.title, statement=tex_statement(entry.denies or entry.statement),
                   denied=entry.denies is not None, witness=entry.witness or None,
                   references=list(entry.references), claimed_in=[c.id for c in cited_in(entry.id)])  # fmt: skip
    out["pieces"] = [
        {"role": p.role, "theorem": p.theorem, "statement": tex_statement(p.denies or p.statement),
         "denied": p.denies is not None, "steps": len(c["steps"])}
        for p, c, _ in result.certificates
    ]  # fmt: skip
    return out


def _wrapped(label: str, body: str, width: int, indent: int = 13) -> list[str]:
    pad = " " * indent
    return wrapped(body, width, f"{label:<{indent}}", pad) or [label]


def wrapped(body: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most ``width`` columns, of which a Chinese character takes two; only such words are broken."""
    from rich.cells import cell_len, chop_cells

    lines: list[str] = []
    line, empty = first, True
    for word in body.split():
        pieces = [word] if cell_len(word) == len(word) else chop_cells(word, width - cell_len(rest))
        for k, piece in enumerate(pieces):
            joined = line + piece if empty else f"{line}{' ' if k == 0 else ''}{piece}"
            if not empty and cell_len(joined) > width:
                lines.append(line)
                joined = rest + piece
            line, empty = joined, False
    return lines if empty else [*lines, line]


def _theorem(result: Result, width: int) -> list[str]:
    entry = result.entry
    assert isinstance(entry, TheoremEntry)
    statement = entry.denies or entry.statement
    lines = [f"{entry.id}  {result.verdict}", *wrapped(entry.title, width), ""]
    beside = said([statement])
    lines += _wrapped("not for all" if entry.denies else "statement", text_statement(statement, beside), width)
    if entry.witness:
        lines += _wrapped("fails at", entry.witness, width)
    lines += _definitions([statement], width)
    lines += _evidence(result, width)
    if entry.references:
        lines += _wrapped("sources", "; ".join(entry.references), width)
    claimed = cited_in(entry.id)
    if claimed:
        lines += _wrapped("claimed in", ", ".join(c.id for c in claimed), width)
    if result.certificates:
        lines += ["", "proof"]
        for step in steps_of(result):
            whole = entry.denies is not None and step.statement == entry.statement.concl
            lines += _step(step, width, [v.name for v in entry.denies.variables] if whole else [], beside)
    return lines


def steps_of(result: Result, piece: int = 0) -> list[OutlineStep]:
    """The outline of the proof of a settled piece."""
    lemmas = library()
    if isinstance(result.entry, TheoremEntry):
        lemmas.theorem(result.id)
    else:
        settle(result.entry, lemmas, crosscheck=False)
    return outline(result.certificates[piece][1], lemmas)


def _step(step: OutlineStep, width: int, names: list[str], beside: Said) -> list[str]:
    uses = " from " + ", ".join(f"({n})" for n in step.uses) if step.uses else ""
    formula = text(step.statement, names=names, said=beside)
    out = wrapped(formula, width, f"{'(' + str(step.number) + ')':>6} ", " " * 9)
    return [*out, *wrapped(f"{step.reason}{uses}", width, " " * 11, " " * 11)]


def _claim(result: Result, width: int) -> list[str]:
    entry = result.entry
    assert isinstance(entry, Claim)
    evidence, source = entry.evidence, entry.source
    shown = [piece.denies or piece.statement for piece, _, _ in result.certificates]
    apart = evidence.correction if evidence.corrected_denial is None else None
    shown += [apart] if apart is not None and apart not in shown else []
    beside = said(shown)
    reference = ", ".join(x for x in (source.author, source.title, source.date, source.address) if x)
    lines = [f"{entry.id}  {result.verdict}", ""]
    lines += _wrapped("source", reference, width) + _wrapped("where", entry.where, width)
    if entry.printed:
        lines += _wrapped("printed", entry.printed + (" (reconstructed)" if entry.reconstructed else ""), width)
    lines += _wrapped("says", entry.paraphrase, width)
    if evidence.reason:
        lines += _wrapped("why" if evidence.verdict != "proved" else "remark", evidence.reason, width)
    for condition in evidence.conditions:
        lines += _wrapped("range" if evidence.verdict == "approximate" else "condition", condition, width)
    for piece, _, _ in result.certificates:
        if piece.denies is not None and piece.role != "correction":
            lines += _wrapped("false", text_statement(piece.denies, beside), width)
            lines += _wrapped("witness", piece.note + sides_text(piece), width)
    if evidence.convention:
        lines += _wrapped("convention", evidence.convention, width)
    if result.observed:
        lines += _wrapped("seen", result.observed, width)
    for piece, _, _ in result.certificates:
        if piece.denies is not None and piece.role == "correction":
            lines += _wrapped("correct", f"not for all: {text_statement(piece.denies, beside)}  [{piece.theorem}]",
                              width)  # fmt: skip
            lines += _wrapped("", "fails at " + piece.note + sides_text(piece), width)
        if piece.denies is None:
            label = {"correction": "correct", "proof": "true", "other reading": "otherwise"}.get(piece.role, piece.role)
            by = f"  [{piece.theorem}]" if piece.theorem else ""
            lines += _wrapped(label, text_statement(piece.statement, beside) + by, width)
    if apart is not None:
        lines += _wrapped("as LaTeX", tex_statement(apart, beside), width)
    lines += _definitions(shown, width)
    lines += _evidence(result, width)
    return lines


def sides_text(piece: Piece) -> str:
    """The values of the two sides at the witness, where the script says at which values it refutes."""
    values = getattr(piece.prove, "values", None)
    if values is None:
        return ""
    from flint import arb, ctx

    from ..checker import balls
    from ..prove.proof import ProofError, _lift
    from ..terms import TermError, substitute

    try:
        concl = substitute(piece.denies.concl, {v: _lift(values[v.name], v.type) for v in piece.denies.variables})
        if not concl.is_const("eq", "eqN", "le", "lt", "ltN"):
            return ""
        old, ctx.prec = ctx.prec, 64
        try:
            a, b = (balls.evaluate(x) for x in concl.args)
        finally:
            ctx.prec = old
    except (TermError, ProofError, ArithmeticError, TypeError, ValueError, KeyError):
        return ""
    shown = [x.str(6, radius=False) if isinstance(x, arb) else str(x) for x in (a, b)]
    return f": left {shown[0]}, right {shown[1]}"


def _definitions(statements: list[Any], width: int) -> list[str]:
    out: list[str] = []
    for line in definition_lines(statements):
        out += _wrapped("with" if not out else "", line, width)
    return out


def _evidence(result: Result, width: int) -> list[str]:
    lines = []
    if result.certificates:
        theorems = [p.theorem for p, _, _ in result.certificates if p.theorem]
        lines += _wrapped("checked", f"{result.checker}, {result.steps} steps"
                          + (f", theorems {', '.join(dict.fromkeys(theorems))}" if theorems else ""), width)  # fmt: skip
        lines += _wrapped("rests on", "axioms " + ", ".join(result.axioms) if result.axioms else "no axiom", width)
    lines += _wrapped("cited", "; ".join(result.cited), width) if result.cited else []
    if result.crosscheck is not None:
        c = result.crosscheck
        lines += _wrapped("kernels", f"largest error {c.max_error:.2e}, bound {c.bound:.2e} ({c.dtype}, "
                          f"{', '.join(c.backends)})", width)  # fmt: skip
    return lines


