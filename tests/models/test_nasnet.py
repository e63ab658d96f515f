"""NASNet: padding, halving without loss, wiring, and the paper's totals."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from course_utils import models
from course_utils.models.nasnet import NormalCell, SameConv2d, avg3, max3

sizes = st.integers(1, 13)


def same_windows(x, kernel, stride):
    """Each output position's pixels, NaN outside the image: TensorFlow's "SAME" from its definition."""
    margins = []
    for size in reversed(x.shape[-2:]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        margins += [total // 2, total - total // 2]
    padded = F.pad(x, margins, value=float("nan"))
    return padded.unfold(2, kernel, stride).unfold(3, kernel, stride)


@given(height=sizes, width=sizes, stride=st.sampled_from([1, 2]), seed=st.integers(0, 99))
def test_pooling_reads_the_pixels_of_the_image_alone(height, width, stride, seed):
    x = torch.randn(1, 2, height, width, generator=torch.Generator().manual_seed(seed))
    windows = same_windows(x, 3, stride).flatten(-2)
    assert torch.allclose(avg3(x, stride), windows.nanmean(dim=-1), atol=1e-6)
    assert torch.equal(max3(x, stride), windows.nan_to_num(-torch.inf).amax(dim=-1))


@given(height=sizes, width=sizes, stride=st.sampled_from([1, 2]), kernel=st.sampled_from([3, 5, 7]))
def test_convolution_is_padded_as_in_tensorflow(height, width, stride, kernel):
    x = torch.randn(1, 2, height, width)
    conv = SameConv2d(2, 3, kernel, stride, bias=False)
    windows = same_windows(x, kernel, stride).nan_to_num(0)
    expected = torch.einsum("nchwij,ocij->nohw", windows, conv.weight)
    assert torch.allclose(conv(x), expected, atol=1e-5)


def test_halving_the_previous_output_reads_even_and_odd_positions():
    cell = NormalCell(8, 4, 6, halve_previous=True).eval()
    previous = torch.arange(1.0, 145.0).reshape(1, 4, 6, 6)
    assert torch.equal(cell.path_1.even(previous), previous[..., ::2, ::2])
    assert torch.equal(cell.path_2.odd(cell.path_2.pad(previous)), previous[..., 1::2, 1::2])


def test_a_normal_cell_gives_the_previous_output_and_five_sums():
    torch.manual_seed(0)
    cell = NormalCell(8, 4, 6).eval()
    x, previous = torch.randn(1, 8, 5, 5), torch.randn(1, 4, 5, 5)
    with torch.no_grad():
        got = cell(x, previous)
        x, p = cell.inputs(x, previous)
    assert got.shape == (1, 36, 5, 5)
    assert torch.equal(got[:, :6], p)
    assert torch.allclose(got[:, 18:24], avg3(x) + p)
    assert torch.allclose(got[:, 24:30], 2 * avg3(p))


@pytest.mark.parametrize("name, skipped", [("nasnet_a_large", True), ("nasnet_a_mobile", False)])
def test_only_the_large_network_skips_the_input_of_a_reduction(name, skipped):
    with torch.device("meta"):
        model = models.create(name).eval()
    seen = {}
    for path in ("reduction_cell_0", f"cell_{model.cells}"):
        model.get_submodule(path).register_forward_pre_hook(
            lambda _, args, path=path: seen.__setitem__(path, args)
        )
    model(torch.empty(1, *model.input_size, device="meta"))
    (reduced, before_reduced), (_, previous) = seen["reduction_cell_0"], seen[f"cell_{model.cells}"]
    assert previous is (before_reduced if skipped else reduced)


# Tables 1, 2 and 3 of the paper: millions of parameters and of multiply-adds.
@pytest.mark.parametrize(
    "name, parameters, macs",
    [("nasnet_a_mobile", 5.3, 564), ("nasnet_a_large", 88.9, 23_800), ("nasnet_a_cifar", 3.3, None)],
)
def test_published_totals(name, parameters, macs):
    entry = models.entry(name)
    assert entry.parameters / 1e6 == pytest.approx(parameters, rel=0.01)
    assert macs is None or float(f"{entry.macs / 1e6:.3g}") == macs
