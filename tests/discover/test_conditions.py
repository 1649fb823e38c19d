"""Which rows may leave: a guess lets less leave, not more, and shows no person."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from simpeg_sync.config.document import read_yaml
from simpeg_sync.wiring.discovery import first_configuration

NIPS = [f"1980{month:02d}{day:02d}200501100{day % 10}" for month in range(1, 13) for day in (3, 14, 25)]
OFFICERS = ("Sutrisno", "Maharani", "Wibowo")


def kursus_of(folder: Path, column: str, values: list[Any]) -> str:
    path = folder / "s.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE pegawai (nip TEXT PRIMARY KEY, nama TEXT)")
        connection.execute(
            f"CREATE TABLE kursus (id INTEGER PRIMARY KEY, nip TEXT, nama_kursus TEXT, no_sertifikat TEXT, "
            f"penyelenggara TEXT, jam INTEGER, tgl_selesai TEXT, {column})"
        )
        for number, nip in enumerate(NIPS):
            connection.execute("INSERT INTO pegawai VALUES (?, ?)", (nip, OFFICERS[number % 3]))
            row = (number, nip, "Arsip", f"S/{number}", "LAN", 8, "2020-01-31", values[number % len(values)])
            connection.execute("INSERT INTO kursus VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    _, files = first_configuration(f"sqlite:///{path}", url_file=None, schemas=())
    return files["feeds/kursus.yaml"]


@pytest.mark.parametrize(
    ("column", "values", "written"),
    [
        ("status_verifikasi TEXT", ["disetujui", "ditolak", "menunggu"], "verified: {status_verifikasi: disetujui}"),
        ("is_valid INTEGER", [0, 1], "verified: {is_valid: 1}"),
        ("approved TEXT", ["Y", "N"], "verified: {approved: Y}"),
        ("status INTEGER", [1, 2, 3], "verified: {status: TODO}"),
        ("status_approval TEXT", ["XQ", "ZW"], "verified: {status_approval: TODO}"),
        ("catatan TEXT", ["a", "b"], "# TODO verified: no column was recognised"),
        ("dihapus INTEGER", [0, 1], "deleted: {dihapus: 1}"),
        ("deleted_at TEXT", [None, "2020-01-01 10:00:00"], "deleted: {deleted_at: {empty: false}}"),
        ("flag_active INTEGER", [0, 1], "deleted: {flag_active: 0}"),
    ],
)
def test_what_approves_and_what_deletes_is_guessed(
    tmp_path: Path, column: str, values: list[Any], written: str
) -> None:
    assert written in kursus_of(tmp_path, column, values)


@pytest.mark.parametrize("column", ["disetujui_oleh TEXT", "status_verifikasi TEXT", "jenis_kursus TEXT"])
def test_names_of_persons_are_written_nowhere(tmp_path: Path, column: str) -> None:
    kursus_of(tmp_path, column, list(OFFICERS))
    _, files = first_configuration(f"sqlite:///{tmp_path}/s.db", url_file=None, schemas=())
    assert [name for name, text in files.items() if any(officer in text for officer in OFFICERS)] == []


def test_a_person_two_steps_away_is_found(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute("CREATE TABLE identitas (orang TEXT PRIMARY KEY, nip TEXT, nama TEXT)")
        connection.execute(
            "CREATE TABLE pekerja (id_pekerja INTEGER PRIMARY KEY, orang TEXT REFERENCES identitas (orang))"
        )
        connection.execute(
            "CREATE TABLE kursus (id INTEGER PRIMARY KEY, id_pekerja INTEGER REFERENCES pekerja (id_pekerja), "
            "nama_kursus TEXT, no_sertifikat TEXT, penyelenggara TEXT, jam INTEGER, tgl_selesai TEXT)"
        )
        for number, nip in enumerate(NIPS):
            connection.execute("INSERT INTO identitas VALUES (?, ?, ?)", (f"o-{number}", nip, f"Nama {number}"))
            connection.execute("INSERT INTO pekerja VALUES (?, ?)", (100 + number, f"o-{number}"))
            row = (number, 100 + number, "Arsip", f"S/{number}", "LAN", 8, "2020-01-31")
            connection.execute("INSERT INTO kursus VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    _, files = first_configuration(f"sqlite:///{tmp_path}/s.db", url_file=None, schemas=())
    (tmp_path / "kursus.yaml").write_text(files["feeds/kursus.yaml"], encoding="utf-8")
    feed = read_yaml(tmp_path / "kursus.yaml").data
    assert feed["person"] == "p.nip"
    assert [join for join in feed["joins"] if join["as"] in ("o", "p")] == [
        {"table": "pekerja", "as": "o", "on": {"id_pekerja": "id_pekerja"}},
        {"table": "identitas", "as": "p", "on": {"orang": "o.orang"}},
    ]
