"""What memory costs as it grows: 600, 6,000 and 60,000 results, and a million passages.

    python benchmarks/memory_scale.py [--results 600,6000,60000] [--passages 1000000] [--json FILE]

Each size is a process of its own. A result is about 900 characters of made-up words, in the proportions of a language,
with an order number of its own. The vectors are made up too (`BagOfWords`: a text is the sum of fixed random vectors,
one for each of its words), so the figures tell what memory does beside the model: add the time of an embedding to each
recall, and that of the passages to the lag. Sizes given by `--results` go through `remember`. `--passages` (0: none)
are written to the table directly, in the batches of a rebuild, and indexed then as the worker does it.

`remember` is the time on the caller's thread; `lag` how long after the last result everything was indexed; the recalls
alternate between questions and order numbers. `quiet MB` is the disk 80 seconds later: what was folded is kept for a
minute, and removed once nothing has come for 70 seconds.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from khala.domain.call import ToolResult
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.lance_table import PassageTable
from khala.infrastructure.memory.passages import passages
from khala.infrastructure.memory.words import terms
from khala.testing.memory_check import example_result

RESULT_WORDS = 130
VOCABULARY = 20_000
RECALLS = 200
BULK_RESULTS = 10_000
WAIT_S = 3_600.0
QUIET_S = 80.0
TARGETS_MS = {"remember_p50_ms": 1.0, "recall_p50_ms": 10.0, "recall_p50_ms at 1,000,000": 30.0}
COLUMNS = {
    "passages": "passages",
    "remember_p50_ms": "remember p50 ms",
    "remember_p99_ms": "p99 ms",
    "lag_s": "lag s",
    "ms_per_result": "ms a result",
    "recall_p50_ms": "recall p50 ms",
    "recall_p95_ms": "p95 ms",
    "disk_mb": "disk MB",
    "quiet_mb": "quiet MB",
    "rss_mb": "RSS MB",
    "files": "files",
}


class BagOfWords:
    """Made-up vectors: texts with the same words are near each other, and that is all they know."""

    fingerprint = "bag of words, random vectors"
    dims = 384
    max_tokens = 256

    def __init__(self) -> None:
        self._of_term: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit vector for each text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The sum of its words, at length 1."""
        total = np.sum([self._vector(term) for term in terms(text)] or [np.zeros(self.dims, np.float32)], axis=0)
        return (total / (np.linalg.norm(total) or 1.0)).tolist()

    def count_tokens(self, text: str) -> int:
        """An estimate for English."""
        return len(text) // 4

    def _vector(self, term: str) -> NDArray[np.float32]:
        if len(term) > 9 or term.isdigit():  # order numbers: they would fill the memory that is measured  # noqa: PLR2004
            return np.zeros(self.dims, np.float32)
        if term not in self._of_term:
            chance = np.random.default_rng(zlib.crc32(term.encode()))
            self._of_term[term] = chance.standard_normal(self.dims, np.float32)
        return self._of_term[term]


class Language:
    """Made-up words, the frequent ones frequent (Zipf)."""

    def __init__(self) -> None:
        chance = random.Random(4)  # noqa: S311 - the same words each time
        parts = [f"{a}{b}" for a, b in itertools.product("bdfgklmnprstvz", "aeiou")]
        counts = [chance.randint(2, 4) for _ in range(VOCABULARY)]
        self._words = ["".join(chance.choices(parts, k=count)) for count in counts]
        weights = 1 / np.arange(1, VOCABULARY + 1)
        self._shares = np.cumsum(weights / weights.sum())

    def words(self, seed: int, count: int) -> str:
        """Some words, the same for the same seed."""
        places: list[int] = np.searchsorted(self._shares, np.random.default_rng(seed).random(count)).tolist()
        return " ".join(self._words[min(place, VOCABULARY - 1)] for place in places)

    def result(self, number: int) -> ToolResult:
        """One of many results of a few tools, users and runs."""
        text = f"Order #W{number:07d}. {self.words(number, RESULT_WORDS)}."
        made = example_result(text, number=number, run_id=f"run{number // 600}", tool=f"tool{number % 7}", at_ms=number)
        return made.model_copy(update={"call": made.call.model_copy(update={"arguments": {"page": number % 100}})})

    def query(self, number: int, results: int) -> str:
        """Words of a result, or its number."""
        wanted = random.Random(number).randrange(results)  # noqa: S311 - the same queries each time
        if number % 2:
            return f"what became of order #W{wanted:07d}?"
        return " ".join(self.words(wanted, RESULT_WORDS).split()[20:28])


