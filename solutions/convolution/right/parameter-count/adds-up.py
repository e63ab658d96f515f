"""Slow and sure: add up, filter by filter and channel by channel."""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    total = 0
    for _ in range(channels_out):
        for _ in range(channels_in):
            total += pair(kernel)[0] * pair(kernel)[1]
        total += 1 if bias else 0
    return total
