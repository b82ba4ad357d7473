"""Trivially safe Python, evaluated in place: comparisons, arithmetic, indexing and the like on small plain values.

An expression is compiled to closures over its tree; nothing is handed to `eval`. Invariant: a closure gives what the
sandbox would give, value or exception, or raises `NotTrivial`, and then the sandbox is asked. Each step takes bounded
time: numbers keep to 256 bits, texts and lists to 10,000 parts.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from flowreason.engine.evaluate_calls import FUNCTIONS, METHODS, TYPES
from flowreason.engine.evaluate_operators import BINARY, COMPARE, UNARY
from flowreason.engine.evaluate_values import (
    BIGGEST,
    DICT_METHODS,
    NotTrivial,
    bounded,
    missing_field,
)

__all__ = ["NotTrivial", "trivial"]

Names: TypeAlias = Mapping[str, Any]
Step: TypeAlias = Callable[[Names], Any]

LONGEST = 2_000
MOST_ROUNDS = 1_000
"""Items that a comprehension runs over."""


class _Hard(Exception):
    """The expression is not of the trivial kind."""


@lru_cache(maxsize=4096)
def trivial(code: str) -> Step | None:
    """A closure from the variables by name to the value of an expression; None where it is not trivially safe.

    The closure raises `NotTrivial` where a value is too big or not of the simplest types.
    """
    if len(code) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
        if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
            return None
        step = _expression(tree.body[0].value)
    except (SyntaxError, ValueError, RecursionError, MemoryError, _Hard):
        return None

    def evaluate(names: Names) -> Any:
        try:
            return step(names)
        except RecursionError:
            raise NotTrivial from None

    return evaluate


def _expression(node: ast.expr) -> Step:
    match node:
        case ast.Constant(value=value):
            return _constant(value)
        case ast.Name(id=name):
            return _name(name)
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(_expression(left), type(op), _expression(right))
        case ast.UnaryOp(op=op, operand=operand):
            return _unary(type(op), _expression(operand))
        case ast.BoolOp(op=op, values=values):
            return _logic(isinstance(op, ast.And), [_expression(value) for value in values])
        case ast.Compare():
            return _comparison(node)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _choice(_expression(test), _expression(body), _expression(orelse))
        case ast.Subscript(value=value, slice=index):
            return _index(_expression(value), _slice(index) if isinstance(index, ast.Slice) else _expression(index))
        case ast.Attribute(value=value, attr=name) if _from_outside(value):
            return _field(_expression(value), name)
        case ast.Call():
            return _call(node)
    return _display(node)


def _display(node: ast.expr) -> Step:
    match node:
        case ast.List(elts=elts):
            parts = [_expression(part) for part in elts]
            return lambda names: [part(names) for part in parts]
        case ast.Tuple(elts=elts):
            parts = [_expression(part) for part in elts]
            return lambda names: tuple([part(names) for part in parts])
        case ast.Dict(keys=keys, values=values) if None not in keys:
            pairs = [(_expression(k), _expression(v)) for k, v in zip(keys, values, strict=True) if k is not None]
            return lambda names: {key(names): value(names) for key, value in pairs}
        case ast.ListComp(elt=elt, generators=[part]):
            rounds = _rounds(elt, part)
            return lambda names: list(rounds(names))
        case ast.JoinedStr(values=values):
            return _text([_piece(value) for value in values])
    raise _Hard


def _constant(value: Any) -> Step:
    if value is not None and type(value) not in (int, float, str, bool):
        raise _Hard
    try:
        bounded(value)
    except NotTrivial:
        raise _Hard from None
    return lambda names: value


def _name(name: str) -> Step:
    def load(names: Names) -> Any:
        if name not in names:  # a builtin or the like, or an error that the sandbox words
            raise NotTrivial
        return bounded(names[name])

    return load


def _from_outside(node: ast.expr) -> bool:
    """Whether a value is a variable or a part of one; only their dicts are records."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _field(value: Step, name: str) -> Step:
    if name.startswith("__"):
        raise _Hard

    def take(names: Names) -> Any:
        record = value(names)
        if type(record) is not dict:
            raise NotTrivial
        if name in record:
            return bounded(record[name])
        if name in DICT_METHODS:
            raise NotTrivial
        raise AttributeError(missing_field(record, name), name=name, obj=record)

    return take


def _index(value: Step, index: Step) -> Step:
    def take(names: Names) -> Any:
        whole = value(names)
        return bounded(whole[index(names)])

    return take


def _slice(node: ast.Slice) -> Step:
    nothing = _constant(None)
    parts = [nothing if part is None else _expression(part) for part in (node.lower, node.upper, node.step)]
    return lambda names: slice(*[part(names) for part in parts])


# --- operators ---


def _binary(left: Step, op: type[ast.operator], right: Step) -> Step:
    apply = BINARY.get(op)
    if apply is None:
        raise _Hard
    return lambda names: apply(left(names), right(names))


def _unary(op: type[ast.unaryop], operand: Step) -> Step:
    apply = UNARY[op]
    return lambda names: apply(operand(names))


