"""``course run``: run a recorded experiment, or verify its record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

console = Console()
errors = Console(stderr=True)


def run(
    name: Annotated[str | None, typer.Argument(help="Of the experiment; without one, what there is.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare with the record instead of writing it.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where the records are.")] = Path("chapters/_runs"),
) -> None:
    """Run an experiment and record it, or repeat it and compare (exit 1 if it comes out otherwise)."""
    from course_utils.experiments import record, registry
    from course_utils.experiments import verify as verification

    if name is None:
        _list(folder)
        return
    try:
        experiment = registry.get(name)
        recorded = record.load_record(name, folder) if verify else None
        if recorded is not None:
            verification.check_current(recorded, experiment)
        elif not folder.is_dir():
            raise FileNotFoundError(
                f"there is no folder {folder}: run this in the course's root, or give --folder"
            )
    except (ValueError, FileNotFoundError) as error:
        errors.print(f"[bold red]course:[/] {error}", highlight=False)
        raise typer.Exit(2) from None

    console.print(experiment.question)
    made = record.perform(
        name,
        experiment,
        lambda case, outcome, seconds: console.print(
            f"{case.label:<32} {outcome['score']:.4g}   {seconds:.1f} s", highlight=False
        ),
    )
    if recorded is None:
        for statement, holds in made["findings"].items():
            console.print(f"[{'green' if holds else 'red'}]{'yes' if holds else 'no ':<3}[/] {statement}")
        path = record.save_record(made, folder)
        console.print(f"{made['made']['seconds']:.0f} s, recorded in {path}", highlight=False)
        return
    if not _show(*verification.compare(recorded, made), recorded["score"]):
        raise typer.Exit(1)


def _list(folder: Path) -> None:
    from course_utils.experiments import registry

    table = Table("experiment", "question", "recorded")
    for name in registry.names():
        there = (folder / f"{name}.json").is_file()
        table.add_row(name, registry.get(name).question, "[green]yes" if there else "no")
    console.print(table)


def _show(rows, other: list[str], score: str) -> bool:
    table = Table("case", "recorded", "repeated", "difference", "agrees", title=score)
    for row in rows:
        verdict = "[green]yes" if row.agrees else f"[red]no: more than {row.tolerance:g}"
        difference = f"{row.repeated - row.recorded:+.4f}"
        table.add_row(row.label, f"{row.recorded:.4f}", f"{row.repeated:.4f}", difference, verdict)
    console.print(table)
    for statement in other:
        console.print(f"[red]came out otherwise:[/] {statement}")
    return all(row.agrees for row in rows) and not other
