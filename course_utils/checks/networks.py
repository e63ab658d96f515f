"""Is it the same network? Judged by what it computes: the reference's weights go in, and then the outputs,
the gradients, and both modes, training and evaluation, must agree.
"""

import copy
import math
import sys

import numpy as np

from course_utils.checks.cases import is_tensor
from course_utils.checks.failure import CheckFailed
from course_utils.checks.seeds import generator
from course_utils.checks.values import difference

TOLERANCE = 1e-3  # float32 through a deep network, with sums in another order
LISTED = 12  # parameter tensors shown in a message


def same_network(student, reference, inputs, *, axes=None, tolerance=TOLERANCE, name="your network"):
    """Check that two ``nn.Module`` objects compute the same function of their inputs and parameters.

    Parameters are matched by order and shape, or where the order differs by shape alone, never by name: how a
    student names and nests layers is free. They and the buffers (running means and variances) get random
    values, the same in both; the values that the student's network came with don't matter and are put back at
    the end.

    Parameters
    ----------
    student, reference
        Modules that turn one tensor ``(N, ...)`` into another.
    inputs
        A tensor, or a list of tensors of different shapes. A batch of at least 2 tells training from
        evaluation.
    axes
        What the axes of the output are called, e.g. ``("image", "class")``.
    tolerance
        Largest difference, relative to the largest expected number.

    In this order: the shapes of the parameters; outputs in evaluation mode; gradients of the parameters and
    of the input; in training mode the outputs and running statistics. Where the reference is random in
    training mode (dropout), the student's must be random there, too. Raises :class:`CheckFailed`.
    """
    inputs = [inputs] if is_tensor(inputs) else list(inputs)
    if not inputs:
        raise ValueError("inputs must hold at least one tensor")
    reference = _randomised(reference)
    came_with = {label: value.clone() for label, value in student.state_dict().items()}
    was_training = student.training
    pair = _Pair(student, reference, axes, tolerance, name)
    try:
        for values in inputs:
            pair.transplant()
            pair.compare_outputs(values)
            pair.compare_gradients(values)
            pair.compare_training(values)
    finally:
        student.load_state_dict(came_with)
        student.train(was_training)


def parameter_count(model, expected, *, name="your network"):
    """Check that ``model``, an ``nn.Module``, learns ``expected`` numbers; the message says where they
    are."""
    shapes = [(label, tuple(value.shape)) for label, value in model.named_parameters() if value.requires_grad]
    total = sum(math.prod(shape) for _, shape in shapes)
    if total == expected:
        return
    off = f"{total - expected:,} too many" if total > expected else f"{expected - total:,} too few"
    lines = [f"  {label}: {' x '.join(map(str, shape))} = {math.prod(shape):,}" for label, shape in shapes]
    heading = f"{name} learns {total:,} numbers; it should be {expected:,}: {off}."
    raise CheckFailed("\n".join([heading, *_shortened(lines)]))


def accuracy_at_least(student, images, labels, bar, *, batch_size=256, name="your model"):
    """Check that ``student`` gets at least the share ``bar`` (0 to 1) of these examples right.

    ``student`` is a module, or a function of a batch of images, that gives each image a class (a whole
    number) or a row of scores, of which the largest counts. The examples come in random order, so that
    nothing can be known from when they come. Returns the accuracy.
    """
    if not 0 <= bar <= 1:
        raise ValueError(f"bar must be a share from 0 to 1, not {bar}")
    if len(images) != len(labels) or len(labels) == 0:
        raise ValueError(f"there must be a label for each image, not {len(labels)} for {len(images)}")
    labels = labels.cpu().numpy() if is_tensor(labels) else np.asarray(labels)
    order = generator("accuracy_at_least").permutation(len(labels))
    right = 0
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        right += int((_predicted(student, images[chosen], name) == labels[chosen]).sum())
    accuracy = right / len(labels)
    if accuracy < bar:
        raise CheckFailed(
            f"{name} gets {right:,} of {len(labels):,} right: {accuracy:.1%}. The bar is {bar:.1%}."
        )
    return accuracy


