"""The `rope-scaling` specification: inv_freq(config: dict) -> (freqs[d/2], attention_scale).

The configuration is a flat dictionary with the keys of transformers' configurations: `rope_type`,
`head_dim` and `rope_theta` (also as `dim` and `base`), `factor`, `max_position_embeddings`,
`original_max_position_embeddings`, `beta_fast`, `beta_slow`, `truncate`, `mscale`, `mscale_all_dim`,
`low_freq_factor`, `high_freq_factor`, `short_factor`, `long_factor`, `attention_factor`, and `seq_len`, the
length of the sequence for rules that depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symcheck.conformance.bounds import frequency_error, unit_roundoff
from symcheck.conformance.diagnosis import NONE_KNOWN
from symcheck.conformance.report import Worst
from symcheck.conformance.run import FLOATS, Run, Stop, as_float
from symcheck.conformance.runner import Instance, TargetError
from symcheck.kernels.scaling import scaled_frequencies

DIM = 64


@dataclass(frozen=True)
class Case:
    """One configuration; `rule` is the row under which it is judged."""

    rule: str
    name: str
    config: Mapping[str, Any]

    def exact(self, **changed: Any) -> tuple[np.ndarray, float]:
        """Published frequencies [d/2] and attention scale, of this configuration or a changed one."""
        config = {**self.config, **changed}
        length = config.pop("seq_len", None)
        frequencies, scale = scaled_frequencies(config, sequence_length=length)
        return np.asarray(frequencies), scale


def cases(quick: bool) -> list[Case]:
    """The battery: each rule in the configurations that published models use, and at its edges."""

    def case(rule: str, name: str, **config: Any) -> Case:
        base = {"head_dim": DIM, "rope_theta": 10000.0, "rope_type": rule, "max_position_embeddings": 4096}
        full = {**base, **config}
        # Under their short names as well.
        return Case(rule, name, {"dim": full["head_dim"], "base": full["rope_theta"], **full})

    short = [1.0 + 0.01 * i for i in range(DIM // 2)]
    long = [1.0 + 0.5 * i for i in range(DIM // 2)]
    rope = {"original_max_position_embeddings": 4096, "max_position_embeddings": 131072}
    made = [
        case("default", "base 10000"),
        case("default", "base 500000", rope_theta=500000.0),
        case("linear", "factor 4", factor=4.0),
        case("linear", "factor 2.5", factor=2.5),
        case("ntk", "factor 4", factor=4.0),
        *[case("dynamic", f"factor 2, length {n}", factor=2.0, seq_len=n) for n in (1000, 4096, 8192, 16384)],
        case("yarn", "factor 4, original 4096", factor=4.0, **rope),
        case("yarn", "factor 32, base 1e6", factor=32.0, rope_theta=1e6, **rope),
        case("yarn", "not truncated", factor=4.0, truncate=False, **rope),
        case("yarn", "beta 64 and 2", factor=8.0, beta_fast=64, beta_slow=2, **rope),
        case("yarn", "mscale 0.707 and 1", factor=40.0, mscale=0.707, mscale_all_dim=1.0, **rope),
        case("yarn", "attention_factor given", factor=4.0, attention_factor=1.25, **rope),
        case("longrope", "short", short_factor=short, long_factor=long, seq_len=4096, **rope),
        case("longrope", "long", short_factor=short, long_factor=long, seq_len=4097, **rope),
        case(
            "llama3",
            "Llama 3.1",
            factor=8.0,
            rope_theta=500000.0,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=8192,
            max_position_embeddings=131072,
        ),
        case(
            "llama3",
            "Llama 3.2",
            factor=32.0,
            rope_theta=500000.0,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=8192,
            max_position_embeddings=131072,
        ),
    ]
    if quick:
        seen: set[str] = set()
        # One case a rule, but both lengths of the rules that depend on it.
        keep = []
        for each in made:
            if each.rule not in seen or {"seq_len", "mscale", "truncate"} & set(each.config):
                keep.append(each)
            seen.add(each.rule)
        return keep
    return made


def run(run: Run) -> None:
    """Every rule against its published numbers, and what the papers say must hold at its ends."""
    instance = run.fresh()
    rules = run.expects("rules")
    found: dict[str, tuple[Case, np.ndarray, float]] = {}
    for case in cases(run.options.quick):
        if rules is not None and case.rule not in rules:
            continue
        try:
            frequencies, scale, dtype = _call(run.fresh() if "seq_len" in case.config else instance, case)
        except TargetError as error:
            fatal = error.kind in ("timeout", "died", "memory", "protocol")
            wrong = error.kind in ("shape", "dtype", "returned")
            verdict = "error" if fatal else "fails" if wrong else "not-applicable"
            run.row(f"rope-scaling.{case.rule}", verdict, message=f"{case.name}: {error}")
            if fatal:
                raise Stop from None
            continue
        found[f"{case.rule} {case.name}"] = (case, frequencies, scale)
        _judge(run, case, frequencies, scale, dtype)
    rules = ", ".join(sorted({case.rule for case, _, _ in found.values()}))
    run.describe(run.measured.get("output_dtype"), frequencies=rules or None)
    if not found:
        run.row("rope-scaling.call", "error", message="no rule is understood")
        return
    _identity(run, instance, {case.rule for case, _, _ in found.values()})
    _reuse(run, found)


def _call(instance: Instance, case: Case) -> tuple[np.ndarray, float, str]:
    results = instance(dict(case.config))
    if len(results) != 2:
        raise TargetError("returned", f"returned {len(results)} values where (freqs, scale) was expected")
    frequencies, scale = results
    if frequencies.ndim != 1 or frequencies.dtype.name not in FLOATS:
        raise TargetError("shape", f"returned frequencies of shape {frequencies.shape}, {frequencies.dtype.name}")
    if scale.size != 1:
        raise TargetError("shape", f"returned an attention scale of shape {scale.shape}")
    return as_float(frequencies), float(as_float(scale).reshape(())), frequencies.dtype.name


def _bound(thetas: np.ndarray, dtype: str) -> np.ndarray:
    """Error of scaled frequencies computed in float32, or in a wider output dtype no better than that."""
    u = unit_roundoff(dtype) if dtype not in ("float64", "float32") else 0.0
    return np.array([t * (frequency_error(max(t, 1e-300), "float32", scaled=True) + u) for t in thetas])


def _judge(run: Run, case: Case, frequencies: np.ndarray, scale: float, dtype: str) -> None:
    run.measured["output_dtype"] = dtype
    exact, exact_scale = case.exact()
    if frequencies.shape != exact.shape:
        run.row(
            f"rope-scaling.{case.rule}",
            "fails",
            dtype,
            message=f"{case.name}: {len(frequencies)} frequencies, expected {len(exact)}",
        )
        return
    error = np.abs(frequencies - exact)
    bound = _bound(exact, dtype)
    bad = ~(error <= bound)
    pair = int(np.argmax(np.where(np.isnan(error), np.inf, error / bound)))
    run.row(
        f"rope-scaling.{case.rule}",
        "fails" if bad.any() else "holds",
        dtype,
        worst=Worst(None, pair, float(error[pair])),
        bound=float(bound[pair]),
        first_failure=None,
        diagnosis=_frequency_cause(case, frequencies, dtype) if bad.any() else None,
        message=case.name,
        snippet=_snippet(run, case, pair, float(exact[pair]), exact_scale) if bad.any() else None,
    )
    off = abs(scale - exact_scale)
    limit = 16 * unit_roundoff("float32") * max(exact_scale, 1.0)
    run.row(
        "rope-scaling.attention-scale",
        "holds" if off <= limit else "fails",
        dtype,
        worst=Worst(None, None, off),
        bound=limit,
        diagnosis=None if off <= limit else _scale_cause(case, scale, limit),
        message=f"{case.rule}, {case.name}: {scale:.7g}, published {exact_scale:.7g}",
        snippet=None if off <= limit else _snippet(run, case, pair, float(exact[pair]), exact_scale),
    )


def _wrong_frequencies(case: Case) -> Iterator[tuple[str, np.ndarray]]:
    """Known mistakes for a configuration."""
    exact, _ = case.exact()
    plain, _ = case.exact(rope_type="default")
    factor = float(case.config.get("factor", 1.0))
    yield "the scaling is dropped: these are the unscaled frequencies", plain
    yield "periods are returned, not frequencies", 1 / exact
    yield "the scaling is applied twice", exact * exact / plain
    yield "the scaling factor is inverted: frequencies are multiplied", plain * plain / exact
    if factor != 1.0:
        yield "every frequency is divided by the factor", plain / factor
        blend = exact / plain
        yield "the ramp is inverted: high and low frequencies are exchanged", plain * (1 + 1 / factor - blend)
        half = len(plain)
        index = np.arange(half)
        base = float(case.config.get("rope_theta", 10000.0))
        yield "the base is multiplied by factor, without the exponent d/(d-2)", (base * factor) ** (-index / half)
        if half > 1:
            stretch = half / (half - 1)
            yield (
                "the base is scaled by factor^(d/(d-2)), whatever the length",
                (base * factor**stretch) ** (-index / half),
            )
            # factor L/L - (factor - 1) with L = factor * trained: a constant in the length.
            constant = factor * factor - (factor - 1)
            yield (
                "the dynamic base does not depend on the length: factor^2 - (factor - 1)",
                (base * constant**stretch) ** (-index / half),
            )
            if "seq_len" in case.config:
                ratio = float(case.config["seq_len"]) / float(case.config["max_position_embeddings"])
                if ratio > 0:
                    yield (
                        "the base is scaled by the length ratio without the factor",
                        (base * max(ratio, 1.0) ** stretch) ** (-index / half),
                    )
                    bracket = factor * ratio - (factor - 1)
                    if bracket > 0:
                        yield (
                            "the dynamic base shrinks below the trained length: no maximum is taken",
                            (base * bracket**stretch) ** (-index / half),
                        )
    if case.rule == "yarn":
        truncate = bool(case.config.get("truncate", True))
        yield (
            f"the correction range is {'not ' if truncate else ''}rounded: truncate is "
            f"{'ignored as if false' if truncate else 'ignored as if true'}",
            case.exact(truncate=not truncate)[0],
        )
        yield (
            "the ramp runs in rotations (the paper's text), not in the index (its code)",
            case.exact(ramp="rotations")[0],
        )
        yield (
            "max_position_embeddings is used for the original length",
            case.exact(original_max_position_embeddings=int(case.config["max_position_embeddings"]))[0],
        )
    if case.rule == "longrope":
        for name in ("short", "long"):
            length = 1 if name == "short" else int(case.config["max_position_embeddings"]) * 2
            yield f"the {name} factors are used at every length", case.exact(seq_len=length)[0]
        yield "the factors are multiplied, not divided by", plain * plain / exact
    if case.rule == "llama3":
        swapped = {"low_freq_factor": 0.25, "high_freq_factor": 1.0}
        yield "low_freq_factor and high_freq_factor are exchanged", case.exact(**swapped)[0]
        yield (
            "max_position_embeddings is used for the original length",
            case.exact(original_max_position_embeddings=int(case.config["max_position_embeddings"]))[0],
        )


def wrong_frequencies(dim: int, base: float, scaling: Mapping[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    """The mistakes that this scaling can have in a rotation of `dim` coordinates, by what they make of the frequencies.

    Mistakes in a length need one, and a table of positions has none: those are left out.
    """
    config = {"head_dim": dim, "rope_theta": base, "rope_type": scaling.get("rope_type", scaling.get("type")), **scaling}
    trained = config.get("original_max_position_embeddings")
    config.setdefault("max_position_embeddings", trained)
    try:
        found = list(_wrong_frequencies(Case(str(config["rope_type"]), "promised", config)))
    except (ValueError, TypeError, KeyError):
        return
    for name, values in found:
        if np.isfinite(values).all() and values.shape == (dim // 2,):
            yield name, values


def _frequency_cause(case: Case, frequencies: np.ndarray, dtype: str) -> str:
    exact, _ = case.exact()
    for name, wrong in _wrong_frequencies(case):
        bound = _bound(np.abs(wrong), dtype)
        agrees = (np.abs(frequencies - wrong) <= bound).all()
        if agrees and (np.abs(wrong - exact) > _bound(exact, dtype)).any():
            return name
    for fmt in ("bfloat16", "float16"):
        from symcheck.conformance.diagnosis import round_to

        if (np.abs(frequencies - round_to(exact, fmt)) <= 2**-20 * exact).mean() > 0.95:
            return f"the frequencies are rounded to {fmt}"
    return NONE_KNOWN


def _scale_cause(case: Case, scale: float, limit: float) -> str:
    _, exact = case.exact()
    factor = float(case.config.get("factor", 1.0))
    candidates: list[tuple[str, float]] = [
        ("the attention scale is dropped", 1.0),
        ("the attention scale is applied twice (squared)", exact**2),
        ("the attention scale is inverted", 1 / exact),
        ("the factor itself is returned for the attention scale", factor),
    ]
    if case.rule == "yarn":
        # Changing both keys to the same weight, or removing both, are the published neighbours.
        plain = case.exact(mscale=None, mscale_all_dim=None, attention_factor=None)[1]
        candidates.append(("mscale, mscale_all_dim and attention_factor are ignored: 0.1 ln s + 1", plain))
        for key in ("mscale", "mscale_all_dim"):
            weight = case.config.get(key)
            if weight:
                # (0.1 w ln s + 1) is what the rule gives when the other weight makes its part 1.
                only = 1 + (plain - 1) * float(weight)
                candidates.append((f"mscale and mscale_all_dim are conflated: {key} alone is used", only))
                candidates.append((f"mscale and mscale_all_dim are conflated: {key} alone is used, inverted", 1 / only))
        candidates.append(("mscale and mscale_all_dim are exchanged", 1 / exact))
    for name, value in candidates:
        if abs(scale - value) <= limit and abs(value - exact) > limit:
            return name
    return NONE_KNOWN


def _identity(run: Run, instance: Instance, rules: set[str]) -> None:
    """Scaling by factor 1 changes nothing."""
    for rule in sorted(rules & {"linear", "ntk", "yarn"}):
        config = {
            "head_dim": DIM,
            "dim": DIM,
            "rope_theta": 10000.0,
            "base": 10000.0,
            "rope_type": rule,
            "factor": 1.0,
            "max_position_embeddings": 4096,
            "original_max_position_embeddings": 4096,
        }
        case = Case(rule, "factor 1", config)
        try:
            frequencies, scale, dtype = _call(instance, case)
        except TargetError as error:
            run.row("rope-scaling.identity", "not-applicable", message=f"{rule}: {error}")
            continue
        plain, _ = case.exact(rope_type="default")
        if frequencies.shape != plain.shape:
            continue
        error_ = np.abs(frequencies - plain)
        bound = _bound(plain, dtype)
        run.judge(
            "rope-scaling.identity",
            dtype,
            np.append(error_, abs(scale - 1)),
            np.append(bound, 16 * unit_roundoff("float32")),
            message=f"{rule} with factor 1 is no scaling",
        )


def _reuse(run: Run, found: Mapping[str, tuple[Case, np.ndarray, float]]) -> None:
    """A long sequence leaves nothing behind: a short one afterwards gets the frequencies of a short one."""
    for rule in ("dynamic", "longrope"):
        ours = [entry for entry in found.values() if entry[0].rule == rule]
        if len(ours) < 2:
            continue
        ours.sort(key=lambda entry: entry[0].config["seq_len"])
        short, long = ours[0][0], ours[-1][0]
        instance = run.fresh()
        before, _, dtype = _call(instance, short)
        _call(instance, long)
        after, _, _ = _call(instance, short)
        cause = None
        bound = 2 * _bound(np.abs(before), dtype)
        if (~(np.abs(after - before) <= bound)).any():
            cause = NONE_KNOWN
            if np.abs(after - long.exact()[0]).max() <= bound.max():
                cause = "state kept from the earlier call: the frequencies of the longer sequence stay"
        run.judge(
            "rope-scaling.reuse", dtype, np.abs(after - before), bound, diagnosis=cause,
            message=f"{rule}: {short.name}, then {long.name}, then {short.name} again",
        )  # fmt: skip


def _snippet(run: Run, case: Case, pair: int, theta: float, scale: float) -> str:
    target = run.session.target
    return "\n".join(
        [
            target.import_lines,
            f"freqs, scale = {target.call_name}({dict(case.config)!r})",
            f"print(float(freqs[{pair}]), float(scale))  # expected {theta:.9g} {scale:.9g}",
        ]
    )
