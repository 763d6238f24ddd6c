"""The `axial` specification: rotate(x[T, d], coordinates[T, A]) -> [T, d], A axes (2 or 3)."""

from __future__ import annotations

import numpy as np

from symcheck.conformance import snippets
from symcheck.conformance.bounds import rotation_bounds, unit_roundoff
from symcheck.conformance.diagnosis import NONE_KNOWN
from symcheck.conformance.identities import Outputs, residuals, sides
from symcheck.conformance.measure import Rotation, measure_rotation
from symcheck.conformance.report import Worst
from symcheck.conformance.run import FLOATS, Run, Stop, as_float, only_array, random_vectors, rounded
from symcheck.conformance.runner import Instance, TargetError
from symcheck.kernels.axial import interleaved_axes, sectioned_axes
from symcheck.kernels.frequencies import inverse_frequencies

RELATIVE, ZERO = "rope.relative", "rope.zero"
for _name in (RELATIVE, ZERO):
    sides(_name)


def run(run: Run) -> None:
    """Which axis turns which pair, at which frequency; and scores that depend on coordinate differences."""
    instance = run.fresh()
    axes = int(run.expects("axes", 2))
    dim = int(run.expects("dim", 64 if axes == 2 else 96))
    best: str | None = None
    found: list[Rotation] = []
    for dtype in run.dtypes:
        try:
            if best is None:
                found = _measure(run, instance, dim, axes, dtype)
                best = dtype
            _relative(run, instance, dim, found, dtype)
        except TargetError as error:
            foreign = best is not None or (dtype == "bfloat16" and run.session.backend == "numpy")
            run.row("axial.call", "not-applicable" if foreign else "error", dtype, message=str(error))
            if error.kind in ("timeout", "died", "memory", "protocol"):
                raise Stop from None


