"""`ScriptedOpenAIServer`: a real HTTP server on 127.0.0.1 that speaks the OpenAI protocol from a script.

It is a stand-in for an LLM: it understands nothing, and answers each request with the next entry of its script. What is
real is everything between: sockets, HTTP/1.1 with kept connections, streams in chunks, and the faults of endpoints.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import socketserver
import struct
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, Self

__all__ = ["Answer", "Drop", "Embed", "Fault", "Say", "ScriptedOpenAIServer", "ServedRequest"]


@dataclass(frozen=True)
class Say:
    """A reply of the pretended model; streamed if the request asks for it.

    `calls` are tool names with their arguments; arguments given as a string are sent as they are. Token counts of 0 are
    filled in at four bytes a token.
    """

    text: str = ""
    calls: Sequence[tuple[str, Mapping[str, object] | str]] = ()
    thinking: str = ""
    finish: str | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    delay_s: float = 0.0


@dataclass(frozen=True)
class Fault:
    """Any other answer: a status with a body, which is sent as it is or, if it is no text, as JSON."""

    status: int = 500
    body: object = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0.0


@dataclass(frozen=True)
class Drop:
    """The connection breaks: before a byte of the answer, or in the middle of what `answer` would have sent."""

    when: Literal["before", "mid-body"] = "before"
    answer: Say = field(default_factory=lambda: Say("this answer never arrives as a whole"))


@dataclass(frozen=True)
class Embed:
    """An answer to `/v1/embeddings`: `vector` of each text, as numbers, or in base64 if the request asks for it."""

    vector: Callable[[str], Sequence[float]]


Answer = Say | Fault | Drop | Embed


@dataclass(frozen=True)
class ServedRequest:
    """A request as it came in; `body` is empty if the server keeps no bodies."""

    path: str
    headers: Mapping[str, str]
    size: int
    body: bytes

    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)


class ScriptedOpenAIServer:
    """Answers `/v1/chat/completions` and `/v1/embeddings` from a script, in a thread of its own.

    `answers` are given out in order, one a request, or are a function from the request's JSON to an answer. When they
    run out, the request is refused. `calls` says whether calls are sent as `tool_calls` (`native`) or written into the
    text as MiroThinker's blocks (`mcp-xml`). `keep_bodies=False` records only sizes, for long runs.

        with ScriptedOpenAIServer([Say(calls=[("search", {"query": "x"})]), Fault(429), Say("done")]) as server:
            model = OpenAIChat(server.url, "scripted")
    """

    def __init__(
        self,
        answers: Iterable[Answer] | Callable[[Any], Answer],
        *,
        calls: Literal["native", "mcp-xml"] = "native",
        keep_bodies: bool = True,
    ) -> None:
        self.requests: list[ServedRequest] = []
        self.connections = 0
        self._choose = answers if callable(answers) else None
        self._script = None if callable(answers) else iter(answers)
        self._writes_xml = calls == "mcp-xml"
        self._keep_bodies = keep_bodies
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _connection_type(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="scripted-openai", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._stopping.set()
        with self._lock:
            for connection in self._open:
                _shut(connection)
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The API's address, as clients want it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def connected(self, connection: socket.socket) -> None:
        """Count a connection and keep it in view, so that it ends with the server."""
        with self._lock:
            self.connections += 1
            self._open.add(connection)

    def disconnected(self, connection: socket.socket) -> None:
        """Let a connection go."""
        with self._lock:
            self._open.discard(connection)

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[bytes, bool]:
        """The bytes to send for a request, and whether the connection is kept."""
        with self._lock:
            self.requests.append(ServedRequest(path, headers, len(body), body if self._keep_bodies else b""))
            answer = self._next_answer(path, body)
        if isinstance(answer, Say | Fault) and answer.delay_s:
            self._stopping.wait(answer.delay_s)
        match answer:
            case Fault():
                return _response(answer.status, _fault_body(answer), dict(answer.headers)), True
            case Drop(when="before"):
                return b"", False
            case Drop():
                whole = self._said(answer.answer, body)
                return whole[: (whole.index(b"\r\n\r\n") + len(whole)) // 2], False
            case Say():
                return self._said(answer, body), True
            case Embed():
                return _embedded(answer, json.loads(body)), True

    def _next_answer(self, path: str, body: bytes) -> Answer:
        if path not in ("/v1/chat/completions", "/v1/embeddings"):
            return Fault(404, {"error": {"message": f"no such path: {path}", "type": "not_found"}})
        if self._choose is not None:
            return self._choose(json.loads(body))
        answer = next(self._script, None) if self._script is not None else None
        return answer or Fault(400, {"error": {"message": f"the script ended before request {len(self.requests)}"}})

    def _said(self, say: Say, request: bytes) -> bytes:
        message = _xml_message(say) if self._writes_xml else _native_message(say)
        finish = say.finish or ("tool_calls" if message.get("tool_calls") else "stop")
        usage: dict[str, Any] = {
            "prompt_tokens": say.prompt_tokens or len(request) // 4,
            "completion_tokens": say.completion_tokens or len(json.dumps(message)) // 4,
            "prompt_tokens_details": {"cached_tokens": say.cached_tokens},
        }
        if _STREAM.search(request):
            return _streamed(message, finish, usage)
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
        body = {"id": "scripted", "object": "chat.completion", "choices": [choice], "usage": usage}
        return _response(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


_STREAM = re.compile(rb'"stream"\s*:\s*true')
"""Found outside of strings only: inside one, the quotation marks would be escaped."""

_PIECE_CHARS = 40
"""Characters in one streamed event; small, so that words, tags and arguments are torn apart."""


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 64


def _connection_type(server: ScriptedOpenAIServer) -> type[socketserver.StreamRequestHandler]:
    class Connection(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            server.connected(self.connection)
            try:
                while self._serve_one():
                    pass
            except (ConnectionError, ValueError):  # the client went away
                pass
            finally:
                server.disconnected(self.connection)

        def _serve_one(self) -> bool:
            first = self.rfile.readline().split()
            if len(first) < 3:  # noqa: PLR2004 (method, path, version)
                return False
            headers: dict[str, str] = {}
            while line := self.rfile.readline().strip():
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", "0")))
            sent, kept = server.answer(first[1].decode(), headers, body)
            self.wfile.write(sent)
            if not kept:
                _shut(self.connection)
            return kept

    return Connection


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side may have been faster
        connection.shutdown(socket.SHUT_RDWR)


def _native_message(say: Say) -> dict[str, Any]:
    message: dict[str, Any] = {"content": say.text or None}
    if say.thinking:
        message["reasoning_content"] = say.thinking
    if say.calls:
        message["tool_calls"] = [
            {"id": f"call_{number}", "type": "function", "function": {"name": tool, "arguments": _as_text(arguments)}}
            for number, (tool, arguments) in enumerate(say.calls)
        ]
    return message


def _xml_message(say: Say) -> dict[str, Any]:
    thinking = [f"<think>\n{say.thinking}\n</think>"] if say.thinking else []
    blocks = [
        f"<use_mcp_tool>\n<server_name>khala</server_name>\n<tool_name>{tool}</tool_name>\n"
        f"<arguments>\n{_as_text(arguments)}\n</arguments>\n</use_mcp_tool>"
        for tool, arguments in say.calls
    ]
    return {"content": "\n\n".join([*thinking, *([say.text] if say.text else []), *blocks])}


def _as_text(arguments: Mapping[str, object] | str) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(dict(arguments), ensure_ascii=False)


def _streamed(message: dict[str, Any], finish: str, usage: dict[str, Any]) -> bytes:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    for name in ("reasoning_content", "content"):
        deltas.extend({name: piece} for piece in _pieces(message.get(name) or ""))
    for index, call in enumerate(message.get("tool_calls", ())):
        function = call["function"]
        deltas.append({"tool_calls": [{**call, "index": index, "function": {**function, "arguments": ""}}]})
        deltas.extend(
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in _pieces(function["arguments"])
        )
    events: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    events.append({"choices": [], "usage": usage})
    lines = [": scripted\n\n", *(f"data: {json.dumps(event)}\n\n" for event in events), "data: [DONE]\n\n"]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(line), line.encode()) for line in lines)
    return _head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}) + chunks + b"0\r\n\r\n"


def _pieces(text: str) -> Iterable[str]:
    return (text[start : start + _PIECE_CHARS] for start in range(0, len(text), _PIECE_CHARS))


def _embedded(embed: Embed, request: dict[str, Any]) -> bytes:
    rows: list[dict[str, Any]] = []
    for index, text in enumerate(request["input"]):
        vector: Any = [float(number) for number in embed.vector(text)]
        if request.get("encoding_format") == "base64":
            vector = b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        rows.append({"object": "embedding", "index": index, "embedding": vector})
    body = {"object": "list", "data": rows, "model": request.get("model")}
    return _response(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _fault_body(fault: Fault) -> bytes:
    match fault.body:
        case bytes() as body:
            return body
        case str() as text:
            return text.encode()
        case value:
            return json.dumps(value).encode()


def _response(status: int, body: bytes, headers: dict[str, str]) -> bytes:
    return _head(status, {"Content-Length": str(len(body)), **headers}) + body


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    reason = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Fault"
    lines = (f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items()), "", "")
    return "\r\n".join(lines).encode()
