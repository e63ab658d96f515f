"""CIFAR-10: the reader on archives of the same format made here, the download from a local server."""

import hashlib
import io
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module

import numpy as np
import pytest

from course_utils.data import CIFAR10_CLASSES, DownloadError, cifar10
from course_utils.data.cifar10 import FILES, FOLDER, SHA256, URL, read_cifar10

module = import_module("course_utils.data.cifar10")


def add(tar, name, data):
    info = tarfile.TarInfo(f"{FOLDER}/{name}")
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


@pytest.fixture
def original(tmp_path):
    """An archive as the authors', but of 7 records a file; and what is in it."""
    rng = np.random.default_rng(0)
    contents = {}
    path = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for split, names in FILES.items():
            labels = rng.integers(0, 10, (len(names), 7), dtype=np.uint8)
            images = rng.integers(0, 256, (len(names), 7, 3, 32, 32), dtype=np.uint8)
            for name, some_labels, some_images in zip(names, labels, images, strict=True):
                records = [
                    bytes([label]) + image.tobytes()
                    for label, image in zip(some_labels, some_images, strict=True)
                ]
                add(tar, name, b"".join(records))
            contents[split] = images.reshape(-1, 3, 32, 32), labels.ravel()
        add(tar, "batches.meta.txt", "\n".join(CIFAR10_CLASSES).encode())
    return path, contents


@pytest.mark.parametrize("split, n", [("train", 35), ("test", 7)])
def test_reads_what_was_written(original, split, n):
    path, contents = original
    images, labels, names = read_cifar10(path, split)
    assert images.shape == (n, 3, 32, 32) and images.dtype == np.uint8
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(images, contents[split][0])
    np.testing.assert_array_equal(labels, contents[split][1])
    assert len(names) == 10
    images[:] = 0  # the caller's own


@pytest.fixture
def server(original):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = partial(Quiet, directory=str(original[0].parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}/{original[0].name}"
        http.shutdown()


def test_downloads_once_and_checks(original, server, tmp_path, monkeypatch):
    path, contents = original
    monkeypatch.setattr(module, "URL", server)
    with pytest.raises(DownloadError):  # it is not the published archive
        cifar10("test", folder=tmp_path / "cache", progress=False)
    monkeypatch.setattr(module, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    images, _, _ = cifar10("test", folder=tmp_path / "cache", progress=False)
    np.testing.assert_array_equal(images, contents["test"][0])
    path.unlink()
    np.testing.assert_array_equal(cifar10("test", folder=tmp_path / "cache", progress=False).images, images)


def test_the_published_archive_is_meant():
    assert URL == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    assert SHA256 == "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"


def test_another_archive_is_refused(tmp_path):
    path = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        add(tar, "data_batch_1", b"pickle")
    with pytest.raises(
        ValueError, match=r"has no cifar-10-batches-bin/test_batch.bin: is it CIFAR-10's binary"
    ):
        read_cifar10(path, "test")


@pytest.mark.parametrize(
    "data, message",
    [
        (b"\0" * 3072, "3072 bytes; it must be records of 3073"),
        (b"", "0 bytes"),
        (bytes([10]) + b"\0" * 3072, "label 10"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, data, message):
    path = tmp_path / "broken.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        add(tar, "test_batch.bin", data)
    with pytest.raises(ValueError, match=message):
        read_cifar10(path, "test")


def test_bad_split():
    with pytest.raises(ValueError, match="split is 'valid'"):
        cifar10("valid")
