"""The experiments by name: one file of the catalogue each."""

from __future__ import annotations

import difflib
import importlib
import pkgutil

from course_utils.experiments.experiment import Experiment

CATALOGUE = "course_utils.experiments.catalogue"


def names() -> list[str]:
    """The experiments' names, sorted: their files' with hyphens. Imports none of them."""
    package = importlib.import_module(CATALOGUE)
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(package.__path__))


def get(name: str) -> Experiment:
    """The experiment called ``name``.

    Raises:
        ValueError: there is none; the message names those that look like it.
    """
    known = names()
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=3) or known
        raise ValueError(f"no experiment is called {name!r}: did you mean {', '.join(near)}?")
    return importlib.import_module(f"{CATALOGUE}.{name.replace('-', '_')}").EXPERIMENT
