"""The student's side of the wall: runs cells, keeps the student's objects, answers requests about them.

Nothing here is trusted by the judge once a student cell has run: student code can change any of it. It can
then only do what it could do anyway, answer wrongly. What it cannot do is learn an expected value, because
the judge never sends one for comparison, or decide a verdict, because verdicts are not made here.

A *stage* is one process of this kind. Asked to fork, a stage becomes the sleeping checkpoint of its child,
which goes on with the same objects; asked to drop, it kills the child and the world is as it was.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import enum
import importlib
import inspect
import io
import operator
import os
import signal
import socket
import subprocess
import sys
import time
import types
import warnings
from typing import Any

from . import codec
from .channel import Channel, Closed
from .figures import take_figures

OUTPUT_CAP = 20_000
MESSAGE_CAP = 2_000
MAX_FRAME = 1 << 30  # from the judge, who is trusted
# The first byte of a frame: a request, the answer to one, or a call of a function that the judge lent.
REQUEST, ANSWER, CALLBACK = b"Q", b"A", b"C"
WRITE_BACK = b"W"  # a request after which the judge applies changes of the arguments to its own objects


# What of an object's class the judge's proxy for it has, too: see ``proxies``.
SPECIAL = (
    "__call__", "__iter__", "__next__", "__len__", "__getitem__", "__delitem__", "__contains__",
    "__reversed__", "__enter__", "__hash__", "__bool__", "__round__", "__format__", "__array__",
)  # fmt: skip


class CappedOutput(io.TextIOBase):
    """Standard output that keeps its first part and counts the rest, so that endless printing costs no
    memory.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.length < OUTPUT_CAP:
            self.parts.append(text[: OUTPUT_CAP - self.length])
        self.length += len(text)
        return len(text)

    def text(self) -> str:
        more = self.length - OUTPUT_CAP
        return "".join(self.parts) + (f"\n[{more} more characters not kept]" if more > 0 else "")


class ErrorThere(Exception):
    """An exception that a function of the judge raised when student code called it."""


class JudgeFunction:
    """Stands for a function that a test handed to student code; calling it asks the judge."""

    def __init__(self, student: Student, ident: int, name: str):
        self._student, self._ident, self.__name__ = student, ident, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._student.call_judge(self._ident, args, kwargs)


