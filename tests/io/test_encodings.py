"""Which encoding a file is in is found by strict trials, and each text comes back as it was written."""

from __future__ import annotations

import gettext
from pathlib import Path

import pycountry
import pytest

import chainnet as cn
from chainnet.io.encodings import encoding_of

# heads and cells as customs offices of these countries write them
FILES = {
    "ja": ("\u8f38\u51fa\u56fd,\u8f38\u5165\u56fd,\u6570\u91cf(\u30c8\u30f3)\n\u30d5\u30a3\u30ea\u30d4\u30f3,\u65e5\u672c,100\n\u4e2d\u56fd,\u65e5\u672c,5\n", ("cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le")),
    "zh": ("\u51fa\u53e3\u56fd,\u8fdb\u53e3\u56fd,\u6570\u91cf(\u5428)\n\u83f2\u5f8b\u5bbe,\u4e2d\u56fd,100\n\u6fb3\u5927\u5229\u4e9a,\u4e2d\u56fd,5\n", ("gb18030", "gbk", "utf-8", "utf-16")),
    "ko": ("\uc218\ucd9c\uad6d,\uc218\uc785\uad6d,\uc218\ub7c9(\ud1a4)\n\ud544\ub9ac\ud540,\ud55c\uad6d,100\n\ud638\uc8fc,\ud55c\uad6d,5\n", ("euc-kr", "cp949", "utf-8", "utf-16")),
    "de": ("Ursprungsland;Bestimmungsland;Menge (t)\n\u00c4gypten;K\u00f6ln;100\nT\u00fcrkei;\u00d6sterreich;5\n", ("cp1252", "utf-8", "utf-8-sig", "utf-16")),
}  # fmt: skip
NAMES = {"cp932": "Shift-JIS (cp932)", "gb18030": "GB 18030", "gbk": "GB 18030", "euc-kr": "EUC-KR (cp949)",
         "cp949": "EUC-KR (cp949)", "cp1252": "Latin-1", "utf-8": "UTF-8", "utf-8-sig": "UTF-8",
         "utf-16": "UTF-16", "utf-16-le": "UTF-16"}  # fmt: skip


@pytest.mark.parametrize(("language", "codec"), [(one, codec) for one in FILES for codec in FILES[one][1]])
def test_look_names_the_encoding_and_shows_the_heads_as_they_are(tmp_path: Path, language: str, codec: str) -> None:
    text = FILES[language][0]
    (tmp_path / "t.csv").write_bytes(text.encode(codec))
    seen = cn.look(tmp_path / "t.csv")
    assert f"Text in {NAMES[codec]}, cells split by" in str(seen)
    separator = ";" if language == "de" else ","
    assert seen.columns["head"].tolist() == text.splitlines()[0].split(separator)
    assert seen.columns["example"].tolist() == text.splitlines()[1].split(separator)


@pytest.mark.parametrize(
    ("language", "codec"),
    [("ja", "cp932"), ("ko", "cp949"), ("ko", "euc-kr"), ("de", "cp1252"), ("fr", "cp1252"), ("es", "cp1252"),
     ("sv", "cp1252"), ("pt", "cp1252"), ("zh_CN", "gb18030")],
)  # fmt: skip
def test_lists_of_countries_come_back_as_they_were(language: str, codec: str) -> None:
    told = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language])
    names = [told.gettext(country.name) for country in pycountry.countries]
    for first in range(0, len(names), 10):
        text = "\n".join(f"{name},{place}" for place, name in enumerate(names[first : first + 10]))
        try:
            data = text.encode(codec)
        except UnicodeEncodeError:
            continue
        assert data.decode(encoding_of(data)[0]) == text


def test_a_letter_far_below_or_cut_in_two_decides_nothing_wrong() -> None:
    plain = b"COD,CHN,5\n" * 150_000
    assert encoding_of(plain) == ("utf-8", "UTF-8")
    assert encoding_of(plain + "K\u00f6ln,AUS,5\n".encode("cp1252"))[0] == "cp1252"
    assert encoding_of(("\u65e5\u672c,5\n" * 100).encode()[:-4])[0] == "utf-8"
    assert encoding_of(b"") == ("utf-8", "UTF-8")


def test_from_trade_reads_a_plain_table_as_look_does(tmp_path: Path) -> None:
    text = "exporter,importer,t\n\u30cb\u30e5\u30fc\u30ab\u30ec\u30c9\u30cb\u30a2,JPN,5\nAUS,JPN,7\n"
    (tmp_path / "t.csv").write_bytes(text.encode("cp932"))
    found = cn.from_trade(tmp_path / "t.csv", products={"26": 1.0})
    assert (
        "\u30cb\u30e5\u30fc\u30ab\u30ec\u30c9\u30cb\u30a2" in found.flows["exporter"].tolist()
        or "NCL" in found.flows["exporter"].tolist()
    )
