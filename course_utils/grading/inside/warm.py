"""What a zygote does once, so that none of its forks has to do it again."""

from __future__ import annotations

import contextlib
import importlib
import socket
import sys
from typing import Any

from . import codec, student
from .channel import Channel, Closed

# None displays a value: IPython would take it that ``_`` has been assigned, and never touch it again.
CELLS = ("import sys\n\n\ndef f(x, *, y=1):\n    return [x, y]\n", "1 / 0", "print(f(1))")


def load(names: list[str]) -> None:
    """Import modules by their dotted names, in this order.

    ``package.name`` may also be something else that the package has. What cannot be imported is left to the
    cells, which will say so.
    """
    for name in names:
        package, _, last = name.rpartition(".")
        with contextlib.suppress(Exception):
            if package not in sys.modules or not hasattr(sys.modules[package], last):
                importlib.import_module(name)


def rehearse(shell: Any) -> None:
    """Run some cells of our own and answer requests about them; its names are then what they were.

    What Python and IPython prepare on first use, and the bytecode that adapts itself, is then there for all
    forks.
    """
    names = dict(shell.user_ns)
    values: list[Any] = [1, 2.5, "a", (1, None)]
    if "numpy" in sys.modules:
        values.append(sys.modules["numpy"].arange(6.0).reshape(2, 3))
    judge, there = Channel.pair(student.MAX_FRAME)
    answerer = student.Student(Channel(there, student.MAX_FRAME), shell)
    f = codec.Handle(1, "function", "f")
    requests = [*(("run", cell, True) for cell in CELLS), ("name", "f"), ("name", "no such name")]
    requests += [("call", f, (value,), {"y": value}) for value in values * 4]
    for request in requests:
        judge.send(student.REQUEST + codec.encode(request, [], lambda handle: handle))
    judge.sock.shutdown(socket.SHUT_WR)
    with contextlib.suppress(Closed):
        answerer.serve()
    for _ in requests:
        codec.decode(judge.receive()[1:], [], lambda handle: handle)
    judge.close()
    answerer.channel.close()
    shell.user_ns.clear()
    shell.user_ns.update(names)
