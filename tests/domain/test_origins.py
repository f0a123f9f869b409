"""Each origin in one sentence, and where it ends."""

from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from khala.domain.call import ToolCall
from khala.domain.grounding import Endorsement, Grounding, Principal
from khala.domain.label import Label
from khala.domain.manifest import FieldKind, ResultField, ToolEffect, ToolManifest
from khala.domain.policy import Facts

FIELDS: dict[str, FieldKind] = {
    "id": "id",
    "by": "author",
    "title": "title",
    "value": "field",
    "sure": "trusted",
    "in": "directory",
}


class Run:
    """What was said in a run, in order."""

    def __init__(self, user: str = "", *, ids: tuple[str, ...] = ()) -> None:
        self.grounding = Grounding(Principal(ids=ids))
        self.grounding.add_user_words(user)
        self.results = 0

    def saw(
        self,
        result: JsonValue,
        *,
        tool: str = "open_mail",
        effect: ToolEffect = "read",
        trust: str = "untrusted",
        records: str = "",
        **arguments: JsonValue,
    ) -> Run:
        manifest = ToolManifest(
            tool=tool,
            effect=effect,
            roles={"document": "document", "query": "query", "container": "container"},
            records=records,
            fields={path: ResultField(kind=kind) for path, kind in FIELDS.items()},
        )
        self.results += 1
        text = result if isinstance(result, str) else json.dumps(result)
        call = ToolCall(id=f"r-{self.results}", tool=tool, arguments=arguments)
        self.grounding.add_result(
            text, Label(trust="trusted" if trust == "trusted" else "untrusted"), call=call, manifest=manifest
        )
        return self

    def origins(
        self, value: JsonValue, role: str = "", effect: ToolEffect | None = None, tool: str = "open_mail"
    ) -> set[str]:
        return {*self.grounding.origins(value, role=role, effect=effect, tool=tool)}


def test_user_is_what_the_user_said_and_trusted_what_a_trusted_result_or_field_says() -> None:
    run = Run("mail x-1").saw("x-2 is fine", trust="trusted").saw({"sure": "x-3", "value": "x-4"}).saw("x-5")
    assert [run.origins(f"x-{n}") & {"user", "trusted"} for n in range(1, 6)] == [
        {"user"},
        {"trusted"},
        {"trusted"},
        set(),
        set(),
    ]


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("mail 7", True),
        ("#7", True),
        ("id 7", True),
        ("no. 7", True),
        ("7 mails", False),
        ("open 7", False),
        ("at 7", False),
        ("mail 77", False),
    ],
)
def test_a_short_number_names_something_only_after_a_word_that_says_what_it_counts(said, names):
    run = Run(f"look at {said} please").saw({"id": 7, "value": "v-1"})
    assert ("named" in run.origins("v-1")) is names
    assert ("user" in run.origins("7", role="handle")) is names
    assert "named" in Run("look at 48213").saw({"id": 48213, "value": "v-1"}).origins("v-1")


def test_named_is_a_record_whose_id_author_or_document_the_user_gave() -> None:
    assert "named" in Run("what does ann@x.example say?").saw({"by": "ann@x.example", "value": "v-1"}).origins("v-1")
    assert "named" in Run("read plan.md").saw({"value": "v-1"}, document="plan.md").origins("v-1")
    assert "named" in Run("look into general").saw({"in": "general", "value": "v-1"}).origins("v-1")
    assert "named" not in Run("read it").saw(
        {"id": "m-1", "by": "ann@x.example", "value": "v-1"}, document="plan.md"
    ).origins("v-1")
    both = Run("mail m-1").saw([{"id": "m-1", "value": "v-1"}, {"id": "m-2", "value": "v-2"}])
    assert ["named" in both.origins(each) for each in ("v-1", "v-2")] == [True, False]


def test_titled_is_what_all_records_of_that_title_hold() -> None:
    one = {"id": "m-1", "title": "Plan B", "value": "v-1"}
    assert "titled" in Run("open Plan B").saw([one]).origins("v-1")
    assert "titled" in Run("open Plan B").saw([one, {**one, "title": "RE: plan b"}]).origins("v-1")
    assert "titled" not in Run("open Plan B").saw([one, {"id": "m-2", "title": "Re: Plan B", "value": "v-2"}]).origins(
        "v-1"
    )
    assert "titled" not in Run("open Plan C").saw([one]).origins("v-1")


def test_titled_is_also_a_record_of_half_a_name_that_fits_one_author() -> None:
    ann = {"id": "m-1", "by": "ann.berg@x.example", "value": "v-1"}
    assert "titled" in Run("what does Berg want?").saw([ann]).origins("v-1")
    assert "titled" not in Run("what does Ann want?").saw([ann, {"by": "ann.carr@x.example"}]).origins("v-1")
    run = Run("what does Ann want?").saw([ann])
    assert "titled" in run.origins("v-1")
    assert "titled" not in run.saw([{"by": "ann.carr@x.example"}]).origins(
        "v-1"
    )  # whoever comes later can be meant too


def test_queried_is_what_all_the_users_words_found() -> None:
    assert "queried" in Run("find the bill of may").saw({"value": "v-1"}, query="bill may").origins("v-1")
    assert "queried" in Run("look into Archive").saw({"value": "v-1"}, container="archive").origins("v-1")
    assert "queried" not in Run("find the bill").saw({"value": "v-1"}, query="bill june").origins("v-1")
    assert "queried" not in Run("find the bill").saw({"value": "v-1"}, query="bill", container="trash").origins("v-1")
    assert "queried" not in Run("find the bill").saw({"value": "v-1"}).origins("v-1")


