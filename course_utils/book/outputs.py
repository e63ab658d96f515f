"""What must be true of the built pages, read from the HTML that a reader gets."""

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

from course_utils.book.problems import Problem

FILE_NAME = re.compile(r"^\S*\.(png|svg|jpe?g|gif|webp)$", re.IGNORECASE)
# Elements that make a browser fetch something; following a link is the reader's choice.
FETCHES = {
    "src": ("script", "img", "iframe", "source", "video", "audio", "embed"),
    "data": ("object",),
}
LINKS_THAT_FETCH = {
    "stylesheet",
    "icon",
    "preload",
    "modulepreload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
}
# Pages that Sphinx makes itself: no source to mend, and their links are made by scripts.
GENERATED = {"genindex.html", "search.html", "py-modindex.html"}


def read_pages(html: Path) -> dict[Path, BeautifulSoup]:
    """All pages of the built book in the folder ``html``."""
    return {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(html.rglob("*.html"))
        if "_static" not in path.relative_to(html).parts
    }


def external_links(html: Path, pages: dict[Path, BeautifulSoup]) -> dict[str, list[str]]:
    """The addresses elsewhere to which a reader can go, each with the pages that link to it."""
    found = {}
    for path, page in pages.items():
        for address in {
            link["href"] for link in page.select("main a[href]") if urlsplit(link["href"]).netloc
        }:
            found.setdefault(address, []).append(path.relative_to(html).as_posix())
    return dict(sorted(found.items()))


def check_outputs(html: Path, pages: dict[Path, BeautifulSoup]) -> list[Problem]:
    """What is wrong with the built pages; an empty list when nothing is."""
    anchors = {
        path: {tag["id"] for tag in page.find_all(id=True)}
        | {tag["name"] for tag in page.find_all("a", attrs={"name": True})}
        for path, page in pages.items()
    }
    problems = []
    for path, page in pages.items():
        name = path.relative_to(html).as_posix()
        source = name if name in GENERATED else name.removesuffix(".html") + ".md"
        found = [*_images(page), *_requests(page), *_ids(page), *_code(page)]
        if name not in GENERATED:
            found += _links(page, path, html, anchors)
        problems += [Problem(source, message) for message in found]
    for path in sorted(html.rglob("*.css")):
        for address in re.findall(
            r"(?:@import\s+|url\()\s*[\"']?((?:https?:)?//[^\"')\s]+)", path.read_text("utf-8")
        ):
            problems.append(Problem(path.relative_to(html).as_posix(), f"fetches {address}"))
    return problems


def _images(page):
    for image in page.find_all("img"):
        alt = image.get("alt", "").strip()
        if not alt or FILE_NAME.match(alt):
            yield (
                f"the image {image.get('src', '')} has no alternative text. Say what one sees: for a figure "
                "made by a code cell in its options (mystnb: image: alt: ...), elsewhere with :alt: or ![...]"
            )


def _requests(page):
    addresses = [tag.get(attribute) for attribute, names in FETCHES.items() for tag in page.find_all(names)]
    for link in page.find_all("link"):
        if LINKS_THAT_FETCH & set(link.get("rel", [])):
            addresses.append(link.get("href"))
    for address in filter(None, addresses):
        if urlsplit(address).netloc:
            yield f"fetches {address}; the book must carry everything it needs"


def _ids(page):
    for name, count in Counter(tag["id"] for tag in page.find_all(id=True)).items():
        if count > 1:
            yield f"the id {name!r} is there {count} times"


def _code(page):
    for output in page.select(".output.traceback, .cell_output .stderr, .output.stderr"):
        yield f"a code cell shows an error or a warning: {' '.join(output.get_text().split())[:200]}"


def _links(page, path, html, anchors):
    for link in page.select("main a[href]"):
        address = urlsplit(link["href"])
        if address.scheme or address.netloc or link["href"] in ("#", ""):
            continue
        target = (path.parent / unquote(address.path)).resolve() if address.path else path
        if not target.exists() or html.resolve() not in (target.resolve(), *target.resolve().parents):
            yield f"the link to {link['href']} leads nowhere"
        elif address.fragment and target in anchors and unquote(address.fragment) not in anchors[target]:
            yield f"the link to {link['href']} leads to a page without that place"
