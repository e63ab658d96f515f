"""Grading speed: `course grade` beside `nbgrader autograde`, and `otter run` where it is installed.

    python -m benchmarks.grading [--students 40] [--many 1000] [--json FILE]

(a) A notebook that imports torch and whose own cells take under 20 ms: throughput of `course grade
    --workers 2` over that of `nbgrader autograde` (which is serial), start-up of both included.
(b) The convolution assignment of this course: the same ratio, and the overhead a submission: wall seconds
    times cores, less the CPU seconds that the cells need when they are run bare in a process that has imported
    everything. They are run bare right after each grading, as often, on as many cores at once, because the same
    cells take up to twice as long on a busy machine as at their best.
(c) `otter run` on one submission of an equal question, beside `nbgrader autograde` on one.
(d) Memory of the grading process and of all below it, after 50 submissions and at the end.

Every number comes from this run on this machine; on a busy one the ratios suffer less than the seconds.
"""

# ruff: noqa: E501  (notebook cells in one string)

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from course_utils.grading.watchdog import descendants
from tests.demo_class import ROOT, fill, right_answers

BIN = Path(sys.executable).parent
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(ROOT),
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # neither grader shall compile itself at every start
CORES = 2


def role(key, **flags):
    return {
        "nbgrader": {
            "grade_id": key,
            "schema_version": 3,
            "grade": False,
            "solution": False,
            "locked": False,
            "task": False,
            **flags,
        }
    }


def small_notebook():
    """One question about torch; all its cells together take a few milliseconds."""
    return new_notebook(
        metadata=KERNEL,
        cells=[
            new_code_cell("import torch"),
            new_code_cell("def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", metadata=role("double", solution=True)),
            new_code_cell("x = torch.arange(3.0)\nassert torch.equal(double(x), x + x)\n### BEGIN HIDDEN TESTS\nassert double(2) == 4\n### END HIDDEN TESTS",
                          metadata=role("double-test", grade=True, locked=True, points=1)),
        ],
    )  # fmt: skip


def run(command, folder):
    """Wall seconds of a command that must succeed."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return seconds


def small_course(folder, students):
    """A course folder with the small notebook, released and handed in."""
    source = folder / "source" / "small"
    source.mkdir(parents=True)
    nbformat.write(small_notebook(), source / "small.ipynb")
    run([BIN / "nbgrader", "generate_assignment", "small"], folder)
    release = nbformat.read(folder / "release" / "small" / "small.ipynb", as_version=4)
    release.cells[1].source = small_notebook().cells[1].source
    hand_in(release, folder, "small", students)


def this_course(folder, students):
    """A copy of this course with its convolution assignment handed in, all answers right."""
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    shutil.copytree(ROOT / "solutions", folder / "solutions")
    run([BIN / "nbgrader", "generate_assignment", "convolution"], folder)
    release = nbformat.read(folder / "assignments" / "convolution" / "convolution.ipynb", as_version=4)
    hand_in(fill(release, right_answers()), folder, "convolution", students)


def hand_in(notebook, folder, name, students):
    for number in range(students):
        place = folder / "submitted" / f"s{number:04}" / name
        place.mkdir(parents=True)
        nbformat.write(notebook, place / f"{name}.ipynb")


def course_grade(folder, name, *more):
    """Wall seconds of `course grade`, from a state in which nothing is graded."""
    shutil.rmtree(folder / ".grading", ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "course_utils.grading.cli",
        "grade",
        name,
        "--workers",
        str(CORES),
        "--json",
        "report.json",
    ]
    seconds = run([*command, *more], folder)
    report = json.loads((folder / "report.json").read_text())
    assert all(entry["score"] == entry["max_score"] for entry in report), "honest submissions lost points"
    return seconds


BARE = """
import contextlib, io, sys, time, types, warnings
import nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
def run():
    space = types.ModuleType("__main__").__dict__
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, "<cell>", "exec"), space)
    return space
spent = []
warnings.simplefilter("ignore")
with contextlib.redirect_stdout(io.StringIO()):
    run()
    for _ in range(int(sys.argv[2])):
        before = time.process_time()
        space = run()
        spent.append(time.process_time() - before)
        space["plt"].close("all")  # or they add up
