"""Good manners: leave the arguments as they were, and refuse what makes no sense."""

from course_utils.checks.cases import about, as_case, call, called, describe, is_array, named_arguments
from course_utils.checks.failure import CheckFailed
from course_utils.checks.values import difference


def unchanged_arguments(student, cases, *, like=None, name=None):
    """Check that ``student`` leaves the arrays, tensors, lists and dicts that it is given as they were.

    ``like`` is a function with the signature that the answer should have, for the names of arguments in
    messages. What the call returns doesn't matter here: check that with :func:`same_values`, or an answer
    that does nothing passes.
    """
    name = called(student, name)
    for given in map(as_case, cases):
        handed_over = given.copy()
        call(student, handed_over, name, like=like)
        pairs = zip(named_arguments(given, like), named_arguments(handed_over, like), strict=True)
        for (label, before), (_, after) in pairs:
            if not (is_array(before) or isinstance(before, list | dict)):
                continue
            if difference(before, after, same_dtype=True, tolerance=0) is not None:
                problem = f"changed its argument {label}. Its caller may still need that: work on a copy."
                message = about(given, name, like, problem)
                raise CheckFailed(f"{message}\n{label} after the call: {describe(after)}")


def raises(student, cases, error=ValueError, *, like=None, name=None):
    """Check that ``student`` raises ``error`` (or a subclass) in every case.

    A case's ``why`` tells the student what is wrong with its arguments. An answer that raises the error
    always would pass: check with :func:`same_values` that it doesn't.
    """
    name = called(student, name)
    for given in map(as_case, cases):
        handed_over = given.copy()
        try:
            result = student(*handed_over.args, **handed_over.kwargs)
        except error:
            continue
        except NotImplementedError:
            raise CheckFailed(f"{name} is not written yet: it raises NotImplementedError.") from None
        except Exception as other:
            happened = f"raised {type(other).__name__} instead"
        else:
            happened = f"returned {describe(result)}"
        problem = f"should raise {error.__name__}, but {happened}."
        raise CheckFailed(about(given, name, like, problem))
