"""One file from the web into the user's cache: explicit, checked, resumable.

``pooch`` does most of this well but starts an interrupted file again from nothing; on a classroom network
a 500 MB checkpoint then never arrives. Hence these few lines, on the standard library alone.
"""

import contextlib
import errno
import hashlib
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

CHUNK = 1 << 18  # bytes: small enough for a lively progress bar, large enough to cost nothing
FULL = (errno.ENOSPC, errno.EDQUOT)
CACHE_VARIABLE = "CONVNETS_COURSE_CACHE"


class DownloadError(OSError):
    """A file could not be fetched, or what arrived is not the file. The message says what to do."""


def cache_folder() -> Path:
    """The folder for downloads: ``$CONVNETS_COURSE_CACHE``, or the user's cache folder on this system.

    The folder is not created.
    """
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "convnets-course"


def sha256_of(path: str | os.PathLike) -> str:
    """The SHA-256 of a file as 64 lower-case hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(
    url: str | Sequence[str],
    sha256: str,
    *,
    name: str | None = None,
    folder: str | os.PathLike | None = None,
    progress: bool = True,
    timeout: float = 30.0,
    tries: int = 3,
) -> Path:
    """Fetch a file unless it is here already, and return where it lies.

    The bytes go to ``<name>.part`` first and move to ``<name>`` in one step once their SHA-256 is right,
    so a file under its own name is always whole. A broken connection is picked up where it stopped: at
    once, up to ``tries`` times an address, and again by the next call, even in another process. Calls for
    the same file from several processes wait for one another.

    Parameters
    ----------
    url
        One http(s) address, or several that serve the same bytes, tried in turn.
    sha256
        The file's SHA-256, 64 hexadecimal digits. Required: an unchecked download is never trusted.
    name
        The file's name in ``folder``; by default the last part of the first address.
    folder
        Where to put it; by default :func:`cache_folder`. Made if missing.
    progress
        Show a bar (where ``tqdm`` is installed).
    timeout
        Seconds without a byte before the connection counts as broken.
    tries
        Attempts an address.

    Raises
    ------
    DownloadError
        The file could not be fetched from any address, or its SHA-256 is wrong. What has arrived so far
        is kept for the next call, except when the checksum shows it to be bad.
    """
    urls = [url] if isinstance(url, str) else list(url)
    if not urls:
        raise ValueError("url is an empty sequence; give at least one http(s) address")
    for address in urls:
        if urlsplit(address).scheme not in ("http", "https"):
            raise ValueError(f"url {address!r} is not an http or https address")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise ValueError(f"sha256 {sha256!r} is not 64 hexadecimal digits")
    if tries < 1:
        raise ValueError(f"tries is {tries}; at least 1 is needed")
    name = unquote(urlsplit(urls[0]).path.rpartition("/")[2]) if name is None else name
    if name in ("", ".", "..") or re.search(r"[/\\\0]", name):
        raise ValueError(f"name {name!r} is not a plain file name; pass name=")
    folder = cache_folder() if folder is None else Path(folder)
    target, part, expected = folder / name, folder / f"{name}.part", sha256.lower()

    if target.is_file() and sha256_of(target) == expected:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with _exclusive(folder / f"{name}.lock"):
        if target.is_file() and sha256_of(target) == expected:  # another process fetched it meanwhile
            return target
        failures = []
        for address in urls:
            for attempt in range(tries):
                if attempt:
                    time.sleep(0.5 * 2**attempt)
                resumed = part.exists() and part.stat().st_size > 0
                try:
                    _fetch(address, part, name, progress, timeout)
                except _Refused as refusal:  # asking again would get the same answer
                    failures.append(f"{address}: {refusal}")
                    break
                except (OSError, HTTPException) as error:
                    # Only the network's errors are worth a retry: a full disk is not.
                    local = isinstance(error, OSError) and (error.filename is not None or error.errno in FULL)
                    if local:
                        raise
                    failures.append(f"{address}: {error or type(error).__name__}")
                    continue
                found = sha256_of(part)
                if found == expected:
                    os.replace(part, target)
                    return target
                part.unlink()
                failures.append(f"{address}: the file has SHA-256 {found}, expected {expected}")
                if not resumed:  # a fresh, complete and wrong file: this address serves something else
                    break
    raise DownloadError(_advice(name, urls, folder, expected, part, failures))


class _Refused(Exception):
    """The server answered, and the answer is no."""


def _fetch(url: str, part: Path, name: str, progress: bool, timeout: float) -> None:
    """Append to ``part`` what is missing of ``url``; return when the server has sent all of it."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "convnets-course", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response = urlopen(Request(url, headers=headers), timeout=timeout)
    except HTTPError as error:
        with error:
            if error.code == 416:  # nothing after `have`: the part is whole, or no part of this file
                return
            if error.code < 500 and error.code not in (408, 425, 429):
                raise _Refused(f"HTTP {error.code} {error.reason}") from None
            raise OSError(f"HTTP {error.code} {error.reason}") from None
    with response:
        partial = response.status == 206
        if partial and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise _Refused(f"asked for bytes {have}-, got {response.headers.get('Content-Range')!r}")
        start = have if partial else 0  # a server that ignores Range sends everything again
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        with open(part, "ab" if partial else "wb") as file, _bar(name, start, total, progress) as advance:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                advance(len(chunk))
            arrived = file.tell()
    # http.client ends a cut-off body like a whole one when it is read in pieces
    if total is not None and arrived < total:
        raise OSError(f"the connection broke after {arrived} of {total} bytes")


@contextlib.contextmanager
def _bar(name: str, start: int, total: int | None, wanted: bool) -> Iterator:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        wanted = False
    if not wanted:
        yield lambda count: None
        return
    with tqdm(desc=name, initial=start, total=total, unit="B", unit_scale=True, unit_divisor=1024) as bar:
        yield bar.update


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold a lock on ``path`` until the end of the block; the system frees it if the process dies."""
    with open(path, "a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:  # LK_LOCK gives up after ten seconds; keep waiting
                    continue
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _advice(name, urls, folder, sha256, part, failures) -> str:
    kept = part.stat().st_size if part.exists() else 0
    lines = [f"{name} could not be downloaded."]
    lines += [f"  tried {failure}" for failure in failures]
    if kept:
        lines.append(f"The {kept} bytes that arrived are kept; call again to go on from there.")
    lines += [
        "Without a network: on a machine that has one, open",
        f"  {urls[0]}",
        f"and copy the file to {folder / name}",
        f"(its SHA-256 must be {sha256}),",
        f"or set the environment variable {CACHE_VARIABLE} to a folder that holds it already.",
    ]
    return "\n".join(lines)
