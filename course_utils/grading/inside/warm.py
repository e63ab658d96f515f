"""What a zygote does once, so that none of its forks has to do it again."""

from __future__ import annotations

import contextlib
import importlib
import sys


def load(names: list[str]) -> None:
    """Import modules by their dotted names, in this order.

    ``package.name`` may also be something else that the package has. What cannot be imported is left to the
    cells, which will say so.
    """
    for name in names:
        package, _, last = name.rpartition(".")
        with contextlib.suppress(Exception):
            if package not in sys.modules or not hasattr(sys.modules[package], last):
                importlib.import_module(name)
