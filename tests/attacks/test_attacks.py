"""Hostile submissions, graded as a class by ``course grade``: each gets what its honest answers earn, and
nothing else on the machine has changed afterwards.

The class holds every file below ``verdict/``, ``reading/``, ``tampering/`` and ``exhausting/``, every row of
``structure.py``, and honest students among them, whose marks show whether anybody was disturbed.
"""

import ctypes
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_utils.grading.sandbox import missing
from course_utils.grading.watchdog import descendants

from . import structure
from .course import (
    ATTACKS,
    ENVIRONMENT,
    FULL,
    GROUPS,
    HIDDEN,
    HONEST,
    MARKERS,
    OTHER,
    OUTSIDE,
    PLANTED,
    POINTS,
    attacked,
    fill,
    make_course,
    released,
)

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "the sandbox is there"),
    pytest.mark.timeout(1200),  # a class that wastes all the time it may; minutes on two idle cores
]

ROOT = Path(__file__).resolve().parents[2]
BY_STUDENT = {attack.student: attack for attack in ATTACKS}
EVERYONE = [*BY_STUDENT, *structure.ROWS]
FEW = [  # of each group the quickest that would hurt most
    "verdict-equal_to_everything",
    "verdict-swallows_subtraction",
    "verdict-ends_the_loop",
    "verdict-patched_numpy",
    "verdict-forges_a_broken_sandbox",
    "reading-callers_frames",
    "reading-the_course_folder_by_name",
    "tampering-files_left_behind",
    "tampering-text_that_is_no_text",
    "tampering-later_questions",
    "exhausting-fork_bomb",
    "structure-roles_exchanged",
    "structure-files_in_the_way",
]
HONEST_EVERY = 12
PR_SET_CHILD_SUBREAPER = 36


def grade_class(root, students):
    """Write and grade a class; what there was before and after, for the tests below."""
    course = make_course(root)
    assignment = course.load("wall")
    right = fill(released(assignment), HONEST)
    right["cells"][0]["source"] += f"\n# {OTHER}"
    (root / "notes.txt").write_text(OUTSIDE)
    for number, student in enumerate(students):
        if number % HONEST_EVERY == 0:
            hand_in(root, f"honest-{number // HONEST_EVERY:02}", json.dumps(right))
        if student in BY_STUDENT:
            hand_in(root, student, attacked(assignment, BY_STUDENT[student], root))
        else:
            change, _ = structure.ROWS[student]
            folder = root / "submitted" / student / "wall"
            folder.mkdir(parents=True)
            notebook = fill(released(assignment), {**HONEST, "target": structure.WRONG})
            text = change(notebook, folder)
            if text is None:
                (folder / "wall.ipynb").write_text(json.dumps(notebook))
    earlier_marks(root)
    # Orphans become children of this process instead of the machine's first one: nothing can hide.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    processes = set(descendants(os.getpid()))
    temporary = root.parent / f"{root.name}-temporary"
    temporary.mkdir()
    before = state_of(root), rows_of_others(root), planted(root)
    command = [
        sys.executable,
        "-m",
        "course_utils.grading.cli",
        "grade",
        "wall",
        "--course",
        root,
        "--workers",
        "2",
    ]
    command += [
        "--json",
        root / "report.json",
        "--seed",
        20,
        "--csv",
        root / "grades.csv",
        "--html",
        root / "report.html",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), "SECRET": ENVIRONMENT}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1100,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads((root / "report.json").read_text())
    return SimpleNamespace(
        root=root,
        students=students,
        report={entry["student"]: entry for entry in report},
        output=result.stdout + result.stderr,
        before=before,
        after=(state_of(root), rows_of_others(root), planted(root)),
        temporary=temporary,
        survivors=wait_for_end(processes),
    )


def hand_in(root, student, text):
    folder = root / "submitted" / student / "wall"
    folder.mkdir(parents=True)
    (folder / "wall.ipynb").write_text(text)


