"""What comparing has found: the situation of every row, since when, every change of it; and what is due to be compared.

A comparison is written in one transaction with everything it says. Killed before, it is simply still due.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, text

from simpeg_sync.decide.afresh import wants_a_turn
from simpeg_sync.domain.change import FeedName, SourceKey
from simpeg_sync.domain.record import Digest, Record, RecordId
from simpeg_sync.domain.situation import Finding, SeenEqual
from simpeg_sync.domain.status import RESTING, Event, Status
from simpeg_sync.ledger import codec, rows
from simpeg_sync.ledger import statements as sql
from simpeg_sync.ledger.core import BULK, Core, add_events, event_row, lock_lanes
from simpeg_sync.ledger.rowset import GroupStatement, rows_of
from simpeg_sync.ports import Comparison, ListOf

SOON_S = 300.0
"""When a comparison that met a record under way is made again."""

TAKEN_S = 120.0
"""How long those that were taken are nobody else's: a slice of them takes less, and whoever died gives them back by it."""
PAGE = 1000
"""People whose lists are noted in one transaction."""
LATER_S = 3600.0
"""When one is made again of which nothing could be said."""

KNOWN_LISTS = {"feed": "text", "list": "text"}

# Nobody is compared by a list that no feed of theirs has a row in. A page of people, so that nobody waits for it.
REMEMBER_LISTS = GroupStatement(
    """INSERT INTO comparisons (lane, list, priority, due_at)
    SELECT DISTINCT records.lane, given.list, :priority, 0.0
    FROM records JOIN {given} ON given.feed = records.feed
    WHERE records.lane >= :first AND records.lane <= :last AND substr(records.lane, 1, 1) <> '?'
    ON CONFLICT (lane, list) DO NOTHING""",
    KNOWN_LISTS,
)

# Whoever was changed since the last comparison comes before the routine.
HURRY_CHANGED = GroupStatement(
    """UPDATE comparisons SET priority = :priority, due_at = :now
    WHERE lane >= :first AND lane <= :last AND compared_at IS NOT NULL AND due_at > :now AND priority > :priority
        AND EXISTS (SELECT 1 FROM records JOIN {given} ON given.feed = records.feed
                    WHERE records.lane = comparisons.lane AND given.list = comparisons.list
                        AND records.synced_at > comparisons.compared_at AND records.synced_at <= :shown_at)""",
    KNOWN_LISTS,
)

PAGE_OF_LANES = text("""
SELECT min(lane) AS first, max(lane) AS last FROM
    (SELECT lane FROM lanes WHERE lane > :after ORDER BY lane LIMIT :limit) AS page
""")

# Before the routine, whatever was compared before the time that is given.
ASK = GroupStatement(
    """UPDATE comparisons SET priority = :priority, due_at = :now
    WHERE (compared_at IS NULL OR compared_at < :before OR due_at <= :now) AND (:lane = '' OR lane = :lane)
        AND list IN (SELECT list FROM {given})""",
    KNOWN_LISTS,
)

# Whoever takes one has it for a while; of two that compare at the same time each takes others.
TAKE = """
UPDATE comparisons SET due_at = :until WHERE (lane, list) IN
    (SELECT lane, list FROM comparisons WHERE due_at <= :now AND priority <= :priority
     ORDER BY priority, due_at, lane, list LIMIT :limit {lock})
RETURNING lane, list
"""
TAKE_ALONE, TAKE_BESIDE = text(TAKE.format(lock="")), text(TAKE.format(lock="FOR UPDATE SKIP LOCKED"))

GIVE_BACK = text("UPDATE comparisons SET due_at = :now WHERE lane = :lane AND list = :list")

LEFT = text("SELECT count(*) FROM comparisons WHERE priority <= :priority AND due_at <= :until")

CALLS_SINCE = text("SELECT coalesce(sum(calls), 0) FROM comparisons WHERE compared_at >= :since")

NOTE_COMPARISON = text("""
UPDATE comparisons SET compared_at = coalesce(CAST(:now AS DOUBLE PRECISION), compared_at), calls = :calls,
    priority = :priority, due_at = :due_at
WHERE lane = :lane AND list = :list
""")

RECORDS_OF_LANES = text("SELECT * FROM records WHERE lane IN :lanes ORDER BY lane, feed, source_key").bindparams(
    bindparam("lanes", expanding=True)
)

SITUATIONS_OF = text("SELECT * FROM situations WHERE lane = :lane AND list = :list")

