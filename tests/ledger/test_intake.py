"""The road of changes into the ledger, with a source and a log that do what the test says."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from simpeg_sync.domain.change import Change, FeedName, Nip, Row, SourceKey
from simpeg_sync.domain.errors import CaptureFailed, HistoryLost, SourceDown, SourceError, SourceUnfit
from simpeg_sync.domain.status import Status
from simpeg_sync.intake import ChangeIntake
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.ports import CaptureState, ChangeBatch

from .desk import ALICE, BOB, CHARLIE, DIKLAT, KURSUS, Desk, key

CURSOR = "log"
FEEDS = {
    name: Feed(name=name, target=str(name), table=f"riwayat_{name}", key=("id",), person="nip", fields={})
    for name in (DIKLAT, KURSUS)
}


class Died(BaseException):
    """The process is gone at this point."""


@dataclass
class Simpeg:
    """The source and its change log in one."""

    rows: dict[FeedName, dict[SourceKey, str]] = field(default_factory=lambda: {DIKLAT: {}, KURSUS: {}})
    log: list[Change | FeedName] = field(default_factory=list)
    """A feed's name stands for the emptying of its table."""
    lost_before: int = 0
    unfit: set[FeedName] = field(default_factory=set)
    is_down: bool = False
    on_keys: Callable[[Feed], object] = lambda feed: None

    def enter(self, feed: FeedName, name: str, nip: str) -> None:
        self.rows[feed][key(name)] = nip
        self.log.append(Change(feed, key(name)))

    def read(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Row]:
        raise AssertionError("the intake never looks at content")

    def is_twice(self, feed: Feed, nip: Nip) -> bool:
        raise AssertionError("the intake asks for nobody by NIP")

    def persons(self, feed: Feed, keys: Sequence[SourceKey]) -> Mapping[SourceKey, Nip]:
        self._answer(feed)
        rows = self.rows[feed.name]
        return {key: Nip(rows[key]) for key in keys if key in rows}

    def keys(self, feed: Feed, *, page_size: int) -> Iterator[Sequence[SourceKey]]:
        self.on_keys(feed)
        self._answer(feed)
        keys = sorted(self.rows[feed.name])
        for start in range(0, len(keys), page_size):
            yield keys[start : start + page_size]

    def start(self) -> str:
        return str(len(self.log))

    def changes(self, cursor: str, *, limit: int) -> ChangeBatch:
        at = int(cursor)
        if at < self.lost_before:
            raise HistoryLost("the log was cut")
        some = self.log[at : at + limit]
        changes = [entry for entry in some if isinstance(entry, Change)]
        sweep = [entry for entry in some if not isinstance(entry, Change)]
        end = at + len(some)
        return ChangeBatch(changes, str(end), end < len(self.log), sweep)

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        raise AssertionError("not asked for here")

    def state(self, cursor: str | None) -> CaptureState:
        raise AssertionError("not the intake's business")

    def _answer(self, feed: Feed) -> None:
        if self.is_down:
            raise SourceDown("not reachable")
        if feed.name in self.unfit:
            raise SourceUnfit(f"feed {feed.name}: column gone")


@pytest.fixture
def simpeg() -> Simpeg:
    world = Simpeg()
    for name, nip in (("1", ALICE), ("2", BOB), ("3", CHARLIE)):
        world.enter(KURSUS, name, nip)
        world.enter(DIKLAT, name, nip)
    return world


def intake(desk: Desk, simpeg: Simpeg, ledger: Any = None) -> ChangeIntake:
    return ChangeIntake(FEEDS, simpeg, {CURSOR: simpeg}, ledger or desk.ledger, page=2)


def until_current(taking: ChangeIntake) -> None:
    for _ in range(100):
        if not taking.step():
            return
    raise AssertionError("the intake does not come to the log's end")


def marks(desk: Desk) -> dict[tuple[str, str], int]:
    return {(row["feed"], row["source_key"]): row["mark"] for row in desk.rows("SELECT * FROM records")}


