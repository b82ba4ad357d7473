"""What happened, as a list of facts: the one truth that progress, pictures, results and replay are functions of.

Invariant: an event is plain data (a value of `flowreason.values`), numbered in the order it happened; no key ever
stands in one.

| kind | data |
|---|---|
| `method.chosen` | method, reason (where the choice was left to us): how a question is answered |
| `compile.started` | question |
| `compile.text` | text: what the model has written since the last one; statements: how many are finished |
| `compile.draft` | text, round, diagnostics (as JSON); mended: errors that were mended without asking, in words |
| `compile.done` | text, rounds, fallback (why a plain flow is used instead) |
| `early.failed` | error: a head start was given up |
| `run.started` | flow (text), entry, inputs, limits (depth, rounds: those by which steps fail), session (of
  a run that is kept) |
| `run.finished` | value; `run.failed`: error, error_kind, and where a limit left one, value: the best answer so far;
  `run.cancelled`: reason |
| `run.exhausted` | limit, allowed: a limit of the run is reached, and from here nothing is begun that costs or changes
  anything |
| `frame.opened` | region, owner (node), index, flow; `frame.closed`: bound, where no round of a `while` or `until`
  follows only because it has had its most rounds; holds, where the condition of a `while` is known to hold still |
| `node.started` | a work node begins |
| `node.request` | attempt, sample, messages, model, schema |
| `node.retry` | what the provider says while it tries again: kind, wait, attempt |
| `node.wait` | a request waits before it is sent: for (rate, retry-after, breaker, place), seconds (about) |
| `node.fallback` | another model is asked: from, to, why |
| `node.recalled` | what the step came to is known: whose (`run`: this run's, from before it was interrupted;
  `before`: that of a run that this one was made from), part (which of the person's answers); `node.given`: its value
  was given instead |
| `node.reply` | attempt, sample, text, prompt_tokens, completion_tokens, money, model, shared (with an equal call),
  early (that call was made while the flow was written) |
| `node.unanswered` | attempt, sample, calls, prompt_tokens, completion_tokens, money: what a request is reckoned to
  have used that was sent, and then cancelled or not usable |
| `node.rejected` | attempt, sample, why: the reply does not fit and goes back |
| `node.vote` | count, of, cancelled: how a vote was decided; refused: draws that a limit kept from being made |
| `node.tool` | tool, arguments, seconds: a tool was called, and it took so long; error_kind where it failed |
| `node.lacking` | a limit kept the value from being whole: it is worked out anew when the run goes on |
| `node.printed` | text; `node.trace`: lines (of an emulated program: line, by `python`, `model` or `state`, changed,
  end), program (where a step wrote it) |
| `node.done` | value; `node.failed`: error, error_kind; `node.skipped`: because; `node.cancelled` |
| `item.failed` | index, error: one item of a loop failed and is null in its list |
| `effect.undone` | because: a limit kept an effect of an item from happening, and the flow goes on without it |
| `loop.cut` | rounds, of: a limit ended a loop, which left what so many whole rounds made |
| `person.asked` | question, type; `person.answered`: text |

What was left undone for a limit of the run has `error_kind` `limit`, and, where it would have cost or done something,
`line` and `about`: where it stands in the flow, and its first words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Event(NamedTuple):
    """One fact. `time` is in seconds since the run began; `frame` the path of a frame (`main`, `main/flags[3]`,
    `main/check/older`), empty for the run itself; `node` the id of a node in its flow's graph. Calls to the model that
    were made before the whole flow had arrived stand under `early/`, with the name of their `flow` in the data."""

    seq: int
    time: float
    kind: str
    frame: str = ""
    node: str = ""
    data: Mapping[str, Any] = {}

    def as_json(self) -> dict[str, Any]:
        from flowreason.values import encode

        out: dict[str, Any] = {"seq": self.seq, "time": round(self.time, 6), "kind": self.kind}
        if self.frame:
            out["frame"] = self.frame
        if self.node:
            out["node"] = self.node
        return out | {"data": encode(dict(self.data))}
