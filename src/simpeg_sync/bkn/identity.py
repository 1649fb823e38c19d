"""Whose is a row of BKN? Lists name their person under many names; an answer about somebody else is not our answer."""

from collections.abc import Mapping
from typing import Any

from simpeg_sync.decide.fields import identifier

NIP_NAMES = ("nipBaru", "nip")
PNS_ID_NAMES = ("idPns", "pns", "pnsId", "pnsOrang", "pnsOrangId", "pnsDinilaiId", "pnsDinilaiOrang", "pns_orang_id")


def foreign(row: Mapping[str, Any], *, nip: str, pns_id: str | None) -> bool:
    """Whether the row names another person. An empty name says nothing. Source: bkn-api section 2, read names."""
    nips = [row.get(name) for name in NIP_NAMES]
    if any(text and str(text) != nip for text in nips):
        return True
    named = [identifier(row.get(name)) for name in PNS_ID_NAMES]
    return pns_id is not None and any(one and one != identifier(pns_id) for one in named)