print(*spent)
"""


def bare_seconds(notebook, folder, runs):
    """CPU seconds that a notebook's cells need when everything is imported, for each of so many runs."""
    (folder / "bare.ipynb").write_text(nbformat.writes(notebook))
    command = [sys.executable, "-c", BARE, "bare.ipynb", str(runs // CORES)]
    environment = {**ENVIRONMENT, "MPLBACKEND": "Agg"}
    started = [
        subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(CORES)
    ]
    printed = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        sys.exit("the cells failed when they were run bare")
    return [float(word) for text in printed for word in text.split()]


def part(folder, make, name, students, times, source=None):
    """Seconds of both graders on the same class, in turns; the best of each.

    With ``source``, a notebook, also the overhead over its cells run bare: the median of the turns.
    """
    make(folder, students)
    ours, theirs, bare = [], [], []
    for turn in range(times):
        ours.append(course_grade(folder, name))
        if source:
            bare.append(bare_seconds(source, folder, students))
        if turn % 2 == 0:  # it takes minutes, and is less at the mercy of the machine's moods for that
            theirs.append(run([BIN / "nbgrader", "autograde", name, "--force"], folder))
    found = {
        "students": students,
        "course grade, seconds": min(ours),
        "nbgrader autograde, seconds": min(theirs),
        "seconds a submission": min(ours) / students,
        "nbgrader's seconds a submission": min(theirs) / students,
        "ratio": min(theirs) / min(ours),
    }
    if source:
        found["CPU seconds of the cells run bare, mean of each turn"] = [mean(each) for each in bare]
        found["CPU seconds of the cells run bare, least"] = min(map(min, bare))
        over = [CORES * wall / students - mean(each) for wall, each in zip(ours, bare, strict=True)]
        found["overhead in each turn"] = over
        found["overhead, core seconds a submission"] = median(over)
    return found


OTTER_TEST = """
test = {"name": "q1", "points": 1, "suites": [{"cases": [{"code": ">>> import torch\\n>>> x =
torch.arange(3.0)\\n"
        ">>> bool(torch.equal(double(x), x + x)) and double(2) == 4\\nTrue", "hidden": False}],
        "scored": True, "setup": "", "teardown": "", "type": "doctest"}]}
OK_FORMAT = True
"""


def otter(folder, times):
    """Seconds of `otter run` on one submission of the small question; None where otter is not installed."""
    if not (BIN / "otter").exists():
        return None
    (folder / "tests").mkdir()
    (folder / "tests" / "q1.py").write_text(OTTER_TEST)
    notebook = small_notebook()
    notebook.cells = notebook.cells[:2]
    nbformat.write(notebook, folder / "submission.ipynb")
    run([BIN / "otter", "generate", "-t", "tests", "-o", "autograder.zip"], folder)
    command = [BIN / "otter", "run", "-a", "autograder.zip", "submission.ipynb"]
    seconds = min(run(command, folder) for _ in range(times))
    assert json.loads((folder / "results.json").read_text())["tests"], "otter ran no test"
    return seconds


def memory(folder, students):
    """MiB of `course grade` and everything below it after 50 submissions, in the middle, and at the end."""
    small_course(folder, students)
    shutil.rmtree(folder / ".grading", ignore_errors=True)
    command = [sys.executable, "-m", "course_utils.grading.cli", "grade", "small", "--workers", str(CORES)]
    process = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    journal, seen = folder / ".grading" / "small", {}
    while process.poll() is None:
        done = len(list(journal.glob("*.json"))) if journal.exists() else 0
        for mark in (50, students // 2, students - 20):
            if done >= mark and mark not in seen:
                seen[mark] = tree_mebibytes(process.pid)
        time.sleep(0.05)
    assert process.returncode == 0
    return {f"after {mark} submissions, MiB": round(value) for mark, value in seen.items()}


def tree_mebibytes(pid):
    """Memory of a process and all below it; pages that several share are counted once."""
    total = 0
    for each in [pid, *descendants(pid)]:
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--many", type=int, default=1000, help="submissions for the memory; 0 leaves it out")
    parser.add_argument("--times", type=int, default=3, help="turns; the best of each counts")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        places = [folder / name for name in ("a", "b", "c", "d")]
        for place in places:
            place.mkdir()
        results["a: imports torch, short cells"] = part(
            places[0], small_course, "small", options.students, options.times
        )
        source = nbformat.read(ROOT / "solutions" / "convolution" / "convolution.ipynb", as_version=4)
        results["b: convolution"] = part(
            places[1], this_course, "convolution", options.students, options.times, source
        )
        results["c: otter run, seconds"] = otter(places[2], options.times)
        if options.many:
            results["d: memory"] = memory(places[3], options.many)
    print(json.dumps(results, indent=1))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
