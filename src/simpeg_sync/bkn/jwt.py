"""What a JWT says of itself. Read without its key: good for telling people, never for trusting."""

import base64
import json

from simpeg_sync.secret import Secret

LATEST = 32503680000.0
"""The year 3000: what lies behind it is no time that people read."""


def expiry(token: Secret) -> float | None:
    """Unix seconds of its ``exp``; None for an opaque token, or a JWT that does not say."""
    parts = token.reveal().split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None  # three parts by chance: opaque
    value = claims.get("exp") if isinstance(claims, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < LATEST:
        return None
    return float(value)
