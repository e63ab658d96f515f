"""Checkpoints: whole or not there, whatever happens while one is written."""

import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import warnings

import numpy as np
import pytest
import torch

from course_utils.training import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from course_utils.training.checkpoint import previous, rng_state, set_rng_state


def checkpoint(epoch: int, size: int = 1000) -> Checkpoint:
    filled = torch.full((size,), float(epoch))
    return Checkpoint(
        model={"w": filled, "count": torch.tensor(epoch)},
        ema={},
        optimizer={
            "state": {0: {"step": torch.tensor(3.0), "momentum_buffer": None, "exp_avg": filled.clone()}},
            "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "params": [0], "fused": True}],
        },
        rng=rng_state(),
        header={"epoch": epoch, "recipe": {"lr": 0.1}},
    )


def test_what_is_saved_comes_back(tmp_path):
    saved = checkpoint(4)
    save_checkpoint(tmp_path / "a", saved)
    found = load_checkpoint(tmp_path / "a")
    assert found.header == saved.header
    assert torch.equal(found.model["w"], saved.model["w"]) and found.model["count"].item() == 4
    assert found.optimizer["param_groups"] == saved.optimizer["param_groups"]
    state = found.optimizer["state"][0]  # the key is the number 0 again, not the string
    assert state["momentum_buffer"] is None and torch.equal(state["exp_avg"], saved.model["w"])


def test_shared_and_strided_tensors_are_kept_as_they_look(tmp_path):
    base = torch.arange(12.0).reshape(3, 4)
    saved = checkpoint(0)
    saved.model = {
        "a": base,
        "b": base,
        "t": base.T,
        "last": torch.zeros(2, 3, 4, 5).to(memory_format=torch.channels_last),
    }
    save_checkpoint(tmp_path / "a", saved)
    found = load_checkpoint(tmp_path / "a").model
    assert all(torch.equal(found[name], saved.model[name]) for name in saved.model)


def test_random_numbers_go_on_where_they_were(tmp_path):
    save_checkpoint(tmp_path / "a", checkpoint(0))
    expected = random.random(), np.random.rand(), torch.rand(1).item()
    random.random(), np.random.rand(9), torch.randn(7)
    set_rng_state(load_checkpoint(tmp_path / "a").rng)
    assert (random.random(), np.random.rand(), torch.rand(1).item()) == expected


def test_the_one_before_is_kept_and_used_when_the_last_is_damaged(tmp_path):
    path = tmp_path / "a"
    for epoch in range(3):
        save_checkpoint(path, checkpoint(epoch))
    assert load_checkpoint(path).header["epoch"] == 2
    assert load_checkpoint(previous(path)).header["epoch"] == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "a.previous"]  # nothing else is left lying

    whole = path.read_bytes()
    altered = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    for damage in (whole[: len(whole) // 2], whole[:5], b"", altered, b"x" * 400):
        path.write_bytes(damage)
        with pytest.warns(UserWarning, match="using the one saved before it"):
            assert load_checkpoint(path).header["epoch"] == 1
    path.unlink()
    with pytest.warns(UserWarning, match="there is no checkpoint"):
        assert load_checkpoint(path).header["epoch"] == 1


@pytest.mark.parametrize("apart", [pytest.param(1, marks=pytest.mark.slow), 31])
def test_no_byte_of_the_header_can_change_unnoticed(apart, tmp_path):
    path = tmp_path / "a"
    for epoch in range(2):
        save_checkpoint(path, checkpoint(epoch, size=2))
    whole = path.read_bytes()
    end = 8 + int.from_bytes(whole[:8], "little")
    for place in range(8, end, apart):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = load_checkpoint(path)
        # A blank that fills up the header may be another one.
        assert found.header["epoch"] == (0 if said else 1), place
        assert said or whole[place : place + 1] == b" ", place


def test_a_damaged_file_does_not_take_the_place_of_a_whole_one(tmp_path):
    path = tmp_path / "a"
    for epoch in range(2):
        save_checkpoint(path, checkpoint(epoch))
    path.write_bytes(path.read_bytes()[:-1])
    save_checkpoint(path, checkpoint(5))
    assert load_checkpoint(path).header["epoch"] == 5 and load_checkpoint(previous(path)).header["epoch"] == 0


def test_a_damaged_file_without_an_older_one_is_refused(tmp_path):
    path = tmp_path / "a"
    save_checkpoint(path, checkpoint(0))
    whole = path.read_bytes()
    for cut in (0, 7, 100, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(CheckpointError, match="is damaged or was cut off"):
            load_checkpoint(path)
    path.write_bytes(whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:])
    with pytest.raises(CheckpointError, match="checksum"):
        load_checkpoint(path)


def test_files_of_another_kind_are_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"w": torch.zeros(2)}, tmp_path / "weights.safetensors")
    with pytest.raises(CheckpointError, match="holds tensors but no training state"):
        load_checkpoint(tmp_path / "weights.safetensors")
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        load_checkpoint(tmp_path / "nothing")