class Student:
    """One stage: the shell with the student's names, and the objects that the judge knows by number."""

    def __init__(self, channel: Channel, shell: Any):
        self.channel = channel
        self.shell = shell
        self.objects: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}
        self.child = 0
        self.lent: dict[int, Any] = {}  # functions of the judge, by number
        self._graphs: Any = None

    # -- the loop ---------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Answer requests until the judge hangs up."""
        while True:
            payload, fds = self.channel.receive_with_fds()
            memo: list = []
            name, *args = codec.decode(payload[1:], memo, self.resolve)
            if name == "fork":
                self.fork(fds)
            elif name == "drop":
                self.reply(self.drop(*args))
            else:
                self.reply(*self.answer(name, args, memo, payload[:1] == WRITE_BACK))

    def reply(self, answer: tuple, memo: list | None = None) -> None:
        try:
            payload = codec.encode(answer, memo, self.handle)
        except Exception as error:
            payload = codec.encode(("raised", *describe(error), []), None, self.handle)
        self.channel.send(ANSWER + payload)

    def answer(self, name: str, args: list, memo: list, write_back: bool) -> tuple[tuple, list | None]:
        """What to reply to a request, and the objects that the reply may refer to."""
        known = list(memo)
        before = [contents(obj) for obj in known]
        try:
            if name == "run":
                return self.run_cell(*args), None
            value = REQUESTS[name](self, *args)
        except BaseException as error:
            if isinstance(error, SystemExit | KeyboardInterrupt):
                error = RuntimeError(f"{type(error).__name__} raised by the answer")
            return ("raised", *describe(error), self.changed(known, before)), known
        changes = self.changed(known, before)
        return ("value", value, changes), known if write_back else without_changed(known, changes)

    # -- forking ----------------------------------------------------------------------------------------

    def fork(self, fds: list[int]) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            pid = os.fork()
        except OSError:
            pid = -1
        if pid == 0:
            self.channel.close()
            self.child = 0
            os.setpgid(0, 0)
            self.channel = Channel(socket.socket(fileno=fds[0]), MAX_FRAME)
            self.reply(("ready",))
            return
        for fd in fds:
            os.close(fd)
        self.child = max(pid, 0)

    def drop(self, died: bool) -> tuple:
        """Kill the child stage, unless it ``died`` already: ("ended", signal or 0, status)."""
        if not self.child:
            return ("ended", 0, 0)
        pid, self.child = self.child, 0
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        done, status = os.waitpid(pid, os.WNOHANG)
        for _ in range(
            100 if died and not done else 0
        ):  # its sockets close a moment before it can be waited for
            time.sleep(0.005)
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                break
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
        if not done:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return ("ended", 0, 0)
        return (
            "ended",
            os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            os.waitstatus_to_exitcode(status),
        )

    # -- cells ------------------------------------------------------------------------------------------

    def run_cell(self, source: str, keep_figures: bool) -> tuple:
        """("ran", printed text, None or (type name, base names, message, traceback), figures as PNG)."""
        out = CappedOutput()
        error, figures = None, []
        saved = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = out
        try:
            result = self.shell.run_cell(source, store_history=False)
            error = result.error_before_exec or result.error_in_exec
            figures = take_figures(keep_figures)
        except BaseException as problem:
            error = problem
        finally:
            sys.stdout, sys.stderr = saved
        return ("ran", out.text(), None if error is None else describe(error), figures)

    # -- objects ----------------------------------------------------------------------------------------

    def handle(self, obj: Any) -> codec.Handle:
        """The handle for an object that stays here; the same object always gets the same number."""
        if isinstance(obj, JudgeFunction):
            return codec.Handle(obj._ident, "callback", obj.__name__)
        ident = self.numbers.get(id(obj))
        if ident is None:
            ident = len(self.objects) + 1
            self.objects[ident] = obj
            self.numbers[id(obj)] = ident
        torch = sys.modules.get("torch")
        kind, name, info = "object", type(obj).__name__, None
        if isinstance(obj, type):
            kind, name = "class", obj.__name__
            info = class_info(obj)
        elif torch is not None and isinstance(obj, torch.nn.Module):
            kind, info = "module", self.graphs.layer_of(type(obj))
        elif isinstance(obj, types.FunctionType | types.BuiltinFunctionType | types.MethodType):
            kind, name = "function", getattr(obj, "__name__", "function")
        elif isinstance(obj, int) and isinstance(obj, enum.Enum):
            kind, info = "int", int(obj)
        elif isinstance(obj, tuple):  # a named tuple, such as torch.max gives
            kind, info = "tuple", (getattr(type(obj), "__match_args__", ()), tuple(obj))
        else:
            own = {n: getattr(type(obj), n, None) for n in SPECIAL}  # None also hides: __hash__ beside __eq__
            info = tuple(n for n, m in own.items() if m is not None and m is not getattr(object, n, None))
        return codec.Handle(ident, kind, str(name), info)

    def resolve(self, handle: codec.Handle) -> Any:
        if handle.kind in ("build", "optimizer"):
            from . import graphs

            return graphs.build(handle)
        if handle.kind == "library":
            return operator.attrgetter(handle.info)(importlib.import_module(handle.name))
        if handle.kind != "callback":
            return self.objects[handle.ident]
        if handle.ident not in self.lent:
            self.lent[handle.ident] = JudgeFunction(self, handle.ident, handle.name)
        return self.lent[handle.ident]

    def changed(self, known: list, before: list) -> list:
        """What a call did to the arguments that it was given: (number, new contents)."""
        changes = []
        for number, (obj, old) in enumerate(zip(known, before, strict=True)):
            new = contents(obj)
            if not same_contents(old, new):
                changes.append((number, new_contents(obj)))
            if type(obj).__name__ == "Tensor" and not same_tensors(old[3], new[3]):
                changes.append((number, ("grad", new[3])))
        return changes

    def call_judge(self, ident: int, args: tuple, kwargs: dict) -> Any:
        memo: list = []
        self.channel.send(CALLBACK + codec.encode((ident, args, kwargs), memo, self.handle))
        while True:
            payload = self.channel.receive()
            if payload[:1] == ANSWER:
                break
            # The judge's function calls student code in its turn.
            inner: list = []
            name, *inner_args = codec.decode(payload[1:], inner, self.resolve)
            self.reply(*self.answer(name, inner_args, inner, payload[:1] == WRITE_BACK))
        kind, *rest = codec.decode(payload[1:], memo, self.resolve)
        if kind == "raised":
            error = getattr(builtins, rest[0], ErrorThere)
            raise (error if isinstance(error, type) and issubclass(error, Exception) else ErrorThere)(rest[1])
        return rest[0]

    # -- requests ---------------------------------------------------------------------------------------

    def get_name(self, name: str) -> tuple:
        space = self.shell.user_ns
        if name in space:
            return (True, space[name])
        return (False, None)

    def bind(self, name: str, value: Any) -> None:
        self.shell.user_ns[name] = value

    def unbind(self, name: str) -> None:
        del self.shell.user_ns[name]

    @property
    def graphs(self) -> Any:
        if self._graphs is None:
            from .graphs import Graphs

            self._graphs = Graphs(self)
        return self._graphs

    def place(self, files: tuple) -> None:
        """Put the student's own files into the working folder; the assignment's files stay."""
        for relative, data in files:
            path = os.path.normpath(relative)
            if path.startswith(("/", "..")) or os.path.lexists(path):
                continue
            with contextlib.suppress(OSError):  # a file where the assignment has a folder, a full disk
                os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
                with open(path, "wb") as file:
                    file.write(data)

    def call(self, target: Any, args: tuple, kwargs: dict) -> Any:
        with redirected():
            return target(*args, **kwargs)

    def apply(self, name: str, args: tuple) -> Any:
        with redirected():
            return OPERATIONS[name](*args)


