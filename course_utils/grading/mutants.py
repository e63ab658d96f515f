"""Small syntactic changes of an answer, to see whether some test notices: each is a wrong answer nobody
thought of.

Operators, comparisons, constants (off by one), dropped terms, dropped statements, negated conditions,
swapped pairs. Text, docstrings and the wording of errors are left alone. A change that makes no difference
is an *equivalent* mutant; those are listed by hand, each with a reason, in ``equivalent.toml`` beside the
notebook.
"""

from __future__ import annotations

import ast
import copy
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Div,
    ast.Div: ast.Mult,
}
_ARITHMETIC |= {ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.MatMult: ast.Mult}
_COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq}
_COMPARISONS |= {
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True)
class Mutant:
    """A changed answer cell. ``change`` shows the statement before and after, and is the mutant's name."""

    cell: str
    change: str
    source: str


def mutants(cell: str, source: str) -> list[Mutant]:
    """All mutants of an answer's own code, each different from the others and from the original."""
    tree = ast.parse(source)
    original = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    for statement, path in _statements(tree):
        for changed in _changes(statement):
            copied = copy.deepcopy(tree)
            body, index = _at(copied, path)
            body[index : index + 1] = changed
            if not body:
                body.append(ast.Pass())
            text = ast.unparse(ast.fix_missing_locations(copied))
            if text != original and text not in found:
                after = _headline(changed[0]) if changed else "(left out)"
                found[text] = Mutant(cell, f"{_headline(statement)}  =>  {after}", text)
    return list(found.values())


def equivalents(folder: Path) -> dict[tuple[str, str], str]:
    """Reasons by (cell, change), from ``equivalent.toml``.

    Raises:
        ValueError: the file is no TOML, or an entry lacks its cell, change or reason.
    """
    path = folder / "equivalent.toml"
    if not path.exists():
        return {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    except ValueError as error:  # of TOML, or of UTF-8
        raise ValueError(f"{path}: {error}") from None
    found = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        told = [entry.get(key) for key in ("cell", "change", "reason")] if isinstance(entry, dict) else [None]
        if not all(isinstance(text, str) and text for text in told):
            raise ValueError(f"{path}: each [[mutant]] needs cell, change and reason; got {entry}")
        found[entry["cell"], entry["change"]] = entry["reason"]
    return found


def _statements(tree: ast.AST) -> Iterator[tuple[ast.stmt, tuple]]:
    """Every statement inside a function or at the top, with the path to it."""
    todo: list[tuple[ast.AST, tuple]] = [(tree, ())]
    while todo:
        node, path = todo.pop(0)
        for name in ("body", "orelse", "finalbody", "handlers"):
            for index, child in enumerate(getattr(node, name, None) or []):
                where = (*path, (name, index))
                if isinstance(child, ast.stmt) and not _is_text(child):
                    yield child, where
                if isinstance(child, ast.stmt | ast.excepthandler):
                    todo.append((child, where))


def _at(tree: ast.AST, path: tuple) -> tuple[list, int]:
    node = tree
    for name, index in path[:-1]:
        node = getattr(node, name)[index]
    name, index = path[-1]
    return getattr(node, name), index


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _headline(statement: ast.stmt) -> str:
    return ast.unparse(statement).splitlines()[0].strip()


def _changes(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The replacements of one statement; its inner statements are changed on their own."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        for index, default in enumerate(getattr(getattr(statement, "args", None), "defaults", [])):
            for new in _expressions(default):
                changed = copy.deepcopy(statement)
                changed.args.defaults[index] = new
                yield [changed]
        return
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass | ast.Global | ast.Nonlocal):
        return
    if isinstance(statement, ast.AugAssign | ast.Raise | ast.Expr | ast.Continue | ast.Break):
        yield []
    if isinstance(statement, ast.If):
        yield statement.orelse
        yield list(statement.body)
    if isinstance(statement, ast.Raise):
        return
    for field, value in ast.iter_fields(statement):
        if isinstance(value, ast.expr) and not (
            field == "target" and isinstance(statement, ast.For | ast.AugAssign)
        ):
            for new in _expressions(value):
                changed = copy.deepcopy(statement)
                setattr(changed, field, new)
                yield [changed]
        elif field == "op" and type(value) in _ARITHMETIC:
            changed = copy.deepcopy(statement)
            changed.op = _ARITHMETIC[type(value)]()
            yield [changed]


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    """The expression with one change somewhere in it."""
    yield from _here(node)
    if isinstance(node, ast.JoinedStr | ast.Lambda):
        return
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            for new in _expressions(value):
                changed = copy.copy(node)
                setattr(changed, field, new)
                yield changed
        elif isinstance(value, list):
            for index, item in enumerate(value):
                inner = item.value if isinstance(item, ast.keyword) else item
                if not isinstance(inner, ast.expr):
                    continue
                for new in _expressions(inner):
                    changed = copy.copy(node)
                    items = list(value)
                    items[index] = ast.keyword(item.arg, new) if isinstance(item, ast.keyword) else new
                    setattr(changed, field, items)
                    yield changed


def _here(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        if type(node.op) in _ARITHMETIC:
            yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
        yield node.left
        yield node.right
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
        yield ast.Compare(node.left, [_COMPARISONS[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        yield from node.values
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.ctx, ast.Load):
        if ast.dump(node.elts[0]) != ast.dump(node.elts[1]):
            yield ast.Tuple([node.elts[1], node.elts[0]], node.ctx)
    elif isinstance(node, ast.Slice) and node.step is not None:
        yield ast.Slice(node.lower, node.upper, None)
