"""Correct rotary embeddings in every layout, scaling and width, in NumPy; written without symcheck.

A function is called layout_scaling_angles: for example `half_llama3_float32` computes its angles in float32.
"""

from __future__ import annotations

import numpy as np

LAYOUTS = ("half", "interleaved", "permuting", "mirrored")
SCALINGS = ("plain", "linear", "ntk", "yarn", "llama3", "partial", "longrope")
ANGLES = ("float64", "float32")

LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
SHORT = [1.0 + 0.05 * i for i in range(32)]
OPTIONS = {
    "plain": {},
    "linear": {"scaling": {"rope_type": "linear", "factor": 4.0}},
    "ntk": {"scaling": {"rope_type": "ntk", "factor": 4.0}},
    "yarn": {"scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096}},
    "llama3": {"scaling": LLAMA3},
    "partial": {"dim": 64, "width": 32},
    "longrope": {
        "dim": 64,
        "scaling": {
            "rope_type": "longrope",
            "short_factor": SHORT,
            "long_factor": SHORT,
            "factor": 4.0,
            "original_max_position_embeddings": 4096,
        },
    },
}


def frequencies(d, scaling, dtype):
    d = d // 2 if scaling == "partial" else d
    base = dtype(10000.0)
    f = 1 / base ** (np.arange(0, d, 2).astype(dtype) / dtype(d))
    if scaling == "linear":
        f = f / dtype(4)
    if scaling == "ntk":
        f = 1 / (dtype(10000.0 * 4 ** (d / (d - 2))) ** (np.arange(0, d, 2).astype(dtype) / dtype(d)))
    if scaling == "longrope":
        f = f / np.array(SHORT).astype(dtype)
    if scaling == "llama3":
        turns = 8192 * f / dtype(2 * np.pi)
        smooth = np.clip((turns - 1) / dtype(3), 0, 1)
        f = (1 - smooth) * f / 8 + smooth * f
    if scaling == "yarn":

        def pair(turns):
            return d * np.log(4096 / (turns * 2 * np.pi)) / (2 * np.log(10000.0))

        low, high = np.floor(pair(32)), np.ceil(pair(1))
        ramp = np.clip((np.arange(d // 2) - low) / (high - low), 0, 1).astype(dtype)
        f = f / 4 * ramp + f * (1 - ramp)
    return f.astype(dtype)


def make(layout, scaling, angles):
    dtype = np.dtype(angles).type

    def rotate(x, positions):
        f = frequencies(x.shape[-1], scaling, dtype)
        angle = positions.astype(dtype)[:, None] * f
        scale = 1.0
        if scaling == "yarn":
            scale = 0.1 * np.log(4.0) + 1
        if scaling == "longrope":
            scale = np.sqrt(1 + np.log(4.0) / np.log(4096.0))
        c, s = (np.cos(angle) * dtype(scale)).astype(x.dtype), (np.sin(angle) * dtype(scale)).astype(x.dtype)
        w = 2 * f.size
        t = x[:, :w]
        if layout in ("half", "mirrored"):
            a, b = t[:, : w // 2], t[:, w // 2 :]
        else:
            a, b = t[:, 0::2], t[:, 1::2]
        if layout == "mirrored":
            s = -s
        first, second = a * c - b * s, a * s + b * c
        if layout == "interleaved":
            turned = np.stack([first, second], -1).reshape(t.shape)
        else:
            turned = np.concatenate([first, second], -1)
        return np.concatenate([turned, x[:, w:]], -1)

    rotate.__name__ = f"{layout}_{scaling}_{angles}"
    return rotate


ALL = [f"{layout}_{scaling}_{angles}" for layout in LAYOUTS for scaling in SCALINGS for angles in ANGLES]


def half_to_interleaved(weight, heads, kv_heads):
    rows = weight.reshape(kv_heads, 2, -1, weight.shape[1])
    return rows.swapaxes(1, 2).reshape(weight.shape)


def interleaved_to_half(weight, heads, kv_heads):
    rows = weight.reshape(kv_heads, -1, 2, weight.shape[1])
    return rows.swapaxes(1, 2).reshape(weight.shape)


# What reports call wrong and is a convention.


def sine_block_first(T, d):
    """tensorflow/tensor2tensor#391: all sines, then all cosines."""
    angle = np.arange(T)[:, None] * 10000.0 ** (-np.arange(0, d, 2) / d)
    return np.concatenate([np.sin(angle), np.cos(angle)], -1).astype(np.float32)


def spacing_of_tensor2tensor(T, d):
    """hojonathanho/diffusion#15: half_dim - 1 in the exponent."""
    h = d // 2
    angle = np.arange(T)[:, None] * 10000.0 ** (-np.arange(h) / (h - 1))
    return np.concatenate([np.sin(angle), np.cos(angle)], -1).astype(np.float32)


def one_more_in_the_distance(heads, T):
    """vllm-project/vllm#945: the bias is a constant off in each row."""
    p = 2 ** (heads.bit_length() - 1)
    slopes = 2.0 ** (-8.0 * np.arange(1, p + 1) / p)
    slopes = np.concatenate([slopes, (2.0 ** (-4.0 * np.arange(1, 2 * p + 1) / p))[0::2][: heads - p]])
    return slopes[:, None, None] * (np.arange(T)[None, :] - np.arange(T)[:, None] - 1)


#: A third of them, in every layout, scaling and angle format; the others are for the slow tests.
NAMES = ALL[::3]
for _name in ALL:
    globals()[_name] = make(*_name.split("_"))
