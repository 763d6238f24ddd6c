"""Claims of source 002: "Position encodings and RoPE", a note in Chinese.

Conventions of the document: positions count from 0; the sine stands first. Its displayed formulas are lost in
the stored text and are reconstructed; its listing is written for PyTorch.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from flint import arb

import derivations.attention
import derivations.breaking
import derivations.onehot
import derivations.recurrent
import derivations.symmetry  # noqa: F401 - the theorems that are cited by identifier
from derivations.frequencies import thetas
from derivations.notes.listings import stored
from derivations.rope import rope, theta
from derivations.rope_attention import K, Q, V, c, h, i, j, n, rope_attention, token
from derivations.sinusoidal import PE, component, cos, sin
from derivations.vectors import dot, entry
from symcheck.claims import Piece, Source, claim
from symcheck.evidence import (
    by_theorem,
    executed,
    not_mathematical,
    proved,
    proved_under,
    refuted,
    refutes,
)  # fmt: skip
from symcheck.kernels.bounds import sinusoidal_bound
from symcheck.listings import parse, run, same_lines, undefined_names
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import matrix, table
from symcheck.terms import Term, const, eq, le, lt, negation, number, unfold, var

SOURCE = Source(file="002_f66ea941ecbd275d.txt", key="S002", title="位置编码和RoPE", language="zh")

LISTING = "s002_section_1_3"
BASE, SIZE = number(10**4), number(512, "N")
M, N, L, r, max_len = (var(v, "N") for v in ("m", "n", "L", "r", "max_len"))

claim("S002-001", SOURCE, "preface", None, "RoPE is used in LLaMA, Baichuan and ChatGLM, among others.",
      not_mathematical("which models use a scheme is a matter of their documentation"))  # fmt: skip

# Section 1.1 ----------------------------------------------------------------------------------------------
claim("S002-002", SOURCE, "section 1, introduction", None,
      "Unlike a recurrent network, a Transformer loses the order of its input altogether.",
      proved_under(["no causal mask, and no position code yet"], "attention.equivariance",
                   by_theorem("attention.causal_breaks_equivariance", "refutation"),
                   note="Without codes and mask, reordering the tokens reorders the outputs and does nothing else. A "
                        "causal mask, as in the decoders that the note is about, sees the order by itself."),
      ["attention.equivariance", "symmetry.same_outputs", "attention.causal_breaks_equivariance"])  # fmt: skip

claim("S002-002a", SOURCE, "section 1, introduction", None,
      "The structure of a recurrent network can hold the order of the sequence.",
      proved("recurrent.sees_order", "recurrent.linear",
             note="Some steps end in different states for the two orders of two inputs; a step a h + b x does, unless a = 1 "
                  "or b = 0 (h + x forgets the order)."),
      ["recurrent.sees_order", "recurrent.linear"])  # fmt: skip

claim("S002-003", SOURCE, "section 1.1", None,
      "A vector for each position, added to the word vector, lets attention tell positions apart.",
      proved("breaking.labels", "breaking.codes", note="For codes that differ, whatever the dimension."),
      ["breaking.labels", "breaking.codes", "attention.positions_break_equivariance"])  # fmt: skip

INTEGERS = Statement((lt(M, N),), negation(eq(number(1) * M, number(1) * N)))


def numbers_differ(p: Proof, goal: Statement) -> Line:
    same = p.assume(goal.concl.args[0])
    return p.discharge(p.pos(const("false"), p.assume(goal.hyps[0]), same), same.concl)


claim("S002-004", SOURCE, "section 1.1, list", None,
      "Simple codes would do for a start: the number of the position itself, or a one-hot vector.",
      proved((INTEGERS, numbers_differ), "onehot.injective",
             note="Both give different positions different codes; whether they serve a model well is not decided."),
      ["onehot.injective", "onehot.embedding"])  # fmt: skip

claim("S002-005", SOURCE, "section 1.1, item 3", r"PE_{(pos,2i)} = \sin(pos/10000^{2i/d}),\ PE_{(pos,2i+1)} = "
      r"\cos(pos/10000^{2i/d})",
      "The sinusoidal code, for positions 0, 1, 2, ... and 512 components in the paper.",
      proved("frequencies.definition"), ["frequencies.definition"], reconstructed=True)  # fmt: skip

f = thetas(BASE, SIZE)


def cell(position: int, index: int) -> Term:
    """One component of the code of a position, d = 512."""
    return PE(f, number(position), number(index, "N"))


THREE = Statement((), const("and", eq(cell(0, 0), 0), const("and", eq(cell(0, 1), 1), const("and", eq(
    cell(1, 0), sin(number(1))), const("and", eq(cell(1, 1), cos(number(1))), const("and", eq(
        cell(2, 0), sin(number(2))), eq(cell(2, 1), cos(number(2)))))))))  # fmt: skip


def three(p: Proof, goal: Statement) -> Line:
    """Components 0 and 1 of the codes of positions 0, 1 and 2: the first frequency is 1."""
    zero = number(0, "N")
    one = p.theorem("frequencies.first", b=BASE, d=SIZE)
    special = {0: [p.axiom("sin_zero"), p.axiom("cos_zero")]}
    out = []
    for position in (0, 1, 2):
        for index, g in ((2 * zero, sin), (2 * zero + 1, cos)):
            at = p.at(p.at(component(p, PE, number(position), index), theta=f))
            angle = p.ring(eq(number(position) * f(zero), number(position)), one)
            line = p.rewrite(angle, at, lambda z, at=at, g=g: eq(at.lhs, g(z)))
            line = p.convert(line, eq(cell(position, len(out) % 2), line.rhs))
            out.append(p.trans(line, special[0][len(out) % 2]) if position == 0 else line)
    return p.both(*out)


claim("S002-006", SOURCE, "section 1.2", None,
      "The codes of three tokens at positions 0, 1, 2 follow from the formula.",
      proved((THREE, three), "frequencies.definition",
             note="The numbers of the document are lost in the stored text; the first two components are given here."),
      ["frequencies.definition", "frequencies.first"], reconstructed=True)  # fmt: skip


# Section 1.3: the listing ---------------------------------------------------------------------------------
COMPARED = (0, 1, 7, 500, 4999)
#: What the listing with its indentation is asked, in one process; every answer is a line under a name.
QUESTIONS = f"""
print("backend", BACKEND, sep="|")
for L, d in ((1, 2), (3, 8), (5000, 512)):
    print("shape", *torch.zeros(L, d).shape, *PositionalEncoding(d, 0.0, L).pe.shape, sep="|")
