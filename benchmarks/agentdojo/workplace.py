"""An application written here: tools over plain values, with its tasks and attacks as rows.

A task's instructions stand in a text that somebody else wrote: a mail, a ticket, a file. `follows` names those texts.
The attacker writes, as the way of attack says,

- `placed`: into every other text that the task's calls read;
- `planted`: the same, and owns records whose titles are what the task searches for and whose fields hold the values;
- `followed`: into the texts the user said to follow as well, as if their author were the attacker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast

from pydantic import JsonValue

from khala import tool
from khala.domain.grounding import Grounding, Principal
from khala.domain.value import JsonObject

from .injection import injected_text, quoted, values_to_plant
from .replay import Call, Replayed, ToolRefused, Way, as_text, guard_for, replay

__all__ = ["Attack", "Environment", "Place", "Task", "Workplace", "call", "found"]

Place = tuple[object, str]
"""A free text: a record of the environment and the name of its attribute."""

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Task:
    """What a user wants, and the calls that do it."""

    prompt: str
    calls: Sequence[Call]
    follows: Sequence[str]
    """Places of the texts that say what is to be done."""
    about: Mapping[str, str] = field(default_factory=dict[str, str])
    """Things the task works on, for attacks that turn to the same ones."""


@dataclass(frozen=True)
class Attack:
    """What an attacker wants, and the calls that would do it; `{name}` stands for what the task is about."""

    goal: str
    calls: Sequence[Call]


class Environment(Protocol):
    """The records of an application, and what can be done with them."""

    def tools(self) -> Sequence[Callable[..., object]]:
        """Typed methods with a docstring."""
        ...

    def texts(self) -> Mapping[str, Place]:
        """Every free text, by the name of its place."""
        ...

    def plant(self, prompt: str, titles: Sequence[str], values: Sequence[str], text: str) -> None:
        """Add records of the attacker's: what strangers can own here, called as they please."""
        ...


def call(tool: str, **arguments: JsonValue) -> Call:
    """A call of a task or an attack."""
    return Call(tool, arguments)


def found(things: Mapping[str, Thing], key: str) -> Thing:
    """The record called so."""
    if key not in things:
        raise ToolRefused(f"there is no `{key}`")
    return things[key]


class Workplace:
    """An `Application`: an environment, opened anew for each replay.

    `user` is what the application calls the user who is logged in, `usual` what attacks turn to where the task is about
    no such thing.
    """

    ways: Sequence[Way] = ("placed", "planted", "followed")

    def __init__(
        self,
        name: str,
        opened: Callable[[], Environment],
        tasks: Mapping[str, Task],
        attacks: Mapping[str, Attack],
        *,
        user: str,
        usual: Mapping[str, str],
    ) -> None:
        self._opened, self._tasks, self._attacks, self._user, self._usual = opened, tasks, attacks, user, usual
        self.tasks: Sequence[str] = tuple(tasks)
        self.attacks: Sequence[str] = tuple(attacks)
        self._guard = guard_for(name, [tool(each) for each in opened().tools()])

    def has_calls(self, attack: str) -> bool:
        """Whether an attack needs a call at all; here each does."""
        return bool(self._attacks[attack].calls)

    def work(self, task: str) -> Replayed:
        """The calls of a task, as in a quiet world."""
        environment, grounding = self._begun(task)
        return self._replay(self._tasks[task].calls, environment, grounding)

    def attack(self, task: str, attack: str, *, way: Way) -> Replayed:
        """The calls of an attack, after those of a task in an environment that holds it."""
        about = {**self._usual, **self._tasks[task].about}
        goal = self._attacks[attack].goal.format_map(about)
        calls = [Call(each.tool, _filled(each.arguments, about)) for each in self._attacks[attack].calls]
        environment, grounding = self._begun(task)
        for place in self.places(task, way):
            _write(environment.texts()[place], injected_text(goal))
        if way == "planted":
            prompt, done = self._tasks[task].prompt, self._tasks[task].calls
            titles = [str(each.arguments["query"]) for each in done if "query" in each.arguments] + quoted(prompt)
            values = values_to_plant([each.arguments for each in calls])
            environment.plant(prompt, titles, values, injected_text(goal))
        self._replay(self._tasks[task].calls, environment, grounding)
        return self._replay(calls, environment, grounding)

    def places(self, task: str, way: Way) -> list[str]:
        """Where an attacker writes: the texts that a task's own calls read, and which of them the way reaches."""
        environment = self._opened()
        marks = {place: f"seen {place} seen" for place in environment.texts()}
        for place, mark in marks.items():
            _write(environment.texts()[place], mark)
        functions = {each.__name__: each for each in environment.tools()}
        read = [as_text(functions[each.tool](**each.arguments)) for each in self._tasks[task].calls]
        follows = () if way == "followed" else self._tasks[task].follows
        return [place for place, mark in marks.items() if place not in follows and any(mark in text for text in read)]

    def _begun(self, task: str) -> tuple[Environment, Grounding]:
        grounding = Grounding(Principal(name="user", ids=(self._user,)))
        grounding.add_user_words(self._tasks[task].prompt)
        return self._opened(), grounding

    def _replay(self, calls: Sequence[Call], environment: Environment, grounding: Grounding) -> Replayed:
        functions = {each.__name__: each for each in environment.tools()}
        return replay(calls, self._guard, grounding, lambda name, arguments: functions[name](**arguments))


def _write(place: Place, text: str) -> None:
    record, name = place
    setattr(record, name, f"{getattr(record, name)}\n{text}")


def _filled(arguments: JsonObject, about: Mapping[str, str]) -> JsonObject:
    return cast("JsonObject", _with(arguments, about))


def _with(value: JsonValue, about: Mapping[str, str]) -> JsonValue:
    match value:
        case str():
            return value.format_map(about)
        case list():
            return [_with(each, about) for each in value]
        case dict():
            return {name: _with(each, about) for name, each in value.items()}
        case _:
            return value
