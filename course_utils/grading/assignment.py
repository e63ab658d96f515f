"""An assignment as its instructor wrote it: the only source of cells, order, tests, points and policy.

Works on any nbgrader course folder: where the source, the release and the gradebook are is read from the
folder's ``nbgrader_config.py``.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions
from nbgrader.utils import is_grade, is_locked, is_solution, is_task
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from . import names
from .bank import Entry
from .bank import load as load_bank
from .policy import Policy, imported_modules
from .policy import load as load_policy

BANKS = ("wrong", "right", "attacks")  # folders beside a source notebook that never leave the instructor


class CourseError(ValueError):
    """The course folder, not a submission, is at fault."""


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


class Course:
    """A course folder, as nbgrader's configuration describes it."""

    def __init__(self, root: Path):
        self.root = root.resolve()
        if not self.root.is_dir():
            raise CourseError(f"{root} is not a folder")
        self.config = self._config()
        self.directory = CourseDirectory(config=self.config)

    def _config(self) -> Config:
        config = Config()
        path = self.root / "nbgrader_config.py"
        if path.exists():
            config = PyFileConfigLoader(path.name, str(self.root)).load_config()
        if not config.CourseDirectory.get("root"):
            config.CourseDirectory.root = str(self.root)
        return config

    def path(self, step: str, student: str, assignment: str) -> Path:
        return Path(self.directory.format_path(step, student, assignment))

    def source_folder(self, assignment: str) -> Path:
        return self.path(self.directory.source_directory, ".", assignment)

    def assignments(self) -> list[str]:
        """Names of the assignments that have a source notebook."""
        root = self.path(self.directory.source_directory, ".", "x").parent
        return sorted(p.name for p in root.glob("*") if any(p.glob("*.ipynb")))

    def load(self, name: str) -> Assignment:
        """Read an assignment.

        Raises:
            CourseError: there is no such assignment, or its notebook is broken; the message says what to do.
        """
        folder = self.source_folder(name)
        paths = sorted(folder.glob("*.ipynb"))
        if not paths:
            known = ", ".join(self.assignments()) or "none"
            raise CourseError(f"no assignment {name!r}: no notebook in {folder} (there are: {known})")
        try:
            policy = load_policy(folder / "policy.toml")
            bank = tuple(entry for entry in load_bank(folder) if entry.kind == "wrong")
        except ValueError as error:
            raise CourseError(str(error)) from None
        notebooks = tuple(self._notebook(path) for path in paths)
        given = [c.release for n in notebooks for c in n.cells if c.code and c.role != "test"]
        tests = [c.source for n in notebooks for c in n.cells if c.code and c.role == "test"]
        return Assignment(
            name=name,
            notebooks=notebooks,
            policy=policy,
            files=tuple(self._public_files(folder)),
            bank=bank,
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

    def _notebook(self, path: Path) -> Notebook:
        try:
            source = nbformat.read(path, as_version=4)
        except Exception as error:
            raise CourseError(f"{path}: not a notebook ({error})") from None
        language = source.metadata.get("kernelspec", {}).get("language", "python")
        if language != "python":
            raise CourseError(f"{path}: the language is {language}; only Python notebooks can be graded here")
        release = self._released(source, path)
        cells = []
        for number, (cell, shown) in enumerate(zip(source.cells, release.cells, strict=True)):
            meta = cell.metadata.get("nbgrader", {})
            role = "given"
            if is_task(cell):
                role = "task"
            elif is_grade(cell) and is_solution(cell):
                role = "manual"
            elif is_grade(cell):
                role = "test" if cell.cell_type == "code" else "manual"
            elif is_solution(cell):
                role = "answer"
            cells.append(
                Cell(
                    key=meta.get("grade_id") or f"cell-{number}",
                    role=role,
                    code=cell.cell_type == "code",
                    source=cell.source,
                    release=shown.source,
                    cell_id=cell.get("id", ""),
                    points=float(meta.get("points") or 0) if is_grade(cell) or is_task(cell) else 0.0,
                    locked=is_locked(cell),
                )
            )
        keys = [cell.key for cell in cells]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise CourseError(f"{path}: two cells have the grade_id {sorted(twice)[0]!r}")
        return Notebook(path.stem, tuple(_with_dependencies(cells)), dict(source.metadata))

    def _released(self, source: Any, path: Path) -> Any:
        release = copy.deepcopy(source)
        for step in (ClearSolutions, ClearHiddenTests, ClearMarkScheme):
            try:
                release, _ = step(config=self.config).preprocess(release, {})
            except (RuntimeError, ValueError) as error:
                raise CourseError(f"{path}: {error}") from None
        return release

    def _public_files(self, folder: Path) -> list[tuple[str, bytes]]:
        from nbgrader.utils import find_all_files

        found = []
        for name in find_all_files(str(folder), [*self.directory.ignore, "*.ipynb", "policy.toml"]):
            path = Path(name)
            relative = path.relative_to(folder)
            if relative.parts[0] not in BANKS and not path.is_symlink():
                found.append((relative.as_posix(), path.read_bytes()))
        return sorted(found)


def _with_dependencies(cells: list[Cell]) -> list[Cell]:
    """Fill in what depends on what: ``judge``, ``takes_over``, ``answers`` and ``shared``.

    The judge runs the instructor's statements that tests depend on, and of the answers their imports alone:
    a module in the judge is always the judge's own, whatever a student calls by its name.
    """
    known = [names.analyse(cell.source) if cell.code else names.Names() for cell in cells]
    trusted = [_trusted_part(cell) for cell in cells]
    wanted = set().union(*(names.free_names(cell.source) for cell in cells if cell.role == "test"), set())
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
            changes["takes_over"] = tuple(sorted(theirs - names.definitions(names.imports_of(cell.source))))
        elif cell.role == "test":
            before = [c for c in result if c.role in ("answer", "manual") and c.code]
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
