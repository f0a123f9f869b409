"""Seals texts and passages of a home with a key for each tenant, which a master key outside the home wraps.

1. Texts and passages are sealed with AES-256-GCM under their tenant's key, each with 12 random bytes of its own, and
   bound to what they are of, so that none can be put in another's place.
2. Tenants' keys lie in the home, sealed in the same way under the master key. Whoever has the home alone has none of
   them. To change the master key, only they are sealed again.
3. To drop a tenant's key is to shred all it sealed, in every copy and backup of texts and index that was ever made.
4. Search by words goes over keyed hashes of terms: HMAC-SHA256 under a key derived from the tenant's.
5. A home is sealed from its beginning or not at all; one without a master key reads and writes plain text.

What stays readable: events (the task, what the model wrote, arguments of calls, what verifiers noted), questions to
approvers, labels, names of tools, times, digests and lengths of texts, vectors, which passages share a hashed term, and
what is no result: notes, and the index of a corpus. A vector can be turned back into the gist of its passage.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from khala.errors import CallerError, HomeUnusable, LogDamaged
from khala.infrastructure.store.database import Database

__all__ = ["MASTER_KEY", "MASTER_KEY_FILE", "NEW_MASTER_KEY", "MasterKey", "Vault", "master_key"]

MASTER_KEY = "KHALA_MASTER_KEY"
"""The variable that may hold the master key: 64 hexadecimal digits, or base64 of 32 bytes."""

MASTER_KEY_FILE = "KHALA_MASTER_KEY_FILE"
"""The variable that may name a file that holds it, in the same spelling."""

NEW_MASTER_KEY = "KHALA_NEW_MASTER_KEY"
"""The variable that may hold the key to change to; with `_FILE` behind it, the one that may name its file."""

MasterKey = bytes | Callable[[], bytes]
"""32 bytes, or a function that fetches them from wherever they are kept."""

_KEY_BYTES = 32
_ID_BYTES = 8
_NONCE_BYTES = 12
_TERM_BYTES = 10
"""Of a hashed term: two of a million terms collide with a chance of one in 10**12."""

_NOT_SEALED = "no"

_ANOTHER = "this home is sealed with another master key: give that one"

_MAKE_ONE = 'python3 -c "import secrets; print(secrets.token_hex(32))" makes one'


def master_key(environ: Mapping[str, str], *, variable: str = MASTER_KEY) -> bytes | None:
    """The master key that the environment holds, or names a file of in `variable` and `_FILE`; `None` for neither.

    Raises `CallerError` for what is no key.
    """
    text, where, file_variable = environ.get(variable, "").strip(), variable, f"{variable}_FILE"
    if not text and (path := environ.get(file_variable, "")):
        where = path
        try:
            text = Path(path).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CallerError(f"the master key in `{path}` cannot be read ({error}): see `{file_variable}`") from error
        if not text:
            raise CallerError(f"`{path}` holds no master key: {_MAKE_ONE}")
    return _decoded(text, where) if text else None


def _decoded(text: str, where: str) -> bytes:
    for decode in (bytes.fromhex, partial(base64.b64decode, validate=True)):
        try:
            key = decode(text)
        except (ValueError, binascii.Error):
            continue
        if len(key) == _KEY_BYTES:
            return key
    raise CallerError(f"`{where}` holds no key of {_KEY_BYTES} bytes in hexadecimal or base64: {_MAKE_ONE}")


class Vault:
    """Seals and opens for one home. Raises `HomeUnusable` for a master key that is missing, wrong or uncalled for."""

    def __init__(self, database: Database, master: MasterKey | None) -> None:
        self._database = database
        key = master() if callable(master) else master
        if key is not None and len(key) != _KEY_BYTES:
            raise CallerError(f"the master key has {len(key)} bytes and needs {_KEY_BYTES}: {_MAKE_ONE}")
        self._master = key
        self._keys: dict[bytes, bytes] = {}  # by their ids
        self._ids: dict[str, bytes] = {}  # by tenant
        self._check()

    @property
    def is_sealed(self) -> bool:
        """Whether texts and passages are sealed here."""
        return self._master is not None

    def seal(self, content: bytes, *, tenant: str, about: str) -> bytes:
        """What to keep of some content; `about` has to be given again to open it."""
        if self._master is None:
            return content
        key_id = self._id_in_force(tenant)
        return key_id + _sealed(self._keys[key_id], content, _bound(tenant, about))

    def open(self, kept: bytes, *, tenant: str, about: str) -> bytes | None:
        """What was sealed; `None` once its key was dropped. Raises `LogDamaged` for what was changed."""
        if self._master is None:
            return kept
        key_id = kept[:_ID_BYTES]
        if key_id not in self._keys:
            self._read()
        if key_id not in self._keys:
            return None
        try:
            return _opened(self._keys[key_id], kept[_ID_BYTES:], _bound(tenant, about))
        except (InvalidTag, ValueError):
            raise LogDamaged(f"`{about}` was changed; restore the home from a copy") from None

    def hashed(self, terms: Sequence[str], *, tenant: str) -> list[str]:
        """Terms as the index holds them."""
        if self._master is None:
            return list(terms)
        key = hmac.digest(self._keys[self._id_in_force(tenant)], b"terms", "sha256")
        return [hmac.digest(key, term.encode(errors="surrogatepass"), "sha256")[:_TERM_BYTES].hex() for term in terms]

    def tenants(self) -> list[str]:
        """Those that have a key."""
        self._read()
        return sorted(self._ids)

    def shred(self, tenant: str) -> bool:
        """Drop the key of a tenant: nothing it sealed can be read again, anywhere. Whether there was one."""
        with self._database.writing(durable=True) as db:
            shredded = db.execute("DELETE FROM keys WHERE tenant = ?", (tenant,)).rowcount > 0
            if shredded:  # they cannot be read any more; so that equal ones can be kept again
                db.execute("UPDATE texts SET content = NULL WHERE tenant = ?", (tenant,))
        self._database.forget_erased()
        self._keys.pop(self._ids.pop(tenant, b""), None)
        return shredded

    def rewrap(self, new: bytes) -> None:
        """Put another master key in the place of this one."""
        if self._master is None:
            raise HomeUnusable("this home is not sealed, so there is no master key to change")
        if len(new) != _KEY_BYTES:
            raise CallerError(f"the master key has {len(new)} bytes and needs {_KEY_BYTES}: {_MAKE_ONE}")
        with self._database.writing(durable=True) as db:
            self._check_in_force(db)
            rows = db.execute("SELECT tenant, id, wrapped FROM keys").fetchall()
            for tenant, key_id, wrapped in rows:
                key = _opened(self._master, wrapped, _bound(tenant, key_id.hex()))
                again = _sealed(new, key, _bound(tenant, key_id.hex()))
                db.execute("UPDATE keys SET wrapped = ? WHERE id = ?", (again, key_id))
            db.execute("REPLACE INTO settings VALUES ('sealed', ?)", (_mark(new),))
        self._database.forget_erased()
        self._master = new

    def _check(self) -> None:
        """That the home and the master key belong together; a new home takes the one it is given."""
        with self._database.writing() as db:
            row = db.execute("SELECT value FROM settings WHERE name = 'sealed'").fetchone()
            if row is None:
                is_begun = db.execute("SELECT 1 FROM texts LIMIT 1").fetchone() is not None
                row = (_NOT_SEALED if self._master is None or is_begun else _mark(self._master),)
                db.execute("INSERT INTO settings VALUES ('sealed', ?)", row)
        mark = _NOT_SEALED if self._master is None else _mark(self._master)
        if hmac.compare_digest(row[0], mark):
            return
        if row[0] == _NOT_SEALED:
            raise HomeUnusable(
                "this home was begun without a master key and is not sealed: begin another one with it, or unset"
                f" `{MASTER_KEY}` and `{MASTER_KEY_FILE}`"
            )
        if mark == _NOT_SEALED:
            raise HomeUnusable(f"this home is sealed: give its master key in `{MASTER_KEY}` or `{MASTER_KEY_FILE}`")
        raise HomeUnusable(_ANOTHER)

    def _id_in_force(self, tenant: str) -> bytes:
        """Of the key to seal with; not that of one which another process has dropped."""
        with self._database.reading() as db:
            row = db.execute("SELECT id FROM keys WHERE tenant = ?", (tenant,)).fetchone()
        if row is None:
            self._make(tenant)
        if row is None or row[0] not in self._keys:
            self._read()
        return self._ids[tenant] if row is None else row[0]

    def _make(self, tenant: str) -> None:
        """A key for a tenant that has none, unless another process makes it first."""
        if self._master is None:
            return
        key_id = secrets.token_bytes(_ID_BYTES)
        wrapped = _sealed(self._master, secrets.token_bytes(_KEY_BYTES), _bound(tenant, key_id.hex()))
        with self._database.writing(durable=True) as db:
            self._check_in_force(db)
            db.execute("INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", (tenant, key_id, wrapped))

    def _check_in_force(self, db: sqlite3.Connection) -> None:
        """That no other process has changed the master key: whoever has the new one could not read this key."""
        (mark,) = db.execute("SELECT value FROM settings WHERE name = 'sealed'").fetchone()
        if self._master is None or not hmac.compare_digest(mark, _mark(self._master)):
            raise HomeUnusable(_ANOTHER)

    def _read(self) -> None:
        if self._master is None:
            return
        with self._database.reading() as db:
            rows = db.execute("SELECT tenant, id, wrapped FROM keys").fetchall()
        try:
            self._keys = {
                key_id: _opened(self._master, wrapped, _bound(tenant, key_id.hex())) for tenant, key_id, wrapped in rows
            }
        except (InvalidTag, ValueError):
            raise HomeUnusable(_ANOTHER) from None
        self._ids = {tenant: key_id for tenant, key_id, _ in rows}


def _sealed(key: bytes, content: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to)


def _opened(key: bytes, kept: bytes, bound_to: bytes) -> bytes:
    return AESGCM(key).decrypt(kept[:_NONCE_BYTES], kept[_NONCE_BYTES:], bound_to)


def _bound(tenant: str, about: str) -> bytes:
    return f"{tenant}\0{about}".encode(errors="surrogatepass")


def _mark(key: bytes) -> str:
    """What a master key is known by, which tells nothing of it."""
    return sha256(b"khala master key\0" + key).hexdigest()
