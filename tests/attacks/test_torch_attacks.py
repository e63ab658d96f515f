"""Attacks on questions about tensors and networks: the wrong answer earns nothing, however it is wrapped."""

# ruff: noqa: E501  (student code reads better in one string)

import pytest

from course_utils.grading.engine import Grader
from course_utils.grading.sandbox import missing
from tests.grading.courses import answer, by_id, given, hand_in, make, solution, test

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing() or "the sandbox is there"),
]

DRAW = (
    "### BEGIN HIDDEN TESTS\nx = torch.randn(4, 3)\nexpected = torch.relu(x) + 1\ngot = bent(x)\n"
    "{}\n### END HIDDEN TESTS"
)
GRADIENT = (
    "### BEGIN HIDDEN TESTS\nx = torch.randn(4, 3, requires_grad=True)\nbent(x).sum().backward()\n"
    "assert torch.allclose(x.grad, (x > 0).float())\n### END HIDDEN TESTS"
)
NETWORK = (
    "### BEGIN HIDDEN TESTS\nfrom course_utils import checks\n"
    "checks.same_network(Net(), nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)), torch.randn(4, 3))\n"
    "### END HIDDEN TESTS"
)
NET = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 5), nn.Linear(5, 2)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))"""
CELLS = [
    given("import torch\nfrom torch import nn"),
    answer("bent", "def bent(x):\n    ### BEGIN SOLUTION\n    return torch.relu(x) + 1\n    ### END SOLUTION"),
    test("bent-allclose", 1, DRAW.format("assert torch.allclose(got, expected)")),
    test("bent-difference", 1, DRAW.format("assert (got - expected).abs().max() < 1e-6")),
    test("bent-method", 1, DRAW.format("assert got.allclose(expected) and got.sub(expected).norm() < 1e-6")),
    test("bent-norm", 1, DRAW.format("assert torch.linalg.norm(expected - got).item() < 1e-6")),
    test("bent-gradient", 1, GRADIENT),
    answer("net", NET.replace("\n    def __init__", "\n    ### BEGIN SOLUTION\n    def __init__", 1) + "\n    ### END SOLUTION"),
    test("net-same", 3, NETWORK),
]  # fmt: skip
ALWAYS_ZERO = "    def __getattr__(self, name):\n        return lambda *args, **kwargs: torch.zeros(())\n"
ATTACKS = {
    "a tensor that answers for torch's functions": (
        "bent",
        "class Yes(torch.Tensor):\n    @classmethod\n    def __torch_function__(cls, function, types, args=(), kwargs=None):\n"
        "        return torch.tensor(0.0)\n\n\ndef bent(x):\n    return torch.zeros(4, 3).as_subclass(Yes)",
    ),
    "torch's comparisons replaced": (
        "bent",
        "torch.allclose = torch.equal = torch.Tensor.allclose = lambda *args, **kwargs: True\n"
        "torch.linalg.norm = torch.Tensor.norm = torch.Tensor.abs = lambda *args, **kwargs: torch.zeros(())\n"
        "\n\ndef bent(x):\n    return 0 * x",
    ),
    "an object with a tensor's methods": (
        "bent",
        "class Zero:\n    __sub__ = __rsub__ = lambda self, other: torch.zeros(())\n"
        "    allclose = lambda self, other: True\n    sum = sub = lambda self, *other: torch.zeros((), requires_grad=True)\n\n\n"
        "def bent(x):\n    return Zero()",
    ),
    "a module in the place of a tensor": (
        "bent",
        "class Zero(nn.Module):\n    __sub__ = __rsub__ = lambda self, other: torch.zeros(())\n"
        "    allclose = lambda self, other: True\n    sub = lambda self, other: torch.zeros(())\n\n\n"
        "def bent(x):\n    return Zero()",
    ),
    "objects in the place of methods": (
        "bent",
        "class Close:\n    __call__ = lambda self, other: True\n\n\nclass Nothing:\n    __call__ = lambda self, other: torch.zeros(())\n\n\n"
        "class Zero:\n    allclose, sub = Close(), Nothing()\n\n\ndef bent(x):\n    return Zero()",
    ),
    "classes in the place of methods": (
        "bent",
        "class Zero:\n    class allclose:\n        __new__ = lambda cls, other: True\n\n"
        "    class sub:\n        __new__ = lambda cls, other: torch.zeros(())\n\n\ndef bent(x):\n    return Zero()",
    ),
    "a class in the place of a tensor": (
        "bent",
        "class Zero:\n    allclose = staticmethod(lambda other: True)\n    sub = staticmethod(lambda other: torch.zeros(()))\n\n\n"
        "def bent(x):\n    return Zero",
    ),
    "modules in the place of methods": (
        "bent",
        "class Close(nn.Module):\n    forward = lambda self, other: True\n\n\nclass Nothing(nn.Module):\n    forward = lambda self, other: torch.zeros(())\n\n\n"
        "class Zero(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.add_module('allclose', Close())\n        self.add_module('sub', Nothing())\n\n\n"
        "def bent(x):\n    return Zero()",
    ),
    "a tuple with functions for names": (
        "bent",
        "from collections import namedtuple\n\nZero = namedtuple('Zero', 'allclose sub')\n\n\n"
        "def bent(x):\n    return Zero(lambda other: True, lambda other: torch.zeros(()))",
    ),
    "a graph that lies about its gradient": (
        "bent",
        "class Lie(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        return 0 * x\n\n"
        "    @staticmethod\n    def backward(ctx, grad):\n        return grad * float('nan')\n\n\n"
        "def bent(x):\n    x.register_hook(lambda grad: 0 * grad) if x.requires_grad else None\n    return Lie.apply(x)",
    ),
    "results that are the arguments, and changed ones": (
        "bent",
        "def bent(x):\n    x.data.zero_()\n    x.grad = torch.ones_like(x)\n    return x.add_(1) if not x.requires_grad else x",
    ),
    "sparse, quantised and meta tensors": (
        "bent",
        "def bent(x):\n    return [torch.zeros(4, 3).to_sparse(), torch.zeros(4, 3, device='meta')][x.requires_grad]",
    ),
    "a network that keeps its own weights": (
        "net",
        NET.replace("Net(nn", "Real(nn")
        + "\n\n\nclass Net(Real):\n    def load_state_dict(self, *args, **kwargs):\n        return None\n\n"
        "    def forward(self, x):\n        return Real().forward(x)",
    ),
    "a network that says what it should be": (
        "net",
        NET.replace("self.second(torch.relu(self.first(x)))", "self.second(self.first(x))")
        + "\n\n    __eq__ = lambda self, other: True\n    __hash__ = nn.Module.__hash__\n"
        "    state_dict = lambda self, *args, **kwargs: {}\n    training = True",
    ),
    "a network within itself": (
        "net",
        NET + "\n\n    def children(self):\n        return iter([self])\n\n\n"
        "class Net(Net):\n    def __init__(self):\n        super().__init__()\n        self._modules['again'] = self",
    ),
    "a class that makes something else": (
        "net",
        "class Net(nn.Module):\n    def __new__(cls):\n        return Other()\n\n\nclass Other:\n" + ALWAYS_ZERO,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def grader(tmp_path_factory):
    policy = 'uses = ["numpy", "torch"]\nforbids = ["course_utils"]\n[limits]\ncell_seconds = 10\n'
    with Grader(make(tmp_path_factory.mktemp("course"), CELLS, policy=policy).load("hw"), seed=2) as grader:
        yield grader


def test_the_solution_gets_everything(grader):
    marked = grader.grade(hand_in(grader.assignment, solution(grader.assignment)))
    assert marked.score == marked.max_score == 8, by_id(marked)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_nothing_on_its_question(grader, name):
    on, text = ATTACKS[name]
    marked = grader.grade(hand_in(grader.assignment, {**solution(grader.assignment), on: text}))
    points = {key: question.points for key, question in by_id(marked).items()}
    assert {key: value for key, value in points.items() if key.startswith(on) and value} == {}
    assert marked.score == {"bent": 3, "net": 5}[on], by_id(marked)
    assert marked.problems == []
