"""May anything be written at this hour? Weekly windows in one of Indonesia's three time zones, which know no summer time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

ZONES = {
    "Asia/Jakarta": 7 * 3600,
    "Asia/Pontianak": 7 * 3600,
    "Asia/Makassar": 8 * 3600,
    "Asia/Jayapura": 9 * 3600,
}
"""Name -> seconds east of UTC, the same all year."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_S, WEEK_S = 86400, 7 * 86400
EPOCH_DAY = 3
"""1970-01-01 was a Thursday."""
FORM = re.compile(r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?\s+(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Windows:
    """Stretches of the week, in seconds from Monday 00:00, sorted and apart from each other."""

    stretches: tuple[tuple[int, int], ...]
    zone: str

    @classmethod
    def of(cls, texts: Sequence[str], zone: str) -> Self:
        """Raises ValueError with a sentence for what is not a window. A window that ends before it begins ends the next
        day; no window at all means always."""
        found = sorted(stretch for text in texts for stretch in _stretches(text))
        joined: list[tuple[int, int]] = []
        for begin, end in found or [(0, WEEK_S)]:
            if joined and begin <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((begin, end))
        return cls(tuple(joined), zone)

    def opens_in(self, now: float) -> float:
        """Seconds until something may be written; 0: now. ``now`` in unix seconds."""
        at = (now + ZONES[self.zone] + EPOCH_DAY * DAY_S) % WEEK_S
        for begin, end in self.stretches:
            if at < end:
                return max(0.0, begin - at)
        return self.stretches[0][0] + WEEK_S - at


def _stretches(text: str) -> list[tuple[int, int]]:
    found = FORM.fullmatch(text.strip().lower())
    if found is None or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
        raise ValueError(f"a window is written like Mon-Fri 18:00-06:00, not {text!r}")
    begin, end = _seconds(found[3], found[4], text), _seconds(found[5], found[6], text)
    if begin in (end, DAY_S):
        raise ValueError(f"the window {text!r} ends where it begins; a whole day is 00:00-24:00")
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    length = (end - begin) % DAY_S or DAY_S
    parts = []
    for day in range(first, last + 1 if first <= last else last + 8):
        start = day % 7 * DAY_S + begin
        parts.append((start, min(start + length, WEEK_S)))
        if start + length > WEEK_S:
            parts.append((0, start + length - WEEK_S))
    return parts


def _seconds(hour: str, minute: str, text: str) -> int:
    seconds = int(hour) * 3600 + int(minute) * 60
    if int(minute) > 59 or seconds > DAY_S:
        raise ValueError(f"the window {text!r} names a time that no day has")
    return seconds
