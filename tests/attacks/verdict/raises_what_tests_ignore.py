"""Raises exceptions that test runners read as skipped, or as the end of the program."""
import unittest


def target(x):
    raise [SystemExit(0), KeyboardInterrupt(), GeneratorExit(), unittest.SkipTest("later")][int(np.size(x)) % 4]
