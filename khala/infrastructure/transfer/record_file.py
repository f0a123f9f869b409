"""Exports as files: lines of JSON, or the same records as a Parquet table; read as lines either way."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Literal

from khala.errors import CallerError, ImportRefused
from khala.infrastructure.transfer.memory_record import FIRST_LINE, last_line

__all__ = ["RecordForm", "lines_in", "write_lines"]

RecordForm = Literal["jsonl", "parquet"]
"""How an export is written."""

MOST_LINE_BYTES = 256_000_000
"""Of one result: a text of 50 MB, in JSON, with an escape for every character."""

_PARQUET = b"PAR1"
"""What a Parquet file begins with."""


def write_lines(to: Path | None, lines: Iterable[bytes], form: RecordForm) -> int:
    """Write the lines of results; how many. The file is whole or not there. Raises `CallerError`, `MissingExtra`."""
    if to is None:
        if form == "parquet":
            raise CallerError("a Parquet file cannot go to standard output: name one with `-o FILE`")
        sys.stdout.flush()
        return _write_jsonl(sys.stdout.buffer, lines)
    try:
        with _replacing(to) as file:
            if form == "jsonl":
                return _write_jsonl(file, lines)
            from khala.infrastructure.transfer.parquet import write_parquet

            return write_parquet(file, lines)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CallerError(f"`{to}` cannot be written: {reason.lower()}") from None


def lines_in(source: Path) -> Iterator[bytes]:
    """All lines of an export, the first and the last one too. Raises `ImportRefused`, `MissingExtra`."""
    try:
        with source.open("rb") as file:
            if file.peek(len(_PARQUET))[: len(_PARQUET)] == _PARQUET:
                from khala.infrastructure.transfer.parquet import parquet_lines

                yield from parquet_lines(source)
                return
            while line := file.readline(MOST_LINE_BYTES + 1):
                if len(line) > MOST_LINE_BYTES:
                    raise ImportRefused(f"`{source}` has a line of more than {MOST_LINE_BYTES // 1_000_000} MB")
                yield line.removesuffix(b"\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ImportRefused(f"`{source}` cannot be read: {reason.lower()}") from None


def _write_jsonl(file: IO[bytes], lines: Iterable[bytes]) -> int:
    count = 0
    file.write(FIRST_LINE + b"\n")
    for line in lines:
        file.write(line + b"\n")
        count += 1
    file.write(last_line(count) + b"\n")
    file.flush()
    return count


@contextmanager
def _replacing(to: Path) -> Generator[IO[bytes]]:
    """A new file that takes the place of `to` once it is whole; only its owner can read it."""
    descriptor, name = tempfile.mkstemp(prefix=f".{to.name[:100]}.", dir=to.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        Path(name).replace(to)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
