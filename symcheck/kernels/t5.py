"""T5's relative position buckets, decided in integers."""

from __future__ import annotations

from .formats import Array
from .relative import require_integers


def bucket_thresholds(buckets: int, max_distance: int) -> tuple[int, ...]:
    """The distances at which a new bucket begins, for one direction: ``buckets - 1`` integers.

    With e = buckets // 2, distances up to e have a bucket each, and bucket e + t begins at the
    smallest integer n with log(n/e)/log(D/e) (buckets - e) >= t, D = max_distance, which is
    n^(buckets - e) e^t >= D^t e^(buckets - e): decided here in integers, where floating-point
    logarithms can fall on either side when n/e is a power of D/e.

    Raises ValueError unless buckets >= 2 and max_distance > e.
    """
    exact = buckets // 2
    if exact < 1:
        raise ValueError(f"buckets: given {buckets!r}, expected an integer of at least 2 a direction")
    if isinstance(max_distance, bool) or not isinstance(max_distance, int) or max_distance <= exact:
        raise ValueError(f"max_distance: given {max_distance!r}, expected an integer above {exact}")
    wide = buckets - exact
    thresholds = list(range(1, exact + 1))
    for step in range(1, wide):
        needed = max_distance**step * exact ** (wide - step)
        low, high = exact, max_distance
        while low < high:
            middle = (low + high) // 2
            if middle**wide >= needed:
                high = middle
            else:
                low = middle + 1
        thresholds.append(low)
    return tuple(thresholds)


def relative_position_bucket(
    relative: Array, *, bidirectional: bool = True, buckets: int = 32, max_distance: int = 128
) -> Array:
    """Bucket 0 .. buckets - 1 of each relative position j - i (key minus query, integers).

    Causal (``bidirectional=False``): keys after the query share bucket 0 with the query itself; a
    distance n = i - j has bucket n below e = buckets // 2, then e + floor(log(n/e)/log(D/e)
    (buckets - e)), clamped to buckets - 1 from D = max_distance on. Bidirectional: half of the
    buckets for j <= i, and the same again, shifted by buckets // 2, for j > i. Same shape and
    dtype as ``relative``.

    Source: Raffel et al. 2019, arXiv:1910.10683, section 2.1, and ``_relative_position_bucket`` of
    Mesh TensorFlow's transformer_layers, whose formula is taken over the reals.
    Raises ValueError for relative positions that are not integers, max_distance not above the
    number of exact buckets (a negative one included), or too few buckets, or an odd number of
    them when bidirectional.
    """
    xp = require_integers(relative, "relative")
    if isinstance(buckets, bool) or not isinstance(buckets, int) or buckets < (4 if bidirectional else 2):
        least = 4 if bidirectional else 2
        raise ValueError(f"buckets: given {buckets!r}, expected an integer of at least {least}")
    if bidirectional and buckets % 2:
        raise ValueError(f"buckets: given {buckets!r}, expected an even number when bidirectional")
    each = buckets // 2 if bidirectional else buckets
    distance = xp.abs(relative) if bidirectional else xp.clip(-relative, 0, None)
    bucket = xp.zeros_like(relative)
    for threshold in bucket_thresholds(each, max_distance):
        bucket = bucket + xp.astype(distance >= threshold, relative.dtype)
    if bidirectional:
        bucket = bucket + each * xp.astype(relative > 0, relative.dtype)
    return bucket
