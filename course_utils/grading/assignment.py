"""An assignment as its instructor wrote it: the only source of cells, order, tests, points and policy.

Works on any nbgrader course folder: where the source, the release and the gradebook are is read from the
folder's ``nbgrader_config.py``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import attached, names
from .bank import BANKS, Entry
from .bank import load as load_bank
from .folder import CourseError, CourseFolder
from .policy import Policy, imported_modules, not_installed
from .policy import load as load_policy

OWN = ("policy.toml", "equivalent.toml")  # files beside it that do not, either


@dataclass(frozen=True)
class Cell:
    """One cell of the instructor's notebook.

    Attributes:
        key: nbgrader's grade_id; for other cells a name made from the position.
        role: ``given`` (the instructor's code or text), ``answer`` (the student's), ``test`` (marked by
            running it), ``manual`` (the student's, marked by a person) or ``task`` (a task to be marked by a
            person).
        code: whether it is a code cell.
        source: the instructor's text, with solutions and hidden tests.
        release: the text that students received.
        cell_id: the notebook format's own id, if any.
        points: maximum for ``test``, ``manual`` and ``task``.
        judge: what the judge runs of a ``given`` cell: the statements that tests depend on.
        takes_over: names that this answer may bind or change for the tests.
        functions: those of them that are functions or classes.
        exports: for a ``test``, its names that later tests read.
        answers: for a ``test``, the keys of the answers that it depends on.
        shared: a test cell whose names later answers use, so that its released text runs in the student
            process too.
        locked: the released text counts, whatever was submitted.
        needed: whether answers or tests depend on it; plots and demonstrations are not.
    """

    key: str
    role: str
    code: bool
    source: str
    release: str
    cell_id: str
    points: float = 0.0
    judge: str = ""
    takes_over: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    shared: bool = False
    locked: bool = False
    needed: bool = True


@dataclass(frozen=True)
class Notebook:
    """One notebook of an assignment: its name without ``.ipynb``, and its cells in order."""

    name: str
    cells: tuple[Cell, ...]
    metadata: dict[str, Any]

    @property
    def graded(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.role in ("test", "manual", "task")]


@dataclass(frozen=True)
class Assignment:
    """All that grading one submission needs; plain data, so that it can be sent to other machines.

    Attributes:
        files: the public files beside the notebooks, as (relative path, bytes).
        imports: modules that the instructor's cells import.
        judge_imports: modules that the tests import.
        bank: wrong answers, for the diagnosis.
    """

    name: str
    notebooks: tuple[Notebook, ...]
    policy: Policy
    files: tuple[tuple[str, bytes], ...]
    imports: tuple[str, ...]
    judge_imports: tuple[str, ...]
    bank: tuple[Entry, ...] = ()

    @property
    def max_score(self) -> float:
        return sum(cell.points for notebook in self.notebooks for cell in notebook.graded)


class Course(CourseFolder):
    """A course folder and the assignments in it."""

    def load(self, name: str) -> Assignment:
        """Read an assignment.

        Raises:
            CourseError: there is no such assignment, or its notebook is broken; the message says what to do.
        """
        folder = self.source_folder(name)
        if name not in (known := self.assignments()):  # also "ps1/" or "./ps1", which lead to a folder, too
            there = ", ".join(known) or "none"
            where = self.source_folder("x").parent
            raise CourseError(f"no assignment {name!r} with a notebook in {where} (there are: {there})")
        paths = sorted(folder.glob("*.ipynb"))
        try:
            policy = load_policy(folder / "policy.toml")
        except ValueError as error:
            raise CourseError(str(error)) from None
        notebooks = tuple(self._notebook(path) for path in paths)
        given = [c.release for n in notebooks for c in n.cells if c.code and c.role != "test"]
        tests = [c.source for n in notebooks for c in n.cells if c.code and c.role == "test"]
        return Assignment(
            name=name,
            notebooks=notebooks,
            policy=policy,
            files=tuple(self._bytes_of(folder)),
            bank=tuple(entry for entry in self.bank(name, notebooks) if entry.kind == "wrong"),
            imports=tuple(
                dict.fromkeys(m for text in given for m in imported_modules(names.python_of(text)))
            ),
            judge_imports=tuple(
                dict.fromkeys(
                    m
                    for text in [*tests, *(c.judge for n in notebooks for c in n.cells)]
                    for m in imported_modules(names.python_of(text))
                )
            ),
        )

    def bank(self, name: str, notebooks: tuple[Notebook, ...]) -> tuple[Entry, ...]:
        """The whole bank of an assignment with these notebooks.

        Raises:
            CourseError: a file of it is broken or misplaced.
        """
        answers = {c.key for n in notebooks for c in n.cells if c.code and c.role in ("answer", "manual")}
        try:
            return load_bank(self.source_folder(name), answers)
        except ValueError as error:
            raise CourseError(str(error)) from None

    def concerns(self, assignment: Assignment) -> list[str]:
        """What an instructor should know before students get an assignment, in sentences."""
        folder = self.source_folder(assignment.name)
        said = []
        secret = [n for n in (*BANKS, "equivalent.toml") if (folder / n).exists() and not self._ignored(n)]
        if secret:
            said.append(
                f"`nbgrader generate_assignment {assignment.name}` would hand out {', '.join(secret)} with "
                f"the answers in it. Add to {self.root / 'nbgrader_config.py'}: "
                f"c.CourseDirectory.ignore.extend({secret})"
            )
        out = self.path(self.release_directory, ".", assignment.name)
        released = [str(out / name) for name in (*BANKS, "equivalent.toml") if (out / name).exists()]
        if released:
            said.append(f"released already, with the answers in it: {', '.join(released)}")
        if strange := not_installed(assignment.policy):
            said.append(
                f"{folder / 'policy.toml'}: uses lists what is not installed here: {', '.join(strange)}"
            )
        return said

    def _bytes_of(self, folder: Path) -> list[tuple[str, bytes]]:
        paths = {path.relative_to(folder): path for path in self.public_files(folder)}
        return [
            (r.as_posix(), p.read_bytes())
            for r, p in paths.items()
            if r.parts[0] not in BANKS and p.name not in OWN
        ]

    def _notebook(self, path: Path) -> Notebook:
        source = _read(path)
        language = source["metadata"].get("kernelspec", {}).get("language", "python")
        if language != "python":
            raise CourseError(f"{path}: the language is {language}; only Python notebooks can be graded here")
        cells = []
        for number, cell in enumerate(source["cells"]):
            meta = cell["metadata"].get("nbgrader", {})
            key = meta.get("grade_id") or f"cell-{number}"
            code = cell["cell_type"] == "code"
            role = "given"
            if meta.get("task"):
                role = "task"
            elif meta.get("grade"):
                role = "test" if code and not meta.get("solution") else "manual"
            elif meta.get("solution"):
                role = "answer"
            cells.append(
                Cell(
                    key=key,
                    role=role,
                    code=code,
                    source=cell["source"],
                    release=self.released(cell, f"{path}, cell {key}"),
                    cell_id=cell.get("id", ""),
                    points=float(meta.get("points") or 0) if meta.get("grade") or meta.get("task") else 0.0,
                    locked=not meta.get("solution") and bool(meta.get("grade") or meta.get("locked")),
                )
            )
        keys = [cell.key for cell in cells]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise CourseError(f"{path}: two cells have the grade_id {sorted(twice)[0]!r}")
        return Notebook(path.stem, tuple(_with_dependencies(cells)), source["metadata"])


def _read(path: Path) -> dict[str, Any]:
    """A notebook in format 4 as plain data, each source one string."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["nbformat"] != 4:
            raise CourseError(
                f"{path}: the format is version {content['nbformat']}; save it again in Jupyter"
            )
        for cell in content["cells"]:
            if isinstance(cell["source"], list):
                cell["source"] = "".join(cell["source"])
            if cell["cell_type"] != "code":
                cell["source"], _ = attached.embed(cell["source"], cell.get("attachments"), sys.maxsize)
            cell.setdefault("metadata", {})
        content.setdefault("metadata", {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(f"{path}: not a notebook ({error})") from None
    return content


def _with_dependencies(cells: list[Cell]) -> list[Cell]:
    """Fill in what depends on what: ``judge``, ``takes_over``, ``answers`` and ``shared``.

    The judge runs the instructor's statements that tests depend on, and of the answers their imports alone:
    a module in the judge is always the judge's own, whatever a student calls by its name.
    """
    known = [names.analyse(cell.source) if cell.code else names.Names() for cell in cells]
    trusted = [_trusted_part(cell) for cell in cells]
    free = [names.free_names(cell.source) if cell.role == "test" else set() for cell in cells]
    wanted = set().union(*free, set())
    marks = names.slice_for(trusted, wanted)
    judged = [names.kept_source(text, keep) for text, keep in zip(trusted, marks, strict=True)]
    needed_by_judge = set().union(*(names.analyse(text).read for text in judged), set())
    fixed = set().union(*(names.definitions(text) for text in trusted), set())  # modules, functions, classes
    for_answers = set().union(
        *(n.read for c, n in zip(cells, known, strict=True) if c.role == "answer"), wanted
    )
    given = [cell.source if cell.code and cell.role == "given" else "" for cell in cells]
    needed = [any(keep) for keep in names.slice_for(given, for_answers)]
    result: list[Cell] = []
    for number, (cell, own) in enumerate(zip(cells, known, strict=True)):
        changes: dict[str, Any] = {"judge": judged[number], "needed": cell.role != "given" or needed[number]}
        if cell.code and cell.role in ("answer", "manual"):
            theirs = own.bound | (own.changed - fixed)
            modules = names.definitions(names.imports_of(cell.source))
            changes["takes_over"] = tuple(sorted(theirs - modules))
            changes["functions"] = tuple(sorted(names.definitions(cell.source) - modules))
        elif cell.role == "test":
            before = [c for c in result if c.role in ("answer", "manual") and c.code]
            changes["exports"] = tuple(sorted(own.bound & set().union(*free[number + 1 :], set())))
            uses = [c.key for c in before if set(c.takes_over) & (own.read | needed_by_judge)]
            changes["answers"] = tuple(uses or [c.key for c in before[-1:]])
            later = [n for c, n in zip(cells[number:], known[number:], strict=True) if c.role == "answer"]
            earlier = set().union(*(n.bound for n in known[:number]), set())
            changes["shared"] = any((own.bound & n.read) - n.bound - earlier for n in later)
        result.append(Cell(**{**cell.__dict__, **changes}))
    return result


def _trusted_part(cell: Cell) -> str:
    """What of a cell the judge may run at all."""
    if not cell.code or cell.role == "test":
        return ""
    return cell.source if cell.role == "given" else names.imports_of(cell.source)
