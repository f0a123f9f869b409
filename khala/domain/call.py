"""What was asked of a tool, and what came back.

The id of a call is also the id of its result: `RUN-N`, N counting the calls of the run from 1. One name serves
the model, the memory, the graph and the ledger.
"""

from __future__ import annotations

from typing import Literal

from .label import Label
from .namespace import Namespace
from .value import JsonObject, Value

__all__ = ["CallStatus", "Recollection", "ToolCall", "ToolResult", "call_id"]

CallStatus = Literal["ok", "failed", "timeout", "denied", "invalid", "repeated", "skipped", "unknown"]
"""How a call ended.

`ok` the tool answered; `failed` the tool said it could not; `timeout` it took too long; `denied` the guard said no;
`invalid` no such tool, or arguments that do not fit it; `repeated` answered from an earlier, identical call;
`skipped` the budget had no call left; `unknown` the process died while a call with a side effect was in flight. Of an
imported run, `skipped` says that its log shows the call was never made, `unknown` that its log holds no result.
"""


def call_id(run_id: str, number: int) -> str:
    """The id of the `number`-th call (from 1) of a run."""
    return f"{run_id}-{number}"


class ToolCall(Value):
    """A request to run one tool."""

    id: str
    tool: str
    arguments: JsonObject


class ToolResult(Value):
    """What came back from a call, with everything memory and graph need to know about it."""

    call: ToolCall
    status: CallStatus
    text: str
    digest: str
    """SHA-256 of the UTF-8 text, hex."""
    label: Label
    derived_from: tuple[str, ...] = ()
    """Ids of earlier results whose words this one repeats (a recall, a second reading)."""
    run_id: str
    at_ms: int = 0
    """When it was finished, or taken in from elsewhere: milliseconds since the epoch."""
    happened_at_ms: int = 0
    """Of an imported one when it was finished, by what was imported; 0 where that does not say."""
    namespace: Namespace = Namespace()
    """Whose it is."""

    @property
    def is_original(self) -> bool:
        """Whether its words are new, and worth remembering: a tool's own answer, not a repetition or a refusal."""
        return self.status == "ok" and not self.derived_from and bool(self.text.strip())


class Recollection(Value):
    """One passage of an earlier result, found again."""

    result_id: str
    run_id: str
    tool: str
    passage: str
    """The very words: `text[start:end]` of the result."""
    start: int
    end: int
    score: float
    """Higher is nearer; comparable only within one answer."""
    label: Label
    digest: str
    """SHA-256 of the whole text of the result, hex."""
    arguments_digest: str
    """SHA-256 of the canonical JSON of what the tool was called with, hex."""
    at_ms: int = 0
    namespace: Namespace = Namespace()
    also_in: tuple[str, ...] = ()
    """Ids of further results that hold the same words under the same label; the passage is told once for all."""
