"""BKN's ways of writing a day, made comparable."""

from __future__ import annotations

import re

_DAY_FIRST = re.compile(r"(\d\d)-(\d\d)-(\d{4})")
_YEAR_FIRST = re.compile(r"\d{4}-\d\d-\d\d")


def iso_day(text: str) -> str:
    """dd-mm-yyyy, yyyy-mm-dd or a timestamp as yyyy-mm-dd; any other text as it is."""
    found = _DAY_FIRST.fullmatch(text)
    if found:
        return f"{found[3]}-{found[2]}-{found[1]}"
    return text[:10] if _YEAR_FIRST.match(text) else text


def iso_midnight(text: str) -> str:
    day = iso_day(text)
    return f"{day}T00:00:00Z" if _YEAR_FIRST.fullmatch(day) else text


def day_first(text: str) -> str:
    day = iso_day(text)
    return "-".join(reversed(day.split("-"))) if _YEAR_FIRST.fullmatch(day) else text
