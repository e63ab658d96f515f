"""Run an assignment's notebook in this process: quick, trusting, and good enough for our own answers."""

import nbformat

from tests.demo_class import role


def read(path):
    return nbformat.read(path, as_version=4)


def run(notebook, extra_cells=()):
    """Run setup, solution and test cells (and `extra_cells`, by id) in one namespace.

    Returns a dict from the id of each cell that failed to what it raised.
    """
    namespace, failed = {}, {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and (cell.id == "setup" or role(cell) or cell.id in extra_cells):
            try:
                exec(compile(cell.source, cell.id, "exec"), namespace)
            except Exception as error:
                failed[cell.id] = error
    return failed


def points(notebook):
    """Points by test cell."""
    return {cell.id: role(cell)["points"] for cell in notebook.cells if role(cell).get("grade")}


def score(notebook):
    failed = run(notebook)
    return sum(value for test, value in points(notebook).items() if test not in failed)


def question_tests(notebook):
    """For each solution cell the test cells below it, down to the next solution cell."""
    tests, current = {}, None
    for cell in notebook.cells:
        if role(cell).get("solution"):
            current = tests.setdefault(cell.id, set())
        elif role(cell).get("grade"):
            current.add(cell.id)
    return tests
