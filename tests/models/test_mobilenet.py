"""MobileNet-V1: the paper's table of widths, and what a separable convolution saves."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_utils import models
from course_utils.models.mobilenet_v1 import DepthwiseSeparable


# Table 6 of the paper: millions of multiply-adds and of parameters (which it rounds to 4.2, 2.6, 1.3, 0.5).
@pytest.mark.parametrize(
    "width, macs, parameters",
    [(1, 569, 4_231_976), (0.75, 325, 2_585_560), (0.5, 149, 1_331_592), (0.25, 41, 470_072)],
)
def test_published_widths(width, macs, parameters):
    with torch.device("meta"):
        model = models.create("mobilenet_v1", width=width).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, 3, 224, 224, device="meta"))
    assert round(counter.get_total_flops() / 2e6) == macs
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_width_has_to_be_positive():
    with pytest.raises(ValueError, match=r"width multiplies the channels .*, not 0"):
        models.create("mobilenet_v1", width=0)


def test_a_separable_convolution_costs_one_ninth_and_one_in_c_out_of_a_full_one():
    block = DepthwiseSeparable(512, 256, stride=1)
    weights = block.conv_dw.weight.numel() + block.conv_pw.weight.numel()
    assert weights / (9 * 512 * 256) == pytest.approx(1 / 256 + 1 / 9)
