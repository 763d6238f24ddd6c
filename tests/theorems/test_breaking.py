"""The theorems on which reorderings attention follows, in NumPy: what the proofs construct, and random inputs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def attention(x: np.ndarray, W_Q: np.ndarray, W_K: np.ndarray, W_V: np.ndarray, R: np.ndarray | None = None) -> np.ndarray:
    """Scaled dot-product attention; with R[i, j] added to the key (and no scale), that of Shaw."""
    q, k, v = x @ W_Q, x @ W_K, x @ W_V
    scores = q @ k.T / np.sqrt(W_Q.shape[1]) if R is None else q @ k.T + np.einsum("ia,ija->ij", q, R)
    return softmax(scores) @ v


def rotary(q: np.ndarray, k: np.ndarray, v: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Attention with interleaved RoPE."""
    def turn(x: np.ndarray) -> np.ndarray:
        c, s = (f(np.arange(len(x))[:, None] * theta) for f in (np.cos, np.sin))
        out = np.empty_like(x)
        out[:, 0::2], out[:, 1::2] = c * x[:, 0::2] - s * x[:, 1::2], s * x[:, 0::2] + c * x[:, 1::2]
        return out

    return softmax(turn(q) @ turn(k).T / np.sqrt(q.shape[1])) @ v


def reader(features: int, feature: int, components: list[float]) -> np.ndarray:
    out = np.zeros((features, len(components)))
    out[feature] = components
    return out


ORDERS = [s for n in (2, 3, 4) for s in itertools.permutations(range(n)) if s != tuple(range(n))]


@pytest.mark.parametrize("order", ORDERS)
def test_codes_that_change_are_noticed_and_codes_that_stay_are_not(order):
    rng, s, n, d = np.random.default_rng(len(order)), np.array(order), len(order), 3
    i = next(i for i in range(n) if s[i] != i)
    P = rng.normal(size=(n, d))
    c = int(np.argmax(np.abs(P[s[i]] - P[i])))
    X = np.full((n, d), -P[s[i], c])  # breaking.codes: all tokens alike, so that PX = X
    W = reader(d, c, [1, 0]), reader(d, c, [1, 1]), reader(d, c, [1, 1])
    before, after = attention(X + P, *W), attention(X[s] + P, *W)
    assert abs(after[i, 0] - before[s[i], 0]) > 1e-6
    cycle = np.arange(n)  # breaking.kept_codes: one code on each cycle of s
    for _ in range(n):
        cycle = np.minimum(cycle, cycle[s])
    same, tokens = P[cycle], rng.normal(size=(n, d))
    weights = rng.normal(size=(3, d, d))
    assert np.allclose(attention(tokens[s] + same, *weights), attention(tokens + same, *weights)[s])


@pytest.mark.parametrize("order", ORDERS)
def test_offsets_that_change_are_noticed(order):
    """breaking.relative_codes and breaking.rotary: the tokens 1 at s(i), or at s(i) and s(j), and 0 elsewhere."""
    rng, s, n = np.random.default_rng(1), np.array(order), len(order)
    table = rng.normal(size=2 * n)
    offsets = np.subtract.outer(np.arange(n), np.arange(n))
    R = table[offsets][:, :, None]
    i, j = next((i, j) for i in range(n) for j in range(n) if s[i] - s[j] != i - j)
    gaps, turns = [], []
    for ones in ([s[i]], [s[i], s[j]]):
        x = np.zeros((n, 1))
        x[ones] = 1
        one, none = np.ones((1, 1)), np.zeros((1, 1))
        gaps.append(attention(x[s], one, none, one, R)[i, 0] - attention(x, one, none, one, R)[s[i], 0])
        full = np.hstack([x, np.ones((n, 1))])
        for key in ([1.0, 0.0], [0.0, 1.0]):
            W_Q, W_K, W_V = reader(2, 0, [1, 0]), reader(2, 1, key), reader(2, 0, [1])
            outputs = [rotary(y @ W_Q, y @ W_K, y @ W_V, np.array([1.0])) for y in (full[s], full)]
            turns.append(outputs[0][i, 0] - outputs[1][s[i], 0])
    assert max(map(abs, gaps)) > 1e-6 and max(map(abs, turns)) > 1e-6
