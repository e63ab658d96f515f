"""From one submission's files to its marks, on one machine: the zygotes, one judge per notebook, and
deadlines.

A ``Grader`` is what a worker keeps between submissions. ``grade`` never raises for what a submission does;
it raises ``SandboxError`` or ``Unconfined`` when the machine, not the student, is at fault.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import policy as policies
from .assignment import Assignment, Cell, Notebook
from .inside import codec
from .inside.channel import Channel, Closed, DeadlineExceeded
from .rebuild import Rebuilt, Step, rebuild
from .sandbox import SandboxError, Zygote, kill_group
from .session import Unconfined
from .verdicts import SENTENCES, clamp

JUDGE_FRAME = 64 << 20


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

    @property
    def score(self) -> float:
        return sum(question.points for question in self.questions)

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
            **({} if self.protected else {"unprotected": True}),
        }


class JudgeZygote:
    """The warm process that forks judges."""

    def __init__(self, imports: tuple[str, ...]):
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        root = str(Path(__file__).resolve().parents[2])
        bootstrap = (
            f"import sys; sys.path.insert(0, {root!r}); "
            "from course_utils.grading.judge_zygote import main; main()"
        )
        environment = {**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", bootstrap, json.dumps({"imports": list(imports)})],
            stdin=subprocess.DEVNULL,
            env=environment,
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
        self._lock = threading.Lock()
        self._in_place: dict[str, set[str]] | None = None
        self._start()

    def _start(self) -> None:
        files = self._folder.name if self.assignment.files else ""
        view = policies.view(self.assignment.policy, list(self.assignment.imports), files)
        self._students = Zygote(view, self.limits, protected=self.protected)
        self._judges = JudgeZygote(self.assignment.judge_imports)

    def close(self) -> None:
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
            questions = [self._question(cell, rebuilt, results) for cell in notebook.graded]
            for question in questions:
                question.notebook = notebook.name
            marked.questions += questions
            marked.cells[notebook.name] = cells
        if not any(readable):
            missing = all(submission.notebooks.get(n.name) is None for n in self.assignment.notebooks)
            marked.status = "missing" if missing else "unreadable"
        marked.seconds = time.monotonic() - started
        return marked

    # -- one notebook -----------------------------------------------------------------------------------

    def _run(self, notebook: Notebook, rebuilt: Rebuilt, files: tuple) -> tuple[dict[str, dict], list[dict]]:
        """Run a rebuilt notebook: results by test key, and for each step what is to be shown."""
        cells = [
            {
                "key": s.cell.key if s.cell else None,
                "text": s.text,
                "code": s.code,
                "attempted": s.attempted,
                "output": "",
                "error": None,
                "ended": "",
            }
            for s in rebuilt.steps
        ]
        results: dict[str, dict] = {}
        own_work = (s for s in rebuilt.steps if s.cell is None or s.cell.role == "answer")
        if not any(step.attempted for step in own_work):
            return results, cells
        steps = _plan(rebuilt)
        for message in self._judged(steps, files):
            if message["kind"] == "student":
                cells[message["number"]].update(
                    output=message["output"],
                    error=message["error"],
                    ended=message["ended"],
                    seconds=message["seconds"],
                )
            elif message["kind"] == "test":
                results[message["key"]] = message
        for step in steps:
            if step["kind"] == "test" and step["key"] not in results:
                message = "The time for the whole notebook was used up before this question."
                results[step["key"]] = {
                    "verdict": "timeout",
                    "score": 0.0,
                    "message": message,
                    "in_place": None,
                }
        self._settle_in_place(notebook, results)
        return results, cells

    def _judged(self, steps: list[dict], files: tuple) -> Any:
        """The judge's messages about a list of steps, as they come, until it ends or its time is up."""
        to_judge, for_student = socket.socketpair()
        channel, for_judge = Channel.pair(JUDGE_FRAME)
        student = judge = None
        deadline = time.monotonic() + self.limits.submission_seconds
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
        except DeadlineExceeded:
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
        """Start the zygotes again if one was killed."""
        with self._lock:
            if not (self._students.alive() and self._judges.alive()):
                self._students.close()
                self._judges.close()
                self._start()

    def _settle_in_place(self, notebook: Notebook, results: dict[str, dict]) -> None:
        """Tests that pass only when changes to arguments arrive: right where the instructor's solution needs
        it too.
        """
        for key, result in results.items():
            better = result.get("in_place")
            if better and key in self.in_place(notebook):
                result.update({k: better[k] for k in ("verdict", "score", "message")})

    def in_place(self, notebook: Notebook) -> set[str]:
        """Keys of the tests that the instructor's own solution passes only by changing its arguments."""
        with self._lock:
            if self._in_place is None:
                self._in_place = {}
        if notebook.name not in self._in_place:
            solution = [Step(c, c.source if c.role != "test" else "", code=c.code) for c in notebook.cells]
            messages = self._judged(_plan(Rebuilt(solution)), ())
            self._in_place[notebook.name] = {
                m["key"] for m in messages if m["kind"] == "test" and m["in_place"]
            }
        return self._in_place[notebook.name]

    def _question(self, cell: Cell, rebuilt: Rebuilt, results: dict[str, dict]) -> Question:
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
        question.message = result["message"] or SENTENCES[result["verdict"]]
        if question.verdict != "passed":
            texts = [
                s.text
                for s in rebuilt.steps
                if s.code and s.text and (not s.cell or s.cell.key in cell.answers)
            ]
            refused = [said for text in texts for said in policies.violations(text, self.assignment.policy)]
            if refused and "may not be used" not in question.message:
                question.verdict, question.message = "forbidden", f"{refused[0]}. {question.message}"
        return question


def _place(files: tuple[tuple[str, bytes], ...], folder: Path) -> None:
    for relative, data in files:
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _plan(rebuilt: Rebuilt) -> list[dict]:
    """The judge's steps for a rebuilt notebook."""
    attempted = {step.cell.key for step in rebuilt.steps if step.cell and step.attempted}
    plan: list[dict] = []
    for number, step in enumerate(rebuilt.steps):
        cell = step.cell
        if step.code and step.text.strip():
            takes_over = list(cell.takes_over) if cell else []
            plan.append({"kind": "student", "number": number, "text": step.text, "takes_over": takes_over})
        if cell and cell.judge:
            plan.append({"kind": "given", "key": cell.key, "code": cell.judge})
        elif cell and cell.role == "test":
            plan.append(
                {
                    "kind": "test",
                    "key": cell.key,
                    "source": cell.source,
                    "points": cell.points,
                    "attempted": any(key in attempted for key in cell.answers) or not cell.answers,
                }
            )
    return plan
