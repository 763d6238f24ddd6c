"""Documents from settled entries: the proofs of theorems, and the report of a document's claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from .. import __version__
from ..claims import Claim, Piece, Result, TheoremEntry, library, settle
from ..prove.proof import Library
from .citation import citation
from .definitions import definition_formulas, said
from .document import Document, Entry, Formula, Reference, Section, Step, article, compile_pdf
from .entry import sides_text
from .notation import Said, Sequent
from .outline import outline
from .text import text_statement

FAMILIES = {"attention": "Permutations and self-attention", "sinusoidal": "Sinusoidal codes", "rope": "Rotary embedding",
            "taylor": "Taylor expansion in the codes", "blocks": "Block-diagonal matrices"}  # fmt: skip
VERDICT_ORDER = ("refuted", "ill-typed", "convention", "proved-under", "approximate", "open", "proved", "not-mathematical")


def write_article(entries: Sequence[TheoremEntry | Claim], source: str | None, formats: Sequence[str], folder: Path,
                  engine: str = "pdflatex") -> tuple[list[Path], dict[str, str]]:  # fmt: skip
    """Write the document of the entries; returns the files and what did not settle, by identifier.

    Raises TexMissing when a PDF is asked for and no TeX is there (the .tex is written all the same), TexFailed
    when TeX stops, OSError when the folder cannot be written.
    """
    lemmas = library()
    results = [settle(e, lemmas) for e in entries]
    failed = {r.id: r.problem for r in results if r.problem}
    name = next((e.source.key for e in entries if isinstance(e, Claim)), "claims") if source else "proofs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.tex"
    partial = folder / f".{name}.tex.part"
    partial.write_text(article(document(results, lemmas)), encoding="utf-8")
    partial.replace(path)
    written = [path]
    if "pdf" in formats:
        written.append(compile_pdf(path, engine=engine))
    return written, failed


def document(results: Sequence[Result], lemmas: Library) -> Document:
    """The document of settled entries: theorems by family, claims in the order of their document."""
    theorems = [r for r in results if isinstance(r.entry, TheoremEntry)]
    claims = [r for r in results if isinstance(r.entry, Claim)]
    keys = _Bibliography()
    sections = []
    for family in dict.fromkeys(r.entry.family for r in theorems if isinstance(r.entry, TheoremEntry)):
        members = tuple(theorem_entry(r, lemmas, keys) for r in theorems if r.id.startswith(family + "."))
        sections.append(Section(FAMILIES.get(family, family.replace("_", " ").capitalize()), members))
    stated = [s for r in claims for s in _stated(r)]
    beside = said(stated)
    for source in dict.fromkeys(r.entry.source for r in claims if isinstance(r.entry, Claim)):
        members = tuple(claim_entry(r, lemmas, beside) for r in claims if getattr(r.entry, "source", None) is source)
        about = ", ".join(x for x in (source.author, source.title, source.date, source.address) if x)
        counts = _counts(r.verdict for r in claims if getattr(r.entry, "source", None) is source)
        sections.append(Section(f"Claims of source {source.key}", members, f"{about}. {counts}"))
    if stated:
        sections.append(Section("Notation", (), "What the statements of claims are written with. Sizes, weights and "
                                "frequencies that a notation does not show have the same names in a statement as "
                                "here, where it does not say what they are.",
                                tuple(definition_formulas(stated))))  # fmt: skip
    title = "Theorems on positional encodings, with their proofs" if theorems else "Claims on positional encodings, settled"
    introduction = (
        f"Made by symcheck {__version__}. Every proof below is the outline of a certificate that a small checker replays "
        "without a computer algebra system; steps of pure logic are passed over. A line names its reason and the lines "
        "that it uses. Indices start at 0; sums over no index are 0; all statements hold for all values of the variables."
    )  # fmt: skip
    return Document(title, tuple(sections), introduction, keys.references())


class _Bibliography:
    """Keys for the references that entries name, in order of first use."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}

    def cite(self, references: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.keys.setdefault(r.split(", eq.")[0].split(", section")[0].split(", after")[0],
                                          f"r{len(self.keys) + 1}") for r in references)  # fmt: skip

    def references(self) -> tuple[Reference, ...]:
        return tuple(Reference(key, text) for text, key in self.keys.items())


def _counts(verdicts: Iterable[str]) -> str:
    listed = list(verdicts)
    return ", ".join(f"{listed.count(v)} {v}" for v in VERDICT_ORDER if v in listed) + "."


