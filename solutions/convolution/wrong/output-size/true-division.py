"""The division is an ordinary one, so that sizes can be fractions or floats.

You divide with /, which gives a float: 7.0 can't be the shape of an array, and 2.33 places don't exist. //
divides and rounds down at once.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return room / stride + 1
