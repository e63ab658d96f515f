"""Torch across the wall: a test cell written for local objects runs unchanged, gradients and modules
included.
"""

import pytest

from course_utils.grading.engine import Grader

from .courses import answer, by_id, given, hand_in, make, solution, test

ANSWER = """### BEGIN SOLUTION
import torch
from torch import nn


def square(x):
    return (x ** 2).sum()


def pair(x, y):
    return {"sum": x + y, "all": [x * y, (x, 3)]}


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(width * 16, 2))
        self.width = width

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.conv(x))))


def train_step(model, optimizer, loss_function, x, y):
    optimizer.zero_grad()
    loss = loss_function(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def freeze(model):
    for parameter in model.conv.parameters():
        parameter.requires_grad = False


def count(model):
    return sum(p.numel() for p in model.parameters())


net = Net()
### END SOLUTION"""

TESTS = {
    "gradients": """
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = square(3 * x)
y.backward()
assert torch.equal(x.grad, torch.tensor([18.0, 36.0])), x.grad
assert type(y) is torch.Tensor
assert torch.autograd.gradcheck(square, torch.randn(3, dtype=torch.float64, requires_grad=True))
a, b = torch.ones(2, requires_grad=True), torch.full((2,), 2.0)
found = pair(a, b)
(found["sum"].sum() + found["all"][0].sum()).backward()
assert torch.equal(a.grad, torch.full((2,), 3.0))
assert found["all"][1][0] is a
with torch.no_grad():
    assert not square(x).requires_grad""",
    "module": """
model = Net(width=5)
assert isinstance(model, nn.Module) and isinstance(model, Net) and issubclass(Net, nn.Module)
assert sum(p.numel() for p in model.parameters()) == 5 * 28 + 10 + 80 * 2 + 2
assert [n for n, _ in model.named_parameters()][:2] == ["conv.weight", "conv.bias"]
assert isinstance(model.conv, nn.Conv2d) and model.conv.kernel_size == (3, 3) and model.width == 5
assert len(model.head) == 2 and isinstance(model.head[1], nn.Linear)
assert sum(isinstance(m, nn.BatchNorm2d) for m in model.modules()) == 1
x = torch.randn(2, 3, 4, 4)
out = model(x)
assert out.shape == (2, 2)
out.sum().backward()
assert model.conv.weight.grad.shape == (5, 3, 3, 3) and model.conv.weight.grad.abs().sum() > 0
assert model.norm.num_batches_tracked.item() == 1
model.eval()
assert torch.equal(model(x), model(x)) and not model.training and not model.norm.training""",
    "transplant": """
from collections import OrderedDict
import torch.nn.functional as F
quarter = lambda v: torch.full_like(v, 0.25) if v.is_floating_point() else v
state = OrderedDict((k, quarter(v)) for k, v in net.state_dict().items())
assert "norm.running_mean" in state
net.load_state_dict(state)
net.eval()
x = torch.randn(1, 3, 4, 4)
reference = F.conv2d(x, state["conv.weight"], state["conv.bias"], padding=1)
running = state["norm.running_mean"], state["norm.running_var"]
reference = F.batch_norm(reference, *running, state["norm.weight"], state["norm.bias"])
reference = F.linear(F.relu(reference).flatten(1), state["head.1.weight"], state["head.1.bias"])
assert torch.allclose(net(x), reference, atol=1e-5)
with torch.no_grad():
    net.head[1].weight.zero_()
    net.head[1].bias.copy_(torch.tensor([1.0, -1.0]))
assert torch.equal(net(x), torch.tensor([[1.0, -1.0]]))
net.conv.weight.data.fill_(0.0)
assert net(x).shape == (1, 2)
try:
    net.load_state_dict({})
except RuntimeError:
    pass
else:
    raise AssertionError
net.double()
assert net(x.double()).dtype == torch.float64""",
    "optimise": """
torch.manual_seed(0)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(8, 3, 4, 4), torch.arange(8) % 2
losses = []
for _ in range(20):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
assert losses[-1] < losses[0] / 2, losses""",
    "handed-over": """
model = Net()
before = model.conv.weight.detach().clone()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
x, y = torch.randn(4, 3, 4, 4), torch.tensor([0, 1, 0, 1])
loss = train_step(model, optimizer, nn.CrossEntropyLoss(), x, y)
assert isinstance(loss, float)
assert not torch.equal(model.conv.weight, before)
freeze(model)
assert not model.conv.weight.requires_grad and model.head[1].weight.requires_grad
assert count(nn.Sequential(nn.Linear(3, 4), nn.ReLU())) == 16""",
}


CLEAN = "def clean(x):\n    return torch.nan_to_num(x)"
CLEAN_TESTS = {
    "cleaned": "assert torch.equal(clean(torch.tensor([1.0, torch.nan])), torch.tensor([1.0, 0.0]))",
    "cleaned-leaf": "x = torch.tensor([1.0, torch.nan], requires_grad=True)\nassert clean(x)[1] == 0",
    "left-alone": "x = torch.tensor([1.0, torch.nan])\nclean(x)\nassert x[1].isnan()",
}


@pytest.fixture(scope="module")
def grader(tmp_path_factory):
    cells = [
        given("import torch\nfrom torch import nn\nimport torch.nn.functional as F"),
        answer("a", ANSWER),
    ]
    cells += [test(name, 1, source) for name, source in TESTS.items()]
    cells += [answer("clean", f"### BEGIN SOLUTION\n{CLEAN}\n### END SOLUTION")]
    cells += [test(name, 1, source) for name, source in CLEAN_TESTS.items()]
    with Grader(make(tmp_path_factory.mktemp("course"), cells).load("hw"), seed=1) as grader:
        yield grader


def test_tests_for_local_objects_run_unchanged(grader):
    marked = grader.grade(hand_in(grader.assignment, solution(grader.assignment)))
    assert {q.id: (q.verdict, q.message) for q in marked.questions if q.verdict != "passed"} == {}


@pytest.mark.parametrize("name", TESTS)
def test_the_same_cells_pass_in_one_process(name):
    space = {}
    exec("import torch\nfrom torch import nn\nimport torch.nn.functional as F\n" + ANSWER, space)
    exec(TESTS[name], space)


def test_a_tensor_that_is_changed_and_returned_counts_as_returned(grader):
    in_place = "def clean(x):\n    with torch.no_grad():\n        return x.nan_to_num_()"
    answers = {**solution(grader.assignment), "clean": in_place}
    marked = by_id(grader.grade(hand_in(grader.assignment, answers)))
    assert {name: marked[name].points for name in CLEAN_TESTS} == {
        "cleaned": 1,
        "cleaned-leaf": 1,
        "left-alone": 0,
    }


def test_a_lying_tensor_subclass_is_a_plain_tensor(grader):
    lie = (
        ANSWER
        + """


class Lie(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *args, **kwargs):
        return True


def square(x):
    return torch.zeros(()).as_subclass(Lie)
"""
    )
    marked = grader.grade(hand_in(grader.assignment, {"a": lie}))
    assert by_id(marked)["gradients"].points == 0
