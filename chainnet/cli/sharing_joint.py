"""The commands for an answer from parts that stay at home: key, partition, offer, joint."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from chainnet.cli import options as opt
from chainnet.cli.common import Command, Form, Question, command
from chainnet.cli.sharing import read_json
from chainnet.cli.words import split_pairs, words

_FORM = "is not of the form NAME=COUNTRIES, such as usa=USA or allies=JPN,EU27."


def _parties(given: list[str], option: str) -> dict[str, list[str]]:
    pairs = split_pairs(given, option, _FORM, "stands twice. Name each party once.")
    return {name: words(countries) for name, countries in pairs.items()}


def _keys(given: list[str], option: str) -> dict[str, bytes]:
    from chainnet.sharing import read_key

    rule = "is not of the form PARTY=FILE, such as usa=usa.key.pub."
    pairs = split_pairs(given, option, rule, "stands twice. Give one key of each party.")
    return {party: read_key(path) for party, path in pairs.items()}


def _signed(message: dict[str, Any], key: Path | None) -> dict[str, Any]:
    """Return a message signed with the key of a file; as it is where there is none."""
    if key is None:
        return message
    from chainnet.sharing import read_key, sign

    return sign(message, read_key(key))


Signing = Annotated[Path | None, "File of a private key: what is written is signed with it.", "--sign"]


@command(like="sharing.new_key", example="key usa.key")
class Key(Command):
    """Make a pair of keys to sign with.

    FILE stays at home; the others need FILE.pub to check.
    """

    path: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]

    def _run(self) -> None:
        from chainnet.sharing import write_keys

        self.say_paths(*write_keys(self.path))


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


_PARTS = "partition mag-9 --party usa=USA --party china=CHN --out parts"
_OFFERS = [f"offer parts/{party} --ask parts/ask.json --out {party}-1.json" for party in ("usa", "china", "rest")]


@command("sharing.partition", example=_PARTS)
class Partition(Question, Form):
    """Split a chain by parties, to be answered jointly.

    --out writes a folder for each to keep, and ask.json for all to answer.
    """

    parties: Annotated[list[str], "NAME=COUNTRIES split by commas; may be repeated.", "--party", _parties]
    path: Annotated[Path | None, "Folder to write the parts to.", "--out", opt.FOLDER] = None
    in_order: Annotated[bool, "ask.json goes through the tiers one after the other, each held before the next."] = False
    sign: Signing = None
    table: opt.Table = None

    def _run(self) -> None:
        from chainnet.io import to_people_csv, write, write_files
        from chainnet.sharing import first_ask

        found = self.ask()
        if self.path is not None:
            for name, part in found.parts.items():
                write(part, self.path / name)
            ask = first_ask(found.parts, in_order=self.in_order, exchange=secrets.token_hex(16))
            shared = {"ask.json": _text(_signed(ask, self.sign)), "border.csv": to_people_csv(found.border)}
            write_files(self.path, {name: text.encode() for name, text in shared.items()}, set())
            print(f"written: {self.path}", file=sys.stderr)
        self._tell(found)


@command(like="sharing.offer", first=(f"chainnet {_PARTS}",), example=_OFFERS[0])
class Offer(Question):
    """Answer what is asked of one party's part; JSON.

    What it serves at these border tonnes and prices, and nothing else.
    """

    ask_files: Annotated[list[Path], "JSON file: what is asked; again for each ask so far, the last one last.", "--ask"]
    scenario: opt.OneScenario = None
    tier: opt.Tier = None
    secret: Annotated[Path | None, "File of 16 random bytes or more: the root of commit goes with the offer."] = None
    sign: Signing = None
    ask_key: Annotated[
        Path | None, "File of the public key of whoever asks: every ask must be signed with it.", "--verify"
    ] = None
    out: Annotated[Path | None, "Write the offer to this file instead of stdout.", opt.JSON] = None

    def _run(self) -> None:
        from chainnet.sharing import check_signature, offer, read_key, read_secret

        asks = [read_json(path) for path in self.ask_files]
        if self.ask_key is not None:
            for path, ask in zip(self.ask_files, asks, strict=True):
                check_signature(ask, read_key(self.ask_key), path.name)
        secret = None if self.secret is None else read_secret(self.secret)
        found = _signed(offer(self.network, asks, self.given("scenario"), tier=self.tier, secret=secret), self.sign)
        if self.out is None:
            sys.stdout.write(_text(found))
        else:
            self.write(self.out, _text(found))


@command(
    like="sharing.joint_ask",
    first=tuple(f"chainnet {line}" for line in (_PARTS, *_OFFERS)),
    example="joint usa-1.json china-1.json rest-1.json --ask parts/ask.json --out ask-2.json",
)
class Joint(Form):
    """Combine the offers of all parties and rounds.

    What they serve for certain, at most, and what to ask next.
    """

    offers: Annotated[list[Path], typer.Argument(metavar="OFFER...", help="Every offer of every party and round.")]
    ask_file: Annotated[Path, "The last ask.", "--ask"]
    tolerance: Annotated[float, "Gap, a share of the bound, at which there is nothing more to ask."] = 1e-3
    next_ask: Annotated[
        Path | None, "Write the next ask to this file, unless the gap is closed.", "--out", opt.JSON
    ] = None
    sign: Signing = None
    keys: Annotated[
        list[str] | None,
        "PARTY=FILE, its public key: every offer must be signed with it; may be repeated.",
        "--verify",
        _keys,
    ] = None

    def _run(self) -> None:
        import pandas as pd

        from chainnet.sharing import joint_ask

        offers = [read_json(path) for path in self.offers]
        told, ask = joint_ask(read_json(self.ask_file), offers, self.tolerance, keys=self.given("keys"))
        if ask is not None and self.next_ask is not None:
            self.write(self.next_ask, _text(_signed(ask, self.sign)))
        said = "closed: nothing more to ask" if ask is None else "open: give every party the next ask"
        tiers = pd.DataFrame(told.pop("tiers"))
        tables = {"joint": pd.DataFrame([{**told, "gap": said}]), "tiers": tiers}
        self.say(None, tables, shown=("joint", "tiers") if len(tiers) > 1 else ())
