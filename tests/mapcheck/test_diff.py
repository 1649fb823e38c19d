"""`map diff` says what another configuration would change at BKN, and that nothing changes where nothing does."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from simpeg_sync import wiring
from simpeg_sync.clock import Clock
from simpeg_sync.domain.change import Change, FeedName, Nip, source_key
from simpeg_sync.ledger.store import SqlLedger
from simpeg_sync.pipeline import Pipeline
from simpeg_sync.planner import Planner
from tests.adapters.memory import FakeClock, MemoryBkn
from tests.mapcheck.region import BUDI, FEED, ROW, SITI, Region

KURSUS = FeedName("kursus")


def diff(region: Region, proposal: Path | None = None, *names: str, bkn: MemoryBkn | None = None) -> dict[str, Any]:
    """With BKN in memory in the place of the real one, when persons are looked up there."""
    config = region.config
    proposed = wiring.read_proposal(config, proposal or region.folder.parent / "baru")
    made = wiring.open_map_diff(config, proposed, Clock(), persons=0)
    if bkn is not None:
        preview = wiring.open_preview(config, Clock(), asks_bkn=False, shows_values=False)
        view = replace(preview.view, feeds=proposed.feeds, bkn=bkn)
        made = replace(made, planner=Planner(Pipeline(view), 5.0, 1))
    return made.report([FeedName(name) for name in names])


def propose(region: Region, name: str = "kursus", **changes: Any) -> None:
    region.feed(name, folder=region.folder.parent / "baru", **changes)


def counts(report: dict[str, Any], feed: str = "kursus") -> dict[str, int]:
    found: dict[str, int] = report["feeds"][feed]["counts"]
    return found


def test_the_same_configuration_changes_nothing_and_needs_no_reading(region: Region) -> None:
    region.enter()
    propose(region)
    report = diff(region)
    assert report["equal"] and report["feeds"]["kursus"]["change"] == "none"
    assert report["feeds"]["kursus"]["rows"] == 0


def test_every_kind_of_change_is_counted_with_its_reason_and_a_row(region: Region) -> None:
    same = region.enter()
    cut = region.enter(nama="n" * 41)
    released = region.enter(sifat="manajerial")
    held = region.enter(jam="1.000")
    added = region.enter(jenis="X")
    left = region.enter(aktif="2")
    unverified = region.enter(status="1")
    worse = region.enter(nomor="SERT/PANJANG")
    propose(
        region,
        scope=None,
        deleted={"aktif": [0, 2]},
        fields={
            "namaKursus": "nama",
            "jenisKursusSertipikat": {"code": "sifat", "map": {"teknis": "T", "manajerial": "F"}},
            "jumlahJam": {"number": "jam", "decimal": ","},
            "nomorSertipikat": {"text": "nomor", "max_length": 8},
        },
    )
    region.run("INSERT INTO jenis VALUES ('X', '3')", f"UPDATE pelatihan SET jam = '40' WHERE id <> {held}")
    report = diff(region)
    of = report["feeds"]["kursus"]
    examples = of["examples"]
    assert examples["changes"] == [str(cut)]
    assert examples["newly_released"] == [str(released), str(held)]
    assert examples["newly_sent"] == [str(added)]
    assert examples["leaves"] == [str(left)]
    assert examples["newly_held"] == [str(worse)]
    assert examples["still_held"] == [str(unverified)]
    assert of["counts"] == {
        "equal": 1,
        "changes": 1,
        "newly_released": 2,
        "newly_sent": 1,
        "leaves": 1,
        "newly_held": 1,
        "still_held": 1,
    }
    assert same and of["fields"] == {"namaKursus": 1}
    assert of["reasons"]["leaves"] == [{"reason": "row.soft_deleted", "detail": "hold", "count": 1}]
    assert of["reasons"]["newly_held"] == [{"reason": "text.too_long", "detail": "nomorSertipikat: nomor", "count": 1}]
    assert set(of["words"]) == {
        "scope", "deleted", "fields.namaKursus", "fields.jenisKursusSertipikat", "fields.jumlahJam", "fields.nomorSertipikat",
    }  # fmt: skip


def test_other_joins_are_read_side_by_side_and_another_key_by_key(region: Region) -> None:
    for nip in (SITI, BUDI, SITI):
        region.enter(nip=nip)
    region.run(
        "CREATE TABLE lembaga (nama VARCHAR(200) PRIMARY KEY, resmi VARCHAR(200))",
        "INSERT INTO lembaga VALUES ('BPSDM', 'BPSDM Provinsi')",
        "CREATE TABLE salinan AS SELECT * FROM pelatihan WHERE id > 1",
        "UPDATE salinan SET nama = 'Lain' WHERE id = 3",
        "INSERT INTO salinan SELECT 9, nip, jenis, sifat, nama, penyelenggara, 'SERT/9', mulai, selesai, jam, status,"
        " aktif, berkas FROM pelatihan WHERE id = 1",
    )
    joins = [*FEED["joins"], {"table": "lembaga", "as": "l", "on": {"nama": "penyelenggara"}}]
    propose(region, joins=joins, fields={"institusiPenyelenggara": "l.resmi"})
    assert counts(diff(region)) == {"changes": 3}
    propose(region, joins=joins)
    assert counts(diff(region)) == {"equal": 3}
    propose(region, table="salinan")
    report = diff(region)
    assert counts(report) == {"leaves": 1, "equal": 1, "changes": 1, "newly_sent": 1}
    assert report["feeds"]["kursus"]["examples"]["newly_sent"] == ["9"]
    propose(region, key=["id", "nip"])
    assert counts(diff(region)) == {"leaves": 3, "newly_sent": 3}


def test_pages_meet_at_their_edges(small: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simpeg_sync.mapcheck.difference.PAGE", 3)
    for _ in range(9):
        small.enter()
    joins = [*FEED["joins"], {"table": "pegawai", "as": "q", "on": {"nip": "nip"}}]
    propose(small, joins=joins)
    assert counts(diff(small)) == {"equal": 9}
    propose(small, fields={"namaKursus": {"text": "nama", "case": "upper"}})
    assert counts(diff(small)) == {"changes": 9}


def test_new_and_removed_feeds_and_one_that_cannot_be_read_are_told_apart(small: Region) -> None:
    small.enter()
    propose(small, "seminar", scope={"sifat": "teknis"})
    report = diff(small)
    assert report["feeds"]["kursus"]["change"] == "removed"
    assert (report["feeds"]["seminar"]["change"], counts(report, "seminar")) == ("new", {"newly_sent": 1})
    propose(small, fields={"namaKursus": "tidak_ada"})
    report = diff(small)
    assert "tidak_ada" in report["feeds"]["kursus"]["unfit"]
    assert counts(report, "seminar") == {"newly_sent": 1}
    assert list(diff(small, None, "seminar")["feeds"]) == ["seminar"]


def test_one_feeds_file_is_a_proposal_too(small: Region) -> None:
    small.enter()
    path = small.folder.parent / "usul.yaml"
    path.write_text(
        yaml.safe_dump(
            {**FEED, "required": ["namaKursus", "lokasiId"], "fields": {**FEED["fields"], "lokasiId": "jam"}}
        )
    )
    assert counts(diff(small, path)) == {"changes": 1}


def test_another_choice_of_what_bkn_is_sent_compares_every_feed(small: Region) -> None:
    small.enter()
    propose(small)
    small.settings(small.folder.parent / "baru", choices={"cuts": {"kursus.namaKursus": 5}})
    report = diff(small)
    assert report["service_changes"] and report["feeds"]["kursus"]["rows"] == 1


# ------------------------------------------------------------------------------------------------------------ at BKN


@dataclass(slots=True)
class Office:
    """The daemon's own pipeline on the region, with a BKN in memory."""

    region: Region
    clock: FakeClock = field(default_factory=FakeClock)
    bkn: MemoryBkn = field(init=False)
    ledger: SqlLedger = field(init=False)

    def __post_init__(self) -> None:
        self.bkn = MemoryBkn(clock=self.clock)
        self.bkn.know(SITI, BUDI)
        wiring.ledger_engine(self.region.config, create=True).dispose()
        self.ledger = wiring.open_ledger(self.region.config, self.clock)

    def sync(self, *ids: int) -> None:
        config = self.region.config
        view = wiring.open_preview(config, self.clock, asks_bkn=False, shows_values=False).view
        changes = [Change(KURSUS, source_key([str(id_)])) for id_ in ids]
        self.ledger.take_changes(changes, dict.fromkeys(changes, Nip(SITI)))
        self.clock.time_s += 3600
        claim = self.ledger.claim()
        assert claim is not None
        pipeline = Pipeline(replace(view, bkn=self.bkn, ledger=self.ledger))
        pipeline.take_turn(*pipeline.prepared([claim]))
        self.ledger.release(claim)
        assert self.bkn.writes >= len(ids)


