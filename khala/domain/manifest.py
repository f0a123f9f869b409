"""What a tool does to the world, what its arguments mean, and how far its results may be trusted.

A manifest comes with the tool or from the policy file; the file wins. A tool without one is denied.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer

from .provenance.paths import PathMap
from .value import Value

__all__ = ["FieldKind", "ResultField", "ResultTrust", "ToolEffect", "ToolManifest"]

ToolEffect = Literal["read", "write", "send", "pay", "delete", "grant", "execute", "network"]
"""What a call does: `read` looks only; `write` changes or creates; `send` tells someone; `pay` moves money;
`delete` destroys; `grant` gives someone access; `execute` runs code; `network` reaches an address."""

ResultTrust = Literal["trusted", "untrusted", "labelled"]
"""How far results may be trusted: always, never, or by the label the tool itself puts on each (khala's own tools
that give back earlier results)."""

FieldKind = Literal["id", "directory", "author", "title", "field", "prose", "trusted"]
"""What a field of a result is.

`id` what the application calls the record; `directory` the same, in a list that is the application's own (members,
channels, files); `author` who wrote the record, where the application checked it; `title` what its author called it;
`field` any other value that stands alone; `trusted` a value no stranger can write; `prose` free text.
"""


Readers = Annotated[
    frozenset[str] | None,
    PlainSerializer(lambda readers: None if readers is None else sorted(readers), when_used="json"),  # one spelling
]
"""Who may read something; empty means nobody but the user, `None` means everyone."""


class ResultField(Value):
    """One field of a result, or all fields that one path picks."""

    kind: FieldKind
    readers: Readers = None
    """Who may be told it."""


class ToolManifest(Value):
    """One tool as the policy sees it."""

    tool: str
    effect: ToolEffect
    roles: dict[str, str] = Field(default_factory=dict)
    """Path of an argument to role: recipient, payee, url, path, handle, amount, secret, content, query ..."""
    results: ResultTrust = "untrusted"
    records: str = ""
    """Path of the list of records in a result; empty means the result is that list, or one record."""
    fields: dict[str, ResultField] = Field(default_factory=dict[str, ResultField])
    """Path of a field in a record to what it is; what no path picks is prose."""
    readers: Readers = None
    """Who may read its results."""
    polling: bool = False
    """Asking the same again is meaningful: never answered from an earlier call."""
    idempotent: bool = False
    """Running the same call twice is the same as once: repeated after a crash."""

    @property
    def has_side_effect(self) -> bool:
        """Whether a call may change something outside khala."""
        return self.effect != "read"

    @cached_property
    def role_map(self) -> PathMap[str]:
        """The roles, ready to be looked up."""
        return PathMap(self.roles, with_keys=True)

    @cached_property
    def field_map(self) -> PathMap[ResultField]:
        """The fields, ready to be looked up."""
        return PathMap(self.fields)
