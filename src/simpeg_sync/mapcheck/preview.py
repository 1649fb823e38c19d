"""`map preview`: one row from SIMPEG's columns to BKN's difference, every step in between shown. Nothing is written.

Values of persons show only their form unless they are asked for; codes and constants, which are nobody's, show as they are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from simpeg_sync.config.document import YamlFile
from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.look import BknRow, Look
from simpeg_sync.documents import Documents
from simpeg_sync.domain.change import TWICE, FeedName, Nip, Row, SourceKey, key_parts
from simpeg_sync.domain.errors import BknError, NothingMatched
from simpeg_sync.domain.record import BknId, Record
from simpeg_sync.mapcheck.rows import compared_columns, parts
from simpeg_sync.mapcheck.shapes import shape
from simpeg_sync.mapping.expressions import Code, Constant, Expression, RowOf, Unfit
from simpeg_sync.mapping.feed import DocumentRule, Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted, nip_of, render
from simpeg_sync.mapping.text import plain
from simpeg_sync.planner import Planner, unseen
from simpeg_sync.ports import Document
from simpeg_sync.reasons import explained
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.turn import View

ROWS_MAX = 200
"""Rows of one person and feed that are shown; nobody has more, but a wrong person column may."""
Shown = Callable[[object], str | None]


@dataclass(frozen=True, slots=True)
class Preview:
    planner: Planner
    source: SqlSource
    files: Mapping[FeedName, YamlFile]
    asks_bkn: bool
    shows_values: bool = False

    @property
    def view(self) -> View:
        return self.planner.view

    def of_person(self, nip: str, feeds: Sequence[FeedName]) -> list[dict[str, Any]]:
        """Every row of the person, by feed. Raises NothingMatched, SourceError, LedgerError."""
        digits = nip_of(nip)
        if digits is None:
            raise NothingMatched("a NIP has 18 digits")
        found = [
            self._row(self.view.feeds[name], key) for name in feeds for key in self._keys(self.view.feeds[name], digits)
        ]
        if not found:
            raise NothingMatched("no feed has a row of this person; `map check` says how the person column looks")
        return found

    def of_record(self, name: FeedName, key: Sequence[str]) -> list[dict[str, Any]]:
        """As `of_person`, for the row with this key, in the order of the feed's key columns."""
        feed = self.view.feeds[name]
        if len(key) != len(feed.key):
            raise NothingMatched(f"the key of feed {name} has {len(feed.key)} parts: {', '.join(feed.key)}")
        source_key = self.source.as_written(feed, key)
        if not self.source.read(feed, [source_key]) and self.view.ledger.find(name, source_key) is None:
            raise NothingMatched(f"feed {name} has no row with this key, and never had")
        return [self._row(feed, source_key)]

    def _keys(self, feed: Feed, nip: Nip) -> Iterator[SourceKey]:
        ways = (
            nip,
            f"'{nip}",
            f"{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}",
            f"{nip[:8]}.{nip[8:14]}.{nip[14]}.{nip[15:]}",
        )
        seen: set[SourceKey] = set()
        for page in self.source.matching(feed, [{feed.person: way} for way in ways]):
            for key in page:
                if key not in seen and len(seen) < ROWS_MAX:
                    seen.add(key)
                    yield key

    # ------------------------------------------------------------------------------------------------------- one row

    def _row(self, feed: Feed, key: SourceKey) -> dict[str, Any]:
        row = self.source.read(feed, [key]).get(key)
        rendered = render(feed, row, link_of=self.view.link_of)
        decided = self.planner.decided(feed, key, rendered)
        reason, detail = (decided.reason, decided.detail) if decided else (_gone_reason(rendered), "")
        is_there = row is not None and row is not TWICE
        return {
            "feed": feed.name,
            "target": feed.target,
            "key": list(key_parts(key)),
            "row": self._columns(feed, row) if is_there and row is not None else None,
            "fields": list(self._fields(feed, row)) if is_there and row is not None else [],
            "documents": self._documents(feed, key, rendered),
            "payload": self._payload(feed, rendered),
            "action": decided.action if decided else "ignore",
            "reason": reason,
            "detail": detail,
            **explained(reason),
            "certificates_to_follow": decided.certificates_to_follow if decided else 0,
            "bkn": self._bkn(feed, key, rendered) if self.asks_bkn else None,
        }

    def _columns(self, feed: Feed, row: Row) -> dict[str, str | None]:
        public = _code_columns(feed)
        return {name: self._value(row.get(name), is_public=name in public) for name in feed.columns}

    def _fields(self, feed: Feed, row: Row) -> Iterator[dict[str, Any]]:
        file = self.files[feed.name]
        for name, expression in feed.fields.items():
            value, hold = self._computed(feed, row, expression)
            if hold is None and value is None and name in feed.required:
                hold = Unfit("field.required")
            yield {
                "field": name,
                "expression": _as_yaml(file.data["fields"][name]),
                "place": file.place(("fields", name)),
                "value": self._value(value, is_public=_is_public(expression)),
                "hold": hold.code if hold else "",
                "detail": hold.detail if hold else "",
            }

    def _computed(self, feed: Feed, row: Row, expression: Expression) -> tuple[object, Unfit | None]:
        try:
            value = expression.value(row)
            if not isinstance(value, RowOf):
                return value, None
            nip = nip_of(plain(row.get(feed.person)))
            bkn_id = self.view.link_of(value.feed, value.key, nip) if nip else None
            return (bkn_id, None) if bkn_id else (None, Unfit("link.missing", value.feed))
        except Unfit as unfit:
            return None, unfit

    def _documents(self, feed: Feed, key: SourceKey, rendered: Rendered) -> list[dict[str, Any]]:
        """Of a row that may leave; of another one nobody looks at them."""
        resource = self.view.bkn.resource(feed.target)
        usual = next(iter(resource.document_kinds), "")
        found: Mapping[str, Document] = {}
        if isinstance(rendered, Wanted):
            found = Documents(self.source, self.view.files).of(feed, resource, key, rendered)
        return [self._document(rule, found.get(rule.kind or usual)) for rule in feed.documents]

    def _document(self, rule: DocumentRule, found: Document | None) -> dict[str, Any]:
        missing = "document.not_named" if rule.required else ""
        return {
            "kind": rule.kind,
            "file": self._value(found.file_name or None) if found is not None else None,
            "found": found is not None and not found.state.problem,
            "problem": found.state.problem if found is not None else missing,
        }

    def _payload(self, feed: Feed, rendered: Rendered) -> dict[str, Any] | None:
        if not isinstance(rendered, Wanted):
            return None
        if self.shows_values:
            return dict(rendered.body)
        return {
            name: self._value(value, is_public=_is_public(feed.fields[name])) for name, value in rendered.body.items()
        }

    def _value(self, value: object, *, is_public: bool = False) -> str | None:
        if value is None:
            return None
        return plain(value) if self.shows_values or is_public else shape(value)

    # ----------------------------------------------------------------------------------------------------------- BKN

    def _bkn(self, feed: Feed, key: SourceKey, rendered: Rendered) -> dict[str, Any]:
        """What BKN has for the record now, and where it differs, as the daemon compares."""
        resource = self.view.bkn.resource(feed.target)
        record = self.view.ledger.find(feed.name, key)
        nip = rendered.nip if not isinstance(rendered, Gone) else None
        lane = nip or (record.lane if record is not None else None)
        empty: dict[str, Any] = {"found": "", "id": None, "fields": [], "kept": [], "problem": self.planner.bkn_problem}
        if not resource.is_listed:
            return {**empty, "problem": "BKN shows no rows of this kind"}
        turn = self.planner.turn(lane) if lane is not None else None
        if turn is None:
            return {**empty, "problem": self.planner.bkn_problem or "nobody knows whose row this is"}
        try:
            look = self.view.look(turn, feed)
            record = record or unseen(feed.name, key, Nip(turn.claim.lane))
            found, bkn_id = self._found(feed, record, rendered, look)
        except BknError as error:
            return {**empty, "problem": str(error)}
        row = look.row(bkn_id) if bkn_id is not None else None
        if row is None:
            return {**empty, "found": found}
        body = rendered.body if isinstance(rendered, Wanted) else {}
        kept = [name for name in resource.carried_over(body, row) if body] if resource.is_writable else []
        return {
            **empty,
            "found": found,
            "id": bkn_id,
            "fields": self._compared(feed, resource, body, row),
            "kept": kept,
        }

    def _found(self, feed: Feed, record: Record, rendered: Rendered, look: Look) -> tuple[str, BknId | None]:
        """How BKN's row was found, and its id where it is one."""
        if record.bkn_id is not None:
            return ("by link" if look.row(record.bkn_id) else "linked, but gone at BKN"), record.bkn_id
        if not isinstance(rendered, Wanted):
            return "", None
        turn = self.planner.turns[record.lane]
        free, taken = self.view.matches(self.view.work(turn, record, rendered), look)
        if len(free) > 1:
            return f"{len(free)} rows match", None
        if not free:
            return ("matching rows belong to other records" if taken else "no row matches"), None
        is_stored = rendered.stored_bkn_id is not None and look.row(rendered.stored_bkn_id) is not None
        return ("by the id that SIMPEG stored" if is_stored else "by the natural key"), free[0]

    def _compared(self, feed: Feed, resource: Resource, body: Mapping[str, Any], row: BknRow) -> list[dict[str, Any]]:
        readable = {field.write for field in resource.readable(resource.said(body), row)}
        differing = set(resource.differences(body, row))
        return [
            {
                "field": field.write,
                "simpeg": self._value(body.get(field.write), is_public=_is_public(feed.fields[field.write])),
                "bkn": self._bkn_value(row.get(field.read or ""), is_public=_is_public(feed.fields[field.write])),
                # Not every field is shown again, so of some nobody knows.
                "equal": field.write not in differing if field.write in readable else None,
            }
            for field in resource.fields
            if field.write in body
        ]

    def _bkn_value(self, value: object, *, is_public: bool) -> str | None:
        """BKN's own values are read with `bkn read`, which notes in the audit who did."""
        return None if value is None else plain(value) if is_public else shape(value)


def _gone_reason(rendered: Rendered) -> str:
    return rendered.reason if isinstance(rendered, Gone | Unready) else ""


def _is_public(expression: Expression) -> bool:
    return isinstance(expression, Constant | Code)


def _code_columns(feed: Feed) -> frozenset[str]:
    """Columns that hold codes, by what the feed does with them: local codes are nobody's."""
    conditions = [one for one in (feed.scope, feed.verified, feed.deleted, feed.active_person) if one is not None]
    columns = [column for condition in conditions for column in compared_columns(condition)]
    for expression in feed.fields.values():
        columns += [column for part in parts(expression) if isinstance(part, Code) for column in part.columns]
    return frozenset(columns) - {feed.person}


def _as_yaml(written: Any) -> str:
    if isinstance(written, str):
        return written
    text: str = yaml.safe_dump(written, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()
