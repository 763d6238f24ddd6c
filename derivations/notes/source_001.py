"""Claims of source 001: "Position encodings", notes on the sine-cosine code, in Chinese.

Conventions of the document: the code has the sine first; k is the offset from a position pos to pos + k. Most
displayed formulas are lost in the stored text; they are reconstructed from the words around them.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from derivations.blocks import block_entry, blocks
from derivations.frequencies import LAMBERT_1768, exp, exponent, frequency, log, rpow, thetas
from derivations.notes.listings import stored
from derivations.rope import h, m, rope, rotated_pair
from derivations.rope import x as vector
from derivations.sinusoidal import PE, code, component, cos, k, negated, of_blocks, pos, shift, sin, theta
from derivations.vectors import entry, matvec, transpose
from symcheck.claims import Source, claim
from symcheck.evidence import (
    approximate,
    by_theorem,
    convention,
    executed,
    not_mathematical,
    proved,
    refuted,
    refutes,
)  # fmt: skip
from symcheck.listings import parse, run, same_lines
from symcheck.prove.lemmas import by_parity
from symcheck.prove.proof import Line, Proof, Statement
from symcheck.prove.refute import table
from symcheck.terms import Term, const, eq, lam, le, lt, negation, number, var

SOURCE = Source(
    file="001_d7aa0a63dbba6ced.txt", key="S001",
    title="位置编码 (如何理解LLM sin cos位置编码…)", language="zh",
)  # fmt: skip

i, j, r, s = (var(v, "N") for v in ("i", "j", "r", "s"))
a, b = var("a"), var("b")
d = var("d", "N")

# Title, sections 1 to 5: the shift ------------------------------------------------------------------------
claim("S001-001", SOURCE, "title paragraph", None,
      "The code of position pos + k is a linear combination of the code of position pos.",
      proved("sinusoidal.shift"), ["sinusoidal.shift", "sinusoidal.shift_pair"])  # fmt: skip

DISTANCE = ("frequencies.gram_distance", "frequencies.neighbours_differ")
claim("S001-002", SOURCE, "title paragraph", None,
      "Therefore the codes hold information on the distance of two words.",
      proved(*DISTANCE, note="Read as: the inner product of two codes is a function of the distance |m - n|, and "
             "not the same for all distances."), DISTANCE)  # fmt: skip

claim("S001-003", SOURCE, "section 1", None,
      "The sinusoidal code of position pos in dimension d, component by component.",
      proved("frequencies.definition", note="The text counts the pairs (2i, 2i + 1) by i where it speaks of the i-th "
             "dimension."), ["frequencies.definition"], reconstructed=True)  # fmt: skip


ADDITION = Statement((), const("and", eq(sin(a + b), sin(a) * cos(b) + cos(a) * sin(b)),
                               eq(cos(a + b), cos(a) * cos(b) - sin(a) * sin(b))))  # fmt: skip


def addition(p: Proof, goal: Statement) -> Line:
    """The two axioms of the circle functions, as printed."""
    return p.both(p.axiom("sin_add", x=a, y=b), p.axiom("cos_add", x=a, y=b))


claim("S001-004", SOURCE, "section 2",
      r"\sin(a+b) = \sin a\cos b + \cos a\sin b,\ \cos(a+b) = \cos a\cos b - \sin a\sin b",
      "The addition formulas of sine and cosine.", proved((ADDITION, addition)), reconstructed=True)  # fmt: skip

f = thetas(number(10**4), d)
alpha, beta = (z / rpow(number(10**4), exponent(i)) for z in (pos, k))
PHASES = Statement((), const("and", eq(PE(f, pos + k, 2 * i), sin(alpha + beta)),
                             eq(PE(f, pos + k, 2 * i + 1), cos(alpha + beta))), (d.head,))  # fmt: skip


def phases(p: Proof, goal: Statement) -> Line:
    """The phase of pos + k is alpha + beta."""
    opened = p.parts(p.theorem("frequencies.definition", b=10**4, d=d, i=i, pos=pos + k))
    return p.both(*(p.convert(line, part) for line, part in zip(opened, goal.concl.args, strict=True)))


claim("S001-005", SOURCE, "section 3", r"\alpha = pos/10000^{2i/d},\ \beta = k/10000^{2i/d}",
      "The phases of a position and of an offset; they add up to that of pos + k.",
      proved((PHASES, phases)), ["frequencies.definition"])  # fmt: skip

ROTATION = ("sinusoidal.shift_pair", "sinusoidal.shift_orthogonal", "sinusoidal.shift_determinant",
            "sinusoidal.direction")  # fmt: skip
claim("S001-006", SOURCE, "section 4",
      r"\begin{pmatrix}\sin(\alpha+\beta)\\\cos(\alpha+\beta)\end{pmatrix} = \begin{pmatrix}\cos\beta&\sin\beta\\"
      r"-\sin\beta&\cos\beta\end{pmatrix}\begin{pmatrix}\sin\alpha\\\cos\alpha\end{pmatrix}",
      "In matrix form the addition formulas are a rotation of the pair.",
      proved(*ROTATION, note="A rotation by -beta, that is clockwise, because the sine stands first."),
      ROTATION, reconstructed=True)  # fmt: skip

OFFSET_PHASE = Statement((), eq((pos + k) * frequency(number(10**4), d, i) - pos * frequency(number(10**4), d, i),
                                beta), (d.head,))  # fmt: skip
claim("S001-007", SOURCE, "section 5.1", None, "beta depends on the offset k and the pair i, and on nothing else.",
      proved((OFFSET_PHASE, lambda p, goal: p.by_definition(goal.concl, "frequency"))))  # fmt: skip

UNSIGNED = Statement((), const("and", eq(cos(k * theta(i)), cos(-k * theta(i))),
                               eq(sin(k * theta(i)), sin(-k * theta(i)))))  # fmt: skip
#: M_(-k) is the transpose of M_k: what takes the distance back to the offset.
OPPOSITE = Statement((), eq(shift(theta, -k, r, s), entry(transpose, entry(shift, theta, k))(r, s)))


def opposite(p: Proof, goal: Statement) -> Line:
    """Block by block: the cosines stay, the sines change their sign and their place."""
    left = entry(shift, theta, -k)
    A, B, C, D = of_blocks(p, shift, k)
    turned = p.theorem("blocks.transpose", a=A, b=B, c=C, d=D)
    whole = p.trans(p.by_definition(eq(goal.concl.args[1], turned.lhs), "shift", "transpose"), turned)
    right = lam(["N", "N"], lambda u, v: blocks(A, C, B, D, u, v))

    def row_side(parity: int, e: Term, _: Line) -> Line:
        row = 2 * e + 1 if parity else 2 * e

        def column_side(odd: int, g: Term, _: Line) -> Line:
            column = 2 * g + 1 if odd else 2 * g
            x = block_entry(p, left, row, column, ("shift",))
            y = block_entry(p, right, row, column)
            signs = [p.convert(z, eq((cos if z.lhs.is_const("cos") else sin)(-k * theta(e)), z.rhs))
                     for z in negated(p, k * theta(e))]  # fmt: skip
            return p.ring(eq(x.lhs, y.lhs), x, y, *signs)

        return by_parity(p, s, eq(left(row, s), right(row, s)), column_side)

    same = by_parity(p, r, eq(left(r, s), right(r, s)), row_side)
    return p.trans(p.convert(same, eq(goal.concl.args[0], whole.rhs)), p.symm(whole))


SIGNED = convention(
    "sinusoidal.shift", refutes(UNSIGNED, {"k": 1, "i": 0, "theta": table([1])}, role="other reading"),
    (OPPOSITE, opposite), readings=("k is the signed offset", "k is a distance, without a sign"),
    note="sin(beta) changes its sign with k: the coefficients tell k from -k. The map between the two: M_(-k) is the "
         "transpose of M_k.")  # fmt: skip
claim("S001-008", SOURCE, "section 5.1", r"(\cos\beta, \sin\beta)",
      "The coefficients depend on the relative distance k alone.", SIGNED, ["sinusoidal.shift"])  # fmt: skip

SHIFT = ["sinusoidal.shift"]
claim("S001-009", SOURCE, "section 5.1", r"PE(pos+k) = M_k\,PE(pos)",
      "The whole code is shifted by one matrix that does not depend on the position.",
      proved("sinusoidal.shift"), SHIFT, reconstructed=True)  # fmt: skip

claim("S001-010", SOURCE, "section 5.1", None,
      "Therefore a model can learn relative positions and not absolute ones only.",
      not_mathematical("what a model learns is an empirical matter; that one fixed matrix M_k makes scores of codes "
                       "peak at the offset k is frequencies.offset_selector"),
      ["frequencies.offset_selector"])  # fmt: skip

EXAMPLE = Statement((lt(r, 2 * h),), eq(PE(theta, number(13), r), matvec(
    2 * h, entry(shift, theta, number(3)), code(number(10)), r)), (h.head,))  # fmt: skip


def example(p: Proof, goal: Statement) -> Line:
    """The shift at pos = 10, k = 3."""
    at = p.theorem("sinusoidal.shift", p.assume(goal.hyps[0]), theta=theta, h=h, pos=10, k=3, r=r)
    return p.convert(at, goal.concl)


claim("S001-011", SOURCE, "section 5.2", r"PE(13) = R\cdot PE(10),\ k = 3",
      "Position 13 is position 10 turned by one matrix, pair by pair.",
      proved((EXAMPLE, example), note="One angle 3 theta_i for each pair; the rotation is clockwise in the (sin, cos) "
             "order."), SHIFT, reconstructed=True)  # fmt: skip

claim("S001-012", SOURCE, "section 5.3, code", r"\texttt{PE\_pos\_k = a * PE\_pos\_even + b * PE\_pos\_odd}",
      "Each component of the shifted code is a combination of its pair with coefficients that k and i fix.",
      proved("sinusoidal.shift_pair"), ["sinusoidal.shift_pair"])  # fmt: skip

SIZE = number(512, "N")


def omega(size: Term, pair: Term) -> Term:
    """The frequency of a pair with the base of the document."""
    return frequency(number(10**4), size, pair)


# Section 6: circles and frequencies -----------------------------------------------------------------------
claim("S001-013", SOURCE, "section 6", r"\sin^2 + \cos^2 = 1",
      "For fixed i every code is a point of the unit circle, one circle for all positions.",
      proved("frequencies.unit_circle"), ["frequencies.unit_circle"], reconstructed=True)  # fmt: skip

claim("S001-014", SOURCE, "section 6", None, "The offset k is a rotation by the angle k omega_i.",
      proved("sinusoidal.shift", "sinusoidal.direction",
             note="By k omega_i clockwise in this document's order (sin, cos), counter-clockwise in the order "
                  "(cos, sin); the sense is not printed."),
      ["sinusoidal.direction", "sinusoidal.shift_cosine_first"], reconstructed=True)  # fmt: skip

claim("S001-014a", SOURCE, "section 6", None, "All positions are on the same circle and differ in the angle only.",
      proved("frequencies.unit_circle", "frequencies.definition",
             note="Pair i of position pos is the point (sin, cos) of the angle pos omega_i."),
      ["frequencies.unit_circle", "frequencies.definition"])  # fmt: skip

SMALL_IS_LOW = Statement((lt(2 * j, d),), le(omega(d, number(0, "N")), omega(d, j)), (d.head, j.head))
LARGE_IS_HIGH = Statement((lt(2 * i, SIZE),), le(omega(SIZE, i), omega(SIZE, number(255, "N"))))
FALLING = ["frequencies.decreasing", "frequencies.wavelength_increasing", "frequencies.rate", "frequencies.first"]
claim("S001-015", SOURCE, "section 6, first comment in the code",
      r"\omega_{small} = 1/10000^{2\cdot 0/512} \approx 1.0",
      "Small i is the low-frequency end, which varies slowly.",
      refuted(refutes(SMALL_IS_LOW, {"d": 4, "j": 1}), "frequencies.decreasing",
              note="The value 1 is right and exact; the comment is the wrong way round. i = 0 is the highest "
                   "frequency: its pair turns one radian with each position, and every other pair turns less."),
      FALLING)  # fmt: skip

claim("S001-016", SOURCE, "section 6, second comment in the code",
      r"\omega_{large} = 1/10000^{2\cdot 255/512} \approx 1/10000 \approx 0.0001",
      "Large i is the high-frequency end, which oscillates fast.",
      refuted(refutes(LARGE_IS_HIGH, {"i": 0}), "frequencies.wavelength_increasing",
              note="The value is right to within 4 percent; the comment is the wrong way round. i = 255 is the lowest "
                   "frequency of d = 512: one turn takes about 60,600 positions."),
      [*FALLING, "frequencies.last_of_512"])  # fmt: skip

VALUE = 1 / rpow(number(10**4), number(510) * Fraction(1, 512))
LAST = Statement((), const("and", lt(Fraction(103, 10**6), VALUE), lt(VALUE, Fraction(104, 10**6))))
claim("S001-017", SOURCE, "section 6, value", r"1/10000^{510/512} \approx 0.0001",
      "The last frequency of d = 512 is about 0.0001.",
      approximate((LAST, lambda p, goal: p.both(*(p.ball(part, 128) for part in goal.concl.args))),
                  range="1/10000^(510/512) lies between 0.000103 and 0.000104; 0.0001 is off by less than 4 percent"),
      ["frequencies.last_of_512"])  # fmt: skip


def caret_is_xor() -> tuple[bool, str]:
    """The lines as printed, then without what follows the formula, then with Python's power."""
    printed = run(stored("s001_section_6"))
    bare = [run(line.split("≈")[0] + "\n") for line in stored("s001_section_6").splitlines() if "^" in line]
    power = run("print(1/10000**(2*0/512), 1/10000**(2*255/512))")
    ok = (printed.exception == "SyntaxError" and all(one.exception == "TypeError" for one in bare)
          and power.ok and [f"{float(v):.6f}" for v in power.stdout.split()] == ["1.000000", "0.000104"])  # fmt: skip
    return ok, (f"as printed: {printed.summary()}; without the text behind it: {bare[0].summary()}; "
                f"with **: {', '.join(power.stdout.split())}")  # fmt: skip


