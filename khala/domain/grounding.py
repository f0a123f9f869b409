"""Where a value came from, decided on the value itself and not on the model's word.

The origins, from what vouches most to what vouches for nothing:

- `user` the user's words; `trusted` a trusted result or field; `endorsed` a person said yes to it, or to its source,
  for this role and effect; `made` the name of what an allowed call of this run made; `own` a record whose author is
  the user; `directory` the application's own list of members, channels, files;
- `named` a record whose author or id the user's words name; `titled` one whose title, or part of whose author's name,
  they name, if no other record can be meant; `queried` one found by words, or in a place, that the user named;
- `told` free text of a record that is `own` or `named`, or of a document that such a text names in turn;
- `worded` the user's words around values that stand alone in records; `any` a value that stands alone in any record;
  `said` free text of any result.

A value has an origin when it stands there as whole words or in another writing (see `provenance`). A value the model
made up has none. More words of the user can only add origins of theirs; nothing that a tool returns can. Less trust in
a result never adds an origin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, get_args

from pydantic import JsonValue

from .call import ToolCall
from .label import Label
from .manifest import ToolEffect, ToolManifest
from .provenance.outgoing import Outgoing
from .provenance.paths import PathMap, as_text
from .provenance.records import Record, Secret, records_in
from .provenance.shapes import figure_of, figures_in
from .provenance.texts import Texts, normalised, stands_in
from .value import Value

__all__ = ["ORIGINS", "Endorsement", "Grounding", "Origin", "Principal", "name_words", "normalised"]

Origin = Literal[
    "user", "trusted", "endorsed", "made", "own", "directory",
    "named", "titled", "queried", "told", "worded", "any", "said",
]  # fmt: skip
"""See the module."""

ORIGINS: tuple[Origin, ...] = get_args(Origin)

_TELLING: frozenset[Origin] = frozenset({"own", "named", "told"})
"""What a record is to the user whose free text is `told`; a title can be chosen to be found, and so can words."""

NAMING_ROLES = frozenset({"handle", "payee", "recipient", "secret"})
"""Roles of values that name something: a short number that the user said of something else is no such name."""

_WORD = re.compile(r"\w+")
_REPLY = re.compile(r"^(?:(?:re|fwd?|aw|wg)\s*:\s*)+")
_NO_TITLE = re.compile(r"[^\W\d_]{0,3}")
"""A word too short to be a title: whoever writes a text writes many of them."""
_NUMBERING = frozenset({"id", "no", "nr", "number"})
"""Words after which a bare number names something, beside those of the tool's name."""

MIN_TELLING_CHARS = 4
"""Digits of a number that names a record without a word before it; the year 2024 names none, a ticket 48213 does."""

_FIGURE = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?")
"""A number as a canonical argument spells it."""

_PUNCTUATION = ".,;:!?\"'()"

MAX_WORDED_WORDS = 40
"""Words of a value that is looked at piece by piece; a longer one is a text."""


class Principal(Value):
    """The user on whose behalf a run acts, as the application knows them."""

    name: str = ""
    ids: tuple[str, ...] = ()
    """What the application calls them: addresses, account numbers, user names."""
    scopes: frozenset[str] = frozenset()
    """What they were granted; rules can ask for it."""

    @property
    def known_as(self) -> frozenset[str]:
        """Their name and ids; nothing for the owner of the home, who needs none."""
        return frozenset({self.name, *self.ids} - {""})


class Endorsement(Value):
    """A person's yes to a value, or to all that one source says, for one role and effect."""

    role: str
    effect: ToolEffect
    value: str | None = None
    source: str | None = None
    """Of a record, as `Grounding.where` names it."""
    most: float | None = None
    """Of a payment: what one call may move in all for the yes to count; `None` where it moves nothing."""


class _Purpose(NamedTuple):
    """What a value is for."""

    role: str
    effect: ToolEffect | None
    tool: str
    moves: float | None

    def is_of(self, yes: Endorsement) -> bool:
        """Whether a yes speaks of this role and effect, and of as much as is moved; an unknown sum is too much."""
        fits = yes.role == self.role and yes.effect == self.effect
        return fits and (yes.most is None or (self.moves is not None and self.moves <= yes.most))


@dataclass(frozen=True)
class _Heard:
    text: str
    source: str
    call: ToolCall | None
    manifest: ToolManifest | None


