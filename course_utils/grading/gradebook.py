"""Writing marks into nbgrader's gradebook and autograded folder. One process writes, one transaction a
submission.

``nbgrader formgrader``, ``generate_feedback`` and ``export`` read what is written here. Manual scores are
kept, as nbgrader keeps them: they stay in force and the cell is put up for review.

Threat answered: the gradebook is opened by this process alone, never by one that handles student code, and a
killed run leaves either all of a submission's marks or none.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, parse_utc

from .assignment import Assignment, Cell, Course, CourseError, Notebook
from .engine import Decided, Marked
from .submissions import ON_TIME


class Writer:
    """The gradebook of a course, open for one assignment."""

    def __init__(self, course: Course, assignment: Assignment):
        self.course = course
        self.assignment = assignment
        with _tools_on_path():
            self.book = Gradebook(course.db_url, course.course_id)
        self._released()
        self._drop_what_is_gone()

    def close(self) -> None:
        self.book.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _released(self) -> None:
        """Make sure that the gradebook knows the assignment's cells and points (``generate_assignment``
        does, too).
        """
        with self._one_transaction():
            self.book.update_or_create_assignment(self.assignment.name)
            for notebook in self.assignment.notebooks:
                kernel = json.dumps(dict(notebook.metadata.get("kernelspec", {})))
                try:
                    self.book.find_notebook(notebook.name, self.assignment.name)
                except MissingEntry:
                    self.book.add_notebook(notebook.name, self.assignment.name, kernelspec=kernel)
                where = (notebook.name, self.assignment.name)
                for cell in notebook.cells:
                    kind = "code" if cell.code else "markdown"
                    if cell.role in ("test", "manual"):
                        self.book.update_or_create_grade_cell(
                            cell.key, *where, max_score=cell.points, cell_type=kind
                        )
                    if cell.role in ("answer", "manual"):
                        self.book.update_or_create_solution_cell(cell.key, *where)
                    if cell.role == "task":
                        self.book.update_or_create_task_cell(
                            cell.key, *where, max_score=cell.points, cell_type=kind
                        )

    def _drop_what_is_gone(self) -> None:
        """Cells that the source no longer has count no longer. Their marks were the tests'.

        Raises:
            CourseError: a person has marked one of them, and that would be lost.
        """
        kinds = {"GradeCell": ("test", "manual"), "SolutionCell": ("answer", "manual"), "TaskCell": ("task",)}
        roles = {(n.name, c.key): c.role for n in self.assignment.notebooks for c in n.cells}
        with self._one_transaction():
            for notebook in self.book.find_assignment(self.assignment.name).notebooks:
                for cell in [*notebook.grade_cells, *notebook.solution_cells, *notebook.task_cells]:
                    if roles.get((notebook.name, cell.name)) in kinds[type(cell).__name__]:
                        continue
                    if any(grade.manual_score is not None for grade in cell.grades):
                        raise CourseError(
                            f"{notebook.name}.ipynb no longer has the question {cell.name!r}, for which the "
                            "gradebook holds marks given by hand: give it back to the notebook, or delete "
                            "these marks in formgrader"
                        )
                    for entry in [*cell.grades, *cell.comments, cell]:
                        self.book.db.delete(entry)

    @contextlib.contextmanager
    def _one_transaction(self) -> Any:
        """nbgrader commits after each step; within this, its commits only flush, and all is committed at the
        end.
        """
        session = self.book.db()
        commit = session.commit
        session.commit = session.flush
        try:
            with session.no_autoflush:
                yield
            commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            del session.commit

    def write(self, marked: Marked) -> Decided:
        """Record a submission's marks, and its notebooks with what they printed; what people have decided."""
        self._write_notebooks(marked)
        with self._one_transaction():
            self.book.update_or_create_student(marked.student)
            extra = {}
            if marked.timestamp:
                try:
                    extra["timestamp"] = parse_utc(marked.timestamp)
                except (ValueError, OverflowError):  # its author may have been the student
                    extra["timestamp"] = None
                    said = f"timestamp.txt cannot be read as a date: {marked.timestamp[:40]!r}."
                    marked.problems.append(f"{said} {ON_TIME}")
            submission = self.book.update_or_create_submission(self.assignment.name, marked.student, **extra)
            grades, comments = self._entries(submission)
            for question in marked.questions:
                grade = grades[question.notebook, question.id]
                grade.auto_score = None if question.verdict == "manual" else question.points
                grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            for notebook in self.assignment.notebooks:
                untouched = {
                    s["key"] for s in marked.cells.get(notebook.name, []) if not s.get("attempted", True)
                }
                for cell in notebook.cells:
                    if cell.role in ("answer", "manual"):
                        comment = comments[notebook.name, cell.key]
                        comment.auto_comment = "No response." if cell.key in untouched else None
            decided = _decided(grades)
            in_time = self._in_time(submission)
        return decided if in_time else self._late(marked.student, decided)

    def decided(self, student: str) -> Decided | None:
        """What people have decided of a submission that was written before, with today's due date; None if
        the gradebook or the autograded folder do not have it as it was written.
        """
        folder = self._autograded(student)
        if not all((folder / f"{notebook.name}.ipynb").exists() for notebook in self.assignment.notebooks):
            return None
        try:
            submission = self.book.find_submission(self.assignment.name, student)
        except MissingEntry:
            return None
        grades = {(n.name, grade.cell.name): grade for n in submission.notebooks for grade in n.grades}
        if not {(n.name, c.key) for n in self.assignment.notebooks for c in n.graded} <= grades.keys():
            return None
        decided = _decided(grades)
        return decided if self._in_time(submission) else self._late(student, decided)

    def _entries(self, submission: Any) -> tuple[dict, dict]:
        """A submission's grades and comments by (notebook, cell). One that was begun before a cell was added
        is given what it lacks.
        """
        grades, comments = {}, {}
        have = {notebook.notebook_id: notebook for notebook in submission.notebooks}
        for notebook in submission.assignment.notebooks:
            mine = have.get(notebook.id) or SubmittedNotebook(notebook=notebook, assignment=submission)
            self.book.db.add(mine)
            graded = {grade.cell_id: grade for grade in mine.grades}
            commented = {comment.cell_id: comment for comment in mine.comments}
            tasks = notebook.task_cells
            for cell in [*tasks, *notebook.grade_cells]:
                grade = graded.get(cell.id) or Grade(cell_id=cell.id, notebook=mine)
                grades[notebook.name, cell.name] = grade
                self.book.db.add(grade)
            for cell in [*tasks, *notebook.solution_cells]:
                comment = commented.get(cell.id) or Comment(cell_id=cell.id, notebook=mine)
                comments[notebook.name, cell.name] = comment
                self.book.db.add(comment)
        self.book.db.flush()
        return grades, comments

    def _in_time(self, submission: Any) -> bool:
        """Whether there is no penalty to be had, nor one to be taken back."""
        penalties = any(notebook.late_submission_penalty for notebook in submission.notebooks)
        return not penalties and submission.total_seconds_late <= 0

    def _late(self, student: str, decided: Decided) -> Decided:
        """The same with a late submission's penalty, which nbgrader decides."""
        for notebook in self.assignment.notebooks:
            place = {
                "notebook": notebook.name,
                "assignment": self.assignment.name,
                "student": student,
                "db_url": self.course.db_url,
            }
            AssignLatePenalties(config=self.course.config).preprocess(
                nbformat.v4.new_notebook(), {"nbgrader": place}
            )
        self.book.db.expire_all()  # it has a connection of its own
        submission = self.book.find_submission(self.assignment.name, student)
        return dataclasses.replace(decided, late_penalty=submission.late_submission_penalty)

    def _autograded(self, student: str) -> Path:
        return self.course.path(self.course.autograded_directory, student, self.assignment.name)

    def _write_notebooks(self, marked: Marked) -> None:
        folder = self._autograded(marked.student)
        _remove(folder)
        folder.mkdir(parents=True)
        for relative, data in self.assignment.files:
            target = folder / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        for notebook in self.assignment.notebooks:
            steps = marked.cells.get(notebook.name)
            if steps is not None:
                (folder / f"{notebook.name}.ipynb").write_text(
                    nbformat.v4.writes(as_notebook(notebook, steps, marked)), encoding="utf-8"
                )
        if marked.timestamp:
            (folder / "timestamp.txt").write_text(marked.timestamp)


