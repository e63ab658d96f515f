"""A linear probe on Stamps: ``python benchmarks/stamps.py``.

Targets, on one thread: at least .80 (mean of five folds) with the shipped SqueezeNet's features, described
and classified in at most 60 s, with the features made by hand in the same table. The protocol is that of the
experiment ``stamp-features``.
"""

import os
import platform

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from course_utils.experiments import get
from course_utils.experiments.record import machine


def main() -> None:
    made = machine()
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    print(
        f"{made['processor']}, {made['device']}, {made['threads']} thread; {platform.system()}; {versions}\n"
    )
    print(
        f"{'features':<26}{'numbers':>8}{'accuracy':>10}{'lowest':>8}{'highest':>8}{'describe/s':>12}{'probe/s':>9}"
    )
    experiment = get("stamp-features")
    for case in experiment.cases:
        outcome = experiment.run(case)
        folds, seconds = outcome["folds"], outcome["seconds"]
        print(
            f"{case.label:<26}{outcome['dimensions']:>8}{outcome['score']:>10.3f}{min(folds):>8.3f}"
            f"{max(folds):>8.3f}{seconds['features']:>12.1f}{seconds['probe']:>9.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
