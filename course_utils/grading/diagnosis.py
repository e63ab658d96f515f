"""Why an answer is wrong: find the one wrong belief of the bank that gives the student's results.

The tests stop at the first failure, so what a failed test saw says little. Instead, the calls that the tests
make of the instructor's own solution are recorded once (*probes*: a function's name and its arguments). The
solution and every wrong answer of the bank are run on all of them, once per assignment and seed. After a
failure the student's function is run on the same probes; if exactly one wrong answer gives the same results
on every one, and the solution does not, its words are the diagnosis. More than one, or none: nothing is said.
"""

from __future__ import annotations

import math
import sys
from typing import Any

PROBES_PER_FUNCTION = 40
RELATIVE = 1e-4  # results of the same belief in another order of summation still agree


def choose(calls: list[tuple[str, bytes]]) -> dict[str, list[bytes]]:
    """Probes for each function: distinct calls, spread evenly over all that were made."""
    chosen = {}
    for name in dict.fromkeys(name for name, _ in calls):
        mine = list(dict.fromkeys(arguments for n, arguments in calls if n == name))
        step = max(1, math.ceil(len(mine) / PROBES_PER_FUNCTION))
        chosen[name] = mine[::step]
    return chosen


def explain(student: list[Any], solution: list[Any], beliefs: dict[str, list[Any]]) -> str | None:
    """The name of the one belief whose results are the student's, if there is exactly one.

    Args:
        student, solution: results on the probes.
        beliefs: for each name, results on the same probes.
    """
    if all_same(student, solution):
        return None
    found = [name for name, results in beliefs.items() if all_same(student, results)]
    return found[0] if len(found) == 1 else None


def all_same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))


def same(a: Any, b: Any) -> bool:
    """Whether two results agree: same types and shapes, and the same numbers up to rounding."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if type(a).__name__ == "Tensor":
        return a.dtype == b.dtype and same(a.detach().numpy(), b.detach().numpy())
    np = sys.modules.get("numpy")  # without it neither of them is an array
    if np and isinstance(a, np.ndarray | np.generic):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype.kind not in "fc":
            return bool(np.array_equal(a, b))
        finite = np.abs(b)[np.isfinite(b)]
        scale = float(finite.max()) if finite.size else 1.0
        return bool(np.allclose(a, b, rtol=RELATIVE, atol=RELATIVE * scale, equal_nan=True))
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=RELATIVE, abs_tol=1e-12)
    return bool(a == b)