claim("S001-018", SOURCE, "section 6, code", r"\texttt{1/10000\^{}\{2*0/512\}}",
      "A snippet in a Python code block raises 10000 to a power by a caret and braces.",
      executed("ill-typed", caret_is_xor, correction="frequencies.first",
               note="In Python ^ is the exclusive or, and braces make a set; the power is written **."),
      ["frequencies.first"])  # fmt: skip

# Sections 7 and 8 -----------------------------------------------------------------------------------------
LEARNING = ("sinusoidal.shift", "frequencies.offset_selector")
claim("S001-019", SOURCE, "section 7", None,
      "The code of pos + k is a linear function of the code of pos; relative patterns can be learned from that.",
      proved(*LEARNING, note="The linear function, and a fixed matrix with which the score of two codes is a function of "
             "how far n is from m + k. Whether a model learns it is not decided, as in S001-010 and S001-034."),
      LEARNING, reconstructed=True)  # fmt: skip

FROM_ZERO = Statement((lt(r, 2 * h),), eq(PE(theta, pos, r), matvec(
    2 * h, entry(shift, theta, pos), code(number(0)), r)), (h.head,))  # fmt: skip


def from_zero(p: Proof, goal: Statement) -> Line:
    """The shift at position 0 by pos."""
    at = p.theorem("sinusoidal.shift", p.assume(goal.hyps[0]), theta=theta, h=h, pos=0, k=pos, r=r)
    return p.convert(at, goal.concl)


