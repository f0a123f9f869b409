"""What the loop needs from outside, each a Protocol of one or two methods or a plain callable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from .call import Recollection, ToolCall, ToolResult
from .events import Event, Recorded
from .message import ModelReply, Prompt
from .policy import Consent, Decision
from .selection import EVERYTHING, Selection

__all__ = ["Approver", "ChatModel", "Digest", "Memory", "Observer", "RunLog", "RunStore"]


class ChatModel(Protocol):
    """Something that answers a prompt."""

    @property
    def name(self) -> str:
        """What the log calls it."""
        ...

    async def reply(self, prompt: Prompt) -> ModelReply:
        """The next reply.

        Raises `ContextTooLong` when the prompt does not fit, `ModelUnavailable` when no usable reply came after all
        retries, `ModelRejected` when the endpoint refuses for good.
        """
        ...


class RunLog(Protocol):
    """The ledger of one run that this process drives."""

    @property
    def run_id(self) -> str:
        """The run."""
        ...

    def append(self, event: Event, *, durable: bool = False) -> Recorded:
        """Write the next event; when this returns, killing the process cannot lose it.

        `durable` also syncs it to disk, so that a power cut cannot either. Raises `HomeError`.
        """
        ...


class RunStore(Protocol):
    """Runs, their events and the texts beside them."""

    def create(self) -> AbstractContextManager[RunLog]:
        """A new run, leased to this process until the context ends."""
        ...

    def reopen(self, run_id: str) -> AbstractContextManager[RunLog]:
        """An existing run, leased to this process until the context ends.

        Raises `RunUnknown`, `LogDamaged`, or `RunBusy` while it is driven already, by this process or another.
        """
        ...

    def records(self, run_id: str) -> Sequence[Recorded]:
        """All events of a run, in order. Raises `RunUnknown`, `LogDamaged`."""
        ...

    def keep_text(self, text: str, *, tenant: str = "") -> str:
        """Store a text of a tenant, once; its SHA-256, hex."""
        ...

    def read_text(self, digest: str) -> str:
        """A stored text; for an erased one, a line that says so. Raises `LogDamaged` for an unknown digest."""
        ...


class Memory(Protocol):
    """Every past result, found again by meaning, words or id."""

    def remember(self, result: ToolResult) -> None:
        """Take in a result; returns at once, indexing follows behind."""
        ...

    def recall(self, query: str, *, limit: int = 5, where: Selection = EVERYTHING) -> Sequence[Recollection]:
        """The best passages of the results that are meant, best first; sees everything remembered before the call."""
        ...


Observer = Callable[[Recorded], None]
"""Sees each event right after it was written."""

Approver = Callable[[ToolCall, Decision], Awaitable[bool | Consent]]
"""A person, or a program in their place, who answers `ask`; `True` is a yes to this call, as is `once`."""

Digest = Callable[[object], str]
"""SHA-256, hex, of the canonical JSON of a value."""
