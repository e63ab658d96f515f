"""FractalNet: the fractal, its columns, its count, and drop-path."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils import models
from course_utils.models.fractalnet import ConvUnit, Fractal, FractalNet, Join, surviving_paths


def units_run(model, *args, **kwargs):
    """How many convolutional layers a forward pass runs."""
    count = 0

    def step(*_):
        nonlocal count
        count += 1

    hooks = [m.register_forward_hook(step) for m in model.modules() if isinstance(m, ConvUnit)]
    with torch.no_grad():
        model(*args, **kwargs)
    for hook in hooks:
        hook.remove()
    return count


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_the_count_follows_from_the_widths(columns):
    with torch.device("meta"):
        model = FractalNet(10, 3, columns=columns)
    widths = [3, 64, 128, 256, 512, 512]
    layers = 2**columns - 1
    expected = sum(
        9 * (columns * w_in * w + (layers - columns) * w * w) + 2 * layers * w for w_in, w in pairwise(widths)
    )
    assert sum(p.numel() for p in model.parameters()) == expected + 512 * 10 + 10


def test_three_columns_are_joined_as_in_the_papers_figure():
    """f_3: columns of one, two and four layers; the last two meet half way, all three at the end."""
    fractal = Fractal(4, 6, columns=3, drop=0.0).eval()
    x = torch.randn(1, 4, 5, 5)
    with torch.no_grad():
        top, bottom = fractal.first, fractal.second
        half_way = (top.short(x) + top.second.short(top.first.short(x))) / 2
        ends = [
            fractal.short(x),
            bottom.short(half_way),
            bottom.second.short(bottom.first.short(half_way)),
        ]
        for end, got in zip(ends, fractal(x), strict=True):
            assert torch.allclose(got, end)
        assert torch.allclose(Join(0.0)(ends), torch.stack(ends).mean(dim=0))


@pytest.mark.parametrize("column, layers", [(None, 35), (0, 5), (1, 10), (2, 20)])
def test_a_column_alone_is_a_plain_network(column, layers):
    with torch.device("meta"):
        model = models.create("fractalnet20").eval()
        assert units_run(model, torch.empty(1, 3, 32, 32), column=column) == layers


@given(count=st.integers(1, 8), drop=st.floats(0, 1), seed=st.integers(0, 2**31))
def test_local_drop_path_always_leaves_a_path(count, drop, seed):
    torch.manual_seed(seed)
    kept = surviving_paths(count, drop)
    assert len(kept) == count
    assert any(kept)
    assert all(kept) or drop > 0


def test_local_drop_path_drops_each_path_equally_often():
    torch.manual_seed(0)
    kept = torch.tensor([surviving_paths(3, 0.5) for _ in range(20_000)]).double()
    # dropped with 1/2, but of the 1/8 of cases that lose all three a third keep this one
    assert torch.allclose(kept.mean(dim=0), torch.tensor(0.5 + 1 / 24, dtype=torch.float64), atol=0.02)


def test_a_join_averages_the_survivors_in_training_and_everything_at_test():
    torch.manual_seed(0)
    join = Join(drop=0.5)
    paths = [torch.tensor(value) for value in (1.0, 10.0, 100.0)]
    means = {1.0, 10.0, 100.0, 5.5, 50.5, 55.0, 37.0}
    assert {join(paths).item() for _ in range(300)} == means
    assert join.eval()(paths).item() == 37.0


def test_training_with_drop_path_uses_one_column_every_other_time():
    torch.manual_seed(0)
    with torch.device("meta"):
        model = models.create("fractalnet20", drop_path=0.15)
        runs = [units_run(model, torch.empty(2, 3, 32, 32)) for _ in range(30)]
        assert set(runs) == {5, 10, 20, 35}
        assert 10 <= runs.count(35) <= 20
        assert units_run(model.eval(), torch.empty(2, 3, 32, 32)) == 35


@pytest.mark.parametrize("column", [-1, 3])
def test_there_is_no_other_column(column):
    with torch.device("meta"), pytest.raises(ValueError, match=rf"from 0, the shortest, to 2, not {column}"):
        models.create("fractalnet20")(torch.empty(1, 3, 32, 32), column=column)


def test_drop_path_is_a_probability_below_1():
    with pytest.raises(ValueError, match="0 <= drop_path < 1, not 1"):
        models.create("fractalnet20", drop_path=1)
