"""Targets that misbehave."""

import os
import signal
import sys

import numpy as np

NUMBER = 3


def rotated(x, positions):
    d = x.shape[-1]
    angle = positions[:, None] * 10000.0 ** (-np.arange(0, d, 2) / d)
    c, s = np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)
    a, b = x[:, : d // 2], x[:, d // 2 :]
    return np.concatenate([a * c - b * s, a * s + b * c], -1)


def hangs(x, positions):
    while True:
        pass


def crashes(x, positions):
    os.kill(os.getpid(), signal.SIGSEGV)


def leaves(x, positions):
    os._exit(3)


def exits(x, positions):
    sys.exit(4)


def raises(x, positions):
    raise KeyError("q_proj")


def recurses(x, positions):
    return recurses(x, positions)


def gives_nan(x, positions):
    return x * np.nan


def nan_from_3001(x, positions):
    y = rotated(x, positions)
    y[positions > 3000] = np.nan
    return y


def wrong_shape(x, positions):
    return x[:, :-1]


def gives_nothing(x, positions):
    return None


def gives_text(x, positions):
    return "abc"


def gives_integers(x, positions):
    return x.astype(np.int64)


def gives_objects(x, positions):
    return np.array([object()] * len(x))


def does_nothing(x, positions):
    return x


def narrows(x, positions):
    return rotated(x, positions).astype(np.float16)


def noisy(x, positions):
    print('{"version": 1}')
    os.write(1, b"raw bytes\n")
    return rotated(x, positions)


def takes_all_memory(x, positions):
    return [np.ones(10**8) for _ in range(100)]


def writes_on_every_pipe(x, positions):
    for fd in range(3, 30):
        try:
            os.write(fd, b"garbage garbage garbage")
        except OSError:
            continue
    return x
