"""One submission through the sandbox, the wall and the judge: marks, verdicts and sentences."""

import pytest

from course_utils.grading.engine import Grader
from course_utils.grading.sandbox import SandboxError

from .courses import answer, by_id, given, hand_in, make, manual, solution, test

CELLS = [
    given("import numpy as np\nfactor = 3\n\n\ndef helper(x):\n    return factor * x"),
    answer(
        "triple",
        "def triple(x):\n    ### BEGIN SOLUTION\n    if x is None:\n        raise ValueError('no number')\n"
        "    return 3 * x\n    ### END SOLUTION",
    ),
    test("triple-visible", 2, "assert triple(2) == 6, 'three times two is six'"),
    test(
        "triple-hidden",
        3,
        "### BEGIN HIDDEN TESTS\nimport numpy as np\nx = np.random.default_rng().normal(size=5)\n"
        "assert np.allclose(triple(x), helper(x))\ntry:\n    triple(None)\nexcept ValueError:\n    pass\n"
        "else:\n    raise AssertionError('None is no number')\n### END HIDDEN TESTS",
    ),
    answer("parts", "def parts(n):\n    ### BEGIN SOLUTION\n    return [1] * n\n    ### END SOLUTION"),
    test("parts-test", 4, "done = sum(len(parts(n)) == n for n in (1, 2))\n2 * done"),
    manual("essay", 5, "Because."),
    answer("total", "### BEGIN SOLUTION\ntotal = 10\n### END SOLUTION"),
    test("total-test", 1, "assert total == 10"),
]


@pytest.fixture(scope="module")
def grader(tmp_path_factory):
    assignment = make(
        tmp_path_factory.mktemp("course"),
        CELLS,
        policy='uses = ["numpy"]\n[limits]\ncell_seconds = 2\nmemory_bytes = 500_000_000\n',
    ).load("hw")
    with Grader(assignment, seed=1) as grader:
        yield grader


def grade(grader, answers=None, **more):
    return grader.grade(
        hand_in(grader.assignment, {**solution(grader.assignment), **(answers or {})}, **more)
    )


def test_the_solution_gets_all_points(grader):
    marked = grade(grader)
    assert [(q.id, q.points, q.verdict) for q in marked.questions] == [
        ("triple-visible", 2, "passed"),
        ("triple-hidden", 3, "passed"),
        ("parts-test", 4, "passed"),
        ("essay", 0, "manual"),
        ("total-test", 1, "passed"),
    ]
    assert marked.problems == [] and marked.status == "graded" and marked.max_score == 15


def test_untouched_is_not_attempted(grader):
    marked = grader.grade(hand_in(grader.assignment))
    assert marked.score == 0
    assert {q.verdict for q in marked.questions} == {"not attempted"}


def test_work_above_an_untouched_answer_cell_is_pointed_out(grader):
    """The stub below it defines the function anew, so it does not count; but it was not left out either."""
    answers = {k: v for k, v in solution(grader.assignment).items() if k != "triple"}
    marked = grader.grade(
        hand_in(grader.assignment, answers, extra=[(1, "def triple(x):\n    return 3 * x")])
    )
    question = by_id(marked)["triple-visible"]
    assert (question.verdict, question.points) == ("not attempted", 0)
    assert question.message == (
        "The answer cell is as it was handed out, but another cell of yours defines triple: "
        "move that code into the answer cell."
    )


def test_a_cell_that_is_no_python_is_a_problem_to_look_at(grader):
    marked = grade(grader, {"triple": "\ndef triple(x):\n    return (3 * x\n"})
    assert marked.problems == ["The cell 'triple' did not run: SyntaxError, line 3."]
    marked = grade(grader, extra=[(2, "x ="), (2, "1 / 0")])
    assert marked.problems == ["A cell that the student added did not run: SyntaxError, line 1."]
    assert marked.score == 10  # all but the essay: the answers stand in other cells


def test_sockets_keep_their_small_buffers_and_work_otherwise(grader):
    text = """
import errno, socket

def triple(x):
    a, b = socket.socketpair()
    a.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF, 32, 33):
        try:
            a.setsockopt(socket.SOL_SOCKET, option, 1 << 20)
        except PermissionError:
            continue
        raise AssertionError(f"option {option} is not refused")
    a.send(b"abc")
    return len(b.recv(10)) * x
"""
    assert by_id(grade(grader, {"triple": text}))["triple-visible"].verdict == "passed"


def test_all_processes_of_a_submission_share_one_session(grader):
    """Linux gives each session the same share of the processor: with sessions of their own, a hundred busy
    processes would get a hundred shares.
    """
    text = """
import os, subprocess, sys
!echo $(cut -d' ' -f6 /proc/self/stat) of a shell
ask = [sys.executable, "-I", "-S", "-c", "import os; os.setsid(); print(os.getsid(0))"]

def triple(x):
    said = subprocess.run(ask, capture_output=True, text=True, start_new_session=True, check=True).stdout
    assert said == "1\\n" and os.getsid(0) == 1, said
    return 3 * x
"""
    marked = grade(grader, {"triple": text})
    assert by_id(marked)["triple-visible"].verdict == "passed", by_id(marked)["triple-visible"].message
    assert next(c["output"] for c in marked.cells["hw"] if c["key"] == "triple") == "1 of a shell\n"


def test_what_the_solution_does_is_found_out_again_if_the_machine_was_busy(grader, monkeypatch):
    (notebook,) = grader.assignment.notebooks
    runs = []
    judged = Grader._judged

    def busy_at_first(self, steps, *more, **options):
        runs.append(steps)
        for message in judged(self, steps, *more, **options):
            if len(runs) == 1 and message["kind"] == "test" and message["key"] == "parts-test":
                message = {**message, "verdict": "timeout", "numeric": False}
            yield message

    monkeypatch.setattr(Grader, "_judged", busy_at_first)
    monkeypatch.setattr(grader, "_of_notebook", {})
    assert grader._known(notebook).numeric == {"parts-test"}
    assert len(runs) == 2


