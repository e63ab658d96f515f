"""One warm, trusted process that forks a judge per submission.

It imports what the tests import, once. Like the student zygote it starts no thread; unlike it, it runs
outside the sandbox, and never loads anything a student wrote: student text only passes through it as text to
be sent on.

Orders come on file descriptor 3: see ``inside.forking``. With each new judge come two sockets, towards the
student process and towards the grader; it first reads its task from the latter.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import socket
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from . import judge
from .inside import codec, confine
from .inside.channel import Channel
from .inside.forking import serve
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
    serve(control, 2, work)
    os._exit(0)


def _limit_memory(more: int) -> None:
    """No more than this on top of what the libraries have taken: answers must not fill the machine."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def work(student_fd: int, grader_fd: int) -> NoReturn:
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
