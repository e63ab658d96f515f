"""Exhausting resources: time, memory, processes, files, output."""

# ruff: noqa: E501  (student code reads better in one string)

from .course import Attack


def in_call(body, setup=""):
    lines = "\n    ".join(body.splitlines())
    return f"{setup}\n\n\ndef conv(x, w):\n    {lines}"


ATTACKS = [
    Attack("endless-loop", "A loop without end.", conv=in_call("while True:\n    pass"), slow=True),
    Attack("endless-cell", "A cell without end.", conv="while True:\n    pass", slow=True),
    Attack(
        "deaf-loop",
        "A loop that ignores every signal.",
        slow=True,
        conv=in_call(
            "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
            "import signal\nfor s in range(1, 32):\n    try:\n        signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass",
        ),
    ),
    Attack("sleep", "Doing nothing for ever.", conv=in_call("time.sleep(9999)", "import time"), slow=True),
    Attack("c-loop", "A computation without end in C.", conv=in_call("return pow(3, 10**9)"), slow=True),
    Attack(
        "regular-expression",
        "A pattern with exponential backtracking.",
        conv=in_call("re.match(r'(a+)+$', 'a' * 60 + 'b')", "import re"),
        slow=True,
    ),
    Attack("memory", "One huge array.", conv=in_call("return np.ones(10**12)")),
    Attack(
        "memory-slowly",
        "Memory a little at a time.",
        conv=in_call("kept = []\nwhile True:\n    kept.append(bytearray(10**7))"),
    ),
    Attack(
        "memory-catching",
        "Memory, whatever is raised.",
        slow=True,
        conv=in_call(
            "kept = []\nwhile True:\n    try:\n        kept.append(bytearray(10**7))\n    except MemoryError:\n        pass"
        ),
    ),
    Attack(
        "memory-by-processes",
        "Many processes, each within its limit.",
        slow=True,
        conv=in_call(
            "for _ in range(30):\n    if os.fork() == 0:\n        kept = bytearray(b'x') * (200 << 20)\n        time.sleep(60)\ntime.sleep(60)",
            "import os, time",
        ),
    ),
    Attack(
        "memory-by-files",
        "Files in memory.",
        conv=in_call(
            "for n in range(1000):\n    for folder in ('/dev/shm', '/tmp', '.'):\n        with open(f'{folder}/{n}', 'wb') as f:\n            f.write(bytes(60 << 20))"
        ),
    ),
    Attack(
        "memory-by-descriptors",
        "Anonymous files.",
        conv=in_call("for _ in range(1000):\n    os.write(os.memfd_create('x'), bytes(10**8))", "import os"),
    ),
    Attack(
        "fork-bomb",
        "Processes that start processes.",
        conv=in_call(
            "while True:\n    try:\n        os.fork()\n    except OSError:\n        pass", "import os"
        ),
        slow=True,
    ),
    Attack(
        "fork-bomb-cell",
        "The same while the cell runs.",
        conv="import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
        slow=True,
    ),
    Attack(
        "threads",
        "Threads without number.",
        conv=in_call(
            "while True:\n    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
            "import threading, time",
        ),
    ),
    Attack(
        "open-files",
        "Files without number.",
        conv=in_call("kept = [open('/dev/null') for _ in range(10**6)]"),
    ),
    Attack(
        "big-file",
        "A file of many gigabytes.",
        conv=in_call("with open('big', 'wb') as f:\n    f.truncate(1 << 40)"),
    ),
    Attack(
        "many-files",
        "Files until no number is left.",
        conv=in_call("for n in range(10**6):\n    open(f'/tmp/{n}', 'w').close()"),
    ),
    Attack(
        "output",
        "A hundred megabytes of print.",
        conv="for _ in range(1000):\n    print('x' * 10**5)\n\n\ndef conv(x, w):\n    return None",
    ),
    Attack(
        "output-raw",
        "Print past Python.",
        conv="import os\nfor _ in range(1000):\n    os.write(1, b'x' * 10**5)\n    os.write(2, b'y' * 10**5)\n\n\ndef conv(x, w):\n    return None",
    ),
    Attack(
        "huge-answer", "An answer as large as allowed memory.", conv=in_call("return np.zeros(4 * 10**7)")
    ),
    Attack(
        "huge-message",
        "An exception with a text of megabytes.",
        conv=in_call("raise ValueError('x' * 10**8)"),
    ),
    Attack("huge-integer", "A number with a million digits.", conv=in_call("return 1 << 10**7")),
    Attack("recursion", "Recursion without end.", conv=in_call("return conv(x, w)")),
    Attack(
        "recursion-deep",
        "Recursion without end and without a limit.",
        conv=in_call("return conv(x, w)", "import sys\nsys.setrecursionlimit(10**9)"),
    ),
    Attack("huge-cell", "A cell nested too deeply to parse.", conv="x = " + "(" * 5000 + "1" + ")" * 5000),
    Attack("compile-bomb", "A cell that takes for ever to compile.", conv="x = " + "-" * 100_000 + "1"),
    Attack(
        "names",
        "A million names.",
        conv="globals().update({f'n{i}': i for i in range(10**6)})\n\n\ndef conv(x, w):\n    return None",
    ),
    Attack(
        "slow-everywhere",
        "Every cell takes all its time.",
        slow=True,
        conv="import time\ntime.sleep(60)",
        answers={"mean": "import time\ntime.sleep(60)", "counter": "import time\ntime.sleep(60)"},
        earns=0,
    ),
]
