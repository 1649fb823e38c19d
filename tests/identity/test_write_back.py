"""BKN's ids in SIMPEG, for feeds that want them there: one column, only when it differs, and never in the way."""

from collections.abc import Callable

import pytest

from simpeg_sync.domain.errors import SourceUnfit
from tests.identity.conftest import KURSUS, Region
from tests.identity.test_keys import certificate

RegionOf = Callable[..., Region]

WITH = {**KURSUS, "write_back": {"column": "id_bkn"}, "bkn_id": "id_bkn"}
COUNTED = (
    "CREATE TABLE saves (id INTEGER)",
    "CREATE TRIGGER counted AFTER UPDATE ON kursus BEGIN INSERT INTO saves VALUES (NEW.id); END",
)


def calls(here: Region) -> int:
    return len(here.sim.control.calls())


def column(here: Region) -> list[str | None]:
    return [value for (value,) in here.ask("SELECT id_bkn FROM kursus ORDER BY id")]


def test_nothing_is_written_into_simpeg_unless_a_feed_says_so(region: RegionOf) -> None:
    here = region()
    here.person(1)
    here.run(certificate(1))
    here.settle()
    assert (here.write_back.is_wanted, here.write_back.step(), column(here)) == (False, 0, [None])


def test_the_id_is_written_once_and_what_it_changes_costs_no_call(region: RegionOf) -> None:
    here = region(WITH)
    here.person(1)
    here.run(*COUNTED, certificate(1), certificate(2))
    here.settle()
    before = here.ask("SELECT id, id_pegawai, nama, nomor, jam, mulai, dihapus FROM kursus ORDER BY id")
    assert here.write_back.step() == 2
    assert column(here) == [here.record(1).bkn_id, here.record(2).bkn_id]
    assert here.ask("SELECT id, id_pegawai, nama, nomor, jam, mulai, dihapus FROM kursus ORDER BY id") == before
    made = calls(here)
    here.settle()
    assert (calls(here), here.effects) == (made, ["create", "create"])
    assert (here.state(1), here.write_back.step()) == (("synced", ""), 0)
    assert here.ask("SELECT count(*) FROM saves") == [(2,)]


def test_an_id_that_is_there_already_is_not_written_again(region: RegionOf) -> None:
    here = region(WITH)
    nip = here.person(1)
    bkn_id = here.sim.control.add_row("kursus", nip, {"noSertipikat": "SERT/1"})
    here.run(*COUNTED, certificate(1), f"UPDATE kursus SET id_bkn = '{bkn_id.upper()}'", "DELETE FROM saves")
    here.settle()
    assert (here.write_back.step(), here.ask("SELECT count(*) FROM saves")) == (0, [(0,)])


def test_while_simpeg_refuses_sending_goes_on_and_the_id_comes_later(region: RegionOf) -> None:
    here = region(WITH)
    here.person(1)
    refuse = "CREATE TRIGGER no BEFORE UPDATE OF id_bkn ON kursus WHEN NEW.id = 1 BEGIN SELECT RAISE(ABORT, 'no'); END"
    here.run(certificate(1), certificate(2), refuse)
    here.settle()
    with pytest.raises(SourceUnfit):
        here.write_back.step()
    assert column(here) == [None, here.record(2).bkn_id], "one row does not stop the others"
    assert here.state(1) == ("synced", "")
    here.run("DROP TRIGGER no")
    assert (here.write_back.step(), column(here)[0]) == (1, here.record(1).bkn_id)


def test_the_id_of_a_deleted_row_is_taken_away_if_it_is_still_ours(region: RegionOf) -> None:
    here = region(WITH)
    here.person(1)
    here.run(certificate(1), certificate(2))
    here.settle()
    here.write_back.step()
    here.run("UPDATE kursus SET dihapus = 1", "UPDATE kursus SET id_bkn = 'lain' WHERE id = 2")
    here.after_grace()
    assert here.effects.count("delete") == 2
    assert (here.write_back.step(), column(here)) == (1, [None, "lain"])
    here.after_grace()
    assert (here.write_back.step(), len(here.effects)) == (0, 4)


def test_the_id_moves_with_a_row_that_is_entered_anew(region: RegionOf) -> None:
    here = region(WITH)
    here.person(1)
    here.run(certificate(1, number="A"))
    here.settle()
    here.write_back.step()
    bkn_id = here.record(1).bkn_id
    here.run("UPDATE kursus SET dihapus = 1", certificate(2, number="A"))
    here.after_grace()
    here.write_back.step()
    assert (column(here), here.effects) == ([None, bkn_id], ["create"])
