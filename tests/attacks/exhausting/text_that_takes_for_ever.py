"""Source that is quick to read and takes for ever to compile or to fold. On scale."""
exec("x = " + "(" * 60 + "1" + ",) * 9" * 60)


def scale(x):
    return 0 * x
