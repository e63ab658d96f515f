"""What a page depends on: everything of the package that its code can reach, and no more."""

import itertools
from pathlib import Path

import pytest

from course_utils.book.dependencies import fingerprint, reachable
from course_utils.book.sources import toc_pages

ROOT = Path(__file__).parents[2]
FILES = {
    "course_utils/__init__.py": "",
    "course_utils/alone.py": "x = 1",
    "course_utils/numbers.py": "from course_utils.tools import helper\n",
    "course_utils/tools/__init__.py": "",
    "course_utils/tools/helper.py": "def f():\n    from . import late\n",
    "course_utils/tools/late.py": "",
    "course_utils/tools/unused.py": "",
    "course_utils/tools/table.json": "{}",
    "course_utils/tools/inner/__init__.py": "",
    "course_utils/tools/inner/words.txt": "",
    "course_utils/rare.py": "def draw():\n    import course_utils.alone  # only for pages that say draw\n",
    "course_utils/registry/__init__.py": "import importlib\nload = importlib.import_module\n",
    "course_utils/registry/first.py": "import course_utils.alone",
    "constraints.txt": "numpy==2\n",
}


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def names(root, *cells):
    return {path.relative_to(root).as_posix() for path in reachable(cells, root)}


def test_a_page_without_imports_of_ours_depends_on_nothing(root):
    assert names(root, "import numpy as np", "x = 1") == set()


@pytest.mark.parametrize(
    "cell",
    [
        "from course_utils.numbers import x",
        "from course_utils import numbers",
        "import course_utils.numbers as n",
        "%matplotlib inline\nimport course_utils.numbers\nnumbers?\n!ls",
        "def f():\n    if True:\n        import course_utils.numbers",
    ],
)
def test_imports_are_followed_through_the_package(root, cell):
    assert names(root, cell) == {
        "course_utils/__init__.py",
        "course_utils/numbers.py",
        "course_utils/tools/__init__.py",
        "course_utils/tools/helper.py",
        "course_utils/tools/late.py",  # a relative import, inside a function
        "course_utils/tools/table.json",  # data beside the code; not the inner package's
    }


@pytest.mark.parametrize(("call", "needed"), [("rare.draw()", True), ("rare.drawn()", False)])
def test_an_import_for_few_pages_counts_for_those_that_say_so(root, call, needed):
    found = names(root, "from course_utils import rare", call)
    assert "course_utils/rare.py" in found
    assert ("course_utils/alone.py" in found) == needed


def test_a_package_that_imports_by_name_counts_as_a_whole(root):
    assert {"course_utils/registry/first.py", "course_utils/alone.py"} <= names(
        root, "import course_utils.registry"
    )


@pytest.mark.parametrize("changed", FILES)
def test_the_fingerprint_follows_what_is_reachable(root, changed):
    cells = ["from course_utils.numbers import x"]
    before = fingerprint(cells, root)
    assert before == fingerprint(cells, root)
    (root / changed).write_text(FILES[changed] + "\n\n")
    relevant = changed == "constraints.txt" or root / changed in reachable(cells, root)
    assert (fingerprint(cells, root) != before) == relevant


def test_a_syntax_error_is_left_to_the_execution(root):
    assert names(root, "import course_utils.alone", "def f(:") == {
        "course_utils/__init__.py",
        "course_utils/alone.py",
    }


def test_the_pages_of_the_book_depend_on_what_they_teach_with():
    page = next(page for page in toc_pages(ROOT) if page.docname.endswith("convolution-layer"))
    found = names(ROOT, *page.code)
    assert {"course_utils/arithmetic/sizes.py", "course_utils/layers/convolution.py"} <= found
    rooms = {name.split("/")[1] for name in found}
    assert not {"grading", "book", "models"} & rooms, f"convolution-layer should not depend on all of {rooms}"


def test_a_page_that_draws_a_network_depends_on_the_networks():
    page = next(page for page in toc_pages(ROOT) if page.docname.endswith("case-studies/lenet"))
    drawn = [cell for cell in page.code if "show_network" in cell]
    assert drawn and "course_utils/models/lenet.py" in names(ROOT, *drawn)


def test_no_page_depends_on_how_the_book_is_built():
    found = itertools.chain.from_iterable(names(ROOT, *page.code) for page in toc_pages(ROOT) if page.code)
    assert not any(name.startswith(("course_utils/book/", "course_utils/grading/")) for name in found)
