"""The whole look: from the tables of a SIMPEG to drafts of feeds, each choice with how sure it is and what else it could be.

1. Who are the persons, and how does one get from each table to them?
2. Which kind of BKN is each table that has persons?
3. Which column is which field, and how is its value to be read?
4. Which local codes are there, and which rows may leave?
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simpeg_sync.discover import conditions, kinds
from simpeg_sync.discover.conditions import Guess
from simpeg_sync.discover.contents import USUAL, Look
from simpeg_sync.discover.kinds import SURE, Match, Recognised
from simpeg_sync.discover.looks import SeenColumn, SeenTable, seen
from simpeg_sync.discover.lookups import LocalCode, Lookup, Lookups, lookup_tables
from simpeg_sync.discover.persons import Master, Over, Road, masters, names_of, nip_columns, roads
from simpeg_sync.discover.shapes import FieldShape, Shape
from simpeg_sync.discover.words import Lexicon
from simpeg_sync.mapping.expressions import NO_DATE
from simpeg_sync.source.survey import Survey, Unseen

CLOSE = 0.2
"""A kind whose score is lower by more than this is not worth a comment."""


@dataclass(frozen=True, slots=True)
class FieldDraft:
    """How one of BKN's fields may be filled."""

    name: str
    expression: Any
    """As it stands in YAML; None where nothing was recognised."""
    score: float
    also: tuple[tuple[str, float], ...] = ()
    is_required: bool = False
    note: str = ""

    @property
    def is_sure(self) -> bool:
        return self.expression is not None and self.score >= SURE


@dataclass(frozen=True, slots=True)
class CodeDraft:
    """A code table that a person has to fill."""

    file: str
    codes: Sequence[LocalCode]
    bkn_table: str | None
    origin: str
    """``table.column`` that the codes were found in."""


@dataclass(frozen=True, slots=True)
class FeedDraft:
    name: str
    target: str
    table: str
    score: float
    key: tuple[str, ...]
    key_is_declared: bool
    identity: tuple[str, ...]
    joins: tuple[Mapping[str, Any], ...]
    person: str
    person_score: float
    person_bkn_id: str | None
    bkn_id: str | None
    scope: Any
    verified: Guess | None
    deleted: Guess | None
    fields: tuple[FieldDraft, ...]
    natural_key: tuple[str, ...]
    document: str | None
    document_note: str
    document_kind: str
    also_targets: tuple[tuple[str, float], ...] = ()
    moves_with: tuple[str, ...] = ()
    why_not: str = ""
    """Why the feed cannot be used as it stands; empty for one that can."""
    is_written: bool = True


@dataclass(frozen=True, slots=True)
class Discovery:
    feeds: Sequence[FeedDraft]
    codes: Sequence[CodeDraft]
    masters: Sequence[Master]
    left_alone: Sequence[Unseen] = field(default=())


def discover(
    survey: Survey, shapes: Mapping[str, Shape], lexicon: Lexicon, *, switched_off: Mapping[str, str]
) -> Discovery:
    """``switched_off``: targets that no feed may have yet, with what would change that. Raises SourceError."""
    tables = [seen(table, lexicon) for table in survey.tables()]
    known = masters(tables)
    ways = roads(tables, known, survey)
    no_histories = {master.table.name for master in known}
    lookups = Lookups(lookup_tables(tables, ways), survey, lexicon, persons=names_of(known))
    drafter = _Drafter(shapes, lexicon, lookups, switched_off)
    left_alone: list[Unseen] = list(survey.unseen)
    for table in tables:
        way = ways.get(table.name)
        if way is None or table.name in no_histories:
            continue
        skip = frozenset({way.column, *(column.name for column in nip_columns(table))})
        found = kinds.recognise(table, shapes, lexicon, skip=skip)
        if "staging" in table.called.words:
            if found:
                left_alone.append(Unseen(table.name, "looks like a copy, a log or rows that wait for approval"))
            continue
        if not found:
            left_alone.append(Unseen(table.name, "has persons, but is of no kind that was recognised"))
            continue
        drafter.draft(table, way, found)
    return Discovery(_named(drafter.feeds), sorted(drafter.codes.values(), key=lambda one: one.file), known, left_alone)


