"""Texts under their SHA-256, each stored once for a tenant, erasable without breaking the ledger that names them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256

from khala.errors import LogDamaged
from khala.infrastructure.store.database import Database
from khala.infrastructure.store.vault import Vault

__all__ = ["ERASED", "Texts"]

_BATCH = 64
"""Texts read at once."""

_CONTENTS = (
    "SELECT rowid, digest, tenant, content FROM texts WHERE rowid > ? AND content IS NOT NULL ORDER BY rowid LIMIT ?"
)

ERASED = "[this text was erased from the store]"
"""What an erased text reads as."""


class Texts:
    """The texts of a home, for any thread.

    A lone surrogate, which no valid UTF-8 holds, is written as UTF-8 would spell it; that is what the digest is of.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def keep(self, text: str, *, tenant: str) -> str:
        """Store a text; its SHA-256, hex. Brings back one that was erased. Raises `HomeUnusable`."""
        content = text.encode(errors="surrogatepass")
        digest = sha256(content).digest()
        kept = self._vault.seal(zlib.compress(content), tenant=tenant, about=digest.hex())
        with self._database.writing() as db:
            db.execute(
                "INSERT INTO texts VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET content = excluded.content WHERE content IS NULL",
                (digest, tenant, kept),
            )
        return digest.hex()

    def read(self, digest: str, *, tenant: str | None = None) -> str | None:
        """A stored text, `None` if it was erased: for this tenant or, without one, for all.

        Raises `LogDamaged` for one that is missing or was changed.
        """
        with self._database.reading() as db:
            rows = db.execute("SELECT tenant, content FROM texts WHERE digest = ?", (_key(digest),)).fetchall()
        rows = [row for row in rows if tenant in {None, row[0]}]
        if not rows:
            raise LogDamaged(f"text `{digest}` is not in the store; restore the home from a copy")
        for whose, kept in rows:
            content = None if kept is None else self._content(kept, whose, digest)
            if content is not None:
                return content.decode(errors="surrogatepass")
        return None

    def _content(self, kept: object, tenant: str, digest: str) -> bytes | None:
        """A text as UTF-8; `None` for one whose key was dropped. Raises `LogDamaged` for one that was changed."""
        opened = self._vault.open(kept, tenant=tenant, about=digest) if isinstance(kept, bytes) else b""
        if opened is None:
            return None
        try:
            content = zlib.decompress(opened)
        except zlib.error:
            content = b""
        if sha256(content).hexdigest() != digest:
            raise LogDamaged(f"text `{digest}` was changed; restore the home from a copy")
        return content

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Every stored text that can be read, as UTF-8, with its digest; equal ones of several tenants each."""
        for _, digest, tenant, kept in self._database.in_batches(_CONTENTS, rows=_BATCH):
            with suppress(LogDamaged):
                content = self._content(kept, tenant, digest.hex())
                if content is not None:
                    yield digest.hex(), content

    def erase(self, digest: str) -> None:
        """Overwrite the words of a text in the file, whoever's it is.

        Raises `LogDamaged` when no such text was ever stored.
        """
        with self._database.writing(durable=True) as db:
            erased = db.execute("UPDATE texts SET content = NULL WHERE digest = ?", (_key(digest),))
            if erased.rowcount == 0:
                raise LogDamaged(f"text `{digest}` is not in the store; nothing was erased")
        self._database.forget_erased()


def _key(digest: str) -> bytes:
    try:
        return bytes.fromhex(digest)
    except ValueError:
        return b""  # no digest, so no text is found under it
