"""The judge's end of a conversation with one student process.

Threat answered: everything that comes back is chosen by the student. So each request has a deadline, each
answer is decoded by ``codec`` alone, and a silent, dead or babbling process becomes one of three exceptions
that a test's own ``except Exception`` cannot swallow, and that are remembered in ``fatal`` in case something
else does.

The conversation goes over a stack of *stages*, processes that are forks of each other: ``begin`` adds one on
top, ``drop`` kills it and uncovers the one below, where nothing has happened.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import Any

from . import proxies
from .inside import codec, figures
from .inside.channel import Channel, Closed, DeadlineExceeded, FrameTooLarge

REQUEST, ANSWER, CALLBACK = b"Q", b"A", b"C"
WRITE_BACK = b"W"  # a request in a pass in which changes of its arguments arrive
MAX_CALLBACKS_DEEP = 8
MAX_OUTPUT = 25_000  # characters; the student's side cuts earlier, if it is what it was


class Interrupted(BaseException):
    """The student's side failed in a way that ends the current cell; ``verdict`` says which."""

    verdict = "crashed"


class OutOfTime(Interrupted):
    verdict = "timeout"


class Died(Interrupted):
    """The process ended; the judge learns how when it drops the stage."""


class Nonsense(Interrupted):
    """What came back is not the protocol."""

    verdict = "error"


class Unconfined(RuntimeError):
    """The sandbox could not be built: no student code ran."""


class StageGone(RuntimeError):
    """An object of a process that no longer exists was used."""


class Stage:
    """One process of the student."""

    def __init__(self, channel: Channel):
        self.channel = channel
        self.known: dict[int, Any] = {}  # number -> proxy
        self.mirrors: dict[int, Any] = {}  # number -> the judge's copy of a parameter, see ``tensors``
        self.modules: list[Any] = []  # the student's modules whose state the judge has a copy of