def test_told_goes_on_from_document_to_document_and_never_back() -> None:
    run = (
        Run("follow a.md")
        .saw("see b.md", document="a.md")
        .saw("see c.md", document="b.md")
        .saw("use v-1", document="c.md")
    )
    assert run.origins("v-1") == {"told", "said"}
    back = Run("follow a.md").saw("use v-1", document="c.md").saw("see c.md", document="a.md")
    assert back.origins("v-1") == {"said"}
    found = Run("follow a.md").saw("see b.md", document="a.md").saw("use v-1", query="b.md")
    assert found.origins("v-1") == {"said"}
    titled = Run("open Plan B").saw([{"id": "m-1", "title": "Plan B", "text": "use v-1"}])
    assert titled.origins("v-1") == {"said"}


def test_own_is_a_record_of_the_user_by_any_of_their_names() -> None:
    run = Run(ids=("ann@x.example", "DE-1")).saw(
        [{"by": "Ann@X.example", "value": "v-1"}, {"by": "eve", "value": "v-2"}]
    )
    assert ["own" in run.origins(each) for each in ("v-1", "v-2")] == [True, False]
    assert "own" not in Run().saw({"by": "", "value": "v-1"}).origins("v-1")


@pytest.mark.parametrize(
    ("effect", "is_made"),
    [
        ("write", True),
        ("send", True),
        ("pay", True),
        ("grant", True),
        ("read", False),
        ("network", False),
        ("execute", False),
        ("delete", False),
    ],
)
def test_made_is_the_id_of_what_a_making_call_gave_back_first(effect, is_made):
    assert ("made" in Run().saw({"id": "n-1", "value": "v-1"}, effect=effect).origins("n-1")) is is_made
    assert "made" not in Run().saw({"id": "n-1", "value": "v-1"}, effect=effect).origins("v-1")
    assert "made" not in Run().saw({"id": "n-1"}).saw({"id": "n-1"}, effect=effect).origins("n-1")
    assert "made" not in Run().saw({"id": "n-1"}, effect=effect, text="as in n-1").origins("n-1")


def test_directory_and_any_stand_alone_in_a_field_and_worded_has_words_of_the_user_around_them() -> None:
    run = Run("write the notes of it").saw({"in": "general", "value": "v-1", "text": "v-2 is prose"})
    assert "directory" in run.origins("general")
    assert ["any" in run.origins(each) for each in ("v-1", "v-2", "v-2 is prose")] == [True, False, False]
    assert "worded" in run.origins("the notes of v-1")
    assert "worded" in run.origins("the notes of it")
    assert [run.origins(each) for each in ("the notes of v-9", "the notes of v-2")] == [set(), set()]
    assert "worded" not in run.origins("v-1 general")
    assert run.origins("the " * 41 + "v-1") == set()


def test_endorsed_is_for_one_role_and_effect_by_value_or_by_source() -> None:
    run = Run().saw([{"value": "v-1", "text": "and v-2"}, {"value": "v-3"}])
    run.grounding.endorse(Endorsement(role="recipient", effect="send", value="V-9 "))
    run.grounding.endorse(Endorsement(role="recipient", effect="send", source="r-1[0]"))
    assert ["endorsed" in run.origins(f"v-{n}", "recipient", "send") for n in (1, 2, 3, 9)] == [True, True, False, True]
    for role, effect in (("payee", "send"), ("recipient", "pay"), ("", "send"), ("recipient", None)):
        assert "endorsed" not in run.origins("v-9", role, effect)  # type: ignore[arg-type]


def test_a_list_comes_from_where_all_of_it_comes_from() -> None:
    run = Run("mail v-1").saw({"value": "v-1"}).saw({"value": "v-2"})
    assert run.origins(["v-1", "v-2"]) == {"any"}
    assert run.origins({"a": ["v-1"], "b": None}) == {"any", "user"}
    assert run.origins([[], {}, None]) == set()
    assert run.grounding.has_origin(["v-1", "v-2"], ["user", "any"])
    assert not run.grounding.has_origin([], ["user", "any"])


def test_where_a_value_stands_is_told_by_result_and_record() -> None:
    run = Run().saw([{"value": "v-1"}, {"value": "v-1", "text": "v-2"}]).saw("v-2, v-3").saw({"value": "v-3"})
    assert [run.grounding.where(f"v-{n}") for n in (1, 2, 3, 4)] == [
        ("r-1[0]", "r-1[1]"),
        ("r-1[1]", "r-2"),
        ("r-2", "r-3"),
        (),
    ]


def test_records_stand_where_the_manifest_says_and_what_is_beside_them_is_prose() -> None:
    page: JsonValue = {"items": [{"id": "m-1", "value": "v-1"}], "next": "v-2"}
    run = Run("mail m-1").saw({"page": page, "id": "m-9", "value": "v-3"}, records="page.items")
    assert run.origins("v-1") == {"named", "any"}
    assert [run.origins(each) for each in ("v-2", "v-3", "m-9")] == [{"said"}] * 3
    missing = Run("mail m-1").saw({"error": "v-1 of m-1"}, records="page.items")
    assert missing.origins("v-1") == {"said"}


def test_the_words_of_a_tools_name_are_asked_for_by_the_user() -> None:
    for name, said, asked in (
        ("delete_file", "delete the file", True),
        ("deleteFile", "Delete the FILE!", True),
        ("delete_file", "delete it", False),
        ("_", "_ anything", False),
    ):
        facts = Facts(ToolManifest(tool=name, effect="delete"), {}, Run(said).grounding)
        assert facts.is_asked_for() is asked
