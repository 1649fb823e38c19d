"""Base64 as forms and browsers leave it in a column: with or without `data:application/pdf;base64,` before it, in lines or
in one piece."""

import base64
import binascii
import re
from typing import Any

_PREFIX = re.compile(rb"data:[^,]{0,200};base64,", re.IGNORECASE)


def base64_of(text: Any) -> bytes | None:
    """None for what is no base64."""
    try:
        written = text if isinstance(text, bytes) else str(text).encode("ascii")
    except UnicodeEncodeError:
        return None
    letters = b"".join(written.split())
    if prefix := _PREFIX.match(letters):
        letters = letters[prefix.end() :]
    # Some leave out the signs that fill up the last group.
    letters = letters.rstrip(b"=")
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
    except binascii.Error:
        return None
