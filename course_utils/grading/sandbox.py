"""Starting a student zygote inside bubblewrap, and saying what this machine can enforce.

Threat answered: anything on the machine that student code could read or disturb. Inside the sandbox there is
no network, the system is read-only, and of the file system only these exist: the system's libraries, the
Python standard library, the packages that the policy allows, the folder ``inside``, and the assignment's
public files. The course folder, the virtual environment's neighbours, home folders and other submissions are
on no path at all.

When the grader runs as root (in a container, say) it first becomes ``nobody`` for real: inside a user name
space that maps only root, the kernel would exempt the sandbox from the limit on processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .watchdog import Watchdog

INSIDE = Path(__file__).parent / "inside"
START_SECONDS = 120
# What both zygotes run with: one thread, or a fork could wait for ever for a lock that no thread holds.
ZYGOTE_ENVIRONMENT = {
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # see ``inside.large_pages``
}
_NOBODY = 65534
_HOME = "/home/student"


class SandboxError(RuntimeError):
    """The sandbox could not be started, or died."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes:
        cell_seconds: wall time for one cell, or for all the calls that one test cell makes.
        submission_seconds: wall time for the whole notebook.
        cpu_seconds: CPU time of any one process.
        memory_bytes: memory of any one process beyond the libraries; all together may use twice that.
        processes: processes and threads together.
        file_bytes: size of any one file.
        scratch_bytes: all files in one of the writable folders.
        answer_bytes: size of one value that crosses the wall towards the judge.
    """

    cell_seconds: float = 20.0
    submission_seconds: float = 300.0
    cpu_seconds: int = 240
    memory_bytes: int = 2 << 30
    processes: int = 100
    file_bytes: int = 64 << 20
    scratch_bytes: int = 64 << 20
    answer_bytes: int = 256 << 20


@dataclass(frozen=True)
class View:
    """What a policy lets the student process see.

    Attributes:
        packages: files and folders to appear in its site-packages.
        folders: whole folders of packages to appear beside it.
        absent: paths in any of these that must not be there.
        imports: modules that the zygote imports before it forks.
        forbids: names to refuse with a clear message.
        files: the folder with the assignment's public files, or "".
    """

    packages: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    absent: tuple[Path, ...] = ()
    imports: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    files: str = ""


class Zygote:
    """A running student zygote. ``new`` may be called from several threads."""

    def __init__(self, view: View, limits: Limits, seed: int = 0, protected: bool = True):
        self.protected = protected
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._scratch = None if protected else tempfile.TemporaryDirectory(prefix="course-unprotected-")
        settings = {
            "imports": list(view.imports),
            "forbids": list(view.forbids),
            "limits": asdict(limits),
            "seed": seed,
            "confine": protected,
            "files": ("/env/files" if protected else view.files) if view.files else "",
            "work": "" if protected else os.path.join(self._scratch.name, "work"),
        }
        environment = {
            "COURSE_ZYGOTE": json.dumps(settings),
            "PATH": "/usr/bin:/bin",
            "HOME": _HOME,
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "MALLOC_ARENA_MAX": "2",
            **ZYGOTE_ENVIRONMENT,
        }
        bootstrap = "import sys; sys.path[:0] = {!r}; from inside.zygote import main; main()"
        if protected:
            mounts = _Mounts(view)
            paths = ["/env/grader", "/env/site", *mounts.folders()]
            python = [f"/env/python/bin/{_python_name()}", "-I", "-S", "-B", "-c", bootstrap.format(paths)]
            command = mounts.launch(_bwrap(mounts, environment) + python)
        else:
            paths = [str(INSIDE.parent), *dict.fromkeys(str(p.parent) for p in view.packages)]
            paths += map(str, view.folders)
            command = [sys.executable, "-I", "-S", "-B", "-c", bootstrap.format(paths)]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            env={} if protected else environment,
            preexec_fn=lambda: _pass_as_control(theirs.fileno()),
            close_fds=False,
        )
        theirs.close()
        self._control = ours
        self._ready = False
        self._watchdog = Watchdog(self.process.pid, 2 * limits.memory_bytes, self.end)

    def wait_until_ready(self) -> None:
        """Wait for the imports to end; raises SandboxError with what the sandbox printed if they don't."""
        with self._lock:
            if not self._ready:
                ready, _, _ = select.select([self._control], [], [], START_SECONDS)
                answer = self._control.recv(1 << 16) if ready else b""
                if not answer:
                    raise SandboxError(f"the student sandbox did not start: {self._said()}")
                self._ready = True

    def new(self, sock: socket.socket) -> int:
        """Start a submission whose first stage talks through ``sock``; returns its number."""
        self.wait_until_ready()
        with self._lock:
            try:
                socket.send_fds(self._control, [b"new"], [sock.fileno()])
                number = int(self._answer())
                self._watchdog.began(number)
                return number
            except OSError as error:
                raise SandboxError(f"the student sandbox died: {error}") from None

    def end(self, number: int) -> None:
        """Kill a submission and all its processes."""
        self._watchdog.ended(number)
        with self._lock:
            try:
                self._control.send(f"kill {number}".encode())
                self._answer()
            except (OSError, SandboxError):
                pass  # a dead zygote has taken its submissions with it

    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        self._watchdog.stop()
        self._control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._errors.close()
        if self._scratch:
            self._scratch.cleanup()

    def _answer(self) -> bytes:
        ready, _, _ = select.select([self._control], [], [], 30)
        answer = self._control.recv(4096) if ready else b""
        if not answer:
            raise SandboxError(f"the student sandbox does not answer: {self._said()}")
        return answer

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read(4000).decode(errors="replace").strip() or "(nothing was printed)"


