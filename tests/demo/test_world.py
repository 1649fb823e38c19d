from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import OperationalError

from simpeg_sync.demo.mapping import WRITE_TO_READ
from simpeg_sync.demo.net import net_changes
from simpeg_sync.demo.people import nip_fault
from simpeg_sync.demo.simpeg import build, drop
from simpeg_sync.demo.truth import judge, rows_at_start
from tests.demo.conftest import Office, OpenOffice


def test_the_same_seed_gives_the_same_world_to_the_byte(open_office: OpenOffice) -> None:
    one, two, other = open_office(name="a"), open_office(name="b"), open_office(seed=8, name="c")
    assert one.look() == two.look()
    assert one.world.bkn == two.world.bkn
    assert one.world.certificates == two.world.certificates
    assert one.world.day_seed == two.world.day_seed
    assert one.look() != other.look()


def test_an_office_of_500_looks_like_one(open_office: OpenOffice) -> None:
    office = open_office(employees=500)
    now = office.look()
    assert len(now.persons) == 500
    owned = Counter(row["id_pegawai"] for row in now.certificates.values())
    assert 2.5 < len(now.certificates) / 500 < 3.5
    assert max(owned.values()) <= 7
    verified = sum(row["status"] == 2 for row in now.certificates.values())
    assert 0.97 < verified / len(now.certificates) < 0.99
    assert {row["jenisdiklat"] for row in now.certificates.values()} == set(now.kinds)
    assert all(len(content) < 3000 for content in (p.read_bytes() for p in office.world.documents_dir.iterdir()))
    assert all(file.is_acceptable for file in now.files.values())
    assert all(
        nip_fault(person["nipbaru_ws"], born=person["tgllahir"], sex=person["jeniskelamin"]) is None
        for person in now.persons.values()
    )


def test_the_world_knows_the_ids_that_the_database_gave(office: Office) -> None:
    now = office.look()
    assert {row["id"]: row["nosttpp"] for row in office.world.certificates} == {
        row["id"]: row["nosttpp"] for row in now.certificates.values()
    }


def test_bkn_holds_most_of_it_already(open_office: OpenOffice) -> None:
    office = open_office(employees=500)
    now, start = office.look(), office.world.bkn
    expected, _ = judge(now)
    at_start = rows_at_start(start)
    assert len(start.persons) == 499
    assert 0.55 < (len(start.rows) - len(start.foreign_ids)) / len(expected) < 0.65
    stored = {row["id_siasn"] for row in now.certificates.values()} - {None}
    assert 0.4 < len(stored) / len(start.rows) < 0.6
    assert stored < {row["id"] for row in start.rows}
    assert not stored & start.foreign_ids
    net = net_changes(now, now, at_start)
    assert net.creates == len(expected) - sum(
        row["id"] not in start.foreign_ids and now.persons[owner_of(office, row["nip"])]["kedudukan"] == "01"
        for row in start.rows
    )
    assert 0.05 < net.updates / len(start.rows) < 0.12
    assert net.deletes == 0


def owner_of(office: Office, nip: str) -> str:
    return next(person.id_peg for person in office.world.people if person.nip == nip)


def test_bkns_rows_are_spelled_as_bkn_reads_them(office: Office) -> None:
    for row in office.world.bkn.rows:
        assert not set(WRITE_TO_READ[row["resource"]]) & set(row["fields"])
        assert set(row["documents"]) <= {"881" if row["resource"] == "kursus" else "874"}
        year = row["fields"]["tahunKursus" if row["resource"] == "kursus" else "tahun"]
        assert isinstance(year, str)
        assert isinstance(row["fields"]["jumlahJam"], int)


def test_nothing_is_overwritten(office: Office, tmp_path: Path) -> None:
    with pytest.raises(OperationalError):
        build(office.engine, 7, 40, files_dir=tmp_path / "again")
    drop(office.engine)
    assert inspect(office.engine).get_table_names() in ([], ["sqlite_sequence"])


def test_an_office_too_small_for_the_day_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 40"):
        build(create_engine("sqlite://"), 7, 39, files_dir=tmp_path)
