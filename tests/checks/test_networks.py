"""Gradients, networks and accuracy: every way to differ is found, every way to be the same passes."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import checks


@pytest.fixture(autouse=True, params=[0, 1, 2])
def seed(request):
    checks.set_seed(request.param)
    yield
    checks.set_seed(None)


def failure(check, *arguments, **options):
    with pytest.raises(checks.CheckFailed) as caught:
        check(*arguments, **options)
    return str(caught.value)


# ---- gradients ----


def layer(x, w, scale=1.0):
    return scale * F.relu(x @ w)


CASES = [
    checks.case(torch.randn(3, 4), torch.randn(4, 2)),
    checks.case(torch.randn(1, 2), torch.randn(2, 5), scale=2.0),
]


def test_the_same_gradients_pass():
    checks.same_gradients(lambda x, w, scale=1.0: scale * (x @ w).clamp(min=0), layer, CASES)


def test_a_wrong_value_is_told_first():
    assert "is wrong at" in failure(checks.same_gradients, lambda x, w, scale=1.0: x @ w, layer, CASES)


def test_gradients_that_do_not_flow_are_told():
    def detached(x, w, scale=1.0):
        return layer(x.detach(), w.detach(), scale)

    def half_detached(x, w, scale=1.0):
        return layer(x, w.detach(), scale)

    assert "no gradient can flow back" in failure(checks.same_gradients, detached, layer, CASES)
    assert "no gradient reaches w" in failure(checks.same_gradients, half_detached, layer, CASES)


def test_a_right_value_with_a_wrong_gradient_is_told():
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad

    said = failure(
        checks.same_gradients, lambda x, w, scale=1.0: layer(Doubled.apply(x), w, scale), layer, CASES
    )
    assert "is right, but the gradient of x is wrong at" in said
    assert "Every number is 2 times what it should be." in said


def test_gradient_checks_need_a_tensor_of_floats():
    with pytest.raises(TypeError, match="no tensor of floats"):
        checks.same_gradients(layer, layer, [checks.case(torch.arange(3), torch.arange(3))])
    with pytest.raises(ValueError, match="at least one case"):
        checks.same_gradients(layer, layer, [])


# ---- networks ----


def reference():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 4, 5),
    )


class Named(nn.Module):
    """The same network with other names and functions in place of layers; a flaw is switched on by name."""

    def __init__(self, flaw=""):
        super().__init__()
        self.flaw = flaw
        momentum, eps = (0.5 if flaw == "momentum" else 0.1), (0.1 if flaw == "eps" else 1e-5)
        self.norm = nn.BatchNorm2d(4, momentum=momentum, eps=eps)
        self.filters = nn.Conv2d(3, 4, 3, padding=1, bias=flaw == "bias")
        self.scores = nn.Linear(64, 6 if flaw == "classes" else 5)
        if flaw == "no norm":
            self.norm = nn.Identity()

    def forward(self, x):
        x = self.filters(x)
        x = x if self.flaw == "norm unused" else self.norm(x)
        if self.flaw == "always batch statistics":
            x = F.batch_norm(x, None, None, self.norm.weight, self.norm.bias, training=True)
        if self.flaw == "forgets":
            raise NotImplementedError
        x = F.leaky_relu(x, 0.01) if self.flaw == "leaky" else F.relu(x)
        x = F.avg_pool2d(x, 2) if self.flaw == "average" else F.max_pool2d(x, 2)
        if self.flaw == "dropout":
            x = F.dropout(x, 0.5, self.training)
        if self.flaw == "dropout always on":
            x = F.dropout(x, 0.5)
        x = x.detach() if self.flaw == "detached" else x
        x = x[:, :, :3] if self.flaw == "crash" else x
        return self.scores(
            x.transpose(2, 3).flatten(1) if self.flaw == "flattened by columns" else x.flatten(1)
        )


IMAGES = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_other_names_order_and_style_pass():
    checks.same_network(Named(), reference(), IMAGES)
    checks.same_network(reference(), reference(), [IMAGES, IMAGES[:2]])


@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        (
            "bias",
            "has other parameters than it should.\nYours: 6 tensors, 445 numbers. Expected: 5 tensors, 441.",
        ),
        ("classes", "scores.weight (6, 64); expected"),
        ("no norm", "has other parameters"),
        (
            "norm unused",
            "in evaluation mode, on an input of shape (3, 3, 8, 8), is wrong at image 0, class 0",
        ),
        ("always batch statistics", "in evaluation mode"),
        ("eps", "in evaluation mode"),
        ("leaky", "in evaluation mode"),
        ("average", "in evaluation mode"),
        ("flattened by columns", "in evaluation mode"),
        ("dropout always on", "in evaluation mode"),
        ("momentum", "after one batch in training mode, norm.running_mean is wrong"),
        ("dropout", "in training mode, on an input of shape"),
        ("detached", "gives the right output, but the gradient of"),
        ("forgets", "is not written yet"),
        ("crash", "on an input of shape (3, 3, 8, 8) raised RuntimeError"),
    ],
)
def test_every_flaw_is_found(flaw, said):
    assert said in failure(checks.same_network, Named(flaw), reference(), IMAGES, axes=("image", "class"))


class WithDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.stack = nn.Sequential(nn.Linear(6, 30), nn.ReLU(), nn.Dropout(p), nn.Linear(30, 2))

    def forward(self, x):
        return self.stack(x)


def test_dropout_must_be_random_in_training_alone():
    x = torch.randn(4, 6)
    checks.same_network(WithDropout(0.5), WithDropout(0.5), x)
    assert "should be random (dropout)" in failure(checks.same_network, WithDropout(0.0), WithDropout(0.5), x)


def test_a_lost_gradient_is_named():
    class NoBias(nn.Linear):
        def forward(self, x):
            return F.linear(x, self.weight, self.bias.detach())

    said = failure(checks.same_network, NoBias(3, 2), nn.Linear(3, 2), torch.randn(2, 3))
    assert said == "your network gives the right output, but the gradient of bias does not arrive."


def test_the_student_s_weights_and_mode_are_put_back():
    student = Named()
    before = {label: value.clone() for label, value in student.state_dict().items()}
    student.eval()
    checks.same_network(student, reference(), IMAGES)
    assert not student.training
    assert all(torch.equal(value, before[label]) for label, value in student.state_dict().items())


def test_parameter_count_lists_where_they_are():
    model = nn.Sequential(nn.Conv2d(3, 2, 5), nn.Linear(4, 1, bias=False))
    checks.parameter_count(model, 156)
    said = failure(checks.parameter_count, model, 150)
    assert said == (
        "your network learns 156 numbers; it should be 150: 6 too many.\n"
        "  0.weight: 2 x 3 x 5 x 5 = 150\n  0.bias: 2 = 2\n  1.weight: 1 x 4 = 4"
    )
    model[1].requires_grad_(False)
    checks.parameter_count(model, 152)


# ---- accuracy ----

X, Y = np.arange(1000) % 7, np.arange(1000) % 7


def test_accuracy_counts_and_tells():
    assert checks.accuracy_at_least(lambda x: x, X, Y, 1.0) == 1.0
    said = failure(checks.accuracy_at_least, lambda x: np.minimum(x, 3), X, Y, 0.75)
    assert said == "your model gets 572 of 1,000 right: 57.2%. The bar is 75.0%."
    assert checks.accuracy_at_least(lambda x: np.eye(7)[x], X, Y, 1.0) == 1.0
    assert (
        checks.accuracy_at_least(lambda x: torch.eye(7)[x], torch.as_tensor(X), torch.as_tensor(Y), 1.0)
        == 1.0
    )


def test_a_module_is_asked_in_evaluation_mode():
    model = nn.Sequential(nn.Dropout(0.9), nn.Flatten())
    scores = F.one_hot(torch.as_tensor(Y), 7).float()
    assert checks.accuracy_at_least(model, scores, Y, 1.0) == 1.0


def test_an_answer_cannot_know_which_example_comes_when():
    counter = iter(Y)
    said = failure(checks.accuracy_at_least, lambda x: np.array([next(counter) for _ in x]), X, Y, 0.5)
    assert "The bar is 50.0%" in said


def test_answers_of_another_form_are_told():
    assert "array of shape ()" in failure(checks.accuracy_at_least, lambda x: 3, X, Y, 0.5)
    assert "returned nan" in failure(
        checks.accuracy_at_least, lambda x: np.full((len(x), 7), np.nan), X, Y, 0.5
    )
    with pytest.raises(ValueError, match="bar must be a share"):
        checks.accuracy_at_least(lambda x: x, X, Y, 75)
    with pytest.raises(ValueError, match="a label for each image"):
        checks.accuracy_at_least(lambda x: x, X, Y[:3], 0.5)
