"""What the figures show is what they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from course_utils import plots
from course_utils.plots.grids import readable_on


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(fig):
    return [text.get_text() for ax in fig.axes for text in ax.texts]


def test_a_grid_writes_its_numbers_where_they_belong_and_leaves_nan_empty():
    _, ax = plt.subplots()
    plots.draw_grid(ax, [[1, 2.5], [np.nan, -4]], corner=(10, 20), cell=2)
    written = {text.get_text(): text.get_position() for text in ax.texts}
    assert written == {"1": (11, 21), "2.5": (13, 21), "-4": (13, 23)}
    assert len(ax.patches) == 4


@pytest.mark.parametrize(
    ("face", "colour"), [((1, 1, 1), "black"), ((0, 0, 0), "white"), ((0.7, 0, 0.1), "white")]
)
def test_numbers_are_readable_on_their_square(face, colour):
    assert readable_on(face) == colour


def test_a_window_figure_shows_all_three_arrays():
    image, kernel, output = (
        np.arange(16).reshape(4, 4),
        np.full((3, 3), 100),
        np.array([[200, np.nan], [300, 400]]),
    )
    fig = plots.show_window(image, kernel, output, row=1, column=0)
    numbers = [text for text in texts(fig) if text.lstrip("-").isdigit()]
    assert sorted(map(int, numbers)) == sorted([*range(16), *[100] * 9, 200, 300, 400])
    frames = [p for p in fig.axes[0].patches if to_hex(p.get_edgecolor()) == plots.COLOURS["vermilion"]]
    assert next((p.get_xy(), p.get_width()) for p in frames) == ((0, 1), 3)


def test_images_are_shown_as_they_are():
    rng = np.random.default_rng(0)
    colour, grey, bytes_ = rng.random((3, 4, 5)), rng.random((4, 5)), np.full((1, 4, 5), 128, np.uint8)
    fig = plots.show_images([colour, grey, bytes_], ["a", "b", "c"], columns=2)
    shown = [ax.images[0] for ax in fig.axes]
    assert len(shown) == 3 and [ax.get_title() for ax in fig.axes] == ["a", "b", "c"]
    assert (shown[0].get_array() == colour.transpose(1, 2, 0)).all()
    assert (shown[1].get_array() == grey).all() and shown[1].get_clim() == (0, 1)
    assert shown[2].get_array().shape == (4, 5) and shown[2].get_clim() == (0, 255)


def test_maps_share_one_scale_with_zero_in_the_middle():
    fig = plots.show_maps([np.array([[0.5, -2.0]]), np.array([[1.0, 1.0]])], bar=False)
    assert [ax.images[0].get_clim() for ax in fig.axes] == [(-2, 2), (-2, 2)]
    assert plots.show_maps([np.zeros((2, 2))], bar=False).axes[0].images[0].get_clim() == (-1, 1)


def test_a_layer_is_labelled_with_its_shapes():
    fig = plots.show_layer(
        (3, 32, 32), (6, 3, 5, 5), image=np.zeros((3, 32, 32)), output=np.zeros((6, 28, 28))
    )
    said = "\n".join(texts(fig))
    assert all(shape in said for shape in ("3 × 32 × 32", "6 filters\n3 × 5 × 5", "6 × 28 × 28"))
    assert "8 × 16 × 14" in "\n".join(texts(plots.show_layer((4, 32, 28), (8, 4, 3, 3), stride=2, padding=1)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.show_images([np.zeros((2, 4, 5))]), r"one has shape \(2, 4, 5\)"),
        (lambda: plots.show_images([]), "nothing to show"),
        (lambda: plots.show_images([np.zeros((4, 4))], ["a", "b"]), "2 titles for 1 images"),
        (lambda: plots.show_maps([np.zeros(4)]), r"one has shape \(4,\)"),
        (lambda: plots.show_layer((3, 8, 8), (6, 4, 3, 3)), "4 deep do not fit 3 input channels"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_every_window_is_drawn_where_the_layer_looks_and_unseen_pixels_are_crossed_out():
    fig = plots.show_windows({"input_size": 7, "kernel": 3, "stride": 3}, {"input_size": 5, "kernel": 2})
    taps = [p for p in fig.axes[0].patches if to_hex(p.get_facecolor()) == plots.COLOURS["blue"]]
    first_layer, second_layer = taps[:6], taps[6:]
    assert [int(tap.get_x()) for tap in first_layer] == [0, 1, 2, 3, 4, 5]
    assert [int(tap.get_x()) for tap in second_layer] == [0, 1, 1, 2, 2, 3, 3, 4]
    crosses = [line for line in fig.axes[0].lines if line.get_color() == plots.COLOURS["vermilion"]]
    assert {int(line.get_xdata()[0]) for line in crosses} == {6} and len(crosses) == 2


def test_windows_may_lie_on_padding():
    fig = plots.show_windows({"input_size": 4, "kernel": 3, "stride": 2, "padding": 1, "dilation": 2})
    taps = [p for p in fig.axes[0].patches if to_hex(p.get_facecolor()) == plots.COLOURS["blue"]]
    assert [int(tap.get_x()) for tap in taps] == [0, 2, 4]  # drawn from the padding on
    assert [text for text in texts(fig) if text.isdigit()] == ["0", "1", "2", "3"]


def test_there_must_be_a_layer_to_show():
    with pytest.raises(ValueError, match="at least one layer"):
        plots.show_windows()