claim("S001-020", SOURCE, "section 8, first row of the table", None,
      "The sinusoidal code can be computed at any position, a learned one only as far as it was trained.",
      proved((FROM_ZERO, from_zero), "frequencies.learned_is_free",
             note="That the code exists at every position, not how well a model works there."),
      ["sinusoidal.shift", "frequencies.learned_is_free"])  # fmt: skip

BUILT_IN = ("sinusoidal.shift", "frequencies.learned_has_no_shift")
claim("S001-021", SOURCE, "section 8, second row of the table", None,
      "Relative position is built into the sinusoidal code; a learned one has to learn it.",
      proved(*BUILT_IN, note="Some learned tables have no shift matrix at all."), BUILT_IN)  # fmt: skip

claim("S001-022", SOURCE, "section 8, third row of the table", None,
      "The sinusoidal code holds distances explicitly.",
      proved(*DISTANCE, note="Read as: the inner product of two codes is an explicit function of the distance."),
      [*DISTANCE, "sinusoidal.gram"])  # fmt: skip

PERIODS = ("frequencies.wavelength", "frequencies.no_integer_period", "frequencies.common_period")
claim("S001-023", SOURCE, "section 8, fourth row of the table", None,
      "Long sequences are supported because of periodicity.",
      replace(convention(
          *PERIODS, readings=("each pair is periodic in a real position", "the code is periodic"),
          note="The pair i returns after 2 pi 10000^(2i/d). The code as a whole returns after T only if T is a whole "
               "number of turns of every pair; no whole number of positions is, since pi is irrational, and a period "
               "would give two positions one code. What carries over to long sequences is that the formula has a value "
               "at every position (S001-020)."), cited=(LAMBERT_1768,)), PERIODS)  # fmt: skip

