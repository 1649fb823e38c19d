"""The hours in which something may be written."""

import datetime as dt

import pytest

from simpeg_sync.decide.windows import DAY_S, Windows

OFFICE = ["Mon-Fri 18:00-06:00", "Sat-Sun 00:00-24:00"]
HOUR_S = 3600.0


def at(text: str, hours_east: int = 8) -> float:
    """Unix seconds of a local time."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone(dt.timedelta(hours=hours_east))).timestamp()


@pytest.mark.parametrize(
    ("local", "hours"),
    [
        ("2026-01-05 17:59", 1 / 60),  # a Monday
        ("2026-01-05 18:00", 0),
        ("2026-01-06 05:59", 0),
        ("2026-01-06 06:00", 12),
        ("2026-01-05 05:00", 13),  # Sunday's window ends at midnight
        ("2026-01-09 23:59", 0),  # Friday evening and all that follows
        ("2026-01-10 06:30", 0),
        ("2026-01-11 23:59", 0),
        ("2026-01-12 00:00", 18),
    ],
)
def test_a_window_over_midnight_ends_the_next_day(local: str, hours: float) -> None:
    assert Windows.of(OFFICE, "Asia/Makassar").opens_in(at(local)) == pytest.approx(hours * HOUR_S)


@pytest.mark.parametrize(("zone", "east"), [("Asia/Jakarta", 7), ("Asia/Makassar", 8), ("Asia/Jayapura", 9)])
@pytest.mark.parametrize("month", ["01", "07"])
def test_the_hours_are_those_of_the_zone_summer_and_winter(zone: str, east: int, month: str) -> None:
    windows = Windows.of(["Mon-Sun 08:00-09:00"], zone)
    assert windows.opens_in(at(f"2026-{month}-15 08:30", east)) == 0
    assert windows.opens_in(at(f"2026-{month}-15 07:30", east)) == 1800


def test_sunday_night_goes_on_on_monday_and_the_week_goes_round() -> None:
    windows = Windows.of(["Sun 22:00-02:00"], "Asia/Makassar")
    assert windows.opens_in(at("2026-01-05 01:59")) == 0
    assert windows.opens_in(at("2026-01-05 02:00")) == 6 * DAY_S + 20 * HOUR_S
    assert Windows.of(["Fri-Mon 10:00-11:00"], "Asia/Makassar").opens_in(at("2026-01-05 10:30")) == 0


def test_no_window_means_always() -> None:
    assert Windows.of([], "Asia/Makassar").opens_in(at("2026-01-07 03:00")) == 0


@pytest.mark.parametrize(
    "text", ["18:00-06:00", "Mon 18:00", "Mon 25:00-26:00", "Sen-Jum 08:00-09:00", "Mon 08:60-09:00", ""]
)
def test_what_is_not_a_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="window"):
        Windows.of([text], "Asia/Makassar")


@pytest.mark.parametrize("text", ["Mon 08:00-08:00", "Mon 24:00-06:00"])
def test_a_window_without_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="whole day is 00:00-24:00"):
        Windows.of([text], "Asia/Makassar")
