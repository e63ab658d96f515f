"""Runs the tests of one submission and decides the marks. Forked per submission from a warm, trusted process.

The tests are the instructor's ordinary cells. They run here, in a namespace that no student code can touch;
a name that this namespace and Python's own names lack is looked up among the student's and stands for it by
a proxy. So the same cell runs in a notebook, under plain nbgrader, and here.

A test cell runs against a fork of the student process, so that whatever happens in it is undone afterwards.
Arguments that student code changes are a trap for tests that compute the expected value afterwards from the
same object: the first pass leaves the judge's objects as they were. Only if something was changed does a
second pass run, in which the changes do arrive, as they would in one process; marks need both. (A question
that asks for changes in place is recognised by the instructor's own solution: see
``engine.Grader.in_place``.)

Threat answered: verdicts inferred from what a student's process writes. Nothing that the student's side says
is a verdict here; it only ever supplies the values that the tests look at.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import io
import numbers
import os
import signal
import sys
import time
import traceback
import zlib
from dataclasses import dataclass, field
from itertools import accumulate
from types import CodeType
from typing import Any

from . import proxies
from .inside import codec
from .inside.channel import Channel
from .names import python_of
from .session import Interrupted, Nonsense, OutOfTime, Session, Unconfined
from .verdicts import clamp

MESSAGE_CAP = 1_500
_WORTH_PROBING = ("failed", "error", "partial")
OUTPUT_CAP = 20_000
MAX_RECORDED = 20_000
FIGURE_BYTES = 16 << 20  # of a notebook; what comes later is not shown
PROBE_BYTES = 32 << 20  # of the results of one answer's probes; what comes later does not count
RECORDED_BYTES = 32 << 20  # of the recorded calls; what comes later is no probe


class JudgeOutOfTime(BaseException):
    """The test cell itself ran too long."""


class StudentNames(dict):
    """Python's built-in names; what they lack is asked of the student. Stands where ``__builtins__``
    would.
    """

    def __init__(self, judge: Judge):
        super().__init__(vars(builtins))
        self["get_ipython"] = lambda: _Quiet()
        self["display"] = lambda *args, **kwargs: None
        self.judge = judge

    def __missing__(self, name: str) -> Any:
        return self.judge.student_name(name)


class Space(dict):
    """The names of the tests. Where a test rebinds or deletes a function of the student's (to see that
    another one uses it, say), the student's process does the same: there are two sets of names, but they
    look like one."""

    def __init__(self, judge: Judge):
        super().__init__({"__name__": "__main__", "__builtins__": StudentNames(judge)})
        self.judge = judge

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        if name in self.judge.their_functions:
            self.judge.rebind("bind", name, value)

    def __delitem__(self, name: str) -> None:
        if name in self.judge.their_functions:
            self.pop(name, None)
            self.judge.rebind("unbind", name)
        else:
            super().__delitem__(name)


class _Quiet:
    """Swallows the magics of the instructor's cells (``%matplotlib inline`` and the like)."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


@dataclass
class Outcome:
    """What became of one test cell."""

    verdict: str
    score: float
    message: str = ""
    trace: list[str] = field(default_factory=list)
    output: str = ""
    where: str = ""  # the type name of an error, for diagnosis
    numeric: bool = False  # whether the cell ended in a number of points


