"""Python that shows a failure: what a report prints under "to reproduce"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symcheck.conformance.runner import Session

#: What the target is called on, and what is taken of its result.
_CALLS = {"plain": "{f}({x}, {p})", "swapped": "{f}({p}, {x})", "pair": "{f}({x}, {x}, {p})[{side}]"}


def imports(session: Session, dtype: str | None = None) -> list[str]:
    """The lines that import the array library and the target."""
    lines = ["import numpy as np"]
    if session.backend == "torch":
        lines.append("import torch")
    elif session.backend == "jax":
        lines.append('import jax; jax.config.update("jax_enable_x64", True)')
    elif dtype == "bfloat16":
        lines.append("import ml_dtypes")
    return [*lines, session.target.import_lines]


def rotation(session: Session, dtype: str, form: str = "plain", side: int = 0) -> list[str]:
    """Lines that define `f(x, p)`: the target on a float array and positions, its result in float64."""
    array, integers, back = {
        "torch": (f"torch.tensor(x, dtype=torch.{dtype})", "torch.tensor(p)", "{}.detach().double().numpy()"),
        "jax": (f"jax.numpy.asarray(x, jax.numpy.{dtype})", "jax.numpy.asarray(p)", "np.asarray({}.astype(float))"),
    }.get(
        session.backend,
        (f"x.astype({'ml_dtypes' if dtype == 'bfloat16' else 'np'}.{dtype})", "np.asarray(p)", "{}.astype(float)"),
    )
    call = _CALLS[form].format(f=session.target.call_name, x=array, p=integers, side=side)
    return [*imports(session, dtype), f"f = lambda x, p: {back.format(call)}"]


def compared(
    session: Session, dtype: str, reference: str, setup: Sequence[str], arguments: str, exact: str, bound: float,
    result: str = "{}",
) -> str:  # fmt: skip
    """The target beside one of this package's kernels, on arrays that `setup` makes.

    `reference` is "module.name" below `symcheck.kernels`, called `exact` in the expression `exact`; `arguments`
    are wrapped in `a(...)` where they must be the target's arrays; `result` takes the output from the call.
    """
    array, back = {
        "torch": (f"torch.tensor(v, dtype=torch.{dtype})", "v.detach().double().numpy()"),
        "jax": (f"jax.numpy.asarray(v, jax.numpy.{dtype})", "np.asarray(v.astype(float))"),
    }.get(
        session.backend,
        (f"np.asarray(v).astype({'ml_dtypes' if dtype == 'bfloat16' else 'np'}.{dtype})", "np.asarray(v).astype(float)"),
    )
    module, _, name = reference.rpartition(".")
    lines = [
        *imports(session, dtype),
        f"from symcheck.kernels.{module} import {name} as exact",
        f"a, b = lambda v: {array}, lambda v: {back}",
        "g = np.random.default_rng(0)",
        *setup,
        f"out = {result.format(f'{session.target.call_name}({arguments})')}",
        f"print(np.abs(out - {exact}).max())  # at most about {bound:.3g}",
    ]
    return "\n".join(lines)


def joined(lines: Sequence[str]) -> str:
    return "\n".join(lines)


def entry(dim: int, first: int, row: tuple[int, int], positions: Sequence[int], at: int, expected: str) -> list[str]:
    """A unit vector at coordinate `first` in a call at `positions`, and two coordinates of result row `at`."""
    given = _sequence(positions)
    return [
        f"x = np.zeros(({len(positions)}, {dim})); x[:, {first}] = 1",
        f"y = f(x, {given})",
        f"print(y[{at}, {row[0]}], y[{at}, {row[1]}])  # expected {expected}",
    ]


def _sequence(positions: Sequence[int]) -> str:
    numbers = [int(p) for p in positions]
    if len(numbers) > 3 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return f"np.arange({numbers[0]}, {numbers[0] + len(numbers)})"
    return str(numbers)


def matrices(dim: int, positions: Sequence[int], order: Sequence[int] | None = None, scale: float = 1.0) -> list[str]:
    """Lines that define `R`, the matrix at each position, all from one call; a fixed permutation and scale undone."""
    rows = "" if order is None else f"[:, {list(map(int, order))}]"
    by = "" if scale == 1.0 else f" / {scale:.9g}"
    return [
        f"p = {[int(x) for x in positions]}",
        f"y = f(np.tile(np.eye({dim}), (len(p), 1)), np.repeat(p, {dim})).reshape(-1, {dim}, {dim})",
        f"R = dict(zip(p, y.transpose(0, 2, 1){rows}{by}))",
    ]


def matrix_identity(dim: int, name: str, m: int, n: int, bound: float) -> list[str]:
    """The largest entry of the difference of two sides of a theorem about the matrices R[p]."""
    differences = {
        "rope.orthogonal": (f"R[{m}].T @ R[{m}] - np.eye({dim})", "R^T R = 1"),
        "rope.composition": (f"R[{m}] @ R[{n}] - R[{m + n}]", "R(m) R(n) = R(m + n)"),
        "rope.transpose_product": (f"R[{m}].T @ R[{n}] - R[{n - m}]", "R(m)^T R(n) = R(n - m)"),
        "rope.relative": (f"R[{m}].T @ R[{n}] - R[{n - m}]", "<R(m) q, R(n) k> = <q, R(n - m) k> for unit vectors"),
    }
    difference, statement = differences[name]
    return [f"print(np.abs({difference}).max())  # at most {bound:.3g} for a rotation: {statement}"]


def one_by_one(dim: int, count: int, bound: float, order: np.ndarray | None = None) -> list[str]:
    """Rows in one call against rows in calls of their own, or in another order."""
    lines = [f"x = np.random.default_rng(0).standard_normal(({count}, {dim}))", f"whole = f(x, np.arange({count}))"]
    if order is None:
        lines.append(f"parts = np.concatenate([f(x[t : t + 1], [t]) for t in range({count})])")
    else:
        lines += [f"order = {order.tolist()}", "parts = np.empty_like(whole); parts[order] = f(x[order], order)"]
    return [*lines, f"print(np.abs(whole - parts).max())  # at most {bound:.3g}"]
