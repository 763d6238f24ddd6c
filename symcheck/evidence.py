"""What settles a claim: constructors of evidence for the scripts under ``derivations/notes``.

None of them states a verdict that is not computed: each lists the certificates, witnesses or checks that
must be accepted for the verdict to stand; if one is not, the claim is ``open``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from .claims import THEOREMS, Evidence, Piece, theorem
from .prove.proof import Line, Proof, Statement
from .prove.refute import denial, refutation
from .terms import Term

Values = Mapping[str, Term | int | Fraction]
Script = Callable[[Proof, Statement], Line]


def by_theorem(id: str, role: str = "proof", note: str = "") -> Piece:
    """A registered theorem as a piece of evidence."""
    entry = THEOREMS[id]
    return Piece(role, entry.statement, entry.prove, id, note or entry.witness, entry.denies)


def refutes(statement: Statement, values: Values, *inner: Any, role: str = "refutation", note: str = "",
            hypotheses: Mapping[int, Any] | None = None) -> Piece:  # fmt: skip
    """The refutation of a statement at exact values of its variables (see ``prove.refute.refutation``)."""
    return Piece(role, denial(statement), refutation(statement, values, *inner, hypotheses=hypotheses), None,
                 note or witness_text({v.name: values[v.name] for v in statement.variables}), statement)  # fmt: skip


def countertheorem(id: str, title: str, statement: Statement, values: Values, *inner: Any,
                   hypotheses: Mapping[int, Any] | None = None, **options: Any) -> None:  # fmt: skip
    """Register the theorem that a statement does not hold for all values, by a witness."""
    theorem(id, denial(statement), title, denies=statement,
            witness=witness_text({v.name: values[v.name] for v in statement.variables}), **options)(
        refutation(statement, values, *inner, hypotheses=hypotheses))


def proved(*theorems: str | tuple[Statement, Script], note: str = "", cited: Sequence[str] = ()) -> Evidence:
    """True as stated: registered theorems by identifier, or statements with their own proof scripts."""
    return Evidence("proved", "certificate", tuple(_piece(t) for t in theorems), reason=note, cited=tuple(cited))


def _piece(t: str | tuple[Statement, Script], role: str = "proof") -> Piece:
    return by_theorem(t, role) if isinstance(t, str) else Piece(role, t[0], t[1])


def proved_under(conditions: Sequence[str], theorem: str | tuple[Statement, Script], without: Piece, *,
                 note: str = "", cited: Sequence[str] = ()) -> Evidence:  # fmt: skip
    """True once a condition that the source leaves out is added; ``without`` is the witness that it is needed."""
    return Evidence("proved-under", "certificate", (_piece(theorem), without), tuple(conditions), reason=note,
                    witness=without.note, cited=tuple(cited))  # fmt: skip


def refuted(refutation: Piece, correction: str | tuple[Statement, Script], *, convention: str = "",
            reading: str | None = None, note: str = "", more: Sequence[Piece] = (), cited: Sequence[str] = ()) -> Evidence:
    """False as printed: an exact witness, the corrected statement with its proof, and, where another
    convention makes the printed formula true, which (``convention``) and the theorem that says so (``reading``).
    """
    fixed = _piece(correction, "correction")
    extra = (by_theorem(reading, "reading", convention),) if reading else ()
    return Evidence("refuted", "witness", (refutation, fixed, *extra, *more), correction=fixed.statement,
                    witness=refutation.note, convention=convention, reason=note, cited=tuple(cited))  # fmt: skip


def convention(true: str | tuple[Statement, Script], false: Piece | str, between: str | tuple[Statement, Script], *,
               readings: tuple[str, str], note: str = "") -> Evidence:  # fmt: skip
    """True in one convention or sense of a word, false in another: both, and the map between the two."""
    wrong = false if isinstance(false, Piece) else by_theorem(false, "other reading")
    return Evidence("convention", "certificate", (_piece(true, "reading"), wrong, _piece(between, "map")),
                    convention=f"{readings[0]}: true; {readings[1]}: false", witness=wrong.note, reason=note)  # fmt: skip


def approximate(*theorems: str | tuple[Statement, Script], range: str, note: str = "", cited: Sequence[str] = (),
                more: Sequence[Piece] = ()) -> Evidence:  # fmt: skip
    """A numerical or asymptotic statement: the exact range in which it holds, enclosed by balls."""
    pieces = (*(_piece(t, "enclosure") for t in theorems), *more)
    return Evidence("approximate", "balls", pieces, (range,), reason=note, cited=tuple(cited))


def ill_typed(check: Callable[[], tuple[bool, str]], correction: str | tuple[Statement, Script] | None = None, *,
              note: str = "") -> Evidence:  # fmt: skip
    """Shapes, indices or scopes do not fit: ``check`` runs the type checker on the printed reading and returns
    whether it was refused, and what was seen; ``correction`` is the well-typed reading."""
    fixed = (_piece(correction, "correction"),) if correction else ()
    return Evidence("ill-typed", "types", fixed, correction=fixed[0].statement if fixed else None, reason=note,
                    check=check)  # fmt: skip


def executed(verdict: str, check: Callable[[], tuple[bool, str]], *pieces: Piece, note: str = "",
             correction: str | None = None, conditions: Sequence[str] = ()) -> Evidence:  # fmt: skip
    """A listing that was run: ``check`` runs it and returns whether the verdict stands, and what was seen."""
    fixed = (by_theorem(correction, "correction"),) if correction else ()
    return Evidence(verdict, "execution", (*pieces, *fixed), tuple(conditions), reason=note, check=check,
                    correction=fixed[0].statement if fixed else None)  # fmt: skip


def not_mathematical(reason: str) -> Evidence:
    """Nothing to decide; the reason in one line. The only judgement that is typed in."""
    return Evidence("not-mathematical", "none", reason=reason)


def undecided(tried: str, *pieces: Piece) -> Evidence:
    """Not decided; what was tried."""
    return Evidence("open", "none", pieces, reason=tried)


def witness_text(values: Values) -> str:
    """The values of a witness in one line, as text."""
    from .render.text import text

    def one(v: Any) -> str:
        return text(v) if isinstance(v, Term) else str(v)

    return ", ".join(f"{name} = {_table(v) or one(v)}" for name, v in values.items())


def _table(v: Any) -> str | None:
    """Closed sequences and matrices are shown by their first entries."""
    from .prove.refute import first_entries

    return first_entries(v) if isinstance(v, Term) and v.binders else None
