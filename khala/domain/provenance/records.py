"""A result as records: which of its values stand alone, which texts are free, and what the user can point at it by.

What a manifest does not describe, and what cannot be read as JSON, is free text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from khala.domain.manifest import FieldKind, ToolEffect, ToolManifest
from khala.domain.value import JsonObject

from .paths import as_text
from .texts import Texts, normalised

__all__ = ["POINTING_ROLES", "Field", "Record", "Secret", "records_in"]

POINTING_ROLES = frozenset({"document", "query", "container"})
"""Roles of arguments that say which records are wanted: the record itself, words to search for, where to look."""

MAX_JSON_CHARS = 5_000_000
"""Characters of a result that is read as JSON; a longer one is free text."""

MAKING_EFFECTS: frozenset[ToolEffect] = frozenset({"write", "send", "pay", "grant"})
"""What makes things that were not there; what code or a page says it made is its own word."""

MIN_PART_CHARS = 4
"""Characters of an id that is no news wherever it stands in an argument; a shorter one, where it stands as a word."""


@dataclass(frozen=True)
class Field:
    """A value of a record that stands alone, normalised."""

    kind: FieldKind
    text: str


@dataclass(frozen=True)
class Secret:
    """A value that only some may be told."""

    name: str
    """The last name of its path, or of its tool: what a user would call it."""
    text: str
    """Normalised; empty where it could not be read, so that any text may hold it."""
    readers: frozenset[str]
    """Normalised; empty means nobody but the user."""


@dataclass(frozen=True, eq=False)
class Record:
    """One thing a result speaks of."""

    source: str
    """Id of the result; with the position in brackets where it holds several."""
    tool: str
    position: int
    """How many records were taken in before it."""
    fields: Sequence[Field] = ()
    prose: Sequence[str] = ()
    """Normalised free texts."""
    secrets: Sequence[Secret] = ()
    pointers: Sequence[tuple[str, str]] = ()
    """The arguments by which it was found: role and normalised text."""
    made: bool = False
    """Whether the call made it."""

    def of_kind(self, *kinds: FieldKind) -> Iterator[str]:
        """The values of its fields of some kinds."""
        return (each.text for each in self.fields if each.kind in kinds)

    @property
    def identity(self) -> object:
        """What tells two records apart: equal for two views of one thing."""
        return next(self.of_kind("id", "directory"), None) or self


@dataclass
class _Reading:
    fields: list[Field] = field(default_factory=list[Field])
    prose: list[str] = field(default_factory=list[str])
    secrets: list[Secret] = field(default_factory=list[Secret])


def records_in(
    text: str, source: str, first: int, *, arguments: JsonObject | None = None, manifest: ToolManifest | None = None
) -> Iterator[Record]:
    """The records of a result; one of free text where the manifest describes no fields.

    `first` is how many records were taken in before. `arguments` are those of the call.
    """
    tool = "" if manifest is None else manifest.tool
    pointers = tuple(_pointers(arguments or {}, manifest))
    if manifest is None or not manifest.fields:
        yield Record(source, tool, first, prose=(normalised(text),), pointers=pointers)
        return
    try:
        items, rest = _items(text, manifest)
        readings = [_read(item, manifest) for item in items]
    except (ValueError, RecursionError):
        yield Record(source, tool, first, (), (normalised(text),), _unread(text, manifest), pointers)
        return
    said = [normalised(as_text(leaf)) for _, leaf, _ in manifest.role_map.walk(arguments or {})]
    for position, read in enumerate(readings):
        yield Record(
            f"{source}[{position}]" if len(items) > 1 else source,
            tool,
            first + position,
            tuple(read.fields),
            tuple(read.prose),
            tuple(read.secrets),
            pointers,
            made=manifest.effect in MAKING_EFFECTS and not any(_is_echo(clean, said) for clean in _ids(read)),
        )
    if rest:
        yield Record(source, tool, first + len(items), prose=(normalised(rest),), pointers=pointers)


def _items(text: str, manifest: ToolManifest) -> tuple[list[JsonValue], str]:
    """The records of a result as JSON, and the rest of it as text. Raises `ValueError` where it cannot be read so."""
    if len(text) > MAX_JSON_CHARS:
        raise ValueError(f"longer than {MAX_JSON_CHARS} characters")
    value: JsonValue = json.loads(text, object_pairs_hook=_without_twins)
    rest = ""
    for name in manifest.records.split(".") if manifest.records else ():
        if not isinstance(value, dict):
            raise ValueError(f"`{name}` stands in no object")  # noqa: TRY004 (it is the text that is wrong)
        if name not in value:
            return [], text
        rest += json.dumps({other: member for other, member in value.items() if other != name})
        value = value[name]
    return value if isinstance(value, list) else [value], rest


def _unread(text: str, manifest: ToolManifest) -> Sequence[Secret]:
    """What may be private in a result that should have been JSON: as long as it is unread, anything."""
    is_private = any(each.readers is not None for each in manifest.fields.values())
    is_plain = len(text) <= MAX_JSON_CHARS and text.lstrip()[:1] not in ("{", "[")
    return () if is_plain or not is_private else (Secret(manifest.tool, "", frozenset()),)


def _without_twins(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    """An object; two members of one name would be read as one here and as the other elsewhere."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("two members carry one name")
    return found


def _read(item: JsonValue, manifest: ToolManifest) -> _Reading:
    read = _Reading()
    for place, leaf, spec in manifest.field_map.walk(item):
        clean = normalised(as_text(leaf))
        if not any(map(str.isalnum, clean)):
            continue  # what says nothing vouches for nothing
        if spec is None or spec.kind == "prose":
            read.prose.append(clean)
        else:
            read.fields.append(Field(spec.kind, clean))
        if spec is not None and spec.readers is not None:
            name = re.split(r"[\[{]", place.rpartition(".")[2], maxsplit=1)[0] or manifest.tool
            read.secrets.append(Secret(name, clean, frozenset(map(normalised, spec.readers))))
    return read


def _ids(read: _Reading) -> Iterator[str]:
    return (each.text for each in read.fields if each.kind in ("id", "directory"))


def _is_echo(clean: str, said: Sequence[str]) -> bool:
    """Whether the arguments of a call said a value that its result gives back."""
    texts = Texts()
    for each in said:
        texts.add(each)
    return texts.hold(clean) or (len(clean) >= MIN_PART_CHARS and any(clean in each for each in said))


def _pointers(arguments: JsonObject, manifest: ToolManifest | None) -> Iterator[tuple[str, str]]:
    if manifest is None:
        return
    for _, leaf, role in manifest.role_map.walk(arguments):
        if role in POINTING_ROLES:
            yield role, normalised(as_text(leaf))
