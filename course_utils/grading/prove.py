"""``course prove``: does the assignment do what it is for?

Grades the instructor's solution, every right and wrong answer of the bank, every stored attack, and
generated mutants of the solution. A test suite that lets a wrong answer pass teaches the error; one that
refuses a right answer teaches that style is correctness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from .assignment import Assignment
from .bank import Entry
from .engine import Grader, Marked, losses
from .mutants import Mutant


@dataclass
class Proof:
    """What came of one answer.

    Attributes:
        kind: ``solution``, ``right``, ``wrong``, ``attack`` or ``mutant``.
        caught_by: the tests that did not give full points.
        problem: why the proof fails, or "".
        diagnosed: for a wrong answer, the slug whose belief the feedback named; for others, any named.
        like: wrong answers that give the same results, which is why the feedback can name neither.
    """

    kind: str
    cell: str
    name: str
    score: float
    caught_by: list[str] = field(default_factory=list)
    problem: str = ""
    diagnosed: str | None = None
    like: list[str] = field(default_factory=list)


def prove(
    grader: Grader,
    entries: tuple[Entry, ...],
    mutants: Iterable[Mutant],
    equivalent: dict[tuple[str, str], str],
    workers: int = 1,
    on_done: Callable[[Proof], None] = lambda proof: None,
) -> list[Proof]:
    """Grade everything; see the module. The order of the proofs is that of the arguments."""
    assignment = grader.assignment

    def solution() -> Proof:
        marked = _grade(grader, {})
        lost = _lost(marked)
        return Proof("solution", "", "", marked.score, lost, "; ".join(losses(marked.questions)))

    def entry(e: Entry) -> Proof:
        marked = _grade(grader, {e.cell: e.source})
        proof = Proof(e.kind.removesuffix("s"), e.cell, e.slug, marked.score, _lost(marked))
        own = [q for q in marked.questions if e.cell in _answers(assignment, q.id)]
        proof.diagnosed = next((q.diagnosis for q in marked.questions if q.diagnosis), None)
        if proof.diagnosed:
            told = [other.slug for other in entries if other.cell == e.cell and other.tell == proof.diagnosed]
            proof.diagnosed = e.slug if e.slug in told else (told or ["?"])[0]
        if not own:
            proof.problem = f"no test depends on a cell {e.cell!r}"
        elif e.kind == "right":
            if proof.caught_by:
                proof.problem = "a right answer is refused"
            elif proof.diagnosed:
                proof.problem = "a right answer is diagnosed"
        elif e.kind == "wrong":
            if all(q.points == q.max_points for q in own):
                proof.problem = "nobody catches it"
            elif e.score is not None and marked.score != e.score:
                proof.problem = f"it scores {marked.score:g}, its name says {e.score:g}"
            elif proof.diagnosed not in (None, e.slug):
                proof.problem = f"the feedback names {proof.diagnosed}"
        elif sum(q.points for q in own) > e.earns:
            proof.problem = f"the attack earns {sum(q.points for q in own):g} instead of {e.earns:g}"
        return proof

    def mutant(m: Mutant) -> Proof:
        marked = _grade(grader, {m.cell: m.source})
        proof = Proof("mutant", m.cell, m.change, marked.score, _lost(marked))
        listed = (m.cell, m.change) in equivalent
        if not proof.caught_by and not listed:
            proof.problem = "no test notices, and it is not listed as equivalent"
        elif proof.caught_by and listed:
            proof.problem = "it is listed as equivalent, but a test notices"
        return proof

    jobs: list[Callable[[], Proof]] = [solution]
    jobs += [lambda e=e: entry(e) for e in entries] + [lambda m=m: mutant(m) for m in mutants]
    proofs = []
    with ThreadPoolExecutor(workers) as pool:
        for proof in pool.map(lambda job: job(), jobs):
            on_done(proof)
            proofs.append(proof)
    alike = {cell: grader.alike(cell) for cell in {e.cell for e in entries}}
    for proof in proofs:
        if proof.kind == "wrong" and not proof.diagnosed:
            proof.like = alike[proof.cell].get(proof.name, [])
    return proofs


def _grade(grader: Grader, changed: dict[str, str]) -> Marked:
    return grader.grade_answers(changed)


def _lost(marked: Marked) -> list[str]:
    return [q.id for q in marked.questions if q.verdict != "manual" and q.points < q.max_points]


def _answers(assignment: Assignment, test: str) -> tuple[str, ...]:
    return next(c.answers for n in assignment.notebooks for c in n.cells if c.key == test)


def summary(proofs: list[Proof]) -> list[str]:
    """What the proofs add up to, a line for each kind, then every problem."""
    lines = []
    for kind in ("solution", "right", "wrong", "attack", "mutant"):
        mine = [p for p in proofs if p.kind == kind]
        if mine:
            good = sum(not p.problem for p in mine)
            lines.append(f"{kind}: {good} of {len(mine)} as they should be")
    wrong = [p for p in proofs if p.kind == "wrong"]
    if wrong:
        named = sum(p.diagnosed == p.name for p in wrong)
        share = f"{named} of {len(wrong)} ({named / len(wrong):.0%})"
        lines.append(f"the feedback names the right belief for {share} of the wrong answers")
    for p in wrong:
        if p.like:
            lines.append(
                f"wrong {p.cell} {p.name}: gives the same results as {', '.join(p.like)}, so the feedback "
                "can name neither: merge them, or add a test that tells them apart"
            )
    lines += [f"{' '.join(filter(None, (p.kind, p.cell, p.name)))}: {p.problem}" for p in proofs if p.problem]
    return lines
