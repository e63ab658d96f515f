"""The ``course`` command."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from course_utils.experiments.command import run as run_experiment

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Grade assignments behind a wall: the tests never run in a student's process.",
)
console = Console()
errors = Console(stderr=True)

CourseFolder = Annotated[
    Path, typer.Option("--course", help="Folder with nbgrader_config.py.", show_default="this folder")
]
Unprotected = Annotated[
    bool, typer.Option("--unprotected", help="Run student code WITHOUT a sandbox. Only for code you trust.")
]


def _complain(message: str) -> None:
    """Print it as it is: a student's folder may be called [/x], which is no style."""
    errors.print("[bold red]course:[/]", escape(message), highlight=False, soft_wrap=True)


def _stop(message: str) -> typer.Exit:
    _complain(message)
    return typer.Exit(2)


def _try_out(option: str, path: Path | None) -> None:
    """Stop if a file cannot be written, before hours of grading and not after."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not os.path.lexists(path)
        path.open("a").close()
        if new:
            path.unlink()
    except OSError as error:
        raise _stop(f"{option} {path} cannot be written: {error.strerror}") from None


def _warn(concerns: list[str]) -> None:
    for concern in concerns:
        errors.print("[bold yellow]warning:[/]", escape(concern), highlight=False, soft_wrap=True)


@app.command()
def grade(
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    submitted: Annotated[
        Path | None,
        typer.Option(help="Folder with one folder a student.", show_default="the course's submitted folder"),
    ] = None,
    course: CourseFolder = Path(),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Submissions at a time.", show_default="one a core")
    ] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a dask scheduler to use instead.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="For the tests' random inputs.", show_default="secret")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report here, as JSON.")] = None,
    csv: Annotated[Path, typer.Option(help="Write the marks here.")] = Path("grades.csv"),
    html: Annotated[Path | None, typer.Option(help="Write the class report here, as a web page.")] = None,
    again: Annotated[bool, typer.Option(help="Grade also what is graded already.")] = False,
    unprotected: Unprotected = False,
) -> None:
    """Grade a class: every submission gets a mark and a sentence, and none can stop the others."""
    from . import report, run, sandbox
    from .assignment import Course, CourseError
    from .submissions import find, without

    try:
        here = Course(course)
        loaded = here.load(assignment)
        places = find(here, assignment, submitted)
        absent = without(here, assignment) if submitted is None else []
    except (CourseError, FileNotFoundError) as error:
        raise _stop(str(error)) from None
    nothing = f"Without a folder {assignment!r}: {', '.join(absent)}" if absent else ""
    if not places:
        raise _stop(f"no submissions of {assignment!r} in {submitted or here.submitted_directory}. {nothing}")
    reason = sandbox.missing()
    if reason and not unprotected:
        raise _stop(
            f"{reason}\nWithout a sandbox student code can read and change this machine. "
            "`--unprotected` goes on anyway."
        )
    for option, path in (("--csv", csv), ("--json", json), ("--html", html)):
        _try_out(option, path)
    _warn(here.concerns(loaded))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        task = progress.add_task(f"grading {assignment}", total=len(places))
        try:
            marked = run.grade_class(
                here,
                loaded,
                places,
                seed=seed,
                workers=workers or os.cpu_count() or 1,
                scheduler=scheduler,
                protected=not unprotected,
                again=again,
                on_done=lambda entry: progress.advance(task),
            )
        except CourseError as error:
            raise _stop(str(error)) from None
        except (run.Disconnected, run.CannotGrade, run.Unconfined, KeyboardInterrupt) as error:
            ended = str(error) or "interrupted"
            if isinstance(error, run.Disconnected):
                ended = f"the scheduler {scheduler} is out of reach ({error})"
            done = (
                f"{int(progress.tasks[task].completed)} of {len(places)} submissions are graded and written"
            )
            raise _stop(f"{ended}. {done}: run the same command again to grade the rest.") from None
    report.write_csv(csv, marked)
    if json:
        report.write_json(json, marked)
    if html:
        from . import class_report

        class_report.write(html, assignment, [entry.report() for entry in marked], protected=not unprotected)
    console.print(report.table(assignment, marked))
    if nothing:
        console.print(escape(nothing), highlight=False, soft_wrap=True)
    _warn(list(dict.fromkeys(loss for entry in marked for loss in entry.solution_losses)))
    crashed = [entry for entry in marked if entry.status == "crashed"]
    for entry in crashed:
        _complain(f"{entry.student}: {entry.problems[-1]}")
    if crashed:
        errors.print("Run the same command again to try these again; earlier marks of theirs stay.")
        raise typer.Exit(1)
    reports = "".join(f", report in {path}" for path in (json, html) if path)
    console.print(f"{len(marked)} submissions, marks in {csv}{reports}")


@app.command()
def feedback(
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    course: CourseFolder = Path(),
) -> None:
    """Write a page of feedback for each graded notebook: diagnosis on top, hidden tests left out."""
    from . import feedback as pages
    from .assignment import Course, CourseError

    try:
        here = Course(course)
        loaded = here.load(assignment)
    except CourseError as error:
        raise _stop(str(error)) from None
    with console.status(f"writing feedback for {assignment}"):
        written = pages.write(here, loaded)
    if not written:
        raise _stop(f"nothing of {assignment!r} is graded yet: run `course grade {assignment}` first")
    console.print(f"{len(written)} pages in {here.path(here.feedback_directory, '<student>', assignment)}")


@app.command()
def prove(
    assignment: Annotated[str, typer.Argument(help="Name of the assignment.")],
    course: CourseFolder = Path(),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Answers at a time.", show_default="one a core")
    ] = None,
    seed: Annotated[int, typer.Option(help="For the tests' random inputs.")] = 0,
    mutate: Annotated[
        bool, typer.Option("--mutants/--no-mutants", help="Also try generated mutants.")
    ] = True,
    json: Annotated[Path | None, typer.Option(help="Write the proofs here, as JSON.")] = None,
    unprotected: Unprotected = False,
) -> None:
    """Check the tests: right answers get all points, wrong ones lose some, attacks and mutants gain
    nothing.
    """
    import json as json_module
    from dataclasses import asdict

    from . import mutants, report, sandbox
    from . import prove as proofs
    from .assignment import Course, CourseError
    from .engine import CannotGrade, Grader
    from .session import Unconfined

    try:
        here = Course(course)
        loaded = here.load(assignment)
        entries = here.bank(assignment, loaded.notebooks)
        equivalent = mutants.equivalents(here.source_folder(assignment))
    except (CourseError, ValueError) as error:
        raise _stop(str(error)) from None
    if (reason := sandbox.missing()) and not unprotected:
        raise _stop(reason)
    _try_out("--json", json)
    _warn(here.concerns(loaded))
    answers = [c for n in loaded.notebooks for c in n.cells if c.role == "answer" and c.code]
    changed = [m for cell in answers for m in mutants.mutants(cell.key, cell.source)] if mutate else []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    started = time.monotonic()
    try:
        with (
            Progress(*columns, console=errors, transient=True) as progress,
            Grader(loaded, seed, not unprotected) as grader,
        ):
            task = progress.add_task(f"proving {assignment}", total=1 + len(entries) + len(changed))
            found = proofs.prove(
                grader,
                entries,
                changed,
                equivalent,
                workers or os.cpu_count() or 1,
                lambda proof: progress.advance(task),
            )
    except (sandbox.SandboxError, CannotGrade, Unconfined) as error:
        raise _stop(f"{error}. `course doctor` says what this machine can enforce.") from None
    if json:
        json.write_text(json_module.dumps([asdict(proof) for proof in found], indent=1) + "\n")
    console.print(report.proof_table(found))
    for line in [*proofs.summary(found), f"{len(found)} answers in {time.monotonic() - started:.0f} s"]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if any(proof.problem for proof in found):
        raise typer.Exit(1)


@app.command()
def doctor(course: CourseFolder = Path()) -> None:
    """Try out what this machine can enforce; exit 1 if student code could get out."""
    from rich.table import Table

    from . import doctor as checks
    from .assignment import Course, CourseError

    try:
        here = Course(course)
    except CourseError as error:
        raise _stop(str(error)) from None
    concerns = []
    for name in here.assignments():
        try:
            concerns += here.concerns(here.load(name))
        except CourseError as error:
            concerns.append(str(error))
    rows = checks.examine(course)
    result = Table("protection", "holds", "detail")
    for what, holds, detail in rows:
        result.add_row(what, "[green]yes" if holds else "[red]no", detail)
    console.print(result)
    console.print(", ".join(f"{name} {version}" for name, version in checks.versions()), highlight=False)
    _warn(concerns)
    if not all(holds for _, holds, _ in rows):
        raise typer.Exit(1)


app.command("run")(run_experiment)


if __name__ == "__main__":
    app()
