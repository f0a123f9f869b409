"""Splits what a model wrote into thinking, text, and the places where call blocks stand.

What counts, decided at the leftmost tag each time:

1. `<think>` opens thinking up to `</think>`, or to the end if it is never closed. Nothing inside is a call.
2. A `</think>` that nothing opened ends thinking that began in the chat template: all before it was thinking.
3. A code fence (three or more backticks or tildes at the start of a line) is text up to its closing fence. A call
   block in a fence that is never closed is reported as malformed: nobody can tell whether it was meant.
4. Inline code, a line quoted with `>`, and a tag or block that stands directly between quotation marks are text.
5. What remains of the call tag opens a call block, which the format reads. Behind a block that cannot be read no
   further one is looked for: where the first ends is not known, and its arguments may quote another.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from khala.domain.message import RequestedCall
from khala.infrastructure.models.openai.call_format import ThinkingBack
from khala.infrastructure.models.openai.plain_text import sound

__all__ = ["CALL_TAG", "Block", "ReadBlock", "ScannedText", "read_text", "with_thinking"]

CALL_TAG = "<use_mcp_tool>"

_OPEN, _CLOSE = "<think>", "</think>"

_MOST_UNREADABLE = 20
"""Blocks tried in vain before the rest is taken as text; bounds the work on a reply that repeats itself."""

_QUOTES = frozenset("\"'`“”‘’«»")  # noqa: RUF001 (quotation marks as they are typed)

_TOKEN = re.compile(
    r"""(?P<fence>^\ {0,3}(?:(?P<ticks>`{3,})[^`\n]*|(?P<tildes>~{3,})[^\n]*)$)
      | (?P<quote>^[ \t]*>[^\n]*$)
      | (?P<code>`[^`\n]+`)
      | (?P<open><think>)
      | (?P<close></think>)
      | (?P<call><use_mcp_tool>)""",
    re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A call that a format read at a call tag, and where its block ends."""

    call: RequestedCall
    end: int


ReadBlock = Callable[[str, int], Block | str]
"""Reads the block at a position of a text; a string is the reason why there is none."""


@dataclass(frozen=True, slots=True)
class ScannedText:
    """A reply's text taken apart; text keeps the blocks that could not be read, word for word."""

    text: str
    thinking: str
    calls: tuple[RequestedCall, ...] = ()
    malformed: tuple[str, ...] = ()


def read_text(content: str, read_block: ReadBlock | None = None) -> ScannedText:
    """Take a reply apart; without `read_block`, call tags are text like any other."""
    scan = _Scan(sound(content), read_block)
    scan.run()
    return ScannedText(
        "".join(scan.shown).strip(),
        "\n\n".join(part for thought in scan.thoughts if (part := thought.strip())),
        tuple(scan.calls),
        tuple(scan.malformed),
    )


def with_thinking(text: str, thinking: str, back: ThinkingBack) -> dict[str, object]:
    """An assistant's message as the request holds it, with its thinking where the endpoint expects it."""
    message: dict[str, object] = {"role": "assistant", "content": text}
    if thinking and back == "tags":
        # a closing tag of its own would end the thinking early
        message["content"] = f"{_OPEN}\n{thinking.replace(_CLOSE, '')}\n{_CLOSE}\n\n{text}"
    elif thinking and back == "field":
        message["reasoning_content"] = thinking
    return message


class _Occurrences:
    """Where a word stands next, asked at growing positions, so that the text is searched once."""

    def __init__(self, text: str, word: str) -> None:
        self._text = text
        self._word = word
        self._found = -1

    def after(self, position: int) -> int:
        """The first place at or after a position; the length of the text if there is none."""
        if self._found < position:
            found = self._text.find(self._word, position)
            self._found = len(self._text) if found < 0 else found
        return self._found


class _Scan:
    """One pass over one text, left to right."""

    def __init__(self, text: str, read_block: ReadBlock | None) -> None:
        self.text = text
        self.read_block = read_block
        self.shown: list[str] = []
        self.thoughts: list[str] = []
        self.calls: list[RequestedCall] = []
        self.malformed: list[str] = []
        self._taken = 0  # everything before is in `shown` or `thoughts`
        self._unreadable = 0
        self._opens = _Occurrences(text, _OPEN)
        self._closes = _Occurrences(text, _CLOSE)

    def run(self) -> None:
        position = 0
        while match := _TOKEN.search(self.text, position):
            position = self._after(match)
        self._show(len(self.text))

    def _after(self, match: re.Match[str]) -> int:
        """Take in one token; the position to go on from."""
        start, end = match.span()
        match match.lastgroup:
            case "open" if not self._is_quoted(start, end):
                self._show(start)
                stop = self._closes.after(end)
                self.thoughts.append(self.text[end:stop])
                self._taken = min(len(self.text), stop + len(_CLOSE))
                return self._taken
            case "close" if not self._is_quoted(start, end):
                return self._end_thinking(start)
            case "call" if (read_block := self._reader()) and not self._is_quoted(start, end):
                return self._take_block(start, end, read_block(self.text, start))
            case "fence":
                return self._pass_fence(match["ticks"] or match["tildes"], end)
            case _:
                return end

    def _take_block(self, start: int, end: int, block: Block | str) -> int:
        if isinstance(block, str):
            self._unreadable += 1
            self.malformed.append(block)
            return end
        if not self._is_quoted(start, block.end):
            self._show(start)
            self._taken = block.end
            self.calls.append(block.call)
        return block.end

    def _pass_fence(self, mark: str, end: int) -> int:
        orphan = self._closes.after(end)
        if orphan > self._opens.after(end):
            orphan = len(self.text)
        closing = re.compile(rf"^ {{0,3}}{mark[0]}{{{len(mark)},}}[ \t]*$", re.MULTILINE).search(self.text, end, orphan)
        if closing:
            return closing.end()
        if orphan < len(self.text):
            return self._end_thinking(orphan)
        if self._reader() and self.text.find(CALL_TAG, end) >= 0:
            self.malformed.append("a call inside a code block that is never closed")
        return len(self.text)

    def _end_thinking(self, close: int) -> int:
        """All text so far turns out to be thinking, and with it every call in it."""
        self._show(close)
        self.thoughts.append("".join(self.shown))
        self.shown.clear()
        self.calls.clear()
        self.malformed.clear()
        self._taken = close + len(_CLOSE)
        return self._taken

    def _reader(self) -> ReadBlock | None:
        return None if self.malformed or self._unreadable >= _MOST_UNREADABLE else self.read_block

    def _show(self, stop: int) -> None:
        if stop > self._taken:
            self.shown.append(self.text[self._taken : stop])
            self._taken = stop

    def _is_quoted(self, start: int, end: int) -> bool:
        return start > 0 and end < len(self.text) and self.text[start - 1] in _QUOTES and self.text[end] in _QUOTES
