"""What MiroThinker's step log tells: which replies came, which calls really started and with what, what was undone.

A turn that was rolled back is gone from the message history; here its calls and the reason still stand. Each step names
its agent, or follows one that did; a sub-agent's steps stand between the start and the end of its session.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pydantic import JsonValue

from khala.domain.events import AnswerReason, RollbackCause, Usage
from khala.domain.value import JsonObject
from khala.infrastructure.logs.call_blocks import arguments_of
from khala.infrastructure.logs.foreign_run import Damage
from khala.infrastructure.logs.messages import text_of
from khala.infrastructure.models.openai.plain_text import excerpt

__all__ = ["SUB_AGENT", "Reply", "Started", "Steps", "read_steps"]

SUB_AGENT = "agent-"
"""How the servers are named that are sub-agents."""

_START = re.compile(r"server '([^'\n]{0,200})' to call tool '([^'\n]{0,200})'")
_COMPLETED = re.compile(r"completed in (\d{1,12}) ?ms")
_TOKENS = re.compile(r"Input: (\d{1,12})\b.{0,200}?Output: (\d{1,12})", re.DOTALL)
_SESSION = re.compile(r"Starting (\S{1,200}) for subtask")
_CAUSES: Mapping[str, RollbackCause] = {
    "format incorrect": "malformed",
    "refused to answer": "refusal",
    "duplicate query": "duplicate",
    "tool result error": "empty",
    "unknown tool": "unknown_tool",
}
"""What a warning says, in small letters, and which cause of khala's that is, the later the better; `empty` is a search
without hits."""


@dataclass
class Started:
    """A call that really started."""

    tool: str
    arguments: JsonObject | None = None
    """`None` for a sub-agent, whose start does not say them."""
    elapsed_ms: int = 0
    finished_at_ms: int = 0


@dataclass
class Reply:
    """A reply of the model."""

    at_ms: int = 0
    usage: Usage = field(default_factory=Usage)
    started: list[Started] = field(default_factory=list[Started])
    rolled_back: tuple[RollbackCause, str] | None = None
    is_guessed: bool = False
    """No step says that it came; only that something was done."""


@dataclass
class Steps:
    """The steps of a log, by session; the main agent's is the empty name."""

    replies: dict[str, list[Reply]] = field(default_factory=dict[str, list[Reply]])
    limit: AnswerReason | None = None
    """The limit the main agent ran into."""

    def of(self, session: str) -> list[Reply]:
        """The replies of a session."""
        return self.replies.setdefault(session, [])


def read_steps(steps: Sequence[JsonValue], moment: Callable[[JsonValue], int], damage: Damage) -> Steps:
    """Read the steps in order; `moment` reads their times."""
    reading = _Reading(moment, damage)
    for step in steps:
        if isinstance(step, dict) and isinstance(step.get("step_name"), str):
            reading.take(str(step["step_name"]), text_of(step.get("message"), damage), step)
        else:
            damage.add("a step of the log has no name: it is left out")
    reading.share_tokens()
    return reading.read


@dataclass
class _Reading:
    moment: Callable[[JsonValue], int]
    damage: Damage
    read: Steps = field(default_factory=Steps)
    _session: str = ""
    _tokens: tuple[int, int] | None = None
    _counted: list[tuple[Reply, tuple[int, int]]] = field(default_factory=list[tuple[Reply, tuple[int, int]]])

    def take(self, name: str, message: str, step: JsonObject) -> None:
        parts = [part.strip() for part in name.split("|")]
        head, tail = parts[0].casefold(), parts[-1]
        session = "" if "main agent" in head else self._session
        at_ms = self.moment(step.get("timestamp"))
        metadata = step.get("metadata")
        told = metadata if isinstance(metadata, dict) else {}
        match tail:
            case "Session Start":
                self._open_session(message, told, at_ms)
            case "Session End":
                self._session = ""
            case "Token Usage" if counted := _TOKENS.search(message):
                self._tokens = int(counted[1]), int(counted[2])
            case "LLM Call" if message.startswith("completed successfully"):
                self._reply(session, at_ms)
            case "Tool Call Start" if named := _START.search(message):
                tool = f"{named[1]}-{named[2]}"
                arguments = arguments_of(told.get("arguments", {}), tool, self.damage)
                self._last(session).started.append(Started(tool, arguments))
            case "Tool Call" if timed := _COMPLETED.search(message):
                self._finish(session, int(timed[1]), at_ms)
            case "Rollback":
                self._roll_back(session, message)
            case "Context Limit Reached" if not session:
                self.read.limit = "context"
            case "Max Turns Reached / Context Limit Reached" if not session:
                self.read.limit = self.read.limit or "turns"
            case _:
                pass

    def share_tokens(self) -> None:
        """Tell each reply what it used: some clients count all replies so far, others each one alone."""
        counts = [count for _, count in self._counted]
        adds_up = all(a <= b and c <= d for (a, c), (b, d) in pairwise(counts))
        before = (0, 0)
        for reply, (prompt, completion) in self._counted:
            reply.usage = Usage(prompt_tokens=prompt - before[0], completion_tokens=completion - before[1])
            before = (prompt, completion) if adds_up else before

    def _open_session(self, message: str, told: JsonObject, at_ms: int) -> None:
        named = _SESSION.search(message)
        session = told.get("session_id") or (named[1] if named else "")
        if not isinstance(session, str) or not session:
            return
        self._last("").started.append(Started(session.rpartition("_")[0] or session, finished_at_ms=at_ms))
        self._session = session
        self.read.of(session)

    def _reply(self, session: str, at_ms: int) -> None:
        reply = Reply(at_ms)
        self.read.of(session).append(reply)
        if self._tokens is not None:
            self._counted.append((reply, self._tokens))
            self._tokens = None

    def _last(self, session: str) -> Reply:
        """The reply that is being worked on."""
        replies = self.read.of(session)
        if replies and replies[-1].rolled_back is None:
            return replies[-1]
        replies.append(Reply(is_guessed=True))
        return replies[-1]

    def _finish(self, session: str, elapsed_ms: int, at_ms: int) -> None:
        replies = self.read.of(session)
        for started in replies[-1].started if replies else ():
            if not started.elapsed_ms:
                started.elapsed_ms, started.finished_at_ms = elapsed_ms, at_ms
                return

    def _roll_back(self, session: str, message: str) -> None:
        cause: RollbackCause = "malformed"
        for words, named in _CAUSES.items():
            if words in message.casefold():
                cause = named
        self._last(session).rolled_back = cause, excerpt(message, 2_000)
