"""The walls around one submission: namespaces, limits, and a filter on system calls.

Threat answered: student code that reads, disturbs or outlives anything but itself. The zygote already runs
inside bubblewrap (no network, read-only system, empty home, environment scrubbed). Each submission adds, in
the fork that will run it, before any student code:

- its own user, process, mount, IPC, network and host-name spaces: it sees no other process, and its death
  kills all that it started;
- its own small, empty /tmp, home and /dev/shm;
- limits on memory, CPU seconds, processes, open files and file size;
- a session of its own: Linux shares the processor out between sessions, so a hundred busy processes slow no
  other submission;
- no capabilities, and a system-call filter: no further sessions, no new name spaces or mounts, no tracing of
  processes, no kernel key rings or System V memory (both outlive processes), no larger socket buffers (memory
  charged to no process), no BPF, io_uring or performance counters (a large attack surface that no assignment
  needs).

What the kernel refuses raises ``CannotConfine``, which the zygote reports: no student code runs then.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import socket
import struct

_libc = ctypes.CDLL(None, use_errno=True)

_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
_CLONE_NEWUSER, _CLONE_NEWPID, _CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 1, 2, 4, 8, 1 << 14, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 1, 4, 22, 24
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
_SIGKILL = 9

WORK = "/home/student/work"


class CannotConfine(OSError):
    """The kernel refused a part of the confinement."""


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise CannotConfine(number, f"{what}: {os.strerror(number)}")


def new_spaces() -> None:
    """Move the calling process into name spaces of its own; its next child is the first process of the new
    space.
    """
    uid, gid = os.getuid(), os.getgid()
    flags = _CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWIPC | _CLONE_NEWNET | _CLONE_NEWUTS
    _check(_libc.unshare(flags), "new name spaces")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def private_folders(scratch_bytes: int) -> None:
    """Cover every writable folder with an empty one that lives and dies with this mount space."""
    _check(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "private mounts")
    options = f"size={scratch_bytes},nr_inodes=10000,mode=700".encode()
    for folder in (b"/tmp", b"/home", b"/dev/shm"):
        _check(
            _libc.mount(b"tmpfs", folder, b"tmpfs", _MS_NOSUID | _MS_NODEV, options),
            f"a private {folder.decode()}",
        )
    os.makedirs(WORK)


def own_proc() -> None:
    """Show this process space alone under /proc; where the kernel refuses, an empty /proc is as safe."""
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    if _libc.mount(b"proc", b"/proc", b"proc", flags | _MS_RDONLY, None) != 0:
        _check(_libc.mount(b"tmpfs", b"/proc", b"tmpfs", flags | _MS_RDONLY, b"size=4096"), "an empty /proc")


def drop_privileges() -> None:
    """Give up every capability of the new user space, for this process and all it will start."""
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("Ii", 0x20080522, 0)  # version 3, this process
    _check(_libc.capset(header, bytes(24)), "dropping capabilities")
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")


def set_limits(memory_bytes: int, cpu_seconds: int, processes: int, file_bytes: int) -> None:
    """Limits for each process from here on; memory is counted on top of what the zygote has already
    mapped.
    """
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    wanted = {
        resource.RLIMIT_AS: mapped + memory_bytes,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 1 << 20,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for which, value in wanted.items():
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def set_dumpable(yes: bool) -> None:
    """Whether processes of the same user may look into this one's memory."""
    _libc.prctl(_PR_SET_DUMPABLE, int(yes), 0, 0, 0)


# System calls refused after set-up, by architecture: (x86_64, aarch64).
_REFUSED = {
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40),
    "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "mount_setattr": (442, 442), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438), "kcmp": (312, 272),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186),
    "semget": (64, 190), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "mq_open": (240, 180), "quotactl": (179, 60), "swapon": (167, 224),
    "reboot": (169, 142), "kexec_load": (246, 104), "init_module": (175, 105),
    "finit_module": (313, 273), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "acct": (163, 89), "syslog": (103, 116), "personality": (135, 92),
}  # fmt: skip
_CLONE, _CLONE3, _SETSOCKOPT, _SETSID = (56, 220), (435, 435), (54, 208), (112, 157)
_BUFFER_SIZES = (socket.SO_SNDBUF, socket.SO_RCVBUF, 32, 33)  # the last two are the privileged ways
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_EPERM, _ENOSYS = 1, 38


def _filter_program(machine: str) -> bytes:
    """Classic BPF: allow everything but the calls above; another architecture's calls (32-bit entry) kill."""
    column, audit_arch = _ARCHITECTURES[machine]
    load, equal, at_least, any_bit, ret = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, kill, error = 0x7FFF0000, 0x80000000, 0x00050000
    arg0, arg1, arg2 = 16, 24, 32

    def ins(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", code, yes, no, k)

    program = [ins(load, 4), ins(equal, audit_arch, 1, 0), ins(ret, kill), ins(load, 0)]
    if machine == "x86_64":  # the x32 twins of the same calls
        program += [ins(at_least, 0x40000000, 0, 1), ins(ret, kill)]
    program += [ins(equal, _CLONE3[column], 0, 1), ins(ret, error | _ENOSYS)]  # libc falls back to clone
    program += [ins(equal, _SETSID[column], 0, 1), ins(ret, error)]  # "done": a subprocess may ask for one
    program += [ins(equal, _CLONE[column], 0, 4), ins(load, arg0), ins(any_bit, _CLONE_NEWUSER, 0, 1)]
    program += [ins(ret, error | _EPERM), ins(ret, allow)]
    # Larger socket buffers: memory that no process is charged for.
    program += [ins(equal, _SETSOCKOPT[column], 0, 9), ins(load, arg1), ins(equal, socket.SOL_SOCKET, 0, 6)]
    program += [ins(load, arg2), *(ins(equal, option, 3 - i) for i, option in enumerate(_BUFFER_SIZES[:3]))]
    program += [ins(equal, _BUFFER_SIZES[3], 0, 1), ins(ret, error | _EPERM), ins(ret, allow)]
    for numbers in _REFUSED.values():
        program += [ins(equal, numbers[column], 0, 1), ins(ret, error | _EPERM)]
    program.append(ins(ret, allow))
    return b"".join(program)


def filter_system_calls() -> bool:
    """Refuse the calls above from here on, for all descendants; False where this architecture has no
    table.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return False
    code = _filter_program(machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    _check(_libc.prctl(_PR_SET_SECCOMP, 2, ctypes.c_char_p(program), 0, 0), "the system-call filter")
    return True


def close_everything_but(keep: set[int]) -> None:
    """Close inherited files; standard input, output and error become /dev/null."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        if fd not in keep:
            os.dup2(null, fd)
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc/self/fd"):
            fd = int(name)
            if fd > 2 and fd not in keep:
                with contextlib.suppress(OSError):
                    os.close(fd)
