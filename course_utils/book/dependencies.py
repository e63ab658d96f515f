"""Which files of ``course_utils`` the code of a page depends on.

Jupyter's execution cache knows a page's own code only: change a function that the page imports and the page
goes on showing the old number. So each page gets a fingerprint of everything of ours that its code can reach:
the modules it imports, the modules those import, and the data files that lie in their packages.
"""

import ast
import functools
import hashlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path

PACKAGE = "course_utils"
# A module with one of these may import any of its neighbours.
DYNAMIC = re.compile(r"\b(import_module|iter_modules|walk_packages|__import__)\b")
# An import inside a function that few pages call says so: others don't depend on what it brings.
ONLY_FOR = re.compile(r"# only for pages that say (\w+)$")


def fingerprint(sources: Iterable[str], root: Path) -> str:
    """A digest that changes when what the cells ``sources`` import changes.

    ``constraints.txt`` and the version of Python count too: they settle everything that is not ours.
    """
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    constraints = root / "constraints.txt"
    for path in [*sorted(reachable(sources, root)), *([constraints] if constraints.exists() else [])]:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def reachable(sources: Iterable[str], root: Path) -> set[Path]:
    """The files of the package that the cells ``sources`` import, directly or not."""
    sources = list(sources)
    todo = {path for source in sources for path, _ in _imported(_without_magics(source), "", root)}
    found = set()
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found.add(path)
        for neighbour, word in _neighbours(path, root, path.stat().st_mtime_ns):
            if word is None or any(re.search(rf"\b{word}\b", source) for source in sources):
                todo.add(neighbour)
    return found


@functools.cache
def _neighbours(path: Path, root: Path, modified: int) -> frozenset[tuple[Path, str | None]]:
    """What one file of the package brings along, and the word that a page must say for it, if there is one.

    ``modified`` makes a changed file a new question.
    """
    if path.suffix != ".py":
        return frozenset()
    text = path.read_text(encoding="utf-8")
    package = ".".join(path.parent.relative_to(root).parts)
    always = _data_files(path.parent)
    if DYNAMIC.search(text):
        always |= set(path.parent.rglob("*.py"))
    return frozenset(_imported(text, package, root) | {(file, None) for file in always})


def _data_files(folder: Path) -> set[Path]:
    """What lies in a package beside its code; packages inside it speak for themselves."""
    return {
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix not in (".py", ".pyc")
        and not any((parent / "__init__.py").exists() for parent in path.parents if folder in parent.parents)
    }


def _imported(source: str, package: str, root: Path) -> set[tuple[Path, str | None]]:
    """The files that the import statements of a source, wherever they stand, name; and their `ONLY_FOR`."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # running the page will tell
        return set()
    found, lines = set(), source.splitlines()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        only = ONLY_FOR.search(lines[node.lineno - 1])
        for name in names:
            if name.split(".")[0] == PACKAGE:
                found |= {(file, only and only[1]) for file in _files_of(name, root)}
    return found


def _files_of(name: str, root: Path) -> set[Path]:
    """The file of a module and the ``__init__.py`` of every package around it.

    A name that is no module, such as a function's, gives the packages alone.
    """
    found = set()
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        base = root.joinpath(*parts[:count])
        found |= {path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()}
    return found


def _without_magics(source: str) -> str:
    """IPython's ``%`` and ``!`` lines and ``?`` questions are not Python."""
    return re.sub(r"^\s*([%!?].*|.*\?)$", "pass", source, flags=re.MULTILINE)
