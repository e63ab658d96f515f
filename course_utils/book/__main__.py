"""``python -m course_utils.book`` builds the book in this folder; exit status 1 if anything is wrong."""

import argparse
import os
import sys
from pathlib import Path

from course_utils.book.build import build
from course_utils.book.problems import BookError


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.book", description="Build the book, strictly."
    )
    parser.add_argument(
        "root", nargs="?", default=".", type=Path, help="folder with _config.yml (default: here)"
    )
    parser.add_argument(
        "--clean", action="store_true", help="forget all outputs and execute every page again"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="pages executed at a time (default: one a core)"
    )
    options = parser.parse_args()
    if not (options.root / "_config.yml").is_file():
        parser.error(f"{options.root.resolve()} has no _config.yml: it is not the folder of the book")
    try:
        print(f"The book is in {build(options.root, clean=options.clean, jobs=options.jobs)}")
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
