"""Moving a process into large pages leaves its memory as it was."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import hashlib
from course_utils.grading.inside.large_pages import use_large_pages
text = [str(number) * 50 for number in range(200_000)]
before = hashlib.sha256("".join(text).encode()).hexdigest()
moved = use_large_pages()
assert hashlib.sha256("".join(text).encode()).hexdigest() == before
with open("/proc/self/smaps_rollup") as file:
    large = next(int(line.split()[1]) * 1024 for line in file if line.startswith("AnonHugePages"))
print(moved, large)
"""


def test_memory_moves_and_stays_the_same():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    moved, large = map(int, done.stdout.split())
    kernel = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))
    offered = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if not offered.exists() or "[never]" in offered.read_text() or kernel < (6, 1):
        pytest.skip("this kernel does not collapse pages")
    assert moved > 10 << 20 and large > 10 << 20
