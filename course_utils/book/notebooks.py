"""Chapters as plain notebooks, to run and to change: ``python -m course_utils.book.notebooks FOLDER``.

JupyterLab with its MyST extension shows most of a page as the book does. What only a build knows is put into
the text here: glued numbers, citations and the list of references, terms, links to other pages. Cells that
the book hides and the code of solutions are folded. Outputs are left out: predict, then run.

A notebook that its reader has changed is the reader's, and stays as it is.
"""

import argparse
import ast
import copy
import hashlib
import json
import os
import posixpath
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from nbformat.v4 import new_markdown_cell, new_notebook
from pybtex.database import BibliographyData, Entry, parse_file
from pybtex.plugin import find_plugin

from course_utils.book.problems import BookError, Problem
from course_utils.book.sources import Page, toc_pages

MADE = ".made.json"  # digests of the notebooks as they were written
HIDDEN = {"remove-cell", "remove-input"}  # no reader sees the code of these
FOLDED = HIDDEN | {"hide-cell", "hide-input"}
ROLE = re.compile(r"\{(glue:text|cite:p|cite:t|term|doc)\}`([^`]+)`")
TITLED = re.compile(r"(?s)(.+?)\s*<(.+)>")  # of a role: the text to show, and what it points to
LINK = re.compile(r"\[([^\]]*)\]\((?!\w+:)([^)#\s]+)\.md(#[^)\s]*)?\)")
BIBLIOGRAPHY = re.compile(r"^(`{3,}|:{3,})\{bibliography\}.*?^\1$", re.MULTILINE | re.DOTALL)
SOLUTION = re.compile(r"^`{3,}\{solution-(start|end)\}", re.MULTILINE)


def write_notebooks(root: Path, target: Path, say: Callable[[str], None] = print) -> list[Path]:
    """Write every page of the book that readers can run as a notebook below `target`; returns the paths.

    The book in `root` must have been built: numbers in sentences come from its execution. A notebook that
    was changed since it was written is kept, and `say` is told so.
    Raises BookError for a page that has not been executed as it is now.
    """
    executed = get_cache(root / "_build" / ".jupyter_cache")
    papers = parse_file(root / "references.bib")
    pages = {page.docname: page for page in toc_pages(root)}
    written = []
    target.mkdir(parents=True, exist_ok=True)
    made = json.loads((target / MADE).read_text()) if (target / MADE).exists() else {}
    for name, page in pages.items():
        if not _runs(page):
            continue
        try:
            _, outputs = executed.merge_match_into_notebook(page.notebook)
        except KeyError:
            missing = Problem(page.name, "has not been executed as it is now; build the book first")
            raise BookError("The notebooks", [missing]) from None
        text = nbformat.writes(as_notebook(page, glued(outputs), papers, pages))
        path = target / f"{name}.ipynb"
        if path.exists():
            there = path.read_text(encoding="utf-8")
            if there != text and _digest(there) != made.get(name):
                say(f"{path}: kept, for it was changed; remove it to get a fresh one")
                continue
        _replace(path, text)
        made[name] = _digest(text)
        written.append(path)
    _replace(target / MADE, json.dumps(made, indent=1))
    return written


