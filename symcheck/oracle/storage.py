"""Stored tables as the judge reads them: .npy, .safetensors and arrays, chunk by chunk.

Nothing is unpickled or evaluated, and no file is loaded whole.  Files are read with pread into
small buffers, not through a memory map: a mapped file that somebody truncates kills the reading
process (SIGBUS), where a short read is an error message.

Formats: NEP 1 (.npy versions 1 to 3); the safetensors format of Hugging Face.
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from .formats import FORMATS, Format

Array = np.ndarray[Any, np.dtype[Any]]

_SAFETENSORS_HEADER_LIMIT = 16 * 2**20
_SAFETENSORS_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "U16": "<u2", "C64": "<c8"}


class JudgeInputError(ValueError):
    """Unusable input; the message is one line that says what is wrong and where."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(str(message).split()))


@dataclass(frozen=True)
class Stored:
    """One stored array of numbers, seen as (rows, columns) in row-major order.

    Either `array` is set, or `path` with the byte `offset` of the first number.  raw is the dtype
    in which rows are read; format says what its numbers mean (bfloat16 is read as uint16).
    shape is the original one; stamp identifies the file's state at opening.
    """

    name: str
    shape: tuple[int, ...]
    rows: int
    columns: int
    raw: np.dtype[Any]
    format: Format
    complex: bool = False
    array: Array | None = None
    path: str | None = None
    offset: int = 0
    stamp: tuple[int, ...] = ()

    def reader(self) -> Reader:
        """Opens the array for reading; close it, or use it in a with block."""
        return Reader(self)


