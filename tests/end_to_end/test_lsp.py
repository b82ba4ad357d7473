"""An editor and `flowreason lsp`, as two processes: raw messages over stdin and stdout."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from tests.end_to_end.command import COMMAND, Started, environment, flowreason

pytest.importorskip("pygls")

TRIP = """use "distances.flow"

flow trip(start: text, goal: text) -> text {
  km: int = distance(start, goal)
  say = ask "Describe 🚂 the way from {start} to {goal}, which is {km} km."
  answer say
}
"""
DISTANCES = """flow distance(a: text, b: text) -> int {
  "How far two towns are apart."
  km: int = ask "How many kilometres lie between {a} and {b}?"
  answer km
}
"""
BROKEN = """flow count(words_in: list[text]) -> int {
  total = `len(word_in)`
  answer total;
}
"""
TOOLS = """from flowreason import tool
print("a file of tools that prints")

@tool
def put(thing: str, bin: str) -> bool:
    "Puts a thing into a bin."
    return True
"""
TIDY = """flow tidy() -> bool {
  done = put("peel", "compost")
  answer done
}
"""


class Editor:
    """The other side of the server."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.process = Started(
            [*COMMAND, "lsp", *arguments], cwd=folder, env=environment(folder), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.answers: Queue[dict[str, Any]] = Queue()
        self.told: list[dict[str, Any]] = []
        self._ids = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        out = self.process.stdout
        assert out is not None
        while header := out.readline():
            assert header.lower().startswith(b"content-"), header
            size = int(header.split(b":")[1]) if header.lower().startswith(b"content-length") else 0
            while line := out.readline().strip():
                size = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else size
            self.answers.put(json.loads(out.read(size)))

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any = None) -> Any:
        """The answer to a request; an error is given back as it is."""
        self._ids += 1
        self.send({"id": self._ids, "method": method, "params": params})
        while True:
            message = self.answers.get(timeout=30)
            if message.get("id") == self._ids and "method" not in message:
                return message["error"] if "error" in message else message.get("result")
            self._others(message)

    def _others(self, message: dict[str, Any]) -> None:
        if message.get("method") == "workspace/configuration":
            self.send({"id": message["id"], "result": [None]})
        else:
            self.told.append(message)

    def findings(self, name: str, version: int | None) -> list[dict[str, Any]]:
        """The findings of one version of a file, when they are sent."""
        while True:
            for message in self.told:
                params = message.get("params", {})
                about = (params["uri"], params.get("version")) if message["method"].endswith("Diagnostics") else None
                if about == (self.uri(name), version):
                    return list(params["diagnostics"])
            self._others(self.answers.get(timeout=30))

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def start(self, encodings: list[str] | None = None, options: Any = None) -> Any:
        capabilities: dict[str, Any] = {"textDocument": {"rename": {"prepareSupport": True}}}
        capabilities |= {"general": {"positionEncodings": encodings}} if encodings else {}
        params = {
            "processId": None, "rootUri": self.folder.as_uri(), "capabilities": capabilities,
            "initializationOptions": options,
        }  # fmt: skip
        found = self.ask("initialize", params)
        self.notify("initialized", {})
        return found["capabilities"]

    def open(self, name: str, text: str) -> None:
        document = {"uri": self.uri(name), "languageId": "flow", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, name: str, version: int, text: str) -> None:
        document = {"uri": self.uri(name), "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def at(self, name: str, text: str, mark: str, more: int = 0) -> dict[str, Any]:
        """The position of a mark in a text, in UTF-16 units, as most editors count."""
        before = text[: text.index(mark) + more]
        line = before.rsplit("\n", maxsplit=1)[-1]
        place = {"line": before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}
        return {"textDocument": {"uri": self.uri(name)}, "position": place}

    def end(self) -> int:
        assert self.ask("shutdown") is None
        self.notify("exit", None)
        return self.process.wait(timeout=30)


@contextmanager
def editor(folder: Path, *arguments: str) -> Iterator[Editor]:
    made = Editor(folder, *arguments)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        for stream in (made.process.stdin, made.process.stdout, made.process.stderr):
            if stream is not None:
                stream.close()


def test_an_editor_goes_through_everything(tmp_path: Path) -> None:
    (tmp_path / "distances.flow").write_text(DISTANCES)
    with editor(tmp_path) as ed:
        able = ed.start()
        assert able["hoverProvider"] and able["renameProvider"]["prepareProvider"] and able["definitionProvider"]
        ed.open("trip.flow", TRIP)
        assert ed.findings("trip.flow", 1) == []

        said = ed.ask("textDocument/hover", ed.at("trip.flow", TRIP, "km: int"))["contents"]["value"]
        assert (
            "km: int" in said
            and "Waits for `start` (line 3), `goal` (line 3)." in said
            and "Takes 1 to 3 calls" in said
        )
        flow = ed.ask("textDocument/hover", ed.at("trip.flow", TRIP, "distance(", 2))["contents"]["value"]
        assert "flow distance(a: text, b: text) -> int" in flow and "How far two towns are apart." in flow

        (place,) = ed.ask("textDocument/definition", ed.at("trip.flow", TRIP, "distance(", 2))
        assert place["uri"] == ed.uri("distances.flow") and place["range"]["start"] == {"line": 0, "character": 5}
        (place,) = ed.ask("textDocument/definition", ed.at("trip.flow", TRIP, "km} km", 1))
        assert place["range"]["start"] == {"line": 3, "character": 2}

        edit = ed.ask("textDocument/rename", {**ed.at("trip.flow", TRIP, "km} km"), "newName": "way"})
        (edits,) = edit["changes"].values()
        after = TRIP.split("\n")[4].index("{km}") + 2  # the train is one character here and two units there
        starts = [(each["range"]["start"]["line"], each["range"]["start"]["character"]) for each in edits]
        assert starts == [(3, 2), (4, after)]
        refused = ed.ask("textDocument/rename", {**ed.at("trip.flow", TRIP, "km} km"), "newName": "start"})
        assert refused["code"] == -32803 and "already" in refused["message"]

        names = [
            item["label"] for item in ed.ask("textDocument/completion", ed.at("trip.flow", TRIP, "{km}", 1))["items"]
        ]
        assert names[:3] == ["km", "goal", "start"]
        outline = ed.ask("textDocument/documentSymbol", {"textDocument": {"uri": ed.uri("trip.flow")}})
        assert [each["name"] for each in outline] == ["distances.flow", "trip"]

        messy = TRIP.replace("  km: int = ", "     km:int   =   ")
        ed.change("trip.flow", 2, messy)
        edits = ed.ask("textDocument/formatting", {"textDocument": {"uri": ed.uri("trip.flow")}, "options": {"tabSize": 2, "insertSpaces": True}})  # fmt: skip
        (row,) = {each["range"][end]["line"] for each in edits for end in ("start", "end")}
        line = messy.split("\n")[row]
        for each in reversed(edits):
            line = (
                line[: each["range"]["start"]["character"]]
                + each["newText"]
                + line[each["range"]["end"]["character"] :]
            )
        assert line == "  km: int = distance(start, goal)"
        ed.notify("textDocument/didClose", {"textDocument": {"uri": ed.uri("trip.flow")}})
        assert ed.end() == 0


def test_findings_come_with_fixes_and_go_when_the_text_is_mended(tmp_path: Path) -> None:
    with editor(tmp_path) as ed:
        ed.start()
        ed.open("count.flow", BROKEN)
        found = {each["code"]: each for each in ed.findings("count.flow", 1)}
        assert {"name-unknown", "mended-semicolon"} <= found.keys()
        assert found["name-unknown"]["severity"] == 1 and found["mended-semicolon"]["severity"] == 4
        assert found["name-unknown"]["range"]["start"] == {"line": 1, "character": 15}

        asked = {
            "textDocument": {"uri": ed.uri("count.flow")},
            "range": found["name-unknown"]["range"],
            "context": {"diagnostics": [found["name-unknown"]]},
        }
        actions = ed.ask("textDocument/codeAction", asked)
        assert [each["kind"] for each in actions] == ["quickfix", "source.fixAll"]
        (change,) = actions[0]["edit"]["changes"][ed.uri("count.flow")]
        assert change["newText"] == "words_in"
        assert len(actions[1]["edit"]["changes"][ed.uri("count.flow")]) >= 1

        for version in range(2, 12):  # only the last of many quick changes is looked at
            ed.change("count.flow", version, BROKEN + "#" * version)
        ed.change("count.flow", 12, BROKEN.replace("word_in", "words_in").replace(";", ""))
        assert ed.findings("count.flow", 12) == []
        published = [m["params"]["version"] for m in ed.told if m["method"].endswith("publishDiagnostics")]
        assert published == [1, 12]
        assert ed.end() == 0


def test_tools_of_a_file_are_known_and_what_it_prints_is_kept_out_of_the_messages(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(TOOLS)
    with editor(tmp_path) as ed:
        ed.start(options={"tools": "tools.py"})
        ed.open("tidy.flow", TIDY)
        assert ed.findings("tidy.flow", 1) == []
        said = ed.ask("textDocument/hover", ed.at("tidy.flow", TIDY, "put(", 1))["contents"]["value"]
        assert "tool put(thing: text, bin: text) -> bool" in said and "Puts a thing into a bin." in said
        assert ed.end() == 0


def test_without_a_file_of_tools_a_call_of_one_is_no_error(tmp_path: Path) -> None:
    with editor(tmp_path) as ed:
        ed.start()
        ed.open("tidy.flow", TIDY)
        (found,) = ed.findings("tidy.flow", 1)
        assert found["code"] == "call-unknown" and found["severity"] == 3 and "flowreason.tools" in found["message"]
        assert ed.end() == 0


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 18), ("utf-16", 15), ("utf-32", 14)])
def test_positions_are_counted_as_the_editor_counts(tmp_path: Path, encoding: str, column: int) -> None:
    text = 'flow f(a: text) -> text {\n  answer "🚂e\u0301{a}"\n}\n'
    with editor(tmp_path) as ed:
        able = ed.start(encodings=[encoding])
        assert able["positionEncoding"] == encoding
        ed.open("f.flow", text)
        asked = {"textDocument": {"uri": ed.uri("f.flow")}, "position": {"line": 0, "character": 7}}
        found = ed.ask("textDocument/references", {**asked, "context": {"includeDeclaration": False}})
        assert [each["range"]["start"] for each in found] == [{"line": 1, "character": column}]


def test_a_command_line_without_pygls_says_how_to_get_it(tmp_path: Path) -> None:
    code = (
        "import importlib.util as u, sys; find = u.find_spec\n"
        "import flowreason.cli.lsp_command as c\n"
        "c.find_spec = lambda name: None if name == 'pygls' else find(name)\n"
        "from flowreason.cli.app import run_command; sys.exit(run_command(['lsp']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 2 and "pip install 'flowreason[editor]'" in ran.stderr and "Traceback" not in ran.stderr


def test_an_editor_that_vanishes_leaves_no_server_behind(tmp_path: Path) -> None:
    gone = flowreason("lsp", folder=tmp_path, stdin=b"")
    assert gone.code == 1 and gone.out == ""


def test_a_file_that_cannot_be_read_is_an_empty_one(tmp_path: Path) -> None:
    with editor(tmp_path) as ed:
        ed.start()
        for uri in (ed.uri("nowhere.flow"), tmp_path.as_uri(), "untitled:1"):
            asked = {"textDocument": {"uri": uri}, "position": {"line": 3, "character": 7}}
            assert "no flow" in ed.ask("textDocument/hover", asked)["contents"]["value"]
            assert not ed.ask("textDocument/definition", asked)
        assert ed.end() == 0
