import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.kernels.t5 import bucket_thresholds, relative_position_bucket

from .reference import MP


def bucket(relative, bidirectional, buckets, max_distance):
    """The formula of T5 over the reals, at 50 digits, for one relative position."""
    offset = 0
    if bidirectional:
        buckets //= 2
        offset = buckets if relative > 0 else 0
        distance = abs(relative)
    else:
        distance = max(-relative, 0)
    exact = buckets // 2
    if distance < exact:
        return offset + distance
    ratio = MP.log(MP.mpf(distance) / exact) / MP.log(MP.mpf(max_distance) / exact) * (buckets - exact)
    # A power of the ratio is an integer up to the 50th digit, on either side of it.
    return offset + min(exact + int(MP.floor(ratio + MP.mpf(10) ** -40)), buckets - 1)


def expected_buckets(relative, bidirectional, buckets, max_distance):
    return [bucket(r, bidirectional, buckets, max_distance) for r in relative]


SETTINGS = [(True, 32, 128), (False, 32, 128), (True, 4, 2), (False, 7, 20), (False, 2, 5), (True, 64, 1000)]


@pytest.mark.parametrize(("bidirectional", "buckets", "max_distance"), SETTINGS)
def test_against_reference(backend, bidirectional, buckets, max_distance):
    relative = [*range(-140, 141), -1000, 1000, 5000, -5000]
    found = relative_position_bucket(
        backend.array(relative, "int32"),
        bidirectional=bidirectional,
        buckets=buckets,
        max_distance=max_distance,
    )
    assert found.dtype == backend.array([0], "int32").dtype
    assert backend.exact(found).tolist() == expected_buckets(relative, bidirectional, buckets, max_distance)


def test_published_table():
    # 32 buckets to distance 128, both directions: the first distance of each bucket.
    assert bucket_thresholds(16, 128) == (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91)
    matrix = numpy.asarray([-128, -91, -90, -16, -15, -8, -7, -1, 0, 1, 8, 90, 91, 10**6])
    found = relative_position_bucket(matrix)
    assert found.tolist() == [15, 15, 14, 10, 9, 8, 7, 1, 0, 17, 24, 30, 31, 31]


def test_powers_are_decided_exactly():
    # n/e = 2^k with D/e = 2^4 and 8 wide buckets: bucket 8 + 2k begins at n = 8 2^k exactly.
    for power in range(4):
        n = 8 * 2**power
        pair = relative_position_bucket(numpy.asarray([1 - n, -n]), buckets=32, max_distance=128)
        assert pair.tolist() == [8 + 2 * power - 1, 8 + 2 * power]


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(1, 500), st.booleans(), st.integers(-(10**6), 10**6))
def test_properties(half, extra, bidirectional, relative):
    buckets = 2 * half
    max_distance = buckets + extra
    options = {"bidirectional": bidirectional, "buckets": buckets, "max_distance": max_distance}
    here, further = (
        int(relative_position_bucket(numpy.asarray([r]), **options)[0])
        for r in (relative, relative - 1 if relative <= 0 else relative + 1)
    )
    assert 0 <= here < buckets
    assert here <= further  # further away on the same side: never a lower bucket
    assert here == bucket(relative, bidirectional, buckets, max_distance)


def plausible_but_wrong(change, relative):
    out = []
    for r in relative:
        sign = -1 if change == "sign" else 1
        buckets = 32 if change == "halving" else 16
        offset = buckets if sign * r > 0 else 0
        n = abs(r)
        exact = buckets // 2
        span = buckets if change == "span" else buckets - exact
        if n < exact:
            out.append(offset + n)
            continue
        logarithm = math.log(n / exact) / math.log(128 if change == "ratio" else 128 / exact)
        large = exact + (round if change == "rounding" else int)(logarithm * span + 1e-9)
        out.append(offset + (large if change == "clamp" else min(large, buckets - 1)))
    return out


def test_the_wrong_variants_start_from_the_right_one():
    relative = list(range(-300, 301))
    assert plausible_but_wrong(None, relative) == expected_buckets(relative, True, 32, 128)


@pytest.mark.parametrize("change", ["clamp", "sign", "span", "halving", "ratio", "rounding"])
def test_mutants_are_rejected(change):
    relative = list(range(-300, 301))
    mutant = plausible_but_wrong(change, relative)
    assert mutant != relative_position_bucket(numpy.asarray(relative)).tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_distance": -128}, r"^max_distance: given -128, expected an integer above 8$"),
        ({"max_distance": 8}, r"^max_distance: given 8, expected an integer above 8$"),
        ({"max_distance": 128.0}, r"^max_distance: given 128.0"),
        ({"buckets": 31}, r"^buckets: given 31, expected an even number when bidirectional$"),
        ({"buckets": 2}, r"^buckets: given 2, expected an integer of at least 4$"),
        ({"buckets": 1, "bidirectional": False}, r"^buckets: given 1, expected an integer of at least 2$"),
        ({"buckets": 32.0}, r"^buckets: given 32.0"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        relative_position_bucket(numpy.arange(3), **options)


def test_bad_dtype(backend):
    with pytest.raises(ValueError, match=r"^relative: given dtype .*float32, expected signed integers$"):
        relative_position_bucket(backend.array([1.0], "float32"))
    with pytest.raises(ValueError, match=r"^buckets: given 1, expected an integer of at least 2 a direction"):
        bucket_thresholds(1, 10)
