"""Linear probe: how much of the classes can a linear classifier read off a network's features?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CS = tuple(10.0**k for k in range(-4, 3))


def linear_probe(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    Cs: Sequence[float] = CS,
    folds: int = 5,
    seed: int = 0,
):
    """Logistic regression on standardised features, its regularisation chosen by cross-validation.

    Args:
        features: (N, D), such as :func:`~course_utils.transfer.features.features` returns.
        labels: (N,), at least two classes, each with at least ``folds`` examples.
        Cs: inverse strengths of regularisation to choose from; of equals the first, that is, with the
            default's order, the strongest.
        folds: of the stratified cross-validation inside these examples. Keep a test set apart.
        seed: of the folds.

    Returns:
        A fitted scikit-learn ``GridSearchCV``: ``predict``, ``score``; ``best_params_`` has C,
        ``best_score_`` the mean accuracy over the folds.

    Raises:
        ValueError: shapes that do not fit, values that are no numbers, a class too rare.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, labels = np.asarray(features), np.asarray(labels)
    if features.ndim != 2:
        raise ValueError(f"features have shape {features.shape}: expected (N, D)")
    if labels.shape != features.shape[:1]:
        raise ValueError(f"labels have shape {labels.shape}: expected ({len(features)},), one a row")
    if not np.isfinite(features).all():
        raise ValueError("features have values that are not finite: was the network's input normalised?")
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"labels have {len(classes)} class: a classifier needs at least two")
    if counts.min() < folds:
        rare = classes[counts.argmin()]
        raise ValueError(
            f"class {rare} has {counts.min()} examples: {folds} folds need at least {folds} of each; "
            "use fewer folds or more examples"
        )
    # With more features than examples, turn the axes so that the examples need no more than N of them. That
    # is exact: the penalty is a length, which turning keeps, and the best weights lie among the examples.
    turn = [PCA(svd_solver="full")] if features.shape[1] > len(features) else []
    search = GridSearchCV(
        make_pipeline(StandardScaler(), *turn, LogisticRegression(max_iter=2000)),
        {"logisticregression__C": list(Cs)},
        cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
    )
    return search.fit(features, labels)
