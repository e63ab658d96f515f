"""From root to nobody, once and for good, before bubblewrap starts. Run as a script with a plan in JSON.

Threat answered: a sandbox started by root maps root into its user name space, and the kernel does not count
root's processes against the limit. As nobody it does, and even a hole in the sandbox would lead to a user
that owns nothing.

Folders that nobody may not reach (a Python under /root, a course in a private home) are first mounted, in a
mount space of this process alone, below a folder that it may; ``@0``, ``@1``, ... in the command stand for
them.
"""

import ctypes
import json
import os
import sys

_MS_BIND, _MS_REC, _MS_PRIVATE, _CLONE_NEWNS = 1 << 12, 1 << 14, 1 << 18, 0x00020000
_STAGE = "/mnt"


def main() -> None:
    plan = json.loads(sys.argv[1])
    libc = ctypes.CDLL(None, use_errno=True)

    def check(result: int, what: str) -> None:
        if result != 0:
            sys.exit(f"{what}: {os.strerror(ctypes.get_errno())}")

    check(libc.unshare(_CLONE_NEWNS), "a mount space")
    check(libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "private mounts")
    check(libc.mount(b"tmpfs", _STAGE.encode(), b"tmpfs", 0, b"mode=755,size=1m"), "a place for mounts")
    for number, source in enumerate(plan["binds"]):
        place = f"{_STAGE}/{number}"
        if os.path.isdir(source):
            os.mkdir(place)
        else:
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
        check(
            libc.mount(source.encode(), place.encode(), None, _MS_BIND | _MS_REC, None), f"mounting {source}"
        )
    os.setgroups([])
    os.setresgid(plan["uid"], plan["uid"], plan["uid"])
    os.setresuid(plan["uid"], plan["uid"], plan["uid"])
    command = [
        f"{_STAGE}/{part[1:]}" if part[:1] == "@" and part[1:].isdigit() else part for part in plan["command"]
    ]
    os.execv(command[0], command)


main()
