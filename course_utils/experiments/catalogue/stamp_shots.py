"""How many pictures does it take? A pretrained SqueezeNet against learning from scratch, on stamps.

5, 10, 20 pictures a class, or all 128 of the training split (a class that has fewer gives all it has),
tested on the other 63. Four ways at the same 96 pixels: a linear classifier on the pretrained network's
features; the pretrained network fine-tuned (its new head first, then everything with rates that fall
towards the input); the same network from scratch; and, since SqueezeNet without batch normalisation is hard
to train from scratch, the course's small network with it. A fifth costs one pass forward only and can
afford what the network was trained on: the linear classifier on pictures of 128 pixels, enlarged to 224. (A
first run compared only that one with fine-tuning, which looked worse for its smaller pictures.)
"""

import copy
import statistics

import numpy as np
import torch

from course_utils import models
from course_utils.data import stamps
from course_utils.data.augment import Flip, PaddedCrop
from course_utils.data.device_loader import DeviceLoader
from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.stamp_features import NETWORK, batches, pretrained
from course_utils.models import imagenet
from course_utils.training import Recipe, best_device, evaluate, fit_iter
from course_utils.transfer import features, fine_tune, head_then_all, linear_probe, replace_head

SHOTS = (5, 10, 20, None)
SIDE = 96  # pixels: 224 would take five times as long to train

HEAD = Recipe(epochs=8, batch_size=16, lr=1e-2, optimizer="adam", precision="bfloat16", channels_last=True)
WHOLE = HEAD.replace(epochs=12, lr=1e-3, schedule="cosine", warmup=1)
SCRATCH = HEAD.replace(epochs=40, lr=1e-3, schedule="cosine", warmup=2)
WAYS = {
    "linear probe": {"network": NETWORK, "side": SIDE, "folds": 3},
    "linear probe, enlarged": {"network": NETWORK, "side": 128, "enlarged": 224, "folds": 3},
    "fine-tuned": {"network": NETWORK, "side": SIDE, "head": HEAD.to_dict(), "whole": WHOLE.to_dict()},
    "from scratch": {"network": NETWORK, "side": SIDE, "recipe": SCRATCH.to_dict()},
    "from scratch, small": {"network": "small_convnet", "side": SIDE, "recipe": SCRATCH.to_dict()},
}
CLASSES = 7


def _case(way: str, shots: int | None) -> Case:
    number = "all" if shots is None else shots
    return Case(f"{way}, {number}", {"way": way, **WAYS[way], "shots": shots, "seeds": [0, 1]})


def choose(labels: np.ndarray, shots: int | None, seed: int) -> np.ndarray:
    """Indices of at most ``shots`` pictures of every class, drawn by ``seed``; of all for ``None``."""
    if shots is None:
        return np.arange(len(labels))
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(np.flatnonzero(labels == label))[:shots] for label in np.unique(labels)]
    return np.sort(np.concatenate(drawn))


def run(case: Case):
    settings = case.settings
    images, labels, _ = stamps("train", settings["side"])
    test = stamps("test", settings["side"])
    accuracies, pictures = [], []
    for seed in settings["seeds"]:
        chosen = choose(labels, settings["shots"], seed)
        pictures.append(len(chosen))
        way = _probe if settings["way"].startswith("linear probe") else _trained
        accuracies.append(way(settings, images[chosen], labels[chosen], test.images, test.labels, seed))
    return {"score": statistics.mean(accuracies), "seeds": accuracies, "pictures": pictures[0]}


def _probe(settings, images, labels, test_images, test_labels, seed) -> float:
    loader = batches if "enlarged" in settings else _loader
    x, y = features(pretrained(), loader(images, labels))
    probe = linear_probe(x, y, folds=settings["folds"], seed=seed)
    return float(probe.score(*features(pretrained(), loader(test_images, test_labels))))


def _loader(images, labels, batch_size=64, **options) -> DeviceLoader:
    norm = {"mean": imagenet.MEAN, "std": imagenet.DEVIATION, "device": best_device()}
    return DeviceLoader(images, labels, batch_size, **norm, **options)


def _trained(settings, images, labels, test_images, test_labels, seed) -> float:
    torch.manual_seed(seed)
    train = _loader(images, labels, 16, shuffle=True, augment=[Flip(), PaddedCrop(8)], seed=seed)
    if settings["way"] == "fine-tuned":
        model = replace_head(copy.deepcopy(pretrained()), CLASSES)
        head, whole = (Recipe(**settings[part]).replace(seed=seed) for part in ("head", "whole"))
        epochs = fine_tune(model, train, None, head_then_all(model, head, whole))
    else:
        model = models.create(settings["network"], CLASSES, 3)
        epochs = fit_iter(model, train, None, Recipe(**settings["recipe"]).replace(seed=seed))
    for _ in epochs:
        pass
    return evaluate(model, _loader(test_images, test_labels))[1]


def findings(outcomes):
    def score(way, shots):
        return outcomes[f"{way}, {shots}"]["score"]

    shots = (5, 10, 20, "all")
    scratch = ("from scratch", "from scratch, small")
    return {
        "the linear probe on 5 a class beats both from scratch on all": score("linear probe", 5)
        > max(score(way, "all") for way in scratch),
        "the pretrained network beats learning from scratch, however many pictures": all(
            min(score("linear probe", n), score("fine-tuned", n)) > max(score(way, n) for way in scratch)
            for n in shots
        ),
        "fine-tuning beats the linear probe with all pictures": score("fine-tuned", "all")
        > score("linear probe", "all"),
        "the linear probe beats fine-tuning with 5 a class": score("linear probe", 5)
        > score("fine-tuned", 5),
    }


EXPERIMENT = Experiment(
    question="5, 10, 20 or all pictures a class: what is a network worth that has seen a million others?",
    cases=tuple(_case(way, shots) for way in WAYS for shots in SHOTS),
    run=run,
    findings=findings,
    tolerance=0.10,
    score="accuracy on the 63 test pictures, mean over the seeds",
)
