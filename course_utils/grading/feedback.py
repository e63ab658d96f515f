"""Feedback for students: nbgrader's own page for each notebook, with the diagnosis on top and the hidden
tests left out.

Made from the autograded notebooks and the gradebook, so that marks and comments that a person has added are
in it.

Threat answered: a page that an instructor, or another student, opens must not run what a student wrote: all
HTML in answers and outputs is sanitised.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import inert
from .assignment import Assignment, Course

# See ``run.grade_class``: a second saved.
sys.modules.setdefault("rfc3987_syntax", None)

from nbformat.v4 import new_markdown_cell  # noqa: E402
from nbgrader.converters import GenerateFeedback  # noqa: E402
from nbgrader.coursedir import CourseDirectory  # noqa: E402
from nbgrader.preprocessors import NbGraderPreprocessor  # noqa: E402
from traitlets import Dict  # noqa: E402
from traitlets.config import Config  # noqa: E402


class ForStudents(NbGraderPreprocessor):
    """Shows tests as they were released and tasks without their mark schemes, and begins with what went wrong
    and why.
    """

    released = Dict(help="For each notebook, the released text of each test by its key.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        tests = self.released.get(resources["nbgrader"]["notebook"], {})
        lines = []
        for cell in nb.cells:
            key = cell.metadata.get("nbgrader", {}).get("grade_id")
            if key in tests:
                cell.source = tests[key]
            found = cell.metadata.pop("course", {})
            cell.source = found.get("for_students", cell.source)
            if "sentence" in found:
                lines.append(f"- **{key}**: {found['sentence']}")
        if lines:
            nb.cells.insert(0, new_markdown_cell("### What to look at\n\n" + "\n".join(dict.fromkeys(lines))))
        return nb, resources


def write(
    course: Course, assignment: Assignment, on_done: Callable[[str], None] = lambda student: None
) -> list[Path]:
    """Write the feedback of every graded submission; the pages written, in the course's feedback folder."""
    released = {n.name: {c.key: c.release for c in n.cells if c.role == "test"} for n in assignment.notebooks}
    config = Config(course.config)
    inert.configure(config)
    config.ForStudents.released = released
    steps = ["nbgrader.preprocessors.GetGrades", "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor"]
    pages = []
    pattern = course.path(course.autograded_directory, "*", assignment.name)
    index = pattern.parts.index("*")
    base = Path(*pattern.parts[:index])
    for folder in sorted(base.glob("/".join(pattern.parts[index:]))):
        student = folder.parts[index]
        config.CourseDirectory.student_id = _literal(student)
        config.CourseDirectory.assignment_id = assignment.name
        config.GenerateFeedback.preprocessors = [ForStudents, *steps]
        converter = GenerateFeedback(coursedir=CourseDirectory(config=config), config=config)
        converter.force = True
        converter.start()
        target = course.path(course.feedback_directory, student, assignment.name)
        pages += [
            target / f"{n.name}.html" for n in assignment.notebooks if (target / f"{n.name}.html").exists()
        ]
        on_done(student)
    return pages


def _literal(name: str) -> str:
    """A student's name as a pattern that matches only itself."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
