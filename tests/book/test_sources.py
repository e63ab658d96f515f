"""The checks of the book's sources: each finds what it is for, and the book itself has none of it."""

from pathlib import Path

import pytest

from course_utils.book.problems import BookError
from course_utils.book.sources import HEADER, check_sources, toc_pages

ROOT = Path(__file__).parents[2]


@pytest.fixture
def book(tmp_path):
    """Writes a book of one page and returns what is wrong with its sources."""

    def problems(text, *, toc="format: jb-book\nroot: page\n"):
        (tmp_path / "_config.yml").write_text((ROOT / "_config.yml").read_text())
        (tmp_path / "_toc.yml").write_text(toc)
        (tmp_path / "page.md").write_text(text)
        return [str(problem) for problem in check_sources(tmp_path, toc_pages(tmp_path))]

    return problems


def test_the_book_is_in_order():
    assert check_sources(ROOT, toc_pages(ROOT)) == []


def test_a_sound_page_has_no_problems(book):
    assert book(f"""{HEADER}

# Title

![a grey square](square.png)

```{{figure}} square.png
:alt: a grey square

A caption.
```

```{{exercise-start}}
:label: one
```
Compute.
```{{exercise-end}}
```

```{{code-cell}} ipython3
---
mystnb:
  image:
    alt: "{"a long description of what one sees " * 5}"
---
1 + 1
```

````{{note}}
```python
not_executed()
```
````
""") == []  # fmt: skip


def test_code_without_the_header_is_told_what_the_header_is(book):
    problems = book("# Title\n\n```{code-cell} ipython3\n1\n```\n")
    assert len(problems) == 1
    assert problems[0].startswith("page.md:1: ") and HEADER in problems[0]
    without_kernel = HEADER.replace("  name: python3\n", "")
    assert "kernel" in book(f"{without_kernel}\n\n```{{code-cell}}\n1\n```\n")[0]


@pytest.mark.parametrize("outer", ["solution", "admonition", "exercise"])
def test_code_that_would_not_run_is_found(book, outer):
    text = f"{HEADER}\n\n````{{{outer}}} one\n\ntext\n\n```{{code-cell}} ipython3\n1\n```\n````\n"
    line = text.splitlines().index("```{code-cell} ipython3") + 1
    [problem] = book(text)
    assert problem.startswith(f"page.md:{line}: ") and f"{{{outer}-start}}" in problem


@pytest.mark.parametrize("image", ["![](a.png)", "![ ](a.png)", "text ![](a.png) text"])
def test_an_image_without_alternative_text_is_found(book, image):
    assert book(f"# Title\n\n{image}\n") == [
        "page.md:3: an image without alternative text; write ![what one sees](file)"
    ]


@pytest.mark.parametrize("name", ["image", "figure"])
def test_a_directive_without_alternative_text_is_found(book, name):
    [problem] = book(f"# Title\n\n:::{{note}}\n```{{{name}}} a.png\n:width: 50%\n```\n:::\n")
    assert problem == f"page.md:4: {{{name}}} without an :alt: text"


def test_code_too_wide_for_the_page_is_found(book):
    code = "x = " + "1 + " * 20 + "1"
    [problem] = book(f"{HEADER}\n\n```{{code-cell}} ipython3\n:tags: [hide-input]\n\ny = 1\n{code}\n```\n")
    assert (
        problem == f"page.md:{len(HEADER.splitlines()) + 6}: {len(code)} columns of code; 79 fit on the page"
    )


def test_options_that_cannot_be_read_are_found(book):
    [problem] = book(f"{HEADER}\n\n```{{code-cell}} ipython3\n---\ntags: [open\n---\n1\n```\n")
    assert problem.startswith("page.md:1: cannot be read as a notebook")


def test_a_label_that_two_places_have_is_found(book):
    exercise = "```{{exercise-start}}\n:label: {}\n```\n\nHow many?\n\n```{{exercise-end}}\n```\n\n"
    [problem] = book("# Title\n\n" + "".join(map(exercise.format, ("one", "other", "one"))))
    assert problem == "page.md:22: the label 'one' is that of page.md:4; labels are the whole book's"


def test_a_page_that_is_missing_or_in_no_table_of_contents(book, tmp_path):
    with pytest.raises(BookError, match=r"there is no chapters/gone\.md"):
        book("# Title\n", toc="format: jb-book\nroot: page\nchapters:\n- file: chapters/gone\n")
    (tmp_path / "chapters" / ".ipynb_checkpoints").mkdir(parents=True)
    (tmp_path / "chapters" / "forgotten.md").write_text("# Forgotten\n")
    (tmp_path / "chapters" / ".ipynb_checkpoints" / "forgotten.md").write_text("# Forgotten\n")
    assert book("# Title\n") == ["chapters/forgotten.md: is not in _toc.yml: no reader would find it"]
