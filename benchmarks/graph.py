"""What the reasoning graph costs: to see an event, to keep it, and to answer a question.

    python benchmarks/graph.py [--events 100 1000 10000 100000] [--json FILE]

A made-up run of four events a step (reply, decision, start, result of 4 kB); every third call names a value of an
earlier result, every tenth is made again; an answer of 20 sentences ends it, a quarter of them altered. Every result
says the same few words, which is the worst case for finding a passage. Times are CPU times of this process. Seeing,
which reads each text once, is timed per event, over all, the first and the last thousand. The first question judges the
whole answer; it is timed apart, and so are the first gain and judging all of it anew after one result more. Then each
question is asked three times after the last event came once more, and the slowest counts; `sentence` is one nobody
asked about before, `in_words` one without its numbers, which many results say about as well. Memory is what
`tracemalloc` finds added, result texts apart, before and after reading.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import random
import time
import tracemalloc
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from khala import ReasoningGraph, Recorded
from khala.domain.budget import InteractionBudget
from khala.domain.call import ToolCall
from khala.domain.events import (
    AnswerDrafted,
    CallDecided,
    CallFinished,
    CallStarted,
    Event,
    ModelReplied,
    RunEnded,
    RunStarted,
    Usage,
)
from khala.domain.label import Label
from khala.domain.policy import Decision
from khala.domain.retention import Retention
from khala.domain.value import JsonObject
from khala.infrastructure.reasoning.comparison import diff

SIZES = (100, 1_000, 10_000, 100_000)
EVENTS_A_STEP = 4
EDGE_EVENTS = 1_000
SENTENCES = 20
TARGET_MS, TARGET_EVENTS = 50, 10_000
KINDS = "harbour bridge market library museum station garden tower theatre school".split()  # noqa: SIM905 (words)
PLACES = "Aldermoor Brackwell Cindervale Dunhollow Eastmere Fallowden Greywater Holtby Ironbridge Juniper".split()  # noqa: SIM905
VERBS = "opened closed burned flooded moved expanded reopened merged".split()  # noqa: SIM905


class MadeRun(NamedTuple):
    """The events of a run and the texts beside them."""

    records: list[Recorded]
    texts: dict[str, str]


def made_run(events: int) -> MadeRun:
    """A run of that many events; the same for the same number."""
    rng = random.Random(events)  # noqa: S311 (no secret)
    run = MadeRun([], {})
    decision = Decision(effect="allow", rules=("reading",), reason="reading is allowed")
    add(run, RunStarted(
        task="What happened in the towns?", system="", model="made", tools=(), policy="", retention=Retention(),
        budget=InteractionBudget(),
    ))  # fmt: skip
    said: list[list[str]] = []
    asked: list[JsonObject] = []
    steps = max(1, (events - 4) // EVENTS_A_STEP)
    for number in range(1, steps + 1):
        query = f"archive {number} {rng.choice(KINDS)}"
        if said and number % 3 == 0:
            query = " ".join(rng.choice(rng.choice(said)).split()[1:5])
        arguments: JsonObject = asked[-1] if asked and number % 10 == 0 else {"query": query}
        asked.append(arguments)
        call = ToolCall(id=f"run-{number}", tool="search", arguments=arguments)
        usage = Usage(prompt_tokens=2_000, completion_tokens=50)
        add(run, ModelReplied(turn=number, text="I look further.", calls=(call,), usage=usage))
        add(run, CallDecided(call_id=call.id, decision=decision))
        add(run, CallStarted(call_id=call.id, tool="search", side_effect=False))
        lines = report(rng, number)
        said.append(lines)
        text = " ".join(lines)
        digest = hashlib.sha256(text.encode()).hexdigest()
        run.texts[digest] = text
        label = Label(trust="untrusted", origins=("tool:search",))
        add(run, CallFinished(
            call_id=call.id, status="ok", digest=digest, chars=len(text), shown_chars=20_000, label=label, elapsed_ms=40
        ))  # fmt: skip
    answer = " ".join(sentence(rng, said, number) for number in range(SENTENCES))
    add(run, ModelReplied(turn=steps + 1, text=answer))
    add(run, AnswerDrafted(turn=steps + 1, text=answer))
    add(run, RunEnded(status="answered", answer=answer))
    return run


def add(run: MadeRun, event: Event) -> None:
    """Write the next event, 10 ms after the last."""
    seq = len(run.records)
    run.records.append(Recorded(run_id="run", seq=seq, at_ms=1_000_000 + 10 * seq, event=event))


def report(rng: random.Random, number: int) -> list[str]:
    """About 4 kB of sentences."""
    return [
        f"In {rng.randint(1700, 2020)} the {rng.choice(KINDS)} of {rng.choice(PLACES)} {rng.choice(VERBS)} after "
        f"{rng.randint(1, 9_000):,} people signed petition {number}-{line}."
        for line in range(45)
    ]


def sentence(rng: random.Random, said: list[list[str]], number: int) -> str:
    """A sentence that some result says; every fourth with its year altered, every second in other words."""
    words = rng.choice(rng.choice(said)).removesuffix(".").split()
    if number % 4 == 0:
        words[1] = str(int(words[1]) + 1)
    if number % 2:
        words = [*" ".join(words[2:]).capitalize().split(), "in", words[1]]
    return " ".join(words) + "."


def measure(events: int) -> dict[str, Any]:
    """The figures for one length."""
    run = made_run(events)
    read_text = run.texts.__getitem__
    graph = ReasoningGraph(read_text)
    gc.collect()
    gc.freeze()
    edge = min(EDGE_EVENTS, max(1, len(run.records) // 4))
    seen_us: list[float] = []
    for record in run.records:
        began = time.process_time_ns()
        graph(record)
        seen_us.append((time.process_time_ns() - began) / 1_000)
    first_question_ms = timed(graph.unsupported)
    figures: dict[str, Any] = {
        "events": len(run.records),
        "results": len(run.texts),
        "us_per_event": sum(seen_us) / len(seen_us),
        "us_first": sum(seen_us[:edge]) / edge,
        "us_last": sum(seen_us[-edge:]) / edge,
        "first_question_ms": first_question_ms,
        "gain_first_ms": timed(lambda: graph.gain(f"run-{len(run.texts)}")),
        "one_result_more_ms": asked_along(run),
        "questions_ms": {name: ask(run, graph, question) for name, question in questions(run, graph).items()},
    }
    tracemalloc.start()
    watched = ReasoningGraph.of(run.records, read_text)
    figures["bytes_per_event"] = tracemalloc.get_traced_memory()[0] / len(run.records)
    watched.unsupported()
    figures["bytes_per_event_read"] = tracemalloc.get_traced_memory()[0] / len(run.records)
    tracemalloc.stop()
    gc.unfreeze()
    return figures


def asked_along(run: MadeRun) -> float:
    """Milliseconds to judge the answer when one result more came after everything was read and judged."""
    results = [number for number, record in enumerate(run.records) if isinstance(record.event, CallFinished)]
    graph = ReasoningGraph.of(run.records[: results[-1]], run.texts.__getitem__)
    graph(run.records[-1])
    graph.unsupported()
    graph(run.records[results[-1]])
    graph(run.records[-1])
    return timed(graph.unsupported)


def questions(run: MadeRun, graph: ReasoningGraph) -> dict[str, Callable[[], object]]:
    """Every question by its name."""
    middle = f"run-{max(1, len(run.texts) // 2)}"
    sentences = [claim.sentence for claim in graph.claims()]
    supported = next((claim.sentence for claim in graph.claims() if claim.supports), sentences[0])
    new = (f"{sentence}, it seems" for sentence in cycle(sentences))
    in_words = (" ".join(word for word in sentence.split() if word.isalpha()) for sentence in cycle(sentences))
    return {
        "sentence": lambda: graph.judge(next(new)),
        "in_words": lambda: graph.judge(next(in_words)),
        "claims": graph.claims,
        "why": lambda: graph.why(supported),
        "unsupported": graph.unsupported,
        "contradictions": graph.contradictions,
        "single_source": graph.single_source,
        "stale": graph.stale,
        "loops": graph.loops,
        "dead_ends": graph.dead_ends,
        "gain": lambda: graph.gain(middle),
        "critical_path": graph.critical_path,
        "cost_of": lambda: graph.cost_of(supported),
        "taint": lambda: graph.taint(middle),
        "diff": lambda: diff(graph, graph),
    }


def ask(run: MadeRun, graph: ReasoningGraph, question: Callable[[], object]) -> float:
    """Milliseconds of the slowest of three answers; the graph sees the end again before each."""
    times: list[float] = []
    for _ in range(3):
        graph(run.records[-1])
        times.append(timed(question))
    return max(times)


def timed(question: Callable[[], object]) -> float:
    """Milliseconds a question takes."""
    began = time.process_time_ns()
    question()
    return (time.process_time_ns() - began) / 1_000_000


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=SIZES)
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    parsed = parser.parse_args()
    found = [measure(events) for events in parsed.events]
    print(f"{'events':<32}", *(f"{each['events']:>10,}" for each in found))
    for name in ("results", "us_per_event", "us_first", "us_last", "bytes_per_event", "bytes_per_event_read"):
        print(f"{name:<32}", *(f"{each[name]:>10,.1f}" for each in found))
    for name in ("first_question_ms", "gain_first_ms", "one_result_more_ms"):
        print(f"{name:<32}", *(f"{each[name]:>10,.1f}" for each in found))
    for name in found[0]["questions_ms"]:
        print(f"{name + ' ms':<32}", *(f"{each['questions_ms'][name]:>10,.2f}" for each in found))
    print(f"target: every question, the first as well, under {TARGET_MS} ms at {TARGET_EVENTS:,} events")
    if parsed.json:
        Path(parsed.json).write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
