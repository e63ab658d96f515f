"""From a submitted file to the cells that will run: rebuild from the instructor's notebook, trust nothing
else.

Threat answered: everything in a submitted notebook but the text of the student's own cells. Tags, flags,
points, ids, outputs, kernels, file links, cell order and duplicated, deleted, retyped or renamed cells
decide nothing. The structure comes from the source notebook; from the submission come the text of each
answer, matched as well as can be, and the student's other cells where they stand. Whatever was odd is
reported in a sentence; nothing odd stops the run.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from . import attached, names
from .assignment import Cell, Notebook

MAX_FILE_BYTES = 256 << 20
MAX_CELLS = 5_000
MAX_SOURCE = 1 << 20
MAX_ADDED_TEXT = 1 << 18  # characters of text cells that a student added, besides pictures in them
MAX_PARSED = 1 << 18  # characters of a notebook's own Python that are parsed here; 2 s where it is nasty
LARGE, MAX_PARTS = 16 << 20, 12_000_000  # characters; strings, brackets and commas in them: about 1 GiB
MAX_EXTRA_FILES = 200
MAX_EXTRA_BYTES = 20 << 20


@dataclass(frozen=True)
class Step:
    """One cell of the rebuilt notebook.

    Attributes:
        cell: the instructor's cell, or None for a cell that the student added.
        text: what runs in the student process ("" for a test) or is kept for a person to mark.
        attempted: whether it differs from what was released.
    """

    cell: Cell | None
    text: str
    attempted: bool = True
    code: bool = True


@dataclass
class Rebuilt:
    """The notebook to run, and sentences about what was wrong with the submission."""

    steps: list[Step]
    problems: list[str] = field(default_factory=list)
    readable: bool = True

    @functools.cached_property
    def added_names(self) -> set[str]:
        """What the cells that the student added bind."""
        found, left = set(), MAX_PARSED
        for step in self.steps:
            if step.code and not step.cell and len(step.text) <= left:
                left -= len(step.text)
                found |= names.bound_by(step.text)
        return found


@dataclass
class _Submitted:
    text: str
    code: bool
    claims: tuple[str, ...]  # names by which it may be recognised, the best first
    used: bool = False


class Unreadable(ValueError):
    """A submitted file that holds no notebook."""


def read_regular(path: Path, limit: int) -> bytes:
    """The bytes of an ordinary file; symbolic links, devices, pipes and larger files are refused."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Unreadable("there is no such file") from None
    except OSError:
        raise Unreadable("it is a link, or cannot be read") from None
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise Unreadable("it is not an ordinary file")
        if info.st_size > limit:
            raise Unreadable(
                f"it has {info.st_size >> 20} MiB, and at most {limit >> 20} MiB are read; "
                "clear the outputs and submit again"
            )
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read(limit + 1)[:limit]
    finally:
        os.close(fd)


def rebuild(notebook: Notebook, data: bytes | None) -> Rebuilt:
    """The cells to run for one submitted notebook; ``data`` None if it is missing. Never raises for bad
    data.
    """
    problems: list[str] = []
    if data is None:
        return Rebuilt(
            _steps(notebook, [], problems),
            [f"{notebook.name}.ipynb is missing: every question counts as not attempted."],
            False,
        )
    try:
        cells = _parse(data, problems)
    except Unreadable as error:
        return Rebuilt(_steps(notebook, [], []), [f"{notebook.name}.ipynb cannot be read: {error}."], False)
    return Rebuilt(_steps(notebook, cells, problems), problems)


def _parse(data: bytes, problems: list[str]) -> list[_Submitted]:
    if not data.strip(b"\x00\r\n\t "):
        raise Unreadable("the file is empty")
    text = _decode(data, problems)
    if len(text) > LARGE and next(itertools.islice(_PART.finditer(text), MAX_PARTS, None), None):
        raise Unreadable(f"it has more than {MAX_PARTS:,} parts; clear the outputs and submit again")
    try:
        content = json.loads(text)
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"it is not valid JSON ({str(error)[:120]})") from None
    if not isinstance(content, dict):
        raise Unreadable("it is JSON, but not a notebook")
    cells = content.get("cells")
    if cells is None and isinstance(content.get("worksheets"), list):
        problems.append("The notebook is in an old format (version 3); its cells were read.")
        cells = [
            c for sheet in content["worksheets"] if isinstance(sheet, dict) for c in _list(sheet.get("cells"))
        ]
    if not isinstance(cells, list):
        raise Unreadable("it has no list of cells")
    if len(cells) > MAX_CELLS:
        problems.append(
            f"The notebook has {len(cells)} cells; those after the first {MAX_CELLS} were ignored."
        )
        cells = cells[:MAX_CELLS]
    found, room = [], attached.MAX_CHARACTERS
    for number, cell in enumerate(cells):
        submitted = _cell(cell)
        if submitted is None:
            problems.append(f"Cell {number + 1} is malformed and was ignored.")
        elif len(submitted.text) > MAX_SOURCE:
            problems.append(
                f"Cell {number + 1} has more than {MAX_SOURCE >> 20} MiB of text and was ignored."
            )
        else:
            if not submitted.code:
                submitted.text, room = attached.embed(submitted.text, cell.get("attachments"), room)
            found.append(submitted)
    if room < 0:
        most = f"{attached.MAX_CHARACTERS >> 20} MiB"
        problems.append(f"The attached pictures have more than {most}; some were left out.")
    return found


