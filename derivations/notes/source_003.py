"""Claims of source 003: Su Jianlin, "Transformer upgrade 1: tracing the sinusoidal position code" (2021).

Conventions of the document: vectors are columns, components are counted from 0 (eq. 1 and 10), and the position
code has the cosine first from eq. 9 on. The comments below the article belong to the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import derivations.breaking
import derivations.directions
import derivations.symmetry  # noqa: F401 (theorems that are cited by name)
from derivations.almost_periodic import tends_to_zero
from derivations.attention import LOOKING, PX, TWO, X, attend, c, d, d_k, n, s
from derivations.bilinear import HALF, A, form, h
from derivations.blocks import blocks, weave, woven
from derivations.complex_plane import F0, POLAR, R0, VALUES, held, r1, r2, x1, x2
from derivations.decay import (
    ALWAYS_SLOWER,
    CONSTANT_FREQUENCY,
    JUST_ABOVE,
    conjunction,
    constant_frequency,
    half_as_fast,
    integral,
    just_above,
)  # fmt: skip
from derivations.exchange import CODED_VECTORS, YX, value
from derivations.exchange import pooled as causal_sum
from derivations.exchange import row as causal_row
from derivations.falloff import MEETS
from derivations.frequencies import LAMBERT_1768, as_exponential, exponent, frequency, rpow
from derivations.readout import (
    UNEQUAL_WEIGHTS,
    Y,
    Z,
    plane,
)  # fmt: skip
from derivations.readout import A as FIRST_WEIGHT
from derivations.readout import B as SECOND_WEIGHT
from derivations.relative import FIRST_PAIR, diagonal_form, only_sums
from derivations.relative import base as B
from derivations.relative import thetas as LADDER
from derivations.sinusoidal import PE, PE_cosine, cos, kernel, sin, theta
from derivations.vectors import entry
from symcheck.checker import balls, perm
from symcheck.claims import THEOREMS, Evidence, Piece, Source, claim
from symcheck.evidence import (
    approximate,
    by_theorem,
    convention,
    executed,
    ill_typed,
    not_mathematical,
    proved,
    proved_under,
    refuted,
    refutes,
)  # fmt: skip
from symcheck.listings import run
from symcheck.numerics import Undefined, evaluate
from symcheck.prove.lemmas import SEQUENCE, sum_ext, total
from symcheck.prove.proof import Line, Proof, ProofError, Statement
from symcheck.prove.refute import compute, contradict, decide, denial, matrix, table
from symcheck.terms import Term, const, eq, forall, lam, lt, negation, number, substitute, var

SOURCE = Source(
    file="003_01502a0f2f74b240.txt", key="S003", title="Transformer升级之路:1、Sinusoidal位置编码追根溯源",
    author="苏剑林", date="2021-03-08", address="https://kexue.fm/archives/8231", language="zh",
)  # fmt: skip
m, k = var("m"), var("n")
i = var("i", "N")
DISTANCE = var("x")
OFFSETS = "section on relative positions"
DECAY = "section on long-range decay"
GENERAL = "section on the general case"
DISCUSSION = "section on open questions"
THREAD = "comments of 2021-09-25"


def denied(statement: Statement, values: dict, note: str, role: str = "refutation") -> Piece:
    """The refutation of a statement whose hypotheses and conclusion are propositions about functions."""

    def prove(p: Proof, _: Statement) -> Line:
        closed = p.assume(statement.closed())
        line = p.specialise(closed, *(values[v.name] for v in statement.variables))
        while not line.concl.is_const("false"):
            if line.concl.is_const("and"):
                line = p.parts(line)[0]
            premise = line.concl.args[0]
            try:
                line = p.mp(line, held(p, premise))
            except ProofError:
                line = p.mp(line, decide(p, premise))
        return p.discharge(line, closed.concl)

    return Piece(role, denial(statement), prove, None, note, statement)


def also(evidence: Evidence, *pieces: Piece) -> Evidence:
    """The evidence with further pieces."""
    return replace(evidence, pieces=(*evidence.pieces, *pieces),
                   witness="; ".join((evidence.witness, *(p.note for p in pieces if p.denies))))  # fmt: skip


# The code, and the symmetry that it breaks --------------------------------------------------------------
claim("S003-001", SOURCE, "introduction, eq. 1",
      r"\boldsymbol p_{k,2i}=\sin(k/10000^{2i/d}),\ \boldsymbol p_{k,2i+1}=\cos(k/10000^{2i/d})",
      "The sinusoidal code: sines at the even components, cosines at the odd ones.",
      proved("frequencies.definition"), ["frequencies.definition"])  # fmt: skip

ONE_ROW = by_theorem("attention.not_invariant", "without")
POOLED = "the scalar is a sum over the rows, sum_i g(<w, o_i>) with any w and g; one component of one row is not"

SYMMETRIC_SCALARS = ["symmetry.same_outputs", "attention.pooled_invariance"]
claim("S003-002", SOURCE, "section on the Taylor expansion, before eq. 2", None,
      "The model may be taken to be a scalar function without loss of generality.",
      not_mathematical("a choice of what is modelled; that eq. 2 holds for scalars that forget the rows, and not for a "
                       "component of one row, is S003-003, and what becomes of vector outputs S003-060"),
      [*SYMMETRIC_SCALARS, "attention.not_invariant", "attention.equivariance"])  # fmt: skip

claim("S003-003", SOURCE, "section on the Taylor expansion, eq. 2",
      r"f(\cdots,x_m,\cdots,x_n,\cdots)=f(\cdots,x_n,\cdots,x_m,\cdots)\ \forall m,n",
      "Attention without a mask is a totally symmetric function of its inputs.",
      also(proved_under([POOLED], "symmetry.same_outputs", ONE_ROW,
                        note="The text asks for a scalar f and no mask; it leaves out that the scalar must forget the "
                             "rows."),
           by_theorem("attention.pooled_invariance")),
      [*SYMMETRIC_SCALARS, "attention.equivariance", "attention.not_invariant"])  # fmt: skip

claim("S003-004", SOURCE, "section on the Taylor expansion, after eq. 3",
      r"\tilde f(\cdots,x_m,\cdots,x_n,\cdots)=f(\cdots,x_m+p_m,\cdots,x_n+p_n,\cdots)",
      "As soon as the codes differ, the symmetry is in general broken.",
      proved("readout.codes_tell", "readout.codes_break",
             note="In general: for any codes that differ, some symmetric f loses its symmetry. A single f keeps "
                  "its symmetry exactly if moving p_m - p_n from one input to the other changes nothing, as for "
                  "f(x, y) = x + y."),
      ["readout.codes_tell", "readout.codes_break", "breaking.codes"])  # fmt: skip

claim("S003-005", SOURCE, "section on the Taylor expansion, eq. 4",
      r"\tilde f \approx f + p_m^\top \frac{\partial f}{\partial x_m} + p_n^\top \frac{\partial f}{\partial x_n}"
      r" + \tfrac12 p_m^\top \frac{\partial^2 f}{\partial x_m^2} p_m"
      r" + \tfrac12 p_n^\top \frac{\partial^2 f}{\partial x_n^2} p_n"
      r" + p_m^\top \frac{\partial^2 f}{\partial x_m \partial x_n} p_n",
      "Second-order expansion of the encoded model in the two position codes.",
      proved("taylor.second_order"), ["taylor.second_order"])  # fmt: skip

claim("S003-006", SOURCE, "section on the Taylor expansion, after eq. 4", None,
      "The first term carries no code, the second to fifth carry one each.",
      proved("taylor.coupling"), ["taylor.coupling"])  # fmt: skip

claim("S003-007", SOURCE, "section on the Taylor expansion, after eq. 4", r"p_m^\top\mathcal Hp_n",
      "The sixth term is the first in which both codes occur.",
      proved("taylor.coupling"), ["taylor.coupling"])  # fmt: skip

# Relative positions -------------------------------------------------------------------------------------
claim("S003-008", SOURCE, f"{OFFSETS}, eq. 5", r"\langle p_m,p_n\rangle=g(m-n)",
      "What is asked for: inner products of codes are a function of the offset.",
      proved("sinusoidal.gram_cosine_first", note="The sinusoidal code meets the demand."),
      ["sinusoidal.gram_cosine_first"])  # fmt: skip

claim("S003-009", SOURCE, f"{OFFSETS}, eq. 6", r"\langle p_m,p_n\rangle=\text{Re}[p_mp_n^*]",
      "The inner product of plane vectors, written with complex numbers.",
      proved("complex_plane.inner_product"), ["complex_plane.inner_product"])  # fmt: skip

claim("S003-010", SOURCE, f"{OFFSETS}, eq. 7", r"p_mp_n^*=q_{m-n}",
      "It is enough that the whole complex product depends on the offset.",
      proved("complex_plane.sufficient"), ["complex_plane.sufficient"])  # fmt: skip


def turn(f: Callable[[Term], Term], place: int) -> Callable[[Proof, Term], Line]:
    """The polar hypotheses at r = R = 1, phi_m = 2 pi, phi_n = Phi = 0."""
    def prove(p: Proof, goal: Term) -> Line:
        full = p.parts(p.theorem("complex_plane.full_turn"))[place]
        start = p.axiom("cos_zero" if place == 0 else "sin_zero")
        return p.ring(goal, full, start)
    return prove


SAME_PHASE = Statement((*POLAR, lt(0, R0)), const("and", eq(r1 * r2, R0), eq(x1 - x2, F0)), VALUES)
claim("S003-011", SOURCE, f"{OFFSETS}, eq. 8",
      r"r_m r_n e^{\text{i}(\phi_m - \phi_n)} = R_{m-n} e^{\text{i}\Phi_{m-n}}\Rightarrow r_m r_n = R_{m-n},\ "
      r"\phi_m - \phi_n=\Phi_{m-n}",
      "Equal complex numbers have equal moduli and equal arguments.",
      proved_under(["arguments are compared modulo 2 pi"], "complex_plane.polar",
                   refutes(SAME_PHASE, {"r_m": 1, "r_n": 1, "phi_m": 2 * const("pi"), "phi_n": 0, "R": 1, "Phi": 0},
                           role="without", hypotheses={0: turn(cos, 0), 1: turn(sin, 1)}),
                   note="For numbers that are not 0, as polar form takes for granted. The solution e^(im theta) that is "
                        "drawn from it does not feel multiples of 2 pi."),
      ["complex_plane.polar", "complex_plane.full_turn"])  # fmt: skip

claim("S003-012", SOURCE, f"{OFFSETS}, after eq. 8", r"n=m:\ r_m^2=R_0", "All codes have the same radius.",
      proved("complex_plane.radius"), ["complex_plane.radius"])  # fmt: skip

claim("S003-013", SOURCE, f"{OFFSETS}, after eq. 8", r"n=0:\ \phi_m-\phi_0=\Phi_m",
      "Phases relative to position 0.", proved("complex_plane.phase"), ["complex_plane.phase"])  # fmt: skip

claim("S003-014", SOURCE, f"{OFFSETS}, after eq. 8",
      r"\phi_0=0\Rightarrow\phi_m-\phi_n=\phi_{m-n},\ \phi_m-\phi_{m-1}=\phi_1",
      "The phases are an arithmetic progression with the general term m theta.",
      proved("complex_plane.progression"), ["complex_plane.progression"])  # fmt: skip

claim("S003-015", SOURCE, f"{OFFSETS}, eq. 9",
      r"p_m = e^{\text{i}m\theta}\Leftrightarrow p_m=(\cos m\theta,\sin m\theta)^\top",
      "The code of two components: a point that runs round the circle.",
      proved("complex_plane.solution"), ["complex_plane.solution"])  # fmt: skip

claim("S003-016", SOURCE, f"{OFFSETS}, eq. 10",
      r"p_m=(\cos m\theta_0,\sin m\theta_0,\dots,\cos m\theta_{d/2-1},\sin m\theta_{d/2-1})^\top",
      "For an even dimension, plane codes are stacked.",
      proved("sinusoidal.gram_cosine_first"), ["sinusoidal.gram_cosine_first"])  # fmt: skip

claim("S003-017", SOURCE, f"{OFFSETS}, after eq. 10", None,
      "The stacked code has inner products that see offsets only; other codes have them too.",
      proved("sinusoidal.gram_cosine_first", "complex_plane.another_solution", "sinusoidal.gram",
             note="Other solutions: another starting phase, or the sine first as in eq. 1."),
      ["sinusoidal.gram_cosine_first", "complex_plane.another_solution", "sinusoidal.gram"])  # fmt: skip


def exchanged(p: Proof, goal: Statement) -> Line:
    from derivations.sinusoidal import component, pos

    lines = [p.at(component(p, of, pos, index), theta=theta) for of in (PE_cosine, PE)
             for index in (2 * i, 2 * i + 1)]  # fmt: skip
    return p.both(*(p.ring(part, *lines) for part in goal.concl.args))


POSITION = var("pos")
claim("S003-018", SOURCE, f"{DECAY}, first paragraph", None,
      "The stacked code is the sinusoidal one with sine and cosine exchanged in each pair; an order of the "
      "components is of no consequence.",
      proved((Statement((), const("and", eq(PE_cosine(theta, POSITION, 2 * i), PE(theta, POSITION, 2 * i + 1)),
                                  eq(PE_cosine(theta, POSITION, 2 * i + 1), PE(theta, POSITION, 2 * i)))), exchanged),
             "readout.reordered_components"), ["readout.reordered_components"])  # fmt: skip


def power(p: Proof, goal: Statement) -> Line:
    line = p.at(as_exponential(p, i), b=10000)
    return p.convert(line, goal.concl, "rpow")


claim("S003-019", SOURCE, f"{DECAY}, second paragraph", r"\theta_i=10000^{-2i/d}",
      "The frequencies that eq. 1 chooses.",
      proved((Statement((), eq(frequency(10000, var("d", "N"), i), rpow(number(10000), -exponent(i)))), power)),
      ["frequencies.definition"])  # fmt: skip

claim("S003-020", SOURCE, f"{DECAY}, second paragraph",
      r"\langle p_m,p_n\rangle\to0\ \text{'trend' as}\ |m-n|\to\infty",
      "Inner products tend to fall off towards zero with growing distance.",
      approximate("falloff.finite", "falloff.sum_error", "decay.limit", "almost_periodic.first_rise",
                  "almost_periodic.first_negative",
                  range="at the distance x, 2/d times the inner product follows the integral K(x) up to 2x(1 - 1/b)/d, and "
                        "that follows 1 - (ln x + gamma)/ln b up to (1/x + 2/x^2 + x^2/(4b^2))/ln b, gamma Euler's "
                        "constant; for the base 10000 it falls from distance to distance up to 3 for d = 4, 11 for d = 128 "
                        "and 43 for d = 512, where it first rises",
                  more=[by_theorem("almost_periodic.sinusoidal", "limit")],
                  note="A tendency, not a limit: for no d does the inner product tend to 0, it comes back near d/2 again "
                       "and again. Nor is it monotone, nor positive (first negative at 22 for d = 4, at 91 for d = 16; at "
                       "3284 for d = 512, where it is not proved that no earlier distance is negative). What tends to 0 is "
                       "the integral, d being infinite.",
                  cited=("Bohr 1932 (almost periodic functions: limsup = d/2)",)),
      ["falloff.finite", "falloff.sum_error", "decay.limit", "almost_periodic.sinusoidal", "almost_periodic.persists",
       "almost_periodic.first_rise", "almost_periodic.first_negative"])  # fmt: skip

claim("S003-021", SOURCE, f"{DECAY}, second paragraph", None,
      "Tokens far apart should be less related, and the decay agrees with that.",
      not_mathematical("an intuition about language; the decay itself is claims 020 to 027"))  # fmt: skip

claim("S003-022", SOURCE, f"{DECAY}, eq. 11, line 1",
      r"\langle p_m,p_n\rangle=\text{Re}[e^{\text{i}(m-n)\theta_0}+e^{\text{i}(m-n)\theta_1}+\cdots"
      r"+e^{\text{i}(m-n)\theta_{d/2-1}}]",
      "The inner product is the real part of a sum of exponentials, that is, a sum of cosines.",
      proved("sinusoidal.gram_cosine_first"), ["sinusoidal.gram_cosine_first"])  # fmt: skip

claim("S003-023", SOURCE, f"{DECAY}, eq. 11, line 2",
      r"=\frac{d}{2}\cdot\text{Re}\left[\sum_{i=0}^{d/2-1} e^{\text{i}(m-n)10000^{-i/(d/2)}}\frac{1}{d/2}\right]",
      "The sum is d/2 times a left Riemann sum.",
      proved("decay.riemann_form"), ["decay.riemann_form"])  # fmt: skip

claim("S003-024", SOURCE, f"{DECAY}, eq. 11, line 3",
      r"\sim\frac{d}{2}\cdot\text{Re}\left[\int_0^1 e^{\text{i}(m-n)\cdot 10000^{-t}}dt\right]",
      "The Riemann sum goes over into an integral.",
      approximate("falloff.sum_error",
                  range="the two sides, divided by d/2, differ by at most 2x(1 - 1/10000)/d at the distance x = |m - n|",
                  note="For a fixed distance and d to infinity; not uniformly in the distance."),
      ["falloff.sum_error", "falloff.variation", "decay.riemann_error"])  # fmt: skip

claim("S003-025", SOURCE, DECAY, r"\int_0^1 e^{\text{i}(m-n)\theta_t}dt\to0",
      "The oscillatory integral tends to zero.",
      proved("decay.limit", "decay.exponential",
             note="Real part (c = 0) and imaginary part (c = -pi/2) for theta_t = 10000^(-t); the rate is 2b/(x ln b)."),
      ["decay.limit", "decay.exponential"])  # fmt: skip

LISTING = r"""\[Theta][t_] = (1/10000)^t;
f[x_] = Re[Integrate[Exp[I*x*\[Theta][t]], {t, 0, 1}]];
Plot[f[x], {x, -128, 128}]"""
#: Reads the listing with SymPy's parser of the language, and integrates what it says numerically.
READ = f"""
import mpmath, sympy
from sympy.parsing.mathematica import parse_mathematica
lines = [s.strip() for s in {LISTING!r}.replace(chr(92) + "[Theta]", "theta").split(";")]
theta, f = (parse_mathematica(s.split("=", 1)[1]) for s in lines[:2])
plot = parse_mathematica(lines[2])
t, x = sympy.symbols("t x")
(call,) = f.args
integrand, limits = call.args
assert f.func is sympy.re and call.func.__name__ == "Integrate" and tuple(limits) == (t, 0, 1)
assert tuple(plot.args[1]) == (x, -128, 128)
integrand = integrand.replace(sympy.Function("theta"), lambda z: theta.subs(t, z))
for value in (1, 16, 128):
    function = sympy.lambdify(t, sympy.re(integrand.subs(x, value).rewrite(sympy.cos)), "mpmath")
    print(value, mpmath.nstr(mpmath.quad(lambda z: mpmath.re(function(z)), [k / 16 for k in range(17)]), 12))
