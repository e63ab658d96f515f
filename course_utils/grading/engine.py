"""From one submission's files to its marks, on one machine: the zygotes, one judge per notebook, and
deadlines.

A ``Grader`` is what a worker keeps between submissions. ``grade`` never raises for what a submission does;
it raises ``SandboxError``, ``Unconfined`` or ``CannotGrade`` when the machine, not the student, is at fault.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import diagnosis, names
from . import policy as policies
from .assignment import Assignment, Cell, Notebook
from .inside import codec
from .inside.channel import Channel, Closed, DeadlineExceeded, FrameTooLarge
from .proxies import WAYS
from .rebuild import MAX_PARSED, Rebuilt, Step, rebuild
from .sandbox import ZYGOTE_ENVIRONMENT, SandboxError, Zygote, kill_group
from .session import Unconfined
from .verdicts import SENTENCES, clamp

JUDGE_FRAME = 64 << 20
SOLUTION_TRIES = 3


@dataclass(frozen=True)
class Submission:
    """One student's files, as bytes.

    Attributes:
        notebooks: the notebook file's bytes by name, None where it is missing.
        files: the student's own files, as (relative path, bytes).
        problems: what was odd about the folder.
    """

    student: str
    notebooks: dict[str, bytes | None]
    files: tuple[tuple[str, bytes], ...] = ()
    problems: tuple[str, ...] = ()
    timestamp: str | None = None


@dataclass
class Question:
    """One mark: the shape of the JSON report. ``points`` is None until a person has marked it."""

    id: str
    points: float
    max_points: float
    verdict: str
    message: str = ""
    diagnosis: str | None = None
    notebook: str = ""


@dataclass(frozen=True)
class Decided:
    """What people have decided of a submission's marks, or nbgrader in their name.

    Attributes:
        points: marks given by hand, extra credit included, by (notebook, question).
        late_penalty: points taken off the whole.
    """

    points: dict[tuple[str, str], float] = field(default_factory=dict)
    late_penalty: float = 0.0


@dataclass
class Marked:
    """A submission's marks and what is needed to show them."""

    student: str
    questions: list[Question]
    status: str = "graded"
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    protected: bool = True
    cells: dict[str, list[dict]] = field(
        default_factory=dict
    )  # per notebook: text, output, error of each cell
    timestamp: str | None = None
    late_penalty: float = 0.0
    solution_losses: list[str] = field(default_factory=list)  # for the instructor; none if nothing ran

    @property
    def score(self) -> float:
        return max(0.0, sum(question.points for question in self.questions) - self.late_penalty)

    def take(self, decided: Decided) -> None:
        """Let what people have decided count."""
        self.late_penalty = decided.late_penalty
        for question in self.questions:
            question.points = decided.points.get((question.notebook, question.id), question.points)

    @property
    def max_score(self) -> float:
        return sum(question.max_points for question in self.questions)

    def report(self) -> dict[str, Any]:
        """The submission's entry in the JSON report."""
        return {
            "student": self.student,
            "score": self.score,
            "max_score": self.max_score,
            "status": self.status,
            "questions": [
                {k: v for k, v in asdict(q).items() if k != "notebook" or len(self.cells) > 1}
                for q in self.questions
            ],
            "problems": self.problems,
            "seconds": round(self.seconds, 3),
            **({} if not self.late_penalty else {"late_penalty": self.late_penalty}),
            **({} if self.protected else {"unprotected": True}),
        }


class CannotGrade(RuntimeError):
    """Not even the instructor's solution can be run: the machine is at fault, or the assignment."""


class JudgeZygote:
    """The warm process that forks judges.

    Args:
        imports: modules that the tests import.
        tests: (key, source) of the test cells.
    """

    def __init__(self, imports: tuple[str, ...], tests: list[tuple[str, str]]):
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        root = str(Path(__file__).resolve().parents[2])
        bootstrap = (
            f"import sys; sys.path.insert(0, {root!r}); "
            "from course_utils.grading.judge_zygote import main; main()"
        )
        with tempfile.TemporaryFile("w+") as settings:  # anybody could read hidden tests on a command line
            json.dump({"imports": imports, "tests": tests}, settings)
            settings.seek(0)
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", bootstrap],
                stdin=settings,
                env=os.environ | ZYGOTE_ENVIRONMENT,
                preexec_fn=lambda: (
                    os.setsid(),
                    os.dup2(theirs.fileno(), 3, inheritable=True),
                    os.closerange(4, 4096),
                ),
                close_fds=False,
            )
        theirs.close()
        self._control = ours
        self._ready = False

    def new(self, student: socket.socket, grader: socket.socket) -> int:
        with self._lock:
            if not self._ready:
                self._ready = self._answer(120) == b"ready"
            socket.send_fds(self._control, [b"new"], [student.fileno(), grader.fileno()])
            return int(self._answer(30))

    def end(self, number: int) -> None:
        with self._lock, contextlib.suppress(OSError, SandboxError):
            self._control.send(f"kill {number}".encode())
            self._answer(30)

    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        self._control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            kill_group(self.process)

    def _answer(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self._control], [], [], seconds)
        answer = self._control.recv(4096) if ready else b""
        if not answer:
            raise SandboxError("the judge process does not answer")
        return answer