def glued(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """What an executed notebook's ``glue`` calls stored, as text, by name."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if name := output.get("metadata", {}).get("scrapbook", {}).get("name"):
                text = next(text for kind, text in output["data"].items() if kind.endswith("text/plain"))
                found[name] = ast.literal_eval(text) if text[:1] in "'\"" else text
    return found


def as_notebook(
    page: Page, values: dict[str, str], papers: BibliographyData, pages: dict[str, Page]
) -> nbformat.NotebookNode:
    """A page as a notebook without outputs that needs no build to be read.

    `values` are its glued numbers, `papers` the bibliography, `pages` all pages by their docname.
    """
    cited = _cited(page.text)
    cells, in_solution = [], False
    for number, cell in enumerate(page.notebook.cells):
        cell = copy.deepcopy(cell)
        cell["id"] = f"{number:04}"  # the same in every build
        options = cell.metadata.pop("mystnb", {})
        if cell.cell_type == "code":
            if in_solution or FOLDED & set(cell.metadata.get("tags", [])):
                cell.metadata["jupyter"] = {"source_hidden": True}
        else:
            for kind in SOLUTION.findall(cell.source):
                in_solution = kind == "start"
            cell["source"] = _resolve(cell.source, page, values, papers, pages, cited)
        cells.append(cell)
        if caption := options.get("figure", {}).get("caption"):
            text = _resolve(f"*{caption}*", page, values, papers, pages, cited)
            cells.append(new_markdown_cell(text, id=f"{number:04}-caption"))
    metadata = {"kernelspec": page.notebook.metadata["kernelspec"]}
    return new_notebook(cells=cells, metadata=metadata, nbformat_minor=5)


def _resolve(text, page, values, papers, pages, cited) -> str:
    """Markdown with what the book's own roles stand for."""

    def role(match: re.Match) -> str:
        kind, content = match.groups()
        shown, of = titled.groups() if (titled := TITLED.fullmatch(content)) else (None, content)
        if kind == "glue:text":
            return values[of.partition(":")[0]]
        if kind == "term":
            return shown or of
        if kind == "doc":
            return link(shown, posixpath.normpath(posixpath.join("/", _folder(page), of)).lstrip("/"))
        works = [papers.entries[key.strip()] for key in of.split(",")]
        if kind == "cite:t":
            return " and ".join(f"{_names(work)} ({work.fields['year']})" for work in works)
        return "(" + "; ".join(f"{_names(work)}, {work.fields['year']}" for work in works) + ")"

    def link(shown: str | None, name: str, anchor: str = "") -> str:
        if name not in pages:
            raise BookError("The notebooks", [Problem(page.name, f"links to {name}, which is no page")])
        target = pages[name]
        if not _runs(target):
            return f"*{shown or _title(target)}*"
        return f"[{shown or _title(target)}]({posixpath.relpath(name, _folder(page) or '.')}.ipynb{anchor})"

    text = ROLE.sub(role, text)
    text = LINK.sub(
        lambda match: link(
            match[1], posixpath.normpath(posixpath.join(_folder(page), match[2])), match[3] or ""
        ),
        text,
    )
    return BIBLIOGRAPHY.sub(lambda _: "\n".join(_references(papers, cited)), text)


def _references(papers: BibliographyData, cited: list[str]) -> Iterator[str]:
    style, markdown = (
        find_plugin("pybtex.style.formatting", "plain")(),
        find_plugin("pybtex.backends", "markdown")(),
    )
    for entry in style.format_bibliography(papers, cited):
        yield "- " + " ".join(entry.text.render(markdown).split())


def _cited(text: str) -> list[str]:
    return [
        key.strip() for kind, keys in ROLE.findall(text) if kind.startswith("cite") for key in keys.split(",")
    ]


def _names(work: Entry) -> str:
    """Authors as a citation names them."""
    last = [" ".join(person.last_names).strip("{}") for person in work.persons["author"]]
    return last[0] + " et al." if len(last) > 2 else " and ".join(last)


def _runs(page: Page) -> bool:
    """Has it code that a reader is meant to run?"""
    return any(
        cell.cell_type == "code" and not HIDDEN & set(cell.metadata.get("tags", []))
        for cell in page.notebook.cells
    )


def _title(page: Page) -> str:
    return re.search(r"^# (.+)$", page.text, re.MULTILINE)[1]


def _folder(page: Page) -> str:
    return posixpath.dirname(page.docname)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.book.notebooks", description="Write the book's pages as notebooks."
    )
    parser.add_argument("target", type=Path, help="folder to write them to")
    options = parser.parse_args()
    try:
        written = write_notebooks(Path(), options.target)
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(written)} notebooks are in {options.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
