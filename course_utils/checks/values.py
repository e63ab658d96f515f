"""Are the results the same? And if not: where, by how much, and does the error have a shape one can name?"""

import numbers

import numpy as np

from course_utils.checks.cases import (
    about,
    as_case,
    call,
    called,
    describe,
    is_array,
    is_tensor,
    show_number,
)
from course_utils.checks.failure import CheckFailed

# Relative to the largest expected number. Sums of a few thousand terms in any order stay well below.
TOLERANCES = {2: 1e-2, 4: 1e-4, 8: 1e-9}  # by bytes of the coarser of the two dtypes


def same_values(student, reference, cases, *, axes=None, same_dtype=False, tolerance=None, name=None):
    """Check that ``student`` returns what ``reference`` returns, case by case, each on its own copy of
    the arguments.

    Parameters
    ----------
    student, reference
        Functions of the same arguments. The reference's parameter names are used in messages.
    cases
        :class:`Case` objects, or tuples of positional arguments; at least one.
    axes
        What the axes of the result are called, e.g. ``("image", "filter", "row", "column")``.
    same_dtype
        Whether an array of another dtype is wrong, too.
    tolerance
        Largest difference, relative to the largest expected number; by default it follows from the dtypes
        (1e-9 for float64, 1e-4 for float32, 1e-2 for 16 bits). Whole numbers, bools and strings must be
        equal.

    Whole numbers must come as whole numbers: 7.0 is not 7. Numbers, strings, None, arrays, tensors, and
    tuples, lists and dicts of them are compared. Raises :class:`CheckFailed` about the first case that
    differs, after trying all.
    """
    cases = [as_case(value) for value in cases]
    if not cases:
        raise ValueError("cases must hold at least one case")
    name = called(student, name)
    wrong = []
    for given in cases:
        ours = given.copy()
        expected = reference(*ours.args, **ours.kwargs)
        try:
            got = call(student, given.copy(), name, like=reference)
        except CheckFailed as failure:
            wrong.append(failure)
            continue
        problem = difference(expected, got, axes=axes, same_dtype=same_dtype, tolerance=tolerance)
        if problem:
            wrong.append(CheckFailed(about(given, name, reference, problem)))
    if wrong:
        # All cases were tried: how many fail tells a student much, and the grader what they believe.
        tally = f"\nWrong in {len(wrong)} of {len(cases)} cases; this is the first." if len(cases) > 1 else ""
        raise CheckFailed(f"{wrong[0]}{tally}") from wrong[0].__cause__


def difference(expected, got, *, axes=None, same_dtype=False, tolerance=None):
    """None if the two are the same, else a phrase that goes on from the call: "should be 28, but is 27." """
    options = {"axes": axes, "same_dtype": same_dtype, "tolerance": tolerance}
    if got is None and expected is not None:
        return "returned None: is there a return at the end?"
    if isinstance(expected, tuple | list):
        return _different_sequence(expected, got, options)
    if isinstance(expected, dict):
        return _different_dict(expected, got, options)
    if isinstance(expected, bool | np.bool_ | str | bytes | None):
        kind = bool | np.bool_ if isinstance(expected, bool | np.bool_) else type(expected)
        if isinstance(got, kind) and got == expected:
            return None
        return f"should be {describe(expected)}, but is {describe(got)}."
    if isinstance(expected, numbers.Number):
        return _different_number(expected, got, tolerance)
    if is_array(expected):
        return _different_array(expected, got, **options)
    raise TypeError(
        f"the reference returned a {type(expected).__name__}, which is none of the types compared here"
    )


def _different_sequence(expected, got, options):
    if not isinstance(got, tuple | list):
        return f"should be a {type(expected).__name__} of {len(expected)} values, but is {describe(got)}."
    if len(got) != len(expected):
        return f"should be {len(expected)} values, but there are {len(got)}."
    for number, (one, other) in enumerate(zip(expected, got, strict=True), start=1):
        problem = difference(one, other, **options)
        if problem:
            return f"gives {len(expected)} values, of which number {number} {problem}"
    return None


def _different_dict(expected, got, options):
    if not isinstance(got, dict):
        return f"should be a dict, but is {describe(got)}."
    if got.keys() != expected.keys():
        missing, extra = expected.keys() - got.keys(), got.keys() - expected.keys()
        parts = [
            f"{word} {', '.join(sorted(map(repr, keys)))}"
            for word, keys in (("lacks", missing), ("also has", extra))
            if keys
        ]
        return f"should have the keys {', '.join(map(repr, expected))}; it {' and '.join(parts)}."
    for key, value in expected.items():
        problem = difference(value, got[key], **options)
        if problem:
            return f"gives a dict whose {key!r} {problem}"
    return None


def _different_number(expected, got, tolerance):
    value = _plain(got)
    if value.ndim or value.dtype.kind not in "iuf":
        return f"should be the number {show_number(expected)}, but is {describe(got)}."
    value = value[()]
    if isinstance(expected, numbers.Integral):
        if value != expected:
            return f"should be {show_number(expected)}, but is {show_number(value)}."
        if value.dtype.kind not in "iu":
            whole = show_number(expected)
            return f"is {value}, a {type(got).__name__}: it should be the whole number {whole}, an int."
        return None
    tolerance = TOLERANCES[8] if tolerance is None else tolerance
    if abs(value - expected) <= tolerance * max(abs(expected), 1e-300) or value == expected:
        return None
    return f"should be {show_number(expected)}, but is {show_number(value)}."


