"""A chat model behind any OpenAI-compatible endpoint: vLLM, SGLang, llama.cpp, Ollama, LM Studio, hosted APIs.

One request is one attempt: the body is joined from fragments, the answer is read as it arrives and never held beyond a
bound, and every failure ends as one of the three model errors. The API key goes into one header of one address: it is
in no message and no representation, and redirects are not followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import sys
import time
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Literal, NoReturn, Self

import httpx

from khala.domain.message import ModelReply, Prompt
from khala.domain.value import JsonObject
from khala.errors import CallerError, ModelRejected, ModelUnavailable
from khala.infrastructure.models.openai.call_format import CallFormat, ThinkingBack, WireReply
from khala.infrastructure.models.openai.endpoint_errors import read_error
from khala.infrastructure.models.openai.mcp_xml_calls import McpXmlCalls
from khala.infrastructure.models.openai.native_calls import NativeCalls
from khala.infrastructure.models.openai.plain_text import excerpt
from khala.infrastructure.models.openai.request_body import Dialect, RequestBodies
from khala.infrastructure.models.openai.retrying import Passing, Retries, asked_delay_s, retried
from khala.infrastructure.models.openai.wire_reply import ErrorInReply, NoReply, StreamedReply, read_whole

__all__ = ["OpenAIChat"]

MAX_COMPLETION_TOKENS = 16_384
"""Tokens of one reply; MiroThinker's setting."""

TIMEOUT_S = 600.0
"""Seconds one reply may take from first to last byte; MiroThinker's setting."""

MAX_REPLY_BYTES = 8_000_000
"""Bytes of one decompressed reply: 16,384 tokens streamed in events of 300 bytes are 5 MB."""

