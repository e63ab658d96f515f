"""The package as a whole: its documentation's examples, and what it may import."""

import doctest
import importlib
import subprocess
import sys

import pytest

MODULES = ("", ".axes", ".counts", ".receptive_field", ".sizes")


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_the_documentation(module):
    result = doctest.testmod(importlib.import_module(f"course_utils.arithmetic{module}"))
    assert result.failed == 0


def test_only_the_standard_library_is_imported():
    code = (
        "import sys; import course_utils.arithmetic;"
        "print(*{name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    )
    out = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert set(out.split()) <= {"course_utils", "__main__"}
