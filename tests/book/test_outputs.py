"""The checks of the built pages, on pages made for them."""

import pytest

from course_utils.book.outputs import check_outputs, external_links, read_pages

PAGE = '<html><head>{head}</head><body><main id="top">{body}</main></body></html>'


@pytest.fixture
def problems(tmp_path):
    def check(body="", head="", **files):
        (tmp_path / "chapters").mkdir(exist_ok=True)
        (tmp_path / "chapters" / "page.html").write_text(PAGE.format(head=head, body=body))
        (tmp_path / "index.html").write_text(PAGE.format(head="", body='<h1 id="start">Start</h1>'))
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text)
        return [str(problem) for problem in check_outputs(tmp_path, read_pages(tmp_path))]

    return check


def test_a_sound_page_has_no_problems(problems):
    assert not problems(
        '<img src="../a.png" alt="a grey square"><a href="../index.html#start">start</a><a href="#top">up</a>'
        '<a href="https://example.org/">a link that the reader may follow</a><a href="#">nothing</a>',
        '<link rel="canonical" href="https://example.org/book/"><link rel="stylesheet" href="style.css">'
        "<script>const URL = 'https://example.org/not-fetched.js'</script>",
        style_css="a { background: url(data:image/png;base64,AA//) } /* https://example.org */",
    )


@pytest.mark.parametrize("alt", ["", 'alt=""', 'alt="../_images/3b472b39.svg"', 'alt="Plot.PNG"'])
def test_missing_alternative_text(problems, alt):
    [problem] = problems(f'<img src="a.png" {alt}>')
    assert problem.startswith("chapters/page.md: the image a.png has no alternative text")


@pytest.mark.parametrize(
    "head",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<script src="//cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="https://cdn.example/x.css">',
        '<link rel="preconnect" href="https://cdn.example">',
        '<img alt="a square" src="https://cdn.example/x.png">',
        '<iframe src="https://cdn.example/video"></iframe>',
    ],
)
def test_requests_to_elsewhere(problems, head):
    [problem] = problems(head=head)
    assert problem.startswith("chapters/page.md: fetches ") and "cdn.example" in problem


@pytest.mark.parametrize(
    "css", ["@import 'https://cdn.example/f.css';", "a { src: url(//cdn.example/f.woff2) }"]
)
def test_requests_of_style_sheets(problems, css):
    [problem] = problems(style_css=css)
    assert problem.startswith("style.css: fetches ") and "cdn.example" in problem


def test_ids_that_are_not_unique(problems):
    assert problems('<p id="a"></p><p id="a"></p>') == ["chapters/page.md: the id 'a' is there 2 times"]


@pytest.mark.parametrize("address", ["../gone.html", "../index.html#gone", "#gone", "../../outside.html"])
def test_links_that_lead_nowhere(problems, address):
    [problem] = problems(f'<a href="{address}">there</a>')
    assert address in problem


def test_warnings_in_outputs(problems):
    body = '<div class="cell_output"><div class="output stderr">RuntimeWarning: invalid value</div></div>'
    assert problems(body) == [
        "chapters/page.md: a code cell shows an error or a warning: RuntimeWarning: invalid value"
    ]


def test_links_to_elsewhere_are_listed_with_their_pages(tmp_path):
    link = '<a href="https://example.org/{}">there</a>'
    (tmp_path / "a.html").write_text(PAGE.format(head="", body=link.format(1) * 2 + '<a href="b.html">b</a>'))
    (tmp_path / "b.html").write_text(PAGE.format(head="", body=link.format(1) + link.format(2)))
    assert external_links(tmp_path, read_pages(tmp_path)) == {
        "https://example.org/1": ["a.html", "b.html"],
        "https://example.org/2": ["b.html"],
    }
