"""Retrieval: the images whose features are nearest."""

from __future__ import annotations

import numpy as np

METRICS = ("cosine", "euclidean")


def nearest(
    query: np.ndarray, gallery: np.ndarray, k: int = 5, *, metric: str = "cosine"
) -> tuple[np.ndarray, np.ndarray]:
    """The ``k`` rows of ``gallery`` nearest to each row of ``query``.

    Args:
        query: (Q, D) features, or one vector (D,).
        gallery: (N, D) features.
        k: how many, at most N.
        metric: ``"cosine"`` (1 - cosine of the angle) or ``"euclidean"``.

    Returns:
        Indices into ``gallery``, int64 (Q, k), nearest first, and their distances, (Q, k). For one vector
        (k,) and (k,). A query that is itself in the gallery finds itself first.

    Raises:
        ValueError: shapes that do not fit, ``k`` out of range, an unknown metric.
    """
    from sklearn.neighbors import NearestNeighbors

    query, gallery = np.asarray(query, float), np.asarray(gallery, float)
    if metric not in METRICS:
        raise ValueError(f"metric is {metric!r}: expected one of {', '.join(METRICS)}")
    if gallery.ndim != 2 or not len(gallery):
        raise ValueError(f"gallery has shape {gallery.shape}: expected (N, D) with at least one row")
    if query.ndim not in (1, 2) or query.shape[-1] != gallery.shape[1]:
        raise ValueError(
            f"query has shape {query.shape}: expected (Q, {gallery.shape[1]}) or ({gallery.shape[1]},)"
        )
    if not 1 <= k <= len(gallery):
        raise ValueError(f"k is {k}: expected 1 to {len(gallery)}, the size of the gallery")
    search = NearestNeighbors(n_neighbors=k, metric=metric, algorithm="brute").fit(gallery)
    distances, indices = search.kneighbors(np.atleast_2d(query))
    return (indices[0], distances[0]) if query.ndim == 1 else (indices, distances)
