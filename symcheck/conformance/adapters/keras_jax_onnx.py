"""keras-hub (on torch), equinox (JAX), and the RotaryEmbedding operator of ONNX."""

from __future__ import annotations

from typing import Any

from symcheck.conformance.adapters import adapter


def _keras() -> Any:
    import os

    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras_hub

    return keras_hub


def _keras_rotary(**options: Any) -> Any:
    hub = _keras()

    def rotate(x: Any, positions: Any) -> Any:
        name = str(x.dtype).removeprefix("torch.")
        layer = hub.layers.RotaryEmbedding(dtype=name, **options)
        return layer(x[None, :, None], positions=positions)[0, :, 0]

    return rotate


@adapter("keras-hub", "rope", "keras-hub", source="RotaryEmbedding(positions=)")
def _rope() -> Any:
    return _keras_rotary()


@adapter(
    "keras-hub.linear",
    "rope",
    "keras-hub",
    source="RotaryEmbedding(scaling_factor=4)",
    scaling={"rope_type": "linear", "factor": 4.0},
)
def _linear() -> Any:
    return _keras_rotary(scaling_factor=4.0)


@adapter("keras-hub.offset", "rope", "keras-hub", source="RotaryEmbedding(start_index=)", max_position=16384)
def _offset() -> Any:
    from symcheck.conformance.adapters.implicit import placed, window

    hub = _keras()

    def rotate(x: Any, positions: Any) -> Any:
        layer = hub.layers.RotaryEmbedding(dtype=str(x.dtype).removeprefix("torch."))
        start = window(positions)
        if start is not None:
            return layer(x[None], start_index=start)[0]
        return placed(lambda t: layer(t))(x, positions)

    return rotate


@adapter("keras-hub.sinusoidal", "sinusoidal", "keras-hub", source="SinePositionEncoding in float32")
def _sinusoidal() -> Any:
    import torch

    hub = _keras()
    return lambda length, dim: hub.layers.SinePositionEncoding(dtype="float32")(torch.zeros(1, length, dim))


@adapter("keras-hub.alibi", "alibi", "keras-hub", source="AlibiBias in float32")
def _alibi() -> Any:
    import torch

    hub = _keras()

    def bias(heads: int, tokens: int) -> Any:
        return hub.layers.AlibiBias(dtype="float32")(torch.zeros(1, heads, tokens, tokens))

    return bias


# equinox: x[T, d], positions implicit.


def _equinox(first_base: float | None, **options: Any) -> Any:
    import equinox
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    modules: dict[tuple[int, str], Any] = {}

    def rotate(x: Any, positions: Any) -> Any:
        dim = x.shape[-1]
        key = (dim, str(x.dtype))
        if key not in modules:
            if first_base is not None:
                # Another model of the same process, made and used before.
                other = equinox.nn.RotaryPositionalEmbedding(dim, theta=first_base, dtype=x.dtype)
                other(jnp.zeros((8192, dim), dtype=x.dtype))
            modules[key] = equinox.nn.RotaryPositionalEmbedding(dim, dtype=x.dtype, **options)
        if not len(positions) or int(positions.min()) < 0:
            raise ValueError("this library takes no positions: a negative one cannot be given")
        if int(positions.max()) >= 1024:
            raise IndexError("positions from 1024 on are not tried: each call needs the whole sequence")
        # One sequence for each repetition of a position, zero where nothing is asked: lengths that are powers
        # of two keep the number of compilations small.
        copies: dict[int, int] = {}
        place = []
        for p in positions.tolist():
            copies[p] = copies.get(p, -1) + 1
            place.append(copies[p])
        length = max(64, 1 << int(positions.max()).bit_length())
        at = (jnp.asarray(place), jnp.asarray(positions))
        full = jnp.zeros((max(place) + 1, length, dim), dtype=x.dtype).at[at].set(x)
        return jax.vmap(modules[key])(full)[at]

    return rotate


@adapter("equinox", "rope", "equinox", "jax", backend="jax", source="nn.RotaryPositionalEmbedding", max_position=1024)
def _equinox_rope() -> Any:
    return _equinox(None)


@adapter(
    "equinox.second-model",
    "rope",
    "equinox",
    "jax",
    backend="jax",
    source="nn.RotaryPositionalEmbedding(theta=500000) after one with theta=10000 in the same process",
    base=500000.0,
    max_position=1024,
)
def _equinox_second() -> Any:
    return _equinox(10000.0, theta=500000.0)


# ONNX: the operator takes cosines and sines from the caller, here correctly rounded ones.