class Grader:
    """Grades submissions of one assignment. ``grade`` may be called from several threads.

    Args:
        seed: what the tests' random inputs depend on.
        protected: False runs student code without a sandbox; marks are then labelled.
    """

    def __init__(self, assignment: Assignment, seed: int, protected: bool = True):
        self.assignment = assignment
        self.seed = seed
        self.protected = protected
        self.limits = assignment.policy.limits
        self._folder = tempfile.TemporaryDirectory(prefix="course-files-")
        os.chmod(self._folder.name, 0o755)
        _place(assignment.files, Path(self._folder.name))
        self._lock, self._known_lock = threading.Lock(), threading.Lock()
        self._of_notebook: dict[str, Known] = {}
        self._closed = False
        self._start()

    def _start(self) -> None:
        files = self._folder.name if self.assignment.files else ""
        view = policies.view(self.assignment.policy, list(self.assignment.imports), files)
        self._students = Zygote(view, self.limits, protected=self.protected)
        cells = [cell for notebook in self.assignment.notebooks for cell in notebook.cells]
        tests = [(cell.key, cell.source) for cell in cells if cell.role == "test"]
        self._judges = JudgeZygote(self.assignment.judge_imports, tests)

    def close(self) -> None:
        """End what is running. Threads that are still in ``grade`` get a SandboxError."""
        with self._lock:
            self._closed = True
            self._students.close()
            self._judges.close()
        self._folder.cleanup()

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def grade(self, submission: Submission) -> Marked:
        """The marks of one submission, whatever is in it."""
        started = time.monotonic()
        marked = Marked(submission.student, [], problems=list(submission.problems), protected=self.protected)
        marked.timestamp = submission.timestamp
        readable = []
        for notebook in self.assignment.notebooks:
            rebuilt = rebuild(notebook, submission.notebooks.get(notebook.name))
            marked.problems += rebuilt.problems
            readable.append(rebuilt.readable)
            results, cells = self._run(notebook, rebuilt, submission.files)
            refusals = self._refusals(rebuilt)
            stops = _stops(rebuilt, cells)
            marked.problems += [stop.problem for stop in stops.values() if stop.unreadable]
            questions = [self._question(cell, rebuilt, results, refusals, stops) for cell in notebook.graded]
            for question in questions:
                question.notebook = notebook.name
            marked.questions += questions
            marked.cells[notebook.name] = cells
            if known := self._of_notebook.get(notebook.name):
                marked.solution_losses += known.losses
        if not any(readable):
            missing = all(submission.notebooks.get(n.name) is None for n in self.assignment.notebooks)
            marked.status = "missing" if missing else "unreadable"
        marked.seconds = time.monotonic() - started
        return marked

    def grade_answers(self, changed: dict[str, str]) -> Marked:
        """The marks of the instructor's solution with some answers changed, without plots and
        demonstrations.
        """
        marked = Marked("", [], protected=self.protected)
        for notebook in self.assignment.notebooks:
            rebuilt = _solution(notebook, changed)
            results, cells = self._run(notebook, rebuilt, ())
            refusals, stops = self._refusals(rebuilt), _stops(rebuilt, cells)
            marked.questions += [
                self._question(c, rebuilt, results, refusals, stops) for c in notebook.graded
            ]
        return marked

    def alike(self, key: str) -> dict[str, list[str]]:
        """Wrong answers for a cell that give the same results on all its probes, so that the feedback can
        name none of them: for each such slug, the others.
        """
        found: dict[str, list[str]] = {}
        for known in self._of_notebook.values():
            of = {
                slug: [result for name in sorted(results) for result in results[name]]
                for slug, results in known.beliefs.get(key, {}).items()
                if slug
            }
            for slug, results in of.items():
                others = [o for o in of if o != slug and diagnosis.all_same(results, of[o])]
                if others:
                    found[slug] = others
        return found

    # -- one notebook -------------------------------------------------------------------------------------

    def _run(self, notebook: Notebook, rebuilt: Rebuilt, files: tuple) -> tuple[dict[str, dict], list[dict]]:
        """Run a rebuilt notebook: results by test key, and for each step what is to be shown."""
        cells = _blank(rebuilt)
        results: dict[str, dict] = {}
        own_work = (s for s in rebuilt.steps if s.code and (not s.cell or s.cell.role != "test"))
        if not any(step.attempted for step in own_work):
            return results, cells
        steps = self._plan(rebuilt)
        known = self._known(notebook)
        for step in steps:
            if step["kind"] == "test":
                step["may_hand_over"] = known.hands_over.get(step["key"], [])
                step["numeric"] = step["key"] in known.numeric
        for message in self._judged(steps + known.steps(), files):
            if message["kind"] == "student":
                _show(cells, message)
            elif message["kind"] == "test":
                results[message["key"]] = message
            elif message["kind"] == "probe":
                told = self._explain(notebook, message["key"], message["results"])
                for key in known.tests[message["key"]] if told else ():
                    results[key]["diagnosis"] = told
        _settle(steps, results, known)
        return results, cells

    # -- what the instructor's solution and the bank do ---------------------------------------------------

    def _known(self, notebook: Notebook) -> Known:
        """Found out once per notebook, from a run of the instructor's own solution."""
        with self._known_lock:
            if notebook.name not in self._of_notebook:
                for _ in range(SOLUTION_TRIES):  # another submission may just have kept the machine busy
                    known = self._learn(notebook)
                    if not known.undecided:
                        break
                self._of_notebook[notebook.name] = known
            return self._of_notebook[notebook.name]

    def _learn(self, notebook: Notebook) -> Known:
        known = Known(notebook)
        calls: list[tuple[str, bytes]] = []
        rebuilt = _solution(notebook, {})
        steps, cells, results = self._plan(rebuilt), _blank(rebuilt), {}
        try:
            for message in self._judged(steps, (), bool(self.assignment.bank)):
                if message["kind"] == "test":
                    known.learn(message)
                    results[message["key"]] = message
                elif message["kind"] == "student":
                    _show(cells, message)
                elif message["kind"] == "calls":
                    calls = message["calls"]
        except (SandboxError, Unconfined) as error:
            if self._closed:
                raise
            raise CannotGrade(f"the solution of {notebook.name!r} cannot be run: {error}") from error
        known.fill(diagnosis.choose(calls), {entry.cell for entry in self.assignment.bank})
        _settle(steps, results, known)
        refusals, stops = self._refusals(rebuilt), _stops(rebuilt, cells)
        questions = [self._question(cell, rebuilt, results, refusals, stops) for cell in notebook.graded]
        several = len(self.assignment.notebooks) > 1
        known.losses = [f"{notebook.name}: {loss}" if several else loss for loss in losses(questions)]
        return known

    def _explain(self, notebook: Notebook, key: str, results: dict[str, list]) -> str | None:
        """What to tell the author of an answer that gives these results, if one wrong belief explains
        them.
        """
        known = self._of_notebook[notebook.name]
        with self._known_lock:
            if key not in known.beliefs:
                known.beliefs[key] = self._believed(notebook, known, key)
        found = dict(known.beliefs[key])
        solution = found.pop("", {})
        names = [name for name in known.probes[key] if name in results]
        if not names or not all(name in solution for name in names):
            return None

        def flat(of: dict[str, list]) -> list:
            return [result for name in names for result in of.get(name, [])]

        slug = diagnosis.explain(flat(results), flat(solution), {s: flat(of) for s, of in found.items()})
        return next((e.tell for e in self.assignment.bank if (e.cell, e.slug) == (key, slug)), None)

    def _believed(self, notebook: Notebook, known: Known, key: str) -> dict[str, dict[str, list]]:
        """What the solution ("") and each wrong answer for a cell give on its probes."""
        mine = [entry for entry in self.assignment.bank if entry.cell == key]
        steps = self._plan(_solution(notebook, {}), tests=False)
        steps += [known.step(key, "", "")] + [known.step(key, e.slug, e.source) for e in mine]
        messages = self._judged(steps, (), patient=True)
        return {m["slug"]: m["results"] for m in messages if m["kind"] == "probe"}

    def _plan(self, rebuilt: Rebuilt, tests: bool = True) -> list[dict]:
        return _plan(rebuilt, self.assignment.imports, tests)

    def _judged(self, steps: list[dict], files: tuple, record: bool = False, patient: bool = False) -> Any:
        """The judge's messages about a list of steps, as they come, until it ends or its time is up."""
        to_judge, for_student = socket.socketpair()
        channel, for_judge = Channel.pair(JUDGE_FRAME)
        student = judge = None
        deadline = time.monotonic() + self.limits.submission_seconds * (10 if patient else 1)
        folder = tempfile.TemporaryDirectory(prefix="course-judge-")  # where the tests run
        try:
            _place(self.assignment.files, Path(folder.name))
            self._revive()
            student = self._students.new(for_student)
            judge = self._judges.new(to_judge, for_judge)
            task = {
                "steps": steps,
                "limits": asdict(self.limits),
                "seed": self.seed,
                "folder": folder.name,
                "extra": files,
                "record": record,
            }
            for sock in (to_judge, for_student, for_judge):
                sock.close()
            channel.send(codec.encode(task), (), deadline)
            while True:
                message = codec.decode(channel.receive(deadline))
                if message["kind"] == "end":
                    if not self._students.alive():
                        raise SandboxError("the student sandbox died")
                    return
                if message["kind"] == "broken":
                    if "Unconfined" in message["why"]:
                        raise Unconfined(message["why"].strip().splitlines()[-1])
                    raise SandboxError(f"the judge failed:\n{message['why']}")
                yield message
        except Closed:
            raise SandboxError("the judge died") from None
        except (DeadlineExceeded, FrameTooLarge):  # what was reported before counts
            return
        finally:
            folder.cleanup()
            for sock in (to_judge, for_student, for_judge):
                sock.close()
            channel.close()
            if student is not None:
                self._students.end(student)
            if judge is not None:
                self._judges.end(judge)

    def _revive(self) -> None:
        """Start the zygotes again if one was killed.

        Raises:
            SandboxError: they were ended on purpose.
        """
        with self._lock:
            if self._closed:
                raise SandboxError("the grader is closed")
            if not (self._students.alive() and self._judges.alive()):
                self._students.close()
                self._judges.close()
                self._start()

    def _refusals(self, rebuilt: Rebuilt) -> dict[int, list[str]]:
        """What the policy says to each of the student's cells, by the step's number."""
        found, left = {}, MAX_PARSED
        for number, step in enumerate(rebuilt.steps):
            own = step.code and (not step.cell or step.cell.role in ("answer", "manual"))
            if own and len(step.text) <= left:
                left -= len(step.text)
                found[number] = policies.violations(step.text, self.assignment.policy)
        return found

    def _question(
        self,
        cell: Cell,
        rebuilt: Rebuilt,
        results: dict[str, dict],
        refusals: dict[int, list[str]],
        stops: dict[int, Stop],
    ) -> Question:
        question = Question(cell.key, 0.0, cell.points, "not attempted", SENTENCES["not attempted"])
        own = next(step for step in rebuilt.steps if step.cell is cell)
        if cell.role in ("manual", "task"):
            if own.attempted or cell.role == "task":
                question.verdict, question.message = "manual", SENTENCES["manual"]
            return question
        if cell.key not in results:
            return question
        result = results[cell.key]
        question.points = clamp(result["score"], cell.points)
        question.verdict = result["verdict"]
        question.diagnosis = result.get("diagnosis") if question.points < cell.points else None
        question.message = result["message"] or SENTENCES[result["verdict"]]
        if question.verdict == "not attempted":
            wanted = {
                n for s in rebuilt.steps if s.cell and s.cell.key in cell.answers for n in s.cell.functions
            }
            if elsewhere := ", ".join(sorted(wanted & rebuilt.added_names)):
                question.message = (
                    "The answer cell is as it was handed out, but another cell of yours defines "
                    f"{elsewhere}: move that code into the answer cell."
                )
        if question.verdict != "passed":
            steps = enumerate(rebuilt.steps)
            mine = [number for number, s in steps if not s.cell or s.cell.key in cell.answers]
            refused = [said for number in mine for said in refusals.get(number, ())]
            if refused and "may not be used" not in question.message:
                question.verdict, question.message = "forbidden", f"{refused[0]}. {question.message}"
            elif (
                question.verdict == "error"
                and (cause := next((n for n in mine if n in stops), None)) is not None
            ):
                question.message = f"{stops[cause]} {question.message}"
        return question


