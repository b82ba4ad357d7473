"""The TextMate grammar: for VS Code, Sublime Text, TextMate and whatever else reads such files.

Invariant: Python between backticks cannot get out of them, whatever is wrong with it: on one line it is taken as a
whole, between fences it ends before the line that closes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flowreason_dsl.check.options import OPTIONS
from flowreason_dsl.editors.groups import groups
from flowreason_dsl.grammar import grammar

Rule = dict[str, Any]


def textmate() -> str:
    """The file, as text."""
    made = {
        "name": "flow",
        "scopeName": "source.flow",
        "fileTypes": ["flow"],
        "information_for_contributors": ["Made by: python -m flowreason_dsl.editors"],
        "patterns": [{"include": f"#{name}"} for name in _TOP],
        "repository": {name: _rule(found) for name, found in _repository().items()},
    }
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


_TOP = (
    "comment",
    "definition",
    "python",
    "text",
    "type",
    "setting",
    "person",
    "word",
    "call",
    "field",
    "number",
    "mark",
)


def _rule(found: Rule | list[Rule]) -> Rule:
    return {"patterns": found} if isinstance(found, list) else found


def _repository() -> dict[str, Rule | list[Rule]]:
    return {
        "comment": {"name": "comment.line.number-sign.flow", "match": "#[^\\n]*"},
        "definition": _definitions(),
        "python": _python(),
        "text": _texts(),
        "hole": _hole(),
        "escape": {"name": "constant.character.escape.flow", "match": r'\\(?:[nt"\\]|u[0-9A-Fa-f]{4})|\{\{|\}\}'},
        "type": _types(),
        "setting": _setting(),
        "person": {
            "match": rf'\b(ask)\s+({groups().person})\b(?=\s*")',
            "captures": _captures("keyword.other.act.flow", "keyword.other.person.flow"),
        },
        "word": _words(),
        "call": {"name": "entity.name.function.call.flow", "match": rf"(?<!\.)\b{_name()}(?=\s*\()"},
        "field": {
            "match": rf"(\.)({_name()})",
            "captures": _captures("punctuation.accessor.flow", "variable.other.member.flow"),
        },
        "number": {"name": "constant.numeric.flow", "match": rf"(?<![\w.]){_number()}(?!\w)"},
        "mark": [
            {"name": "keyword.operator.arrow.flow", "match": "->"},
            {"name": "keyword.operator.assignment.flow", "match": "="},
            {"name": "punctuation.separator.flow", "match": r"[,:|]"},
        ],
    }


def _name() -> str:
    return grammar().patterns["NAME"]


def _number() -> str:
    return grammar().patterns["INT"] + grammar().patterns["DECIMAL"].removeprefix("-?[0-9]+") + "?"


def _any_of(words: Iterable[str]) -> str:
    return rf"(?<!\.)\b(?:{'|'.join(words)})\b"


def _captures(*names: str) -> Rule:
    return {str(index): {"name": name} for index, name in enumerate(names, 1)}


def _definitions() -> list[Rule]:
    return [
        {
            "match": rf"\b(?:(pure)\s+)?(flow|tool)\s+({_name()})",
            "captures": _captures(
                "storage.modifier.flow", "storage.type.function.flow", "entity.name.function.definition.flow"
            ),
        },
        {"name": "keyword.control.import.flow", "match": r'\buse\b(?=\s*")'},
        {
            "match": rf'(?<=")\s*\b(as)\s+({_name()})',
            "captures": _captures("keyword.control.import.flow", "variable.other.constant.flow"),
        },
    ]


def _python() -> list[Rule]:
    inside = {"patterns": [{"include": "source.python"}]}
    lines = [
        {
            "match": rf"(`{{{size}}})(?!`)((?:[^`\n](?:`{{0,{size - 1}}}[^`\n])*))(`{{{size}}})",
            "captures": _fenced(inside),
        }
        for size in (5, 4, 3)
    ]
    blocks = [_block("`" * size) for size in (5, 4, 3)]
    one = {"match": r"(`)([^`\n]+)(`)", "captures": _fenced(inside)}
    return [*lines, *blocks, one]


def _fenced(inside: Rule) -> Rule:
    fence = {"name": "punctuation.definition.fence.flow"}
    return {"1": fence, "2": {"name": "meta.embedded.inline.python", **inside}, "3": fence}


def _block(fence: str) -> Rule:
    return {
        "begin": rf"({fence})(?!`)(python\b)?",
        "end": rf"^[ \t]*({fence})",
        "beginCaptures": _captures("punctuation.definition.fence.flow", "fenced_code.block.language"),
        "endCaptures": _captures("punctuation.definition.fence.flow"),
        "patterns": [
            {
                "begin": r"\G",
                "while": rf"^(?![ \t]*{fence})",
                "contentName": "meta.embedded.block.python",
                "patterns": [{"include": "source.python"}],
            }
        ],
    }


def _texts() -> list[Rule]:
    return [
        {
            "name": name,
            "begin": mark,
            "end": mark,
            "beginCaptures": {"0": {"name": "punctuation.definition.string.begin.flow"}},
            "endCaptures": {"0": {"name": "punctuation.definition.string.end.flow"}},
            "patterns": [{"include": "#escape"}, {"include": "#hole"}],
        }
        for name, mark in (("string.quoted.triple.flow", '"""'), ("string.quoted.double.flow", '"'))
    ]


def _hole() -> Rule:
    key = r"\[[ \t]*(?:-?[0-9]+|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')[ \t]*\]"
    return {
        "name": "meta.interpolation.flow",
        "match": rf"(\{{)[ \t]*({_name()})((?:\.{_name()}|{key})*)[ \t]*(\}})",
        "captures": _captures(
            "punctuation.section.interpolation.begin.flow",
            "variable.other.flow",
            "variable.other.member.flow",
            "punctuation.section.interpolation.end.flow",
        ),
    }


def _types() -> list[Rule]:
    words = "|".join(groups().types)
    return [
        {
            "match": rf"(?:(:)|(?<=\))\s*(->))\s*({words})\b(?!\s*\()",
            "captures": _captures(
                "punctuation.separator.type.flow", "keyword.operator.arrow.flow", "support.type.flow"
            ),
        },
        {"name": "support.type.flow", "match": rf"(?<=\[)\s*(?:{words})\b(?=\s*\])"},
        {"name": "support.type.flow", "match": r"(?<=\[)\s*(?:list|dict)\b(?=\s*\[)"},
    ]


def _setting() -> Rule:
    names = "|".join(OPTIONS)
    return {
        "match": rf"(?:(?<=\bwith)|(?<=,))\s*({names})\s*(?==)",
        "captures": _captures("variable.parameter.setting.flow"),
    }


def _words() -> list[Rule]:
    found = groups()
    return [
        {"name": "keyword.control.flow", "match": _any_of((*found.deciding, *found.leaving))},
        {"name": "keyword.other.act.flow", "match": _any_of(found.acting)},
        {"name": "keyword.other.suffix.flow", "match": _any_of(found.adding)},
        {"name": "storage.type.flow", "match": _any_of(found.defining)},
        {"name": "constant.language.flow", "match": _any_of(found.constants)},
    ]
