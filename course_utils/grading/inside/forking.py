"""How both zygotes take orders: fork a process when told to, end it when told to, end with whoever orders.

Orders come from the grader, who is trusted, on a socket of datagrams. ``new``, with sockets attached, forks;
the answer is the fork's number. ``kill N`` ends that one. A hang-up ends them all.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable
from typing import NoReturn


def serve(control: socket.socket, sockets: int, begin: Callable[..., NoReturn]) -> None:
    """Take orders until the grader hangs up.

    Args:
        sockets: how many come with each ``new``.
        begin: called with them (as file descriptors) in the fork.
    """
    forks: set[int] = set()
    there = _tell(control, "ready")
    while there:
        ready, _, _ = select.select([control], [], [], 1.0)
        for pid in list(forks):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    forks.discard(pid)
        if not ready:
            continue
        try:
            message, fds, _, _ = socket.recv_fds(control, 4096, sockets)
        except ConnectionResetError:
            break
        if not message:
            break
        words = message.decode().split()
        if words[0] == "new":
            pid = os.fork()
            if pid == 0:
                control.close()
                begin(*fds)
            for fd in fds:
                os.close(fd)
            forks.add(pid)
            answer = str(pid)
        else:
            _end(int(words[1]), forks)
            answer = "done"
        there = _tell(control, answer)
    for pid in forks:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _end(pid: int, forks: set[int]) -> None:
    """Kill one of the forks, if it is one, and wait for its end."""
    if pid not in forks:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
    forks.discard(pid)


def _tell(control: socket.socket, message: str) -> bool:
    """Answer; False if the grader has hung up in the meantime."""
    try:
        control.send(message.encode())
    except ConnectionError:
        return False
    return True
