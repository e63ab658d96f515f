"""What test cells call: comparisons that explain themselves to the student whose answer is wrong.

>>> from course_utils import checks
>>> rng = checks.generator("row sums")
>>> cases = [checks.case(rng.normal(size=(2, n))) for n in (5, 9)]
>>> checks.same_values(lambda x: x.sum(axis=0), lambda x: x.sum(axis=1), cases, name="row_sums")
Traceback (most recent call last):
    ...
course_utils.checks.failure.CheckFailed: row_sums(x) should have shape (2,), but has (5,).
where
  x: float64 array of shape (2, 5)

Every check passes silently or raises :class:`CheckFailed`, an AssertionError whose message names the case,
the element, what was expected and what came. Checks only call the answer and look at plain results, so one
test cell works on local objects and on the grader's stand-ins for objects in another process. They need
numpy, and torch only where the answer is made of it.
"""

from course_utils.checks.arguments import raises, unchanged_arguments
from course_utils.checks.cases import Case, case
from course_utils.checks.failure import CheckFailed
from course_utils.checks.gradients import same_gradients
from course_utils.checks.networks import accuracy_at_least, parameter_count, same_network
from course_utils.checks.seeds import SEED_VARIABLE, generator, set_seed
from course_utils.checks.values import same_values

__all__ = [
    "SEED_VARIABLE",
    "Case",
    "CheckFailed",
    "accuracy_at_least",
    "case",
    "generator",
    "parameter_count",
    "raises",
    "same_gradients",
    "same_network",
    "same_values",
    "set_seed",
    "unchanged_arguments",
]
