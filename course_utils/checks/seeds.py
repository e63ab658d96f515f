"""Where the inputs of hidden tests come from: a seed that no student knows."""

import os
import secrets
import zlib

import numpy as np

# The grader sets this, or calls `set_seed`, in the process that judges, so that a whole class gets the
# same inputs.
SEED_VARIABLE = "COURSE_CHECKS_SEED"

_seed = None


def set_seed(seed):
    """Make every later :func:`generator` of this process depend on ``seed`` (a whole number, 0 or more).

    None goes back to the environment's ``COURSE_CHECKS_SEED``, and without that to a seed drawn at random
    once in each process.
    """
    global _seed
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise ValueError(f"seed must be None or a whole number, 0 or more, not {seed!r}")
    _seed = seed


def generator(name):
    """A numpy random generator for the test called ``name``.

    The same seed and name give the same numbers, whatever ran before; other names give independent ones.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"name must say which test the numbers are for, not {name!r}")
    return np.random.default_rng([_current_seed(), zlib.crc32(name.encode())])


def _current_seed():
    if _seed is None:
        given = os.environ.get(SEED_VARIABLE)
        if given is not None and not given.isdecimal():
            raise ValueError(f"{SEED_VARIABLE} must be a whole number, 0 or more, not {given!r}")
        set_seed(secrets.randbits(64) if given is None else int(given))
    return _seed
