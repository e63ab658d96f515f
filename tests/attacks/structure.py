"""Structure and metadata: a notebook that claims other cells, points, tags, outputs or an order of its own."""

# ruff: noqa: E501  (student code reads better in one string)

import copy

from .course import CONV, Attack


def cell(notebook, key):
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == key)


def tests(notebook):
    return [
        c
        for c in notebook["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id", "").startswith(("conv-", "mean-", "counter-"))
    ]


def each_test(change):
    def apply(notebook):
        for test in tests(notebook):
            change(test)

    return apply


def _set(**fields):
    return each_test(lambda c: c["metadata"]["nbgrader"].update(fields))


def _outputs(notebook):
    passing = {
        "output_type": "execute_result",
        "data": {"text/plain": "3.0"},
        "metadata": {},
        "execution_count": 1,
    }
    for test in tests(notebook):
        test["outputs"] = [copy.deepcopy(passing)]


def _delete(notebook):
    notebook["cells"] = [c for c in notebook["cells"] if c not in tests(notebook)]


def _swap_ids(notebook):
    first, second = cell(notebook, "conv-hidden"), cell(notebook, "mean-test")
    first["metadata"]["nbgrader"]["grade_id"], second["metadata"]["nbgrader"]["grade_id"] = (
        "mean-test",
        "conv-hidden",
    )
    first["id"], second["id"] = second["id"], first["id"]


def _own_test(notebook):
    cell(notebook, "conv-hidden")["source"] = "assert True"
    cell(notebook, "conv-visible")["source"] = ""


def _twice(notebook):
    double = copy.deepcopy(cell(notebook, "conv-hidden"))
    double["source"] = "pass"
    notebook["cells"].append(double)


def _tests_first(notebook):
    mine = tests(notebook)
    notebook["cells"] = mine + [c for c in notebook["cells"] if c not in mine]


def _answer_as_test(notebook):
    cell(notebook, "mean")["metadata"]["nbgrader"].update(grade=True, points=100)


def _kernel(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "always_right", "display_name": "x", "language": "python"}
    notebook["metadata"]["language_info"] = {"name": "bash"}


def _new_cells(notebook):
    for number in range(5):
        extra = copy.deepcopy(cell(notebook, "mean-test"))
        extra["metadata"]["nbgrader"].update(grade_id=f"bonus-{number}", points=50, grade=True)
        extra["id"] = f"bonus-{number}"
        notebook["cells"].append(extra)


def _markdown(notebook):
    for test in tests(notebook):
        test["cell_type"] = "markdown"
        test.pop("outputs", None)


def _attachment(notebook):
    cell(notebook, "conv")["attachments"] = {"../../gradebook.db": {"image/png": "AAAA"}}
    notebook["metadata"]["path"] = "/etc/passwd"


def _hidden_delimiters(notebook):
    cell(notebook, "conv")["source"] += "\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\n### BEGIN SOLUTION"


def _raw(notebook):
    cell(notebook, "conv-hidden")["cell_type"] = "raw"


def _retitled_answer(notebook):
    wrong = cell(notebook, "conv")
    wrong["metadata"]["nbgrader"]["grade_id"] = wrong["id"] = "mean"


TAGS = ["skip-execution", "raises-exception", "hide", "remove-cell"]
ATTACKS = [
    Attack(
        "tags",
        "Tags that make tests be skipped.",
        change=each_test(lambda c: c["metadata"].update(tags=TAGS)),
    ),
    Attack("points", "Tests are worth a thousand points.", change=_set(points=1000)),
    Attack("points-nan", "Points that are not a number.", change=_set(points=float("nan"))),
    Attack("points-negative", "Negative points.", change=_set(points=-5)),
    Attack("not-graded", "Tests claim not to be graded.", change=_set(grade=False)),
    Attack("solution-flag", "Tests claim to be answers.", change=_set(solution=True, locked=False)),
    Attack("checksums", "Checksums of the student's choice.", change=_set(checksum="0" * 32)),
    Attack("outputs", "Outputs that say full marks.", change=_outputs),
    Attack("deleted-tests", "The tests are deleted.", change=_delete),
    Attack("swapped-tests", "Two tests exchange names.", change=_swap_ids),
    Attack("own-tests", "The tests are rewritten.", change=_own_test),
    Attack("doubled-test", "A second, empty test of the same name.", change=_twice),
    Attack("tests-first", "All tests are moved to the top.", change=_tests_first),
    Attack("answer-as-test", "An answer claims to be a test of 100 points.", change=_answer_as_test),
    Attack("kernel", "The notebook names a kernel of its own.", change=_kernel),
    Attack("bonus-cells", "New graded cells.", change=_new_cells),
    Attack("markdown-tests", "Tests become text.", change=_markdown),
    Attack("raw-test", "A test becomes raw text.", change=_raw),
    Attack("attachments", "Attachments and paths in metadata.", change=_attachment),
    Attack("delimiters", "The markers of hidden tests inside an answer.", change=_hidden_delimiters),
    Attack("answer-twice", "A wrong answer takes the name of a right one.", change=_retitled_answer),
    Attack(
        "nothing",
        "No answer at all, but tests retagged.",
        conv=None,
        answers={"mean": "", "counter": ""},
        change=_set(points=9),
        earns=0,
    ),
    Attack("fake-points-cell", "A cell that prints a score.", extra=((3, "print('score: 3')\n3.0"),)),
    Attack(
        "solution-text",
        "The right answer in a markdown cell only.",
        change=lambda n: cell(n, "conv").update(cell_type="markdown"),
        conv="Here: " + CONV,
    ),
]
