"""Where a passage comes from: its call, its document, the calls that led to it, the sources that say it too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from khala.domain.evidence.attribution import Support
from khala.domain.evidence.independence import NEAR_CHARS, Origin, independent, source_name
from khala.domain.label import Label
from khala.infrastructure.reasoning.document_names import document_of
from khala.infrastructure.reasoning.evidence import Evidence, PathLink, Step
from khala.infrastructure.reasoning.linked_nodes import LinkedNodes
from khala.infrastructure.reasoning.run_story import RunStory
from khala.infrastructure.reasoning.run_texts import RunTexts

__all__ = ["EvidenceTrails"]

MOST_STEPS = 50
"""Calls of one path; a longer one is cut at its beginning."""


class EvidenceTrails:
    """The ways of passages through one run, read off its story, its links and its texts."""

    def __init__(self, story: RunStory, nodes: LinkedNodes, texts: RunTexts) -> None:
        self._story = story
        self._nodes = nodes
        self._texts = texts

    def sources(self, supports: Iterable[Support]) -> tuple[str, ...]:
        """The names of the sources that say it independently of each other."""
        origins: list[Origin] = []
        for each in supports:
            text = self._texts.text(each.result_id)
            name = source_name(self._story.calls[each.result_id].call, text, each.start, each.end)
            around = text[max(0, each.start - NEAR_CHARS) : each.end + NEAR_CHARS]
            origins.append(Origin(name, each.quote, around))
            if each.part:
                break  # a sentence carried in parts has one passage for each
        return independent(origins)

    def is_in_view(self, support: Support, shown: frozenset[str]) -> bool:
        """Whether the prompt, which shows these results, shows the passage: where it stood, or recalled since."""
        recalled = self._story.recalled
        return (
            support.result_id in shown
            or not shown.isdisjoint(self._recalled_by(support))
            or any(
                passage.result_id == support.result_id and passage.start < support.end and passage.end > support.start
                for passage in (recalled.passages if recalled else ())
            )
        )

    def document(self, support: Support) -> str:
        """The document that a passage stands in; `""` where nothing names one."""
        return document_of(
            self._story.calls[support.result_id].call, self._texts.text(support.result_id), support.start
        )

    def evidence(self, support: Support) -> Evidence:
        """A passage with its call and the way it came."""
        story = self._story.calls[support.result_id]
        return Evidence(
            degree=support.degree,
            result_id=support.result_id,
            tool=story.call.tool,
            arguments=story.call.arguments,
            turn=story.turn,
            quote=support.quote,
            start=support.start,
            end=support.end,
            label=story.finished.label if story.finished else Label(),
            path=self.path(support.result_id),
            recalled_by=tuple(self._recalled_by(support)),
            part=support.part,
            differs=support.differs,
            document=self.document(support),
        )

    def path(self, result_id: str) -> tuple[Step, ...]:
        """The calls that led to a result, walked backwards."""
        steps: list[Step] = []
        link: PathLink = ""
        seen: set[str] = set()
        while result_id not in seen and len(steps) < MOST_STEPS:
            seen.add(result_id)
            story = self._story.calls.get(result_id)
            steps.append(Step(result_id, story.call.tool if story else "", story.turn if story else 0, link))
            link, result_id = self._came_from(result_id)
        return tuple(reversed(steps))

    def _came_from(self, result_id: str) -> tuple[PathLink, str]:
        """What a result repeats, else the newest result its call used, else itself."""
        ways: tuple[tuple[PathLink, str], ...] = (
            ("recalls", f"result:{result_id}"),
            ("used_value", f"call:{result_id}"),
        )
        for link, node in ways:
            if link and (earlier := [target.removeprefix("result:") for target in self._nodes.targets(node, link)]):
                return link, max(
                    earlier, key=lambda other: self._story.calls[other].turn if other in self._story.calls else 0
                )
        story = self._story.calls.get(result_id)
        return ("delegated_to", story.asked_by) if story is not None and story.asked_by else ("", result_id)

    def _recalled_by(self, support: Support) -> Iterator[str]:
        for source, link in self._nodes.sources(f"result:{support.result_id}", "recalls"):
            if link.get("start", 0) < support.end and link.get("end", support.end) > support.start:
                yield source.removeprefix("result:")
