"""What do people want to see? One read service for the command line, the pages and the metrics to come."""

import datetime as dt
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simpeg_sync.bkn.complaints import Names, complaints
from simpeg_sync.bkn.resources.base import ResourceApi
from simpeg_sync.compare import NIGHT_S
from simpeg_sync.decide.budget import Limits, counted
from simpeg_sync.decide.windows import Windows
from simpeg_sync.domain.brake import command
from simpeg_sync.domain.change import FeedName
from simpeg_sync.domain.status import Status
from simpeg_sync.ledger.reading import LedgerReader, RecordFilter
from simpeg_sync.ledger.situations import SituationFilter, SituationReader
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.reasons import explained

STATUS_ORDER = tuple(Status)
REFUSED_LOGINS = "bkn.refused_credentials."
"""Where bkn/refusals.py notes them."""


NO_LIMITS = Limits(1.0)


@dataclass(frozen=True, slots=True)
class Insights:
    reader: LedgerReader
    configuration: str
    """Digest of the configuration in force; approvals are given to it."""
    limits: Limits = NO_LIMITS
    windows: Windows | None = None
    situations: SituationReader | None = None
    calls_per_night: int = 0
    indonesian: bool = False
    """The language of sentences."""
    feeds: Mapping[FeedName, Feed] = field(default_factory=dict)
    apis: Mapping[str, ResourceApi] = field(default_factory=dict)
    """BKN's kinds in the chosen dialect; both to say which columns a complaint of BKN is about."""

    def status(self) -> Mapping[str, Any]:
        """All of `simpeg-sync status`: additive, documented, no personal data."""
        by_feed: dict[str, dict[str, int]] = {}
        for row in self.reader.counts():
            by_feed.setdefault(row["feed"], {})[row["status"]] = row["count"]
        totals = {status: sum(feed.get(status, 0) for feed in by_feed.values()) for status in STATUS_ORDER}
        return {
            "approved": self.reader.is_approved(self.configuration),
            "summary": self._summary(totals),
            "refused_logins": self._refused_logins(),
            "brakes": self.brakes(),
            "calls": self.calls(),
            "compared": self.compared(),
            "records": {str(status): count for status, count in totals.items()},
            "feeds": by_feed,
            "reasons": [
                {**row, "detail": without_nips(row["detail"]), **self._explained(row["reason"])}
                for row in self.reader.reasons()
            ],
            "oldest_waiting": rfc3339(self.reader.oldest_waiting()),
            "last_success": rfc3339(self.reader.last_success()),
            "cursor_moved": rfc3339(self.reader.cursor_moved_at()),
            "attempts": list(self.reader.attempts()),
        }

    def record(self, record_id: int) -> Mapping[str, Any] | None:
        """The whole life of one record, in the order it happened."""
        found = self.reader.records(RecordFilter(record_id=record_id))
        if not found:
            return None
        record = found[0]
        timeline = [
            {
                "at": rfc3339(row["at"]),
                "event": row["event"],
                "status": row["status"],
                "reason": row["reason"],
                "detail": without_nips(row["detail"]),
                "attempt": row["attempt_id"],
                "actor": row["actor"],
                **self._explained(row["reason"], record_id),
            }
            for row in self.reader.events_of(record_id)
        ]
        attempts = [
            {
                **row,
                "message": without_nips(row["message"] or ""),
                "complaints": self.complaints(record["feed"], row["message"] or ""),
                "started_at": rfc3339(row["started_at"]),
                "ended_at": rfc3339(row["ended_at"]),
            }
            for row in self.reader.attempts_of(record_id)
        ]
        return {**self.shown(record), "timeline": timeline, "attempts": attempts}

    def records(self, wanted: RecordFilter, *, limit: int) -> Sequence[Mapping[str, Any]]:
        return [self.shown(row) for row in self.reader.records(wanted, limit=limit)]

    def shown(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A record for people: times readable, the person masked."""
        times = {name: rfc3339(row[name]) for name in ("since", "due_at", "synced_at", "gone_since")}
        kept = {name: row[name] for name in ("id", "feed", "status", "reason", "bkn_id")}
        kept |= {name: without_nips(row[name]) for name in ("source_key", "detail")}
        counts = {name: row[name] for name in ("version", "failures", "deaths")} | {"attempt_count": row["attempts"]}
        return {**kept, **times, **counts, "person": masked(row["lane"]), **self._explained(row["reason"], row["id"])}

    def events(self, wanted: RecordFilter, *, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
        return [
            {
                "id": row["id"],
                "at": rfc3339(row["at"]),
                "record": row["record_id"],
                "feed": row["feed"],
                "person": masked(row["lane"]),
                "event": row["event"],
                "status": row["status"],
                "reason": row["reason"],
                "detail": without_nips(row["detail"]),
                "actor": row["actor"],
                **self._explained(row["reason"], row["record_id"]),
            }
            for row in self.reader.events(wanted, after=after, limit=limit)
        ]

    def complaints(self, feed_name: str, message: str) -> Sequence[Mapping[str, Any]]:
        """BKN's words about a refused row, field by field, with the columns of SIMPEG that feed each."""
        feed = self.feeds.get(FeedName(feed_name))
        api = self.apis.get(feed.target) if feed is not None else None
        return [
            {
                "field": without_nips(one.field),
                "rule": one.rule,
                "columns": _columns(feed, api, one.field),
                "sentence": without_nips(one.indonesian if self.indonesian else one.english),
                "said": without_nips(one.said),
            }
            for one in complaints(message, Names.of(api))
        ]

    def _explained(self, reason: str, record_id: int | None = None) -> Mapping[str, str]:
        return explained(reason, indonesian=self.indonesian, record_id=record_id)

    def calls(self) -> Mapping[str, Any]:
        """What is used and left of the limits, whether calls pause, how many may be under way, and the hours."""
        books, now = self.reader.books()
        shown: dict[str, Any] = {
            window.name: {"used": window.used(buckets, now), "left": max(0, limit - window.used(buckets, now))}
            for window, limit, buckets in counted(books, self.limits)
        }
        is_paused = now < books.closed_until
        return {
            **shown,
            "in_flight": books.in_flight or None,
            "share": round(books.share(now), 2),
            "breaker": "paused" if is_paused else "probing" if books.is_out else "closed",
            "paused_until": rfc3339(books.closed_until) if is_paused else None,
            "paused_why": books.why if is_paused or books.is_out else "",
            "window_opens_at": rfc3339(now + wait_s) if (wait_s := self._opens_in(now)) else None,
        }

    def compared(self) -> Mapping[str, Any] | None:
        """How far everybody is compared with BKN, what it cost this night, and how many rows are in which situation."""
        if self.situations is None:
            return None
        progress = self.situations.progress(since=time.time() - NIGHT_S)
        found: dict[str, int] = {}
        for row in self.situations.counts(SituationFilter()):
            found[row["situation"]] = found.get(row["situation"], 0) + row["count"]
        return {
            "comparisons": progress["known"],
            "made": progress["compared"],
            "oldest": rfc3339(progress["oldest"]),
            "calls_this_night": progress["calls"],
            "calls_per_night": self.calls_per_night,
            "situations": found,
        }

    def _opens_in(self, now: float) -> float:
        return self.windows.opens_in(now) if self.windows else 0.0

    def brakes(self) -> Sequence[Mapping[str, Any]]:
        """Feeds that have stopped by themselves, and the command that lifts each."""
        return [
            {
                "feed": row["feed"],
                "by": row["pulled_by"],
                "count": row["count"],
                "limit": row["most"],
                "since": rfc3339(row["pulled_at"]),
                "remedy": command(row["feed"]),
            }
            for row in self.reader.brakes()
        ]

    def _refused_logins(self) -> Sequence[Mapping[str, Any]]:
        """Credentials that BKN has refused; nothing is sent until others are given."""
        notes = {token: json.loads(note) for token, note in self.reader.notes(REFUSED_LOGINS).items()}
        return [{"token": token, "why": note["why"], "at": rfc3339(note["at"])} for token, note in notes.items()]

    def _summary(self, totals: Mapping[Status, int]) -> str:
        if not self.reader.is_approved(self.configuration):
            return "observing only: look at `simpeg-sync plan`, then approve it with `simpeg-sync plan --approve`"
        moving = totals[Status.WAITING] + totals[Status.WORKING] + totals[Status.SENDING]
        parts = [
            f"{totals[Status.SYNCED]} synced",
            f"{moving} on their way",
            f"{totals[Status.UNCERTAIN]} uncertain",
            f"{totals[Status.HELD]} held",
            f"{totals[Status.REFUSED]} refused",
        ]
        return ", ".join(parts)


def _columns(feed: Feed | None, api: ResourceApi | None, name: str) -> Sequence[str]:
    """What the feed computes a field of BKN's body from; empty for a constant, and for what no feed gives."""
    if feed is None or api is None or not name:
        return []
    if name == api.person_field:
        return [feed.person]
    expression = feed.fields.get(api.in_feed(name))
    return list(dict.fromkeys(expression.columns)) if expression is not None else []


def masked(lane: str) -> str:
    """Enough of a NIP to tell people apart on a screen, not enough to know them."""
    return "unknown" if lane.startswith("?") else f"{lane[:4]}…{lane[-4:]}"


def without_nips(text: str) -> str:
    """Keys of SIMPEG's tables, local codes and BKN's own words may hold a NIP; it is masked as everywhere else."""
    return re.sub(r"(?<![0-9A-Za-z])\d{18}(?![0-9A-Za-z])", lambda found: masked(found[0]), text)


def rfc3339(seconds: float | None) -> str | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
