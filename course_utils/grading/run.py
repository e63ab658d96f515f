"""Grading a class: many submissions, several workers or machines, one writer, and a journal to resume from.

Submissions are independent tasks. On one machine a few threads of this process see to them: the work is done
in the processes of the sandbox. With ``--scheduler`` they go to the workers of a ``dask.distributed``
cluster; a worker that dies loses nothing: its tasks run again elsewhere. Results come back one by one; this
process alone writes them, first to the gradebook, then to the journal, so that a run that is killed at any
moment can be started again and only does what is missing.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import hashlib
import itertools
import json
import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .assignment import Assignment, Course
from .engine import CannotGrade, Grader, Marked, Question, Submission
from .session import Unconfined
from .submissions import Place, assignment_digest, digest, read

Results = Iterator[tuple[Submission, Marked]]
RETRIES = 2
_BROKEN = "could not be judged: the grader itself failed on this submission"


class Disconnected(RuntimeError):
    """The scheduler is out of reach. What had arrived is written; the next run does the rest."""


class Journal:
    """What has been graded, one file per student, below ``.grading/<assignment>`` in the course folder."""

    def __init__(self, course: Course, assignment: str):
        self.folder = course.root / ".grading" / assignment
        self.folder.mkdir(parents=True, exist_ok=True)

    def seed(self, wanted: int | None) -> int:
        """The given seed, or the one of earlier runs, or a new one that nobody can guess."""
        path = self.folder / "seed"
        if wanted is None:
            try:
                return int(path.read_text())
            except (FileNotFoundError, ValueError):
                wanted = secrets.randbits(32)
        _write(path, str(wanted))
        return wanted

    def find(self, student: str, fingerprint: str) -> Marked | None:
        """The marks of an earlier run over exactly the same files, tests and seed."""
        try:
            entry = json.loads(self._path(student).read_text(encoding="utf-8"))
            if entry["digest"] != fingerprint:
                return None
            marked = entry["marked"]
            return Marked(**{**marked, "questions": [Question(**q) for q in marked["questions"]]})
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def add(self, marked: Marked, fingerprint: str) -> None:
        _write(self._path(marked.student), json.dumps({"digest": fingerprint, "marked": asdict(marked)}))

    def _path(self, student: str) -> Path:
        return self.folder / f"{hashlib.sha256(os.fsencode(student)).hexdigest()}.json"


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def grade_class(
    course: Course,
    assignment: Assignment,
    places: list[Place],
    *,
    seed: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    protected: bool = True,
    again: bool = False,
    on_done: Callable[[Marked], None] = lambda marked: None,
    finish: Callable[[Marked], Marked] = lambda marked: marked,
) -> list[Marked]:
    """Grade every place and write the gradebook; the marks in the order of ``places``.

    Args:
        seed: for the tests' random inputs; None: as in earlier runs of this assignment.
        workers: submissions at a time on this machine.
        scheduler: address of a dask scheduler whose workers to use instead.
        again: grade also what the journal says is done.
        on_done: called with each submission's marks as they arrive.
        finish: last change to the marks before they are written (diagnosis).

    Raises:
        Disconnected: the scheduler cannot be reached (any more).
        CannotGrade, Unconfined: this machine, or the assignment, is at fault; nothing is recorded for it.
        CourseError: the gradebook holds marks by hand for a question that is gone.
    """
    journal = Journal(course, assignment.name)
    seed = journal.seed(seed)
    same = assignment_digest(assignment, seed, protected)
    earlier: dict[str, Marked] = {}
    for place in [] if again else places:
        if found := journal.find(place.student, digest(read(place, assignment), same)):
            earlier[place.student] = found
    results: dict[str, Marked] = {}
    if earlier:
        with _writer(course, assignment) as writer:
            for student, marked in earlier.items():
                if decided := writer.decided(student):
                    marked.take(decided)
                    results[student] = marked
                    on_done(marked)
    todo = [place for place in places if place.student not in results]
    if todo:
        if scheduler:
            backend = _on_dask(assignment, seed, protected, todo, scheduler)
        else:
            backend = _here(assignment, seed, protected, todo, workers)
        # nbgrader is imported while the first submissions run.
        with backend as arriving, _writer(course, assignment) as writer:
            for submission, marked in arriving:
                marked = finish(marked)
                crashed = marked.status == "crashed"
                # Where the grader itself failed, earlier marks stay, and the next run tries again.
                decided = writer.decided(marked.student) if crashed else None
                decided = decided or writer.write(marked)
                # A class's outputs shall not add up, neither in memory nor in the journal.
                marked.cells = {name: [] for name in marked.cells}
                if not crashed:
                    journal.add(marked, digest(submission, same))
                marked.take(decided)
                results[marked.student] = marked
                on_done(marked)
    return [results[place.student] for place in places]


def _writer(course: Course, assignment: Assignment) -> Any:
    """The gradebook, open for this assignment."""
    # jsonschema, which nbgrader needs, would load a grammar for web addresses that takes a second and that no
    # notebook has a use for.
    sys.modules.setdefault("rfc3987_syntax", None)
    from .gradebook import Writer

    return Writer(course, assignment)


def failed(assignment: Assignment, submission: Submission, problem: Exception) -> Marked:
    """The marks of a submission on which the grader itself failed again and again.

    Raises:
        CannotGrade, Unconfined: it would fail on any.
    """
    if isinstance(problem, CannotGrade | Unconfined):
        raise problem
    questions = [
        Question(c.key, 0.0, c.points, "crashed", _BROKEN, notebook=n.name)
        for n in assignment.notebooks
        for c in n.graded
    ]
    problems = [
        *submission.problems,
        f"The grader failed on this submission {RETRIES + 1} times: {str(problem)[-500:]}",
    ]
    cells: dict[str, list[dict]] = {n.name: [] for n in assignment.notebooks}
    return Marked(
        submission.student, questions, "crashed", problems, cells=cells, timestamp=submission.timestamp
    )


# -- on one worker --------------------------------------------------------------------------------------

_graders: dict[tuple, Grader] = {}
_lock = threading.Lock()
# The sandbox dies with the thread that started it, so one thread that never ends starts them all.
_starter = ThreadPoolExecutor(1, thread_name_prefix="sandbox-starter")


def grader_for(assignment: Assignment, seed: int, protected: bool) -> Grader:
    """This process's grader for an assignment, started on first use."""
    key = (hash(repr(assignment)), seed, protected)
    with _lock:
        if key not in _graders:
            _graders[key] = _starter.submit(Grader, assignment, seed, protected).result()
        return _graders[key]


