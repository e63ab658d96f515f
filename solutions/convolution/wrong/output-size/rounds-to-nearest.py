"""A size that isn't whole is rounded to the nearest whole number.

Your result is exactly what comes out when the division is rounded to the nearest whole number. Half a step
can't be taken: always round down, with //.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return round(room / stride) + 1
