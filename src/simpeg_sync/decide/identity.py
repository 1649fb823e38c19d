"""Is it the same person? What SIMPEG and BKN say under one NIP, as far as it tells people apart."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simpeg_sync.decide.fields import Resource, identifier
from simpeg_sync.decide.look import BknRow, id_of
from simpeg_sync.decide.names import digits
from simpeg_sync.domain.record import BknId, Digest
from simpeg_sync.mapping.render import Wanted

NIP_OF_ROW = "nipBaru"


@dataclass(frozen=True, slots=True)
class Doubt:
    fields: tuple[str, ...]
    """In which the two sides contradict each other."""
    digest: Digest
    """Of what both sides say in them: a person's word holds for these facts and for no others."""


def doubt(resource: Resource, wanted: Wanted, row: BknRow, *, linked: BknId | None) -> Doubt | None:
    """Why the NIP may be another person at BKN. A value that one side does not have contradicts nothing.

    ``linked``: BKN's id of the person as it was when the two were last taken for one.
    """
    said: dict[str, tuple[str, str]] = {}
    for field in resource.fields:
        if field.write in resource.identity and field.write in wanted.body:
            said[field.write] = (field.normal(wanted.body[field.write]), field.normal(row.get(field.read or "")))
    said[NIP_OF_ROW] = (str(wanted.nip), digits(row.get(NIP_OF_ROW)))
    said["id"] = (identifier(linked), identifier(id_of(row)))
    contradicted = {name: pair for name, pair in said.items() if all(pair) and pair[0] != pair[1]}
    return Doubt(tuple(contradicted), _digest(contradicted)) if contradicted else None


def _digest(contradicted: Mapping[str, Any]) -> Digest:
    text = repr(sorted(contradicted.items()))
    return Digest(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest())
