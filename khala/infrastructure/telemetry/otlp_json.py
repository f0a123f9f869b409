"""A run as OpenTelemetry spans in an OTLP/JSON file, by the semantic conventions for generative AI.

One trace a run: `invoke_agent` at its root, `chat` for each turn, `execute_tool` for each call. What a verifier found
is an event `gen_ai.evaluation.result` of the turn it looked at. Names and attributes are those of the conventions as of
2026, all still "in development"; what they have no word for begins with `khala.`.
The file is what an OTLP/HTTP endpoint takes as the body of a request. Ids follow from the run's, so exporting a run
twice gives the same spans.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from khala.domain.call import ToolCall
from khala.domain.events import (
    CallDecided,
    CallFinished,
    CallRequested,
    CallStarted,
    ModelReplied,
    Recorded,
    RunEnded,
    RunStarted,
    TurnRolledBack,
    Verified,
)

__all__ = ["otlp_json"]

MOST_TEXT_CHARS = 4_000
"""Characters of a text in an attribute; collectors refuse large requests, and the ledger has the whole."""

_INTERNAL, _CLIENT, _ERROR = 1, 3, 2
"""Numbers of the protocol: `SPAN_KIND_INTERNAL`, `SPAN_KIND_CLIENT`, `STATUS_CODE_ERROR`."""

Attribute = str | int | float | bool | Sequence[str]


@dataclass(frozen=True)
class _SpanEvent:
    name: str
    at_ms: int
    attributes: dict[str, Attribute]


@dataclass
class _Span:
    name: str
    kind: int
    started_ms: int
    ended_ms: int
    attributes: dict[str, Attribute] = field(default_factory=dict[str, Attribute])
    error: str = ""
    events: list[_SpanEvent] = field(default_factory=list[_SpanEvent])


def otlp_json(run_id: str, records: Sequence[Recorded], read_text: Callable[[str], str]) -> str:
    """The spans of a run, one JSON object; `read_text` gives the text of a result by its SHA-256."""
    spans = _spans(run_id, records, read_text)
    root, *others = spans
    trace = sha256(f"khala run {run_id}".encode()).hexdigest()[:32]
    written = [_as_json(root, trace, "0"), *(_as_json(s, trace, str(n), "0") for n, s in enumerate(others, start=1))]
    scope = {"scope": {"name": "khala"}, "spans": written}
    resource = {"attributes": _attributes({"service.name": "khala"})}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}, ensure_ascii=False) + "\n"


def _spans(run_id: str, records: Sequence[Recorded], read_text: Callable[[str], str]) -> list[_Span]:
    """The root first, then turns and calls in the order in which they were asked for."""
    told = _Telling(run_id, read_text)
    for record in records:
        told.take(record)
    return [told.root, *told.parts]


@dataclass
class _Telling:
    """Follows the events of one run."""

    run_id: str
    read_text: Callable[[str], str]
    root: _Span = field(default_factory=lambda: _Span("invoke_agent khala", _INTERNAL, 0, 0))
    parts: list[_Span] = field(default_factory=list[_Span])
    _calls: dict[str, _Span] = field(default_factory=dict[str, _Span])
    _turn: _Span | None = None
    _model: str = ""
    _now_ms: int = 0

    def take(self, record: Recorded) -> None:
        before_ms = self._now_ms
        self._now_ms = max(before_ms, getattr(record.event, "happened_at_ms", 0) or self._at_ms(record))
        match record.event:
            case RunStarted() as event:
                self._begin(event)
            case ModelReplied() as event:
                self._turn = self._replied(event, before_ms)
                for call in event.calls:
                    self._ask(call)
            case CallRequested() as event:
                self._ask(event.call)
            case TurnRolledBack() as event if self._turn is not None:
                self._turn.error = event.cause
                self._turn.attributes["khala.rollback.note"] = event.note[:MOST_TEXT_CHARS]
            case CallDecided() as event:
                self._calls[event.call_id].attributes |= {
                    "khala.decision.effect": event.decision.effect,
                    "khala.decision.rules": event.decision.rules,
                    **({} if event.approved is None else {"khala.decision.approved": event.approved}),
                }
            case CallStarted() as event:
                self._calls[event.call_id].started_ms = self._now_ms
            case CallFinished() as event:
                self._finish(event)
            case Verified() as event if self._turn is not None:
                self._turn.events.extend(self._evaluated(event))
            case RunEnded() as event:
                self._end(event)
            case _:
                pass
        self.root.ended_ms = max(self.root.ended_ms, self._now_ms)

    def _at_ms(self, record: Recorded) -> int:
        """An imported run knows its own times or none: those of its import say nothing about it."""
        return record.at_ms if "khala.imported.format" not in self.root.attributes else self._now_ms

    def _begin(self, event: RunStarted) -> None:
        self._model = event.model
        task = [{"role": "user", "parts": [{"type": "text", "content": event.task[:MOST_TEXT_CHARS]}]}]
        self.root.attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": "khala",
            "gen_ai.agent.name": "khala",
            "gen_ai.conversation.id": self.run_id,
            "gen_ai.input.messages": json.dumps(task, ensure_ascii=False),
            **({"gen_ai.request.model": event.model} if event.model else {}),
        }
        if event.imported is not None:
            self._now_ms = event.imported.started_at_ms or self._now_ms
            self.root.attributes["khala.imported.format"] = event.imported.format
            self.root.ended_ms = event.imported.ended_at_ms
        self.root.started_ms = self._now_ms

    def _replied(self, event: ModelReplied, before_ms: int) -> _Span:
        name = f"chat {self._model}" if self._model else "chat"
        finish = "tool_call" if event.calls else "content_filter" if event.finish == "refusal" else event.finish
        span = _Span(name, _CLIENT, before_ms or self._now_ms, self._now_ms)
        span.attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "khala",
            "gen_ai.conversation.id": self.run_id,
            "gen_ai.response.finish_reasons": (finish,),
            "gen_ai.usage.input_tokens": event.usage.prompt_tokens,
            "gen_ai.usage.output_tokens": event.usage.completion_tokens,
            "gen_ai.usage.cache_read.input_tokens": event.usage.cached_tokens,
            "khala.turn": event.turn,
            **({"gen_ai.request.model": self._model} if self._model else {}),
        }
        self.parts.append(span)
        return span

    def _ask(self, call: ToolCall) -> None:
        span = _Span(f"execute_tool {call.tool}", _INTERNAL, self._now_ms, self._now_ms)
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        span.attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": call.tool,
            "gen_ai.tool.call.id": call.id,
            "gen_ai.tool.type": "function",
            "gen_ai.conversation.id": self.run_id,
            "gen_ai.tool.call.arguments": arguments[:MOST_TEXT_CHARS],
        }
        self._calls[call.id] = span
        self.parts.append(span)

    def _finish(self, event: CallFinished) -> None:
        span = self._calls[event.call_id]
        span.ended_ms = self._now_ms
        if event.happened_at_ms:
            span.started_ms = max(self.root.started_ms, event.happened_at_ms - event.elapsed_ms)
        span.error = "" if event.status in ("ok", "repeated") else event.status
        span.attributes |= {
            "gen_ai.tool.call.result": self.read_text(event.digest)[:MOST_TEXT_CHARS],
            "khala.call.status": event.status,
            "khala.result.chars": event.chars,
            "khala.result.trust": event.label.trust,
            "khala.result.origins": event.label.origins,
        }

    def _evaluated(self, event: Verified) -> Iterator[_SpanEvent]:
        """One event for each finding, and for each verifier that found nothing or broke."""
        about: dict[str, Attribute] = {"khala.verified.place": event.place, "khala.verified.follows": event.follows}
        for finding in event.findings:
            found: dict[str, Attribute] = {
                "gen_ai.evaluation.name": finding.verifier,
                "gen_ai.evaluation.score.label": "finding",
                "gen_ai.evaluation.explanation": finding.note[:MOST_TEXT_CHARS],
                "khala.finding.quote": finding.quote[:MOST_TEXT_CHARS],
                "khala.finding.results": tuple(passage.result_id for passage in finding.passages),
            }
            yield _SpanEvent("gen_ai.evaluation.result", self._now_ms, found | about)
        spoken = {finding.verifier for finding in event.findings}
        for name in (name for name in event.verifiers if name not in spoken):
            error = event.failures.get(name)
            result: dict[str, Attribute] = {
                "gen_ai.evaluation.name": name,
                **({"gen_ai.evaluation.score.label": "nothing"} if error is None else {"error.type": error}),
            }
            yield _SpanEvent("gen_ai.evaluation.result", self._now_ms, result | about)

    def _end(self, event: RunEnded) -> None:
        parts = [{"type": "text", "content": event.answer[:MOST_TEXT_CHARS]}]
        answer = [{"role": "assistant", "parts": parts, "finish_reason": "stop"}]
        self.root.attributes |= {"khala.status": event.status, "khala.reason": event.reason}
        if event.answer:
            self.root.attributes["gen_ai.output.messages"] = json.dumps(answer, ensure_ascii=False)
        self.root.error = event.status if event.status == "unanswered" else ""


def _as_json(span: _Span, trace: str, name: str, parent: str = "") -> dict[str, object]:
    def span_id(number: str) -> str:
        return sha256(f"{trace} {number}".encode()).hexdigest()[:16]

    attributes = span.attributes | ({"error.type": span.error} if span.error else {})
    return {
        "traceId": trace,
        "spanId": span_id(name),
        **({"parentSpanId": span_id(parent)} if parent else {}),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.started_ms * 1_000_000),
        "endTimeUnixNano": str(max(span.started_ms, span.ended_ms) * 1_000_000),
        "attributes": _attributes(attributes),
        **({"events": [_event_as_json(each) for each in span.events]} if span.events else {}),
        "status": {"code": _ERROR} if span.error else {},
    }


def _event_as_json(event: _SpanEvent) -> dict[str, object]:
    return {
        "name": event.name,
        "timeUnixNano": str(event.at_ms * 1_000_000),
        "attributes": _attributes(event.attributes),
    }


def _attributes(attributes: Mapping[str, Attribute]) -> list[dict[str, object]]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: Attribute) -> dict[str, object]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case _:
            return {"arrayValue": {"values": list(_values(value))}}


def _values(values: Iterable[str]) -> Iterator[dict[str, object]]:
    return (_value(value) for value in values)