def _decided(grades: dict[tuple[str, str], Any]) -> Decided:
    by_hand = {key: g for key, g in grades.items() if g.manual_score is not None or g.extra_credit}
    return Decided({key: grade.score or 0.0 for key, grade in by_hand.items()})


def as_notebook(notebook: Notebook, steps: list[dict], marked: Marked, hidden: bool = True) -> Any:
    """The graded notebook in nbgrader's form; with ``hidden`` False, tests are shown as they were
    released, and tasks without their mark schemes.
    """
    questions = {q.id: q for q in marked.questions if q.notebook == notebook.name}
    by_key = {cell.key: cell for cell in notebook.cells}
    cells = []
    for number, step in enumerate(steps):
        cell = by_key.get(step["key"]) if step["key"] else None
        question = questions.get(step["key"])
        text = step["text"]
        if cell and cell.role == "test":
            text = cell.source if hidden else cell.release
        new = {"cell_type": "markdown", "id": f"cell-{number}", "metadata": {}, "source": text}
        if cell and cell.role == "task" and hidden and cell.source != cell.release:
            new["source"] = _with_mark_scheme(cell, text)
            new["metadata"]["course"] = {"for_students": text}
        if step["code"]:
            new |= {"cell_type": "code", "execution_count": None, "outputs": _outputs(step, question)}
        if question and question.verdict not in ("passed", "manual"):
            sentence = question.diagnosis or f"{question.verdict}: {question.message}"
            new["metadata"].setdefault("course", {})["sentence"] = " ".join(sentence.split())[:600]
        if cell and (cell.role != "given" or cell.locked):
            _add_role(new, cell)
        cells.append(new)
    result = nbformat.from_dict(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": notebook.metadata, "cells": cells}
    )
    nbformat.validate(result)  # once: nbformat's functions for new cells check each for themselves, slowly
    return result


