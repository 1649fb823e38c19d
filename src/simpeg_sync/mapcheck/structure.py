"""Do the tables fit the feed? Asked of the catalogue, and of the data where the catalogue promises nothing."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TypeVar

from simpeg_sync.config.document import YamlFile
from simpeg_sync.config.places import place_of_column, place_of_join, place_of_table
from simpeg_sync.config.settings import likely
from simpeg_sync.domain.errors import SourceDown, SourceUnfit
from simpeg_sync.mapcheck.finding import Finding, has_problems, shown
from simpeg_sync.mapping.feed import Feed, Join
from simpeg_sync.source.feed_survey import FeedSurvey, TableFacts
from simpeg_sync.source.names import split_table

T = TypeVar("T")
COUNTED_MAX = 1000
SLOWER = "Changes there are found all the same, by passes over the whole table, and by mode `scan` or the daily sweep."


@dataclass(frozen=True, slots=True)
class Structure:
    feed: Feed
    file: YamlFile
    survey: FeedSurvey

    def findings(self) -> Iterator[Finding]:
        """Raises SourceDown. What is missing makes every further question about the feed idle, so nothing else is said."""
        missing = list(self._missing())
        yield from missing
        if missing:
            return
        disagreeing = list(self._disagreeing())
        yield from disagreeing
        try:
            self.survey.source.check(self.feed)
        except SourceUnfit as unfit:
            if not has_problems(disagreeing):
                yield self._wrong("source.unfit", self.file.place(("feed",)), str(unfit), "Correct what it names.")
            return
        of_key = list(self._key())
        yield from of_key
        # Where keys are doubled already, what a join makes of them says nothing about the join.
        is_single = not has_problems(of_key)
        for number, join in enumerate(self.feed.joins):
            of_join = list(self._fan_out(number, join, is_single=is_single))
            is_single = is_single and not has_problems(of_join)
            yield from of_join
            yield from self._roads(join)

    # ---------------------------------------------------------------------------------------------- what is not there

    def _missing(self) -> Iterator[Finding]:
        tables = {"": self.feed.table, **{join.alias: join.table for join in self.feed.joins}}
        for table in dict.fromkeys(tables.values()):
            if self.survey.facts(table) is None:
                yield self._missing_table(table)
        columns = [*self.feed.columns]
        for join in self.feed.joins:
            columns += [name for its, known in join.on for name in (f"{join.alias}.{its}", known)]
        for column in dict.fromkeys(columns):
            alias, _, bare = column.rpartition(".")
            facts = self.survey.facts(tables[alias])
            if facts is not None and bare not in facts.columns:
                what = f"table {facts.name} has no column {bare}"
                place = place_of_column(self.file, self.feed, column)
                remedy = f"{_likely(bare, facts.columns)} Correct the name; upper and lower case count.".strip()
                yield self._wrong("column.missing", place, what, remedy)

    def _missing_table(self, table: str) -> Finding:
        schema, _ = split_table(table)
        try:
            guess = _likely(table, self.survey.tables(schema))
        except SourceUnfit:  # the schema is not there either
            guess = ""
        what = f"table {table} does not exist, or the account may not see it"
        remedy = f"{guess} Correct the name, or GRANT SELECT on it.".strip()
        return self._wrong("table.missing", place_of_table(self.file, table), what, remedy)

    # ---------------------------------------------------------------------------------------------------------- the key

    def _key(self) -> Iterator[Finding]:
        feed, facts = self.feed, self._facts(self.feed.table)
        word = "identity" if feed.key_is_natural else "key"
        place = self.file.place((word,))
        columns = ", ".join(feed.key)
        without = self._asked(lambda: self.survey.rows_without_key(feed))
        if without:
            what = f"rows with NULL in the {word} ({columns}) belong to no record and are never sent"
            yield self._wrong(f"{word}.null", place, what, "Choose columns that are always filled.", count=without)
        if not facts.is_view and feed.key[0] not in facts.leading:
            what = f"no index of {feed.table} begins with {feed.key[0]}: every page of a sweep or a scan sorts the whole table"
            yield self._note(f"{word}.no_index", place, what, f"Let the DBA make an index on ({columns}).")
        if facts.is_unique_by(feed.key):
            return
        doubles = self._asked(lambda: self.survey.doubles(feed, joins=0, limit=COUNTED_MAX))
        if doubles is None:
            what = f"whether the {word} ({columns}) is unique was not found out: counting took longer than source.statement_limit"
            yield self._note(f"{word}.not_checked", place, what, "Ask the DBA, or raise the limit for once.")
        elif doubles.count and feed.key_is_natural:
            what = f"several rows of {feed.table} agree in all of ({columns}); they are held until one is left"
            remedy = "Add columns that tell them apart, or remove the doubles in SIMPEG."
            yield self._wrong(
                "identity.twice", place, what, remedy, count=doubles.count, example=shown(doubles.example)
            )
        elif doubles.count:
            what = f"key ({columns}) is not unique in {feed.table}; the feed cannot be read"
            remedy = "Add the columns that tell its rows apart; where nothing does, write identity instead of key."
            yield self._wrong(
                "key.not_unique", place, what, remedy, count=doubles.count, example=shown(doubles.example)
            )
        elif not feed.key_is_natural and not facts.is_view:
            what = f"key ({columns}) is unique today, but no unique index of {feed.table} keeps it so"
            yield self._note("key.no_unique_index", place, what, "Let the DBA make one, or watch this check.")

    # -------------------------------------------------------------------------------------------------------- the joins

    def _disagreeing(self) -> Iterator[Finding]:
        for number, join in enumerate(self.feed.joins):
            for its, known in join.on:
                place = self.file.place(("joins", number, "on", its))
                partner, (table, column) = self._facts(join.table), self._at(known)
                own = self._facts(table)
                kinds = (partner.kind(its), own.kind(column))
                names = f"{join.table}.{its} and {table}.{column}"
                if all(kinds) and kinds[0] != kinds[1]:
                    what = f"{names} are joined, but one is {_a(kinds[0])} and the other {_a(kinds[1])}"
                    remedy = (
                        "Some databases refuse that, others convert and match less or more than is meant, without an index: "
                        "join columns of one type, by a view if need be."
                    )
                    yield self._wrong("join.types_disagree", place, what, remedy)
                    continue
                # A database says only what differs from its table's default.
                collations = (partner.collation(its), own.collation(column))
                if all(collations) and collations[0] != collations[1]:
                    what = f"{names} are joined, but their collations differ ({' and '.join(collations)})"
                    yield self._note(
                        "join.collations_differ", place, what, "Such a join may be slow or refused; ask the DBA."
                    )

    def _fan_out(self, number: int, join: Join, *, is_single: bool) -> Iterator[Finding]:
        """One row of the feed must stay one row."""
        place = place_of_join(self.file, self.feed, join.alias)
        columns = [its for its, _ in (*join.on, *join.where)]
        picked = [join.pick.column.rpartition(".")[2]] if join.pick else []
        if self._facts(join.table).is_unique_by([*columns, *picked]):
            return
        named = f"{join.table} ({', '.join(columns)})"
        doubles = None
        if is_single:
            doubles = self._asked(lambda: self.survey.doubles(self.feed, joins=number + 1, limit=COUNTED_MAX))
        if doubles is not None and doubles.count:
            what = f"join {join.alias} finds several rows of {named} for one key, and which one counts is not said"
            yield self._wrong(
                "join.fans_out",
                place,
                what,
                "Add columns to its `on`.",
                count=doubles.count,
                example=shown(doubles.example),
            )
        elif doubles is not None and not doubles.count:
            what = f"join {join.alias} finds one row today, but no unique index keeps {named} from having two"
            yield self._note(
                "join.may_fan_out", place, what, "The day it has, the feed's rows are held: add columns to `on`."
            )
        else:
            what = f"whether join {join.alias} may find several rows of {named} was not found out"
            remedy = (
                "Correct the doubles said above first, ask the DBA for a unique index, or raise source.statement_limit."
            )
            yield self._note("join.not_checked", place, what, remedy)

    def _roads(self, join: Join) -> Iterator[Finding]:
        place = place_of_join(self.file, self.feed, join.alias)
        partner = self._facts(join.table)
        asked = [its for its, _ in (*join.on, *join.where)]
        if not partner.is_view and not partner.leading & set(asked):
            columns = ", ".join(asked)
            what = (
                f"no index of {join.table} begins with {columns}: reading the feed's rows looks through the whole table"
            )
            yield self._note("join.no_index", place, what, f"Let the DBA make an index on {join.table} ({columns}).")
        back = [self._at(known) for _, known in join.on]
        if not any(self._facts(table).is_view or column in self._facts(table).leading for table, column in back):
            columns = " or ".join(f"{table}.{column}" for table, column in back)
            what = f"a change in {join.table} has no indexed road back to its rows: no index begins with {columns}"
            yield self._note("join.no_road_back", place, what, f"Let the DBA make one. {SLOWER}")

    # ------------------------------------------------------------------------------------------------------------------

    def _asked(self, ask: Callable[[], T]) -> T | None:
        """None when the database would not count so long."""
        try:
            return ask()
        except SourceDown:
            if not self.survey.is_answering(self.feed):
                raise
            return None

    def _facts(self, table: str) -> TableFacts:
        facts = self.survey.facts(table)
        assert facts is not None, "a missing table has been said before"
        return facts

    def _at(self, known: str) -> tuple[str, str]:
        """Table and column of ``column`` or ``alias.column``."""
        alias, _, column = known.rpartition(".")
        tables = {join.alias: join.table for join in self.feed.joins}
        return (tables[alias] if alias else self.feed.table), column

    def _wrong(
        self, kind: str, place: str, what: str, remedy: str, *, count: int | None = None, example: str = ""
    ) -> Finding:
        return Finding(kind, "problem", place, what, remedy, count, example)

    def _note(self, kind: str, place: str, what: str, remedy: str) -> Finding:
        return Finding(kind, "note", place, what, remedy)


def _likely(name: str, known: Collection[str]) -> str:
    meant = {one.casefold(): one for one in known}.get(name.casefold())
    return f"Did you mean {meant!r}?" if meant else likely(name, known)


def _a(kind: str) -> str:
    return {"number": "a number", "text": "a text", "date": "a date"}.get(kind, kind)