_PART = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{,]', re.DOTALL)


def _decode(data: bytes, problems: list[str]) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                problems.append(f"The file begins with a byte-order mark; it was read as {encoding}.")
                return data.decode(encoding)
            except UnicodeDecodeError:
                break
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        problems.append("The file is not in UTF-8; it was read as Latin-1, so accented letters may be wrong.")
        return data.decode("latin-1")


def _list(value: object) -> list:
    return value if isinstance(value, list) else []


def _cell(cell: object) -> _Submitted | None:
    if not isinstance(cell, dict):
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    metadata = cell.get("metadata")
    claimed = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    claims = [claimed.get("grade_id") if isinstance(claimed, dict) else None, cell.get("id")]
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    source = source.encode("utf-8", "replace").decode("utf-8")  # lone surrogates are not text
    return _Submitted(source, cell.get("cell_type") == "code", tuple(c for c in claims if isinstance(c, str)))


def _steps(notebook: Notebook, submitted: list[_Submitted], problems: list[str]) -> list[Step]:
    bindings = _Bindings()
    matches = _match(notebook, submitted, bindings, problems)
    if submitted:
        _match_elsewhere(notebook, submitted, matches, bindings, problems)
    extras: dict[int, list[Step]] = {}
    anchor, room = -1, MAX_ADDED_TEXT
    place = {id(match): number for number, match in matches.items()}
    for cell in submitted:
        if id(cell) in place:
            anchor = max(anchor, place[id(cell)]) if cell.used else anchor
        elif not cell.used and cell.text.strip():
            room -= 0 if cell.code else attached.typed(cell.text)
            if not cell.code and room < 0:
                continue
            extras.setdefault(anchor, []).append(Step(None, cell.text, code=cell.code))
    if room < 0:
        problems.append(
            f"The added text cells have more than {MAX_ADDED_TEXT:,} characters; the rest was left out."
        )
    steps = extras.get(-1, [])
    for number, cell in enumerate(notebook.cells):
        match = matches.get(number)
        if cell.role in ("answer", "manual", "task"):
            text = match.text if match else cell.release
            steps.append(Step(cell, text, attempted=_attempted(text, cell), code=cell.code))
        elif cell.role == "test":
            steps.append(Step(cell, cell.release if cell.shared else ""))
        else:
            kept = match is not None and match.code == cell.code and not cell.locked
            text = match.text if kept else cell.release
            steps.append(Step(cell, text, attempted=_attempted(text, cell), code=cell.code))
        steps += extras.get(number, [])
    return steps


def _match(
    notebook: Notebook, submitted: list[_Submitted], bindings: _Bindings, problems: list[str]
) -> dict[int, _Submitted]:
    """For each of the instructor's cells, by its number, the submitted cell that stands for it."""
    matches: dict[int, _Submitted] = {}
    by_claim: dict[str, list[_Submitted]] = {}
    for cell in submitted:
        for claim in dict.fromkeys(cell.claims):
            by_claim.setdefault(claim, []).append(cell)
    for number, cell in enumerate(notebook.cells):
        wanted = [cell.key] if not cell.key.startswith("cell-") else []
        wanted += [cell.cell_id] if cell.cell_id else []
        candidates = [c for name in wanted for c in by_claim.get(name, []) if not c.used]
        candidates = list({id(c): c for c in candidates}.values())
        if not candidates:
            continue
        if cell.role == "answer":
            worked_on = [c for c in candidates if c.code == cell.code and _attempted(c.text, cell)]
            best = (worked_on or candidates)[-1]
            if len(candidates) > 1:
                problems.append(
                    f"{len(candidates)} cells claim to be {cell.key!r}; the last one with work in it counts."
                )
            if best.code != cell.code:
                problems.append(
                    f"The cell {cell.key!r} was changed to another type; its text counts all the same."
                )
        else:
            best = ([c for c in candidates if c.text.strip()] or candidates)[-1]
        for candidate in candidates:
            candidate.used = cell.role != "answer" or candidate is best
        best.used = True
        matches[number] = best
    _match_by_text(notebook, submitted, matches, bindings, problems)
    return matches


def _match_by_text(
    notebook: Notebook,
    submitted: list[_Submitted],
    matches: dict[int, _Submitted],
    bindings: _Bindings,
    problems: list[str],
) -> None:
    """Cells that lost their names: the instructor's by their text, answers by the functions that they
    define.
    """
    for number, cell in enumerate(notebook.cells):
        if number in matches:
            continue
        best = None
        unused = [c for c in submitted if not c.used]
        if cell.role in ("given", "test"):
            best = next((c for c in unused if _squeeze(c.text) == _squeeze(cell.release)), None)
        elif cell.code and (wanted := _promised(cell)):
            best = next((c for c in reversed(unused) if wanted <= bindings.of(c)), None)
            if best:
                problems.append(
                    f"The cell {cell.key!r} had lost its name; "
                    f"a cell that defines {', '.join(sorted(wanted))} counts for it."
                )
        if best:
            best.used = True
            matches[number] = best


