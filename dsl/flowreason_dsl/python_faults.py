"""Faults of a piece of Python that are certain without knowing the flow around it.

Invariant: a fault found here would stop the piece when it runs (or keeps it from being read at all).
"""

from __future__ import annotations

import ast
import importlib
import warnings
from collections.abc import Iterator

from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.names import did_you_mean, nearest
from flowreason_dsl.python_bindings import bound_names
from flowreason_dsl.python_nodes import children, walk
from flowreason_dsl.python_place import locate, place, rows_of
from flowreason_dsl.python_world import IMPORTABLE, instead_of_module
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Code

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_AWAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)
_YIELDS = frozenset({ast.Yield, ast.YieldFrom})
_PLACED = frozenset({
    ast.Return, ast.Break, ast.Continue, ast.Global, ast.Nonlocal, ast.NamedExpr, ast.Starred, ast.keyword,
    ast.arguments, ast.Match, ast.Try, ast.ImportFrom, ast.AnnAssign, ast.Delete, ast.Tuple, ast.List,
})  # fmt: skip
"""What Python looks at again after parsing; a piece without any of them need not be compiled."""

_SPELLINGS = {
    "&&": "write `and`",
    "||": "write `or`",
    "===": "write `==`",
    "!==": "write `!=`",
    "++": "write `x = x + 1`",
    "?": "write `a if condition else b`",
    "=>": "write `lambda x: …`",
}

