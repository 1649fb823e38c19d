"""One working day at the personnel office: a list of steps that a driver paces, interleaves and interrupts.

Each step tells its story in one sentence and says how many writes it is worth. Between steps stand cues for
the driver: what BKN or the network should do now. Which rows a story happens to follows from the world alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Executable, delete, insert, update

from simpeg_sync.demo.bkn_start import is_sendable
from simpeg_sync.demo.certificates import KIND_SHARES, ORGANISERS, invent_certificate, scan
from simpeg_sync.demo.mapping import BLANK_DATE, DOCUMENT_BYTES_MAX, Row, hours_in
from simpeg_sync.demo.net import NetChanges
from simpeg_sync.demo.people import Person
from simpeg_sync.demo.schema import (
    PEGAWAI,
    PEGDIKLAT,
    RARE_KIND,
    REF_JENISDIKLAT,
    REJECTED,
    STRUCTURAL,
    UNMAPPED_KIND,
    VERIFIED,
    WAITING,
)
from simpeg_sync.demo.simpeg import World
from simpeg_sync.demo.truth import REFUSED_ORGANISER

MORNING = datetime(2026, 3, 2, 8, 0)
UNKNOWN_CODE = "77"
DAY_SERIAL = 900_001
REKEYED_BY = 500_000  # far above anything that the tables' own counters will reach

Edit = Callable[[Connection], None]
CueKind = Literal["bkn_refuses", "lost_answer", "outage_begin", "outage_end", "expire_token"]


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    sentence: str
    edits: tuple[Edit, ...]
    """Each is one transaction of SIMPEG; some only touch a file."""
    net: NetChanges
    """Writes it is worth, if all before it has arrived."""

    def apply(self, connection: Connection) -> None:
        """All edits in the caller's transaction."""
        for edit in self.edits:
            edit(connection)

    def run(self, engine: Engine) -> None:
        """Each edit in a transaction of its own, as the application does it."""
        for edit in self.edits:
            with engine.begin() as connection:
                edit(connection)


@dataclass(frozen=True, slots=True)
class Cue:
    kind: CueKind
    organiser: str | None = None
    """For bkn_refuses: rows of this organiser are refused from now on."""


