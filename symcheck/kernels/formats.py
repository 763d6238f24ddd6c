"""Floating-point formats, and how arrays of each backend are put into one.

A dtype is given to every kernel either by name (``"float32"``) or as the backend's own object
(``numpy.float32``, ``torch.bfloat16``, ``jax.numpy.float16``). Names are the portable form.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import array_api_compat
import ml_dtypes
import numpy

Array = Any
Namespace = Any
DType = Any
Device = Any


@dataclass(frozen=True)
class Format:
    """A binary floating-point format with round-to-nearest, ties to even.

    ``precision`` counts significand bits, the implicit one included; ``minimum_exponent`` is
    the exponent of the smallest normal number (IEEE 754-2019, table 3.5).
    """

    name: str
    precision: int
    minimum_exponent: int

    @property
    def unit_roundoff(self) -> float:
        """u = 2^-precision: fl(x) = x (1 + e) with abs(e) <= u, away from under- and overflow."""
        return 2.0**-self.precision

    @property
    def largest(self) -> float:
        """The largest finite number (the largest exponent is 1 - minimum_exponent)."""
        return (2.0 - 2.0 ** (1 - self.precision)) * 2.0 ** (1 - self.minimum_exponent)

    @property
    def smallest_normal(self) -> float:
        return 2.0**self.minimum_exponent

    @property
    def smallest_subnormal(self) -> float:
        return 2.0 ** (self.minimum_exponent - self.precision + 1)

    @property
    def underflow(self) -> float:
        """What one operation can lose absolutely when its result is subnormal.

        XLA and CUDA may flush subnormal float32, float64 and bfloat16 values to zero, so that
        the loss is a whole smallest normal. float16 is never flushed: its subnormals
        are part of its working range, and the loss is half of their spacing.
        """
        return self.smallest_subnormal / 2 if self.name == "float16" else self.smallest_normal


FORMATS = {
    "float64": Format("float64", 53, -1022),
    "float32": Format("float32", 24, -126),
    "bfloat16": Format("bfloat16", 8, -126),
    "float16": Format("float16", 11, -14),
}


def format_of(dtype: DType) -> Format:
    """The format of a dtype given by name or as a backend's object.

    Raises ValueError for a dtype that is not float64, float32, bfloat16 or float16.
    """
    if isinstance(dtype, Format):
        return dtype
    name = dtype if isinstance(dtype, str) else str(dtype).rpartition(".")[2]
    if name not in FORMATS:
        with contextlib.suppress(TypeError):
            name = numpy.dtype(dtype).name
    if name not in FORMATS:
        raise ValueError(f"dtype: given {dtype!r}, expected one of {', '.join(FORMATS)}")
    return FORMATS[name]


def widened(dtype: DType) -> str:
    """The format in which a kernel computes unless told otherwise.

    float64 and float32 compute in themselves; bfloat16 and float16 compute in float32 and are
    rounded once at the end, as a fused kernel does.
    """
    name = format_of(dtype).name
    return name if name in ("float64", "float32") else "float32"


def standard_namespace(xp: Namespace | None) -> Namespace:
    """The array-API form of a library: ``numpy``, ``torch``, ``jax.numpy``, ``cupy``; None is NumPy.

    Raises ValueError when ``xp`` has no ``asarray`` or its arrays are unknown to array-api-compat.
    """
    if xp is None:
        from array_api_compat import numpy as namespace  # here: a tenth of a second, which not every command needs

        return namespace
    try:
        return array_api_compat.array_namespace(xp.asarray(0.0))
    except (AttributeError, TypeError) as error:
        raise ValueError(f"xp: given {xp!r}, expected an array library such as numpy or torch") from error


def namespace_of(*arrays: Array) -> Namespace:
    """The namespace shared by the arrays.

    Raises ValueError when they are no arrays, or arrays of different libraries.
    """
    try:
        return array_api_compat.array_namespace(*arrays)
    except TypeError as error:
        kinds = ", ".join(type(array).__name__ for array in arrays)
        raise ValueError(f"arrays: given {kinds}, expected arrays of one array library") from error


def device_of(array: Array) -> Device | None:
    """Where tables made for this array must be created; None lets the backend decide.

    JAX is left to decide: a traced array has no device, and its constants follow their operands.
    """
    if array_api_compat.is_jax_array(array):
        return None
    return array_api_compat.device(array)


def backend_dtype(xp: Namespace, dtype: DType) -> DType:
    """The namespace's own object for a dtype; ml_dtypes supplies NumPy's bfloat16.

    Raises ValueError when the backend has no such dtype.
    """
    name = format_of(dtype).name
    found = getattr(xp, name, None)
    if found is None and name == "bfloat16" and array_api_compat.is_numpy_namespace(xp):
        found = ml_dtypes.bfloat16
    if found is None:
        raise ValueError(f"dtype: given {name}, which {xp.__name__} lacks; expected a dtype that it has")
    return found


def _require_format(array: Array, dtype: DType, xp: Namespace) -> Array:
    # JAX without x64 turns float64 into float32 behind a mere warning; results would then be
    # compared with bounds 2^29 times too small.
    wanted = format_of(dtype)
    if format_of(array.dtype) != wanted:
        raise ValueError(
            f"dtype: {wanted.name} asked of {xp.__name__}, which gave {array.dtype}; "
            "expected a backend with that dtype switched on (JAX: jax_enable_x64)"
        )
    return array


def cast(array: Array, dtype: DType) -> Array:
    """The array rounded to the dtype.

    Raises ValueError when the backend cannot hold the dtype (float64 in JAX without x64).
    """
    xp = namespace_of(array)
    return _require_format(xp.astype(array, backend_dtype(xp, dtype), copy=False), dtype, xp)


def table_from(values: Sequence[Any], xp: Namespace, dtype: DType, device: Device | None) -> Array:
    """An array of the given nested sequence of Python floats, in the dtype and on the device."""
    return _require_format(xp.asarray(values, dtype=backend_dtype(xp, dtype), device=device), dtype, xp)


def require_floating(array: Array, name: str) -> Format:
    """The format of the array's entries; ValueError that names the argument when it has none."""
    try:
        return format_of(array.dtype)
    except ValueError as error:
        expected = ", ".join(FORMATS)
        raise ValueError(f"{name}: given dtype {array.dtype}, expected one of {expected}") from error


def require_choice(value: str, name: str, choices: Sequence[str]) -> str:
    """The value, or ValueError that lists the choices."""
    if value not in choices:
        raise ValueError(f"{name}: given {value!r}, expected one of {', '.join(choices)}")
    return value
