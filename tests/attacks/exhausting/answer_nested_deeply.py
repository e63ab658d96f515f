"""Returns lists within lists, without end and within themselves. On scale."""
deep = []
for _ in range(10_000):
    deep = [deep]
round_and_round = []
round_and_round.append(round_and_round)


def scale(x):
    return round_and_round if isinstance(x, int) else deep
