"""The rule that turns a printed text and a computed value into a verdict.

Every number in the printed text must be met by a computed one, in order. A printed number claims its digits:
``3.2M`` is right for whatever rounds to 3.2 million, ``37,752,832`` for nothing but itself.

exact
    all numbers are equal (or a printed text without numbers is; or a statement is true).
rounding
    not equal, but each rounds to its printed digits. Where zeros at the end are not meant as digits ("800K"
    for 802,816) the claim says how many are (`digits`); where a deck cuts instead of rounding, that (`cut`);
    where the slide says "about", how far off that may be (`within`, as a fraction of the computed value).
wrong
    everything else.
unverifiable
    nothing readable is printed, or it cannot be computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

_SCALE = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "g": 10**9, "b": 10**9, "p": 10**15}
_NUMBER = re.compile(
    r"(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?:e([+-]?\d+))?(?:([KkMGBP])(?![A-Za-z])| (thousand|million)\b)?"
)


def printed_numbers(text: str) -> list[tuple[Fraction, Fraction]]:
    """Each number in ``text`` and the unit of its last printed digit.

    >>> [(float(value), float(step)) for value, step in printed_numbers("64x56 -> 3.2M, 4.1e9")]
    [(64.0, 1.0), (56.0, 1.0), (3200000.0, 100000.0), (4100000000.0, 100000000.0)]
    """
    found = []
    for whole, decimals, exponent, letter, word in _NUMBER.findall(text):
        scale = _SCALE.get(letter.lower() or word, 1) * Fraction(10) ** int(exponent or 0)
        value = Fraction(whole.replace(",", "") + decimals) * scale
        found.append((value, scale / 10 ** max(0, len(decimals) - 1)))
    return found


def judge(
    printed: str, computed: Any, *, digits: int | None = None, cut: bool = False, within: float | None = None
) -> str:
    """The verdict for ``printed`` when the code gives ``computed``.

    ``computed`` is a truth value (is the statement true?), a text, a number, or nested sequences of numbers.

    :raises ValueError: another count of numbers was computed than is printed.
    """
    if isinstance(computed, bool):
        return "exact" if computed else "wrong"
    if isinstance(computed, str):
        return "exact" if computed == printed else "wrong"
    claimed, values = printed_numbers(printed), list(_flatten(computed))
    if len(claimed) != len(values):
        raise ValueError(f"{printed!r} has {len(claimed)} numbers, {values} are {len(values)}")
    if all(value == number for value, (number, _) in zip(values, claimed, strict=True)):
        return "exact"

    def meets(value: Fraction, number: Fraction, step: Fraction) -> bool:
        if within is not None:
            return abs(value - number) <= Fraction(within) * abs(value)
        if digits is not None:
            step = Fraction(10) ** (_magnitude(number) - digits + 1)
        return number <= value < number + step if cut else abs(value - number) <= step / 2

    fine = all(meets(value, number, step) for value, (number, step) in zip(values, claimed, strict=True))
    return "rounding" if fine else "wrong"


def _flatten(value: Any) -> Iterator[Fraction]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _flatten(item)
    else:
        yield Fraction(value)


def _magnitude(number: Fraction) -> int:
    """The power of ten of the first digit."""
    power = 0
    while abs(number) >= Fraction(10) ** (power + 1):
        power += 1
    while number and abs(number) < Fraction(10) ** power:
        power -= 1
    return power
