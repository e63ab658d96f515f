"""The student's end of torch: calls that carry gradients, and modules whose parameters the judge mirrors.

Untrusted like ``student``. For each call whose result depends on tensors that require gradients, the graph
is kept under a number; the judge sends the number back with the gradients of the outputs and gets those of
the inputs.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.graph import get_gradient_edge
from torch.nn.parameter import is_lazy

from . import codec

MAX_GRAPHS = 10_000


class Graphs:
    """The graphs and the parameters that the judge knows by number; one per stage."""

    def __init__(self, student: Any):
        self.student = student
        self.kept: dict[int, tuple[list, list]] = {}
        self.made = 0
        self.told: set[int] = set()  # the parameters that the judge has a copy of

    def call(self, target: Any, args: tuple, kwargs: dict, enabled: bool) -> tuple:
        """Call with the judge's gradient mode: (result, number of the graph or 0, the tensors in the result
        that have a gradient, the parameters that they depend on).
        """
        arguments = tensors_in((args, kwargs))
        nodes = [t.grad_fn for t in arguments]
        # Edges, because an argument that is worked on in place is afterwards another tensor of the graph.
        inputs: list[Any] = [get_gradient_edge(t) for t in arguments if t.requires_grad]
        with torch.set_grad_enabled(enabled):
            result = self.student.call(target, args, kwargs)
            moved = [t for t, node in zip(arguments, nodes, strict=True) if t.grad_fn is not node]
            result = _exchanged(result, {id(t): t.view_as(t) for t in moved})
        known = {id(t) for t in arguments}
        outputs = [t for t in tensors_in(result) if t.requires_grad and id(t) not in known]
        if not outputs or not enabled:
            return (result, 0, outputs, [])
        parameters = _parameters_below(outputs)
        self.made += 1
        if len(self.kept) >= MAX_GRAPHS:
            del self.kept[next(iter(self.kept))]
        self.kept[self.made] = (outputs, inputs + parameters)
        return (result, self.made, outputs, [self.described(p, again=False) for p in parameters])

    def backward(self, number: int, cotangents: tuple) -> tuple:
        """The gradients of a kept graph's inputs, None where there is no dependence."""
        outputs, inputs = self.kept[number]
        pairs = [(o, g) for o, g in zip(outputs, cotangents, strict=True) if g is not None]
        if not pairs or not inputs:
            return tuple(None for _ in inputs)
        grads = torch.autograd.grad(
            [o for o, _ in pairs], inputs, [g for _, g in pairs], retain_graph=True, allow_unused=True
        )
        return tuple(grads)

    def layout(self, module: torch.nn.Module) -> tuple:
        """(training, own parameters, own buffers, children, whether sizes are open, whether it has a
        ``train`` of its own) of a module.
        """
        own = [*module._parameters.values(), *module._buffers.values()]
        lazy = any(is_lazy(t) for t in own)  # their sizes are known after the first call; until then: None
        parameters = [
            (name, None if p is None or is_lazy(p) else self.described(p))
            for name, p in module._parameters.items()
        ]
        keep = module._non_persistent_buffers_set
        buffers = [
            (name, None if b is None or is_lazy(b) else b, name not in keep)
            for name, b in module._buffers.items()
        ]
        own_train = type(module).train is not torch.nn.Module.train
        return (module.training, parameters, buffers, list(module._modules.items()), lazy, own_train)

    def update(
        self, module: torch.nn.Module | None, training: bool | None, parameters: list, buffers: list
    ) -> None:
        """Bring parameters, and what else a module has, to the state that the judge gave its copies.

        Args:
            module: None: the parameters stay where they are.
            training: None: the mode stays as it is.
            parameters: (name, number or 0 for a new one, value or None, whether it requires a gradient,
                gradient or False); None and False: as it was.
            buffers: (name, value).
        """
        if training is not None:
            module.training = training
        for name, ident, value, requires_grad, grad in parameters:
            if ident:
                parameter = self.student.objects[ident]
                if value is not None:
                    parameter.data = value
                parameter.requires_grad_(requires_grad)
            else:
                parameter = torch.nn.Parameter(value, requires_grad=requires_grad)
            if grad is not False:
                parameter.grad = grad
            if module is not None and module._parameters.get(name) is not parameter:
                setattr(module, name, parameter)
        for name, value in buffers:
            module._buffers[name] = value

    def layer_of(self, cls: type) -> str:
        """The name in ``torch.nn`` of the layer that a module's class is or derives from, else ""."""
        for base in cls.__mro__:
            name = base.__name__  # a lazy layer turns into the layer it derives from
            if getattr(torch.nn, name, None) is base and not name.startswith("Lazy"):
                return "" if base is torch.nn.Module else name
        return ""

    def described(self, parameter: Any, again: bool = True) -> tuple:
        """(number, value, whether it requires a gradient, the gradient that it has); without value and
        gradient if the judge has had them, unless ``again``.
        """
        ident = self.number(parameter)
        if ident in self.told and not again:
            return (ident, None, parameter.requires_grad, None)
        self.told.add(ident)
        grad = parameter.grad if parameter.is_leaf else None
        return (ident, parameter.detach(), parameter.requires_grad, None if grad is None else grad.detach())

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


def _exchanged(value: Any, new: dict[int, Any]) -> Any:
    """A result with some of its tensors exchanged, within tuples: what can change keeps its identity."""
    if isinstance(value, torch.Tensor):
        return new.get(id(value), value)
    return tuple(_exchanged(v, new) for v in value) if new and type(value) is tuple else value


def _parameters_below(outputs: list) -> list:
    """The parameters that tensors depend on, each once."""
    found = {id(o): o for o in outputs if isinstance(o, torch.nn.Parameter)}
    seen: set[Any] = set()
    todo = [o.grad_fn for o in outputs]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = node.variable if type(node).__name__ == "AccumulateGrad" else None
        if isinstance(leaf, torch.nn.Parameter):
            found.setdefault(id(leaf), leaf)
        todo += [below for below, _ in node.next_functions]
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
