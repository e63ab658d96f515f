"""Memory in pages of 2 MiB, for a process that will be forked hundreds of times.

A fork copies the page table and its end takes it down again: with torch imported, in pages of 4 KiB, that is
most of what a fork costs. In large pages it costs about half.
"""

from __future__ import annotations

import ctypes
import re

_SIZE = 2 << 20
_ADVICE = (14, 25)  # MADV_HUGEPAGE, MADV_COLLAPSE
_ANONYMOUS = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) rw.p \S+ \S+ 0 *(?:\[heap\])?$")


def use_large_pages() -> int:
    """Move what this process has allocated into large pages; the bytes for which the kernel did it.

    Kernels before 6.1, and those on which large pages are switched off, leave all as it was.
    """
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    moved = 0
    with open("/proc/self/maps") as file:
        areas = [match.groups() for line in file if (match := _ANONYMOUS.match(line.rstrip()))]
    for low, high in areas:
        start = -(-int(low, 16) // _SIZE) * _SIZE
        length = int(high, 16) // _SIZE * _SIZE - start
        if length > 0 and not any(libc.madvise(start, length, advice) for advice in _ADVICE):
            moved += length
    return moved
