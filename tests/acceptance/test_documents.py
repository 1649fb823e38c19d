"""Certificates in rows of a table of their own, with the daemon, its triggers and BKN's simulator: each arrives once, what
changes arrives again, what is broken is held and goes when it is repaired."""

import base64
import hashlib

import pytest
from sqlalchemy import text
from tests.acceptance.conftest import SetUp, wait_for

from simpeg_sync.demo.pdf import certificate_pdf
from simpeg_sync.demo.stage import Stage, StageFailed

MANY = 60.0
IN_A_FOLDER = """\
document:
  file: gambarsk
  directory: files/pegdiklat
"""
IN_ROWS = """\
document:
  content: i.isi
  rows:
    table: isi_berkas
    as: i
    on: {id_diklat: id, jenis: {const: SERTIFIKAT}}
    where: {i.verified: 1}
    order: [i.halaman]
"""


def page(words: str) -> bytes:
    return certificate_pdf(course=words, number="1", organiser="BPSDM", holder="-", hours="40")


def put(stage: Stage, diklat: int, number: int, isi: str, *, jenis: str = "SERTIFIKAT", verified: int = 1) -> None:
    with stage.simpeg.begin() as connection:
        connection.execute(
            text("INSERT INTO isi_berkas VALUES (:diklat, :jenis, :number, :isi, :verified)"),
            {"diklat": diklat, "jenis": jenis, "number": number, "isi": isi, "verified": verified},
        )


def run(stage: Stage, statement: str) -> None:
    with stage.simpeg.begin() as connection:
        connection.execute(text(statement))


def uploads(stage: Stage) -> int:
    return sum(1 for effect in stage.bkn.control.effects() if effect["kind"] == "upload")


def settled(stage: Stage) -> int:
    stage.wait_until_settled(limit_s=MANY)
    return uploads(stage)


def held(stage: Stage, reason: str) -> int:
    try:
        return len(stage.command("record", "list", "--reason", reason))
    except StageFailed as failed:
        assert "no record fits" in str(failed)
        return 0


@pytest.mark.timeout(240)
def test_pages_of_a_certificate_in_a_table_of_their_own(staged: SetUp) -> None:
    stage = staged(prepared=False)
    with stage.simpeg.begin() as connection:
        connection.execute(
            text("CREATE TABLE isi_berkas (id_diklat INTEGER, jenis TEXT, halaman INTEGER, isi TEXT, verified INTEGER)")
        )
        one = int(
            connection.execute(
                text(
                    "SELECT d.id FROM pegdiklat d JOIN pegawai p ON p.id_peg = d.id_pegawai WHERE d.status = 2 "
                    "AND d.flag_active = 1 AND p.kedudukan = '01' AND p.id_pns_siasn IS NOT NULL "
                    "AND d.jenisdiklat = '02' AND d.jam LIKE '%0%' ORDER BY d.id LIMIT 1"
                )
            ).scalar_one()
        )
    path = stage.folder / "feeds" / "kursus.yaml"
    feed = path.read_text(encoding="utf-8")
    assert IN_A_FOLDER in feed
    path.write_text(feed.replace(IN_A_FOLDER, IN_ROWS), encoding="utf-8")
    put(stage, one, 1, base64.b64encode(page("satu")).decode())
    put(stage, one, 9, "bukan sertifikat", jenis="KTP")
    for arguments in (
        ("db", "upgrade"),
        ("source", "install"),
        ("plan", "--look", "0"),
        ("plan", "--approve", "--reason", "test"),
    ):
        stage.command(*arguments)
    stage.start_daemon()
    first = settled(stage)

    def at_bkn() -> list[str]:
        return [digest for row in stage.bkn.control.rows(resource="kursus") for digest in row["documents"].values()]

    assert hashlib.sha256(page("satu")).hexdigest() in at_bkn()
    run(stage, f"UPDATE isi_berkas SET isi = isi || char(10) WHERE id_diklat = {one}")
    put(stage, one, 2, base64.b64encode(page("dua")).decode(), verified=0)
    assert settled(stage) == first, "the same content, and a page that does not count"
    run(stage, "UPDATE isi_berkas SET verified = 1 WHERE halaman = 2")
    wait_for(lambda: uploads(stage) == first + 1, "a page more is another certificate", limit_s=MANY)
    run(stage, "UPDATE isi_berkas SET isi = 'rusak!' WHERE halaman = 2")
    wait_for(lambda: held(stage, "document.base64") == 1, "the broken page is held", limit_s=MANY)
    run(stage, "DELETE FROM isi_berkas WHERE halaman = 2")
    wait_for(lambda: uploads(stage) == first + 2, "the repaired certificate arrives", limit_s=MANY)
    assert settled(stage) == first + 2 and held(stage, "document.base64") == 0
    assert stage.stop_daemon() == 0
