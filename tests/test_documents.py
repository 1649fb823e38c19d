"""The certificate of a row wherever SIMPEG keeps it: what is sent, or the one reason why not. Real tables, real files."""

import base64
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.demo.pdf import certificate_pdf
from simpeg_sync.documents import Documents
from simpeg_sync.domain.change import source_key
from simpeg_sync.files import PDF_MAX_BYTES, FolderFiles
from simpeg_sync.mapping.expressions import Column
from simpeg_sync.mapping.feed import DocumentRows, DocumentRule, Join, Pick
from simpeg_sync.mapping.render import Wanted, render
from simpeg_sync.ports import Document
from tests.small_simpeg import ANI, KURSUS, Simpeg, add_kursus

ONE = source_key(["1"])
KURSUS_AT_BKN, FOTO_AT_BKN = RESOURCES["kursus"].resource, RESOURCES["photo"].resource
ROWS = DocumentRows(Join("halaman", "h", (("id_kursus", "id"),)), order=("h.urut",))


def pdf(words: str) -> bytes:
    return certificate_pdf(course=words, number="1", organiser="BPSDM", holder="Ani", hours="40")


def locked(content: bytes) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt("rahasia", algorithm="RC4-128")
    whole = io.BytesIO()
    writer.write(whole)
    return whole.getvalue()


def text_of(document: Document) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(document.content)).pages)


class Office:
    def __init__(self, simpeg: Simpeg, folder: Path) -> None:
        self.simpeg, self.folder = simpeg, folder
        simpeg.run("CREATE TABLE halaman (id_kursus INTEGER, urut INTEGER, nama VARCHAR(50), isi BLOB)", add_kursus(1))

    def put(self, urut: int | None, nama: str | None = None, isi: Any = None) -> None:
        with self.simpeg.application.begin() as connection:
            connection.execution_options(no_parameters=False).exec_driver_sql(
                "INSERT INTO halaman VALUES (1, ?, ?, ?)", (urut, nama, isi)
            )

    def lay(self, name: str, content: bytes) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)

    def document(self, rule: DocumentRule, resource: Any = KURSUS_AT_BKN) -> Document | None:
        feed = replace(KURSUS, documents=(rule,))
        source = self.simpeg.source()
        source.check(feed)
        wanted = render(feed, source.read(feed, [ONE])[ONE])
        assert isinstance(wanted, Wanted)
        found = Documents(source, FolderFiles()).of(feed, resource, ONE, wanted)
        assert len(found) <= 1
        return next(iter(found.values()), None)

    def problem(self, rule: DocumentRule, resource: Any = KURSUS_AT_BKN) -> tuple[str, str]:
        document = self.document(rule, resource)
        assert document is not None
        assert (document.content == b"") and document.state.digest is None
        return document.state.problem, document.state.detail


@pytest.fixture
def office(lite: Simpeg, tmp_path: Path) -> Office:
    return Office(lite, tmp_path / "berkas")


@pytest.fixture
def files(office: Office) -> DocumentRule:
    return DocumentRule(Column("h.nama"), str(office.folder), rows=ROWS)


CONTENT = DocumentRule(content="h.isi", rows=ROWS)


def test_no_row_is_no_certificate_and_one_is_the_certificate(office: Office, files: DocumentRule) -> None:
    assert office.document(files) is None and office.document(CONTENT) is None
    office.lay("a.pdf", pdf("satu"))
    office.put(1, "a.pdf", pdf("satu"))
    one, other = office.document(files), office.document(CONTENT)
    assert one is not None and other is not None
    assert (one.content, one.file_name) == (pdf("satu"), "a.pdf")
    assert (other.content, other.file_name) == (pdf("satu"), "dokumen.pdf")
    assert one.state.digest == other.state.digest == FolderFiles().digest(pdf("satu"))


def test_pages_become_one_pdf_in_their_order(office: Office, files: DocumentRule) -> None:
    for urut, words in ((10, "ketiga"), (2, "kedua"), (1, "pertama")):
        office.lay(f"{urut}.pdf", pdf(words))
        office.put(urut, f"{urut}.pdf", base64.b64encode(pdf(words)))
    one, other = office.document(files), office.document(CONTENT)
    assert one is not None and other is not None
    text = text_of(one)
    assert text.index("pertama") < text.index("kedua") < text.index("ketiga")
    assert one.content == other.content and one.state.digest == other.state.digest
    again = office.document(files)
    assert again is not None and again.state.digest == one.state.digest
    office.lay("2.pdf", pdf("baru"))
    changed = office.document(files)
    assert changed is not None and changed.state.digest not in (None, one.state.digest)


