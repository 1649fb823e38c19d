"""SIASN, BKN's web service since 2022/23. Sources: bkn-api section 1b, annexes A and B."""

from simpeg_sync.bkn.client import Dialect
from simpeg_sync.bkn.resources import RESOURCES


def dialect(base_url: str) -> Dialect:
    return Dialect(RESOURCES, base_url, base_url)
