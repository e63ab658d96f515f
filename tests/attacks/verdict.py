"""Subverting the verdict: objects that compare as equal, patched libraries, lies to the judge, escapes of exceptions."""

# ruff: noqa: E501  (student code reads better in one string)

from .course import CONV, Attack

LIAR = """class Liar:
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __hash__ = None
    __bool__ = lambda self: True
    __len__ = lambda self: 6
    __sub__ = __rsub__ = __abs__ = __add__ = __radd__ = __mul__ = lambda self, *other: self
    __getattr__ = lambda self, name: (6,) if name == "shape" else self
    __call__ = lambda self, *a, **k: self
    __getitem__ = lambda self, key: self
    __float__ = lambda self: 0.0


"""


def replaced(module, name, value="lambda *a, **k: True"):
    return f"import {module}\n{module}.{name} = {value}\n\n\ndef conv(x, w):\n    return x"


RUNNER = """import gc, sys


def conv(x, w):
    for thing in gc.get_objects():
        if type(thing).__name__ == "Student":
            {}
    return x
"""

ATTACKS = [
    Attack(
        "equals-everything",
        "An object that equals everything.",
        conv=LIAR + "def conv(x, w):\n    return Liar()",
    ),
    Attack(
        "array-subclass",
        "An array subclass whose comparisons are true.",
        conv="""
class Lie(np.ndarray):
    def __array_ufunc__(self, *a, **k):
        return True

    def __array_function__(self, *a, **k):
        return True

    __eq__ = lambda self, other: True


def conv(x, w):
    return np.zeros(len(x) - len(w) + 1).view(Lie)""",
    ),
    Attack(
        "array-protocol",
        "An object that pretends to be any array.",
        conv=LIAR
        + """
class Array(Liar):
    def __array__(self, *a, **k):
        return np.zeros(1)

    __array_interface__ = {"shape": (6,), "typestr": "<f8", "data": (0, False), "version": 3}


def conv(x, w):
    return Array()""",
    ),
    Attack(
        "nan",
        "Not-a-number everywhere.",
        conv="def conv(x, w):\n    return np.full(len(x) - len(w) + 1, np.nan)",
    ),
    Attack(
        "object-array",
        "An array of objects that lie.",
        conv=LIAR
        + """
def conv(x, w):
    out = np.empty(len(x) - len(w) + 1, dtype=object)
    out[:] = [Liar() for _ in out]
    return out""",
    ),
    Attack("patched-allclose", "numpy's comparison is replaced.", conv=replaced("numpy", "allclose")),
    Attack(
        "patched-everything",
        "All of numpy's functions are replaced.",
        conv="""
for name in dir(np):
    if callable(getattr(np, name)) and not isinstance(getattr(np, name), type):
        try:
            setattr(np, name, lambda *a, **k: True)
        except Exception:
            pass


def conv(x, w):
    return x""",
    ),
    Attack(
        "patched-builtins",
        "Built-in functions are replaced.",
        conv=replaced("builtins", "abs", "lambda x: 0")
        + """


builtins.all = builtins.any = builtins.isinstance = lambda *a: True""",
        earns=0,
    ),
    Attack(
        "shadowed-names",
        "The test's own names are taken.",
        conv="""
class np:
    allclose = correlate = staticmethod(lambda *a, **k: True)


reference = conv = lambda *a: None
data = rng = None
assert_ = AssertionError = Exception""",
    ),
    Attack(
        "no-asserts",
        "Assertions are switched off.",
        conv="""
import sys, builtins
builtins.AssertionError = type("Never", (BaseException,), {})
builtins.__debug__ if False else None


def conv(x, w):
    return x""",
    ),
    Attack(
        "system-exit",
        "The process exits as if all were well.",
        conv="import sys\n\n\ndef conv(x, w):\n    sys.exit(0)",
    ),
    Attack(
        "hard-exit",
        "The process ends without a word.",
        conv="import os\n\n\ndef conv(x, w):\n    os._exit(0)",
    ),
    Attack("exit-in-cell", "A cell ends the process.", conv="import os\nos._exit(0)"),
    Attack(
        "base-exception",
        "An exception that no test expects.",
        conv="""
class Gone(BaseException):
    pass


def conv(x, w):
    raise Gone("passed")""",
    ),
    Attack(
        "assertion-from-answer",
        "The answer raises the tests' own kinds of exception.",
        conv="def conv(x, w):\n    raise StopIteration",
    ),
    Attack(
        "claims-to-pass",
        "An exception that says full marks.",
        conv="def conv(x, w):\n    raise Warning('passed: 5.0')",
    ),
    Attack(
        "mutates-arguments",
        "Inputs are changed so that the expected value fits.",
        conv="""
def conv(x, w):
    x[...] = 0
    return np.zeros(len(x) - len(w) + 1)""",
    ),
    Attack(
        "mutates-both",
        "All inputs are emptied.",
        conv="""
def conv(x, w):
    x[...] = np.nan
    w[...] = 0
    return np.full(len(x) - len(w) + 1, np.nan)""",
    ),
    Attack(
        "mutates-data",
        "A variable that a test uses is changed.",
        conv="""
def conv(x, w):
    return np.full(len(x) - len(w) + 1, -1.0)


data = np.zeros(6)""",
        earns=7,
    ),
    Attack(
        "answers-by-shape",
        "Fixed answers for the visible inputs.",
        conv="""
def conv(x, w):
    if len(x) == 6:
        return np.full(len(x) - len(w) + 1, -1.0)
    return np.zeros(len(x) - len(w) + 1)""",
        earns=7,
    ),
    Attack(
        "stack-frames",
        "Looking for the expected value in the callers' frames.",
        conv="""
import sys


def conv(x, w):
    frame = sys._getframe()
    while frame:
        for name, value in list(frame.f_globals.items()) + list(frame.f_locals.items()):
            if name in ("reference", "expected", "SECRET_OF_THE_JUDGE"):
                return value(x, w) if callable(value) else value
        frame = frame.f_back
    return None""",
    ),
    Attack(
        "garbage-collector",
        "Looking for the reference among all objects.",
        conv="""
import gc


def conv(x, w):
    for thing in gc.get_objects():
        if callable(thing) and getattr(thing, "__name__", "") == "reference":
            return thing(x, w)
    return None""",
    ),
    Attack(
        "runner-reply",
        "The runner's answers are replaced.",
        conv=RUNNER.format("thing.answer = lambda *a: (('value', True, []), None)"),
    ),
    Attack(
        "runner-verdict",
        "A verdict is sent instead of an answer.",
        conv=RUNNER.format("thing.reply(('verdict', 'passed', 5.0))"),
    ),
    Attack(
        "raw-socket",
        "Bytes of its own on the wire.",
        conv="""
import os, socket


def conv(x, w):
    for fd in range(3, 64):
        try:
            os.write(fd, b"\\0" * 7 + b"\\x02AN")
        except OSError:
            pass
    return x""",
    ),
    Attack(
        "huge-frame",
        "A frame of many gigabytes is announced.",
        conv="""
import os, struct


def conv(x, w):
    for fd in range(3, 64):
        try:
            os.write(fd, struct.pack(">Q", 1 << 50))
        except OSError:
            pass
    return x""",
    ),
    Attack(
        "pickle-bomb",
        "An object that runs code when it is copied.",
        conv="""
class Bomb:
    def __reduce__(self):
        return (print, ("boom",))

    def __deepcopy__(self, memo):
        raise SystemExit

    __copy__ = __deepcopy__


def conv(x, w):
    return Bomb()""",
    ),
    Attack(
        "endless-iterator",
        "A result that never ends.",
        conv="import itertools\n\n\ndef conv(x, w):\n    return itertools.count()",
    ),
    Attack(
        "deep-nesting",
        "A result nested too deeply.",
        conv="""
def conv(x, w):
    out = []
    for _ in range(100000):
        out = [out]
    return out""",
    ),
    Attack(
        "self-reference",
        "A result that contains itself.",
        conv="def conv(x, w):\n    out = []\n    out.append(out)\n    return out",
    ),
    Attack(
        "sleeping-repr",
        "Printing the result takes for ever.",
        conv="""
import time


class Slow:
    def __repr__(self):
        time.sleep(99)

    __str__ = __repr__


def conv(x, w):
    return Slow()""",
    ),
    Attack(
        "exception-repr",
        "An exception whose text raises.",
        conv="""
class Bad(Exception):
    def __str__(self):
        raise RuntimeError


def conv(x, w):
    raise Bad""",
    ),
    Attack(
        "metaclass",
        "A class that lies about its instances.",
        conv="""
class Meta(type):
    __instancecheck__ = __subclasscheck__ = lambda *a: True
    __eq__ = lambda *a: True
    __hash__ = type.__hash__


class conv(metaclass=Meta):
    def __init__(self, x, w):
        pass""",
    ),
    Attack(
        "partial-credit",
        "The last value of a test is out of bounds.",
        answers={
            "counter": """
class Counter:
    steps = 0

    def step(self):
        return 1


Counter.step = lambda self: 10**9"""
        },
        earns=3,
    ),
    Attack(
        "true-integer",
        "A number type that equals all numbers.",
        answers={
            "mean": """
class Any(float):
    __sub__ = __rsub__ = __abs__ = lambda *a: Any(0)
    __lt__ = __eq__ = lambda *a: True


def mean(numbers):
    return Any(7)"""
        },
        earns=2,
    ),
    Attack(
        "late-patch",
        "Patched from a thread, later.",
        conv="""
import threading, time


def patch():
    time.sleep(0.01)
    for name in list(globals()):
        if name.startswith("conv"):
            globals()[name] = lambda *a: True


threading.Thread(target=patch, daemon=True).start()


def conv(x, w):
    return None""",
    ),
    Attack(
        "ipython-hooks",
        "IPython's own machinery is replaced.",
        conv="""
shell = get_ipython()
shell.run_cell = lambda *a, **k: None
shell.showtraceback = None
shell.events.register("post_run_cell", lambda *a: 1 / 0)


def conv(x, w):
    return None""",
        earns=0,
    ),
]
ATTACKS.append(
    Attack(
        "right-after-all",
        "Not an attack: the same machinery with a right answer gets all points.",
        conv=CONV,
        earns=10,
    )
)
