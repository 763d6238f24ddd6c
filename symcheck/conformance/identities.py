"""Theorems as properties: both sides of a proved equation, with the target in place of a defined constant.

No formula is written here. A property is the registered statement of a theorem; the numerical fold evaluates
its two sides in float64, and wherever the statement uses a constant such as `rope`, `rotation` or `PE`, the
target's output is used instead of the definition.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from symcheck.claims import THEOREMS
from symcheck.numerics import Indexed, evaluate_array
from symcheck.terms import Term, Var, abstract


@lru_cache(maxsize=64)
def sides(theorem: str, indices: tuple[str, ...] = (), part: int = 0) -> tuple[Term, Term]:
    """Left and right side of the equation that a theorem states, as functions of the named index variables.

    Of a theorem that states two equations, the first or the second `part`. Raises KeyError for an unknown
    theorem and ValueError for a statement that is no equation.
    """
    if theorem not in THEOREMS:
        importlib.import_module(f"derivations.{theorem.partition('.')[0]}")
    conclusion = THEOREMS[theorem].statement.concl
    if conclusion.is_const("and"):
        conclusion = conclusion.args[part]
    if not conclusion.is_const("eq"):
        raise ValueError(f"{theorem} states no equation")
    left, right = conclusion.args
    variables = [Var(name, "N") for name in indices]
    if not variables:
        return left, right
    return abstract(variables, left), abstract(variables, right)


def residual(
    theorem: str,
    values: Mapping[str, Any],
    implementations: Mapping[str, Callable[..., Any] | Indexed],
    indices: Mapping[str, int] | None = None,
    *,
    part: int = 0,
) -> np.ndarray:
    """abs(left - right) of a theorem at the given values, an array with one axis for each of `indices`.

    `values` gives the free variables (vectors as arrays [d], matrices as arrays [d, d]); `indices` the sizes of
    the index variables over which the equation is stated; `implementations` what replaces defined constants;
    `part` as in `sides`.
    """
    left, right = (_value(side, values, implementations, indices) for side in sides(theorem, tuple(indices or {}), part))
    return np.abs(left - right)


def right_side(theorem: str, values: Mapping[str, Any], indices: Mapping[str, int] | None = None) -> np.ndarray:
    """The right side of a theorem at the given values, by the definitions of its constants; see `residual`."""
    return _value(sides(theorem, tuple(indices or {}))[1], values, {}, indices)


def _value(
    side: Term, values: Mapping[str, Any], implementations: Mapping[str, Any], indices: Mapping[str, int] | None
) -> np.ndarray:
    sizes = tuple((indices or {}).values())
    return np.asarray(evaluate_array(side, values, sizes=sizes, implementations=implementations))


#: The running index of a batch; it occurs in no statement.
BATCH = "instance of the batch"


def batch(each: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Values of variables that vary over a batch: numbers as arrays [count], vectors as arrays [count, d].

    With `BATCH: count` as the last index of `residual` or `right_side`, a theorem is evaluated at all of them.
    """

    def entries(table: np.ndarray) -> Callable[[Any], np.ndarray]:
        row = np.arange(len(table))
        return lambda index: table[row, index]

    return {name: entries(array) if array.ndim == 2 else array for name, array in each.items()}


def residuals(
    theorem: str,
    count: int,
    shared: Mapping[str, Any],
    each: Mapping[str, np.ndarray],
    outputs: Outputs,
    indices: Mapping[str, int] | None = None,
) -> np.ndarray:
    """`residual` over a batch, [*indices, count]: `shared` is what all have in common, `outputs` replaces `rope`."""
    return residual(theorem, {**shared, **batch(each)}, {"rope": outputs}, {**(indices or {}), BATCH: count})


class Outputs:
    """The target's outputs [count, d] by name of the input vectors and positions [count], as `rope` of a batch.

    Called as the constant is, with (theta, position, vector, index): the vector is recognised by its entries.
    """

    def __init__(self, vectors: Mapping[str, np.ndarray]) -> None:
        self._vectors = dict(vectors)
        self._seen: dict[tuple[str, tuple[int, ...]], np.ndarray] = {}

    def put(self, name: str, positions: np.ndarray, output: np.ndarray) -> None:
        """Record the outputs for the vectors `name` at the positions [count]."""
        self._seen[name, tuple(np.asarray(positions).tolist())] = output

    def __call__(self, _theta: Any, position: Any, vector: Any, index: Any) -> np.ndarray:
        asked = np.asarray(vector(index))
        for name, known in self._vectors.items():
            row = np.arange(len(known))
            if np.array_equal(asked, known[row, index]):
                at = np.broadcast_to(np.asarray(position), row.shape)
                return self._seen[name, tuple(at.tolist())][row, index]
        raise KeyError("the theorem rotates a vector that was not sent to the target")


def matrices(found: Mapping[int, np.ndarray]) -> Indexed:
    """The implementation of a constant (theta, position, row, column) -> entry from matrices by position."""

    def looked_up(_theta: Any, position: Any) -> np.ndarray:
        return found[round(float(position))]

    return Indexed(looked_up, indices=2)


def rows(found: Mapping[int, np.ndarray]) -> Indexed:
    """The implementation of a constant (theta, position, entry) from the rows of a table by position."""

    def looked_up(_theta: Any, position: Any) -> np.ndarray:
        return found[round(float(position))]

    return Indexed(looked_up)
