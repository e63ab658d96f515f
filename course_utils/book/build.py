"""From sources to checked pages, redoing only what has to be redone.

Steps: read the sources and check them; execute the pages that need it; let Sphinx write the pages, every
warning being an error; check what it wrote. Any problem stops the build with a list by page, and the next
build does not trust what this one left.
"""

import hashlib
import io
import json
import re
import shutil
import time
from contextlib import redirect_stdout
from pathlib import Path

from course_utils.book.execution import Outcome, execute_pages, figures_without_alt
from course_utils.book.outputs import check_outputs, external_links, read_pages
from course_utils.book.problems import BookError, Problem
from course_utils.book.sources import Page, check_sources, toc_pages

LINKS = "external-links.tsv"  # addresses elsewhere, to be checked where there is a network
CONFIGURATION = ("_config.yml", "_toc.yml", "references.bib", "constraints.txt")


def build(root: Path, *, clean: bool = False, jobs: int = 1) -> Path:
    """Build the book whose ``_config.yml`` lies in ``root``; returns the path of its first page.

    ``clean`` forgets all outputs first. ``jobs`` is how many pages are executed at a time.
    Raises BookError, naming every page that is wrong, where a reader would meet something broken.
    """
    root = root.resolve()
    folder = root / "_build"
    html, doctrees, cache = folder / "html", folder / ".doctrees", folder / ".jupyter_cache"
    state, first_page = folder / "book.json", html / "index.html"
    if clean:
        for path in (html, doctrees, cache, folder / "jupyter_execute"):
            shutil.rmtree(path, ignore_errors=True)

    pages = toc_pages(root)
    now = {"built": _digest(root, _inputs(root, pages)), "built with": _digest(root, _machinery(root))}
    before = json.loads(state.read_text()) if state.exists() else {}
    if before == now and all((html / f"{page.docname}.html").exists() for page in pages):
        _say("The book is up to date.")
        return first_page
    state.unlink(missing_ok=True)  # until this build has succeeded nothing is known
    if before.get("built with") != now["built with"]:
        shutil.rmtree(doctrees, ignore_errors=True)  # every page has to be read again

    _stop_on("The sources", check_sources(root, pages))
    outcomes = execute_pages(root, pages, cache, jobs=jobs, progress=_report)
    _stop_on("Executing the pages", [outcome.problem for outcome in outcomes if outcome.problem])
    _stop_on("The figures", figures_without_alt(pages, cache))
    executed = [outcome.page.docname for outcome in outcomes]
    _stop_on("Writing the pages", _run_sphinx(root, html, doctrees, cache, executed))
    built = read_pages(html)
    _stop_on("The built pages", check_outputs(html, built))
    links = external_links(html, built)
    (folder / LINKS).write_text("".join(f"{address}\t{' '.join(of)}\n" for address, of in links.items()))
    state.write_text(json.dumps(now))
    return first_page


def _inputs(root: Path, pages: list[Page]) -> set[Path]:
    """All that the book is made from."""
    chapters = {path for path in (root / "chapters").rglob("*") if path.is_file()}
    package = {path for path in (root / "course_utils").rglob("*") if path.is_file()}
    return {page.path for page in pages} | {root / name for name in CONFIGURATION} | chapters | package


def _machinery(root: Path) -> set[Path]:
    """What decides how a page is read: a change here concerns all pages."""
    book = {path for path in (root / "course_utils" / "book").rglob("*") if path.is_file()}
    style = root / "course_utils" / "plots" / "style.py"  # its colours are exchanged when a page is read
    return book | {style, root / "_config.yml", root / "constraints.txt"}


def _digest(root: Path, paths: set[Path]) -> str:
    """Changes when one of the files changes, comes or goes."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(root)
        hidden = any(part.startswith((".", "__pycache__")) for part in name.parts)
        if path.exists() and not hidden:
            digest.update(name.as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _run_sphinx(root: Path, html: Path, doctrees: Path, cache: Path, executed: list[str]) -> list[Problem]:
    """Let Jupyter Book configure Sphinx and Sphinx write all pages; returns its warnings.

    Unchanged pages are not read again, but all are written, into an empty folder: a reference on one of them
    may have been broken by a change elsewhere, and nothing of a page that is gone shall remain.
    """
    from jupyter_book.config import get_final_config
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    config, _ = get_final_config(
        user_yaml=root / "_config.yml", sourcedir=root, cli_config={"latex_individualpages": False}
    )
    config.pop("comments_config", None)  # Jupyter Book sets it for an extension that this book leaves out
    warnings, start = io.StringIO(), time.perf_counter()
    _say("Writing the pages ...")
    shutil.rmtree(html, ignore_errors=True)
    try:
        with patch_docutils(str(root)), docutils_namespace(), redirect_stdout(io.StringIO()):
            app = Sphinx(
                srcdir=root,
                confdir=None,
                outdir=html,
                doctreedir=doctrees,
                buildername="html",
                confoverrides=config
                | {"nitpicky": True, "nb_execution_cache_path": str(cache), "course_executed": executed},
                status=None,
                warning=warnings,
            )
            app.build(force_all=True)
    except SphinxError as error:
        warnings.write(f"{type(error).__name__}: {error}\n")
    _say(f"Writing the pages took {time.perf_counter() - start:.1f} s.")
    return _sphinx_problems(warnings.getvalue(), root)


def _sphinx_problems(text: str, root: Path) -> list[Problem]:
    """Sphinx's warnings by page: ``/the/book/chapters/page.md:12: WARNING: message``."""
    at_page = re.compile(rf"{re.escape(str(root))}/([^:]+(?::\d+)?): (?:WARNING|ERROR|CRITICAL|SEVERE): (.*)")
    problems = []
    for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines():  # without the terminal's colours
        if match := at_page.match(line):
            problems.append(Problem(match[1], match[2]))
        elif match := re.match(r"(?:WARNING|ERROR|CRITICAL): (.*)", line):
            problems.append(Problem("the book", match[1]))
        elif line.strip() and problems:  # a message that goes on
            problems[-1] = problems[-1]._replace(message=f"{problems[-1].message}\n    {line}")
        elif line.strip():
            problems.append(Problem("the book", line))
    return problems


def _stop_on(step: str, problems: list[Problem]) -> None:
    if problems:
        raise BookError(step, problems)


def _report(outcome: Outcome, done: int, total: int) -> None:
    verdict = "failed after" if outcome.problem else "took"
    _say(f"[{done}/{total}] executing {outcome.page.name} {verdict} {outcome.seconds:.1f} s")


def _say(line: str) -> None:
    print(line, flush=True)
