"""Attacks by what a notebook's file says of itself. The attacker has a wrong answer to ``target`` and tries
to get points for it by structure and metadata; the other answers are honest and must count all the same.

Each function below changes a notebook (a plain dict, the honest answers filled in, ``target`` wrong) or the
folder that it is handed in with, and returns None or the notebook's text. Rows say what the submission must
get if it is not the honest answers' points.
"""

# ruff: noqa: E501  (text of a notebook's cell stays on its line)

import copy
import json

from .course import FULL, HONEST, POINTS, find, own_cell

WRONG = "def target(x):\n    return 0 * x"
EARNED = FULL - POINTS["target"]
ROWS = {}


def row(score=EARNED):
    def add(function):
        ROWS[f"structure-{function.__name__}"] = (function, score)
        return function

    return add


def tests(notebook):
    return [cell for cell in notebook["cells"] if "-" in cell["id"]]


def role(cell):
    return cell["metadata"].setdefault("nbgrader", {})


@row()
def tests_replaced_by_nothing(notebook, folder):
    """The text of the test cells is a number that nbgrader reads as points."""
    for cell in tests(notebook):
        cell["source"] = "2"


@row()
def tests_deleted(notebook, folder):
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in tests(notebook)]


@row()
def tests_tagged(notebook, folder):
    """Tags by which runners leave cells out or forgive their errors."""
    for cell in tests(notebook):
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "remove-cell", "skip"]


@row()
def roles_exchanged(notebook, folder):
    """Tests say that they are answers, answers that they are tests with many points."""
    for cell in notebook["cells"]:
        is_test = cell in tests(notebook)
        role(cell).update(grade=not is_test, solution=is_test, locked=False, points=1000, task=True)


@row()
def points_claimed(notebook, folder):
    for cell in tests(notebook):
        role(cell).update(grade=True, points=1000, schema_version=99, checksum="0" * 32)


@row()
def outputs_forged(notebook, folder):
    """The file holds the outputs of a run in which all went well."""
    for cell in tests(notebook):
        cell["outputs"] = [
            {
                "output_type": "execute_result",
                "execution_count": 1,
                "metadata": {},
                "data": {"text/plain": "2.0"},
            }
        ]
        cell["execution_count"] = 1


@row()
def a_test_of_its_own(notebook, folder):
    """Added cells that claim to be graded, under new names and under the name of a hidden test."""
    for name in ("target-bonus", "target-allclose", "target"):
        cell = own_cell("100", f"own-{name}")
        cell["metadata"] = {"nbgrader": {"grade_id": name, "grade": True, "points": 100, "solution": False}}
        notebook["cells"].append(cell)


@row()
def every_name_twice(notebook, folder):
    """Every cell is there twice; the copies of the answers are empty."""
    copies = copy.deepcopy(notebook["cells"])
    for cell in copies:
        cell["source"] = ""
    notebook["cells"] += copies


@row()
def one_name_for_all(notebook, folder):
    """An added cell for every test, all with the name of the attacked answer; the last one counts."""
    for _ in range(20):
        notebook["cells"].insert(
            0, {**own_cell(WRONG, "target"), "metadata": {"nbgrader": {"grade_id": "target"}}}
        )


@row()
def order_reversed(notebook, folder):
    notebook["cells"].reverse()


@row()
def an_answer_moved_to_the_end(notebook, folder):
    """The wrong answer stands below the tests; an honest one that runs first is not named as the answer."""
    moved = notebook["cells"].pop(find(notebook, "target"))
    notebook["cells"].append(moved)


@row()
def instructors_cells_edited(notebook, folder):
    """The given cell defines the helper and the names of the tests such that wrong is right."""
    notebook["cells"][0]["source"] += "\n\ndef helper(x):\n    return x**2\n\n\nchecks = expected = None"


@row()
def kernel_of_its_own(notebook, folder):
    """Metadata that would start another kernel, or a program."""
    notebook["metadata"] = {
        "kernelspec": {
            "name": "bash",
            "language": "bash",
            "argv": ["/bin/sh", "-c", "touch planted-by-an-attack"],
        },
        "language_info": {"name": "bash"},
        "nbgrader": {"points": 99},
        "jupytext": {"cell_metadata_filter": "all", "main_language": "bash"},
    }


