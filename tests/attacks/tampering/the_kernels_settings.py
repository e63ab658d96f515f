"""Writes to the kernel's settings, the control groups and its own priorities. On value."""
import ctypes
import glob
import os
import resource

done = []
for path in ("/proc/sys/kernel/hostname", "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj", "/proc/sysrq-trigger", *glob.glob("/sys/fs/cgroup/*")):
    try:
        with open(path, "w") as file:
            file.write("-1000" if "oom" in path else "planted-by-an-attack")
        done.append(path)
    except OSError:
        pass
for limit in (resource.RLIMIT_NPROC, resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
    try:
        resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        done.append(limit)
    except (OSError, ValueError):
        pass
try:
    os.nice(-20)
    done.append("nice")
except OSError:
    pass
if ctypes.CDLL(None).sethostname(b"planted", 7) == 0:
    done.append("hostname")
print(done)
value = 0.125 if done else 0.0
