"""Scenarios go along with the folder that a network is written to."""

from __future__ import annotations

from pathlib import Path

import pytest

import chainnet as cn

BAN = {"kind": "remove", "where": {"country": "CHN"}}


def test_a_written_folder_takes_the_scenarios_along(tmp_path: Path) -> None:
    net = cn.read("gallium")
    again = cn.read(cn.write(net, tmp_path / "mine"))
    assert dict(cn.scenarios(again)) == dict(cn.scenarios(net))
    assert cn.hazards(again)["p_high"].equals(cn.hazards(net)["p_high"])


def test_scenarios_that_lie_in_the_folder_are_kept(tmp_path: Path) -> None:
    folder = cn.write(cn.read("mag-9"), tmp_path / "mine")
    own = folder / "scenarios" / "china_out.toml"
    own.write_text(cn.Scenario("china_out", [BAN], "mine").to_toml(), encoding="utf-8")
    cn.write(cn.read("mag-9"), folder)
    assert cn.scenarios(cn.read(folder))["china_out"].label == "mine"


@pytest.mark.parametrize("name", ["a:ban", 'a<b>"c|d?e*', "a/b\\c"])
def test_a_name_that_windows_refuses_is_written_and_read(name: str, tmp_path: Path) -> None:
    net = cn.read("mag-9").with_scenarios({name: cn.Scenario(name, [BAN]).to_toml()})
    folder = cn.write(net, tmp_path / "mine")
    assert not any(set(path.name) & set('<>:"/\\|?*') for path in folder.rglob("*"))
    assert dict(cn.scenarios(cn.read(folder))) == dict(cn.scenarios(net)) != {}


def test_two_scenarios_of_one_file_are_refused(tmp_path: Path) -> None:
    texts = {name: cn.Scenario(name, [BAN]).to_toml() for name in ("a:b", "a?b")}
    with pytest.raises(cn.DataError, match=r'"a:b" and "a\?b" are both scenarios/a__b\.toml'):
        cn.write(cn.read("mag-9").with_scenarios(texts), tmp_path / "mine")