class _Drafter:
    def __init__(
        self, shapes: Mapping[str, Shape], lexicon: Lexicon, lookups: Lookups, switched_off: Mapping[str, str]
    ) -> None:
        self.shapes, self.lexicon, self.lookups, self.switched_off = shapes, lexicon, lookups, switched_off
        self.feeds: list[FeedDraft] = []
        self.codes: dict[str, CodeDraft] = {}

    def draft(self, table: SeenTable, way: Road, found: Sequence[Recognised]) -> None:
        best = found[0]
        rivals = {one.target: one for one in found}
        split = self._split(table, best, rivals) if {"kursus", "diklat"} & {best.target} else None
        if split is None:
            self._add(table, way, best, found, scope=None)
            return
        column, codes = split
        for target, scope in (("diklat", {column: list(codes)}), ("kursus", {column: {"not": list(codes)}})):
            one = rivals.get(target) or replace(best, target=target, matches=self._matches(table, way, target))
            self._add(table, way, one, found, scope=scope, is_split=True)

    def _matches(self, table: SeenTable, way: Road, target: str) -> kinds.Matches:
        return kinds.match(table, self.shapes[target], self.lexicon, skip=frozenset({way.column}))

    def _split(
        self, table: SeenTable, best: Recognised, rivals: Mapping[str, Recognised]
    ) -> tuple[str, tuple[str, ...]] | None:
        """A column that tells structural training from the rest."""
        if table.called.words & {"struktural", "teknis", "fungsional", "seminar", "workshop"}:
            return None
        for column in sorted(table.columns.values(), key=lambda one: ("jenis" not in one.called.words, one.name)):
            if (
                not column.called.words & {"jenis", "diklat", "struktural"}
                or not column.look.is_few
                or column.look.date > 0.5
            ):
                continue
            codes = self.lookups.codes(table, column, self.lookups.of(table, column))
            if structural := conditions.structural(codes, self.lexicon):
                return column.name, structural
        return None

    def _add(
        self,
        table: SeenTable,
        way: Road,
        one: Recognised,
        found: Sequence[Recognised],
        *,
        scope: Any,
        is_split: bool = False,
    ) -> None:
        shape, kind = self.shapes[one.target], self.lexicon.kinds[one.target]
        joins: list[Mapping[str, Any]] = []
        person, person_bkn_id = self._person(way, joins)
        fields = [self._field(table, shape.fields[name], one, joins) for name in shape.fields]
        filled = {draft.name for draft in fields if draft.is_sure}
        natural_key = tuple(name for name in kind.natural_key if name in filled)
        key, declared = _key(table)
        identity = () if key else tuple(dict.fromkeys([way.column, *_columns(fields, natural_key)]))
        document, document_note = _document(table)
        why_not = self.switched_off.get(one.target, "")
        if not why_not and shape.needs_natural_key and not natural_key:
            why_not = f"no column was recognised by which a row is known again ({', '.join(kind.natural_key)})"
        self.feeds.append(
            FeedDraft(
                name=one.target,
                target=one.target,
                table=table.name,
                score=one.score,
                key=key,
                key_is_declared=declared,
                identity=identity,
                joins=tuple(joins),
                person=person,
                person_score=round(way.score, 2),
                person_bkn_id=person_bkn_id,
                bkn_id=_row_bkn_id(table),
                scope=scope,
                verified=conditions.verified(table, self.lexicon),
                deleted=conditions.deleted(table),
                fields=tuple(fields),
                natural_key=natural_key,
                document=document,
                document_note=document_note,
                document_kind=next(iter(shape.document_kinds), ""),
                also_targets=()
                if is_split
                else tuple((other.target, other.score) for other in found if other.target != one.target)[:3],
                why_not=why_not,
                is_written=shape.is_written,
            )
        )

    def _person(self, way: Road, joins: list[Mapping[str, Any]]) -> tuple[str, str | None]:
        bkn_id = way.master.bkn_id if way.master is not None else None
        if way.over is not None:
            return self._person_over(way, way.over, bkn_id, joins)
        if way.master is not None and (not way.is_nip or bkn_id is not None):
            joins.append({"table": way.master.table.name, "as": "p", "on": {way.master_column: way.column}})
        person = way.column if way.is_nip or way.master is None else f"p.{way.master.nip}"
        return person, f"p.{bkn_id}" if bkn_id is not None else None

    def _person_over(
        self, way: Road, over: Over, bkn_id: str | None, joins: list[Mapping[str, Any]]
    ) -> tuple[str, str | None]:
        joins.append({"table": over.table, "as": "o", "on": {over.its: way.column}})
        if way.master is None:
            return f"o.{over.way.column}", None
        joins.append({"table": way.master.table.name, "as": "p", "on": {way.master_column: f"o.{over.way.column}"}})
        return f"p.{way.master.nip}", f"p.{bkn_id}" if bkn_id is not None else None

    # --------------------------------------------------------------------------------------------------------- fields

    def _field(
        self, table: SeenTable, shape: FieldShape, one: Recognised, joins: list[Mapping[str, Any]]
    ) -> FieldDraft:
        matches = one.matches.get(shape.name, ())
        if not matches:
            return FieldDraft(shape.name, None, 0.0, is_required=shape.is_required)
        best = matches[0]
        column = table.columns[best.column]
        also = tuple((match.column, match.score) for match in matches[1:])
        expression, note = self._expression(table, column, shape, best, joins)
        return FieldDraft(shape.name, expression, best.score, also, shape.is_required, note)

    def _expression(
        self, table: SeenTable, column: SeenColumn, shape: FieldShape, best: Match, joins: list[Mapping[str, Any]]
    ) -> tuple[Any, str]:
        match shape.form:
            case "date":
                return _dated("date", column), ""
            case "year" | "month":
                number = column.look.date > 0.5 or column.is_date
                written = _dated(shape.form, column) if number else {"integer": column.name}
                return ({**written, "as_text": True} if shape.as_text else written), ""
            case "number" if shape.code_table is not None:
                return self._number_of_code(table, column, shape, best)
            case "number":
                return {"integer": column.name}, ""
            case "amount":
                return _amount(column.name, column.look, shape), ""
            case "code" | "flag":
                return self._code(table, column, shape, best, joins)
            case "text":
                return column.name, ""

    def _number_of_code(self, table: SeenTable, column: SeenColumn, shape: FieldShape, best: Match) -> tuple[Any, str]:
        expression, note = self._code(table, column, shape, best, None)
        return ({"integer": expression} if isinstance(expression, dict) else {"integer": column.name}), note

    def _code(
        self,
        table: SeenTable,
        column: SeenColumn,
        shape: FieldShape,
        best: Match,
        joins: list[Mapping[str, Any]] | None,
    ) -> tuple[Any, str]:
        if column.look.id > 0.5 and "bkn" in column.called.words:
            return column.name, "BKN's own code"
        if best.score < SURE:
            return {"code": column.name, "table": "codes/TODO.csv"}, ""
        lookup = self.lookups.of(table, column)
        if lookup is not None and lookup.bkn_id is not None and joins is not None:
            alias = self._joined(lookup, column.name, joins)
            return f"{alias}.{lookup.bkn_id}", f"BKN's code as {lookup.table} has it"
        if column.look.id > 0.5 and lookup is None:
            return column.name, "ids like BKN's own"
        origin = lookup.table if lookup else f"{table.name}.{column.name}"
        file = f"codes/{_slug(shape.code_table or shape.name)}-{_slug(origin)}.csv"
        if file not in self.codes:
            codes = self.lookups.codes(table, column, lookup)
            where = (
                f"{lookup.table}.{lookup.column}" + (f":{lookup.label}" if lookup.label else "") if lookup else origin
            )
            self.codes[file] = CodeDraft(file, codes, shape.code_table, where)
        return {"code": column.name, "table": file}, ""

    def _joined(self, lookup: Lookup, column: str, joins: list[Mapping[str, Any]]) -> str:
        on = {lookup.column: column}
        for join in joins:
            if (join["table"], join["on"]) == (lookup.table, on):
                return str(join["as"])
        alias = f"k{len(joins) + 1}"
        joins.append({"table": lookup.table, "as": alias, "on": on})
        return alias


