"""What khala adds to a run of 600 calls x 4 kB over HTTP, with all layers on.

    python benchmarks/loop_overhead.py [--calls 600] [--words-only] [--json FILE]

A scripted endpoint in a process of its own asks for one call a turn; the tool returns 4 kB of words. Measured are CPU
seconds of the loop's thread per step (embedding runs beside it and is counted apart), the bytes of all prompts and how
many of them repeat the prompt before byte for byte, peak memory, and the size of the store. Two settings of retention.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from khala import Home, InteractionBudget, OpenAIChat, Recorded, Retention, tool
from khala.domain.events import ModelReplied

RESULT_CHARS = 4_000
EDGE_STEPS = 50
SETTINGS = {
    "K=5": Retention(),
    "K=5, batch 10, window 40": Retention(batch=10, turn_window=40),
}
TARGETS = {
    "cpu_ms_per_step": 2.0,
    "last_to_first": 1.3,
    "prompt_mb": {"K=5": 60, "K=5, batch 10, window 40": 32},
    "cacheable_share": {"K=5, batch 10, window 40": 0.85},
    "store_mb": 6.0,
}
WORDS = [
    "river",
    "stone",
    "market",
    "ledger",
    "winter",
    "signal",
    "harbour",
    "copper",
    "garden",
    "letter",
    "engine",
    "paper",
    "mirror",
    "valley",
]


def serve(calls: int) -> None:
    """The endpoint: prints its address, and after a line on standard input what it saw."""
    from khala.testing.openai_server import Say, ScriptedOpenAIServer

    seen = {"requests": 0, "bytes": 0, "largest": 0, "repeated": 0}
    before = b""

    def answer(_: Any) -> Say:  # Any: parsed JSON
        number = seen["requests"]
        seen["requests"] += 1
        return Say("all done") if number >= calls else Say(f"step {number}", calls=[("look", {"number": number})])

    with ScriptedOpenAIServer(answer) as server:
        print(server.url, flush=True)
        sys.stdin.readline()
        for request in server.requests:
            seen["bytes"] += request.size
            seen["largest"] = max(seen["largest"], request.size)
            seen["repeated"] += same_start(before, request.body)
            before = request.body
    print(json.dumps(seen), flush=True)


def same_start(before: bytes, after: bytes) -> int:
    """How many bytes the two have in common from the first on."""
    return next(
        (place for place, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(map(len, (before, after))),
    )


@tool(effect="read")
def look(number: int) -> str:
    """Give 4 kB of words, other ones for each number."""
    chance = random.Random(number)  # noqa: S311 (the same text in each run of the benchmark)
    text = f"Report {number}. "
    while len(text) < RESULT_CHARS:
        text += f"The {chance.choice(WORDS)} of {chance.choice(WORDS)} {chance.randrange(10_000)} was seen. "
    return text[:RESULT_CHARS]


def measure(name: str, calls: int, *, semantic: bool) -> dict[str, Any]:
    """One run; must be the only one in its process, because peak memory is the process's."""
    endpoint = subprocess.Popen(
        [sys.executable, __file__, "--serve", str(calls)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert endpoint.stdin is not None
    assert endpoint.stdout is not None
    url = endpoint.stdout.readline().strip()
    moments: list[float] = []

    def note_time(record: Recorded) -> None:
        if isinstance(record.event, ModelReplied):
            moments.append(time.thread_time())

    async def run(home: Home) -> str:
        async with OpenAIChat(url, "scripted") as model:
            agent = home.agent(
                model=model,
                tools=[look],
                budget=InteractionBudget(tool_calls=calls + 1, context_tokens=10_000_000),
                retention=SETTINGS[name],
                observers=[note_time],
            )
            return (await agent.run("look at everything")).status

    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with Home(folder, semantic=semantic) as home:
            status = asyncio.run(run(home))
            run_s = time.perf_counter() - began
        all_s = time.perf_counter() - began
        store = sum(path.stat().st_size for path in Path(folder).glob("khala.db*"))
        index = sum(path.stat().st_size for path in (Path(folder) / "memory").rglob("*") if path.is_file())
    seen = json.loads(endpoint.communicate("\n", timeout=60)[0])
    steps = [1000 * (after - before) for before, after in itertools.pairwise(moments)]
    first, last = statistics.median(steps[:EDGE_STEPS]), statistics.median(steps[-EDGE_STEPS:])
    return {
        "setting": name,
        "status": status,
        "calls": calls,
        "semantic": semantic,
        "cpu_ms_per_step": statistics.fmean(steps),
        "first_ms": first,
        "last_ms": last,
        "last_to_first": last / first,
        "prompt_mb": seen["bytes"] / 1e6,
        "largest_prompt_kb": seen["largest"] / 1e3,
        "cacheable_share": seen["repeated"] / seen["bytes"],
        "store_mb": store / 1e6,
        "index_mb": index / 1e6,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        "run_s": run_s,
        "with_indexing_s": all_s,
    }


def main() -> None:
    """Measure each setting in a process of its own and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--words-only", action="store_true", help="memory without an embedding model")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--only", choices=list(SETTINGS), help=argparse.SUPPRESS)
    parsed = parser.parse_args()
    if parsed.serve is not None:
        return serve(parsed.serve)
    if parsed.only:
        print(json.dumps(measure(parsed.only, parsed.calls, semantic=not parsed.words_only)))
        return None
    figures: list[dict[str, Any]] = []
    for name in SETTINGS:
        words_only = ["--words-only"] if parsed.words_only else []
        command = [sys.executable, __file__, "--only", name, "--calls", str(parsed.calls), *words_only]
        figures.append(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1]))
    width = max(map(len, figures[0]))
    for key in figures[0]:
        values = [f"{each[key]:.2f}" if isinstance(each[key], float) else str(each[key]) for each in figures]
        target = TARGETS.get(key, "")
        goal = [target.get(each["setting"], "") if isinstance(target, dict) else target for each in figures]
        print(f"{key:<{width}}", *(f"{v:>26}{f' ({g})' if g else '':<8}" for v, g in zip(values, goal, strict=True)))
    print("in brackets: the design's target")
    if parsed.json:
        Path(parsed.json).write_text(json.dumps(figures, indent=2))
    return None


if __name__ == "__main__":
    main()
