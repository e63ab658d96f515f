"""same_values: what passes, what fails, and what the student is told."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_utils import checks
from course_utils.checks.values import difference

AXES = ("image", "filter", "row", "column")


def told(student, reference, cases, **options):
    with pytest.raises(checks.CheckFailed) as caught:
        checks.same_values(student, reference, cases, **options)
    return str(caught.value)


def double(x):
    return 2 * x


def test_equal_results_pass_in_every_form():
    for value in (3, 2.5, True, None, "relu", (1, [2.0, "x"]), {"a": np.arange(3)}, torch.arange(4)):
        checks.same_values(lambda x: x, lambda x: x, [checks.case(value)])


def test_sums_in_another_order_pass():
    rng = np.random.default_rng(0)
    for dtype in (np.float16, np.float32, np.float64):
        x = rng.normal(size=(20, 300)).astype(dtype)
        checks.same_values(lambda x: x[:, ::-1].sum(axis=1), lambda x: x.sum(axis=1), [(x,)])


def test_the_message_shows_the_call_the_place_and_both_numbers():
    def right(x, w, stride=1):
        return x * w

    def wrong(images, filters, stride=1):
        result = images * filters
        result[1, 0, 2, 1] = -1
        return result

    x = np.ones((2, 2, 4, 4))
    text = told(wrong, right, [checks.case(x, 3.0, stride=2)], axes=AXES, name="conv_forward")
    assert text == (
        "conv_forward(x, 3.0, stride=2) is wrong at image 1, filter 0, row 2, column 1: "
        "it should be 3, but is -1.\n"
        "Wrong numbers: 1 of 64. Only image 1 is wrong.\n"
        "where\n"
        "  x: float64 array of shape (2, 2, 4, 4)"
    )


def test_only_the_first_wrong_case_is_told_with_what_is_special_about_it():
    cases = [checks.case(0), checks.case(5, why="5 is odd"), checks.case(7)]
    text = told(lambda n: n // 2 * 2, lambda n: n, cases, name="f")
    assert text == (
        "f(5) should be 5, but is 4.\n"
        "What is special here: 5 is odd.\n"
        "Wrong in 2 of 3 cases; this is the first."
    )


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (None, "returned None: is there a return at the end?"),
        (28, None),
        (np.int64(28), None),
        (27, "should be 28, but is 27."),
        (28.0, "is 28.0, a float: it should be the whole number 28, an int."),
        (True, "should be the number 28, but is True."),
        ("28", "should be the number 28, but is '28'."),
        ([28], "should be the number 28, but is [28]."),
        ([[1], [2, 3]], "should be the number 28, but is [[1], [2, 3]]."),
        (float("nan"), "should be 28, but is nan."),
    ],
)
def test_a_count_must_be_that_whole_number(got, said):
    assert difference(28, got) == said


@pytest.mark.parametrize(
    ("expected", "got", "said"),
    [
        (0.1, 0.1 + 1e-15, None),
        (0.5, 0.25, "should be 0.5, but is 0.25."),
        (0.0, 1e-12, "should be 0, but is 1e-12."),
        (True, 1, "should be True, but is 1."),
        (True, np.True_, None),
        ("same", "valid", "should be 'same', but is 'valid'."),
        (None, 3, "should be None, but is 3."),
        ((1, 2), (1,), "should be 2 values, but there are 1."),
        ((1, 2), 3, "should be a tuple of 2 values, but is 3."),
        ((1, 2), (1, 3), "gives 2 values, of which number 2 should be 2, but is 3."),
        ({"a": 1}, {"b": 1}, "should have the keys 'a'; it lacks 'a' and also has 'b'."),
        ({"a": 1}, {"a": 2}, "gives a dict whose 'a' should be 1, but is 2."),
        (np.zeros(3), np.zeros((3, 1)), "should have shape (3,), but has (3, 1)."),
        (np.zeros((2, 3)), np.zeros((3, 2)),
         "should have shape (2, 3), but has (3, 2).\nThe sizes are right, their order isn't."),
        (np.zeros(2), "zeros", "should be float64 array of shape (2,): [0., 0.], but is 'zeros'."),
        (np.zeros(2), np.array(["a", "b"]), "should hold numbers, but holds <U1."),
        (np.zeros(2), [0, 0], None),
        (np.array([np.inf, np.nan, 1.0]), np.array([np.inf, np.nan, 1.0]), None),
        (np.array([-np.inf, 1.0]), np.array([0.0, 1.0]),
         "is wrong at position 0: it should be -inf, but is 0.\nWrong numbers: 1 of 2."),
        (torch.ones(2), np.ones(2),
         "should be float32 tensor of shape (2,): [1., 1.], "
         "but is float64 array of shape (2,): [1., 1.]."),
    ],
)  # fmt: skip
def test_what_is_said_about_other_results(expected, got, said):
    assert difference(expected, got) == said


def test_the_axis_with_the_wrong_size_is_named():
    said = difference(np.zeros((2, 3, 4, 5)), np.zeros((2, 3, 3, 5)), axes=AXES)
    assert said == "should have shape (2, 3, 4, 5), but has (2, 3, 3, 5).\nrows: 3 instead of 4."


def test_another_dtype_is_wrong_only_when_asked():
    assert difference(np.ones(3, np.float32), np.ones(3)) is None
    said = difference(np.ones(3, np.float32), np.ones(3), same_dtype=True)
    assert said == "should hold float32, but holds float64."


image = np.arange(1.0, 49.0).reshape(2, 2, 3, 4) ** 2


@pytest.mark.parametrize(
    ("got", "pattern"),
    [
        (image + 3, "Every number is too large by the same 3."),
        (image - 0.5, "Every number is too small by the same 0.5."),
        (image * 9, "Every number is 9 times what it should be."),
        (-image, "Every number has the wrong sign."),
        (image[..., ::-1, :], "The numbers are right, but the result is upside down."),
        (image[..., ::-1], "The numbers are right, but the result is mirrored, left to right."),
        (image[..., ::-1, ::-1], "The numbers are right, but the result is turned by 180 degrees."),
        (image[::-1], "The numbers are right, but in another order."),
        (np.where(image == image.max(), np.nan, image), "nan: 1."),
        (image * np.array([1, 2])[:, None, None, None], "Only image 1 is wrong."),
        (image * np.array([1, 2])[:, None, None], "Only filter 1 is wrong."),
        (image * np.array([1, 2, 2])[:, None], "Only row 0 is right."),
    ],
)
def test_an_error_with_a_shape_is_described(got, pattern):
    assert difference(image, got, axes=AXES).endswith(f". {pattern}")


def test_a_wrong_border_is_described():
    got = image.repeat(2, axis=2)
    expected = got.copy()
    got[..., 0, :] = 0
    assert difference(expected, got, axes=AXES).endswith("Only the border is wrong, the inside is right.")


def test_exceptions_of_the_answer_are_told():
    def divides(x, unused=0):
        return x / unused

    text = told(divides, double, [checks.case(3)])
    assert text == "divides(3) raised ZeroDivisionError: division by zero"

    def stub(x):
        raise NotImplementedError

    assert told(stub, double, [(3,)]) == "stub is not written yet: it raises NotImplementedError."


def test_an_answer_cannot_spoil_the_next_case_or_the_reference():
    x = np.ones(3)

    def eats(x):
        x *= 2
        return x

    checks.same_values(eats, double, [(x,), (x,)])
    assert (x == 1).all()


def test_bad_use_is_refused():
    with pytest.raises(ValueError, match="at least one case"):
        checks.same_values(double, double, [])
    with pytest.raises(TypeError, match="reference returned a object"):
        checks.same_values(double, lambda x: object(), [(1,)])


ARRAYS = arrays.arrays(
    np.float64,
    arrays.array_shapes(min_dims=1, max_dims=4, max_side=4),
    elements=st.floats(-1e3, 1e3, allow_subnormal=False),
)


@given(x=ARRAYS, data=st.data())
def test_one_changed_number_is_found_where_it_is(x, data):
    place = tuple(data.draw(st.integers(0, size - 1)) for size in x.shape)
    got = x.copy()
    got[place] += 1e-3 * (1 + np.abs(x).max())
    names = [f"axis{n}" for n in range(x.ndim)]
    said = difference(x, got, axes=names)
    assert ", ".join(f"{name} {i}" for name, i in zip(names, place, strict=True)) + ":" in said
    assert difference(x, x.copy()) is None
