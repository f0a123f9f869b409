"""Where a text came from, whether it may be trusted, and who may read it.

A label enters with a tool result, stays with the text in memory and in later runs, and joins when texts are
combined. Joining only ever restricts: trust is lost, readers shrink, origins add up.
"""

from __future__ import annotations

from typing import Literal

from .value import Value

__all__ = ["Label", "Trust"]

Trust = Literal["trusted", "untrusted"]
"""`trusted`: the user's words, or a source the policy vouches for. `untrusted`: what an attacker may have written."""


class Label(Value):
    """Trust, readers and origins of one text."""

    trust: Trust = "untrusted"
    readers: frozenset[str] | None = None
    """Who may read it; `None` means everyone."""
    origins: tuple[str, ...] = ()
    """Names of the sources, sorted: `user`, `tool:NAME`, or both `import` and `tool:NAME` for an imported run's."""

    def join(self, other: Label) -> Label:
        """The label of a text that contains both; commutative, associative and idempotent."""
        trusted = self.trust == "trusted" and other.trust == "trusted"
        if self.readers is None or other.readers is None:
            readers = other.readers if self.readers is None else self.readers
        else:
            readers = self.readers & other.readers
        return Label(
            trust="trusted" if trusted else "untrusted",
            readers=readers,
            origins=tuple(sorted({*self.origins, *other.origins})),
        )
