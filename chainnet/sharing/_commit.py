"""A root that fixes every row of a network, and proofs that a row was in it: a salted Merkle tree (RFC 6962)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, UnknownIdError, check_words
from chainnet.network import TABLES, Network
from chainnet.results import Result, provenance, stamp
from chainnet.sharing._records import joined_key

FORMAT = "chainnet-commit-1"
LEAST_SECRET = 16
_SALT = 16
_HASH = 32
# the first byte keeps leaves and inner nodes apart, so that neither can pass for the other
_LEAF, _NODE = b"\x00", b"\x01"
_FIELDS = ("format", "root", "size", "index", "salt", "path", "row")


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Commitment(Result):
    """A root over all rows of a network; what is published is ``published`` and nothing else.

    Attributes
    ----------
    root : str
        Hex text of the root of the tree.
    size : int
        Number of leaves.
    level : str
        "row" or "cell": what a leaf holds.
    rows : DataFrame
        table, key, number (ordinal among rows of one key), column (of a leaf of one cell), leaf (hex).
    """

    root: str
    size: int
    level: str
    rows: pd.DataFrame
    _leaves: tuple[bytes, ...] = field(repr=False)
    _texts: tuple[str, ...] = field(repr=False)
    _salts: tuple[bytes, ...] = field(repr=False)

    @property
    def published(self) -> dict[str, Any]:
        """What may be handed to everyone: format, root and size."""
        return {"format": FORMAT, "root": self.root, "size": self.size}

    def prove(self, table: str, key: str, number: int = 0, column: str | None = None) -> dict[str, Any]:
        """Return the proof that a row was in the tables; see ``prove``."""
        rows = self.rows
        hit = (rows["table"] == table) & (rows["key"] == key) & (rows["number"] == number)
        if self.level == "cell":
            hit &= rows["column"] == column
        elif column is not None:
            raise DataError('prove: a column can be shown only where level="cell" was committed to.')
        found = hit.to_numpy().nonzero()[0]
        if not len(found):
            known = rows.loc[rows["table"] == table, "key"]
            what = f'"{key}"' + (f" number {number}" if number else "") + (f", {column}" if column else "")
            rule = checks.told(f"{table} has no row {what}", key, dict.fromkeys(known), ".")
            raise UnknownIdError(f"prove: {rule} List them with .rows, or chainnet commit --table rows.")
        index = int(found[0])
        return {
            **self.published,
            "index": index,
            "salt": _text64(self._salts[index]),
            "path": [_text64(part) for part in audit_path(index, self._leaves)],
            "row": self._texts[index],
        }


def commit(network: Network, secret: bytes, *, level: Literal["row", "cell"] = "row") -> Commitment:
    """Fix every row of a network by one root, so that any of them can be proved later and none is told now.

    Parameters
    ----------
    network : Network
    secret : bytes
        16 bytes or more from a good source (``secrets.token_bytes(32)``). It opens every row: whoever has it
        can try values until one fits, so it stays at home; without it no proof can be made.
    level : {"row", "cell"}
        What a leaf holds. A proof of a row shows all its cells; with "cell" each cell can be shown alone.

    Returns
    -------
    Commitment
        The root says nothing of a row, not even to those who know all others. It binds the figures, it does
        not make them true.

    Raises
    ------
    DataError
        If the secret is no bytes or too short, or the network has no row.

    See Also
    --------
    sharing.prove, sharing.new_key, sharing.redact

    Examples
    --------
    >>> import chainnet as cn
    >>> held = cn.sharing.commit(cn.read("mag-9"), bytes(range(32)))
    >>> held.prove("commodities", "magnet")["row"][:14]
    '["commodities"'
    >>> cn.sharing.verify(held.prove("commodities", "magnet"), held.published)
    True
    """
    check_secret(secret)
    checks.known(level, ("row", "cell"), "level", "level")
    texts, salts, records = [], [], []
    for name, schema in TABLES.items():
        frame = network.view(name)
        seen: Counter[str] = Counter()
        named = [_named(schema.column(column).kind, column, frame[column].tolist()) for column in sorted(schema.names)]
        keys = joined_key(frame, schema.named_by)
        for row, key in enumerate(keys):
            number = seen[key]
            seen[key] += 1
            pairs = [cell for cell in (cells[row] for cells in named) if cell is not None]
            leaves = [("", pairs)] if level == "row" else [(str(pair[0]), [pair]) for pair in pairs]
            for column, held in leaves:
                place = [name, key, number] + ([column] if column else [])
                texts.append(_json([name, held]) if not column else _json([name, key, number, held]))
                salts.append(hmac.digest(secret, _json(place).encode(), "sha256")[:_SALT])
                records.append((name, key, number, column))
    if not texts:
        raise DataError("commit: the network has no row; there is nothing to commit to.")
    hashes = [leaf_of(salt, text) for salt, text in zip(salts, texts, strict=True)]
    table = pd.DataFrame(records, columns=["table", "key", "number", "column"])
    table["leaf"] = [found.hex() for found in hashes]
    source = provenance(network, "none", level=level, format=FORMAT)
    return Commitment(
        provenance=source,
        root=tree_root(hashes).hex(),
        size=len(hashes),
        level=level,
        rows=stamp(table, source),
        _leaves=tuple(hashes),
        _texts=tuple(texts),
        _salts=tuple(salts),
    )


def prove(
    network: Network,
    secret: bytes,
    table: str,
    key: str,
    number: int = 0,
    *,
    level: Literal["row", "cell"] = "row",
    column: str | None = None,
) -> dict[str, Any]:
    """Return the proof that a row stood in the tables when the root was made.

    Parameters
    ----------
    network : Network
        The very tables that were committed to.
    secret : bytes
        The same as then.
    table, key : str
        Which row: its key columns joined by " / " (edges: source / target / commodity).
    number : int
        Ordinal among rows of one key.
    level : {"row", "cell"}
        As when the root was made.
    column : str, optional
        Which cell, at level "cell".

    Returns
    -------
    dict
        format, root, size, index, salt and path (base64, from the leaf upward), row: plain JSON, under 1 kB beside
        the row for up to 100,000 rows. It shows this row, its place, and nothing of any other.

    Raises
    ------
    UnknownIdError
        If there is no such row.
    DataError
        If the secret is too short.

    See Also
    --------
    sharing.verify, sharing.commit

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> proof = cn.sharing.prove(net, bytes(32), "commodities", "magnet")
    >>> proof["format"], len(proof["path"])
    ('chainnet-commit-1', 6)
    """
    return commit(network, secret, level=level).prove(table, key, number, column)


def verify(proof: Mapping[str, Any], root: str | Mapping[str, Any]) -> bool:
    """Say whether a proof fits a published root.

    Parameters
    ----------
    proof : mapping
        As ``prove`` gives it.
    root : str or mapping
        What was published: better the whole (``Commitment.published``), which also fixes the number of rows. A bare
        root in hex fixes the row and its salt; the number of rows is then believed as the proof states it.

    Returns
    -------
    bool

    Raises
    ------
    DataError
        If the proof or the root cannot be read.

    See Also
    --------
    sharing.prove, sharing.commit

    Examples
    --------
    >>> import chainnet as cn
    >>> held = cn.sharing.commit(cn.read("mag-9"), bytes(32))
    >>> proof = held.prove("commodities", "magnet")
    >>> cn.sharing.verify({**proof, "row": proof["row"].replace("magnet", "metal")}, held.published)
    False
    """
    published: Mapping[str, Any] = {"root": root} if isinstance(root, str) else root
    wanted = _hex(published.get("root") if isinstance(published, Mapping) else None, "root")
    salt, path, size, index = _parts(proof)
    _hex(proof["root"], "proof: root")
    if {"format": FORMAT, "size": size, **published}["size"] != size or published.get("format", FORMAT) != FORMAT:
        return False
    found = root_of_path(leaf_of(salt, proof["row"]), index, size, path)
    # by its text, so that no byte of a proof may be another one
    return found is not None and found == wanted and proof["root"] == wanted.hex()


def _parts(proof: Any) -> tuple[bytes, list[bytes], int, int]:
    """Return salt, path, size and index of a proof; raise DataError for what is none."""
    if not isinstance(proof, Mapping):
        raise DataError(f"proof: {type(proof).__name__} is no proof. Give what prove wrote.")
    lacking = [name for name in _FIELDS if name not in proof]
    if lacking:
        raise DataError(f"proof: {', '.join(lacking)} is missing. Give what prove wrote.")
    if proof["format"] != FORMAT:
        raise DataError(f'proof: format {proof["format"]!r} is not "{FORMAT}". Ask for a proof of this version.')
    if not isinstance(proof["row"], str):
        raise DataError("proof: row is no text. Give what prove wrote.")
    check_words(**{"proof: row": proof["row"]})
    size = checks.whole(proof["size"], "proof: size", 1)
    index = checks.whole(proof["index"], "proof: index", 0)
    if not isinstance(proof["path"], Sequence) or isinstance(proof["path"], str):
        raise DataError("proof: path is no list. Give what prove wrote.")
    path = [_bytes64(part, "proof: path", _HASH) for part in proof["path"]]
    return _bytes64(proof["salt"], "proof: salt", _SALT), path, size, index


# -- the tree -----------------------------------------------------------------------------------------


def leaf_of(salt: bytes, text: str) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(_LEAF + salt + text.encode()).digest()


def _joined(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def _left_size(n: int) -> int:
    """Return the largest power of two below n."""
    return 1 << ((n - 1).bit_length() - 1)


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of leaves; an odd leaf is not doubled."""
    if len(leaves) == 1:
        return leaves[0]
    k = _left_size(len(leaves))
    return _joined(tree_root(leaves[:k]), tree_root(leaves[k:]))


