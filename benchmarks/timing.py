"""What the benchmarks share: timing functions that take turns, and saying on what machine."""

import gc
import platform
import random
import time
from pathlib import Path


def best_of(rounds: int, *functions) -> list[float]:
    """Processor seconds of the fastest call of each function; the functions take turns, shuffled each round.

    For work on one thread this is the time on the clock of an idle machine. Other work only ever makes a call
    slower, and taking turns lets it disturb all alike. What ran just before decides what is in the cache (the
    same convolution takes up to 8 % longer after one neighbour than after another), so no function keeps its
    neighbours.
    """
    best = [float("inf")] * len(functions)
    turns, order = list(range(len(functions))), random.Random(0)
    collecting = gc.isenabled()
    gc.disable()
    for _ in range(rounds):
        order.shuffle(turns)
        for i in turns:
            start = time.process_time()
            functions[i]()
            best[i] = min(best[i], time.process_time() - start)
    if collecting:
        gc.enable()
    return best


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