@row()
def answers_as_text(notebook, folder):
    """All cells are text, or of a type that does not exist; their texts count all the same."""
    for number, cell in enumerate(notebook["cells"]):
        cell["cell_type"] = ("markdown", "raw", "code-ish", None)[number % 4]


@row()
def metadata_of_many_megabytes(notebook, folder):
    notebook["metadata"]["huge"] = {str(number): "x" * 100 for number in range(100_000)}
    role(notebook["cells"][3])["huge"] = "y" * 10_000_000


@row()
def names_that_are_no_names(notebook, folder):
    """Added cells whose names are numbers, lists, paths and names of attributes."""
    for name in (0, [], {}, None, "../../etc/passwd", "__class__", "a" * 100_000, "target\0", "<b>"):
        cell = own_cell("x = 1")
        cell["metadata"] = {"nbgrader": {"grade_id": name}}
        notebook["cells"].append({**cell, "id": name})


@row()
def attachments_and_links(notebook, folder):
    notebook["cells"].append(
        {
            "cell_type": "markdown",
            "id": "links",
            "source": "![](../../gradebook.db) <iframe src='file:///etc/passwd'></iframe>",
            "metadata": {},
            "attachments": {"../../planted-by-an-attack": {"image/png": "AAAA"}},
        }
    )


@row()
def thousands_of_cells(notebook, folder):
    notebook["cells"] += [own_cell("", f"empty-{number}") for number in range(8000)]


@row()
def names_lost_in_a_crowd(notebook, folder):
    """The attacked answer has lost its name among many long cells that could be it."""
    notebook["cells"][find(notebook, "target")].update(id="lost", metadata={})
    filler = "x = [" + "(0, {1: -2}), " * 20_000 + "]\n"
    notebook["cells"] += [own_cell(filler, f"long-{number}") for number in range(12)]


@row()
def magics_without_end(notebook, folder):
    """The same with thousands of lines of magics, each of which asks for another pass over the cell."""
    notebook["cells"][find(notebook, "target")].update(id="lost", metadata={})
    lines = "\n".join(f"%lsmagic {number}\n!true" for number in range(1500))
    for number in range(3):
        notebook["cells"].append(own_cell(f"if False:\n    pass\n{lines}", f"magics-{number}"))


@row()
def text_that_parsers_choke_on(notebook, folder):
    """The same with text that is deep where parsers recurse."""
    notebook["cells"][find(notebook, "target")].update(id="lost", metadata={})
    deep = ["(" * 5000, "-" * 50_000 + "1", "a" + ".b" * 50_000, "[" * 150 + "]" * 150, "f(" * 90 + ")" * 90]
    deep += [
        "lambda: " * 9000 + "0",
        "if 1:\n" + "".join(" " * n + "if 1:\n" for n in range(1, 99)),
        "{0: " * 99 + "}" * 99,
    ]
    for number, text in enumerate(deep):
        notebook["cells"].append(own_cell(f"if False:\n    x = {text}", f"deep-{number}"))
        notebook["cells"].append(own_cell(text, f"deeper-{number}"))


@row()
def modules_beside_the_notebook(notebook, folder):
    """Files with the names of modules that tests import."""
    (folder / "course_utils" / "checks").mkdir(parents=True)
    lie = "def same_values(*args, **kwargs):\n    pass\n\n\ngenerator = case = same_values\nallclose = lambda *a: True\n"
    for name in (
        "course_utils/__init__.py",
        "course_utils/checks/__init__.py",
        "numpy.py",
        "sitecustomize.py",
        "conftest.py",
    ):
        (folder / name).write_text(lie)


@row()
def files_in_the_way(notebook, folder):
    """A file where the assignment has a folder, and a folder where it has a file."""
    (folder / "data").write_text("planted-by-an-attack")
    (folder / "numbers.txt").mkdir()


@row()
def links_beside_the_notebook(notebook, folder):
    """Links to the gradebook, to the hidden tests, to everything, to themselves, and a pipe."""
    import os

    course = folder.parents[2]
    for name, to in (
        ("book.txt", course / "gradebook.db"),
        ("tests.txt", course / "source" / "wall" / "wall.ipynb"),
        ("all", "/"),
        ("round", "round"),
        ("others", course / "submitted"),
    ):
        (folder / name).symlink_to(to)
    os.mkfifo(folder / "pipe.txt")
    look = "import os\nfound = []\nfor name in ('book.txt', 'tests.txt', 'all/etc', 'others', 'pipe.txt'):\n"
    look += "    if os.path.exists(name):\n        found.append(os.listdir(name) if os.path.isdir(name) else open(name, 'rb').read())\n"
    notebook["cells"].append(own_cell(look + "print(found)"))


