"""What lies behind a file name of a row: a certificate, or one named problem. Never an exception."""

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from simpeg_sync.files import PDF_MAX_BYTES, FolderFiles

PDF = b"%PDF-1.4\nrekaan"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sertifikat"
    (folder / "2020").mkdir(parents=True)
    (folder / "alice.pdf").write_bytes(PDF)
    (folder / "2020" / "bob.pdf").write_bytes(PDF + b" bob")
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "big.pdf").write_bytes(PDF.ljust(PDF_MAX_BYTES + 1))
    (folder / "full.pdf").write_bytes(PDF.ljust(PDF_MAX_BYTES))
    (folder / "scan.pdf").write_bytes(b"\xff\xd8\xff\xe0 a photo")
    (tmp_path / "secret.pdf").write_bytes(PDF)
    (tmp_path / "sertifikat-lama").mkdir()
    (tmp_path / "sertifikat-lama" / "old.pdf").write_bytes(PDF)
    (folder / "out.pdf").symlink_to(tmp_path / "secret.pdf")
    (folder / "circle.pdf").symlink_to(folder / "circle.pdf")
    (folder / "gone.pdf").symlink_to(folder / "nowhere.pdf")
    os.mkfifo(folder / "pipe.pdf")
    return folder


@pytest.mark.parametrize("name", ["alice.pdf", "2020/bob.pdf", "2020/../alice.pdf", "full.pdf"])
def test_a_certificate_comes_with_its_content_and_digest(folder: Path, name: str) -> None:
    document = FolderFiles().read(str(folder), name)
    assert document.content == (folder / name).read_bytes()
    assert document.state.digest == hashlib.blake2b(document.content, digest_size=16).hexdigest()
    assert not document.state.problem


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nobody.pdf", "document.missing"),
        ("2020/nobody.pdf", "document.missing"),
        ("nowhere/alice.pdf", "document.missing"),
        ("alice.pdf/more.pdf", "document.missing"),
        ("gone.pdf", "document.missing"),
        ("2020", "document.missing"),
        (".", "document.missing"),
        ("", "document.missing"),
        ("pipe.pdf", "document.missing"),
        ("empty.pdf", "document.empty"),
        ("big.pdf", "document.too_big"),
        ("scan.pdf", "document.not_pdf"),
        ("../secret.pdf", "document.bad_name"),
        ("2020/../../secret.pdf", "document.bad_name"),
        ("../sertifikat-lama/old.pdf", "document.bad_name"),
        ("/etc/passwd", "document.bad_name"),
        ("out.pdf", "document.bad_name"),
        ("a\0b.pdf", "document.unreadable"),
        ("half\ud800.pdf", "document.unreadable"),
        ("x" * 5000, "document.unreadable"),
    ],
)
def test_what_is_wrong_with_a_file_has_a_name_and_no_content(folder: Path, name: str, problem: str) -> None:
    document = FolderFiles().read(str(folder), name)
    assert (document.state.problem, document.state.digest, document.content) == (problem, None, b"")


def test_links_in_a_circle_are_a_problem_and_no_exception(folder: Path) -> None:
    assert FolderFiles().read(str(folder), "circle.pdf").state.problem in ("document.unreadable", "document.missing")


def test_a_file_that_may_not_be_read_is_said_to_be_unreadable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a refused open, since root may read everything."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    assert FolderFiles().read(str(folder), "alice.pdf").state.problem == "document.unreadable"


def test_a_missing_folder_is_a_missing_file(tmp_path: Path) -> None:
    assert FolderFiles().read(str(tmp_path / "nowhere"), "alice.pdf").state.problem == "document.missing"


def test_the_limit_can_be_set(folder: Path) -> None:
    assert FolderFiles(max_bytes=len(PDF) - 1).read(str(folder), "alice.pdf").state.problem == "document.too_big"
    assert FolderFiles(max_bytes=len(PDF)).read(str(folder), "alice.pdf").content == PDF


def test_a_digest_tells_contents_apart_and_nothing_else() -> None:
    files = FolderFiles()
    assert files.digest(PDF) == files.digest(bytes(PDF)) != files.digest(PDF + b" ")


ENCODED = base64.b64encode(PDF + b"?>" * 60)


@pytest.mark.parametrize(
    "stored",
    [
        PDF + b"?>" * 60, bytearray(PDF + b"?>" * 60), memoryview(PDF + b"?>" * 60), ENCODED, ENCODED.decode(),
        f"data:application/pdf;base64,{ENCODED.decode()}", b"DATA:application/pdf;name=a.pdf;base64," + ENCODED,
        base64.encodebytes(PDF + b"?>" * 60).decode(), f"\r\n {ENCODED.decode()[:50]}\r\n{ENCODED.decode()[50:]} ",
        ENCODED.rstrip(b"=").decode(),
    ],
)  # fmt: skip
def test_a_column_holds_bytes_or_base64_as_forms_leave_it(stored: Any) -> None:
    document = FolderFiles().stored(stored)
    assert document.content == PDF + b"?>" * 60
    assert document.state.digest == FolderFiles().digest(document.content)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (b"", "document.empty"), ("data:application/pdf;base64,", "document.empty"), ("JVBERi0xLjQ*", "document.base64"),
        ("data:application/pdf,JVBERi0xLjQ", "document.base64"), ("sertifikat é.pdf", "document.base64"),
        ("JVBER", "document.base64"),
        (b"\x89PNG\r\n\x1a\n", "document.not_pdf"), (base64.b64encode(b"GIF89a").decode(), "document.not_pdf"),
        (base64.b64encode(PDF.ljust(PDF_MAX_BYTES + 1)), "document.too_big"), (17, "document.not_pdf"), (1.5, "document.base64"),
    ],
)  # fmt: skip
def test_what_a_column_holds_and_cannot_be_sent(stored: Any, reason: str) -> None:
    document = FolderFiles().stored(stored)
    assert (document.state.problem, document.state.digest, document.content) == (reason, None, b"")


def test_a_picture_may_come_from_a_column() -> None:
    picture = b"\xff\xd8\xff\xe0 a photo"
    assert FolderFiles().stored(base64.b64encode(picture).decode(), form="image").content == picture
    assert FolderFiles().stored(base64.b64encode(PDF), form="image").state.problem == "document.not_image"


def test_no_content_is_shown_by_accident() -> None:
    assert "rekaan" not in repr(FolderFiles().stored(PDF))
