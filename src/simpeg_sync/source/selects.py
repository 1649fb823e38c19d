"""The SELECT statements of one feed, built from its configuration and the catalogue. Nothing is executed
here."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from simpeg_sync.domain.change import SourceKey, key_parts, source_key
from simpeg_sync.domain.errors import SourceUnfit
from simpeg_sync.mapping.feed import DocumentRule, Feed, Join, Pick
from simpeg_sync.source import compare
from simpeg_sync.source.catalogue import Catalogue, ColumnType
from simpeg_sync.source.names import checked, split_table

PartnerValues = Sequence[Mapping[str, str]]
"""Of changed rows of a joined table: join column -> its text."""


class Selects:
    """Raises SourceUnfit, naming feed and column, when feed and catalogue do not agree."""

    def __init__(self, feed: Feed, catalogue: Catalogue, dialect: str) -> None:
        self.feed = feed
        self._catalogue = catalogue
        self._dialect = dialect
        own_alias = "own"
        while any(join.alias == own_alias for join in feed.roads):
            own_alias += "_"
        self._own = self._alias(feed.table, own_alias)
        self._joined = {join.alias: self._alias(join.table, join.alias) for join in feed.roads}
        self._tables = {join.alias: join.table for join in feed.roads}
        self._key = [self.column(name) for name in feed.key]
        self._key_types = [self.type_of(name) for name in feed.key]

    @property
    def table(self) -> sa.FromClause:
        """The feed's own."""
        return self._from(())

    def rows(self, names: Sequence[str], keys: Sequence[SourceKey], *, by_text: bool) -> sa.Select[Any]:
        """Key texts, then the named columns, of the rows with these keys."""
        select = sa.select(*self._key_texts(), *(self._labelled(name) for name in names))
        return select.select_from(self._from(self.feed.joins)).where(self._has_key(keys, by_text=by_text))

    def number_of(self, key: SourceKey, joins: int) -> sa.Select[Any]:
        """How many rows the key has with the first ``joins`` joins: the one that makes two of one is the
        culprit."""
        source = self._from(self.feed.joins[:joins])
        return sa.select(sa.func.count()).select_from(source).where(self._has_key([key], by_text=False))

    def people(self, nip: str) -> sa.Select[Any]:
        """At most two rows of the table that the feed takes the NIP from, with this NIP."""
        alias, column = self._split(self.feed.person)
        table = self._joined[alias] if alias else self._own
        its = self.type_of(self.feed.person)
        select: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(table)
        return select.where(compare.is_key(self._dialect, table.c[column], its, _text("nip", nip))).limit(2)

    def repeated_key(self, joins: int = 0) -> sa.Select[Any]:
        """Any one key that has several rows with the first ``joins`` joins."""
        select = sa.select(*self._key_texts()).select_from(self._from(self.feed.joins[:joins]))
        return select.where(*self._key_is_set()).group_by(*self._key).having(sa.func.count() > 1).limit(1)

    def page_of_keys(self, after: SourceKey | None, size: int) -> sa.Select[Any]:
        return self._page(sa.select(*self._key_texts()).select_from(self._own), after, size)

    def page_of_rows(
        self, names: Sequence[str], after: SourceKey | None, until: SourceKey | None, size: int
    ) -> sa.Select[Any]:
        """Key texts, then the named columns, in key order, behind one key and up to another."""
        select = sa.select(*self._key_texts(), *(self._labelled(name) for name in names))
        select = select.select_from(self._from(self.feed.joins))
        if until is not None:
            order, last = self._order(), self._operands(until, "until")
            before = [sa.and_(*(order[m] == last[m] for m in range(n)), order[n] < last[n]) for n in range(len(order))]
            equal = sa.and_(*(order[n] == last[n] for n in range(len(order))))
            select = select.where(order[0] <= last[0], sa.or_(*before, equal))
        return self._page(select, after, size)

    def page_of_matching(
        self, values: Sequence[Mapping[str, str]], after: SourceKey | None, size: int, *, by_text: bool
    ) -> sa.Select[Any]:
        """Keys of the rows that have these values in columns of the feed, of its own table or a joined one."""
        select = (
            sa.select(*self._key_texts(), *self._order()).distinct().select_from(self._from(self._joins_of(values)))
        )
        tests = [
            sa.and_(
                *(
                    self._is_value(name, _text(f"m{number}_{n}", text), by_text=by_text)
                    for n, (name, text) in enumerate(value.items())
                )
            )
            for number, value in enumerate(values)
        ]
        return self._page(select.where(sa.or_(*tests)), after, size)

    def page_of_partners(self, join: Join, values: PartnerValues, after: SourceKey | None, size: int) -> sa.Select[Any]:
        """Keys of the feed whose rows are, or were, joined to these. The joined table itself is not asked, so
        this works when its row is gone. Joins in between (a lookup of a lookup) are."""
        select = sa.select(*self._key_texts(), *self._order()).distinct()
        select = select.select_from(self._from(self._way_to(join)))
        select = select.where(sa.or_(*(self._partner(join, value, n) for n, value in enumerate(values))))
        return self._page(select, after, size)

    def pieces(self, rule: DocumentRule, key: SourceKey, *, by_text: bool) -> sa.Select[Any]:
        """Of the rows that name or hold a certificate: the key's text, what chooses among them as it is, the same as
        text, and the size of the certificate, but not the certificate."""
        names = rule.piece_columns
        size = [compare.size(self._dialect, self.column(rule.content)).label("size")] if rule.content else []
        wanted = [*self._key_texts(), *(self._labelled(name) for name in names), *self._piece_texts(names), *size]
        return self._pieces(wanted, rule, key, by_text=by_text)

    def contents(
        self, rule: DocumentRule, key: SourceKey, chosen: Sequence[Sequence[str | None]], *, by_text: bool
    ) -> sa.Select[Any]:
        """The certificates in the rows whose columns have these texts, in the same order."""
        tests = [
            sa.and_(sa.true(), *(self._has_text(name, text, f"p{number}_{n}") for n, (name, text) in enumerate(texts)))
            for number, texts in enumerate(list(zip(rule.piece_columns, one, strict=True)) for one in chosen)
        ]
        wanted = [
            *self._key_texts(),
            *self._piece_texts(rule.piece_columns),
            self.column(rule.content).label("content"),
        ]
        return self._pieces(wanted, rule, key, by_text=by_text).where(sa.or_(*tests))

    def _pieces(
        self, wanted: Sequence[sa.ColumnElement[Any]], rule: DocumentRule, key: SourceKey, *, by_text: bool
    ) -> sa.Select[Any]:
        rows = rule.rows
        named = [*rule.piece_columns, *([rule.content] if rule.content else [])]
        needed = {self._split(name)[0] for name in named}
        if rows is not None:
            needed = (needed - {rows.join.alias}) | {self._split(known)[0] for _, known in rows.join.on}
        source = self._from(self._way(self.feed.joins, needed))
        if rows is not None:
            source = source.join(self._joined[rows.join.alias], self._is_joined(rows.join))
        select = sa.select(*wanted).select_from(source).where(self._has_key([key], by_text=by_text))
        return select.order_by(*(self.column(name) for name in (rows.order if rows is not None else ())))

    def _piece_text(self, name: str) -> sa.ColumnElement[Any]:
        return compare.key_text(self._dialect, self.column(name), self.type_of(name))

    def _piece_texts(self, names: Sequence[str]) -> list[sa.ColumnElement[Any]]:
        return [self._piece_text(name).label(f"t{n}") for n, name in enumerate(names)]

    def _has_text(self, name: str, text: str | None, label: str) -> sa.ColumnElement[bool]:
        column = self._piece_text(name)
        return column.is_(None) if text is None else column == _text(label, text)

    def no_pieces(self, rule: DocumentRule) -> sa.Select[Any]:
        """Reads every column that a certificate is found by, its own too, and no row."""
        names = [*rule.piece_columns, *([rule.content] if rule.content else [])]
        nothing = source_key(["" for _ in self.feed.key])
        select = self._pieces([self._labelled(name) for name in names], rule, nothing, by_text=True)
        return select.where(sa.literal_column("1") == sa.literal_column("0"))

    def nothing(self) -> sa.Select[Any]:
        """Reads every column the feed names and no row: are they there, and may we?"""
        names = self.feed.columns
        select = sa.select(*self._key_texts(), *(self._labelled(name) for name in names))
        return select.select_from(self._from(self.feed.joins)).where(sa.literal_column("1") == sa.literal_column("0"))

    def column(self, name: str) -> sa.ColumnElement[Any]:
        alias, column = self._split(name)
        self.type_of(name)
        found: sa.ColumnElement[Any] = (self._joined[alias] if alias else self._own).c[column]
        return found

    def type_of(self, name: str) -> ColumnType:
        alias, column = self._split(name)
        table = self._tables[alias] if alias else self.feed.table
        try:
            return self._catalogue.type_of(table, column)
        except SourceUnfit as unfit:
            raise SourceUnfit(f"feed {self.feed.name}: {unfit}") from None

    def _split(self, name: str) -> tuple[str, str]:
        alias, _, column = name.rpartition(".")
        if alias and alias not in self._joined:
            raise SourceUnfit(
                f"feed {self.feed.name}: column {name!r} speaks of {alias!r}, "
                "which is no join of the feed; add the join"
            )
        return alias, column

    def _alias(self, table: str, alias: str) -> Any:
        schema, name = split_table(table)
        try:
            columns = self._catalogue.columns(table)
        except SourceUnfit as unfit:
            raise SourceUnfit(f"feed {self.feed.name}: {unfit}") from None
        return sa.table(name, *(sa.column(column) for column in columns), schema=schema).alias(checked(alias))

    def _from(self, joins: Sequence[Join]) -> sa.FromClause:
        source: sa.FromClause = self._own
        for join in joins:
            source = source.outerjoin(self._joined[join.alias], self._is_joined(join))
        return source

    def _is_joined(self, join: Join) -> sa.ColumnElement[bool]:
        tests = self._tests(join, self._joined[join.alias])
        return sa.and_(*tests) if join.pick is None else sa.and_(*tests, self._is_picked(join, join.pick))

    def _is_picked(self, join: Join, pick: Pick) -> sa.ColumnElement[bool]:
        """Said as "no other one is newer", which every engine understands in a join."""
        its = self.column(f"{join.alias}.{pick.column}")
        other = self._alias(join.table, "another_one")
        others = other.c[pick.column]
        is_newer = others > its if pick.newest else others < its
        is_better = sa.or_(is_newer, sa.and_(its.is_(None), others.is_not(None)))
        better = sa.exists().select_from(other).where(*self._tests(join, other), is_better)
        return ~better.correlate_except(other)

    def _tests(self, join: Join, partner: Any) -> list[sa.ColumnElement[bool]]:
        """What a row of the joined table must have to be a partner at all."""
        types = {its: self.type_of(f"{join.alias}.{its}") for its, _ in (*join.on, *join.where)}
        for its, value in join.where:
            # MariaDB would take a text for 0 there, and find what nobody asked for.
            if not compare.may_have(types[its], value):
                raise SourceUnfit(
                    f"feed {self.feed.name}: join {join.alias} asks {its} for a value that a column of its type cannot "
                    "have; correct the const in its `on`"
                )
        alike = [
            compare.are_joined(
                self._dialect, partner.c[its], types[its], self._alike(known, join, its), self.type_of(known)
            )
            for its, known in join.on
        ]
        constants = [
            compare.is_constant(self._dialect, partner.c[its], types[its], _text(f"j_{join.alias}_{its}", value))
            for its, value in join.where
        ]
        return [*alike, *constants]

    def _alike(self, known: str, join: Join, its: str) -> sa.ColumnElement[Any]:
        """The column, to be compared by the rules of its partner: MariaDB refuses to choose between two sets of rules."""
        alias, column = self._split(known)
        ours = self._catalogue.collation_of(self._tables[alias] if alias else self.feed.table, column)
        theirs = self._catalogue.collation_of(join.table, its)
        # Of two character sets the smaller one is converted, and a `_bin` wins: then the database knows itself.
        must_choose = ours != theirs and ours.partition("_")[0] == theirs.partition("_")[0] and ours != ""
        if not must_choose or ours.endswith("_bin") or theirs.endswith("_bin"):
            return self.column(known)
        return sa.collate(self.column(known), theirs)

    def _way_to(self, join: Join) -> list[Join]:
        """The joins that must be made so that the other side of this one's condition is known."""
        known = self.feed.joins[: self.feed.joins.index(join)] if join in self.feed.joins else self.feed.joins
        return self._way(known, {self._split(column)[0] for _, column in join.on})

    def _way(self, known: Sequence[Join], needed: set[str]) -> list[Join]:
        way: list[Join] = []
        for earlier in reversed(known):
            if earlier.alias in needed:
                way.insert(0, earlier)
                needed |= {self._split(known)[0] for _, known in earlier.on}
        return way

    def _partner(self, join: Join, values: Mapping[str, str], number: int) -> sa.ColumnElement[bool]:
        tests = [
            compare.is_partner(
                self._dialect, self.column(known), self.type_of(known),
                _text(f"v{number}_{n}", values[its]), self.type_of(f"{join.alias}.{its}"),
            )
            for n, (its, known) in enumerate(join.on)
        ]  # fmt: skip
        return sa.and_(*tests)

    @staticmethod
    def key_values(keys: Sequence[SourceKey]) -> dict[str, str]:
        """The parameters of `rows` for other keys than it was built with."""
        return {f"k{number}_{n}": part for number, key in enumerate(keys) for n, part in enumerate(key_parts(key))}

    def _has_key(self, keys: Sequence[SourceKey], *, by_text: bool) -> sa.ColumnElement[bool]:
        return sa.or_(*(sa.and_(*self._is_key(key, n, by_text=by_text)) for n, key in enumerate(keys)))

    def _is_key(self, key: SourceKey, number: int, *, by_text: bool) -> list[sa.ColumnElement[bool]]:
        parts = zip(self._key, self._key_types, key_parts(key), strict=True)
        values = [(column, its, _text(f"k{number}_{n}", part)) for n, (column, its, part) in enumerate(parts)]
        if by_text:
            return [compare.key_text(self._dialect, column, its) == value for column, its, value in values]
        return [compare.is_key(self._dialect, column, its, value) for column, its, value in values]

    def _page(self, select: sa.Select[Any], after: SourceKey | None, size: int) -> sa.Select[Any]:
        order = self._order()
        select = select.where(*self._key_is_set()).order_by(*order).limit(size)
        if after is None:
            return select
        last = self._operands(after, "after")
        # (a, b) > (x, y), spelled out: not every database compares rows, and those that do may not use the
        # index.
        beyond = [sa.and_(*(order[m] == last[m] for m in range(n)), order[n] > last[n]) for n in range(len(order))]
        return select.where(order[0] >= last[0], sa.or_(*beyond))

    def _operands(self, key: SourceKey, name: str) -> list[sa.ColumnElement[Any]]:
        pairs = zip(key_parts(key), self._key_types, strict=True)
        return [compare.operand(self._dialect, _text(f"{name}_{n}", part), its) for n, (part, its) in enumerate(pairs)]

    def _is_value(self, name: str, value: sa.ColumnElement[Any], *, by_text: bool) -> sa.ColumnElement[bool]:
        column, its = self.column(name), self.type_of(name)
        if by_text:
            return compare.key_text(self._dialect, column, its) == value
        return compare.is_key(self._dialect, column, its, value)

    def _joins_of(self, values: Sequence[Mapping[str, str]]) -> Sequence[Join]:
        """All of them where a joined column is named, else none: fewer tables, and rows whose joins changed are found."""
        is_joined = any(self._split(name)[0] for value in values for name in value)
        return self.feed.joins if is_joined else ()

    def _order(self) -> list[sa.ColumnElement[Any]]:
        pairs = zip(self._key, self._key_types, strict=True)
        return [compare.sortable(self._dialect, column, its) for column, its in pairs]

    def _key_texts(self) -> list[sa.ColumnElement[Any]]:
        pairs = zip(self._key, self._key_types, strict=True)
        return [compare.key_text(self._dialect, column, its).label(f"k{n}") for n, (column, its) in enumerate(pairs)]

    def _key_is_set(self) -> list[sa.ColumnElement[bool]]:
        return [column.is_not(None) for column in self._key]

    def _labelled(self, name: str) -> sa.Label[Any]:
        # A label of ours: `a.nip` and `b.nip` must not meet, and a long name must not be cut.
        return self.column(name).label("c_" + hashlib.sha256(name.encode()).hexdigest()[:12])


def _text(name: str, value: str) -> sa.BindParameter[str]:
    return sa.bindparam(name, value, type_=sa.String)