def test_the_first_start_notes_the_logs_end_before_it_sweeps_and_then_takes_what_came_meanwhile(
    desk: Desk, simpeg: Simpeg
) -> None:
    seen = []

    def edit_during_sweep(feed: Feed) -> None:
        seen.append((feed.name, desk.ledger.cursor(CURSOR)))
        if feed.name == KURSUS:
            simpeg.enter(KURSUS, "1", ALICE)

    simpeg.on_keys = edit_during_sweep
    until_current(intake(desk, simpeg))
    assert seen == [(DIKLAT, "6"), (KURSUS, "6")]
    assert marks(desk) == {(feed, key(n)): 1 for feed in FEEDS for n in "123"} | {(KURSUS, key("1")): 2}
    assert desk.ledger.cursor(CURSOR) == "7"
    assert desk.record("2").lane == BOB
    assert [(sweep["feed"], sweep["rows"]) for sweep in desk.reader.sweeps()] == [(DIKLAT, 3), (KURSUS, 3)]


def test_a_sweep_is_bulk_and_an_edit_is_fresh(desk: Desk, simpeg: Simpeg) -> None:
    taking = intake(desk, simpeg)
    until_current(taking)
    desk.run("UPDATE records SET status = 'synced', due_at = NULL")
    simpeg.enter(KURSUS, "2", BOB)
    until_current(taking)
    (row,) = desk.rows("SELECT * FROM records WHERE status = 'waiting'")
    assert (row["source_key"], row["priority"]) == (key("2"), 0)
    taking.sweep_all(why="calendar")
    assert {(r["source_key"], r["priority"]) for r in desk.rows("SELECT * FROM records WHERE feed = 'kursus'")} == {
        (key("1"), 1), (key("2"), 0), (key("3"), 1),
    }  # fmt: skip


def test_a_start_goes_on_where_the_last_one_stopped_and_sweeps_nothing_twice(desk: Desk, simpeg: Simpeg) -> None:
    until_current(intake(desk, simpeg))
    simpeg.enter(DIKLAT, "4", ALICE)

    def no_sweep(feed: Feed) -> None:
        raise AssertionError(f"{feed.name} is swept again")

    simpeg.on_keys = no_sweep
    until_current(intake(desk, simpeg))
    assert marks(desk)[DIKLAT, key("4")] == 1


def test_pages_of_the_log_are_taken_one_by_one_and_an_idle_look_writes_nothing(desk: Desk, simpeg: Simpeg) -> None:
    taking = intake(desk, simpeg)
    until_current(taking)
    for name in "456":
        simpeg.enter(KURSUS, name, ALICE)
    assert (taking.step(), taking.step()) == (True, False)
    moved_at = desk.reader.cursor_moved_at()
    desk.clock.at += 10
    assert taking.step() is False
    assert desk.reader.cursor_moved_at() == moved_at


@dataclass
class Mortal:
    """The ledger, until the process dies before its n-th write."""

    ledger: Any
    writes_left: int

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.ledger, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            if name in ("take_changes", "start_sweep", "end_sweep"):
                if self.writes_left == 0:
                    raise Died
                self.writes_left -= 1
            return method(*arguments, **options)

        return counted


@pytest.mark.parametrize("history", ["first start", "history lost"])
def test_a_death_at_any_write_of_a_start_loses_no_row_and_no_vanished_record(sqlite_desk: Desk, history: str) -> None:
    desk = sqlite_desk
    for writes in itertools.count():
        assert writes < 50
        for table in ("records", "lanes", "sweeps", "cursors"):
            desk.run(f"DELETE FROM {table}")
        simpeg = Simpeg()
        for name in "123":
            simpeg.enter(KURSUS, name, ALICE)
        if history == "history lost":
            until_current(intake(desk, simpeg))
            del simpeg.rows[KURSUS][key("2")]
            simpeg.rows[DIKLAT][key("9")] = BOB
            simpeg.log += [Change(DIKLAT, key("8"))] * 3
            simpeg.lost_before = len(simpeg.log)
        before = marks(desk)
        desk.clock.at += 100
        died = False
        try:
            until_current(intake(desk, simpeg, Mortal(desk.ledger, writes)))
        except Died:
            died = True
        simpeg.enter(DIKLAT, "7", BOB)
        desk.clock.at += 100
        until_current(intake(desk, simpeg))
        after = marks(desk)
        assert all(after[record] > mark for record, mark in before.items()), f"died before write {writes}"
        assert set(after) >= {(feed, at) for feed, rows in simpeg.rows.items() for at in rows}
        assert all(desk.ledger.sweep_is_done(feed) for feed in FEEDS)
        assert desk.ledger.cursor(CURSOR) == str(len(simpeg.log))
        if not died:
            assert writes > 4
            return


