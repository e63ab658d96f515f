"""What crosses the wall arrives as it was, and bytes that are no value are refused."""

import datetime
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.grading.inside import codec

STANDARD = st.one_of(
    st.fractions(),
    st.decimals(allow_nan=False).filter(lambda d: abs(d.adjusted()) < 900),
    st.dates(),
    st.datetimes().map(lambda moment: moment.replace(fold=0)),
    st.timedeltas(),
    st.text(alphabet="ab./ \0é").map(PurePosixPath),
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
FACTORIES = st.sampled_from([None, int, float, list, dict, set])
VALUES = st.recursive(
    PLAIN | STANDARD,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | STANDARD, inner, max_size=4)
        | st.dictionaries(st.text(), st.integers(), max_size=4).map(Counter)
        | st.builds(defaultdict, FACTORIES, st.dictionaries(st.integers(), inner, max_size=4))
    ),
    max_leaves=12,
)


@given(VALUES)
def test_a_value_arrives_as_it_was(value):
    found = codec.decode(codec.encode(value))
    assert found == value and repr(found) == repr(value)  # the latter tells 1 from True and Decimal("1")


@given(VALUES, st.data())
def test_damaged_bytes_are_refused_or_a_value_of_the_protocol(value, data):
    damaged = bytearray(codec.encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    try:
        found = codec.decode(bytes(damaged))
    except codec.Malformed:
        return
    codec.decode(codec.encode(found))


@given(
    st.sampled_from(["Fraction", "Decimal", "date", "datetime", "timedelta", "PurePosixPath"]),
    VALUES.filter(lambda value: type(value) is not tuple),
)
def test_values_made_of_something_else_are_refused(name, parts):
    data = b"o" + codec._U64.pack(len(name)) + name.encode() + codec.encode(parts)
    with pytest.raises(codec.Malformed):
        codec.decode(data)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Fraction", (1, 0)),
        ("Fraction", (1 << 5000, 3)),
        ("Fraction", (True, 2)),
        ("Decimal", ("1E99999999",)),
        ("Decimal", ("sNaN",)),
        ("Decimal", ("1" * 2000,)),
        ("Decimal", ("1_0",)),
        ("Decimal", ("\u0661",)),
        ("date", (0, 1, 1)),
        ("datetime", (2024, 2, 30, 0, 0, 0, 0)),
        ("timedelta", (1 << 40, 0, 0)),
        ("eval", ("1",)),
    ],
)
def test_standard_values_that_cannot_be_are_refused(name, parts):
    data = b"o" + codec._U64.pack(len(name)) + name.encode() + codec.encode(parts)
    with pytest.raises(codec.Malformed):
        codec.decode(data)


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1E5000"),
        Decimal("sNaN"),
        Fraction(1, 1 << 5000),
        datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
        datetime.datetime(2024, 1, 1, fold=1),
    ],
)
def test_what_is_not_exactly_plain_stays_behind(value):
    with pytest.raises(codec.CannotCross):
        codec.encode(value)


@pytest.mark.parametrize("factory", [lambda: 3, Counter, print])
def test_a_defaultdict_with_a_factory_of_its_own_arrives_as_a_dict(factory):
    assert type(codec.decode(codec.encode(defaultdict(factory, a=1)))) is dict


def test_a_factory_that_may_not_be_named_is_refused():
    for factory in (1, [], range(3)):
        with pytest.raises(codec.Malformed):
            codec.decode(b"m" + codec.encode(factory) + codec._U32.pack(0))


def test_what_must_not_be_written_cannot_be():
    fixed = np.arange(3)
    fixed.flags.writeable = False
    found, again, other = codec.decode(codec.encode((fixed, fixed, np.arange(3))))
    assert found is again and not found.flags.writeable and other.flags.writeable
