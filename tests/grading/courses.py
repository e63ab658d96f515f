"""Small course folders and submissions for the grader's tests."""

import copy
import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.grading.assignment import Course
from course_utils.grading.engine import Submission


def given(source, locked=False):
    cell = new_code_cell(source)
    if locked:
        cell.metadata.nbgrader = _role(f"locked-{abs(hash(source)) % 10**8}", locked=True)
    return cell


def answer(key, source):
    return new_code_cell(source, id=key, metadata={"nbgrader": _role(key, solution=True)})


def test(key, points, source):
    return new_code_cell(
        source, id=key, metadata={"nbgrader": _role(key, grade=True, locked=True, points=points)}
    )


test.__test__ = False  # not a pytest test


def manual(key, points, source, code=False):
    new = new_code_cell if code else new_markdown_cell
    return new(source, id=key, metadata={"nbgrader": _role(key, grade=True, solution=True, points=points)})


def task(key, points, source):
    return new_markdown_cell(
        source, id=key, metadata={"nbgrader": _role(key, task=True, locked=True, points=points)}
    )


def _role(key, **flags):
    return {
        "grade_id": key,
        "schema_version": 3,
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
        **flags,
    }


def make(root, cells, name="hw", policy="", files=()):
    """A course folder with one assignment of these cells."""
    folder = Path(root) / "source" / name
    folder.mkdir(parents=True, exist_ok=True)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=copy.deepcopy(list(cells)), metadata=kernel), folder / f"{name}.ipynb")
    if policy:
        (folder / "policy.toml").write_text(policy)
    for path, data in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return Course(Path(root))


def hand_in(assignment, answers=None, extra=(), student="sam", files=()):
    """A submission of the released notebook with these answers by key, and cells added as (index, source)."""
    return Submission(
        student, {assignment.notebooks[0].name: notebook(assignment, answers, extra)}, tuple(files)
    )


def notebook(assignment, answers=None, extra=()):
    """The bytes of a submitted notebook."""
    cells = []
    for cell in assignment.notebooks[0].cells:
        text = (answers or {}).get(cell.key, cell.release)
        new = new_code_cell(text) if cell.code else new_markdown_cell(text)
        if cell.cell_id:
            new["id"] = cell.cell_id
        if not cell.key.startswith("cell-"):
            new.metadata.nbgrader = {"grade_id": cell.key}
        cells.append(new)
    for index, source in reversed(list(extra)):
        cells.insert(index, new_code_cell(source))
    return json.dumps(new_notebook(cells=cells)).encode()


def solution(assignment):
    """The instructor's own answers by key."""
    return {c.key: c.source for c in assignment.notebooks[0].cells if c.role in ("answer", "manual")}


def by_id(marked):
    return {question.id: question for question in marked.questions}
