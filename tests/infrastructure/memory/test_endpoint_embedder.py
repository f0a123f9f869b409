"""The embedder over an endpoint, against a real server that answers well, badly, and not at all."""

from __future__ import annotations

import json
import math
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khala.assembly import Home
from khala.errors import CallerError, MemoryUnusable, ModelRejected
from khala.infrastructure.memory.endpoint_embedder import EndpointEmbedder
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.terms import Unreachable
from khala.infrastructure.models.openai.endpoint import ErrorAnswer
from khala.infrastructure.models.openai.retrying import Retries
from khala.testing.memory_check import check_memory, example_result
from khala.testing.openai_server import Answer, Drop, Embed, Fault, ScriptedOpenAIServer

KEY = "sk-live-0123456789abcdef"
WORDS = ("lake", "cat", "bond", "deep")
REST_OF_TIME_S = 60.0


def counted(text: str) -> list[float]:
    """A vector that counts a few words; never zero."""
    return [0.1 + text.lower().count(word) for word in WORDS]


def bag_of_words(text: str) -> list[float]:
    """A vector that tells texts without a common word apart."""
    vector = [0.0] * 512
    for word in re.findall(r"\w+|\S", text.lower()):
        vector[crc32(word.encode()) % 512] += 1.0
    return vector


def embedder(server: ScriptedOpenAIServer | str, **options: Any) -> EndpointEmbedder:
    url = server if isinstance(server, str) else server.url
    retries = Retries(attempts=4, first_delay_s=0.001, longest_delay_s=0.01)
    return EndpointEmbedder(url, "tiny", **{"dims": 4, "api_key": KEY, "retries": retries, **options})


def listed(*vectors: object, **fields: object) -> Fault:
    rows = [{"index": index, "embedding": vector, **fields} for index, vector in enumerate(vectors)]
    return Fault(200, {"data": rows})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def asked(server: ScriptedOpenAIServer) -> list[Any]:
    return [request.json() for request in server.requests]


@pytest.mark.parametrize("encoding", [None, "float", "base64"])
def test_each_text_gets_its_unit_vector(encoding: Any):
    texts = [f"lake {'cat ' * number}" for number in range(7)]
    with ScriptedOpenAIServer(lambda _: Embed(counted)) as server:
        vectors = embedder(server, encoding=encoding, batch_texts=3).embed(texts)
        assert [len(request["input"]) for request in asked(server)] == [3, 3, 1]
        assert {request.get("encoding_format") for request in asked(server)} == {encoding}
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {KEY}"}
        assert server.connections == 1
    for text, vector in zip(texts, vectors, strict=True):
        expected = counted(text)
        assert vector == pytest.approx([number / math.hypot(*expected) for number in expected], abs=1e-6)


def test_vectors_are_told_apart_by_their_index():
    rows = [{"index": index, "embedding": [float(index == place) for place in range(4)]} for index in (2, 0, 1)]
    with ScriptedOpenAIServer([Fault(200, {"data": rows})]) as server:
        assert [vector.index(1.0) for vector in embedder(server).embed(["a", "b", "c"])] == [0, 1, 2]


def test_prefixes_and_options_are_sent_and_belong_to_the_fingerprint():
    e5 = {"query_prefix": "query: ", "document_prefix": "passage: ", "options": {"dimensions": 4}}
    with ScriptedOpenAIServer(lambda _: Embed(counted)) as server:
        prefixed = embedder(server, **e5)
        prefixed.embed(["lake"])
        prefixed.embed_query("cat")
        assert [request["input"] for request in asked(server)] == [["passage: lake"], ["query: cat"]]
        assert {request["dimensions"] for request in asked(server)} == {4}
        elsewhere = embedder("http://127.0.0.1:1/v1", api_key="another-key-entirely", **e5)
        assert prefixed.fingerprint == elsewhere.fingerprint
    others = [{}, {"dims": 5}, {"options": {"dimensions": 8}}, {"query_prefix": "query: "}]
    told = {embedder("http://127.0.0.1:1/v1", **options).fingerprint for options in (e5, *others)}
    assert len(told) == 5
    assert not any(KEY in each for each in told)


