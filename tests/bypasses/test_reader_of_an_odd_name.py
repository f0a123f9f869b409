"""Reading what only others may read, by a name that stands inside theirs, or between two of theirs."""

from __future__ import annotations

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.domain.label import Label
from khala.domain.selection import Selection
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.lance_table import PassageTable
from khala.infrastructure.memory.passages import Source, listed, passages
from khala.infrastructure.memory.word_memory import WordMemory
from khala.testing.memory_check import example_result

LISTS = [{'x"bob'}, {'"bob"'}, {"x\\", "eve"}, {"ann", "eve"}, {"ann, bob"}, {'x","bob', "y"}]
STRANGERS = ["bob", ", ", ",", "", "ann", "\\", '", "', "u0022bob"]


def found(recall, reader):
    return {one.source.result_id for one, _ in recall(["swordfish"], 99, Selection(read_by=frozenset({reader})))}


@pytest.fixture(params=["table", "words"])
def searched(request, tmp_path):
    """What finds the results of `LISTS` by words, in the store and not in RAM."""
    results = [
        example_result(f"the swordfish {n}", number=n, label=Label(readers=frozenset(r))) for n, r in enumerate(LISTS)
    ]
    if request.param == "table":
        table = PassageTable(tmp_path, dims=None)
        table.add([(one.call.id, [(part, None) for part in passages(one)]) for one in results])
        yield lambda reader: found(table.by_words, reader)
        return
    with closing(WordMemory(tmp_path)) as memory:
        for result in results:
            memory.remember(result)
        yield lambda reader: {
            one.result_id for one in memory.recall("swordfish", limit=99, where=Selection(read_by=frozenset({reader})))
        }


def ids(*, readers_with):
    return {example_result("", number=n).call.id for n, readers in enumerate(LISTS) if readers_with in readers}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_name_reads_what_names_it_and_nothing_else(searched, name):
    assert searched(name) == ids(readers_with=name)


def test_whoever_has_an_odd_name_reads_what_names_them(searched):
    for name in set().union(*LISTS):
        assert searched(name) == ids(readers_with=name) != set()


@given(st.frozensets(st.text('ab",[]\\ u0é'), max_size=3), st.text('ab",[]\\ u0é'))
def test_a_name_stands_in_a_list_exactly_when_it_is_one_of_it(names, name):
    kept = Source.of(example_result("", label=Label(readers=names, origins=tuple(sorted(names)))))
    assert (listed(name) in kept.readers) is (name in names)
    assert (listed(name) in kept.origins) is (name in names)


def test_memory_in_ram_agrees(tmp_path):
    with closing(LanceMemory(tmp_path)) as memory:
        for n, readers in enumerate(LISTS):
            memory.remember(example_result(f"the swordfish {n}", number=n, label=Label(readers=frozenset(readers))))
        for name in STRANGERS:
            where = Selection(read_by=frozenset({name}))
            told = {one.result_id for one in memory.recall("swordfish", limit=99, where=where)}
            assert told == ids(readers_with=name)
