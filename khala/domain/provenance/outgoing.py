"""Whether a text that leaves tells a secret, in whatever writing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from .shapes import keys_in, keys_of
from .texts import stands_in

__all__ = ["Outgoing"]

MIN_BARE_CHARS = 8
"""Letters and digits beyond which a secret is looked for between marks; a shorter one stands in many a text so."""


@dataclass(frozen=True)
class Outgoing:
    """A text that leaves, asked for secrets."""

    clean: str

    def tells(self, secret: str) -> bool:
        """Whether it tells a secret: as it is, in another writing, or with other marks between its characters.

        Any text may tell a secret that nobody could read.
        """
        if not secret or stands_in(secret, self.clean):
            return True
        keys = keys_of(secret)  # first: most secrets have none, and the text is not searched for any
        if keys and not keys.isdisjoint(self._keys):
            return True
        bare = _bare(secret)
        return len(bare) > MIN_BARE_CHARS and bare in self._bare

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(keys_in(self.clean))

    @cached_property
    def _bare(self) -> str:
        return _bare(self.clean)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text)