atexit.register(gc.freeze)  # or the interpreter looks for cycles in all of nbgrader before it ends


@atexit.register
def close_graders() -> None:
    """End the zygotes of this process."""
    with _lock:
        while _graders:
            _graders.popitem()[1].close()


def grade_one(assignment: Assignment, seed: int, protected: bool, submission: Submission) -> Marked:
    """A task: grade one submission on whatever machine this runs."""
    return grader_for(assignment, seed, protected).grade(submission)


@contextlib.contextmanager
def _here(
    assignment: Assignment, seed: int, protected: bool, places: list[Place], workers: int
) -> Iterator[Results]:
    """Grade in threads of this process, from now on; an error within ends all that is running."""
    threads = ThreadPoolExecutor(workers, thread_name_prefix="grading")
    stopped = threading.Event()
    running: dict[Future[Marked], Submission] = {}
    waiting = iter(places)

    def attempt(submission: Submission) -> Marked:
        problem: Exception = RuntimeError("the run was stopped")
        for _ in range(RETRIES + 1):
            if stopped.is_set():
                break
            try:
                return grade_one(assignment, seed, protected, submission)
            except Exception as error:
                problem = error
        return failed(assignment, submission, problem)

    def start(count: int) -> None:
        for place in itertools.islice(waiting, count):
            submission = read(place, assignment)
            running[threads.submit(attempt, submission)] = submission

    def results() -> Results:
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                submission = running.pop(future)
                start(1)
                yield submission, future.result()

    try:
        grader_for(assignment, seed, protected)  # the zygotes warm up while nbgrader is being imported
        start(2 * workers)  # a few ahead, not a whole class in memory
        yield results()
    except BaseException:  # Ctrl-C, say: what is running now would go on for minutes, for nobody
        stopped.set()
        close_graders()
        raise
    finally:
        threads.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _on_dask(
    assignment: Assignment, seed: int, protected: bool, places: list[Place], scheduler: str
) -> Iterator[Results]:
    """Grade on the workers of a cluster, from now on."""
    import dask

    # What a user can act on we say ourselves.
    dask.config.set({"logging": dict.fromkeys(("distributed", "distributed.client"), "critical")})
    from distributed import Client, as_completed

    try:
        client = Client(scheduler, set_as_default=False)
    except (OSError, ValueError) as error:  # nobody answers; no address
        raise Disconnected(str(error)) from error
    waiting = iter(places)
    submissions: dict[str, Submission] = {}

    def start(count: int) -> None:
        for place in itertools.islice(waiting, count):
            submission = read(place, assignment)
            key = f"grade-{secrets.token_hex(8)}"
            submissions[key] = submission
            arguments = (shared, seed, protected, submission)
            done.add(client.submit(grade_one, *arguments, key=key, pure=False, retries=RETRIES))

    def results() -> Results:
        for future in done:
            submission = submissions.pop(future.key)
            marked = _fetched(future, assignment, submission)
            future.release()
            start(1)
            yield submission, marked

    try:
        shared = client.submit(_itself, assignment, pure=False)  # scattered it would be lost with its worker
        done = as_completed(loop=client.loop)
        start(2 * max(sum(client.nthreads().values()), 1))
        yield results()
    finally:
        client.close()


def _itself(assignment: Assignment) -> Assignment:
    return assignment


def _fetched(future: Any, assignment: Assignment, submission: Submission) -> Marked:
    """The marks that a task has left on its worker; if that has died since, another does the task again.

    Disconnected for a task that a lost connection ended, which says nothing of the submission.
    """
    try:
        return future.result()
    except (Exception, asyncio.CancelledError) as error:
        if future.status == "error":  # the task itself failed again and again, or killed its workers
            return failed(assignment, submission, error)
        raise Disconnected(f"{type(error).__name__}: {error}") from error
