"""Definitions of tools in three shapes: what they say of arguments counts, what servers claim beyond never does."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from khala.domain.tool import ArgumentsInvalid, Tool
from khala.errors import InvalidTool
from khala.infrastructure.security.tool_definitions import load_tool_definitions, read_tool_definitions

SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "properties": {
        "to": {"type": "array", "items": {"type": "string"}},
        "copy": {"type": ["string", "null"]},
        "kind": {"enum": ["plain", "html"], "default": "plain"},
        "n": {"anyOf": [{"type": "integer"}, {"type": "boolean"}]},
        "header": {"$ref": "#/$defs/Header"},
        "free": {"type": "object"},
    },
    "required": ["to"],
    "$defs": {"Header": {"type": "object", "properties": {"x": {"type": "number"}}, "additionalProperties": False}},
}


def read(document: JsonValue) -> tuple[Tool, ...]:
    return read_tool_definitions(json.dumps(document), source="t.json")


def one(schema: JsonValue) -> Tool:
    return read([{"name": "send", "parameters": schema}])[0]


def refused(document: JsonValue | str) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(InvalidTool) as caught:
        read_tool_definitions(text, source="t.json")
    assert str(caught.value).startswith("t.json: ")
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_arguments_become_canonical_as_the_schema_says() -> None:
    send = one(SCHEMA)
    assert send.canonical_arguments({"to": ["ann"]}) == {"to": ["ann"], "kind": "plain"}
    full: dict[str, JsonValue] = {
        "to": [], "copy": None, "kind": "html", "n": True, "header": {"x": 1.5}, "free": {"any": [1]},
    }  # fmt: skip
    assert send.canonical_arguments(full) == full


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "`to`"),
        ({"to": "ann"}, "`to`"),
        ({"to": ["ann"], "bcc": ["eve"]}, "`bcc`"),
        ({"to": [], "kind": "rtf"}, "`kind`"),
        ({"to": [], "header": {"y": 1}}, "header.y"),
        ({"to": [], "copy": 3}, "`copy"),
        ({"to": [], "argument_0": 3}, "`argument_0`"),
    ],
)
def test_arguments_that_do_not_fit_are_named(arguments: dict[str, JsonValue], said: str) -> None:
    with pytest.raises(ArgumentsInvalid, match=said):
        one(SCHEMA).canonical_arguments(arguments)


def test_an_open_schema_is_closed_all_the_same() -> None:
    with pytest.raises(ArgumentsInvalid, match="`bcc`"):
        one({**SCHEMA, "additionalProperties": True}).canonical_arguments({"to": [], "bcc": 1})


def test_three_shapes_are_read() -> None:
    shapes: list[JsonValue] = [
        [{"name": "send", "description": "Send.", "parameters": SCHEMA}],
        [{"type": "function", "function": {"name": "send", "description": "Send.", "parameters": SCHEMA}}],
        {"tools": [{"type": "function", "name": "send", "description": "Send.", "parameters": SCHEMA, "strict": True}]},
        {"tools": [{"name": "send", "title": "S", "description": "Send.", "inputSchema": SCHEMA, "_meta": {}}]},
        {"jsonrpc": "2.0", "result": {"tools": [{"name": "send", "description": "Send.", "inputSchema": SCHEMA}]}},
    ]  # fmt: skip
    specs = {read(shape)[0].spec.model_dump_json() for shape in shapes}
    assert len(specs) == 1
    assert '"description":"Send."' in specs.pop()


CLAIMS: dict[str, JsonValue] = {"effect": "read", "roles": {}, "annotations": {"readOnlyHint": True}}


@pytest.mark.parametrize(
    "document",
    [
        {"tools": [{"name": "wipe", "inputSchema": SCHEMA, **CLAIMS}]},
        {"result": {"tools": [{"name": "wipe", **CLAIMS}]}},
        [{"name": "wipe", "inputSchema": SCHEMA, **CLAIMS}],
        [{"name": "wipe", "effect": "read"}, {"name": "other", "inputSchema": {}}],
        [{"type": "function", "function": {"name": "wipe", **CLAIMS}}],
    ],
)
def test_what_a_server_says_of_its_own_tools_grants_nothing(document: JsonValue) -> None:
    assert [tool.manifest for tool in read(document)] == [None] * len(read(document))


def test_the_users_own_definitions_carry_manifests() -> None:
    (send,) = read([{"name": "send", "parameters": SCHEMA, "effect": "send", "roles": {"to": "recipient"}}])
    assert send.manifest is not None
    assert (send.manifest.effect, send.manifest.roles) == ("send", {"to": "recipient"})


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("[", "it is not JSON"),
        ('[{"name": "a", "name": "b"}]', "the key `name` stands in it twice"),
        ([], "the list of tools is empty"),
        ({"name": "a"}, "there is no list of tools"),
        ({"tools": [{"name": "a"}], "nextCursor": "2"}, "the list goes on at `nextCursor`"),
        (["a"], "a tool in the list is no object"),
        ([{"name": "files.read"}], "tool number 1: `files.read` cannot name a tool"),
        ([{"name": "re\u0430d"}], "`re\\u0430d` cannot name a tool"),
        ([{"description": "x"}], "tool number 1: `name` is missing"),
        ([{"name": "a", "effects": "read"}], "tool `a`: unknown key `effects`: did you mean `effect`?"),
        ([{"name": "a", "effect": "reads"}], "tool `a`: `effect` cannot be `reads`"),
        ([{"name": "a", "roles": {"x": "url"}, "effect": "read"}], "it has no argument `x`"),
        ([{"name": "a", "parameters": {"properties": {"x": {}}}, "roles": {"x": "url"}}], "`roles` need an `effect`"),
        ([{"name": "a"}, {"name": "a"}], "two tools are named `a`"),
        ([{"name": "a", "parameters": {"type": "array"}}], "not the schema of an object"),
        ([{"name": "a", "parameters": {"properties": []}}], "`properties` is no object"),
        ([{"name": "a", "parameters": {"properties": {"x": {"type": "integer", "default": "y"}}}}], "default of `x`"),
    ],
)
def test_faulty_definitions_are_refused_with_the_tool_and_the_fix(document: JsonValue | str, said: str) -> None:
    assert said in refused(document)


def test_references_that_multiply_or_never_end_do_no_harm() -> None:
    names = [f"d{number}" for number in range(20)]
    bomb: dict[str, JsonValue] = {}
    for name, following in pairwise(names):
        bomb[name] = {"anyOf": [{"$ref": f"#/$defs/{following}"}] * 50}
    assert "more than 2000 schemas" in refused(
        [{"name": "a", "parameters": {"properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": bomb}}]
    )
    endless: JsonValue = {"properties": {"x": {"$ref": "#/$defs/d"}}, "$defs": {"d": {"$ref": "#/$defs/d"}}}
    assert one(endless).canonical_arguments({"x": {"y": 1}}) == {"x": {"y": 1}}


def test_a_file_that_cannot_be_read_is_named(tmp_path) -> None:
    with pytest.raises(InvalidTool, match="no such file"):
        load_tool_definitions(tmp_path / "none.json")
    (tmp_path / "t.json").write_bytes(b'[{"name": "\xff"}]')
    with pytest.raises(InvalidTool, match="byte 11 is not UTF-8"):
        load_tool_definitions(tmp_path / "t.json")


KEYS = ("type", "properties", "required", "enum", "const", "default", "anyOf", "oneOf", "items", "$ref", "$defs", "a")
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["object", "array", "string", "#/$defs/a", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(KEYS), ANY, max_size=5), st.dictionaries(st.sampled_from(KEYS), ANY, max_size=2))
def test_any_schema_becomes_a_closed_tool_or_is_refused(schema: JsonValue, arguments: dict[str, JsonValue]) -> None:
    refusal = ""
    try:
        tool = one(schema)
    except InvalidTool as error:
        refusal = str(error)
        tool = one({})
    assert refusal.isprintable()
    try:
        canonical = tool.canonical_arguments(arguments)
    except ArgumentsInvalid:
        return
    properties = tool.spec.parameters["properties"]
    assert isinstance(properties, dict)
    assert canonical.keys() <= properties.keys()
    assert tool.canonical_arguments(canonical) == canonical
