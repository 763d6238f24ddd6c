"""The project's own tests. Run with

pytest --symcheck-xfails xfails.txt
"""

import pytest
from rotary import rotate, rotate_narrow


@pytest.mark.symcheck(spec="rope", dtypes=["float32", "bfloat16"], max_positions=[4096, 131072])
def test_rotary(symcheck):
    symcheck(rotate)


@pytest.mark.symcheck(spec="rope", dtypes=["float32"], shapes=4)
def test_rotary_at_drawn_shapes(symcheck):
    symcheck(rotate)


@pytest.mark.symcheck(spec="rope", dtypes=["float32", "bfloat16"])
def test_narrow(symcheck):
    symcheck(rotate_narrow)


def test_what_was_measured(symcheck):
    report = symcheck(rotate, spec="rope")
    assert report.measured["layout"] == "half"
    assert report.measured["angle_dtype"] == "float64"
