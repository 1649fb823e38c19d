"""When again? Growing waits with jitter, bounded, and the server's own wish first."""

BASE_S, CAP_S = 2.0, 900.0
TRIES_MAX = 12
"""Proved failures in a row of one content before a person is asked."""
DEATHS_MAX = 3
"""Times a record may take its worker down with it."""
RETRY_AFTER_MAX_S = 3600.0
"""No server may put us to sleep for longer; then we ask again."""


def wait_s(failures: int, *, jitter: float, retry_after_s: float | None = None) -> float:
    """Seconds until the next try. ``jitter`` in [0, 1) comes from the caller, so that tests need no patching."""
    growing = min(CAP_S, BASE_S * 2.0 ** min(failures, 20)) * (0.5 + jitter / 2)
    asked = min(max(retry_after_s or 0.0, 0.0), RETRY_AFTER_MAX_S)
    return max(growing, asked)


def too_often(failures: int) -> bool:
    return failures >= TRIES_MAX
