"""Small networks that do things layers cannot show: functional calls, sharing, branches, odd inputs."""

from functools import cache

import torch
import torch.nn.functional as F
from torch import nn

from course_utils import models
from course_utils.ledger import Ledger, account


@cache
def account_of(name: str) -> Ledger:
    """One of the course's models at its native size."""
    with torch.device("meta"):
        model = models.create(name)
    return account(model, models.entry(name).input_size)


class Functional(nn.Module):
    """Nothing but parameters and function calls."""

    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(torch.empty(8, 3, 3, 3))
        self.b1 = nn.Parameter(torch.empty(8))
        self.w2 = nn.Parameter(torch.empty(16, 8, 3, 3))
        self.head = nn.Parameter(torch.empty(10, 16))

    def forward(self, x):
        x = F.relu(F.conv2d(x, self.w1, self.b1, padding=1))
        x = F.max_pool2d(x, 2)
        x = F.relu(F.conv2d(x, self.w2, padding=1))
        x = x.mean((2, 3))
        return x @ self.head.t()


class SharedTwice(nn.Module):
    """One grouped layer used two times."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(16, 16, 3, padding=1, groups=4)

    def forward(self, x):
        return self.conv(self.conv(x).relu())


class Residual(nn.Module):
    def __init__(self, in_place=False):
        super().__init__()
        self.in_place = in_place
        self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.skip = nn.Conv2d(4, 4, 1, bias=False)

    def forward(self, x):
        y = self.conv(x)
        if self.in_place:
            y += self.skip(x)
            return y
        return y + self.skip(x)


class Concatenation(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(3, 2, 1)
        self.five = nn.Conv2d(3, 4, 5, padding=2)

    def forward(self, x):
        pooled = F.max_pool2d(x, 3, stride=1, padding=1)
        return torch.cat([self.one(x), self.five(x), pooled], 1)


class TwoInputs(nn.Module):
    """An image and a vector of side information."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.side = nn.Linear(5, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, image, side):
        return self.head(self.conv(image).amax((2, 3)) * self.side(side).sigmoid())


class Gate(nn.Module):
    """Squeeze and excite: after it everything depends on the whole picture."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.fc = nn.Conv2d(4, 4, 1)
        self.after = nn.Conv2d(4, 4, 3, stride=2, padding=1)

    def forward(self, x):
        x = self.conv(x)
        return self.after(x * self.fc(F.adaptive_avg_pool2d(x, 1)).sigmoid())
