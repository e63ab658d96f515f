"""Reading answers: hidden tests, solutions, the gradebook, forbidden libraries, other submissions, the network."""

# ruff: noqa: E501  (student code reads better in one string)

from .course import Attack

SEARCH = """import os


def conv(x, w):
    for root in {roots}:
        for base, folders, files in os.walk(root):
            folders[:] = [f for f in folders if f not in ("proc", "sys")][:200]
            for name in files:
                if name.endswith((".ipynb", ".db", ".toml")) or name in ("nbgrader_config.py", "judge.py"):
                    text = open(os.path.join(base, name), errors="ignore").read()
                    if "SECRET_OF_THE_JUDGE" in text or "grade_id" in text or "class Judge" in text:
                        return answer(x, w)
    return None


def answer(x, w):
    return np.array([np.sum(x[i : i + len(w)] * w) for i in range(len(x) - len(w) + 1)])
"""


def if_true(condition, setup="import os"):
    """Gives the right answer only if what must be impossible was possible."""
    return f"""{setup}


def conv(x, w):
    try:
        possible = bool({condition})
    except BaseException:
        possible = False
    return np.array([np.sum(x[i : i + len(w)] * w) for i in range(len(x) - len(w) + 1)]) if possible else None
"""


ATTACKS = [
    Attack(
        "search-disk",
        "The whole file system is searched for notebooks and gradebooks.",
        conv=SEARCH.format(roots=["/"]),
        slow=True,
    ),
    Attack(
        "search-near",
        "The working folder and its parents are searched.",
        conv=SEARCH.format(roots=["..", "../..", "."]),
    ),
    Attack(
        "environment",
        "Secrets in the environment.",
        conv=if_true(
            "[k for k in os.environ if k.startswith(('COURSE', 'SECRET', 'SSH', 'AWS', 'VIRTUAL_ENV'))]"
        ),
    ),
    Attack(
        "command-lines",
        "Other processes' command lines.",
        conv=if_true(
            "[p for p in os.listdir('/proc') if p.isdigit() and b'judge' in open(f'/proc/{p}/cmdline', 'rb').read()]"
        ),
    ),
    Attack("other-memory", "Another process's memory.", conv=if_true("open('/proc/1/mem', 'rb').read(1)")),
    Attack(
        "own-parent",
        "The parent's memory and files.",
        conv=if_true("os.listdir(f'/proc/{os.getppid()}/cwd/../../..') and open(f'/proc/1/environ').read()"),
    ),
    Attack(
        "outside-root",
        "Another process's view of the file system.",
        conv=if_true("os.path.exists('/proc/1/root/root') or os.path.exists('/proc/1/root/work')"),
    ),
    Attack(
        "open-files",
        "Inherited open files.",
        conv=if_true(
            "[f for f in os.listdir('/proc/self/fd') if os.path.exists(p := os.path.realpath(f'/proc/self/fd/{f}')) and p.startswith(('/home', '/tmp', '/root', '/work'))]"
        ),
    ),
    Attack(
        "forbidden-import",
        "A forbidden library is imported.",
        conv=if_true("__import__('torch').nn.functional.conv1d"),
    ),
    Attack(
        "forbidden-by-path",
        "A forbidden library is looked for on the disk.",
        conv=if_true(
            "[d for p in sys.path for d in (os.listdir(p) if os.path.isdir(p) else []) if d in ('torch', 'scipy')] or os.path.exists('/usr/lib/python3/dist-packages/numpy')",
            "import os, sys",
        ),
    ),
    Attack(
        "forbidden-finder",
        "The refusal is removed before importing.",
        conv="""
import sys
sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != "Absent"]
"""
        + if_true("__import__('scipy.signal').signal.correlate"),
    ),
    Attack(
        "forbidden-module-table",
        "A forbidden library among the loaded ones.",
        conv=if_true("'torch' in sys.modules or 'course_utils' in sys.modules", "import sys"),
    ),
    Attack(
        "grader-source", "The grader's own code.", conv=if_true("__import__('course_utils.grading.judge')")
    ),
    Attack(
        "judge-names", "The judge's names are asked for.", conv=if_true("SECRET_OF_THE_JUDGE or reference")
    ),
    Attack(
        "history",
        "IPython's history of inputs.",
        conv=if_true("any('SECRET' in str(h) for h in get_ipython().history_manager.input_hist_raw)"),
    ),
    Attack(
        "network",
        "A server elsewhere is asked.",
        conv=if_true("socket.create_connection(('192.0.2.1', 80), timeout=1)", "import socket"),
    ),
    Attack(
        "network-name",
        "A name is looked up.",
        conv=if_true("socket.gethostbyname('example.org')", "import socket"),
    ),
    Attack(
        "local-ports",
        "Services on this machine are asked.",
        conv=if_true(
            "[p for p in (22, 80, 5432, 8786, 8787, 8888) if socket.socket().connect_ex(('127.0.0.1', p)) == 0]",
            "import socket",
        ),
    ),
    Attack(
        "interfaces",
        "The machine's network interfaces.",
        conv=if_true("[n for _, n in socket.if_nameindex() if n != 'lo']", "import socket"),
    ),
    Attack(
        "shell",
        "A shell command reads the disk.",
        conv=if_true(
            "subprocess.run('cat /root/* /home/*/*.ipynb /work/*', shell=True, capture_output=True).stdout",
            "import subprocess",
        ),
    ),
    Attack(
        "trace",
        "Another process is traced.",
        conv=if_true("ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0", "import ctypes"),
    ),
    Attack(
        "symbolic-link-file",
        "A planted file points elsewhere.",
        files=(("notes.txt", b"hello"),),
        conv=if_true("os.path.islink('notes.txt') or not os.path.exists('notes.txt')"),
    ),
    Attack(
        "callback-peek",
        "A function lent by a test is taken apart.",
        conv=if_true("conv.__globals__['__builtins__'].student_name"),
    ),
]
