"""Answers that a test must take, or refuse, as it would if both ran in one process."""

# ruff: noqa: E501  (a case is a line)

import pytest

from course_utils.grading.engine import Grader

from .courses import answer, by_id, given, hand_in, make, solution, test

TOTAL = "def sum(xs):\n    total = 0\n    for x in xs:\n        total += x\n    return total"
SORT = "def srt(xs):\n    return sorted(xs)"
RELU = "def relu(x):\n    return np.maximum(x, 0)"
A = "class A(ValueError):\n    pass"
STACK = "class Stack:\n    def __init__(self, *xs):\n        self.xs = list(xs)\n\n    def __len__(self):\n        return 1\n\n    def __getitem__(self, i):\n        return self.xs[i]\n\n"
# name: (the instructor's answer, the student's (None: the same), the test, the student's points)
CASES = {
    "builtin's name": (TOTAL, "def sum(xs):\n    return 42", "assert sum([1, 2, 3]) == 6", 0),
    "builtin's name, right": (TOTAL, TOTAL, "assert sum([1, 2, 3]) == 6", 1),
    "builtin's name, stopped": ("def pow(x, n):\n    return x**n", "1 / 0\ndef pow(x, n):\n    return x**n", "assert pow(2, 3) == 8", 0),
    "builtin's name, crashed": ("def max(xs):\n    return sorted(xs)[-1]", "import os\nos._exit(0)", "assert max([1, 2]) == 2", 0),
    "builtin's name, emptied": ("def min(xs):\n    return sorted(xs)[0]", "", "assert min([1, 2]) == 1", 0),
    "IPython's name": ("def display(x):\n    return x", "pass", "display(3)", 0),
    "sorts and returns": (SORT, "def srt(xs):\n    xs.sort()\n    return xs", "assert srt([3, 1, 2]) == [1, 2, 3]", 1),
    "sorts and returns, wrong": (SORT, "def srt(xs):\n    xs.reverse()\n    return xs", "assert srt([3, 1, 2]) == [1, 2, 3]", 0),
    "changes and returns": (RELU, "def relu(x):\n    x[x < 0] = 0\n    return x", "assert np.array_equal(relu(np.array([-1.0, 2.0])), [0, 2])", 1),
    "changes and returns a part": (RELU, "def relu(x):\n    x[x < 0] = 0\n    return {'all': (x,)}['all'][0]", "assert np.array_equal(relu(np.array([-1.0, 2.0])), [0, 2])", 1),
    "changes what it must not": (RELU, "def relu(x):\n    x[x < 0] = 0\n    return x", "x = np.array([-1.0, 2.0])\nassert np.array_equal(relu(x), [0, 2]) and x[0] == -1", 0),
    "expected from the changed": ("def add(x):\n    return x + 1", "def add(x):\n    x += 1\n    return x", "x = np.zeros(2)\nassert np.array_equal(add(x), x + 1)", 0),
    "merges and returns": ("def merge(a, b):\n    return {**a, **b}", "def merge(a, b):\n    a.update(b)\n    return a", "assert merge({1: 2}, {3: 4}) == {1: 2, 3: 4}", 1),
    "changes one deeper": ("def scale(xs):\n    return [2 * x for x in xs]", "def scale(xs):\n    for x in xs:\n        x *= 2\n    return xs", "assert all((y == 2).all() for y in scale([np.ones(2), np.ones(3)]))", 1),
    "changes one in a tuple": ("def scale(xs):\n    return [(2 * xs[0][0],)]", "def scale(xs):\n    xs[0][0][:] = 2\n    return xs", "assert (scale([(np.ones(2),)])[0][0] == 2).all()", 1),
    "leaves the other alone": ("def keep(a, b):\n    return b", "def keep(a, b):\n    a.append(1)\n    return b", "b = [3]\nassert keep([], b) is b", 1),
    "array not to be written": ("def add(x):\n    return x + 1", "def add(x):\n    x += 1\n    return x.copy()", "x = np.zeros(3)\nx.setflags(write=False)\nassert (add(x) == 1).all()", 0),
    "array of its own": ("def add(x):\n    return x + 1", "def add(x):\n    y = x.copy()\n    y += 1\n    return y", "x = np.zeros(3)\nx.setflags(write=False)\ny = add(x)\ny -= 1\nassert (y == x).all()", 1),
    "array of one value": ("def ones(n):\n    return np.broadcast_to(1.0, n)", "def ones(n):\n    return np.ones(n)", "assert not ones(3).flags.writeable", 0),
    "operators beside methods": (
        "class Model:\n    def predict(self, x):\n        return 3 * x",
        "class Zero:\n    __sub__ = lambda self, other: 0.0\n\n\nclass Model:\n    def predict(self, x):\n        return Zero()",
        "assert abs(Model().predict(2.0) - 6.0) < 1e-9",
        0,
    ),
    "operators beside methods, right": (
        "class Model:\n    def predict(self, x):\n        return 3 * x",
        "class Model:\n    predict = lambda self, x: np.float64(3) * x",
        "assert abs(Model().predict(2.0) - 6.0) < 1e-9",
        1,
    ),
    "exception of a derived class": (f"{A}\ndef f():\n    raise A('no')", f"{A}\nclass B(A):\n    pass\ndef f():\n    raise B('no')", "try:\n    f()\nexcept A as e:\n    assert str(e) == 'no' and isinstance(e, ValueError)", 1),
    "exception of two kinds": ("class E(KeyError, ValueError):\n    pass\ndef g():\n    raise E", "class A(KeyError):\n    pass\nclass E(A, ValueError):\n    pass\ndef g():\n    raise E", "for kind in (E, KeyError, ValueError):\n    try:\n        g()\n    except kind:\n        pass", 1),
    "exception of a library": ("def axis(x):\n    raise IndexError", "def axis(x):\n    return x.sum(axis=7)", "for kind in (IndexError, LookupError):\n    try:\n        axis(np.ones(2))\n    except kind:\n        pass\n    else:\n        assert False", 1),
    "exception of another kind": ("def h():\n    raise IndexError", "class E(KeyError):\n    pass\ndef h():\n    raise E", "try:\n    h()\nexcept IndexError:\n    pass", 0),
    "exception of a callback": ("def attempt(f):\n    try:\n        return f()\n    except ValueError:\n        return None", "def attempt(f):\n    try:\n        return f()\n    except ValueError as e:\n        return None", "class Flaky(ValueError):\n    pass\ndef f():\n    raise Flaky('now')\nassert attempt(f) is None", 1),
    "truth": (STACK + "    def __bool__(self):\n        return bool(self.xs)", None, "assert Stack(1) and not Stack()", 1),
    "truth, wrong": (STACK + "    def __bool__(self):\n        return bool(self.xs)", STACK, "assert Stack(1) and not Stack()", 0),
    "membership": (STACK + "    def __contains__(self, x):\n        return x in self.xs", None, "assert 3 in Stack(3) and 4 not in Stack(3)", 1),
    "membership, wrong": (STACK + "    def __contains__(self, x):\n        return x in self.xs", STACK + "    __contains__ = lambda self, x: True", "assert 3 in Stack(3) and 4 not in Stack(3)", 0),
    "membership of a list": ("def few():\n    return [1, 2]", "class All:\n    __contains__ = lambda self, x: True\n\n\ndef few():\n    return All()", "assert 2 in few()", 0),
    "membership of what can be iterated": ("def more():\n    return [1, 2]", "class All:\n    __contains__ = lambda self, x: True\n    __iter__ = lambda self: iter([1, 3])\n\n\ndef more():\n    return All()", "assert 2 in more()", 0),
    "reversed": (STACK + "    def __reversed__(self):\n        return iter(self.xs[::-1])", None, "assert list(reversed(Stack(1, 2))) == [2, 1]", 1),
    "deletion": (STACK + "    def __delitem__(self, i):\n        del self.xs[i]", None, "s = Stack(1, 2)\ndel s[0]\nassert s[0] == 2", 1),
    "hash": (STACK + "    def __eq__(self, other):\n        return self.xs == other.xs\n\n    def __hash__(self):\n        return hash(tuple(self.xs))", None, "assert len({Stack(1), Stack(1), Stack(2)}) == 2", 1),
    "rounding and format": ("class M:\n    def __round__(self, n=0):\n        return n\n\n    def __format__(self, spec):\n        return 'm' + spec", None, "assert round(M(), 2) == 2 and round(M()) == 0 and f'{M():x}' == 'mx'", 1),
    "fraction": ("def half(x):\n    return x / 2", "from fractions import Fraction\ndef half(x):\n    return Fraction(x, 2)", "assert half(3) == 1.5 and abs(half(5) - 2.5) < 1e-9", 1),
    "decimal": ("def third(x):\n    return x / 3", "from decimal import Decimal\ndef third(x):\n    return Decimal(x) / 3", "from decimal import Decimal\nassert third(6) == 2 and third(Decimal('0.75')) == Decimal('0.25')", 1),
    "dates": ("import datetime\ndef later(t):\n    return t + datetime.timedelta(days=1)", None, "import datetime as d\nassert later(d.date(2024, 2, 28)) == d.date(2024, 2, 29) and later(d.datetime(1, 1, 1, 5)).hour == 5", 1),
    "path": ("from pathlib import PurePosixPath\ndef up(p):\n    return p.parent", None, "from pathlib import PurePosixPath\nassert up(PurePosixPath('a/b')) == PurePosixPath('a')", 1),
    "enumeration": ("from enum import IntEnum\nclass Colour(IntEnum):\n    RED = 1\n    BLUE = 2\ndef best():\n    return Colour.BLUE\ndef same(c):\n    return c is Colour.BLUE", None, "assert best() == 2 < 3 and best().name == 'BLUE' and best() is Colour.BLUE and isinstance(best(), Colour) and same(best()) and Colour.RED + 1 == 2", 1),
    "counter": ("def common(c):\n    return sorted(c, key=c.get)[-1]", "def common(c):\n    return c.most_common(1)[0][0]", "from collections import Counter\nassert common(Counter('aab')) == 'a'", 1),
    "counter returned": ("from collections import Counter\ndef count(s):\n    return Counter(s)", "def count(s):\n    return {c: s.count(c) for c in s}", "assert count('aab') == {'a': 2, 'b': 1}", 1),
    "defaultdict": ("def note(d, k):\n    d[k].append(1)", None, "from collections import defaultdict\nd = defaultdict(list, {2: [3]})\nnote(d, 5)\nassert d == {2: [3], 5: [1]} and d[6] == []", 1),
    "counter changed": ("def more(c):\n    c['a'] += 1", None, "from collections import Counter\nc = Counter('aab')\nmore(c)\nassert c == Counter('aaab')", 1),
}  # fmt: skip


