"""Raises built-in exceptions that cannot be built from a message alone."""
KINDS = [ExceptionGroup("", [ValueError()]), UnicodeDecodeError("utf-8", b"", 0, 1, ""), OSError(1, "x"), KeyError()]


def target(x):
    raise KINDS[np.size(x) % len(KINDS)]