def losses(questions: list[Question]) -> list[str]:
    """The questions that the instructor's solution loses points in, and why, a line each."""
    return [
        f"the solution gets {q.points:g} of {q.max_points:g} points in {q.id} "
        f"({q.verdict}: {textwrap.shorten(q.message, 200, placeholder=' ...')})"
        for q in questions
        if q.verdict != "manual" and q.points < q.max_points
    ]


def _blank(rebuilt: Rebuilt) -> list[dict]:
    """For each step, what is shown of it if it does not run."""
    return [
        {
            "key": s.cell.key if s.cell else None,
            "text": s.text,
            "code": s.code,
            "attempted": s.attempted,
            "output": "",
            "figures": [],
            "error": None,
            "ended": "",
        }
        for s in rebuilt.steps
    ]


def _show(cells: list[dict], message: dict) -> None:
    """Take what the judge says of a student's cell."""
    shown = {k: message[k] for k in ("output", "figures", "error", "ended", "seconds")}
    cells[message["number"]].update(shown)


def _settle(steps: list[dict], results: dict[str, dict], known: Known) -> None:
    """Complete a run's results: of tests that it did not come to, and of those that ask for changes in
    place.
    """
    for step in steps:
        if step["kind"] == "test" and step["key"] not in results:
            message = "The time for the whole notebook was used up before this question."
            results[step["key"]] = {"verdict": "timeout", "score": 0.0, "message": message}
    for key, result in results.items():  # right where the instructor's solution needs it, too
        if result.get("in_place") and key in known.in_place:
            result.update({k: result["in_place"][k] for k in ("verdict", "score", "message")})


