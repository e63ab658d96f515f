"""Length-framed messages over a socket, with deadlines and a size cap.

Threat answered: the other side may send nothing, half a frame, an endless stream or a frame of many
gigabytes. Every wait has a deadline, every length is checked before a byte is allocated, and a closed socket
is one clear exception.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time

HEADER = struct.Struct(">Q")
_CHUNK = 1 << 16


class Closed(Exception):
    """The other side closed the channel, or died."""


class DeadlineExceeded(Exception):
    """Nothing complete arrived, or nothing could be sent, before the deadline."""


class FrameTooLarge(Exception):
    """The other side announced a frame above the cap."""


class Channel:
    """One end of a conversation in which the two sides take turns.

    Args:
        sock: a connected stream socket; the channel owns it.
        max_frame: largest payload in bytes that will be accepted from the other side.

    Deadlines are ``time.monotonic()`` values; None waits for ever.
    """

    def __init__(self, sock: socket.socket, max_frame: int):
        sock.setblocking(False)
        self.sock = sock
        self.max_frame = max_frame
        self._buffer = bytearray()
        self._fds: list[int] = []
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(sock, select.POLLIN)
        self._writable.register(sock, select.POLLOUT)

    @classmethod
    def pair(cls, max_frame: int) -> tuple[Channel, socket.socket]:
        """A channel, and the bare socket to hand to the process at the other end."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        return cls(ours, max_frame), theirs

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.close()

    def send(self, payload: bytes, fds: tuple[int, ...] = (), deadline: float | None = None) -> None:
        """Send one frame; open files travel with its first byte."""
        header = HEADER.pack(len(payload))
        if fds:
            self._send_all(header[:1], deadline, fds)
            header = header[1:]
        if len(payload) < _CHUNK:
            self._send_all(header + payload, deadline)
        else:
            self._send_all(header, deadline)
            self._send_all(payload, deadline)

    def receive(self, deadline: float | None = None) -> bytes:
        """The next frame's payload."""
        while len(self._buffer) < HEADER.size:
            self._buffer += self._some(_CHUNK, deadline)
        (length,) = HEADER.unpack_from(self._buffer)
        if length > self.max_frame:
            raise FrameTooLarge(f"a frame of {length} bytes; at most {self.max_frame} are accepted")
        end = HEADER.size + length
        while len(self._buffer) < end:
            self._buffer += self._some(max(_CHUNK, min(end - len(self._buffer), 1 << 24)), deadline)
        payload = bytes(memoryview(self._buffer)[HEADER.size : end])
        del self._buffer[:end]
        return payload

    def receive_with_fds(self, deadline: float | None = None) -> tuple[bytes, list[int]]:
        """The next frame's payload and the open files that came with it; only for frames from a trusted
        side.
        """
        while len(self._buffer) < HEADER.size:
            self._wait(self._readable, deadline)
            try:
                part, fds, _, _ = socket.recv_fds(self.sock, _CHUNK, 1)
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed(str(error)) from None
            if not part:
                raise Closed("end of stream")
            self._buffer += part
            self._fds += fds
        payload = self.receive(deadline)
        fds, self._fds = self._fds, []
        return payload, fds

    def _some(self, count: int, deadline: float | None) -> bytes:
        while True:
            self._wait(self._readable, deadline)
            try:
                part = self.sock.recv(count)
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed(str(error)) from None
            if not part:
                raise Closed("end of stream")
            return part

    def _send_all(self, data: bytes, deadline: float | None, fds: tuple[int, ...] = ()) -> None:
        view = memoryview(data)
        while view:
            try:
                sent = socket.send_fds(self.sock, [view], list(fds)) if fds else self.sock.send(view)
            except BlockingIOError:
                self._wait(self._writable, deadline)
                continue
            except OSError as error:
                raise Closed(str(error)) from None
            view, fds = view[sent:], ()

    def _wait(self, poll: select.poll, deadline: float | None) -> None:
        if deadline is None:
            poll.poll()
            return
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not poll.poll(remaining * 1000 + 1):
            raise DeadlineExceeded("no answer before the deadline")
