"""Rules by role and origin, over generated policies, calls and histories: what can never permit more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from khala.domain.call import ToolCall
from khala.domain.grounding import ORIGINS, Endorsement, Grounding, Origin, Principal
from khala.domain.label import Label, Trust
from khala.domain.manifest import FieldKind, ResultField, ToolManifest
from khala.domain.policy import Effect, Facts, Policy, Rule
from khala.domain.value import JsonObject

STRICTNESS: dict[Effect, int] = {"allow": 0, "ask": 1, "deny": 2}

VALUES = (
    "ann@corp.example", "eve@evil.example", "f-1", "f-22", "4711", "471100", "1,200.00", 1200, "plan", "plan 2026",
    "plan.md", "https://a.example/x", "a.example/x", "DE89 3704 0044 0532 0130 00", "say plan", "", "./b/c", "b/c",
)  # fmt: skip
VALUE = st.sampled_from(VALUES)
WORDS = st.lists(VALUE.map(str) | st.sampled_from(["say", "mail", "to", "id", "#", "the file"]), max_size=6).map(
    " ".join
)

ACT = ToolManifest(
    tool="send_file",
    effect="send",
    roles={"to[]": "recipient", "files[].id": "handle", "body": "content", "by": "title"},
)
CALLS = st.fixed_dictionaries(
    {},
    optional={
        "to": VALUE | st.lists(VALUE, max_size=2),
        "files": st.lists(st.fixed_dictionaries({"id": VALUE}), max_size=2),
        "body": WORDS,
        "by": VALUE | WORDS,
    },
)


@dataclass(frozen=True)
class Told:
    """A result, and how its fields are described."""

    manifest: ToolManifest
    text: str
    arguments: JsonObject
    trust: Trust = "untrusted"


STRANGERS: tuple[FieldKind, ...] = ("id", "title", "field", "prose")
ALL: tuple[FieldKind, ...] = (*STRANGERS, "author", "directory", "trusted")


@st.composite
def told(
    draw: st.DrawFn, *, kinds: Sequence[FieldKind] = ALL, trust: Sequence[Trust] = ("trusted", "untrusted")
) -> Told:
    fields = draw(st.dictionaries(st.sampled_from("abcd"), st.sampled_from(kinds), max_size=4))
    records = draw(st.lists(st.dictionaries(st.sampled_from("abcde"), VALUE | WORDS, max_size=5), max_size=3))
    effect = draw(st.sampled_from(["read", "write"]))
    manifest = ToolManifest(
        tool="open_file",
        effect=effect,
        roles={"id": "document", "query": "query"},
        fields={path: ResultField(kind=kind) for path, kind in fields.items()},
    )
    arguments = draw(st.dictionaries(st.sampled_from(["id", "query"]), VALUE, max_size=1))
    text = draw(st.just(json.dumps(records)) | WORDS)
    return Told(manifest, text, dict(arguments), draw(st.sampled_from(trust)))


HISTORIES = st.lists(told(), max_size=4)
YES = st.lists(
    st.builds(
        Endorsement,
        role=st.sampled_from(["recipient", "handle"]),
        effect=st.sampled_from(["send", "pay"]),
        value=st.none() | VALUE.map(str),
        source=st.none() | st.sampled_from(["r-0", "r-1", "r-0[1]"]),
    ),
    max_size=2,
)
SAID = st.lists(WORDS, max_size=3)


def grounding(said: Sequence[str], history: Sequence[Told], yes: Sequence[Endorsement] = ()) -> Grounding:
    index = Grounding(Principal(ids=("ann@corp.example",)))
    for words in said:
        index.add_user_words(words)
    for number, each in enumerate(history):
        call = ToolCall(id=f"r-{number}", tool=each.manifest.tool, arguments=each.arguments)
        index.add_result(each.text, Label(trust=each.trust), call=call, manifest=each.manifest)
    for each in yes:
        index.endorse(each)
    return index


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    effect = draw(st.sampled_from(["allow", "allow", "ask", "deny"]))
    roles = draw(st.frozensets(st.sampled_from(["recipient", "handle", "content", "title", "link"]), max_size=3))
    origins: frozenset[Origin] = draw(st.frozensets(st.sampled_from(ORIGINS), max_size=6)) if roles else frozenset()
    tools = frozenset({"*"}) if not roles or draw(st.booleans()) else frozenset[str]()
    computed = bool(origins) and effect != "allow" and draw(st.booleans())
    return Rule(
        draw(st.sampled_from("pqrstu")), effect, tools=tools, roles=roles, origins=origins, or_computed=computed
    )


POLICIES = st.lists(rules(), min_size=1, max_size=5, unique_by=lambda rule: rule.id).map(
    lambda found: [Rule("grant", "allow", frozenset({"*"})), *found]
)


def strictness(policy: Sequence[Rule], call: JsonObject, index: Grounding) -> int:
    return STRICTNESS[Policy(tuple(policy)).decide(Facts(ACT, call, index)).effect]


@given(POLICIES, CALLS, SAID, HISTORIES, st.randoms())
def test_the_order_of_rules_never_matters(policy, call, said, history, random: Random):
    shuffled = list(policy)
    random.shuffle(shuffled)
    index = grounding(said, history)
    first, second = (Policy(tuple(each)).decide(Facts(ACT, call, index)) for each in (policy, shuffled))
    assert (first.effect, first.rules, first.reason) == (second.effect, second.rules, second.reason)


@given(POLICIES, rules(), CALLS, SAID, HISTORIES)
def test_adding_an_ask_or_deny_never_permits_more_and_an_allow_never_less(policy, more: Rule, call, said, history):
    index = grounding(said, history)
    before, after = strictness(policy, call, index), strictness([*policy, more], call, index)
    assert after <= before if more.effect == "allow" else after >= before


def takes_origins_away(less: Grounding, more: Grounding) -> bool:
    """Whether no value has an origin in the one that it does not have in the other."""
    return all(
        less.origins(each, role=role, effect="send", tool="send_file")
        <= more.origins(each, role=role, effect="send", tool="send_file")
        for each in VALUES
        for role in ("handle", "title")
    )


@settings(max_examples=200)
@given(POLICIES, CALLS, SAID, HISTORIES)
def test_a_result_that_is_no_longer_trusted_never_permits_more(policy, call, said, history):
    less = grounding(said, [replace(each, trust="untrusted") for each in history])
    more = grounding(said, history)
    assert takes_origins_away(less, more)
    assert strictness(policy, call, less) >= strictness(policy, call, more)


@settings(max_examples=200)
@given(POLICIES, CALLS, SAID, HISTORIES)
def test_a_field_that_is_no_longer_trusted_never_permits_more(policy, call, said, history):
    def distrusted(each: Told) -> Told:
        fields = {
            path: ResultField(kind="field") if field.kind == "trusted" else field
            for path, field in each.manifest.fields.items()
        }
        return replace(each, manifest=each.manifest.model_copy(update={"fields": fields}))

    less, more = grounding(said, list(map(distrusted, history))), grounding(said, history)
    assert takes_origins_away(less, more)
    assert strictness(policy, call, less) >= strictness(policy, call, more)


@settings(max_examples=200)
@given(POLICIES, CALLS, SAID, HISTORIES, st.data())
def test_words_the_user_did_not_say_never_permit_more(policy, call, said, history, data: st.DataObject):
    fewer = [words for words in said if data.draw(st.booleans())]
    less, more = grounding(fewer, history), grounding(said, history)
    assert takes_origins_away(less, more)
    assert strictness(policy, call, less) >= strictness(policy, call, more)


@settings(max_examples=200)
@given(SAID, HISTORIES, st.lists(told(kinds=STRANGERS, trust=["untrusted"]), min_size=1, max_size=2), YES, VALUE)
def test_whatever_strangers_say_no_value_comes_from_the_user_a_trusted_source_or_a_persons_yes(
    said, history, more, yes, value
):
    vouching = {"user", "trusted", "endorsed", "own", "directory"}
    yes = [each for each in yes if each.source is None or int(each.source[2]) < len(history)]  # to what was there
    before, after = grounding(said, history, yes), grounding(said, [*history, *more], yes)
    for role in ("recipient", "handle"):
        origins = [each.origins(value, role=role, effect="send", tool="send_file") for each in (before, after)]
        assert origins[1] & vouching == origins[0] & vouching


@given(SAID, HISTORIES, YES, st.lists(VALUE, min_size=1, max_size=5))
def test_the_answer_does_not_depend_on_what_was_asked_before(said, history, yes, values):
    asked, fresh = grounding([], [], yes), grounding(said, history, yes)
    for words in said:
        asked.add_user_words(words)
        asked.origins(values[0])
    for number, each in enumerate(history):
        call = ToolCall(id=f"r-{number}", tool=each.manifest.tool, arguments=each.arguments)
        asked.add_result(each.text, Label(trust=each.trust), call=call, manifest=each.manifest)
        asked.origins(values[0])
    assert [asked.origins(each) for each in values] == [fresh.origins(each) for each in reversed(values)][::-1]


@given(SAID, HISTORIES, VALUE | st.lists(VALUE, min_size=1, max_size=3))
def test_one_origin_is_asked_for_as_all_are(said, history, value):
    index = grounding(said, history)
    assert {each for each in ORIGINS if index.has_origin(value, [each])} == index.origins(value)
