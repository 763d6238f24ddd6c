"""The bug zoo: kernels with one known mistake each, made from public bug reports.

Every function is in the normal form of its specification. `MUTANTS` says which report it is made from, which
property it must break, and words that its diagnosis must contain. The kernels are written out from the
mistake and not from symcheck's own code, so that a shared error cannot hide.
"""

from __future__ import annotations

from dataclasses import dataclass

import ml_dtypes
import numpy as np

F16, BF16, F32 = np.float16, ml_dtypes.bfloat16, np.float32


@dataclass(frozen=True)
class Mutant:
    """`options` go to `conform`; `dtype` is the row in which the property must fail, None for any."""

    function: str
    spec: str
    report: str
    breaks: str
    diagnosis: str
    dtype: str | None = None
    options: tuple[tuple[str, object], ...] = ()


MUTANTS: list[Mutant] = []


def default_mutants() -> list[Mutant]:
    """Those made from public reports, and of the catalogue the first for each property that they leave whole."""
    chosen = [m for m in MUTANTS if m.report != "catalogue"]
    covered = {m.breaks for m in chosen}
    for m in MUTANTS:
        if m.breaks not in covered:
            chosen.append(m)
            covered.add(m.breaks)
    return chosen


def mutant(spec, report, breaks, diagnosis, dtype=None, **options):
    def register(function):
        MUTANTS.append(Mutant(function.__name__, spec, report, breaks, diagnosis, dtype, tuple(sorted(options.items()))))
        return function

    return register


def tf32(values):
    """Rounded to 11 significant bits, as the tensor cores round the factors of a product."""
    mantissa, exponent = np.frexp(np.asarray(values, np.float64))
    return np.ldexp(np.rint(np.ldexp(mantissa, 11)), exponent - 11)


def inv_freq(d, base=10000.0):
    return base ** (-np.arange(0, d, 2) / d)


def apply_half(x, c, s):
    """Half-split rotation; c and s are [T, d/2] and are rounded to the dtype of x."""
    c, s = c.astype(x.dtype), s.astype(x.dtype)
    h = c.shape[-1]
    a, b = x[:, :h], x[:, h : 2 * h]
    return np.concatenate([a * c - b * s, a * s + b * c, x[:, 2 * h :]], -1)


def apply_pairs(x, c, s):
    """Interleaved rotation."""
    c, s = c.astype(x.dtype), s.astype(x.dtype)
    out = x.copy()
    w = 2 * c.shape[-1]
    a, b = x[:, 0:w:2], x[:, 1:w:2]
    out[:, 0:w:2], out[:, 1:w:2] = a * c - b * s, a * s + b * c
    return out


def turn(x, angle, apply=apply_half):
    angle = np.asarray(angle, np.float64)
    return apply(x, np.cos(angle), np.sin(angle))


# Precision of the phase.


@mutant("rope", "huggingface/transformers#29285", "rope.phase", "the angle is computed in bfloat16", "bfloat16")
def autocast_bfloat16(x, positions):
    """Autocast: positions, frequencies and their product in the dtype of the activations."""
    narrow = x.dtype if x.dtype == BF16 else F32
    f = inv_freq(x.shape[-1]).astype(F32).astype(narrow)
    return turn(x, positions.astype(narrow)[:, None] * f)


@mutant("rope", "huggingface/transformers#29285", "rope.distinct", "bfloat16", "bfloat16")
def autocast_distinct(x, positions):
    return autocast_bfloat16(x, positions)


_CACHE = {"inv_freq": None}


@mutant("rope", "huggingface/transformers#29496", "rope.reuse.precision", "frequencies are rounded to bfloat16")
def buffer_rounded_for_good(x, positions):
    """A cast of the activations rounds the buffer in place; the table is rebuilt from it."""
    f = _CACHE["inv_freq"]
    if f is None or len(f) != x.shape[-1] // 2:
        f = inv_freq(x.shape[-1])
    if x.dtype == BF16:
        f = f.astype(BF16).astype(np.float64)
    _CACHE["inv_freq"] = f
    return turn(x, positions[:, None] * f)


@mutant("rope", "huggingface/transformers#25681", "rope.reuse.precision", "stored in bfloat16")
def table_downcast_for_good(x, positions):
    """The table was rounded by an earlier half() and float() does not bring it back."""
    if x.dtype == BF16:
        _CACHE["narrow"] = True
    angle = positions[:, None] * inv_freq(x.shape[-1])
    c, s = np.cos(angle), np.sin(angle)
    if _CACHE.get("narrow"):
        c, s = c.astype(F32).astype(BF16).astype(F32), s.astype(F32).astype(BF16).astype(F32)
    return apply_half(x, c, s)


