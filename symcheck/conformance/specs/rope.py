"""The `rope` specification: a rotary embedding in the normal form rotate(x[T, d], positions[T]) -> [T, d].

Also accepted: rotate(q[T, d], k[T, d], positions[T]) -> (q', k'), whose two sides are then compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from symcheck.conformance import snippets
from symcheck.conformance.bounds import (
    pair_score_bounds,
    rotation_bounds,
    score_bounds,
    unit_roundoff,
)
from symcheck.conformance.diagnosis import (
    NONE_KNOWN,
    MatricesSeen,
    RotationSeen,
    diagnose_matrices,
    diagnose_rotation,
)
from symcheck.conformance.identities import Outputs, matrices, residual, residuals, sides
from symcheck.conformance.measure import Rotation, measure_rotation
from symcheck.conformance.reference import Spectrum, conventions, declared, paper
from symcheck.conformance.report import Worst
from symcheck.conformance.run import (
    FLOATS,
    LARGEST_POSITION,
    Run,
    Stop,
    as_float,
    random_vectors,
    rounded,
    sample_positions,
)
from symcheck.conformance.runner import Instance, TargetError

FATAL = ("timeout", "died", "memory", "protocol")
DIMS = (128, 64, 32, 256, 96, 80, 48, 16, 8, 4)
QUICK_DIMS = (64, 128, 32, 256, 96, 80, 48, 16, 8, 4)

#: The theorems about vectors and about matrices that are properties here; they must be registered as equations.
VECTOR_THEOREMS = ("rope.relative", "rope.isometry", "rope.zero")
MATRIX_THEOREMS = ("rope.orthogonal", "rope.composition", "rope.transpose_product")
for _name in (*VECTOR_THEOREMS, *MATRIX_THEOREMS):
    sides(_name)


def _form(run: Run) -> str:
    """How the target takes vectors and positions: "plain", "swapped", or "pair" for q and k together."""
    parameters = run.session.parameters or []
    names = [p["name"].lower() for p in parameters if p["kind"] == "plain" and p["required"]]
    if len(names) >= 3 and names[0].startswith("q") and names[1].startswith("k"):
        return "pair"
    return "swapped" if names and names[0].startswith("pos") and len(names) >= 2 else "plain"


class Probe:
    """Calls the target in its normal form and looks at what comes back.

    `side` 0 rotates as a query, 1 as a key; they differ only for a target that takes both.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.instance: Instance = run.fresh()
        self.form = _form(run)

    @property
    def sides(self) -> tuple[int, ...]:
        return (0, 1) if self.form == "pair" else (0,)

    def __call__(
        self, x: np.ndarray, positions: np.ndarray, *, side: int = 0, instance: Instance | None = None
    ) -> np.ndarray:
        """The rotated vectors, floating-point, of the shape of x; TargetError for anything else."""
        instance = instance or self.instance
        positions = np.asarray(positions, dtype=np.int64)
        if self.form == "pair":
            results = instance(x, x, positions)
            if len(results) != 2:
                raise TargetError("returned", f"returned {len(results)} arrays where (q, k) was expected")
            out = results[side]
        else:
            results = instance(positions, x) if self.form == "swapped" else instance(x, positions)
            if len(results) != 1:
                raise TargetError("returned", f"returned a tuple of {len(results)} where one array was expected")
            out = results[0]
        if out.shape != x.shape:
            raise TargetError("shape", f"returned shape {out.shape} for an input of shape {x.shape}")
        if out.dtype.name not in FLOATS:
            raise TargetError("dtype", f"returned {out.dtype.name} for {x.dtype.name}")
        return out


