"""How a run is told of: the words, signs and colours of its states, what it cost, when it was, what went wrong.

Pure functions, but for the clock's time zone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from flowreason.ports import Usage
from flowreason.records import RunInfo
from flowreason.view.progress import cost_text, money_text, seconds_text
from flowreason_ui.steps import given_to, step_name

Color: TypeAlias = Literal["blue", "green", "orange", "red", "gray"]


@dataclass(frozen=True, slots=True)
class Told:
    """A state in words, with its icon and colour (of Streamlit's badges)."""

    words: str
    icon: str
    color: Color


STATES: Final[Mapping[str, Told]] = {
    "writing": Told("Writing the flow", ":material/edit_note:", "blue"),
    "pricing": Told("Waiting for your approval", ":material/payments:", "orange"),
    "running": Told("Running", ":material/play_arrow:", "blue"),
    "asking": Told("Waiting for you", ":material/person:", "orange"),
    "paused": Told("Paused", ":material/pause:", "orange"),
    "answered": Told("Answered", ":material/check:", "green"),
    "failed": Told("Failed", ":material/error:", "red"),
    "limit": Told("Stopped at a limit", ":material/speed:", "orange"),
    "cancelled": Told("Cancelled", ":material/stop_circle:", "gray"),
    "waiting": Told("Waits for an answer", ":material/person:", "orange"),
    "interrupted": Told("Interrupted", ":material/power_off:", "gray"),
}
"""By the status of a live or a kept run."""


def state(status: str) -> Told:
    """How a status is told."""
    return STATES.get(status) or Told(status.capitalize(), ":material/help:", "gray")


def when(moment: float, now: float | None = None) -> str:
    """A moment on the clock of this machine: `14:05`, `yesterday 14:05`, `3 Mar 14:05`, `3 Mar 2025`."""
    then, today = time.localtime(moment), time.localtime(time.time() if now is None else now)
    clock = time.strftime("%H:%M", then)
    if then[:3] == today[:3]:
        return f"today {clock}"
    day = f"{then.tm_mday} {time.strftime('%b', then)}"
    return f"{day} {clock}" if then.tm_year == today.tm_year else f"{day} {then.tm_year}"


def cost(usage: Usage, seconds: float, kept: int = 0) -> str:
    """`3 calls · 1,204 tokens · $0.0021 · 4.2 s`; what was known before is told as free."""
    return cost_text(usage, seconds, kept=kept)


def money(amount: float | None) -> str:
    """`$0.0021`; empty where nothing was paid or the price is not known."""
    return money_text(amount) if amount else ""


def seconds(amount: float) -> str:
    return seconds_text(amount)


def count(number: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


_COMMANDS: Final = (
    (re.compile(r"this request is not in the recording .*?: (.*?)\n.*", re.DOTALL), r"not recorded: \1"),
    (re.compile(r";?\s*raise it with --(?:total-)?limit[^;\n]*"), ""),
    (re.compile(r"\s*\((?:--frame; frame=|frame=|inputs=)[^)\n]*\)"), ""),
    (re.compile(r";?\s*give them again: --tools[^\n]*"), ""),
    (re.compile(r"set OPENAI_API_KEY,\s*or --base-url .*", re.DOTALL), "name one under Settings"),
    (re.compile(r":? add --model NAME, or set FLOWREASON_MODEL"), ": name one under Settings"),
    (re.compile(r"[;,]?\s*(?:go on with it|look at it with): flowreason [^\n]*"), ""),
    (re.compile(r"[;,]?\s*`flowreason runs show [^`]*` names those that there are"), ""),
    (re.compile(r"\n?give long material as an input instead: --input[^\n]*"), "\ngive long material as an input"),
    (re.compile(r"as in: flowreason [^\n]*"), "and ask again"),
    (re.compile(r"\s*Name the one that is meant: --\S[^\n]*"), ""),
    (re.compile(r"; say what you want to know, and ask again"), "; say what you want to know"),
    (re.compile(r"set FLOWREASON_API_KEY, or OPENAI_API_KEY for OpenAI"), "enter one under Settings"),
    (re.compile(r"Check the key \(FLOWREASON_API_KEY or OPENAI_API_KEY\)"), "Check the key under Settings"),
    (re.compile(r"set OPENAI_API_KEY, or give a base URL of another server"), "enter one under Settings"),
    (
        re.compile(r"no exported run: its first line is none of an export"),
        "no exported run; Export under Runs, or Save at a run, writes one",
    ),
    (re.compile(r"; `flowreason runs export` writes one"), "; Export under Runs, or Save at a run, writes one"),
    (re.compile(r"[;,]?\s*`flowreason runs[^`]*` (?:lists what is there|writes a run into a file)"), ""),
    (re.compile(r"this is no base URL: "), "this is no address of a server: "),
    (re.compile(r"(?<=[Cc]heck the )base URL"), "address under Settings"),
    (re.compile(r"Does the base URL end"), "Does the address under Settings end"),
)
"""Ways out that are commands: the app has buttons for them."""
_OF_THE_PRICE: Final = re.compile(
    r"^this flow may take more than the limits allow \(.*?\);\nraise the limit .*", re.DOTALL
)


_FINDING: Final = re.compile(
    r"^(?P<kind>error|warning)\[(?P<code>[\w-]+)\]: (?P<told>.*)\n"
    r" --> [^\n]*?:(?P<line>\d+):\d+(?P<more>(?:\n(?!\n).*)*)",
    re.MULTILINE,
)
"""What is wrong with a flow, as the checker writes it: a message, its place, the line with a mark, and help."""


def _findings(text: str) -> str:
    """What is wrong with a flow, said first and marked second; what keeps it from running stands before the rest."""
    found = list(_FINDING.finditer(text))
    if not found:
        return text
    before, after = text[: found[0].start()], text[found[-1].end() :]
    ordered = sorted(found, key=lambda each: each["kind"] != "error")
    return before + "\n\n".join(map(_in_sentences, ordered)) + after


def _in_sentences(found: re.Match[str]) -> str:
    """A finding as people read it; the name of its rule comes last, for those who look it up."""
    lines = found["more"].strip("\n").splitlines()
    helps = [sentence(_capital(line.partition("help:")[2].strip())) for line in lines if line.startswith("  = help:")]
    shown = [line for line in lines if not line.startswith("  = help:")]
    told = f"{_capital(found['told'])} (line {found['line']})."
    return "\n".join([told, *shown, *helps, f"[{found['code']}]"])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def fault(text: str) -> str:
    """An error in words, without what is to be typed on a command line, and without the names of rules in front."""
    text = _findings(text)
    for pattern, instead in _COMMANDS:
        text = pattern.sub(instead, text)
    return _OF_THE_PRICE.sub("it may take more than the limits allow, and was not begun", text).strip()


_SENTENCES: Final = re.compile(r"^(?:the|this|that|there|an?|no|nothing|it|two|what|choose|enter|line|look)\b")


def sentence(text: str) -> str:
    """An error as a sentence: one that begins with a name stays as it is."""
    told = text.strip()
    if _SENTENCES.match(told):
        told = told[0].upper() + told[1:]
    return told if told.endswith((".", "!", "?", "…", ":")) or not told else f"{told}."


def title_of(info: RunInfo) -> str:
    """What a kept run is known by: its question, or its flow without what stands before it; where steps of it have
    other values, these as well."""
    named = info.title
    if not info.plan.question:
        begins = re.search(r"^\s*flow\b", info.plan.flow, re.MULTILINE)
        named = " ".join(info.plan.flow[begins.start() if begins else 0 :].split("{")[0].split()) or "a flow"
    changed = dict.fromkeys(step_name(info.plan, node) for _, node in given_to(info.plan))
    return f"With another {', '.join(changed)}: {named}" if changed else named


def shown_place(place: str) -> str:
    """Where runs are kept, without a password that may stand in it."""
    before, at, rest = place.rpartition("@")
    scheme, mark, who = before.partition("://")
    return f"{scheme}{mark}{who.partition(':')[0]}{at}{rest}" if at and mark else place


_WAYS: Final[Mapping[str, str]] = {
    "limit": "Allow more, and it goes on: what was done so far stays.",
    "unconnected": "Connect a model under Settings, then try again.",
    "key": "The server refused the key. Enter another under Settings, then try again.",
    "quota": "The account has no credit left. Top it up, or connect another model under Settings, then try again.",
    "model": "The server does not have this model. Name another one under Settings, then try again.",
    "url": "Look at the address under Settings, then try again.",
    "network": "The server could not be reached. Look whether it runs, then try again: nothing is paid for twice.",
    "server": "The server had trouble. Try again later: nothing is paid for twice.",
    "rate": "The server allows no more for now. Try again later: nothing is paid for twice.",
    "timeout": "The server did not answer in time. Try again: nothing is paid for twice.",
    "user": "Go on to answer the question.",
    "interrupted": "Go on, and it takes up where it stood.",
    "consent": "You did not agree to what the flow wanted to do. Try again to decide anew.",
    "python": "Change the step or the flow, and run it again: what stays the same is not done twice.",
    "node": "Change the step or the flow, and run it again: what stays the same is not done twice.",
}
SETTINGS_HELP: Final = frozenset({"unconnected", "key", "quota", "model", "url", "network"})
"""The kinds of errors that are mended under Settings."""


def way_out(kind: str, error: str = "") -> str:
    """What a person can do about an error of a kind; empty where nothing is known."""
    if "is not in the recording" in error:
        return (
            "This example is answered by its recording, and that holds no answer to what is asked now. "
            "A connected model can answer it."
        )
    return _WAYS.get(kind, "")
