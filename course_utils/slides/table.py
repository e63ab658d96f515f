"""All claims of `course_utils.slides` as an HTML table; the book's ``claims.js`` lets readers filter it."""

from html import escape
from typing import Any

from course_utils import slides


def claims_table() -> str:
    """All claims, a row each, recomputed now.

    :raises RuntimeError: a fresh computation contradicts a recorded verdict.
    """
    rows = "\n".join(_row(claim) for claim in slides.claims())
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Verdict", "Slide", "Claim", "Printed", "Computed")
    )
    return f'<table class="claims"><thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>'


def _row(claim: slides.Claim) -> str:
    if claim.judged() != claim.verdict:
        raise RuntimeError(f"{claim.id} is recorded as {claim.verdict}, and comes out as {claim.judged()}")
    computed = _text(claim.compute()) if claim.expression else claim.published or "–"
    where = escape(claim.deck.title) + (f", line {claim.line}" if claim.line else "")
    said = "".join(
        f"<p>{label}{escape(text)}</p>"
        for label, text in (("", claim.cause), ("", claim.note), ("Source: ", claim.source))
        if text
    )
    code = "".join(
        f"<p>{label}: <code>{escape(expression)}</code></p>"
        for label, expression in (("Computed by", claim.expression), ("The printed number by", claim.slip))
        if expression
    )
    how = f"<details><summary>code</summary>{code}</details>" if code else ""
    return (
        f'<tr id="{claim.id}" data-deck="{claim.deck.key}" data-verdict="{claim.verdict}">'
        f"<td>{claim.verdict}</td><td>{where}</td><td><p>{escape(claim.claim)}</p>{said}{how}</td>"
        f"<td>{escape(claim.printed or '–')}</td><td>{escape(computed)} {escape(claim.unit)}</td></tr>"
    )


def _text(value: Any) -> str:
    """A computed value as a reader wants to see it."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, str):
        return value
    return f"{float(value):,.6g}"
