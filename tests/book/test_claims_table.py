"""The table of the slides' claims: each is there once, with its verdict, its code and its line."""

import re
from html import unescape
from importlib import resources

import pytest

from course_utils import slides
from course_utils.slides import table as module


@pytest.fixture(scope="module")
def rows():
    found = re.findall(
        r'<tr id="([^"]+)" data-deck="(\w+)" data-verdict="(\w+)">(.*?)</tr>',
        module.claims_table(),
        re.DOTALL,
    )
    return {id: (deck, verdict, unescape(body)) for id, deck, verdict, body in found}


def test_every_claim_is_there_with_its_verdict(rows):
    assert {id: row[:2] for id, row in rows.items()} == {
        c.id: (c.deck.key, c.verdict) for c in slides.claims()
    }


def test_every_claim_shows_its_code_its_cause_and_its_line(rows):
    for claim in slides.claims():
        body = rows[claim.id][2]
        for text in (claim.expression, claim.slip, claim.cause, claim.source, claim.note, claim.printed):
            assert (text or "") in body
        assert claim.line is None or f"line {claim.line}<" in body


def test_a_verdict_that_does_not_come_out_again_stops_the_page(monkeypatch):
    monkeypatch.setattr(slides.Claim, "judged", lambda self: "wrong")
    with pytest.raises(RuntimeError, match="is recorded as exact"):
        module.claims_table()


@pytest.mark.browser
@pytest.mark.slow
def test_readers_can_filter(tmp_path, serve, visit):
    script = resources.files("course_utils.book") / "static" / "claims.js"
    head = '<!doctype html><html><head><link rel="icon" href="data:,"></head>'
    page = f"{head}<body>{module.claims_table()}<script>{script.read_text()}</script></body></html>"
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    shown = visit(serve(tmp_path) + "index.html")

    def visible():
        return shown.locator("table.claims tbody tr:visible").count()

    assert visible() == len(slides.claims())
    shown.get_by_label("Verdict").select_option("wrong")
    assert visible() == len(slides.claims(verdict="wrong"))
    shown.get_by_label("Search").fill("37,725,832")
    assert 1 <= visible() <= 3
    shown.get_by_label("Search").fill("no such words")
    assert visible() == 0
