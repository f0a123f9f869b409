# pyright: basic, reportMissingImports=false, reportArgumentType=false, reportCallIssue=false
# agentdojo pulls in the clients of six model vendors, so it is not part of the development environment
"""A suite of AgentDojo as an application: its tools, environment, tasks and attacks are the package's own."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import Any, cast

from agentdojo.functions_runtime import Function, FunctionCall, FunctionsRuntime
from agentdojo.task_suite.load_suites import get_suites
from pydantic import BaseModel, ConfigDict, create_model
from pydantic_core import to_jsonable_python

from khala.domain.grounding import Grounding, Principal
from khala.domain.tool import Tool, ToolSpec
from khala.domain.value import JsonObject

from .attacks import injected_calls, plant, principal_of
from .injection import injected_text
from .replay import Call, Replayed, ToolRefused, Way, as_text, guard_for, replay

__all__ = ["Suite"]

VERSION = "v1.2.2"


class Suite:
    """An `Application`; environments are objects of the package."""

    ways: Sequence[Way] = ("placed", "planted")

    def __init__(self, name: str) -> None:
        self.name = name
        self._suite: Any = get_suites(VERSION)[name]  # Any: the package's types are generic over its environments
        self.tasks: Sequence[str] = tuple(self._suite.user_tasks)
        self.attacks: Sequence[str] = tuple(self._suite.injection_tasks)
        self._guard = guard_for(name, [_tool(function) for function in self._suite.tools])
        self._runtime = FunctionsRuntime(self._suite.tools)
        self._read: dict[str, tuple[str, ...]] = {}

    def has_calls(self, attack: str) -> bool:
        """Whether an attack needs a call at all."""
        return bool(self._attack_calls(attack, self._environment({})))

    def work(self, task: str) -> Replayed:
        """The calls of a task, as in a quiet world."""
        return self._run(task, {})[0]

    def attack(self, task: str, attack: str, *, way: Way) -> Replayed:
        """The calls of an attack, after those of a task in an environment that holds it."""
        text = injected_text(self._suite.injection_tasks[attack].GOAL)
        injections = dict.fromkeys(self._vectors(task), text)
        _, environment, grounding = self._run(task, injections, (attack, text) if way == "planted" else None)
        return self._replay(self._attack_calls(attack, environment), environment, grounding)

    def _run(
        self, task: str, injections: dict[str, str], planting: tuple[str, str] | None = None
    ) -> tuple[Replayed, Any, Grounding]:
        user = self._suite.user_tasks[task]
        environment = user.init_environment(self._environment(injections))
        calls = user.ground_truth(copy.deepcopy(environment))
        if planting is not None:
            attack, text = planting
            plant(
                self.name,
                environment,
                text,
                prompt=user.PROMPT,
                task=calls,
                attack=self._attack_calls(attack, environment),
            )
        grounding = Grounding(Principal(name="user", ids=principal_of(self.name, environment)))
        grounding.add_user_words(user.PROMPT)
        return self._replay(calls, environment, grounding), environment, grounding

    def _replay(self, calls: Sequence[FunctionCall], environment: Any, grounding: Grounding) -> Replayed:
        def run(tool: str, arguments: JsonObject) -> object:
            result, error = self._runtime.run_function(environment, tool, arguments)
            if error is not None:
                raise ToolRefused(error)
            return result

        asked = [Call(call.function, cast("JsonObject", to_jsonable_python(call.args))) for call in calls]
        return replay(asked, self._guard, grounding, run)

    def _environment(self, injections: dict[str, str]) -> Any:
        return self._suite.load_and_inject_default_environment(injections)

    def _attack_calls(self, attack: str, environment: Any) -> Sequence[FunctionCall]:
        given = self._suite.injection_tasks[attack].ground_truth(copy.deepcopy(environment))
        return given or injected_calls(self.name, attack, environment)

    def _vectors(self, task: str) -> tuple[str, ...]:
        """The places for an attack's text that a task's own calls read; all of them where it reads none."""
        if task not in self._read:
            marks = {vector: f"seen {vector} seen" for vector in self._suite.get_injection_vector_defaults()}
            user = self._suite.user_tasks[task]
            environment = user.init_environment(self._environment(marks))
            texts: list[str] = []
            for call in user.ground_truth(copy.deepcopy(environment)):
                result, error = self._runtime.run_function(environment, call.function, call.args)
                texts += [] if error else [as_text(result)]
            read = tuple(vector for vector, mark in marks.items() if any(mark in text for text in texts))
            self._read[task] = read or tuple(marks)
        return self._read[task]


def _tool(function: Function) -> Tool:
    """A tool of the package as one of khala's, closed to unknown arguments."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package calls an argument `date`, which shadows a name of pydantic's
        closed: type[BaseModel] = create_model(
            function.name,
            __config__=ConfigDict(extra="forbid"),
            **{name: (about.annotation, about) for name, about in function.parameters.model_fields.items()},
        )
    schema = cast("JsonObject", closed.model_json_schema())
    spec = ToolSpec(name=function.name, description=function.description, parameters=schema)
    return Tool(spec=spec, function=_not_run_here, arguments_model=closed, manifest=None)


def _not_run_here() -> None:
    """The package's own runtime runs its tools."""
