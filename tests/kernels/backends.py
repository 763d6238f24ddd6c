"""The array libraries under test, and the exact numbers that their arrays hold."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy

from symcheck.kernels.formats import backend_dtype, standard_namespace

NAMES = ("numpy", "torch", "jax", "cupy")


@dataclass(frozen=True)
class Backend:
    name: str
    xp: Any

    def array(self, values: Any, dtype: str) -> Any:
        """Values as a backend array; integer names ("int32") are taken as they are."""
        values = values.tolist() if isinstance(values, numpy.ndarray) else values
        wanted = getattr(self.xp, dtype) if "int" in dtype else backend_dtype(self.xp, dtype)
        return self.xp.asarray(values, dtype=wanted)

    def has(self, dtype: str) -> bool:
        """Whether the library has the dtype; CuPy before 14 has no bfloat16."""
        try:
            backend_dtype(self.xp, dtype)
        except ValueError:
            return False
        return True

    def exact(self, array: Any) -> numpy.ndarray:
        """The array's values as float64, which holds every format exactly."""
        if self.name == "cupy":
            array = array.get()
        elif self.name == "torch":
            array = array.detach().double().numpy()
        return numpy.asarray(array).astype(numpy.float64)


def load(name: str) -> Backend:
    """The backend, or ImportError that says what is missing."""
    if name == "jax":
        importlib.import_module("jax").config.update("jax_enable_x64", True)
    library = importlib.import_module("jax.numpy" if name == "jax" else name)
    if name == "cupy":
        try:
            devices = library.cuda.runtime.getDeviceCount()
        except library.cuda.runtime.CUDARuntimeError as error:
            raise ImportError("cupy finds no CUDA device") from error
        if not devices:
            raise ImportError("cupy finds no CUDA device")
    return Backend(name, standard_namespace(library))
