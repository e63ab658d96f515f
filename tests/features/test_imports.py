"""HOG and colour histograms must stay light: a browser kernel has neither torch nor time for scikit-learn."""

import subprocess
import sys

import pytest

import course_utils.features as features

HEAVY = ("torch", "sklearn", "scipy", "skimage", "matplotlib")
LOADED = f"import sys; print(*[m for m in {HEAVY} if m in sys.modules])"


def loaded_after(code):
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {LOADED}"], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_hog_needs_numpy_alone():
    assert loaded_after("from course_utils.features import hog, color_histogram, nearest_words") == []


def test_visual_words_bring_scikit_learn_but_no_torch():
    loaded = loaded_after("from course_utils.features import VisualWords")
    assert "sklearn" in loaded
    assert "torch" not in loaded


def test_everything_promised_is_there():
    for name in features.__all__:
        assert getattr(features, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'surf'"):
        _ = features.surf
