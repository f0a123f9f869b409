"""How well memory finds, beside exact dense search and LanceDB's own full-text and hybrid search.

    python benchmarks/recall.py --data DIR [--halves] [--json FILE]

DIR holds `NAME.docs.jsonl.gz` (id, text, meta) and `NAME.queries.jsonl.gz` (id, text, rel: ids of the relevant ones). A
document becomes a tool result: `tool` of its meta is the tool, the rest but `step` the arguments. All rank the same
passages with the same headers and vectors, and a result stands where its first passage stands. One setting for all
sets. `--halves` tells each half of the queries apart (by the hash of the id), so that what was chosen by looking at one
can be held to the other. The time is that of a recall with the embedding of its query.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import logging
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lancedb
import structlog
from lancedb.index import FTS
from lancedb.rerankers import RRFReranker

from khala.domain.call import ToolResult
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.passages import passages
from khala.infrastructure.memory.sentence_embedder import SentenceEmbedder, find_embedder
from khala.infrastructure.memory.word_memory import WordMemory
from khala.testing.memory_check import example_result

HYBRID, LEXICAL, SQLITE = "khala", "khala, words only", "khala, words only, SQLite"
TARGETS = {
    "2wiki": {HYBRID: 0.81, LEXICAL: 0.76},
    "tau2-retail-json": {HYBRID: 0.66, LEXICAL: 0.64},
    "react-tool-results": {HYBRID: 0.76, LEXICAL: 0.67},
}
"""nDCG@10."""

TOP = 10
PASSAGES = 100
"""Passages asked for, to have ten results among them."""

WAIT_S = 600.0
"""Seconds until all is embedded, at most."""

Order = Callable[[str], Sequence[str]]
"""Result ids for a query, best first; an id may come several times."""


@dataclass(frozen=True)
class Query:
    """A question and the ids of the results that answer it."""

    id: str
    text: str
    rel: frozenset[str]

    @property
    def half(self) -> int:
        """0 or 1, by nothing but the id."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2


@dataclass(frozen=True)
class Outcome:
    """How well one query was answered."""

    half: int
    ndcg: float
    recall_5: float
    recall_10: float
    time_s: float


class OnceEmbedded:
    """The packaged model; passages are embedded once, queries each time."""

    def __init__(self, model: SentenceEmbedder) -> None:
        self._model = model
        self._vectors: dict[str, list[float]] = {}
        self.fingerprint, self.dims, self.max_tokens = model.fingerprint, model.dims, model.max_tokens
        self.embed_query, self.count_tokens = model.embed_query, model.count_tokens

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """The vectors of passages."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        self._vectors |= dict(zip(new, self._model.embed(new), strict=True))
        return [self._vectors[text] for text in texts]


def read(file: Path) -> list[dict[str, Any]]:
    """The lines of a gzipped file of JSON lines."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def result_of(document: dict[str, Any]) -> ToolResult:
    """The document as a tool would have returned it."""
    meta = document["meta"]
    arguments = {name: value for name, value in meta.items() if name not in {"tool", "step"}}
    made = example_result(document["text"], tool=meta.get("tool", "read_document"), arguments=arguments)
    return made.model_copy(update={"call": made.call.model_copy(update={"id": document["id"]})})


