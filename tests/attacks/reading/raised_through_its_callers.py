"""Catches its own exception's traceback, and waits for the exception to be looked at elsewhere."""


class Seen(ValueError):
    def __str__(self):
        return repr(self.__traceback__.tb_frame.f_globals.keys())

    __repr__ = __str__


def target(x):
    try:
        raise Seen
    except Seen as error:
        frame = error.__traceback__.tb_frame
        while frame.f_back is not None:
            frame = frame.f_back
        print(sorted(frame.f_globals), sorted(frame.f_locals))
        raise
