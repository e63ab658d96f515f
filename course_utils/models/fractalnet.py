"""FractalNet: very deep without residuals, because short paths to the output run beside the deep one."""

import torch
from torch import Tensor, nn

from .network import Network
from .registry import Error, register
from .resnet import he_initialisation


def surviving_paths(count: int, drop: float) -> list[bool]:
    """Local drop-path: keep each of `count` inputs of a join with probability ``1 - drop``, but always one.

    Where chance drops all of them, one taken at random survives. Draws from torch's global CPU generator.
    """
    kept = (torch.rand(count, device="cpu") >= drop).tolist()
    if not any(kept):
        kept[int(torch.randint(count, (), device="cpu"))] = True
    return kept


class ConvUnit(nn.Module):
    """A fractal's single layer: 3x3 convolution, norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.bn(self.conv(x)))


class Join(nn.Module):
    """The mean of the paths that meet here; in training, of those that local drop-path leaves."""

    def __init__(self, drop: float):
        super().__init__()
        self.drop = drop

    def forward(self, paths: list[Tensor]) -> Tensor:
        if self.training and self.drop > 0:
            paths = [
                path for path, kept in zip(paths, surviving_paths(len(paths), self.drop), strict=True) if kept
            ]
        total = paths[0]
        for path in paths[1:]:
            total = total + path
        return total / len(paths) if len(paths) > 1 else total

    def extra_repr(self) -> str:
        return f"drop={self.drop:g}"


class Fractal(nn.Module):
    """f_1 is one layer; f_C is one layer beside f_(C-1) twice in a row: C columns of 1, 2, 4, ... layers.

    Gives the ends of the columns as a list, shortest first, for a join by whoever comes next. (That is the
    paper's "collapsing" of joins: where several meet, one mean over all columns replaces means of means.)
    """

    def __init__(self, in_channels: int, out_channels: int, columns: int, drop: float):
        super().__init__()
        self.short = ConvUnit(in_channels, out_channels)
        self.columns = columns
        if columns > 1:
            self.first = Fractal(in_channels, out_channels, columns - 1, drop)
            self.join = Join(drop)
            self.second = Fractal(out_channels, out_channels, columns - 1, drop)

    def forward(self, x: Tensor, column: int | None = None) -> list[Tensor]:
        if self.columns == 1 or column == 0:
            return [self.short(x)]
        deeper = None if column is None else column - 1
        middle = self.join(self.first(x, deeper))
        ends = self.second(middle, deeper)
        return [self.short(x), *ends] if column is None else ends


class FractalNet(Network):
    """Five fractal blocks, each followed by 2x2 max pooling; 5 * 2^(columns - 1) layers on the deepest path.

    ``model(x, column=k)`` runs column k alone, 0 the shortest: a plain network of 5 * 2^k layers.

    `drop_path` trains with drop-path: every second mini-batch, on average, sees one column chosen at
    random for the whole network (global), the others lose each input of each join with probability
    `drop_path` (local; the paper: 0.15). Everything is kept at test.

    Published: 38.6 M parameters for 20 layers; CIFAR-10 error 5.22 %, with drop-path and dropout 4.60 %.
    The count does not follow from the paper's description. With widths w = 64, 128, 256, 512, 512, the C
    columns of a block hold 2^C - 1 convolutions, C of which read the block's input, so that

        9 * (3 * w_in * w + 4 * w * w)   weights   summed over blocks:  33,698,880
        7 * 2 * w                        norms     summed over blocks:      20,608
        512 * 10 + 10                    linear                              5,130

    make 33,724,618.
    """

    def __init__(self, num_classes: int, in_channels: int, columns: int = 3, drop_path: float = 0.0):
        super().__init__()
        if not 0 <= drop_path < 1:
            raise ValueError(
                f"drop_path is the probability that a path is dropped, 0 <= drop_path < 1, not {drop_path!r}"
            )
        self.columns, self.drop_path = columns, drop_path
        self.blocks = nn.ModuleList(
            [  #                                                                     N x   3 x 32 x 32
                Fractal(in_channels, 64, columns, drop_path),  #                     N x  64 x 32 x 32
                Fractal(64, 128, columns, drop_path),  #                             N x 128 x 16 x 16
                Fractal(128, 256, columns, drop_path),  #                            N x 256 x  8 x  8
                Fractal(256, 512, columns, drop_path),  #                            N x 512 x  4 x  4
                Fractal(512, 512, columns, drop_path),  #                            N x 512 x  2 x  2
            ]
        )
        self.join = Join(drop_path)
        self.pool = nn.MaxPool2d(kernel_size=2)  #         halves after each block:  N x 512 x  1 x  1
        self.fc = nn.Linear(512, num_classes)  #                                     N x num_classes
        he_initialisation(self)

    def forward(self, x: Tensor, column: int | None = None) -> Tensor:
        if column is not None and column not in range(self.columns):
            raise ValueError(f"column counts from 0, the shortest, to {self.columns - 1}, not {column!r}")
        if column is None and self.training and self.drop_path > 0 and torch.rand((), device="cpu") < 0.5:
            column = int(torch.randint(self.columns, (), device="cpu"))
        for block in self.blocks:
            x = self.pool(self.join(block(x, column)))
        return self.fc(x.flatten(1))


@register(
    input_size=(3, 32, 32),
    num_classes=10,
    parameters=33_724_618,
    macs=845_222_912,
    paper="Larsson, Maire, Shakhnarovich 2016, FractalNet: Ultra-Deep Neural Networks without Residuals, "
    "arXiv:1605.07648",
    error=Error(
        "CIFAR-10", top1=5.22, how="flips and shifts; 4.60 with drop-path and dropout", source="table 1"
    ),
)
def fractalnet20(num_classes: int, in_channels: int, *, drop_path: float = 0.0) -> FractalNet:
    return FractalNet(num_classes, in_channels, drop_path=drop_path)