def graded(root, cases):
    """The questions of the instructor's answers and of the students', by case."""
    cells = [given("import numpy as np\n\n\ndef start(x):\n    return x")]
    for number, (right, _, text, _) in enumerate(cases.values()):
        cells += [
            answer(f"a{number}", f"### BEGIN SOLUTION\n{right}\n### END SOLUTION"),
            test(f"t{number}", 1, text),
        ]
    assignment = make(
        root,
        cells,
        policy='uses = ["numpy", "os", "fractions", "decimal", "datetime", "pathlib", "enum", "collections"]\n',
    ).load("hw")
    answers = {
        f"a{number}": case[0] if case[1] is None else case[1] for number, case in enumerate(cases.values())
    }
    with Grader(assignment, seed=1) as grader:
        both = [by_id(grader.grade(hand_in(assignment, a))) for a in (solution(assignment), answers)]
    return [{name: found[f"t{number}"] for number, name in enumerate(cases)} for found in both]


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    return graded(tmp_path_factory.mktemp("cases"), CASES)


@pytest.mark.parametrize("name", CASES)
def test_points(marks, name):
    of_solution, of_answer = (found[name] for found in marks)
    assert of_solution.points == 1, of_solution.message
    assert of_answer.points == CASES[name][3], of_answer.message


def test_a_missing_answer_is_not_a_builtin(marks):
    for name in ("stopped", "crashed"):
        assert "is not defined" in marks[1][f"builtin's name, {name}"].message
