"""x-transformers, litgpt, torchtune, labml-nn, positional-encodings, d2l: plain PyTorch libraries."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symcheck.conformance.adapters import adapter
from symcheck.conformance.adapters.implicit import Module, placed


def from_source(distribution: str, relative: str) -> Any:
    """One source file of an installed package, without importing the package, which may want much more."""
    import importlib.metadata

    path = Path(str(importlib.metadata.distribution(distribution).locate_file(relative)))
    name = f"symcheck_source_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{distribution} has no {relative}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class _Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the named packages and all their submodules, as modules of empty classes."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname.partition(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> Any:
        made = types.ModuleType(spec.name)

        def attribute(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (), {})

        made.__getattr__ = attribute  # type: ignore[method-assign]
        return made

    def exec_module(self, module: Any) -> None:
        pass


def without(*names: str) -> None:
    """Stand empty packages in for those that an import wants and the code under test does not use."""
    missing = tuple(n for n in names if n not in sys.modules and importlib.util.find_spec(n) is None)
    if missing:
        sys.meta_path.append(_Absent(missing))


def bare(*packages: str) -> None:
    """Make packages importable without running their __init__, which may import a whole framework."""
    for name in packages:
        if name in sys.modules:
            continue
        parent, _, last = name.rpartition(".")
        if parent:
            places = [str(Path(folder) / last) for folder in sys.modules[parent].__path__]
        else:
            spec = importlib.util.find_spec(name)
            places = list(spec.submodule_search_locations or []) if spec is not None else []
        made = types.ModuleType(name)
        made.__path__ = places
        sys.modules[name] = made


# x-transformers.


def _x_rotate(module: Any, x: Any, positions: Any) -> Any:
    from x_transformers.x_transformers import apply_rotary_pos_emb

    freqs, scale = module(positions)
    return apply_rotary_pos_emb(x, freqs, scale)


@adapter("x-transformers", "rope", "x-transformers", source="RotaryEmbedding, apply_rotary_pos_emb")
def _x_rope() -> Any:
    from x_transformers.x_transformers import RotaryEmbedding

    return Module(lambda dim: RotaryEmbedding(dim), _x_rotate)


@adapter(
    "x-transformers.interpolated",
    "rope",
    "x-transformers",
    source="RotaryEmbedding(interpolation_factor=4)",
    scaling={"rope_type": "linear", "factor": 4.0},
)
def _x_interpolated() -> Any:
    from x_transformers.x_transformers import RotaryEmbedding

    return Module(lambda dim: RotaryEmbedding(dim, interpolation_factor=4.0), _x_rotate)


@adapter("x-transformers.xpos", "xpos", "x-transformers", source="RotaryEmbedding(use_xpos=True)")
def _x_xpos() -> Any:
    from x_transformers.x_transformers import RotaryEmbedding, apply_rotary_pos_emb

    def rotate(q: Any, k: Any, positions: Any) -> Any:
        freqs, scale = RotaryEmbedding(q.shape[-1], use_xpos=True)(positions)
        return (
            apply_rotary_pos_emb(q[None, None], freqs, scale)[0, 0],
            apply_rotary_pos_emb(k[None, None], freqs, scale**-1)[0, 0],
        )

    return rotate


@adapter("x-transformers.sinusoidal", "sinusoidal", "x-transformers", source="ScaledSinusoidalEmbedding")
def _x_sinusoidal() -> Any:
    import torch
    from x_transformers.x_transformers import ScaledSinusoidalEmbedding

    return lambda length, dim: ScaledSinusoidalEmbedding(dim)(torch.zeros(1, length, dim)).detach()


@adapter("x-transformers.alibi", "alibi", "x-transformers", source="AlibiPositionalBias")
def _x_alibi() -> Any:
    from x_transformers.x_transformers import AlibiPositionalBias

    def bias(heads: int, tokens: int) -> Any:
        return AlibiPositionalBias(heads)(tokens, tokens)

    return bias


@adapter("x-transformers.t5", "t5", "x-transformers", source="RelativePositionBias._relative_position_bucket")
def _x_t5() -> Any:
    from x_transformers.x_transformers import RelativePositionBias

    def bucket(relative: Any, bidirectional: bool, buckets: int, distance: int) -> Any:
        return RelativePositionBias._relative_position_bucket(
            relative, causal=not bidirectional, num_buckets=buckets, max_distance=distance
        )

    return bucket


# litgpt.


def _litgpt(apply: str, **options: Any) -> Any:
    import litgpt.model

    tables: dict[int, Any] = {}

    def rotate(x: Any, positions: Any) -> Any:
        dim = x.shape[-1]
        if dim not in tables:
            tables[dim] = litgpt.model.build_rope_cache(16384, dim, **options)
        cos, sin = (table[positions][None] for table in tables[dim])
        return getattr(litgpt.model, apply)(x[None, None], cos, sin)[0, 0]

    return rotate


@adapter("litgpt", "rope", "litgpt", source="build_rope_cache, apply_rope", max_position=16384)
def _litgpt_half() -> Any:
    return _litgpt("apply_rope")


@adapter("litgpt.interleave", "rope", "litgpt", source="build_rope_cache, apply_rope_interleave", max_position=16384)
def _litgpt_interleave() -> Any:
    return _litgpt("apply_rope_interleave")


@adapter(
    "litgpt.scaling",
    "rope-scaling",
    "litgpt",
    source="build_rope_cache with extra_config: frequencies read off position 1",
    rules=("default", "linear", "llama3", "yarn"),
)
def _litgpt_scaling() -> Any:
    import litgpt.model
    import torch

    def inv_freq(config: Mapping[str, Any]) -> Any:
        rule = config["rope_type"]
        extra: dict[str, Any] | None = None
        if rule == "linear":
            extra = {"factor": config["factor"]}
        elif rule in ("llama3", "yarn"):
            # Its own names for the same numbers; YaRN's defaults are spelled out, as it asks.
            keys = ["factor", "low_freq_factor", "high_freq_factor", "beta_fast", "beta_slow", "truncate"]
            keys += ["mscale", "mscale_all_dim"]
            extra = {k: config[k] for k in keys if k in config}
            extra["original_max_seq_len"] = config["original_max_position_embeddings"]
            if rule == "yarn":
                extra = {"beta_fast": 32, "beta_slow": 1, **extra}
                if "attention_factor" in config:
                    raise NotImplementedError("litgpt has no attention_factor")
                if "mscale" not in config:
                    # Without both keys litgpt leaves the scale at 1: transformers' default is mscale 1.
                    extra["mscale"] = 1.0
        cos, sin = litgpt.model.build_rope_cache(2, config["head_dim"], base=config["rope_theta"], extra_config=extra)
        half = config["head_dim"] // 2
        scale = torch.hypot(cos[1, :half], sin[1, :half]).mean()
        return torch.atan2(sin[1, :half], cos[1, :half]), scale

    return inv_freq


# torchtune: its package wants torchao, so the source file is loaded by itself.


@adapter("torchtune", "rope", "torchtune", source="RotaryPositionalEmbeddings(x, input_pos=)", max_position=16384)
def _torchtune() -> Any:
    source = from_source("torchtune", "torchtune/modules/position_embeddings.py")

    def call(module: Any, x: Any, positions: Any) -> Any:
        return module(x.transpose(1, 2), input_pos=positions[None]).transpose(1, 2)

    return Module(lambda dim: source.RotaryPositionalEmbeddings(dim, max_seq_len=16384), call)


# labml-nn.


@adapter("labml-nn", "rope", "labml-nn", source="RotaryPositionalEmbeddings (positions implicit)", max_position=16384)
def _labml() -> Any:
    without("torchvision")
    from labml_nn.transformers.rope import RotaryPositionalEmbeddings

    modules: dict[int, Any] = {}

    def rotate(x: Any, positions: Any) -> Any:
        module = modules.setdefault(x.shape[-1], RotaryPositionalEmbeddings(x.shape[-1]))
        # [B, L, d] to its [L, B, H, d] and back.
        return placed(lambda t: module(t.transpose(0, 1)[:, :, None])[:, :, 0].transpose(0, 1))(x, positions)

    return rotate


@adapter("labml-nn.sinusoidal", "sinusoidal", "labml-nn", source="get_positional_encoding")
def _labml_sinusoidal() -> Any:
    without("torchvision")
    from labml_nn.transformers.positional_encoding import get_positional_encoding

    return lambda length, dim: get_positional_encoding(dim, length)[:, 0]


@adapter("labml-nn.alibi", "alibi", "labml-nn", source="get_slopes")
def _labml_alibi() -> Any:
    without("torchvision")
    from labml_nn.transformers.alibi import get_slopes

    return lambda heads: get_slopes(heads)


# positional-encodings and d2l.


@adapter("positional-encodings", "sinusoidal", "positional-encodings", source="PositionalEncoding1D", max_position=4096)
def _positional_encodings() -> Any:
    import torch
    from positional_encodings.torch_encodings import PositionalEncoding1D

    modules: dict[int, Any] = {}

    def table(length: int, dim: int) -> Any:
        module = modules.setdefault(dim, PositionalEncoding1D(dim))
        return module(torch.zeros(1, length, dim))

    return table


@adapter("d2l", "sinusoidal", "d2l", source="PositionalEncoding(dropout 0)")
def _d2l() -> Any:
    import torch

    without("torchvision", "gym", "IPython", "matplotlib", "matplotlib_inline", "pandas", "requests")
    from d2l import torch as d2l

    def table(length: int, dim: int) -> Any:
        return d2l.PositionalEncoding(dim, 0, length)(torch.zeros(1, length, dim))

    return table


@adapter("rotary-embedding-torch.xpos", "xpos", "rotary-embedding-torch", source="rotate_queries_and_keys")
def _rotary_xpos() -> Any:
    from rotary_embedding_torch import RotaryEmbedding

    def rotate(q: Any, k: Any, positions: Any) -> Any:
        if not bool((positions == positions.new_tensor(range(len(positions)))).all()):
            raise ValueError("rotate_queries_and_keys takes no positions: only 0, 1, 2, ... can be given")
        a, b = RotaryEmbedding(dim=q.shape[-1], use_xpos=True).rotate_queries_and_keys(q[None, None], k[None, None])
        return a[0, 0], b[0, 0]

    return rotate
