"""The pages of the book, and what must be true of their sources."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
import yaml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_nb.core.read import MystMetadataParsingError, read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from course_utils.book.problems import BookError, Problem

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---"""
COLUMNS = 79  # of code that fit beside the sidebars without scrolling
LITERAL = {"code-cell", "raw-cell", "code", "code-block", "literalinclude", "math", "mermaid"}


@dataclass(frozen=True, eq=False)
class Page:
    """One source file of the book."""

    path: Path
    name: (
        str  #: relative to the book's root, ``/`` between folders, as in ``chapters/convolution/pooling.md``
    )
    markdown: MdParserConfig  #: which extensions of Markdown the book uses

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def docname(self) -> str:
        """What Sphinx calls it."""
        return self.name.removesuffix(self.path.suffix)

    @cached_property
    def notebook(self) -> nbformat.NotebookNode:
        """The page as MyST-NB reads it, so that the two agree on what its code is."""
        return read_myst_markdown_notebook(self.text, self.markdown, add_source_map=True, path=self.path)

    @property
    def code(self) -> list[str]:
        """The sources of its code cells, in order."""
        return [cell.source for cell in self.notebook.cells if cell.cell_type == "code"]

    def line_of_cell(self, index: int) -> int:
        """The line of the source on which cell ``index`` of the notebook begins."""
        return self.notebook.metadata["source_map"][index]

    def tokens(self) -> Iterator[tuple[Token, int, list[str]]]:
        """Markdown tokens with their line and the directives around them, outermost first."""
        parser = create_md_parser(self.markdown, RendererHTML)

        def walk(text, first, outer):
            for token in parser.parse(text):
                line = first + (token.map[0] if token.map else 0)
                yield token, line, outer
                if (name := directive(token)) and name not in LITERAL:
                    yield from walk(token.content, line + 1, [*outer, name])

        yield from walk(self.text, 1, [])


def directive(token: Token) -> str:
    """The name of the directive that a token is; empty for any other token."""
    match = re.match(r"\{([\w:-]+)\}", token.info) if token.type in ("fence", "colon_fence") else None
    return match[1] if match else ""


def toc_pages(root: Path) -> list[Page]:
    """The pages that ``_toc.yml`` names, in its order.

    Raises BookError where a named file does not exist.
    """
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    markdown = MdParserConfig(enable_extensions=set(config["parse"]["myst_enable_extensions"]))
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    pages, problems = [], []
    for entry in _files(toc):
        name = f"{entry.removesuffix('.md')}.md"
        if (root / name).is_file():
            pages.append(Page(root / name, name, markdown))
        else:
            problems.append(
                Problem("_toc.yml", f"there is no {name}; pages are MyST Markdown, text without outputs")
            )
    if problems:
        raise BookError("The table of contents", problems)
    return pages


def _files(entry) -> Iterator[str]:
    if isinstance(entry, dict):
        for key, value in entry.items():
            if key in ("root", "file"):
                yield value
            else:
                yield from _files(value)
    elif isinstance(entry, list):
        for item in entry:
            yield from _files(item)


def check_sources(root: Path, pages: list[Page]) -> list[Problem]:
    """What is wrong with the sources; an empty list when nothing is."""
    problems = [problem for page in pages for problem in _check_page(page)]
    labelled = {}
    for page in pages:
        for match in re.finditer(r"^:label: *(\S+)$", page.text, re.MULTILINE):
            here = f"{page.name}:{page.text.count(chr(10), 0, match.start()) + 1}"
            if match[1] in labelled:
                message = (
                    f"the label {match[1]!r} is that of {labelled[match[1]]}; labels are the whole book's"
                )
                problems.append(Problem(here, message))
            labelled.setdefault(match[1], here)
    known = {page.path for page in pages}
    for path in sorted((root / "chapters").rglob("*.md")):
        name = path.relative_to(root)
        if path not in known and not any(part.startswith(".") for part in name.parts):
            problems.append(Problem(name.as_posix(), "is not in _toc.yml: no reader would find it"))
    return problems


def _without_options(cell: str) -> list[str]:
    """The lines of a code cell; those of its options, between dashes or with a colon in front, are empty."""
    lines, fenced = cell.splitlines(), False
    for i, line in enumerate(lines):
        if line == "---" and (i == 0 or fenced):
            fenced = not fenced
        elif not fenced and not line.startswith(":"):
            break
        lines[i] = ""
    return lines


def _check_page(page: Page) -> list[Problem]:
    problems = []

    def report(line, message):
        problems.append(Problem(f"{page.name}:{line}", message))

    header, has_code = {}, False
    for token, line, outer in page.tokens():
        name = directive(token)
        if token.type == "front_matter":
            header = yaml.safe_load(token.content) or {}
        elif name == "code-cell":
            has_code = True
            if outer:
                gate = f"{{{outer[-1]}-start}} before it and {{{outer[-1]}-end}} after it"
                report(line, f"a code cell inside {{{outer[-1]}}} does not run; use {gate}")
            for offset, code in enumerate(_without_options(token.content), 1):
                if len(code) > COLUMNS:
                    report(line + offset, f"{len(code)} columns of code; {COLUMNS} fit on the page")
        elif name in ("image", "figure"):
            if not re.search(r"^\s*:?alt:\s*\S", token.content, re.MULTILINE):
                report(line, f"{{{name}}} without an :alt: text")
        elif token.type == "inline":
            for child in token.children or []:
                if child.type == "image" and not child.content.strip():
                    report(line, "an image without alternative text; write ![what one sees](file)")
    if has_code:
        text_format = header.get("jupytext", {}).get("text_representation", {}).get("format_name")
        if text_format != "myst" or "name" not in header.get("kernelspec", {}):
            report(1, f"a page with code begins with Jupytext's header and the kernel's:\n\n{HEADER}\n")
        else:
            try:
                _ = page.notebook
            except MystMetadataParsingError as error:
                report(1, f"cannot be read as a notebook: {error}")
    return problems
