"""torchvision without its compiled operators, which the wheel for another build of torch would not load.

Its models and their metadata are all Python; only the import asks for two operators, so that declaring their
schemas is enough. Import ``torchvision`` from here: ``pip install --no-deps torchvision``.
"""

import pytest
import torch

try:
    _library = torch.library.Library("torchvision", "DEF")  # lives as long as this module
    _library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
except RuntimeError:  # a torchvision with its own operators, or another shim, came first
    _library = None

torchvision = pytest.importorskip("torchvision", reason="torchvision, the oracle, is not installed")
