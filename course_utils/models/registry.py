"""One door to all architectures: ``create(name)``, ``names()`` and what each network's paper published."""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from .network import Network


@dataclass(frozen=True)
class Error:
    """A published test error, in per cent: of one network unless `how` says otherwise."""

    dataset: str  # such as "ImageNet validation", "CIFAR-10"
    top1: float | None = None
    top5: float | None = None
    how: str = ""  # crops, augmentation, ensembles: whatever the number depends on
    source: str = ""  # where it stands, such as "table 4" of the entry's paper

    def __str__(self) -> str:
        both = {"top-1": self.top1, "top-5": self.top5}
        rates = ", ".join(f"{kind} {rate:g} %" for kind, rate in both.items() if rate is not None)
        notes = ", ".join(note for note in (self.how, self.source) if note)
        return f"{self.dataset}: {rates}" + (f" ({notes})" if notes else "")


@dataclass(frozen=True)
class Entry:
    """What is known of a registered network.

    `parameters` and `macs` belong to the default `num_classes` and `input_size`, without options; `macs` are
    the multiply-adds of convolutions and linear layers for one image (1 MAC = 2 FLOPs).
    """

    name: str
    family: str  # the module it is defined in
    input_size: tuple[int, int, int]  # (C, H, W)
    num_classes: int
    parameters: int
    macs: int
    paper: str
    error: Error | None
    build: Callable[..., Network]  # build(num_classes, in_channels, **options)

    @property
    def options(self) -> dict[str, object]:
        """The network's own options and their defaults."""
        parameters = inspect.signature(self.build).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


_entries: dict[str, Entry] = {}


def register(
    *,
    input_size: tuple[int, int, int],
    num_classes: int,
    parameters: int,
    macs: int,
    paper: str,
    error: Error | None = None,
) -> Callable:
    """Register the decorated function ``f(num_classes, in_channels, *, options...)`` under its own name.

    The values are `Entry`'s. The function comes back unchanged.
    """

    def add(build: Callable[..., Network]) -> Callable[..., Network]:
        name, family = build.__name__, build.__module__.rpartition(".")[2]
        if name in _entries:
            raise ValueError(f"two networks are called {name!r}: in {_entries[name].family} and {family}")
        _entries[name] = Entry(name, family, input_size, num_classes, parameters, macs, paper, error, build)
        return build

    return add


@cache
def _load_families() -> None:
    """Import every module of this package, so that each registers its networks."""
    for module in pkgutil.iter_modules(importlib.import_module(__package__).__path__):
        importlib.import_module(f"{__package__}.{module.name}")


def names(family: str | None = None) -> list[str]:
    """The names that `create` knows, sorted; those of one `family` (a module such as ``"resnet"``) if given.

    Raises:
        ValueError: there is no such family.
    """
    _load_families()
    families = {entry.family for entry in _entries.values()}
    if family is not None and family not in families:
        raise ValueError(f"no family {family!r}; there are {', '.join(sorted(families))}")
    return sorted(name for name, entry in _entries.items() if family in (None, entry.family))


def entry(name: str) -> Entry:
    """What is known of the network called `name`.

    >>> entry("lenet5").parameters
    61706

    Raises:
        TypeError: `name` is not a string.
        ValueError: no network has this name; the message lists those that look like it.
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a string such as 'resnet50', not {name!r}")
    _load_families()
    if name not in _entries:
        near = _near(name)
        hint = f"did you mean {', '.join(near)}?" if near else "names() lists them all"
        raise ValueError(f"no network is called {name!r}; {hint}")
    return _entries[name]


def _near(name: str) -> list[str]:
    """Registered names that look like `name`, the nearest first; case and punctuation don't count."""

    def plain(text: str) -> str:
        return "".join(letter for letter in text.lower() if letter.isalnum())

    by_plain = {plain(known): known for known in sorted(_entries)}
    close = difflib.get_close_matches(plain(name), by_plain, n=5, cutoff=0.6)
    within = [known for known in by_plain if plain(name) and plain(name) in known]
    return [by_plain[known] for known in dict.fromkeys(close + within)][:8]


def create(name: str, num_classes: int | None = None, in_channels: int | None = None, **options) -> Network:
    """Build the network called `name`, with freshly drawn weights.

    Args:
        name: one of `names()`.
        num_classes: size of the output; by default the paper's (1000 for ImageNet networks, 10 for CIFAR).
        in_channels: channels of the input; by default the paper's (3, or 1 for the digit readers).
        **options: what `entry(name).options` lists.

    Returns:
        A module that takes ``(N, in_channels, H, W)`` and returns logits ``(N, num_classes)``. Its ``name``
        and ``input_size`` (C, H, W) say what it is. Under ``with torch.device("meta")`` it takes no memory.

    Raises:
        TypeError: an argument has the wrong type, or the network has no such option.
        ValueError: an unknown name (near matches are listed), or a size below 1.

    >>> model = create("lenet5", num_classes=26)
    >>> model(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 26])
    """
    found = entry(name)
    num_classes = found.num_classes if num_classes is None else _positive("num_classes", num_classes)
    in_channels = found.input_size[0] if in_channels is None else _positive("in_channels", in_channels)
    for option in options:
        if option not in found.options:
            known = ", ".join(found.options) or "none"
            raise TypeError(f"{name} has no option {option!r}; its options: {known}")
    model = found.build(num_classes, in_channels, **options)
    model.name = name
    model.input_size = (in_channels, *found.input_size[1:])
    return model


def _positive(argument: str, value: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{argument} must be an integer, not {value!r}")
    if value < 1:
        raise ValueError(f"{argument} must be at least 1, not {value}")
    return value
