from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from khala.domain.call import Recollection
from khala.domain.label import Label
from khala.infrastructure.memory.passages import Passage, Source, passages
from khala.infrastructure.memory.ranking import Found, Ranking
from khala.infrastructure.memory.words import bm25, query_terms
from khala.testing.memory_check import example_result

LONG = "\n\n".join(f"Paragraph {number} tells of things that matter to nobody at all. " * 12 for number in range(8))


def passage(
    text: str, result_id: str = "run-1", *, start: int = 0, label: Label | None = None, at_ms: int = 0
) -> Passage:
    number = int(result_id.removeprefix("run-")) if result_id.startswith("run-") else 0
    result = example_result(text, number=number, tool="tool", label=label, at_ms=at_ms)
    return Passage(replace(Source.of(result), result_id=result_id), "tool", text, start, start + len(text))


def recalled(
    query: str, stored: Sequence[Passage], *, by_meaning: Found | None = None, ranking: Ranking | None = None
) -> list[Recollection]:
    """What a store of these passages recalls, searched in memory by words."""

    def search(asked: Sequence[str]) -> Found:
        scores = bm25(asked, [one.terms for one in stored])
        return [(one, score) for one, score in zip(stored, scores, strict=True) if score > 0]

    return (ranking or Ranking()).best(
        query, 5, asked=query_terms(query), search=search, by_meaning=by_meaning or [], total=len(stored)
    )


def ids(found: Sequence[Recollection]) -> list[str]:
    return [one.result_id for one in found]


def in_order(*scored: tuple[Passage, float]) -> list[Recollection]:
    """What is told of passages with these scores."""
    return Ranking().best("", 5, asked=[], search=lambda _: list(scored), by_meaning=[])


def test_neighbours_become_one_passage_word_for_word():
    parts = passages(example_result(LONG))
    assert len(parts) == 8
    [joined] = in_order((parts[3], 0.9), (parts[2], 0.5), (parts[4], 0.4))
    assert joined.passage == LONG[joined.start : joined.end]
    assert joined.start == parts[2].start
    assert joined.end == parts[2].start + len(LONG[parts[2].start : parts[4].end].rstrip())


def test_one_long_result_does_not_fill_the_answer():
    parts = passages(example_result(LONG))
    found = in_order(*((part, 1 - number / 10) for number, part in enumerate(parts)))
    assert [one.passage.count("Paragraph") for one in found] == [36, 36, 24]


def test_passages_apart_stay_apart():
    parts = passages(example_result(LONG))
    assert len(in_order((parts[0], 0.9), (parts[2], 0.5))) == 2


def test_the_same_words_are_told_once_and_name_every_result_that_holds_them():
    same = [(passage("equal words" if number else " Equal  words\n", f"run-{number}"), 0.5) for number in range(10)]
    [found] = in_order(*same)
    assert sorted([found.result_id, *found.also_in]) == [f"run-{number}" for number in range(10)]
    changed = passage("equal words 2", "run-11")
    assert len(in_order(*same, (changed, 0.4))) == 2
    vouched = passage("equal words", "run-11", label=Label(trust="trusted"))
    assert [one.label.trust for one in in_order(*same, (vouched, 0.4))] == ["untrusted", "trusted"]


def test_a_result_that_answers_in_two_places_comes_before_one_that_answers_in_one():
    parts = passages(example_result(LONG))
    found = in_order((passage("once", "once"), 1.0), (parts[0], 0.9), (parts[5], 0.9))
    assert ids(found) == ["run-1", "run-1", "once"]


STORE = [
    passage("Vertigo is a film directed by Alfred Hitchcock.", "film"),
    passage("Alfred Hitchcock was born in Leytonstone.", "director"),
    *(passage(f"The poet number {number} was born in a town by the sea.", f"poet-{number}") for number in range(50)),
]


def test_names_in_the_first_results_bring_what_the_query_does_not_name():
    assert ids(recalled("where was the director of Vertigo born", STORE))[:2] == ["film", "director"]


def test_rare_words_outweigh_a_meaning_and_common_ones_do_not():
    order = passage('{"order_id": "#W2378156"}', "order")
    stored = [*STORE, order]
    near = [(STORE[5], 0.4), (STORE[6], 0.35), (order, 0.2)]
    assert ids(recalled("what was #W2378156", stored, by_meaning=near))[0] == "order"
    assert ids(recalled("2378156", stored, by_meaning=near))[0] == "order"
    near = [(STORE[1], 0.6), (STORE[5], 0.2)]
    assert ids(recalled("a poet born by the sea", stored, by_meaning=near))[0] == "director"


def test_who_asks_for_an_identifier_gets_it_before_its_neighbours():
    lakes = [passage(f"The lake r1lake{number} is deep.", f"run-{number}") for number in range(1, 61)]
    for number in (1, 7, 60):
        assert ids(recalled(f"r1lake{number}", lakes))[0] == f"run-{number}"


def test_what_neither_holds_a_word_nor_is_near_is_not_found():
    assert recalled("qzxv", STORE, by_meaning=[(STORE[0], 0.15)]) == []
    assert ids(recalled("qzxv", STORE, by_meaning=[(STORE[0], 0.45)]))[0] == "film"


def test_what_is_old_counts_less_only_when_asked_to():
    hour_ms = 3_600_000
    stored = [passage("The price of copper, of copper.", "old"), passage("The price of copper.", "new", at_ms=hour_ms)]
    assert ids(recalled("copper", stored)) == ["old", "new"]
    assert ids(recalled("copper", stored, ranking=Ranking(half_life_s=3600))) == ["new", "old"]


def test_a_reranker_has_the_last_word():
    def shortest_first(query: str, told: Sequence[str]) -> list[float]:
        assert query == "Hitchcock poet"
        return [-float(len(text)) for text in told]

    [first, second, *_] = recalled("Hitchcock poet", STORE, ranking=Ranking(rerank=shortest_first))
    assert (first.result_id, first.score) == ("director", -41.0)
    assert second.result_id == "film"


def test_headers_are_searched_but_never_part_of_a_passage():
    result = example_result("Body.", tool="read_document", arguments={"name": "metaclasses", "deep": {"x": 1}})
    [found] = passages(result)
    assert found.words == "read_document name=metaclasses\nBody."
    assert (found.start, found.end, found.text) == (0, 5, "Body.")


def test_a_result_that_repeats_earlier_ones_is_not_filed_again():
    result = example_result("Words found again.").model_copy(update={"derived_from": ("run-0",)})
    assert passages(result) == []