@pytest.fixture
def office(small: Region) -> Iterator[Office]:
    place = Office(small)
    yield place
    place.ledger.close()


def test_the_ledger_tells_what_a_change_would_cost(small: Region, office: Office) -> None:
    ids = [small.enter() for _ in range(3)]
    small.enter(sifat="manajerial")
    office.sync(*ids[:2])
    propose(small, fields={"namaKursus": {"text": "nama", "case": "upper"}})
    report = diff(small)
    assert report["ledger"] and report["feeds"]["kursus"]["at_bkn"] == {"look_only": 2, "sent_anyway": 1}
    assert (report["writes_at_most"], report["looks_at_most"]) == (0, 2)
    propose(small, fields={"jumlahJam": {"const": 41}, "jenisKursusSertipikat": {"const": "F"}})
    report = diff(small)
    assert report["feeds"]["kursus"]["at_bkn"] == {"update": 2, "sent_anyway": 1, "create_or_link": 1}
    assert report["writes_at_most"] == 3
    for policy, effect in (("delete", "delete"), ("hold", "delete_waits"), ("ignore", "left")):
        propose(small, scope={"jenis": "F"}, delete=policy)
        assert diff(small)["feeds"]["kursus"]["at_bkn"] == {effect: 2, "nothing": 2}


