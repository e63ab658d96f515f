"""One warm process per policy: imports the allowed libraries once, then forks one confined process per
submission.

Threat answered: starting Python and importing torch costs seconds; a pool of reused processes would let one
student's code meet the next one's. A fork costs milliseconds and starts from a state that no student has
touched. The zygote itself never runs student code, starts no thread, and knows no secret: it stands in the
sandbox already.

Orders come on file descriptor 3: see ``forking``. With each new submission comes one socket, towards its
judge.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.abc
import json
import os
import signal
import socket
import sys
from typing import Any, NoReturn

from . import confine, figures, student
from .forking import serve
from .large_pages import use_large_pages
from .warm import load, rehearse

CONTROL_FD = 3


class Absent(importlib.abc.MetaPathFinder):
    """Says in words why a module is missing. The files are not there either: this only improves the
    message.
    """

    def __init__(self, names: list[str]):
        self.names = names

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        for name in self.names:
            if fullname == name or fullname.startswith(name + "."):
                raise ModuleNotFoundError(f"{fullname} may not be used in this assignment", name=fullname)


def main() -> None:
    settings = json.loads(os.environ.pop("COURSE_ZYGOTE"))
    control = socket.socket(fileno=CONTROL_FD)
    gc.disable()
    warm_up(settings)
    shell = student.make_shell()
    rehearse(shell)
    seed_everything(settings["seed"])
    gc.enable()
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, pages shared with the forks
    use_large_pages()
    signal.set_wakeup_fd(-1)
    serve(control, 1, lambda fd: keep(fd, settings, shell))
    os._exit(0)  # taking the libraries down in good order takes as long as grading a submission


def warm_up(settings: dict) -> None:
    """Import what the assignment uses, and use it once."""
    sys.meta_path.insert(0, Absent(settings["forbids"]))
    load(settings["imports"])
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
        sys.modules["torch"].set_num_interop_threads(1)
    if "matplotlib.pyplot" in sys.modules:
        with contextlib.suppress(Exception):
            draw(sys.modules["matplotlib.pyplot"])


def draw(plt: Any) -> None:
    """A figure that nobody sees: the first one loads fonts and a backend, a fifth of a second each time."""
    figure, axes = plt.subplots()
    axes.imshow([[0, 1]])
    axes.set_title("$x$")
    figures.as_png(figure)
    plt.close(figure)


def seed_everything(seed: int) -> None:
    """Cells that draw without a seed then draw the same on both sides of the wall."""
    import random

    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def keep(fd: int, settings: dict, shell: Any) -> NoReturn:
    """In the fork: build the submission's own spaces, start its first process, and wait. Never returns."""
    try:
        limits = settings["limits"]
        if settings["confine"]:
            confine.new_spaces()
            confine.private_folders(limits["scratch_bytes"])
        first = os.fork()
        if first == 0:
            begin(fd, settings, shell)
        os.close(fd)
        os.waitpid(first, 0)
    except BaseException as error:
        report(fd, error)
    os._exit(0)


def begin(fd: int, settings: dict, shell: Any) -> None:
    """The first process of the new process space: sets the last limits, starts the student and reaps. Never
    returns.
    """
    try:
        limits = settings["limits"]
        confine.close_everything_but({fd})
        if settings["confine"]:
            confine.own_proc()
            confine.drop_privileges()
        confine.die_with_parent()
        os.setsid()
        work = confine.WORK if settings["confine"] else settings["work"]
        os.makedirs(work, exist_ok=True)
        place_files(settings["files"], work)
        os.environ["HOME"] = os.path.dirname(work)
        os.chdir(work)
        sys.path.insert(0, work)
        confine.set_limits(
            limits["memory_bytes"], limits["cpu_seconds"], limits["processes"], limits["file_bytes"]
        )
        if settings["confine"]:
            confine.filter_system_calls()
        confine.set_dumpable(False)
        pid = os.fork()
        if pid == 0:
            confine.set_dumpable(True)
            confine.die_with_parent()
            os.setpgid(0, 0)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            student.serve(socket.socket(fileno=fd), shell)
        os.close(fd)
        while True:
            try:
                done, _ = os.wait()
            except ChildProcessError:
                break
            if done == pid:
                break
    except BaseException as error:
        report(fd, error)
    os._exit(0)


def report(fd: int, error: BaseException) -> None:
    """Tell the judge that the confinement failed: no student code has run, and none will."""
    with contextlib.suppress(OSError):
        channel = student.Channel(socket.socket(fileno=fd), student.MAX_FRAME)
        channel.send(
            student.ANSWER + student.codec.encode(("unconfined", f"{type(error).__name__}: {error}"))
        )


def place_files(folder: str, work: str) -> None:
    """The assignment's own files: small ones are copies that may be changed, large ones read-only links."""
    if not folder:
        return
    for base, folders, files in os.walk(folder):
        there = os.path.join(work, os.path.relpath(base, folder))
        for name in folders:
            os.makedirs(os.path.join(there, name), exist_ok=True)
        for name in files:
            source, target = os.path.join(base, name), os.path.join(there, name)
            if os.path.getsize(source) > 4 << 20:
                os.symlink(source, target)
            else:
                with open(source, "rb") as original, open(target, "wb") as copy:
                    copy.write(original.read())


if __name__ == "__main__":
    main()