ADD_SITUATION = text("""
INSERT INTO situations (lane, list, feed, of_key, of_bkn_id, source_key, bkn_id, situation, drift, matched_by, score, fields,
    reason, detail, said, simpeg_digest, bkn_digest, first_seen_at, since, seen_at, equal_at, equal_simpeg, equal_bkn)
VALUES (:lane, :list, :feed, :of_key, :of_bkn_id, :source_key, :bkn_id, :situation, :drift, :matched_by, :score, :fields,
    :reason, :detail, :said, :simpeg_digest, :bkn_digest, :now, :now, :now, :equal_at, :equal_simpeg, :equal_bkn)
""")

CHANGE_SITUATION = text("""
UPDATE situations SET list = :list, source_key = :source_key, bkn_id = :bkn_id, situation = :situation, drift = :drift,
    matched_by = :matched_by, score = :score, fields = :fields, reason = :reason, detail = :detail, said = :said,
    simpeg_digest = :simpeg_digest, bkn_digest = :bkn_digest, since = :since, seen_at = :now,
    equal_at = coalesce(:equal_at, equal_at), equal_simpeg = coalesce(:equal_simpeg, equal_simpeg),
    equal_bkn = coalesce(:equal_bkn, equal_bkn)
WHERE id = :id
""")

SEE_AGAIN = text("""
UPDATE situations SET seen_at = :now, equal_at = CASE WHEN situation = 'equal' THEN :now ELSE equal_at END
WHERE id IN :ids
""").bindparams(bindparam("ids", expanding=True))

SEEN_EQUAL = text("""
SELECT equal_simpeg, equal_bkn FROM situations
WHERE lane = (SELECT lane FROM records WHERE feed = :feed AND source_key = :key) AND feed = :feed AND of_key = :key
    AND of_bkn_id = '' AND equal_at IS NOT NULL
""")

ALL_SEEN_EQUAL = text("""
SELECT feed, of_key, equal_simpeg, equal_bkn FROM situations
WHERE lane IN :lanes AND of_key <> '' AND equal_at IS NOT NULL
""").bindparams(bindparam("lanes", expanding=True))

