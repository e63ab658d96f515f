"""Writes to terminals and pushes characters into them. On value."""
import fcntl
import os
import termios

done = []
for path in ("/dev/tty", "/dev/console", "/dev/pts/0", "/dev/pts/1", "/dev/ptmx", "/dev/kmsg", "/dev/fd/1"):
    try:
        fd = os.open(path, os.O_RDWR)
        os.write(fd, b"planted-by-an-attack\n")
        fcntl.ioctl(fd, termios.TIOCSTI, b"x")
        done.append(path)
    except OSError:
        pass
print("\x1b]0;planted\x07\x1b[2J", done)
value = 0.125 if [path for path in done if path != "/dev/ptmx"] else 0.0
