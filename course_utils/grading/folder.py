"""A course folder in nbgrader's layout, read without nbgrader.

Importing nbgrader takes longer than grading a dozen submissions, and all that is needed before the first one
runs is where things are and what students received. So its configuration file is read here with nbgrader's
own names and defaults, and the regions that a release leaves out are cut by its rules; tests hold both to
nbgrader's results. The gradebook and the feedback are nbgrader's own, imported while the first submissions
run.
"""

from __future__ import annotations

import fnmatch
import os
import re
import traceback
from pathlib import Path
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue, PyFileConfigLoader

_DEFAULTS = {
    "course_id": "",
    "directory_structure": os.path.join("{nbgrader_step}", "{student_id}", "{assignment_id}"),
    "source_directory": "source",
    "release_directory": "release",
    "submitted_directory": "submitted",
    "autograded_directory": "autograded",
    "feedback_directory": "feedback",
    "ignore": [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"],
}


class CourseError(ValueError):
    """The course folder, not a submission, is at fault."""


def _value(settings: Config, name: str, default: Any) -> Any:
    """A setting, also one that only changes nbgrader's default (``c.CourseDirectory.ignore.append(...)``)."""
    value = settings.get(name, default)
    return value.get_value(default) if isinstance(value, LazyConfigValue) else value


class CourseFolder:
    """Where things are in a course folder, as its ``nbgrader_config.py`` says.

    Attributes:
        root: the folder.
        config: the whole configuration.
        course_id, source_directory, ...: nbgrader's settings of the same names.
        db_url: the gradebook's address.
    """

    def __init__(self, root: Path):
        self.root = root.resolve()
        if not self.root.is_dir():
            raise CourseError(f"{root} is not a folder")
        self.config = Config()
        path = self.root / "nbgrader_config.py"
        if path.exists():
            try:
                self.config = PyFileConfigLoader(path.name, str(self.root)).load_config()
            except Exception as error:
                lines = [
                    f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)
                ]
                where = f", line {lines[-1]}" if lines else ""
                raise CourseError(f"{path}{where}: {type(error).__name__}: {error}") from error
        settings = self.config.CourseDirectory
        for name, default in _DEFAULTS.items():
            setattr(self, name, _value(settings, name, default))
        # nbgrader is run in this folder, so what is relative in its configuration is relative to this.
        self._base = Path(os.path.abspath(self.root / (settings.get("root") or "")))
        self.db_url = self._in_root(settings.get("db_url") or f"sqlite:///{self._base / 'gradebook.db'}")
        settings.root, settings.db_url = str(self._base), self.db_url

    def _in_root(self, url: str) -> str:
        """The address of a gradebook, a relative path of an SQLite file taken from the course folder."""
        kind, _, path = url.partition(":///")
        if not kind.startswith("sqlite") or not path or path.startswith((":memory:", "file:")):
            return url
        return f"{kind}:///{os.path.join(self.root, path)}"

    def path(self, step: str, student: str, assignment: str) -> Path:
        """The folder of one assignment (and student) at one step of nbgrader's work."""
        place = self.directory_structure.format(
            nbgrader_step=step, student_id=student, assignment_id=assignment
        )
        return Path(os.path.normpath(self._base / place))

    def source_folder(self, assignment: str) -> Path:
        return self.path(self.source_directory, ".", assignment)

    def assignments(self) -> list[str]:
        """Names of the assignments that have a source notebook."""
        root = self.source_folder("x").parent
        return sorted(p.name for p in root.glob("*") if any(p.glob("*.ipynb")))

    def public_files(self, folder: Path) -> list[Path]:
        """The files below a source folder that nbgrader would release, without notebooks, sorted."""
        found = []
        for base, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if not self._ignored(name)]
            found += [Path(base) / n for n in files if not self._ignored(n) and not n.endswith(".ipynb")]
        return sorted(path for path in found if not path.is_symlink())

    def _ignored(self, name: str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) for pattern in self.ignore)

    def released(self, cell: dict[str, Any], where: str) -> str:
        """The text of a cell as students receive it.

        Raises:
            CourseError: a region is not closed, nested, or in a cell where nbgrader does not allow it.
        """
        text, role = cell["source"], cell["metadata"].get("nbgrader", {})
        code = cell["cell_type"] == "code"
        stub = self._stub("code_stub", {"python": "# YOUR CODE HERE\nraise NotImplementedError()"})["python"]
        if not code:
            stub = self._stub("text_stub", "YOUR ANSWER HERE")
        text, solution = self._cut(text, "ClearSolutions", "solution", "SOLUTION", where, stub)
        if solution and not role.get("solution"):
            raise CourseError(f"{where}: a solution region in a cell that is no answer")
        if role.get("solution") and not solution:
            text = stub
        text, hidden = self._cut(text, "ClearHiddenTests", "test", "HIDDEN TESTS", where)
        if hidden and not role.get("grade"):
            raise CourseError(f"{where}: hidden tests in a cell that is not graded")
        return self._cut(text, "ClearMarkScheme", "mark_scheme", "MARK SCHEME", where)[0]

    def _stub(self, name: str, default: Any) -> Any:
        value = _value(self.config.ClearSolutions, name, default)
        return {"python": value} if name == "code_stub" and isinstance(value, str) else value

    def _cut(
        self, text: str, step: str, trait: str, words: str, where: str, stub: str | None = None
    ) -> tuple[str, bool]:
        """The text without the regions between two marks, each replaced by the stub if there is one."""
        marks = self.config[step]
        begin = marks.get(f"begin_{trait}_delimeter", f"BEGIN {words}")  # nbgrader's spelling
        end = marks.get(f"end_{trait}_delimeter", f"END {words}")
        kept: list[str] = []
        inside = cut = False
        for line in text.split("\n"):
            if begin in line:
                if inside:
                    raise CourseError(f"{where}: {begin!r} inside another")
                inside = cut = True
                if stub is not None:
                    indent = re.match(r"\s*", line).group()
                    kept += [indent + part for part in stub.split("\n")]
            elif end in line:
                inside = False
            elif not inside:
                kept.append(line)
        if inside:
            raise CourseError(f"{where}: {begin!r} without {end!r}")
        return "\n".join(kept), cut