class Session:
    """Ask one student process; see the module.

    Attributes:
        deadline: ``time.monotonic()`` value by which the current cell must be done.
        fatal: what ended the current cell, if anything did.
        may_hand_over, handed_over: in which ways values of the judge may go to objects of the student's,
            and in which they did: see ``proxies.hand_over``.
        changed: whether a call in this cell changed its arguments.
        write_back: whether such changes are applied to the judge's objects.
    """

    def __init__(self, channel: Channel, answer_bytes: int):
        self.answer_bytes = answer_bytes
        self.stages = [Stage(channel)]
        self.deadline = time.monotonic() + 60
        self.fatal: Interrupted | None = None
        self.heard = False  # whether anything has come from the student process yet
        self.may_hand_over: set[str] = set(proxies.WAYS)
        self.handed_over: set[str] = set()
        self.changed = False
        self.write_back = False
        self.undo: list[Callable[[], None]] = []
        self.lent: dict[int, Any] = {}
        self._lent_count = 0
        self._deep = 0
        self.recorded: list[tuple[str, bytes]] | None = None  # calls of the student's functions, if wanted
        self.calls = 0  # calls that may have changed any of the student's modules

    # -- stages -----------------------------------------------------------------------------------------

    @property
    def top(self) -> Stage:
        return self.stages[-1]

    def begin(self) -> None:
        """Fork the student process; the fork goes on, the original waits.

        If the newest stage is dead (a question can kill the process that waits for it), the one below is
        used: what the dead one had done since is lost, and nothing else.
        """
        while True:
            try:
                self._fork()
                return
            except Interrupted:
                if len(self.stages) < 2:
                    raise
                with contextlib.suppress(Interrupted):
                    self.drop()
                self.fatal = None

    def _fork(self) -> None:
        ours, theirs = Channel.pair(self.answer_bytes)
        try:
            self.top.channel.send(REQUEST + codec.encode(("fork",)), (theirs.fileno(),), self.deadline)
        except (Closed, DeadlineExceeded) as error:
            self._fail(error)
        finally:
            theirs.close()
        self.stages.append(Stage(ours))
        answer = self._receive(None)
        if answer[0] != "ready":
            self._fail(Nonsense("the student process did not fork"))

    def drop(self) -> int:
        """Kill the newest stage; the signal that had ended it before, or 0.

        A checkpoint that no longer obeys ends the whole submission: raises Interrupted.
        """
        died = isinstance(self.fatal, Died)
        self.stages.pop().channel.close()
        self.fatal = None
        self.deadline = max(self.deadline, time.monotonic() + 10)
        self._send(("drop", died), [])
        answer = self._receive(None)
        if answer[0] != "ended" or len(answer) != 3 or not all(type(part) is int for part in answer[1:]):
            self._fail(Nonsense("the checkpoint did not answer"))
        return answer[1]

    def kept_by(self, stage: Stage) -> bool:
        return stage in self.stages

    # -- cells and names --------------------------------------------------------------------------------

    def run(self, source: str, keep_figures: bool = False) -> tuple[str, tuple | None, list[bytes]]:
        """Run a student cell in the newest stage: (printed text, None or the description of an error, what
        it has drawn as PNG files).
        """
        self._send(("run", source, keep_figures), [])
        answer = self._receive([])
        if answer[0] != "ran" or len(answer) != 4 or type(answer[1]) is not str or not _pictures(answer[3]):
            self._fail(Nonsense("an answer of the wrong form"))
        error = _description(answer[2]) if answer[2] is not None else None
        return answer[1][:MAX_OUTPUT], error, answer[3]

    def find(self, name: str) -> tuple[bool, Any]:
        """Whether the student's names have ``name``, and its value or proxy."""
        found = self.request("name", name)
        if type(found) is not tuple or len(found) != 2:
            self._fail(Nonsense("an answer of the wrong form"))
        return bool(found[0]), found[1]

    # -- requests ---------------------------------------------------------------------------------------

    def call(self, target: Any, args: tuple, kwargs: dict) -> Any:
        if self.recorded is not None and self._deep == 0 and isinstance(target, proxies.StudentFunction):
            with contextlib.suppress(codec.CannotCross):
                self.recorded.append((target.__name__, codec.encode((args, kwargs))))
        if "torch" in sys.modules:
            from . import tensors

            return tensors.call(self, target, args, kwargs)
        return self.request("call", target, args, kwargs)

    def apply(self, operation: str, *args: Any) -> Any:
        return self.request("apply", operation, args)

    def request(self, name: str, *args: Any) -> Any:
        """Ask, serve the callbacks that come before the answer, and give the value or raise the student's
        error.
        """
        return self.exchange(name, *args)[0]

    def exchange(self, name: str, *args: Any) -> tuple[Any, list, list]:
        """As ``request``; also the objects that the request mentioned, and those together with the
        answer's.
        """
        memo: list = []
        self._send((name, *args), memo)
        sent = list(memo)
        answer = self._receive(memo)
        if answer[0] == "raised" and len(answer) == 7:
            description = _description(answer[1:6])
            if description is None:
                self._fail(Nonsense("an error of the wrong form"))
            self._apply_changes(answer[6], sent)
            may_end = name == "apply" and args[0] in ("next", "__next__")
            raise proxies.student_error(description, answer[5], may_end)
        if answer[0] != "value" or len(answer) != 3:
            self._fail(Nonsense("an answer of the wrong form"))
        self._apply_changes(answer[2], sent)
        return answer[1], sent, memo

    def _send(self, request: tuple, memo: list) -> None:
        if self.fatal:
            raise self.fatal
        payload = codec.encode(request, memo, self._handle)
        try:
            self.top.channel.send((WRITE_BACK if self.write_back else REQUEST) + payload, (), self.deadline)
        except DeadlineExceeded as error:
            self._fail(error)
        except Closed:
            pass  # it may have said why before it closed: the answer is read next

    def _receive(self, memo: list | None) -> tuple:
        while True:
            try:
                payload = self.top.channel.receive(self.deadline)
                if payload[:1] == CALLBACK:
                    self._serve_callback(payload[1:])
                    continue
                answer = codec.decode(payload[1:], memo, self._resolve)
            except (Closed, DeadlineExceeded, FrameTooLarge, codec.Malformed, MemoryError) as error:
                self._fail(error)
            if type(answer) is not tuple or not answer or type(answer[0]) is not str:
                self._fail(Nonsense("an answer of the wrong form"))
            if answer[0] == "unconfined" and not self.heard:  # later it would be student code that says so
                raise Unconfined(str(answer[1]))
            self.heard = True
            return answer

    def _fail(self, error: Exception | Interrupted) -> None:
        if isinstance(error, DeadlineExceeded):
            error = OutOfTime("no answer in time")
        elif isinstance(error, Closed):
            error = Died("the student process ended")
        elif not isinstance(error, Interrupted):
            error = Nonsense(f"{type(error).__name__}: {error}")
        self.fatal = error
        raise error from None

    def _serve_callback(self, payload: bytes) -> None:
        memo: list = []
        call = codec.decode(payload, memo, self._resolve)
        fits = type(call) is tuple and [type(part) for part in call] == [int, tuple, dict]
        if not fits or call[0] not in self.lent or not all(type(k) is str for k in call[2]):
            self._fail(Nonsense("a call of something that was never lent"))
        if self._deep >= MAX_CALLBACKS_DEEP:
            self._fail(Nonsense("calls to and fro nested too deeply"))
        self._deep += 1
        try:
            answer: tuple = ("result", self.lent[call[0]](*call[1], **call[2]))
        except Exception as error:
            # What a class of the test's own is a case of: the student's side knows no other names.
            known = next(c for c in type(error).__mro__ if c.__module__ == "builtins")
            answer = ("raised", known.__name__, str(error))
        finally:
            self._deep -= 1
        if self.fatal:
            raise self.fatal
        try:
            encoded = codec.encode(answer, memo, self._handle)
        except codec.CannotCross as error:
            encoded = codec.encode(("raised", "TypeError", str(error)))
        try:
            self.top.channel.send(ANSWER + encoded, (), self.deadline)
        except (Closed, DeadlineExceeded) as error:
            self._fail(error)

    # -- objects ----------------------------------------------------------------------------------------

    def _resolve(self, handle: codec.Handle) -> Any:
        """What stands in the judge for an object that stayed with the student."""
        if handle.kind == "callback":
            if handle.ident not in self.lent:
                raise codec.Malformed("a function that was never lent")
            return self.lent[handle.ident]
        for stage in self.stages:
            if handle.ident in stage.known:
                return stage.known[handle.ident]
        proxy = proxies.make(self, self.top, handle)
        self.top.known[handle.ident] = proxy
        return proxy

    def _handle(self, obj: Any) -> codec.Handle:
        """What travels for an object of the judge that is not plain data."""
        remote = proxies.remote_of(obj)
        if remote is not None:
            if not self.kept_by(remote.stage):
                raise StageGone(f"{remote.name} belongs to an earlier test cell; make it again in this one")
            return codec.Handle(remote.ident, remote.kind, remote.name)
        if isinstance(obj, codec.Handle):
            return obj
        library = _library_name(obj)
        if library:
            return codec.Handle(0, "library", *library)
        if "torch" in sys.modules:
            from . import tensors

            built = tensors.describe(obj)
            if built is not None:
                return built
        if callable(obj) and not isinstance(obj, type):
            for number, lent in self.lent.items():
                if lent is obj:
                    return codec.Handle(number, "callback", "function")
            self._lent_count += 1
            self.lent[self._lent_count] = obj
            return codec.Handle(self._lent_count, "callback", str(getattr(obj, "__name__", "function")))
        raise codec.CannotCross(
            f"a {type(obj).__name__} cannot be given to student code: only plain data and functions can"
        )

    def _apply_changes(self, changes: Any, sent: list) -> None:
        """Do to the judge's objects what the call did to its copies of them, if this pass asks for it."""
        if type(changes) is not list:
            self._fail(Nonsense("an answer of the wrong form"))
        for change in changes:
            fits = (
                type(change) is tuple
                and len(change) == 2
                and type(change[0]) is int
                and type(change[1]) is tuple
            )
            if not fits or not 0 <= change[0] < len(sent) or len(change[1]) != 2:
                self._fail(Nonsense("an answer of the wrong form"))
            target, (kind, new) = sent[change[0]], change[1]
            if kind == "grad":
                proxies.take_grad(target, new)
                continue
            self.changed = True
            if self.write_back:
                undo = proxies.overwrite(target, kind, new)
                if undo:
                    self.undo.append(undo)

    def forget_lent(self) -> None:
        self.lent.clear()