class Judge:
    """Runs the steps of one rebuilt notebook against one student session.

    Args:
        session: the student process.
        report: called with a plain dict for each cell that is done.
        seed: makes generators that a test creates without a seed repeatable; a student cannot know it.
    """

    def __init__(self, session: Session, report: Any, seed: int, cell_seconds: float):
        self.session = session
        self.report = lambda result: report(printable(result))
        self.seed = seed
        self.cell_seconds = cell_seconds
        self.their_functions: set[str] = set()
        self.space = Space(self)
        self.in_test = False
        self.found: dict[str, Any] = {}
        self.missing: set[str] = set()
        self.verdicts: dict[str, str] = {}
        self.began = False
        self.room_for_figures, self.room_for_results = FIGURE_BYTES, PROBE_BYTES

    # -- the notebook -----------------------------------------------------------------------------------

    def run(self, steps: list[dict]) -> None:
        """Run all steps. A step is a plain dict: kind ``student``, ``given`` or ``test``, with what that
        kind needs.
        """
        os.environ["COURSE_GRADING_SEED"] = str(self.seed)
        for step in steps:
            if step["kind"] == "student":
                self.student_cell(step)
            elif step["kind"] == "given":
                self.given_cell(step)
            elif step["kind"] == "probe":
                self.probe(step)
            else:
                self.test_cell(step)

    def student_cell(self, step: dict) -> None:
        """Run a cell in the student process; a crash or a hang undoes the cell and costs what depends on it.

        A cell that only defines functions can do neither, so it needs no fork to go back to, unless it turns
        out that an earlier question has ruined the process.
        """
        started = time.monotonic()
        output, error, ended, figures = "", None, "", []
        keep = step["figures"] and self.room_for_figures > 0
        attempts = (False, True) if step["only_defines"] else (True,)
        for fork in attempts if step["text"].strip() else ():
            self.session.deadline = time.monotonic() + self.cell_seconds
            self.session.fatal = None
            try:
                with self.alarm():
                    if fork:
                        self.session.begin()
                    output, error, figures = self.session.run(step["text"], keep)
                break
            except (Interrupted, JudgeOutOfTime) as trouble:
                ended = self.drop_after(trouble) if fork else ""
        for name in step["takes_over"]:  # whatever became of the cell: nothing else may stand for its answer
            self.space.pop(name, None)
            self.space["__builtins__"].pop(name, None)
        self.their_functions |= set(step["functions"])
        if not keep:  # the student's side may send what it was not asked for
            figures = []
        self.report(
            {
                "kind": "student",
                "number": step["number"],
                "output": output,
                "figures": self.that_fit(figures),
                "error": list(error) if error else None,
                "ended": ended,
                "seconds": time.monotonic() - started,
            }
        )

    def that_fit(self, figures: list[bytes]) -> list[bytes]:
        """The first of these figures for which there is room."""
        kept = []
        for figure in figures:
            self.room_for_figures -= len(figure)
            if self.room_for_figures < 0:
                break
            kept.append(figure)
        return kept

    def given_cell(self, step: dict) -> None:
        """Run what the tests need of an instructor's cell; an error leaves its names undefined, as in a
        notebook.

        If it calls student code it does so in a stage of its own, which is kept: its objects may be needed
        later.
        """
        self.found, self.in_test, self.began = {}, True, False
        self.session.may_hand_over = set(proxies.WAYS)  # what these cells compute with is no secret
        error: BaseException | None = None
        try:
            with self.limits(step["key"]):
                exec(compile(step["code"], "<given>", "exec"), self.space)
        except (Exception, Interrupted, JudgeOutOfTime, SystemExit) as problem:
            error = problem
        self.in_test = False
        if isinstance(error, Unconfined):
            raise error
        if self.began and (self.session.fatal or isinstance(error, JudgeOutOfTime)):
            self.drop_quietly()
        self.session.fatal = None

    def test_cell(self, step: dict) -> None:
        started = time.monotonic()
        body, last = parse_test(step["source"], step["key"])
        self.session.changed = self.session.write_back = False
        self.session.handed_over, self.session.may_hand_over = set(), set(step["may_hand_over"])
        outcome = self.attempt(step, body, last)
        in_place = None
        if self.session.changed and outcome.verdict not in ("timeout", "crashed", "out of memory"):
            self.session.write_back = True
            second = self.attempt(step, body, last)
            self.session.write_back = False
            if outcome.verdict == "passed" and second.score < outcome.score:
                second.message = (
                    second.message or "The answer changes its arguments, and that makes the test fail."
                )
                outcome = second
            elif second.score > outcome.score:
                in_place = second
        self.session.forget_lent()
        self.verdicts[step["key"]] = outcome.verdict
        self.report(
            {
                "kind": "test",
                "key": step["key"],
                "seconds": time.monotonic() - started,
                **vars(outcome),
                "in_place": vars(in_place) if in_place else None,
                "handed_over": sorted(self.session.handed_over),
            }
        )

    def probe(self, step: dict) -> None:
        """Run an answer's function on known arguments, for the diagnosis; only if one of its tests went
        wrong.

        With a ``text``, that cell is run first, in a stage that is dropped afterwards.
        """
        if step["tests"] and not any(self.verdicts.get(key) in _WORTH_PROBING for key in step["tests"]):
            return
        results: dict[str, list] = {}
        self.room_for_results = PROBE_BYTES
        self.session.deadline = time.monotonic() + self.cell_seconds
        self.session.fatal = None
        began = False
        try:
            self.session.begin()
            began = True
            if step["text"]:
                self.session.run(step["text"])
            for name, payloads in step["probes"].items():
                found, function = self.session.find(name)
                if found and isinstance(function, proxies.StudentFunction):
                    results[name] = [self.probed(function, payload) for payload in payloads]
        except (Exception, Interrupted):
            results = {}
        if began:
            self.drop_quietly()
        self.session.fatal = None
        self.report({"kind": "probe", "key": step["key"], "slug": step["slug"], "results": results})

    def probed(self, function: Any, payload: bytes) -> tuple:
        """What a call gives: ("value", value, changed) or ("raised", type, changed), ``changed`` for its
        arguments.
        """
        args, kwargs = codec.decode(payload)
        self.session.changed = False
        try:
            value = function(*args, **kwargs)
            if type(value) is proxies.StudentTuple:
                value = tuple(value)
            # Deep as it will lie in the report, which must neither fail nor grow too large.
            size = len(codec.encode({"results": {"": [("value", value, self.session.changed)]}}))
            if size > self.room_for_results:
                raise codec.CannotCross(f"a value of {size} bytes")
            self.room_for_results -= size
        except codec.CannotCross:
            return ("value", ("no plain data", type(value).__name__), self.session.changed)
        except Exception as error:
            name = error.type_name if isinstance(error, proxies.StudentRaised) else type(error).__name__
            return ("raised", name, self.session.changed)
        return ("value", value, self.session.changed)

    def attempt(self, step: dict, body: CodeType | None, last: CodeType | None) -> Outcome:
        """One pass of a test cell against a fresh fork of the student process."""
        self.found, self.missing = {}, set()
        self.in_test, self.began = True, False
        out = io.StringIO()
        value, error = None, None
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), self.limits(step["key"]):
                if body is None:
                    raise SyntaxError("the test cell is not valid Python")
                exec(body, self.space)
                if last is not None:
                    value = eval(last, self.space)
        except (Exception, Interrupted, JudgeOutOfTime, SystemExit) as problem:
            error = problem
        self.in_test = False
        error = self.session.fatal or error
        outcome = self.decide(step, value, error)
        outcome.output = out.getvalue()[:OUTPUT_CAP]
        if self.began:
            holds = any(_from_stage(self.space.get(name), self.session.top) for name in step["exports"])
            if not holds or error is not None:
                signal_number = self.drop_quietly()
                if outcome.verdict == "crashed":
                    outcome = self.crash(outcome, signal_number)
            self.began = False
        for name in self.their_functions:
            self.space.pop(name, None)
        for undo in reversed(self.session.undo):
            undo()
        self.session.undo.clear()
        return outcome

    def rebind(self, request: str, name: str, *value: Any) -> None:
        """Bind or delete one of the student's functions in the student's process, within a test."""
        if self.in_test:
            self.fork_for_test()
            self.found.pop(name, None)
            try:
                self.session.request(request, name, *value)
            except KeyError:
                raise KeyError(name) from None

    def student_name(self, name: str) -> Any:
        """The value or the proxy of a student's name."""
        if name in self.found:
            return self.found[name]
        self.fork_for_test()
        found, value = self.session.find(name)
        if not found:
            self.missing.add(name)
            raise KeyError(name)
        if isinstance(value, proxies.StudentFunction):
            self.found[name] = value  # data may be rebound by a call; functions are asked for once a pass
        return value

    def fork_for_test(self) -> None:
        """The fork is made when the test first asks for something."""
        if self.in_test and not self.began:
            self.session.begin()
            self.began = True

    # -- verdicts ---------------------------------------------------------------------------------------

    def decide(self, step: dict, value: Any, error: BaseException | None) -> Outcome:
        points = step["points"]
        if error is None:
            numeric = is_number(value)
            if step["numeric"] and not numeric:
                kind = type(value).__name__
                return Outcome("failed", 0.0, f"The test should end in a number of points, not in a {kind}.")
            score = partial_credit(value, points)
            verdict = "passed" if score == points else "partial" if score > 0 else "failed"
            return Outcome(verdict, score, numeric=numeric)
        trace = test_trace(error, step["key"])
        if isinstance(error, Unconfined):
            raise error
        if isinstance(error, OutOfTime | JudgeOutOfTime):
            return Outcome("timeout", 0.0, f"No result after {self.cell_seconds:g} s.", trace)
        if isinstance(error, Interrupted):
            text = str(error) if isinstance(error, Nonsense) else ""
            return Outcome(error.verdict, 0.0, text, trace)
        message = str(error)[:MESSAGE_CAP]
        if not step["attempted"]:
            return Outcome("not attempted", 0.0, "", trace)
        if isinstance(error, proxies.StudentRaised):
            where = f" ({', '.join(error.lines)} of your cell)" if error.lines else ""
            text = f"{error.type_name}: {message}{where}" if message else f"{error.type_name}{where}"
            verdict = "error"
            if error.type_name == "MemoryError":
                verdict = "out of memory"
            elif "may not be used in this assignment" in message:
                verdict = "forbidden"
            return Outcome(verdict, 0.0, text, trace, where=error.type_name)
        if isinstance(error, NameError) and self.missing:
            names = ", ".join(sorted(self.missing))
            return Outcome(
                "error", 0.0, f"{names} is not defined after running your cells.", trace, where="NameError"
            )
        if isinstance(error, AssertionError):
            return Outcome("failed", 0.0, message, trace, where="AssertionError")
        return Outcome("error", 0.0, f"{type(error).__name__}: {message}", trace, where=type(error).__name__)

    def crash(self, outcome: Outcome, signal_number: int) -> Outcome:
        verdict, message = _ending(signal_number)
        return Outcome(verdict, 0.0, message, outcome.trace)

    def drop_after(self, trouble: Interrupted) -> str:
        signal_number = self.drop_quietly()
        if isinstance(trouble, OutOfTime | JudgeOutOfTime):
            return "timeout"
        if isinstance(trouble, Nonsense):
            return "error"
        return _ending(signal_number)[0]

    def drop_quietly(self) -> int:
        """Drop the newest stage; if the checkpoint below does not obey either, later cells find a dead
        session.
        """
        if len(self.session.stages) < 2:
            return 0
        try:
            with self.alarm():
                return self.session.drop()
        except (Interrupted, JudgeOutOfTime):
            return 0

    # -- surroundings -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def limits(self, key: str) -> Any:
        """A deadline for the judge's own code and for the student's, and fixed seeds for generators without
        one.
        """
        self.session.deadline = time.monotonic() + self.cell_seconds
        self.session.fatal = None
        with self.alarm(), seeded(self.seed, key):
            yield

    @contextlib.contextmanager
    def alarm(self) -> Any:
        """Ends the judge's own work, such as reading an answer of millions of parts, a little after the
        cell's time is up.
        """

        def too_long(signum: int, frame: Any) -> None:
            raise JudgeOutOfTime

        signal.signal(signal.SIGALRM, too_long)
        signal.setitimer(signal.ITIMER_REAL, self.cell_seconds + 1)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextlib.contextmanager
