"""Files for Vim and Neovim: colours, and how the files are known.

Invariant: Python between backticks cannot get out of them, whatever is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowreason_dsl.check.options import OPTIONS
from flowreason_dsl.editors.groups import groups

_MADE = '" Made by: python -m flowreason_dsl.editors\n'


def filetype_detection() -> str:
    """`ftdetect/flow.vim`."""
    return f"{_MADE}autocmd BufRead,BufNewFile *.flow setfiletype flow\n"


def filetype_settings() -> str:
    """`ftplugin/flow.vim`."""
    return (
        f"{_MADE}if exists('b:did_ftplugin')\n  finish\nendif\nlet b:did_ftplugin = 1\n"
        "setlocal commentstring=#\\ %s comments=:# shiftwidth=2 softtabstop=2 expandtab\n"
        "let b:undo_ftplugin = 'setlocal commentstring< comments< shiftwidth< softtabstop< expandtab<'\n"
    )


def syntax() -> str:
    """`syntax/flow.vim`. What stands later wins where several fit at one place."""
    found = groups()
    types = "|".join(found.types)
    settings = "|".join(OPTIONS)
    lines = [
        _MADE.rstrip(),
        "if exists('b:current_syntax')\n  finish\nendif\n",
        "syntax include @flowPython syntax/python.vim",
        "unlet! b:current_syntax\n",
        r"syntax match flowNumber /\v<\d+%(\.\d+)?%([eE][+-]?\d{1,3})?>/",
        r"syntax match flowCall /\v<\h\w*>\ze\s*\(/",
        _words("flowControl", (*found.deciding, *found.leaving)),
        _words("flowAct", found.acting),
        _words("flowSuffix", found.adding),
        _words("flowDefine", found.defining),
        _words("flowConstant", found.constants),
        r"syntax match flowField /\v\.\s*\zs\h\w*/",
        rf"syntax match flowPerson /\v<ask\s+\zs{found.person}>\ze\_s*" + '"/',
        rf"syntax match flowType /\v%(:|\)\s*-\>)\_s*\zs%({types})>/",
        rf"syntax match flowType /\v\[\s*\zs%({types})>\ze\s*[\[\]]/",
        rf"syntax match flowSetting /\v%(<with|,)\_s+\zs%({settings})\ze\s*\=/",
        r"syntax match flowName /\v<%(flow|tool)\s+\zs\h\w*/",
        r"""syntax match flowDefine /\v("\_s*)@<=<as>/""",
        r"syntax match flowArrow /->/",
        r"syntax match flowComment /#.*/ contains=@Spell",
        r"""syntax match flowEscape /\v\\%([nt"\\]|u\x{4})|\{\{|\}\}/ contained""",
        rf"syntax match flowHole /\v\{{\s*\h\w*%(\.\h\w*|{_KEY})*\s*\}}/ contained",
        'syntax region flowText start=/"/ end=/"/ skip=/\\\\./ contains=flowEscape,flowHole,@Spell',
        'syntax region flowText start=/"""/ end=/"""/ skip=/\\\\./ contains=flowEscape,flowHole,@Spell',
        r"syntax region flowCode matchgroup=flowFence start=/`/ end=/`/ oneline keepend contains=@flowPython",
    ]
    for size in (3, 4, 5):
        lines += _block(size)
    links = [f"highlight default link {name} {group}" for name, group in _LINKS.items()]
    return "\n".join([*lines, "", "syntax sync fromstart", "", *links, "", "let b:current_syntax = 'flow'"]) + "\n"


_KEY = r"""\[\s*%(-?\d+|"%([^"\\]|\\.)*"|'%([^'\\]|\\.)*')\s*\]"""

_LINKS = {
    "flowComment": "Comment",
    "flowControl": "Conditional",
    "flowAct": "Statement",
    "flowPerson": "Statement",
    "flowSuffix": "Keyword",
    "flowDefine": "Structure",
    "flowConstant": "Boolean",
    "flowNumber": "Number",
    "flowCall": "Function",
    "flowName": "Function",
    "flowField": "Identifier",
    "flowType": "Type",
    "flowSetting": "Identifier",
    "flowArrow": "Operator",
    "flowText": "String",
    "flowEscape": "SpecialChar",
    "flowHole": "Special",
    "flowFence": "Delimiter",
    "flowCode": "Normal",
}


def _words(group: str, words: Iterable[str]) -> str:
    """Words as patterns: a keyword of Vim would win over a field of the same name."""
    return rf"syntax match {group} /\v<%({'|'.join(words)})>/"


def _block(size: int) -> list[str]:
    """Python between fences of a size: on one line, or up to the fence that begins a line."""
    fence = "`" * size
    body = f"[^`]%(`{{0,{size - 1}}}[^`])*"
    start = rf"start=/\v`@<!{fence}`@!%(python>)?/"
    region = "syntax region flowCode matchgroup=flowFence"
    return [
        rf"{region} {start} end=/\v^\s*{fence}/ keepend contains=@flowPython",
        rf"{region} start=/\v`@<!{fence}`@!\ze{body}{fence}/ end=/{fence}/ oneline keepend contains=@flowPython",
    ]
