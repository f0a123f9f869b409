"""The chat client against a real server that misbehaves in every way endpoints do."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.utils import formatdate
from typing import Any

import pytest

from khala.domain.message import ModelReply, Prompt, SystemMessage, UserMessage
from khala.errors import ModelError, ModelRejected, ModelUnavailable
from khala.infrastructure.models.openai.chat import OpenAIChat
from khala.infrastructure.models.openai.retrying import Retries
from khala.testing.openai_server import Answer, Drop, Fault, Say, ScriptedOpenAIServer

PROMPT = Prompt((SystemMessage("s"), UserMessage("u")), (), 2, "u")

KEY = "sk-live-0123456789abcdef"


def at_once(slept: list[float] | None = None, **limits: Any) -> Retries:
    async def sleep(delay_s: float) -> None:
        if slept is not None:
            slept.append(delay_s)

    return Retries(sleep=sleep, chance=lambda: 1.0, **limits)


async def ask(server: ScriptedOpenAIServer | str, **options: Any) -> ModelReply:
    url = server if isinstance(server, str) else server.url
    async with OpenAIChat(url, "tiny", **{"retries": at_once(), "api_key": KEY, **options}) as model:
        return await model.reply(PROMPT)


PASSING = {
    "429": Fault(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}),
    "a throttle that speaks of tokens": Fault(429, {"message": "Too many tokens, please wait before trying again."}),
    "500": Fault(500, "<html>oops</html>"),
    "502": Fault(502),
    "503": Fault(503, {"error": "loading model"}),
    "504": Fault(504),
    "529": Fault(529, {"error": {"type": "overloaded_error", "message": "Overloaded"}}),
    "dropped before the answer": Drop("before"),
    "dropped in the answer": Drop("mid-body"),
    "half a JSON body": Fault(200, '{"choices": [{"message": {"content": "ha'),
    "an empty body": Fault(200, ""),
    "a body that is no JSON": Fault(200, "<html>gateway</html>"),
    "a body without choices": Fault(200, {"object": "chat.completion", "choices": []}),
    "an error under 200": Fault(200, {"error": {"message": "backend went away"}}),
    "an error under 200 with a code": Fault(200, {"error": {"message": "overloaded", "code": 503}}),
    "a reply given up": Fault(200, {"choices": [{"message": {"content": "x"}, "finish_reason": "abort"}]}),
    "damaged compression": Fault(200, b"\x1f\x8b not gzip", {"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_passing_fault_is_retried(fault: Answer, stream: bool) -> None:
    with ScriptedOpenAIServer([fault, Say("after all")]) as server:
        assert asyncio.run(ask(server, stream=stream)).text == "after all"
        assert len(server.requests) == 2


SSE = {"Content-Type": "text/event-stream"}
HALF = 'data: {"choices":[{"delta":{"content":"hal"}}]}\n\n'


@pytest.mark.parametrize(
    "body",
    [
        HALF,
        HALF + 'data: {"choices":[{"del',
        HALF + 'data: {"error":{"message":"worker died"}}\n\n',
        'event: error\ndata: {"error":"worker died"}\n\n',
        ": nothing but a comment\n\n",
        "",
    ],
    ids=["no end", "cut in an event", "an error inside", "only an error", "only a comment", "empty"],
)
def test_a_stream_that_breaks_off_is_retried(body: str) -> None:
    with ScriptedOpenAIServer([Fault(200, body, SSE), Say("after all")]) as server:
        assert asyncio.run(ask(server, stream=True)).text == "after all"


REFUSED = {
    400: "options",
    401: "API key",
    402: "balance",
    403: "key may use this model",
    404: "model name",
    405: "/v1",
    422: "options",
}


@pytest.mark.parametrize(("status", "hint"), REFUSED.items())
def test_a_refusal_is_final_and_tells_what_to_check(status: int, hint: str) -> None:
    with (
        ScriptedOpenAIServer([Fault(status, {"error": {"message": "no such luck"}})]) as server,
        pytest.raises(ModelRejected, match=f"status {status}: no such luck.*{hint}") as caught,
    ):
        asyncio.run(ask(server))
    assert server.url in str(caught.value)
    assert len(server.requests) == 1


def test_words_of_the_endpoint_are_bounded_escaped_and_rid_of_the_key() -> None:
    words = f"bad key {KEY} \x1b[31m\n" + "x" * 10_000
    with (
        ScriptedOpenAIServer([Fault(401, {"error": {"message": words}})]) as server,
        pytest.raises(ModelRejected, match=r"bad key \[key\] \\x1b\[31m xxx") as caught,
    ):
        asyncio.run(ask(server))
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


def test_the_key_is_in_no_error_even_after_all_retries() -> None:
    answers = [Fault(500, f"key {KEY}"), Fault(200, {"error": KEY}), Drop(), Fault(503, {"error": {"code": KEY}})]
    with ScriptedOpenAIServer(answers) as server, pytest.raises(ModelUnavailable) as caught:
        asyncio.run(ask(server, retries=at_once(attempts=4)))
    assert KEY not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert "4 attempts" in str(caught.value)


def test_a_placeholder_for_a_key_does_not_garble_the_words() -> None:
    with (
        ScriptedOpenAIServer([Fault(400, {"error": "no extra text expected"})]) as server,
        pytest.raises(ModelRejected, match=r"no extra text expected"),
    ):
        asyncio.run(ask(server, api_key="x"))


def test_an_empty_purse_is_not_waited_for() -> None:
    broke = Fault(429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}})
    with ScriptedOpenAIServer([broke]) as server, pytest.raises(ModelRejected, match=r"balance"):
        asyncio.run(ask(server))


def test_a_host_that_is_not_there_is_named_with_the_next_step() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailable, match=r"3 attempts: no connection.*the endpoint runs") as caught:
            asyncio.run(ask(url, retries=at_once(attempts=3)))
    assert url in str(caught.value)


def test_a_silent_endpoint_times_out() -> None:
    with ScriptedOpenAIServer([Say("too late", delay_s=5)]) as server:
        begun = time.monotonic()
        with pytest.raises(ModelUnavailable, match=r"raise `timeout_s`"):
            asyncio.run(ask(server, timeout_s=0.2, retries=at_once(attempts=1)))
    assert time.monotonic() - begun < 2


def test_a_cancelled_call_ends_at_once_and_is_not_retried() -> None:
    async def run(server: ScriptedOpenAIServer) -> None:
        asking = asyncio.create_task(ask(server))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    with ScriptedOpenAIServer([Say("late", delay_s=5), Say("never")]) as server:
        asyncio.run(run(server))
        assert len(server.requests) == 1


def big_body() -> bytes:
    return json.dumps({"choices": [{"message": {"content": "x" * 10_000_000}}]}).encode()


@pytest.mark.parametrize("kind", ["announced", "compressed", "streamed"])
def test_a_reply_of_ten_megabytes_is_not_taken_in(kind: str) -> None:
    body = big_body()
    answer: Answer = {
        "announced": Fault(200, body),
        "compressed": Fault(200, gzip.compress(body, 1), {"Content-Encoding": "gzip"}),
        "streamed": Fault(200, b'data: {"choices":[{"delta":{"content":"' + body, SSE),
    }[kind]
    with (
        ScriptedOpenAIServer([answer]) as server,
        pytest.raises(ModelUnavailable, match=r"more than 8,000,000 bytes.*max_reply_bytes"),
    ):
        asyncio.run(ask(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
def test_a_reply_without_end_is_held_only_up_to_the_bound(compressed: bool) -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + (b"Content-Encoding: gzip\r\n" if compressed else b"") + b"\r\n")
        packing = zlib.compressobj(wbits=31)
        piece = b" " * 50_000
        with suppress(ConnectionError):
            while sent < 100_000_000:
                writer.write(packing.compress(piece) + packing.flush(zlib.Z_SYNC_FLUSH) if compressed else piece)
                await writer.drain()
                sent += len(piece)
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(flood, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(ModelUnavailable, match=r"more than 1,000,000 bytes"):
                await ask(f"http://127.0.0.1:{port}/v1", max_reply_bytes=1_000_000)

    asyncio.run(run())  # imports and caches of the first request are none of its memory
    sent = 0
    tracemalloc.start()
    try:
        asyncio.run(run())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent > 1_000_000
    assert peak < 4_000_000


def test_a_compressed_reply_is_read_all_the_same() -> None:
    body = json.dumps({"choices": [{"message": {"content": "packed"}}]}).encode()
    with ScriptedOpenAIServer([Fault(200, gzip.compress(body), {"Content-Encoding": "gzip"})]) as server:
        assert asyncio.run(ask(server)).text == "packed"


def test_an_error_page_without_end_is_read_only_at_its_head() -> None:
    with (
        ScriptedOpenAIServer([Fault(400, b"no such model " + b"x" * 3_000_000)]) as server,
        pytest.raises(ModelRejected, match=r"no such model"),
    ):
        asyncio.run(ask(server))


def test_a_redirect_is_not_followed_and_the_key_stays_here() -> None:
    with ScriptedOpenAIServer([Say("stolen")]) as elsewhere:
        moved = Fault(307, "", {"Location": elsewhere.url + "/chat/completions?token=1"})
        with (
            ScriptedOpenAIServer([moved]) as server,
            pytest.raises(ModelRejected, match=r"redirects to .*pass the address") as caught,
        ):
            asyncio.run(ask(server))
        assert elsewhere.requests == []
        assert "token" not in str(caught.value)


def test_an_endpoint_that_wants_other_fields_gets_them() -> None:
    def choose(body: dict[str, Any]) -> Answer:
        if "max_tokens" in body:
            told = "Unsupported parameter: 'max_tokens' is not supported with this model. "
            return Fault(400, {"error": {"message": told + "Use 'max_completion_tokens' instead."}})
        if "stream_options" in body:
            return Fault(422, {"detail": [{"loc": ["body", "stream_options"], "msg": "stream_options: not permitted"}]})
        return Say(f"{body['max_completion_tokens']}")

    async def twice(url: str) -> list[str]:
        async with OpenAIChat(url, "tiny", stream=True, max_completion_tokens=5, retries=at_once()) as model:
            return [(await model.reply(PROMPT)).text for _ in range(2)]

    with ScriptedOpenAIServer(choose) as server:
        assert asyncio.run(twice(server.url)) == ["5", "5"]
        assert len(server.requests) == 4


def test_pauses_grow_up_to_a_bound_and_attempts_end() -> None:
    slept: list[float] = []
    with ScriptedOpenAIServer([Fault(503)] * 7) as server, pytest.raises(ModelUnavailable, match=r"7 attempts"):
        asyncio.run(ask(server, retries=at_once(slept, attempts=7, longest_delay_s=4.0)))
    assert slept == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (lambda: "7", [7.0]),
        (lambda: "0.75", [0.75]),
        (lambda: "86400", [60.0]),
        (lambda: formatdate(time.time() + 20, usegmt=True), [pytest.approx(20, abs=3)]),
        (lambda: formatdate(time.time() - 900, usegmt=True), [0.5]),
        (lambda: "soon", [0.5]),
        (lambda: "-3", [0.5]),
        (lambda: "nan", [0.5]),
    ],
    ids=["seconds", "parts of seconds", "a day", "a date", "a past date", "no number", "negative", "nan"],
)
def test_the_time_an_endpoint_asks_for_is_waited_within_bounds(
    header: Callable[[], str], expected: list[float]
) -> None:
    slept: list[float] = []
    with ScriptedOpenAIServer([Fault(429, "", {"Retry-After": header()}), Say("ok")]) as server:
        asyncio.run(ask(server, retries=at_once(slept)))
    assert slept == expected


def test_no_attempt_begins_after_the_whole_time_is_up() -> None:
    slept: list[float] = []
    answers = [Fault(429, "", {"Retry-After": "40"})] * 5
    with (
        ScriptedOpenAIServer(answers) as server,
        pytest.raises(ModelUnavailable, match=r"3 attempts: status 429.*ask less often"),
    ):
        asyncio.run(ask(server, retries=at_once(slept, total_s=100.0)))
    assert slept == [40.0, 40.0]


def test_a_long_silence_counts_against_the_whole_time() -> None:
    now = iter([0.0, 0.0, 90.0])

    async def no_sleep(_: float) -> None:
        raise AssertionError("there is no time left to sleep")

    sleep: Callable[[float], Awaitable[None]] = no_sleep
    retries = Retries(total_s=100.0, first_delay_s=20.0, sleep=sleep, chance=lambda: 1.0, clock=lambda: next(now))
    with ScriptedOpenAIServer([Fault(500)]) as server, pytest.raises(ModelUnavailable, match=r"1 attempt"):
        asyncio.run(ask(server, retries=retries))


def test_every_model_error_is_one_printable_line() -> None:
    for answer in (Fault(400, "a\nb\x00c"), Fault(400, ""), Fault(200, {"error": {"x": 1}}), Fault(418, b"\xff\xfe")):
        with ScriptedOpenAIServer([answer]) as server, pytest.raises(ModelError) as caught:
            asyncio.run(ask(server, retries=at_once(attempts=1)))
        assert str(caught.value).isprintable()


def test_an_address_that_never_answered_is_given_up_sooner_than_one_that_did():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
    chat = OpenAIChat(url, "m", retries=Retries(first_delay_s=0.01))
    with pytest.raises(ModelUnavailable, match="in 3 attempts: no connection"):
        asyncio.run(chat.reply(Prompt((UserMessage("hi"),), (), 2, "hi")))
