"""Everything that can happen in a run, one frozen value each; a run is their ordered sequence and nothing else.

An event carries all words that were said to the model or by it, so that prompt, spend, graph, memory and audit can be
derived from the log alone. Texts of results stand beside the log under their SHA-256 and can be erased without
breaking it. A new kind of event is added here, to `Event`, and to `Trajectory`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from .budget import InteractionBudget, LimitName, Spend
from .call import CallStatus, ToolCall
from .grounding import Endorsement, Principal
from .label import Label
from .namespace import Namespace
from .policy import Decision
from .retention import Retention
from .value import Value

__all__ = [
    "AnswerDrafted",
    "AnswerReason",
    "AnswerRequested",
    "CallDecided",
    "CallFinished",
    "CallRequested",
    "CallStarted",
    "ContextShrunk",
    "Event",
    "EvidenceRecalled",
    "Finding",
    "FinishReason",
    "Imported",
    "LogFormat",
    "ModelReplied",
    "PassageRef",
    "Recorded",
    "RollbackCause",
    "RunEnded",
    "RunResumed",
    "RunStarted",
    "RunStatus",
    "ToolDigest",
    "ToolsAccepted",
    "TurnRolledBack",
    "Usage",
    "UserSaid",
    "Verified",
    "event_adapter",
]

FinishReason = Literal["stop", "length", "refusal"]
"""Why the model stopped: on its own, at the token limit, or because the endpoint filtered the reply."""

RollbackCause = Literal[
    "malformed", "unknown_tool", "invalid_arguments", "duplicate", "refusal", "cut_off", "repetition", "empty"
]  # fmt: skip
"""Why a turn became a dead branch."""

AnswerReason = Literal["draft", "context", "verifier"] | LimitName
"""Why the model is asked for its final answer: it has a draft, a limit is reached, or a verifier ended the search."""

RunStatus = Literal["answered", "best_effort", "unanswered"]
"""How a run ended: with the model's answer, with one given because a limit was reached, or with none."""


LogFormat = Literal["mirothinker", "miroflow", "history", "messages", "memory"]
"""Whose log a run was imported from: MiroThinker's or MiroFlow's task log, one of their message histories alone, a
list of messages as OpenAI's API takes it, or what `khala memory export` wrote."""


class Usage(Value):
    """What one model call used, as the endpoint reports it; 0 where it does not."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    money: float = 0.0


class ToolDigest(Value):
    """A tool as it was offered: name and SHA-256 of its canonical definition."""

    name: str
    digest: str


class PassageRef(Value):
    """Where a recalled passage stands: `text[start:end]` of a result."""

    result_id: str
    start: int
    end: int


class Imported(Value):
    """Where a run comes from that khala neither drove nor guarded.

    Only that it was not changed since the import is proven, nothing of what it says.
    """

    format: LogFormat
    file: str
    """Name of the file, without its folder."""
    digest: str
    """SHA-256 of the file."""
    warnings: tuple[str, ...] = ()
    """What is damaged or missing in the log, each in a sentence."""
    started_at_ms: int = 0
    """When the run began by its own log, milliseconds since the epoch; 0 where the log does not say."""
    ended_at_ms: int = 0
    """When it ended, in the same way."""
    asked_by: str = ""
    """Of a sub-agent's run: the call in the main agent's run that asked for it, if the log tells which."""
    memories_of: str = ""
    """Of exported memories: the run in the other home. Result `RUN-N` of this run is result N of that one."""


class RunStarted(Value):
    """The first event: everything the run is driven by."""

    kind: Literal["run_started"] = "run_started"
    task: str
    system: str
    """The system prompt, word for word."""
    model: str
    tools: tuple[ToolDigest, ...]
    policy: str
    """SHA-256 of the policy."""
    polling: tuple[str, ...] = ()
    """Names of the tools of which asking the same again is meaningful: no call of them is part of a loop."""
    budget: InteractionBudget
    retention: Retention
    principal: Principal = Principal()
    """On whose behalf the run acts."""
    asked_by: str = ""
    """Of a sub-agent's run: the call in another run that handed it the task."""
    user_words: tuple[str, ...] | None = None
    """Of a sub-agent's run: what the user had said then; `None` where the task itself is the user's."""
    namespace: Namespace = Namespace()
    """Whose the run is, and all that its tools tell."""
    dry_run: bool = False
    """The policy is asked and logged, and not enforced."""
    hosted: bool = False
    """Somebody else's loop drives the run; khala guards its calls and never sees its model."""
    imported: Imported | None = None
    """The run was driven elsewhere and read from a log; khala guarded none of its calls, and nobody can resume it."""
    settings: dict[str, str] = Field(default_factory=dict)
    """What the caller needs to drive the run again: corpus, model address ... Never a secret."""

    @property
    def said_by_user(self) -> tuple[str, ...]:
        """The words at the start that are the user's; who wrote those of an imported run nobody knows."""
        if self.imported is not None:
            return ()
        return (self.task,) if self.user_words is None else self.user_words


class RunResumed(Value):
    """Another process, or the same one later, drives the run on."""

    kind: Literal["run_resumed"] = "run_resumed"
    model: str
    policy: str
    """SHA-256 of the policy in force from here on."""


class ToolsAccepted(Value):
    """Definitions of tools that need no question from here on, in any run of the home.

    They were met for the first time, or accepted by a person's yes to a call.
    """

    kind: Literal["tools_accepted"] = "tools_accepted"
    tools: tuple[ToolDigest, ...]
    call_id: str = ""
    """The call a person said yes to; empty for tools met for the first time."""


