"""What a policy leaves out of the sandbox is there in no form, whatever else it names."""

import importlib.util

import pytest

from course_utils.grading.engine import Grader

from .courses import answer, hand_in, make, test

CELLS = [answer("a", "### BEGIN SOLUTION\na = 1\n### END SOLUTION"), test("a-test", 1, "assert a == 1")]

LOOK = """
import pathlib, re, sys
folders = [folder for folder in sys.path if folder.startswith("/env/") and "python" not in folder]
found = [str(p) for folder in folders for p in pathlib.Path(folder).rglob("*")
         if re.search(PATTERN, str(p)) and p.is_file() and p.stat().st_size]
try:
    import MODULE
    found.append("imported")
except ImportError as error:
    pass
a = 1
print("FOUND", found)
"""


def seen(tmp_path, policy, module, pattern):
    """What a student finds of a module, by looking through all folders and by importing it."""
    assignment = make(tmp_path, CELLS, policy=policy).load("hw")
    text = LOOK.replace("PATTERN", repr(pattern)).replace("MODULE", module)
    with Grader(assignment, seed=1) as grader:
        marked = grader.grade(hand_in(assignment, {"a": text}))
    assert marked.score == 1, (marked.questions, marked.cells["hw"])
    return next(step["output"] for step in marked.cells["hw"] if "FOUND" in step["output"]).strip()


@pytest.mark.parametrize(
    "policy, module, pattern",
    [
        ("forbids = ['six']", "six", r"\d/(__pycache__/)?six\."),
        ("forbids = ['numpy.matlib']", "numpy.matlib", r"numpy/(__pycache__/)?matlib\."),
        ("uses = ['numpy']\nforbids = ['numpy.matlib']", "numpy.matlib", r"numpy/(__pycache__/)?matlib\."),
        ("forbids = ['numpy', 'numpy.linalg']", "numpy", r"\d/numpy/"),
        (
            "uses = ['numpy', 'PIL']\nforbids = ['PIL.Image', 'pil']",
            "PIL.Image",
            r"PIL/(__pycache__/)?Image\.",
        ),
    ],
)
def test_what_is_forbidden_is_nowhere(tmp_path, policy, module, pattern):
    assert importlib.util.find_spec(module), "it must be installed for this test to say anything"
    assert seen(tmp_path, policy, module, pattern) == "FOUND []"


def test_what_is_not_forbidden_is_there(tmp_path):
    found = seen(tmp_path, "forbids = ['torch']", "six", r"\d/six\.")
    assert "imported" in found and "six.py" in found


def test_an_editable_installation_tells_no_path(tmp_path):
    assert seen(tmp_path, "forbids = ['torch']", "no_such_module", r"\d/[^/]*\.pth$") == "FOUND []"
