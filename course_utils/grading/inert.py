"""Text that a student wrote, as HTML in which nothing runs.

Threat answered: nbgrader's pages for instructors and students put text cells in as the browser reads them, so
a script in an answer would act in an instructor's name. Its own configuration cleans outputs alone.
"""

from __future__ import annotations

import html
import re

import bleach
from nbconvert.filters import markdown2html
from traitlets.config import Config

from . import attached
from .rebuild import MAX_ADDED_TEXT

TAGS = bleach.ALLOWED_TAGS | {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "span", "div", "img", "del", "sub", "sup"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
PROTOCOLS = {"http", "https", "mailto", "data"}  # the last for pictures that come with the notebook

MAX_TAGS = 2_000  # more take minutes to clean
MAX_GROWN = 1 << 22  # characters, likewise


def _allowed(tag: str, name: str, value: str) -> bool:
    if name in ("href", "src"):
        embedded = value.strip().lower().startswith("data:")
        picture = tag == "img" and value.strip().lower().startswith("data:image/")
        return (tag, name) in (("a", "href"), ("img", "src")) and (picture or not embedded)
    return name in ("alt", "title", "class", "id", "align")


def markdown(source: str) -> str:
    """Markdown as HTML without scripts, handlers or links that run something; what is too large, has too
    many tags or would grow too much is shown as it was typed.
    """
    return attached.apart(source, _cleaned)


def _cleaned(source: str) -> str:
    too_large = source.count("<") > MAX_TAGS or attached.typed(source) > MAX_ADDED_TEXT
    if too_large or _grown(source) > MAX_GROWN:
        return f"<pre>{html.escape(source)}</pre>"
    return bleach.clean(markdown2html(source), tags=TAGS, attributes=_allowed, protocols=PROTOCOLS)


def _grown(source: str) -> int:
    """At most so many characters come of links whose addresses are defined once and mentioned again and
    again.
    """
    defining = [len(part) for part in re.split(r"\n[ \t]*\n", source) if "]:" in part]
    return max(defining, default=0) * source.count("[")


def configure(config: Config) -> None:
    """Make nbconvert's pages inert, nbgrader's feedback and formgrader among them."""
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.filters = {"markdown2html": "course_utils.grading.inert.markdown"}
