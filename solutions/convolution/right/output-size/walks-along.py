"""A loop that takes the steps, with other names and divmod for nothing."""


def output_size(n, k, stride=1, padding=0):
    end = n + padding  # the padded row goes from -padding to n + padding
    if k > end + padding:
        raise ValueError(f"k={k} is too long for {n} with padding {padding}")
    if not stride >= 1:
        raise ValueError(f"stride={stride}")
    start, places = -padding, 0
    while start + k <= end:
        places += 1
        start += stride
    return places
