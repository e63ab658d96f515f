"""What each process of the two-process test runs: train and evaluate, then write what came out."""

import json
import sys

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import DataLoaderConfiguration
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_utils.training import Recipe, evaluate, fit_iter


def main(path: str) -> None:
    # split_batches: a batch of 16 is 16 images over all processes, so the steps are the same for any number.
    accelerator = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(split_batches=True))
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.normal(size=(165, 1, 8, 8))).float()
    labels = (images.mean((1, 2, 3)) > 0).long()
    train = DataLoader(TensorDataset(images[:64], labels[:64]), 16)
    valid = DataLoader(TensorDataset(images[64:], labels[64:]), 16)  # 101 images: they cannot be split evenly
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    recipe = Recipe(epochs=4, batch_size=16, lr=0.05)
    rows = list(
        fit_iter(model, train, valid, recipe, accelerator=accelerator, checkpoint=path + ".safetensors")
    )
    prepared = accelerator.prepare(valid)
    loss, accuracy = evaluate(model, prepared, accelerator=accelerator)
    if accelerator.is_main_process:
        result = {
            "processes": accelerator.num_processes,
            "rows": [
                [row.train_loss, row.train_accuracy, row.valid_loss, row.valid_accuracy] for row in rows
            ],
            "right": accuracy * 101,
            "loss": loss,
        }
        with open(path, "w", encoding="utf-8") as file:
            json.dump(result, file)
    accelerator.end_training()


if __name__ == "__main__":
    main(sys.argv[1])
