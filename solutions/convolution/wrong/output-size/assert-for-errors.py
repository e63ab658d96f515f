"""assert is a way to refuse bad arguments.

Where an argument makes no sense your function raises an AssertionError. Asserts are for what can't happen,
and vanish under python -O; what a caller can get wrong is refused with ValueError.
"""


def output_size(size, kernel, stride=1, padding=0):
    assert stride >= 1, "stride must be at least 1"
    room = size + 2 * padding - kernel
    assert room >= 0, "the kernel does not fit"
    return room // stride + 1
