"""The trusted part: replays certificates. Imports the standard library, python-flint and ``symcheck.terms``."""

from .axioms import AXIOMS, Axiom, perm
from .certificate import Rejected, decode, digest, parse, replay
from .rules import RULES, RuleError, Theorem

__all__ = ["AXIOMS", "RULES", "Axiom", "Rejected", "RuleError", "Theorem", "decode", "digest", "parse",
           "perm", "replay"]  # fmt: skip
