"""Embeds texts at any OpenAI-compatible endpoint: hosted APIs, vLLM, SGLang, TEI, Ollama, llama.cpp, LM Studio.

1. An endpoint that cannot be reached, or is busy, is asked again; then `Unreachable` is raised: it may come back.
2. One that refuses, or answers with what are no vectors of `dims` numbers, is set up wrongly: `MemoryUnusable`. Unless
   it has given good vectors before: then somebody is changing it, and it is `Unreachable` too.
3. A text it calls too long is cut in half until it is not; a batch that is too large is sent in two.
"""

from __future__ import annotations

import binascii
import json
import math
import re
import struct
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, cast

from khala.domain.value import JsonObject
from khala.errors import CallerError, ContextTooLong, MemoryUnusable, ModelError, ModelRejected, ModelUnavailable
from khala.infrastructure.memory.terms import Unreachable
from khala.infrastructure.models.openai.endpoint import Endpoint, ErrorAnswer
from khala.infrastructure.models.openai.loop_thread import LoopThread
from khala.infrastructure.models.openai.plain_text import excerpt, sound
from khala.infrastructure.models.openai.retrying import Retries, retried

__all__ = ["EndpointEmbedder"]

_QUERY_S = 5.0
"""Seconds a search waits for the vector of its query; it goes by words then."""

_MAX_ANSWER_BYTES = 64_000_000
"""Bytes of one answer: 32 vectors of 4,096 numbers in 25 characters each are 3 MB."""

_FLOAT_BYTES = 4

_PIECE = re.compile(r"[A-Za-z]{1,4}|[^\sA-Za-z]")
"""What counts as a word piece where there is no tokenizer: four Latin letters, or one character of anything else.
Chinese is a piece a character in many models, and so are figures and marks in JSON."""

_RETRIES = Retries(attempts=4, longest_delay_s=8.0, total_s=120.0)
"""Shorter than for a chat model: whoever asks goes on without, and comes back later."""


