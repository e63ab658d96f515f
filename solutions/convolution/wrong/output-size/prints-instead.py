"""Working the answer out, or printing it, is giving the answer.

Your function returns None: there is no return, or it prints its result instead. Print shows a number to a
person; return hands it to the program, which needs it to make an array.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    print(room // stride + 1)