@dataclass(frozen=True)
class Stop:
    """How one of a student's cells came to an end before its end.

    Attributes:
        key: the answer's key, or "" for a cell that the student added.
        line: the source at which it stopped, "" if unknown.
    """

    key: str
    error: str
    message: str
    where: str
    line: str

    @property
    def unreadable(self) -> bool:
        """Is it no Python at all? Then nothing of the cell ran."""
        return self.error in ("SyntaxError", "IndentationError", "TabError")

    @property
    def problem(self) -> str:
        name = f"The cell {self.key!r}" if self.key else "A cell that the student added"
        return f"{name} did not run: {self.error}, {self.where}."

    def __str__(self) -> str:
        """For the student."""
        did = "did not run" if self.unreadable else "stopped before its end"
        where = ", ".join(filter(None, [self.where, self.line and f"`{self.line}`"]))
        what = f"{self.error}: {self.message}" if self.message else self.error
        return f"Your cell {did}: {what}{f' ({where})' if where else ''}."


def _stops(rebuilt: Rebuilt, cells: list[dict]) -> dict[int, Stop]:
    """The student's own cells that stopped with an error, by the step's number."""
    found = {}
    for number, (step, shown) in enumerate(zip(rebuilt.steps, cells, strict=True)):
        if not shown["error"] or (step.cell and step.cell.role not in ("answer", "manual")):
            continue
        error, _, message, lines = shown["error"]
        message = re.sub(r" \(<[^>]*>, line \d+\)$", "", message)  # which is said in other words
        line, where = "", lines[0] if lines else ""  # such as "line 3", or "line 3 in a_function"
        if match := re.match(r"line (\d+)", where):
            blank = len(step.text) - len(step.text.lstrip())
            number_there = int(match[1]) + step.text[:blank].count(
                "\n"
            )  # IPython leaves out empty lines above
            where = f"line {number_there}{where[match.end() :]}"
            line = "".join(step.text.splitlines()[number_there - 1 : number_there]).strip()[:80]
        found[number] = Stop(step.cell.key if step.cell else "", error, message, where, line)
    return found


