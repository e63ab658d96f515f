"""numpy's floor, made an int at the end; errors of a class of its own."""


class DoesNotFit(ValueError):
    pass


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1 or size + 2 * padding < kernel:
        raise DoesNotFit(f"kernel {kernel}, stride {stride} on {size} + 2 * {padding}")
    return int(np.floor((size + 2 * padding - kernel) / stride)) + 1
