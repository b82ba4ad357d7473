"""Texts that no person writes, close to the limits: every part of the language, a hundred thousand times.

A shape is what stands before, a row by its number, and what stands behind; or a whole text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

HEAD = "flow f(n: int, t: text, xs: list[int]) -> any {"
TAIL = "answer n }"
ROOM = 990_000

Row = Callable[[int], str]

ROWS: dict[str, tuple[str, Row, str]] = {
    "record fields": ("flow f(a: {", lambda i: f"f{i}: int,", "z: int}) { answer a.z }"),
    "choice options": ('flow f(a: "z"', lambda i: f'| "o{i}"', ") { answer a }"),
    "match arms": (HEAD + "match t {", lambda i: f'"w{i}" {{ x = {i} }}', "else { x = 0 } } answer x }"),
    "arms that answer": (HEAD + "match n {", lambda i: f"{i} {{ answer {i} }}", "} answer n }"),
    "edges": (HEAD + 'a = ask "A" ', lambda i: f'a{i} = ask "B" {f"a{i - 1}" if i else "a"} -> a{i}', TAIL),
    "one edge": (HEAD + 'a = ask "A" b = ask "B" a', lambda i: "-> b", TAIL),
    "flows": ("flow f() { g0() }", lambda i: f"flow g{i}() {{ g{i + 1}() }}", ""),
    "flows that call back": ('flow f() { ask user "a" }', lambda i: f"flow g{i}() {{ f() }}", ""),
    "parameters": ("flow f(", lambda i: f"p{i}: int,", "z: int) { answer z }"),
    "arguments": ("flow g() -> int { answer f(", lambda i: f"k{i}=1,", ") } flow f() -> int { answer 1 }"),
    "else": (HEAD + "x = n", lambda i: "else n", TAIL),
    "else if": (HEAD + "x = 1 if n { }", lambda i: f"else if n {{ x = {i} }}", "answer x }"),
    "branches of one name": (HEAD + "x = 1", lambda i: f"if n {{ x = {i} }}", "answer x }"),
    "branches of new names": (HEAD, lambda i: f"a{i} = 1 if n {{ a{i} = 2 }}", TAIL),
    "ways out": (HEAD, lambda i: f"if n {{ answer {i} }}", TAIL),
    "deep branches": (HEAD, lambda i: f"{'if n { ' * 58}x = {i} {'}' * 58}", TAIL),
    "loops": (HEAD + "a = 1", lambda i: f"for x{i} in xs {{ a = x{i} }}", "answer a }"),
    "deep loops": (HEAD + "a = 1", lambda i: f"{'for x in xs { ' * 58}a = `a + x` {'}' * 58}", "answer a }"),
    "carried names": (
        HEAD + "".join(f"a{i} = 0 " for i in range(9000)) + "for x in xs {",
        lambda i: f"a{i % 9000} = x",
        "} answer a1 }",
    ),
    "yields": (HEAD + "l = for x in xs {", lambda i: "yield x", "} answer l }"),
    "breaks": (HEAD + "repeat 9 {", lambda i: f"a{i} = 1 if n {{ break }}", "} " + TAIL),
    "one name": (HEAD, lambda i: 't = ask "{t}"', "answer t }"),
    "Python": (HEAD, lambda i: f"x{i} = `n + {i}`" if i < 8_990 else "", TAIL),
    "unknown names": (HEAD, lambda i: f"x = y{i}", TAIL),
    "names one letter off": (HEAD + " ".join(f"n{i} = 1" for i in range(9000)), lambda i: f"x = m{i}", TAIL),
    "unknown flows": (
        "flow f() {\n" + "\n".join(f"g{i}()" for i in range(4000)) + "}",
        lambda i: f"flow h{i}() {{ }}" if i < 4000 else "",
        "",
    ),
    "checks that ask": (HEAD + 'x = ask "a"', lambda i: 'ensure ask "{x}"', TAIL),
    "wrong signs": (HEAD, lambda i: "x = = 1", TAIL),
    "closing braces": (HEAD, lambda i: "}", TAIL),
    "words of other languages": (HEAD, lambda i: f"return x{i}", TAIL),
    "strings that end nowhere": (HEAD, lambda i: f'x{i} = "abc', TAIL),
    "curly quotes": (HEAD, lambda i: f"x{i} = “abc”", TAIL),
    "prose": ("flow f() { }", lambda i: f"This is line {i}, and it says nothing.", ""),
    "fences": ("", lambda i: f"```\nflow g{i}() {{ }}\n```", ""),
    "Python in braces": (HEAD, lambda i: f'x{i} = ask "a {{len(t)}} {{t.upper()}}"', TAIL),
    "ternaries": (HEAD, lambda i: f"x{i} = n ? {i} : t", TAIL),
    "functions of JavaScript": (HEAD, lambda i: f"x{i} = xs.map(x => x + {i})", TAIL),
    "blocks by indentation": (
        "flow f(n: int) -> int:", lambda i: f"    if n == {i}:\n        x = {i}\n    else:\n        x = 2", "    answer x",
    ),
    "lists that end nowhere": (HEAD, lambda i: f"x{i} = [1, {i}\n", TAIL),
    "asks that are called": (HEAD, lambda i: f'x{i} = ask("what {{t}} {i}")', TAIL),
    "texts that are joined": (HEAD, lambda i: f'x{i} = "a" + t + "b"', TAIL),
    "types with names": ("", lambda i: f"type T{i} = {{a: int, b: T{i - 1}}}" if i else "type T0 = int",
                         "flow f(a: T9) { answer a }"),
    "types that are none": ("", lambda i: "class A { a: {", "flow f() { answer 1 }"),
    "rounds that go on": (HEAD + "for x in xs {", lambda i: "if `x` { continue }", "a = 1 }" + TAIL),
    "loops that look afterwards": (HEAD, lambda i: f"do {{ x{i} = 1 }} while (n)", TAIL),
    "failures that are caught": (HEAD, lambda i: f"try {{ x{i} = 1 }} catch {{ x{i} = 2 }}", TAIL),
    "methods of replies": (HEAD, lambda i: f'x{i} = ask "a".strip()', TAIL),
    "formats": (HEAD, lambda i: f'x{i} = "a {{}} %s".format(n)', TAIL),
    "words as names": (HEAD, lambda i: f'in = ask "{{in}}" x{i} = `in + {i}`', TAIL),
    "steps in YAML": (HEAD, lambda i: f'  - name: x{i}\n    ask: "{{t}}"', TAIL),
    "lines with marks": ("> " + HEAD, lambda i: f">   x{i} = n\n>", "> " + TAIL),
    "lines with numbers": ("1. " + HEAD, lambda i: f"{i % 999}. x{i} = n", "2. " + TAIL),
    "entities": ("flow f(n: int) -&gt; int {", lambda i: f"x{i} = ask &quot;a&quot;", TAIL),
    "ways as values": (HEAD, lambda i: f"x{i} = match n {{ 1 => n, _ => t }}", TAIL),
    "conditions without braces": (HEAD, lambda i: f"if n > {i} answer n", TAIL),
    "settings without with": (HEAD, lambda i: f'x{i} = ask "a" temperature=0.5', TAIL),
    "records for dicts": (HEAD, lambda i: f"x{i}: {{str: int}} = ask \"a\"", TAIL),
    "comments": (HEAD, lambda i: f"x = 1 # note {i}", TAIL),
}  # fmt: skip


def _python(code: str) -> str:
    return f"{HEAD} x = ```\n{code}\n``` {TAIL}"


def _all(text: str) -> str:
    return text * (ROOM // len(text.encode()))


WHOLE: dict[str, Callable[[], str]] = {
    **{f"only {mark}": lambda mark=mark: _all(mark) for mark in '{[("`\';\\,.-=#\x00\ufeff\r\n\u2028🌊9aé'},  # type: ignore[misc]
    **{f"a value of {mark}": lambda mark=mark: f"{HEAD} x = {_all(mark)[:900_000]} {TAIL}" for mark in  # type: ignore[misc]
       ("{", "[", "f(", '"', '"a" ', "`", "```", "````\n", "a ", "a", "-", "9", "a.", "{{", "->", "else n ", "“", "‘")},
    "a text of holes": lambda: f'{HEAD} x = "{"{n}" * 80_000}" {TAIL}',
    "a text of open holes": lambda: f'{HEAD} x = "{"{ n" * 200_000}" {TAIL}',
    "a hole of indices": lambda: f'{HEAD} x = "{{t{"[0]" * 300_000}}}" {TAIL}',
    "a deep type": lambda: f"flow f(a: {'list[' * 150_000}int{']' * 150_000}) {{ }}",
    "a long number": lambda: f"{HEAD} x = {'9' * 900_000} {TAIL}",
    "a loop of endless rounds": lambda: f'{HEAD} repeat {"9" * 4000} {{ t = "{{t}}" }} {TAIL}',
    "brackets in Python": lambda: _python("(" * 90_000 + "1" + ")" * 90_000),
    "signs in Python": lambda: _python("-" * 190_000 + "1"),
    "functions in functions": lambda: _python("lambda:" * 27_000 + "1"),
    "a sum in Python": lambda: _python("1+" * 95_000 + "1"),
    "calls in Python": lambda: _python("n" + "()" * 90_000),
    "a number in Python": lambda: _python("9" * 190_000),
    "a hexadecimal number": lambda: _python("0x" + "f" * 190_000),
    "names in Python": lambda: _python("\n".join(f"aa{i}" for i in range(26_000))),
    "holes in Python": lambda: _python("f'" + "{n}" * 60_000 + "'"),
    "changes in a function": lambda: _python("def g():\n" + "\n".join(f" a{i} += 1" for i in range(15_000)) + "\ng()"),
    "branches in Python": lambda: _python("\n".join(f"if n: b{i} = n" for i in range(10_000)) + "\n1"),
    "attempts in Python": lambda: _python("\n".join(f"try: b{i}=n\nexcept: c{i}=n" for i in range(5_500)) + "\n1"),
    "loops in Python": lambda: _python("\n".join(f"while n: a{i}=n" for i in range(9_000)) + "\n1"),
    "imports in Python": lambda: _python("\n".join(f"import a{i}" for i in range(13_000)) + "\n1"),
    "clashes in Python": lambda: _python("t + 1\n" * 25_000 + "1"),
    "fields in Python": lambda: _python("[" + ",".join(f"t.a{i}" for i in range(20_000)) + "]"),
    "all characters": lambda: "".join(chr(c) for c in range(1, 0x30000) if not 0xD800 <= c < 0xE000),
}  # fmt: skip


def text_of(name: str, rows: int | None = None) -> str:
    """The text of a shape, with as many rows as a megabyte holds, or fewer."""
    if name in WHOLE:
        return WHOLE[name]()
    head, row, tail = ROWS[name]
    return "\n".join([head, *_rows(row, ROOM - len(head.encode()) - len(tail.encode()), rows), tail])


def _rows(row: Row, room: int, most: int | None) -> Iterator[str]:
    number = 0
    while most is None or number < most:
        made = row(number)
        room -= len(made.encode()) + 1
        if room < 0:
            return
        yield made
        number += 1
