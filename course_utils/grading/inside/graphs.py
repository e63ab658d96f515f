"""The student's end of torch: calls that carry gradients, and modules whose parameters the judge mirrors.

Untrusted like ``student``. For each call whose result depends on tensors that require gradients, the graph
is kept under a number; the judge sends the number back with the gradients of the outputs and gets those of
the inputs.
"""

from __future__ import annotations

from typing import Any

import torch

from . import codec

MAX_GRAPHS = 10_000


class Graphs:
    """The graphs and the parameters that the judge knows by number; one per stage."""

    def __init__(self, student: Any):
        self.student = student
        self.kept: dict[int, tuple[list, list]] = {}
        self.made = 0

    def call(self, target: Any, args: tuple, kwargs: dict, enabled: bool, mirrored: list) -> tuple:
        """Call with the judge's gradient mode: (result, number of the graph or 0)."""
        given = [t for t in tensors_in((args, kwargs)) if t.requires_grad]
        inputs = given + [self.student.objects[ident] for ident in mirrored]
        with torch.set_grad_enabled(enabled):
            result = self.student.call(target, args, kwargs)
        known = {id(t) for t in tensors_in((args, kwargs))}
        outputs = [t for t in tensors_in(result) if t.requires_grad and id(t) not in known]
        if not outputs or not enabled:
            return (result, 0)
        self.made += 1
        if len(self.kept) >= MAX_GRAPHS:
            del self.kept[next(iter(self.kept))]
        self.kept[self.made] = (outputs, inputs)
        return (result, self.made)

    def backward(self, number: int, cotangents: tuple) -> tuple:
        """The gradients of a kept graph's inputs, None where there is no dependence."""
        outputs, inputs = self.kept[number]
        pairs = [
            (o, g)
            for o, g in zip(outputs, cotangents, strict=True)
            if g is not None and o.grad_fn is not None
        ]
        if not pairs or not inputs:
            return tuple(None for _ in inputs)
        grads = torch.autograd.grad(
            [o for o, _ in pairs], inputs, [g for _, g in pairs], retain_graph=True, allow_unused=True
        )
        return tuple(grads)

    def layout(self, module: torch.nn.Module) -> tuple:
        """(training, own parameters, own buffers, children) of a module."""
        parameters = [
            (name, None if p is None else (self.number(p), p.detach(), p.requires_grad))
            for name, p in module._parameters.items()
        ]
        keep = module._non_persistent_buffers_set
        buffers = [(name, b, name not in keep) for name, b in module._buffers.items()]
        return (module.training, parameters, buffers, list(module._modules.items()))

    def update(self, module: torch.nn.Module, training: bool, parameters: list, buffers: list) -> None:
        """Bring a module to the state that the judge gave its mirror."""
        module.training = training
        for name, ident, value, requires_grad in parameters:
            if ident:
                parameter = self.student.objects[ident]
                if value is not None:
                    parameter.data = value
                parameter.requires_grad_(requires_grad)
            else:
                setattr(module, name, torch.nn.Parameter(value, requires_grad=requires_grad))
        for name, value in buffers:
            module._buffers[name] = value

    def number(self, parameter: Any) -> int:
        student = self.student
        if id(parameter) not in student.numbers:
            ident = len(student.objects) + 1
            student.objects[ident] = parameter
            student.numbers[id(parameter)] = ident
        return student.numbers[id(parameter)]


def tensors_in(value: Any, depth: int = 0) -> list:
    """The tensors in plain containers, each once, in order."""
    found: dict[int, Any] = {}
    todo = [value]
    while todo:
        item = todo.pop(0)
        if isinstance(item, torch.Tensor):
            found.setdefault(id(item), item)
        elif isinstance(item, list | tuple | set | frozenset):
            todo[:0] = list(item)
        elif isinstance(item, dict):
            todo[:0] = list(item.values())
        if len(found) > 100_000:
            break
    return list(found.values())


def build(handle: codec.Handle) -> Any:
    """A module or an optimizer that a test built from torch's own classes, made again on this side."""
    if handle.kind == "optimizer":
        name, groups = handle.name, handle.info
        return getattr(torch.optim, name)(groups)
    attributes, parameters, buffers, children, training = handle.info
    module = getattr(torch.nn, handle.name).__new__(getattr(torch.nn, handle.name))
    torch.nn.Module.__init__(module)
    for name, value in attributes:
        object.__setattr__(module, name, value)
    for name, value, requires_grad in parameters:
        parameter = None if value is None else torch.nn.Parameter(value, requires_grad=requires_grad)
        module.register_parameter(name, parameter)
    for name, value, persistent in buffers:
        module.register_buffer(name, value, persistent)
    for name, child in children:
        module.add_module(name, child)
    module.training = training
    return module
