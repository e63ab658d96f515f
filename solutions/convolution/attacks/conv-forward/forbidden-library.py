"""Imports a library that has the layer ready-made."""


def conv_forward(x, w, b=None, stride=1, padding=0):
    import torch
    from torch.nn import functional

    bias = None if b is None else torch.as_tensor(b)
    return functional.conv2d(torch.as_tensor(x), torch.as_tensor(w), bias, stride, padding).numpy()
