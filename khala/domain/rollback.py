"""When a reply becomes a dead branch, and what the model is told about it.

A turn is rolled back only when nothing in it is of use: its text is no answer, and none of its calls could bring
anything new. As soon as one call of a turn is sound, the turn stands and each bad call gets its own result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from .events import ModelReplied, RollbackCause
from .value import Value

__all__ = ["CallFault", "Fault", "fault_of_calls", "fault_of_text"]

REPEATED_TAIL_CHARS = 50
REPEATED_TAIL_TIMES = 5
"""A reply whose last 50 characters stand in it more than 5 times is stuck (MiroThinker's openai_client)."""

CallFaultKind = Literal["unknown_tool", "invalid_arguments", "duplicate"]


class CallFault(Value):
    """Why one requested call is not worth running."""

    kind: CallFaultKind
    note: str


class Fault(Value):
    """Why a whole turn is rolled back."""

    cause: RollbackCause
    note: str
    """For the model, once."""


def fault_of_text(reply: ModelReplied, *, is_final: bool) -> Fault | None:
    """What is wrong with a reply that asks for no call, if anything.

    `is_final`: the answer was asked for and there is no draft, so any text is better than none.
    """
    if is_final and reply.text.strip():
        return None
    if reply.malformed:
        return Fault(cause="malformed", note=_note("a tool call could not be read", *reply.malformed))
    if reply.finish == "refusal":
        return Fault(cause="refusal", note=_note("the reply was refused; go on with the task or answer what you can"))
    if reply.finish == "length":
        return Fault(cause="cut_off", note=_note("the reply was cut off at the token limit; say less at once"))
    if not reply.text.strip():
        return Fault(cause="empty", note=_note("the reply was empty; call a tool or give the answer"))
    if _is_stuck(reply.text):
        return Fault(cause="repetition", note=_note("the reply repeated itself; go on differently"))
    return None


def fault_of_calls(faults: Sequence[CallFault | None]) -> Fault | None:
    """What is wrong with a turn whose calls have these faults; `None` as soon as one call is sound."""
    bad = [fault for fault in faults if fault is not None]
    if not bad or len(bad) < len(faults):
        return None
    return Fault(cause=bad[0].kind, note=_note(*(fault.note for fault in bad)))


def _note(*reasons: str) -> str:
    return "Your last reply was rolled back: " + "; ".join(reasons) + "."


def _is_stuck(text: str) -> bool:
    tail = text.rstrip()[-REPEATED_TAIL_CHARS:]
    return len(tail) == REPEATED_TAIL_CHARS and len(set(tail)) > 2 and text.count(tail) > REPEATED_TAIL_TIMES  # noqa: PLR2004 (a ruled line is no runaway)