def filled(memory: LanceMemory, language: Language, results: int) -> dict[str, float]:
    """Remember so many results, one after the other, and wait until they are indexed."""
    took: list[float] = []
    start = time.perf_counter()
    for number in range(results):
        result = language.result(number)
        before = time.perf_counter()
        memory.remember(result)
        took.append(time.perf_counter() - before)
    remembered = time.perf_counter()
    while memory.stats().pending:
        time.sleep(0.2)
    end = time.perf_counter()
    took.sort()
    return {
        "remember_p50_ms": 1e3 * took[len(took) // 2],
        "remember_p99_ms": 1e3 * took[len(took) * 99 // 100],
        "lag_s": end - remembered,
        "ms_per_result": 1e3 * (end - start) / results,
    }


def bulk(folder: Path, language: Language, embedder: BagOfWords, results: int) -> dict[str, float]:
    """Write so many results to the table directly, and index them."""
    start = time.perf_counter()
    LanceMemory(folder, embedder=embedder).close()  # leaves the note that says whose vectors these are
    table = PassageTable(folder, dims=embedder.dims)
    for batch in batches(language, results):
        found = [(result.call.id, passages(result)) for result in batch]
        table.add([(id_, [(one, embedder.embed_query(one.words)) for one in parts]) for id_, parts in found])
    written = time.perf_counter()
    table.fold()
    table.index()
    end = time.perf_counter()
    return {"lag_s": end - written, "ms_per_result": 1e3 * (end - start) / results}


def batches(language: Language, results: int) -> Iterator[list[ToolResult]]:
    """The results, some at a time."""
    for first in range(0, results, BULK_RESULTS):
        yield [language.result(number) for number in range(first, min(results, first + BULK_RESULTS))]


def recalled(memory: LanceMemory, language: Language, results: int) -> dict[str, float]:
    """What a recall takes."""
    for number in range(10):
        memory.recall(language.query(number + RECALLS, results))
    took: list[float] = []
    for number in range(RECALLS):
        query = language.query(number, results)
        before = time.perf_counter()
        memory.recall(query)
        took.append(time.perf_counter() - before)
    took.sort()
    return {"recall_p50_ms": 1e3 * statistics.median(took), "recall_p95_ms": 1e3 * took[RECALLS * 95 // 100]}


def measured(results: int, *, directly: bool) -> dict[str, float]:
    """All figures of one size, in this process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    language, embedder = Language(), BagOfWords()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = bulk(folder, language, embedder, results) if directly else {}
        with closing(LanceMemory(folder, embedder=embedder, wait_s=WAIT_S)) as memory:
            figures |= {} if directly else filled(memory, language, results)
            figures["passages"] = memory.stats().chunks
            figures |= recalled(memory, language, results)
            figures |= {"disk_mb": disk_mb(folder), "rss_mb": resident_mb()}
            if not directly:
                time.sleep(QUIET_S)  # after 70 seconds without a commit the memory tidies its folder
                figures["quiet_mb"] = disk_mb(folder)
            figures["files"] = sum(file.is_file() for file in folder.rglob("*"))
    return figures


def disk_mb(folder: Path) -> float:
    """Of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def resident_mb() -> float:
    """Of this process, now."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    """Measure each size in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", default="600,6000,60000", metavar="LIST", help="sizes that go through `remember`")
    parser.add_argument("--passages", type=int, default=1_000_000, metavar="N", help="a size that is written directly")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--directly", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parsed = parser.parse_args()
    if parsed.one:
        print(json.dumps(measured(parsed.one, directly=parsed.directly)))
        return
    sizes = [(int(size), False) for size in parsed.results.split(",") if size]
    sizes += [(parsed.passages, True)] * (parsed.passages > 0)
    print(f"{'results':>9}  " + "  ".join(COLUMNS.values()), flush=True)
    written: list[dict[str, Any]] = []
    for results, directly in sizes:
        command = [sys.executable, __file__, "--one", str(results), *["--directly"] * directly]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        figures = json.loads(done.stdout.splitlines()[-1])
        written.append({"results": results, "written_directly": directly, **figures})
        cells = [f"{figures[key]:.{2 if key.endswith('ms') else 0}f}" if key in figures else "-" for key in COLUMNS]
        print(f"{results:>9,}  " + "  ".join(c.rjust(len(w)) for c, w in zip(cells, COLUMNS.values(), strict=True)))
    if parsed.json:
        Path(parsed.json).write_text(json.dumps(written, indent=2))


if __name__ == "__main__":
    main()