@dataclass(frozen=True, slots=True)
class Day:
    items: tuple[Step | Cue, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(item for item in self.items if isinstance(item, Step))

    @property
    def edits(self) -> int:
        return sum(len(step.edits) for step in self.steps)


def plan_day(world: World) -> Day:
    """The same world always gives the same day. A day may be worked through once."""
    desk = _Desk(world)
    late, never = desk.enter(), desk.enter()
    waiting = [desk.enter(status=WAITING, tanggal_verif=None) for _ in range(desk.some(5, at_least=3))]
    refused = [desk.enter(penyelenggara=REFUSED_ORGANISER) for _ in range(desk.some(3, at_least=2))]
    lacking = [desk.enter(jam=""), desk.enter(jam="-")]
    dropped = desk.take(desk.some(4, at_least=2))
    return Day(
        (
            Cue("bkn_refuses", REFUSED_ORGANISER),
            _new_courses(desk),
            Cue("lost_answer"),
            _new_for_one_person(desk),
            _new_leadership(desk),
            _hours_corrected(desk),
            Cue("lost_answer"),
            _organiser_corrected(desk),
            _saved_again(desk),
            desk.entered(
                "unverified_entered",
                "Certificates are typed in and wait for their check.",
                waiting,
                held=True,
            ),
            _unknown_code(desk),
            _bad_dates(desk),
            desk.entered("hours_missing", "Certificates are entered without their hours.", lacking, held=True),
            _hours_emptied(desk),
            desk.entered(
                "refused",
                "Certificates of an organiser that BKN doesn't accept are entered.",
                refused,
                held=True,
            ),
            _refused_correction(desk),
            Cue("outage_begin"),
            _number_corrected(desk),
            _name_corrected(desk),
            _bulk_flags(desk),
            Cue("outage_end"),
            _people_touched(desk),
            _burst(desk),
            Cue("expire_token"),
            _erased(desk),
            _soft_deleted(dropped),
            _replaced_in_one_go(desk),
            Cue("lost_answer"),
            _moved_to_diklat(desk),
            _moved_to_kursus(desk),
            _rekeyed(desk),
            desk.entered(
                "scan_late",
                "Two certificates name scans that are not there yet.",
                [late, never],
                without_file=True,
            ),
            _scan_replaced(desk),
            _scan_unusable(desk),
            _not_for_bkn(desk),
            _verified_later(waiting[:-2]),
            _rejected_later(waiting[-2]),
            _verification_withdrawn(desk),
            _undeleted(desk, dropped[0]),
            _lookup_changed(desk),
            _lookup_filled(desk),
            Cue("expire_token"),
            _scan_arrives(desk, late),
            _hours_filled(lacking[0]),
            _refused_corrected(refused[0]),
            _burst_for_nothing(desk),
        )
    )


# --- what is entered


def _new_courses(desk: "_Desk") -> Step:
    rows = [desk.enter() for _ in range(desk.some(20))]
    return desk.entered("new_courses", "New verified certificates are entered, each with its scan.", rows)


def _new_for_one_person(desk: "_Desk") -> Step:
    rows = []
    for _ in range(desk.some(3)):
        owner = desk.somebody()
        rows += [desk.enter(owner), desk.enter(owner), desk.enter(owner, kind=STRUCTURAL)]
    return desk.entered("new_for_one_person", "Single employees bring three certificates at once.", rows)


def _new_leadership(desk: "_Desk") -> Step:
    rows = [desk.enter(kind=STRUCTURAL) for _ in range(desk.some(4))]
    return desk.entered("new_leadership", "Leadership courses are entered; they go to the other endpoint.", rows)


def _unknown_code(desk: "_Desk") -> Step:
    rows = [desk.enter(kind="02", jenisdiklat=UNKNOWN_CODE)]
    return desk.entered("unknown_code", "A certificate gets a kind that no table knows.", rows, held=True)


def _bad_dates(desk: "_Desk") -> Step:
    rows = [
        desk.enter(tglmulai=BLANK_DATE),
        desk.enter(tglselesai=date(16, 3, 2)),
        desk.enter(kind=STRUCTURAL, tglselesai=date(2206, 3, 2)),
    ]
    step = desk.entered(
        "bad_dates", "Dates are left blank or mistyped, in new rows and in an old one.", rows, held=True
    )
    spoilt = desk.take_one()
    return Step(step.name, step.sentence, (*step.edits, _change(spoilt, tglmulai=date(2206, 1, 5))), step.net)


def _not_for_bkn(desk: "_Desk") -> Step:
    unknown = next(person for person in desk.world.people if not person.is_known_to_bkn)
    retired = next(person for person in desk.world.people if not person.is_active)
    rows = [desk.enter(unknown), desk.enter(retired)]
    return desk.entered(
        "not_for_bkn", "Certificates of somebody BKN doesn't know, and of a retired one.", rows, held=True
    )


# --- what is corrected


def _hours_corrected(desk: "_Desk") -> Step:
    rows = desk.take(desk.some(8))
    edits = tuple(_change(row, jam=_more_hours(row, 1)) for row in rows)
    return Step("hours_corrected", "Hours of old certificates are corrected.", edits, NetChanges(updates=len(rows)))


def _organiser_corrected(desk: "_Desk") -> Step:
    rows = desk.take(desk.some(8))
    edits = tuple(_change(row, penyelenggara=desk.other_organiser(row)) for row in rows)
    return Step("organiser_corrected", "Organisers are corrected.", edits, NetChanges(updates=len(rows)))


def _number_corrected(desk: "_Desk") -> Step:
    rows = desk.take(desk.some(5))
    edits = tuple(_change(row, nosttpp=f"{row['nosttpp']}-R") for row in rows)
    return Step(
        "number_corrected",
        "Certificate numbers are corrected, so that they no longer lead to BKN's row.",
        edits,
        NetChanges(updates=len(rows)),
    )


def _name_corrected(desk: "_Desk") -> Step:
    rows = desk.take(desk.some(4), lambda row: row["jenisdiklat"] != STRUCTURAL)
    edits = tuple(_change(row, nm_diklat=f"{row['nm_diklat']} Angkatan II") for row in rows)
    return Step("name_corrected", "Names of courses are corrected.", edits, NetChanges(updates=len(rows)))


def _burst(desk: "_Desk") -> Step:
    row = desk.take_one()
    edits = tuple(_change(row, jam=_more_hours(row, n)) for n in range(1, 21))
    return Step("burst", "One certificate is saved twenty times, each time otherwise.", edits, NetChanges(updates=1))


def _burst_for_nothing(desk: "_Desk") -> Step:
    row = desk.take_one()
    edits = (*(_change(row, jam=_more_hours(row, n)) for n in range(1, 6)), _change(row, jam=row["jam"]))
    return Step("burst_for_nothing", "A certificate is saved six times and ends as it began.", edits, NetChanges())


def _hours_emptied(desk: "_Desk") -> Step:
    edits = (_change(desk.take_one(), jam=""),)
    return Step("hours_emptied", "An old certificate loses its hours; BKN keeps what it has.", edits, NetChanges())


def _refused_correction(desk: "_Desk") -> Step:
    edits = (_change(desk.take_one(), penyelenggara=REFUSED_ORGANISER),)
    return Step(
        "refused_correction",
        "A correction is refused, so BKN keeps the certificate as it was.",
        edits,
        NetChanges(),
    )


# --- what changes nothing


def _saved_again(desk: "_Desk") -> Step:
    edits = tuple(
        _change(
            row,
            nm_diklat=row["nm_diklat"],
            jam=row["jam"],
            updated_by="operator2",
            temp_count=PEGDIKLAT.c.temp_count + 1,
        )
        for row in desk.take(desk.some(20))
    )
    return Step("saved_again", "Certificates are opened and saved as they were.", edits, NetChanges())


def _bulk_flags(desk: "_Desk") -> Step:
    def flag_all(connection: Connection) -> None:
        connection.execute(
            update(PEGDIKLAT)
            .where(PEGDIKLAT.c.status == VERIFIED)
            .values(flag_sync_siasn=1, log_sync_siasn="antre", temp_count=PEGDIKLAT.c.temp_count + 1)
        )

    return Step("bulk_flags", "SIMPEG's own job flags every verified row in one statement.", (flag_all,), NetChanges())


def _people_touched(desk: "_Desk") -> Step:
    edits = tuple(_touch(desk.somebody(), MORNING + timedelta(hours=4)) for _ in range(desk.some(6)))
    return Step("people_touched", "Employees' own rows are saved without a change.", edits, NetChanges())


# --- what goes and comes back


def _erased(desk: "_Desk") -> Step:
    rows = desk.take(desk.some(4))
    edits = tuple(_erase(row) for row in rows)
    return Step("erased", "Certificates are deleted for good.", edits, NetChanges(deletes=len(rows)))


def _soft_deleted(rows: Sequence[Row]) -> Step:
    edits = tuple(_change(row, flag_active=0) for row in rows)
    return Step("soft_deleted", "Certificates are marked as deleted.", edits, NetChanges(deletes=len(rows)))


def _undeleted(desk: "_Desk", dropped: Row) -> Step:
    old = [row for row in desk.world.certificates if row["flag_active"] == 0 and desk.is_sendable(row, flag_active=1)]
    rows = [dropped, *old[:1]]
    edits = tuple(_change(row, flag_active=1) for row in rows)
    return Step("undeleted", "Deleted marks are taken back, an old one and one of today.", edits, _created(rows))


def _replaced_in_one_go(desk: "_Desk") -> Step:
    rows = desk.take(desk.some(3, at_least=2))
    edits = [_replace(row, jam=row["jam"]) for row in rows[1:]]
    edits.append(_replace(rows[0], jam=_more_hours(rows[0], 4)))
    return Step(
        "replaced_in_one_go",
        "A save deletes certificates and enters them again under new ids; one has new hours.",
        tuple(edits),
        NetChanges(updates=1),
    )


def _moved_to_diklat(desk: "_Desk") -> Step:
    row = desk.take_one(lambda row: row["jenisdiklat"] == "02" and bool(row["gambarsk"]))
    edits = (_change(row, jenisdiklat=STRUCTURAL, id_diklat_struktural="3"),)
    net = NetChanges(creates=1, deletes=1, uploads=1)
    return Step("moved_to_diklat", "A technical course turns out to be a leadership course.", edits, net)


def _moved_to_kursus(desk: "_Desk") -> Step:
    row = desk.take_one(lambda row: row["jenisdiklat"] == STRUCTURAL and bool(row["gambarsk"]))
    edits = (_change(row, jenisdiklat="02"),)
    net = NetChanges(creates=1, deletes=1, uploads=1)
    return Step("moved_to_kursus", "A leadership course turns out to be a technical course.", edits, net)


def _rekeyed(desk: "_Desk") -> Step:
    row = desk.take_one()
    edits = (_change(row, id=row["id"] + REKEYED_BY),)
    return Step("rekeyed", "A row gets another primary key.", edits, NetChanges())


# --- what the verifier does


def _verified_later(rows: Sequence[Row]) -> Step:
    edits = tuple(_change_by_number(row, status=VERIFIED, tanggal_verif=MORNING + timedelta(hours=6)) for row in rows)
    return Step("verified_later", "Waiting certificates are verified.", edits, _created(rows))


def _rejected_later(row: Row) -> Step:
    edits = (_change_by_number(row, status=REJECTED),)
    return Step("rejected_later", "A waiting certificate is rejected.", edits, NetChanges())


def _verification_withdrawn(desk: "_Desk") -> Step:
    edits = (_change(desk.take_one(), status=WAITING, tanggal_verif=None),)
    return Step(
        "verification_withdrawn",
        "A verified certificate waits again; that is no delete.",
        edits,
        NetChanges(),
    )


def _hours_filled(row: Row) -> Step:
    edits = (_change_by_number(row, jam="32 JP"),)
    return Step("hours_filled", "Missing hours are filled in.", edits, _created([row]))


def _refused_corrected(row: Row) -> Step:
    edits = (_change_by_number(row, penyelenggara=ORGANISERS[0]),)
    return Step("refused_corrected", "A refused certificate gets its right organiser.", edits, _created([row]))


# --- what happens in the lookup table


def _lookup_changed(desk: "_Desk") -> Step:
    rows = [row for row in desk.world.certificates if row["jenisdiklat"] == RARE_KIND and desk.is_sendable(row)]
    edits = (_change_kind(RARE_KIND, jenis_kursus_sertipikat_siasn="P"),)
    net = NetChanges(updates=len(rows))
    return Step(
        "lookup_changed",
        "A kind of course gets another letter, and all its certificates with it.",
        edits,
        net,
    )


def _lookup_filled(desk: "_Desk") -> Step:
    rows = [
        row
        for row in desk.world.certificates
        if row["jenisdiklat"] == UNMAPPED_KIND and desk.is_sendable(row, jenisdiklat="02")
    ]
    edits = (_change_kind(UNMAPPED_KIND, jenis_kursus_sertipikat_siasn="T", id_diklat_siasn="23"),)
    return Step("lookup_filled", "A kind gets its BKN code, which releases what waited for it.", edits, _created(rows))


# --- what happens to files


def _scan_arrives(desk: "_Desk", late: Row) -> Step:
    old = [
        row
        for row in desk.world.certificates
        if row["gambarsk"] and row["gambarsk"] not in desk.world.files and desk.is_sendable(row, gambarsk=None)
    ]
    rows = [late, *old[: desk.some(3)]]
    edits = tuple(_put(desk.path(row), desk.scan(row)) for row in rows)
    return Step(
        "scan_arrives", "Missing scans are put in their place; no row changes.", edits, NetChanges(uploads=len(rows))
    )


def _scan_replaced(desk: "_Desk") -> Step:
    same_name, new_name = desk.take(2, lambda row: bool(row["gambarsk"]))
    renamed = {**new_name, "gambarsk": f"ulang_{new_name['gambarsk']}"}
    edits = (
        _put(
            desk.path(same_name),
            desk.scan({**same_name, "nm_diklat": f"{same_name['nm_diklat']} (pindai ulang)"}),
        ),
        _together(
            _put(
                desk.path(renamed),
                desk.scan({**renamed, "nm_diklat": f"{renamed['nm_diklat']} (pindai ulang)"}),
            ),
            _change(new_name, gambarsk=renamed["gambarsk"]),
        ),
    )
    return Step("scan_replaced", "Scans are replaced, one of them under its old name.", edits, NetChanges(uploads=2))


def _scan_unusable(desk: "_Desk") -> Step:
    large, photo = desk.enter(), desk.enter()
    edits = (
        desk.insert(large, desk.scan(large) + b"%" * (DOCUMENT_BYTES_MAX + 1)),
        desk.insert(photo, b"\xff\xd8\xff\xe0 a photo with the wrong ending"),
    )
    return Step("scan_unusable", "One scan is too large, and one is no PDF.", edits, NetChanges(creates=2))


# --- the desk


class _Desk:
    """Hands out rows so that no two stories happen to the same one, and makes new ones."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._rng = Random(world.day_seed)
        self._owners = {person.id_peg: person for person in world.people}
        self._staff = [person for person in world.people if person.is_known_to_bkn and person.is_active]
        self._serials = count(DAY_SERIAL)
        # The rare kind is left to the story of the lookup table.
        self._pool = [row for row in world.certificates if row["jenisdiklat"] != RARE_KIND and self.is_sendable(row)]
        self._rng.shuffle(self._pool)
        self._kinds = [kind for kind in KIND_SHARES if kind not in (STRUCTURAL, RARE_KIND, UNMAPPED_KIND)]

    def some(self, of_500: int, *, at_least: int = 1) -> int:
        """So many in an office of 500, and in proportion in another."""
        return max(at_least, round(of_500 * len(self.world.people) / 500))

    def is_sendable(self, row: Row, **otherwise: object) -> bool:
        return is_sendable({**row, **otherwise}, self._owners[row["id_pegawai"]], self.world.files)

    def take(self, count: int, where: Callable[[Row], bool] = lambda row: True) -> list[Row]:
        taken = [row for row in self._pool if where(row)][:count]
        if len(taken) < count:
            raise ValueError("the world is too small for this day")
        self._pool = [row for row in self._pool if all(row is not one for one in taken)]
        return taken

    def take_one(self, where: Callable[[Row], bool] = lambda row: True) -> Row:
        return self.take(1, where)[0]

    def somebody(self) -> Person:
        return self._rng.choice(self._staff)

    def other_organiser(self, row: Row) -> str:
        return self._rng.choice([name for name in ORGANISERS if name != row["penyelenggara"]])

    def enter(self, owner: Person | None = None, kind: str | None = None, **values: object) -> dict[str, Any]:
        """A new row, not yet inserted."""
        row = invent_certificate(
            self._rng,
            owner or self.somebody(),
            serial=next(self._serials),
            kind=kind or self._rng.choice(self._kinds),
        )
        return {**row, "tanggal_verif": MORNING, **values}

    def entered(
        self,
        name: str,
        sentence: str,
        rows: list[dict[str, Any]],
        *,
        held: bool = False,
        without_file: bool = False,
    ) -> Step:
        edits = tuple(self.insert(row, None if without_file else self.scan(row)) for row in rows)
        created = NetChanges(creates=len(rows)) if without_file else _created(rows)
        return Step(name, sentence, edits, NetChanges() if held else created)

    def insert(self, row: dict[str, Any], content: bytes | None) -> Edit:
        """The file comes first, as in the application: the row names what is there."""
        save = _execute(insert(PEGDIKLAT).values(**row))
        return save if content is None else _together(_put(self.path(row), content), save)

    def path(self, row: Row) -> Path:
        return self.world.documents_dir / str(row["gambarsk"])

    def scan(self, row: Row) -> bytes:
        return scan(row, self._owners[row["id_pegawai"]].nama)


def _created(rows: Sequence[Row]) -> NetChanges:
    return NetChanges(creates=len(rows), uploads=sum(bool(row["gambarsk"]) for row in rows))


def _more_hours(row: Row, more: int) -> str:
    return str((hours_in(row["jam"]) or 0) + more)


# --- edits


def _execute(statement: Executable) -> Edit:
    def edit(connection: Connection) -> None:
        connection.execute(statement)

    return edit


def _change(row: Row, **values: object) -> Edit:
    return _execute(update(PEGDIKLAT).where(PEGDIKLAT.c.id == row["id"]).values(**values))


def _change_by_number(row: Row, **values: object) -> Edit:
    """For rows entered today: the database gave them ids that nobody knows beforehand."""
    return _execute(update(PEGDIKLAT).where(PEGDIKLAT.c.nosttpp == row["nosttpp"]).values(**values))


def _change_kind(code: str, **values: object) -> Edit:
    return _execute(update(REF_JENISDIKLAT).where(REF_JENISDIKLAT.c.kode == code).values(**values))


def _touch(person: Person, now: datetime) -> Edit:
    return _execute(update(PEGAWAI).where(PEGAWAI.c.id_peg == person.id_peg).values(updated_at=now))


def _erase(row: Row) -> Edit:
    return _execute(delete(PEGDIKLAT).where(PEGDIKLAT.c.id == row["id"]))


def _replace(row: Row, **values: object) -> Edit:
    again = {name: value for name, value in row.items() if name not in ("id", "id_siasn")}
    return _together(_erase(row), _execute(insert(PEGDIKLAT).values(**{**again, **values})))


def _put(path: Path, content: bytes) -> Edit:
    """In one move, so that nobody reads half a file and the day stays the same day."""

    def edit(connection: Connection) -> None:
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)

    return edit


def _together(*edits: Edit) -> Edit:
    def edit(connection: Connection) -> None:
        for each in edits:
            each(connection)

    return edit