def audit_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes beside the way from a leaf to the root, from the leaf upward."""
    if len(leaves) == 1:
        return []
    k = _left_size(len(leaves))
    if index < k:
        return [*audit_path(index, leaves[:k]), tree_root(leaves[k:])]
    return [*audit_path(index - k, leaves[k:]), tree_root(leaves[:k])]


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that a leaf and its path lead to; None where the path does not fit index and size."""
    if index >= size:
        return None
    sides = []  # from the root downward: whether the leaf lies to the right
    while size > 1:
        k = _left_size(size)
        sides.append(index >= k)
        index, size = (index - k, size - k) if index >= k else (index, k)
    if len(sides) != len(path):
        return None
    for is_right, beside in zip(reversed(sides), path, strict=True):
        leaf = _joined(beside, leaf) if is_right else _joined(leaf, beside)
    return leaf


# -- cells as text --------------------------------------------------------------------------------------


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _named(kind: str, column: str, cells: list[Any]) -> list[list[Any] | None]:
    """Return [column, value] of each cell, None where it is blank."""
    as_kind = {"text": str, "number": float, "integer": int}[kind]
    return [None if value is None or value != value else [column, as_kind(value)] for value in cells]


def _text64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes64(text: Any, what: str, length: int) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise DataError(f"{what}: {text!r} is no base64. Give what prove wrote.") from None
    if _text64(data) != text:  # loose bits behind the last byte: another text of the same bytes
        raise DataError(f"{what}: {text!r} is no base64 as prove writes it.")
    if len(data) != length:
        raise DataError(f"{what}: has {len(data)} bytes, not {length}. Give what prove wrote.")
    return data


def _hex(text: Any, what: str) -> bytes:
    try:
        data = bytes.fromhex(text)
    except (TypeError, ValueError):
        data = b""
    if len(data) != _HASH:
        raise DataError(f"{what}: {text!r} is no root; a root has 64 hex digits.")
    return data


def check_secret(secret: object) -> None:
    """Raise DataError for a secret that is no bytes or too short."""
    if not isinstance(secret, (bytes, bytearray)) or len(secret) < LEAST_SECRET:
        raise DataError(
            f"secret: give {LEAST_SECRET} bytes or more, such as secrets.token_bytes(32); with fewer, or without, "
            "whoever tries all values finds the rows."
        )


def read_secret(path: Any) -> bytes:
    """Return the secret in a file, byte by byte.

    Raises
    ------
    DataError
        If the file cannot be read, or holds too little.
    """
    from pathlib import Path

    try:
        secret = Path(path).read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: the secret cannot be read ({error.strerror}). Give a file of 16 bytes or more."
        ) from None
    check_secret(secret)
    return secret
