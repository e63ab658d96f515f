"""The class report: one self-contained HTML page made from the results of a run.

It answers an instructor's questions in the order in which they come up: who has which
mark, which submissions need a human eye, which question was hard, and which mistaken
beliefs are behind the wrong answers. No scripts and no outside requests: it can be
mailed or opened from a disk.
"""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

Result = dict[str, Any]

_TEMPLATES = Environment(
    loader=PackageLoader("course_utils.grading", "templates"),
    autoescape=True,  # names, messages and problems hold text that students wrote
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def points(value: float) -> str:
    """A mark without a needless decimal point: ``20.0`` is ``20``, ``7.50`` is ``7.5``."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def label(question: dict[str, Any]) -> str:
    """A question's name in the report, with its notebook's where an assignment has several."""
    return f"{question['notebook']}/{question['id']}" if question.get("notebook") else question["id"]


_TEMPLATES.filters |= {"points": points, "label": label}


def question_summary(results: list[Result]) -> list[dict[str, Any]]:
    """One row a question, in the order of the assignment.

    Returns a list of dicts with ``id`` (its label), ``max_points``, ``mean`` (points), ``full`` (how
    many got all points), ``attempted`` (how many tried) and ``verdicts`` (a ``Counter``).
    """
    rows: dict[str, dict[str, Any]] = {}
    for result in results:
        for question in result["questions"]:
            row = rows.setdefault(
                label(question),
                {
                    "id": label(question),
                    "max_points": question["max_points"],
                    "points": [],
                    "verdicts": Counter(),
                },
            )
            row["points"].append(question["points"])
            row["verdicts"][question["verdict"]] += 1
    for row in rows.values():
        marks = row.pop("points")
        row["mean"] = statistics.fmean(marks)
        row["full"] = sum(mark >= row["max_points"] for mark in marks)
        row["attempted"] = len(marks) - row["verdicts"]["not attempted"]
        row["students"] = len(marks)
    return list(rows.values())


def beliefs(results: list[Result]) -> list[dict[str, Any]]:
    """One row a belief behind wrong answers, the one that most students hold first.

    Returns a list of dicts with ``text`` (what they were told), ``students`` and ``questions`` (labels), each
    in order of appearance and without repetition: one belief often shows in several questions.
    """
    rows: dict[str, dict[str, Any]] = {}
    for result in results:
        for question in result["questions"]:
            if text := question.get("diagnosis"):
                row = rows.setdefault(text, {"text": text, "students": {}, "questions": {}})
                row["students"][result["student"]] = row["questions"][label(question)] = None
    found = [{**row, **{key: list(row[key]) for key in ("students", "questions")}} for row in rows.values()]
    return sorted(found, key=lambda row: -len(row["students"]))


def render(assignment: str, results: list[Result], *, protected: bool = True) -> str:
    """The report as HTML.

    ``results`` is the list that ``course grade --json`` writes. ``protected`` is false
    where submissions ran without a sandbox; the page then says so at its top.
    """
    results = sorted(results, key=lambda result: result["student"])
    scores = [result["score"] for result in results]
    return _TEMPLATES.get_template("class_report.html").render(
        assignment=assignment,
        results=results,
        marks={r["student"]: {label(q): q for q in r["questions"]} for r in results},
        questions=question_summary(results),
        beliefs=beliefs(results),
        troubled=[r for r in results if r["problems"] or r["status"] != "graded"],
        mean=statistics.fmean(scores) if scores else 0.0,
        median=statistics.median(scores) if scores else 0.0,
        max_score=max((r["max_score"] for r in results), default=0.0),
        seconds=sum(r["seconds"] for r in results),
        protected=protected,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def write(path: Path, assignment: str, results: list[Result], *, protected: bool = True) -> Path:
    """Write :func:`render`'s page to ``path`` and return ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(assignment, results, protected=protected), encoding="utf-8")
    return path