# Section 9: RoPE ------------------------------------------------------------------------------------------
claim("S001-024", SOURCE, "section 9", r"q_m\,e^{\mathrm i m\theta}",
      "RoPE is the same idea with complex numbers.",
      proved("frequencies.code_is_rotation", "rope.complex",
             note="The sinusoidal code in (cos, sin) order is the RoPE rotation of (1, 0, 1, 0, ...)."),
      ["frequencies.code_is_rotation", "rope.complex"], reconstructed=True)  # fmt: skip

claim("S001-025", SOURCE, "section 9",
      r"\langle\hat q_m, \hat k_n\rangle = \mathrm{Re}\sum_j q_j\bar k_j e^{\mathrm i(m-n)\theta_j}",
      "The inner product of rotated queries and keys contains the relative position.",
      proved("rope.complex"), ["rope.complex", "rope.relative"], reconstructed=True)  # fmt: skip

MODULUS = Statement((), eq(rope(theta, m, vector, 2 * i) ** 2 + rope(theta, m, vector, 2 * i + 1) ** 2,
                           vector(2 * i) ** 2 + vector(2 * i + 1) ** 2))  # fmt: skip
claim("S001-026", SOURCE, "section 9, last sentence", None,
      "The offset changes phases only, not moduli.",
      proved("rope.isometry", (MODULUS, lambda p, goal: p.ring(
          goal.concl, *rotated_pair(p, m, vector, i), p.axiom("pythagoras", x=m * theta(i)))),
             note="The moduli of the rotated pairs; the score, a real part, does change with the offset."),
      ["rope.isometry"])  # fmt: skip