def _rivals(one: Recognised, found: Sequence[Recognised]) -> tuple[tuple[str, float], ...]:
    near = [other for other in found if other.target != one.target and other.score >= one.score - CLOSE]
    return tuple((other.target, other.score) for other in near)[:3]


def _dated(verb: str, column: SeenColumn) -> dict[str, Any]:
    look = column.look
    written: dict[str, Any] = {verb: column.name}
    if look.forms and (len(look.forms) > 1 or look.forms[0] not in USUAL):
        written["formats"] = list(look.forms)
    if set(look.no_dates) - set(NO_DATE):
        written["no_date"] = sorted({*look.no_dates, *NO_DATE})
    return written


def _amount(name: str, look: Look, shape: FieldShape) -> dict[str, Any]:
    written: dict[str, Any] = {"number": name}
    if look.has_comma:
        written["decimal"] = ","
    if shape.as_text:
        written["as_text"] = True
    return written


def _columns(fields: Sequence[FieldDraft], names: Sequence[str]) -> list[str]:
    """Columns of the table itself behind these fields."""
    found: list[str] = []
    for draft in fields:
        inner = draft.expression
        while isinstance(inner, dict):
            inner = next(iter(inner.values()))
        if draft.name in names and isinstance(inner, str) and "." not in inner:
            found.append(inner)
    return found


