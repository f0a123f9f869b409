"""One address of an OpenAI-compatible API: takes a JSON body by POST and gives its answer, or says why there is none.

One request is one attempt. The answer is read as it arrives and never held beyond a bound. What may pass comes out as
`Passing`, what never will as `ModelRejected`, and an error the endpoint itself reports as `ErrorAnswer`. The API key
goes into one header of one address: it is in no message and no representation, and redirects are not followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import sys
import time
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress

import httpx

from khala.errors import CallerError, ModelRejected, ModelUnavailable
from khala.infrastructure.models.openai.endpoint_errors import EndpointError, read_error
from khala.infrastructure.models.openai.plain_text import excerpt
from khala.infrastructure.models.openai.retrying import Passing, asked_delay_s

__all__ = ["Answer", "Endpoint", "ErrorAnswer"]

_UNREACHED_ATTEMPTS = 3
_CONNECT_S = 10.0
_IDLE_CONNECTION_S = 30.0
_MOST_ERROR_BYTES = 16_000
_FIRST_REDIRECT, _FIRST_ERROR = 300, 400
_INFLATED = frozenset({"gzip", "x-gzip", "deflate"})


class ErrorAnswer(Exception):
    """The endpoint answered with an error, and asked for `delay_s` seconds of rest."""

    def __init__(self, error: EndpointError, delay_s: float) -> None:
        super().__init__(error.words)
        self.error = error
        self.delay_s = delay_s


class Endpoint:
    """`BASE_URL/PATH`; `base_url` may end in the path already.

    `too_large` is the advice for an answer of more than `max_answer_bytes`. Serves any number of requests at once and
    keeps its connections. Raises `CallerError` for an address or key that cannot be one.
    """

    def __init__(
        self,
        base_url: str,
        path: str,
        *,
        api_key: str | None,
        timeout_s: float,
        max_answer_bytes: int,
        too_large: str,
    ) -> None:
        self._url = _joined(base_url, path)
        self.where = str(self._url.copy_with(query=None))
        self._key = _checked_key(api_key)
        self._timeout_s = timeout_s
        self._max_answer_bytes = max_answer_bytes
        self._too_large = too_large
        self._has_answered = False
        self._clients: dict[asyncio.AbstractEventLoop, httpx.AsyncClient] = {}

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    @asynccontextmanager
    async def answer(self, body: bytes, *, left_s: float) -> AsyncGenerator[Answer]:
        """The answer to a request, to be read within the context.

        Raises `Passing`, `ModelRejected`, `ModelUnavailable` for an answer no retry makes usable, `ErrorAnswer`.
        """
        limit_s = min(self._timeout_s, left_s)
        try:
            async with (
                asyncio.timeout(limit_s),
                self._client().stream("POST", self._url, content=body) as response,
            ):
                answer = Answer(response, self.where, self._max_answer_bytes, self._too_large)
                await self._check(answer, response)
                yield answer
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

    def reported(self, status: int, body: object, retry_after: str | None = None) -> ErrorAnswer:
        """An error that the endpoint reported, to be raised; the key is struck out of it."""
        return ErrorAnswer(read_error(status, body, secret=self._key), asked_delay_s(retry_after, time.time()))

    async def _check(self, answer: Answer, response: httpx.Response) -> None:
        self._has_answered = True
        if answer.status >= _FIRST_ERROR:
            raise self.reported(answer.status, await answer.head(), response.headers.get("retry-after"))
        if answer.status >= _FIRST_REDIRECT:
            target = excerpt(response.headers.get("location", "nowhere").partition("?")[0], 200)
            raise ModelRejected(f"`{self.where}` redirects to `{target}`: pass the address that answers itself")

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


class Answer:
    """What an endpoint answers, its body still on the way."""

    def __init__(self, response: httpx.Response, where: str, max_bytes: int, too_large: str) -> None:
        self._response = response
        self._where = where
        self._max_bytes = max_bytes
        self._too_large = too_large
        self.status = response.status_code

    @property
    def is_stream(self) -> bool:
        """Whether the body is a stream of events."""
        return self._response.headers.get("content-type", "").startswith("text/event-stream")

    async def whole(self) -> bytes:
        """The decompressed body."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def head(self) -> bytes:
        """The first bytes of an error's body; all of it is never needed."""
        head = b""
        with suppress(ModelUnavailable, httpx.TransportError, zlib.error):  # what came before a failure counts
            async with aclosing(self.chunks()) as chunks:
                async for chunk in chunks:
                    head += chunk
                    if len(head) >= _MOST_ERROR_BYTES:
                        break
        return head

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The decompressed body, piece by piece; more than the bound is not taken in.

        The client asks for no compression, but some gateways compress all the same. httpx would inflate a whole piece
        at once, a thousandfold at worst; here no more than the bound is ever inflated.
        """
        encoding = self._response.headers.get("content-encoding", "identity").lower()
        if encoding not in _INFLATED and encoding != "identity":
            raise ModelUnavailable(f"`{self._where}` answers in `{excerpt(encoding, 40)}`, which was not asked for")
        inflating = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32) if encoding in _INFLATED else None
        left = self._max_bytes
        async for raw in self._response.aiter_raw():
            chunk = raw if inflating is None else inflating.decompress(raw, left + 1)
            left -= len(chunk)
            if left < 0:
                raise ModelUnavailable(
                    f"`{self._where}` sent a reply of more than {self._max_bytes:,} bytes: {self._too_large}"
                )
            yield chunk


_RAISE_TIMEOUT = "raise `timeout_s` if the model is that slow"


def _joined(base_url: str, path: str) -> httpx.URL:
    shown = excerpt(base_url.partition("?")[0].rpartition("@")[2], 200)  # neither password nor key
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL:
        raise CallerError(f"`{shown}` is no web address: write http://HOST:PORT/v1") from None
    if url.userinfo:
        raise CallerError("the model's address holds a name or password: pass the key as `api_key`")
    if url.scheme not in ("http", "https") or not url.host:
        raise CallerError(f"`{shown}` is no web address: write http://HOST:PORT/v1")
    base = url.path.rstrip("/")
    return url.copy_with(path=base if base.endswith(path) else base + path, fragment=None)


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
