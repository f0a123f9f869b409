"""`ScriptedModel`: a stand-in for a language model that answers from a script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pydantic import JsonValue

from khala.domain.message import ModelReply, Prompt, RequestedCall, ResultsMessage
from khala.errors import ModelUnavailable

__all__ = ["ScriptedModel", "calling", "saying", "shown_results"]

Answer = ModelReply | Exception | Callable[[Prompt], ModelReply]


def saying(text: str, *, thinking: str = "") -> ModelReply:
    """A reply of words only."""
    return ModelReply(text=text, thinking=thinking)


def calling(*calls: tuple[str, Mapping[str, JsonValue]], text: str = "") -> ModelReply:
    """A reply that asks for these calls, each a tool name and its arguments."""
    requested = tuple(RequestedCall(tool=tool, arguments=dict(arguments)) for tool, arguments in calls)
    return ModelReply(text=text, calls=requested)


class ScriptedModel:
    """Answers each prompt with the next entry of its script; it is no language model and reads nothing.

    An entry is a reply, an exception to raise, or a function from the prompt to a reply. After the last entry it raises
    `ModelUnavailable`. The prompts it saw are in `prompts`.
    """

    def __init__(self, script: Iterable[Answer], *, name: str = "scripted") -> None:
        self.name = name
        self.prompts: list[Prompt] = []
        self._script = iter(script)

    async def reply(self, prompt: Prompt) -> ModelReply:
        """The next entry of the script."""
        self.prompts.append(prompt)
        answer = next(self._script, None)
        if answer is None:
            raise ModelUnavailable(f"the script of `{self.name}` ended after {len(self.prompts) - 1} replies")
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, ModelReply) else answer(prompt)


def shown_results(prompt: Prompt) -> dict[str, str]:
    """Result id to what the prompt shows of it, for functions in a script."""
    return {
        shown.call.id: shown.text
        for message in prompt.messages
        if isinstance(message, ResultsMessage)
        for shown in message.results
    }