@dataclass
class Known:
    """What the instructor's solution of a notebook does under its tests.

    Attributes:
        in_place: tests that it passes only if what it does to its arguments arrives in the judge.
        hands_over: for the tests in which values go to objects that it makes, how: see
            ``proxies.hand_over``.
        undecided: tests that have no result, or none but that time, memory or the process came to an end.
        losses: the tests in which it loses points, a sentence each.
        numeric: tests that it ends with a number of points. (Otherwise an answer could turn the last value
            of such a test into something that is no number, which is full points in nbgrader.)
        probes: for each answer with a bank, calls of its functions: their arguments by function name.
        tests: for each such answer, the tests that depend on it.
        beliefs: for each such answer, what the solution ("") and each wrong answer give on the probes.
    """

    notebook: Notebook
    undecided: set[str] = field(init=False)
    in_place: set[str] = field(default_factory=set)
    hands_over: dict[str, list[str]] = field(default_factory=dict)
    numeric: set[str] = field(default_factory=set)
    probes: dict[str, dict[str, list[bytes]]] = field(default_factory=dict)
    tests: dict[str, list[str]] = field(default_factory=dict)
    losses: list[str] = field(default_factory=list)
    beliefs: dict[str, dict[str, dict[str, list]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.undecided = {cell.key for cell in self.notebook.cells if cell.role == "test"}

    def learn(self, result: dict) -> None:
        """From the judge's message about one test."""
        if result["verdict"] not in ("timeout", "crashed", "out of memory"):
            self.undecided.discard(result["key"])
        for found, keys in (
            (result["in_place"], self.in_place),
            (result["numeric"], self.numeric),
        ):
            if found:
                keys.add(result["key"])
        self.hands_over[result["key"]] = result["handed_over"]

    def fill(self, calls: dict[str, list[bytes]], keys: set[str]) -> None:
        """Take the probes of the answers with these keys."""
        for cell in self.notebook.cells:
            mine = {name: calls[name] for name in cell.takes_over if name in calls}
            if cell.key in keys and mine:
                self.probes[cell.key] = mine
                self.tests[cell.key] = [c.key for c in self.notebook.cells if cell.key in c.answers]

    def step(self, key: str, slug: str, text: str, tests: list[str] | None = None) -> dict:
        """The judge's step that runs an answer's probes."""
        probes = self.probes[key]
        return {
            "kind": "probe",
            "key": key,
            "slug": slug,
            "text": text,
            "probes": probes,
            "tests": tests or [],
        }

    def steps(self) -> list[dict]:
        """What to run after a student's notebook: probes of each answer, if one of its tests fails."""
        return [self.step(key, "", "", self.tests[key]) for key in self.probes]


def _solution(notebook: Notebook, changed: dict[str, str]) -> Rebuilt:
    """The instructor's notebook with some answers changed, less the cells that nothing depends on."""
    cells = [cell for cell in notebook.cells if cell.needed]
    texts = {c.key: changed.get(c.key, c.source) if c.role != "test" else "" for c in cells}
    return Rebuilt([Step(c, texts[c.key], code=c.code) for c in cells])


def _place(files: tuple[tuple[str, bytes], ...], folder: Path) -> None:
    for relative, data in files:
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _plan(rebuilt: Rebuilt, imports: tuple[str, ...], tests: bool = True) -> list[dict]:
    """The judge's steps for a rebuilt notebook."""
    attempted = {step.cell.key for step in rebuilt.steps if step.cell and step.attempted}
    by_hand = any(step.cell and step.cell.role in ("manual", "task") for step in rebuilt.steps)
    plan: list[dict] = []
    left = MAX_PARSED
    for number, step in enumerate(rebuilt.steps):
        cell = step.cell
        takes_over = list(cell.takes_over) if cell else []
        if step.code and (step.text.strip() or takes_over):
            safe = len(step.text) <= left and names.only_defines(step.text, imports)
            left -= len(step.text) if len(step.text) <= left else 0
            plan.append(
                {
                    "kind": "student",
                    "number": number,
                    "text": step.text,
                    "takes_over": takes_over,
                    "functions": list(cell.functions) if cell else [],
                    "only_defines": safe,
                    # What a person will look at; drawing costs more than most cells.
                    "figures": by_hand or not cell or cell.role == "answer",
                }
            )
        if cell and cell.judge:
            plan.append({"kind": "given", "key": cell.key, "code": cell.judge})
        elif cell and cell.role == "test" and tests:
            plan.append(
                {
                    "kind": "test",
                    "key": cell.key,
                    "source": cell.source,
                    "points": cell.points,
                    "exports": list(cell.exports),
                    "attempted": any(key in attempted for key in cell.answers) or not cell.answers,
                    "may_hand_over": list(WAYS),
                    "numeric": False,
                }
            )
    return plan
