"""Are these two rows probably one, though their natural keys differ? A number typed wrong, a date a day off.

Strict on purpose: whoever takes two certificates for one hides a person's achievement. Numbers, codes and years never count
as typing errors, since the years of a person's ratings differ by one digit and are different rows.
"""

import datetime as dt
import difflib
from collections.abc import Mapping
from typing import Any

from simpeg_sync.decide.fields import ISO_DATE, Field, Resource, date, text

ALIKE = 0.85
"""How alike two texts are that may be one text typed wrong."""
LETTERS_MIN = 6
"""Shorter texts are alike by accident."""
LETTERS_MAX = 300
"""More letters say nothing more, and comparing them takes time with their square."""
DAYS_MAX = 7
"""Between a day and the same day typed wrong."""
EQUAL_MIN = 3
"""So many fields with a value must be equal, and one more for a second field that was typed wrong."""
NEAR_MAX = 2


def likeness(resource: Resource, body: Mapping[str, Any], row: Mapping[str, Any]) -> float:
    """0.0 where nothing says that the two are one; else the share in which their fields agree, at most 1.0.

    At most two fields may differ, and only as typing errors do; at least three that have a value must agree (four where two
    differ), one of them a text or a date.
    """
    equal, telling = 0, False
    near: list[float] = []
    fields = resource.readable(resource.said(body), row)
    for field in fields:
        ours, theirs = field.normal(body[field.write]), field.normal(row.get(field.read or ""))
        if ours == theirs:
            equal += bool(ours)
            telling = (
                telling or (field.form is date and bool(ours)) or (field.form is text and len(ours) >= LETTERS_MIN)
            )
            continue
        nearness = _nearness(field, ours, theirs) if len(near) < NEAR_MAX else 0.0
        if not nearness:
            return 0.0
        near.append(nearness)
    if equal < EQUAL_MIN + (len(near) == NEAR_MAX) or not telling:
        return 0.0
    return (equal + sum(near)) / (equal + len(near))


def _nearness(field: Field, ours: str, theirs: str) -> float:
    if field.form is date and ISO_DATE.fullmatch(ours) and ISO_DATE.fullmatch(theirs):
        days = abs((dt.date.fromisoformat(ours) - dt.date.fromisoformat(theirs)).days)
        return 1.0 - days / 30 if days <= DAYS_MAX else 0.0
    if field.form is not text or min(len(ours), len(theirs)) < LETTERS_MIN:
        return 0.0
    matcher = difflib.SequenceMatcher(None, ours[:LETTERS_MAX], theirs[:LETTERS_MAX], autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= ALIKE else 0.0
