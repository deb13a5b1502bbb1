"""A root over rows, and proofs of them, held against a few lines of hashlib."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from conftest import frame

import chainnet as cn
from chainnet.sharing import Commitment, commit, prove, verify
from chainnet.sharing._commit import audit_path, root_of_path, tree_root

SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def small() -> cn.Network:
    return cn.Network(
        nodes=frame("id stage country capacity_tpa", ("pit", "mine", "AUS", 12.0), ("user", "end_use", None, None)),
        edges=frame("source target commodity capacity_tpa", ("pit", "user", "gallium", 3.5)),
    )


@pytest.fixture(scope="module")
def held(mag9: cn.Network) -> Commitment:
    return commit(mag9, SECRET)


def by_hand(proof: dict[str, Any]) -> str:
    """Return the root in hex that a proof leads to: what a reader without this package writes."""
    at = hashlib.sha256(b"\0" + base64.b64decode(proof["salt"]) + proof["row"].encode()).digest()
    index, last = proof["index"], proof["size"] - 1
    for part in map(base64.b64decode, proof["path"]):
        if index % 2 or index == last:
            at = hashlib.sha256(b"\1" + part + at).digest()
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            at = hashlib.sha256(b"\1" + at + part).digest()
        index, last = index // 2, last // 2
    return at.hex()


def test_the_tree_is_that_of_rfc_6962() -> None:
    words = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
    leaves = [hashlib.sha256(b"\0" + bytes.fromhex(word)).digest() for word in words]
    found = {n: tree_root(leaves[:n]).hex()[:8] for n in (1, 3, 7, 8)}
    assert found == {1: "6e340b9c", 3: "aeb6bcfe", 7: "ddb89be4", 8: "5dc9da79"}


def test_worked_salt_and_leaf(small: cn.Network) -> None:
    found = commit(small, SECRET)
    proof = found.prove("nodes", "pit")
    assert base64.b64decode(proof["salt"]).hex().startswith("5dad115f")
    assert found.rows["leaf"].iloc[0].startswith("32a1c416")
    assert proof["row"] == '["nodes",[["capacity_tpa",12.0],["country","AUS"],["id","pit"],["stage","mine"]]]'


def test_every_row_is_proved_and_ten_lines_of_hashlib_agree(held: Commitment) -> None:
    for table, key, number in held.rows[["table", "key", "number"]].itertuples(index=False):
        proof = held.prove(table, key, number)
        assert verify(proof, held.published)
        assert by_hand(proof) == held.root
        assert verify(json.loads(json.dumps(proof)), held.root)


def test_whatever_is_changed_no_longer_fits(held: Commitment) -> None:
    proof = held.prove("commodities", "magnet")
    path = proof["path"]
    other = base64.b64encode(bytes(16)).decode()
    for change in (
        {"row": proof["row"].replace("magnets", "magnet")},
        {"index": proof["index"] + 1},
        {"size": proof["size"] + 1},
        {"size": proof["size"] - 1},
        {"salt": other},
        {"path": [path[1], path[0], *path[2:]]},
        {"path": path[:-1]},
        {"root": "00" * 32},
        {"root": proof["root"] + " "},
        {"root": proof["root"].upper()},
    ):
        assert not verify({**proof, **change}, held.published)
    assert not verify(proof, "11" * 32)


def test_the_same_secret_gives_the_same_root_and_another_secret_another(mag9: cn.Network, held: Commitment) -> None:
    shuffled = {name: getattr(mag9, name).sample(frac=1.0, random_state=1) for name in
                ("nodes", "edges", "demand", "processes", "commodities", "projects", "references")}  # fmt: skip
    again = commit(cn.Network(**shuffled, name="mag-9"), SECRET)
    assert again.root == held.root
    assert commit(mag9, bytes(32)).root != held.root


def test_one_figure_changed_gives_another_root(mag9: cn.Network, held: Commitment) -> None:
    nodes = mag9.nodes
    nodes.loc[0, "capacity_tpa"] += 1e-9
    assert commit(mag9.with_table("nodes", nodes), SECRET).root != held.root


def test_rows_of_one_key_are_told_apart_by_their_number() -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("m", "u", 1.0), ("m", "u", 2.0)))
    found = commit(net, SECRET)
    rows = [json.loads(found.prove("edges", "m / u / ", n)["row"])[1][0] for n in (0, 1)]
    assert rows == [["capacity_tpa", 1.0], ["capacity_tpa", 2.0]]


def test_a_cell_can_be_shown_alone(small: cn.Network) -> None:
    found = commit(small, SECRET, level="cell")
    proof = found.prove("nodes", "pit", column="country")
    assert json.loads(proof["row"]) == ["nodes", "pit", 0, [["country", "AUS"]]]
    assert verify(proof, found.published)
    assert verify(prove(small, SECRET, "nodes", "pit", level="cell", column="stage"), found.published)


def test_a_proof_of_a_hundred_thousand_rows_is_under_a_kilobyte() -> None:
    leaves = [i.to_bytes(32, "big") for i in range(100_000)]
    path = audit_path(77_777, leaves)
    proof = {"format": "chainnet-commit-1", "root": "0" * 64, "size": 100_000, "index": 77_777, "salt": "A" * 24,
             "path": [base64.b64encode(part).decode() for part in path], "row": ""}  # fmt: skip
    assert len(json.dumps(proof, separators=(",", ":"))) < 1000
    assert root_of_path(leaves[77_777], 77_777, 100_000, path) == tree_root(leaves)


@pytest.mark.parametrize("secret", [b"", b"short", "a text of more than sixteen letters"])
def test_a_poor_secret_is_refused(mag9: cn.Network, secret: Any) -> None:
    with pytest.raises(cn.DataError, match="secret: give 16 bytes or more"):
        commit(mag9, secret)


def test_what_cannot_be_read_is_refused(held: Commitment) -> None:
    proof = held.prove("commodities", "magnet")
    for change, message in (
        ({"format": "other"}, "format 'other'"),
        ({"salt": "%%"}, "no base64"),
        ({"salt": proof["salt"][:-3] + "h=="}, "no base64"),  # the same bytes, another text
        ({"path": "x"}, "path is no list"),
        ({"size": 0}, "proof: size"),
        ({"row": 5}, "row is no text"),
    ):
        with pytest.raises(cn.DataError, match=message):
            verify({**proof, **change}, held.root)
    with pytest.raises(cn.DataError, match="index is missing"):
        verify({k: v for k, v in proof.items() if k != "index"}, held.root)
    with pytest.raises(cn.DataError, match="is no root"):
        verify(proof, "abc")
    with pytest.raises(cn.UnknownIdError, match='commodities has no row "magnets"; did you mean "magnet"'):
        held.prove("commodities", "magnets")
