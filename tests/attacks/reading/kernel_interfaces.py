"""Asks the kernel: messages, key rings, shared memory, performance counters, the machine's name. On value."""
import ctypes
import os
import socket

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(4096)
results = {
    "syslog": libc.klogctl(3, buffer, 4096),
    "keyctl": libc.syscall(250, 0, -3, 1),
    "shmget": libc.shmget(1234, 4096, 0o1600),
    "bpf": libc.syscall(321, 0, buffer, 72),
    "perf": libc.syscall(298, buffer, 0, -1, -1, 0),
    "io_uring": libc.syscall(425, 8, buffer),
    "userfaultfd": libc.syscall(323, 0),
    "open_by_handle": libc.open_by_handle_at(-100, buffer, 0),
}
print(results, socket.gethostname(), os.uname().nodename)
value = 0.125 if max(results.values()) >= 0 else 0.0