"""


def listing_is_the_integral() -> tuple[bool, str]:
    """The listing's integral and the closed form agree at three distances."""
    result = run(READ)
    if not result.ok:
        return False, result.summary()
    values = dict(line.split() for line in result.stdout.splitlines())
    closed = [closed_value(int(x)) for x in values]
    return (all(abs(float(v) - k) < 1e-9 for v, k in zip(values.values(), closed, strict=True)) and len(values) == 3,
            ", ".join(f"f({x}) = {v}" for x, v in values.items()))  # fmt: skip


def closed_value(x: int) -> float:
    """(Ci(x) - Ci(x/10000))/ln 10000 by balls."""
    term = (const("Ci", number(x)) - const("Ci", number(x) / 10_000)) / const("log", number(10_000))
    return float(balls.evaluate(term).mid())


claim("S003-026", SOURCE, f"{DECAY}, listing (Mathematica)", LISTING,
      "A listing that plots the real part of the integral for distances up to 128.",
      executed("proved", listing_is_the_integral, by_theorem("decay.closed_form"),
               note="Parsed and integrated numerically; in closed form it is (Ci(x) - Ci(x/10000))/ln 10000 for x > 0, and "
                    "even in x."),
      ["decay.closed_form"])  # fmt: skip

claim("S003-027", SOURCE, f"{DECAY}, after the plot", None, "The plot shows a decay.",
      approximate("falloff.logarithm", "decay.window", "decay.exponential",
                  range="at the distance x the integral is 1 - (ln x + gamma)/ln b up to "
                        "(1/x + 2/x^2 + x^2/(4b^2))/ln b, gamma Euler's constant; for the base 10000 it falls from 1 at 0 "
                        "over 0.635 at 16 to 0.411 at 128, the edge of the plot; far out it is at most 2b/(x ln b)"),
      ["falloff.logarithm", "decay.window", "decay.exponential"])  # fmt: skip

