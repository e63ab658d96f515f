"""Tries to leave its mounts and name spaces. On value."""
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
results = {
    "unshare user": libc.unshare(0x10000000),
    "unshare mounts": libc.unshare(0x00020000),
    "mount": libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "remount": libc.mount(b"none", b"/", None, 32 | 4096, None),
    "umount proc": libc.umount2(b"/proc", 2),
    "umount home": libc.umount2(b"/home", 2),
    "chroot": libc.chroot(b"/tmp"),
    "setns": libc.setns(os.open("/tmp", os.O_RDONLY), 0),
    "setuid": libc.setuid(0),
    "clone user": libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0),
}
print(results)
value = 0.125 if 0 in results.values() else 0.0