def _with_mark_scheme(cell: Cell, text: str) -> str:
    """A task's cell for whoever marks it: as the instructor wrote it, below what a student wrote into it."""
    return cell.source if text.strip() == cell.release.strip() else f"{text}\n\n{cell.source}"


def _add_role(new: dict, cell: Cell) -> None:
    """Give a cell nbgrader's metadata and, over all of it, nbgrader's checksum."""
    role = {
        "grade_id": cell.key,
        "schema_version": 3,
        "grade": cell.role in ("test", "manual"),
        "solution": cell.role in ("answer", "manual"),
        "task": cell.role == "task",
        "locked": cell.locked,
        "cell_type": new["cell_type"],
    }
    if cell.role in ("test", "manual", "task"):
        role["points"] = cell.points
    new["metadata"]["nbgrader"] = role
    role["checksum"] = compute_checksum(nbformat.from_dict(new))


def _outputs(step: dict, question: Any) -> list[dict]:
    outputs = []
    if step["output"]:
        outputs.append({"output_type": "stream", "name": "stdout", "text": step["output"]})
    for picture in step["figures"]:
        data = {"image/png": base64.b64encode(picture).decode()}
        outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
    if step["error"]:
        name, _, message, lines = step["error"]
        where = [f"({', '.join(lines)})"] if lines else []
        outputs.append(_error(name, message, [f"{name}: {message}", *where]))
    elif step["ended"]:
        text = f"The cell was undone: {step['ended']}."
        outputs.append(_error(step["ended"], text, [text]))
    if question and question.verdict not in ("passed", "manual"):
        lines = [f"{question.verdict}: {question.message}"]
        if question.diagnosis:
            lines.insert(0, question.diagnosis)
        if question.points:
            data = {"text/plain": f"{question.points:g}"}
            outputs.append(
                {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}
            )
        outputs.append(_error(question.verdict, question.message, lines))
    return outputs


def _error(name: str, message: str, lines: list[str]) -> dict:
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": lines}


@contextlib.contextmanager
def _tools_on_path() -> Any:
    """A new gradebook asks the command ``alembic`` for its version, which need not be on an unactivated
    PATH.
    """
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _remove(folder: Path) -> None:
    """Remove an earlier result; nbgrader makes such folders read-only."""
    if not folder.exists():
        return
    for base, _, files in os.walk(folder):
        os.chmod(base, stat.S_IRWXU)
        for name in files:
            path = os.path.join(base, name)
            if not os.path.islink(path):
                os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)
    shutil.rmtree(folder)
