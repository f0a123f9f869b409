"""Where an index lies, a folder or a prefix in an object store; whose vectors are there; what is said when it fails."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from khala.errors import CallerError, MemoryUnusable
from khala.infrastructure.memory.terms import Unreachable

__all__ = ["Bucket", "Place", "alone", "claim", "embedder_of", "made_by_another", "unusable"]

_URL = re.compile(r"s3://[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9](/[^?#\s]*)?")

_PATIENCE = {"connect_timeout": "3s", "timeout": "15s", "client_max_retries": "2", "client_retry_timeout": "15"}
"""Of one request; LanceDB's own would have it wait three minutes for a store that is away, and a search is several."""

_TOLD = re.compile(r'<Code>(?P<code>\w+)</Code>|message: \\?"(?P<system>[^"\\]+)|kind: (?P<kind>Timeout)')
"""What the store or the operating system said, somewhere in a page of LanceDB's words."""

_REASON_CHARS = 200

_NOTE = "embedder.json"
"""Beside the tables of a folder: whose vectors they hold."""


@dataclass(frozen=True)
class Bucket:
    """A prefix in an S3-compatible object store: `s3://BUCKET/PREFIX`.

    `options` are LanceDB's storage options (`endpoint`, `region`, `access_key_id`, `secret_access_key` ...); what they
    do not say comes from the environment (`AWS_ENDPOINT`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`
    ...). They hold keys, so no representation shows them. Raises `CallerError` for an address that cannot be one.
    """

    url: str
    options: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def __post_init__(self) -> None:
        if not _URL.fullmatch(self.url):
            raise CallerError(f"`{self.url}` is no place for an index: write s3://BUCKET/PREFIX")

    def __str__(self) -> str:
        return self.url

    @property
    def storage_options(self) -> dict[str, str]:
        """The options with limits on how long a request may take; an endpoint at `http://` is taken at its word."""
        endpoint = self.options.get("endpoint") or self.options.get("aws_endpoint") or ""
        plain = {"allow_http": "true"} if endpoint.startswith("http://") else {}
        return {**_PATIENCE, **plain, **self.options}


Place = Path | Bucket


@contextmanager
def alone(place: Place) -> Generator[None]:
    """One process at a time in a folder, which the kernel sees to; in a bucket nobody does."""
    if not isinstance(place, Path):
        yield
        return
    descriptor = os.open(place / "removing.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def unusable(place: Place, cause: object) -> MemoryUnusable:
    """The error for an index that cannot be read or written, with the way out."""
    told = str(cause).strip()
    if isinstance(place, Path):
        return MemoryUnusable(
            f"the memory in `{place}` cannot be used ({_first_line(told) or type(cause).__name__}): give it space or "
            "rights if it lacks them, else build it anew from the stored results: `khala memory reindex`"
        )
    found = _TOLD.search(told)
    reason = found[found.lastgroup or 0] if found else _first_line(told) or type(cause).__name__
    return Unreachable(
        f"the memory in `{place}` cannot be reached ({reason}): check bucket, endpoint, region and keys; if it is "
        "damaged, build it anew from the stored results: `khala memory reindex`"
    )


def made_by_another(place: Place, theirs: object, mine: object) -> MemoryUnusable:
    """The error for vectors that may not be compared."""
    return MemoryUnusable(
        f"the memory in `{place}` was made by another embedder (`{theirs}`, now `{mine}`): use that one, or "
        "build the index anew from the stored results: `khala memory reindex`"
    )


def claim(folder: Path, fingerprint: str, *, table_format: int) -> None:
    """Write down whose vectors lie in the folder, or raise when they are another embedder's.

    It is a file of its own because it must be known before the model and LanceDB are imported. In a bucket, where
    looking takes them anyway, the table itself bears it.
    """
    note = folder / _NOTE
    mine: dict[str, object] = {"format": table_format, "embedder": fingerprint}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not note.exists() and not (folder / "passages.lance").exists():
            written = folder / f"embedder.json.{os.getpid()}"
            written.write_text(json.dumps(mine), encoding="utf-8")
            written.replace(note)  # whole or not at all, for another process that opens the same folder
        theirs: object = json.loads(note.read_bytes())
    except (OSError, ValueError) as error:
        raise unusable(folder, error) from error
    if theirs != mine:
        raise made_by_another(folder, theirs, mine)


def embedder_of(folder: Path) -> str | None:
    """The fingerprint of the embedder whose vectors lie in a folder; `None` where no readable note says it."""
    try:
        note: object = json.loads((folder / _NOTE).read_bytes())
    except (OSError, ValueError):
        return None
    found = cast("dict[str, object]", note).get("embedder") if isinstance(note, dict) else None
    return found if isinstance(found, str) else None


def _first_line(told: str) -> str:
    return told.partition("\n")[0][:_REASON_CHARS]