@row(score=0)
def the_solution_by_a_link(notebook, folder):
    """The notebook is a link to the instructor's own."""
    (folder / "wall.ipynb").symlink_to(folder.parents[2] / "source" / "wall" / "wall.ipynb")
    return ""


@row(score=0)
def another_students_by_a_link(notebook, folder):
    """The whole folder is a link to the one of a student who got everything right."""
    folder.rmdir()
    folder.symlink_to(folder.parents[1] / "honest-00" / "wall")
    return ""


@row()
def a_time_out_of_this_world(notebook, folder):
    """A time of submission that no clock has shown."""
    (folder / "timestamp.txt").write_text("0001-01-01T00:00:00+12:00")


@row()
def a_time_that_is_code(notebook, folder):
    (folder / "timestamp.txt").write_text("'; drop table grade; --")


@row()
def many_notebooks(notebook, folder):
    """Copies of the notebook under names that come first; only the expected one counts."""
    better = copy.deepcopy(notebook)
    better["cells"][find(better, "target")]["source"] = HONEST["target"]
    for name in ("a.ipynb", "wall (1).ipynb", "WALL.ipynb", "wall.ipynb.ipynb"):
        (folder / name).write_text(json.dumps(better))


@row()
def points_that_are_no_numbers(notebook, folder):
    for cell, points in zip(
        tests(notebook), [float("nan"), -5, float("inf"), "2", None, [], 10**400] * 3, strict=False
    ):
        role(cell).update(grade=True, points=points)


@row()
def tests_exchanged(notebook, folder):
    """Tests carry each other's names, so that easy ones stand for hard ones."""
    names = [cell["id"] for cell in tests(notebook)]
    for cell, name in zip(tests(notebook), names[::-1], strict=True):
        cell["id"] = name
        cell["metadata"] = {"nbgrader": {"grade_id": name}}


@row()
def tests_first(notebook, folder):
    notebook["cells"].sort(key=lambda cell: "-" not in cell["id"])


@row()
def tests_are_text(notebook, folder):
    for number, cell in enumerate(tests(notebook)):
        cell["cell_type"] = ("markdown", "raw")[number % 2]


@row()
def markers_in_an_answer(notebook, folder):
    """The comments that mark hidden tests and solutions, around the answer."""
    cell = notebook["cells"][find(notebook, "target")]
    cell["source"] = (
        f"### BEGIN HIDDEN TESTS\n{WRONG}\n### END HIDDEN TESTS\n### BEGIN SOLUTION\n### END SOLUTION"
    )


@row()
def a_right_answer_under_a_wrong_name(notebook, folder):
    """The wrong cell also claims the names of the right ones."""
    claim = {"nbgrader": {"grade_id": "target"}}
    for name in ("scale", "last", "value"):
        notebook["cells"].insert(0, {**own_cell(WRONG, name), "metadata": claim})


@row()
def a_right_answer_as_text(notebook, folder):
    """The right answer stands in text that is no code, and among the outputs."""
    text = {
        "cell_type": "markdown",
        "id": "text",
        "metadata": {},
        "source": f"```python\n{HONEST['target']}\n```",
    }
    notebook["cells"].insert(find(notebook, "target"), text)
    out = {"output_type": "stream", "name": "stdout", "text": HONEST["target"]}
    notebook["cells"][find(notebook, "target")]["outputs"] = [out]


@row(score=0)
def nothing_but_claims(notebook, folder):
    """No answer at all, but every cell claims to be worth a thousand points and to have earned them."""
    for cell in notebook["cells"]:
        if not cell["metadata"] or cell["id"] in HONEST:
            cell["source"] = ""
        role(cell).update(grade=True, points=1000, score=1000, auto_score=1000)
        cell["outputs"] = [
            {
                "output_type": "execute_result",
                "data": {"text/plain": "1000"},
                "metadata": {},
                "execution_count": 1,
            }
        ]