@contextlib.contextmanager
def redirected():
    saved = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = CappedOutput()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = saved


def signature_of(obj: Any) -> list[tuple]:
    return [
        (p.name, p.kind.name, p.default is not inspect.Parameter.empty)
        for p in inspect.signature(obj).parameters.values()
    ]


def _torch(name: str) -> Any:
    def ask(student: Student, *args: Any) -> Any:
        return getattr(student.graphs, name)(*args)

    return ask


REQUESTS = {
    "name": Student.get_name,
    "call": Student.call,
    "apply": Student.apply,
    "place": Student.place,
    "bind": Student.bind,
    "unbind": Student.unbind,
    "call_torch": _torch("call"),
    "backward": _torch("backward"),
    "layout": _torch("layout"),
    "update": _torch("update"),
}
_OPERATORS = [n for n in dir(operator) if n.startswith("__") and callable(getattr(operator, n))]
OPERATIONS = {
    **{name: getattr(operator, name) for name in _OPERATORS},
    **{
        f.__name__: f
        for f in (getattr, setattr, delattr, isinstance, issubclass, len, iter, next, repr, str, int)
    },
    **{f.__name__: f for f in (bool, float, hash, round, abs, reversed, format, dir, divmod)},
    "enter": lambda obj: type(obj).__enter__(obj),
    "exit": lambda obj: type(obj).__exit__(obj, None, None, None),
    "signature": signature_of,
    "source": inspect.getsource,
}


def class_info(cls: type) -> tuple:
    """(names of the bases, for an exception what it is directly derived from, module name, is it a network)
    for a class.

    Classes of the student's own are told as such, others by name.
    """
    bases = [base.__name__ for base in cls.__mro__]
    error: tuple = ()
    if issubclass(cls, BaseException):
        for base in cls.__bases__:
            own = base.__module__ == "__main__"
            error += (base,) if own else tuple(known.__name__ for known in base.__mro__)
    torch = sys.modules.get("torch")
    is_module = torch is not None and issubclass(cls, torch.nn.Module)
    return (bases, error, str(cls.__module__), is_module)


def describe(error: BaseException) -> tuple:
    """(type name, names of its bases, message, lines of the student's cells in the traceback, the class if it
    is the student's own). There are no such lines if a call fails before it begins, say: unknown arguments.
    """
    try:
        message = str(error)
    except BaseException:
        message = ""
    lines = []
    frame = error.__traceback__
    while frame is not None:
        code = frame.tb_frame.f_code
        if code.co_filename.startswith("<ipython-input"):
            where = "" if code.co_name in ("<module>", "<cell line: 1>") else f" in {code.co_name}"
            lines.append(f"line {frame.tb_lineno}{where}")
        frame = frame.tb_next
    if isinstance(error, SyntaxError) and error.lineno:
        lines.append(f"line {error.lineno}")
    bases = [base.__name__ for base in type(error).__mro__]
    own = type(error) if type(error).__module__ == "__main__" else None
    return (type(error).__name__, bases, message[:MESSAGE_CAP], lines[-8:], own)


