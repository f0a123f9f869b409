from __future__ import annotations

import pytest

from khala.domain.call import Recollection, ToolCall, ToolResult
from khala.domain.label import Label
from khala.domain.selection import EVERYTHING, Selection
from khala.domain.tool import ToolOutput
from khala.errors import ToolFailed
from khala.infrastructure.tools.memory_tools import memory_tools

TRUSTED = Label(trust="trusted", origins=("tool:ledger",))
SAID = Label(origins=("tool:search_corpus",), readers=frozenset({"ann"}))
TEXT = "Herons nest in trees."
CALL = ToolCall(id="R-1", tool="search_corpus", arguments={})
RESULT = ToolResult(call=CALL, status="ok", text=TEXT, digest="", label=SAID, run_id="R")


class Shelf:
    """A memory with a fixed answer."""

    def __init__(self, *found: Recollection) -> None:
        self.found = found

    def remember(self, result: ToolResult) -> None:
        raise NotImplementedError

    def recall(self, query: str, *, limit: int = 5, where: Selection = EVERYTHING) -> tuple[Recollection, ...]:
        return self.found[:limit]


def recollection(result_id: str, label: Label) -> Recollection:
    return Recollection(
        result_id=result_id,
        run_id="R",
        tool="search_corpus",
        passage=TEXT,
        start=0,
        end=21,
        score=1,
        label=label,
        digest="",
        arguments_digest="",
    )


def tools(*found: Recollection):
    return memory_tools(Shelf(*found), {"R-1": RESULT}.get)


def test_recall_gives_passages_with_their_place_and_the_join_of_their_labels():
    recall, _ = tools(recollection("R-1", TRUSTED), recollection("R-2", SAID), recollection("R-1", TRUSTED))
    output = recall.function("herons")
    assert isinstance(output, ToolOutput)
    assert f"1. [result R-1] search_corpus (characters 0 to 21)\n{TEXT}" in output.text
    assert output.label == TRUSTED.join(SAID)
    assert output.derived_from == ("R-1", "R-2")
    assert recall.manifest is not None
    assert recall.manifest.results == "labelled"


def test_recall_says_how_many_results_hold_the_same_words():
    repeated = recollection("R-1", TRUSTED).model_copy(update={"also_in": ("R-2", "R-3")})
    output = tools(repeated)[0].function("herons")
    assert isinstance(output, ToolOutput)
    assert f"(characters 0 to 21; the same words in 2 other results)\n{TEXT}" in output.text


@pytest.mark.parametrize("found", [(), (recollection("R-1", TRUSTED),)])
def test_recall_never_lends_its_trust_to_the_words_of_the_query(found):
    output = tools(*found)[0].function("mallory@example.com")
    assert isinstance(output, ToolOutput)
    assert "mallory" not in output.text


def test_recalling_nothing_is_not_trusted():
    output = tools()[0].function("herons")
    assert isinstance(output, ToolOutput)
    assert output.label == Label()


def test_an_earlier_result_is_opened_with_its_label_and_origin():
    output = tools()[1].function("R-1", 7, 4)
    assert isinstance(output, ToolOutput)
    assert (
        output.text
        == "[result R-1] search_corpus (characters 7 to 11 of 21; read_result(id, offset=11) reads on)\nnest"
    )
    assert (output.label, output.derived_from) == (SAID, ("R-1",))


@pytest.mark.parametrize(("result_id", "offset"), [("R-9", 0), ("R-1", 21), ("R-1", -1)])
def test_what_cannot_be_opened_fails_with_the_next_step(result_id, offset):
    with pytest.raises(ToolFailed, match="use an"):
        tools()[1].function(result_id, offset)