NO_STATIONARY_POINT = "h_t / theta_t' has a bounded derivative on [0, 1]: theta' has no zero there, and h is smooth"
FLAT = Piece("without", denial(CONSTANT_FREQUENCY), lambda p, _: constant_frequency(p), None,
             "theta_t = 0 for all t: monotone and smooth, and the integral is 1 at every distance", CONSTANT_FREQUENCY)

claim("S003-028", SOURCE, DECAY, None, "Almost every monotone smooth theta_t gives such a decay.",
      proved_under([NO_STATIONARY_POINT + " (with h = 1)"], "decay.smooth", FLAT,
                   note="The condition says what 'almost' stands for. Where theta' vanishes at a point the decay may hold "
                        "and be slower, as for the powers t^n (decay.power)."),
      ["decay.smooth", "decay.oscillatory", "decay.power"])  # fmt: skip

claim("S003-029", SOURCE, DECAY, r"\theta_t = t^{\alpha}", "Powers decay too.",
      proved("falloff.real_power", "decay.power",
             note="For every real alpha > 0; real part (c = 0) and imaginary part (c = -pi/2). For a real alpha the "
                  "integral is written with t = e^(-u), from 1 down to any e^(-R); for alpha = 1, 2, 3, ... it is also "
                  "stated over [0, 1] itself."),
      ["falloff.real_power", "decay.power", "decay.power_bound", "decay.linear"])  # fmt: skip

