"""Which passage carries a sentence: labelled pairs, and rules that hold for any text."""

# ruff: noqa: RUF001 (Chinese punctuation)

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khala.domain.evidence.attribution import EvidenceIndex, ResultText, claims_of, support
from khala.domain.evidence.sentences import passages, sentences
from khala.domain.evidence.wording import folded, traced

PYTHON = (
    "Metaclasses\n***********\n\n"
    "By default, classes are constructed using ``type()``. The class body is executed in a new\n"
    "namespace and the class name is bound locally to the result of ``type(name, bases, namespace)``.\n\n"
    "The appropriate metaclass for a class definition is determined as follows:\n\n"
    "* if no bases and no explicit metaclass are given, then ``type()`` is used;\n\n"
    "* if an explicit metaclass is given and it is *not* an instance of ``type()``, then it is\n"
    "  used directly as the metaclass;\n"
)
GUIDO = (
    "Guido van Rossum is a Dutch programmer. He created Python in 1991 while working at CWI in Amsterdam. "
    "He stepped down as Python's leader on 12 July 2018."
)
VIDEO = (
    "Google acquired YouTube for $1.65 billion in November 2006. Microsoft bought LinkedIn in 2016. "
    "YouTube was founded by Chad Hurley, Steve Chen and Jawed Karim."
)
TOWER = (
    "The Eiffel Tower, built for the 1889 World's Fair, is 330 metres tall and weighs 10,100 tonnes. "
    "It was designed by Stephen Sauvestre, not by Gustave Eiffel himself. About 5.8 million people visit it each year."
)
APPLES = "Alice has 5 apples and Bob has 10. The shop opened in 1923 and does not sell pears on Sundays."
SPAN = "The treaty says that “the parties shall—without delay—exchange the ratified copies” in Paris."
EXAM = "The rate rose from 5 to 10 percent in France. Sales in Spain increased by 12 %. No drug cured the patients."
DRUG = "There is no evidence that the vaccine causes autism in children. The study followed 657,461 children."
RESULTS = tuple(
    ResultText(f"r{number}", text)
    for number, text in enumerate((PYTHON, GUIDO, VIDEO, TOWER, APPLES, SPAN, EXAM, DRUG), 1)
)

QUOTED = [
    ("By default, classes are constructed using type().", "r1", "classes are constructed using ``type()``."),
    ("if no bases and no explicit metaclass are given, then type() is used", "r1", "if no bases and no explicit"),
    ("The class body is executed in a new namespace", "r1", "The class body is executed in a new\nnamespace"),
    ("“By default, classes are constructed using `type()`.” [run-1]", "r1", "By default, classes"),
    ("- By default, classes are constructed using type() [run-1].", "r1", "constructed using ``type()``."),
    ('The documentation says: "classes are constructed using type()" [run-1].', "r1", "classes are constructed"),
    ("HE CREATED PYTHON IN 1991 while working at\u00a0CWI in Amsterdam.", "r2", "He created Python in 1991"),
    ("the parties shall-without delay-exchange the ratified copies", "r6", "the parties shall—without"),
    ("About 5.8 million people\nvisit it each year.", "r4", "About 5.8 million people visit it each year."),
    ("does not sell pears on Sundays", "r5", "does not sell pears on Sundays."),
]  # fmt: skip

