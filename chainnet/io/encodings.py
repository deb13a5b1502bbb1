"""In which encoding a text file is: marks at its beginning, then strict trials in a fixed order, each with a test.

The order: UTF-8, Shift-JIS (cp932), EUC-KR (cp949), GB 18030, Windows-1252. One that decodes is taken only where its
letters are such as its language writes; else the next is tried. Windows-1252 takes any bytes, and is the last.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

LATIN = "Latin-1"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_SPECIAL = re.compile(rb"[\x80-\xff]")
_SAMPLE = 1 << 20  # bytes that are tried, from the first line on that is not plain
_WIDE = re.compile(r"[\u1100-\u11ff\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]")
_BESIDE = re.compile(r"[A-Za-z][\u3400-\u9fff\uac00-\ud7a3]|[\u3400-\u9fff\uac00-\ud7a3][A-Za-z]")
_HALF = re.compile(r"[\uff61-\uff9f]")
_ENOUGH = 0.9  # of the wide letters that must be usual ones
# words of short tables, whose bytes are letters of either language
_IN_CHINESE = re.compile(
    "\u51fa\u53e3|\u8fdb\u53e3|\u6570\u91cf|\u91cd\u91cf|\u51c0\u91cd|\u56fd|\u5e74|\u5428|\u5546\u54c1"
)
_IN_KOREAN = re.compile(
    "\uc218\ucd9c|\uc218\uc785|\uc218\ub7c9|\uc911\ub7c9|\uad6d|\ub144|\ud1a4|\ud488\ubaa9|\uc77c\ubcf8"
)
_HANGUL = re.compile(r"[\uac00-\ud7a3]")


def encoding_of(data: bytes) -> tuple[str, str]:
    """Return the codec of a text and what people call it.

    Examples
    --------
    >>> texts = {"cp1252": "K\u00f6ln;5", "cp932": "\u8f38\u51fa\u56fd;5", "gb18030": "\u51fa\u53e3\u56fd;5"}
    >>> [encoding_of(text.encode(codec))[1] for codec, text in texts.items()]
    ['Latin-1', 'Shift-JIS (cp932)', 'GB 18030']
    """
    for mark, codec, name in _BOMS:
        if data.startswith(mark):
            return codec, name
    for codec, name in (("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16")):
        if _is_wide(data, codec):
            return codec, name
    special = _SPECIAL.search(data)
    first = data.rfind(b"\n", 0, special.start()) + 1 if special else 0
    for codec, name, is_usual in _TRIALS:
        try:
            text = codecs.getincrementaldecoder(codec)().decode(data[first : first + _SAMPLE])  # its last may be cut
        except UnicodeDecodeError:
            continue
        if is_usual(text):
            return codec, name
    return "cp1252", LATIN


def _is_wide(sample: bytes, codec: str) -> bool:
    """Say whether a text without a mark has two bytes a letter: of commas and line ends one of both is zero."""
    first = sample[:400]
    zeros = first[1::2] if codec == "utf-16-le" else first[::2]
    others = first[::2] if codec == "utf-16-le" else first[1::2]
    if zeros.count(0) <= max(1, len(zeros) / 10) or others.count(0):
        return False
    text = first.decode(codec, errors="ignore")
    return all(letter.isprintable() or letter in "\ufeff\t\r\n" for letter in text)


def _share(text: str, codec: str, leads: range) -> float:
    """Return the part of the wide letters whose first byte in a codec is among those of its usual letters."""
    wide = _WIDE.findall(text)
    usual = 0
    for letter in wide:
        try:
            code = letter.encode(codec)
        except UnicodeEncodeError:
            continue
        usual += len(code) == 2 and code[0] in leads
    return usual / len(wide) if wide else 0.0


def _stands_apart(text: str) -> bool:
    """Say whether wide letters stand among themselves: those that are accents misread stand within words."""
    return len(_BESIDE.findall(text)) <= len(_WIDE.findall(text)) / 4


def _is_japanese(text: str) -> bool:
    # kana, signs and the first level of kanji; text of other encodings gives katakana of half width
    is_full = len(_HALF.findall(text)) <= len(_WIDE.findall(text)) / 10
    return is_full and _stands_apart(text) and _share(text, "cp932", range(0x81, 0x99)) >= _ENOUGH - 0.1


def _is_korean(text: str) -> bool:
    chinese = text.encode("cp949", errors="ignore").decode("gb18030", errors="ignore")
    if _IN_CHINESE.search(chinese) and not _IN_KOREAN.search(text):
        return False
    wide = _WIDE.findall(text)
    is_hangul = len(_HANGUL.findall(text)) >= _ENOUGH * len(wide)
    return is_hangul and _stands_apart(text) and _share(text, "euc_kr", range(0xA1, 0xC9)) >= _ENOUGH


def _is_chinese(text: str) -> bool:
    return _stands_apart(text) and _share(text, "gb2312", range(0xA1, 0xF8)) >= _ENOUGH


_TRIALS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("utf-8", "UTF-8", lambda text: True),
    ("cp932", "Shift-JIS (cp932)", _is_japanese),
    ("cp949", "EUC-KR (cp949)", _is_korean),
    ("gb18030", "GB 18030", _is_chinese),
)
