"""Builds the invented world: SIMPEG's tables and files for a given engine, and BKN's side as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from simpeg_sync.demo.bkn_start import BknStart, invent_start
from simpeg_sync.demo.certificates import invent_certificates
from simpeg_sync.demo.mapping import DOCUMENT_DIRECTORY
from simpeg_sync.demo.people import Person, invent_people
from simpeg_sync.demo.schema import ACTIVE, KINDS, METADATA, PEGAWAI, PEGDIKLAT, REF_JENISDIKLAT, RETIRED

EMPLOYEES_MIN = 40
BATCH = 500
ENTERED_AT = datetime(2025, 1, 6, 8, 0)


@dataclass(frozen=True, slots=True)
class World:
    files_dir: Path
    people: tuple[Person, ...]
    certificates: tuple[Mapping[str, Any], ...]
    """The rows of pegdiklat as they were inserted, with their ids."""
    files: frozenset[str]
    """Names of the files that are there; a few rows name others."""
    bkn: BknStart
    day_seed: int
    """Drawn from the world's own seed; the day's choices follow from it."""

    @property
    def documents_dir(self) -> Path:
        return self.files_dir / DOCUMENT_DIRECTORY


def build(engine: Engine, seed: int, employees: int = 500, *, files_dir: Path) -> World:
    """Create and fill the tables, write the files. Raises if the tables are there: nothing is overwritten."""
    if employees < EMPLOYEES_MIN:
        raise ValueError(f"a day's stories need at least {EMPLOYEES_MIN} employees, not {employees}")
    rng = Random(seed)
    people = invent_people(rng, employees)
    rows, files = invent_certificates(rng, people)
    bkn, links = invent_start(rng, people, rows, files)
    for row in rows:
        row["id_siasn"] = links.get(row["nosttpp"])
    METADATA.create_all(engine, checkfirst=False)
    with engine.begin() as connection:
        _fill(connection, people, rows)
        numbered = connection.execute(select(PEGDIKLAT.c.nosttpp, PEGDIKLAT.c.id))
        ids = {row.nosttpp: row.id for row in numbered}
    world = World(
        files_dir=files_dir,
        people=tuple(people),
        certificates=tuple({"id": ids[row["nosttpp"]], **row} for row in rows),
        files=frozenset(files),
        bkn=bkn,
        day_seed=rng.getrandbits(64),
    )
    world.documents_dir.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (world.documents_dir / name).write_bytes(content)
    return world


def drop(engine: Engine) -> None:
    """Take the three tables away again, with everything in them."""
    METADATA.drop_all(engine)


def _fill(connection: Connection, people: list[Person], rows: list[dict[str, Any]]) -> None:
    connection.execute(
        insert(REF_JENISDIKLAT),
        [
            {"kode": code, "nama": name, "jenis_kursus_sertipikat_siasn": letter, "id_diklat_siasn": bkn}
            for code, name, letter, bkn in KINDS
        ],
    )
    connection.execute(insert(PEGAWAI), [_person_row(person) for person in people])
    for begin in range(0, len(rows), BATCH):
        connection.execute(insert(PEGDIKLAT), rows[begin : begin + BATCH])


def _person_row(person: Person) -> dict[str, Any]:
    return {
        "id_peg": person.id_peg,
        "nama": person.nama,
        "nipbaru_ws": person.nip,
        "tgllahir": person.born,
        "jeniskelamin": person.sex,
        "id_pns_siasn": person.pns_id if person.is_known_to_bkn else None,
        "kedudukan": ACTIVE if person.is_active else RETIRED,
        "flag_active": 1,
        "created_at": ENTERED_AT,
        "updated_at": ENTERED_AT,
    }
