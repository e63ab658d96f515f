"""What the layers ask of their arguments, and what they say when they don't get it."""

import numpy as np


def floats(name, value, axes=None):
    """Check that ``value`` is a numpy array of floats, with the given axes if any, e.g. ``"N C H W"``.

    Raises TypeError for anything but an array of floats, ValueError for another number of axes.
    """
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, not {type(value).__name__}")
    if not np.issubdtype(value.dtype, np.floating):
        raise TypeError(f"{name} must hold floats, not {value.dtype}: convert it with .astype(np.float32)")
    if axes is not None and value.ndim != len(axes.split()):
        wanted = f"({', '.join(axes.split())})"
        hint = "; add the batch axis with [None]" if axes == "N C H W" and value.ndim == 3 else ""
        raise ValueError(f"{name} must have shape {wanted}, not {value.shape}{hint}")


def parameter(name, value, shape, like):
    """Check a parameter: an array of floats of exactly this shape, and of the dtype of ``like``."""
    floats(name, value)
    if value.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, not {value.shape}")
    same_dtype(name, value, like)


def same_dtype(name, value, like):
    """Mixed precisions would silently be computed, and returned, in the wider one."""
    if value.dtype != like.dtype:
        raise TypeError(f"{name} must be {like.dtype} as the input is, not {value.dtype}")


def gradient(dout, shape, dtype):
    """Check that ``dout`` looks like the output that it is the gradient of."""
    floats("dout", dout)
    if dout.shape != shape:
        raise ValueError(f"dout must have the output's shape {shape}, not {dout.shape}")
    if dout.dtype != dtype:
        raise TypeError(f"dout must be {dtype} as the output is, not {dout.dtype}")


def class_labels(labels, scores):
    """Check scores ``(N, classes)`` and one whole number from 0 to classes - 1 for each row."""
    floats("scores", scores, "N classes")
    if len(scores) == 0:
        raise ValueError("scores must hold at least one example: the mean over an empty batch is undefined")
    if not isinstance(labels, np.ndarray):
        raise TypeError(f"labels must be a numpy array, not {type(labels).__name__}")
    if labels.shape != scores.shape[:1]:
        raise ValueError(
            f"labels must have shape {scores.shape[:1]}, one for each row of scores, not {labels.shape}"
        )
    if not np.issubdtype(labels.dtype, np.integer):
        if np.issubdtype(labels.dtype, np.floating) and np.isnan(labels).any():
            raise ValueError(
                f"labels[{np.isnan(labels).argmax()}] is nan: every label must be a whole number"
            )
        raise TypeError(f"labels must be whole numbers (an integer dtype), not {labels.dtype}")
    outside = (labels < 0) | (labels >= scores.shape[1])
    if outside.any():
        first = outside.argmax()
        raise ValueError(
            f"labels[{first}] is {labels[first]}: with {scores.shape[1]} classes labels run from 0 "
            f"to {scores.shape[1] - 1}"
        )


def number(name, value, low, high=float("inf")):
    """A real setting such as a rate or a slope as a Python float, which leaves every array its dtype.

    Raises TypeError for what is no number, ValueError outside ``[low, high]`` and for nan.
    """
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {value!r}") from None
    if not low <= value <= high:
        raise ValueError(f"{name} must lie between {low} and {high}, not {value}")
    return value