@pytest.mark.parametrize(
    "text, verdict, says",
    [
        ("def triple(x):\n    return 4 * x", "failed", "three times two is six"),
        (
            "def triple(x)\n    return 3 * x",
            "error",
            "Your cell did not run: SyntaxError: expected ':' (line 1, `def triple(x)`). triple is",
        ),
        (
            "y = 1\ny / 0\n\n\ndef triple(x):\n    return 3 * x",
            "error",
            "Your cell stopped before its end: ZeroDivisionError: division by zero (line 2, `y / 0`).",
        ),
        ("def triple(x):\n    return 3 * y", "error", "NameError: name 'y' is not defined (line 2 in triple"),
        ("def triple(x):\n    while True:\n        pass", "timeout", "2 s"),
        ("import os\n\n\ndef triple(x):\n    os._exit(0)", "crashed", "ended its own process"),
        ("import os\n\n\ndef triple(x):\n    os.kill(os.getpid(), 11)", "crashed", "SIGSEGV"),
        ("def triple(x):\n    return bytearray(1 << 40)", "out of memory", "MemoryError"),
        ("def triple(x):\n    import torch\n    return 3 * x", "forbidden", "torch"),
        ("def triple(x):\n    raise SystemExit", "error", "SystemExit"),
        (
            "class Six:\n    __eq__ = lambda *a: True\n\n\ndef triple(x):\n    return Six()",
            "failed",
            "",
        ),
    ],
)
def test_verdicts(grader, text, verdict, says):
    marked = grade(grader, {"triple": text})
    question = by_id(marked)["triple-visible"]
    assert (question.verdict, question.points) == (verdict, 0)
    assert says in question.message
    assert by_id(marked)["parts-test"].points == 4, "the other questions are not touched"
    assert by_id(marked)["total-test"].points == 1


def test_an_error_is_placed_only_where_student_code_raised_it(grader):
    """Arguments that a function does not take are refused before any line of it runs."""
    question = by_id(grade(grader, {"triple": "def triple():\n    return 6"}))["triple-visible"]
    assert question.verdict == "error"
    assert question.message == "TypeError: triple() takes 0 positional arguments but 1 was given"


def test_partial_credit_is_the_last_expression(grader):
    marked = grade(grader, {"parts": "def parts(n):\n    return [1]"})
    question = by_id(marked)["parts-test"]
    assert (question.points, question.verdict) == (2, "partial")


def test_a_cell_that_kills_its_process_costs_only_itself(grader):
    marked = grade(grader, extra=[(2, "import os\nos._exit(1)"), (3, "while True:\n    pass")])
    assert marked.score == 10


def test_printing_and_warnings_cost_nothing(grader):
    noise = (
        "import sys, warnings\nwarnings.warn('old')\nprint('x' * 10**7)\nprint('y' * 10**6, file=sys.stderr)"
    )
    marked = grade(grader, extra=[(1, noise)])
    assert marked.score == 10
    assert all(len(cell["output"]) < 30_000 for cell in marked.cells["hw"])


def test_instructors_names_are_not_the_students(grader):
    lie = "factor = 4\nimport numpy as np\nnp.allclose = lambda *a: True\n\n\n"
    marked = grade(grader, {"triple": lie + "def triple(x):\n    return 4 * x"})
    assert by_id(marked)["triple-hidden"].points == 0


def test_memory_of_many_processes_is_added_up(grader):
    hog = """import os, time


def triple(x):
    for _ in range(30):
        if os.fork() == 0:
            kept = bytearray(b"x") * (100 << 20)
            time.sleep(30)
    while True:
        time.sleep(0.1)
"""
    marked = grade(grader, {"triple": hog})
    assert by_id(marked)["triple-visible"].verdict in ("out of memory", "timeout")
    assert by_id(marked)["total-test"].points == 1


def test_objects_are_handed_values_only_where_the_solution_does_so(tmp_path):
    """A class with operators is judged by them; an object in the place of a number is not asked."""
    vector = """class Vector:
    ### BEGIN SOLUTION
    def __init__(self, *parts):
        self.parts = list(parts)

    def __mul__(self, factor):
        return Vector(*(factor * p for p in self.parts))

    __rmul__ = __mul__

    def dot(self, other):
        return sum(a * b for a, b in zip(self.parts, other))
    ### END SOLUTION"""
    tests = """assert (Vector(1, 2) * 3).parts == [3, 6] == (3 * Vector(1, 2)).parts
assert Vector(1, 2).dot([3, 4]) == 11"""
    cells = [
        answer("vector", vector),
        test("vector-test", 2, tests),
        answer("half", "def half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION"),
        test("half-test", 3, "assert abs(half(5) - 2.5) < 1e-9"),
    ]
    assignment = make(tmp_path, cells, policy="uses = []\n").load("hw")
    lie = "class Zero:\n    __sub__ = lambda self, other: 0\n\n\ndef half(x):\n    return Zero()"
    with Grader(assignment, seed=1) as grader:
        right = solution(assignment)
        assert grader.grade(hand_in(assignment, right)).score == 5
        marked = grader.grade(hand_in(assignment, {**right, "half": lie}))
    assert marked.score == 2
    assert "Zero" in by_id(marked)["half-test"].message and "number" in by_id(marked)["half-test"].message


def test_a_closed_grader_starts_nothing_again(tmp_path):
    grader = Grader(make(tmp_path, CELLS).load("hw"), seed=1)
    grader.close()
    with pytest.raises(SandboxError, match="closed"):
        grade(grader)