# Section 10: the listing ----------------------------------------------------------------------------------
claim("S001-027", SOURCE, "section 10, code",
      r"\texttt{div\_term = np.exp(np.arange(0, d\_model, 2) * -(np.log(10000.0) / d\_model))}",
      "The frequencies 1/10000^(2i/d) by exponential and logarithm.",
      proved("frequencies.exp_log", "frequencies.is_the_power"),
      ["frequencies.exp_log", "frequencies.is_the_power"])  # fmt: skip


def columns_are_filled() -> tuple[bool, str]:
    """The listing with its indentation: shapes for d = 4 and d = 5, and which columns hold what."""
    body = stored("s001_section_10_indented") + """
t = sinusoidal_position_encoding(3, 4)
w = np.array([1.0, 0.01])
p = np.arange(3)[:, np.newaxis]
errors = [abs(t[:, k::2] - f(p * w)).max() for k, f in enumerate((np.sin, np.cos))]
print(t.shape, (p * w).shape, *(e < 1e-15 for e in errors))
sinusoidal_position_encoding(3, 5)
"""
    seen = run(body)
    even = seen.stdout.splitlines()[-1] if seen.stdout else ""
    ok = even == "(3, 4) (3, 2) True True" and seen.exception == "ValueError"
    return ok, f"d = 4: {even}; d = 5: {seen.summary()}"


claim("S001-028", SOURCE, "section 10, code",
      r"\texttt{pe[:, 0::2] = np.sin(position * div\_term); pe[:, 1::2] = np.cos(position * div\_term)}",
      "Even columns hold the sines, odd columns the cosines; a column of positions times a row of frequencies.",
      executed("proved", columns_are_filled, by_theorem("frequencies.definition"),
               note="For even d, as everywhere in the document; an odd d_model stops with a ValueError, because there "
                    "is one cosine column less than frequencies."), ["frequencies.definition"])  # fmt: skip


def as_printed() -> tuple[bool, str]:
    """The listing verbatim, then with the indentation of the function's body."""
    printed, whole = stored("s001_section_10"), stored("s001_section_10_indented")
    first, second = run(printed), run(whole)
    ok = first.exception == "IndentationError" and parse(printed) is not None
    seen = f"as stored: {first.summary()}; with indentation: {second.summary()}"
    return ok and same_lines(printed, whole) and second.ok, seen