claim("S003-030", SOURCE, f"{DECAY}, comparison", None,
      "Of the curves that are compared, only that of theta_t = t meets the horizontal axis.",
      proved_under(["distances up to 617.66"], "falloff.only_linear_vanishes",
                   refutes(Statement((lt(0, DISTANCE),), MEETS), {"x": 618}, role="without",
                           note="at 618 the integral for the base 1000 is negative"),
                   note="Compared here: t, t^2, t^3, 1000^(-t) and 10000^(-t); the picture is not in the stored text, and "
                        "its range not known (the listing before plots up to 128). "
                        "sin(x)/x crosses first, at pi. The exponentials cross as well, at 617.6616 for the base 1000 and "
                        "at 6166.0285 for 10000; t^2 and t^3 never do."),
      ["falloff.only_linear_vanishes", "falloff.powers_positive", "decay.first_zero_10000", "decay.first_zero_1000",
       "decay.linear"])  # fmt: skip

CROSSED = ("falloff.crossing_2_1000", "falloff.crossing_2_10000", "falloff.crossing_3_1000", "falloff.crossing_3_10000")
claim("S003-031", SOURCE, f"{DECAY}, comparison", None, "Powers fall faster at short distances.",
      approximate(*CROSSED, "decay.short_distance",
                  range="from distance 1 on the power is the lower one up to the first crossing: t^2 against 1000^(-t) up "
                        "to 490.0685, against 10000^(-t) up to 5617.6733; t^3 up to 239.9012 and 3656.4187",
                  note="All integrals are 1 at distance 0, so the lower one has fallen further. Measured by the fall from "
                       "distance 1 to 16 the powers are the faster ones too (decay.short_distance)."),
      [*CROSSED, "decay.short_distance"])  # fmt: skip

claim("S003-032", SOURCE, f"{DECAY}, comparison", None, "Exponentials fall faster at long distances.",
      approximate(*CROSSED, "decay.first_zero_1000", "decay.first_zero_10000", "falloff.overshoot",
                  range="the exponential lies between 0 and the power: against t^2, 1000^(-t) from 491 to its zero at "
                        "617.66 and 10000^(-t) from 5623 to its zero at 6166.02; against t^3 from 244 and from 3657 to "
                        "the same zeros",
                  note="Before that the powers are the lower ones; from 16 to 128 the exponentials fall by more "
                       "(decay.long_distance). Past their zeros the exponentials overshoot and are larger in size than the "
                       "powers for a long while: at 1000, -0.049 against 0.020. In the end they are smaller, at most "
                       "2b/(x ln b) in size, since the powers fall like x^(-1/2) and x^(-1/3)."),
      [*CROSSED, "decay.first_zero_1000", "decay.first_zero_10000", "falloff.overshoot", "decay.long_distance",
       "decay.exponential"])  # fmt: skip

claim("S003-033", SOURCE, f"{DECAY}, comparison", None,
      "The nearer theta_t is to 0 as a whole, the slower the decay.",
      also(proved_under(["distances with x eta_t <= pi for all t, where eta_t is the larger of the two frequencies"],
                        "decay.slower",
                        Piece("without", denial(JUST_ABOVE), lambda p, _: just_above(p), None,
                              "the bound 3.1416 in the place of pi: theta_t = pi and eta_t = 3.1416 at the distance 1, -1 "
                              "against cos(3.1416) > -1", JUST_ABOVE),
                        note="The bound pi is sharp for all pairs together. Single pairs do better: the integral for "
                             "1000^(-t) is below that for 10000^(-t) from distance 1 to 4553.6607, where they cross."),
           Piece("without", denial(ALWAYS_SLOWER), lambda p, _: half_as_fast(p), None,
                 "theta_t = t/2 against t at the distance 3 pi: -2/(3 pi) < 0", ALWAYS_SLOWER),
           by_theorem("falloff.two_bases")),
      ["decay.slower", "falloff.two_bases"])  # fmt: skip

claim("S003-034", SOURCE, DECAY, r"\theta_t=1000^{-t}",
      "The author would take the base 1000; nothing singles out 10000.",
      not_mathematical("a preference; how the two bases compare is in claims 030 and 033"))  # fmt: skip

claim("S003-035", SOURCE, f"{DECAY}, last sentence", None, "The frequencies may be the start of a training.",
      not_mathematical("a proposal for training"))  # fmt: skip

claim("S003-036", SOURCE, f"{GENERAL}, first paragraph", None,
      "Eq. 5 and the wish for decay lead back to the sinusoidal code.",
      not_mathematical("a summary of the heuristic; its steps are claims 008 to 033, and the text itself says that "
                       "neither step has one solution only"))  # fmt: skip

# A general H --------------------------------------------------------------------------------------------
K = var("H", ("N", "N", "R"))
FIRST = number(1, "N")


def eq12(i: Term) -> Term:
    """The i-th term of eq. 12, as printed."""
    return (K(2 * i, 2 * i) * (cos(m * theta(i)) * cos(k * theta(i)))
            + K(2 * i + 1, 2 * i + 1) * (sin(m * theta(i)) * sin(k * theta(i))))  # fmt: skip


def eq13(i: Term) -> Term:
    """The i-th term of eq. 13, as printed."""
    return (HALF * (K(2 * i, 2 * i) + K(2 * i + 1, 2 * i + 1)) * cos((m - k) * theta(i))
            + HALF * (K(2 * i, 2 * i) - K(2 * i + 1, 2 * i + 1)) * cos((m + k) * theta(i)))  # fmt: skip


def index_range(term: Callable[[Term], Term]) -> Callable[[], tuple[bool, str]]:
    """Evaluates the sum over i = 1 .. d/2 for d = 2 on a 2 x 2 matrix and one frequency, and that from i = 0."""

    def check() -> tuple[bool, str]:
        values = {"m": 1.0, "n": 0.0, "H": [[1.0, 0.0], [0.0, 1.0]], "theta": [1.0], "h": 1}
        evaluate(total(h, term), values)  # i = 0 .. d/2 - 1 is well typed
        try:
            evaluate(total(h, lambda i: term(i + 1)), values)
        except Undefined as e:
            return True, f"d = 2, i = 1: {e}"
        return False, "every index is in range"

    return check


RANGE = ("With i = 1, ..., d/2 the components 2i and 2i + 1 reach d + 1 and theta_i reaches theta_(d/2); components "
         "are counted 0 to d - 1 in eq. 1, frequencies 0 to d/2 - 1 in eq. 10. Counted from 1, components 2i + 1 "
         "still reach d + 1. The sum runs from i = 0 to d/2 - 1.")  # fmt: skip
claim("S003-037", SOURCE, f"{GENERAL}, eq. 12",
      r"p_m^\top\mathcal Hp_n=\sum_{i=1}^{d/2}\mathcal H_{2i,2i}\cos m\theta_i\cos n\theta_i"
      r"+\mathcal H_{2i+1,2i+1}\sin m\theta_i\sin n\theta_i",
      "The bilinear form of a diagonal matrix as a sum over pairs.",
      ill_typed(index_range(eq12), "bilinear.diagonal", note=RANGE), ["bilinear.diagonal"])  # fmt: skip

claim("S003-038", SOURCE, f"{GENERAL}, eq. 13",
      r"\sum_{i=1}^{d/2}\tfrac12(\mathcal H_{2i,2i}+\mathcal H_{2i+1,2i+1})\cos(m-n)\theta_i"
      r"+\tfrac12(\mathcal H_{2i,2i}-\mathcal H_{2i+1,2i+1})\cos(m+n)\theta_i",
      "The same by sums and differences of angles.",
      ill_typed(index_range(eq13), "bilinear.product_to_sum", note=RANGE + " The terms are right."),
      ["bilinear.product_to_sum"])  # fmt: skip

