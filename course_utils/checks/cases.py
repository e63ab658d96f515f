"""A case: the arguments of one call, and how to speak about that call to a student."""

import copy
import inspect
import math
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_utils.checks.failure import CheckFailed

INLINE = 40  # characters of an argument that is still shown inside the call


@dataclass(frozen=True)
class Case:
    """One call of an answer. ``why`` says what is special about it, in words for the student."""

    args: tuple = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    why: str = ""

    def copy(self):
        """The same case with arguments of its own, so that a call can't spoil the next one."""
        return Case(copy.deepcopy(self.args), copy.deepcopy(self.kwargs), self.why)


def case(*args, why="", **kwargs):
    """A :class:`Case` written like the call itself: ``case(x, w, stride=2)``."""
    return Case(args, kwargs, why)


def as_case(value):
    """A case as it is; a tuple as positional arguments; anything else as the only argument."""
    if isinstance(value, Case):
        return value
    return Case(value if isinstance(value, tuple) else (value,))


def called(function, name=None):
    """What to call the function in a message."""
    name = name or getattr(function, "__name__", None) or "your function"
    return str(name)[:60]


def call(function, given, name, like=None):
    """``function`` on the case's arguments; whatever it raises becomes a CheckFailed that shows the call."""
    try:
        return function(*given.args, **given.kwargs)
    except NotImplementedError:
        raise CheckFailed(f"{name} is not written yet: it raises NotImplementedError.") from None
    except Exception as error:
        problem = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise CheckFailed(about(given, name, like, f"raised {problem}")) from error


def about(given, name, like, problem):
    """A message for the student: the call, what is the matter with it, and its longer arguments below.

    ``like`` is a function with the signature that the answer should have; it gives positional arguments a
    name.
    """
    inside, below = [], []
    for number, (label, value) in enumerate(named_arguments(given, like)):
        text, keyword = describe(value), number >= len(given.args)
        if len(text) <= INLINE and not is_array(value):
            inside.append(f"{label}={text}" if keyword else text)
        else:
            inside.append(f"{label}={label}" if keyword else label)
            below.append(f"  {label}: {text}")
    lines = [f"{name}({', '.join(inside)}) {problem}"]
    if given.why:
        lines.append(f"What is special here: {given.why}.")
    return "\n".join([*lines, *(["where"] if below else []), *below])


def describe(value):
    """A value in a few words: numbers as they are, arrays by shape, dtype and, when small, contents."""
    if is_array(value):
        kind = "tensor" if is_tensor(value) else "array"
        dtype = str(value.dtype).removeprefix("torch.")
        text = f"{dtype} {kind} of shape {tuple(value.shape)}"
        if 0 < math.prod(value.shape) <= 6:
            shown = value.detach().cpu().tolist() if is_tensor(value) else value
            text += ": " + np.array2string(np.asarray(shown), precision=4, separator=", ").replace("\n", "")
        return text
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "..."


def show_number(value):
    """A number with as many digits as a comparison by eye needs."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        return str(value)
    return str(int(value)) if isinstance(value, int | np.integer) else f"{float(value):.6g}"


def named_arguments(given, like):
    """Pairs of name and value of a case's arguments; the names of positional ones come from ``like``."""
    names = []
    if like is not None:
        try:
            parameters = inspect.signature(like).parameters.values()
        except (TypeError, ValueError):  # builtins have none
            parameters = []
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names += [f"argument_{n}" for n in range(len(names) + 1, len(given.args) + 1)]
    return [*zip(names, given.args, strict=False), *given.kwargs.items()]


def is_array(value):
    """Whether it is a numpy array or a torch tensor."""
    return isinstance(value, np.ndarray) or is_tensor(value)


def is_tensor(value):
    """Whether it is a torch tensor, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)
