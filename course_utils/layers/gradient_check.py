"""Is the backward pass right? Ask the forward pass."""

from dataclasses import dataclass

import numpy as np


def numerical_gradient(f, x, dout=None, step=1e-5):
    """The gradient of ``sum(dout * f(x))`` by x, by central differences in float64; an array shaped like x.

    ``f`` takes an array shaped like x and returns an array shaped like ``dout``, or a number (``dout`` None
    is 1). It must compute from its argument, which is a float64 copy: x itself is never touched, and may
    have any layout in memory. Costs two calls of ``f`` for each number in x.
    """
    ahead, behind, _ = _slopes(f, x, dout, step)
    return (ahead + behind) / 2


@dataclass(frozen=True)
class GradientCheck:
    """What :func:`check_gradient` found. Print it, or ``assert check.ok, check``."""

    ok: bool
    wrong: int  # elements that differ
    checked: int
    skipped: int  # elements at a kink
    index: tuple | None  # the worst element, and both of its gradients
    given: float
    numerical: float

    @property
    def error(self):
        """Relative error of the worst element: difference over the larger of the two."""
        larger = max(abs(self.given), abs(self.numerical))
        return abs(self.given - self.numerical) / larger if larger else 0.0

    def __str__(self):
        kinks = f"; {self.skipped} skipped at kinks" if self.skipped else ""
        if self.index is None:
            return f"nothing to check{kinks}"
        found = f"right at all {self.checked}" if self.ok else f"wrong at {self.wrong} of {self.checked}"
        return (
            f"{found} elements, worst {self.index}: given {self.given:.7g}, central differences say "
            f"{self.numerical:.7g} (relative error {self.error:.0e}){kinks}"
        )


def check_gradient(
    f, x, gradient, dout=None, *, step=1e-5, rtol=1e-6, atol=1e-8, skip_kinks=False, kink=1e-3
):
    """Compare a gradient with :func:`numerical_gradient`; returns a :class:`GradientCheck`.

    f, x, dout, step
        as for ``numerical_gradient``.
    gradient
        what backward returned for x: an array shaped like x.
    rtol, atol
        an element is right where the two differ by at most ``atol + rtol * (the larger one)``; nan never is.
    skip_kinks
        leave out elements where the slopes ahead and behind differ by more than ``kink`` (relative, or
        absolute below 1): relu at 0 and two equal numbers under a max have no gradient to agree with.

    >>> x = np.array([-1.0, 0.0, 2.0])
    >>> def relu(x):
    ...     return np.maximum(x, 0)
    >>> print(check_gradient(relu, x, np.array([0.0, 0.0, 1.0]), dout=np.ones(3)))
    wrong at 1 of 3 elements, worst (1,): given 0, central differences say 0.5 (relative error 1e+00)
    >>> check_gradient(relu, x, np.array([0.0, 0.0, 1.0]), dout=np.ones(3), skip_kinks=True).ok
    True

    Raises ValueError where ``gradient`` is not shaped like x.
    """
    gradient = np.asarray(gradient)
    if gradient.shape != np.shape(x):
        raise ValueError(f"gradient must have the shape of x {np.shape(x)}, not {gradient.shape}")
    ahead, behind, shape = _slopes(f, x, dout, step)
    numerical = (ahead + behind) / 2
    kinks = np.zeros(shape, bool)
    if skip_kinks:
        kinks = np.abs(ahead - behind) > kink * np.maximum(1, np.maximum(np.abs(ahead), np.abs(behind)))

    difference = np.abs(gradient - numerical)
    with np.errstate(invalid="ignore"):  # infinite gradients
        excess = difference / (atol + rtol * np.maximum(np.abs(gradient), np.abs(numerical)))
    excess[np.isnan(excess)] = np.inf
    excess[kinks] = -1
    checked = int((~kinks).sum())
    worst = np.unravel_index(excess.argmax(), shape) if checked else None
    return GradientCheck(
        ok=bool((excess <= 1).all()),
        wrong=int((excess > 1).sum()),
        checked=checked,
        skipped=int(kinks.sum()),
        index=None if worst is None else tuple(int(axis) for axis in worst),
        given=float(gradient[worst]) if checked else 0.0,
        numerical=float(numerical[worst]) if checked else 0.0,
    )


def _slopes(f, x, dout, step):
    """Slopes of ``sum(dout * f(x))`` one step ahead of and one behind each element, and the shape of x."""
    x = np.asarray(x, dtype=np.float64)
    weights = np.asarray(1.0 if dout is None else dout, dtype=np.float64)

    def total(probe):
        out = np.asarray(f(probe), dtype=np.float64)
        if out.shape != weights.shape:
            raise ValueError(f"dout must have the shape of f(x) {out.shape}, not {weights.shape}")
        return out

    here = total(x.copy())
    ahead, behind = np.zeros(x.shape), np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        for slopes, side in ((ahead, step), (behind, -step)):
            probe = x.copy()  # contiguous; writing through a reshaped view of x itself might miss x
            probe[index] += side
            # Differences first, then the sum: else outputs that do not move cost digits.
            slopes[index] = np.sum(weights * (total(probe) - here)) / (probe[index] - x[index])
    return ahead, behind, x.shape
