"""The pipe protocol: what is sent arrives, and what is no message is refused before memory is taken."""

from __future__ import annotations

import json
import os
import time

import ml_dtypes
import numpy as np
import pytest

from symcheck.conformance.protocol import (
    MAGIC,
    Deadline,
    ProtocolError,
    read_message,
    write_message,
)


def through_a_pipe(data: bytes) -> tuple:
    read, write = os.pipe()
    try:
        os.write(write, data)
        os.close(write)
        return read_message(read, deadline=time.monotonic() + 2)
    finally:
        os.close(read)


def message(header: bytes) -> bytes:
    return MAGIC + len(header).to_bytes(4, "little") + header


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int64).reshape(2, 3),
        np.array(1.5),
        np.zeros((0, 4), np.float32),
        np.array([1.0, np.nan, np.inf], np.float16),
        np.array([[1.0, 2.5]], ml_dtypes.bfloat16),
        np.array([True, False]),
        np.arange(12.0).reshape(3, 4).T,
    ],
)
def test_arrays_come_back(array: np.ndarray) -> None:
    read, write = os.pipe()
    try:
        write_message(write, {"op": "x"}, [array])
        header, (back,) = read_message(read, deadline=time.monotonic() + 2)
    finally:
        os.close(read)
        os.close(write)
    assert header == {"op": "x"}
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == np.ascontiguousarray(array).tobytes()


def arrays(*described: object) -> bytes:
    return message(json.dumps({"arrays": list(described)}).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"hello world",
        MAGIC + b"\xff\xff\xff\xff",
        message(b"not json"),
        message(b"[1, 2]"),
        message(b"[" * 100000),
        message(b'{"arrays": 3}'),
        arrays({"dtype": "object", "shape": [1]}),
        arrays({"dtype": "float64", "shape": [-1]}),
        arrays({"dtype": "float64", "shape": [True]}),
        arrays({"dtype": "float64", "shape": [1.5]}),
        arrays({"dtype": "float64", "shape": [1] * 9}),
        arrays({"dtype": "float64", "shape": [1 << 40, 1 << 40]}),
        arrays({"dtype": "float64", "shape": [1 << 29]}),
        arrays({"dtype": "float64", "shape": [4]}) + b"short",
        arrays("float64"),
        MAGIC + b"\x10",
    ],
    ids=range(16),
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        through_a_pipe(data[:65536])


def test_the_end_of_the_pipe_and_a_late_answer() -> None:
    with pytest.raises(EOFError):
        through_a_pipe(b"")
    read, write = os.pipe()
    try:
        with pytest.raises(Deadline):
            read_message(read, deadline=time.monotonic() + 0.05)
    finally:
        os.close(read)
        os.close(write)