claim("S003-039", SOURCE, f"{GENERAL}, after eq. 13", r"\mathcal H_{2i,2i}=\mathcal H_{2i+1,2i+1}",
      "Equal entries within the pairs remove the part in m + n.",
      proved("bilinear.equal_pairs"), ["bilinear.equal_pairs", "bilinear.diagonal_not_relative"])  # fmt: skip

H, ONES = var("H", ("N", "R")), lam("N", lambda _: number(1))
ALTERNATING = lam("N", lambda j: weave(ONES, lam("N", lambda _: number(-1)), j))
#: Without the condition: an entry of the pair is not 0.
SEES_OFFSET = Statement((lt(1, B), lt(i, h), negation(eq(H(2 * i), 0))), negation(only_sums(h, LADDER)),
                        (B.head, h.head, H.head))  # fmt: skip


def sums_alone(p: Proof, _: Statement) -> Line:
    """d = 2, H = diag(1, -1): p_m^T H p_n = cos(m + n)."""
    closed = p.assume(SEES_OFFSET.closed())
    values = {"b": number(10_000), "h": number(1, "N"), "H": ALTERNATING, "i": number(0, "N")}
    line = p.specialise(closed, *(values[v.name] for v in SEES_OFFSET.variables))
    for _ in SEES_OFFSET.hyps:
        line = p.mp(line, decide(p, line.concl.args[0]))
    ladder = lam("N", lambda j: frequency(number(10_000), 2 * number(1, "N"), j))
    u, v = var("m", "N"), var("n", "N")
    goal = p.specialise(p.assume(line.concl.args[0]), u, v).concl

    def alone(side: Term, x: Term, y: Term) -> Line:
        at = p.theorem("bilinear.product_to_sum", h=1, H=ALTERNATING, theta=ladder, m=x, n=y)
        shared = lam("N", lambda j: cos((u + v) * ladder(j)))

        def each(j: Term, _: Line) -> Line:
            entries = [woven(p, ALTERNATING(w)) for w in (2 * j, 2 * j + 1)]
            angle = cos((x + y) * ladder(j))
            return p.ring(eq(at.rhs.args[1](j), shared(j)), *entries, p.convert(p.refl(angle), eq(angle, shared(j))))

        return p.trans(p.convert(at, eq(side, at.rhs)), sum_ext(p, at.rhs.args[0], at.rhs.args[1], shared, each))

    parts = [alone(goal.args[0], const("real", u), const("real", v)), alone(goal.args[1], const("real", u + v), number(0))]
    every = p.generalise(p.trans(parts[0], p.symm(parts[1])), u, v)
    return p.discharge(p.mp(line, every), closed.concl)


claim("S003-040", SOURCE, f"{GENERAL}, after eq. 13", None,
      "With a diagonal matrix the form still has a part that depends on m - n.",
      also(proved_under(["H_(2i,2i) + H_(2i+1,2i+1), twice the coefficient of cos((m - n) theta_i), is not 0 in some pair"],
                        "relative.sinusoidal_sums",
                        Piece("without", denial(SEES_OFFSET), sums_alone, None,
                              "d = 2, H = diag(1, -1): p_m^T H p_n = cos(m + n) is a function of m + n alone",
                              SEES_OFFSET),
                        note="With the frequencies of eq. 1, and at the whole positions."),
           by_theorem("bilinear.product_to_sum")),
      ["relative.sinusoidal_sums", "relative.only_sums", "bilinear.product_to_sum"])  # fmt: skip

EVERY_DIAGONAL = Statement((lt(1, B), lt(0, h)), tends_to_zero(
    lambda z: diagonal_form(FIRST_PAIR, h, LADDER, const("real", z), number(0))), (B.head, h.head))  # fmt: skip


def first_pair_stays(p: Proof, _: Statement) -> Line:
    """d = 4, H = diag(1, 1, 0, 0): the form is cos(n), which is the inner product of two codes with d = 2."""
    closed = p.assume(EVERY_DIAGONAL.closed())
    line = p.specialise(closed, 10_000, 2)
    for _ in EVERY_DIAGONAL.hyps:
        line = p.mp(line, decide(p, line.concl.args[0]))
    never = p.theorem("almost_periodic.sinusoidal", p.ball(lt(1, number(10_000))), b=10_000, h=0)
    target = never.concl.args[0]
    e, n_ = var("e"), var("n", "N")
    size = p.assume(lt(0, e))

    def use(m: Term, found: Line) -> Line:
        below = p.assume(lt(m, n_))
        small = p.mp(p.specialise(found, n_), below)
        value = small.lhs.args[0]
        here = p.theorem("relative.first_pair", decide(p, lt(0, number(2, "N"))), b=10_000, h=2, m=const("real", n_), n=0)
        other = kernel(number(0, "N") + 1, lam("N", lambda j: frequency(number(10_000), 2 * (number(0, "N") + 1), j)), n_)
        waves = lam("N", lambda j: cos(n_ * frequency(number(10_000), number(2, "N"), j)))
        opened, wave = p.by_definition(eq(other, total(1, waves)), "kernel"), waves(number(0, "N"))
        one = p.convert(p.axiom("sum_successor", n=0, f=waves), eq(total(1, waves), total(0, waves) + wave))
        first = p.theorem("frequencies.first", b=10_000, d=2)
        angle = p.ring(eq(wave.args[0], n_ * number(1)), first)
        flat = p.rewrite(angle, p.refl(wave), lambda z: eq(wave, cos(z)))
        last = p.ring(eq(other, cos(n_ * number(1))), opened, one, p.axiom("sum_zero", f=waves), flat)
        same = p.trans(p.convert(here, eq(value, cos(n_ * number(1)))), p.symm(last))
        moved = p.rewrite(same, small, lambda z: lt(const("abs", z), e))
        every = p.generalise(p.discharge(moved, below.concl), n_)
        goal = p.specialise(p.assume(target), e).concl.args[1]
        return p.witness(goal, m, every)

    found = p.obtain(p.mp(p.specialise(line, e), size), use, name="m")
    tends = p.generalise(p.discharge(found, size.concl), e)
    return p.discharge(p.mp(never, tends), closed.concl)


claim("S003-040a", SOURCE, f"{GENERAL}, before eq. 14", None,
      "With a diagonal matrix the long-range decay remains.",
      also(proved_under(["as d grows, the diagonal entries are values of one and the same function h_t, for which h_t / "
                         "theta_t' has a bounded derivative on [0, 1], and the sums are replaced by their integrals"],
                        "decay.smooth",
                        Piece("without", denial(EVERY_DIAGONAL), first_pair_stays, None,
                              "H = diag(1, 1, 0, ..., 0), here for d = 4: the form is cos(m - n) for every d "
                              "(relative.first_pair), and cos(n) does not tend to 0", EVERY_DIAGONAL),
                        note="The condition is enough, not needed in full. Both parts are such integrals, in x = m - n and "
                             "in x = m + n, and m + n is at least |m - n| for positions from 0 on. For a fixed d "
                             "and H = I the sum does not tend to 0."),
           by_theorem("almost_periodic.sinusoidal", "limit")),
      ["decay.smooth", "decay.weighted", "relative.first_pair", "bilinear.product_to_sum"])  # fmt: skip

