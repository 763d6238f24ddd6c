"""Known causes: what each would make of the output, and which one reproduces it to its last digits.

A cause is a name and a prediction. The suite never argues from symptoms: a cause is named only when its
prediction agrees with the whole observation, up to what rounding can do to that prediction, and when the
prediction itself breaks the property. Otherwise the diagnosis is "none known".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from symcheck.conformance.bounds import angle_tolerances, rotation_bounds, unit_roundoff
from symcheck.conformance.protocol import numpy_dtype
from symcheck.conformance.reference import PUBLISHED_BASES, Spectrum, conventions

NONE_KNOWN = "none known"

#: Share of the entries in which a rounding cause may differ from its prediction: where the number before the
#: coarse rounding lies within float32's error of a tie, it may go either way (about 2^-24 K / 2^-11).
TIES = 0.02


def round_to(values: np.ndarray, fmt: str) -> np.ndarray:
    """Values rounded to a format, as float64; "exact" leaves them alone, "tf32" keeps 11 significant bits."""
    if fmt in ("exact", "float64"):
        return np.asarray(values, dtype=np.float64)
    if fmt == "tf32":
        mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float64))
        return np.ldexp(np.rint(np.ldexp(mantissa, 11)), exponent - 11)
    if fmt == "bfloat16":
        # Backends reach bfloat16 by way of float32.
        values = np.asarray(values, dtype=np.float32)
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(numpy_dtype(fmt)).astype(np.float64)


#: Suffix of a position format: made by an arange in that format, not converted to it.
ARANGE = ", arange"


def arange_in(positions: np.ndarray, fmt: str) -> np.ndarray:
    """Integers as a vectorised arange in a narrow format makes them.

    PyTorch fills registers of 16 numbers: the first is rounded, the lane number is added, and the sum is
    rounded again; in bfloat16 that differs from one rounding for 4 % of the positions above 4096.
    """
    positions = np.asarray(positions, dtype=np.int64)
    lane = positions % 16
    return round_to(round_to(positions - lane, fmt) + lane, fmt)


@dataclass(frozen=True)
class RotationSeen:
    """Observed cosine and sine [n, pairs] at positions [n], and what they were expected to be.

    `dtype` is that of the input, `output` that of the result; `expected` the spectrum, `head_dim` the number
    of coordinates of a vector, `scale` the attention scale expected; `rows` the row indices at which the
    positions stood in the call.
    """

    positions: np.ndarray
    cosine: np.ndarray
    sine: np.ndarray
    dtype: str
    output: str
    expected: Spectrum
    head_dim: int
    scale: float = 1.0
    rows: np.ndarray | None = None

    @property
    def pairs(self) -> int:
        return self.cosine.shape[1]


@dataclass(frozen=True)
class Cause:
    """`predict(positions)` gives cos and sin [n, pairs]; `thetas` are its frequencies; `ties` as `TIES`."""

    name: str
    predict: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    thetas: np.ndarray
    ties: float = 0.0
    conversion: bool = False


def diagnose_rotation(seen: RotationSeen) -> str:
    """The first cause of the catalogue that reproduces the observation, or `NONE_KNOWN`."""
    chosen = _few(np.arange(len(seen.positions)), 600)
    finite = np.isfinite(seen.cosine).all(axis=1) & np.isfinite(seen.sine).all(axis=1)
    if not finite.all():
        # The onset of what is not finite must be among the positions compared.
        onset = np.flatnonzero(~finite)[0]
        chosen = np.unique(np.concatenate([chosen, np.arange(max(onset - 8, 0), onset + 1)]))
    positions = seen.positions[chosen]
    cosine, sine = seen.cosine[chosen], seen.sine[chosen]
    exact = _circle(seen.expected.thetas, seen.scale)(positions)
    # A few positions settle most causes; the whole sample is for those that pass.
    hint = _few(np.arange(len(positions)), 24)
    few = (positions[hint], cosine[hint], sine[hint], (exact[0][hint], exact[1][hint]))
    for cause in rotation_causes(seen):
        if len(cause.thetas) != seen.pairs or not _reproduces(cause, seen, *few, hint=True):
            continue
        if _reproduces(cause, seen, positions, cosine, sine, exact):
            return cause.name
    return NONE_KNOWN


def _few(indices: np.ndarray, count: int) -> np.ndarray:
    if len(indices) <= count:
        return indices
    return indices[np.unique(np.linspace(0, len(indices) - 1, count).astype(int))]


def _reproduces(
    cause: Cause,
    seen: RotationSeen,
    positions: np.ndarray,
    cosine: np.ndarray,
    sine: np.ndarray,
    exact: tuple[np.ndarray, np.ndarray],
    *,
    hint: bool = False,
) -> bool:
    """Whether the prediction agrees and has an effect; with `hint`, whether it may on a larger sample."""
    with np.errstate(all="ignore"):
        predicted_cos, predicted_sin = cause.predict(positions)
        error = np.hypot(predicted_cos - cosine, predicted_sin - sine)
        effect = np.hypot(predicted_cos - exact[0], predicted_sin - exact[1])
    both_undefined = np.isnan(error) & ~np.isfinite(cosine + sine) & ~np.isfinite(predicted_cos + predicted_sin)
    error[both_undefined] = 0.0
    rounding = 2 * unit_roundoff(seen.output) * max(seen.scale, 1.0)
    for fmt in ("float64", "float32") if seen.dtype == "float64" else ("float32",):
        # The mistake computed as well as the format allows, then one rounding to the output.
        tolerance = rounding + max(seen.scale, 1.0) * angle_tolerances(
            positions, np.minimum(np.abs(cause.thetas), 1e6), fmt, scaled=seen.expected.scaled
        )
        # Where the tolerance is as wide as the circle, agreement says nothing.
        telling = tolerance < 0.2
        if telling.sum() < 0.2 * telling.size:
            if hint:
                return True
            continue
        with np.errstate(invalid="ignore"):
            wrong = ~(error[telling] <= tolerance[telling])
            # A cause that changes nothing here explains nothing.
            harmless = effect[telling] <= tolerance[telling]
        if hint:
            if wrong.mean() <= 4 * cause.ties:
                return True
        elif wrong.mean() <= cause.ties and (cause.conversion or not harmless.all()):
            return True
    return False


def _circle(thetas: np.ndarray, scale: float = 1.0) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    def predict(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        angle = np.asarray(positions, dtype=np.longdouble)[:, None] * thetas[None, :].astype(np.longdouble)
        if np.finfo(np.longdouble).nmant <= 52:
            reduced = np.asarray(angle, dtype=np.float64)
        else:
            two_pi = np.longdouble("6.283185307179586476925286766559")
            reduced = np.asarray(angle - two_pi * np.rint(angle / two_pi), dtype=np.float64)
        return scale * np.cos(reduced), scale * np.sin(reduced)

    return predict


def _pipeline(
    seen: RotationSeen, position: str, frequency: str, product: str, table: str
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    thetas = round_to(round_to(seen.expected.thetas, "float32"), frequency)
    made = arange_in if position.endswith(ARANGE) else round_to

    def predict(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        index = made(positions, position.removesuffix(ARANGE))
        angle = round_to(index[:, None] * thetas[None, :], product)
        return (
            seen.scale * round_to(np.cos(angle), table),
            seen.scale * round_to(np.sin(angle), table),
        )

    return predict


def _short_reduction(seen: RotationSeen) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    thetas = seen.expected.thetas.astype(np.float32)
    two_pi = np.float32(2 * np.pi)

    def predict(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        angle = positions.astype(np.float32)[:, None] * thetas
        reduced = (angle - np.rint(angle / two_pi) * two_pi).astype(np.float64)
        return seen.scale * np.cos(reduced), seen.scale * np.sin(reduced)

    return predict


def rotation_causes(seen: RotationSeen) -> Iterator[Cause]:
    """The catalogue for rotations, what is simplest and commonest first."""
    expected = seen.expected
    thetas = expected.thetas
    width = 2 * len(thetas)
    base = expected.base
    if unit_roundoff(seen.output) > unit_roundoff(seen.dtype):
        yield Cause(f"the result is converted to {seen.output}", _circle(thetas, seen.scale), thetas, conversion=True)
    yield from _scale_causes(seen)
    yield Cause("cosine and sine are exchanged", lambda p: _circle(thetas, seen.scale)(p)[::-1], thetas)
    yield from _position_causes(seen)
    yield from _precision_causes(seen)
    for name, values in (*frequency_causes(expected, width, seen.head_dim), *_fitted_causes(seen)):
        yield Cause(name, _circle(values, seen.scale), values)
    for fmt in ("bfloat16", "float16"):
        narrow = _narrow_power(base, width, fmt)
        if narrow is not None:
            yield Cause(
                f"the frequencies are computed in {fmt} (exponent and power rounded)",
                _circle(narrow, seen.scale),
                narrow,
                TIES,
            )


def frequency_causes(expected: Spectrum, width: int, head_dim: int) -> Iterator[tuple[str, np.ndarray]]:
    """Wrong spectra [width/2] with the mistake that makes them."""
    half = width // 2
    base = expected.base
    index = np.arange(half, dtype=np.float64)
    thetas = expected.thetas
    plain = np.power(base, -index / half)

    def power(exponent: np.ndarray, radix: float = base) -> np.ndarray:
        with np.errstate(over="ignore", under="ignore"):
            return np.power(radix, exponent)

    if expected.scaled:
        from symcheck.conformance.specs.rope_scaling import wrong_frequencies

        yield from wrong_frequencies(expected.dim, base, dict(expected.scaling))
        yield "the scaling is dropped: these are the unscaled frequencies", plain
        options = dict(expected.scaling)
        factor = float(options.get("factor", 1.0))
        if factor not in (0.0, 1.0):
            yield "the scaling is applied twice", plain * np.square(thetas / plain)
            yield "the scaling factor is inverted: frequencies are multiplied", plain * (plain / thetas)
            yield (
                f"every frequency is divided by the factor {factor:g} (linear scaling in its place)",
                plain / factor,
            )
            ramp = thetas / plain
            yield (
                "the ramp is inverted: high and low frequencies are exchanged",
                plain * (1 + 1 / factor - ramp),
            )
            if half > 1:
                yield (
                    "the NTK base is scaled by factor, without the exponent d/(d-2)",
                    power(-index / half, base * factor),
                )
                yield (
                    "the NTK base is scaled by factor^(d/(d-2)) in place of the declared scaling",
                    power(-index / half, base * factor ** (half / (half - 1))),
                )
    else:
        for other in PUBLISHED_BASES:
            if other != base:
                yield f"the base is {other:g}, not {base:g}", power(-index / half, other)
    if head_dim != width:
        yield (
            f"the frequencies are spread over head_dim {head_dim}, the rotation covers {width} coordinates "
            "(as in the proportional rotary, which pairs i with i + head_dim/2)",
            power(-2 * index / head_dim),
        )
    if half > 1 and expected.spacing == "paper":
        yield "tensor2tensor spacing: exponent i/(d/2 - 1), not 2i/d", power(-index / (half - 1))
    if half > 1 and expected.spacing == "tensor2tensor":
        yield "the paper's spacing: exponent 2i/d, not i/(d/2 - 1)", plain
    for turning in sorted({half // 8, half // 4, half // 2, 3 * half // 4} - {0}):
        padded = np.zeros(half)
        padded[:turning] = np.power(base, -np.arange(turning) / turning)
        yield (
            f"pairs are taken from the whole head, (i, i + {half}), in a partial rotation of {2 * turning} coordinates",
            padded,
        )
    yield "the exponent is doubled: base^(-4i/d), not base^(-2i/d)", power(-2 * index / half)
    yield "the exponent is halved: base^(-i/d), not base^(-2i/d)", power(-index / (2 * half))
    yield "the frequencies are counted from 1, not from 0: base^(-2(i+1)/d)", power(-(index + 1) / half)
    yield "the frequencies are the periods (timescales not inverted): base^(+2i/d), not base^(-2i/d)", power(index / half)
    yield "the frequencies are in reversed order", thetas[::-1].copy()
    yield "the power is taken of the index: i^(1/base), not (1/base)^i", power_of_index(index, half, base)
    yield "every pair turns at the same frequency 1", np.ones(half)
    yield "the exponent is a natural logarithm too few: exp(-2i/d)", np.exp(-index / half)
    yield "the frequencies are divided by 2 pi", thetas / (2 * np.pi)
    yield "the frequencies are multiplied by 2 pi", thetas * (2 * np.pi)
    yield "positions or frequencies are halved", thetas / 2
    yield "positions or frequencies are doubled", thetas * 2
    if half > 1:
        repeated = power(-2 * (np.arange(half) // 2) / half)
        yield "the frequency index is 2 floor(i/2): neighbouring pairs share a frequency", repeated
    if not expected.scaled and expected.spacing == "paper":
        for spectrum in conventions(width, (base,)):
            if spectrum.scaled:
                yield f"these are the frequencies of {spectrum.describe()}", spectrum.thetas
    for other in (1000.0, 100000.0, 20000.0, 50000.0, 250000.0, 9999.0, 10001.0, 4096.0, 1e8, 1e9, 100.0):
        yield f"the base is {other:g}, not {base:g}", power(-index / half, other)


def _fitted_causes(seen: RotationSeen) -> Iterator[tuple[str, np.ndarray]]:
    """A ladder with another base or a common factor, read off position 1 and rounded to few digits.

    Rounding makes it a prediction: a base fitted to every digit would reproduce anything.
    """
    at = np.flatnonzero(seen.positions == 1)
    if not len(at) or seen.expected.scaled or seen.expected.given is not None or seen.pairs < 3:
        return
    thetas = np.abs(np.arctan2(seen.sine[at[0]], seen.cosine[at[0]]))
    if not np.isfinite(thetas).all() or not (thetas > 0).all() or not seen.expected.base > 1:
        return
    half, exact = seen.pairs, seen.expected.thetas
    factor = float(np.median(thetas / exact))
    index = np.arange(half)
    slope = float(np.polyfit(index, np.log(thetas), 1)[0])
    steps = half - 1 if seen.expected.spacing == "tensor2tensor" else half
    base = float(np.exp(-slope * steps)) if -slope * steps < 40 else 0.0
    for digits in (1, 2, 3, 4, 5):
        for value, text in ((factor, "{:g}"), (1 / factor, "1/{:g}")):
            shown = float(f"{value:.{digits}g}")
            if digits <= 3 and shown not in (0.0, 1.0) and abs(value / shown - 1) < 1e-4:
                scaled = exact * shown if text == "{:g}" else exact / shown
                yield f"every frequency is multiplied by {text.format(shown)}", scaled
        shown = float(f"{base:.{digits}g}")
        if shown > 1 and shown != seen.expected.base and abs(base / shown - 1) < 1e-2:
            yield f"the base is {shown:g}, not {seen.expected.base:g}", np.power(shown, -index / steps)


def power_of_index(index: np.ndarray, half: int, base: float) -> np.ndarray:
    """(i/half)^(1/base), which is 0 for i = 0: the slip of WaveGrad#12."""
    return np.power(index / half, 1.0 / base)