_LIBRARIES = (
    "numpy",
    "torch",
    "math",
    "cmath",
    "operator",
    "functools",
    "itertools",
    "collections",
    "random",
    "string",
)


def _library_name(obj: Any) -> tuple[str, str] | None:
    """(module, attribute path) of something that both sides can import for themselves, such as
    ``numpy.sum``.
    """
    module = getattr(obj, "__module__", None)
    name = getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None)
    if isinstance(obj, type) and module == "builtins":
        return ("builtins", obj.__name__)
    if type(obj).__name__ in ("ufunc", "builtin_function_or_method") and not isinstance(module, str):
        module = "numpy"
    if not isinstance(module, str) or not isinstance(name, str) or "<" in name:
        return None
    if module.split(".")[0] not in (*_LIBRARIES, "builtins", "_operator", "_functools", "_collections"):
        return None
    for candidate in (module, "torch", "numpy"):
        found: Any = sys.modules.get(candidate)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is obj:
            return candidate, name
    return None


def _pictures(value: Any) -> bool:
    """Whether this is a list of PNG files, by their first bytes, as small and few as they must be."""
    return type(value) is list and len(value) <= figures.MOST and all(map(figures.acceptable, value))


def _description(value: Any) -> tuple[str, list[str], str, list[str]] | None:
    """An error's description, checked: (type name, names of bases, message, lines)."""
    if type(value) is not tuple or len(value) < 4:
        return None
    name, bases, message, lines = value[:4]
    texts = type(bases) is list and type(lines) is list and all(type(t) is str for t in [*bases, *lines])
    if not texts or type(name) is not str or type(message) is not str:
        return None
    with contextlib.suppress(Exception):
        return name[:100], [b[:100] for b in bases[:50]], message[:2000], [t[:200] for t in lines[:8]]
    return None
