"""The lecture map knows all decks and all pages, and puts every claim into a part."""

from pathlib import Path

import pytest
import yaml

from course_utils import slides
from course_utils.book.lecture_map import read_map
from course_utils.book.sources import toc_pages

ROOT = Path(__file__).parents[2]
FILE = ROOT / "chapters" / "back-matter" / "lecture-map.yml"
WRITTEN = {page.docname for page in toc_pages(ROOT)}


@pytest.fixture(scope="module")
def lecture_map():
    return read_map(FILE)


def parts(lecture_map):
    return [part for parts in lecture_map.decks.values() for part in parts]


def test_all_decks_are_there_with_all_their_claims(lecture_map):
    assert list(lecture_map.decks) == [deck for deck in slides.decks() if deck.file]
    placed = [claim.id for part in parts(lecture_map) for claim in part.claims]
    assert sorted(placed) == sorted(claim.id for claim in slides.claims() if claim.line)


def test_every_chapter_is_in_the_map(lecture_map):
    shown = {page for part in parts(lecture_map) for page in part.pages}
    chapters = {name.removeprefix("chapters/") for name in WRITTEN if name.startswith("chapters/")}
    assert {name for name in chapters if not name.startswith("back-matter/")} <= shown | {
        *("convolution/backpropagation", "transfer/what-it-sees")  # no deck has them
    }


def test_the_page_links_what_is_written(lecture_map):
    text = lecture_map.markdown(WRITTEN)
    assert "{doc}`/chapters/convolution/convolution-layer`" in text
    assert text.count("\n| ") == len(parts(lecture_map)) + len(lecture_map.decks)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data["decks"].pop("d2"), "decks must be d0, d1, d2, d3, d4, not d0, d1, d3, d4"),
        (lambda data: data["decks"]["d1"].reverse(), "d1: the part at line .* comes after the one at"),
        (lambda data: data["decks"]["d3"][0].update(line=39), "d3: the claim at line 38 lies before"),
        (lambda data: data["decks"]["d0"][3].update(pages=[]), "d0: .* has no page"),
        (lambda data: data["decks"]["d0"][3].update(pages=["nowhere"]), "chapters/nowhere is no page"),
    ],
)
def test_a_wrong_map_is_refused(tmp_path, change, message):
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    change(data)
    (tmp_path / "map.yml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_map(tmp_path / "map.yml").markdown(WRITTEN)
