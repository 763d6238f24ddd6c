"""Theorems as properties: both sides of an identity with the target's outputs in place of the encoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rotations:
    """Vectors [n, d] by name, and the target's rotation of each at positions named by their term."""

    vectors: Mapping[int, np.ndarray]
    rotated: Mapping[tuple[int, str], np.ndarray]


def rope_identity(name: str, table: Rotations, m: np.ndarray, n: np.ndarray) -> np.ndarray:
    """abs(left - right) [n] of a theorem about rotations, evaluated with the target's rotations."""
    q = table.vectors[0]
    if name == "rope.relative":
        left = (table.rotated[0, "m"] * table.rotated[1, "n"]).sum(axis=1)
        return np.abs(left - (q * table.rotated[1, "n-m"]).sum(axis=1))
    if name == "rope.orthogonal":
        return np.abs(np.linalg.norm(table.rotated[0, "m"], axis=1) - np.linalg.norm(q, axis=1))
    if name == "rope.identity":
        return np.linalg.norm(table.rotated[0, "0"] - q, axis=1)
    return np.linalg.norm(table.rotated[0, "twice"] - table.rotated[0, "n"], axis=1)