def test_lost_history_moves_the_cursor_and_compares_every_row_again(desk: Desk, simpeg: Simpeg) -> None:
    taking = intake(desk, simpeg)
    until_current(taking)
    desk.run("UPDATE records SET status = 'synced', due_at = NULL")
    desk.clock.at += 100
    del simpeg.rows[KURSUS][key("2")]
    simpeg.log += [Change(KURSUS, key("2"))] * 4
    simpeg.lost_before = len(simpeg.log)
    until_current(taking)
    assert desk.ledger.cursor(CURSOR) == str(len(simpeg.log))
    assert set(marks(desk).values()) == {2}
    assert desk.status("2") is Status.WAITING
    assert desk.record("2").lane == BOB, "whose row it was is still known"
    assert {sweep["why"] for sweep in desk.reader.sweeps()} == {"history lost"}


def test_a_source_that_goes_away_during_the_sweep_after_lost_history_is_swept_when_it_is_back(
    desk: Desk, simpeg: Simpeg
) -> None:
    taking = intake(desk, simpeg)
    until_current(taking)
    desk.clock.at += 100
    simpeg.log += [Change(KURSUS, key("2"))] * 4
    simpeg.lost_before = len(simpeg.log)
    simpeg.is_down = True
    for _ in range(2):
        with pytest.raises(SourceDown):
            taking.step()
    assert not desk.ledger.sweep_is_done(KURSUS)
    simpeg.is_down = False
    until_current(taking)
    assert set(marks(desk).values()) == {2}
    assert all(desk.ledger.sweep_is_done(feed) for feed in FEEDS)


def test_an_emptied_table_is_swept_before_the_cursor_passes_its_entry(desk: Desk, simpeg: Simpeg) -> None:
    taking = intake(desk, simpeg)
    until_current(taking)
    desk.clock.at += 100
    simpeg.rows[KURSUS].clear()
    simpeg.log.append(KURSUS)
    cursors = []
    simpeg.on_keys = lambda feed: cursors.append(desk.ledger.cursor(CURSOR))
    simpeg.is_down = True
    with pytest.raises(SourceDown):
        taking.step()
    assert desk.ledger.cursor(CURSOR) == "6"
    simpeg.is_down = False
    until_current(taking)
    assert cursors == ["6", "6"]
    assert desk.ledger.cursor(CURSOR) == "7"
    assert {k: mark for k, mark in marks(desk).items() if mark == 2} == {(KURSUS, key(n)): 2 for n in "123"}


def test_an_unfit_feed_does_not_keep_the_changes_of_the_others(desk: Desk, simpeg: Simpeg) -> None:
    taking = intake(desk, simpeg)
    until_current(taking)
    simpeg.unfit.add(DIKLAT)
    simpeg.enter(DIKLAT, "4", ALICE)
    simpeg.enter(KURSUS, "4", BOB)
    until_current(taking)
    assert desk.record("4", feed=KURSUS).lane == BOB
    assert desk.record("4", feed=DIKLAT).lane.startswith("?"), "marked all the same, its person is not known yet"
    assert desk.ledger.cursor(CURSOR) == "8"
    simpeg.unfit.clear()
    simpeg.enter(DIKLAT, "4", ALICE)
    until_current(taking)
    assert desk.record("4", feed=DIKLAT).lane == ALICE


def test_an_unfit_feed_is_swept_when_it_fits_again_and_the_others_go_on_meanwhile(desk: Desk, simpeg: Simpeg) -> None:
    taking = intake(desk, simpeg)
    simpeg.unfit.add(DIKLAT)
    for name in "45":
        with pytest.raises(SourceUnfit, match="diklat"):
            taking.step()
        simpeg.enter(KURSUS, name, BOB)
    with pytest.raises(SourceUnfit):
        taking.sweep_all(why="calendar")
    with pytest.raises(SourceUnfit):
        taking.step()
    assert desk.ledger.cursor(CURSOR) == "8"
    assert {k for f, k in marks(desk) if f == KURSUS} == {key(n) for n in "12345"}
    assert (desk.ledger.sweep_is_done(KURSUS), desk.ledger.sweep_is_done(DIKLAT)) == (True, False)
    simpeg.unfit.clear()
    until_current(taking)
    assert {k for f, k in marks(desk) if f == DIKLAT} == {key(n) for n in "123"}
    assert desk.ledger.sweep_is_done(DIKLAT)


