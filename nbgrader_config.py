"""nbgrader for this course: where things are, and a pipeline in which no submission sets its own marks.

Run `nbgrader` from the folder that holds this file. Every setting says why it is here; what isn't set is
nbgrader's default.

nbgrader 0.9 marks a test cell by the outputs that running it left in the notebook: any error output, or any
text on stderr, is 0; a number as the cell's value is partial credit; anything else is full marks. It runs
the tests in the student's own process. This file closes what settings can close; `course grade` puts a wall
between the two.
"""

import secrets

c = get_config()  # noqa: F821  (traitlets puts it here)

# ---- Where things are ------------------------------------------------------------------------------------

# Part of the paths in an exchange, so that two courses can share one.
c.CourseDirectory.course_id = "convnets"
# The instructor's notebooks (nbgrader's usual name is source/) and what students receive (release/).
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
# nbgrader copies everything that lies beside a source notebook into the release, and into every submission
# that it marks. The banks of wrong and right answers, and whatever else is code or configuration, must not
# go out; pictures and data (.png, .npz, .csv, ...) do. The last four are nbgrader's defaults.
c.CourseDirectory.ignore = [
    "wrong",
    "right",
    "attacks",
    "*.py",
    "*.toml",
    "*.yml",
    "*.yaml",
    "*.json",
    "*.md",
    "*.log",
    "*~",
    ".*",
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
]

# `course grade` writes grades.csv; `nbgrader export` shall not write its own over it.
c.ExportPlugin.to = "nbgrader-grades.csv"

# ---- What a submission can't change ----------------------------------------------------------------------


def rebuild(nb, resources):
    """Give every cell the role that the released notebook gave it, whatever the submission's metadata say.

    Tags, grade flags, points, locks and checksums of a submission are dropped. A cell is recognised by its
    grade_id, or by its cell id (the released notebooks use one name for both) when the grade_id is gone. Of
    several copies the last one counts, as in nbgrader; the others stay as ordinary cells. Cells that were
    deleted are put back.

    nbgrader's own DeduplicateIds leaves empty metadata behind, at which a later step ends the run for the
    whole class; its OverwriteCells.add_missing_cells loses the submission when two neighbours are missing.
    """
    # Here, because everything that asks this file where things are would wait for these imports.
    from nbformat import NotebookNode
    from nbformat.v4 import new_code_cell, new_markdown_cell
    from nbgrader.api import Gradebook

    info = resources["nbgrader"]
    with Gradebook(info["db_url"]) as gradebook:
        released = gradebook.find_notebook(info["notebook"], info["assignment"])
        points = {cell.name: cell.max_score for cell in [*released.grade_cells, *released.task_cells]}
        graded = {cell.name for cell in released.grade_cells}
        answers = {cell.name for cell in released.solution_cells}
        tasks = {cell.name for cell in released.task_cells}
        cells = {
            cell.name: NotebookNode(
                grade_id=cell.name,
                schema_version=3,
                cell_type=cell.cell_type,
                locked=cell.locked,
                checksum=cell.checksum,
                grade=cell.name in graded,
                solution=cell.name in answers,
                task=cell.name in tasks,
                **({"points": points[cell.name]} if cell.name in points else {}),
            )
            for cell in released.source_cells
        }
        sources = {cell.name: cell.source for cell in released.source_cells}

    nb.metadata = NotebookNode()  # OverwriteKernelspec puts the released kernel back
    found = {}
    for cell in reversed(nb.cells):
        claimed = cell.metadata.get("nbgrader")
        claimed = claimed.get("grade_id") if isinstance(claimed, dict) else None
        cell.metadata = NotebookNode()
        for name in (claimed, cell.get("id")):
            if isinstance(name, str) and name in cells and name not in found:
                cell.metadata.nbgrader = cells[name]
                found[name] = cell
                break

    position = 0  # a missing cell belongs below the one that stands above it in the released notebook
    for name, role in cells.items():
        if name in found:
            position = next(i for i, cell in enumerate(nb.cells) if cell is found[name]) + 1
            continue
        missing = new_code_cell if role.cell_type == "code" else new_markdown_cell
        nb.cells.insert(position, missing(sources[name], metadata=NotebookNode(nbgrader=role)))
        position += 1
    return nb, resources


c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",  # what a submission claims to have printed counts for nothing
    rebuild,
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",  # test cells get the instructor's text, hidden tests included
    "nbgrader.preprocessors.CheckCellMetadata",
]
# A cell with this tag isn't run, and a test cell that isn't run gets full marks. Tags are dropped above;
# should one come through, nobody can know a name that is drawn anew in each run.
c.Execute.skip_cells_with_tag = secrets.token_hex(16)

# The formgrader and the feedback show what a student wrote; in an instructor's browser it must be text. A
# script there could give marks in the instructor's name.
c.HTMLExporter.sanitize_html = True  # outputs
c.HTMLExporter.filters = {"markdown2html": "course_utils.grading.inert.markdown"}  # text cells

# ---- Marks are lost for wrong answers only ---------------------------------------------------------------

# nbgrader gives 0 for any text on stderr, so a warning or a progress bar would cost all the marks of a
# cell. This removes stderr after the run and before the marks are decided; `.*` matches every text.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = ".*"
# Seconds for one cell. An endless loop costs this once for every cell that runs into it; the rest still
# counts.
c.Execute.timeout = 20
# Seconds to wait for a cell's printed output after it has ended; the default of 4 loses notebooks that
# print a lot.
c.Execute.iopub_timeout = 30
# A kernel that starts late, because the machine is busy, is no fault of the submission.
c.Execute.startup_timeout = 120
# Widgets' state is stored in the notebook as big as the student makes it; marks never need it.
c.Execute.store_widget_state = False
# Print as much as you like; the marked notebook and its feedback keep this many lines of it.
c.LimitOutput.max_lines = 200