@mutant("rope", "EleutherAI/gpt-neox#1003", "rope.phase", "the angle is computed in float16", "float16",
        dtypes=("float32", "float16"))  # fmt: skip
def float16_phase(x, positions):
    if x.dtype != F16:
        return turn(x, positions[:, None] * inv_freq(x.shape[-1]))
    f = inv_freq(x.shape[-1]).astype(F32).astype(F16)
    with np.errstate(over="ignore", invalid="ignore"):
        return turn(x, positions.astype(F16)[:, None] * f)


@mutant("rope", "deepspeedai/Megatron-DeepSpeed#206", "rope.phase",
        "the angle position * frequency is rounded to bfloat16", "bfloat16")  # fmt: skip
def rounded_before_the_cosine(x, positions):
    angle = positions[:, None] * inv_freq(x.shape[-1])
    return turn(x, angle.astype(F32).astype(BF16) if x.dtype == BF16 else angle)


@mutant("rope", "deepspeedai/DeepSpeed#4932", "rope.distinct", "positions are rounded to bfloat16", "bfloat16")
def arange_in_bfloat16(x, positions):
    p = positions.astype(F32).astype(BF16).astype(F32) if x.dtype == BF16 else positions
    return turn(x, p[:, None] * inv_freq(x.shape[-1]))


@mutant("rope", "NVIDIA/Megatron-LM#535", "rope.distinct", "positions are rounded to float16", "float32",
        max_position=32768, dtypes=("float32",))  # fmt: skip
def float16_sequence_index(x, positions):
    return turn(x, positions.astype(F16).astype(F32)[:, None] * inv_freq(x.shape[-1]).astype(F32))


@mutant("rope", "huggingface/transformers#48428", "rope.phase", "TF32", "float32")
def tf32_matrix_product(x, positions):
    f = inv_freq(x.shape[-1]).astype(F32)
    return turn(x, (tf32(positions)[:, None] * tf32(f)).astype(F32))


@mutant("rope", "sgl-project/sglang-jax#1472", "rope.frequencies", "frequencies are rounded to bfloat16")
def bfloat16_frequencies(x, positions):
    f = inv_freq(x.shape[-1]).astype(F32).astype(BF16).astype(np.float64)
    return turn(x, positions[:, None] * f)


@mutant("rope", "kekzl/imp#1325", "rope.phase", "range reduction", "float32", dtypes=("float32",))
def fast_math_sine(x, positions):
    """Range reduction by a float32 2 pi, as hardware sine units do: the error grows with the angle."""
    angle = (positions.astype(F32)[:, None] * inv_freq(x.shape[-1]).astype(F32)).astype(F32)
    two_pi = F32(2 * np.pi)
    reduced = (angle - np.rint(angle / two_pi).astype(F32) * two_pi).astype(F32)
    return apply_half(x, np.cos(reduced), np.sin(reduced))


@mutant("rope", "vllm-project/vllm#863", "rope.phase", "cosine and sine are stored in float16", "float32")
def table_in_float16(x, positions):
    angle = positions[:, None] * inv_freq(x.shape[-1])
    return apply_half(x, np.cos(angle).astype(F16).astype(F32), np.sin(angle).astype(F16).astype(F32))


# Pairing, layout, partial rotation.


@mutant("rope", "xiangking/ark-nlp#47", "rope.orthogonal", "layout mix")
def repeat_for_repeat_interleave(x, positions):
    """cos and sin as [f, f], the quarter turn on neighbours."""
    angle = positions[:, None] * inv_freq(x.shape[-1])
    c, s = (np.concatenate([t(angle)] * 2, -1).astype(x.dtype) for t in (np.cos, np.sin))
    rotated = np.stack([-x[:, 1::2], x[:, 0::2]], -1).reshape(x.shape)
    return x * c + rotated * s


@mutant("rope", "huggingface/transformers#40462", "rope.layout", "layout mix")
def repeat_interleave_for_cat(x, positions):
    """cos and sin as f0, f0, f1, f1, the quarter turn on halves."""
    angle = positions[:, None] * inv_freq(x.shape[-1])
    c, s = (np.repeat(t(angle), 2, -1).astype(x.dtype) for t in (np.cos, np.sin))
    h = x.shape[-1] // 2
    return x * c + np.concatenate([-x[:, h:], x[:, :h]], -1) * s