def _match_elsewhere(
    notebook: Notebook,
    submitted: list[_Submitted],
    matches: dict[int, _Submitted],
    bindings: _Bindings,
    problems: list[str],
) -> None:
    """Answers whose cells are gone. If other cells do what one should, as when two answers were merged into
    one cell, a note stands in its place: the released stub would undo that work.
    """
    at = {id(cell): index for index, cell in enumerate(submitted)}
    for number, cell in enumerate(notebook.cells):
        if number in matches or cell.role not in ("answer", "manual"):
            continue
        wanted = _promised(cell)
        own = _own_names(notebook, submitted, matches, bindings) if wanted and cell.code else []
        bound = wanted & set().union(*(theirs for _, theirs in own), set())
        if bound and (bound == wanted or _bound(cell.release)):
            counts = f"other cells define {', '.join(sorted(bound))}"
        elif cell.role == "manual" and any(
            c.code == cell.code and not c.used and c.text.strip() for c in submitted
        ):
            counts = "see the cells that the student added"
        else:
            problems.append(f"The cell {cell.key!r} is missing: it counts as not attempted.")
            continue
        problems.append(f"The cell {cell.key!r} is missing; {counts}.")
        note = f"# This cell is missing; {counts}." if cell.code else f"*This cell is missing; {counts}.*"
        free = number
        for merged in sorted(n for n, theirs in own if n is not None and n > number and theirs & bound):
            if notebook.cells[merged].role != "answer":
                continue
            after = (
                id(matches[n]) for n in range(number + 1, len(notebook.cells)) if n in matches and n != merged
            )
            following = next((at[i] for i in after if i in at), len(submitted))
            if at[id(matches[merged])] < following:  # it stands where the missing cell was
                matches[number], free = matches[merged], merged
                break
        matches[free] = _Submitted(note, cell.code, (), used=True)


def _own_names(
    notebook: Notebook, submitted: list[_Submitted], matches: dict[int, _Submitted], bindings: _Bindings
) -> list[tuple[int | None, set[str]]]:
    """What each code cell with work of the student's binds, by the number of the instructor's cell that it
    stands for.
    """
    found: list[tuple[int | None, set[str]]] = []
    for number, match in matches.items():
        cell = notebook.cells[number]
        if cell.code and cell.role in ("answer", "manual", "given") and _attempted(match.text, cell):
            if cell.role != "given":
                found.append((number, bindings.of(match)))
            elif not cell.locked and match.code:
                found.append((number, bindings.of(match) - _bound(cell.release)))
    return found + [(None, bindings.of(c)) for c in submitted if c.code and not c.used]


class _Bindings:
    """Names that submitted cells bind. Each is parsed once, and no more than MAX_PARSED characters in all."""

    def __init__(self) -> None:
        self._left = MAX_PARSED
        self._known: dict[int, set[str]] = {}

    def of(self, cell: _Submitted) -> set[str]:
        if id(cell) not in self._known:
            fits = len(cell.text) <= self._left
            self._left -= len(cell.text) if fits else 0
            self._known[id(cell)] = names.bound_by(cell.text) if fits else set()
        return self._known[id(cell)]


def _promised(cell: Cell) -> set[str]:
    """Names that an answer is to define: those that its stub shows, or else the solution's."""
    return _bound(cell.release) or _bound(cell.source)


def _bound(text: str) -> set[str]:
    """Names that a cell of the instructor's binds, without modules."""
    return names.analyse(text).bound - names.definitions(names.imports_of(text))


def _attempted(text: str, cell: Cell) -> bool:
    return _squeeze(text) not in ("", _squeeze(cell.release))


def _squeeze(text: str) -> str:
    """Text without the blanks that editors add or remove at line ends."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def extra_files(folder: Path, skip: set[str], problems: list[str]) -> list[tuple[str, bytes]]:
    """The student's own files beside the notebook, as (relative path, bytes): ordinary files only, within
    limits.
    """
    found: list[tuple[str, bytes]] = []
    total = 0
    for base, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__pycache__")
        for name in sorted(files):
            path = Path(base) / name
            relative = path.relative_to(folder).as_posix()
            if relative in skip or name.startswith(".") or name == "timestamp.txt" or name.endswith(".ipynb"):
                continue
            try:
                data = read_regular(path, MAX_EXTRA_BYTES - total)
            except Unreadable as error:
                problems.append(f"The file {relative[:80]!r} was left out: {error}.")
                continue
            if len(found) >= MAX_EXTRA_FILES:
                problems.append(f"More than {MAX_EXTRA_FILES} extra files; the rest was left out.")
                return found
            found.append((relative, data))
            total += len(data)
    return found
