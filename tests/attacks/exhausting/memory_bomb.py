"""Takes memory until there is none. On scale."""


def scale(x):
    kept = []
    while True:
        kept.append(np.ones(10**7))
