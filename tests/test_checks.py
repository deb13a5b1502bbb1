"""The gate for arguments: numbers of Python and NumPy pass, truth values and what no float can hold do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainnet as cn
from chainnet import checks


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.float32(3.0)])
def test_numbers_pass_as_plain_floats(value: Any) -> None:
    found = checks.number(value, "x")
    assert (found, type(found)) == (3.0, float)


@pytest.mark.parametrize("value", [True, np.True_, "3", None, [3], np.nan, np.inf, -1, 10**400])
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(cn.DataError, match=r"^x: .* is not allowed; give a finite number, 0 or more\.$"):
        checks.number(value, "x")


@pytest.mark.parametrize("value", [True, 2.0, "2", None, 0, 10])
def test_what_is_no_whole_number_in_the_range_is_refused(value: Any) -> None:
    with pytest.raises(cn.DataError, match=r"^x: .* is not from 1 to 9\.$"):
        checks.whole(value, "x", 1, 9, "is not from {least} to {most}.")
    assert checks.whole(np.int64(9), "x", 1, 9) == 9


def test_a_share_that_is_no_number_and_one_out_of_range_are_told_apart() -> None:
    with pytest.raises(cn.DataError, match="no number"):
        checks.share("half", "x")
    with pytest.raises(cn.DataError, match="out of range"):
        checks.share(np.nan, "x")
