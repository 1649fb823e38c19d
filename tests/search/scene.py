"""The scene: one certificate of one person, its contents, and how long everything takes. Time passes in ticks."""

from dataclasses import dataclass
from typing import Any

from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.domain.change import FeedName, Nip, SourceKey
from simpeg_sync.domain.record import BknId, Digest
from simpeg_sync.mapping.expressions import Column, Constant, Integer
from simpeg_sync.mapping.feed import Feed
from simpeg_sync.mapping.render import Wanted, render

TICK_S = 60.0
GONE = 0
"""The content of a row that is not there; others are numbered as SIMPEG got them."""

NIP, PNS_ID = Nip("198501012010012001"), BknId("a" * 32)
KEY = SourceKey('["1"]')
FEED = Feed(
    name=FeedName("kursus"),
    target="kursus",
    table="pelatihan",
    key=("id",),
    person="nip",
    person_bkn_id=None,
    bkn_id=None,
    scope=None,
    verified=None,
    deleted=None,
    fields={
        "institusiPenyelenggara": Constant("BPSDM Kota Teluk Biru"),
        "jenisDiklatId": Constant("3"),
        "jumlahJam": Integer("jam"),
        "namaKursus": Column("nama"),
        "nomorSertipikat": Column("nomor"),
        "tahunKursus": Constant(2024),
    },
    natural_key=("nomorSertipikat",),
    delete_policy="delete",
)
RESOURCE = RESOURCES["kursus"].resource


@dataclass(frozen=True, slots=True)
class Times:
    """In ticks. As with the default settings the lease ends before the settle time does."""

    lands: int = 3
    """A request may be executed until this long after it left."""
    settle: int = 3
    """As set; never below ``lands``, says the configuration."""
    gap: int = 2
    """Between two looks that show nothing; BKN's reading side lags by less."""
    lease: int = 2
    grace: int = 1
    asleep: int = 9
    """Who was frozen for longer has died: long enough to wake up when somebody else has settled everything."""


def row(content: int) -> dict[str, Any] | None:
    """SIMPEG's row."""
    if content == GONE:
        return None
    return {"id": "1", "nip": NIP, "jam": content, "nama": "Manajemen Arsip", "nomor": "SERT/1/2024"}


def _wanted(content: int) -> Wanted:
    rendered = render(FEED, row(content))
    assert isinstance(rendered, Wanted)
    return rendered


CONTENTS = (1, 2)
WANTED = {content: _wanted(content) for content in CONTENTS}
CONTENT_OF: dict[Digest | None, int] = {wanted.digest: content for content, wanted in WANTED.items()}


def bkn_row(bkn_id: str, content: int) -> dict[str, Any]:
    """As BKN shows it."""
    body = WANTED[content].body
    shown = {field.read: body.get(field.write) for field in RESOURCE.fields if field.read is not None}
    return {**shown, "id": bkn_id, "nipBaru": NIP, "path": None}


def content_of(body: Any) -> int:
    return int(body["jumlahJam"])


def new_id(number: int) -> BknId:
    return BknId(f"{number:032x}")
