"""What are features worth? One linear classifier on stamps, seen through several pairs of eyes.

191 photographs in seven classes, five stratified folds; in each, the classifier's C is chosen by cross-
validation inside the training part. Stamps smaller than the side are enlarged, and a network might read
classes off their blur: at 64 pixels that is 19 of them, at 128 it is 53. The 80 % were at first expected
from 64 pixels and missed; the statement about 128 pixels was added knowing that.
"""

import time

import numpy as np
from sklearn.model_selection import StratifiedKFold

from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.stamp_features import describe
from course_utils.transfer import linear_probe

FOLDS = 5


def _case(kind: str, side: int, label: str | None = None) -> Case:
    settings = {"data": "stamps, all", "kind": kind, "side": side, "folds": FOLDS, "seed": 0}
    return Case(label or kind, settings)


def run(case: Case):
    settings = case.settings
    start = time.perf_counter()
    x, y = describe(settings["kind"], settings["side"])
    described = time.perf_counter()
    accuracies, Cs = [], []
    folds = StratifiedKFold(settings["folds"], shuffle=True, random_state=settings["seed"])
    for train, test in folds.split(x, y):
        probe = linear_probe(x[train], y[train], seed=settings["seed"])
        accuracies.append(float(probe.score(x[test], y[test])))
        Cs.append(probe.best_params_["logisticregression__C"])
    return {
        "score": float(np.mean(accuracies)),
        "folds": accuracies,
        "C": Cs,
        "dimensions": x.shape[1],
        "seconds": {"features": described - start, "probe": time.perf_counter() - described},
    }


def findings(outcomes):
    small, large = (outcomes[f"network, from {side} pixels"]["score"] for side in (64, 128))
    by_hand = [outcome["score"] for label, outcome in outcomes.items() if not label.startswith("network")]
    return {
        "the network's features give at least 80 % from 64 pixels": small >= 0.80,
        "the network's features give at least 80 % from 128 pixels": large >= 0.80,
        "both beat everything made by hand by more than twenty points": small > max(by_hand) + 0.20,
        "colour and HOG together beat each alone": outcomes["colour and HOG"]["score"]
        > max(outcomes["colour"]["score"], outcomes["HOG"]["score"]),
        "the network gains from sharper pictures": large > small,
    }


EXPERIMENT = Experiment(
    question="Which features let a linear classifier tell birds, fruit and five more classes apart?",
    cases=(
        _case("pixels", 32),
        _case("colour", 64),
        _case("HOG", 64),
        _case("colour and HOG", 64),
        _case("network", 64, "network, from 64 pixels"),
        _case("network", 128, "network, from 128 pixels"),
    ),
    run=run,
    findings=findings,
    tolerance=0.03,
    score="accuracy, mean over five folds",
)
