"""What a result brought that was new, and whether sources are independent of each other."""

from __future__ import annotations

from khala.domain.call import ToolCall
from khala.domain.evidence.attribution import EvidenceIndex
from khala.domain.evidence.independence import Origin, independent, source_name
from khala.domain.evidence.novelty import gain


def test_the_gain_of_a_result_is_what_none_before_it_said():
    first = "The bridge of Malmö opened in 2000. It was designed by George Rotne."
    second = "The bridge of Malmö opened in 2000. Some 20,361 cars crossed it, said Elin Sandberg."
    third = "In all 20361 cars of 5 firms crossed, not 15."
    index = EvidenceIndex()
    for result_id, text in (("r1", first), ("r2", second), ("r4", third)):
        index.add_result(result_id, text)
    index.add_twin("r3", of="r1")

    def gained(result_id, text):
        return gain(result_id, text, lambda wording: index.is_known_before(result_id, wording))

    found = gained("r2", second)
    assert found.passages == ("Some 20,361 cars crossed it, said Elin Sandberg.",)
    assert (found.names, found.numbers, found.known_passages) == (("Elin Sandberg",), ("20,361",), 1)
    assert gained("r3", first).is_nothing
    assert gained("r1", first).numbers == ("2000",)
    assert gained("r4", third).numbers == ("5", "15")


def call(**arguments):
    return ToolCall(id="r", tool="fetch", arguments=arguments)


def test_a_source_is_the_host_asked_for_or_the_last_one_named_before_the_passage():
    assert source_name(call(url="https://www.example.org/a?b"), "text", 0, 4) == "example.org"
    listing = "1. https://one.example/x\nFirst.\n2. https://two.example/y\nSecond."
    assert source_name(call(query="q"), listing, listing.index("First"), listing.index("First") + 6) == "one.example"
    assert source_name(call(query="q"), listing, listing.index("Second"), len(listing)) == "two.example"
    assert source_name(call(path="notes.md", offset=4000), "text", 0, 4) == "fetch notes.md"
    assert source_name(call(url="https://[broken"), "text", 0, 4) == "fetch https://[broken"


def test_one_host_and_copies_of_one_text_are_one_source():
    said = "The archive of the old town holds nine hundred letters from the war years."
    mine = Origin("a.example", said, f"We visited on a rainy day in spring. {said} Then we had lunch by the river.")
    assert independent([mine, Origin("a.example", "other words", "all other words here")]) == ("a.example",)
    assert independent([mine, Origin("b.example", said, f"Quoted: {said} And so on and on.")]) == ("a.example",)
    copied = Origin("c.example", "We visited on a rainy day", mine.around + " Reprinted.")
    assert independent([mine, copied]) == ("a.example",)
    own = Origin(
        "d.example", "It keeps 900 letters.", "My uncle works there. It keeps 900 letters. He is proud of that."
    )
    assert independent([mine, own]) == ("a.example", "d.example")
