"""Signed rounds: a message that was changed, signed by another, or belongs elsewhere is refused."""

from __future__ import annotations

import copy
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import frame

import chainnet as cn
from chainnet.sharing import (
    check_signature,
    first_ask,
    joint_ask,
    new_key,
    offer,
    partition,
    read_key,
    sign,
    write_keys,
)

MESSAGE = {"format": "chainnet-offer-1", "party": "usa", "round": 1, "served_tpa": {"all": 1.5}}


def small() -> dict[str, cn.Network]:
    """Two parts of a chain of one mine and one user."""
    net = cn.Network(
        nodes=frame("id stage country capacity_tpa", ("pit", "mine", "USA", 8.0), ("user", "end_use", "JPN", None)),
        edges=frame("source target commodity flow_tpa", ("pit", "user", "ore", 5.0)),
        demand=frame("node commodity tier demand_tpa", ("user", "ore", "defence", 5.0)),
        name="small",
    )
    return dict(partition(net, {"usa": ["USA"], "jpn": ["JPN"]}).parts)


@pytest.fixture(scope="module")
def keys() -> dict[str, tuple[bytes, bytes]]:
    pytest.importorskip("cryptography")
    return {name: new_key() for name in ("usa", "jpn", "courier")}


def test_an_offer_says_which_ask_it_answers_without_any_key() -> None:
    parts = small()
    first, other = (first_ask(parts, exchange=word) for word in ("spring", "autumn"))
    offers = [offer(part, first) for part in parts.values()]
    assert joint_ask(first, offers)[0]["value_tpa"] == pytest.approx(5.0)
    with pytest.raises(cn.DataError, match="another ask"):
        joint_ask(other, offers)
    # the same message laid out otherwise is the same message
    assert joint_ask(json.loads(json.dumps(first, indent=3)), offers)[0]["n_rounds"] == 1


def test_a_round_put_off_as_a_later_one_is_refused() -> None:
    parts = small()
    ask = first_ask(parts)
    offers = [offer(part, ask) for part in parts.values()]
    _, later = joint_ask(ask, offers, 0.0)
    if later is None:
        later = {**ask, "round": 2, "before": [offers[0]["to"]]}
    again = [{**one, "round": 2} for one in offers]
    with pytest.raises(cn.DataError, match="answers another ask"):
        joint_ask(later, offers + again)
    with pytest.raises(cn.DataError, match="after the ask"):
        joint_ask(ask, offers + again)


def test_asks_of_two_exchanges_are_not_mixed() -> None:
    parts = small()
    first = first_ask(parts, exchange="spring")
    second = {**first_ask(parts, exchange="autumn"), "round": 2, "before": ["0" * 64]}
    with pytest.raises(cn.DataError, match="does not go on"):
        offer(parts["usa"], [first, second])
    with pytest.raises(cn.DataError, match="digests"):
        offer(parts["usa"], {**first, "round": 2})


def test_what_was_signed_is_what_is_checked(keys: dict[str, tuple[bytes, bytes]]) -> None:
    private, public = keys["usa"]
    signed = sign(MESSAGE, private)
    check_signature(signed, public)
    check_signature(json.loads(json.dumps(signed, indent=2)), public)
    assert {k: v for k, v in signed.items() if k != "signature"} == MESSAGE
    assert sign(signed, private) == signed, "signing again changes nothing"


def _changed(one: dict[str, Any]) -> None:
    one["served_tpa"]["all"] = 1.6


def _added(one: dict[str, Any]) -> None:
    one["note"] = "more"


def _value(one: dict[str, Any]) -> None:
    one["signature"]["value"] = "AAAA" + one["signature"]["value"][4:]


def _no_text(one: dict[str, Any]) -> None:
    one["signature"]["value"] = "é"


def _gone(one: dict[str, Any]) -> None:
    del one["signature"]


def _other_kind(one: dict[str, Any]) -> None:
    one["signature"]["algorithm"] = "none"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_changed, "changed since"),
        (_added, "changed since"),
        (_value, "changed since"),
        (_no_text, "changed since"),
        (_gone, "bears no signature"),
        (_other_kind, "cannot be read"),
    ],
)
def test_a_changed_message_is_refused(
    keys: dict[str, tuple[bytes, bytes]], spoil: Callable[[dict[str, Any]], None], said: str
) -> None:
    private, public = keys["usa"]
    signed = copy.deepcopy(sign(MESSAGE, private))
    spoil(signed)
    with pytest.raises(cn.DataError, match=said):
        check_signature(signed, public, "offer of usa")


def test_a_wrong_key_is_refused_and_named(keys: dict[str, tuple[bytes, bytes]]) -> None:
    signed = sign(MESSAGE, keys["usa"][0])
    with pytest.raises(cn.DataError, match=f"key {signed['signature']['key']}, not with"):
        check_signature(signed, keys["jpn"][1])
    for key in (b"", b"no key", keys["usa"][0]):
        with pytest.raises(cn.DataError, match="no public key"):
            check_signature(signed, key)
    for key in (b"", keys["usa"][1]):
        with pytest.raises(cn.DataError, match="no private key"):
            sign(MESSAGE, key)
    with pytest.raises(cn.DataError, match="JSON"):
        sign({"served_tpa": float("nan")}, keys["usa"][0])


def test_joint_takes_signed_offers_alone_and_of_every_party(keys: dict[str, tuple[bytes, bytes]]) -> None:
    parts = small()
    ask = first_ask(parts)
    plain = {name: offer(part, ask) for name, part in parts.items()}
    public = {name: keys[name][1] for name in parts}
    signed = [sign(one, keys[name][0]) for name, one in plain.items()]
    assert joint_ask(ask, signed, keys=public)[0]["value_tpa"] == pytest.approx(5.0)
    with pytest.raises(cn.DataError, match=r"offer of jpn, round 1: bears no signature"):
        joint_ask(ask, [sign(plain["usa"], keys["usa"][0]), plain["jpn"]], keys=public)
    with pytest.raises(cn.DataError, match="offer of jpn, round 1: is signed with the key"):
        joint_ask(ask, [sign(one, keys["usa"][0]) for one in plain.values()], keys=public)
    with pytest.raises(cn.DataError, match="no key of this party"):
        joint_ask(ask, signed, keys={"usa": public["usa"]})
    with pytest.raises(cn.DataError, match="none is of courier"):
        joint_ask(ask, signed, keys={**public, "courier": keys["courier"][1]})


def test_a_key_is_read_by_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    private, public = write_keys(tmp_path / "usa.key")
    check_signature(sign(MESSAGE, read_key(private)), read_key(public))
    if os.name == "posix":
        assert private.stat().st_mode & 0o077 == 0
    with pytest.raises(cn.DataError, match="never overwritten"):
        write_keys(tmp_path / "usa.key")
    with pytest.raises(cn.DataError, match="cannot be read"):
        read_key(tmp_path / "no.key")
    with pytest.raises(cn.DataError, match="cannot be written"):
        write_keys(tmp_path / "no" / "usa.key")


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cryptography", "cryptography.exceptions"):
        monkeypatch.setitem(sys.modules, name, None)
    for ask in (new_key, lambda: sign(MESSAGE, b""), lambda: check_signature(MESSAGE, b"")):
        with pytest.raises(cn.DataError, match=r'pip install "\.\[signing\]"'):
            ask()
