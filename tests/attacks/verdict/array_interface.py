"""An object that claims to be an array in all the ways that libraries ask for, at an address of its choice."""


class Array:
    __array_interface__ = {"shape": (3, 4), "typestr": "<f8", "data": (0, False), "version": 3}
    __cuda_array_interface__ = __array_interface__
    __array_priority__ = 1e9
    shape, dtype, ndim = (3, 4), np.dtype(float), 2

    def __dlpack__(self, **kwargs):
        return None


def target(x):
    return Array()
