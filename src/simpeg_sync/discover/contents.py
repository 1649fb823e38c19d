"""What do the values of a column look like? Shares and forms only: nothing of what they say goes further."""

import base64
import binascii
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simpeg_sync.mapping.expressions import NO_DATE
from simpeg_sync.mapping.render import nip_of
from simpeg_sync.mapping.text import plain

DATE_FORMS: Sequence[tuple[str, str]] = (
    ("yyyy-mm-dd", "%Y-%m-%d"),
    ("dd-mm-yyyy", "%d-%m-%Y"),
    ("dd/mm/yyyy", "%d/%m/%Y"),
    ("yyyy/mm/dd", "%Y/%m/%d"),
    ("dd.mm.yyyy", "%d.%m.%Y"),
    ("yyyymmdd", "%Y%m%d"),
    ("ddmmyyyy", "%d%m%Y"),
    ("yyyy-mm-dd hh:mi:ss", "%Y-%m-%d %H:%M:%S"),
    ("dd-mm-yyyy hh:mi:ss", "%d-%m-%Y %H:%M:%S"),
    ("dd/mm/yy", "%d/%m/%y"),
    ("dd-mm-yy", "%d-%m-%y"),
    ("mm/dd/yyyy", "%m/%d/%Y"),
)
"""As a feed writes them; the more usual form first, since a text may fit two."""
USUAL = ("yyyy-mm-dd", "dd-mm-yyyy", "dd/mm/yyyy")
"""What feeds read without being told."""
_ID = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_WHOLE = re.compile(r"-?[0-9]+(\.0+)?")
_DECIMAL = re.compile(r"-?[0-9]+([.,][0-9]+)?")
_LEADING_NUMBER = re.compile(r"[0-9]{1,4}\s*[A-Za-z]{1,12}\.?")
_NO_DAY = re.compile(r"[-0/. :]+")


@dataclass(frozen=True, slots=True)
class Look:
    """The values of one column, as shares of those that are not blank."""

    filled: int
    """How many rows of the sample have a value."""
    rows: int
    different: int
    nip: float = 0.0
    date: float = 0.0
    forms: tuple[str, ...] = ()
    """Of its dates, the most frequent first."""
    no_dates: tuple[str, ...] = ()
    """What stands where a date is missing."""
    is_real_date: bool = False
    """The database itself keeps it as a date."""
    whole: float = 0.0
    decimal: float = 0.0
    has_comma: bool = False
    year: float = 0.0
    counted: float = 0.0
    """A number with its unit: ``40 JP``."""
    id: float = 0.0
    """Ids as BKN has them: 32 hexadecimal digits, or a UUID."""
    pdf: float = 0.0
    base64: float = 0.0
    length: float = 0.0
    """On average."""
    spaced: float = 0.0
    """Of several words."""

    @property
    def is_empty(self) -> bool:
        return self.filled == 0

    @property
    def is_unique(self) -> bool:
        return self.rows > 1 and self.filled == self.rows == self.different

    @property
    def is_few(self) -> bool:
        """So few different values that they may be codes."""
        return 0 < self.different <= max(12, self.filled // 4) and self.length <= 80


def look_at(values: Iterable[Any], *, is_real_date: bool = False) -> Look:
    every = list(values)
    texts = [text for text in (_text(value) for value in every) if text]
    stand_ins = Counter(text for text in texts if _stands_for_no_date(text))
    dated = [text for text in texts if text not in stand_ins]
    forms, dates = _forms(every, dated)
    count = max(1, len(texts))
    has_dates = bool(dates) or is_real_date
    return Look(
        filled=len(texts),
        rows=len(every),
        different=len({text.casefold() for text in texts}),
        nip=sum(is_nip(text) for text in texts) / count,
        date=1.0 if is_real_date and texts else dates / max(1, len(dated)),
        forms=forms,
        no_dates=tuple(sorted(stand_ins)) if has_dates else (),
        is_real_date=is_real_date,
        whole=sum(bool(_WHOLE.fullmatch(text)) for text in texts) / count,
        decimal=sum(bool(_DECIMAL.fullmatch(text)) for text in texts) / count,
        has_comma=any("," in text and _DECIMAL.fullmatch(text) for text in texts),
        year=sum(bool(re.fullmatch(r"(19[4-9]|20[0-9])[0-9](\.0+)?", text)) for text in texts) / count,
        counted=sum(bool(_LEADING_NUMBER.fullmatch(text)) for text in texts) / count,
        id=sum(bool(_ID.fullmatch(text)) for text in texts) / count,
        pdf=sum(text.lower().endswith((".pdf", ".jpg", ".jpeg", ".png")) for text in texts) / count,
        base64=sum(_is_base64(text) for text in texts) / count,
        length=sum(len(text) for text in texts) / count,
        spaced=sum(" " in text for text in texts) / count,
    )


def is_nip(text: str) -> bool:
    """18 digits that can be one: a birthday, a month of appointment (or of a contract), a sex."""
    nip = nip_of(text)
    if nip is None:
        return False
    try:
        born = dt.date(int(nip[:4]), int(nip[4:6]), int(nip[6:8]))
    except ValueError:
        return False
    appointed = int(nip[8:12])
    return born.year >= 1930 and born.year + 14 <= appointed <= 2100 and nip[12:14] != "00" and nip[14] in "123"


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return ""
    if isinstance(value, Decimal | float) and value == int(value):
        return str(int(value))
    return plain(value).strip()


def _stands_for_no_date(text: str) -> bool:
    day = re.sub(r"[ T]00:00:00(\.0+)?$", "", text)
    return (
        day in NO_DATE
        or (len(day) >= 8 and _NO_DAY.fullmatch(day) is not None)
        or day in ("-", "1900-01-01", "01/01/1970")
    )


def _forms(values: Sequence[Any], texts: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The forms that the texts need, by how often, and how many texts are dates."""
    if any(isinstance(value, dt.date) for value in values):
        return (), sum(isinstance(value, dt.date) for value in values)
    found: Counter[str] = Counter()
    for text in texts:
        if not 6 <= len(text) <= 19:
            continue
        for form, code in DATE_FORMS:
            # Without this an id or a NIP would pass for a day of some year.
            if len(form) != len(text):
                continue
            try:
                day = dt.datetime.strptime(text, code)
            except ValueError:
                continue  # another form may fit
            if 1940 <= day.year <= 2100:
                found[form] += 1
                break
    return tuple(form for form, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))), sum(found.values())


def _is_base64(text: str) -> bool:
    if len(text) < 200:
        return False
    head = text.partition("base64,")[2] or text
    try:
        return base64.b64decode(head[:200], validate=True)[:4] == b"%PDF"
    except (binascii.Error, ValueError):
        return False
