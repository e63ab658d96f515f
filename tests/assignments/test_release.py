"""What students receive is what the sources generate, without a solution, a hidden test or a bank."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.assignments.running import read
from tests.assignments.test_notebooks import ASSIGNMENTS
from tests.demo_class import ROOT

MUST_STAY = [
    "wrong/conv-forward/a.py",
    "right/b.py",
    "policy.toml",
    "mutants.yml",
    "c.json",
    "notes.md",
    "d.py",
]
MUST_STAY += [
    ".hidden",
    "wrong/deeper/e.npz",
    "f.log",
    "g.ipynb~",
    ".ipynb_checkpoints/convolution-checkpoint.ipynb",
]
MAY_GO = ["picture.png", "data/numbers.npz"]


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """A copy of the course, with more files beside each source notebook, released by nbgrader."""
    course = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    shutil.copytree(ROOT / "solutions", course / "solutions")
    for assignment in ASSIGNMENTS:
        for name in MUST_STAY + MAY_GO:
            path = course / "solutions" / assignment / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("canary")
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "--assignment=*"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return course / "assignments"


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_committed_release_is_what_the_source_generates(generated, assignment):
    name = f"{assignment}.ipynb"
    committed = (ROOT / "assignments" / assignment / name).read_text(encoding="utf-8")
    fresh = (generated / assignment / name).read_text(encoding="utf-8")
    assert committed == fresh, (
        f"run `nbgrader generate_assignment {assignment} --force` and commit the result"
    )


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_nothing_beside_the_source_goes_out_but_pictures_and_data(generated, assignment):
    assert files(generated / assignment) == sorted([f"{assignment}.ipynb", *MAY_GO])


def test_the_committed_release_holds_the_notebooks_alone():
    released = [name for name in files(ROOT / "assignments") if ".ipynb_checkpoints" not in name]
    assert released == [f"{name}/{name}.ipynb" for name in ASSIGNMENTS]


def secret_lines(assignment):
    """Lines of solutions, hidden tests and banks that stand nowhere else in the notebook."""
    source = read(ROOT / "solutions" / assignment / f"{assignment}.ipynb")
    region = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.DOTALL)
    secret = [match[2] for cell in source.cells for match in region.finditer(cell.source)]
    secret += [path.read_text(encoding="utf-8") for path in (ROOT / "solutions" / assignment).rglob("*.py")]
    public = "\n".join(region.sub("", cell.source) for cell in source.cells)
    lines = {line.strip() for text in secret for line in text.splitlines()}
    return {line for line in lines if len(line) > 12 and line not in public}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_line_of_a_solution_or_a_hidden_test_is_in_the_release(assignment):
    secret = secret_lines(assignment)
    assert len(secret) > 50
    for path in (ROOT / "assignments" / assignment).rglob("*"):
        if path.is_file():
            text = (
                path.read_bytes().decode("utf-8", errors="replace").replace('\\"', '"').replace("\\\\", "\\")
            )
            assert [line for line in secret if line in text] == []
            assert not re.search("(BEGIN|END) (SOLUTION|HIDDEN)", text)