def seeded(seed: int, key: str) -> Any:
    """Within, every random generator made without a seed is made with one that depends on the run and the
    cell.
    """
    import random

    mixed = zlib.crc32(key.encode(), seed & 0xFFFFFFFF)
    random.seed(mixed)
    np, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(mixed)
    if np is None:
        yield
        return
    np.random.seed(mixed)
    original, made = np.random.default_rng, [0]

    def default_rng(seed: Any = None) -> Any:
        if seed is None:
            made[0] += 1
            seed = [mixed, made[0]]
        return original(seed)

    np.random.default_rng = default_rng
    try:
        yield
    finally:
        np.random.default_rng = original


@functools.cache
def parse_test(source: str, key: str) -> tuple[CodeType | None, CodeType | None]:
    """A test cell as the code of its statements and, if it ends in one, of its last expression."""
    try:
        tree = ast.parse(python_of(source))
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
            last = compile(ast.Expression(tree.body.pop().value), f"<test {key}>", "eval")
        return compile(tree, f"<test {key}>", "exec"), last
    except SyntaxError:  # also from compile: await outside of a function, say
        return None, None


def partial_credit(value: Any, points: float) -> float:
    """A test cell's last value as points, with nbgrader's meaning: a number is the points, anything else is
    all.
    """
    # Also for text: nbgrader reads the printed form, and '0.5' in quotes is no number.
    return clamp(value, points) if is_number(value) else points


