"""`khala ask` with an endpoint that embeds, beside the one that answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from khala.testing.openai_server import Embed, Fault, Say, ScriptedOpenAIServer

KHALA = [sys.executable, "-m", "khala.cli.main"]
SCRIPT = [
    Say("", calls=[("search_corpus", {"query": "Danube"})]),
    Say("", calls=[("recall", {"query": "Danube"})]),
    Say("The Danube flows 2,850 kilometres to the Black Sea."),
]


def ask(tmp_path: Path, server: ScriptedOpenAIServer, *more: str) -> subprocess.CompletedProcess[str]:
    corpus = tmp_path / "corpus"
    corpus.mkdir(exist_ok=True)
    (corpus / "rivers.md").write_text("The Danube flows 2,850 kilometres to the Black Sea.\n")
    return subprocess.run(
        [
            *KHALA, "ask", "How far does the Danube flow?", "--corpus", str(corpus), "--home", str(tmp_path / "home"),
            "--model", server.url, "--model-name", "scripted", "--json", *more,
        ],
        capture_output=True, text=True, check=False, timeout=100,
        env={**os.environ, "KHALA_API_KEY": "sk-of-the-model", "KHALA_EMBEDDINGS_API_KEY": "sk-of-embeddings"},
    )  # fmt: skip


@pytest.mark.parametrize("is_up", [True, False])
def test_memory_uses_the_endpoint_and_does_without_it_while_it_is_away(tmp_path: Path, is_up: bool):
    answer = Embed(lambda text: [1.0, float("Danube" in text)]) if is_up else Fault(503)
    with ScriptedOpenAIServer(SCRIPT) as server, ScriptedOpenAIServer(lambda _: answer) as embeddings:
        done = ask(
            tmp_path, server,
            "--embeddings", embeddings.url, "--embeddings-name", "tiny", "--embeddings-dims", "2",
            "--query-prefix", "query: ",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        inputs = [text for request in embeddings.requests for text in request.json()["input"]]
        assert any("2,850" in text for text in inputs) or not is_up
        assert "query: Danube" in inputs or not is_up
        keys = {request.headers["authorization"] for request in (*server.requests, *embeddings.requests)}
    outcome = json.loads(done.stdout)
    assert (outcome["status"], outcome["spend"]["tool_calls"]) == ("answered", 2)
    assert ("memory finds less for now" in done.stderr) is not is_up
    assert keys == {"Bearer sk-of-the-model", "Bearer sk-of-embeddings"}
    assert json.loads((tmp_path / "home/memory/embedder.json").read_text())["embedder"].startswith("tiny dims:2")
    files = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert b"sk-of" not in files


def test_half_an_endpoint_is_refused(tmp_path: Path):
    with ScriptedOpenAIServer([]) as server:
        for options in (["--embeddings", server.url], ["--embeddings-dims", "3"]):
            done = ask(tmp_path, server, *options)
            assert done.returncode == 1
            assert "`--embeddings-name` and `--embeddings-dims`" in done.stderr