class EndpointEmbedder:
    """An `Embedder` over the `/embeddings` protocol; safe to share between threads.

    `base_url` is the address of the API (`http://localhost:8000/v1`), with or without `/embeddings`; `dims` is how long
    the model's vectors are. Prefixes are put before texts and queries where a model was trained with them (E5:
    `query: ` and `passage: `). `max_tokens` is what the model reads; tokens are estimated, as there is no tokenizer
    here. `encoding="base64"` asks for vectors in a quarter of the bytes; an answer is read in either way. `options` are
    further request fields (`dimensions` ...). Raises `CallerError` for an address or key that cannot be one.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        dims: int,
        api_key: str | None = None,
        query_prefix: str = "",
        document_prefix: str = "",
        max_tokens: int = 512,
        encoding: Literal["float", "base64"] | None = None,
        options: JsonObject | None = None,
        batch_texts: int = 32,
        timeout_s: float = 60.0,
        retries: Retries = _RETRIES,
    ) -> None:
        if dims < 1 or batch_texts < 1:
            raise CallerError("`dims` and `batch_texts` must be at least 1: see the model's description")
        self._endpoint = Endpoint(
            base_url,
            "/embeddings",
            api_key=api_key,
            timeout_s=timeout_s,
            max_answer_bytes=_MAX_ANSWER_BYTES,
            too_large="lower `batch_texts`",
        )
        self._model = model
        self._dims = dims
        self._query_prefix = query_prefix
        self._document_prefix = document_prefix
        self._max_tokens = max_tokens
        self._options: JsonObject = options or {}
        self._encoding: JsonObject = {} if encoding is None else {"encoding_format": encoding}
        self._batch_texts = batch_texts
        self._retries = retries
        self._has_embedded = False
        self._thread = LoopThread(self._endpoint.aclose)

    def __repr__(self) -> str:
        return f"EndpointEmbedder({self._endpoint.where!r}, {self._model!r}, dims={self._dims})"

    @property
    def fingerprint(self) -> str:
        """Model, vector length, prefixes and options. Not the address: a model may move, and its vectors stay."""
        told = {
            "query_prefix": self._query_prefix,
            "document_prefix": self._document_prefix,
            **dict(sorted(self._options.items())),
        }
        said = "".join(f" {name}:{json.dumps(value, sort_keys=True)}" for name, value in told.items() if value != "")
        return f"{self._model} dims:{self._dims}{said}"

    @property
    def dims(self) -> int:
        """How long a vector is."""
        return self._dims

    @property
    def max_tokens(self) -> int:
        """Word pieces read of a text."""
        return self._max_tokens

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector for each text. Raises `Unreachable`, `MemoryUnusable`."""
        vectors: list[list[float]] = []
        for first in range(0, len(texts), self._batch_texts):
            batch = [self._document_prefix + text for text in texts[first : first + self._batch_texts]]
            vectors += self._asked(batch, self._retries)
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The unit vector to search with; a few seconds are all it takes. Raises `Unreachable`, `MemoryUnusable`."""
        soon = replace(self._retries, total_s=min(self._retries.total_s, _QUERY_S))
        return self._asked([self._query_prefix + text], soon)[0]

    def count_tokens(self, text: str) -> int:
        """About how many word pieces a text is, rather more than fewer."""
        return sum(1 for _ in _PIECE.finditer(text))

    def _asked(self, texts: Sequence[str], retries: Retries) -> list[list[float]]:
        try:
            vectors = self._thread.run(self._vectors([sound(text) for text in texts], retries))
        except ModelError as error:
            away = self._has_embedded or isinstance(error, ModelUnavailable)
            raise (Unreachable if away else MemoryUnusable)(str(error)) from error
        self._has_embedded = True
        return vectors

    async def _vectors(self, texts: Sequence[str], retries: Retries) -> list[list[float]]:
        where = self._endpoint.where
        try:
            return await retried(
                lambda left_s: self._attempt(texts, left_s),
                retries,
                where=where,
                advice="memory goes by words meanwhile",
            )
        except ContextTooLong:
            middle = len(texts) // 2
            if middle:
                return [*await self._vectors(texts[:middle], retries), *await self._vectors(texts[middle:], retries)]
            half = texts[0][: len(texts[0]) // 2]
            if not half:
                raise
            return await self._vectors([half], retries)

    async def _attempt(self, texts: Sequence[str], left_s: float) -> list[list[float]]:
        request = {**self._options, **self._encoding, "model": self._model, "input": list(texts)}
        try:
            async with self._endpoint.answer(json.dumps(request).encode(), left_s=left_s) as answer:
                body = await answer.whole()
            return self._read(answer.status, body, len(texts))
        except ErrorAnswer as told:
            where = self._endpoint.where
            raise told.error.fault(where=where, max_completion_tokens=0, delay_s=told.delay_s) from None

    def _read(self, status: int, body: bytes, wanted: int) -> list[list[float]]:
        """The vectors of an answer, in the order of the texts."""
        try:
            parsed: object = json.loads(body)
        except (ValueError, RecursionError):
            shown = excerpt(body[:200].decode("utf-8", "replace"), 80)
            raise self._odd(f"answered with no JSON (`{shown}`): check the address") from None
        told = cast("dict[str, object]", parsed) if isinstance(parsed, dict) else {}
        if told.get("error"):
            raise self._endpoint.reported(status, told["error"])
        listed = told.get("data")
        rows = cast("list[object]", listed) if isinstance(listed, list) else []
        entries = [cast("dict[str, object]", row) for row in rows if isinstance(row, dict)]
        if len(entries) != wanted:
            raise self._odd(f"gave {len(entries)} vectors for {wanted} texts: check that it serves embeddings")
        places = [entry.get("index", place) for place, entry in enumerate(entries)]
        by_place = dict(zip(map(str, places), entries, strict=True))
        if by_place.keys() != {str(place) for place in range(wanted)}:
            raise self._odd("does not say which vector is whose: check that it serves embeddings")
        return [self._unit(by_place[str(place)].get("embedding")) for place in range(wanted)]

    def _unit(self, given: object) -> list[float]:
        """A vector in either encoding, of length 1."""
        numbers = _decoded(given) if isinstance(given, str) else given
        if not isinstance(numbers, list):
            raise self._odd("gave no vector for a text: check that it serves embeddings")
        vector = cast("list[object]", numbers)
        if len(vector) != self._dims:
            raise self._odd(f"gives vectors of {len(vector)} numbers, not {self._dims}: pass `dims={len(vector)}`")
        if not all(type(number) in (int, float) for number in vector):
            raise self._odd("gave a vector that holds what is no number: use another model or server")
        floats = cast("list[float]", vector)
        length = math.hypot(*floats)
        if not (math.isfinite(length) and length > 0.0):
            raise self._odd("gave a vector without a direction (NaN, infinite or zero): use another model or server")
        return [number / length for number in floats]

    def _odd(self, what: str) -> ModelRejected:
        return ModelRejected(f"`{self._endpoint.where}` (`{self._model}`) {what}")


def _decoded(text: str) -> list[float] | None:
    """Little-endian 32-bit floats in base64."""
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    count, rest = divmod(len(raw), _FLOAT_BYTES)
    return None if rest else list(struct.unpack(f"<{count}f", raw))