@dataclass
class Setting:
    """What was found before the properties proper: where and how the target works."""

    dim: int
    best: str  # the most precise dtype that it takes
    dtypes: tuple[str, ...]
    rotation: Rotation
    spectrum: Spectrum
    known: bool  # whether the measured frequencies are the spectrum's
    scale: float
    sign: int
    limit: int  # positions 0 .. limit - 1 are served
    angle_dtype: str | None = None

    def restore(self, y: np.ndarray) -> np.ndarray:
        """B x from A x = P B x, in float64 and divided by the scale."""
        return as_float(y)[..., self.rotation.permutation] / self.scale

    def bounds(self, positions: np.ndarray, dtype: str) -> np.ndarray:
        """[n, pairs]: error of a rotated pair of norm 1, for the formats that the target works in."""
        return rotation_bounds(
            np.asarray(positions),
            self.spectrum.thetas,
            dtype,
            angle_dtype=self.angle_format(dtype),
            scale=self.scale,
            scaled=self.spectrum.scaled,
        )

    def angle_format(self, dtype: str) -> str:
        """Angles may be in float32 for every dtype, and are in float64 where they were measured to be."""
        return "float64" if dtype == "float64" and self.angle_dtype == "float64" else "float32"

    def coordinate_bounds(self, positions: np.ndarray, dtype: str) -> np.ndarray:
        """[n, d]: the bound of the pair that a coordinate belongs to; that of angle zero for the others."""
        still = rotation_bounds(np.zeros(1), np.zeros(1), dtype, angle_dtype=self.angle_format(dtype), scale=self.scale)
        out = np.full((len(positions), self.dim), float(still[0, 0]))
        pairs = self.bounds(positions, dtype) / self.scale
        out[:, self.rotation.first] = pairs
        out[:, self.rotation.second] = pairs
        return out

    def score_bounds(self, q: np.ndarray, k: np.ndarray, e_q: np.ndarray, e_k: np.ndarray) -> np.ndarray:
        """[n]: error of <q', k'> for vectors [n, d] whose coordinates' pairs err by e [n, d] times their norms."""
        return pair_score_bounds(self._pair_norms(q), self._pair_norms(k), e_q, e_k)

    def _pair_norms(self, x: np.ndarray) -> np.ndarray:
        norms = np.abs(x)
        both = np.hypot(x[:, self.rotation.first], x[:, self.rotation.second])
        norms[:, self.rotation.first] = norms[:, self.rotation.second] = both
        return norms

    def padded_thetas(self) -> np.ndarray:
        """The frequencies [d/2], zero for what is left alone."""
        out = np.zeros(self.dim // 2)
        out[: len(self.spectrum.thetas)] = self.spectrum.thetas
        return out

    def widest(self, positions: np.ndarray, dtype: str) -> np.ndarray:
        """[n]: the largest of the bounds over the pairs."""
        return self.bounds(positions, dtype).max(axis=1)


#: Rows whose diagnosis reproduces whole outputs, so that it explains what is computed from them.
ROOTS = ("rope.layout", "rope.frequencies", "rope.phase", "rope.output")


def run(run: Run) -> None:
    """All properties of a rotary embedding, in the order in which they build on each other."""
    try:
        _run(run)
    finally:
        run.inherit(ROOTS)


def _run(run: Run) -> None:
    probe = Probe(run)
    dim, best = _connect(run, probe)
    _rows_decide_nothing(run, probe, dim, best)
    setting = _measure(run, probe, dim, best)
    run.guarded("rope.phase", best, lambda: _angles(run, probe, setting))
    for dtype in setting.dtypes:
        if dtype != best and not _takes(run, probe, setting, dtype):
            continue
        _output(run, probe, setting, dtype)
        if dtype != best:
            run.guarded("rope.phase", dtype, partial(_phase, run, probe, setting, dtype))
        run.guarded("rope.relative", dtype, partial(_identities, run, probe, setting, dtype))
        run.guarded("rope.distinct", dtype, partial(_distinct, run, probe, setting, dtype))
        run.guarded("rope.incremental", dtype, partial(_calls, run, probe, setting, dtype))
        run.guarded("rope.gradient", dtype, partial(_gradient, run, probe, setting, dtype))
    run.guarded("rope.heads", best, lambda: _heads(run, probe, setting))
    run.guarded("rope.reuse", best, lambda: _reuse(run, probe, setting))
    run.guarded("rope.cast", "float32", lambda: _cast(run, probe, setting))
    _domain(run, probe, setting)


def _connect(run: Run, probe: Probe) -> tuple[int, str]:
    """A dim and the most precise dtype with which the target gives an array; else a row and Stop."""
    dtypes = run.dtypes
    fixed = run.expects("dim")
    dims = (fixed,) if fixed else (QUICK_DIMS if run.options.quick else DIMS)
    backends = [run.session.backend]
    if run.session.target.kind != "adapter" and run.session.backend_is_open:
        backends += [name for name in run.session.backends[::-1] if name not in backends]
    first: TargetError | None = None
    for backend in backends:
        run.session.backend = backend
        for dim in dims:
            for dtype in dtypes:
                x = random_vectors(run.random, 3, dim, dtype)
                try:
                    y = probe(x, np.arange(3))
                except TargetError as refusal:
                    first = first or refusal
                    if refusal.kind in FATAL:
                        run.row("rope.call", "error", dtype, message=str(refusal))
                        raise Stop from None
                    continue
                if not np.isfinite(as_float(y)).all():
                    count = int((~np.isfinite(as_float(y))).sum())
                    run.row(
                        "rope.finite",
                        "fails",
                        dtype,
                        worst=Worst(_first_bad_row(y), None, float("nan")),
                        first_failure=_first_bad_row(y),
                        message=f"{count} of {y.size} entries are NaN or infinite, for finite input",
                        snippet=_snippet(run, dtype, dim, None, 0, None),
                    )
                    raise Stop
                return dim, dtype
    assert first is not None
    row = {"shape": "rope.shape", "dtype": "rope.output", "returned": "rope.output"}.get(first.kind, "rope.call")
    run.row(row, "error" if row == "rope.call" else "fails", dtypes[0], message=str(first))
    raise Stop


def _first_bad_row(y: np.ndarray) -> int:
    return int(np.flatnonzero(~np.isfinite(as_float(y)).all(axis=1))[0])


def _takes(run: Run, probe: Probe, setting: Setting, dtype: str) -> bool:
    """Whether the target takes a dtype at all; a row says why not."""
    try:
        y = probe(random_vectors(run.random, 3, setting.dim, dtype), np.arange(3))
    except TargetError as refusal:
        foreign = dtype == "bfloat16" and run.session.backend == "numpy"
        run.row(
            "rope.output",
            "not-applicable" if foreign and refusal.kind == "raised" else "error",
            dtype,
            message=("NumPy's own functions do not know bfloat16: " if foreign else "") + str(refusal),
        )
        if refusal.kind in FATAL:
            raise Stop from None
        return False
    if not np.isfinite(as_float(y)).all():
        run.row("rope.finite", "fails", dtype, message="NaN or infinite entries for finite input")
        return False
    return True


def _rows_decide_nothing(run: Run, probe: Probe, dim: int, dtype: str) -> None:
    """The result of a row depends on its vector and position, not on its place in the call."""
    x = np.repeat(random_vectors(run.random, 1, dim, dtype), 4, axis=0)
    try:
        y = as_float(probe(x, np.full(4, 5)))
        plain = as_float(probe(x, np.arange(4)))
    except TargetError as refusal:
        run.row("rope.positions", "error", dtype, message=str(refusal))
        raise Stop from None
    spread = np.abs(y - y[:1]).max(axis=1)
    limit = 8 * unit_roundoff(dtype) * np.abs(x).max() * 2
    if spread.max() <= limit:
        return
    same = np.abs(y - plain).max() <= limit
    run.judge(
        "rope.positions",
        dtype,
        spread,
        limit,
        diagnosis="positions are ignored: row t is rotated as position t" if same else NONE_KNOWN,
        message="one vector at position 5 in every row comes out differently in each row",
        snippet=_about(
            run, dtype, [f"y = f(np.ones((4, {dim})), [5, 5, 5, 5])", "print(np.abs(y - y[0]).max())  # expected 0"]
        ),
    )
    raise Stop


def _matrices(run: Run, probe: Probe, dim: int, dtype: str, positions: np.ndarray, side: int = 0) -> np.ndarray:
    """A(p) with y = A(p) x, [n, dim, dim] in float64."""
    count = len(positions)
    x = rounded(np.tile(np.eye(dim), (count, 1)), dtype)
    y = as_float(probe(x, np.repeat(positions, dim), side=side))
    return y.reshape(count, dim, dim).transpose(0, 2, 1)


def _measure(run: Run, probe: Probe, dim: int, dtype: str) -> Setting:
    """Layout, pairs, sign, scale and frequencies, with their rows."""
    positions = np.array([0, 1, 2, 3])
    try:
        matrices = _matrices(run, probe, dim, dtype, positions)
        output = probe(random_vectors(run.random, 1, dim, dtype), np.arange(1)).dtype.name
    except TargetError as refusal:
        run.row("rope.layout", "error", dtype, message=str(refusal))
        raise Stop from None
    u = max(unit_roundoff(dtype), unit_roundoff("float32"))
    found = measure_rotation(positions, matrices, 16 * u)
    base = float(run.expects("base", 10000.0))
    spacing = run.expects("frequencies", "paper")
    scaling = run.expects("scaling")
    width = run.expects("width")
    tolerance = _structure_tolerance(found, dtype)
    broken = found.defect > tolerance or found.inner is None or found.pairs == 0
    run.measured.update(
        layout=found.layout,
        sign=found.sign,
        frequencies=None,
        scale=None,
        angle_dtype=None,
        output_dtype=None,
        dim=dim,
        width=2 * found.pairs or None,
    )
    if broken:
        guess = width or run.expects("width") or dim
        cause = diagnose_matrices(MatricesSeen(positions, matrices, paper(guess, base).thetas, dtype))
        run.row(
            "rope.layout",
            "fails",
            dtype,
            worst=Worst(1, None, found.defect) if np.isfinite(found.defect) else None,
            bound=tolerance,
            first_failure=0 if found.reason and "position 0" in found.reason else 1,
            diagnosis=cause,
            message=found.reason or "the blocks of the matrix at position 1 are no rotations",
            snippet=_about(
                run,
                dtype,
                [
                    f"R = lambda p: f(np.eye({dim}), [p] * {dim}).T",
                    f"print(np.abs(R(1).T @ R(1) - np.eye({dim})).max())  # at most {tolerance:.3g} for a rotation",
                    "print(R(1)[:4, :4])",
                ],
            ),
        )
        _loose_identities(run, probe, dim, dtype, cause)
        raise Stop
    scale = found.scale
    measured_scale = float(f"{scale:.9g}") if abs(scale - 1) > 1e-6 else 1.0
    run.measured["scale"] = measured_scale
    expected, known = _spectrum(run, found, dim, dtype, base, spacing, scaling)
    wanted_scale = float(run.expects("scale", expected.amplitude if expected.scaled else 1.0))
    setting = Setting(dim, dtype, (), found, expected, known, measured_scale, found.sign or 1, 0)
    setting.dtypes = run.dtypes
    # A scale that multiplies the rotation is exact or rounded a few times in the angle's format.
    scale_error = np.abs(np.hypot(found.cosine, found.sine) - wanted_scale)
    scale_bound = 16 * u * max(1.0, wanted_scale)
    setting.limit = _served(run, probe, setting)
    _layout_rows(run, setting, dtype, tolerance, width)
    run.judge(
        "rope.scale",
        dtype,
        scale_error,
        scale_bound,
        positions=positions,
        diagnosis=_scale_diagnosis(measured_scale, wanted_scale) if scale_error.max() > scale_bound else None,
        message=f"cos^2 + sin^2 has the square root {measured_scale:.9g}, expected {wanted_scale:.9g}",
        snippet=_about(
            run,
            dtype,
            [
                f"x = np.zeros((1, {dim})); x[0, {int(found.first[0])}] = 1",
                f"print(np.linalg.norm(f(x, [1])))  # expected {wanted_scale:.9g}",
            ],
        )
        if not (scale_error <= scale_bound).all()
        else None,
    )
    if scale_error.max() <= scale_bound:
        setting.scale = wanted_scale
    _frequency_row(run, setting, dtype, output)
    if probe.form == "pair":
        _shared(run, probe, setting, matrices, positions)
    return setting


def _structure_tolerance(found: Rotation, dtype: str) -> float:
    """What rounding leaves in a block that is a rotation: cos and sin by 4 ulp, product and sum."""
    u = max(unit_roundoff(dtype), unit_roundoff("float32"))
    return 16 * u * max(1.0, found.scale)


def _spectrum(
    run: Run, found: Rotation, dim: int, dtype: str, base: float, spacing: str, scaling: Any
) -> tuple[Spectrum, bool]:
    """The spectrum to judge by: the declared one, else the convention in use that the outputs show."""
    width = 2 * found.pairs
    thetas = found.thetas
    if spacing == "any":
        return Spectrum("given", width, base, "paper", (), tuple(float(t) for t in thetas)), True
    resting = int((thetas == 0).sum())
    if resting and (thetas[-resting:] == 0).all() and found.inner == "half" and width == dim:
        # The proportional rotary: frequencies of the whole head, the last of them zero.
        kept = paper(dim, base).thetas.copy()
        kept[-resting:] = 0.0
        given = Spectrum("proportional", width, base, "paper", (), tuple(kept.tolist()))
        if _agrees(thetas, given, dtype):
            return given, True
    if scaling or run.expects("base") is not None or spacing != "paper":
        promised = declared(width, base, spacing, scaling)
        return promised, _agrees(thetas, promised, dtype)
    for candidate in conventions(width):
        if _agrees(thetas, candidate, dtype):
            return candidate, True
    return paper(width, base), False


def _agrees(thetas: np.ndarray, spectrum: Spectrum, dtype: str) -> bool:
    """Whether frequencies read off position 1 are the spectrum's, to float32 (or the dtype, if coarser)."""
    exact = spectrum.thetas
    if len(exact) != len(thetas) or (exact > np.pi).any():
        return False
    tolerance = rotation_bounds(np.array([1]), exact, dtype, angle_dtype="float32", scaled=spectrum.scaled)[0]
    # cos and sin are read as ulps of themselves: a small angle is known as well relatively.
    u = max(unit_roundoff(dtype), unit_roundoff("float32"))
    relative = tolerance * np.maximum(exact, 64 * u) + 16 * u * exact
    return bool((np.abs(thetas - exact) <= np.minimum(2 * tolerance, relative + 200 * u * exact)).all())


def _layout_rows(run: Run, setting: Setting, dtype: str, tolerance: float, width: int | None) -> None:
    found = setting.rotation
    notes = []
    if found.layout == "permuting":
        notes.append(
            "A(0) is a fixed permutation P and A(p) = P R(p): scores are RoPE's; "
            f"the map x -> P^T A(p) x is RoPE in the {found.inner} layout"
        )
    elif found.layout == "half":
        notes.append("map to the interleaved layout: coordinates (0, h, 1, h + 1, ...)")
    wanted = run.expects("layout")
    mixed_sign = found.sign is None
    wrong_layout = wanted is not None and found.layout != wanted
    if found.sign == -1:
        notes.append("turns the other way: S R(t) S = R(-t), a convention when queries and keys share it")
    if mixed_sign:
        notes.append("pairs turn in different directions")
    if wrong_layout:
        notes.append(f"the layout is {found.layout}, not {wanted}")
    run.row(
        "rope.layout",
        "fails" if mixed_sign or wrong_layout else "holds",
        dtype,
        worst=Worst(1, None, found.defect),
        bound=tolerance,
        diagnosis=NONE_KNOWN if mixed_sign or wrong_layout else None,
        message="; ".join(notes) or None,
    )
    if width is not None and width != 2 * found.pairs:
        run.row(
            "rope.width",
            "fails",
            dtype,
            diagnosis=f"{2 * found.pairs} coordinates are rotated, not {width}",
            message=f"{2 * found.pairs} of {setting.dim} coordinates are rotated, expected {width}",
            snippet=_about(
                run,
                dtype,
                [
                    f"x = np.ones((1, {setting.dim}))",
                    f"print((f(x, [1]) != f(x, [0])).sum())  # expected {width}",
                ],
            ),
        )
    elif width is not None or len(found.fixed):
        run.row(
            "rope.width",
            "holds",
            dtype,
            message=f"{2 * found.pairs} of {setting.dim} coordinates are rotated, the others are left alone",
        )


def _scale_diagnosis(measured: float, wanted: float) -> str:
    close = 1e-5
    if wanted != 1.0 and abs(measured - wanted**2) < close:
        return "the attention scale is applied twice (squared)"
    if wanted != 1.0 and abs(measured - 1.0) < close:
        return "the attention scale is dropped"
    if wanted != 1.0 and abs(measured * wanted - 1.0) < close:
        return "the attention scale is inverted"
    return NONE_KNOWN


def _frequency_row(run: Run, setting: Setting, dtype: str, output: str) -> None:
    found, expected = setting.rotation, setting.spectrum
    run.measured["frequencies"] = expected.name if setting.known else "unknown"
    run.measured["base"] = expected.base if setting.known else None
    if expected.scaled and setting.known:
        run.measured["scaling"] = dict(expected.scaling)
    error = np.abs(found.thetas - expected.thetas)
    worst = int(np.argmax(error / np.maximum(expected.thetas, 1e-300)))
    note = expected.describe() if setting.known else f"expected {expected.describe()}"
    diagnosis = None
    if not setting.known:
        seen = _seen(setting, found.positions, found.cosine, setting.sign * found.sine, dtype, output, None)
        diagnosis = diagnose_rotation(seen)
    run.row(
        "rope.frequencies",
        "holds" if setting.known else "fails",
        dtype,
        worst=Worst(1, worst, float(error[worst])),
        bound=float(setting.bounds(np.array([1]), dtype)[0, worst]),
        first_failure=None if setting.known else 1,
        diagnosis=diagnosis,
        message=note,
        snippet=None if setting.known else _snippet(run, dtype, setting.dim, setting, 1, worst),
    )


def _seen(
    setting: Setting,
    positions: np.ndarray,
    cosine: np.ndarray,
    sine: np.ndarray,
    dtype: str,
    output: str,
    rows: np.ndarray | None,
) -> RotationSeen:
    scale = setting.spectrum.amplitude if setting.spectrum.scaled else 1.0
    return RotationSeen(positions, cosine, sine, dtype, output, setting.spectrum, setting.dim, scale, rows=rows)


def _shared(run: Run, probe: Probe, setting: Setting, matrices: np.ndarray, positions: np.ndarray) -> None:
    """Queries and keys are rotated alike."""
    keys = _matrices(run, probe, setting.dim, setting.best, positions, side=1)
    error = np.abs(keys - matrices).max(axis=(1, 2))
    limit = 2 * setting.widest(positions, setting.best)
    bad = bool((error > limit).any())
    cause = None
    if bad:
        cause = NONE_KNOWN
        if np.abs(keys - matrices.transpose(0, 2, 1)).max() <= limit.max():
            cause = "the sign is changed on one side only: keys are rotated by R(-p)"
        elif np.abs(keys - np.eye(setting.dim)).max() <= limit.max():
            cause = "keys are not rotated"
    run.judge(
        "rope.shared", setting.best, error, limit, positions=positions, diagnosis=cause,
        message="queries and keys at one position",
    )  # fmt: skip


def _served(run: Run, probe: Probe, setting: Setting) -> int:
    """How many positions from 0 on the target serves; a row tells where a table ends."""
    limit = int(run.expects("max_position", LARGEST_POSITION))
    x = random_vectors(run.random, 1, setting.dim, setting.best)

    def refused(position: int) -> TargetError | None:
        try:
            probe(x, np.array([position]))
        except TargetError as refusal:
            if refusal.kind in FATAL:
                raise
            return refusal
        return None

    last = refused(limit - 1)
    if last is None:
        return limit
    low, high = 3, limit - 1  # low is served, high is not
    while high - low > 1:
        middle = (low + high) // 2
        error = refused(middle)
        if error is None:
            low = middle
        else:
            high, last = middle, error
    run.row(
        "rope.domain.table-end",
        "not-applicable",
        setting.best,
        message=f"positions from {high} on are refused: {last}",
    )
    return high


def _sweep(
    run: Run,
    probe: Probe,
    setting: Setting,
    dtype: str,
    positions: np.ndarray,
    instance: Instance | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Observed cosine and sine [n, pairs] (scale included), the fixed coordinates, and the output dtype."""
    found = setting.rotation
    x = np.zeros((len(positions), setting.dim))
    x[:, found.first] = 1.0
    x[:, found.fixed] = 1.0
    out = probe(rounded(x, dtype), positions, instance=instance)
    y = as_float(out)[:, found.permutation]
    return y[:, found.first], setting.sign * y[:, found.second], y[:, found.fixed], out.dtype.name


def _angles(run: Run, probe: Probe, setting: Setting) -> None:
    """The format of the angles, found in the most precise dtype; then that dtype's own phase row."""
    positions = sample_positions(setting.limit, quick=run.options.quick)
    cosine, sine, _, output = _sweep(run, probe, setting, setting.best, positions)
    exact_cos, exact_sin = _exact(setting, positions)
    error = np.hypot(cosine - exact_cos, sine - exact_sin)
    for fmt in ("float64", "float32"):
        bound = rotation_bounds(
            positions,
            setting.spectrum.thetas,
            output if setting.best != "float64" else "float64",
            angle_dtype=fmt,
            scale=setting.scale,
            scaled=setting.spectrum.scaled,
        )
        if (error <= bound).all():
            setting.angle_dtype = fmt
            break
    run.measured["angle_dtype"] = setting.angle_dtype
    run.measured["output_dtype"] = output
    _phase(run, probe, setting, setting.best, positions, (cosine, sine, output))


def _exact(setting: Setting, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    cosine, sine = setting.spectrum.table(positions)
    return setting.scale * cosine, setting.scale * sine


def _phase(
    run: Run,
    probe: Probe,
    setting: Setting,
    dtype: str,
    positions: np.ndarray | None = None,
    swept: tuple[np.ndarray, np.ndarray, str] | None = None,
) -> None:
    """Every sampled cosine and sine against the oracle; on failure, where it begins and why."""
    if positions is None:
        positions = sample_positions(setting.limit, quick=run.options.quick)
    if swept is None:
        cosine, sine, _, output = _sweep(run, probe, setting, dtype, positions)
    else:
        cosine, sine, output = swept
    exact_cos, exact_sin = _exact(setting, positions)
    with np.errstate(invalid="ignore"):
        error = np.hypot(cosine - exact_cos, sine - exact_sin)
    bound = setting.bounds(positions, dtype)
    bad = ~(error <= bound)
    if not bad.any():
        run.judge("rope.phase", dtype, error, bound, positions=positions, unit=unit_roundoff(dtype))
        return
    first = _first_failure(run, probe, setting, dtype, positions, bad.any(axis=1))
    rows = np.arange(len(positions))
    cause = diagnose_rotation(_seen(setting, positions, cosine, sine, dtype, output, rows))
    row = run.judge(
        "rope.phase",
        dtype,
        error,
        bound,
        positions=positions,
        unit=unit_roundoff(dtype),
        diagnosis=cause,
        message=f"NaN or infinite from position {first} on" if not np.isfinite(error).all() else None,
    )
    pair = int(np.argmax(bad[np.flatnonzero(bad.any(axis=1))[0]]))
    run.report.rows[-1] = type(row)(
        **{
            **row.__dict__,
            "first_failure": first,
            "snippet": _snippet(run, dtype, setting.dim, setting, first, pair),
        }
    )


def _first_failure(run: Run, probe: Probe, setting: Setting, dtype: str, positions: np.ndarray, bad: np.ndarray) -> int:
    """The first position that fails, with every position before the first failing sample looked at."""
    index = int(np.flatnonzero(bad)[0])
    end = int(positions[index])
    start = int(positions[index - 1]) + 1 if index else 0
    for low in range(start, min(end, start + 16384), 4096):
        window = np.arange(low, min(low + 4096, end))
        if not len(window):
            break
        cosine, sine, _, _ = _sweep(run, probe, setting, dtype, window)
        exact_cos, exact_sin = _exact(setting, window)
        wrong = ~(np.hypot(cosine - exact_cos, sine - exact_sin) <= setting.bounds(window, dtype))
        if wrong.any():
            return int(window[np.flatnonzero(wrong.any(axis=1))[0]])
    return end


def _output(run: Run, probe: Probe, setting: Setting, dtype: str) -> None:
    """The output is a floating-point array; a wider or narrower one than the input is said."""
    try:
        out = probe(random_vectors(run.random, 2, setting.dim, dtype), np.arange(2))
    except TargetError as refusal:
        run.row("rope.output", "error", dtype, message=str(refusal))
        return
    name = out.dtype.name
    message = None
    verdict = "holds"
    if unit_roundoff(name) > unit_roundoff(dtype):
        verdict, message = "fails", f"{dtype} comes out as {name}: precision is lost"
    elif name != dtype:
        message = f"{dtype} comes out as {name}: wider, and what follows is promoted with it"
    cause = f"the result is converted to {name}" if verdict == "fails" else None
    run.row("rope.output", verdict, dtype, message=message, diagnosis=cause)


def _pairs_of_positions(run: Run, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """(m, n) with 0 <= m <= n < limit: near and far, small and large."""
    count = 2 if run.options.quick else 20
    fixed = [
        (0, 0),
        (0, 1),
        (1, 2),
        (3, 10),
        (255, 257),
        (0, limit - 1),
        (limit - 2, limit - 1),
        (1000, 1001),
    ]
    drawn = np.sort(run.random.integers(0, limit, (count, 2)), axis=1)
    near = run.random.integers(0, max(limit - 65, 1), count)
    m = np.concatenate([[a for a, _ in fixed], drawn[:, 0], near])
    n = np.concatenate([[b for _, b in fixed], drawn[:, 1], near + run.random.integers(0, 64, count)])
    keep = (n < limit) & (m >= 0)
    return m[keep].astype(np.int64), n[keep].astype(np.int64)


def _identities(run: Run, probe: Probe, setting: Setting, dtype: str) -> None:
    """The theorems about rotations, each evaluated with the target in place of the rotation."""
    m, n = _pairs_of_positions(run, setting.limit)
    count, dim = len(m), setting.dim
    q, k = (random_vectors(run.random, count, dim, dtype) for _ in range(2))
    key_side = probe.sides[-1]

    def rotated(x: np.ndarray, positions: np.ndarray, side: int = 0) -> np.ndarray:
        return setting.restore(probe(x, positions, side=side))

    q_m, q_0 = np.split(rotated(np.concatenate([q, q]), np.concatenate([m, 0 * m])), 2)
    k_m, k_n, k_d = np.split(rotated(np.concatenate([k, k, k]), np.concatenate([m, n, n - m]), key_side), 3)
    q64, k64 = as_float(q), as_float(k)
    bounds = {name: setting.coordinate_bounds(p, dtype) for name, p in (("m", m), ("n", n), ("d", n - m))}
    still = setting.coordinate_bounds(np.zeros(1, dtype=np.int64), dtype)
    outputs = Outputs({"q": q64, "k": k64, "x": q64})
    for name, positions, found in (
        ("q", m, q_m), ("q", 0 * m, q_0), ("k", m, k_m), ("k", n, k_n), ("k", n - m, k_d),
    ):  # fmt: skip
        outputs.put(name, positions, found)
    shared = {"h": dim // 2, "theta": setting.padded_thetas()}
    each = {"q": q64, "k": k64, "m": m, "n": n}
    error, isometry = (residuals(name, count, shared, each, outputs) for name in VECTOR_THEOREMS[:2])
    zero = np.linalg.norm(residuals(VECTOR_THEOREMS[2], count, shared, {"x": q64}, outputs, {"j": dim}), axis=0)
    # Both sides of the relative identity err, each within the bounds of its rotations.
    relative = setting.score_bounds(q64, k64, bounds["m"], bounds["n"])
    relative = relative + setting.score_bounds(q64, k64, np.zeros_like(bounds["d"]), bounds["d"])
    worst = int(np.argmax(error / relative))
    bad = bool((~(error <= relative)).any())
    # Unit vectors have the tightest bound, and show any failure of the matrices.
    first, last = int(m[worst]), int(n[worst])
    entry = max(float(bounds[name][worst].max()) for name in bounds)
    at = [
        *_matrix_lines(setting, sorted({first, last, last - first})),
        *snippets.matrix_identity(dim, "rope.relative", first, last, 3 * entry + entry**2),
    ]
    run.judge(
        "rope.relative", dtype, error, relative, positions=n, unit=unit_roundoff(dtype),
        message=f"m = {int(m[worst])}, n = {int(n[worst])}" if bad else None,
        snippet=_about(run, dtype, at) if bad else None,
    )  # fmt: skip
    # At one position both vectors meet the same table: an error of its angle cancels.
    limit = setting.score_bounds(q64, k64, still, still)
    lengths = [
        f"q, k = np.random.default_rng(0).standard_normal((2, 1, {dim}))",
        f"p = {int(m[np.argmax(isometry / limit)])}",
        "print((f(q, [p]) @ f(k, [p]).T - q @ k.T).item())  # at most about "
        f"{float(limit.mean()):.3g} for a rotation: <R q, R k> = <q, k>",
    ]
    run.judge(
        "rope.isometry", dtype, isometry, limit, positions=m, unit=unit_roundoff(dtype),
        snippet=_about(run, dtype, lengths) if (~(isometry <= limit)).any() else None,
    )  # fmt: skip
    limit = np.sqrt(((still * q64) ** 2).sum(axis=1)) * np.sqrt(2)
    left = [f"x = np.random.default_rng(0).standard_normal((1, {dim}))", "print(np.abs(f(x, [0]) - x).max())  # expected 0"]
    run.judge(
        "rope.zero", dtype, zero, limit, positions=0 * m, unit=unit_roundoff(dtype),
        snippet=_about(run, dtype, left) if (~(zero <= limit)).any() else None,
        message="after the fixed permutation is undone" if setting.rotation.layout == "permuting" else None,
    )  # fmt: skip
    _matrix_identities(run, probe, setting, dtype, m, n)


def _matrix_identities(run: Run, probe: Probe, setting: Setting, dtype: str, m: np.ndarray, n: np.ndarray) -> None:
    """Products of whole matrices: orthogonality, composition, and the transposed product."""
    dim = setting.dim
    count = 2 if run.options.quick else 4
    usable = np.flatnonzero((m > 0) & (n > m) & (m + n < setting.limit))
    chosen = usable[np.unique(np.linspace(0, len(usable) - 1, count).astype(int))] if len(usable) else usable
    if not len(chosen):
        return
    wanted = sorted({int(p) for t in chosen for p in (m[t], n[t], n[t] - m[t], m[t] + n[t])})
    inner = _matrices(run, probe, dim, dtype, np.array(wanted))[:, setting.rotation.permutation, :]
    found = dict(zip(wanted, inner / setting.scale, strict=True))
    thetas = setting.padded_thetas()
    for name, right in zip(MATRIX_THEOREMS, (None, m + n, n - m), strict=True):
        error, bound = [], []
        for t in chosen:
            values = {"h": dim // 2, "theta": thetas, "m": int(m[t]), "n": int(n[t])}
            entries = residual(name, values, {"rotation": matrices(found)}, {"r": dim, "s": dim})
            e_m, e_n = setting.coordinate_bounds(np.array([m[t], n[t]]), dtype)
            if right is None:
                # The same table twice: only its rounding counts, not its angle.
                e_m = e_n = setting.coordinate_bounds(np.zeros(1, dtype=np.int64), dtype)[0]
            limit = e_m[:, None] + e_n[None, :] + e_m[:, None] * e_n[None, :]
            limit = limit + dim * unit_roundoff("float64") * (1 + limit) * 2
            if right is not None:
                limit = limit + setting.coordinate_bounds(right[t : t + 1], dtype)[0][:, None]
            where = np.unravel_index(np.argmax(entries / limit), entries.shape)
            error.append(float(entries[where]))
            bound.append(float(limit[where]))
        bad = np.flatnonzero(~(np.array(error) <= np.array(bound)))
        snippet = None
        if len(bad):
            at = chosen[bad[0]]
            lines = snippets.matrix_identity(dim, name, int(m[at]), int(n[at]), bound[bad[0]])
            snippet = _about(run, dtype, [*_matrix_lines(setting, wanted), *lines])
        run.judge(
            name, dtype, np.array(error), np.array(bound), positions=n[chosen], unit=unit_roundoff(dtype), snippet=snippet
        )  # fmt: skip


def _loose_identities(run: Run, probe: Probe, dim: int, dtype: str, cause: str) -> None:
    """For a map that is no rotation of pairs: is it orthogonal, and are its scores relative, all the same?"""
    try:
        positions = np.array([0, 1, 2, 3])
        a = _matrices(run, probe, dim, dtype, positions)
    except TargetError as refusal:
        run.row("rope.orthogonal", "error", dtype, message=str(refusal))
        return
    limit = 64 * max(unit_roundoff(dtype), unit_roundoff("float32"))
    sizes = {"r": dim, "s": dim}
    values = {"h": dim // 2, "theta": np.ones(dim // 2)}  # in place of a rotation's, no frequency is asked for

    def judged(id: str, theorem: str, found: dict[int, np.ndarray], offsets: list[tuple[int, int]], what: str) -> None:
        implementation = {"rotation": matrices(found)}
        error = np.array([residual(theorem, {**values, "m": m, "n": n}, implementation, sizes).max() for m, n in offsets])
        bad = np.flatnonzero(~(error <= limit))
        snippet = None
        if len(bad):
            m, n = offsets[bad[0]]
            right = f"np.eye({dim})" if id == "rope.orthogonal" else f"R(0).T @ R({n - m})"
            lines = [
                f"R = lambda p: f(np.eye({dim}), [p] * {dim}).T",
                f"print(np.abs(R({m}).T @ R({n}) - {right}).max())  # at most {limit:.3g} for a rotation",
            ]
            snippet = _about(run, dtype, lines)
        run.judge(
            id, dtype, error, limit, positions=np.array([n for _, n in offsets]), message=what,
            diagnosis=cause if len(bad) else None, snippet=snippet,
        )  # fmt: skip

    judged("rope.orthogonal", "rope.orthogonal", dict(enumerate(a)), [(p, p) for p in range(4)], "of the whole matrix")
    # A permuting map has A(0) = P: P^T A(p) takes the rotation's place.
    still = {p: a[0].T @ matrix for p, matrix in enumerate(a)}
    offsets = [(m, n) for m in range(1, 4) for n in range(m, 4)]
    judged("rope.relative", "rope.transpose_product", still, offsets, "A(m)^T A(n) = A(0)^T A(n - m)")


def _distinct(run: Run, probe: Probe, setting: Setting, dtype: str) -> None:
    """Neighbouring positions stay as far apart as the exact ones, within twice the bound."""
    sampled = sample_positions(setting.limit, quick=True, seed=11)
    start = sampled[sampled + 1 < setting.limit]
    start = start[np.unique(np.linspace(0, len(start) - 1, 200).astype(int))]
    shortfall, limit, same = _nearness(run, probe, setting, dtype, start)
    bad = ~(shortfall <= limit)
    if bad.any():
        # Positions before the first failing sample, and before the first two that give one result.
        ends = [int(start[found][0]) for found in (bad, same) if found.any()]
        window = np.unique(np.concatenate([np.arange(max(end - 4096, 0), end) for end in ends]))
        if len(window):
            earlier = _nearness(run, probe, setting, dtype, window)
            start, shortfall, limit, same = (
                np.concatenate(both) for both in zip((window, *earlier), (start, shortfall, limit, same), strict=True)
            )
    one = int(start[same].min()) if same.any() else None
    message = None if one is None else f"positions {one} and {one + 1} give one result"
    snippet = None
    if (~(shortfall <= limit)).any():
        at = int(np.min(start[~(shortfall <= limit)])) if one is None else one
        both = [f"x = np.ones((2, {setting.dim}))", f"y = f(x, [{at}, {at + 1}])"]
        exact = 2 * setting.scale * float(np.sqrt(2 * (np.sin(setting.spectrum.thetas / 2) ** 2).sum()))
        snippet = _about(run, dtype, [*both, f"print(np.linalg.norm(y[0] - y[1]))  # expected about {exact:.3g}"])
    run.judge("rope.distinct", dtype, shortfall, limit, positions=start, message=message, snippet=snippet)


def _nearness(
    run: Run, probe: Probe, setting: Setting, dtype: str, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By how much positions p and p + 1 are too near, what rounding allows, and where they give one result."""
    both = np.concatenate([start, start + 1])
    cosine, sine, _, _ = _sweep(run, probe, setting, dtype, both)
    count = len(start)
    apart = np.sqrt(((cosine[count:] - cosine[:count]) ** 2 + (sine[count:] - sine[:count]) ** 2).sum(axis=1))
    thetas = setting.spectrum.thetas
    exact = 2 * setting.scale * np.sqrt((np.sin(thetas / 2) ** 2).sum())
    limit = np.linalg.norm(setting.bounds(both, dtype), axis=1)
    # The triangle inequality: the observed distance cannot fall short by more.
    shortfall = np.where(np.isnan(apart), exact, np.maximum(exact - apart, 0.0))
    return shortfall, limit[:count] + limit[count:], apart == 0


def _calls(run: Run, probe: Probe, setting: Setting, dtype: str) -> None:
    """However the rows are cut into calls, each comes out the same: token by token, windows, any order."""
    count = 12 if run.options.quick else 24
    limit = setting.limit
    x = random_vectors(run.random, count, setting.dim, dtype)
    norm = np.linalg.norm(as_float(x), axis=1)
    rows = np.arange(count)

    def compare(id: str, whole: np.ndarray, parts: np.ndarray, positions: np.ndarray, what: str) -> None:
        error = np.linalg.norm(as_float(whole) - as_float(parts), axis=1)
        bound = 2 * setting.widest(positions, dtype) * norm[: len(positions)]
        cause = snippet = None
        if (~(error <= bound)).any():
            cause = _offset_cause(setting, dtype, x[: len(positions)], parts, positions, norm)
            lines = snippets.one_by_one(setting.dim, count, float(bound.max()), None if id == "rope.incremental" else order)
            snippet = _about(run, dtype, lines)
        run.judge(id, dtype, error, bound, positions=positions, message=what, diagnosis=cause, snippet=snippet)

    positions = np.arange(count)
    order = run.random.permutation(count)
    whole = probe(x, positions)
    fresh = run.fresh()
    single = np.concatenate([probe(x[t : t + 1], positions[t : t + 1], instance=fresh) for t in rows])
    compare("rope.incremental", whole, single, positions, "token by token against all at once")
    start = min(1000, max(limit - count, 0))
    far = start + positions[: min(count, limit - start)]
    _offsets(run, probe, setting, dtype, x[: len(far)], far)
    shuffled = np.empty_like(whole)
    shuffled[order] = probe(x[order], positions[order])
    compare("rope.rows", whole, shuffled, positions, "rows in another order")


def _offsets(run: Run, probe: Probe, setting: Setting, dtype: str, x: np.ndarray, far: np.ndarray) -> None:
    """A window that does not begin at 0, and single tokens of it, against the exact rotation."""
    norm = np.linalg.norm(as_float(x), axis=1)
    exact = _expected(setting, x, far)
    bound = setting.widest(far, dtype) / setting.scale * norm
    window = probe(x, far, instance=run.fresh())
    miss = np.linalg.norm(setting.restore(window) - exact, axis=1)
    picked = np.arange(0, len(far), 4)
    tokens = np.concatenate([probe(x[t : t + 1], far[t : t + 1]) for t in picked])
    alone = np.linalg.norm(setting.restore(tokens) - exact[picked], axis=1)
    wrong, wrong_alone = ~(miss <= bound), ~(alone <= bound[picked])
    cause = snippet = None
    if wrong.any() or wrong_alone.any():
        cause = _offset_cause(setting, dtype, x, window, far, norm)
        if not wrong.any():
            cause = _offset_cause(setting, dtype, x[picked], tokens, far[picked], norm[picked])
        seen, all_exact = (window, exact) if wrong.any() else (tokens, exact[picked])
        row = int(np.flatnonzero(wrong if wrong.any() else wrong_alone)[0])
        position = int(far[row] if wrong.any() else far[picked[row]])
        off = setting.restore(seen)[row] - all_exact[row]
        pair = int(np.argmax(np.hypot(off[setting.rotation.first], off[setting.rotation.second])))
        call = far.tolist() if wrong.any() else None
        snippet = _snippet(run, dtype, setting.dim, setting, position, pair, call=call)
    run.judge(
        "rope.offset", dtype, np.concatenate([miss, alone]), np.concatenate([bound, bound[picked]]),
        positions=np.concatenate([far, far[picked]]), diagnosis=cause, snippet=snippet,
        message=f"a window from position {far[0]} on and single tokens of it, against the exact rotation",
    )  # fmt: skip


def _expected(setting: Setting, x: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """R(p) x in the measured pairs and sign, in float64, from the oracle's cosines and sines."""
    found = setting.rotation
    cosine, sine = setting.spectrum.table(positions)
    sine = setting.sign * sine
    v = as_float(x)
    out = v / setting.scale if setting.scale != 1.0 else v.copy()
    a, b = v[:, found.first], v[:, found.second]
    out[:, found.first] = a * cosine - b * sine
    out[:, found.second] = a * sine + b * cosine
    return out


def _offset_cause(
    setting: Setting, dtype: str, x: np.ndarray, got: np.ndarray, positions: np.ndarray, norm: np.ndarray
) -> str:
    """Why rows of a call come out wrong: the place of the row, or the first position, was used instead."""
    count = len(positions)
    seen = setting.restore(got)
    candidates = (
        ("every token is rotated as position 0 (the offset is ignored)", np.zeros(count, dtype=int)),
        ("positions are ignored: row t is rotated as position t", np.arange(count)),
        ("every row is rotated as the first position of the call", np.full(count, positions[0])),
        ("every row is rotated as the last position of the call", np.full(count, positions[-1])),
        ("position p is rotated as p + 1", positions + 1),
        ("position p is rotated as p - 1", np.maximum(positions - 1, 0)),
        ("the offset is added twice", positions + positions[0]),
    )
    for name, assumed in candidates:
        if np.array_equal(assumed, positions):
            continue
        error = np.linalg.norm(seen - _expected(setting, x, assumed), axis=1)
        if (error <= 2 * setting.widest(assumed, dtype) / setting.scale * norm[:count]).all():
            return name
    return NONE_KNOWN


def _gradient(run: Run, probe: Probe, setting: Setting, dtype: str) -> None:
    """The backward pass multiplies by the transposed matrix: <R x, g> = <x, R^T g>."""
    if run.session.backend == "numpy" or probe.form != "plain":
        return
    count = min(16, setting.limit)
    positions = np.unique(np.linspace(0, min(setting.limit, 5000) - 1, count).astype(int))
    count = len(positions)
    x, g = (random_vectors(run.random, count, setting.dim, dtype) for _ in range(2))
    try:
        pulled = as_float(probe.instance.gradient(x, positions, cotangent=g))
    except TargetError as refusal:
        if refusal.kind != "unsupported":
            raise
        run.row("rope.gradient", "not-applicable", dtype, message=str(refusal))
        return
    forward = as_float(probe(x, positions))
    left = (forward * as_float(g)).sum(axis=1)
    right = (as_float(x) * pulled).sum(axis=1)
    x_norm, g_norm = np.linalg.norm(as_float(x), axis=1), np.linalg.norm(as_float(g), axis=1)
    bound = 2 * score_bounds(setting.widest(positions, dtype), np.zeros(count), x_norm, g_norm, setting.dim)
    error = np.abs(left - right)
    cause = None
    if (~(error <= bound)).any():
        cause = NONE_KNOWN
        again = as_float(probe(g, positions))
        if np.abs(pulled - again).max() <= 4 * setting.widest(positions, dtype).max() * g_norm.max():
            cause = "the backward pass rotates by R, not by its transpose"
    run.judge("rope.gradient", dtype, error, bound, positions=positions, diagnosis=cause)


def _heads(run: Run, probe: Probe, setting: Setting) -> None:
    """Batch rows and heads do not see each other: a slice of a [B, H, T, d] call is the call of the slice."""
    batch, heads, tokens = 2, 3, 5
    x = random_vectors(run.random, batch * heads * tokens, setting.dim, setting.best)
    x = x.reshape(batch, heads, tokens, setting.dim)
    positions = np.arange(tokens) + min(3, setting.limit - tokens)
    try:
        (out,) = probe.instance(x, positions, method="heads")
    except TargetError as refusal:
        if refusal.kind == "unsupported":
            return
        raise
    if out.shape != x.shape:
        raise TargetError("shape", f"returned shape {out.shape} for {x.shape}")
    each = np.stack([[as_float(probe(x[b, h], positions)) for h in range(heads)] for b in range(batch)])
    error = np.linalg.norm(as_float(out) - each, axis=-1)
    bound = 2 * setting.widest(positions, setting.best) * np.linalg.norm(as_float(x), axis=-1)
    run.judge("rope.heads", setting.best, error.max(axis=(0, 1)), bound.max(axis=(0, 1)), positions=positions)


def _reuse(run: Run, probe: Probe, setting: Setting) -> None:
    """What an instance was asked before does not change what it answers."""
    # Beyond 256: a table rebuilt from narrow positions is right up to there.
    short = np.unique(np.concatenate([np.arange(16), np.arange(0, 1024, 17)]))
    short = short[short < setting.limit]
    longest = min(setting.limit, 5000 if run.options.quick else 20000)
    histories: list[tuple[str, str, np.ndarray, str]] = []
    low = next((d for d in ("bfloat16", "float16") if d in setting.dtypes), None)
    if low and setting.best != low and not _refused(run, low):
        histories.append(("rope.reuse.precision", low, np.arange(min(1024, setting.limit)), f"{low} first"))
    histories.append(("rope.reuse.length", setting.best, np.array([0, longest - 1]), f"position {longest - 1} first"))
    for id, dtype, positions, what in histories:
        instance = run.fresh()
        x = random_vectors(run.random, len(positions), setting.dim, dtype)
        probe(x, positions, instance=instance)
        cosine, sine, _, output = _sweep(run, probe, setting, setting.best, short, instance)
        fresh_cos, fresh_sin, _, _ = _sweep(run, probe, setting, setting.best, short, run.fresh())
        error = np.hypot(cosine - fresh_cos, sine - fresh_sin)
        bound = 2 * setting.bounds(short, setting.best)
        cause = None
        if (~(error <= bound)).any():
            cause = diagnose_rotation(_seen(setting, short, cosine, sine, setting.best, output, None))
            if cause != NONE_KNOWN:
                cause = f"state kept from the earlier call: {cause}"
        snippet = None
        if (found := _worst_entry(short, error, bound)) is not None:
            ones = f"np.ones(({len(positions)}, {setting.dim}))"
            earlier = snippets.rotation(run.session, dtype, _form(run))
            given = f"np.arange({len(positions)})" if len(positions) > 2 else str(positions.tolist())
            before = [line for line in earlier[:-1] if line == "import ml_dtypes"]
            before += [earlier[-1].replace("f =", "first =", 1), f"first({ones}, {given})"]
            snippet = _snippet(run, setting.best, setting.dim, setting, *found, before=before)
        run.judge(
            id, setting.best, error, bound, positions=short, message=f"{what}, then {setting.best} from 0 on",
            diagnosis=cause, snippet=snippet,
        )  # fmt: skip


def _refused(run: Run, dtype: str) -> bool:
    return any(row.id == "rope.output" and row.dtype == dtype and row.verdict != "holds" for row in run.report.rows)


def _cast(run: Run, probe: Probe, setting: Setting) -> None:
    """A module cast to a narrow dtype: its phase in that dtype, and its table when it is cast back."""
    narrow = next((d for d in ("bfloat16", "float16") if d in setting.dtypes), None)
    if narrow is None or run.session.target.kind != "adapter":
        return
    positions = sample_positions(min(setting.limit, 8192), quick=True)
    instance = run.fresh()
    try:
        instance(narrow, method="cast")
    except TargetError as refusal:
        if refusal.kind == "unsupported":
            return
        raise
    for id, dtype, label in (
        ("rope.cast", narrow, f"the module cast to {narrow}"),
        ("rope.cast-back", "float32", f"the module cast to {narrow} and back to float32"),
    ):
        if id == "rope.cast-back":
            instance("float32", method="cast")
        cosine, sine, _, output = _sweep(run, probe, setting, dtype, positions, instance)
        exact_cos, exact_sin = _exact(setting, positions)
        with np.errstate(invalid="ignore"):
            error = np.hypot(cosine - exact_cos, sine - exact_sin)
        bound = setting.bounds(positions, dtype)
        cause = None
        if (~(error <= bound)).any():
            cause = diagnose_rotation(_seen(setting, positions, cosine, sine, dtype, output, None))
        snippet = None
        if (at := _worst_entry(positions, error, bound)) is not None:
            before = [f'target.cast("{name}")' for name in ((narrow,) if id == "rope.cast" else (narrow, "float32"))]
            snippet = _snippet(run, dtype, setting.dim, setting, *at, before=before)
        run.judge(id, dtype, error, bound, positions=positions, message=label, diagnosis=cause, snippet=snippet)


def _domain(run: Run, probe: Probe, setting: Setting) -> None:
    """Negative positions, an odd dim, dim 2: whether the target raises or answers, and what."""
    best = setting.best
    positions = np.array([-1, -2, -7])
    x = random_vectors(run.random, 3, setting.dim, best)
    norm = np.linalg.norm(as_float(x), axis=1)
    try:
        y = setting.restore(probe(x, positions, instance=run.fresh()))
    except TargetError as refusal:
        if refusal.kind in FATAL:
            raise Stop from None
        run.row("rope.domain.negative", "not-applicable", best, message=f"a negative position: {refusal}")
    else:
        error = np.linalg.norm(y - _expected(setting, x, positions), axis=1)
        bound = setting.widest(positions, best) / setting.scale * norm
        if (error <= bound).all():
            run.judge(
                "rope.domain.negative",
                best,
                error,
                bound,
                positions=positions,
                message="R(-p) is R(p) transposed",
            )
        else:
            wrapped = np.linalg.norm(y - _expected(setting, x, np.maximum(setting.limit + positions, 0)), axis=1)
            text = "a negative position is not refused, and the result is not R(-p)"
            if (wrapped <= setting.widest(setting.limit + positions, best) / setting.scale * norm).all():
                text += ": it wraps around to the end of the table"
            run.row("rope.domain.negative", "not-applicable", best, message=text)
    if run.expects("dim"):
        return
    for id, dim in (("rope.domain.two", 2), ("rope.domain.odd", 7)):
        x = random_vectors(run.random, 2, dim, best)
        try:
            y = probe(x, np.array([0, 1]), instance=run.fresh())
        except TargetError as refusal:
            if refusal.kind in FATAL:
                raise Stop from None
            run.row(id, "not-applicable", best, message=f"dim {dim}: {refusal}")
            continue
        if not np.isfinite(as_float(y)).all():
            run.row(id, "not-applicable", best, message=f"dim {dim} gives NaN or infinite entries")
            continue
        kept = np.abs(np.linalg.norm(as_float(y), axis=1) - setting.scale * np.linalg.norm(as_float(x), axis=1))
        limit = 32 * max(unit_roundoff(best), unit_roundoff("float32")) * np.linalg.norm(as_float(x), axis=1)
        lengths = "lengths are kept" if (kept <= limit).all() else "lengths are not kept"
        run.row(id, "not-applicable", best, message=f"dim {dim} is accepted; {lengths}")


# Snippets.


def _snippet(
    run: Run,
    dtype: str,
    dim: int,
    setting: Setting | None,
    position: int,
    pair: int | None,
    *,
    before: Sequence[str] = (),
    call: Sequence[int] | None = None,
) -> str:
    """Python that shows one entry and what it should be.

    `before` are lines that give the target a history; `call` the positions of the whole call, of which
    `position` is one.
    """
    lines = [*snippets.rotation(run.session, dtype, _form(run)), *before]
    positions = [position] if call is None else [int(p) for p in call]
    if setting is None or pair is None:
        return snippets.joined([*lines, f"print(f(np.ones((1, {dim})), [{position}]))"])
    first, second = int(setting.rotation.first[pair]), int(setting.rotation.second[pair])
    row = int(setting.rotation.permutation[first]), int(setting.rotation.permutation[second])
    cosine, sine = (float(table[0, pair]) * setting.scale for table in setting.spectrum.table(np.array([position])))
    expected = f"{cosine:.9g} {setting.sign * sine:.9g}: cos, sin of {position} theta_{pair}"
    return snippets.joined([*lines, *snippets.entry(dim, first, row, positions, positions.index(position), expected)])


def _matrix_lines(setting: Setting, positions: Sequence[int]) -> list[str]:
    order = setting.rotation.permutation.tolist() if setting.rotation.layout == "permuting" else None
    return snippets.matrices(setting.dim, positions, order, setting.scale)


def _about(run: Run, dtype: str, lines: Sequence[str]) -> str:
    return snippets.joined([*snippets.rotation(run.session, dtype, _form(run)), *lines])


def _worst_entry(positions: np.ndarray, error: np.ndarray, bound: np.ndarray) -> tuple[int, int] | None:
    """The first position with an entry [n, pairs] beyond its bound, and there the worst pair."""
    bad = ~(error <= bound)
    if not bad.any():
        return None
    row = int(np.flatnonzero(bad.any(axis=1))[0])
    ratio = np.where(np.isnan(error[row]), np.inf, error[row] / bound[row])
    return int(positions[row]), int(np.argmax(ratio))