_UNREACHED_ATTEMPTS = 3
_CONNECT_S = 10.0
_IDLE_CONNECTION_S = 30.0
_MOST_ERROR_BYTES = 16_000
_FIRST_REDIRECT, _FIRST_ERROR = 300, 400
_INFLATED = frozenset({"gzip", "x-gzip", "deflate"})


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
        self._url = _completions_url(base_url)
        self._where = str(self._url.copy_with(query=None))
        self._name = model
        self._key = _checked_key(api_key)
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
        self._timeout_s = timeout_s
        self._max_reply_bytes = max_reply_bytes
        self._retries = retries or Retries()
        self._has_answered = False
        self._dialect = Dialect()
        self._clients: dict[asyncio.AbstractEventLoop, httpx.AsyncClient] = {}

    def __repr__(self) -> str:
        return f"OpenAIChat({self._where!r}, {self._name!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    async def reply(self, prompt: Prompt) -> ModelReply:
        """The model's answer to a prompt.

        Raises `ContextTooLong`, `ModelRejected`, or `ModelUnavailable` after all retries.
        """
        wire = await retried(lambda left_s: self._attempt(prompt, left_s), self._retries, where=self._where)
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
        limit_s = min(self._timeout_s, left_s)
        try:
            async with (
                asyncio.timeout(limit_s),
                self._client().stream("POST", self._url, content=body) as response,
            ):
                return await self._read(response)
        except TimeoutError:
            raise Passing(f"no whole reply within {limit_s:g} s", advice=_RAISE_TIMEOUT) from None
        except httpx.ConnectError as error:
            # an address that never answered is more likely wrong than busy
            most = sys.maxsize if self._has_answered else _UNREACHED_ATTEMPTS
            advice = "check that the endpoint runs there"
            raise Passing(f"no connection ({_words(error)})", advice=advice, most_attempts=most) from None
        except httpx.TimeoutException as error:
            raise Passing(f"no answer in time ({_words(error)})", advice=_RAISE_TIMEOUT) from None
        except httpx.TransportError as error:
            raise Passing(f"the connection broke ({_words(error)})") from None
        except zlib.error:
            raise Passing("the compressed body is damaged") from None
        except NoReply as error:
            raise Passing(str(error)) from None

    async def _read(self, response: httpx.Response) -> WireReply:
        self._has_answered = True
        status = response.status_code
        if status >= _FIRST_ERROR:
            self._raise_error(status, await self._head(response), response.headers.get("retry-after"))
        if status >= _FIRST_REDIRECT:
            target = excerpt(response.headers.get("location", "nowhere").partition("?")[0], 200)
            raise ModelRejected(f"`{self._where}` redirects to `{target}`: pass the address that answers itself")
        try:
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                streamed = StreamedReply()
                async for chunk in self._chunks(response, self._max_reply_bytes):
                    streamed.feed(chunk)
                return streamed.reply()
            return read_whole(b"".join([chunk async for chunk in self._chunks(response, self._max_reply_bytes)]))
        except ErrorInReply as error:
            self._raise_error(status, error.body, None)

    def _raise_error(self, status: int, body: object, retry_after: str | None) -> NoReturn:
        error = read_error(status, body, secret=self._key)
        adapted = self._dialect.adapted(error)
        if adapted is not None:
            self._dialect = adapted
            raise Passing(f"it does not know a field of the request ({error.words})")
        delay_s = asked_delay_s(retry_after, time.time())
        raise error.fault(where=self._where, max_completion_tokens=self._max_completion_tokens, delay_s=delay_s)

    async def _head(self, response: httpx.Response) -> bytes:
        """The first bytes of an error's body; all of it is never needed."""
        head = b""
        with suppress(ModelUnavailable, httpx.TransportError, zlib.error):  # what came before a failure counts
            async with aclosing(self._chunks(response, self._max_reply_bytes)) as chunks:
                async for chunk in chunks:
                    head += chunk
                    if len(head) >= _MOST_ERROR_BYTES:
                        break
        return head

    async def _chunks(self, response: httpx.Response, limit: int) -> AsyncGenerator[bytes, None]:
        """The decompressed body, piece by piece; more than `limit` bytes are not taken in.

        The client asks for no compression, but some gateways compress all the same. httpx would inflate a whole piece
        at once, a thousandfold at worst; here no more than the limit is ever inflated.
        """
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in _INFLATED and encoding != "identity":
            raise ModelUnavailable(f"`{self._where}` answers in `{excerpt(encoding, 40)}`, which was not asked for")
        inflating = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32) if encoding in _INFLATED else None
        left = limit
        async for raw in response.aiter_raw():
            chunk = raw if inflating is None else inflating.decompress(raw, left + 1)
            left -= len(chunk)
            if left < 0:
                raise ModelUnavailable(
                    f"`{self._where}` sent a reply of more than {limit:,} bytes: lower `max_completion_tokens`, or "
                    f"raise `max_reply_bytes` if it is meant"
                )
            yield chunk

    def _client(self) -> httpx.AsyncClient:
        """The client of the running event loop; connections cannot be shared between loops."""
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            self._clients = {other: kept for other, kept in self._clients.items() if not other.is_closed()}
            headers = {"accept-encoding": "identity", "content-type": "application/json", "user-agent": "khala"}
            if self._key:
                headers["authorization"] = f"Bearer {self._key}"
            client = self._clients[loop] = httpx.AsyncClient(
                headers=headers,
                timeout=httpx.Timeout(self._timeout_s, connect=min(_CONNECT_S, self._timeout_s)),
                limits=httpx.Limits(keepalive_expiry=_IDLE_CONNECTION_S),
                follow_redirects=False,
                trust_env=not _is_loopback(self._url.host),  # what runs here is not reached through a proxy
            )
        return client


_RAISE_TIMEOUT = "raise `timeout_s` if the model is that slow"


def _completions_url(base_url: str) -> httpx.URL:
    shown = excerpt(base_url.partition("?")[0].rpartition("@")[2], 200)  # neither password nor key
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL:
        raise CallerError(f"`{shown}` is no web address: write http://HOST:PORT/v1") from None
    if url.userinfo:
        raise CallerError("the model's address holds a name or password: pass the key as `api_key`")
    if url.scheme not in ("http", "https") or not url.host:
        raise CallerError(f"`{shown}` is no web address: write http://HOST:PORT/v1")
    path = url.path.rstrip("/")
    return url.copy_with(path=path if path.endswith("/chat/completions") else path + "/chat/completions", fragment=None)


def _checked_key(api_key: str | None) -> str | None:
    key = (api_key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise CallerError("the API key holds characters no key has: check where it was copied from")
    return key or None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _words(error: Exception) -> str:
    return excerpt(str(error), 200) or type(error).__name__
