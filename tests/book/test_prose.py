"""How a chapter is made: what every one has, and what none says."""

import re
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

from course_utils.book.sources import directive, toc_pages

ROOT = Path(__file__).parents[2]
PAGES = toc_pages(ROOT)
CHAPTERS = [page for page in PAGES if page.name.startswith("chapters/") and "/back-matter/" not in page.name]

# Words that tell a reader how to feel, or nothing at all.
FILLER = re.compile(
    r"\b(basically|obviously|of course|simply|trivially?|needless to say|it is important to note|note that"
    r"|in order to|very|really|quite|actually|powerful|leverage[sd]?|utili[sz]e[sd]?|delve[sd]?|seamless(ly)?"
    r"|cutting-edge|state-of-the-art)\b",
    re.IGNORECASE,
)
every_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.docname)


def prose(page):
    """The page's sentences by line: no code, no directives' options."""
    for token, line, _ in page.tokens():
        if token.type == "inline":
            yield line, re.sub(r"\{[\w:-]+\}`[^`]*`|`[^`]*`|\$[^$]*\$", "", token.content)


@every_chapter
def test_a_chapter_is_neither_a_note_nor_a_book(page):
    words = sum(len(re.findall(r"[A-Za-z][\w'-]*", text)) for _, text in prose(page))
    assert 1200 <= words <= 2700


@every_chapter
def test_a_chapter_asks_before_it_tells_and_ends_as_all_do(page):
    names = [directive(token) for token, _, _ in page.tokens()]
    assert "admonition" in names and re.search(r"^:class: predict$", page.text, re.MULTILINE)
    headings = re.findall(r"^## (.*)$", page.text, re.MULTILINE)
    assert "What goes wrong in practice" in headings
    assert headings[-3:] == ["Summary", "Exercises", "References"]
    assert "bibliography" in names


@every_chapter
def test_every_exercise_has_a_folded_solution_that_runs(page):
    exercises = re.findall(r"^```\{exercise-start\}.*\n:label: (\S+)", page.text, re.MULTILINE)
    solutions = re.findall(
        r"^```\{solution-start\} (\S+)\n:class: dropdown\n```(.*?)^```\{solution-end\}",
        page.text,
        re.MULTILINE | re.DOTALL,
    )
    assert 4 <= len(exercises) <= 8
    assert [label for label, _ in solutions] == exercises
    assert all("```{code-cell}" in body for _, body in solutions)


@every_chapter
def test_what_code_computes_is_glued_and_each_glued_number_is_used(page):
    glued = set(re.findall(r'\bglue\("([^"]+)"', "\n".join(page.code)))
    used = set(re.findall(r"\{glue:\w+\}`([^`:]+)", page.text))
    assert used and glued == used


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.docname)
def test_no_filler(page):
    found = [
        f"{page.name}:{line}: {match[0]}" for line, text in prose(page) for match in FILLER.finditer(text)
    ]
    assert not found


@every_chapter
def test_jupyterlab_opens_a_chapter_with_the_same_cells(page):
    opened = jupytext.reads(page.text, fmt="md:myst")
    assert [cell.source for cell in opened.cells if cell.cell_type == "code"] == page.code
    assert opened.metadata["kernelspec"]["name"] == "python3"


def test_spelling():
    files = [str(page.path) for page in PAGES]
    result = subprocess.run(
        [sys.executable, "-m", "codespell_lib", *files], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout
