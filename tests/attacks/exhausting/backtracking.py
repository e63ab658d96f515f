"""Gives a regular expression a text on which it never ends. On scale."""
import re


def scale(x):
    return re.match(r"(a|aa)+$", "a" * 99 + "b")
