"""Returns an object whose attributes are objects of the same kind, without end."""


class Deep:
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Deep()

    def __iter__(self):
        return iter([Deep()] * 6)


def target(x):
    return Deep()