claim("S001-029", SOURCE, "section 10, code", None, "The listing runs as it stands.",
      executed("ill-typed", as_printed,
               note="The body of the function has lost its indentation, perhaps when the page was stored; with it the "
                    "same lines run to the end."))  # fmt: skip


LISTED_BETA = Statement((), eq(k * exp(2 * i * -(log(number(10**4)) / d)), beta), (d.head,))


def listed_beta(p: Proof, goal: Statement) -> Line:
    """exp(2i * -(ln 10000 / d)) is 1/10000^(2i/d)."""
    line = p.theorem("frequencies.exp_log", b=10**4, d=d, i=i)
    opened = p.by_definition(eq(line.rhs, 1 / rpow(number(10**4), exponent(i))), "frequency")
    return p.ring(goal.concl, line, opened)


claim("S001-029a", SOURCE, "section 10, code", r"\texttt{beta = k * div\_term[i]}",
      "The angle beta of the offset k in pair i, from the row of frequencies.",
      proved((LISTED_BETA, listed_beta), "frequencies.exp_log"), ["frequencies.exp_log"])  # fmt: skip


def numbers_agree() -> tuple[bool, str]:
    """What the listing with its indentation prints."""
    seen = run(stored("s001_section_10_indented"))
    lines = seen.stdout.splitlines()
    values = [line.split(": ")[1] for line in lines] if len(lines) == 3 else []
    return seen.ok and len(values) == 3 and values[0] == values[1] and values[2] == "[0.000000, 0.000000]", (
        f"{seen.summary()}; " + " and ".join(values))  # fmt: skip


claim("S001-030", SOURCE, "section 10, code",
      r"\texttt{calc\_even = e*cos(beta) + o*sin(beta); calc\_odd = o*cos(beta) - e*sin(beta)}",
      "The shift identity, compared with numbers at position 10, offset 3, pair 10.",
      executed("proved", numbers_agree, by_theorem("sinusoidal.shift_pair")), ["sinusoidal.shift_pair"])  # fmt: skip

TENTH = Statement((), const("and", eq(PE(theta, pos, number(20, "N")), sin(pos * theta(number(10, "N")))),
                            eq(PE(theta, pos, number(21, "N")), cos(pos * theta(number(10, "N"))))))  # fmt: skip


def tenth(p: Proof, goal: Statement) -> Line:
    """20 = 2 * 10 and 21 = 2 * 10 + 1."""
    ten = number(10, "N")
    return p.both(*(p.convert(component(p, PE, pos, index), part) for index, part in zip(
        (2 * ten, 2 * ten + 1), goal.concl.args, strict=True)))  # fmt: skip


claim("S001-031", SOURCE, "section 10, comment in the code", r"2i = 20,\ 2i+1 = 21",
      "Pair 10 is made of the components 20 and 21.", proved((TENTH, tenth), note="Counted from 0."))  # fmt: skip

P, K = var("pos", "N"), var("k", "N")
ROWS = Statement((), const("and", lt(P + K, P + K + 1), negation(lt(P + K, P + K))))


def rows(p: Proof, goal: Statement) -> Line:
    """Rows are counted from 0: a table of n rows has the rows below n."""
    less = p.assume(goal.concl.args[1].args[0])
    return p.both(p.pos(goal.concl.args[0]), p.discharge(p.pos(const("false"), less), less.concl))


claim("S001-032", SOURCE, "section 10, code", r"\texttt{sinusoidal\_position\_encoding(pos + k + 1, d\_model)}",
      "A table of pos + k + 1 rows holds row pos + k.", proved((ROWS, rows),
                                                               note="And none shorter does."))  # fmt: skip

# Summary --------------------------------------------------------------------------------------------------
claim("S001-033", SOURCE, "summary", r"PE(pos+k) = M\cdot PE(pos)",
      "The matrix of the shift depends on the relative distance k alone, and not on pos.", SIGNED, SHIFT,
      reconstructed=True)  # fmt: skip

claim("S001-034", SOURCE, "summary", None,
      "A model can learn what two words at a distance k have to do with each other, and copes with longer sequences.",
      not_mathematical("what a model learns and how it extrapolates are empirical matters; that the code exists at "
                       "every position is S001-020"), ["frequencies.offset_selector"])  # fmt: skip

claim("S001-035", SOURCE, "last paragraph", None, "Later schemes such as RoPE and ALiBi come from a similar insight.",
      not_mathematical("a remark on the history of ideas"))  # fmt: skip