class _Pair:
    """The student's network and the reference, with what the messages need."""

    def __init__(self, student, reference, axes, tolerance, name):
        self.student, self.reference = student, reference
        self.axes, self.tolerance, self.name = axes, tolerance, name
        self.start = {label: value.clone() for label, value in reference.state_dict().items()}

    def transplant(self):
        """Give both networks the same parameters and buffers; remember which is which."""
        self.reference.load_state_dict(self.start)
        theirs, ours = list(self.student.named_parameters()), list(self.reference.named_parameters())
        self.parameters = _matched(theirs, ours)
        if self.parameters is None:
            table = _parameter_table(theirs, ours)
            raise CheckFailed("\n".join([f"{self.name} has other parameters than it should.", *table]))
        self.buffers = _matched(_buffers(self.student), _buffers(self.reference))
        if self.buffers is None:
            raise CheckFailed(
                f"{self.name} has other buffers than it should, such as the running means and variances of "
                "batch normalisation. Which layer is missing, or too much?"
            )
        same = {mine: self.start[other].clone() for mine, other in [*self.parameters, *self.buffers]}
        self.student.load_state_dict(self.student.state_dict() | same)

    def run(self, values):
        try:
            return self.student(values)
        except NotImplementedError:
            raise CheckFailed(f"{self.name} is not written yet: it raises NotImplementedError.") from None
        except Exception as error:
            shape = tuple(values.shape)
            raise CheckFailed(
                f"{self.name} on an input of shape {shape} raised {type(error).__name__}: {error}"
            ) from error

    def different(self, expected, got, axes=None):
        return difference(expected, got, axes=axes, tolerance=self.tolerance)

    def compare_outputs(self, values):
        import torch

        self.student.eval()
        self.reference.eval()
        with torch.no_grad():
            expected, got, again = self.reference(values), self.run(values), self.run(values)
        where = f"{self.name}, in evaluation mode, on an input of shape {tuple(values.shape)},"
        if problem := self.different(expected, got, self.axes):
            raise CheckFailed(f"{where} {problem}")
        if self.different(got, again):
            raise CheckFailed(f"{where} gives another output when it is asked again.")

    def compare_gradients(self, values):
        """In evaluation mode: what is random, or depends on the batch, is looked at separately."""
        wanted = self._gradients(self.reference, self.reference, values)
        came = self._gradients(self.student, self.run, values)
        for mine, other in [*self.parameters, ("the input", "the input")]:
            expected, got = wanted.get(other), came.get(mine)
            if expected is None or (got is None and not expected.any()):
                continue
            problem = "does not arrive" if got is None else self.different(expected, got)
            if problem:
                raise CheckFailed(
                    f"{self.name} gives the right output, but the gradient of {mine} {problem.rstrip('.')}."
                )

    def _gradients(self, network, run, values):
        import torch

        leaves = dict(network.named_parameters())
        values = values.detach().clone()
        if values.is_floating_point():
            leaves["the input"] = values.requires_grad_()
        out = run(values)
        if not out.requires_grad:
            raise CheckFailed(f"{self.name} gives the right output, but no gradient can flow back from it.")
        weights = generator("gradients of same_network").normal(size=tuple(out.shape))
        weights = torch.as_tensor(weights, dtype=out.dtype)
        gradients = torch.autograd.grad(out, list(leaves.values()), weights, allow_unused=True)
        return dict(zip(leaves, gradients, strict=True))

    def compare_training(self, values):
        import torch

        self.student.train()
        self.reference.train()
        with torch.no_grad():
            expected, repeated = self.reference(values), self.reference(values)
            self.reference.load_state_dict(self.start)
            self.reference(values)  # once, like the student's, so that running statistics have moved as far
            got = self.run(values)
            if self.different(expected, repeated):
                if not self.different(got, self.run(values)):
                    raise CheckFailed(
                        f"{self.name}, in training mode, should be random (dropout), "
                        "but gives the same output twice."
                    )
                return
        if problem := self.different(expected, got, self.axes):
            raise CheckFailed(
                f"{self.name}, in training mode, on an input of shape {tuple(values.shape)}, {problem}"
            )
        ours, theirs = dict(_buffers(self.reference)), dict(_buffers(self.student))
        for mine, other in self.buffers:
            if problem := self.different(ours[other], theirs[mine]):
                raise CheckFailed(f"{self.name}: after one batch in training mode, {mine} {problem}")


