"""A certificate in a column goes the same way as one in a folder: once, again when it changes, held while it is broken."""

import base64
from typing import Any

import pytest
from tests.adapters.memory import KURSUS
from tests.pipeline.conftest import Office

from simpeg_sync.domain.change import SeveralPartners, SourceKey
from simpeg_sync.mapping.feed import DocumentRule

PDF, OTHER = b"%PDF-1.4 sertifikat", b"%PDF-1.4 sertifikat baru"


@pytest.fixture
def column(office: Office) -> Office:
    office.configure(KURSUS, documents=(DocumentRule(content="isi"),))
    return office


def stored(office: Office) -> list[bytes]:
    return list(office.bkn.documents.values())


@pytest.mark.parametrize(
    "kept_as", [bytes, lambda content: base64.encodebytes(content).decode()], ids=["blob", "base64"]
)
def test_it_arrives_once_and_again_when_it_changes(column: Office, kept_as: Any) -> None:
    column.enter(isi=kept_as(PDF))
    column.pass_time()
    assert (column.effects, column.state(), stored(column)) == (["create", "upload"], ("synced", ""), [PDF])
    column.enter(diubah_oleh="admin")
    column.pass_time()
    assert column.effects == ["create", "upload"]
    column.enter(isi=kept_as(OTHER))
    column.pass_time()
    assert column.effects == ["create", "upload", "upload"] and stored(column)[-1] == OTHER


def test_the_same_certificate_kept_otherwise_is_not_sent_again(column: Office) -> None:
    column.enter(isi=PDF)
    column.pass_time()
    column.enter(isi=f"data:application/pdf;base64,{base64.b64encode(PDF).decode()}")
    column.pass_time()
    assert column.effects == ["create", "upload"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "document.empty"), ("rusak!", "document.base64"), (b"\xff\xd8\xff\xe0", "document.not_pdf"),
        (b"%PDF-".ljust(1_000_001), "document.too_big"),
    ],
)  # fmt: skip
def test_a_broken_one_is_held_with_its_reason_and_goes_when_repaired(column: Office, content: Any, reason: str) -> None:
    column.enter(isi=content)
    column.pass_time()
    assert column.effects == ["create"], "the row itself goes"
    assert column.state() == ("held", reason)
    column.enter(isi=PDF)
    column.pass_time()
    assert (column.effects, column.state()) == (["create", "upload"], ("synced", ""))


def test_none_is_no_certificate_unless_the_feed_wants_one(column: Office) -> None:
    column.enter(isi=None)
    column.pass_time()
    assert (column.effects, column.state()) == (["create"], ("synced", ""))
    column.configure(KURSUS, documents=(DocumentRule(content="isi", required=True),))
    column.enter("2", isi=" ")
    column.pass_time()
    assert column.effects == ["create"]
    assert column.state("2") == ("held", "document.not_named")
    column.enter("2", isi=PDF)
    column.pass_time()
    assert column.effects == ["create", "create", "upload"]


def test_a_row_that_may_not_leave_is_not_asked_for_its_certificate(
    column: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(column.source), "pieces", lambda *_: pytest.fail("the certificate was read"))
    column.enter(isi=PDF, status=1)
    column.pass_time()
    assert column.state() == ("held", "unverified")


def test_several_partners_hold_one_record_until_one_is_left(column: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    read = type(column.source).read
    doubled: set[SourceKey] = set()

    def reads(source: Any, feed: Any, keys: Any) -> Any:
        found = read(source, feed, keys)
        return {key: SeveralPartners("p", row) if key in doubled else row for key, row in found.items()}

    monkeypatch.setattr(type(column.source), "read", reads)
    doubled.add(column.enter("1"))
    column.enter("2")
    column.pass_time()
    assert (column.state("1"), column.state("2")) == (("held", "join.several"), ("synced", ""))
    doubled.clear()
    column.enter("1")
    column.pass_time()
    assert column.state("1") == ("synced", "")
