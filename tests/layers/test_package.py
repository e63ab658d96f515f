"""The package as a whole: what it may import, its documentation's examples, and that nothing is missing."""

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

from course_utils import layers

MODULES = [
    "course_utils.layers",
    *(f"course_utils.layers.{m.name}" for m in pkgutil.iter_modules(layers.__path__)),
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_the_documentation(module):
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_numpy_is_all_that_is_imported():
    """No torch, and nothing else: the numpy chapters run where nothing else is installed."""
    code = (
        "import sys, numpy; before = set(sys.modules); import course_utils.layers;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(out.split()) <= {"course_utils", "numpy"}


def test_every_layer_has_its_backward_right_beneath_it():
    for name in layers.__all__:
        function = getattr(layers, name)
        if not name.endswith("_backward"):
            continue
        module = inspect.getmodule(function)
        names = [
            key for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
        ]
        assert names[names.index(name) - 1] == name.removesuffix("_backward")
        forward = getattr(layers, name.removesuffix("_backward"))
        assert forward.__doc__
