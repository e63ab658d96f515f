"""Do gradients flow, and are they the right ones?"""

from course_utils.checks.cases import Case, about, as_case, call, called, is_tensor, named_arguments
from course_utils.checks.failure import CheckFailed
from course_utils.checks.seeds import generator
from course_utils.checks.values import difference


def same_gradients(student, reference, cases, *, axes=None, tolerance=None, name=None):
    """Check that ``student`` returns the reference's tensor *and* sends the same gradients back to its
    arguments.

    Every tensor of floats among a case's arguments gets ``requires_grad``. The gradients are those of the
    sum of the result times random weights, so that no part of a wrong gradient can cancel out. Parameters
    as in :func:`same_values`; ``axes`` names the axes of the result.
    """
    import torch

    cases = [as_case(value) for value in cases]
    if not cases:
        raise ValueError("cases must hold at least one case")
    name = called(student, name)
    for number, given in enumerate(cases):
        expected, leaves = _run(torch, reference, given, name, reference)
        got, student_leaves = _run(torch, student, given, name, reference)
        problem = difference(expected, got, axes=axes, tolerance=tolerance)
        if problem:
            raise CheckFailed(about(given, name, reference, problem))
        if not got.requires_grad:
            problem = (
                "is right, but no gradient can flow back through it. "
                "Is something detached, turned into numpy, or run under no_grad on the way?"
            )
            raise CheckFailed(about(given, name, reference, problem))
        weights = generator(f"same_gradients {name} {number}").normal(size=tuple(expected.shape))
        weights = torch.as_tensor(weights, dtype=expected.dtype, device=expected.device)
        wanted = torch.autograd.grad(expected, list(leaves.values()), weights, allow_unused=True)
        came = torch.autograd.grad(
            got, list(student_leaves.values()), weights.to(got.dtype), allow_unused=True
        )
        for label, one, other in zip(leaves, wanted, came, strict=True):
            if one is None:
                one = torch.zeros_like(leaves[label])
            if other is None and one.any():
                problem = f"is right, but no gradient reaches {label}."
                raise CheckFailed(about(given, name, reference, problem))
            problem = None if other is None else difference(one, other, tolerance=tolerance)
            if problem:
                problem = f"is right, but the gradient of {label} {problem}"
                raise CheckFailed(about(given, name, reference, problem))


def _run(torch, function, given, name, like):
    """The result on a copy of the case, and the copy's tensors that can have a gradient, by name."""
    given = given.copy()
    names = [label for label, _ in named_arguments(given, like)]
    values, leaves = [], {}
    for label, value in zip(names, [*given.args, *given.kwargs.values()], strict=True):
        if is_tensor(value) and value.is_floating_point():
            value = leaves[label] = value.detach().requires_grad_()
        values.append(value)
    if not leaves:
        raise TypeError(f"a case of {name} holds no tensor of floats, so there is no gradient to compare")
    handed_over = Case(
        tuple(values[: len(given.args)]),
        dict(zip(given.kwargs, values[len(given.args) :], strict=True)),
        given.why,
    )
    result = call(function, handed_over, name, like=like)
    if function is like and not is_tensor(result):
        raise TypeError(f"the reference must return one tensor, not {type(result).__name__}")
    return result, leaves
