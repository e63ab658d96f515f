"""Starts processes without end while its cell is running. May cost the rest, too. On scale."""
import os

for _ in range(30):
    try:
        os.fork()
    except OSError:
        pass
