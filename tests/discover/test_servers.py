"""`init` on real servers: other types, other drivers, the rights that bear on how changes are noticed."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from simpeg_sync import wiring
from simpeg_sync.source import survey
from simpeg_sync.source.connect import DRIVERS
from simpeg_sync.wiring.discovery import first_configuration, write_folder
from tests.discover.simpegs import C, Invented, K, statements


def fill(url: str, invented: Invented, *, quote: str, types: dict[str, str]) -> None:
    parsed = sa.make_url(url)
    engine = sa.create_engine(parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername)))
    ddl, inserts = statements(invented, quote)
    with engine.begin() as connection:
        if quote == "`":
            connection.exec_driver_sql("SET sql_mode = ''")  # as old servers have it: 0000-00-00 is a date
        for one in ddl:
            for old, new in types.items():
                one = one.replace(old, new)
            connection.exec_driver_sql(one)
        for insert, rows in inserts:
            connection.exec_driver_sql(insert, [tuple(row) for row in rows])
    engine.dispose()


def look(url: str, folder: Path) -> tuple[Any, str]:
    found, files = first_configuration(url, url_file=None, schemas=())
    write_folder(folder, files, force=False)
    wiring.read_config(folder / "simpeg-sync.yaml")
    return found, files["simpeg-sync.yaml"]


def fields_of(found: Any, table: str, target: str) -> dict[str, Any]:
    [feed] = [one for one in found.feeds if (one.table, one.target) == (table, target)]
    return {one.name: one.expression for one in feed.fields if one.is_sure}


def test_a_mariadb_with_zero_dates_is_recognised(mariadb: Any, tmp_path: Path) -> None:
    url = mariadb.create_database()
    fill(url, K, quote="`", types={})
    found, settings = look(url, tmp_path / "region")
    assert sorted(feed.target for feed in found.feeds) == ["diklat", "golongan", "jabatan", "kursus", "pendidikan"]
    fields = fields_of(found, "r_diktek", "kursus")
    assert sorted(fields["tanggalKursus"]["formats"]) == ["dd-mm-yyyy", "yyyy-mm-dd"]
    assert fields["jumlahJam"] == {"integer": "jamhari"}
    assert "#   binlog: " in settings
    assert "Recommended: capture: " in settings


def test_a_postgresql_with_ids_of_bkn_is_recognised(postgres: Any, tmp_path: Path) -> None:
    url = postgres.create_database()
    fill(url, C, quote='"', types={"varchar(36)": "char(40)"})  # padded with blanks, as old schemas have them
    found, settings = look(url, tmp_path / "region")
    fields = fields_of(found, "riwayat_jabatan", "jabatan")
    assert fields["unorId"] == "unor_id"
    [kursus] = [feed for feed in found.feeds if feed.target == "kursus"]
    assert (kursus.person, kursus.person_bkn_id, kursus.bkn_id) == ("p.nip_baru", "p.pns_id", "siasn_id")
    assert kursus.deleted is not None
    assert kursus.deleted.condition == {"deleted_at": {"empty": False}}
    assert "#   wal: " in settings


def test_a_password_goes_into_a_file_of_its_own(postgres: Any, tmp_path: Path) -> None:
    url = postgres.create_database()
    fill(url, C, quote='"', types={})
    password = sa.make_url(url).password
    assert password
    _, settings = look(url, tmp_path / "region")
    assert str(password) not in settings
    assert "url_file: source_url" in settings
    secret = tmp_path / "region" / "source_url"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert str(password) in secret.read_text(encoding="utf-8")


def test_another_schema_is_looked_at_when_it_is_named(postgres: Any, tmp_path: Path) -> None:
    url = postgres.create_database()
    fill(url, C, quote='"', types={})
    parsed = sa.make_url(url)
    engine = sa.create_engine(parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername)))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA kepeg")
        for table in [*C.tables, *C.lookups]:
            connection.exec_driver_sql(f'ALTER TABLE "{table}" SET SCHEMA kepeg')
    engine.dispose()
    found, files = first_configuration(url, url_file=None, schemas=("kepeg",))
    assert {feed.table.partition(".")[0] for feed in found.feeds} == {"kepeg"}
    write_folder(tmp_path / "region", files, force=False)
    assert wiring.read_config(tmp_path / "region" / "simpeg-sync.yaml").feeds


def test_a_big_table_is_never_read_as_a_whole(mariadb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted by the server itself: a look at tables three times as long reads no more rows."""
    monkeypatch.setattr(survey, "PROBE_ROWS", 300)
    read: list[int] = []
    for rows in (1000, 3000):
        url = mariadb.create_database()
        fill(url, Invented("big", K.tables, K.truth, K.keys, K.lookups, rows=rows), quote="`", types={})
        before = _rows_read(mariadb)
        first_configuration(url, url_file=None, schemas=())
        read.append(_rows_read(mariadb) - before)
    assert read[1] < read[0] * 1.1


def _rows_read(mariadb: Any) -> int:
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Rows_read'")
        return int(cursor.fetchone()[1])
