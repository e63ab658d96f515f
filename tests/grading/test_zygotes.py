"""The warm processes: what they do before the first fork leaves no trace, and they end when told to."""

import pytest

from course_utils.grading.engine import Grader, JudgeZygote
from course_utils.grading.policy import Policy, view
from course_utils.grading.sandbox import Limits, Zygote

from .courses import answer, given, hand_in, make, test

CELLS = [
    answer("a", "### BEGIN SOLUTION\n3 * 4\n### END SOLUTION"),
    answer("b", "### BEGIN SOLUTION\nb = _ + 1\n### END SOLUTION"),
    given("names = sorted(name for name in globals() if not name.startswith('_'))"),
    test("b-test", 1, "assert b == 13"),
]


def test_the_last_value_is_there_as_in_a_notebook_and_no_name_of_the_rehearsal(tmp_path):
    assignment = make(tmp_path, CELLS).load("hw")
    answers = {"a": "3 * 4", "b": "b = _ + 1\nprint(sorted(n for n in globals() if n[0] != '_'))\nprint(Out)"}
    with Grader(assignment, seed=1) as grader:
        marked = grader.grade(hand_in(assignment, answers))
    assert marked.score == 1, (marked.questions, marked.cells["hw"])
    printed = next(step["output"] for step in marked.cells["hw"] if step["key"] == "b")
    assert printed == "['In', 'Out', 'b', 'exit', 'get_ipython', 'open', 'quit']\n{0: 12}\n", printed


@pytest.mark.parametrize("kind", ["judge", "student"])
def test_a_zygote_that_is_closed_while_it_warms_up_just_ends(kind, capfd):
    zygote = JudgeZygote(("numpy",), []) if kind == "judge" else Zygote(view(Policy(), ["numpy"]), Limits())
    zygote.close()
    assert zygote.process.returncode == 0
    assert "Traceback" not in capfd.readouterr().err
