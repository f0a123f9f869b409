"""Calls and results are closed, frozen values that survive JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from khala.domain.call import ToolCall, ToolResult, call_id
from khala.domain.label import Label

JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
CALLS = st.builds(
    ToolCall,
    id=st.integers(1, 600).map(lambda number: call_id("run1", number)),
    tool=st.sampled_from(["search", "read"]),
    arguments=st.dictionaries(st.text(max_size=6), JSON, max_size=3),
)


@given(CALLS, st.text(max_size=40))
def test_a_result_read_back_from_json_is_the_same_result(call: ToolCall, text: str) -> None:
    result = ToolResult(
        call=call, status="ok", text=text, digest="0" * 64, label=Label(origins=("tool:search",)), run_id="run1"
    )
    assert ToolResult.model_validate_json(result.model_dump_json()) == result


def test_an_id_names_the_run_and_the_number_of_the_call() -> None:
    assert [call_id("run1", number) for number in (1, 600)] == ["run1-1", "run1-600"]


def test_a_call_can_be_neither_changed_nor_extended() -> None:
    call = ToolCall(id="run1-1", tool="read", arguments={})
    with pytest.raises(ValidationError, match="frozen"):
        call.tool = "delete"  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ValidationError, match="approved"):
        ToolCall.model_validate({"id": "run1-1", "tool": "read", "arguments": {}, "approved": True})


def test_a_status_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="status"):
        ToolResult.model_validate(
            {
                "call": {"id": "run1-1", "tool": "read", "arguments": {}},
                "status": "fine",
                "text": "",
                "digest": "",
                "label": {},
                "run_id": "run1",
            }
        )