@mutant("rope", "huggingface/transformers#48652", "rope.frequencies", "spread over head_dim")
def frequencies_over_head_dim(x, positions):
    """A quarter of the head is rotated, with the first frequencies of the whole head."""
    d = x.shape[-1]
    return turn(x, positions[:, None] * inv_freq(d)[: d // 8])


@mutant("rope", "ml-explore/mlx-lm#1698", "rope.width", "coordinates are rotated, not", dim=64, width=32)
def rotates_all_for_half(x, positions):
    return turn(x, positions[:, None] * inv_freq(x.shape[-1]))


@mutant("rope", "apple/coreai-models#66", "rope.frequencies", "as in the proportional rotary")
def other_pairing(x, positions):
    """Proportional rotary: frequencies of the whole head, pairs inside of the rotated part."""
    d = x.shape[-1]
    return turn(x, positions[:, None] * inv_freq(d)[: d // 8])


@mutant("rope", "catalogue", "rope.frequencies", "pairs are taken from the whole head")
def pairs_from_the_whole_head(x, positions):
    """A partial rotation that splits the whole head in halves: the rest is left at rest between them."""
    d = x.shape[-1]
    f = np.zeros(d // 2)
    f[: d // 8] = inv_freq(d // 4)
    return turn(x, positions[:, None] * f)


# Weights permuted between the layouts.


def permuted(weight, heads):
    """From half-split to interleaved, head by head."""
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


@mutant("rope-weights", "ggml-org/llama.cpp#3364", "rope-weights.heads", "heads / kv_heads")
def key_weights_by_group(weight, heads, kv_heads):
    return permuted(weight, heads if heads == kv_heads else heads // kv_heads)


@mutant("rope-weights", "huggingface/transformers#31788", "rope-weights.layouts", "as many heads as the queries")
def key_weights_as_queries(weight, heads, kv_heads):
    return permuted(weight, heads)


@mutant("rope-weights", "catalogue", "rope-weights.permutation", "none known")
def weight_rows_lost(weight, heads, kv_heads):
    half = permuted(weight, kv_heads)[::2]
    return np.concatenate([half, half])


# Frequencies and scaling.


@mutant("rope", "ivanvovk/WaveGrad#12", "rope.frequencies", "the power is taken of the index")
def power_of_the_index(x, positions):
    h = x.shape[-1] // 2
    return turn(x, positions[:, None] * (np.arange(h) / h) ** 1e-4)


@mutant("rope", "kohya-ss/sd-scripts#1187", "rope.frequencies", "tensor2tensor spacing")
def tensor2tensor_spacing(x, positions):
    h = x.shape[-1] // 2
    return turn(x, positions[:, None] * 10000.0 ** (-np.arange(h) / (h - 1)))


@mutant("rope", "catalogue", "rope.frequencies", "exponent is doubled")
def exponent_doubled(x, positions):
    d = x.shape[-1]
    return turn(x, positions[:, None] * 10000.0 ** (-2 * np.arange(0, d, 2) / d))


@mutant("rope", "catalogue", "rope.frequencies", "exponent is halved")
def exponent_halved(x, positions):
    d = x.shape[-1]
    return turn(x, positions[:, None] * 10000.0 ** (-np.arange(d // 2) / d))


@mutant("rope", "catalogue", "rope.frequencies", "counted from 1")
def one_based_frequencies(x, positions):
    h = x.shape[-1] // 2
    return turn(x, positions[:, None] * 10000.0 ** (-np.arange(1, h + 1) / h))


@mutant("rope", "catalogue", "rope.frequencies", "the base is 1000,")
def base_1000(x, positions):
    return turn(x, positions[:, None] * inv_freq(x.shape[-1], 1000.0))


@mutant("rope", "catalogue", "rope.frequencies", "the base is 12345,")
def base_of_no_model(x, positions):
    return turn(x, positions[:, None] * inv_freq(x.shape[-1], 12345.0))


@mutant("rope", "catalogue", "rope.frequencies", "every frequency is multiplied by 1/1.5")
def positions_interpolated_by_the_way(x, positions):
    return turn(x, positions[:, None] / 1.5 * inv_freq(x.shape[-1]))


@mutant("rope", "catalogue", "rope.frequencies", "the base is 500000,", base=10000.0)
def base_promised_otherwise(x, positions):
    return turn(x, positions[:, None] * inv_freq(x.shape[-1], 500000.0))


@mutant("rope", "catalogue", "rope.frequencies", "periods")
def frequencies_inverted(x, positions):
    return turn(x, positions[:, None] / inv_freq(x.shape[-1]))


_LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
_YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096}


@mutant("rope", "unslothai/unsloth#6197", "rope.frequencies", "the scaling is dropped", base=500000.0,
        scaling=_LLAMA3)  # fmt: skip
def llama3_dropped(x, positions):
    return turn(x, positions[:, None] * inv_freq(x.shape[-1], 500000.0))


@mutant("rope", "catalogue", "rope.frequencies", "low_freq_factor and high_freq_factor are exchanged",
        base=500000.0, scaling=_LLAMA3)  # fmt: skip
def llama3_factors_exchanged(x, positions):
    f = inv_freq(x.shape[-1], 500000.0)
    smooth = np.clip((8192 * f / (2 * np.pi) - 0.25) / 0.75, 0, 1)
    return turn(x, positions[:, None] * ((1 - smooth) * f / 8 + smooth * f))


@mutant("rope", "catalogue", "rope.frequencies", "the scaling is applied twice",
        scaling={"rope_type": "linear", "factor": 4.0})  # fmt: skip
def linear_twice(x, positions):
    return turn(x, positions[:, None] / 16 * inv_freq(x.shape[-1]))


@mutant("rope", "catalogue", "rope.frequencies", "the scaling factor is inverted",
        scaling={"rope_type": "linear", "factor": 4.0})  # fmt: skip
def linear_inverted(x, positions):
    return turn(x, positions[:, None] * 4.0 * inv_freq(x.shape[-1]))


def yarn_frequencies(d, factor=4.0, trained=4096, base=10000.0, fast=32, slow=1):
    f = inv_freq(d, base)

    def pair(turns):
        return d * np.log(trained / (turns * 2 * np.pi)) / (2 * np.log(base))

    low, high = max(np.floor(pair(fast)), 0), min(np.ceil(pair(slow)), d - 1)
    ramp = np.clip((np.arange(d // 2) - low) / (high - low), 0, 1)
    return f, f / factor, ramp


@mutant("rope", "catalogue", "rope.frequencies", "the ramp is inverted", scaling=_YARN)
def yarn_ramp_inverted(x, positions):
    plain, slow, ramp = yarn_frequencies(x.shape[-1])
    angle = positions[:, None] * (plain * ramp + slow * (1 - ramp))
    m = 0.1 * np.log(4.0) + 1
    return apply_half(x, m * np.cos(angle), m * np.sin(angle))


@mutant("rope", "vllm-project/vllm#48621", "rope.scale", "the attention scale is dropped", scaling=_YARN)
def yarn_without_scale(x, positions):
    plain, slow, ramp = yarn_frequencies(x.shape[-1])
    return turn(x, positions[:, None] * (slow * ramp + plain * (1 - ramp)))


@mutant("rope", "vllm-project/vllm#48621", "rope.scale", "applied twice", scaling=_YARN)
def yarn_scale_squared(x, positions):
    plain, slow, ramp = yarn_frequencies(x.shape[-1])
    angle = positions[:, None] * (slow * ramp + plain * (1 - ramp))
    m = (0.1 * np.log(4.0) + 1) ** 2
    return apply_half(x, m * np.cos(angle), m * np.sin(angle))


# Offsets.


@mutant("rope", "Blaizzy/mlx-vlm#1983", "rope.incremental", "every token is rotated as position 0")
def decoded_at_zero(x, positions):
    positions = positions if len(positions) > 1 else positions * 0
    return turn(x, positions[:, None] * inv_freq(x.shape[-1]))


@mutant("rope", "NVIDIA/Megatron-LM#453", "rope.positions", "positions are ignored")
def positions_ignored(x, positions):
    return turn(x, np.arange(len(positions))[:, None] * inv_freq(x.shape[-1]))


@mutant("rope", "catalogue", "rope.zero", "counted from 1")
def positions_from_one(x, positions):
    return turn(x, (positions + 1)[:, None] * inv_freq(x.shape[-1]))


@mutant("rope", "catalogue", "rope.phase", "clamped")
def clamped_to_the_table(x, positions):
    """An out-of-range gather in JAX returns the last row."""
    return turn(x, np.minimum(positions, 4095)[:, None] * inv_freq(x.shape[-1]))


@mutant("rope", "catalogue", "rope.phase", "wrap around after 2048")
def wraps_around(x, positions):
    return turn(x, (positions % 2048)[:, None] * inv_freq(x.shape[-1]))


@mutant("rope", "catalogue", "rope.shared", "on one side only")
def sign_on_one_side(q, k, positions):
    angle = positions[:, None] * inv_freq(q.shape[-1])
    return turn(q, angle), turn(k, -angle)


@mutant("rope", "catalogue", "rope.reuse.length", "state kept")
def dynamic_ntk_never_reset(x, positions):
    """The base grows with the longest call and stays."""
    d = x.shape[-1]
    seen = max(_CACHE.get("seen", 0), int(positions.max(initial=0)) + 1)
    _CACHE["seen"] = seen if seen == 20000 or seen == 5000 else 0
    base = 10000.0 * 4.0 ** (d / (d - 2)) if _CACHE["seen"] else 10000.0
    return turn(x, positions[:, None] * inv_freq(d, base))


@mutant("rope", "catalogue", "rope.layout", "minus sign")
def missing_minus(x, positions):
    angle = positions[:, None] * inv_freq(x.shape[-1])
    c, s = np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)
    h = x.shape[-1] // 2
    a, b = x[:, :h], x[:, h:]
    return np.concatenate([a * c + b * s, a * s + b * c], -1)


@mutant("rope", "catalogue", "rope.zero", "cosine and sine are exchanged")
def sine_for_cosine(x, positions):
    angle = positions[:, None] * inv_freq(x.shape[-1])
    return apply_half(x, np.sin(angle), np.cos(angle))


# Sinusoidal tables.


def sinusoid(angle, d):
    out = np.empty((len(angle), d))
    out[:, 0::2], out[:, 1::2] = np.sin(angle), np.cos(angle)
    return out.astype(F32)


@mutant("sinusoidal", "ivanvovk/WaveGrad#12", "sinusoidal.frequencies", "the power is taken of the index")
def table_power_of_the_index(T, d):
    h = d // 2
    return sinusoid(np.arange(T)[:, None] * (np.arange(h) / h) ** 1e-4, d)


@mutant("sinusoidal", "kohya-ss/sd-scripts#1187", "sinusoidal.frequencies", "tensor2tensor spacing",
        frequencies="paper")  # fmt: skip
def table_tensor2tensor(T, d):
    h = d // 2
    return sinusoid(np.arange(T)[:, None] * 10000.0 ** (-np.arange(h) / (h - 1)), d)


@mutant("sinusoidal", "catalogue", "sinusoidal.frequencies", "exponent is doubled")
def table_exponent_doubled(T, d):
    return sinusoid(np.arange(T)[:, None] * 10000.0 ** (-2 * np.arange(0, d, 2) / d), d)


@mutant("sinusoidal", "catalogue", "sinusoidal.frequencies", "counted from 1")
def table_one_based(T, d):
    return sinusoid(np.arange(T)[:, None] * 10000.0 ** (-np.arange(2, d + 2, 2) / d), d)


@mutant("sinusoidal", "catalogue", "sinusoidal.formula", "positions are rounded to float16")
def table_float16_positions(T, d):
    p = np.arange(T).astype(F16).astype(F32)
    return sinusoid(p[:, None] * inv_freq(d).astype(F32), d)


@mutant("sinusoidal", "catalogue", "sinusoidal.shift", "the angle is computed in float16")
def table_float16_angles(T, d):
    f = inv_freq(d).astype(F32).astype(F16)
    return sinusoid((np.arange(T).astype(F16)[:, None] * f).astype(F32), d)


@mutant("sinusoidal", "catalogue", "sinusoidal.frequencies", "the base is 1000,")
def table_base_1000(T, d):
    return sinusoid(np.arange(T)[:, None] * inv_freq(d, 1000.0), d)


# Scaling rules.


def _unscaled(config):
    return inv_freq(config["head_dim"], config["rope_theta"])


def _only(config, *rules):
    if config["rope_type"] not in rules:
        raise NotImplementedError(config["rope_type"])


@mutant("rope-scaling", "vllm-project/vllm#5093", "rope-scaling.dynamic", "does not depend on the length")
def dynamic_constant(config):
    _only(config, "dynamic")
    d, s = config["head_dim"], config["factor"]
    trained = config["max_position_embeddings"]
    length = trained * s  # the capacity, where the length of the sequence was meant
    base = config["rope_theta"] * (s * length / trained - (s - 1)) ** (d / (d - 2))
    return inv_freq(d, base), 1.0


def llama3_frequencies(config):
    f = _unscaled(config)
    turns = config["original_max_position_embeddings"] * f / (2 * np.pi)
    low, high, s = config["low_freq_factor"], config["high_freq_factor"], config["factor"]
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    return (1 - smooth) * f / s + smooth * f


@mutant("rope-scaling", "huggingface/transformers#32330", "rope-scaling.llama3", "the scaling is dropped")
def llama3_returns_the_unscaled(config):
    _only(config, "llama3")
    llama3_frequencies(config)
    return _unscaled(config), 1.0


def _yarn(config, truncate=None):
    d, s = config["head_dim"], config["factor"]
    f, trained, base = _unscaled(config), config["original_max_position_embeddings"], config["rope_theta"]

    def pair(turns):
        return d * np.log(trained / (turns * 2 * np.pi)) / (2 * np.log(base))

    low, high = pair(config.get("beta_fast", 32)), pair(config.get("beta_slow", 1))
    if config.get("truncate", True) if truncate is None else truncate:
        low, high = np.floor(low), np.ceil(high)
    low, high = max(low, 0), min(high, d - 1)
    ramp = np.clip((np.arange(d // 2) - low) / max(high - low, 0.001), 0, 1)
    return f / s * ramp + f * (1 - ramp)


def _mscale(s, weight=1.0):
    return 1.0 if s <= 1 else 0.1 * weight * np.log(s) + 1


def _yarn_scale(config):
    if config.get("attention_factor") is not None:
        return config["attention_factor"]
    s = config["factor"]
    if config.get("mscale") and config.get("mscale_all_dim"):
        return _mscale(s, config["mscale"]) / _mscale(s, config["mscale_all_dim"])
    return _mscale(s)


@mutant("rope-scaling", "vllm-project/vllm#27722", "rope-scaling.yarn", "ignored as if true")
def yarn_rounds_although_told_not_to(config):
    _only(config, "yarn")
    return _yarn(config, truncate=True), _yarn_scale(config)


@mutant("rope-scaling", "vllm-project/vllm#48621", "rope-scaling.attention-scale", "conflated")
def yarn_mscale_conflated(config):
    _only(config, "yarn")
    if config.get("mscale"):
        return _yarn(config), _mscale(config["factor"], config["mscale"])
    return _yarn(config), _yarn_scale(config)


@mutant("rope-scaling", "ggml-org/llama.cpp#24875", "rope-scaling.longrope", "the long factors are used")
def longrope_by_capacity(config):
    _only(config, "longrope")
    s = config["max_position_embeddings"] / config["original_max_position_embeddings"]
    scale = np.sqrt(1 + np.log(s) / np.log(config["original_max_position_embeddings"]))
    return _unscaled(config) / np.array(config["long_factor"]), scale


@mutant("rope-scaling", "catalogue", "rope-scaling.ntk", "without the exponent")
def ntk_without_exponent(config):
    _only(config, "ntk")
    return inv_freq(config["head_dim"], config["rope_theta"] * config["factor"]), 1.0


@mutant("rope-scaling", "catalogue", "rope-scaling.reuse", "state kept")
def dynamic_keeps_the_longest(config):
    _only(config, "dynamic")
    d, s, trained = config["head_dim"], config["factor"], config["max_position_embeddings"]
    seen = max(_CACHE.get("longest", 0), config.get("seq_len") or 0)
    _CACHE["longest"] = seen
    length = max(seen, trained)
    return inv_freq(d, config["rope_theta"] * (s * length / trained - (s - 1)) ** (d / (d - 2))), 1.0


@mutant("rope-scaling", "catalogue", "rope-scaling.attention-scale", "applied twice")
def yarn_scale_twice(config):
    _only(config, "yarn")
    return _yarn(config), _yarn_scale(config) ** 2


@mutant("rope-scaling", "catalogue", "rope-scaling.identity", "none known")
def ntk_off_by_one(config):
    _only(config, "ntk")
    d = config["head_dim"]
    return inv_freq(d, config["rope_theta"] * (config["factor"] + 1) ** (d / (d - 2))), 1.0


# ALiBi.


@mutant("alibi", "ml-explore/mlx#3071", "alibi.slopes", "every number of heads")
def one_sequence_for_all_heads(heads):
    return 2.0 ** (-8.0 * np.arange(1, heads + 1) / heads)


def power_slopes(n, first=1):
    return 2.0 ** (-8.0 * np.arange(first, first + n) / n)


@mutant("alibi", "catalogue", "alibi.slopes", "shifted by one head")
def slopes_shifted(heads):
    return power_slopes(heads, 0)


@mutant("alibi", "catalogue", "alibi.slopes", "next power of two")
def slopes_truncated(heads):
    return power_slopes(1 << (heads - 1).bit_length())[:heads]


@mutant("alibi", "catalogue", "alibi.slopes", "from the second on")
def slopes_other_half(heads):
    p = 1 << (heads.bit_length() - 1)
    return np.concatenate([power_slopes(p), power_slopes(2 * p)[1::2][: heads - p]])


@mutant("alibi", "catalogue", "alibi.geometric", "linear")
def slopes_linear(heads):
    return np.arange(1, heads + 1) / heads


@mutant("alibi", "catalogue", "alibi.bias", "sign is changed")
def bias_grows(heads, T):
    p = 1 << (heads.bit_length() - 1)
    slopes = np.concatenate([power_slopes(p), power_slopes(2 * p)[0::2][: heads - p]])
    return slopes[:, None, None] * (np.arange(T)[:, None] - np.arange(T)[None, :])


# T5.


def t5_bucket(relative, bidirectional, buckets, distance, clamp=True, halve=True):
    out, n = np.zeros(len(relative), np.int64), -relative
    if bidirectional:
        buckets = buckets // 2 if halve else buckets
        out, n = out + (n < 0) * buckets, np.abs(n)
    else:
        n = np.maximum(n, 0)
    e = buckets // 2
    large = e + (np.log(np.maximum(n, 1) / e) / np.log(distance / e) * (buckets - e)).astype(np.int64)
    return out + np.where(n < e, n, np.minimum(large, buckets - 1) if clamp else large)


@mutant("t5", "huggingface/candle#1312", "t5.range", "clamp")
def bucket_without_clamp(relative, bidirectional, buckets, max_distance):
    return t5_bucket(relative, bidirectional, buckets, max_distance, clamp=False)


@mutant("t5", "lucidrains/x-transformers#10", "t5.bidirectional", "not halved")
def bucket_not_halved(relative, bidirectional, buckets, max_distance):
    return t5_bucket(relative, bidirectional, buckets, max_distance, halve=False)


@mutant("t5", "catalogue", "t5.causal", "rounded, not floored")
def bucket_rounded(relative, bidirectional, buckets, max_distance):
    out, n = np.zeros(len(relative), np.int64), -relative
    if bidirectional:
        buckets //= 2
        out, n = out + (n < 0) * buckets, np.abs(n)
    else:
        n = np.maximum(n, 0)
    e = buckets // 2
    large = e + np.rint(np.log(np.maximum(n, 1) / e) / np.log(max_distance / e) * (buckets - e)).astype(int)
    return out + np.where(n < e, n, np.minimum(large, buckets - 1))


# Scores.


def softmax(s):
    w = np.exp(s - s.max(-1, keepdims=True))
    return w / w.sum(-1, keepdims=True)


@mutant("attention", "catalogue", "attention.formula", "scale 1/sqrt(d) is missing")
def attention_unscaled(q, k, v):
    q, k, v = (a.astype(np.float64) for a in (q, k, v))
    return softmax(q @ k.T) @ v


@mutant("attention", "catalogue", "attention.formula", "the mask is ignored")
def attention_ignores_the_mask(q, k, v, mask):
    q, k, v = (a.astype(np.float64) for a in (q, k, v))
    return softmax(q @ k.T / np.sqrt(q.shape[1])) @ v


@mutant("attention", "catalogue", "attention.equivariance", "causal mask")
def attention_secretly_causal(q, k, v):
    q, k, v = (a.astype(np.float64) for a in (q, k, v))
    s = q @ k.T / np.sqrt(q.shape[1])
    return softmax(np.where(np.tril(np.ones(s.shape, bool)), s, -np.inf)) @ v


@mutant("attention", "huggingface/transformers#8518", "attention.masked_equivariance", "relative position")
def attention_with_a_bias_of_its_own(q, k, v, mask):
    """A relative bias is added where none belongs."""
    q, k, v = (a.astype(np.float64) for a in (q, k, v))
    n = len(q)
    s = q @ k.T / np.sqrt(q.shape[1]) - 0.5 * np.abs(np.arange(n)[:, None] - np.arange(n)[None, :])
    return softmax(np.where(mask, s, -np.inf)) @ v


def shaw(q, k, table, offset):
    reach = len(table) // 2
    rows = table[np.clip(offset, -reach, reach) + reach]
    return (q @ k.T + (q[:, None] * rows).sum(-1)) / np.sqrt(q.shape[1]).astype(q.dtype)


@mutant("relative", "catalogue", "relative.shaw", "read backwards")
def shaw_backwards(q, k, table):
    i = np.arange(len(q))
    return shaw(q, k, table, i[:, None] - i[None, :])


@mutant("relative", "catalogue", "relative.offset", "wraps around")
def shaw_wraps(q, k, table):
    i = np.arange(len(q))
    r = len(table) // 2
    return shaw(q, k, table, (i[None, :] - i[:, None] + r) % (2 * r + 1) - r)


@mutant("relative", "catalogue", "relative.transformer-xl", "shift is missing")
def xl_without_shift(q, k, r, u, v):
    return ((q + u) @ k.T + (q + v) @ r.T) / np.sqrt(q.shape[1]).astype(q.dtype)


def xpos_pair(q, k, positions, query=1, key=-1, unit=512):
    d = q.shape[1]
    angle = positions[:, None] * inv_freq(d)
    power = ((positions - len(positions) // 2) / unit)[:, None]
    zeta = (np.arange(0, d, 2) + 0.4 * d) / (1.4 * d)
    return tuple(
        apply_pairs(x, zeta ** (s * power) * np.cos(angle), zeta ** (s * power) * np.sin(angle))
        for x, s in ((q, query), (k, key))
    )


@mutant("xpos", "catalogue", "xpos.formula", "the decay is a growth")
def xpos_grows(q, k, positions):
    return xpos_pair(q, k, positions, -1, 1)


@mutant("xpos", "catalogue", "xpos.formula", "scale_base is 256")
def xpos_other_unit(q, k, positions):
    return xpos_pair(q, k, positions, unit=256)


@mutant("xpos", "catalogue", "xpos.relative", "scaled alike")
def xpos_both_grow(q, k, positions):
    return xpos_pair(q, k, positions, 1, 1)


def mrope(x, coordinates, axes):
    f = inv_freq(x.shape[1])
    return turn(x, coordinates[:, np.array(axes)] * f)


@mutant("axial", "alibaba/MNN#4133", "axial.axes", "not interleaved", dim=96, axes=3, assignment="interleaved")
def sections_for_interleaved(x, coordinates):
    """Three sections of pairs, where time, height and width should take turns; the same for text."""
    third = x.shape[1] // 6
    return mrope(x, coordinates, [0] * third + [1] * third + [2] * third)


@mutant("axial", "catalogue", "axial.relative", "none known", dim=64)
def axial_of_the_product(x, coordinates):
    """The second axis is turned by the product of the coordinates."""
    moved = np.stack([coordinates[:, 0], coordinates[:, 0] * coordinates[:, 1] + coordinates[:, 1]], 1)
    quarter = x.shape[1] // 4
    return mrope(x, moved, [0] * quarter + [1] * quarter)


# Mistakes that no report names, for the properties that the others leave whole.


@mutant("rope", "catalogue", "rope.rows", "none known", "float64")
def positions_sorted(x, positions):
    """The largest position in the call moves every row that comes before it."""
    late = np.maximum.accumulate(positions[::-1])[::-1] != positions
    shift = np.where(late & (np.diff(positions, append=positions[-1]) < 0), 1, 0)
    return turn(x, (positions + shift)[:, None] * inv_freq(x.shape[-1]))


@mutant("rope", "catalogue", "rope.output", "converted to float16")
def output_in_float16(x, positions):
    return turn(x, positions[:, None] * inv_freq(x.shape[-1])).astype(F16)


@mutant("rope", "catalogue", "rope.isometry", "none known")
def length_depends_on_the_vector(x, positions):
    """Not linear: the first coordinate stretches the result."""
    y = turn(x, positions[:, None] * inv_freq(x.shape[-1]))
    stretch = np.where((np.abs(x) > 1e-9).sum(-1, keepdims=True) > 3, 1 + 0.01 * np.tanh(x[:, :1]), 1)
    return y * stretch.astype(x.dtype)


@mutant("rope", "catalogue", "rope.composition", "none known")
def angle_saturates(x, positions):
    """Angles beyond 1.5 radians grow at half the pace."""
    angle = positions[:, None] * inv_freq(x.shape[-1])
    return turn(x, np.where(angle > 1.5, 0.75 + angle / 2, angle))


@mutant("rope", "catalogue", "rope.transpose_product", "none known")
def angle_bends(x, positions):
    angle = positions[:, None] * inv_freq(x.shape[-1])
    return turn(x, angle + 1e-3 * np.log1p(positions[:, None]) ** 2)


@mutant("sinusoidal", "catalogue", "sinusoidal.prefix", "none known")
def table_depends_on_its_length(T, d):
    return sinusoid(np.arange(T)[:, None] * inv_freq(d) * (1 + 1e-4 * (T > 400)), d)


@mutant("sinusoidal", "catalogue", "sinusoidal.gram", "none known")
def table_fades(T, d):
    p = np.arange(T)[:, None]
    return (sinusoid(p * inv_freq(d), d) * np.where(p > 100, 0.9, 1.0)).astype(F32)


@mutant("sinusoidal", "catalogue", "sinusoidal.layout", "none known")
def table_in_no_order(T, d):
    return sinusoid(np.arange(T)[:, None] * inv_freq(d), d)[:, np.random.default_rng(0).permutation(d)]


@mutant("axial", "catalogue", "axial.frequencies", "none known", dim=64)
def axial_other_ladder(x, coordinates):
    quarter = x.shape[1] // 4
    f = np.concatenate([inv_freq(2 * quarter, 77.0)] * 2)
    return turn(x, coordinates[:, [0] * quarter + [1] * quarter] * f)


@mutant("axial", "catalogue", "axial.zero", "none known", dim=64)
def axial_from_one(x, coordinates):
    quarter = x.shape[1] // 4
    f = np.concatenate([inv_freq(2 * quarter)] * 2)
    return turn(x, (coordinates[:, [0] * quarter + [1] * quarter] + 1) * f)


@mutant("axial", "catalogue", "axial.layout", "none known", dim=64)
def axial_copies(x, coordinates):
    return x.copy()