def _call(instance: Instance, x: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    out = only_array(instance(x, coordinates.astype(np.int64)))
    if out.shape != x.shape:
        raise TargetError("shape", f"returned shape {out.shape} for {x.shape}")
    if out.dtype.name not in FLOATS:
        raise TargetError("dtype", f"returned {out.dtype.name}")
    return as_float(out)


def _along(instance: Instance, dim: int, axes: int, axis: int, dtype: str) -> Rotation:
    """The rotation of steps along one axis, the others at 0."""
    steps = np.array([0, 1, 2])
    x = rounded(np.tile(np.eye(dim), (len(steps), 1)), dtype)
    coordinates = np.zeros((len(x), axes), dtype=np.int64)
    coordinates[:, axis] = np.repeat(steps, dim)
    y = _call(instance, x, coordinates).reshape(len(steps), dim, dim).transpose(0, 2, 1)
    u = max(unit_roundoff(dtype), unit_roundoff("float32"))
    return measure_rotation(steps, y, 16 * u)


def _measure(run: Run, instance: Instance, dim: int, axes: int, dtype: str) -> list[Rotation]:
    found = [_along(instance, dim, axes, axis, dtype) for axis in range(axes)]
    half = dim // 2
    u = max(unit_roundoff(dtype), unit_roundoff("float32"))
    bad = [axis for axis, r in enumerate(found) if r.defect > 16 * u or not r.pairs]
    if bad:
        run.row(
            "axial.layout",
            "fails",
            dtype,
            worst=Worst(1, None, found[bad[0]].defect) if np.isfinite(found[bad[0]].defect) else None,
            bound=16 * u,
            diagnosis=NONE_KNOWN,
            snippet=_matrix(run, dtype, dim, axes, bad[0]),
            message=f"steps along axis {bad[0]}: {found[bad[0]].reason or 'the blocks are no rotations'}",
        )
        raise Stop
    # The pairs by their lower coordinate; each must turn along one axis only.
    owner: dict[int, int] = {}
    theta: dict[int, float] = {}
    shared = []
    for axis, rotation in enumerate(found):
        for a, angle in zip(rotation.first.tolist(), rotation.thetas.tolist(), strict=True):
            if angle <= 0:
                continue
            if a in owner:
                shared.append(a)
            owner[a] = axis
            theta[a] = angle
    order = sorted(owner)
    assigned = tuple(owner[a] for a in order)
    measured = np.array([theta[a] for a in order])
    layouts = {r.layout for r in found}
    sections = [assigned.count(axis) for axis in range(axes)]
    if len(order) == half and assigned == sectioned_axes(sections):
        kind = "sectioned"
    elif len(order) == half and assigned == interleaved_axes(sections):
        kind = "interleaved"
    else:
        kind = "other"
    base = float(run.expects("base", 10000.0))
    ladders = {}
    whole = np.asarray(inverse_frequencies(dim, base))
    ladders["one ladder over all pairs"] = whole[: len(order)]
    each = np.empty(len(order))
    for axis, count in enumerate(sections):
        if count:
            each[np.array(assigned) == axis] = np.asarray(inverse_frequencies(2 * count, base))
    ladders["one ladder for each axis"] = each
    limit = 2 * rotation_bounds(np.array([1]), np.maximum(measured, 1e-12), dtype, angle_dtype="float32")[0]
    ladder = next(
        (
            name
            for name, values in ladders.items()
            if len(values) == len(measured) and (np.abs(values - measured) <= limit).all()
        ),
        None,
    )
    run.measured.update(
        layout=layouts.pop() if len(layouts) == 1 else None,
        sign=found[0].sign,
        frequencies=ladder or "unknown",
        scale=1.0,
        angle_dtype=None,
        output_dtype=dtype,
        axes=kind,
        sections=sections,
    )
    wanted = run.expects("assignment")
    wrong = shared or (wanted is not None and kind != wanted)
    run.row(
        "axial.axes",
        "fails" if wrong else "holds",
        dtype,
        diagnosis=(f"the axes are {kind}, not {wanted}: equal when all coordinates agree" if wrong and not shared else None),
        message=(f"{len(shared)} pairs turn along more than one axis" if shared else f"{kind}, sections {sections}"),
        snippet=_matrix(run, dtype, dim, axes, 0) if wrong else None,
    )
    run.row(
        "axial.frequencies",
        "holds" if ladder else "fails",
        dtype,
        bound=float(limit.max()),
        diagnosis=None if ladder else NONE_KNOWN,
        snippet=None if ladder else _matrix(run, dtype, dim, axes, 0),
        message=ladder or f"neither one ladder over all pairs nor one for each axis, base {base:g}",
    )
    return found


def _matrix(run: Run, dtype: str, dim: int, axes: int, axis: int) -> str:
    """What a step along one axis does: the angle of each coordinate that it turns."""
    step = [int(a == axis) for a in range(axes)]
    lines = [
        f"R = f(np.eye({dim}), np.tile({step}, ({dim}, 1))).T  # one step along axis {axis}",
        "print(np.arccos(np.clip(np.diag(R), -1, 1)))  # frequency of each coordinate; 0 where it is left alone",
    ]
    return _snippet(run, dtype, lines)


def _snippet(run: Run, dtype: str, lines: list[str]) -> str:
    """`f(x, c)` is the target on a float array and coordinates [T, axes]."""
    return snippets.joined([*snippets.rotation(run.session, dtype), *lines])


def _turned(rotation: Rotation) -> np.ndarray:
    """The coordinates that steps along an axis turn, pair after pair as the theorems have them."""
    moving = rotation.thetas > 0
    return np.stack([rotation.first[moving], rotation.second[moving]], axis=1).reshape(-1)


def _relative(run: Run, instance: Instance, dim: int, found: list[Rotation], dtype: str) -> None:
    """rope.relative and rope.zero on the pairs of each axis, whatever the coordinates along the other axes."""
    count, axes = (8 if run.options.quick else 32), len(found)
    q, k = (random_vectors(run.random, count, dim, dtype) for _ in range(2))
    a, b = np.sort(run.random.integers(0, 200, (2, count, axes)), axis=0)
    q64, k64 = as_float(q), as_float(k)
    q_a, k_b, k_d = _call(instance, q, a), _call(instance, k, b), _call(instance, k, b - a)
    still = _call(instance, q, 0 * a)
    error, zero, norm, length = (np.zeros(count) for _ in range(4))
    for axis, rotation in enumerate(found):
        at = _turned(rotation)
        if not len(at):
            continue
        m, n = a[:, axis], b[:, axis]
        outputs = Outputs({"q": q64[:, at], "k": k64[:, at], "x": q64[:, at]})
        for name, positions, output in (("q", m, q_a), ("q", 0 * m, still), ("x", 0 * m, still)):
            outputs.put(name, positions, output[:, rotation.permutation][:, at])
        for positions, output in ((n, k_b), (n - m, k_d)):
            outputs.put("k", positions, output[:, rotation.permutation][:, at])
        shared = {"h": len(at) // 2, "theta": rotation.thetas[rotation.thetas > 0]}
        each = {"q": q64[:, at], "k": k64[:, at], "m": m, "n": n}
        error = np.maximum(error, residuals(RELATIVE, count, shared, each, outputs))
        away = residuals(ZERO, count, shared, {"x": q64[:, at]}, outputs, {"j": len(at)})
        zero = np.maximum(zero, np.linalg.norm(away, axis=0))
        length = np.maximum(length, np.linalg.norm(q64[:, at], axis=1))
        norm = np.maximum(norm, np.linalg.norm(q64[:, at], axis=1) * np.linalg.norm(k64[:, at], axis=1))
    # Frequencies are at most 1 and coordinates below 200 on every axis: the bound of frequency 0.9 covers all.
    one = rotation_bounds(np.array([200]), np.array([0.9]), dtype, angle_dtype="float32")[0, 0]
    limit = 2 * (2 * one + one**2) * norm
    worst = int(np.argmax(error / limit))
    move = [
        f"q, k = np.random.default_rng(0).standard_normal((2, 1, {dim}))",
        f"left = f(q, [{a[worst].tolist()}]) @ f(k, [{b[worst].tolist()}]).T",
        f"right = q @ f(k, [{(b - a)[worst].tolist()}]).T",
        f"print((left - right).item())  # at most about {axes * float(limit[worst]):.3g}: "
        "<R(a) q, R(b) k> = <q, R(b - a) k>",
    ]
    run.judge(
        "axial.relative", dtype, error, limit, unit=unit_roundoff(dtype),
        message="on the pairs of each axis, scores depend on its coordinates' difference alone",
        snippet=_snippet(run, dtype, move) if not (error <= limit).all() else None,
    )  # fmt: skip
    still_lines = [f"x = np.ones((1, {dim}))", f"print(np.abs(f(x, [{[0] * axes}]) - x).max())  # expected 0"]
    run.judge(
        "axial.zero", dtype, zero, one * length, message="coordinates 0 are not turned",
        snippet=_snippet(run, dtype, still_lines) if not (zero <= one * length).all() else None,
    )  # fmt: skip