def theorem_entry(result: Result, lemmas: Library, keys: _Bibliography) -> Entry:
    """A theorem with its definitions and the outline of its proof."""
    entry = result.entry
    assert isinstance(entry, TheoremEntry)
    statement = entry.denies or entry.statement
    checks = (("Kernels", f"largest error {result.crosscheck.max_error:.1e}, bound {result.crosscheck.bound:.1e}"),) \
        if result.crosscheck else ()  # fmt: skip
    return Entry(
        entry.id, entry.title, result.verdict, statement=statement,
        statement_label="This does not hold for all values:" if entry.denies else "",
        definitions=tuple(definition_formulas([statement])),
        said=said([statement]),
        proof=proof_steps(result, 0, lemmas) if entry.denies is None else (), witness=entry.witness or None,
        axioms=tuple(result.axioms), cited=tuple(result.cited), citations=keys.cite(entry.references),
        notes=(*checks, ("Cite", citation(entry)["identifier"])),
    )  # fmt: skip


def proof_steps(result: Result, piece: int, lemmas: Library) -> tuple[Step, ...]:
    """The outline of a certificate as steps."""
    if not result.certificates:
        return ()
    return tuple(Step(s.statement, s.reason, s.uses) for s in outline(result.certificates[piece][1], lemmas))


def _stated(result: Result) -> list[Sequent]:
    """The statements that the report has of a claim."""
    assert isinstance(result.entry, Claim)
    pieces = [p.denies or p.statement for p, _, _ in result.certificates]
    evidence = result.entry.evidence
    return [*pieces, *(s for s in (evidence.corrected_denial, evidence.correction) if s is not None and s not in pieces)]


def claim_entry(result: Result, lemmas: Library, beside: Said) -> Entry:
    """A claim as printed, its verdict, and what shows it. ``beside`` is what the definitions say of arguments that
    notations leave out."""
    entry = result.entry
    assert isinstance(entry, Claim)
    evidence = entry.evidence
    denied = next((p for p, _, _ in result.certificates if p.denies is not None and p.role != "correction"), None)
    own = next((k for k, (p, _, _) in enumerate(result.certificates) if p.theorem is None and p.denies is None), None)
    main = next((p.statement for p, _, _ in result.certificates if p.denies is None), None)
    shown = denied.denies if denied is not None else main
    notes = [("Convention", evidence.convention)] if evidence.convention else []
    notes += [("Correct is", "that this does not hold: " + text_statement(evidence.corrected_denial, beside))] \
        if evidence.corrected_denial is not None else []  # fmt: skip
    notes += [("Seen", result.observed)] if result.observed else []
    notes += [("By", ", ".join(entry.theorems))] if entry.theorems else []
    notes += [("Cite", citation(entry)["identifier"])]
    return Entry(
        entry.id, entry.paraphrase, result.verdict, kind="claim", printed=entry.printed, where=entry.where,
        statement=shown,
        statement_label=("As a statement:" if denied is None else "In the second reading, which does not hold:"
                         if evidence.verdict == "convention" else "As a statement, which does not hold:"),
        conditions=evidence.conditions, explanation=evidence.reason,
        proof=proof_steps(result, own, lemmas) if own is not None else (),
        witness=(denied.note + sides_text(denied)) if denied is not None else None,
        correction=None if evidence.corrected_denial is not None else evidence.correction,
        further=tuple(_further(p, evidence.verdict, denied is not None) for p, _, _ in result.certificates
                      if p is not denied and (p.denies or p.statement) is not shown and p.role != "correction"),
        axioms=tuple(result.axioms), cited=tuple(result.cited), notes=tuple(notes), said=beside,
    )  # fmt: skip


def _further(piece: Piece, verdict: str, denied: bool) -> tuple[str, Formula, str]:
    """A further piece of evidence: what it says, its statement, and the witness if it denies it."""
    if piece.denies is not None:
        return "Does not hold either:", piece.denies, piece.note + sides_text(piece)
    reading = "True in the first reading" if verdict == "convention" else "True in the other convention"
    label = {"reading": reading, "map": "Between the readings", "enclosure": "Enclosed", "other reading": "Otherwise"}.get(
        piece.role, "True" if denied else "And")  # fmt: skip
    return f"{label}, by {piece.theorem}:" if piece.theorem else f"{label}:", piece.statement, ""