@dataclass
class Grounding:
    """The index of one run: what the user said, and what every result said."""

    principal: Principal = field(default_factory=Principal)
    _user_raw: list[str] = field(default_factory=list[str])
    _trusted_raw: list[str] = field(default_factory=list[str])
    _user: Texts = field(default_factory=Texts)
    _trusted: Texts = field(default_factory=Texts)
    _heard: list[_Heard] = field(default_factory=list[_Heard])
    """Results that nothing was asked about yet."""
    _records: list[Record] = field(default_factory=list[Record])
    _values: dict[str, list[tuple[Record, str]]] = field(default_factory=dict[str, list[tuple[Record, str]]])
    """Values that stand alone, with their records and the kind of the field."""
    _titles: dict[str, list[Record]] = field(default_factory=dict[str, list[Record]])
    _authors_with: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """For each word, the authors in whose name or address it stands."""
    _prose: Texts = field(default_factory=Texts)
    _prose_of: list[Record] = field(default_factory=list[Record])
    _figures: set[str] = field(default_factory=set[str])
    """Every number that the first `_counted` records name, in whatever writing."""
    _counted: int = 0
    _secrets: list[Secret] = field(default_factory=list[Secret])
    _endorsed: list[Endorsement] = field(default_factory=list[Endorsement])
    _pointed: dict[int, frozenset[Origin]] = field(default_factory=dict[int, frozenset[Origin]])
    """What records are to the user, as far as it was asked; forgotten when the user says more."""

    def add_user_words(self, text: str) -> None:
        """The user's task, or a later word of the user."""
        self._user_raw.append(text)
        self._pointed.clear()

    def add_result(
        self, text: str, label: Label, *, call: ToolCall | None = None, manifest: ToolManifest | None = None
    ) -> None:
        """The text of a result; its label says on which side it counts, the manifest what its fields are."""
        if label.trust == "trusted":
            self._trusted_raw.append(text)
        self._heard.append(_Heard(text, "" if call is None else call.id, call, manifest))

    def endorse(self, endorsement: Endorsement) -> None:
        """Take in a person's yes."""
        self._endorsed.append(endorsement)

    def origins(
        self,
        value: JsonValue,
        *,
        role: str = "",
        effect: ToolEffect | None = None,
        tool: str = "",
        moves: float | None = None,
    ) -> frozenset[Origin]:
        """Where a value stands; for a list or object, the origins that hold for every leaf in it.

        `role`, `effect` and `tool` say what the value is for, `moves` what a payment moves in all. An empty text has
        no origin, nor has one without a letter or digit: nothing vouches for it.
        """
        leaves = _leaves(value)
        if not leaves:
            return frozenset()
        self._take_in()
        purpose = _Purpose(role, effect, tool, moves)
        return frozenset(each for each in ORIGINS if all(self._has(leaf, each, purpose) for leaf in leaves))

    def has_origin(
        self,
        value: JsonValue,
        origins: Iterable[Origin],
        *,
        role: str = "",
        effect: ToolEffect | None = None,
        tool: str = "",
        moves: float | None = None,
    ) -> bool:
        """Whether every leaf of the value has one of the origins."""
        leaves = _leaves(value)
        self._take_in()
        purpose = _Purpose(role, effect, tool, moves)
        return bool(leaves) and all(any(self._has(leaf, each, purpose) for each in origins) for leaf in leaves)

    def is_computed(self, value: JsonValue) -> bool:
        """Whether the value is a number that no result names, in whatever writing: the model worked it out."""
        self._take_in()
        for record in self._records[self._counted :]:
            for text in (*record.prose, *(each.text for each in record.fields)):
                self._figures.update(figures_in(text))
        self._counted = len(self._records)
        leaves = _leaves(value)
        return bool(leaves) and all(
            _FIGURE.fullmatch(leaf) is not None and figure_of(leaf) not in self._figures for leaf in leaves
        )

    def is_from_user(self, value: JsonValue) -> bool:
        """Whether every leaf of the value stands in the user's words."""
        return self.has_origin(value, ("user",))

    def is_grounded(self, value: JsonValue) -> bool:
        """Whether every leaf of the value stands in the user's words or in a trusted result."""
        return self.has_origin(value, ("user", "trusted"))

    def where(self, value: JsonValue) -> tuple[str, ...]:
        """Ids of the results, or of records in them, in which a single value stands; sorted."""
        return _sources(self._standing("".join(_leaves(value))))

    def pointed_at(self, value: JsonValue) -> tuple[str, ...]:
        """Those of `where` that the user wrote or named."""
        standing = self._standing("".join(_leaves(value)))
        return _sources(each for each in standing if not {"own", "named"}.isdisjoint(self._pointing(each)))

    def words_stand(self, words: Iterable[str]) -> bool:
        """Whether each of some words, at least one, is a word of the user's."""
        self._take_in()
        asked = [normalised(word) for word in words]
        return bool(asked) and all(map(self._user.has_word, asked))

    def disclosed(self, text: str, recipients: Iterable[str]) -> tuple[str, ...]:
        """Names of the private fields whose values stand in a text, and that not every recipient may be told.

        Nobody may be told but a field's readers; the user can have named the field, or the value, for this.
        """
        self._take_in()
        if not self._secrets:
            return ()
        told = {normalised(each) for each in recipients}
        outgoing = Outgoing(normalised(text))
        return tuple(
            sorted(
                {
                    secret.name
                    for secret in self._secrets
                    if outgoing.tells(secret.text)
                    and not (told and told <= secret.readers)
                    and not self._user.hold(secret.text)
                    and not self.words_stand(name_words(secret.name))
                }
            )
        )

    def _has(self, clean: str, origin: Origin, purpose: _Purpose) -> bool:
        """Whether a leaf has an origin; what was heard is taken in."""
        match origin:
            case "user":
                return self._names(clean, purpose.tool) if purpose.role in NAMING_ROLES else self._user.hold(clean)
            case "trusted":
                return self._trusted.hold(clean) or self._is_of_kind(clean, "trusted")
            case "directory":
                return self._is_of_kind(clean, "directory")
            case "made":
                return any(record.made and kind in ("id", "directory") for record, kind in self._values.get(clean, ()))
            case "endorsed":
                return any(purpose.is_of(each) and self._covers(each, clean) for each in self._endorsed)
            case "any":
                return clean in self._values
            case "said":
                return self._prose.hold(clean)
            case "worded":
                return self._is_worded(clean)
            case "own" | "named" | "titled" | "queried" | "told":
                return self._is_pointed_at(clean, origin)

    def _is_of_kind(self, clean: str, kind: str) -> bool:
        return any(kind == each for _, each in self._values.get(clean, ()))

    def _covers(self, endorsement: Endorsement, clean: str) -> bool:
        if endorsement.value is not None:
            return normalised(endorsement.value) == clean
        return any(record.source == endorsement.source for record in self._standing(clean))

    def _standing(self, clean: str) -> Iterator[Record]:
        """The records in which a value stands, alone or in free text; one may come twice."""
        self._take_in()
        yield from (record for record, _ in self._values.get(clean, ()))
        yield from self._telling(clean)

    def _telling(self, clean: str) -> Iterator[Record]:
        """The records in whose free text a value stands; one may come twice."""
        return (self._prose_of[place] for place in self._prose.places(clean))

    def _is_pointed_at(self, clean: str, origin: Origin) -> bool:
        for record, _ in self._values.get(clean, ()):
            if origin in self._pointing(record) and (origin != "titled" or self._is_unmistakable(record, clean)):
                return True
        return origin == "told" and any(not _TELLING.isdisjoint(self._pointing(each)) for each in self._telling(clean))

    def _pointing(self, record: Record) -> frozenset[Origin]:
        """What a record is to the user; empty when nothing points at it."""
        waiting = [record]  # and not by recursion: a chain of a thousand steps is quickly told
        while waiting:
            known = waiting[-1].position in self._pointed
            before = (
                [] if known else [each for each in self._tellers(waiting[-1]) if each.position not in self._pointed]
            )
            if before:
                waiting += before
                continue
            last = waiting.pop()
            if not known:
                self._pointed[last.position] = frozenset(self._look(last))
        return self._pointed[record.position]

    def _tellers(self, record: Record) -> Iterator[Record]:
        """Earlier records in whose free text stands what a record was found by."""
        for role, text in record.pointers:
            for each in self._telling(text) if role == "document" else ():
                if each.position < record.position:
                    yield each

    def _look(self, record: Record) -> Iterator[Origin]:
        authors = list(record.of_kind("author"))
        if any(normalised(each) in authors for each in self.principal.ids):
            yield "own"
        documents = [text for role, text in record.pointers if role == "document"]
        searched = [text for role, text in record.pointers if role != "document"]
        if any(map(self._user.hold, authors)) or any(
            self._names(text, record.tool) for text in (*record.of_kind("id", "directory"), *documents)
        ):
            yield "named"
        titles = [title for title in map(_plain_title, record.of_kind("title")) if _NO_TITLE.fullmatch(title) is None]
        if any(map(self._user.hold, titles)) or any(self._is_half_named(each) for each in authors):
            yield "titled"
        if searched and all(self._user.hold(each) or self.words_stand(_WORD.findall(each)) for each in searched):
            yield "queried"
        if documents and not searched and all(self._is_told_before(text, record) for text in documents):
            yield "told"

    def _names(self, clean: str, tool: str) -> bool:
        """Whether the user's words name something by its id; a bare number needs a word that says what it counts."""
        if not self._user.hold(clean):
            return False
        if not clean.isdecimal() or len(clean) > MIN_TELLING_CHARS:
            return True
        nouns = name_words(tool)[1:]  # `read 2 emails` counts them, and names none
        before = "|".join(map(re.escape, _NUMBERING.union(nouns)))
        pattern = re.compile(rf"(?:#|\b(?:{before})s?\.?[ :#]{{1,2}}){clean}(?!\w)")
        return any(pattern.search(text) for text in self._user.clean)

    def _is_half_named(self, author: str) -> bool:
        """Whether a word of an author's name or address is a word of the user's, and of no other author's."""
        words = [word for word in _WORD.findall(author.partition("@")[0]) if len(word) > 2]  # noqa: PLR2004 (initials)
        return any(self._user.has_word(word) and self._authors_with[word] == {author} for word in words)

    def _is_unmistakable(self, record: Record, clean: str) -> bool:
        """Whether a value stands in every record that can be meant by the title of this one: by all of its own, too."""
        titles = {_plain_title(each) for each in record.of_kind("title")}
        meant = [each for each in self._titles if any(stands_in(title, each) for title in titles)]
        rivals = {other.identity: False for title in meant for other in self._titles[title]}
        for other, _ in self._values.get(clean, ()):
            if other.identity in rivals:
                rivals[other.identity] = True
        return all(rivals.values())

    def _is_told_before(self, clean: str, record: Record) -> bool:
        return any(
            each.position < record.position and not _TELLING.isdisjoint(self._pointed.get(each.position, ()))
            for each in self._telling(clean)
        )

    def _is_worded(self, clean: str) -> bool:
        """Whether a value is words of the user's, at least one, around values that stand alone."""
        words = [word.strip(_PUNCTUATION) for word in clean.split(" ")]
        if not 1 < len(words) <= MAX_WORDED_WORDS:
            return False
        reach = {0: False}  # words that are accounted for -> whether one of them is the user's
        for start, word in enumerate(words):
            if start not in reach:
                continue
            if not word:
                reach[start + 1] = reach.get(start + 1, False) or reach[start]
            elif self._user.hold(word):
                reach[start + 1] = True
            for end in range(start + 1, len(words) + 1):
                if " ".join(words[start:end]) in self._values:
                    reach[end] = reach.get(end, False) or reach[start]
        return reach.get(len(words), False)

    def _take_in(self) -> None:
        """Index what was heard since the last question."""
        if not self._heard and not self._user_raw:  # a trusted text is heard as well
            return
        for raw, texts in ((self._user_raw, self._user), (self._trusted_raw, self._trusted)):
            for text in raw:
                texts.add(normalised(text))
            raw.clear()
        heard, self._heard = self._heard, []
        for each in heard:
            arguments = each.call.arguments if each.call is not None else None
            for record in records_in(
                each.text, each.source, len(self._records), arguments=arguments, manifest=each.manifest
            ):
                self._add_record(record)

    def _add_record(self, record: Record) -> None:
        known = any(text in self._values for text in record.of_kind("id", "directory"))
        if record.made and known:  # what was there before the call was not made by it
            record = replace(record, made=False)
        self._records.append(record)
        for each in record.fields:
            self._values.setdefault(each.text, []).append((record, each.kind))
            if each.kind == "title":
                self._titles.setdefault(_plain_title(each.text), []).append(record)
            if each.kind == "author":
                for word in _WORD.findall(each.text):
                    self._authors_with.setdefault(word, set()).add(each.text)
                self._pointed.clear()  # half a name may fit two now
        for text in record.prose:
            self._prose.add(text)
            self._prose_of.append(record)
        self._secrets += record.secrets


def _sources(records: Iterable[Record]) -> tuple[str, ...]:
    return tuple(sorted({record.source for record in records} - {""}))


def _plain_title(title: str) -> str:
    """A title without what an answer puts before it, and without the marks around it."""
    return _REPLY.sub("", title).strip(_PUNCTUATION)


def name_words(name: str) -> list[str]:
    """The words of a name: `passport_number` and `passportNumber` say passport number."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.findall(r"[^\W_]+", spaced)]


def _leaves(value: JsonValue) -> list[str]:
    if isinstance(value, str):
        return [normalised(value)]
    return [normalised(as_text(leaf)) for _, leaf, _ in _UNMARKED.walk(value)]


_UNMARKED: PathMap[None] = PathMap({})
