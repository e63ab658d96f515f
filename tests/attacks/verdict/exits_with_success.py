"""Ends the process with the code of success."""
import os


def target(x):
    os._exit(0)
