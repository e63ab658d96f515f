"""The language of the claims' expressions: Python expressions over a fixed set of names.

The names are those of ``course_utils.arithmetic``, of `networks` (accounts of networks and their layers), of
`worked` (small examples), and a few built-in functions. Statements, private attributes and everything else
are refused, so that a data file can compute and do nothing else.
"""

from __future__ import annotations

import ast
import math
from functools import cache
from typing import Any

from course_utils import arithmetic

from . import networks, worked

_BUILT_IN = (abs, all, any, dict, len, max, min, range, round, set, sorted, str, sum, tuple, zip)
_NODES = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Subscript, ast.Slice),
    *(
        ast.Tuple,
        ast.List,
        ast.Set,
        ast.Call,
        ast.keyword,
        ast.Starred,
        ast.IfExp,
        ast.GeneratorExp,
        ast.ListComp,
        ast.SetComp,
    ),
    *(ast.comprehension, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)

NAMESPACE: dict[str, Any] = {
    **{function.__name__: function for function in _BUILT_IN},
    **{name: getattr(arithmetic, name) for name in arithmetic.__all__},
    **{
        name: value
        for module in (networks, worked)
        for name, value in vars(module).items()
        if callable(value)
        and getattr(value, "__module__", "") == module.__name__
        and not name.startswith("_")
    },
    "prod": math.prod,
    "isclose": math.isclose,
}


@cache
def evaluate(expression: str) -> Any:
    """The value of an expression.

    :raises ValueError: it uses what the language does not have; the message names it.
    """
    tree = ast.parse(expression, mode="eval")
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in ast.walk(tree):
        if not isinstance(node, _NODES):
            raise ValueError(f"{type(node).__name__} has no place in an expression: {expression}")
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            raise ValueError(f"private attribute {node.attr!r} in an expression: {expression}")
        if isinstance(node, ast.Name) and node.id not in bound and node.id not in NAMESPACE:
            raise ValueError(f"unknown name {node.id!r} in an expression: {expression}")
    return eval(compile(tree, "<claim>", "eval"), {"__builtins__": {}, **NAMESPACE})
