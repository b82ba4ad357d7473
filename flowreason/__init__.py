"""flowreason turns a question into a flowchart and runs it.

This is the public API, and nothing else; every name is loaded when it is first used, so that importing it is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowreason import library
    from flowreason.api import compile, compile_async, solve, solve_async
    from flowreason.archive import export_run, import_run
    from flowreason.batch import Row, batch, batch_async
    from flowreason.engine.events import Event
    from flowreason.engine.limits import Limits
    from flowreason.engine.pending import Pending
    from flowreason.errors import (
        Cancelled,
        ClaimLost,
        CompileError,
        ConfigError,
        FlowreasonError,
        GraphFormatError,
        InputError,
        JournalMismatch,
        LimitExceeded,
        NodeError,
        ProviderError,
        RecordingError,
        RunBusy,
        SandboxError,
        StoreError,
        Suspended,
        UsageError,
    )
    from flowreason.evaluate import (
        Evaluation,
        Item,
        evaluate,
        evaluate_async,
        replay_evaluation,
        replay_evaluation_async,
    )
    from flowreason.flow import Flow, load, loads, loads_graph
    from flowreason.forking import fork, fork_async
    from flowreason.ports import Message, ModelInfo, Provider, Reply, Request, Usage
    from flowreason.providers import Recorded, Recorder, ScriptedProvider
    from flowreason.providers.only import OnlyModels
    from flowreason.providers.openai import OpenAIProvider
    from flowreason.records import RunInfo
    from flowreason.replaying import replay, replay_async
    from flowreason.result import Result
    from flowreason.resuming import (
        delete_runs,
        rerun,
        rerun_async,
        resume,
        resume_async,
        run_info,
        runs,
    )
    from flowreason.tools import Tool, tool
    from flowreason.tracing import Tracing
    from flowreason.why import Why, why, why_async
    from flowreason_dsl.diagnostics import Diagnostic, FlowCheckError, FlowError, FlowSyntaxError

__version__ = "0.1.0"

_HOMES = {
    "flowreason.api": ("compile", "compile_async", "solve", "solve_async"),
    "flowreason.archive": ("export_run", "import_run"),
    "flowreason.batch": ("Row", "batch", "batch_async"),
    "flowreason.engine.events": ("Event",),
    "flowreason.engine.limits": ("Limits",),
    "flowreason.engine.pending": ("Pending",),
    "flowreason.evaluate": (
        "Evaluation", "Item", "evaluate", "evaluate_async", "replay_evaluation", "replay_evaluation_async",
    ),
    "flowreason.errors": (
        "Cancelled", "ClaimLost", "CompileError", "ConfigError", "FlowreasonError", "GraphFormatError", "InputError",
        "JournalMismatch", "LimitExceeded", "NodeError", "ProviderError", "RecordingError", "RunBusy", "SandboxError",
        "StoreError", "Suspended", "UsageError",
    ),
    "flowreason.flow": ("Flow", "load", "loads", "loads_graph"),
    "flowreason.forking": ("fork", "fork_async"),
    "flowreason.ports": ("Message", "ModelInfo", "Provider", "Reply", "Request", "Usage"),
    "flowreason.providers": ("Recorded", "Recorder", "ScriptedProvider"),
    "flowreason.providers.only": ("OnlyModels",),
    "flowreason.providers.openai": ("OpenAIProvider",),
    "flowreason.records": ("RunInfo",),
    "flowreason.replaying": ("replay", "replay_async"),
    "flowreason.result": ("Result",),
    "flowreason.resuming": (
        "delete_runs", "rerun", "rerun_async", "resume", "resume_async", "run_info", "runs",
    ),
    "flowreason.tools": ("Tool", "tool"),
    "flowreason.tracing": ("Tracing",),
    "flowreason.why": ("Why", "why", "why_async"),
    "flowreason_dsl.diagnostics": ("Diagnostic", "FlowCheckError", "FlowError", "FlowSyntaxError"),
}  # fmt: skip

__all__ = [
    "Cancelled",
    "ClaimLost",
    "CompileError",
    "ConfigError",
    "Diagnostic",
    "Evaluation",
    "Event",
    "Flow",
    "FlowCheckError",
    "FlowError",
    "FlowSyntaxError",
    "FlowreasonError",
    "GraphFormatError",
    "InputError",
    "Item",
    "JournalMismatch",
    "LimitExceeded",
    "Limits",
    "Message",
    "ModelInfo",
    "NodeError",
    "OnlyModels",
    "OpenAIProvider",
    "Pending",
    "Provider",
    "ProviderError",
    "Recorded",
    "Recorder",
    "RecordingError",
    "Reply",
    "Request",
    "Result",
    "Row",
    "RunBusy",
    "RunInfo",
    "SandboxError",
    "ScriptedProvider",
    "StoreError",
    "Suspended",
    "Tool",
    "Tracing",
    "Usage",
    "UsageError",
    "Why",
    "__version__",
    "batch",
    "batch_async",
    "compile",
    "compile_async",
    "delete_runs",
    "evaluate",
    "evaluate_async",
    "export_run",
    "fork",
    "fork_async",
    "import_run",
    "library",
    "load",
    "loads",
    "loads_graph",
    "replay",
    "replay_async",
    "replay_evaluation",
    "replay_evaluation_async",
    "rerun",
    "rerun_async",
    "resume",
    "resume_async",
    "run_info",
    "runs",
    "solve",
    "solve_async",
    "tool",
    "why",
    "why_async",
]

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


_MODULES = frozenset({"library"})
"""Public names that are modules of their own."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"flowreason.{name}")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'flowreason' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
