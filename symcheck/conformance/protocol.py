"""Messages between the runner and the process that holds the user's code.

A message is ``MAGIC``, the length of a JSON header (4 bytes, little-endian), the header, then the raw bytes
of each array that the header announces, in C order and in the machine's byte order. The child is not
trusted: nothing is unpickled, sizes are looked at before memory is taken, and element types come from a
fixed list. Both sides import this module; it needs the standard library and NumPy only.
"""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

MAGIC = b"SYMC"
HEADER_LIMIT = 1 << 20
PAYLOAD_LIMIT = 2 << 30
RANK_LIMIT = 8

#: Names of the element types that may travel. bfloat16 is not NumPy's own: it travels as 16 raw bits.
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8",
    "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip


class ProtocolError(Exception):
    """The bytes on the pipe are no message: the other side died, or something else wrote there."""


class Deadline(Exception):
    """The other side did not answer within its time."""


def numpy_dtype(name: str) -> np.dtype[Any]:
    """The NumPy dtype called `name` (one of `DTYPES`); bfloat16 comes from ml_dtypes.

    Raises ProtocolError for any other name.
    """
    if name == "bfloat16":
        import ml_dtypes  # imported late: most targets never see it

        return np.dtype(ml_dtypes.bfloat16)
    if name not in DTYPES:
        raise ProtocolError(f"unknown element type {name!r}")
    return np.dtype(name)


def write_message(
    fd: int, header: dict[str, Any], arrays: Sequence[np.ndarray] = (), *, deadline: float | None = None
) -> None:
    """Write one message on `fd`.

    `deadline` is a time of `time.monotonic()` after which Deadline is raised (the reader may never read);
    None waits for ever. Raises BrokenPipeError when the reader is gone.
    """
    described = []
    buffers: list[Any] = []
    for array in arrays:
        described.append({"dtype": array.dtype.name, "shape": list(array.shape)})
        # ml_dtypes arrays export no buffer of their own; their bytes do.
        buffers.append(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    text = json.dumps({**header, "arrays": described}, allow_nan=True).encode()
    if len(text) > HEADER_LIMIT:
        raise ProtocolError("message header is too long")
    for chunk in (MAGIC + len(text).to_bytes(4, "little") + text, *buffers):
        view = memoryview(chunk)
        while len(view):
            if deadline is not None:
                _wait(fd, select.POLLOUT, deadline)
                view = view[os.write(fd, view) :]
            else:
                view = view[os.write(fd, view) :]


def read_message(fd: int, *, deadline: float | None = None) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read one message from `fd`: its header and its arrays (read-only, sharing one buffer each).

    Raises EOFError when the writer closed the pipe before a message, Deadline when it is late, and
    ProtocolError when the bytes are no message or announce more than the limits.
    """
    prefix = _read_exactly(fd, 8, deadline, first=True)
    if bytes(prefix[:4]) != MAGIC:
        raise ProtocolError("the reply does not begin as one: something else wrote on the reply pipe")
    length = int.from_bytes(prefix[4:], "little")
    if length > HEADER_LIMIT:
        raise ProtocolError(f"the reply announces a header of {length} bytes")
    try:
        header = json.loads(bytes(_read_exactly(fd, length, deadline)))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("the reply's header is not JSON") from error
    if not isinstance(header, dict):
        raise ProtocolError("the reply's header is not an object")
    arrays = []
    room = PAYLOAD_LIMIT
    described = header.pop("arrays", [])
    if not isinstance(described, list):
        raise ProtocolError("the reply's list of arrays is no list")
    for entry in described:
        dtype, shape = _described(entry)
        size = dtype.itemsize
        for extent in shape:
            size *= extent
            if size > room:
                raise ProtocolError("the reply announces more data than may be sent")
        room -= size
        raw = _read_exactly(fd, size, deadline)
        arrays.append(np.frombuffer(raw, dtype=np.uint8).view(dtype).reshape(shape))
    return header, arrays


def _described(entry: object) -> tuple[np.dtype[Any], tuple[int, ...]]:
    if not isinstance(entry, dict) or not isinstance(entry.get("dtype"), str):
        raise ProtocolError("the reply describes an array badly")
    shape = entry.get("shape")
    if not isinstance(shape, list) or len(shape) > RANK_LIMIT:
        raise ProtocolError("the reply describes an array's shape badly")
    if any(type(extent) is not int or extent < 0 for extent in shape):
        raise ProtocolError("the reply describes an array's shape badly")
    return numpy_dtype(entry["dtype"]), tuple(shape)


def _read_exactly(fd: int, count: int, deadline: float | None, *, first: bool = False) -> bytearray:
    buffer = bytearray(count)
    view = memoryview(buffer)
    have = 0
    while have < count:
        if deadline is not None:
            _wait(fd, select.POLLIN, deadline)
        got = os.readv(fd, [view[have:]])
        if got == 0:
            if first and have == 0:
                raise EOFError("the other side closed the pipe")
            raise ProtocolError("the reply ends in the middle")
        have += got
    return buffer


def _wait(fd: int, event: int, deadline: float) -> None:
    remaining = deadline - time.monotonic()
    poll = select.poll()
    poll.register(fd, event)
    if remaining <= 0 or not poll.poll(max(1, int(remaining * 1000))):
        raise Deadline
