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


def mutant(spec, report, breaks, diagnosis, dtype=None, **options):
    def register(function):
        MUTANTS.append(
            Mutant(function.__name__, spec, report, breaks, diagnosis, dtype, tuple(sorted(options.items())))
        )
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


@mutant(
    "rope", "huggingface/transformers#29285", "rope.phase", "the angle is computed in bfloat16", "bfloat16"
)
def autocast_bfloat16(x, positions):
    """Autocast: positions, frequencies and their product in the dtype of the activations."""
    narrow = x.dtype if x.dtype == BF16 else F32
    f = inv_freq(x.shape[-1]).astype(F32).astype(narrow)
    return turn(x, positions.astype(narrow)[:, None] * f)


@mutant("rope", "huggingface/transformers#29285", "rope.distinct", "bfloat16", "bfloat16")
def autocast_distinct(x, positions):
    return autocast_bfloat16(x, positions)


_CACHE = {"inv_freq": None}


@mutant(
    "rope", "huggingface/transformers#29496", "rope.reuse.precision", "frequencies are rounded to bfloat16"
)
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


@mutant(
    "rope", "deepspeedai/DeepSpeed#4932", "rope.distinct", "positions are rounded to bfloat16", "bfloat16"
)
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
