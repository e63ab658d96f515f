"""What a student process may have: policy by absence.

An assignment says in ``policy.toml``, beside its notebook, what its student process may use and what it must
not::

    uses = ["numpy"]                            # nothing else outside the standard library is there at all
    forbids = ["torch", "course_utils.layers"]  # not there even where something else would bring it

    [limits]
    cell_seconds = 10

Threat answered: a library that already holds the answer. What is forbidden is on no path that the process
can read and was never imported in the process it was forked from, so there is nothing to find by any trick.
The static check of the same policy (``violations``) is for the student's sake: it gives a clear message
before submitting.
"""

from __future__ import annotations

import ast
import contextlib
import csv
import functools
import importlib.machinery
import importlib.metadata
import importlib.util
import math
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from .sandbox import Limits, View

RUNNER_NEEDS = ("ipython",)  # what ``inside`` imports


@dataclass(frozen=True)
class Policy:
    """What an assignment declares.

    Attributes:
        uses: top-level or dotted module names that students may import besides the standard library; None:
            all that is installed.
        forbids: dotted module names that must be absent.
        limits: resources for one submission.
    """

    uses: tuple[str, ...] | None = None
    forbids: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


def load(path: Path) -> Policy:
    """The policy in a ``policy.toml``; the default where there is none.

    Raises:
        ValueError: a key or value that means nothing, named.
    """
    if not path.exists():
        return Policy()
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # of TOML, or of UTF-8
        raise ValueError(f"{path}: {error}") from None
    unknown = set(declared) - {"uses", "forbids", "limits"}
    if unknown:
        raise ValueError(f"{path}: unknown key {sorted(unknown)[0]!r}; a policy has uses, forbids and limits")
    for key in ("uses", "forbids"):
        value = declared.get(key, [])
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise ValueError(f"{path}: {key} must be a list of module names, not {value!r}")
    known = {f.name: f for f in fields(Limits)}
    limits = declared.get("limits", {})
    if not isinstance(limits, dict):
        raise ValueError(f"{path}: limits must be a table, as in [limits], not {limits!r}")
    for name, value in limits.items():
        if name not in known:
            raise ValueError(f"{path}: unknown limit {name!r}; there are {', '.join(known)}")
        if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
            raise ValueError(f"{path}: the limit {name} must be a positive number, not {value!r}")
        if isinstance(known[name].default, int) and not isinstance(value, int):
            raise ValueError(f"{path}: the limit {name} must be a whole number, not {value!r}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{path}: the limit {name} must be finite, not {value!r}")
    uses = tuple(declared["uses"]) if "uses" in declared else None
    return Policy(uses, tuple(declared.get("forbids", ())), Limits(**limits))


def not_installed(policy: Policy) -> list[str]:
    """Names in ``uses`` for which this machine has no module: misspelt, perhaps."""
    return [name for name in policy.uses or () if not _is_module(name)]


def _is_module(name: str) -> bool:
    """Whether there is a module of this dotted name; found without importing what is above it."""
    top, *inner = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
        for part in inner:
            path = spec.submodule_search_locations if spec else None
            spec = importlib.machinery.PathFinder.find_spec(part, path) if path else None
    except (ImportError, ValueError):
        return False
    return spec is not None


def view(policy: Policy, imports: list[str], files: str = "") -> View:
    """What the sandbox mounts and imports for this policy.

    Args:
        imports: modules that the instructor's own cells import, to be warm in the zygote.
        files: folder with the assignment's public files, or "".
    """
    forbids = tuple(sorted({*policy.forbids, "course_utils.grading"}))
    wanted = [name for name in imports if not _under(name, forbids)]
    folders: list[Path] = []
    packages: list[Path] = []
    if policy.uses is None:
        for folder in _site_folders():
            inside = [path for path in sorted(folder.iterdir()) if path.suffix != ".pth"]
            if any(path.is_symlink() for path in inside):  # which may lead to where the sandbox has nothing
                packages += inside
            else:  # one mount in place of hundreds, for which bubblewrap would need a second
                folders.append(folder)
    else:
        distributions = closure([_distribution(name) for name in policy.uses])
        packages += entries(distributions | closure(list(RUNNER_NEEDS)))
    packages = [path for path in packages if path.name not in ("course_utils", "__pycache__")]
    if policy.uses is None or any(_under(name, ("course_utils",)) for name in policy.uses):
        packages.append(Path(__file__).resolve().parents[1])
    whole = {name for name in forbids if "." not in name}
    packages = [path for path in packages if not any(_belongs_to(path, name) for name in whole)]
    return View(
        packages=tuple(dict.fromkeys(packages)),
        folders=tuple(folders),
        absent=_absent(forbids, packages, folders),
        imports=tuple(wanted),
        forbids=forbids,
        files=files,
    )


