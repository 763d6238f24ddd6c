"""Correct rotary embeddings for tensors of PyTorch and JAX, angles in float32."""

try:
    import torch
except ImportError:
    torch = None
try:
    import jax.numpy as jnp
except ImportError:
    jnp = None


def torch_rotate(x, positions, layout):
    d = x.shape[-1]
    f = 1.0 / 10000.0 ** (torch.arange(0, d, 2, dtype=torch.float32) / d)
    angle = positions[:, None].float() * f
    c, s = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    if layout == "half":
        a, b = x[:, : d // 2], x[:, d // 2 :]
        return torch.cat([a * c - b * s, a * s + b * c], -1)
    a, b = x[:, 0::2], x[:, 1::2]
    return torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)


def torch_half(x, positions):
    return torch_rotate(x, positions, "half")


def torch_interleaved(x, positions):
    return torch_rotate(x, positions, "interleaved")


def jax_rotate(x, positions, layout):
    d = x.shape[-1]
    f = 1.0 / 10000.0 ** (jnp.arange(0, d, 2, dtype=jnp.float32) / d)
    angle = positions[:, None].astype(jnp.float32) * f
    c, s = jnp.cos(angle).astype(x.dtype), jnp.sin(angle).astype(x.dtype)
    if layout == "half":
        a, b = x[:, : d // 2], x[:, d // 2 :]
        return jnp.concatenate([a * c - b * s, a * s + b * c], -1)
    a, b = x[:, 0::2], x[:, 1::2]
    return jnp.stack([a * c - b * s, a * s + b * c], -1).reshape(x.shape)


def jax_half(x, positions):
    return jax_rotate(x, positions, "half")


def jax_interleaved(x, positions):
    return jax_rotate(x, positions, "interleaved")


class WrongBackward(torch.autograd.Function if torch else object):
    """The backward pass rotates by R, not by its transpose (Dao-AILab/flash-attention#569)."""

    @staticmethod
    def forward(ctx, x, positions):
        ctx.save_for_backward(positions)
        return torch_rotate(x, positions, "half")

    @staticmethod
    def backward(ctx, g):
        return torch_rotate(g, ctx.saved_tensors[0], "half"), None


def torch_wrong_backward(x, positions):
    return WrongBackward.apply(x, positions)
