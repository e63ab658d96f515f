"""A built chapter as a reader meets it, in Chromium: light and dark, desk and phone, without a network."""

import re
from itertools import product
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
CHAPTER = "chapters/convolution/convolution-layer"
STATUS = "chapters/back-matter/execution-status"
BIBLIOGRAPHY = "chapters/back-matter/bibliography"


@pytest.fixture(scope="module")
def book(tmp_path_factory, make_book, serve):
    """The chapter that is the pattern for the others, and the back matter, built and served from here."""
    book = make_book(tmp_path_factory.mktemp("book"))
    book.write("index", f"# Start\n\nSee [](/{CHAPTER}.md).")
    for name in (CHAPTER, STATUS, BIBLIOGRAPHY):
        text = (ROOT / f"{name}.md").read_text()
        book.raw(name, re.sub(r"\{doc\}`([^`]+)`", r"*\1*", text))  # pages that this book has not
    result = book.build()
    assert result.returncode == 0, result.stderr
    book.url = serve(book.root / "_build" / "html")
    return book


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [
        *product([CHAPTER], ["desk", "phone"], ["light", "dark"]),
        *product([STATUS, BIBLIOGRAPHY], ["phone"], ["light"]),
        ("index", "desk", "dark"),
    ],
)
def test_a_page_fits_and_is_complete(book, visit, images_seen, name, size, scheme):
    page = visit(f"{book.url}{name}.html", size, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    images = images_seen(page)
    if name == CHAPTER:
        figures = [address for address in images if "/_images/" in address]
        assert len(figures) >= 6 and all(address.endswith(f".{scheme}.svg") for address in figures)


def test_mathematics_is_typeset_with_the_books_own_mathjax(book, visit):
    page = visit(f"{book.url}{CHAPTER}.html")
    page.wait_for_selector("mjx-container")
    assert page.evaluate("MathJax.version").startswith("3.")
    assert page.locator("mjx-merror").count() == 0
    assert page.evaluate("document.fonts.check('16px MJXTEX')")


def test_solutions_are_folded_until_asked_for(book, visit):
    page = visit(f"{book.url}{CHAPTER}.html")
    solution = page.locator(".solution").first
    result = solution.locator(".cell_output").first
    assert not result.is_visible()
    solution.locator(".toggle-button").click()
    assert result.is_visible() and "array" in result.inner_text()


def test_the_page_follows_the_readers_choice_of_light_or_dark(book, visit):
    page = visit(f"{book.url}{CHAPTER}.html", scheme="light")
    button = page.locator(".bd-header-article .theme-switch-button").first
    for _ in range(3):  # auto, light, dark
        button.click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert page.locator("main img.for-dark-pages").first.is_visible()
    assert not page.locator("main img.for-light-pages").first.is_visible()


def test_the_search_finds_the_chapter(book, visit):
    page = visit(f"{book.url}search.html?q=cross-correlation")
    page.wait_for_selector("#search-results a")
    assert "convolution layer" in page.locator("#search-results").inner_text().lower()


def test_the_book_opens_from_a_folder_too(book, visit):
    page = visit((book.root / "_build" / "html" / f"{CHAPTER}.html").as_uri())
    page.wait_for_selector("mjx-container")


def test_the_status_page_lists_the_chapter_as_executed(book, visit):
    row = visit(f"{book.url}{STATUS}.html").locator("main table tr", has_text="convolution-layer")
    assert "done" in row.inner_text() and row.locator("td").count() == 5
