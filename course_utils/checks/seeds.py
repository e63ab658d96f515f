"""Where the inputs of hidden tests come from: a seed that no student knows."""

import os
import secrets
import zlib

import numpy as np

# The grader sets this in the process that judges, so that a whole class gets the same inputs.
SEED_VARIABLE = "COURSE_GRADING_SEED"

_chosen = None  # by set_seed
_drawn = secrets.randbits(64)  # where nobody chose: another one in each process


def set_seed(seed):
    """Make every later :func:`generator` of this process depend on ``seed`` (a whole number, 0 or more).

    None goes back to the environment's ``COURSE_GRADING_SEED`` and, without that, to a seed drawn at random
    once in each process.
    """
    global _chosen
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise ValueError(f"seed must be None or a whole number, 0 or more, not {seed!r}")
    _chosen = seed


def generator(name):
    """A numpy random generator for the test called ``name``.

    The same seed and name give the same numbers, whatever ran before; other names give independent ones.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"name must say which test the numbers are for, not {name!r}")
    return np.random.default_rng([_current_seed(), zlib.crc32(name.encode())])


def _current_seed():
    if _chosen is not None:
        return _chosen
    given = os.environ.get(SEED_VARIABLE)
    if given is None:
        return _drawn
    if not given.isdecimal():
        raise ValueError(f"{SEED_VARIABLE} must be a whole number, 0 or more, not {given!r}")
    return int(given)