REAL_PART = Statement((), eq(integral(lambda t: sin(DISTANCE * rpow(number(10_000), -t))), 0))
claim("S003-041", SOURCE, f"{GENERAL}, eq. 14",
      r"\sum_{i=1}^{d/2}\frac{1}{2}\left(\mathcal{H}_{2i,2i}+\mathcal{H}_{2i+1,2i+1}\right)\cos(m-n)\theta_i"
      r"\sim\int_0^1 h_t e^{\text{i}(m-n)\theta_t}dt",
      "The weighted sum of cosines corresponds to a weighted oscillatory integral.",
      refuted(refutes(REAL_PART, {"x": 1}, note="H = I (h_t = 1), distance 1: the left side is real, the right side has the "
                                                "imaginary part int sin(10000^(-t)) dt, which is not 0"),
              "decay.weighted",
              note="The real part and the factor d/2 that eq. 11 has are missing, and the sum starts at 1 again. With them, "
                   "where h_t runs through the half sums of the entries and n = d/2, x = m - n in the corrected formula, "
                   "the two sides differ by at most M/2."),
      ["decay.weighted", "decay.riemann"])  # fmt: skip

claim("S003-042", SOURCE, f"{GENERAL}, after eq. 14", r"\int_0^1 h_t e^{\text{i}(m-n)\theta_t}dt\to0",
      "Under conditions that are easily met the weighted integral tends to zero.",
      proved("decay.smooth",
             note="The text names no condition, and this one is easily met: h_t / theta_t' has a bounded derivative on "
                  "[0, 1]. It gives the rate 1/x. By Riemann and Lebesgue any integrable weight will do for the same theta "
                  "(Rudin 1987, 9.6).",
             cited=("Riemann-Lebesgue lemma, Rudin 1987, Real and Complex Analysis, 9.6",)),
      ["decay.smooth"])  # fmt: skip

TURN = entry(blocks, lam("N", lambda _: number(0)), lam("N", lambda _: number(-1)), lam("N", lambda _: number(1)),
             lam("N", lambda _: number(0)))  # fmt: skip
RELATIVE = forall(["R", "R"], lambda m, k: eq(form(A, number(2, "N"), m, k), form(A, number(2, "N"), m - k, number(0))))
NEEDS_DIAGONAL = Statement((negation(eq(A(0, 1), 0)),), negation(RELATIVE), (A.head,))


def quarter_turn(p: Proof, _: Statement) -> Line:
    """H = [[0, -1], [1, 0]]: p_m^T H p_n = sin((m - n) theta)."""
    closed = p.assume(NEEDS_DIAGONAL.closed())
    line = p.specialise(closed, TURN, theta)
    line = p.mp(line, decide(p, line.concl.args[0]))
    entries = {"h": 1, "a": lam("N", lambda _: number(0)), "b": lam("N", lambda _: number(1)), "theta": theta}
    here = p.theorem("bilinear.conformal", m=m, n=k, **entries)
    there = p.theorem("bilinear.conformal", m=m - k, n=number(0), **entries)
    goal = p.specialise(p.assume(line.concl.args[0]), m, k).concl
    left = p.convert(here, eq(goal.args[0], here.rhs))
    right = p.convert(there, eq(goal.args[1], here.rhs))
    every = p.generalise(p.trans(left, p.symm(right)), m, k)
    return p.discharge(p.mp(line, every), closed.concl)


claim("S003-043", SOURCE, f"{GENERAL}, after eq. 14", None,
      "Where H is not diagonal, the relative form can hardly be had.",
      also(proved_under(["H is not made of blocks [[a, -b], [b, a]] on the pairs"], "relative.sinusoidal",
                        Piece("without", denial(NEEDS_DIAGONAL), quarter_turn, None,
                              "d = 2, H = [[0, -1], [1, 0]]: p_m^T H p_n = sin((m - n) theta) for every frequency",
                              NEEDS_DIAGONAL),
                        note="Read of eq. 5 alone: long-range decay in the sense of S003-040a remains for other matrices "
                             "that are block-diagonal on the pairs. For every d the form is a function of m - n for "
                             "blocks [[a, -b], [b, a]], diagonal or not (bilinear.conformal), and for no other H. They "
                             "commute with the rotations, and where b is not 0 the form sees the direction."),
           by_theorem("bilinear.conformal")),
      ["relative.sinusoidal", "relative.only_blocks", "bilinear.conformal", "bilinear.diagonal_not_relative",
       "bilinear.general_not_relative"])  # fmt: skip

claim("S003-043a", SOURCE, f"{GENERAL}, after eq. 14", None,
      "If the diagonal of H dominates, the properties hold approximately.",
      approximate("bilinear.off_diagonal",
                  range="p_m^T H p_n differs from what the diagonal of H gives by at most the sum of |H_rs| over r != s, at "
                        "all positions and for all frequencies"),
      ["bilinear.off_diagonal", "bilinear.product_to_sum"])  # fmt: skip

claim("S003-044", SOURCE, f"{GENERAL}, after eq. 14", None,
      "A dominant diagonal means that the components are nearly uncorrelated.",
      not_mathematical("an interpretation: H is a matrix of second derivatives of the model, correlation is a property "
                       "of data, and the text gives no map from one to the other"))  # fmt: skip

claim("S003-045", SOURCE, f"{GENERAL}, after eq. 14", None,
      "The covariance matrices of BERT's embeddings have large diagonals.",
      not_mathematical("a measurement on a trained model"))  # fmt: skip

# Discussion ---------------------------------------------------------------------------------------------
claim("S003-046", SOURCE, DISCUSSION, None,
      "Trained codes do better in BERT, and word embeddings are longer than position embeddings.",
      not_mathematical("a measurement on trained models"))  # fmt: skip

claim("S003-047", SOURCE, f"{DISCUSSION}, first step", None, "The Taylor step asks for small codes.",
      proved("taylor.second_order", "sinusoidal.gram_zero",
             note="The remainder is o(|p|^2): what is left out is known to be small for small codes only (for "
                  "f(x) = x^3 at 0 it is p^3). The sinusoidal code is not small by itself: |p|^2 = d/2 "
                  "at every position (g(0) = d/2)."),
      ["taylor.second_order", "sinusoidal.gram_zero"])  # fmt: skip

claim("S003-048", SOURCE, f"{DISCUSSION}, third step", None,
      "The inner product of two absolute codes can express a relative position.",
      proved("sinusoidal.gram_cosine_first"), ["sinusoidal.gram_cosine_first"])  # fmt: skip

# Comments -----------------------------------------------------------------------------------------------
#: Component i of a page with all sines first is component 2i here, whatever its frequencies.
PAGE = tuple(var(z, SEQUENCE) for z in ("a", "b", "a'", "b'"))
OTHER_PAGE = Statement((lt(i, n),), eq(const("stack", n, PAGE[2], PAGE[3], i), weave(PAGE[0], PAGE[1], 2 * i)), (n.head,))
SINES, OTHER_SINES = (table([sin(number(1)), sin(number(1) / w)]) for w in (100, 10_000))
COSINES = table([cos(number(1)), 1])  # of no account for the sines
claim("S003-049", SOURCE, "comment of 2021-08-31", r"0123,\ 0213",
      "For d = 4 a page elsewhere has the same four numbers in another order: its 0123 are the reader's 0213.",
      proved_under(["the page has the frequencies of eq. 1, of which the second is 1/100 for d = 4"], "readout.layout_0213",
                   refutes(OTHER_PAGE, {"n": 2, "a": SINES, "a'": OTHER_SINES, "b": COSINES, "b'": COSINES, "i": 1},
                           role="without",
                           note="position 1, second frequency 1/10000 on the page, as in Tensor2Tensor's spacing: "
                                "sin(1/10000) is not sin(1/100)"),
                   note="With the layout of all sines before all cosines on that page, and pairs as in eq. 1 here; the page "
                        "itself is not part of the document."),
      ["readout.layout_0213"])  # fmt: skip

claim("S003-050", SOURCE, THREAD,
      r"QK^TV\ \text{rows}\ X_1X_1X_1+X_1X_2X_2+X_1X_3X_3,\dots",
      "Three tokens with Q = K = V, multiplied out (no softmax, no scale).",
      proved("readout.products"), ["readout.products"])  # fmt: skip

