"""Every stored attack gets exactly what its honest part earns, and leaves nothing behind."""

import os
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from course_utils.grading.engine import Grader, Submission
from course_utils.grading.run import close_graders, grade_class
from course_utils.grading.submissions import find
from course_utils.grading.watchdog import descendants
from tests.grading.courses import make, notebook

from . import exhaustion, reading, state, structure, verdict
from .course import CELLS, POLICY, Attack

GROUPS = {m.__name__.rpartition(".")[2]: m.ATTACKS for m in (structure, verdict, reading, state, exhaustion)}
ALL = [(group, attack) for group, attacks in GROUPS.items() for attack in attacks]
# A few of each group in the fast suite; `-m slow` runs them all.
FAST = {
    "points", "outputs", "deleted-tests", "equals-everything", "array-subclass",
    "mutates-arguments", "runner-reply", "forbidden-import", "environment", "judge-names",
    "planted-modules", "mutate-next-question", "memory", "right-after-all",
}  # fmt: skip


def marked(attack: Attack):
    return () if attack.name in FAST else (pytest.mark.slow,)


@pytest.fixture(scope="module")
def grader(tmp_path_factory):
    with Grader(make(tmp_path_factory.mktemp("course"), CELLS, policy=POLICY).load("hw"), seed=5) as grader:
        yield grader


def test_there_are_enough_distinct_attacks():
    assert len(ALL) >= 60 and len(GROUPS) == 5
    names = [(group, attack.name) for group, attack in ALL]
    assert len(set(names)) == len(names)
    assert all(len(attacks) >= 10 for attacks in GROUPS.values())


@pytest.mark.parametrize("attack", [pytest.param(a, id=f"{g}-{a.name}", marks=marked(a)) for g, a in ALL])
def test_attack_earns_what_it_honestly_earns(grader, attack):
    data = attack.notebook(notebook, grader.assignment)
    result = grader.grade(Submission("mallory", {"hw": data}, attack.files))
    shown = {q.id: (q.points, q.verdict, q.message[:200]) for q in result.questions}
    assert result.score == attack.earns, shown
    assert result.max_score == 10
    assert all(0 <= q.points <= q.max_points and q.message for q in result.questions)


def _tree(folder: Path) -> dict[str, tuple]:
    """Every file below a folder with its size and time of change."""
    found = {}
    for base, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(base, name)
            info = os.lstat(path)
            found[path] = (info.st_size, info.st_mtime_ns)
    return found


def _sandboxes() -> list[str]:
    """Command lines of the grader's processes that this one has started and that still live."""
    below = (Path(f"/proc/{pid}/cmdline").read_bytes() for pid in descendants(os.getpid()))
    return [line for line in below if b"zygote" in line]


@pytest.mark.slow
def test_a_class_of_attackers_leaves_nothing_behind(tmp_path):
    """All attacks and two honest students in one run: outside files, processes and the honest rows are as
    they were.
    """
    course = make(tmp_path / "course", CELLS, policy=POLICY)
    assignment = course.load("hw")
    right = {c.key: c.source for c in assignment.notebooks[0].cells if c.role == "answer"}
    folder = tmp_path / "handed-in"

    def hand_in(student, data, files=()):
        (folder / student).mkdir(parents=True)
        (folder / student / "hw.ipynb").write_bytes(data)
        for path, content in files:
            (folder / student / path).write_bytes(content)

    hand_in("aa-honest", notebook(assignment, right))
    grade_class(course, assignment, find(course, "hw", folder), seed=5)
    planted = [Path.home() / name for name in (".ipython", ".jupyter", ".local", ".config/matplotlib")]
    outside = [*planted, course.root / "source", Path(__file__).parent, Path(os.__file__).parent / "json"]
    before = [_tree(path) for path in outside]
    row = _row(course, "aa-honest")
    for number, (group, attack) in enumerate(ALL):
        if not attack.slow:
            hand_in(
                f"m{number:03}-{group}-{attack.name}", attack.notebook(notebook, assignment), attack.files
            )
    hand_in("zz-honest", notebook(assignment, right))
    results = grade_class(course, assignment, find(course, "hw", folder), seed=5, workers=2)
    close_graders()
    assert {m.student: m.score for m in results if "honest" in m.student} == {
        "aa-honest": 10,
        "zz-honest": 10,
    }
    for number, (group, attack) in enumerate(ALL):
        if not attack.slow:
            name = f"m{number:03}-{group}-{attack.name}"
            assert next(m.score for m in results if m.student == name) == attack.earns, name
    assert [_tree(path) for path in outside] == before
    assert _row(course, "aa-honest") == row
    assert _sandboxes() == []


def _row(course, student):
    with Gradebook(course.directory.db_url) as book:
        submission = book.find_submission("hw", student)
        return sorted(
            (g.id, g.name, g.auto_score, g.manual_score) for n in submission.notebooks for g in n.grades
        )