_CURLY = dict.fromkeys("“”„", '"') | dict.fromkeys("‘’", "'")
_QUOTES = str.maketrans(_CURLY)
_SIGNS = {"–": "-", "−": "-", "—": "-", "×": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!="} | _CURLY
_MOST_SIGNS = 20


def syntax_error(code: Code, error: SyntaxError) -> Diagnostic:
    """Python's own complaint, at its place inside the backticks."""
    if not code.text.strip():
        return Diagnostic("python-empty", "there is no Python between the backticks", code.span)
    message = error.msg.split(" (<")[0]
    span = _span_of(code, error)
    fix = None
    if not code.block and (right := plain_signs(code.text)) is not None:
        fix = Fix("write plain signs", code.span, f"`{right}`")
    help_ = _syntax_help(code, error)
    return Diagnostic("python-syntax", f"this Python does not parse: {message}", span, help=help_, fix=fix)


def plain_signs(text: str) -> str | None:
    """Python with `–`, `×`, `≤` or curly quotes as it is meant; None where that is not all that is wrong."""
    for _ in range(_MOST_SIGNS):
        try:
            ast.parse(text)
        except SyntaxError as error:
            at = (error.offset or 0) - 1
            if error.lineno != 1 or not 0 <= at < len(text) or text[at] not in _SIGNS:
                return None
            if text[at] in _CURLY:
                text = text.translate(_QUOTES)
            else:
                text = text[:at] + _SIGNS[text[at]] + text[at + 1 :]
        except (ValueError, RecursionError, MemoryError):
            return None
        else:
            return text
    return None


def _span_of(code: Code, error: SyntaxError) -> Span:
    rows = rows_of(code.text)
    if error.lineno is None or error.msg.startswith("f-string"):
        return place(code, 0, 0, len(rows[0]))
    row = min(max(error.lineno, 1), len(rows)) - 1
    start = min(max((error.offset or 1) - 1, 0), max(len(rows[row].rstrip()) - 1, 0))
    same = error.end_lineno == error.lineno and error.end_offset is not None and error.end_offset > start + 1
    end = error.end_offset - 1 if same and error.end_offset else start + 1
    return place(code, row, start, end)


def _syntax_help(code: Code, error: SyntaxError) -> str | None:
    rows = rows_of(code.text)
    row = rows[min(max(error.lineno or 1, 1), len(rows)) - 1]
    for wrong, right in sorted(_SPELLINGS.items(), key=lambda item: -len(item[0])):
        if wrong in row and "invalid" in error.msg:
            return right
    if error.msg.startswith("f-string"):
        return "inside the braces of an f-text use the other kind of quotes, and no backslash"
    if row.lstrip().startswith(("ask ", "answer ", "repeat ", "match ask")):
        return "the words of the flow language stand outside of the backticks"
    return None


# --- what parses and yet cannot stand there ---


def misplaced(code: Code, tree: ast.Module) -> Diagnostic | None:
    """The first thing that Python accepts only elsewhere: `yield` and `await` at top level, `break` outside a loop."""
    if not tree.body:
        return Diagnostic("python-empty", "there is no Python between the backticks", code.span)
    kinds = {type(node) for node in walk(tree)}
    if kinds & _YIELDS:
        for node in _outside_functions(tree):
            if isinstance(node, ast.Yield | ast.YieldFrom):
                hint = "collect into a list here, or use the flow's own `for … yield`"
                message = "`yield` stands outside of any function"
                return Diagnostic("python-yield", message, locate(code, node), help=hint)
    if kinds.intersection(_AWAITS):
        first = next(node for node in walk(tree) if isinstance(node, _AWAITS))
        hint = "write it plainly: what can run at once runs at once in a flow"
        return Diagnostic("python-async", "there is nothing to await in a flow", locate(code, first), help=hint)
    return _compiled(code, tree, kinds) if kinds & _PLACED else None


def _compiled(code: Code, tree: ast.Module, kinds: set[type[ast.AST]]) -> Diagnostic | None:
    if ast.Return in kinds and any(isinstance(node, ast.Return) for node in _outside_functions(tree)):
        if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in walk(tree)):
            return None
        tree = ast.Module([_wrapped(tree)], [])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(tree, "<flow>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return syntax_error(code, error)
    return None


def _wrapped(tree: ast.Module) -> ast.FunctionDef:
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    made = ast.FunctionDef(name="piece", args=nothing, body=tree.body, decorator_list=[])
    return ast.fix_missing_locations(made)


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in children(node):
        if not isinstance(child, _SCOPES):
            yield child
            yield from _outside_functions(child)


# --- what would fail when it runs ---


def faults(code: Code, tree: ast.Module) -> Iterator[Diagnostic]:
    """Imports of what the sandbox lacks, and locals that a function changes before they are set."""
    nodes = list(walk(tree))
    guarded = {id(node) for outer in nodes if isinstance(outer, ast.Try) for node in _tried(outer)}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in guarded:
            yield from _imports(code, node)
        elif isinstance(node, ast.FunctionDef):
            yield from _unset_locals(code, node)


def _tried(node: ast.Try) -> Iterator[ast.AST]:
    return (inner for statement in node.body for inner in walk(statement))


def _imports(code: Code, node: ast.Import | ast.ImportFrom) -> Iterator[Diagnostic]:
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        if module not in IMPORTABLE:
            yield _no_module(module, locate(code, node))
            return
        found = importlib.import_module(module)
        for alias in node.names:
            if alias.name != "*" and not hasattr(found, alias.name):
                yield no_attribute(module, alias.name, locate(code, alias))
        return
    for alias in node.names:
        if alias.name not in IMPORTABLE:
            yield _no_module(alias.name, locate(code, alias))


def _no_module(module: str, span: Span) -> Diagnostic:
    owner, _, last = module.rpartition(".")
    if owner in IMPORTABLE and hasattr(importlib.import_module(owner), last):
        hint: str | None = f"write `from {owner} import {last}`"
    else:
        hint = instead_of_module(module) or did_you_mean(module, IMPORTABLE)
    return Diagnostic("python-import", f"Python in a flow has no module `{module}`", span, help=hint)


def no_attribute(module: str, name: str, span: Span) -> Diagnostic:
    """`math.sqroot`: the module is there, the name in it is not."""
    fix = None
    found = importlib.import_module(module)
    inner = getattr(found, module, None)
    if inner is not None and hasattr(inner, name):
        hint: str | None = f"`{module}` is the module: write `{module}.{module}.{name}`"
    else:
        near = nearest(name, [each for each in dir(found) if not each.startswith("_")])
        hint = f"did you mean `{near}`?" if near else None
        if near and span.end - span.start == len(f"{module}.{name}"):
            fix = Fix(f"write `{near}`", Span(span.end - len(name), span.end), near)
    return Diagnostic("python-attribute", f"the module `{module}` has no `{name}`", span, help=hint, fix=fix)


def _unset_locals(code: Code, function: ast.FunctionDef) -> Iterator[Diagnostic]:
    """`def f(): total += 1` makes `total` a local name that is never set."""
    outer = {name for node in walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names} | {
        argument.arg for argument in walk(function.args) if isinstance(argument, ast.arg)
    }
    changed: dict[str, ast.AugAssign] = {}
    for node in _outside_functions(ast.Module(function.body, [])):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            changed.setdefault(node.target.id, node)
    set_otherwise = bound_names(function.body, changed=False) if changed else frozenset()
    for name, node in changed.items():
        if name not in outer and name not in set_otherwise:
            hint = f"set `{name}` in the function first, or hand it over as an argument"
            message = f"`{name}` is changed in `{function.name}` before it is set there"
            yield Diagnostic("python-local-unset", message, locate(code, node.target), help=hint)
