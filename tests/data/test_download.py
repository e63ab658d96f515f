"""`download` against a real HTTP server on this machine that can be made to misbehave."""

import errno
import hashlib
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from course_utils.data import DownloadError, cache_folder, download

CONTENT = np.random.default_rng(0).bytes(700_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT; the server's `plan` says how each request in turn goes wrong."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append(self.headers.get("Range"))
        plan = server.plan.pop(0) if server.plan else {}
        if status := plan.get("status"):
            self.send_error(status)
            return
        content = plan.get("content", CONTENT)
        start = 0
        if (wanted := self.headers.get("Range")) and not plan.get("ignore_range"):
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : plan.get("stop_at")])


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests, server.plan = [], []
    server.url = f"http://127.0.0.1:{server.server_port}/files/weights.bin"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def test_fetches_once_and_leaves_nothing_beside_it(server, tmp_path):
    path = download(server.url, SHA256, folder=tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "weights.bin"
    assert path.read_bytes() == CONTENT
    assert download(server.url, SHA256, folder=path.parent) == path
    assert len(server.requests) == 1
    assert {p.name for p in path.parent.iterdir()} <= {"weights.bin", "weights.bin.lock"}


def test_goes_on_where_the_connection_broke(server, tmp_path):
    server.plan = [{"stop_at": 300_000}]
    assert download(server.url, SHA256, folder=tmp_path).read_bytes() == CONTENT
    assert server.requests == [None, "bytes=300000-"]


def test_a_later_call_resumes_what_an_earlier_one_left(server, tmp_path):
    server.plan = [{"stop_at": 300_000}]
    with pytest.raises(DownloadError, match="300000 bytes that arrived are kept"):
        download(server.url, SHA256, folder=tmp_path, tries=1)
    assert not (tmp_path / "weights.bin").exists()
    assert download(server.url, SHA256, folder=tmp_path).read_bytes() == CONTENT
    assert server.requests == [None, "bytes=300000-"]


def test_a_server_without_ranges_sends_it_all_again(server, tmp_path):
    (tmp_path / "weights.bin.part").write_bytes(CONTENT[:1000])
    server.plan = [{"ignore_range": True}]
    assert download(server.url, SHA256, folder=tmp_path).read_bytes() == CONTENT


def test_a_bad_part_is_thrown_away_and_fetched_afresh(server, tmp_path):
    (tmp_path / "weights.bin.part").write_bytes(b"x" * 1000)
    assert download(server.url, SHA256, folder=tmp_path).read_bytes() == CONTENT
    assert server.requests == ["bytes=1000-", None]


def test_a_part_that_is_complete_or_too_long_is_settled(server, tmp_path):
    part = tmp_path / "weights.bin.part"
    part.write_bytes(CONTENT)
    assert download(server.url, SHA256, folder=tmp_path).read_bytes() == CONTENT
    (tmp_path / "weights.bin").unlink()
    part.write_bytes(CONTENT + b"more")
    assert download(server.url, SHA256, folder=tmp_path).read_bytes() == CONTENT


def test_a_damaged_file_is_replaced(server, tmp_path):
    (tmp_path / "weights.bin").write_bytes(b"damaged")
    assert download(server.url, SHA256, folder=tmp_path).read_bytes() == CONTENT


def test_the_wrong_file_is_refused_and_not_kept(server, tmp_path):
    server.plan = [{"content": b"<html>please sign in</html>"}]
    with pytest.raises(DownloadError) as caught:
        download(server.url, SHA256, folder=tmp_path)
    assert SHA256 in str(caught.value)
    assert hashlib.sha256(b"<html>please sign in</html>").hexdigest() in str(caught.value)
    assert not list(tmp_path.glob("weights.bin")) + list(tmp_path.glob("*.part"))
    assert len(server.requests) == 1


def test_server_errors_are_retried_and_refusals_are_not(server, tmp_path):
    server.plan = [{"status": 503}, {"status": 503}]
    assert download(server.url, SHA256, folder=tmp_path).read_bytes() == CONTENT
    server.requests.clear()
    server.plan = [{"status": 404}]
    with pytest.raises(DownloadError, match="404"):
        download(server.url, SHA256, folder=tmp_path, name="other")
    assert len(server.requests) == 1


def test_the_next_address_is_tried(server, tmp_path):
    server.plan = [{"status": 404}]
    path = download([server.url, server.url + "?mirror"], SHA256, folder=tmp_path)
    assert path.read_bytes() == CONTENT


def test_without_a_network_it_says_what_to_do(tmp_path):
    url = "http://127.0.0.1:9/weights.bin"  # the discard port: nothing listens
    with pytest.raises(DownloadError) as caught:
        download(url, SHA256, folder=tmp_path)
    message = str(caught.value)
    assert all(
        part in message for part in (url, str(tmp_path / "weights.bin"), SHA256, "CONVNETS_COURSE_CACHE")
    )


def test_a_full_disk_is_not_taken_for_a_bad_network(server, tmp_path, monkeypatch):
    calls = []

    def full(*args):
        calls.append(args)
        raise OSError(errno.ENOSPC, "No space left on device")  # as a write says it: without a file name

    monkeypatch.setitem(download.__globals__, "_fetch", full)
    with pytest.raises(OSError, match="No space left") as caught:
        download("http://127.0.0.1:9/weights.bin", SHA256, folder=tmp_path)
    assert not isinstance(caught.value, DownloadError) and len(calls) == 1


def test_processes_that_want_the_same_file_share_one_download(server, tmp_path):
    code = (
        "import sys; from course_utils.data import download; "
        "print(download(sys.argv[1], sys.argv[2], folder=sys.argv[3], progress=False))"
    )
    command = [sys.executable, "-c", code, server.url, SHA256, str(tmp_path)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert {run.communicate(timeout=60)[0].strip() for run in runs} == {str(tmp_path / "weights.bin")}
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url": "ftp://example.org/x"}, "ftp://example.org/x"),
        ({"url": []}, "empty"),
        ({"sha256": "abc"}, "64 hexadecimal"),
        ({"url": "https://example.org/"}, "plain file name"),
        ({"name": "../x"}, "plain file name"),
        ({"tries": 0}, "tries is 0"),
    ],
)
def test_bad_arguments_are_named(change, message, tmp_path):
    arguments = {"url": "https://example.org/x", "sha256": SHA256, "folder": tmp_path / "f"} | change
    with pytest.raises(ValueError, match=re.escape(message)):
        download(**arguments)
    assert not (tmp_path / "f").exists()


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("CONVNETS_COURSE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CONVNETS_COURSE_CACHE")
    if sys.platform.startswith("linux"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert cache_folder() == tmp_path / "convnets-course"
