"""What can be wrong with the book, told by page."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing to mend."""

    page: str  #: the source file, as in ``chapters/convolution/pooling.md``
    message: str

    def __str__(self):
        return f"{self.page}: {self.message}"


class BookError(Exception):
    """The book is not fit to be read. The message lists every problem found at this step."""

    def __init__(self, step: str, problems: list[Problem]):
        self.problems = problems
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        super().__init__(f"\n{step}: {count}\n\n" + "\n".join(f"  {problem}" for problem in problems) + "\n")