class UserSaid(Value):
    """Further words of the user, in a hosted run."""

    kind: Literal["user_said"] = "user_said"
    text: str


class ModelReplied(Value):
    """One reply of the model; it opens a turn."""

    kind: Literal["model_replied"] = "model_replied"
    turn: int
    text: str
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    malformed: tuple[str, ...] = ()
    """What looked like a call and could not be read, with the reason."""
    finish: FinishReason = "stop"
    usage: Usage = Usage()
    prompt_chars: int = 0
    """Characters of the prompt that was sent."""
    happened_at_ms: int = 0
    """Of an imported run when it was, by its log; 0 where that does not say. The record says when it was imported."""


class CallRequested(Value):
    """A call of a hosted run; such calls belong to no turn and may overlap."""

    kind: Literal["call_requested"] = "call_requested"
    call: ToolCall


class TurnRolledBack(Value):
    """The turn is a dead branch; the model sees the note instead of it."""

    kind: Literal["turn_rolled_back"] = "turn_rolled_back"
    turn: int
    cause: RollbackCause
    note: str


class CallDecided(Value):
    """The guard's word on one call, before anything runs."""

    kind: Literal["call_decided"] = "call_decided"
    call_id: str
    decision: Decision
    approved: bool | None = None
    """A person's answer when the decision was `ask`; `None` when nobody was asked."""
    endorsements: tuple[Endorsement, ...] = ()
    """What that answer says of later calls of this run."""
    enforced: bool = True
    """`False` in a dry run: the call may run whatever the decision says."""


class CallStarted(Value):
    """The tool is about to run."""

    kind: Literal["call_started"] = "call_started"
    call_id: str
    tool: str
    side_effect: bool
    """Whether a crash from here on leaves the outcome unknown: it changes something, and twice is not once."""
    changes: bool = False
    """Whether it may change something: what was read before it may read otherwise after it."""


class CallFinished(Value):
    """A call has its result."""

    kind: Literal["call_finished"] = "call_finished"
    call_id: str
    status: CallStatus
    digest: str
    """SHA-256 of the result's UTF-8 text."""
    chars: int
    shown_chars: int
    """At most this many characters of it are shown in a prompt."""
    label: Label
    derived_from: tuple[str, ...] = ()
    elapsed_ms: int = 0
    spend: Spend | None = None
    """What a sub-agent that was asked used of the run's budget."""
    happened_at_ms: int = 0
    """Of an imported run, as in `ModelReplied`."""


class ContextShrunk(Value):
    """The prompt did not fit; from here on retention is halved `level` times."""

    kind: Literal["context_shrunk"] = "context_shrunk"
    level: int
    reason: str


class EvidenceRecalled(Value):
    """Passages the draft rests on are put back into the context before the final answer."""

    kind: Literal["evidence_recalled"] = "evidence_recalled"
    passages: tuple[PassageRef, ...]
    digest: str
    """SHA-256 of the text the model is shown."""


class AnswerRequested(Value):
    """The model is asked for its final answer."""

    kind: Literal["answer_requested"] = "answer_requested"
    reason: AnswerReason
    text: str
    """What the model is told."""


class AnswerDrafted(Value):
    """An answer as the model gave it."""

    kind: Literal["answer_drafted"] = "answer_drafted"
    turn: int
    text: str


class Finding(Value):
    """What a verifier noticed."""

    note: str
    """In the verifier's own words, for the model. Words of the draft, of a call or of a result never stand here."""
    quote: str = ""
    """What it is about, as the model wrote it: a sentence of the draft, the arguments of a call."""
    passages: tuple[PassageRef, ...] = ()
    """Passages of results that show it."""
    ends_search: bool = False
    """After a turn: no call is worth making any more, the model is to answer now."""
    verifier: str = ""
    """Filled in by the loop."""


class Verified(Value):
    """Verifiers looked at a turn with calls, or at a draft; after a turn it is written only if there is something."""

    kind: Literal["verified"] = "verified"
    place: Literal["turn", "answer"]
    turn: int
    verifiers: tuple[str, ...]
    """Who looked."""
    findings: tuple[Finding, ...] = ()
    failures: dict[str, str] = Field(default_factory=dict)
    """Verifiers that broke, each with its error; they are not asked again in this run."""
    follows: Literal["nothing", "told", "answer"]
    """The model is told, and a draft with that goes back to it; the search ends with an answer; or nothing, and a draft
    becomes the answer as it is."""
    digest: str | None = None
    """SHA-256 of the text the model is shown."""


class RunEnded(Value):
    """The last event."""

    kind: Literal["run_ended"] = "run_ended"
    status: RunStatus
    answer: str
    reason: str = ""
    """Why it is a best effort, or why there is no answer."""


Event = Annotated[
    RunStarted
    | RunResumed
    | ToolsAccepted
    | UserSaid
    | ModelReplied
    | CallRequested
    | TurnRolledBack
    | CallDecided
    | CallStarted
    | CallFinished
    | ContextShrunk
    | EvidenceRecalled
    | AnswerRequested
    | AnswerDrafted
    | Verified
    | RunEnded,
    Field(discriminator="kind"),
]
"""Any event; `kind` tells which."""

event_adapter: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads and writes any event as JSON."""


class Recorded(Value):
    """An event in its place in the ledger."""

    run_id: str
    seq: int
    """0 for the first event of the run."""
    at_ms: int
    """Milliseconds since the epoch."""
    event: Event