def _key(table: SeenTable) -> tuple[tuple[str, ...], bool]:
    if table.table.key:
        return table.table.key, True
    unique = [
        column.name
        for column in table.columns.values()
        if column.look.is_unique and column.look.rows >= 5 and "id" in column.called.words and not column.is_date
    ]
    return ((sorted(unique, key=lambda name: (len(name), name))[0],), False) if unique else ((), False)


def _row_bkn_id(table: SeenTable) -> str | None:
    """The column with BKN's id of the row: ids like BKN's, or empty under such a name."""
    about = table.called.words | {"id", "bkn", "sinkron", "riwayat"}
    found = [
        column
        for column in table.columns.values()
        if column.called.words & {"bkn", "sinkron"}
        and column.called.words <= about
        and "id" in column.called.words | {"id"}
        and not column.is_date
        and (column.look.id > 0.3 or (column.look.is_empty and "id" in column.called.words))
    ]
    return min(found, key=lambda column: (-column.look.id, len(column.name), column.name)).name if found else None


def _document(table: SeenTable) -> tuple[str | None, str]:
    named = [column for column in table.columns.values() if column.look.pdf > 0.5]
    if named:
        best = min(named, key=lambda column: ("berkas" not in column.called.words, -column.look.pdf, column.name))
        return best.name, ""
    inside = [
        c.name for c in table.columns.values() if c.look.base64 > 0.5 or (c.is_binary and "berkas" in c.called.words)
    ]
    if inside:
        return None, f"certificates seem to lie inside the column {inside[0]}; feeds read files from folders only"
    maybe = sorted(
        c.name for c in table.columns.values() if "berkas" in c.called.words and c.look.is_empty and not c.is_number
    )
    return None, f"perhaps the column {maybe[0]}, which is empty so far" if maybe else ""


def _named(feeds: Sequence[FeedDraft]) -> Sequence[FeedDraft]:
    """The likeliest table of a kind is called as the kind; the others carry their table's name."""
    seen_targets: set[str] = set()
    named: list[FeedDraft] = []
    for feed in sorted(feeds, key=lambda one: (one.target, bool(one.why_not), -one.score, one.table)):
        name = feed.target if feed.target not in seen_targets else f"{feed.target}-{_slug(feed.table)}"[:40]
        seen_targets.add(feed.target)
        while name in {one.name for one in named}:
            name = f"{name[:38]}_2"
        named.append(replace(feed, name=name))
    return [replace(feed, moves_with=_moves(feed, named)) for feed in named]


def _moves(feed: FeedDraft, feeds: Sequence[FeedDraft]) -> tuple[str, ...]:
    if feed.scope is None or feed.why_not:
        return ()
    return tuple(
        one.name
        for one in feeds
        if one.table == feed.table and one is not feed and one.scope is not None and not one.why_not
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "x"
