"""One configured flow: these SIMPEG rows become that resource at BKN.

Here stands only what a feed *is*. How its expressions are computed is in ``expressions.py``, how its tables are read
is the business of the source.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from simpeg_sync.domain.change import FeedName, Row
from simpeg_sync.domain.situation import Policy
from simpeg_sync.mapping.conditions import Condition
from simpeg_sync.mapping.expressions import Constant, Expression, clean, linked_feeds
from simpeg_sync.mapping.text import is_readable, plain

DeletePolicy = Literal["hold", "delete", "ignore"]


@dataclass(frozen=True, slots=True)
class Pick:
    """Which of several rows of another table counts: the one with the highest (or lowest) value of a column."""

    column: str
    newest: bool = True


@dataclass(frozen=True, slots=True)
class Join:
    """A second table, seen from the feed's own. Always an outer join: a missing partner must be seen, not hidden."""

    table: str
    alias: str
    on: tuple[tuple[str, str], ...]
    """Pairs (column of this table, column known before: ``column`` of the feed's table or ``alias.column``)."""
    where: tuple[tuple[str, str], ...] = ()
    """Pairs (column of this table, the text of its value), for a table that holds things of several kinds."""
    pick: Pick | None = None
    """Without it several partners of one row hold its record."""


@dataclass(frozen=True, slots=True)
class DocumentRows:
    """A table that holds certificates, or pages of them, in rows of its own."""

    join: Join
    """How its rows are found from the feed's row."""
    where: Condition | None = None
    """Which of them count; its columns are written ``alias.column``."""
    order: tuple[str, ...] = ()
    """Columns by which several are pages of one document; without it only one may count."""
    pick: Pick | None = None
    """Of those that count."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a certificate should lie."""

    directory: str
    name: str
    problem: str = ""
    """A reason code when the row's values make no folder."""


NO_FILE = Constant(None)


@dataclass(frozen=True, slots=True)
class DocumentRule:
    """Where the certificate of a row is kept: in a folder, or in a column; named by the row itself or by rows of another
    table."""

    file: Expression = NO_FILE
    """Gives the file name; empty means that the row has no certificate."""
    directory: str = ""
    """The folder; a column in braces stands for a folder of that name, ``berkas/{nip}``."""
    required: bool = False
    """Hold the record, not only its document, while the row names no file."""
    kind: str = ""
    """id_ref_dokumen; empty for the usual one of the target."""
    content: str = ""
    """Instead of a file: the column that holds the certificate itself, as bytes or as base64."""
    rows: DocumentRows | None = None
    """The rows of another table that name or hold it, where it is not the row itself."""
    changes_with: tuple[str, ...] = ()
    """Columns of the row that change whenever its certificate does, for who sees only columns."""

    @property
    def fixed_folder(self) -> str:
        """The part of the folder that is the same for every row; empty without one."""
        before, braces, _ = self.directory.partition("{")
        return before.rpartition("/")[0] if braces else self.directory

    @property
    def is_in_row(self) -> bool:
        """Whether the row that is read for its fields says all there is to say: a file's name."""
        return not self.content and self.rows is None

    @property
    def row_columns(self) -> tuple[str, ...]:
        """What is read together with the row's fields; never a certificate, which may be millions of bytes."""
        known = self.place_columns if self.is_in_row else ()
        roads = tuple(column for _, column in self.rows.join.on) if self.rows is not None else ()
        return (*known, *roads, *self.changes_with)

    @property
    def piece_columns(self) -> tuple[str, ...]:
        """What is read together with the certificate itself, when its turn has come."""
        rows = self.rows
        chosen = [*(rows.where.columns if rows.where else ()), *rows.order] if rows is not None else []
        picked = [rows.pick.column] if rows is not None and rows.pick is not None else []
        return tuple(dict.fromkeys([*self.place_columns, *chosen, *picked]))

    @property
    def place_columns(self) -> tuple[str, ...]:
        return (*self.file.columns, *re.findall(_BRACES, self.directory))

    def place(self, row: Row) -> Place | None:
        """None when the row names no file. Raises Unfit where its expression does."""
        name = self.file.value(row)
        if not name:
            return None
        folders = {column: clean(plain(row.get(column))) for column in re.findall(_BRACES, self.directory)}
        problem = ""
        if not all(folders.values()):
            problem = "document.missing"
        elif not all(_is_folder_name(folder) for folder in folders.values()):
            problem = "document.bad_name"
        return Place(re.sub(_BRACES, lambda found: folders[found[1]], self.directory), str(name), problem)


_BRACES = r"\{([^{}]+)\}"


def _is_folder_name(value: str) -> bool:
    """A value comes from a form: it must name one folder, not a way through several, nor out of them."""
    return value not in (".", "..") and not re.search(r"[/\\\0]", value) and is_readable(value)


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
    unit: Expression | None = None
    """The code of the unit in which the person works, of a feed that says who people are."""
    unit_name: Expression | None = None
    documents: tuple[DocumentRule, ...] = ()
    delete_policy: DeletePolicy = "hold"
    look_before_write: bool = True
    policy: Policy = field(default_factory=Policy)
    """What is done where the two sides are not equal."""
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
        """Every column that is read of a row, each once: ``column`` or ``alias.column``. No certificate is among them."""
        wanted: list[str] = [*self.key, self.person]
        wanted += [column for column in (self.person_bkn_id, self.bkn_id) if column]
        for condition in (self.scope, self.verified, self.deleted, self.active_person):
            if condition is not None:
                wanted += condition.columns
        for expression in self.fields.values():
            wanted += expression.columns
        for unit in (self.unit, self.unit_name):
            wanted += unit.columns if unit is not None else []
        for document in self.documents:
            wanted += document.row_columns
        return tuple(dict.fromkeys(wanted))

    @property
    def roads(self) -> tuple[Join, ...]:
        """Every table beside the feed's own, with the way to it: joins first, then those that hold certificates."""
        return (*self.joins, *(document.rows.join for document in self.documents if document.rows is not None))

    @property
    def linked_feeds(self) -> tuple[FeedName, ...]:
        """Feeds whose rows at BKN the fields of this one name."""
        return tuple(dict.fromkeys(feed for one in self.fields.values() for feed in linked_feeds(one)))


def tables_of(feeds: Sequence[Feed]) -> tuple[str, ...]:
    """Every source table that any of the feeds reads."""
    names: list[str] = []
    for feed in feeds:
        names += [feed.table, *(join.table for join in feed.roads)]
    return tuple(dict.fromkeys(names))
