"""Has BKN the same? One person and one of BKN's lists at a time: SIMPEG's rows as they are now, one list GET, the findings.

Nothing is sent. What a finding contradicts in the ledger gets an ordinary turn (decide/afresh.py), and that decides.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from simpeg_sync import logs
from simpeg_sync.decide.fields import Resource
from simpeg_sync.decide.situations import Side, situations, without_look
from simpeg_sync.decide.windows import Windows
from simpeg_sync.domain.change import TWICE, FeedName, Nip, Row
from simpeg_sync.domain.errors import BknAnswersBadly, SourceUnfit
from simpeg_sync.domain.record import Record, RecordId
from simpeg_sync.domain.situation import Finding, SeenEqual, Situation
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Unready, legible, render
from simpeg_sync.ports import Compared, Comparison, ListOf
from simpeg_sync.turn import View

SLICE = 100
"""Comparisons whose rows are read from SIMPEG together, and which are written together."""


@dataclass(slots=True)
class Progress:
    compared: int = 0
    calls: int = 0
    rows: int = 0
    woken: int = 0
    """Records that get a turn because of what was found."""
    failed: int = 0
    """Comparisons for which BKN had no sensible answer, or SIMPEG no fitting table."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a slice has read before it asks BKN."""

    rows: Mapping[RecordId, Row | None]
    """SIMPEG's rows as they are now."""
    equal: Mapping[tuple[FeedName, str], SeenEqual]
    """By feed and key, of what an earlier comparison saw."""


@dataclass(slots=True)
class _Whom:
    """One person while all of the person's lists are compared: whether BKN has such a one is asked once."""

    view: View
    nip: Nip
    calls: int = 0
    _known: bool | None = None

    def is_known(self) -> bool:
        if self._known is None:
            self.calls += self.view.ledger.person(self.nip) is None
            self._known = self.view.known_person(self.nip) is not None
        return self._known


@dataclass(frozen=True, slots=True)
class Comparer:
    view: View
    ledger: Compared
    in_flight: int
    again_s: float
    """When a person is compared again by the calendar."""
    actor: str = "daemon"
    """Who wants it, for the trail."""
    progress: Progress = field(default_factory=Progress)

    @property
    def lists(self) -> Sequence[ListOf]:
        return [ListOf(feed.name, self._list(feed)) for feed in self.view.feeds.values()]

    def ask(self, *, lanes: Sequence[str] = (), feeds: Sequence[str] = (), before: float) -> int:
        """Makes due what was compared before that time; gives the number of comparisons. No lanes: everybody's."""
        lists = [one for one in self.lists if not feeds or one.feed in feeds]
        return self.ledger.ask_to_compare(lists, lanes=lanes, before=before)

    def slice(self, *, priority: int, calls_max: int) -> int:
        """Compares the most urgent ones that are due, one slice of them; gives the number. Raises SourceDown, BknDown,
        LedgerDown; what was compared until then is written."""
        due = self.ledger.take_comparisons(priority=priority, limit=min(SLICE, calls_max))
        if not due:
            return 0
        compared: list[Comparison] = []
        try:
            self._compare_all(due, compared)
        finally:
            self._note(compared)
            done = {(one.lane, one.list) for one in compared}
            self.ledger.give_back_comparisons([one for one in due if one not in done])
        return len(due)

    def _compare_all(self, due: Sequence[tuple[str, str]], compared: list[Comparison]) -> None:
        """Fills ``compared``, also when BKN goes away in the middle. One thread has all lists of a person: who the person
        is at BKN is asked once."""
        lists: dict[str, list[str]] = {}
        for lane, list_ in due:
            lists.setdefault(lane, []).append(list_)
        lanes = sorted(lists)
        records, equal = self.ledger.records_of(lanes), self.ledger.all_seen_equal(lanes)
        seen = Seen(self._rows(records, {list_ for _, list_ in due}), equal)
        with ThreadPoolExecutor(self.in_flight, thread_name_prefix="comparer") as pool:
            asked = [pool.submit(self._compare_person, lane, lists[lane], records[lane], seen) for lane in lanes]
            try:
                for answer in asked:
                    compared += answer.result()
            finally:
                for answer in asked:
                    answer.cancel()

    def _compare_person(
        self, lane: str, lists: Sequence[str], records: Sequence[Record], seen: "Seen"
    ) -> list[Comparison]:
        whom = _Whom(self.view, Nip(lane))
        return [self._compare(whom, list_, records, seen) for list_ in lists]

    def _note(self, compared: Sequence[Comparison]) -> None:
        if not compared:
            return
        self.ledger.say_reads(self.actor)
        self.progress.woken += self.ledger.note_comparisons(compared, again_s=self.again_s)
        self.progress.compared += len(compared)
        self.progress.failed += sum(one.findings is None for one in compared)
        self.progress.calls += sum(one.calls for one in compared)
        self.progress.rows += sum(len(one.findings or ()) for one in compared)

    # ------------------------------------------------------------------------------------------------- one comparison

    def _compare(self, whom: "_Whom", list_: str, records: Sequence[Record], seen: "Seen") -> Comparison:
        feeds = sorted((one for one in self.view.feeds.values() if self._list(one) == list_), key=lambda one: one.name)
        here = [record for record in records if record.feed in self.view.feeds and self._list_of(record) == list_]
        whom.calls = 0
        if not feeds or not all(record.id in seen.rows for record in here):
            return Comparison(whom.nip, list_, (), None, 0)
        sides = [self._side(record, seen) for record in here]
        try:
            findings = self._findings(whom, feeds[0], sides)
        except BknAnswersBadly as error:
            # Of this person only; the others go on, and this one is tried again.
            logs.get().warning("compare.failed", person=whom.nip, list=list_, problem=str(error))
            return Comparison(whom.nip, list_, (), None, max(1, whom.calls))
        untold = frozenset((record.feed, str(record.key)) for record in here if self._is_fresh(record))
        told = [one for one in findings if one.place[:2] not in untold]
        return Comparison(whom.nip, list_, here, told, whom.calls, untold)

    def _findings(self, whom: "_Whom", feed: Feed, sides: Sequence[Side]) -> list[Finding]:
        resource = self._resource(feed)
        wanted = [side for side in sides if not isinstance(side.rendered, Gone)]
        if not resource.is_listed:
            return [without_look(side, Situation.NOT_COMPARABLE, "compare.not_shown") for side in wanted]
        if not whom.is_known():
            return [without_look(side, Situation.PERSON_UNKNOWN, "person.unknown_at_bkn") for side in wanted]
        whom.calls += 1
        return situations(sides, self.view.rows(feed, whom.nip), feed=feed.name, resource=resource)

    def _side(self, record: Record, seen: "Seen") -> Side:
        feed, row = self.view.feeds[record.feed], seen.rows[record.id]
        equal = seen.equal.get((record.feed, str(record.key)))
        rendered = render(feed, row, link_of=self.view.link_of)
        if isinstance(rendered, Unready) and rendered.nip is None:
            return Side(feed, self._resource(feed), record, rendered, equal)
        if not isinstance(rendered, Gone) and rendered.nip != record.lane:
            # Another person's now; the daemon finds out whose, and this person has it no more.
            rendered = Gone("person.changed")
        readable = None
        if isinstance(rendered, Unready) and row is not None and row is not TWICE:
            readable = legible(feed, row, Nip(record.lane), link_of=self.view.link_of)
        return Side(feed, self._resource(feed), record, rendered, equal, readable)

    def _is_fresh(self, record: Record) -> bool:
        """BKN's reading side may not show yet what was sent a moment ago."""
        now = self.view.clock.now()
        return record.synced_at is not None and record.synced_at <= now < record.synced_at + self.view.timing.settle_s

    # ---------------------------------------------------------------------------------------------------------- SIMPEG

    def _rows(self, records: Mapping[str, Sequence[Record]], lists: set[str]) -> Mapping[RecordId, Row | None]:
        """The rows of all these people, one statement a feed. A feed whose tables do not fit is left out, and said."""
        wanted: dict[FeedName, list[Record]] = {}
        for some in records.values():
            for record in some:
                if record.feed in self.view.feeds and self._list_of(record) in lists:
                    wanted.setdefault(record.feed, []).append(record)
        found: dict[RecordId, Row | None] = {}
        for name, some in wanted.items():
            try:
                rows = self.view.source.read(self.view.feeds[name], [record.key for record in some])
            except SourceUnfit as error:
                logs.get().error("source.feed_unfit", feed=name, problem=str(error))
                continue
            found |= {record.id: rows.get(record.key) for record in some}
        return found

    def _list_of(self, record: Record) -> str:
        return self._list(self.view.feeds[record.feed])

    def _list(self, feed: Feed) -> str:
        return self._resource(feed).list_name

    def _resource(self, feed: Feed) -> Resource:
        return self.view.bkn.resource(feed.target)


