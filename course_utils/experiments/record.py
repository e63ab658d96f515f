"""Running an experiment, and the JSON file that keeps what came out and how it was made."""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_utils.experiments.experiment import Case, Experiment, Outcome

FOLDER = Path("chapters") / "_runs"  # from the course's root
DIGITS = 6  # significant ones of every number: more are noise, and would change from run to run
PACKAGES = ("torch", "numpy", "scikit-learn")


class RecordError(ValueError):
    """A record is missing, damaged, or not of this experiment."""


def perform(
    name: str,
    experiment: Experiment,
    on_case: Callable[[Case, Outcome, float], None] | None = None,
) -> dict[str, Any]:
    """Run all cases and return the record, plain data.

    Args:
        on_case: called with each case, its outcome and its seconds as soon as it is done.

    Raises:
        ValueError: a case's outcome has no finite ``"score"``.
    """
    outcomes: dict[str, Outcome] = {}
    cases = []
    begin = time.perf_counter()
    for case in experiment.cases:
        start = time.perf_counter()
        outcome = experiment.run(case)
        seconds = time.perf_counter() - start
        score = outcome.get("score")
        if not isinstance(score, int | float) or not math.isfinite(score):
            raise ValueError(f"case {case.label!r} of {name} has score {score!r}: expected a finite number")
        outcomes[case.label] = outcome
        cases.append({"label": case.label, "settings": case.settings, "seconds": seconds, "outcome": outcome})
        if on_case is not None:
            on_case(case, outcome, seconds)
    return rounded(
        {
            "name": name,
            "question": experiment.question,
            "score": experiment.score,
            "tolerance": experiment.tolerance,
            "made": {**machine(), "seconds": time.perf_counter() - begin},
            "findings": experiment.findings(outcomes),
            "cases": cases,
        }
    )


def machine() -> dict[str, Any]:
    """Device, threads and versions of this process."""
    import torch

    from course_utils.training import best_device

    device = best_device()
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in PACKAGES},
        },
    }


def save_record(record: dict[str, Any], folder: str | Path = FOLDER) -> Path:
    """Write ``<folder>/<name>.json``, wholly or not at all.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    path = Path(folder) / f"{record['name']}.json"
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
    return path


def load_record(name: str, folder: str | Path = FOLDER) -> dict[str, Any]:
    """The record of the experiment ``name``.

    Raises:
        RecordError: it is not there, or is not a record of this experiment.
    """
    path = Path(folder) / f"{name}.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"there is no record {path}: make one with `course run {name}`") from None
    except ValueError as error:
        raise RecordError(f"{path} is damaged: {error}") from None
    if not isinstance(record, dict) or record.get("name") != name:
        raise RecordError(f"{path} is not a record of {name}")
    return record


def rounded(value: Any) -> Any:
    """``value`` with every float in it cut to `DIGITS` digits, and tuples as lists, as JSON keeps them."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(entry) for entry in value]
    return value


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