def earlier_marks(root):
    """A gradebook in use: another assignment, marked by a person, and a student who handed in nothing."""
    with Gradebook(f"sqlite:///{root}/gradebook.db", "") as book:
        book.add_assignment("earlier")
        book.add_notebook("earlier", "earlier")
        book.add_grade_cell("essay", "earlier", "earlier", max_score=5, cell_type="markdown")
        book.add_solution_cell("essay", "earlier", "earlier")
        for student in ("honest-00", "absent", "verdict-patched_numpy"):
            book.add_student(student)
            book.add_submission("earlier", student)
            grade = book.find_grade("essay", "earlier", "earlier", student)
            grade.manual_score, grade.auto_score = 4, None
            book.find_comment("essay", "earlier", "earlier", student).manual_comment = f"for {student}"
        book.db.commit()


def rows_of_others(root):
    """The gradebook's rows that have nothing to do with this assignment."""
    with sqlite3.connect(root / "gradebook.db") as book:
        assert book.execute("pragma integrity_check").fetchone() == ("ok",)
        grades = book.execute(
            "select g.* from grade g join submitted_notebook n on g.notebook_id = n.id"
            " join submitted_assignment s on n.assignment_id = s.id"
            " join assignment a on s.assignment_id = a.id"
            " where a.name = 'earlier' order by g.id"
        ).fetchall()
        comments = book.execute(
            "select manual_comment from comment where manual_comment is not null order by id"
        ).fetchall()
        return grades, comments, book.execute("select * from student where id = 'absent'").fetchall()


def state_of(root):
    """Files that the grader has no business in: the course's sources, what was handed in, this project."""
    state = {}
    for top in (
        root / "source",
        root / "submitted",
        root / "notes.txt",
        ROOT / "course_utils",
        ROOT / "tests",
        ROOT / "solutions",
    ):
        for path in [top, *sorted(top.rglob("*"))]:
            if "__pycache__" in path.parts:
                continue
            info = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            state[str(path)] = (
                info.st_mode,
                info.st_size,
                0 if path.is_dir() else info.st_mtime_ns,  # Python may add its __pycache__
                hashlib.sha256(content).hexdigest(),
            )
    return state


def planted(root):
    """Files that an attack left, wherever one may write: their names tell."""
    found = []
    for top in (
        root,
        Path("/tmp"),
        Path("/var/tmp"),
        Path("/dev/shm"),
        Path.home(),
        Path.cwd(),
        Path("/etc"),
        Path("/"),
    ):
        found += [str(p) for p in top.glob(f"*{PLANTED}*")] + [str(p) for p in top.glob(f".*/*{PLANTED}*")]
    allowed = root / "submitted"
    found += [str(p) for p in root.rglob(f"*{PLANTED}*") if allowed not in p.parents]
    return sorted(set(found))


def wait_for_end(processes):
    """Descendants of this process that were not there before, after a moment for the dying to die."""
    for _ in range(50):
        left = set()
        for pid in set(descendants(os.getpid())) - processes:
            try:
                with open(f"/proc/{pid}/stat") as file:
                    state = file.read().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if state == "Z":
                os.waitpid(pid, os.WNOHANG)
            else:
                left.add(pid)
        if not left:
            return []
        time.sleep(0.1)
    return [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in left]


@pytest.fixture(scope="module", params=["few", pytest.param("all", marks=pytest.mark.slow)])
def graded(request, tmp_path_factory):
    """A class of attackers and honest students after ``course grade``."""
    return grade_class(
        tmp_path_factory.mktemp("attacked") / "course", FEW if request.param == "few" else EVERYONE
    )


def test_every_attack_gets_what_its_honest_answers_earn(graded):
    wrong = []
    for student in graded.students:
        entry = graded.report[student]
        attack = BY_STUDENT.get(student)
        score = attack.score if attack else structure.ROWS[student][1]
        fits = entry["score"] <= score if attack and attack.costs_the_rest else entry["score"] == score
        if attack:
            on = attack.replaces
            fits = (
                fits
                and sum(q["points"] for q in entry["questions"] if q["id"].split("-")[0] == on)
                == attack.earns
            )
        if not fits:
            shown = [(q["id"], q["points"], q["verdict"], q["message"][:80]) for q in entry["questions"]]
            wrong.append(f"{student}: {entry['score']} instead of {score}; {entry['problems']}; {shown}")
    assert not wrong, "\n".join(wrong)


