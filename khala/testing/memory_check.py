"""A public check that a `Memory` keeps its word, for whoever writes one.

    check_memory(lambda: MyMemory(fresh_folder()))

Each promise is tried on a memory of its own; the first broken one raises `AssertionError` and says what was expected.
No test framework is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise

from khala.domain.call import ToolCall, ToolResult
from khala.domain.label import Label
from khala.domain.namespace import Namespace
from khala.domain.ports import Memory
from khala.domain.selection import Selection
from khala.domain.value import JsonObject

__all__ = ["check_memory", "example_result"]

_LONG_QUERY_CHARS = 100_000

_WEIRD_QUERIES = (
    '"',
    "'; DROP TABLE passages; --",
    "tool = 'x' OR 1=1",
    "(a AND (b OR",
    "NEAR(a b) * ^ : - +",
    "emoji \N{GRINNING FACE} \N{REGIONAL INDICATOR SYMBOL LETTER D}",
    "nul \0 inside",
    "lone \ud800 surrogate \udfff",
    "\u202eright to left",
    "word " * (_LONG_QUERY_CHARS // 5),
    "x" * _LONG_QUERY_CHARS,
)

_SELECTIONS = (
    Selection(),
    Selection(namespace=Namespace()),
    Selection(namespace=Namespace(tenant="acme")),
    Selection(namespace=Namespace(tenant="acme", agent="buyer")),
    Selection(namespace=Namespace(tenant="acme", agent="seller")),
    Selection(namespace=Namespace(agent="buyer")),
    Selection(read_by=frozenset({"ann"})),
    Selection(read_by=frozenset({"an", "ann@example.org", 'ann", "bob', "%", "\ud800"})),
    Selection(read_by=frozenset()),
    Selection(ids=frozenset({"run1-1", "run2-2", "run9-9"})),
    Selection(ids=frozenset()),
    Selection(runs=frozenset({"run0", "run2"})),
    Selection(runs=frozenset({"run0' OR '1' = '1", "run1\ud800", "run1\0"})),
    Selection(tools=frozenset({"mail"})),
    Selection(tools=frozenset({"' OR true --", "mai_", "%"})),
    Selection(trust="trusted"),
    Selection(trust="untrusted", tools=frozenset({"web_page"})),
    Selection(origins=frozenset({"user"})),
    Selection(origins=frozenset({"import", "tool:mail"})),
    Selection(origins=frozenset({"use", '"user', "\ud800"})),
    Selection(since_ms=5, before_ms=9),
    Selection(since_ms=2**62),
    Selection(before_ms=-(2**62)),
)


def example_result(
    text: str,
    *,
    number: int = 1,
    run_id: str = "run",
    tool: str = "read_document",
    arguments: JsonObject | None = None,
    label: Label | None = None,
    at_ms: int = 0,
    namespace: Namespace | None = None,
) -> ToolResult:
    """A successful result, as the loop would hand it to a memory."""
    return ToolResult(
        call=ToolCall(id=f"{run_id}-{number}", tool=tool, arguments=arguments or {}),
        status="ok",
        text=text,
        digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        label=label or Label(),
        run_id=run_id,
        at_ms=at_ms,
        namespace=namespace or Namespace(),
    )


def check_memory(make_memory: Callable[[], Memory]) -> None:
    """Check all promises of the port. `make_memory` gives an empty memory each time; closing them is up to the caller.

    Raises `AssertionError` for the first promise that is not kept.
    """
    for check in _CHECKS:
        check(make_memory())


def _check_it_sees_what_was_just_remembered(memory: Memory) -> None:
    for number in range(1, 21):
        memory.remember(example_result(f"The town of Kirnu{number} lies on the river Vantaa.", number=number))
        found = memory.recall(f"Kirnu{number}")
        _expect(f"run-{number}" in [one.result_id for one in found], f"result {number} is found right after `remember`")


def _check_it_gives_the_very_words(memory: Memory) -> None:
    sentences = [f"Paragraph {number} is about topic{number} and nothing else, as it happens." for number in range(300)]
    text = "\n  " + "\n\n".join(sentences) + "  \n"
    memory.remember(example_result(text))
    found = memory.recall("topic150")
    _expect(bool(found), "a word in the middle of a long text is found")
    _expect(any("topic150" in one.passage for one in found), "the passage holds the word that was asked for")
    for one in found:
        _expect(one.passage == text[one.start : one.end], "a passage is `text[start:end]` of its result")
        _expect(bool(one.passage.strip()), "a passage is not blank")


def _check_it_tells_where_words_came_from(memory: Memory) -> None:
    label = Label(trust="trusted", readers=frozenset({"ann", "bob"}), origins=("tool:directory",))
    memory.remember(example_result("Ann Kivi lives in Turku.", tool="directory", label=label, run_id="first", at_ms=7))
    memory.remember(example_result("Ann Kivi lives in Oulu.", tool="web_page", run_id="second", at_ms=8))
    by_run = {one.run_id: one for one in memory.recall("Where does Ann Kivi live?")}
    _expect(set(by_run) == {"first", "second"}, "results of every run of a home are found")
    first, second = by_run["first"], by_run["second"]
    _expect((first.result_id, first.tool, first.at_ms) == ("first-1", "directory", 7), "id, tool and time come back")
    _expect(first.label == label, "the label comes back whole")
    _expect(second.label.trust == "untrusted", "what was untrusted stays untrusted")


def _check_equal_words_do_not_gain_trust(memory: Memory) -> None:
    text = "The password is swordfish."
    memory.remember(example_result(text, run_id="bad"))
    memory.remember(example_result(text, run_id="good", label=Label(trust="trusted")))
    found = memory.recall("What is the password? swordfish")
    for one in found:
        _expect((one.label.trust == "trusted") == (one.run_id == "good"), "each recollection keeps its own label")


def _check_it_counts_a_result_once(memory: Memory) -> None:
    result = example_result("Zinc melts at 419.5 degrees.")
    for _ in range(3):
        memory.remember(result)
        _expect(len(memory.recall("zinc melts")) == 1, "a result remembered again is there once")


def _check_it_tells_equal_texts_once(memory: Memory) -> None:
    for number in range(1, 11):
        memory.remember(example_result("The shop opens at nine and closes at five.", number=number))
    memory.remember(example_result("The shop in Espoo sells nothing but lamps.", number=11))
    passages = [one.passage for one in memory.recall("the shop opens", limit=5)]
    _expect(bool(passages), "a text remembered ten times is found")
    _expect(len(passages) == len(set(passages)), "the same words do not fill the answer")


def _check_it_keeps_to_the_limit(memory: Memory) -> None:
    for number in range(1, 31):
        memory.remember(example_result(f"Report {number} about copper prices, volume {number}.", number=number))
    for limit in (1, 3, 10):
        found = memory.recall("copper prices report", limit=limit)
        _expect(len(found) == limit, f"{limit} passages are found where more fit and {limit} are asked for")
        _expect(_is_falling([one.score for one in found]), "the best passage comes first")
    _expect(len(memory.recall("copper prices report", limit=1_000_000)) <= 30, "a huge limit is no error")  # noqa: PLR2004
    for limit in (0, -1):
        _expect(not memory.recall("copper", limit=limit), "a limit of 0 or less finds nothing")


def _check_it_finds_what_is_meant_and_nothing_else(memory: Memory) -> None:
    both = Label(readers=frozenset({"ann", "bob"}), origins=("import", "tool:mail"))
    labels = (Label(), Label(trust="trusted", origins=("user",)), both, Label(readers=frozenset()))
    namespaces = (Namespace(), Namespace(tenant="acme"), Namespace(tenant="acme", agent="buyer"))
    results = [
        example_result(
            f"Tender {number} asks for copper.",
            number=number,
            run_id=f"run{number % 3}",
            tool=("mail", "web_page")[number % 2],
            label=labels[number % 4],
            at_ms=number,
            namespace=namespaces[number % 3],
        )
        for number in range(24)
    ]
    for result in results:
        memory.remember(result)
    for where in _SELECTIONS:
        meant = {result.call.id for result in results if where.holds(result)}
        found = memory.recall("tender copper", limit=len(results), where=where)
        ids = {id_ for one in found for id_ in (one.result_id, *one.also_in)}
        _expect(ids == meant, f"`{where!r}` means {sorted(meant)} and finds them alone, not {sorted(ids)}")
        for one in found:
            whole = next(result for result in results if result.call.id == one.result_id)
            _expect(one.namespace == whole.namespace, "whose a result is comes back")
            _expect(one.digest == whole.digest, "the digest of the whole text comes back")


def _check_it_takes_any_query(memory: Memory) -> None:
    _expect(not memory.recall("anything"), "an empty memory finds nothing")
    memory.remember(example_result("The quick brown fox jumps over the lazy dog."))
    for query in ("", " \n\t", "\0"):
        _expect(not memory.recall(query), "an empty query finds nothing")
    for query in _WEIRD_QUERIES:
        _expect(len(memory.recall(query, limit=3)) <= 1, f"the query {query[:30]!r} is a query like any other")
    _expect(not memory.recall("qzxv wjkp"), "words that stand nowhere find nothing")
    _expect(len(memory.recall("brown fox")) == 1, "and the memory still works")


def _check_it_takes_any_text(memory: Memory) -> None:
    texts = ("", " \n ", "\0", "lone \ud800 surrogate", "x" * 100_000, "one \0 nul", "\N{GRINNING FACE}" * 1000)
    for number, text in enumerate(texts, start=1):
        memory.remember(example_result(text, number=number, arguments={"q": "\ud800'\"", "n": [1, {"a": None}]}))
    memory.remember(example_result("The needle is here.", number=99))
    found = memory.recall("needle")
    _expect("run-99" in [one.result_id for one in found], "a text among odd ones is found")
    _expect(not {"run-1", "run-2"} & {one.result_id for one in memory.recall("read_document")}, "blank is not found")


_CHECKS: tuple[Callable[[Memory], None], ...] = (
    _check_it_sees_what_was_just_remembered,
    _check_it_gives_the_very_words,
    _check_it_tells_where_words_came_from,
    _check_equal_words_do_not_gain_trust,
    _check_it_counts_a_result_once,
    _check_it_tells_equal_texts_once,
    _check_it_keeps_to_the_limit,
    _check_it_finds_what_is_meant_and_nothing_else,
    _check_it_takes_any_query,
    _check_it_takes_any_text,
)


def _is_falling(scores: Sequence[float]) -> bool:
    return all(earlier >= later for earlier, later in pairwise(scores))


def _expect(kept: bool, promise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not kept:
        raise AssertionError(f"a memory does not keep its word: {promise}")