claim("S003-051", SOURCE, THREAD, None,
      "Therefore the output depends on the positions: attention is not totally symmetric.",
      convention("attention.not_invariant", by_theorem("attention.pooled_invariance", "other reading"),
                 "attention.equivariance",
                 readings=("the output as a matrix", "a scalar that forgets the rows, as in eq. 2"),
                 note="The reader has the rows in mind, the article a scalar; equivariance connects the two."),
      ["attention.not_invariant", "attention.pooled_invariance", "attention.equivariance"])  # fmt: skip

claim("S003-052", SOURCE, THREAD, r"QK^TV(X1)\ \text{equal for both orders}",
      "The row that belongs to a token is the same in both orders.",
      proved("readout.products_equivariance", "attention.equivariance"),
      ["readout.products_equivariance", "attention.equivariance"])  # fmt: skip

#: Two features: (1, 0), (0, 0), (3, 0) with the codes (0, 1), (0, 0), (0, -1).
BALANCED = {"d": 2, "X": matrix([[1, 0], [0, 0], [3, 0]]), "P_pos": matrix([[0, 1], [0, 0], [0, -1]])}


def balanced(p: Proof, _: Statement) -> Line:
    """Both rows are (8, 0)."""
    closed = p.assume(CODED_VECTORS.closed())
    line = p.specialise(closed, *(BALANCED[v.name] for v in CODED_VECTORS.variables))
    same = p.assume(line.concl.args[0].args[0])
    second = p.mp(p.specialise(same, 1), p.ball(lt(number(1, "N"), number(2, "N"))))
    line = p.mp(line, p.discharge(contradict(p, second, []), same.concl))
    return p.discharge(p.mp(line, decide(p, line.concl.args[0])), closed.concl)


claim("S003-053", SOURCE, THREAD, None, "With position codes the two rows are no longer equal.",
      proved_under(["X_1, X_2, X_3 are numbers (one feature)"], "exchange.coded_products",
                   Piece("without", denial(CODED_VECTORS), balanced, None,
                         "two features, tokens (1, 0), (0, 0), (3, 0), codes (0, 1), (0, 0), (0, -1): the row of the "
                         "first token is (8, 0) in both orders", CODED_VECTORS),
                   note="For codes that differ in the slots 1 and 3. For numbers the rows differ by (p_1 - p_3) times a sum "
                        "of squares, whatever the tokens are. For vectors they differ in general only."),
      ["exchange.coded_products", "attention.positions_break_equivariance"])  # fmt: skip


def pooled(x: Term) -> Term:
    """The sum of the outputs of two tokens."""
    return total(n, lambda a: attend(x, a, c))


ALWAYS = Statement((perm(n, s),), negation(eq(pooled(PX), pooled(X))), (n.head, d.head))
SWAPPED = {key: value for key, value in LOOKING.items() if key != "i"} | {"X": matrix([[1], [0]])}


def still_equal(p: Proof, _: Statement) -> Line:
    closed = p.assume(ALWAYS.closed())
    line = p.specialise(closed, *(SWAPPED[v.name] for v in ALWAYS.variables))
    exchange = decide(p, line.concl.args[0])
    line = p.mp(line, exchange)
    equal = p.theorem("attention.pooled_invariance", exchange, **SWAPPED)
    return p.discharge(p.mp(line, p.convert(equal, line.concl.args[0], "permuted")), closed.concl)


claim("S003-054", SOURCE, THREAD, r"f([x,y])\neq f([y,x])",
      "With a mask or without, the two orders always give different values; there never was a symmetry.",
      refuted(Piece("refutation", denial(ALWAYS), still_equal, None,
                    "two tokens 1 and 0, no mask, f the sum of the outputs: both orders give the same value", ALWAYS),
              "attention.pooled_invariance",
              note="A weighted readout tells the orders apart exactly by (w_0 - w_1)(o_0 - o_1), so not where the "
                   "weights or the outputs agree; under the causal mask the symmetry is gone."),
      ["attention.pooled_invariance", "readout.weighted", "readout.causal_pooled"])  # fmt: skip

EQUAL_OUTPUTS = {key: value for key, value in SWAPPED.items() if key not in ("n", "s")}
EQUAL_OUTPUTS |= {"w_0": 1, "w_1": 0, "W_Q": matrix([[0]]), "W_K": matrix([[0]])}
claim("S003-055", SOURCE, THREAD, r"w_m\neq w_n", "Unequal weights of the output layer make the exchange visible.",
      proved_under(["the two outputs differ"], "readout.unequal_weights",
                   refutes(UNEQUAL_WEIGHTS, EQUAL_OUTPUTS, role="without",
                           note="tokens 1 and 0, W_Q = W_K = 0: both outputs are the mean, and so is the readout w_0 = 1, "
                                "w_1 = 0 in either order")),
      ["readout.unequal_weights", "readout.weighted"])  # fmt: skip

SAME_VALUES = {key: value for key, value in TWO.items() if key not in ("n", "s", "i", "W_V")}
SAME_VALUES |= {"X": matrix([[1], [0]]), "W_V": matrix([[0]])}
VALUES = "x W_V and y W_V differ"


X_DIFFER = negation(eq(X(0, 0), X(1, 0)))  # the tokens differ in their first feature


def silent(*pairs: tuple[Term, Term]) -> Piece:
    """These components c of outputs would not all agree in pairs, for tokens that differ: they do where W_V = 0."""
    component = var("c", "N")
    agree = forall("N", lambda z: conjunction(*(substitute(eq(*pair), {c.head: z}) for pair in pairs)))
    statement = Statement((X_DIFFER,), negation(agree), (d.head, d_k.head))

    def prove(p: Proof, _: Statement) -> Line:
        closed = p.assume(statement.closed())
        line = p.specialise(closed, *(SAME_VALUES[v.name] for v in statement.variables))
        line = p.mp(line, decide(p, line.concl.args[0]))
        at = p.specialise(p.assume(line.concl.args[0]), component).concl
        same = p.both(*(p.ring(part, *(compute(p, side) for side in part.args)) for part in conjuncts(at)))
        return p.discharge(p.mp(line, p.generalise(same, component)), closed.concl)

    return Piece("without", denial(statement), prove, None, "tokens 1 and 0 with W_V = 0: all outputs are 0", statement)


def conjuncts(t: Term) -> list[Term]:
    return [t.args[0], *conjuncts(t.args[1])] if t.is_const("and") else [t]


EXCHANGED = silent((causal_row(YX, 0), causal_row(X, 1)), (causal_row(YX, 1), causal_row(X, 0)))
claim("S003-056", SOURCE, THREAD, r"attn(x,y)!=attn(y,x)",
      "With a mask the attention layer itself already gives different outputs for the two orders.",
      proved_under([VALUES], "exchange.causal_first",
                   silent(*((causal_row(X, z), causal_row(YX, z)) for z in (0, 1))),
                   note="P exchanges the two tokens. The mask is the causal one; the first rows are x W_V and y W_V."),
      ["exchange.causal_first", "exchange.causal_rows"])  # fmt: skip

claim("S003-057", SOURCE, f"{THREAD}, author's reply", None,
      "Exchanging two inputs of an MLP only relabels its parameters W and b.",
      proved("readout.reordered_inputs",
             note="The columns of W change places; the bias belongs to the outputs, and needs no new labels. One law "
                  "that draws all initial columns independently does not see the exchange."),
      ["readout.reordered_inputs"])  # fmt: skip