def _logic(every: bool, steps: list[Step]) -> Step:
    *first, last = steps

    def evaluate(names: Names) -> Any:
        for step in first:
            value = step(names)
            if bool(value) is not every:
                return value
        return last(names)

    return evaluate


def _choice(test: Step, body: Step, orelse: Step) -> Step:
    return lambda names: body(names) if test(names) else orelse(names)


# --- comparisons ---


def _comparison(node: ast.Compare) -> Step:
    for op, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(op, ast.Is | ast.IsNot) and not _single(right):
            raise _Hard  # whether equal numbers are one object is nobody's business
    first = _expression(node.left)
    rest = [(COMPARE[type(op)], _expression(right)) for op, right in zip(node.ops, node.comparators, strict=True)]
    if len(rest) == 1:
        compare, second = rest[0]
        return lambda names: compare(first(names), second(names))

    def chain(names: Names) -> Any:
        left, held = first(names), True
        for compare, step in rest:
            right = step(names)
            held = compare(left, right)
            if not held:
                return held
            left = right
        return held

    return chain


def _single(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


# --- calls and comprehensions ---


def _call(node: ast.Call) -> Step:
    match node:
        case ast.Call(func=ast.Name(id="isinstance"), args=[value, ast.Name(id=kind)], keywords=[]) if kind in TYPES:
            return _is_kind(_expression(value), TYPES[kind], kind)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in FUNCTIONS:
            function, least, most = FUNCTIONS[name]
            if not least <= len(args) <= most or any(not _plain_word(name, word) for word in keywords):
                raise _Hard
            words = {
                word.arg: word.value.value for word in keywords if isinstance(word.value, ast.Constant) and word.arg
            }
            return _function(name, function, [_argument(argument, name) for argument in args], words)
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=args, keywords=[]) if name in METHODS:
            return _method(name, _expression(value), [_argument(argument, name) for argument in args])
    raise _Hard


def _plain_word(function: str, word: ast.keyword) -> bool:
    """`reverse=True` of sorted is the one keyword argument there is."""
    return function == "sorted" and word.arg == "reverse" and _single(word.value)


_LAZY = frozenset({"all", "any", "join", "max", "min", "sorted", "sum", "list", "tuple"})


def _argument(node: ast.expr, function: str) -> Step:
    if isinstance(node, ast.GeneratorExp) and len(node.generators) == 1 and function in _LAZY:
        return _rounds(node.elt, node.generators[0])
    return _expression(node)


def _is_kind(value: Step, kind: type, name: str) -> Step:
    def test(names: Names) -> bool:
        if name in names or "isinstance" in names:
            raise NotTrivial
        return isinstance(value(names), kind)

    return test


def _function(name: str, function: Callable[..., Any], arguments: list[Step], words: dict[str, Any]) -> Step:
    def call(names: Names) -> Any:
        if name in names:  # a variable hides the builtin
            raise NotTrivial
        return function(*[argument(names) for argument in arguments], **words)

    return call


def _method(name: str, value: Step, arguments: list[Step]) -> Step:
    method, kinds = METHODS[name]

    def call(names: Names) -> Any:
        of = value(names)
        if type(of) not in kinds:  # before the arguments, as Python looks for the method first
            raise NotTrivial
        return bounded(method(of, *[argument(names) for argument in arguments]))

    return call


def _rounds(elt: ast.expr, part: ast.comprehension) -> Callable[[Names], Iterator[Any]]:
    """The values of `elt for x in xs if …`, one by one."""
    inside = (elt, *part.ifs)
    nested = any(isinstance(n, ast.ListComp | ast.GeneratorExp) for each in inside for n in ast.walk(each))
    if not isinstance(part.target, ast.Name) or part.is_async or nested:
        raise _Hard
    if not _from_outside(part.iter) and any(isinstance(n, ast.Attribute) for each in inside for n in ast.walk(each)):
        raise _Hard  # a field of what is made here is no field of a record
    target, items = part.target.id, _expression(part.iter)
    value, tests = _expression(elt), [_expression(test) for test in part.ifs]

    def run(many: Any, names: Names) -> Iterator[Any]:
        own = dict(names)
        for item in many:
            own[target] = item
            if all(test(own) for test in tests):
                yield value(own)

    def start(names: Names) -> Iterator[Any]:
        many = items(names)
        if type(many) not in (list, tuple) or len(many) > MOST_ROUNDS:
            raise NotTrivial
        return run(many, names)

    return start


# --- texts with values in them ---


def _piece(node: ast.expr) -> Step:
    match node:
        case ast.Constant(value=str()):
            return _constant(node.value)
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return _expression(value)
    raise _Hard


def _text(pieces: list[Step]) -> Step:
    def evaluate(names: Names) -> str:
        values = [piece(names) for piece in pieces]
        if any(value is not None and type(value) not in (str, int, float, bool) for value in values):
            raise NotTrivial
        text = "".join([str(value) for value in values])
        if len(text) > BIGGEST:
            raise NotTrivial
        return text

    return evaluate
