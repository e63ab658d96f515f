"""Several processes: the same metrics as one, and no image counted twice."""

import json
import os
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def run(processes: int, path) -> dict:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc_per_node={processes}"]
    command += [
        "--master_addr=127.0.0.1",
        f"--master_port={port}",
        "-m",
        "tests.training.processes",
        str(path),
    ]
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(path.read_text())


def test_two_processes_are_one(tmp_path):
    pytest.importorskip("accelerate")
    one, two = run(1, tmp_path / "one.json"), run(2, tmp_path / "two.json")
    assert (one["processes"], two["processes"]) == (1, 2)
    for a, b in zip(one["rows"], two["rows"], strict=True):
        assert a == pytest.approx(b, abs=1e-6)
    assert two["right"] == pytest.approx(round(two["right"]), abs=1e-6)  # a whole number of 101 images
    assert one["right"] == pytest.approx(two["right"])
