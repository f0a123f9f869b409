"""A chat model behind any OpenAI-compatible endpoint: vLLM, SGLang, llama.cpp, Ollama, LM Studio, hosted APIs.

One request is one attempt (`endpoint.py`): the body is joined from fragments, and every failure ends as one of three
model errors.
"""

from __future__ import annotations

from typing import Literal, Self

from khala.domain.message import ModelReply, Prompt
from khala.domain.value import JsonObject
from khala.infrastructure.models.openai.call_format import CallFormat, ThinkingBack, WireReply
from khala.infrastructure.models.openai.endpoint import Answer, Endpoint, ErrorAnswer
from khala.infrastructure.models.openai.mcp_xml_calls import McpXmlCalls
from khala.infrastructure.models.openai.native_calls import NativeCalls
from khala.infrastructure.models.openai.request_body import Dialect, RequestBodies
from khala.infrastructure.models.openai.retrying import Passing, Retries, retried
from khala.infrastructure.models.openai.wire_reply import ErrorInReply, NoReply, StreamedReply, read_whole

__all__ = ["OpenAIChat"]

MAX_COMPLETION_TOKENS = 16_384
"""Tokens of one reply; MiroThinker's setting."""

TIMEOUT_S = 600.0
"""Seconds one reply may take from first to last byte; MiroThinker's setting."""

MAX_REPLY_BYTES = 8_000_000
"""Bytes of one decompressed reply: 16,384 tokens streamed in events of 300 bytes are 5 MB."""


class OpenAIChat:
    """A `ChatModel` over the `/chat/completions` protocol.

    `base_url` is the address of the API (`http://localhost:8000/v1`), with or without `/chat/completions`. `calls`
    says how the model writes calls: `native` (`tool_calls`) or `mcp-xml` (MiroThinker's blocks). `thinking_back` says
    how earlier thoughts are sent back; by default inside `<think>` for `mcp-xml` and not at all for `native`.
    `options` are further request fields (`repetition_penalty`, `chat_template_kwargs` ...).

    Use it as an async context manager, or close it with `aclose()`. One instance serves any number of runs at once and
    keeps its connections. Raises `CallerError` for an address or key that cannot be one.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        calls: Literal["native", "mcp-xml"] = "native",
        api_key: str | None = None,
        stream: bool = False,
        temperature: float | None = None,
        top_p: float | None = None,
        max_completion_tokens: int = MAX_COMPLETION_TOKENS,
        options: JsonObject | None = None,
        thinking_back: ThinkingBack | None = None,
        timeout_s: float = TIMEOUT_S,
        max_reply_bytes: int = MAX_REPLY_BYTES,
        retries: Retries | None = None,
    ) -> None:
        self._endpoint = Endpoint(
            base_url,
            "/chat/completions",
            api_key=api_key,
            timeout_s=timeout_s,
            max_answer_bytes=max_reply_bytes,
            too_large="lower `max_completion_tokens`, or raise `max_reply_bytes` if it is meant",
        )
        self._name = model
        self._format: CallFormat = (
            NativeCalls(thinking_back or "dropped") if calls == "native" else McpXmlCalls(thinking_back or "tags")
        )
        sampling: JsonObject = {"temperature": temperature, "top_p": top_p}
        self._bodies = RequestBodies(
            self._format,
            model=model,
            stream=stream,
            max_completion_tokens=max_completion_tokens,
            options={**{name: value for name, value in sampling.items() if value is not None}, **(options or {})},
        )
        self._max_completion_tokens = max_completion_tokens
        self._retries = retries or Retries()
        self._dialect = Dialect()

    def __repr__(self) -> str:
        return f"OpenAIChat({self._endpoint.where!r}, {self._name!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._endpoint.aclose()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    async def reply(self, prompt: Prompt) -> ModelReply:
        """The model's answer to a prompt.

        Raises `ContextTooLong`, `ModelRejected`, or `ModelUnavailable` after all retries.
        """
        wire = await retried(lambda left_s: self._attempt(prompt, left_s), self._retries, where=self._endpoint.where)
        read = self._format.read(wire)
        return ModelReply(
            text=read.text,
            thinking=read.thinking,
            calls=read.calls,
            malformed=read.malformed,
            finish=wire.finish,
            usage=wire.usage,
        )

    async def _attempt(self, prompt: Prompt, left_s: float) -> WireReply:
        body = self._bodies.body(prompt, self._dialect)
        try:
            async with self._endpoint.answer(body, left_s=left_s) as answer:
                return await self._read(answer)
        except NoReply as error:
            raise Passing(str(error)) from None
        except ErrorAnswer as told:
            adapted = self._dialect.adapted(told.error)
            if adapted is not None:
                self._dialect = adapted
                raise Passing(f"it does not know a field of the request ({told.error.words})") from None
            limit = self._max_completion_tokens
            raise told.error.fault(
                where=self._endpoint.where, max_completion_tokens=limit, delay_s=told.delay_s
            ) from None

    async def _read(self, answer: Answer) -> WireReply:
        try:
            if answer.is_stream:
                streamed = StreamedReply()
                async for chunk in answer.chunks():
                    streamed.feed(chunk)
                return streamed.reply()
            return read_whole(await answer.whole())
        except ErrorInReply as error:
            raise self._endpoint.reported(answer.status, error.body) from None