def _pass_as_control(fd: int) -> None:
    """Between fork and exec: the control socket becomes descriptor 3, everything else is closed at exec."""
    os.setsid()
    os.dup2(fd, 3, inheritable=True)
    os.closerange(4, 4096)


def _python_name() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


@dataclass
class _Mounts:
    """The read-only mounts of a sandbox: (source outside, place inside), and the folders and files that
    stand over what must not be seen.
    """

    view: View
    binds: list[tuple[str, str]] = field(default_factory=list)
    masks: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        base = Path(sys.base_prefix).resolve()
        version = _python_name()
        if base == Path("/usr"):
            self.binds.append(("/usr", "/env/python"))
            library = "/env/python/lib"
            self.masks += [
                f"/env/python/{p}" for p in ("lib/python3/dist-packages", "local") if (base / p).exists()
            ]
        else:
            self.binds += [(str(base / "bin"), "/env/python/bin"), (str(base / "lib"), "/env/python/lib")]
            library = "/env/python/lib"
        if (base / "lib" / version / "site-packages").exists():
            self.masks.append(f"{library}/{version}/site-packages")
        if (base / "lib" / version / "dist-packages").exists():
            self.masks.append(f"{library}/{version}/dist-packages")
        places = {package: f"/env/site/{package.name}" for package in self.view.packages}
        places |= dict(zip(self.view.folders, self.folders(), strict=True))
        self.binds += [(str(source.resolve()), place) for source, place in places.items()]
        for path in self.view.absent:
            above = next(parent for parent in path.parents if parent in places)
            place = f"{places[above]}/{path.relative_to(above)}"
            (self.masks if path.is_dir() else self.empty).append(place)
        self.binds.append((str(INSIDE), "/env/grader/inside"))
        self.binds += [(str(path), f"{_HOME}/.cache/matplotlib/{path.name}") for path in _font_lists()]
        if self.view.files:
            self.binds.append((self.view.files, "/env/files"))

    def folders(self) -> list[str]:
        """Where the view's folders of packages are."""
        return [f"/env/packages/{number}" for number in range(len(self.view.folders))]

    def launch(self, command: list[str]) -> list[str]:
        """The command, preceded by the step out of root where the grader runs as root."""
        if os.getuid() != 0:
            return command
        plan = {"uid": _NOBODY, "binds": [source for source, _ in self.binds], "command": command}
        return [
            sys.executable,
            "-I",
            "-S",
            str(Path(__file__).with_name("step_out_of_root.py")),
            json.dumps(plan),
        ]

    def sources(self) -> list[str]:
        """Where bubblewrap finds each source: as root they are mounted aside first, see
        ``step_out_of_root``.
        """
        if os.getuid() != 0:
            return [source for source, _ in self.binds]
        return [f"@{number}" for number in range(len(self.binds))]


def _bwrap(mounts: _Mounts, environment: dict[str, str]) -> list[str]:
    command = [
        shutil.which("bwrap") or "bwrap",
        "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
        "--unshare-cgroup-try",
        "--uid", "1000", "--gid", "1000", "--hostname", "sandbox",
        "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL",
        "--ro-bind", "/usr", "/usr", "--tmpfs", "/usr/local",
    ]  # fmt: skip
    for link in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/") / link
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            command += ["--ro-bind", str(path), str(path)]
    for packages in ("/usr/lib/python3/dist-packages", "/usr/share/python3"):
        if os.path.isdir(packages):
            command += ["--tmpfs", packages]
    for file in ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts"):
        if os.path.exists(file):
            command += ["--ro-bind", os.path.realpath(file), file]
    command += [
        "--bind",
        "/proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        "/tmp",
        "--tmpfs",
        "/home",
        "--dir",
        _HOME,
    ]
    command += ["--dir", "/env/site", "--dir", "/env/grader"]
    for source, (_, place) in zip(mounts.sources(), mounts.binds, strict=True):
        command += ["--ro-bind", source, place]
    for place in mounts.masks:
        command += ["--tmpfs", place, "--remount-ro", place]
    for place in mounts.empty:
        command += ["--ro-bind", "/dev/null", place]
    command += ["--remount-ro", "/usr/local", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    return command


def _font_lists() -> list[Path]:
    """What matplotlib has found out about this machine's fonts; without it each zygote looks again, which
    takes as long as grading several submissions.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(os.environ.get("MPLCONFIGDIR") or os.path.join(cache, "matplotlib"))
    return [path for path in sorted(folder.glob("fontlist-*.json")) if _system_fonts_alone(path)]


def _system_fonts_alone(path: Path) -> bool:
    """Whether all fonts of a list are there in the sandbox, too, and none tells of the grader's home."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        found = json.loads(path.read_text(encoding="utf-8"))
        names = [font["fname"] for kind in ("ttflist", "afmlist") for font in found[kind]]
        return all(name.startswith("/usr/") or not os.path.isabs(name) for name in names)
    return False


def minimal_packages() -> tuple[Path, ...]:
    from .policy import closure, entries

    return tuple(entries(closure(["ipython"])))


def kill_group(process: subprocess.Popen) -> None:
    """Kill a process that was started in a session of its own, with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def missing() -> str:
    """What the sandbox needs and this machine lacks, as far as can be seen at once; or nothing."""
    if sys.platform != "linux":
        return f"The sandbox needs Linux, not {sys.platform}. Use the container image instead (Dockerfile)."
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (Debian and Ubuntu: apt install bubblewrap)."
    return ""
