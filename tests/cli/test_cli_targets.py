"""Where an answer goes: the suffix says what is written, and a wrong one is refused before any work and any folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli import options as opt
from chainnet.cli.common import COMMANDS, app

WRONG = [
    ("draw", "mag-9", "--out", "x.pdf"),
    ("draw", "mag-9", "--out", "x.jpg"),
    ("draw", "mag-9", "--out", "x.docx"),
    ("draw", "mag-9", "--view", "map", "--out", "x"),
    ("chokepoints", "mag-9", "--out", "x.pdf"),
    ("chokepoints", "mag-9", "--format", "json", "--out", "x.docx"),
    ("chokepoints", "mag-9", "--figure", "x.pdf"),
    ("check", "mag-9", "--format", "json", "--out", "x.xlsx"),
    ("report", "mag-9", "--out", "x.pdf"),
    ("report", "mag-9", "--figures", "x.svg"),
    ("import", "mag-9", "--out", "x.txt"),
    ("import", "mag-9", "--out", "x.html"),
    ("redact", "mag-9", "--secret", "key", "--out", "x.json"),
    ("commit", "mag-9", "--secret", "key", "--out", "x.pdf"),
    ("prove", "mag-9", "--secret", "key", "--table", "nodes", "--key", "H_CN", "--out", "x.csv"),
    ("partition", "mag-9", "--party", "usa=USA", "--out", "x.zip"),
    ("init", "--excel", "x.csv"),
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_suffix_that_is_not_written_is_refused_before_any_folder(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("chainnet.io.read", lambda *_, **__: pytest.fail("read before the target was looked at"))
    found = CliRunner().invoke(app, [*words[:-1], f"new/{words[-1]}"])
    assert isinstance(found.exception, cn.DataError), found.output
    assert words[-2] in str(found.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [line for line in WRONG if line[-2] != "--figure"], ids=" ".join)
def test_no_folder_is_made_from_the_root_of_the_disk(words: tuple[str, ...]) -> None:
    kinds = {name: o.writes for name, o in opt.options_of(COMMANDS[words[0]]).items() if o.name == words[-2]}
    suffix = next(kind for kinds_of in kinds.values() if kinds_of for kind in kinds_of)
    found = CliRunner().invoke(app, [*words[:-1], f"/nowhere-{words[0]}/deep/x{suffix}"])
    assert isinstance(found.exception, cn.DataError), found.output
    assert f"there is no folder /nowhere-{words[0]}" in str(found.exception)
    assert not Path(f"/nowhere-{words[0]}").exists()


def test_every_option_that_writes_says_which_suffixes_it_takes() -> None:
    silent = [
        f"{name} {option.name}"
        for name, kind in COMMANDS.items()
        for option in opt.options_of(kind).values()
        if option.name in ("--out", "--figure", "--figures", "--plot", "--excel", "--save-scenarios")
        and option.writes is None
    ]
    assert silent == []


def test_a_page_whose_name_says_another_format_is_refused(tmp_path: Path) -> None:
    for name, form in (("x.csv", "html"), ("x.html", "csv"), ("x.md", "json")):
        found = CliRunner().invoke(app, ["overview", "mag-9", "--format", form, "--out", str(tmp_path / name)])
        assert isinstance(found.exception, cn.DataError), found.output
        assert f"--format says {form}" in str(found.exception)
    assert list(tmp_path.iterdir()) == []


def test_the_python_doors_refuse_the_same_names(tmp_path: Path) -> None:
    net = cn.read("mag-9")
    for name in ("x.pdf", "x.jpg", "x.docx", "x"):
        with pytest.raises(cn.DataError, match=r"draw: path: .* is not written here. Give .html, .svg, .png"):
            cn.draw(net, path=tmp_path / "new" / name)
    with pytest.raises(cn.DataError, match=r"path: .*Give a folder, whose name has no suffix"):
        cn.report(net, tmp_path / "new" / "report.pdf")
    for name in ("x.pdf", "x.txt"):
        with pytest.raises(cn.DataError, match=r"unknown kind of file|answers are written"):
            cn.write(net, tmp_path / "new" / name)
        with pytest.raises(cn.DataError, match="answers are written"):
            cn.write(cn.chokepoints(net, top=1), tmp_path / "new" / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_may_have_points_in_its_name(tmp_path: Path) -> None:
    found = CliRunner().invoke(
        app, ["partition", "mag-9", "--party", "usa=USA", "--party", "rest=CHN", "--out", str(tmp_path / "v2026.12")]
    )
    assert "is not written here" not in str(found.exception)