def _scale_causes(seen: RotationSeen) -> Iterator[Cause]:
    thetas = seen.expected.thetas
    if seen.scale != 1.0:
        yield Cause("the attention scale is dropped", _circle(thetas, 1.0), thetas)
        yield Cause("the attention scale is applied twice (squared)", _circle(thetas, seen.scale**2), thetas)
        yield Cause("the attention scale is inverted", _circle(thetas, 1 / seen.scale), thetas)
    amplitude = seen.expected.amplitude
    if seen.scale == 1.0 and amplitude != 1.0:
        yield Cause("the attention scale of the rule multiplies the rotation", _circle(thetas, amplitude), thetas)


def _position_causes(seen: RotationSeen) -> Iterator[Cause]:
    thetas = seen.expected.thetas
    exact = _circle(thetas, seen.scale)

    def moved(
        map_positions: Callable[[np.ndarray], np.ndarray],
    ) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
        return lambda positions: exact(map_positions(np.asarray(positions, dtype=np.int64)))

    yield Cause("every token is rotated as position 0", moved(np.zeros_like), thetas)
    yield Cause("positions are counted from 1: position p is rotated as p + 1", moved(lambda p: p + 1), thetas)
    yield Cause("position p is rotated as p - 1", moved(lambda p: np.maximum(p - 1, 0)), thetas)
    if seen.rows is not None and not np.array_equal(seen.rows, seen.positions):
        rows = dict(zip(seen.positions.tolist(), seen.rows.tolist(), strict=True))
        yield Cause(
            "positions are ignored: row t is rotated as position t",
            lambda positions: exact(np.array([rows[int(p)] for p in positions])),
            thetas,
        )
    for power in range(6, 18):
        end = 1 << power
        if end >= int(seen.positions.max(initial=0)):
            break
        clamped, wrapped = partial(np.minimum, end - 1), partial(_modulo, end)
        yield Cause(
            f"positions past the end of a table of {end} entries are clamped to its last",
            moved(clamped),
            thetas,
        )
        yield Cause(f"positions wrap around after {end} entries", moved(wrapped), thetas)
    if int(seen.positions.max(initial=0)) >= 1 << 15:
        signed = "positions overflow a signed 16-bit integer"
        yield Cause(signed, moved(lambda p: _modulo(1 << 16, p + (1 << 15)) - (1 << 15)), thetas)


