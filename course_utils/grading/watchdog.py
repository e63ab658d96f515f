"""Memory of all of a submission's processes together, watched from outside.

Threat answered: the kernel limits memory for each process, so many processes, each within its limit, could
together fill the machine. A thread in the grader adds up what a submission's processes really hold (shared
pages counted once) and kills the largest of them when the sum is too high, so that the question that caused
it is marked "out of memory"; a submission that goes on all the same is ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import defaultdict
from collections.abc import Callable

INTERVAL_SECONDS = 0.1
KILLS_BEFORE_END = 10


class Watchdog:
    """Watches the submissions below one process.

    Args:
        top: the process under which they run (as seen from here).
        limit_bytes: for all processes of one submission together.
        end: called with a submission's number to end it as a whole.
    """

    def __init__(self, top: int, limit_bytes: int, end: Callable[[int], None]):
        self.top, self.limit, self.end = top, limit_bytes, end
        self.kills: dict[int, int] = defaultdict(int)
        self._active: set[int] = set()
        self._wake = threading.Event()
        self._stopped = False
        threading.Thread(target=self._watch, name="memory-watchdog", daemon=True).start()

    def began(self, number: int) -> None:
        self._active.add(number)
        self._wake.set()

    def ended(self, number: int) -> None:
        self._active.discard(number)
        self.kills.pop(number, None)

    def stop(self) -> None:
        self._stopped = True
        self._wake.set()

    def _watch(self) -> None:
        while not self._stopped:
            if not self._active:
                self._wake.clear()
                self._wake.wait()
                continue
            with contextlib.suppress(OSError):
                self._look()
            threading.Event().wait(INTERVAL_SECONDS)

    def _look(self) -> None:
        for keeper in self._keepers():
            number = _number_inside(keeper)
            if number not in self._active:
                continue
            below = descendants(keeper)
            if sum(map(_resident, below)) <= self.limit:  # cheap, and never too low
                continue
            shares = {pid: _proportional(pid) for pid in below}
            if sum(shares.values()) > self.limit:
                self.kills[number] += 1
                if self.kills[number] > KILLS_BEFORE_END:
                    self.end(number)
                    continue
                total = sum(shares.values())
                for pid in sorted(shares, key=shares.get, reverse=True):
                    if total <= self.limit // 2:
                        break
                    _kill(pid, keeper)
                    total -= shares[pid]

    def _keepers(self) -> list[int]:
        """The processes that each keep one submission: children of the zygote, which is the innermost
        process that bubblewrap started."""
        level = [self.top]
        while level:
            children = [child for pid in level for child in _children(pid)]
            if any(
                _number_inside(child) in self._active and _depth(child) == _depth(level[0])
                for child in children
            ):
                return children
            level = children
        return []


def _children(pid: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):  # any thread may have forked
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(child) for child in file.read().split()]
    return found


def descendants(pid: int) -> list[int]:
    found, todo = [], _children(pid)
    while todo and len(found) < 10_000:
        child = todo.pop()
        found.append(child)
        todo += _children(child)
    return found


def _names_of(pid: int) -> list[int]:
    """The process's numbers in each process space that it is in, from the outermost to its own."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("NSpid:"):
                return [int(part) for part in line.split()[1:]]
    return [pid]


def _number_inside(pid: int) -> int:
    return _names_of(pid)[-1]


def _depth(pid: int) -> int:
    return len(_names_of(pid))


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError), open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _proportional(pid: int) -> int:
    """Memory of a process in which a page shared by n processes counts 1/n; pages of files left out."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as file:
        held = [line.split()[1] for line in file if line.startswith(("Pss_Anon:", "Pss_Shmem:"))]
        return sum(map(int, held)) * 1024
    return 0


def _kill(pid: int, keeper: int) -> None:
    with contextlib.suppress(OSError):
        fd = os.pidfd_open(pid)
        try:
            if pid in descendants(keeper):  # still the process that was meant
                signal.pidfd_send_signal(fd, signal.SIGKILL)
        finally:
            os.close(fd)
