"""How one BKN field is computed from a row.

An expression gives a value, None for "no value", or raises Unfit with a code and no personal data. Unknown codes and
unreadable dates hold the row; nothing is guessed.
"""

from simpeg_sync.mapping.expressions.base import Expression, RowOf, Unfit, clean, text_of
from simpeg_sync.mapping.expressions.choices import (
    Case,
    Code,
    Constant,
    First,
    Linked,
    Lookup,
    linked,
    linked_feeds,
    parts_of,
)
from simpeg_sync.mapping.expressions.dates import DEFAULT_DATE_FORMATS, EARLIEST, LATEST, NO_DATE, Date, Month, Year
from simpeg_sync.mapping.expressions.numbers import Average, Hours, Integer, Number
from simpeg_sync.mapping.expressions.texts import Column, Concat, Split, Substring

__all__ = [
    "DEFAULT_DATE_FORMATS",
    "EARLIEST",
    "LATEST",
    "NO_DATE",
    "Average",
    "Case",
    "Code",
    "Column",
    "Concat",
    "Constant",
    "Date",
    "Expression",
    "First",
    "Hours",
    "Integer",
    "Linked",
    "Lookup",
    "Month",
    "Number",
    "RowOf",
    "Split",
    "Substring",
    "Unfit",
    "Year",
    "clean",
    "linked",
    "linked_feeds",
    "parts_of",
    "text_of",
]
