"""A call as a person writes it down: `{"tool": "send_mail", "arguments": {"to": "ann@example.org"}}`, strictly read."""

from __future__ import annotations

from khala.domain.call import ToolCall
from khala.domain.strict_json import JsonRefused, read_json
from khala.errors import CallerError

from .policy_document import plain, suggestion

__all__ = ["read_call"]

_KEYS = ("tool", "arguments")


def read_call(text: str) -> ToolCall:
    """The call a text stands for; without `arguments` it has none. Raises `CallerError` with the reason in one line."""
    try:
        value = read_json(text)
    except JsonRefused as error:
        raise _refused(str(error)) from None
    if not isinstance(value, dict):
        raise _refused("it is no JSON object")
    for key in value:
        if key not in _KEYS:
            raise _refused(f"unknown key `{key[:100]}`: {suggestion(key[:100], _KEYS)}")
    tool, arguments = value.get("tool"), value.get("arguments", {})
    if not isinstance(tool, str) or not tool:
        raise _refused("`tool` is missing or no text")
    if not isinstance(arguments, dict):
        raise _refused("`arguments` is no object")
    return ToolCall(id="call", tool=tool, arguments=arguments)


def _refused(why: str) -> CallerError:
    example = '{"tool": "NAME", "arguments": {...}}'
    return CallerError(f"the call cannot be read: {plain(why)}; write `{example}`")
