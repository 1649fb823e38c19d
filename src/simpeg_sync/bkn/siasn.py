"""SIASN, BKN's web service since 2022/23. Sources: bkn-api section 1b, annexes A and B."""

from simpeg_sync.bkn.client import Dialect
from simpeg_sync.bkn.resources import Choices, chosen
from simpeg_sync.bkn.tokens import Scheme

SCHEME = Scheme({"apim": ("Authorization", "Bearer"), "sso": ("Auth", "bearer")}, {"Accept": "application/json"})
"""``bearer`` in lower case is what most integrators send in Auth."""


def dialect(base_url: str, choices: Choices | None = None) -> Dialect:
    return Dialect(chosen(choices or Choices()), base_url, base_url)