PASSING: dict[str, Answer] = {
    "429": Fault(429, {"error": {"message": "slow down"}}),
    "503": Fault(503, {"error": "loading model"}),
    "an error under 200": Fault(200, {"error": {"message": "overloaded", "code": 503}}),
    "dropped before the answer": Drop("before"),
    "dropped in the answer": Drop("mid-body"),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_may_pass_is_asked_again(fault: Answer):
    with ScriptedOpenAIServer([fault, Embed(counted)]) as server:
        assert len(embedder(server).embed(["lake"])) == 1
        assert len(server.requests) == 2


WRONG: dict[str, tuple[Answer, str]] = {
    "key": (Fault(401, {"error": {"message": f"bad key {KEY}"}}), r"status 401: bad key \[key\].*check the API key"),
    "model": (
        Fault(404, {"error": {"message": "model `tiny` not found"}}),
        "status 404.*check the address and the mod",
    ),
    "page": (Fault(200, "<!doctype html><title>Hi</title>"), r"no JSON \(`<!doctype html>.*check the address"),
    "empty": (Fault(200, ""), "no JSON"),
    "chat": (Fault(200, {"choices": []}), "0 vectors for 2 texts: check that it serves embeddings"),
    "fewer": (listed([1.0, 0, 0, 0]), "1 vectors for 2 texts"),
    "more": (listed(*[[1.0, 0, 0, 0]] * 3), "3 vectors for 2 texts"),
    "dims": (listed(*[[1.0, 0, 0]] * 2), r"vectors of 3 numbers, not 4: pass `dims=3`"),
    "NaN": (listed(*[[math.nan, 0, 0, 1]] * 2), "without a direction"),
    "zero": (listed(*[[0, 0, 0, 0]] * 2), "without a direction"),
    "text": (listed(*[["1", "2", "3", "4"]] * 2), "what is no number"),
    "none": (listed(None, None), "no vector"),
    "base64": (listed("!!", "!!"), "no vector"),
    "twice": (Fault(200, {"data": [{"index": 0, "embedding": [1.0, 0, 0, 0]}] * 2}), "which vector is whose"),
    "moved": (Fault(307, "", {"Location": "http://elsewhere/?key=x"}), "redirects to `http://elsewhere/`"),
}


@pytest.mark.parametrize(("fault", "told"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_setup_is_named_at_once_and_a_change_later_is_an_outage(fault: Answer, told: str):
    with ScriptedOpenAIServer([fault, Embed(counted), fault]) as server:
        tiny = embedder(server)
        with pytest.raises(MemoryUnusable, match=told) as caught:
            tiny.embed(["lake", "cat"])
        assert not isinstance(caught.value, Unreachable)
        assert KEY not in str(caught.value)
        tiny.embed(["lake"])
        with pytest.raises(Unreachable, match=told):
            tiny.embed(["lake", "cat"])
        assert len(server.requests) == 3


def test_nobody_there_and_no_answer_in_time_are_outages():
    with pytest.raises(Unreachable, match=r"3 attempts: no connection.*check that the endpoint runs there"):
        embedder(f"http://127.0.0.1:{free_port()}/v1").embed(["lake"])
    with ScriptedOpenAIServer(lambda _: Fault(200, "", delay_s=5)) as server:
        with pytest.raises(Unreachable, match=r"no whole reply within 0\.1 s.*raise `timeout_s`"):
            embedder(server, timeout_s=0.1).embed_query("lake")
        hasty = embedder(server, retries=Retries(total_s=0.2))
        start = time.monotonic()
        with pytest.raises(Unreachable):
            hasty.embed_query("lake")
        assert time.monotonic() - start < 2


def test_a_text_that_is_too_long_is_cut_and_a_batch_that_is_too_large_is_split():
    def picky(request: Any) -> Answer:
        if len(request["input"]) > 2:
            return Fault(413, {"error": "batch size 5 > maximum allowed batch size 2"})
        if max(map(len, request["input"])) > 100:
            return Fault(400, {"error": {"message": "This model's maximum context length is 100 tokens"}})
        return Embed(counted)

    texts = ["lake " * 90, "cat", "bond", "deep", "lake"]
    with ScriptedOpenAIServer(picky) as server:
        vectors = embedder(server).embed(texts)
    assert [vector.index(max(vector)) for vector in vectors] == [0, 1, 2, 3, 0]


@pytest.mark.parametrize(
    ("url", "key"), [("ftp://x/v1", ""), ("http://u:p@x/v1", ""), ("nowhere", ""), ("http://x/v1", "a\nb")]
)
def test_what_cannot_be_an_address_or_key_is_refused(url: str, key: str):
    with pytest.raises(CallerError):
        EndpointEmbedder(url, "tiny", dims=4, api_key=key)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["index", "embedding"]), inner),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60) | JSON.map(lambda data: json.dumps({"data": data}).encode()))
def test_no_answer_whatever_gives_anything_but_unit_vectors_or_an_error(body: bytes):
    reader = embedder("http://127.0.0.1:1/v1", dims=1)
    try:
        vectors = reader._read(200, body, 1)
    except (ModelRejected, ErrorAnswer):
        return
    assert [abs(number) for [number] in vectors] == pytest.approx([1.0])