def _modulo(end: int, positions: np.ndarray) -> np.ndarray:
    return positions % end


def _precision_causes(seen: RotationSeen) -> Iterator[Cause]:
    thetas = seen.expected.thetas

    def cause(name: str, **formats: str) -> Cause:
        full = {"position": "exact", "frequency": "exact", "product": "exact", "table": "exact", **formats}
        return Cause(name, _pipeline(seen, **full), thetas, TIES)

    for fmt in ("bfloat16", "float16", "tf32"):
        yield cause(f"the positions are rounded to {fmt} before the product", position=fmt)
        yield cause(f"the frequencies are rounded to {fmt} (inv_freq stored in it)", frequency=fmt)
        if fmt == "tf32":
            yield cause(
                "the phase is a TF32 matrix product: positions and frequencies rounded to 11 bits",
                position=fmt,
                frequency=fmt,
            )
            continue
        yield cause(f"the angle position * frequency is rounded to {fmt} before cosine and sine", product=fmt)
        yield cause(f"the angle is computed in {fmt} from rounded frequencies", frequency=fmt, product=fmt)
        yield cause(f"the positions are rounded to {fmt}: they are made by an arange in it", position=fmt + ARANGE)
        for position in (fmt, fmt + ARANGE):
            yield cause(
                f"the angle is computed in {fmt}: positions, frequencies and product are rounded to it",
                position=position,
                frequency=fmt,
                product=fmt,
            )
            yield cause(
                f"the angle is computed in {fmt} from rounded positions and float32 frequencies",
                position=position,
                product=fmt,
            )
            yield cause(
                f"positions and frequencies are rounded to {fmt}, their product is not",
                position=position,
                frequency=fmt,
            )
    for fmt in ("bfloat16", "float16"):
        yield cause(f"cosine and sine are stored in {fmt}", table=fmt)
        for name, formats in (
            ("positions", {"position": fmt}),
            ("frequencies", {"frequency": fmt}),
            ("the angle", {"product": fmt}),
            ("positions, frequencies and angle", {"position": fmt, "frequency": fmt, "product": fmt}),
        ):
            yield cause(f"{name} and the stored cosine and sine are rounded to {fmt}", table=fmt, **formats)
    yield Cause(
        "the range reduction of cosine and sine is coarse: multiples of 2 pi rounded to float32",
        _short_reduction(seen),
        thetas,
        TIES,
    )


