"""Folds a LanceDB table: joins the fragments of many small commits, indexes their words, removes what nobody reads."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyarrow has no types, and lancedb's signatures are full of it

from __future__ import annotations

import os
import time
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from khala.infrastructure.memory.commit_conflicts import committed
from khala.infrastructure.memory.lance_indexes import TERMS_INDEX

__all__ = ["KEPT_IN_BUCKET", "NO_VERSIONS", "fold", "fold_clean", "is_ragged"]

_FRAGMENTS = 50
"""Commits after which the table is folded: at 50 it costs no more CPU than never, at 23 times less disk (measured)."""

_SCANNED_ROWS = (64, 1_000)
"""Rows beside the full-text index: each costs every search 5 to 20 us (measured), and LanceDB scores it by another
average length. Folding costs the more the larger the table is (1 to 2 s at 60,000 rows), so a twentieth of the rows may
lie beside the index, but no fewer than the first number, and no more than the second."""

NO_VERSIONS = timedelta(milliseconds=1)
"""No version is kept that is older; LanceDB warns about 0."""

_KEPT_VERSIONS = timedelta(minutes=1)
"""How long a reader in another process may hold on to what was folded away; a query takes milliseconds."""

KEPT_IN_BUCKET = timedelta(hours=1)
"""The same where readers are other machines, whose clocks differ."""


def fold(table: Any, *, in_bucket: bool) -> None:
    """Fold whatever there is, and remove what was folded before and nobody reads any more."""
    try:
        table.optimize(cleanup_older_than=KEPT_IN_BUCKET if in_bucket else _KEPT_VERSIONS)
    except RuntimeError as error:  # two processes folding at once; the next commit tries again
        structlog.get_logger().warning("memory was not folded", reason=str(error).partition("\n")[0])


def fold_clean(table: Any, *, kept: timedelta = NO_VERSIONS) -> int:
    """Fold, and delete every version before that is older than what is kept; the version that was folded into."""
    committed(partial(table.optimize, cleanup_older_than=kept))
    version = int(table.version)
    time.sleep(2 * NO_VERSIONS.total_seconds())  # the version before that one was too young to go
    committed(partial(table.optimize, cleanup_older_than=kept))
    return version


def is_ragged(table: Any) -> bool:
    """Whether so much lies in small fragments, or beside the index of terms, that folding is worth its time."""
    # a threshold of its own for each process, so that two rarely fold at once
    most_fragments = _FRAGMENTS + os.getpid() * 17 % _FRAGMENTS
    indexed = table.index_stats(TERMS_INDEX)
    fewest, most = _SCANNED_ROWS
    most_scanned = min(most, max(fewest, indexed.num_indexed_rows // 20))
    fragments: int = table.stats()["fragment_stats"]["num_fragments"]
    return fragments > most_fragments or indexed.num_unindexed_rows > most_scanned
