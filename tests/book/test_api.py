"""The API reference shows all that is public, and all of it says what it is."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from course_utils.book.sources import toc_pages

ROOT = Path(__file__).parents[2]
INDEX = (ROOT / "chapters" / "back-matter" / "api.md").read_text(encoding="utf-8")
ROOMS = re.findall(r"^   course_utils\.(\w+)$", INDEX, re.MULTILINE)


def test_the_index_and_the_pages_are_the_same_and_what_chapters_import_is_there():
    pages = [page for page in toc_pages(ROOT) if page.name.startswith("chapters/back-matter/api/")]
    assert [page.path.stem for page in pages] == ROOMS
    for room, page in zip(ROOMS, pages, strict=True):
        assert f".. automodule:: course_utils.{room}\n   :members:" in page.text
    code = "\n".join(cell for page in toc_pages(ROOT) for cell in page.code)
    imported = set(re.findall(r"from course_utils\.(\w+)", code))
    for names in re.findall(r"from course_utils import (.*)", code):
        imported |= {name.strip().partition(" as ")[0] for name in names.split(",")}
    assert imported <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_everything_public_has_a_docstring(room):
    module = importlib.import_module(f"course_utils.{room}")
    assert module.__doc__
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
    assert names
    for name in names:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isroutine(value):
            own = value.__doc__ or ""
            assert own and not own.startswith(f"{name}("), (
                f"{room}.{name}"
            )  # a dataclass writes its signature