def test_several_rows_without_an_order_are_not_guessed_at(office: Office, files: DocumentRule) -> None:
    office.lay("a.pdf", pdf("a"))
    office.put(1, "a.pdf")
    office.put(2, "a.pdf")
    assert office.problem(replace(files, rows=replace(ROWS, order=()))) == ("document.several", "")
    picked = office.document(replace(files, rows=replace(ROWS, order=(), pick=Pick("h.urut"))))
    assert picked is not None and picked.content == pdf("a")
    office.put(2, "a.pdf")
    assert office.problem(files) == ("document.several", ""), "two second pages"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xd8\xff\xe0 a scan", "document.not_pdf"), (b"", "document.empty"), (None, "document.empty"),
        ("bukan base64!", "document.base64"), (b"%PDF-1.4 cut".ljust(PDF_MAX_BYTES + 1), "document.too_big"),
        (b"x" * 5_000_000, "document.too_big"),
    ],
)  # fmt: skip
def test_a_bad_page_holds_the_document_and_is_named(office: Office, content: Any, reason: str) -> None:
    office.put(1, isi=pdf("satu"))
    office.put(2, isi=content)
    assert office.problem(CONTENT) == (reason, "" if reason == "document.too_big" else "page 2")
    office.simpeg.run("DELETE FROM halaman WHERE urut = 1")
    assert office.problem(CONTENT) == (reason, "")


@pytest.mark.parametrize("content", [b"%PDF-1.4\nrekaan", locked(pdf("terkunci"))], ids=["damaged", "locked"])
def test_pages_that_cannot_be_put_together(office: Office, content: bytes) -> None:
    office.put(1, isi=pdf("satu"))
    office.put(2, isi=content)
    assert office.problem(CONTENT) == ("document.pages", "")


def test_pages_that_are_too_large_together(office: Office) -> None:
    for urut in (1, 2):
        office.put(urut, isi=pdf("x").ljust(PDF_MAX_BYTES - 10))
    assert office.problem(CONTENT) == ("document.too_big", "")


def test_files_of_pages_are_held_as_any_file(office: Office, files: DocumentRule) -> None:
    office.put(1, "tiada.pdf")
    assert office.problem(files) == ("document.missing", "")
    office.simpeg.run("UPDATE halaman SET nama = '../../etc/passwd'")
    assert office.problem(files) == ("document.bad_name", "")
    office.simpeg.run("UPDATE halaman SET nama = ' '")
    assert office.problem(files) == ("document.empty", "")


def test_a_photo_has_one_picture(office: Office) -> None:
    for urut in (1, 2):
        office.put(urut, isi=b"\xff\xd8\xff\xe0 foto")
    rule = replace(CONTENT, kind=FOTO_AT_BKN.document_kinds[0])
    assert office.problem(rule, FOTO_AT_BKN) == ("document.several", "")
    office.simpeg.run("DELETE FROM halaman WHERE urut = 2")
    found = office.document(rule, FOTO_AT_BKN)
    assert found is not None and found.file_name == "foto.jpg"


def test_a_folder_of_the_person(office: Office) -> None:
    rule = DocumentRule(Column("nama"), f"{office.folder}/{{nip}}/{{j.bkn}}")
    office.lay(f"{ANI}/BKN-T/Kursus 1", pdf("satu"))
    found = office.document(rule)
    assert found is not None and found.content == pdf("satu")
    office.lay("rahasia.pdf", pdf("orang lain"))
    for name, reason in (("../../rahasia.pdf", "document.bad_name"), ("tiada.pdf", "document.missing")):
        office.simpeg.run(f"UPDATE kursus SET nama = '{name}'")
        assert office.problem(rule) == (reason, "")


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("..", "document.bad_name"),
        ("a/b", "document.bad_name"),
        ("a\\b", "document.bad_name"),
        ("", "document.missing"),
    ],
)
def test_a_folder_name_from_a_column_is_one_folder(office: Office, folder: str, reason: str) -> None:
    office.lay("a/b/Kursus 1", pdf("orang lain"))
    office.simpeg.run(f"UPDATE jenis SET bkn = '{folder}'")
    assert office.problem(DocumentRule(Column("nama"), f"{office.folder}/{{j.bkn}}")) == (reason, "")
