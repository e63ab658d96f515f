"""Tampering with others: files, processes and kernel objects that a later question, student or run would meet."""

# ruff: noqa: E501  (student code reads better in one string)

from .course import Attack
from .reading import if_true


def tried(action, setup="import os"):
    """Attempts something in a cell of its own; the answer stays wrong."""
    return (
        f"{setup}\ntry:\n    {action}\nexcept BaseException:\n    pass\n\n\ndef conv(x, w):\n    return None"
    )


ATTACKS = [
    Attack(
        "home-startup",
        "Files planted in the home folder.",
        conv=tried(
            "for p in ('~/.ipython/profile_default/startup/x.py', '~/.local/lib/python3.11/site-packages/usercustomize.py', '~/.numpyrc'):\n"
            "        os.makedirs(os.path.dirname(os.path.expanduser(p)), exist_ok=True)\n        open(os.path.expanduser(p), 'w').write('1/0')"
        ),
    ),
    Attack(
        "planted-modules",
        "Modules planted where later imports look.",
        conv=tried(
            "for name in ('numpy', 'random', 'judge', 'numbers'):\n        open(name + '.py', 'w').write('1/0')"
        ),
    ),
    Attack(
        "submitted-module",
        "A module beside the notebook takes a library's name.",
        files=(("numpy.py", b"raise SystemExit"), ("ast.py", b"1/0"), ("nbgrader_config.py", b"1/0")),
    ),
    Attack(
        "shared-memory",
        "Memory left behind for the next student.",
        conv=if_true("libc.shmget(4242, 100, 0o1666) >= 0", "import ctypes\nlibc = ctypes.CDLL(None)"),
    ),
    Attack(
        "key-rings",
        "Notes in the kernel's key rings.",
        conv=if_true(
            "libc.syscall(248, b'user', b'note', b'x', 1, -4) > 0", "import ctypes\nlibc = ctypes.CDLL(None)"
        ),
    ),
    Attack(
        "abstract-socket",
        "A listener that waits for later submissions.",
        conv="""
import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind("\\0waiting")
s.listen()


def conv(x, w):
    return None""",
    ),
    Attack(
        "daemon",
        "A process that outlives its question.",
        conv=tried(
            "if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            import time\n            time.sleep(300)\n        os._exit(0)"
        ),
    ),
    Attack(
        "daemon-later",
        "A process that changes files later.",
        conv=tried(
            "if os.fork() == 0:\n        import time\n        while True:\n            time.sleep(0.05)\n            open('/tmp/mark', 'a').write('x')"
        ),
    ),
    Attack(
        "kill-everyone",
        "Every process that can be killed.",
        conv="""
import os, signal


def conv(x, w):
    os.kill(-1, signal.SIGKILL)
""",
        earns=0,
    ),
    Attack(
        "kill-checkpoint",
        "The process that keeps the state for the next question.",
        conv="""
import os, signal


def conv(x, w):
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
""",
    ),
    Attack(
        "stop-checkpoint",
        "The checkpoint is stopped.",
        conv="""
import os, signal


def conv(x, w):
    os.kill(os.getppid(), signal.SIGSTOP)
    return None
""",
        earns=0,
        slow=True,
    ),
    Attack("kill-first-process", "The first process of the process space.", conv=tried("os.kill(1, 9)")),
    Attack(
        "mutate-next-question",
        "The next answer's class is changed during this question.",
        conv="""
def conv(x, w):
    Counter.step = lambda self: 0
    globals()["mean"] = lambda n: 99
    return None""",
    ),
    Attack(
        "write-system",
        "System files and libraries.",
        conv=if_true(
            "[p for p in ('/usr/x', '/env/grader/inside/x.py', '/env/site/x.py', '/etc/x', '/x', '/dev/x', '/proc/sys/kernel/hostname') if not write(p)]",
            "def write(path):\n    try:\n        open(path, 'w').write('x')\n    except OSError:\n        return True\n",
        ),
    ),
    Attack(
        "remount",
        "Mounts and name spaces.",
        conv=if_true(
            "libc.mount(b'none', b'/', None, 32, None) == 0 or libc.unshare(0x10020000) == 0",
            "import ctypes\nlibc = ctypes.CDLL(None)",
        ),
    ),
    Attack("chroot", "Another root folder.", conv=if_true("os.chroot('/tmp') is None")),
    Attack("set-user", "Another user.", conv=if_true("os.setuid(0) is None")),
    Attack(
        "own-limits",
        "The limits are lifted.",
        conv=if_true("resource.setrlimit(resource.RLIMIT_AS, (-1, -1)) is None", "import resource"),
    ),
    Attack(
        "hostname",
        "The machine's name and clock.",
        conv=if_true("socket.sethostname('x') is None", "import socket"),
    ),
    Attack(
        "devices", "Device files.", conv=if_true("os.mknod('/tmp/disk', 0o60666, os.makedev(8, 0)) is None")
    ),
    Attack(
        "hard-links",
        "Hard links to files outside.",
        conv=if_true("os.link('/usr/bin/env', '/tmp/x') is None"),
    ),
]