def judged(query: Query, order: Order) -> Outcome:
    """One query, timed and judged."""
    start = time.perf_counter()
    found = list(dict.fromkeys(order(query.text)))[:TOP]
    time_s = time.perf_counter() - start
    gain = sum(1 / math.log2(rank + 1) for rank, id_ in enumerate(found, start=1) if id_ in query.rel)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(TOP, len(query.rel)) + 1))
    held_5, held_10 = (len(query.rel.intersection(found[:most])) / len(query.rel) for most in (TOP // 2, TOP))
    return Outcome(query.half, gain / ideal, held_5, held_10, time_s)


def by_memory(memory: LanceMemory | WordMemory) -> Order:
    """The order of one of khala's memories."""
    return lambda query: [id_ for one in memory.recall(query, limit=PASSAGES) for id_ in (one.result_id, *one.also_in)]


def by_lancedb(folder: Path, results: Sequence[ToolResult], embedder: OnceEmbedded) -> dict[str, Order]:
    """LanceDB's own ways, over a table of the same passages with its default full-text index."""
    found = [
        passage
        for result in results
        for passage in passages(result, count_tokens=embedder.count_tokens, max_tokens=embedder.max_tokens)
    ]
    vectors = embedder.embed([passage.words for passage in found])
    rows = [
        {"result_id": passage.result_id, "words": passage.words, "vector": vector}
        for passage, vector in zip(found, vectors, strict=True)
    ]
    table: Any = lancedb.connect(folder).create_table("passages", data=rows)
    table.create_index("words", config=FTS())

    def ids(search: Any, score: str) -> list[str]:
        return [row["result_id"] for row in search.select(["result_id", score]).limit(PASSAGES).to_list()]

    def dense(query: str) -> list[str]:
        return ids(table.search(embedder.embed_query(query)).distance_type("cosine"), "_distance")

    def full_text(query: str) -> list[str]:
        return ids(table.search(query, query_type="fts"), "_score")

    def hybrid(query: str) -> list[str]:
        search = table.search(query_type="hybrid").vector(embedder.embed_query(query)).text(query)
        rows = search.distance_type("cosine").rerank(RRFReranker()).limit(PASSAGES).to_list()
        return [row["result_id"] for row in rows]

    return {"exact dense": dense, "LanceDB full-text": full_text, "LanceDB hybrid, RRF": hybrid}


def measure(name: str, data: Path, embedder: OnceEmbedded) -> dict[str, list[Outcome]]:
    """The outcomes of every query of a set, by each way of ranking."""
    results = [result_of(document) for document in read(data / f"{name}.docs.jsonl.gz")]
    queries = [Query(one["id"], one["text"], frozenset(one["rel"])) for one in read(data / f"{name}.queries.jsonl.gz")]
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(LanceMemory(Path(folder, "hybrid"), embedder=embedder, wait_s=WAIT_S)) as hybrid,
        closing(LanceMemory(Path(folder, "lexical"), wait_s=WAIT_S)) as lexical,
        closing(WordMemory()) as sqlite,
    ):
        memories = {HYBRID: hybrid, LEXICAL: lexical, SQLITE: sqlite}
        for result in results:
            for memory in memories.values():
                memory.remember(result)
        orders = {way: by_memory(memory) for way, memory in memories.items()}
        orders |= by_lancedb(Path(folder, "plain"), results, embedder)
        for order in orders.values():
            order(queries[0].text)  # waits until all is indexed
        return {way: [judged(query, order) for query in queries] for way, order in orders.items()}


def figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The means of some outcomes."""
    return {
        "ndcg_10": statistics.fmean(each.ndcg for each in outcomes),
        "recall_5": statistics.fmean(each.recall_5 for each in outcomes),
        "recall_10": statistics.fmean(each.recall_10 for each in outcomes),
        "p50_ms": statistics.median(each.time_s for each in outcomes) * 1e3,
    }


def main() -> None:
    """Measure and print one table a set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder of the sets")
    parser.add_argument("--halves", action="store_true", help="tell each half of the queries apart")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parsed = parser.parse_args()
    names = sorted(file.name.removesuffix(".queries.jsonl.gz") for file in parsed.data.glob("*.queries.jsonl.gz"))
    model = find_embedder()
    if not names or model is None:
        lacking = (
            f"`{parsed.data}` holds no sets" if not names else "the `memory` and `minilm` extras are not installed"
        )
        print(f"skipped: {lacking}", file=sys.stderr)
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    embedder = OnceEmbedded(model)
    written: dict[str, Any] = {}
    for name in names:
        measured = measure(name, parsed.data, embedder)
        print(f"{name:<28} nDCG@10  target  recall@5  recall@10  p50 ms" + "  nDCG@10 by half" * parsed.halves)
        for way, outcomes in measured.items():
            whole = figures(outcomes)
            halves = [figures([each for each in outcomes if each.half == half])["ndcg_10"] for half in (0, 1)]
            written.setdefault(name, {})[way] = {**whole, "ndcg_10_by_half": halves}
            target = TARGETS.get(name, {}).get(way)
            line = f"{way:<28} {whole['ndcg_10']:7.3f}  {f'{target:.2f}' if target else '':>6}"
            line += f"  {whole['recall_5']:8.3f}  {whole['recall_10']:9.3f}  {whole['p50_ms']:6.1f}"
            print(line + "  {:.3f} {:.3f}".format(*halves) * parsed.halves)
        print(flush=True)
    if parsed.json:
        Path(parsed.json).write_text(json.dumps(written, indent=2))


if __name__ == "__main__":
    main()
