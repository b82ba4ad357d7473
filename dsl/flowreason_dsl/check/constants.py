"""What a condition or a count comes to where the text alone says it.

Invariant: None means that it is not known; nothing is run to find out.
"""

from __future__ import annotations

import ast

from flowreason_dsl.python import facts
from flowreason_dsl.syntax import Code, Expression, Literal


def constant(expr: Expression) -> int | float | bool | None:
    """The number or truth of an expression that reads nothing."""
    if expr.otherwise is not None:
        return None
    match expr.value:
        case Literal(value=bool() | int() | float() as value):
            return value
        case Code() as code:
            tree = facts(code).tree
            if tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
                return _of(tree.body[0].value)
    return None


def _of(node: ast.expr) -> int | float | bool | None:
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return value
        case ast.Constant(value=str() as text):
            return bool(text)
        case ast.Constant(value=None):
            return False
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            found = _of(operand)
            return None if found is None else not found
        case ast.Compare(left=ast.Constant(value=left), ops=[op], comparators=[ast.Constant(value=right)]):
            return _compared(left, op, right)
    return None


def _compared(left: object, op: ast.cmpop, right: object) -> bool | None:
    match op:
        case ast.Eq():
            return left == right
        case ast.NotEq():
            return left != right
    if isinstance(left, int | float) and isinstance(right, int | float):
        match op:
            case ast.Lt():
                return left < right
            case ast.LtE():
                return left <= right
            case ast.Gt():
                return left > right
            case ast.GtE():
                return left >= right
    return None
