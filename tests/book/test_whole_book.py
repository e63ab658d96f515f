"""Every page of the book itself in a browser. Slow: it builds what of the book is not built yet."""

import subprocess
import sys
from pathlib import Path

import pytest

from course_utils.book.sources import toc_pages

from .conftest import SCREENS

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def url(serve):
    result = subprocess.run(
        [sys.executable, "-m", "course_utils.book"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return serve(ROOT / "_build" / "html")


@pytest.mark.parametrize("page", toc_pages(ROOT), ids=lambda page: page.docname)
def test_a_page_fits_and_is_complete_light_and_dark_at_a_desk_and_on_a_phone(url, visit, images_seen, page):
    for scheme in ("light", "dark"):
        opened = visit(f"{url}{page.docname}.html", "desk", scheme)
        for screen in SCREENS.values():
            opened.set_viewport_size(screen)
            assert opened.evaluate("document.documentElement.scrollWidth") <= screen["width"]
            images_seen(opened)
