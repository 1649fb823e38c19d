"""How a value of any database driver looks as plain text, so that comparing never depends on the driver."""

import datetime as dt
from decimal import Decimal
from typing import Any


def plain(value: Any) -> str:
    """Text without padding; "" for NULL. Whole floats and decimals lose their ``.0``: SIMPEGs keep codes in them."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float() if value.is_integer():
            return str(int(value))
        case Decimal() if value == value.to_integral_value():
            return str(int(value))
        case dt.datetime() | dt.date():
            return value.isoformat()
        case bytes():
            return value.decode("utf-8", errors="replace").strip()
        case _:
            return str(value).strip()