def _cache(dim: int, dtype: Any, length: int = 8192) -> tuple[Any, Any]:
    import numpy as np

    from symcheck.conformance.reference import paper

    cosine, sine = paper(dim).table(np.arange(length))
    return cosine.astype(dtype), sine.astype(dtype)


def _onnx_model(domain: str, dtype: Any, interleaved: int, rank: int) -> Any:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper

    kind = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16}[np.dtype(dtype).name]
    # The contributed operator asks for the positions before the caches.
    names = ["X", "cos", "sin", "ids"] if domain == "" else ["X", "ids", "cos", "sin"]
    node = helper.make_node("RotaryEmbedding", names, ["Y"], domain=domain, interleaved=interleaved)
    inputs = [
        helper.make_tensor_value_info("X", kind, [None] * rank),
        helper.make_tensor_value_info("cos", kind, [None, None]),
        helper.make_tensor_value_info("sin", kind, [None, None]),
        helper.make_tensor_value_info("ids", TensorProto.INT64, [None, None]),
    ]
    output = helper.make_tensor_value_info("Y", kind, [None] * rank)
    graph = helper.make_graph([node], "rotary", inputs, [output])
    imports = [helper.make_opsetid("", 23)]
    if domain:
        imports.append(helper.make_opsetid(domain, 1))
    return onnx, helper.make_model(graph, opset_imports=imports, ir_version=10)


def _onnx_rotate(run: Any) -> Any:
    import numpy as np

    caches: dict[tuple[int, str], tuple[Any, Any]] = {}

    def rotate(x: Any, positions: Any) -> Any:
        if x.dtype.name not in ("float32", "float16"):
            raise TypeError(f"the model is made for float32 and float16, not {x.dtype.name}")
        key = (x.shape[-1], x.dtype.name)
        if key not in caches:
            caches[key] = _cache(x.shape[-1], x.dtype)
        cosine, sine = caches[key]
        return run(x[None, None], cosine, sine, np.asarray(positions)[None])[0, 0]

    return rotate


def _reference(interleaved: int) -> Any:
    def run(x: Any, cosine: Any, sine: Any, ids: Any) -> Any:
        from onnx.reference import ReferenceEvaluator

        _, model = _onnx_model("", x.dtype, interleaved, 4)
        return ReferenceEvaluator(model).run(None, {"X": x, "cos": cosine, "sin": sine, "ids": ids})[0]

    return _onnx_rotate(run)


@adapter(
    "onnx.reference",
    "rope",
    "onnx",
    backend="numpy",
    source="ReferenceEvaluator, RotaryEmbedding-23",
    max_position=8192,
    dtypes=("float32", "float16"),
)
def _onnx_half() -> Any:
    return _reference(0)


@adapter(
    "onnx.reference-interleaved",
    "rope",
    "onnx",
    backend="numpy",
    source="ReferenceEvaluator, RotaryEmbedding-23, interleaved=1",
    max_position=8192,
    dtypes=("float32", "float16"),
)
def _onnx_interleaved() -> Any:
    return _reference(1)


def _runtime(domain: str, interleaved: int) -> Any:
    sessions: dict[str, Any] = {}

    def run(x: Any, cosine: Any, sine: Any, ids: Any) -> Any:
        import onnxruntime

        if x.dtype.name not in sessions:
            _, model = _onnx_model(domain, x.dtype, interleaved, 4)
            sessions[x.dtype.name] = onnxruntime.InferenceSession(
                model.SerializeToString(), providers=["CPUExecutionProvider"]
            )
        return sessions[x.dtype.name].run(None, {"X": x, "cos": cosine, "sin": sine, "ids": ids})[0]

    return _onnx_rotate(run)


@adapter(
    "onnxruntime",
    "rope",
    "onnxruntime",
    "onnx",
    backend="numpy",
    source="RotaryEmbedding-23 on CPU",
    max_position=8192,
    dtypes=("float32", "float16"),
)
def _ort() -> Any:
    return _runtime("", 0)


@adapter(
    "onnxruntime.interleaved",
    "rope",
    "onnxruntime",
    "onnx",
    backend="numpy",
    source="RotaryEmbedding-23 on CPU, interleaved=1",
    max_position=8192,
    dtypes=("float32", "float16"),
)
def _ort_interleaved() -> Any:
    return _runtime("", 1)


@adapter(
    "onnxruntime.contrib",
    "rope",
    "onnxruntime",
    "onnx",
    backend="numpy",
    source="com.microsoft RotaryEmbedding on CPU",
    max_position=8192,
    dtypes=("float32", "float16"),
)
def _ort_contrib() -> Any:
    return _runtime("com.microsoft", 0)
