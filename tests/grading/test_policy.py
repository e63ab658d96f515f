"""What a policy leaves out of the sandbox is there in no form, whatever else it names."""

import importlib.util

import pytest

from course_utils.grading.engine import Grader
from course_utils.grading.policy import Policy, violations

from .courses import answer, given, hand_in, make, test

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


@pytest.mark.parametrize(
    "source, said",
    [
        ("import numpy as np", []),
        ("from numpy import linalg, array", []),
        ("from course_utils import data", []),
        ("import os.path\nfrom os import path", []),
        ("import torch", ["line 1: torch is not there"]),
        ("x = 1\nfrom torch import nn, optim", ["line 2: torch is not there"]),
        ("import course_utils", ["line 1: course_utils is not there"]),
        ("from course_utils import data, layers", ["line 1: course_utils.layers may not be used"]),
        ("from course_utils.layers import conv2d", ["line 1: course_utils.layers may not be used"]),
        ("from course_utils import models", ["line 1: course_utils.models is not there"]),
        ("from course_utils import data, models", ["line 1: course_utils.models is not there"]),
        ("from course_utils import *", ["line 1: course_utils is not there"]),
        ("from numpy import fft", ["line 1: numpy.fft may not be used"]),
        ("from . import layers\nx = (", []),
    ],
)
def test_imports_that_the_policy_does_not_allow_are_named(source, said):
    policy = Policy(uses=("numpy", "course_utils.data"), forbids=("course_utils.layers", "numpy.fft"))
    found = violations(source, policy)
    assert len(found) == len(said) and all(map(str.startswith, found, said)), found


def test_what_cells_import_is_loaded_before_they_run(tmp_path):
    """Also a module that is imported from a package: on both sides, once and not for each submission."""
    cells = [
        answer("a", "import sys\n### BEGIN SOLUTION\na = True\n### END SOLUTION"),
        given("from xml.dom import minidom"),
        test("a-test", 1, "import sys\nloaded = 'course_utils.checks' in sys.modules\nassert loaded and a"),
        test("b-test", 1, "from course_utils import checks, no_such_thing"),
    ]
    assignment = make(tmp_path, cells).load("hw")
    with Grader(assignment, seed=1) as grader:
        marked = grader.grade(hand_in(assignment, {"a": "import sys\na = 'xml.dom.minidom' in sys.modules"}))
    assert [(q.points, q.verdict) for q in marked.questions] == [(1, "passed"), (0, "error")], marked
