"""Python that puts values together which do not go together: a text plus a number, a choice and what is none of it.

Invariant: an operation is only reported where it surely runs when its piece does and fails (or never holds) for every
value of the types that are known. What stands under a condition or in a `try` is left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

from flowreason_dsl.check.clash import NUMBERS, Clash, is_known, is_text, noun, text_of
from flowreason_dsl.check.handed import handed
from flowreason_dsl.check.inferred import Lookup, infer
from flowreason_dsl.check.kinds import classes_of, listed
from flowreason_dsl.check.signatures import misuse
from flowreason_dsl.python_bindings import targets
from flowreason_dsl.python_nodes import children, walk
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, Choice, ListOf, Record, Type

_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"}
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_TESTS_OF_TYPES = frozenset({"isinstance", "type", "hasattr", "callable", "locals", "globals"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_BRANCHING = (ast.BoolOp, ast.IfExp, ast.If, ast.While, ast.Try, ast.TryStar, ast.Match)
_BARE = (ast.Name, ast.Constant)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


class Operands:
    """Looks through one piece. `lookup` and `shadowed` are those of `infer`."""

    def __init__(self, lookup: Lookup, shadowed: Callable[[str], bool]) -> None:
        self.outer = lookup
        self.shadowed = shadowed
        self.fixed = True
        self.looked_for: frozenset[str] = frozenset()

    def clashes(self, tree: ast.Module) -> Iterator[Clash]:
        """All operations of a piece that cannot work, unless it looks at types itself."""
        nodes = list(walk(tree))
        self.fixed = not any(_changes(node) for node in nodes)
        self.looked_for = frozenset(_looked_for(nodes))
        if not any(isinstance(node, ast.Name) and node.id in _TESTS_OF_TYPES for node in nodes):
            for statement in tree.body:
                yield from self._look(statement, {})

    def _look(self, node: ast.AST, local: Mapping[str, Type]) -> Iterator[Clash]:
        if isinstance(node, _SCOPES):
            return
        if isinstance(node, _COMPREHENSIONS):
            yield from self._comprehension(node, local)
            return
        if isinstance(node, ast.expr):
            yield from self._expression(node, local)
        if isinstance(node, ast.For):
            yield from self._loop(node, local)
            return
        if isinstance(node, _BRANCHING):
            yield from self._branching(node, local)
            return
        for child in children(node):
            if not isinstance(child, _BARE):
                yield from self._look(child, local)

    def _branching(self, node: ast.AST, local: Mapping[str, Type]) -> Iterator[Clash]:
        """What surely runs is looked at; of what may run, only the fields that it takes: they are never there."""
        certain = list(self._certain(node))
        for child in certain:
            yield from self._look(child, local)
        if isinstance(node, ast.Try | ast.TryStar):
            return
        for child in children(node):
            if not any(child is each for each in certain):
                yield from (clash for clash in self._look(child, local) if clash.code == "field-unknown")

    def _loop(self, node: ast.For, local: Mapping[str, Type]) -> Iterator[Clash]:
        kind = self._type(node.iter, local)
        yield from self._iterated(node.iter, kind)
        yield from self._look(node.iter, local)
        inside = {**local, **dict.fromkeys(targets(node.target), ANY)}
        if isinstance(node.target, ast.Name) and isinstance(kind, ListOf):
            again = any(node.target.id in targets(each) for part in node.body for each in _bound_in(part))
            inside[node.target.id] = ANY if again else kind.item
        for part in node.body:
            yield from self._look(part, inside)
        for part in node.orelse:
            yield from self._look(part, local)

    def _certain(self, node: ast.AST) -> Iterator[ast.AST]:
        """What surely runs when a node does that chooses what runs."""
        match node:
            case ast.BoolOp(values=[first, *_]):
                yield first
            case ast.IfExp(test=test):
                yield test
            case ast.If(test=test) | ast.While(test=test):
                yield test
            case ast.Try() | ast.TryStar():
                return
            case ast.Match(subject=subject):
                yield subject

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, local: Mapping[str, Type]
    ) -> Iterator[Clash]:
        inside = dict(local)
        checked = True
        for part in node.generators:
            kind = self._type(part.iter, inside)
            yield from self._iterated(part.iter, kind)
            yield from self._look(part.iter, inside)
            for name in walk(part.target):
                if isinstance(name, ast.Name):
                    inside[name.id] = ANY
            if isinstance(part.target, ast.Name) and isinstance(kind, ListOf):
                inside[part.target.id] = kind.item
            for test in part.ifs:
                yield from self._look(test, inside)
            checked = checked and not part.ifs
        parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        for value in parts if checked else ():
            yield from self._look(value, inside)

    def _expression(self, node: ast.expr, local: Mapping[str, Type]) -> Iterator[Clash]:
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                yield from self._operation(node, left, op, right, local)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                kind = self._type(operand, local)
                if is_known(kind) and kind not in NUMBERS:
                    yield Clash("python-type", f"{noun(kind)} has no sign", node, text_of(operand, kind))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                yield from self._comparison(node, left, op, right, local)
            case ast.Call():
                yield from self._call(node, local)
            case ast.Attribute(value=inner, attr=str(key), ctx=ast.Load()):
                yield from self._field(node, inner, key, False, local)
            case ast.Subscript(value=inner, slice=ast.Constant(value=str(key)), ctx=ast.Load()):
                yield from self._field(node, inner, key, True, local)

    # --- three kinds of operations ---

    def _operation(
        self, node: ast.expr, left: ast.expr, op: ast.operator, right: ast.expr, local: Mapping[str, Type]
    ) -> Iterator[Clash]:
        a, b = self._type(left, local), self._type(right, local)
        if op.__class__ in _SIGNS and _fails(a, op, b):
            message = f"Python cannot compute {noun(a)} {_SIGNS[op.__class__]} {noun(b)}"
            yield Clash("python-type", message, node, text_of(left, a) or text_of(right, b))

    def _comparison(
        self, node: ast.expr, left: ast.expr, op: ast.cmpop, right: ast.expr, local: Mapping[str, Type]
    ) -> Iterator[Clash]:
        a, b = self._type(left, local), self._type(right, local)
        if isinstance(op, _ORDER) and _unordered(a, b):
            message = f"Python cannot compare {noun(a)} with {noun(b)}"
            yield Clash("python-type", message, node, text_of(left, a) or text_of(right, b))
        elif isinstance(op, ast.In | ast.NotIn) and (b in NUMBERS or (a in NUMBERS and is_text(b))):
            message = f"Python cannot look for {noun(a) if is_known(a) else 'anything'} in {noun(b)}"
            yield Clash("python-type", message, node, text_of(right, b))
        elif isinstance(op, ast.In | ast.NotIn):
            yield from self._among(node, a, b)
        elif isinstance(op, ast.Eq | ast.NotEq):
            for side, other in ((a, b), (b, a)):
                found = _never_equal(side, other)
                if found:
                    options = side.options if isinstance(side, Choice) else ()
                    meant = other.options[0] if isinstance(other, Choice) else ""
                    text = (text_of(left, a) or text_of(right, b)) if {a, b} & {INT, NUMBER} else None
                    help_ = _truth(left, a, op, b) or _truth(right, b, op, a)
                    yield Clash("python-never-equal", found, node, text, options, meant, help_)
                    return

    def _among(self, node: ast.expr, a: Type, b: Type) -> Iterator[Clash]:
        """`kind in ["Glass", "Paper"]`, where `kind` is never one of them."""
        item = b.item if isinstance(b, ListOf) else ANY
        if isinstance(a, Choice) and isinstance(item, Choice) and not set(a.options) & set(item.options):
            if len(a.options) > 1:
                message = f"this is none of these texts: it is {a}"
                yield Clash("python-never-equal", message, node, None, a.options, item.options[0])
        elif (a in NUMBERS and is_text(item)) or (is_text(a) and item in NUMBERS):
            yield Clash("python-never-equal", f"{noun(a)} never equals {noun(item)}", node)

    def _call(self, node: ast.Call, local: Mapping[str, Type]) -> Iterator[Clash]:
        receiver = None
        match node.func:
            case ast.Name(id=name) if self.shadowed(name) or name in local:
                return
            case ast.Attribute(value=inner, attr=attr):
                receiver = self._type(inner, local)
                if receiver == ANY or (isinstance(receiver, Record) and receiver.field(attr) is not None):
                    return
        wrong = misuse(node, receiver)
        if wrong is not None:
            message, near = wrong
            yield Clash("python-arguments", message, node, help=f"did you mean `{near}=…`?" if near else None)
        elif len(node.args) == 1 and not node.keywords:
            only = node.args[0]
            kind = self._type(only, local)
            found = handed(node, only, receiver, kind, _item(only, kind, self, local))
            if found is not None:
                yield found

    def _field(
        self, node: ast.expr, inner: ast.expr, key: str, as_key: bool, local: Mapping[str, Type]
    ) -> Iterator[Clash]:
        """What is taken from a value that is no name of the flow: an item of a list, the target of a comprehension."""
        if key in self.looked_for or (isinstance(inner, ast.Name) and inner.id not in local):
            return
        kind = self._type(inner, local)
        if isinstance(kind, Record):
            if self.fixed and kind.field(key) is None and (as_key or not hasattr(dict, key)):
                names = tuple(name for name, _ in kind.fields)
                message = f"there is no field `{key}` in this record; it has {listed(names)}"
                yield Clash("field-unknown", message, node, None, names, key)
        elif not as_key and not isinstance(inner, ast.GeneratorExp):
            classes = classes_of(kind)
            if classes and not any(hasattr(each, key) for each in classes):
                names = tuple(name for name in dir(classes[0]) if not name.startswith("_"))
                yield Clash("python-attribute", f"{noun(kind)} has no `{key}` in Python", node, None, names, key)

    def _iterated(self, node: ast.expr, kind: Type) -> Iterator[Clash]:
        if kind in NUMBERS:
            yield Clash("python-type", f"Python cannot go through {noun(kind)}; to count, write `range(…)`", node)

    def _type(self, node: ast.expr, local: Mapping[str, Type]) -> Type:
        def lookup(name: str) -> Type:
            return local[name] if name in local else self.outer(name)

        return infer(node, lookup, self.shadowed)


def _bound_in(statement: ast.stmt) -> Iterator[ast.expr]:
    """What a statement may bind anew."""
    return (node for node in walk(statement) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load))


def _looked_for(nodes: list[ast.AST]) -> Iterator[str]:
    """The texts of which a piece asks whether they are there: `"year" in record`."""
    for node in nodes:
        match node:
            case ast.Compare(left=ast.Constant(value=str(text)), ops=[ast.In() | ast.NotIn()]):
                yield text


def _changes(node: ast.AST) -> bool:
    """Whether a node may put a field into a record."""
    match node:
        case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
            return True
        case ast.Attribute(attr="update" | "setdefault"):
            return True
    return False


def _item(node: ast.expr, kind: Type, looking: Operands, local: Mapping[str, Type]) -> Type:
    """What the items of a list are: `sum(scores)`, `sum(s for s in scores)`."""
    if isinstance(kind, ListOf) and not isinstance(node, ast.ListComp):
        return kind.item
    match node:
        case (
            ast.GeneratorExp(elt=ast.Name(id=name), generators=[part])
            | ast.ListComp(elt=ast.Name(id=name), generators=[part])
        ) if isinstance(part.target, ast.Name) and part.target.id == name:
            found = looking._type(part.iter, local)
            return found.item if isinstance(found, ListOf) else ANY
    return ANY


def _fails(a: Type, op: ast.operator, b: Type) -> bool:
    """Whether an operation raises TypeError for all values of these types."""
    if not (is_known(a) and is_known(b)):
        return False
    if a in NUMBERS and b in NUMBERS:
        return False
    match op:
        case ast.Add():
            return not (is_text(a) and is_text(b)) and not (isinstance(a, ListOf) and isinstance(b, ListOf))
        case ast.Mult():
            return not any(each in NUMBERS for each in (a, b)) or isinstance(a, Record) or isinstance(b, Record)
        case ast.Mod():
            return not is_text(a)
    return True


def _unordered(a: Type, b: Type) -> bool:
    """Whether one cannot be said to be less than the other. Lists are in order with lists, texts with texts."""
    if not (is_known(a) and is_known(b)):
        return False
    return _order(a) != _order(b) or _order(a) == "record"


def _order(type: Type) -> str:
    return (
        "number" if type in NUMBERS else "text" if is_text(type) else "list" if isinstance(type, ListOf) else "record"
    )


def _never_equal(side: Type, other: Type) -> str | None:
    """Why two values are different whatever they are."""
    if isinstance(side, Choice) and isinstance(other, Choice) and len(side.options) > 1 == len(other.options):
        only = other.options[0]
        return None if only in side.options else f'this is never "{only}": it is {side}'
    if side in NUMBERS and is_text(other):
        return f"{noun(side)} never equals a text"
    if isinstance(side, ListOf) and (other in NUMBERS or is_text(other)):
        return f"a list never equals {noun(other)}"
    return None


def _truth(node: ast.expr, type: Type, op: ast.cmpop, other: Type) -> str | None:
    """What to write for `ok == "yes"`."""
    if type != BOOL or not isinstance(node, ast.Name) or not isinstance(other, Choice):
        return None
    meant = other.options[0].strip().lower() in ("yes", "true", "y", "ok", "1")
    same = meant == isinstance(op, ast.Eq)
    return f"it is true or false: write `{node.id}`" if same else f"it is true or false: write `not {node.id}`"
