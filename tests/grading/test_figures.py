"""What cells draw reaches those who mark and those who are marked, as small PNG files and nothing else."""

import base64
import io

import pytest
from PIL import Image

from course_utils.grading import gradebook
from course_utils.grading.engine import Grader
from course_utils.grading.inside import figures
from course_utils.grading.judge import FIGURE_BYTES

from .courses import answer, given, hand_in, make, manual, solution, test

DRAW = "import matplotlib.pyplot as plt\nplt.figure(figsize=(4, 3))\nplt.plot([1, 2])\nplt.show()"
CELLS = [
    given("import matplotlib.pyplot as plt\nplt.figure()\nplt.plot([3, 4])"),
    answer("one", "### BEGIN SOLUTION\none = 1\n### END SOLUTION"),
    test("one-test", 1, "assert one == 1"),
    manual("plot", 5, DRAW, code=True),
]


def graders(tmp_path_factory, cells):
    policy = 'uses = ["matplotlib"]\n'
    assignment = make(tmp_path_factory.mktemp("course"), cells, policy=policy).load("hw")
    with Grader(assignment, seed=1) as grader:
        yield grader


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    yield from graders(tmp_path_factory, CELLS)


@pytest.fixture(scope="module")
def by_tests(tmp_path_factory):
    yield from graders(tmp_path_factory, CELLS[:3])


def drawn(grader, answers=None, extra=()):
    """Sizes of the pictures below each cell of the graded notebook, by the cell's place."""
    submission = hand_in(grader.assignment, solution(grader.assignment) | (answers or {}), extra)
    marked = grader.grade(submission)
    assert marked.questions[0].points == 1
    sheet = gradebook.as_notebook(grader.assignment.notebooks[0], marked.cells["hw"], marked)
    pictures = [
        [Image.open(io.BytesIO(base64.b64decode(o.data["image/png"]))) for o in c.outputs if "data" in o]
        for c in sheet.cells
    ]
    return [[picture.size for picture in of_cell] for of_cell in pictures]


def test_the_graded_notebook_has_the_figures_of_the_cell_that_drew_them(by_hand):
    first, one, tested, plot = drawn(by_hand)
    assert len(first) == 1 and one == tested == []
    ((width, height),) = plot  # 4 by 3 inches in 72 dots each, cut to what is drawn
    assert abs(width - 288) < 30 and abs(height - 216) < 30


def test_demonstrations_are_not_drawn_where_nobody_marks_by_hand(by_tests):
    assert drawn(by_tests) == [[], [], []]
    assert [len(of_cell) for of_cell in drawn(by_tests, extra=[(2, DRAW)])] == [0, 0, 1, 0]


def test_many_and_huge_figures_become_few_and_small(by_hand):
    many = "import matplotlib.pyplot as plt\nfor _ in range(12):\n    plt.figure(figsize=(1, 1))"
    huge = "import matplotlib.pyplot as plt\nplt.figure(figsize=(90, 90))\nplt.plot([1])"
    pictures = drawn(by_hand, {"plot": many}, extra=[(2, huge)])
    assert len(pictures[4]) == figures.MOST
    ((width, height),) = pictures[2]
    assert width * height < 5_000_000


def test_a_figure_that_cannot_be_drawn_costs_nothing(by_hand):
    broken = "import matplotlib.pyplot as plt\nplt.title('$\\\\frac$')\nplt.figure()"
    assert len(drawn(by_hand, {"plot": broken})[3]) == 1


# Of a PNG file, as source text; width and height follow.
HEAD = r"b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR'"
LARGE = rf"[{HEAD} + b'\0\1\0\0' * 2]"  # 65,536 by 65,536 pixels


@pytest.mark.parametrize(
    "made_up", ["['<script>']", "[b'GIF89a']", "'text'", f"[{HEAD} + bytes(8)] * 9", LARGE]
)
def test_what_is_no_picture_is_not_taken_for_one(by_hand, made_up):
    hostile = f"import sys\nsys.modules['inside.student'].take_figures = lambda wanted: {made_up}"
    assert drawn(by_hand, {"plot": hostile})[3] == []


@pytest.mark.parametrize("grader", ["by_hand", "by_tests"])
def test_pictures_do_not_add_up_in_the_grader(grader, request):
    grader = request.getfixturevalue(grader)
    flood = f"import sys\npicture = {HEAD} + bytes(10**6)\n"
    flood += "sys.modules['inside.student'].take_figures = lambda wanted: [picture] * 8"
    more = [(2, flood)] + [(2, f"x = {number}\nprint(x)") for number in range(30)]
    marked = grader.grade(hand_in(grader.assignment, solution(grader.assignment), more))
    kept = sum(len(picture) for step in marked.cells["hw"] for picture in step["figures"])
    assert 8e6 < kept <= FIGURE_BYTES
