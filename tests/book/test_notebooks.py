"""Pages as notebooks: what a build knows stands in the text, and a reader's changes stay."""

import nbformat
import pytest

from course_utils.book.execution import execute_pages
from course_utils.book.notebooks import main, write_notebooks
from course_utils.book.problems import BookError
from course_utils.book.sources import HEADER, toc_pages

PAGE = f"""{HEADER}

# Counting

```{{code-cell}} ipython3
:tags: [remove-cell]

from myst_nb import glue

from course_utils.arithmetic import conv_params

glue("filters", f"{{conv_params(3, 10, kernel=5):,}}", display=False)
glue("rest", 3 - 1, display=False)
```

It has {{glue:text}}`filters` and {{glue:text}}`rest` more {{cite:p}}`LeCun1998,Dumoulin2016`, says
{{cite:t}}`Goodfellow2016`. A {{term}}`filters <filter>` is on {{doc}}`/chapters/other`, {{doc}}`so <other>`,
[](other.md), [here](other.md#part) and {{doc}}`/chapters/prose`.

```{{code-cell}} ipython3
---
mystnb:
  figure:
    caption: "A picture of {{glue:text}}`filters`."
---
1 + 1
```

```{{solution-start}} by-hand
:class: dropdown
```

Thus:

```{{code-cell}} ipython3
2 + 2
```

```{{solution-end}}
```

```{{code-cell}} ipython3
:tags: [hide-input]

3 + 3
```

## References

```{{bibliography}}
:filter: docname in docnames
```
"""


@pytest.fixture(scope="module")
def book(make_book, tmp_path_factory):
    book = make_book(tmp_path_factory.mktemp("book"))
    book.raw("index", "# Start")
    book.raw("chapters/counting", PAGE)
    book.write("chapters/other", "# The other page", "4 + 4")
    book.raw("chapters/prose", "# Prose alone")
    outcomes = execute_pages(book.root, toc_pages(book.root), book.root / "_build" / ".jupyter_cache")
    assert len(outcomes) == 2 and not any(outcome.problem for outcome in outcomes)
    return book


@pytest.fixture(scope="module")
def notebook(book, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    paths = [path.relative_to(folder).as_posix() for path in write_notebooks(book.root, folder)]
    assert paths == ["chapters/counting.ipynb", "chapters/other.ipynb"]  # prose alone is read in the book
    notebook = nbformat.read(folder / paths[0], as_version=4)
    nbformat.validate(notebook)
    return notebook


def test_the_text_says_what_the_build_knows(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "It has 760 and 2 more (LeCun et al., 1998; Dumoulin and Visin, 2016), says\n" in text
    assert (
        "\nGoodfellow et al. (2016). A filters is on [The other page](other.ipynb), [so](other.ipynb),"
        in text
    )
    assert "[The other page](other.ipynb), [here](other.ipynb#part) and *Prose alone*." in text
    assert "*A picture of 760.*" in text
    assert "{" not in text.replace("{solution-start}", "").replace("{solution-end}", "")
    references = text.partition("## References")[2].split("\n- ")[1:]
    assert sorted(entry.split()[0] for entry in references) == ["Ian", "Vincent", "Yann"]


def test_code_is_all_there_without_outputs_and_solutions_are_folded(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    folded = [cell.metadata.get("jupyter", {}).get("source_hidden", False) for cell in code]
    assert [cell.source for cell in code[1:]] == ["1 + 1", "2 + 2", "3 + 3"]
    assert folded == [True, False, True, True]
    assert not any(cell.outputs for cell in code)


def test_what_a_reader_has_changed_is_kept(book, tmp_path):
    mine, other = write_notebooks(book.root, tmp_path)
    changed = mine.read_text().replace("1 + 1", "my own idea")
    mine.write_text(changed)
    said = []
    assert write_notebooks(book.root, tmp_path, said.append) == [other]
    assert mine.read_text() == changed and len(said) == 1 and str(mine) in said[0]
    mine.unlink()
    assert write_notebooks(book.root, tmp_path, said.append) == [mine, other]


def test_a_notebook_that_nobody_changed_follows_the_book(book, tmp_path):
    mine, other = write_notebooks(book.root, tmp_path)
    outdated = mine.read_text()
    source = book.pages["chapters/counting"].read_text()
    try:
        book.pages["chapters/counting"].write_text(source.replace("It has", "It now has"))
        assert write_notebooks(book.root, tmp_path) == [mine, other]
        assert "It now has 760" in mine.read_text() and mine.read_text() != outdated
    finally:
        book.pages["chapters/counting"].write_text(source)


def test_a_page_that_was_not_executed_is_named(book, tmp_path, monkeypatch, capsys):
    source = book.pages["chapters/counting"].read_text()
    try:
        book.pages["chapters/counting"].write_text(source.replace("2 + 2", "2 + 3"))
        with pytest.raises(BookError, match=r"chapters/counting\.md: .*build the book first"):
            write_notebooks(book.root, tmp_path)
        monkeypatch.chdir(book.root)
        monkeypatch.setattr("sys.argv", ["notebooks", str(tmp_path)])
        assert main() == 1
        assert "build the book first" in capsys.readouterr().err
    finally:
        book.pages["chapters/counting"].write_text(source)
