"""An account of a deep network costs no memory to speak of."""

import subprocess
import sys
from pathlib import Path

MEASURE = """
import resource
from course_utils import models
from course_utils.ledger import account
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
model = models.create("resnet152")
before = peak()
ledger = account(model, (3, 224, 224), batch=64, training=True)
print(peak() - before, ledger.activation_bytes, ledger.parameters)
"""


def test_resnet152_in_training_takes_less_than_100_mib():
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=root, capture_output=True, text=True, check=True
    )
    kib, activations, parameters = map(int, done.stdout.split())
    assert kib * 1024 < 100 * 2**20
    assert activations > 2**33 and parameters == 60_192_808  # while the real pass would take 8 GiB
