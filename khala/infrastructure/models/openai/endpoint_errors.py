"""Decides what an endpoint's error means: shrink the prompt, try again, or give up.

1. Words that say the context is too long, or status 413: `ContextTooLong`, whatever the status. If the endpoint states
   a context that the reply alone would fill, no shrinking helps: `ModelRejected`.
2. No money or quota left: `ModelRejected`.
3. 408, 409, 425, 429, every 5xx, and an error object that carries no status: it may pass, `Passing`.
4. Everything else: `ModelRejected`, with the endpoint's own words and a hint.

Only messages, codes and types are read, never the parts of an error that echo the prompt.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from khala.errors import ContextTooLong, ModelRejected
from khala.infrastructure.models.openai.context_length import says_context_too_long, stated_context_tokens
from khala.infrastructure.models.openai.plain_text import excerpt
from khala.infrastructure.models.openai.retrying import Passing

__all__ = ["EndpointError", "read_error"]

_MOST_WORDS = 300
"""Characters of the endpoint's words in a message of ours."""

_SHORTEST_SECRET = 8
"""Characters; local servers take placeholders such as `x` for a key, and words must stay readable."""

_MAY_PASS = frozenset({408, 409, 425, 429})

_FIRST_ERROR, _FIRST_SERVER_ERROR, _LAST_STATUS = 400, 500, 599

_HINTS = {
    400: "check the model name and the options",
    401: "check the API key",
    402: "check the account's balance",
    403: "check that the key may use this model",
    404: "check the address and the model name",
    405: "check the address: it should end in the API's version, such as /v1",
    422: "check the model name and the options",
}

_TOLD_KEYS = ("error", "message", "detail", "msg", "reason", "code", "type", "status", "metadata", "raw")


@dataclass(frozen=True, slots=True)
class EndpointError:
    """An error as the endpoint reported it."""

    status: int
    """The HTTP status; under a 2xx, the one the error object names, or 0."""
    told: tuple[str, ...]
    """Messages, codes and types, the main message first."""

    @property
    def words(self) -> str:
        """What it says, in one bounded line."""
        return excerpt(self.told[0], _MOST_WORDS) if self.told else "no reason given"

    def says(self, word: str) -> bool:
        """Whether anything told contains the word."""
        return any(word in told for told in self.told)

    def fault(self, *, where: str, max_completion_tokens: int, delay_s: float) -> Exception:
        """The exception that fits, to be raised."""
        everything = "\n".join(self.told)
        said = f"status {self.status}: {self.words}" if self.status else self.words
        if self.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or says_context_too_long(everything):
            stated = stated_context_tokens(everything)
            if stated is not None and stated <= max_completion_tokens:
                return ModelRejected(
                    f"`{where}` has a context of {stated} tokens, and {max_completion_tokens} are asked for the reply "
                    f"alone: lower `max_completion_tokens`"
                )
            return ContextTooLong(f"`{where}` says the prompt is too long ({said}): shorten it")
        if self.says("insufficient_quota") or self.says("insufficient_balance"):
            return ModelRejected(f"`{where}` refused the request ({said}): {_HINTS[402]}")
        if not self.status or self.status in _MAY_PASS or self.status >= _FIRST_SERVER_ERROR:
            advice = "wait, or ask less often" if self.status == HTTPStatus.TOO_MANY_REQUESTS else ""
            return Passing(said, advice=advice, delay_s=delay_s)
        hint = _HINTS.get(self.status, "check the address and the options")
        return ModelRejected(f"`{where}` refused the request ({said}): {hint}")


def read_error(status: int, body: bytes | object, *, secret: str | None = None) -> EndpointError:
    """An error from a body, raw or parsed; `secret` is struck out wherever the endpoint repeats it."""
    parsed: object = body
    if isinstance(body, bytes):
        text = body.decode("utf-8", "replace")
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            parsed = text
    told: list[str] = []
    _collect(parsed, told, levels=5)
    if secret and len(secret) >= _SHORTEST_SECRET:
        told = [text.replace(secret, "[key]") for text in told]
    if status < _FIRST_ERROR:
        codes = (int(text) for text in told if re.fullmatch("[0-9]{3}", text))
        status = next((code for code in codes if _FIRST_ERROR <= code <= _LAST_STATUS), 0)
    return EndpointError(status, tuple(told))


def _collect(value: object, told: list[str], *, levels: int) -> None:
    if levels == 0:
        return
    if isinstance(value, dict):
        mapping = cast("dict[str, object]", value)
        for key in _TOLD_KEYS:
            _collect(mapping.get(key), told, levels=levels - 1)
    elif isinstance(value, list):
        for item in cast("list[object]", value)[:5]:
            _collect(item, told, levels=levels - 1)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        text = str(value)[:4_000]
        if text.strip():
            told.append(text)
