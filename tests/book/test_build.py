"""The whole build, in a folder of its own, as `make book` runs it: what stops it, and what it does again."""

import pytest

from course_utils.book.__main__ import main

COUNTS = "from course_utils.arithmetic import conv_params\n\nconv_params(3, 10, kernel=5)"


def executed(result):
    return [line.split()[2] for line in result.stdout.splitlines() if "executing" in line]


def test_only_what_changed_is_done_again(small_book):
    small_book.write("index", "# Start\n\nSee [](chapters/counting.md).")
    small_book.write("chapters/counting", "# Counting", COUNTS)
    small_book.write("chapters/alone", "# Alone", "print(6 * 7)")

    first = small_book.build()
    assert first.returncode == 0, first.stderr
    assert sorted(executed(first)) == ["chapters/alone.md", "chapters/counting.md"]
    assert "760" in small_book.html("chapters/counting") and "42" in small_book.html("chapters/alone")

    again = small_book.build()
    assert again.returncode == 0 and not executed(again) and "up to date" in again.stdout

    # a number in the package: the page that uses it runs again and shows it, the other does not run
    counts = small_book.root / "course_utils" / "arithmetic" / "counts.py"
    source = counts.read_text()
    changed = source.replace(
        "def conv_params(",
        "def conv_params(*a, **k):\n    return 1000 + _conv_params(*a, **k)\n\n\ndef _conv_params(",
    )
    assert changed != source
    counts.write_text(changed)
    after = small_book.build()
    assert after.returncode == 0 and executed(after) == ["chapters/counting.md"]
    assert "1760" in small_book.html("chapters/counting")

    # text only: nothing runs; and a page that is gone leaves nothing behind
    small_book.write("chapters/counting", "# Counting filters", COUNTS)
    small_book.remove("chapters/alone")
    last = small_book.build()
    assert last.returncode == 0 and not executed(last)
    assert "Counting filters" in small_book.html("index") and "1760" in small_book.html("chapters/counting")
    assert not (small_book.root / "_build" / "html" / "chapters" / "alone.html").exists()


def assert_stops(book, *messages, times=2):
    """The build fails and says these things; the second time too, for it must not trust what is there."""
    for _ in range(times):
        result = book.build()
        assert result.returncode == 1, result.stdout
        assert "Traceback" not in result.stderr and "The book is in" not in result.stdout
        for message in messages:
            assert message in result.stderr


def test_code_that_raises_stops_the_build_and_is_named(small_book):
    small_book.write("index", "# Start", "1 + 1")
    small_book.write("chapters/page", "# Page", "a = 1\n1/0")
    lines = small_book.pages["chapters/page"].read_text().splitlines()
    line = lines.index("```{code-cell} ipython3") + 1
    assert_stops(
        small_book, f"chapters/page.md:{line}: the code cell here raised ZeroDivisionError: division by zero"
    )


def test_what_cannot_be_resolved_stops_the_build_and_is_named(small_book):
    small_book.write("index", "# Start")
    small_book.write("chapters/label", "# Label\n\nSee {ref}`nowhere`.")
    small_book.write("chapters/cited", "# Cited\n\nAs {cite:t}`Nobody1900` says.")
    small_book.write("chapters/glued", "# Glued\n\nIt has {glue:text}`missing` parameters.")
    small_book.write("chapters/linked", "# Linked\n\nSee [](gone.md).")
    assert_stops(
        small_book,
        "chapters/label.md:3: undefined label: 'nowhere'",
        "chapters/cited.md:3: could not find bibtex key",
        "chapters/glued.md:3: No key 'missing' found",
        "chapters/linked.md:3: 'myst' cross-reference target not found: 'gone.md'",
    )


def test_outputs_unfit_for_readers_stop_the_build_and_are_named(small_book):
    small_book.write("index", "# Start")
    small_book.write("chapters/warns", "# Warns", "import warnings\nwarnings.warn('overflow')")
    assert_stops(small_book, "chapters/warns.md: a code cell shows an error or a warning", times=1)


def test_a_figure_without_alternative_text_stops_the_build_and_its_cell_is_named(small_book):
    draw = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()"
    small_book.write("index", "# Start")
    small_book.write("chapters/bare", "# Bare", draw)
    small_book.write("chapters/empty", "# Empty", "---\nmystnb:\n  image:\n---\n" + draw)
    small_book.write("chapters/unseen", "# Unseen", ":tags: [remove-output]\n\n" + draw)
    lines = small_book.pages["chapters/bare"].read_text().splitlines()
    line = lines.index("```{code-cell} ipython3") + 1
    problems = "chapters/{}.md:{}: the figure of this cell has no alternative text"
    assert_stops(
        small_book, problems.format("bare", line), problems.format("empty", line), "mystnb:", times=1
    )
    assert "unseen" not in small_book.build().stderr


@pytest.mark.slow
def test_a_reference_broken_by_a_change_elsewhere_is_found(small_book):
    small_book.write("index", "# Start\n\nSee {ref}`place`.")
    small_book.write("chapters/page", "# Page\n\n(place)=\n## Place\n\ntext")
    assert small_book.build().returncode == 0
    small_book.write("chapters/page", "# Page\n\n## Place\n\ntext")
    result = small_book.build()
    assert result.returncode == 1 and "index.md:3: undefined label: 'place'" in result.stderr


def test_a_folder_without_a_book_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["course_utils.book", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    assert f"{tmp_path} has no _config.yml" in capsys.readouterr().err
