"""The `sinusoidal` specification: an absolute encoding in the normal form table(T, d) -> [T, d]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from symcheck.conformance.bounds import angle_tolerances, frequency_error, unit_roundoff
from symcheck.conformance.diagnosis import RotationSeen, diagnose_rotation
from symcheck.conformance.identities import residual, rows, sides
from symcheck.conformance.reference import Spectrum
from symcheck.conformance.report import Worst
from symcheck.conformance.run import FLOATS, Run, Stop, as_float, only_array
from symcheck.conformance.runner import Instance, TargetError
from symcheck.kernels import bounds as kernel_bounds

#: Coordinates of sines and cosines in each layout, for d coordinates; the names are those of the kernels, and
#: "cosine-interleaved" is the interleaved one with the cosine first.
LAYOUTS = ("interleaved", "sine-first", "cosine-first", "cosine-interleaved")

#: The theorems that are properties here.
SHIFT, GRAM = "sinusoidal.shift", "sinusoidal.gram"
for _name in (SHIFT, GRAM):
    sides(_name)


def coordinates(dim: int, layout: str) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates [d/2] of the sines and of the cosines."""
    half = dim // 2
    if layout == "interleaved":
        return np.arange(0, dim, 2), np.arange(1, dim, 2)
    if layout == "cosine-interleaved":
        return np.arange(1, dim, 2), np.arange(0, dim, 2)
    sine, cosine = np.arange(half), np.arange(half, dim)
    return (sine, cosine) if layout == "sine-first" else (cosine, sine)


