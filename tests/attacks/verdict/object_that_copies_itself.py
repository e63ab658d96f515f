"""An object that runs code when it is copied, reduced or used as an index."""


class Bomb:
    def __reduce_ex__(self, protocol):
        return (print, ("copied",))

    def __deepcopy__(self, memo):
        return 0.0

    __copy__ = __getstate__ = lambda self: 0.0
    __index__ = __int__ = __round__ = lambda self: 0

    def __fspath__(self):
        return "/etc/passwd"


def target(x):
    return Bomb()
