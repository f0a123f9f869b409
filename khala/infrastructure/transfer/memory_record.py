"""A result as an export holds it: one line of canonical JSON, checked in full before any of it is believed.

An export is a first line that says what it is, one line a result, and a last line that counts them, so that a file
that was cut off is known by its end. Canonical JSON has one spelling for every text, also for ones no UTF-8 can hold.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from khala.domain.call import ToolCall, ToolResult, call_id
from khala.domain.label import Label, Trust
from khala.domain.namespace import Namespace
from khala.domain.value import JsonObject
from khala.infrastructure.store.canonical import canonical_json, from_canonical
from khala.infrastructure.store.short_ids import is_short_id

__all__ = ["FIRST_LINE", "MemoryRecord", "last_line", "line_of", "read_line", "stated_count"]

FIRST_LINE = canonical_json({"khala": "memory", "version": 1})
"""What an export begins with."""

_LATEST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, the last that calendars here know."""

_MOST_READERS = 10_000

_Name = Annotated[str, Field(min_length=1, max_length=1_000)]


class MemoryRecord(BaseModel):
    """One result."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["result"]
    id: str
    """`RUN-N` in the home it comes from."""
    tool: _Name
    arguments: JsonObject
    text: str
    digest: str
    """SHA-256 of the text, hex."""
    trust: Trust
    readers: Annotated[list[_Name], Field(max_length=_MOST_READERS)] | None
    origins: Annotated[list[_Name], Field(max_length=_MOST_READERS)]
    tenant: str
    agent: str
    at_ms: Annotated[int, Field(ge=0, le=_LATEST_MS)]
    """When it was finished: milliseconds since the epoch."""

    @property
    def run_id(self) -> str:
        """The run in the home it comes from."""
        return self.id.rpartition("-")[0]

    @property
    def number(self) -> int:
        """Which call of that run it is of."""
        return int(self.id.rpartition("-")[2])

    @property
    def namespace(self) -> Namespace:
        """Whose it is."""
        return Namespace(tenant=self.tenant, agent=self.agent)

    def result(self, run_id: str) -> ToolResult:
        """As a result of a run here: what it may do only shrinks, and it is not trusted, whoever says it was."""
        readers = None if self.readers is None else frozenset(self.readers)
        label = Label(trust=self.trust, readers=readers, origins=tuple(self.origins))
        return ToolResult(
            call=ToolCall(id=call_id(run_id, self.number), tool=self.tool, arguments=self.arguments),
            status="ok",
            text=self.text,
            digest=self.digest,
            label=label.join(Label(trust="untrusted", origins=("import",))),
            run_id=run_id,
            happened_at_ms=self.at_ms,
            namespace=self.namespace,
        )


def line_of(result: ToolResult) -> bytes:
    """The line of a result, without a line end."""
    label = result.label
    return canonical_json(
        {
            "kind": "result",
            "id": result.call.id,
            "tool": result.call.tool,
            "arguments": result.call.arguments,
            "text": result.text,
            "digest": result.digest,
            "trust": label.trust,
            "readers": None if label.readers is None else sorted(label.readers),
            "origins": list(label.origins),
            "tenant": result.namespace.tenant,
            "agent": result.namespace.agent,
            "at_ms": result.happened_at_ms or result.at_ms,
        }
    )


def last_line(results: int) -> bytes:
    """What an export of so many results ends with."""
    return canonical_json({"kind": "end", "results": results})


def stated_count(line: bytes) -> int | None:
    """How many results a last line counts; `None` for any other line."""
    if not line.startswith(b'{"kind":"end"'):
        return None
    value = from_canonical(line)
    count = value.get("results") if isinstance(value, dict) else None
    return count if type(count) is int and last_line(count) == line else None


def read_line(line: bytes) -> MemoryRecord:
    """The result in a line. Raises `ValueError`, in a few words, for anything that is not whole and true."""
    try:
        value: JsonValue = from_canonical(line)
    except ValueError:
        raise ValueError("it is no JSON that khala writes") from None
    try:
        record = MemoryRecord.model_validate(value)
        _ = record.namespace
    except (ValidationError, RecursionError) as error:
        raise ValueError(_told(error)) from None
    run_id, dash, number = record.id.rpartition("-")
    if not (is_short_id(run_id) and dash and number.isascii() and number.isdigit() and 0 < len(number) < 10):  # noqa: PLR2004 - a billion calls
        raise ValueError("its `id` is no id of a result")
    if number.startswith("0"):
        raise ValueError("its `id` is no id of a result")
    if not record.text.strip():
        raise ValueError("its `text` is blank")
    if sha256(record.text.encode(errors="surrogatepass")).hexdigest() != record.digest:
        raise ValueError("its `digest` is not that of its `text`: one of them was changed")
    return record


def _told(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in cast("tuple[object, ...]", first["loc"]))
    return f"its `{field}`: {first['msg'].lower()}" if field else first["msg"].lower()
