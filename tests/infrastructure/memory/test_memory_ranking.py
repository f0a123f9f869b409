from __future__ import annotations

from khala.domain.label import Label
from khala.infrastructure.memory.passages import Passage, passages
from khala.infrastructure.memory.ranking import fused, recollections, scaled, words_weight
from khala.testing.memory_check import example_result

LONG = "\n\n".join(f"Paragraph {number} tells of things that matter to nobody at all. " * 12 for number in range(8))


def passage(text: str, result_id: str = "run-1", *, start: int = 0, label: Label | None = None) -> Passage:
    return Passage(
        result_id=result_id,
        run_id="run",
        tool="tool",
        header="tool",
        text=text,
        start=start,
        end=start + len(text),
        label=(label or Label()).model_dump_json(),
        at_ms=0,
    )


def test_neighbours_become_one_passage_word_for_word():
    parts = passages(example_result(LONG))
    assert len(parts) == 8
    [joined] = recollections([(parts[3], 0.9), (parts[2], 0.5), (parts[4], 0.4)], limit=5)
    assert joined.passage == LONG[joined.start : joined.end]
    assert (joined.start, joined.score) == (parts[2].start, 0.9)
    assert joined.end == parts[2].start + len(LONG[parts[2].start : parts[4].end].rstrip())


def test_one_long_result_does_not_fill_the_answer():
    parts = passages(example_result(LONG))
    found = recollections([(part, 1 - number / 10) for number, part in enumerate(parts)], limit=5)
    assert [one.passage.count("Paragraph") for one in found] == [36, 36, 24]


def test_passages_apart_stay_apart():
    parts = passages(example_result(LONG))
    assert len(recollections([(parts[0], 0.9), (parts[2], 0.5)], limit=5)) == 2


def test_equal_words_are_told_once_unless_their_labels_differ():
    same = [(passage("equal words", f"run-{number}"), 0.5) for number in range(10)]
    assert len(recollections(same, limit=5)) == 1
    vouched = passage("equal words", "run-11", label=Label(trust="trusted"))
    assert [one.label.trust for one in recollections([*same, (vouched, 0.4)], limit=5)] == ["untrusted", "trusted"]


def test_what_both_searches_find_comes_first():
    by_words, both, by_meaning = (passage(name, name) for name in ("words", "both", "meaning"))
    found = fused(
        scaled([(by_words, 9.0), (both, 8.0), (passage("last", "last"), 1.0)]),
        [(by_meaning, 0.8), (both, 0.75), (passage("far", "far"), 0.3), (passage("unrelated", "unrelated"), 0.1)],
        words_weight=0.5,
    )
    assert found[0][0].result_id == "both"
    assert "unrelated" not in [one.result_id for one, _ in found]


def test_queries_for_identifiers_lean_on_words():
    exact = ("order #W2378156", "what does get_user_id do", "parseJson", "12345", "who reads etc/passwd", "os.path")
    assert {words_weight(query) for query in exact} == {0.8}
    plain = ("How does Python determine the metaclass of a class?", 'Who sang "Hello" in 2015?', "e.g. this. And that.")
    assert {words_weight(query) for query in plain} == {0.5}


def test_headers_are_searched_but_never_part_of_a_passage():
    result = example_result("Body.", tool="read_document", arguments={"name": "metaclasses", "deep": {"x": 1}})
    [found] = passages(result)
    assert found.words == "read_document name=metaclasses\nBody."
    assert (found.start, found.end, found.text) == (0, 5, "Body.")


def test_a_result_that_repeats_earlier_ones_is_not_filed_again():
    result = example_result("Words found again.").model_copy(update={"derived_from": ("run-0",)})
    assert passages(result) == []
