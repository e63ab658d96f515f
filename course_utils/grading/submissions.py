"""Finding a class's submissions in a folder.

Accepted below the folder: ``<student>/<assignment>/<notebook>.ipynb`` (nbgrader's own layout, also the
default), and ``<student>/<notebook>.ipynb``. In a folder that is named, every student folder gives a
submission, whatever is in it. In the course's own folder, which holds all assignments, those without this one
give none: ``without`` names them.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from .assignment import Assignment, Course, CourseError
from .engine import Submission
from .rebuild import MAX_FILE_BYTES, Unreadable, extra_files, read_regular

ON_TIME = "The submission counts as on time."


@dataclass(frozen=True)
class Place:
    """Where a student's files are."""

    student: str
    folder: Path


def find(course: Course, assignment: str, folder: Path | None) -> list[Place]:
    """The submissions below ``folder`` (default: the course's own submitted folder), sorted by student.

    Raises:
        FileNotFoundError: there is no such folder.
        CourseError: the folder is one student's, not the class's.
    """
    if folder is None:
        pattern = course.path(course.submitted_directory, "*", assignment)
        depth = len(pattern.parts) - pattern.parts.index("*")
        found = pattern.parents[depth - 1].glob("/".join(pattern.parts[-depth:])) if depth else []
        index = pattern.parts.index("*")
        return sorted(
            (Place(_name(path.parts[index]), path) for path in found), key=lambda place: place.student
        )
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    inside = sorted(p.name for p in folder.glob("*") if p.name == assignment or p.suffix.lower() == ".ipynb")
    if inside:
        raise CourseError(
            f"{folder} looks like one student's folder: {inside[0]} lies directly in it. Give the folder "
            "that holds the students' folders"
        )
    places = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not (path.is_dir() or path.is_symlink()):
            continue
        inner = path / assignment
        places.append(Place(_name(path.name), inner if inner.is_dir() or inner.is_symlink() else path))
    return places


def without(course: Course, assignment: str) -> list[str]:
    """Students in the course's own submitted folder who have handed in nothing by this assignment's name,
    with what they have instead if only its case differs.
    """
    pattern = course.path(course.submitted_directory, "*", assignment).parts
    index = pattern.index("*")
    if assignment not in pattern[index:]:  # the students' folders are in the assignment's
        return []
    have = {place.student for place in find(course, assignment, None)}
    said = []
    for folder in sorted(Path(*pattern[:index]).glob("*")):
        student = _name(folder.name)
        if folder.is_dir() and not folder.name.startswith(".") and student not in have:
            close = [p.name for p in folder.glob("*") if p.name.casefold() == assignment.casefold()]
            said.append(f"{student} (has {_name(close[0])!r})" if close else student)
    return said


def _name(text: str) -> str:
    """A folder's name as text that can be written everywhere; bytes that are no UTF-8 become escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def read(place: Place, assignment: Assignment) -> Submission:
    """A student's files as bytes. Links are never followed; what cannot be read is a problem, not an
    exception.
    """
    problems: list[str] = []
    if place.folder.is_symlink() or place.folder.parent.is_symlink():
        problems.append("The folder is a symbolic link, which is not followed.")
        return Submission(
            place.student, {n.name: None for n in assignment.notebooks}, problems=tuple(problems)
        )
    notebooks: dict[str, bytes | None] = {}
    for notebook in assignment.notebooks:
        path = None
        try:
            path = _choose(place.folder, notebook.name, len(assignment.notebooks) == 1, problems)
            notebooks[notebook.name] = read_regular(path, MAX_FILE_BYTES) if path else None
        except (Unreadable, OSError) as error:
            problems.append(f"{_name(path.name) if path else notebook.name} cannot be read: {error}.")
            notebooks[notebook.name] = None
    files = extra_files(place.folder, {name for name, _ in assignment.files}, problems)
    stamp = None
    if os.path.lexists(place.folder / "timestamp.txt"):
        try:
            stamp = read_regular(place.folder / "timestamp.txt", 200).decode("utf-8").strip() or None
        except (Unreadable, UnicodeDecodeError) as error:
            problems.append(f"timestamp.txt cannot be read: {error}. {ON_TIME}")
    return Submission(place.student, notebooks, tuple(files), tuple(problems), stamp)


def _choose(folder: Path, name: str, alone: bool, problems: list[str]) -> Path | None:
    """The file that is meant: by its name, or the only notebook there where one is expected."""
    expected = folder / f"{name}.ipynb"
    if expected.exists() or expected.is_symlink():
        return expected
    try:
        others = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".ipynb")
    except OSError:
        return None
    if not others or not alone:
        return None
    close = [p for p in others if name.lower() in p.stem.lower()] or others
    said = f"The notebook is called {close[0].name!r} instead of {expected.name!r}"
    ignored = ", ".join(repr(p.name) for p in others if p != close[0])
    problems.append(f"{said}; not graded: {ignored}." if ignored else f"{said}.")
    return close[0]


def assignment_digest(assignment: Assignment, seed: int, protected: bool) -> bytes:
    """A fingerprint of all but the submission that marks and feedback depend on."""
    about = (assignment.notebooks, assignment.policy, assignment.files, assignment.bank, seed, protected)
    return hashlib.sha256(repr(about).encode()).digest()


def digest(submission: Submission, of_assignment: bytes) -> str:
    """A fingerprint of everything that marks and feedback depend on."""
    state = hashlib.sha256(of_assignment + repr(submission.timestamp).encode())
    for name, data in sorted(submission.notebooks.items()):
        state.update(repr(name).encode() + (b"-" if data is None else hashlib.sha256(data).digest()))
    for name, data in submission.files:
        state.update(repr(name).encode() + hashlib.sha256(data).digest())
    return state.hexdigest()
