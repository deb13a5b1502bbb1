"""The list of tests for the second job names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import LONG

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("file", sorted({name.partition("::")[0] for name in LONG}))
def test_every_listed_test_stands_in_its_file(file: str) -> None:
    held = re.findall(r"^ *def (test_\w+)", (ROOT / file).read_text(encoding="utf-8"), re.M)
    listed = {re.split(r"::|\[", name)[1] for name in LONG if name.startswith(f"{file}::")}
    assert listed <= set(held)