class Reader:
    """Reads rows of a Stored array.  Not shared between threads: open one each."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self._file = None
        self._buffer = np.empty(0, np.uint8)
        if stored.path is not None:
            try:
                self._file = open(stored.path, "rb", buffering=0)  # noqa: SIM115
            except OSError as error:
                raise JudgeInputError(f"{stored.name}: {error.strerror or error}") from None
        self.check()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def check(self) -> None:
        """Raises JudgeInputError if the file is not as it was when it was opened first."""
        if self._file is not None and _stamp(os.fstat(self._file.fileno())) != self.stored.stamp:
            raise JudgeInputError(f"{self.stored.name}: the file changed while it was read")

    def read(self, start: int, count: int) -> Array:
        """Rows start .. start + count - 1 in the raw dtype, shape (count, columns), contiguous.

        The result is valid until the next call: chunks share one buffer.
        """
        s = self.stored
        if s.array is not None:
            return np.ascontiguousarray(s.array[start : start + count])
        assert self._file is not None
        size = count * s.columns * s.raw.itemsize
        if len(self._buffer) < size:
            memory = np.empty(size + 64, np.uint8)
            self._buffer = memory[-memory.ctypes.data % 64 :][:size]  # on a cache line, for vector loads
        view = self._buffer[:size].data
        out: Array = self._buffer[:size].view(s.raw).reshape(count, s.columns)
        at, end = s.offset + start * s.columns * s.raw.itemsize, 0
        while end < len(view):
            got = os.preadv(self._file.fileno(), [view[end:]], at + end)
            if got == 0:
                raise JudgeInputError(f"{s.name}: the file was cut short while it was read, at byte {at + end}")
            end += got
        return out


def _stamp(stat: os.stat_result) -> tuple[int, ...]:
    return (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)


def numbers(raw: Array, fmt: Format) -> Array:
    """Rows as read, as float64 or float32 that hold the same values exactly."""
    if fmt.name == "bfloat16":
        return (raw.astype(np.uint32) << 16).view(np.float32)
    if fmt.name == "float16":
        return raw.astype(np.float32)
    return raw


def open_stored(source: Any, tensor: str | None = None, format: str | None = None) -> Stored:
    """Opens a path to .npy or .safetensors, or takes an array.

    tensor names the tensor of a safetensors file that holds several.  format overrides what the
    stored type says ("bfloat16" for 16-bit words).  JudgeInputError for anything unusable.
    """
    if format is not None and format not in FORMATS:
        raise JudgeInputError(f"format must be float64, float32, float16 or bfloat16, not {format!r}")
    if isinstance(source, np.ndarray):
        return _from_array("array", source, format)
    if not isinstance(source, str | os.PathLike):
        raise JudgeInputError(f"a table is a path or a NumPy array, not {type(source).__name__}")
    path = os.fspath(source)
    try:
        if not Path(path).is_file():
            what = "is a directory" if Path(path).is_dir() else "no such file"
            raise JudgeInputError(f"{path}: {what}")
        with open(path, "rb") as file:
            stamp = _stamp(os.fstat(file.fileno()))
            head = file.read(16)
            file.seek(0)
            if head[:6] == b"\x93NUMPY":
                found = _npy_header(path, file)
            elif head[:2] == b"PK":
                raise JudgeInputError(f"{path}: an .npz archive; extract the array as .npy")
            elif path.endswith(".safetensors") or head[8:9] == b"{":
                found = _safetensors_header(path, file, tensor, stamp[2])
            else:
                raise JudgeInputError(f"{path}: neither .npy nor .safetensors (first bytes {head[:6]!r})")
    except OSError as error:
        raise JudgeInputError(f"{path}: {error.strerror or error}") from None
    dtype, shape, offset = found
    raw, fmt, is_complex = _meaning(path, dtype, format)
    rows, columns = _as_rows(path, shape, is_complex)
    needed = offset + rows * columns * raw.itemsize
    if stamp[2] < needed:
        raise JudgeInputError(f"{path}: truncated: {stamp[2]} bytes, but shape {shape} of {dtype} needs {needed}")
    return Stored(path, shape, rows, columns, raw, fmt, is_complex, None, path, offset, stamp)


def _from_array(name: str, array: Array, format: str | None) -> Stored:
    shape = array.shape
    raw, fmt, is_complex = _meaning(name, array.dtype, format)
    rows, columns = _as_rows(name, shape, is_complex)
    if is_complex:
        array = np.ascontiguousarray(array)
    body = array.reshape(-1) if array.ndim == 0 else array
    body = body.view(raw).reshape(rows, columns)
    return Stored(name, shape, rows, columns, raw, fmt, is_complex, body)


def _meaning(name: str, dtype: np.dtype[Any], format: str | None) -> tuple[np.dtype[Any], Format, bool]:
    """(dtype to read, format of a number, whether complex) of a stored dtype."""
    if dtype.hasobject:
        raise JudgeInputError(f"{name}: holds Python objects, which are never unpickled")
    if dtype.fields is not None or dtype.subdtype is not None:
        raise JudgeInputError(f"{name}: holds records ({dtype}); expected plain numbers")
    if dtype.byteorder == ">" or (dtype.byteorder == "=" and not np.little_endian):
        raise JudgeInputError(f"{name}: big-endian ({dtype.str}); convert with .astype({dtype.str[1:]!r})")
    kind, size = dtype.kind, dtype.itemsize
    found: tuple[str, str, bool] | None = None
    if kind == "f" and size in (2, 4, 8):
        found = (dtype.str, f"float{8 * size}", False)
    elif dtype.name == "bfloat16" or (kind in "uV" and size == 2):
        found = ("<u2", "bfloat16", False)  # bfloat16 saved by NumPy reads back as void of 2 bytes
    elif kind == "c" and size in (8, 16):
        found = (f"<f{size // 2}", f"float{4 * size}", True)
    if found is None:
        raise JudgeInputError(f"{name}: numbers of type {dtype}; expected float64, float32, float16 or bfloat16")
    if format is not None and format != found[1]:
        if FORMATS[format].bytes != FORMATS[found[1]].bytes or kind == "c":
            raise JudgeInputError(f"{name}: stored as {dtype}, which cannot be read as {format}")
        found = ("<u2" if format == "bfloat16" else f"<f{FORMATS[format].bytes}", format, False)
    return np.dtype(found[0]), FORMATS[found[1]], found[2]


def _as_rows(name: str, shape: tuple[int, ...], is_complex: bool) -> tuple[int, int]:
    """(positions, columns): leading axes of length 1 are dropped, axes after positions merged."""
    body = list(shape)
    while len(body) > 2 and body[0] == 1:
        body.pop(0)
    if len(body) < 2:
        raise JudgeInputError(f"{name}: shape {shape}; expected (positions, columns)")
    rows, columns = body[0], prod(body[1:]) * (2 if is_complex else 1)
    if rows < 1 or columns < 1:
        raise JudgeInputError(f"{name}: shape {shape} holds no numbers")
    return rows, columns


def _npy_header(path: str, file: Any) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """dtype, shape and data offset; NumPy parses the header as a literal of at most 10,000 bytes."""
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=10000)
        elif version in ((2, 0), (3, 0)):
            # Version 3 differs only in UTF-8 field names, which plain numbers do not have.
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(file, max_header_size=10000)
        else:
            raise JudgeInputError(f"{path}: .npy version {version[0]}.{version[1]} is not known")
    except JudgeInputError:
        raise
    except Exception as error:  # a hostile header makes NumPy's tokenizer raise nearly anything
        raise JudgeInputError(f"{path}: damaged .npy header: {str(error)[:120]}") from None
    if any(isinstance(n, bool) or n < 0 for n in shape):
        raise JudgeInputError(f"{path}: damaged .npy header: shape {shape}")
    if fortran and sum(n > 1 for n in shape) > 1:
        raise JudgeInputError(f"{path}: stored in Fortran order; save it in C order (np.ascontiguousarray)")
    return dtype, tuple(int(n) for n in shape), file.tell()


def _safetensors_header(
    path: str, file: io.BufferedReader, tensor: str | None, size: int
) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(_SAFETENSORS_HEADER_LIMIT, size - 8):
        raise JudgeInputError(f"{path}: damaged or truncated safetensors header (length {length})")
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError):
        raise JudgeInputError(f"{path}: damaged safetensors header: not JSON") from None
    if not isinstance(header, dict):
        raise JudgeInputError(f"{path}: damaged safetensors header: not an object")
    names = [k for k in header if k != "__metadata__"]
    if tensor is None:
        if len(names) != 1:
            raise JudgeInputError(f"{path}: holds {len(names)} tensors ({', '.join(names[:6])}); name one")
        tensor = names[0]
    if tensor not in names:
        raise JudgeInputError(f"{path}: no tensor {tensor!r}; it holds {', '.join(names[:6])}")
    entry = header[tensor]
    try:
        kind, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole = all(type(n) is int and n >= 0 for n in [*shape, begin, end])
    except (KeyError, TypeError, ValueError):
        raise JudgeInputError(f"{path}: damaged safetensors entry {tensor!r}") from None
    if not whole:
        raise JudgeInputError(f"{path}: damaged safetensors entry {tensor!r}")
    if kind not in _SAFETENSORS_TYPES:
        raise JudgeInputError(f"{path}: tensor {tensor!r} of type {kind}; expected one of F64, F32, F16, BF16")
    dtype = np.dtype(_SAFETENSORS_TYPES[kind])
    if end - begin != prod(shape) * dtype.itemsize:
        raise JudgeInputError(f"{path}: tensor {tensor!r}: {end - begin} bytes do not fit shape {tuple(shape)}")
    return dtype, tuple(shape), 8 + length + begin