def test_a_removed_feed_leaves_what_is_linked(small: Region, office: Office) -> None:
    office.sync(small.enter())
    propose(small, "seminar")
    assert diff(small)["feeds"]["kursus"]["linked"] == 1


def test_persons_with_changed_rows_are_looked_up_where_it_is_asked_for(small: Region) -> None:
    bkn = MemoryBkn(clock=FakeClock())
    bkn.know(SITI, BUDI)
    small.enter()
    small.enter(nip=BUDI)
    propose(small, fields={"jumlahJam": {"const": 41}})
    report = diff(small, bkn=bkn)
    assert report["persons_looked_at"] == 1
    assert report["feeds"]["kursus"]["looked_at"] == {"create": 1}
    assert bkn.writes == 0


def test_memory_does_not_grow_with_the_rows(small: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simpeg_sync.mapcheck.difference.PAGE", 100)
    propose(small, fields={"namaKursus": {"text": "nama", "case": "upper"}})
    peaks = []
    for begin, end in ((0, 400), (400, 2000)):
        rows = [{**ROW, "id": number, "nomor": f"N{number}"} for number in range(begin, end)]
        names = ", ".join(rows[0])
        with small.engine.begin() as connection:
            connection.execute(
                sa.text(f"INSERT INTO pelatihan ({names}) VALUES ({', '.join(f':{name}' for name in rows[0])})"), rows
            )
        del rows
        tracemalloc.start()
        assert counts(diff(small)) == {"changes": end}
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0], peaks
