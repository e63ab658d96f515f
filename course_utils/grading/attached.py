"""Pictures in text cells: one that a student attached (a photograph of a derivation, say) becomes part of
the text, which is all that is kept of a cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

MAX_CHARACTERS = 32 << 20  # of a notebook's attached pictures, each as often as it is shown
_KINDS = ("image/png", "image/jpeg", "image/gif", "image/webp")
_REFERENCE = re.compile(r"attachment:([^\s()<>\"']{1,300})")
_BASE64 = re.compile(r"[A-Za-z0-9+/]++={0,2}")
_SHORT = "data:image/png;base64,picture"
_PICTURE = re.compile(r"data:image/[\w.+-]{1,40};base64,[A-Za-z0-9+/=]++")


def embed(text: str, attachments: object, room: int) -> tuple[str, int]:
    """``text`` with each attached picture that it shows in place of the reference to it, and what is left of
    ``room``, in characters.

    A reference to anything else stays as it is, and so does one to a picture for which there is no room: the
    room left is then negative.
    """
    if not isinstance(attachments, dict) or "attachment:" not in text:
        return text, room

    def picture(reference: re.Match[str]) -> str:
        nonlocal room
        found = _picture(attachments.get(unquote(reference[1]), attachments.get(reference[1])))
        if found is None or room < 0:
            return reference[0]
        room -= len(found)
        return found if room >= 0 else reference[0]

    return _REFERENCE.sub(picture, text), room


def _picture(bundle: object) -> str | None:
    """What a notebook keeps of an attachment, by kind, as an address that holds the picture itself."""
    if not isinstance(bundle, dict):
        return None
    for kind in _KINDS:
        data = bundle.get(kind)
        if isinstance(data, list) and all(isinstance(line, str) for line in data):
            data = "".join(data)
        if isinstance(data, str) and _BASE64.fullmatch(data := "".join(data.split())):
            return f"data:{kind};base64,{data}"
    return None


def typed(text: str) -> int:
    """Characters of a text besides those of pictures in it."""
    return len(_PICTURE.sub("", text))


def apart(text: str, convert: Callable[[str], str]) -> str:
    """``convert(text)``, for which each picture in the text is a short one: parsers take seconds for a
    photograph.

    Where the text lets one picture be shown again and again, what is more than MAX_CHARACTERS stays short.
    """
    pictures: list[str] = []
    room = MAX_CHARACTERS

    def shorten(picture: re.Match[str]) -> str:
        pictures.append(picture[0])
        return f"{_SHORT}{len(pictures) - 1}="

    def restore(short: re.Match[str]) -> str:
        nonlocal room
        number = int(short[1])
        if number >= len(pictures) or room < len(pictures[number]):
            return short[0]
        room -= len(pictures[number])
        return pictures[number]

    converted = convert(_PICTURE.sub(shorten, text))
    return re.sub(re.escape(_SHORT) + r"(\d{1,9})=", restore, converted)
