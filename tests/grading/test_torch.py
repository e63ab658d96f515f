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


class Stack(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(3, 4), nn.ReLU())


class Affine(nn.Linear):
    pass


class Linear(nn.Module):
    def forward(self, x):
        return 2 * x


class Dropping(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.last = nn.Linear(3, 2)

    def forward(self, x):
        return self.last(self.drop(x))

    def predict(self, x):
        return self(x)

    def loss(self, x):
        return self.predict(x).pow(2).mean()


class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.LazyConv2d(4, 3)
        self.norm = nn.LazyBatchNorm2d()
        self.head = nn.LazyLinear(2)

    def forward(self, x):
        return self.head(self.norm(self.conv(x)).flatten(1))


class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    def train(self, mode=True):
        super().train(mode)
        self.norm.eval()
        return self

    def forward(self, x):
        return self.norm(x)


def total(x):
    return x.sum().expand(1)


def mirrored(x):
    return x.conj(), x.conj().imag


def act(z):
    return F.relu(z, inplace=True)


def scaled(z):
    z *= 3
    return z + 0, z


def predict(x):
    return net(x)


def gradients(model, x):
    model(x).sum().backward()


def sgd(parameters, rate):
    with torch.no_grad():
        for i, parameter in enumerate(parameters):
            parameter -= rate * parameter.grad
            if i:
                parameter.grad = None
            else:
                parameter.grad.zero_()


def fit(weight, x):
    (weight * x).sum().backward()


def descend(model, rate):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= rate * parameter.grad
    model.zero_grad()


net = Net()
single = nn.Linear(2, 1)
in_place = nn.Sequential(nn.ReLU(inplace=True))
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
    "one-element": """
x = torch.ones(3, requires_grad=True)
assert total(x).item() == 3
total(x).sum().backward()
assert torch.equal(x.grad, torch.ones(3))
single(torch.ones(1, 2)).sum().backward()
assert torch.equal(single.weight.grad, torch.ones(1, 2))
conjugate, imaginary = mirrored(torch.tensor([1 + 2j, 3 - 4j]))
assert torch.equal(conjugate, torch.tensor([1 - 2j, 3 + 4j]))
assert torch.equal(imaginary, torch.tensor([-2.0, 4.0]))
assert total(torch.ones(1).expand(3)).item() == 3""",
    "own-layers": """
stack, affine, mine = Stack(), Affine(3, 2), Linear()
assert isinstance(stack, nn.Sequential) and isinstance(stack, Stack) and len(stack) == 2
assert isinstance(stack[0], nn.Linear) and stack[0].in_features == 3
assert isinstance(affine, nn.Linear) and affine.out_features == 2
assert not isinstance(mine, nn.Linear) and not isinstance(stack, Affine)
assert sum(isinstance(m, nn.Linear) for m in nn.ModuleList([stack, affine, mine]).modules()) == 2""",
    "up-to-date": """
x = torch.ones(4, 3)
model = Dropping()
model.eval()
assert torch.equal(model.predict(x), model.predict(x))
model.load_state_dict({"last.weight": torch.zeros(2, 3), "last.bias": torch.ones(2)})
assert torch.equal(model.predict(x), torch.ones(4, 2))
weight = model.last.weight
with torch.no_grad():
    weight.fill_(1.0)
assert torch.equal(model.predict(x), torch.full((4, 2), 4.0))
model.last.weight = nn.Parameter(torch.full((2, 3), 2.0))
assert torch.equal(model.predict(x), torch.full((4, 2), 7.0))
net.eval()
x = torch.randn(2, 3, 4, 4)
with torch.no_grad():
    net.head[1].weight.zero_()
    net.head[1].bias.copy_(torch.tensor([1.0, -1.0]))
assert torch.equal(predict(x), torch.tensor([[1.0, -1.0]] * 2))
predict(x).sum().backward()
assert torch.equal(net.head[1].bias.grad, torch.full((2,), 2.0))""",
    "seldom-looked-at": """
model = Dropping()
model.loss(torch.ones(4, 3)).backward()
assert model.last.weight.grad.any()
model = Dropping()
gradients(model, torch.ones(4, 3))
assert torch.equal(model.last.bias.grad, torch.full((2,), 4.0))
gradients(model, torch.ones(4, 3))
assert torch.equal(model.last.bias.grad, torch.full((2,), 8.0))
model.zero_grad()
gradients(model, torch.ones(4, 3))
assert torch.equal(model.last.bias.grad, torch.full((2,), 4.0))
bias = single.bias.detach().clone()
single(torch.ones(3, 2)).sum().backward()
descend(single, 0.5)
assert torch.allclose(single.bias, bias - 1.5) and single.bias.grad is None""",
    "given-gradients": """
first, second = torch.ones(3, requires_grad=True), torch.ones((), requires_grad=True)
(2 * first.sum() + 4 * second).backward()
sgd([first, second], 0.25)
assert torch.equal(first, torch.full((3,), 0.5)) and second == 0
assert torch.equal(first.grad, torch.zeros(3)) and second.grad is None
fit(first, torch.arange(3.0))
fit(first, torch.arange(3.0))
assert torch.equal(first.grad, 2 * torch.arange(3.0))""",
    "modules-own-ways": """
import copy
frozen = nn.ModuleList([Frozen(), Frozen()])[0]
assert frozen.train() is frozen and frozen.training and not frozen.norm.training
assert not frozen.eval().training
stack = Stack()
with torch.no_grad():
    stack[0].weight.fill_(2.0)
    stack[0].bias.zero_()
copied = copy.deepcopy(stack)
with torch.no_grad():
    stack[0].weight.zero_()
assert isinstance(copied, Stack) and torch.equal(copied(torch.ones(1, 3)), torch.full((1, 4), 6.0))
assert not stack(torch.ones(1, 3)).any()
assert in_place[:1](torch.ones(2)).shape == (2,) and isinstance(in_place[:1], nn.Sequential)""",
    "open-sizes": """
model = Lazy()
assert len(list(model.children())) == 3
model(torch.randn(2, 3, 6, 6)).pow(2).sum().backward()
assert model.conv.weight.shape == (4, 3, 3, 3) and model.conv.weight.grad.any()
assert isinstance(model.head, nn.Linear) and model.head.in_features == 64
assert sum(p.numel() for p in model.parameters()) == 112 + 8 + 130
model.eval()
assert model(torch.randn(1, 3, 6, 6)).shape == (1, 2)""",
    "in-place": """
x = torch.tensor([-1.0, 2.0], requires_grad=True)
act(2 * x).sum().backward()
assert torch.equal(x.grad, torch.tensor([0.0, 2.0]))
first = torch.tensor([-1.0, 2.0], requires_grad=True)
new, same = scaled(first * 2)
assert torch.equal(new, torch.tensor([-6.0, 12.0])) and torch.equal(same, new)
(new.sum() + 10 * same.sum()).backward()
assert torch.equal(first.grad, torch.full((2,), 66.0))
second = torch.tensor([-1.0, 2.0], requires_grad=True)
in_place(3 * second).sum().backward()
assert torch.equal(second.grad, torch.tensor([0.0, 3.0]))
for refused in act, in_place:
    try:
        refused(second)
    except RuntimeError as error:
        assert "leaf" in str(error)
    else:
        raise AssertionError""",
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
