"""Images and activation maps in rows."""

import matplotlib.pyplot as plt
import numpy as np

from course_utils.plots.style import COLOURS, DIVERGING


def show_images(images, titles=None, *, columns=None, height=1.9):
    """Images side by side, each as it is: no stretching of contrast, no smoothing.

    Parameters
    ----------
    images
        Sequence of (H, W), (1, H, W) or (3, H, W) arrays: uint8, or floats in 0..1.
    titles
        One text an image.
    columns
        Images a row; by default all in one.
    height
        Height of a row in inches.
    """
    pictures = [_picture(image) for image in images]
    axes, fig = _axes(pictures, titles, columns, height)
    for ax, picture in zip(axes, pictures, strict=True):
        top = 255 if picture.dtype == np.uint8 else 1
        ax.imshow(picture, cmap="gray", vmin=0, vmax=top)
    return fig


def show_maps(maps, titles=None, *, columns=None, height=1.9, scale=None, bar=True):
    """Activation maps or filters on one diverging scale: white is 0, red positive, blue negative.

    Parameters
    ----------
    maps
        Sequence of (H, W) arrays.
    titles, columns, height
        As in :func:`show_images`.
    scale
        The value of the strongest red; by default the largest absolute value of all.
    bar
        Draw the colour bar.
    """
    maps = [np.asarray(m, dtype=float) for m in maps]
    for m in maps:
        if m.ndim != 2:
            raise ValueError(f"maps must be (H, W) arrays; one has shape {m.shape}")
    scale = scale or max(np.abs(m).max() for m in maps) or 1.0
    axes, fig = _axes(maps, titles, columns, height)
    for ax, m in zip(axes, maps, strict=True):
        shown = ax.imshow(m, cmap=DIVERGING, vmin=-scale, vmax=scale)
    if bar:
        colorbar = fig.colorbar(shown, ax=axes, shrink=0.85, aspect=18, pad=0.02)
        colorbar.outline.set_visible(False)
    return fig


def _picture(image):
    """An array that ``imshow`` takes: (H, W) or (H, W, 3)."""
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[0] in (1, 3):
        image = image[0] if image.shape[0] == 1 else image.transpose(1, 2, 0)
    elif image.ndim != 2:
        raise ValueError(f"images must be (H, W), (1, H, W) or (3, H, W); one has shape {image.shape}")
    return image


def _axes(pictures, titles, columns, height):
    if not pictures:
        raise ValueError("there is nothing to show: the sequence is empty")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"{len(titles)} titles for {len(pictures)} images")
    columns = min(columns or len(pictures), len(pictures))
    rows = -(-len(pictures) // columns)
    shape = pictures[0].shape
    width = height * shape[1] / shape[0]
    extra = 0.28 if titles else 0.0
    fig, axes = plt.subplots(
        rows, columns, figsize=(columns * (width + 0.12), rows * (height + extra + 0.05)), squeeze=False
    )
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=COLOURS["line"], linewidth=0.7)
    for ax in axes.flat[len(pictures) :]:
        ax.remove()
    axes = list(axes.flat[: len(pictures)])
    for ax, title in zip(axes, titles or [], strict=False):
        ax.set_title(title)
    return axes, fig
