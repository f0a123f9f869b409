"""The policy file a new author begins with: every tool listed, none of them allowed, each effect left to choose.

Names and descriptions of tools are whatever a stranger wrote. They stand in comments as one line of printable
characters, or as quoted keys, and nowhere else: nothing of them is TOML that counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import get_args

from pydantic import JsonValue

from khala.domain.manifest import ToolEffect
from khala.domain.tool import Tool
from khala.domain.value import JsonObject
from khala.errors import InvalidTool

from .policy_document import MAX_POLICY_BYTES

__all__ = ["draft_policy"]

NOTE_CHARS = 90
"""Of a description, what stands in one comment."""

_EFFECTS = f"{', '.join(get_args(ToolEffect)[:-1])} or {get_args(ToolEffect)[-1]}"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SIMPLE_TYPES = ("string", "integer", "number", "boolean", "array", "object")

_HEAD = f"""\
# A policy for khala's guard, begun by `khala policy init`. As it stands, every call is denied.
#
# 1. Describe each tool that may be called: take away the `#` at the beginning of its lines (those without a space
#    after it), say what the tool does to the world ({_EFFECTS})
#    and what each argument means (recipient, payee, url, path, handle, amount, secret, content, query ...; or remove
#    the line). A tool that stays a comment stays denied.
# 2. Write rules that allow what you want, and rules that ask or deny where you want to be stricter.
# 3. Remove the rule `nothing-is-reviewed-yet`.
#
# `khala policy check` says what is left to do, `khala policy explain` why a call is allowed or not.

version = 1

[[rule]]
id = "nothing-is-reviewed-yet"
effect = "deny"
tools = ["*"]
reason = "the policy of this application has not been reviewed yet"

# Rules to begin with. A call needs an `allow`; an `ask` beside it puts the call to a person first.

#[[rule]]
#id = "reading"
#effect = "allow"
#effects = ["read"]

#[[rule]]
#id = "writing-and-sending"
#effect = "allow"
#effects = ["write", "send"]

#[[rule]]
#id = "a-person-looks-at-what-is-written-and-sent"
#effect = "ask"
#effects = ["write", "send"]
"""


def draft_policy(tools: Sequence[Tool]) -> str:
    """The text of a policy that loads, denies every call, and has a skeleton of a manifest for each tool.

    Raises `InvalidTool` when there are more tools than one policy can hold.
    """
    text = "\n".join([_HEAD, *(line for tool in tools for line in (*_skeleton(tool), ""))])
    if len(text.encode()) > MAX_POLICY_BYTES:
        raise InvalidTool(f"{len(tools)} tools do not fit into one policy of {MAX_POLICY_BYTES} bytes: split the list")
    return text


def _skeleton(tool: Tool) -> Iterator[str]:
    """The lines of one tool; a `#` without a space stands before what is TOML once it is taken away."""
    own = tool.manifest
    yield f"# {tool.name}: {_note(tool.spec.description) or 'says nothing of itself'}"
    if own is not None:
        yield "# It comes with a manifest in its code; what is written here stands above it."
    yield f"#[tool.{tool.name}]"
    yield f'#effect = "{own.effect if own else ""}"'
    trust = own.results if own and own.results != "labelled" else "untrusted"
    yield f'#results = "{trust}"  # "trusted" only if no stranger can write what it returns'
    arguments = tool.spec.parameters.get("properties")
    if isinstance(arguments, dict) and arguments:
        yield f"#[tool.{tool.name}.roles]"
        for name, about in arguments.items():
            role = own.roles.get(name, "") if own else ""
            key = name if _BARE_KEY.fullmatch(name) else _text(name)
            yield f"#{key} = {_text(role)}  # {_argument(name, about, tool.spec.parameters)}"


def _argument(name: str, about: JsonValue, schema: JsonObject) -> str:
    """What the schema says of an argument, as a comment."""
    known: JsonObject = about if isinstance(about, dict) else {}
    required = schema.get("required")
    kind = known.get("type")
    said = [kind if isinstance(kind, str) and kind in _SIMPLE_TYPES else "value"]
    said += ["required"] if isinstance(required, list) and name in required else []
    description = known.get("description")
    note = _note(description) if isinstance(description, str) else ""
    return ", ".join(said) + (f": {note}" if note else "")


def _note(text: str) -> str:
    """A stranger's words as a part of one comment: printable, on one line, short."""
    line = " ".join(text[: 10 * NOTE_CHARS].split())
    line = "".join(sign if sign.isprintable() else "?" for sign in line)
    return line if len(line) <= NOTE_CHARS else f"{line[: NOTE_CHARS - 3]}..."


def _text(text: str) -> str:
    """A text as TOML, in ASCII that needs no second look."""
    sound = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    plain = (sign if " " <= sign <= "~" and sign not in '"\\' else f"\\U{ord(sign):08x}" for sign in sound)
    return f'"{"".join(plain)}"'
