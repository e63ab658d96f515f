"""Twenty labelled photographs of ImageNet, which foolbox carries as examples."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from PIL import Image


def imagenet_photos() -> tuple[list[Image.Image], torch.Tensor]:
    """The photographs (512 x 512) and their classes (20,); skips the test where foolbox is not installed."""
    spec = find_spec("foolbox")  # found, not imported: only its data folder is of interest
    if spec is None:
        pytest.skip("foolbox, which carries the labelled photographs, is not installed")
    # such as imagenet_03_990.jpg: the fourth one, class 990
    paths = sorted((Path(spec.submodule_search_locations[0]) / "data").glob("imagenet_*.jpg"))
    assert len(paths) == 20
    labels = torch.tensor([int(path.stem.rpartition("_")[2]) for path in paths])
    return [Image.open(path) for path in paths], labels
