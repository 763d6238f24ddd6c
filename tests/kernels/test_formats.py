import subprocess
import sys

import ml_dtypes
import numpy
import pytest

from symcheck.kernels.formats import FORMATS, cast, format_of, namespace_of, standard_namespace, widened

NUMPY_DTYPES = {
    "float64": numpy.float64,
    "float32": numpy.float32,
    "float16": numpy.float16,
    "bfloat16": ml_dtypes.bfloat16,
}


@pytest.mark.parametrize("name", FORMATS)
def test_parameters_are_those_of_the_format(name):
    info = ml_dtypes.finfo(NUMPY_DTYPES[name])
    format_ = FORMATS[name]
    assert format_.unit_roundoff == float(info.eps) / 2
    assert format_.largest == float(info.max)
    assert format_.smallest_normal == float(info.smallest_normal)
    assert format_.smallest_subnormal == float(info.smallest_subnormal)


@pytest.mark.parametrize("dtype", FORMATS)
def test_dtype_is_recognised_by_name_object_and_instance(backend, dtype):
    array = backend.array([1.0], dtype)
    assert format_of(dtype) == format_of(array.dtype) == FORMATS[dtype]
    assert format_of(NUMPY_DTYPES[dtype]) == FORMATS[dtype]
    assert format_of(cast(array, "float32").dtype).name == "float32"


def test_half_formats_compute_in_float32():
    assert [widened(name) for name in FORMATS] == ["float64", "float32", "float32", "float32"]


@pytest.mark.parametrize("bad", ["float8", "int32", numpy.int64, None, 3])
def test_other_dtypes_are_refused_in_one_line(bad):
    with pytest.raises(ValueError, match=r"^dtype: given .*, expected one of float64") as caught:
        format_of("double?" if bad is None else bad)
    assert "\n" not in str(caught.value)


def test_what_is_no_array_is_refused():
    with pytest.raises(ValueError, match=r"^arrays: given list, ndarray, expected arrays of one"):
        namespace_of([1.0], numpy.ones(1))
    with pytest.raises(ValueError, match=r"^xp: given .*, expected an array library"):
        standard_namespace(object())


def test_jax_without_float64_is_refused():
    pytest.importorskip("jax")
    # The switch is global to a process, and the other tests have turned it on.
    program = """
import jax.numpy, warnings
from symcheck.kernels.frequencies import inverse_frequencies
warnings.simplefilter("ignore")
assert inverse_frequencies(4, xp=jax.numpy, dtype="float32").dtype == "float32"
inverse_frequencies(4, xp=jax.numpy)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.returncode == 1
    assert "ValueError: dtype: float64 asked of jax.numpy, which gave float32" in ran.stderr
