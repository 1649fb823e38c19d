"""What `status` says of the calls: used and left, the pause and why, the hours."""

from collections.abc import Iterator

import pytest

from simpeg_sync.cli import look
from simpeg_sync.clock import Clock
from simpeg_sync.decide.budget import Ask, Limits
from simpeg_sync.decide.windows import Windows
from simpeg_sync.insights import Insights
from simpeg_sync.ledger.budget import SqlBudget
from simpeg_sync.ledger.engine import open_engine
from simpeg_sync.ledger.reading import LedgerReader
from simpeg_sync.ledger.writer import DirectWriter

LIMITS = Limits(1000.0, 100, 1000)


@pytest.fixture
def budget(url: str) -> Iterator[SqlBudget]:
    engine = open_engine(url)
    yield SqlBudget(engine, DirectWriter(engine), Clock(), LIMITS)
    engine.dispose()


def insights(url: str, windows: Windows | None = None) -> Insights:
    return Insights(LedgerReader(open_engine(url)), "x", LIMITS, windows)


def test_a_fresh_ledger_has_all_calls_left(url: str) -> None:
    calls = insights(url).calls()
    assert calls["calls_per_minute"] == {"used": 0, "left": 100}
    assert (calls["breaker"], calls["paused_until"], calls["window_opens_at"]) == ("closed", None, None)
    assert look._calls(calls) == "0 used and 100 left of calls_per_minute; 0 used and 1000 left of calls_per_day"


def test_calls_pauses_and_hours_are_shown(url: str, budget: SqlBudget) -> None:
    for _ in range(3):
        budget.ask(Ask(budget.owner, in_flight=4))
    budget.close(600.0, "throttled")
    closed = Windows.of(["Mon 00:00-00:01"], "Asia/Makassar")
    calls = insights(url, closed).calls()
    assert (calls["calls_per_minute"], calls["calls_per_day"]["left"]) == ({"used": 3, "left": 97}, 997)
    assert (calls["in_flight"], calls["breaker"], calls["paused_why"]) == (4, "paused", "throttled")
    said = look._calls(calls)
    assert said.startswith(f"paused until {calls['paused_until']} (throttled); ") and "at most 4 at once" in said
    budget.reopen()
    said = look._calls(insights(url).calls())
    assert "paused" not in said and "of the pace after an outage" in said
