"""Experiments too long for a page: run once, recorded with everything that made them, repeatable by name.

    course run                      what there is
    course run batch-norm           run it and write chapters/_runs/batch-norm.json
    course run batch-norm --verify  run it again and compare with the record

One file an experiment in :mod:`course_utils.experiments.catalogue`. They stand above all other rooms, since
they compare what those hold: features, models, training, transfer.
"""

from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.record import RecordError, load_record, perform, save_record
from course_utils.experiments.registry import get, names
from course_utils.experiments.verify import Comparison, compare

__all__ = [
    "Case",
    "Comparison",
    "Experiment",
    "RecordError",
    "compare",
    "get",
    "load_record",
    "names",
    "perform",
    "save_record",
]