SUPPORTED = [
    ("If an explicit metaclass is given, not an instance of type(), it is used directly.", "r1", "if an explicit"),
    ("Classes are by default constructed with `type()`.", "r1", "By default, classes"),
    ("Guido van Rossum created Python in 1991.", "r2", "Guido van Rossum is a Dutch programmer. He created"),
    ("Python was created in 1991.", "r2", "He created Python in 1991"),
    ("The leader of Python stepped down on July 12, 2018.", "r2", "He stepped down"),
    ("The leader of Python stepped down on 2018-07-12.", "r2", "He stepped down"),
    ("In July 2018 Python's leader stepped down.", "r2", "He stepped down"),
    ("YouTube was acquired by Google in November 2006.", "r3", "Google acquired YouTube"),
    ("Google acquired YouTube for 1,650,000,000 dollars.", "r3", "Google acquired YouTube"),
    ("In 2016 Microsoft bought LinkedIn.", "r3", "Microsoft bought LinkedIn in 2016."),
    ("LinkedIn was bought by Microsoft in 2016.", "r3", "Microsoft bought LinkedIn in 2016."),
    ("Chad Hurley, Jawed Karim and Steve Chen founded YouTube.", "r3", "YouTube was founded by"),
    ("The Eiffel Tower is 330 m tall.", "r4", "The Eiffel Tower"),
    ("The Eiffel Tower weighs 10100 tonnes.", "r4", "The Eiffel Tower"),
    ("The Eiffel Tower weighs 10 100 tonnes.".replace("10 100", "10\u202f100"), "r4", "The Eiffel Tower"),
    ("The Eiffel Tower was built for the World's Fair of 1889.", "r4", "The Eiffel Tower"),
    ("Each year 5,800,000 people visit it.", "r4", "About 5.8 million"),
    ("It was not designed by Gustave Eiffel himself.", "r4", "It was designed by Stephen"),
    ("Bob has 10 apples.", "r5", "Alice has 5 apples and Bob has 10."),
    ("The shop opened in the year 1923.", "r5", "The shop opened in 1923"),
    ("In France the rate rose from 5 to 10 per cent.", "r6", "The rate rose"),
    ("Sales increased by 12% in Spain.", "r6", "Sales in Spain"),
    ("The parties of the treaty shall exchange the “ratified copies” in Paris.", "r6", "The treaty says"),
    ("The study followed 657461 children.", "r8", "The study followed"),
]  # fmt: skip

UNSUPPORTED = [
    "Python was created in 1992.",
    "Guido van Rossum created Python in 1990.",
    "Guido van Rossum created Ruby in 1991.",
    "Larry Wall created Python in 1991.",
    "The leader of Python stepped down on July 13, 2018.",
    "The leader of Python stepped down on 2018-08-12.",
    "YouTube acquired Google for $1.65 billion in November 2006.",
    "Google was acquired by YouTube in November 2006.",
    "Google acquired YouTube for $1.56 billion.",
    "Google acquired YouTube for 1.65 billion euros.",
    "Google acquired YouTube for $1.65 million.",
    "Microsoft acquired YouTube for $1.65 billion in November 2006.",
    "Google bought LinkedIn in 2016.",
    "Google did not acquire YouTube in November 2006.",
    "The Eiffel Tower is 331 metres tall.",
    "The Eiffel Tower is 330 feet tall.",
    "The Eiffel Tower weighs 10,101 tonnes.",
    "The Eiffel Tower weighs 1,010 tonnes.",
    "The Eiffel Tower was designed by Gustave Eiffel himself.",
    "About 5.9 million people visit it each year.",
    "About 5.8 people visit it each year.",
    "Alice has 10 apples.",
    "Bob has 5 apples.",
    "The shop sells pears on Sundays.",
    "The shop does not sell pears on Mondays.",
    "The rate rose from 10 to 5 percent in France.",
    "The rate fell from 5 to 10 percent in France.",
    "Sales in Spain decreased by 12 %.",
    "Sales in Spain increased by 12.",
    "The drug cured the patients.",
    "The vaccine causes autism in children.",
    "the vaccine causes autism in children",
    "The study followed 657,462 children.",
    "Classes are constructed using `object()` by default.",
    "The treaty says that “the parties may exchange the ratified copies” in Paris.",
    "The moon is made of green cheese.",
    "Explicit bases are constructed locally in a namespace by the programmer.",
]


