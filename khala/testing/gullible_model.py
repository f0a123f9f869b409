"""A model that falls for every planted instruction: the stand-in for a language model after a prompt injection.

What protects a run must hold when the model is on the attacker's side, and no language model can be relied on to fall
for the same document twice. This one does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from khala.domain.message import AssistantMessage, ModelReply, Prompt, RequestedCall, ResultsMessage
from khala.domain.ports import ChatModel
from khala.domain.value import JsonObject

__all__ = ["GullibleModel"]

_TEXT = r'"(?:[^"\\]|\\.)*"'
_ARGUMENT = re.compile(rf"(\w{{1,64}})\s*=\s*({_TEXT})")
_PLANTED = re.compile(
    rf"\b([A-Za-z_][\w-]{{0,63}})\(\s*(\w{{1,64}}\s*=\s*{_TEXT}(?:\s*,\s*\w{{1,64}}\s*=\s*{_TEXT})*)\s*,?\s*\)"
)


class GullibleModel:
    """Works like `inner`, but first does what results tell it to do.

    An instruction is a call written out, `write_note(name="x", text="y")`, of a tool that the prompt offers, anywhere
    in a result in view. Each is obeyed once, word for word, in the next reply.
    """

    def __init__(self, inner: ChatModel) -> None:
        self._inner = inner
        self._obeyed: set[str] = set()  # a rolled-back turn does not show in the prompt

    @property
    def name(self) -> str:
        """What the log calls it."""
        return f"gullible-{self._inner.name}"

    async def reply(self, prompt: Prompt) -> ModelReply:
        """The planted calls that are new, else what the inner model replies."""
        calls = tuple(self._planted(prompt))
        if not calls:
            return await self._inner.reply(prompt)
        self._obeyed |= {_key(call) for call in calls}
        return ModelReply(text="A result says what to do next, so that is done.", calls=calls)

    def _planted(self, prompt: Prompt) -> Iterator[RequestedCall]:
        if not isinstance(prompt.messages[-1], ResultsMessage):
            return
        offered = {spec.name for spec in prompt.tools}
        done = self._obeyed | {
            _key(RequestedCall(tool=call.tool, arguments=call.arguments))
            for message in prompt.messages
            if isinstance(message, AssistantMessage)
            for call in message.calls
        }
        for message in prompt.messages:
            for shown in message.results if isinstance(message, ResultsMessage) else ():
                for call in _written_out(shown.text.partition("\n")[2]):  # the first line is the loop's own
                    if call.tool in offered and _key(call) not in done:
                        done.add(_key(call))
                        yield call


def _written_out(text: str) -> Iterator[RequestedCall]:
    for tool, arguments in _PLANTED.findall(text):
        try:
            told: JsonObject = {name: json.loads(value, strict=False) for name, value in _ARGUMENT.findall(arguments)}
        except ValueError:  # an escape that is none: nothing that could be obeyed word for word
            continue
        yield RequestedCall(tool=tool, arguments=told)


def _key(call: RequestedCall) -> str:
    return call.tool + json.dumps(call.arguments, sort_keys=True)
