"""The `rope-weights` specification: weights permuted for the other layout of a rotary embedding.

permute(weight[n d, columns], heads, kv_heads) -> [n d, columns]: the rows of a projection's weight, n heads of d
rows, are reordered inside of each head, so that the rotation in the other layout gives the same scores. n is
`heads` for queries (called with kv_heads = heads) and `kv_heads` for keys, of which grouped-query attention has
fewer. A checkpoint's converter does this.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symcheck.conformance.diagnosis import NONE_KNOWN
from symcheck.conformance.identities import residual, sides
from symcheck.conformance.reference import paper
from symcheck.conformance.report import Worst
from symcheck.conformance.run import FLOATS, Run, Stop, as_float, only_array
from symcheck.conformance.runner import TargetError
from symcheck.kernels.rope import pair_coordinates

THEOREM = "rope.layouts"
sides(THEOREM)

#: (heads, kv_heads): without groups, with groups, one key head for all, head counts that are no powers of two.
HEADS = ((8, 8), (8, 2), (4, 1), (32, 8), (12, 4), (6, 3))
#: Divisible by every wrong number of heads that a key's weight may be cut into.
DIM = 24

Counts = tuple[int, int, int]  # heads, kv_heads, and the heads that the weight has


def run(run: Run) -> None:
    """A permutation of rows that leaves each head in its place and maps one layout to the other."""
    dim = int(run.expects("dim", DIM))
    found: dict[Counts, np.ndarray] = {}
    for heads, groups in HEADS:
        for count in dict.fromkeys((heads, groups)):
            counts = (heads, groups if count == groups else heads, count)
            try:
                found[counts] = _rows(run, counts, dim)
            except TargetError as error:
                fatal = error.kind in ("timeout", "died", "memory", "protocol")
                wrong = error.kind in ("shape", "dtype", "returned")
                run.row("rope-weights.call", "fails" if wrong else "error", message=f"{_name(counts)}: {error}")
                if fatal or wrong or not found:
                    raise Stop from None
    direction = _direction(found, dim)
    run.describe(str(run.measured.get("output_dtype")), layout=direction)
    cause = _cause(found, dim)
    _permutations(run, found, dim, cause)
    _heads(run, found, dim, cause)
    _theorem(run, found, dim, direction, cause)


def _name(counts: Counts) -> str:
    heads, groups, count = counts
    grouped = f", {groups} for keys" if groups != heads else ""
    return f"{'keys' if count != heads else 'queries'} of {heads} heads{grouped}"


def _rows(run: Run, counts: Counts, dim: int) -> np.ndarray:
    """[n d]: for each row of the result, the row of the weight that it is, or -1 for none."""
    heads, groups, count = counts
    size = count * dim
    weight = np.stack([np.arange(size), run.random.permutation(size), np.arange(size)[::-1]], axis=1).astype(np.float32)
    out = only_array(run.fresh()(weight, heads, groups))
    if out.shape != weight.shape:
        raise TargetError("shape", f"returned shape {out.shape} for a weight of shape {weight.shape}")
    if out.dtype.name not in FLOATS:
        raise TargetError("dtype", f"returned {out.dtype.name}")
    run.measured["output_dtype"] = out.dtype.name
    values = as_float(out)
    index = np.clip(np.nan_to_num(values[:, 0]), 0, size - 1).astype(int)
    return np.where((values == weight[index]).all(axis=1), index, -1)


def _inside(dim: int, direction: str) -> np.ndarray:
    """Row r of a permuted head is row p[r] of the head."""
    first, second = (np.array(list(c)) for c in pair_coordinates(dim, "half"))
    to_interleaved = np.stack([first, second], axis=1).reshape(-1)
    return to_interleaved if direction == "half to interleaved" else np.argsort(to_interleaved)


def _predicted(counts: Counts, dim: int, pieces: int, direction: str) -> np.ndarray | None:
    """The rows when the weight is cut into `pieces` heads, whatever it has."""
    size = counts[2] * dim
    if pieces < 1 or size % pieces or (size // pieces) % 2:
        return None
    each = size // pieces
    inside = _inside(each, direction)
    return (np.arange(pieces)[:, None] * each + inside[None, :]).reshape(-1)


DIRECTIONS = ("half to interleaved", "interleaved to half")


def _direction(found: dict[Counts, np.ndarray], dim: int) -> str | None:
    """Which layout is mapped to which, seen where there is no grouping."""
    for name in DIRECTIONS:
        same = [(rows, _predicted(c, dim, c[2], name)) for c, rows in found.items() if c[0] == c[1]]
        if all(predicted is not None and np.array_equal(rows, predicted) for rows, predicted in same):
            return name
    return None


def _wrong(counts: Counts) -> Iterator[tuple[str, int]]:
    """Numbers of heads that were taken for the weight's own, with what was mistaken."""
    heads, groups, count = counts
    keys = count != heads
    yield "keys are permuted as if they had as many heads as the queries", heads if keys else count
    yield (
        "keys are permuted with heads / kv_heads, the size of a group, for their number of heads",
        (heads // groups if keys else count),
    )
    yield "kv_heads is used for the queries as well", groups
    yield "the whole weight is permuted as one head", 1
    yield "keys are permuted as one head", 1 if keys else count


def _cause(found: dict[Counts, np.ndarray], dim: int) -> str:
    if all(np.array_equal(rows, np.arange(len(rows))) for rows in found.values()):
        return "nothing is permuted"
    for direction in DIRECTIONS:
        for index, (name, _) in enumerate(_wrong((1, 1, 1))):
            predicted = {c: _predicted(c, dim, list(_wrong(c))[index][1], direction) for c in found}
            if all(p is not None and np.array_equal(found[c], p) for c, p in predicted.items()):
                return name
        other = DIRECTIONS[1 - DIRECTIONS.index(direction)]
        mixed = {c: _predicted(c, dim, c[2], direction if c[2] == c[0] else other) for c in found}
        if all(p is not None and np.array_equal(found[c], p) for c, p in mixed.items()):
            return "queries and keys are permuted in opposite directions"
        plain = {c: np.arange(c[2] * dim) if c[2] != c[0] else _predicted(c, dim, c[2], direction) for c in found}
        if all(p is not None and np.array_equal(found[c], p) for c, p in plain.items()):
            return "keys with fewer heads are not permuted"
    return NONE_KNOWN


def _permutations(run: Run, found: dict[Counts, np.ndarray], dim: int, cause: str) -> None:
    bad = [c for c, rows in found.items() if not np.array_equal(np.sort(rows), np.arange(len(rows)))]
    run.row(
        "rope-weights.permutation",
        "fails" if bad else "holds",
        diagnosis=cause if bad else None,
        message=f"{_name(bad[0])}: rows are lost, repeated or changed" if bad else "each row of the weight comes out once",
        snippet=_snippet(run, bad[0], dim, None) if bad else None,
    )


def _heads(run: Run, found: dict[Counts, np.ndarray], dim: int, cause: str) -> None:
    bad = [c for c, rows in found.items() if not np.array_equal(rows // dim, np.arange(len(rows)) // dim)]
    moved = 0
    if bad:
        rows = found[bad[0]]
        moved = int(np.flatnonzero(rows // dim != np.arange(len(rows)) // dim)[0])
    run.row(
        "rope-weights.heads",
        "fails" if bad else "holds",
        worst=Worst(moved, moved // dim, 1.0) if bad else None,
        bound=0.0,
        first_failure=moved if bad else None,
        diagnosis=cause if bad else None,
        message=f"{_name(bad[0])}: row {moved} comes from another head" if bad else "no row leaves its head",
        snippet=_snippet(run, bad[0], dim, moved) if bad else None,
    )


def _theorem(run: Run, found: dict[Counts, np.ndarray], dim: int, direction: str | None, cause: str) -> None:
    """rope.layouts, R P = P R', with the target's permutation of each head in place of P."""
    worst, where = 0.0, next(iter(found))
    x = run.random.standard_normal(dim)
    values = {"h": dim // 2, "theta": paper(dim).thetas, "m": 3, "x": x}
    for counts, rows in found.items():
        for head in range(counts[2]):
            order = rows[head * dim : (head + 1) * dim] - head * dim
            if not np.array_equal(np.sort(order), np.arange(dim)):
                error = float("inf")  # no permutation of this head at all
            else:
                # A map from interleaved to half-split is the inverse of the theorem's P.
                order = np.argsort(order) if direction == DIRECTIONS[1] else order
                error = _residual(values, order)
            if error > worst:
                worst, where = error, counts
    bound = 64 * float(np.finfo(np.float64).eps) * float(np.abs(x).max())
    bad = not worst <= bound
    run.row(
        "rope-weights.layouts",
        "fails" if bad else "holds",
        "float64",
        worst=Worst(None, None, worst) if np.isfinite(worst) else None,
        bound=bound,
        diagnosis=cause if bad else None,
        message=f"{_name(where)}: rotating in the other layout gives other scores"
        if bad
        else f"{direction}: R P = P R' for {len(found)} numbers of heads",
        snippet=_snippet(run, where, dim, None) if bad else None,
    )


def _residual(values: dict[str, object], order: np.ndarray) -> float:
    def permuted(_half: object, vector: object, index: object) -> np.ndarray:
        return np.asarray(vector.table(len(order)))[order][np.asarray(index)]  # type: ignore[attr-defined]

    size = len(order) // 2
    errors = [residual(THEOREM, values, {"interleave": permuted}, {"i": size}, part=part) for part in (0, 1)]
    return float(max(e.max() for e in errors))


def _snippet(run: Run, counts: Counts, dim: int, row: int | None) -> str:
    heads, groups, count = counts
    target = run.session.target
    array = f"np.arange({count * dim}.0)[:, None]"
    head = "import numpy as np"
    if run.session.backend == "torch":
        array, head = f"torch.arange({count * dim}.0)[:, None]", "import torch"
    wanted = " or ".join(str(_predicted(counts, dim, count, d)[:dim].tolist()) for d in DIRECTIONS)  # type: ignore[index]
    shown = f"[{row}]" if row else f"[:{dim}, 0]"
    expected = f"a row of head {row // dim}, {row // dim * dim} to {row // dim * dim + dim - 1}" if row else wanted
    call = f"{target.call_name}({array}, {heads}, {groups}){shown}"
    return f"{head}\n{target.import_lines}\nprint({call})  # expected {expected}"
