"""Every claim of the decks, judged again: one test a row."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils import slides

ALL = slides.claims()
SLIPS = [claim for claim in ALL if claim.slip is not None]


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.id)
def test_verdict_follows_from_the_computation(claim):
    assert claim.judged() == claim.verdict, claim.compute() if claim.expression else claim.published


@pytest.mark.parametrize("claim", SLIPS, ids=lambda claim: claim.id)
def test_the_named_slip_gives_the_printed_number(claim):
    assert claim.verdict == "wrong"
    assert claim.slips() in ("exact", "rounding")


def test_every_claim_says_all_it_must():
    for claim in ALL:
        where = claim.id
        assert claim.claim and claim.topic and claim.verdict in slides.VERDICTS, where
        assert (claim.expression is not None) != (claim.source != ""), where  # computed, or a reason why not
        assert bool(claim.cause) == (claim.verdict == "wrong"), where
        assert claim.published is None or claim.source, where
        assert (claim.line is not None) == (claim.deck.file is not None), where


def test_expressions_compute():
    for claim in ALL:
        for expression in filter(None, (claim.expression, claim.slip)):
            nodes = ast.walk(ast.parse(expression, mode="eval"))
            assert any(isinstance(node, (ast.Call, ast.BinOp)) for node in nodes), f"{claim.id}: a constant"


def test_there_are_all_of_them():
    assert len(ALL) == 687
    assert sum(slides.counts().values()) == len(ALL)
    assert {deck.key: len(slides.claims(deck.key)) for deck in slides.decks()} == {
        "d0": 155, "d1": 175, "d2": 139, "d3": 71, "d4": 118, "x": 29,
    }  # fmt: skip
    assert len(slides.claims(verdict="wrong")) == slides.counts()["wrong"] > 100
    assert sum(claim.expression is not None for claim in ALL) > 500


@pytest.mark.parametrize(
    ("id", "printed", "right"),
    [
        ("d1-alex64-fc6-params-long", "37,725,832", 37_752_832),
        ("d0-vgg16-total-mb", "96", 60.950432),
        ("d1-cmp-vgg-memory", "48.6", pytest.approx(51.71, abs=0.01)),
        ("d1-cmp-vgg-flops", "13.6G", 15_470_264_320),
        ("d0-inception-reduced-total", "358M", 271_351_808),
        ("d4-inception-reduced-total", "358M", 271_351_808),
        ("d4-alexnet96-shape-norm1", "27x27x256", (27, 27, 96)),
        ("d4-alexnet96-shape-conv2", "13x13x256", (27, 27, 256)),
        ("x-alexnet-params", "61M, 62.3M, 62M, 46M", (61_100_840, 62_378_344, 62_378_344, 50_844_008)),
    ],
)
def test_the_best_known_errors(id, printed, right):
    claim = slides.claim(id)
    assert (claim.printed, claim.verdict) == (printed, "wrong")
    assert claim.compute() == right and claim.cause


def test_decks_are_found_by_key_file_and_title():
    deck = slides.decks()[1]
    assert slides.claims(deck.key) == slides.claims(deck.file) == slides.claims(deck.title) != ()
    wrong = slides.claims(deck.key, "wrong")
    assert (
        wrong
        and {claim.verdict for claim in wrong} == {"wrong"}
        and {claim.deck for claim in wrong} == {deck}
    )
    assert slides.counts(deck.key)["wrong"] == len(wrong)


def test_what_is_not_there_is_said():
    with pytest.raises(
        ValueError, match="deck must be one of d0, d1, d2, d3, d4, x or a file name or title, got 'd9'"
    ):
        slides.claims("d9")
    with pytest.raises(
        ValueError, match="verdict must be one of exact, rounding, wrong, unverifiable, got 'false'"
    ):
        slides.claims(verdict="false")
    with pytest.raises(KeyError, match="no claim 'd0-nothing'"):
        slides.claim("d0-nothing")
    with pytest.raises(ValueError, match="d0-resnet-init is not computed"):
        slides.claim("d0-resnet-init").compute()
    with pytest.raises(ValueError, match="has no slip"):
        slides.claim("d0-hog-cells").slips()


def test_data_cannot_change():
    with pytest.raises(AttributeError):
        ALL[0].verdict = "exact"


def test_reading_the_claims_needs_no_torch():
    program = "import sys; from course_utils import slides; slides.claims(); print('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
