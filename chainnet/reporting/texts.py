"""What is said alike in every report, from ``texts.toml``: glossary, what a status means, method, how to read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from chainnet.reporting.model import Sentence
from chainnet.reporting.order import table_ids
from chainnet.words import first_capital

_TEXTS = tomllib.loads(files("chainnet.reporting").joinpath("texts.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Word:
    """A word of the glossary: what it means, what others say, and whether the report prints it too."""

    word: str
    means: str
    others_say: str = ""
    in_report: bool = True


GLOSSARY = tuple(Word(**entry) for entry in _TEXTS["glossary"])
STATUS = " ".join(f"{first_capital(one['word'])}: {one['means']}" for one in _TEXTS["status"])
METHOD = tuple((one["step"], one["text"].format(**table_ids())) for one in _TEXTS["method"])
SIGNS = (
    Sentence(STATUS, (), "Status."),
    *(Sentence(one["text"], (), one["head"]) for one in _TEXTS["sign"]),
)
READ: dict[str, str] = _TEXTS["read"]
