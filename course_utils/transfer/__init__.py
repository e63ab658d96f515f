"""Using what a network has learned: features, probes, fine-tuning, and pictures of its reasons.

>>> from course_utils import models, transfer
>>> model = transfer.replace_head(models.create("resnet18"), num_classes=6)
>>> transfer.freeze(model)
>>> transfer.unfreeze(model, "head")
"""

from course_utils.transfer.activation_maximisation import activation_maximisation
from course_utils.transfer.features import features
from course_utils.transfer.filters import filter_grid, first_filters
from course_utils.transfer.fine_tuning import Phase, fine_tune, gradual, head_then_all, parameter_groups
from course_utils.transfer.freezing import (
    freeze,
    freeze_batch_norm,
    replace_head,
    unfreeze,
    unfreeze_batch_norm,
)
from course_utils.transfer.grad_cam import grad_cam
from course_utils.transfer.occlusion import occlusion_map
from course_utils.transfer.probe import linear_probe
from course_utils.transfer.retrieval import nearest
from course_utils.transfer.stages import Stage, layers, stages
from course_utils.transfer.transferability import Transferred, split_classes, transferability

__all__ = [
    "Phase",
    "Stage",
    "Transferred",
    "activation_maximisation",
    "features",
    "filter_grid",
    "fine_tune",
    "first_filters",
    "freeze",
    "freeze_batch_norm",
    "grad_cam",
    "gradual",
    "head_then_all",
    "layers",
    "linear_probe",
    "nearest",
    "occlusion_map",
    "parameter_groups",
    "replace_head",
    "split_classes",
    "stages",
    "transferability",
    "unfreeze",
    "unfreeze_batch_norm",
]
