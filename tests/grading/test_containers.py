"""Containers that are nearly plain, and empty ones: in a test they are what they were for the student."""

# ruff: noqa: E501  (a test cell on one line)

import pytest

from course_utils.grading import proxies
from course_utils.grading.engine import Grader
from course_utils.grading.inside import codec

from .courses import answer, by_id, hand_in, make, solution, test

TUPLES = """from collections import namedtuple
from typing import NamedTuple

import numpy as np

Pair = namedtuple("Pair", "x y")


class Point(NamedTuple):
    x: float
    count: float = 2.0

    def length(self):
        return (self.x**2 + self.count**2) ** 0.5


def swap(p):
    return Pair(p.y, p.x)


def same(p):
    return p


def signed(a):
    return np.linalg.slogdet(a)


def nothing(kind):
    return {"dict": {}, "list": [], "tuple": (), "array": np.zeros((0, 3)), "all": {"a": {}, "b": [(), []]}}[kind]


def empty(table):
    table.clear()
    return table


def options(**given):
    return given"""
TESTS = [
    "p = swap(Pair(1, 2))\nassert p == (2, 1) and (2, 1) == p and p != (1, 2) and [p] == [(2, 1)] and hash(p) == hash((2, 1))",
    "x, y = swap(Pair(1, 2))\nassert (x, y) == (2, 1)",
    "p = swap(Pair(1, 2))\nassert isinstance(p, tuple) and isinstance(p, Pair) and not isinstance(p, Point)",
    "p = Pair(1, 2)\nassert (p.x, p[1], len(p), p._fields, p._asdict()) == (1, 2, 2, ('x', 'y'), {'x': 1, 'y': 2})",
    "p = Pair(x=[], y={})\nassert p._replace(x=3).x == 3 and same(p) is p and repr(p) == 'Pair(x=[], y={})'",
    "p = Point(3.0, 4.0)\nassert p.length() == 5.0 and p.count == 4.0 and Point(1.0).count == 2.0",
    "import numpy as np\nr = signed(2 * np.eye(3))\nassert r.sign == 1 and np.allclose(r, (1, 3 * np.log(2)))",
    "assert nothing('dict') == {} and nothing('list') == [] and nothing('tuple') == () and options() == {}",
    "assert [type(nothing(k)) for k in ('dict', 'list', 'tuple')] == [dict, list, tuple]",
    "assert nothing('all') == {'a': {}, 'b': [(), []]} and nothing('array').shape == (0, 3)",
    "t = {1: 2}\nassert empty(t) is t and t == {}\nl = []\nassert same(l) is l and same([l, l])[0] is l",
]  # fmt: skip


def test_named_tuples_and_empty_containers_arrive_as_what_they_are(tmp_path):
    cells = [answer("all", f"### BEGIN SOLUTION\n{TUPLES}\n### END SOLUTION")]
    cells += [test(f"test-{number}", 1, text) for number, text in enumerate(TESTS)]
    assignment = make(tmp_path, cells, policy='uses = ["numpy"]\n').load("hw")
    with Grader(assignment, seed=1) as grader:
        marked = grader.grade(hand_in(assignment, solution(assignment)))
    lost = {TESTS[int(q.id[5:])]: q.message for q in marked.questions if q.points != 1}
    assert not lost
    space = {}
    exec(TUPLES, space)
    for text in TESTS:  # the same cells in one process
        exec(text, space)


NAMED = """
from collections import namedtuple
from typing import NamedTuple

Size = namedtuple("Size", "height width")


class Box(NamedTuple):
    size: Size
    depth: int = 3


class Area(NamedTuple):
    height: int

    def area(self):
        return self.height**2


def box():
    return Box(Size(1, 2))


def area():
    return Area(3)


def depth(box):
    return box.depth
"""


def test_a_namedtuple_arrives_as_a_tuple_with_names(tmp_path):
    cells = [
        answer("boxes", f"### BEGIN SOLUTION{NAMED}### END SOLUTION"),
        test(
            "boxes-test",
            1,
            "b = box()\nassert b == ((1, 2), 3) and isinstance(b, tuple) and b[0].width == 2 == b.size[1]\n"
            "(height, _), three = b\nassert (height, three) == (1, 3) and not hasattr(b, 'weight')\n"
            "assert depth(b) == 3 and b._asdict() == {'size': (1, 2), 'depth': 3}",
        ),
        test("methods-test", 1, "assert area().area() == 9"),  # one with methods stays where they can run
    ]
    assignment = make(tmp_path, cells, policy='uses = ["collections", "typing"]\n').load("hw")
    with Grader(assignment, seed=1) as grader:
        marked = grader.grade(hand_in(assignment, solution(assignment)))
        assert [q.verdict for q in marked.questions] == ["passed", "passed"]
        lying = NAMED.replace(
            "depth: int = 3", "depth: int = 3\n\n    def __eq__(self, other):\n        return True"
        )
        marked = grader.grade(hand_in(assignment, {"boxes": lying.replace("Size(1, 2)", "Size(5, 5)")}))
        assert by_id(marked)["boxes-test"].points == 0


@pytest.mark.parametrize(
    "info", [(("a",), [1]), (("a", 2), (1, 2)), ("ab", (1, 2)), (("a",),), [("a",), (1,)], None]
)
def test_a_tuple_without_names_or_items_is_refused(info):
    with pytest.raises(codec.Malformed):
        proxies.make(None, None, codec.Handle(1, "tuple", "Pair", info))
