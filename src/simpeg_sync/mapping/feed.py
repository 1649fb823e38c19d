"""One configured flow: these SIMPEG rows become that resource at BKN.

Here stands only what a feed *is*. How its expressions are computed is in ``expressions.py``, how its tables are read
is the business of the source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from simpeg_sync.domain.change import FeedName
from simpeg_sync.mapping.conditions import Condition
from simpeg_sync.mapping.expressions import Expression, linked_feeds

DeletePolicy = Literal["hold", "delete", "ignore"]


@dataclass(frozen=True, slots=True)
class Join:
    """A second table, seen from the feed's own. Always an outer join: a missing partner must be seen, not hidden."""

    table: str
    alias: str
    on: tuple[tuple[str, str], ...]
    """Pairs (column of this table, column known before: ``column`` of the feed's table or ``alias.column``)."""


@dataclass(frozen=True, slots=True)
class DocumentRule:
    """Where the certificate of a row lies."""

    file: Expression
    """Gives the file name; empty means that the row has no certificate."""
    directory: str
    required: bool = False
    """Hold the record, not only its document, while the row names no file."""
    kind: str = ""
    """id_ref_dokumen; empty for the usual one of the target."""


@dataclass(frozen=True, slots=True)
class Feed:
    name: FeedName
    target: str
    """BKN's resource, e.g. ``kursus``."""
    table: str
    """``table`` or ``schema.table``."""
    key: tuple[str, ...]
    person: str
    """The column that holds the NIP."""
    fields: Mapping[str, Expression]
    """BKN's field name -> how it is computed. Insertion order is the order of the body."""
    key_is_natural: bool = False
    """The table has no key: these columns only should name a row, and rows that agree in all of them are held."""
    joins: tuple[Join, ...] = ()
    scope: Condition | None = None
    """Which rows of the table belong to this feed at all."""
    verified: Condition | None = None
    """Which rows may leave."""
    deleted: Condition | None = None
    """Rows that SIMPEG calls deleted though they are still there."""
    active_person: Condition | None = None
    person_bkn_id: str | None = None
    """Column with BKN's id of the person, where SIMPEG keeps it."""
    bkn_id: str | None = None
    """Column with BKN's id of the record, where SIMPEG keeps it; used at first sight only."""
    write_back: str | None = None
    """Column of the feed's own table into which BKN's id of the row is written."""
    required: tuple[str, ...] = ()
    """Fields that this region wants filled though BKN would take the row without them."""
    natural_key: tuple[str, ...] = ()
    """BKN fields by which a record is found at BKN when no id is known."""
    documents: tuple[DocumentRule, ...] = ()
    delete_policy: DeletePolicy = "hold"
    look_before_write: bool = True
    brake: Mapping[str, Any] = field(default_factory=dict)
    """Limits of its brake, as far as they are others than everybody's."""
    moves_with: tuple[FeedName, ...] = ()
    """Feeds of the same table and key into which a row of this feed may move."""
    digest: str = field(default="", compare=False)
    """Of the feed's file as written: approval is given to a configuration, not to a name."""
    codes_digest: str = field(default="", compare=False)
    """Of its code tables: when they are extended, what they held has to be looked at again."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the feed reads, each once: ``column`` or ``alias.column``."""
        wanted: list[str] = [*self.key, self.person]
        wanted += [column for column in (self.person_bkn_id, self.bkn_id) if column]
        for condition in (self.scope, self.verified, self.deleted, self.active_person):
            if condition is not None:
                wanted += condition.columns
        for expression in self.fields.values():
            wanted += expression.columns
        for document in self.documents:
            wanted += document.file.columns
        return tuple(dict.fromkeys(wanted))

    @property
    def linked_feeds(self) -> tuple[FeedName, ...]:
        """Feeds whose rows at BKN the fields of this one name."""
        return tuple(dict.fromkeys(feed for one in self.fields.values() for feed in linked_feeds(one)))


def tables_of(feeds: Sequence[Feed]) -> tuple[str, ...]:
    """Every source table that any of the feeds reads."""
    names: list[str] = []
    for feed in feeds:
        names += [feed.table, *(join.table for join in feed.joins)]
    return tuple(dict.fromkeys(names))