def _narrow_power(base: float, width: int, fmt: str) -> np.ndarray | None:
    index = np.arange(0, width, 2)
    exponent = round_to(round_to(index, fmt) / width, fmt)
    power = round_to(np.power(base, exponent), fmt)
    with np.errstate(divide="ignore", over="ignore"):
        found = round_to(1.0 / power, fmt)
    return found if np.isfinite(found).all() else None


# Matrices: what is wrong with the pairs themselves.


@dataclass(frozen=True)
class MatricesSeen:
    """Observed matrices [n, d, d] at positions [n] (y = A x), with the spectrum expected over `width`."""

    positions: np.ndarray
    matrices: np.ndarray
    thetas: np.ndarray
    output: str
    angle_dtype: str = "float32"
    notes: Sequence[str] = field(default_factory=tuple)


def diagnose_matrices(seen: MatricesSeen) -> str:
    """The cause in the pairing, the signs or the width that reproduces the matrices, or `NONE_KNOWN`."""
    size = seen.matrices.shape[1]
    for name, predict in _matrix_causes(size, seen.thetas):
        predicted = np.stack([predict(int(p)) for p in seen.positions])
        # Each entry is a cosine or sine of a small angle: the bound of its pair applies.
        tolerance = 4 * float(
            rotation_bounds(seen.positions, seen.thetas, seen.output, angle_dtype=seen.angle_dtype, scaled=True).max()
        )
        if np.abs(predicted - seen.matrices).max() <= tolerance:
            return name
    return NONE_KNOWN


