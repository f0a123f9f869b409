"""Khala: agents that make hundreds of tool calls, with lossless memory, evidence for every sentence, and a guard.

Importing this package does nothing: each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from khala.agent.guard import Guard, Permit, Ruling
    from khala.agent.research import Report, ResearchAgent
    from khala.agent.session import Session
    from khala.assembly import Home, guarded
    from khala.domain.budget import InteractionBudget, Spend
    from khala.domain.call import Recollection, ToolCall, ToolResult
    from khala.domain.decision import Consent
    from khala.domain.events import Event, Finding, Recorded, ToolDigest
    from khala.domain.grounding import Endorsement, Grounding, Principal
    from khala.domain.label import Label
    from khala.domain.manifest import ToolManifest
    from khala.domain.memory_limits import MemoryLimits
    from khala.domain.message import ModelReply, Prompt, RequestedCall
    from khala.domain.namespace import Namespace
    from khala.domain.policy import Decision, Policy, Rule
    from khala.domain.retention import Retention
    from khala.domain.run_reading import RunReading
    from khala.domain.selection import Selection
    from khala.domain.tool import Tool, ToolOutput, tool
    from khala.domain.trajectory import Trajectory
    from khala.domain.verifiers import BUILT_IN_VERIFIERS, Verifiers, evidence_check, loop_breaker, stagnation
    from khala.errors import CallDenied, KhalaError, ToolFailed
    from khala.infrastructure.memory.endpoint_embedder import EndpointEmbedder
    from khala.infrastructure.memory.place import Bucket
    from khala.infrastructure.memory.ranking import Ranking
    from khala.infrastructure.models.extractive.researcher import ExtractiveResearcher
    from khala.infrastructure.models.openai.chat import OpenAIChat
    from khala.infrastructure.reasoning.reasoning_graph import ReasoningGraph
    from khala.infrastructure.security.policy_file import load_policy
    from khala.infrastructure.store.queue_approver import QueueApprover
    from khala.infrastructure.telemetry.structured_log import structured_log

_LOADED_ON_FIRST_USE = {
    "BUILT_IN_VERIFIERS": "khala.domain.verifiers",
    "Bucket": "khala.infrastructure.memory.place",
    "CallDenied": "khala.errors",
    "Consent": "khala.domain.decision",
    "Decision": "khala.domain.policy",
    "Endorsement": "khala.domain.grounding",
    "EndpointEmbedder": "khala.infrastructure.memory.endpoint_embedder",
    "Event": "khala.domain.events",
    "ExtractiveResearcher": "khala.infrastructure.models.extractive.researcher",
    "Finding": "khala.domain.events",
    "Grounding": "khala.domain.grounding",
    "Guard": "khala.agent.guard",
    "Home": "khala.assembly",
    "InteractionBudget": "khala.domain.budget",
    "KhalaError": "khala.errors",
    "Label": "khala.domain.label",
    "MemoryLimits": "khala.domain.memory_limits",
    "ModelReply": "khala.domain.message",
    "Namespace": "khala.domain.namespace",
    "OpenAIChat": "khala.infrastructure.models.openai.chat",
    "Permit": "khala.agent.guard",
    "Policy": "khala.domain.policy",
    "Principal": "khala.domain.grounding",
    "Prompt": "khala.domain.message",
    "QueueApprover": "khala.infrastructure.store.queue_approver",
    "Ranking": "khala.infrastructure.memory.ranking",
    "ReasoningGraph": "khala.infrastructure.reasoning.reasoning_graph",
    "Recollection": "khala.domain.call",
    "Recorded": "khala.domain.events",
    "Report": "khala.agent.research",
    "RequestedCall": "khala.domain.message",
    "ResearchAgent": "khala.agent.research",
    "Retention": "khala.domain.retention",
    "Rule": "khala.domain.policy",
    "Ruling": "khala.agent.guard",
    "RunReading": "khala.domain.run_reading",
    "Selection": "khala.domain.selection",
    "Session": "khala.agent.session",
    "Spend": "khala.domain.budget",
    "Tool": "khala.domain.tool",
    "ToolCall": "khala.domain.call",
    "ToolDigest": "khala.domain.events",
    "ToolFailed": "khala.errors",
    "ToolManifest": "khala.domain.manifest",
    "ToolOutput": "khala.domain.tool",
    "ToolResult": "khala.domain.call",
    "Trajectory": "khala.domain.trajectory",
    "Verifiers": "khala.domain.verifiers",
    "evidence_check": "khala.domain.verifiers",
    "guarded": "khala.assembly",
    "load_policy": "khala.infrastructure.security.policy_file",
    "loop_breaker": "khala.domain.verifiers",
    "stagnation": "khala.domain.verifiers",
    "structured_log": "khala.infrastructure.telemetry.structured_log",
    "tool": "khala.domain.tool",
}

__all__ = [
    "BUILT_IN_VERIFIERS",
    "Bucket",
    "CallDenied",
    "Consent",
    "Decision",
    "Endorsement",
    "EndpointEmbedder",
    "Event",
    "ExtractiveResearcher",
    "Finding",
    "Grounding",
    "Guard",
    "Home",
    "InteractionBudget",
    "KhalaError",
    "Label",
    "MemoryLimits",
    "ModelReply",
    "Namespace",
    "OpenAIChat",
    "Permit",
    "Policy",
    "Principal",
    "Prompt",
    "QueueApprover",
    "Ranking",
    "ReasoningGraph",
    "Recollection",
    "Recorded",
    "Report",
    "RequestedCall",
    "ResearchAgent",
    "Retention",
    "Rule",
    "Ruling",
    "RunReading",
    "Selection",
    "Session",
    "Spend",
    "Tool",
    "ToolCall",
    "ToolDigest",
    "ToolFailed",
    "ToolManifest",
    "ToolOutput",
    "ToolResult",
    "Trajectory",
    "Verifiers",
    "evidence_check",
    "guarded",
    "load_policy",
    "loop_breaker",
    "stagnation",
    "structured_log",
    "tool",
]


def __getattr__(name: str) -> object:
    """Load a public name on first use (PEP 562)."""
    if name not in _LOADED_ON_FIRST_USE:
        raise AttributeError(f"module `khala` has no name `{name}`")
    value = getattr(import_module(_LOADED_ON_FIRST_USE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Name what can be had."""
    return sorted(__all__)
