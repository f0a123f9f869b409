"""What memory files under a result: its passages, each with where it came from."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from khala.domain.call import ToolCall, ToolResult
from khala.domain.namespace import Namespace
from khala.domain.selection import Selection
from khala.infrastructure.memory.chunks import CHUNK_PIECES, CountTokens, chunks, estimated_pieces
from khala.infrastructure.memory.terms import Sealing
from khala.infrastructure.memory.words import clean, terms
from khala.infrastructure.store.canonical import canonical_digest

__all__ = ["Passage", "Rows", "Source", "asked_terms", "listed", "opened", "passages", "sealed", "storable"]

HEADER_CHARS = 120
"""Characters of a header at most: about 30 word pieces of the 256 that MiniLM reads."""

_VALUE_CHARS = 60
"""Characters of one argument in a header."""

_MARKS = 2
"""Word pieces that mark start and end of what a model reads."""


@dataclass(frozen=True, slots=True)
class Source:
    """The result a passage is of, and all that a recollection tells of it."""

    result_id: str
    run_id: str
    tenant: str
    agent: str
    tool: str
    label: str
    """The label as JSON, and after it what is searched for of it."""
    trust: str
    readers: str
    """A list as JSON, empty when everyone may read it."""
    origins: str
    """A list as JSON."""
    digest: str
    arguments_digest: str
    at_ms: int

    @staticmethod
    def of(result: ToolResult) -> Source:
        """That of a result."""
        label = result.label
        return Source(
            result_id=result.call.id,
            run_id=result.run_id,
            tenant=result.namespace.tenant,
            agent=result.namespace.agent,
            tool=result.call.tool,
            label=label.model_dump_json(),
            trust=label.trust,
            readers="" if label.readers is None else _list(sorted(label.readers)),
            origins=_list(label.origins),
            digest=result.digest,
            arguments_digest=canonical_digest(result.call.arguments),
            at_ms=result.at_ms,
        )

    @property
    def namespace(self) -> Namespace:
        """Whose it is."""
        return Namespace(tenant=self.tenant, agent=self.agent)


def listed(name: str) -> str:
    """How a name stands in a list of `Source`, and nothing else does.

    JSON with quotes and commas spelled as numbers: no part of another name, and nothing between two names, reads so.
    """
    spelled = json.dumps(name)[1:-1].replace('\\"', "\\u0022").replace(",", "\\u002c")
    return f'"{spelled}"'


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(listed, names))}]"


def storable(names: Iterable[str]) -> list[str]:
    """Those of some names that a stored one can equal: no database takes a lone surrogate, and some stop at a NUL."""
    return sorted(name for name in names if clean(name) == name and "\0" not in name)


@dataclass(frozen=True, slots=True)
class Passage:
    """One chunk of a result."""

    source: Source
    header: str
    """Tool and main arguments: searched and embedded with the text, but no part of it."""
    text: str
    start: int
    end: int

    @property
    def result_id(self) -> str:
        """The result it is of."""
        return self.source.result_id

    @property
    def words(self) -> str:
        """What is embedded."""
        return f"{self.header}\n{self.text}"

    @property
    def terms(self) -> list[str]:
        """What is searched by words."""
        return terms(self.words)


@dataclass(frozen=True, slots=True)
class Rows:
    """Some passages of a table, each with its terms and its vector."""

    passages: Sequence[Passage]
    terms: Sequence[str]
    """Of each passage, joined by blanks."""
    embedded: Sequence[bool]
    """Whether a passage has a vector."""
    vectors: Any
    """Of those that have one, one behind the other: an array of float32."""


def sealed(passage: Passage, sealing: Sealing | None) -> tuple[str, str]:
    """Words and terms of a passage, as an index keeps them."""
    terms_ = passage.terms
    if sealing is None:
        return passage.words, " ".join(terms_)
    source = passage.source
    kept = sealing.seal(clean(passage.words).encode(), tenant=source.tenant, about=_about(source, passage.start))
    return base64.b64encode(kept).decode(), " ".join(sealing.hashed(terms_, tenant=source.tenant))


def opened(source: Source, kept: Sequence[Any], sealing: Sealing | None) -> Passage | None:
    """The passage an index keeps as words, length of the header, start and end; `None` once its key was dropped."""
    words, header_chars, start, end = kept
    if sealing is not None:
        content = sealing.open(base64.b64decode(words), tenant=source.tenant, about=_about(source, start))
        if content is None:
            return None
        words = content.decode()
    return Passage(source, words[:header_chars], words[header_chars + 1 :], start, end)


def asked_terms(asked: Sequence[str], where: Selection, sealing: Sealing | None) -> Sequence[str]:
    """Terms to search an index for; a selection of all tenants searches for those of each."""
    if sealing is None:
        return asked
    known = sealing.tenants()
    meant = known if where.namespace is None else [where.namespace.tenant]
    return [term for tenant in meant if tenant in known for term in sealing.hashed(asked, tenant=tenant)]


def _about(source: Source, start: int) -> str:
    return f"passage {source.result_id} {start}"


def passages(
    result: ToolResult, *, count_tokens: CountTokens = estimated_pieces, max_tokens: int = 256
) -> list[Passage]:
    """The passages of a result, each short enough to be read whole, with its header, by a model of `max_tokens`.

    A result that repeats earlier ones has none: its words are found where they came from. Nor has a blank one.
    """
    if result.derived_from:
        return []
    text = clean(result.text)
    head = _header(result.call)
    source = Source.of(result)
    limit = max(1, min(CHUNK_PIECES, max_tokens - _MARKS - count_tokens(head)))
    return [
        Passage(source, head, text[chunk.start : chunk.end], chunk.start, chunk.end)
        for chunk in chunks(text, count_tokens=count_tokens, limit=limit)
    ]


def _header(call: ToolCall) -> str:
    """Tool and main arguments in one short line."""
    said = [call.tool]
    for name, value in call.arguments.items():
        if isinstance(value, str | int | float):
            said.append(f"{name}={' '.join(str(value)[:_VALUE_CHARS].split())}")
    return clean(" ".join(said)[:HEADER_CHARS])
