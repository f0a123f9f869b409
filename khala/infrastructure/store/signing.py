"""The key of a home: it signs the heads of runs, and is made on first use.

Ed25519. The private key is a PEM file that only its owner can read, from the first moment on. It is written under
another name and then linked to its place, which either happens completely or fails because a key is there: processes
that start together end up with one key, and none sees half of one.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from khala.errors import HomeUnusable

__all__ = ["SigningKey", "is_signed_by", "load_or_make_key"]


class SigningKey:
    """Signs, and tells its own signatures from others."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.public_key = private_key.public_key().public_bytes_raw().hex()
        """The 32 bytes of the public key, hex; whoever has them can check heads without the private key."""

    def sign(self, statement: bytes) -> bytes:
        """The signature of a statement."""
        return self._private_key.sign(statement)

    def is_signed(self, statement: bytes, signature: bytes) -> bool:
        """Whether this key signed the statement."""
        return is_signed_by(self.public_key, statement, signature)


def is_signed_by(public_key: str, statement: bytes, signature: bytes) -> bool:
    """Whether the holder of a public key (32 bytes, hex) signed the statement."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, statement)
    except InvalidSignature:
        return False
    return True


def load_or_make_key(path: Path) -> SigningKey:
    """The key in the file; a new one if there is no file. Raises `HomeUnusable` for a file that is no key."""
    if not path.exists():
        _make_key(path)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise HomeUnusable(
            f"`{path}` is not an Ed25519 private key; put the right file back, or move this one away to get a new key"
            " (older runs then no longer verify)"
        )
    return SigningKey(key)


def _make_key(path: Path) -> None:
    text = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor has no path)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its key is the key
    finally:
        draft.unlink()
