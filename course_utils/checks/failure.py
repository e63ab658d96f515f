"""The one exception that a check raises."""


class CheckFailed(AssertionError):
    """An answer does something else than it should. The message is written for the student."""
