"""The rule between a printed text and a computed value."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from course_utils.slides.judge import judge, printed_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("37,752,832", [(37_752_832, 1)]),
        ("35K", [(35_000, 1000)]),
        ("3.2M", [(3_200_000, 100_000)]),
        ("1.1B, 0.7G", [(1_100_000_000, 10**8), (700_000_000, 10**8)]),
        ("4.1e9", [(4_100_000_000, 10**8)]),
        ("5e-4", [(Fraction(5, 10_000), Fraction(1, 10_000))]),
        ("14 million", [(14_000_000, 10**6)]),
        ("227x227x3", [(227, 1), (227, 1), (3, 1)]),
        ("2,2,2,2", [(2, 1)] * 4),
        ("[3,4,6,3]", [(3, 1), (4, 1), (6, 1), (3, 1)]),
        ("64 vs 128, C=32", [(64, 1), (128, 1), (32, 1)]),
        ("18.2% -> 15.4%", [(Fraction("18.2"), Fraction("0.1")), (Fraction("15.4"), Fraction("0.1"))]),
        ("3 GB", [(3, 1)]),
        ("no number", []),
    ],
)
def test_printed_numbers(text, numbers):
    assert printed_numbers(text) == numbers


@pytest.mark.parametrize(
    ("printed", "computed", "options", "verdict"),
    [
        ("34,944", 34_944, {}, "exact"),
        ("35K", 34_944, {}, "rounding"),
        ("35K", 35_500, {}, "rounding"),  # a tie may go either way
        ("35K", 35_501, {}, "wrong"),
        ("37,725,832", 37_752_832, {}, "wrong"),
        ("800K", 802_816, {}, "wrong"),
        ("800K", 802_816, {"digits": 2}, "rounding"),
        ("800K", 812_816, {"digits": 2}, "wrong"),
        ("25.5M", 25_557_032, {}, "wrong"),
        ("25.5M", 25_557_032, {"cut": True}, "rounding"),
        ("25.6M", 25_557_032, {"cut": True}, "wrong"),
        ("0.5", 27 / 49, {"within": 0.1}, "rounding"),
        ("0.5", 27 / 49, {"within": 0.05}, "wrong"),
        ("27x27x96", (27, 27, 96), {}, "exact"),
        ("27x27x256", (27, 27, 96), {}, "wrong"),
        ("64x56 -> 7.5", ((64, 56), 7.46), {}, "rounding"),
        ("dog, alpaca", "dog, alpaca", {}, "exact"),
        ("NORM1", "NORM2", {}, "wrong"),
        ("12 layers", True, {}, "exact"),
        ("12 layers", False, {}, "wrong"),
    ],
)
def test_verdicts(printed, computed, options, verdict):
    assert judge(printed, computed, **options) == verdict


def test_counts_of_numbers_must_agree():
    with pytest.raises(ValueError, match="'27x27' has 2 numbers"):
        judge("27x27", (27, 27, 96))


@given(st.integers(0, 10**12), st.sampled_from([1, 10**3, 10**6, 10**9]), st.integers(0, 3))
def test_whatever_is_rounded_correctly_is_never_wrong(value, scale, decimals):
    suffix = {1: "", 10**3: "K", 10**6: "M", 10**9: "G"}[scale]
    text = f"{Decimal(value) / scale:.{decimals}f}{suffix}"
    assert judge(text, value) in ("exact", "rounding")


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_full_number_is_right_for_itself_alone(value, other):
    assert judge(f"{value:,}", value) == "exact"
    assume(other != value)
    assert judge(f"{value:,}", other) == "wrong"
