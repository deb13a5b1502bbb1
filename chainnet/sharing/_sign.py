"""Messages that cannot be changed unseen: canonical JSON, the digest of what is answered, and Ed25519 signatures."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainnet.errors import DataError

SIGNATURE = "signature"
_ALGORITHM = "ed25519"
# a key in PEM is about 120 bytes
_LONGEST_KEY = 10_000
_HINT = "Give a file that chainnet key wrote."


def canonical(message: Mapping[str, Any]) -> bytes:
    """Return the bytes that stand for a message whatever way its JSON is laid out; its signature is left out.

    Keys in order, no spaces, UTF-8, numbers as Python writes them.

    Raises
    ------
    DataError
        If it is no JSON, or holds a number that is none.
    """
    bare = {key: value for key, value in message.items() if key != SIGNATURE}
    try:
        return json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise DataError(
            f"message: cannot be written as JSON: {error}. Give what offer, partition or joint wrote."
        ) from None


def digest_of(message: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical bytes of a message, as hex text."""
    return hashlib.sha256(canonical(message)).hexdigest()


def new_key() -> tuple[bytes, bytes]:
    """Make a pair of keys to sign with and to check with.

    Returns
    -------
    (bytes, bytes)
        The private key, which stays at home, and the public one, which all others need; PEM.

    Raises
    ------
    DataError
        If the package cryptography is not installed.

    See Also
    --------
    sharing.commit, sharing.offer
    """
    crypto = _crypto()
    key = crypto.ed25519.Ed25519PrivateKey.generate()
    kinds = crypto.serialization
    private = key.private_bytes(kinds.Encoding.PEM, kinds.PrivateFormat.PKCS8, kinds.NoEncryption())
    public = key.public_key().public_bytes(kinds.Encoding.PEM, kinds.PublicFormat.SubjectPublicKeyInfo)
    return private, public


def sign(message: Mapping[str, Any], private: bytes) -> dict[str, Any]:
    """Sign a message, an ask or an offer.

    Parameters
    ----------
    message : mapping
        Plain JSON; a signature that it bears already is replaced.
    private : bytes
        As ``new_key`` gives it.

    Returns
    -------
    dict
        The message and its ``signature``: algorithm, key (which one, 16 hex letters of its digest) and value (base64).

    Raises
    ------
    DataError
        If the key cannot be read, or the package cryptography is not installed.
    """
    crypto = _crypto()
    try:
        key = crypto.serialization.load_pem_private_key(private, password=None)
    except (ValueError, TypeError):
        raise DataError(f"key: is no private key without a password. {_HINT}") from None
    if not isinstance(key, crypto.ed25519.Ed25519PrivateKey):
        raise DataError(f"key: is no Ed25519 key. {_HINT}")
    value = base64.b64encode(key.sign(canonical(message))).decode("ascii")
    signature = {"algorithm": _ALGORITHM, "key": _name_of(key.public_key()), "value": value}
    return {**{k: v for k, v in message.items() if k != SIGNATURE}, SIGNATURE: signature}


def check_signature(message: Mapping[str, Any], public: bytes, what: str = "message") -> None:
    """Check that a message is as the holder of a key signed it.

    Parameters
    ----------
    message : mapping
    public : bytes
        As ``new_key`` gives it, received from its holder in a way that is trusted.
    what : str
        Name of the message in errors.

    Raises
    ------
    DataError
        If it bears no signature, was signed with another key, or was changed since; if the key cannot be read, or the
        package cryptography is not installed.
    """
    crypto = _crypto()
    try:
        key = crypto.serialization.load_pem_public_key(public)
    except ValueError:
        raise DataError(f"key: is no public key. {_HINT}") from None
    if not isinstance(key, crypto.ed25519.Ed25519PublicKey):
        raise DataError(f"key: is no Ed25519 key. {_HINT}")
    given = message.get(SIGNATURE)
    if given is None:
        raise DataError(f"{what}: bears no signature. Have it signed by its sender.")
    if (
        not isinstance(given, Mapping)
        or given.get("algorithm") != _ALGORITHM
        or not isinstance(given.get("value"), str)
    ):
        raise DataError(f"{what}: its signature cannot be read. Have it signed anew by its sender.")
    if given.get("key") != _name_of(key):
        raise DataError(
            f"{what}: is signed with the key {str(given.get('key'))[:16]}, not with {_name_of(key)}, which was given. "
            "It is not from that sender, or the wrong key was given."
        )
    try:
        key.verify(base64.b64decode(given["value"], validate=True), canonical(message))
    except (binascii.Error, ValueError, crypto.InvalidSignature):
        raise DataError(f"{what}: is not what was signed: it was changed since. Ask its sender for it anew.") from None


def write_keys(path: str | Path) -> tuple[Path, Path]:
    """Write a new pair of keys: the private one to ``path``, which nobody else may read, the public to ``path.pub``.

    Raises
    ------
    DataError
        If one of them is there already or cannot be written, or the package cryptography is not installed.
    """
    target = Path(path)
    places = target, target.with_name(f"{target.name}.pub")
    for place in places:
        if place.exists():
            raise DataError(f"{place}: stands already; a key is never overwritten. Give a new name.")
    try:
        for place, data, mode in zip(places, new_key(), (0o600, 0o644), strict=True):
            with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(data)
    except OSError as error:
        raise DataError(f"{target}: cannot be written: {error.strerror}.") from None
    return places


def read_key(path: str | Path) -> bytes:
    """Return a key as it stands in a file.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(_LONGEST_KEY)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}. {_HINT}") from None


def _name_of(public: Any) -> str:
    """Return which key it is: the first letters of the digest of its 32 bytes."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


class _Crypto:
    """What is used of the package cryptography."""

    def __init__(self) -> None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519

        self.InvalidSignature, self.serialization, self.ed25519 = InvalidSignature, serialization, ed25519


def _crypto() -> Any:
    try:
        return _Crypto()
    except ImportError:
        raise DataError(
            'signing: needs the package cryptography. Install it with: pip install ".[signing]" in the checkout'
        ) from None
