"""diffusers and timm: rotations and tables of image models."""

from __future__ import annotations

from typing import Any

from symcheck.conformance.adapters import adapter
from symcheck.conformance.adapters.torch_libraries import bare


def _diffusers(interleaved: bool, real: bool = True, **options: Any) -> Any:
    from diffusers.models.embeddings import apply_rotary_emb, get_1d_rotary_pos_embed

    def rotate(x: Any, positions: Any) -> Any:
        freqs = get_1d_rotary_pos_embed(x.shape[-1], positions, use_real=real, repeat_interleave_real=interleaved, **options)
        if not real:
            # [B, S, H, D] and a batch of frequencies.
            return apply_rotary_emb(x[None, :, None], freqs[None], use_real=False)[0, :, 0]
        return apply_rotary_emb(x[None, None], freqs, use_real_unbind_dim=-1 if interleaved else -2)[0, 0]

    return rotate


@adapter("diffusers", "rope", "diffusers", source="get_1d_rotary_pos_embed, apply_rotary_emb (interleaved)")
def _interleaved() -> Any:
    return _diffusers(True)


@adapter("diffusers.half", "rope", "diffusers", source="get_1d_rotary_pos_embed, apply_rotary_emb (half-split)")
def _half() -> Any:
    return _diffusers(False)


@adapter("diffusers.complex", "rope", "diffusers", source="get_1d_rotary_pos_embed, apply_rotary_emb (complex)")
def _complex() -> Any:
    return _diffusers(True, real=False)


@adapter(
    "diffusers.linear",
    "rope",
    "diffusers",
    source="get_1d_rotary_pos_embed(linear_factor=4)",
    scaling={"rope_type": "linear", "factor": 4.0},
)
def _linear() -> Any:
    return _diffusers(True, linear_factor=4.0)


@adapter(
    "diffusers.ntk",
    "rope",
    "diffusers",
    source="get_1d_rotary_pos_embed(ntk_factor=4), documented as the factor of NTK-aware RoPE",
    scaling={"rope_type": "ntk", "factor": 4.0},
)
def _ntk() -> Any:
    return _diffusers(True, ntk_factor=4.0)


@adapter("diffusers.timestep", "sinusoidal", "diffusers", source="get_timestep_embedding, defaults")
def _timestep() -> Any:
    import torch
    from diffusers.models.embeddings import get_timestep_embedding

    return lambda length, dim: get_timestep_embedding(torch.arange(length), dim)


@adapter(
    "diffusers.timestep-ldm",
    "sinusoidal",
    "diffusers",
    source="get_timestep_embedding(flip_sin_to_cos=True, downscale_freq_shift=0)",
)
def _timestep_ldm() -> Any:
    import torch
    from diffusers.models.embeddings import get_timestep_embedding

    return lambda length, dim: get_timestep_embedding(
        torch.arange(length), dim, flip_sin_to_cos=True, downscale_freq_shift=0
    )


@adapter("diffusers.sincos", "sinusoidal", "diffusers", source="get_1d_sincos_pos_embed_from_grid")
def _sincos() -> Any:
    import torch
    from diffusers.models.embeddings import get_1d_sincos_pos_embed_from_grid

    return lambda length, dim: get_1d_sincos_pos_embed_from_grid(dim, torch.arange(length))


def _timm(half: bool) -> Any:
    bare("timm", "timm.layers")
    import torch
    from timm.layers.pos_embed_sincos import apply_rot_embed, build_rotary_pos_embed, freq_bands

    def rotate(x: Any, coordinates: Any) -> Any:
        dim = x.shape[-1]
        rows, columns = (int(coordinates[:, axis].max()) + 1 for axis in (0, 1))
        # Bands of the paper's kind, one ladder for each axis, on a grid of whole numbers.
        sin, cos = build_rotary_pos_embed(
            [rows, columns], bands=freq_bands(dim // 2, step=2), dim=dim, in_pixels=False, rotate_half=half
        )
        at = coordinates[:, 0] * columns + coordinates[:, 1]
        return torch.as_tensor(apply_rot_embed(x, sin[at], cos[at], half=half))

    return rotate


@adapter("timm", "axial", "timm", source="build_rotary_pos_embed, apply_rot_embed", axes=2, dim=64)
def _timm_pairs() -> Any:
    return _timm(False)


@adapter("timm.half", "axial", "timm", source="build_rotary_pos_embed(rotate_half=True)", axes=2, dim=64)
def _timm_half() -> Any:
    return _timm(True)
