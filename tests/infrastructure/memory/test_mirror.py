"""The mirror against the table it follows: the same passages, whoever wrote or deleted them."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path
from typing import Any

import lancedb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khala.domain.call import ToolResult
from khala.domain.label import Label
from khala.domain.namespace import Namespace
from khala.domain.selection import EVERYTHING, Selection
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.lance_table import PassageTable
from khala.infrastructure.memory.mirror import Mirror, Shown
from khala.infrastructure.memory.passages import passages
from khala.infrastructure.memory.ranking import Found
from khala.infrastructure.memory.words import query_terms
from khala.testing.memory_check import example_result

DIMS = 4
WORDS = ["lake", "deep", "copper", "order", "W2378156", "tea", "winter", "the"]


def vector(text: str) -> list[float]:
    chance = random.Random(text)
    return [chance.uniform(-1, 1) for _ in range(DIMS)]


def add(table: PassageTable, *results: ToolResult, embedded: bool = True) -> None:
    table.add(
        [(one.call.id, [(part, vector(part.text) if embedded else None) for part in passages(one)]) for one in results]
    )


def spread(number: int, text: str) -> ToolResult:
    """A result of one of several tenants, tools, labels and times."""
    labels = (Label(), Label(trust="trusted", origins=("user",)), Label(readers=frozenset({"ann"})))
    namespaces = (Namespace(), Namespace(tenant="acme"), Namespace(tenant="acme", agent="buyer"))
    return example_result(
        text,
        number=number,
        run_id=f"run{number % 2}",
        tool=("mail", "shop")[number % 2],
        label=labels[number % 3],
        at_ms=number,
        namespace=namespaces[number // 2 % 3],
    )


def scores(found: Found) -> dict[str, float]:
    return {passage.result_id: round(score, 4) for passage, score in found}


def shown(mirror: Mirror, table: PassageTable) -> Shown:
    found = mirror.follow(table, load=True)
    assert found is not None
    return found


@pytest.fixture
def table(tmp_path: Path) -> PassageTable:
    return PassageTable(tmp_path, dims=DIMS)


selections = st.builds(
    Selection,
    namespace=st.none()
    | st.sampled_from([Namespace(), Namespace(tenant="acme"), Namespace(tenant="acme", agent="buyer")]),
    read_by=st.none() | st.sampled_from([frozenset[str](), frozenset({"ann"}), frozenset({"bob"})]),
    ids=st.none() | st.frozensets(st.sampled_from([f"run{n % 2}-{n}" for n in range(30)])),
    runs=st.none() | st.frozensets(st.sampled_from(["run0", "run1", "run2"])),
    tools=st.none() | st.frozensets(st.sampled_from(["mail", "shop", "' OR true --"])),
    trust=st.none() | st.sampled_from(["trusted", "untrusted"]),
    origins=st.sampled_from([frozenset[str](), frozenset({"user"})]),
    since_ms=st.none() | st.integers(0, 30),
    before_ms=st.none() | st.integers(0, 30),
)


def test_it_finds_what_the_table_finds_and_means_what_the_domain_means(table: PassageTable):
    chance = random.Random(4)
    results = [spread(n, f"{' '.join(chance.choices(WORDS, k=8))} number{n}") for n in range(30)]
    add(table, *results)
    mirror = Mirror(dims=DIMS)
    here = shown(mirror, table)

    @settings(max_examples=60, deadline=None)
    @given(where=selections, asked=st.lists(st.sampled_from([*WORDS, "number7", "nowhere"]), min_size=1, max_size=6))
    def check(where: Selection, asked: list[str]) -> None:
        asked = query_terms(" ".join(asked))
        meant = {one.call.id for one in results if where.holds(one)}
        near = here.by_meaning(vector("query"), 100, where)
        assert {passage.result_id for passage, _ in near} == meant
        if not where.is_empty:
            assert scores(near) == pytest.approx(scores(table.by_meaning(vector("query"), 100, where)), abs=2e-4)
            assert set(scores(here.by_words(asked, 100, where))) == set(scores(table.by_words(asked, 100, where)))

    check()


def test_its_scores_are_those_of_the_full_text_index(table: PassageTable):
    add(table, *(spread(n, f"The lake {'deep ' * (n % 5)}lies in the winter of number{n}") for n in range(100)))
    table.fold()  # rows beside the index are scored by another average length
    mirror = Mirror(dims=DIMS)
    for asked in (["lak", "number7"], ["deep"], ["deep", "deep", "winter"]):
        here, there = shown(mirror, table).by_words(asked, 100, EVERYTHING), table.by_words(asked, 100, EVERYTHING)
        assert scores(here)
        assert scores(here) == pytest.approx(scores(there), rel=0.01)


def test_it_follows_what_other_processes_commit_and_delete(tmp_path: Path, table: PassageTable):
    other: Any = lancedb.connect(tmp_path).open_table("passages")
    mirror = Mirror(dims=DIMS)
    held: dict[str, ToolResult] = {}
    chance = random.Random(7)
    for step in range(40):
        batch = [example_result(f"lake number{step}x{n}", number=10 * step + n) for n in range(chance.randint(1, 9))]
        add(PassageTable(tmp_path, dims=DIMS), *batch, embedded=step % 3 > 0)
        held |= {one.call.id: one for one in batch}
        if step % 4 == 3:
            gone = chance.sample(sorted(held), 3)
            other.checkout_latest()
            other.delete(f"result_id IN {tuple(gone)}")
            for id_ in gone:
                del held[id_]
        here = shown(mirror, table)
        assert here.total() == len(held)
        assert {passage.result_id for passage, _ in here.by_words(["lak"], 1000, EVERYTHING)} == set(held)
        for one in chance.sample(sorted(held), min(3, len(held))):
            asked = query_terms(held[one].text.split()[1])
            assert here.by_words(asked, 5, EVERYTHING)[0][0].result_id == one
    unembedded = {id_ for id_ in held if int(id_.split("-")[1]) // 10 % 3 == 0}
    here = shown(mirror, table)
    near = {passage.result_id for passage, _ in here.by_meaning(vector("query"), 1000, EVERYTHING)}
    assert near == set(held) - unembedded


def test_it_holds_nothing_of_a_table_that_is_too_large(table: PassageTable):
    mirror = Mirror(dims=DIMS, most=10)
    add(table, *(example_result("lake", number=n) for n in range(10)))
    assert mirror.follow(table) is None  # reading all is for the worker
    assert shown(mirror, table).total() == 10
    before = shown(mirror, table)
    add(table, example_result("lake", number=10))
    assert mirror.follow(table) is None
    assert before.total() == 10  # who is searching goes on
    assert len(table.by_words(["lak"], 100, EVERYTHING)) == 11


def test_a_text_that_came_two_thousand_times_leaves_room_for_others(tmp_path: Path):
    with closing(LanceMemory(tmp_path, wait_s=60)) as memory:
        for number in range(2_000):
            memory.remember(example_result("The lake is deep, the lake is cold.", number=number))
        for number in range(2_000, 2_020):
            memory.remember(
                example_result(f"The lake is far, says letter {number} of a long correspondence.", number=number)
            )
        found = memory.recall("the lake", limit=10)
        assert len(found) == 10
        assert len({one.passage for one in found}) == 10
        assert len(found[0].also_in) >= 10