def _absent(forbids: tuple[str, ...], packages: list[Path], folders: list[Path]) -> tuple[Path, ...]:
    """What of these packages and folders of packages must not appear, and of what lies within another the
    outer alone.
    """
    found = [folder / name for folder in folders for name in ("course_utils", "__pycache__")]
    found += [path for folder in folders for path in folder.glob("*.pth")]
    for name in forbids:
        top, _, rest = name.partition(".")
        if not rest:
            found += [path for folder in folders for path in folder.iterdir() if _belongs_to(path, top)]
            continue
        inner = rest.replace(".", "/")
        places = [path for path in packages if path.name == top]
        places += [folder / top for folder in folders if top != "course_utils"]
        above, _, leaf = inner.rpartition("/")
        patterns = (inner, f"{inner}.*", f"{above or '.'}/__pycache__/{leaf}.*")
        found += [path for place in places for pattern in patterns for path in place.glob(pattern)]
    mounted, absent = {*packages, *folders}, set(found)
    return tuple(
        path
        for path in dict.fromkeys(found)
        if path.exists() and not mounted.isdisjoint(path.parents) and absent.isdisjoint(path.parents)
    )


def violations(source: str, policy: Policy) -> list[str]:
    """Sentences about imports in a cell that the policy does not allow (empty: none found)."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    said = []
    for module, names, line in _imports(tree):
        forbidden = [name for name in (module, *names) if _under(name, policy.forbids)]
        if forbidden:
            said.append(f"line {line}: {forbidden[0]} may not be used in this assignment")
        elif policy.uses is not None and module.split(".")[0] not in sys.stdlib_module_names:
            missing = [name for name in names or [module] if not _under(name, policy.uses)]
            if missing:
                whole = not any(use.split(".")[0] == module.split(".")[0] for use in policy.uses)
                name = module if whole else missing[0]
                said.append(
                    f"line {line}: {name} is not there; this assignment uses {', '.join(policy.uses)}"
                )
    return said


def imported_modules(source: str) -> list[str]:
    """Module names that a cell imports, without ``__future__`` and relative ones.

    After the module of ``from module import name`` comes ``module.name``, which may be a module, too.
    """
    try:
        found = [name for module, names, _ in _imports(ast.parse(source)) for name in (module, *names)]
    except SyntaxError:
        return []
    return [name for name in dict.fromkeys(found) if not _under(name, ("__future__",))]


def closure(distributions: list[str]) -> set[str]:
    """The installed distributions among these and all that they require, normalised names."""
    found: set[str] = set()
    todo = [_normal(name) for name in distributions]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.add(name)
        for requirement in distribution.requires or ():
            text, _, marker = requirement.partition(";")
            if "extra" not in marker:
                todo.append(_normal(re.match(r"[A-Za-z0-9._-]+", text.strip()).group()))
    return found


def entries(distributions: set[str]) -> list[Path]:
    """The files and folders directly in site-packages that belong to these distributions."""
    found: dict[Path, None] = {}
    for name in sorted(distributions):
        distribution = importlib.metadata.distribution(name)
        for top in _tops(distribution):
            if top not in ("", ".", "..", "__pycache__") and not top.endswith(".pth"):
                found.setdefault(Path(distribution.locate_file(top)))
    return [path for path in found if path.exists()]


def _tops(distribution: importlib.metadata.Distribution) -> list[str]:
    """What a distribution has put directly into its folder, and ".." if it has put something elsewhere.

    Read from RECORD itself: ``files`` would make a path of each of ten thousand entries at every start.
    """
    record = distribution.read_text("RECORD")
    if not record:  # not installed from a wheel
        return list(dict.fromkeys(file.parts[0] for file in distribution.files or ()))
    paths = (row[0] for row in csv.reader(record.splitlines()) if row)
    return list(dict.fromkeys(path.split("/", 1)[0] for path in paths))


def _imports(tree: ast.AST) -> list[tuple[str, list[str], int]]:
    """(module, dotted names taken from it, line) of each import."""
    found: list[tuple[str, list[str], int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, [], node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*"]
            found.append((node.module, names, node.lineno))
    return found


def _under(name: str, parents: tuple[str, ...]) -> bool:
    return any(name == parent or name.startswith(parent + ".") for parent in parents)


def _site_folders() -> list[Path]:
    folders = [Path(p) for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    return [p for p in dict.fromkeys(folders) if p.is_dir()]


def _belongs_to(path: Path, top: str) -> bool:
    """Whether an entry of site-packages holds the module ``top``, its libraries or its metadata."""
    stem = _normal(path.name.split("-")[0].split(".")[0])
    return stem == _normal(top)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _distribution(module: str) -> str:
    """The distribution that provides a top-level module ("skimage" comes from scikit-image)."""
    top = module.split(".")[0]
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):  # most bear the same name
        if top in _tops(importlib.metadata.distribution(top)):
            return top
    names = _distributions().get(top)
    return names[0] if names else top


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    """Distributions by the modules that they provide; looking into each of them takes a while."""
    return importlib.metadata.packages_distributions()
