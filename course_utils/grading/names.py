"""Which names a piece of Python binds, reads and changes, found without running it.

Used on the instructor's cells, to know what a test needs and what an answer must define, and on student
text, which is only ever parsed here.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import re
from dataclasses import dataclass, field

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass
class Names:
    """Names of the module level: ``bound`` by the code, ``read`` before or after (builtins left out), and
    ``changed`` in place (``x[0] = 1``, ``x.y = 1``, ``x.append(1)``, ``x += 1``)."""

    bound: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)


def analyse(code: str | ast.AST) -> Names:
    """The names of a cell or of a syntax tree; nothing for text that does not parse."""
    if isinstance(code, str):
        try:
            code = ast.parse(python_of(code))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Names()
    names = Names()
    try:
        _Visitor(names).visit(code)
    except RecursionError:
        return Names()
    names.read -= set(dir(builtins))
    return names


def bound_by(text: str) -> set[str]:
    """Names that a student's cell binds. Magics are blanked: translating them can take minutes."""
    return analyse(re.sub(r"^([ \t]*)[%!?].*", r"\1pass", text, flags=re.MULTILINE)).bound


def python_of(cell: str) -> str:
    """A notebook cell as plain Python: magics and shell lines become calls."""
    if not any(
        line.lstrip().startswith(("%", "!", "?")) or line.rstrip().endswith("?") for line in cell.splitlines()
    ):
        return cell
    with contextlib.suppress(SyntaxError, ValueError):
        ast.parse(cell)
        return cell  # a comment that ends in a question, say
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(cell)


def free_names(cell: str) -> set[str]:
    """Names that a cell reads before it has bound them itself."""
    try:
        body = ast.parse(python_of(cell)).body
    except SyntaxError:
        return set()
    free: set[str] = set()
    bound: set[str] = set()
    for statement in body:
        names = analyse(ast.Module([statement], []))
        simple = isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr)
        free |= names.read - bound - (set() if simple else names.bound)
        bound |= names.bound
    return free


class _Visitor(ast.NodeVisitor):
    def __init__(self, names: Names):
        self.names = names
        self.inner: list[set[str]] = []  # names bound in enclosing functions

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            if not any(node.id in scope for scope in self.inner):
                self.names.read.add(node.id)
        else:
            self._bind(node.id)

    def _bind(self, name: str) -> None:
        (self.inner[-1] if self.inner else self.names.bound).add(name)

    def _visit_definition(self, node: ast.AST) -> None:
        self._bind(node.name)
        for decorator in node.decorator_list:
            self.visit(decorator)
        if isinstance(node, ast.ClassDef):
            for base in [*node.bases, *(k.value for k in node.keywords)]:
                self.visit(base)
            self._in_scope(set(), node.body)
        else:
            self._visit_arguments(node.args)
            if node.returns:
                self.visit(node.returns)
            self._in_scope(_parameters(node.args) | _locals(node.body), node.body)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _visit_definition

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_arguments(node.args)
        self._in_scope(_parameters(node.args), [node.body])

    def _visit_comprehension(self, node: ast.AST) -> None:
        targets = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        self._in_scope(targets, list(ast.iter_child_nodes(node)))

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    def _in_scope(self, scope: set[str], body: list) -> None:
        self.inner.append(scope)
        for child in body:
            self.visit(child)
        self.inner.pop()

    def _visit_arguments(self, args: ast.arguments) -> None:
        for default in [*args.defaults, *(d for d in args.kw_defaults if d)]:
            self.visit(default)
        for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs]:
            if arg.annotation:
                self.visit(arg.annotation)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.split(".")[0])

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.names.read.add(node.target.id)
        self._change(node.target)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._change(node)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._change(node)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            self._change(node.value.func)
        self.generic_visit(node)

    def _change(self, node: ast.AST) -> None:
        while isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        if isinstance(node, ast.Name) and not any(node.id in scope for scope in self.inner):
            self.names.changed.add(node.id)


def _parameters(args: ast.arguments) -> set[str]:
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return {arg.arg for arg in every if arg}


def _locals(body: list[ast.stmt]) -> set[str]:
    """Names that a function body binds, less those that it declares global."""
    bound: set[str] = set()
    outer: set[str] = set()
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, _FUNCTIONS):
            bound.add(node.name)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.Global):
            outer |= set(node.names)
        todo.extend(ast.iter_child_nodes(node))
    return bound - outer


def imports_of(cell: str) -> str:
    """The top-level import statements of a cell."""
    try:
        body = ast.parse(python_of(cell)).body
    except SyntaxError:
        return ""
    return "\n".join(ast.unparse(s) for s in body if isinstance(s, ast.Import | ast.ImportFrom))


def only_defines(cell: str, modules: tuple[str, ...]) -> bool:
    """Whether running a cell can do nothing but bind names to functions and to modules that are loaded
    already.
    """
    try:
        body = ast.parse(cell).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False

    def plain(node: ast.expr | None) -> bool:
        if isinstance(node, ast.UnaryOp):
            return plain(node.operand)
        if isinstance(node, ast.Tuple):
            return all(map(plain, node.elts))
        return node is None or isinstance(node, ast.Constant)

    for statement in body:
        if isinstance(statement, ast.Import):
            if not all(alias.name in modules for alias in statement.names):
                return False
        elif isinstance(statement, ast.FunctionDef):
            args = statement.args
            hints = [
                a.annotation
                for a in [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
                if a
            ]
            if statement.decorator_list or not all(map(plain, [*args.defaults, *args.kw_defaults])):
                return False
            if not all(
                h is None or isinstance(h, ast.Name | ast.Constant) for h in [*hints, statement.returns]
            ):
                return False
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            return False
    return True


def definitions(cell: str) -> set[str]:
    """Names that a cell binds at its top level by import, ``def`` or ``class``."""
    try:
        body = ast.parse(python_of(cell)).body
    except SyntaxError:
        return set()
    kept = [s for s in body if isinstance(s, (ast.Import, ast.ImportFrom, *_FUNCTIONS))]
    return analyse(ast.Module(kept, [])).bound


def slice_for(cells: list[str], wanted: set[str]) -> list[list[bool]]:
    """Which top-level statements of ``cells`` matter for the names in ``wanted``.

    A statement matters if it binds or changes in place a name that matters; then what it reads matters too.
    Plots, prints and demonstrations usually matter to no test.
    """
    trees: list[list[ast.stmt]] = []
    for cell in cells:
        try:
            trees.append(ast.parse(python_of(cell)).body)
        except SyntaxError:
            trees.append([])
    statements = [analyse(ast.Module([s], [])) for tree in trees for s in tree]
    needed, keep = set(wanted), [False] * len(statements)
    grew = True
    while grew:
        grew = False
        for number, names in enumerate(statements):
            if not keep[number] and (names.bound | names.changed) & needed:
                keep[number] = grew = True
                needed |= names.read
    marks, at = [], 0
    for tree in trees:
        marks.append(keep[at : at + len(tree)])
        at += len(tree)
    return marks


def kept_source(cell: str, marks: list[bool]) -> str:
    """The marked top-level statements of a cell, as Python."""
    text = python_of(cell)
    kept = [s for s, keep in zip(ast.parse(text).body, marks, strict=True) if keep] if marks else []
    return "\n".join(ast.unparse(statement) for statement in kept)
