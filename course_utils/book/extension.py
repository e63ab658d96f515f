"""The Sphinx extension of the book.

* MathJax comes from the book, not from a server elsewhere.
* Figures in the course's colours get a second version for dark pages.
* Exercises and solutions lose the ids that they would all share.
* The docstrings of attributes keep their colons in the API reference.
* The directive ``lecture-map`` shows which page treats which part of the lectures.
"""

import importlib.util
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from course_utils.book.lecture_map import LectureMapDirective
from course_utils.plots.style import DARK, LIGHT

STATIC = Path(__file__).parent / "static"
MATHJAX = ("tex-chtml.js", "output/chtml/fonts/woff-v2")  # what a page needs of the 24 MB in the package
SHARED_IDS = {"exercise-content", "solution-content"}


class PageColours(SphinxTransform):
    """Replace each figure in the course's colours by two: one for light pages, one for dark ones.

    Both lose the white ground that the figure has in a notebook.
    """

    default_priority = 750  # after MyST-NB has written its images, before Sphinx collects them

    def apply(self) -> None:
        for image in list(self.document.findall(nodes.image)):
            path = Path(self.env.srcdir) / image["uri"].lstrip("/")
            if path.suffix != ".svg" or not path.is_file():
                continue
            drawing = path.read_text(encoding="utf-8")
            if LIGHT["paper"] not in drawing:
                continue
            variants = []
            for theme, palette in (("light", LIGHT), ("dark", DARK)):
                variant = image.deepcopy()
                variant["uri"] = image["uri"].removesuffix(".svg") + f".{theme}.svg"
                variant["classes"] += [
                    f"for-{theme}-pages",
                    "dark-light",
                ]  # the theme leaves "dark-light" alone
                target = path.with_name(f"{path.stem}.{theme}.svg")
                target.write_text(repaint(drawing, palette), encoding="utf-8")
                variants.append(variant)
            image.replace_self(variants)


def repaint(drawing: str, palette: dict[str, str]) -> str:
    """An SVG that matplotlib drew in ``LIGHT``, on no ground and in the colours of ``palette``."""
    paper = LIGHT["paper"]
    drawing = drawing.replace(f"fill: {paper}", "fill: none", 1)  # the ground is what is drawn first
    for name, colour in LIGHT.items():
        drawing = drawing.replace(colour, palette[name])
    return drawing


def drop_shared_ids(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Exercises and solutions all have a section with the same id, so that no link could tell them apart."""
    for section in doctree.findall(nodes.section):
        section["ids"] = [name for name in section["ids"] if name not in SHARED_IDS]


def name_the_status(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """The table of executed pages says ✅, which few fonts have and screen readers read out by its colour."""
    for text in doctree.findall(nodes.Text):
        if text == "✅":
            text.parent.replace(text, nodes.Text("done"))


class PlainAttributes:
    """Keep Napoleon away from the docstrings of attributes.

    It takes what stands before a colon in their first line for a type; ours are sentences.
    """

    def __init__(self) -> None:
        self.written: list[str] = []

    def before(self, app: Sphinx, what: str, name: str, obj, options, lines: list[str]) -> None:
        self.written = list(lines)

    def after(self, app: Sphinx, what: str, name: str, obj, options, lines: list[str]) -> None:
        if what in ("attribute", "property"):
            lines[:] = self.written


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Put MathJax beside the pages."""
    if error or app.builder.format != "html":
        return
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None:
        raise RuntimeError("the book's mathematics needs: pip install sphinx-mathjax-offline")
    source, target = (
        Path(package.origin).parent / "static" / "mathjax",
        Path(app.outdir) / "_static" / "mathjax",
    )
    for name in MATHJAX:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)


def pages_with_new_outputs(app: Sphinx, env, added, changed, removed) -> list[str]:
    """Pages whose code ran again though their text is the same."""
    return [name for name in app.config.course_executed if name in env.all_docs]


def add_static(app: Sphinx) -> None:
    app.config.html_static_path.append(str(STATIC))
    app.config.html_favicon = str(STATIC / "favicon.svg")


def setup(app: Sphinx) -> dict:
    app.add_config_value("course_executed", [], rebuild="")
    app.add_directive("lecture-map", LectureMapDirective)
    app.add_transform(PageColours)
    app.connect("builder-inited", add_static)
    app.connect("env-get-outdated", pages_with_new_outputs)
    app.setup_extension("sphinx.ext.autodoc")
    attributes = PlainAttributes()  # Napoleon's own priority is 500
    app.connect("autodoc-process-docstring", attributes.before, priority=400)
    app.connect("autodoc-process-docstring", attributes.after, priority=600)
    app.connect("doctree-resolved", drop_shared_ids)
    app.connect("doctree-resolved", name_the_status)
    app.connect("build-finished", copy_mathjax)
    app.add_css_file("course.css")
    app.add_js_file("claims.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