def test_an_unfit_feed_that_is_to_be_swept_is_swept_after_a_restart_too(desk: Desk, simpeg: Simpeg) -> None:
    taking = intake(desk, simpeg)
    until_current(taking)
    simpeg.log.append(DIKLAT)
    simpeg.unfit.add(DIKLAT)
    with pytest.raises(SourceUnfit):
        taking.step()
    assert desk.ledger.cursor(CURSOR) == "7", "the sweep that is owed is noted in the ledger"
    simpeg.unfit.clear()
    desk.clock.at += 1
    until_current(intake(desk, simpeg))
    assert {mark for (feed, _), mark in marks(desk).items() if feed == DIKLAT} == {2}


def test_a_sweep_ends_even_when_the_clock_jumps_back_while_it_runs(desk: Desk, simpeg: Simpeg) -> None:
    taking = intake(desk, simpeg)
    until_current(taking)

    def jump(_: Feed) -> None:
        desk.clock.at -= 3600

    simpeg.on_keys = jump
    assert taking.sweep(KURSUS, why="test") == 3
    assert desk.ledger.sweep_is_done(KURSUS)


@pytest.mark.parametrize("text", ["", "12345", "belum ada"])
def test_a_row_whose_nip_is_none_waits_in_a_lane_of_its_own(desk: Desk, simpeg: Simpeg, text: str) -> None:
    simpeg.enter(KURSUS, "5", text)
    until_current(intake(desk, simpeg))
    assert desk.record("5").lane.startswith("?")


@pytest.mark.parametrize("part", ["digest", "codes_digest"])
def test_a_feed_that_was_rewritten_or_got_new_codes_is_looked_through_at_the_next_start(
    desk: Desk, simpeg: Simpeg, part: str
) -> None:
    """What an unknown code held is released by its code; what a new expression changes is seen in every row."""
    until_current(intake(desk, simpeg))
    before = marks(desk)
    again = intake(desk, simpeg)
    feed = FEEDS[KURSUS]
    other = replace(feed, digest="another") if part == "digest" else replace(feed, codes_digest="another")
    again.feeds = {**FEEDS, KURSUS: other}
    until_current(again)
    until_current(again)
    raised = {(feed, name) for (feed, name), mark in marks(desk).items() if mark != before[(feed, name)]}
    assert raised == {(KURSUS, key(name)) for name in ("1", "2", "3")}


# ------------------------------------------------------------------------------------------- several captures at once


@dataclass
class Other:
    """A second way to notice changes, with a log of its own."""

    log: list[Change] = field(default_factory=list)
    trouble: SourceError | None = None
    looks: int = 0
    persons: list[tuple[FeedName, Nip]] = field(default_factory=list)
    purged: list[str] = field(default_factory=list)

    def start(self) -> str:
        self._answer()
        return str(len(self.log))

    def changes(self, cursor: str, *, limit: int) -> ChangeBatch:
        self.looks += 1
        self._answer()
        some = self.log[int(cursor) :][:limit]
        end = int(cursor) + len(some)
        persons, self.persons = self.persons, []
        return ChangeBatch(some, str(end), end < len(self.log), persons=persons)

    def purge(self, cursor: str, *, keep_s: float, limit: int) -> int:
        self.purged.append(cursor)
        return 3

    def state(self, cursor: str | None) -> CaptureState:
        raise AssertionError("not the intake's business")

    def _answer(self) -> None:
        if self.trouble is not None:
            raise self.trouble


def both(desk: Desk, simpeg: Simpeg, other: Other) -> ChangeIntake:
    return ChangeIntake(FEEDS, simpeg, {"log": simpeg, "other": other}, desk.ledger, page=2)


def test_each_capture_has_a_cursor_of_its_own(desk: Desk, simpeg: Simpeg) -> None:
    other = Other()
    taking = both(desk, simpeg, other)
    until_current(taking)
    simpeg.enter(KURSUS, "4", ALICE)
    other.log += [Change(DIKLAT, key("1")), Change(KURSUS, key("4"))]
    until_current(taking)
    assert (desk.ledger.cursor("log"), desk.ledger.cursor("other")) == ("7", "2")
    assert marks(desk)[KURSUS, key("4")] == 2, "the same change by two roads is two marks of one record"
    assert marks(desk)[DIKLAT, key("1")] == 2


