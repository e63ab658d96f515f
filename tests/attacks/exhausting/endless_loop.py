"""Never returns. On scale."""


def scale(x):
    while True:
        pass
