"""Two rotary embeddings in plain NumPy: one that keeps its promise in every dtype, and one that does not."""

import numpy as np


def _rotated(x, angle):
    half = x.shape[-1] // 2
    cosine, sine = np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cosine - b * sine, a * sine + b * cosine], axis=-1)


def rotate(x, positions):
    """x [T, d] rotated by positions [T], half-split layout; the angle is computed in float64."""
    half = x.shape[-1] // 2
    theta = 10000.0 ** (-np.arange(half) / half)
    return _rotated(x, positions[:, None].astype(np.float64) * theta)


def rotate_in_input_dtype(x, positions):
    """The same with positions, frequencies and their product in the dtype of x: wrong in bfloat16."""
    half = x.shape[-1] // 2
    theta = (10000.0 ** (-np.arange(half) / half)).astype(x.dtype)
    return _rotated(x, positions[:, None].astype(x.dtype) * theta)
