"""What a value looks like without what it says: a person who checks a mapping needs the form of a date, not the date."""

import re

from simpeg_sync.mapping.text import plain

LONGEST = 60


def shape(value: object) -> str:
    """``30.06.2021`` is ``99.99.9999``, ``Sri W.`` is ``Aaa A.``; marks and length stay."""
    text = plain(value)
    seen = "".join(_shape_of(letter) for letter in text[:LONGEST])
    return seen if len(text) <= LONGEST else f"{seen}… ({len(text)} letters)"


def _shape_of(letter: str) -> str:
    if letter.isdigit():
        return "9"
    if letter.isalpha():
        return "A" if letter.isupper() else "a"
    return letter if re.fullmatch(r"[\x20-\x7e]", letter) else "?"