@dataclass
class Setting:
    """What the table was found to be; `origin` is the position of row 0, `amplitude` the factor of all."""

    dim: int
    dtype: str
    layout: str
    origin: int
    amplitude: float
    spectrum: Spectrum
    known: bool
    length: int

    def split(self, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cosines and sines [n, d/2] of rows [n, d], the amplitude divided out."""
        sine, cosine = coordinates(self.dim, self.layout)
        values = as_float(table) / self.amplitude
        return values[:, cosine], values[:, sine]

    def standard(self, table: np.ndarray) -> np.ndarray:
        """The rows in the order of the theorems: sin at 2i, cos at 2i + 1."""
        cosine, sine = self.split(table)
        return np.stack([sine, cosine], axis=-1).reshape(len(table), self.dim)

    def bounds(self, positions: np.ndarray) -> np.ndarray:
        """[n, pairs]: error of an entry whose angle may be in float32, in the table's dtype."""
        return entry_bounds(positions, self.spectrum.thetas, self.dtype, self.amplitude)


def entry_bounds(positions: np.ndarray, thetas: np.ndarray, dtype: str, amplitude: float = 1.0) -> np.ndarray:
    """`sinusoidal_bound` over positions [n] and thetas, with the frequency computed in the angle's format."""
    angle = "float32"
    token = np.array(
        [
            0.0
            if theta in (0.0, 1.0)
            else kernel_bounds.angle_bound(1.0, theta, angle, frequency_error=frequency_error(theta, angle))
            for theta in thetas.tolist()
        ]
    )
    constant = kernel_bounds.table_bound(0.0, dtype, angle)
    # An amplitude other than 1 is one more product, and is itself rounded.
    constant += 0.0 if amplitude == 1.0 else 3 * max(unit_roundoff(dtype), unit_roundoff(angle))
    distance = np.abs(np.asarray(positions, dtype=np.float64))
    return np.minimum(distance[:, None] * token, 2.0) + constant


def run(run: Run) -> None:
    """All properties of a sinusoidal table."""
    instance = run.fresh()
    table, dim = _first(run, instance)
    setting = _measure(run, table, dim)
    run.guarded("sinusoidal.formula", setting.dtype, lambda: _formula(run, instance, setting))
    run.guarded("sinusoidal.shift", setting.dtype, lambda: _theorems(run, instance, setting))
    run.guarded("sinusoidal.prefix", setting.dtype, lambda: _prefix(run, instance, setting))
    _domain(run, setting)
    run.inherit(("sinusoidal.formula", "sinusoidal.frequencies"))


def _table(instance: Instance, length: int, dim: int) -> np.ndarray:
    out = only_array(instance(length, dim))
    if out.ndim == 3 and out.shape[0] == 1:
        out = out[0]  # a batch of one
    if out.shape != (length, dim):
        raise TargetError("shape", f"returned shape {out.shape} for table({length}, {dim})")
    if out.dtype.name not in FLOATS:
        raise TargetError("dtype", f"returned {out.dtype.name}")
    return out


def _first(run: Run, instance: Instance) -> tuple[np.ndarray, int]:
    fixed = run.expects("dim")
    first: TargetError | None = None
    for dim in (fixed,) if fixed else ((64, 128, 512, 32) if run.options.quick else (128, 64, 512, 32)):
        try:
            table = _table(instance, 64, dim)
        except TargetError as refusal:
            first = first or refusal
            if refusal.kind in ("timeout", "died", "memory", "protocol"):
                break
            continue
        if not np.isfinite(as_float(table)).all():
            bad = int(np.flatnonzero(~np.isfinite(as_float(table)).all(axis=1))[0])
            run.row(
                "sinusoidal.finite",
                "fails",
                table.dtype.name,
                worst=Worst(bad, None, float("nan")),
                first_failure=bad,
                message="entries are NaN or infinite",
            )
            raise Stop
        return table, dim
    assert first is not None
    verdict = "fails" if first.kind in ("shape", "dtype", "returned") else "error"
    run.row("sinusoidal.call", verdict, message=str(first))
    raise Stop


def _candidates(run: Run, dim: int) -> Iterator[Spectrum]:
    base, spacing = run.expects("base"), run.expects("frequencies")
    bases = (base,) if base else (10000.0, 1000000.0, 500000.0, 100.0)
    for each in bases:
        for name in (spacing,) if spacing else ("paper", "tensor2tensor"):
            yield Spectrum(name, dim, float(each), name)


def _measure(run: Run, table: np.ndarray, dim: int) -> Setting:
    """Layout, origin, amplitude and spacing: the combination that the first rows agree with."""
    dtype = table.dtype.name
    values = as_float(table)
    amplitude = float(np.median(np.linalg.norm(values, axis=1)) / np.sqrt(dim / 2))
    shown = 1.0 if abs(amplitude - 1) < 16 * max(unit_roundoff(dtype), 1e-6) else amplitude
    shown = shown or 1.0
    count = min(len(table), 40)
    best: tuple[str, int, Spectrum] | None = None
    for spectrum in _candidates(run, dim):
        cosine, sine = spectrum.table(np.arange(count + 4))
        for origin in (0, 1, 2, 3):
            positions = np.arange(origin, origin + count)
            limit = 2 * entry_bounds(positions, spectrum.thetas, dtype, shown) + 4 * unit_roundoff(dtype)
            for layout in LAYOUTS:
                sines, cosines = coordinates(dim, layout)
                error = np.maximum(
                    np.abs(values[:count, cosines] / shown - cosine[positions]),
                    np.abs(values[:count, sines] / shown - sine[positions]),
                )
                if (error <= limit).all():
                    best = best or (layout, origin, spectrum)
        if best:
            break
    known = best is not None
    if best is None:
        spectrum = Spectrum("paper", dim, float(run.expects("base", 10000.0)), "paper")
        best = (_layout_by_row(values, shown) or "interleaved", 0, spectrum)
    layout, origin, spectrum = best
    setting = Setting(dim, dtype, layout, origin, shown, spectrum, known, len(table))
    run.measured.update(
        layout=layout if known else _layout_by_row(values, shown),
        sign=None,
        frequencies=spectrum.name if known else "unknown",
        scale=shown,
        angle_dtype=None,
        output_dtype=dtype,
        base=spectrum.base if known else None,
        origin=origin if known else None,
        dim=dim,
    )
    cosine, sine = setting.split(table)
    cause = None
    if not known:
        cause = _cause(setting, np.arange(len(table)), cosine, sine)
    wanted = run.expects("layout")
    run.row(
        "sinusoidal.layout",
        "fails" if wanted is not None and known and layout != wanted else "holds" if known else "fails",
        dtype,
        diagnosis=cause,
        snippet=None if known else _snippet(run, setting, 1, 0),
        message=f"{layout}; row 0 is position {origin}; the layouts differ by a fixed permutation of coordinates"
        if known
        else "no known layout, origin and spacing gives these rows",
    )
    # At position 1 the angles are the frequencies themselves.
    error = np.abs(np.arctan2(sine[1], cosine[1]) - spectrum.thetas) if not origin else np.zeros(dim // 2)
    where = int(np.argmax(error))
    run.row(
        "sinusoidal.frequencies",
        "holds" if known else "fails",
        dtype,
        worst=Worst(1, where, float(error[where])),
        bound=float(setting.bounds(np.array([1]))[0, where]),
        first_failure=None if known else 1,
        diagnosis=cause,
        message=spectrum.describe() + ("" if spectrum.name == "paper" else ": a convention")
        if known
        else f"expected {spectrum.describe()} or tensor2tensor's spacing",
        snippet=None if known else _snippet(run, setting, 1, where),
    )
    return setting


def _layout_by_row(values: np.ndarray, amplitude: float) -> str | None:
    """The layout that row 0 shows, where sines are 0 and cosines 1."""
    row = values[0] / amplitude
    for layout in LAYOUTS:
        sine, cosine = coordinates(values.shape[1], layout)
        if np.abs(row[sine]).max() < 1e-3 and np.abs(row[cosine] - 1).max() < 1e-2:
            return layout
    return None


def _cause(setting: Setting, positions: np.ndarray, cosine: np.ndarray, sine: np.ndarray) -> str:
    dtype = "float64" if setting.dtype == "float64" else "float32"
    if setting.dtype in ("bfloat16", "float16"):
        dtype = setting.dtype
    seen = RotationSeen(positions, cosine, sine, dtype, setting.dtype, setting.spectrum, setting.dim)
    return diagnose_rotation(seen)


def _formula(run: Run, instance: Instance, setting: Setting) -> None:
    """Every entry of a long table against the oracle."""
    wanted = int(run.expects("max_position", 4096 if run.options.quick else 32768))
    table: np.ndarray | None = None
    while table is None:
        try:
            table = _table(instance, wanted, setting.dim)
        except TargetError as refusal:
            if refusal.kind != "raised" or wanted <= 64:
                raise
            last = str(refusal)
            wanted //= 2
            if wanted <= 64:
                wanted = 64
            run.measured["longest"] = wanted
            note = f"a table of {2 * wanted} rows is refused: {last}"
            run.row("sinusoidal.domain.length", "not-applicable", setting.dtype, message=note)
    setting.length = wanted
    index = np.arange(wanted)
    positions = index + setting.origin
    cosine, sine = setting.split(table)
    exact_cos, exact_sin = setting.spectrum.table(positions)
    with np.errstate(invalid="ignore"):
        error = np.maximum(np.abs(cosine - exact_cos), np.abs(sine - exact_sin))
    bound = setting.bounds(positions)
    bad = ~(error <= bound)
    cause = snippet = None
    if bad.any():
        cause = _cause(setting, positions, cosine, sine)
        first = int(np.flatnonzero(bad.any(axis=1))[0])
        snippet = _snippet(run, setting, first, int(np.flatnonzero(bad[first])[0]))
    for angle in ("float64", "float32"):
        limit = angle_tolerances(positions, setting.spectrum.thetas, angle, scaled=False)
        if (error <= limit + unit_roundoff(setting.dtype)).all():
            run.measured["angle_dtype"] = angle
            break
    run.judge(
        "sinusoidal.formula",
        setting.dtype,
        error,
        bound,
        positions=positions,
        unit=unit_roundoff(setting.dtype),
        diagnosis=cause,
        snippet=snippet,
    )


def _theorems(run: Run, instance: Instance, setting: Setting) -> None:
    """The shift by a matrix, and the Gram matrix as a function of the offset."""
    length = min(setting.length, 2048)
    standard = setting.standard(_table(instance, length, setting.dim))
    thetas = setting.spectrum.thetas
    count = 6 if run.options.quick else 20
    last = length - 1 + setting.origin
    a = np.concatenate([[setting.origin], run.random.integers(setting.origin, last, count)])
    offset = np.concatenate([[1], run.random.integers(0, np.maximum(last - a[1:], 1))])
    half = setting.dim // 2
    errors: dict[str, list[float]] = {"sinusoidal.shift": [], "sinusoidal.gram": []}
    limits: dict[str, list[float]] = {"sinusoidal.shift": [], "sinusoidal.gram": []}
    for start, by in zip(a.tolist(), offset.tolist(), strict=True):
        found = {p: standard[p - setting.origin] for p in (start, start + by)}
        implementation = {"PE": rows(found)}
        values = {"h": half, "theta": thetas, "pos": start, "k": by}
        away = residual(SHIFT, values, implementation, {"r": setting.dim})
        near, far = setting.bounds(np.array([start, start + by]))
        # A row of the shift matrix has norm 1, so the error of a pair passes through unchanged in norm.
        limit = np.repeat(far + np.sqrt(2) * near, 2) + 8 * unit_roundoff("float64") * (1 + by)
        worst = int(np.argmax(away / limit))
        errors["sinusoidal.shift"].append(float(away[worst]))
        limits["sinusoidal.shift"].append(float(limit[worst]))
        values = {"h": half, "theta": thetas, "m": start + by, "n": start}
        errors["sinusoidal.gram"].append(float(residual(GRAM, values, implementation)))
        product = np.sqrt(2) * (near + far) + 2 * near * far
        rounding = kernel_bounds.gamma(setting.dim, "float64") * half + 8 * unit_roundoff("float64") * by
        limits["sinusoidal.gram"].append(float(product.sum() + rounding))
    for name in errors:
        error, limit = np.array(errors[name]), np.array(limits[name])
        at = int(np.argmax(error / limit))
        bad = not (error <= limit).all()
        start, by = int(a[at]) - setting.origin, int(offset[at])
        run.judge(
            name, setting.dtype, error, limit, positions=a + offset, unit=unit_roundoff(setting.dtype),
            snippet=_theorem_snippet(run, setting, name, start, by, limit[at]) if bad else None,
        )  # fmt: skip


def _prefix(run: Run, instance: Instance, setting: Setting) -> None:
    """A longer table begins with the shorter one, and asking for it changes nothing later."""
    length = min(setting.length, 512)
    fresh = run.fresh()
    short = _table(fresh, 17, setting.dim)
    long = _table(fresh, length, setting.dim)[:17]
    again = _table(fresh, 17, setting.dim)
    error = np.maximum(np.abs(as_float(short) - as_float(long)), np.abs(as_float(again) - as_float(long)))
    positions = np.arange(17)
    bound = 2 * setting.amplitude * setting.bounds(positions + setting.origin).max(axis=1)
    run.judge(
        "sinusoidal.prefix",
        setting.dtype,
        error.max(axis=1),
        bound,
        positions=positions,
        message=f"tables of 17, {length} and again 17 rows",
        snippet=None
        if (error.max(axis=1) <= bound).all()
        else "\n".join(
            [
                "import numpy as np",
                run.session.target.import_lines,
                f"f = lambda n: np.asarray({run.session.target.call_name}(n, {setting.dim}), float).reshape(n, -1)",
                f"print(np.abs(f(17) - f({length})[:17]).max())  # expected 0",
            ]
        ),
    )


def _domain(run: Run, setting: Setting) -> None:
    """An odd dim and dim 2."""
    if run.expects("dim"):
        return
    for id, dim in (("sinusoidal.domain.two", 2), ("sinusoidal.domain.odd", 7)):
        try:
            table = as_float(_table(run.fresh(), 5, dim))
        except TargetError as refusal:
            if refusal.kind in ("timeout", "died", "memory", "protocol"):
                raise Stop from None
            run.row(id, "not-applicable", setting.dtype, message=f"dim {dim}: {refusal}")
            continue
        note = "is accepted" if np.isfinite(table).all() else "gives NaN or infinite entries"
        run.row(id, "not-applicable", setting.dtype, message=f"dim {dim} {note}")


def _theorem_snippet(run: Run, setting: Setting, theorem: str, start: int, by: int, limit: float) -> str:
    """With unknown frequencies, the first entry that is wrong; else two rows at one distance."""
    if setting.known:
        return _offset_snippet(run, setting, theorem, start, by, limit)
    return _snippet(run, setting, 1, 0)


def _offset_snippet(run: Run, setting: Setting, theorem: str, start: int, by: int, limit: float) -> str:
    """Rows at one distance: their inner product, or the angle by which each pair turns, at `start` and at the origin."""
    sine, cosine = (list(map(int, c)) for c in coordinates(setting.dim, setting.layout))
    target, rows = run.session.target, start + by + 1
    lines = ["import numpy as np", target.import_lines]
    lines.append(f"t = np.asarray({target.call_name}({rows}, {setting.dim}), dtype=float).reshape({rows}, -1)")
    if theorem == "sinusoidal.gram":
        lines.append(
            f"print(t[{start + by}] @ t[{start}] - t[{by}] @ t[0])  # at most about {2 * limit:.3g}: <p_m, p_n> = g(m - n)"
        )
    else:
        lines += [
            f"z = t[:, {cosine}] + 1j * t[:, {sine}]",
            f"print(np.abs(z[{start + by}] * z[{start}].conj() - z[{by}] * z[0].conj()).max())  # at most about "
            f"{2 * limit:.3g}: one shift turns every row alike",
        ]
    return "\n".join(lines)


def _snippet(run: Run, setting: Setting, row: int, pair: int) -> str:
    sine, cosine = coordinates(setting.dim, setting.layout)
    exact_cos, exact_sin = setting.spectrum.table(np.array([row + setting.origin]))
    target = run.session.target
    return "\n".join(
        [
            "import numpy as np",
            target.import_lines,
            f"t = np.asarray({target.call_name}({row + 1}, {setting.dim}), dtype=float).reshape({row + 1}, -1)",
            f"print(t[{row}, {sine[pair]}], t[{row}, {cosine[pair]}])  # expected "
            f"{setting.amplitude * exact_sin[0, pair]:.9g} {setting.amplitude * exact_cos[0, pair]:.9g}: "
            f"sin, cos of {row + setting.origin} theta_{pair}",
        ]
    )