class Switch:
    """An endpoint that can be turned off."""

    def __init__(self) -> None:
        self.is_on = True

    def __call__(self, _: object) -> Answer:
        return Embed(counted) if self.is_on else Fault(503)


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
def tiny(switch: Switch) -> Iterator[EndpointEmbedder]:
    with ScriptedOpenAIServer(switch) as server:
        yield embedder(server)


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + REST_OF_TIME_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_memory_over_an_endpoint_keeps_the_promises_of_a_memory(tmp_path: Path):
    opened: list[LanceMemory] = []
    with ScriptedOpenAIServer(lambda _: Embed(bag_of_words)) as server:
        served = embedder(server, dims=512, encoding="base64")

        def fresh() -> LanceMemory:
            opened.append(LanceMemory(tmp_path / str(len(opened)), embedder=served))
            return opened[-1]

        check_memory(fresh)
        for memory in opened:
            memory.close()


def test_while_the_endpoint_is_away_words_are_found_and_indexing_goes_on_later(
    tmp_path: Path, tiny: EndpointEmbedder, switch: Switch, capsys: pytest.CaptureFixture[str]
):
    with closing(LanceMemory(tmp_path, embedder=tiny, wait_s=REST_OF_TIME_S)) as memory:
        memory.remember(example_result("The lake Saimaa is deep.", number=1))
        assert memory.recall("Saimaa", limit=1)[0].result_id == "run-1"
        assert memory.stats().semantic
        switch.is_on = False
        start = time.monotonic()
        for number in range(2, 6):
            memory.remember(example_result(f"The cat Misu{number} sleeps.", number=number))
            assert memory.recall(f"Misu{number}", limit=1)[0].result_id == f"run-{number}"
        assert memory.recall("Saimaa", limit=1)[0].result_id == "run-1"
        assert time.monotonic() - start < REST_OF_TIME_S / 4
        assert (memory.stats().results, memory.stats().pending, memory.stats().semantic) == (1, 4, False)
        switch.is_on = True
        eventually(lambda: memory.stats().pending == 0)
        assert (memory.stats().results, memory.stats().semantic) == (5, True)
    said = capsys.readouterr().out
    assert said.count("memory finds less for now") == said.count("memory finds everything again") == 1
    assert "status 503" in said


def test_what_an_outage_left_unindexed_is_indexed_at_the_next_start(
    tmp_path: Path, tiny: EndpointEmbedder, switch: Switch
):
    results = [example_result(f"The lake Saimaa{number} is deep.", number=number) for number in range(1, 41)]
    switch.is_on = False
    with closing(LanceMemory(tmp_path, embedder=tiny)) as memory:
        for result in results:
            memory.remember(result)
        assert memory.recall("Saimaa7", limit=1)[0].result_id == "run-7"
        start = time.monotonic()
    assert time.monotonic() - start < 5  # closing does not wait for what is away
    switch.is_on = True
    with closing(LanceMemory(tmp_path, embedder=tiny, catch_up=lambda known: results)) as memory:
        eventually(lambda: memory.stats().results == 40)


def test_a_wrong_setup_stops_recall_and_not_remember(tmp_path: Path):
    with (
        ScriptedOpenAIServer(lambda _: Fault(401, {"error": "no such key"})) as server,
        closing(LanceMemory(tmp_path, embedder=embedder(server))) as memory,
    ):
        memory.remember(example_result("The lake Saimaa is deep."))
        with pytest.raises(MemoryUnusable, match=r"401.*check the API key"):
            memory.recall("Saimaa")
        memory.remember(example_result("The lake Inari is far.", number=2))


def test_a_home_takes_any_embedder(tmp_path: Path, tiny: EndpointEmbedder):
    with Home(tmp_path, embedder=tiny) as home:
        home.memory.remember(example_result("The lake Saimaa is deep."))
        [found] = home.memory.recall("a lake", limit=1)
        assert found.result_id == "run-1"
        assert home.memory.stats().embedder == tiny.fingerprint == "tiny dims:4"
    with Home(tmp_path) as home, pytest.raises(MemoryUnusable, match="another embedder"):
        home.memory.stats()


def test_word_pieces_are_rather_over_than_underestimated():
    count: Callable[[str], int] = embedder("http://127.0.0.1:1/v1").count_tokens
    texts: Sequence[str] = ("a lake", '{"id": 4711}', "深い湖", "")
    assert [count(text) for text in texts] == [2, 10, 3, 0]
