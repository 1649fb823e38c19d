"""Is it the same person at BKN? Name, birth date, NIP and id are compared; in doubt nothing is written for the person."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from simpeg_sync import wiring
from simpeg_sync.domain.errors import ConfigError
from tests.cli.conftest import run
from tests.identity.conftest import KURSUS, LOOK_AGAIN_S, QUIET_S, Region
from tests.identity.test_keys import certificate

RegionOf = Callable[..., Region]

IDENTITAS: Mapping[str, Any] = {
    "feed": "identitas",
    "target": "identitas",
    "table": "biodata",
    "key": ["id"],
    "person": "nip",
    "unit": "unit",
    "unit_name": "nama_unit",
    "fields": {"nama": "nama", "tglLahir": {"date": "lahir"}, "jenisKelamin": "jk", "gelarBelakang": "gelar"},
}
TABLE = """CREATE TABLE biodata (id INTEGER PRIMARY KEY, nip VARCHAR(18), nama VARCHAR(50), lahir DATE, jk VARCHAR(1),
    gelar VARCHAR(20), unit VARCHAR(10), nama_unit VARCHAR(50))"""
NAMA, LAHIR = "Siti Aminah", "1985-01-22"


def office(region: RegionOf, **at_bkn: Any) -> tuple[Region, str]:
    """One employee, of whom both sides know who she is, and what BKN says otherwise."""
    here = region(KURSUS)
    here.run(TABLE)
    here.configure(KURSUS, IDENTITAS)
    here.restart()
    nip = here.person(1)
    knows(here, nip, **at_bkn)
    here.run(
        f"INSERT INTO biodata VALUES (1, '{nip}', 'Siti Aminah, S.Pd.', '{LAHIR}', 'F', 'S.Pd.', '1.03', 'Dinas Pendidikan')"
    )
    return here, nip


def knows(here: Region, nip: str, **changed: Any) -> None:
    who = {"nama": NAMA.upper(), "tglLahir": "22-01-1985", "jenisKelamin": "F", "gelarBelakang": "S.PD"}
    here.sim.control.add_persons({"nipBaru": nip, **who, **changed})


def detail(here: Region, feed: str) -> str:
    return here.record(1, feed=feed).detail


def test_who_is_the_same_on_both_sides_is_synced_and_holds_nobody(region: RegionOf) -> None:
    here, nip = office(region)
    here.run(certificate(1))
    here.settle()
    assert (here.state(1, feed="identitas"), here.state(1)) == (("synced", ""), ("synced", ""))
    assert here.effects == ["create"]
    gets = [call for call in here.sim.control.calls() if call["nip"] == nip and "data-utama" in call["path"]]
    assert len(gets) == 1, "the look at who she is tells her id too"


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"tglLahir": "23-01-1985"}, "tglLahir"), ({"nama": "SITI AMINAN"}, "nama")],
    ids=["birth date", "name"],
)
def test_in_doubt_nothing_is_written_until_both_sides_agree(
    region: RegionOf, changed: dict[str, str], field: str
) -> None:
    here, nip = office(region, **changed)
    other = here.person(2)
    here.run(certificate(1), certificate(2, person=2))
    here.settle()
    assert (here.state(1, feed="identitas"), detail(here, "identitas")) == (("held", "person.differs"), field)
    assert (here.state(1), here.state(2)) == (("held", "person.doubtful"), ("synced", ""))
    assert detail(here, "kursus") == f"record {here.record(1, feed='identitas').id}"
    assert here.at_bkn(nip) == [] and len(here.at_bkn(other)) == 1
    knows(here, nip)
    here.settle(LOOK_AGAIN_S + 1, LOOK_AGAIN_S + 1)
    assert (here.state(1, feed="identitas"), here.state(1)) == (("synced", ""), ("synced", ""))
    assert len(here.at_bkn(nip)) == 1


def test_at_the_first_start_who_people_are_comes_first_whatever_the_feed_is_called(region: RegionOf) -> None:
    here = region(KURSUS)
    here.run(TABLE)
    here.configure(KURSUS, {**IDENTITAS, "feed": "zz"})
    here.restart()
    nip = here.person(1)
    knows(here, nip, tglLahir="23-01-1985")
    here.run(certificate(1), f"INSERT INTO biodata (id, nip, nama, lahir) VALUES (1, '{nip}', '{NAMA}', '{LAHIR}')")
    here.work()
    assert (here.state(1, feed="zz"), here.state(1)) == (("held", "person.differs"), ("held", "person.doubtful"))
    assert here.at_bkn(nip) == []


def test_a_correction_in_simpeg_lifts_the_doubt_too(region: RegionOf) -> None:
    here, nip = office(region, tglLahir="23-01-1985")
    here.run(certificate(1))
    here.settle()
    here.run("UPDATE biodata SET lahir = '1985-01-23'")
    here.settle(QUIET_S + 1, LOOK_AGAIN_S + 1)
    assert (here.state(1, feed="identitas"), here.state(1)) == (("synced", ""), ("synced", ""))
    assert len(here.at_bkn(nip)) == 1


def test_a_doubt_holds_updates_deletes_and_certificates_as_well(region: RegionOf) -> None:
    here, nip = office(region)
    here.run(certificate(1), certificate(2), certificate(3))
    here.settle()
    knows(here, nip, nama="BUDI SANTOSO")
    here.run(
        "UPDATE biodata SET gelar = 'M.Pd.'",
        "UPDATE kursus SET jam = '44' WHERE id = 1",
        "DELETE FROM kursus WHERE id = 2",
    )
    here.after_grace()
    assert here.state(1, feed="identitas") == ("held", "person.differs")
    assert [here.state(number)[1] for number in (1, 2)] == ["person.doubtful", "person.doubtful"]
    assert here.state(3) == ("synced", "")
    assert here.effects == ["create", "create", "create"]


def test_while_the_record_of_identity_waits_for_its_turn_the_doubt_stands(region: RegionOf) -> None:
    here, nip = office(region, nama="BUDI SANTOSO")
    here.settle()
    here.run(certificate(1))
    here.settle(QUIET_S - 5)
    here.run("UPDATE biodata SET gelar = 'M.Pd.'")
    here.settle(10)
    assert here.state(1, feed="identitas")[0] == "waiting", "a fresh edit is still in its quiet period"
    assert here.state(1) == ("held", "person.doubtful")
    assert here.at_bkn(nip) == []


def test_a_persons_word_lifts_the_doubt_for_these_facts_only_and_is_audited(region: RegionOf) -> None:
    here, nip = office(region, nama="SITI AMINAH BINTI AHMAD")
    here.run(certificate(1))
    here.settle()
    number = here.record(1, feed="identitas").id
    done = run(here.config.path, "--json", "record", "release", str(number), "--reason", "KTP dilihat")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"record": number, "released": True, "resynced": 2})
    here.settle()
    assert here.state(1, feed="identitas") == ("held", "compare.differs"), "it still differs, and is reported"
    assert here.state(1) == ("synced", "")
    audit = wiring.open_reader(here.config).audit()
    assert ("person.accept", "KTP dilihat") in {(row["action"], row["reason"]) for row in audit}
    knows(here, nip, nama="BUDI SANTOSO")
    here.run("UPDATE biodata SET gelar = 'M.Pd.'", "UPDATE kursus SET jam = '44'")
    here.settle()
    assert here.state(1, feed="identitas") == ("held", "person.differs"), "these are other facts"
    assert here.state(1) == ("held", "person.doubtful")
    assert here.effects == ["create"]


def test_another_nip_in_bkns_answer_is_a_doubt_and_no_error(region: RegionOf) -> None:
    here, nip = office(region)
    body = {
        "code": 1,
        "message": "success",
        "data": {"id": "E" * 32, "nipBaru": "197001011990011001", "nama": NAMA.upper()},
    }
    rule = here.sim.control.add_fault(
        "status", match={"path": f"/data-utama/{nip}"}, args={"status": 200, "body": json.dumps(body)}
    )
    here.run(certificate(1))
    here.settle()
    assert (here.state(1, feed="identitas"), detail(here, "identitas")) == (("held", "person.differs"), "nipBaru")
    assert here.state(1) == ("held", "person.doubtful")
    here.sim.control.delete_fault(rule)
    here.settle(LOOK_AGAIN_S + 1, LOOK_AGAIN_S + 1)
    assert (here.state(1, feed="identitas"), here.state(1)) == (("synced", ""), ("synced", ""))


def test_a_nip_that_bkn_gives_to_another_id_is_a_doubt(region: RegionOf) -> None:
    here, nip = office(region)
    here.settle()
    known = here.record(1, feed="identitas").bkn_id
    knows(here, nip, id="F" * 32)
    here.run("UPDATE biodata SET gelar = 'M.Pd.'", certificate(1))
    here.settle()
    assert (here.state(1, feed="identitas"), detail(here, "identitas")) == (("held", "person.differs"), "id")
    assert here.state(1) == ("held", "person.doubtful")
    assert known is not None and known != "F" * 32


def test_a_nip_that_bkn_does_not_know_and_one_that_two_people_have(region: RegionOf) -> None:
    here, nip = office(region)
    unknown = here.new_nip()
    here.run(
        f"INSERT INTO biodata (id, nip, nama) VALUES (2, '{unknown}', 'Budi')",
        f"INSERT INTO biodata (id, nip, nama) VALUES (3, '{nip}', 'Ani')",
    )
    here.settle()
    assert here.state(2, feed="identitas") == ("held", "person.unknown_at_bkn")
    assert here.state(1, feed="identitas") == here.state(3, feed="identitas") == ("held", "person.twice")


def test_the_units_of_persons_follow_simpeg(region: RegionOf) -> None:
    here, nip = office(region)
    other = here.person(2)
    here.run(
        f"INSERT INTO biodata (id, nip, nama, unit, nama_unit) VALUES (2, '{other}', 'Rekaan', '1.03', 'Dinas Pendidikan')"
    )
    here.settle()
    reader = wiring.open_reader(here.config)
    assert list(reader.units()) == [{"unit": "1.03", "unit_name": "Dinas Pendidikan", "persons": 2}]
    assert reader.lanes_of_unit("1.03") == here.ledger.lanes_of_unit("1.03") == sorted([nip, other])
    here.run("UPDATE biodata SET unit = ' 2.01 ', nama_unit = 'Dinas Kesehatan' WHERE id = 2")
    here.settle()
    assert (reader.lanes_of_unit("1.03"), reader.lanes_of_unit("2.01")) == ([nip], [other])
    here.run("DELETE FROM biodata WHERE id = 2")
    here.settle()
    assert [unit["unit"] for unit in reader.units()] == ["1.03"]
    new = here.new_nip()
    here.sim.control.correct_nip(nip, new)
    here.run(f"UPDATE biodata SET nip = '{new}' WHERE id = 1")
    here.settle()
    assert reader.lanes_of_unit("1.03") == [new], "a corrected NIP takes its unit along"


def test_a_row_that_vanishes_doubts_nobody_any_more(region: RegionOf) -> None:
    here, nip = office(region, nama="BUDI SANTOSO")
    here.run(certificate(1))
    here.settle()
    here.run("DELETE FROM biodata")
    here.settle(QUIET_S + 1, LOOK_AGAIN_S + 1)
    assert here.state(1) == ("synced", "")
    assert len(here.at_bkn(nip)) == 1


def test_a_unit_belongs_to_a_feed_that_says_who_people_are(region: RegionOf) -> None:
    here = region(KURSUS)
    with pytest.raises(ConfigError, match="does not say who people are"):
        here.configure({**KURSUS, "unit": "id_pegawai"})
    with pytest.raises(ConfigError, match="unit_name has no unit"):
        here.configure({**IDENTITAS, "unit": None, "feed": "kursus"})
