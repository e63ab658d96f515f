"""Runs the pages that need it, several at a time, into the cache from which Sphinx takes their outputs.

Jupyter Book would do it on the fly, but one after another, without noticing a change in ``course_utils``, and
a failure would name the page only if told to stop at the first.
"""

import copy
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

from course_utils.book.dependencies import fingerprint
from course_utils.book.problems import Problem
from course_utils.book.sources import Page


class Outcome(NamedTuple):
    """What became of one page's code."""

    page: Page
    seconds: float
    problem: Problem | None


def execute_pages(
    root: Path,
    pages: list[Page],
    cache_folder: Path,
    *,
    jobs: int = 1,
    timeout: float = 120,
    progress: Callable[[Outcome, int, int], None] = lambda outcome, done, total: None,
) -> list[Outcome]:
    """Execute the pages whose outputs in the cache are missing or out of date.

    Parameters
    ----------
    root
        The book's folder; also where the kernels import ``course_utils`` from.
    pages
        Those without code are left alone.
    cache_folder
        Jupyter's execution cache, and beside the outputs a file with the fingerprints they were made with.
    jobs
        Kernels running at a time.
    timeout
        Seconds that one cell may take.
    progress
        Called after each page with its outcome, how many are done and how many there are.

    Returns
    -------
    list[Outcome]
        One for each page executed, in the order of ``pages``. A page that failed is not cached.
    """
    cache = get_cache(cache_folder)
    fingerprints = _Fingerprints(cache_folder / "fingerprints.json")
    todo = {}
    for page in pages:
        if not page.code:
            continue
        current = fingerprint(page.code, root)
        if not _is_cached(cache, page) or fingerprints.of.get(page.name) != current:
            todo[page] = current
    outcomes = {}
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        running = {pool.submit(_run, page, root, timeout, jobs): page for page in todo}
        for future in as_completed(running):
            page, (notebook, outcome) = running[future], future.result()
            outcomes[page] = outcome
            if outcome.problem is None:
                cache.cache_notebook_bundle(
                    CacheBundleIn(notebook, str(page.path), data={"execution_seconds": outcome.seconds}),
                    check_validity=False,
                    overwrite=True,
                )
                fingerprints.record(page.name, todo[page])
            progress(outcome, len(outcomes), len(todo))
    return [outcomes[page] for page in todo]


def figures_without_alt(pages: list[Page], cache_folder: Path) -> list[Problem]:
    """The cells of executed pages that draw something and don't say what one sees."""
    cache, problems = get_cache(cache_folder), []
    for page in pages:
        if not page.code:
            continue
        _, notebook = cache.merge_match_into_notebook(page.notebook)
        for index, cell in enumerate(notebook.cells):
            kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
            if not any(kind.startswith("image/") for kind in kinds) or _is_unseen(cell):
                continue
            image = (cell.metadata.get("mystnb") or {}).get("image") or {}
            if not str(image.get("alt") or "").strip():
                message = "the figure of this cell has no alternative text. Begin the cell with\n"
                example = ["---", "mystnb:", "  image:", '    alt: "What one sees."', "---"]
                message += "\n".join(f"        {line}" for line in example)
                problems.append(Problem(f"{page.name}:{page.line_of_cell(index)}", message))
    return problems


def _is_unseen(cell) -> bool:
    """Do readers see none of its outputs?"""
    return bool({"remove-cell", "remove-output"} & set(cell.metadata.get("tags", [])))


class _Fingerprints:
    """The fingerprint of what each page's outputs were made with, on disk."""

    def __init__(self, path: Path):
        self.path = path
        self.of = json.loads(path.read_text()) if path.exists() else {}

    def record(self, name: str, value: str) -> None:
        self.of[name] = value
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.of, indent=1, sort_keys=True))
        os.replace(part, self.path)


def _is_cached(cache, page: Page) -> bool:
    try:
        cache.merge_match_into_notebook(page.notebook)
    except KeyError:
        return False
    return True


def _run(page: Page, root: Path, timeout: float, jobs: int):
    """Execute a copy of the page's notebook; returns it and the outcome."""
    notebook = copy.deepcopy(page.notebook)
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")])),
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    start, started, failure = time.perf_counter(), [], None
    with tempfile.TemporaryDirectory(prefix="kernel") as folder:
        # Through files where there are such: no two kernels pick the same port, none is open to the network.
        files = {"transport": "ipc", "ip": f"{folder}/kernel"}
        connection = {"transport": "tcp"} if sys.platform == "win32" else files
        client = NotebookClient(
            notebook,
            config=Config(KernelManager=connection),
            timeout=timeout,
            record_timing=False,  # or the cells' metadata change, and with them their place in the cache
            on_cell_start=lambda cell, cell_index: started.append(cell_index),
            kernel_name=notebook.metadata["kernelspec"]["name"],
            resources={"metadata": {"path": str(page.path.parent)}},
        )
        try:
            client.execute(env=environment)
        except CellTimeoutError:
            failure = f"ran for more than {timeout:g} s and was stopped"
        except DeadKernelError:
            failure = "killed its kernel"
        except CellExecutionError as error:
            failure = f"raised {error.ename}: {error.evalue}"
    problem = None
    if failure:
        problem = Problem(f"{page.name}:{page.line_of_cell(started[-1])}", f"the code cell here {failure}")
    return notebook, Outcome(page, time.perf_counter() - start, problem)
