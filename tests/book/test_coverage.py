"""What the decks teach, ask and get wrong is on the page that it belongs to."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from course_utils.book.sources import toc_pages

ROOT = Path(__file__).parents[2]
COVERAGE = yaml.safe_load((ROOT / "tests" / "book" / "coverage.yml").read_text(encoding="utf-8"))
ENTRIES = {f"{part}: {entry['what']}": entry for part, entries in COVERAGE.items() for entry in entries}
PAGES = {page.docname.removeprefix("chapters/"): page for page in toc_pages(ROOT)}


@cache
def text_of(name):
    """A page's words without markup and line breaks; roles become what the reader sees."""
    text = PAGES[name].text
    text = re.sub(r"\{[\w:-]+\}`([^`<]*?)\s*(?:<[^>]*>)?`", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"[*`]", "", text))


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_the_page_says_it(entry):
    assert not set(entry["pages"]) - set(PAGES), "there is no such page"
    text = " ".join(map(text_of, entry["pages"]))
    assert not [words for words in entry["says"] if not re.search(words, text, re.IGNORECASE)]


def test_every_chapter_has_an_entry():
    named = {page for entry in ENTRIES.values() for page in entry["pages"]}
    assert named >= {name for name in PAGES if "/" in name and not name.startswith("back-matter/")}