@pytest.mark.parametrize(("claim", "result", "passage"), QUOTED)
def test_what_stands_word_for_word_is_quoted(claim, result, passage):
    found = support(claim, RESULTS)
    assert (found.degree, passage in found.quote) == ("quoted", True), found
    assert RESULTS[int(found.result_id[1:]) - 1].text[found.start : found.end] == found.quote


@pytest.mark.parametrize(("claim", "result", "passage"), SUPPORTED)
def test_what_stands_in_other_words_is_supported_by_its_passage(claim, result, passage):
    found = support(claim, RESULTS)
    assert (found.degree, passage in found.quote) == ("supported", True), found
    assert RESULTS[int(found.result_id[1:]) - 1].text[found.start : found.end] == found.quote


@pytest.mark.parametrize("claim", UNSUPPORTED)
def test_what_no_result_says_is_unsupported(claim):
    assert support(claim, RESULTS).degree == "unsupported", support(claim, RESULTS)


def test_the_labelled_pairs_are_told_apart():
    index = EvidenceIndex()
    for result in RESULTS:
        index.add_result(result.result_id, result.text)
    carried = [claim for claim, _, _ in (*QUOTED, *SUPPORTED) if index.support(claim).degree != "unsupported"]
    invented = [claim for claim in UNSUPPORTED if index.support(claim).degree != "unsupported"]
    assert len(carried) == len(QUOTED) + len(SUPPORTED)
    assert invented == []


ANSWER = """\
# Who made Python?

Here is what I found:

- **Guido van Rossum** created Python in 1991, e.g. while at CWI [run-1]. Dr. Smith measured 3.5 m!
- It is used by 5.8 million people. [run-2, run-3] Is that all?
1. A numbered sentence
   goes on in the next line.

| Name | Year |
|------|------|
| Python | 1991 |

```python
print("code claims nothing")
```

(This notice stands in parentheses: no model wrote the answer.)

Sources
-------
[run-1]
https://example.org/a
Done.
"""


def test_an_answer_is_cut_into_its_claims():
    assert [ANSWER[start:end] for start, end in sentences(ANSWER)] == [
        "**Guido van Rossum** created Python in 1991, e.g. while at CWI [run-1].",
        "Dr. Smith measured 3.5 m!",
        "It is used by 5.8 million people. [run-2, run-3]",
        "A numbered sentence\n   goes on in the next line.",
        "| Python | 1991 |",
    ]


@pytest.mark.parametrize("answer", ["42", "Paris.", "type", "\\boxed{1889}"])
def test_a_one_word_answer_is_a_claim(answer):
    assert len(sentences(answer)) == 1


@pytest.mark.parametrize(
    "answer", ["", "Yes.", "What is it?", "(an aside about nothing)", "[run-1]", "# Heading", "***"]
)
def test_what_says_nothing_is_no_claim(answer):
    assert sentences(answer) == ()


def test_a_cited_result_goes_first_and_a_copy_only_without_an_original():
    index = EvidenceIndex()
    index.add_result("run-1", "The sky over the bay is blue.")
    index.add_result("run-2", "Some say: the sky over the bay is blue.")
    index.add_result("run-3", "[result run-1]\nThe sky over the bay is blue.", is_copy=True)
    index.add_result("run-4", "[result old-7]\nThe sea below the cliff is green.", is_copy=True)
    first, second = claims_of("The sky over the bay is blue [run-2]. The sea below the cliff is green.", index)
    assert [support.result_id for support in first.supports] == ["run-2", "run-1"]
    assert (first.cites, [support.result_id for support in second.supports]) == (("run-2",), ["run-4"])


