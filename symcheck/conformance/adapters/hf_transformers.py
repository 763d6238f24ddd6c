"""transformers: the rotary modules and functions of its models, sinusoidal tables, ALiBi, T5, scaling rules."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from symcheck.conformance.adapters import adapter
from symcheck.conformance.adapters.implicit import Module

LIBRARY = "transformers"


def _modeling(family: str) -> Any:
    return importlib.import_module(f"transformers.models.{family}.modeling_{family}")


def _config(family: str, name: str, dim: int, **more: Any) -> Any:
    configuration = importlib.import_module(f"transformers.models.{family}.configuration_{family}")
    made = getattr(configuration, name)
    return made(hidden_size=4 * dim, num_attention_heads=4, **more)


def _rotary(
    family: str,
    rotary: str,
    config: str,
    apply: str = "apply_rotary_pos_emb",
    **options: Any,
) -> Module:
    """cos, sin = rotary(config)(x, position_ids); q', k' = apply(q, k, cos, sin)."""
    modeling = _modeling(family)

    def build(dim: int) -> Any:
        given = {k: v(dim) if callable(v) else v for k, v in options.items()}
        return getattr(modeling, rotary)(config=_config(family, config, dim, **given))

    def call(module: Any, x: Any, positions: Any) -> Any:
        cos, sin = module(x, positions[None])
        q, _ = getattr(modeling, apply)(x, x, cos, sin)
        return q

    return Module(build, call)


def _default(base: float = 10000.0, **more: Any) -> dict[str, Any]:
    return {"rope_type": "default", "rope_theta": base, **more}


@adapter("transformers.llama", "rope", LIBRARY, source="LlamaRotaryEmbedding, apply_rotary_pos_emb")
def _llama() -> Any:
    return _rotary("llama", "LlamaRotaryEmbedding", "LlamaConfig", head_dim=lambda d: d, rope_parameters=_default())


_LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
_YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096}


@adapter(
    "transformers.llama-llama3",
    "rope",
    LIBRARY,
    source="LlamaRotaryEmbedding with Llama 3.1's rope_parameters",
    base=500000.0,
    scaling=_LLAMA3,
)
def _llama_llama3() -> Any:
    return _rotary(
        "llama",
        "LlamaRotaryEmbedding",
        "LlamaConfig",
        head_dim=lambda d: d,
        max_position_embeddings=131072,
        rope_parameters={**_LLAMA3, "rope_theta": 500000.0},
    )


@adapter(
    "transformers.llama-yarn",
    "rope",
    LIBRARY,
    source="LlamaRotaryEmbedding with YaRN, factor 4",
    scaling=_YARN,
)
def _llama_yarn() -> Any:
    return _rotary(
        "llama",
        "LlamaRotaryEmbedding",
        "LlamaConfig",
        head_dim=lambda d: d,
        max_position_embeddings=16384,
        rope_parameters={**_YARN, "rope_theta": 10000.0},
    )


@adapter(
    "transformers.llama-linear",
    "rope",
    LIBRARY,
    source="LlamaRotaryEmbedding with linear scaling, factor 4",
    scaling={"rope_type": "linear", "factor": 4.0},
)
def _llama_linear() -> Any:
    return _rotary(
        "llama",
        "LlamaRotaryEmbedding",
        "LlamaConfig",
        head_dim=lambda d: d,
        rope_parameters={"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0},
    )


@adapter(
    "transformers.llama-dynamic",
    "rope",
    LIBRARY,
    source="LlamaRotaryEmbedding with dynamic NTK scaling, within the trained length 4096",
    max_position=4096,
)
def _llama_dynamic() -> Any:
    return _rotary(
        "llama",
        "LlamaRotaryEmbedding",
        "LlamaConfig",
        head_dim=lambda d: d,
        max_position_embeddings=4096,
        rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0},
    )


@adapter(
    "transformers.gpt_neox",
    "rope",
    LIBRARY,
    source="GPTNeoXRotaryEmbedding, apply_rotary_pos_emb (a quarter of the head)",
    dim=128,
    width=32,
)
def _gpt_neox() -> Any:
    return _rotary(
        "gpt_neox",
        "GPTNeoXRotaryEmbedding",
        "GPTNeoXConfig",
        rope_parameters=_default(partial_rotary_factor=0.25),
    )


@adapter("transformers.cohere", "rope", LIBRARY, source="CohereRotaryEmbedding, apply_rotary_pos_emb")
def _cohere() -> Any:
    return _rotary("cohere", "CohereRotaryEmbedding", "CohereConfig", rope_parameters=_default())


@adapter(
    "transformers.glm",
    "rope",
    LIBRARY,
    source="GlmRotaryEmbedding, apply_rotary_pos_emb (half of the head)",
    dim=128,
    width=64,
)
def _glm() -> Any:
    return _rotary(
        "glm",
        "GlmRotaryEmbedding",
        "GlmConfig",
        head_dim=lambda d: d,
        rope_parameters=_default(partial_rotary_factor=0.5),
    )


@adapter("transformers.nanochat", "rope", LIBRARY, source="NanoChatRotaryEmbedding, apply_rotary_pos_emb")
def _nanochat() -> Any:
    return _rotary("nanochat", "NanoChatRotaryEmbedding", "NanoChatConfig", rope_parameters=_default())


@adapter(
    "transformers.deepseek_v3",
    "rope",
    LIBRARY,
    source="DeepseekV3RotaryEmbedding, apply_rotary_pos_emb_interleave",
    dim=64,
)
def _deepseek() -> Any:
    return _rotary(
        "deepseek_v3",
        "DeepseekV3RotaryEmbedding",
        "DeepseekV3Config",
        "apply_rotary_pos_emb_interleave",
        qk_rope_head_dim=64,
        head_dim=64,
        rope_parameters=_default(),
    )


def _from_table(family: str) -> Callable[[Any, Any], Any]:
    """sin, cos from create_sinusoidal_positions; apply_rotary_pos_emb(t[B, T, H, D], sin, cos)."""
    modeling = _modeling(family)
    tables: dict[int, Any] = {}

    def rotate(x: Any, positions: Any) -> Any:
        dim = x.shape[-1]
        if dim not in tables:
            tables[dim] = modeling.create_sinusoidal_positions(16384, dim)
        # As the attention does it: the table is taken in the dtype of the activations.
        chosen = tables[dim][positions][None].to(x.dtype)
        sin, cos = chosen.split(chosen.shape[-1] // 2, dim=-1)
        return modeling.apply_rotary_pos_emb(x[None, :, None], sin, cos)[0, :, 0]

    return rotate


@adapter(
    "transformers.gptj",
    "rope",
    LIBRARY,
    source="gptj: create_sinusoidal_positions, apply_rotary_pos_emb",
    max_position=16384,
)
def _gptj() -> Any:
    return _from_table("gptj")


@adapter(
    "transformers.codegen",
    "rope",
    LIBRARY,
    source="codegen: create_sinusoidal_positions, apply_rotary_pos_emb",
    max_position=16384,
)
def _codegen() -> Any:
    return _from_table("codegen")


@adapter("transformers.llama4", "rope", LIBRARY, source="Llama4TextRotaryEmbedding, apply_rotary_emb")
def _llama4() -> Any:
    modeling = _modeling("llama4")
    configuration = importlib.import_module("transformers.models.llama4.configuration_llama4")

    def build(dim: int) -> Any:
        config = configuration.Llama4TextConfig(
            hidden_size=4 * dim, num_attention_heads=4, head_dim=dim, rope_parameters=_default()
        )
        return modeling.Llama4TextRotaryEmbedding(config=config)

    def call(module: Any, x: Any, positions: Any) -> Any:
        freqs = module(x, positions[None])
        moved = x.transpose(1, 2)  # B, T, H, D
        return modeling.apply_rotary_emb(moved, moved, freqs)[0].transpose(1, 2)

    return Module(build, call)


# Tables.


@adapter("transformers.roformer", "sinusoidal", LIBRARY, source="RoFormerSinusoidalPositionalEmbedding", max_position=512)
def _roformer() -> Any:
    return _embedding_table("roformer", "RoFormerSinusoidalPositionalEmbedding")


@adapter("transformers.marian", "sinusoidal", LIBRARY, source="MarianSinusoidalPositionalEmbedding", max_position=512)
def _marian() -> Any:
    return _embedding_table("marian", "MarianSinusoidalPositionalEmbedding")


def _embedding_table(family: str, name: str) -> Callable[[int, int], Any]:
    modeling = _modeling(family)

    def table(length: int, dim: int) -> Any:
        import torch

        module = getattr(modeling, name)(length, dim)
        module.weight = torch.nn.Parameter(module.create_weight(), requires_grad=False)
        return module(torch.Size((1, length)))

    return table


@adapter("transformers.xlm", "sinusoidal", LIBRARY, source="xlm: create_sinusoidal_embeddings", max_position=512)
def _xlm() -> Any:
    import torch

    create = _modeling("xlm").create_sinusoidal_embeddings
    return lambda length, dim: create(length, dim, torch.empty(length, dim))


@adapter("transformers.ctrl", "sinusoidal", LIBRARY, source="ctrl: positional_encoding in float32")
def _ctrl() -> Any:
    import torch

    create = _modeling("ctrl").positional_encoding
    return lambda length, dim: create(length, dim, torch.float32)


@adapter("transformers.speecht5", "sinusoidal", LIBRARY, source="SpeechT5SinusoidalPositionalEmbedding.get_embedding")
def _speecht5() -> Any:
    create = _modeling("speecht5").SpeechT5SinusoidalPositionalEmbedding.get_embedding
    return lambda length, dim: create(length, dim, None)


@adapter("transformers.speecht5-scaled", "sinusoidal", LIBRARY, source="SpeechT5ScaledPositionalEncoding, alpha 1")
def _speecht5_scaled() -> Any:
    import torch

    module = _modeling("speecht5").SpeechT5ScaledPositionalEncoding

    def table(length: int, dim: int) -> Any:
        return module(0.0, dim, max_len=length).eval()(torch.zeros(1, length, dim)).detach()[0]

    return table


# ALiBi and T5.


def _alibi(family: str, dtype: str) -> Callable[[int, int], Any]:
    import torch

    build = _modeling(family).build_alibi_tensor
    return lambda heads, tokens: build(torch.ones(1, tokens, dtype=torch.long), heads, getattr(torch, dtype))


@adapter("transformers.bloom", "alibi", LIBRARY, source="bloom: build_alibi_tensor in float32")
def _bloom() -> Any:
    def bias(heads: int, tokens: int) -> Any:
        return _alibi("bloom", "float32")(heads, tokens)

    return bias


@adapter("transformers.falcon", "alibi", LIBRARY, source="falcon: build_alibi_tensor in float32")
def _falcon() -> Any:
    def bias(heads: int, tokens: int) -> Any:
        return _alibi("falcon", "float32")(heads, tokens)

    return bias


@adapter("transformers.mpt", "alibi", LIBRARY, source="mpt: build_mpt_alibi_tensor")
def _mpt() -> Any:
    build = _modeling("mpt").build_mpt_alibi_tensor

    def bias(heads: int, tokens: int) -> Any:
        return build(heads, tokens)

    return bias


@adapter("transformers.t5", "t5", LIBRARY, source="T5Attention._relative_position_bucket")
def _t5() -> Any:
    bucket = _modeling("t5").T5Attention._relative_position_bucket
    return lambda relative, bidirectional, buckets, distance: bucket(relative, bidirectional, buckets, distance)


# Scaling rules.


@adapter(
    "transformers.rope_utils",
    "rope-scaling",
    LIBRARY,
    source="modeling_rope_utils.ROPE_INIT_FUNCTIONS",
    rules=("linear", "dynamic", "yarn", "longrope", "llama3"),
)
def _rope_utils() -> Any:
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    def inv_freq(config: Mapping[str, Any]) -> Any:
        given = dict(config)
        dim, length = given.pop("head_dim"), given.pop("seq_len", None)
        longest = given.pop("max_position_embeddings")
        del given["dim"], given["base"]
        parameters = {k: v for k, v in given.items() if v is not None}
        made = LlamaConfig(
            hidden_size=4 * dim,
            num_attention_heads=4,
            head_dim=dim,
            max_position_embeddings=longest,
            rope_parameters=parameters,
        )
        frequencies, scale = ROPE_INIT_FUNCTIONS[config["rope_type"]](made, "cpu", seq_len=length)
        return frequencies, scale

    return inv_freq
