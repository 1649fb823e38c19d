"""How a value of any database driver looks as plain text, so that comparing never depends on the driver."""

import datetime as dt
import math
import re
from decimal import Decimal
from typing import Any

UNREADABLE = "\ufffd"
"""Stands where a value has no honest text: bytes of another encoding, NaN, an integer beyond all columns."""
_MAGNITUDE_MAX = 100
"""Powers of ten up to which a decimal is written out; no column of a database holds more."""


def plain(value: Any) -> str:
    """Text without padding; "" for NULL. Whole floats and decimals lose their ``.0``: SIMPEGs keep codes in them.
    Never raises."""
    if type(value) is str:  # most of all values
        return value.strip()
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float() if not math.isfinite(value):
            return UNREADABLE
        case float() if value.is_integer():
            return str(int(value))
        case Decimal():
            return _decimal(value)
        case dt.datetime() | dt.date():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return _decoded(bytes(value))
    try:
        return str(value).strip()
    except ValueError:  # Python refuses to write integers of more than 4300 digits
        return UNREADABLE


def is_readable(text: str) -> bool:
    """False for text of a broken encoding: what it says is not known, and UTF-8 could not carry half of a surrogate."""
    return text.isascii() or re.search("[\ufffd\ud800-\udfff]", text) is None


def _decimal(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > _MAGNITUDE_MAX:
        return UNREADABLE
    if not value:
        return "0"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decoded(value: bytes) -> str:
    # MariaDB's BIT(1), the yes and no of many SIMPEGs, comes as one raw byte.
    if value in (b"\x00", b"\x01"):
        return str(value[0])
    return value.decode("utf-8", errors="replace").strip()
