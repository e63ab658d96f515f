"""What this machine can enforce, found out by trying: a table for ``course doctor``."""

from __future__ import annotations

import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

from . import sandbox
from .inside import codec
from .inside.channel import Channel
from .sandbox import Limits, View, Zygote

_SESSION = "a session of its own"

# What student code tries, and the printed line that shows that it could not.
_TRIALS = {
    "no network": """
import socket
s = socket.socket()
s.settimeout(2)
print(s.connect_ex(("192.0.2.1", 80)) != 0)""",
    "system read-only": """
import os
print(not any(os.access(path, os.W_OK) for path in ("/", "/usr", "/etc", "/env", "/dev")))""",
    "only its own processes": """
import os
print(len([name for name in os.listdir("/proc") if name.isdigit()]) <= 3)""",
    "home folders absent": """
import os
print(os.listdir("/home") == ["student"] and not os.path.exists(HOME))""",
    "course folder absent": """
import os
print(not os.path.exists(COURSE))""",
    "no new name spaces": """
import ctypes
print(ctypes.CDLL(None).unshare(0x10000000) != 0)""",
    "no capabilities": """
line = next(line for line in open("/proc/self/status") if line.startswith("CapEff"))
print(int(line.split()[1], 16) == 0)""",
    "system-call filter": """
print("Seccomp:\\t2" in open("/proc/self/status").read())""",
    _SESSION: """
import os
os.setsid()
print(os.getsid(0) == 1)""",
    "memory limit": """
try:
    x = bytearray(1 << 30)
    print(False)
except MemoryError:
    print(True)""",
    "process limit": """
import os, signal
pids = []
try:
    while len(pids) < 200:
        pid = os.fork()
        if not pid:
            signal.pause()
        pids.append(pid)
except OSError:
    pass
print(len(pids) < 200)
for pid in pids:
    os.kill(pid, 9)
    os.waitpid(pid, 0)""",
    "file size limit": """
try:
    with open("/tmp/x", "wb") as file:
        file.write(bytes(80 << 20))
    print(False)
except OSError:
    print(True)""",
    "scratch space limit": """
try:
    for n in range(9):
        with open(f"/dev/shm/{n}", "wb") as file:
            file.write(bytes(9 << 20))
    print(False)
except OSError:
    print(True)""",
}


def _no_shares() -> str:
    """What to add where the kernel does not share out the processor between sessions."""
    setting = Path("/proc/sys/kernel/sched_autogroup_enabled")
    if setting.exists() and setting.read_text().strip() == "1":
        return ""
    return f"but {setting} is not 1: many busy processes of one submission slow down the others"


def examine(course: Path) -> list[tuple[str, bool, str]]:
    """What is enforced: (what, whether, detail), the decisive row first."""
    rows = []
    if reason := sandbox.missing():
        return [("sandbox", False, reason)]
    started = time.monotonic()
    limits = replace(Limits(), memory_bytes=512 << 20, processes=40)
    zygote = Zygote(View(packages=sandbox.minimal_packages()), limits)
    try:
        zygote.wait_until_ready()
        ours, theirs = socket.socketpair()
        number = zygote.new(theirs)
        theirs.close()
        channel = Channel(ours, 1 << 20)
        rows.append(("sandbox", True, f"bubblewrap; started in {time.monotonic() - started:.1f} s"))
        for what, code in _TRIALS.items():
            code = code.replace("HOME", repr(str(Path.home()))).replace("COURSE", repr(str(course.resolve())))
            channel.send(b"Q" + codec.encode(("run", code, False)))
            answer = codec.decode(channel.receive(time.monotonic() + 20)[1:])
            if answer[0] != "ran":
                return [("sandbox", False, f"name spaces inside bubblewrap are refused: {answer[1]}")]
            held = answer[1].strip().endswith("True")
            detail = "" if held else str(answer[2][2] if answer[2] else answer[1])[:200]
            if held and what == _SESSION:
                detail = _no_shares()
            rows.append((what, held, detail))
        channel.close()
        zygote.end(number)
    except Exception as error:
        rows.insert(0, ("sandbox", False, str(error)))
    finally:
        zygote.close()
    return rows


def versions() -> list[tuple[str, str]]:
    """The versions of what grading depends on."""
    import importlib.metadata

    found = [("python", sys.version.split()[0])]
    for name in ("nbgrader", "distributed", "numpy", "torch", "ipython"):
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append((name, "not installed"))
    return found