p = torch.arange(0, 3).unsqueeze(1)
print("positions", tuple(p.shape), [int(float(v)) for v in p[:, 0]], sep="|")
try:
    PositionalEncoding(5, 0.0, 3)
except (RuntimeError, ValueError) as e:
    print("odd", type(e).__name__, e, sep="|")
for max_len, L in ((3, 1), (3, 3), (3, 4), (1, 2)):
    layer = PositionalEncoding(8, 0.0, max_len)
    try:
        out = layer(torch.zeros(2, L, 8))
    except (RuntimeError, ValueError) as e:
        print("slice", max_len, L, "refused", sep="|")
        continue
    same = all(float(out[b, l, c]) == float(layer.pe[0, l if l < max_len else 0, c])
               for b in range(2) for l in range(L) for c in range(8))
    print("slice", max_len, L, *out.shape, same, sep="|")
pe = PositionalEncoding(512, 0.0).pe
for m in {COMPARED}:
    print("row", *(float(v).hex() for v in pe[0, m]), sep="|")
"""


@lru_cache(maxsize=1)
def answers() -> tuple[str, dict[str, list[str]]]:
    """How the run ended, and the answers by name. PyTorch runs it, or a stand-in on NumPy where there is none."""
    seen = run("\n".join((stored("torch_standin"), stored(LISTING + "_indented"), QUESTIONS)), memory=16 << 30)
    out: dict[str, list[str]] = {}
    for name, _, answer in (line.partition("|") for line in seen.stdout.splitlines()):
        out.setdefault(name, []).append(answer.replace("|", " "))
    return f"{seen.summary()}, {out.get('backend', ['?'])[0]}", out if seen.ok else {}


def quotes() -> tuple[bool, str]:
    """The line with the quotation marks, alone."""
    found = parse(stored(LISTING).splitlines()[0])
    return found is not None and found.startswith("SyntaxError"), str(found)


claim("S002-007", SOURCE, "section 1.3, first line of the code", r"\texttt{“”“…”“”}",
      "The class has its documentation string before it, in curly quotation marks.",
      executed("ill-typed", quotes, note="Python's string quotes are straight: \"\"\"...\"\"\"."))  # fmt: skip


def as_printed() -> tuple[bool, str]:
    """The listing verbatim, without its first line, and with quotes and indentation: what is still missing."""
    verbatim, whole = stored(LISTING), stored(LISTING + "_indented")
    rest = verbatim.split("\n", 1)[1]
    seen = [run(verbatim), run(rest), run(whole)]
    missing = undefined_names(whole)
    ok = ([s.exception for s in seen] == ["SyntaxError", "IndentationError", "NameError"]
          and missing == ["nn", "torch", "Variable", "math"] and parse(whole) is None
          and same_lines(rest, whole.split("\n", 1)[1]))  # fmt: skip
    return ok, (f"as stored: {seen[0].summary()}; without its first line: {seen[1].summary()}; with quotes and "
                f"indentation: {seen[2].summary()}; never bound: {', '.join(missing)}")  # fmt: skip


claim("S002-008", SOURCE, "section 1.3, code", None, "The listing runs as it stands.",
      executed("ill-typed", as_printed,
               note="Curly quotes, lost indentation (perhaps lost when the page was stored), and no imports of torch, "
                    "nn, math and Variable. With all of that put right it runs."))  # fmt: skip

def table_shape() -> tuple[bool, str]:
    """Shape of the table for a few sizes, before and after the batch axis is put in front."""
    how, out = answers()
    lines = out.get("shape", [])
    return lines == ["1 2 1 1 2", "3 8 1 3 8", "5000 512 1 5000 512"], f"{how}; {'; '.join(lines)}"


claim("S002-009", SOURCE, "section 1.3, code", r"\texttt{pe = torch.zeros(max\_len, d\_model)}",
      "A table of zeros with max_len rows and d_model columns.",
      executed("proved", table_shape, by_theorem("frequencies.columns"),
               note="Filled by even and odd columns afterwards, which are all there are."),
      ["frequencies.columns"])  # fmt: skip

ROW = Statement((lt(r, max_len),), const("and", eq(PE(theta, r, 2 * i), sin(r * theta(i))),
                                         eq(PE(theta, r, 2 * i + 1), cos(r * theta(i)))), (max_len.head,))  # fmt: skip
#: The rows of a sequence of L tokens are rows of the table.
ENOUGH = Statement((le(L, max_len), lt(r, L)), lt(r, max_len))
ANY_LENGTH = Statement((lt(r, L),), lt(r, max_len), (L.head, max_len.head))
POSITION = const("real", r)


def row(p: Proof, goal: Statement) -> Line:
    """Row r is the code of position r."""
    return p.both(*(p.convert(component(p, PE, POSITION, index), part) for index, part in zip(
        (2 * i, 2 * i + 1), goal.concl.args, strict=True)))  # fmt: skip


def positions() -> tuple[bool, str]:
    """The column of positions for a table of three rows."""
    how, out = answers()
    return out.get("positions") == ["(3, 1) [0, 1, 2]"], f"{how}; {out.get('positions')}"


claim("S002-010", SOURCE, "section 1.3, code", r"\texttt{position = torch.arange(0, max\_len).unsqueeze(1)}",
      "A column of the whole numbers from 0 to max_len - 1: row r of the table is position r.",
      executed("proved", positions, Piece("proof", ROW, row)))  # fmt: skip

claim("S002-011", SOURCE, "section 1.3, code",
      r"\texttt{div\_term = torch.exp(torch.arange(0, d\_model, 2) * -(math.log(10000.0) / d\_model))}",
      "The frequencies 10000^(-2i/d) by exponential and logarithm.",
      proved("frequencies.exp_log", "frequencies.is_the_power"),
      ["frequencies.exp_log", "frequencies.is_the_power"])  # fmt: skip

@lru_cache(maxsize=1)
def compared() -> tuple[str, float, float, float]:
    """The table in 32 bits against the formula at some positions: how it was made, the largest error, the derived
    bound at that entry, and the largest derived bound below position 5000. ArithmeticError where an error passes its
    bound."""
    how, out = answers()
    worst, at_worst = 0.0, 0.0
    if len(out.get("row", [])) != len(COMPARED):
        raise ArithmeticError(how)
    for m, line in zip(COMPARED, out["row"], strict=True):
        for index, text in enumerate(line.split()):
            pair = index // 2
            exact = (arb.cos if index % 2 else arb.sin)(m * exact_frequency(pair))
            error, bound = float(abs(arb(float.fromhex(text)) - exact).upper()), entry_bound(m, pair)
            if error > bound:
                raise ArithmeticError(f"position {m}, column {index}: {error:g} is more than {bound:g}")
            if error > worst:
                worst, at_worst = error, bound
    return how, worst, at_worst, max(entry_bound(4999, pair) for pair in range(256))


@lru_cache(maxsize=256)
def exact_frequency(pair: int) -> arb:
    """10000^(-2i/512) as a ball."""
    return arb(10) ** (arb(-8 * pair) / 512)


def entry_bound(position: int, pair: int) -> float:
    """The bound of the kernels for a frequency that is computed in 32 bits by exponential and logarithm.

    The exponent e = 2i log(10^4)/d has two roundings in 32 bits and some in 64, less than 2.1 u in all; the
    exponential errs by at most 4 units in the last place, 8 u.
    """
    u = 2.0**-24
    exponent = 2 * pair * math.log(1e4) / 512
    frequency_error = math.expm1(2.1 * u * exponent) * (1 + 8 * u) + 8 * u
    return sinusoidal_bound(position, float(exact_frequency(pair).mid()), "float32", frequency_error=frequency_error)


def filled_as_printed() -> tuple[bool, str]:
    """Even columns sines, odd columns cosines, within the bound of 32-bit arithmetic; an odd d stops."""
    odd = answers()[1].get("odd", [])
    try:
        how, worst, _, _ = compared()
    except ArithmeticError as e:
        return False, str(e)
    return len(odd) == 1, f"{how}: largest error {worst:.2g}; d = 5: {', '.join(odd)}"


claim("S002-012", SOURCE, "section 1.3, code", r"\texttt{pe[:, 0::2] = \ldots\sin;\ pe[:, 1::2] = \ldots\cos}",
      "Even columns hold sines, odd columns cosines.",
      executed("proved", filled_as_printed, by_theorem("frequencies.definition"), by_theorem("frequencies.columns"),
               note="For even d_model; an odd one stops with an exception, because a cosine column is missing."),
      ["frequencies.definition", "frequencies.columns"])  # fmt: skip

FLOAT = Fraction(14117540, 2**24)
BETWEEN = Statement((), const("and", lt(FLOAT, sin(number(1))), lt(sin(number(1)), FLOAT + Fraction(1, 2**24))))


def single_precision() -> tuple[bool, str]:
    """The table against the formula, and against the derived bound of every entry that is compared."""
    try:
        how, worst, at_worst, largest = compared()
    except ArithmeticError as e:
        return False, str(e)
    places = ", ".join(map(str, COMPARED))
    return largest < 0.003, (f"{how}: largest error {worst:.3g} at the positions {places}, where the bound is "
                              f"{at_worst:.3g}; largest bound below position 5000: {largest:.3g}")  # fmt: skip


claim("S002-013", SOURCE, "section 1.3, code (numbers)", None, "The table in 32-bit arithmetic is the formula.",
      executed("approximate", single_precision, by_theorem("frequencies.lipschitz", "enclosure"),
               Piece("enclosure", BETWEEN, lambda p, goal: p.both(*(p.ball(part, 128) for part in goal.concl.args))),
               conditions=["positions 0 to 4999, d = 512: every entry is within 0.003 of the formula; equality fails "
                           "at position 1 already: sin 1 lies strictly between two neighbouring 32-bit numbers",
                           "assumed of the library, not proved: its sine, cosine and exponential in 32 bits err by at "
                           "most 4 units in the last place"],
               note="An error of the angle reaches the entry undiminished at most; the angle errs by the position "
                    "times the frequency times a few units of 2^-24. Five positions are compared entry by entry, each with "
                    "its own bound; for the others the bound is derived."), ["frequencies.lipschitz"])  # fmt: skip


def slices() -> tuple[bool, str]:
    """Lengths L up to and past max_len, for a batch of two: max_len, L, the shape, and whether the codes were added."""
    how, out = answers()
    lines = out.get("slice", [])
    expected = ["3 1 2 1 8 True", "3 3 2 3 8 True", "3 4 refused", "1 2 2 2 8 True"]
    return lines == expected, f"{how}; max_len, L, shape: {'; '.join(lines)}"


claim("S002-014", SOURCE, "section 1.3, code", r"\texttt{x + self.pe[:, :x.size(1)]}",
      "Adds the codes of the first L positions to every sequence of a batch of shape (B, L, d).",
      executed("proved-under", slices, Piece("proof", ROW, row),
               Piece("proof", ENOUGH, lambda p, goal: p.pos(goal.concl, *(p.assume(g) for g in goal.hyps))),
               refutes(ANY_LENGTH, {"L": 3, "max_len": 1, "r": 2}), conditions=["L <= max_len (5000)"],
               note="A longer sequence is refused, the shapes do not fit; with max_len = 1 it is not refused, and "
                    "every token gets the code of position 0."))  # fmt: skip

claim("S002-015", SOURCE, "section 1.3, comments in the code", None,
      "The table is registered as a buffer, which moves with the module and is not trained.",
      not_mathematical("a property of PyTorch's Module.register_buffer, documented there"))  # fmt: skip

# After the listing: RoPE ----------------------------------------------------------------------------------
claim("S002-016", SOURCE, "after the code", r"\langle f_q(x_m, m), f_k(x_n, n)\rangle = g(x_m, x_n, m - n)",
      "What RoPE is after: an inner product of absolutely encoded q and k that depends on positions by m - n only.",
      proved("rope.relative", note="With f_q = R_m q and f_k = R_n k the equation has a solution, "
             "g = <q, R_(n-m) k>."), ["rope.relative", "rope.complex"], reconstructed=True)  # fmt: skip

claim("S002-017", SOURCE, "after the code", None,
      "Putting absolute positions in has the same effect as passing the relative ones.",
      proved("rope_attention.relative", note="Scores, weights and outputs are the same."),
      ["rope_attention.relative", "rope.relative"])  # fmt: skip

claim("S002-018", SOURCE, "list of steps", None,
      "The steps: queries and keys, the rotation of each position, turning their components in pairs, inner products.",
      proved("rope.matrix", "rope.relative", note="Turning in pairs is the block-diagonal rotation matrix."),
      ["rope.matrix", "rope.relative"])  # fmt: skip

LOGIT_IS_OUTPUT = Statement((lt(i, n), lt(j, n)), eq(
    dot(2 * h, entry(rope, theta, const("real", i), token(Q, i)), entry(rope, theta, const("real", j), token(K, j))),
    rope_attention(n, h, theta, Q, K, V, i, c)), (n.head, h.head))  # fmt: skip
OUTPUT = unfold(rope_attention(n, h, theta, Q, K, V, i, c), ["rope_attention"])
claim("S002-019", SOURCE, "list of steps, last item", None,
      "The inner product of query and key is the result of self-attention.",
      refuted(refutes(LOGIT_IS_OUTPUT, {"n": 1, "h": 1, "theta": table([0]), "Q": matrix([[1, 0]]),
                                        "K": matrix([[1, 0]]), "V": matrix([[2]]), "i": 0, "j": 0, "c": 0}),
              (Statement((), eq(rope_attention(n, h, theta, Q, K, V, i, c), OUTPUT), (n.head, h.head)),
               lambda p, goal: p.by_definition(goal.concl, "rope_attention")),
              note="The inner product is the score of one pair of tokens. The result of self-attention is the sum of "
                   "the values, weighted by the softmax of the scores over sqrt(d)."),
      ["rope_attention.relative"])  # fmt: skip
