"""Whose row is it? BKN names the owner of a row in a dozen ways, and a stranger's row must never be taken for an answer."""

from collections.abc import Collection, Mapping
from typing import Any

from simpeg_sync.domain.change import Nip
from simpeg_sync.domain.record import BknId

NIP_NAMES = frozenset({"nipbaru", "nip"})
PNS_NAMES = frozenset(
    {
        "idpns",
        "pns",
        "pnsid",
        "pns_id",
        "pnsorang",
        "pnsorangid",
        "pns_orang_id",
        "pnsdinilai",
        "pnsdinilaiid",
        "pnsdinilaiorang",
    }
)
"""In small letters, since BKN's capitals come and go. The raters of an appraisal (``penilaiPnsId``) are not its owner."""

NUMBER_MAX = 10**18


def foreign(row: Mapping[str, Any], *, nip: Nip | None, pns_id: BknId | None, also_pns: Collection[str] = ()) -> bool:
    """Whether the row names another person than the one asked for. What BKN leaves empty says nothing.

    ``also_pns``: further names, in small letters, that hold the person's id in this kind of row: ``id`` in data-utama.
    """
    for name, value in row.items():
        key = name.lower()
        if nip is not None and key in NIP_NAMES and _is_another(value, nip):
            return True
        if pns_id is not None and (key in PNS_NAMES or key in also_pns) and _is_another(value, pns_id):
            return True
    return False


def _is_another(value: Any, wanted: str) -> bool:
    """Upper and lower case are one id at BKN, and "0" is none. What is no text at all names nobody we know."""
    if value is None:
        return False
    # A NIP as a JSON number has 18 digits; what is longer is none, and may be too long to be written out.
    is_number = isinstance(value, int) and 0 <= value < NUMBER_MAX
    said = str(value).strip().lower() if isinstance(value, str) or is_number else "?"
    return said not in ("", "0", wanted.lower())