def test_the_grader_itself_never_fails(graded):
    for entry in graded.report.values():
        assert not any("grader failed" in problem for problem in entry["problems"]), entry
        assert all(q["message"] for q in entry["questions"]), "every mark comes with a sentence"


def test_honest_students_in_the_same_class_get_everything(graded):
    honest = {student: entry for student, entry in graded.report.items() if student.startswith("honest")}
    assert honest and {entry["score"] for entry in honest.values()} == {FULL}, honest


def test_no_file_outside_the_sandbox_changed(graded):
    changed = {path for path, state in graded.before[0].items() if graded.after[0].get(path) != state}
    assert not changed
    assert set(graded.after[0]) == set(graded.before[0]), "no new files either"
    assert graded.after[2] == graded.before[2] == []
    left = [path for path in graded.temporary.iterdir() if path.name != "dask-scratch-space"]
    assert left == [], "the grader cleans up after itself (dask keeps its locks)"


def test_no_process_survives(graded):
    assert graded.survivors == []


def test_the_gradebooks_other_rows_are_untouched(graded):
    assert graded.after[1] == graded.before[1]
    with Gradebook(f"sqlite:///{graded.root}/gradebook.db", "") as book:
        for submission in book.assignment_submissions("wall"):
            assert submission.score == graded.report[submission.student.id]["score"]
            assert submission.max_score == FULL


def test_nothing_secret_was_seen(graded):
    """What attacks print is kept with their marked notebooks, and holds no secret."""
    for student in graded.students:
        path = graded.root / "autograded" / student / "wall" / "wall.ipynb"
        outputs = [cell.get("outputs") for cell in nbformat.read(path, as_version=4).cells]
        for secret in (*MARKERS, "BEGIN HIDDEN TESTS"):
            assert secret not in json.dumps(outputs), (student, secret)
        assert HIDDEN not in json.dumps(graded.report[student])


def test_reports_show_text_and_run_nothing(graded):
    page = (graded.root / "report.html").read_text()
    assert "<script>planted" not in page and "onerror=planted_by" not in page.replace(
        "&lt;img src=x onerror=planted_by", ""
    )
    assert "\x1b]0" not in graded.output


def test_there_are_attacks_of_every_kind():
    groups = [student.split("-")[0] for student in EVERYONE]
    assert set(groups) == {*GROUPS, "structure"} and min(map(groups.count, groups)) >= 10
    assert len(set(EVERYONE)) == len(EVERYONE) >= 60
    assert set(FEW) <= set(EVERYONE)
    assert len({attack.answer for attack in ATTACKS}) == len(ATTACKS), "no two files are the same attack"


# -- the same attacks where tests run in the student's own process ----------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("attack", [pytest.param(a, id=a.student) for a in ATTACKS if a.works_in_one_process])
def test_attacks_are_live(attack, tmp_path):
    """In one process each of these gains points with a wrong answer: they test the wall, not thin air."""
    assignment = make_course(tmp_path).load("wall")
    cells = [
        c.source if c.role in ("given", "test") else attack.answers[c.key]
        for c in assignment.notebooks[0].cells
    ]
    keys = [c.key if c.role == "test" else "" for c in assignment.notebooks[0].cells]
    place = [c.key for c in assignment.notebooks[0].cells].index(attack.replaces)
    cells.insert(place, attack.before)
    keys.insert(place, "")
    script = ONE_PROCESS.format(cells=cells, keys=keys)
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    passed = run.stderr.split("PASSED:")[-1].split()
    gained = [key for key in passed if key.startswith(attack.replaces + "-")]
    assert len(gained) > (attack.earns > 0), run.stderr[-2000:]


ONE_PROCESS = """
import ast, sys
space = {{"__name__": "__main__", "get_ipython": lambda: None}}
passed, write, run, make = [], sys.stderr.write, exec, compile
for key, cell in zip({keys!r}, {cells!r}):
    try:
        run(make(cell, key or "cell", "exec"), space)
        if key:
            passed.append(key)
    except Exception as error:
        pass
write("PASSED:" + " ".join(passed))
"""


def test_points_are_as_the_course_says():
    assert sum(POINTS.values()) == FULL and set(POINTS) == set(HONEST)
