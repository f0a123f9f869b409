"""An observer that tells each event to structlog, one line an event, without the words of model and tools."""

from __future__ import annotations

from typing import Any

import structlog

from khala.domain.events import (
    AnswerRequested,
    CallDecided,
    CallFinished,
    CallStarted,
    ContextShrunk,
    ModelReplied,
    Recorded,
    RunEnded,
    TurnRolledBack,
    Verified,
)
from khala.domain.ports import Observer

__all__ = ["structured_log"]


def structured_log(logger: structlog.typing.FilteringBoundLogger | None = None) -> Observer:
    """An observer for `ResearchAgent(observers=...)`.

    Texts of prompts, replies, arguments and results are never logged: they may hold secrets, and the ledger has them.
    """
    log = structlog.get_logger("khala") if logger is None else logger

    def observe(record: Recorded) -> None:
        log.info(record.event.kind, run=record.run_id, seq=record.seq, **_facts(record))

    return observe


def _facts(record: Recorded) -> dict[str, Any]:  # Any: structlog takes any value
    match record.event:
        case ModelReplied() as event:
            return {
                "turn": event.turn,
                "calls": [call.tool for call in event.calls],
                "finish": event.finish,
                "prompt_tokens": event.usage.prompt_tokens,
                "completion_tokens": event.usage.completion_tokens,
            }
        case TurnRolledBack() as event:
            return {"turn": event.turn, "cause": event.cause}
        case CallDecided() as event:
            return {"call": event.call_id, "effect": event.decision.effect, "rules": list(event.decision.rules)}
        case CallStarted() as event:
            return {"call": event.call_id, "tool": event.tool}
        case CallFinished() as event:
            return {"call": event.call_id, "status": event.status, "chars": event.chars, "ms": event.elapsed_ms}
        case ContextShrunk() as event:
            return {"level": event.level}
        case Verified() as event:
            findings = [finding.verifier for finding in event.findings]
            return {"turn": event.turn, "findings": findings, "failed": [*event.failures], "follows": event.follows}
        case AnswerRequested() as event:
            return {"reason": event.reason}
        case RunEnded() as event:
            return {"status": event.status, "reason": event.reason}
        case _:
            return {}
