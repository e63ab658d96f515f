"""The colours keep their promises, by the published measures of contrast and of colour blindness."""

import itertools
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from skimage.color import rgb2lab

from course_utils.plots.style import CYCLE, DARK, LIGHT, use_style

# Machado, Oliveira and Fernandes, IEEE TVCG 15(6), 2009: severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
PALETTES = {"light": LIGHT, "dark": DARK}


def linear(colour):
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    darker, lighter = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("page", PALETTES)
def test_everything_can_be_seen_on_its_page(page):
    palette = PALETTES[page]
    for name in ("ink", "muted"):
        assert contrast(palette[name], palette["paper"]) >= 4.5, name
        assert contrast(palette[name], palette["panel"]) >= 4.5, name
    for name in CYCLE:
        assert contrast(palette[name], palette["paper"]) >= 3, name


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("page", PALETTES)
def test_no_two_data_colours_look_alike(page, vision):
    seen = {}
    for name in CYCLE:
        light = np.clip(VISION[vision] @ linear(PALETTES[page][name]), 0, 1)
        rgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
        seen[name] = rgb2lab(rgb[np.newaxis, np.newaxis])[0, 0]
    for one, other in itertools.combinations(CYCLE, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 15, (one, other)  # CIE 1976 difference


def test_the_palettes_match_name_for_name_and_no_colour_has_two_names():
    assert LIGHT.keys() == DARK.keys()
    assert len(set(LIGHT.values())) == len(LIGHT)
    assert not set(LIGHT.values()) & set(DARK.values())


def test_use_style_sets_matplotlib_up_and_needs_no_notebook():
    with mpl.rc_context():
        use_style()
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == [LIGHT[name] for name in CYCLE]


def test_importing_the_figures_changes_nothing_and_needs_no_torch():
    code = (
        "import sys, matplotlib as mpl; before = dict(mpl.rcParams); import course_utils.plots; "
        "assert dict(mpl.rcParams) == before; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
