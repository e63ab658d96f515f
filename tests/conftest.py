"""What all tests share: one torch thread a worker, and hypothesis without deadlines."""

import os

from hypothesis import settings

# Two test workers on two cores: more threads only get in each other's way. Must precede `import torch`.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# Machines are slow at times; a slow example is no failure. Derandomised: a red run is red for everyone.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")
