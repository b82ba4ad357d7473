"""The files that colour flows: up to date, and, in a real Vim, of one mind with the lexer on every word."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowreason.editor.words import KEYWORDS, SETTINGS, TYPES
from flowreason_dsl.check.options import OPTIONS
from flowreason_dsl.editors import FILES
from flowreason_dsl.editors.__main__ import FOLDER, main
from flowreason_dsl.editors.groups import groups
from flowreason_dsl.grammar import grammar
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.source import Source

ROOT = Path(__file__).parents[2]
FLOWS = sorted([*ROOT.glob("examples/*/flow.flow"), *ROOT.glob("tests/corpus/valid/*.flow"), *ROOT.glob("tests/corpus/clean/*.flow")])  # fmt: skip


def test_the_files_are_up_to_date() -> None:
    assert main(["--check"]) == 0, "run: python -m flowreason_dsl.editors"
    assert {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.suffix in (".json", ".vim")} == {*FILES}


def test_every_word_of_the_language_is_in_one_group_and_is_explained() -> None:
    found = groups()
    grouped = [*found.defining, *found.acting, *found.adding, *found.leaving, *found.constants, *found.deciding]
    own = {text for text, kind in grammar().keywords.items() if kind not in grammar().python}
    assert sorted(grouped) == sorted(own)
    assert {*KEYWORDS} == own | {found.person} and {*TYPES} == {*found.types} and {*SETTINGS} == {*OPTIONS}


def rules(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from rules(inner)


def test_every_expression_of_the_textmate_grammar_can_be_read_and_every_reference_leads_somewhere() -> None:
    made = json.loads(FILES["flow.tmLanguage.json"]())
    found = list(rules(made))
    for rule in found:
        for key in ("match", "begin", "end", "while"):
            if key in rule:
                re.compile(rule[key].replace(r"\G", ""))
    targets = {rule["include"] for rule in found if "include" in rule}
    assert {each for each in targets if each.startswith("#")} == {f"#{name}" for name in made["repository"]}


# --- a real Vim ---------------------------------------------------------------------------------------------

VIM = shutil.which("vim")
DUMP = """
let s:out = []
for s:l in range(1, line('$'))
  let s:row = []
  for s:c in range(1, col([s:l, '$']) - 1)
    call add(s:row, join(map(synstack(s:l, s:c), 'synIDattr(v:val, "name")'), ' '))
  endfor
  call add(s:out, join(s:row, "\\t"))
endfor
call writefile(s:out, $FLOW_OUT)
qall!
"""
GROUPS = {
    **dict.fromkeys(("ANSWER", "YIELD", "BREAK", "IF", "ELSE", "MATCH", "FOR", "IN", "WHILE", "MAX"), "flowControl"),
    **dict.fromkeys(("REPEAT", "UNTIL", "SAMPLE"), "flowControl"),
    **dict.fromkeys(("ASK", "EMULATE", "SOLVE", "RUN"), "flowAct"),
    **dict.fromkeys(("GIVEN", "WITH", "ENSURE"), "flowSuffix"),
    **dict.fromkeys(("FLOW", "TOOL", "PURE", "USE", "AS"), "flowDefine"),
    **dict.fromkeys(("TRUE", "FALSE"), "flowConstant"),
    **dict.fromkeys(("TEXT", "TEMPLATE"), "flowText"),
    "ARROW": "flowArrow",
}


def has_syntax() -> bool:
    if VIM is None:
        return False
    said = subprocess.run([VIM, "--version"], capture_output=True, text=True, check=False).stdout
    return "+syntax" in said and "+eval" in said


def painted(path: Path, folder: Path) -> list[list[str]]:
    """The groups that Vim gives to every byte of every line."""
    script, out = folder / "dump.vim", folder / "out.txt"
    script.write_text(DUMP)
    command = [str(VIM), "-Nu", "NONE", "-es", "-i", "NONE", "--cmd", f"set rtp^={FOLDER / 'vim'}", "-c", "filetype plugin on"]  # fmt: skip
    command += ["-c", "syntax on", "-c", f"edit {path}", "-c", "set filetype=flow", "-S", str(script)]
    subprocess.run(
        command, env={"FLOW_OUT": str(out), "HOME": str(folder)}, timeout=60, check=False, capture_output=True
    )
    return [line.split("\t") for line in out.read_text(encoding="utf-8").split("\n")]


@pytest.mark.skipif(not has_syntax(), reason="needs Vim with syntax")
@pytest.mark.parametrize("path", FLOWS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_vim_sees_every_word_as_the_lexer_does(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    rows = painted(path, tmp_path)
    source, lexed = Source(text), tokenize(text)
    for before, token in zip([None, *lexed.tokens], lexed.tokens[:-1], strict=False):
        line, column = source.position(token.start)
        byte = len(source.line(line)[: column - 1].encode())
        groups_here = rows[line - 1][byte]
        where = f"{path.name}:{line}:{column} {token.type} is {groups_here!r}"
        after_dot = before is not None and before.type == "DOT"
        if token.type in ("CODE", "BLOCK"):
            assert groups_here.endswith("flowFence"), where
            end_line, end_column = source.position(token.end - 1)
            end = rows[end_line - 1][len(source.line(end_line)[: end_column - 1].encode())]
            assert end.endswith("flowFence"), f"the end of {where}, {end!r}"
        elif token.type == "NAME" or (after_dot and token.value.isidentifier()):
            wrong = {"flowControl", "flowAct", "flowSuffix", "flowDefine", "flowConstant", "flowText", "flowComment"}
            assert not wrong & {*groups_here.split()}, where
        elif token.type in GROUPS:
            assert groups_here == GROUPS[token.type], where
    for comment in lexed.comments:
        line, column = source.position(comment.span.start)
        assert rows[line - 1][len(source.line(line)[: column - 1].encode())].startswith("flowComment")
