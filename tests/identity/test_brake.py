"""The brake: when an unusual share of a feed vanishes or changes at once, it stops and says what lifts it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from simpeg_sync import wiring
from simpeg_sync.domain.change import FeedName
from simpeg_sync.insights import Insights
from tests.cli.conftest import run
from tests.identity.conftest import DIKLAT, GRACE_S, KURSUS, QUIET_S, SETTLE_S, Region
from tests.identity.test_keys import certificate, training

RegionOf = Callable[..., Region]

NARROW = {"brake": {"vanish_rows": 3, "vanish_percent": 10, "change_rows": 3, "change_percent": 10}}


def office(region: RegionOf, count: int = 8, *, feed: Any = KURSUS, settings: Any = NARROW) -> Region:
    here = region(feed, settings=settings)
    here.person(1)
    here.run(*(certificate(number) for number in range(1, count + 1)))
    here.settle()
    assert here.effects == ["create"] * count, "the first start does not pull the brake"
    return here


def brakes(here: Region) -> list[dict[str, Any]]:
    return [dict(brake) for brake in Insights(wiring.open_reader(here.config), here.config.digest).brakes()]


def count_of(here: Region, status: str, reason: str) -> int:
    with here.ledger.engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT count(*) FROM records WHERE status = ? AND reason = ?", (status, reason)
        )
        return int(found.scalar_one())


def test_a_table_that_is_emptied_deletes_nothing_at_bkn_until_somebody_says_so(region: RegionOf) -> None:
    here = office(region)
    here.run("DELETE FROM kursus")
    here.after_grace()
    assert here.effects == ["create"] * 8, "not even the first few"
    assert count_of(here, "held", "feed.braked") == 8
    [brake] = brakes(here)
    assert (brake["feed"], brake["by"], brake["count"], brake["limit"]) == ("kursus", "vanish", 8, 3)
    assert brake["remedy"] == "simpeg-sync feed release kursus --reason '...'"
    here.restart()
    here.settle(GRACE_S)
    assert here.effects == ["create"] * 8, "a restart forgets nothing"
    assert here.ledger.release_feed(FeedName("kursus"), actor="siti", reason="tabel lama") == 8
    here.settle(QUIET_S, SETTLE_S, SETTLE_S)
    assert here.effects.count("delete") == 8
    assert brakes(here) == []
    [audit] = wiring.open_reader(here.config).audit()
    assert (audit["action"], audit["actor"], audit["target"]) == ("feed.release", "siti", "feed kursus, 8 records")


def test_rows_that_come_back_are_equal_again_without_a_word(region: RegionOf) -> None:
    here = office(region)
    here.run("CREATE TABLE kept AS SELECT * FROM kursus", "DELETE FROM kursus")
    here.after_grace()
    here.run("INSERT INTO kursus SELECT * FROM kept", "UPDATE kursus SET jam = '41' WHERE id = 1")
    here.after_grace()
    assert here.effects == ["create"] * 8 + ["update"], "new and changed rows go on while deletes wait"
    assert count_of(here, "synced", "") == 8
    assert [brake["by"] for brake in brakes(here)] == ["vanish"], "until an operator has looked"


def test_a_few_rows_that_vanish_are_deleted(region: RegionOf) -> None:
    here = office(region)
    here.run("DELETE FROM kursus WHERE id <= 3")
    here.after_grace()
    assert here.effects.count("delete") == 3
    here.settle(3700)
    here.run("DELETE FROM kursus WHERE id <= 6")
    here.after_grace()
    assert here.effects.count("delete") == 6, "another hour counts anew"


def test_rows_that_vanish_one_after_the_other_within_the_window_count_together(region: RegionOf) -> None:
    here = office(region)
    for number in range(1, 6):
        here.run(f"DELETE FROM kursus WHERE id = {number}")
        here.settle(QUIET_S + 1, 100)
    here.after_grace()
    assert here.effects.count("delete") <= 3
    assert [brake["by"] for brake in brakes(here)] == ["vanish"]


def test_many_changes_at_once_stop_the_whole_feed(region: RegionOf) -> None:
    here = office(region)
    here.run("UPDATE kursus SET nama = 'Rusak'")
    here.settle()
    assert here.effects.count("update") == 3
    assert [(brake["by"], brake["count"], brake["limit"]) for brake in brakes(here)] == [("change", 4, 3)]
    here.run(certificate(20))
    here.settle()
    assert here.state(20) == ("held", "feed.braked"), "what one broken join does to old rows it does to new ones"
    assert here.ledger.release_feed(FeedName("kursus"), actor="siti", reason="benar") == 6
    here.settle()
    assert (here.effects.count("update"), here.effects.count("create")) == (8, 9)


def test_a_large_feed_may_change_more(region: RegionOf) -> None:
    here = office(region, 20, settings={"brake": {**NARROW["brake"], "change_percent": 25}})
    here.run("UPDATE kursus SET nama = 'Baru' WHERE id <= 5")
    here.settle()
    assert (here.effects.count("update"), brakes(here)) == (5, [])


def test_another_feed_goes_on(region: RegionOf) -> None:
    here = region(KURSUS, DIKLAT, settings=NARROW)
    nip = here.person(1)
    here.run(*(certificate(number) for number in range(1, 7)), training(nip))
    here.settle()
    here.run("UPDATE kursus SET nama = 'Rusak'", "UPDATE diklat SET jam = '41'")
    here.settle()
    assert here.state(nip, "2", "2024-03-04", feed="diklat") == ("synced", "")
    assert [brake["feed"] for brake in brakes(here)] == ["kursus"]


@pytest.mark.parametrize("where", ["everywhere", "in the feed"])
def test_a_brake_can_be_taken_out(region: RegionOf, where: str) -> None:
    off = {"vanish_rows": 0, "vanish_percent": 0, "change_rows": 0, "change_percent": 0}
    here = (
        office(region, settings={"brake": off})
        if where == "everywhere"
        else office(region, feed={**KURSUS, "brake": off})
    )
    here.run("DELETE FROM kursus")
    here.after_grace()
    assert (here.effects.count("delete"), brakes(here)) == (8, [])


def test_what_bkn_has_differently_at_the_first_start_is_no_sudden_change(region: RegionOf) -> None:
    here = region(KURSUS, settings=NARROW)
    nip = here.person(1)
    for number in range(1, 7):
        here.sim.control.add_row("kursus", nip, {"noSertipikat": f"SERT/{number}", "jumlahJam": 8})
    here.run(*(certificate(number) for number in range(1, 7)))
    here.settle()
    assert here.effects == ["update"] * 6
    assert brakes(here) == []


def test_an_approved_plan_lets_its_changes_through(region: RegionOf) -> None:
    here = office(region)
    plan = here.ledger.add_plan(here.config.digest, '{"feeds": {"kursus": {}}}')
    here.ledger.approve_plan(plan, actor="siti", reason="dilihat")
    here.run("UPDATE kursus SET nama = 'Baru'")
    here.settle()
    assert (here.effects.count("update"), brakes(here)) == (8, [])
    here.settle(86400)
    here.run("UPDATE kursus SET nama = 'Lain'")
    here.settle()
    assert here.effects.count("update") == 11
    assert [brake["by"] for brake in brakes(here)] == ["change"]


def test_status_and_plan_say_the_command_and_the_command_lifts_the_brake(region: RegionOf) -> None:
    here = office(region)
    here.run("DELETE FROM kursus")
    here.after_grace()
    order = "simpeg-sync feed release kursus --reason"
    for command in (["status"], ["plan", "--look", "0"]):
        assert order in run(here.config.path, *command).stdout
    none = run(here.config.path, "feed", "release", "kursus", "--reason", " ")
    other = run(here.config.path, "feed", "release", "diklat", "--reason", "x")
    assert (none.returncode, other.returncode) == (2, 2)
    assert "feed diklat has not stopped; there is no such feed (kursus)" in other.stderr
    done = run(here.config.path, "--json", "feed", "release", "kursus", "--reason", "tabel lama")
    assert json.loads(done.stdout) == {"feed": "kursus", "released": 8}
    assert order not in run(here.config.path, "status").stdout


def test_rows_entered_anew_in_bulk_have_not_vanished(region: RegionOf) -> None:
    here = office(region)
    here.run("UPDATE kursus SET id = id + 100")
    here.after_grace()
    here.run("CREATE TABLE kept AS SELECT * FROM kursus", "DELETE FROM kursus",
             "INSERT INTO kursus SELECT id + 100, id_pegawai, nama, nomor, jam, mulai, dihapus, id_bkn FROM kept")  # fmt: skip
    here.after_grace()
    assert (here.effects, brakes(here)) == (["create"] * 8, [])
