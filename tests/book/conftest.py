"""A small book with the real configuration, and the command that builds it."""

import functools
import os
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from course_utils.book.sources import HEADER

ROOT = Path(__file__).parents[2]
SCREENS = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


class SmallBook:
    """A copy of what a book needs, in a folder of its own, to be changed and built at will."""

    def __init__(self, root: Path):
        self.root = root
        for name in ("_config.yml", "references.bib", "constraints.txt"):
            shutil.copy(ROOT / name, root / name)
        shutil.copytree(
            ROOT / "course_utils", root / "course_utils", ignore=shutil.ignore_patterns("__pycache__")
        )
        (root / "chapters").mkdir()
        self.pages = {}

    def write(self, name: str, text: str, code: str = "") -> None:
        """Write a page, with a cell of code where there is some, and put it into the table of contents."""
        cell = f"\n```{{code-cell}} ipython3\n{code}\n```\n" if code else ""
        self.raw(name, (f"{HEADER}\n\n" if code else "") + text + "\n" + cell)

    def raw(self, name: str, text: str) -> None:
        path = self.root / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.pages[name] = path
        self._write_toc()

    def remove(self, name: str) -> None:
        self.pages.pop(name).unlink()
        self._write_toc()

    def _write_toc(self) -> None:
        root, *others = sorted(self.pages, key=lambda name: name != "index")
        chapters = "".join(f"  - file: {name}\n" for name in others)
        (self.root / "_toc.yml").write_text(
            f"format: jb-book\nroot: {root}\n" + (f"chapters:\n{chapters}" if others else "")
        )

    def build(self, *options: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "course_utils.book", *options],
            cwd=self.root, capture_output=True, text=True, timeout=280,
            env=os.environ | {"PYTHONPATH": str(self.root)},
        )  # fmt: skip

    def html(self, name: str) -> str:
        return (self.root / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def make_book():
    """``make_book(folder)``: a :class:`SmallBook` there."""
    return SmallBook


@pytest.fixture
def small_book(tmp_path):
    return SmallBook(tmp_path)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def serve():
    """``serve(folder)``: its address on this machine."""
    servers = []

    def start(folder):
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=folder))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Opens a page and returns it; afterwards nothing may have gone wrong on it or left the book."""
    contexts, complaints = [], []

    def open_page(url, size="desk", scheme="light"):
        context = chromium.new_context(viewport=SCREENS[size], color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        home = url.split("/")[2]

        def watch(request):
            if request.url.startswith(("http:", "https:")) and request.url.split("/")[2] != home:
                complaints.append(f"asked for {request.url}")

        page.on("request", watch)
        page.on("requestfailed", lambda request: complaints.append(f"did not get {request.url}"))
        page.on(
            "response",
            lambda answer: answer.status >= 400 and complaints.append(f"{answer.status} {answer.url}"),
        )
        page.on("console", lambda line: line.type in ("error", "warning") and complaints.append(line.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url, wait_until="networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture
def images_seen():
    """``images_seen(page)``: the addresses of the images in sight; all are whole and described."""

    def addresses(page):
        images = page.evaluate(
            """() => [...document.querySelectorAll('main img')]
                .filter(image => image.checkVisibility())
                .map(image => ({alt: image.alt, width: image.naturalWidth, src: image.currentSrc}))"""
        )
        assert all(image["width"] > 0 and len(image["alt"]) > 10 for image in images)
        return [image["src"] for image in images]

    return addresses