def test_only_tensors_and_plain_data_are_saved(tmp_path):
    strange = checkpoint(0)
    strange.optimizer["state"][0]["hook"] = print
    with pytest.raises(TypeError, match=r"optimizer\.state\.0\.hook is a builtin_function_or_method"):
        save_checkpoint(tmp_path / "a", strange)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.slow
def test_a_hundred_kills_in_the_middle_of_saving_never_lose_the_run(tmp_path):
    path = tmp_path / "a"
    save_checkpoint(path, checkpoint(0, size=1 << 20))
    delays = random.Random(0)
    interrupted, last = 0, 0
    for _ in range(100):
        child = os.fork()
        if child == 0:
            epoch = last
            while True:
                epoch += 1
                save_checkpoint(path, checkpoint(epoch, size=1 << 20))
        time.sleep(delays.uniform(0.0, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        interrupted += any(p.suffix == ".part" for p in tmp_path.iterdir()) or not path.exists()
        if path.exists():
            found = load_checkpoint(path)
        else:
            with pytest.warns(UserWarning):
                found = load_checkpoint(path)
        epoch = found.header["epoch"]
        assert epoch >= last and bool((found.model["w"] == epoch).all())
        last = epoch
        for left in tmp_path.glob("*.part"):
            left.unlink()
    assert interrupted > 20  # else this proved nothing
    assert last > 20


WRITER = textwrap.dedent(
    """
    import sys
    from tests.training.test_checkpoint import checkpoint
    from course_utils.training import CheckpointError, save_checkpoint
    try:
        save_checkpoint(sys.argv[1], checkpoint(9, size=1 << 20))
    except CheckpointError as error:
        print("refused:", error)
    """
)


def in_sandbox(*options: str, target: str) -> str:
    """Run WRITER under bubblewrap with these mounts, and return what it printed."""
    root = os.getcwd()
    command = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", *options, "--chdir", root]
    environment = {**os.environ, "PYTHONPATH": root, "TMPDIR": "/dev/shm"}
    done = subprocess.run(
        [*command, sys.executable, "-c", WRITER, target],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


needs_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


@needs_bwrap
@pytest.mark.slow
def test_a_full_disk_is_said_and_what_was_saved_stays(tmp_path):
    """A real file system of one mebibyte; the checkpoint needs eight."""
    kept = tmp_path / "kept"
    save_checkpoint(kept, checkpoint(1))
    mount = ["--size", str(1 << 20), "--tmpfs", str(tmp_path), "--ro-bind", __file__, str(tmp_path / "other")]
    out = in_sandbox(*mount, target=str(tmp_path / "kept"))
    assert out.startswith("refused: ") and "No space left" in out and "Free some space" in out
    assert load_checkpoint(kept).header["epoch"] == 1


@needs_bwrap
@pytest.mark.slow
def test_a_read_only_folder_is_said(tmp_path):
    out = in_sandbox(target=str(tmp_path / "a"))
    assert out.startswith("refused: ") and "Read-only file system" in out and "choose another folder" in out
