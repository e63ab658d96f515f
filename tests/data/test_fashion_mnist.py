import doctest
import gzip
import lzma
import struct
import subprocess
import sys

import numpy as np
import pytest

from course_utils.data import FASHION_MNIST_CLASSES, DownloadError, fashion_mnist
from course_utils.data.embed_fashion_mnist import dealt, embedded_arrays
from course_utils.data.fashion_mnist import DEBIAN_FOLDER, EMBEDDED, read_idx

module = sys.modules[fashion_mnist.__module__]
needs_debian = pytest.mark.skipif(
    not DEBIAN_FOLDER.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed"
)


@pytest.mark.parametrize(("split", "count"), [("train", 10_000), ("test", 2_000)])
def test_the_embedded_images(split, count):
    images, labels, names = fashion_mnist(split)
    assert images.shape == (count, 1, 28, 28) and images.dtype == np.uint8
    assert labels.shape == (count,) and labels.dtype == np.int64
    assert names == FASHION_MNIST_CLASSES and len(names) == 10
    # every ten in a row hold each class once
    assert (np.sort(labels.reshape(-1, 10), axis=1) == np.arange(10)).all()
    assert (images.reshape(count, -1).max(axis=1) > 0).all()


def test_the_caller_owns_the_arrays():
    images, labels, _ = fashion_mnist("test")
    before = images[0].copy()
    images[0] = 7
    labels[:] = 0
    again = fashion_mnist("test")
    assert (again.images[0] == before).all() and again.labels.max() == 9


def test_the_file_is_small_and_its_licence_is_beside_it():
    assert len(EMBEDDED.read_bytes()) <= 6_000_000
    notice = (EMBEDDED.parent / "fashion_mnist.LICENSE.txt").read_text()
    assert "Zalando SE" in notice and "Permission is hereby granted" in notice


def test_nothing_is_read_or_fetched_on_import():
    code = """
import sys

def refuse(event, arguments):
    assert not event.startswith("socket.connect") and event != "socket.getaddrinfo", event
    assert event != "open" or ".npy.xz" not in str(arguments[0]), arguments

sys.addaudithook(refuse)
import course_utils.data
assert not {"torch", "tqdm"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_docstring_examples():
    assert doctest.testmod(module).failed == 0


def test_an_unknown_split_is_named():
    with pytest.raises(ValueError, match=r"'val'.*'train' or 'test'"):
        fashion_mnist("val")


def test_dealt_takes_the_first_of_each_class_in_balanced_rounds():
    labels = np.array([1, 1, 0, 1, 0, 0])
    assert dealt(labels, 2).tolist() == [0, 2, 1, 4]


def write_idx(path, array):
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


def test_read_idx(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_idx(tmp_path / "a.gz", array)
    assert (read_idx(tmp_path / "a.gz") == array).all()
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"not an idx file"))
    with pytest.raises(ValueError, match=r"b\.gz is not an IDX file"):
        read_idx(tmp_path / "b.gz")


def test_full_without_files_or_network_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "DEBIAN_FOLDER", tmp_path / "none")
    monkeypatch.setattr(module, "MIRRORS", ("http://127.0.0.1:9/",))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(DownloadError, match=r"t10k-images-idx3-ubyte\.gz could not be downloaded"):
        fashion_mnist("test", full=True, folder=tmp_path)


@needs_debian
def test_full_finds_debians_files():
    images, labels, _ = fashion_mnist("test", full=True)
    assert images.shape == (10_000, 1, 28, 28) and labels.shape == (10_000,)
    assert (np.bincount(labels) == 1000).all()
    # the embedded images are among them, with their labels
    small = fashion_mnist("test")
    chosen = dealt(labels, 200)
    assert (images[chosen] == small.images).all() and (labels[chosen] == small.labels).all()


@needs_debian
def test_the_script_makes_the_embedded_file():
    """Compared as arrays: the bytes of the .xz may change with the version of liblzma."""
    with lzma.open(str(EMBEDDED)) as stream:
        for array in embedded_arrays():
            stored = np.load(stream, allow_pickle=False)
            assert stored.dtype == array.dtype and (stored == array).all()
