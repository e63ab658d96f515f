"""How good are the predictions? Counts and shares, in numpy; tensors go through ``numpy.asarray``."""

from dataclasses import dataclass

import numpy as np


def top_k_accuracy(scores, labels, k: int = 1) -> float:
    """Share of examples whose true class is among the ``k`` with the highest scores.

    Parameters
    ----------
    scores
        (N, classes): any numbers, the higher the likelier.
    labels
        (N,) integers from 0 to classes - 1.
    k
        1 is accuracy; ImageNet's papers also report 5.

    Where scores are equal the true class is ranked last, so a model that gives all classes the same score is
    right about none. An example with a score that is NaN counts as wrong.

    Raises
    ------
    TypeError, ValueError
        Shapes do not match, there is no example, a label is no class, or ``k`` is not from 1 to classes.
    """
    scores = np.asarray(scores)
    if scores.ndim != 2:
        raise ValueError(f"scores has shape {scores.shape}; it must be (N, classes)")
    n, classes = scores.shape
    labels = _classes("labels", labels, classes)
    if len(labels) != n or n == 0:
        raise ValueError(f"scores has {n} examples and labels {len(labels)}; it must be one each, at least 1")
    if not 1 <= k <= classes:
        raise ValueError(f"k is {k}; it must be from 1 to the number of classes, {classes}")
    own = scores[np.arange(n), labels][:, None]
    before = (~(scores < own)).sum(axis=1) - 1  # the true class itself is never below itself
    return float(((before < k) & ~np.isnan(scores).any(axis=1)).mean())


def confusion_matrix(labels, predictions, classes: int) -> np.ndarray:
    """Count how often each class was taken for which.

    Returns
    -------
    numpy.ndarray
        (classes, classes) int64: row is the true class, column the predicted one.

    Raises
    ------
    TypeError, ValueError
        Arrays are not both (N,) integers from 0 to classes - 1.
    """
    labels, predictions = (
        _classes("labels", labels, classes),
        _classes("predictions", predictions, classes),
    )
    if len(labels) != len(predictions):
        raise ValueError(
            f"labels has {len(labels)} examples and predictions {len(predictions)}; it must be one each"
        )
    counts = np.bincount(labels * classes + predictions, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


@dataclass(frozen=True)
class ClassReport:
    """Precision, recall and F1 of every class; prints as a table. What cannot be computed is NaN."""

    class_names: tuple[str, ...]
    support: np.ndarray  #: (classes,) true examples
    precision: np.ndarray  #: (classes,) share of those predicted as the class that are; NaN if none was
    recall: np.ndarray  #: (classes,) share of those of the class that were predicted; NaN if there is none
    f1: np.ndarray  #: (classes,) harmonic mean of both; 0 if nothing is right, NaN if there is nothing
    accuracy: float  #: of all examples

    def __str__(self) -> str:
        width = max(len("class"), *(len(name) for name in self.class_names))
        lines = [f"{'class':<{width}}  precision  recall     F1  examples"]
        columns = zip(self.class_names, self.precision, self.recall, self.f1, self.support, strict=True)
        for name, *shares, support in columns:
            precision, recall, f1 = ("-" if np.isnan(share) else f"{share:.3f}" for share in shares)
            lines.append(f"{name:<{width}}  {precision:>9}  {recall:>6}  {f1:>5}  {support:>8}")
        lines.append(f"accuracy {self.accuracy:.3f} of {self.support.sum()}")
        return "\n".join(lines)


def class_report(matrix, class_names) -> ClassReport:
    """Summarise a :func:`confusion_matrix` class by class.

    >>> print(class_report([[3, 1], [0, 4]], ("cat", "dog")))
    class  precision  recall     F1  examples
    cat        1.000   0.750  0.857         4
    dog        0.800   1.000  0.889         4
    accuracy 0.875 of 8

    Raises
    ------
    ValueError
        The matrix is not square, has a negative number, or does not fit the names.
    """
    matrix = np.asarray(matrix)
    names = tuple(class_names)
    if matrix.ndim != 2 or matrix.shape != (len(names), len(names)) or not names:
        raise ValueError(
            f"matrix has shape {matrix.shape}; it must be {len(names)}x{len(names)}, as class_names"
        )
    if (matrix < 0).any():
        raise ValueError("matrix has a negative count")
    right, true, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN, and means it
        return ClassReport(
            class_names=names,
            support=true,
            precision=right / predicted,
            recall=right / true,
            f1=2 * right / (true + predicted),
            accuracy=float(right.sum() / matrix.sum()),
        )


def _classes(name, values, classes):
    values = np.asarray(values)
    if values.ndim != 1:
        raise ValueError(f"{name} has shape {values.shape}; it must be (N,)")
    if values.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {values.dtype}; it must be integers")
    values = values.astype(np.int64)
    if values.size and (values.min() < 0 or values.max() >= classes):
        wrong = values.min() if values.min() < 0 else values.max()
        raise ValueError(f"{name} has {wrong}; classes are 0 to {classes - 1}")
    return values