def is_number(value: Any) -> bool:
    """Whether a test cell's last value is a number of points."""
    if isinstance(value, numbers.Real):
        return not isinstance(value, bool)
    with contextlib.suppress(TypeError, ValueError):
        float(value if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0 else "")
        return True
    return False


def printable(value: Any) -> Any:
    """Texts in a report, some of which come from the student, as text that can be written to a file."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [printable(item) for item in value]
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    return value


def _from_stage(value: Any, stage: Any) -> bool:
    remote = proxies.remote_of(value)
    return remote is not None and remote.stage is stage


def test_trace(error: BaseException, key: str) -> list[str]:
    """Where in the test cell it failed: "line n: text" for each of its frames."""
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == f"<test {key}>":
            lines.append(f"line {frame.lineno}")
    return lines[-4:]


def _ending(signal_number: int) -> tuple[str, str]:
    if signal_number == signal.SIGXCPU:
        return "timeout", "The answer used up its processor time."
    if signal_number == signal.SIGKILL:
        return "out of memory", "The process was killed because it used too much memory."
    if signal_number:
        with contextlib.suppress(ValueError):
            return "crashed", f"The answer ended its process by signal {signal.Signals(signal_number).name}."
    return "crashed", "The answer ended its own process."


def judge(channel: Channel, task: dict, report: Any) -> None:
    """Judge one notebook: the whole work of one forked judge process."""
    limits = task["limits"]
    session = Session(channel, limits["answer_bytes"])
    if task["extra"]:
        session.request("place", task["extra"])
    judge_ = Judge(session, report, task["seed"], limits["cell_seconds"])
    session.recorded = [] if task["record"] else None
    judge_.run(task["steps"])
    if session.recorded is not None:
        calls = session.recorded[:MAX_RECORDED]
        sizes = accumulate(len(arguments) for _, arguments in calls)
        report({"kind": "calls", "calls": calls[: sum(size <= RECORDED_BYTES for size in sizes)]})
