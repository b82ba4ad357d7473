"""Wrong use from Python: each argument of each public function, given something else, is told in our own words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from tests.keeping import Counting

ITEMS = [fr.Item("a/1", "a", "q", 1, "number")]
FLOW = 'flow f(n: int = 1) -> text { a = ask "A" answer a }'
FAMILY = (fr.FlowreasonError,)


class Nothing:
    """Is nothing that any argument may be."""

    def __repr__(self) -> str:
        return "sk-canary"


class Case:
    """A folder with a kept run in it, and arguments with which everything works."""

    def __init__(self, folder: Path) -> None:
        self.store = str(folder / "runs.db")
        self.flow = fr.loads(FLOW)
        self.run = self.flow.run(provider=Counting(), store=self.store).run_id
        (folder / "f.flow").write_text(FLOW)
        fr.export_run(self.run, folder / "run.jsonl", store=self.store)
        fr.loads(FLOW).run(provider=fr.Recorder(Counting(), folder / "replies.jsonl"), store=None)
        self._folder = folder

    def arguments(self, name: str) -> dict[str, Any]:
        kept = {"run": self.run, "store": self.store}
        asked = {"provider": Counting(), **kept}
        folder = self._folder
        known: dict[str, dict[str, Any]] = {
            "solve": {"question": "q", "provider": Counting(), "store": None},
            "compile": {"question": "q", "provider": Counting()},
            "load": {"path": folder / "f.flow"},
            "loads": {"text": FLOW},
            "loads_graph": {"document": self.flow.draw("json")},
            "run_info": kept,
            "runs": {"store": self.store},
            "delete_runs": {"runs": [], "store": self.store},
            "export_run": {**kept, "path": folder / "out.jsonl"},
            "import_run": {"path": folder / "run.jsonl", "store": self.store},
            "replay": kept,
            "resume": asked,
            "rerun": asked,
            "why": asked,
            "fork": {**asked, "node": "a", "value": "x"},
            "tool": {"function": len},
            "Flow.run": {"provider": Counting(), "store": None},
            "Flow.draw": {},
            "Flow.price": {},
            "Limits": {},
            "OnlyModels": {"provider": Counting(), "models": []},
            "OpenAIProvider": {"model": "m", "api_key": "k"},
            "Recorded": {"path": folder / "replies.jsonl"},
            "Recorder": {"provider": Counting(), "path": folder / "new.jsonl"},
            "ScriptedProvider": {},
            "Tracing": {},
            "Tool": {"function": putting},
            "evaluate": {"data": ITEMS, "methods": "direct", "folder": folder / "e", "provider": Counting()},
            "replay_evaluation": {"folder": folder / "e"},
        }
        return known[name]

    def function(self, name: str) -> Callable[..., Any]:
        return getattr(self.flow, name.removeprefix("Flow.")) if "." in name else getattr(fr, name)


def putting(thing: str) -> str:
    return thing


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("misuse"))


def public() -> Iterator[tuple[str, list[str]]]:
    """Every function and class of the API that does something, with the names of its arguments."""
    for name in fr.__all__:
        found = getattr(fr, name)
        data = isinstance(found, type) and (issubclass(found, Exception) or name in RECORDS)
        if not callable(found) or name.endswith("_async") or data or name in ELSEWHERE:
            continue
        yield from ((f"Flow.{each}", options(f"Flow.{each}")) for each in ("run", "draw", "price")) if name == "Flow" else [
            (name, options(name))
        ]  # fmt: skip


ELSEWHERE = {"batch", "Row"}
"""What has tests of its own for that."""
RECORDS = {
    "Diagnostic", "Event", "Message", "ModelInfo", "Pending", "Provider", "Reply", "Request", "Result", "RunInfo", "Usage", "Why",
    "Evaluation", "Item", "Answered", "Replayed",
}  # fmt: skip
"""What providers and listeners are handed, or hand over: values without a rule of their own."""


def options(name: str) -> list[str]:
    """The arguments of a function, those of its twin with an event loop where it hands them on."""
    owner = fr.Flow if "." in name else fr
    last = name.removeprefix("Flow.")
    found = getattr(owner, f"{last}_async", None) or getattr(owner, last)
    parameters = list(inspect.signature(found).parameters.values())
    if name in ("resume", "rerun", "fork"):
        from flowreason.resuming import Grants

        parameters += inspect.signature(Grants).parameters.values()
    return [each.name for each in parameters if each.kind is not each.VAR_KEYWORD and each.name != "self"]


NUMBERS_WRONG = {
    "most": [0], "session": [0], "rounds": [-1, 2.5], "concurrency": [0, True], "retries": [-1], "timeout": [0, "1"],
}  # fmt: skip
WRONG: dict[str, list[Any]] = {
    "provider": [Counting, "gpt", 5],
    "store": [5, b"x", True, "ftp://x", ""],
    "limits": [5, {"calls": 5}, "calls=5"],
    "tools": [5, "put", {"put": len}, [5], putting],
    "inputs": [5, "x", [1], {1: 2}, {"a b": 1}, {"a": Nothing()}, {"question": lambda: 1}],
    "on_event": [5, "x"],
    "models": ["gpt", [1]],
    "runs": ["last", [1]],
    "run": [5, None, "nothing"],
    "answers": [5, {"a": 5}],
    "status": ["happy"],
    "cache": ["no", 0],
    "path": [None, 5, b"x", "a\0b"],
    "text": [None, b"flow", ""],
    "calls": [True, 2.5, float("nan"), float("inf"), -1],
    "flow": [5, ""],
    "prices": [5, (1,), "ab"],
    "replies": ["text", {"a": 5}],
    "question": [5, "", "a\0b"],
    "method": ["nothing", 5],
}


FITS = {("Flow.draw", "path"): [None], ("loads", "text"): [], ("rerun", "flow"): []}
"""What is wrong elsewhere and right there."""
SHOWN = {("fork", "value"), *(("Limits", each) for each in options("Limits"))}
"""Where what was given is a number or the value of a step, and may be shown."""


@pytest.mark.parametrize(("name", "option"), [(name, each) for name, known in public() for each in known])
def test_a_wrong_argument_is_told_by_its_function_and_its_name(name: str, option: str, case: Case) -> None:
    before = len(fr.runs(store=case.store))
    for wrong in [Nothing(), *NUMBERS_WRONG.get(option, []), *WRONG.get(option, ())]:
        if wrong in FITS.get((name, option), []) or (name == "Flow.price" and isinstance(wrong, dict)):
            continue
        with pytest.raises(FAMILY) as told:
            case.function(name)(**{**case.arguments(name), option: wrong})
        text = str(told.value)
        if (name, option) not in SHOWN:
            assert "canary" not in text and "object at 0x" not in text, text
            assert len(text.splitlines()) <= 3 or isinstance(told.value, fr.FlowError), text
        if (
            isinstance(wrong, Nothing)
            and option not in ("function", "question", "document", "value")
            and name != "Limits"
        ):
            assert f"`{option}`" in text and "Nothing" in text and text.startswith(f"{name}: "), text
    assert len(fr.runs(store=case.store)) == before


@pytest.mark.parametrize("name", [name for name, _ in public() if name not in ("Flow.run", "Limits")])
def test_an_option_that_there_is_not_is_told_with_the_nearest(name: str, case: Case) -> None:
    with pytest.raises(fr.UsageError, match=f"^{name} has no option 'on_evnt'; (did you mean '|there are: )"):
        case.function(name)(**case.arguments(name), on_evnt=5)


def test_what_is_missing_is_told(case: Case) -> None:
    with pytest.raises(fr.UsageError, match="fork: missing a required argument: 'value'; it takes run, node, value"):
        fr.fork(case.run, "a", store=case.store)  # type: ignore[call-arg]
    with pytest.raises(fr.UsageError, match="f has no input 'storage'; it takes: n"):
        case.flow.run(storage=1, provider=Counting(), store=None)


class Odd(Counting):
    """A provider that gives what is no reply."""

    def __init__(self, given: Any) -> None:
        super().__init__()
        self._given = given

    async def complete(self, request: fr.Request, notify: Any = None) -> Any:
        return self._given


def test_a_provider_that_gives_no_reply_is_told_and_is_not_asked_on(case: Case) -> None:
    ended = case.flow.run(provider=Odd("text"), store=None)
    assert (ended.status, str(ended.error)) == (
        "failed",
        "the provider Odd gave str, and what it gives must be a fr.Reply",
    )

    class Nameless(Counting):
        def model_info(self, model: str | None) -> Any:
            return "m"

    with pytest.raises(fr.UsageError, match="`model_info` of the provider Nameless must give a fr.ModelInfo"):
        case.flow.run(provider=Nameless(), store=None)


def test_one_except_catches_every_error_of_the_product() -> None:
    found = [each for name in fr.__all__ if isinstance(each := getattr(fr, name), type) and issubclass(each, Exception)]
    assert found
    assert [each.__name__ for each in found if not issubclass(each, fr.FlowreasonError)] == []
