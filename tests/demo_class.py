"""A class to try the grader on: submissions made by code from the release, and the marks they must get.

    python -m tests.demo_class DIR     writes DIR/<student>/convolution/convolution.ipynb

Honest work first, then every way in which a notebook usually breaks.
"""

import copy
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENT = "convolution"
SOURCE = ROOT / "solutions" / ASSIGNMENT
RELEASE = ROOT / "assignments" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"


@dataclass(frozen=True)
class Submission:
    """What one student hands in: `write` makes the file's text from the release and the right answers."""

    student: str
    does: str
    score: float
    write: Callable[[nbformat.NotebookNode, dict[str, str]], str]


def role(cell):
    """What nbgrader's metadata say about a cell: {} for an ordinary one."""
    return cell.metadata.get("nbgrader", {})


def right_answers(source=SOURCE / f"{ASSIGNMENT}.ipynb"):
    """The solution cells of an instructor's notebook, by cell id."""
    notebook = nbformat.read(source, as_version=4)
    return {cell.id: cell.source for cell in notebook.cells if role(cell).get("solution")}


def _bank(path):
    """One file of the assignment's bank, as the text of the cell that it replaces."""
    return (SOURCE / path).read_text(encoding="utf-8")


def cell(notebook, name):
    """The cell with this id."""
    return next(cell for cell in notebook.cells if cell.id == name)


def fill(notebook, answers):
    """A copy of the notebook with these solution cells."""
    notebook = copy.deepcopy(notebook)
    for name, source in answers.items():
        cell(notebook, name).source = source
    return notebook


def _with(**changes):
    """All answers right but for these, given as cell_name=text."""

    def write(release, answers):
        changed = {name.replace("_", "-"): text for name, text in changes.items()}
        return nbformat.writes(fill(release, answers | changed))

    return write


def _untouched(release, answers):
    return nbformat.writes(release)


def _begun(release, answers):
    first_two = {name: answers[name] for name in ("output-size", "parameter-count")}
    return nbformat.writes(fill(release, first_two))


def _import_fails(release, answers):
    notebook = fill(release, answers)
    setup = cell(notebook, "setup")
    setup.source = "import a_package_that_is_not_installed\n" + setup.source
    return nbformat.writes(notebook)


def _prints_ten_megabytes(release, answers):
    notebook = fill(release, answers)
    where = notebook.cells.index(cell(notebook, "output-size")) + 1
    source = 'for step in range(200_000):\n    print(step, "still sliding " * 4)'
    notebook.cells.insert(where, nbformat.v4.new_code_cell(source, id="my-print"))
    return nbformat.writes(notebook)


def _warns(release, answers):
    notebook = fill(release, answers)
    noise = "import sys\nimport warnings\n"
    noisy = '    warnings.warn("slow loop")\n    print("0 %", file=sys.stderr)\n'
    answer = cell(notebook, "receptive-field")
    head, docstring, body = answer.source.split('"""')
    answer.source = f'{noise}\n\n{head}"""{docstring}"""\n{noisy}{body}'
    return nbformat.writes(notebook)


def _truncated(release, answers):
    text = nbformat.writes(fill(release, answers))
    return text[: len(text) // 2]


def _copies_a_cell(release, answers):
    """The first try is still there, under the same ids, above the one that works."""
    notebook = fill(release, answers)
    top = notebook.cells.index(cell(notebook, "max-pool-forward-question")) + 1
    for name in ("max-pool-forward-test-windows", "max-pool-forward"):
        first_try = copy.deepcopy(cell(notebook, name))
        if name == "max-pool-forward":
            first_try.source = ZEROS_CAN_WIN
        notebook.cells.insert(top, first_try)
    return json.dumps(notebook)  # nbformat would rename the copies


def _retags(release, answers):
    """No answers, but the test cells carry tags, points and flags of the student's choice."""
    notebook = copy.deepcopy(release)
    for test in notebook.cells:
        claims = role(test)
        if claims.get("grade"):
            test.metadata.tags = ["skip-execution", "raises-exception"]
            claims.update(points=1000, locked=False, solution=True)
    return nbformat.writes(notebook)


def _deletes_tests(release, answers):
    notebook = fill(release, answers)
    notebook.cells = [cell for cell in notebook.cells if not role(cell).get("grade")]
    return nbformat.writes(notebook)


def _deletes_a_question(release, answers):
    notebook = fill(release, answers)
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("max-pool-forward")]
    return nbformat.writes(notebook)


KERNEL_TURNED = _bank("wrong/conv-forward/kernel-turned.py")
ZEROS_CAN_WIN = _bank("wrong/max-pool-forward/zeros-can-win.py")
ENDLESS = """def receptive_field(layers):
    field = 1
    while layers:
        field += 2
    return field
"""
NO_COLON = "def conv_forward(x, w, b=None, stride=1, padding=0)\n    return x"

CLASS = [
    Submission("ada", "everything right", 100, _with()),
    Submission(
        "alonzo",
        "everything right, in another style",
        100,
        _with(
            conv_forward=_bank("right/conv-forward/sliding-windows-and-einsum.py"),
            max_pool_forward=_bank("right/max-pool-forward/running-maximum.py"),
        ),
    ),
    Submission(
        "barbara",
        "zeros can win the maximum",
        90,
        _with(max_pool_forward=ZEROS_CAN_WIN),
    ),
    Submission("claude", "turns the kernel", 58, _with(conv_forward=KERNEL_TURNED)),
    Submission("dennis", "did the first two questions", 22, _begun),
    Submission("edsger", "handed in the notebook as it was", 0, _untouched),
    Submission("frances", "a syntax error in one answer", 58, _with(conv_forward=NO_COLON)),
    Submission("grace", "an endless loop in the last answer", 84, _with(receptive_field=ENDLESS)),
    Submission("hedy", "an import that fails above everything", 28, _import_fails),
    Submission("ivan", "prints ten megabytes", 100, _prints_ten_megabytes),
    Submission("jean", "a file cut off in the middle", 0, _truncated),
    Submission("katherine", "warnings and progress on stderr", 100, _warns),
    Submission("linus", "kept a copied cell", 100, _copies_a_cell),
    Submission("margaret", "deleted the test cells", 100, _deletes_tests),
    Submission("niklaus", "no answers, but tags and points to his liking", 0, _retags),
    Submission("ole", "deleted a question with its tests", 80, _deletes_a_question),
]


def write_class(folder):
    """Write the whole class below `folder` and return the designed scores by student."""
    release, answers = nbformat.read(RELEASE, as_version=4), right_answers()
    for submission in CLASS:
        path = Path(folder) / submission.student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(submission.write(release, answers), encoding="utf-8")
    return {submission.student: submission.score for submission in CLASS}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write_class(sys.argv[1])
    print(f"{len(CLASS)} submissions written below {sys.argv[1]}")