FORGET = text("DELETE FROM situations WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))

ADD_CHANGE = text("""
INSERT INTO situation_changes (at, lane, feed, source_key, bkn_id, before, after, fields, moved)
VALUES (:at, :lane, :feed, :source_key, :bkn_id, :before, :after, :fields, :moved)
""")

# What BKN refused stays refused, and what it confirmed stays known: only the belief that both are equal is given up.
LOOK_AFRESH = text(f"""
UPDATE records SET mark = mark + 1, marked_at = :now, status = 'waiting', since = :now, due_at = :now, priority = :priority,
    dirty_since = :now, synced_digest = NULL
WHERE id IN :ids AND status IN ({", ".join(f"'{status}'" for status in sorted(RESTING))})
RETURNING *
""").bindparams(bindparam("ids", expanding=True))


class Comparisons(Core):
    """Implements ports.Compared."""

    def remember_lists(self, lists: Sequence[ListOf], *, lane: str = "") -> None:
        """Makes due what was never compared, or has changed at BKN by us since: everybody's, or one person's."""
        given = rows_of({"feed": one.feed, "list": one.list} for one in lists)
        now = self._clock.now()
        shown = {"now": now, "shown_at": now - self._pauses.settle_s}

        def remember(first: str, last: str) -> None:
            bounds = {"rows": given, "first": first, "last": last}

            def job(connection: Connection) -> None:
                connection.execute(self._group(REMEMBER_LISTS), bounds | {"priority": ListOf.ROUTINE})
                connection.execute(self._group(HURRY_CHANGED), bounds | shown | {"priority": ListOf.SENT})

            self._writer.write(job)

        if lane:
            remember(lane, lane)
            return
        after = ""
        while (page := self._one(PAGE_OF_LANES, {"after": after, "limit": PAGE})) and page["last"] is not None:
            remember(page["first"], page["last"])
            after = page["last"]

    def ask_to_compare(
        self, lists: Sequence[ListOf], *, lanes: Sequence[str] = (), before: float, priority: int = ListOf.ASKED
    ) -> int:
        """Makes due at once what was compared before that time, or never; gives the number of comparisons. No lanes:
        everybody's."""
        self.remember_lists(lists, lane=lanes[0] if len(lanes) == 1 else "")
        given = rows_of({"feed": one.feed, "list": one.list} for one in lists)
        values = {"rows": given, "priority": priority, "now": self._clock.now(), "before": before}

        def job(connection: Connection) -> int:
            ask = self._group(ASK)
            return sum(connection.execute(ask, values | {"lane": lane}).rowcount for lane in lanes or ("",))

        return self._writer.write(job)

    def take_comparisons(self, *, priority: int, limit: int) -> Sequence[tuple[str, str]]:
        """The most urgent ones that are due, as lane and list; theirs who takes them, for a while. ``priority``: the least
        urgent that is wanted."""
        now = self._clock.now()
        values = {"now": now, "until": now + TAKEN_S, "priority": priority, "limit": limit}
        take = TAKE_ALONE if self._is_alone else TAKE_BESIDE
        taken = self._writer.write(lambda c: [(row.lane, row.list) for row in c.execute(take, values)])
        return sorted(taken)

    def give_back_comparisons(self, taken: Sequence[tuple[str, str]]) -> None:
        values = [{"lane": lane, "list": list_, "now": self._clock.now()} for lane, list_ in taken]
        if values:
            self._writer.write(lambda c: c.execute(GIVE_BACK, values) and None)

    def comparisons_left(self, *, priority: int) -> int:
        """Those that are due, also those that somebody has taken."""
        return int(self._scalar(LEFT, until=self._clock.now() + TAKEN_S, priority=priority))

    def compare_calls_since(self, since: float) -> int:
        return int(self._scalar(CALLS_SINCE, since=since))

    def records_of(self, lanes: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        """All records of these persons."""
        found: dict[str, list[Record]] = {lane: [] for lane in lanes}
        for row in self._all(RECORDS_OF_LANES, {"lanes": list(lanes)}):
            found[row["lane"]].append(rows.record(row))
        return found

    def seen_equal(self, feed: FeedName, key: SourceKey) -> SeenEqual | None:
        found = self._one(SEEN_EQUAL, {"feed": feed, "key": key})
        return _seen_equal(found) if found is not None else None

    def all_seen_equal(self, lanes: Sequence[str]) -> Mapping[tuple[FeedName, str], SeenEqual]:
        """Of these persons' rows, by feed and key."""
        found = self._all(ALL_SEEN_EQUAL, {"lanes": list(lanes)})
        return {(FeedName(row["feed"]), row["of_key"]): _seen_equal(row) for row in found}

    def note_comparisons(self, compared: Sequence[Comparison], *, again_s: float) -> int:
        """What was found about these persons, in one transaction; gives how many records get a turn because of it.

        A record that has moved since it was read says nothing, and its comparison is made again soon.
        """
        now = self._clock.now()

        def job(connection: Connection) -> int:
            lanes = sorted({one.lane for one in compared})
            lock_lanes(connection, sql.LOCK_LANES_BY_ID, {"ids": [r.id for one in compared for r in one.records]})
            current = connection.execute(RECORDS_OF_LANES, {"lanes": lanes}).mappings().all()
            known = {row["id"]: row for row in current}
            woken = [id_ for one in compared for id_ in _Noting(connection, one, known, now, again_s).note()]
            return _wake(connection, woken, known, now)

        return self._writer.write(job)


@dataclass(slots=True)
class _Noting:
    """One comparison on its way into the ledger."""

    connection: Connection
    compared: Comparison
    known: Mapping[RecordId, RowMapping]
    now: float
    again_s: float

    def note(self) -> list[RecordId]:
        """Gives the records that are not what the ledger believes."""
        here = {"lane": self.compared.lane, "list": self.compared.list}
        if self.compared.findings is None:
            self._compared(here, LATER_S)
            return []
        moved = self.compared.untold.union((r.feed, str(r.key)) for r in self.compared.records if self._has_moved(r))
        before = {
            (row["feed"], row["of_key"], row["of_bkn_id"]): row
            for row in self.connection.execute(SITUATIONS_OF, here).mappings()
        }
        same: list[int] = []
        certain = [one for one in self.compared.findings if one.place[:2] not in moved]
        for finding in certain:
            was = before.pop(finding.place, None)
            if was is not None and _says_the_same(was, finding):
                same.append(was["id"])
            else:
                self._store(finding, was)
        over = [row for row in before.values() if (row["feed"], row["of_key"]) not in moved]
        self._forget(over)
        if same:
            self.connection.execute(SEE_AGAIN, {"ids": same, "now": self.now})
        self._compared(here, SOON_S if moved else self.again_s)
        return list(self._contradicted(certain))

    def _compared(self, here: Mapping[str, str], again_s: float) -> None:
        # Nothing that failed counts as compared; it comes again, after the others.
        is_done = self.compared.findings is not None
        noted = {
            "now": self.now if is_done else None,
            "calls": self.compared.calls,
            "priority": ListOf.ROUTINE,
            "due_at": self.now + again_s,
        }
        self.connection.execute(NOTE_COMPARISON, {**here, **noted})

    def _has_moved(self, record: Record) -> bool:
        row = self.known.get(record.id)
        return row is None or (row["mark"], row["status"]) != (record.mark, record.status)

    def _contradicted(self, findings: Iterable[Finding]) -> Iterable[RecordId]:
        records = {(record.feed, record.key): record for record in self.compared.records}
        for finding in findings:
            record = records.get((finding.feed, finding.key)) if finding.key is not None else None
            if record is not None and wants_a_turn(finding, record, self.known[record.id]["reason"]):
                yield record.id

    def _store(self, finding: Finding, was: RowMapping | None) -> None:
        feed, of_key, of_bkn_id = finding.place
        is_equal = finding.situation == "equal"
        values = {
            "now": self.now,
            "lane": self.compared.lane,
            "list": self.compared.list,
            "feed": feed,
            "of_key": of_key,
            "of_bkn_id": of_bkn_id,
            "source_key": finding.key,
            "bkn_id": finding.bkn_id,
            "situation": finding.situation,
            "drift": finding.drift,
            "matched_by": finding.matched_by,
            "score": finding.score,
            "fields": _names(finding),
            "reason": finding.reason,
            "detail": rows.storable(finding.detail),
            "said": _said(finding),
            "simpeg_digest": finding.simpeg_digest,
            "bkn_digest": finding.bkn_digest,
            "equal_at": self.now if is_equal else None,
            "equal_simpeg": finding.simpeg_digest if is_equal else None,
            "equal_bkn": finding.bkn_digest if is_equal else None,
        }
        if was is None:
            self.connection.execute(ADD_SITUATION, values)
        else:
            is_new = (was["situation"], was["drift"]) != (finding.situation, finding.drift)
            since = self.now if is_new else was["since"]
            self.connection.execute(CHANGE_SITUATION, values | {"id": was["id"], "since": since})
        self._change(feed, finding.key, finding.bkn_id, was, finding.situation, _names(finding), _moved(was, finding))

    def _forget(self, over: Sequence[RowMapping]) -> None:
        for row in over:
            self._change(row["feed"], row["source_key"], row["bkn_id"], row, "", row["fields"], "")
        if over:
            self.connection.execute(FORGET, {"ids": [row["id"] for row in over]})

    def _change(
        self, feed: FeedName, key: Any, bkn_id: Any, was: RowMapping | None, after: str, fields: str, moved: str
    ) -> None:
        values = {
            "at": self.now,
            "lane": self.compared.lane,
            "feed": feed,
            "source_key": key,
            "bkn_id": bkn_id,
            "before": was["situation"] if was is not None else "",
            "after": after,
            "fields": fields,
            "moved": moved,
        }
        self.connection.execute(ADD_CHANGE, values)


def _seen_equal(row: RowMapping) -> SeenEqual:
    simpeg, bkn = (Digest(text) if text else None for text in (row["equal_simpeg"], row["equal_bkn"]))
    return SeenEqual(simpeg, bkn)


def _says_the_same(was: RowMapping, finding: Finding) -> bool:
    return (
        was["situation"],
        was["drift"],
        was["matched_by"],
        was["bkn_id"],
        was["fields"],
        was["reason"],
        was["detail"],
        was["simpeg_digest"],
        was["bkn_digest"],
    ) == (
        finding.situation,
        finding.drift,
        finding.matched_by,
        finding.bkn_id,
        _names(finding),
        finding.reason,
        rows.storable(finding.detail),
        finding.simpeg_digest,
        finding.bkn_digest,
    )


def _moved(was: RowMapping | None, finding: Finding) -> str:
    if was is None:
        return ""
    simpeg = was["simpeg_digest"] != finding.simpeg_digest
    bkn = was["bkn_digest"] != finding.bkn_digest
    return "both" if simpeg and bkn else "simpeg" if simpeg else "bkn" if bkn else ""


def _names(finding: Finding) -> str:
    return ", ".join(one.name for one in finding.differences)


def _said(finding: Finding) -> str | None:
    if not finding.differences:
        return None
    said = [[one.name, one.rule, rows.storable(one.simpeg), rows.storable(one.bkn)] for one in finding.differences]
    return codec.encode({"differences": said})


def _wake(connection: Connection, ids: Sequence[RecordId], known: Mapping[RecordId, RowMapping], now: float) -> int:
    if not ids:
        return 0
    found = connection.execute(LOOK_AFRESH, {"ids": list(ids), "now": now, "priority": BULK}).mappings()
    woken = [rows.record(row) for row in found]
    if not woken:
        return 0
    wake = [{"feed": r.feed, "source_key": r.key, "due_at": now, "priority": BULK} for r in woken]
    connection.execute(sql.WAKE_LANE, wake)
    events = [event_row(r, now, Event.RESYNC, Status.WAITING, "compare.contradicts") for r in woken]
    add_events(connection, events)
    return len(woken)


def said(row: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Field, rule, SIMPEG's value and BKN's of every difference that a stored situation has."""
    return [tuple(one) for one in codec.decode(row["said"]).get("differences", ())]


def names(row: Mapping[str, Any]) -> list[str]:
    return [name for name in str(row["fields"]).split(", ") if name]
