"""BKN's rows of one person and one resource, as one list GET showed them, and which of them is a record's own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simpeg_sync.decide.fields import Resource, identifier
from simpeg_sync.domain.record import BknId
from simpeg_sync.mapping.render import Wanted

BknRow = Mapping[str, Any]


@dataclass(slots=True)
class Look:
    """Lives for one turn of one person; our own writes of that turn are noted in it, so that one GET serves them all."""

    rows: dict[str, BknRow] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[BknRow]) -> "Look":
        return cls({identifier(id_of(row)): row for row in rows})

    def row(self, bkn_id: BknId) -> BknRow | None:
        return self.rows.get(identifier(bkn_id))

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self.rows)

    def note_save(self, resource: Resource, bkn_id: BknId, body: Mapping[str, Any]) -> None:
        """What the row looks like after a proved save, as far as the body says."""
        before = self.rows.get(identifier(bkn_id), {})
        # Guessed names too: of our own row we know what it holds, whatever BKN calls it.
        after = {field.read: body[field.write] for field in resource.fields if field.read and field.write in body}
        self.rows[identifier(bkn_id)] = {**before, **after, "id": bkn_id}

    def note_delete(self, bkn_id: BknId) -> None:
        self.rows.pop(identifier(bkn_id), None)


def id_of(row: BknRow) -> BknId:
    """BKN spells the id ``id`` or ``ID``."""
    return BknId(str(row.get("id") or row.get("ID") or ""))


def candidates(wanted: Wanted, resource: Resource, natural_key: tuple[str, ...], look: Look) -> list[BknId]:
    """BKN's rows that may be this record: the one whose id SIMPEG stored, else all with the same natural key."""
    if resource.is_single:
        return [id_of(row) for row in look.rows.values()]
    if wanted.stored_bkn_id is not None and (row := look.row(wanted.stored_bkn_id)) is not None:
        return [id_of(row)]
    return [
        id_of(row)
        for row in look.rows.values()
        if resource.shows(natural_key, row) and resource.same_by(natural_key, wanted.body, row)
    ]