def contents(obj: Any) -> Any:
    """Enough of a mutable object to see later whether it changed."""
    kind = type(obj).__name__
    if isinstance(obj, list | dict):
        return dict(obj) if isinstance(obj, dict) else list(obj)
    if isinstance(obj, set | bytearray):
        return type(obj)(obj)
    if kind == "ndarray":
        return (obj.shape, obj.tobytes())
    if kind == "Tensor":
        grad = obj.grad if obj.is_leaf else None
        grad = None if grad is None else grad.detach().clone()
        return (tuple(obj.shape), obj.detach().clone(), obj.requires_grad, grad)
    return None


def same_contents(old: Any, new: Any) -> bool:
    if isinstance(old, list):
        return len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True))
    if isinstance(old, dict):
        return list(old) == list(new) and all(old[k] is new[k] for k in old)
    if isinstance(old, tuple) and len(old) == 4:  # a tensor; its gradient is looked at apart
        return old[0] == new[0] and old[2] == new[2] and same_tensors(old[1], new[1])
    return old == new


def same_tensors(old: Any, new: Any) -> bool:
    """Whether two tensors, or None, are the same, NaN included."""
    if old is None or new is None:
        return old is new
    return old.shape == new.shape and bool(((old == new) | ((old != old) & (new != new))).all())


def new_contents(obj: Any) -> tuple:
    kind = type(obj).__name__
    if isinstance(obj, list):
        return ("list", tuple(obj))
    if isinstance(obj, dict):
        return ("dict", tuple(obj.items()))
    if isinstance(obj, set | bytearray):
        return (kind, tuple(obj))
    if kind == "ndarray":
        return ("array", obj.copy())
    return ("tensor", obj.detach().clone())


def without_changed(known: list, changes: list) -> list:
    """``known`` with something else in the place of what has changed or holds what has changed.

    The judge's own objects are as they were, so a reference to one of these would stand for the old contents.
    """
    stale = {id(known[number]) for number, (kind, _) in changes if kind != "grad"}
    before = -1
    while before < len(stale):
        before = len(stale)
        stale |= {id(obj) for obj in known if id(obj) not in stale and holds(obj, stale)}
    return [object() if id(obj) in stale else obj for obj in known]


def holds(obj: Any, wanted: set[int]) -> bool:
    """Whether a container has one of these objects in it, itself or in a tuple."""
    parts = obj.values() if isinstance(obj, dict) else obj if isinstance(obj, list | tuple) else ()
    return any(id(part) in wanted or (isinstance(part, tuple) and holds(part, wanted)) for part in parts)


def make_shell(namespace_name: str = "__main__") -> Any:
    """An IPython shell without history, threads or printed tracebacks."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.autocall = 0
    shell = InteractiveShell.instance(config=config)
    shell.showtraceback = lambda *args, **kwargs: None
    shell.showsyntaxerror = lambda *args, **kwargs: None
    shell.enable_gui = lambda gui=None: None
    shell.enable_matplotlib = lambda gui=None: (
        gui,
        "agg",
    )  # %matplotlib: figures are taken when their cell has ended
    shell._tee = lambda channel: contextlib.nullcontext()  # a second copy of all that is printed
    shell.system = lambda command: run_command(shell, command)
    manager = shell.input_transformer_manager
    look_for_magics = manager.do_token_transforms
    # Most of the time that a small cell takes would go into reading it word by word.
    manager.do_token_transforms = lambda lines: lines if is_python(lines) else look_for_magics(lines)
    return shell


def run_command(shell: Any, command: str) -> None:
    """``!command``. IPython would open a terminal for it, for which it would need a session of its own."""
    process = subprocess.Popen(
        shell.var_expand(command, depth=2),
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    for part in iter(lambda: process.stdout.read(1 << 16), ""):
        print(part, end="")
    shell.user_ns["_exit_code"] = process.wait()


def is_python(lines: list[str]) -> bool:
    """Whether the lines of a cell are Python as they stand, without magics, ``!`` and ``?``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they come again when the cell is compiled
        try:
            ast.parse("".join(lines))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def serve(sock: socket.socket, shell: Any) -> None:
    """Serve the judge at the other end of ``sock`` until it hangs up; never returns."""
    with contextlib.suppress(Closed, OSError):
        Student(Channel(sock, MAX_FRAME), shell).serve()
    os._exit(0)
