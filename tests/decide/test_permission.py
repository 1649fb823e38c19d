"""A permission holds as long as the facts do: every fact changed alone, and what a wish makes of a record and gives back."""

from dataclasses import replace

import pytest

from simpeg_sync.bkn.resources import RESOURCES
from simpeg_sync.decide import permission, plan
from simpeg_sync.decide.look import Look
from simpeg_sync.decide.permission import Changed, Facts, Fits, Rests, facts, judged, restored, taken, wished
from simpeg_sync.decide.plan import FileState
from simpeg_sync.domain.change import FeedName, Nip, SourceKey
from simpeg_sync.domain.permission import NOT_LOOKED_AT, Permission, Stage, Wish
from simpeg_sync.domain.record import Action, BknId, Digest, Record, RecordId
from simpeg_sync.domain.status import Status
from simpeg_sync.mapping.render import Gone, Unready, Wanted

KURSUS = RESOURCES["kursus"].resource
ID = BknId("a" * 32)
NIP = Nip("198501012010012001")
BODY = {"namaKursus": "Arsip", "jumlahJam": 40, "tanggalKursus": "04-03-2024"}
ROW = {"id": ID, "namaKursus": "Lain", "jumlahJam": 40, "tanggalKursus": "2024-03-04"}
RECORD = Record(
    RecordId(1), FeedName("kursus"), SourceKey('["1"]'), NIP, Status.WORKING, 1, bkn_id=ID, confirmed={"namaKursus": "x"},
    done={"881": Digest("d")},
)  # fmt: skip
UPDATE = plan.Save(Action.UPDATE, ID, {})


def wanted(digest: str = "w") -> Wanted:
    return Wanted(NIP, BODY, Digest(digest), None, None, {})


def seen(row: object = ROW, digest: str = "w", file: str = "d") -> Facts:
    look = Look.of([row] if row else [])  # type: ignore[list-item]  # a row of BKN
    files = {"881": FileState(Digest(file))}
    return facts(KURSUS, RECORD, wanted(digest), UPDATE, files=files, look=look)


def allowed(now: Facts, **changes: object) -> Permission:
    made = Permission(7, 1, "update", frozenset({Wish.OVERWRITE}), now.wanted, now.files, now.bkn)
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("now", "decision", "expected"),
    [
        (seen(), UPDATE, Fits()),
        (seen(digest="other"), UPDATE, Changed("plan.simpeg_changed")),
        (seen(file="other"), UPDATE, Changed("plan.simpeg_changed", "document")),
        (seen({**ROW, "namaKursus": "Lain lagi"}), UPDATE, Changed("plan.bkn_changed")),
        (seen({**ROW, "jumlahJam": 41}), UPDATE, Changed("plan.bkn_changed")),
        (seen(None), UPDATE, Changed("plan.bkn_changed")),
        (seen({**ROW, "namaKursus": " LAIN ", "jumlahJam": "40", "tanggalKursus": "04-03-2024"}), UPDATE, Fits()),
        (seen(), plan.Delete(ID, "row.gone"), Changed("plan.other_action", "update, delete")),
        (seen(), plan.Hold("feed.braked"), Rests()),
        (seen(), plan.Unchanged(), Rests()),
        (seen(digest="other"), plan.Hold("feed.braked"), Changed("plan.simpeg_changed")),
        (seen(digest="other"), plan.Later("delete.grace", 1.0), Rests()),
    ],
)
def test_every_fact_that_changed_makes_it_void(now: Facts, decision: plan.Decision, expected: object) -> None:
    assert judged(allowed(seen()), now, decision) == expected


def test_who_was_not_looked_at_is_tied_to_what_simpeg_wants_alone() -> None:
    unseen = Permission(7, 1, NOT_LOOKED_AT, frozenset(), "w")
    for decision in (UPDATE, plan.Link(ID), plan.Upload(ID, "881", Digest("d"))):
        assert judged(unseen, seen({**ROW, "namaKursus": "?"}), decision) == Fits()
    assert judged(unseen, seen(digest="other"), UPDATE) == Changed("plan.simpeg_changed")


def test_nothing_is_created_anew_while_its_own_row_is_there() -> None:
    create = plan.Save(Action.CREATE, None, {})
    permit = Permission(7, 1, NOT_LOOKED_AT, frozenset({Wish.RECREATE}), "w")
    there = facts(KURSUS, RECORD, wanted(), create, files=None, look=Look.of([ROW]))
    gone = facts(KURSUS, RECORD, wanted(), create, files=None, look=Look())
    assert judged(permit, there, create) == Changed("plan.bkn_changed")
    assert judged(permit, gone, create) == Fits()


def test_what_is_no_content_has_a_digest_too() -> None:
    rendered = (
        wanted(),
        Gone("row.gone"),
        Gone("row.soft_deleted"),
        Unready("unverified"),
        Unready("a", "b"),
        Unready("a"),
    )
    assert len({permission.wanted_digest(one) for one in rendered}) == len(rendered)


@pytest.mark.parametrize(
    "wishes", [set(), {Wish.OVERWRITE}, {Wish.DOCUMENTS}, {Wish.RECREATE}, {Wish.DELETE}, set(Wish)]
)
def test_a_wish_that_had_no_effect_leaves_the_record_as_it_was(wishes: set[Wish]) -> None:
    asked = allowed(seen(), wishes=frozenset(wishes))
    before = replace(RECORD, permission=asked)
    after = wished(before, KURSUS, asked.wishes)
    begun = replace(after, **taken(asked, before, after, {"namaKursus": "y"}))
    assert begun.permission is not None
    assert begun.permission.stage is Stage.BEGUN
    if Wish.OVERWRITE in wishes:
        assert begun.confirmed["namaKursus"] == "y", "what BKN showed is what we know of it now"
    assert replace(restored(begun), permission=asked) == before


def test_what_bkn_never_shows_is_still_what_we_last_sent() -> None:
    hidden = next(field.write for field in KURSUS.fields if field.read is None)
    record = replace(RECORD, confirmed={"namaKursus": "x", hidden: "h"})
    assert wished(record, KURSUS, frozenset({Wish.OVERWRITE})).confirmed == {hidden: "h"}
