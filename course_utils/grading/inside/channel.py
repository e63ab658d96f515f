"""Length-framed messages over a socket, with deadlines and a size cap.

Threat answered: the other side may send nothing, half a frame, an endless stream or a frame of many gigabytes. Every
wait has a deadline, every length is checked before a byte is allocated, and a closed socket is one clear exception.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time

HEADER = struct.Struct(">Q")


class Closed(Exception):
    """The other side closed the channel, or died."""


class DeadlineExceeded(Exception):
    """Nothing complete arrived, or nothing could be sent, before the deadline."""


class FrameTooLarge(Exception):
    """The other side announced a frame above the cap."""


class Channel:
    """One end of a conversation.

    Args:
        sock: a connected stream socket; the channel owns it.
        max_frame: largest payload in bytes that will be accepted from the other side.
    """

    def __init__(self, sock: socket.socket, max_frame: int):
        self.sock = sock
        self.max_frame = max_frame

    @classmethod
    def pair(cls, max_frame: int) -> tuple[Channel, socket.socket]:
        """A channel, and the bare socket to hand to the process at the other end."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        return cls(ours, max_frame), theirs

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.close()

    def send(self, payload: bytes, fds: tuple[int, ...] = (), deadline: float | None = None) -> None:
        """Send one frame; ``deadline`` is a ``time.monotonic()`` value. Open files travel with the header."""
        try:
            header = HEADER.pack(len(payload))
            self._set_timeout(deadline)
            if fds:
                sent = socket.send_fds(self.sock, [header], list(fds))
                header = header[sent:]
            view = memoryview(header + payload if len(payload) < 65536 else header)
            while view:
                self._set_timeout(deadline)
                view = view[self.sock.send(view) :]
            if len(payload) >= 65536:
                view = memoryview(payload)
                while view:
                    self._set_timeout(deadline)
                    view = view[self.sock.send(view) :]
        except TimeoutError:
            raise DeadlineExceeded("the other side does not read") from None
        except OSError as error:
            raise Closed(str(error)) from None

    def receive(self, deadline: float | None = None) -> bytes:
        """The next frame's payload."""
        return self.receive_with_fds(deadline, 0)[0]

    def receive_with_fds(self, deadline: float | None = None, max_fds: int = 1) -> tuple[bytes, list[int]]:
        """The next frame's payload and the open files that came with it."""
        fds: list[int] = []
        try:
            header = b""
            while len(header) < HEADER.size:
                self._set_timeout(deadline)
                if max_fds:
                    part, new, _, _ = socket.recv_fds(self.sock, HEADER.size - len(header), max_fds)
                    fds += new
                else:
                    part = self.sock.recv(HEADER.size - len(header))
                if not part:
                    raise Closed("end of stream")
                header += part
            (length,) = HEADER.unpack(header)
            if length > self.max_frame:
                raise FrameTooLarge(f"a frame of {length} bytes; at most {self.max_frame} are accepted")
            payload = bytearray(length)
            view = memoryview(payload)
            while view:
                self._set_timeout(deadline)
                count = self.sock.recv_into(view)
                if not count:
                    raise Closed("end of stream inside a frame")
                view = view[count:]
            return bytes(payload), fds
        except TimeoutError:
            _close_all(fds)
            raise DeadlineExceeded("no answer before the deadline") from None
        except OSError as error:
            _close_all(fds)
            raise Closed(str(error)) from None

    def _set_timeout(self, deadline: float | None) -> None:
        if deadline is None:
            self.sock.settimeout(None)
            return
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self.sock.settimeout(remaining)


def _close_all(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)