def test_the_newest_result_with_a_value_is_found_by_whole_words():
    index = EvidenceIndex()
    index.add_result("run-1", "see https://example.org/a-b for the metaclass 1,234")
    index.add_result("run-2", "metaclasses at https://example.org/a-b/c and 31,234")
    assert index.newest_with("https://example.org/a-b") == "run-2"
    assert index.newest_with("METACLASS") == "run-1"
    assert index.newest_with("1,234") == "run-1"
    index.add_twin("run-3", of="run-1")
    assert index.newest_with("metaclass") == "run-3"
    assert index.support("see the metaclass 1,234").degree == "supported"
    assert index.supports("for the metaclass 1,234 [run-3]", cited=("run-3",))[0].result_id == "run-3"
    assert index.newest_with("nowhere") is None
    assert index.newest_with(" \n") is None


PROSE = st.lists(
    st.sampled_from([
        "Café", "naïve", "cafe\u0301", "“quoted”", "don\u2019t", "ﬁne", "Straße", "1,000", "3.5", "U.S.", "e.g.", "a—b",
        "№5", "word", "The", "is", "not", "Name", "漢字。", "end.", "why?", "x_y", "`code`", "**bold**", "\u00a0", "\n",
        "\n\n- ", "# ", "[1]", "…", "\u200b", "İ", "ǅ", "👩\u200d🚀", "\u0301",
    ]) | st.text(max_size=8),
    max_size=40,
).map(" ".join)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(PROSE, min_size=1, max_size=4), st.data())
def test_a_verbatim_sentence_is_always_quoted(texts, data):
    index = EvidenceIndex()
    for number, text in enumerate(texts):
        index.add_result(str(number), text)
    number = data.draw(st.integers(0, len(texts) - 1))
    spans = passages(texts[number])
    if not spans:
        return
    start, end = data.draw(st.sampled_from(spans))
    sentence = texts[number][start:end]
    if not folded(sentence):
        return
    found = index.support(sentence)
    quoted = texts[int(found.result_id)][found.start : found.end]
    assert found.degree == "quoted"
    assert folded(quoted).rstrip(".!?") == folded(sentence).rstrip(".!?")


@settings(max_examples=200, deadline=None)
@given(PROSE)
def test_sentences_and_passages_are_ordered_pieces_of_the_text(text):
    for spans in (passages(text), sentences(text)):
        assert all(left.end <= right.start for left, right in pairwise(spans))
        assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)


@settings(max_examples=200, deadline=None)
@given(PROSE)
def test_a_folded_text_can_be_traced_back(text):
    whole = traced(text)
    assert whole.text == folded(text)
    if whole.text:
        start, end = whole.original(0, len(whole.text))
        assert folded(text[start:end]) == whole.text


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 10**7), st.integers(1, 9))
def test_a_changed_number_is_never_supported(number, change):
    text = f"The archive of the town holds {number:,} letters from the war."
    right = f"In the archive of the town {number} letters from the war are held."
    wrong = f"In the archive of the town {number + change} letters from the war are held."
    assert support(right, [ResultText("r", text)]).degree == "supported"
    assert support(wrong, [ResultText("r", text)]).degree == "unsupported"


CHINESE = (
    "研究采用描述性统计和分组比较等方法，全面探究学生压力状况及其影响因素。调查了1248名学生。学校没有设立心理咨询室。"
)


@pytest.mark.parametrize(
    ("claim", "degree"),
    [
        ("研究采用描述性统计和分组比较等方法，全面探究学生压力状况。", "supported"),
        ('研究采用描述性统计等方法，全面探究学生压力状况 [long_context: "学生压力调查", chunk 3]。', "supported"),
        ("调查了1284名学生。", "contradicted"),
        ("学校设立心理咨询室。", "contradicted"),
        ('学校设有图书馆和体育馆 [long_context: "学生压力调查", chunk 3]。', "unsupported"),
    ],
)
def test_a_text_without_spaces_between_its_words_is_compared_by_pairs_of_characters(claim, degree):
    listed = 'Citation: [long_context: "学生压力调查", chunk 1]\n' + CHINESE
    index = EvidenceIndex()
    index.add_result("r1", listed)
    assert index.judge(claim).degree == degree
