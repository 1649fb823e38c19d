"""A region at its desk: configuration as text, a real database as SIMPEG, the real ledger, and a BKN in memory.

What a test shows here works by configuration files alone: they are written, read back as the daemon reads them, and
every value comes out of the database as its driver gives it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text
from tests.adapters.memory import FakeClock, MemoryBkn
from tests.small_simpeg import Simpeg

from simpeg_sync import logs, wiring
from simpeg_sync.domain.change import FeedName, SourceKey, source_key
from simpeg_sync.files import FolderFiles
from simpeg_sync.intake import ChangeIntake
from simpeg_sync.ledger import schema
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.store import Pauses, SqlLedger
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Gone, Rendered, Unready, Wanted, render
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.source.log import LogCapture
from simpeg_sync.source.reader import SqlSource
from simpeg_sync.source.settings import LogSettings
from simpeg_sync.source.triggers import install
from simpeg_sync.turn import Timing, View

QUIET_S, GRACE_S = 30.0, 900.0
SETTINGS: Mapping[str, Any] = {
    "region": "desk",
    "source": {"url": "sqlite:///unused.db"},
    "bkn": {
        "base_url": "http://127.0.0.1:1/apisiasn/1.0",
        "apim_token_url": "http://127.0.0.1:1/oauth2/token",
        "sso_token_file": "sso_token",
        "consumer_key_file": "consumer_key",
        "consumer_secret_file": "consumer_secret",
    },
    "ledger": {"url": "sqlite:///ledger.db"},
}


def read_feeds(folder: Path, feeds: Mapping[str, str], codes: Mapping[str, str] | None = None) -> dict[FeedName, Feed]:
    """Writes the files of a region and reads them as the daemon does."""
    for part, files in (("feeds", feeds), ("codes", codes or {})):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / part / name).write_text(content, encoding="utf-8")
    (folder / "simpeg-sync.yaml").write_text(yaml.safe_dump(dict(SETTINGS)), encoding="utf-8")
    return dict(wiring.read_config(folder / "simpeg-sync.yaml").feeds)


def key(*parts: object) -> SourceKey:
    return source_key([str(part) for part in parts])


@dataclass(slots=True)
class Desk:
    """``simpeg`` without tables of its own; the feeds are written by ``configure``."""

    folder: Path
    simpeg: Simpeg
    feeds: dict[FeedName, Feed] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=FakeClock)
    log: LogSettings = field(default_factory=LogSettings)
    bkn: MemoryBkn = field(init=False)
    ledger: SqlLedger | None = field(default=None, init=False)
    intake: ChangeIntake | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        logs.configure(level="ERROR")
        self.bkn = MemoryBkn(clock=self.clock)

    def configure(self, codes: Mapping[str, str] | None = None, /, **feeds: str) -> None:
        self.feeds = read_feeds(self.folder, {f"{name}.yaml": content for name, content in feeds.items()}, codes)

    # -------------------------------------------------------------------------------------------- one row, mapped

    def rendered(self, feed: str, *parts: object) -> Rendered:
        one = self.feeds[FeedName(feed)]
        name = key(*parts)
        return render(one, SqlSource(self.simpeg.reading).read(one, [name]).get(name))

    def body(self, feed: str, *parts: object) -> Mapping[str, Any]:
        """What the feed wants at BKN for this row; a row that may not leave fails the test by its reason."""
        found = self.rendered(feed, *parts)
        assert isinstance(found, Wanted), found
        return {name: value for name, value in found.body.items() if value is not None}

    def held(self, feed: str, *parts: object) -> tuple[str, str]:
        """Why the row may not leave, and where."""
        found = self.rendered(feed, *parts)
        assert isinstance(found, Unready | Gone), found
        return found.reason, found.detail if isinstance(found, Unready) else ""

    def keys(self, feed: str) -> list[SourceKey]:
        pages: list[Sequence[SourceKey]] = list(
            SqlSource(self.simpeg.reading).keys(self.feeds[FeedName(feed)], page_size=2)
        )
        return [name for page in pages for name in page]

    # ------------------------------------------------------------------------------------------- the daemon's work

    def sync(self) -> list[str]:
        """What has changed since the last time is noticed by triggers, waited for, and brought to BKN. Gives the writes."""
        intake = self._opened()
        for _ in range(200):
            if not intake.step():
                break
        before = len(self.bkn.effects)
        for seconds in (QUIET_S + 1, 61.0, GRACE_S + 1, 61.0):
            self.clock.time_s += seconds
            self._work()
        return [f"{effect.kind} {effect.resource}" for effect in self.bkn.effects[before:]]

    def state(self, feed: str, *parts: object) -> tuple[str, str]:
        assert self.ledger is not None
        with self.ledger.engine.connect() as connection:
            found = connection.execute(
                text("SELECT status, reason FROM records WHERE feed = :feed AND source_key = :key"),
                {"feed": feed, "key": key(*parts)},
            ).one()
        return found[0], found[1]

    def at_bkn(self, resource: str) -> list[dict[str, Any]]:
        return list(self.bkn.stored[resource].values())

    def close(self) -> None:
        if self.ledger is not None:
            self.ledger.close()
        self.simpeg.close()

    def _opened(self) -> ChangeIntake:
        if self.intake is None:
            feeds = tuple(self.feeds.values())
            assert install(self.simpeg.writing, feeds, self.log).is_complete
            engine = open_engine(f"sqlite:///{self.folder}/ledger.db", create=True)
            schema.upgrade(engine)
            pauses = Pauses(quiet_period_s=QUIET_S, quiet_max_s=10 * QUIET_S, settle_s=180.0)
            self.ledger = SqlLedger(engine, self.clock, owner="desk", pauses=pauses)
            capture = LogCapture(self.simpeg.reading, self.simpeg.writing, feeds, self.log)
            self.intake = ChangeIntake(self.feeds, SqlSource(self.simpeg.reading), {"log": capture}, self.ledger)
        return self.intake

    def _work(self) -> None:
        assert self.ledger is not None
        timing = Timing(settle_s=180.0, absent_gap_s=60.0, delete_grace_s=GRACE_S, look_again_s=3600)
        source = SqlSource(self.simpeg.reading)
        pipeline = Pipeline(View(self.feeds, source, self.bkn, FolderFiles(), self.ledger, self.clock, timing))
        for _ in range(500):
            claim = self.ledger.claim()
            if claim is None:
                return
            pipeline.take_turn(*pipeline.prepared([claim]))
            self.ledger.release(claim)
        raise AssertionError("the work does not come to an end")


def desk_of(folder: Path, url: str, *schema_sql: str) -> Desk:
    return Desk(folder, Simpeg(url, feeds=(), schema=schema_sql))