def _matrix_causes(size: int, thetas: np.ndarray) -> Iterator[tuple[str, Callable[[int], np.ndarray]]]:
    half = len(thetas)
    width = 2 * half
    cat, repeat = np.concatenate([thetas, thetas]), np.repeat(thetas, 2)
    turn_half, turn_pairs = _quarter_turn(width, "half"), _quarter_turn(width, "interleaved")

    def mixed(
        cos_angles: np.ndarray, sin_angles: np.ndarray, turn: np.ndarray, sign: float = 1.0
    ) -> Callable[[int], np.ndarray]:
        def predict(position: int) -> np.ndarray:
            made = np.eye(size)
            made[:width, :width] = np.diag(np.cos(position * cos_angles)) + sign * (
                np.diag(np.sin(position * sin_angles)) @ turn
            )
            return made

        return predict

    for sign, note in ((1.0, ""), (-1.0, ", sine with the other sign")):
        yield (
            f"layout mix: frequencies repeated as [f, f] (half-split), pairs rotated as neighbours (interleaved){note}",
            mixed(cat, cat, turn_pairs, sign),
        )
        yield (
            f"layout mix: frequencies repeated as f0, f0, f1, f1 (interleaved), pairs rotated as halves (half-split){note}",
            mixed(repeat, repeat, turn_half, sign),
        )
        for turn, kind in ((turn_half, "half-split"), (turn_pairs, "interleaved")):
            right, wrong = (cat, repeat) if kind == "half-split" else (repeat, cat)
            yield (
                f"layout mix: the cosine alone is laid out for the other layout ({kind} pairs){note}",
                mixed(wrong, right, turn, sign),
            )
            yield (
                f"layout mix: the sine alone is laid out for the other layout ({kind} pairs){note}",
                mixed(right, wrong, turn, sign),
            )
    for turn, angles, kind in ((turn_half, cat, "half-split"), (turn_pairs, repeat, "interleaved")):
        yield f"the minus sign of the quarter turn is missing ({kind})", mixed(angles, angles, np.abs(turn))
        yield (
            f"the quarter turn is negated twice ({kind}): both of its signs are minus",
            mixed(angles, angles, -np.abs(turn)),
        )
        yield f"cosine and sine are exchanged ({kind})", _exchanged(size, angles, turn)
        yield f"the cosine term alone is applied ({kind})", mixed(angles, angles, np.zeros_like(turn))
        flipped = turn.copy()
        flipped[: width // 2] *= -1
        yield (
            f"the sign differs between the first and the second half of the coordinates ({kind})",
            mixed(angles, angles, flipped),
        )


def _exchanged(size: int, angles: np.ndarray, turn: np.ndarray) -> Callable[[int], np.ndarray]:
    width = len(angles)

    def predict(position: int) -> np.ndarray:
        made = np.eye(size)
        made[:width, :width] = np.diag(np.sin(position * angles)) + np.diag(np.cos(position * angles)) @ turn
        return made

    return predict


def _quarter_turn(width: int, layout: str) -> np.ndarray:
    """The matrix J with (J x)_first = -x_second, (J x)_second = x_first."""
    from symcheck.kernels.rope import pair_coordinates

    first, second = (list(c) for c in pair_coordinates(width, layout))
    turn = np.zeros((width, width))
    turn[first, second] = -1.0
    turn[second, first] = 1.0
    return turn


def ulps(error: float, dtype: str) -> float:
    """An absolute error in units of the spacing of the dtype's numbers just below 1."""
    return error / unit_roundoff(dtype)