def until_done(comparer: Comparer, *, priority: int, calls_max: int, goes_on: Callable[[], bool]) -> Iterator[Progress]:
    """Slice after slice, while there is something due, calls are left, and nobody has had enough."""
    start = comparer.progress.calls
    while goes_on() and (left := calls_max - (comparer.progress.calls - start)) > 0:
        if not comparer.slice(priority=priority, calls_max=left):
            return
        yield comparer.progress


NIGHT_S = 16 * 3600.0
"""What lies so far back was another night's."""
PORTION = 20
"""Comparisons of one step of the nightly round, so that nothing of it lasts."""
REMEMBER_S = 3600.0
"""How often it is looked for people and lists that were never compared."""


@dataclass(slots=True)
class Nightly:
    """Compares everybody in the course of time: by hours, within a number of calls a night; nothing waits for it."""

    comparer: Comparer
    windows: Windows
    calls_per_night: int
    after_send: bool
    _sent: dict[str, float] = field(default_factory=dict)
    """People for whom something was sent, and when BKN must show it."""
    _remembered_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_wanted(self) -> bool:
        return self.calls_per_night > 0

    def was_sent(self, lane: str) -> None:
        """By any thread."""
        if self.after_send:
            with self._lock:
                self._sent[lane] = self.comparer.view.clock.now() + self.comparer.view.timing.settle_s

    def step(self) -> bool:
        """Whether something was compared. Raises SourceError, BknDown, LedgerDown."""
        comparer, clock = self.comparer, self.comparer.view.clock
        if clock.monotonic() > self._remembered_at + REMEMBER_S:
            comparer.ledger.remember_lists(comparer.lists)
            self._remembered_at = clock.monotonic()
        self._ask_for_sent()
        left = self.calls_per_night - comparer.ledger.compare_calls_since(clock.now() - NIGHT_S)
        is_night = self.windows.opens_in(clock.now()) <= 0
        priority = ListOf.ROUTINE if is_night else ListOf.SENT
        if left <= 0 or (not is_night and not self.after_send):
            return False
        return comparer.slice(priority=priority, calls_max=min(left, PORTION)) > 0

    def _ask_for_sent(self) -> None:
        now = self.comparer.view.clock.now()
        with self._lock:
            ripe = [lane for lane, at in self._sent.items() if at <= now]
            for lane in ripe:
                del self._sent[lane]
        if ripe:
            self.comparer.ledger.ask_to_compare(self.comparer.lists, lanes=ripe, before=now, priority=ListOf.SENT)