def _different_array(expected, got, *, axes, same_dtype, tolerance):
    if not is_array(got) and not isinstance(got, tuple | list | numbers.Number):
        return f"should be {describe(expected)}, but is {describe(got)}."
    if is_tensor(expected) != is_tensor(got):
        return f"should be {describe(expected)}, but is {describe(got)}."
    dtypes = [
        str(value.dtype).removeprefix("torch.") if is_array(value) else None for value in (expected, got)
    ]
    expected, got = _plain(expected), _plain(got)
    if got.dtype.kind not in "biuf":
        return f"should hold numbers, but holds {got.dtype}."
    if got.shape != expected.shape:
        return _different_shape(expected.shape, got.shape, axes)
    if same_dtype and dtypes[0] != dtypes[1]:
        return f"should hold {dtypes[0]}, but holds {dtypes[1]}."
    wrong = _wrong(expected, got, tolerance)
    if not wrong.any():
        return None
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    where = f"is wrong at {_place(place, axes)}: it " if place else ""
    lines = [f"{where}should be {show_number(expected[place])}, but is {show_number(got[place])}."]
    if wrong.size > 1:
        lines.append(
            f"Wrong numbers: {wrong.sum()} of {wrong.size}. {_pattern(expected, got, wrong, axes)}".rstrip()
        )
    return "\n".join(lines)


def _plain(value):
    """As a numpy array that numpy can calculate with."""
    if is_tensor(value):
        value = value.detach().cpu()
        return value.float().numpy() if str(value.dtype) == "torch.bfloat16" else value.numpy()
    try:
        return np.asarray(value)
    except (TypeError, ValueError):  # ragged lists and other things that are no array
        return np.asarray(None)


def _wrong(expected, got, tolerance):
    """Where two arrays of one shape differ; nan equals nan, an infinity itself."""
    if expected.dtype.kind in "biu" and got.dtype.kind in "biu":
        return expected != got
    if tolerance is None:
        tolerance = TOLERANCES[min(min(a.dtype.itemsize, 8) for a in (expected, got) if a.dtype.kind == "f")]
    expected, got = expected.astype(float), got.astype(float)
    finite = np.abs(expected[np.isfinite(expected)])
    allowed = tolerance * (finite.max() if finite.any() else 1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.abs(got - expected) <= allowed
    return ~(close | (got == expected) | (np.isnan(got) & np.isnan(expected)))


def _place(index, axes):
    names = _axis_names(len(index), axes)
    return ", ".join(f"{name} {i}" for name, i in zip(names, index, strict=True))


def _axis_names(count, axes):
    if axes is not None and len(axes) == count:
        return list(axes)
    return ["position"] if count == 1 else [f"axis {number} index" for number in range(count)]


def _different_shape(expected, got, axes):
    text = f"should have shape {expected}, but has {got}."
    if len(expected) != len(got):
        return text
    if sorted(expected) == sorted(got):
        return f"{text}\nThe sizes are right, their order isn't."
    if axes is None or len(axes) != len(expected):
        return text
    pairs = zip(axes, expected, got, strict=True)
    off = [f"{name}s: {mine} instead of {right}" for name, right, mine in pairs if right != mine]
    return f"{text}\n{'; '.join(off)}."


def _pattern(expected, got, wrong, axes):
    """A sentence about an error that has a shape, or ""."""
    if expected.size < 4:
        return ""
    expected, got = expected.astype(float), got.astype(float)
    if np.isnan(got).any():
        return f"nan: {int(np.isnan(got).sum())}."
    return _about_numbers(expected, got) or _about_places(wrong, axes)


def _about_numbers(expected, got):
    def same(a, b):
        return a.shape == b.shape and not _wrong(a, b, TOLERANCES[4]).any()

    shift = got.flat[0] - expected.flat[0]
    if same(expected + shift, got):
        return (
            f"Every number is too {'large' if shift > 0 else 'small'} by the same {show_number(abs(shift))}."
        )
    largest = np.abs(expected).argmax()
    if expected.flat[largest]:
        factor = got.flat[largest] / expected.flat[largest]
        if same(expected * factor, got):
            if abs(factor + 1) < 1e-4:
                return "Every number has the wrong sign."
            return f"Every number is {show_number(factor)} times what it should be."
    if expected.ndim >= 2:
        turned = {
            "upside down": expected[..., ::-1, :],
            "mirrored, left to right": expected[..., ::-1],
            "turned by 180 degrees": expected[..., ::-1, ::-1],
            "with rows and columns exchanged": np.swapaxes(expected, -1, -2),
        }
        for how, candidate in turned.items():
            if same(candidate, got):
                return f"The numbers are right, but the result is {how}."
    if same(np.sort(expected, axis=None), np.sort(got, axis=None)):
        return "The numbers are right, but in another order."
    return ""


def _about_places(wrong, axes):
    if wrong.ndim < 2 or wrong.all():
        return ""
    inside = tuple(slice(1, -1) if size > 2 else slice(None) for size in wrong.shape[-2:])
    if min(wrong.shape[-2:]) > 2 and not wrong[(..., *inside)].any():
        return "Only the border is wrong, the inside is right."
    if axes is None:
        return ""
    for axis, name in enumerate(_axis_names(wrong.ndim, axes)):
        by_index = wrong.any(axis=tuple(other for other in range(wrong.ndim) if other != axis))
        if len(by_index) > 1 and by_index.sum() == 1:
            return f"Only {name} {int(by_index.argmax())} is wrong."
        if len(by_index) > 1 and not by_index[0] and by_index[1:].all():
            return f"Only {name} 0 is right."
    return ""
