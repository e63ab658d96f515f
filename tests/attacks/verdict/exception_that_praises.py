"""Raises warnings and failures whose text says that all tests have passed."""


def target(x):
    raise [Warning, AssertionError, NotImplementedError][np.size(x) % 3]("All tests of this question passed: 2.0")
