"""Reads every file descriptor that it has inherited. On value."""
import os
import stat

found = []
for fd in range(1024):
    try:
        kind = os.fstat(fd).st_mode
    except OSError:
        continue
    found.append((fd, stat.filemode(kind), os.readlink(f"/proc/self/fd/{fd}") if os.path.exists(f"/proc/self/fd/{fd}") else ""))
print(found)
value = 0.125 if any(mode[0] == "-" for _, mode, _ in found) else 0.0
