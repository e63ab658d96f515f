"""What an instructor's browser is shown of a student's work, in nbgrader's page for marking by hand."""

import html
import re

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from course_utils.grading import inert
from course_utils.grading.assignment import Course
from tests.demo_class import ROOT

RAW = "<script>alert(1)</script><img src='x' onerror='alert(2)'><a href='javascript:alert(3)'>see</a>"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
ACTIVE = re.compile(r"<script[^>]*>\s*alert|<[^<>]*\bonerror|<a[^<>]*javascript:")
KINDS = ("text/html", "text/markdown", "image/svg+xml", "application/javascript", "text/latex")
RESOURCES = dict.fromkeys(
    ("assignment_id", "notebook_id", "submission_id", "base_url", "student", "last_name", "first_name"), "x"
) | {"index": 0, "total": 1, "notebook_path": "x", "metadata": {"name": "x"}}


# ruff: noqa: E501  (Markdown in one string)


def page(config):
    """As nbgrader's formgrader makes it."""
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    role = {"grade_id": "essay", "grade": True, "solution": True, "locked": False, "points": 2}
    outputs = [new_output("display_data", data={kind: f"<p>{RAW}</p>"}) for kind in KINDS]
    cells = [
        new_markdown_cell(f"It *moves*. {RAW} [see](javascript:alert(4))", metadata={"nbgrader": role}),
        new_code_cell(f"text = '''{RAW}'''", outputs=[*outputs, new_output("stream", text=RAW)]),
    ]
    notebook = new_notebook(cells=cells, metadata=KERNEL)
    return HTMLExporter(config=config).from_notebook_node(nbformat.from_dict(notebook), RESOURCES)[0]


def test_by_default_the_page_would_run_what_a_student_wrote():
    """Or the test below shows nothing."""
    assert len(ACTIVE.findall(page(Config()))) >= 6


def test_with_our_configuration_nothing_that_a_student_wrote_runs():
    config, ours = Course(ROOT).config, Config()
    inert.configure(ours)
    assert ours.HTMLExporter.items() <= config.HTMLExporter.items()  # so `course feedback` agrees with it
    text = page(config)
    assert not ACTIVE.findall(text)
    assert "<p>It <em>moves</em>." in text and "<input" in text  # the answer, and the form for its marks


def test_what_is_harmless_stays():
    source = "# Why\n\n1. $x_i < y$ **and** `a < b` [see](https://example.org)\n\n| a |\n|---|\n| ![plot](data:image/png;base64,AA==) |"
    shown = inert.markdown(source)
    for part in ("<h1", "$x_i &lt; y$", "<strong>and</strong>", "<code>a &lt; b</code>", "<td", "<ol>"):
        assert part in shown
    assert 'href="https://example.org"' in shown and 'src="data:image/png;base64,AA=="' in shown


@pytest.mark.parametrize("text", ["<div>" * 200_000, "*a " * 300_000], ids=["tags", "emphasis"])
def test_text_that_would_take_minutes_is_shown_as_it_was_typed(text):
    source = f"{RAW}{text}"
    assert inert.markdown(source) == f"<pre>{html.escape(source)}</pre>"
    picture = f"![](data:image/png;base64,{'A' * 900_000})"
    assert '<img src="data:image/png;base64,AAA' in inert.markdown(picture).replace('alt="" ', "")


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "&#106;avascript:alert(1)", "java\tscript:x", "data:text/html,x", "vbscript:x"],
)
def test_links_that_run_something_lead_nowhere(link):
    assert "href" not in inert.markdown(f'<a href="{link}">a</a> [b]({link})')
