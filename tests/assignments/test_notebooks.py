"""Every assignment: well-formed, worth 100 points, all earned by its solution and none by its stubs."""

import matplotlib
import nbformat
import pytest

from tests.assignments.running import points, read, run
from tests.demo_class import ROOT, role

ASSIGNMENTS = sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir())
both_versions = pytest.mark.parametrize("folder", ["solutions", "assignments"])


@pytest.fixture(params=ASSIGNMENTS)
def assignment(request):
    return request.param


def notebook_path(folder, assignment):
    return ROOT / folder / assignment / f"{assignment}.ipynb"


@both_versions
def test_the_file_is_valid_has_no_outputs_and_diffs_well(assignment, folder):
    text = notebook_path(folder, assignment).read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert text == nbformat.writes(notebook) + "\n"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, cell.id


@both_versions
def test_cells_have_readable_ids_and_100_points(assignment, folder):
    notebook = read(notebook_path(folder, assignment))
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        assert cell.id.replace("-", "").isalpha(), f"{cell.id}: name the cell in words"
        if role(cell):
            assert role(cell)["grade_id"] == cell.id
    assert sum(points(notebook).values()) == 100


def test_what_a_student_reads_fits_the_page(assignment):
    for cell in read(notebook_path("assignments", assignment)).cells:
        if cell.cell_type == "code":
            assert [line for line in cell.source.splitlines() if len(line) > 104] == [], cell.id


def test_every_test_cell_brings_its_own_numpy(assignment):
    # A name that a test takes from the student's namespace is the student's to choose.
    for cell in read(notebook_path("solutions", assignment)).cells:
        if role(cell).get("grade") and "np." in cell.source:
            assert "import numpy as np" in cell.source, cell.id


def test_the_solution_passes_everything_and_every_other_cell_runs(assignment):
    matplotlib.use("Agg")
    notebook = read(notebook_path("solutions", assignment))
    everything = [cell.id for cell in notebook.cells if cell.cell_type == "code"]
    assert run(notebook, extra_cells=everything) == {}


def test_the_untouched_release_passes_nothing(assignment):
    release = read(notebook_path("assignments", assignment))
    failed = run(release)
    assert failed.keys() == points(release).keys()
    assert {type(error) for error in failed.values()} == {NotImplementedError}
