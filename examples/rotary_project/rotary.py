"""A small project's rotary embedding, and the one it has not fixed yet."""

import ml_dtypes
import numpy as np


def frequencies(dim, base=10000.0):
    """Radians per token, [dim/2]."""
    return base ** (-np.arange(0, dim, 2) / dim)


def apply(x, angle):
    """Rotate pairs (i, i + d/2) of x[T, d] by angle[T, d/2]."""
    cosine, sine = np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cosine - second * sine, first * sine + second * cosine], axis=-1)


def rotate(x, positions):
    """Angles in float64, whatever the dtype of x."""
    return apply(x, positions[:, None] * frequencies(x.shape[-1]))


def rotate_narrow(x, positions):
    """Angles in the dtype of x: in bfloat16, position 257 is position 256."""
    narrow = x.dtype if x.dtype == ml_dtypes.bfloat16 else np.float64
    theta = frequencies(x.shape[-1]).astype(np.float32).astype(narrow)
    return apply(x, (positions.astype(narrow)[:, None] * theta).astype(np.float64))
