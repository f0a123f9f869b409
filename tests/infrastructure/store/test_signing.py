from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from khala.errors import HomeUnusable
from khala.infrastructure.store.signing import is_signed_by, load_or_make_key


def test_a_key_is_made_once_and_signs_the_same_ever_after(tmp_path: Path):
    key = load_or_make_key(tmp_path / "k")
    again = load_or_make_key(tmp_path / "k")
    signature = key.sign(b"words")
    assert again.public_key == key.public_key
    assert again.is_signed(b"words", signature)
    assert is_signed_by(key.public_key, b"words", signature)


def test_a_changed_statement_signature_or_key_is_not_signed(tmp_path: Path):
    key, other = load_or_make_key(tmp_path / "k"), load_or_make_key(tmp_path / "other")
    signature = key.sign(b"words")
    assert not key.is_signed(b"word", signature)
    assert not key.is_signed(b"words", signature[:-1])
    assert not key.is_signed(b"words", bytes([signature[0] ^ 1]) + signature[1:])
    assert not other.is_signed(b"words", signature)


def test_nobody_else_can_read_the_key_whatever_the_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        load_or_make_key(tmp_path / "k")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600


def test_many_that_start_at_once_end_with_one_key_and_no_draft(tmp_path: Path):
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(load_or_make_key, [tmp_path / "k"] * 32))
    assert len({key.public_key for key in keys}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["k"]


def test_a_file_that_is_no_such_key_is_refused_and_kept(tmp_path: Path):
    other_kind = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for content in (b"", b"no key", other_kind):
        path = tmp_path / "k"
        path.write_bytes(content)
        with pytest.raises(HomeUnusable, match="not an Ed25519 private key"):
            load_or_make_key(path)
        assert path.read_bytes() == content
