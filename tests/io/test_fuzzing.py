"""Broken files of every kind that is read: a network or a DataError, nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzzing import Target, finding, run, targets

import chainnet as cn


def findings(n: int, seed: int) -> list[str]:
    return [str(found) for found in run(n, seed) if found is not None]


@pytest.mark.long
def test_a_hundred_broken_files_are_read_or_refused_in_words() -> None:
    assert findings(100, seed=0) == []


@pytest.mark.slow
def test_ten_thousand_broken_files_are_read_or_refused_in_words() -> None:
    assert findings(10_000, seed=1) == []


@pytest.mark.slow
def test_every_target_reads_its_files_as_they_are(tmp_path: Path) -> None:
    for target in targets():
        for name, data in target.files.items():
            (tmp_path / target.name / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / target.name / name).write_bytes(data)
        target.ask(tmp_path / target.name)


def test_an_answer_that_is_no_refusal_is_found(tmp_path: Path) -> None:
    def raises(error: Exception):
        def ask(_: Path) -> None:
            raise error

        return Target("some", {"a.csv": b"a,b\n1,2\n"}, ask)

    assert "KeyError" in str(finding(raises(KeyError("x")), "0", tmp_path))
    assert finding(raises(cn.DataError("a.csv: no.")), "0", tmp_path) is None
    assert "characters" in str(finding(raises(cn.DataError("x\n" * 30_000)), "0", tmp_path))
