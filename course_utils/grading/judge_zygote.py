"""One warm, trusted process that forks a judge per submission.

It imports what the tests import, once. Like the student zygote it starts no thread; unlike it, it runs
outside the sandbox, and never loads anything a student wrote: student text only passes through it as text to
be sent on.

Control messages on file descriptor 3: ``new`` with two sockets attached (towards the student process,
towards the grader) answers the judge's number; ``kill N`` ends one. Each judge first reads its task from the
grader's socket.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import traceback
from pathlib import Path

from . import judge
from .inside import codec, confine
from .inside.channel import Channel, tell
from .inside.large_pages import use_large_pages
from .inside.warm import load

CONTROL_FD = 3
MAX_TASK = 1 << 30
KEPT_ANSWERS = 12  # of the largest size, that the tests of a notebook may hold at a time


def main() -> None:
    settings = json.load(sys.stdin)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    confine.die_with_parent()
    control = socket.socket(fileno=CONTROL_FD)
    gc.disable()
    load(settings["imports"])
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
        from . import tensors  # noqa: F401
    for key, source in settings["tests"]:
        judge.parse_test(source, key)  # kept, for all judges
    with judge.seeded(0, "warm"):  # numpy loads its generators on first use
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.default_rng().normal(size=3)
    gc.enable()
    gc.collect()
    gc.freeze()
    use_large_pages()
    judges: set[int] = set()
    there = tell(control, "ready")
    while there:
        ready, _, _ = select.select([control], [], [], 1.0)
        for pid in list(judges):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    judges.discard(pid)
        if not ready:
            continue
        try:
            message, fds, _, _ = socket.recv_fds(control, 4096, 2)
        except ConnectionResetError:
            break
        if not message:
            break
        words = message.decode().split()
        if words[0] == "new":
            pid = os.fork()
            if pid == 0:
                control.close()
                work(*fds)
            for fd in fds:
                os.close(fd)
            judges.add(pid)
            answer = str(pid)
        else:
            pid = int(words[1])
            if pid in judges:
                with contextlib.suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                judges.discard(pid)
            answer = "done"
        there = tell(control, answer)
    for pid in judges:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    os._exit(0)


def _limit_memory(more: int) -> None:
    """No more than this on top of what the libraries have taken: answers must not fill the machine."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def work(student_fd: int, grader_fd: int) -> None:
    """In the fork: judge one submission and report. Never returns."""
    confine.die_with_parent()
    grader = Channel(socket.socket(fileno=grader_fd), MAX_TASK)
    try:
        task = codec.decode(grader.receive())
        _limit_memory(KEPT_ANSWERS * task["limits"]["answer_bytes"])
        os.chdir(task["folder"])
        sys.path.insert(0, os.getcwd())  # tests may import a module that lies beside the notebook
        student = Channel(socket.socket(fileno=student_fd), task["limits"]["answer_bytes"])
        judge.judge(student, task, lambda result: grader.send(codec.encode(result)))
        grader.send(codec.encode({"kind": "end"}))
    except BaseException:
        with contextlib.suppress(Exception):
            grader.send(codec.encode({"kind": "broken", "why": traceback.format_exc()[-3000:]}))
    os._exit(0)
