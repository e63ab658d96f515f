"""No formula: count where the kernel can start."""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError("the kernel never moves")
    places = len(range(0, size + 2 * padding - kernel + 1, stride))
    if places == 0:
        raise ValueError("the kernel is longer than the padded row")
    return places
