"""Theorems against the kernels: both sides of an identity, computed by the reference implementations.

The theorem's own term is evaluated by the numerical fold with the kernels in place of the definitions. A
kernel's output enters as a ball whose radius is the kernel's derived error bound (``kernels.bounds``), so the
fold carries the bound to both sides; the exact value, the same term with its definitions at high precision,
has to lie in both balls. Nothing here spells a formula again, and no tolerance is picked by hand.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flint import arb, ctx

from .claims import Crosscheck, TheoremEntry, definitions_of
from .numerics import Arithmetic, Indexed, Undecided, Undefined, evaluate
from .terms import Term, Var

PRECISION = 200  # bits of the exact value: 60 digits
BALLS = Arithmetic("arb", lambda x: x if isinstance(x, arb) else arb(str(x)) if not isinstance(x, int | float) else arb(x),
                   {name: getattr(arb, name) for name in ("sin", "cos", "exp", "log", "sqrt")}, arb.pi)  # fmt: skip
DTYPES = ("float64", "float32")
PAIRS, TOKENS, FEATURES = 4, 5, 3


class NoInstance(ValueError):
    """The theorem has variables or hypotheses for which no values are known here: it is not cross-checked."""


def kernel_implementations(xp: Any, dtype: str) -> dict[str, Any]:
    """The kernels in place of defined constants, by name; each entry comes out as a ball."""
    from .kernels import bounds
    from .kernels.attention import attention, softmax
    from .kernels.rope import rotate

    def number(x: Any) -> float:
        return float(x.mid()) if isinstance(x, arb) else float(x)

    def array(values: Any) -> Any:
        return xp.asarray(values, dtype=getattr(xp, dtype))

    def vector(x: Any, size: int) -> list[float]:
        return [number(v) for v in x.table(size)]

    def ball(center: Any, radius: float) -> arb:
        return arb(float(center), radius)

    def turned(layout: str) -> Callable:
        def compute(theta: Any, m: Any, x: Any) -> list[arb]:
            frequencies, v = vector(theta, PAIRS), vector(x, 2 * PAIRS)
            out = rotate(array([v]), array([number(m)]), array(frequencies), layout=layout)[0]
            places = ((2 * i, 2 * i + 1) if layout == "interleaved" else (i, PAIRS + i) for i in range(PAIRS))
            balls: list[Any] = [None] * (2 * PAIRS)
            for f, (a, b) in zip(frequencies, places, strict=True):
                # the vector may come from a kernel itself: what it carries adds to the norm of the pair's error
                inherited = sum(float(arb(w).rad()) for w in (x.call(a), x.call(b)))
                norm = (v[a] ** 2 + v[b] ** 2) ** 0.5
                radius = bounds.rope_bound(number(m), f, norm, dtype, frequency_error=0.0) + inherited
                rounding = norm * bounds.gamma(1, dtype)  # of the input to the dtype, where it is not exact
                for j in (a, b):
                    balls[j] = ball(out[j], radius + rounding)
            return balls
        return compute

    def code(order: Sequence[str]) -> Callable:
        def compute(theta: Any, pos: Any) -> list[arb]:
            out = []
            position = number(pos)
            for f in vector(theta, PAIRS):
                angle = array([position]) * array([f])
                pair = {"sin": xp.sin(angle)[0], "cos": xp.cos(angle)[0]}
                radius = bounds.sinusoidal_bound(position, f, dtype, frequency_error=0.0)
                out += [ball(pair[name], radius) for name in order]
            return out
        return compute

    def weights(n: int, a: Any) -> list[arb]:
        values = vector(a, n)
        out = softmax(array(values))
        error = max(float(arb(a.call(j)).rad()) for j in range(n)) + max(map(abs, values)) * bounds.gamma(1, dtype)
        relative = bounds.softmax_bound(n, error, max(values) - min(values), dtype)
        return [ball(out[j], float(abs(out[j])) * relative / max(1 - relative, 0.5)) for j in range(n)]

    def attended(n: int, d: int, d_k: int, mask: Any, X: Any, W_Q: Any, W_K: Any, W_V: Any) -> list[list[arb]]:
        def rows(m: Any, a: int, b: int) -> list[list[float]]:
            return [[number(m.call(i, j)) for j in range(b)] for i in range(a)]

        x, wq, wk, wv = rows(X, n, d), rows(W_Q, d, d_k), rows(W_K, d, d_k), rows(W_V, d, FEATURES)
        q, k, v = (xp.matmul(array(x), array(w)) for w in (wq, wk, wv))
        kept = None if mask is None else xp.asarray([[bool(number(mask.call(i, j))) for j in range(n)] for i in range(n)])
        out = attention(q, k, v, mask=kept)
        size = max(abs(e) for row in x for e in row)
        reach = max(sum(abs(w[a][c]) for a in range(d)) for w in (wq, wk, wv) for c in range(len(w[0]))) * size
        step = bounds.gamma(d, dtype) * reach  # error of an entry of Q, K or V (Higham 2002, eq. 3.13)
        carried = d_k * (2 * reach * step + step * step) / d_k**0.5
        radius = bounds.attention_bound(n, d_k, d_k * (reach + step) ** 2, reach + step, dtype, score_error=carried) + step
        return [[ball(out[i][c], radius) for c in range(FEATURES)] for i in range(n)]

    return {
        "rope": Indexed(turned("interleaved")),
        "rope_half": Indexed(lambda h, theta, m, x: turned("half")(theta, m, x)),
        "PE": Indexed(code(("sin", "cos"))), "PE_cosine": Indexed(code(("cos", "sin"))),
        "softmax": Indexed(weights),
        "attention": Indexed(lambda n, d, d_k, X, a, b, c: attended(n, d, d_k, None, X, a, b, c), 2),
        "masked_attention": Indexed(lambda n, d, d_k, B, X, a, b, c: attended(n, d, d_k, B, X, a, b, c), 2),
    }  # fmt: skip


def instance(variables: Sequence[Var], rng: random.Random, dtype: str) -> dict[Var, Any]:
    """Values that the dtype holds exactly, and that satisfy the hypotheses of the theorems about kernels.

    Frequencies are the paper's, rounded to the dtype; positions are integers up to 8192; the permutation is
    a cyclic shift and the mask a circulant one, which that permutation leaves as it is.
    """
    import numpy as np

    def real(x: float) -> float:
        return float(np.dtype(dtype).type(x))

    turn, period = rng.randrange(1, TOKENS), [float(rng.random() < 0.7) for _ in range(TOKENS)]
    period[0] = 1.0
    table = {"h": PAIRS, "n": TOKENS, "d": FEATURES, "d_k": FEATURES,
             "i": rng.randrange(PAIRS), "c": rng.randrange(FEATURES),
             "j": rng.randrange(PAIRS), "r": rng.randrange(2 * PAIRS), "s": rng.randrange(2 * PAIRS)}  # fmt: skip
    out: dict[Var, Any] = {}
    for v in variables:
        match v.type:
            case "N" if v.name in table:
                out[v] = table[v.name]
            case "R":
                out[v] = float(rng.randrange(8192))
            case ("N", "N"):
                out[v] = lambda a: (a + turn) % TOKENS if a < TOKENS else a
            case ("N", "R") if v.name == "theta":
                out[v] = [real(10000 ** (-2 * a / (2 * PAIRS))) for a in range(PAIRS)]
            case ("N", "R"):
                out[v] = [real(rng.gauss(0, 1)) for _ in range(2 * PAIRS)]
            case ("N", "N", "R") if v.name == "B":
                out[v] = lambda a, b: period[(a - b) % TOKENS]
            case ("N", "N", "R"):
                out[v] = [[real(rng.gauss(0, 1)) for _ in range(8)] for _ in range(8)]
            case _:
                raise NoInstance(f"no values for {v.name} : {v.type}")
    return out


def backends() -> Iterator[tuple[str, Any]]:
    """NumPy always; CuPy where it is installed and finds a device."""
    import array_api_compat.numpy as numpy_namespace

    yield "numpy", numpy_namespace
    if importlib.util.find_spec("cupy") is not None:
        import cupy

        if cupy.cuda.runtime.getDeviceCount():
            import array_api_compat.cupy as cupy_namespace

            yield "cupy", cupy_namespace


def sides(concl: Term) -> list[Term]:
    """The terms that are compared: both sides of every equation or inequality in the conclusion."""
    if concl.is_const("and"):
        return [t for part in concl.args for t in sides(part)]
    return list(concl.args) if concl.is_const("eq", "le", "lt") else []


def crosscheck(entry: TheoremEntry, *, trials: int = 2, seed: int = 0) -> list[Crosscheck]:
    """One result a backend and dtype, or none where the theorem speaks of no kernel."""
    statement = entry.statement
    kernels = ("rope", "rope_half", "PE", "PE_cosine", "softmax", "attention", "masked_attention")
    if not set(definitions_of(statement)) & set(kernels) or not sides(statement.concl) or entry.denies is not None:
        return []
    out = []
    old, ctx.prec = ctx.prec, PRECISION
    try:
        if not all(_satisfied(entry, trial, seed, dtype) for trial in range(trials) for dtype in DTYPES):
            return []
        for name, xp in backends():
            for dtype in DTYPES:
                worst, limit, ok = 0.0, 0.0, True
                for trial in range(trials):
                    env = values_for(entry, trial, seed, dtype)
                    implementations = kernel_implementations(xp, dtype)
                    for side in sides(statement.concl):
                        exact = evaluate(side, env, BALLS)
                        measured = evaluate(side, env, BALLS, implementations=implementations)
                        error, radius = float(abs(measured.mid() - exact).upper()), float(measured.rad())
                        ok = ok and bool(measured.overlaps(exact))
                        used = radius > 2 * float(exact.rad())  # a side without a kernel in it says nothing
                        if used and (limit == 0.0 or error * limit > worst * radius):
                            worst, limit = error, radius
                if limit:
                    out.append(Crosscheck([name], dtype, worst, limit, ok))
    except (NoInstance, Undefined, Undecided):
        return []
    finally:
        ctx.prec = old
    return out


def values_for(entry: TheoremEntry, trial: int, seed: int, dtype: str) -> dict[Var, Any]:
    """The values of one trial."""
    return instance(entry.statement.variables, random.Random(f"{seed} {trial} {entry.id} {dtype}"), dtype)


def _satisfied(entry: TheoremEntry, trial: int, seed: int, dtype: str) -> bool:
    """Do the values satisfy the hypotheses? Otherwise the comparison would say nothing."""
    env = values_for(entry, trial, seed, dtype)
    return all(evaluate(p, env) for p in entry.statement.hyps)
