"""The two tools over a corpus: search it, and read on in a document.

Whatever they print of a document is untrusted, unless a policy trusts the corpus: so no word of the model is echoed
that no document holds, or the echo would be trusted too. Each passage is announced with its exact length, so that a
reader who counts is not deceived by a passage that imitates the next announcement.
"""

from __future__ import annotations

from khala.domain.tool import Tool, tool
from khala.errors import ToolFailed
from khala.infrastructure.tools.corpus_index import CorpusIndex
from khala.infrastructure.tools.corpus_tables import Hit
from khala.infrastructure.tools.folder import printable

__all__ = ["MAX_HITS", "MAX_READ_CHARS", "corpus_tools"]

MAX_HITS = 15
"""Passages one search gives at most: 15 of them stay below the usual cap of 20,000 characters a result."""

MAX_READ_CHARS = 16_000
"""Characters one reading gives at most; with its first line it stays below the usual cap of 20,000."""

_MAX_NAME_CHARS = 200


def corpus_tools(index: CorpusIndex) -> tuple[Tool, ...]:
    """`search_corpus` and `read_document` over one corpus."""

    @tool(effect="read", roles={"query": "query"}, pinned=False)
    def search_corpus(query: str, limit: int = 8) -> str:
        """Search the documents by words; gives the best passages word for word, each with document and offset.

        Names, terms and the words an answer would use find most; put "several words" in quotes to keep them together.

        Args:
            query: words to look for
            limit: passages wanted, at most 15
        """
        hits = index.search(query, max(1, min(limit, MAX_HITS)))
        if not hits:
            return "no passage carries a word of the query: try other words"
        counts = ", ".join(f"{word} {count}" for word, count in index.counts(query).items() if count)
        listed = "\n\n".join(f"{number}. {_announced(hit)}\n{hit.passage}" for number, hit in enumerate(hits, start=1))
        return (
            f"{len(hits)} passages, best first; read_document(document, offset) reads on\n"
            f"words: {counts} of {index.passages()} passages\n\n{listed}"
        )

    @tool(effect="read", roles={"document": "handle"}, pinned=False)
    def read_document(document: str, offset: int = 0, limit: int = 8_000) -> str:
        """Read a document word for word, from a character offset on.

        Args:
            document: the id, as a search names it
            offset: character to begin at
            limit: characters wanted, at most 16,000
        """
        found = index.document(document)
        if found is None:
            near = ", ".join(f"`{near}`" for near in index.near_ids(document))
            raise ToolFailed(
                f"no document `{_short(document)}`" + (f"; near: {near}" if near else ": search for it first")
            )
        chars = len(found.text)
        if not 0 <= offset < chars:
            raise ToolFailed(f"`{document}` has {chars} characters: use an offset from 0 to {chars - 1}")
        end = min(chars, offset + max(1, min(limit, MAX_READ_CHARS)))
        rest = f"; read_document(document, offset={end}) reads on" if end < chars else ""
        title = _short(found.title)
        return f"[{found.id}] {title} (characters {offset} to {end} of {chars}{rest})\n{found.text[offset:end]}"

    return search_corpus, read_document


def _announced(hit: Hit) -> str:
    where = hit.title if hit.heading in ("", hit.title) else f"{hit.title}: {hit.heading}"
    return f"[{hit.document}] {_short(where)} (characters {hit.start} to {hit.end} of {hit.document_chars})"


def _short(name: str) -> str:
    clean = printable(" ".join(name.split()))
    return clean if len(clean) <= _MAX_NAME_CHARS else clean[:_MAX_NAME_CHARS] + "..."
