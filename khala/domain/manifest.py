"""What a tool does to the world, what its arguments mean, and how far its results may be trusted.

A manifest comes with the tool or from the policy file; the file wins. A tool without one is denied.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .value import Value

__all__ = ["ResultTrust", "ToolEffect", "ToolManifest"]

ToolEffect = Literal["read", "write", "send", "pay", "delete", "execute", "network"]
"""What a call does: `read` looks only; `write` changes or creates; `send` tells someone; `pay` moves money;
`delete` destroys; `execute` runs code; `network` reaches an address."""

ResultTrust = Literal["trusted", "untrusted", "labelled"]
"""How far results may be trusted: always, never, or by the label the tool itself puts on each (khala's own tools
that give back earlier results)."""


class ToolManifest(Value):
    """One tool as the policy sees it."""

    tool: str
    effect: ToolEffect
    roles: dict[str, str] = Field(default_factory=dict)
    """Argument name to role: recipient, payee, url, path, handle, amount, secret, content, query ..."""
    results: ResultTrust = "untrusted"
    readers: frozenset[str] | None = None
    """Who may read its results; `None` means everyone."""
    polling: bool = False
    """Asking the same again is meaningful: never answered from an earlier call."""
    idempotent: bool = False
    """Running the same call twice is the same as once: repeated after a crash."""

    @property
    def has_side_effect(self) -> bool:
        """Whether a call may change something outside khala."""
        return self.effect != "read"