def _randomised(reference):
    """A copy with random parameters and buffers: the zeros and ones that layers start with hide mistakes."""
    import torch

    reference = copy.deepcopy(reference)
    rng = generator("weights of same_network")
    with torch.no_grad():
        for label, value in reference.named_parameters():
            shape = tuple(value.shape)
            if value.ndim > 1:
                drawn = rng.normal(
                    0, math.prod(shape[1:]) ** -0.5, shape
                )  # keeps the size of what flows through
            elif label.endswith("bias"):
                drawn = rng.normal(0, 0.5, shape)
            else:
                drawn = rng.uniform(0.5, 1.5, shape)  # a scale near 0 would hide what comes before it
            value.copy_(torch.as_tensor(drawn))
        for _, value in _buffers(reference):
            if value.is_floating_point():  # variances are among them: not below 0
                value.copy_(torch.as_tensor(rng.uniform(0.5, 1.5, tuple(value.shape))))
    return reference


def _buffers(network):
    """Names and values of what is saved with a network but not learned: running statistics and the like."""
    learned = {label for label, _ in network.named_parameters()}
    return [(label, value) for label, value in network.state_dict().items() if label not in learned]


def _matched(theirs, ours):
    """Pairs of names of tensors of one shape, in order within each shape; None if the shapes don't agree."""
    waiting = {}
    for label, value in ours:
        waiting.setdefault(tuple(value.shape), []).append(label)
    pairs = []
    for label, value in theirs:
        if not waiting.get(tuple(value.shape)):
            return None
        pairs.append((label, waiting[tuple(value.shape)].pop(0)))
    return None if any(waiting.values()) else pairs


def _parameter_table(theirs, ours):
    """Both totals, and the places in the two lists of shapes where they differ."""
    totals = [sum(math.prod(value.shape) for _, value in side) for side in (theirs, ours)]
    heading = (
        f"Yours: {len(theirs)} tensors, {totals[0]:,} numbers. Expected: {len(ours)} tensors, {totals[1]:,}."
    )
    rows = []
    for number in range(max(len(theirs), len(ours))):
        mine = f"{theirs[number][0]} {tuple(theirs[number][1].shape)}" if number < len(theirs) else "nothing"
        other = str(tuple(ours[number][1].shape)) if number < len(ours) else "nothing"
        if not mine.endswith(f" {other}"):
            rows.append(f"  {number + 1}. yours: {mine}; expected: {other}")
    return [heading, *_shortened(rows)]


def _shortened(lines):
    return lines if len(lines) <= LISTED else [*lines[:LISTED], f"  ... and {len(lines) - LISTED} more"]


def _predicted(student, batch, name):
    """One class for each image of a batch."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(student, torch.nn.Module):
        student.eval()
        with torch.no_grad():
            scores = student(batch)
    else:
        scores = student(batch)
    scores = scores.detach().cpu().numpy() if is_tensor(scores) else np.asarray(scores)
    if scores.ndim not in (1, 2) or len(scores) != len(batch):
        raise CheckFailed(
            f"{name} should give one class or one row of scores for each of {len(batch)} images, "
            f"but returned an array of shape {scores.shape}."
        )
    if scores.dtype.kind == "f" and np.isnan(scores).any():
        raise CheckFailed(f"{name} returned nan among its answers for {len(batch)} images.")
    return scores if scores.ndim == 1 else scores.argmax(axis=1)
