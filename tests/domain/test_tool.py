"""A typed function becomes a tool: its schema, its canonical arguments, and what cannot become one."""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, JsonValue

from khala.domain.tool import ArgumentsInvalid, Tool, tool
from khala.errors import InvalidTool


class Colour(enum.Enum):
    """Two colours."""

    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    """Somewhere."""

    city: str
    zip: int = 0


@tool(effect="send", roles={"to": "recipient"}, timeout_s=5, idempotent=True)
async def send_mail(to: list[str], subject: str, body: str = "", *, urgent: bool = False) -> str:
    """Send a mail.

    Nobody can call it back.

    Args:
        to: everyone who gets it,
            in order
        subject (str): one line
    """
    return f"{to} {subject} {body} {urgent}"


@tool
def odd_names(copy: int, json: str = "j", schema: str = "s", model_config: str = "m", self: str = "me") -> list[object]:
    """Arguments whose names pydantic keeps for itself."""
    return [copy, json, schema, model_config, self]


@tool
def rich(
    when: dt.date,
    colour: Colour = Colour.RED,
    place: Place | None = None,
    *,
    level: Annotated[int, Field(ge=0, le=9)] = 3,
    mode: Literal["fast", "slow"] = "fast",
    scale: float = 1,
) -> str:
    """Types beyond text."""
    return f"{when} {colour} {place} {level} {mode} {scale}"


def test_the_schema_comes_from_signature_and_docstring_and_is_closed() -> None:
    spec = send_mail.spec
    assert (spec.name, spec.description) == ("send_mail", "Send a mail.\n\nNobody can call it back.")
    assert spec.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["to", "subject"],
        "properties": {
            "to": {
                "title": "to",
                "type": "array",
                "items": {"type": "string"},
                "description": "everyone who gets it, in order",
            },
            "subject": {"title": "subject", "type": "string", "description": "one line"},
            "body": {"title": "body", "type": "string", "default": ""},
            "urgent": {"title": "urgent", "type": "boolean", "default": False},
        },
    }


def test_what_the_decorator_is_told_stands_in_tool_and_manifest() -> None:
    manifest = send_mail.manifest
    assert manifest is not None
    assert (manifest.effect, manifest.roles, manifest.results) == ("send", {"to": "recipient"}, "untrusted")
    assert (manifest.idempotent, manifest.polling, manifest.has_side_effect) == (True, False, True)
    assert send_mail.timeout_s == 5


def test_a_tool_whose_effect_nobody_named_has_no_manifest() -> None:
    assert odd_names.manifest is None


def test_sync_and_async_functions_are_told_apart() -> None:
    assert send_mail.is_async
    assert not odd_names.is_async


def test_canonical_arguments_have_every_default_filled_in_and_do_not_depend_on_order() -> None:
    canonical = send_mail.canonical_arguments({"subject": "hi", "to": ["ann"]})
    assert canonical == {"to": ["ann"], "subject": "hi", "body": "", "urgent": False}
    assert list(canonical) == list(send_mail.canonical_arguments({"to": ["ann"], "urgent": False, "subject": "hi"}))


def test_arguments_may_carry_names_pydantic_keeps_for_itself() -> None:
    canonical = odd_names.canonical_arguments({"copy": 1, "model_config": "x"})
    assert canonical == {"copy": 1, "json": "j", "schema": "s", "model_config": "x", "self": "me"}
    assert odd_names.function(**odd_names.bound(canonical)) == [1, "j", "s", "x", "me"]


@given(
    st.fixed_dictionaries(
        {"when": st.dates().map(str)},
        optional={
            "colour": st.sampled_from(["red", "blue"]),
            "place": st.none() | st.fixed_dictionaries({"city": st.text(max_size=5)}),
            "level": st.integers(0, 9) | st.integers(0, 9).map(str),
            "scale": st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False),
        },
    )
)
def test_canonical_arguments_are_their_own_canonical_form(arguments: dict[str, JsonValue]) -> None:
    canonical = rich.canonical_arguments(arguments)
    assert rich.canonical_arguments(canonical) == canonical
    assert set(canonical) == {"when", "colour", "place", "level", "mode", "scale"}


def test_the_function_gets_typed_values() -> None:
    bound = rich.bound(rich.canonical_arguments({"when": "2024-02-29", "place": {"city": "Oslo"}, "level": "4"}))
    assert bound == {
        "when": dt.date(2024, 2, 29),
        "colour": Colour.RED,
        "place": Place(city="Oslo"),
        "level": 4,
        "mode": "fast",
        "scale": 1.0,
    }


@pytest.mark.parametrize(
    ("made", "arguments", "named"),
    [
        (send_mail, {"subject": "hi"}, "`to`"),
        (send_mail, {"to": ["ann"], "subject": "hi", "bcc": ["eve"]}, "`bcc`"),
        (send_mail, {"to": "ann", "subject": "hi"}, "`to`"),
        (send_mail, {"to": ["ann"], "subject": 3}, "`subject`"),
        (send_mail, {"to": [1], "subject": "hi"}, "`to.0`"),
        (odd_names, {"argument_0": 1}, "`copy`"),
        (rich, {"when": "2024-02-30"}, "`when`"),
        (rich, {"when": "2024-02-29", "level": 10}, "`level`"),
        (rich, {"when": "2024-02-29", "mode": "FAST"}, "`mode`"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_by_name(made: Tool, arguments: dict[str, JsonValue], named: str) -> None:
    with pytest.raises(ArgumentsInvalid, match=named):
        made.canonical_arguments(arguments)


def no_docstring(x: int) -> int:
    return x


def any_number(*values: int) -> int:
    """Sum."""
    return sum(values)


def by_position(x: int, /) -> int:
    """Double."""
    return 2 * x


def untyped(x: int) -> int:
    """Give back."""
    return x


del untyped.__annotations__["x"]


def unresolved(x: int) -> int:
    """Give back."""
    return x


unresolved.__annotations__["x"] = "NowhereDefined"


def no_json(x: Callable[[], int]) -> int:
    """Call."""
    return x()


def wrong_default(x: int = "five") -> int:  # pyright: ignore[reportArgumentType]
    """Give back."""
    return x


def lookalike(x: int) -> int:
    """Give back."""
    return x


lookalike.__name__ = "lookalik\u0435"  # a Cyrillic e


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (no_docstring, "docstring"),
        (any_number, "values"),
        (by_position, "name each argument"),
        (untyped, "annotation"),
        (unresolved, "NowhereDefined"),
        (no_json, "`x`"),
        (wrong_default, "default of `x`"),
        (lookalike, "ASCII"),
        (functools.partial(by_position, 1), "no function"),
    ],
)
def test_a_function_that_cannot_become_a_tool_is_refused_with_the_reason(
    function: Callable[..., object], problem: str
) -> None:
    with pytest.raises(InvalidTool, match=problem):
        tool(function)


def test_roles_names_and_limits_are_checked_when_the_tool_is_made() -> None:
    with pytest.raises(InvalidTool, match="`cc`"):
        tool(effect="send", roles={"cc": "recipient"})(send_mail.function)
    with pytest.raises(InvalidTool, match="`read file`"):
        tool(name="read file")(send_mail.function)
    with pytest.raises(InvalidTool, match="timeout_s"):
        tool(timeout_s=0)(send_mail.function)


def test_a_tool_is_a_value_that_can_be_copied_with_other_limits() -> None:
    assert replace(send_mail, timeout_s=1.0).timeout_s == 1.0
    assert tool(name="mail")(send_mail.function).name == "mail"