claim("S003-058", SOURCE, f"{THREAD}, a reader", None,
      "After attention with a causal mask an exchange of the inputs is no exchange of the features for the next layer.",
      proved_under([VALUES], "exchange.causal_rows", EXCHANGED,
                   note="P exchanges the two tokens. Each of the two rows differs from the one that an exchange "
                        "would put in its place."),
      ["exchange.causal_rows", "attention.causal_breaks_equivariance"])  # fmt: skip

#: The two orders are on different sides.
OTHER_SIDE = Statement(THEOREMS["readout.hyperplane"].statement.hyps, lt(plane(Y, Z) * plane(Z, Y), 0))
GAP = Statement((), eq(plane(Y, Z) - plane(Z, Y), (FIRST_WEIGHT - SECOND_WEIGHT) * (Y - Z)))
claim("S003-059", SOURCE, f"{THREAD}, a reader", None,
      "A separating plane that is not symmetric about y = x tells f(x, y) from f(y, x).",
      convention("readout.hyperplane",
                 refutes(OTHER_SIDE, {"a": 1, "b": 0, "c": 1, "x": 1, "y": 2}, role="other reading",
                         note="x + 1 at (1, 2) and (2, 1): 2 and 3, on one side"),
                 (GAP, lambda p, goal: p.ring(goal.concl)),
                 readings=("f is the value of the linear function", "f is the class, the side of the plane"),
                 note="x and y differ; a plane with a = b is symmetric about y = x."),
      ["readout.hyperplane"])  # fmt: skip

claim("S003-060", SOURCE, f"{THREAD}, author's reply", r"(u,v)=f(x,y)\Rightarrow(v,u)=f(y,x)",
      "A vector-valued f without codes exchanges its outputs along with its inputs.",
      proved("attention.equivariance"), ["attention.equivariance"])  # fmt: skip

claim("S003-061", SOURCE, f"{THREAD}, a reader", r"p(\text{person bite dog})\neq p(\text{dog bite person})",
      "A language model should tell the two orders apart.",
      not_mathematical("what a language model should do"))  # fmt: skip

claim("S003-062", SOURCE, f"{THREAD}, a reader", r"(u,v)=f(x,y),\ f(y,x)=(m,n),\ (m,n)!=(v,u)",
      "A causal mask ends the exchange symmetry.",
      proved_under([VALUES], "exchange.causal_rows", EXCHANGED,
                   note="P exchanges the two tokens; the rows of Attention(X) are u and v, those of Attention(P X) are m "
                        "and n. Then m is not v, and n is not u."),
      ["exchange.causal_rows", "attention.causal_breaks_equivariance"])  # fmt: skip

LAST_ROW = Statement((negation(eq(value(0), value(1))),), negation(eq(causal_row(X, 1), causal_row(YX, 1))),
                     (d.head, d_k.head))  # fmt: skip
claim("S003-063", SOURCE, f"{THREAD}, a reader", None,
      "The same for a scalar: a classifier of one layer with a causal mask.",
      also(proved_under([VALUES, "the scalar is the sum of the outputs"], "exchange.causal_sum",
                        silent((causal_sum(X), causal_sum(YX))),
                        note="P exchanges the two tokens. Other scalars may or may not see the order: the last output alone "
                             "does not where queries and keys are 0."),
           denied(LAST_ROW, SAME_VALUES | {"W_V": matrix([[1]])},
                  "the last output, tokens 1 and 0, W_Q = W_K = 0: the mean of both values in either order", "without")),
      ["exchange.causal_sum", "readout.causal_pooled"])  # fmt: skip

claim("S003-064", SOURCE, f"{THREAD}, author's reply", None,
      "One-directional attention alone already carries much of the positions, though less than RoPE.",
      not_mathematical("a report on training runs; that the mask breaks the symmetry is claim 062"))  # fmt: skip

claim("S003-064a", SOURCE, f"{THREAD}, a reader", None,
      "Eq. 2 should be said of attention that has the exchange symmetry, not of masked attention.",
      proved("attention.masked_equivariance", "readout.causal_pooled",
             note="Masked attention keeps the permutations that leave the mask as it is; under the causal mask the exchange "
                  "of two tokens is not among them. The sentence before eq. 2 says 'without a mask' by now, as the author "
                  "replied."),
      ["attention.masked_equivariance", "readout.causal_pooled", "exchange.causal_rows"])  # fmt: skip

TWO_LETTERS = r"e^{\text{i}(m-n)10000^{-i/(d/2)}}"


def two_letters() -> tuple[bool, str]:
    """The imaginary unit and the index in the exponent of eq. 11, line 2."""
    upright = re.findall(r"\\text\{i\}", TWO_LETTERS)
    italic = re.findall(r"(?<![a-z{])i(?![a-z}])", TWO_LETTERS)
    return bool(upright and italic), f"{len(upright)} upright (the unit), {len(italic)} italic (the index)"


claim("S003-065", SOURCE, "comment of 2023-08-16", TWO_LETTERS,
      "The second line of eq. 11 has two different letters i.",
      executed("proved", two_letters,
               note="An upright i for the imaginary unit and an italic one for the index."))  # fmt: skip

claim("S003-066", SOURCE, "comment of 2023-09-30", None, "First principle: no two positions share a code.",
      not_mathematical("a demand on codes; that the sinusoidal code meets it is frequencies.distinct"),
      ["frequencies.distinct"])  # fmt: skip

claim("S003-067", SOURCE, "comment of 2023-09-30", None, "These two principles lead to the sinusoidal design.",
      not_mathematical("a guess at motives; the two principles hold for many codes and single out none"))  # fmt: skip

claim("S003-066a", SOURCE, "comment of 2023-09-30", None,
      "Second principle: a code should extrapolate reasonably.",
      not_mathematical("a demand on models; that the formula has a value at every position is S001-020"))  # fmt: skip

claim("S003-068", SOURCE, "comment of 2023-09-30", r"E(pos,i) = sin(pos - \frac{i}{d_{model}})",
      "A simpler code meets the two principles as well: all its codes differ, and it exists at every position.",
      proved("bilinear.single_wave_distinct", "bilinear.single_wave", "bilinear.single_wave_not_relative",
             note="Different positions have different codes for every d >= 1. How well a model extrapolates is not decided "
                  "(S003-066a). What the code gives up: all components have the frequency 1, and the inner product has a "
                  "part in m + n; for d = 1 it is no function of the offset.", cited=(LAMBERT_1768,)),
      ["bilinear.single_wave_distinct", "bilinear.single_wave", "bilinear.single_wave_not_relative"])  # fmt: skip

claim("S003-070", SOURCE, "comment of 2023-09-30, author's reply", None,
      "The sinusoidal code extrapolates poorly, so these principles hardly lead to it.",
      not_mathematical("an experience with trained models"))  # fmt: skip

claim("S003-071", SOURCE, "comment of 2024-03-29, author's reply", r"[a,b]\cdot[c,d]=a\cdot c+b\cdot d",
      "Inner products of concatenated vectors add up.",
      proved("readout.concatenation"), ["readout.concatenation"])  # fmt: skip

claim("S003-073", SOURCE, f"{THREAD}, author's reply", r"(u,v)\neq(v,u)\ \text{mostly}",
      "The outputs of the two orders mostly differ, but agree after an exchange.",
      proved("attention.equivariance", "attention.not_invariant",
             note="Mostly: shown is that they can differ; for equal tokens, say, they do not."),
      ["attention.equivariance", "attention.not_invariant"])  # fmt: skip

claim("S003-074", SOURCE, "comments of 2023-08-03 and 2023-08-31, pingbacks", None,
      "Praise, a wish for geometric intuition, links.",
      not_mathematical("no statement"))  # fmt: skip