@pytest.mark.parametrize("trouble", [SourceDown("no answer"), SourceUnfit("no right"), HistoryLost("cut")])
def test_a_capture_that_fails_does_not_stop_the_other_and_is_asked_again(
    desk: Desk, simpeg: Simpeg, trouble: SourceError
) -> None:
    other = Other()
    taking = both(desk, simpeg, other)
    until_current(taking)
    other.trouble, other.looks = trouble, 0
    for name in "4567":
        simpeg.enter(KURSUS, name, ALICE)
    with pytest.raises(CaptureFailed, match="capture other: "):
        until_current(taking)
    assert {k for f, k in marks(desk) if f == KURSUS} == {key(n) for n in "1234567"}
    assert other.looks == 1, "asked once while the other had more"
    other.trouble = None
    other.log.append(Change(DIKLAT, key("9")))
    until_current(taking)
    assert (DIKLAT, key("9")) in marks(desk)


def test_history_lost_by_one_capture_sweeps_and_leaves_the_others_cursor(desk: Desk, simpeg: Simpeg) -> None:
    other = Other()
    taking = both(desk, simpeg, other)
    until_current(taking)
    desk.clock.at += 100
    simpeg.log += [Change(KURSUS, key("2"))] * 4
    simpeg.lost_before = len(simpeg.log)
    other.log.append(Change(KURSUS, key("3")))
    until_current(taking)
    assert (desk.ledger.cursor("log"), desk.ledger.cursor("other")) == ("10", "1")
    assert {sweep["why"] for sweep in desk.reader.sweeps()} == {"history lost"}


def test_only_when_no_capture_answers_is_simpeg_lost(desk: Desk, simpeg: Simpeg) -> None:
    first, second = Other(trouble=SourceDown("no answer")), Other(trouble=SourceDown("no answer"))
    taking = ChangeIntake(FEEDS, simpeg, {"a": first, "b": second}, desk.ledger)
    with pytest.raises(SourceDown, match="no answer"):
        taking.step()
    assert not desk.reader.sweeps(), "nothing is swept before a log's end is known"
    second.trouble = None
    with pytest.raises(CaptureFailed, match="capture a"):
        until_current(taking)
    assert len(marks(desk)) == 6
    first.trouble = None
    until_current(taking)
    assert desk.ledger.cursor("a") == "0"


def test_a_capture_that_is_added_later_is_begun_with_a_sweep(desk: Desk, simpeg: Simpeg) -> None:
    """What changed between the old way's last look and the new way's start is in no log."""
    until_current(intake(desk, simpeg))
    simpeg.rows[KURSUS][key("4")] = BOB
    desk.clock.at += 100
    until_current(ChangeIntake(FEEDS, simpeg, {"other": Other()}, desk.ledger, page=2))
    assert (KURSUS, key("4")) in marks(desk)
    assert [desk.ledger.cursor(name) for name in ("log", "other")] == ["6", "0"]
    desk.clock.at += 100
    before = marks(desk)
    until_current(both(desk, simpeg, Other()))
    assert marks(desk) == before, "both are known now"


def test_a_person_marks_the_records_that_are_there_also_without_rows(desk: Desk, simpeg: Simpeg) -> None:
    other = Other()
    taking = both(desk, simpeg, other)
    until_current(taking)
    del simpeg.rows[KURSUS][key("2")]
    other.persons = [(KURSUS, BOB)]
    until_current(taking)
    changed = {record for record, mark in marks(desk).items() if mark == 2}
    assert changed == {(KURSUS, key("2"))}


def test_every_capture_purges_its_own_log(desk: Desk, simpeg: Simpeg) -> None:
    first, second = Other(), Other(log=[Change(KURSUS, key("1"))])
    taking = ChangeIntake(FEEDS, simpeg, {"a": first, "b": second}, desk.ledger)
    assert taking.purge(keep_s=1, limit=1) == 0
    until_current(taking)
    assert taking.purge(keep_s=1, limit=1) == 6
    assert (first.purged, second.purged) == (["0"], ["1"])
