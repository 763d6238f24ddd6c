"""Theorems, claims and their verdicts; the registry that derivation scripts fill.

A theorem is stated once, with :func:`theorem`. A claim is one occurrence of a statement in a document, with
the evidence that settles it. No verdict is typed in: :func:`settle` computes it from the evidence, and every
certificate is replayed by the checker from its JSON before it counts.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .checker import AXIOMS, Rejected, Theorem, decode, digest
from .terms import Const, Term

VERDICTS = ("proved", "proved-under", "refuted", "convention", "ill-typed", "approximate", "not-mathematical", "open")


class UnknownId(KeyError):
    """No theorem and no claim has that identifier; ``near`` lists those that look like it."""

    def __init__(self, name: str, near: list[str]) -> None:
        super().__init__(name)
        self.name, self.near = name, near

    def __str__(self) -> str:
        hint = f"; did you mean {', '.join(self.near)}?" if self.near else ""
        return f"no theorem or claim is called {self.name!r}{hint}"


@dataclass(frozen=True)
class Source:
    """A document: its file name, and what a reader needs to find it."""

    file: str
    key: str
    title: str
    author: str | None = None
    date: str | None = None
    address: str | None = None
    language: str = "zh"


@dataclass(frozen=True)
class Crosscheck:
    """What the comparison of a theorem with the kernels gave: largest error, and the derived bound for it."""

    backends: list[str]
    dtype: str
    max_error: float
    bound: float
    ok: bool

    def to_json(self) -> dict[str, Any]:
        return {"backends": self.backends, "dtype": self.dtype, "max_error": self.max_error, "bound": self.bound,
                "ok": self.ok}  # fmt: skip


@dataclass(frozen=True)
class TheoremEntry:
    """A theorem: identifier, title, statement, proof script, an instance of its hypotheses, references."""

    id: str
    title: str
    statement: Any  # prove.proof.Statement
    prove: Callable[[Any, Any], Any]
    instance: Callable[[Any], list[Any]] | None = None
    references: tuple[str, ...] = ()
    remark: str = ""
    denies: Any = None  # the Statement that a theorem of the form "not for all" denies
    witness: str = ""
    module: str = ""  # the script that states it

    @property
    def family(self) -> str:
        return self.id.split(".")[0]


@dataclass(frozen=True)
class Piece:
    """One certificate of an evidence: what it shows, the statement it must prove, and its proof script."""

    role: str  # proof, refutation, correction, reading, other reading, map, enclosure
    statement: Any
    prove: Callable[[Any, Any], Any]
    theorem: str | None = None
    note: str = ""
    denies: Any = None  # the Statement that a refutation denies


@dataclass(frozen=True)
class Evidence:
    """What settles a claim. ``verdict`` is what it shows if every piece is accepted."""

    verdict: str
    kind: str  # certificate, witness, balls, types, execution, none
    pieces: tuple[Piece, ...] = ()
    conditions: tuple[str, ...] = ()
    correction: Any = None  # Statement of the corrected formula
    witness: str = ""
    convention: str = ""
    reason: str = ""
    check: Callable[[], tuple[bool, str]] | None = None  # types and executions: run, and say what was seen
    cited: tuple[str, ...] = ()

    @property
    def corrected_denial(self) -> Any:
        """The statement that the correction denies, where the correction is "this does not hold in general"."""
        return next((p.denies for p in self.pieces if p.role == "correction"), None)


@dataclass(frozen=True)
class Claim:
    """One occurrence of a statement in a document."""

    id: str
    source: Source
    where: str
    printed: str | None  # the formula as printed, LaTeX
    paraphrase: str
    evidence: Evidence
    theorems: tuple[str, ...] = ()
    reconstructed: bool = False


@dataclass
class Result:
    """The settled state of one identifier, with what :mod:`symcheck.cli` prints."""

    id: str
    kind: str
    verdict: str
    entry: TheoremEntry | Claim
    evidence_kind: str
    checker: str
    certificates: list[tuple[Piece, dict, Theorem]] = field(default_factory=list)
    needed: dict[str, dict] = field(default_factory=dict)  # certificates that those cite, by name
    axioms: list[str] = field(default_factory=list)
    cited: list[str] = field(default_factory=list)
    crosscheck: Crosscheck | None = None
    problem: str = ""
    observed: str = ""
    seconds: float = 0.0

    @property
    def steps(self) -> int:
        return sum(len(c["steps"]) for c in (*(c for _, c, _ in self.certificates), *self.needed.values()))

    @property
    def ok(self) -> bool:
        return not self.problem and (self.crosscheck is None or self.crosscheck.ok)

    def to_json(self) -> dict[str, Any]:
        from .render.tex import tex_statement

        claim = self.entry if isinstance(self.entry, Claim) else None
        correction = tex_statement(claim.evidence.correction) if claim and claim.evidence.correction else None
        if claim and (denied := claim.evidence.corrected_denial) is not None:
            correction = rf"\text{{not for all values: }} {tex_statement(denied)}"
        return {
            "id": self.id, "kind": self.kind, "source": claim.source.file if claim else None,
            "where": claim.where if claim else f"derivations, family {self.id.split('.')[0]}",
            "verdict": self.verdict, "conditions": list(claim.evidence.conditions) if claim else [],
            "theorems": list(claim.theorems) if claim else [self.id],
            "evidence": {"kind": self.evidence_kind, "checker": self.checker, "steps": self.steps,
                         "axioms": self.axioms, "cited": self.cited},
            "correction": correction,
            "crosscheck": self.crosscheck.to_json() if self.crosscheck else None,
            "seconds": round(self.seconds, 6),
        }  # fmt: skip


THEOREMS: dict[str, TheoremEntry] = {}
CLAIMS: dict[str, Claim] = {}
SOURCES: dict[str, Source] = {}


def theorem(id: str, statement: Any, title: str, **options: Any) -> Callable[[Callable], Callable]:
    """Register a theorem; the decorated function proves it: ``(proof, statement) -> line``."""
    module = next(f.f_globals["__name__"] for f in _frames() if not f.f_globals["__name__"].startswith("symcheck."))

    def register(prove: Callable) -> Callable:
        if id in THEOREMS and not _run_as_script():
            raise ValueError(f"theorem {id} is stated twice")
        THEOREMS[id] = TheoremEntry(id, title, statement, prove, module=module, **options)
        return prove

    return register


def claim(id: str, source: Source, where: str, printed: str | None, paraphrase: str, evidence: Evidence,
          theorems: Iterable[str] = (), **options: Any) -> Claim:  # fmt: skip
    """Register a claim of a document."""
    if id in CLAIMS and not _run_as_script():
        raise ValueError(f"claim {id} is entered twice")
    SOURCES.setdefault(source.file, source)
    CLAIMS[id] = Claim(id, source, where, printed, paraphrase, evidence, tuple(theorems), **options)
    return CLAIMS[id]


def _frames() -> Iterator[Any]:
    """The calling frames, innermost first."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _run_as_script() -> bool:
    """Is a derivation run alone (``python -m derivations.rope``)? Then it is there twice, once as the main module."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name.startswith("derivations.")


def load_derivations() -> None:
    """Import every script under ``derivations``; they are found, not listed."""
    import derivations

    for module in pkgutil.walk_packages(derivations.__path__, "derivations."):
        importlib.import_module(module.name)


def find(names: Iterable[str] = (), source: str | None = None) -> list[TheoremEntry | Claim]:
    """The entries with these identifiers (a family name stands for all of it), or all; claims of one source.

    Raises :class:`UnknownId` with near matches.
    """
    load_derivations()
    everything: dict[str, TheoremEntry | Claim] = {**THEOREMS, **dict(sorted(CLAIMS.items()))}
    chosen: dict[str, TheoremEntry | Claim] = {}
    for name in names:
        family = {k: e for k, e in everything.items() if k == name or k.startswith((name + ".", name + "-"))}
        if not family:
            raise UnknownId(name, difflib.get_close_matches(name, everything, n=4, cutoff=0.5))
        chosen.update({name: everything[name]} if name in everything else family)
    if source is not None:
        stem = source.rsplit("/", 1)[-1]
        matching = {k: c for k, c in CLAIMS.items() if stem in (c.source.file, c.source.key)}
        if not matching:
            raise UnknownId(source, sorted(SOURCES))
        chosen = {k: c for k, c in matching.items() if not chosen or k in chosen}
    return list((chosen or everything).values())


def library() -> Any:
    """A fresh library in which proofs find the registered theorems."""
    from .prove.proof import Library, ProofError

    def resolve(id: str) -> tuple[Any, Any]:
        if id not in THEOREMS:
            raise ProofError(f"no theorem is called {id}")
        return THEOREMS[id].statement, THEOREMS[id].prove

    return Library(resolve)


def prove_piece(piece: Piece, lemmas: Any) -> dict:
    """Run a proof script; return the certificate of its last line. Raises ProofError."""
    from .prove.proof import Proof

    if piece.theorem is not None:
        return lemmas.certificates[piece.theorem] if lemmas.theorem(piece.theorem) else {}
    p = Proof(library=lemmas)
    return p.certificate(piece.prove(p, piece.statement))


def accept(piece: Piece, certificate: dict, accepted: Mapping[str, Theorem]) -> Theorem:
    """Replay a certificate, if that was not done, and compare what it proves with the piece's statement.

    Raises Rejected.
    """
    th = accepted.get(digest(certificate)) or decode(certificate, accepted)
    if not piece.statement.is_proved_by(th):
        raise Rejected("the certificate proves another statement")
    return th


def axioms_of(certificate: Mapping[str, Any]) -> list[str]:
    """Names of the axioms that a certificate uses."""
    return sorted({s[1] for s in certificate["steps"] if s[0] == "axiom" and s[1] in AXIOMS})


def pieces_of(entry: TheoremEntry | Claim) -> tuple[Piece, ...]:
    """The certificates that an entry needs."""
    if isinstance(entry, TheoremEntry):
        return (Piece("proof", entry.statement, entry.prove, entry.id),)
    return entry.evidence.pieces


def settle(entry: TheoremEntry | Claim, lemmas: Any = None, *, crosscheck: bool = True) -> Result:
    """Find and check everything that an entry needs; the verdict is what was accepted, else ``open``.

    ``lemmas`` is the :func:`library` that entries settled together share.
    """
    from .prove.proof import ProofError

    start = time.perf_counter()
    is_claim = isinstance(entry, Claim)
    evidence = entry.evidence if isinstance(entry, Claim) else Evidence("proved", "certificate")
    result = Result(entry.id, "claim" if is_claim else "theorem", evidence.verdict, entry, evidence.kind,
                    "not-applicable", cited=list(evidence.cited))  # fmt: skip
    pieces = pieces_of(entry)
    try:
        lemmas = library() if lemmas is None else lemmas
        for piece in pieces:
            certificate = prove_piece(piece, lemmas)
            result.certificates.append((piece, certificate, accept(piece, certificate, lemmas.accepted)))
            result.needed.update(lemmas.needed_by(certificate))
        if pieces:
            result.checker = "accepted"
    except (ProofError, Rejected) as e:
        result.problem, result.verdict = str(e), "open"
        result.checker = "rejected" if isinstance(e, Rejected) else "not-applicable"
    every = [*(c for _, c, _ in result.certificates), *result.needed.values()]
    result.axioms = sorted({a for c in every for a in axioms_of(c)})
    if not result.problem and evidence.check is not None:
        ok, result.observed = evidence.check()
        if not ok:
            result.problem, result.verdict = result.observed, "open"
    if crosscheck and isinstance(entry, TheoremEntry) and not result.problem:
        from .crosscheck import crosscheck as against_kernels

        if checks := against_kernels(entry):
            worst = max(checks, key=lambda c: c.max_error / c.bound if c.bound else c.max_error)
            result.crosscheck = Crosscheck(sorted({b for c in checks for b in c.backends}), worst.dtype,
                                           worst.max_error, worst.bound, all(c.ok for c in checks))  # fmt: skip
    result.seconds = time.perf_counter() - start
    return result


def piece_name(entry: TheoremEntry | Claim, k: int) -> str:
    """File stem of an entry's k-th certificate: the identifier, then the role for those of a claim."""
    if isinstance(entry, TheoremEntry):
        return entry.id
    piece = entry.evidence.pieces[k]
    same = [j for j, other in enumerate(entry.evidence.pieces) if other.role == piece.role]
    return f"{entry.id}.{piece.role}" + (f".{same.index(k) + 1}" if len(same) > 1 else "")


def definitions_of(statement: Any) -> dict[str, Const]:
    """The defined constants in a statement, those inside their bodies included."""
    out: dict[str, Const] = {}

    def visit(t: Term) -> None:
        if isinstance(t.head, Const) and t.head.body is not None and t.head.name not in out:
            out[t.head.name] = t.head
            visit(t.head.body)
        for a in t.args:
            visit(a)

    for t in (*statement.hyps, statement.concl):
        visit(t)
    return out


def cited_in(theorem_id: str) -> list[Claim]:
    """The claims that a theorem settles."""
    return [c for c in CLAIMS.values() if theorem_id in c.theorems]
